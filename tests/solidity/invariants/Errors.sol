// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../../../contracts/access/Governed.sol";
import {GuardianGate} from "../../../contracts/access/GuardianGate.sol";
import {IAttestedFeed} from "../../../contracts/interfaces/IAttestedFeed.sol";
import {IERC1643} from "../../../contracts/interfaces/IERC1643.sol";
import {IERC3009} from "../../../contracts/interfaces/IERC3009.sol";
import {IERC7943Fungible} from "../../../contracts/interfaces/IERC7943.sol";
import {IInvestorRegistry} from "../../../contracts/interfaces/IInvestorRegistry.sol";
import {IPrimaryMarket} from "../../../contracts/interfaces/IPrimaryMarket.sol";
import {IRegulatedERC20} from "../../../contracts/interfaces/IRegulatedERC20.sol";
import {IStablecoin} from "../../../contracts/interfaces/IStablecoin.sol";
import {Permits} from "../../../contracts/token/Permits.sol";
import {Initializable} from "@openzeppelin/contracts-upgradeable/proxy/utils/Initializable.sol";
import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {ERC1967Utils} from "@openzeppelin/contracts/proxy/ERC1967/ERC1967Utils.sol";
import {UUPSUpgradeable} from "@openzeppelin/contracts/proxy/utils/UUPSUpgradeable.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @notice The errors with which the suite refuses. Any other revert (a panic, a plain require, a call into nothing) is a
/// bug.
abstract contract Errors {
    mapping(bytes4 error => bool) internal isKnownError;
    bytes4[] private _errors;

    constructor() {
        _know(_ofToken());
        _know(_ofMarket());
        _know(_ofFeedAndRegistry());
        _know(_ofAccess());
    }

    function _know(bytes4[26] memory errors) private {
        for (uint256 i = 0; i < errors.length && errors[i] != bytes4(0); ++i) {
            isKnownError[errors[i]] = true;
            _errors.push(errors[i]);
        }
    }

    /// @notice All of them.
    function knownErrors() external view returns (bytes4[] memory) {
        return _errors;
    }

    function _ofToken() private pure returns (bytes4[26] memory e) {
        e[0] = IERC20Errors.ERC20InsufficientBalance.selector;
        e[1] = IERC20Errors.ERC20InsufficientAllowance.selector;
        e[2] = IERC20Errors.ERC20InvalidReceiver.selector;
        e[3] = IERC20Errors.ERC20InvalidSpender.selector;
        e[4] = IERC7943Fungible.ERC7943CannotSend.selector;
        e[5] = IERC7943Fungible.ERC7943CannotReceive.selector;
        e[6] = IERC7943Fungible.ERC7943InsufficientUnfrozenBalance.selector;
        e[7] = IRegulatedERC20.TokenPaused.selector;
        e[8] = IRegulatedERC20.TokenNotPaused.selector;
        e[9] = IRegulatedERC20.CaseIdRequired.selector;
        e[10] = IRegulatedERC20.FreezeMayOnlyRaise.selector;
        e[11] = IRegulatedERC20.UnfreezeMayOnlyLower.selector;
        e[12] = IRegulatedERC20.ForcedTransferToSelf.selector;
        e[13] = IStablecoin.BackingExceeded.selector;
        e[14] = IStablecoin.ReserveStale.selector;
        e[15] = IStablecoin.CallerIsNotMarket.selector;
        e[16] = IRegulatedERC20.EscrowIsProtected.selector;
        e[17] = IStablecoin.MarketIsFixed.selector;
        e[18] = IStablecoin.BufferTooLarge.selector;
        e[19] = IStablecoin.NotAContract.selector;
        e[20] = IStablecoin.FeedDecimalsMismatch.selector;
        e[21] = IERC1643.ERC1643InvalidName.selector;
        e[22] = IERC1643.ERC1643MissingDocument.selector;
        e[23] = SafeCast.SafeCastOverflowedUintDowncast.selector;
        e[24] = IERC20Errors.ERC20InvalidSender.selector;
    }

    function _ofMarket() private pure returns (bytes4[26] memory e) {
        e[0] = IPrimaryMarket.OrderAlreadyExecuted.selector;
        e[1] = IPrimaryMarket.OrderExpired.selector;
        e[2] = IPrimaryMarket.OrderEmpty.selector;
        e[3] = IPrimaryMarket.OrderAboveCap.selector;
        e[4] = IPrimaryMarket.OperatorLimitExceeded.selector;
        e[5] = IPrimaryMarket.TotalAboveTiers.selector;
        e[6] = IPrimaryMarket.NotEnoughApprovals.selector;
        e[7] = IPrimaryMarket.NotApprover.selector;
        e[8] = IPrimaryMarket.InvalidApproval.selector;
        e[9] = IPrimaryMarket.ApproversNotSorted.selector;
        e[10] = IPrimaryMarket.ApproverIsSender.selector;
        e[11] = IPrimaryMarket.MintingIsStopped.selector;
        e[12] = IPrimaryMarket.MintingIsNotStopped.selector;
        e[13] = IPrimaryMarket.MarketWoundDown.selector;
        e[14] = IPrimaryMarket.InvalidTiers.selector;
        e[15] = IPrimaryMarket.InvalidPeriod.selector;
        e[16] = IPrimaryMarket.RedemptionEmpty.selector;
        e[17] = IPrimaryMarket.RedemptionInStatus.selector;
        e[18] = IPrimaryMarket.NotRedemptionHolder.selector;
        e[19] = IPrimaryMarket.RedemptionHolderFrozen.selector;
        e[20] = IPrimaryMarket.RedemptionHolderNotFrozen.selector;
        e[21] = IPrimaryMarket.EscrowStaysEscrow.selector;
        e[22] = IPrimaryMarket.CaseIdMissing.selector;
        e[23] = IPrimaryMarket.UnsolicitedExceeded.selector;
        e[24] = IPrimaryMarket.SkipsUnknownOrder.selector;
    }

    function _ofFeedAndRegistry() private pure returns (bytes4[26] memory e) {
        e[0] = IAttestedFeed.NotEnoughSignatures.selector;
        e[1] = IAttestedFeed.SignersNotSorted.selector;
        e[2] = IAttestedFeed.AttestationNotNewer.selector;
        e[3] = IAttestedFeed.AttestationFromFuture.selector;
        e[4] = IAttestedFeed.ValueTooLarge.selector;
        e[5] = IAttestedFeed.ReportMissing.selector;
        e[6] = IAttestedFeed.InvalidThreshold.selector;
        e[7] = IAttestedFeed.InvalidMaxAge.selector;
        e[8] = IAttestedFeed.NotAttestor.selector;
        e[9] = IAttestedFeed.FeedSuspended.selector;
        e[10] = IAttestedFeed.FeedNotSuspended.selector;
        e[11] = IInvestorRegistry.WalletNotVerified.selector;
        e[12] = IInvestorRegistry.WalletBelongsToAnother.selector;
        e[13] = IInvestorRegistry.IncompleteWallet.selector;
        e[14] = IInvestorRegistry.WalletNotRegistered.selector;
        e[15] = IPrimaryMarket.PaymentReferenceMissing.selector;
        e[16] = IPrimaryMarket.LengthMismatch.selector;
        e[17] = IPrimaryMarket.BatchEmpty.selector;
        e[18] = Permits.ERC2612ExpiredSignature.selector;
        e[19] = Permits.ERC2612InvalidSigner.selector;
        e[20] = IERC3009.ERC3009NotYetValid.selector;
        e[21] = IERC3009.ERC3009Expired.selector;
        e[22] = IERC3009.ERC3009AlreadyUsed.selector;
        e[23] = IERC3009.ERC3009InvalidSignature.selector;
    }

    function _ofAccess() private pure returns (bytes4[26] memory e) {
        e[0] = IAccessManaged.AccessManagedUnauthorized.selector;
        e[1] = IAccessManager.AccessManagerUnauthorizedAccount.selector;
        e[2] = IAccessManager.AccessManagerUnauthorizedCall.selector;
        e[3] = IAccessManager.AccessManagerUnauthorizedCancel.selector;
        e[4] = IAttestedFeed.InvalidAttestor.selector;
        e[5] = IAccessManager.AccessManagerAlreadyScheduled.selector;
        e[6] = IAccessManager.AccessManagerNotScheduled.selector;
        e[7] = IAccessManager.AccessManagerNotReady.selector;
        e[8] = IAccessManager.AccessManagerExpired.selector;
        e[9] = IAccessManager.AccessManagerBadConfirmation.selector;
        e[10] = GuardianGate.AdministratorIsProtected.selector;
        e[11] = GuardianGate.OwnRevocation.selector;
        e[12] = Governed.ActorUnknown.selector;
        e[13] = Governed.AuthorityIsFixed.selector;
        e[14] = Initializable.InvalidInitialization.selector;
        e[15] = UUPSUpgradeable.UUPSUnauthorizedCallContext.selector;
        e[16] = ERC1967Utils.ERC1967InvalidImplementation.selector;
        e[17] = IERC3009.ERC3009CallerIsNotPayee.selector;
    }
}
