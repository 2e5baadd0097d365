"""What every part of the desk works with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar, Clock
from toolkit.errors import ConfigurationError, InvalidInput
from toolkit.ledger.machines import OrderKind, Role
from toolkit.ledger.records import FundOrder, MintOrder, Order, RedemptionOrder

if TYPE_CHECKING:
    from toolkit.bindings.access import AccessManager
    from toolkit.bindings.market import PrimaryMarket
    from toolkit.bindings.registry import InvestorRegistry
    from toolkit.bindings.token import Stablecoin
    from toolkit.chain.client import Client
    from toolkit.chain.signers import Signer
    from toolkit.ledger.ledger import Ledger

__all__ = ["WORKER", "DeskContext", "as_orders", "bytes32_text", "one_of", "order_id"]

E = TypeVar("E", bound=StrEnum)

WORKER = "desk-worker"
"""The person the ledger knows the worker as: it sends and observes, and decides nothing."""


@dataclass(frozen=True)
class DeskContext:
    """The suite on chain, the ledger, and who signs for the desk.

    `unit` and `decimals` are the token's, `currency` what it is paid and redeemed in. `first_block` is
    where the suite's history begins. `signers` holds each role's pool of keys. `patience` is how long one
    run waits for a transaction.
    """

    client: Client
    manager: AccessManager
    registry: InvestorRegistry
    token: Stablecoin
    market: PrimaryMarket
    first_block: int
    ledger: Ledger
    clock: Clock
    calendar: BusinessCalendar
    signers: Mapping[str, tuple[Signer, ...]]
    secret: bytes
    unit: str
    decimals: int
    currency: str
    patience: timedelta

    def pool(self, role: str) -> tuple[Signer, ...]:
        """The keys that send for a role of the chain. Raises ConfigurationError if none was given."""
        signers = self.signers.get(role)
        if not signers:
            given = ", ".join(sorted(self.signers)) or "none"
            raise ConfigurationError(
                f"the desk has no key for the role {role} (given: {given}): "
                f"pass Desk(signers={{'{role}': ...}})",
                role=role,
            )
        return signers

    def signer(self, role: str) -> Signer:
        """The first of `pool`."""
        return self.pool(role)[0]

    def amount(self, value: str | int | Decimal | Amount) -> Amount:
        """`value` in tokens: text or a Decimal as it is, an Amount of the token or, at par, of its currency.

        Raises InvalidInput for floats, too many decimals and other units.
        """
        if not isinstance(value, Amount):
            return Amount.parse(value, unit=self.unit, decimals=self.decimals)
        if value.unit == self.currency:
            return value.at_par(unit=self.unit, decimals=self.decimals)
        if (value.unit, value.decimals) != (self.unit, self.decimals):
            raise InvalidInput(
                f"{value.display()} is neither {self.unit} with {self.decimals} decimals nor "
                f"{self.currency}: state the amount in one of them"
            )
        return value

    def money(self, value: str | int | Decimal | Amount) -> Amount:
        """`value` in the token's currency. Raises InvalidInput."""
        if isinstance(value, Amount):
            return value
        return Amount.money(value, self.currency)

    def tokens(self, base_units: int) -> Amount:
        """What the chain calls `base_units`."""
        return Amount.from_base_units(base_units, unit=self.unit, decimals=self.decimals)

    def role_of(self, person_id: str, *wanted: Role) -> Role:
        """The first of `wanted` that the person holds; the first one if none, for the ledger to refuse."""
        return self.ledger.persons.role_of(person_id, *wanted)

    def mint_orders(self, orders: Order | str | Iterable[Order | str]) -> list[MintOrder]:
        """The orders as the ledger has them now. Raises NotFound, or InvalidInput for another kind."""
        found = self.ledger.orders.many(as_orders(orders))
        wrong = [order.id for order in found if not isinstance(order, MintOrder)]
        if wrong:
            raise InvalidInput(f"orders {', '.join(wrong)} are no {OrderKind.MINT} orders", orders=wrong)
        return [order for order in found if isinstance(order, MintOrder)]

    def redemption_orders(self, orders: Order | str | Iterable[Order | str]) -> list[RedemptionOrder]:
        """The same for redemption orders."""
        found = self.ledger.orders.many(as_orders(orders))
        wrong = [order.id for order in found if not isinstance(order, RedemptionOrder)]
        if wrong:
            raise InvalidInput(
                f"orders {', '.join(wrong)} are no {OrderKind.REDEMPTION} orders", orders=wrong
            )
        return [order for order in found if isinstance(order, RedemptionOrder)]

    def fund_orders(self, orders: Order | str | Iterable[Order | str]) -> list[FundOrder]:
        """The same for orders of a fund."""
        found = self.ledger.orders.many(as_orders(orders))
        wrong = [order.id for order in found if not isinstance(order, FundOrder)]
        if wrong:
            raise InvalidInput(f"orders {', '.join(wrong)} are no orders of a fund", orders=wrong)
        return [order for order in found if isinstance(order, FundOrder)]


def order_id(order: Order | str) -> str:
    """The id of an order given as a record or by its id."""
    return order if isinstance(order, str) else order.id


def as_orders(orders: Order | str | Iterable[Order | str]) -> list[str]:
    """Ids, in the order given. Raises InvalidInput for none, or for one given twice."""
    ids = [order_id(orders)] if isinstance(orders, (str, Order)) else [order_id(item) for item in orders]
    if not ids:
        raise InvalidInput("no orders were given: name at least one")
    if len(set(ids)) != len(ids):
        raise InvalidInput("an order is named twice: name each order once")
    return ids


def bytes32_text(text: str, *, what: str) -> bytes:
    """Short text as the contracts keep it: UTF-8, padded with zeros, readable in an explorer."""
    encoded = text.encode()
    if not text.isprintable() or not 1 <= len(encoded) <= 32:
        raise InvalidInput(f"{what} {text!r} must be printable and have 1 to 32 bytes, it has {len(encoded)}")
    return encoded.ljust(32, b"\0")


def one_of(kind: type[E], value: E | str, what: str) -> E:
    """`value` as a member of `kind`. Raises InvalidInput naming the members."""
    try:
        return kind(value)
    except ValueError:
        members = ", ".join(str(member) for member in kind)
        raise InvalidInput(f"there is no {what} {value!r}: use one of {members}", value=value) from None
