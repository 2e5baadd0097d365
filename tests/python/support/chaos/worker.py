"""A worker of the campaign: a process that runs the desk until it is idle, and meets its own faults.

What a desk waits for is shortened, so that a schedule takes seconds: requests, leases and lanes by some
sixty times. Nothing else of the product is changed.
"""

from __future__ import annotations

import importlib
import os
import resource
import signal
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from typing import Any

import sqlalchemy as sa
from support.chaos.plan import STEPS
from support.desks import TREASURER

import toolkit.chain.following
import toolkit.desk.lanes
import toolkit.ledger.lanes
from toolkit.chain.finality import Finality
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.deployment import DeploymentRecord
from toolkit.desk import Desk
from toolkit.desk.clock import ChainClock
from toolkit.desk.mint_pass import FlightLimits
from toolkit.errors import InvalidInput, LedgerError, ToolkitError
from toolkit.issuance import Issuance, connect
from toolkit.ledger import State

LEASE = timedelta(seconds=0.5)
TREASURER_KEY, GUARDIAN_KEY = 4, 9

_MISTAKES = (LedgerError, InvalidInput)
"""What no fault may bring about: the database refused what the toolkit wrote, or the desk asked for what
can't be. Not their subclasses, each of which says what to do.
"""
_OFTEN = 3
"""How often in a row what another writer is said to have added first may be met again."""


@dataclass(frozen=True)
class Job:
    """What a worker is told. `room` is how many bytes its files may have; `jumps` say at which reading of the
    clock it jumps by how many seconds.
    """

    rpc: str
    ledger: str
    record: DeploymentRecord
    operators: tuple[int, ...]
    limit: int
    depth: int
    patience: float = 0.4
    timeout: float = 0.5
    step: tuple[str, int] | None = None
    room: int | None = None
    jumps: tuple[tuple[int, int], ...] = ()


def open_desk(job: Job, clock: Any = None) -> Desk:
    """A desk of the campaign."""
    client = connect(job.rpc, chain_id=31337, finality=Finality(depth=job.depth))
    client._transport.timeout = job.timeout
    issuance = Issuance(client, job.record)
    pool: list[LocalSigner] = [dev_signer(index) for index in job.operators]
    try:
        return Desk(
            issuance,
            job.ledger,
            signers={
                "operator": pool,
                "treasurer": dev_signer(TREASURER_KEY),
                "guardian": dev_signer(GUARDIAN_KEY),
            },
            clock=clock or ChainClock(client),
            patience=timedelta(seconds=job.patience),
            limits=FlightLimits(orders=job.limit),
        )
    except BaseException:
        client.close()
        raise


def pay(desk: Desk) -> int:
    """The treasurer: the bank has paid what is burned. How many payments this made."""
    paid = 0
    for order in desk.orders(State.BURNED):
        desk.record_payout(order, payment_reference=f"PAY-{order.id}", by=TREASURER)
        paid += 1
    return paid


def work(job: Job, says: Connection) -> None:
    """The process: passes until two in a row had nothing to do. It says what each met."""
    hasten()
    _die_at(job.step)
    clock = _Jumping(job)
    desk: Desk | None = None
    idle = failures = again = 0
    constraint: str | None = None
    if job.room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (job.room, resource.RLIM_INFINITY))
    while idle < 2:
        try:
            if desk is None:
                clock.client = connect(job.rpc, chain_id=31337)
                desk = open_desk(job, clock)
            report = desk.run()
            paid = pay(desk)
            says.send(("pass", [type(alarm).__name__ for alarm in report.alarms]))
            waits = report.pending or report.waiting or report.changes or paid
            idle = 0 if waits and not _unsigned_only(desk) else idle + 1
            constraint = None
        except ToolkitError as error:
            met = error.details.get("constraint")
            again = again + 1 if met == constraint is not None else 0
            constraint = met
            if type(error) in _MISTAKES or again == _OFTEN:
                says.send(("bug", [traceback.format_exc()]))
                return
            failures += 1
            says.send(("error", [type(error).__name__]))
            if failures == 6:  # somebody has made room
                resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            time.sleep(0.01)
        except BaseException:  # noqa: BLE001 - whatever isn't typed is an anomaly, and is reported as one
            says.send(("bug", [traceback.format_exc()]))
            return
    says.send(("idle", []))


def _unsigned_only(desk: Desk) -> bool:
    """Whether nothing is left that a worker could move."""
    moving = (State.APPROVED, State.SUBMITTED, State.MINED, State.BURNED, State.PAID)
    return not desk.orders(moving)


def hasten() -> None:
    """Leases of half a second, and no long wait for a lane that another worker has, nor between two looks."""
    toolkit.ledger.lanes.LEASE_TIME = LEASE
    toolkit.chain.following._LONGEST_PAUSE = 0.02
    toolkit.desk.lanes.Lanes.__init__.__kwdefaults__["patience"] = 0.2  # type: ignore[index]


class _Jumping:
    """The chain's clock, until it jumps; the machine's clock, by which SQLite's leases go, jumps with it."""

    def __init__(self, job: Job) -> None:
        self.client: Any = None
        self._jumps = dict(job.jumps)
        self._readings = 0
        self._off = timedelta(0)
        if job.jumps:
            original: Callable[[sa.Connection], datetime] = toolkit.ledger.lanes._now
            toolkit.ledger.lanes._now = lambda connection: (
                original(connection) + (self._off if connection.dialect.name == "sqlite" else timedelta(0))
            )

    def now(self) -> datetime:
        self._readings += 1
        self._off += timedelta(seconds=self._jumps.pop(self._readings, 0))
        return datetime.fromtimestamp(self.client.block("pending").timestamp, UTC) + self._off


def _die_at(step: tuple[str, int] | None) -> None:
    if step is None:
        return
    (place, when), left = STEPS[step[0]], [step[1]]
    module, _, path = place.partition(":")

    def count(*_: Any, **__: Any) -> None:
        left[0] -= 1
        if left[0] == 0:
            os.kill(os.getpid(), signal.SIGKILL)

    holder = importlib.import_module(module)
    if when in ("commit", "begin"):
        # The next transaction's beginning is the first thing after a commit.
        sa.event.listen(getattr(holder, path), when, count)
        return
    *classes, name = path.split(".")
    for part in classes:
        holder = getattr(holder, part)
    original = getattr(holder, name)

    def wrapped(*args: Any, **kwargs: Any) -> Any:
        if when == "before":
            count()
        result = original(*args, **kwargs)
        if when == "after":
            count()
        return result

    setattr(holder, name, wrapped)
