"""Taking an order one step along its machine: the only code that changes an order's state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.bulk import Among
from toolkit.ledger.errors import NotFound, OrderExpired
from toolkit.ledger.machines import MACHINES, Machine, OrderKind, Role, State, Step
from toolkit.ledger.persons import require_role
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import (
    FundOrder,
    FundRedemptionOrder,
    MintOrder,
    Order,
    RedemptionOrder,
    SubscriptionOrder,
)

__all__ = ["advance", "advance_along", "chunks", "locked_orders", "order_from", "order_of", "read_orders"]

_CHUNK = 500  # bound parameters per statement

_STATES = {state.value: state for state in State}
_KINDS = {kind.value: kind for kind in OrderKind}

# Built once: building a statement costs as much as running it.
_AMONG = Among(schema.orders.c.id, "ids")
# One sequence of locking for everybody, so that two workers can't block each other.
_LOCKED = sa.select(schema.orders).where(_AMONG).order_by(schema.orders.c.opened_seq).with_for_update()
_STANDING = ("id", "kind", "state", "held_from", "flight_id", "expires_at")
_LOCKED_STANDING = _LOCKED.with_only_columns(*(schema.orders.c[name] for name in _STANDING))
# Reading an instant costs more than the rest of the row, and few steps ask for it.
_LOCKED_TIMELESS = _LOCKED.with_only_columns(*(schema.orders.c[name] for name in _STANDING[:-1]))
_TIMED = frozenset(
    step.target
    for machine in MACHINES.values()
    for step in machine.steps.values()
    if step.before_expiry or step.target is State.EXPIRED
)
_ORDERS = sa.select(schema.orders).where(_AMONG)
_FLIGHT_STATE = sa.select(schema.flights.c.state).where(schema.flights.c.id == sa.bindparam("flight"))
_MOVE = (
    sa.update(schema.orders)
    .where(_AMONG, schema.orders.c.state == sa.bindparam("source"))
    .values(state=sa.bindparam("target"), held_from=sa.bindparam("held"))
)
_ACTS = (
    sa.select(schema.order_events.c.order_id, schema.order_events.c.to_state)
    .where(
        Among(schema.order_events.c.order_id, "ids"),
        schema.order_events.c.actor == sa.bindparam("person"),
        sa.or_(
            schema.order_events.c.from_state.is_(None),
            schema.order_events.c.from_state != State.ON_HOLD,
        ),
    )
    .order_by(schema.order_events.c.seq)
)


_COLUMNS = [column.name for column in schema.orders.columns]


def _counted(orders: Any) -> sa.Select[Any]:
    """Orders that stand alike as one row: what moves hundreds at a time needn't read each."""
    alike = (orders.kind, orders.state, orders.held_from)
    expiry = orders.expires_at
    return sa.select(
        sa.func.count(), *alike, sa.func.count(orders.flight_id), sa.func.min(expiry), sa.func.max(expiry)
    ).group_by(*alike)


# On SQLite who writes is alone, and locks nothing.
_ALIKE = Prepared(_counted(schema.orders.c).where(_AMONG))
_LOCKED_ALIKE = Prepared(_counted(_LOCKED_STANDING.subquery().c))


def order_from(row: Any) -> Order:
    """The record of a row of `orders`, by the names of its columns."""
    return order_of([row[name] for name in _COLUMNS])


def order_of(values: Sequence[Any]) -> Order:
    """The record of the values of a row, all of them, in the schema's sequence."""
    (
        order_id, kind, number, state, held_from, investor, wallet, amount, unit, decimals, currency, maker,
        bank_account, created_at, expires_at, due_at, batch_id, flight_id, _, *dealt,
    ) = values  # fmt: skip
    common: dict[str, Any] = {
        "id": order_id,
        "kind": _KINDS[kind],
        "state": _STATES[state],
        "held_from": None if held_from is None else _STATES[held_from],
        "investor": investor,
        "wallet": wallet,
        "base_units": amount,
        "unit": unit,
        "decimals": decimals,
        "currency": currency,
        "maker": maker,
        "created_at": created_at,
        "batch_id": batch_id,
        "flight_id": flight_id,
    }
    if kind == OrderKind.MINT:
        return MintOrder(**common, number=number, expires_at=expires_at)
    if kind == OrderKind.REDEMPTION:
        return RedemptionOrder(**common, number=number, bank_account=bank_account, due_at=due_at)
    return _fund_order(common, expires_at, *dealt)


