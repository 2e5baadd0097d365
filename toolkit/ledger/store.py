"""The connection to the database: one writer at a time, durable commits, typed failures."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy import event, exc
from sqlalchemy.engine import URL, Connection, Engine, make_url

from toolkit.errors import ConfigurationError, LedgerError, LedgerUnreachable

__all__ = ["Store", "Unit"]

_BUSY_SECONDS = 30

# Primary SQLite result codes that say "not now": the same call may succeed later.
_UNREACHABLE_CODES = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    }
)


class Unit(Protocol):
    """Where a repository gets its connection: a transaction of its own, or one it shares."""

    def writing(self) -> AbstractContextManager[Connection]:
        """A connection inside a write transaction."""
        ...

    def reading(self) -> AbstractContextManager[Connection]:
        """A connection inside a consistent read."""
        ...


class Store:
    """The database behind a ledger.

    SQLite runs with a write-ahead log, full synchronisation (a commit survives a power cut), foreign
    keys on, and BEGIN IMMEDIATE, so that a writer waits at the start and never fails half-way.
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
    def writing(self) -> Iterator[Connection]:
        """A write transaction: committed at the end of the block, rolled back by any exception."""
        if getattr(self._held, "writing", False):
            raise LedgerError(
                "this thread already has a ledger transaction open: "
                "inside `with ledger.transaction() as tx` call tx.orders, not ledger.orders"
            )
        with self._alone(), translated(self.url), self.engine.connect() as connection:
            connection.execution_options(ledger_writes=True)
            with connection.begin():
                yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A read of one moment: what it sees doesn't change until the block ends."""
        with translated(self.url), self.engine.connect() as connection:
            if not self.is_sqlite:
                connection.execution_options(isolation_level="REPEATABLE READ")
            with connection.begin():
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
            return sa.create_engine(self.url, pool_pre_ping=True)
        engine = sa.create_engine(self.url, connect_args={"timeout": _BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine


@contextmanager
def translated(url: URL) -> Iterator[None]:
    """Turns the database's own exceptions into `LedgerUnreachable` or `LedgerError`."""
    try:
        yield
    except (exc.DBAPIError, exc.TimeoutError) as error:
        where = url.render_as_string(hide_password=True)
        cause = getattr(error, "orig", None) or error
        if _is_unreachable(error):
            raise LedgerUnreachable(
                f"the ledger at {where} does not answer ({cause}): check that it exists, is writable and "
                "has room, then try again; whether the last commit took place is known by reading it"
            ) from error
        raise LedgerError(
            f"the ledger at {where} refused ({cause}): nothing of this step was written"
        ) from error


def _is_unreachable(error: exc.DBAPIError | exc.TimeoutError) -> bool:
    if isinstance(error, exc.TimeoutError):
        return True
    if isinstance(error.orig, sqlite3.Error):
        code = getattr(error.orig, "sqlite_errorcode", None)
        # Extended codes carry the primary one in the low byte.
        return code is not None and code & 0xFF in _UNREACHABLE_CODES
    return error.connection_invalidated or isinstance(error, (exc.OperationalError, exc.InterfaceError))


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
    # The driver's own BEGIN is deferred and late; with None the ledger says when and how.
    dbapi.isolation_level = None
    cursor = dbapi.cursor()
    try:
        cursor.execute(f"PRAGMA busy_timeout = {_BUSY_SECONDS * 1000}")
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute("PRAGMA synchronous = FULL")
        cursor.execute("PRAGMA foreign_keys = ON")
    finally:
        cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("ledger_writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
