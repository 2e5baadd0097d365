"""What `Sender` hands out: a transaction on its way, and what was found of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from toolkit.chain.answers import Block, Receipt
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import JournalEntry
from toolkit.errors import TransactionError

__all__ = ["Mined", "ResumeState", "Resumed", "Sent", "details", "name"]


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way: ask `Sender.wait` what became of it.

    It is followed by its key and `nonce`, whatever hash it has in the end.
    """

    hash: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block. Only `final` releases money. `receipt.tx_hash` says which of several
    under one nonce it was, and `superseded` are the hashes of the others once it is final.
    """

    receipt: Receipt
    block: Block
    final: bool
    superseded: tuple[bytes, ...] = ()


class ResumeState(StrEnum):
    """What `Sender.resume` found, or did, for one nonce of the journal."""

    MINED = "mined"
    SENT = "sent"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Resumed:
    """`REFUSED` keeps its place in the journal: an earlier broadcast may have reached another node."""

    sent: Sent
    state: ResumeState
    error: TransactionError | None = field(default=None, repr=False)


def name(entry: JournalEntry) -> str:
    """The transaction, in messages."""
    described = f" ({entry.description})" if entry.description else ""
    return f"transaction {to_hex(entry.hash)}{described}, nonce {entry.nonce},"


def details(entry: JournalEntry) -> dict[str, str | int]:
    """The transaction, in an exception's details."""
    return {"tx_hash": to_hex(entry.hash), "nonce": entry.nonce}
