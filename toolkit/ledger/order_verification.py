"""Holding every order against its events: what `ledger verify` asks of orders and of the rows beside them.

The events hang on the chain, and are checked before. Here, order by order in the sequence of their ids: the
steps are its machine's, the order is where its last event says and what its first event's digest says was
ordered, and the bank's line, the payout and the fund's dealings are those that its events were written with.
A portion of orders is read with the rows of the same range of ids, so memory doesn't grow with the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.ledger import audit, schema
from toolkit.ledger.machines import FUND_KINDS, MACHINES, OrderKind, State
from toolkit.ledger.plain_rows import converted_rows, plain_rows
from toolkit.ledger.tampering import tampered

__all__ = ["check_orders"]

_PORTION = 2_000

_EVENTS, _ORDERS, _DEALINGS = schema.order_events, schema.orders, schema.fund_dealings

_NEXT = sa.select(_ORDERS.c.id).where(_ORDERS.c.id > sa.bindparam("after")).order_by(_ORDERS.c.id)
_LAST = sa.select(sa.func.max(_NEXT.limit(sa.bindparam("portion", type_=sa.Integer)).subquery().c.id))


def _of_range(columns: sa.Select[Any], order_id: sa.ColumnElement[str]) -> sa.Select[Any]:
    """What belongs to the orders after one and up to another, in the sequence of their ids."""
    return columns.where(order_id > sa.bindparam("after"), order_id <= sa.bindparam("last")).order_by(
        order_id
    )


_SOME_ORDERS = _of_range(sa.select(_ORDERS), _ORDERS.c.id)
_STEPS = _of_range(
    sa.select(
        _EVENTS.c.order_id,
        _EVENTS.c.seq,
        _EVENTS.c.from_state,
        _EVENTS.c.to_state,
        _EVENTS.c.reason,
        _EVENTS.c.evidence,
    ),
    _EVENTS.c.order_id,
).order_by(_EVENTS.c.seq)
_BEYOND = sa.select(_EVENTS.c.seq).where(_EVENTS.c.order_id > sa.bindparam("after")).limit(1)
_NAMELESS = sa.select(_EVENTS.c.seq).where(_EVENTS.c.order_id == "").limit(1)
_DEALT = _of_range(sa.select(_DEALINGS), _DEALINGS.c.order_id).order_by(_DEALINGS.c.day)
_STRAY = (
    sa.select(_EVENTS.c.order_id, _EVENTS.c.seq)
    .where(~sa.exists().where(_ORDERS.c.id == _EVENTS.c.order_id))
    .order_by(_EVENTS.c.seq)
    .limit(1)
)


class _Evidence(NamedTuple):
    """A table whose rows are bound by the events that took their orders, of `kind`, to `state`."""

    rows: sa.Select[Any]
    name: str
    kind: OrderKind
    state: State
    digest: Callable[[Any], str]


_MONEY = tuple(
    _Evidence(_of_range(sa.select(table), table.c.order_id), table.name, kind, state, digest)
    for table, kind, state, digest in (
        (schema.funds_receipts, OrderKind.MINT, State.FUNDED, audit.receipt_digest),
        (schema.payouts, OrderKind.REDEMPTION, State.PAID, audit.payout_digest),
    )
)
_PAID_IN = {evidence.kind: evidence.state for evidence in _MONEY}

_RETURNING = (State.ON_HOLD, State.APPROVED)
"""From where an order comes back to where it was, with the money that it had."""


class _Path(NamedTuple):
    """The states that an order went through, judged once for all orders that went the same way.

    `wrong` is the place of the first step that its machine doesn't know, or that begins where the one before
    it didn't end. The others are the places of the events that hold a fact: the number and the due time of
    a redemption, the dealing day, what the days brought, and the money; None for those that it hasn't.
    """

    wrong: int | None
    held_from: str | None
    number: int | None
    due_at: int | None
    day: int | None
    dealt: tuple[int, ...]
    money: int | None


class _Bound(NamedTuple):
    """The digests that events carry of rows beside their orders, by the orders' ids."""

    money: dict[OrderKind, dict[str, str]]
    dealt: dict[str, list[str]]


def check_orders(connection: Connection) -> None:
    """Raises `LedgerTampered` naming the first order or event, or row beside them, that doesn't fit."""
    after = ""
    if connection.execute(_NAMELESS).first() is not None:
        _refuse_stray(connection)
    while last := connection.execute(_LAST, {"after": after, "portion": _PORTION}).scalar_one():
        _check_portion(connection, {"after": after, "last": last})
        after = last
    if connection.execute(_BEYOND, {"after": after}).first() is not None:
        _refuse_stray(connection)


def _check_portion(connection: Connection, between: Mapping[str, str]) -> None:
    bound = _Bound({evidence.kind: {} for evidence in _MONEY}, {})
    events = groupby(plain_rows(connection, _STEPS, between), key=itemgetter(0))
    for order in converted_rows(connection, _SOME_ORDERS, between):
        order_id, steps = next(events, (None, ()))
        if order_id != order["id"]:
            _refuse_stray(connection)
            raise tampered(f"order {order['id']} has no event", order=order["id"])
        _check_order(order, list(steps), bound)
    if next(events, None) is not None:
        _refuse_stray(connection)
    for evidence in _MONEY:
        _check_money(connection, evidence, between, bound.money[evidence.kind])
    _check_dealings(connection, between, bound.dealt)


def _refuse_stray(connection: Connection) -> None:
    for stray in connection.execute(_STRAY):
        raise tampered(
            f"order {stray.order_id} of event {stray.seq} is missing", event=stray.seq, order=stray.order_id
        )


