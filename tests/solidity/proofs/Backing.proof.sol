// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {MintOrder} from "../../../contracts/interfaces/IssuanceTypes.sol";
import {vm} from "../support/Vm.sol";
import {TokenHarness} from "./Harness.sol";

/// @notice `Backing`, for one mint from an arbitrary state. Run by halmos; forge takes no notice of `check_`.
/// @dev Beyond the harness's bounds: one order (a list of them is credited one by one and checked as one total, see
/// `check_MintTwo`), at most three payouts, each at its own time or together, before or after the attestation.
contract BackingProof is TokenHarness {
    struct Payouts {
        uint40[3] times;
        uint112[3] amounts;
    }

    /// @dev The rule, from the payouts themselves: it never asks the coin what it had discharged.
    function check_BackingRule(
        Payouts memory payouts,
        uint112 reserve,
        uint40 asOf,
        uint32 maxAge,
        bool usable,
        uint40 time,
        address to,
        uint256 amount
    ) public {
        _assumeState();
        uint256 before = _pay(payouts, asOf);
        vm.assume(payouts.times[2] <= time);
        vm.warp(time);
        _attest(reserve, asOf, maxAge, usable, time);
        _assumeBasis(asOf, before);
        uint256 minted = token.minted();

        token.mint(_one(to, amount));

        assert(amount <= type(uint112).max);
        uint256 limit = uint256(reserve) * 10_000 / (10_000 + uint256(token.bufferBps())) + before;
        assert(minted + amount <= limit);
        assert(usable && time <= uint256(asOf) + maxAge);
        assert(token.minted() == minted + amount);
    }

    /// @dev What a mint leaves in the cache is what had been discharged by then, and no later payout changes that.
    function check_BasisStaysRight(
        Payouts memory payouts,
        uint112 reserve,
        uint40 asOf,
        uint40 time,
        uint40 later,
        uint112 amount
    ) public {
        _assumeState();
        vm.assume(payouts.times[1] <= time && time <= payouts.times[2]);
        _payout(payouts.times[0], payouts.amounts[0]);
        vm.assume(payouts.times[0] <= payouts.times[1]);
        _payout(payouts.times[1], payouts.amounts[1]);
        uint256 before = _dischargedBy(payouts, asOf, 2);
        vm.warp(time);
        _attest(reserve, asOf, type(uint32).max, true, time);
        _assumeBasis(asOf, before);

        token.mint(_one(address(1), amount));
        _payout(payouts.times[2], payouts.amounts[2]);

        vm.assume(payouts.times[2] <= later);
        vm.warp(later);
        assert(_basisAsOf() == asOf);
        assert(_basisDischarged() == before);
        assert(token.dischargedAt(asOf) == before);
    }

    /// @dev Three payouts in the order of their times, and what they came to by `asOf`.
    function _pay(Payouts memory payouts, uint40 asOf) private returns (uint256) {
        vm.assume(payouts.times[0] <= payouts.times[1] && payouts.times[1] <= payouts.times[2]);
        for (uint256 i = 0; i < 3; ++i) {
            _payout(payouts.times[i], payouts.amounts[i]);
        }
        return _dischargedBy(payouts, asOf, 3);
    }

    function _dischargedBy(Payouts memory payouts, uint40 asOf, uint256 count)
        private
        pure
        returns (uint256 sum)
    {
        for (uint256 i = 0; i < count; ++i) {
            if (payouts.times[i] <= asOf) sum += payouts.amounts[i];
        }
    }

    function _one(address to, uint256 amount) private pure returns (MintOrder[] memory orders) {
        orders = new MintOrder[](1);
        orders[0] = MintOrder({number: 1, to: to, amount: amount, expiry: 0});
    }
}
