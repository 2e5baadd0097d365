"""Taking orders: the day, the minimums, and no trapped remainder."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.funds import DAY, at, fund_terms

from toolkit.amounts import Amount
from toolkit.errors import CutOffPassed, InvalidInput, NotADealingDay
from toolkit.funds import Admitted, OrderSide, admit_redemption, admit_subscription
from toolkit.funds.errors import BelowMinimum

TERMS = fund_terms()
CALENDAR = TERMS.dealing_calendar()
CLASS = TERMS.share_class("A")
EARLY = at("2026-11-20 14:59:59")


def coins(text: str, unit: str = "tUSD") -> Amount:
    return Amount.parse(text, unit=unit, decimals=6)


def subscribe(text: str, *, first: bool = False, **more: Any) -> Admitted:
    return admit_subscription(
        TERMS, CLASS, CALENDAR, coins(text), first=first, **{"received_at": EARLY, **more}
    )


def redeem(text: str, free: str = "5000.0000", **more: Any) -> Admitted:
    return admit_redemption(
        CLASS, CALENDAR, CLASS.shares(text), free=CLASS.shares(free), **{"received_at": EARLY, **more}
    )


def test_an_order_gets_its_dealing_day() -> None:
    order = subscribe("10000")
    assert (order.side, order.dealing_day) == (OrderSide.SUBSCRIPTION, DAY)
    assert order.cut_off == at("2026-11-20 15:00:00")
    assert order.settlement_due == date(2026, 11, 23)
    assert order.to_data()["amount"] == "10000.000000"
    assert redeem("1000", received_at=at("2026-11-20 15:00:00")).dealing_day == date(2026, 11, 23)


def test_an_order_may_ask_for_a_day_that_is_open() -> None:
    assert subscribe("10000", day=date(2026, 11, 23)).dealing_day == date(2026, 11, 23)
    with pytest.raises(CutOffPassed):
        subscribe("10000", day=DAY, received_at=at("2026-11-20 15:00:00"))
    with pytest.raises(NotADealingDay):
        redeem("1000", day=date(2026, 11, 21))


def test_a_first_subscription_has_a_higher_minimum() -> None:
    assert subscribe("100000", first=True).amount == coins("100000")
    with pytest.raises(BelowMinimum, match=r"first subscription .* at least 100,000\.000000 tUSD"):
        subscribe("99999.999999", first=True)
    with pytest.raises(BelowMinimum, match="further subscription"):
        subscribe("9999.999999")


def test_a_redemption_below_the_minimum_is_a_full_exit_or_none() -> None:
    assert redeem("1000").amount == CLASS.shares("1000")
    assert redeem("0.0001", free="0.0001").amount.base_units == 1
    assert redeem("999.9999", free="999.9999").side is OrderSide.REDEMPTION
    with pytest.raises(BelowMinimum, match="or all that is free"):
        redeem("999.9999")
    with pytest.raises(InvalidInput, match="more than the"):
        redeem("5000.0001")
    with pytest.raises(InvalidInput, match="redeems nothing"):
        redeem("0", free="0")


def test_another_coin_is_refused() -> None:
    with pytest.raises(InvalidInput, match="not subscribed in tHKD: pay in tUSD"):
        admit_subscription(TERMS, CLASS, CALENDAR, coins("10000", "tHKD"), first=False, received_at=EARLY)