def _fund_order(
    common: dict[str, Any],
    expires_at: datetime | None,
    vault: str,
    share_class: str,
    dealing_date: date | None,
    dealing_day: int | None,
    funded_by: str | None,
) -> FundOrder:
    common |= {
        "expires_at": expires_at,
        "vault": vault,
        "share_class": share_class,
        "dealing_date": dealing_date,
        "dealing_day": dealing_day,
    }
    if common["kind"] is OrderKind.SUBSCRIPTION:
        return SubscriptionOrder(**common, funded_by=funded_by)
    return FundRedemptionOrder(**common)


def read_orders(connection: Connection, order_ids: Sequence[str]) -> tuple[Order, ...]:
    """The orders, in the sequence of their ids. Raises `NotFound`."""
    found = {row[0]: row for row in connection.execute(_ORDERS, {"ids": order_ids}).all()}
    _check_known(found, order_ids)
    return tuple(order_of(found[order_id]) for order_id in order_ids)


def locked_orders(connection: Connection, order_ids: Sequence[str]) -> dict[str, RowMapping]:
    """The rows of `order_ids`, which nobody else can change until the transaction ends.

    Raises `NotFound` for an unknown id and `InvalidInput` for one given twice.
    """
    _check_distinct(order_ids)
    rows = {row["id"]: row for row in connection.execute(_LOCKED, {"ids": order_ids}).mappings().all()}
    _check_known(rows, order_ids)
    return rows


def _check_distinct(order_ids: Sequence[str]) -> None:
    if len(set(order_ids)) != len(order_ids):
        raise InvalidInput("an order is named twice: name each order once")


def _check_known(rows: Mapping[str, Any], order_ids: Sequence[str]) -> None:
    if len(rows) != len(set(order_ids)):
        missing = next(order_id for order_id in order_ids if order_id not in rows)
        raise NotFound(f"no order {missing!r}: check the id", order=missing)


def chunks(items: Sequence[str]) -> Iterator[Sequence[str]]:
    """`items` in portions that fit in one statement."""
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]


def advance(
    connection: Connection,
    order_ids: Sequence[str],
    to: State,
    *,
    actor: str,
    role: Role,
    at: datetime,
    reason: str = "",
    evidence: str | Mapping[str, str] | None = None,
    columns: dict[str, Any] | None = None,
    recorded_by: str | None = None,
) -> None:
    """Takes every order to `to`, or none.

    All checks come before the first write. `columns` are further columns of the orders, written
    together with the state; `evidence` is that of all, or a mapping with each one's. Raises
    `IllegalTransition`, `NotAuthorised`, `OrderExpired`, `InvalidInput` or `NotFound`.
    """
    if not order_ids:
        return
    _check_distinct(order_ids)
    alike = _alike(connection, order_ids)
    rows = [alike.order] if alike else _locked_standing(connection, order_ids, to)
    require_role(connection, actor, role)
    if alike and alike.may_take(step := _machine_step(alike.order, to, role, reason, recorded_by), at):
        steps = dict.fromkeys(order_ids, step)
    else:
        rows = _locked_standing(connection, order_ids, to) if alike else rows
        steps = _checked_steps(connection, rows, to, role, at, reason, recorded_by)
    _check_apart(connection, steps, to, actor)
    digests = _digests(evidence, order_ids)
    for source, members in _by_source(steps).items():
        _write(connection, members, source, to, columns)
    audit.append(
        connection,
        audit.Draft(to, actor, role, at, reason),
        [(order_id, steps[order_id].source, digests[order_id]) for order_id in order_ids],
    )


def advance_along(
    connection: Connection,
    order_ids: Sequence[str],
    path: Sequence[tuple[State, str]],
    *,
    actor: str,
    role: Role,
    at: datetime,
    columns: dict[str, Any],
) -> list[tuple[State, Sequence[str]]]:
    """`advance` to each state of `path` with its evidence, and `columns` with the last, in few statements.

    Orders that stand at a state of the path go on from there. Returns which orders reached what. Raises as
    `advance`, and `InvalidInput` for a step that asks about time, a flight or who acted before.
    """
    reached: list[tuple[State, Sequence[str]]] = []
    _check_distinct(order_ids)
    groups = _groups(connection, order_ids)
    require_role(connection, actor, role)
    for order, members in groups:
        legs = [(_plain_step(leg, to, role), evidence) for leg, to, evidence in _legs(order, path)]
        if legs:
            _write(connection, members, order.source, legs[-1][0].target, columns)
        audit.append_acts(
            connection,
            [
                (audit.Draft(step.target, actor, role, at), [(each, step.source, digest) for each in members])
                for step, digest in legs
            ],
        )
        reached += [(step.target, members) for step, _ in legs]
    return reached


