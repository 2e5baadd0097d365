from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.books import Office
from support.suite import Suite


@pytest.fixture
def office(suite: Suite, tmp_path: Path) -> Iterator[Office]:
    """A desk on a million of reserve, on the morning of a business day."""
    office = Office(suite, tmp_path / "desk.db")
    yield office
    office.desk.close()
