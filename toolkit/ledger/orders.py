"""Orders: asked for once, moved along their machine, never erased."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.amounts import MAX_BASE_UNITS, Amount
from toolkit.calendar import Clock
from toolkit.errors import IdempotencyConflict, InvalidInput, NotAuthorised
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.canonical import digest
from toolkit.ledger.eligibility import Asked, Stage, require
from toolkit.ledger.errors import NotFound
from toolkit.ledger.investors import require_bank_account
from toolkit.ledger.machines import MACHINES, OrderKind, Role, State
from toolkit.ledger.persons import require_role
from toolkit.ledger.records import Head, MintOrder, Order, OrderEvent, RedemptionOrder
from toolkit.ledger.screening_runs import note_orders
from toolkit.ledger.steps import advance, locked_orders, order_from, order_of, read_orders
from toolkit.ledger.store import Unit

__all__ = ["NOT_DEALT", "MintRequest", "Orders", "known_orders", "new_row", "open_orders"]

_TABLE = schema.orders

NOT_DEALT = dict.fromkeys(("vault", "share_class", "dealing_date", "dealing_day", "funded_by"))
"""What only the fund's orders have."""

# Built once: building a statement costs as much as running it.
_LARGEST = 2**63  # the ledger's numbers; the market takes any
_PORTION = 500  # bound parameters per statement
_KIND_NUMBERS = sa.select(_TABLE).where(_TABLE.c.number.in_(sa.bindparam("numbers", expanding=True)))
_ORDER = sa.select(_TABLE).where(_TABLE.c.id == sa.bindparam("wanted"))
_KEYS = sa.select(schema.idempotency_keys).where(Among(schema.idempotency_keys.c.key, "keys"))
_STATES = sa.select(_TABLE.c.id, _TABLE.c.state).where(Among(_TABLE.c.id, "ids"))
_TAKE_NUMBERS = (
    sa.update(schema.counters)
    .where(schema.counters.c.name == "mint_number")
    .values(value=schema.counters.c.value + sa.bindparam("count"))
    .returning(schema.counters.c.value)
)


