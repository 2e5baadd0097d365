"""Breaks as records: the same difference found again is the same break, until somebody has closed it.

A break is opened by a reconciliation, assigned to an owner, explained, and closed by another person;
compliance escalates one to the supervisor. Unresolved differences are reported to the HKMA at once
(Guideline 2.7.5). A break that comes back after it was closed is a new one.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from toolkit.errors import IllegalTransition, InvalidInput
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.figures import BreakSummary

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger, Transaction
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.identities import Finding

__all__ = ["ESCALATED", "Break", "Breaks"]

ESCALATED = "reported to the supervisor: "
"""What the reason of an escalation begins with; the reference follows."""

_UNSETTLED = (RecordState.OPEN, RecordState.ASSIGNED)


@dataclass(frozen=True, slots=True)
class Break:
    """A break in regulation.md 4.8's fields. `amount` is in base units of `unit`, `state` where it stands."""

    break_id: str
    break_type: str
    severity: str
    subject: str
    amount: int
    unit: str
    decimals: int
    text: str
    state: str
    first_seen: datetime
    days: tuple[str, ...]
    owner: str | None
    explanation: str | None
    evidence: str | None
    notified_to_regulator_at: datetime | None
    closed_at: datetime | None

    @property
    def is_open(self) -> bool:
        return self.closed_at is None

    @property
    def is_explained(self) -> bool:
        """Whether somebody has said what it is: a day may be closed over it."""
        return self.state not in _UNSETTLED

    def age_hours(self, now: datetime) -> int:
        """Full hours since it was first seen, or until it was closed."""
        end = now if self.closed_at is None else self.closed_at
        return int((end - self.first_seen).total_seconds()) // 3600

    def summary(self) -> BreakSummary:
        """As a day's figures have it."""
        return BreakSummary.model_validate(
            {
                "break_id": self.break_id,
                "break_type": self.break_type,
                "severity": self.severity,
                "amount": self.amount,
                "unit": self.unit,
                "decimals": self.decimals,
                "first_seen": self.first_seen,
                "owner": self.owner,
                "explanation": self.explanation,
                "state": self.state,
            }
        )


