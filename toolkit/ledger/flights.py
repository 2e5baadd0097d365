"""Flights: each one transaction, by lane and nonce, with the orders it carries.

An order is in at most one flight at a time. A formed flight names its orders itself (`flights.claimed`); of
one that flies `orders.flight_id` says so. Which orders a flight carried stays in `flight_orders`.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import IllegalTransition, InvalidInput
from toolkit.ledger import checks, schema
from toolkit.ledger.batches import batches_of, close_empty
from toolkit.ledger.bulk import Among, insert_members
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Flight, MintOrder
from toolkit.ledger.steps import advance, advance_along, locked_orders
from toolkit.ledger.store import Unit

__all__ = ["Flights"]

_ORDERS, _FLIGHTS, _CARRIED = schema.orders, schema.flights, schema.flight_orders

# Built once: building a statement costs as much as running it.
_TAKE = sa.update(_ORDERS).where(Among(_ORDERS.c.id, "ids")).values(flight_id=sa.bindparam("flight"))
_ITS_ORDERS = sa.select(_CARRIED.c.order_id).where(_CARRIED.c.flight_id == sa.bindparam("flight"))
_FREE = (
    sa.update(_ORDERS)
    .where(_ORDERS.c.id.in_(_ITS_ORDERS), _ORDERS.c.flight_id == sa.bindparam("flight"))
    .values(flight_id=None)
)
_CLAIMED_BY = Prepared(sa.select(_FLIGHTS.c.claimed).where(_FLIGHTS.c.id == sa.bindparam("flight")))
_FORMED = Prepared(sa.select(_FLIGHTS.c.id, _FLIGHTS.c.claimed).where(_FLIGHTS.c.state == "formed"))
_CARRIED_BY = _ITS_ORDERS.order_by(_CARRIED.c.position)
_TO_MOVE = (
    sa.update(_FLIGHTS)
    .where(_FLIGHTS.c.id == sa.bindparam("flight"), _FLIGHTS.c.state == sa.bindparam("source"))
    .values(state=sa.bindparam("target"), claimed=None)
)
_MOVE = Prepared(_TO_MOVE)
_LAUNCH = Prepared(_TO_MOVE.values(nonce=sa.bindparam("used")))
_INSERT = Prepared(sa.insert(_FLIGHTS), _FLIGHTS.columns.keys())
# What an order's steps change is known of those that may be claimed, and reading it takes time.
_SIGNED_AND_FREE = (
    sa.select(
        _ORDERS.c.id,
        _ORDERS.c.number,
        _ORDERS.c.investor,
        _ORDERS.c.wallet,
        sa.type_coerce(_ORDERS.c.amount, sa.String),
        _ORDERS.c.unit,
        _ORDERS.c.decimals,
        _ORDERS.c.currency,
        _ORDERS.c.maker,
        _ORDERS.c.created_at,
        _ORDERS.c.expires_at,
        _ORDERS.c.batch_id,
    )
    .where(
        _ORDERS.c.kind == OrderKind.MINT,
        _ORDERS.c.state == State.APPROVED,
        _ORDERS.c.flight_id.is_(None),
        ~Among(_ORDERS.c.id, "claimed"),
        _ORDERS.c.batch_id.is_not(None),
        ~Among(_ORDERS.c.batch_id, "batches"),
        ~Among(_ORDERS.c.investor, "investors"),
    )
    .order_by(_ORDERS.c.opened_seq)
    .limit(sa.bindparam("most"))
)
_LOCKED = Prepared(_SIGNED_AND_FREE.with_for_update(skip_locked=True))
_FIRST = Prepared(_SIGNED_AND_FREE.with_only_columns(_ORDERS.c.id, _ORDERS.c.investor))
# Two lanes have no sequence between them: a customer's next order waits until the one before is mined.
_OTHERS = sa.select(_FLIGHTS.c.id).where(
    _FLIGHTS.c.state == "flying", _FLIGHTS.c.purpose == "mint", _FLIGHTS.c.lane != sa.bindparam("lane")
)
_ANY_ELSEWHERE = Prepared(
    sa.select(_FLIGHTS.c.id)
    .where(
        sa.or_(_FLIGHTS.c.state == "formed", _FLIGHTS.c.state == "flying"),
        _FLIGHTS.c.purpose == "mint",
        _FLIGHTS.c.lane != sa.bindparam("lane"),
    )
    .limit(1)
)
_CLOSED = Prepared(
    sa.select(schema.batches.c.id).where(Among(schema.batches.c.id, "ids"), schema.batches.c.state != "open")
)
_NOT_MINED = sa.or_(_ORDERS.c.state == State.APPROVED, _ORDERS.c.state == State.SUBMITTED)
_ELSEWHERE = Prepared(
    sa.select(_ORDERS.c.investor)
    .join(_CARRIED, _CARRIED.c.order_id == _ORDERS.c.id)
    .where(_CARRIED.c.flight_id.in_(_OTHERS), _ORDERS.c.flight_id == _CARRIED.c.flight_id, _NOT_MINED)
    .distinct()
)
_CLAIMED_ELSEWHERE = Prepared(
    sa.select(_ORDERS.c.investor).where(Among(_ORDERS.c.id, "ids"), _NOT_MINED).distinct()
)
_ONE_AT_A_TIME = Prepared(
    sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended("ledger-claim", 0)))
)


@cache
def _matching(names: tuple[str, ...]) -> sa.Select[Any]:
    query = sa.select(_FLIGHTS).order_by(_FLIGHTS.c.created_at, _FLIGHTS.c.nonce, _FLIGHTS.c.id)
    return query.where(*(_FLIGHTS.c[name] == sa.bindparam(name) for name in names))


@dataclass(frozen=True, slots=True)
class Flights:
    """Transactions with their orders."""

    unit: Unit
    clock: Clock

    def claim_mints(
        self,
        lane: str,
        limit: int,
        *,
        without_batches: Collection[str] = (),
        without_investors: Collection[str] = (),
        own: Collection[str] = (),
    ) -> tuple[Flight, tuple[MintOrder, ...]] | None:
        """Takes up to `limit` approved mint orders that are in a batch and in no flight into a new one.

        First come, first served, and for each customer strictly so: nothing of a customer is taken who has
        an order on its way on another lane, or in a flight that is formed and not the caller's `own`, or an
        earlier one that somebody is changing just now, or who is named in `without_investors`. None if there
        is nothing to take.
        """
        with self.unit.writing(lasting=False) as connection:
            _one_at_a_time(connection)
            claimed = _claims(connection)
            wanted: dict[str, Any] = {
                "claimed": [order_id for ids in claimed.values() for order_id in ids],
                "batches": list(without_batches),
                "investors": [*without_investors, *_elsewhere(connection, lane, claimed, own)],
                "most": limit,
            }
            found = [_claimed(row) for row in _LOCKED.all(connection, wanted)]
            passed_over = _passed_over(connection, wanted, {order.id for order in found})
            if passed_over:
                found = [order for order in found if order.investor not in passed_over]
            if not found:
                return None
            flight = self._insert(connection, "mint", lane, [order.id for order in found])
        return flight, tuple(found)

    def form(self, purpose: str, lane: str, order_ids: Sequence[str]) -> Flight:
        """Takes these orders into a new flight. Raises `IllegalTransition` if one is in another."""
        if not order_ids:
            raise InvalidInput("a flight needs at least one order")
        with self.unit.writing() as connection:
            _one_at_a_time(connection)
            rows = locked_orders(connection, order_ids)
            taken = {order_id: flight for flight, ids in _claims(connection).items() for order_id in ids}
            for order_id, row in rows.items():
                flight = row["flight_id"] or taken.get(order_id)
                if flight is not None:
                    raise IllegalTransition(
                        f"order {order_id} is in flight {flight} already", order=order_id, flight=flight
                    )
            return self._insert(connection, purpose, lane, order_ids)

    def launch(
        self, flight_id: str, *, nonce: int, order_ids: Sequence[str], batches: Collection[str] = ()
    ) -> None:
        """`formed` to `flying` with these of its orders, in this sequence; the others are free again.

        In the transaction that stores the signed bytes. `batches` are those whose signatures it carries.
        Raises `IllegalTransition` if another worker has ended the flight, one of the orders isn't in it, or
        one of the batches was dissolved.
        """
        with self.unit.writing() as connection:
            _launched(connection, flight_id, nonce, order_ids)
            connection.execute(_TAKE, {"ids": order_ids, "flight": flight_id})
            _check_signed(connection, batches)

    def launch_mints(
        self,
        flight_id: str,
        order_ids: Sequence[str],
        *,
        batches: Collection[str],
        nonce: int,
        sent_as: str,
        actor: str,
    ) -> None:
        """`launch` for a flight of mint orders, which are `submitted` by the transaction of this hash: what
        `launch` and `orders.step_all` do, and raises as they.
        """
        with self.unit.writing() as connection:
            _launched(connection, flight_id, nonce, order_ids)
            advance(
                connection,
                order_ids,
                State.SUBMITTED,
                actor=actor,
                role=Role.OPERATOR,
                at=self.clock.now(),
                evidence=sent_as,
                columns={"flight_id": flight_id},
            )
            _check_signed(connection, batches)

    def land(self, flight_id: str) -> None:
        """`flying` to `landed`: final on chain. Raises `IllegalTransition` if it has ended."""
        self._end(flight_id, "flying", "landed")

    def land_mints(
        self, flight_id: str, order_ids: Sequence[str], *, mined_in: str, settled_by: str, actor: str
    ) -> list[tuple[State, Sequence[str]]]:
        """`land` for a flight of mint orders, all that it carries, with what that means for them: `mined` in
        the block of this hash unless they were, `settled` by the transaction, and out of their batches.

        In few statements what `land`, `orders.step_all` and `batches.leave` do, and raises as they. Returns
        which orders reached what.
        """
        path = [(State.MINED, mined_in), (State.SETTLED, settled_by)]
        with self.unit.writing() as connection:
            _moved(connection, flight_id, "flying", "landed")
            left = batches_of(connection, order_ids)
            reached = advance_along(
                connection,
                order_ids,
                path,
                actor=actor,
                role=Role.OPERATOR,
                at=self.clock.now(),
                columns={"flight_id": None, "batch_id": None},
            )
            close_empty(connection, left)
        return reached

    def dissolve(self, flight_id: str) -> None:
        """`formed` to `returned`: nothing was recorded to be sent; its orders are free.

        Raises `IllegalTransition` if it is flying meanwhile, or has ended.
        """
        self._end(flight_id, "formed", "returned")

    def give_back(self, flight_id: str) -> None:
        """`flying` to `returned`: it can never land, or reverted; its orders are free.

        Raises `IllegalTransition` if it never was sent, or has ended.
        """
        self._end(flight_id, "flying", "returned")

    def get(self, flight_id: str) -> Flight:
        """The flight. Raises `NotFound`."""
        with self.unit.reading() as connection:
            row = connection.execute(_matching(("id",)), {"id": flight_id}).mappings().one_or_none()
            if row is None:
                raise NotFound(f"no flight {flight_id!r}", flight=flight_id)
            return _flight(connection, row)

    def find(self, *, state: str | None = None, purpose: str | None = None) -> tuple[Flight, ...]:
        """The flights that match, oldest first; of one lane in the sequence of their nonces."""
        asked = {"state": state, "purpose": purpose}
        wanted = {name: value for name, value in asked.items() if value is not None}
        with self.unit.reading() as connection:
            rows = connection.execute(_matching(tuple(wanted)), wanted).mappings().all()
            return tuple(_flight(connection, row) for row in rows)

    def is_alone(self, lane: str) -> bool:
        """Whether no mint flight of another lane is formed or under way."""
        return not self.unit.rows(_ANY_ELSEWHERE, {"lane": lane})

    def _insert(self, connection: Connection, purpose: str, lane: str, order_ids: Sequence[str]) -> Flight:
        row: dict[str, Any] = {
            "id": str(uuid.uuid4()),
            "purpose": checks.word(purpose, what="purpose"),
            "lane": lane,
            "nonce": None,
            "state": "formed",
            "created_at": self.clock.now(),
        }
        _INSERT.change(connection, row | {"claimed": json.dumps(list(order_ids))})
        return Flight(**row, order_ids=tuple(order_ids))

    def _end(self, flight_id: str, source: str, target: str) -> None:
        with self.unit.writing() as connection:
            _moved(connection, flight_id, source, target)
            if source == "flying":
                connection.execute(_FREE, {"flight": flight_id})


def _claimed(row: Sequence[Any]) -> MintOrder:
    """The record of a row of `_SIGNED_AND_FREE` that was taken into a flight."""
    (
        order_id, number, investor, wallet, amount, unit, decimals, currency, maker, created_at, expires_at,
        batch_id,
    ) = row  # fmt: skip
    return MintOrder(
        id=order_id, kind=OrderKind.MINT, state=State.APPROVED, held_from=None, investor=investor,
        wallet=wallet, base_units=int(amount), unit=unit, decimals=decimals, currency=currency, maker=maker,
        created_at=created_at, batch_id=batch_id, flight_id=None, number=number, expires_at=expires_at,
    )  # fmt: skip


def _one_at_a_time(connection: Connection) -> None:
    """Claims are made one after another, so that each sees which customers the one before has taken."""
    if connection.dialect.name == "postgresql":
        _ONE_AT_A_TIME.all(connection)


def _claims(connection: Connection) -> dict[str, list[str]]:
    """The orders of each formed flight, by its id."""
    return {flight: json.loads(claimed) for flight, claimed in _FORMED.all(connection)}


def _elsewhere(
    connection: Connection, lane: str, claimed: dict[str, list[str]], own: Collection[str]
) -> Sequence[str]:
    """The customers who have an order on its way on another lane that isn't mined, or that somebody else has
    claimed: by the same lane too, whose worker may have left it so.
    """
    found = _ELSEWHERE.scalars(connection, {"lane": lane})
    others = [order_id for flight, ids in claimed.items() if flight not in own for order_id in ids]
    if not others:
        return found
    return [*found, *_CLAIMED_ELSEWHERE.scalars(connection, {"ids": others})]


def _launched(connection: Connection, flight_id: str, nonce: int, order_ids: Sequence[str]) -> None:
    """`formed` to `flying` with these of its orders: all but what the orders' own rows say."""
    claimed = _CLAIMED_BY.scalars(connection, {"flight": flight_id})
    _moved(connection, flight_id, "formed", "flying", nonce=nonce)
    taken = set(json.loads(claimed[0] or "[]"))
    absent = [order_id for order_id in order_ids if order_id not in taken]
    if absent:
        raise IllegalTransition(
            f"order {absent[0]} isn't in flight {flight_id}: form it again", order=absent[0]
        )
    insert_members(connection, _CARRIED, flight_id, order_ids)


