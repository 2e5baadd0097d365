"""The legal lives of every kind of record, as data. Each room has a module of its own for its kinds."""

from __future__ import annotations

from toolkit.errors import IllegalTransition, NotAuthorised
from toolkit.ledger.case_machines import CASE_STEPS
from toolkit.ledger.exit_machines import EXIT_STEPS
from toolkit.ledger.fund_machines import FUND_STEPS
from toolkit.ledger.machines import Role
from toolkit.ledger.omnibus_machines import OMNIBUS_STEPS
from toolkit.ledger.party_machines import PARTY_STEPS
from toolkit.ledger.reconciliation_machines import RECONCILIATION_STEPS
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps
from toolkit.ledger.report_machines import REPORT_STEPS
from toolkit.ledger.screening_machines import SCREENING_STEPS

__all__ = ["RECORD_STEPS", "record_step"]

RECORD_STEPS: RecordSteps = {
    **FUND_STEPS,
    **PARTY_STEPS,
    **OMNIBUS_STEPS,
    **SCREENING_STEPS,
    **RECONCILIATION_STEPS,
    **CASE_STEPS,
    **EXIT_STEPS,
    **REPORT_STEPS,
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
