// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "../access/Governed.sol";
import {Refusals} from "../access/Refusals.sol";
import {Roles} from "../access/Roles.sol";
import {Signatures} from "../access/Signatures.sol";
import {ApprovalTier, IPrimaryMarket} from "../interfaces/IPrimaryMarket.sol";
import {Signature} from "../interfaces/IssuanceTypes.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title Approvals
/// @notice Four eyes on chain: signatures of distinct approvers, more of them the larger the total.
abstract contract Approvals is IPrimaryMarket, Governed {
    uint256 internal constant MAX_TIERS = 4;

    /// @dev The tiers above the lowest, ascending; the first with no approvals ends the list.
    /// @custom:storage-location erc7201:issuance.storage.Approvals
    struct ApprovalsStorage {
        ApprovalTier[MAX_TIERS - 1] higher;
    }

    // keccak256(abi.encode(uint256(keccak256("issuance.storage.Approvals")) - 1)) & ~bytes32(uint256(0xff))
    bytes32 private constant STORAGE = 0x04165a1c003e613c9fc859e4ba28cf5476573596d4e914787ae73e83f15d1e00;

    /// @inheritdoc IPrimaryMarket
    /// @dev Only `GOVERNOR`. One to four tiers, totals and approvals ascending, none of them zero.
    function setApprovalTiers(ApprovalTier[] calldata tiers) external restricted {
        if (tiers.length == 0 || tiers.length > MAX_TIERS) revert InvalidTiers();
        ApprovalTier memory below;
        for (uint256 i = 0; i < MAX_TIERS; ++i) {
            ApprovalTier memory tier;
            if (i < tiers.length) {
                tier = tiers[i];
                bool ascending = tier.upTo > below.upTo && tier.approvals >= below.approvals;
                if (tier.approvals == 0 || !ascending) revert InvalidTiers();
                below = tier;
            }
            if (i == 0) _setLowestTier(tier);
            else _approvals().higher[i - 1] = tier;
        }
        emit ApprovalTiersChanged(tiers, msg.sender);
    }

    /// @inheritdoc IPrimaryMarket
    function approvalTiers() external view returns (ApprovalTier[] memory tiers) {
        uint256 count = 0;
        while (count < MAX_TIERS && _tier(count).approvals != 0) ++count;
        tiers = new ApprovalTier[](count);
        for (uint256 i = 0; i < count; ++i) {
            tiers[i] = _tier(i);
        }
    }

    /// @inheritdoc IPrimaryMarket
    function requiredApprovals(uint256 total) public view returns (uint256 required) {
        bytes memory refusal;
        (required, refusal) = _tierOf(total);
        Refusals.enforce(refusal);
    }

    /// @inheritdoc IPrimaryMarket
    /// @dev Tiers are there to curb minting. They never bar the way out at par, so a total above the highest tier takes
    /// the highest tier's approvals.
    function requiredAcceptanceApprovals(uint256 total) public view returns (uint256 required) {
        bytes memory refusal;
        (required, refusal) = _tierOf(total);
        if (required == 0) Refusals.enforce(refusal);
    }

    /// @dev The approvals that `total` takes. Above the highest tier: that tier's, with the refusal; 0 without tiers.
    function _tierOf(uint256 total) internal view returns (uint256 required, bytes memory refusal) {
        uint256 highest = 0;
        for (uint256 i = 0; i < MAX_TIERS; ++i) {
            ApprovalTier memory tier = _tier(i);
            if (tier.approvals == 0) break;
            required = tier.approvals;
            highest = tier.upTo;
            if (total <= highest) return (required, "");
        }
        return (required, abi.encodeWithSelector(TotalAboveTiers.selector, total, highest));
    }

    /// @dev The lowest tier, which most totals fall in, lies in a slot that a mint reads anyway.
    function _lowestTier() internal view virtual returns (ApprovalTier memory);

    function _setLowestTier(ApprovalTier memory tier) internal virtual;

    function _tier(uint256 index) private view returns (ApprovalTier memory) {
        return index == 0 ? _lowestTier() : _approvals().higher[index - 1];
    }

    /// @dev Requires `required` approvals of `digest`. Every signature given has to be good: the sender chose them, so a
    /// bad one is a mistake to hear of. Through the access manager's `execute` the sender would be the manager, and
    /// nobody could tell whether it approves its own batch; so that way is closed.
    function _requireApprovals(bytes32 digest, uint256 required, Signature[] calldata approvals)
        internal
        view
    {
        if (msg.sender == authority()) revert ApproverIsSender(msg.sender);
        if (approvals.length < required) revert NotEnoughApprovals(approvals.length, required);
        address previous = address(0);
        for (uint256 i = 0; i < approvals.length; ++i) {
            address signer = approvals[i].signer;
            if (signer <= previous) revert ApproversNotSorted(previous, signer);
            previous = signer;
            if (signer == msg.sender) revert ApproverIsSender(signer);
            if (!_isApprover(signer)) revert NotApprover(signer);
            if (!Signatures.isValid(signer, digest, approvals[i].data)) revert InvalidApproval(signer);
        }
    }

    /// @dev A member whose acts carry a delay cannot approve: a signature acts at once.
    function _isApprover(address account) private view returns (bool) {
        (bool isMember, uint32 delay) = IAccessManager(authority()).hasRole(Roles.APPROVER, account);
        return isMember && delay == 0;
    }

    function _approvals() private pure returns (ApprovalsStorage storage $) {
        assembly ("memory-safe") {
            $.slot := STORAGE
        }
    }
}
