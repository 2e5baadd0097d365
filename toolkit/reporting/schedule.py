"""What is due, late or blocked, by a regulator's profile and calendar, as of now or any past instant.

Nothing runs by itself: `issuance due` answers the same as long as nothing happened, and a cron calls it. What
is blocked says by what; whether something is late doesn't depend on that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Protocol

from toolkit.calendar import BusinessCalendar
from toolkit.errors import InvalidInput, Refused
from toolkit.ledger.errors import NotFound
from toolkit.ledger.record_words import RecordState
from toolkit.reporting.profiles import Obligation, RegulatorProfile, first_day, label
from toolkit.reporting.reports import content_of
from toolkit.reporting.reports.content import Period
from toolkit.reporting.reports.values import Moment
from toolkit.reporting.shelf import record_kind_of

if TYPE_CHECKING:
    from toolkit.ledger import Ledger

__all__ = ["DueItem", "LedgerStanding", "Standing", "Status", "due", "periods"]

_REACHED = {
    "signed": frozenset({RecordState.SIGNED, RecordState.PUBLISHED, RecordState.SUBMITTED}),
    "published": frozenset({RecordState.PUBLISHED}),
    "submitted": frozenset({RecordState.SUBMITTED}),
}


class Status(StrEnum):
    """How a report stands: `due` can be made, `blocked` can't yet, `done` is where it has to be."""

    DONE = "done"
    DUE = "due"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class DueItem:
    """One report of one period. `late` says that its time is over and it isn't done."""

    report: str
    period: Period
    due_at: datetime
    status: Status
    late: bool
    blocked_by: tuple[str, ...]
    source: str

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "report": self.report,
            "period": {"start": self.period.start.isoformat(), "end": self.period.end.isoformat()},
            "due_at": Moment.of(self.due_at).model_dump(mode="json"),
            "status": self.status.value,
            "late": self.late,
            "blocked_by": list(self.blocked_by),
            "source": self.source,
        }


class Standing(Protocol):
    """What the schedule asks: where reports stand, and what stands against making them."""

    def reached(self, report: str, period: Period) -> frozenset[RecordState]:
        """Every state that the report's last signed version had come to, or its draft if none is signed."""
        ...

    def problem(self, day: date) -> str | None:
        """Why nothing may be published of the day, None if it is closed."""
        ...

    def has_draw(self, period: Period) -> bool:
        """Whether the auditor has drawn the period's random day."""
        ...


def due(
    profile: RegulatorProfile,
    calendar: BusinessCalendar,
    standing: Standing,
    *,
    since: date,
    now: datetime,
) -> tuple[DueItem, ...]:
    """Every report of a period that ended between `since` and `now`, by when it is due.

    Raises `InvalidInput` for a period in a year whose holidays aren't known, or an instant without a zone.
    """
    if now.utcoffset() is None:
        raise InvalidInput(f"{now!r} has no time zone: give an aware instant")
    items = [
        _item(profile, calendar, standing, obligation, period, now)
        for obligation in profile.obligations
        for period in periods(profile, calendar, obligation, since=since, now=now)
    ]
    return tuple(sorted(items, key=lambda item: (item.due_at, item.report, item.period.end)))


def periods(
    profile: RegulatorProfile,
    calendar: BusinessCalendar,
    obligation: Obligation,
    *,
    since: date,
    now: datetime,
) -> Iterator[Period]:
    """The obligation's periods whose last cut-off lies between `since` and `now`, oldest first."""
    day, last = since, now.astimezone(profile.zone).date()
    while day <= last:
        if cut_off_of(profile, day) < now and _ends(obligation, calendar, day):
            yield Period(start=first_day(obligation.cadence, day), end=day)
        day += timedelta(days=1)


def cut_off_of(profile: RegulatorProfile, day: date) -> datetime:
    """The instant up to which everything belongs to `day`."""
    return datetime.combine(day, profile.cut_off, tzinfo=profile.zone)