def _groups(connection: Connection, order_ids: Sequence[str]) -> list[tuple[_Standing, Sequence[str]]]:
    """The orders by how they stand, locked until the transaction ends, each group with any one of it."""
    alike = _alike(connection, order_ids)
    if alike is not None:
        return [(alike.order, order_ids)]
    groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    found = {order.id: order for order in _locked_standing(connection, order_ids, State.SETTLED)}
    for order_id in order_ids:
        groups[found[order_id][1:4]].append(order_id)
    return [(found[members[0]], members) for members in groups.values()]


def _legs(
    order: _Standing, path: Sequence[tuple[State, str]]
) -> Iterator[tuple[_Standing, State, str | None]]:
    """What is left of `path` for an order, with where it stands before each."""
    states = [to for to, _ in path]
    begin = states.index(order.source) + 1 if order.source in states else 0
    for to, evidence in path[begin:]:
        yield order, to, checks.sha256_hex(evidence)
        order = order._replace(state=to.value, held_from=None)


def _plain_step(order: _Standing, to: State, role: Role) -> Step:
    step = _machine_step(order, to, role, "", None)
    if step.apart_from or step.unless_sent or step.before_expiry or to is State.EXPIRED:
        raise InvalidInput(f"the step of order {order.id} from {order.state} to {to} must be taken by itself")
    return step


def _digests(evidence: str | Mapping[str, str] | None, order_ids: Sequence[str]) -> Mapping[str, str | None]:
    if isinstance(evidence, Mapping):
        return {order_id: checks.sha256_hex(evidence[order_id]) for order_id in order_ids}
    return dict.fromkeys(order_ids, checks.sha256_hex(evidence))


class _Standing(NamedTuple):
    """Where an order stands. `expires_at` is read for the steps that ask for it."""

    id: str
    kind: str
    state: str
    held_from: str | None
    flight_id: str | None
    expires_at: datetime | None = None

    @property
    def machine(self) -> Machine:
        return MACHINES[_KINDS[self.kind]]

    @property
    def source(self) -> State:
        return _STATES[self.state]

    def illegal(self, to: State, why: str) -> IllegalTransition:
        held_from = None if self.held_from is None else _STATES[self.held_from]
        return IllegalTransition(
            f"{self.kind} order {self.id} {why}",
            order=self.id,
            source=self.source,
            target=to,
            legal=self.machine.legal(self.source, held_from=held_from),
        )


class _Alike(NamedTuple):
    """Orders of one kind in one state: `order` is any of them, `flying` how many a flight has."""

    order: _Standing
    flying: int
    first_expiry: datetime | None
    last_expiry: datetime | None

    def may_take(self, step: Step, at: datetime) -> bool:
        """Whether none of them can be in the way of a step that its machine knows."""
        if step.before_expiry and self.first_expiry is not None and at >= self.first_expiry:
            return False
        if step.target is State.EXPIRED and self.last_expiry is not None and at < self.last_expiry:
            return False
        return not (step.unless_sent and self.flying)


def _alike(connection: Connection, order_ids: Sequence[str]) -> _Alike | None:
    """How the orders stand, locked until the transaction ends; None if they differ or one is unknown."""
    query = _ALIKE if connection.dialect.name == "sqlite" else _LOCKED_ALIKE
    found = query.all(connection, {"ids": order_ids})
    if len(found) != 1 or found[0][0] != len(order_ids):
        return None
    _, kind, state, held_from, flying, first, last = found[0]
    return _Alike(_Standing(order_ids[0], kind, state, held_from, None), flying, first, last)


