"""What an investor has acknowledged, by document and version (regulation.md R-PER-06)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.compliance.errors import DocumentUnknown
from toolkit.errors import InvalidInput
from toolkit.ledger import checks
from toolkit.ledger.eligibility import acknowledgement_id
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.policies import Document, Policy
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.context import ComplianceContext
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["Acknowledgements"]

_KIND = RecordKind.ACKNOWLEDGEMENT


class Acknowledgements:
    """Acknowledgements. A new version of a document needs a new one."""

    def __init__(self, context: ComplianceContext) -> None:
        self._ledger = context.ledger

    def acknowledge(
        self, investor: str, document: str, version: str, *, digest: str, evidence: str, by: str
    ) -> LedgerRecord:
        """Records that the investor has acknowledged a version that a policy in force names.

        `digest` is the SHA-256 of what they were shown, `evidence` of how they said so. `by` is a maker or
        compliance. The same again gives the record. Raises `DocumentUnknown`, `InvalidInput` for other
        evidence than on record, `NotFound`.
        """
        data = {
            "investor": investor,
            "document": document,
            "version": version,
            "digest": checks.sha256_hex(digest),
            "evidence": checks.sha256_hex(evidence),
        }
        name = acknowledgement_id(investor, document, version)
        with self._ledger.transaction() as tx:
            tx.investors.get(investor)
            _require_named(tx, document, version, data["digest"] or "")
            try:
                known = tx.record_book.get(name)
            except NotFound:
                role = tx.persons.role_of(by, Role.MAKER, Role.COMPLIANCE)
                return tx.record_book.open(name, _KIND, RecordState.ACKNOWLEDGED, data, actor=by, role=role)
        if known.state is not RecordState.ACKNOWLEDGED or known.data != data:
            raise InvalidInput(f"{name} is {known.state} on other evidence: read it", record=name)
        return known

    def withdraw(self, investor: str, document: str, version: str, *, by: str, reason: str) -> LedgerRecord:
        """Ends an acknowledgement. By compliance."""
        return self._ledger.record_book.step(
            acknowledgement_id(investor, document, version),
            RecordState.WITHDRAWN,
            actor=by,
            role=Role.COMPLIANCE,
            reason=reason,
        )

    def of(self, investor: str) -> tuple[LedgerRecord, ...]:
        """What the investor has acknowledged, oldest first."""
        return self._ledger.record_book.find(_KIND, prefix=f"{_KIND}/{investor}/")


def _require_named(tx: Transaction, document: str, version: str, digest: str) -> None:
    found = tx.record_book.find(RecordKind.POLICY, state=RecordState.IN_FORCE)
    named = {item for record in found for item in Policy.from_data(record.data["policy"]).documents}
    if Document(document, version, digest) not in named:
        raise DocumentUnknown(
            f"no policy in force names version {version} of {document} with the digest {digest}: show the "
            "investor the current version",
            document=document,
            version=version,
        )
