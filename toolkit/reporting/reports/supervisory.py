"""The supervisor's report of a period: everything that is published, and the annex (regulation.md 4.2).

What the ledger knows is filled in from it. What it can't know (stress tests, notices to third parties) is
stated by a person, by name; where nobody stated it, the report says so, and never that there was none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar, Self

from pydantic import model_validator

from toolkit.reporting.figures import DayFigures
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.reports.content import Block, Content, Layout, Listing, Table
from toolkit.reporting.reports.daily import DailyStatement, daily_statement
from toolkit.reporting.reports.limits import LimitResult
from toolkit.reporting.reports.parts import OpenBreak, breaks_table, share
from toolkit.reporting.reports.redemptions import Hold, RedemptionStatistics
from toolkit.reporting.reports.values import Bps, Model, Moment, Text, Tokens, require
from toolkit.reporting.reports.weekly import Disclosure, disclosure, headline, public_blocks, shortfalls

__all__ = [
    "Annex",
    "IncidentRow",
    "Notice",
    "StressResult",
    "SupervisorFacts",
    "SupervisorInputs",
    "SupervisoryReport",
    "supervisory_report",
]

_DAY = 24 * 3600


class IncidentRow(Model):
    """An incident that was opened in the period, or before it and not acknowledged by then."""

    incident_id: Text
    category: Text
    opened_at: Moment
    summary: Text
    acknowledged: bool


class StressResult(Model):
    """Coverage under a scenario that was run."""

    scenario: Text
    run_on: date
    coverage: Bps


class Notice(Model):
    """Something that somebody outside was told: about what, under which reference, and when."""

    subject: Text
    reference: Text
    sent_at: Moment


class SupervisorFacts(Model):
    """What a person of the issuer states for the annex. An empty list says that there was none.

    `stated_by` is a registered person's id; `third_party_notices` are consultations and notices to others
    than the supervisor.
    """

    stated_by: Text
    stress_tests: tuple[StressResult, ...]
    third_party_notices: tuple[Notice, ...]


class LimitBreach(Model):
    """A limit that wasn't kept on a day, and the day of the period on which it was kept again, if any."""

    day: date
    limit: LimitResult
    cured_on: date | None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        require(not self.limit.kept, f"{self.limit.name} was kept on {self.day}")
        require(self.cured_on is None or self.cured_on > self.day, f"{self.limit.name} was cured before")
        return self


class Annex(Model):
    """For the supervisor alone. `stated` is None where nobody stated what the ledger can't know."""

    incidents: tuple[IncidentRow, ...]
    breaks_over_a_day: tuple[OpenBreak, ...]
    top_ten: Tokens
    top_ten_share: Bps | None
    omnibus_holders: int
    held: tuple[Hold, ...]
    limit_breaches: tuple[LimitBreach, ...]
    notices_on_record: tuple[Notice, ...]
    stated: SupervisorFacts | None


class SupervisoryReport(Content):
    """What the supervisor gets: everything that is published, and the annex."""

    kind: ClassVar[str] = "supervisory_report"
    title: ClassVar[str] = "Supervisory report"
    closed_days: ClassVar[bool] = True

    disclosed: Disclosure
    annex: Annex

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        whole = self.disclosed.days[-1].outstanding.value
        require(self.annex.top_ten_share == share(self.annex.top_ten.value, whole), "the ten largest holders")
        require(len(self.annex.held) == self.disclosed.redemptions.held, "redemptions on hold")
        return self

    @property
    def layout(self) -> Layout:
        missing = [] if self.annex.stated is not None else [_NOT_STATED]
        return Layout(
            subject=f"{self.disclosed.coin.symbol} to the {self.disclosed.supervisor}",
            figures=headline(self.disclosed),
            warnings=[*shortfalls(self.disclosed), *missing],
            blocks=(*public_blocks(self.disclosed), *_annex_blocks(self.annex)),
            notes=(*self.disclosed.layout.notes, "The annex is not part of what is published."),
        )


_NOT_STATED = (
    "Whether stress tests were run, and what third parties were told, nobody has stated for this period."
)


@dataclass(frozen=True, slots=True)
class SupervisorInputs:
    """What the annex takes from outside the figures: from the ledger, and from a person who states it."""

    incidents: Sequence[IncidentRow] = ()
    notices_on_record: Sequence[Notice] = ()
    stated: SupervisorFacts | None = None


