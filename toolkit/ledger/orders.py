"""Orders: asked for once, moved along their machine, never erased."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.amounts import MAX_BASE_UNITS, Amount
from toolkit.calendar import Clock
from toolkit.errors import IdempotencyConflict, InvalidInput, NotAuthorised
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.canonical import digest
from toolkit.ledger.errors import NotFound
from toolkit.ledger.investors import require_bank_account, require_eligible, require_owner
from toolkit.ledger.machines import MACHINES, OrderKind, Role, State
from toolkit.ledger.persons import require_role
from toolkit.ledger.records import Head, MintOrder, Order, OrderEvent, RedemptionOrder
from toolkit.ledger.steps import advance, locked_orders, order_from
from toolkit.ledger.store import Unit

__all__ = ["Orders"]

# Built once: building a statement costs as much as running it.
_KEY = sa.select(schema.idempotency_keys).where(schema.idempotency_keys.c.key == sa.bindparam("wanted"))
_INSERT = sa.insert(schema.orders)
_INSERT_KEY = sa.insert(schema.idempotency_keys)
_NEXT_NUMBER = (
    sa.update(schema.counters)
    .where(schema.counters.c.name == "mint_number")
    .values(value=schema.counters.c.value + 1)
    .returning(schema.counters.c.value)
)


@dataclass(frozen=True, slots=True)
class Orders:
    """The orders of the desk."""

    unit: Unit
    clock: Clock

    def request_mint(
        self,
        *,
        investor: str,
        wallet: str,
        amount: Amount,
        currency: str,
        maker: str,
        idempotency_key: str,
        lifetime: timedelta,
    ) -> MintOrder:
        """Takes a customer's order for tokens, paid in `currency` at par, good for `lifetime`.

        The same key with the same body returns the order it made before, whatever became of it.
        Raises `IdempotencyConflict` for the same key with another body, `NotEligible` for a wallet
        that isn't proven to be the investor's or an investor who isn't verified now, `NotAuthorised`
        unless `maker` is a `MAKER`, `InvalidInput` for an amount of zero or with fractions of a cent.
        """
        if lifetime <= timedelta(0):
            raise InvalidInput(f"lifetime {lifetime!r} must be a positive timedelta")
        now = self.clock.now()
        body = _body(OrderKind.MINT, investor, wallet, amount, currency)
        body["lifetime"] = str(lifetime // timedelta(microseconds=1))
        with self.unit.writing() as connection:
            end = audit.lock(connection)  # requests queue up here, so that a key makes one order
            order = _known(connection, idempotency_key, digest(body))
            if order is None:
                require_role(connection, maker, Role.MAKER)
                require_eligible(connection, investor=investor, wallet=wallet, at=now)
                row = _row(OrderKind.MINT, investor, wallet, amount, currency, maker, now)
                row |= {"number": _next_number(connection), "expires_at": now + lifetime}
                order = _open(connection, row, Role.MAKER, idempotency_key, digest(body), end)
        return cast("MintOrder", order)  # the kind is part of the body

    def request_redemption(
        self,
        *,
        investor: str,
        wallet: str,
        amount: Amount,
        currency: str,
        bank_account: str,
        maker: str,
        idempotency_key: str,
        role: Role = Role.MAKER,
    ) -> RedemptionOrder:
        """Takes a holder's order for money, to be paid to `bank_account`, which must be their own.

        `role` is `OPERATOR` when the worker enters what a holder asked the contract for. Whether the
        investor is verified is checked when the order becomes valid. Otherwise as `request_mint`.
        """
        now = self.clock.now()
        body = _body(OrderKind.REDEMPTION, investor, wallet, amount, currency)
        body["bank_account"] = bank_account
        if role not in MACHINES[OrderKind.REDEMPTION].opened_by:
            raise NotAuthorised(f"the role {role} opens no redemption order", role=role)
        with self.unit.writing() as connection:
            end = audit.lock(connection)  # requests queue up here, so that a key makes one order
            order = _known(connection, idempotency_key, digest(body))
            if order is None:
                require_role(connection, maker, role)
                require_owner(connection, investor=investor, wallet=wallet)
                require_bank_account(connection, reference=bank_account, investor=investor, currency=currency)
                row = _row(OrderKind.REDEMPTION, investor, wallet, amount, currency, maker, now)
                row["bank_account"] = bank_account
                order = _open(connection, row, role, idempotency_key, digest(body), end)
        return cast("RedemptionOrder", order)  # the kind is part of the body

    def step(
        self,
        order_id: str,
        to: State,
        *,
        actor: str,
        role: Role,
        reason: str = "",
        evidence: str | None = None,
    ) -> Order:
        """Takes one order to `to`. See `step_many`."""
        return self.step_many([order_id], to, actor=actor, role=role, reason=reason, evidence=evidence)[0]

    def step_many(
        self,
        order_ids: Sequence[str],
        to: State,
        *,
        actor: str,
        role: Role,
        reason: str = "",
        evidence: str | None = None,
    ) -> tuple[Order, ...]:
        """Takes all the orders to `to` in one transaction, or none, each with its event.

        `evidence` is a 32-byte hash in hex of what the step rests on (a transaction, a document).
        Raises `IllegalTransition` (with `source`, `target` and the `legal` states in its details),
        `NotAuthorised` if the actor doesn't hold the role, the role doesn't take the step, or the
        actor is a person who must be apart, `OrderExpired`, `InvalidInput` for a missing reason.
        Some steps carry facts and have methods of their own: `validate`, `escrow`, `funds.match`,
        `payouts.record`.
        """
        to, role = State(to), Role(role)
        with self.unit.writing() as connection:
            return advance(
                connection,
                order_ids,
                to,
                actor=actor,
                role=role,
                at=self.clock.now(),
                reason=reason,
                evidence=evidence,
            )

    def validate(
        self, order_id: str, *, due_at: datetime, actor: str, role: Role, evidence: str | None = None
    ) -> RedemptionOrder:
        """`requested` to `valid`: the clock starts and the money is due at `due_at`.

        Raises `NotEligible` unless the investor is verified and the wallet proven now, otherwise as
        `step_many`.
        """
        checks.aware(due_at, what="due_at")
        now = self.clock.now()
        with self.unit.writing() as connection:
            row = locked_orders(connection, [order_id])[order_id]
            require_eligible(connection, investor=row["investor"], wallet=row["wallet"], at=now)
            (order,) = advance(
                connection,
                [order_id],
                State.VALID,
                actor=actor,
                role=Role(role),
                at=now,
                evidence=evidence,
                columns={"due_at": due_at},
                recorded_by="orders.validate",
            )
        return cast("RedemptionOrder", order)  # only their machine knows VALID

    def escrow(self, order_id: str, *, number: int, actor: str, evidence: str) -> RedemptionOrder:
        """`valid` to `escrowed`: the chain holds the tokens as its redemption `number`.

        `evidence` is the hash of the transaction that escrowed them. Raises `InvalidInput` if
        another order has that number, otherwise as `step_many`.
        """
        with self.unit.writing() as connection:
            locked_orders(connection, [order_id])
            other = connection.execute(
                sa.select(schema.orders.c.id).where(
                    schema.orders.c.kind == OrderKind.REDEMPTION,
                    schema.orders.c.number == number,
                    schema.orders.c.id != order_id,
                )
            ).scalar_one_or_none()
            if other is not None:
                raise InvalidInput(f"redemption {number} is order {other}, not {order_id}", number=number)
            (order,) = advance(
                connection,
                [order_id],
                State.ESCROWED,
                actor=actor,
                role=Role.OPERATOR,
                at=self.clock.now(),
                evidence=evidence,
                columns={"number": number},
                recorded_by="orders.escrow",
            )
        return cast("RedemptionOrder", order)  # only their machine knows ESCROWED

    def claim(
        self, kind: OrderKind, state: State, limit: int, *, batched: bool | None = None
    ) -> tuple[Order, ...]:
        """Up to `limit` orders in `state`, first come, first served.

        `batched=False` leaves out those already in a batch. Inside a transaction the orders are
        locked until it ends, and orders that another worker has locked are passed over.
        """
        query = _filtered(kind=kind, state=state, batched=batched).limit(limit)
        with self.unit.writing() as connection:
            rows = connection.execute(query.with_for_update(skip_locked=True)).mappings().all()
        return tuple(order_from(row) for row in rows)

    def find(
        self,
        *,
        kind: OrderKind | None = None,
        state: State | Iterable[State] | None = None,
        investor: str | None = None,
        limit: int | None = None,
    ) -> tuple[Order, ...]:
        """The orders that match, oldest first, as they stand; nothing is locked."""
        query = _filtered(kind=kind, state=state, investor=investor).limit(limit)
        with self.unit.reading() as connection:
            return tuple(order_from(row) for row in connection.execute(query).mappings())

    def get(self, order_id: str) -> Order:
        """The order. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _get(connection, order_id)

    def by_number(self, kind: OrderKind, number: int) -> Order:
        """The order with that number on chain. Raises `NotFound`."""
        table = schema.orders
        with self.unit.reading() as connection:
            row = (
                connection.execute(sa.select(table).where(table.c.kind == kind, table.c.number == number))
                .mappings()
                .one_or_none()
            )
        if row is None:
            raise NotFound(f"no {kind} order has the number {number}", number=number)
        return order_from(row)

    def by_idempotency_key(self, key: str) -> Order:
        """The order that was asked for under `key`. Raises `NotFound`."""
        table = schema.idempotency_keys
        with self.unit.reading() as connection:
            order_id = connection.execute(
                sa.select(table.c.order_id).where(table.c.key == key)
            ).scalar_one_or_none()
            if order_id is None:
                raise NotFound(f"no order was asked for under the key {key!r}", key=key)
            return _get(connection, order_id)

    def history(self, order_id: str) -> tuple[OrderEvent, ...]:
        """Every step the order took, oldest first. Raises `NotFound`."""
        table = schema.order_events
        with self.unit.reading() as connection:
            _get(connection, order_id)
            rows = connection.execute(
                sa.select(table).where(table.c.order_id == order_id).order_by(table.c.seq)
            )
            return tuple(audit.event_from(row) for row in rows.mappings())