class Breaks:
    """The register of breaks of one market's books."""

    def __init__(self, ledger: Ledger, market: str) -> None:
        self._ledger = ledger
        self._market = market

    def all(self, *, open_only: bool = False) -> tuple[Break, ...]:
        """The breaks, oldest first."""
        found = map(_break, self._ledger.record_book.find(RecordKind.BREAK, prefix=self._prefix))
        return tuple(item for item in found if item.is_open or not open_only)

    def get(self, break_id: str) -> Break:
        """Raises NotFound, InvalidInput for the id of something else."""
        record = self._ledger.record_book.get(break_id)
        if record.kind is not RecordKind.BREAK:
            raise InvalidInput(f"{break_id} is no break", record=break_id)
        return _break(record)

    def found(self, tx: Transaction, findings: Iterable[Finding], *, day: str, by: str) -> tuple[str, ...]:
        """Records what a reconciliation of `day` found, and returns the ids: new breaks, and known ones
        again.

        A known one whose amount has changed loses its explanation.
        """
        known: dict[str, LedgerRecord] = {}
        times: dict[str, int] = {}
        for record in tx.record_book.find(RecordKind.BREAK, prefix=self._prefix):
            stem = record.id.partition("#")[0]
            times[stem] = times.get(stem, 0) + 1
            if record.state is not RecordState.CLOSED or day in record.data["days"]:
                known[stem] = record
        ids = []
        for finding in findings:
            stem = self.stem(finding)
            found = known.get(stem)
            closed = found is not None and found.state is RecordState.CLOSED
            if found is None or (closed and found.data["amount"] != str(finding.amount)):
                number = times.get(stem, 0)
                name = stem if number == 0 else f"{stem}#{number + 1}"
                found = tx.record_book.open(
                    name,
                    RecordKind.BREAK,
                    RecordState.OPEN,
                    self._document(finding, day),
                    actor=by,
                    role=Role.FINANCE,
                )
            elif day not in found.data["days"] or found.data["amount"] != str(finding.amount):
                found = self._again(tx, found, finding, day, by)
            known[stem] = found
            ids.append(found.id)
        return tuple(ids)

    def assign(self, break_id: str, owner: str, *, by: str) -> Break:
        """Gives the break to a person. Raises NotFound, IllegalTransition, NotAuthorised."""
        self._ledger.persons.get(owner)
        return self._step(break_id, RecordState.ASSIGNED, by, f"assigned to {owner}", owner=owner)

    def explain(self, break_id: str, explanation: str, *, by: str, evidence: str | None = None) -> Break:
        """Says what the difference is. `evidence` names or hashes what shows it."""
        if not explanation.strip():
            raise InvalidInput(
                "an explanation says what the difference is: it can't be empty", record=break_id
            )
        return self._step(
            break_id, RecordState.EXPLAINED, by, explanation, explanation=explanation, evidence=evidence
        )

    def close(self, break_id: str, *, by: str, reason: str) -> Break:
        """Closes it for good; another person than whoever explained it must."""
        now = self._ledger.clock.now().isoformat()
        return self._step(break_id, RecordState.CLOSED, by, reason, closed_at=now)

    def escalate(self, break_id: str, *, by: str, reference: str) -> Break:
        """Compliance has told the supervisor, under `reference`."""
        now = self._ledger.clock.now().isoformat()
        reason = f"{ESCALATED}{reference}"
        return self._step(break_id, RecordState.ESCALATED, by, reason, notified_to_regulator_at=now)

    def stem(self, finding: Finding) -> str:
        """The id of what differs: the same each time. A long subject is named by its hash."""
        name = f"{finding.break_type}/{finding.subject}"
        if len(name) > 120 or not name.isprintable() or "#" in name:
            name = f"{finding.break_type}/{hashlib.sha256(name.encode()).hexdigest()[:32]}"
        return self._prefix + name

    # ------------------------------------------------------------------------------------------------ inside

    @property
    def _prefix(self) -> str:
        return f"break/{self._market}/"

    def _document(self, finding: Finding, day: str) -> dict[str, Any]:
        return {
            "break_type": finding.break_type,
            "severity": finding.severity,
            "subject": finding.subject,
            "amount": str(finding.amount),
            "unit": finding.unit,
            "decimals": finding.decimals,
            "text": finding.text,
            "first_seen": self._ledger.clock.now().isoformat(),
            "days": [day],
            "owner": None,
            "explanation": None,
            "evidence": None,
            "notified_to_regulator_at": None,
            "closed_at": None,
        }

    def _again(
        self, tx: Transaction, record: LedgerRecord, finding: Finding, day: str, by: str
    ) -> LedgerRecord:
        changed = record.data["amount"] != str(finding.amount)
        data = {
            **record.data,
            "amount": str(finding.amount),
            "text": finding.text,
            "severity": finding.severity,
            "days": sorted({*record.data["days"], day}),
        }
        target = record.state
        if changed and record.state is RecordState.EXPLAINED:
            target, data["explanation"] = RecordState.ASSIGNED, None
        reason = f"found again on {day}" + (f", as {finding.amount}" if changed else "")
        return tx.record_book.step(record.id, target, actor=by, role=Role.FINANCE, reason=reason, data=data)

    def _step(self, break_id: str, to: RecordState, by: str, reason: str, **changes: Any) -> Break:
        self.get(break_id)
        record = self._ledger.record_book.get(break_id)
        if record.state is RecordState.CLOSED:
            raise IllegalTransition(
                f"{break_id} is closed: found again, it will be a new break", record=break_id
            )
        roles = self._ledger.persons.get(by).roles
        wanted = (Role.COMPLIANCE,) if to is RecordState.ESCALATED else (Role.FINANCE, Role.COMPLIANCE)
        role = next((item for item in wanted if item in roles), wanted[0])
        data = {**record.data, **changes}
        return _break(
            self._ledger.record_book.step(
                break_id, to, actor=by, role=role, reason=reason, data=data, expected=record
            )
        )


def _break(record: LedgerRecord) -> Break:
    data = record.data

    def instant(name: str) -> datetime | None:
        return None if data[name] is None else datetime.fromisoformat(data[name])

    return Break(
        break_id=record.id,
        break_type=data["break_type"],
        severity=data["severity"],
        subject=data["subject"],
        amount=int(data["amount"]),
        unit=data["unit"],
        decimals=data["decimals"],
        text=data["text"],
        state=record.state.value,
        first_seen=datetime.fromisoformat(data["first_seen"]),
        days=tuple(data["days"]),
        owner=data["owner"],
        explanation=data["explanation"],
        evidence=data["evidence"],
        notified_to_regulator_at=instant("notified_to_regulator_at"),
        closed_at=instant("closed_at"),
    )
