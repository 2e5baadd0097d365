"""The legal lives of an exit's records, as data: the exit, claims on its snapshot, and the choice of a fork.

    exit          active -> notice -> wind_down -> claims_open -> paying -> unclaimed_held -> final_attested
                  -> closed
    exit_claim    claimed -> claim_admitted -> claim_approved -> claim_paid; claim_held from any of the first
                  three, and back to claimed
    exit_payment  claim_paid: one payment reference, used once
    chain_choice  proposed -> confirmed

An exit stays `wind_down` while the snapshot is recorded, `claims_open` while the reserve is sold. A payment
takes two persons, neither of them the claim's maker (regulation.md W20c; HKMA Guideline 6.8.17); a fork is
chosen by two (W20b).
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["EXIT_STEPS"]

_S = RecordState


def _by(role: Role, *apart_from: RecordState) -> RecordStep:
    return RecordStep(frozenset({role}), frozenset(apart_from))


EXIT_STEPS: RecordSteps = {
    RecordKind.EXIT: {
        (None, _S.ACTIVE): _by(Role.FINANCE),
        (_S.ACTIVE, _S.NOTICE): _by(Role.COMPLIANCE, _S.ACTIVE),
        (_S.NOTICE, _S.WIND_DOWN): _by(Role.CHECKER, _S.ACTIVE),
        (_S.WIND_DOWN, _S.WIND_DOWN): _by(Role.REGISTRAR),
        (_S.WIND_DOWN, _S.CLAIMS_OPEN): _by(Role.COMPLIANCE, _S.WIND_DOWN),
        (_S.CLAIMS_OPEN, _S.CLAIMS_OPEN): _by(Role.FINANCE),
        (_S.CLAIMS_OPEN, _S.PAYING): _by(Role.TREASURER, _S.CLAIMS_OPEN),
        (_S.PAYING, _S.UNCLAIMED_HELD): _by(Role.FINANCE),
        (_S.UNCLAIMED_HELD, _S.FINAL_ATTESTED): _by(Role.AUDITOR, _S.ACTIVE, _S.PAYING, _S.UNCLAIMED_HELD),
        (_S.FINAL_ATTESTED, _S.CLOSED): _by(Role.COMPLIANCE, _S.ACTIVE, _S.FINAL_ATTESTED),
    },
    RecordKind.EXIT_CLAIM: {
        (None, _S.CLAIMED): _by(Role.MAKER),
        (_S.CLAIMED, _S.CLAIM_ADMITTED): _by(Role.CHECKER, _S.CLAIMED),
        (_S.CLAIM_ADMITTED, _S.CLAIM_APPROVED): _by(Role.FINANCE, _S.CLAIMED),
        (_S.CLAIM_APPROVED, _S.CLAIM_PAID): _by(Role.TREASURER, _S.CLAIMED, _S.CLAIM_APPROVED),
        **{
            (state, _S.CLAIM_HELD): _by(Role.COMPLIANCE)
            for state in (_S.CLAIMED, _S.CLAIM_ADMITTED, _S.CLAIM_APPROVED)
        },
        (_S.CLAIM_HELD, _S.CLAIMED): _by(Role.COMPLIANCE),
    },
    RecordKind.EXIT_PAYMENT: {(None, _S.CLAIM_PAID): _by(Role.TREASURER)},
    RecordKind.CHAIN_CHOICE: {
        (None, _S.PROPOSED): _by(Role.FINANCE),
        (_S.PROPOSED, _S.CONFIRMED): _by(Role.COMPLIANCE, _S.PROPOSED),
    },
}
