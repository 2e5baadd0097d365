from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.databases import sqlite_ledger
from support.desks import Bench
from support.ledgers import Fixture
from support.suite import Suite


@pytest.fixture
def bench(suite: Suite, tmp_path: Path) -> Iterator[Bench]:
    """A staffed desk on a million of reserve."""
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    yield bench
    bench.desk.close()


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Fixture]:
    fixture = Fixture(sqlite_ledger(tmp_path / "desk.db"))
    yield fixture
    fixture.ledger.close()
