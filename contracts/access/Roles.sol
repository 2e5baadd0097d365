// SPDX-License-Identifier: Apache-2.0
pragma solidity ^0.8.30;

/// @title Roles
/// @notice The role numbers of the suite in its access manager. 0 is OpenZeppelin's `ADMIN_ROLE`.
library Roles {
    uint64 internal constant OPERATOR = 1;
    uint64 internal constant APPROVER = 2;
    uint64 internal constant TREASURER = 3;
    uint64 internal constant REGISTRAR = 4;
    uint64 internal constant COMPLIANCE = 5;
    uint64 internal constant GUARDIAN = 6;
    uint64 internal constant DEALING_MANAGER = 7;
    uint64 internal constant GOVERNOR = 8;
    uint64 internal constant UPGRADER = 9;
}
