"""The issuer's own reports: prepared by one person, reviewed by another, and signed by both."""

from __future__ import annotations

from typing import ClassVar

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.reporting.shelf import Shelf

__all__ = ["Filing"]


class Filing(Shelf):
    """The issuer's reports of one ledger."""

    kind: ClassVar = RecordKind.REPORT
    maker: ClassVar = Role.FINANCE
    signatories: ClassVar = (Role.FINANCE, Role.COMPLIANCE)
    signed: ClassVar = RecordState.SIGNED
    fields: ClassVar = {"preparer": "prepared_by", "reviewer": "reviewed_by"}

    def review(self, report_id: str, *, by: str) -> LedgerRecord:
        """Says that `by`, another person than the preparer, has reviewed the latest version."""
        record = self._required(report_id)
        return self.ledger.record_book.step(
            record.id,
            RecordState.REVIEWED,
            actor=by,
            role=self._role(by, self.signatories),
            data={**record.data, "reviewed_by": by},
            expected=record,
        )
