"""Classifying investors (regulation.md W02, R-BRK-01): evidence, figures, a second person, and an end.

UNCLASSIFIED is who has no record here. One person receives the evidence and assesses it, another of
compliance approves; from then on the ledger and, through the suites, the registries on chain say the class.
When it lapses the investor is retail again, in the ledger and on chain.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING

from toolkit.compliance.changes import next_id
from toolkit.compliance.context import Part
from toolkit.compliance.errors import EvidenceTooOld
from toolkit.compliance.portfolio import (
    HONG_KONG,
    Application,
    ClassRules,
    Evidence,
    assess,
    check_evidence,
)
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.context import ComplianceContext
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.records import LedgerRecord
    from toolkit.ledger.standings import Standing

__all__ = ["Classifications"]

_KIND = RecordKind.CLASSIFICATION
_IN_FORCE = (RecordState.APPROVED, RecordState.EXPIRING)


class Classifications(Part):
    """The classes of investors, from the evidence to the end."""

    def __init__(self, context: ComplianceContext, rules: ClassRules = HONG_KONG) -> None:
        super().__init__(context)
        self._rules = rules

    def receive(
        self, investor: str, evidence: Sequence[Evidence], *, by: str, reason: str = ""
    ) -> LedgerRecord:
        """Opens a classification on evidence. `by` is a maker.

        Raises `EvidenceMissing`, `NotFound`, `NotAuthorised`.
        """
        check_evidence(evidence, self._rules)
        with self._ledger.transaction() as tx:
            tx.investors.get(investor)
            return tx.record_book.open(
                next_id(tx, _KIND, investor),
                _KIND,
                RecordState.EVIDENCE_RECEIVED,
                {"investor": investor, "evidence": [item.to_data() for item in evidence]},
                actor=by,
                role=Role.MAKER,
                reason=reason,
            )

    def assess(self, record_id: str, application: Application, *, by: str) -> LedgerRecord:
        """Puts the calculation sheet on record. `by` is a maker.

        Raises what `portfolio.assess` raises, and the record stays where it is.
        """
        record = self._ledger.record_book.get(record_id)
        evidence = [Evidence.from_data(item) for item in record.data["evidence"]]
        today = self._context.calendar.local_date(self._context.clock.now())
        found = assess(application, evidence, today=today, rules=self._rules)
        expires_at = datetime.combine(found.expires_on, time(0), UTC)
        return self._ledger.record_book.step(
            record_id,
            RecordState.ASSESSED,
            actor=by,
            role=Role.MAKER,
            data={
                **record.data,
                "investor_class": found.investor_class,
                "expires_at": expires_at.isoformat(),
                "sheet": found.sheet,
            },
            expected=record,
        )

    def approve(self, record_id: str, *, by: str, reason: str = "") -> LedgerRecord:
        """The class holds, here and in the registries. By another person, of compliance.

        Raises `EvidenceTooOld` if it has lapsed before it began, `NotAuthorised`, `IllegalTransition`. If a
        chain can't be written to, the class holds in the ledger and `register` goes on.
        """
        with self._ledger.transaction() as tx:
            record = tx.record_book.step(
                record_id, RecordState.APPROVED, actor=by, role=Role.COMPLIANCE, reason=reason
            )
            investor, until = record.data["investor"], _expiry(record)
            if until <= self._context.clock.now():
                raise EvidenceTooOld(
                    f"{record_id} lapsed at {until.isoformat()}: take newer evidence", record=record_id
                )
            for older in self._current(tx, investor):
                if older.id != record_id:
                    tx.record_book.step(
                        older.id,
                        RecordState.SUPERSEDED,
                        actor=by,
                        role=Role.COMPLIANCE,
                        reason=f"superseded by {record_id}",
                    )
            tx.standings.classify(
                investor,
                investor_class=record.data["investor_class"],
                until=until,
                classification=record_id,
            )
        self.register(investor)
        return record

    def turn_down(self, record_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Ends a classification that wasn't approved. By compliance."""
        return self._ledger.record_book.step(
            record_id, RecordState.TURNED_DOWN, actor=by, role=Role.COMPLIANCE, reason=reason
        )

    def sweep(self, *, by: str) -> tuple[LedgerRecord, ...]:
        """Warns of what lapses within 30 days, and ends what has lapsed. For every day; `by` is the worker or
        somebody of compliance. Returns what moved.
        """
        now = self._context.clock.now()
        role = self._ledger.persons.role_of(by, Role.COMPLIANCE, Role.OPERATOR)
        moved = [
            self._age(standing, now, by, role)
            for standing in self._ledger.standings.lapsing(now + self._rules.warned_before)
        ]
        return tuple(record for record in moved if record is not None)

    def register(self, investor: str) -> None:
        """Makes every registry say what the ledger says of the investor's wallets."""
        wallets = [wallet.address for wallet in self._ledger.investors.wallets(investor) if wallet.proof]
        for suite in self._context.suites:
            suite.write_wallets(wallets)

    def of(self, investor: str) -> tuple[LedgerRecord, ...]:
        """The investor's classifications, oldest first; none of somebody unclassified."""
        return self._ledger.record_book.find(_KIND, prefix=f"{_KIND}/{investor}/")

    def _age(self, standing: Standing, now: datetime, by: str, role: Role) -> LedgerRecord | None:
        """One step, if it is time for one."""
        name, until = standing.classification, standing.classified_until
        if name is None or until is None:
            return None
        ended = until <= now
        if not ended and self._ledger.record_book.get(name).state is RecordState.EXPIRING:
            return None
        with self._ledger.transaction() as tx:
            record = tx.record_book.step(
                name,
                RecordState.EXPIRED if ended else RecordState.EXPIRING,
                actor=by,
                role=role,
                reason=f"holds until {until.isoformat()}",
            )
            if ended:
                tx.standings.declassify(standing.investor)
        if ended:
            self.register(standing.investor)
        return record

    def _current(self, tx: Transaction, investor: str) -> list[LedgerRecord]:
        found = tx.record_book.find(_KIND, prefix=f"{_KIND}/{investor}/")
        return [record for record in found if record.state in _IN_FORCE]


def _expiry(record: LedgerRecord) -> datetime:
    return datetime.fromisoformat(record.data["expires_at"])
