"""The log of lifecycle operations (regulation.md 4.7), from the contracts' events."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any, ClassVar, Self

from pydantic import Field, model_validator

from toolkit.bindings import events as chain
from toolkit.chain.hexes import keccak, to_hex
from toolkit.reporting.reports.content import Content, Layout, Table
from toolkit.reporting.reports.values import Hash32, Model, Moment, Text, require

__all__ = ["LOGGED", "LifecycleLog", "Operation", "lifecycle_log"]

_ZERO = "0x" + "0" * 40
# What can create tokens, take them, or change who can (R-TEC-03); class: (operation, high risk).
_NAMES: dict[type[chain.ContractEvent], tuple[str, bool]] = {
    chain.Initialized: ("DEPLOY", True),
    chain.Upgraded: ("UPGRADE", True),
    chain.Paused: ("PAUSE", True),
    chain.Resumed: ("RESUME", True),
    chain.MintingStopped: ("PAUSE", True),
    chain.MintingResumed: ("RESUME", True),
    chain.Suspended: ("PAUSE", True),
    chain.WoundDown: ("PAUSE", True),
    chain.ForcedTransfer: ("FORCED_TRANSFER", True),
    chain.WalletRegistered: ("ALLOWLIST", False),
    chain.WalletRemoved: ("BLOCKLIST", False),
    chain.RoleGranted: ("ROLE_GRANT", True),
    chain.RoleRevoked: ("ROLE_REVOKE", True),
    chain.OrderCapChanged: ("CAP_CHANGE", True),
    chain.OperatorLimitChanged: ("CAP_CHANGE", True),
    chain.AttestorsChanged: ("ATTESTOR_CHANGE", True),
    chain.AttestorSuspended: ("ATTESTOR_CHANGE", True),
    chain.FeedChanged: ("CONFIGURE", True),
    chain.BufferChanged: ("CONFIGURE", True),
    chain.MarketChanged: ("CONFIGURE", True),
    chain.LimitsChanged: ("CONFIGURE", True),
    chain.ApprovalTiersChanged: ("CONFIGURE", True),
    chain.RedemptionPeriodChanged: ("CONFIGURE", False),
    chain.RoleAdminChanged: ("CONFIGURE", True),
    chain.RoleGuardianChanged: ("CONFIGURE", True),
    chain.RoleGrantDelayChanged: ("CONFIGURE", True),
    chain.TargetClosed: ("CONFIGURE", True),
    chain.TargetFunctionRoleUpdated: ("CONFIGURE", True),
    chain.TargetAdminDelayUpdated: ("CONFIGURE", True),
}
LOGGED: tuple[type[chain.ContractEvent], ...] = (
    chain.Transfer,
    chain.Frozen,
    chain.OperationScheduled,
    chain.OperationExecuted,
    *_NAMES,
)
"""The events that the log is made from."""


class Operation(Model):
    """One operation. `scheduled_at` and `requested_by` are of its time-lock, None where it had none."""

    op_id: Text
    operation: Text
    high_risk: bool
    contract: Text
    what: Text
    requested_by: Text | None
    calldata_hash: Hash32 | None
    scheduled_at: Moment | None
    executed_at: Moment
    block_number: int = Field(ge=0)
    block_hash: Hash32
    transaction: Hash32

    @model_validator(mode="after")
    def _after_its_schedule(self) -> Self:
        require(
            self.scheduled_at is None or self.scheduled_at.utc <= self.executed_at.utc,
            f"{self.op_id} was executed before it was scheduled",
        )
        return self


class Counted(Model):
    """How often an operation stands in the log."""

    operation: Text
    count: int = Field(ge=1)


class LifecycleLog(Content):
    """What was done to the contracts and with their powers, in the chain's order."""

    kind: ClassVar[str] = "lifecycle_log"
    title: ClassVar[str] = "Lifecycle operations"

    chain_id: int = Field(ge=1)
    operations: tuple[Operation, ...]
    counts: tuple[Counted, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        found = Counter(item.operation for item in self.operations)
        require(
            {item.operation: item.count for item in self.counts} == dict(found), "the counts by operation"
        )
        places = [item.block_number for item in self.operations]
        require(places == sorted(places), "the operations are not in the chain's order")
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject=f"chain {self.chain_id}",
            figures=(
                ("Operations", len(self.operations)),
                ("of high risk", sum(item.high_risk for item in self.operations)),
            ),
            blocks=(
                Table(
                    "counts",
                    "By operation",
                    (("Operation", str), ("Number", int)),
                    [(item.operation, item.count) for item in self.counts],
                ),
                Table(
                    "operations",
                    "Operations",
                    (
                        ("Block", str),
                        ("Executed", Moment),
                        ("Operation", str),
                        ("High risk", bool),
                        ("Contract", str),
                        ("What", str),
                        ("Scheduled", Moment),
                        ("Transaction", str),
                    ),
                    [
                        (
                            str(item.block_number),
                            item.executed_at,
                            item.operation,
                            item.high_risk,
                            item.contract,
                            item.what,
                            item.scheduled_at,
                            item.transaction,
                        )
                        for item in self.operations
                    ],
                ),
            ),
        )


