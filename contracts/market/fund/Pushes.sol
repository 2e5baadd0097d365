// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7575} from "../../interfaces/IERC7575.sol";
import {IERC7887Deposit, IERC7887Redeem} from "../../interfaces/IERC7887.sol";
import {IFundDesk} from "../../interfaces/IFundVault.sol";
import {IRegulatedERC20} from "../../interfaces/IRegulatedERC20.sol";
import {Position} from "./PackedPosition.sol";
import {Quarantine} from "./Quarantine.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";

/// @title Pushes
/// @notice Hands out what settled days brought without waiting for the investors, in batches. What one of them can't be
/// given goes to quarantine, so nobody holds up the others and every day comes to its end.
abstract contract Pushes is Quarantine {
    using SafeERC20 for IERC20;

    /// @inheritdoc IFundDesk
    function roll(address controller) external {
        uint256 settled = _calendar().state.settled;
        _roll(SUBSCRIPTIONS, controller, settled);
        _roll(REDEMPTIONS, controller, settled);
    }

    /// @inheritdoc IFundDesk
    function pushShares(uint256 day, address[] calldata controllers) external restricted direct {
        address[] memory accounts = new address[](controllers.length);
        uint256[] memory shares = new uint256[](controllers.length);
        uint256[] memory assets = new uint256[](controllers.length);
        uint256 settled = _calendar().state.settled;
        uint256 count = 0;
        for (uint256 i = 0; i < controllers.length; ++i) {
            address controller = controllers[i];
            (Position memory position, Claim memory claim) = _settled(SUBSCRIPTIONS, controller, settled);
            if (claim.day == day && claim.due != 0) {
                (accounts[count], assets[count], shares[count]) = (controller, claim.requested, claim.due);
                ++count;
                (claim.requested, claim.due) = (0, 0);
            }
            _keep(SUBSCRIPTIONS, controller, position, claim);
        }
        assembly ("memory-safe") {
            mstore(accounts, count)
            mstore(shares, count)
        }
        uint40 dealtAt = _side(SUBSCRIPTIONS).books[day].term;
        uint8[] memory refused = SHARE.deliver(accounts, shares, dealtAt);
        for (uint256 i = 0; i < count; ++i) {
            if (refused[i] != 0) _hold(accounts[i], 0, shares[i], dealtAt);
            else emit IERC7575.Deposit(accounts[i], accounts[i], assets[i], shares[i]);
        }
    }

    /// @inheritdoc IFundDesk
    function pushAssets(address[] calldata controllers) external restricted direct {
        _requireCoinMoves();
        uint256 settled = _calendar().state.settled;
        for (uint256 i = 0; i < controllers.length; ++i) {
            address controller = controllers[i];
            (Position memory position, Claim memory claim) = _settled(REDEMPTIONS, controller, settled);
            (uint256 shares, uint256 assets) = (claim.requested, claim.due);
            (claim.requested, claim.due) = (0, 0);
            _keep(REDEMPTIONS, controller, position, claim);
            if (assets == 0 || !_payOrHold(controller, assets)) continue;
            emit IERC7575.Withdraw(msg.sender, controller, controller, assets, shares);
        }
    }

    /// @inheritdoc IFundDesk
    function pushCancelled(address[] calldata controllers) external restricted direct {
        _requireCoinMoves();
        if (SHARE.paused()) revert IRegulatedERC20.TokenPaused();
        for (uint256 i = 0; i < controllers.length; ++i) {
            address controller = controllers[i];
            (uint256 day, uint256 assets) = _takeAnyCancelled(SUBSCRIPTIONS, controller);
            if (assets != 0 && _payOrHold(controller, assets)) {
                emit IERC7887Deposit.CancelDepositClaim(controller, controller, day, msg.sender, assets);
            }
            uint256 shares;
            (day, shares) = _takeAnyCancelled(REDEMPTIONS, controller);
            if (shares == 0) continue;
            try SHARE.giveBack(controller, shares) {
                emit IERC7887Redeem.CancelRedeemClaim(controller, controller, day, msg.sender, shares);
            } catch {
                _hold(controller, 0, shares, 0);
            }
        }
    }

    function _roll(bool which, address controller, uint256 settled) private {
        (Position memory position, Claim memory claim) = _settled(which, controller, settled);
        _keep(which, controller, position, claim);
    }

    /// @return paid Whether the controller has it; if not it is in quarantine.
    function _payOrHold(address controller, uint256 assets) private returns (bool paid) {
        paid = REGISTRY.isVerified(controller) && _coinControls().canReceive(controller);
        if (paid) COIN.safeTransfer(controller, assets);
        else _hold(controller, assets, 0, 0);
    }

    /// @dev A pause is no fault of the investors: nothing of it belongs in quarantine.
    function _requireCoinMoves() private view {
        if (_coinControls().paused()) revert IRegulatedERC20.TokenPaused();
    }
}
