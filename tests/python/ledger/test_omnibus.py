"""Omnibus accounts in the ledger: exact to the base unit, two people, one after another, and recomputable."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.databases import Databases, run_sql
from support.ledgers import CHECKER, COMPLIANCE, MAKER, TREASURER, WORKER, Fixture, address, proof, reference

from toolkit.errors import (
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    LedgerTampered,
    NotAuthorised,
    ToolkitError,
)
from toolkit.ledger import Ledger, Role
from toolkit.ledger.errors import AllocationUneven, NotAnOmnibusWallet, PositionTooSmall
from toolkit.ledger.omnibus_lines import Bucket, Line, Position, apply_lines, split

POOL, TOKEN = address(500), address(600)
ANN, BEN, CAT = reference(11), reference(12), reference(13)
OTHER_OFFICER = "compliance-2"
HASH = "0x" + "ab" * 32
WHOLE = 100_000_001  # 100.000001 of a token with six decimals


class Pool:
    """An omnibus wallet in a filled ledger."""

    def __init__(self, fixture: Fixture) -> None:
        self.fixture = fixture
        self.ledger = fixture.ledger
        self.book = fixture.ledger.omnibus
        with self.ledger.transaction() as tx:
            tx.persons.add(OTHER_OFFICER, label="Another officer", roles=[Role.COMPLIANCE])
            tx.investors.add_wallet(POOL, investor=reference(1), kind="omnibus", proof=proof())

    def allocate(self, parts: dict[str, int], key: str = "first") -> str:
        record = self.book.allocate(POOL, TOKEN, parts, total=sum(parts.values()), key=key, maker=MAKER)
        return self.book.approve(record.id, checker=CHECKER).id

    def held(self) -> dict[str, int]:
        return {position.client: position.held for position in self.book.positions(POOL, TOKEN)}


@pytest.fixture
def pool(desk: Fixture) -> Pool:
    return Pool(desk)


def test_x10_100_000001_across_three_clients_leaves_no_orphan_unit(pool: Pool) -> None:
    parts = split(WHOLE, {ANN: 1, BEN: 1, CAT: 1})
    assert sorted(parts.values()) == [33_333_333, 33_333_334, 33_333_334]
    # Equal remainders: the lower references get the two units that are over.
    assert parts == {ANN: 33_333_334, BEN: 33_333_334, CAT: 33_333_333}
    pool.allocate(parts)
    assert sum(pool.held().values()) == WHOLE
    pool.ledger.verify()


def test_x10_an_allocation_that_leaves_a_unit_over_is_refused(pool: Pool) -> None:
    thirds = dict.fromkeys((ANN, BEN, CAT), WHOLE // 3)
    with pytest.raises(AllocationUneven, match="2 would be left over"):
        pool.book.allocate(POOL, TOKEN, thirds, total=WHOLE, key="uneven", maker=MAKER)
    assert pool.book.positions(POOL, TOKEN) == ()
    assert pool.book.accounts() == ()


@given(
    total=st.integers(min_value=1, max_value=2**112),
    weights=st.dictionaries(
        st.integers(min_value=1, max_value=9999).map(reference),
        st.integers(min_value=1, max_value=2**64),
        min_size=1,
        max_size=12,
    ),
)
def test_a_split_is_exact_and_fair_to_the_unit(total: int, weights: dict[str, int]) -> None:
    parts = split(total, weights)
    assert sum(parts.values()) == total
    base = sum(weights.values())
    assert all(0 <= parts[client] - total * weight // base <= 1 for client, weight in weights.items())
    assert parts == split(total, dict(reversed(weights.items())))


def test_lines_that_do_not_balance_are_refused() -> None:
    with pytest.raises(AllocationUneven, match="leave 1"):
        apply_lines({}, [Line(ANN, Bucket.AVAILABLE, 2), Line("chain", Bucket.AVAILABLE, -1)])


def test_two_people_allocate(pool: Pool) -> None:
    record = pool.book.allocate(POOL, TOKEN, {ANN: 5}, total=5, key="k", maker=MAKER)
    assert (record.state, pool.held()) == ("allocation_pending", {})
    with pytest.raises(NotAuthorised):
        pool.book.approve(record.id, checker=MAKER)
    with pytest.raises(NotAuthorised):
        pool.book.allocate(POOL, TOKEN, {ANN: 5}, total=5, key="k2", maker=CHECKER)
    assert pool.held() == {}
    pool.book.approve(record.id, checker=CHECKER)
    assert pool.held() == {ANN: 5}
    with pytest.raises(IllegalTransition):
        pool.book.approve(record.id, checker=CHECKER)
    assert pool.held() == {ANN: 5}


def test_a_key_is_one_request(pool: Pool) -> None:
    first = pool.book.allocate(POOL, TOKEN, {ANN: 5}, total=5, key="k", maker=MAKER)
    assert pool.book.allocate(POOL, TOKEN, {ANN: 5}, total=5, key="k", maker=MAKER) == first
    with pytest.raises(IdempotencyConflict):
        pool.book.allocate(POOL, TOKEN, {ANN: 6}, total=6, key="k", maker=MAKER)
    with pytest.raises(IdempotencyConflict):
        pool.book.transfer(POOL, TOKEN, ANN, BEN, 5, key="k", maker=MAKER)
    pool.book.approve(first.id, checker=CHECKER)
    assert pool.held() == {ANN: 5}


def test_a_transfer_takes_what_is_available_and_no_more(pool: Pool) -> None:
    pool.allocate({ANN: 10, BEN: 1})
    with pytest.raises(PositionTooSmall, match="has 10 base units available and 11"):
        pool.book.transfer(POOL, TOKEN, ANN, BEN, 11, key="t1", maker=MAKER)
    one = pool.book.transfer(POOL, TOKEN, ANN, BEN, 6, key="t2", maker=MAKER)
    two = pool.book.transfer(POOL, TOKEN, ANN, CAT, 6, key="t3", maker=MAKER)
    pool.book.approve(one.id, checker=CHECKER)
    with pytest.raises(PositionTooSmall):
        pool.book.approve(two.id, checker=CHECKER)
    assert pool.ledger.record_book.get(two.id).state == "allocation_pending", "nothing half done"
    assert pool.held() == {ANN: 4, BEN: 7}
    pool.book.retract(two.id, by=MAKER, role=Role.MAKER, reason="too late")
    assert pool.held() == {ANN: 4, BEN: 7}
    with pytest.raises(InvalidInput):
        pool.book.transfer(POOL, TOKEN, ANN, ANN, 1, key="t4", maker=MAKER)


def test_what_is_no_amount_is_refused(pool: Pool) -> None:
    pool.allocate({ANN: 10})
    for amount in (0, -1, True, 1.5, 2**128):
        with pytest.raises(InvalidInput):
            pool.book.transfer(POOL, TOKEN, ANN, BEN, amount, key="t", maker=MAKER)  # type: ignore[arg-type]
    assert pool.held() == {ANN: 10}


def test_only_an_omnibus_wallet_has_clients(pool: Pool) -> None:
    for wallet in (address(1), address(999)):
        with pytest.raises(NotAnOmnibusWallet):
            pool.book.allocate(wallet, TOKEN, {ANN: 5}, total=5, key="k", maker=MAKER)


def test_what_is_on_its_way_is_no_part_of_the_balance(pool: Pool) -> None:
    flow = pool.book.announce(POOL, TOKEN, ANN, 40, key="in", maker=MAKER)
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, pending_in=40)
    assert pool.held() == {ANN: 0}
    with pytest.raises(NotAuthorised):
        pool.book.settle(flow.id, transaction=HASH, by=MAKER, role=Role.MAKER)
    pool.book.settle(flow.id, transaction=HASH, by=WORKER, role=Role.OPERATOR)
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, available=40)
    with pytest.raises(IllegalTransition):
        pool.book.settle(flow.id, transaction=HASH, by=WORKER, role=Role.OPERATOR)


def test_what_is_to_leave_is_still_there_until_it_left(pool: Pool) -> None:
    pool.allocate({ANN: 10})
    flow = pool.book.reserve(POOL, TOKEN, ANN, 4, key="out", maker=MAKER)
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, available=6, pending_out=4)
    assert pool.held() == {ANN: 10}
    with pytest.raises(PositionTooSmall):
        pool.book.reserve(POOL, TOKEN, ANN, 7, key="more", maker=MAKER)
    pool.book.settle(flow.id, transaction=HASH, by=CHECKER, role=Role.CHECKER)
    assert pool.held() == {ANN: 6}
    other = pool.book.reserve(POOL, TOKEN, ANN, 6, key="rest", maker=MAKER)
    pool.book.retract(other.id, by=CHECKER, role=Role.CHECKER, reason="the client thought again")
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, available=6)
    pool.ledger.verify()


def test_a_lock_holds_one_clients_part_and_nobody_elses(pool: Pool) -> None:
    pool.allocate({ANN: 10, BEN: 20})
    lock = pool.book.lock(POOL, TOKEN, ANN, 7, case="CASE-1", actor=COMPLIANCE)
    assert pool.book.lock(POOL, TOKEN, ANN, 7, case="CASE-1", actor=COMPLIANCE) == lock
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, available=3, locked=7)
    assert pool.book.locked_total(POOL, TOKEN) == 7
    with pytest.raises(PositionTooSmall):
        pool.book.reserve(POOL, TOKEN, ANN, 4, key="o1", maker=MAKER)
    pool.book.reserve(POOL, TOKEN, ANN, 3, key="o2", maker=MAKER)
    pool.book.reserve(POOL, TOKEN, BEN, 20, key="o3", maker=MAKER)
    with pytest.raises(IllegalTransition):
        pool.book.lock(POOL, TOKEN, ANN, 1, case="CASE-1", actor=COMPLIANCE)
    with pytest.raises(NotAuthorised):
        pool.book.lock(POOL, TOKEN, BEN, 1, case="CASE-2", actor=TREASURER)
    with pytest.raises(NotAuthorised, match="another person"):
        pool.book.unlock(POOL, TOKEN, ANN, case="CASE-1", actor=COMPLIANCE)
    pool.book.unlock(POOL, TOKEN, ANN, case="CASE-1", actor=OTHER_OFFICER)
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, available=7, pending_out=3)
    pool.book.lock(POOL, TOKEN, ANN, 2, case="CASE-1", actor=COMPLIANCE)
    assert pool.book.locked_total(POOL, TOKEN) == 2
    pool.ledger.verify()


def test_the_past_is_in_the_journal(pool: Pool) -> None:
    clock = pool.fixture.clock
    pool.allocate({ANN: 10})
    first = clock.instant
    clock.advance(timedelta(hours=1))
    pool.allocate({BEN: 5}, "second")
    transfer = pool.book.transfer(POOL, TOKEN, ANN, BEN, 10, key="t", maker=MAKER)
    clock.advance(timedelta(hours=1))
    pool.book.approve(transfer.id, checker=CHECKER)
    assert pool.book.look_through(POOL, TOKEN, first - timedelta(seconds=1)) == ()
    assert pool.book.look_through(POOL, TOKEN, first) == (Position(ANN, 10),)
    between = pool.book.look_through(POOL, TOKEN, first + timedelta(hours=1))
    assert between == (Position(ANN, 10), Position(BEN, 5))
    assert pool.book.look_through(POOL, TOKEN) == pool.book.positions(POOL, TOKEN) == (Position(BEN, 15),)
    assert pool.book.look_through(POOL, address(601)) == ()
    journal = pool.book.movements(POOL, TOKEN)
    assert [one.record_id.partition("/")[0] for one in journal] == ["allocation"] * 3
    assert pool.book.look_through(POOL, TOKEN, through=journal[0].seq) == (Position(ANN, 10),)
    assert [one.seq for one in pool.book.movements(POOL, TOKEN, client=ANN)] == [
        journal[0].seq,
        journal[2].seq,
    ]


def test_a_movement_shares_a_transaction_with_what_belongs_to_it(pool: Pool) -> None:
    def allocate_and_lock_too_much() -> None:
        with pool.ledger.transaction() as tx:
            record = tx.omnibus.allocate(POOL, TOKEN, {ANN: 5}, total=5, key="k", maker=MAKER)
            tx.omnibus.approve(record.id, checker=CHECKER)
            tx.omnibus.lock(POOL, TOKEN, ANN, 6, case="CASE-1", actor=COMPLIANCE)

    with pytest.raises(PositionTooSmall):
        allocate_and_lock_too_much()
    assert pool.book.positions(POOL, TOKEN) == ()
    assert pool.book.accounts() == ()


EDITS = {
    "a position": f"UPDATE omnibus_positions SET available = '11' WHERE client = '{ANN}'",
    "a position removed": f"DELETE FROM omnibus_positions WHERE client = '{ANN}'",
    "a position added": "INSERT INTO omnibus_positions "
    f"VALUES ('{POOL}', '{TOKEN}', '{CAT}', '1', '0', '0', '0')",
    "a line": "UPDATE omnibus_lines SET amount = '11' WHERE account = '" + ANN + "'",
    "a line's client": f"UPDATE omnibus_lines SET account = '{CAT}' WHERE account = '{ANN}'",
    "lines removed": "DELETE FROM omnibus_lines",
    "a movement removed": "DELETE FROM omnibus_movements",
    "a movement's time": "UPDATE omnibus_movements SET at = '2020-01-01 00:00:00'",
    "a movement's token": f"UPDATE omnibus_movements SET token = '{POOL}'",
}


@pytest.mark.parametrize("edit", EDITS.values(), ids=EDITS)
def test_an_edit_is_found(pool: Pool, edit: str) -> None:
    pool.allocate({ANN: 10, BEN: 20})
    pool.ledger.verify()
    changed, _ = run_sql(pool.fixture.url, edit)
    assert changed
    with pytest.raises(LedgerTampered):
        pool.ledger.verify()


def test_concurrent_writers_never_take_a_unit_twice(databases: Databases) -> None:
    fixture = Fixture(databases.ledger())
    pool = Pool(fixture)
    pool.allocate({ANN: 10, BEN: 10})
    refused: list[ToolkitError] = []

    def take(number: int) -> Callable[[], None]:
        def run() -> None:
            with Ledger.open(fixture.url, clock=fixture.clock) as ledger:
                try:
                    ledger.omnibus.reserve(POOL, TOKEN, ANN, 3, key=f"out-{number}", maker=MAKER)
                except PositionTooSmall as error:
                    refused.append(error)

        return run

    threads = [threading.Thread(target=take(number)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert pool.book.position(POOL, TOKEN, ANN) == Position(ANN, available=1, pending_out=9)
    assert len(refused) == 3
    fixture.ledger.verify()
    fixture.ledger.close()
