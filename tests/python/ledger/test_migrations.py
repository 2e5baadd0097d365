"""A ledger that an earlier version wrote comes to this version's schema with every row it had."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from support.databases import Databases, run_sql
from support.ledgers import MAKER, StoppedClock, address, reference, tokens

from toolkit.errors import IllegalTransition, LedgerTampered
from toolkit.ledger import Ledger, OrderKind, State, migrate
from toolkit.ledger.errors import LedgerTooOld
from toolkit.ledger.orders import MintRequest
from toolkit.ledger.store import Store

LEDGERS = Path(__file__).parents[2] / "data" / "ledgers"


def _as_of(url: str, revision: str) -> dict[str, list[dict[str, Any]]]:
    """Makes a ledger of that revision and fills it with the rows that its toolkit wrote."""
    store = Store(url)
    with store.writing() as connection:
        command.upgrade(migrate._config(connection), revision)
        connection.exec_driver_sql("DELETE FROM event_head")
        connection.exec_driver_sql("DELETE FROM counters")
    store.close()
    tables: dict[str, list[dict[str, Any]]] = json.loads((LEDGERS / f"{revision}.json").read_text())
    for table, rows in tables.items():
        for row in rows:
            values = ", ".join(_literal(value, store.is_sqlite) for value in row.values())
            run_sql(url, f"INSERT INTO {table} ({', '.join(row)}) VALUES ({values})")
    return tables


def _literal(value: Any, is_sqlite: bool) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, dict):
        return f"x'{value['bytes']}'" if is_sqlite else f"'\\x{value['bytes']}'"
    return str(value) if isinstance(value, (bool, int)) else "'" + value.replace("'", "''") + "'"


def test_the_files_are_numbered_as_alembic_orders_them(databases: Databases) -> None:
    folder = Path(migrate.__file__).parent / "migrations"
    ordered = [script.revision for script in ScriptDirectory(folder).walk_revisions()]
    assert ordered == [f"{number:04}" for number in range(len(ordered), 0, -1)]
    assert migrate.head_revision() == ordered[0]
    url = databases.empty()
    store = Store(url)
    with store.writing() as connection:
        assert migrate.current_revision(connection) is None
    Ledger.open(url).close()
    with store.writing() as connection:
        assert migrate.current_revision(connection) == ordered[0]
    store.close()


@pytest.mark.parametrize("revision", [path.stem for path in sorted(LEDGERS.glob("*.json"))])
def test_an_older_ledger_keeps_every_row(databases: Databases, revision: str) -> None:
    url = databases.empty()
    tables = _as_of(url, revision)
    with pytest.raises(LedgerTooOld, match=f"schema is {revision}"):
        Ledger.open(url)
    Ledger.migrate(url)
    for table, rows in tables.items():
        assert run_sql(url, f"SELECT count(*) FROM {table}")[1][0][0] == len(rows)
    clock = StoppedClock()
    with Ledger.open(url, clock=clock) as ledger:
        end = ledger.verify()
        assert end.seq == len(tables["order_events"])
        assert end.hash == tables["event_head"][0]["hash"]
        settled = ledger.orders.by_number(OrderKind.MINT, 1)
        assert [event.to_state for event in ledger.history(settled.id)][-1] is settled.state is State.SETTLED
        # It goes on from there.
        numbers = max(row["number"] for row in tables["orders"] if row["kind"] == "mint")
        (order,) = ledger.orders.request_mints(
            [MintRequest(reference(1), address(1), tokens("1.00"), "USD", "next", timedelta(days=1))],
            maker=MAKER,
        )
        assert order.number == numbers + 1
        assert ledger.verify().seq == end.seq + 1
    run_sql(url, "UPDATE order_events SET reason = 'later' WHERE seq = 2")
    with Ledger.open(url, clock=clock) as ledger, pytest.raises(LedgerTampered):
        ledger.verify()


def test_what_was_under_way_is_a_flight_and_its_batch_is_open_again(databases: Databases) -> None:
    """Version 0001 tied a batch to one transaction."""
    url = databases.empty()
    tables = _as_of(url, "0001")
    (batch,), (sent,) = tables["batches"], tables["transactions"]
    run_sql(url, "UPDATE batches SET state = 'sent'")
    run_sql(url, "UPDATE orders SET state = 'submitted' WHERE batch_id IS NOT NULL")
    Ledger.migrate(url)
    with Ledger.open(url, clock=StoppedClock()) as ledger:
        (flight,) = ledger.flights.find()
        assert (flight.id, flight.state, flight.purpose) == (batch["id"], "flying", "mint")
        assert (flight.lane, flight.nonce) == (sent["lane"], sent["nonce"])
        (order_id,) = flight.order_ids
        order = ledger.orders.get(order_id)
        assert (order.flight_id, order.batch_id) == (flight.id, batch["id"])
        assert [item.hash for item in ledger.transactions.find(flight_id=flight.id)] == [sent["hash"]]
        assert ledger.batches.get(batch["id"]).state == "open"
        ledger.flights.give_back(flight.id)
        assert ledger.orders.get(order_id).flight_id is None


def test_a_formed_flight_comes_to_name_its_orders_itself(databases: Databases) -> None:
    """Version 0004 wrote the flight into each order's row as soon as it was formed."""
    url = databases.empty()
    tables = _as_of(url, "0004")
    (formed,) = [flight for flight in tables["flights"] if flight["state"] == "formed"]
    taken = [order["id"] for order in tables["orders"] if order["flight_id"] == formed["id"]]
    assert taken
    Ledger.migrate(url)
    with Ledger.open(url, clock=StoppedClock()) as ledger:
        assert ledger.flights.get(formed["id"]).order_ids == tuple(taken)
        assert [order.flight_id for order in ledger.orders.many(taken)] == [None] * len(taken)
        with pytest.raises(IllegalTransition, match=f"is in flight {formed['id']}"):
            ledger.flights.form("mint", formed["lane"], taken)
        ledger.flights.dissolve(formed["id"])
        assert ledger.flights.form("mint", formed["lane"], taken).order_ids == tuple(taken)
