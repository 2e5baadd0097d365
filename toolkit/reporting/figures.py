"""The figures of one day as of its cut-off: what a closed day consists of, and every report is drawn from.

Only primary figures are stored, each read from one source: the chain's events, the chain's views, the
order ledger, the reserve report, the omnibus sub-ledgers, the fund register, the bank. Whatever follows from
them is a property, so that nothing is told twice and nothing can disagree with itself. Amounts are whole
numbers: `Units` of the coin or the share in base units, `Minor` of the currency in its smallest unit; JSON
has them as strings of digits. Where both meet, all is held in `Coin.scale` decimals: nothing is rounded.
"""

from __future__ import annotations

import hashlib
from decimal import Decimal
from typing import Any, Literal, Self

import rfc8785
from pydantic import Field, ValidationError

from toolkit.amounts import Amount, minor_units
from toolkit.errors import InvalidInput
from toolkit.reporting.fields import (
    Address,
    Count,
    Day,
    Digest,
    Figures,
    Hash,
    Instant,
    Minor,
    SignedMinor,
    Text,
    Units,
)

__all__ = [
    "AccountFigures",
    "AttestationFigures",
    "BreakSummary",
    "CashFigures",
    "ChainFigures",
    "ClassFigures",
    "Coin",
    "Cut",
    "CutOffFigures",
    "DayFigures",
    "Flow",
    "HeldClass",
    "InputHash",
    "LedgerFigures",
    "LineFigures",
    "OmnibusFigures",
    "RedemptionFigures",
    "ReserveFigures",
    "SpecialHolding",
    "SupplyFigures",
]

_BPS = 10_000


class Coin(Figures):
    """Which coin. `pool` is the id of its reserve pool: one pool per coin (Guideline 2.5.1)."""

    symbol: Text
    decimals: int = Field(ge=0, le=18)
    currency: Text
    pool: Text

    def amount(self, base_units: int) -> Amount:
        """Base units as an amount of the coin."""
        return Amount.from_base_units(base_units, unit=self.symbol, decimals=self.decimals, signed=True)

    def money(self, minor: int) -> Amount:
        """Smallest units of the currency as an amount."""
        places = minor_units(self.currency)
        return Amount.from_base_units(minor, unit=self.currency, decimals=places, signed=True)

    @property
    def scale(self) -> int:
        """The decimals in which money and coins are compared without rounding."""
        return max(self.decimals, minor_units(self.currency))

    def scaled_units(self, base_units: int) -> int:
        """Base units at par in `scale` decimals."""
        return int(base_units * 10 ** (self.scale - self.decimals))

    def scaled_minor(self, minor: int) -> int:
        """Smallest units of the currency in `scale` decimals."""
        return int(minor * 10 ** (self.scale - minor_units(self.currency)))

    def at_par(self, scaled: int) -> Amount:
        """A figure in `scale` decimals as an amount of the currency, exact."""
        return Amount.from_base_units(scaled, unit=self.currency, decimals=self.scale, signed=True)


class CutOffFigures(Figures):
    """The instant up to and including which everything belongs to `day`, a date in `time_zone`."""

    day: Day
    instant: Instant
    time_zone: Text


class Cut(Figures):
    """Where one chain stands at the cut-off: its last block whose timestamp is not after it.

    `finality` is the policy under which the block was final when it was read, in words.
    """

    chain_id: Count
    chain_name: Text
    block_number: Count
    block_hash: Hash
    block_time: Instant
    finality: Text


class Flow(Figures):
    """Units and how many movements they came in."""

    units: Units
    count: Count


class SupplyFigures(Figures):
    """A token's totals since its deployment, in base units."""

    minted: Units
    burned: Units
    discharged: Units

    @property
    def outstanding(self) -> int:
        """Every token in existence, frozen ones included."""
        return self.minted - self.burned

    @property
    def payable(self) -> int:
        """Burned and, as the chain has it, not yet paid out."""
        return self.burned - self.discharged


