"""The compliance officer's side of the desk: one object, a part for each subject."""

from __future__ import annotations

from toolkit.compliance.context import ComplianceContext

__all__ = ["Compliance"]


class Compliance:
    """Compliance over one ledger and the suites its parties have wallets on."""

    def __init__(self, context: ComplianceContext) -> None:
        self._context = context
