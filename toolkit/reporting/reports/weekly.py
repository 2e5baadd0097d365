"""The public disclosure of a period (regulation.md 4.2; Guideline 2.7.2).

It is the public half of the supervisory report. What the supervisor alone gets (`supervisory`) is a field
that the disclosure doesn't have, so it can't be left in by mistake.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import ClassVar, Self

from pydantic import Field, model_validator

from toolkit.errors import InvalidInput
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.reports.circulation import ChainCirculation, chain_rows, circulation_table
from toolkit.reporting.reports.content import Bars, Block, Content, Curve, Layout, Listing, Table
from toolkit.reporting.reports.daily import DailyStatement, daily_statement
from toolkit.reporting.reports.parts import Coin, Movement, share
from toolkit.reporting.reports.redemptions import RedemptionStatistics
from toolkit.reporting.reports.values import Bps, Duration, Model, Money, Text, Tokens, require

__all__ = ["Disclosure", "disclosure", "headline", "public_blocks", "shortfalls"]


class ClassAmount(Model):
    """What one class of assets counted."""

    asset_class: Text
    amount: Money


class DayRow(Model):
    """One day of the series: what was owed, what was there, and what that was made of."""

    day: date
    outstanding: Tokens
    outstanding_par: Money
    liability: Money
    reserve: Money
    coverage: Bps | None
    composition: tuple[ClassAmount, ...]
    valuation_is_carried: bool
    statement: str = Field(pattern=r"^[0-9a-f]{64}$")

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        parts = sum(item.amount.value for item in self.composition)
        require(parts == self.reserve.value, f"{self.day}: the composition is not the reserve")
        require(
            self.outstanding_par == Money.at_par(self.outstanding, self.reserve.currency), f"{self.day}: par"
        )
        return self


class ClassRow(Model):
    """A class of assets at the period's end; maturities in days, weighted by value and rounded down."""

    asset_class: Text
    amount: Money
    share: Bps | None
    average_residual_days: int | None
    longest_residual_days: int | None
    custody_countries: tuple[Text, ...]


class SlaRow(Model):
    """How redemptions were served. Why some are on hold is for the supervisor."""

    paid: int
    on_time: Bps | None
    longest: Duration | None
    held: int


class Disclosure(Content):
    """What is published: the reserve and the coin over a period, in full precision."""

    kind: ClassVar[str] = "disclosure"
    title: ClassVar[str] = "Reserve disclosure"
    closed_days: ClassVar[bool] = True
    audience: ClassVar[str] = "public"

    coin: Coin
    supervisor: Text
    days: tuple[DayRow, ...] = Field(min_length=1)
    composition: tuple[ClassRow, ...]
    circulation: tuple[ChainCirculation, ...]
    issued: Movement
    redeemed: Movement
    redemptions: SlaRow
    lowest_coverage: Bps | None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        for before, after in pairwise(self.days):
            require(
                after.day == before.day + timedelta(days=1),
                f"no figures between {before.day} and {after.day}",
            )
        last = self.days[-1]
        self.coin.require_tokens(*(row.outstanding for row in self.days))
        self.coin.require_money(*(row.reserve for row in self.days))
        parts = {item.asset_class: item.amount for item in last.composition}
        require(
            {row.asset_class: row.amount for row in self.composition} == parts, "the composition by class"
        )
        for row in self.composition:
            require(
                row.share == share(row.amount.value, last.reserve.value), f"the share of {row.asset_class}"
            )
        total = sum(row.supply_replayed.value for row in self.circulation)
        require(total == last.outstanding.value, "circulation by chain and the last day's outstanding")
        known = [row.coverage.bps for row in self.days if row.coverage is not None]
        require(
            self.lowest_coverage == (Bps.of(min(known)) if known else None),
            "the lowest coverage of the period",
        )
        return self

    @property
    def layout(self) -> Layout:
        return Layout(
            subject=f"{self.coin.symbol}, pool {self.coin.pool_id}",
            figures=headline(self),
            warnings=shortfalls(self),
            blocks=public_blocks(self),
            notes=(
                "Outstanding is every token in existence, frozen ones included.",
                "Coverage is the reserve as counted over the liability, floored.",
                "A day that isn't a business day carries the last valuation.",
            ),
        )


def disclosure(
    days: Sequence[DayFigures], redemptions: RedemptionStatistics, profile: RegulatorProfile
) -> Disclosure:
    """The disclosure of a period, a `DayFigures` for each of its days. `redemptions` are of the same period.

    Raises `InvalidInput` for no days, or days of two coins.
    """
    statements = [daily_statement(day, profile) for day in days]
    if not days or len({day.coin for day in days}) != 1:
        raise InvalidInput("a disclosure needs the figures of every day of its period, all of one coin")
    return _disclosure(days, statements, redemptions, profile)


