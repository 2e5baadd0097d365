"""Taking an order one step along its machine: the only code that changes an order's state."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.errors import NotFound, OrderExpired
from toolkit.ledger.machines import MACHINES, OrderKind, Role, State, Step
from toolkit.ledger.persons import require_role
from toolkit.ledger.records import MintOrder, Order, RedemptionOrder

__all__ = ["advance", "locked_orders", "order_from"]

_CHUNK = 500  # bound parameters per statement

# Built once: building a statement costs as much as running it.
_LOCKED = (
    sa.select(schema.orders)
    .where(schema.orders.c.id.in_(sa.bindparam("ids", expanding=True)))
    # One sequence of locking for everybody, so that two workers can't block each other.
    .order_by(schema.orders.c.opened_seq)
    .with_for_update()
)


def order_from(row: Any) -> Order:
    """The record of a row of `orders`."""
    kind = OrderKind(row["kind"])
    common: dict[str, Any] = {
        "id": row["id"],
        "kind": kind,
        "state": State(row["state"]),
        "held_from": None if row["held_from"] is None else State(row["held_from"]),
        "investor": row["investor"],
        "wallet": row["wallet"],
        "base_units": row["amount"],
        "unit": row["unit"],
        "decimals": row["decimals"],
        "currency": row["currency"],
        "maker": row["maker"],
        "created_at": row["created_at"],
        "batch_id": row["batch_id"],
        "number": row["number"],
    }
    if kind is OrderKind.MINT:
        return MintOrder(**common, expires_at=row["expires_at"])
    return RedemptionOrder(**common, bank_account=row["bank_account"], due_at=row["due_at"])


def locked_orders(connection: Connection, order_ids: Sequence[str]) -> dict[str, RowMapping]:
    """The rows of `order_ids`, which nobody else can change until the transaction ends.

    Raises `NotFound` for an unknown id and `InvalidInput` for one given twice.
    """
    if len(set(order_ids)) != len(order_ids):
        raise InvalidInput("an order is named twice: name each order once")
    rows: dict[str, RowMapping] = {}
    for chunk in chunks(order_ids):
        found = connection.execute(_LOCKED, {"ids": list(chunk)}).mappings()
        rows.update((row["id"], row) for row in found)
    for order_id in order_ids:
        if order_id not in rows:
            raise NotFound(f"no order {order_id!r}: check the id", order=order_id)
    return rows


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
    evidence: str | None = None,
    columns: dict[str, Any] | None = None,
    recorded_by: str | None = None,
) -> tuple[Order, ...]:
    """Takes every order to `to`, or none.

    All checks come before the first write. `columns` are further columns of the orders, written
    together with the state. Raises `IllegalTransition`, `NotAuthorised`, `OrderExpired`,
    `InvalidInput` or `NotFound`.
    """
    if not order_ids:
        return ()
    rows = locked_orders(connection, order_ids)
    require_role(connection, actor, role)
    steps = {
        order_id: _checked_step(connection, rows[order_id], to, role, at, reason, recorded_by)
        for order_id in order_ids
    }
    _check_apart(connection, steps, actor)
    values = {"state": to, **(columns or {})}
    for source, members in _by_source(steps).items():
        _write(connection, members, source, to, values)
    evidence = checks.sha256_hex(evidence)
    audit.append(
        connection,
        [
            audit.Draft(order_id, steps[order_id].source, to, actor, role, at, reason, evidence)
            for order_id in order_ids
        ],
    )
    return tuple(
        order_from({**rows[order_id], **values, "held_from": _held_from(steps[order_id].source, to)})
        for order_id in order_ids
    )


def _held_from(source: State, to: State) -> State | None:
    return source if to is State.ON_HOLD else None


def _checked_step(
    connection: Connection,
    row: RowMapping,
    to: State,
    role: Role,
    at: datetime,
    reason: str,
    recorded_by: str | None,
) -> Step:
    order_id, source = row["id"], State(row["state"])
    machine = MACHINES[OrderKind(row["kind"])]
    held_from = None if row["held_from"] is None else State(row["held_from"])
    step = machine.step(source, to, held_from=held_from, order=order_id)
    machine.authorise(step, role, order=order_id)
    if step.recorded_by != recorded_by:
        raise IllegalTransition(
            f"{machine.kind} order {order_id} goes from {source} to {to} by ledger.{step.recorded_by}, "
            "which records what it rests on: call that",
            order=order_id,
            source=source,
            target=to,
            legal=machine.legal(source, held_from=held_from),
        )
    if step.reasoned and not reason:
        raise InvalidInput(f"taking order {order_id} from {source} to {to} needs a reason", order=order_id)
    expires_at = row["expires_at"]
    if step.before_expiry and at >= expires_at:
        raise OrderExpired(
            f"{machine.kind} order {order_id} expired at {expires_at.isoformat()}: record it as expired",
            order=order_id,
        )
    if to is State.EXPIRED and at < expires_at:
        raise IllegalTransition(
            f"{machine.kind} order {order_id} expires at {expires_at.isoformat()}, not before: "
            "cancel it instead",
            order=order_id,
            source=source,
            target=to,
            legal=machine.legal(source, held_from=held_from),
        )
    if step.unless_sent and row["batch_id"] is not None:
        _refuse_if_sent(connection, row, to, machine.legal(source))
    return step


def _refuse_if_sent(connection: Connection, row: RowMapping, to: State, legal: list[State]) -> None:
    state = connection.execute(
        sa.select(schema.batches.c.state).where(schema.batches.c.id == row["batch_id"])
    ).scalar_one()
    if state == "sent":
        raise IllegalTransition(
            f"order {row['id']} is in batch {row['batch_id']}, whose transaction may still land: it can't "
            f"go from {row['state']} to {to} until the batch is closed",
            order=row["id"],
            source=row["state"],
            target=to,
            legal=legal,
        )


def _check_apart(connection: Connection, steps: dict[str, Step], actor: str) -> None:
    """Two people, not two keys: raises `NotAuthorised` if `actor` had a hand in it before."""
    guarded = [order_id for order_id, step in steps.items() if step.apart_from]
    events = schema.order_events
    for chunk in chunks(guarded):
        acts = connection.execute(
            sa.select(events.c.order_id, events.c.to_state)
            .where(
                events.c.order_id.in_(chunk),
                events.c.actor == actor,
                sa.or_(events.c.from_state.is_(None), events.c.from_state != State.ON_HOLD),
            )
            .order_by(events.c.seq)
        )
        for order_id, reached in acts:
            if State(reached) in steps[order_id].apart_from:
                raise NotAuthorised(
                    f"{actor} took order {order_id} to {reached} and so can't take it to "
                    f"{steps[order_id].target}: another person must",
                    order=order_id,
                    person=actor,
                )


def _by_source(steps: dict[str, Step]) -> dict[State, list[str]]:
    groups: dict[State, list[str]] = defaultdict(list)
    for order_id, step in steps.items():
        groups[step.source].append(order_id)
    return groups


def _write(
    connection: Connection, order_ids: list[str], source: State, to: State, values: dict[str, Any]
) -> None:
    table = schema.orders
    for chunk in chunks(order_ids):
        result = connection.execute(
            sa.update(table)
            .where(table.c.id.in_(chunk), table.c.state == source)
            .values(**values, held_from=_held_from(source, to))
        )
        if result.rowcount != len(chunk):
            raise IllegalTransition(
                f"{len(chunk) - result.rowcount} of {len(chunk)} orders left {source} meanwhile: "
                "read them again",
                orders=chunk,
                source=source,
                target=to,
            )
