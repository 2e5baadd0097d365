"""What became of a transaction, whichever of those under its nonce it is now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

from toolkit.chain.broadcasting import replaced_by
from toolkit.chain.client import Client, Receipt
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import JournalEntry, Outcome, TransactionJournal
from toolkit.chain.node_messages import NodeMessage
from toolkit.chain.nonces import NonceUse, nonce_use
from toolkit.chain.raw_transactions import decode_transaction
from toolkit.chain.sent import Mined, details, name
from toolkit.errors import (
    Cancelled,
    ContractReverted,
    Dropped,
    NodeRejected,
    NonceUnexplained,
    ReorgedOut,
    StillPending,
)

__all__ = ["Follower"]

_UNKNOWN_LOOKS = 3
_FIRST_PAUSE = 0.000_5
_UNHURRIED = 0.05
_LONGEST_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class Follower:
    """Asks a node about the transactions of one journal. It sends nothing."""

    client: Client
    address: str
    journal: TransactionJournal

    def wait(
        self,
        entry: JournalEntry,
        *,
        final: bool,
        timeout: float,
        seen: Mined | None,
        record: bool,
        attempts: Sequence[JournalEntry] = (),
    ) -> Mined:
        """See `Sender.wait`."""
        deadline = time.monotonic() + timeout
        mined_in = seen.receipt.block_hash if seen is not None else None
        unexplained: bool | None = None
        attempts = attempts or self.journal.attempts(entry.nonce) or [entry]
        pause, unknown = _FIRST_PAUSE, 0
        while True:
            receipt = self._receipt(attempts)
            if mined_in is not None and (receipt is None or receipt.block_hash != mined_in):
                raise _reorged(entry, mined_in)
            if receipt is not None:
                mined_in = receipt.block_hash
                mined = self._look(receipt)
                if mined is not None and (mined.final or not final):
                    return self._conclude(entry, attempts, mined, record)
            elif (
                pause <= _UNHURRIED and time.monotonic() + pause <= deadline  # a moment ago it was on its way
            ) or any(self.client.transaction(attempt.hash) is not None for attempt in attempts):
                unknown, unexplained = 0, None
            else:
                unexplained = self._used(entry, attempts, final=final)
                unknown = 0 if unexplained is not None else unknown + 1
                if unknown >= _UNKNOWN_LOOKS and self._receipt(attempts) is None:
                    raise _dropped(entry)
            if time.monotonic() + pause > deadline:
                raise _pending(entry, timeout, mined=receipt is not None, unexplained=bool(unexplained))
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            if pause > _UNHURRIED:  # somebody may have replaced it meanwhile
                attempts = self.journal.attempts(entry.nonce) or [entry]

    def record(self, mined: Mined) -> None:
        """Writes down how a final transaction, and those it superseded, ended."""
        for other in mined.superseded:
            self.journal.finish(other, Outcome.REPLACED)
        succeeded = mined.receipt.succeeded
        self.journal.finish(mined.receipt.tx_hash, Outcome.MINED if succeeded else Outcome.REVERTED)

    def _receipt(self, attempts: Sequence[JournalEntry]) -> Receipt | None:
        for attempt in attempts:
            receipt = self.client.receipt(attempt.hash)
            if receipt is not None:
                return receipt
        return None

    def _look(self, receipt: Receipt) -> Mined | None:
        """None when the receipt's block isn't the chain's block of that number: a reorganisation is under
        way, and the next look will tell.
        """
        finalized = self.client.finalized_block()
        at_head = finalized.number == receipt.block_number
        block = finalized if at_head else self.client.block(receipt.block_number)
        if block.hash != receipt.block_hash:
            return None
        return Mined(receipt, block, final=block.number <= finalized.number)

    def require_not_replaced(self, entry: JournalEntry) -> None:
        """Raises Replaced when another hand's transaction with the nonce is in a final block."""
        block = self.client.finalized_block()
        use = nonce_use(self.client, self.address, entry.nonce, block=block)
        self._compare(entry, self.journal.attempts(entry.nonce), use, final=True)

    def _used(self, entry: JournalEntry, attempts: Sequence[JournalEntry], *, final: bool) -> bool | None:
        """For transactions that the node has forgotten: None while their nonce is unused, True when it is
        used and by what can't be found, else False. Raises Replaced.
        """
        use = nonce_use(self.client, self.address, entry.nonce, block=self.client.block("latest"))
        if not use.used:
            return None
        self._compare(entry, attempts, use, final=final)
        return use.by is None

    def _compare(
        self, entry: JournalEntry, attempts: Sequence[JournalEntry], use: NonceUse, *, final: bool
    ) -> None:
        by = use.by
        if by is None or by.block_number is None or by.hash in {attempt.hash for attempt in attempts}:
            return
        self.client.check_chain()
        settled = self.client.is_final(by.block_number)
        if settled:
            for attempt in attempts:
                self.journal.finish(attempt.hash, Outcome.REPLACED)
        if settled or not final:
            raise replaced_by(entry, by.hash)

    def _conclude(
        self, entry: JournalEntry, attempts: Sequence[JournalEntry], mined: Mined, record: bool
    ) -> Mined:
        receipt = mined.receipt
        cancelled = _is_cancellation(attempts, receipt.tx_hash)
        if mined.final:
            others = tuple(attempt.hash for attempt in attempts if attempt.hash != receipt.tx_hash)
            mined = replace(mined, superseded=others)
            if record or cancelled or not receipt.succeeded:
                self.record(mined)
        if cancelled:
            raise Cancelled(
                f"{name(entry)} was cancelled: {to_hex(receipt.tx_hash)} used its nonce in block "
                f"{receipt.block_number}",
                **details(entry),
                by=to_hex(receipt.tx_hash),
            )
        if not receipt.succeeded:
            raise self._revert_of(entry, mined)
        return mined

    def _revert_of(self, entry: JournalEntry, mined: Mined) -> ContractReverted:
        """Why it reverted, by executing it again: on the state before its block, or, where the node no longer
        has that or an earlier transaction of the block mattered, on the state after it.
        """
        receipt = mined.receipt
        error: ContractReverted | None = None
        transaction = self.client.transaction(receipt.tx_hash)
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
                f"{name(entry)} reverted in block {receipt.block_number}, "
                + (
                    f"having used all its gas ({receipt.gas_used}); send it with more"
                    if ran_out
                    else "and does not when executed again: what it depends on has changed since"
                )
            )
        error.details.update(
            details(entry), tx_hash=to_hex(receipt.tx_hash), block_number=receipt.block_number
        )
        return error


