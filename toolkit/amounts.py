"""Exact amounts of money and of tokens.

An `Amount` is a decimal with its unit and its number of decimals. It never rounds and never meets a
binary fraction: `int(8.29 * 10**6)` is 8289999, which is how a mint goes wrong by one unit. Outside
the toolkit amounts are strings, on the chain they are integers (*base units*), and this module is
the only way from one to the other. Arithmetic runs on the integers, because `Decimal` arithmetic
rounds to the context's 28 digits and a token amount may have 34.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import ClassVar, TypeGuard

from toolkit.errors import InvalidInput

__all__ = [
    "MAX_BASE_UNITS",
    "MAX_DECIMALS",
    "MINOR_UNITS",
    "Amount",
    "NotCentAligned",
    "is_whole",
    "minor_units",
    "parse_decimal",
    "show_whole",
]

MAX_BASE_UNITS = 2**112 - 1
"""The largest token amount accepted from outside, in base units."""

MAX_DECIMALS = 18
"""The most decimals that a token or a currency may have."""

MINOR_UNITS: Mapping[str, int] = MappingProxyType(
    {
        "AED": 2,
        "AUD": 2,
        "BHD": 3,
        "CAD": 2,
        "CHF": 2,
        "CNY": 2,
        "EUR": 2,
        "GBP": 2,
        "HKD": 2,
        "JPY": 0,
        "KRW": 0,
        "KWD": 3,
        "NZD": 2,
        "SGD": 2,
        "USD": 2,
    }
)
"""Decimals of the smallest payable unit, by ISO 4217 code, of the currencies a coin may refer to."""

# Longer than any amount that fits in 256 bits, short enough that parsing it costs nothing.
_MAX_DIGITS = 100
_PLAIN_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?", re.ASCII)
_UNIT = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,31}", re.ASCII)


class NotCentAligned(InvalidInput):
    """A token amount is not a whole number of the currency's smallest payable unit.

    Paying less would be below par and paying more would be unbacked, so neither is done.
    """

    code: ClassVar[str] = "not_cent_aligned"


def minor_units(currency: str) -> int:
    """The number of decimals in which `currency` (ISO 4217 code, e.g. `HKD`) is paid.

    Raises `InvalidInput` for a currency that isn't in `MINOR_UNITS`.
    """
    if currency not in MINOR_UNITS:
        known = ", ".join(sorted(MINOR_UNITS))
        raise InvalidInput(
            f"unknown currency {currency!r}: use one of {known}", currency=currency, known=sorted(MINOR_UNITS)
        )
    return MINOR_UNITS[currency]


def is_whole(value: object) -> TypeGuard[int]:
    """Whether `value` is an int and not a bool, which Python counts among them."""
    return isinstance(value, int) and not isinstance(value, bool)


def show_whole(value: int) -> str:
    """The digits of `value` for a message, or its size where they'd fill the page."""
    bits = value.bit_length()
    return str(value) if bits <= 3 * _MAX_DIGITS else f"(of {bits} bits)"


def parse_decimal(value: str | int | Decimal, *, what: str) -> Decimal:
    """`value` as an exact finite `Decimal`; `what` names it in the message.

    Accepts a plain decimal string (`-12.50`), an `int` or a `Decimal`. Raises `InvalidInput` for
    floats, booleans, NaN and infinities, exponents, spaces, thousands separators and signs other
    than a leading minus.
    """
    if isinstance(value, float):
        raise InvalidInput(
            f"{what} is the float {value!r}: floats are inexact, pass a string or a Decimal",
            value=value,
        )
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        raise InvalidInput(
            f'{what} is {value!r} ({type(value).__name__}): pass a decimal string such as "19.99"',
            value=value,
        )
    if isinstance(value, str):
        return _parse_text(value, what)
    if isinstance(value, int):
        if value.bit_length() > 3 * _MAX_DIGITS:
            raise InvalidInput(f"{what} has {value.bit_length()} bits: no amount is that large")
        return Decimal(value)
    if not value.is_finite():
        raise InvalidInput(f"{what} is {value}: pass a finite decimal", value=value)
    exponent = value.as_tuple().exponent
    if not isinstance(exponent, int) or max(abs(value.adjusted()), abs(exponent)) > _MAX_DIGITS:
        raise InvalidInput(f"{what} is {value}: no amount has that many digits", value=value)
    return value


