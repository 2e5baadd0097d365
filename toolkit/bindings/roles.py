"""The suite's roles in its access manager (`contracts/access/Roles.sol`)."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["Role"]


class Role(IntEnum):
    """A role's number in the access manager; 0 is OpenZeppelin's `ADMIN_ROLE`."""

    ADMIN = 0
    OPERATOR = 1
    APPROVER = 2
    TREASURER = 3
    REGISTRAR = 4
    COMPLIANCE = 5
    GUARDIAN = 6
    DEALING_MANAGER = 7
    GOVERNOR = 8
    UPGRADER = 9
