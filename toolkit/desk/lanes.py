"""The desk's sending keys: each a lane, leased while it is used; what is sent is in the ledger before it
leaves.
"""

from __future__ import annotations

import os
import socket
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import RLock
from typing import TYPE_CHECKING

from toolkit.chain.fees import FeePolicy
from toolkit.chain.journal import JournalEntry
from toolkit.chain.sender import Mined, Sender, Sent
from toolkit.desk.context import DeskContext
from toolkit.errors import ConfigurationError, LaneBusy, NodeStalled, ToolkitError
from toolkit.ledger.transactions import RECORDED

if TYPE_CHECKING:
    from toolkit.chain.calls import Call, EventExpectation
    from toolkit.chain.signers import Signer
    from toolkit.ledger.ledger import Transaction
    from toolkit.ledger.transactions import LaneJournal

__all__ = ["Lane", "Lanes"]

GUARDIAN = "guardian"

_GUARDIANS_PATIENCE = 2.0
_PAUSE = 0.05

Write = Callable[["Transaction", JournalEntry], object]


@dataclass(frozen=True, slots=True)
class Lane:
    """A key and its nonce sequence, for as long as it is leased."""

    sender: Sender
    journal: LaneJournal

    @property
    def address(self) -> str:
        """The account that sends."""
        return self.sender.address

    def send(
        self, call: Call, write: Write | None = None, *, gas: int | None = None, flight_id: str | None = None
    ) -> Sent:
        """Sends `call`; `write` goes into the same ledger transaction as the signed bytes, which are those of
        the flight, if it is known already.

        Raises as `Sender.send`, and LaneLost when another worker took the lane over; nothing was sent then.
        """
        with self.journal.alongside(write, flight_id=flight_id):
            return self.sender.send(call, gas=gas)