HeldClass = Literal[
    "ISSUER_HELD", "TIME_LOCKED", "TEMPORARILY_FROZEN", "TEST", "PERMANENTLY_FROZEN", "BURN_ADDRESS"
]
"""Why tokens are set apart in one of the two definitions of outstanding (AICPA 2025, rows 2 to 4)."""


class SpecialHolding(Figures):
    """Tokens at one account that one of the definitions sets apart. `authority` says on whose word."""

    account: Address
    held_class: HeldClass
    units: Units
    authority: Text


class AttestationFigures(Figures):
    """The last attestation at the cut-off block. `value` and `ceiling` are in the coin's base units."""

    feed: Address
    round: Count
    value: Units
    as_of: Instant
    report: Hash
    max_age: Count
    fresh: bool
    discharged_by_then: Units
    buffer_bps: Count
    ceiling: Units
    headroom: Units


class ChainFigures(Figures):
    """One chain at its cut-off block. `opening` is as of the day before's cut-off block.

    `replayed` is added up from events; `called` are the token's own totals at the same block, None where the
    node no longer has that state (replayed only). `burned_today` includes what compliance burned by order.
    `special` lists accounts once for each class. `escrowed` is what open redemption requests hold,
    `unsolicited` what the market holds beyond them.
    """

    cut: Cut
    token: Address
    market: Address
    implementation: Address | None
    opening: SupplyFigures
    replayed: SupplyFigures
    called: SupplyFigures | None
    minted_today: Flow
    burned_today: Flow
    discharged_today: Flow
    burned_by_order: Units
    burned_by_order_today: Flow = Flow(units=0, count=0)
    recovered_today: Flow
    frozen: Units
    special: tuple[SpecialHolding, ...]
    escrowed: Units
    unsolicited: Units
    holders: Count
    omnibus_holders: Count
    top_ten: Units
    attestation: AttestationFigures | None

    def held(self, *classes: HeldClass) -> int:
        """The sum of what stands in these classes, in base units."""
        return sum(item.units for item in self.special if item.held_class in classes)

    @property
    def supply_difference(self) -> int | None:
        """The call's supply less the replayed one; None where the call could not be made."""
        return None if self.called is None else self.called.outstanding - self.replayed.outstanding

    @property
    def redeemable(self) -> int:
        """Redeemable tokens outstanding (AICPA 2025, Part I): may never drive an alarm or a mint guard."""
        return self.replayed.outstanding - self.held(
            "TIME_LOCKED", "TEMPORARILY_FROZEN", "TEST", "PERMANENTLY_FROZEN", "BURN_ADDRESS"
        )


class RedemptionFigures(Figures):
    """The day's redemptions as the ledger has them (4.5); times are for the reports to work out."""

    requested: Flow
    became_valid: Flow
    rejected: Flow
    cancelled: Flow
    paid: Flow
    open: Flow
    overdue: Flow
    held: Flow


class LedgerFigures(Figures):
    """The order ledger as of the cut-off. An order is minted or burned if its block is at or before the cut.

    `head_seq` and `head_hash` are the end of the ledger's hash chain when it was read: nothing written later
    is in these figures. `burned_unpaid` is burned and not paid by the bank; `paid_undischarged` was paid and
    stands in no final payout on the chain yet (negative where the chain has one that the bank made later);
    `paid_since_statement` was paid after the instant of the reserve report, whose figure still contains the
    money. `received_in_reserve` is customers' money for orders not minted yet that lies inside the reserve
    account, `received_elsewhere` the same outside of it.
    """

    head_seq: Count
    head_hash: Digest
    minted: Flow
    burned: Flow
    minted_today: Flow
    burned_today: Flow
    burned_unpaid: Units
    paid_undischarged: SignedMinor
    paid_since_statement: Minor
    received_in_reserve: Minor
    received_elsewhere: Minor
    returned_today: Minor
    redemptions: RedemptionFigures


