"""Digests of records: sha256 over canonical JSON (RFC 8785), in hex without a prefix."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import rfc8785

__all__ = ["GENESIS", "digest", "instant"]

GENESIS = "0" * 64
"""The previous hash of the very first event."""


def instant(value: datetime) -> str:
    """The instant in UTC to the microsecond: `2026-11-22T01:02:03.000004Z`."""
    return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def digest(fields: Mapping[str, Any]) -> str:
    """sha256 of the canonical JSON of `fields`.

    Whole numbers beyond 2^53 aren't JSON numbers everywhere: pass them, like every amount, as text.
    """
    plain = {key: _plain(value) for key, value in fields.items()}
    return hashlib.sha256(rfc8785.dumps(plain)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return value
