"""The fund's orders: asked for, on chain, dealt, and claimed, each step on what the chain finally holds."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.amounts import MAX_BASE_UNITS, Amount
from toolkit.calendar import Clock
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.canonical import digest
from toolkit.ledger.eligibility import Asked, Stage, require
from toolkit.ledger.investors import require_owner
from toolkit.ledger.machines import FUND_KINDS, MACHINES, OrderKind, Role, State
from toolkit.ledger.orders import known_orders, new_row, open_orders
from toolkit.ledger.persons import require_role
from toolkit.ledger.records import Dealing, FundOrder
from toolkit.ledger.steps import advance, order_from, read_orders
from toolkit.ledger.store import Unit

__all__ = ["Delivery", "FundOrders", "FundRequest"]

_ORDERS, _DEALINGS = schema.orders, schema.fund_dealings
_DEALINGS_OF = (
    sa.select(_DEALINGS)
    .where(Among(_DEALINGS.c.order_id, "ids"))
    .order_by(_DEALINGS.c.order_id, _DEALINGS.c.day)
)
_WAITING = (State.GATED, State.PRICED, State.QUARANTINED)


@dataclass(frozen=True, slots=True)
class FundRequest:
    """What an investor asks of a fund: the amount is coins to subscribe, or shares to redeem.

    `dealing_date` and `cut_off` are the day that the receipt decided; None for a subscription whose money
    has yet to come, which `funded_by` names the mint order of.
    """

    kind: OrderKind
    investor: str
    wallet: str
    amount: Amount
    currency: str
    vault: str
    share_class: str
    dealing_date: date | None
    cut_off: datetime | None
    funded_by: str | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What `wallet` was given of what is due to it, or `held`: put in quarantine instead."""

    wallet: str
    amount: int
    held: bool = False


