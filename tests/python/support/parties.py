"""Policies, limits and restrictions put in force the way two people do it."""

from __future__ import annotations

from typing import Any

from support.ledgers import CHECKER, COMPLIANCE, StoppedClock

from toolkit.calendar import BusinessCalendar
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.policies import LimitBook, PolicyBook
from toolkit.compliance.ports import Suite
from toolkit.ledger import Ledger, Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.restrictions import Restriction

DIGEST = "ab" * 32


def office(ledger: Ledger, *suites: Suite, clock: StoppedClock | None = None) -> ComplianceContext:
    return ComplianceContext(
        ledger=ledger,
        clock=clock or ledger.clock,
        calendar=BusinessCalendar.load("hong-kong"),
        suites=suites,
        secret=bytes(32),
    )


def policy(product: str = "DUSD", **changes: Any) -> dict[str, Any]:
    return {
        "product": product,
        "licensed_stablecoin": True,
        "classes": [
            "corporate_professional",
            "individual_professional",
            "institutional",
            "retail",
        ],
        "allowed": "any",
        "denied": [],
        "documents": [],
        "limited": [],
        **changes,
    }


def adopt(ledger: Ledger, product: str = "DUSD", **changes: Any) -> str:
    """Puts a policy in force; returns its record."""
    book = PolicyBook(office(ledger))
    proposed = book.propose(policy(product, **changes), by=CHECKER)
    return book.confirm(proposed.id, by=COMPLIANCE).id


def limit(
    ledger: Ledger,
    most: int | None,
    *,
    scope: str = "client",
    subject: str = "*",
    order_kind: str = "mint",
    unit: str = "DUSD",
    seconds: int = 86_400,
) -> str:
    """Puts a limit in force (None: says that there is none); returns its record."""
    book = LimitBook(office(ledger))
    windows: Any = "none" if most is None else [{"seconds": seconds, "most": str(most)}]
    proposed = book.propose(
        {
            "scope": scope,
            "subject": subject,
            "order_kind": order_kind,
            "unit": unit,
            "windows": windows,
        },
        by=CHECKER,
    )
    return book.confirm(proposed.id, by=COMPLIANCE).id


def case(ledger: Ledger, name: str = "case/1", *, by: str = COMPLIANCE) -> str:
    """A record that a restriction can stand on."""
    return ledger.record_book.open(
        name, RecordKind.CASE, RecordState.PROPOSED, {}, actor=by, role=Role.COMPLIANCE
    ).id


def restrict(
    ledger: Ledger,
    investor: str,
    wallet: str | None = None,
    *,
    name: str = "case/1",
    actor: str = COMPLIANCE,
    role: Role = Role.COMPLIANCE,
) -> Restriction:
    (made,) = ledger.restrictions.impose(
        [(investor, wallet)], case_id=case(ledger, name), actor=actor, role=role
    )
    return made
