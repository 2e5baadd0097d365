"""The cash that the reserve report states, beside the balance that the bank's statements have."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from support.databases import Databases
from support.day_figures import DAY, day
from support.reserve_reports import data, line

from toolkit.cli.books import reserve_accounts
from toolkit.errors import InvalidInput
from toolkit.ledger import Ledger, Role
from toolkit.ledger.bank_lines import BankEntry, BankStatement
from toolkit.reporting.figures import CashFigures, DayFigures
from toolkit.reporting.identities import check
from toolkit.reporting.reserve_cash import ReserveAccount, reserve_cash
from toolkit.reserves.errors import DuplicateReference
from toolkit.reserves.report import ReserveReport

FRIDAY, SATURDAY, MONDAY = DAY, date(2026, 11, 21), date(2026, 11, 23)
POLICY = (ReserveAccount("reserve-usd", "HC-001", "Harbour Bank"),)


@pytest.fixture
def ledger(sqlite_databases: Databases) -> Iterator[Ledger]:
    with Ledger.open(sqlite_databases.ledger()) as ledger:
        ledger.persons.add("finance-1", label="f", roles={Role.FINANCE})
        yield ledger


def imported(
    ledger: Ledger,
    closing: int,
    *,
    opened: date = FRIDAY,
    closed: date = FRIDAY,
    opening: int = 1_000_00,
    account: str = "reserve-usd",
    currency: str = "USD",
    purpose: str = "RESERVE",
    booked: date | None = None,
) -> None:
    moved = closing - opening
    entry = BankEntry(
        "E-1", "credit" if moved > 0 else "debit", abs(moved), currency, booked or opened, opened
    )
    statement = BankStatement(
        account,
        "acct-1",
        f"S-{opened}",
        purpose,
        currency,
        opened,
        closed,
        opening,
        closing,
        (entry,) if moved else (),
        "0" * 64,
    )
    ledger.bank_lines.record(statement, actor="finance-1", role=Role.FINANCE)


def cash(line_id: str = "cash-1", value: str = "1500.00", **changes: Any) -> dict[str, Any]:
    named = {"custodian": "Harbour Bank", "custodian_reference": "HC-001", "confirmation": f"C-{line_id}"}
    return line(line_id, nominal=value, market_value=value, **{**named, **changes}) | {
        "class": changes.get("class", "CASH")
    }


def compared(
    ledger: Ledger, *lines: dict[str, Any], on: date = FRIDAY, policy: Any = POLICY
) -> tuple[CashFigures, ...]:
    report = ReserveReport.from_data(data(*lines, as_of=f"{on}T23:59:59+08:00"))
    return reserve_cash(
        ledger,
        report,
        policy,
        on,
        is_business_day=lambda item: item.weekday() < 5,
        through=ledger.head().seq,
    )


def findings(cash: tuple[CashFigures, ...]) -> dict[str, tuple[str, str, int]]:
    """What a day that agrees otherwise has of it: type, severity and amount by subject."""
    figures = day().model_copy(update={"cash": cash})
    assert DayFigures.from_data(figures.to_data()) == figures
    return {item.subject: (item.break_type, item.severity, item.amount) for item in check(figures)}


def test_the_same_to_the_cent_is_no_finding(ledger: Ledger) -> None:
    imported(ledger, 1500_00)
    (found,) = compared(ledger, cash())
    assert (found.stated, found.balance, found.lines) == (1500_00, 1500_00, ("cash-1",))
    assert findings((found,)) == {}


@pytest.mark.parametrize(("value", "amount"), [("1500.01", 1), ("1499.99", -1), ("1501.00", 100)])
def test_one_cent_is_a_break_of_the_reserve(ledger: Ledger, value: str, amount: int) -> None:
    imported(ledger, 1500_00)
    assert findings(compared(ledger, cash(value=value))) == {
        "reserve/cash/reserve-usd": ("LEDGER_VS_RESERVE", "high", amount)
    }


def test_x4_two_lines_on_one_account_are_held_against_one_balance(ledger: Ledger) -> None:
    imported(ledger, 1500_00)
    placed = {"start": "2026-11-01", "maturity": "2026-12-01", "custodian_reference": "hc-001 "}
    both = (cash(value="1000.00"), cash("deposit-1", "500.00", **placed) | {"class": "DEPOSIT"})
    with pytest.raises(DuplicateReference):
        compared(ledger, *both)  # one holding stands in one line, so the second can't be counted at all
    other = cash("deposit-1", "500.00", custodian_reference="HC-002")
    assert findings(compared(ledger, cash(value="1000.00"), other)) == {
        "reserve/cash/reserve-usd": ("LEDGER_VS_RESERVE", "high", -500_00)
    }


def test_an_account_of_the_policy_without_a_balance_is_a_break_and_never_agrees(ledger: Ledger) -> None:
    missing = {f"reserve/cash/reserve-usd/statement/{FRIDAY}": ("LEDGER_VS_RESERVE", "high", 0)}
    assert findings(compared(ledger, cash())) == missing
    # A statement of another business day says nothing of this one.
    imported(ledger, 1500_00, opened=date(2026, 11, 19), closed=date(2026, 11, 19))
    assert findings(compared(ledger, cash())) == missing


def test_an_account_of_the_policy_that_no_line_states_is_held_against_zero(ledger: Ledger) -> None:
    imported(ledger, 1500_00)
    found = compared(ledger, cash(custodian_reference="another"))
    assert findings(found) == {"reserve/cash/reserve-usd": ("LEDGER_VS_RESERVE", "high", -1500_00)}


def test_another_custodian_s_reference_is_another_account(ledger: Ledger) -> None:
    imported(ledger, 1500_00)
    (found,) = compared(ledger, cash(custodian="Peak Bank"))
    assert found.lines == ()


def test_an_imported_reserve_account_is_compared_by_its_own_name_without_any_policy(ledger: Ledger) -> None:
    imported(ledger, 1500_00)
    named = cash(value="1500.01", custodian_reference="Reserve-USD")
    assert findings(compared(ledger, named, policy=())) == {
        "reserve/cash/reserve-usd": ("LEDGER_VS_RESERVE", "high", 1)
    }
    assert compared(ledger, cash(), policy=()) == ()


def test_customers_money_is_no_reserve(ledger: Ledger) -> None:
    imported(ledger, 1500_00, purpose="CLIENT_MONEY")
    assert compared(ledger, cash(custodian_reference="reserve-usd"), policy=()) == ()


def test_a_weekend_has_the_friday_s_balance_and_a_business_day_its_own(ledger: Ledger) -> None:
    imported(ledger, 1500_00)
    (found,) = compared(ledger, cash(), on=SATURDAY)
    assert (found.balance, found.day) == (1500_00, SATURDAY)
    (found,) = compared(ledger, cash(), on=MONDAY)
    assert found.balance is None


def test_a_statement_of_several_days_gives_the_balance_of_the_day_in_it(ledger: Ledger) -> None:
    imported(ledger, 1500_00, closed=MONDAY, booked=MONDAY)
    assert [item.balance for item in compared(ledger, cash(), on=FRIDAY)] == [1_000_00]
    assert [item.balance for item in compared(ledger, cash(), on=MONDAY)] == [1500_00]


def test_currencies_that_differ_are_never_compared(ledger: Ledger) -> None:
    imported(ledger, 1500_00, currency="HKD")
    assert findings(compared(ledger, cash())) == {
        "reserve/cash/reserve-usd/currency": ("LEDGER_VS_RESERVE", "high", 0)
    }


def test_what_was_imported_later_is_not_in_a_day_that_was_read_before(ledger: Ledger) -> None:
    before = ledger.head().seq
    imported(ledger, 1500_00)
    report = ReserveReport.from_data(data(cash(), as_of=f"{FRIDAY}T23:59:59+08:00"))
    (found,) = reserve_cash(ledger, report, POLICY, FRIDAY, is_business_day=lambda _: True, through=before)
    assert found.balance is None


def test_a_day_in_which_no_account_was_compared_keeps_the_bytes_that_it_had() -> None:
    assert "cash" not in day().to_data()
    assert DayFigures.from_data(day().to_data()).sha256 == day().sha256


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no list of reserve accounts"),
        ('[{"account": "a"}]', "no list of reserve accounts"),
        ('[{"account": "a", "reference": "r", "more": 1}]', "no list of reserve accounts"),
        ('[{"account": "a", "reference": ""}]', "texts that say something"),
        ('[{"account": "a", "reference": 7}]', "texts that say something"),
        ('[{"account": "a", "reference": "r"}, {"account": "a", "reference": "s"}]', "account twice"),
        ('[{"account": "a", "reference": "r"}, {"account": "b", "reference": "r"}]', "reference twice"),
    ],
)
def test_a_policy_that_says_nothing_clear_is_refused(tmp_path: Path, text: str, said: str) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput, match=said):
        reserve_accounts(file)


def test_a_policy_is_read_from_its_file(tmp_path: Path) -> None:
    file = tmp_path / "accounts.json"
    file.write_text(json.dumps([{"account": "a", "reference": "r", "custodian": "c"}]), encoding="utf-8")
    assert reserve_accounts(file) == (ReserveAccount("a", "r", "c"),)
