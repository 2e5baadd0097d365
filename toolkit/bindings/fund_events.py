"""The fund contracts' events, in the manner of `toolkit.bindings.events`.

Shares, assets and prices are base units of the share, the coin and the feed; days are the vault's numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from toolkit.bindings.event import ContractEvent, Converters
from toolkit.bindings.fund_structs import (
    CountryRule,
    DealingTerms,
    DistributionTerms,
    Settlement,
    SharePolicy,
)

__all__ = [
    "CancelDepositClaim",
    "CancelDepositRequest",
    "CancelRedeemClaim",
    "CancelRedeemRequest",
    "ClaimKept",
    "CountriesChanged",
    "CustodyChanged",
    "DayClosed",
    "DaySettled",
    "DaysAnnounced",
    "DealingResumed",
    "DealingSuspended",
    "Deposit",
    "DepositRequest",
    "DistributionCancelled",
    "DistributionCreated",
    "DistributionPaid",
    "DistributionReleased",
    "DistributionResumed",
    "DistributionSetAside",
    "DistributionStopped",
    "DistributionSwept",
    "DustSwept",
    "FundingReturned",
    "LockUpExtended",
    "NavFeedChanged",
    "OperatorSet",
    "PolicyChanged",
    "Quarantined",
    "RedeemRequest",
    "RedemptionsFunded",
    "ReleaseProposed",
    "ReleaseRetracted",
    "Released",
    "TermsChanged",
    "VaultChanged",
    "VaultUpdate",
    "Withdraw",
]

T = TypeVar("T")


def _struct(kind: Callable[..., T]) -> Callable[[Mapping[str, Any]], T]:
    return lambda value: kind(*value.values())


# ---------------------------------------------------------------------------------------------------- shares


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultUpdate(ContractEvent):
    """ERC-7575: another vault deals in the share against `asset`; none with the zero address."""

    declaration = "VaultUpdate(address indexed,address)"
    asset: str
    vault: str


@dataclass(frozen=True, slots=True, kw_only=True)
class VaultChanged(ContractEvent):
    """Who named or replaced a vault."""

    declaration = "VaultChanged(address indexed,address indexed,address indexed)"
    asset: str
    vault: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyChanged(ContractEvent):
    """A share class has another policy."""

    declaration = "PolicyChanged((uint96,uint96,uint24,uint16,uint8,bool,bool),address indexed)"
    convert: ClassVar[Converters] = {"policy": _struct(SharePolicy)}
    policy: SharePolicy
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CountriesChanged(ContractEvent):
    """A share class admits other countries (ISO 3166-1 numeric)."""

    declaration = "CountriesChanged(uint8,uint16[],address indexed)"
    convert: ClassVar[Converters] = {"rule": CountryRule}
    rule: CountryRule
    countries: tuple[int, ...]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LockUpExtended(ContractEvent):
    """An investor's lock-up ends at another instant."""

    declaration = "LockUpExtended(bytes16 indexed,uint40)"
    investor: bytes
    locked_until: int


# --------------------------------------------------------------------------------------- requests and claims


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorSet(ContractEvent):
    """ERC-7540: an operator may deal for the controller, or no longer."""

    declaration = "OperatorSet(address indexed,address indexed,bool)"
    controller: str
    operator: str
    approved: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class DepositRequest(ContractEvent):
    """ERC-7540: a subscription was requested; the request id is the dealing day."""

    declaration = "DepositRequest(address indexed,address indexed,uint256 indexed,address,uint256)"
    controller: str
    owner: str
    day: int
    sender: str
    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedeemRequest(ContractEvent):
    """ERC-7540: a redemption was requested; the request id is the dealing day."""

    declaration = "RedeemRequest(address indexed,address indexed,uint256 indexed,address,uint256)"
    controller: str
    owner: str
    day: int
    sender: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDepositRequest(ContractEvent):
    """ERC-7887: a requested subscription was cancelled."""

    declaration = "CancelDepositRequest(address indexed,uint256 indexed,address)"
    controller: str
    day: int
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRedeemRequest(ContractEvent):
    """ERC-7887: a requested redemption was cancelled."""

    declaration = "CancelRedeemRequest(address indexed,uint256 indexed,address)"
    controller: str
    day: int
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelDepositClaim(ContractEvent):
    """ERC-7887: what a cancelled subscription had brought was handed back."""

    declaration = "CancelDepositClaim(address indexed,address indexed,uint256 indexed,address,uint256)"
    controller: str
    receiver: str
    day: int
    sender: str
    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelRedeemClaim(ContractEvent):
    """ERC-7887: the shares of a cancelled redemption were handed back."""

    declaration = "CancelRedeemClaim(address indexed,address indexed,uint256 indexed,address,uint256)"
    controller: str
    receiver: str
    day: int
    sender: str
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Deposit(ContractEvent):
    """ERC-7575: settled shares were claimed."""

    declaration = "Deposit(address indexed,address indexed,uint256,uint256)"
    sender: str
    owner: str
    assets: int
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Withdraw(ContractEvent):
    """ERC-7575: settled proceeds were claimed."""

    declaration = "Withdraw(address indexed,address indexed,address indexed,uint256,uint256)"
    sender: str
    receiver: str
    owner: str
    assets: int
    shares: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimKept(ContractEvent):
    """What settled days brought was set aside for the controller, up to and including `day`."""

    declaration = "ClaimKept(address indexed,uint256 indexed,uint256,uint256)"
    controller: str
    day: int
    requested: int
    due: int


