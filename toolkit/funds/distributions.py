"""Distributions: what each holder of the record date is paid, what is withheld, and what nobody claimed.

Whoever holds at the end of the record date is entitled, shares that a vault keeps for them included. From the
ex date on, the next dealing day, the price is without the distribution; the pay date follows business days
later. Amounts are rounded down to the coin's base unit and tax withheld is rounded up, and what the roundings
leave is reported and stays with the fund. A holder who reinvests gets an order instead of a leaf. What isn't
claimed within the terms' period returns to the fund.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount, parse_decimal
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import keccak, to_hex
from toolkit.errors import InvalidInput
from toolkit.funds.errors import NothingToPay, TooEarlyToSweep
from toolkit.funds.fields import canonical_json
from toolkit.funds.merkle import StandardMerkleTree

if TYPE_CHECKING:
    from toolkit.dealing_days import DealingCalendar
    from toolkit.deployment.fund_terms import FundTerms
    from toolkit.funds.register import Register, RegisterRow

__all__ = [
    "LEAF_TYPES",
    "Choice",
    "Distribution",
    "DistributionDates",
    "Entitlement",
    "Sweep",
    "distribute",
    "distribution_dates",
]

LEAF_TYPES = ("uint256", "address", "uint256")
"""A leaf: its index, the account, the amount in the coin's base units."""

_BPS = 10_000


class Choice(StrEnum):
    """What a holder wants of a distribution."""

    CASH = "cash"
    REINVEST = "reinvest"


