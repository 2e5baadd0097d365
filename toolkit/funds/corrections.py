"""What every order of a struck day is owed after its NAV was corrected; history itself is never edited.

The orders are dealt again at the corrected value, with the day's gate, swing and fees as they were, and the
difference is set against what was dealt. Where the fund owes, the amount is rounded down; where the investor
owes, up. An error of 0.5 % of the NAV or more is to be reported to the SFC and compensated (UT Code,
`nav.error_report_threshold`; R-FND-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.funds.dealing import DayResult, Prices
from toolkit.funds.errors import NavVersionConflict

if TYPE_CHECKING:
    from toolkit.funds.nav import NavStatement

__all__ = [
    "REPORT_THRESHOLD_BPS",
    "Compensation",
    "DealtOrder",
    "NavCorrection",
    "OrderSide",
    "Owes",
    "correct_orders",
]

REPORT_THRESHOLD_BPS = 50
"""Basis points of the right NAV from which on an error is reported."""


class OrderSide(StrEnum):
    """Which way an order went."""

    SUBSCRIPTION = "subscription"
    REDEMPTION = "redemption"


class Owes(StrEnum):
    """Who owes whom after a correction."""

    FUND = "fund"
    INVESTOR = "investor"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class DealtOrder:
    """An order as it was dealt: `size` is coin base units subscribed, or share base units accepted."""

    order: str
    investor: str
    side: OrderSide
    size: int


@dataclass(frozen=True, slots=True)
class Compensation:
    """What one order is owed. `dealt` and `right` are units for a subscription, net coins for a redemption.

    `amount` is what changes hands, in the coin; the units of a subscription are valued at the right NAV.
    """

    order: DealtOrder
    dealt: Amount
    right: Amount
    owes: Owes
    amount: Amount

    def to_data(self) -> dict[str, str]:
        """JSON data: amounts as decimal strings."""
        return {
            "order": self.order.order,
            "investor": self.order.investor,
            "side": self.order.side.value,
            "dealt": str(self.dealt),
            "right": str(self.right),
            "unit": self.dealt.unit,
            "owes": self.owes.value,
            "amount": str(self.amount),
            "coin": self.amount.unit,
        }


@dataclass(frozen=True, slots=True)
class NavCorrection:
    """The whole correction of a day: two versions of its NAV, and what follows for each order.

    `error_bps` is the error in basis points of the right NAV, rounded down; whether it is `reportable` is
    decided exactly.
    """

    dealt: NavStatement
    right: NavStatement
    error_bps: int
    reportable: bool
    compensations: tuple[Compensation, ...]
    fund_owes: Amount
    investors_owe: Amount

    def to_data(self) -> dict[str, Any]:
        """JSON data: a document to approve, hash and keep."""
        return {
            "fund": self.right.fund,
            "share_class": self.right.share_class,
            "dealing_day": self.right.dealing_day.isoformat(),
            "dealt_at": {"version": self.dealt.version, "value": str(self.dealt.amount)},
            "corrected_to": {"version": self.right.version, "value": str(self.right.amount)},
            "reason": self.right.reason,
            "hashes": ["0x" + self.dealt.hash.hex(), "0x" + self.right.hash.hex()],
            "error_bps": self.error_bps,
            "reportable": self.reportable,
            "fund_owes": str(self.fund_owes),
            "investors_owe": str(self.investors_owe),
            "compensations": [item.to_data() for item in self.compensations],
        }


def correct_orders(
    day: DayResult,
    orders: Iterable[DealtOrder],
    *,
    dealt: NavStatement,
    right: NavStatement,
    coin: str,
    share: str,
) -> NavCorrection:
    """The compensation of `orders`, dealt on `day` at `dealt`, whose right value is `right`.

    `coin` and `share` are the symbols of the two units. Raises `NavVersionConflict` unless `right` is a later
    version of the same NAV, `InvalidInput` when the day wasn't dealt at `dealt` or orders repeat.
    """
    same = (dealt.fund, dealt.share_class, dealt.dealing_day, dealt.decimals, dealt.currency)
    if same != (right.fund, right.share_class, right.dealing_day, right.decimals, right.currency):
        raise NavVersionConflict(
            "the two statements are about different NAVs: correct one with its own version"
        )
    if right.version <= dealt.version:
        raise NavVersionConflict(
            f"version {right.version} doesn't correct version {dealt.version}: a correction is later"
        )
    before = day.prices
    if before.nav != dealt.base_units:
        raise InvalidInput(
            f"the day was dealt at {before.nav}, and version {dealt.version} says {dealt.base_units}: give "
            "the version that the orders were dealt at"
        )
    after = replace(before, nav=right.base_units)
    rows, seen = [], set()
    for order in orders:
        if order.order in seen:
            raise InvalidInput(f"order {order.order} is given twice", order=order.order)
        seen.add(order.order)
        rows.append(_compensation(order, before, after, coin, share))
    error = abs(before.nav - after.nav) * 10_000

    def total(owes: Owes) -> Amount:
        amounts = (row.amount for row in rows if row.owes is owes)
        return Amount.sum(amounts, unit=coin, decimals=before.scale.coin)

    return NavCorrection(
        dealt=dealt,
        right=right,
        error_bps=error // after.nav,
        reportable=error >= REPORT_THRESHOLD_BPS * after.nav,
        compensations=tuple(rows),
        fund_owes=total(Owes.FUND),
        investors_owe=total(Owes.INVESTOR),
    )


def _compensation(order: DealtOrder, before: Prices, after: Prices, coin: str, share: str) -> Compensation:
    scale = before.scale
    if order.side is OrderSide.SUBSCRIPTION:
        dealt, right = before.subscribe(order.size).units, after.subscribe(order.size).units
        unit, decimals = share, scale.share
        numerator = (right - dealt) * after.nav * scale.one_coin
        # Floored: towards less where the fund owes, towards more where the investor does.
        amount = numerator // scale.units_per_value
    else:
        dealt, right = before.redeem(order.size).net, after.redeem(order.size).net
        unit, decimals = coin, scale.coin
        amount = right - dealt
    owes = Owes.FUND if amount > 0 else Owes.INVESTOR if amount < 0 else Owes.NOBODY
    return Compensation(
        order,
        Amount.from_base_units(dealt, unit=unit, decimals=decimals),
        Amount.from_base_units(right, unit=unit, decimals=decimals),
        owes,
        Amount.from_base_units(abs(amount), unit=coin, decimals=scale.coin),
    )
