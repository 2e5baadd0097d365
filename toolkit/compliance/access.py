"""Who read what compliance alone may read, and when (regulation.md R-AML-11: no tipping off).

A reading is on record before anything is shown: the record `access/…` of what is read takes a step in the
chain of events, by its reader. A list that is looked at as a whole is one reading, so that a day of an
officer's is tens of events and not thousands.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from toolkit.errors import NotAuthorised
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role, State
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord, OrderEvent
    from toolkit.ledger.screening_runs import Decision

__all__ = ["Reading", "Readings", "note_reading", "require_reader"]

_READERS = (Role.COMPLIANCE, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: what was read, by whom, in which role, when, and its place in the chain of events."""

    subject: str
    reader: str
    role: Role
    at: datetime
    seq: int


class Readings:
    """What compliance and the auditor alone may read of one ledger, each time with the reader on record.

    Every method raises NotAuthorised for anybody else, and NotFound for a person or a thing that is unknown.
    """

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def case(self, case_id: str, *, by: str) -> LedgerRecord:
        """A freeze or a recovery with all that is on file."""
        require_reader(self._ledger, by)
        book = self._ledger.record_book
        cases = (*book.find(RecordKind.FREEZE), *book.find(RecordKind.RECOVERY))
        found = next((item for item in cases if item.data["case_id"] == case_id), None)
        if found is None:
            raise NotFound(f"the ledger has no case {case_id!r}", record=case_id)
        note_reading(self._ledger, found.id, by=by)
        return found

    def hits(self, state: RecordState | None = None, *, by: str) -> tuple[LedgerRecord, ...]:
        """The hits, oldest first, those of a state or all: one reading."""
        note_reading(self._ledger, "hits", by=by)
        return self._ledger.screening.hits(state)

    def screening(self, order_id: str, *, by: str) -> tuple[LedgerRecord, Decision] | None:
        """The last run that looked at an order, and what it found; None if none did."""
        require_reader(self._ledger, by)
        self._ledger.orders.get(order_id)
        note_reading(self._ledger, f"screening of {order_id}", by=by)
        return self._ledger.screening.last_of(order_id=order_id)

    def holds(self, order_id: str, *, by: str) -> tuple[OrderEvent, ...]:
        """The steps that put an order on hold and took it from there, with their reasons, oldest first."""
        require_reader(self._ledger, by)
        steps = self._ledger.orders.history(order_id)
        note_reading(self._ledger, f"holds of {order_id}", by=by)
        return tuple(step for step in steps if State.ON_HOLD in (step.from_state, step.to_state))

    def log(self, *, by: str, subject: str = "") -> tuple[Reading, ...]:
        """Every reading, oldest first; `subject` keeps those whose subject begins with it."""
        require_reader(self._ledger, by)
        book = self._ledger.record_book
        found = [
            Reading(record.data["subject"], step.actor, step.role, step.at, step.seq)
            for record in book.find(RecordKind.ACCESS, prefix=f"access/{subject}")
            for step in book.history(record.id)
        ]
        return tuple(sorted(found, key=lambda reading: reading.seq))


def require_reader(ledger: Ledger, by: str) -> Role:
    """The role in which `by` may read. Raises NotAuthorised unless it is of compliance or the auditor;
    NotFound for nobody known.
    """
    held = ledger.persons.get(by).roles
    role = next((item for item in _READERS if item in held), None)
    if role is None:
        raise NotAuthorised(
            f"{by} may not read what is compliance's: its officers and the auditor may", person=by
        )
    return role


def note_reading(ledger: Ledger, subject: str, *, by: str) -> None:
    """Puts on record that `by` reads `subject`. Raises as `require_reader`."""
    role = require_reader(ledger, by)
    name, data = f"access/{subject}", {"subject": subject}
    try:
        ledger.record_book.step(name, RecordState.READ, actor=by, role=role)
    except NotFound:
        ledger.record_book.open(name, RecordKind.ACCESS, RecordState.READ, data, actor=by, role=role)
