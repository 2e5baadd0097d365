from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.ledgers import Fixture


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Fixture]:
    fixture = Fixture(tmp_path, customers=2)
    yield fixture
    fixture.ledger.close()
