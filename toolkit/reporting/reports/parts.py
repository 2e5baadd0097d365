"""Parts that several reports share: the coin, the reserve's lines, the chains, and how they are laid out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import Self

from pydantic import Field, model_validator

from toolkit.calendar import BusinessCalendar
from toolkit.reporting.figures import ChainFigures, DayFigures, Flow
from toolkit.reporting.reports.content import Table
from toolkit.reporting.reports.values import (
    BlockPosition,
    Bps,
    Duration,
    Model,
    Moment,
    Money,
    Text,
    Tokens,
    ratio_bps,
    require,
)
from toolkit.reserves.report import ReserveReport

__all__ = [
    "ChainCut",
    "Coin",
    "Movement",
    "OpenBreak",
    "ReserveLine",
    "breaks_of",
    "breaks_table",
    "cuts_table",
    "days_between",
    "lines_of",
    "lines_table",
    "moved",
]

# What has no price of its own: money at a bank is worth what the bank says.
_AT_FACE = frozenset({"CASH", "DEPOSIT", "REVERSE_REPO"})


class Coin(Model):
    """Which coin: one reserve pool for each (Guideline 2.5.1)."""

    symbol: Text
    decimals: int = Field(ge=0, le=18)
    currency: str = Field(pattern=r"^[A-Z]{3}$")
    pool_id: Text

    @classmethod
    def of(cls, day: DayFigures) -> Self:
        coin = day.coin
        return cls(symbol=coin.symbol, decimals=coin.decimals, currency=coin.currency, pool_id=coin.pool)

    def require_tokens(self, *items: Tokens) -> None:
        """Raises unless every amount is in this coin and its decimals."""
        for item in items:
            require(
                (item.unit, item.decimals) == (self.symbol, self.decimals),
                f"{item.display} {item.unit} is not in {self.symbol} with {self.decimals} decimals",
            )

    def require_money(self, *items: Money) -> None:
        """Raises unless every amount is in the reference currency."""
        for item in items:
            require(item.currency == self.currency, f"{item.amount} {item.currency} is not {self.currency}")

    @property
    def cent(self) -> int:
        """How many of the finest units common to coin and money a cent has; see `finest`."""
        return int(10 ** (max(self.decimals, 2) - 2))

    def finest(self, *, tokens: int = 0, cents: int = 0) -> int:
        """Base units and cents added up exactly, in max(decimals, 2) decimals of the currency."""
        return int(tokens * 10 ** (max(self.decimals, 2) - self.decimals)) + cents * self.cent


class Movement(Model):
    """Tokens, and in how many movements."""

    tokens: Tokens
    count: int = Field(ge=0)


class ChainCut(Model):
    """The last block of a chain that is not after the cut-off, and why it counts as final."""

    chain_name: Text
    finality: Text
    position: BlockPosition

    @classmethod
    def of(cls, chain: ChainFigures) -> Self:
        cut = chain.cut
        return cls(
            chain_name=cut.chain_name,
            finality=cut.finality,
            position=BlockPosition(
                chain_id=cut.chain_id,
                block_number=cut.block_number,
                block_hash=cut.block_hash,
                at=Moment.of(cut.block_time),
            ),
        )


class ReserveLine(Model):
    """One line of the reserve (regulation.md 4.1): `counted` is what it is worth to the coin.

    `price_stale` says that no price is shown to be recent enough; such a line is flagged, not dropped.
    """

    line_id: Text
    asset_class: Text
    reference: Text | None
    issuer: Text | None
    custodian: Text | None
    custody_country: Text | None
    currency: Text
    nominal: Money
    market_value: Money
    price: Text | None
    price_source: Text | None
    price_time: Moment | None
    price_stale: bool
    maturity: date | None
    residual_days: int | None
    risk_weight: Bps | None
    eligible: bool
    reason: Text
    counted: Money
    approval_reference: Text | None
    encumbered: bool | None
    confirmation: Text | None

    def require_at(self, day: date, cut_off: Moment, price_age_limit: Duration) -> None:
        """Raises unless the residual days and the age of the price are those at a cut-off."""
        residual = None if self.maturity is None else max((self.maturity - day).days, 0)
        require(self.residual_days == residual, f"the residual days of {self.line_id}")
        at = None if self.price_time is None else self.price_time.instant
        stale = _stale(self.asset_class, at, cut_off.instant, price_age_limit.seconds)
        require(self.price_stale == stale, f"whether the price of {self.line_id} is stale")

    @model_validator(mode="after")
    def _ineligible_counts_zero(self) -> Self:
        require(self.eligible or self.counted.value == 0, f"line {self.line_id} counts and is not eligible")
        require(self.counted.value <= max(self.market_value.value, 0), f"line {self.line_id} counts too much")
        return self


class OpenBreak(Model):
    """A break that was open at the cut-off (4.8)."""

    break_id: Text
    break_type: Text
    severity: Text
    amount: Tokens
    first_seen: Moment
    age: Duration
    owner: str | None
    state: Text


def moved(day: DayFigures, flow: Flow) -> Movement:
    return Movement(tokens=Tokens.of(day.coin.amount(flow.units)), count=flow.count)


def lines_of(day: DayFigures, *, max_price_age_seconds: int) -> tuple[ReserveLine, ...]:
    """The reserve report's lines, each with what it counted. Raises `InvalidInput` for a broken report."""
    if day.reserve is None:
        return ()
    report = ReserveReport.from_data(day.reserve.report)
    counted = {line.line_id: line for line in day.reserve.lines}
    lines = []
    for item in report.positions:
        result = counted[item.line_id]
        residual = None if item.maturity is None else (item.maturity - day.cut_off.day).days
        lines.append(
            ReserveLine(
                line_id=item.line_id,
                asset_class=item.asset_class.value,
                reference=item.custodian_reference,
                issuer=item.issuer,
                custodian=item.custodian,
                custody_country=item.country,
                currency=item.currency,
                nominal=Money.of(report.money(item.nominal)),
                market_value=Money.of(report.money(item.market_value)),
                price=None if item.price is None else f"{item.price:f}",
                price_source=item.price_source,
                price_time=None if item.price_time is None else Moment.of(item.price_time),
                price_stale=_stale(
                    item.asset_class.value, item.price_time, day.cut_off.instant, max_price_age_seconds
                ),
                maturity=item.maturity,
                residual_days=None if residual is None else max(residual, 0),
                risk_weight=None if item.risk_weight_bps is None else Bps.of(item.risk_weight_bps),
                eligible=result.eligible,
                reason=result.reason,
                counted=Money.of(day.coin.money(result.counted)),
                approval_reference=item.approval_reference,
                encumbered=item.encumbered,
                confirmation=item.confirmation,
            )
        )
    return tuple(lines)


