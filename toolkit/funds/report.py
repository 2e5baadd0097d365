"""The fund's daily dealing report (regulation.md 4.9): one class, one dealing day, every figure checkable.

Amounts are strings, shares of a whole are whole basis points rounded towards zero, instants are given in UTC
and in the calendar's zone. There is no report where the orders don't fit the day or the register the chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.chain.hexes import keccak, to_hex
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.funds.corrections import DealtOrder, OrderSide
from toolkit.funds.dealing import DayResult
from toolkit.funds.errors import RegisterDoesNotAddUp
from toolkit.funds.fields import canonical_json

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from toolkit.dealing_days import DealingCalendar
    from toolkit.funds.in_kind import InKindOrder
    from toolkit.funds.nav import NavStatement
    from toolkit.funds.register import Register

__all__ = ["DealingReport", "Liquidity", "dealing_report"]

_BPS = 10_000


@dataclass(frozen=True, slots=True)
class Liquidity:
    """A money-market fund's liquid assets, in basis points of NAV, and weighted maturity and life in days.

    At least 750 bps are daily and 1500 bps weekly liquid assets (UT Code, R-FND-12).
    """

    daily_bps: int
    weekly_bps: int
    maturity_days: int
    life_days: int

    @property
    def short(self) -> bool:
        """Whether one of the two minimums is missed."""
        return self.daily_bps < 750 or self.weekly_bps < 1500

    def to_data(self) -> dict[str, int | bool]:
        """JSON data."""
        return {
            "daily_bps": self.daily_bps,
            "weekly_bps": self.weekly_bps,
            "weighted_average_maturity_days": self.maturity_days,
            "weighted_average_life_days": self.life_days,
            "below_minimum": self.short,
        }


@dataclass(frozen=True, slots=True)
class DealingReport:
    """A report as JSON data; `hash` is the keccak-256 of its canonical form."""

    data: Mapping[str, Any]

    @property
    def hash(self) -> bytes:
        return keccak(canonical_json(self.data))

    def to_data(self) -> dict[str, Any]:
        """The report with its hash."""
        return {**self.data, "hash": to_hex(self.hash)}


def dealing_report(
    day: DayResult,
    orders: Sequence[DealtOrder],
    statement: NavStatement,
    calendar: DealingCalendar,
    register: Register,
    *,
    coin: str,
    prepared_by: str,
    reviewed_by: str,
    generated_at: datetime,
    suspended: str | None = None,
    pending_payments: Mapping[date, Amount] | None = None,
    liquidity: Liquidity | None = None,
    in_kind: Sequence[InKindOrder] = (),
) -> DealingReport:
    """The report of `day`, whose `orders` (redemptions: as accepted) were dealt at `statement`.

    `register` is the class's after the settlement, `coin` the coin's symbol, `suspended` why dealing is.
    Raises `RegisterDoesNotAddUp` unless the register's supply is what the day leaves, `UnknownHolder`,
    `InvalidInput` when the orders exceed the day or it was dealt at another NAV, `NotAuthorised` when one
    person prepares and reviews.
    """
    if prepared_by == reviewed_by:
        raise NotAuthorised(f"{prepared_by} prepared the report, so another person reviews it")
    zone = calendar.business.time_zone
    dealt = _dealt(day, orders, coin, register.supply.unit)
    return DealingReport(
        {
            "schema_version": 1,
            "fund": statement.fund,
            "share_class": statement.share_class,
            "dealing_day": statement.dealing_day.isoformat(),
            "cut_off_at": _both(calendar.cut_off_at(statement.dealing_day), zone),
            **_valuation(day, statement, zone),
            **dealt,
            "suspended": suspended,
            "pending_payments": {
                due.isoformat(): str(amount) for due, amount in sorted((pending_payments or {}).items())
            },
            "liquidity": None if liquidity is None else liquidity.to_data(),
            "register": _register(day, register),
            "in_kind": [_in_kind(item) for item in in_kind],
            "prepared_by": prepared_by,
            "reviewed_by": reviewed_by,
            "generated_at": _both(generated_at, zone),
        }
    )


def _valuation(day: DayResult, statement: NavStatement, zone: ZoneInfo) -> dict[str, Any]:
    if day.prices.nav != statement.base_units:
        raise InvalidInput(
            f"the day was dealt at {day.prices.nav}, the statement says {statement.base_units}: give the "
            "version that it was dealt at"
        )

    def price(value: int) -> str:
        return str(Amount.from_base_units(value, unit=statement.currency, decimals=statement.decimals))

    return {
        "nav": {
            "version": statement.version,
            "value": str(statement.amount),
            "decimals": statement.decimals,
            "currency": statement.currency,
            "valuation_point": _both(statement.valuation_point, zone),
            "hash": to_hex(statement.hash),
        },
        "prices": {
            "subscription": price(day.prices.subscription),
            "redemption": price(day.prices.redemption),
            "swing_bps": day.prices.swing_bps,
        },
    }


def _dealt(day: DayResult, orders: Sequence[DealtOrder], coin: str, share: str) -> dict[str, Any]:
    bought = [day.prices.subscribe(item.size) for item in orders if item.side is OrderSide.SUBSCRIPTION]
    sold = [day.prices.redeem(item.size) for item in orders if item.side is OrderSide.REDEMPTION]
    if sum(item.assets for item in bought) != day.totals.subscriptions:
        raise InvalidInput(f"the subscriptions don't add up to the day's {day.totals.subscriptions}")
    if sum(item.shares for item in sold) > day.accepted:
        raise InvalidInput(f"the redemptions exceed the day's {day.accepted}")
    scale = day.prices.scale

    def coins(value: int) -> str:
        return str(Amount.from_base_units(value, unit=coin, decimals=scale.coin, signed=True))

    def shares(value: int) -> str:
        return str(Amount.from_base_units(value, unit=share, decimals=scale.share))

    opening, redeemed = day.prices.value_of(day.totals.supply), day.prices.value_of(day.accepted)
    residuals = [*(item.residual for item in bought), *(item.residual for item in sold)]
    return {
        "units": {"opening": shares(day.totals.supply), "closing": shares(_closing(day)), "share": share},
        "subscriptions": {
            "count": len(bought),
            "cash": coins(day.totals.subscriptions),
            "units": shares(day.minted),
        },
        "redemptions": {
            "count": len(sold),
            "requested_units": shares(day.totals.redemptions),
            "units": shares(day.accepted),
            "cash": coins(day.payable),
        },
        "coin": coin,
        "to_fund": coins(day.to_fund),
        "rounding_residual_to_fund": f"{_exact_sum(residuals):f}",
        "gross_flow_bps": _part(day.totals.subscriptions + redeemed, opening),
        "net_flow_bps": _part(day.totals.subscriptions - redeemed, opening),
        "gate": {"active": day.gated, "carried_units": shares(day.carried)},
    }


def _register(day: DayResult, register: Register) -> dict[str, str]:
    register.require_known()
    supply, closing = register.supply.base_units, _closing(day)
    if supply != closing:
        raise RegisterDoesNotAddUp(
            f"the day leaves {closing} share base units and the register {register.version_id} has {supply}: "
            "take the block of the settlement",
            closing=closing,
            supply=supply,
        )
    return {
        "version": register.version_id,
        "hash": to_hex(register.version_hash),
        "difference": str(Amount.zero(register.supply.unit, register.supply.decimals)),
        "block_hash": register.block_hash,
    }


def _in_kind(order: InKindOrder) -> dict[str, Any]:
    return {
        "order": order.order,
        "direction": order.direction.value,
        "blocks": order.blocks,
        "basket": to_hex(order.basket.hash),
        "state": order.state.value,
    }


def _closing(day: DayResult) -> int:
    return day.totals.supply + day.minted - day.accepted


def _exact_sum(values: Sequence[Decimal]) -> Decimal:
    # The default context would round to 28 digits, and residuals have more decimals than that.
    with localcontext(prec=200):
        return sum(values, Decimal(0))


def _both(instant: datetime, zone: ZoneInfo) -> dict[str, str]:
    whole = instant.replace(microsecond=0)
    return {"utc": whole.astimezone(UTC).isoformat(), "local": whole.astimezone(zone).isoformat()}


def _part(flow: int, of: int) -> int | None:
    """The flow in basis points of the opening value, towards zero; None of an empty class."""
    if of == 0:
        return None
    bps = abs(flow) * _BPS // of
    return bps if flow >= 0 else -bps
