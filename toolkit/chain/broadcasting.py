"""Handing stored bytes to a node, once or again, and reading its answer."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import JournalEntry, Outcome, TransactionJournal
from toolkit.chain.node_messages import DEFINITE_REFUSALS, NodeMessage
from toolkit.chain.nonces import nonce_use
from toolkit.chain.raw_transactions import decode_transaction
from toolkit.chain.sent import Resumed, ResumeState, Sent, details, name
from toolkit.errors import (
    ContractReverted,
    InconsistentNode,
    LaneLost,
    LedgerError,
    NodeError,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
    NotSent,
    Replaced,
    StillPending,
)

__all__ = ["Broadcaster", "newest", "replaced_by", "unanswered"]

_LOOKS = 3
_PAUSE = 0.1


@dataclass(frozen=True, slots=True)
class Broadcaster:
    """Sends what `journal` holds. `timeout` is in seconds, for each broadcast."""

    client: Client
    address: str
    journal: TransactionJournal
    timeout: float

    def first(self, entry: JournalEntry) -> None:
        """The first broadcast of what has just been recorded; a refusal frees its nonce.

        Raises as `broadcast`. StillPending also when the refusal can't be written down, or the key's lease
        is somebody else's by now: then it was they who sent it, as they found it.
        """
        try:
            self.broadcast(entry)
        except (NotSent, Replaced) as refusal:
            try:
                self.journal.finish(entry.hash, Outcome.REFUSED)
            except (LedgerError, LaneLost) as error:
                raise unanswered(entry, f"{refusal.message}; {error.message}") from error
            raise

    def broadcast(self, entry: JournalEntry) -> None:
        """Raises NotSent (refused for certain), Replaced (another hand used the nonce), StillPending (no
        telling).

        Even the first time a used nonce may have been used by these bytes: proxies repeat requests.
        """
        try:
            answered = self.client.send_raw(entry.raw, timeout=self.timeout)
        except NodeRejected as error:
            kind = error.details.get("kind")
            if kind is NodeMessage.ALREADY_KNOWN:
                return
            if kind is NodeMessage.NONCE_TOO_LOW:
                self._explain(entry, error)
                return
            if kind in DEFINITE_REFUSALS:
                raise NotSent(
                    f"{name(entry)} was refused: {error.message}", **details(entry), kind=kind
                ) from error
            raise unanswered(entry, error.message) from error
        except (NodeUnreachable, NodeTimeout, InconsistentNode, ContractReverted) as error:
            raise unanswered(entry, error.message) from error
        if answered != entry.hash:
            raise unanswered(entry, f"the node calls it {to_hex(answered)}")

    def resume(self) -> list[Resumed]:
        """For each nonce without an outcome: is one of its transactions mined? Otherwise the newest of them
        is sent again, as it is. Raises NodeError.
        """
        nonces = sorted({entry.nonce for entry in self.journal.unfinished()})
        return [self._resume(self.journal.attempts(nonce)) for nonce in nonces]

    def _resume(self, attempts: Sequence[JournalEntry]) -> Resumed:
        for entry in attempts:
            if self.client.receipt(entry.hash) is not None:
                return Resumed(Sent(entry.hash, entry.nonce), ResumeState.MINED)
        entry = newest(attempts)
        sent = Sent(entry.hash, entry.nonce)
        try:
            self.broadcast(entry)
        except NotSent as error:
            return Resumed(sent, ResumeState.REFUSED, error)
        except Replaced as error:
            return Resumed(sent, ResumeState.REPLACED, error)
        except StillPending as error:
            return Resumed(sent, ResumeState.UNANSWERED, error)
        return Resumed(sent, ResumeState.SENT)

    def _explain(self, entry: JournalEntry, refusal: NodeRejected) -> None:
        """ "Nonce too low": was it this transaction, or one that it replaces, or another hand's?

        The answer may come before the block that shows it, so it is looked for more than once.
        """
        for look in range(_LOOKS):
            if look:
                time.sleep(_PAUSE)
            try:
                if self.client.receipt(entry.hash) is not None:
                    return
                use = nonce_use(self.client, self.address, entry.nonce, block=self.client.block("latest"))
            except NodeError as error:
                raise unanswered(entry, error.message) from refusal
            if use.by is not None:
                ours = {item.hash for item in self.journal.attempts(entry.nonce)}
                if use.by.hash in ours:
                    return
                raise replaced_by(entry, use.by.hash) from refusal
        raise unanswered(entry, f"{refusal.message}, and what used the nonce can't be found") from refusal


def newest(attempts: Sequence[JournalEntry]) -> JournalEntry:
    """The one with the highest fee, which the nodes prefer: each replacement offers more."""
    if len(attempts) == 1:
        return attempts[0]
    return max(attempts, key=lambda entry: decode_transaction(entry.raw).fees.max_fee)


def unanswered(entry: JournalEntry, reason: str) -> StillPending:
    """Recorded, and no telling whether it arrived."""
    return StillPending(
        f"{name(entry)} was recorded, and whether the node took it is unknown ({reason}); "
        "wait for it or resume(), never send another in its place",
        **details(entry),
    )


def replaced_by(entry: JournalEntry, tx_hash: bytes) -> Replaced:
    """Another hand's transaction is in a block under the nonce."""
    return Replaced(
        f"{name(entry)} will not be mined: another transaction of {entry.sender} used its nonce, "
        f"{to_hex(tx_hash)}. Something else sends with this key; find out what before sending again",
        **details(entry),
        by=to_hex(tx_hash),
    )
