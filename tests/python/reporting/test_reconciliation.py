"""A day on a real chain: reconciled at zero, closed by two people, restated, and what is found when it differs."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.books import OFFICER, PREPARER, REVIEWER, Office, at

from toolkit.reporting.errors import DayNotClosed, DayNotOver, OpenBreaks, WrongReserveReport


def _played(office: Office) -> None:
    """Three mints; one redemption paid, one burned and unpaid, one in escrow; money of an order not minted."""
    customer = office.customer()
    for amount in ("1000.00", "2500.50", "40.01"):
        office.minted(customer, amount)
    office.paid(customer, "300.00")
    office.burned(customer, "200.00")
    office.escrowed(customer, "50.00")
    office.funded(customer, "77.00")


def test_a_day_reconciles_at_zero_and_is_closed_by_another_person(office: Office) -> None:
    _played(office)
    office.bank_day()
    with pytest.raises(DayNotOver):
        office.reconciliation.run(office.day, by=PREPARER, report=office.report)
    office.end_day()
    record = office.reconciliation.run(office.day, by=PREPARER, report=office.report)
    assert [office.reconciliation.breaks.get(name).text for name in record.breaks] == []
