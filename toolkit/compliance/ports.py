"""What compliance asks of a chain. The desk offers it (`desk.actions`); compliance doesn't know the desk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from toolkit.ledger.case_acts import Act

__all__ = ["Escrowed", "Holding", "OpenPosition", "Suite", "Token"]


class Token(Protocol):
    """The coin, or a share class of a fund."""

    @property
    def symbol(self) -> str: ...
    @property
    def address(self) -> str: ...
    @property
    def decimals(self) -> int: ...
    @property
    def is_coin(self) -> bool:
        """Whether it can be escrowed for redemption and burned by order."""
        ...


class Holding(Protocol):
    """What an account holds of a token, in base units; `frozen` 2^128 - 1 when the account is."""

    @property
    def balance(self) -> int: ...
    @property
    def frozen(self) -> int: ...


class Escrowed(Protocol):
    """A redemption that isn't paid: in the market's escrow, or `accepted` and burned already."""

    @property
    def number(self) -> int: ...
    @property
    def amount(self) -> int:
        """In base units of the coin."""
        ...

    @property
    def accepted(self) -> bool: ...


class OpenPosition(Protocol):
    """What a fund's vault still has for an account: a request, a claim, or what lies in quarantine."""

    @property
    def vault(self) -> str: ...
    @property
    def what(self) -> str: ...
    @property
    def amount(self) -> int:
        """In base units, of coins or of shares as `what` says."""
        ...


class Suite(Protocol):
    """One deployment on one chain, with the keys that compliance, the guardian and the registrar send with.

    Everything that reads the chain raises NodeError when it can't be reached.
    """

    @property
    def chain_id(self) -> int:
        """The chain's id (EIP-155)."""
        ...

    def write_wallets(self, wallets: Sequence[str]) -> None:
        """Makes the registry say of these wallets, those it has, what the ledger says. Waits until final."""
        ...

    @property
    def market(self) -> str:
        """The primary market's address."""
        ...

    @property
    def registry(self) -> str:
        """The investor registry's address."""
        ...

    @property
    def addresses(self) -> Sequence[str]:
        """The tokens' addresses, for which the chain needn't be asked."""
        ...

    def tokens(self) -> Sequence[Token]:
        """The coin first, then every share class that deals in this suite."""
        ...

    def wallets_of(self, investor: str) -> Sequence[str]:
        """The party's wallets that this suite's ledger knows."""
        ...

    def holding(self, token: str, account: str) -> Holding:
        """What the account holds now."""
        ...

    def escrows(self, account: str) -> Sequence[Escrowed]:
        """The account's redemptions that are neither paid nor ended."""
        ...

    def positions(self, account: str) -> Sequence[OpenPosition]:
        """What the vaults still have for the account."""
        ...

    def finish(self, case_id: str) -> None:
        """Waits until everything that was sent under the case before has an outcome, sending again what the
        chain lost. Raises NodeError, and TransactionError while it has none.
        """
        ...

    def require_clients_settled(self, old: str, new: str) -> None:
        """Raises a ToolkitError as long as the clients of the omnibus wallet `old` can't follow its tokens to
        `new`: something of theirs is locked or pending, or the suite was opened without a token of theirs.
        """
        ...

    def move_clients(self, case_id: str, old: str, new: str) -> None:
        """Moves all clients of an omnibus wallet, in the sub-ledgers of this suite's tokens, once."""
        ...

    def perform(self, acts: Sequence[Act]) -> Sequence[Act]:
        """Sends the acts in their order, each on the lane of the role that may, waits until they are final
        and believes their events. Returns them as they came out: `done`, or with an `error`. What the chain
        has of them already isn't sent again.
        """
        ...
