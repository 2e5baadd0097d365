"""The contracts' events as frozen dataclasses, each with the log it was decoded from.

Fields are the event's arguments in Solidity's order: amounts in base units, instants in Unix seconds,
addresses in EIP-55 form, `bytesN` as bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

from toolkit.bindings import fund_events
from toolkit.bindings.event import ContractEvent, Converters, decode_logs
from toolkit.bindings.structs import ApprovalTier, InvestorClass, WalletKind
from toolkit.chain.logs import Log

__all__ = [
    "Approval",
    "ApprovalTiersChanged",
    "Attested",
    "AttestorSuspended",
    "AttestorsChanged",
    "AuthorizationCanceled",
    "AuthorizationUsed",
    "BufferChanged",
    "CaseActed",
    "ContractEvent",
    "Discharged",
    "DocumentRemoved",
    "DocumentUpdated",
    "FeedChanged",
    "ForcedTransfer",
    "Frozen",
    "Initialized",
    "LimitsChanged",
    "MarketChanged",
    "MintingResumed",
    "MintingStopped",
    "OperationCanceled",
    "OperationCancelledByGuardian",
    "OperationExecuted",
    "OperationScheduled",
    "OperatorLimitChanged",
    "OrderCapChanged",
    "OrderExecuted",
    "Paused",
    "RedemptionAccepted",
    "RedemptionCancelled",
    "RedemptionPaid",
    "RedemptionPeriodChanged",
    "RedemptionRejected",
    "RedemptionRequested",
    "RedemptionSeized",
    "Resumed",
    "RoleAdminChanged",
    "RoleGrantDelayChanged",
    "RoleGranted",
    "RoleGuardianChanged",
    "RoleLabel",
    "RoleRevoked",
    "RoleRevokedByGuardian",
    "Suspended",
    "TargetAdminDelayUpdated",
    "TargetClosed",
    "TargetFunctionRoleUpdated",
    "Transfer",
    "UnsolicitedReturned",
    "Upgraded",
    "WalletRegistered",
    "WalletRemoved",
    "WoundDown",
    "decode_log",
    "decode_logs",
]

# ---------------------------------------------------------------------------------------------------- token


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(ContractEvent):
    """ERC-20; from the zero address it is a mint, to the zero address a burn."""

    declaration = "Transfer(address indexed,address indexed,uint256)"
    sender: str
    recipient: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval(ContractEvent):
    """ERC-20."""

    declaration = "Approval(address indexed,address indexed,uint256)"
    owner: str
    spender: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationUsed(ContractEvent):
    """ERC-3009."""

    declaration = "AuthorizationUsed(address indexed,bytes32 indexed)"
    authorizer: str
    nonce: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizationCanceled(ContractEvent):
    """ERC-3009."""

    declaration = "AuthorizationCanceled(address indexed,bytes32 indexed)"
    authorizer: str
    nonce: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class ForcedTransfer(ContractEvent):
    """ERC-7943: tokens were moved by compliance."""

    declaration = "ForcedTransfer(address indexed,address indexed,uint256)"
    sender: str
    recipient: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Frozen(ContractEvent):
    """ERC-7943: the frozen amount of an account was set to `amount`."""

    declaration = "Frozen(address indexed,uint256)"
    account: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseActed(ContractEvent):
    """Compliance acted on an account under a case; `action` is the selector of the function used."""

    declaration = "CaseActed(bytes32 indexed,address indexed,address indexed,bytes4,uint256)"
    case_id: bytes
    account: str
    actor: str
    action: bytes
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Paused(ContractEvent):
    """The token was paused."""

    declaration = "Paused(address indexed)"
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumed(ContractEvent):
    """A pause of the token, or a suspension of the feed, ended."""

    declaration = "Resumed(address indexed)"
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentUpdated(ContractEvent):
    """ERC-1643."""

    declaration = "DocumentUpdated(bytes32 indexed,string,bytes32)"
    name: bytes
    uri: str
    document_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentRemoved(ContractEvent):
    """ERC-1643."""

    declaration = "DocumentRemoved(bytes32 indexed,string,bytes32)"
    name: bytes
    uri: str
    document_hash: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedChanged(ContractEvent):
    """The backing rule reads another feed from here on."""

    declaration = "FeedChanged(address indexed,address indexed)"
    feed: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BufferChanged(ContractEvent):
    """The over-collateralisation that the ceiling keeps back."""

    declaration = "BufferChanged(uint16,address indexed)"
    buffer_bps: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketChanged(ContractEvent):
    """Another contract may mint from here on, and no other."""

    declaration = "MarketChanged(address indexed,address indexed)"
    market: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharged(ContractEvent):
    """`amount` of liabilities was settled; `total` so far."""

    declaration = "Discharged(uint256,uint256)"
    amount: int
    total: int


# ----------------------------------------------------------------------------------------------------- feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Attested(ContractEvent):
    """A round of a feed was published; `signers` are the attestors whose signatures counted."""

    declaration = "Attested(uint80 indexed,bytes32 indexed,uint256,uint256,address[],address)"
    round: int
    report: bytes
    value: int
    as_of: int
    signers: tuple[str, ...]
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestorsChanged(ContractEvent):
    """The feed's attestors and threshold were replaced."""

    declaration = "AttestorsChanged(address[],uint8,address indexed)"
    attestors: tuple[str, ...]
    threshold: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AttestorSuspended(ContractEvent):
    """One attestor was taken off the list."""

    declaration = "AttestorSuspended(address indexed,address indexed)"
    attestor: str
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsChanged(ContractEvent):
    """How long a value stays fresh, and the change beyond which every attestor has to sign."""

    declaration = "LimitsChanged(uint32,uint32,uint32,address indexed)"
    max_age: int
    max_rise_bps: int
    max_fall_bps: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Suspended(ContractEvent):
    """The feed was suspended."""

    declaration = "Suspended(address indexed)"
    actor: str


