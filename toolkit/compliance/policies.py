"""Policies and limits: who may order a product, and how much. One person proposes, another puts in force."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.compliance import changes
from toolkit.ledger.limits import Limit
from toolkit.ledger.policies import Policy
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.compliance.context import ComplianceContext
    from toolkit.ledger.records import LedgerRecord

__all__ = ["LimitBook", "PolicyBook"]


class PolicyBook:
    """What each product asks of whoever orders it (regulation.md R-PER-02, R-PER-05, R-PER-06)."""

    def __init__(self, context: ComplianceContext) -> None:
        self._ledger = context.ledger

    def propose(self, policy: Policy | Mapping[str, Any], *, by: str, reason: str = "") -> LedgerRecord:
        """A policy, not in force yet. Raises `InvalidInput`, `NotAuthorised`."""
        checked = policy if isinstance(policy, Policy) else Policy.from_data(policy)
        return changes.propose(
            self._ledger,
            RecordKind.POLICY,
            checked.product,
            {"policy": checked.to_data()},
            by=by,
            reason=reason,
        )

    def confirm(self, record_id: str, *, by: str, reason: str = "") -> LedgerRecord:
        """In force from now on, for orders under way too. By another person. Raises as `changes`."""
        with self._ledger.transaction() as tx:
            return changes.put_in_force(tx, record_id, by=by, reason=reason)

    def retract(self, record_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Takes a proposal back."""
        return changes.retract(self._ledger, record_id, by=by, reason=reason)

    def in_force(self) -> tuple[Policy, ...]:
        """The policies in force."""
        found = self._ledger.record_book.find(RecordKind.POLICY, state=RecordState.IN_FORCE)
        return tuple(Policy.from_data(record.data["policy"]) for record in found)


class LimitBook:
    """How much may be ordered within any window of time (regulation.md R-AML-04, R-TEC-10)."""

    def __init__(self, context: ComplianceContext) -> None:
        self._ledger = context.ledger

    def propose(self, limit: Limit | Mapping[str, Any], *, by: str, reason: str = "") -> LedgerRecord:
        """A limit, not in force yet. Raises `InvalidInput`, `NotAuthorised`."""
        checked = limit if isinstance(limit, Limit) else Limit.from_data(limit)
        return changes.propose(
            self._ledger,
            RecordKind.LIMIT,
            "/".join(checked.key),
            {"limit": checked.to_data()},
            by=by,
            reason=reason,
        )

    def confirm(self, record_id: str, *, by: str, reason: str = "") -> LedgerRecord:
        """In force from now on, for orders under way too. By another person. Raises as `changes`."""
        with self._ledger.transaction() as tx:
            record = changes.put_in_force(tx, record_id, by=by, reason=reason)
            tx.limits.put_in_force(Limit.from_data(record.data["limit"]), record_id=record_id)
        return record

    def retract(self, record_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Takes a proposal back."""
        return changes.retract(self._ledger, record_id, by=by, reason=reason)

    def in_force(self) -> tuple[Limit, ...]:
        """The limits in force."""
        return self._ledger.limits.all()
