"""The values that every report is made of. Each checks itself: what is shown is what is counted.

An amount of tokens is given twice, in base units and as people read it; money is in an ISO 4217 currency with
exactly two decimals; a share is in whole basis points; an instant is in UTC and in Hong Kong time; a length
of time is in whole seconds (regulation.md 4). No JSON number is an amount.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta, timezone
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput

__all__ = [
    "BlockPosition",
    "Bps",
    "Duration",
    "Hash32",
    "Model",
    "Moment",
    "Money",
    "Text",
    "Tokens",
    "ratio_bps",
    "require",
    "sum_money",
    "sum_tokens",
]

Text = Annotated[str, Field(min_length=1, max_length=2000)]
Hash32 = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]

# Fixed by definition of the field, so no table of time zones decides on a report's bytes. The offset has
# been +08:00 without a break since 1979, before anything that is reported here.
_HONG_KONG = timezone(timedelta(hours=8))
_DISPLAY = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?", re.ASCII)
_BPS = 10_000


class Model(BaseModel):
    """A table of a report: its keys and no others, its types and no others, never changed."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


def require(condition: bool, what: str) -> None:
    """For a report's own checks: raises `ValueError`, which becomes `InvalidInput` when it is read."""
    if not condition:
        raise ValueError(what)


class Tokens(Model):
    """Tokens: `base_units` is the integer on chain, `display` the same with the token's decimals."""

    base_units: str = Field(pattern=r"^-?(0|[1-9][0-9]{0,77})$")
    display: str
    unit: str

    @classmethod
    def of(cls, amount: Amount) -> Self:
        return cls(base_units=str(amount.base_units), display=str(amount), unit=amount.unit)

    @property
    def value(self) -> int:
        """In base units."""
        return int(self.base_units)

    @property
    def decimals(self) -> int:
        return len(self.display.partition(".")[2])

    @property
    def amount(self) -> Amount:
        return Amount.from_base_units(self.value, unit=self.unit, decimals=self.decimals, signed=True)

    @model_validator(mode="after")
    def _one_amount(self) -> Self:
        require(
            _DISPLAY.fullmatch(self.display) is not None and int(self.display.replace(".", "")) == self.value,
            f"{self.display} {self.unit} are not {self.base_units} base units",
        )
        return self


class Money(Model):
    """Money, with exactly two decimals."""

    amount: str = Field(pattern=r"^-?(0|[1-9][0-9]{0,40})\.[0-9]{2}$")
    currency: str = Field(pattern=r"^[A-Z]{3}$")

    @classmethod
    def of(cls, amount: Amount) -> Self:
        """Raises `InvalidInput` for a currency with more than two decimals."""
        if amount.decimals > 2:
            raise InvalidInput(f"{amount.display()} has more than two decimals: reports show cents")
        return cls.cents(amount.base_units * 10 ** (2 - amount.decimals), amount.unit)

    @classmethod
    def cents(cls, cents: int, currency: str) -> Self:
        sign, whole = ("-" if cents < 0 else ""), abs(cents)
        return cls(amount=f"{sign}{whole // 100}.{whole % 100:02}", currency=currency)

    @classmethod
    def at_par(cls, tokens: Amount | Tokens, currency: str) -> Self:
        """What tokens are owed at par; a fraction of a cent is rounded up, since it is a liability."""
        amount = tokens.amount if isinstance(tokens, Tokens) else tokens
        return cls.cents(-(-amount.base_units * 100 // 10**amount.decimals), currency)

    @property
    def value(self) -> int:
        """In cents."""
        return int(self.amount.replace(".", ""))


class Bps(Model):
    """A share in whole basis points, rounded down, and the same in percent."""

    bps: int
    display: str

    @classmethod
    def of(cls, bps: int) -> Self:
        return cls(bps=bps, display=_percent(bps))

    @model_validator(mode="after")
    def _one_share(self) -> Self:
        require(self.display == _percent(self.bps), f"{self.display} is not {self.bps} bps")
        return self


class Duration(Model):
    """A length of time in whole seconds, and in hours, minutes and seconds."""

    seconds: int = Field(ge=0)
    display: str

    @classmethod
    def of(cls, seconds: int) -> Self:
        return cls(seconds=seconds, display=_clock(seconds))

    @model_validator(mode="after")
    def _one_length(self) -> Self:
        require(self.display == _clock(self.seconds), f"{self.display} is not {self.seconds} seconds")
        return self


class Moment(Model):
    """An instant to the second, in UTC and in Hong Kong time."""

    utc: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
    hkt: str = Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$")

    @classmethod
    def of(cls, instant: datetime) -> Self:
        """Fractions of a second are dropped. Raises `InvalidInput` for an instant without a time zone."""
        if instant.utcoffset() is None:
            raise InvalidInput(f"{instant!r} has no time zone: give an aware instant")
        whole = instant.replace(microsecond=0)
        utc = whole.astimezone(UTC).isoformat().removesuffix("+00:00") + "Z"
        return cls(utc=utc, hkt=whole.astimezone(_HONG_KONG).isoformat())

    @property
    def instant(self) -> datetime:
        return datetime.fromisoformat(self.utc)

    @model_validator(mode="after")
    def _one_instant(self) -> Self:
        require(
            datetime.fromisoformat(self.utc) == datetime.fromisoformat(self.hkt),
            f"{self.utc} and {self.hkt} are not the same instant",
        )
        return self


class BlockPosition(Model):
    """A place on a chain: the hash says which, should the number ever be another block's."""

    chain_id: int = Field(ge=1, lt=2**53)
    block_number: int = Field(ge=0, lt=2**53)
    block_hash: Hash32
    at: Moment


def ratio_bps(part: int, whole: int) -> int:
    """floor(part x 10,000 / whole). `whole` is positive."""
    return part * _BPS // whole


def sum_tokens(items: Iterable[Tokens]) -> int:
    """In base units."""
    return sum(item.value for item in items)


def sum_money(items: Iterable[Money]) -> int:
    """In cents."""
    return sum(item.value for item in items)


def _percent(bps: int) -> str:
    sign, whole = ("-" if bps < 0 else ""), abs(bps)
    return f"{sign}{whole // 100}.{whole % 100:02} %"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def problems(error: Any) -> list[str]:
    """A validation error's findings, each with the place."""
    return [
        f"{'.'.join(map(str, item['loc'])) or 'document'}: {item['msg'].removeprefix('Value error, ')}"
        for item in error.errors(include_url=False, include_input=False)
    ]