def _parse_text(value: str, what: str) -> Decimal:
    shown = value if len(value) <= _MAX_DIGITS else value[:_MAX_DIGITS] + "..."
    if not _PLAIN_DECIMAL.fullmatch(value):
        raise InvalidInput(
            f"{what} {shown!r} is not a plain decimal: write digits with at most one point, "
            'without spaces, separators, plus sign or exponent, e.g. "250000.00"',
            value=shown,
        )
    if len(value) > _MAX_DIGITS:
        raise InvalidInput(f"{what} {shown!r} has more than {_MAX_DIGITS} characters", value=shown)
    return Decimal(value)


def _scaled(value: Decimal, decimals: int) -> int | None:
    """`value * 10**decimals` as an exact integer, or None if it isn't one."""
    sign, digits, exponent = value.as_tuple()
    if not isinstance(exponent, int):
        return None
    number = int("".join(map(str, digits)) or "0")
    shift = exponent + decimals
    scale: int = 10 ** abs(shift)
    if shift >= 0:
        number *= scale
    else:
        number, rest = divmod(number, scale)
        if rest:
            return None
    return -number if sign else number


def _decimal(base_units: int, decimals: int) -> Decimal:
    # The tuple constructor is exact whatever the context; scaleb() would round to 28 digits.
    digits = tuple(int(digit) for digit in str(abs(base_units)))
    return Decimal((1 if base_units < 0 else 0, digits, -decimals))


