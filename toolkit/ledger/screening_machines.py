"""The legal lives of what screening, the travel rule and monitoring put on record, as data.

    list               in_force -> superseded | retired
    screening_policy   in_force
    screening          done
    hit                matched -> confirmed | released
    counterparty       proposed -> accepted -> suspended
    travel             sent -> acked, by way of missing_info and held, or returned
    alert              open -> acknowledged

A hit and an alert are found by the worker, whatever is decided about them by compliance (regulation.md W14,
R-AML-06). A counterparty is accepted by another person than the one who proposed it.
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["SCREENING_STEPS"]

_S = RecordState
_COMPLIANCE = RecordStep(frozenset({Role.COMPLIANCE}))
_FOUND = RecordStep(frozenset({Role.OPERATOR, Role.COMPLIANCE}))
_DESK = RecordStep(frozenset({Role.MAKER, Role.CHECKER, Role.OPERATOR, Role.COMPLIANCE}))
_OTHER = RecordStep(frozenset({Role.COMPLIANCE}), frozenset({_S.PROPOSED}))

SCREENING_STEPS: RecordSteps = {
    RecordKind.LIST: {
        (None, _S.IN_FORCE): _COMPLIANCE,
        (_S.IN_FORCE, _S.IN_FORCE): _COMPLIANCE,
        (_S.IN_FORCE, _S.SUPERSEDED): _COMPLIANCE,
        (_S.IN_FORCE, _S.RETIRED): _COMPLIANCE,
    },
    RecordKind.SCREENING_POLICY: {
        (None, _S.IN_FORCE): _COMPLIANCE,
        (_S.IN_FORCE, _S.IN_FORCE): _COMPLIANCE,
    },
    RecordKind.SCREENING: {(None, _S.DONE): _DESK},
    RecordKind.HIT: {
        (None, _S.MATCHED): _DESK,
        (_S.MATCHED, _S.CONFIRMED): _COMPLIANCE,
        (_S.MATCHED, _S.RELEASED): _COMPLIANCE,
        (_S.CONFIRMED, _S.RELEASED): RecordStep(frozenset({Role.COMPLIANCE}), frozenset({_S.CONFIRMED})),
    },
    RecordKind.COUNTERPARTY: {
        (None, _S.PROPOSED): RecordStep(frozenset({Role.MAKER, Role.COMPLIANCE})),
        (_S.PROPOSED, _S.ACCEPTED): _OTHER,
        (_S.ACCEPTED, _S.PROPOSED): RecordStep(frozenset({Role.MAKER, Role.COMPLIANCE})),
        (_S.PROPOSED, _S.SUSPENDED): _COMPLIANCE,
        (_S.ACCEPTED, _S.SUSPENDED): _COMPLIANCE,
        (_S.SUSPENDED, _S.PROPOSED): RecordStep(frozenset({Role.MAKER, Role.COMPLIANCE})),
    },
    RecordKind.TRAVEL: {
        (None, _S.SENT): _DESK,
        (None, _S.ACKED): _DESK,
        (None, _S.MISSING_INFO): _DESK,
        (None, _S.HELD): _DESK,
        (_S.SENT, _S.ACKED): _DESK,
        (_S.SENT, _S.MISSING_INFO): _DESK,
        (_S.SENT, _S.HELD): _COMPLIANCE,
        (_S.SENT, _S.RETURNED): _DESK,
        (_S.MISSING_INFO, _S.SENT): _DESK,
        (_S.MISSING_INFO, _S.ACKED): _DESK,
        (_S.MISSING_INFO, _S.HELD): _DESK,
        (_S.MISSING_INFO, _S.RETURNED): _DESK,
        (_S.ACKED, _S.ACKED): _DESK,
        (_S.ACKED, _S.HELD): _COMPLIANCE,
        (_S.HELD, _S.SENT): _COMPLIANCE,
        (_S.HELD, _S.ACKED): _COMPLIANCE,
        (_S.HELD, _S.RETURNED): _COMPLIANCE,
        (_S.RETURNED, _S.RETURNED): _COMPLIANCE,  # its parties are erased
    },
    RecordKind.ALERT: {
        (None, _S.OPEN): _FOUND,
        (_S.OPEN, _S.ACKNOWLEDGED): _COMPLIANCE,
    },
}
