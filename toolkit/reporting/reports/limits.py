"""Limits of a reserve's concentration and liquidity, and what they stand at (Guideline 6.4.2 to 6.4.6)."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from toolkit.reporting.profiles import Limits, label
from toolkit.reporting.reports.content import Table
from toolkit.reporting.reports.parts import ReserveLine
from toolkit.reporting.reports.values import Bps, Model, Text, ratio_bps, require, sum_money

__all__ = ["LimitResult", "actuals", "limits_of", "limits_table"]

_BPS = 10_000
_CUSTODIAN, _AT_ONCE, _IN_A_WEEK = "Largest custodian", "Money at once (T+0)", "Money within 7 days"


class LimitResult(Model):
    """A limit of the reserve, what it stands at, and whether it is kept."""

    name: Text
    bound: Literal["at most", "at least"]
    limit: Bps
    actual: Bps
    kept: bool
    source: Text

    @model_validator(mode="after")
    def _kept(self) -> Self:
        actual, limit = self.actual.bps, self.limit.bps
        kept = actual <= limit if self.bound == "at most" else actual >= limit
        require(self.kept == kept, f"{self.name}: {self.actual.display} against {self.limit.display}")
        return self


def limits_of(lines: tuple[ReserveLine, ...], limits: Limits) -> tuple[LimitResult, ...]:
    """Concentration and liquidity of what counts; none without a reserve."""
    stand = actuals(lines)
    wanted: tuple[tuple[str, Literal["at most", "at least"], int | None], ...] = (
        (_CUSTODIAN, "at most", limits.custodian_bps),
        (_AT_ONCE, "at least", limits.overnight_bps),
        (_IN_A_WEEK, "at least", limits.week_bps),
    )
    return tuple(
        LimitResult(
            name=name,
            bound=bound,
            limit=Bps.of(limit),
            actual=Bps.of(stand[name]),
            kept=stand[name] <= limit if bound == "at most" else stand[name] >= limit,
            source=label(limits),
        )
        for name, bound, limit in wanted
        if limit is not None and name in stand
    )


def actuals(lines: tuple[ReserveLine, ...]) -> dict[str, int]:
    """What the limits stand at, in basis points; nothing of a reserve that counts nothing."""
    total = sum_money(line.counted for line in lines)
    if total <= 0:
        return {}
    at: dict[str, int] = {}
    for line in lines:
        at[line.custodian or "not stated"] = at.get(line.custodian or "not stated", 0) + line.counted.value
    return {
        # Rounded up, as the others are down, so that no rounding hides a breach.
        _CUSTODIAN: -(-max(at.values()) * _BPS // total),
        _AT_ONCE: ratio_bps(sum_money(line.counted for line in lines if _days(line) == 0), total),
        _IN_A_WEEK: ratio_bps(sum_money(line.counted for line in lines if _days(line) <= 7), total),
    }


def _days(line: ReserveLine) -> int:
    """Days until a line is money: none for cash, its residual for the rest, a long time where unknown."""
    if line.asset_class == "CASH":
        return 0
    if line.asset_class == "REVERSE_REPO" and line.eligible and line.residual_days is None:
        return 1  # eligible only where it is stated to be overnight
    return 10_000 if line.residual_days is None else line.residual_days


def limits_table(limits: tuple[LimitResult, ...]) -> Table:
    return Table(
        "limits",
        "Limits of the reserve",
        (("Limit", str), ("Bound", str), ("At", Bps), ("Stands at", Bps), ("Kept", bool), ("Source", str)),
        [(item.name, item.bound, item.limit, item.actual, item.kept, item.source) for item in limits],
        empty="The profile sets none, or there is no reserve.",
    )
