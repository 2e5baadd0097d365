"""One schedule: workers run into their faults, then one recovers in peace, then the books are compared."""

from __future__ import annotations

import multiprocessing
import os
import queue
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from typing import Any

import sqlalchemy as sa
from support.chaos.oracle import anomalies, counted, trail
from support.chaos.plan import Event, Handicap, Plan
from support.chaos.proxy import CampaignProxy
from support.chaos.worker import Job, open_desk, pay, work
from support.chaos.world import OPERATORS, World
from support.desks import COMPLIANCE
from support.postgres import CommitCutter
from support.proxy import Fault, Schedule

from toolkit.chain.anvil import Anvil
from toolkit.chain.finality import Finality
from toolkit.chain.signers import dev_signer
from toolkit.desk import Desk
from toolkit.errors import ToolkitError
from toolkit.issuance import Issuance, connect
from toolkit.ledger import OrderKind, State

_REQUESTS, _SECONDS = 400, 15.0
"""How long the faults last at most."""

_PASSES = 15
"""In peace, so many passes have to be enough."""

_RESTARTS = 3

_FULL = """
CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF random() < 0.3 THEN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END IF;
  RETURN NULL;
END $$;
CREATE TRIGGER no_room BEFORE INSERT ON order_events FOR EACH STATEMENT EXECUTE FUNCTION no_room()
"""


@dataclass
class Result:
    """What a schedule brought."""

    plan: Plan
    anomalies: list[str] = field(default_factory=list)
    injected: Counter[str] = field(default_factory=Counter)
    orders: Counter[str] = field(default_factory=Counter)
    alarms: Counter[str] = field(default_factory=Counter)
    errors: Counter[str] = field(default_factory=Counter)
    mints: int = 0
    redemptions: int = 0
    trail: list[str] = field(default_factory=list)
    seconds: float = 0.0


def run(world: World, plan: Plan) -> Result:
    """Runs the schedule and says what it found."""
    started = time.monotonic()
    with _Run(world, plan) as schedule:
        schedule.disturb()
        schedule.recover()
        result = schedule.result
    result.seconds = time.monotonic() - started
    return result


