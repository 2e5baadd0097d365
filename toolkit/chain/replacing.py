"""Another transaction under a nonce that is taken: the same call for a higher fee, or nothing at all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from toolkit.chain.broadcasting import Broadcaster, newest
from toolkit.chain.calls import Call
from toolkit.chain.fees import FeePolicy, Fees
from toolkit.chain.journal import JournalEntry
from toolkit.chain.node_messages import NodeMessage
from toolkit.chain.raw_transactions import RawTransaction, decode_transaction
from toolkit.chain.sent import Resumed, ResumeState, Sent, details, name
from toolkit.errors import LaneLost, NotSent, Replaced, StillPending, Stuck, TransactionError

__all__ = ["Replacer"]

_PLAIN_GAS = 21_000

Sign = Callable[[Call, int, int, Fees], JournalEntry]


@dataclass(slots=True)
class Replacer:
    """Replaces what `broadcaster`'s journal holds, under the journal's lock, each recorded before it is sent.

    `sign` makes an entry of a call, a nonce, gas and fees.
    """

    broadcaster: Broadcaster
    policy: FeePolicy
    sign: Sign
    _waiting: dict[int, int] = field(default_factory=dict)

    def replace(self, nonce: int, fees: Fees | None) -> Sent:
        """See `Sender.replace`."""

        def same(first: RawTransaction, entry: JournalEntry) -> tuple[Call, int]:
            return first.call(entry.description), first.gas

        return self._supersede(nonce, fees, same)

    def cancel(self, nonce: int, fees: Fees | None) -> Sent:
        """See `Sender.cancel`."""

        def nothing(_: RawTransaction, entry: JournalEntry) -> tuple[Call, int]:
            return Call(entry.sender, b"", 0, f"cancel: {entry.description}"), _PLAIN_GAS

        return self._supersede(nonce, fees, nothing)

    def tend(self) -> list[TransactionError]:
        """See `Sender.tend`."""
        alarms: list[TransactionError] = []
        waiting: list[Resumed] = []
        for item in self.broadcaster.resume():
            if item.state is ResumeState.SENT or _is_cheap(item):
                waiting.append(item)
            elif item.state is ResumeState.REFUSED and item.error is not None:
                alarms.append(item.error)
        if not waiting:
            self._waiting.clear()
            return alarms
        # Only the key's next transaction may be stuck: the others wait behind it.
        if self._is_stuck(waiting[0]):
            alarms += self._raise_fee(waiting[0].sent.nonce)
        return alarms

    def _is_stuck(self, oldest: Resumed) -> bool:
        """Counted in blocks that this process saw go by, so that no clock can make it true."""
        head = self.broadcaster.client.block("latest").number
        nonce = oldest.sent.nonce
        since = self._waiting.get(nonce, head)
        self._waiting.clear()
        self._waiting[nonce] = min(since, head)
        return head - self._waiting[nonce] >= self.policy.stuck_blocks

    def _raise_fee(self, nonce: int) -> list[TransactionError]:
        journal = self.broadcaster.journal
        before = newest(journal.attempts(nonce))
        try:
            if decode_transaction(before.raw).is_cancellation_by(before.sender):
                self.cancel(nonce, None)
            else:
                self.replace(nonce, None)
        except LaneLost:
            return []  # whoever has the lane now tends it
        except NotSent as error:
            if self._mined(journal.attempts(nonce)) is not None:
                return []
            waits = f"{name(before)} waits for {self.policy.stuck_blocks} blocks and more"
            return [Stuck(f"{waits}, and its fee is not raised: {error.message}", **details(before))]
        except StillPending:
            pass  # recorded: the next pass sends it again
        self._waiting.clear()
        return []

    def _supersede(
        self,
        nonce: int,
        fees: Fees | None,
        by: Callable[[RawTransaction, JournalEntry], tuple[Call, int]],
    ) -> Sent:
        broadcaster = self.broadcaster
        with broadcaster.journal.lock():
            attempts = broadcaster.journal.attempts(nonce)
            self._require_waiting(nonce, attempts)
            before = decode_transaction(newest(attempts).raw)
            offered = fees or self.policy.raised(before.fees, self.policy.quote(broadcaster.client))
            self.policy.check_raised(before.fees, offered)
            call, gas = by(*_first(attempts))
            entry = self.sign(call, nonce, gas, offered)
            broadcaster.journal.record(entry)
            # Where the nonce is used by now, `wait` on any of its transactions says by what.
            with suppress(Replaced):
                broadcaster.first(entry)
        return Sent(entry.hash, nonce)

    def _require_waiting(self, nonce: int, attempts: Sequence[JournalEntry]) -> None:
        if not attempts:
            raise NotSent(f"no transaction of nonce {nonce} is under way in this journal", nonce=nonce)
        mined = self._mined(attempts)
        if mined is not None:
            raise NotSent(
                f"{name(mined)} is mined: there is nothing left to replace or to cancel", **details(mined)
            )

    def _mined(self, attempts: Sequence[JournalEntry]) -> JournalEntry | None:
        client = self.broadcaster.client
        return next((item for item in attempts if client.receipt(item.hash) is not None), None)


def _is_cheap(item: Resumed) -> bool:
    """Refused for its fee, which is what a replacement mends. (Anvil says so of what it has in its pool.)"""
    return item.error is not None and item.error.details.get("kind") is NodeMessage.FEE_TOO_LOW


def _first(attempts: Sequence[JournalEntry]) -> tuple[RawTransaction, JournalEntry]:
    """What the nonce was taken for."""
    decoded = [(decode_transaction(attempt.raw), attempt) for attempt in attempts]
    calls = [pair for pair in decoded if not pair[0].is_cancellation_by(pair[1].sender)]
    return (calls or decoded)[0]
