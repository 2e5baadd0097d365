// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintBatch, MintOrder} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {vm} from "../support/Vm.sol";
import {svm} from "./Harness.sol";
import {MarketHarness} from "./MarketHarness.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice `OnceOnly`, for order numbers: an arbitrary bitmap, and whatever stops a second mint, it is the market.
contract OnceOnlyProof is MarketHarness {
    function check_AnExecutedNumberIsRefused(MintOrder memory order, bytes32 r, bytes32 s, uint40 time)
        public
    {
        vm.warp(time);
        vm.assume(market.isExecuted(order.number));
        _refused(_batches(_orders(order), r, s));
    }

    function check_AMintExecutesItsNumberAndNoOther(
        MintOrder memory order,
        uint256 other,
        bytes32 r,
        bytes32 s,
        uint40 time
    ) public {
        vm.warp(time);
        vm.assume(other != order.number);
        bool executed = market.isExecuted(order.number);
        bool otherExecuted = market.isExecuted(other);
        vm.prank(OPERATOR);
        market.mint(_batches(_orders(order), r, s));
        assert(!executed);
        assert(market.isExecuted(order.number));
        assert(market.isExecuted(other) == otherExecuted);
    }

    function check_TwiceInOneBatchIsRefused(
        MintOrder memory first,
        MintOrder memory second,
        bytes32 r,
        bytes32 s,
        uint40 time
    ) public {
        vm.warp(time);
        vm.assume(first.number == second.number);
        MintOrder[] memory orders = new MintOrder[](2);
        (orders[0], orders[1]) = (first, second);
        _refused(_batches(orders, r, s));
    }

    function check_TwiceInOneCallIsRefused(
        MintOrder memory first,
        MintOrder memory second,
        bytes32[2] memory r,
        bytes32[2] memory s,
        uint40 time
    ) public {
        vm.warp(time);
        vm.assume(first.number == second.number);
        MintBatch[] memory batches = new MintBatch[](2);
        batches[0] = _batches(_orders(first), r[0], s[0])[0];
        batches[1] = _batches(_orders(second), r[1], s[1])[0];
        _refused(batches);
    }

    /// @dev Whatever is called by whomever: an executed number stays executed. An upgrade is other code.
    function check_AnExecutedNumberStaysExecuted(uint256 number, address caller, uint40 time) public {
        vm.warp(time);
        vm.assume(market.isExecuted(number));
        bytes memory data = svm.createCalldata("PrimaryMarket");
        vm.assume(bytes4(data) != UUPSUpgradeable.upgradeToAndCall.selector);
        vm.prank(caller);
        (bool ok,) = address(market).call(data);
        vm.assume(ok); // A refused call changes nothing.
        assert(market.isExecuted(number));
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _refused(MintBatch[] memory batches) private {
        vm.prank(OPERATOR);
        (bool ok,) = address(market).call(abi.encodeCall(market.mint, (batches)));
        assert(!ok);
    }
}
