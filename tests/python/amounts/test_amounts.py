"""Amounts never round, never meet a float, and are the same on both sides of the chain (trap T7)."""

from __future__ import annotations

from decimal import Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.amounts import MAX_BASE_UNITS, MINOR_UNITS, Amount, NotCentAligned, minor_units, parse_decimal
from toolkit.errors import InvalidInput

decimals_strategy = st.integers(0, 18)
base_units_strategy = st.integers(0, MAX_BASE_UNITS)


@given(base_units_strategy, decimals_strategy)
def test_base_units_and_text_are_inverse(base_units: int, decimals: int) -> None:
    amount = Amount.from_base_units(base_units, unit="TUSD", decimals=decimals)
    assert amount.base_units == base_units
    assert Amount.parse(str(amount), unit="TUSD", decimals=decimals) == amount
    assert hash(Amount.parse(str(amount), unit="TUSD", decimals=decimals)) == hash(amount)


@given(base_units_strategy, base_units_strategy, decimals_strategy)
def test_arithmetic_and_order_are_those_of_the_integers(left: int, right: int, decimals: int) -> None:
    a = Amount.from_base_units(left, unit="TUSD", decimals=decimals)
    b = Amount.from_base_units(right, unit="TUSD", decimals=decimals)
    assert (a + b).base_units == left + right
    assert (a - b).base_units == left - right
    assert ((a < b), (a <= b), (a > b), (a >= b), (a == b)) == (
        left < right,
        left <= right,
        left > right,
        left >= right,
        left == right,
    )


@given(st.integers(0, 10**20), st.sampled_from([2, 6, 8, 18]))
def test_a_deposit_is_the_same_par_value_at_any_decimals(cents: int, decimals: int) -> None:
    deposit = Amount.from_base_units(cents, unit="HKD", decimals=2)
    tokens = deposit.at_par(unit="THKD", decimals=decimals)
    assert tokens.base_units == cents * 10 ** (decimals - 2)
    assert tokens.to_minor_units("HKD") == cents
    assert tokens.at_par(unit="HKD", decimals=2) == deposit


@given(base_units_strategy, decimals_strategy)
def test_display_loses_nothing(base_units: int, decimals: int) -> None:
    amount = Amount.from_base_units(base_units, unit="TUSD", decimals=decimals)
    assert amount.display().removesuffix(" TUSD").replace(",", "") == str(amount)


def test_a_callers_decimal_context_changes_nothing() -> None:
    with localcontext() as context:
        context.prec = 3
        amount = Amount.parse("5192296858534827.628530496329220095", unit="TUSD", decimals=18)
        assert amount.base_units == MAX_BASE_UNITS
        assert (amount - amount).is_zero
        assert str(amount) == "5192296858534827.628530496329220095"


@pytest.mark.parametrize("value", [19.99, 8.29, 4.35, 2.3, 1234567890.12, 1.0, float("nan"), float("inf")])
def test_floats_are_refused(value: float) -> None:
    with pytest.raises(InvalidInput, match="float"):
        Amount.money(value, "USD")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "decimals", "base_units"),
    [
        ("19.99", 2, 1999),
        ("8.29", 6, 8290000),
        ("4.35", 2, 435),
        ("2.3", 18, 2300000000000000000),
        ("1234567890.12", 18, 1234567890120000000000000000),
    ],
)
def test_the_vectors_that_floats_get_wrong(text: str, decimals: int, base_units: int) -> None:
    assert Amount.parse(text, unit="TUSD", decimals=decimals).base_units == base_units


