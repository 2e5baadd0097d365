"""Hong Kong business days (traps T8 and T9)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.calendar import BusinessCalendar, SystemClock, available_calendars
from toolkit.errors import ConfigurationError, InvalidInput

ROOT = Path(__file__).parents[3]
BANKING = BusinessCalendar.load("hong-kong")
AMLO = BusinessCalendar.load("hong-kong", definition="amlo")
ALL_WEATHER = BusinessCalendar.load("hong-kong", definition="banking-all-weather")

# Declaring the last days of the last year would run into the unknown year.
known_days = st.dates(date(2023, 1, 1), date(2027, 12, 15))


@pytest.mark.parametrize(
    ("valid", "due"),
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
def test_next_business_day_in_banking(valid: str, due: str) -> None:
    assert BANKING.next_business_day(date.fromisoformat(valid)) == date.fromisoformat(due)


def test_saturday_counts_under_the_amlo_definition() -> None:
    assert AMLO.next_business_day(date(2026, 5, 22)) == date(2026, 5, 23)
    assert BANKING.next_business_day(date(2026, 5, 22)) == date(2026, 5, 26)
    assert not AMLO.is_business_day(date(2026, 11, 29)), "a Sunday"
    assert "Cap. 615" in AMLO.definition_ref
    assert AMLO.version != BANKING.version


def test_due_is_the_end_of_the_day_in_hong_kong() -> None:
    valid = datetime(2026, 4, 2, 3, 0, tzinfo=UTC)
    assert BANKING.due_after(valid) == datetime(2026, 4, 8, 15, 59, 59, tzinfo=UTC)
    assert BANKING.due_after(valid, 2) == datetime(2026, 4, 9, 15, 59, 59, tzinfo=UTC)
    assert BANKING.due_after(valid).utcoffset() == timedelta(0)


def test_the_date_is_hong_kongs() -> None:
    instant = datetime(2026, 9, 30, 16, 30, tzinfo=UTC)
    assert BANKING.local_date(instant) == date(2026, 10, 1)
    # 1 October is a holiday and Friday 2 October the next business day after it.
    assert BANKING.due_after(instant) == datetime(2026, 10, 2, 15, 59, 59, tzinfo=UTC)


def test_a_request_on_a_saturday_is_due_on_monday() -> None:
    assert BANKING.due_after(datetime(2026, 11, 28, 4, 0, tzinfo=UTC)).date() == date(2026, 11, 30)


def test_naive_instants_and_instants_for_dates_are_refused() -> None:
    with pytest.raises(InvalidInput, match="time zone"):
        BANKING.due_after(datetime(2026, 4, 2))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match="plain date"):
        BANKING.is_business_day(datetime(2026, 4, 2, tzinfo=UTC))


@pytest.mark.parametrize("day", [date(2022, 12, 31), date(2028, 1, 1), date(2028, 1, 2)])
def test_an_unknown_year_is_an_error(day: date) -> None:
    with pytest.raises(InvalidInput, match="2023 to 2027"):
        BANKING.is_business_day(day)


def test_a_deadline_that_runs_into_an_unknown_year_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="knows 2023 to 2027"):
        BANKING.due_after(datetime(2027, 12, 31, 4, 0, tzinfo=UTC))


@pytest.mark.parametrize("count", [0, -1, True, 1.5])
def test_business_days_to_add_are_whole_and_positive(count: int) -> None:
    with pytest.raises(InvalidInput):
        BANKING.add_business_days(date(2026, 4, 2), count)


def test_severe_weather_moves_a_deadline_and_names_who_declared_it() -> None:
    day = date(2026, 9, 23)
    declared = BANKING.with_severe_weather(day, declared_by="ops-1", reason="signal 8 at 11:00")
    assert declared.next_business_day(date(2026, 9, 22)) == date(2026, 9, 24)
    assert BANKING.next_business_day(date(2026, 9, 22)) == day, "the calendar before is unchanged"
    assert [(item.day, item.declared_by) for item in declared.severe_weather] == [(day, "ops-1")]
    assert declared.version == f"{BANKING.version}+2026-09-23"
    assert declared.with_severe_weather(day, declared_by="ops-2", reason="again") == declared


def test_severe_weather_excludes_a_day_only_where_the_definition_says_so() -> None:
    day = date(2026, 9, 23)
    for calendar, excluded in ((BANKING, True), (AMLO, True), (ALL_WEATHER, False)):
        declared = calendar.with_severe_weather(day, declared_by="ops-1", reason="signal 8")
        assert declared.is_business_day(day) is not excluded


@given(known_days, known_days, st.sampled_from([BANKING, AMLO, ALL_WEATHER]))
def test_severe_weather_never_shortens_a_deadline(
    day: date, stormy: date, calendar: BusinessCalendar
) -> None:
    declared = calendar.with_severe_weather(stormy, declared_by="ops-1", reason="signal 8")
    assert declared.next_business_day(day) >= calendar.next_business_day(day)


@pytest.mark.parametrize(("by", "reason"), [("", "signal 8"), (" ", "signal 8"), ("ops-1", "")])
def test_an_anonymous_declaration_is_refused(by: str, reason: str) -> None:
    with pytest.raises(InvalidInput, match="who declared it"):
        BANKING.with_severe_weather(date(2026, 9, 23), declared_by=by, reason=reason)


def test_a_severe_weather_day_must_be_in_a_known_year() -> None:
    with pytest.raises(InvalidInput):
        BANKING.with_severe_weather(date(2028, 9, 23), declared_by="ops-1", reason="signal 8")


def test_unknown_calendar_and_definition_list_the_known_ones(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="hong-kong"):
        BusinessCalendar.load("../hong-kong")
    with pytest.raises(InvalidInput, match="amlo, banking"):
        BusinessCalendar.load("hong-kong", definition="guideline")
    assert available_calendars() == ["england", "hong-kong", "target", "united-states"]


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"default_definition": "a", "definitions": {"a": {}}}'])
def test_a_broken_calendar_file_is_a_configuration_error(tmp_path: Path, content: str) -> None:
    path = tmp_path / "broken.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"broken\.json"):
        BusinessCalendar.load(path)


def test_a_calendar_file_of_ones_own(tmp_path: Path) -> None:
    source = ROOT / "toolkit" / "data" / "calendars" / "hong-kong.json"
    data = json.loads(source.read_text(encoding="utf-8"))
    data |= {"name": "desk", "holidays": {**data["holidays"], "2026-11-30": "Staff day"}}
    path = tmp_path / "desk.json"
    path.write_text(json.dumps(data), encoding="utf-8")
    assert BusinessCalendar.load(path).next_business_day(date(2026, 11, 27)) == date(2026, 12, 1)


def test_the_packaged_file_is_what_the_script_makes() -> None:
    check = subprocess.run(
        [sys.executable, str(ROOT / "scripts" / "make_calendar.py"), "--check"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert check.returncode == 0, check.stderr


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/London", "UTC"])
def test_the_hosts_time_zone_is_irrelevant(zone: str) -> None:
    code = (
        "from datetime import datetime, UTC; from toolkit.calendar import BusinessCalendar; "
        "valid = datetime(2026, 9, 30, 16, 30, tzinfo=UTC); "
        "print(BusinessCalendar.load('hong-kong').due_after(valid).isoformat())"
    )
    environment = {**os.environ, "TZ": zone, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "2026-10-02T15:59:59+00:00"


def test_the_system_clock_is_aware_and_in_utc() -> None:
    assert SystemClock().now().utcoffset() == timedelta(0)