@dataclass(frozen=True, slots=True)
class FundOrders:
    """Subscriptions and redemptions of the fund. Their other steps are `orders.step`'s."""

    unit: Unit
    clock: Clock

    def request(
        self,
        request: FundRequest,
        *,
        maker: str,
        idempotency_key: str,
        role: Role = Role.MAKER,
        received_at: datetime | None = None,
    ) -> FundOrder:
        """Takes an order, received now unless the chain says when. `role` is `OPERATOR` when the worker
        enters what an investor asked the vault for.

        The same key with the same body returns the order that it made, whatever became of it, and whatever
        day it is now. Raises `IdempotencyConflict`, `NotEligible` for a wallet of somebody else,
        `NotAuthorised`, `InvalidInput`.
        """
        if request.kind not in FUND_KINDS or role not in MACHINES[request.kind].opened_by:
            raise NotAuthorised(f"the role {role} opens no {request.kind} order here", role=role)
        now = self.clock.now()
        key, body_hash = checks.one_line(idempotency_key, what="idempotency key"), digest(_body(request))
        with self.unit.writing() as connection:
            end = audit.lock(connection)  # requests queue up here, so that a key makes one order
            order = known_orders(connection, [key], [body_hash]).get(key)
            if order is None:
                require_role(connection, maker, role)
                if role is Role.OPERATOR:
                    # The chain has it already: it is on record, whatever the rules say.
                    require_owner(connection, investor=request.investor, wallet=request.wallet)
                else:
                    require(connection, [_asked(request)], at=now, stage=Stage.REQUEST)
                row = new_row(
                    request.kind,
                    request.investor,
                    request.wallet,
                    request.amount,
                    request.currency,
                    maker,
                    received_at or now,
                ) | {
                    "vault": request.vault,
                    "share_class": request.share_class,
                    "dealing_date": request.dealing_date,
                    "expires_at": request.cut_off,
                    "funded_by": request.funded_by,
                }
                (order,) = open_orders(connection, self.clock, [row], role, [(key, body_hash)], end)
        return cast("FundOrder", order)  # the kind is part of the body

    def enter(self, order_id: str, day: int, *, actor: str, evidence: str) -> FundOrder:
        """To `in_batch`: the chain has the order on its dealing day `day`; `evidence` is the transaction."""
        with self.unit.writing() as connection:
            advance(
                connection,
                [order_id],
                State.IN_BATCH,
                actor=actor,
                role=Role.OPERATOR,
                at=self.clock.now(),
                reason=audit.dealing_day(day),
                evidence=evidence,
                columns={"dealing_day": day},
                recorded_by="fund_orders.enter",
            )
            (order,) = read_orders(connection, [order_id])
        return cast("FundOrder", order)

    def deal(self, dealings: Sequence[Dealing], *, actor: str) -> None:
        """To `priced`, or to `gated` with the rest on the next day: what a settled day brought.

        All or none. An order to which nothing is due and nothing carried is settled with it.
        """
        with self.unit.writing() as connection:
            digests = {item.order_id: audit.dealing_digest(asdict(item)) for item in dealings}
            groups: dict[tuple[State, int], list[str]] = defaultdict(list)
            for item in dealings:
                if item.carried:
                    groups[State.GATED, item.day + 1].append(item.order_id)
                else:
                    groups[State.PRICED, item.day].append(item.order_id)
            for (state, day), ids in groups.items():
                advance(
                    connection,
                    ids,
                    state,
                    actor=actor,
                    role=Role.OPERATOR,
                    at=self.clock.now(),
                    reason=audit.dealing_day(day),
                    evidence=digests,
                    columns={"dealing_day": day},
                    recorded_by="fund_orders.deal",
                )
            insert_rows(connection, _DEALINGS, [_dealing_row(item) for item in dealings])
            self._finish(connection, [item.order_id for item in dealings], actor, "nothing is due", None)

    def delivered(
        self, vault: str, kind: OrderKind, deliveries: Sequence[Delivery], *, actor: str, evidence: str
    ) -> tuple[FundOrder, ...]:
        """What the chain gave wallets of what was due, first come, first served among each one's orders.

        Orders that have all of theirs are `settled`, or `quarantined` if part of it is. Returns what moved.
        """
        return self._apply(vault, kind, deliveries, actor, evidence, released=False)

    def released(
        self, vault: str, kind: OrderKind, delivery: Delivery, *, actor: str, evidence: str
    ) -> tuple[FundOrder, ...]:
        """What left the quarantine for a wallet's orders, in the same sequence."""
        return self._apply(vault, kind, [delivery], actor, evidence, released=True)

    def due(self, vault: str, kind: OrderKind, wallets: Iterable[str]) -> dict[str, int]:
        """By wallet, what is due to its orders of that kind and neither delivered nor in quarantine."""
        query = _waiting(vault, kind)
        found: dict[str, int] = defaultdict(int)
        with self.unit.reading() as connection:
            for row in connection.execute(query, {"wallets": sorted(set(wallets))}).mappings():
                found[row["wallet"]] += _dealing_from(row).open
        return dict(found)

    def dealings(self, order_ids: Iterable[str]) -> dict[str, tuple[Dealing, ...]]:
        """By order, what each day brought; nothing for orders that weren't dealt."""
        with self.unit.reading() as connection:
            found = _dealings(connection, list(order_ids))
        return {order_id: tuple(items) for order_id, items in found.items()}

    def on_day(self, vault: str, day: int) -> tuple[tuple[FundOrder, Dealing], ...]:
        """The orders dealt on a vault's day, first come, with what they were dealt."""
        query = (
            sa.select(_ORDERS.c.id)
            .join(_DEALINGS, _DEALINGS.c.order_id == _ORDERS.c.id)
            .where(_ORDERS.c.vault == vault, _DEALINGS.c.day == day)
            .order_by(_ORDERS.c.opened_seq)
        )
        with self.unit.reading() as connection:
            ids = list(connection.execute(query).scalars())
            orders = cast("tuple[FundOrder, ...]", read_orders(connection, ids))
            found = _dealings(connection, ids)
        return tuple((order, next(item for item in found[order.id] if item.day == day)) for order in orders)

    def find(
        self,
        vault: str,
        kind: OrderKind | None = None,
        state: Iterable[State] | None = None,
        *,
        day: int | None = None,
        wallet: str | None = None,
    ) -> tuple[FundOrder, ...]:
        """A vault's orders, oldest first."""
        query = sa.select(_ORDERS).where(_ORDERS.c.vault == vault).order_by(_ORDERS.c.opened_seq)
        for column, value in (
            (_ORDERS.c.kind, kind),
            (_ORDERS.c.dealing_day, day),
            (_ORDERS.c.wallet, wallet),
        ):
            if value is not None:
                query = query.where(column == value)
        if state is not None:
            query = query.where(_ORDERS.c.state.in_(list(state)))
        with self.unit.reading() as connection:
            return tuple(cast("FundOrder", order_from(row)) for row in connection.execute(query).mappings())

    # ------------------------------------------------------------------------------------------------ inside

    def _apply(
        self,
        vault: str,
        kind: OrderKind,
        deliveries: Sequence[Delivery],
        actor: str,
        evidence: str,
        *,
        released: bool,
    ) -> tuple[FundOrder, ...]:
        wallets = sorted({item.wallet for item in deliveries})
        query = _waiting(vault, kind)
        with self.unit.writing() as connection:
            due: dict[str, list[Dealing]] = defaultdict(list)
            for row in connection.execute(query, {"wallets": wallets}).mappings():
                due[row["wallet"]].append(_dealing_from(row))
            changed = [
                item for delivery in deliveries for item in _spread(due[delivery.wallet], delivery, released)
            ]
            for item in changed:
                connection.execute(
                    sa.update(_DEALINGS)
                    .where(_DEALINGS.c.order_id == item.order_id, _DEALINGS.c.day == item.day)
                    .values(claimed=item.claimed, held=item.held)
                )
            ids = list(dict.fromkeys(item.order_id for item in changed))
            reason = "released from quarantine" if released else "delivered"
            self._finish(connection, ids, actor, reason, evidence)
            return cast("tuple[FundOrder, ...]", read_orders(connection, ids))

    def _finish(
        self, connection: Connection, order_ids: Sequence[str], actor: str, reason: str, evidence: str | None
    ) -> None:
        """Settles what has all that was due to it, and sets apart what has the rest in quarantine."""
        targets: dict[State, list[str]] = defaultdict(list)
        found = _dealings(connection, order_ids)
        for order in read_orders(connection, order_ids):
            items = found[order.id]
            if order.state not in (State.PRICED, State.QUARANTINED) or any(item.open for item in items):
                continue
            held = any(item.held for item in items)
            target = State.QUARANTINED if held else State.SETTLED
            if target is not order.state:
                targets[target].append(order.id)
        for target, ids in targets.items():
            advance(
                connection,
                ids,
                target,
                actor=actor,
                role=Role.OPERATOR,
                at=self.clock.now(),
                reason="in quarantine" if target is State.QUARANTINED else reason,
                evidence=evidence,
            )