class LineFigures(Figures):
    """What one line of the reserve report counts, and why."""

    line_id: Text
    counted: Minor
    eligible: bool
    reason: Text


class ReserveFigures(Figures):
    """The reserve report in force: the document itself, and each line counted under `profile`.

    `report` is `ReserveReport.to_data()`, `report_hash` its keccak. `market_value` is of the eligible lines,
    `ineligible_value` of the others, which count zero. `carried` says that it values an earlier
    day (a holiday), and `valuation_date` which.
    """

    report: dict[str, Any]
    report_hash: Hash
    profile: Text
    as_of: Instant
    lines: tuple[LineFigures, ...]
    market_value: Minor
    ineligible_value: Minor
    carried: bool
    valuation_date: Day
    buffer_bps: Count

    @property
    def counted(self) -> int:
        """What backs the coin, in smallest units of the currency."""
        return sum(line.counted for line in self.lines)


class OmnibusFigures(Figures):
    """An omnibus wallet's balance on chain beside the sum of its clients' sub-ledger, in base units."""

    wallet: Address
    token: Address
    balance: Units
    sub_ledger: Units
    clients: Count
    reference: Text

    @property
    def difference(self) -> int:
        return self.balance - self.sub_ledger


class ClassFigures(Figures):
    """A share class: units in the register beside the token, and what is owed to its investors.

    `registered` is the sum of the register's units, `payable_ledger` and `payable_chain` are the coin's base
    units. `unknown_holders` hold shares and stand in no register.
    """

    share_class: Text
    token: Address
    decimals: Count
    registered: Units
    replayed: Units
    called: Units | None
    holders: Count
    payable_ledger: Units
    payable_chain: Units
    unknown_holders: tuple[Address, ...]


class AccountFigures(Figures):
    """One bank account over the day, from imported statements; amounts in its currency's smallest units.

    `statements` are the ids of the files' statements. `unmatched` are bank entries that belong to no order,
    payout or return; `missing` are receipts and payouts of the ledger that stand in no statement.
    """

    account: Text
    purpose: Literal["RESERVE", "CLIENT_MONEY", "OPERATING"]
    currency: Text
    statements: tuple[Text, ...]
    opening: SignedMinor
    credits: Flow
    debits: Flow
    closing: SignedMinor
    unmatched: tuple[Text, ...]
    missing: tuple[Text, ...]


class CashFigures(Figures):
    """What the reserve report states to lie on a bank account, beside the bank's balance on the same day.

    `lines` are the report's, `stated` is their nominal in `currency`, the report's; `balance` is the bank's
    in `bank_currency` at the end of `day`, None where no statement has it.
    """

    account: Text
    reference: Text
    day: Day
    lines: tuple[Text, ...]
    currency: Text
    line_currencies: tuple[Text, ...]
    stated: SignedMinor
    bank_currency: Text | None
    statement: Text | None
    balance: SignedMinor | None

    @property
    def is_comparable(self) -> bool:
        """Whether lines, report and bank speak of one currency."""
        return {self.currency, self.bank_currency, *self.line_currencies} == {self.currency}


class BreakSummary(Figures):
    """A break that was open at the cut-off's closing (4.8). `amount` is in base units of `unit`."""

    break_id: Text
    break_type: Text
    severity: Literal["low", "high", "critical"]
    amount: SignedMinor
    unit: Text
    decimals: Count
    first_seen: Instant
    owner: str | None
    explanation: str | None
    state: Text


class InputHash(Figures):
    """What went in, and its sha256."""

    name: Text
    sha256: Digest


