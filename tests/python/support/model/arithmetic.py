"""The formulas of the reserve and of the limits, in whole numbers.

Every rounding favours the reserve: what it covers and what leaks out of a limit are rounded down.
"""

from __future__ import annotations

BPS = 10_000
DAY = 86_400
LARGEST_AMOUNT = 2**112 - 1


def less_buffer(reserve: int, buffer_bps: int) -> int:
    """What a reserve covers when `buffer_bps` of what it covers is kept back (R-RES-02)."""
    return reserve * BPS // (BPS + buffer_bps)


def coverage_bps(reserve: int, liabilities: int) -> int | None:
    """Reserve over liabilities; None when there are none."""
    return reserve * BPS // liabilities if liabilities else None


def is_within(value: int, last: int, max_rise_bps: int, max_fall_bps: int) -> bool:
    """Whether `value` is no further from `last` than the bounds."""
    bound = max_rise_bps if value > last else max_fall_bps
    return abs(value - last) * BPS <= last * bound


def leaked(level: int, limit: int, seconds: int) -> int:
    """A bucket's level after `seconds` in which `limit` a day leaks out."""
    return max(0, level - limit * seconds // DAY)