class _Run:
    def __init__(self, world: World, plan: Plan) -> None:
        self.world, self.plan = world, plan
        prepared = world.prepared[plan.ledger]
        self.result = Result(plan, mints=prepared.orders, redemptions=prepared.redemptions)
        self._stack = ExitStack()
        self._workers: list[tuple[ForkServerProcess, Connection]] = []
        self._stopped: list[tuple[float, int]] = []
        self._requests: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self._cutter: CommitCutter | None = None
        self._restarts = 0

    def __enter__(self) -> _Run:
        with ExitStack() as stack:
            plan = self.plan
            own = any(item.event is Event.RESTART for item in plan.events)
            self.node: Anvil = stack.enter_context(self.world.chain(own=own))
            self.ledger = stack.enter_context(self.world.ledger(plan.database, plan.ledger))
            due = [(item.request, self._action(item.event, item.value)) for item in plan.events]
            self.proxy = stack.enter_context(CampaignProxy(self.node.rpc_url, due, plan.pace, self.node.mine))
            self.node.mine(plan.depth + 1)  # whatever a reorganisation takes, it is never the world's own
            self.node.set_automine(plan.automine)
            stack.callback(self._end_workers)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    # ------------------------------------------------------------------------------------------ the faults

    def disturb(self) -> None:
        """Workers run until they are idle, or for as long as the faults last."""
        plan = self.plan
        url = self._disturbed_ledger()
        if plan.rate:
            self.proxy.misbehave(
                Schedule(plan.seed, plan.rate, plan.network, late=0.7, delay=0.05, hidden=plan.hidden)
            )
            if Fault.WRONG_CHAIN in plan.network:
                self.proxy.another_chain(times=1)
            if Fault.HIDE_RECEIPT in plan.network:
                self.proxy.hide_receipts(plan.hidden, times=3)
        persons = threading.Thread(target=self._persons)
        persons.start()
        deadline = time.monotonic() + _SECONDS
        for place in range(plan.workers):
            self._start(url, place, first=True)
        while self._workers and self.proxy.requests < _REQUESTS and time.monotonic() < deadline:
            self._wake(time.monotonic())
            self._look_after(url)
            time.sleep(0.005)
        self._end_workers()
        self._requests.put(None)
        persons.join()
        self.proxy.calm()
        for fault, times in self.proxy.injected.items():
            self.result.injected[f"network: {fault}"] += times
        if self._cutter is not None:
            self.result.injected[str(Event.CUT_COMMIT)] += self._cutter.cuts
            self._cutter.close()
        if plan.database == "postgresql" and Handicap.DISK in plan.handicaps:
            self._sql("DROP TRIGGER no_room ON order_events")

    def _disturbed_ledger(self) -> str:
        plan = self.plan
        counted_elsewhere = (Handicap.STEP, Handicap.CLOCK)
        self.result.injected.update(str(item) for item in plan.handicaps if item not in counted_elsewhere)
        if plan.jumps:
            self.result.injected[str(Handicap.CLOCK)] += len(plan.jumps)
        if plan.database != "postgresql":
            return self.ledger
        if Handicap.DISK in plan.handicaps:
            self._sql(_FULL)
        if any(item.event is Event.CUT_COMMIT for item in plan.events):
            self._cutter = CommitCutter(self.ledger)
            return self._cutter.url
        return self.ledger

    def _start(self, url: str, place: int, *, first: bool) -> None:
        plan = self.plan
        keys = OPERATORS if plan.operators == 2 else OPERATORS[:1]
        disk = Handicap.DISK in plan.handicaps and plan.database == "sqlite"
        job = Job(
            rpc=self.proxy.url,
            ledger=url,
            record=self.world.record,
            operators=keys if place == 0 else keys[::-1],
            limit=plan.limit,
            depth=plan.depth,
            step=plan.step if first and place == 0 else None,
            room=plan.room if disk else None,
            jumps=plan.jumps if place == 0 else (),
        )
        receiver, sender = multiprocessing.Pipe(duplex=False)
        process = multiprocessing.get_context("forkserver").Process(target=work, args=(job, sender))
        process.start()
        sender.close()
        self._workers.append((process, receiver))

    def _look_after(self, url: str) -> None:
        """Hears the workers out, and starts one for each that was killed."""
        for process, receiver in list(self._workers):
            self._hear(receiver)
            if process.is_alive():
                continue
            self._hear(receiver)
            process.join()
            self._workers.remove((process, receiver))
            if process.exitcode == -signal.SIGKILL:
                if self.plan.step is not None:
                    self.result.injected[f"{Handicap.STEP}: {self.plan.step[0]}"] += 1
                if self._restarts < _RESTARTS:
                    self._restarts += 1
                    self._start(url, len(self._workers), first=False)
            elif process.exitcode != 0:
                self.result.anomalies.append(f"a worker ended with {process.exitcode}")

    def _hear(self, receiver: Connection) -> None:
        with suppress(EOFError, OSError):
            while receiver.poll():
                what, names = receiver.recv()
                if what == "bug":
                    self.result.anomalies.append(f"a mistake of the toolkit's: {names[0]}")
                elif what == "error":
                    self.result.errors.update(names)
                else:
                    self.result.alarms.update(names)

    def _wake(self, now: float) -> None:
        for item in list(self._stopped):
            if item[0] <= now:
                self._stopped.remove(item)
                _signal(item[1], signal.SIGCONT)

    def _end_workers(self) -> None:
        self._wake(float("inf"))
        for process, receiver in self._workers:
            self._hear(receiver)
            process.kill()
            process.join()
            self._hear(receiver)
        self._workers = []

    # --------------------------------------------------------------------- what happens at a certain request

    def _action(self, event: Event, value: float) -> Callable[[], None]:
        def act() -> None:
            if getattr(self, f"_on_{event.name.lower()}")(value):
                self.result.injected[str(event)] += 1

        return act

    def _victim(self) -> int | None:
        alive = [process.pid for process, _ in self._workers if process.is_alive() and process.pid]
        return alive[0] if alive else None

    def _on_kill(self, _: float) -> bool:
        return _signal(self._victim(), signal.SIGKILL)

    def _on_stop(self, seconds: float) -> bool:
        victim = self._victim()
        if not _signal(victim, signal.SIGSTOP):
            return False
        self._stopped.append((time.monotonic() + seconds, victim or 0))
        return True

    def _on_reorg(self, blocks: float) -> bool:
        self.node.reorg(int(blocks))
        return True

    def _on_drop(self, _: float) -> bool:
        waiting = self.node.request("txpool_status")
        self.node.request("anvil_dropAllTransactions")
        return bool(int(waiting["pending"], 16) + int(waiting["queued"], 16))

    def _on_pause(self, requests: float) -> bool:
        self.proxy.mining_from = self.proxy.requests + int(requests)
        return True

    def _on_restart(self, _: float) -> bool:
        self.node.stop()
        self.node.start()
        self.node.set_automine(self.plan.automine)
        self.proxy.target = self.node.rpc_url
        return True

    def _on_backends(self, _: float) -> bool:
        name = sa.make_url(self.ledger).database
        ended = self.world.postgres.admin(  # type: ignore[union-attr]
            f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        return bool(ended)

    def _on_cut_commit(self, at: float) -> bool:
        if self._cutter is not None:
            self._cutter.lose("request" if self.proxy.requests % 2 else "answer", at=int(at))
        return False  # counted by the cutter, when it has cut

    def _on_hold(self, _: float) -> bool:
        self._requests.put(self._hold)
        return False  # counted when it is done

    def _persons(self) -> None:
        """What people do meanwhile, one thing after another."""
        while (action := self._requests.get()) is not None:
            try:
                action()
            except ToolkitError as error:
                self.result.errors[f"person: {type(error).__name__}"] += 1

    def _hold(self) -> None:
        with self._desk() as desk:
            approved = desk.orders(State.APPROVED, kind=OrderKind.MINT)
            if approved:
                order = approved[self.plan.seed % len(approved)]
                desk.hold(order, by=COMPLIANCE, reason="as the campaign says")
                self.result.injected[str(Event.HOLD)] += 1

    # ------------------------------------------------------------------------------------------- in peace

    def recover(self) -> None:
        """One worker, no faults: everything comes to its end, and the books agree."""
        plan, node = self.plan, self.node
        node.set_automine(True)
        with self._desk() as desk:
            left: Any = None
            for _ in range(_PASSES):
                node.mine(plan.depth + 1)
                try:
                    report = desk.run()
                    paid = pay(desk)
                except ToolkitError as error:
                    self.result.anomalies.append(f"in peace: {type(error).__name__}: {error}")
                    break
                left = report.to_json()
                if report.unsigned:
                    self._sign_again(desk, list(report.unsigned))
                elif not (report.pending or report.changes or report.waiting or paid):
                    break
            client = connect(node, finality=Finality(depth=0))
            try:
                senders = {dev_signer(index).address for index in (*OPERATORS, 4)}
                coin = Issuance(client, self.world.record)
                found = anomalies(self.world, coin, desk, self.proxy.sent, senders)
            finally:
                client.close()
            if any("stuck" in item for item in found):
                found.append(f"the last pass said: {left}")
            self.result.anomalies += found
            self.result.trail = trail(desk)
            self.result.orders = counted(desk)

    def _sign_again(self, desk: Desk, order_ids: list[str]) -> None:
        orders = [desk.order(order_id) for order_id in order_ids]
        mints = [order for order in orders if order.kind is OrderKind.MINT]
        if mints:
            desk.approve(mints, dev_signer(2))
        for order in orders:
            if order.kind is OrderKind.REDEMPTION:
                desk.approve_redemption(order, dev_signer(2))

    def _desk(self) -> Desk:
        """A desk of people, or of the worker that recovers: it meets no fault of the database."""
        plan = self.plan
        return open_desk(
            Job(
                rpc=self.proxy.url,
                ledger=self.ledger,
                record=self.world.record,
                operators=OPERATORS,
                limit=plan.limit,
                depth=plan.depth,
                patience=1.0,
                timeout=20.0,
            )
        )

    def _sql(self, statements: str) -> None:
        engine = sa.create_engine(self.ledger)
        with engine.begin() as connection:
            connection.exec_driver_sql(statements)
        engine.dispose()


def _signal(pid: int | None, what: signal.Signals) -> bool:
    if pid is None:
        return False
    try:
        os.kill(pid, what)
    except ProcessLookupError:
        return False
    return True