def _body(
    kind: OrderKind, investor: str, wallet: str, amount: Amount, currency: str
) -> dict[str, str | None]:
    if checks.positive(amount, what="amount").base_units > MAX_BASE_UNITS:
        raise InvalidInput(
            f"amount {amount.display()} is more than {MAX_BASE_UNITS} base units: split the order",
            amount=amount,
        )
    amount.to_minor_units(currency)  # refuses what can't be paid at par
    return {
        "kind": kind,
        "investor": investor,
        "wallet": wallet,
        "amount": str(amount.base_units),
        "unit": amount.unit,
        "decimals": str(amount.decimals),
        "currency": currency,
    }


def _row(
    kind: OrderKind, investor: str, wallet: str, amount: Amount, currency: str, maker: str, now: datetime
) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "kind": kind,
        "number": None,
        "state": State.REQUESTED,
        "held_from": None,
        "investor": investor,
        "wallet": wallet,
        "amount": amount.base_units,
        "unit": amount.unit,
        "decimals": amount.decimals,
        "currency": currency,
        "maker": maker,
        "bank_account": None,
        "created_at": now,
        "expires_at": None,
        "due_at": None,
        "batch_id": None,
    }


def _known(connection: Connection, key: str, body_hash: str) -> Order | None:
    """The order made under `key` before, if any."""
    checks.one_line(key, what="idempotency key")
    found = connection.execute(_KEY, {"wanted": key}).mappings().one_or_none()
    if found is None:
        return None
    if found["body_hash"] != body_hash:
        raise IdempotencyConflict(
            f"the key {key!r} already asked for order {found['order_id']} with another body: "
            "use a new key for a new order",
            key=key,
            order=found["order_id"],
        )
    return _get(connection, found["order_id"])


