"""A desk's day as finance sees it: a reserve report that is attested, the bank's file, and its books."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from support.desks import TREASURER, Bench, Customer
from support.ledgers import StoppedClock
from support.reserve_reports import data, line
from support.suite import Suite

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar
from toolkit.ledger import RedemptionOrder
from toolkit.ledger.bank_lines import BankEntry, BankStatement
from toolkit.reporting.bank import Imported, account_terms, import_statements
from toolkit.reporting.books import Books
from toolkit.reporting.csv_statement import write_csv_statement
from toolkit.reporting.reconciliation import Reconciliation
from toolkit.reserves.report import ReserveReport

HONG_KONG = ZoneInfo("Asia/Hong_Kong")
PREPARER, REVIEWER, OFFICER = "finance-1", "finance-2", "compliance-1"
ACCOUNT, NUMBER, SECRET = "reserve-usd", "HK00 0001", b"s" * 32


def at(day: date, hour: int, minute: int = 0) -> datetime:
    """A time of day in Hong Kong."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=HONG_KONG).astimezone(UTC)


class Office(Bench):
    """A desk with people of finance, a bank account and books. `day` is the day being played."""

    def __init__(self, suite: Suite, path: Path, **options: Any) -> None:
        super().__init__(suite, path, **options)
        self.staff()
        for person in (PREPARER, REVIEWER):
            self.desk.add_person(person, label="of finance", roles=["finance"])
        self.calendar = BusinessCalendar.load("hong-kong")
        self.books = Books(
            suite.issuance,
            self.desk.ledger,
            self.calendar,
            market="demo-usd",
            pool="demo-usd-1",
            chain_name="Anvil",
        )
        self.reconciliation = Reconciliation(self.books)
        today = self.now().astimezone(HONG_KONG).date()
        self.day = self.calendar.next_business_day(today)
        self.balance = 0
        self.entries: list[BankEntry] = []
        self.go_to(at(self.day, 9))
        self.report = self.attest_report("1000000.00")

    def go_to(self, instant: datetime) -> None:
        self.suite.node.advance_time(int((instant - self.now()).total_seconds()))

    def attest_report(self, value: str, **changes: Any) -> ReserveReport:
        """A report of one deposit as of now, attested."""
        issuance, now = self.suite.issuance, self.now()
        local = now.astimezone(HONG_KONG).date()
        deposit = line(
            "cash-1",
            nominal=value,
            market_value=value,
            start=local.isoformat(),
            maturity=(local + timedelta(days=30)).isoformat(),
            **changes,
        ) | {"class": "DEPOSIT"}
        report = ReserveReport.from_data(
            data(
                deposit,
                token=issuance.symbol,
                as_of=(now - timedelta(seconds=2)).strftime("%Y-%m-%dT%H:%M:%SZ"),
                tokens_outstanding="0",
            )
        ).allocate(issuance.chain_id, issuance.stablecoin_address)
        clock = StoppedClock(now)
        issuance.reserve.publish(report.attest(issuance, signers=self.suite.attestors, clock=clock))
        return report

    # ------------------------------------------------------------------------------------------------ the
    # bank

    def credit(self, name: str, amount: Amount, **changes: Any) -> None:
        self._entry("credit", name, amount, changes)

    def debit(self, name: str, amount: Amount, **changes: Any) -> None:
        self._entry("debit", name, amount, changes)

    def _entry(self, direction: str, name: str, amount: Amount, changes: dict[str, Any]) -> None:
        entry = BankEntry(name, direction, amount.base_units, amount.unit, self.day, self.day)
        self.entries.append(entry._replace(**changes))

    def statement(self, *, account: str = ACCOUNT, purpose: str = "RESERVE") -> bytes:
        """The day's statement as the bank's file."""
        closing = self.balance + sum(entry.signed for entry in self.entries)
        statement = BankStatement(
            account,
            NUMBER,
            f"S-{self.day}",
            purpose,
            "USD",
            self.day,
            self.day,
            self.balance,
            closing,
            tuple(self.entries),
            "",
        )
        return write_csv_statement(statement, NUMBER)

    def import_statement(self, data: bytes | None = None, purpose: str = "RESERVE") -> tuple[Imported, ...]:
        terms = account_terms(self.desk.ledger, ACCOUNT, purpose=purpose, number=NUMBER, secret=SECRET)
        return import_statements(self.desk.ledger, data or self.statement(), terms, by=PREPARER)

    def bank_day(self) -> None:
        """A statement with every receipt, return and payout so far, imported."""
        as_of, now = self.desk.ledger.as_of, self.now()
        for item in as_of.received(after=None, until=now):
            self.credit(item.reference, item.amount)
        for payout in as_of.paid(after=None, until=now):
            self.debit(payout.reference, payout.amount)
        self.import_statement()

    def end_day(self) -> None:
        """Past the day's cut-off."""
        self.go_to(at(self.day, 23, 59) + timedelta(minutes=10))

    def paid(self, customer: Customer, amount: str = "100.00") -> RedemptionOrder:
        """A redemption whose payout is confirmed and final."""
        order = self.burned(customer, amount)
        self.desk.record_payout(order, payment_reference=f"CHATS-{order.number}", by=TREASURER)
        self.desk.run()
        found = self.desk.order(order)
        assert isinstance(found, RedemptionOrder)
        return found
