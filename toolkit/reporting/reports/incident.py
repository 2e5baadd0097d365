"""The notice of an incident to the supervisor (regulation.md 4.10)."""

from __future__ import annotations

from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from toolkit.reporting.figures import DayFigures
from toolkit.reporting.reports.content import Content, Layout, Listing, Table
from toolkit.reporting.reports.parts import Coin
from toolkit.reporting.reports.values import Bps, Model, Moment, Text, Tokens, require

__all__ = ["IncidentFacts", "IncidentNotice", "incident_notice"]


class Action(Model):
    """What was done about it, and when."""

    at: Moment
    what: Text


class IncidentFacts(Model):
    """What the people on the incident state. `affected` are tokens, `customers` how many people."""

    incident_id: Text
    severity: Literal["low", "high", "critical"]
    category: Literal["reserve", "ledger", "key", "contract", "aml", "third_party", "de_peg"]
    detected_at: Moment
    deadline: Moment | None
    description: Text
    affected: Tokens
    customers: int = Field(ge=0)
    issuance: Literal["running", "stopped"]
    redemption: Literal["running", "stopped"]
    actions: tuple[Action, ...]
    next_update_at: Moment | None
    contact: Text
    forensic_bundle: str | None = Field(pattern=r"^[0-9a-f]{64}$")
    root_cause: Text | None
    lessons: Text | None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        for name, moment in (("deadline", self.deadline), ("next update", self.next_update_at)):
            require(
                moment is None or moment.utc >= self.detected_at.utc, f"the {name} is before the detection"
            )
        return self


class IncidentNotice(Content):
    """What happened, what it means for holders, and what was done; coverage is the last closed day's."""

    kind: ClassVar[str] = "incident_notice"
    title: ClassVar[str] = "Incident notice"

    coin: Coin
    facts: IncidentFacts
    coverage_as_of: Moment
    coverage: Bps | None

    @property
    def layout(self) -> Layout:
        facts = self.facts
        return Layout(
            subject=f"{self.coin.symbol}, {facts.incident_id}",
            figures=(
                ("Severity", facts.severity),
                ("Category", facts.category.replace("_", " ")),
                ("Coverage", self.coverage),
                ("Issuance", facts.issuance),
                ("Redemption", facts.redemption),
            ),
            warnings=(facts.description,),
            blocks=(
                Listing(
                    "clock",
                    "Clock",
                    (
                        ("Detected", facts.detected_at),
                        ("Notice due", facts.deadline),
                        ("Next update", facts.next_update_at),
                        ("Coverage as of", self.coverage_as_of),
                    ),
                ),
                Listing(
                    "reach",
                    "Affected",
                    (("Customers", facts.customers), ("Tokens", facts.affected), ("Contact", facts.contact)),
                ),
                Table(
                    "actions",
                    "Actions taken",
                    (("At", Moment), ("What", str)),
                    [(item.at, item.what) for item in facts.actions],
                ),
                Listing(
                    "causes",
                    "Cause and lessons",
                    (
                        ("Root cause", facts.root_cause or "not known yet"),
                        ("Lessons", facts.lessons or "none yet"),
                        ("Forensic bundle, sha256", facts.forensic_bundle),
                    ),
                ),
            ),
        )


def incident_notice(facts: IncidentFacts, day: DayFigures) -> IncidentNotice:
    """The notice, filled in with the figures of the last day that was closed."""
    coverage = day.coverage_bps
    return IncidentNotice(
        coin=Coin.of(day),
        facts=facts,
        coverage_as_of=Moment.of(day.cut_off.instant),
        coverage=None if coverage is None else Bps.of(coverage),
    )
