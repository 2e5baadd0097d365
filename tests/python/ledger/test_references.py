"""What an event or flight refers to is there and stays: a foreign key on SQLite, a trigger on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from support.databases import Postgres
from support.ledgers import NOON, WORKER, Fixture

from toolkit.ledger import schema

EVENT = {
    "from_state": None,
    "to_state": "x",
    "actor": WORKER,
    "role": "operator",
    "at": NOON,
    "reason": "",
    "evidence": None,
    "previous_hash": "0" * 64,
    "hash": "1" * 64,
}
RECORD = {"id": "record", "kind": "nav", "state": "x", "data": "{}", "opened_seq": 1}
FLIGHT = {"id": "flight", "purpose": "mint", "lane": "0x", "state": "formed", "created_at": NOON}


@pytest.fixture
def engine(desk: Fixture) -> sa.Engine:
    """Of a ledger with a record, a flight and an order."""
    desk.mint()
    engine = desk.ledger._store.engine
    with engine.begin() as connection:
        connection.execute(sa.insert(schema.records), RECORD)
        connection.execute(sa.insert(schema.flights), FLIGHT)
    return engine


@contextmanager
def _begun(engine: sa.Engine) -> Iterator[sa.Connection]:
    """A transaction, which on SQLite the ledger's engine doesn't begin by itself."""
    with engine.begin() as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")
        yield connection


def _order(engine: sa.Engine) -> str:
    with engine.connect() as connection:
        return str(connection.scalar(sa.select(schema.orders.c.id)))


def _rows(order: str) -> list[tuple[sa.Table, dict[str, object], list[str]]]:
    """Rows that may be written, with the columns that refer to something."""
    return [
        (schema.order_events, EVENT | {"seq": 900, "order_id": order}, ["order_id", "actor"]),
        (schema.record_events, EVENT | {"seq": 901, "record_id": "record"}, ["record_id", "actor"]),
        (
            schema.flight_orders,
            {"flight_id": "flight", "position": 0, "order_id": order},
            ["flight_id", "order_id"],
        ),
    ]


def test_a_row_that_refers_to_nothing_is_refused(engine: sa.Engine) -> None:
    for table, row, columns in _rows(_order(engine)):
        with _begun(engine) as connection:
            connection.execute(sa.insert(table), row)
        key = table.primary_key.columns.values()[-1 if table is schema.flight_orders else 0]
        other = row | {key.name: 950}
        for column in columns:
            many = [row | {key.name: 950 + number} for number in range(9)]
            many[5] |= {column: "nobody's"}
            with pytest.raises(sa.exc.IntegrityError) as failure, _begun(engine) as connection:
                connection.execute(sa.insert(table), many)
            with pytest.raises(sa.exc.IntegrityError), _begun(engine) as connection:
                connection.execute(sa.update(table).values({column: "nobody's"}))
            if engine.dialect.name == "postgresql":
                [reference] = table.c[column].foreign_keys
                said = failure.value.orig.diag  # type: ignore[union-attr]
                assert said.constraint_name == f"fk_{table.name}_{column}_{reference.column.table.name}"
                assert "(nobody's) is not present" in said.message_detail
        with _begun(engine) as connection:
            connection.execute(sa.insert(table), other)


def test_what_is_referred_to_can_be_neither_removed_nor_renamed(engine: sa.Engine) -> None:
    order = _order(engine)
    with _begun(engine) as connection:
        connection.execute(
            sa.insert(schema.persons), {"person_id": "other", "label": "Other", "created_at": NOON}
        )
        for table, row, _ in _rows(order):
            connection.execute(sa.insert(table), row)
        connection.execute(sa.update(schema.order_events).values(actor="other").where(_SEQ == 900))
    kept = (
        (schema.persons.c.person_id, "other"),
        (schema.records.c.id, "record"),
        (schema.flights.c.id, "flight"),
        (schema.orders.c.id, order),
    )
    for column, key in kept:
        with pytest.raises(sa.exc.IntegrityError), _begun(engine) as connection:
            connection.execute(sa.delete(column.table).where(column == key))
        with pytest.raises(sa.exc.IntegrityError), _begun(engine) as connection:
            connection.execute(sa.update(column.table).where(column == key).values({column.name: "renamed"}))
        with _begun(engine) as connection:
            assert connection.scalar(sa.select(sa.func.count()).where(column == key)) == 1
    with _begun(engine) as connection:  # of what nothing refers to, anything may be removed
        connection.execute(sa.update(schema.order_events).values(actor=WORKER).where(_SEQ == 900))
        assert connection.execute(sa.delete(schema.persons).where(_PERSON == "other")).rowcount == 1
        connection.execute(sa.delete(schema.flight_orders))
        assert connection.execute(sa.delete(schema.flights)).rowcount == 1


_SEQ, _PERSON = schema.order_events.c.seq, schema.persons.c.person_id


def test_who_is_removed_while_an_event_of_theirs_is_written_stays(postgres: Postgres) -> None:
    """Whichever of the two comes first, no event is left without its actor."""
    desk = Fixture(postgres.ledger())
    desk.mint()
    engine = desk.ledger._store.engine
    order = _order(engine)
    remove = sa.delete(schema.persons).where(_PERSON == "leaver")
    insert = sa.insert(schema.order_events)
    event = EVENT | {"seq": 900, "order_id": order, "actor": "leaver"}
    refused: list[Exception] = []

    def run(statement: sa.Executable, values: dict[str, object] | None) -> None:
        try:
            with _begun(engine) as connection:
                connection.execute(statement, values)
        except sa.exc.IntegrityError as error:
            refused.append(error)

    for first, second in (((insert, event), (remove, None)), ((remove, None), (insert, event))):
        with _begun(engine) as connection:
            connection.execute(sa.delete(schema.order_events).where(_SEQ == 900))
            connection.execute(remove)
            leaver = {"person_id": "leaver", "label": "Leaver", "created_at": NOON}
            connection.execute(sa.insert(schema.persons), leaver)
        with _begun(engine) as connection:
            connection.execute(*first)
            thread = threading.Thread(target=run, args=second)
            thread.start()
            thread.join(0.5)
            assert thread.is_alive()  # it waits for the first to end
        thread.join(10)
        assert len(refused) == 1, refused
        refused.clear()
    desk.ledger.close()


def test_the_check_knows_its_tables_without_a_search_path(postgres: Postgres) -> None:
    """So a backup is loaded."""
    desk = Fixture(postgres.ledger())
    insert = "INSERT INTO public.flight_orders VALUES ('of nobody', 0, 'of nobody')"
    with desk.ledger._store.engine.connect() as connection:
        connection.exec_driver_sql("SET LOCAL search_path = ''")
        with pytest.raises(sa.exc.IntegrityError, match="fk_flight_orders"):
            connection.exec_driver_sql(insert)
    desk.ledger.close()


def test_a_temporary_table_is_not_what_is_referred_to(postgres: Postgres) -> None:
    desk = Fixture(postgres.ledger())
    with desk.ledger._store.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TEMPORARY TABLE flights (id text) ON COMMIT DROP")
        connection.exec_driver_sql("INSERT INTO pg_temp.flights VALUES ('of nobody')")
        row = "INSERT INTO flight_orders SELECT 'of nobody', 0, id FROM orders"
        desk.mint()
        with pytest.raises(sa.exc.IntegrityError, match="fk_flight_orders_flight_id"):
            connection.exec_driver_sql(row)
    desk.ledger.close()


def test_who_may_only_write_a_row_has_it_checked(postgres: Postgres) -> None:
    """As with a foreign key: what it refers to needn't be readable for them."""
    desk = Fixture(postgres.ledger())
    order = desk.mint().id
    engine = desk.ledger._store.engine
    role = f"writer_{postgres.ledger().rpartition('/')[2].partition('?')[0]}"
    with engine.begin() as connection:
        connection.execute(sa.insert(schema.flights), FLIGHT)
        connection.exec_driver_sql(f'CREATE ROLE "{role}"; GRANT INSERT ON flight_orders TO "{role}"')
    try:
        insert = sa.insert(schema.flight_orders)
        row = {"flight_id": "flight", "position": 0, "order_id": order}
        with engine.begin() as connection:
            connection.exec_driver_sql(f'SET LOCAL ROLE "{role}"')
            connection.execute(insert, row)
        with engine.connect() as connection:
            connection.exec_driver_sql(f'SET LOCAL ROLE "{role}"')
            with pytest.raises(sa.exc.IntegrityError, match="fk_flight_orders"):
                connection.execute(insert, row | {"position": 1, "order_id": "nobody's"})
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')
    desk.ledger.close()


