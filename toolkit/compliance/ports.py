"""What compliance asks of a chain. The desk offers it; compliance doesn't know the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

__all__ = ["Suite"]


class Suite(Protocol):
    """One deployment on one chain, with the keys that compliance and the guardian send with."""

    @property
    def chain_id(self) -> int:
        """The chain's id (EIP-155)."""
        ...

    def write_wallets(self, wallets: Sequence[str]) -> None:
        """Makes the registry say of these wallets, those it has, what the ledger says. Waits until final."""
        ...