# ---------------------------------------------------------------------------------------------- dealing days


@dataclass(frozen=True, slots=True, kw_only=True)
class DaysAnnounced(ContractEvent):
    """Dealing days were announced, from `first_day` on."""

    declaration = "DaysAnnounced(uint256 indexed,uint40[],address indexed)"
    first_day: int
    cut_offs: tuple[int, ...]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DayClosed(ContractEvent):
    """A dealing day was closed, with what it holds."""

    declaration = "DayClosed(uint256 indexed,uint256,uint256,address indexed)"
    day: int
    assets: int
    shares: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DaySettled(ContractEvent):
    """A dealing day was settled at its net asset value."""

    declaration = (
        "DaySettled(uint256 indexed,address indexed,"
        "(uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256,uint256))"
    )
    convert: ClassVar[Converters] = {"settlement": _struct(Settlement)}
    day: int
    actor: str
    settlement: Settlement


@dataclass(frozen=True, slots=True, kw_only=True)
class DealingSuspended(ContractEvent):
    """Dealing was suspended, for the reason in the document of that hash."""

    declaration = "DealingSuspended(bytes32 indexed,address indexed)"
    reason: bytes
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DealingResumed(ContractEvent):
    """Dealing goes on."""

    declaration = "DealingResumed(address indexed)"
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsChanged(ContractEvent):
    """Days that are not closed yet are dealt on other terms."""

    declaration = "TermsChanged((uint16,uint16,uint16,uint16,uint16,uint32,uint96,uint96),address indexed)"
    convert: ClassVar[Converters] = {"terms": _struct(DealingTerms)}
    terms: DealingTerms
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NavFeedChanged(ContractEvent):
    """Another feed has the net asset value."""

    declaration = "NavFeedChanged(address indexed,address indexed)"
    feed: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustodyChanged(ContractEvent):
    """Another account holds the fund's cash."""

    declaration = "CustodyChanged(address indexed,address indexed)"
    custody: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionsFunded(ContractEvent):
    """The treasury brought assets for redemptions."""

    declaration = "RedemptionsFunded(address indexed,uint256)"
    actor: str
    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FundingReturned(ContractEvent):
    """Funding that no redemption used went to custody."""

    declaration = "FundingReturned(address indexed,uint256)"
    actor: str
    assets: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DustSwept(ContractEvent):
    """A day's rounding went back to the fund."""

    declaration = "DustSwept(uint256 indexed,uint256,uint256,address indexed)"
    day: int
    assets: int
    shares: int
    actor: str


# ------------------------------------------------------------------------------------------------ quarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Quarantined(ContractEvent):
    """What could not be delivered is kept for the controller."""

    declaration = "Quarantined(address indexed,uint256,uint256,address indexed)"
    controller: str
    assets: int
    shares: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseProposed(ContractEvent):
    """A first hand proposed a release from quarantine."""

    declaration = "ReleaseProposed(bytes32 indexed,address indexed,address indexed)"
    case_id: bytes
    controller: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRetracted(ContractEvent):
    """A proposal was taken back."""

    declaration = "ReleaseRetracted(bytes32 indexed,address indexed,address indexed)"
    case_id: bytes
    controller: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Released(ContractEvent):
    """A second hand released what was in quarantine."""

    declaration = "Released(bytes32 indexed,address indexed,address indexed,address,uint256,uint256,bool)"
    case_id: bytes
    controller: str
    actor: str
    to: str
    assets: int
    shares: int
    redeem: bool


# --------------------------------------------------------------------------------------------- distributions


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionCreated(ContractEvent):
    """A distribution was created and funded."""

    declaration = (
        "DistributionCreated(uint256 indexed,address indexed,address indexed,"
        "(address,uint40,uint40,uint112,bytes32,bytes32))"
    )
    convert: ClassVar[Converters] = {"terms": _struct(DistributionTerms)}
    number: int
    share: str
    actor: str
    terms: DistributionTerms


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionPaid(ContractEvent):
    """A leaf's amount was paid."""

    declaration = "DistributionPaid(uint256 indexed,address indexed,address indexed,uint256,uint256)"
    number: int
    account: str
    actor: str
    index: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionSetAside(ContractEvent):
    """A leaf's account could not be paid: the amount is kept for it."""

    declaration = "DistributionSetAside(uint256 indexed,address indexed,address indexed,uint256,uint256)"
    number: int
    account: str
    actor: str
    index: int
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionReleased(ContractEvent):
    """What was kept for an account was paid; the case is zero when to itself."""

    declaration = (
        "DistributionReleased(uint256 indexed,address indexed,address indexed,address,uint256,bytes32)"
    )
    number: int
    account: str
    actor: str
    to: str
    amount: int
    case_id: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionSwept(ContractEvent):
    """What nobody claimed went back to who had paid it in."""

    declaration = "DistributionSwept(uint256 indexed,address indexed,address,uint256)"
    number: int
    actor: str
    to: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionStopped(ContractEvent):
    """Claims and releases were stopped."""

    declaration = "DistributionStopped(uint256 indexed,address indexed)"
    number: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionResumed(ContractEvent):
    """Claims and releases go on."""

    declaration = "DistributionResumed(uint256 indexed,address indexed)"
    number: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionCancelled(ContractEvent):
    """A distribution was ended for good; what was not paid out went back."""

    declaration = "DistributionCancelled(uint256 indexed,address indexed,address,uint256)"
    number: int
    actor: str
    to: str
    amount: int
