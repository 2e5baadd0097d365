"""A day on a real chain: reconciled at zero, closed by two people, restated, and what is found when it
isn't.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.books import OFFICER, PREPARER, REVIEWER, Office, at
from support.databases import Databases
from support.ledgers import dollars
from support.suite import CASE

from toolkit.bindings.roles import Role as ChainRole
from toolkit.chain.node_messages import NodeMessage
from toolkit.errors import IllegalTransition, InvalidInput, LedgerTampered, NodeRejected, NotAuthorised
from toolkit.ledger import Ledger
from toolkit.ledger.schema import metadata
from toolkit.reporting.books import Books, Checkpoint, Reading, read_day
from toolkit.reporting.chain_side import SpecialAccount
from toolkit.reporting.errors import BooksNotClosed, DayNotEnded, OpenBreaks, WrongReserveReport
from toolkit.reporting.reconciliation import DayRecord
from toolkit.reporting.reserve_cash import ReserveAccount
from toolkit.reserves.errors import DuplicateReference

MILLION = 10**6


def play(office: Office) -> None:
    """Three mints; a redemption paid, one burned and unpaid, one in escrow; money of an order not minted."""
    customer = office.customer()
    for amount in ("1000.00", "2500.50", "40.01"):
        office.minted(customer, amount)
    office.paid(customer, "300.00")
    office.burned(customer, "200.00")
    office.escrowed(customer, "50.00")
    office.funded(customer, "77.00")


def run(office: Office) -> DayRecord:
    return office.reconciliation.run(office.day, by=PREPARER, report=office.report)


def found(office: Office, record: DayRecord) -> dict[str, str]:
    """What was found, by subject, with its severity."""
    items = map(office.reconciliation.breaks.get, record.breaks)
    return {item.subject: item.severity for item in items}


def closed(office: Office) -> DayRecord:
    office.end_day()
    record = run(office)
    assert found(office, record) == {}
    return office.reconciliation.close(office.day, by=REVIEWER)


def fresh(office: Office, books: Books, previous: Checkpoint | None = None) -> Reading:
    head = office.desk.ledger.as_of.head()
    return read_day(books, office.day, report=office.report, head=head, previous=previous)


def test_a_day_at_zero_is_closed_by_another_person_and_recomputes(office: Office) -> None:
    play(office)
    office.bank_day()
    with pytest.raises(DayNotEnded):
        run(office)
    office.end_day()
    record = run(office)
    assert (found(office, record), record.state) == ({}, "matched")
    with pytest.raises(BooksNotClosed):
        office.reconciliation.require_closed(office.day)
    with pytest.raises(NotAuthorised, match="another person must"):
        office.reconciliation.close(office.day, by=PREPARER)
    with pytest.raises(NotAuthorised):
        office.reconciliation.close(office.day, by=OFFICER)
    office.reconciliation.close(office.day, by=REVIEWER)
    figures = office.reconciliation.require_closed(office.day)
    assert figures.outstanding == 3_040_510_000
    assert figures.ledger.minted_today.count == 3
    assert figures.chains[0].burned_today.units == 500 * MILLION
    assert figures.chains[0].escrowed == 50 * MILLION
    assert figures.ledger.burned_unpaid == 200 * MILLION
    assert figures.ledger.redemptions.open.units == 250 * MILLION
    # The payout came after the report's instant, so its money is still in the report's figure.
    assert figures.ledger.paid_since_statement == 300_00
    assert (figures.ledger.received_in_reserve, figures.ledger.received_elsewhere) == (0, 77_00)
    assert figures.liability == (3040_510_000 + 500 * MILLION)
    with pytest.raises(IllegalTransition, match="restate"):
        run(office)
    office.desk.ledger.verify()
    assert office.reconciliation.recompute(office.day).figures.canonical == figures.canonical


def test_the_next_day_reads_on_from_the_checkpoint_and_says_what_a_full_replay_says(office: Office) -> None:
    customer = office.customer()
    for amount in ("1000.00", "500.00"):
        office.minted(customer, amount)
    pending = office.burned(customer, "100.00")
    office.bank_day()
    closed(office)
    office.balance = sum(item.signed for item in office.entries)
    office.entries.clear()
    office.day = office.calendar.next_business_day(office.day)
    office.go_to(at(office.day, 9))
    office.report = office.attest_report("1000000.00")
    office.minted(customer, "20.00")
    office.desk.record_payout(pending, payment_reference="CHATS-1", by="treasurer-1")
    office.desk.run()
    office.credit("FPS-3", dollars("20.00"))
    office.debit("CHATS-1", dollars("100.00"))
    office.import_statement()
    record = closed(office)
    assert record.figures.ledger.minted_today.count == 1
    assert record.figures.chains[0].opening.outstanding == 1400 * MILLION
    assert record.follows is not None
    assert office.reconciliation.recompute(office.day).figures.canonical == record.figures.canonical


def test_a_day_closed_late_leaves_to_the_next_what_happened_since(office: Office) -> None:
    customer = office.customer()
    office.minted(customer, "1000.00")
    unpaid = office.burned(customer, "100.00")
    office.bank_day()
    first_day, first_report = office.day, office.report
    office.balance = sum(item.signed for item in office.entries)
    office.entries.clear()
    office.day = office.calendar.next_business_day(office.day)
    office.go_to(at(office.day, 8))
    office.minted(customer, "20.00")
    office.desk.record_payout(unpaid, payment_reference="CHATS-1", by="treasurer-1")
    office.desk.run()
    record = office.reconciliation.run(first_day, by=PREPARER, report=first_report)
    assert found(office, record) == {}
    assert record.figures.ledger.minted.units == 1000 * MILLION
    assert (record.figures.ledger.burned_unpaid, record.figures.outstanding) == (100 * MILLION, 900 * MILLION)
    office.reconciliation.close(first_day, by=REVIEWER)

    office.report = office.attest_report("1000000.00")
    office.minted(customer, "3.00")
    for name, amount in (("FPS-2", "20.00"), ("FPS-3", "3.00")):
        office.credit(name, dollars(amount))
    office.debit("CHATS-1", dollars("100.00"))
    office.import_statement()
    second = closed(office)
    assert second.figures.ledger.minted_today.count == 2
    assert second.figures.ledger.minted.count == 3
    assert second.figures.ledger.redemptions.paid.count == 1
    assert second.figures.outstanding == 923 * MILLION
    assert (
        office.reconciliation.recompute(first_day).figures.sha256
        == office.reconciliation.require_closed(first_day).sha256
    )
    assert office.reconciliation.recompute(office.day).figures.sha256 == second.figures.sha256


def test_a_checkpoint_of_a_block_that_was_reorganised_away_is_left_unused(office: Office) -> None:
    office.minted(office.customer())
    office.bank_day()
    office.end_day()
    whole = fresh(office, office.books)
    coin = json.loads(json.dumps(whole.checkpoint.coin))
    wrong = replace(
        whole.checkpoint, block_number=office.suite.issuance.record.first_block, coin=coin | {"minted": "1"}
    )
    again = fresh(office, office.books, wrong)
    assert again.figures == whole.figures


def test_a_mint_without_an_order_is_critical_and_stops_minting(office: Office) -> None:
    customer = office.customer()
    waiting = office.approved(customer, "5.00")
    office.suite.mint(999, 7 * MILLION, customer.wallet)
    office.bank_day()
    office.end_day()
    record = run(office)
    assert record.state == "break"
    assert found(office, record) == {
        "ledger/minted": "critical",
        "ledger/minted-today": "critical",
        "ledger/minted-count": "critical",
        "mint-without-order/999": "critical",
    }
    (incident,) = office.desk.ledger.incidents.find(acknowledged=False)
    assert incident.kind == "mint_without_order"
    office.desk.run()
    assert office.desk.order(waiting).state == "approved"
    run(office)
    assert len(office.desk.ledger.incidents.find()) == 1
    with pytest.raises(OpenBreaks, match="mint-without-order"):
        office.reconciliation.close(office.day, by=REVIEWER)
    breaks = office.reconciliation.breaks
    for name in record.breaks:
        breaks.assign(name, PREPARER, by=PREPARER)
        breaks.explain(name, "minted past the desk under number 999", by=PREPARER)
    with pytest.raises(OpenBreaks):
        office.reconciliation.close(office.day, by=REVIEWER)
    for name in record.breaks:
        breaks.escalate(name, by=OFFICER, reference="HKMA notice 1")
    figures = office.reconciliation.close(office.day, by=REVIEWER).figures
    assert [item.severity for item in figures.breaks] == ["critical"] * 4
    assert figures.breaks[0].explanation == "minted past the desk under number 999"


def test_a_break_lives_by_maker_and_checker_and_is_the_same_when_found_again(office: Office) -> None:
    office.minted(office.customer(), "10.00")
    office.credit("FPS-1", dollars("10.01"))
    office.import_statement()
    office.end_day()
    (name,) = run(office).breaks
    breaks = office.reconciliation.breaks
    first = breaks.get(name)
    assert (first.break_type, first.amount, first.unit) == ("CASH_VS_ORDER", 1, "USD")
    assert run(office).breaks == (name,)
    assert len(office.desk.ledger.record_book.history(name)) == 1
    with pytest.raises(IllegalTransition):
        breaks.explain(name, "too early", by=PREPARER)
    breaks.assign(name, REVIEWER, by=PREPARER)
    with pytest.raises(InvalidInput, match="can't be empty"):
        breaks.explain(name, " ", by=REVIEWER)
    breaks.explain(name, "a cent of interest", by=REVIEWER, evidence="mail-1")
    with pytest.raises(NotAuthorised, match="another person must"):
        breaks.close(name, by=REVIEWER, reason="settled")
    office.go_to(office.now() + timedelta(hours=3))
    assert breaks.get(name).age_hours(office.now()) == 3
    done = breaks.close(name, by=PREPARER, reason="settled")
    assert not done.is_open
    with pytest.raises(IllegalTransition, match="is closed"):
        breaks.assign(name, PREPARER, by=PREPARER)
    assert run(office).breaks == (name,)
    office.reconciliation.close(office.day, by=REVIEWER)
    office.balance, office.day = 1001, office.calendar.next_business_day(office.day)
    office.go_to(at(office.day, 9))
    office.report = office.attest_report("1000000.00")
    office.entries.clear()
    office.credit("FPS-1-again", dollars("10.01"), reference="FPS-1")
    office.import_statement()
    office.end_day()
    again = run(office).breaks
    assert again == (f"{name}#2",)


def test_x11_restating_makes_another_version_and_keeps_the_first(office: Office) -> None:
    customer = office.customer()
    office.minted(customer, "10.00")
    office.bank_day()
    first = closed(office)
    with pytest.raises(InvalidInput, match="needs a reason"):
        office.reconciliation.restate(office.day, by=PREPARER, reason=" ", report=office.report)
    bigger = replace(
        office.books, special=(SpecialAccount(customer.wallet, "TEST", "found to be a test wallet"),)
    )
    office.reconciliation._books = bigger
    second = office.reconciliation.restate(
        office.day, by=PREPARER, reason="a test wallet was missing", report=office.report
    )
    assert (second.supersedes, second.figures.version) == (first.record_id, 2)
    assert office.reconciliation.require_closed(office.day) == first.figures
    with pytest.raises(NotAuthorised):
        office.reconciliation.close(office.day, by=PREPARER)
    office.reconciliation.close(office.day, by=REVIEWER)
    assert office.reconciliation.require_closed(office.day).redeemable == 0
    assert office.reconciliation.require_closed(office.day, 1).canonical == first.figures.canonical
    assert office.reconciliation.record(office.day, 2).reason == "a test wallet was missing"
    assert office.reconciliation.recompute(office.day, 2).figures.version == 2
    with pytest.raises(BooksNotClosed):
        office.reconciliation.restate(
            office.day + timedelta(days=1), by=PREPARER, reason="early", report=office.report
        )


def test_bank_lines_and_the_ledger_s_money_are_held_against_each_other(office: Office) -> None:
    customer = office.customer()
    for amount in ("10.00", "20.00"):
        office.minted(customer, amount)
    office.credit("FPS-1", dollars("10.00"))
    office.credit("FPS-1-again", dollars("10.00"), reference="FPS-1")
    office.credit("INTEREST-1", dollars("1.00"))
    office.import_statement()
    office.end_day()
    assert found(office, run(office)) == {
        "bank/reserve-usd/twice/FPS-1": "high",
        "bank/reserve-usd/entry/INTEREST-1": "high",
        "bank/reserve-usd/missing/FPS-2": "high",
    }


def test_a_day_with_breaks_recomputes_to_the_same_findings_and_says_what_differs(office: Office) -> None:
    office.minted(office.customer(), "10.00")
    office.bank_day()
    account = ReserveAccount("reserve-usd", office.report.positions[0].custodian_reference or "")
    office.reconciliation._books = replace(office.books, accounts=(account,))
    office.end_day()
    record = run(office)
    assert found(office, record) == {"reserve/cash/reserve-usd": "high"}
    (name,) = record.breaks
    breaks = office.reconciliation.breaks
    assert breaks.get(name).amount == 1_000_000_00 - 10_00
    breaks.assign(name, PREPARER, by=PREPARER)
    breaks.explain(name, "the deposit lies at another branch", by=PREPARER)
    office.reconciliation.close(office.day, by=REVIEWER)
    # What the bank sends and what becomes of the break afterwards changes nothing of the day.
    breaks.close(name, by=REVIEWER, reason="moved")
    again = office.reconciliation.recompute(office.day)
    assert [item.subject for item in again.findings] == ["reserve/cash/reserve-usd"]

    office.reconciliation._books = office.books
    with pytest.raises(LedgerTampered, match=r"isn't now") as refused:
        office.reconciliation.recompute(office.day)
    assert any(text.startswith("cash was [") for text in refused.value.details["differences"])
    changed = replace(account, reference="another")
    office.reconciliation._books = replace(office.books, accounts=(changed,))
    with pytest.raises(LedgerTampered) as refused:
        office.reconciliation.recompute(office.day)
    told = refused.value.details["differences"]
    assert any(text.startswith("cash[0].stated was '100000000' and is '0'") for text in told)
    assert any("reserve/cash/reserve-usd.amount was '99999000' and is '-1000'" in text for text in told)


def test_a_statement_that_comes_after_the_close_leaves_the_closed_day_as_it_was(office: Office) -> None:
    office.minted(office.customer(), "10.00")
    office.end_day()
    record = run(office)
    for name in record.breaks:
        office.reconciliation.breaks.assign(name, PREPARER, by=PREPARER)
        office.reconciliation.breaks.explain(name, "the bank's file is late", by=PREPARER)
    closed_day = office.reconciliation.close(office.day, by=REVIEWER)
    office.bank_day()
    again = office.reconciliation.recompute(office.day)
    assert again.figures.sha256 == closed_day.figures.sha256
    assert [item.subject for item in again.findings] == [f"bank/none/{office.day}"]


def test_without_a_statement_money_is_never_taken_to_agree(office: Office) -> None:
    office.minted(office.customer(), "10.00")
    office.end_day()
    assert found(office, run(office)) == {f"bank/none/{office.day}": "high"}


def test_a_reserve_report_of_another_day_or_coin_or_pool_is_refused(office: Office) -> None:
    first = office.report
    office.day = office.calendar.next_business_day(office.day)
    office.go_to(at(office.day, 9))
    later = office.attest_report("1000000.00")
    office.end_day()
    with pytest.raises(WrongReserveReport, match="is a business day"):
        office.reconciliation.run(office.day, by=PREPARER, report=first)
    with pytest.raises(WrongReserveReport, match="a later day's"):
        office.reconciliation.run(office.day - timedelta(days=1), by=PREPARER, report=later)
    other = later.revised(token="OTHER")
    with pytest.raises(WrongReserveReport, match="one pool, one coin"):
        office.reconciliation.run(office.day, by=PREPARER, report=other)
    with pytest.raises(DuplicateReference, match="one holding backs one pool"):
        office.reconciliation.run(office.day, by=PREPARER, report=later, others=[other])
    record = office.reconciliation.run(office.day, by=PREPARER, report=None)
    assert "reserve/report" in found(office, record)


def test_a_report_that_was_not_attested_is_found(office: Office) -> None:
    pledged = office.report.to_data()["positions"][0] | {"encumbered": True, "line_id": "cash-2"}
    pledged |= {"custodian_reference": "r2", "confirmation": "c2"}
    positions = [*office.report.to_data()["positions"], pledged]
    office.report = office.report.revised(positions=positions)
    office.end_day()
    record = run(office)
    assert found(office, record) == {"chain/31337/attested-report": "high"}
    assert record.figures.reserve is not None
    assert record.figures.reserve.ineligible_value == 1_000_000_00
    assert "encumbered" in record.figures.reserve.lines[1].reason


def test_a_burn_by_order_is_explained_by_its_case(office: Office) -> None:
    customer = office.customer()
    office.minted(customer, "10.00")
    office.bank_day()
    token = office.suite.token
    office.suite.send(ChainRole.COMPLIANCE, token.burn_by_order(customer.wallet, 4 * MILLION, CASE))
    figures = closed(office).figures
    assert figures.chains[0].burned_by_order_today.count == 1
    assert figures.outstanding == 6 * MILLION


def test_a_node_that_has_pruned_the_state_gives_a_replay_and_says_so(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.minted(office.customer(), "10.00")
    office.bank_day()
    office.end_day()

    def pruned(**_: object) -> None:
        raise NodeRejected("missing trie node", kind=NodeMessage.NO_HISTORY)

    monkeypatch.setattr(office.suite.issuance.token, "supply", pruned)
    record = run(office)
    assert record.figures.chains[0].called is None
    assert found(office, record) == {"chain/31337/replayed-only": "low"}


_PROGRAM = """
import json, sys
from datetime import date, datetime
from toolkit.calendar import BusinessCalendar
from toolkit.issuance import Issuance
from toolkit.deployment import DeploymentRecord
from toolkit.ledger import Ledger
from toolkit.ledger.records import Head
from toolkit.reporting.books import Books, read_day
from toolkit.reserves.report import ReserveReport

