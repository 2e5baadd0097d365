"""Wallets that were lost and replaced: whoever has their keys can prove nothing with them any more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.errors import NotEligible
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger, Transaction
    from toolkit.ledger.record_book import RecordBook

__all__ = ["is_delisted", "require_in_use", "require_listed", "require_not_replacing"]

_UNDONE = (RecordState.REJECTED, RecordState.RESTORED)
_FOLLOWED = (RecordState.RECOVERED, RecordState.REGISTER_POSTED, RecordState.CLOSED)


def is_delisted(ledger: Ledger | Transaction, wallet: str) -> bool:
    """Whether the wallet was reported lost, and the report wasn't rejected."""
    return _is_lost(ledger.record_book, wallet)


def require_listed(ledger: Ledger | Transaction, wallet: str) -> None:
    """Raises NotEligible for a wallet that was reported lost."""
    if is_delisted(ledger, wallet):
        raise NotEligible(
            f"wallet {wallet} was reported lost and is out of use: prove another wallet", wallet=wallet
        )


def require_in_use(book: RecordBook, wallet: str) -> None:
    """Raises NotEligible for an omnibus wallet that was reported lost: its clients stand as they stood."""
    if _is_lost(book, wallet):
        raise NotEligible(
            f"wallet {wallet} was reported lost: nothing is asked or approved of its clients until they are "
            "in the new wallet, or the report is found false",
            wallet=wallet,
        )


def require_not_replacing(book: RecordBook, wallet: str) -> None:
    """Raises NotEligible for an omnibus wallet into which a lost one's tokens come, until their clients are
    in it as well: meanwhile those tokens look as if nobody's.
    """
    for record in book.find(RecordKind.RECOVERY):
        is_open = record.state not in (*_UNDONE, *_FOLLOWED)
        if is_open and record.data.get("new_wallet") == wallet:
            raise NotEligible(
                f"wallet {wallet} takes a lost wallet's clients over: nothing is asked, approved or settled "
                "of it until they are in it; resume the recovery",
                wallet=wallet,
            )


def _is_lost(book: RecordBook, wallet: str) -> bool:
    records = book.find(RecordKind.RECOVERY, prefix=f"recovery/{wallet}/")
    return any(record.state not in _UNDONE for record in records)
