"""The types of figures' fields: how whole numbers, instants and hashes stand in JSON."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, WithJsonSchema

from toolkit.amounts import is_whole

__all__ = [
    "Address",
    "Count",
    "Day",
    "Digest",
    "Figures",
    "Hash",
    "Instant",
    "Minor",
    "SignedMinor",
    "Text",
    "Units",
]


def _whole(value: object) -> int:
    if is_whole(value):
        return value
    if isinstance(value, str) and value.removeprefix("-").isdecimal() and str(int(value)) == value:
        return int(value)
    raise ValueError(f"{value!r} is no whole number: write it as a string of digits")


def _not_negative(value: object) -> int:
    number = _whole(value)
    if number < 0:
        raise ValueError(f"{number} is negative")
    return number


def _instant(value: object) -> datetime:
    given = datetime.fromisoformat(value) if isinstance(value, str) else value
    if not isinstance(given, datetime) or given.utcoffset() is None:
        raise ValueError(f"{value!r} is no instant with a time zone")
    return given.astimezone(UTC)


def _day(value: object) -> date:
    if isinstance(value, str):
        return date.fromisoformat(value)
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise ValueError(f"{value!r} is no date")


def _show_instant(value: datetime) -> str:
    return value.isoformat().replace("+00:00", "Z")


_AS_DIGITS = PlainSerializer(str, return_type=str)

Units = Annotated[
    int,
    BeforeValidator(_not_negative),
    _AS_DIGITS,
    WithJsonSchema({"type": "string", "pattern": "^[0-9]+$"}),
]
"""Base units of a coin or a share."""

Minor = Units
"""Smallest units of a currency."""

SignedMinor = Annotated[
    int, BeforeValidator(_whole), _AS_DIGITS, WithJsonSchema({"type": "string", "pattern": "^-?[0-9]+$"})
]
"""Smallest units of a currency; an overdrawn account is negative."""

Instant = Annotated[
    datetime,
    BeforeValidator(_instant),
    PlainSerializer(_show_instant, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
"""An instant in UTC."""

Day = Annotated[
    date,
    BeforeValidator(_day),
    PlainSerializer(date.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date"}),
]
"""A date in the cut-off's time zone."""

Hash = Annotated[str, Field(pattern=r"^0x[0-9a-f]{64}$")]
Digest = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Address = Annotated[str, Field(pattern=r"^0x[0-9a-fA-F]{40}$")]
Text = Annotated[str, Field(min_length=1)]
Count = Annotated[int, Field(ge=0)]


class Figures(BaseModel):
    """A group of figures: nothing unknown, nothing converted, nothing changed."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")
