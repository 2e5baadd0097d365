"""Which day an order deals on.

A fund deals on the business days of its calendar, until a cut-off in the calendar's wall clock; on a half day
until an earlier one. The server's receipt time decides, nothing that the customer or a block says: received
before the cut-off is that day, received at its very instant or later is the next (regulation.md T9, W16). A
severe-weather day declared by a person moves orders later, never earlier, and only those still open.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time

from toolkit.amounts import is_whole
from toolkit.calendar import BusinessCalendar
from toolkit.errors import ConfigurationError, CutOffPassed, InvalidInput, NotADealingDay

__all__ = ["DealingCalendar"]

_EVE = "the eve of Christmas, of New Year and of Lunar New Year in Hong Kong"


@dataclass(frozen=True, slots=True)
class DealingCalendar:
    """A fund's dealing days and cut-offs.

    `years` are those for which the half days are known to be complete: an order or a deadline in any other
    year raises `InvalidInput`, as it does for a year whose holidays the business calendar doesn't know.
    `half_days` maps a date to its earlier cut-off.
    """

    business: BusinessCalendar
    cut_off: time
    settlement_days: int
    years: frozenset[int]
    half_days: Mapping[date, time] = field(hash=False)

    def __post_init__(self) -> None:
        if self.cut_off.tzinfo is not None:
            raise ConfigurationError(f"the cut-off {self.cut_off} is wall-clock time: give it no time zone")
        if not is_whole(self.settlement_days) or self.settlement_days < 1:
            raise ConfigurationError(f"settlement days are {self.settlement_days!r}: use a number from 1")
        for day, cut_off in self.half_days.items():
            if day.year not in self.years:
                raise ConfigurationError(
                    f"half day {day}: {day.year} is not one of the fund's years", day=day
                )
            if not self.business.is_business_day(day):
                raise ConfigurationError(
                    f"half day {day} is not a business day of calendar {self.business.name}: remove it",
                    day=day,
                )
            if cut_off > self.cut_off:
                raise ConfigurationError(f"half day {day}: its cut-off {cut_off} is after {self.cut_off}")

    def is_dealing_day(self, day: date) -> bool:
        """Whether the fund deals on `day`. Raises `InvalidInput` for a year that isn't known."""
        self._known(day)
        return self.business.is_business_day(day)

    def require_dealing_day(self, day: date) -> date:
        """`day` itself. Raises `NotADealingDay`, which names the next one."""
        if not self.is_dealing_day(day):
            following = self.next_dealing_day(day)
            raise NotADealingDay(
                f"{day} is not a dealing day of the fund: the next one is {following}",
                day=day,
                next=following,
            )
        return day

    def next_dealing_day(self, day: date) -> date:
        """The first dealing day after `day`."""
        self._known(day)
        following = self.business.next_business_day(day)
        self._known(following)
        return following

    def previous_dealing_day(self, day: date) -> date:
        """The last dealing day before `day`."""
        self._known(day)
        before = date.fromordinal(day.toordinal() - 1)
        while not self.is_dealing_day(before):
            before = date.fromordinal(before.toordinal() - 1)
        return before

    def cut_off_at(self, day: date) -> datetime:
        """The instant, in UTC, at which dealing day `day` closes: what comes then is for the next."""
        self.require_dealing_day(day)
        local = datetime.combine(day, self.half_days.get(day, self.cut_off), tzinfo=self.business.time_zone)
        return local.astimezone(UTC)

    def dealing_day(self, received_at: datetime) -> date:
        """The dealing day of an order that the server received at `received_at` (aware)."""
        day = self.business.local_date(received_at)
        if self.is_dealing_day(day) and received_at < self.cut_off_at(day):
            return day
        return self.next_dealing_day(day)

    def require_open(self, day: date, at: datetime) -> None:
        """Raises `CutOffPassed` if an order for `day` comes too late at the instant `at`."""
        cut_off = self.cut_off_at(day)
        if at >= cut_off:
            following = self.dealing_day(at)
            raise CutOffPassed(
                f"dealing day {day} closed at {cut_off.isoformat()}, and the order came at "
                f"{at.astimezone(UTC).isoformat()}: it can deal on {following}",
                day=day,
                cut_off=cut_off,
                received_at=at,
                next=following,
            )

    def settlement_due(self, day: date) -> date:
        """The day on which the proceeds of dealing day `day` are due, counted in business days."""
        self.require_dealing_day(day)
        due = self.business.add_business_days(day, self.settlement_days)
        self._known(due)
        return due

    def moved(self, day: date) -> date:
        """Where the open orders of `day` deal now: `day`, or the next dealing day if it is none any more."""
        return day if self.is_dealing_day(day) else self.next_dealing_day(day)

    def with_severe_weather(self, day: date, *, declared_by: str, reason: str) -> DealingCalendar:
        """A new calendar after the declaration; whether it takes the day out is the definition's choice."""
        business = self.business.with_severe_weather(day, declared_by=declared_by, reason=reason)
        half_days = {key: value for key, value in self.half_days.items() if business.is_business_day(key)}
        return replace(self, business=business, half_days=half_days)

    def _known(self, day: date) -> None:
        if day.year not in self.years:
            known = ", ".join(map(str, sorted(self.years)))
            raise InvalidInput(
                f"the fund's dealing days are known for {known}, not for {day}: add the year's half days "
                f"({_EVE}) and the year to the terms",
                day=day,
                years=sorted(self.years),
            )
