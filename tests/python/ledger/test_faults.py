"""The database goes away, fills up or is held by somebody else: nothing is half-written, nothing is lost."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from support.databases import Databases, run_sql
from support.ledgers import CHECKER, TREASURER, WORKER, Fixture, address, dollars
from support.postgres import CommitCutter, Postgres

from toolkit.errors import IllegalTransition, LedgerError, LedgerUnreachable
from toolkit.ledger import Ledger, MintOrder, OrderKind, Role, State, store
from toolkit.ledger.errors import FundsAlreadyMatched, LedgerBusy, LedgerFull
from toolkit.ledger.records import Lease

T = TypeVar("T")

PATH = (State.APPROVED, State.SUBMITTED, State.MINED, State.SETTLED)


# The connection is lost at a commit


@pytest.fixture
def cutter(postgres_databases: Databases) -> Iterator[CommitCutter]:
    cutter = CommitCutter(postgres_databases.ledger())
    yield cutter
    cutter.close()


def _until_known(action: Callable[[], T], done: Callable[[], T | None]) -> T:
    """What a caller does: after a lost connection it reads what is there before it does anything again."""
    for _ in range(3):
        try:
            return action()
        except LedgerUnreachable:
            found = done()
            if found is not None:
                return found
    raise AssertionError("the ledger stayed away")


def _life(desk: Fixture) -> MintOrder:
    """An order from request to settlement, by somebody who reads after every failure."""
    ledger = desk.ledger
    order = _until_known(lambda: desk.mint("key"), lambda: None)  # the key makes it safe to ask again
    receive: Callable[[], Any] = lambda: ledger.funds.receive(  # noqa: E731
        "line", amount=dollars("100.00"), payer_matches=True, value_date=desk.clock.now().date()
    )
    _until_known(receive, lambda: None)

    def reached(state: State) -> MintOrder | None:
        found = ledger.orders.get(order.id)
        assert isinstance(found, MintOrder)
        return found if found.state is state else None

    _until_known(lambda: ledger.funds.match(order.id, "line", actor=TREASURER), lambda: reached(State.FUNDED))
    for state in PATH:
        actor, role = (CHECKER, Role.CHECKER) if state is State.APPROVED else (WORKER, Role.OPERATOR)
        _until_known(
            lambda to=state, actor=actor, role=role: ledger.orders.step(order.id, to, actor=actor, role=role),  # type: ignore[misc]
            lambda to=state: reached(to),  # type: ignore[misc]
        )
    return order


@pytest.mark.parametrize("lost", ["request", "answer"])
def test_a_connection_lost_at_each_commit(cutter: CommitCutter, lost: str) -> None:
    desk = Fixture(cutter.url)
    before = cutter.commits
    _life(desk)
    commits = cutter.commits - before
    head = desk.ledger.head().seq
    desk.ledger.close()
    assert commits >= 7
    for place in range(1, 8):
        again = Fixture.__new__(Fixture)
        again.__dict__.update(vars(desk), ledger=Ledger.open(cutter.url, clock=desk.clock))
        run_sql(cutter.url, "DELETE FROM order_events")
        run_sql(cutter.url, "UPDATE event_head SET seq = 0, hash = :genesis", genesis="0" * 64)
        for table in ("idempotency_keys", "funds_receipts", "orders"):
            run_sql(cutter.url, f"DELETE FROM {table}")
        cutter.lose(lost, at=place)
        order = _life(again)
        assert again.ledger.orders.get(order.id).state is State.SETTLED
        assert [step.to_state for step in again.ledger.history(order.id)] == [
            State.REQUESTED,
            State.FUNDED,
            *PATH,
        ]
        assert again.ledger.verify().seq == head
        again.ledger.close()
    assert cutter.cuts == 7


def test_a_backend_that_is_ended_in_the_middle_of_a_step(
    postgres: Postgres, postgres_databases: Databases
) -> None:
    desk = Fixture(postgres_databases.ledger())
    order = desk.mint()

    def work() -> None:
        with desk.ledger.transaction() as tx:
            tx.orders.step(
                order.id, State.ON_HOLD, actor=WORKER, role=Role.OPERATOR, reason="the line goes now"
            )
            ended = postgres.admin(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{sa.make_url(desk.url).database}' AND state = 'idle in transaction'"
            )
            assert ended == [(True,)]

    with pytest.raises(LedgerUnreachable):
        work()
    assert desk.ledger.orders.get(order.id) == order
    assert desk.ledger.verify().seq == 1
    desk.take(order.id, State.ON_HOLD)
    desk.ledger.close()


def test_a_connection_that_broke_while_it_lay_idle_is_replaced(
    postgres: Postgres, postgres_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk = Fixture(postgres_databases.ledger())
    order = desk.mint()

    def end_backends() -> None:
        name = sa.make_url(desk.url).database
        ended = postgres.admin(
            f"SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = '{name}'"
        )
        assert ended == [(True,)]

    monkeypatch.setattr(store, "_TRUSTED_SECONDS", 0.0)
    for ask in (desk.ledger.orders.find, lambda: (desk.ledger.orders.get(order.id),)):
        end_backends()
        assert ask() == (order,), "whoever was away for a while hears nothing of it"

    monkeypatch.setattr(store, "_TRUSTED_SECONDS", 3600.0)
    end_backends()
    with pytest.raises(LedgerUnreachable):
        desk.ledger.orders.find()
    assert desk.ledger.orders.find() == (order,)
    end_backends()
    with pytest.raises(LedgerUnreachable):
        desk.ledger.lanes.release(Lease("0x", "nobody", 1))
    desk.ledger.lanes.release(Lease("0x", "nobody", 1))
    desk.ledger.verify()
    desk.ledger.close()


# No room


def test_a_full_disk_leaves_whole_transactions_only(sqlite_databases: Databases) -> None:
    desk = Fixture(sqlite_databases.ledger())
    engine = desk.ledger._store.engine

    def limit(connection: Any, pages: int) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

    with engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    listener = event.listens_for(engine, "begin")(lambda connection: limit(connection, pages + 4))
    asked = 0

    def fill() -> None:
        nonlocal asked
        while True:
            desk.mint(f"key-{asked}")
            asked += 1

    with pytest.raises(LedgerFull, match="no room left") as refused:
        fill()
    assert refused.value.retryable
    assert len(desk.ledger.orders.find()) == asked
    assert desk.ledger.verify().seq == asked
    event.remove(engine, "begin", listener)
    event.listen(engine, "begin", lambda connection: limit(connection, 2**30))
    assert desk.mint(f"key-{asked}").number == asked + 1
    desk.ledger.verify()
    desk.ledger.close()


CHILD = """
import resource, sys
from support.ledgers import Fixture
from toolkit.errors import LedgerUnreachable
from toolkit.ledger import Ledger
desk = Fixture.__new__(Fixture)
desk.ledger = Ledger.open(sys.argv[1])
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[2]), resource.RLIM_INFINITY))
asked = 0
try:
    while True:
        desk.mint(f"key-{asked}")
        asked += 1
