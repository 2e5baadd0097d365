"""How an investor stands with compliance: approved class, regime, distributor.

Written in the transaction of a step of the record that decided it, and never without one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.errors import InvalidInput
from toolkit.ledger import checks, schema, schema_eligibility
from toolkit.ledger.investors import require_investor
from toolkit.ledger.parties import HOUSE, RETAIL
from toolkit.ledger.policies import FULL, FULL_DUE, STABLECOIN_ONLY
from toolkit.ledger.records import Investor
from toolkit.ledger.store import Unit

__all__ = ["Standing", "Standings"]

_TABLE, _INVESTORS = schema_eligibility.standings, schema.investors


@dataclass(frozen=True, slots=True)
class Standing:
    """`investor_class` is what was approved until `classified_until`, by the record `classification`; all
    three None for somebody unclassified.
    """

    investor: str
    distributor: str
    investor_class: str | None
    classified_until: datetime | None
    classification: str | None


@dataclass(frozen=True, slots=True)
class Standings:
    """The standing of every investor."""

    unit: Unit

    def get(self, investor: str) -> Standing:
        """The investor's standing. Raises `NotFound`."""
        with self.unit.reading() as connection:
            require_investor(connection, investor)
            return _standing(connection, investor)

    def lapsing(self, before: datetime) -> tuple[Standing, ...]:
        """Those whose class lapses before that instant, first come."""
        query = (
            sa.select(_TABLE)
            .where(_TABLE.c.classified_until <= before)
            .order_by(_TABLE.c.classified_until, _TABLE.c.investor)
        )
        with self.unit.reading() as connection:
            return tuple(Standing(**row) for row in connection.execute(query).mappings())

    def classify(
        self, investor: str, *, investor_class: str, until: datetime, classification: str
    ) -> Investor:
        """The class that the record `classification` approved, also as the registry is to show it."""
        values = {
            "investor_class": checks.word(investor_class, what="investor class"),
            "classified_until": checks.aware(until, what="until"),
            "classification": classification,
        }
        with self.unit.writing() as connection:
            return self._write(connection, investor, values, {"investor_class": investor_class})

    def declassify(self, investor: str) -> Investor:
        """The class has lapsed: the investor is retail again."""
        values = {"investor_class": None, "classified_until": None, "classification": None}
        with self.unit.writing() as connection:
            return self._write(connection, investor, values, {"investor_class": RETAIL})

    def set_regime(self, investor: str, regime: str) -> Investor:
        """Moves the account to a regime. Raises `InvalidInput` for a word that is none."""
        if regime not in (STABLECOIN_ONLY, FULL, FULL_DUE):
            raise InvalidInput(f"regime {regime!r} is unknown: use {STABLECOIN_ONLY}, {FULL} or {FULL_DUE}")
        with self.unit.writing() as connection:
            return self._write(connection, investor, {}, {"regime": regime})

    def set_distributor(self, investor: str, distributor: str) -> Standing:
        """Says who brought the investor."""
        values = {"distributor": checks.word(distributor, what="distributor")}
        with self.unit.writing() as connection:
            self._write(connection, investor, values, {})
            return _standing(connection, investor)

    def _write(
        self, connection: Connection, investor: str, standing: dict[str, Any], facts: dict[str, Any]
    ) -> Investor:
        require_investor(connection, investor)
        if standing:
            moved = connection.execute(
                sa.update(_TABLE).where(_TABLE.c.investor == investor).values(**standing)
            )
            if moved.rowcount == 0:
                blank = {"investor": investor, "distributor": HOUSE}
                connection.execute(sa.insert(_TABLE), [blank | standing])
        if facts:
            connection.execute(
                sa.update(_INVESTORS).where(_INVESTORS.c.reference == investor).values(**facts)
            )
        return require_investor(connection, investor)


def _standing(connection: Connection, investor: str) -> Standing:
    row = connection.execute(sa.select(_TABLE).where(_TABLE.c.investor == investor)).mappings().one_or_none()
    return Standing(investor, HOUSE, None, None, None) if row is None else Standing(**row)
