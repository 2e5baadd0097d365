"""What `ledger verify` asks of the tables of screening and the travel rule: that they are as recorded."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.ledger import schema
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.canonical import instant
from toolkit.ledger.lists import EntryKind, ListEntry, entries_digest, in_force
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.screening import Decision, decisions_digest
from toolkit.ledger.travel import party_digest

__all__ = ["screening_differences"]


def screening_differences(connection: Connection) -> Iterator[tuple[str, str]]:
    """The records whose rows aren't what they say, each with what is wrong."""
    yield from _lists(connection)
    yield from _runs(connection)
    yield from _cleared(connection)
    yield from _travel(connection)


def _records(connection: Connection, kind: RecordKind) -> list[tuple[str, str, dict[str, Any]]]:
    table = schema.records
    query = sa.select(table.c.id, table.c.state, table.c.data).where(table.c.kind == kind)
    return [(row.id, row.state, json.loads(row.data)) for row in connection.execute(query)]


def _lists(connection: Connection) -> Iterator[tuple[str, str]]:
    entries: dict[tuple[str, str], list[ListEntry]] = defaultdict(list)
    for row in connection.execute(sa.select(tables.list_entries)):
        entry = ListEntry(EntryKind(row.kind), row.value, row.note)
        if entry.digest != row.digest:
            yield f"list/{row.list}/{row.version}", f"its entry {row.value} was edited"
        entries[row.list, row.version].append(entry)
    held = in_force(connection)
    for record, state, data in _records(connection, RecordKind.LIST):
        if entries_digest(entries.pop((data["list"], data["version"]), [])) != data["entries_digest"]:
            yield record, "its entries are not those that were adopted"
        if state == RecordState.IN_FORCE:
            found = held.pop(data["list"], None)
            said = (data["version"], data["dated"], data["confirmed_at"])
            if found is None or said != (found.version, instant(found.dated), instant(found.confirmed_at)):
                yield record, "it is in force by its record and not by the table"
    for name, version in entries:
        yield f"list/{name}/{version}", "it has entries and was never adopted"
    for name in held:
        yield f"list/{name}", "it is in force by the table and not by its record"


def _runs(connection: Connection) -> Iterator[tuple[str, str]]:
    table = tables.screenings
    query = sa.select(table).order_by(table.c.run, table.c.place)
    decisions: dict[str, list[Decision]] = defaultdict(list)
    for row in connection.execute(query):
        decisions[row.run].append(Decision(row.investor, row.wallet, row.order_id, row.outcome))
    for record, _, data in _records(connection, RecordKind.SCREENING):
        if decisions_digest(decisions[record]) != data["digest"]:
            yield record, "its decisions are not those that were made"


def _cleared(connection: Connection) -> Iterator[tuple[str, str]]:
    rows = connection.execute(sa.select(tables.cleared_hits))
    cleared = {row.hit: (row.investor, row.list, row.entry) for row in rows}
    for record, state, data in _records(connection, RecordKind.HIT):
        said = (data["investor"], data["list"], data["entry"]) if state == RecordState.RELEASED else None
        if cleared.get(record) != said:
            yield record, "it was released by the table and not by its record, or the other way round"


def _travel(connection: Connection) -> Iterator[tuple[str, str]]:
    parties = {row.transfer: row for row in connection.execute(sa.select(tables.travel_parties))}
    for record, _, data in _records(connection, RecordKind.TRAVEL):
        row = parties.get(record)
        if row is None:
            yield record, "its parties are missing"
        elif row.erased_at is None and party_digest(row.salt, row.data) != data["parties"]:
            yield record, "its parties are not those that were recorded"
