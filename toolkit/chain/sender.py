"""Sending with one key: each transaction exactly once, each outcome typed.

Under one lock for the key: allocate a nonce, sign, write the signed bytes into the journal, broadcast.
A time-out or a crash never leads to another transaction: the same bytes are sent again, and "already
known" is success.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from toolkit.chain.calls import Call, EventExpectation
from toolkit.chain.client import Block, Client, Receipt
from toolkit.chain.fees import FeePolicy, Fees
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import JournalEntry, Outcome, TransactionJournal
from toolkit.chain.node_messages import DEFINITE_REFUSALS, NodeMessage
from toolkit.chain.signers import Signer
from toolkit.errors import (
    ContractReverted,
    Dropped,
    InconsistentNode,
    InvalidInput,
    NodeError,
    NodeRejected,
    NodeTimeout,
    NodeUnreachable,
    NotSent,
    ReorgedOut,
    Replaced,
    StillPending,
    TransactionError,
)

__all__ = ["Mined", "ResumeState", "Resumed", "Sender", "Sent"]

_LAG_RETRIES = 5
_LAG_PAUSE = 0.2
_UNKNOWN_POLLS = 3
_TAKEN_LOOKS = 3
_TAKEN_PAUSE = 0.1
_FIRST_PAUSE = 0.005
_LONGEST_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Sent:
    """A transaction on its way: ask `Sender.wait` what became of it."""

    hash: bytes
    nonce: int


@dataclass(frozen=True, slots=True)
class Mined:
    """A transaction in a block. Only `final` releases money."""

    receipt: Receipt
    block: Block
    final: bool


class ResumeState(StrEnum):
    """What `Sender.resume` found, or did, for one journalled transaction."""

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


class Sender:
    """Sends calls from one key. May be shared between threads; processes share it through `FileJournal`.

    One key has one journal. `fees` defaults to `FeePolicy()`. No more than `max_in_flight` journalled
    transactions may be without an outcome: nodes lose or, as Anvil does, choke on long queues of one key.
    """

    def __init__(
        self,
        client: Client,
        signer: Signer,
        journal: TransactionJournal,
        fees: FeePolicy | None = None,
        *,
        max_in_flight: int = 500,
    ) -> None:
        self._max_in_flight = max_in_flight
        self.client = client
        self.signer = signer
        self.journal = journal
        self.fees = fees if fees is not None else FeePolicy()

    @property
    def address(self) -> str:
        """The account that sends and pays the gas."""
        return self.signer.address

    def send(self, call: Call, *, gas: int | None = None) -> Sent:
        """Sign, journal and broadcast `call`. `gas` skips the estimate, and with it the rehearsal.

        Raises StillPending, with the hash in `details["tx_hash"]`, when it was recorded but the node's
        answer is unknown: `wait` or `resume` settle it, another `send` would be a second transaction.
        Any other exception means that nothing of this call is on its way: ContractReverted (before a nonce
        was spent), NotSent, NodeError, and Replaced when it turns out that another hand, with the same key,
        took the nonce of an earlier journalled transaction.
        """
        if gas is None:
            gas = self.fees.gas_limit(
                self.client.estimate_gas(call.to, call.data, sender=self.address, value=call.value)
            )
        fees = self.fees.quote(self.client)
        with self.journal.lock():
            entry = self._sign(call, self._allocate(), gas, fees)
            self.journal.record(entry)
            try:
                self._broadcast(entry)
            except (NotSent, Replaced) as error:
                self.journal.finish(entry.hash, Outcome.REFUSED)
                raise NotSent(error.message, **error.details) from error
        return Sent(entry.hash, entry.nonce)

    def wait(
        self,
        sent: Sent | bytes,
        *,
        final: bool = True,
        timeout: float = 120.0,
        seen: Mined | None = None,
    ) -> Mined:
        """Wait until a transaction of this journal is mined and, unless told otherwise, final.

        `timeout` is in seconds, 0 for a single look. `seen` is what an earlier wait returned, so that a
        reorganisation between the two is noticed.

        Raises the contract's own exception if it reverted, ReorgedOut (mined, then gone or in another
        block), Replaced (its nonce was used by another), Dropped (the node doesn't know it any more;
        `resume` sends it again), StillPending at the deadline.
        """
        entry = self._entry(sent.hash if isinstance(sent, Sent) else sent)
        deadline = time.monotonic() + timeout
        mined_in = seen.receipt.block_hash if seen is not None else None
        pause, unknown = _FIRST_PAUSE, 0
        while True:
            receipt = self.client.receipt(entry.hash)
            if mined_in is not None and (receipt is None or receipt.block_hash != mined_in):
                raise self._reorged(entry, mined_in)
            if receipt is not None:
                mined_in = receipt.block_hash
                mined = self._look(receipt)
                if mined is not None and (mined.final or not final):
                    return self._conclude(entry, mined)
            elif self._taken(entry, final=final):
                raise self._replaced(entry, finish=final)
            else:
                unknown = unknown + 1 if self.client.transaction(entry.hash) is None else 0
                if unknown >= _UNKNOWN_POLLS and self.client.receipt(entry.hash) is None:
                    raise Dropped(
                        f"{_name(entry)} is not known to the node and its nonce is unused; send the same "
                        "bytes again with resume()",
                        **_details(entry),
                    )
            if time.monotonic() + pause > deadline:
                raise StillPending(
                    f"{_name(entry)} is {'mined, not final,' if receipt else 'not mined'} after {timeout} s; "
                    "ask again later, never send another in its place",
                    **_details(entry),
                )
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    def execute(
        self,
        call: Call,
        *,
        expect: Sequence[EventExpectation] = (),
        final: bool = True,
        timeout: float = 120.0,
    ) -> Mined:
        """`send`, `wait`, and see that the expected events are there (EventMissing otherwise)."""
        mined = self.wait(self.send(call), final=final, timeout=timeout)
        for expectation in expect:
            expectation.find(mined.receipt)
        return mined

    def resume(self) -> list[Resumed]:
        """After a restart, or Dropped or ReorgedOut: look for each unfinished transaction's receipt and
        send the same bytes again where there is none. Outcomes are left for `wait` to conclude.

        Raises NodeError.
        """
        with self.journal.lock():
            return [self._resume(entry) for entry in self.journal.unfinished()]

    # --- allocate, sign, broadcast: under the lock ---------------------------------------------------

    def _allocate(self) -> int:
        """The next nonce. A node that counts fewer than the journal lags, or has lost transactions, which
        it is sent again; one that counts more shows that another hand used the key.
        """
        waiting = len(self.journal.unfinished())
        if waiting >= self._max_in_flight:
            raise NotSent(
                f"{waiting} transactions of {self.address} have no outcome yet, as many as allowed; "
                "wait for them",
                waiting=waiting,
            )
        wanted = self.journal.next_nonce()
        counted = self.client.nonce(self.address, "pending")
        if wanted is None:
            return counted
        for attempt in range(_LAG_RETRIES):
            if counted >= wanted:
                break
            if attempt == 0:
                self._broadcast_lost(counted)
            else:
                time.sleep(_LAG_PAUSE)
            counted = self.client.nonce(self.address, "pending")
        if counted < wanted:
            raise NotSent(
                f"the node counts {counted} transactions of {self.address}, the journal {wanted}: the node "
                "lags behind, or this is not the chain that the journal was written for",
                counted=counted,
                journal=wanted,
            )
        if counted > wanted:
            for entry in self.journal.unfinished():
                if self.client.receipt(entry.hash) is None and self._taken(entry, final=True):
                    raise self._replaced(entry, finish=True)
        return counted

    def _broadcast_lost(self, counted: int) -> None:
        for entry in self.journal.unfinished():
            if entry.nonce < counted:
                continue
            try:
                self._broadcast(entry)
            except Replaced as error:
                if self._taken(entry, final=True):
                    raise self._replaced(entry, finish=True) from error
                raise
            except (NotSent, StillPending) as error:
                raise NotSent(
                    f"nothing new was sent, since an earlier transaction has to go first: {error.message}",
                    blocked_by=to_hex(entry.hash),
                ) from error

    def _sign(self, call: Call, nonce: int, gas: int, fees: Fees) -> JournalEntry:
        chain_id = self.client.chain_id
        transaction = {
            "type": 2,
            "chainId": chain_id,
            "nonce": nonce,
            "value": call.value,
            "data": call.data,
            "gas": gas,
            "maxFeePerGas": fees.max_fee,
            "maxPriorityFeePerGas": fees.tip,
            **({"to": call.to} if call.to is not None else {}),
        }
        signed = self.signer.sign_transaction(transaction)
        return JournalEntry(chain_id, self.address, nonce, signed.hash, signed.raw, call.description)

    def _broadcast(self, entry: JournalEntry) -> None:
        """Raises NotSent (refused for certain), Replaced (the nonce is used), StillPending (no telling).

        Even the first time a used nonce may have been used by these bytes: proxies repeat requests.
        """
        try:
            answered = self.client.send_raw(entry.raw)
        except NodeRejected as error:
            kind = error.details.get("kind")
            if kind is NodeMessage.ALREADY_KNOWN:
                return
            if kind is NodeMessage.NONCE_TOO_LOW:
                if self._surely_taken(entry):
                    raise self._replaced(entry, finish=False) from error
                return
            if kind in DEFINITE_REFUSALS:
                raise NotSent(f"{_name(entry)} was refused: {error.message}", **_details(entry)) from error
            raise _unanswered(entry, error.message) from error
        except (NodeUnreachable, NodeTimeout, InconsistentNode, ContractReverted) as error:
            raise _unanswered(entry, error.message) from error
        if answered != entry.hash:
            raise _unanswered(entry, f"the node calls it {to_hex(answered)}")

    def _surely_taken(self, entry: JournalEntry) -> bool:
        """`_taken` in the middle of a broadcast. Raises StillPending where the node can't tell."""
        try:
            return self._taken(entry, final=False)
        except NodeError as error:
            raise _unanswered(entry, error.message) from error

    def _resume(self, entry: JournalEntry) -> Resumed:
        sent = Sent(entry.hash, entry.nonce)
        if self.client.receipt(entry.hash) is not None:
            return Resumed(sent, ResumeState.MINED)
        try:
            self._broadcast(entry)
        except NotSent as error:
            return Resumed(sent, ResumeState.REFUSED, error)
        except Replaced as error:
            return Resumed(sent, ResumeState.REPLACED, error)
        except StillPending as error:
            return Resumed(sent, ResumeState.UNANSWERED, error)
        return Resumed(sent, ResumeState.SENT)

    # --- what became of it ---------------------------------------------------------------------------

    def _entry(self, tx_hash: bytes) -> JournalEntry:
        entry = self.journal.find(tx_hash)
        if entry is None:
            raise InvalidInput(
                f"transaction {to_hex(tx_hash)} is not in this journal; ask the sender that sent it"
            )
        return entry

    def _look(self, receipt: Receipt) -> Mined | None:
        """None when the receipt's block isn't the chain's block of that number: a reorganisation is under
        way, and the next look will tell.
        """
        finalized = self.client.finalized_block()
        block = self.client.block(receipt.block_number)
        if block.hash != receipt.block_hash:
            return None
        return Mined(receipt, block, final=block.number <= finalized.number)

    def _conclude(self, entry: JournalEntry, mined: Mined) -> Mined:
        if mined.final:
            self.journal.finish(entry.hash, Outcome.MINED if mined.receipt.succeeded else Outcome.REVERTED)
        if not mined.receipt.succeeded:
            raise self._revert_of(entry, mined)
        return mined

    def _revert_of(self, entry: JournalEntry, mined: Mined) -> ContractReverted:
        """Why it reverted, by executing it again: on the state before its block, or, where the node no longer
        has that or an earlier transaction of the block mattered, on the state after it.
        """
        receipt = mined.receipt
        error: ContractReverted | None = None
        transaction = self.client.transaction(entry.hash)
        for block in (mined.block.parent_hash, mined.block.hash):
            try:
                if transaction is not None and error is None:
                    self.client.replay(transaction, block=block)
            except ContractReverted as found:
                error = found
            except NodeRejected as refused:
                if refused.details.get("kind") is not NodeMessage.NO_HISTORY:
                    raise
        if error is None:
            ran_out = transaction is not None and receipt.gas_used >= transaction.gas
            error = ContractReverted(
                f"{_name(entry)} reverted in block {receipt.block_number}, "
                + (
                    f"having used all its gas ({receipt.gas_used}); send it with more"
                    if ran_out
                    else "and does not when executed again: what it depends on has changed since"
                )
            )
        error.details.update(_details(entry), block_number=receipt.block_number)
        return error

    def _taken(self, entry: JournalEntry, *, final: bool) -> bool:
        """Whether another transaction used the entry's nonce.

        Nodes publish a block piece by piece: an account's count can be ahead of the receipts (seen on
        Anvil). So the count is read at a block whose header is there already, the receipt after it, and
        all of it more than once. A node that withholds the receipt still knows the transaction; one that
        was replaced is forgotten.
        """
        for look in range(_TAKEN_LOOKS):
            if look:
                time.sleep(_TAKEN_PAUSE)
            block = self.client.finalized_block() if final else self.client.block("latest")
            try:
                if self.client.nonce(self.address, block) <= entry.nonce:
                    return False
            except NodeRejected as error:
                if error.details.get("kind") is not NodeMessage.NO_HISTORY:
                    raise
                return False  # the chain went on and the block's state is pruned: no telling now
            if self.client.receipt(entry.hash) is not None or self.client.transaction(entry.hash) is not None:
                return False
        return True

    def _replaced(self, entry: JournalEntry, *, finish: bool) -> Replaced:
        if finish:
            self.journal.finish(entry.hash, Outcome.REPLACED)
        return Replaced(
            f"{_name(entry)} will not be mined: another transaction of {self.address} used its nonce. "
            "Something else sends with this key; find out what before sending again",
            **_details(entry),
        )

    def _reorged(self, entry: JournalEntry, block_hash: bytes) -> ReorgedOut:
        return ReorgedOut(
            f"{_name(entry)} was in block {to_hex(block_hash)}, which is not part of the chain any more; "
            "resume() sends it again where needed, then wait",
            **_details(entry),
        )


def _unanswered(entry: JournalEntry, reason: str) -> StillPending:
    return StillPending(
        f"{_name(entry)} was recorded, and whether the node took it is unknown ({reason}); "
        "wait for it or resume(), never send another in its place",
        **_details(entry),
    )


def _name(entry: JournalEntry) -> str:
    described = f" ({entry.description})" if entry.description else ""
    return f"transaction {to_hex(entry.hash)}{described}, nonce {entry.nonce},"


def _details(entry: JournalEntry) -> dict[str, str | int]:
    return {"tx_hash": to_hex(entry.hash), "nonce": entry.nonce}
