"""What the hot path asks is found by an index: a step costs the same however many orders there are."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from support.databases import Databases

from toolkit.ledger import (
    Ledger,
    audit,
    batches,
    eligibility,
    flights,
    limits,
    money,
    order_verification,
    orders,
    parties,
    policies,
    steps,
    verification,
)
from toolkit.ledger.prepared import Prepared

STATEMENTS = {
    "standing": steps._LOCKED_STANDING,
    "standing alike": steps._ALIKE,
    "move and set": steps._move(("batch_id", "flight_id")),
    "standing without times": steps._LOCKED_TIMELESS,
    "locked": steps._LOCKED,
    "orders": steps._ORDERS,
    "move": steps._MOVE,
    "acts": steps._ACTS,
    "keys": orders._KEYS,
    "receipts": money._LOCKED_RECEIPTS,
    "into a batch": batches._PUT_INTO,
    "empty batches": batches._CLOSE_EMPTY,
    "a flying order of a batch": batches._FLYING,
    "out of a batch": batches._SET_FREE,
    "out of a flight": flights._FREE,
    "customers elsewhere": flights._ELSEWHERE,
    "head": audit._LOCKED_HEAD,
    "last of the next orders": order_verification._LAST,
    "next orders": order_verification._SOME_ORDERS,
    "their steps": order_verification._STEPS,
    "steps beyond them": order_verification._BEYOND,
    "their dealings": order_verification._DEALT,
    "next events": verification._NEXT_EVENTS,
    "next events of records": verification._NEXT_RECORD_EVENTS,
    "steps of records": verification._RECORD_STEPS_OF,
    "claims": flights._FORMED,
    "parties": parties._PARTIES,
    "policies": policies._IN_FORCE,
    "acknowledged": eligibility._ACKNOWLEDGED,
    "limits": limits._OF_SUBJECTS,
}


@pytest.mark.parametrize("name", STATEMENTS)
def test_no_statement_reads_a_whole_table(sqlite_databases: Databases, name: str) -> None:
    with Ledger.open(sqlite_databases.ledger()) as ledger, ledger._store.reading() as connection:
        asked = STATEMENTS[name]
        statement: sa.ClauseElement = asked.statement if isinstance(asked, Prepared) else asked
        text = str(statement.compile(connection))
        plan = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {text}", ("[]",) * text.count("?"))
        lines = [row[3] for row in plan]
    assert any(("USING" in line and "INDEX" in line) or "PRIMARY KEY" in line for line in lines), lines
    assert not [line for line in lines if line.startswith("SCAN") and "json_each" not in line], lines
