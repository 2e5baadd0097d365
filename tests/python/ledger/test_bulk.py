"""Rows and lists of texts reach either database as they were given."""

from __future__ import annotations

from collections.abc import Collection

import pytest
import sqlalchemy as sa
from support.databases import Databases

from toolkit.ledger import Ledger, schema
from toolkit.ledger.bulk import Among, insert_rows

ODD = ["a", 'b"c', "d\\e", "{f,g}", "", "NULL", "null", " h ", "é,ü", "'", '\\"', "}"]


@pytest.mark.parametrize("wanted", [ODD, [], ODD[:1], tuple(ODD[2:4]), dict.fromkeys(ODD[5:]).keys()])
def test_a_list_finds_exactly_its_texts(databases: Databases, wanted: Collection[str]) -> None:
    table = sa.table("meta", sa.column("key", sa.Text), sa.column("value", sa.Text))
    with Ledger.open(databases.ledger()) as ledger, ledger._store.writing() as connection:
        connection.execute(sa.insert(table), [{"key": f"odd {text}", "value": text} for text in ODD])
        query = sa.select(table.c.value).where(table.c.key.startswith("odd "))
        among = Among(table.c.value, "wanted")
        for condition, expected in ((among, set(wanted)), (~among, set(ODD) - set(wanted))):
            found = connection.execute(query.where(condition), {"wanted": wanted}).scalars().all()
            assert sorted(found) == sorted(expected)


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