def _is_cancellation(attempts: Sequence[JournalEntry], mined: bytes) -> bool:
    """Whether what was mined only used up the nonce, in place of one that did more."""
    if len(attempts) == 1:
        return False
    empty = {
        attempt.hash: decode_transaction(attempt.raw).is_cancellation_by(attempt.sender)
        for attempt in attempts
    }
    return empty.get(mined, False) and not all(empty.values())


def _dropped(entry: JournalEntry) -> Dropped:
    return Dropped(
        f"{name(entry)} is not known to the node and its nonce is unused; send the same "
        "bytes again with resume()",
        **details(entry),
    )


def _pending(entry: JournalEntry, timeout: float, *, mined: bool, unexplained: bool) -> StillPending:
    if unexplained:
        return NonceUnexplained(
            f"the nonce of {name(entry)} is used, and neither it nor another transaction of "
            f"{entry.sender} with that nonce can be found; ask another node, send nothing in its place",
            **details(entry),
        )
    return StillPending(
        f"{name(entry)} is {'mined, not final,' if mined else 'not mined'} after {timeout} s; "
        "ask again later, never send another in its place",
        **details(entry),
    )


def _reorged(entry: JournalEntry, block_hash: bytes) -> ReorgedOut:
    return ReorgedOut(
        f"{name(entry)} was in block {to_hex(block_hash)}, which is not part of the chain any more; "
        "resume() sends it again where needed, then wait",
        **details(entry),
    )
