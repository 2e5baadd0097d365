"""Statements over many rows at once, where SQLAlchemy's own would cost more than the database does.

A list of ids is one bound value on either database, not one for each id; rows are handed to the driver
as they are. What is written differently for SQLite and PostgreSQL is all here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.types import TypeDecorator, TypeEngine

__all__ = ["HEX", "Among", "insert_links", "insert_members", "insert_rows"]

HEX = 64
"""The digits of a digest, as the tables of events have them."""


class TextList(TypeDecorator[Sequence[str]]):
    """A list of texts as one bound value: JSON on SQLite, an array on PostgreSQL."""

    impl = sa.Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """See SQLAlchemy."""
        return dialect.type_descriptor(sa.Text() if dialect.name == "sqlite" else ARRAY(sa.Text))

    def bind_processor(self, dialect: Dialect) -> Callable[[Any], str]:
        """See SQLAlchemy."""
        return _json if dialect.name == "sqlite" else _array


def _json(values: Sequence[str]) -> str:
    return orjson.dumps(list(values)).decode()


def _array(values: Sequence[str]) -> str:
    """As PostgreSQL writes an array itself. Its driver takes a list apart in a hundred times the time."""
    quoted = [value.replace("\\", "\\\\").replace('"', '\\"') for value in values]
    return '{"' + '","'.join(quoted) + '"}' if quoted else "{}"


class Among(sa.ColumnElement[bool]):
    """Whether `column` is among the texts bound under `name`."""

    inherit_cache = True
    _traverse_internals = [  # noqa: RUF012 - SQLAlchemy's own way of saying what names a statement
        ("column", sa.sql.visitors.InternalTraversal.dp_clauseelement),
        ("values", sa.sql.visitors.InternalTraversal.dp_clauseelement),
    ]
    type = sa.Boolean()

    def __init__(self, column: sa.ColumnElement[str], name: str) -> None:
        self.column = column
        self.values = sa.bindparam(name, type_=TextList())

    def self_group(self, against: Any = None) -> Any:
        """See SQLAlchemy, which would write `... = 1` on SQLite, and no index would serve it."""
        del against
        return self


@compiles(Among, "sqlite")
def _among_sqlite(element: Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 - compiled above


@compiles(Among, "postgresql")
def _among_postgresql(element: Among, compiler: SQLCompiler, **kw: Any) -> str:
    column, values = compiler.process(element.column, **kw), compiler.process(element.values, **kw)
    return f"{column} = ANY ({values})"


def insert_rows(connection: Connection, table: sa.Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Inserts rows that have a value for every column of `table`, in the schema's sequence."""
    if not rows:
        return
    statement, processors = _insert(table, connection.dialect)
    columns = [
        _processed(process, values) if process else values
        for process, values in zip(processors, zip(*rows, strict=True), strict=True)
    ]
    ready = list(zip(*columns, strict=True))
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(statement, ready)
    else:
        connection.exec_driver_sql(statement, (json.dumps(ready, default=_text),))


def insert_members(connection: Connection, table: sa.Table, owner: str, members: Sequence[str]) -> None:
    """Inserts a row for each of `members`: whose it is, its place from 0, and its id, the table's columns."""
    is_sqlite = connection.dialect.name == "sqlite"
    given = _json(members) if is_sqlite else _array(members)
    connection.exec_driver_sql(_insert_members(table, is_sqlite), (owner, given))


def insert_links(
    connection: Connection,
    table: sa.Table,
    first: int,
    members: Sequence[str],
    shared: tuple[str | None, str, str, str, datetime, str],
    evidences: Sequence[str | None],
    hashes: Sequence[str],
) -> None:
    """Inserts events that follow each other, into a table whose columns are those of the chain of events: the
    `first` seq, whom each is about, and what they have `shared` between that and the evidence.

    Evidence is one for all, or each one's; no digest is missing then. `hashes` begin with that before the
    first event's. All digests have `HEX` digits: the caller has seen to it.
    """
    from_state, to_state, actor, role, at, reason = shared
    is_sqlite = connection.dialect.name == "sqlite"
    process = _insert(table, connection.dialect)[1][_AT]
    [moment] = _processed(process, [at]) if process else [at]
    one, each = (evidences[0], []) if len(evidences) == 1 else (None, [item or "" for item in evidences])
    lists: tuple[Any, ...]
    if is_sqlite:
        known = "".join(each) or one
        blob = None if known is None else known.encode()
        lists = (blob, HEX if each else 0, "".join(hashes).encode(), _json(members))
    else:
        lists = (one, _array(members), _array(hashes[:-1]), _array(hashes[1:]), _array(each))
    values = (first, from_state, to_state, actor, role, moment, reason)
    connection.exec_driver_sql(_insert_links(table, is_sqlite), values + lists)