def _stale(asset_class: str, priced: datetime | None, cut_off: datetime, max_age: int) -> bool:
    if asset_class in _AT_FACE:
        return False
    if priced is None:
        return True  # a missing figure never means yes
    return not 0 <= (cut_off - priced).total_seconds() <= max_age


def lines_table(lines: Sequence[ReserveLine]) -> Table:
    """The lines, with what each counts at the end."""
    return Table(
        "reserve_lines",
        "Reserve, line by line",
        (
            ("Line", str),
            ("Class", str),
            ("Custodian", str),
            ("Country", str),
            ("Maturity", date),
            ("Days", int),
            ("Nominal", Money),
            ("Market value", Money),
            ("Counted", Money),
            ("Why", str),
        ),
        [
            (
                item.line_id,
                item.asset_class,
                item.custodian or "not stated",
                item.custody_country or "not stated",
                item.maturity,
                item.residual_days,
                item.nominal,
                item.market_value,
                item.counted,
                item.reason + _priced(item),
            )
            for item in lines
        ],
        empty="No reserve report: nothing counts.",
    )


def _priced(item: ReserveLine) -> str:
    if item.price_stale:
        return "; the price is stale or not dated"
    return (
        "" if item.price_time is None else f"; priced {item.price_time.hkt[:16].replace('T', ' ')} Hong Kong"
    )


def breaks_of(day: DayFigures) -> tuple[OpenBreak, ...]:
    return tuple(
        OpenBreak(
            break_id=item.break_id,
            break_type=item.break_type,
            severity=item.severity,
            amount=Tokens(
                base_units=str(item.amount), display=_display(item.amount, item.decimals), unit=item.unit
            ),
            first_seen=Moment.of(item.first_seen),
            age=Duration.of(max(int((day.cut_off.instant - item.first_seen).total_seconds()), 0)),
            owner=item.owner,
            state=item.state,
        )
        for item in sorted(day.breaks, key=lambda item: item.break_id)
    )


def breaks_table(
    breaks: Iterable[OpenBreak], *, name: str = "breaks_open", title: str = "Open breaks"
) -> Table:
    return Table(
        name,
        title,
        (
            ("Break", str),
            ("Type", str),
            ("Severity", str),
            ("Amount", Tokens),
            ("First seen", Moment),
            ("Age", Duration),
            ("Owner", str),
            ("State", str),
        ),
        [
            (
                item.break_id,
                item.break_type,
                item.severity,
                item.amount,
                item.first_seen,
                item.age,
                item.owner,
                item.state,
            )
            for item in breaks
        ],
        empty="No break is open.",
    )


def cuts_table(chains: Sequence[ChainCut]) -> Table:
    """Where each chain was cut."""
    return Table(
        "cut_off_blocks",
        "Cut-off blocks",
        (("Chain", str), ("Id", str), ("Block", str), ("Time", Moment), ("Hash", str), ("Finality", str)),
        [
            (
                item.chain_name,
                str(item.position.chain_id),
                str(item.position.block_number),
                item.position.at,
                item.position.block_hash,
                item.finality,
            )
            for item in chains
        ],
    )


def days_between(calendar: BusinessCalendar, start: date, end: date) -> int:
    """Business days after `start` up to and including `end`."""
    count, day = 0, start
    while (day := calendar.next_business_day(day)) <= end:
        count += 1
    return count


def share(part: int, whole: int) -> Bps | None:
    """A share rounded down; None of nothing."""
    return Bps.of(ratio_bps(part, whole)) if whole else None


def _display(value: int, decimals: int) -> str:
    digits = str(abs(value)).rjust(decimals + 1, "0")
    text = digits if decimals == 0 else f"{digits[:-decimals]}.{digits[-decimals:]}"
    return f"-{text}" if value < 0 else text
