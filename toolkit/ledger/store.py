"""The connection to the database: one writer at a time, durable commits, typed failures."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from toolkit.errors import ConfigurationError, LedgerError, LedgerUnreachable
from toolkit.ledger.errors import LedgerBusy, LedgerFull
from toolkit.ledger.prepared import NOTHING, Prepared, Query, rows_of

__all__ = ["Joined", "Store", "Unit"]

_BUSY_SECONDS = 30
_REPEATABLE_READ = 3  # psycopg.IsolationLevel, which isn't imported for SQLite
_TRUSTED_SECONDS = 1.0
"""How long a connection to a server is taken to be whole after it was last used."""

# libpq's own parameters. A server that went away without a word is given up after as long as a lock.
_POSTGRES = {
    "connect_timeout": str(_BUSY_SECONDS),
    "tcp_user_timeout": str(_BUSY_SECONDS * 1000),
    "options": f"-c lock_timeout={_BUSY_SECONDS}s -c timezone=UTC",
}

# Primary SQLite result codes and PostgreSQL error codes that say "not now", by what the caller can do.
_BUSY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        "40001",  # serialization_failure
        "40P01",  # deadlock_detected
        "55P03",  # lock_not_available: lock_timeout
        "23505",  # unique_violation: who added it had looked, and so had somebody else who was first
    }
)
# What is written with the end of the chain locked: nobody else can have been first.
_NOBODY_ELSES = frozenset({"pk_order_events", "pk_record_events", "uq_orders_kind_number"})
_FULL = frozenset({sqlite3.SQLITE_FULL, "53100"})  # disk_full
_UNREACHABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}
)


class Unit(Protocol):
    """Where a repository gets its connection: a transaction of its own, or one it shares."""

    @property
    def is_sqlite(self) -> bool:
        """Whether the database is SQLite, which has one writer and no clock of its own."""
        ...

    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Connection]:
        """A connection inside a write transaction. See `Store.writing`."""
        ...

    def write(self, statement: Prepared, values: Mapping[str, Any], *, lasting: bool = True) -> Sequence[Any]:
        """One statement that writes, committed by itself, and what it returns. See `Store.writing`."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection inside a consistent read."""
        ...

    def rows(self, query: Query, values: Mapping[str, Any] = NOTHING) -> Sequence[Any]:
        """What one statement finds; one is consistent in itself, and needs no transaction around it."""
        ...


