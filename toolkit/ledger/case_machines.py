"""The legal lives of compliance's cases, as data: freezes, the recovery of lost wallets, and who read them.

    freeze     hit -> prelim_freeze -> seconded -> confirmed -> frozen
               seconded -> false_positive -> release_approved -> released
               frozen -> release_proposed -> release_approved -> released
               frozen -> disposal_proposed -> disposal_endorsed -> disposal_approved
                      -> seized | burned_by_order
    recovery   reported -> old_frozen -> identity_reverified -> cooling_off -> new_wallet_proven
               -> cleared -> registrar_checked -> endorsed -> approved
               -> recovered -> register_posted -> closed
               any of these before approved -> rejected -> restored
    access     read [-> read ...]

A person's step is what the case says; the worker's says what has become final on every chain, and writes
into the document of a state what was done there (the steps from a state to itself). Nobody releases what
they froze; a release takes two people, a disposal three, a recovery four after the one who reported it
(regulation.md W14, W15 and 3.1; who holds which of these roles is the desk's policy).
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["CASE_STEPS", "FREEZE_ENDED"]

_S = RecordState
_WORKER = RecordStep(frozenset({Role.OPERATOR}))
_GUARDIAN = RecordStep(frozenset({Role.GUARDIAN}))


def _by(*roles: Role, apart_from: tuple[RecordState, ...] = ()) -> RecordStep:
    return RecordStep(frozenset(roles), frozenset(apart_from))


_COMPLIANCE = _by(Role.COMPLIANCE, apart_from=(_S.PRELIM_FREEZE,))
_RELEASE = _by(
    Role.APPROVER, Role.CHECKER, apart_from=(_S.PRELIM_FREEZE, _S.FALSE_POSITIVE, _S.RELEASE_PROPOSED)
)
_FIRST = _by(Role.APPROVER, apart_from=(_S.DISPOSAL_PROPOSED,))
_SECOND = _by(Role.APPROVER, apart_from=(_S.DISPOSAL_PROPOSED, _S.DISPOSAL_ENDORSED))

FREEZE_ENDED = frozenset({_S.RELEASED, _S.SEIZED, _S.BURNED_BY_ORDER})
"""No person has anything left to decide. What was seized or burned leaves the party frozen."""

_FREEZE: dict[tuple[RecordState | None, RecordState], RecordStep] = {
    (None, _S.HIT): _by(Role.GUARDIAN, Role.COMPLIANCE, Role.OPERATOR),
    (_S.HIT, _S.PRELIM_FREEZE): _GUARDIAN,
    (_S.PRELIM_FREEZE, _S.SECONDED): _by(
        Role.GUARDIAN, Role.COMPLIANCE, Role.APPROVER, Role.CHECKER, apart_from=(_S.PRELIM_FREEZE,)
    ),
    (_S.SECONDED, _S.CONFIRMED): _COMPLIANCE,
    (_S.SECONDED, _S.FALSE_POSITIVE): _COMPLIANCE,
    (_S.CONFIRMED, _S.FROZEN): _WORKER,
    (_S.FALSE_POSITIVE, _S.RELEASE_APPROVED): _RELEASE,
    (_S.FROZEN, _S.RELEASE_PROPOSED): _COMPLIANCE,
    (_S.RELEASE_PROPOSED, _S.FROZEN): _COMPLIANCE,
    (_S.RELEASE_PROPOSED, _S.RELEASE_APPROVED): _RELEASE,
    (_S.RELEASE_APPROVED, _S.RELEASED): _WORKER,
    (_S.FROZEN, _S.DISPOSAL_PROPOSED): _COMPLIANCE,
    (_S.DISPOSAL_PROPOSED, _S.FROZEN): _COMPLIANCE,
    (_S.DISPOSAL_ENDORSED, _S.FROZEN): _COMPLIANCE,
    (_S.DISPOSAL_APPROVED, _S.FROZEN): _COMPLIANCE,
    (_S.DISPOSAL_PROPOSED, _S.DISPOSAL_ENDORSED): _FIRST,
    (_S.DISPOSAL_ENDORSED, _S.DISPOSAL_APPROVED): _SECOND,
    (_S.DISPOSAL_APPROVED, _S.SEIZED): _WORKER,
    (_S.DISPOSAL_APPROVED, _S.BURNED_BY_ORDER): _WORKER,
}
_FREEZE |= {(state, state): _WORKER for _, state in tuple(_FREEZE) if state not in (_S.HIT, _S.RELEASED)}
_FREEZE[_S.FROZEN, _S.FROZEN] = _by(Role.OPERATOR, Role.COMPLIANCE)  # reviewed

_ASKED = (_S.REPORTED,)
_WAY = (
    _S.REPORTED,
    _S.OLD_FROZEN,
    _S.IDENTITY_REVERIFIED,
    _S.COOLING_OFF,
    _S.NEW_WALLET_PROVEN,
    _S.CLEARED,
    _S.REGISTRAR_CHECKED,
    _S.ENDORSED,
)
_RECOVERY: dict[tuple[RecordState | None, RecordState], RecordStep] = {
    (None, _S.REPORTED): _by(Role.MAKER, Role.CHECKER, Role.COMPLIANCE, Role.GUARDIAN),
    (_S.REPORTED, _S.OLD_FROZEN): _WORKER,
    (_S.OLD_FROZEN, _S.IDENTITY_REVERIFIED): _by(Role.CHECKER, Role.COMPLIANCE, apart_from=_ASKED),
    (_S.IDENTITY_REVERIFIED, _S.COOLING_OFF): _WORKER,
    (_S.COOLING_OFF, _S.NEW_WALLET_PROVEN): _by(Role.MAKER, Role.CHECKER, Role.COMPLIANCE),
    (_S.NEW_WALLET_PROVEN, _S.CLEARED): _by(Role.COMPLIANCE, apart_from=_ASKED),
    (_S.CLEARED, _S.REGISTRAR_CHECKED): _by(Role.REGISTRAR, apart_from=(*_ASKED, _S.CLEARED)),
    (_S.REGISTRAR_CHECKED, _S.ENDORSED): _by(
        Role.APPROVER, apart_from=(*_ASKED, _S.CLEARED, _S.REGISTRAR_CHECKED)
    ),
    (_S.ENDORSED, _S.APPROVED): _by(
        Role.APPROVER, apart_from=(*_ASKED, _S.CLEARED, _S.REGISTRAR_CHECKED, _S.ENDORSED)
    ),
    (_S.APPROVED, _S.RECOVERED): _WORKER,
    (_S.RECOVERED, _S.REGISTER_POSTED): _WORKER,
    (_S.REGISTER_POSTED, _S.CLOSED): _by(Role.COMPLIANCE),
    **{(state, _S.REJECTED): _by(Role.COMPLIANCE, apart_from=_ASKED) for state in _WAY},
    (_S.REJECTED, _S.RESTORED): _by(Role.APPROVER, Role.CHECKER, apart_from=(*_ASKED, _S.REJECTED)),
}
_RECOVERY |= {
    (state, state): _WORKER
    for state in (*_WAY, _S.APPROVED, _S.RECOVERED, _S.REGISTER_POSTED, _S.CLOSED, _S.REJECTED, _S.RESTORED)
}

_READER = _by(Role.COMPLIANCE, Role.AUDITOR)
_ACCESS = {(None, _S.READ): _READER, (_S.READ, _S.READ): _READER}

CASE_STEPS: RecordSteps = {
    RecordKind.FREEZE: _FREEZE,
    RecordKind.RECOVERY: _RECOVERY,
    RecordKind.ACCESS: _ACCESS,
}
