"""The practitioner's report on management's assertion (regulation.md 4.3, Part B; Guideline 2.7.3).

It stands on exactly one version of the schedule that management signed, named by its sha256, and repeats
of it the instants and the two definitions of outstanding that the conclusion is about. What the practitioner
says is given by the practitioner; what can be worked out is not asked for.
"""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal, Self

from pydantic import Field, model_validator

from toolkit.reporting.draw import Draw
from toolkit.reporting.report import Report
from toolkit.reporting.reports.attestation import AttestationSchedule
from toolkit.reporting.reports.columns import Column
from toolkit.reporting.reports.content import Block, Content, Layout, Listing, Period, Prose, Table
from toolkit.reporting.reports.parts import Coin
from toolkit.reporting.reports.values import Model, Moment, Money, Text, Tokens, require, sum_money

__all__ = ["AttestedColumn", "Engagement", "PractitionerReport", "practitioner_report"]

_LEVELS = {
    "reasonable": "Reasonable assurance",
    "limited": "Limited assurance",
    "examination": "Examination",
}
_DEFINITIONS = {
    "aicpa_2025_part_i": "redeemable tokens outstanding (row 5)",
    "hkma_agreed": "outstanding, every token in existence (row 5a)",
}


_TWO_DEFINITIONS = (
    "Outstanding is every token in existence, by which coverage is measured; redeemable leaves out what is "
    "restricted. Neither stands for the other."
)


class Criterion(Model):
    """What the assertion is measured by: the AICPA's redeemable tokens, or what was agreed with the HKMA.

    `agreed_reference` is the HKMA's acceptance, which criteria that are agreed on can't do without.
    """

    criteria_id: Literal["aicpa_2025_part_i", "hkma_agreed"]
    title: Text
    agreed_reference: Text | None

    @model_validator(mode="after")
    def _agreed(self) -> Self:
        if self.criteria_id == "hkma_agreed":
            require(
                self.agreed_reference is not None,
                "criteria agreed with the HKMA: state agreed_reference, under which they were accepted",
            )
        return self


class Procedure(Model):
    """A procedure, what it was tied to, what came of it, and whether that is an exception."""

    procedure: Text
    tied_to: Text
    result: Text
    exception: bool


class EvidenceItem(Model):
    """A working paper, by its sha256: it stays with the practitioner."""

    name: Text
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")


class Engagement(Model):
    """What the practitioner states, in words of the practitioner's own.

    A conclusion other than unmodified has its basis, and so has an unmodified one over an exception.
    `independence` and `quality_management` name the rules that were kept.
    """

    addressee: Text
    responsible_party: Text
    engagement_reference: Text
    standard: Text
    level: Literal["reasonable", "limited", "examination"]
    criteria: tuple[Criterion, ...] = Field(min_length=1)
    responsibilities: Text
    independence: Text
    quality_management: Text
    procedures: tuple[Procedure, ...] = Field(min_length=1)
    inherent_limitations: Text
    conclusion: Literal["unmodified", "qualified", "adverse", "disclaimer"]
    conclusion_text: Text
    basis: Text | None
    evidence: tuple[EvidenceItem, ...]
    firm: Text
    city: Text
    report_date: date

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        named = [item.criteria_id for item in self.criteria]
        require(len(set(named)) == len(named), "one of the criteria is named twice")
        if self.conclusion != "unmodified":
            require(self.basis is not None, f"the conclusion is {self.conclusion}: state its basis")
        found = sum(item.exception for item in self.procedures)
        require(
            found == 0 or self.basis is not None,
            f"{found} procedure(s) found an exception: state as basis what that means for the conclusion",
        )
        return self


class AttestedSchedule(Model):
    """The one version of the schedule that is reported on, and who signed it for management, when."""

    report_id: Text
    version: int = Field(ge=1)
    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    prepared_by: Text
    reviewed_by: Text
    signed_at: Moment

    @model_validator(mode="after")
    def _two_persons(self) -> Self:
        require(self.prepared_by != self.reviewed_by, "management signs by two persons")
        return self