except LedgerUnreachable as error:
    print(asked, type(error).__name__, flush=True)
"""


def test_a_write_that_the_system_cuts_short(sqlite_databases: Databases) -> None:
    """The write-ahead log may grow no further: the write fails half-way, as on a full disk."""
    desk = Fixture(sqlite_databases.ledger())
    desk.ledger.close()
    size = Path(desk.url.removeprefix("sqlite:///")).stat().st_size
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY
    tests = Path(__file__).parents[1]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, desk.url, str(size)],
        capture_output=True,
        text=True,
        check=True,
        cwd=tests.parents[1],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tests), str(tests.parents[1])])},
    )
    asked, error = done.stdout.split()
    assert (int(asked) > 0, error) == (True, "LedgerUnreachable")
    with Ledger.open(desk.url, clock=desk.clock) as again:
        assert len(again.orders.find()) == again.verify().seq == int(asked)
        desk.ledger = again
        assert desk.mint("afterwards").number == int(asked) + 1
        again.verify()


def test_a_full_disk_of_postgresql(postgres_databases: Databases) -> None:
    desk = Fixture(postgres_databases.ledger())
    order = desk.mint()
    run_sql(
        desk.url,
        "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'could not extend file' USING ERRCODE = 'disk_full'; END $$",
    )
    run_sql(desk.url, "CREATE TRIGGER no_room BEFORE INSERT ON order_events EXECUTE FUNCTION no_room()")
    with pytest.raises(LedgerFull, match="could not extend file"):
        desk.take(order.id, State.ON_HOLD)
    run_sql(desk.url, "DROP TRIGGER no_room ON order_events")
    assert desk.ledger.orders.get(order.id) == order
    desk.take(order.id, State.ON_HOLD)
    desk.ledger.verify()
    desk.ledger.close()


# Two writers


def test_two_workers_claim_different_orders(databases: Databases) -> None:
    """`SKIP LOCKED` on PostgreSQL; on SQLite the second writer waits for the first to end."""
    desk = Fixture(databases.ledger())
    ids = [desk.mint(f"key-{place}").id for place in range(4)]
    second = Ledger.open(desk.url, clock=desk.clock)
    claimed: list[list[str]] = []
    first_has, second_has = threading.Event(), threading.Event()

    def work(ledger: Ledger) -> None:
        with ledger.transaction() as tx:
            mine = [order.id for order in tx.orders.claim(OrderKind.MINT, State.REQUESTED, 2)]
            claimed.append(mine)
            if ledger is desk.ledger:
                first_has.set()
                # PostgreSQL lets the second one pass meanwhile; SQLite does once this has ended.
                second_has.wait(0.3)
            else:
                second_has.set()
            tx.orders.step_many(mine, State.ON_HOLD, actor=WORKER, role=Role.OPERATOR, reason="claimed")

    thread = threading.Thread(target=work, args=(desk.ledger,))
    thread.start()
    first_has.wait()
    work(second)
    thread.join()
    assert sorted(claimed[0] + claimed[1]) == sorted(ids)
    assert claimed[0] == ids[:2]
    assert desk.ledger.verify().seq == 8
    second.close()
    desk.ledger.close()


def test_a_deadlock_undoes_one_of_two_and_says_so(postgres_databases: Databases) -> None:
    desk = Fixture(postgres_databases.ledger())
    ids = [desk.mint(f"key-{place}").id for place in range(2)]
    barrier = threading.Barrier(2)
    outcomes: list[Any] = []

    def work(mine: str, other: str) -> None:
        try:
            with desk.ledger.transaction() as tx:
                tx.orders.claim(OrderKind.MINT, State.REQUESTED, 1)
                barrier.wait()
                for order_id in (mine, other):
                    tx.orders.step(
                        order_id, State.ON_HOLD, actor=WORKER, role=Role.OPERATOR, reason="both at once"
                    )
            outcomes.append("done")
        except (LedgerBusy, IllegalTransition) as error:
            outcomes.append(error)

    threads = [threading.Thread(target=work, args=pair) for pair in (ids, ids[::-1])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    busy = [outcome for outcome in outcomes if isinstance(outcome, LedgerBusy)]
    assert outcomes.count("done") == 1
    assert len(busy) == 1
    assert busy[0].retryable
    assert [desk.ledger.orders.get(order_id).state for order_id in ids] == [State.ON_HOLD] * 2
    assert desk.ledger.verify().seq == 4
    desk.ledger.close()


def test_a_lock_is_not_waited_for_for_ever(postgres_databases: Databases) -> None:
    url = sa.make_url(postgres_databases.ledger()).update_query_dict({"options": "-c lock_timeout=50ms"})
    desk = Fixture(url.render_as_string(hide_password=False))
    order = desk.mint()
    holder = Ledger.open(desk.url, clock=desk.clock)
    with holder.transaction() as tx:
        tx.orders.claim(OrderKind.MINT, State.REQUESTED, 1)
        with pytest.raises(LedgerBusy, match="lock timeout"):
            _in_another_thread(lambda: desk.take(order.id, State.ON_HOLD))
    desk.take(order.id, State.ON_HOLD)
    holder.close()
    desk.ledger.close()


def test_what_two_add_at_once_one_has_added_when_the_other_begins_again(
    postgres_databases: Databases,
) -> None:
    """Each has looked, and found nothing. On SQLite the second looks once the first has ended."""
    desk = Fixture(postgres_databases.ledger())
    lane = {"address": address(400), "name": "operator-1", "purpose": "operator"}
    other = Ledger.open(desk.url, clock=desk.clock)
    results: list[Any] = []

    def add() -> None:
        try:
            results.append(other.lanes.add(**lane))
        except LedgerBusy as error:
            results.append(error)

    with desk.ledger.transaction() as tx:
        added = tx.lanes.add(**lane)
        thread = threading.Thread(target=add)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    [busy] = results
    assert isinstance(busy, LedgerBusy)
    assert busy.retryable
    assert other.lanes.add(**lane) == added
    other.close()
    desk.ledger.close()


def test_a_place_in_the_chain_that_is_taken_is_not_something_to_try_again(
    postgres_databases: Databases,
) -> None:
    """Its end was moved back by hand: whoever begins again meets the same."""
    desk = Fixture(postgres_databases.ledger())
    desk.mint("a")
    run_sql(desk.url, "UPDATE event_head SET seq = 0")
    with pytest.raises(LedgerError) as failure:
        desk.mint("b")
    assert type(failure.value) is LedgerError
    assert not failure.value.retryable
    desk.ledger.close()


def test_two_who_change_a_persons_roles_at_once_do_not_add_them_up(postgres_databases: Databases) -> None:
    """Either may hold, and never both: a treasurer who approves."""
    desk = Fixture(postgres_databases.ledger())
    other = Ledger.open(desk.url, clock=desk.clock)
    desk.ledger.persons.add("person", label="Person", roles=[Role.MAKER])
    with desk.ledger.transaction() as tx:
        tx.persons.set_roles("person", [Role.TREASURER])
        thread = threading.Thread(target=other.persons.set_roles, args=("person", [Role.APPROVER]))
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    assert desk.ledger.persons.get("person").roles == {Role.APPROVER}
    other.close()
    desk.ledger.close()


def _in_another_thread(action: Callable[[], T]) -> T:
    """Runs the action in another thread, as another worker's would."""
    results: list[Any] = []

    def run() -> None:
        try:
            results.append(action())
        except LedgerBusy as error:
            results.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if isinstance(results[0], LedgerBusy):
        raise results[0]
    found: T = results[0]
    return found


def test_money_is_matched_once_whatever_races(databases: Databases) -> None:
    desk = Fixture(databases.ledger())
    orders = [desk.mint(f"key-{place}") for place in range(4)]
    line = desk.receive("100.00")
    barrier = threading.Barrier(4)
    outcomes: list[str] = []

    def match(order: MintOrder) -> None:
        barrier.wait()
        try:
            desk.ledger.funds.match(order.id, line, actor=TREASURER)
            outcomes.append("matched")
        except FundsAlreadyMatched:
            outcomes.append("refused")

    threads = [threading.Thread(target=match, args=(order,)) for order in orders]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["matched", "refused", "refused", "refused"]
    assert desk.ledger.funds.get(line).order_id in {order.id for order in orders}
    desk.ledger.verify()
    desk.ledger.close()
