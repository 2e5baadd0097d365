"""Trap T9 of regulation.md, for a fund: the cut-off, the server's clock and time zones."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from support.funds import (
    DAY,
    DEMO_FUND,
    HONG_KONG,
    LATER,
    RECEIVED,
    at,
    fund_terms,
    statement,
    statement_data,
)

from toolkit.errors import CutOffPassed, InvalidInput, NotADealingDay
from toolkit.funds import Announced, DayNav
from toolkit.funds.errors import NotForwardPriced

CALENDAR = fund_terms().dealing_calendar()
AT_FOUR = fund_terms(('cut_off = "15:00"', 'cut_off = "16:00"')).dealing_calendar()
NEXT = date(2026, 11, 23)


def test_the_cut_off_is_hong_kongs_wall_clock() -> None:
    cut_off = AT_FOUR.cut_off_at(DAY)
    assert cut_off == datetime(2026, 11, 20, 8, tzinfo=UTC)
    assert int(cut_off.timestamp()) == 1_795_161_600


@pytest.mark.parametrize(
    ("received", "day"),
    [
        ("2026-11-20 15:59:59.999", DAY),
        ("2026-11-20 16:00:00.000", NEXT),
        ("2026-11-20 16:00:00.001", NEXT),
        ("2026-11-20 00:00:00", DAY),
        ("2026-11-19 23:59:59", DAY),
        ("2026-11-21 09:00:00", NEXT),
    ],
)
def test_the_boundary_is_the_next_day(received: str, day: date) -> None:
    assert AT_FOUR.dealing_day(at(received)) == day
    announced = Announced(AT_FOUR)
    announced = announced.after(announced.more(5, after=date(2026, 11, 18)))
    assert announced.day_of(announced.open_at(at(received))) == day, "the chain's day is the same"
    if day == NEXT and at(received) < at("2026-11-21 00:00:00"):
        with pytest.raises(CutOffPassed, match="it can deal on 2026-11-23") as caught:
            AT_FOUR.require_open(DAY, at(received))
        assert caught.value.details["next"] == NEXT
    elif day == DAY:
        AT_FOUR.require_open(DAY, at(received))


def test_the_instant_decides_and_not_the_zone_it_is_written_in() -> None:
    for hours in (-5, 0, 1, 8):
        zone = timezone(timedelta(hours=hours))
        before = datetime(2026, 11, 20, 7, 59, 59, tzinfo=UTC).astimezone(zone)
        assert AT_FOUR.dealing_day(before) == DAY
        assert AT_FOUR.dealing_day(before + timedelta(seconds=1)) == NEXT
    with pytest.raises(InvalidInput, match="time zone"):
        AT_FOUR.dealing_day(datetime(2026, 11, 20, 15))  # noqa: DTZ001


def test_an_evening_in_london_is_the_next_day_in_hong_kong() -> None:
    """30 September 16:30 UTC is 1 October in Hong Kong, a holiday: the order deals on the 2nd."""
    assert CALENDAR.dealing_day(datetime(2026, 9, 30, 16, 30, tzinfo=UTC)) == date(2026, 10, 2)


def test_a_late_order_gets_the_next_nav_even_if_todays_is_published_later() -> None:
    """Received at 15:00:01, the NAV of the day struck at 18:00: the order isn't of that day."""
    late = at("2026-11-20 15:00:01")
    nav = DayNav.expected(fund_terms(), "A", CALENDAR, DAY)
    struck = nav.receive(statement("10.01"), now=RECEIVED).strike(by="nav-checker", now=LATER)
    assert struck.day == DAY
    assert CALENDAR.dealing_day(late) == NEXT
    with pytest.raises(CutOffPassed):
        CALENDAR.require_open(DAY, late)


@pytest.mark.parametrize(
    ("valued", "forward"),
    [("14:59:59", False), ("15:00:00", True), ("15:00:01", True), ("09:00:00", False)],
)
def test_no_day_is_priced_at_a_value_from_before_its_cut_off(valued: str, forward: bool) -> None:
    nav = DayNav.expected(fund_terms(), "A", CALENDAR, DAY)
    sources = [{"source": "custodian", "reference": "PX", "as_of": "2026-11-20T08:00:00+08:00"}]
    given = statement("10.01", valuation_point=f"2026-11-20T{valued}+08:00", price_sources=sources)
    if forward:
        assert nav.receive(given, now=RECEIVED).statement == given
    else:
        with pytest.raises(NotForwardPriced, match="before the cut-off"):
            nav.receive(given, now=RECEIVED)


def test_a_price_from_new_york_arrives_an_hour_later_in_winter() -> None:
    """17:00 in New York is 05:00 in Hong Kong in summer and 06:00 in winter; each is after the cut-off."""
    from zoneinfo import ZoneInfo

    new_york = ZoneInfo("America/New_York")
    for day, hour in (
        (date(2026, 10, 30), 5),
        (date(2026, 11, 2), 6),
        (date(2026, 3, 6), 6),
        (date(2026, 3, 9), 5),
    ):
        priced = datetime(day.year, day.month, day.day, 17, tzinfo=new_york)
        local = priced.astimezone(HONG_KONG)
        assert (local.date(), local.hour) == (day + timedelta(days=1), hour)
        assert priced > CALENDAR.cut_off_at(day)


def test_a_day_that_was_not_announced_takes_no_order() -> None:
    announced = Announced(CALENDAR)
    with pytest.raises(NotADealingDay, match="announce days first"):
        announced.open_at(RECEIVED)
    announced = announced.after(announced.more(1, after=date(2026, 11, 19)))
    assert announced.number_of(DAY) == 1
    with pytest.raises(NotADealingDay, match="announce days first"):
        announced.open_at(at("2026-11-20 15:00:00"))
    with pytest.raises(NotADealingDay, match="2026-11-23 was not announced"):
        announced.number_of(NEXT)
    with pytest.raises(InvalidInput, match="days 1 to 1"):
        announced.day_of(2)


PROGRAM = """
import os, sys, time
from datetime import UTC, datetime
from toolkit.deployment import FundTerms
from toolkit.funds import NavStatement
for zone in ("America/New_York", "Europe/London", "UTC", "Asia/Hong_Kong"):
    os.environ["TZ"] = zone
    time.tzset()
    calendar = FundTerms.load(sys.argv[1]).dealing_calendar()
    day = calendar.dealing_day(datetime(2026, 9, 30, 16, 30, tzinfo=UTC))
    statement = NavStatement.from_json(sys.argv[2])
    due = calendar.settlement_due(day)
    print(day, calendar.cut_off_at(day), due, statement.hash.hex(), statement.to_data())
"""


def test_the_hosts_time_zone_changes_nothing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(DEMO_FUND), json.dumps(statement_data("10.01"))],
        capture_output=True,
        text=True,
        check=True,
    )
    answers = done.stdout.splitlines()
    assert len(answers) == 4
    assert len(set(answers)) == 1
    assert answers[0].startswith("2026-10-02 2026-10-02 07:00:00+00:00 2026-10-05")