class AttestedColumn(Model):
    """One instant, as the schedule has it: rows 1 to 5a in sum, 9, 10, and 11 by either definition."""

    name: Literal["period end", "random day"]
    as_of: Moment
    time_zone: Text
    outstanding: Tokens
    not_redeemable: Tokens
    redeemable: Tokens
    outstanding_at_par: Money
    redeemable_at_par: Money
    available: Money
    timing_differences: Money
    surplus_to_outstanding: Money
    surplus_to_redeemable: Money

    @classmethod
    def of(cls, column: Column) -> Self:
        apart = column.outstanding.amount - column.redeemable.amount
        return cls(
            name=column.name,
            as_of=column.as_of,
            time_zone=column.time_zone,
            outstanding=column.outstanding,
            not_redeemable=Tokens.of(apart),
            redeemable=column.redeemable,
            outstanding_at_par=column.outstanding_at_par,
            redeemable_at_par=column.redeemable_at_par,
            available=column.available,
            timing_differences=column.timing_differences,
            surplus_to_outstanding=column.surplus_to_outstanding,
            surplus_to_redeemable=column.surplus_to_redeemable,
        )

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        apart = self.outstanding.value - self.redeemable.value
        require(self.not_redeemable.value == apart, f"{self.name}: rows 5 and 5a")
        for tokens, par, surplus in (
            (self.outstanding, self.outstanding_at_par, self.surplus_to_outstanding),
            (self.redeemable, self.redeemable_at_par, self.surplus_to_redeemable),
        ):
            require(par == Money.at_par(tokens, par.currency), f"{self.name}: at par")
            owed = sum_money((par, self.timing_differences))
            require(self.available.value - owed == surplus.value, f"{self.name}: row 11")
        return self


class PractitionerReport(Content):
    """An independent practitioner's report on the schedule that management asserts."""

    kind: ClassVar[str] = "attestation_report"
    title: ClassVar[str] = "Independent practitioner's attestation report"
    closed_days: ClassVar[bool] = True
    audience: ClassVar[str] = "public"
    parts: ClassVar[tuple[str, ...]] = ("practitioner",)

    coin: Coin
    period: Period
    practitioner: Text
    schedule: AttestedSchedule
    period_end: AttestedColumn
    random_day: AttestedColumn
    draw: Draw
    engagement: Engagement

    @model_validator(mode="after")
    def _holds_together(self) -> Self:
        signed_by = (self.schedule.prepared_by, self.schedule.reviewed_by)
        require(
            self.practitioner not in signed_by,
            f"{self.practitioner} signed the schedule and so can't report on it",
        )
        require(
            self.schedule.report_id.startswith("attestation_schedule/")
            and self.schedule.report_id.endswith(f"/{self.period}"),
            f"{self.schedule.report_id} is no attestation schedule of {self.period}",
        )
        names = (self.period_end.name, self.random_day.name)
        require(names == ("period end", "random day"), "the columns are period end and random day")
        self.draw.require_of(self.period)
        end = self.period_end.as_of.instant
        require(self.draw.drawn_at.instant > end, "the random day was drawn before the period's end")
        require(self.schedule.signed_at.instant > end, "the schedule was signed before the period's end")
        require(
            self.engagement.report_date >= date.fromisoformat(self.schedule.signed_at.hkt[:10]),
            f"the report is dated {self.engagement.report_date}, before management signed the schedule",
        )
        self.coin.require_tokens(self.period_end.outstanding, self.random_day.outstanding)
        self.coin.require_money(self.period_end.available, self.random_day.available)
        return self

    @property
    def layout(self) -> Layout:
        stated = self.engagement
        return Layout(
            subject=f"{self.coin.symbol}, pool {self.coin.pool_id}",
            figures=(
                ("Conclusion", stated.conclusion),
                ("Outstanding, period end", self.period_end.outstanding),
                ("Redeemable, period end", self.period_end.redeemable),
                ("Available, period end", self.period_end.available),
            ),
            warnings=_warnings(self),
            blocks=_blocks(self),
            notes=(_TWO_DEFINITIONS,),
        )


def practitioner_report(
    schedule: Report[AttestationSchedule], engagement: Engagement, *, practitioner: str
) -> PractitionerReport:
    """The report of `practitioner`, a person's id, on a signed schedule.

    Raises `ValueError` (as `InvalidInput` once composed) for one that management hasn't signed.
    """
    document, sign_off = schedule.document, schedule.sign_off
    asserted = document.content
    times = [item.at for item in sign_off.signatures]
    require(
        len(times) == 2 and sign_off.prepared_by is not None and sign_off.reviewed_by is not None,
        f"{document.report_id}, version {document.version}, is not signed by management",
    )
    return PractitionerReport(
        coin=asserted.coin,
        period=asserted.period,
        practitioner=practitioner,
        schedule=AttestedSchedule(
            report_id=document.report_id,
            version=document.version,
            sha256=document.sha256,
            prepared_by=sign_off.prepared_by or "",
            reviewed_by=sign_off.reviewed_by or "",
            signed_at=max(times, key=lambda item: item.instant),
        ),
        period_end=AttestedColumn.of(asserted.period_end),
        random_day=AttestedColumn.of(asserted.random_day),
        draw=asserted.draw,
        engagement=engagement,
    )


