"""The legal lives of bank statements, reconciled days and breaks (regulation.md W09).

    bank statement   recorded
    reconciliation   open -> matched | break -> closed; run again as often as needed until closed
    break            open -> assigned -> explained -> closed, or escalated to the supervisor and then closed

Whoever closes a day or a break is another person than whoever ran the reconciliation or explained the break.
A break whose amount changes goes back to where it was assigned, or open.
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["RECONCILIATION_STEPS"]

_FINANCE = frozenset({Role.FINANCE})
_MONEY = frozenset({Role.FINANCE, Role.TREASURER})
_OFFICE = frozenset({Role.FINANCE, Role.COMPLIANCE})
_COMPLIANCE = frozenset({Role.COMPLIANCE})

_OPEN, _MATCHED, _BREAK = RecordState.OPEN, RecordState.MATCHED, RecordState.BREAK
_ASSIGNED, _EXPLAINED = RecordState.ASSIGNED, RecordState.EXPLAINED
_ESCALATED, _CLOSED = RecordState.ESCALATED, RecordState.CLOSED

_RUN = frozenset({_OPEN, _MATCHED, _BREAK})

RECONCILIATION_STEPS: RecordSteps = {
    RecordKind.BANK_STATEMENT: {(None, RecordState.RECORDED): RecordStep(_MONEY)},
    RecordKind.RECONCILIATION: {
        (None, _OPEN): RecordStep(_FINANCE),
        **{
            (source, target): RecordStep(_FINANCE)
            for source in (_OPEN, _MATCHED, _BREAK)
            for target in (_MATCHED, _BREAK)
        },
        (_MATCHED, _CLOSED): RecordStep(_FINANCE, apart_from=_RUN),
        (_BREAK, _CLOSED): RecordStep(_FINANCE, apart_from=_RUN),
    },
    RecordKind.BREAK: {
        (None, _OPEN): RecordStep(_FINANCE),
        (_OPEN, _OPEN): RecordStep(_FINANCE),
        (_ASSIGNED, _ASSIGNED): RecordStep(_OFFICE),
        (_EXPLAINED, _ASSIGNED): RecordStep(_OFFICE),
        (_EXPLAINED, _EXPLAINED): RecordStep(_FINANCE),
        (_ESCALATED, _ESCALATED): RecordStep(_OFFICE),
        (_OPEN, _ASSIGNED): RecordStep(_OFFICE),
        (_ASSIGNED, _EXPLAINED): RecordStep(_OFFICE),
        (_EXPLAINED, _CLOSED): RecordStep(_OFFICE, apart_from=frozenset({_EXPLAINED})),
        **{(source, _ESCALATED): RecordStep(_COMPLIANCE) for source in (_OPEN, _ASSIGNED, _EXPLAINED)},
        (_ESCALATED, _CLOSED): RecordStep(_OFFICE, apart_from=frozenset({_EXPLAINED, _ESCALATED})),
    },
}
