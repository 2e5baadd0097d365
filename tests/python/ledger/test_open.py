"""Opening: the schema, the database's settings, the deployment, and everything that can be wrong."""

from __future__ import annotations

import multiprocessing
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from support.databases import Databases, run_sql
from support.ledgers import Fixture, address, hash32

from toolkit.errors import ConfigurationError, InvalidInput, LedgerError, LedgerUnreachable, StaleDeployment
from toolkit.ledger import Deployment, Ledger, migrate, schema, store
from toolkit.ledger.errors import LedgerTooNew, LedgerTooOld, StaleLedger

ANVIL = Deployment(chain_id=31337, market=address(77), instance_id="0xaa")


def test_the_migrations_give_exactly_the_tables_of_the_schema(databases: Databases) -> None:
    url = databases.empty()
    Ledger.open(url).close()
    engine = sa.create_engine(url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = compare_metadata(context, schema.metadata)
        if engine.dialect.name == "sqlite":
            # SQLAlchemy doesn't read the ON DELETE of a reference that ALTER TABLE added with its column.
            rows = connection.exec_driver_sql("PRAGMA foreign_key_list(orders)").mappings()
            found = {
                row["from"]: (row["table"], row["to"], row["on_delete"])
                for row in rows
                if row["from"] in _ADDED
            }
            assert found == _ADDED
            differences = [item for item in differences if not _is_of_added(item)]
        else:
            held = _held_by_triggers()
            assert len(held) == 6
            found = {row[0] for row in connection.exec_driver_sql(_TRIGGERS)}
            assert found == {f"{name}_{act}" for name in held for act in ("insert", "update", "delete")}
            differences = [item for item in differences if not (item[0] == "add_fk" and item[1].name in held)]
        assert differences == []
    engine.dispose()


_ADDED = {"flight_id": ("flights", "id", "RESTRICT"), "funded_by": ("orders", "id", "RESTRICT")}


_TRIGGERS = "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal AND tgname LIKE 'fk_%%'"


def _held_by_triggers() -> set[str]:
    """The foreign keys of the schema that are triggers on PostgreSQL."""
    keys = [key for table in schema.metadata.tables.values() for key in table.foreign_keys]
    return {
        str(key.constraint.name) for key in keys if key.constraint and key.info.get("postgresql") == "trigger"
    }


def _is_of_added(difference: tuple[Any, ...]) -> bool:
    kind, constraint = difference
    columns = [(column.table.name, column.name) for column in constraint.columns]
    return kind in ("remove_fk", "add_fk") and columns in [[("orders", name)] for name in _ADDED]


def test_sqlite_is_durable_and_checks_foreign_keys(sqlite_databases: Databases) -> None:
    with Ledger.open(sqlite_databases.ledger()) as ledger, ledger._store.writing() as connection:
        settings = {
            name: connection.exec_driver_sql(f"PRAGMA {name}").scalar()
            for name in ("journal_mode", "synchronous", "foreign_keys")
        }
    assert settings == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}


def test_an_interruption_leaves_no_lasting_write_unsynchronised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = store._at_once

    def interrupted(connection: sa.Connection, statement: str) -> None:
        at_once(connection, statement)
        raise KeyboardInterrupt

    with Ledger.open(f"sqlite:///{tmp_path / 'desk.db'}") as ledger:
        with ledger._store.writing():
            pass
        with monkeypatch.context() as signal:
            signal.setattr(store, "_at_once", interrupted)
            writing = ledger._store.writing(lasting=False)
            with pytest.raises(KeyboardInterrupt):
                writing.__enter__()
        with ledger._store.writing() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar_one() == 2


def test_only_leases_and_claims_may_go_with_the_power(sqlite_databases: Databases) -> None:
    with Ledger.open(sqlite_databases.ledger()) as ledger:
        normal, full = 1, 2
        written: list[tuple[str, int]] = []

        synchronous = full

        def note(statement: str) -> None:
            nonlocal synchronous
            if statement.startswith("PRAGMA synchronous = "):
                synchronous = {"NORMAL": normal, "FULL": full}[statement.rsplit(maxsplit=1)[-1]]
            elif not statement.startswith(("SELECT", "BEGIN", "COMMIT", "PRAGMA")):
                written.append((" ".join(statement.split()[:3]), synchronous))

        @sa.event.listens_for(ledger._store.engine, "commit")
        def _(connection: sa.Connection) -> None:
            dbapi: Any = connection.connection.dbapi_connection
            (found,) = dbapi.execute("PRAGMA synchronous").fetchone()
            written.append(("COMMIT", found))

        @sa.event.listens_for(ledger._store.engine, "checkout")
        def _(dbapi: Any, *_: Any) -> None:
            dbapi.set_trace_callback(note)

        lane = address(400)
        ledger.lanes.add(lane, name="mint-1", purpose="mint")
        lease = ledger.lanes.lease([lane], holder="one")
        assert lease is not None
        assert ledger.lanes.lease([lane], holder="two") is None
        assert ledger.flights.claim_mints(lane, 10) is None
        with ledger.transaction() as tx:
            tx.lanes.require(lease)
            tx.lanes.release(lease)  # whatever else is in it decides
            tx.flights.claim_mints(lane, 10)
        assert ledger.lanes.lease([lane], holder="one") is not None
        ledger.cursors.advance("settled", block_number=1, block_hash=hash32(1))
    assert written == [
        ("INSERT INTO lanes", full),
        ("COMMIT", full),
        ("UPDATE lanes SET", normal),
        ("UPDATE lanes SET", normal),  # it isn't free, and is looked at in a transaction
        ("COMMIT", normal),
        ("COMMIT", normal),
        ("UPDATE lanes SET", full),
        ("UPDATE lanes SET", full),
        ("COMMIT", full),
        ("UPDATE lanes SET", normal),
        ("UPDATE cursors SET", full),
        ("INSERT INTO cursors", full),
        ("COMMIT", full),
    ]


