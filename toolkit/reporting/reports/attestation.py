"""The schedule that the auditor attests (regulation.md 4.3, Part A; Guideline 2.7.3).

Two columns, the period's end and the day that the auditor drew, and in each both definitions of outstanding:
every token in existence, by which coverage is measured, and the AICPA's redeemable tokens, which leave out
what is restricted. They differ by design, and the schedule leads from one to the other line by line.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import ClassVar, Self

from pydantic import model_validator

from toolkit.amounts import Amount
from toolkit.reporting.draw import Draw
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.reports.columns import Column, assets_table, column_of
from toolkit.reporting.reports.content import Cell, Content, Layout, Period, Table
from toolkit.reporting.reports.parts import Coin
from toolkit.reporting.reports.values import (
    Model,
    Moment,
    Text,
    Tokens,
    require,
)

__all__ = ["AttestationSchedule", "attestation_schedule"]

_SUMS = ("5. Redeemable", "5a. Outstanding", "9. ", "11. ")


class RollForward(Model):
    """Row 13: from the last report's outstanding to this one's."""

    opening: Tokens
    minted: Tokens
    burned: Tokens
    recovered_net: Tokens
    closing: Tokens

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        flow = self.minted.value - self.burned.value + self.recovered_net.value
        require(self.opening.value + flow == self.closing.value, "the roll-forward")
        require(self.recovered_net.value == 0, "a recovery moves tokens and makes none")
        return self


class Policy(Model):
    """Row 12: what the schedule is drawn up under."""

    subject: Text
    text: Text


class AttestationSchedule(Content):
    """Management's schedule for the auditor: tokens, redemption assets, and what lies between them."""

    kind: ClassVar[str] = "attestation_schedule"
    title: ClassVar[str] = "Attestation schedule"
    closed_days: ClassVar[bool] = True

    coin: Coin
    period: Period
    coverage_definition: Text
    attestation_definition: Text
    period_end: Column
    random_day: Column
    draw: Draw
    policies: tuple[Policy, ...]
    roll_forward: RollForward

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        require(self.period_end.name == "period end", "the first column is the period's end")
        require(self.random_day.name == "random day", "the second column is the random day")
        self.draw.require_of(self.period)
        require(
            self.draw.drawn_at.instant > self.period_end.as_of.instant,
            "the random day was drawn before the period's end",
        )
        require(_hong_kong_day(self.period_end.as_of) >= self.period.end, "the first column is the last day")
        require(
            self.period_end.outstanding == self.roll_forward.closing,
            "the roll-forward ends at the period's end",
        )
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject=f"{self.coin.symbol}, pool {self.coin.pool_id}",
            figures=(
                ("Outstanding, period end", self.period_end.outstanding),
                ("Redeemable, period end", self.period_end.redeemable),
                ("Available, period end", self.period_end.available),
                ("Surplus to outstanding", self.period_end.surplus_to_outstanding),
            ),
            warnings=[
                f"Deficit at the {column.name}."
                for column in (self.period_end, self.random_day)
                if column.surplus_to_outstanding.value < 0
            ],
            blocks=(
                _schedule_table(self),
                *(assets_table(column) for column in (self.period_end, self.random_day)),
                _chains_table(self),
                Table(
                    "roll_forward",
                    "13. Roll-forward since the last report",
                    (("", str), ("Tokens", Tokens)),
                    [
                        ("Opening", self.roll_forward.opening),
                        ("Minted", self.roll_forward.minted),
                        ("Burned", self.roll_forward.burned),
                        ("Recovered, net", self.roll_forward.recovered_net),
                        ("Closing", self.roll_forward.closing),
                    ],
                    sums=("Closing",),
                ),
                Table(
                    "policies",
                    "12. Policies",
                    (("Subject", str), ("Policy", str)),
                    [(item.subject, item.text) for item in self.policies],
                ),
                Table(
                    "draw",
                    "The random day",
                    (("Day", date), ("Drawn by", str), ("Drawn at", Moment), ("Seed", str)),
                    [(self.draw.day, self.draw.drawn_by, self.draw.drawn_at, self.draw.seed)],
                    note="The day is sha256(START/END/SEED) modulo the number of days before the last.",
                ),
            ),
            notes=(
                (
                    f"Coverage is measured by {self.coverage_definition.replace('_', ' ')}; this attestation "
                    f"states {self.attestation_definition.replace('_', ' ')} beside it. One never stands for "
                    "the other."
                ),
            ),
        )


