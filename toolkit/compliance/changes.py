"""Data that one person proposes and another puts in force, version after version: policies and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from toolkit.compliance.errors import ChangeOvertaken
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger, Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["next_id", "propose", "put_in_force", "retract"]

_OFFICERS = (Role.COMPLIANCE, Role.CHECKER)


def next_id(tx: Transaction, kind: RecordKind, subject: str) -> str:
    """The id of the next version of what `subject` names: `kind/subject/version`."""
    return f"{kind}/{subject}/{len(_versions(tx, kind, f'{kind}/{subject}')) + 1}"


def propose(
    ledger: Ledger, kind: RecordKind, subject: str, data: Mapping[str, Any], *, by: str, reason: str
) -> LedgerRecord:
    """A new version, not in force. `by` holds compliance or checker. Raises `NotAuthorised`."""
    with ledger.transaction() as tx:
        return tx.record_book.open(
            next_id(tx, kind, subject),
            kind,
            RecordState.PROPOSED,
            data,
            actor=by,
            role=tx.persons.role_of(by, *_OFFICERS),
            reason=reason,
        )


def put_in_force(tx: Transaction, record_id: str, *, by: str, reason: str) -> LedgerRecord:
    """The proposed version in force, and the one before it superseded.

    Raises `NotAuthorised` for whoever proposed it, `ChangeOvertaken`, `IllegalTransition`, `NotFound`.
    """
    role = tx.persons.role_of(by, *_OFFICERS)
    proposed = tx.record_book.get(record_id)
    subject, _, version = record_id.rpartition("/")
    for item in _versions(tx, proposed.kind, subject, RecordState.IN_FORCE):
        if int(item.id.rpartition("/")[2]) > int(version):
            raise ChangeOvertaken(f"{item.id} is in force, which is later than {record_id}", record=record_id)
        tx.record_book.step(
            item.id, RecordState.SUPERSEDED, actor=by, role=role, reason=f"superseded by {record_id}"
        )
    return tx.record_book.step(record_id, RecordState.IN_FORCE, actor=by, role=role, reason=reason)


def _versions(
    tx: Transaction, kind: RecordKind, subject: str, state: RecordState | None = None
) -> list[LedgerRecord]:
    """Of this subject alone: another's name may begin with its name."""
    found = tx.record_book.find(kind, prefix=f"{subject}/", state=state)
    return [record for record in found if record.id.rpartition("/")[0] == subject]


def retract(ledger: Ledger, record_id: str, *, by: str, reason: str) -> LedgerRecord:
    """Takes a proposal back."""
    return ledger.record_book.step(
        record_id,
        RecordState.RETRACTED,
        actor=by,
        role=ledger.persons.role_of(by, *_OFFICERS),
        reason=reason,
    )
