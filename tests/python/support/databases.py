"""New ledgers on either database, and plain SQL behind a ledger's back."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

import sqlalchemy as sa
from support.postgres import Postgres

from toolkit.ledger import Ledger


class Databases(Protocol):
    """Makes databases of one kind."""

    def ledger(self) -> str:
        """The URL of a new database with the ledger's tables."""
        ...

    def empty(self) -> str:
        """The URL of a new database without tables."""
        ...


class SqliteDatabases:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._made = 0

    def ledger(self) -> str:
        self._made += 1
        return sqlite_ledger(self._folder / ("desk.db" if self._made == 1 else f"desk-{self._made}.db"))

    def empty(self) -> str:
        self._made += 1
        return f"sqlite:///{self._folder / f'empty-{self._made}.db'}"


class PostgresDatabases:
    """Databases of one server, removed at the end of the test."""

    def __init__(self, server: Postgres) -> None:
        self._server = server
        self._urls: list[str] = []

    def ledger(self) -> str:
        self._urls.append(self._server.ledger())
        return self._urls[-1]

    def empty(self) -> str:
        self._urls.append(self._server.empty())
        return self._urls[-1]

    def drop(self) -> None:
        for url in self._urls:
            self._server.drop(url)


def sqlite_ledger(path: Path) -> str:
    """The URL of the ledger in a file, which gets the tables if there is none. They are copied: making them
    takes longer than most tests.
    """
    if not path.exists():
        path.write_bytes(_tables())
    return f"sqlite:///{path}"


@cache
def _tables() -> bytes:
    """A SQLite file with the ledger's tables."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "desk.db"
        Ledger.open(f"sqlite:///{path}").close()
        return path.read_bytes()


def run_sql(url: str, statement: str, **values: Any) -> tuple[int, Sequence[Any]]:
    """Runs a statement as somebody would who has the database and not the toolkit: no foreign key is
    checked. Returns how many rows it changed, and those it found.
    """
    engine = sa.create_engine(url)
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.exec_driver_sql("SET session_replication_role = replica")
            result = connection.execute(sa.text(statement), values)
            return result.rowcount, result.all() if result.returns_rows else []
    finally:
        engine.dispose()
