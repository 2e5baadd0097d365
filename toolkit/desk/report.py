"""What a run of the worker did, and what it could not do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from toolkit.errors import ToolkitError
from toolkit.ledger.machines import State

__all__ = ["Change", "RunLog", "RunReport", "Waiting"]


class Change(NamedTuple):
    """An order that reached `state`, and why where a rule or the chain decided."""

    order_id: str
    state: State
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Orders that stay where they are until what refuses them has passed."""

    order_ids: tuple[str, ...]
    error: ToolkitError


@dataclass(frozen=True, slots=True)
class RunReport:
    """One run.

    `unsigned` are approved orders that need signatures: their batch lacks some, or was dissolved.
    `pending` are transactions (0x and 64 digits) that may still land. `alarms` need a person.
    """

    changes: tuple[Change, ...]
    waiting: tuple[Waiting, ...]
    unsigned: tuple[str, ...]
    pending: tuple[str, ...]
    alarms: tuple[ToolkitError, ...]

    def reached(self, state: State | str) -> tuple[str, ...]:
        """The orders that came to `state` in this run."""
        return tuple(change.order_id for change in self.changes if change.state == state)

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values."""
        return {
            "changes": [
                {"order": change.order_id, "state": str(change.state), "reason": change.reason}
                for change in self.changes
            ],
            "waiting": [
                {"orders": list(item.order_ids), "error": item.error.to_json()} for item in self.waiting
            ],
            "unsigned": list(self.unsigned),
            "pending": list(self.pending),
            "alarms": [alarm.to_json() for alarm in self.alarms],
        }


@dataclass(slots=True)
class RunLog:
    """A report in the making."""

    changes: list[Change] = field(default_factory=list)
    waiting: list[Waiting] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    pending: list[str] = field(default_factory=list)
    alarms: list[ToolkitError] = field(default_factory=list)

    def changed(self, order_ids: Iterable[str], state: State, reason: str = "") -> None:
        self.changes += [Change(order_id, state, reason) for order_id in order_ids]

    def waits(self, order_ids: Iterable[str], error: ToolkitError) -> None:
        self.waiting.append(Waiting(tuple(order_ids), error))

    def void(self, error: ToolkitError, state: State) -> None:
        """Orders of a batch whose approvals are void went back to `state`: people have to approve again."""
        self.changed(error.details["orders"], state, error.message)
        self.alarms.append(error)

    def add(self, other: RunLog) -> None:
        """Takes over what another has noted."""
        self.changes += other.changes
        self.waiting += other.waiting
        self.unsigned += other.unsigned
        self.pending += other.pending
        self.alarms += other.alarms

    def report(self, earlier: RunReport | None = None) -> RunReport:
        """The finished report; of `earlier`, made in the same run, what happened is kept."""
        before = () if earlier is None else earlier.changes
        alarms = () if earlier is None else earlier.alarms
        return RunReport(
            changes=(*before, *self.changes),
            waiting=tuple(self.waiting),
            unsigned=tuple(dict.fromkeys(self.unsigned)),
            pending=tuple(dict.fromkeys(self.pending)),
            alarms=_once((*alarms, *self.alarms)),
        )


def _once(alarms: Iterable[ToolkitError]) -> tuple[ToolkitError, ...]:
    """An alarm that was met twice in a run is one."""
    return tuple({(type(alarm), alarm.message): alarm for alarm in alarms}.values())
