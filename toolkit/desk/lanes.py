"""The desk's sending keys, one lane each: what is sent is in the ledger before it leaves."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit.chain.fees import FeePolicy
from toolkit.chain.journal import JournalEntry
from toolkit.chain.sender import Mined, ResumeState, Sender, Sent
from toolkit.desk.context import DeskContext
from toolkit.errors import TransactionError

if TYPE_CHECKING:
    from toolkit.chain.calls import Call, EventExpectation
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.transactions import LaneJournal

__all__ = ["Lanes"]


class Lanes:
    """One sender for each role that has a key.

    The guardian's lane is its own, so that a freeze never waits behind mints.
    """

    def __init__(self, context: DeskContext, fees: FeePolicy | None = None) -> None:
        self._context = context
        self._fees = fees or FeePolicy()
        self._senders: dict[str, tuple[Sender, LaneJournal]] = {}

    def sender(self, role: str) -> Sender:
        """The role's sender. Raises ConfigurationError if the desk has no key for it."""
        return self._lane(role)[0]

    def of(self, address: str) -> Sender | None:
        """The sender with that key; None if this desk doesn't hold it."""
        roles = [role for role, signer in self._context.signers.items() if signer.address == address]
        return self.sender(roles[0]) if roles else None

    def resume(self) -> list[TransactionError]:
        """Sends again what earlier runs recorded and the chain doesn't have. Returns why the node refuses
        what it refuses: such a transaction holds up its lane until that is mended.
        """
        refused: list[TransactionError] = []
        for lane in self._context.ledger.lanes.all():
            sender = self.of(lane.address)
            if sender is not None and sender.journal.unfinished():
                refused += [
                    item.error
                    for item in sender.resume()
                    if item.error is not None and item.state is ResumeState.REFUSED
                ]
        return refused

    def send(self, role: str, call: Call, write: Callable[[Transaction, JournalEntry], object]) -> Sent:
        """Sends `call`; `write` goes into the same ledger transaction as the signed bytes.

        Raises as `Sender.send`.
        """
        sender, journal = self._lane(role)
        with journal.alongside(write):
            return sender.send(call)

    def execute(self, role: str, call: Call, *expect: EventExpectation) -> Mined:
        """Sends a call that belongs to no order, waits until it is final and believes its events.

        Raises as `Sender.execute`.
        """
        timeout = self._context.patience.total_seconds()
        return self.sender(role).execute(call, expect=expect, timeout=timeout)

    def _lane(self, role: str) -> tuple[Sender, LaneJournal]:
        signer = self._context.signer(role)
        if signer.address not in self._senders:
            ledger = self._context.ledger
            if all(lane.address != signer.address for lane in ledger.lanes.all()):
                # A role gets another key in time, and a key may hold several roles.
                ledger.lanes.add(signer.address, name=f"{role} {signer.address}", purpose=role)
            journal = ledger.journal(signer.address)
            sender = Sender(self._context.client, signer, journal, self._fees)
            self._senders[signer.address] = sender, journal
        return self._senders[signer.address]
