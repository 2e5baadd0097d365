"""The terms of a fund: what it is to be, as a TOML file.

`FundTerms.load` reads the file and the terms of the coins it settles in, and refuses what could not be
deployed or dealt: each refusal is a ConfigurationError that names the file, the key, the value and the
remedy. Nothing that limits has a default, zero never means unlimited (write `"unlimited"`), and there are no
floats. Shares and NAVs are decimal strings, money is in the fund's currency, shares of a whole are basis
points, times of day are the calendar's wall clock (Hong Kong's).
"""

from __future__ import annotations

from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, PrivateAttr, model_validator

from toolkit.amounts import MAX_DECIMALS, Amount, minor_units
from toolkit.bindings.roles import Role
from toolkit.calendar import BusinessCalendar
from toolkit.dealing_days import DealingCalendar
from toolkit.deployment.fields import (
    Account,
    AmountText,
    BasisPoints,
    Country,
    Model,
    PositiveSeconds,
    ShortText,
    valid,
)
from toolkit.deployment.fund_consistency import check_consistency
from toolkit.deployment.reading import read_file, read_toml
from toolkit.deployment.terms import FeedTerms, Terms
from toolkit.deployment.terms_file import RoleHolder, TermsFile
from toolkit.errors import ConfigurationError, InvalidInput

__all__ = [
    "CalendarTerms",
    "ClassTerms",
    "CoinReference",
    "DistributionTerms",
    "FeeTerms",
    "FundIdentity",
    "FundTerms",
    "GateTerms",
    "InKindTerms",
    "MinimumTerms",
    "NavTerms",
    "PolicyTerms",
    "SwingTerms",
    "WithholdingTerms",
    "load_terms",
]

_MAX_FEE_BPS, _MAX_SWING_BPS, _MIN_GATE_BPS = 500, 300, 100  # hard caps of the vault (FundVault)


def _time_of_day(value: Any) -> time:
    if not isinstance(value, str) or len(value) != len("15:00"):
        raise ValueError('write the time of day as a string, "15:00"')
    try:
        return time.fromisoformat(value)
    except ValueError:
        raise ValueError('write a time of day from "00:00" to "23:59"') from None


TimeOfDay = Annotated[time, BeforeValidator(_time_of_day)]
Code = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,30}$")]
Unlimited = Literal["unlimited"]
InvestorKind = Literal["retail", "individual-professional", "corporate-professional", "institutional"]


class FundIdentity(Model):
    """What the fund is. `authorised`: under s. 104 of the SFO; retail classes need it (R-FND-01)."""

    name: ShortText
    code: Code
    salt: Annotated[str, Field(min_length=1, max_length=64)]
    provider: Annotated[str, Field(min_length=1)]
    underlying: Annotated[str, Field(min_length=1)]
    currency: str
    authorised: bool
    complex: bool

    @model_validator(mode="after")
    def _known_currency(self) -> Self:
        valid(minor_units, self.currency)
        return self


class CoinReference(Model):
    """A coin to settle in, by its own terms (a relative path starts at the fund's), and the `custody`
    account that holds the fund's cash in it.
    """

    terms: Annotated[str, Field(min_length=1)]
    custody: Account


