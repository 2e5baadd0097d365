"""A corrected NAV: what each order is owed, to the last unit and in the fund's favour."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.funds import statement

from toolkit.errors import InvalidInput
from toolkit.funds import DayTotals, DealtOrder, NavCorrection, OrderSide, Scale, correct_orders, settle_day
from toolkit.funds.corrections import Owes
from toolkit.funds.errors import NavVersionConflict

SCALE = Scale(coin=6, share=4, nav=8)
DEALT = statement("10.00")
SUBSCRIBER = DealtOrder("S-1", "INV-1", OrderSide.SUBSCRIPTION, 1_000_000 * 10**6)
REDEEMER = DealtOrder("R-1", "INV-2", OrderSide.REDEMPTION, 50_000 * 10**4)


def corrected(value: str, *orders: DealtOrder, swing: int = 0, fee: int = 0) -> NavCorrection:
    day = settle_day(
        DEALT.base_units,
        SCALE,
        DayTotals(10**10, 10**12, 5 * 10**8),
        swing_threshold_bps=0,
        swing_bps=swing,
        entry_fee_bps=fee,
        exit_fee_bps=fee,
    )
    right = DEALT.restated({"value": value}, reason="stale price", prepared_by="nav-maker")
    return correct_orders(day, orders, dealt=DEALT, right=right, coin="tUSD", share="DMMF-A")


def test_too_high_a_nav_short_changed_the_subscriber_and_overpaid_the_redeemer() -> None:
    done = corrected("9.90", SUBSCRIBER, REDEEMER)
    bought, sold = done.compensations
    assert (str(bought.dealt), str(bought.right)) == ("100000.0000", "101010.1010")
    assert (bought.owes, str(bought.amount)) == (Owes.FUND, "9999.999900")
    assert (str(sold.dealt), str(sold.right)) == ("500000.000000", "495000.000000")
    assert (sold.owes, str(sold.amount)) == (Owes.INVESTOR, "5000.000000")
    assert (str(done.fund_owes), str(done.investors_owe)) == ("9999.999900", "5000.000000")
    assert (done.error_bps, done.reportable) == (101, True)


def test_too_low_a_nav_is_the_other_way_round() -> None:
    bought, sold = corrected("10.10", SUBSCRIBER, REDEEMER).compensations
    assert (bought.owes, sold.owes) == (Owes.INVESTOR, Owes.FUND)
    assert str(bought.amount) == "10000.000910"  # 990.0991 shares of 10.10
    assert str(sold.amount) == "5000.000000"


@pytest.mark.parametrize(
    ("value", "error_bps", "reportable"),
    [
        ("10.05025125", 49, False),  # 0.49999996 %
        ("10.05025126", 50, True),
        ("9.95024876", 49, False),
        ("9.95024875", 50, True),
        ("10.00000001", 0, False),
    ],
)
def test_half_a_percent_is_reported(value: str, error_bps: int, reportable: bool) -> None:
    done = corrected(value, SUBSCRIBER)
    assert (done.error_bps, done.reportable) == (error_bps, reportable)


def test_fees_and_swing_stay_what_they_were() -> None:
    done = corrected("9.90", SUBSCRIBER, swing=15, fee=10)
    (row,) = done.compensations
    prices = settle_day(990_000_000, SCALE, DayTotals(10**10, 10**12, 5 * 10**8)).prices
    right = replace(prices, swing_bps=15, entry_fee_bps=10).subscribe(SUBSCRIBER.size).units
    assert row.right.base_units == right


@given(st.integers(1, 10**13), st.integers(1, 10**10), st.integers(10**8, 10**10))
def test_roundings_never_cost_the_fund(assets: int, shares: int, value: int) -> None:
    text = f"{value // 10**8}.{value % 10**8:08d}"
    if value == DEALT.base_units:
        return
    done = corrected(
        text,
        DealtOrder("S", "1", OrderSide.SUBSCRIPTION, assets),
        DealtOrder("R", "2", OrderSide.REDEMPTION, shares),
    )
    bought = done.compensations[0]
    exact = (
        Fraction(bought.right.base_units - bought.dealt.base_units, 10**4) * Fraction(value, 10**8) * 10**6
    )
    signed = bought.amount.base_units * (1 if bought.owes is Owes.FUND else -1)
    assert exact - 1 < signed <= exact
    sold = done.compensations[1]
    signed = sold.amount.base_units * (1 if sold.owes is Owes.FUND else -1)
    assert signed == sold.right.base_units - sold.dealt.base_units


def test_the_document_names_both_versions_and_every_order() -> None:
    data = corrected("9.90", SUBSCRIBER, REDEEMER).to_data()
    assert data["dealt_at"] == {"version": 1, "value": "10.00000000"}
    assert data["corrected_to"] == {"version": 2, "value": "9.90000000"}
    assert data["reason"] == "stale price"
    assert [row["order"] for row in data["compensations"]] == ["S-1", "R-1"]
    assert data["compensations"][0]["amount"] == "9999.999900"


def test_a_correction_is_of_the_same_nav_and_of_what_was_dealt() -> None:
    day = settle_day(DEALT.base_units, SCALE, DayTotals(10**10, 10**12, 0))
    right = DEALT.restated({"value": "9.90"}, reason="typo", prepared_by="nav-maker")

    def correct(dealt: object = DEALT, to: object = right, *orders: DealtOrder) -> None:
        correct_orders(day, orders, dealt=dealt, right=to, coin="tUSD", share="A")  # type: ignore[arg-type]

    with pytest.raises(NavVersionConflict, match="doesn't correct"):
        correct(right, DEALT)
    with pytest.raises(NavVersionConflict, match="different NAVs"):
        correct(DEALT, right.model_copy(update={"dealing_day": date(2026, 11, 19)}))
    with pytest.raises(InvalidInput, match="give the version"):
        correct(statement("10.01"))
    with pytest.raises(InvalidInput, match="given twice"):
        correct(DEALT, right, SUBSCRIBER, SUBSCRIBER)
