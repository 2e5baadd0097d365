// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC3009} from "../interfaces/IERC3009.sol";
import {IPrimaryMarket, Redemption, RedemptionStatus} from "../interfaces/IPrimaryMarket.sol";
import {IStablecoin} from "../interfaces/IStablecoin.sol";
import {Signature} from "../interfaces/IssuanceTypes.sol";
import {Approvals} from "./Approvals.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {EIP712} from "@openzeppelin/contracts/utils/cryptography/EIP712.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Redemptions
/// @notice Redemption at par in the order the rules want: escrow, burn, pay, release.
/// @dev Escrow is the market's own balance. What arrives without a request is counted apart and can be returned.
abstract contract Redemptions is Approvals, EIP712 {
    using SafeCast for uint256;

    struct Counters {
        uint64 count;
        uint112 escrowed;
        uint32 period;
    }

    /// @custom:storage-location erc7201:issuance.storage.Redemptions
    struct RedemptionsStorage {
        Counters counters;
        mapping(uint256 id => Redemption) redemptions;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Redemptions")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x363de0a2e21a5c2ed730432f9ae990e9ccd3cda50b4317e215a5c43528bd9d00;

    bytes32 private constant ACCEPTED_TYPEHASH =
        keccak256("AcceptedRedemption(uint256 id,address holder,uint256 amount)");
    bytes32 private constant ACCEPTANCE_TYPEHASH = keccak256(
        "Acceptance(AcceptedRedemption[] redemptions)AcceptedRedemption(uint256 id,address holder,uint256 amount)"
    );
    bytes32 private constant REDEMPTION_NONCE = keccak256("issuance.redemption.nonce");

    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    IStablecoin internal immutable TOKEN;

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address token_) {
        if (token_.code.length == 0) revert IStablecoin.NotAContract(token_);
        TOKEN = IStablecoin(token_);
    }

    // ------------------------------------------------------------------------------------------------ holders

    /// @inheritdoc IPrimaryMarket
    function requestRedemption(uint256 amount, bytes32 requestReference) external returns (uint256 id) {
        // The token reverts instead of returning false.
        // forge-lint: disable-next-line(erc20-unchecked-transfer)
        // slither-disable-next-line unchecked-transfer
        IERC20(address(TOKEN)).transferFrom(msg.sender, address(this), amount);
        id = _open(msg.sender, amount, requestReference);
    }

    /// @inheritdoc IPrimaryMarket
    function requestRedemptionWithAuthorization(
        address holder,
        uint256 amount,
        bytes32 requestReference,
        uint256 validAfter,
        uint256 validBefore,
        bytes32 salt,
        bytes calldata signature
    ) external returns (uint256 id) {
        bytes32 nonce = redemptionNonce(requestReference, salt);
        IERC3009(address(TOKEN))
            .receiveWithAuthorization(
                holder, address(this), amount, validAfter, validBefore, nonce, signature
            );
        id = _open(holder, amount, requestReference);
    }

    /// @inheritdoc IPrimaryMarket
    function cancelRedemption(uint256 id) external {
        Redemption memory request = _close(id, RedemptionStatus.Requested, RedemptionStatus.Cancelled);
        if (request.holder != msg.sender) revert NotRedemptionHolder(id, msg.sender, request.holder);
        _release(request.amount, request.holder);
        emit RedemptionCancelled(id, request.holder, request.amount);
    }

    // ------------------------------------------------------------------------------------------------ the desk

    /// @inheritdoc IPrimaryMarket
    function acceptRedemptions(uint256[] calldata ids, Signature[] calldata approvals) external restricted {
        if (ids.length == 0) revert BatchEmpty();
        bytes32[] memory hashes = new bytes32[](ids.length);
        address[] memory holders = new address[](ids.length);
        uint256 total = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            uint256 id = ids[i];
            Redemption memory request = _close(id, RedemptionStatus.Requested, RedemptionStatus.Accepted);
            holders[i] = request.holder;
            hashes[i] = _acceptedHash(id, request);
            total += request.amount;
            emit RedemptionAccepted(id, msg.sender, request.holder, request.amount);
        }
        uint256 frozen = TOKEN.firstFrozenBeyondBalance(holders);
        if (frozen != ids.length) revert RedemptionHolderFrozen(ids[frozen], holders[frozen]);
        _requireApprovals(_acceptanceDigest(hashes), requiredAcceptanceApprovals(total), approvals);
        _lowerEscrow(total);
        TOKEN.burnEscrow(total);
    }

    /// @inheritdoc IPrimaryMarket
    function recordPayouts(uint256[] calldata ids, bytes32[] calldata paymentReferences)
        external
        restricted
        direct
    {
        if (ids.length != paymentReferences.length) {
            revert LengthMismatch(ids.length, paymentReferences.length);
        }
        if (ids.length == 0) revert BatchEmpty();
        uint256 total = 0;
        for (uint256 i = 0; i < ids.length; ++i) {
            (uint256 id, bytes32 paymentReference) = (ids[i], paymentReferences[i]);
            if (paymentReference == bytes32(0)) revert PaymentReferenceMissing(id);
            Redemption memory request = _close(id, RedemptionStatus.Accepted, RedemptionStatus.Paid);
            total += request.amount;
            emit RedemptionPaid(id, msg.sender, paymentReference, request.amount);
        }
        TOKEN.discharge(total);
    }

    /// @inheritdoc IPrimaryMarket
    function rejectRedemptions(uint256[] calldata ids, bytes32 reason) external restricted direct {
        if (ids.length == 0) revert BatchEmpty();
        for (uint256 i = 0; i < ids.length; ++i) {
            Redemption memory request = _close(ids[i], RedemptionStatus.Requested, RedemptionStatus.Rejected);
            _release(request.amount, request.holder);
            emit RedemptionRejected(ids[i], msg.sender, request.holder, request.amount, reason);
        }
    }

    // ---------------------------------------------------------------------------------------------- compliance

    /// @inheritdoc IPrimaryMarket
    function seizeEscrow(uint256 id, address to, bytes32 caseId) external restricted direct {
        if (caseId == bytes32(0)) revert CaseIdMissing();
        Redemption memory request = _close(id, RedemptionStatus.Requested, RedemptionStatus.Seized);
        if (TOKEN.frozenBeyondBalance(request.holder) < request.amount) {
            revert RedemptionHolderNotFrozen(id, request.holder);
        }
        if (to == address(this)) revert EscrowStaysEscrow();
        TOKEN.lowerFrozen(request.holder, request.amount);
        _release(request.amount, to);
        emit RedemptionSeized(id, msg.sender, caseId, to, request.amount);
    }

    /// @inheritdoc IPrimaryMarket
    function returnUnsolicited(address to, uint256 amount, bytes32 caseId) external restricted direct {
        if (caseId == bytes32(0)) revert CaseIdMissing();
        uint256 available = unsolicited();
        if (amount > available) revert UnsolicitedExceeded(amount, available);
        _transfer(to, amount);
        emit UnsolicitedReturned(to, msg.sender, caseId, amount);
    }

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GOVERNOR`.
    function setRedemptionPeriod(uint32 period) external restricted {
        if (period == 0) revert InvalidPeriod();
        _redemptions().counters.period = period;
        emit RedemptionPeriodChanged(period, msg.sender);
    }

    // ------------------------------------------------------------------------------------------------ views

    /// @inheritdoc IPrimaryMarket
    function redemption(uint256 id) external view returns (Redemption memory) {
        return _redemptions().redemptions[id];
    }

    /// @inheritdoc IPrimaryMarket
    /// @dev Ids run from 1 to this count.
    function redemptionCount() external view returns (uint256) {
        return _redemptions().counters.count;
    }

    /// @inheritdoc IPrimaryMarket
    function escrowed() public view returns (uint256) {
        return _redemptions().counters.escrowed;
    }

    /// @inheritdoc IPrimaryMarket
    function unsolicited() public view returns (uint256) {
        return IERC20(address(TOKEN)).balanceOf(address(this)) - escrowed();
    }

    /// @inheritdoc IPrimaryMarket
    function redemptionPeriod() external view returns (uint32) {
        return _redemptions().counters.period;
    }

    /// @inheritdoc IPrimaryMarket
    function countOverdue(uint256 fromId, uint256 toId) external view returns (uint256 overdue) {
        RedemptionsStorage storage $ = _redemptions();
        uint256 period = $.counters.period;
        for (uint256 id = fromId; id <= toId; ++id) {
            Redemption storage request = $.redemptions[id];
            RedemptionStatus status = request.status;
            bool unpaid = status == RedemptionStatus.Requested || status == RedemptionStatus.Accepted;
            if (unpaid && request.requestedAt + period < block.timestamp) ++overdue;
        }
    }

    /// @inheritdoc IPrimaryMarket
    function redemptionNonce(bytes32 requestReference, bytes32 salt) public pure returns (bytes32) {
        return keccak256(abi.encode(REDEMPTION_NONCE, requestReference, salt));
    }

    /// @inheritdoc IPrimaryMarket
    function acceptanceDigest(uint256[] calldata ids) external view returns (bytes32) {
        bytes32[] memory hashes = new bytes32[](ids.length);
        for (uint256 i = 0; i < ids.length; ++i) {
            hashes[i] = _acceptedHash(ids[i], _redemptions().redemptions[ids[i]]);
        }
        return _acceptanceDigest(hashes);
    }

    /// @inheritdoc IPrimaryMarket
    function token() external view returns (address) {
        return address(TOKEN);
    }

    // ---------------------------------------------------------------------------------------------- inside

    function _open(address holder, uint256 amount, bytes32 requestReference) private returns (uint256 id) {
        if (amount == 0) revert RedemptionEmpty();
        RedemptionsStorage storage $ = _redemptions();
        Counters memory counters = $.counters;
        id = ++counters.count;
        counters.escrowed = (amount + counters.escrowed).toUint112();
        $.counters = counters;
        $.redemptions[id] = Redemption({
            holder: holder,
            requestedAt: block.timestamp.toUint40(),
            status: RedemptionStatus.Requested,
            amount: amount.toUint112()
        });
        emit RedemptionRequested(id, holder, requestReference, amount, msg.sender);
    }

    /// @dev Takes a request along its machine; whatever a request does, it does once.
    function _close(uint256 id, RedemptionStatus from, RedemptionStatus to)
        private
        returns (Redemption memory request)
    {
        Redemption storage stored = _redemptions().redemptions[id];
        request = stored;
        if (request.status != from) revert RedemptionInStatus(id, request.status, from);
        stored.status = to;
    }

    /// @dev Escrow leaves the market for `to`. A frozen `to` refuses it, and the escrow stays.
    function _release(uint256 amount, address to) private {
        _lowerEscrow(amount);
        _transfer(to, amount);
    }

    function _transfer(address to, uint256 amount) private {
        // The token reverts instead of returning false.
        // forge-lint: disable-next-line(erc20-unchecked-transfer)
        // slither-disable-next-line unchecked-transfer
        IERC20(address(TOKEN)).transfer(to, amount);
    }

    function _lowerEscrow(uint256 amount) private {
        Counters storage counters = _redemptions().counters;
        counters.escrowed = (uint256(counters.escrowed) - amount).toUint112();
    }

    function _acceptedHash(uint256 id, Redemption memory request) private pure returns (bytes32) {
        return keccak256(abi.encode(ACCEPTED_TYPEHASH, id, request.holder, uint256(request.amount)));
    }

    function _acceptanceDigest(bytes32[] memory hashes) private view returns (bytes32) {
        return
            _hashTypedDataV4(keccak256(abi.encode(ACCEPTANCE_TYPEHASH, keccak256(abi.encodePacked(hashes)))));
    }

    function _redemptions() private pure returns (RedemptionsStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
