"""A column of the attestation's schedule: tokens, redemption assets and surplus as of one instant.

Both definitions of outstanding stand in each: every token in existence, by which coverage is measured, and
the AICPA's redeemable tokens, which leave out what is restricted.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from toolkit.reporting.figures import ChainFigures, DayFigures
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.reports.content import Table
from toolkit.reporting.reports.parts import ChainCut, lines_of
from toolkit.reporting.reports.values import (
    Model,
    Moment,
    Money,
    Text,
    Tokens,
    require,
    sum_money,
    sum_tokens,
)

__all__ = ["Column", "assets_table", "column_of"]

_LESS = ("time_locked", "temporarily_frozen", "test_tokens", "permanently_frozen", "burn_address")


class ChainTokens(Model):
    """Rows 1 to 5 on one chain."""

    cut: ChainCut
    contract: Text
    standard: Text
    natively_minted: Tokens
    time_locked: Tokens
    temporarily_frozen: Tokens
    test_tokens: Tokens
    permanently_frozen: Tokens
    burn_address: Tokens
    redeemable: Tokens

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        less = sum_tokens(getattr(self, name) for name in _LESS)
        require(self.natively_minted.value - less == self.redeemable.value, "redeemable tokens of a chain")
        return self


class Asset(Model):
    """Row 6: one line of the reserve as it counts, or at market value where it doesn't."""

    line_id: Text
    asset_class: Text
    amount: Money
    holder: Text
    country: Text
    account_nature: Text
    pledged: Literal["no", "yes", "not stated"]
    eligible: bool


class Column(Model):
    """Rows 1 to 11 as of one instant. Surplus is against either definition; a negative one is a deficit."""

    name: Literal["period end", "random day"]
    as_of: Moment
    time_zone: Text
    chains: tuple[ChainTokens, ...] = Field(min_length=1)
    outstanding: Tokens
    redeemable: Tokens
    outstanding_at_par: Money
    redeemable_at_par: Money
    assets: tuple[Asset, ...]
    assets_total: Money
    ineligible: Money
    net_other_assets: Money
    available: Money
    burned_not_paid: Money
    received_not_minted: Money
    paid_since_reserve_instant: Money
    timing_differences: Money
    surplus_to_redeemable: Money
    surplus_to_outstanding: Money

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        require(
            sum_tokens(item.natively_minted for item in self.chains) == self.outstanding.value,
            f"{self.name}: row 1 over all chains",
        )
        require(
            sum_tokens(item.redeemable for item in self.chains) == self.redeemable.value,
            f"{self.name}: row 5 over all chains",
        )
        currency = self.assets_total.currency
        require(
            self.outstanding_at_par == Money.at_par(self.outstanding, currency), f"{self.name}: row 5a at par"
        )
        require(
            self.redeemable_at_par == Money.at_par(self.redeemable, currency), f"{self.name}: row 5 at par"
        )
        require(
            sum_money(item.amount for item in self.assets) == self.assets_total.value, f"{self.name}: row 6"
        )
        require(
            sum_money(item.amount for item in self.assets if not item.eligible) == self.ineligible.value,
            f"{self.name}: row 7",
        )
        available = self.assets_total.value - self.ineligible.value + self.net_other_assets.value
        require(self.available.value == available, f"{self.name}: row 9")
        timing = (self.burned_not_paid, self.received_not_minted, self.paid_since_reserve_instant)
        require(sum_money(timing) == self.timing_differences.value, f"{self.name}: row 10")
        rest = available - self.timing_differences.value
        require(
            self.surplus_to_redeemable.value == rest - self.redeemable_at_par.value
            and self.surplus_to_outstanding.value == rest - self.outstanding_at_par.value,
            f"{self.name}: row 11",
        )
        return self