@dataclass(frozen=True, slots=True)
class MintRequest:
    """What a customer asks for: tokens for `currency` at par, good for `lifetime`."""

    investor: str
    wallet: str
    amount: Amount
    currency: str
    idempotency_key: str
    lifetime: timedelta


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
        request = MintRequest(investor, wallet, amount, currency, idempotency_key, lifetime)
        return self.request_mints([request], maker=maker)[0]

    def request_mints(self, requests: Sequence[MintRequest], *, maker: str) -> tuple[MintOrder, ...]:
        """Takes several orders in one transaction, or none; numbered in their sequence.

        As `request_mint`, which is this for one.
        """
        now = self.clock.now()
        bodies = [digest(_mint_body(request)) for request in requests]
        keys = [checks.one_line(request.idempotency_key, what="idempotency key") for request in requests]
        with self.unit.writing() as connection:
            end = audit.lock(connection)  # requests queue up here, so that a key makes one order
            known = known_orders(connection, keys, bodies)
            fresh = {key: request for key, request in zip(keys, requests, strict=True) if key not in known}
            if fresh:
                require_role(connection, maker, Role.MAKER)
                asked = [
                    Asked.amount_of(OrderKind.MINT, item.investor, item.wallet, item.amount)
                    for item in fresh.values()
                ]
                require(connection, asked, at=now, stage=Stage.REQUEST)
                first = _take_numbers(connection, len(fresh))
                rows = []
                for number, item in enumerate(fresh.values(), start=first):
                    row = new_row(
                        OrderKind.MINT, item.investor, item.wallet, item.amount, item.currency, maker, now
                    )
                    rows.append(row | {"number": number, "expires_at": now + item.lifetime})
                hashes = dict(zip(keys, bodies, strict=True))
                opened = open_orders(
                    connection, self.clock, rows, Role.MAKER, [(key, hashes[key]) for key in fresh], end
                )
                known |= dict(zip(fresh, opened, strict=True))
        return tuple(cast("MintOrder", known[key]) for key in keys)  # the kind is part of the body

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
        key, body_hash = checks.one_line(idempotency_key, what="idempotency key"), digest(body)
        with self.unit.writing() as connection:
            end = audit.lock(connection)  # requests queue up here, so that a key makes one order
            order = known_orders(connection, [key], [body_hash]).get(key)
            if order is None:
                require_role(connection, maker, role)
                asked = Asked.amount_of(OrderKind.REDEMPTION, investor, wallet, amount)
                require(connection, [asked], at=now, stage=Stage.REQUEST)
                require_bank_account(connection, reference=bank_account, investor=investor, currency=currency)
                row = new_row(OrderKind.REDEMPTION, investor, wallet, amount, currency, maker, now)
                row["bank_account"] = bank_account
                (order,) = open_orders(connection, self.clock, [row], role, [(key, body_hash)], end)
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
        with self.unit.writing() as connection:
            advance(
                connection,
                order_ids,
                State(to),
                actor=actor,
                role=Role(role),
                at=self.clock.now(),
                reason=reason,
                evidence=evidence,
            )
            return read_orders(connection, order_ids)

    def step_all(
        self,
        order_ids: Sequence[str],
        to: State,
        *,
        actor: str,
        role: Role,
        reason: str = "",
        evidence: str | None = None,
    ) -> None:
        """`step_many` for a worker that moves hundreds at a time and has no use for the records."""
        with self.unit.writing() as connection:
            advance(
                connection,
                order_ids,
                State(to),
                actor=actor,
                role=Role(role),
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
            require(connection, [Asked.of(order_from(row))], at=now, stage=Stage.VALIDATION)
            advance(
                connection,
                [order_id],
                State.VALID,
                actor=actor,
                role=Role(role),
                at=now,
                reason=audit.fact(due_at),
                evidence=evidence,
                columns={"due_at": due_at},
                recorded_by="orders.validate",
            )
            (order,) = read_orders(connection, [order_id])
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
            advance(
                connection,
                [order_id],
                State.ESCROWED,
                actor=actor,
                role=Role.OPERATOR,
                at=self.clock.now(),
                reason=audit.fact(number),
                evidence=evidence,
                columns={"number": number},
                recorded_by="orders.escrow",
            )
            (order,) = read_orders(connection, [order_id])
        return cast("RedemptionOrder", order)  # only their machine knows ESCROWED

    def by_numbers(self, kind: OrderKind, numbers: Sequence[int]) -> tuple[Order, ...]:
        """Those orders of a kind that have these numbers. A number of no order is passed over."""
        wanted = [number for number in numbers if number < _LARGEST]
        query = _KIND_NUMBERS.where(_TABLE.c.kind == kind)
        found: list[Order] = []
        with self.unit.reading() as connection:
            for start in range(0, len(wanted), _PORTION):
                rows = connection.execute(query, {"numbers": wanted[start : start + _PORTION]})
                found += map(order_of, rows)
        return tuple(found)

    def claim(
        self,
        kind: OrderKind,
        state: State,
        limit: int | None = None,
        *,
        batched: bool | None = None,
        flying: bool | None = None,
    ) -> tuple[Order, ...]:
        """Up to `limit` orders in `state`, first come, first served.

        `batched=False` leaves out those already in a batch, `flying=False` those in a flight. Inside a
        transaction the orders are locked until it ends, and orders that another worker has locked are
        passed over.
        """
        limited = limit is not None
        wanted = _Filter(kind, (state,), batched=batched, flying=flying, limited=limited, locked=True)
        query = _matching(wanted)
        with self.unit.writing() as connection:
            return tuple(map(order_of, connection.execute(query, {"most": limit}).all()))

    def find(
        self,
        *,
        kind: OrderKind | None = None,
        state: State | Iterable[State] | None = None,
        investor: str | None = None,
        limit: int | None = None,
        batched: bool | None = None,
        flying: bool | None = None,
    ) -> tuple[Order, ...]:
        """The orders that match, oldest first, as they stand; nothing is locked. `batched` and `flying` as
        for `claim`.
        """
        query = _matching(
            _Filter(
                kind,
                _states(state),
                of_one=investor is not None,
                batched=batched,
                flying=flying,
                limited=limit is not None,
            )
        )
        return tuple(map(order_of, self.unit.rows(query, {"investor": investor, "most": limit})))

    def expired(self, kind: OrderKind, states: Iterable[State]) -> tuple[Order, ...]:
        """Orders in these states whose time is over, and that no flight has taken."""
        query = _matching(_Filter(kind, _states(states), ended=True, flying=False))
        return tuple(map(order_of, self.unit.rows(query, {"now": self.clock.now()})))

    def states(self, order_ids: Sequence[str]) -> dict[str, State]:
        """Where the orders stand, in the sequence of their ids. Raises `NotFound`."""
        with self.unit.reading() as connection:
            found = {row.id: State(row.state) for row in connection.execute(_STATES, {"ids": order_ids})}
        missing = [order_id for order_id in order_ids if order_id not in found]
        if missing:
            raise NotFound(f"no order {missing[0]!r}: check the id", order=missing[0])
        return {order_id: found[order_id] for order_id in order_ids}

    def many(self, order_ids: Sequence[str]) -> tuple[Order, ...]:
        """The orders, in the sequence of their ids. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return read_orders(connection, order_ids)

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


def new_row(
    kind: OrderKind, investor: str, wallet: str, amount: Amount, currency: str, maker: str, now: datetime
) -> dict[str, Any]:
    return {
        "id": _new_id(now),
        "kind": kind.value,
        "number": None,
        "state": State.REQUESTED.value,
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
        "flight_id": None,
        **NOT_DEALT,
    }


def _mint_body(request: MintRequest) -> dict[str, str | None]:
    if request.lifetime <= timedelta(0):
        raise InvalidInput(f"lifetime {request.lifetime!r} must be a positive timedelta")
    body = _body(OrderKind.MINT, request.investor, request.wallet, request.amount, request.currency)
    body["lifetime"] = str(request.lifetime // timedelta(microseconds=1))
    return body


def known_orders(connection: Connection, keys: Sequence[str], bodies: Sequence[str]) -> dict[str, Order]:
    """The orders made under `keys` before. Raises `IdempotencyConflict` if one asked for another body."""
    wanted: dict[str, str] = {}
    for key, body_hash in zip(keys, bodies, strict=True):
        if wanted.setdefault(key, body_hash) != body_hash:
            raise IdempotencyConflict(f"the key {key!r} is given twice with different bodies", key=key)
    found = {row["key"]: row for row in connection.execute(_KEYS, {"keys": list(wanted)}).mappings()}
    for key, row in found.items():
        if row["body_hash"] != wanted[key]:
            raise IdempotencyConflict(
                f"the key {key!r} already asked for order {row['order_id']} with another body: "
                "use a new key for a new order",
                key=key,
                order=row["order_id"],
            )
    if not found:
        return {}
    return dict(zip(found, read_orders(connection, [row["order_id"] for row in found.values()]), strict=True))


def open_orders(
    connection: Connection,
    clock: Clock,
    rows: Sequence[dict[str, Any]],
    role: Role,
    keys: Sequence[tuple[str, str]],
    end: Head,
) -> list[Order]:
    """Writes new orders with their keys (and the hashes of their bodies) and their first events, and how
    they were screened.
    """
    # What is ordered together is moved together, and then lies together in every index.
    ids = sorted(row["id"] for row in rows)
    for seq, (row, order_id) in enumerate(zip(rows, ids, strict=True), start=end.seq + 1):
        row["opened_seq"], row["id"] = seq, order_id
    names = [column.name for column in _TABLE.columns]
    insert_rows(connection, _TABLE, [tuple(row[name] for name in names) for row in rows])
    insert_rows(
        connection,
        schema.idempotency_keys,
        [
            (key, body_hash, row["id"], row["created_at"])
            for (key, body_hash), row in zip(keys, rows, strict=True)
        ],
    )
    first = audit.Draft(State.REQUESTED, rows[0]["maker"], role, rows[0]["created_at"])
    audit.append(connection, first, [(row["id"], None, audit.order_digest(row)) for row in rows], end)
    note_orders(connection, clock, rows, role)
    return [order_from(row) for row in rows]


def _take_numbers(connection: Connection, count: int) -> int:
    """The first of `count` numbers that nobody else gets."""
    return int(connection.execute(_TAKE_NUMBERS, {"count": count}).scalar_one()) - count + 1


def _new_id(now: datetime) -> str:
    """A UUID of version 7 (RFC 9562): random, and those of one time lie together in every index."""
    microseconds = int(now.timestamp()) * 1_000_000 + now.microsecond
    milliseconds, rest = divmod(microseconds, 1000)
    high = milliseconds << 16 | 7 << 12 | rest * 4096 // 1000
    low = 2 << 62 | secrets.randbits(62)
    return str(uuid.UUID(int=high << 64 | low))


def _get(connection: Connection, order_id: str) -> Order:
    row = connection.execute(_ORDER, {"wanted": order_id}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no order {order_id!r}: check the id", order=order_id)
    return order_from(row)


class _Filter(NamedTuple):
    """Which orders a statement asks for. `of_one` is one investor's, `ended` those past their time."""

    kind: OrderKind | None
    states: tuple[State, ...] | None
    of_one: bool = False
    ended: bool = False
    batched: bool | None = None
    flying: bool | None = None
    limited: bool = False
    locked: bool = False


@cache
def _matching(wanted: _Filter) -> sa.Select[Any]:
    """First come, first. Built once for each shape: every pass of the worker asks the same."""
    query = sa.select(_TABLE).order_by(_TABLE.c.opened_seq)
    if wanted.kind is not None:
        query = query.where(_TABLE.c.kind == wanted.kind)
    elif wanted.states is not None and not wanted.of_one:
        query = query.where(_TABLE.c.kind.in_(tuple(OrderKind)))  # all there are: the index begins with it
    if wanted.states is not None:
        states = wanted.states
        query = query.where(_TABLE.c.state == states[0] if len(states) == 1 else _TABLE.c.state.in_(states))
    if wanted.of_one:
        query = query.where(_TABLE.c.investor == sa.bindparam("investor"))
    if wanted.ended:
        query = query.where(_TABLE.c.expires_at <= sa.bindparam("now"))
    for column, is_set in ((_TABLE.c.batch_id, wanted.batched), (_TABLE.c.flight_id, wanted.flying)):
        if is_set is not None:
            query = query.where(column.is_not(None) if is_set else column.is_(None))
    if wanted.limited:
        query = query.limit(sa.bindparam("most"))
    return query.with_for_update(skip_locked=True) if wanted.locked else query


def _states(state: State | Iterable[State] | None) -> tuple[State, ...] | None:
    return (state,) if isinstance(state, State) else state if state is None else tuple(state)
