"""Bank accounts in the customer's own name, with how that was verified (regulation.md R-ISS-02)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.compliance.context import Part
from toolkit.compliance.errors import EvidenceMissing, NameMismatch
from toolkit.errors import InvalidInput
from toolkit.ledger import checks
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.records import BankAccount, LedgerRecord

__all__ = ["METHODS", "BankAccounts"]

METHODS = ("penny_test", "name_match", "bank_confirmation")


class BankAccounts(Part):
    """Accounts that money may come from and go to, each verified by one person and confirmed by another."""

    def propose(
        self,
        investor: str,
        reference: str,
        *,
        currency: str,
        method: str,
        is_own_name: bool,
        evidence: str,
        by: str,
    ) -> LedgerRecord:
        """An account under the desk's reference to it (never its number), for another person to confirm.

        `evidence` is the SHA-256 of the verification. Raises `NameMismatch` unless it is in the customer's
        own name, `EvidenceMissing`, `InvalidInput`, `NotFound`, `NotAuthorised` unless `by` is a maker.
        """
        if method not in METHODS:
            raise InvalidInput(f"method {method!r} is unknown: use {', '.join(METHODS)}")
        if is_own_name is not True:
            raise NameMismatch(
                f"bank account {reference} isn't in the name of investor {investor}: money goes only to an "
                "account in the customer's own name",
                investor=investor,
                bank_account=reference,
            )
        digest = checks.sha256_hex(evidence)
        if digest is None:
            raise EvidenceMissing("an account is verified on a document: give its digest")
        data = {
            "investor": investor,
            "reference": checks.one_line(reference, what="bank account", longest=120),
            "currency": checks.currency_code(currency),
            "method": method,
            "evidence": digest,
        }
        with self._ledger.transaction() as tx:
            tx.investors.get(investor)
            return tx.record_book.open(
                f"{RecordKind.BANK_ACCOUNT}/{reference}",
                RecordKind.BANK_ACCOUNT,
                RecordState.PROPOSED,
                data,
                actor=by,
                role=Role.MAKER,
            )

    def confirm(self, reference: str, *, by: str, reason: str = "") -> BankAccount:
        """Money may move to and from it. By another person, of compliance. Raises `WalletTaken` for a
        reference that is somebody's already.
        """
        with self._ledger.transaction() as tx:
            record = tx.record_book.step(
                f"{RecordKind.BANK_ACCOUNT}/{reference}",
                RecordState.CONFIRMED,
                actor=by,
                role=Role.COMPLIANCE,
                reason=reason,
            )
            return tx.investors.add_bank_account(
                reference,
                investor=record.data["investor"],
                currency=record.data["currency"],
                verified_at=self._context.clock.now(),
            )