class Joined:
    """A unit inside another: what is done by it is part of the transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @property
    def is_sqlite(self) -> bool:
        """See `Unit.is_sqlite`."""
        return self._connection.dialect.name == "sqlite"

    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Connection]:
        """The connection."""
        del lasting
        return nullcontext(self._connection)

    reading = writing

    def write(self, statement: Prepared, values: Mapping[str, Any], *, lasting: bool = True) -> Sequence[Any]:
        """See `Unit.write`: part of the transaction."""
        del lasting
        return statement.all(self._connection, values)

    def rows(self, query: Query, values: Mapping[str, Any] = NOTHING) -> Sequence[Any]:
        """See `Unit.rows`: as the transaction sees it."""
        return rows_of(self._connection, query, values)


class Store:
    """The database behind a ledger.

    SQLite runs with a write-ahead log, full synchronisation (a commit survives a power cut), foreign
    keys on, and BEGIN IMMEDIATE, so that a writer waits at the start and never fails half-way.
    PostgreSQL runs READ COMMITTED with row locks: whoever changes an order locks it first, and whoever
    writes an event then locks the end of the chain. Nobody waits longer than `_BUSY_SECONDS`.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self._is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._engine()
        # SQLite has one writer; queueing here is fair, its own busy handler is not.
        self._writer = threading.Lock()
        self._held = threading.local()

    @property
    def is_sqlite(self) -> bool:
        """See `Unit.is_sqlite`."""
        return self._is_sqlite

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back by any exception.

        One that isn't `lasting` holds for every process, and outlives this one; but on SQLite a power cut
        may take it back, as long as no lasting one came after it. That is for leases and claims: whoever
        had them, on that one machine, is gone with the power as well. PostgreSQL, whose workers may be on
        other machines, keeps every commit.
        """
        with (
            self._alone(),
            translated(self.url),
            self.engine.connect() as connection,
            connection.begin(),
        ):
            if self.is_sqlite:
                _synchronise(connection, lasting=lasting)
                _at_once(connection, "BEGIN IMMEDIATE")
            yield connection

    def write(self, statement: Prepared, values: Mapping[str, Any], *, lasting: bool = True) -> Sequence[Any]:
        """See `Unit.write`: for one statement it needs no transaction around it."""
        with self._alone(), translated(self.url), self._single() as connection:
            if self.is_sqlite:
                _synchronise(connection, lasting=lasting)
            return statement.all(connection, values)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read of one moment: what it sees doesn't change until the block ends."""
        with (
            translated(self.url),
            self.engine.connect() as connection,
            self._as_of_one_moment(connection),
            connection.begin(),
        ):
            if self.is_sqlite:
                _at_once(connection, "BEGIN")
            yield connection

    def rows(self, query: Query, values: Mapping[str, Any] = NOTHING) -> Sequence[Any]:
        """See `Unit.rows`."""
        with translated(self.url), self._single() as connection:
            return rows_of(connection, query, values)

    @contextmanager
    def _single(self) -> Iterator[Connection]:
        """A connection on which each statement is a transaction."""
        with self.engine.connect() as connection:
            if self.is_sqlite:  # nothing begins a transaction there but `reading` and `writing`
                yield connection
                return
            with self._set(connection, "autocommit", True, usually=False):
                yield connection

    @contextmanager
    def _as_of_one_moment(self, connection: Connection) -> Iterator[None]:
        """Has the transaction that is begun within see nothing of those committed after it; so SQLite does
        anyway.
        """
        if self.is_sqlite:
            yield
            return
        with self._set(connection, "isolation_level", _REPEATABLE_READ, usually=None):
            yield

    @contextmanager
    def _set(self, connection: Connection, name: str, value: Any, *, usually: Any) -> Iterator[None]:
        """One of the driver's own settings within the block: by SQLAlchemy's options, that costs more than
        the statement. A connection that can't be set back isn't used again.
        """
        dbapi: Any = connection.connection.dbapi_connection
        refused = self.engine.dialect.loaded_dbapi.Error
        try:
            try:
                setattr(dbapi, name, value)
            except refused as error:
                raise exc.OperationalError(f"SET {name}", {}, error) from error
            yield
        finally:
            if not dbapi.closed:
                try:
                    setattr(dbapi, name, usually)
                except refused:
                    connection.invalidate()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        if getattr(self._held, "writing", False):
            raise LedgerError(
                "this thread already has a ledger transaction open: "
                "inside `with ledger.transaction() as tx` call tx.orders, not ledger.orders"
            )
        self._held.writing = True
        try:
            if self.is_sqlite:
                with self._writer:
                    yield
            else:
                yield
        finally:
            self._held.writing = False

    def _engine(self) -> Engine:
        if not self.is_sqlite:
            # What the URL says goes before.
            defaults = {name: value for name, value in _POSTGRES.items() if name not in self.url.query}
            engine = sa.create_engine(self.url, connect_args=defaults)
            _ask_idle_ones(engine)
            return engine
        engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        return engine


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turns the database's own exceptions into those of the ledger.

    `LedgerBusy` and `LedgerFull` say that nothing was written; `LedgerUnreachable` leaves open whether
    the last commit took place; any other `LedgerError` is a mistake of the toolkit's or a broken file.
    """
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError, sqlite3.Error) as error:
        where = url.render_as_string(hide_password=True)
        cause = str(getattr(error, "orig", None) or error).strip()
        code = _code(error)
        if code in _BUSY:
            raise LedgerBusy(
                f"another writer of the ledger at {where} was in the way ({cause}): nothing was written, "
                "begin again",
                constraint=_constraint(error),
            ) from error
        if code in _FULL:
            raise LedgerFull(
                f"the ledger at {where} has no room left ({cause}): nothing was written; make room on its "
                "disk, then go on"
            ) from error
        if _is_unreachable(error, code):
            raise LedgerUnreachable(
                f"the ledger at {where} does not answer ({cause}): check that it exists, is writable and "
                "has room, then try again; whether the last commit took place is known by reading it"
            ) from error
        raise LedgerError(
            f"the ledger at {where} refused ({cause}): nothing of this step was written"
        ) from error


def _constraint(error: Exception) -> str | None:
    """What a row would break, where the server says so."""
    found: str | None = getattr(getattr(getattr(error, "orig", None), "diag", None), "constraint_name", None)
    return found


def _code(error: exc.DBAPIError | exc.TimeoutError | sqlite3.Error) -> int | str | None:
    original = error if isinstance(error, sqlite3.Error) else getattr(error, "orig", None)
    if _constraint(error) in _NOBODY_ELSES:
        return None
    if isinstance(original, sqlite3.Error):
        extended = getattr(original, "sqlite_errorcode", None)
        # Extended codes carry the primary one in the low byte.
        return None if extended is None else extended & 0xFF
    return getattr(original, "sqlstate", None)


def _is_unreachable(error: exc.DBAPIError | exc.TimeoutError | sqlite3.Error, code: int | str | None) -> bool:
    if isinstance(error, sqlite3.Error):
        return code in _UNREACHABLE
    if isinstance(error, exc.TimeoutError) or error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return code in _UNREACHABLE
    return isinstance(error, (exc.OperationalError, exc.InterfaceError))


def _checked(url: str) -> URL:
    try:
        parsed = make_url(url)
    except exc.ArgumentError as error:
        raise ConfigurationError(
            "the ledger's URL can't be read: write sqlite:///desk.db or postgresql+psycopg://host/database"
        ) from error
    backend = parsed.get_backend_name()
    if backend not in ("sqlite", "postgresql"):
        raise ConfigurationError(
            f"the ledger can't be kept in {backend!r}: use sqlite or postgresql", backend=backend
        )
    if backend == "sqlite" and parsed.database in (None, "", ":memory:"):
        raise ConfigurationError("the ledger must outlive the process: give SQLite a file, sqlite:///desk.db")
    return parsed


def _ask_idle_ones(engine: Engine) -> None:
    """Has a connection that lay idle answer before it is used; a broken one is replaced by a new one, and so
    are those made before it. Between the steps of one pass nothing is asked: that would be a message more
    for every read.
    """

    def ask(dbapi: Any, record: Any, _proxy: Any) -> None:
        used = record.info.get("used")
        if used is None or time.monotonic() - used < _TRUSTED_SECONDS:
            return
        try:
            engine.dialect.do_ping(dbapi)
        except engine.dialect.loaded_dbapi.Error as error:
            raise exc.InvalidatePoolError from error

    def note(_dbapi: Any, record: Any) -> None:
        record.info["used"] = time.monotonic()

    event.listen(engine, "checkout", ask)
    event.listen(engine, "checkin", note)


def _at_once(connection: Connection, statement: str) -> None:
    """Runs what needs no reading of a result, without SQLAlchemy's work around it."""
    dbapi: Any = connection.connection.dbapi_connection
    dbapi.execute(statement)


def _synchronise(connection: Connection, *, lasting: bool) -> None:
    wanted = "FULL" if lasting else "NORMAL"
    # Nothing is known of it while it changes: an interruption must not leave what isn't so.
    if connection.info.pop("synchronous", None) != wanted:
        _at_once(connection, f"PRAGMA synchronous = {wanted}")
    connection.info["synchronous"] = wanted


def _prepare_sqlite(dbapi: Any, _record: Any) -> None:
    # The driver's own BEGIN is deferred and late; with None the ledger says when and how. It does so itself:
    # an engine with a listener for it looks for listeners at every statement.
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        # Each page of a commit is two writes to the log, whatever its size; a file keeps what it began with.
        cursor.execute("PRAGMA page_size = 8192")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # A page that several steps touch is copied from the log once for all of them.
        cursor.execute("PRAGMA wal_autocheckpoint = 2000")
        cursor.execute("PRAGMA cache_size = -16000")
        # What a statement would undo goes to a file of its own otherwise, as soon as it is 64 kB.
        cursor.execute("PRAGMA temp_store = MEMORY")
    finally:
        cursor.close()
