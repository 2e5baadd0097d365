"""How `ledger verify` says that something isn't as the ledger wrote it."""

from __future__ import annotations

from typing import Any

from toolkit.errors import LedgerTampered

__all__ = ["tampered"]


def tampered(what: str, **details: Any) -> LedgerTampered:
    """The error to raise: what was found, and what to do."""
    return LedgerTampered(
        f"{what}: the ledger was changed outside the toolkit; stop the worker, keep this copy as "
        "evidence and restore from a backup",
        **details,
    )