def _waiting(vault: str, kind: OrderKind) -> sa.Select[Any]:
    """What days brought the orders of the bound `wallets` that aren't settled, first come, first served."""
    return (
        sa.select(_ORDERS.c.wallet, _DEALINGS)
        .join(_DEALINGS, _DEALINGS.c.order_id == _ORDERS.c.id)
        .where(
            _ORDERS.c.vault == vault,
            _ORDERS.c.kind == kind,
            _ORDERS.c.state.in_(_WAITING),
            Among(_ORDERS.c.wallet, "wallets"),
        )
        .order_by(_DEALINGS.c.day, _ORDERS.c.opened_seq)
    )


def _spread(dealings: list[Dealing], delivery: Delivery, released: bool) -> list[Dealing]:
    """The dealings that `delivery` changes, as they are then. `dealings` is kept up to date.

    Raises `InvalidInput` if more was delivered than is due; out of quarantine other things come as well.
    """
    left, changed = delivery.amount, []
    for index, item in enumerate(dealings):
        part = min(left, item.held if released else item.open)
        if part == 0:
            continue
        left -= part
        claimed = 0 if delivery.held else part
        held = part if delivery.held else -part if released else 0
        dealings[index] = replace(item, claimed=item.claimed + claimed, held=item.held + held)
        changed.append(dealings[index])
    if left and not released:
        raise InvalidInput(
            f"{delivery.wallet} was given {delivery.amount} base units, of which {left} are due by no order: "
            "compare the vault with the ledger",
            wallet=delivery.wallet,
            amount=delivery.amount,
        )
    return changed


def _asked(request: FundRequest) -> Asked:
    return Asked.amount_of(
        request.kind, request.investor, request.wallet, request.amount, request.share_class
    )


def _body(request: FundRequest) -> dict[str, str | None]:
    if checks.positive(request.amount, what="amount").base_units > MAX_BASE_UNITS:
        raise InvalidInput(f"amount {request.amount.display()} is more than {MAX_BASE_UNITS} base units")
    # Not the day: a repetition after the cut-off is still the order that came before it.
    return {
        "kind": request.kind,
        "investor": request.investor,
        "wallet": request.wallet,
        "amount": str(request.amount.base_units),
        "unit": request.amount.unit,
        "decimals": str(request.amount.decimals),
        "currency": request.currency,
        "vault": request.vault,
        "share_class": request.share_class,
    }


def _dealings(connection: Connection, order_ids: Sequence[str]) -> Mapping[str, list[Dealing]]:
    found: dict[str, list[Dealing]] = defaultdict(list)
    for row in connection.execute(_DEALINGS_OF, {"ids": order_ids}).mappings():
        found[row["order_id"]].append(_dealing_from(row))
    return found


def _dealing_from(row: Any) -> Dealing:
    return Dealing(**{name: row[name] for name in Dealing.__slots__})


def _dealing_row(item: Dealing) -> tuple[Any, ...]:
    return tuple(getattr(item, column.name) for column in _DEALINGS.columns)