def _warnings(report: PractitionerReport) -> list[str]:
    stated = report.engagement
    found = [] if stated.conclusion == "unmodified" else [f"The conclusion is {stated.conclusion}."]
    found += [
        f"Deficit of {column.surplus_to_outstanding.amount.removeprefix('-')} "
        f"{column.surplus_to_outstanding.currency} against outstanding at the {column.name}."
        for column in (report.period_end, report.random_day)
        if column.surplus_to_outstanding.value < 0
    ]
    exceptions = sum(item.exception for item in stated.procedures)
    return found + ([f"{exceptions} procedure(s) found an exception."] if exceptions else [])


def _blocks(report: PractitionerReport) -> tuple[Block, ...]:
    stated, schedule = report.engagement, report.schedule
    instants = " and ".join(
        f"{column.as_of.hkt[:19].replace('T', ' ')} Hong Kong time ({column.name})"
        for column in (report.period_end, report.random_day)
    )
    subject = (
        f"Management's assertion and schedule of {report.coin.symbol} for {report.period.start} to "
        f"{report.period.end}, as of {instants}: {schedule.report_id}, version {schedule.version}, of the "
        "sha256 stated below."
    )
    opening = (
        ("To", stated.addressee),
        ("Subject matter", subject),
        ("Responsible party", stated.responsible_party),
        ("Practitioner's responsibilities", stated.responsibilities),
        ("Independence", stated.independence),
        ("Quality management", stated.quality_management),
        ("Level of assurance", f"{_LEVELS[stated.level]}, under {stated.standard}."),
    )
    closing = [
        ("Inherent limitations", stated.inherent_limitations),
        *([] if stated.basis is None else [("Basis for the conclusion", stated.basis)]),
        (f"Conclusion: {stated.conclusion}", stated.conclusion_text),
        (stated.firm, f"{stated.city}, {stated.report_date}"),
    ]
    return (
        Prose("opening", opening),
        Table(
            "criteria",
            "Criteria",
            (("Id", str), ("Criteria", str), ("Measures", str), ("Agreed under", str)),
            [
                (item.criteria_id, item.title, _DEFINITIONS[item.criteria_id], item.agreed_reference)
                for item in stated.criteria
            ],
        ),
        _columns_table(report),
        Table(
            "procedures",
            "Procedures",
            (("Procedure", str), ("Tied to", str), ("Result", str), ("Exception", bool)),
            [(item.procedure, item.tied_to, item.result, item.exception) for item in stated.procedures],
        ),
        Prose("conclusion", closing),
        Listing(
            "schedule",
            "The schedule reported on",
            (
                ("Report", f"{schedule.report_id}, version {schedule.version}"),
                ("sha256", schedule.sha256),
                ("Prepared by", schedule.prepared_by),
                ("Reviewed by", schedule.reviewed_by),
                ("Signed", schedule.signed_at),
            ),
        ),
        Listing(
            "engagement",
            "Engagement and random day",
            (
                ("Practitioner", report.practitioner),
                ("Engagement", stated.engagement_reference),
                ("Random day", report.draw.day),
                ("Drawn by", report.draw.drawn_by),
                ("Drawn", report.draw.drawn_at),
                ("Seed", report.draw.seed),
            ),
        ),
        Table(
            "evidence",
            "Working papers, which stay with the practitioner",
            (("Paper", str), ("sha256", str)),
            [(item.name, item.sha256) for item in stated.evidence],
            empty="The practitioner names none.",
        ),
    )


def _columns_table(report: PractitionerReport) -> Table:
    columns = (report.period_end, report.random_day)
    rows = (
        ("5a. Outstanding, every token in existence", "outstanding"),
        ("2-4. less what can't be redeemed", "not_redeemable"),
        ("5. Redeemable tokens outstanding", "redeemable"),
        ("5a. at par", "outstanding_at_par"),
        ("5. at par", "redeemable_at_par"),
        ("9. Redemption assets available", "available"),
        ("10. Timing differences", "timing_differences"),
        ("11. Surplus to outstanding (9 - 5a - 10)", "surplus_to_outstanding"),
        ("11. Surplus to redeemable (9 - 5 - 10)", "surplus_to_redeemable"),
    )
    return Table(
        "asserted",
        "What management asserts, by both definitions of outstanding",
        (
            ("Row of the schedule", str),
            *((f"{column.name.capitalize()}, {column.as_of.hkt[:10]}", Tokens) for column in columns),
        ),
        [(label, *(getattr(column, field) for column in columns)) for label, field in rows],
        sums=[label for label, _ in rows if label.startswith(("5a. Out", "5. Red", "11."))],
    )