@lru_cache(maxsize=4_096)
def _path(kind: str, sources: tuple[str | None, ...], targets: tuple[str, ...]) -> _Path:
    legal = MACHINES[OrderKind(kind)].steps
    state: str | None = None
    wrong = None
    for place, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if source != state or (state is not None and (state, target) not in legal):
            wrong = place
            break
        state = target

    def last(*wanted: tuple[str | None, str]) -> int | None:
        return max((place for place, step in enumerate(steps) if step in wanted), default=None)

    steps = list(zip(sources, targets, strict=True))
    dealt = tuple(place for place, target in enumerate(targets) if target in (State.GATED, State.PRICED))
    dealing = (State.IN_BATCH, State.GATED, State.PRICED)
    paid_in = _PAID_IN.get(OrderKind(kind))
    return _Path(
        wrong,
        held_from=sources[-1] if targets[-1] == State.ON_HOLD else None,
        number=last((State.VALID, State.ESCROWED)),
        due_at=last((State.REQUESTED, State.VALID)),
        day=last(*(step for step in steps if step[1] in dealing)),
        dealt=dealt,
        money=last(*(step for step in steps if step[1] == paid_in and step[0] not in _RETURNING)),
    )


def _check_order(order: Mapping[str, Any], steps: Sequence[tuple[Any, ...]], bound: _Bound) -> None:
    order_id = order["id"]
    _, seqs, sources, targets, reasons, evidences = zip(*steps, strict=True)
    path = _path(order["kind"], sources, targets)
    if path.wrong is not None:
        _refuse_step(order_id, path.wrong, seqs, sources, targets)
    if order["state"] != targets[-1]:
        raise tampered(
            f"order {order_id} is {order['state']}, but its last event ({seqs[-1]}) says {targets[-1]}",
            order=order_id,
            event=seqs[-1],
        )
    if order["held_from"] != path.held_from:
        raise tampered(
            f"order {order_id} is held from {order['held_from']}, but its last event ({seqs[-1]}) says "
            f"{path.held_from}",
            order=order_id,
            event=seqs[-1],
        )
    if order["opened_seq"] != seqs[0] or audit.order_digest(order) != evidences[0]:
        raise tampered(f"order {order_id} is not what was ordered", order=order_id)
    if targets[0] == State.RECOVERED and order["kind"] == OrderKind.REDEMPTION:
        _check_recovered(order, seqs[0], reasons[0])
    else:
        for column, place in (("number", path.number), ("due_at", path.due_at)):
            if place is not None:
                _check_fact(order, column, seqs[place], reasons[place])
    if order["kind"] in FUND_KINDS:
        _check_day(order, None if path.day is None else reasons[path.day])
    if path.money is not None:
        bound.money[order["kind"]][order_id] = evidences[path.money]
    if path.dealt:
        bound.dealt[order_id] = [evidences[place] for place in path.dealt]


def _refuse_step(
    order_id: str, place: int, seqs: Sequence[int], sources: Sequence[str | None], targets: Sequence[str]
) -> None:
    state, what = targets[place - 1] if place else None, f"event {seqs[place]} takes order {order_id} from"
    if sources[place] != state:
        what += f" {sources[place]}, but it was {state}"
    else:
        what += f" {state} to {targets[place]}, which its machine doesn't know"
    raise tampered(what, event=seqs[place], order=order_id)


def _check_recovered(order: Mapping[str, Any], seq: int, said: str) -> None:
    """What the chain gave a redemption that was rebuilt from it stands in its first event."""
    if said != audit.recovered_facts(order["number"], order["due_at"]):
        raise tampered(
            f"order {order['id']} is redemption {order['number']}, due at {order['due_at']}, but event "
            f"{seq} says {said!r}",
            order=order["id"],
            event=seq,
        )


def _check_fact(order: Mapping[str, Any], column: str, seq: int, said: str) -> None:
    """What the chain gave a redemption later: its number, or the day it is due."""
    value = order[column]
    if said not in ("", "nothing" if value is None else audit.fact(value)):
        raise tampered(
            f"order {order['id']}'s {column} is {value}, but event {seq} says {said!r}",
            order=order["id"],
            event=seq,
        )


def _check_day(order: Mapping[str, Any], said: str | None) -> None:
    """The day that the chain gave a fund's order."""
    day = order["dealing_day"]
    if said != (None if day is None else audit.dealing_day(day)):
        found = [] if said is None else [said]
        raise tampered(f"order {order['id']} is on dealing day {day}, not on {found}", order=order["id"])


def _check_money(
    connection: Connection, evidence: _Evidence, between: Mapping[str, str], written: dict[str, str]
) -> None:
    for row in converted_rows(connection, evidence.rows, between):
        order_id = row["order_id"]
        if written.pop(order_id, None) != evidence.digest(row):
            raise tampered(
                f"{evidence.name} row {row['reference']} is not the one that order {order_id} was "
                f"{evidence.state} with",
                order=order_id,
                reference=row["reference"],
            )
    if written:
        missing = min(written)
        raise tampered(
            f"{evidence.name} has no row for order {missing}, which was {evidence.state}", order=missing
        )


def _check_dealings(
    connection: Connection, between: Mapping[str, str], written: Mapping[str, list[str]]
) -> None:
    """What the fund's days brought is what the events say, day by day, and no more was given than that."""
    found: dict[str, list[str]] = {}
    for row in converted_rows(connection, _DEALT, between):
        found.setdefault(row["order_id"], []).append(audit.dealing_digest(row))
        if row["claimed"] + row["held"] > row["due"]:
            raise tampered(
                f"order {row['order_id']} was given more than day {row['day']} brought it",
                order=row["order_id"],
            )
    if found != written:
        differing = [name for name in found.keys() | written.keys() if found.get(name) != written.get(name)]
        raise tampered(
            f"the dealings of order {min(differing)} are not those that its events name", order=min(differing)
        )
