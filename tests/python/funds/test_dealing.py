"""A settled day: swing, gate, fees and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.errors import GateActive, InvalidInput
from toolkit.funds import DayTotals, Prices, Scale, settle_day
from toolkit.funds.dealing import PARTS
from toolkit.funds.errors import NavNotPositive

SCALE = Scale(coin=6, share=4, nav=8)
NAV = 10 * 10**8  # ten a share
COIN, SHARE = 10**6, 10**4
SUPPLY = 1_000_000 * SHARE


def day(subscriptions: int, redemptions: int, **terms: Any) -> Any:
    return settle_day(NAV, SCALE, DayTotals(SUPPLY, subscriptions, redemptions), **terms)


def test_a_day_at_the_nav_nets_its_sides() -> None:
    result = day(1_000_000 * COIN, 40_000 * SHARE)
    assert result.minted == 100_000 * SHARE
    assert result.payable == 400_000 * COIN
    assert result.to_fund == 600_000 * COIN
    assert not result.gated
    result.require_ungated()
    assert result.accepted_of(7) == 7
    assert result.carried_of(7) == 0


def test_an_empty_day_deals_nothing() -> None:
    result = day(0, 0)
    assert (result.minted, result.payable, result.carried, result.to_fund) == (0, 0, 0, 0)


def test_fees_stay_in_the_fund() -> None:
    result = day(1_000_000 * COIN, 40_000 * SHARE, entry_fee_bps=10, exit_fee_bps=20)
    assert result.minted == 99_900 * SHARE
    assert result.payable == 399_200 * COIN
    assert result.to_fund == 600_800 * COIN
    bought = result.prices.subscribe(1_000_001)
    assert (bought.fee, bought.net) == (1_001, 999_000)
    sold = result.prices.redeem(SHARE)
    assert (sold.gross, sold.fee, sold.net) == (10 * COIN, 20_000, 9_980_000)


@pytest.mark.parametrize(
    ("subscribed", "redeemed", "swing"),
    [
        (500_000, 0, 0),  # 5 % exactly is not above the threshold
        (500_001, 0, 15),
        (700_000, 20_000, 0),
        (0, 50_000, 0),
        (0, 50_001, -15),
        (100_000, 70_000, -15),
    ],
)
def test_the_side_that_moves_the_fund_pays_the_swing(subscribed: int, redeemed: int, swing: int) -> None:
    result = day(subscribed * COIN, redeemed * SHARE, swing_threshold_bps=500, swing_bps=15)
    assert result.prices.swing_bps == swing
    assert result.prices.subscription == NAV * (10_000 + max(swing, 0)) // 10_000
    assert result.prices.redemption == NAV * (10_000 + min(swing, 0)) // 10_000


def test_a_swung_price_rounds_for_the_fund() -> None:
    assert Prices(101_234, Scale(2, 4, 4), 15).subscription == 101_386  # 101385.851
    assert Prices(101_234, Scale(2, 4, 4), -15).redemption == 101_082  # 101082.149
    assert Prices(101_234, Scale(2, 4, 4), 15).redemption == 101_234


def test_the_first_subscription_of_a_class_does_not_swing() -> None:
    result = settle_day(NAV, SCALE, DayTotals(0, 10**12, 0), swing_threshold_bps=0, swing_bps=100)
    assert result.prices.swing_bps == 0
    assert result.minted == 100_000 * SHARE


def test_the_gate_cuts_every_order_by_the_same_part_and_carries_the_rest() -> None:
    result = day(0, 300_000 * SHARE, gate_bps=1000)
    assert result.gated
    assert result.part == PARTS // 3 + 1
    asked = 30_000 * SHARE
    assert result.accepted_of(asked) == 100_000_000
    assert result.carried_of(asked) == 199_999_999
    assert result.accepted + result.carried == 300_000 * SHARE
    assert result.accepted <= SUPPLY // 10
    assert result.payable == result.prices.redeem(result.accepted).net
    with pytest.raises(GateActive, match="carried to the next dealing day") as caught:
        result.require_ungated()
    assert caught.value.details["carried"] == result.carried


def test_the_gate_at_its_very_edge_lets_everything_out() -> None:
    assert not day(0, 100_000 * SHARE, gate_bps=1000).gated
    assert day(0, 100_000 * SHARE + 1, gate_bps=1000).gated
    one = settle_day(NAV, SCALE, DayTotals(1, 0, 1), gate_bps=100)
    assert (one.accepted, one.carried) == (1, 0), "the last unit gets out"


def test_a_gated_fund_empties_day_by_day() -> None:
    supply = waiting = 7_777
    for _ in range(100):
        result = settle_day(NAV, SCALE, DayTotals(supply, 0, waiting), gate_bps=1000)
        supply, waiting = supply - result.accepted, result.carried
    assert waiting == supply == 0


@pytest.mark.parametrize("nav", [0, -1, True, 1.5])
def test_a_value_of_zero_or_less_prices_nothing(nav: Any) -> None:
    with pytest.raises(NavNotPositive):
        settle_day(nav, SCALE, DayTotals(SUPPLY, 1, 0))


@pytest.mark.parametrize(
    "wrong",
    [
        {"entry_fee_bps": 10_000},
        {"exit_fee_bps": -1},
        {"gate_bps": 10_001},
        {"swing_bps": 1.5},
        {"swing_threshold_bps": -1},
    ],
)
def test_terms_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        day(1, 1, **wrong)


def test_totals_out_of_range_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no more shares exist"):
        DayTotals(10, 0, 11)
    with pytest.raises(InvalidInput, match="base units"):
        DayTotals(10, -1, 0)
    with pytest.raises(InvalidInput, match="80 bits"):
        Prices(2**80, SCALE)
    with pytest.raises(InvalidInput, match="decimals"):
        Scale(6, 19, 8)
    with pytest.raises(InvalidInput, match="swing"):
        Prices(NAV, SCALE, 10_000)
