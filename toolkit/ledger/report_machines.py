"""The legal lives of a report's version and of what the auditor writes, as data (regulation.md W10, W11).

    report        due -> generated -> reviewed -> signed -> published | submitted -> restated
    attestation   due -> generated -> issued -> published | submitted -> restated
    draw          drawn

A version that was corrected is `restated` and stays as it was published; the correction is a version of its
own. Only the auditor draws a day and issues an attestation, and nobody at the issuer may; the issuer
sends it out.
"""

from __future__ import annotations

from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState, RecordStep, RecordSteps

__all__ = ["REPORT_STEPS"]

_S = RecordState
_PREPARER = RecordStep(frozenset({Role.FINANCE}))
_REVIEWER = RecordStep(frozenset({Role.FINANCE, Role.COMPLIANCE}), frozenset({_S.GENERATED}))
_SIGNATORY = RecordStep(frozenset({Role.FINANCE, Role.COMPLIANCE}))
_OUT = (_S.SIGNED, _S.PUBLISHED, _S.SUBMITTED)
_AUDITOR = RecordStep(frozenset({Role.AUDITOR}))
_ISSUED = (_S.ISSUED, _S.PUBLISHED, _S.SUBMITTED)

REPORT_STEPS: RecordSteps = {
    RecordKind.REPORT: {
        (None, _S.DUE): _PREPARER,
        (_S.DUE, _S.GENERATED): _PREPARER,
        (_S.GENERATED, _S.GENERATED): _PREPARER,  # another draft
        (_S.REVIEWED, _S.GENERATED): _PREPARER,
        (_S.GENERATED, _S.REVIEWED): _REVIEWER,
        (_S.REVIEWED, _S.REVIEWED): _SIGNATORY,  # the first of the two signatures
        (_S.REVIEWED, _S.SIGNED): _SIGNATORY,
        **{(source, _S.PUBLISHED): _SIGNATORY for source in _OUT if source is not _S.PUBLISHED},
        **{(source, _S.SUBMITTED): _SIGNATORY for source in _OUT if source is not _S.SUBMITTED},
        **{(source, _S.RESTATED): _SIGNATORY for source in _OUT},
    },
    RecordKind.ATTESTATION: {
        (None, _S.DUE): _AUDITOR,
        (_S.DUE, _S.GENERATED): _AUDITOR,
        (_S.GENERATED, _S.GENERATED): _AUDITOR,  # another draft
        (_S.GENERATED, _S.ISSUED): _AUDITOR,
        **{(source, _S.PUBLISHED): _SIGNATORY for source in _ISSUED if source is not _S.PUBLISHED},
        **{(source, _S.SUBMITTED): _SIGNATORY for source in _ISSUED if source is not _S.SUBMITTED},
        **{(source, _S.RESTATED): _AUDITOR for source in _ISSUED},
    },
    RecordKind.DRAW: {(None, _S.DRAWN): _AUDITOR},
}
