// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Deposit, IERC7540Redeem} from "../../interfaces/IERC7540.sol";
import {IERC7575} from "../../interfaces/IERC7575.sol";
import {IFundVault} from "../../interfaces/IFundVault.sol";
import {IRegulatedERC20} from "../../interfaces/IRegulatedERC20.sol";
import {Quarantine} from "./Quarantine.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Claims
/// @notice Taking what settled days brought: pulled by the controller or its operator, or pushed by the dealing manager.
/// @dev A controller that can't be given what is due keeps its claim where it pulls, and finds it in quarantine where it is
/// pushed.
abstract contract Claims is Quarantine {
    using SafeERC20 for IERC20;

    // ------------------------------------------------------------------------------------------- pulled: shares

    /// @inheritdoc IERC7575
    function deposit(uint256 assets, address receiver) external returns (uint256) {
        return deposit(assets, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540Deposit
    function deposit(uint256 assets, address receiver, address controller) public returns (uint256 shares) {
        (Position memory position, Claim memory claim) = _open(SUBSCRIPTIONS, controller);
        shares = _takeRequested(controller, claim, assets);
        _deliver(controller, receiver, position, claim, assets, shares);
    }

    /// @inheritdoc IERC7575
    function mint(uint256 shares, address receiver) external returns (uint256) {
        return mint(shares, receiver, msg.sender);
    }

    /// @inheritdoc IERC7540Deposit
    function mint(uint256 shares, address receiver, address controller) public returns (uint256 assets) {
        (Position memory position, Claim memory claim) = _open(SUBSCRIPTIONS, controller);
        assets = _takeDue(controller, claim, shares);
        _deliver(controller, receiver, position, claim, assets, shares);
    }

    // ------------------------------------------------------------------------------------------- pulled: assets

    /// @inheritdoc IERC7575
    function redeem(uint256 shares, address receiver, address controller) external returns (uint256 assets) {
        (Position memory position, Claim memory claim) = _open(REDEMPTIONS, controller);
        assets = _takeRequested(controller, claim, shares);
        _pay(controller, receiver, position, claim, assets, shares);
    }

    /// @inheritdoc IERC7575
    function withdraw(uint256 assets, address receiver, address controller)
        external
        returns (uint256 shares)
    {
        (Position memory position, Claim memory claim) = _open(REDEMPTIONS, controller);
        shares = _takeDue(controller, claim, assets);
        _pay(controller, receiver, position, claim, assets, shares);
    }

    // ------------------------------------------------------------------------------------------------- pushed

    /// @inheritdoc IFundVault
    function pushShares(uint256 day, address[] calldata controllers) external restricted direct {
        uint40 dealtAt = _side(SUBSCRIPTIONS).books[day].term;
        uint256[] memory shares = new uint256[](controllers.length);
        for (uint256 i = 0; i < controllers.length; ++i) {
            address controller = controllers[i];
            (Position memory position, Claim memory claim) = _settled(SUBSCRIPTIONS, controller);
            if (claim.day == day && claim.due != 0) {
                shares[i] = claim.due;
                emit Deposit(controller, controller, claim.requested, claim.due);
                (claim.requested, claim.due) = (0, 0);
            }
            _keep(SUBSCRIPTIONS, controller, position, claim);
        }
        uint8[] memory refused = SHARE.deliver(controllers, shares, dealtAt);
        for (uint256 i = 0; i < refused.length; ++i) {
            if (refused[i] != 0 && shares[i] != 0) _hold(controllers[i], 0, shares[i], dealtAt);
        }
    }

    /// @inheritdoc IFundVault
    function pushAssets(address[] calldata controllers) external restricted direct {
        _requireCoinMoves();
        for (uint256 i = 0; i < controllers.length; ++i) {
            address controller = controllers[i];
            (Position memory position, Claim memory claim) = _settled(REDEMPTIONS, controller);
            (uint256 shares, uint256 assets) = (claim.requested, claim.due);
            (claim.requested, claim.due) = (0, 0);
            _keep(REDEMPTIONS, controller, position, claim);
            if (assets == 0) continue;
            emit Withdraw(msg.sender, controller, controller, assets, shares);
            _payOrHold(controller, assets);
        }
    }

    /// @inheritdoc IFundVault
    function pushCancelled(address[] calldata controllers) external restricted direct {
        _requireCoinMoves();
        if (SHARE.paused()) revert IRegulatedERC20.TokenPaused();
        for (uint256 i = 0; i < controllers.length; ++i) {
            address controller = controllers[i];
            (uint256 day, uint256 assets) = _takeAnyCancelled(SUBSCRIPTIONS, controller);
            if (assets != 0) {
                emit CancelDepositClaim(controller, controller, day, msg.sender, assets);
                _payOrHold(controller, assets);
            }
            uint256 shares;
            (day, shares) = _takeAnyCancelled(REDEMPTIONS, controller);
            if (shares == 0) continue;
            emit CancelRedeemClaim(controller, controller, day, msg.sender, shares);
            try SHARE.giveBack(controller, shares) {}
            catch {
                _hold(controller, 0, shares, 0);
            }
        }
    }

    // -------------------------------------------------------------------------------------------------- views

    /// @inheritdoc IERC7540Deposit
    function claimableDepositRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _claimable(SUBSCRIPTIONS, requestId, controller);
    }

    /// @inheritdoc IERC7540Redeem
    function claimableRedeemRequest(uint256 requestId, address controller) external view returns (uint256) {
        return _claimable(REDEMPTIONS, requestId, controller);
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

    function _open(bool which, address controller)
        private
        returns (Position memory position, Claim memory claim)
    {
        _requireConsent(controller);
        return _settled(which, controller);
    }

    /// @dev Another wallet of the controller gets only what the controller could.
    function _deliver(
        address controller,
        address receiver,
        Position memory position,
        Claim memory claim,
        uint256 assets,
        uint256 shares
    ) private {
        if (receiver != controller) {
            _requireSameInvestor(controller, receiver);
            // It reverts for who may not hold shares, and who that is doesn't matter further.
            // slither-disable-next-line unused-return
            SHARE.requireSubscriber(controller);
        }
        _keep(SUBSCRIPTIONS, controller, position, claim);
        emit Deposit(controller, receiver, assets, shares);
        SHARE.deliver(receiver, shares, _side(SUBSCRIPTIONS).books[claim.day].term);
    }

    function _pay(
        address controller,
        address receiver,
        Position memory position,
        Claim memory claim,
        uint256 assets,
        uint256 shares
    ) private {
        _requirePayable(controller, receiver);
        _keep(REDEMPTIONS, controller, position, claim);
        emit Withdraw(msg.sender, receiver, controller, assets, shares);
        COIN.safeTransfer(receiver, assets);
    }

    function _payOrHold(address controller, uint256 assets) private {
        if (REGISTRY.isVerified(controller) && _coinControls().canReceive(controller)) {
            COIN.safeTransfer(controller, assets);
        } else {
            _hold(controller, assets, 0, 0);
        }
    }

    /// @dev A pause is no fault of the investors: nothing of it belongs in quarantine.
    function _requireCoinMoves() private view {
        if (_coinControls().paused()) revert IRegulatedERC20.TokenPaused();
    }

    function _deliverable(address controller) private view returns (Claim memory claim) {
        (, claim) = _standing(SUBSCRIPTIONS, controller);
        (uint8 code,) = SHARE.restrictionOnSubscription(controller, claim.due);
        if (code != 0) (claim.requested, claim.due) = (0, 0);
    }

    function _payable(address controller) private view returns (Claim memory claim) {
        (, claim) = _standing(REDEMPTIONS, controller);
        bool free = REGISTRY.isVerified(controller)
            && _coinControls().canTransfer(address(this), controller, claim.due);
        if (!free) (claim.requested, claim.due) = (0, 0);
    }
}
