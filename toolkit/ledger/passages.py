"""What became of every redemption, as the ledger knew it at one place of its chain of events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from toolkit.amounts import Amount, minor_units
from toolkit.ledger import schema
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.store import Unit

__all__ = ["Passage", "Passages", "RedemptionPassage"]

_ORDERS, _EVENTS, _PAYOUTS = schema.orders, schema.order_events, schema.payouts


@dataclass(frozen=True, slots=True)
class Passage:
    """One step: to where, when, and why if that was said."""

    to: State
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class RedemptionPassage:
    """A redemption with its steps. `paid_at` and `paid` are the bank's word, None while it has none."""

    order_id: str
    amount: Amount
    currency: str
    requested_at: datetime
    due_at: datetime | None
    steps: tuple[Passage, ...]
    paid_at: datetime | None
    paid: Amount | None


@dataclass(frozen=True, slots=True)
class Passages:
    """Reads orders in bulk, for statistics."""

    unit: Unit

    def redemptions(self, *, until_seq: int) -> tuple[RedemptionPassage, ...]:
        """Every redemption that was asked for up to event `until_seq`, with no later step, oldest first."""
        steps: dict[str, list[Passage]] = {}
        with self.unit.reading() as connection:
            events = connection.execute(
                sa.select(_EVENTS.c.order_id, _EVENTS.c.to_state, _EVENTS.c.at, _EVENTS.c.reason)
                .join(_ORDERS, _ORDERS.c.id == _EVENTS.c.order_id)
                .where(_ORDERS.c.kind == OrderKind.REDEMPTION, _EVENTS.c.seq <= until_seq)
                .order_by(_EVENTS.c.seq)
            )
            for order_id, to_state, at, reason in events:
                steps.setdefault(order_id, []).append(Passage(State(to_state), at, reason))
            rows = connection.execute(
                sa.select(_ORDERS, _PAYOUTS.c.amount.label("paid"), _PAYOUTS.c.paid_at)
                .outerjoin(_PAYOUTS, _PAYOUTS.c.order_id == _ORDERS.c.id)
                .where(_ORDERS.c.kind == OrderKind.REDEMPTION, _ORDERS.c.opened_seq <= until_seq)
                .order_by(_ORDERS.c.opened_seq)
            ).mappings()
            return tuple(_passages(rows, steps))


def _passages(rows: sa.MappingResult, steps: dict[str, list[Passage]]) -> Iterator[RedemptionPassage]:
    for row in rows:
        taken = tuple(steps.get(row["id"], ()))
        reached = {step.to for step in taken}
        paid = State.PAID in reached and row["paid_at"] is not None
        yield RedemptionPassage(
            order_id=row["id"],
            amount=Amount.from_base_units(row["amount"], unit=row["unit"], decimals=row["decimals"]),
            currency=row["currency"],
            requested_at=row["created_at"],
            due_at=row["due_at"] if State.VALID in reached else None,
            steps=taken,
            paid_at=row["paid_at"] if paid else None,
            paid=(
                Amount.from_base_units(
                    row["paid"], unit=row["currency"], decimals=minor_units(row["currency"])
                )
                if paid
                else None
            ),
        )
