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
}
