"""The words of the ledger's records: what they are about, and where they can stand."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from toolkit.ledger.machines import Role

__all__ = ["RecordKind", "RecordState", "RecordStep", "RecordSteps"]


class RecordKind(StrEnum):
    """What a record is about."""

    # the fund
    DAY = "day"
    NAV = "nav"
    CASE = "case"
    DISTRIBUTION = "distribution"
    NOTE = "note"
    # investors
    POLICY = "policy"
    LIMIT = "limit"
    CLASSIFICATION = "classification"
    REGIME = "regime"
    ACKNOWLEDGEMENT = "acknowledgement"
    BANK_ACCOUNT = "bank_account"
    AFFILIATION = "affiliation"
    MICROPAYMENT = "micropayment"
    RESTRICTION = "restriction"
    # screening
    LIST = "list"
    SCREENING_POLICY = "screening_policy"
    SCREENING = "screening"
    HIT = "hit"
    # cases
    FREEZE = "freeze"
    RECOVERY = "recovery"
    ACCESS = "access"
    # omnibus accounts
    ALLOCATION = "allocation"
    CLIENT_FLOW = "client_flow"
    CLIENT_LOCK = "client_lock"
    CLIENT_MOVE = "client_move"
    COMMITMENT = "commitment"
    # travel rule and monitoring
    COUNTERPARTY = "counterparty"
    TRAVEL = "travel"
    ALERT = "alert"
    # reconciliation
    BANK_STATEMENT = "bank_statement"
    RECONCILIATION = "reconciliation"
    BREAK = "break"
    # reports
    REPORT = "report"
    ATTESTATION = "attestation"
    DRAW = "draw"
    # exit
    EXIT = "exit"
    EXIT_CLAIM = "exit_claim"
    EXIT_PAYMENT = "exit_payment"
    CHAIN_CHOICE = "chain_choice"


class RecordState(StrEnum):
    """Every state of every record."""

    # the fund
    ANNOUNCED = "announced"
    CLOSED = "closed"
    SETTLED = "settled"
    RECEIVED = "received"
    TOLERANCE_OK = "tolerance_ok"
    OUTLIER = "outlier"
    STRUCK = "struck"
    CORRECTED = "corrected"
    PROPOSED = "proposed"
    CONFIRMED = "confirmed"
    RELEASED = "released"
    RETRACTED = "retracted"
    DECLARED = "declared"
    FUNDED = "funded"
    ISSUED = "issued"
    # investors
    IN_FORCE = "in_force"
    SUPERSEDED = "superseded"
    EVIDENCE_RECEIVED = "evidence_received"
    ASSESSED = "assessed"
    APPROVED = "approved"
    TURNED_DOWN = "turned_down"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    ACKNOWLEDGED = "acknowledged"
    WITHDRAWN = "withdrawn"
    ASKED = "asked"
    ANSWERED = "answered"
    LAPSED = "lapsed"
    NOTED = "noted"
    IMPOSED = "imposed"
    LIFTED = "lifted"
    # screening
    RETIRED = "retired"
    DONE = "done"
    MATCHED = "matched"
    # cases
    HIT = "hit"
    PRELIM_FREEZE = "prelim_freeze"
    SECONDED = "seconded"
    FALSE_POSITIVE = "false_positive"
    FROZEN = "frozen"
    RELEASE_PROPOSED = "release_proposed"
    RELEASE_APPROVED = "release_approved"
    DISPOSAL_PROPOSED = "disposal_proposed"
    DISPOSAL_ENDORSED = "disposal_endorsed"
    DISPOSAL_APPROVED = "disposal_approved"
    SEIZED = "seized"
    BURNED_BY_ORDER = "burned_by_order"
    REPORTED = "reported"
    OLD_FROZEN = "old_frozen"
    IDENTITY_REVERIFIED = "identity_reverified"
    COOLING_OFF = "cooling_off"
    NEW_WALLET_PROVEN = "new_wallet_proven"
    CLEARED = "cleared"
    REGISTRAR_CHECKED = "registrar_checked"
    ENDORSED = "endorsed"
    RECOVERED = "recovered"
    REGISTER_POSTED = "register_posted"
    REJECTED = "rejected"
    RESTORED = "restored"
    READ = "read"
    # omnibus accounts
    ALLOCATION_PENDING = "allocation_pending"
    ALLOCATED = "allocated"
    FLOW_PENDING = "flow_pending"
    LOCKED = "locked"
    # travel rule and monitoring
    ACCEPTED = "accepted"
    SUSPENDED = "suspended"
    SENT = "sent"
    ACKED = "acked"
    MISSING_INFO = "missing_info"
    HELD = "held"
    RETURNED = "returned"
    OPEN = "open"
    # reconciliation
    RECORDED = "recorded"
    BREAK = "break"
    ASSIGNED = "assigned"
    EXPLAINED = "explained"
    ESCALATED = "escalated"
    # reports
    DUE = "due"
    GENERATED = "generated"
    REVIEWED = "reviewed"
    SIGNED = "signed"
    PUBLISHED = "published"
    SUBMITTED = "submitted"
    RESTATED = "restated"
    DRAWN = "drawn"
    # exit
    ACTIVE = "active"
    NOTICE = "notice"
    WIND_DOWN = "wind_down"
    CLAIMS_OPEN = "claims_open"
    PAYING = "paying"
    UNCLAIMED_HELD = "unclaimed_held"
    FINAL_ATTESTED = "final_attested"
    CLAIMED = "claimed"
    CLAIM_HELD = "claim_held"
    CLAIM_ADMITTED = "claim_admitted"
    CLAIM_APPROVED = "claim_approved"
    CLAIM_PAID = "claim_paid"


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Who may take it, and from whom they must be apart: whoever brought the record into these states."""

    roles: frozenset[Role]
    apart_from: frozenset[RecordState] = frozenset()


RecordSteps = dict[RecordKind, dict[tuple[RecordState | None, RecordState], RecordStep]]
"""By kind, the legal steps; the first of a record comes from None."""
