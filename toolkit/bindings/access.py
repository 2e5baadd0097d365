"""The access manager and the guardian's gate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.bindings.contract import Contract
from toolkit.bindings.structs import Access, Permission

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["AccessManager", "GuardianGate"]


class AccessManager(Contract):
    """OpenZeppelin's `AccessManager`. Roles are numbers (`toolkit.bindings.roles.Role`), delays seconds."""

    artifact = "AccessManager"

    # ------------------------------------------------------------------------------------------------- reads

    def can_call(
        self, caller: str, target: str, selector: bytes, *, block: BlockRef = "latest"
    ) -> Permission:
        """Whether `caller` may call the function now, or after which delay."""
        return Permission(*self._read("canCall", caller, target, selector, block=block))

    def has_role(self, role: int, account: str, *, block: BlockRef = "latest") -> tuple[bool, int]:
        """Whether the account holds the role now, and its execution delay."""
        member, delay = self._read("hasRole", role, account, block=block)
        return member, delay

    def access(self, role: int, account: str, *, block: BlockRef = "latest") -> Access:
        return Access(*self._read("getAccess", role, account, block=block))

    def function_role(self, target: str, selector: bytes, *, block: BlockRef = "latest") -> int:
        """The role that may call a function; ADMIN where none was set."""
        return self._int("getTargetFunctionRole", target, selector, block=block)

    def is_closed(self, target: str, *, block: BlockRef = "latest") -> bool:
        """Whether all restricted functions of the target are closed."""
        return self._bool("isTargetClosed", target, block=block)

    def target_admin_delay(self, target: str, *, block: BlockRef = "latest") -> int:
        return self._int("getTargetAdminDelay", target, block=block)

    def role_admin(self, role: int, *, block: BlockRef = "latest") -> int:
        """The role that grants and revokes this one."""
        return self._int("getRoleAdmin", role, block=block)

    def role_guardian(self, role: int, *, block: BlockRef = "latest") -> int:
        """The role that may cancel what this one schedules."""
        return self._int("getRoleGuardian", role, block=block)

    def grant_delay(self, role: int, *, block: BlockRef = "latest") -> int:
        return self._int("getRoleGrantDelay", role, block=block)

    def scheduled_at(self, operation_id: bytes, *, block: BlockRef = "latest") -> int:
        """From when a scheduled operation may be executed; 0 if it isn't scheduled or has expired."""
        return self._int("getSchedule", operation_id, block=block)

    def operation_id(self, caller: str, target: str, data: bytes, *, block: BlockRef = "latest") -> bytes:
        """The id of the operation that `caller` would schedule, 32 bytes."""
        return self._bytes("hashOperation", caller, target, data, block=block)

    # ------------------------------------------------------------------------------------------------ writes

    def schedule(self, call: Call, *, when: int = 0) -> Call:
        """Schedules `call` for the Unix time `when`; 0 is as soon as the sender's delay allows."""
        return self._write("schedule", call.to, call.data, when, description=f"schedule: {call.description}")

    def execute(self, call: Call) -> Call:
        """Executes a scheduled call, or one that needs no delay."""
        return self._write("execute", call.to, call.data, description=f"execute: {call.description}")

    def cancel(self, caller: str, call: Call) -> Call:
        """Calls off what `caller` scheduled."""
        return self._write("cancel", caller, call.to, call.data, description=f"cancel: {call.description}")

    def grant_role(self, role: int, account: str, delay: int = 0) -> Call:
        return self._write("grantRole", role, account, delay, description=f"grant role {role} to {account}")

    def revoke_role(self, role: int, account: str) -> Call:
        return self._write("revokeRole", role, account, description=f"revoke role {role} of {account}")

    def renounce_role(self, role: int, account: str) -> Call:
        """Gives up the sender's own role; `account` is the sender, as confirmation."""
        return self._write("renounceRole", role, account, description=f"renounce role {role}")

    def label_role(self, role: int, label: str) -> Call:
        return self._write("labelRole", role, label, description=f"label role {role} {label}")

    def set_role_admin(self, role: int, admin: int) -> Call:
        return self._write("setRoleAdmin", role, admin, description=f"let role {admin} grant role {role}")

    def set_role_guardian(self, role: int, guardian: int) -> Call:
        return self._write(
            "setRoleGuardian", role, guardian, description=f"let role {guardian} guard role {role}"
        )

    def set_grant_delay(self, role: int, delay: int) -> Call:
        return self._write("setGrantDelay", role, delay, description=f"delay grants of role {role}")

    def set_function_role(self, target: str, selectors: Sequence[bytes], role: int) -> Call:
        return self._write(
            "setTargetFunctionRole",
            *(target, list(selectors), role),
            description=f"let role {role} call {len(selectors)} functions of {target}",
        )

    def set_target_admin_delay(self, target: str, delay: int) -> Call:
        return self._write("setTargetAdminDelay", target, delay, description=f"delay changes of {target}")

    def set_closed(self, target: str, closed: bool) -> Call:
        return self._write(
            "setTargetClosed", target, closed, description=f"{'close' if closed else 'open'} {target}"
        )


class GuardianGate(Contract):
    """`contracts/access/GuardianGate.sol`: what a guardian may take away or call off at once."""

    artifact = "GuardianGate"

    def revoke_role(self, role: int, account: str) -> Call:
        """Takes a role from an account at once. For the guardian."""
        return self._write("revokeRole", role, account, description=f"strip {account} of role {role}")

    def cancel(self, caller: str, call: Call) -> Call:
        """Calls off what `caller` scheduled. For the guardian."""
        return self._write("cancel", caller, call.to, call.data, description=f"call off: {call.description}")