@dataclass(frozen=True, slots=True)
class LedgerStanding:
    """The standing as the ledger had it at `now`. `day_problem` says why a day isn't closed."""

    ledger: Ledger
    subject: str
    now: datetime
    day_problem: Callable[[date], str | None]

    def reached(self, report: str, period: Period) -> frozenset[RecordState]:
        kind = record_kind_of(report)
        found = self.ledger.record_book.find(kind, prefix=f"{kind}/{report}/{self.subject}/{period}/v")
        reached: frozenset[RecordState] = frozenset()
        for record in sorted(found, key=lambda item: int(item.data["version"])):
            events = self.ledger.record_book.history(record.id)
            states = frozenset(event.to_state for event in events if event.at <= self.now)
            if not reached or states & {RecordState.SIGNED, RecordState.ISSUED}:
                reached = states  # a draft of a correction takes nothing from what is out
        return reached

    def problem(self, day: date) -> str | None:
        return self.day_problem(day)

    def has_draw(self, period: Period) -> bool:
        try:
            events = self.ledger.record_book.history(f"draw/{self.subject}/{period}")
        except NotFound:
            return False
        return events[0].at <= self.now


def problem_of(require_closed: Callable[[date], None]) -> Callable[[date], str | None]:
    """What `require_closed` has against a day, in its own words."""

    def problem(day: date) -> str | None:
        try:
            require_closed(day)
        except Refused as error:
            return error.message
        return None

    return problem


def _item(
    profile: RegulatorProfile,
    calendar: BusinessCalendar,
    standing: Standing,
    obligation: Obligation,
    period: Period,
    now: datetime,
) -> DueItem:
    due_at = calendar.due_after(cut_off_of(profile, period.end), obligation.due_business_days)
    done = bool(standing.reached(obligation.report, period) & _REACHED[obligation.until])
    blocked = () if done else tuple(_against(profile, calendar, standing, obligation, period))
    return DueItem(
        report=obligation.report,
        period=period,
        due_at=due_at,
        status=Status.DONE if done else Status.BLOCKED if blocked else Status.DUE,
        late=not done and now > due_at,
        blocked_by=blocked,
        source=label(obligation),
    )


def _against(
    profile: RegulatorProfile,
    calendar: BusinessCalendar,
    standing: Standing,
    obligation: Obligation,
    period: Period,
) -> Iterator[str]:
    """What stands against a report, the first reason of each day."""
    daily = next((item for item in profile.obligations if item.report == "daily_statement"), None)
    needs_statements = "daily_statement" in obligation.needs and daily is not None
    day = period.start
    while day <= period.end:
        problem = standing.problem(day) if content_of(obligation.report).closed_days else None
        if problem is not None:
            yield problem
        elif needs_statements and daily is not None and _ends(daily, calendar, day):
            reached = standing.reached("daily_statement", Period(start=day, end=day))
            if not reached & _REACHED["signed"]:
                yield f"the daily statement of {day} isn't signed"
        day += timedelta(days=1)
    for report in obligation.needs:
        if report != "daily_statement" and not standing.reached(report, period) & _REACHED["signed"]:
            yield f"the {report.replace('_', ' ')} of {period} isn't signed"
    if obligation.report == "attestation_schedule" and not standing.has_draw(period):
        yield f"the auditor hasn't drawn the random day of {period}"


def _ends(obligation: Obligation, calendar: BusinessCalendar, day: date) -> bool:
    """Whether a period of the obligation ends on `day`."""
    following = day + timedelta(days=1)
    if obligation.cadence == "business-daily":
        return calendar.is_business_day(day)
    if obligation.cadence == "weekly":
        return day.weekday() == obligation.ends_on
    if obligation.cadence == "monthly":
        return following.day == 1
    if obligation.cadence == "quarterly":
        return following.day == 1 and day.month % 3 == 0
    return True
