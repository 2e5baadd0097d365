// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Operator, IERC7540Redeem} from "../../interfaces/IERC7540.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../interfaces/IERC7887.sol";
import {IERC7943Fungible} from "../../interfaces/IERC7943.sol";
import {IFundVault} from "../../interfaces/IFundVault.sol";
import {Positions} from "./Positions.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Requests
/// @notice Asking to subscribe or redeem, and asking back before the cut-off (ERC-7540, ERC-7887).
abstract contract Requests is IFundVault, Positions {
    using SafeERC20 for IERC20;

    /// @inheritdoc IERC7540Operator
    function setOperator(address operator, bool approved) external returns (bool) {
        _positions().operators[msg.sender][operator] = approved;
        emit OperatorSet(msg.sender, operator, approved);
        return true;
    }

    /// @inheritdoc IERC7540Operator
    function isOperator(address controller, address operator) external view returns (bool) {
        return _positions().operators[controller][operator];
    }

    // ------------------------------------------------------------------------------------------------ asking

    /// @inheritdoc IERC7540Deposit
    /// @dev Who may not subscribe is refused now; limits that depend on the amount are asked when the shares are
    /// delivered, since what it buys is not known.
    function requestDeposit(uint256 assets, address controller, address owner)
        external
        returns (uint256 day)
    {
        _requireConsent(owner);
        State memory state = _calendar().state;
        day = _dealingDay(state);
        if (assets == 0) revert RequestEmpty();
        if (assets < state.minSubscription) revert SubscriptionBelowMinimum(assets, state.minSubscription);
        // It reverts for who may not subscribe, and who that is doesn't matter further.
        // slither-disable-next-line unused-return
        SHARE.requireSubscriber(controller);
        _requireSameInvestor(controller, owner);
        _place(SUBSCRIPTIONS, controller, assets, day, state.settled, false);
        emit DepositRequest(controller, owner, day, msg.sender, assets);
        // The owner is the caller, or has made it its operator.
        // slither-disable-next-line arbitrary-send-erc20
        COIN.safeTransferFrom(owner, address(this), assets);
    }

    /// @inheritdoc IERC7540Redeem
    /// @dev Nobody is kept from redeeming by a lapsed verification; only another wallet to which the shares or their proceeds
    /// pass has to be verified. A spender needs the owner's allowance of shares.
    function requestRedeem(uint256 shares, address controller, address owner) external returns (uint256 day) {
        bool consented = msg.sender == owner || _positions().operators[owner][msg.sender];
        if (consented) _requireConsent(owner);
        State memory state = _calendar().state;
        day = _dealingDay(state);
        if (shares == 0) revert RequestEmpty();
        uint256 minimum = _calendar().terms.minRedemption;
        if (shares < minimum && shares != _free(owner)) revert RedemptionBelowMinimum(shares, minimum);
        _requireSameInvestor(controller, owner);
        if (controller != owner) _requireVerified(controller);
        _place(REDEMPTIONS, controller, shares, day, state.settled, false);
        emit RedeemRequest(controller, owner, day, msg.sender, shares);
        SHARE.collect(owner, consented ? owner : msg.sender, shares);
    }

    // -------------------------------------------------------------------------------------------- asking back

    /// @inheritdoc IERC7887Deposit
    function cancelDepositRequest(uint256 requestId, address controller) external {
        _requireConsent(controller);
        _cancel(SUBSCRIPTIONS, requestId, controller);
        emit CancelDepositRequest(controller, requestId, msg.sender);
    }

    /// @inheritdoc IERC7887Redeem
    /// @dev Refused where the class's limits have no room for the shares any more: the redemption stands. What was released
    /// from quarantine to be redeemed goes back there.
    function cancelRedeemRequest(uint256 requestId, address controller) external {
        _requireConsent(controller);
        uint256 shares = _cancel(REDEMPTIONS, requestId, controller);
        emit CancelRedeemRequest(controller, requestId, msg.sender);
        if (shares != 0) SHARE.requireRoom(controller, shares);
    }

    /// @inheritdoc IERC7887Deposit
    function claimCancelDepositRequest(uint256 requestId, address receiver, address controller)
        external
        returns (uint256 assets)
    {
        _requireConsent(controller);
        _requirePayable(controller, receiver);
        assets = _takeCancelled(SUBSCRIPTIONS, requestId, controller);
        emit CancelDepositClaim(controller, receiver, requestId, msg.sender, assets);
        COIN.safeTransfer(receiver, assets);
    }

    /// @inheritdoc IERC7887Redeem
    /// @dev The shares go back as they came: nobody has to be verified to hold what is his, but for another wallet.
    function claimCancelRedeemRequest(uint256 requestId, address receiver, address controller)
        external
        returns (uint256 shares)
    {
        _requireConsent(controller);
        if (receiver != controller) {
            _requireSameInvestor(controller, receiver);
            _requireVerified(receiver);
            if (!SHARE.canSend(controller)) revert IERC7943Fungible.ERC7943CannotSend(controller);
        }
        shares = _takeCancelled(REDEMPTIONS, requestId, controller);
        emit CancelRedeemClaim(controller, receiver, requestId, msg.sender, shares);
        SHARE.giveBack(receiver, shares);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IERC7540Deposit
    function pendingDepositRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256 assets)
    {
        (assets,,) = _look(SUBSCRIPTIONS, controller, requestId);
    }

    /// @inheritdoc IERC7540Redeem
    /// @dev What a gate stops is pending on the next day, whose price it gets.
    function pendingRedeemRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256 shares)
    {
        (shares,,) = _look(REDEMPTIONS, controller, requestId);
    }

    /// @inheritdoc IERC7887Deposit
    /// @dev A cancellation is claimable at once, so it is never pending.
    function pendingCancelDepositRequest(uint256, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IERC7887Redeem
    /// @dev A cancellation is claimable at once, so it is never pending.
    function pendingCancelRedeemRequest(uint256, address) external pure returns (bool) {
        return false;
    }

    /// @inheritdoc IERC7887Deposit
    function claimableCancelDepositRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256)
    {
        return _cancelled(SUBSCRIPTIONS, requestId, controller);
    }

    /// @inheritdoc IERC7887Redeem
    function claimableCancelRedeemRequest(uint256 requestId, address controller)
        external
        view
        returns (uint256)
    {
        return _cancelled(REDEMPTIONS, requestId, controller);
    }

    // ------------------------------------------------------------------------------------------------ inside

    /// @dev All that the owner could redeem: what isn't frozen.
    function _free(address owner) private view returns (uint256) {
        return Math.saturatingSub(IERC20(address(SHARE)).balanceOf(owner), SHARE.getFrozenTokens(owner));
    }
}
