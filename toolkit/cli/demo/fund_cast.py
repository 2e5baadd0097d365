"""Who invests in the demo's fund, with how much, and who works on its dealing days."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from functools import cached_property
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

if TYPE_CHECKING:
    from toolkit.chain.signers import LocalSigner
    from toolkit.desk import Desk, Investor

__all__ = ["AGENT", "BY_MONEY", "DEALER", "INVESTORS", "LAPSED", "LATE", "REDEEMING", "Subscriber", "hire"]

AGENT, DEALER = "nav-1", "dealer-1"

_CLASSES = ("individual_professional", "corporate_professional", "institutional")
_COUNTRIES = ("HK", "HK", "SG", "HK", "GB", "US", "HK", "FR")
_FIRST, _STEP = Decimal("150000.00"), Decimal("12345.67")
_VERIFIED_UNTIL = datetime(2027, 12, 31, 16, 0, tzinfo=UTC)
_LAPSES = datetime(2026, 2, 17, 16, 0, tzinfo=UTC)  # after the first dealing day, before the second


@dataclass(frozen=True)
class Subscriber:
    """An investor with one wallet, whose key follows from `number`."""

    number: int
    verified_until: datetime = _VERIFIED_UNTIL

    @property
    def label(self) -> str:
        return f"investor-{self.number:02}"

    @property
    def country(self) -> str:
        """ISO 3166-1 alpha-2."""
        return _COUNTRIES[self.number % len(_COUNTRIES)]

    @property
    def subscription(self) -> Decimal:
        """What they subscribe on their first day, in the coin."""
        return _FIRST + _STEP * self.number

    @property
    def bank_account(self) -> str:
        return f"account-of-{self.label}"

    @cached_property
    def signer(self) -> LocalSigner:
        """The wallet's key, as public as the development accounts'."""
        from toolkit.chain.hexes import keccak
        from toolkit.chain.signers import LocalSigner

        return LocalSigner(keccak(b"demo fund, investor %d" % self.number))

    @property
    def wallet(self) -> str:
        return self.signer.address

    @property
    def investor(self) -> Investor:
        """What the desk records."""
        from toolkit.bindings.structs import InvestorClass
        from toolkit.desk import Investor

        return Investor(
            id=uuid5(NAMESPACE_URL, f"urn:demo:fund:{self.label}"),
            label=self.label,
            investor_class=InvestorClass[_CLASSES[self.number % len(_CLASSES)].upper()],
            country=self.country,
            verified_until=self.verified_until,
            bank_account=self.bank_account,
        )


_ALL = [Subscriber(number, _LAPSES if number == 7 else _VERIFIED_UNTIL) for number in range(1, 33)]

LAPSED, LATE = _ALL[6], _ALL[31]
BY_MONEY = (_ALL[29], _ALL[30])
REDEEMING = (LAPSED, *_ALL[19:29])
INVESTORS = tuple(_ALL)


def hire(desk: Desk) -> None:
    """Register who prepares net asset values and who runs the days."""
    desk.add_person(AGENT, label="prepares net asset values", roles=["nav_agent"])
    desk.add_person(DEALER, label="closes and settles days", roles=["dealing_manager"])
