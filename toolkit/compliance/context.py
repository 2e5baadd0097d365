"""What every part of compliance works with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.calendar import BusinessCalendar, Clock
from toolkit.compliance.ports import Suite

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger

__all__ = ["ComplianceContext", "Part"]


@dataclass(frozen=True)
class ComplianceContext:
    """The ledger, and every suite of contracts that the parties in it may have wallets on.

    `secret` keys what is derived from identifiers, as the desk's does.
    """

    ledger: Ledger
    clock: Clock
    calendar: BusinessCalendar
    suites: tuple[Suite, ...]
    secret: bytes


class Part:
    """A subject of compliance that works on the ledger, and sends nothing."""

    def __init__(self, context: ComplianceContext) -> None:
        self._context = context
        self._ledger = context.ledger
