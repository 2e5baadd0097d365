"""Wallets that were lost and replaced: whoever has their keys can prove nothing with them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import NotEligible
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger, Transaction

__all__ = ["is_delisted", "require_listed"]

_UNDONE = (RecordState.REJECTED, RecordState.RESTORED)


def is_delisted(ledger: Ledger | Transaction, wallet: str) -> bool:
    """Whether the wallet was reported lost, and the report wasn't rejected."""
    records = ledger.record_book.find(RecordKind.RECOVERY, prefix=f"recovery/{wallet}/")
    return any(record.state not in _UNDONE for record in records)


def require_listed(ledger: Ledger | Transaction, wallet: str) -> None:
    """Raises NotEligible for a wallet that was reported lost."""
    if is_delisted(ledger, wallet):
        raise NotEligible(
            f"wallet {wallet} was reported lost and is out of use: prove another wallet", wallet=wallet
        )