class Lanes:
    """A pool of keys for each role; a worker holds as many of them as it uses at once.

    The guardian's keys are nobody else's, so that a freeze never waits behind mints; and where another
    worker has them, it takes one over after two seconds. `patience` (seconds) is how long the others wait
    for a lane that is leased elsewhere. `stall_after` (seconds) is how long a node may mine nothing while
    transactions wait before that is an alarm.

    Raises ConfigurationError if the guardian shares a key.
    """

    def __init__(
        self,
        context: DeskContext,
        fees: FeePolicy | None = None,
        *,
        patience: float = 5.0,
        stall_after: float = 60.0,
    ) -> None:
        self._context = context
        self._fees = fees or FeePolicy()
        self._patience = patience
        self._stall_after = stall_after
        self._lanes: dict[str, Lane] = {}
        self._held: dict[str, int] = {}
        self._threads = RLock()
        self._progress: tuple[int, float] | None = None
        # The random part tells two desks of one process apart.
        self._holder = f"{_process(os.getpid())}:{uuid.uuid4().hex[:12]}"
        _require_guardians_own(context)

    def of(self, address: str) -> Sender | None:
        """The sender with that key, to follow what it sent; None if this desk doesn't hold it."""
        pools = self._context.signers.values()
        signer = next((one for pool in pools for one in pool if one.address == address), None)
        return None if signer is None else self._lane(signer).sender

    @contextmanager
    def lease(self, role: str) -> Iterator[Lane]:
        """A lane of the role for this worker alone, until the block ends; within it, the same again.

        Raises LaneBusy when all are leased to others, ConfigurationError without a key for the role.
        """
        lane = self._acquire(role)
        try:
            yield lane
        finally:
            self._let_go(lane)

    def send(self, role: str, call: Call, write: Write | None = None, *, gas: int | None = None) -> Sent:
        """Sends `call` by a lane of the role. Raises as `lease` and `Lane.send`."""
        with self.lease(role) as lane:
            return lane.send(call, write, gas=gas)

    def execute(self, role: str, call: Call, *expect: EventExpectation) -> Mined:
        """Sends a call that belongs to no order, waits until it is final and believes its events.

        Raises as `lease` and `Sender.execute`.
        """
        with self.lease(role) as lane:
            sent = lane.send(call)
        mined = lane.sender.wait(sent, timeout=self._context.patience.total_seconds())
        for expectation in expect:
            expectation.find(mined.receipt)
        return mined

    @contextmanager
    def vacant(self, address: str) -> Iterator[bool]:
        """Whether no other worker has the lane; if so, none gets it before the block ends."""
        ledger, lane = self._context.ledger, self._lanes.get(address)
        lease = None
        if lane is None or lane.journal.lease is None:
            lease = ledger.lanes.lease([address], holder=self._holder, is_gone=_is_gone)
            if lease is None:
                yield False
                return
        try:
            yield True
        finally:
            if lease is not None:
                ledger.lanes.release(lease)

    def tend(self) -> list[ToolkitError]:
        """Sends again what was recorded and the chain doesn't have, and replaces what is stuck: of every lane
        of this desk that no other worker has.

        Returns what a person should hear of: as `Sender.tend`, and NodeStalled. Raises NodeError.
        """
        alarms: list[ToolkitError] = []
        waiting = 0
        if not self._context.ledger.transactions.find(state=RECORDED):
            return self.rest()
        for lane in self._known():
            unfinished = lane.journal.unfinished()
            if not unfinished:
                continue
            waiting += len(unfinished)
            if self._try([lane]) is not None:
                try:
                    alarms += lane.sender.tend()
                finally:
                    self._let_go(lane)
        stalled = self._stalled(waiting)
        return alarms if stalled is None else [*alarms, stalled]

    def rest(self) -> list[ToolkitError]:
        """In the place of `tend` where nothing waits for an outcome: then the node may rest as well."""
        self._progress = None
        return []

    def release(self) -> None:
        """Gives every lane back, at the end of a worker's life."""
        with self._threads:
            self._held.clear()
            for lane in self._lanes.values():
                self._release(lane)

    # ------------------------------------------------------------------------------------------------ leases

    def _acquire(self, role: str) -> Lane:
        lanes = [self._lane(signer, role) for signer in self._context.pool(role)]
        patience = _GUARDIANS_PATIENCE if role == GUARDIAN else self._patience
        deadline = time.monotonic() + patience
        while True:
            late = time.monotonic() >= deadline
            lane = self._try(lanes, take_over=late and role == GUARDIAN)
            if lane is not None:
                return lane
            if late:
                raise LaneBusy(
                    f"every key of the role {role} ({len(lanes)}) was leased to other workers for "
                    f"{patience} s; nothing was sent: try again, or give the role more keys",
                    role=role,
                )
            time.sleep(_PAUSE)

    def _try(self, lanes: Sequence[Lane], *, take_over: bool = False) -> Lane | None:
        """One of the lanes: that which this worker has, or one that is free. Nobody waits here."""
        with self._threads:
            lane = next((lane for lane in lanes if lane.journal.lease is not None), None)
            if lane is None:
                lease = self._context.ledger.lanes.lease(
                    [lane.address for lane in lanes],
                    holder=self._holder,
                    is_gone=_is_gone,
                    take_over=take_over,
                )
                if lease is None:
                    return None
                lane = self._lanes[lease.address]
                lane.journal.lease = lease
            self._held[lane.address] = self._held.get(lane.address, 0) + 1
        return lane

    def _let_go(self, lane: Lane) -> None:
        with self._threads:
            self._held[lane.address] = left = self._held.get(lane.address, 1) - 1
            if left <= 0:
                self._release(lane)

    def _release(self, lane: Lane) -> None:
        lease, lane.journal.lease = lane.journal.lease, None
        if lease is not None:
            self._context.ledger.lanes.release(lease)

    # ------------------------------------------------------------------------------------------------ inside

    def _lane(self, signer: Signer, role: str | None = None) -> Lane:
        with self._threads:
            if signer.address not in self._lanes:
                ledger = self._context.ledger
                if role is not None and all(lane.address != signer.address for lane in ledger.lanes.all()):
                    # A role gets another key in time, and a key may hold several roles.
                    ledger.lanes.add(signer.address, name=f"{role} {signer.address}", purpose=role)
                journal = ledger.journal(signer.address)
                sender = Sender(self._context.client, signer, journal, self._fees)
                self._lanes[signer.address] = Lane(sender, journal)
            return self._lanes[signer.address]

    def _known(self) -> list[Lane]:
        """The lanes in the ledger that this desk has the keys of."""
        known = {lane.address for lane in self._context.ledger.lanes.all()}
        signers = {one.address: one for pool in self._context.signers.values() for one in pool}
        return [self._lane(signer) for address, signer in signers.items() if address in known]

    def _stalled(self, waiting: int) -> NodeStalled | None:
        if waiting == 0:
            self._progress = None
            return None
        head, now = self._context.client.block("latest").number, time.monotonic()
        if self._progress is None or self._progress[0] != head:
            self._progress = head, now
            return None
        idle = now - self._progress[1]
        if idle < self._stall_after:
            return None
        return NodeStalled(
            f"the node answers, and has mined no block for {idle:.0f} s, while {waiting} transactions wait; "
            "look after it, or restart it: what it loses is sent again",
            block=head,
            waiting=waiting,
        )


def _process(pid: int) -> str:
    return f"{socket.gethostname()[:32]}:{pid}"


def _is_gone(holder: str) -> bool:
    """Whether the holder was a process of this machine that has ended: then nobody waits for its lease.

    Mistaken only about another machine of the same name, whose worker then loses its lease, and no more.
    """
    process, _, _ = holder.rpartition(":")
    pid = process.rpartition(":")[2]
    if not pid.isdigit() or process != _process(int(pid)):
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _require_guardians_own(context: DeskContext) -> None:
    guardians = {signer.address for signer in context.signers.get(GUARDIAN, ())}
    for role, pool in context.signers.items():
        shared = guardians & {signer.address for signer in pool}
        if role != GUARDIAN and shared:
            raise ConfigurationError(
                f"the guardian shares the key {min(shared)} with the role {role}: a freeze would wait behind "
                "what that role sends; give the guardian a key of its own",
                role=role,
            )