def _disclosure(
    days: Sequence[DayFigures],
    statements: Sequence[DailyStatement],
    redemptions: RedemptionStatistics,
    profile: RegulatorProfile,
) -> Disclosure:
    last = statements[-1]
    known = [item.coverage.bps for item in statements if item.coverage is not None]

    def total(name: str) -> Movement:
        moves: list[Movement] = [getattr(item, name) for item in statements]
        units = sum(move.tokens.value for move in moves)
        return Movement(tokens=Tokens.of(days[0].coin.amount(units)), count=sum(move.count for move in moves))

    return Disclosure(
        coin=last.coin,
        supervisor=profile.supervisor,
        days=tuple(_day_row(item, day) for item, day in zip(statements, days, strict=True)),
        composition=_classes(last),
        circulation=chain_rows(days[-1]),
        issued=total("minted_today"),
        redeemed=total("burned_today"),
        redemptions=SlaRow(
            paid=redemptions.paid.count,
            on_time=redemptions.on_time,
            longest=redemptions.calendar_time.longest,
            held=len(redemptions.held),
        ),
        lowest_coverage=Bps.of(min(known)) if known else None,
    )


def _day_row(statement: DailyStatement, day: DayFigures) -> DayRow:
    return DayRow(
        day=statement.statement_date,
        outstanding=statement.outstanding_total,
        outstanding_par=statement.outstanding_par,
        liability=statement.liability_total,
        reserve=statement.reserve_counted,
        coverage=statement.coverage,
        composition=tuple(
            ClassAmount(asset_class=name, amount=Money.cents(cents, statement.coin.currency))
            for name, cents in sorted(_by_class(statement).items())
        ),
        valuation_is_carried=statement.valuation_is_carried,
        statement=day.sha256,
    )


def _by_class(statement: DailyStatement) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in statement.reserve_lines:
        if line.eligible:
            found[line.asset_class] = found.get(line.asset_class, 0) + line.counted.value
    return found


def _classes(statement: DailyStatement) -> tuple[ClassRow, ...]:
    rows = []
    for name, cents in sorted(_by_class(statement).items()):
        lines = [line for line in statement.reserve_lines if line.eligible and line.asset_class == name]
        dated = [(line.residual_days, line.counted.value) for line in lines if line.residual_days is not None]
        weight = sum(value for _, value in dated)
        rows.append(
            ClassRow(
                asset_class=name,
                amount=Money.cents(cents, statement.coin.currency),
                share=share(cents, statement.reserve_counted.value),
                average_residual_days=sum(days * value for days, value in dated) // weight
                if weight
                else None,
                longest_residual_days=max((days for days, _ in dated), default=None),
                custody_countries=tuple(sorted({line.custody_country or "not stated" for line in lines})),
            )
        )
    return tuple(rows)


# ---------------------------------------------------------------------------------------------------- layout


def headline(public: Disclosure) -> tuple[tuple[str, Tokens | Money | Bps | None], ...]:
    last = public.days[-1]
    return (
        ("Outstanding", last.outstanding),
        ("Reserve", last.reserve),
        ("Coverage", last.coverage),
        ("Lowest in the period", public.lowest_coverage),
        ("Redeemed on time", public.redemptions.on_time),
    )


def shortfalls(public: Disclosure) -> list[str]:
    return [
        f"{row.day}: the reserve covered {row.coverage.display} of the liability."
        for row in public.days
        if row.coverage is not None and row.coverage.bps < 10_000
    ]


def public_blocks(public: Disclosure) -> tuple[Block, ...]:
    classes = sorted({item.asset_class for row in public.days for item in row.composition})
    amounts = [{item.asset_class: item.amount.value for item in row.composition} for row in public.days]
    return (
        Curve(
            "Coverage",
            [(row.day, None if row.coverage is None else row.coverage.bps) for row in public.days],
            (("par", 10_000),),
        ),
        Table(
            "daily_series",
            "Day by day",
            (
                ("Day", date),
                ("Outstanding", Tokens),
                ("Liability", Money),
                ("Reserve", Money),
                ("Coverage", Bps),
                ("Valuation carried", bool),
            ),
            [
                (row.day, row.outstanding, row.liability, row.reserve, row.coverage, row.valuation_is_carried)
                for row in public.days
            ],
        ),
        Bars(
            "Composition of the reserve",
            public.coin.currency,
            [row.day for row in public.days],
            [(name, [found.get(name, 0) for found in amounts]) for name in classes],
        ),
        Table(
            "composition",
            "Composition at the end of the period",
            (
                ("Class", str),
                ("Amount", Money),
                ("Share", Bps),
                ("Average days left", int),
                ("Longest", int),
                ("Custody in", str),
            ),
            [
                (
                    row.asset_class,
                    row.amount,
                    row.share,
                    row.average_residual_days,
                    row.longest_residual_days,
                    ", ".join(row.custody_countries),
                )
                for row in public.composition
            ],
        ),
        circulation_table(public.circulation),
        Listing(
            "flows",
            "Issued and redeemed in the period",
            (
                (f"Issued ({public.issued.count})", public.issued.tokens),
                (f"Redeemed ({public.redeemed.count})", public.redeemed.tokens),
            ),
        ),
        Listing(
            "redemptions",
            "Redemptions served",
            (
                ("Paid in the period", public.redemptions.paid),
                ("On time", public.redemptions.on_time),
                ("Longest from valid to paid", public.redemptions.longest),
                ("On hold", public.redemptions.held),
            ),
        ),
    )
