"""Statements of the hot path, compiled once and handed to the driver as they are.

SQLAlchemy's work around one statement takes ten times as long as SQLite does for it. What is asked for at
every flight of orders is built and compiled by SQLAlchemy like everything else, and run without it: rows are
tuples, in the sequence of the columns, with the values that SQLAlchemy gives.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple, TypeVar

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Dialect
from sqlalchemy.exc import DBAPIError

from toolkit.ledger.plain_rows import converter

__all__ = ["NOTHING", "Prepared", "Query", "rows_of"]

_T = TypeVar("_T")
_Convert = Callable[[Any], Any]
NOTHING: Mapping[str, Any] = {}


class Prepared:
    """A statement to be run many times. `columns` are those that an INSERT gives.

    `values` are by the names that the statement binds. What the driver raises, each call raises as
    SQLAlchemy does.
    """

    def __init__(self, statement: sa.Executable, columns: Iterable[str] = ()) -> None:
        self.statement = statement
        self._columns = list(columns) or None
        self._compiled: dict[str, _Compiled] = {}

    def all(self, connection: Connection, values: Mapping[str, Any] = NOTHING) -> list[tuple[Any, ...]]:
        """The rows that it finds, or returns."""
        compiled = self._for(connection.dialect)
        return compiled.converted(_run(connection, compiled, values, _fetched))

    def first(self, connection: Connection, values: Mapping[str, Any] = NOTHING) -> tuple[Any, ...] | None:
        """The first row that it finds, or None."""
        rows = self.all(connection, values)
        return rows[0] if rows else None

    def scalars(self, connection: Connection, values: Mapping[str, Any] = NOTHING) -> list[Any]:
        """What it finds in its first column."""
        return [row[0] for row in self.all(connection, values)]

    def change(self, connection: Connection, values: Mapping[str, Any] = NOTHING) -> int:
        """How many rows it has changed. Raises TypeError for a statement that returns rows."""
        compiled = self._for(connection.dialect)
        if compiled.is_returning:
            raise TypeError(f"it returns rows, ask for them: {compiled.text}")
        return _run(connection, compiled, values, _changed)

    def _for(self, dialect: Dialect) -> _Compiled:
        found = self._compiled.get(dialect.name)
        if found is None:
            found = self._compiled[dialect.name] = _compile(self.statement, self._columns, dialect)
        return found


Query = Prepared | sa.Executable
"""Either way of asking."""


def rows_of(connection: Connection, query: Query, values: Mapping[str, Any]) -> Sequence[Any]:
    """What it finds; of a prepared one tuples without names."""
    if isinstance(query, Prepared):
        return query.all(connection, values)
    return connection.execute(query, values).all()


class _Compiled(NamedTuple):
    """A statement in the words of one database; `bound` makes the driver's values of those given."""

    text: str
    bound: Callable[[Mapping[str, Any]], Any]
    is_returning: bool
    converters: Sequence[tuple[int, _Convert]]

    def converted(self, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        if not rows or not self.converters:
            return rows
        columns: list[Sequence[Any]] = list(zip(*rows, strict=True))
        for place, convert in self.converters:
            columns[place] = [convert(value) for value in columns[place]]
        return list(zip(*columns, strict=True))


def _fetched(cursor: Any) -> list[tuple[Any, ...]]:
    # What changes rows and returns none has nothing to be fetched.
    return cursor.fetchall() if cursor.description else []


def _changed(cursor: Any) -> int:
    return int(cursor.rowcount)


def _run(
    connection: Connection, compiled: _Compiled, values: Mapping[str, Any], read: Callable[[Any], _T]
) -> _T:
    dbapi: Any = connection.connection.dbapi_connection
    driver, bound = connection.dialect.loaded_dbapi, compiled.bound(values)
    try:
        return read(dbapi.execute(compiled.text, bound))
    except driver.Error as error:
        is_lost = connection.dialect.is_disconnect(error, dbapi, None)
        if is_lost:
            connection.invalidate(error)
            connection.engine.dispose()  # those that lie beside it were made before the loss
        raise DBAPIError.instance(
            compiled.text,
            bound,
            error,
            driver.Error,
            connection_invalidated=is_lost,
            dialect=connection.dialect,
        ) from error
    except BaseException as error:
        if not isinstance(error, Exception):
            connection.invalidate(error)  # interrupted: nobody knows what the driver is at
        raise


def _compile(statement: Any, columns: list[str] | None, dialect: Dialect) -> _Compiled:
    compiled: Any = statement.compile(dialect=dialect, column_keys=columns)
    if compiled.post_compile_params:
        raise TypeError(f"a list of values can't be prepared, bind each: {compiled.string}")
    names = compiled.positiontup if compiled.positional else list(compiled.params)
    constants, processors = {}, {}
    for name in names:
        bind = compiled.binds[name]
        processors[name] = bind.type.dialect_impl(dialect).bind_processor(dialect)
        if not bind.required:
            constants[name] = bind.effective_value
    parts = [(name, processors.get(name)) for name in names]

    def positional(values: Mapping[str, Any]) -> Sequence[Any]:
        known = {**constants, **values}
        return [known[name] if process is None else process(known[name]) for name, process in parts]

    def named(values: Mapping[str, Any]) -> Mapping[str, Any]:
        return dict(zip(names, positional(values), strict=True))

    found = list(statement.exported_columns)
    converters = [
        (place, convert)
        for place, column in enumerate(found)
        if (convert := converter(column.type, dialect)) is not None
    ]
    bound = positional if compiled.positional else named
    return _Compiled(compiled.string, bound, bool(found), converters)
