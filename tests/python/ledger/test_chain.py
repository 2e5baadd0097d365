"""What the desk saw of the chain, and the journal of its transactions."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.databases import Databases
from support.ledgers import NOON, WORKER, Fixture, address, hash32

from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import JournalEntry, Outcome, TransactionJournal
from toolkit.errors import InconsistentNode, InvalidInput, LedgerError
from toolkit.ledger import Deployment, Ledger, Role, State
from toolkit.ledger.errors import NotFound, StaleLedger, WalletTaken
from toolkit.ledger.records import ChainEvent, Cursor
from toolkit.ledger.transactions import LaneJournal

LANE = address(400)


def event(index: int = 0, *, block: int = 5, **changed: Any) -> ChainEvent:
    base = ChainEvent(
        block_hash=hash32(block),
        log_index=index,
        block_number=block,
        transaction_hash=hash32(900),
        address=address(77),
        name="Minted",
        arguments={"number": 2**200 + 1, "to": address(1), "flags": [True, None], "data": "0x01"},
    )
    return replace(base, **changed)


def test_a_log_is_stored_once(desk: Fixture) -> None:
    record = desk.ledger.chain_events.record
    assert record([event(0), event(1)]) == (event(0), event(1))
    assert record([event(1), event(2), event(2)]) == (event(2),)
    assert record([]) == ()
    assert desk.ledger.chain_events.find() == (event(0), event(1), event(2))
    assert desk.ledger.chain_events.find(name="Burned") == ()
    assert desk.ledger.chain_events.find(from_block=6) == ()


def test_arguments_come_back_exactly_and_bytes_as_hex(desk: Fixture) -> None:
    desk.ledger.chain_events.record([event(arguments={"amount": 2**256 - 1, "case": b"\x01\x02"})])
    (found,) = desk.ledger.chain_events.find()
    assert found.arguments == {"amount": 2**256 - 1, "case": "0x0102"}
    with pytest.raises(InvalidInput, match="no value of the chain"):
        desk.ledger.chain_events.record([event(1, arguments={"rate": 0.5})])


def test_a_node_that_contradicts_itself(desk: Fixture) -> None:
    desk.ledger.chain_events.record([event(0)])
    with pytest.raises(InconsistentNode, match="contradicts itself"):
        desk.ledger.chain_events.record([event(1), event(0, name="Burned")])
    assert desk.ledger.chain_events.find() == (event(0),)


def test_t2_events_of_an_orphaned_block_go_and_come_back(desk: Fixture) -> None:
    desk.ledger.chain_events.record([event(0), event(1), event(0, block=6)])
    desk.ledger.chain_events.orphan(hash32(5))
    assert desk.ledger.chain_events.find() == (event(0, block=6),)
    assert desk.ledger.chain_events.record([event(0), event(1)]) == (event(0), event(1))
    assert desk.ledger.chain_events.find() == (event(0), event(1), event(0, block=6))


def test_a_cursor_moves_with_what_was_read(desk: Fixture) -> None:
    assert desk.ledger.cursors.get("market") is None
    with desk.ledger.transaction() as tx:
        tx.chain_events.record([event()])
        tx.cursors.set("market", block_number=5, block_hash=hash32(5))
    desk.ledger.cursors.set("market", block_number=4, block_hash=hash32(4))
    assert desk.ledger.cursors.get("market") == Cursor("market", 4, hash32(4))


def test_a_lane_is_one_key(desk: Fixture) -> None:
    lane = desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint")
    assert desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint") == lane
    for other, name in ((LANE, "mint-2"), (address(401), "mint-1")):
        with pytest.raises(WalletTaken, match="lane mint-1 is"):
            desk.ledger.lanes.add(other, name=name, purpose="mint")
    assert desk.ledger.lanes.all() == (lane,)


def test_an_attestation_is_never_changed(desk: Fixture) -> None:
    fields: dict[str, Any] = {
        "as_of": NOON,
        "value": 2**127,
        "report": hash32(1),
        "transaction_hash": hash32(2),
    }
    first = desk.ledger.attestations.record(address(78), **fields)
    assert desk.ledger.attestations.record(address(78), **fields) == first
    with pytest.raises(LedgerError, match="never changed"):
        desk.ledger.attestations.record(address(78), **(fields | {"value": 1}))
    assert desk.ledger.attestations.find(address(78)) == (first,)


# The journal


@pytest.fixture
def journal(desk: Fixture) -> LaneJournal:
    desk.ledger.bind(Deployment(31337, address(77), "0xaa"))
    return desk.ledger.journal(LANE)


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


def test_the_journal_is_its_lanes_and_its_chains(desk: Fixture, journal: LaneJournal) -> None:
    for wrong in (replace(entry(0), chain_id=1), replace(entry(0), sender=address(401))):
        with pytest.raises(StaleLedger, match="use that lane's journal"):
            journal.record(wrong)
    journal.record(entry(0))
    assert desk.ledger.journal(address(401)).find(entry(0).hash) is None
    assert desk.ledger.journal(address(401)).next_nonce() is None


def test_a_ledger_without_a_deployment_keeps_no_journal(databases: Databases) -> None:
    with (
        Ledger.open(databases.ledger()) as ledger,
        pytest.raises(LedgerError, match="bind it"),
    ):
        ledger.journal(LANE)


def test_orders_are_submitted_exactly_when_their_bytes_are_stored(
    desk: Fixture, journal: LaneJournal
) -> None:
    order = desk.mint()
    desk.drive(order.id, State.FUNDED, State.APPROVED)
    batch = desk.ledger.batches.create("mint", [order.id], digest=hash32(7))

    def submit(tx: Any, recorded: JournalEntry) -> None:
        tx.transactions.assign(to_hex(recorded.hash), batch.id)
        tx.batches.mark_sent(batch.id)
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
    assert [found.hash for found in desk.ledger.transactions.find(batch_id=batch.id)] == [hash32(100)]
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


def test_the_lock_is_the_ledgers_whatever_path_leads_to_it(
    sqlite_databases: Databases, tmp_path: Path
) -> None:
    desk = Fixture(sqlite_databases.ledger())
    desk.ledger.bind(Deployment(31337, address(77), "0xaa"))
    journal = desk.ledger.journal(LANE)
    alias = tmp_path / "alias.db"
    alias.symlink_to("desk.db")
    entered = threading.Event()

    def other() -> None:
        with Ledger.open(f"sqlite:///{alias}", clock=desk.clock) as second, second.journal(LANE).lock():
            entered.set()

    with journal.lock():
        thread = threading.Thread(target=other)
        thread.start()
        assert not entered.wait(0.5)
    thread.join()
    assert entered.is_set()


def test_the_lock_keeps_other_senders_of_the_lane_out_and_nobody_else(
    desk: Fixture, journal: LaneJournal
) -> None:
    second = Ledger.open(desk.url, clock=desk.clock)
    entered, inside = threading.Event(), threading.Event()

    def other() -> None:
        inside.set()
        with second.journal(LANE).lock():
            entered.set()

    with journal.lock():
        thread = threading.Thread(target=other)
        thread.start()
        inside.wait()
        assert not entered.wait(0.2)
        second.lanes.add(address(402), name="free", purpose="mint")
        with second.journal(address(402)).lock():
            pass
    thread.join()
    assert entered.is_set()
    second.close()