def column_of(
    name: Literal["period end", "random day"], day: DayFigures, profile: RegulatorProfile, other: int
) -> Column:
    """The column of a day. `other` are cents: income receivable less fees payable."""
    currency = day.coin.currency
    assets = _assets(day, profile)
    total = sum_money(item.amount for item in assets)
    ineligible = sum_money(item.amount for item in assets if not item.eligible)
    available = total - ineligible + other
    outstanding = Tokens.of(day.coin.amount(day.outstanding))
    redeemable = Tokens.of(day.coin.amount(day.redeemable))
    timing = (
        Money.at_par(day.coin.amount(day.ledger.burned_unpaid), currency),
        Money.of(day.coin.money(day.ledger.received_in_reserve)),
        Money.of(day.coin.money(day.ledger.paid_since_statement)),
    )
    rest = available - sum_money(timing)
    return Column(
        name=name,
        as_of=Moment.of(day.cut_off.instant),
        time_zone=day.cut_off.time_zone,
        chains=tuple(_chain(day, chain) for chain in day.chains),
        outstanding=outstanding,
        redeemable=redeemable,
        outstanding_at_par=Money.at_par(outstanding, currency),
        redeemable_at_par=Money.at_par(redeemable, currency),
        assets=assets,
        assets_total=Money.cents(total, currency),
        ineligible=Money.cents(ineligible, currency),
        net_other_assets=Money.cents(other, currency),
        available=Money.cents(available, currency),
        burned_not_paid=timing[0],
        received_not_minted=timing[1],
        paid_since_reserve_instant=timing[2],
        timing_differences=Money.cents(sum_money(timing), currency),
        surplus_to_redeemable=Money.cents(rest - Money.at_par(redeemable, currency).value, currency),
        surplus_to_outstanding=Money.cents(rest - Money.at_par(outstanding, currency).value, currency),
    )


def _chain(day: DayFigures, chain: ChainFigures) -> ChainTokens:
    def tokens(units: int) -> Tokens:
        return Tokens.of(day.coin.amount(units))

    return ChainTokens(
        cut=ChainCut.of(chain),
        contract=chain.token,
        standard="ERC-20",
        natively_minted=tokens(chain.replayed.outstanding),
        time_locked=tokens(chain.held("TIME_LOCKED")),
        temporarily_frozen=tokens(chain.held("TEMPORARILY_FROZEN")),
        test_tokens=tokens(chain.held("TEST")),
        permanently_frozen=tokens(chain.held("PERMANENTLY_FROZEN")),
        burn_address=tokens(chain.held("BURN_ADDRESS")),
        redeemable=tokens(chain.redeemable),
    )


def _assets(day: DayFigures, profile: RegulatorProfile) -> tuple[Asset, ...]:
    pledged: dict[bool | None, Literal["no", "yes", "not stated"]] = {
        False: "no",
        True: "yes",
        None: "not stated",
    }
    return tuple(
        Asset(
            line_id=line.line_id,
            asset_class=line.asset_class,
            amount=line.counted if line.eligible else line.market_value,
            holder=line.custodian or "not stated",
            country=line.custody_country or "not stated",
            account_nature=f"pool {day.coin.pool}, segregated"
            if line.confirmation is not None
            else "not confirmed by the custodian",
            pledged=pledged[line.encumbered],
            eligible=line.eligible,
        )
        for line in lines_of(day, max_price_age_seconds=profile.limits.price_age_hours * 3600)
    )


def assets_table(column: Column) -> Table:
    return Table(
        f"assets_{column.name.replace(' ', '_')}",
        f"6. Redemption assets, {column.name}",
        (
            ("Line", str),
            ("Class", str),
            ("Amount", Money),
            ("Held by", str),
            ("Country", str),
            ("Account", str),
            ("Pledged", str),
            ("Eligible", bool),
        ),
        [
            (
                item.line_id,
                item.asset_class,
                item.amount,
                item.holder,
                item.country,
                item.account_nature,
                item.pledged,
                item.eligible,
            )
            for item in column.assets
        ],
        empty="No reserve report: nothing is available.",
    )
