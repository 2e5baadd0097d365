// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintBatch, MintOrder} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {vm} from "../support/Vm.sol";
import {MarketHarness} from "./MarketHarness.sol";

/// @notice What the market demands of a mint: the rolling limit, the cap, the stops, the expiry, another's approval.
/// @dev A mint takes no more than `operatorLimit` says is available. How the bucket fills and leaks is tested, not
/// proved: saturating subtractions without branches, times a symbolic limit, on which yices and z3 each ran out of time.
contract LimitsProof is MarketHarness {
    function check_AMintKeepsEveryLimit(
        MintOrder memory order,
        address sender,
        address approver,
        bytes32[2] memory rs,
        uint40 time
    ) public {
        vm.warp(time);
        (, uint256 available) = market.operatorLimit(sender);
        bool open = !market.mintingStopped() && !market.woundDown();
        uint256 cap = market.orderCap();
        MintBatch[] memory batches = _approved(_orders(order), approver, rs[0], rs[1]);

        vm.prank(sender);
        market.mint(batches);

        assert(open);
        assert(order.amount != 0 && order.amount <= cap);
        assert(order.expiry >= time);
        assert(approver != sender && approver != address(0));
        assert(market.requiredApprovals(order.amount) == 1);
        assert(order.amount <= available);
    }
}
