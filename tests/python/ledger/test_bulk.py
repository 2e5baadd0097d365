"""Rows inserted together, a few or thousands, are what was given."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from support.databases import Databases

from toolkit.ledger import schema
from toolkit.ledger.bulk import insert_rows


@pytest.mark.parametrize("count", [1, 3_999, 4_000, 9_001])
def test_any_number_of_rows_is_inserted(databases: Databases, count: int) -> None:
    engine = sa.create_engine(databases.ledger())
    rows = [(f"key-{number:06}", f"it's ? and %s and {number}") for number in range(count)]
    with engine.begin() as connection:
        connection.execute(sa.delete(schema.meta))
        insert_rows(connection, schema.meta, rows)
        found = connection.execute(sa.select(schema.meta).order_by(schema.meta.c.key)).all()
    assert [tuple(row) for row in found] == rows
    engine.dispose()


def test_one_row_too_many_and_none_is_inserted(databases: Databases) -> None:
    engine = sa.create_engine(databases.ledger())
    rows = [(f"key-{number:06}", "") for number in range(9_000)]
    with engine.begin() as connection:
        connection.execute(sa.delete(schema.meta))
    with engine.connect() as connection, pytest.raises(sa.exc.IntegrityError):
        insert_rows(connection, schema.meta, [*rows, rows[0]])
    with engine.connect() as connection:
        assert connection.execute(sa.select(schema.meta)).all() == []
    engine.dispose()
