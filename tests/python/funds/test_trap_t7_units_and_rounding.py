"""Trap T7 of regulation.md: units, decimals and rounding at a net asset value."""

from __future__ import annotations

import random
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.funds import statement_data

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.funds import DayTotals, NavStatement, Prices, Scale, settle_day

VECTOR = Scale(coin=2, share=4, nav=4)
DEMO = Scale(coin=6, share=4, nav=8)

scales = st.builds(Scale, *[st.sampled_from([0, 2, 6, 8, 18])] * 3)
fees = st.integers(0, 500)


def test_the_vector_of_the_rules() -> None:
    """HK$1,000,003.00 at 10.1234 in 4-decimal units: 98,781.3382, and not the rounded 98,781.3383."""
    bought = Prices(101_234, VECTOR).subscribe(100_000_300)
    assert bought.units == 987_813_382
    exact = Fraction(100_000_300, 100) / Fraction(101_234, 10_000)
    assert exact * 10**4 > bought.units  # 98,781.33828555...
    too_much = Fraction(987_813_383, 10**4) * Fraction(101_234, 10**4) - Fraction(100_000_300, 100)
    assert Decimal(too_much.numerator) / too_much.denominator == Decimal("0.00014622")
    assert bought.residual == Decimal("1000003.00") - Decimal("98781.3382") * Decimal("10.1234")
    assert bought.residual == Decimal("0.00086612")


def test_proceeds_round_down_and_the_residual_is_the_funds() -> None:
    sold = Prices(101_234, VECTOR).redeem(987_813_382)
    exact = Decimal("98781.3382") * Decimal("10.1234")
    assert sold.net == 100_000_299
    assert sold.residual == exact - Decimal("1000002.99")
    assert 0 <= sold.residual < Decimal("0.01")


@pytest.mark.parametrize("share_decimals", [0, 2, 4, 18])
@pytest.mark.parametrize("fee", [0, 10])
def test_ten_thousand_round_trips_profit_nobody_but_the_fund(share_decimals: int, fee: int) -> None:
    """Random subscriptions, each redeemed at the same NAV; no client ends with more than it began with."""
    seed = random.Random(739_940 + share_decimals)
    scale, left = Scale(6, share_decimals, 8), Fraction(0)
    prices = Prices(seed.randrange(10**8, 10**11), scale, entry_fee_bps=fee, exit_fee_bps=fee)
    for _ in range(10_000):
        assets = seed.choice((seed.randrange(1, 10**4), seed.randrange(1, 10**15)))
        bought = prices.subscribe(assets)
        sold = prices.redeem(bought.units)
        assert sold.net <= assets
        if fee and bought.units:
            assert sold.net < assets
        kept = Fraction(assets - sold.net, 10**6)
        assert kept >= Fraction(bought.residual) >= 0
        assert sold.residual >= 0
        left += kept
    assert left > 0, "what is left over is the fund's"


@given(scales, fees, fees, st.integers(-300, 300), st.data())
def test_no_order_gets_more_than_its_exact_due(
    scale: Scale, entry: int, leave: int, swing: int, data: st.DataObject
) -> None:
    nav = data.draw(st.integers(100, 2**78))
    prices = Prices(nav, scale, swing, entry, leave)
    assets = data.draw(st.integers(0, 2**96 - 1))
    worth = Fraction(assets, scale.one_coin) * (10_000 - entry) / 10_000
    cost = Fraction(max(nav, nav * (10_000 + swing) // 10_000), 10**scale.nav)
    bought = prices.subscribe(assets)
    assert Fraction(bought.units, 10**scale.share) <= worth / cost
    assert bought.assets == bought.fee + bought.net
    spent = Fraction(bought.units, 10**scale.share) * Fraction(prices.subscription, 10**scale.nav)
    assert worth - spent == Fraction(bought.residual)
    shares = data.draw(st.integers(0, 2**96 - 1))
    sold = prices.redeem(shares)
    value = Fraction(shares, 10**scale.share) * Fraction(nav, 10**scale.nav)
    assert Fraction(sold.net, scale.one_coin) <= value * (10_000 - leave) / 10_000
    assert sold.gross == sold.fee + sold.net
    assert sold.fee >= 0


@given(
    st.integers(10**6, 10**12),
    st.lists(st.integers(0, 10**15), max_size=20),
    st.lists(st.integers(0, 10**12), max_size=20),
    fees,
    fees,
    st.integers(100, 10_000),
)
def test_the_orders_of_a_day_never_add_up_to_more_than_the_day(
    nav: int, assets: list[int], shares: list[int], entry: int, leave: int, gate: int
) -> None:
    totals = DayTotals(sum(shares) + 10**9, sum(assets), sum(shares))
    day = settle_day(
        nav,
        DEMO,
        totals,
        entry_fee_bps=entry,
        exit_fee_bps=leave,
        gate_bps=gate,
        swing_threshold_bps=500,
        swing_bps=15,
    )
    assert sum(day.prices.subscribe(item).units for item in assets) <= day.minted
    dealt = [day.accepted_of(item) for item in shares]
    carried = [day.carried_of(item) for item in shares]
    assert sum(dealt) <= day.accepted
    assert sum(carried) <= day.carried
    assert sum(day.prices.redeem(item).net for item in dealt) <= day.payable
    for item, now, later in zip(shares, dealt, carried, strict=True):
        assert 0 <= item - now - later <= 1, "at most one base unit is lost to the gate"


@given(st.sampled_from([0, 2, 6, 8, 18]), st.sampled_from([0, 2, 6, 8, 18]), st.integers(1, 10**9))
def test_the_same_money_is_worth_the_same_whatever_the_decimals(one: int, other: int, money: int) -> None:
    """A whole amount of coins of two deployments buys the same shares at the same NAV."""
    first, second = Scale(one, 6, 8), Scale(other, 6, 8)
    assert (
        Prices(10**9 + 7, first).subscribe(money * 10**one).units
        == Prices(10**9 + 7, second).subscribe(money * 10**other).units
    )


@pytest.mark.parametrize("value", [19.99, 10, True, "1e2", "10,5", " 10", "NaN"])
def test_a_value_that_is_no_decimal_string_never_becomes_a_nav(value: object) -> None:
    with pytest.raises(InvalidInput):
        NavStatement.from_data(statement_data("10") | {"value": value})


def test_a_value_with_more_decimals_than_the_feed_is_refused() -> None:
    with pytest.raises(InvalidInput, match="never rounded"):
        NavStatement.from_data(statement_data("10.123456789"))
    assert NavStatement.from_data(statement_data("10.1")).base_units == 1_010_000_000


def test_floats_never_reach_the_arithmetic() -> None:
    prices = Prices(101_234, VECTOR)
    for wrong in (19.99, 100.0, True, -1, 2**112):
        with pytest.raises(InvalidInput, match="base units"):
            prices.subscribe(wrong)  # type: ignore[arg-type]
        with pytest.raises(InvalidInput, match="base units"):
            prices.redeem(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="float"):
        Amount.parse(10.1234, unit="USD", decimals=4)  # type: ignore[arg-type]
