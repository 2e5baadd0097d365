// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IFundShare} from "../../interfaces/IFundShare.sol";
import {Day, DealingTerms, IFundDesk} from "../../interfaces/IFundVault.sol";
import {Positions} from "./Positions.sol";
import {Pricing} from "./Pricing.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Calendar
/// @notice Dealing days, numbered from 1, with their cut-offs; the terms they are dealt on; suspension of dealing.
abstract contract Calendar is IFundDesk, Positions {
    using SafeCast for uint256;

    /// @notice Most that a fee may be: 5 %.
    uint16 public constant MAX_FEE_BPS = 500;

    /// @notice Most that the price may swing: 3 %.
    uint16 public constant MAX_SWING_BPS = 300;

    /// @notice Least that a gate has to let through: 1 % of the class a day.
    uint16 public constant MIN_GATE_BPS = 100;

    /// @notice Least and most that a request may have to wait for its price before it can be cancelled again.
    uint32 public constant MIN_OVERDUE = 1 days;
    uint32 public constant MAX_OVERDUE = 90 days;

    // ------------------------------------------------------------------------------------------------ calendar

    /// @inheritdoc IFundDesk
    function announceDays(uint256 firstDay, uint40[] calldata cutOffs) external restricted direct {
        CalendarStorage storage $ = _calendar();
        if ($.terms.gateBps == 0 || _settlements().feed == address(0) || _settlements().custody == address(0))
        {
            revert NotConfigured();
        }
        State memory state = $.state;
        // One that was replaced could not settle them.
        if (!SHARE.isVault(address(this))) revert IFundShare.CallerIsNotVault(address(this));
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

    /// @inheritdoc IFundDesk
    function closeDay(uint256 day) external restricted direct {
        CalendarStorage storage $ = _calendar();
        State memory state = $.state;
        uint256 next = uint256(state.closed) + 1;
        if (day != next) revert DayOutOfOrder(day, next);
        if (day > state.announced) revert NoDealingDay(state.announced);
        if (block.timestamp < state.cutOff) revert CutOffNotReached(day, state.cutOff);
        DealingTerms memory terms = $.terms;
        $.dayAt[day] = Day({
            cutOff: state.cutOff,
            navAsOf: 0,
            nav: 0,
            entryFeeBps: terms.entryFeeBps,
            exitFeeBps: terms.exitFeeBps,
            swingBps: terms.swingBps,
            swingThresholdBps: terms.swingThresholdBps,
            gateBps: terms.gateBps,
            overdueHours: _overdueHours(terms.overdueAfter).toUint16()
        });
        state.closed = day.toUint24();
        state.cutOff = day < state.announced ? $.dayAt[day + 1].cutOff : 0;
        $.state = state;
        PositionsStorage storage positions = _positions();
        emit DayClosed(
            day,
            positions.subscriptions.books[day].amount,
            positions.redemptions.books[day].amount,
            msg.sender
        );
    }

    // ------------------------------------------------------------------------------------ suspension and terms

    /// @inheritdoc IFundDesk
    function suspendDealing(bytes32 reason) external restricted direct {
        CalendarStorage storage $ = _calendar();
        if (reason == bytes32(0)) revert ReasonMissing();
        if ($.state.suspended) revert DealingIsSuspended($.suspensionReason);
        $.state.suspended = true;
        $.suspensionReason = reason;
        emit DealingSuspended(reason, msg.sender);
    }

    /// @inheritdoc IFundDesk
    function resumeDealing() external restricted {
        CalendarStorage storage $ = _calendar();
        if (!$.state.suspended) revert DealingNotSuspended();
        $.state.suspended = false;
        delete $.suspensionReason;
        emit DealingResumed(msg.sender);
    }

    /// @inheritdoc IFundDesk
    /// @dev A day takes the terms of the moment it is closed, so a change reaches no day whose cut-off is dealt with. A
    /// gate that let nothing through would be a trap, so there is a least one.
    function setTerms(DealingTerms calldata terms) external restricted {
        _within(terms.entryFeeBps, 0, MAX_FEE_BPS);
        _within(terms.exitFeeBps, 0, MAX_FEE_BPS);
        _within(terms.swingBps, 0, MAX_SWING_BPS);
        _within(terms.swingThresholdBps, 0, Pricing.BPS);
        _within(terms.gateBps, MIN_GATE_BPS, Pricing.BPS);
        _within(terms.overdueAfter, MIN_OVERDUE, MAX_OVERDUE);
        CalendarStorage storage $ = _calendar();
        $.terms = terms;
        $.state.minSubscription = terms.minSubscription;
        emit TermsChanged(terms, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------- inside

    function _within(uint256 value, uint256 least, uint256 most) private pure {
        if (value < least || value > most) revert TermOutOfBounds(value, least, most);
    }
}
