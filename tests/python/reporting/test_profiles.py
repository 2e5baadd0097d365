"""Regulator profiles are files: adding one is adding a file, and none presents policy as law."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from support.figures import figures
from support.report_samples import CALENDAR, filed

from toolkit.errors import ConfigurationError, InvalidInput
from toolkit.reporting.profiles import RegulatorProfile, available_regulators, first_day, label
from toolkit.reporting.reports import KINDS
from toolkit.reporting.reports.daily import daily_statement

FOLDER = Path(__file__).resolve().parents[3] / "toolkit" / "data" / "regulators"
HONG_KONG = (FOLDER / "hong-kong.toml").read_text(encoding="utf-8")


def test_the_five_regimes_are_packaged() -> None:
    assert available_regulators() == ["genius", "hong-kong", "mica", "new-york", "united-kingdom"]


@pytest.mark.parametrize("name", available_regulators())
def test_a_profile_is_usable_and_graded(name: str) -> None:
    profile = RegulatorProfile.load(name)
    assert profile.business_calendar().is_business_day(date(2026, 11, 24))
    assert profile.outstanding.coverage == "all_in_existence"
    for item in profile.obligations:
        assert item.report in KINDS
        assert set(item.needs) <= set(KINDS)
    rules = [profile.redemption, profile.outstanding, profile.rounding, profile.limits, *profile.obligations]
    for rule in rules:
        weak = not rule.grade.startswith(("V1", "V2"))
        assert not (weak and rule.kind == "rule")
        assert label(rule).startswith("policy default") == (rule.kind == "policy")


def test_the_redemption_clocks_are_the_regimes_own() -> None:
    clocks = {name: RegulatorProfile.load(name).redemption for name in available_regulators()}
    assert (clocks["hong-kong"].business_days, clocks["hong-kong"].starts) == (1, "request_valid")
    assert clocks["new-york"].business_days == 2
    assert (clocks["united-kingdom"].business_days, clocks["united-kingdom"].starts) == (1, "token_received")


def test_calendars_differ_on_the_same_day() -> None:
    """26 November 2026: Thanksgiving. 25 May 2026: Memorial Day, Buddha's birthday observed, not in T2."""
    open_on = {
        name: RegulatorProfile.load(name).business_calendar().is_business_day(date(2026, 11, 26))
        for name in ("hong-kong", "new-york", "mica", "united-kingdom")
    }
    assert open_on == {"hong-kong": True, "new-york": False, "mica": True, "united-kingdom": True}
    assert RegulatorProfile.load("mica").business_calendar().is_business_day(date(2026, 5, 25))
    assert not CALENDAR.is_business_day(date(2026, 5, 25))


def test_adding_a_profile_is_adding_a_file(tmp_path: Path) -> None:
    path = tmp_path / "singapore.toml"
    text = HONG_KONG.replace('name = "hong-kong"', 'name = "singapore"').replace(
        'supervisor = "Hong Kong Monetary Authority"', 'supervisor = "Monetary Authority of Singapore"'
    )
    path.write_text(text.replace("custodian_bps = 6000", "custodian_bps = 10000"), encoding="utf-8")
    profile = RegulatorProfile.load(path)
    statement = daily_statement(figures(), profile)
    assert all(item.kept for item in statement.limits)
    assert filed(statement, profile=profile.identity).document.profile == "singapore 2026.2"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ('grade = "V2x3"', 'grade = "V3"'),
        ('calendar = "hong-kong"', 'calendar = "atlantis"'),
        ('eligibility = "hong-kong"', 'eligibility = "atlantis"'),
        ('time_zone = "Asia/Hong_Kong"', 'time_zone = "Asia/Atlantis"'),
        ("business_days = 1", "business_days = 0"),
        ('until = "signed"', 'until = "printed"'),
        ("closes = 18:00:00", "closes = 08:00:00"),
        ('coverage = "all_in_existence"', 'coverage = "redeemable"'),
        ('version = "2026.2"', ""),
    ],
)
def test_a_profile_that_can_not_be_used_is_refused(tmp_path: Path, before: str, after: str) -> None:
    assert before in HONG_KONG
    path = tmp_path / "broken.toml"
    path.write_text(HONG_KONG.replace(before, after, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"broken\.toml"):
        RegulatorProfile.load(path)


def test_unknown_names_are_refused() -> None:
    with pytest.raises(InvalidInput, match="unknown regulator profile"):
        RegulatorProfile.load("atlantis")
    with pytest.raises(InvalidInput, match="asks for no 'breaks'"):
        RegulatorProfile.load("hong-kong").obligation("breaks")


@pytest.mark.parametrize(
    ("cadence", "end", "start"),
    [
        ("daily", date(2026, 11, 20), date(2026, 11, 20)),
        ("weekly", date(2026, 11, 20), date(2026, 11, 14)),
        ("monthly", date(2026, 2, 28), date(2026, 2, 1)),
        ("quarterly", date(2026, 12, 31), date(2026, 10, 1)),
    ],
)
def test_a_period_begins_after_the_one_before(cadence: str, end: date, start: date) -> None:
    assert first_day(cadence, end) == start
