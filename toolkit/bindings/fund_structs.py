"""The fund contracts' structs and enums, as `structs` has the coin's.

Shares, assets and prices are integers in base units of the share, the coin and the feed; days are the
vault's numbers of dealing days, from 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "Book",
    "CountryRule",
    "Day",
    "DealingTerms",
    "DistributionClaim",
    "DistributionRecord",
    "DistributionStatus",
    "DistributionTerms",
    "Progress",
    "Quarantine",
    "Release",
    "Restriction",
    "Settlement",
    "SharePolicy",
]


class Restriction(IntEnum):
    """Why a movement of shares is refused: the ERC-1404 code."""

    NONE = 0
    PAUSED = 1
    SENDER_FROZEN = 2
    RECEIVER_FROZEN = 3
    AMOUNT_FROZEN = 4
    SENDER_NOT_VERIFIED = 5
    RECEIVER_NOT_VERIFIED = 6
    CLASS_NOT_ADMITTED = 7
    COUNTRY_NOT_ADMITTED = 8
    PRIMARY_ONLY = 9
    LOCKED_UP = 10
    ABOVE_MAXIMUM = 11
    BELOW_MINIMUM = 12
    TOO_MANY_HOLDERS = 13
    RECEIVER_IS_VAULT = 14


class CountryRule(IntEnum):
    """How a list of countries is meant."""

    ONLY_LISTED = 0
    ALL_BUT_LISTED = 1


class DistributionStatus(IntEnum):
    """Where a distribution stands."""

    NONE = 0
    OPEN = 1
    SWEPT = 2
    CANCELLED = 3


@dataclass(frozen=True, slots=True)
class SharePolicy:
    """The terms that movements of a share class are held against.

    `max_holding` 2^96 - 1 and `max_holders` 2^24 - 1: no limit. Bit n of `classes` admits `InvestorClass(n)`.
    Limits, lock-up and the holder count need `investor_accounts`.
    """

    max_holding: int
    min_holding: int
    max_holders: int
    lock_up_days: int
    classes: int
    primary_only: bool
    investor_accounts: bool


@dataclass(frozen=True, slots=True)
class DealingTerms:
    """On what terms a vault deals. `gate_bps` 10,000: no gate. `overdue_after` in seconds."""

    entry_fee_bps: int
    exit_fee_bps: int
    swing_bps: int
    swing_threshold_bps: int
    gate_bps: int
    overdue_after: int
    min_subscription: int
    min_redemption: int


@dataclass(frozen=True, slots=True)
class Day:
    """A dealing day: its cut-off (Unix time), from its close on its terms, once settled its price.

    `overdue_hours` after its cut-off a request that has no price may be cancelled again.
    """

    cut_off: int
    nav_as_of: int
    nav: int
    entry_fee_bps: int
    exit_fee_bps: int
    swing_bps: int
    swing_threshold_bps: int
    gate_bps: int
    overdue_hours: int


@dataclass(frozen=True, slots=True)
class Book:
    """The subscriptions or the redemptions of a day.

    `amount` is what is requested until the day is settled, and what is left to be claimed from then on;
    `positions` how many requests are unclaimed; `price` 0 until settled. `term` is the instant of
    settlement for subscriptions, the part that the gate let through (in 10^12ths) for redemptions.
    """

    amount: int
    positions: int
    price: int
    fee_bps: int
    term: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """How a day was settled: prices in the feed's decimals, the rest in base units."""

    nav: int
    nav_as_of: int
    subscription_price: int
    redemption_price: int
    assets_in: int
    shares_out: int
    shares_in: int
    assets_out: int
    shares_carried: int


@dataclass(frozen=True, slots=True)
class Release:
    """What is to leave the quarantine. With `redeem` the shares are redeemed for the controller."""

    controller: str
    to: str
    assets: int
    shares: int
    redeem: bool
    case_id: bytes


@dataclass(frozen=True, slots=True)
class Progress:
    """The last day announced, closed and settled; 0 before the first."""

    announced: int
    closed: int
    settled: int


@dataclass(frozen=True, slots=True)
class Quarantine:
    """What a vault keeps for a controller who could not receive it."""

    assets: int
    shares: int


@dataclass(frozen=True, slots=True)
class DistributionTerms:
    """What is distributed on which share class: `record_date` and `deadline` in Unix time, `total` in base
    units of the coin, `root` of the tree and `report`, 32 bytes each.
    """

    share: str
    record_date: int
    deadline: int
    total: int
    root: bytes
    report: bytes


@dataclass(frozen=True, slots=True)
class DistributionRecord:
    """A distribution as it stands, amounts in base units of the coin."""

    terms: DistributionTerms
    funder: str
    status: DistributionStatus
    stopped: bool
    unclaimed: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class DistributionClaim:
    """One leaf of a distribution's tree with its proof."""

    index: int
    account: str
    amount: int
    proof: tuple[bytes, ...]
