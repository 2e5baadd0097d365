"""Who plays in the demo: people at the desk, customers, and the development accounts they sign with."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from toolkit.chain.signers import LocalSigner
    from toolkit.desk import Desk, Investor

__all__ = ["APPROVERS", "AUDITOR", "CUSTODIAN", "CUSTOMERS", "Customer", "hire"]

OPERATOR, APPROVERS, CUSTODIAN, AUDITOR = 1, (2, 3), 7, 8

_VERIFIED_UNTIL = datetime(2024, 12, 31, 16, 0, tzinfo=UTC)
_PEOPLE = {
    "maker-1": ("enters orders", ["maker"], ()),
    "treasurer-1": ("matches money", ["treasurer"], ()),
    "checker-1": ("checks and signs", ["checker", "approver"], (2,)),
    "checker-2": ("checks and signs", ["checker", "approver"], (3,)),
    "compliance-1": ("holds and releases", ["compliance"], ()),
}


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer with one wallet, whose key is development account `account`."""

    label: str
    account: int

    @property
    def signer(self) -> LocalSigner:
        from toolkit.chain.signers import dev_signer

        return dev_signer(self.account)

    @property
    def bank_account(self) -> str:
        """The desk's reference of the account in the customer's name."""
        return f"account-of-{self.label}"

    @property
    def investor(self) -> Investor:
        """What the desk records."""
        from toolkit.bindings.structs import InvestorClass
        from toolkit.desk import Investor

        return Investor(
            id=uuid5(NAMESPACE_URL, f"urn:demo:{self.label}"),
            label=self.label,
            investor_class=InvestorClass.CORPORATE_PROFESSIONAL,
            country="HK",
            verified_until=_VERIFIED_UNTIL,
            bank_account=self.bank_account,
        )


CUSTOMERS = {
    label: Customer(label, 13 + index)
    for index, label in enumerate(("harbour", "lantau", "peak", "kowloon", "central"))
}


def hire(desk: Desk) -> None:
    """Register the people at the desk."""
    from toolkit.chain.signers import dev_signer

    for person, (label, roles, keys) in _PEOPLE.items():
        addresses = [dev_signer(index).address for index in keys]
        desk.add_person(person, label=label, roles=roles, addresses=addresses)
