"""What the desk saw of the chain."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest
from support.databases import Databases
from support.ledgers import NOON, Fixture, address, hash32

from toolkit.errors import InconsistentNode, InvalidInput, LedgerError
from toolkit.ledger.records import ChainEvent, Cursor

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
    assert desk.ledger.chain_events.blocks() == [(6, hash32(6)), (5, hash32(5))]
    desk.ledger.chain_events.orphan([hash32(5)])
    assert desk.ledger.chain_events.find() == (event(0, block=6),)
    assert desk.ledger.chain_events.blocks() == [(6, hash32(6))]
    assert desk.ledger.chain_events.record([event(0), event(1)]) == (event(0), event(1))
    assert desk.ledger.chain_events.find() == (event(0), event(1), event(0, block=6))


def test_a_cursor_moves_with_what_was_read(desk: Fixture) -> None:
    assert desk.ledger.cursors.get("market") is None
    with desk.ledger.transaction() as tx:
        tx.chain_events.record([event()])
        tx.cursors.set("market", block_number=5, block_hash=hash32(5))
    desk.ledger.cursors.set("market", block_number=4, block_hash=hash32(4))
    assert desk.ledger.cursors.get("market") == Cursor("market", 4, hash32(4))


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


def test_an_orphaned_event_that_is_back_is_new_to_one_of_two(postgres_databases: Databases) -> None:
    desk = Fixture(postgres_databases.ledger())
    events = [event(0), event(1)]
    desk.ledger.chain_events.record(events)
    desk.ledger.chain_events.orphan([hash32(5)])
    found: list[int] = []

    def record() -> None:
        found.append(len(desk.ledger.chain_events.record(events[:1])))

    with desk.ledger.transaction() as tx:
        assert len(tx.chain_events.record(events[:1])) == 1
        thread = threading.Thread(target=record)
        thread.start()
        thread.join(0.5)
        assert thread.is_alive()
    thread.join()
    assert found == [0]
    # Another event of that block is new still, whoever brings it.
    assert desk.ledger.chain_events.record(events) == (events[1],)
    desk.ledger.close()
