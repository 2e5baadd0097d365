// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {vm} from "../support/Vm.sol";
import {TokenHarness} from "./TokenHarness.sol";

/// @notice `Backing`, for one mint from an arbitrary state. Run by halmos; forge takes no notice of `check_`.
/// @dev Beyond the harness's bounds: one order (a list of them is credited one by one and checked as one total, see
/// `check_MintTwo`), two payouts before it, each at its own time or together, before or after the attestation.
/// The cached basis, if it is one of this attestation, is assumed to be right: that it stays so when payouts follow is
/// tested, not proved (the solver gives up after five minutes).
contract BackingProof is TokenHarness {
    struct Payouts {
        uint40[2] times;
        uint112[2] amounts;
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
        vm.assume(payouts.times[1] <= time);
        vm.warp(time);
        _attest(reserve, asOf, maxAge, usable, time);
        _assumeBasis(asOf, before);
        uint256 minted = token.minted();

        (address[] memory accounts, uint256[] memory amounts) = (new address[](1), new uint256[](1));
        (accounts[0], amounts[0]) = (to, amount);
        token.mint(accounts, amounts);

        assert(amount <= type(uint112).max);
        unchecked {
            // Nothing here overflows: the reserve and every payout fit in 112 bits.
            uint256 limit = uint256(reserve) * 10_000 / (10_000 + uint256(token.bufferBps())) + before;
            assert(minted + amount <= limit);
        }
        assert(usable && time <= uint256(asOf) + maxAge);
        assert(token.minted() == minted + amount);
    }

    /// @dev Two payouts in the order of their times; gives what they came to by `asOf`.
    function _pay(Payouts memory payouts, uint40 asOf) private returns (uint256 sum) {
        vm.assume(payouts.times[0] <= payouts.times[1]);
        for (uint256 i = 0; i < 2; ++i) {
            _payout(payouts.times[i], payouts.amounts[i]);
            if (payouts.times[i] <= asOf) sum += payouts.amounts[i];
        }
    }
}
