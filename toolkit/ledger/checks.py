"""Checks of what comes in, shared by the repositories. Each raises `InvalidInput`."""

from __future__ import annotations

import re
from datetime import datetime

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput

__all__ = [
    "aware",
    "country",
    "currency_code",
    "hash32",
    "investor_reference",
    "one_line",
    "positive",
    "sha256_hex",
    "word",
]

_HASH32 = re.compile(r"0x[0-9a-f]{64}", re.ASCII)
_DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)
_REFERENCE = re.compile(r"0x[0-9a-f]{32}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_-]{0,31}", re.ASCII)
_COUNTRY = re.compile(r"[A-Z]{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def one_line(value: object, *, what: str, longest: int = 128) -> str:
    """`value` if it is a printable line of 1 to `longest` characters without spaces at its ends."""
    if not isinstance(value, str) or not value.isprintable() or value != value.strip():
        raise InvalidInput(f"{what} {value!r} must be one printable line without spaces at its ends")
    if not 1 <= len(value) <= longest:
        raise InvalidInput(f"{what} {value[:40]!r} must have 1 to {longest} characters, it has {len(value)}")
    return value


def word(value: object, *, what: str) -> str:
    """`value` if it is a lower-case word such as `self_custody`."""
    if not isinstance(value, str) or not _WORD.fullmatch(value):
        raise InvalidInput(f"{what} {value!r} must be a lower-case word such as 'self_custody'")
    return value


def currency_code(value: object) -> str:
    """`value` if it looks like an ISO 4217 code."""
    if not isinstance(value, str) or not _CURRENCY.fullmatch(value):
        raise InvalidInput(f"currency {value!r} must be an ISO 4217 code such as HKD", currency=value)
    return value


def country(value: object) -> str:
    """`value` if it looks like an ISO 3166-1 alpha-2 code."""
    if not isinstance(value, str) or not _COUNTRY.fullmatch(value):
        raise InvalidInput(f"jurisdiction {value!r} must be a two-letter country code such as HK")
    return value


def investor_reference(value: object) -> str:
    """`value` if it is 0x and 32 lower-case hex digits."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise InvalidInput(f"investor reference {value!r} must be 0x and 32 lower-case hex digits")
    return value


def positive(value: object, *, what: str) -> Amount:
    """`value` if it is an `Amount` above zero."""
    if not isinstance(value, Amount) or value.base_units <= 0:
        raise InvalidInput(f"{what} {value!r} must be an Amount above zero: use Amount.parse or Amount.money")
    return value


def hash32(value: object, *, what: str) -> str:
    """`value` if it is 0x and 64 lower-case hex digits."""
    if not isinstance(value, str) or not _HASH32.fullmatch(value):
        raise InvalidInput(f"{what} {value!r} must be 0x and 64 lower-case hex digits")
    return value


def sha256_hex(value: object) -> str | None:
    """The digest of a piece of evidence: 64 lower-case hex digits, with or without 0x, or None."""
    if value is None:
        return None
    bare = value.removeprefix("0x") if isinstance(value, str) else ""
    if not _DIGEST.fullmatch(bare):
        raise InvalidInput(f"evidence {value!r} must be a 32-byte hash in lower-case hex")
    return bare


def aware(value: object, *, what: str) -> datetime:
    """`value` if it knows its time zone."""
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise InvalidInput(f"{what} {value!r} has no time zone: pass an aware datetime, e.g. in UTC")
    return value
