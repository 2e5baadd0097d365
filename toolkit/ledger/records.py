"""What the ledger gives back: frozen records, each a copy of a row as it stood when it was read."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from toolkit.amounts import Amount
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.record_words import RecordKind, RecordState

__all__ = [
    "Approval",
    "Attestation",
    "BankAccount",
    "Batch",
    "ChainEvent",
    "Cursor",
    "Dealing",
    "Deployment",
    "FundOrder",
    "FundRedemptionOrder",
    "FundsReceipt",
    "Head",
    "Investor",
    "Lane",
    "Lease",
    "LedgerRecord",
    "MintOrder",
    "Order",
    "OrderEvent",
    "OwnershipProof",
    "Payout",
    "Person",
    "RecordEvent",
    "RedemptionOrder",
    "SigningKey",
    "SubscriptionOrder",
    "TransactionRecord",
    "Wallet",
]


@dataclass(frozen=True, slots=True)
class Deployment:
    """The one deployment a ledger belongs to. `instance_id` tells two runs of a local node apart."""

    chain_id: int
    market: str
    instance_id: str | None = None


@dataclass(frozen=True, slots=True)
class Investor:
    """Somebody onboarded. `reference` is 0x and 32 hex digits (bytes16 on chain), never a name.

    `label` is what the desk calls them on its screens; it is the only free text and holds no
    personal data. `verified_until` is None as long as nobody was verified.
    """

    reference: str
    label: str
    investor_class: str
    jurisdiction: str
    regime: str
    verified_until: datetime | None
    created_at: datetime

    def is_verified(self, at: datetime) -> bool:
        """Whether the verification holds at the instant `at`."""
        return self.verified_until is not None and at < self.verified_until


@dataclass(frozen=True, slots=True)
class OwnershipProof:
    """How a wallet was shown to be its investor's: the challenge and the answer to it."""

    method: str
    challenge: str
    signature: bytes
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class Wallet:
    """One address, which belongs to one investor. `proof` is None until ownership is shown."""

    address: str
    investor: str
    kind: str
    proof: OwnershipProof | None
    created_at: datetime


@dataclass(frozen=True, slots=True)
class BankAccount:
    """An account in the customer's own name, under the desk's reference to it."""

    reference: str
    investor: str
    currency: str
    verified_at: datetime


@dataclass(frozen=True, slots=True)
class SigningKey:
    """An address a person signs with. After `revoked_at` its signatures count for nothing."""

    address: str
    person_id: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Person:
    """Who acts: the unit of four eyes, however many keys they hold."""

    person_id: str
    label: str
    roles: frozenset[Role]
    signing_keys: tuple[SigningKey, ...]
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What a customer asked for, and how far it has come.

    The amount is `base_units` of the token `unit`; `currency` is the money it is paid or redeemed in,
    at par. `created_at` is the ledger's own receipt time. `batch_id` is the open batch it is part of,
    `flight_id` the transaction that carries it now.
    """

    id: str
    kind: OrderKind
    state: State
    held_from: State | None
    investor: str
    wallet: str
    base_units: int
    unit: str
    decimals: int
    currency: str
    maker: str
    created_at: datetime
    batch_id: str | None
    flight_id: str | None

    @property
    def amount(self) -> Amount:
        """The tokens ordered."""
        return Amount.from_base_units(self.base_units, unit=self.unit, decimals=self.decimals)


@dataclass(frozen=True, slots=True, kw_only=True)
class MintOrder(Order):
    """Tokens for money. `number` is the one under which the chain mints it once and never again."""

    number: int
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionOrder(Order):
    """Money for tokens, to `bank_account`.

    `number` is the chain's redemption id, known once the tokens are in escrow; `due_at` the end of
    the banking day by which the money must be out, known once the request is valid.
    """

    number: int | None
    bank_account: str
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundOrder(Order):
    """An order that deals on one of a fund's days, in `vault` for `share_class` (`FUND/CLASS`).

    `dealing_date` is the day that the receipt time decided, `dealing_day` its number on chain, known once
    the chain has the order; of a gated one, the day on which the rest deals. `expires_at` is the cut-off.
    """

    vault: str
    share_class: str
    dealing_date: date | None
    dealing_day: int | None
    expires_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriptionOrder(FundOrder):
    """Shares for coins: the amount is of the coin. `funded_by` is the mint order that pays for it."""

    funded_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FundRedemptionOrder(FundOrder):
    """Coins for shares: the amount is of shares."""


@dataclass(frozen=True, slots=True)
class Dealing:
    """What dealing day `day` brought of an order, in base units.

    `size` was dealt (coins subscribed, shares accepted) and brought `due` (shares, coins); `carried` shares
    wait for the next day. `nav` is the value dealt at, `report` the hash of its statement. Of `due`, the part
    `claimed` was delivered and the part `held` lies in quarantine.
    """

    order_id: str
    day: int
    size: int
    due: int
    carried: int
    nav: int
    report: str
    transaction_hash: str
    dealt_at: datetime
    claimed: int = 0
    held: int = 0

    @property
    def open(self) -> int:
        """What is neither delivered nor in quarantine."""
        return self.due - self.claimed - self.held


@dataclass(frozen=True, slots=True)
class LedgerRecord:
    """A document with its state. `id` says what it is about, e.g. `nav/DMMF/A/2026-11-20`."""

    id: str
    kind: RecordKind
    state: RecordState
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class RecordEvent:
    """One step of a record; `evidence` is the digest of the document as of then."""

    seq: int
    record_id: str
    from_state: RecordState | None
    to_state: RecordState
    actor: str
    role: Role
    at: datetime
    reason: str
    evidence: str | None


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """One step of one order and its place in the hash chain. `from_state` is None for the first."""

    seq: int
    order_id: str
    from_state: State | None
    to_state: State
    actor: str
    role: Role
    at: datetime
    reason: str
    evidence: str | None
    previous_hash: str
    hash: str


@dataclass(frozen=True, slots=True)
class Head:
    """The end of the chain of events. Kept elsewhere, it proves later what was there."""

    seq: int
    hash: str


@dataclass(frozen=True, slots=True)
class FundsReceipt:
    """One line of the bank's statement. It pays for one order, or goes back, and never both."""

    reference: str
    amount: Amount
    payer_matches: bool
    value_date: date
    received_at: datetime
    order_id: str | None
    returned_reference: str | None
    returned_at: datetime | None


