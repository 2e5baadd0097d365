"""The end of the demo's day: the bank's file, a reconciliation at zero, and two people who close it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.demo.stage import go_to, publish_report

if TYPE_CHECKING:
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.cli.output import Output
    from toolkit.desk import Desk
    from toolkit.ledger.bank_lines import BankEntry
    from toolkit.reporting.books import Books
    from toolkit.reporting.reconciliation import DayRecord, Reconciliation
    from toolkit.reserves.report import ReserveReport

__all__ = ["ClosingAct"]

# Two days after the distribution, when the lost wallet is recovered; it is over at midnight in Hong Kong.
_DAY = date(2026, 2, 27)
_REPORTED, _PUBLISHED = datetime(2026, 2, 27, 9, 0, tzinfo=UTC), datetime(2026, 2, 27, 10, 0, tzinfo=UTC)
_MIDNIGHT = datetime(2026, 2, 27, 16, 10, tzinfo=UTC)

_ACCOUNT, _NUMBER = "reserve-usd", "HK00 DEMO 0001"
_PREPARER, _REVIEWER = "finance-1", "finance-2"
_OPENED = date(2023, 12, 29)


class ClosingAct:
    """Closes the books of the coin and the fund, on the node and at the desk of the acts before."""

    def __init__(
        self, tell: Narrator, output: Output, inputs: Path, folder: Path, node: Anvil, desk: Desk
    ) -> None:
        self._tell = tell
        self._output = output
        self._inputs = inputs
        self._folder = folder
        self._node = node
        self._desk = desk

    def run(self, report: ReserveReport) -> tuple[Reconciliation, ReserveReport]:
        """Play it, on the reserve's last report; gives the books and the day's own report for what follows.

        Raises DemoFailed when the day isn't at zero.
        """
        from toolkit.reporting.errors import BooksNotClosed
        from toolkit.reporting.reconciliation import Reconciliation

        self._tell.act("The day is closed: chain, ledger, reserve, register and bank are one")
        for person in (_PREPARER, _REVIEWER):
            self._desk.add_person(person, label="reconciles and reports", roles=["finance"])
        go_to(self._node, _PUBLISHED)
        final = self._final_report(report)
        publish_report(self._tell, self._desk.issuance, final, self._folder)
        go_to(self._node, _MIDNIGHT)
        self._bank()
        reconciliation = Reconciliation(self._books())
        with self._tell.refusal("a statement of a day that isn't closed", BooksNotClosed):
            reconciliation.require_closed(_DAY)
        found = reconciliation.run(_DAY, by=_PREPARER, report=final)
        self._show(found)
        self._close(reconciliation)
        return reconciliation, final

    # ---------------------------------------------------------------------------------------- what comes in

    def _final_report(self, report: ReserveReport) -> ReserveReport:
        """The reserve on the last day, with the money of the fund's investors."""
        issuance = self._desk.issuance
        repo, cash = report.to_data()["positions"]
        repo |= {"nominal": "279971000.00", "market_value": "285570420.00", "confirmation": "DEMO-CONF-0007"}
        cash |= {"nominal": "561408.00", "market_value": "561408.00", "confirmation": "DEMO-CONF-0008"}
        return report.revised(
            as_of=_REPORTED.isoformat(),
            source="the demo's own figures for 27 February 2026; nobody published these",
            tokens_outstanding=str(issuance.reserve.status().outstanding),
            positions=[repo, cash],
            totals={"nominal": "280532408.00", "market_value": "286131828.00"},
        ).allocate(issuance.chain_id, issuance.stablecoin_address)

    def _bank(self) -> None:
        """The bank's file of the account since it was opened, imported twice."""
        from toolkit.ledger.bank_lines import BankStatement
        from toolkit.reporting.bank import account_terms, import_statements
        from toolkit.reporting.csv_statement import write_csv_statement

        entries = self._entries()
        statement = BankStatement(
            account=_ACCOUNT,
            number=_NUMBER,
            statement="DEMO-2026-02-27",
            purpose="RESERVE",
            currency="USD",
            opened_on=_OPENED,
            closed_on=_DAY,
            opening=0,
            closing=sum(entry.signed for entry in entries),
            entries=tuple(entries),
            file_digest="",
        )
        path = self._folder / "bank-statement.csv"
        path.write_bytes(write_csv_statement(statement, _NUMBER))
        terms = account_terms(
            self._desk.ledger,
            _ACCOUNT,
            purpose="RESERVE",
            number=_NUMBER,
            secret=b"the demo's own, not secret",
        )
        taken = [
            import_statements(self._desk.ledger, path.read_bytes(), terms, by=_PREPARER)[0] for _ in range(2)
        ]
        self._tell.require(
            [item.is_new for item in taken] == [True, False], "the bank's file was taken in twice"
        )
        self._tell.say(f"{path.name}: {len(entries)} entries; importing it again added none")

    def _entries(self) -> list[BankEntry]:
        """What the bank saw of the customers' money, in and out."""
        from toolkit.ledger.bank_lines import BankEntry
        from toolkit.reporting.cutoff import day_of

        as_of, now = self._desk.ledger.as_of, self._desk.ledger.clock.now()
        moved = [
            (item.reference, "credit", item.minor, item.value_date)
            for item in as_of.received(after=None, until=now)
        ]
        moved += [
            (item.returned_reference or "", "debit", item.minor, day_of(item.returned_at or now))
            for item in as_of.returned(after=None, until=now)
        ]
        moved += [
            (item.reference, "debit", item.minor, day_of(item.paid_at))
            for item in as_of.paid(after=None, until=now)
        ]
        return [BankEntry(name, direction, minor, "USD", day, day) for name, direction, minor, day in moved]

    def _books(self) -> Books:
        from toolkit.calendar import BusinessCalendar
        from toolkit.deployment import FundTerms
        from toolkit.desk import FundDesk
        from toolkit.fund import Fund
        from toolkit.reporting.books import Books
        from toolkit.reporting.fund_side import share_reader

        issuance, ledger = self._desk.issuance, self._desk.ledger
        terms = FundTerms.load(self._inputs / "terms" / "demo-fund.toml")
        fund = Fund.load(self._folder / "fund.json", issuance, terms=terms)
        reader = share_reader(
            ledger,
            fund.classes["A"],
            f"{terms.fund.code}/A",
            issuance.symbol,
            first_block=fund.record.first_block,
            register=FundDesk(self._desk, fund, "A").register,
        )
        return Books(
            issuance,
            ledger,
            BusinessCalendar.load("hong-kong"),
            market=issuance.symbol,
            pool=issuance.symbol,
            chain_name="Anvil",
            shares=(reader,),
            sub_ledger=ledger.omnibus,
        )

    # ---------------------------------------------------------------------------------------- what comes out

    def _show(self, found: DayRecord) -> None:
        figures = found.figures
        coin, chain, ledger = figures.coin, figures.chains[0], figures.ledger
        units = ledger.minted.units - ledger.burned.units
        called = 0 if chain.called is None else chain.called.outstanding
        rows = [
            ["outstanding by orders", coin.amount(units).display()],
            ["outstanding replayed", coin.amount(figures.outstanding).display()],
            ["outstanding called", coin.amount(called).display()],
            ["liability", coin.at_par(figures.liability).display()],
            ["reserve that counts", coin.at_par(figures.reserve_counted).display()],
        ]
        self._output.table(["figure", "amount>"], rows, indent="   ")
        for item in figures.classes:
            self._tell.say(f"{item.share_class}: {item.holders} holders, register and token differ by 0")
        for wallet in figures.omnibus:
            held = coin.amount(wallet.balance).display()
            self._tell.say(f"omnibus wallet {wallet.wallet}: {held} of {wallet.clients} clients, differ by 0")
        self._tell.require(found.is_matched, f"the day isn't at zero: {found.breaks}")
        self._tell.say(
            f"{_DAY} at block {chain.cut.block_number}: no break, coverage {figures.coverage_bps} bps",
            reconciliation=found.record_id,
            sha256=figures.sha256,
        )

    def _close(self, reconciliation: Reconciliation) -> None:
        from toolkit.errors import NotAuthorised

        with self._tell.refusal("closed by whoever reconciled it", NotAuthorised):
            reconciliation.close(_DAY, by=_PREPARER)
        closed = reconciliation.close(_DAY, by=_REVIEWER)
        again = reconciliation.recompute(_DAY).figures
        self._tell.require(again.sha256 == closed.figures.sha256, "the day recomputes to other figures")
        self._desk.ledger.verify()
        self._tell.say(f"{_REVIEWER} closes it; recomputed from chain and ledger: sha256 {again.sha256}")
