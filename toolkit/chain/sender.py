"""Sending with one key: each transaction exactly once, each outcome typed.

Under one lock for the key: allocate a nonce, sign, write the signed bytes into the journal, broadcast.
A time-out or a crash never leads to another transaction: the same bytes are sent again, and "already
known" is success. Only at its own nonce is a transaction ever superseded, by itself for a higher fee or
by its cancellation; it is followed by key and nonce, whichever of them is mined.

`broadcasting` hands bytes to the node, `following` asks what became of them, `replacing` supersedes.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Sequence

from toolkit.chain.broadcasting import Broadcaster, newest
from toolkit.chain.calls import Call, EventExpectation
from toolkit.chain.client import Client
from toolkit.chain.fees import FeePolicy, Fees
from toolkit.chain.following import Follower
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import JournalEntry, TransactionJournal
from toolkit.chain.replacing import Replacer
from toolkit.chain.sent import Mined, Resumed, ResumeState, Sent
from toolkit.chain.signers import Signer
from toolkit.errors import InvalidInput, NotSent, Replaced, StillPending, TransactionError

__all__ = ["Mined", "ResumeState", "Resumed", "Sender", "Sent"]

_LAG_RETRIES = 5
_LAG_PAUSE = 0.2
_QUOTE_SECONDS = 3.0
_REMEMBERED = 8


class Sender:
    """Sends calls from one key. May be shared between threads; processes share it through `FileJournal`.

    One key has one journal. `fees` defaults to `FeePolicy()`. No more than `max_in_flight` nonces may be
    without an outcome: nodes lose or, as Anvil does, choke on long queues of one key. `send_timeout`
    is in seconds, for each broadcast: Anvil may take one and never answer.
    """

    def __init__(
        self,
        client: Client,
        signer: Signer,
        journal: TransactionJournal,
        fees: FeePolicy | None = None,
        *,
        max_in_flight: int = 500,
        send_timeout: float = 15.0,
    ) -> None:
        self._max_in_flight = max_in_flight
        self.client = client
        self.signer = signer
        self.journal = journal
        self.fees = fees if fees is not None else FeePolicy()
        self._broadcaster = Broadcaster(client, signer.address, journal, send_timeout)
        self._follower = Follower(client, signer.address, journal)
        self._replacer = Replacer(self._broadcaster, self.fees, self._sign)
        self._quoted: tuple[float, Fees] | None = None
        self._next: int | None = None
        self._recorded: deque[JournalEntry] = deque(maxlen=_REMEMBERED)  # the last, as the journal has them

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
        took the nonce of an earlier journalled transaction. A LedgerError leaves open whether it was
        recorded: `resume` finds it if it was.
        """
        if gas is None:
            gas = self.fees.gas_limit(
                self.client.estimate_gas(call.to, call.data, sender=self.address, value=call.value)
            )
        fees = self._usual_fees()
        with self.journal.lock():
            entry = self._sign(call, self._allocate(), gas, fees)
            self._next = None
            self.journal.record(entry)
            self._recorded.append(entry)
            try:
                self._broadcaster.first(entry)
            except (NotSent, Replaced) as error:
                self._quoted = None
                raise NotSent(error.message, **error.details) from error
        return Sent(entry.hash, entry.nonce)

    def wait(
        self,
        sent: Sent | bytes,
        *,
        final: bool = True,
        timeout: float = 120.0,
        seen: Mined | None = None,
        record: bool = True,
        attempts: Sequence[JournalEntry] = (),
    ) -> Mined:
        """Wait until a transaction of this journal, or its replacement, is mined and, unless told otherwise,
        final. `receipt.tx_hash` of what is returned says which.

        `timeout` is in seconds, 0 for a single look. `seen` is what an earlier wait returned, so that a
        reorganisation between the two is noticed. Without `record`, that a transaction succeeded for good is
        left to the caller to write into the journal, together with what it means. `attempts` is what the
        journal has under the transaction's nonce, if the caller has just read it.

        Raises the contract's own exception if it reverted, Cancelled (its cancellation was mined in its
        place), Replaced (another hand's transaction was found under its nonce), ReorgedOut (mined, then
        gone or in another block), Dropped (the node doesn't know it any more; `resume` sends it again),
        StillPending at the deadline, of which NonceUnexplained is an alarm. With `final`, Cancelled
        and Replaced are final as well.
        """
        entry = self._entry(sent)
        mined = self._follower.wait(
            entry, final=final, timeout=timeout, seen=seen, record=record, attempts=attempts
        )
        if mined.final:
            self._next = entry.nonce + 1
        return mined

    def record(self, mined: Mined) -> None:
        """Writes into the journal what a `wait` without `record` has left: how it ended, if it is final."""
        if mined.final:
            self._follower.record(mined)

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

    def replace(self, sent: Sent | bytes, fees: Fees | None = None) -> Sent:
        """The same call at the same nonce for a higher fee: the policy's, or `fees`, within its ceilings.

        Either may be mined; `wait` on either tells. Raises NotSent when it is mined already, when the
        ceilings leave no room, or the node refuses it (what was sent before stays); StillPending when it
        was recorded but the node's answer is unknown; NodeError.
        """
        return self._replacer.replace(self._entry(sent).nonce, fees)

    def cancel(self, sent: Sent | bytes, fees: Fees | None = None) -> Sent:
        """An empty transaction to itself at the same nonce for a higher fee, in the hope that it is mined
        instead: then `wait` raises Cancelled, and otherwise returns what was mined after all.

        Raises as `replace`.
        """
        return self._replacer.cancel(self._entry(sent).nonce, fees)

    def resume(self) -> list[Resumed]:
        """After a restart, or Dropped or ReorgedOut: look for each unfinished transaction's receipt and
        send the same bytes again where there is none, of several under one nonce the newest. Outcomes are
        left for `wait` to conclude.

        Raises NodeError.
        """
        with self.journal.lock():
            return self._broadcaster.resume()

    def tend(self) -> list[TransactionError]:
        """`resume`, and replace the key's next transaction if it is stuck (`FeePolicy`). Call it regularly.

        Returns what needs a person: NotSent for bytes that the node refuses, Stuck for a fee that may
        not be raised further. Raises NodeError, and WrongChain if the node now serves another chain.
        """
        self.client.check_chain()
        with self.journal.lock():
            return self._replacer.tend()

    # --- allocate and sign: under the lock -----------------------------------------------------------

    def _allocate(self) -> int:
        """The next nonce. A node that counts fewer than the journal lags, or has lost transactions, which
        it is sent again; one that counts more shows that another hand used the key.

        The node isn't asked when all that was recorded is final and the last of it was seen by this
        object: it can't count fewer then, and if it counts more, the broadcast finds out.
        """
        waiting, wanted = self.journal.position()
        if len(waiting) >= self._max_in_flight:
            raise NotSent(
                f"{len(waiting)} transactions of {self.address} have no outcome yet, as many as allowed; "
                "wait for them",
                waiting=len(waiting),
            )
        if wanted is not None and wanted == self._next and not waiting:
            return wanted
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
                self._follower.require_not_replaced(entry)
        return counted

    def _broadcast_lost(self, counted: int) -> None:
        lost = {entry.nonce for entry in self.journal.unfinished() if entry.nonce >= counted}
        for nonce in sorted(lost):
            entry = newest(self.journal.attempts(nonce))
            try:
                self._broadcaster.broadcast(entry)
            except Replaced:
                self._follower.require_not_replaced(entry)
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

    def _usual_fees(self) -> Fees:
        """What a new transaction offers; asked again after a few seconds, in which the base fee, of which
        twice is offered, can't double.
        """
        now = time.monotonic()
        if self._quoted is None or now - self._quoted[0] > _QUOTE_SECONDS:
            self._quoted = now, self.fees.quote(self.client)
        return self._quoted[1]

    def _entry(self, sent: Sent | bytes) -> JournalEntry:
        tx_hash = sent.hash if isinstance(sent, Sent) else sent
        known = (entry for entry in tuple(self._recorded) if entry.hash == tx_hash)
        entry = next(known, None) or self.journal.find(tx_hash)
        if entry is None:
            raise InvalidInput(
                f"transaction {to_hex(tx_hash)} is not in this journal; ask the sender that sent it"
            )
        return entry
