"""The register of freezes (regulation.md 4.6): who holds compliance's part reads it, nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.compliance.access import note_reading
from toolkit.compliance.freezes import CaseChains
from toolkit.ledger.case_acts import ActKind
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.context import ComplianceContext
    from toolkit.ledger.records import LedgerRecord

__all__ = ["freeze_register"]

_LOWERING = (ActKind.UNFREEZE, ActKind.FORCED_TRANSFER, ActKind.BURN, ActKind.SEIZE_ESCROW)


def freeze_register(context: ComplianceContext, *, by: str) -> list[dict[str, Any]]:
    """One row for each wallet that a case freezes, oldest case first; JSON values throughout.

    Amounts are base units as text, or `account` where the account itself is frozen. `latency_seconds` runs
    from the hit, order or request to the first freeze; it, `imposed_at`, and `second_sign_at` are null as
    long as there is none. That `by` read it is on record. Raises NotAuthorised unless `by` is of compliance
    or the auditor: the reason of a freeze is theirs alone.
    """
    note_reading(context.ledger, "register of freezes", by=by)
    chains = CaseChains(context)
    return [
        _row(context, record, wallet)
        for record in context.ledger.record_book.find(RecordKind.FREEZE)
        for wallet in _wallets(chains, record)
    ]


def _wallets(chains: CaseChains, record: LedgerRecord) -> tuple[str, ...]:
    part = record.data["part"]
    return chains.wallets(record) if part is None else (part["wallet"],)


def _row(context: ComplianceContext, record: LedgerRecord, wallet: str) -> dict[str, Any]:
    data, part = record.data, record.data["part"]
    acts = [row for row in data["acts"] if row["account"] == wallet]
    frozen = [row for row in acts if row["do"] == ActKind.FREEZE]
    steps = context.ledger.record_book.history(record.id)
    second = next((step for step in steps if step.to_state is RecordState.SECONDED), None)
    return {
        "entry_id": f"{record.id}/{wallet}",
        "wallet": wallet,
        "sub_account": None if part is None else part["client"],
        "chains": sorted({row["chain"] for row in frozen}),
        "amount_frozen": "account" if part is None else part["amount"],
        "token": None if part is None else part["symbol"],
        "authority": f"{data['authority']['kind']}: {data['authority']['reference']}",
        "document_hash": data["authority"]["document"],
        "imposed_at": data.get("imposed_at"),
        "imposed_by": data.get("frozen_by"),
        "second_sign_at": None if second is None else second.at.isoformat(),
        "second_sign_by": None if second is None else second.actor,
        "latency_seconds": data.get("latency_seconds"),
        "review_date": data["review_on"],
        "status": record.state.value,
        "transactions": [_transaction(row) for row in frozen],
        "lowering_transactions": [_transaction(row) for row in acts if row["do"] in _LOWERING],
        "legal_owner_ref": data["investor"] if part is None else part["client"],
    }


def _transaction(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "do": row["do"],
        "chain": row["chain"],
        "contract": row["contract"],
        "amount": row["amount"],
        "transaction": row["transaction"] or None,
    }