# --------------------------------------------------------------------------------------------------- market


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderExecuted(ContractEvent):
    """An order was minted. Recipient and amount stand in the token's `Transfer` of the same transaction."""

    declaration = "OrderExecuted(uint256 indexed,address indexed)"
    number: int
    operator: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRequested(ContractEvent):
    """A holder's tokens are in escrow."""

    declaration = "RedemptionRequested(uint256 indexed,address indexed,bytes32 indexed,uint256,address)"
    id: int
    holder: str
    reference: bytes
    amount: int
    sender: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionCancelled(ContractEvent):
    """The holder took the request back."""

    declaration = "RedemptionCancelled(uint256 indexed,address indexed,uint256)"
    id: int
    holder: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionRejected(ContractEvent):
    """The escrow was returned."""

    declaration = "RedemptionRejected(uint256 indexed,address indexed,address indexed,uint256,bytes32)"
    id: int
    actor: str
    holder: str
    amount: int
    reason: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionAccepted(ContractEvent):
    """The escrow was burned; the amount is payable."""

    declaration = "RedemptionAccepted(uint256 indexed,address indexed,address indexed,uint256)"
    id: int
    actor: str
    holder: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionPaid(ContractEvent):
    """The bank has confirmed the payout; the amount is discharged."""

    declaration = "RedemptionPaid(uint256 indexed,address indexed,bytes32 indexed,uint256)"
    id: int
    actor: str
    payment_reference: bytes
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionSeized(ContractEvent):
    """The escrow of a frozen holder was moved, under a case."""

    declaration = "RedemptionSeized(uint256 indexed,address indexed,bytes32 indexed,address,uint256)"
    id: int
    actor: str
    case_id: bytes
    to: str
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsolicitedReturned(ContractEvent):
    """Tokens that arrived without a request were returned, under a case."""

    declaration = "UnsolicitedReturned(address indexed,address indexed,bytes32 indexed,uint256)"
    to: str
    actor: str
    case_id: bytes
    amount: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MintingStopped(ContractEvent):
    """Minting has its own stop; redemption goes on."""

    declaration = "MintingStopped(address indexed)"
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MintingResumed(ContractEvent):
    """The stop ended."""

    declaration = "MintingResumed(address indexed)"
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WoundDown(ContractEvent):
    """Minting has ended for good."""

    declaration = "WoundDown(address indexed)"
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCapChanged(ContractEvent):
    """The largest amount of one order."""

    declaration = "OrderCapChanged(uint112,address indexed)"
    cap: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTiersChanged(ContractEvent):
    """How many approvers a total needs."""

    declaration = "ApprovalTiersChanged((uint112,uint8)[],address indexed)"
    convert: ClassVar[Converters] = {"tiers": lambda rows: tuple(ApprovalTier(*row.values()) for row in rows)}
    tiers: tuple[ApprovalTier, ...]
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperatorLimitChanged(ContractEvent):
    """An operator's rolling limit."""

    declaration = "OperatorLimitChanged(address indexed,uint112,address indexed)"
    operator: str
    limit: int
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionPeriodChanged(ContractEvent):
    """Seconds after which an unpaid request counts as overdue."""

    declaration = "RedemptionPeriodChanged(uint32,address indexed)"
    period: int
    actor: str