@pytest.mark.parametrize(
    "value",
    [
        "1e3",
        "1E3",
        " 1",
        "1 ",
        "1,000.00",
        "1_000",
        "+1",
        ".5",
        "5.",
        "",
        "-",
        "NaN",
        "Infinity",
        "0x10",
        "\uff11",
        "1\n",
    ],
)
def test_text_that_is_not_a_plain_decimal_is_refused_with_the_value(value: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Amount.money(value, "USD")
    assert repr(value) in str(caught.value)


@pytest.mark.parametrize(
    "value", [True, None, b"1", [], Decimal("NaN"), Decimal("Infinity"), "9" * 101, 2**400]
)
def test_other_things_are_refused(value: object) -> None:
    with pytest.raises(InvalidInput):
        parse_decimal(value, what="amount")  # type: ignore[arg-type]


def test_huge_exponents_cost_nothing_and_are_refused() -> None:
    for value in (Decimal("1E+1000000"), Decimal("1E-1000000")):
        with pytest.raises(InvalidInput):
            parse_decimal(value, what="amount")


def test_more_decimals_than_the_unit_has_are_an_error_and_never_a_rounding() -> None:
    with pytest.raises(InvalidInput, match="more decimals than USD has"):
        Amount.money("100.005", "USD")
    with pytest.raises(InvalidInput):
        Amount.money("0.5", "JPY")
    assert Amount.money("100.00000", "USD") == Amount.money("100", "USD")
    assert Amount.money(Decimal("1E+3"), "USD") == Amount.money(1000, "USD")


def test_negative_amounts_only_where_said() -> None:
    with pytest.raises(InvalidInput, match="negative"):
        Amount.money("-0.01", "USD")
    with pytest.raises(InvalidInput, match="negative"):
        Amount.from_base_units(-1, unit="TUSD", decimals=6)
    assert str(Amount.money("-0.01", "USD", signed=True)) == "-0.01"
    shortfall = Amount.money("1", "USD") - Amount.money("1234.5", "USD")
    assert shortfall.is_negative
    assert shortfall.display() == "-1,233.50 USD"
    assert str(Amount.money("-0.00", "USD")) == "0.00"


def test_the_largest_amount_is_accepted_and_one_more_is_not() -> None:
    largest = Amount.from_base_units(MAX_BASE_UNITS, unit="TUSD", decimals=6)
    assert Amount.parse(str(largest), unit="TUSD", decimals=6) == largest
    beyond = largest + Amount.from_base_units(1, unit="TUSD", decimals=6)
    with pytest.raises(InvalidInput, match="largest amount"):
        Amount.parse(str(beyond), unit="TUSD", decimals=6)
    with pytest.raises(InvalidInput, match="256"):
        Amount.from_base_units(2**256, unit="TUSD", decimals=6)


def test_different_units_or_decimals_do_not_mix() -> None:
    usd = Amount.money("1", "USD")
    for other in (
        Amount.money("1", "HKD"),
        Amount.parse("1", unit="USD", decimals=6),
        Decimal(1),
    ):
        for operation in ("__add__", "__sub__", "__lt__", "__le__", "__gt__", "__ge__"):
            with pytest.raises(InvalidInput):
                getattr(usd, operation)(other)
        assert usd != other


def test_zero_is_not_falsy() -> None:
    assert bool(Amount.zero("USD", 2))
    assert Amount.zero("USD", 2).is_zero


def test_shown_in_full() -> None:
    amount = Amount.parse("250000", unit="USD", decimals=2)
    assert (str(amount), amount.display()) == ("250000.00", "250,000.00 USD")
    assert Amount.parse("1000", unit="JPY", decimals=0).display() == "1,000 JPY"
    assert Amount.sum([amount, amount], unit="USD", decimals=2).display() == "500,000.00 USD"


def test_redemption_at_par_needs_whole_cents() -> None:
    tokens = Amount.parse("100.005000", unit="THKD", decimals=6)
    assert not tokens.is_cent_aligned("HKD")
    with pytest.raises(NotCentAligned) as caught:
        tokens.to_minor_units("HKD")
    assert caught.value.code == "not_cent_aligned"
    assert "100.005000 THKD" in str(caught.value)
    assert Amount.parse("100.010000", unit="THKD", decimals=6).to_minor_units("HKD") == 10001
    assert Amount.parse("100.005000", unit="TKWD", decimals=6).to_minor_units("KWD") == 100005
    with pytest.raises(NotCentAligned):
        Amount.parse("100.5", unit="TJPY", decimals=6).to_minor_units("JPY")


def test_an_unknown_currency_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput) as caught:
        minor_units("XYZ")
    assert all(currency in str(caught.value) for currency in MINOR_UNITS)
    assert (minor_units("HKD"), minor_units("JPY"), minor_units("KWD")) == (2, 0, 3)


@pytest.mark.parametrize(
    ("unit", "decimals"), [("", 2), ("a b", 2), ("USD", 19), ("USD", -1), ("USD", True), (1, 2)]
)
def test_units_and_decimals_are_checked(unit: object, decimals: object) -> None:
    with pytest.raises(InvalidInput):
        Amount.parse("1", unit=unit, decimals=decimals)  # type: ignore[arg-type]


def test_base_units_must_be_an_integer() -> None:
    for value in (1.0, True, "1", Decimal(1)):
        with pytest.raises(InvalidInput):
            Amount.from_base_units(value, unit="TUSD", decimals=6)  # type: ignore[arg-type]
