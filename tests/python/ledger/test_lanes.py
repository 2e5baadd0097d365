"""Lanes, their leases, and the journal of the transactions that were signed for them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from support.ledgers import WORKER, Fixture, address, hash32

from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import JournalEntry, Outcome, TransactionJournal
from toolkit.errors import InvalidInput, LaneLost, LedgerError
from toolkit.ledger import Deployment, Ledger, Role, State
from toolkit.ledger.errors import NotFound, StaleLedger, WalletTaken
from toolkit.ledger.lanes import LEASE_TIME
from toolkit.ledger.records import Lease
from toolkit.ledger.transactions import LaneJournal

LANE, OTHER = address(400), address(401)


def test_a_lane_is_one_key(desk: Fixture) -> None:
    lane = desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint")
    assert desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint") == lane
    for other, name in ((LANE, "mint-2"), (address(401), "mint-1")):
        with pytest.raises(WalletTaken, match="lane mint-1 is"):
            desk.ledger.lanes.add(other, name=name, purpose="mint")
    assert desk.ledger.lanes.all() == (lane,)


# Leases


@pytest.fixture
def pool(desk: Fixture) -> Fixture:
    desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint")
    desk.ledger.lanes.add(OTHER, name="mint-2", purpose="mint")
    return desk


def leased_until(desk: Fixture, until: datetime) -> None:
    """As if the clock had jumped: only the distance to it counts."""
    with desk.ledger._store.writing() as connection:
        connection.execute(
            sa.text("UPDATE lanes SET leased_until = :until WHERE address = :lane").bindparams(
                sa.bindparam("until", until, sa.DateTime(timezone=True)), lane=LANE
            )
        )


def lease(desk: Fixture, holder: str, *lanes: str, take_over: bool = False) -> Lease | None:
    return desk.ledger.lanes.lease(lanes or [LANE], holder=holder, take_over=take_over)


def test_each_lane_of_a_pool_is_leased_to_one_worker(pool: Fixture) -> None:
    first, second = (lease(pool, holder, LANE, OTHER) for holder in ("one", "two"))
    assert (first, second) == (Lease(LANE, "one", 1), Lease(OTHER, "two", 1))
    assert lease(pool, "three", LANE, OTHER) is None
    assert lease(pool, "one", LANE) == Lease(LANE, "one", 2), "its own, again"
    pool.ledger.lanes.release(Lease(OTHER, "two", 1))
    assert lease(pool, "three", LANE, OTHER) == Lease(OTHER, "three", 2), "the fence never falls"
    assert lease(pool, "three", address(499)) is None


def test_a_lease_that_ran_out_is_taken_and_its_holder_notices(pool: Fixture) -> None:
    pool.ledger.bind(Deployment(31337, address(77), "0xaa"))
    old = pool.ledger.journal(LANE, lease(pool, "old"))
    old.record(entry(0))
    leased_until(pool, datetime.now(UTC) - timedelta(seconds=1))
    old.record(entry(1))  # nobody wanted it meanwhile
    assert lease(pool, "new") is None, "recording prolonged it"
    leased_until(pool, datetime.now(UTC) - timedelta(seconds=1))
    new = pool.ledger.journal(LANE, lease(pool, "new"))
    with pytest.raises(LaneLost, match="taken over by another worker"):
        old.record(entry(2))
    with pytest.raises(LaneLost, match="not leased by this worker"):
        old.record(entry(2))
    assert [item.nonce for item in new.unfinished()] == [0, 1]
    new.record(entry(2))
    assert old.find(entry(2).hash) == entry(2)


def test_a_fenced_worker_undoes_nothing_and_frees_no_nonce(pool: Fixture) -> None:
    pool.ledger.bind(Deployment(31337, address(77), "0xaa"))
    old = pool.ledger.journal(LANE, lease(pool, "old"))
    old.record(entry(0))
    assert lease(pool, "new", take_over=True) == Lease(LANE, "new", 2)
    written: list[int] = []
    with pytest.raises(LaneLost), old.alongside(lambda tx, found: written.append(found.nonce)):
        old.record(entry(1))
    old.lease = Lease(LANE, "old", 1)
    with pytest.raises(LaneLost):
        old.finish(entry(0).hash, Outcome.REFUSED)
    assert (written, old.next_nonce()) == ([], 1)
    old.finish(entry(0).hash, Outcome.MINED)  # a fact of the chain, whoever saw it
    assert old.unfinished() == []
    pool.ledger.lanes.release(Lease(LANE, "old", 1))
    assert lease(pool, "third") is None, "a lost lease releases nothing"


@pytest.mark.parametrize("jump", [-timedelta(days=3), timedelta(days=3)], ids=["forward", "backward"])
def test_a_clock_that_jumps_costs_the_lease_and_never_the_lane(pool: Fixture, jump: timedelta) -> None:
    """Three days later the lease has long ended; three days earlier it ends later than any can."""
    lease(pool, "old")
    leased_until(pool, datetime.now(UTC) + jump)
    assert lease(pool, "new") == Lease(LANE, "new", 2)
    leased_until(pool, datetime.now(UTC) + LEASE_TIME / 2)
    assert lease(pool, "third") is None


def test_a_ledger_of_the_first_version_is_brought_up_with_its_rows(tmp_path: Path) -> None:
    from alembic import command

    from toolkit.ledger import migrate
    from toolkit.ledger.store import Store

    url = f"sqlite:///{tmp_path / 'old.db'}"
    store = Store(url)
    with store.writing() as connection:
        command.upgrade(migrate._config(connection), "0001")
        connection.execute(
            sa.text(
                "INSERT INTO lanes (address, name, purpose, created_at) "
                "VALUES (:lane, 'mint-1', 'mint', '2026-11-22 04:00:00')"
            ),
            {"lane": LANE},
        )
        connection.execute(
            sa.text(
                "INSERT INTO transactions (hash, lane, nonce, raw, purpose, state, created_at) "
                "VALUES (:hash, :lane, 7, :raw, 'mint', 'recorded', '2026-11-22 04:00:00')"
            ),
            {"hash": hash32(7), "lane": LANE, "raw": b"\x02"},
        )
    store.close()
    Ledger.migrate(url)
    with Ledger.open(url, deployment=Deployment(31337, address(77), "0xaa")) as ledger:
        found = ledger.lanes.lease([LANE], holder="new")
        assert found == Lease(LANE, "new", 1)
        journal = ledger.journal(LANE, found)
        assert [item.nonce for item in journal.unfinished()] == [7]
        journal.record(entry(8))
        assert journal.next_nonce() == 9


# The journal


@pytest.fixture
def journal(desk: Fixture) -> LaneJournal:
    desk.ledger.bind(Deployment(31337, address(77), "0xaa"))
    desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint")
    return desk.ledger.journal(LANE, desk.ledger.lanes.lease([LANE], holder="this worker"))


def entry(nonce: int, *, tx: int | None = None) -> JournalEntry:
    return JournalEntry(31337, LANE, nonce, from_hex(hash32(tx or 100 + nonce)), b"\x02raw", "mint batch")


def test_it_is_a_transaction_journal(journal: LaneJournal) -> None:
    as_protocol: TransactionJournal = journal
    assert as_protocol.next_nonce() is None
    assert as_protocol.unfinished() == []
    with as_protocol.lock(), as_protocol.lock():
        as_protocol.record(entry(1))
        as_protocol.record(entry(0))
    assert as_protocol.unfinished() == [entry(0), entry(1)]
    assert as_protocol.find(entry(1).hash) == entry(1)
    assert as_protocol.find(b"\x09" * 32) is None
    assert as_protocol.next_nonce() == 2
    as_protocol.finish(entry(0).hash, Outcome.MINED)
    as_protocol.finish(entry(0).hash, Outcome.MINED)
    assert as_protocol.unfinished() == [entry(1)]


def test_a_refused_transaction_frees_its_nonce(journal: LaneJournal) -> None:
    journal.record(entry(0))
    journal.finish(entry(0).hash, Outcome.REFUSED)
    assert journal.next_nonce() is None
    journal.record(entry(0))
    assert journal.unfinished() == [entry(0)]


def test_a_replacement_shares_the_nonce_but_a_mined_nonce_is_spent(journal: LaneJournal) -> None:
    journal.record(entry(0))
    journal.record(entry(0, tx=200))
    assert len(journal.unfinished()) == 2
    journal.finish(entry(0, tx=200).hash, Outcome.MINED)
    journal.finish(entry(0).hash, Outcome.REPLACED)
    with pytest.raises(LedgerError, match=r"nonce 0 of lane .* was used by"):
        journal.record(entry(0, tx=201))
    with pytest.raises(LedgerError, match="ended as mined and can't be replaced"):
        journal.finish(entry(0, tx=200).hash, Outcome.REPLACED)


def test_a_replacement_is_the_flight_of_what_it_replaces(desk: Fixture, journal: LaneJournal) -> None:
    flight = desk.ledger.flights.form("mint", LANE, [desk.mint().id])
    journal.record(entry(0))
    desk.ledger.transactions.assign(to_hex(entry(0).hash), flight.id)
    journal.record(entry(0, tx=200))
    assert {item.hash for item in journal.attempts(0)} == {entry(0).hash, entry(0, tx=200).hash}
    assert len(desk.ledger.transactions.find(flight_id=flight.id)) == 2
    journal.finish(entry(0, tx=200).hash, Outcome.REFUSED)
    assert journal.attempts(0) == [entry(0)]


def test_what_the_node_refused_and_is_recorded_again_is_the_new_flights(
    desk: Fixture, journal: LaneJournal
) -> None:
    """The same call under the same nonce and fee is the same bytes."""
    flights = [desk.ledger.flights.form("mint", LANE, [desk.mint(str(number)).id]) for number in range(2)]
    for flight in flights:
        with journal.alongside(lambda *_: None, flight_id=flight.id):
            journal.record(entry(0))
        [record] = desk.ledger.transactions.find(lane=LANE)
        assert (record.state, record.flight_id) == ("recorded", flight.id)
        journal.finish(entry(0).hash, Outcome.REFUSED)
    journal.record(entry(0))  # whose it is isn't forgotten
    with (
        pytest.raises(LedgerError, match="it can't be flight"),
        journal.alongside(None, flight_id=flights[0].id),
    ):
        journal.record(entry(0))
    assert [record.hash for record in desk.ledger.transactions.find(flight_id=flights[1].id)] == [hash32(100)]


def test_the_journal_is_its_lanes_and_its_chains(desk: Fixture, journal: LaneJournal) -> None:
    for wrong in (replace(entry(0), chain_id=1), replace(entry(0), sender=address(401))):
        with pytest.raises(StaleLedger, match="use that lane's journal"):
            journal.record(wrong)
    journal.record(entry(0))
    assert desk.ledger.journal(address(401)).find(entry(0).hash) is None
    assert desk.ledger.journal(address(401)).next_nonce() is None


def test_a_ledger_without_a_deployment_keeps_no_journal(tmp_path: Path) -> None:
    with (
        Ledger.open(f"sqlite:///{tmp_path / 'new.db'}") as ledger,
        pytest.raises(LedgerError, match="bind it"),
    ):
        ledger.journal(LANE)


def test_orders_are_submitted_exactly_when_their_bytes_are_stored(
    desk: Fixture, journal: LaneJournal
) -> None:
    order = desk.mint()
    desk.drive(order.id, State.FUNDED, State.APPROVED)
    flight = desk.ledger.flights.form("mint", LANE, [order.id])

    def submit(tx: Any, recorded: JournalEntry) -> None:
        tx.transactions.assign(to_hex(recorded.hash), flight.id)
        tx.flights.launch(flight.id, nonce=recorded.nonce, order_ids=[order.id])
        tx.orders.step(
            order.id, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, evidence=to_hex(recorded.hash)
        )

    def fail(tx: Any, recorded: JournalEntry) -> None:
        submit(tx, recorded)
        raise RuntimeError("the process dies here")

    with pytest.raises(RuntimeError), journal.alongside(fail):
        journal.record(entry(0))
    assert journal.unfinished() == []
    assert desk.ledger.orders.get(order.id).state is State.APPROVED
    with journal.alongside(submit):
        journal.record(entry(0))
    journal.record(entry(1))
    assert desk.ledger.orders.get(order.id).state is State.SUBMITTED
    assert [found.hash for found in desk.ledger.transactions.find(flight_id=flight.id)] == [hash32(100)]
    assert desk.ledger.history(order.id)[-1].evidence == hash32(100)[2:]


def test_the_block_of_a_transaction_comes_and_goes(desk: Fixture, journal: LaneJournal) -> None:
    journal.record(entry(0))
    placed = desk.ledger.transactions.place(hash32(100), block_number=5, block_hash=hash32(5))
    assert (placed.block_number, placed.block_hash) == (5, hash32(5))
    assert desk.ledger.transactions.place(hash32(100), block_number=None, block_hash=None).block_hash is None
    with pytest.raises(InvalidInput, match="both or neither"):
        desk.ledger.transactions.place(hash32(100), block_number=5, block_hash=None)
    with pytest.raises(NotFound):
        desk.ledger.transactions.get(hash32(5))
