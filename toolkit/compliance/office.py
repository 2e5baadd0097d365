"""The compliance officer's side of the desk: one object, a part for each subject."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from toolkit.compliance.access import Readings, note_reading
from toolkit.compliance.acknowledgements import Acknowledgements
from toolkit.compliance.affiliations import Affiliations
from toolkit.compliance.bank_accounts import BankAccounts
from toolkit.compliance.cases import FreezeCases
from toolkit.compliance.classification import Classifications
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.perimeter import Perimeter
from toolkit.compliance.policies import LimitBook, PolicyBook
from toolkit.compliance.recovery import Recoveries
from toolkit.compliance.register import freeze_register

if TYPE_CHECKING:
    from toolkit.compliance.overdue import Overdue
    from toolkit.ledger.records import LedgerRecord

__all__ = ["Compliance"]


class Compliance:
    """Compliance over one ledger and the suites its parties have wallets on."""

    def __init__(self, context: ComplianceContext) -> None:
        self._context = context

    # investors

    @cached_property
    def policies(self) -> PolicyBook:
        return PolicyBook(self._context)

    @cached_property
    def limits(self) -> LimitBook:
        return LimitBook(self._context)

    @cached_property
    def classifications(self) -> Classifications:
        return Classifications(self._context)

    @cached_property
    def perimeter(self) -> Perimeter:
        return Perimeter(self._context)

    @cached_property
    def acknowledgements(self) -> Acknowledgements:
        return Acknowledgements(self._context)

    @cached_property
    def affiliations(self) -> Affiliations:
        return Affiliations(self._context)

    @cached_property
    def bank_accounts(self) -> BankAccounts:
        return BankAccounts(self._context)

    # cases

    @cached_property
    def freezes(self) -> FreezeCases:
        return FreezeCases(self._context)

    @cached_property
    def recoveries(self) -> Recoveries:
        return Recoveries(self._context)

    @cached_property
    def readings(self) -> Readings:
        return Readings(self._context.ledger)

    def overdue(self, *, by: str) -> tuple[Overdue, ...]:
        """What a person has to look after of every case, for compliance and the auditor alone: read by `by`.

        Raises NotAuthorised.
        """
        note_reading(self._context.ledger, "overdue cases", by=by)
        return (*self.freezes.overdue(), *self.recoveries.overdue())

    def freeze_register(self, *, by: str) -> list[dict[str, Any]]:
        """The register of freezes, for compliance and the auditor; see `toolkit.compliance.register`."""
        return freeze_register(self._context, by=by)

    def case(self, case_id: str, *, by: str) -> LedgerRecord:
        """A freeze or a recovery with all that is on file; see `Readings.case`."""
        return self.readings.case(case_id, by=by)
