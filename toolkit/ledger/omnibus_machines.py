"""The legal lives of what moves in an omnibus account, as data, and which of their steps are posted.

    allocation    allocation_pending -> allocated, or retracted
    client_flow   flow_pending -> settled, or retracted
    client_lock   locked -> released [-> locked ...]
    client_move   settled
    commitment    proposed -> confirmed

Allocations and transfers between clients are entered by one person and approved by another (regulation.md
W06); so is what enters and leaves the wallet, which the worker may settle too, on a final transaction. Who
locked a client's part doesn't release it. A move takes all clients of a wallet that was lost to the one that
replaced it, under the recovery that four people have approved (W15): the worker posts it.
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["OMNIBUS_KINDS", "OMNIBUS_STEPS", "POSTED"]

_S = RecordState
_MAKER = RecordStep(frozenset({Role.MAKER}))
_REGISTRAR = RecordStep(frozenset({Role.REGISTRAR, Role.OPERATOR}))
_FREEZER = RecordStep(frozenset({Role.COMPLIANCE, Role.GUARDIAN}))

OMNIBUS_STEPS: RecordSteps = {
    RecordKind.ALLOCATION: {
        (None, _S.ALLOCATION_PENDING): _MAKER,
        (_S.ALLOCATION_PENDING, _S.ALLOCATED): RecordStep(
            frozenset({Role.CHECKER}), frozenset({_S.ALLOCATION_PENDING})
        ),
        (_S.ALLOCATION_PENDING, _S.RETRACTED): RecordStep(frozenset({Role.MAKER, Role.CHECKER})),
    },
    RecordKind.CLIENT_FLOW: {
        (None, _S.FLOW_PENDING): _MAKER,
        (_S.FLOW_PENDING, _S.SETTLED): RecordStep(
            frozenset({Role.CHECKER, Role.OPERATOR}), frozenset({_S.FLOW_PENDING})
        ),
        (_S.FLOW_PENDING, _S.RETRACTED): RecordStep(frozenset({Role.MAKER, Role.CHECKER})),
    },
    RecordKind.CLIENT_LOCK: {
        (None, _S.LOCKED): _FREEZER,
        (_S.LOCKED, _S.RELEASED): RecordStep(frozenset({Role.COMPLIANCE}), frozenset({_S.LOCKED})),
        (_S.RELEASED, _S.LOCKED): _FREEZER,
    },
    RecordKind.CLIENT_MOVE: {(None, _S.SETTLED): RecordStep(frozenset({Role.OPERATOR}))},
    RecordKind.COMMITMENT: {
        (None, _S.PROPOSED): _REGISTRAR,
        (_S.PROPOSED, _S.PROPOSED): _REGISTRAR,
        (_S.PROPOSED, _S.CONFIRMED): _REGISTRAR,
    },
}

POSTED: frozenset[tuple[RecordKind, RecordState]] = frozenset(
    {
        (RecordKind.ALLOCATION, _S.ALLOCATED),
        (RecordKind.CLIENT_FLOW, _S.FLOW_PENDING),
        (RecordKind.CLIENT_FLOW, _S.SETTLED),
        (RecordKind.CLIENT_FLOW, _S.RETRACTED),
        (RecordKind.CLIENT_LOCK, _S.LOCKED),
        (RecordKind.CLIENT_LOCK, _S.RELEASED),
        (RecordKind.CLIENT_MOVE, _S.SETTLED),
    }
)
"""The steps that move something, by kind and the state they lead to."""

OMNIBUS_KINDS = (
    RecordKind.ALLOCATION,
    RecordKind.CLIENT_FLOW,
    RecordKind.CLIENT_LOCK,
    RecordKind.CLIENT_MOVE,
)
"""The kinds of records with lines."""