def _text(value: Any) -> str:
    """How PostgreSQL reads what JSON has no word for."""
    if isinstance(value, (datetime, date)):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    return "\\x" + bytes(value).hex()


def _processed(process: Callable[[Any], Any], values: Sequence[Any]) -> list[Any]:
    # Most of these columns say the same in every row.
    known = {value: process(value) for value in set(values)}
    return [known[value] for value in values]


@cache
def _insert_members(table: sa.Table, is_sqlite: bool) -> str:
    owner, place, member = (column.name for column in table.columns)
    if is_sqlite:
        source = "SELECT ?, key, value FROM json_each(?)"
    else:
        source = "SELECT %s, place - 1, member FROM unnest(%s::text[]) WITH ORDINALITY AS m (member, place)"
    return f"INSERT INTO {table.name} ({owner}, {place}, {member}) {source}"


@cache
def _insert_links(table: sa.Table, is_sqlite: bool) -> str:
    names = ", ".join(column.name for column in table.columns)
    return f"INSERT INTO {table.name} ({names}) {_LINKS_SQLITE if is_sqlite else _LINKS_POSTGRESQL}"


_AT = 6  # the place of an event's instant among its columns

# Of a blob any part is found at once, of a text by counting from its start.
_LINKS_SQLITE = f"""
SELECT ?1 + key, value, ?2, ?3, ?4, ?5, ?6, ?7, CAST(substr(?8, 1 + key * ?9, {HEX}) AS TEXT),
    CAST(substr(?10, 1 + key * {HEX}, {HEX}) AS TEXT),
    CAST(substr(?10, 1 + (key + 1) * {HEX}, {HEX}) AS TEXT)
FROM json_each(?11)
"""  # noqa: S608 - of constants
_LINKS_POSTGRESQL = """
SELECT a.first + place - 1, member, a.from_state, a.to_state, a.actor, a.role, a.at, a.reason,
    COALESCE(evidence, a.shared), before, this
FROM (
    SELECT %s::bigint AS first, %s::text AS from_state, %s::text AS to_state, %s::text AS actor,
        %s::text AS role, %s::timestamptz AS at, %s::text AS reason, %s::text AS shared
) AS a, unnest(%s::text[], %s::text[], %s::text[], %s::text[])
    WITH ORDINALITY AS m (member, before, this, evidence, place)
"""


@cache
def _insert(table: sa.Table, dialect: Dialect) -> tuple[str, Sequence[Callable[[Any], Any] | None]]:
    """The statement, and what turns each column's values into the driver's."""
    processors = [column.type.dialect_impl(dialect).bind_processor(dialect) for column in table.columns]
    names = ", ".join(column.name for column in table.columns)
    if dialect.name == "sqlite":
        source = f"VALUES ({', '.join('?' * len(processors))})"
    else:
        values = ", ".join(
            f"(item->>{place})::{_type(column, dialect)}" for place, column in enumerate(table.columns)
        )
        # One value for the driver and one for the server to read: an array for each column takes both longer.
        source = f"SELECT {values} FROM jsonb_array_elements(%s::jsonb) AS item"  # noqa: S608 - of the schema
    return f"INSERT INTO {table.name} ({names}) {source}", processors


def _type(column: sa.Column[Any], dialect: Dialect) -> str:
    # A cast to varchar(n) would cut what is too long; the column itself refuses it.
    name = column.type.dialect_impl(dialect).compile(dialect)
    return "text" if name.startswith(("VARCHAR", "TEXT")) else name
