"""What is overdue of cases, as the monitor reads it from the ledger alone."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from support.databases import Databases
from support.ledgers import COMPLIANCE, MAKER, address
from support.memory_suite import OTHER_GUARDIAN, REVIEW, CaseFixture, digest

from toolkit.calendar import BusinessCalendar
from toolkit.compliance.overdue import FreezePolicy, Overdue, overdue_cases


@pytest.fixture
def desk(sqlite_databases: Databases) -> Iterator[CaseFixture]:
    fixture = CaseFixture(sqlite_databases.ledger())
    yield fixture
    fixture.ledger.close()


def overdue(desk: CaseFixture, policy: FreezePolicy | None = None) -> tuple[Overdue, ...]:
    now = desk.clock.now()
    today = BusinessCalendar.load("hong-kong").local_date(now)
    return overdue_cases(desk.ledger, policy or FreezePolicy(), now, today)


def test_the_ledger_alone_says_what_the_office_says(desk: CaseFixture) -> None:
    desk.away.reachable = False
    desk.freeze("FRZ-1")
    desk.office.recoveries.report("REC-1", wallet=address(2), by=MAKER, evidence=digest("report"))
    desk.clock.advance(timedelta(hours=1))
    office = desk.office
    assert overdue(desk) == (*office.freezes.overdue(), *office.recoveries.overdue())
    assert [(item.record.split("/")[0], item.what) for item in overdue(desk)] == [
        ("freeze", "chain"),
        ("freeze", "second signature"),
        ("recovery", "chain"),
    ]


def test_a_matter_keeps_its_reference_and_a_new_one_gets_another(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1", review_on=date(2026, 11, 24))
    desk.clock.advance(timedelta(days=1))
    (first,) = overdue(desk)
    desk.clock.advance(timedelta(hours=5))
    (again,) = overdue(desk)
    assert (again.reference, again.since == first.since) == (first.reference, False)
    tomorrow = date(2026, 11, 26)
    desk.office.freezes.review("FRZ-1", by=COMPLIANCE, next_on=tomorrow, reason="still listed")
    assert overdue(desk) == ()
    desk.clock.advance(timedelta(days=2))
    (next_one,) = overdue(desk)
    assert next_one.reference != first.reference


def test_a_chain_that_is_lost_again_is_another_matter(desk: CaseFixture) -> None:
    desk.away.reachable = False
    desk.freeze("FRZ-1", review_on=REVIEW)
    desk.office.freezes.second("FRZ-1", by=OTHER_GUARDIAN)
    (first,) = overdue(desk)
    desk.clock.advance(timedelta(minutes=1))
    desk.office.freezes.resume()
    (still,) = overdue(desk)
    assert still.reference == first.reference
    desk.away.reachable = True
    desk.office.freezes.resume()
    assert overdue(desk) == ()
    desk.new_wallet(30)
    desk.away.reachable = False
    desk.office.freezes.resume()
    (second,) = overdue(desk)
    assert second.reference != first.reference