def lifecycle_log(
    events: Iterable[chain.ContractEvent],
    *,
    chain_id: int,
    names: Mapping[str, str],
    time_of: Callable[[int], datetime],
    after: datetime | None = None,
    until: datetime,
) -> LifecycleLog:
    """The log from every event of the suite up to `until`, in the chain's order.

    `names` maps contract addresses to names, `time_of` a block number to its time. Give events from before
    `after` too: what was scheduled then and executed later names its schedule.
    """
    listed = sorted(events, key=lambda item: (item.log.block_number, item.log.log_index))
    scheduled = {
        (item.operation_id, item.nonce): item for item in listed if isinstance(item, chain.OperationScheduled)
    }
    executed = {
        item.log.tx_hash: scheduled.get((item.operation_id, item.nonce))
        for item in listed
        if isinstance(item, chain.OperationExecuted)
    }
    found = []
    for item in listed:
        named = _operation(item)
        at = time_of(item.log.block_number)
        if named is None or at > until or (after is not None and at <= after):
            continue
        lock = executed.get(item.log.tx_hash)
        found.append(
            Operation(
                op_id=f"{chain_id}-{item.log.block_number}-{item.log.log_index}",
                operation=named[0],
                high_risk=named[1],
                contract=names.get(item.log.address, item.log.address),
                what=_described(item),
                requested_by=None if lock is None else lock.caller,
                calldata_hash=None if lock is None else to_hex(keccak(lock.data)),
                scheduled_at=None if lock is None else Moment.of(time_of(lock.log.block_number)),
                executed_at=Moment.of(at),
                block_number=item.log.block_number,
                block_hash=to_hex(item.log.block_hash),
                transaction=to_hex(item.log.tx_hash),
            )
        )
    counts = Counter(item.operation for item in found)
    return LifecycleLog(
        chain_id=chain_id,
        operations=tuple(found),
        counts=tuple(Counted(operation=name, count=count) for name, count in sorted(counts.items())),
    )


def _operation(event: chain.ContractEvent) -> tuple[str, bool] | None:
    if isinstance(event, chain.Transfer):
        if event.sender == _ZERO:
            return "MINT", True
        return ("BURN", True) if event.recipient == _ZERO else None
    if isinstance(event, chain.Frozen):
        return ("FREEZE" if event.amount else "UNFREEZE"), True
    return _NAMES.get(type(event))


def _described(event: chain.ContractEvent) -> str:
    """The event with its arguments, as in the contract's own words."""
    arguments = {name: getattr(event, name) for name in event.__dataclass_fields__ if name != "log"}
    shown = ", ".join(f"{name}={_argument(value)}" for name, value in arguments.items())
    return f"{type(event).__name__}({shown})"


def _argument(value: Any) -> str:
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, tuple):
        return f"[{', '.join(map(_argument, value))}]"
    return str(value)
