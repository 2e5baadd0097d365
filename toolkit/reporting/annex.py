"""What the ledger knows for the supervisor's annex: incidents, and what the supervisor was told, and when."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING

from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.attestations import Attestations
from toolkit.reporting.breaks import ESCALATED, Breaks
from toolkit.reporting.filing import Filing
from toolkit.reporting.reports.supervisory import IncidentRow, Notice
from toolkit.reporting.reports.values import Moment

if TYPE_CHECKING:
    from toolkit.ledger import Ledger

__all__ = ["incidents_of", "notices_of"]


def incidents_of(ledger: Ledger, *, after: datetime, until: datetime) -> list[IncidentRow]:
    """The incidents opened after `after` and by `until`, and older ones that nobody had acknowledged then."""
    return [
        IncidentRow(
            incident_id=item.id,
            category=item.kind,
            opened_at=Moment.of(item.opened_at),
            summary=item.summary,
            acknowledged=item.acknowledged_at is not None and item.acknowledged_at <= until,
        )
        for item in ledger.incidents.find()
        if item.opened_at <= until
        and (item.opened_at > after or item.acknowledged_at is None or item.acknowledged_at > after)
    ]


def notices_of(ledger: Ledger, market: str, *, after: datetime, until: datetime) -> list[Notice]:
    """What the supervisor was told of `market` after `after` and by `until`: breaks that compliance
    escalated, reports that were submitted, and the notice of an exit.
    """
    found = (
        *_escalated(ledger, market),
        *_submitted(ledger, market),
        *_exits(ledger),
    )
    return [item for item in found if after < item.sent_at.instant <= until]


def _escalated(ledger: Ledger, market: str) -> Iterator[Notice]:
    for item in Breaks(ledger, market).all():
        if item.notified_to_regulator_at is None:
            continue
        for event in ledger.record_book.history(item.break_id):
            if event.to_state is RecordState.ESCALATED and event.reason.startswith(ESCALATED):
                reference = event.reason.removeprefix(ESCALATED)
                yield Notice(subject=item.break_id, reference=reference, sent_at=Moment.of(event.at))


def _submitted(ledger: Ledger, market: str) -> Iterator[Notice]:
    for record in (*Filing(ledger).all(), *Attestations(ledger).all()):
        name = f"{record.data['report_id']}, version {record.data['version']}"
        if record.data["report_id"].split("/")[1] != market:
            continue
        for item in record.data["receipts"]:
            if item["kind"] == "submitted":
                sent_at = Moment.of(datetime.fromisoformat(item["at"]["utc"]))
                yield Notice(subject=name, reference=item["reference"], sent_at=sent_at)


def _exits(ledger: Ledger) -> Iterator[Notice]:
    for record in ledger.record_book.find(RecordKind.EXIT):
        for event in ledger.record_book.history(record.id):
            if event.to_state is RecordState.NOTICE:
                reference = str(record.data["notice"])
                yield Notice(subject=record.id, reference=reference, sent_at=Moment.of(event.at))
