// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7943Fungible} from "../interfaces/IERC7943.sol";
import {IFundShare, Restriction} from "../interfaces/IFundShare.sol";
import {IInvestorRegistry} from "../interfaces/IInvestorRegistry.sol";
import {IRegulatedERC20} from "../interfaces/IRegulatedERC20.sol";
import {PackedWallet} from "./PackedWallet.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {ShortString, ShortStrings} from "@openzeppelin/contracts/utils/ShortStrings.sol";
import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title ShareRefusals
/// @notice What a share's refusals are called: the custom error with its figures, and the words of ERC-1404.
/// @dev Decides nothing and holds nothing. A contract of its own because a share with it would pass the size limit; the
/// share's implementation creates it, and asks it only once it refuses.
contract ShareRefusals {
    using ShortStrings for ShortString;

    /// @notice The error that goes with `refused`, encoded, with the figures of the calling share; empty for none.
    function refusal(Restriction refused, address from, address to, uint256 amount)
        external
        view
        returns (bytes memory)
    {
        if (refused == Restriction.None) return "";
        if (refused == Restriction.Paused) {
            return abi.encodeWithSelector(IRegulatedERC20.TokenPaused.selector);
        }
        if (refused == Restriction.SenderFrozen) {
            return abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotSend.selector, from);
        }
        if (refused == Restriction.ReceiverFrozen) {
            return abi.encodeWithSelector(IERC7943Fungible.ERC7943CannotReceive.selector, to);
        }
        if (refused == Restriction.ReceiverIsVault) {
            return abi.encodeWithSelector(IRegulatedERC20.EscrowIsProtected.selector, to);
        }
        if (refused == Restriction.PrimaryOnly) {
            return abi.encodeWithSelector(IFundShare.TransfersClosed.selector, from, to);
        }
        if (refused == Restriction.AmountFrozen) return _amountFrozen(from, amount);
        IInvestorRegistry registry = IInvestorRegistry(IFundShare(msg.sender).registry());
        (PackedWallet source, PackedWallet target) = registry.packedPair(from, to);
        if (refused <= Restriction.CountryNotAdmitted) return _ofWallets(refused, from, to, source, target);
        return _ofFigures(refused, source.investor(), target.investor(), amount);
    }

    /// @notice The restriction of that code in words.
    // The casts are of literals shorter than 32 bytes.
    // forge-lint: disable-next-item(unsafe-typecast)
    function message(uint8 code) external pure returns (string memory) {
        bytes32[15] memory texts = [
            bytes32("No restriction"),
            "The share is paused",
            "The sender is frozen",
            "The receiver is frozen",
            "The amount is frozen",
            "The sender is not verified",
            "The receiver is not verified",
            "The class is not admitted",
            "The country is not admitted",
            "No transfers between investors",
            "The shares are locked up",
            "Above the maximum holding",
            "Below the minimum holding",
            "As many holders as may be",
            "The receiver is a vault"
        ];
        bytes32 text = code < texts.length ? texts[code] : bytes32("Unknown restriction");
        uint256 length = 0;
        while (text[length] != 0) ++length;
        return ShortString.wrap(text | bytes32(length)).toString();
    }

    function _amountFrozen(address from, uint256 amount) private view returns (bytes memory) {
        uint256 held = IERC20(msg.sender).balanceOf(from);
        uint256 free = Math.saturatingSub(held, IERC7943Fungible(msg.sender).getFrozenTokens(from));
        return abi.encodeWithSelector(
            IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector, from, amount, free
        );
    }

    function _ofWallets(
        Restriction refused,
        address from,
        address to,
        PackedWallet source,
        PackedWallet target
    ) private pure returns (bytes memory) {
        bytes4 notVerified = IInvestorRegistry.WalletNotVerified.selector;
        if (refused == Restriction.SenderNotVerified) {
            return abi.encodeWithSelector(notVerified, from, source.verifiedUntil());
        }
        if (refused == Restriction.ReceiverNotVerified) {
            return abi.encodeWithSelector(notVerified, to, target.verifiedUntil());
        }
        if (refused == Restriction.ClassNotAdmitted) {
            return abi.encodeWithSelector(IFundShare.ClassNotAdmitted.selector, to, target.class());
        }
        return abi.encodeWithSelector(IFundShare.CountryNotAdmitted.selector, to, target.country());
    }

    function _ofFigures(Restriction refused, bytes16 from, bytes16 to, uint256 amount)
        private
        view
        returns (bytes memory)
    {
        IFundShare share = IFundShare(msg.sender);
        if (refused == Restriction.LockedUp) {
            return abi.encodeWithSelector(IFundShare.LockedUp.selector, from, share.lockedUntil(from));
        }
        if (refused == Restriction.TooManyHolders) {
            uint256 most = share.policy().maxHolders;
            return abi.encodeWithSelector(IFundShare.HolderLimitReached.selector, most);
        }
        uint256 received = Math.saturatingAdd(share.holdingOf(to), amount);
        if (refused == Restriction.AboveMaximum) {
            uint256 maximum = share.policy().maxHolding;
            return abi.encodeWithSelector(IFundShare.HoldingAboveMaximum.selector, to, received, maximum);
        }
        uint256 minimum = share.policy().minHolding;
        if (received < minimum) {
            return abi.encodeWithSelector(IFundShare.HoldingBelowMinimum.selector, to, received, minimum);
        }
        uint256 left = Math.saturatingSub(share.holdingOf(from), amount);
        return abi.encodeWithSelector(IFundShare.HoldingBelowMinimum.selector, from, left, minimum);
    }
}
