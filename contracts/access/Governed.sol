// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

import {
    AccessManagedUpgradeable
} from "@openzeppelin/contracts-upgradeable/access/manager/AccessManagedUpgradeable.sol";

/// @title Governed
/// @notice A contract whose `restricted` functions are governed by one access manager, fixed in its code.
/// @dev Another manager is an upgrade, which carries the upgrade's delay. Reading the manager from the code instead
/// of from storage saves a cold storage read in every restricted call.
abstract contract Governed is AccessManagedUpgradeable {
    /// @custom:oz-upgrades-unsafe-allow state-variable-immutable
    address private immutable AUTHORITY;

    /// @notice The authority is part of the code and cannot be replaced by a call.
    error AuthorityIsFixed(address authority);

    /// @notice The authority has to be a contract.
    error AuthorityHasNoCode(address authority);

    /// @notice The event has to name who acts, and through the access manager's `execute` it would name the manager:
    /// call the contract itself.
    error ActorUnknown();

    /// @dev For what roles do at once. What is delayed may go through the manager, whose schedule names the caller.
    modifier direct() {
        _requireDirect();
        _;
    }

    /// @custom:oz-upgrades-unsafe-allow constructor
    constructor(address authority_) {
        if (authority_.code.length == 0) revert AuthorityHasNoCode(authority_);
        AUTHORITY = authority_;
    }

    /// @notice The access manager that decides who may call the restricted functions.
    function authority() public view override returns (address) {
        return AUTHORITY;
    }

    /// @notice Always reverts.
    function setAuthority(address) public view override {
        revert AuthorityIsFixed(AUTHORITY);
    }

    function _requireDirect() private view {
        if (msg.sender == AUTHORITY) revert ActorUnknown();
    }
}