@dataclass(frozen=True, slots=True)
class Amount:
    """An exact amount: `value` in `unit` (a currency code or a token symbol) with `decimals` decimals.

    `value` always carries exactly `decimals` decimals, so equal amounts are equal, hash equally and
    print equally. Use `parse` for what comes from people and files, `from_base_units` for what comes
    from the chain; only the difference of two amounts, or an amount made with `signed=True`, may be
    negative. Amounts of different units or decimals don't add, subtract or compare (`InvalidInput`),
    except that `==` between them is False. An amount is never falsy: test `is_zero`.
    """

    value: Decimal
    unit: str
    decimals: int

    def __post_init__(self) -> None:
        _check_unit(self.unit, self.decimals)
        exact = parse_decimal(self.value, what=f"{self.unit} amount")
        scaled = _scaled(exact, self.decimals)
        if scaled is None:
            raise InvalidInput(
                f"{exact:f} has more decimals than {self.unit} has ({self.decimals}): "
                "correct the amount, it is never rounded",
                value=exact,
                unit=self.unit,
                decimals=self.decimals,
            )
        object.__setattr__(self, "value", _decimal(scaled, self.decimals))

    @classmethod
    def parse(cls, value: str | int | Decimal, *, unit: str, decimals: int, signed: bool = False) -> Amount:
        """The amount written as `value`, e.g. `Amount.parse("250000.00", unit="USD", decimals=2)`.

        Raises `InvalidInput` for floats, more decimals than `decimals`, a negative amount unless
        `signed`, or more than `MAX_BASE_UNITS`.
        """
        amount = cls(parse_decimal(value, what=f"{unit} amount"), unit, decimals)
        return amount._checked(signed)

    @classmethod
    def money(cls, value: str | int | Decimal, currency: str, *, signed: bool = False) -> Amount:
        """An amount of an ISO 4217 currency with the currency's own decimals."""
        return cls.parse(value, unit=currency, decimals=minor_units(currency), signed=signed)

    @classmethod
    def from_base_units(cls, base_units: int, *, unit: str, decimals: int, signed: bool = False) -> Amount:
        """The amount of `base_units`, an integer as the chain holds it (up to 2^256 - 1)."""
        if not is_whole(base_units):
            raise InvalidInput(
                f"{unit} base units are {base_units!r} ({type(base_units).__name__}): pass an int",
                value=base_units,
            )
        if abs(base_units) >= 2**256:
            raise InvalidInput(
                f"{unit} base units {show_whole(base_units)} exceed 256 bits: pass at most 2^256 - 1",
                bits=base_units.bit_length(),
            )
        _check_unit(unit, decimals)
        amount = cls(_decimal(base_units, decimals), unit, decimals)
        if base_units < 0 and not signed:
            raise _negative(amount)
        return amount

    @classmethod
    def zero(cls, unit: str, decimals: int) -> Amount:
        """No units at all."""
        return cls(Decimal(0), unit, decimals)

    @classmethod
    def sum(cls, amounts: Iterable[Amount], *, unit: str, decimals: int) -> Amount:
        """The exact sum of `amounts`, zero for none; all must be in `unit` with `decimals`."""
        total = cls.zero(unit, decimals)
        for amount in amounts:
            total = total + amount
        return total

    @property
    def base_units(self) -> int:
        """The amount as the integer the chain holds: `value * 10**decimals`."""
        # Exact, because __post_init__ gave `value` exactly this many decimals.
        sign, digits, _ = self.value.as_tuple()
        units = int("".join(map(str, digits)))
        return -units if sign else units

    @property
    def is_zero(self) -> bool:
        return self.base_units == 0

    @property
    def is_negative(self) -> bool:
        return self.base_units < 0

    def at_par(self, *, unit: str, decimals: int) -> Amount:
        """The same number in another unit, one for one: a deposit in USD as tokens, or back.

        Raises `InvalidInput` if `decimals` can't hold it exactly.
        """
        return Amount(self.value, unit, decimals)

    def is_cent_aligned(self, currency: str) -> bool:
        """Whether the amount can be paid at par in `currency`, to the smallest unit exactly."""
        return _scaled(self.value, minor_units(currency)) is not None

    def to_minor_units(self, currency: str) -> int:
        """The amount at par in the smallest payable units of `currency` (cents for USD and HKD).

        Raises `NotCentAligned` if that isn't a whole number.
        """
        scaled = _scaled(self.value, minor_units(currency))
        if scaled is None:
            places = minor_units(currency)
            raise NotCentAligned(
                f"{self.display()} is not a whole number of {currency}'s smallest unit "
                f"({places} decimals): redeem an amount with at most {places} decimals",
                amount=self,
                currency=currency,
            )
        return scaled

    def display(self) -> str:
        """For people, in full: `250,000.00 USD`."""
        whole, point, fraction = str(self).lstrip("-").partition(".")
        sign = "-" if self.is_negative else ""
        return f"{sign}{int(whole):,}{point}{fraction} {self.unit}"

    def __str__(self) -> str:
        return f"{self.value:f}"

    def __add__(self, other: Amount) -> Amount:
        return self._made(self.base_units + self._same(other, "add"))

    def __sub__(self, other: Amount) -> Amount:
        return self._made(self.base_units - self._same(other, "subtract"))

    def __lt__(self, other: Amount) -> bool:
        return self.base_units < self._same(other, "compare")

    def __le__(self, other: Amount) -> bool:
        return self.base_units <= self._same(other, "compare")

    def __gt__(self, other: Amount) -> bool:
        return self.base_units > self._same(other, "compare")

    def __ge__(self, other: Amount) -> bool:
        return self.base_units >= self._same(other, "compare")

    def _made(self, base_units: int) -> Amount:
        return Amount.from_base_units(base_units, unit=self.unit, decimals=self.decimals, signed=True)

    def _same(self, other: object, verb: str) -> int:
        if not isinstance(other, Amount):
            raise InvalidInput(
                f"can't {verb} {self.display()} and {other!r}: both must be amounts", value=other
            )
        if (self.unit, self.decimals) != (other.unit, other.decimals):
            raise InvalidInput(
                f"can't {verb} {self.display()} ({self.decimals} decimals) and {other.display()} "
                f"({other.decimals} decimals): convert one with at_par() first",
                left=self,
                right=other,
            )
        return other.base_units

    def _checked(self, signed: bool) -> Amount:
        units = self.base_units
        if units < 0 and not signed:
            raise _negative(self)
        if abs(units) > MAX_BASE_UNITS:
            raise InvalidInput(
                f"{self.display()} is more than {MAX_BASE_UNITS} base units, the largest amount accepted",
                value=self,
            )
        return self


def _check_unit(unit: object, decimals: object) -> None:
    if not isinstance(unit, str) or not _UNIT.fullmatch(unit):
        raise InvalidInput(
            f"unit {unit!r} is not a currency code or token symbol: use 1 to 32 letters, digits, "
            "'.', '_' or '-'",
            unit=unit,
        )
    if not is_whole(decimals) or not 0 <= decimals <= MAX_DECIMALS:
        raise InvalidInput(
            f"decimals of {unit} are {decimals!r}: use a whole number from 0 to {MAX_DECIMALS}",
            decimals=decimals,
        )


def _negative(amount: Amount) -> InvalidInput:
    return InvalidInput(f"{amount.display()} is negative: pass zero or more", value=amount)
