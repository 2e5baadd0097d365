// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Redeem} from "../../interfaces/IERC7540.sol";
import {IERC7575} from "../../interfaces/IERC7575.sol";
import {IFundVault} from "../../interfaces/IFundVault.sol";
import {Position} from "./PackedPosition.sol";
import {Positions} from "./Positions.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Claims
/// @notice Taking what settled days brought, by the controller or its operator. Who can't be given what is due keeps the
/// claim.
abstract contract Claims is IFundVault, Positions {
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------------- pulled

    /// @inheritdoc IERC7575
    function deposit(uint256 assets, address receiver) external returns (uint256 shares) {
        (, shares) = _claim(SUBSCRIPTIONS, false, assets, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540Deposit
    function deposit(uint256 assets, address receiver, address controller) external returns (uint256 shares) {
        (, shares) = _claim(SUBSCRIPTIONS, false, assets, receiver, controller);
    }

    /// @inheritdoc IERC7575
    function mint(uint256 shares, address receiver) external returns (uint256 assets) {
        (assets,) = _claim(SUBSCRIPTIONS, true, shares, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540Deposit
    function mint(uint256 shares, address receiver, address controller) external returns (uint256 assets) {
        (assets,) = _claim(SUBSCRIPTIONS, true, shares, receiver, controller);
    }

    /// @inheritdoc IERC7575
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets) {
        (, assets) = _claim(REDEMPTIONS, false, shares, receiver, controller);
    }

    /// @inheritdoc IERC7575
    function withdraw(uint256 assets, address receiver, address controller)
        external
        returns (uint256 shares)
    {
        (shares,) = _claim(REDEMPTIONS, true, assets, receiver, controller);
    }

    // -------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IERC7540Deposit
    function claimableDepositRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256 assets)
    {
        (, assets,) = _look(SUBSCRIPTIONS, controller, requestId);
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256 shares)
    {
        (, shares,) = _look(REDEMPTIONS, controller, requestId);
    }

    /// @inheritdoc IERC7575
    /// @dev What the controller itself can claim now; nothing if its shares would be refused.
    function maxDeposit(address controller) external view returns (uint256) {
        return _deliverable(controller).requested;
    }

    /// @inheritdoc IERC7575
    function maxMint(address controller) external view returns (uint256) {
        return _deliverable(controller).due;
    }

    /// @inheritdoc IERC7575
    /// @dev What the controller itself can claim now; nothing if it can't be paid.
    function maxRedeem(address controller) external view returns (uint256) {
        return _payable(controller).requested;
    }

    /// @inheritdoc IERC7575
    function maxWithdraw(address controller) external view returns (uint256) {
        return _payable(controller).due;
    }

    // ------------------------------------------------------------------------------------------------- inside

    /// @param exactDue Whether `amount` is of what is due, or of what was requested.
    function _claim(bool which, bool exactDue, uint256 amount, address receiver, address controller)
        private
        returns (uint256 requested, uint256 due)
    {
        _requireConsent(controller);
        (Position memory position, Claim memory claim) =
            _settled(which, controller, _calendar().state.settled);
        if (exactDue) (requested, due) = (_takeDue(controller, claim, amount), amount);
        else (requested, due) = (amount, _takeRequested(controller, claim, amount));
        _keep(which, controller, position, claim);
        if (which == SUBSCRIPTIONS) {
            emit Deposit(controller, receiver, requested, due);
            _deliver(controller, receiver, due, claim.day);
        } else {
            emit Withdraw(msg.sender, receiver, controller, due, requested);
            _requirePayable(controller, receiver);
            COIN.safeTransfer(receiver, due);
        }
    }

    /// @dev Another wallet of the controller gets only what the controller could.
    function _deliver(address controller, address receiver, uint256 shares, uint256 day) private {
        if (receiver != controller) {
            _requireSameInvestor(controller, receiver);
            // It reverts for who may not hold shares, and who that is doesn't matter further.
            // slither-disable-next-line unused-return
            SHARE.requireSubscriber(controller);
        }
        SHARE.deliver(receiver, shares, _side(SUBSCRIPTIONS).books[day].term);
    }

    function _deliverable(address controller) private view returns (Claim memory claim) {
        (,, claim) = _look(SUBSCRIPTIONS, controller, 0);
        // A view has no use for the words of the refusal.
        // slither-disable-next-line unused-return
        (uint8 code,) = SHARE.restrictionOnSubscription(controller, claim.due);
        if (code != 0) (claim.requested, claim.due) = (0, 0);
    }

    function _payable(address controller) private view returns (Claim memory claim) {
        (,, claim) = _look(REDEMPTIONS, controller, 0);
        bool free = REGISTRY.isVerified(controller)
            && _coinControls().canTransfer(address(this), controller, claim.due);
        if (!free) (claim.requested, claim.due) = (0, 0);
    }
}