def attestation_schedule(
    period: Period,
    period_end: DayFigures,
    random_day: DayFigures,
    draw: Draw,
    profile: RegulatorProfile,
    *,
    previous: DayFigures | None,
    policies: Mapping[str, str],
    net_other_assets: Sequence[int] = (0, 0),
) -> AttestationSchedule:
    """The schedule. `previous` are the figures of the last report's end, None for the first report.

    `net_other_assets` are cents for the two columns: income receivable less fees payable, never netted
    silently. Raises `ValueError` (as `InvalidInput` once composed) when a column is of another day.
    """
    require(period_end.cut_off.day == period.end, "the first column's figures are not of the last day")
    require(
        random_day.cut_off.day == draw.day, "the second column's figures are not of the day that was drawn"
    )
    return AttestationSchedule(
        coin=Coin.of(period_end),
        period=period,
        coverage_definition=profile.outstanding.coverage,
        attestation_definition=profile.outstanding.attestation,
        period_end=column_of("period end", period_end, profile, net_other_assets[0]),
        random_day=column_of("random day", random_day, profile, net_other_assets[1]),
        draw=draw,
        policies=tuple(Policy(subject=key, text=text) for key, text in sorted(policies.items())),
        roll_forward=_roll_forward(previous, period_end),
    )


def _roll_forward(previous: DayFigures | None, now: DayFigures) -> RollForward:
    def tokens(units: int) -> Tokens:
        return Tokens.of(now.coin.amount(units))

    def total(day: DayFigures | None, name: str) -> int:
        return 0 if day is None else sum(getattr(chain.replayed, name) for chain in day.chains)

    return RollForward(
        opening=tokens(0 if previous is None else previous.outstanding),
        minted=tokens(total(now, "minted") - total(previous, "minted")),
        burned=tokens(total(now, "burned") - total(previous, "burned")),
        recovered_net=tokens(0),
        closing=tokens(now.outstanding),
    )


def _hong_kong_day(moment: Moment) -> date:
    return date.fromisoformat(moment.hkt[:10])


def _schedule_table(schedule: AttestationSchedule) -> Table:
    columns = (schedule.period_end, schedule.random_day)

    def tokens(field: str) -> list[Cell]:
        coin = schedule.coin
        return [
            Tokens.of(
                Amount.sum(
                    (getattr(item, field).amount for item in column.chains),
                    unit=coin.symbol,
                    decimals=coin.decimals,
                )
            )
            for column in columns
        ]

    def each(field: str) -> list[Cell]:
        return [getattr(column, field) for column in columns]

    rows: list[tuple[str, Sequence[Cell]]] = [
        ("1. Natively minted tokens", tokens("natively_minted")),
        ("2. less time-locked", tokens("time_locked")),
        ("2. less temporarily frozen", tokens("temporarily_frozen")),
        ("3. less test tokens", tokens("test_tokens")),
        ("4. less permanently frozen", tokens("permanently_frozen")),
        ("4. less at burn addresses", tokens("burn_address")),
        ("5. Redeemable tokens outstanding", each("redeemable")),
        ("5. at par", each("redeemable_at_par")),
        ("5a. Outstanding, every token in existence (row 1)", each("outstanding")),
        ("5a. at par", each("outstanding_at_par")),
        ("6. Redemption assets", each("assets_total")),
        ("7. less ineligible or encumbered", each("ineligible")),
        ("8. Net other assets", each("net_other_assets")),
        ("9. Redemption assets available", each("available")),
        ("10. Burned, not paid", each("burned_not_paid")),
        ("10. Received in the reserve, not minted", each("received_not_minted")),
        ("10. Paid since the reserve's instant", each("paid_since_reserve_instant")),
        ("11. Surplus to redeemable (9 - 5 - 10)", each("surplus_to_redeemable")),
        ("11. Surplus to outstanding (9 - 5a - 10)", each("surplus_to_outstanding")),
    ]
    return Table(
        "schedule",
        "Schedule",
        (
            ("Row", str),
            (f"Period end, {schedule.period_end.as_of.hkt[:10]}", Tokens),
            (f"Random day, {schedule.random_day.as_of.hkt[:10]}", Tokens),
        ),
        [(name, *values) for name, values in rows],
        sums=[name for name, _ in rows if name.startswith(_SUMS)],
    )


def _chains_table(schedule: AttestationSchedule) -> Table:
    return Table(
        "chains",
        "Contracts and blocks",
        (
            ("As of", str),
            ("Chain", str),
            ("Contract", str),
            ("Block", str),
            ("Hash", str),
            ("Minted", Tokens),
            ("Redeemable", Tokens),
        ),
        [
            (
                column.name,
                item.cut.chain_name,
                item.contract,
                str(item.cut.position.block_number),
                item.cut.position.block_hash,
                item.natively_minted,
                item.redeemable,
            )
            for column in (schedule.period_end, schedule.random_day)
            for item in column.chains
        ],
    )
