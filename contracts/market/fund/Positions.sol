// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../../interfaces/IERC7943.sol";
import {Book, Day} from "../../interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../../interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../interfaces/IRegulatedERC20.sol";
import {FIRST, Position, SECOND} from "./PackedPosition.sol";
import {Pricing} from "./Pricing.sol";
import {VaultStorage} from "./VaultStorage.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Positions
/// @notice What each controller has asked for and has coming: one slot a side, used again day after day.
/// @dev A day is settled as a whole, so a controller's result is worked out when somebody next looks at it: `_advance`
/// takes a position through the days settled since. Subscriptions and redemptions are two sides of one machine; only a
/// redemption can be cut by a gate, and then the rest of it stands on the next day.
abstract contract Positions is VaultStorage {
    using SafeCast for uint256;

    /// @notice Most days that one call takes a position through.
    uint256 public constant MAX_STEPS = 32;

    // ------------------------------------------------------------------------------------------------ calendar

    /// @dev The day a request of now belongs to.
    function _dealingDay(State memory state) internal view returns (uint256 day) {
        if (state.suspended) revert DealingIsSuspended(_calendar().suspensionReason);
        day = _firstAhead(state);
        if (day > state.announced) revert NoDealingDay(state.announced);
    }

    /// @dev A request can be cancelled before its cut-off, and again when it is overdue. What a gate carried beyond the
    /// calendar has no cut-off yet, whatever one stood there before.
    function _requireCancellable(uint256 day) private view {
        CalendarStorage storage $ = _calendar();
        if (day > $.state.announced) return;
        Day storage terms = $.dayAt[day];
        (uint256 cutOff, uint256 patience) = (terms.cutOff, terms.overdueHours);
        if (patience == 0) patience = _overdueHours($.terms.overdueAfter);
        bool overdue = block.timestamp >= cutOff + patience * 1 hours;
        if (block.timestamp >= cutOff && !overdue) revert CutOffPassed(day, cutOff);
    }

    /// @dev Rounded up, so that nothing is overdue earlier than the terms say.
    function _overdueHours(uint256 overdueAfter) internal pure returns (uint256) {
        return Math.ceilDiv(overdueAfter, 1 hours);
    }

    /// @dev The first day whose cut-off lies ahead; the one after the calendar's last if there is none. Mostly the day
    /// after the last one closed, or the next: it looks further only where nobody closed a day.
    function _firstAhead(State memory state) internal view returns (uint256 day) {
        day = uint256(state.closed) + 1;
        if (day > state.announced || block.timestamp < state.cutOff) return day;
        CalendarStorage storage $ = _calendar();
        do {
            ++day;
        } while (day <= state.announced && block.timestamp >= $.dayAt[day].cutOff);
    }

    // ------------------------------------------------------------------------------------------------ requests

    /// @dev Adds a request for the open day to the controller's position.
    /// @param released Whether it is of what lay in quarantine.
    function _place(
        bool which,
        address controller,
        uint256 amount,
        uint256 day,
        uint256 settled,
        bool released
    ) internal {
        Position memory position = _current(which, controller, settled);
        Book storage book = _side(which).books[day];
        uint256 opened = 0;
        if (position.members == 0 || position.day == day) {
            if (position.members == 0) (position.day, position.members, opened) = (day, 1, 1);
            position.amount += amount;
            if (released) position.released |= FIRST;
        } else {
            uint256 second = position.day + position.gap;
            if (position.gap == 0) (position.gap, opened) = (day - position.day, 1);
            else if (second != day) revert TooManyUnsettledDays(controller, position.day, second);
            position.later += amount;
            if (released) position.released |= SECOND;
        }
        _write(book, book.amount + amount, book.positions + opened);
        _side(which).positions[controller] = position.pack();
    }

    /// @dev Takes a request that waits for its price out of its day, to be claimed back. What came out of quarantine to be
    /// redeemed goes back there, for who cancels it is who could not be given it.
    /// @return claimable What can be claimed back.
    function _cancel(bool which, uint256 day, address controller) internal returns (uint256 claimable) {
        uint256 settled = _calendar().state.settled;
        Position memory position = _current(which, controller, settled);
        Book storage book = _side(which).books[day];
        (uint256 amount, uint256 left, uint256 released) = (0, 0, 0);
        if (position.day == day && position.members != 0 && day > settled) {
            (amount, left, released) = (position.amount, position.members, position.released & FIRST);
            _promote(position);
        } else if (position.day + position.gap == day && position.gap != 0 && day > settled) {
            (amount, left, released) = (position.later, 1, position.released & SECOND);
            (position.later, position.gap, position.released) = (0, 0, position.released & FIRST);
        }
        // Zero is what a request amounts to that isn't there.
        // slither-disable-next-line incorrect-equality
        if (amount == 0) revert NothingPending(controller, day);
        _requireCancellable(day);
        _write(book, book.amount - amount, book.positions - left);
        position.cancelled = released == 0;
        _side(which).positions[controller] = position.pack();
        if (released != 0) {
            _hold(controller, 0, amount, 0);
            return 0;
        }
        _side(which).cancellations[controller] =
            Cancellation({amount: amount.toUint104(), day: day.toUint24()});
        return amount;
    }

    /// @dev Takes what was cancelled, to be handed back.
    function _takeCancelled(bool which, uint256 day, address controller) internal returns (uint256) {
        Side storage side = _side(which);
        Cancellation memory cancellation = side.cancellations[controller];
        if (cancellation.amount == 0 || cancellation.day != day) revert NothingPending(controller, day);
        delete side.cancellations[controller];
        Position memory position = side.positions[controller].unpack();
        position.cancelled = false;
        side.positions[controller] = position.pack();
        return cancellation.amount;
    }

    /// @dev The same, of whatever day; nothing if there is nothing.
    function _takeAnyCancelled(bool which, address controller)
        internal
        returns (uint256 day, uint256 amount)
    {
        if (!_side(which).positions[controller].unpack().cancelled) {
            return (0, 0);
        }
        day = _side(which).cancellations[controller].day;
        amount = _takeCancelled(which, day, controller);
    }

    // ------------------------------------------------------------------------------------------------ claims

    /// @dev A position as of now, with all that is settled of it in one claim, at most `MAX_STEPS` days a call; the days'
    /// books are written, the position and the claim are not: `_keep` does that with what is left of them.
    function _settled(bool which, address controller, uint256 settled)
        internal
        returns (Position memory position, Claim memory claim)
    {
        (position, claim) = _load(which, controller);
        for (uint256 i = 0; i < MAX_STEPS && _isSettled(position, settled); ++i) {
            Book storage book = _side(which).books[position.day];
            uint256 members = position.members;
            uint256 due = _step(which, book, position, claim);
            _write(book, book.amount - due, book.positions - members);
        }
    }

    function _keep(bool which, address controller, Position memory position, Claim memory claim) internal {
        if (claim.due != 0) {
            _side(which).claims[controller] = StoredClaim({
                requested: claim.requested.toUint104(), due: claim.due.toUint104(), day: claim.day.toUint24()
            });
            position.kept = true;
            emit ClaimKept(controller, claim.day, claim.requested, claim.due);
        } else if (position.kept) {
            delete _side(which).claims[controller];
            position.kept = false;
        }
        _side(which).positions[controller] = position.pack();
    }

    /// @dev Takes `requested` of a claim and what is due for it. The last of it takes all that is left, so however a claim
    /// is divided, it comes to the same.
    function _takeRequested(address controller, Claim memory claim, uint256 requested)
        internal
        pure
        returns (uint256 due)
    {
        if (requested > claim.requested || claim.due == 0) {
            revert ClaimExceeded(controller, requested, claim.requested);
        }
        due = requested == claim.requested ? claim.due : requested * claim.due / claim.requested;
        _lower(claim, requested, due);
    }

    /// @dev Takes `due` of a claim and what was requested for it, rounded up.
    function _takeDue(address controller, Claim memory claim, uint256 due)
        internal
        pure
        returns (uint256 requested)
    {
        if (due > claim.due || claim.due == 0) revert ClaimExceeded(controller, due, claim.due);
        requested = due == claim.due ? claim.requested : (due * claim.requested + claim.due - 1) / claim.due;
        _lower(claim, requested, due);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @dev What of the controller's request of one day is pending and claimable, and all that is claimable. What was kept
    /// is reported under the last day that it comes from.
    function _look(bool which, address controller, uint256 day)
        internal
        view
        returns (uint256 pending, uint256 claimable, Claim memory claim)
    {
        Position memory position;
        (position, claim) = _load(which, controller);
        if (claim.day == day) claimable = claim.requested;
        uint256 settled = _calendar().state.settled;
        for (uint256 i = 0; i < MAX_STEPS && _isSettled(position, settled); ++i) {
            uint256 current = position.day;
            uint256 before = claim.requested;
            _step(which, _side(which).books[current], position, claim);
            if (current == day) claimable += claim.requested - before;
        }
        if (_isSettled(position, settled)) return (0, claimable, claim);
        if (position.day == day) pending = position.amount;
        else if (position.day + position.gap == day) pending = position.later;
    }

    function _cancelled(bool which, uint256 day, address controller) internal view returns (uint256) {
        Cancellation memory cancellation = _side(which).cancellations[controller];
        return cancellation.day == day ? cancellation.amount : 0;
    }

    // ------------------------------------------------------------------------------------------------ parties

    /// @dev Coins leave the vault for verified wallets only, and what is barred to a controller is barred to its other
    /// wallets. Whether the receiver is frozen the coin itself asks.
    function _requirePayable(address controller, address receiver) internal view {
        _requireVerified(receiver);
        if (receiver == controller) return;
        _requireSameInvestor(controller, receiver);
        _requireVerified(controller);
        if (!_coinControls().canReceive(controller)) {
            revert IERC7943Fungible.ERC7943CannotReceive(controller);
        }
    }

    function _requireVerified(address account) internal view {
        if (REGISTRY.isVerified(account)) return;
        revert IInvestorRegistry.WalletNotVerified(account, REGISTRY.walletOf(account).verifiedUntil);
    }

    /// @dev The controller itself or an operator of its choice, who must not be frozen.
    function _requireConsent(address controller) internal view {
        if (msg.sender != controller) _requireOperator(controller);
    }

    function _requireOperator(address controller) private view {
        if (!_positions().operators[controller][msg.sender]) revert NotOperator(controller, msg.sender);
        bool free = SHARE.canSend(msg.sender) && _coinControls().canSend(msg.sender);
        if (!free) revert IERC7943Fungible.ERC7943CannotSend(msg.sender);
    }

    /// @dev Two wallets of one investor, or one and the same. Nobody's wallet is nobody else's either.
    function _requireSameInvestor(address account, address other) internal view {
        if (account == other) return;
        bytes16 investor = SHARE.investorOf(account);
        if (investor == bytes16(0) || investor != SHARE.investorOf(other)) {
            revert NotSameInvestor(account, other);
        }
    }

    /// @dev Sets aside what stays in the vault.
    function _hold(address controller, uint256 assets, uint256 shares, uint256 dealtAt) internal {
        Held storage held = _quarantine().held[controller];
        held.assets = (assets + held.assets).toUint104();
        held.shares = (shares + held.shares).toUint104();
        if (dealtAt > held.dealtAt) held.dealtAt = dealtAt.toUint40();
        emit Quarantined(controller, assets, shares, msg.sender);
    }

    /// @dev The coin's freezes and pause.
    function _coinControls() internal view returns (IRegulatedERC20) {
        return IRegulatedERC20(address(COIN));
    }

    // ------------------------------------------------------------------------------------------------ inside

    /// @dev A position without anything settled in it, and nothing cancelled.
    function _current(bool which, address controller, uint256 settled)
        private
        returns (Position memory position)
    {
        Claim memory claim;
        (position, claim) = _settled(which, controller, settled);
        if (position.cancelled) {
            revert CancellationUnclaimed(controller, _side(which).cancellations[controller].day);
        }
        if (claim.due != 0) _keep(which, controller, position, claim);
    }

    /// @dev One settled day of a position: what it brings goes to the claim, and a gated redemption's rest to the next
    /// day. A request that comes to nothing ends there.
    function _step(bool which, Book memory book, Position memory position, Claim memory claim)
        private
        view
        returns (uint256 due)
    {
        (uint256 amount, uint256 day) = (position.amount, position.day);
        if (which == SUBSCRIPTIONS) {
            due = Pricing.sharesFor(_units(), amount, book.price, book.feeBps);
            _promote(position);
        } else {
            uint256 redeemed = Pricing.accepted(amount, book.term);
            due = Pricing.assetsFor(_units(), redeemed, book.price, book.feeBps);
            if (book.term == Pricing.PARTS) {
                _promote(position);
            } else {
                uint256 rest = Pricing.carried(amount, book.term);
                amount -= rest;
                _carry(position, rest);
            }
        }
        if (due == 0) return 0;
        claim.requested += amount;
        claim.due += due;
        claim.day = day;
    }

    /// @dev The rest of a gated redemption stands on the next day, together with what was requested for that.
    function _carry(Position memory position, uint256 rest) private pure {
        position.amount = rest;
        ++position.day;
        if (position.gap == 0) return;
        --position.gap;
        if (position.gap != 0) return;
        position.amount += position.later;
        position.later = 0;
        if (position.released != 0) position.released = FIRST;
        ++position.members;
    }

    /// @dev What was requested for a later day takes the place of what is done with.
    function _promote(Position memory position) private pure {
        position.amount = position.later;
        position.day += position.gap;
        position.members = position.gap == 0 ? 0 : 1;
        // `SECOND` becomes `FIRST`.
        position.released >>= 1;
        (position.later, position.gap) = (0, 0);
    }

    function _isSettled(Position memory position, uint256 settled) private pure returns (bool) {
        return position.members != 0 && position.day <= settled;
    }

    function _load(bool which, address controller)
        private
        view
        returns (Position memory position, Claim memory claim)
    {
        Side storage side = _side(which);
        position = side.positions[controller].unpack();
        if (!position.kept) return (position, claim);
        StoredClaim memory kept = side.claims[controller];
        (claim.requested, claim.due, claim.day) = (kept.requested, kept.due, kept.day);
    }

    function _write(Book storage book, uint256 amount, uint256 positions) internal {
        (book.amount, book.positions) = (amount.toUint96(), positions.toUint24());
    }

    function _lower(Claim memory claim, uint256 requested, uint256 due) private pure {
        claim.requested -= requested;
        claim.due -= due;
    }
}