class CalendarTerms(Model):
    """When the fund deals. `years` are those for which `half_days` is complete; other years are refused.

    After `overdue_after`, counted from the cut-off, a request that has no price may be cancelled again: a day
    at least, since whoever may cancel when a value is already known has a free option, and 90 at most.
    """

    name: str
    definition: str
    cut_off: TimeOfDay
    settlement_days: Annotated[int, Field(ge=1, le=20)]  # paid within a month at the latest (UT Code 6.14)
    overdue_after: Annotated[PositiveSeconds, Field(ge=86_400, le=90 * 86_400)]
    years: Annotated[tuple[int, ...], Field(min_length=1, strict=False)]
    half_days: Annotated[tuple[date, ...], Field(strict=False)]
    half_day_cut_off: TimeOfDay

    def calendar(self) -> DealingCalendar:
        """The dealing calendar. Raises `InvalidInput` or `ConfigurationError`."""
        business = BusinessCalendar.load(self.name, definition=self.definition)
        half_days = dict.fromkeys(self.half_days, self.half_day_cut_off)
        return DealingCalendar(
            business,
            self.cut_off,
            self.settlement_days,
            frozenset(self.years),
            half_days,
        )

    @model_validator(mode="after")
    def _dealable(self) -> Self:
        try:
            calendar = self.calendar()
        except (InvalidInput, ConfigurationError) as error:
            raise ValueError(error.message) from None
        unknown = [
            year
            for year in self.years
            if not calendar.business.first_year <= year <= calendar.business.last_year
        ]
        if unknown:
            raise ValueError(
                f"calendar {self.name} knows the holidays of {calendar.business.first_year} to "
                f"{calendar.business.last_year}, not of {unknown[0]}; remove the year, or extend the calendar"
            )
        return self


class NavTerms(FeedTerms):
    """The NAV feed of each class.

    Beyond the feed's bounds every attestor has to sign; beyond `tolerance_bps` against the last strike the
    desk asks a person for a confirmation with evidence.
    """

    decimals: Annotated[int, Field(ge=2, le=MAX_DECIMALS)]
    tolerance_bps: BasisPoints


class WithholdingTerms(Model):
    """Tax withheld from distributions, in basis points by the holder's country (ISO 3166-1 alpha-2)."""

    default_bps: BasisPoints
    rates: dict[Country, BasisPoints]

    def rate(self, country: str) -> int:
        """The basis points withheld from holders in `country`."""
        return self.rates.get(country, self.default_bps)


class DistributionTerms(Model):
    """`pay_days`: business days from record to pay date. After `claim_period` the rest is swept."""

    pay_days: Annotated[int, Field(ge=1)]
    claim_period: PositiveSeconds


class InKindTerms(Model):
    """Who may create and redeem in kind, and how many shares one block is."""

    dealers: Annotated[tuple[Code, ...], Field(min_length=1, strict=False)]
    block_units: AmountText


class PolicyTerms(Model):
    """Who may hold the class. One of `countries_only` and `countries_except` is given.

    `by_investor` adds holdings up over an investor's wallets; limits, lock-up and the holder count need it.
    """

    investors: Annotated[tuple[InvestorKind, ...], Field(min_length=1, strict=False)]
    countries_only: Annotated[tuple[Country, ...] | None, Field(strict=False, min_length=1)] = None
    countries_except: Annotated[tuple[Country, ...] | None, Field(strict=False)] = None
    primary_only: bool
    by_investor: bool
    max_holders: Annotated[int, Field(gt=0, lt=2**24 - 1)] | Unlimited
    max_holding: AmountText
    lock_up_days: Annotated[int, Field(ge=0, lt=2**16)]

    @model_validator(mode="after")
    def _countable(self) -> Self:
        if (self.countries_only is None) == (self.countries_except is None):
            raise ValueError("give either `countries_only` or `countries_except`")
        limited = (self.max_holders, self.max_holding, self.lock_up_days) != ("unlimited", "unlimited", 0)
        if limited and not self.by_investor:
            raise ValueError(
                "a limit, a lock-up or a number of holders counts by investor; set by_investor = true"
            )
        return self


class FeeTerms(Model):
    """What stays in the fund of an amount subscribed and of the proceeds of a redemption; at most 5 %."""

    entry_bps: Annotated[int, Field(ge=0, le=_MAX_FEE_BPS)]
    exit_bps: Annotated[int, Field(ge=0, le=_MAX_FEE_BPS)]


class SwingTerms(Model):
    """The price swings by `factor_bps` (at most 3 %) against the side that moves the fund.

    It does when the net flow exceeds `threshold_bps` of the class's value.
    """

    threshold_bps: BasisPoints
    factor_bps: Annotated[int, Field(ge=0, le=_MAX_SWING_BPS)]


class GateTerms(Model):
    """How much of the class's value may be redeemed on one dealing day: from 1 % to all of it."""

    bps: Annotated[int, Field(ge=_MIN_GATE_BPS, le=10_000)]


