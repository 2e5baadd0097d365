"""The identities of a day, with the numbers of trap T6, and every figure bent by one unit."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.day_figures import CLIENT, MILLION, day

from toolkit.errors import InvalidInput
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.identities import check


def test_t6_coverage_counts_frozen_burned_unpaid_and_received_unminted() -> None:
    figures = day()
    coin = figures.coin
    assert figures.outstanding == 850 * MILLION
    assert figures.liability == 1350 * MILLION
    assert coin.at_par(figures.liability).display() == "1,350.000000 USD"
    assert figures.coverage_bps == 11_111
    assert figures.coverage_bps != 17_647
    assert figures.surplus == 150 * MILLION
    assert check(figures) == ()


def test_t6_redeemable_tokens_outstanding_is_another_number() -> None:
    figures = day()
    assert figures.redeemable == 700 * MILLION
    timing = figures.liability - figures.outstanding
    assert timing == 500 * MILLION


def test_t6_freezing_more_leaves_coverage_and_lowers_redeemable_alone() -> None:
    data = day().to_data()
    chain = data["chains"][0]
    chain["frozen"] = str(200 * MILLION)
    chain["special"][0]["units"] = str(190 * MILLION)
    figures = DayFigures.from_data(data)
    assert (figures.outstanding, figures.coverage_bps) == (850 * MILLION, 11_111)
    assert figures.redeemable == 600 * MILLION
    assert check(figures) == ()


def test_t6_money_outside_the_reserve_is_neither_reserve_nor_liability() -> None:
    figures = day("1200.00", received_in_reserve="0")
    assert figures.liability == 1050 * MILLION
    assert figures.coverage_bps == 11_428


def test_t6_the_mint_ceiling_is_the_reserve_less_what_is_burned_and_unpaid() -> None:
    figures = day()
    ceiling = figures.mint_ceiling
    assert ceiling == 1300 * MILLION
    assert figures.outstanding + 300 * MILLION <= ceiling
    assert figures.outstanding + 650 * MILLION > ceiling
    attestation = figures.chains[0].attestation
    assert attestation is not None
    # The chain's own rule, from the other side: minted may reach the attested reserve.
    assert figures.outstanding + attestation.headroom == ceiling
    assert ceiling - (figures.outstanding + 300 * MILLION) == figures.surplus


def test_coverage_is_floored() -> None:
    figures = day("1349.99")
    assert figures.coverage_bps == 9_999
    (found,) = [item for item in check(figures) if item.subject == "reserve/shortfall"]
    assert found.severity == "critical"
    assert found.display == "-0.010000 USD"


def test_without_a_report_the_reserve_counts_zero() -> None:
    data = day().to_data()
    data["reserve"] = None
    figures = DayFigures.from_data(data)
    assert figures.coverage_bps == 0
    assert {"reserve/report", "reserve/shortfall"} <= {item.subject for item in check(figures)}


def test_a_node_without_the_state_is_said_and_not_passed() -> None:
    data = day().to_data()
    data["chains"][0]["called"] = None
    assert [item.subject for item in check(DayFigures.from_data(data))] == ["chain/31337/replayed-only"]


def test_figures_come_back_from_json_exactly() -> None:
    figures = day()
    again = DayFigures.from_data(figures.to_data())
    assert again == figures
    assert again.canonical == figures.canonical


@pytest.mark.parametrize("value", [1.5, "1.50", "0x10", "01", -1, None, True])
def test_an_amount_is_a_whole_number_in_digits(value: Any) -> None:
    data = day().to_data()
    data["ledger"]["burned_unpaid"] = value
    with pytest.raises(InvalidInput, match="burned_unpaid"):
        DayFigures.from_data(data)


# Figures that nothing else is compared with: disclosures, and what is money outside the pool.
_ALONE = {
    ("chains", 0, "frozen"),
    ("chains", 0, "top_ten"),
    ("chains", 0, "escrowed"),
    ("chains", 0, "recovered_today", "units"),
    ("ledger", "received_elsewhere"),
    ("ledger", "returned_today"),
    # Both sides of what is covered: more is owed, and the report still covers it.
    ("ledger", "received_in_reserve"),
    ("ledger", "paid_since_statement"),
}


def _amounts(data: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places of all amounts: strings of digits, outside the reserve's own document."""
    if path[-1:] == ("report",) or path[:2] == ("ledger", "redemptions") or "special" in path:
        return
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in items:
        yield from _amounts(value, (*path, key))
    if isinstance(data, str) and data.lstrip("-").isdigit() and path not in _ALONE:
        yield path


def _bent(data: dict[str, Any], path: tuple[Any, ...], by: int) -> dict[str, Any]:
    copied: Any = copy.deepcopy(data)
    place = copied
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = str(int(place[path[-1]]) + by)
    return copied  # type: ignore[no-any-return]


FIGURES = day().to_data()
PLACES = sorted(_amounts(FIGURES), key=str)


def test_the_places_cover_every_source() -> None:
    assert {path[0] for path in PLACES} == {"chains", "ledger", "reserve", "omnibus", "classes", "bank"}
    assert len(PLACES) >= 40


@settings(max_examples=120, deadline=None)
@given(st.sampled_from(PLACES), st.sampled_from([1, 10**6, 10**20]))
def test_a_figure_that_is_bent_by_one_unit_is_found(path: tuple[Any, ...], by: int) -> None:
    assert check(DayFigures.from_data(_bent(FIGURES, path, by)))


@pytest.mark.parametrize("path", PLACES, ids=lambda path: ".".join(map(str, path)))
def test_each_figure_matters(path: tuple[Any, ...]) -> None:
    assert check(DayFigures.from_data(_bent(FIGURES, path, 1)))


@pytest.mark.parametrize(
    ("name", "value"), [("market_value", "1500.01"), ("nominal", "1500.01"), ("encumbered", True)]
)
def test_a_line_changed_in_the_report_s_document_is_found(name: str, value: Any) -> None:
    data = day().to_data()
    document = data["reserve"]["report"]
    document["positions"][0][name] = value
    for stated in ("totals", "allocations"):
        document.pop(stated)
    assert "reserve/hash" in {item.subject for item in check(DayFigures.from_data(data))}


def test_an_omnibus_wallet_s_difference_is_named() -> None:
    data = day().to_data()
    data["omnibus"][0]["sub_ledger"] = str(400 * MILLION - 1)
    (found,) = check(DayFigures.from_data(data))
    assert (found.break_type, found.amount, found.unit) == ("OMNIBUS_VS_CHAIN", 1, "TUSD")
    assert CLIENT in found.text


def test_an_unknown_holder_of_the_fund_is_named() -> None:
    data = day().to_data()
    data["classes"][0]["unknown_holders"] = [CLIENT]
    assert [item.break_type for item in check(DayFigures.from_data(data))] == ["UNKNOWN_HOLDER"]
