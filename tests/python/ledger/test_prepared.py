"""Prepared statements give what SQLAlchemy gives, and fail as it does."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import psycopg
from support.databases import Databases
from support.ledgers import NOON, Fixture, hash32
from support.postgres import Postgres

import toolkit.ledger
from toolkit.errors import InvalidInput, LedgerUnreachable
from toolkit.ledger import Ledger, Role, State, audit, prepared, schema
from toolkit.ledger.audit import Draft
from toolkit.ledger.canonical import event_hash, instant
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Head

_ORDERS = schema.orders.c


def test_rows_are_those_that_sqlalchemy_gives(desk: Fixture) -> None:
    orders = [desk.fund(desk.mint(f"order-{number}")) for number in range(3)]
    query = sa.select(schema.orders).where(_ORDERS.kind == sa.bindparam("kind")).order_by(_ORDERS.opened_seq)
    asked, values = Prepared(query), {"kind": "mint"}
    with desk.ledger._store.reading() as connection:
        expected = [tuple(row) for row in connection.execute(query, values)]
        assert asked.all(connection, values) == expected
        assert asked.first(connection, values) == expected[0]
        assert asked.scalars(connection, values) == [order.id for order in orders]
        assert asked.first(connection, {"kind": "redemption"}) is None
    created = expected[0][list(_ORDERS.keys()).index("created_at")]
    assert (created, created.tzinfo) == (NOON, UTC)


def test_what_is_written_is_what_sqlalchemy_reads(databases: Databases) -> None:
    row = {
        "hash": hash32(1), "lane": None, "nonce": 7, "raw": b"\x00\xff", "purpose": "it's %s and ?",
        "flight_id": None, "state": "recorded", "created_at": NOON + timedelta(microseconds=1),
    }  # fmt: skip
    table = schema.transactions
    insert = Prepared(sa.insert(table), row)
    update = Prepared(
        sa.update(table).where(table.c.hash == sa.bindparam("wanted")).values(state=sa.bindparam("new"))
    )
    with Ledger.open(databases.ledger()) as ledger:
        lane = ledger.lanes.add("0x" + "11" * 20, name="mint-1", purpose="mint")
        with ledger._store.writing() as connection:
            assert insert.change(connection, row | {"lane": lane.address}) == 1
            assert update.change(connection, {"wanted": hash32(1), "new": "mined"}) == 1
            assert update.change(connection, {"wanted": hash32(2), "new": "mined"}) == 0
            assert update.all(connection, {"wanted": hash32(2), "new": "mined"}) == []
        found = ledger.transactions.get(hash32(1))
    assert (found.state, found.raw, found.purpose) == ("mined", row["raw"], row["purpose"])
    assert found.created_at == row["created_at"]


def test_what_a_change_returns_is_converted_and_never_left_lying(desk: Fixture) -> None:
    order = desk.mint()
    columns = (_ORDERS.amount, _ORDERS.created_at)
    update = Prepared(
        sa.update(schema.orders)
        .where(_ORDERS.id == sa.bindparam("wanted"))
        .values(unit="X")
        .returning(*columns)
    )
    with desk.ledger._store.writing() as connection:
        assert update.all(connection, {"wanted": order.id}) == [(order.base_units, order.created_at)]
        with pytest.raises(TypeError, match="ask for them"):
            update.change(connection, {"wanted": order.id})


def test_every_statement_can_be_prepared_for_either_database() -> None:
    for module in pkgutil.iter_modules(toolkit.ledger.__path__):
        importlib.import_module(f"toolkit.ledger.{module.name}")
    modules = [module for name, module in sys.modules.items() if name.startswith("toolkit.ledger.")]
    found = [item for module in modules for item in vars(module).values() if isinstance(item, Prepared)]
    assert len(found) > 30
    for item in found:
        for dialect in (sqlite.dialect(), psycopg.dialect()):
            prepared._compile(item.statement, item._columns, dialect)


def test_a_list_of_values_is_not_prepared(desk: Fixture) -> None:
    query = Prepared(sa.select(_ORDERS.id).where(_ORDERS.state.in_(["approved", "funded"])))
    with desk.ledger._store.reading() as connection, pytest.raises(TypeError, match="bind each"):
        query.all(connection)


def test_what_the_database_refuses_is_raised_as_sqlalchemy_does(desk: Fixture) -> None:
    order = desk.mint()
    update = Prepared(sa.update(schema.orders).values(flight_id=sa.bindparam("flight")))
    with pytest.raises(sa.exc.IntegrityError), desk.ledger._store.engine.begin() as connection:
        update.change(connection, {"flight": "of nobody"})
    assert desk.ledger.orders.get(order.id) == order


def test_a_connection_that_was_lost_is_not_used_again(postgres: Postgres) -> None:
    query = Prepared(sa.select(schema.event_head.c.seq))

    def lose_and_ask(ledger: Ledger) -> None:
        with ledger._store.writing() as connection:
            dbapi: Any = connection.connection.dbapi_connection
            dbapi.pgconn.finish()
            query.all(connection)

    with Ledger.open(postgres.ledger()) as ledger:
        with pytest.raises(LedgerUnreachable):
            lose_and_ask(ledger)
        assert ledger._store.rows(query) == [(0,)]


def test_a_server_that_went_away_is_met_once_however_many_connections_there_were(postgres: Postgres) -> None:
    url = postgres.ledger()
    query = Prepared(sa.select(schema.event_head.c.seq))
    end = sa.text(
        "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    other = sa.create_engine(url, poolclass=sa.pool.NullPool)
    with Ledger.open(url) as ledger, ExitStack() as used:
        for _ in range(4):
            used.enter_context(ledger._store.reading())
        used.close()
        with other.connect() as connection:
            assert connection.execute(end).scalar_one() >= 4
        with pytest.raises(LedgerUnreachable):
            ledger._store.rows(query)
        assert [ledger._store.rows(query) for _ in range(4)] == [[(0,)]] * 4


def test_an_interrupted_connection_is_not_used_again(
    sqlite_databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = Prepared(sa.select(schema.event_head.c.seq))

    used: list[Any] = []

    def interrupted(_cursor: Any) -> None:
        raise KeyboardInterrupt

    def ask(ledger: Ledger) -> list[Any]:
        with ledger._store.reading() as connection:
            used.append(connection.connection.dbapi_connection)
            return query.all(connection)

    with Ledger.open(sqlite_databases.ledger()) as ledger:
        with monkeypatch.context() as patch:
            patch.setattr(prepared, "_fetched", interrupted)
            with pytest.raises(KeyboardInterrupt):
                ask(ledger)
        assert ask(ledger) == [(0,)]
    assert used[0] is not used[1]


@pytest.mark.parametrize("digests", [["a" * 63], ["a" * 63, "b" * 65] * 10, ["ä" * 64]])
def test_what_is_no_digest_is_refused(desk: Fixture, digests: list[str | None]) -> None:
    order, before = desk.mint(), desk.ledger.head()
    draft = Draft(State.ON_HOLD, "maker", Role.MAKER, NOON)
    with pytest.raises(InvalidInput, match="64 hex digits"), desk.ledger._store.writing() as connection:
        audit.append(connection, draft, [(order.id, State.FUNDED, item) for item in digests])
    assert desk.ledger.head() == before


@pytest.mark.parametrize("evidence", ["none", "one", "each", "mixed"])
@pytest.mark.parametrize("count", [1, 7, 8, 300])
def test_events_are_written_as_they_are_hashed(desk: Fixture, count: int, evidence: str) -> None:
    """Few as rows and many as lists: what is stored is what the hashes are over."""
    order = desk.mint()
    digests: dict[str, list[str | None]] = {
        "none": [None] * count,
        "one": ["a" * 64] * count,
        "each": [f"{number:064x}" for number in range(count)],
        "mixed": [None if number % 3 else f"{number:064x}" for number in range(count)],
    }
    at, before = datetime(2026, 11, 23, 4, tzinfo=UTC), desk.ledger.head()
    draft = Draft(State.ON_HOLD, "maker", Role.MAKER, at, 'it\'s %s, ? and {"odd"} é')
    with desk.ledger._store.writing() as connection:
        end = audit.append(connection, draft, [(order.id, State.FUNDED, item) for item in digests[evidence]])
    table = schema.order_events
    with desk.ledger._store.reading() as connection:
        rows = connection.execute(sa.select(table).where(table.c.seq > before.seq).order_by(table.c.seq))
        found = rows.mappings().all()
    assert len(found) == count
    previous = before.hash
    for seq, (row, digest) in enumerate(zip(found, digests[evidence], strict=True), start=before.seq + 1):
        assert (row["seq"], row["evidence"], row["previous_hash"]) == (seq, digest, previous)
        fields = {name: row[name] for name in row if name not in ("hash", "at")}
        previous = event_hash(**fields, at=instant(row["at"]))
        assert row["hash"] == previous
    assert end == Head(before.seq + count, previous) == desk.ledger.head()
