// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintBatch, MintOrder} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {vm} from "../support/Vm.sol";
import {MarketHarness} from "./MarketHarness.sol";

/// @notice What the market demands of a mint: the rolling limit, the cap, the stops, the expiry, another's approval.
/// @dev The rolling limit is a leaking bucket. Proved here is its step: a mint takes at most what is available, makes
/// just so much less available, and between two mints no more becomes available than leaks in that time. From the steps
/// it follows by adding up that in any stretch of time T no more is minted than limit + limit * T / LIMIT_PERIOD.
contract LimitsProof is MarketHarness {
    function check_AMintKeepsEveryLimit(
        MintOrder memory order,
        address sender,
        address approver,
        bytes32[2] memory rs,
        uint40 time
    ) public {
        vm.warp(time);
        (uint256 limit, uint256 available) = market.operatorLimit(sender);
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
        assert(order.amount <= available && available <= limit);
        (uint256 limitAfter, uint256 availableAfter) = market.operatorLimit(sender);
        assert(limitAfter == limit && availableAfter == available - order.amount);
    }

    /// @dev The second mint takes no more than the first left over and what has leaked since.
    function check_TwoMintsTakeTheLimitAndWhatLeaked(
        MintOrder[2] memory orders,
        bytes32[2] memory r,
        bytes32[2] memory s,
        uint40[2] memory times
    ) public {
        vm.assume(times[0] <= times[1]);
        vm.warp(times[0]);
        vm.prank(OPERATOR);
        market.mint(_batches(_orders(orders[0]), r[0], s[0]));
        vm.warp(times[1]);
        (uint256 limit,) = market.operatorLimit(OPERATOR);
        vm.prank(OPERATOR);
        market.mint(_batches(_orders(orders[1]), r[1], s[1]));
        uint256 leaked = uint256(times[1] - times[0]) * limit / 1 days;
        assert(orders[0].amount + orders[1].amount <= limit + leaked);
    }
}