class Clock:
    def now(self):
        return datetime.fromisoformat(given["now"])

given = json.load(sys.stdin)
issuance = Issuance.load(given["record"], given["node"])
with Ledger.open(given["ledger"], clock=Clock()) as ledger:
    books = Books(issuance, ledger, BusinessCalendar.load("hong-kong"), market="demo-usd", pool="demo-usd-1",
                  chain_name="Anvil")
    report = ReserveReport.from_data(given["report"])
    found = read_day(books, date.fromisoformat(given["day"]), report=report, head=Head(*given["head"]))
sys.stdout.write(found.figures.sha256)
"""


def _copied(source: str, target: str) -> None:
    """Every row of one ledger in another, on whatever database."""
    engines = [sa.create_engine(source), sa.create_engine(target)]
    with engines[0].connect() as old, engines[1].begin() as new:
        for table in reversed(metadata.sorted_tables):
            new.execute(sa.delete(table))
        for table in metadata.sorted_tables:
            rows = [dict(row) for row in old.execute(sa.select(table)).mappings()]
            if rows:
                new.execute(sa.insert(table), rows)
    for engine in engines:
        engine.dispose()


def test_t9_the_same_bytes_in_every_time_zone_and_on_both_databases(
    office: Office, postgres_databases: Databases, tmp_path: Path
) -> None:
    play(office)
    office.bank_day()
    office.end_day()
    record = run(office)
    record_path = tmp_path / "record.json"
    office.suite.issuance.record.save(record_path)
    copy = postgres_databases.ledger()
    _copied(office.url, copy)
    with Ledger.open(copy) as ledger:
        ledger.verify()
    given = {
        "record": str(record_path),
        "node": office.suite.node.rpc_url,
        "report": office.report.to_data(),
        "day": office.day.isoformat(),
        "head": [record.figures.ledger.head_seq, record.figures.ledger.head_hash],
        "now": office.now().isoformat(),
    }
    for zone, ledger_url in (("America/New_York", office.url), ("Europe/London", copy), ("UTC", office.url)):
        environment = {**os.environ, "TZ": zone, "PYTHONHASHSEED": "3", "LC_ALL": "C"}
        done = subprocess.run(
            [sys.executable, "-c", _PROGRAM],
            input=json.dumps({**given, "ledger": ledger_url}),
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        assert (done.stdout, done.stderr) == (record.figures.sha256, "")
