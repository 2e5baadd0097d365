"""What an order is admitted on, compared with the records that decided it.

The records hang on the chain of events, and are checked before. A row that was added, edited or removed
behind the ledger's back differs from its record.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.errors import LedgerTampered
from toolkit.ledger import schema, schema_eligibility
from toolkit.ledger.limits import Limit, limit_rows
from toolkit.ledger.parties import HOUSE
from toolkit.ledger.policies import FULL, FULL_DUE
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.restrictions import Restriction, restriction_data

__all__ = ["check_parties"]

_RECORDS, _EVENTS = schema.records, schema.record_events
_RESTRICTIONS, _STANDINGS = schema_eligibility.restrictions, schema_eligibility.standings
_LIMITS, _INVESTORS = schema_eligibility.limits, schema.investors


def check_parties(connection: Connection) -> None:
    """Raises `LedgerTampered` naming the first row that isn't what its record says."""
    _check_restrictions(connection)
    _check_limits(connection)
    _check_classes(connection)
    _check_regimes(connection)
    _check_distributors(connection)


def _check_restrictions(connection: Connection) -> None:
    stated = {
        row.id: (row.state == RecordState.IMPOSED, json.loads(row.data))
        for row in _records(connection, RecordKind.RESTRICTION)
    }
    found = {
        row["id"]: (row["lifted_at"] is None, restriction_data(Restriction(**row)))
        for row in connection.execute(sa.select(_RESTRICTIONS)).mappings()
    }
    _compare("restriction", stated, found)


def _check_limits(connection: Connection) -> None:
    stated = {
        (row.id, item[4]): item
        for row in _records(connection, RecordKind.LIMIT)
        if row.state == RecordState.IN_FORCE
        for item in limit_rows(Limit.from_data(json.loads(row.data)["limit"]), row.id)
    }
    rows = (tuple(row) for row in connection.execute(sa.select(_LIMITS)))
    _compare("limit", stated, {(row[6], row[4]): row for row in rows})


def _check_classes(connection: Connection) -> None:
    current = (RecordState.APPROVED, RecordState.EXPIRING)
    stated = {}
    for row in _records(connection, RecordKind.CLASSIFICATION):
        if row.state in current:
            data = json.loads(row.data)
            until = datetime.fromisoformat(data["expires_at"])
            stated[row.id] = (data["investor"], data["investor_class"], until)
    query = sa.select(_STANDINGS).where(_STANDINGS.c.investor_class.is_not(None))
    found = {
        row["classification"]: (row["investor"], row["investor_class"], row["classified_until"])
        for row in connection.execute(query).mappings()
    }
    _compare("approved class", stated, found)


def _check_regimes(connection: Connection) -> None:
    stated: dict[str, str] = {}
    for row in _records(connection, RecordKind.REGIME):
        if row.state in (RecordState.CONFIRMED, RecordState.NOTED):
            data = json.loads(row.data)
            stated[data["investor"]] = data["to"]
    query = sa.select(_INVESTORS.c.reference, _INVESTORS.c.regime).where(
        _INVESTORS.c.regime.in_((FULL, FULL_DUE))
    )
    _compare("regime", stated, {row.reference: row.regime for row in connection.execute(query)})


def _check_distributors(connection: Connection) -> None:
    stated: dict[str, str] = {}
    for row in _records(connection, RecordKind.AFFILIATION):
        if row.state == RecordState.CONFIRMED:
            data = json.loads(row.data)
            stated[data["investor"]] = data["distributor"]
    query = sa.select(_STANDINGS.c.investor, _STANDINGS.c.distributor)
    found = {row.investor: row.distributor for row in connection.execute(query)}
    # Who was classified and is nobody's is the house's.
    house = {name: HOUSE for name in found if name not in stated}
    _compare("distributor", house | stated, found)


def _records(connection: Connection, kind: RecordKind) -> Iterator[Any]:
    """In the sequence in which they came to where they stand: of two that say the same, the later holds."""
    last = sa.select(sa.func.max(_EVENTS.c.seq)).where(_EVENTS.c.record_id == _RECORDS.c.id).scalar_subquery()
    return iter(connection.execute(sa.select(_RECORDS).where(_RECORDS.c.kind == kind).order_by(last)))


def _compare(what: str, stated: dict[Any, Any], found: dict[Any, Any]) -> None:
    if stated == found:
        return
    differing = [name for name in stated.keys() | found.keys() if stated.get(name) != found.get(name)]
    name = min(differing, key=str)
    raise LedgerTampered(
        f"the {what} {name} is {found.get(name, 'missing')} and its record says "
        f"{stated.get(name, 'nothing')}: the ledger was changed outside the toolkit; stop the worker, keep "
        "this copy as evidence and restore from a backup",
        what=what,
    )
