"""The compliance officer's side of the desk: one object, a part for each subject."""

from __future__ import annotations

from functools import cached_property

from toolkit.compliance.acknowledgements import Acknowledgements
from toolkit.compliance.affiliations import Affiliations
from toolkit.compliance.bank_accounts import BankAccounts
from toolkit.compliance.classification import Classifications
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.perimeter import Perimeter
from toolkit.compliance.policies import LimitBook, PolicyBook

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
