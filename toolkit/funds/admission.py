"""Taking an order: which day it deals on, and whether the class's minimums admit it.

Minimums never trap a remainder: whoever redeems all that is free may redeem less than the minimum.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.funds.corrections import OrderSide
from toolkit.funds.errors import BelowMinimum

if TYPE_CHECKING:
    from toolkit.dealing_days import DealingCalendar
    from toolkit.deployment.fund_terms import ClassTerms, FundTerms

__all__ = ["Admitted", "admit_redemption", "admit_subscription"]


@dataclass(frozen=True, slots=True)
class Admitted:
    """An order as it was taken: its dealing day, when that closes, and when its proceeds are due."""

    side: OrderSide
    share_class: str
    amount: Amount
    received_at: datetime
    dealing_day: date
    cut_off: datetime
    settlement_due: date

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "side": self.side.value,
            "share_class": self.share_class,
            "amount": str(self.amount),
            "unit": self.amount.unit,
            "received_at": self.received_at.isoformat(),
            "dealing_day": self.dealing_day.isoformat(),
            "cut_off": self.cut_off.isoformat(),
            "settlement_due": self.settlement_due.isoformat(),
        }


def admit_subscription(
    terms: FundTerms,
    share_class: ClassTerms,
    calendar: DealingCalendar,
    amount: Amount,
    *,
    first: bool,
    received_at: datetime,
    day: date | None = None,
) -> Admitted:
    """A subscription of `amount` of one of the class's coins; `first` if the investor holds none of it yet.

    `received_at` is when the server received it. `day` asks for a certain dealing day. Raises `BelowMinimum`,
    `CutOffPassed` or `NotADealingDay` for `day`, `InvalidInput`.
    """
    if amount.unit not in share_class.coins:
        raise InvalidInput(
            f"class {share_class.code} is not subscribed in {amount.unit}: pay in "
            f"{', '.join(share_class.coins)}",
            unit=amount.unit,
        )
    text = share_class.minimums.initial if first else share_class.minimums.further
    least = terms.money(text).at_par(unit=amount.unit, decimals=amount.decimals)
    if amount < least:
        raise BelowMinimum(
            f"a {'first' if first else 'further'} subscription of class {share_class.code} is at least "
            f"{least.display()}, and this is {amount.display()}",
            amount=amount,
            minimum=least,
        )
    return _admitted(OrderSide.SUBSCRIPTION, share_class, calendar, amount, received_at, day)


def admit_redemption(
    share_class: ClassTerms,
    calendar: DealingCalendar,
    shares: Amount,
    *,
    free: Amount,
    received_at: datetime,
    day: date | None = None,
) -> Admitted:
    """A redemption of `shares`, of which the investor holds `free`, neither frozen nor requested already.

    Raises `BelowMinimum` unless all that is free is redeemed, `CutOffPassed` or `NotADealingDay` for `day`,
    `InvalidInput` for more than is free.
    """
    if shares.is_zero:
        raise InvalidInput(f"a redemption of {shares.display()} redeems nothing", shares=shares)
    if shares > free:
        raise InvalidInput(
            f"{shares.display()} are more than the {free.display()} that are free: redeem at most these",
            shares=shares,
            free=free,
        )
    least = share_class.shares(share_class.minimums.redemption)
    if shares < least and shares != free:
        raise BelowMinimum(
            f"a redemption of class {share_class.code} is at least {least.display()} or all that is free "
            f"({free.display()}), and this is {shares.display()}",
            amount=shares,
            minimum=least,
        )
    return _admitted(OrderSide.REDEMPTION, share_class, calendar, shares, received_at, day)


def _admitted(
    side: OrderSide,
    share_class: ClassTerms,
    calendar: DealingCalendar,
    amount: Amount,
    received_at: datetime,
    day: date | None,
) -> Admitted:
    if day is None:
        dealt = calendar.dealing_day(received_at)
    else:
        calendar.require_open(day, received_at)
        dealt = day
    return Admitted(
        side,
        share_class.code,
        amount,
        received_at,
        dealt,
        calendar.cut_off_at(dealt),
        calendar.settlement_due(dealt),
    )
