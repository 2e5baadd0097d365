"""Who may read what is compliance's alone, and that every reading is on record before anything is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from support.databases import Databases, run_sql
from support.ledgers import CHECKER, COMPLIANCE, MAKER, address
from support.memory_suite import GUARDIAN, OTHER_COMPLIANCE, CaseFixture, digest

from toolkit.errors import LedgerTampered, NotAuthorised
from toolkit.ledger import State
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role

AUDITOR = "auditor-1"


@pytest.fixture
def desk(databases: Databases) -> Iterator[CaseFixture]:
    fixture = CaseFixture(databases.ledger())
    fixture.ledger.persons.add(AUDITOR, label="an auditor", roles={Role.AUDITOR})
    yield fixture
    fixture.ledger.close()


def test_a_case_is_read_by_compliance_and_the_auditor_and_each_time_on_record(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.office.recoveries.report("REC-1", wallet=address(2), by=MAKER, evidence=digest("report"))
    assert desk.office.case("FRZ-1", by=COMPLIANCE).data["authority"]["kind"] == "sanctions"
    assert desk.office.case("FRZ-1", by=AUDITOR).id == "freeze/FRZ-1"
    assert desk.office.case("FRZ-1", by=COMPLIANCE).id == "freeze/FRZ-1"
    assert desk.office.case("REC-1", by=OTHER_COMPLIANCE).id == f"recovery/{address(2)}/REC-1"
    found = desk.office.readings.log(by=AUDITOR)
    assert [(item.subject, item.reader, item.role) for item in found] == [
        ("freeze/FRZ-1", COMPLIANCE, Role.COMPLIANCE),
        ("freeze/FRZ-1", AUDITOR, Role.AUDITOR),
        ("freeze/FRZ-1", COMPLIANCE, Role.COMPLIANCE),
        (f"recovery/{address(2)}/REC-1", OTHER_COMPLIANCE, Role.COMPLIANCE),
    ]
    assert {item.at for item in found} == {desk.clock.now()}
    assert len(desk.office.readings.log(by=COMPLIANCE, subject="freeze/")) == 3
    desk.ledger.verify()


READS: dict[str, Callable[[CaseFixture, str, str], object]] = {
    "freeze/FRZ-1": lambda desk, _, by: desk.office.case("FRZ-1", by=by),
    "register of freezes": lambda desk, _, by: desk.office.freeze_register(by=by),
    "overdue cases": lambda desk, _, by: desk.office.overdue(by=by),
    "hits": lambda desk, _, by: desk.office.readings.hits(by=by),
    "holds of": lambda desk, order, by: desk.office.readings.holds(order, by=by),
    "screening of": lambda desk, order, by: desk.office.readings.screening(order, by=by),
}


def test_nobody_else_reads_anything_and_each_reading_has_its_subject(desk: CaseFixture) -> None:
    order = desk.mint().id
    desk.frozen("FRZ-1")
    for read in (*READS.values(), lambda desk, _, by: desk.office.readings.log(by=by)):
        for person in (MAKER, CHECKER, GUARDIAN):
            with pytest.raises(NotAuthorised, match="may not read"):
                read(desk, order, person)
        with pytest.raises(NotFound):
            read(desk, order, "nobody")
    assert desk.office.readings.log(by=COMPLIANCE) == ()
    for read in READS.values():
        read(desk, order, COMPLIANCE)
    found = [item.subject.removesuffix(f" {order}") for item in desk.office.readings.log(by=COMPLIANCE)]
    assert found == list(READS)
    desk.ledger.verify()


def test_what_is_not_there_is_not_on_record(desk: CaseFixture) -> None:
    for read in (desk.office.case, desk.office.readings.holds, desk.office.readings.screening):
        with pytest.raises(NotFound):
            read("FRZ-9", by=COMPLIANCE)
    assert desk.office.readings.log(by=COMPLIANCE) == ()


def test_the_reason_of_a_hold_is_read_with_the_reader_on_record(desk: CaseFixture) -> None:
    order = desk.mint()
    step = desk.ledger.orders.step
    step(order.id, State.ON_HOLD, actor=COMPLIANCE, role=Role.COMPLIANCE, reason="an STR is considered")
    step(order.id, State.REQUESTED, actor=COMPLIANCE, role=Role.COMPLIANCE, reason="no ground for one")
    found = desk.office.readings.holds(order.id, by=OTHER_COMPLIANCE)
    assert [item.reason for item in found] == ["an STR is considered", "no ground for one"]


def test_a_reading_that_was_struck_out_is_found(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.office.case("FRZ-1", by=COMPLIANCE)
    desk.ledger.verify()
    for table, column in (("record_events", "record_id"), ("records", "id")):
        run_sql(desk.url, f"DELETE FROM {table} WHERE {column} = 'access/freeze/FRZ-1'")
    with pytest.raises(LedgerTampered):
        desk.ledger.verify()
