"""Reading rows by the hundred thousand: as the driver gives them, or with each value converted once.

SQLAlchemy makes an object of every row and converts every value by itself. Where a whole ledger is read, that
costs more than the reading; most of its values say the same in many rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError

__all__ = ["converted_rows", "converter", "plain_rows"]

_AT_ONCE = 200
_KNOWN = 4_096  # values of a column that are remembered


def plain_rows(
    connection: Connection, statement: sa.Select[Any], parameters: Mapping[str, Any]
) -> Iterator[tuple[Any, ...]]:
    """The rows as tuples of the driver's own values: an instant is text on SQLite, an amount on both."""
    result = connection.execute(statement, parameters)
    driver = connection.dialect.loaded_dbapi
    try:
        while rows := result.cursor.fetchmany(_AT_ONCE):
            yield from rows
    except driver.Error as error:
        raise DBAPIError.instance(str(statement), dict(parameters), error, driver.Error) from error
    finally:
        result.close()


def converted_rows(
    connection: Connection, statement: sa.Select[Any], parameters: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """The rows as dicts of the values that SQLAlchemy gives, by the columns' names."""
    columns = list(statement.selected_columns)
    names = [str(column.key) for column in columns]
    converters = [
        (str(column.key), lru_cache(maxsize=_KNOWN)(convert))
        for column in columns
        if (convert := converter(column.type, connection.dialect)) is not None
    ]
    for values in plain_rows(connection, statement, parameters):
        row = dict(zip(names, values, strict=True))
        for name, convert in converters:
            row[name] = convert(row[name])
        yield row


def converter(kind: sa.types.TypeEngine[Any], dialect: sa.engine.Dialect) -> Callable[[Any], Any] | None:
    """What makes SQLAlchemy's value of the driver's; None if they are the same."""
    return kind.dialect_impl(dialect).result_processor(dialect, None)
