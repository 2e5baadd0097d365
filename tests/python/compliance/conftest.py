from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import Databases, sqlite_ledger
from support.ledgers import Fixture, StoppedClock

from toolkit.ledger import Ledger


class Copy(Fixture):
    """A ledger that was filled before."""

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self.clock = StoppedClock()
        self.ledger = Ledger.open(self.url, clock=self.clock)
        self.lines = self.escrows = 0


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with three customers, made once."""
    path = tmp_path_factory.mktemp("filled") / "desk.db"
    Fixture(sqlite_ledger(path), customers=3).ledger.close()
    return path


@pytest.fixture
def books(filled: Path, tmp_path: Path) -> Iterator[Fixture]:
    """The same for a test of its own."""
    fixture = Copy(Path(shutil.copy(filled, tmp_path / "desk.db")))
    yield fixture
    fixture.ledger.close()


@pytest.fixture
def either(databases: Databases) -> Iterator[Fixture]:
    """One on SQLite and one on PostgreSQL."""
    fixture = Fixture(databases.ledger(), customers=3)
    yield fixture
    fixture.ledger.close()