class MinimumTerms(Model):
    """Least first and further subscription (money), redemption and remaining holding (shares)."""

    initial: AmountText
    further: AmountText
    redemption: AmountText
    holding: AmountText


class ClassTerms(Model):
    """A share class: one share token, and one vault for each of its coins."""

    code: Code
    name: ShortText
    symbol: Code
    # A gated order leaves the fund up to one base unit a day, which has to be next to nothing.
    decimals: Annotated[int, Field(ge=4, le=MAX_DECIMALS)]
    coins: Annotated[tuple[str, ...], Field(min_length=1, strict=False)]
    initial_nav: AmountText
    policy: PolicyTerms
    fees: FeeTerms
    swing: SwingTerms
    gate: GateTerms
    minimums: MinimumTerms

    def shares(self, text: str) -> Amount:
        """An amount of the class's shares."""
        return Amount.parse(text, unit=self.symbol, decimals=self.decimals)


class FundTerms(TermsFile):
    """A fund's terms. It stands in the suite of its first coin, whose terms name who holds which role."""

    fund: FundIdentity
    coins: Annotated[tuple[CoinReference, ...], Field(min_length=1, strict=False)]
    calendar: CalendarTerms
    nav: NavTerms
    withholding: WithholdingTerms
    distributions: DistributionTerms
    in_kind: InKindTerms | None = None
    classes: Annotated[tuple[ClassTerms, ...], Field(min_length=1, strict=False)]

    _coin_terms: dict[str, Terms] = PrivateAttr(default_factory=dict)

    def _complete(self, path: Path) -> None:
        coins = [Terms.load(path.parent / coin.terms) for coin in self.coins]
        self._coin_terms = {coin.coin.symbol: coin for coin in coins}
        check_consistency(self, path)

    @property
    def record_name(self) -> str:
        return self.fund.code

    @property
    def first_block(self) -> int:
        """Roles were granted in the home coin's suite before the fund was there."""
        return min(self.chain.first_block, self.home.chain.first_block)

    @property
    def dev_accounts(self) -> dict[str, int]:
        """Address → index of every development account that these terms or the home coin's name."""
        return {**self.home.dev_accounts, **super().dev_accounts}

    @property
    def coin_terms(self) -> dict[str, Terms]:
        """Symbol → terms of every coin that the fund settles in, the home coin first."""
        return dict(self._coin_terms)

    @property
    def home(self) -> Terms:
        """The coin in whose suite the fund stands: its access manager, its investor registry."""
        return next(iter(self._coin_terms.values()))

    @property
    def custody(self) -> dict[str, str]:
        """Coin's symbol → the account that holds the fund's cash in it."""
        return dict(zip(self._coin_terms, (coin.custody for coin in self.coins), strict=True))

    def holders(self, role: Role) -> tuple[RoleHolder, ...]:
        return self.home.holders(role)

    def dealing_calendar(self) -> DealingCalendar:
        return self.calendar.calendar()

    def share_class(self, code: str) -> ClassTerms:
        """The class with this code. Raises InvalidInput."""
        for item in self.classes:
            if item.code == code:
                return item
        known = ", ".join(item.code for item in self.classes)
        raise InvalidInput(
            f"fund {self.fund.code} has no class {code!r}: use one of {known}", share_class=code
        )

    def nav_value(self, text: str) -> Amount:
        """A net asset value per share in the fund's currency, with the feed's decimals."""
        return Amount.parse(text, unit=self.fund.currency, decimals=self.nav.decimals)

    def money(self, text: str) -> Amount:
        """An amount of the fund's currency."""
        return Amount.money(text, self.fund.currency)


def load_terms(path: str | Path) -> Terms | FundTerms:
    """The terms of a coin or of a fund (which has a table `fund`) in the file at `path`.

    Raises ConfigurationError.
    """
    path = Path(path)
    raw = read_file(path)
    kind = FundTerms if "fund" in read_toml(raw, path) else Terms
    return kind.parse(raw, file=path)
