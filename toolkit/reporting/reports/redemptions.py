"""Redemption statistics (regulation.md 4.5): how many, how much, how soon.

Percentiles are of the nearest rank, so each is the time that one redemption really took. Business time is
what passes in the desk's hours on business days; the deadline itself is the ledger's, set when the request
became valid.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import ClassVar, Self

from pydantic import Field, model_validator

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar
from toolkit.ledger.machines import State
from toolkit.ledger.passages import RedemptionPassage
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.profiles import RegulatorProfile, label
from toolkit.reporting.reports.content import Content, Layout, Listing, Table
from toolkit.reporting.reports.parts import share
from toolkit.reporting.reports.values import (
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

__all__ = [
    "BusinessTime",
    "Liquidation",
    "RedemptionStatistics",
    "Times",
    "Totals",
    "redemption_statistics",
]


class Totals(Model):
    """How many redemptions, and of how much."""

    count: int = Field(ge=0)
    tokens: Tokens


class Times(Model):
    """How long it took from valid to paid; None where nothing was paid."""

    p50: Duration | None
    p95: Duration | None
    p99: Duration | None
    longest: Duration | None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        known = [item.seconds for item in (self.p50, self.p95, self.p99, self.longest) if item is not None]
        require(known == sorted(known) and len(known) in (0, 4), "the percentiles are not in order")
        return self


class Coded(Model):
    """A reason, and how many redemptions it stands with."""

    reason: Text
    count: int = Field(ge=1)


class Hold(Model):
    """A redemption on hold: since when, and on what basis."""

    order_id: Text
    since: Moment
    basis: Text


class Peak(Model):
    """The day on which most was redeemed, against what was outstanding when it began."""

    day: Text
    burned: Tokens
    opening: Tokens
    share: Bps | None

    @model_validator(mode="after")
    def _is_the_share(self) -> Self:
        require(
            self.share == share(self.burned.value, self.opening.value), f"the share redeemed on {self.day}"
        )
        return self


class Liquidation(Model):
    """What of the reserve was sold to pay redemptions, and what was lost by it."""

    sold: Money
    realised_loss: Money


class RedemptionStatistics(Content):
    """Redemptions of a period: those requested, paid and held, and how long they took."""

    kind: ClassVar[str] = "redemption_statistics"
    title: ClassVar[str] = "Redemption statistics"

    clock: Text
    business_days: int = Field(ge=1)
    business_day: Text
    requested: Totals
    became_valid: Totals
    rejected: Totals
    rejected_by_reason: tuple[Coded, ...]
    cancelled: Totals
    paid: Totals
    paid_on_time: int = Field(ge=0)
    paid_late: int = Field(ge=0)
    on_time: Bps | None
    held: tuple[Hold, ...]
    open: Totals
    overdue: Totals
    oldest_open: Duration | None
    business_time: Times
    calendar_time: Times
    net_paid: Money
    fees_charged: Money
    par_failures: int = Field(ge=0)
    peak: Peak | None
    liquidation: Liquidation | None

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        require(
            self.paid_on_time + self.paid_late == self.paid.count, "on time and late are all that were paid"
        )
        require(self.on_time == share(self.paid_on_time, self.paid.count), "the share paid on time")
        reasons = sum(item.count for item in self.rejected_by_reason)
        require(reasons == self.rejected.count, "the rejections by reason")
        require(self.overdue.count <= self.open.count, "more is overdue than open")
        return self

    @property
    def layout(self) -> Layout:
        def totals(name: str, item: Totals) -> tuple[str, str, Tokens]:
            return name, str(item.count), item.tokens

        sale, peak = self.liquidation, self.peak
        times = [
            (name, getattr(self.business_time, field), getattr(self.calendar_time, field))
            for name, field in (("Median", "p50"), ("95 %", "p95"), ("99 %", "p99"), ("Longest", "longest"))
        ]
        return Layout(
            subject=self.requested.tokens.unit,
            figures=(
                ("Paid", self.paid.tokens),
                ("Redemptions paid", self.paid.count),
                ("On time", self.on_time),
                ("Longest, calendar", self.calendar_time.longest),
                ("Open", self.open.count),
            ),
            warnings=[
                text
                for text, wrong in (
                    (f"{self.paid_late} redemption(s) were paid late.", self.paid_late),
                    (f"{self.overdue.count} redemption(s) are overdue.", self.overdue.count),
                    (f"{self.par_failures} payout(s) were not at par.", self.par_failures),
                )
                if wrong
            ],
            blocks=(
                Table(
                    "requests",
                    "Requests",
                    (("", str), ("Number", str), ("Amount", Tokens)),
                    (
                        totals("Requested", self.requested),
                        totals("Became valid", self.became_valid),
                        totals("Rejected", self.rejected),
                        totals("Cancelled", self.cancelled),
                        totals("Paid", self.paid),
                        totals("Open at the end", self.open),
                        totals("of which overdue", self.overdue),
                    ),
                ),
                Table(
                    "times",
                    "From valid to paid",
                    (("", str), ("Business time", Duration), ("Calendar time", Duration)),
                    times,
                    note=f"Hours, minutes, seconds. Business day: {self.business_day}.",
                ),
                Listing(
                    "money",
                    "Money",
                    (
                        ("Paid out", self.net_paid),
                        ("Fees charged", self.fees_charged),
                        ("Payouts not at par", self.par_failures),
                        ("Oldest open request", self.oldest_open),
                        ("Reserve sold to pay", None if sale is None else sale.sold),
                        ("Loss realised by that", None if sale is None else sale.realised_loss),
                        ("Busiest day", None if peak is None else peak.day),
                        ("Redeemed on it", None if peak is None else peak.burned),
                        ("of what was outstanding", None if peak is None else peak.share),
                    ),
                ),
                Table(
                    "rejections",
                    "Rejections by reason",
                    (("Reason", str), ("Number", int)),
                    [(item.reason, item.count) for item in self.rejected_by_reason],
                ),
                Table(
                    "holds",
                    "On hold",
                    (("Order", str), ("Since", Moment), ("Basis", str)),
                    [(item.order_id, item.since, item.basis) for item in self.held],
                ),
            ),
            notes=(f"The clock: {self.clock}.",),
        )


@dataclass(frozen=True, slots=True)
class _Window:
    start: datetime
    end: datetime

    def has(self, instant: datetime | None) -> bool:
        return instant is not None and self.start < instant <= self.end


def redemption_statistics(
    passages: Iterable[RedemptionPassage],
    profile: RegulatorProfile,
    calendar: BusinessCalendar,
    *,
    after: datetime,
    until: datetime,
    zero: Amount,
    currency: str,
    days: Sequence[DayFigures] = (),
    liquidation: Liquidation | None = None,
) -> RedemptionStatistics:
    """The statistics of what happened after `after` and up to `until`, both cut-offs.

    `zero` is no tokens of the coin; `days` are the period's figures, for the busiest day. Raises
    `InvalidInput` for a day whose holidays aren't known.
    """
    window = _Window(after, until)
    known = [item for item in passages if item.requested_at <= until]
    paid = [item for item in known if window.has(item.paid_at)]
    rejected = [item for item in known if window.has(_reached(item, State.REJECTED))]
    still = [item for item in known if _is_open(item, until)]
    late = [item for item in paid if item.due_at is None or (item.paid_at or until) > item.due_at]
    fees = [_par(item) - _paid(item) for item in paid]
    clock = profile.redemption

    def totals(items: Sequence[RedemptionPassage]) -> Totals:
        units = sum(item.amount.base_units for item in items)
        amount = Amount.from_base_units(units, unit=zero.unit, decimals=zero.decimals)
        return Totals(count=len(items), tokens=Tokens.of(amount))

    hours = BusinessTime(calendar, clock.opens, clock.closes)
    spans = [
        (start, item.paid_at) for item in paid if item.paid_at and (start := _started(item, clock.starts))
    ]
    return RedemptionStatistics(
        clock=f"{clock.business_days} business day(s) from {clock.starts.replace('_', ' ')}: {label(clock)}",
        business_days=clock.business_days,
        business_day=f"{calendar.name} {calendar.version}, {clock.opens:%H:%M} to {clock.closes:%H:%M}",
        requested=totals([item for item in known if window.has(item.requested_at)]),
        became_valid=totals([item for item in known if window.has(_reached(item, State.VALID))]),
        rejected=totals(rejected),
        rejected_by_reason=tuple(
            Coded(reason=reason, count=count)
            for reason, count in sorted(Counter(_why(item, State.REJECTED) for item in rejected).items())
        ),
        cancelled=totals([item for item in known if window.has(_reached(item, State.CANCELLED))]),
        paid=totals(paid),
        paid_on_time=len(paid) - len(late),
        paid_late=len(late),
        on_time=share(len(paid) - len(late), len(paid)),
        held=tuple(_hold(item) for item in still if _state(item, until) is State.ON_HOLD),
        open=totals(still),
        overdue=totals([item for item in still if item.due_at is not None and item.due_at < until]),
        oldest_open=max(
            (Duration.of(int((until - item.requested_at).total_seconds())) for item in still),
            key=lambda item: item.seconds,
            default=None,
        ),
        business_time=_times(hours.seconds(start, end) for start, end in spans),
        calendar_time=_times(int((end - start).total_seconds()) for start, end in spans),
        net_paid=Money.cents(sum(_paid(item) for item in paid), currency),
        fees_charged=Money.cents(sum(fee for fee in fees if fee > 0), currency),
        par_failures=sum(fee != 0 for fee in fees),
        peak=_peak(days),
        liquidation=liquidation,
    )


class BusinessTime:
    """The desk's hours on a calendar's business days."""

    def __init__(self, calendar: BusinessCalendar, opens: time, closes: time) -> None:
        self._calendar = calendar
        self._hours = (opens, closes)
        self._known: dict[date, tuple[datetime, datetime] | None] = {}

    def seconds(self, start: datetime, end: datetime) -> int:
        """Whole seconds from `start` to `end` in the desk's hours.

        Raises `InvalidInput` for a day whose holidays aren't known.
        """
        day, last, total = self._calendar.local_date(start), self._calendar.local_date(end), timedelta()
        while day <= last:
            hours = self._known[day] if day in self._known else self._open(day)
            if hours is not None:
                total += max(min(end, hours[1]) - max(start, hours[0]), timedelta())
            day += timedelta(days=1)
        return int(total.total_seconds())

    def _open(self, day: date) -> tuple[datetime, datetime] | None:
        found = None
        if self._calendar.is_business_day(day):
            opens, closes = (
                datetime.combine(day, hour, tzinfo=self._calendar.time_zone).astimezone(UTC)
                for hour in self._hours
            )
            found = (opens, closes)
        self._known[day] = found
        return found


def _times(seconds: Iterable[int]) -> Times:
    ordered = sorted(seconds)

    def rank(percent: int) -> Duration | None:
        # The nearest rank: the smallest value that `percent` of all are not above.
        return Duration.of(ordered[-(-percent * len(ordered) // 100) - 1]) if ordered else None

    return Times(p50=rank(50), p95=rank(95), p99=rank(99), longest=rank(100))


def _reached(item: RedemptionPassage, state: State) -> datetime | None:
    return next((step.at for step in item.steps if step.to is state), None)


def _started(item: RedemptionPassage, starts: str) -> datetime | None:
    return _reached(item, State.VALID if starts == "request_valid" else State.ESCROWED)


def _why(item: RedemptionPassage, state: State) -> str:
    found = next((step.reason for step in reversed(item.steps) if step.to is state), "")
    return found or "no reason is on record"


def _state(item: RedemptionPassage, until: datetime) -> State | None:
    steps = [step.to for step in item.steps if step.at <= until]
    return steps[-1] if steps else None


def _is_open(item: RedemptionPassage, until: datetime) -> bool:
    ended = {State.REJECTED, State.CANCELLED, State.EXPIRED, State.FAILED, State.PAID, State.SETTLED}
    if item.paid_at is not None and item.paid_at <= until:
        return False
    return _state(item, until) not in (None, *ended)


def _hold(item: RedemptionPassage) -> Hold:
    step = next(step for step in reversed(item.steps) if step.to is State.ON_HOLD)
    return Hold(order_id=item.order_id, since=Moment.of(step.at), basis=step.reason or "not recorded")


def _par(item: RedemptionPassage) -> int:
    """In cents."""
    return int(-(-item.amount.base_units * 100 // 10**item.amount.decimals))


def _paid(item: RedemptionPassage) -> int:
    return 0 if item.paid is None else int(item.paid.base_units * 10 ** (2 - item.paid.decimals))


def _peak(days: Sequence[DayFigures]) -> Peak | None:
    best: Peak | None = None
    most = -1
    for day in days:
        opening = sum(chain.opening.outstanding for chain in day.chains)
        burned = sum(chain.burned_today.units for chain in day.chains)
        part = ratio_bps(burned, opening) if opening else 0
        if part > most:
            most = part
            best = Peak(
                day=day.cut_off.day.isoformat(),
                burned=Tokens.of(day.coin.amount(burned)),
                opening=Tokens.of(day.coin.amount(opening)),
                share=share(burned, opening),
            )
    return best