def test_what_was_written_is_there_after_reopening(desk: Fixture) -> None:
    order = desk.fund(desk.mint())
    desk.ledger.close()
    with Ledger.open(desk.url, clock=desk.clock) as again:
        assert again.orders.get(order.id) == order
        assert again.verify() == again.head()


def _open(url: str) -> int:
    with Ledger.open(url) as ledger:
        return ledger.head().seq


def test_several_processes_may_open_an_empty_database_at_once(databases: Databases) -> None:
    url = databases.empty()
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert pool.map(_open, [url] * 8) == [0] * 8


def test_a_newer_schema_is_left_alone(databases: Databases) -> None:
    url = databases.ledger()
    run_sql(url, "UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(LedgerTooNew, match=r"schema is 9999, .* install the version") as refused:
        Ledger.open(url)
    assert isinstance(refused.value, LedgerError)


def test_an_older_schema_waits_for_a_backup_and_a_word(
    databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = databases.ledger()
    known = migrate.head_revision()
    monkeypatch.setattr(migrate, "head_revision", lambda: "later")
    with pytest.raises(
        LedgerTooOld, match=f"schema is {known}, this version needs later: back the database up"
    ):
        Ledger.open(url)
    monkeypatch.undo()
    Ledger.migrate(url)
    Ledger.open(url).close()


def test_a_database_of_something_else_is_left_alone(databases: Databases) -> None:
    url = databases.empty()
    run_sql(url, "CREATE TABLE recipes (name TEXT)")
    with pytest.raises(LedgerError, match=r"1 tables but no ledger \(e.g. recipes\)"):
        Ledger.open(url)


def test_a_file_that_is_no_database(tmp_path: Path) -> None:
    path = tmp_path / "desk.db"
    path.write_bytes(b"no database at all" * 100)
    with pytest.raises(LedgerError, match="not a database") as refused:
        Ledger.open(f"sqlite:///{path}")
    assert not isinstance(refused.value, LedgerUnreachable)


@pytest.mark.parametrize(
    "url", ["sqlite:///{folder}/missing/desk.db", "postgresql+psycopg://nobody:secret@127.0.0.1:1/desk"]
)
def test_a_store_that_does_not_answer(tmp_path: Path, url: str) -> None:
    with pytest.raises(LedgerUnreachable, match="does not answer") as refused:
        Ledger.open(url.format(folder=tmp_path))
    assert refused.value.retryable
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "mysql://host/desk", "desk.db"])
def test_a_url_the_ledger_cannot_be_kept_at(url: str) -> None:
    with pytest.raises(ConfigurationError):
        Ledger.open(url)


def test_a_ledger_belongs_to_one_deployment(databases: Databases) -> None:
    url = databases.ledger()
    with Ledger.open(url) as ledger:
        assert ledger.deployment is None
        ledger.bind(ANVIL)
        ledger.bind(ANVIL)
        assert ledger.deployment == ANVIL
    with Ledger.open(url, deployment=ANVIL) as ledger:
        assert ledger.deployment == ANVIL
    for other in (
        Deployment(31337, address(77), "0xbb"),
        Deployment(31337, address(77), None),
        Deployment(31337, address(78), "0xaa"),
        Deployment(1, address(77), "0xaa"),
    ):
        with pytest.raises(StaleLedger, match="belongs to another deployment") as refused:
            Ledger.open(url, deployment=other)
        assert isinstance(refused.value, LedgerError)
        assert isinstance(refused.value, StaleDeployment)
    with Ledger.open(url, deployment=ANVIL) as ledger:
        assert ledger.deployment == ANVIL


def test_one_transaction_holds_all_or_nothing(desk: Fixture) -> None:
    before = desk.ledger.head()

    def work() -> None:
        with desk.ledger.transaction() as tx:
            tx.lanes.add(address(500), name="mint", purpose="mint")
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        work()
    assert desk.ledger.lanes.all() == ()
    assert desk.ledger.head() == before


def test_a_failed_step_cannot_be_swallowed_inside_a_transaction(desk: Fixture) -> None:

    def work() -> None:
        with desk.ledger.transaction() as tx:
            tx.lanes.add(address(500), name="mint", purpose="mint")
            with pytest.raises(InvalidInput, match="already"):
                tx.persons.add("maker", label="Maker", roles=[])

    with pytest.raises(LedgerError, match="nothing of it was kept"):
        work()
    assert desk.ledger.lanes.all() == ()


def test_the_ledger_inside_its_own_transaction_is_a_mistake(desk: Fixture) -> None:
    with desk.ledger.transaction(), pytest.raises(LedgerError, match=r"call tx.orders, not ledger.orders"):
        desk.mint()


def test_a_transaction_ends_with_its_block(desk: Fixture) -> None:
    with desk.ledger.transaction() as tx:
        pass
    with pytest.raises(LedgerError, match="has ended"):
        tx.lanes.all()
