"""The legal lives of what is on record about parties, as data.

    policy           proposed -> in_force -> superseded, or retracted
    limit            the same
    classification   evidence_received -> assessed -> approved -> expiring -> expired, or turned_down
    regime           proposed -> confirmed, or retracted; noted
    acknowledgement  acknowledged -> withdrawn
    bank_account     proposed -> confirmed, or retracted
    affiliation      the same
    micropayment     asked -> answered, or lapsed
    restriction      imposed -> lifted

Whoever brings a change in isn't who lets it pass (regulation.md W01, W02 and 3.1); a restriction may be
imposed by the worker, and is lifted by compliance, by another person than imposed it.
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["PARTY_STEPS"]

_S = RecordState
_MAKER = RecordStep(frozenset({Role.MAKER}))
_WORKER = RecordStep(frozenset({Role.OPERATOR}))
_COMPLIANCE = RecordStep(frozenset({Role.COMPLIANCE}))
_OFFICERS = frozenset({Role.COMPLIANCE, Role.CHECKER})
_REVIEWED = RecordStep(frozenset({Role.COMPLIANCE}), frozenset({_S.EVIDENCE_RECEIVED, _S.ASSESSED}))
_SECOND = RecordStep(frozenset({Role.COMPLIANCE}), frozenset({_S.PROPOSED}))
_ANY_MAKER = RecordStep(frozenset({Role.MAKER, Role.COMPLIANCE}))
_BY_TIME = RecordStep(frozenset({Role.COMPLIANCE, Role.OPERATOR}))
_CHANGE = {
    (None, _S.PROPOSED): RecordStep(_OFFICERS),
    (_S.PROPOSED, _S.IN_FORCE): RecordStep(_OFFICERS, frozenset({_S.PROPOSED})),
    (_S.PROPOSED, _S.RETRACTED): RecordStep(_OFFICERS),
    # In the transaction that puts the next version in force.
    (_S.IN_FORCE, _S.SUPERSEDED): RecordStep(_OFFICERS),
}
_CONFIRMED = {
    (None, _S.PROPOSED): _MAKER,
    (_S.PROPOSED, _S.CONFIRMED): _SECOND,
    (_S.PROPOSED, _S.RETRACTED): _ANY_MAKER,
}

PARTY_STEPS: RecordSteps = {
    RecordKind.POLICY: _CHANGE,
    RecordKind.LIMIT: _CHANGE,
    RecordKind.CLASSIFICATION: {
        (None, _S.EVIDENCE_RECEIVED): _MAKER,
        (_S.EVIDENCE_RECEIVED, _S.ASSESSED): _MAKER,
        (_S.ASSESSED, _S.APPROVED): _REVIEWED,
        (_S.EVIDENCE_RECEIVED, _S.TURNED_DOWN): _COMPLIANCE,
        (_S.ASSESSED, _S.TURNED_DOWN): _COMPLIANCE,
        (_S.APPROVED, _S.EXPIRING): _BY_TIME,
        (_S.APPROVED, _S.EXPIRED): _BY_TIME,
        (_S.EXPIRING, _S.EXPIRED): _BY_TIME,
        (_S.APPROVED, _S.SUPERSEDED): _COMPLIANCE,
        (_S.EXPIRING, _S.SUPERSEDED): _COMPLIANCE,
    },
    RecordKind.REGIME: {
        # What takes something away is one act, also the worker's.
        (None, _S.NOTED): RecordStep(frozenset({Role.MAKER, Role.COMPLIANCE, Role.OPERATOR})),
        **_CONFIRMED,
    },
    RecordKind.ACKNOWLEDGEMENT: {
        (None, _S.ACKNOWLEDGED): _ANY_MAKER,
        (_S.ACKNOWLEDGED, _S.WITHDRAWN): _COMPLIANCE,
    },
    RecordKind.BANK_ACCOUNT: _CONFIRMED,
    RecordKind.AFFILIATION: _CONFIRMED,
    RecordKind.MICROPAYMENT: {
        (None, _S.ASKED): _MAKER,
        (_S.ASKED, _S.ANSWERED): _WORKER,
        (_S.ASKED, _S.LAPSED): _WORKER,
    },
    RecordKind.RESTRICTION: {
        (None, _S.IMPOSED): RecordStep(frozenset({Role.COMPLIANCE, Role.GUARDIAN, Role.OPERATOR})),
        (_S.IMPOSED, _S.LIFTED): RecordStep(frozenset({Role.COMPLIANCE}), frozenset({_S.IMPOSED})),
    },
}
