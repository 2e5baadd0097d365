"""The reserve's side of a day: the report in force, line by line, and whether it is the day's."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from toolkit.chain.hexes import to_hex
from toolkit.reporting.errors import WrongReserveReport
from toolkit.reporting.figures import LineFigures, ReserveFigures
from toolkit.reserves.errors import DuplicateReference
from toolkit.reserves.positions import folded
from toolkit.reserves.profiles import Profile

if TYPE_CHECKING:
    from toolkit.reporting.figures import Coin, CutOffFigures
    from toolkit.reserves.report import Position, ReserveReport

__all__ = ["require_own_references", "reserve_figures"]


def reserve_figures(
    report: ReserveReport,
    coin: Coin,
    cut_off: CutOffFigures,
    *,
    profile: str,
    buffer_bps: int | None,
    is_business_day: Callable[[date], bool],
) -> ReserveFigures:
    """The report counted under `profile`. One of an earlier day is carried over days that are no business
    days.

    Raises WrongReserveReport for a report of another coin or currency, from after the cut-off, or of an
    earlier business day.
    """
    if (report.token, report.token_decimals, report.currency) != (coin.symbol, coin.decimals, coin.currency):
        raise WrongReserveReport(
            f"the report is of {report.token} ({report.token_decimals} decimals) in {report.currency}, the "
            f"books are of {coin.symbol} ({coin.decimals}) in {coin.currency}: one pool, one coin"
        )
    if report.as_of > cut_off.instant:
        raise WrongReserveReport(
            f"the report is as of {report.as_of.isoformat()}, after the cut-off "
            f"{cut_off.instant.isoformat()} of {cut_off.day}: it is a later day's"
        )
    valued = report.as_of.astimezone(ZoneInfo(cut_off.time_zone)).date()
    day = cut_off.day
    while day > valued:
        if is_business_day(day):
            raise WrongReserveReport(
                f"the report is as of {valued} and {day} is a business day: the statement of {cut_off.day} "
                "needs a report of its own day, or of the last business day before it",
                valued=valued,
                day=cut_off.day,
            )
        day -= timedelta(days=1)
    rules = Profile.load(profile)
    counted = report.evaluate(rules)
    return ReserveFigures(
        report=report.to_data(),
        report_hash=to_hex(report.hash),
        profile=counted.profile,
        as_of=report.as_of,
        lines=tuple(
            LineFigures(
                line_id=line.line_id,
                counted=line.counted.base_units,
                eligible=line.eligible,
                reason=line.reason,
            )
            for line in counted.lines
        ),
        market_value=(counted.market_total - counted.ineligible_total).base_units,
        ineligible_value=counted.ineligible_total.base_units,
        carried=valued < cut_off.day,
        valuation_date=valued,
        buffer_bps=rules.buffer.bps if buffer_bps is None else buffer_bps,
    )


def require_own_references(report: ReserveReport, others: Iterable[ReserveReport]) -> None:
    """Raises DuplicateReference when a custodian's reference, for a holding or for having confirmed it,
    stands in another pool's report too: one holding backs one pool (Guideline 2.5.4, trap X4).
    """
    own = {key: line.line_id for line in report.positions for key in _references(line)}
    for other in others:
        for line in other.positions:
            for key, shown in _references(line).items():
                if key in own:
                    raise DuplicateReference(
                        f"{shown} of {line.custodian} stands in line {own[key]} of {report.token}'s pool and "
                        f"in line {line.line_id} of {other.token}'s: one holding backs one pool",
                        reference=key[-1],
                    )


def _references(line: Position) -> dict[tuple[str, str, str], str]:
    named = {"custodian reference": line.custodian_reference, "confirmation": line.confirmation}
    return {
        (what, folded(line.custodian), folded(reference)): f"{what} {reference!r}"
        for what, reference in named.items()
        if reference is not None
    }
