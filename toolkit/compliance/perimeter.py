"""The two regimes (regulation.md R-BRK-02, R-BRK-04): accounts with licensed stablecoins only, and others.

An account begins with licensed stablecoins only. It moves to the full regime once it is classified and, for
individuals, knowledge and exposure are on record, on the word of a second person. An account that is found to
hold another asset before it has moved acquires nothing more until it has. There is no way back: one other
asset brings the full regime, and the ledger doesn't see what an account holds elsewhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.compliance.changes import next_id
from toolkit.compliance.context import Part
from toolkit.compliance.errors import EvidenceMissing, RegimeNotComplete
from toolkit.errors import InvalidInput
from toolkit.ledger import checks
from toolkit.ledger.machines import Role
from toolkit.ledger.parties import RETAIL
from toolkit.ledger.policies import FULL, FULL_DUE
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["Exposure", "Knowledge", "Perimeter"]

_TRADES = 5
_TRADED_WITHIN = timedelta(days=3 * 365)
"""Transactions that count as knowledge, and within how long (Joint Circular, regulation.md 1.0)."""

_BASES = ("training", "work", "trades")
# The Joint Circular asks neither knowledge nor net worth of these (R-BRK-02).
_EXEMPT = ("institutional", "corporate_professional")


@dataclass(frozen=True, slots=True)
class Knowledge:
    """Why somebody knows what they buy: training, work, or `trades` on those days; `evidence` is a digest."""

    basis: str
    evidence: str
    trades: tuple[date, ...] = ()

    def check(self, today: date) -> None:
        """Raises `RegimeNotComplete` for too few trades, `EvidenceMissing`, `InvalidInput`."""
        if self.basis not in _BASES:
            raise InvalidInput(f"knowledge by {self.basis!r} is unknown: use {', '.join(_BASES)}")
        if checks.sha256_hex(self.evidence) is None:
            raise EvidenceMissing("knowledge rests on a document: give its digest")
        recent = [day for day in self.trades if today - _TRADED_WITHIN <= day <= today]
        if self.basis == "trades" and len(recent) < _TRADES:
            raise RegimeNotComplete(
                f"{len(recent)} trades in the three years before {today} are no knowledge: {_TRADES} are"
            )

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "basis": self.basis,
            "evidence": self.evidence,
            "trades": [day.isoformat() for day in self.trades],
        }


@dataclass(frozen=True, slots=True)
class Exposure:
    """How much of their net worth somebody may put into such assets, both in one currency: a record of what
    was assessed over all that they hold, here and elsewhere (R-BRK-02), and no limit of this desk's orders.
    """

    limit: Amount
    net_worth: Amount

    def check(self) -> None:
        """Raises `RegimeNotComplete` unless the limit is above zero and within the net worth."""
        if self.limit.is_zero or self.limit > self.net_worth:
            raise RegimeNotComplete(
                f"an exposure of {self.limit.display()} at a net worth of {self.net_worth.display()}: it "
                "must be above zero and no more than that"
            )

    def to_data(self) -> dict[str, str]:
        """JSON data."""
        return {"limit": self.limit.display(), "net_worth": self.net_worth.display()}


class Perimeter(Part):
    """Which regime an account is under, and the moves between them."""

    def propose(
        self,
        investor: str,
        *,
        knowledge: Knowledge | None,
        exposure: Exposure | None,
        by: str,
        reason: str = "",
    ) -> LedgerRecord:
        """The move to the full regime, for another person to confirm. `by` is a maker.

        `knowledge` and `exposure` may be None for institutions and corporate professionals. Raises
        `RegimeNotComplete`, `EvidenceMissing`, `NotFound`, `NotAuthorised`.
        """
        today = self._context.calendar.local_date(self._context.clock.now())
        with self._ledger.transaction() as tx:
            classification = self._complete(tx, investor, knowledge, exposure, today)
            return tx.record_book.open(
                next_id(tx, RecordKind.REGIME, investor),
                RecordKind.REGIME,
                RecordState.PROPOSED,
                {
                    "investor": investor,
                    "from": tx.investors.get(investor).regime,
                    "to": FULL,
                    "classification": classification,
                    "knowledge": None if knowledge is None else knowledge.to_data(),
                    "exposure": None if exposure is None else exposure.to_data(),
                },
                actor=by,
                role=Role.MAKER,
                reason=reason,
            )

    def confirm(self, record_id: str, *, by: str, reason: str = "") -> LedgerRecord:
        """The account is under the full regime from now on. By another person, of compliance.

        Raises `RegimeNotComplete` if the classification has lapsed or changed, `NotAuthorised`.
        """
        with self._ledger.transaction() as tx:
            record = tx.record_book.step(
                record_id, RecordState.CONFIRMED, actor=by, role=Role.COMPLIANCE, reason=reason
            )
            investor = record.data["investor"]
            if _classification(tx, investor, self._context.clock.now()) != record.data["classification"]:
                raise RegimeNotComplete(
                    f"the classification that {record_id} stands on isn't in force any more: propose it anew",
                    record=record_id,
                )
            tx.standings.set_regime(investor, FULL)
        return record

    def retract(self, record_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Takes a proposal back."""
        role = self._ledger.persons.role_of(by, Role.MAKER, Role.COMPLIANCE)
        return self._ledger.record_book.step(
            record_id, RecordState.RETRACTED, actor=by, role=role, reason=reason
        )

    def note_other_asset(self, investor: str, asset: str, *, evidence: str, by: str) -> LedgerRecord | None:
        """An account holds, or buys, something that is no licensed stablecoin: unless it is under the full
        regime it acquires nothing more until it has moved. At once, by a maker, compliance or the worker.

        `evidence` is the hash of a document or a transaction. None if it is under the full regime already.
        """
        with self._ledger.transaction() as tx:
            regime = tx.investors.get(investor).regime
            if regime == FULL:
                return None
            record = tx.record_book.open(
                next_id(tx, RecordKind.REGIME, investor),
                RecordKind.REGIME,
                RecordState.NOTED,
                {
                    "investor": investor,
                    "from": regime,
                    "to": FULL_DUE,
                    "asset": checks.one_line(asset, what="asset"),
                    "evidence": checks.sha256_hex(evidence),
                },
                actor=by,
                role=tx.persons.role_of(by, Role.COMPLIANCE, Role.MAKER, Role.OPERATOR),
            )
            tx.standings.set_regime(investor, FULL_DUE)
        return record

    def _complete(
        self,
        tx: Transaction,
        investor: str,
        knowledge: Knowledge | None,
        exposure: Exposure | None,
        today: date,
    ) -> str:
        """The classification that the move stands on."""
        tx.investors.get(investor)
        now = self._context.clock.now()
        classification = _classification(tx, investor, now)
        if classification is None:
            raise RegimeNotComplete(
                f"investor {investor} isn't classified, or not any more: classify them first",
                investor=investor,
            )
        if (tx.standings.get(investor).investor_class or RETAIL) in _EXEMPT:
            return classification
        if knowledge is None or exposure is None:
            raise RegimeNotComplete(
                f"investor {investor} is an individual: knowledge and exposure have to be on record",
                investor=investor,
            )
        knowledge.check(today)
        exposure.check()
        return classification


def _classification(tx: Transaction, investor: str, now: datetime) -> str | None:
    """The record of the class that is in force."""
    standing = tx.standings.get(investor)
    until = standing.classified_until
    return standing.classification if until is not None and now < until else None
