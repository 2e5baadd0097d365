"""Trap T8 of regulation.md, for a fund: Hong Kong business days, half days, typhoons and unknown years."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from support.funds import at, fund_terms

from toolkit.calendar import BusinessCalendar
from toolkit.errors import ConfigurationError, InvalidInput, NotADealingDay
from toolkit.funds import Announced

CALENDAR = fund_terms().dealing_calendar()
ALL_WEATHER = fund_terms(('definition = "banking"', 'definition = "banking-all-weather"')).dealing_calendar()


@pytest.mark.parametrize(
    ("day", "due"),
    [
        ("2026-04-02", "2026-04-08"),
        ("2026-02-16", "2026-02-20"),
        ("2026-05-22", "2026-05-26"),
        ("2026-09-25", "2026-09-28"),
        ("2026-09-30", "2026-10-02"),
        ("2026-11-27", "2026-11-30"),
        ("2026-12-24", "2026-12-28"),
        ("2027-02-05", "2027-02-10"),
        ("2027-03-25", "2027-03-30"),
        ("2027-12-24", "2027-12-28"),
    ],
)
def test_proceeds_are_due_on_the_next_business_day(day: str, due: str) -> None:
    first, second = date.fromisoformat(day), date.fromisoformat(due)
    assert CALENDAR.settlement_due(first) == second
    assert CALENDAR.next_dealing_day(first) == second
    assert CALENDAR.previous_dealing_day(second) == first


@pytest.mark.parametrize("day", ["2026-04-03", "2026-11-28", "2026-11-29", "2026-10-01", "2026-12-25"])
def test_a_holiday_is_no_dealing_day(day: str) -> None:
    closed = date.fromisoformat(day)
    assert not CALENDAR.is_dealing_day(closed)
    with pytest.raises(NotADealingDay, match="the next one is") as caught:
        CALENDAR.cut_off_at(closed)
    assert caught.value.details["next"] == CALENDAR.next_dealing_day(closed)
    with pytest.raises(NotADealingDay):
        CALENDAR.settlement_due(closed)


def test_a_half_day_closes_early() -> None:
    eve = date(2026, 12, 24)
    assert CALENDAR.cut_off_at(eve) == at("2026-12-24 11:00:00")
    assert CALENDAR.dealing_day(at("2026-12-24 10:59:59")) == eve
    assert CALENDAR.dealing_day(at("2026-12-24 11:00:00")) == date(2026, 12, 28)
    assert CALENDAR.cut_off_at(date(2026, 12, 23)) == at("2026-12-23 15:00:00")


def test_a_typhoon_moves_the_day_later_under_the_definition_that_says_so() -> None:
    day = date(2026, 9, 23)
    stormy = CALENDAR.with_severe_weather(day, declared_by="ops-1", reason="signal 8 at 11:00")
    assert stormy.moved(day) == date(2026, 9, 24)
    assert stormy.dealing_day(at("2026-09-23 10:00:00")) == date(2026, 9, 24)
    assert stormy.settlement_due(date(2026, 9, 22)) == date(2026, 9, 24)
    assert stormy.business.severe_weather[0].declared_by == "ops-1"
    assert CALENDAR.moved(day) == day, "the calendar before is unchanged"
    dry = ALL_WEATHER.with_severe_weather(day, declared_by="ops-1", reason="signal 8 at 11:00")
    assert dry.moved(day) == day


def test_a_typhoon_on_a_half_day_takes_the_half_day_out() -> None:
    eve = date(2026, 12, 24)
    stormy = CALENDAR.with_severe_weather(eve, declared_by="ops-1", reason="black rain")
    assert not stormy.is_dealing_day(eve)
    assert stormy.dealing_day(at("2026-12-24 09:00:00")) == date(2026, 12, 28)


def test_a_year_without_its_holidays_or_half_days_is_refused() -> None:
    for year in (2025, 2028):
        with pytest.raises(InvalidInput, match="2026, 2027"):
            CALENDAR.is_dealing_day(date(year, 6, 3))
    with pytest.raises(InvalidInput, match="knows 2023 to 2027"):
        CALENDAR.settlement_due(date(2027, 12, 31))
    with pytest.raises(ConfigurationError, match="not of 2028"):
        fund_terms(("years = [2026, 2027]", "years = [2026, 2027, 2028]"))
    only = replace(CALENDAR, years=frozenset({2026}), half_days={})
    with pytest.raises(InvalidInput, match="known for 2026, not for 2027-01-04"):
        only.next_dealing_day(date(2026, 12, 31))


def test_the_definition_decides_on_saturdays() -> None:
    amlo = replace(CALENDAR, business=BusinessCalendar.load("hong-kong", definition="amlo"), half_days={})
    assert amlo.next_dealing_day(date(2026, 5, 22)) == date(2026, 5, 23)
    assert CALENDAR.next_dealing_day(date(2026, 5, 22)) == date(2026, 5, 26)


def test_announced_days_keep_their_numbers_through_a_typhoon() -> None:
    days = Announced(CALENDAR)
    days = days.after(days.more(4, after=date(2026, 9, 18)))
    assert [days.day_of(number) for number in (1, 2, 3, 4)] == [
        date(2026, 9, 21),
        date(2026, 9, 22),
        date(2026, 9, 23),
        date(2026, 9, 24),
    ]
    now = at("2026-09-23 11:00:00")
    stormy = CALENDAR.with_severe_weather(date(2026, 9, 23), declared_by="ops-1", reason="signal 8")
    again = days.revised(stormy, now=now)
    assert again is not None
    assert again.first_day == 3
    moved = replace(days.after(again), calendar=stormy)
    assert [moved.day_of(number) for number in (2, 3, 4)] == [
        date(2026, 9, 22),
        date(2026, 9, 24),
        date(2026, 9, 25),
    ]
    assert moved.revised(stormy, now=now) is None, "announced once"
    late = CALENDAR.with_severe_weather(date(2026, 9, 22), declared_by="ops-1", reason="declared too late")
    assert days.revised(late, now=now) is None, "a closed day is never renumbered"