class DayFigures(Figures):
    """Everything that is known of one day as of its cut-off, and nothing that follows from it."""

    schema_version: Literal[1] = 1
    version: int = Field(ge=1)
    market: Text
    coin: Coin
    cut_off: CutOffFigures
    chains: tuple[ChainFigures, ...] = Field(min_length=1)
    ledger: LedgerFigures
    reserve: ReserveFigures | None
    omnibus: tuple[OmnibusFigures, ...]
    classes: tuple[ClassFigures, ...]
    bank: tuple[AccountFigures, ...]
    cash: tuple[CashFigures, ...] = ()
    breaks: tuple[BreakSummary, ...]
    inputs: tuple[InputHash, ...]

    # ---------------------------------------------------------------------------------- reading and writing

    @classmethod
    def from_data(cls, data: Any) -> Self:
        """The figures from JSON data. Raises InvalidInput naming every field that can't be used."""
        try:
            return cls.model_validate_json(rfc8785.dumps(data))
        except (ValidationError, rfc8785.CanonicalizationError) as error:
            raise InvalidInput(f"these are no figures of a day: {error}") from error

    def to_data(self) -> dict[str, Any]:
        """JSON data: amounts as strings of digits, instants in UTC.

        `cash` stands in it only where an account was compared: the bytes of days that were closed before
        accounts were are what they were.
        """
        data = self.model_dump(mode="json")
        if not self.cash:
            del data["cash"]
        return data

    @property
    def canonical(self) -> bytes:
        """RFC 8785 of `to_data`: the same bytes on every machine."""
        return rfc8785.dumps(self.to_data())

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.canonical).hexdigest()

    # -------------------------------------------------------------------- outstanding, in its two definitions

    @property
    def outstanding(self) -> int:
        """Base units over all chains, frozen tokens included (Guideline 2.2.1, 2.2.3)."""
        return sum(chain.replayed.outstanding for chain in self.chains)

    @property
    def redeemable(self) -> int:
        """Base units over all chains by the AICPA's definition: for its attestation and nothing else."""
        return sum(chain.redeemable for chain in self.chains)

    # ------------------------------------------------------------------------- coverage, in `scale` decimals

    @property
    def liability(self) -> int:
        """Outstanding at par, burned and unpaid, paid since the statement, and received and unminted money
        that already lies in the reserve account, in `coin.scale` decimals of the currency (trap T6).
        """
        units = self.outstanding + self.ledger.burned_unpaid
        minor = self.ledger.received_in_reserve + self.ledger.paid_since_statement
        return self.coin.scaled_units(units) + self.coin.scaled_minor(minor)

    @property
    def reserve_counted(self) -> int:
        """What counts of the reserve, in `coin.scale` decimals; zero without a report."""
        return 0 if self.reserve is None else self.coin.scaled_minor(self.reserve.counted)

    @property
    def surplus(self) -> int:
        """Reserve less liability in `coin.scale` decimals; negative at a shortfall."""
        return self.reserve_counted - self.liability

    @property
    def coverage_bps(self) -> int | None:
        """Reserve over liability, floored; None when there is no liability."""
        return self.reserve_counted * _BPS // self.liability if self.liability else None

    @property
    def buffer_bps(self) -> int:
        """The over-collateralisation that the desk's policy asks for."""
        return 0 if self.reserve is None else self.reserve.buffer_bps

    @property
    def coverage_excl_buffer_bps(self) -> int | None:
        """The same with the buffer kept back, floored once."""
        if not self.liability:
            return None
        return self.reserve_counted * _BPS * _BPS // ((_BPS + self.buffer_bps) * self.liability)

    @property
    def mint_ceiling(self) -> int:
        """What `outstanding` may reach: the reserve less what is burned and unpaid, and less what was paid
        since the statement, in `coin.scale` decimals. Money that no order is matched to is not in it as such:
        the desk mints against an order whose money is matched, and no other.
        """
        owed = self.coin.scaled_units(self.ledger.burned_unpaid)
        owed += self.coin.scaled_minor(self.ledger.paid_since_statement)
        return self.reserve_counted * _BPS // (_BPS + self.buffer_bps) - owed

    def percent(self, bps: int | None) -> str:
        """Basis points for people, `111.11%`; a dash for none."""
        return "-" if bps is None else f"{Decimal(bps) / 100:.2f}%"