def test_who_may_read_locks_nothing(postgres: Postgres) -> None:
    """The check of what is removed locks a table for its owner: nobody makes a trigger of it."""
    desk = Fixture(postgres.ledger())
    engine = desk.ledger._store.engine
    role = f"reader_{desk.url.rpartition('/')[2].partition('?')[0]}"
    with engine.begin() as connection:
        connection.exec_driver_sql(f'CREATE ROLE "{role}"; GRANT SELECT ON orders TO "{role}"')
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql(f'SET LOCAL ROLE "{role}"')
            connection.exec_driver_sql("CREATE TEMPORARY TABLE mine (id text) ON COMMIT DROP")
            with pytest.raises(sa.exc.DBAPIError, match="permission denied for function"):
                connection.exec_driver_sql(
                    "CREATE TRIGGER locks AFTER DELETE ON mine REFERENCING OLD TABLE AS removed "
                    "FOR EACH STATEMENT EXECUTE FUNCTION keep_fk_order_events_order_id_orders()"
                )
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql(f'DROP OWNED BY "{role}"; DROP ROLE "{role}"')
    desk.ledger.close()


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_no_reference_is_checked_as_of_an_older_moment(postgres: Postgres, level: str) -> None:
    desk = Fixture(postgres.ledger())
    order = desk.mint().id
    engine = desk.ledger._store.engine.execution_options(isolation_level=level)
    with pytest.raises(sa.exc.DBAPIError, match="READ COMMITTED only"), engine.begin() as connection:
        connection.execute(sa.insert(schema.order_events), EVENT | {"seq": 900, "order_id": order})
    desk.ledger.close()


