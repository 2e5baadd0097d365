// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {CountryRule, IFundShare, Restriction, SharePolicy} from "../interfaces/IFundShare.sol";
import {InvestorClass} from "../interfaces/IInvestorRegistry.sol";
import {PackedWallet} from "./PackedWallet.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title TransferPolicy
/// @notice Who may hold shares of a class, how much, and what may pass between whom; and what each investor holds.
/// @dev Compiled into the token, which hands in both parties' wallets. The checks only read, so that views and transfers
/// run the same ones; `exit` and `enter` keep the accounts.
library TransferPolicy {
    using SafeCast for uint256;

    /// @dev One investor over all its wallets.
    struct Position {
        uint112 holding;
        uint40 lockedUntil;
    }

    /// @dev `countries` has bit n set when the country of that number is admitted.
    struct Rules {
        SharePolicy policy;
        uint256 holders;
        uint256[4] countries;
        mapping(bytes16 investor => Position) positions;
    }

    uint8 private constant ALL_CLASSES = uint8((1 << (uint256(type(InvestorClass).max) + 1)) - 2);
    uint16 private constant LAST_COUNTRY = 999;

    // ------------------------------------------------------------------------------------------------ settings

    /// @notice Sets all but the countries. `supply` decides whether holdings may begin or cease to be counted.
    function set(Rules storage rules, SharePolicy calldata policy, uint256 supply) internal {
        bool classes = policy.classes & ~ALL_CLASSES == 0;
        bool limits =
            policy.maxHolding != 0 && policy.maxHolders != 0 && policy.minHolding <= policy.maxHolding;
        if (!classes || !limits) revert IFundShare.InvalidPolicy();
        bool accounts = policy.investorAccounts;
        bool needed = policy.maxHolding != type(uint96).max || policy.maxHolders != type(uint24).max
            || policy.minHolding != 0 || policy.lockUpDays != 0;
        if (needed && !accounts) revert IFundShare.InvestorAccountsNeeded();
        if (accounts != rules.policy.investorAccounts && supply != 0) {
            revert IFundShare.InvestorAccountsAreFixed(supply);
        }
        rules.policy = policy;
    }

    /// @notice Sets the admitted countries anew: those listed, or all others.
    function setCountries(Rules storage rules, CountryRule rule, uint16[] calldata countries) internal {
        uint256[4] memory words;
        for (uint256 i = 0; i < countries.length; ++i) {
            uint16 country = countries[i];
            if (country == 0 || country > LAST_COUNTRY) revert IFundShare.InvalidCountry(country);
            words[country >> 8] |= 1 << (country & 0xff);
        }
        for (uint256 i = 0; i < 4; ++i) {
            rules.countries[i] = rule == CountryRule.OnlyListed ? words[i] : ~words[i];
        }
    }

    // ------------------------------------------------------------------------------------------------ checks

    /// @notice Whether the country is admitted; a number beyond ISO 3166-1 never is.
    function admits(Rules storage rules, uint16 country) internal view returns (bool) {
        return country <= LAST_COUNTRY && (rules.countries[country >> 8] >> (country & 0xff)) & 1 != 0;
    }

    /// @notice What keeps the wallet from receiving shares, whoever sends and however many.
    function onReceiver(Rules storage rules, SharePolicy memory policy, PackedWallet to)
        internal
        view
        returns (Restriction)
    {
        if (!to.isVerified()) return Restriction.ReceiverNotVerified;
        if ((policy.classes >> to.class()) & 1 == 0) return Restriction.ClassNotAdmitted;
        return admits(rules, to.country()) ? Restriction.None : Restriction.CountryNotAdmitted;
    }

    /// @notice What keeps a holder from sending `amount` to `to`. Between wallets of one investor only the receiving
    /// wallet is looked at: nothing changes hands.
    function onTransfer(
        Rules storage rules,
        SharePolicy memory policy,
        PackedWallet from,
        PackedWallet to,
        uint256 amount
    ) internal view returns (Restriction refused) {
        refused = onReceiver(rules, policy, to);
        if (refused != Restriction.None || from.investor() == to.investor()) return refused;
        if (!from.isVerified()) return Restriction.SenderNotVerified;
        if (policy.primaryOnly) return Restriction.PrimaryOnly;
        if (!policy.investorAccounts) return Restriction.None;
        Position memory source = rules.positions[from.investor()];
        if (source.lockedUntil > block.timestamp) return Restriction.LockedUp;
        if (amount == 0) return Restriction.None;
        uint256 held = rules.positions[to.investor()].holding;
        uint256 left = Math.saturatingSub(source.holding, amount);
        uint256 received = Math.saturatingAdd(held, amount);
        if (received > policy.maxHolding) return Restriction.AboveMaximum;
        if (received < policy.minHolding || (left != 0 && left < policy.minHolding)) {
            return Restriction.BelowMinimum;
        }
        return held == 0 && left != 0 ? _onNewHolder(rules, policy) : Restriction.None;
    }

    /// @notice What keeps a subscriber from getting `amount`.
    function onSubscription(Rules storage rules, SharePolicy memory policy, PackedWallet to, uint256 amount)
        internal
        view
        returns (Restriction refused)
    {
        refused = onReceiver(rules, policy, to);
        return refused == Restriction.None ? onLimits(rules, policy, to.investor(), amount) : refused;
    }

    /// @notice What keeps an investor from getting `amount`, as far as maximum and holder count go.
    function onLimits(Rules storage rules, SharePolicy memory policy, bytes16 investor, uint256 amount)
        internal
        view
        returns (Restriction)
    {
        if (!policy.investorAccounts || amount == 0) return Restriction.None;
        uint256 held = rules.positions[investor].holding;
        if (Math.saturatingAdd(held, amount) > policy.maxHolding) return Restriction.AboveMaximum;
        return held == 0 ? _onNewHolder(rules, policy) : Restriction.None;
    }

    /// @notice What keeps an investor from redeeming: the lock-up and nothing else.
    function onRedemption(Rules storage rules, bytes16 investor) internal view returns (Restriction) {
        return
            rules.positions[investor].lockedUntil > block.timestamp ? Restriction.LockedUp : Restriction.None;
    }

    function _onNewHolder(Rules storage rules, SharePolicy memory policy) private view returns (Restriction) {
        return rules.holders >= policy.maxHolders ? Restriction.TooManyHolders : Restriction.None;
    }

    // ------------------------------------------------------------------------------------------------ accounts

    /// @notice `amount` passed between wallets. Within one investor nothing changes.
    function pass(Rules storage rules, bytes16 from, bytes16 to, uint256 amount) internal {
        if (from == to) return;
        exit(rules, from, amount);
        enter(rules, to, amount, 0);
    }

    /// @notice `amount` left the investor's wallets.
    function exit(Rules storage rules, bytes16 investor, uint256 amount) internal {
        if (amount == 0) return;
        Position storage position = rules.positions[investor];
        uint112 left = (uint256(position.holding) - amount).toUint112();
        position.holding = left;
        if (left == 0) --rules.holders;
    }

    /// @notice `amount` reached the investor's wallets, locked up until `lockedUntil` at least.
    function enter(Rules storage rules, bytes16 investor, uint256 amount, uint40 lockedUntil) internal {
        if (amount == 0) return;
        Position storage position = rules.positions[investor];
        uint256 held = position.holding;
        if (held == 0) ++rules.holders;
        position.holding = (held + amount).toUint112();
        // Transfers lock nothing up, and are spared the look.
        if (lockedUntil != 0 && lockedUntil > position.lockedUntil) {
            position.lockedUntil = lockedUntil;
            emit IFundShare.LockUpExtended(investor, lockedUntil);
        }
    }
}
