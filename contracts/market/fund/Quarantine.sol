// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {IERC7540Redeem} from "../../interfaces/IERC7540.sol";
import {IERC7943Fungible} from "../../interfaces/IERC7943.sol";
import {IFundDesk, Release} from "../../interfaces/IFundVault.sol";
import {Positions} from "./Positions.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";
import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {SafeERC20} from "@openzeppelin/contracts/token/ERC20/utils/SafeERC20.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

/// @title Quarantine
/// @notice Proceeds that their owner could not be given: kept apart, and released by two hands of two roles.
abstract contract Quarantine is IFundDesk, Positions {
    using SafeCast for uint256;
    using SafeERC20 for IERC20;

    /// @inheritdoc IFundDesk
    function proposeRelease(Release calldata release) external restricted direct {
        if (release.caseId == bytes32(0)) revert CaseIdMissing();
        _requireHeld(release);
        _quarantine().proposers[keccak256(abi.encode(release))] = msg.sender;
        emit ReleaseProposed(release.caseId, release.controller, msg.sender);
    }

    /// @inheritdoc IFundDesk
    function retractRelease(Release calldata release) external restricted direct {
        _takeProposal(release);
        emit ReleaseRetracted(release.caseId, release.controller, msg.sender);
    }

    /// @inheritdoc IFundDesk
    /// @dev The token's own rules hold here too: the receiver of shares passes the policy, and nobody frozen gets anything.
    /// Who proposed has to be in the role still.
    function confirmRelease(Release calldata release) external restricted direct {
        address proposer = _takeProposal(release);
        if (proposer == msg.sender) revert SameHand(msg.sender);
        _requireProposer(proposer, release);
        Held memory held = _requireHeld(release);
        held.assets -= release.assets;
        held.shares -= release.shares;
        _quarantine().held[release.controller] = held;
        emit Released(
            release.caseId,
            release.controller,
            msg.sender,
            release.to,
            release.assets,
            release.shares,
            release.redeem
        );
        if (release.shares != 0 && release.redeem) {
            State memory state = _calendar().state;
            uint256 day = _dealingDay(state);
            _place(REDEMPTIONS, release.controller, release.shares, day, state.settled, true);
            emit IERC7540Redeem.RedeemRequest(
                release.controller, release.controller, day, msg.sender, release.shares
            );
        } else if (release.shares != 0) {
            SHARE.deliver(release.to, release.shares, held.dealtAt);
        }
        if (release.assets == 0) return;
        _requireVerified(release.to);
        // In the vault they would be nobody's.
        if (release.to == address(this)) revert IERC7943Fungible.ERC7943CannotReceive(release.to);
        COIN.safeTransfer(release.to, release.assets);
    }

    function _takeProposal(Release calldata release) private returns (address proposer) {
        QuarantineStorage storage $ = _quarantine();
        bytes32 key = keccak256(abi.encode(release));
        proposer = $.proposers[key];
        if (proposer == address(0)) revert ReleaseNotProposed(release.controller, release.caseId);
        delete $.proposers[key];
    }

    function _requireProposer(address proposer, Release calldata release) private view {
        (bool atOnce, uint32 delay) =
            IAccessManager(authority()).canCall(proposer, address(this), IFundDesk.proposeRelease.selector);
        if (!atOnce && delay == 0) revert ReleaseNotProposed(release.controller, release.caseId);
    }

    function _requireHeld(Release calldata release) private view returns (Held memory held) {
        held = _quarantine().held[release.controller];
        bool something = release.assets != 0 || release.shares != 0;
        if (!something || release.assets > held.assets || release.shares > held.shares) {
            revert NotInQuarantine(release.controller, release.assets, release.shares);
        }
    }
}
