// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../access/Governed.sol";
import {Day, DealingTerms, IFundVault} from "../../interfaces/IFundVault.sol";
import {Pricing} from "./Pricing.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Calendar
/// @notice Dealing days, numbered from 1, with their cut-offs; the terms they are dealt on; suspension of dealing.
abstract contract Calendar is IFundVault, Governed {
    using SafeCast for uint256;

    /// @dev What every request reads, in one slot. `cutOff` is that of the day after `closed`; 0 if none is announced.
    struct State {
        uint24 announced;
        uint24 closed;
        uint24 settled;
        uint40 cutOff;
        bool suspended;
        uint96 minSubscription;
    }

    struct Terms {
        uint16 entryFeeBps;
        uint16 exitFeeBps;
        uint16 swingBps;
        uint16 swingThresholdBps;
        uint16 gateBps;
        uint32 overdueAfter;
        uint96 minRedemption;
    }

    /// @custom:storage-location erc7201:issuance.storage.Calendar
    struct CalendarStorage {
        State state;
        Terms terms;
        bytes32 suspensionReason;
        mapping(uint256 day => Day) dayAt;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Calendar")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x43f2976388d30459d0365b86db28aad2730c37ae90eb105d80fae0ecd6deb000;

    /// @notice Most that a fee may be: 5 %.
    uint16 public constant MAX_FEE_BPS = 500;

    /// @notice Most that the price may swing: 3 %.
    uint16 public constant MAX_SWING_BPS = 300;

    /// @notice Least that a gate has to let through: 1 % of the class a day.
    uint16 public constant MIN_GATE_BPS = 100;

    // ------------------------------------------------------------------------------------------------ calendar

    /// @inheritdoc IFundVault
    function announceDays(uint256 firstDay, uint40[] calldata cutOffs) external restricted direct {
        CalendarStorage storage $ = _calendar();
        if ($.terms.gateBps == 0 || !_isConfigured()) revert NotConfigured();
        State memory state = $.state;
        uint256 current = _firstAhead(state);
        if (cutOffs.length == 0 || firstDay < current || firstDay > uint256(state.announced) + 1) {
            revert InvalidCalendar(firstDay, uint256(state.announced) + 1);
        }
        uint256 previous = firstDay == current ? block.timestamp : $.dayAt[firstDay - 1].cutOff;
        for (uint256 i = 0; i < cutOffs.length; ++i) {
            if (cutOffs[i] <= previous) revert CutOffNotLater(cutOffs[i], previous);
            previous = cutOffs[i];
            $.dayAt[firstDay + i].cutOff = cutOffs[i];
        }
        state.announced = (firstDay + cutOffs.length - 1).toUint24();
        state.cutOff = $.dayAt[uint256(state.closed) + 1].cutOff;
        $.state = state;
        emit DaysAnnounced(firstDay, cutOffs, msg.sender);
    }

    /// @inheritdoc IFundVault
    function closeDay(uint256 day) external restricted direct {
        CalendarStorage storage $ = _calendar();
        State memory state = $.state;
        uint256 next = uint256(state.closed) + 1;
        if (day != next) revert DayOutOfOrder(day, next);
        if (day > state.announced) revert NoDealingDay(state.announced);
        if (block.timestamp < state.cutOff) revert CutOffNotReached(day, state.cutOff);
        Terms memory terms = $.terms;
        $.dayAt[day] = Day({
            cutOff: state.cutOff,
            navAsOf: 0,
            nav: 0,
            entryFeeBps: terms.entryFeeBps,
            exitFeeBps: terms.exitFeeBps,
            swingBps: terms.swingBps,
            swingThresholdBps: terms.swingThresholdBps,
            gateBps: terms.gateBps
        });
        state.closed = day.toUint24();
        state.cutOff = day < state.announced ? $.dayAt[day + 1].cutOff : 0;
        $.state = state;
        (uint256 assets, uint256 shares) = _requested(day);
        emit DayClosed(day, assets, shares, msg.sender);
    }

    // ------------------------------------------------------------------------------------ suspension and terms

    /// @inheritdoc IFundVault
    function suspendDealing(bytes32 reason) external restricted direct {
        CalendarStorage storage $ = _calendar();
        if (reason == bytes32(0)) revert ReasonMissing();
        if ($.state.suspended) revert DealingIsSuspended($.suspensionReason);
        $.state.suspended = true;
        $.suspensionReason = reason;
        emit DealingSuspended(reason, msg.sender);
    }

    /// @inheritdoc IFundVault
    function resumeDealing() external restricted {
        CalendarStorage storage $ = _calendar();
        if (!$.state.suspended) revert DealingNotSuspended();
        $.state.suspended = false;
        delete $.suspensionReason;
        emit DealingResumed(msg.sender);
    }

    /// @inheritdoc IFundVault
    /// @dev A day takes the terms of the moment it is closed, so a change reaches no day whose cut-off is dealt with. A
    /// gate that let nothing through would be a trap, so there is a least one.
    function setTerms(DealingTerms calldata terms) external restricted {
        _within(terms.entryFeeBps, 0, MAX_FEE_BPS);
        _within(terms.exitFeeBps, 0, MAX_FEE_BPS);
        _within(terms.swingBps, 0, MAX_SWING_BPS);
        _within(terms.swingThresholdBps, 0, Pricing.BPS);
        _within(terms.gateBps, MIN_GATE_BPS, Pricing.BPS);
        _within(terms.overdueAfter, 1, type(uint32).max);
        CalendarStorage storage $ = _calendar();
        $.terms = Terms({
            entryFeeBps: terms.entryFeeBps,
            exitFeeBps: terms.exitFeeBps,
            swingBps: terms.swingBps,
            swingThresholdBps: terms.swingThresholdBps,
            gateBps: terms.gateBps,
            overdueAfter: terms.overdueAfter,
            minRedemption: terms.minRedemption
        });
        $.state.minSubscription = terms.minSubscription;
        emit TermsChanged(terms, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IFundVault
    function openDay() external view returns (uint256 day, uint256 cutOff) {
        State memory state = _calendar().state;
        day = _firstAhead(state);
        return day > state.announced ? (0, 0) : (day, _calendar().dayAt[day].cutOff);
    }

    /// @inheritdoc IFundVault
    function progress() external view returns (uint256 announced, uint256 closed, uint256 settled) {
        State memory state = _calendar().state;
        return (state.announced, state.closed, state.settled);
    }

    /// @inheritdoc IFundVault
    function dealingDay(uint256 day) external view returns (Day memory) {
        return _calendar().dayAt[day];
    }

    /// @inheritdoc IFundVault
    function dealingTerms() external view returns (DealingTerms memory) {
        Terms memory terms = _calendar().terms;
        return DealingTerms({
            entryFeeBps: terms.entryFeeBps,
            exitFeeBps: terms.exitFeeBps,
            swingBps: terms.swingBps,
            swingThresholdBps: terms.swingThresholdBps,
            gateBps: terms.gateBps,
            overdueAfter: terms.overdueAfter,
            minSubscription: _calendar().state.minSubscription,
            minRedemption: terms.minRedemption
        });
    }

    /// @inheritdoc IFundVault
    function suspensionReason() external view returns (bytes32) {
        return _calendar().suspensionReason;
    }

    // ------------------------------------------------------------------------------------------------- inside

    /// @dev The day a request of now belongs to.
    function _dealingDay(State memory state) internal view returns (uint256 day) {
        if (state.suspended) revert DealingIsSuspended(_calendar().suspensionReason);
        day = _firstAhead(state);
        if (day > state.announced) revert NoDealingDay(state.announced);
    }

    /// @dev A request can be cancelled before its cut-off, and again when it is overdue.
    function _requireCancellable(uint256 day) internal view {
        CalendarStorage storage $ = _calendar();
        uint256 cutOff = $.dayAt[day].cutOff;
        bool overdue = block.timestamp >= cutOff + $.terms.overdueAfter;
        if (block.timestamp >= cutOff && !overdue) revert CutOffPassed(day, cutOff);
    }

    function _calendar() internal pure returns (CalendarStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }

    /// @dev What a day was asked for: assets and shares.
    function _requested(uint256 day) internal view virtual returns (uint256 assets, uint256 shares);

    /// @dev Whether feed and custody are named.
    function _isConfigured() internal view virtual returns (bool);

    /// @dev The first day whose cut-off lies ahead; the one after the calendar's last if there is none. Mostly the day
    /// after the last one closed, or the next: it looks further only where nobody closed a day.
    function _firstAhead(State memory state) private view returns (uint256 day) {
        day = uint256(state.closed) + 1;
        if (day > state.announced || block.timestamp < state.cutOff) return day;
        CalendarStorage storage $ = _calendar();
        do {
            ++day;
        } while (day <= state.announced && block.timestamp >= $.dayAt[day].cutOff);
    }

    function _within(uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert TermOutOfBounds(value, least, most);
    }
}
