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
from toolkit.ledger.bulk import Among
from toolkit.ledger.canonical import instant
from toolkit.ledger.lists import EntryKind, ListEntry, entries_digest, in_force
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.screening_runs import Decision, decisions_digest
from toolkit.ledger.travel import party_digest

__all__ = ["screening_differences"]

_PORTION = 500
_SCREENINGS = tables.screenings
_DECISIONS = (
    sa.select(_SCREENINGS)
    .where(Among(_SCREENINGS.c.run, "runs"))
    .order_by(_SCREENINGS.c.run, _SCREENINGS.c.place)
)
_PARTIES = sa.select(tables.travel_parties).where(Among(tables.travel_parties.c.transfer, "ids"))


def screening_differences(connection: Connection) -> Iterator[tuple[str, str]]:
    """The records whose rows aren't what they say, each with what is wrong."""
    yield from _lists(connection)
    yield from _runs(connection)
    yield from _cleared(connection)
    yield from _travel(connection)


_NEXT = (
    sa.select(schema.records.c.id, schema.records.c.state, schema.records.c.data)
    .where(schema.records.c.kind == sa.bindparam("kind"), schema.records.c.id > sa.bindparam("after"))
    .order_by(schema.records.c.id)
    .limit(_PORTION)
)


def _portions(connection: Connection, kind: RecordKind) -> Iterator[list[tuple[str, str, dict[str, Any]]]]:
    """The records of a kind, some at a time: memory doesn't grow with the ledger."""
    after = ""
    while rows := connection.execute(_NEXT, {"kind": kind, "after": after}).all():
        yield [(row.id, row.state, json.loads(row.data)) for row in rows]
        after = rows[-1].id


def _lists(connection: Connection) -> Iterator[tuple[str, str]]:
    entries: dict[tuple[str, str], list[ListEntry]] = defaultdict(list)
    for row in connection.execute(sa.select(tables.list_entries)):
        entry = ListEntry(EntryKind(row.kind), row.value, row.note)
        if entry.digest != row.digest:
            yield f"list/{row.list}/{row.version}", f"its entry {row.value} was edited"
        entries[row.list, row.version].append(entry)
    held = in_force(connection)
    records = (item for portion in _portions(connection, RecordKind.LIST) for item in portion)
    for record, state, data in records:
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
    for records in _portions(connection, RecordKind.SCREENING):
        decisions: dict[str, list[Decision]] = defaultdict(list)
        for row in connection.execute(_DECISIONS, {"runs": [record for record, _, _ in records]}):
            decisions[row.run].append(Decision(row.investor, row.wallet, row.order_id, row.outcome))
        for record, _, data in records:
            if decisions_digest(decisions[record]) != data["digest"]:
                yield record, "its decisions are not those that were made"


def _cleared(connection: Connection) -> Iterator[tuple[str, str]]:
    rows = connection.execute(sa.select(tables.cleared_hits))
    cleared = {row.hit: (row.investor, row.list, row.entry) for row in rows}
    for records in _portions(connection, RecordKind.HIT):
        for record, state, data in records:
            said = (data["investor"], data["list"], data["entry"]) if state == RecordState.RELEASED else None
            if cleared.get(record) != said:
                yield record, "it was released by the table and not by its record, or the other way round"


def _travel(connection: Connection) -> Iterator[tuple[str, str]]:
    for records in _portions(connection, RecordKind.TRAVEL):
        found = connection.execute(_PARTIES, {"ids": [record for record, _, _ in records]})
        parties = {row.transfer: row for row in found}
        for record, _, data in records:
            row = parties.get(record)
            if row is None:
                yield record, "its parties are missing"
            elif (row.erased_at is None) != (data.get("erased_at") is None):
                yield record, "its parties were erased by the table and not by its record"
            elif row.data is not None and party_digest(row.salt, row.data) != data["parties"]:
                yield record, "its parties are not those that were recorded"
