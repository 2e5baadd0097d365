"""Business days and clocks.

A business calendar is an input, not arithmetic on weekdays: a named, versioned file that says which
days are holidays, for which years it is complete, and under which definition of "business day" it is
read. Statutes differ on that (Saturday), so the definition is chosen by name and its reference is
carried along. Days of severe weather are declared by a person; they exclude further days and so may
move a deadline later, never earlier.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from toolkit.amounts import is_whole
from toolkit.errors import ConfigurationError, InvalidInput

__all__ = ["BusinessCalendar", "Clock", "SevereWeatherDay", "SystemClock", "available_calendars"]

_CALENDARS = Path(__file__).parent / "data" / "calendars"
_WEEKDAYS = ("MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY")
_END_OF_DAY = time(23, 59, 59)


class Clock(Protocol):
    """Where the time comes from."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class SevereWeatherDay:
    """A day of signal 8 or above, black rain or extreme conditions, as declared by a person."""

    day: date
    declared_by: str
    reason: str


def available_calendars() -> list[str]:
    """Names of the packaged calendars."""
    return sorted(path.stem for path in _CALENDARS.glob("*.json"))


@dataclass(frozen=True, slots=True)
class BusinessCalendar:
    """Which days are business days, from a named, versioned file.

    `definition` names the reading of "business day" and `definition_ref` says where it comes from.
    Every question about a day outside `first_year` to `last_year` raises `InvalidInput`: a holiday
    list that isn't known is never taken to be empty.
    """

    name: str
    base_version: str
    source: str
    time_zone: ZoneInfo
    first_year: int
    last_year: int
    definition: str
    definition_ref: str
    weekend: frozenset[int]
    severe_weather_excludes: bool
    holidays: Mapping[date, str] = field(hash=False, repr=False)
    severe_weather: tuple[SevereWeatherDay, ...] = ()

    @classmethod
    def load(cls, name: str | Path, *, definition: str | None = None) -> BusinessCalendar:
        """The packaged calendar `name` (`hong-kong`) or the calendar file at a `Path`.

        `definition` picks one of the file's definitions of "business day", by default its
        `default_definition`. Raises `InvalidInput` for an unknown name or definition and
        `ConfigurationError` for a file that isn't a calendar.
        """
        path = name if isinstance(name, Path) else _packaged(name)
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            chosen = definition or data["default_definition"]
            definitions = data["definitions"]
            if chosen not in definitions:
                raise InvalidInput(
                    f"calendar {data['name']} has no definition {chosen!r}: use one of "
                    f"{', '.join(sorted(definitions))}",
                    definition=chosen,
                )
            return cls._from_data(data, chosen)
        except (OSError, KeyError, TypeError, AttributeError, ValueError) as error:
            # ZoneInfoNotFoundError is a KeyError, JSONDecodeError a ValueError.
            raise ConfigurationError(
                f"calendar file {path.name} can't be read ({type(error).__name__}: {error}): "
                "regenerate it with scripts/make_calendar.py",
                path=path,
            ) from error

    @classmethod
    def _from_data(cls, data: dict[str, Any], definition: str) -> BusinessCalendar:
        chosen = data["definitions"][definition]
        return cls(
            name=data["name"],
            base_version=data["version"],
            source=data["source"],
            time_zone=ZoneInfo(data["time_zone"]),
            first_year=data["first_year"],
            last_year=data["last_year"],
            definition=definition,
            definition_ref=chosen["definition_ref"],
            weekend=frozenset(_WEEKDAYS.index(day) for day in chosen["weekend"]),
            severe_weather_excludes=chosen["severe_weather_excludes"],
            holidays={date.fromisoformat(day): label for day, label in data["holidays"].items()},
        )

    @property
    def version(self) -> str:
        """The file's version and definition, and every severe-weather day declared on top of it."""
        declared = "".join(f"+{item.day.isoformat()}" for item in self.severe_weather)
        return f"{self.base_version}/{self.definition}{declared}"

    def with_severe_weather(self, day: date, *, declared_by: str, reason: str) -> BusinessCalendar:
        """A new calendar in which `declared_by` declared `day` a severe-weather day.

        Whether that excludes the day is the definition's choice (`severe_weather_excludes`). A second
        declaration of the same day changes nothing. Deadlines computed from the new calendar are the
        same or later; those of closed orders are the caller's to leave alone.
        """
        self._known(day)
        if not declared_by.strip() or not reason.strip():
            raise InvalidInput(
                f"the severe-weather day {day} needs both who declared it and why",
                declared_by=declared_by,
                reason=reason,
            )
        if any(item.day == day for item in self.severe_weather):
            return self
        declared = (*self.severe_weather, SevereWeatherDay(day, declared_by, reason))
        return replace(self, severe_weather=tuple(sorted(declared, key=lambda item: item.day)))

    def is_business_day(self, day: date) -> bool:
        """Whether `day` (a date in the calendar's time zone) is a business day."""
        self._known(day)
        if day.weekday() in self.weekend or day in self.holidays:
            return False
        return not (self.severe_weather_excludes and any(item.day == day for item in self.severe_weather))

    def next_business_day(self, day: date) -> date:
        """The first business day after `day`, whether or not `day` is one."""
        self._known(day)
        following = day + timedelta(days=1)
        while not self.is_business_day(following):
            following += timedelta(days=1)
        return following

    def add_business_days(self, day: date, count: int) -> date:
        """The `count`-th business day after `day`; `count` is at least 1."""
        if not is_whole(count) or count < 1:
            raise InvalidInput(f"business days to add are {count!r}: use a whole number from 1", count=count)
        for _ in range(count):
            day = self.next_business_day(day)
        return day

    def local_date(self, instant: datetime) -> date:
        """The date in the calendar's time zone at `instant`, which must be aware."""
        return _aware(instant).astimezone(self.time_zone).date()

    def due_after(self, instant: datetime, business_days: int = 1) -> datetime:
        """The end (23:59:59 local) of the `business_days`-th business day after `instant`, in UTC.

        The day of `instant` itself never counts, so something valid on a Saturday is due on Monday.
        """
        day = self.add_business_days(self.local_date(instant), business_days)
        return datetime.combine(day, _END_OF_DAY, tzinfo=self.time_zone).astimezone(UTC)

    def _known(self, day: object) -> None:
        if isinstance(day, datetime) or not isinstance(day, date):
            raise InvalidInput(
                f"{day!r} is not a plain date: take local_date() of an instant first", value=day
            )
        if not self.first_year <= day.year <= self.last_year:
            raise InvalidInput(
                f"calendar {self.name} knows {self.first_year} to {self.last_year}, not {day}: extend it "
                "with scripts/make_calendar.py once that year's holidays are published",
                day=day,
                first_year=self.first_year,
                last_year=self.last_year,
            )


def _packaged(name: str) -> Path:
    if name not in available_calendars():
        raise InvalidInput(
            f"unknown calendar {name!r}: use one of {', '.join(available_calendars())}", calendar=name
        )
    return _CALENDARS / f"{name}.json"


def _aware(instant: object) -> datetime:
    if not isinstance(instant, datetime) or instant.utcoffset() is None:
        raise InvalidInput(
            f"{instant!r} is not an instant: pass a datetime with a time zone, e.g. in UTC", value=instant
        )
    return instant
