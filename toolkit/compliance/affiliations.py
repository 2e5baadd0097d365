"""Which distributor an investor came by: whose limits their orders count towards (regulation.md R-AML-04)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.compliance.changes import next_id
from toolkit.ledger import checks
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.context import ComplianceContext
    from toolkit.ledger.records import LedgerRecord

__all__ = ["Affiliations"]


class Affiliations:
    """Investors and their distributors. Who has none is the broker's own: `house`."""

    def __init__(self, context: ComplianceContext) -> None:
        self._ledger = context.ledger

    def propose(self, investor: str, distributor: str, *, by: str, reason: str = "") -> LedgerRecord:
        """A distributor (a lower-case word), for another person to confirm. `by` is a maker.

        Raises `InvalidInput`, `NotFound`, `NotAuthorised`.
        """
        with self._ledger.transaction() as tx:
            tx.investors.get(investor)
            return tx.record_book.open(
                next_id(tx, RecordKind.AFFILIATION, investor),
                RecordKind.AFFILIATION,
                RecordState.PROPOSED,
                {"investor": investor, "distributor": checks.word(distributor, what="distributor")},
                actor=by,
                role=Role.MAKER,
                reason=reason,
            )

    def confirm(self, record_id: str, *, by: str, reason: str = "") -> LedgerRecord:
        """The investor's orders count there from now on, those that count still included. By compliance."""
        with self._ledger.transaction() as tx:
            record = tx.record_book.step(
                record_id, RecordState.CONFIRMED, actor=by, role=Role.COMPLIANCE, reason=reason
            )
            tx.standings.set_distributor(record.data["investor"], record.data["distributor"])
        return record
