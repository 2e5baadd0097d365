"""The connection to the database: one writer at a time, durable commits, typed failures."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from toolkit.errors import ConfigurationError, LedgerError, LedgerUnreachable
from toolkit.ledger.errors import LedgerBusy, LedgerFull

__all__ = ["Joined", "Store", "Unit"]

_BUSY_SECONDS = 30

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
    }
)
_FULL = frozenset({sqlite3.SQLITE_FULL, "53100"})  # disk_full
_UNREACHABLE = frozenset(
    {sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_PERM, sqlite3.SQLITE_READONLY}
)


class Unit(Protocol):
    """Where a repository gets its connection: a transaction of its own, or one it shares."""

    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Connection]:
        """A connection inside a write transaction. See `Store.writing`."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection inside a consistent read."""
        ...


class Joined:
    """A unit inside another: what is done by it is part of the transaction of `connection`."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Connection]:
        """The connection."""
        del lasting
        return nullcontext(self._connection)

    reading = writing


class Store:
    """The database behind a ledger.

    SQLite runs with a write-ahead log, full synchronisation (a commit survives a power cut), foreign
    keys on, and BEGIN IMMEDIATE, so that a writer waits at the start and never fails half-way.
    PostgreSQL runs READ COMMITTED with row locks: whoever changes an order locks it first, and whoever
    writes an event then locks the end of the chain. Nobody waits longer than `_BUSY_SECONDS`.
    """

    def __init__(self, url: str) -> None:
        self.url = _checked(url)
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = self._engine()
        # SQLite has one writer; queueing here is fair, its own busy handler is not.
        self._writer = threading.Lock()
        self._held = threading.local()

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
        if getattr(self._held, "writing", False):
            raise LedgerError(
                "this thread already has a ledger transaction open: "
                "inside `with ledger.transaction() as tx` call tx.orders, not ledger.orders"
            )
        with (
            self._alone(),
            translated(self.url),
            self.engine.connect() as connection,
            connection.begin(),
        ):
            if self.is_sqlite:
                connection.exec_driver_sql(f"PRAGMA synchronous = {'FULL' if lasting else 'NORMAL'}")
                connection.exec_driver_sql("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read of one moment: what it sees doesn't change until the block ends."""
        with translated(self.url), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
                if self.is_sqlite:
                    connection.exec_driver_sql("BEGIN")
                yield connection

    @contextmanager
    def _alone(self) -> Iterator[None]:
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
            return sa.create_engine(self.url, pool_pre_ping=True, connect_args=defaults)
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
    except (exc.DBAPIError, exc.TimeoutError) as error:
        where = url.render_as_string(hide_password=True)
        cause = str(getattr(error, "orig", None) or error).strip()
        code = _code(error)
        if code in _BUSY:
            raise LedgerBusy(
                f"another writer of the ledger at {where} was in the way ({cause}): nothing was written, "
                "begin again"
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


def _code(error: exc.DBAPIError | exc.TimeoutError) -> int | str | None:
    original = getattr(error, "orig", None)
    if isinstance(original, sqlite3.Error):
        extended = getattr(original, "sqlite_errorcode", None)
        # Extended codes carry the primary one in the low byte.
        return None if extended is None else extended & 0xFF
    return getattr(original, "sqlstate", None)


def _is_unreachable(error: exc.DBAPIError | exc.TimeoutError, code: int | str | None) -> bool:
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


def _prepare_sqlite(dbapi: Any, _record: Any) -> None:
    # The driver's own BEGIN is deferred and late; with None the ledger says when and how. It does so itself:
    # an engine with a listener for it looks for listeners at every statement.
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
        # A page that several steps touch is copied from the log once for all of them.
        cursor.execute("PRAGMA wal_autocheckpoint = 4000")
        cursor.execute("PRAGMA cache_size = -16000")
        # What a statement would undo goes to a file of its own otherwise, as soon as it is 64 kB.
        cursor.execute("PRAGMA temp_store = MEMORY")
    finally:
        cursor.close()
