"""The contracts' structs and enums, and what their views answer, as frozen dataclasses.

Field order and types are Solidity's, so an instance encodes as its struct. Amounts are integers in
base units, instants are Unix seconds, addresses are EIP-55 strings.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

__all__ = [
    "Access",
    "ApprovalTier",
    "Attestation",
    "Bounds",
    "Document",
    "InvestorClass",
    "MintBatch",
    "MintOrder",
    "OperatorLimit",
    "Permission",
    "Reading",
    "Redemption",
    "RedemptionStatus",
    "Round",
    "Signature",
    "Supply",
    "Wallet",
    "WalletEntry",
    "WalletKind",
]


class RedemptionStatus(IntEnum):
    """Where a redemption stands on chain."""

    NONE = 0
    REQUESTED = 1
    ACCEPTED = 2
    PAID = 3
    CANCELLED = 4
    REJECTED = 5
    SEIZED = 6


class InvestorClass(IntEnum):
    """How an investor is classified (Hong Kong: Cap. 571D for the professional classes)."""

    NONE = 0
    RETAIL = 1
    INDIVIDUAL_PROFESSIONAL = 2
    CORPORATE_PROFESSIONAL = 3
    INSTITUTIONAL = 4


class WalletKind(IntEnum):
    """What kind of wallet it is."""

    NONE = 0
    UNHOSTED = 1
    CUSTODIAL = 2
    CONTRACT = 3
    OMNIBUS = 4
    PLATFORM = 5


@dataclass(frozen=True, slots=True)
class Signature:
    """`data` claims to be `signer`'s: 65 bytes of ECDSA, or what its ERC-1271 code accepts."""

    signer: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Attestation:
    """A value (base units of the feed) as of an instant, and the 32-byte hash of the report behind it."""

    value: int
    as_of: int
    report: bytes


@dataclass(frozen=True, slots=True)
class MintOrder:
    """`amount` to the wallet `to` under a number used once ever; executable until `expiry` inclusive."""

    number: int
    to: str
    amount: int
    expiry: int


@dataclass(frozen=True, slots=True)
class MintBatch:
    """Orders approved together; `approvals` ascend by signer, bit i of `skipped` leaves out `orders[i]`."""

    orders: tuple[MintOrder, ...]
    approvals: tuple[Signature, ...]
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class Redemption:
    """A holder's request to redeem at par."""

    holder: str
    requested_at: int
    status: RedemptionStatus
    amount: int


@dataclass(frozen=True, slots=True)
class ApprovalTier:
    """A total up to `up_to` needs `approvals` distinct approvers."""

    up_to: int
    approvals: int


@dataclass(frozen=True, slots=True)
class Wallet:
    """What the registry knows of a wallet.

    `investor` is a keyed 16-byte reference, `verified_until` the last second at which the wallet
    counts as verified (0: not registered), `country` ISO 3166-1 numeric.
    """

    investor: bytes
    verified_until: int
    country: int
    investor_class: InvestorClass
    kind: WalletKind


@dataclass(frozen=True, slots=True)
class WalletEntry:
    """A wallet to be written to the registry under `account`."""

    account: str
    wallet: Wallet


@dataclass(frozen=True, slots=True)
class Reading:
    """A feed's last value; `fresh_until` is 0 while the feed is suspended or empty."""

    value: int
    as_of: int
    fresh_until: int


@dataclass(frozen=True, slots=True)
class Round:
    """One round of a feed as its views give it: `posted_at` is the publishing block's time."""

    number: int
    value: int
    as_of: int
    posted_at: int
    report: bytes


@dataclass(frozen=True, slots=True)
class Bounds:
    """The rise and fall (basis points of the last value) beyond which every attestor has to sign."""

    max_rise_bps: int
    max_fall_bps: int


@dataclass(frozen=True, slots=True)
class Supply:
    """A token's totals at one block: `payable` is burned and not yet paid out in money."""

    outstanding: int
    minted: int
    burned: int
    payable: int
    discharged: int


@dataclass(frozen=True, slots=True)
class OperatorLimit:
    """An operator's rolling limit and how much of it is free now."""

    limit: int
    available: int


@dataclass(frozen=True, slots=True)
class Document:
    """A document of the token: where it is, the hash of its bytes and when it was set (0: never)."""

    uri: str
    document_hash: bytes
    updated_at: int


@dataclass(frozen=True, slots=True)
class Access:
    """A role's membership: `since` 0 means none; a pending delay takes effect at `effect`."""

    since: int
    current_delay: int
    pending_delay: int
    effect: int


@dataclass(frozen=True, slots=True)
class Permission:
    """Whether an account may call a function: `immediate`, or after `delay` seconds if not zero."""

    immediate: bool
    delay: int