def _open(
    connection: Connection, row: dict[str, Any], role: Role, key: str, body_hash: str, end: Head
) -> Order:
    row["opened_seq"] = end.seq + 1
    connection.execute(_INSERT, [row])
    connection.execute(
        _INSERT_KEY,
        [{"key": key, "body_hash": body_hash, "order_id": row["id"], "created_at": row["created_at"]}],
    )
    first = audit.Draft(
        order_id=row["id"],
        from_state=None,
        to_state=State.REQUESTED,
        actor=row["maker"],
        role=role,
        at=row["created_at"],
        reason="",
        evidence=audit.order_digest(row),
    )
    audit.append(connection, [first], end)
    return order_from(row)


def _next_number(connection: Connection) -> int:
    return int(connection.execute(_NEXT_NUMBER).scalar_one())


def _get(connection: Connection, order_id: str) -> Order:
    row = (
        connection.execute(sa.select(schema.orders).where(schema.orders.c.id == order_id))
        .mappings()
        .one_or_none()
    )
    if row is None:
        raise NotFound(f"no order {order_id!r}: check the id", order=order_id)
    return order_from(row)


def _filtered(
    *,
    kind: OrderKind | None = None,
    state: State | Iterable[State] | None = None,
    investor: str | None = None,
    batched: bool | None = None,
) -> sa.Select[Any]:
    table = schema.orders
    query = sa.select(table).order_by(table.c.opened_seq)
    if kind is not None:
        query = query.where(table.c.kind == kind)
    if isinstance(state, State):
        query = query.where(table.c.state == state)
    elif state is not None:
        query = query.where(table.c.state.in_(list(state)))
    if investor is not None:
        query = query.where(table.c.investor == investor)
    if batched is not None:
        query = query.where(table.c.batch_id.is_not(None) if batched else table.c.batch_id.is_(None))
    return query