def test_a_check_reads_what_is_referred_to_and_no_more(postgres: Postgres) -> None:
    """Also in a session that made its plan when there was one order."""
    desk = Fixture(postgres.ledger())
    order = desk.mint().id
    engine = desk.ledger._store.engine
    with engine.begin() as connection:
        connection.exec_driver_sql("ANALYZE")
    columns = [column.name for column in schema.orders.columns if column.name not in ("id", "number")]
    copied = ", ".join("n" if name == "opened_seq" else name for name in columns)
    many = (
        f"INSERT INTO orders (id, number, {', '.join(columns)}) "
        f"SELECT 'copy-' || n, n, {copied} FROM orders, generate_series(1000, 10999) AS n"
    )
    with engine.begin() as connection:
        for seq in range(900, 910):
            connection.execute(sa.insert(schema.order_events), EVENT | {"seq": seq, "order_id": order})
        connection.exec_driver_sql(many)
        before = connection.scalar(_READ)
        events = [EVENT | {"seq": 1000 + n, "order_id": f"copy-{1000 + n}"} for n in range(100)]
        connection.execute(sa.insert(schema.order_events), events)
        assert 100 <= connection.scalar(_READ) - before <= 200
    desk.ledger.close()


_READ = sa.text("SELECT pg_stat_get_xact_tuples_returned('pk_orders'::regclass)")


def test_a_table_that_others_refer_to_is_not_emptied(postgres: Postgres) -> None:
    desk = Fixture(postgres.ledger())
    desk.mint()
    for table in ("persons", "orders", "records", "flights"):
        with pytest.raises(sa.exc.DBAPIError), _begun(desk.ledger._store.engine) as connection:
            connection.exec_driver_sql(f"TRUNCATE {table} CASCADE")
    assert desk.ledger.verify().seq > 0
    desk.ledger.close()