def supervisory_report(
    days: Sequence[DayFigures],
    redemptions: RedemptionStatistics,
    profile: RegulatorProfile,
    inputs: SupervisorInputs,
) -> SupervisoryReport:
    """The supervisor's report of the same data. Raises as `disclosure`."""
    public = disclosure(days, redemptions, profile)
    last = days[-1]
    statements = [daily_statement(day, profile) for day in days]
    top = sum(chain.top_ten for chain in last.chains)
    breaks = {item.break_id: item for found in statements for item in found.breaks_open}
    return SupervisoryReport(
        disclosed=public,
        annex=Annex(
            incidents=tuple(
                sorted(inputs.incidents, key=lambda item: (item.opened_at.utc, item.incident_id))
            ),
            breaks_over_a_day=tuple(item for _, item in sorted(breaks.items()) if item.age.seconds > _DAY),
            top_ten=Tokens.of(last.coin.amount(top)),
            top_ten_share=share(top, last.outstanding),
            omnibus_holders=sum(chain.omnibus_holders for chain in last.chains),
            held=redemptions.held,
            limit_breaches=tuple(_breaches(statements)),
            notices_on_record=tuple(
                sorted(inputs.notices_on_record, key=lambda item: (item.sent_at.utc, item.subject))
            ),
            stated=inputs.stated,
        ),
    )


def _breaches(statements: Sequence[DailyStatement]) -> list[LimitBreach]:
    """Every day on which a limit wasn't kept, with the first later day on which it was."""
    kept = [
        (found.statement_date, {limit.name for limit in found.limits if limit.kept}) for found in statements
    ]
    return [
        LimitBreach(
            day=found.statement_date,
            limit=limit,
            cured_on=next(
                (day for day, names in kept if day > found.statement_date and limit.name in names), None
            ),
        )
        for found in statements
        for limit in found.limits
        if not limit.kept
    ]


# ---------------------------------------------------------------------------------------------------- layout


def _empty(stated: SupervisorFacts | None, none: str) -> str:
    return "Not stated." if stated is None else f"{none}, as {stated.stated_by} states."


def _notices_table(name: str, title: str, notices: Sequence[Notice], *, empty: str = "None.") -> Table:
    return Table(
        name,
        title,
        (("About", str), ("Reference", str), ("Sent", Moment)),
        [(item.subject, item.reference, item.sent_at) for item in notices],
        empty=empty,
    )


def _annex_blocks(annex: Annex) -> tuple[Block, ...]:
    stated = annex.stated
    return (
        Table(
            "annex_incidents",
            "Annex: incidents",
            (("Incident", str), ("Category", str), ("Opened", Moment), ("Summary", str), ("Seen", bool)),
            [
                (item.incident_id, item.category, item.opened_at, item.summary, item.acknowledged)
                for item in annex.incidents
            ],
        ),
        breaks_table(
            annex.breaks_over_a_day, name="annex_breaks", title="Annex: breaks open for more than a day"
        ),
        Table(
            "annex_limits",
            "Annex: limits not kept, and when they were kept again",
            (
                ("Day", date),
                ("Limit", str),
                ("Bound", str),
                ("At", Bps),
                ("Stood at", Bps),
                ("Kept again on", date),
            ),
            [
                (
                    item.day,
                    item.limit.name,
                    item.limit.bound,
                    item.limit.limit,
                    item.limit.actual,
                    item.cured_on,
                )
                for item in annex.limit_breaches
            ],
            note="A dash: not kept again in the period." if annex.limit_breaches else "",
        ),
        Table(
            "annex_holds",
            "Annex: redemptions on hold, and why",
            (("Order", str), ("Since", Moment), ("Basis", str)),
            [(item.order_id, item.since, item.basis) for item in annex.held],
        ),
        Listing(
            "annex_stated",
            "Annex: what a person states",
            (
                ("Stated by", None if stated is None else stated.stated_by),
                ("Stress tests run", None if stated is None else len(stated.stress_tests)),
                ("Notices to third parties", None if stated is None else len(stated.third_party_notices)),
            ),
            note=_NOT_STATED if stated is None else "",
        ),
        Table(
            "annex_stress",
            "Annex: stress tests",
            (("Scenario", str), ("Run on", date), ("Coverage", Bps)),
            []
            if stated is None
            else [(item.scenario, item.run_on, item.coverage) for item in stated.stress_tests],
            empty=_empty(stated, "None was run"),
        ),
        _notices_table(
            "annex_notices", "Annex: notices to the supervisor on record", annex.notices_on_record
        ),
        _notices_table(
            "annex_third_parties",
            "Annex: notices to third parties",
            () if stated is None else stated.third_party_notices,
            empty=_empty(stated, "None was sent"),
        ),
        Listing(
            "annex_holders",
            "Annex: concentration of holders",
            (
                ("Held by the ten largest", annex.top_ten),
                ("of what is outstanding", annex.top_ten_share),
                ("Omnibus accounts among all holders", annex.omnibus_holders),
            ),
        ),
    )
