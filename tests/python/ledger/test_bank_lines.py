"""Bank statements in the ledger: once, whole, one after another, and bound to the chain of events."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from support.databases import run_sql
from support.ledgers import MAKER, Fixture, dollars

from toolkit.errors import IdempotencyConflict, IllegalTransition, InvalidInput, LedgerTampered, NotAuthorised
from toolkit.ledger import Role
from toolkit.ledger.bank_lines import BankEntry, BankStatement
from toolkit.ledger.errors import StatementGap

MONDAY = date(2026, 11, 23)
FINANCE = "finance-1"


@pytest.fixture(autouse=True)
def _finance(desk: Fixture) -> None:
    desk.ledger.persons.add(FINANCE, label="of finance", roles=[Role.FINANCE])


def entry(name: str, amount: str = "10.00", direction: str = "credit", **changes: Any) -> BankEntry:
    cents = dollars(amount).base_units
    return BankEntry(name, direction, cents, "USD", MONDAY, MONDAY)._replace(**changes)


def statement(*entries: BankEntry, opening: int = 0, **changes: Any) -> BankStatement:
    whole = BankStatement(
        account="reserve-usd",
        number="acct-1",
        statement="S-1",
        purpose="RESERVE",
        currency="USD",
        opened_on=MONDAY,
        closed_on=MONDAY,
        opening=opening,
        closing=opening + sum(item.signed for item in entries),
        entries=entries,
        file_digest="ab" * 32,
    )
    return replace(whole, **changes)


def record(desk: Fixture, item: BankStatement) -> bool:
    return desk.ledger.bank_lines.record(item, actor=FINANCE, role=Role.FINANCE)[1]


def test_x9_the_same_statement_twice_and_two_deposits_alike(desk: Fixture) -> None:
    twins = statement(entry("E-1"), entry("E-2"))
    assert record(desk, twins)
    head = desk.ledger.head()
    assert not record(desk, twins)
    assert desk.ledger.head() == head
    lines = desk.ledger.bank_lines.lines(twins.record_id)
    assert [(line.entry.entry, str(line.entry.amount)) for line in lines] == [
        ("E-1", "10.00"),
        ("E-2", "10.00"),
    ]


def test_a_changed_line_under_a_known_id_is_a_conflict(desk: Fixture) -> None:
    record(desk, statement(entry("E-1")))
    with pytest.raises(IdempotencyConflict, match="other contents"):
        record(desk, statement(entry("E-1", "10.01")))
    tuesday = MONDAY + timedelta(days=1)
    again = entry("E-1", booked_on=tuesday, value_on=tuesday)
    later = statement(again, opening=1000, statement="S-2", opened_on=tuesday, closed_on=tuesday)
    with pytest.raises(IdempotencyConflict, match="stands in bank/reserve-usd/S-1"):
        record(desk, later)


def test_statements_follow_one_another(desk: Fixture) -> None:
    record(desk, statement(entry("E-1")))
    tuesday = MONDAY + timedelta(days=1)
    later = statement(statement="S-2", opened_on=tuesday, closed_on=tuesday, opening=1000)
    with pytest.raises(StatementGap, match="import the statement between"):
        record(desk, replace(later, opening=999, closing=999))
    with pytest.raises(StatementGap):
        record(desk, replace(later, opened_on=MONDAY, closed_on=tuesday))
    assert record(desk, later)


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"closing": 999}, "truncated or wrong"),
        ({"currency": "JPY", "opening": 0}, "an account has one currency"),
        ({"purpose": "PETTY_CASH"}, "must be one of"),
        ({"account": "a/b"}, "without a slash"),
        ({"closed_on": MONDAY - timedelta(days=1)}, "ends before"),
        ({"opened_on": MONDAY + timedelta(days=1), "closed_on": MONDAY + timedelta(days=1)}, "outside"),
    ],
    ids=["sum", "currency", "purpose", "slash", "backwards", "outside"],
)
def test_a_statement_that_is_wrong_is_refused_whole(desk: Fixture, changes: Any, match: str) -> None:
    with pytest.raises(InvalidInput, match=match):
        record(desk, statement(entry("E-1"), **changes))
    assert desk.ledger.bank_lines.statements() == ()


@pytest.mark.parametrize(
    ("bad", "match"),
    [
        (entry("E-1"), "stands twice"),
        (entry("E-2", direction="both"), "neither credit nor debit"),
        (entry("E-2", amount="0.00"), "above zero"),
        (entry("two\nlines"), "one printable line"),
    ],
    ids=["twice", "direction", "zero", "newline"],
)
def test_an_entry_that_is_wrong_refuses_the_statement(desk: Fixture, bad: BankEntry, match: str) -> None:
    with pytest.raises(InvalidInput, match=match):
        record(desk, statement(entry("E-1"), bad))


def test_another_account_under_the_same_name_is_refused(desk: Fixture) -> None:
    record(desk, statement(entry("E-1")))
    tuesday = MONDAY + timedelta(days=1)
    later = statement(statement="S-2", opened_on=tuesday, closed_on=tuesday, opening=1000)
    with pytest.raises(InvalidInput, match="belongs to another account"):
        record(desk, replace(later, number="acct-2"))


def test_a_balance_may_be_negative(desk: Fixture) -> None:
    assert record(desk, statement(entry("E-1", direction="debit"), opening=-500))
    (kept,) = desk.ledger.bank_lines.statements("reserve-usd")
    assert (kept.data["opening"], kept.data["closing"]) == ("-500", "-1500")


def test_only_people_of_money_bring_statements(desk: Fixture) -> None:
    with pytest.raises(NotAuthorised):
        desk.ledger.bank_lines.record(statement(entry("E-1")), actor=MAKER, role=Role.MAKER)
    with pytest.raises(NotAuthorised):
        desk.ledger.bank_lines.record(statement(entry("E-1")), actor=MAKER, role=Role.FINANCE)


@pytest.mark.parametrize("change", ["amount = '1001'", "reference = 'other'", "booked_on = '2026-11-22'"])
def test_an_edited_line_is_found(desk: Fixture, change: str) -> None:
    record(desk, statement(entry("E-1"), entry("E-2")))
    desk.ledger.verify()
    run_sql(desk.url, f"UPDATE bank_lines SET {change} WHERE entry = 'E-1'")
    with pytest.raises(LedgerTampered, match="bank/reserve-usd/S-1"):
        desk.ledger.verify()


def test_a_removed_line_is_found(desk: Fixture) -> None:
    record(desk, statement(entry("E-1"), entry("E-2")))
    run_sql(desk.url, "DELETE FROM bank_lines WHERE entry = 'E-2'")
    with pytest.raises(LedgerTampered):
        desk.ledger.verify()


def test_lines_are_found_by_either_name(desk: Fixture) -> None:
    record(desk, statement(entry("E-1", reference="FPS-1"), entry("E-2")))
    named = desk.ledger.bank_lines.named(["FPS-1", "E-2", "nothing"])
    assert sorted(line.entry.entry for line in named) == ["E-1", "E-2"]
    assert [
        line.entry.entry for line in desk.ledger.bank_lines.booked("reserve-usd", after=None, until=MONDAY)
    ] == ["E-1", "E-2"]


def test_a_recorded_statement_takes_no_further_step(desk: Fixture) -> None:
    record(desk, statement(entry("E-1")))
    from toolkit.ledger.record_words import RecordState

    with pytest.raises(IllegalTransition):
        desk.ledger.record_book.step(
            "bank/reserve-usd/S-1", RecordState.RECORDED, actor=FINANCE, role=Role.FINANCE
        )
