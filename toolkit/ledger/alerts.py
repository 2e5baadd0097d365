"""Alerts: what a rule found, how long somebody has to look at it, and the post on its way out.

An alert is opened once under its rule and key, however often the rule finds the same, so that whoever runs
the rules may begin again at any point.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import sqlalchemy as sa

from toolkit.calendar import Clock
from toolkit.ledger import checks, schema
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.canonical import instant
from toolkit.ledger.machines import Role
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.store import Joined, Unit

__all__ = ["CLOCKS", "Alert", "Alerts", "MonitorTotals", "Severity", "Waiting"]

_OUTBOX, _TOTALS = tables.alert_outbox, tables.monitor_totals
_KNOWN = sa.select(schema.records.c.id).where(Among(schema.records.c.id, "ids"))


class Severity(StrEnum):
    """How bad it is, which says how soon somebody has to have looked."""

    WARNING = "warning"
    HIGH = "high"
    CRITICAL = "critical"


CLOCKS: Mapping[Severity, timedelta] = {
    Severity.WARNING: timedelta(hours=24),
    Severity.HIGH: timedelta(hours=1),
    Severity.CRITICAL: timedelta(minutes=15),
}
"""Policy defaults; 15 minutes is what W14 gives a first freeze."""


@dataclass(frozen=True, slots=True)
class Alert:
    """What a rule found. `key` tells one finding from another; `facts` are JSON values without personal data.

    `stops_minting`: an incident is opened with it, so that nothing is minted until compliance has looked.
    """

    rule: str
    key: str
    severity: Severity
    summary: str
    facts: Mapping[str, Any]
    stops_minting: bool = False

    @property
    def record(self) -> str:
        """The id of its record."""
        return f"alert/{self.rule}/{self.key}"


@dataclass(frozen=True, slots=True)
class Waiting:
    """An alert that has to go out, and how often that was tried."""

    record: LedgerRecord
    attempts: int


@dataclass(frozen=True, slots=True)
class Alerts:
    """Alerts and their outbox."""

    unit: Unit
    clock: Clock

    def open(
        self, alerts: Sequence[Alert], *, actor: str, role: Role = Role.OPERATOR
    ) -> tuple[LedgerRecord, ...]:
        """Opens those that aren't on record yet, and puts each into the outbox. Returns those."""
        with self.unit.writing() as connection:
            wanted = {alert.record: alert for alert in alerts}
            known = set(connection.execute(_KNOWN, {"ids": list(wanted)}).scalars())
            fresh = [alert for name, alert in wanted.items() if name not in known]
            now = self.clock.now()
            opened = RecordBook(Joined(connection), self.clock).open_many(
                [(alert.record, _data(alert, now)) for alert in fresh],
                RecordKind.ALERT,
                RecordState.OPEN,
                actor=actor,
                role=role,
            )
            insert_rows(connection, _OUTBOX, [(item.id, 0, now, None, "") for item in opened])
        return opened

    def acknowledge(self, alert: str, *, by: str, note: str) -> LedgerRecord:
        """A person of compliance has looked. Raises `NotFound`, `NotAuthorised`, `IllegalTransition`."""
        note = checks.one_line(note, what="note", longest=2_000)
        with self.unit.writing() as connection:
            return RecordBook(Joined(connection), self.clock).step(
                alert, RecordState.ACKNOWLEDGED, actor=by, role=Role.COMPLIANCE, reason=note
            )

    def find(self, state: RecordState | None = None) -> tuple[LedgerRecord, ...]:
        """The alerts, oldest first."""
        with self.unit.reading() as connection:
            return RecordBook(Joined(connection), self.clock).find(RecordKind.ALERT, state=state)

    def late(self) -> tuple[LedgerRecord, ...]:
        """Those that nobody has looked at in the time that there was."""
        now = instant(self.clock.now())
        return tuple(item for item in self.find(RecordState.OPEN) if item.data["due_at"] <= now)

    # -------------------------------------------------------------------------------------------- the outbox

    def outgoing(self, limit: int = 100) -> tuple[Waiting, ...]:
        """What is to be delivered now, oldest first."""
        query = (
            sa.select(_OUTBOX.c.alert, _OUTBOX.c.attempts)
            .where(_OUTBOX.c.delivered_at.is_(None), _OUTBOX.c.next_at <= self.clock.now())
            .order_by(_OUTBOX.c.next_at, _OUTBOX.c.alert)
            .limit(limit)
        )
        with self.unit.reading() as connection:
            rows = connection.execute(query).all()
            book = RecordBook(Joined(connection), self.clock)
            return tuple(Waiting(book.get(row.alert), row.attempts) for row in rows)

    def undelivered(self) -> int:
        """How many alerts nobody has taken yet, whenever their next attempt is."""
        query = sa.select(sa.func.count()).where(_OUTBOX.c.delivered_at.is_(None))
        with self.unit.reading() as connection:
            return int(connection.execute(query).scalar_one())

    def delivered(self, alert: str) -> None:
        """The alert was taken."""
        self._mark(alert, delivered_at=self.clock.now(), error="")

    def failed(self, alert: str, *, error: str, next_at: datetime) -> None:
        """The alert wasn't taken; it is tried again at `next_at`."""
        self._mark(alert, next_at=next_at, error=error[:500], attempts=_OUTBOX.c.attempts + 1)

    def _mark(self, alert: str, **values: Any) -> None:
        with self.unit.writing() as connection:
            connection.execute(
                sa.update(_OUTBOX)
                .where(_OUTBOX.c.alert == alert, _OUTBOX.c.delivered_at.is_(None))
                .values(**values)
            )


@dataclass(frozen=True, slots=True)
class MonitorTotals:
    """The supplies that the monitor has added up so far, by token address."""

    unit: Unit

    def all(self) -> dict[str, int]:
        """In base units."""
        with self.unit.reading() as connection:
            return {row.token: row.supply for row in connection.execute(sa.select(_TOTALS))}

    def set(self, totals: Mapping[str, int]) -> None:
        """In place of what was there, in the transaction that moves the monitor's cursor."""
        with self.unit.writing() as connection:
            connection.execute(sa.delete(_TOTALS))
            insert_rows(connection, _TOTALS, sorted(totals.items()))


def _data(alert: Alert, now: datetime) -> dict[str, Any]:
    return {
        "rule": alert.rule,
        "severity": alert.severity.value,
        "summary": alert.summary,
        "facts": dict(alert.facts),
        "opened_at": instant(now),
        "due_at": instant(now + CLOCKS[alert.severity]),
    }
