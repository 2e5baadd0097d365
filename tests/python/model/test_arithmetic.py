"""The arithmetic against exact fractions: amounts at 0 to 18 decimals, and the model's own formulas.

The contracts' arithmetic is held against fractions in tests/solidity/Arithmetic.t.sol.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TypeVar

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.model.arithmetic import BPS, DAY, LARGEST_AMOUNT, coverage_bps, is_within, leaked, less_buffer

from toolkit.amounts import MAX_BASE_UNITS, Amount
from toolkit.errors import InvalidInput

T = TypeVar("T")

AT_ONCE = 50
thoroughly = settings(
    max_examples=10_000 // AT_ONCE, deadline=None, database=None, phases=[Phase.generate, Phase.shrink]
)
"""Ten thousand runs, fifty to an example: what Hypothesis does for each example takes longer than they do."""


amounts = st.integers(0, LARGEST_AMOUNT) | st.integers(LARGEST_AMOUNT - 1000, LARGEST_AMOUNT)
decimals = st.integers(0, 18)
shares = st.integers(0, BPS)


def many(case: st.SearchStrategy[T]) -> st.SearchStrategy[list[T]]:
    return st.lists(case, min_size=AT_ONCE, max_size=AT_ONCE)


@pytest.mark.timeout(0)
@thoroughly
@given(many(st.tuples(amounts, decimals, decimals, st.integers(1, 9))))
def test_an_amount_is_the_same_number_inside_and_outside(cases: list[tuple[int, int, int, int]]) -> None:
    for units, places, other, digit in cases:
        check_amount(units, places, other, digit)


def check_amount(units: int, places: int, other: int, digit: int) -> None:
    amount = Amount.from_base_units(units, unit="TUSD", decimals=places)
    text = str(amount)
    assert Fraction(text) == Fraction(units, 10**places)
    assert Amount.parse(text, unit="TUSD", decimals=places).base_units == units
    finer = f"{text}{digit}" if places else f"{text}.{digit}"
    with pytest.raises(InvalidInput):
        Amount.parse(finer, unit="TUSD", decimals=places)
    elsewhere = Fraction(units * 10**other, 10**places)
    if elsewhere.denominator == 1:
        assert amount.at_par(unit="HKD", decimals=other).base_units == elsewhere
    else:
        with pytest.raises(InvalidInput):
            amount.at_par(unit="HKD", decimals=other)


@pytest.mark.timeout(0)
@thoroughly
@given(many(st.tuples(st.integers(-2000, 2000), decimals)))
def test_the_largest_amount_passes_and_one_unit_more_is_refused(cases: list[tuple[int, int]]) -> None:
    """From outside; what a chain holds is shown, however much it is."""
    for beyond, places in cases:
        check_largest(beyond, places)


def check_largest(beyond: int, places: int) -> None:
    units = LARGEST_AMOUNT + beyond
    assert MAX_BASE_UNITS == LARGEST_AMOUNT
    held = Amount.from_base_units(units, unit="TUSD", decimals=places)
    assert held.base_units == units
    if beyond <= 0:
        assert Amount.parse(str(held), unit="TUSD", decimals=places) == held
    else:
        with pytest.raises(InvalidInput):
            Amount.parse(str(held), unit="TUSD", decimals=places)


@given(amounts, amounts, shares, shares, st.integers(0, 3 * DAY))
def test_the_model_rounds_in_favour_of_the_reserve(
    value: int, last: int, share: int, fall: int, seconds: int
) -> None:
    exact = Fraction(value * BPS, BPS + share)
    assert 0 <= exact - less_buffer(value, share) < 1
    covered = coverage_bps(value, last)
    assert covered is None if last == 0 else 0 <= Fraction(value * BPS, last) - covered < 1
    level = max(Fraction(0), value - Fraction(last * seconds, DAY))
    assert 0 <= leaked(value, last, seconds) - level < 1
    moved = Fraction(value - last, last) if last else Fraction(0 if value == last else 2**200)
    assert is_within(value, last, share, fall) == (-Fraction(fall, BPS) <= moved <= Fraction(share, BPS))
