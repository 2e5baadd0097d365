"""Recomputing the chain of events and everything that hangs on it, a portion at a time.

Three passes. The first follows the chain: every event's hash over its own fields and the one before it. The
second holds the orders against their events (`order_verification`). The third does the same for the records,
and for what orders are admitted on by them.
Memory doesn't grow with the ledger.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.ledger import audit, omnibus_audit, schema
from toolkit.ledger.bank_lines import lines_digest
from toolkit.ledger.bulk import Among
from toolkit.ledger.canonical import GENESIS, event_hasher, instant
from toolkit.ledger.order_verification import check_orders
from toolkit.ledger.party_verification import check_parties
from toolkit.ledger.plain_rows import plain_rows
from toolkit.ledger.record_book import data_digest
from toolkit.ledger.record_machines import RECORD_STEPS
from toolkit.ledger.record_words import RecordKind
from toolkit.ledger.records import Head
from toolkit.ledger.screening_checks import screening_differences
from toolkit.ledger.tampering import tampered

__all__ = ["verify"]

_PORTION = 5_000

_RECORDS = schema.records

_NEXT_EVENTS = (
    sa.select(schema.order_events)
    .where(schema.order_events.c.seq > sa.bindparam("after"))
    .order_by(schema.order_events.c.seq)
    .limit(_PORTION)
)
_NEXT_RECORD_EVENTS = (
    sa.select(schema.record_events)
    .where(schema.record_events.c.seq > sa.bindparam("after"))
    .order_by(schema.record_events.c.seq)
    .limit(_PORTION)
)
_NEXT_RECORDS = (
    sa.select(_RECORDS).where(_RECORDS.c.id > sa.bindparam("after")).order_by(_RECORDS.c.id).limit(_PORTION)
)
_RECORD_STEPS_OF = (
    sa.select(schema.record_events)
    .where(Among(schema.record_events.c.record_id, "ids"))
    .order_by(schema.record_events.c.seq)
)


def verify(connection: Connection, anchor: Head | None = None) -> Head:
    """Recomputes the chain and everything bound by it; returns its end.

    `anchor` is an earlier end that was kept elsewhere: the chain must still contain it. Raises
    `LedgerTampered` naming the first row that was edited, removed or moved.
    """
    end = _follow(connection, anchor)
    _check_head(connection, end, anchor)
    check_orders(connection)
    _check_records(connection)
    check_parties(connection)
    omnibus_audit.check(connection)
    for record_id, what in screening_differences(connection):
        raise tampered(f"{record_id}: {what}", record=record_id)
    return end


def _portions(
    connection: Connection, query: sa.Select[Any], key: Callable[[RowMapping], Any], start: Any
) -> Iterator[Sequence[RowMapping]]:
    rows = connection.execute(query, {"after": start}).mappings().all()
    while rows:
        yield rows
        rows = connection.execute(query, {"after": key(rows[-1])}).mappings().all()


def _follow(connection: Connection, anchor: Head | None) -> Head:
    last, previous, moments = 0, GENESIS, _Moments()
    shared: tuple[Any, ...] | None = None  # what the event before had in common with its act
    both = (_links(connection, _NEXT_EVENTS), _links(connection, _NEXT_RECORD_EVENTS))
    for row in heapq.merge(*both, key=itemgetter(0)):
        seq, order_id, source, target, actor, role, at, reason, evidence, before, found = row
        if seq != last + 1:
            raise tampered(f"event {last + 1} is missing (next is {seq})", event=last + 1)
        if before != previous:
            raise tampered(f"event {seq} of order {order_id} doesn't follow event {last}", event=seq)
        act = (source, target, actor, role, at, reason)
        if act != shared:
            shared = act
            hash_of = event_hasher(source, target, actor, role, moments[at], reason)
        previous = hash_of(seq, order_id, evidence, before)
        if found != previous:
            raise tampered(f"event {seq} of order {order_id} was edited", event=seq, order=order_id)
        if anchor is not None and seq == anchor.seq and previous != anchor.hash:
            raise tampered(f"event {seq} is not the one that was anchored", event=seq)
        last = seq
        if len(moments) > _PORTION:
            moments.clear()
    return Head(last, previous)


def _links(connection: Connection, query: sa.Select[Any]) -> Iterator[tuple[Any, ...]]:
    """A table's events in their sequence, a portion at a time."""
    after: int | None = -1
    while after is not None:
        rows, after = plain_rows(connection, query, {"after": after}), None
        for row in rows:
            yield row
            after = row[0]


class _Moments(dict[str | datetime, str]):
    """Instants as they are hashed, by what the driver gave. The events of one act share theirs."""

    def __missing__(self, stored: str | datetime) -> str:
        at = stored if isinstance(stored, datetime) else datetime.fromisoformat(f"{stored}+00:00")
        text = self[stored] = instant(at)
        return text


def _check_head(connection: Connection, end: Head, anchor: Head | None) -> None:
    recorded = audit.head(connection)
    if recorded != end:
        raise tampered(
            f"the chain ends at event {end.seq} but event {recorded.seq} was written", event=recorded.seq
        )
    if anchor is not None and anchor.seq > end.seq:
        raise tampered(
            f"the chain ends at event {end.seq} but event {anchor.seq} was anchored", event=anchor.seq
        )


def _check_records(connection: Connection) -> None:
    for records in _portions(connection, _NEXT_RECORDS, lambda record: record["id"], ""):
        steps: dict[str, list[Any]] = defaultdict(list)
        for step in connection.execute(_RECORD_STEPS_OF, {"ids": [record["id"] for record in records]}):
            steps[step.record_id].append(step)
        for record in records:
            _check_record(record, steps[record["id"]])
            _check_lines(connection, record)


def _check_record(record: RowMapping, steps: Sequence[Any]) -> None:
    record_id, legal = record["id"], RECORD_STEPS[RecordKind(record["kind"])]
    state: str | None = None
    for step in steps:
        if step.from_state != state or (state, step.to_state) not in legal:
            raise tampered(
                f"event {step.seq} takes {record_id} from {step.from_state} to {step.to_state}, but it was "
                f"{state}",
                event=step.seq,
                record=record_id,
            )
        state = step.to_state
    if not steps or (record["state"], data_digest(record["data"]), record["opened_seq"]) != (
        state,
        steps[-1].evidence,
        steps[0].seq,
    ):
        raise tampered(f"{record_id} is not what its last event says", record=record_id)


def _check_lines(connection: Connection, record: RowMapping) -> None:
    """The lines of a bank statement are those that its document was written with."""
    if record["kind"] != RecordKind.BANK_STATEMENT:
        return
    if lines_digest(connection, record["id"]) != json.loads(record["data"])["lines"]:
        raise tampered(f"the lines of {record['id']} are not those that were recorded", record=record["id"])
