// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {Governed} from "./Governed.sol";
import {IAccessManager} from "@openzeppelin/contracts/access/manager/IAccessManager.sol";

/// @title GuardianGate
/// @notice Lets a guardian revoke a role, or cancel a scheduled operation, at once.
/// @dev An access manager lets only a role's administrator revoke it, after the same delay that slows granting. This
/// contract holds `ADMIN_ROLE` without delay and can do two things with it: take away and call off. It can grant
/// nothing, it has no owner, no storage of its own and no upgrade.
contract GuardianGate is Governed {
    uint64 private constant ADMIN_ROLE = 0;

    /// @notice A guardian took a role from an account.
    event RoleRevokedByGuardian(uint64 indexed roleId, address indexed account, address indexed guardian);

    /// @notice A guardian called off a scheduled operation.
    event OperationCancelledByGuardian(
        address indexed caller, address indexed target, address indexed guardian, bytes data
    );

    /// @notice Administrators are not for a guardian to remove: without them nobody could undo the guardian's acts.
    /// What an administrator has scheduled can be cancelled.
    error AdministratorIsProtected(address account);

    /// @notice A guardian can't keep itself in office by cancelling its own revocation.
    error OwnRevocation(address guardian);

    constructor(address authority_) Governed(authority_) {}

    /// @notice Takes `roleId` from `account` at once. Only `GUARDIAN`.
    function revokeRole(uint64 roleId, address account) external restricted direct {
        if (roleId == ADMIN_ROLE) revert AdministratorIsProtected(account);
        emit RoleRevokedByGuardian(roleId, account, msg.sender);
        IAccessManager(authority()).revokeRole(roleId, account);
    }

    /// @notice Cancels the operation that `caller` scheduled on `target`. Only `GUARDIAN`.
    function cancel(address caller, address target, bytes calldata data) external restricted direct {
        if (target == authority() && bytes4(data) == IAccessManager.revokeRole.selector) {
            (, address account) = abi.decode(data[4:], (uint64, address));
            if (account == msg.sender) revert OwnRevocation(msg.sender);
        }
        emit OperationCancelledByGuardian(caller, target, msg.sender, data);
        // The manager gives back the operation's nonce, which nobody here needs.
        // slither-disable-next-line unused-return
        IAccessManager(authority()).cancel(caller, target, data);
    }
}
