// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../../interfaces/IERC7943.sol";
import {IFundShare} from "../../interfaces/IFundShare.sol";
import {Book, IFundVault} from "../../interfaces/IFundVault.sol";
import {IInvestorRegistry} from "../../interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../../interfaces/IRegulatedERC20.sol";
import {Calendar} from "./Calendar.sol";
import {Pricing, Units} from "./Pricing.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IERC20Metadata} from "@openzeppelin/contracts/token/ERC20/extensions/IERC20Metadata.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Positions
/// @notice What each controller has asked for and has coming: one slot a side, used again day after day.
/// @dev A day is settled as a whole, so a controller's result is worked out when somebody next looks at it: `_advance`
/// takes a position through the days settled since. Subscriptions and redemptions are two sides of one machine; only a
/// redemption can be cut by a gate, and then the rest of it stands on the next day.
abstract contract Positions is Calendar {
    using SafeCast for uint256;
    
    /// @dev Requests that wait, or are settled and nobody has looked yet.
    /// @param amount Requested for `day`.
    /// @param later Requested for the day `gap` after `day`, which had no price yet. No gap, nothing.
    /// @param members How many of the day's book's positions this is: 0 for none, more than one where a request that was
    /// carried over met one that was there.
    /// @param kept Something settled lies in `claims`.
    /// @param cancelled Something cancelled lies in `cancellations`.
    struct Position {
        uint96 amount;
        uint96 later;
        uint24 day;
        uint8 gap;
        uint16 members;
        bool kept;
        bool cancelled;
    }

    /// @dev Settled and unclaimed. `requested` and `due` are assets and shares for a subscription, shares and assets for a
    /// redemption; `day` is the last that it comes from.
    struct Claim {
        uint104 requested;
        uint104 due;
        uint24 day;
    }

    struct Cancellation {
        uint104 amount;
        uint24 day;
    }

    struct Side {
        mapping(uint256 day => Book) books;
        mapping(address controller => Position) positions;
        mapping(address controller => Claim) claims;
        mapping(address controller => Cancellation) cancellations;
    }

    /// @custom:storage-location erc7201:issuance.storage.Positions
    struct PositionsStorage {
        Side subscriptions;
        Side redemptions;
        mapping(address controller => mapping(address operator => bool)) operators;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Positions")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x7af197949043879b7501f25ca3bac959fb3235c48ea2e0b7582206624d032f00;

    bool internal constant SUBSCRIPTIONS = false;
    bool internal constant REDEMPTIONS = true;

    /// @notice Most days that one call takes a position through.
    uint256 public constant MAX_STEPS = 32;

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IERC20 internal immutable COIN;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IFundShare internal immutable SHARE;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IInvestorRegistry internal immutable REGISTRY;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint8 internal immutable NAV_DECIMALS;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint256 private immutable COIN_UNIT;
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    uint256 private immutable SHARE_UNIT;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address share_, address asset_, uint8 navDecimals) {
        if (share_.code.length == 0) revert NotAContract(share_);
        if (asset_.code.length == 0) revert NotAContract(asset_);
        if (navDecimals > 18) revert TermOutOfBounds(navDecimals, 0, 18);
        SHARE = IFundShare(share_);
        COIN = IERC20(asset_);
        REGISTRY = IInvestorRegistry(IFundShare(share_).registry());
        NAV_DECIMALS = navDecimals;
        COIN_UNIT = 10 ** IERC20Metadata(asset_).decimals();
        SHARE_UNIT = 10 ** (uint256(IERC20Metadata(share_).decimals()) + navDecimals);
    }

    /// @inheritdoc IFundVault
    function roll(address controller) external {
        _roll(SUBSCRIPTIONS, controller);
        _roll(REDEMPTIONS, controller);
    }

    /// @inheritdoc IFundVault
    function subscriptionBook(uint256 day) external view returns (Book memory) {
        return _positions().subscriptions.books[day];
    }

    /// @inheritdoc IFundVault
    function redemptionBook(uint256 day) external view returns (Book memory) {
        return _positions().redemptions.books[day];
    }

    // ------------------------------------------------------------------------------------------------ requests

    /// @dev Adds a request for the open day to the controller's position.
    function _place(bool which, address controller, uint256 amount, uint256 day, uint256 settled) internal {
        Side storage side = _side(which);
        Position memory position = side.positions[controller];
        if (position.cancelled) {
            revert CancellationUnclaimed(controller, side.cancellations[controller].day);
        }
        if (_isSettled(position, settled)) {
            Claim memory claim = _load(side, controller, position);
            _advance(which, position, claim, settled);
            _keep(which, controller, position, claim);
        }
        Book storage stored = side.books[day];
        Book memory book = stored;
        if (position.members == 0) {
            position.amount = amount.toUint96();
            position.day = day.toUint24();
            position.members = 1;
            ++book.positions;
        } else if (position.day == day) {
            position.amount = (amount + position.amount).toUint96();
        } else if (position.gap == 0) {
            position.later = amount.toUint96();
            position.gap = (day - position.day).toUint8();
            ++book.positions;
        } else {
            uint256 second = uint256(position.day) + position.gap;
            if (second != day) revert TooManyUnsettledDays(controller, position.day, second);
            position.later = (amount + position.later).toUint96();
        }
        stored.amount = (amount + book.amount).toUint96();
        stored.positions = book.positions;
        side.positions[controller] = position;
    }

    /// @dev Takes a request that waits for its price out of its day, to be claimed back.
    function _cancel(bool which, uint256 day, address controller) internal {
        Side storage side = _side(which);
        (Position memory position,) = _roll(which, controller);
        if (position.cancelled) {
            revert CancellationUnclaimed(controller, side.cancellations[controller].day);
        }
        uint256 settled = _calendar().state.settled;
        uint256 amount = 0;
        Book storage book = side.books[day];
        if (day > settled && position.members != 0) {
            if (position.day == day) {
                amount = position.amount;
                book.positions -= position.members;
                _promote(position);
            } else if (position.gap != 0 && uint256(position.day) + position.gap == day) {
                amount = position.later;
                --book.positions;
                (position.later, position.gap) = (0, 0);
            }
        }
        // Zero is what a request amounts to that isn't there.
        // slither-disable-next-line incorrect-equality
        if (amount == 0) revert NothingPending(controller, day);
        _requireCancellable(day);
        book.amount = (uint256(book.amount) - amount).toUint96();
        position.cancelled = true;
        side.positions[controller] = position;
        side.cancellations[controller] = Cancellation({amount: amount.toUint104(), day: day.toUint24()});
    }

    /// @dev Takes what was cancelled, to be handed back.
    function _takeCancelled(bool which, uint256 day, address controller) internal returns (uint256) {
        Side storage side = _side(which);
        Cancellation memory cancellation = side.cancellations[controller];
        if (cancellation.amount == 0 || cancellation.day != day) revert NothingPending(controller, day);
        delete side.cancellations[controller];
        side.positions[controller].cancelled = false;
        return cancellation.amount;
    }

    /// @dev The same, of whatever day; nothing if there is nothing.
    function _takeAnyCancelled(bool which, address controller)
        internal
        returns (uint256 day, uint256 amount)
    {
        if (!_side(which).positions[controller].cancelled) return (0, 0);
        day = _side(which).cancellations[controller].day;
        amount = _takeCancelled(which, day, controller);
    }

    // ------------------------------------------------------------------------------------------------ claims

    /// @dev A position as of now, with all that is settled of it in one claim; the books are written, the position and
    /// the claim are not: `_keep` does that with what is left of them.
    function _settled(bool which, address controller)
        internal
        returns (Position memory position, Claim memory claim)
    {
        Side storage side = _side(which);
        position = side.positions[controller];
        claim = _load(side, controller, position);
        _advance(which, position, claim, _calendar().state.settled);
    }

    function _keep(bool which, address controller, Position memory position, Claim memory claim) internal {
        Side storage side = _side(which);
        if (claim.due != 0) {
            side.claims[controller] = claim;
            position.kept = true;
            emit ClaimKept(controller, claim.day, claim.requested, claim.due);
        } else if (position.kept) {
            delete side.claims[controller];
            position.kept = false;
        }
        side.positions[controller] = position;
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
        requested = due == claim.due
            ? claim.requested
            : (due * claim.requested + claim.due - 1) / claim.due;
        _lower(claim, requested, due);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @dev What `day` still owes the controller a price for, and all that is claimable.
    function _standing(bool which, address controller)
        internal
        view
        returns (Position memory position, Claim memory claim)
    {
        Side storage side = _side(which);
        position = side.positions[controller];
        claim = _load(side, controller, position);
        uint256 settled = _calendar().state.settled;
        for (uint256 i = 0; i < MAX_STEPS && _isSettled(position, settled); ++i) {
            _step(which, side.books[position.day], position, claim);
        }
    }

    function _pending(bool which, uint256 day, address controller) internal view returns (uint256) {
        (Position memory position,) = _standing(which, controller);
        if (_isSettled(position, _calendar().state.settled)) return 0;
        if (position.members != 0 && position.day == day) return position.amount;
        if (position.gap != 0 && uint256(position.day) + position.gap == day) return position.later;
        return 0;
    }

    /// @dev What is claimable of the request of one day. What was kept is reported under the last day that it comes from.
    function _claimable(bool which, uint256 day, address controller)
        internal
        view
        returns (uint256 requested)
    {
        Side storage side = _side(which);
        Position memory position = side.positions[controller];
        Claim memory kept = _load(side, controller, position);
        if (kept.day == day) requested = kept.requested;
        uint256 settled = _calendar().state.settled;
        for (uint256 i = 0; i < MAX_STEPS && _isSettled(position, settled) && position.day <= day; ++i) {
            uint256 current = position.day;
            Claim memory claim;
            _step(which, side.books[current], position, claim);
            if (current == day) requested += claim.requested;
        }
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
        if (!_coinControls().canReceive(controller)) revert IERC7943Fungible.ERC7943CannotReceive(controller);
    }

    function _requireVerified(address account) private view {
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

    /// @dev The coin's freezes and pause.
    function _coinControls() internal view returns (IRegulatedERC20) {
        return IRegulatedERC20(address(COIN));
    }

    // ------------------------------------------------------------------------------------------------ inside

    function _requested(uint256 day) internal view override returns (uint256 assets, uint256 shares) {
        PositionsStorage storage $ = _positions();
        return ($.subscriptions.books[day].amount, $.redemptions.books[day].amount);
    }

    function _units() internal view returns (Units memory) {
        return Units({coinUnit: COIN_UNIT, shareUnit: SHARE_UNIT});
    }

    function _side(bool which) internal view returns (Side storage) {
        PositionsStorage storage $ = _positions();
        return which == SUBSCRIPTIONS ? $.subscriptions : $.redemptions;
    }

    function _positions() internal pure returns (PositionsStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }

    function _roll(bool which, address controller)
        private
        returns (Position memory position, Claim memory claim)
    {
        (position, claim) = _settled(which, controller);
        _keep(which, controller, position, claim);
    }

    function _load(Side storage side, address controller, Position memory position)
        private
        view
        returns (Claim memory claim)
    {
        if (position.kept) claim = side.claims[controller];
    }

    /// @dev Takes the position through what was settled since, at most `MAX_STEPS` days, and out of those days' books.
    function _advance(bool which, Position memory position, Claim memory claim, uint256 settled) private {
        Side storage side = _side(which);
        for (uint256 i = 0; i < MAX_STEPS && _isSettled(position, settled); ++i) {
            Book storage stored = side.books[position.day];
            Book memory book = stored;
            uint256 members = position.members;
            uint256 due = _step(which, book, position, claim);
            stored.amount = (uint256(book.amount) - due).toUint96();
            stored.positions = (uint256(book.positions) - members).toUint24();
        }
    }

    /// @dev One settled day of a position: what it brings goes to the claim, and a gated redemption's rest to the next
    /// day. A request that comes to nothing ends there.
    function _step(bool which, Book memory book, Position memory position, Claim memory claim)
        private
        view
        returns (uint256 due)
    {
        uint256 amount = position.amount;
        uint256 day = position.day;
        if (which == SUBSCRIPTIONS) {
            due = Pricing.sharesFor(_units(), amount, book.price, book.feeBps);
            _promote(position);
        } else if (book.term == Pricing.PARTS) {
            due = Pricing.assetsFor(_units(), amount, book.price, book.feeBps);
            _promote(position);
        } else {
            uint256 rest = Pricing.carried(amount, book.term);
            uint256 redeemed = Pricing.accepted(amount, book.term);
            due = Pricing.assetsFor(_units(), redeemed, book.price, book.feeBps);
            amount -= rest;
            _carry(position, rest);
        }
        if (due == 0) return 0;
        claim.requested = (amount + claim.requested).toUint104();
        claim.due = (due + claim.due).toUint104();
        claim.day = day.toUint24();
    }

    /// @dev The rest of a gated redemption stands on the next day, together with what was requested for that.
    function _carry(Position memory position, uint256 rest) private pure {
        position.amount = rest.toUint96();
        ++position.day;
        if (position.gap == 0) return;
        --position.gap;
        if (position.gap != 0) return;
        position.amount = (rest + position.later).toUint96();
        position.later = 0;
        ++position.members;
    }

    /// @dev What was requested for a later day takes the place of what is done with.
    function _promote(Position memory position) private pure {
        position.amount = position.later;
        position.day += position.gap;
        position.members = position.gap == 0 ? 0 : 1;
        (position.later, position.gap) = (0, 0);
    }

    function _isSettled(Position memory position, uint256 settled) private pure returns (bool) {
        return position.members != 0 && position.day <= settled;
    }

    function _lower(Claim memory claim, uint256 requested, uint256 due) private pure {
        claim.requested -= uint104(requested);
        claim.due -= uint104(due);
    }
}
