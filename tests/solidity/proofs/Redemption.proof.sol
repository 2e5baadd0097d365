// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IPrimaryMarket, Redemption, RedemptionStatus} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {vm} from "../support/Vm.sol";
import {svm} from "./Harness.sol";
import {MarketHarness} from "./MarketHarness.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";

/// @notice `OnceOnly` for redemptions, and `Escrow`: whatever function of the market is called, by whomever.
/// @dev Lists of ids have one element, two where a proof says so. An upgrade is left out: other code has to be proved.
contract RedemptionProof is MarketHarness {
    /// @dev One step forward on the machine or none: so no request is released, burned or paid twice.
    function check_ARequestOnlyGoesForward(uint256 id, address caller, uint40 time) public {
        vm.warp(time);
        Redemption memory request = market.redemption(id);
        uint256 count = market.redemptionCount();
        _anyCall(caller);
        Redemption memory stored = market.redemption(id);
        // Ids run from 1 to the count; said of the figures from before.
        vm.assume((request.status == RedemptionStatus.None) == (id == 0 || id > count));
        assert(market.redemptionCount() >= count);
        assert(_isStep(request.status, stored.status));
        if (request.status == RedemptionStatus.None) return;
        assert(stored.holder == request.holder);
        assert(stored.amount == request.amount);
        assert(stored.requestedAt == request.requestedAt);
        if (stored.status == request.status || stored.status != RedemptionStatus.Cancelled) return;
        assert(caller == request.holder);
    }

    /// @dev What the requests account for moves with the tokens; only what arrived without one may leave besides.
    function check_EscrowFollowsTheTokens(uint256 balance, uint256 frozen, address caller, uint40 time)
        public
    {
        vm.warp(time);
        uint256 escrowed = market.escrowed();
        vm.assume(balance >= escrowed && balance <= type(uint112).max);
        willing.tell(balance, frozen);
        bytes memory data = _anyCall(caller);
        assert(willing.balanceOf(address(market)) >= market.escrowed());
        if (bytes4(data) != IPrimaryMarket.returnUnsolicited.selector) {
            assert(market.escrowed() + willing.sent() + willing.burned() == escrowed + willing.received());
        }
    }

    /// @dev Two payouts in a call: two requests, each accepted and now paid, and their sum discharged.
    function check_APayoutIsRecordedOnce(
        uint256[2] memory id,
        bytes32[2] memory references,
        address caller,
        uint40 time
    ) public {
        vm.warp(time);
        (Redemption memory first, Redemption memory second) =
            (market.redemption(id[0]), market.redemption(id[1]));
        (uint256[] memory ids, bytes32[] memory payments) = (new uint256[](2), new bytes32[](2));
        (ids[0], ids[1]) = (id[0], id[1]);
        (payments[0], payments[1]) = (references[0], references[1]);

        vm.prank(caller);
        market.recordPayouts(ids, payments);

        assert(id[0] != id[1]);
        assert(first.status == RedemptionStatus.Accepted && second.status == RedemptionStatus.Accepted);
        assert(market.redemption(id[0]).status == RedemptionStatus.Paid);
        assert(market.redemption(id[1]).status == RedemptionStatus.Paid);
        assert(references[0] != 0 && references[1] != 0);
        assert(willing.discharged() == uint256(first.amount) + second.amount);
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _anyCall(address caller) private returns (bytes memory data) {
        data = svm.createCalldata("PrimaryMarket");
        vm.assume(bytes4(data) != UUPSUpgradeable.upgradeToAndCall.selector);
        vm.prank(caller);
        (bool ok,) = address(market).call(data);
        vm.assume(ok); // A refused call changes nothing.
    }

    /// @dev Whether the machine has this step, or it is none. A table instead of conditions, which would each double what
    /// there is to look at.
    function _isStep(RedemptionStatus from, RedemptionStatus to) private pure returns (bool) {
        uint256 steps = _step(RedemptionStatus.None, RedemptionStatus.Requested)
            | _step(RedemptionStatus.Requested, RedemptionStatus.Accepted)
            | _step(RedemptionStatus.Requested, RedemptionStatus.Cancelled)
            | _step(RedemptionStatus.Requested, RedemptionStatus.Rejected)
            | _step(RedemptionStatus.Requested, RedemptionStatus.Seized)
            | _step(RedemptionStatus.Accepted, RedemptionStatus.Paid);
        return from == to || steps & _step(from, to) != 0;
    }

    function _step(RedemptionStatus from, RedemptionStatus to) private pure returns (uint256) {
        return 1 << (uint256(from) * 8 + uint256(to));
    }
}
