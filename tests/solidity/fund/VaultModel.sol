// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {DealingTerms} from "../../../contracts/interfaces/IFundVault.sol";

/// @notice What a fund vault should know, written without it: every order by itself, worked out for everybody at once on
/// the day it is settled. Coins and shares have six decimals, values eight.
abstract contract VaultModel {
    uint256 internal constant BPS = 10_000;
    uint256 internal constant PARTS = 1e12;
    uint256 internal constant INVESTORS = 4;

    /// @dev One investor on one side: what is due, for what, from when; what was cancelled; what is held back.
    struct Account {
        uint256 requested;
        uint256 due;
        uint256 day;
        uint256 cancelled;
        uint256 cancelledDay;
        uint256 held;
    }

    struct DayModel {
        uint256 cutOff;
        DealingTerms terms;
        uint256 assets;
        uint256 shares;
        uint256 shareDust;
        uint256 assetDust;
    }

    uint256[4] internal coinsOf;
    uint256[4] internal sharesOf;
    Account[4] internal subscriber;
    Account[4] internal redeemer;
    bool[4] internal lapsed;
    bool[4] internal coinFrozen;
    bool[4] internal shareFrozen;

    mapping(uint256 day => DayModel) internal dayOf;
    mapping(uint256 day => uint256[4]) internal subscribed;
    mapping(uint256 day => uint256[4]) internal redeemed;
    mapping(uint256 day => bool[4]) internal subscribes;
    mapping(uint256 day => bool[4]) internal redeems;
    /// @dev Whether some of a day's redemption came out of quarantine.
    mapping(uint256 day => bool[4]) internal released;

    uint256 internal announced;
    uint256 internal closed;
    uint256 internal settled;
    uint256 internal supply;
    uint256 internal fundingLeft;
    uint256 internal custodyCoins;
    uint256 internal nav;
    uint256 internal navAsOf;
    bool internal suspended;
    DealingTerms internal terms;

    // ------------------------------------------------------------------------------------------------- days

    function _modelOpenDay() internal view returns (uint256) {
        for (uint256 day = closed + 1; day <= announced; ++day) {
            if (block.timestamp < dayOf[day].cutOff) return day;
        }
        return 0;
    }

    /// @dev Whether a request of investor `i` for `day` is one more than the two days that may wait.
    function _thirdDay(mapping(uint256 day => bool[4]) storage marks, uint256 i, uint256 day)
        internal
        view
        returns (bool)
    {
        if (marks[day][i]) return false;
        uint256 waiting = 0;
        for (uint256 d = settled + 1; d < day; ++d) {
            if (marks[d][i]) ++waiting;
        }
        return waiting >= 2;
    }

    /// @dev Only of days that are not settled.
    function _cancellable(uint256 day) internal view returns (bool) {
        if (day > announced) return true;
        DayModel storage d = dayOf[day];
        uint256 overdueAfter = day > closed ? terms.overdueAfter : d.terms.overdueAfter;
        return block.timestamp < d.cutOff || block.timestamp >= d.cutOff + overdueAfter;
    }

    // ------------------------------------------------------------------------------------------- settlement

    /// @dev Everything a settlement comes to.
    struct Outcome {
        uint256 part;
        uint256 accepted;
        uint256 priceIn;
        uint256 priceOut;
        uint256 sharesOut;
        uint256 assetsOut;
    }

    function _outcome(uint256 day) internal view returns (Outcome memory o) {
        DayModel storage d = dayOf[day];
        uint256 most = (supply * d.terms.gateBps + BPS - 1) / BPS;
        o.part = d.shares <= most ? PARTS : (most * PARTS + d.shares - 1) / d.shares;
        o.accepted = d.shares * o.part / PARTS;
        (o.priceIn, o.priceOut) = (nav, nav);
        uint256 worth = o.accepted * nav / 1e8;
        uint256 total = supply * nav / 1e8;
        uint256 threshold = total * d.terms.swingThresholdBps;
        if (total != 0 && d.assets > worth && (d.assets - worth) * BPS > threshold) {
            o.priceIn = (nav * (BPS + d.terms.swingBps) + BPS - 1) / BPS;
        }
        if (total != 0 && worth > d.assets && (worth - d.assets) * BPS > threshold) {
            o.priceOut = nav * (BPS - d.terms.swingBps) / BPS;
        }
        o.sharesOut = _sharesFor(d.assets, o.priceIn, d.terms.entryFeeBps);
        o.assetsOut = _assetsFor(o.accepted, o.priceOut, d.terms.exitFeeBps);
    }

    function _modelSettle(uint256 day) internal {
        Outcome memory o = _outcome(day);
        DayModel storage d = dayOf[day];
        uint256 sharesGiven = 0;
        uint256 assetsGiven = 0;
        for (uint256 i = 0; i < INVESTORS; ++i) {
            uint256 due = _sharesFor(subscribed[day][i], o.priceIn, d.terms.entryFeeBps);
            _credit(subscriber[i], subscribed[day][i], due, day);
            sharesGiven += due;
            assetsGiven += _modelRedeem(day, i, o);
        }
        (d.shareDust, d.assetDust) = (o.sharesOut - sharesGiven, o.assetsOut - assetsGiven);
        if (o.part != PARTS) dayOf[day + 1].shares += d.shares - o.accepted;
        supply = supply + o.sharesOut - o.accepted;
        if (d.assets >= o.assetsOut) custodyCoins += d.assets - o.assetsOut;
        else fundingLeft -= o.assetsOut - d.assets;
        (d.assets, d.shares) = (0, 0);
        settled = day;
    }

    function _modelRedeem(uint256 day, uint256 i, Outcome memory o) private returns (uint256 due) {
        uint256 amount = redeemed[day][i];
        due = _assetsFor(amount * o.part / PARTS, o.priceOut, dayOf[day].terms.exitFeeBps);
        uint256 rest = o.part == PARTS ? 0 : amount * (PARTS - o.part) / PARTS;
        _credit(redeemer[i], amount - rest, due, day);
        if (o.part != PARTS && redeems[day][i]) {
            redeems[day + 1][i] = true;
            if (released[day][i]) released[day + 1][i] = true;
            redeemed[day + 1][i] += rest;
        }
    }

    function _credit(Account storage account, uint256 requested, uint256 due, uint256 day) private {
        if (due == 0) return;
        account.requested += requested;
        account.due += due;
        account.day = day;
    }

    function _sharesFor(uint256 assets, uint256 price, uint256 fee) private pure returns (uint256) {
        return assets * (BPS - fee) * 1e8 / (BPS * price);
    }

    function _assetsFor(uint256 shares, uint256 price, uint256 fee) private pure returns (uint256) {
        return shares * price * (BPS - fee) / (BPS * 1e8);
    }

    // ------------------------------------------------------------------------------------------------ totals

    /// @dev All the coins that the vault owes or keeps, by whose they are.
    function _modelVaultCoins() internal view returns (uint256 total, uint256 owed) {
        for (uint256 i = 0; i < INVESTORS; ++i) {
            owed += redeemer[i].due + redeemer[i].held + subscriber[i].cancelled;
        }
        total = owed + fundingLeft;
        for (uint256 day = 1; day <= announced + 1; ++day) {
            total += dayOf[day].assets + dayOf[day].assetDust;
        }
    }

    function _modelVaultShares() internal view returns (uint256 total, uint256 owed) {
        for (uint256 i = 0; i < INVESTORS; ++i) {
            owed += subscriber[i].due + subscriber[i].held + redeemer[i].cancelled;
        }
        total = owed;
        for (uint256 day = 1; day <= announced + 1; ++day) {
            total += dayOf[day].shares + dayOf[day].shareDust;
        }
    }
}