@dataclass(frozen=True, slots=True)
class DistributionDates:
    """Record date (a dealing day), ex date (the next one), pay date; after `last_claim` the rest returns."""

    record: date
    ex: date
    pay: date
    last_claim: datetime

    def to_data(self) -> dict[str, str]:
        """JSON data."""
        return {
            "record_date": self.record.isoformat(),
            "ex_date": self.ex.isoformat(),
            "pay_date": self.pay.isoformat(),
            "last_claim": self.last_claim.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Entitlement:
    """One holder's part: `gross = withheld + net`, in the coin. `wallet` is where cash is claimed."""

    account: str
    country: str
    units: Amount
    gross: Amount
    withheld: Amount
    net: Amount
    choice: Choice
    wallet: str | None

    def to_data(self) -> dict[str, Any]:
        """JSON data: amounts as decimal strings."""
        return {
            "account": self.account,
            "country": self.country,
            "units": str(self.units),
            "gross": str(self.gross),
            "withheld": str(self.withheld),
            "net": str(self.net),
            "choice": self.choice.value,
            "wallet": self.wallet,
        }


@dataclass(frozen=True, slots=True)
class Sweep:
    """What was claimed of a distribution by when, and what returns to the fund."""

    claimed: Amount
    unclaimed: Amount
    entitlements: tuple[Entitlement, ...]


@dataclass(frozen=True, slots=True)
class Distribution:
    """A distribution as it is to be paid. `per_share` is in the coin's unit, per whole share.

    `total` is the exact entitlement of all units rounded down; `residual` is what of it the roundings of the
    holders leave to the fund. `tree` is None when everybody reinvests.
    """

    share_class: str
    register_version: str
    register_hash: bytes
    dates: DistributionDates
    per_share: str
    entitlements: tuple[Entitlement, ...]
    total: Amount
    residual: Amount
    tree: StandardMerkleTree | None

    @property
    def cash(self) -> tuple[Entitlement, ...]:
        """Who is paid in the coin, in the order of the tree's leaves."""
        return tuple(
            item for item in self.entitlements if item.choice is Choice.CASH and not item.net.is_zero
        )

    @property
    def reinvested(self) -> tuple[Entitlement, ...]:
        """Whose net amount is subscribed on the pay date."""
        return tuple(
            item for item in self.entitlements if item.choice is Choice.REINVEST and not item.net.is_zero
        )

    @property
    def payable(self) -> Amount:
        """What the contract has to hold: the sum of the leaves."""
        return self._sum(item.net for item in self.cash)

    @property
    def withheld(self) -> Amount:
        return self._sum(item.withheld for item in self.entitlements)

    def proof(self, account: str) -> tuple[int, str, int, tuple[bytes, ...]]:
        """What an account's claim takes: index, wallet, base units and proof. Raises `InvalidInput`."""
        for index, item in enumerate(self.cash):
            if item.account == account and self.tree is not None:
                return index, item.wallet or "", item.net.base_units, self.tree.proof(index)
        raise InvalidInput(
            f"account {account!r} has no cash in the distribution {self.register_version}", account=account
        )

    def sweep(self, claimed: Collection[int], *, now: datetime) -> Sweep:
        """What returns to the fund, when the leaves with the indices `claimed` were claimed.

        Raises `TooEarlyToSweep` until the last claim day is over, `InvalidInput` for an index without a leaf.
        """
        if now <= self.dates.last_claim:
            raise TooEarlyToSweep(
                f"claims of the distribution {self.register_version} are open until "
                f"{self.dates.last_claim.isoformat()}: sweep after that",
                last_claim=self.dates.last_claim,
            )
        cash = self.cash
        wrong = [index for index in claimed if not 0 <= index < len(cash)]
        if wrong:
            raise InvalidInput(f"the distribution has no leaf {wrong[0]}: it has {len(cash)}", index=wrong[0])
        done = set(claimed)
        left = tuple(item for index, item in enumerate(cash) if index not in done)
        unclaimed = self._sum(item.net for item in left)
        return Sweep(self.payable - unclaimed, unclaimed, left)

    def to_data(self) -> dict[str, Any]:
        """JSON data: a document to approve, hash and keep. It names accounts and wallets, and no persons."""
        return {
            "share_class": self.share_class,
            "register_version": self.register_version,
            "register_hash": to_hex(self.register_hash),
            **self.dates.to_data(),
            "per_share": self.per_share,
            "coin": self.total.unit,
            "total": str(self.total),
            "payable": str(self.payable),
            "withheld": str(self.withheld),
            "residual_to_fund": str(self.residual),
            "root": None if self.tree is None else to_hex(self.tree.root),
            "entitlements": [item.to_data() for item in self.entitlements],
        }

    @property
    def hash(self) -> bytes:
        """keccak-256 of the canonical JSON, 32 bytes."""
        return keccak(canonical_json(self.to_data()))

    def _sum(self, amounts: Any) -> Amount:
        return Amount.sum(amounts, unit=self.total.unit, decimals=self.total.decimals)


def distribution_dates(terms: FundTerms, calendar: DealingCalendar, record: date) -> DistributionDates:
    """The dates that follow from the record date. Raises `NotADealingDay`, `InvalidInput`."""
    calendar.require_dealing_day(record)
    pay = calendar.business.add_business_days(record, terms.distributions.pay_days)
    opens = datetime.combine(pay, time(0), tzinfo=calendar.business.time_zone)
    last_claim = opens + timedelta(seconds=terms.distributions.claim_period)
    return DistributionDates(record, calendar.next_dealing_day(record), pay, last_claim.astimezone(UTC))


def distribute(
    register: Register,
    terms: FundTerms,
    dates: DistributionDates,
    *,
    per_share: str,
    coin: Amount,
    choices: Mapping[str, Choice] | None = None,
    wallets: Mapping[str, str] | None = None,
) -> Distribution:
    """The distribution of `per_share` (a decimal string, in the coin) to the holders in `register`.

    `register` is the one of the record date's last block. `coin` gives the coin's unit and decimals and is
    what the fund has put aside for it; `choices` names who reinvests (others get cash) and `wallets` where an
    account claims, by default its first active wallet.

    Raises `UnknownHolder`, `NothingToPay`, `InvalidInput`.
    """
    register.require_known()
    rate = parse_decimal(per_share, what="distribution per share")
    if rate <= 0:
        raise NothingToPay(f"the distribution per share is {per_share}: it must be above zero")
    numerator, denominator = rate.as_integer_ratio()
    scale: int = denominator * 10**register.supply.decimals

    def gross_of(units: int) -> int:
        value: int = units * numerator * 10**coin.decimals
        return value // scale

    def coins(value: int) -> Amount:
        return Amount.from_base_units(value, unit=coin.unit, decimals=coin.decimals)

    holders = sorted(register.holders, key=lambda row: row.account.account)
    entitlements = tuple(
        _entitlement(
            row,
            coins(gross_of(row.entitled.base_units)),
            terms.withholding.rate(row.account.country),
            (choices or {}).get(row.account.account, Choice.CASH),
            (wallets or {}).get(row.account.account),
        )
        for row in holders
    )
    total = coins(gross_of(sum(row.entitled.base_units for row in holders)))
    paid = Amount.sum((item.gross for item in entitlements), unit=coin.unit, decimals=coin.decimals)
    if paid.is_zero:
        raise NothingToPay(
            f"{per_share} a share pays none of the {len(holders)} holders a base unit of {coin.unit}"
        )
    if total > coin:
        raise InvalidInput(
            f"the distribution takes {total.display()}, and {coin.display()} is put aside: lower the rate "
            "or put more aside",
            total=total,
            available=coin,
        )
    leaves: Sequence[tuple[int, str, int]] = [
        (index, item.wallet or "", item.net.base_units)
        for index, item in enumerate(
            item for item in entitlements if item.choice is Choice.CASH and not item.net.is_zero
        )
    ]
    return Distribution(
        share_class=register.share_class,
        register_version=register.version_id,
        register_hash=register.version_hash,
        dates=dates,
        per_share=per_share,
        entitlements=entitlements,
        total=total,
        residual=total - paid,
        tree=StandardMerkleTree.of(leaves, LEAF_TYPES) if leaves else None,
    )


def _entitlement(
    row: RegisterRow, gross: Amount, withholding_bps: int, choice: Choice, wallet: str | None
) -> Entitlement:
    net = Amount.from_base_units(
        gross.base_units * (_BPS - withholding_bps) // _BPS, unit=gross.unit, decimals=gross.decimals
    )
    account = row.account
    links = {checksum_address(link.address): link for link in account.wallets if link.status == "active"}
    chosen = checksum_address(wallet) if wallet is not None else next(iter(links), None)
    if choice is Choice.CASH and chosen not in links:
        raise InvalidInput(
            f"account {account.account} has no active wallet {wallet or ''}: link one for the claim",
            account=account.account,
        )
    return Entitlement(
        account.account,
        account.country,
        row.entitled,
        gross,
        gross - net,
        net,
        choice,
        chosen if choice is Choice.CASH else None,
    )
