"""A ledger with closed days whose figures were made by hand: what reports are drawn from, without a chain."""

from __future__ import annotations

from datetime import timedelta

from support.figures import cut_off
from support.ledgers import StoppedClock

from toolkit.chain.signers import dev_signer
from toolkit.ledger import Ledger, Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.figures import DayFigures

MARKET = "HKDX"
PREPARER, REVIEWER, PRACTITIONER = dev_signer(1), dev_signer(2), dev_signer(6)


def staffed(url: str, clock: StoppedClock) -> Ledger:
    """A ledger with two people of finance, an officer of compliance and an auditor."""
    ledger = Ledger.open(url, clock=clock)
    for person, role, signers in (
        ("finance-1", Role.FINANCE, [PREPARER.address]),
        ("finance-2", Role.FINANCE, [REVIEWER.address]),
        ("compliance-1", Role.COMPLIANCE, []),
        ("auditor-1", Role.AUDITOR, [PRACTITIONER.address]),
    ):
        ledger.persons.add(person, label=person, roles={role}, signers=signers)
    return ledger


def close(ledger: Ledger, day: DayFigures, *, reason: str | None = None, closed: bool = True) -> None:
    """Puts a day on record as reconciled by one person of finance and closed by the other."""
    name = f"reconciliation/{MARKET}/{day.cut_off.day}/v{day.version}"
    data = {
        "figures": day.to_data(),
        "sha256": day.sha256,
        "breaks": [item.break_id for item in day.breaks],
        "checkpoint": "0" * 64,
        "follows": None,
        "supersedes": None,
        "reason": reason,
    }
    book, finance = ledger.record_book, Role.FINANCE
    book.open(name, RecordKind.RECONCILIATION, RecordState.OPEN, data, actor="finance-1", role=finance)
    book.step(name, RecordState.BREAK if day.breaks else RecordState.MATCHED, actor="finance-1", role=finance)
    if closed:
        book.step(name, RecordState.CLOSED, actor="finance-2", role=finance)


def closed_week(url: str, days: list[DayFigures]) -> None:
    """Every day closed an hour after its cut-off."""
    clock = StoppedClock(cut_off(days[0].cut_off.day))
    with staffed(url, clock) as ledger:
        for day in days:
            clock.instant = cut_off(day.cut_off.day) + timedelta(hours=1)
            close(ledger, day)
