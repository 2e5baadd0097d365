"""Rows read in bulk: the values are SQLAlchemy's, and so are the errors."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from support.ledgers import Fixture

from toolkit.ledger import State, schema
from toolkit.ledger.plain_rows import converted_rows, plain_rows


def test_converted_rows_are_those_that_sqlalchemy_gives(desk: Fixture) -> None:
    desk.drive(desk.mint("a").id, State.FUNDED, State.APPROVED, State.SUBMITTED)
    desk.drive(desk.redemption("b").id, State.VALID, State.ESCROWED, State.APPROVED, State.BURNED, State.PAID)
    engine = sa.create_engine(desk.url)
    with engine.connect() as connection:
        for table in (schema.orders, schema.order_events, schema.funds_receipts, schema.payouts):
            query = sa.select(table)
            expected = [dict(row) for row in connection.execute(query).mappings()]
            assert expected
            assert list(converted_rows(connection, query, {})) == expected
            names = [column.name for column in table.columns]
            assert [
                dict(zip(names, row, strict=True)).keys() for row in plain_rows(connection, query, {})
            ] == [row.keys() for row in expected]
    engine.dispose()


def test_an_error_between_two_rows_is_sqlalchemys(desk: Fixture) -> None:
    """SQLite meets it when the second row is fetched, PostgreSQL before the first."""
    table = schema.cursors
    engine = sa.create_engine(desk.url)
    with engine.begin() as connection:
        rows = [{"name": f"{number}", "block_number": number, "block_hash": ""} for number in (1, -(2**63))]
        connection.execute(sa.insert(table), rows)
    query = sa.select(sa.func.abs(table.c.block_number)).order_by(table.c.name.desc())
    with engine.connect() as connection, pytest.raises(sa.exc.DBAPIError):
        list(plain_rows(connection, query, {}))
    engine.dispose()
