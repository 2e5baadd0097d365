"""The legal lives of the fund's own records, as data: dealing days, net asset values, quarantine cases,
distributions and contract notes.

    day            announced -> closed -> settled
    nav            received -> tolerance_ok | outlier -> struck -> [corrected]
    case           proposed -> confirmed -> released, or retracted
    distribution   declared -> funded -> closed
    note           issued

A day moves on final events; the others by people, of whom the second is another person than the first
(regulation.md W16 and 3.0).
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["FUND_STEPS"]

_S = RecordState
_WORKER = RecordStep(frozenset({Role.OPERATOR}))
_NAV_AGENT = RecordStep(frozenset({Role.NAV_AGENT}))
_SECOND = RecordStep(frozenset({Role.CHECKER}), frozenset({_S.RECEIVED}))
_COMPLIANCE = RecordStep(frozenset({Role.COMPLIANCE}))

FUND_STEPS: RecordSteps = {
    RecordKind.DAY: {
        (None, _S.ANNOUNCED): _WORKER,
        (_S.ANNOUNCED, _S.ANNOUNCED): _WORKER,
        (_S.ANNOUNCED, _S.CLOSED): _WORKER,
        (_S.CLOSED, _S.SETTLED): _WORKER,
    },
    RecordKind.NAV: {
        (None, _S.RECEIVED): _NAV_AGENT,
        (_S.RECEIVED, _S.TOLERANCE_OK): _NAV_AGENT,
        (_S.RECEIVED, _S.OUTLIER): _NAV_AGENT,
        (_S.TOLERANCE_OK, _S.RECEIVED): _NAV_AGENT,
        (_S.OUTLIER, _S.RECEIVED): _NAV_AGENT,
        (_S.OUTLIER, _S.TOLERANCE_OK): _SECOND,
        (_S.TOLERANCE_OK, _S.STRUCK): _SECOND,
        (_S.STRUCK, _S.CORRECTED): _SECOND,
        (_S.CORRECTED, _S.CORRECTED): _SECOND,
    },
    RecordKind.CASE: {
        (None, _S.PROPOSED): _COMPLIANCE,
        (_S.PROPOSED, _S.CONFIRMED): RecordStep(frozenset({Role.TREASURER}), frozenset({_S.PROPOSED})),
        (_S.PROPOSED, _S.RETRACTED): _COMPLIANCE,
        (_S.CONFIRMED, _S.RELEASED): _WORKER,
    },
    RecordKind.DISTRIBUTION: {
        (None, _S.DECLARED): RecordStep(frozenset({Role.MAKER})),
        (_S.DECLARED, _S.CONFIRMED): RecordStep(frozenset({Role.TREASURER}), frozenset({_S.DECLARED})),
        (_S.CONFIRMED, _S.FUNDED): _WORKER,
        (_S.FUNDED, _S.CLOSED): _WORKER,
    },
    RecordKind.NOTE: {(None, _S.ISSUED): _WORKER},
}
