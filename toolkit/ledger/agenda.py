"""What there is for the worker to do, in one statement: most passes find nothing, and there are many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import sqlalchemy as sa

from toolkit.calendar import Clock
from toolkit.ledger import schema
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Cursor
from toolkit.ledger.store import Unit
from toolkit.ledger.transactions import RECORDED

__all__ = ["EXPIRING", "SETTLED_UP_TO", "UNDER_WATCH", "Agenda", "Due"]

SETTLED_UP_TO = "settled"
"""The cursor of the last block in which something of the desk's became final."""

EXPIRING = (State.REQUESTED, State.FUNDED, State.APPROVED)
"""Where a mint order ends when its time is over."""

UNDER_WATCH = (State.ESCROWED, State.APPROVED, State.ON_HOLD)
"""Where the worker asks the chain whether another hand ended or accepted a redemption."""


@dataclass(frozen=True, slots=True)
class Due:
    """Whether there is any of each kind of work.

    `recorded` transactions have no outcome; `flying` flights wait for it, `formed` ones were never recorded.
    Mint orders are `expired`, `unbatched` though approved, or `approved` and to be sent, or `submitted`;
    `unsigned` is whether there is any order of whatever kind that is approved and in no batch.
    Redemptions are `valid` and wait for their escrow, `open` on chain, or `paid` and not yet on record there;
    batches of `acceptances` and `rejections` are to be sent. `incidents` wait for a person. `settled` is the
    cursor `SETTLED_UP_TO`, None if nothing ever became final.
    """

    recorded: bool
    flying: bool
    formed: bool
    expired: bool
    unbatched: bool
    unsigned: bool
    approved: bool
    submitted: bool
    valid: bool
    open: bool
    paid: bool
    acceptances: bool
    rejections: bool
    incidents: bool
    settled: Cursor | None

    @property
    def is_nothing(self) -> bool:
        """Whether nothing can move but by somebody else's act."""
        return not any(getattr(self, name) for name in _NAMES)

    @property
    def is_under_way(self) -> bool:
        """Whether the chain may have something to say about what was sent."""
        return self.recorded or self.flying


_NAMES = tuple(field.name for field in fields(Due) if field.name != "settled")

_ORDERS, _FLIGHTS, _BATCHES = schema.orders.c, schema.flights.c, schema.batches.c


def _is(column: sa.ColumnElement[str], *words: str) -> sa.ColumnElement[bool]:
    """Whether the column is one of these words of ours, which are part of the statement: bound, each of them
    would cost as much as the looking up.
    """
    return sa.or_(*(column == sa.literal_column(f"'{word}'") for word in words))


def _any(*conditions: sa.ColumnElement[bool]) -> sa.Exists:
    return sa.exists(sa.literal_column("1")).where(*conditions)


def _orders(kind: OrderKind, states: Sequence[State], *conditions: sa.ColumnElement[bool]) -> sa.Exists:
    return _any(_is(_ORDERS.kind, kind), _is(_ORDERS.state, *states), *conditions)


def _batches(purpose: str) -> sa.Exists:
    return _any(_is(_BATCHES.state, "open"), _is(_BATCHES.purpose, purpose))


_MINT, _REDEMPTION = OrderKind.MINT, OrderKind.REDEMPTION
_FREE = _ORDERS.flight_id.is_(None)
_BATCHED = _ORDERS.batch_id.is_not(None)
_ANY: dict[str, sa.Exists] = {
    "recorded": _any(_is(schema.transactions.c.state, RECORDED)),
    "flying": _any(_is(_FLIGHTS.state, "flying")),
    "formed": _any(_is(_FLIGHTS.state, "formed")),
    "expired": _orders(_MINT, EXPIRING, _FREE, _ORDERS.expires_at <= sa.bindparam("now")),
    "unbatched": _orders(_MINT, [State.APPROVED], ~_BATCHED),
    "unsigned": _any(_is(_ORDERS.kind, *OrderKind), _is(_ORDERS.state, State.APPROVED), ~_BATCHED, _FREE),
    "approved": _orders(_MINT, [State.APPROVED], _BATCHED, _FREE),
    "submitted": _orders(_MINT, [State.SUBMITTED]),
    "valid": _orders(_REDEMPTION, [State.VALID]),
    "open": _orders(_REDEMPTION, UNDER_WATCH),
    "paid": _orders(_REDEMPTION, [State.PAID], _FREE),
    "acceptances": _batches("acceptance"),
    "rejections": _batches("rejection"),
    "incidents": _any(schema.incidents.c.acknowledged_at.is_(None)),
}
_CURSORS = schema.cursors.c
_SETTLED = [
    sa.select(column).where(_is(_CURSORS.name, SETTLED_UP_TO)).scalar_subquery().label(name)
    for name, column in (("number", _CURSORS.block_number), ("hash", _CURSORS.block_hash))
]

# Built once: building a statement costs as much as running it.
_DUE = Prepared(sa.select(*(_ANY[name].label(name) for name in _NAMES), *_SETTLED))


@dataclass(frozen=True, slots=True)
class Agenda:
    """Asks the ledger what there is to do."""

    unit: Unit
    clock: Clock

    def due(self) -> Due:
        """What there is now, all of one moment."""
        row = self.unit.rows(_DUE, {"now": self.clock.now()})[0]
        found = dict(zip(_NAMES, row, strict=False))
        number, block_hash = row[-2:]
        return Due(**found, settled=None if number is None else Cursor(SETTLED_UP_TO, number, block_hash))
