"""The daily reserve statement (regulation.md 4.1; Guideline 2.7.2)."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Self

from pydantic import Field, model_validator

from toolkit.amounts import Amount
from toolkit.reporting.figures import ChainFigures, DayFigures
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.reports.content import Content, Layout, Listing, Table
from toolkit.reporting.reports.limits import LimitResult, actuals, limits_of, limits_table
from toolkit.reporting.reports.parts import (
    ChainCut,
    Coin,
    Movement,
    OpenBreak,
    ReserveLine,
    breaks_of,
    breaks_table,
    cuts_table,
    lines_of,
    lines_table,
    moved,
)
from toolkit.reporting.reports.values import (
    Bps,
    Duration,
    Hash32,
    Model,
    Moment,
    Money,
    Text,
    Tokens,
    require,
    sum_money,
)

__all__ = ["Attested", "DailyStatement", "daily_statement"]

_BPS = 10_000


class Attested(Model):
    """The attestation in force on a chain at the cut-off: what minting there was measured by."""

    chain_id: int
    feed: Text
    round: int
    value: Tokens
    as_of: Moment
    age: Duration
    max_age: Duration
    fresh: bool
    headroom: Tokens

    @model_validator(mode="after")
    def _fresh_by_age(self) -> Self:
        old = self.age.seconds > self.max_age.seconds
        require(not (self.fresh and old), f"an attestation of {self.age.display} h is not fresh")
        return self


class DailyStatement(Content):
    """Par value in circulation, and the market value and composition of the reserve, on one day.

    The liability is the tokens in existence at par, frozen ones included, what was burned and isn't paid,
    customers' money that already lies in the reserve account, and what was paid since the reserve's instant,
    whose figure still contains it. Rounded up to the cent; coverage is floored from the exact figure.
    """

    kind: ClassVar[str] = "daily_statement"
    title: ClassVar[str] = "Daily reserve statement"
    closed_days: ClassVar[bool] = True

    statement_date: date
    cut_off: Moment
    time_zone: Text
    coin: Coin
    chains: tuple[ChainCut, ...] = Field(min_length=1)
    opening: Tokens
    minted_today: Movement
    burned_today: Movement
    outstanding_total: Tokens
    outstanding_par: Money
    of_which_frozen: Tokens
    of_which_issuer_held: Tokens
    redemptions_burned_unpaid: Tokens
    subscriptions_received_unminted: Money
    subscriptions_received_elsewhere: Money
    paid_since_reserve_instant: Money
    liability_total: Money
    reserve_report: Hash32 | None
    reserve_as_of: Moment | None
    eligibility: Text | None
    reserve_lines: tuple[ReserveLine, ...]
    reserve_market_value: Money
    unitemised_value: Money
    ineligible_value: Money
    reserve_counted: Money
    price_age_limit: Duration
    surplus: Money
    coverage: Bps | None
    coverage_excl_buffer: Bps | None
    buffer_required: Bps
    limits: tuple[LimitResult, ...]
    attestations: tuple[Attested, ...]
    breaks_open: tuple[OpenBreak, ...]
    valuation_is_carried: bool
    valuation_date: date | None
    ledger_head: Text
    figures_version: int = Field(ge=1)

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        self._one_unit()
        require(
            self.outstanding_total.value
            == self.opening.value + self.minted_today.tokens.value - self.burned_today.tokens.value,
            f"the opening and today's movements don't give {self.outstanding_total.display} outstanding",
        )
        counted = sum_money(line.counted for line in self.reserve_lines)
        require(
            counted == self.reserve_counted.value,
            f"the lines count {counted} cents, not {self.reserve_counted}",
        )
        eligible = [line.market_value for line in self.reserve_lines if line.eligible]
        require(sum_money(eligible) == self.reserve_market_value.value, "market value of the eligible lines")
        require(
            self.outstanding_par == Money.at_par(self.outstanding_total, self.coin.currency),
            "the outstanding total at par",
        )
        require(
            self.liability_total.value == -(-self.exact_liability // self.coin.cent), "the liability total"
        )
        exact = self.coin.finest(cents=self.reserve_counted.value) - self.exact_liability
        require(self.surplus.value == exact // self.coin.cent, "the surplus")
        require(self.coverage == self._coverage(_BPS, 1), "the coverage")
        factor = _BPS + self.buffer_required.bps
        require(
            self.coverage_excl_buffer == self._coverage(_BPS * _BPS, factor), "coverage without the buffer"
        )
        self._lines_and_ages()
        return self

    @property
    def exact_liability(self) -> int:
        """The liability in the coin's or the cent's decimals, whichever has more."""
        return self.coin.finest(
            tokens=self.outstanding_total.value + self.redemptions_burned_unpaid.value,
            cents=self.subscriptions_received_unminted.value + self.paid_since_reserve_instant.value,
        )

    def _coverage(self, times: int, over: int) -> Bps | None:
        if self.exact_liability == 0:
            return None
        return Bps.of(
            self.coin.finest(cents=self.reserve_counted.value) * times // (self.exact_liability * over)
        )

    def _lines_and_ages(self) -> None:
        """What the lines, limits, attestations and breaks state of themselves at this cut-off."""
        ineligible = sum_money(line.market_value for line in self.reserve_lines if not line.eligible)
        require(
            ineligible + self.unitemised_value.value == self.ineligible_value.value, "the ineligible value"
        )
        for line in self.reserve_lines:
            line.require_at(self.statement_date, self.cut_off, self.price_age_limit)
        stand = actuals(self.reserve_lines)
        for item in self.limits:
            require(item.actual.bps == stand.get(item.name), f"what the limit {item.name} stands at")
        aged = [(f"attestation {found.round}", found.as_of, found.age) for found in self.attestations]
        aged += [(found.break_id, found.first_seen, found.age) for found in self.breaks_open]
        for name, since, age in aged:
            seconds = int((self.cut_off.instant - since.instant).total_seconds())
            require(age.seconds == max(seconds, 0), f"the age of {name}")

    def _one_unit(self) -> None:
        self.coin.require_tokens(
            self.opening,
            self.minted_today.tokens,
            self.burned_today.tokens,
            self.outstanding_total,
            self.of_which_frozen,
            self.of_which_issuer_held,
            self.redemptions_burned_unpaid,
        )
        self.coin.require_money(
            self.outstanding_par,
            self.subscriptions_received_unminted,
            self.subscriptions_received_elsewhere,
            self.paid_since_reserve_instant,
            self.liability_total,
            self.reserve_market_value,
            self.unitemised_value,
            self.ineligible_value,
            self.reserve_counted,
            self.surplus,
            *(line.counted for line in self.reserve_lines),
        )
        require(
            self.of_which_frozen.value <= self.outstanding_total.value, "more is frozen than is outstanding"
        )

    @property
    def layout(self) -> Layout:
        return Layout(
            subject=f"{self.coin.symbol}, pool {self.coin.pool_id}",
            figures=(
                ("Outstanding", self.outstanding_total),
                ("Liability", self.liability_total),
                ("Reserve counted", self.reserve_counted),
                ("Coverage", self.coverage),
                ("Surplus", self.surplus),
            ),
            warnings=_warnings(self),
            blocks=(
                _circulation_list(self),
                _cover_list(self),
                lines_table(self.reserve_lines),
                limits_table(self.limits),
                _attestations_table(self.attestations),
                breaks_table(self.breaks_open),
                cuts_table(self.chains),
            ),
            notes=(
                "Outstanding is every token in existence, frozen ones included (Guideline 2.2.1, 2.2.3).",
                "Coverage is floored; the liability is rounded up to the cent.",
                "A line that isn't shown to be eligible counts zero.",
            ),
        )


def daily_statement(day: DayFigures, profile: RegulatorProfile) -> DailyStatement:
    """The statement of one day. Raises `InvalidInput` for figures that contradict each other."""
    coin, ledger, reserve = day.coin, day.ledger, day.reserve
    lines = lines_of(day, max_price_age_seconds=profile.limits.price_age_hours * 3600)
    return DailyStatement(
        statement_date=day.cut_off.day,
        cut_off=Moment.of(day.cut_off.instant),
        time_zone=day.cut_off.time_zone,
        coin=Coin.of(day),
        chains=tuple(ChainCut.of(chain) for chain in day.chains),
        opening=Tokens.of(coin.amount(sum(chain.opening.outstanding for chain in day.chains))),
        minted_today=_flow(day, "minted_today"),
        burned_today=_flow(day, "burned_today"),
        outstanding_total=Tokens.of(coin.amount(day.outstanding)),
        outstanding_par=Money.at_par(coin.amount(day.outstanding), coin.currency),
        of_which_frozen=Tokens.of(coin.amount(sum(chain.frozen for chain in day.chains))),
        of_which_issuer_held=Tokens.of(coin.amount(sum(chain.held("ISSUER_HELD") for chain in day.chains))),
        redemptions_burned_unpaid=Tokens.of(coin.amount(ledger.burned_unpaid)),
        subscriptions_received_unminted=Money.of(coin.money(ledger.received_in_reserve)),
        subscriptions_received_elsewhere=Money.of(coin.money(ledger.received_elsewhere)),
        paid_since_reserve_instant=Money.of(coin.money(ledger.paid_since_statement)),
        liability_total=_rounded(day, day.liability, up=True),
        reserve_report=None if reserve is None else reserve.report_hash,
        reserve_as_of=None if reserve is None else Moment.of(reserve.as_of),
        eligibility=None if reserve is None else reserve.profile,
        reserve_lines=lines,
        reserve_market_value=Money.cents(
            sum_money(line.market_value for line in lines if line.eligible), coin.currency
        ),
        ineligible_value=Money.of(coin.money(0 if reserve is None else reserve.ineligible_value)),
        unitemised_value=_unitemised(day),
        price_age_limit=Duration.of(profile.limits.price_age_hours * 3600),
        reserve_counted=Money.of(coin.money(0 if reserve is None else reserve.counted)),
        surplus=_rounded(day, day.surplus, up=False),
        coverage=None if day.coverage_bps is None else Bps.of(day.coverage_bps),
        coverage_excl_buffer=(
            None if day.coverage_excl_buffer_bps is None else Bps.of(day.coverage_excl_buffer_bps)
        ),
        buffer_required=Bps.of(day.buffer_bps),
        limits=limits_of(lines, profile.limits),
        attestations=tuple(_attested(day, chain) for chain in day.chains if chain.attestation is not None),
        breaks_open=breaks_of(day),
        valuation_is_carried=reserve is not None and reserve.carried,
        valuation_date=None if reserve is None else reserve.valuation_date,
        ledger_head=f"{ledger.head_seq}:{ledger.head_hash}",
        figures_version=day.version,
    )


def _flow(day: DayFigures, name: str) -> Movement:
    from toolkit.reporting.figures import Flow

    flows = [getattr(chain, name) for chain in day.chains]
    return moved(day, Flow(units=sum(flow.units for flow in flows), count=sum(flow.count for flow in flows)))


def _rounded(day: DayFigures, scaled: int, *, up: bool) -> Money:
    """A figure in `scale` decimals in cents, up or down."""
    scaled *= 10 ** max(2 - day.coin.scale, 0)
    cent = 10 ** max(day.coin.scale - 2, 0)
    return Money.cents(-(-scaled // cent) if up else scaled // cent, day.coin.currency)


def _unitemised(day: DayFigures) -> Money:
    stated = None if day.reserve is None else day.reserve.report.get("unitemised")
    return Money.of(Amount.money("0" if stated is None else stated["amount"], day.coin.currency))


def _attested(day: DayFigures, chain: ChainFigures) -> Attested:
    found = chain.attestation
    if found is None:
        raise ValueError("a chain without an attestation has no row")
    age = max(int((day.cut_off.instant - found.as_of).total_seconds()), 0)
    return Attested(
        chain_id=chain.cut.chain_id,
        feed=found.feed,
        round=found.round,
        value=Tokens.of(day.coin.amount(found.value)),
        as_of=Moment.of(found.as_of),
        age=Duration.of(age),
        max_age=Duration.of(found.max_age),
        # The chain answers for its last block, which may be long before the cut-off.
        fresh=found.fresh and age <= found.max_age,
        headroom=Tokens.of(day.coin.amount(found.headroom)),
    )


def _warnings(statement: DailyStatement) -> list[str]:
    found = []
    if statement.reserve_report is None:
        found.append("There is no reserve report for this day: the reserve counts zero.")
    if statement.surplus.value < 0:
        found.append(f"Shortfall of {statement.surplus.amount.lstrip('-')} {statement.surplus.currency}.")
    if statement.valuation_is_carried:
        found.append(f"The valuation is carried from {statement.valuation_date}.")
    stale = [line.line_id for line in statement.reserve_lines if line.price_stale]
    if stale:
        found.append(f"Prices that are stale or not dated: {', '.join(stale)}.")
    found += [f"Limit not kept: {limit.name}." for limit in statement.limits if not limit.kept]
    found += [
        f"The attestation on chain {item.chain_id} is not fresh: minting stands still."
        for item in statement.attestations
        if not item.fresh
    ]
    if statement.breaks_open:
        found.append(f"{len(statement.breaks_open)} break(s) are open.")
    return found


def _circulation_list(statement: DailyStatement) -> Listing:
    return Listing(
        "circulation",
        "In circulation",
        (
            ("Outstanding at the day before's cut-off", statement.opening),
            (f"Minted ({statement.minted_today.count})", statement.minted_today.tokens),
            (f"Burned ({statement.burned_today.count})", statement.burned_today.tokens),
            ("Outstanding at the cut-off", statement.outstanding_total),
            ("of which frozen", statement.of_which_frozen),
            ("of which held by the issuer", statement.of_which_issuer_held),
        ),
        sums=("Outstanding at the cut-off",),
    )


def _cover_list(statement: DailyStatement) -> Listing:
    return Listing(
        "cover",
        "Liability and cover",
        (
            ("Outstanding at par", statement.outstanding_par),
            (
                "Burned, not yet paid",
                Money.at_par(statement.redemptions_burned_unpaid, statement.coin.currency),
            ),
            (
                "Received in the reserve account, not yet minted",
                statement.subscriptions_received_unminted,
            ),
            ("Paid since the reserve's instant", statement.paid_since_reserve_instant),
            ("Liability", statement.liability_total),
            ("Reserve at market value, eligible lines", statement.reserve_market_value),
            ("Reserve as counted", statement.reserve_counted),
            ("Ineligible, counted as zero", statement.ineligible_value),
            ("Surplus", statement.surplus),
            ("Coverage", statement.coverage),
            ("Coverage with the buffer kept back", statement.coverage_excl_buffer),
            ("Buffer required", statement.buffer_required),
            ("Reserve as of", statement.reserve_as_of),
        ),
        sums=("Liability", "Reserve as counted", "Surplus", "Coverage"),
        note="Received outside of the reserve account, and so neither reserve nor liability: "
        f"{statement.subscriptions_received_elsewhere.amount} {statement.coin.currency}.",
    )


def _attestations_table(items: tuple[Attested, ...]) -> Table:
    return Table(
        "attestations",
        "Attestations in force",
        (
            ("Chain", str),
            ("Round", int),
            ("Value", Tokens),
            ("As of", Moment),
            ("Age", Duration),
            ("Fresh", bool),
            ("Headroom", Tokens),
        ),
        [
            (str(item.chain_id), item.round, item.value, item.as_of, item.age, item.fresh, item.headroom)
            for item in items
        ],
        empty="No attestation: nothing can be minted.",
    )
