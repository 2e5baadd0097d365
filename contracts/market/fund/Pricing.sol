// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice What converts between a coin and a share class.
/// @param coinUnit One whole coin in base units.
/// @param shareUnit One whole share in base units, times ten to the feed's decimals.
struct Units {
    uint256 coinUnit;
    uint256 shareUnit;
}

/// @title Pricing
/// @notice The arithmetic of a dealing day. Every rounding is in favour of the fund.
library Pricing {
    uint256 internal constant BPS = 10_000;

    /// @dev Parts into which a redemption is divided where a gate cuts it.
    uint256 internal constant PARTS = 1e12;

    /// @notice Shares for `assets` at `price` (the feed's value of one share) after a fee. Rounded down.
    function sharesFor(Units memory units, uint256 assets, uint256 price, uint256 feeBps)
        internal
        pure
        returns (uint256)
    {
        return Math.mulDiv(assets * (BPS - feeBps), units.shareUnit, BPS * units.coinUnit * price);
    }

    /// @notice Assets for `shares` at `price` (the feed's value of one share) after a fee. Rounded down.
    function assetsFor(Units memory units, uint256 shares, uint256 price, uint256 feeBps)
        internal
        pure
        returns (uint256)
    {
        return Math.mulDiv(shares * price, (BPS - feeBps) * units.coinUnit, BPS * units.shareUnit);
    }

    /// @notice Which part of `requested` shares a gate at `gateBps` of `supply` lets through, in `PARTS`.
    /// @dev Gate and part are rounded up, so that the last unit gets out of the smallest fund. All orders of a day are cut
    /// with the same part, so they never add up to more than the day; the gate lets through at most one unit more for
    /// every 10^12 that are requested.
    function acceptedPart(uint256 requested, uint256 supply, uint256 gateBps)
        internal
        pure
        returns (uint256)
    {
        uint256 most = Math.mulDiv(supply, gateBps, BPS, Math.Rounding.Ceil);
        return requested <= most ? PARTS : Math.ceilDiv(most * PARTS, requested);
    }

    /// @notice What of `shares` is redeemed, where `part` of all is.
    function accepted(uint256 shares, uint256 part) internal pure returns (uint256) {
        return shares * part / PARTS;
    }

    /// @notice What of one investor's `shares` waits for the next day, where `part` of all is redeemed. Rounded down, so
    /// that what all wait with is never more than what the day carries over.
    function carried(uint256 shares, uint256 part) internal pure returns (uint256) {
        return shares * (PARTS - part) / PARTS;
    }

    /// @notice The prices of a day. The side that moves the fund by more than the threshold pays the swing factor; the
    /// other deals at the net asset value. So no investor can gain by trading against a swing.
    /// @param inflow Assets subscribed. @param outflow Assets' worth of what is redeemed. @param total The fund's assets.
    function swing(
        uint256 nav,
        uint256 inflow,
        uint256 outflow,
        uint256 total,
        uint256 thresholdBps,
        uint256 swingBps
    ) internal pure returns (uint256 subscriptionPrice, uint256 redemptionPrice) {
        (subscriptionPrice, redemptionPrice) = (nav, nav);
        uint256 threshold = total * thresholdBps;
        if (total == 0) return (nav, nav);
        if (inflow > outflow && (inflow - outflow) * BPS > threshold) {
            subscriptionPrice = Math.ceilDiv(nav * (BPS + swingBps), BPS);
        } else if (outflow > inflow && (outflow - inflow) * BPS > threshold) {
            redemptionPrice = nav * (BPS - swingBps) / BPS;
        }
    }
}
