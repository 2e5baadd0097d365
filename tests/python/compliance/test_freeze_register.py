"""The register of freezes (regulation.md 4.6), and who may read it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.databases import Databases
from support.ledgers import CHECKER, COMPLIANCE, MAKER, address, reference
from support.memory_suite import COIN, CUSTODY, GUARDIAN, OTHER_GUARDIAN, CaseFixture, digest

from toolkit.compliance.authority import Taking
from toolkit.compliance.register import freeze_register
from toolkit.errors import NotAuthorised
from toolkit.ledger import Role


@pytest.fixture
def desk(databases: Databases) -> Iterator[CaseFixture]:
    """On SQLite and on PostgreSQL."""
    fixture = CaseFixture(databases.ledger())
    yield fixture
    fixture.ledger.close()


def test_a_row_has_every_field_of_the_format(desk: CaseFixture) -> None:
    received = desk.clock.now() - timedelta(seconds=90)
    desk.freeze("FRZ-1", received_at=received)
    desk.clock.advance(timedelta(minutes=20))
    desk.confirmed("FRZ-1")
    (row,) = freeze_register(desk.office._context, by=COMPLIANCE)
    transactions = row.pop("transactions")
    assert row == {
        "entry_id": f"freeze/FRZ-1/{address(1)}",
        "wallet": address(1),
        "sub_account": None,
        "chains": [5, 31337],
        "amount_frozen": "account",
        "token": None,
        "authority": "sanctions: OFAC SDN, version of 2026-11-20",
        "document_hash": digest("list"),
        "imposed_at": "2026-11-23T04:00:00+00:00",
        "imposed_by": GUARDIAN,
        "second_sign_at": "2026-11-23T04:20:00+00:00",
        "second_sign_by": OTHER_GUARDIAN,
        "latency_seconds": 90,
        "review_date": "2027-02-01",
        "status": "frozen",
        "lowering_transactions": [],
        "legal_owner_ref": reference(1),
    }
    assert [(item["chain"], item["do"]) for item in transactions] == [
        (31337, "freeze"),
        (31337, "freeze"),
        (5, "freeze"),
        (5, "freeze"),
    ]
    assert all(item["transaction"].startswith("0x") for item in transactions)
    json.dumps(row)


def test_a_part_names_client_token_and_amount_and_its_seizure(desk: CaseFixture) -> None:
    desk.part("PART-1", "0.25")
    desk.disposed("PART-1", Taking.SEIZE)
    (row,) = freeze_register(desk.office._context, by=COMPLIANCE)
    assert (row["sub_account"], row["legal_owner_ref"]) == (reference(77), reference(77))
    assert (row["token"], row["amount_frozen"], row["status"]) == ("tUSD", "250000", "seized")
    done = [(item["do"], item["amount"]) for item in row["lowering_transactions"]]
    assert ("forced_transfer", "250000") in done
    assert desk.home.balances[COIN, CUSTODY] == 250_000


def test_a_release_is_in_the_row_with_its_transactions(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.released("FRZ-1")
    (row,) = freeze_register(desk.office._context, by=COMPLIANCE)
    assert row["status"] == "released"
    assert {item["do"] for item in row["lowering_transactions"]} == {"unfreeze"}
    assert len(row["lowering_transactions"]) == 4


def test_a_wallet_that_came_later_has_a_row(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.new_wallet(30)
    desk.office.freezes.resume()
    rows = freeze_register(desk.office._context, by=COMPLIANCE)
    assert [row["wallet"] for row in rows] == [address(1), address(30)]
    assert rows[1]["chains"] == [5, 31337]


def test_a_freeze_that_reached_no_chain_has_no_latency(desk: CaseFixture) -> None:
    desk.home.reachable = desk.away.reachable = False
    desk.freeze("FRZ-1")
    (row,) = freeze_register(desk.office._context, by=COMPLIANCE)
    assert (row["imposed_at"], row["latency_seconds"], row["chains"]) == (None, None, [])


def test_compliance_and_the_auditor_read_it_and_nobody_else(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.ledger.persons.add("auditor", label="an auditor", roles=[Role.AUDITOR])
    assert freeze_register(desk.office._context, by="auditor")
    for person in (MAKER, CHECKER, GUARDIAN):
        with pytest.raises(NotAuthorised):
            freeze_register(desk.office._context, by=person)
