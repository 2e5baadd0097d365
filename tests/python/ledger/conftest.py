from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.databases import Databases
from support.ledgers import Fixture


@pytest.fixture
def desk(databases: Databases) -> Iterator[Fixture]:
    """A filled ledger, on SQLite and on PostgreSQL."""
    fixture = Fixture(databases.ledger(), customers=2)
    yield fixture
    fixture.ledger.close()
