"""Recomputing the chain of events and everything that hangs on it, a portion at a time.

Three passes. The first follows the chain: every event's hash over its own fields and the one before it. The
second takes the orders, each with its events: the steps are its machine's, the order is where its last event
says and what its first event's digest says was ordered, and the bank's line, the payout and the fund's
dealings are those that its events were written with. The third does the same for the records, and for what
orders are admitted on by them.
Memory doesn't grow with the ledger.
"""

from __future__ import annotations

import heapq
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.errors import LedgerTampered
from toolkit.ledger import audit, omnibus_audit, schema
from toolkit.ledger.bank_lines import lines_digest
from toolkit.ledger.bulk import Among
from toolkit.ledger.canonical import GENESIS, event_hasher, instant
from toolkit.ledger.machines import FUND_KINDS, MACHINES, OrderKind, State
from toolkit.ledger.party_verification import check_parties
from toolkit.ledger.record_book import data_digest
from toolkit.ledger.record_machines import RECORD_STEPS
from toolkit.ledger.record_words import RecordKind
from toolkit.ledger.records import Head
from toolkit.ledger.screening_checks import screening_differences

__all__ = ["verify"]

_PORTION = 5_000

_EVENTS, _ORDERS = schema.order_events, schema.orders
_RECORDS, _DEALINGS = schema.records, schema.fund_dealings
_NEXT_EVENTS = (
    sa.select(_EVENTS).where(_EVENTS.c.seq > sa.bindparam("after")).order_by(_EVENTS.c.seq).limit(_PORTION)
)
_NEXT_FUND_EVENTS = (
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
_DEALINGS_OF = (
    sa.select(_DEALINGS)
    .where(Among(_DEALINGS.c.order_id, "ids"))
    .order_by(_DEALINGS.c.order_id, _DEALINGS.c.day)
)
_NEXT_ORDERS = (
    sa.select(_ORDERS).where(_ORDERS.c.id > sa.bindparam("after")).order_by(_ORDERS.c.id).limit(_PORTION)
)
_STEPS = sa.select(
    _EVENTS.c.order_id,
    _EVENTS.c.seq,
    _EVENTS.c.from_state,
    _EVENTS.c.to_state,
    _EVENTS.c.reason,
    _EVENTS.c.evidence,
)
_STEPS_OF = _STEPS.where(Among(_EVENTS.c.order_id, "ids")).order_by(_EVENTS.c.seq)
_STRAY = (
    sa.select(_EVENTS.c.order_id, _EVENTS.c.seq)
    .where(~sa.exists().where(_ORDERS.c.id == _EVENTS.c.order_id))
    .order_by(_EVENTS.c.seq)
    .limit(1)
)


class _Evidence(NamedTuple):
    """A table whose rows are bound by the events that took their orders, of `kind`, to `state`."""

    table: sa.Table
    kind: OrderKind
    state: State
    digest: Callable[[Any], str]


_MONEY = (
    _Evidence(schema.funds_receipts, OrderKind.MINT, State.FUNDED, audit.receipt_digest),
    _Evidence(schema.payouts, OrderKind.REDEMPTION, State.PAID, audit.payout_digest),
)

_RETURNING = (State.ON_HOLD, State.APPROVED)
"""From where an order comes back to where it was, with the money that it had."""


def verify(connection: Connection, anchor: Head | None = None) -> Head:
    """Recomputes the chain and everything bound by it; returns its end.

    `anchor` is an earlier end that was kept elsewhere: the chain must still contain it. Raises
    `LedgerTampered` naming the first row that was edited, removed or moved.
    """
    end = _follow(connection, anchor)
    _check_head(connection, end, anchor)
    for stray in connection.execute(_STRAY):
        raise _tampered(
            f"order {stray.order_id} of event {stray.seq} is missing", event=stray.seq, order=stray.order_id
        )
    for orders in _portions(connection, _NEXT_ORDERS, lambda order: order["id"], ""):
        ids = [order["id"] for order in orders]
        steps: dict[str, list[Any]] = defaultdict(list)
        for step in connection.execute(_STEPS_OF, {"ids": ids}).all():
            steps[step.order_id].append(step)
        for order in orders:
            _check_order(order, steps.get(order["id"], []))
        for evidence in _MONEY:
            _check_money(connection, evidence, orders, steps)
        _check_dealings(connection, ids, steps)
    _check_records(connection)
    check_parties(connection)
    omnibus_audit.check(connection)
    for record_id, what in screening_differences(connection):
        raise _tampered(f"{record_id}: {what}", record=record_id)
    return end


def _portions(
    connection: Connection, query: sa.Select[Any], key: Callable[[RowMapping], Any], start: Any
) -> Iterator[Sequence[RowMapping]]:
    rows = connection.execute(query, {"after": start}).mappings().all()
    while rows:
        yield rows
        rows = connection.execute(query, {"after": key(rows[-1])}).mappings().all()


def _tampered(what: str, **details: Any) -> LedgerTampered:
    return LedgerTampered(
        f"{what}: the ledger was changed outside the toolkit; stop the worker, keep this copy as "
        "evidence and restore from a backup",
        **details,
    )


def _follow(connection: Connection, anchor: Head | None) -> Head:
    last, previous, moments = 0, GENESIS, _Moments()
    shared: tuple[Any, ...] | None = None  # what the event before had in common with its act
    both = (_links(connection, _NEXT_EVENTS), _links(connection, _NEXT_FUND_EVENTS))
    for row in heapq.merge(*both, key=itemgetter(0)):
        seq, order_id, source, target, actor, role, at, reason, evidence, before, found = row
        if seq != last + 1:
            raise _tampered(f"event {last + 1} is missing (next is {seq})", event=last + 1)
        if before != previous:
            raise _tampered(f"event {seq} of order {order_id} doesn't follow event {last}", event=seq)
        act = (source, target, actor, role, at, reason, evidence)
        if act != shared:
            shared = act
            hash_of = event_hasher(source, target, actor, role, moments[at], reason, evidence)
        previous = hash_of(seq, order_id, before)
        if found != previous:
            raise _tampered(f"event {seq} of order {order_id} was edited", event=seq, order=order_id)
        if anchor is not None and seq == anchor.seq and previous != anchor.hash:
            raise _tampered(f"event {seq} is not the one that was anchored", event=seq)
        last = seq
        if len(moments) > _PORTION:
            moments.clear()
    return Head(last, previous)


def _links(connection: Connection, query: sa.Select[Any]) -> Iterator[Any]:
    """A table's events in their sequence, a portion at a time."""
    after = -1
    while rows := connection.execute(query, {"after": after}).all():
        yield from rows
        after = rows[-1][0]


class _Moments(dict[datetime, str]):
    """Instants as they are hashed. The events of one act share theirs."""

    def __missing__(self, at: datetime) -> str:
        text = self[at] = instant(at)
        return text


def _check_head(connection: Connection, end: Head, anchor: Head | None) -> None:
    recorded = audit.head(connection)
    if recorded != end:
        raise _tampered(
            f"the chain ends at event {end.seq} but event {recorded.seq} was written", event=recorded.seq
        )
    if anchor is not None and anchor.seq > end.seq:
        raise _tampered(
            f"the chain ends at event {end.seq} but event {anchor.seq} was anchored", event=anchor.seq
        )


def _check_order(order: RowMapping, steps: Sequence[Any]) -> None:
    order_id = order["id"]
    if not steps:
        raise _tampered(f"order {order_id} has no event", order=order_id)
    machine = MACHINES[OrderKind(order["kind"])]
    state: str | None = None
    for step in steps:
        if step.from_state != state:
            raise _tampered(
                f"event {step.seq} takes order {order_id} from {step.from_state}, but it was {state}",
                event=step.seq,
                order=order_id,
            )
        if state is not None and (state, step.to_state) not in machine.steps:
            raise _tampered(
                f"event {step.seq} takes order {order_id} from {state} to {step.to_state}, which its "
                "machine doesn't know",
                event=step.seq,
                order=order_id,
            )
        state = step.to_state
    last = steps[-1]
    if order["state"] != state:
        raise _tampered(
            f"order {order_id} is {order['state']}, but its last event ({last.seq}) says {state}",
            order=order_id,
            event=last.seq,
        )
    held_from = last.from_state if state == State.ON_HOLD else None
    if order["held_from"] != held_from:
        raise _tampered(
            f"order {order_id} is held from {order['held_from']}, but its last event ({last.seq}) says "
            f"{held_from}",
            order=order_id,
            event=last.seq,
        )
    if (order["opened_seq"], audit.order_digest(order)) != (steps[0].seq, steps[0].evidence):
        raise _tampered(f"order {order_id} is not what was ordered", order=order_id)
    _check_facts(order, steps)
    _check_day(order, steps)


def _check_facts(order: RowMapping, steps: Sequence[Any]) -> None:
    """What the chain gave a redemption later: its number, and the day it is due."""
    if steps[0].to_state == State.RECOVERED and order["kind"] == OrderKind.REDEMPTION:
        if steps[0].reason != audit.recovered_facts(order["number"], order["due_at"]):
            raise _tampered(
                f"order {order['id']} is redemption {order['number']}, due at {order['due_at']}, but event "
                f"{steps[0].seq} says {steps[0].reason!r}",
                order=order["id"],
                event=steps[0].seq,
            )
        return
    for source, target, column in (
        (State.VALID, State.ESCROWED, "number"),
        (State.REQUESTED, State.VALID, "due_at"),
    ):
        said = [step for step in steps if (step.from_state, step.to_state) == (source, target)]
        if said and said[-1].reason not in ("", _fact(order[column])):
            raise _tampered(
                f"order {order['id']}'s {column} is {order[column]}, but event {said[-1].seq} says "
                f"{said[-1].reason!r}",
                order=order["id"],
                event=said[-1].seq,
            )


def _check_day(order: RowMapping, steps: Sequence[Any]) -> None:
    """The day that the chain gave a fund's order."""
    if order["kind"] not in FUND_KINDS:
        return
    said = [step.reason for step in steps if step.to_state in (State.IN_BATCH, State.GATED, State.PRICED)]
    day = order["dealing_day"]
    if (said[-1] if said else None) != (None if day is None else audit.dealing_day(day)):
        raise _tampered(f"order {order['id']} is on dealing day {day}, not on {said[-1:]}", order=order["id"])


def _check_dealings(connection: Connection, ids: Sequence[str], steps: Mapping[str, Sequence[Any]]) -> None:
    """What the fund's days brought is what the events say, day by day, and no more was given than that."""
    written = {
        order_id: [step.evidence for step in steps[order_id] if step.to_state in (State.GATED, State.PRICED)]
        for order_id in ids
    }
    found: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(_DEALINGS_OF, {"ids": ids}).mappings():
        found[row["order_id"]].append(audit.dealing_digest(row))
        if row["claimed"] + row["held"] > row["due"]:
            raise _tampered(
                f"order {row['order_id']} was given more than day {row['day']} brought it",
                order=row["order_id"],
            )
    for order_id in ids:
        if found[order_id] != written[order_id]:
            raise _tampered(
                f"the dealings of order {order_id} are not those that its events name", order=order_id
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
            raise _tampered(
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
        raise _tampered(f"{record_id} is not what its last event says", record=record_id)


def _check_lines(connection: Connection, record: RowMapping) -> None:
    """The lines of a bank statement are those that its document was written with."""
    if record["kind"] != RecordKind.BANK_STATEMENT:
        return
    if lines_digest(connection, record["id"]) != json.loads(record["data"])["lines"]:
        raise _tampered(f"the lines of {record['id']} are not those that were recorded", record=record["id"])


def _check_money(
    connection: Connection,
    evidence: _Evidence,
    orders: Sequence[RowMapping],
    steps: Mapping[str, Sequence[Any]],
) -> None:
    table, kind, state, compute = evidence
    written = {
        order["id"]: step.evidence
        for order in orders
        for step in steps[order["id"]]
        if order["kind"] == kind and step.to_state == state and step.from_state not in _RETURNING
    }
    ids = [order["id"] for order in orders]
    rows = connection.execute(sa.select(table).where(Among(table.c.order_id, "ids")), {"ids": ids})
    for row in rows.mappings():
        order_id = row["order_id"]
        if written.pop(order_id, None) != compute(row):
            raise _tampered(
                f"{table.name} row {row['reference']} is not the one that order {order_id} was {state} with",
                order=order_id,
                reference=row["reference"],
            )
    if written:
        missing = min(written)
        raise _tampered(f"{table.name} has no row for order {missing}, which was {state}", order=missing)


def _fact(value: Any) -> str:
    return "nothing" if value is None else audit.fact(value)
