// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {AggregatorV3Interface, IAttestedFeed} from "../../interfaces/IAttestedFeed.sol";
import {Book, Day, IFundDesk, Settlement} from "../../interfaces/IFundVault.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Settlements
/// @notice Applies a day's net asset value to all its requests at once, and moves the difference between the vault and
/// the fund's custody account.
abstract contract Settlements is IFundDesk, Positions {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @inheritdoc IFundDesk
    function settleDay(uint256 day) external restricted direct {
        CalendarStorage storage $ = _calendar();
        State memory state = $.state;
        if (state.suspended) revert DealingIsSuspended($.suspensionReason);
        uint256 next = uint256(state.settled) + 1;
        if (day != next) revert DayOutOfOrder(day, next);
        if (day > state.closed) revert DayNotClosed(day);
        $.state.settled = day.toUint24();

        Day memory terms = $.dayAt[day];
        // Filled in below, by what works it out.
        // slither-disable-next-line uninitialized-local
        Settlement memory s;
        (s.nav, s.navAsOf) = _value(terms.cutOff);
        $.dayAt[day].nav = s.nav.toUint80();
        $.dayAt[day].navAsOf = s.navAsOf.toUint40();

        _price(day, terms, s);
        emit DaySettled(day, msg.sender, s);
        _move(s);
    }

    /// @inheritdoc IFundDesk
    function fundRedemptions(uint256 assets) external restricted direct {
        SettlementsStorage storage $ = _settlements();
        $.funding = (assets + $.funding).toUint96();
        emit RedemptionsFunded(msg.sender, assets);
        COIN.safeTransferFrom(msg.sender, address(this), assets);
    }

    /// @inheritdoc IFundDesk
    function returnFunding(uint256 assets) external restricted direct {
        SettlementsStorage storage $ = _settlements();
        if (assets > $.funding) revert FundingShortfall(assets, $.funding);
        $.funding -= assets.toUint96();
        emit FundingReturned(msg.sender, assets);
        COIN.safeTransfer($.custody, assets);
    }

    /// @inheritdoc IFundDesk
    function sweepDust(uint256 day) external {
        uint256 settled = _calendar().state.settled;
        uint256 assets = _dust(_side(REDEMPTIONS).books[day], day <= settled);
        uint256 shares = _dust(_side(SUBSCRIPTIONS).books[day], day <= settled);
        if (assets == 0 && shares == 0) revert NoDust(day);
        emit DustSwept(day, assets, shares, msg.sender);
        if (shares != 0) SHARE.retire(shares);
        if (assets != 0) COIN.safeTransfer(_settlements().custody, assets);
    }

    /// @inheritdoc IFundDesk
    /// @dev Prices of settled days are in these decimals, so another feed has the same.
    function setNavFeed(address newFeed) external restricted {
        if (newFeed.code.length == 0) revert NotAContract(newFeed);
        uint8 feedDecimals = AggregatorV3Interface(newFeed).decimals();
        if (feedDecimals != NAV_DECIMALS) revert NavDecimalsMismatch(feedDecimals, NAV_DECIMALS);
        _settlements().feed = newFeed;
        emit NavFeedChanged(newFeed, msg.sender);
    }

    /// @inheritdoc IFundDesk
    function setCustody(address newCustody) external restricted {
        if (newCustody == address(0) || newCustody == address(this)) revert InvalidCustody(newCustody);
        _settlements().custody = newCustody;
        emit CustodyChanged(newCustody, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ inside

    /// @dev Forward pricing: nobody could know this value when the day's last request came in.
    function _value(uint256 cutOff) private view returns (uint256 nav, uint256 asOf) {
        uint256 freshUntil;
        (nav, asOf, freshUntil) = IAttestedFeed(_settlements().feed).reading();
        if (block.timestamp > freshUntil) revert NavStale(asOf, freshUntil);
        if (asOf < cutOff) revert NavBeforeCutOff(asOf, cutOff);
        if (nav == 0 || nav > type(uint80).max) revert NavUnusable(nav);
    }

    /// @dev Works out the day and writes its books.
    function _price(uint256 day, Day memory terms, Settlement memory s) private {
        Book storage subscriptions = _side(SUBSCRIPTIONS).books[day];
        Book storage redemptions = _side(REDEMPTIONS).books[day];
        uint256 supply = IERC20(address(SHARE)).totalSupply();
        uint256 requested = redemptions.amount;
        uint256 part = Pricing.acceptedPart(requested, supply, terms.gateBps);
        s.assetsIn = subscriptions.amount;
        s.sharesIn = Pricing.accepted(requested, part);
        s.sharesCarried = requested - s.sharesIn;
        (s.subscriptionPrice, s.redemptionPrice) = Pricing.swing(
            s.nav,
            s.assetsIn,
            Pricing.assetsFor(_units(), s.sharesIn, s.nav, 0),
            Pricing.assetsFor(_units(), supply, s.nav, 0),
            terms.swingThresholdBps,
            terms.swingBps
        );
        if (s.redemptionPrice == 0) revert NavUnusable(s.nav);
        s.sharesOut = Pricing.sharesFor(_units(), s.assetsIn, s.subscriptionPrice, terms.entryFeeBps);
        s.assetsOut = Pricing.assetsFor(_units(), s.sharesIn, s.redemptionPrice, terms.exitFeeBps);

        _fix(subscriptions, s.sharesOut, s.subscriptionPrice, terms.entryFeeBps, block.timestamp);
        _fix(redemptions, s.assetsOut, s.redemptionPrice, terms.exitFeeBps, part);
        if (part == Pricing.PARTS) return;
        Book storage next = _side(REDEMPTIONS).books[day + 1];
        _write(next, next.amount + s.sharesCarried, uint256(next.positions) + redemptions.positions);
    }

    function _fix(Book storage book, uint256 amount, uint256 price, uint256 feeBps, uint256 term) private {
        book.amount = amount.toUint96();
        book.price = price.toUint80();
        book.feeBps = feeBps.toUint16();
        book.term = term.toUint40();
    }

    /// @dev What was subscribed pays for what was redeemed, and only the difference moves: to custody, or out of what the
    /// treasury has brought. Never less than what is owed.
    function _move(Settlement memory s) private {
        if (s.sharesOut != 0) SHARE.issue(s.sharesOut);
        if (s.sharesIn != 0) SHARE.retire(s.sharesIn);
        SettlementsStorage storage $ = _settlements();
        if (s.assetsIn > s.assetsOut) {
            COIN.safeTransfer($.custody, s.assetsIn - s.assetsOut);
        } else if (s.assetsIn < s.assetsOut) {
            uint256 needed = s.assetsOut - s.assetsIn;
            uint256 available = $.funding;
            if (needed > available) revert FundingShortfall(needed, available);
            $.funding = (available - needed).toUint96();
        }
    }

    /// @dev Takes what is left of a settled book that nobody has a claim on.
    function _dust(Book storage book, bool settled) private returns (uint256 dust) {
        if (!settled || book.positions != 0) return 0;
        dust = book.amount;
        book.amount = 0;
    }
}
