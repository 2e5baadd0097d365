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

from dataclasses import dataclass
from enum import StrEnum

from toolkit.errors import IllegalTransition, NotAuthorised
from toolkit.ledger.machines import Role

__all__ = ["RECORD_STEPS", "RecordKind", "RecordState", "RecordStep", "record_step"]


class RecordKind(StrEnum):
    """What a record is about."""

    DAY = "day"
    NAV = "nav"
    CASE = "case"
    DISTRIBUTION = "distribution"
    NOTE = "note"


class RecordState(StrEnum):
    """Every state of every record."""

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


@dataclass(frozen=True, slots=True)
class RecordStep:
    """Who may take it, and from whom they must be apart: whoever brought the record into these states."""

    roles: frozenset[Role]
    apart_from: frozenset[RecordState] = frozenset()


_S = RecordState
_WORKER = RecordStep(frozenset({Role.OPERATOR}))
_NAV_AGENT = RecordStep(frozenset({Role.NAV_AGENT}))
_SECOND = RecordStep(frozenset({Role.CHECKER}), frozenset({_S.RECEIVED}))
_COMPLIANCE = RecordStep(frozenset({Role.COMPLIANCE}))

RECORD_STEPS: dict[RecordKind, dict[tuple[RecordState | None, RecordState], RecordStep]] = {
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


def record_step(
    kind: RecordKind, source: RecordState | None, target: RecordState, role: Role, *, record: str
) -> RecordStep:
    """The step of a record. Raises `IllegalTransition` naming the legal ones, `NotAuthorised`."""
    step = RECORD_STEPS[kind].get((source, target))
    if step is None:
        legal = sorted(to for origin, to in RECORD_STEPS[kind] if origin is source)
        raise IllegalTransition(
            f"{record} is {source or 'not recorded'} and can't become {target}; legal from there: "
            f"{', '.join(legal) or 'nothing, the state is final'}",
            record=record,
            source=source,
            target=target,
            legal=legal,
        )
    if role not in step.roles:
        raise NotAuthorised(
            f"the role {role} may not take {record} to {target}: that needs "
            f"{' or '.join(sorted(step.roles))}",
            record=record,
            role=role,
        )
    return step