def _check_signed(connection: Connection, batches: Collection[str]) -> None:
    """With the orders locked: who dissolves a batch locks them first, and is refused once they fly."""
    closed = _CLOSED.scalars(connection, {"ids": list(batches)})
    if closed:
        raise IllegalTransition(
            f"batch {closed[0]} was dissolved: its orders need other signatures", batch=closed[0]
        )


def _passed_over(connection: Connection, wanted: dict[str, Any], locked: set[str]) -> set[str]:
    """The customers of orders that come first and are locked by somebody else."""
    if connection.dialect.name == "sqlite":
        return set()  # whoever writes is alone
    return {investor for order_id, investor in _FIRST.all(connection, wanted) if order_id not in locked}


def _moved(
    connection: Connection, flight_id: str, source: str, target: str, *, nonce: int | None = None
) -> None:
    statement = _MOVE if nonce is None else _LAUNCH
    values = {"flight": flight_id, "source": source, "target": target, "used": nonce}
    if statement.change(connection, values) == 1:
        return
    found = connection.execute(sa.select(_FLIGHTS.c.state).where(_FLIGHTS.c.id == flight_id)).scalar()
    if found is None:
        raise NotFound(f"no flight {flight_id!r}", flight=flight_id)
    raise IllegalTransition(
        f"flight {flight_id} is {found}: it can't become {target}",
        flight=flight_id,
        source=found,
        target=target,
    )


def _flight(connection: Connection, row: Any) -> Flight:
    values = dict(row)
    claimed = values.pop("claimed")
    if claimed is not None:
        return Flight(**values, order_ids=tuple(json.loads(claimed)))
    carried = connection.execute(_CARRIED_BY, {"flight": values["id"]}).scalars().all()
    return Flight(**values, order_ids=tuple(carried))
