"""Eligibility profiles: which assets of a reserve count, under whose rules.

A profile is a TOML file in `toolkit/data/profiles/`; adding one is adding a file. Every rule in it carries
its source and a grade: V1 (the regulator's text was read), V2 (a public document citing the paragraph was
read), V3 (law firm, press, vendor), U (unverified). Only V1 and V2 may be called a rule; the loader
refuses to present anything weaker as law.
"""

from __future__ import annotations

import calendar
import tomllib
from collections.abc import Callable
from datetime import date, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from toolkit.errors import ConfigurationError, InvalidInput

__all__ = [
    "AssetClass",
    "BufferRule",
    "ClassRule",
    "Profile",
    "Rule",
    "Term",
    "available_profiles",
    "load_profile",
]

P = TypeVar("P", bound=BaseModel)

_PROFILES = Path(__file__).parent.parent / "data" / "profiles"

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$")]
"""ISO 3166-1 alpha-2 code."""

BasisPoints = Annotated[int, Field(ge=0, le=1_000_000)]


class AssetClass(StrEnum):
    """What a line of the reserve is (Guideline 2.3.1; regulation table 4.1)."""

    CASH = "CASH"
    DEPOSIT = "DEPOSIT"
    GOVT_SECURITY = "GOVT_SECURITY"
    CB_SECURITY = "CB_SECURITY"
    REVERSE_REPO = "REVERSE_REPO"
    DEDICATED_FUND = "DEDICATED_FUND"
    TOKENISED_ELIGIBLE = "TOKENISED_ELIGIBLE"
    OTHER_APPROVED = "OTHER_APPROVED"


class _Model(BaseModel):
    model_config = ConfigDict(strict=True, frozen=True, extra="forbid")


class Term(_Model):
    """A length of time in calendar months or in days, not both."""

    months: int | None = Field(default=None, ge=1)
    days: int | None = Field(default=None, ge=1)

    @model_validator(mode="after")
    def _one_of_them(self) -> Term:
        if (self.months is None) == (self.days is None):
            raise ValueError("give either months or days")
        return self

    def end(self, start: date) -> date:
        """The last date within the term from `start`; a month ends on its last day at the latest."""
        if self.days is not None:
            return start + timedelta(days=self.days)
        years, month = divmod(start.month - 1 + (self.months or 0), 12)
        year, month = start.year + years, month + 1
        return date(year, month, min(start.day, calendar.monthrange(year, month)[1]))

    def __str__(self) -> str:
        return f"{self.months} months" if self.months is not None else f"{self.days} days"


class Rule(_Model):
    """Where a rule comes from and how well that is known."""

    kind: Literal["rule", "policy"]
    source: str = Field(min_length=1)
    grade: str = Field(pattern=r"^(V1|V2|V2x[0-9]|V3|U)$")

    @model_validator(mode="after")
    def _weak_sources_are_policy(self) -> Rule:
        if self.kind == "rule" and not self.grade.startswith(("V1", "V2")):
            raise ValueError(f"grade {self.grade} is too weak for kind 'rule': call it 'policy'")
        return self


class BufferRule(Rule):
    """Over-collateralisation asked for above one to one, in basis points."""

    bps: int = Field(ge=0, le=10_000)


class ClassRule(Rule):
    """When an asset class counts, and at what.

    `counts` is `market_value`, or `lower`: the lower of nominal and market value, so that a reverse
    repo counts its notional however much collateral stands behind it. `max_term` runs from the day the
    asset was placed or acquired, `max_residual` from the report's date. For a reverse repo,
    `issuer_countries` and `max_risk_weight_bps` are the collateral's.
    """

    counts: Literal["market_value", "lower"]
    max_term: Term | None = None
    max_residual: Term | None = None
    max_risk_weight_bps: BasisPoints | None = None
    overnight: bool = False
    on_demand: bool = False
    requires_approval: bool = False
    issuer_countries: list[Country] | None = None


class Profile(_Model):
    """One jurisdiction's eligibility rules. A class without a rule counts zero."""

    name: str = Field(pattern=r"^[a-z][a-z0-9-]*$")
    version: str = Field(min_length=1)
    title: str
    time_zone: str
    buffer: BufferRule
    confirmation: Rule
    encumbrance: Rule
    currency: Rule
    classes: dict[AssetClass, ClassRule]

    @model_validator(mode="before")
    @classmethod
    def _class_names(cls, data: object) -> object:
        # TOML has no enums and strict mode wants members.
        if isinstance(data, dict) and isinstance(data.get("classes"), dict):
            known = AssetClass.__members__
            return {**data, "classes": {known.get(key, key): rule for key, rule in data["classes"].items()}}
        return data

    @property
    def identity(self) -> str:
        """Name and version, as a report states under which rules it was counted."""
        return f"{self.name} {self.version}"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which a report's instant becomes a date."""
        return ZoneInfo(self.time_zone)

    @classmethod
    def load(cls, name: str | Path) -> Profile:
        """The packaged profile `name` (`hong-kong`) or the profile file at a `Path`.

        Raises `InvalidInput` for an unknown name and `ConfigurationError` for a malformed file.
        """
        # An unknown zone is found here, not in the middle of an evaluation.
        return load_profile(cls, name, _PROFILES, what="eligibility", check=lambda profile: profile.zone)


def load_profile(
    kind: type[P], name: str | Path, folder: Path, *, what: str, check: Callable[[P], object]
) -> P:
    """The profile `name` of a folder, or the profile file at a `Path`, once `check` has taken it.

    Raises `InvalidInput` for an unknown name and `ConfigurationError` for a file that can't be used, also
    where that is what `check` says.
    """
    if isinstance(name, Path):
        path = name
    else:
        path = folder / f"{name}.toml"
        known = sorted(item.stem for item in folder.glob("*.toml"))
        if name not in known:
            raise InvalidInput(
                f"unknown {what} profile {name!r}: use one of {', '.join(known)}", profile=name, known=known
            )
    try:
        profile = kind.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
        check(profile)
    except (OSError, ValidationError, ValueError, KeyError, InvalidInput) as error:
        # TOML, text and date errors are ValueErrors; an unknown zone is a KeyError.
        raise ConfigurationError(
            f"{what} profile {path.name} is not usable, correct the file: {error}", path=path
        ) from error
    return profile


def available_profiles() -> list[str]:
    """Names of the packaged profiles."""
    return sorted(path.stem for path in _PROFILES.glob("*.toml"))