# ------------------------------------------------------------------------------------------------- registry


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletRegistered(ContractEvent):
    """A wallet was written to the registry."""

    declaration = (
        "WalletRegistered(address indexed,bytes16 indexed,address indexed,uint40,uint16,uint8,uint8)"
    )
    convert: ClassVar[Converters] = {
        "investor_class": InvestorClass,
        "kind": WalletKind,
    }
    account: str
    investor: bytes
    actor: str
    verified_until: int
    country: int
    investor_class: InvestorClass
    kind: WalletKind


@dataclass(frozen=True, slots=True, kw_only=True)
class WalletRemoved(ContractEvent):
    """A wallet was removed from the registry."""

    declaration = "WalletRemoved(address indexed,bytes16 indexed,address indexed)"
    account: str
    investor: bytes
    actor: str


# --------------------------------------------------------------------------------------- access and proxies


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGranted(ContractEvent):
    """An account holds a role from `since`, with an execution delay in seconds."""

    declaration = "RoleGranted(uint64 indexed,address indexed,uint32,uint48,bool)"
    role: int
    account: str
    delay: int
    since: int
    new_member: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevoked(ContractEvent):
    """An account lost a role."""

    declaration = "RoleRevoked(uint64 indexed,address indexed)"
    role: int
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleLabel(ContractEvent):
    """A role was given a name."""

    declaration = "RoleLabel(uint64 indexed,string)"
    role: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleAdminChanged(ContractEvent):
    """Another role grants and revokes this one."""

    declaration = "RoleAdminChanged(uint64 indexed,uint64 indexed)"
    role: int
    admin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGuardianChanged(ContractEvent):
    """Another role may cancel what this one schedules."""

    declaration = "RoleGuardianChanged(uint64 indexed,uint64 indexed)"
    role: int
    guardian: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleGrantDelayChanged(ContractEvent):
    """Grants of the role take effect after `delay` seconds, from `since` on."""

    declaration = "RoleGrantDelayChanged(uint64 indexed,uint32,uint48)"
    role: int
    delay: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetClosed(ContractEvent):
    """All restricted functions of a contract were closed, or opened again."""

    declaration = "TargetClosed(address indexed,bool)"
    target: str
    closed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFunctionRoleUpdated(ContractEvent):
    """Another role may call a function."""

    declaration = "TargetFunctionRoleUpdated(address indexed,bytes4,uint64 indexed)"
    target: str
    selector: bytes
    role: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetAdminDelayUpdated(ContractEvent):
    """Changes of a contract's configuration take another delay, from `since` on."""

    declaration = "TargetAdminDelayUpdated(address indexed,uint32,uint48)"
    target: str
    delay: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationScheduled(ContractEvent):
    """A delayed call may be executed from `schedule` on."""

    declaration = "OperationScheduled(bytes32 indexed,uint32 indexed,uint48,address,address,bytes)"
    operation_id: bytes
    nonce: int
    schedule: int
    caller: str
    target: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationExecuted(ContractEvent):
    """A delayed call was executed."""

    declaration = "OperationExecuted(bytes32 indexed,uint32 indexed)"
    operation_id: bytes
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCanceled(ContractEvent):
    """A delayed call was called off."""

    declaration = "OperationCanceled(bytes32 indexed,uint32 indexed)"
    operation_id: bytes
    nonce: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleRevokedByGuardian(ContractEvent):
    """A guardian took a role from an account through the gate."""

    declaration = "RoleRevokedByGuardian(uint64 indexed,address indexed,address indexed)"
    role: int
    account: str
    guardian: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationCancelledByGuardian(ContractEvent):
    """A guardian called off a delayed call through the gate."""

    declaration = "OperationCancelledByGuardian(address indexed,address indexed,address indexed,bytes)"
    caller: str
    target: str
    guardian: str
    data: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Upgraded(ContractEvent):
    """ERC-1967: the proxy runs another implementation."""

    declaration = "Upgraded(address indexed)"
    implementation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Initialized(ContractEvent):
    """The contract was initialised, or its initialisers were disabled (the largest version)."""

    declaration = "Initialized(uint64)"
    version: int


# ------------------------------------------------------------------------------------------------- decoding


@cache
def _by_topics() -> dict[tuple[bytes, int], type[ContractEvent]]:
    kinds = [globals()[name] for name in __all__] + [
        getattr(fund_events, name) for name in fund_events.__all__
    ]
    events = [
        kind
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, ContractEvent) and kind is not ContractEvent
    ]
    return {(kind.topic0(), kind.topic_count()): kind for kind in events}


def decode_log(log: Log) -> ContractEvent | None:
    """The event in `log`, or None for a log that none of the project's contracts emits."""
    kind = _by_topics().get((log.topics[0], len(log.topics))) if log.topics else None
    return None if kind is None else kind.from_log(log)
