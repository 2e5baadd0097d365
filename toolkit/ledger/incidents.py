"""Incidents: what stops the worker's minting until a person has looked."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa

from toolkit.calendar import Clock
from toolkit.errors import IllegalTransition
from toolkit.ledger import checks, schema
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.persons import require_role
from toolkit.ledger.records import Incident
from toolkit.ledger.store import Unit

__all__ = ["Incidents"]

_TABLE = schema.incidents


@dataclass(frozen=True, slots=True)
class Incidents:
    """What went wrong beyond what the worker may mend, and who has acknowledged it."""

    unit: Unit
    clock: Clock

    def open(self, kind: str, summary: str, details: Mapping[str, Any]) -> Incident:
        """Opens an incident. `details` are JSON values."""
        row = {
            "id": str(uuid.uuid4()),
            "kind": checks.word(kind, what="kind"),
            "opened_at": self.clock.now(),
            "summary": summary,
            "details": json.dumps(details, sort_keys=True),
            "acknowledged_at": None,
            "acknowledged_by": None,
            "note": None,
        }
        with self.unit.writing() as connection:
            connection.execute(sa.insert(_TABLE), [row])
        return _incident(row)

    def acknowledge(self, incident_id: str, *, by: str, note: str) -> Incident:
        """Says that a person of `COMPLIANCE` has looked, and minting may go on.

        Raises `NotAuthorised`, `NotFound`, `IllegalTransition` if it was acknowledged before.
        """
        note = checks.one_line(note, what="note", longest=500)
        with self.unit.writing() as connection:
            require_role(connection, by, Role.COMPLIANCE)
            moved = connection.execute(
                sa.update(_TABLE)
                .where(_TABLE.c.id == incident_id, _TABLE.c.acknowledged_at.is_(None))
                .values(acknowledged_at=self.clock.now(), acknowledged_by=by, note=note)
            )
            row = connection.execute(sa.select(_TABLE).where(_TABLE.c.id == incident_id)).mappings().first()
            if row is None:
                raise NotFound(f"no incident {incident_id!r}", incident=incident_id)
            if moved.rowcount == 0:
                raise IllegalTransition(
                    f"incident {incident_id} was acknowledged by {row['acknowledged_by']} already",
                    incident=incident_id,
                )
        return _incident(row)

    def find(self, *, acknowledged: bool | None = None) -> tuple[Incident, ...]:
        """The incidents, oldest first: all, or those that were acknowledged or weren't."""
        with self.unit.reading() as connection:
            rows = connection.execute(_matching(acknowledged)).mappings().all()
            return tuple(_incident(row) for row in rows)


@cache
def _matching(acknowledged: bool | None) -> sa.Select[Any]:
    query = sa.select(_TABLE).order_by(_TABLE.c.opened_at, _TABLE.c.id)
    if acknowledged is None:
        return query
    done = _TABLE.c.acknowledged_at
    return query.where(done.is_not(None) if acknowledged else done.is_(None))


def _incident(row: Any) -> Incident:
    return Incident(**{**row, "details": json.loads(row["details"])})
