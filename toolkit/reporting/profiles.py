"""Regulator profiles: what is reported to whom, how often, by which clock and under which definitions.

A profile is a TOML file in `toolkit/data/regulators/`; adding one is adding a file. Which assets count is the
matter of the eligibility profile that it names (`toolkit.reserves.profiles`). Every rule carries its source
and its grade, and what isn't graded V1 or V2 is a policy default and can't be presented as law.
"""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, model_validator

from toolkit.calendar import BusinessCalendar
from toolkit.errors import InvalidInput
from toolkit.reserves.profiles import Profile, Rule, load_profile

__all__ = [
    "Limits",
    "Obligation",
    "Outstanding",
    "RedemptionClock",
    "RegulatorProfile",
    "Rounding",
    "available_regulators",
]

_FOLDER = Path(__file__).parent.parent / "data" / "regulators"


class Obligation(Rule):
    """A report that falls due again and again.

    Its period ends every `cadence`: each calendar day, each week on `ends_on` (Monday is 0), each month or
    quarter. It is due `due_business_days` business days after the period's end, and done once the report has
    reached `until`. `needs` names the kinds of report of the same period that come before it.
    """

    report: str = Field(pattern=r"^[a-z][a-z_]*$")
    cadence: Literal["daily", "business-daily", "weekly", "monthly", "quarterly"]
    ends_on: int = Field(default=6, ge=0, le=6)
    due_business_days: int = Field(ge=1, le=180)
    until: Literal["signed", "published", "submitted"]
    needs: list[str] = Field(default_factory=list)


class RedemptionClock(Rule):
    """By when the money of a redemption has to be out, and when the clock starts.

    `business_hours` are the hours of a business day that the statistics count, for people to compare with.
    """

    starts: Literal["request_valid", "token_received"]
    business_days: int = Field(ge=1, le=30)
    opens: time
    closes: time

    @model_validator(mode="after")
    def _has_hours(self) -> RedemptionClock:
        if self.opens >= self.closes:
            raise ValueError(f"the desk opens at {self.opens} and closes before, at {self.closes}")
        return self


class Outstanding(Rule):
    """Which definition coverage is measured by. The AICPA's count is for the attestation alone (trap T6)."""

    coverage: Literal["all_in_existence"]
    attestation: Literal["all_in_existence", "redeemable"]


class Rounding(Rule):
    """Coverage is floored, a liability is rounded up to the cent, a surplus down."""

    coverage: Literal["floor"]
    liability: Literal["up"]


class Limits(Rule):
    """Limits of the reserve: None where there is none.

    `custodian_bps` is the greatest share of the reserve at one custodian; `overnight_bps` and `week_bps` the
    smallest share that is money today or within seven days; `price_age_hours` how old a price may be.
    """

    custodian_bps: int | None = Field(default=None, ge=1, le=10_000)
    overnight_bps: int | None = Field(default=None, ge=0, le=10_000)
    week_bps: int | None = Field(default=None, ge=0, le=10_000)
    price_age_hours: int = Field(ge=1, le=24 * 14)


class RegulatorProfile(BaseModel):
    """One supervisor's reporting regime."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(min_length=1)
    title: str = Field(min_length=1)
    supervisor: str = Field(min_length=1)
    calendar: str
    day_definition: str
    eligibility: str | None
    cut_off: time
    time_zone: str
    redemption: RedemptionClock
    outstanding: Outstanding
    rounding: Rounding
    limits: Limits
    obligations: list[Obligation] = Field(min_length=1)

    @property
    def identity(self) -> str:
        """Name and version, as a report states under which rules it was made."""
        return f"{self.name} {self.version}"

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def business_calendar(self) -> BusinessCalendar:
        """The profile's calendar. Raises `InvalidInput` for one that isn't packaged."""
        return BusinessCalendar.load(self.calendar, definition=self.day_definition)

    def eligible_assets(self) -> Profile | None:
        """The eligibility profile, None where the regime's list of assets isn't recorded."""
        return None if self.eligibility is None else Profile.load(self.eligibility)

    def obligation(self, report: str) -> Obligation:
        """What is asked for of a kind of report. Raises `InvalidInput` where nothing is."""
        for item in self.obligations:
            if item.report == report:
                return item
        raise InvalidInput(
            f"{self.identity} asks for no {report!r}: it asks for "
            f"{', '.join(item.report for item in self.obligations)}",
            report=report,
        )

    @model_validator(mode="before")
    @classmethod
    def _absent_is_none(cls, data: Any) -> Any:
        # TOML has no null.
        if isinstance(data, dict):
            return {"eligibility": None, **data}
        return data

    @classmethod
    def load(cls, name: str | Path) -> RegulatorProfile:
        """The packaged profile `name` (`hong-kong`) or the profile file at a `Path`.

        Raises `InvalidInput` for an unknown name, `ConfigurationError` for a file that can't be used.
        """
        return load_profile(cls, name, _FOLDER, what="regulator", check=_usable)


def _usable(profile: RegulatorProfile) -> None:
    """What it names is there: found when it is loaded, not in the middle of a report."""
    profile.zone  # noqa: B018  raises for an unknown zone
    profile.business_calendar()
    profile.eligible_assets()


def available_regulators() -> list[str]:
    """Names of the packaged regulator profiles."""
    return sorted(path.stem for path in _FOLDER.glob("*.toml"))


def label(rule: Rule) -> str:
    """How a rule may be cited: its source, or that it is a policy default."""
    return rule.source if rule.kind == "rule" else f"policy default ({rule.source})"


def first_day(cadence: str, end: date) -> date:
    """The first day of the period of that cadence which ends on `end`."""
    from datetime import timedelta

    if cadence == "weekly":
        return end - timedelta(days=6)
    if cadence == "monthly":
        return end.replace(day=1)
    if cadence == "quarterly":
        return end.replace(month=end.month - 2, day=1)
    return end