@dataclass(frozen=True, slots=True)
class Payout:
    """Money that the bank confirms to have paid for one redemption."""

    reference: str
    order_id: str
    bank_account: str
    amount: Amount
    paid_at: datetime
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class Batch:
    """Orders that are signed together, in the order they are signed in.

    `state` is `open` as long as one of them still needs its signatures, then `closed`. `digest` is the
    EIP-712 digest that is approved.
    """

    id: str
    purpose: str
    digest: str
    state: str
    created_at: datetime
    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Flight:
    """One transaction, by its lane and nonce, and the orders it carries, in its sequence.

    `state` is `formed` (its orders are taken, nothing is signed, `nonce` is None), `flying` (signed bytes
    are stored and may land), `landed` (final on chain) or `returned` (it never will, or reverted).
    """

    id: str
    purpose: str
    lane: str
    nonce: int | None
    state: str
    created_at: datetime
    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Incident:
    """Something that stops the worker's minting until a person has looked. `details` are JSON values."""

    id: str
    kind: str
    opened_at: datetime
    summary: str
    details: dict[str, Any]
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class Approval:
    """One person's signature under one digest."""

    digest: str
    person_id: str
    signer: str
    signature: bytes
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Lane:
    """One sending key with its own nonce sequence, and who has its lease."""

    address: str
    name: str
    purpose: str
    created_at: datetime
    holder: str | None = None
    fence: int = 0
    leased_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to record transactions of a lane, for as long as its `fence` is the lane's."""

    address: str
    holder: str
    fence: int


@dataclass(frozen=True, slots=True)
class TransactionRecord:
    """A signed transaction, stored before it was first sent.

    `state` is `recorded` until its outcome is known for good (`toolkit.chain.journal.Outcome`). The
    block is where it was last seen, which a reorganisation may change.
    """

    hash: str
    lane: str
    nonce: int
    raw: bytes
    purpose: str
    flight_id: str | None
    state: str
    created_at: datetime
    block_number: int | None
    block_hash: str | None


@dataclass(frozen=True, slots=True)
class Attestation:
    """A published attestation as the desk saw it: value in base units, report hash, transaction."""

    feed: str
    as_of: datetime
    value: int
    report: str
    transaction_hash: str
    recorded_at: datetime


@dataclass(frozen=True, slots=True)
class ChainEvent:
    """A decoded log. `(block_hash, log_index)` names it; `orphaned_at` says it was reorganised away."""

    block_hash: str
    log_index: int
    block_number: int
    transaction_hash: str
    address: str
    name: str
    arguments: dict[str, Any]
    orphaned_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a reader of the chain has come."""

    name: str
    block_number: int
    block_hash: str
