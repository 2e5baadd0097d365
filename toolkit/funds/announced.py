"""Dealing days as the vault numbers them: 1, 2, 3 and on, each with its cut-off.

The number is the request id of ERC-7540. Numbers come from what was announced on chain, and not from counting
a calendar: a severe-weather day declared after a day was closed must not renumber it. A declaration before a
cut-off gives the day's number the next date's cut-off, and the days after it move along.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from toolkit.amounts import is_whole
from toolkit.dealing_days import DealingCalendar
from toolkit.errors import InvalidInput, NotADealingDay

__all__ = ["Announced", "Announcement"]


@dataclass(frozen=True, slots=True)
class Announcement:
    """What `announceDays` takes: the first day's number, and cut-offs in unix seconds."""

    first_day: int
    cut_offs: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Announced:
    """The cut-offs of days 1, 2, 3 and on, in unix seconds, as the chain has them."""

    calendar: DealingCalendar
    cut_offs: tuple[int, ...] = ()

    def day_of(self, number: int) -> date:
        """The date of day `number`. Raises `InvalidInput` for a day that wasn't announced."""
        if not is_whole(number) or not 1 <= number <= len(self.cut_offs):
            raise InvalidInput(
                f"dealing day {number!r} was not announced: days 1 to {len(self.cut_offs)} were", day=number
            )
        return self._date(self.cut_offs[number - 1])

    def number_of(self, day: date) -> int:
        """The number of the dealing day `day`. Raises `NotADealingDay` when it wasn't announced."""
        for index, cut_off in enumerate(self.cut_offs):
            if self._date(cut_off) == day:
                return index + 1
        raise NotADealingDay(
            f"{day} was not announced as a dealing day: announce it, or take one of the "
            f"{len(self.cut_offs)} that were",
            day=day,
        )

    def open_at(self, instant: datetime) -> int:
        """The number of the day that an order received at `instant` deals on.

        Raises `NotADealingDay` when no day is announced for then.
        """
        seconds = instant.timestamp()
        for index, cut_off in enumerate(self.cut_offs):
            if seconds < cut_off:
                return index + 1
        raise NotADealingDay(
            f"no dealing day after {instant.astimezone(UTC).isoformat()} is announced: announce days first",
            received_at=instant,
        )

    def more(self, count: int, *, after: date) -> Announcement:
        """The next `count` days: those after the last announced one, or after `after` if there is none."""
        if not is_whole(count) or count < 1:
            raise InvalidInput(f"days to announce are {count!r}: use a whole number from 1", count=count)
        last = self._date(self.cut_offs[-1]) if self.cut_offs else after
        return Announcement(len(self.cut_offs) + 1, _cut_offs(self.calendar, last, count))

    def revised(self, calendar: DealingCalendar, *, now: datetime) -> Announcement | None:
        """What to announce again after `calendar` changed; None when nothing ahead of `now` moves."""
        first = sum(cut_off <= now.timestamp() for cut_off in self.cut_offs)
        ahead = self.cut_offs[first:]
        if not ahead:
            return None
        before = date.fromordinal(self._date(ahead[0]).toordinal() - 1)
        again = _cut_offs(calendar, before, len(ahead))
        return None if again == ahead else Announcement(first + 1, again)

    def after(self, announcement: Announcement) -> Announced:
        """The days once `announcement` was made, as the chain takes it."""
        if not 1 <= announcement.first_day <= len(self.cut_offs) + 1:
            raise InvalidInput(
                f"day {announcement.first_day} doesn't follow day {len(self.cut_offs)}: leave no gap"
            )
        return replace(self, cut_offs=(*self.cut_offs[: announcement.first_day - 1], *announcement.cut_offs))

    def _date(self, cut_off: int) -> date:
        return self.calendar.business.local_date(datetime.fromtimestamp(cut_off, UTC))


def _cut_offs(calendar: DealingCalendar, before: date, count: int) -> tuple[int, ...]:
    cut_offs, day = [], before
    for _ in range(count):
        day = calendar.next_dealing_day(day)
        cut_offs.append(int(calendar.cut_off_at(day).timestamp()))
    return tuple(cut_offs)