def _locked_standing(connection: Connection, order_ids: Sequence[str], to: State) -> list[_Standing]:
    _check_distinct(order_ids)
    query = _LOCKED_STANDING if to in _TIMED else _LOCKED_TIMELESS
    found = [_Standing(*row) for row in connection.execute(query, {"ids": order_ids}).all()]
    if len(found) != len(order_ids):
        _check_known({order.id: order for order in found}, order_ids)
    return found


def _checked_steps(
    connection: Connection,
    orders: Sequence[_Standing],
    to: State,
    role: Role,
    at: datetime,
    reason: str,
    recorded_by: str | None,
) -> dict[str, Step]:
    """The step of each order, by what the machine says of those that are in the same state."""
    found: dict[tuple[str, str, str | None], Step] = {}
    steps: dict[str, Step] = {}
    for order in orders:
        alike = order[1:4]
        step = found.get(alike)
        if step is None:
            step = found[alike] = _machine_step(order, to, role, reason, recorded_by)
        expires_at = order.expires_at
        if expires_at is not None:
            _check_time(order, step, at, expires_at)
        if step.unless_sent and order.flight_id is not None:
            _refuse_if_sent(connection, order, to)
        steps[order.id] = step
    return steps


def _machine_step(order: _Standing, to: State, role: Role, reason: str, recorded_by: str | None) -> Step:
    machine, source = order.machine, order.source
    held_from = None if order.held_from is None else _STATES[order.held_from]
    step = machine.step(source, to, held_from=held_from, order=order.id)
    machine.authorise(step, role, order=order.id)
    if step.recorded_by != recorded_by:
        raise order.illegal(
            to,
            f"goes from {source} to {to} by ledger.{step.recorded_by}, which records what it rests on: "
            "call that",
        )
    if step.reasoned and not reason:
        raise InvalidInput(f"taking order {order.id} from {source} to {to} needs a reason", order=order.id)
    return step


def _check_time(order: _Standing, step: Step, at: datetime, expires_at: datetime) -> None:
    if step.before_expiry and at >= expires_at:
        raise OrderExpired(
            f"{order.kind} order {order.id} expired at {expires_at.isoformat()}: record it as expired",
            order=order.id,
        )
    if step.target is State.EXPIRED and at < expires_at:
        raise order.illegal(
            step.target, f"expires at {expires_at.isoformat()}, not before: cancel it instead"
        )


def _refuse_if_sent(connection: Connection, order: _Standing, to: State) -> None:
    if connection.execute(_FLIGHT_STATE, {"flight": order.flight_id}).scalar_one() == "flying":
        raise order.illegal(
            to,
            f"is in flight {order.flight_id}, whose transaction may still land: it can't go from "
            f"{order.state} to {to} until that has ended",
        )


def _check_apart(connection: Connection, steps: Mapping[str, Step], to: State, actor: str) -> None:
    """Two people, not two keys: raises `NotAuthorised` if `actor` had a hand in it before."""
    guarded = [order_id for order_id, step in steps.items() if step.apart_from]
    if not guarded:
        return
    for order_id, reached in connection.execute(_ACTS, {"ids": guarded, "person": actor}):
        if _STATES[reached] in steps[order_id].apart_from:
            raise NotAuthorised(
                f"{actor} took order {order_id} to {reached} and so can't take it to {to}: another "
                "person must",
                order=order_id,
                person=actor,
            )


def _by_source(steps: Mapping[str, Step]) -> dict[State, list[str]]:
    groups: dict[State, list[str]] = defaultdict(list)
    for order_id, step in steps.items():
        groups[step.source].append(order_id)
    return groups


@cache
def _move(columns: tuple[str, ...]) -> Prepared:
    """The statement that moves orders and sets these columns too, each bound under its own name."""
    return Prepared(_MOVE.values({name: sa.bindparam(f"new_{name}") for name in columns}))


def _write(
    connection: Connection, order_ids: Sequence[str], source: State, to: State, columns: dict[str, Any] | None
) -> None:
    columns = columns or {}
    held = source if to is State.ON_HOLD else None
    values: dict[str, Any] = {"ids": order_ids, "source": source, "target": to, "held": held}
    values |= {f"new_{name}": value for name, value in columns.items()}
    moved = _move(tuple(columns)).change(connection, values)
    if moved != len(order_ids):
        raise IllegalTransition(
            f"{len(order_ids) - moved} of {len(order_ids)} orders left {source} meanwhile: read them again",
            orders=order_ids,
            source=source,
            target=to,
        )
