"""The monitor over a live chain, its alerts, and the post that takes them out of the house."""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from support.case_desks import GUARDIAN, LISTED
from support.databases import sqlite_ledger
from support.desks import COMPLIANCE, Bench
from support.fund_suite import FundSuite
from support.ledgers import COMPLIANCE as OFFICER
from support.ledgers import WORKER, Fixture
from support.suite import Suite

from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintOrder
from toolkit.calendar import BusinessCalendar
from toolkit.chain.hexes import to_hex
from toolkit.compliance.alert_log import JsonFormatter, log_alert, logger
from toolkit.compliance.cases import FreezeCases
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.monitor import Monitor
from toolkit.compliance.rules import MonitorSettings
from toolkit.compliance.webhook import Webhook, signature
from toolkit.errors import ConfigurationError, IllegalTransition, NotAuthorised
from toolkit.ledger import RecordState, State
from toolkit.ledger.alerts import Alert, Severity

SECRET = b"s" * 32


@pytest.fixture
def bench(suite: Suite, tmp_path: Path) -> Iterator[Bench]:
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    yield bench
    bench.desk.close()


def monitor(bench: Bench, **more: object) -> Monitor:
    return Monitor(bench.suite.issuance, bench.desk.ledger, **more)  # type: ignore[arg-type]


def rules(alerts: object) -> list[str]:
    return [item.data["rule"] for item in alerts]  # type: ignore[attr-defined]


def test_a_desks_own_day_raises_no_alert_and_a_mint_past_it_stops_minting(bench: Bench) -> None:
    customer = bench.customer(1)
    bench.minted(customer)
    first = monitor(bench).run()
    assert (rules(first.alerts), first.events) == ([], 2)

    # Somebody with the operator's key and an approver's mints under a number that the ledger hasn't got.
    order = MintOrder(999_999, customer.wallet, 7_000_000, 2**40 - 1)
    batch = bench.suite.batch(order)
    bench.suite.send(Role.OPERATOR, bench.suite.market.mint([batch]))
    report = monitor(bench).run()
    assert rules(report.alerts) == ["mint_without_order"]
    (alert,) = report.alerts
    assert (alert.data["facts"]["number"], alert.data["severity"]) == (999_999, "critical")
    opened, due = (datetime.fromisoformat(alert.data[name]) for name in ("opened_at", "due_at"))
    assert due - opened == timedelta(minutes=15)
    (incident,) = bench.desk.incidents()
    assert (incident.kind, incident.acknowledged_at) == ("mint_without_order", None)

    waiting = bench.approved(customer)
    bench.desk.run()
    assert bench.desk.order(waiting).state is State.APPROVED
    # Run again, killed or not, it finds nothing twice.
    assert monitor(bench).run().alerts == ()
    bench.desk.ledger.cursors.set(
        f"monitor {bench.suite.market.address}",
        block_number=bench.suite.issuance.record.first_block,
        block_hash=to_hex(bench.suite.client.block(bench.suite.issuance.record.first_block).hash),
    )
    assert len(bench.desk.incidents()) == 1
    bench.desk.acknowledge_incident(incident, by=COMPLIANCE, note="the operator's key was used by hand")
    bench.desk.run()  # learns that its nonce was used past it
    bench.desk.run()
    assert bench.desk.order(waiting).state is State.SETTLED
    bench.desk.ledger.verify()


def test_a_final_block_that_is_gone_makes_it_read_again_and_find_nothing_twice(bench: Bench) -> None:
    customer = bench.customer(1)
    bench.minted(customer)
    settings = MonitorSettings(large={bench.suite.token.address: 1})
    bench.suite.node.set_balance(customer.wallet, 10**18)
    bench.suite.send(customer.key, bench.suite.token.transfer(bench.suite.holder.address, 5))
    assert rules(monitor(bench, settings=settings).run().alerts) == ["large_transfer"]
    cursor = bench.desk.ledger.cursors.get(f"monitor {bench.suite.market.address}")
    assert cursor is not None
    bench.desk.ledger.cursors.set(cursor.name, block_number=cursor.block_number, block_hash="0x" + "ab" * 32)
    report = monitor(bench, settings=settings).run()
    assert rules(report.alerts) == ["chain_rewritten"]
    assert (
        bench.desk.ledger.monitor_totals.all()[bench.suite.token.address] == bench.suite.token.total_supply()
    )
    assert monitor(bench, settings=settings).run().alerts == ()


def test_what_is_late_is_said_as_time_passes(bench: Bench) -> None:
    customer = bench.customer(1)
    bench.minted(customer)
    bench.escrowed(customer)
    operator = bench.suite.signer(Role.OPERATOR).address
    assert rules(monitor(bench, operators=[operator]).run().alerts) == []
    bench.suite.node.advance_time(5 * 86_400)
    assert rules(monitor(bench, operators=[operator]).run().alerts) == [
        "attestation_stale",
        "redemption_overdue",
    ]
    assert monitor(bench).run().alerts == ()


def test_a_case_that_waits_for_a_person_is_an_alert_that_says_nothing_of_it(bench: Bench) -> None:
    ledger = bench.desk.ledger
    calendar = BusinessCalendar.load("hong-kong")
    freezes = FreezeCases(ComplianceContext(ledger, ledger.clock, calendar, (), SECRET))
    bench.desk.add_person(GUARDIAN, label="a guardian", roles=["guardian"])
    customer = bench.customer(1)
    party = bench.desk.reference(customer.investor)
    review = calendar.local_date(bench.now()) + timedelta(days=30)
    freezes.freeze("FRZ-77", by=GUARDIAN, authority=LISTED, review_on=review, investor=party)
    assert monitor(bench).run().alerts == ()
    bench.suite.node.advance_time(3_600)
    found = monitor(bench).run().alerts
    assert rules(found) == ["case_overdue", "case_overdue"]  # no second signature, and frozen nowhere yet
    assert {item.data["severity"] for item in found} == {"high"}
    due = (ledger.clock.now() + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert {item.data["due_at"] for item in found} == {due}
    said = json.dumps([[item.id, item.data] for item in found])  # what log and webhook have of it
    for word in ("FRZ-77", party, customer.wallet, "OFAC", "freeze", "frozen", "signature"):
        assert word not in said
    assert monitor(bench).run().alerts == ()
    ledger.verify()


def test_a_stranger_with_shares_is_found(fund_suite: FundSuite, tmp_path: Path) -> None:
    """Registered on chain past the desk, so that the share lets them in."""
    fund_suite.give_shares(fund_suite.holder, 50)
    books = Fixture(sqlite_ledger(tmp_path / "desk.db"))
    watch = Monitor(fund_suite.issuance, books.ledger, funds=[fund_suite.fund], worker=WORKER)
    assert "unknown_holder" in rules(watch.run().alerts)
    books.ledger.verify()
    books.ledger.close()


# ------------------------------------------------------------------------------------------------- the outbox


class Receiver(BaseHTTPRequestHandler):
    """Refuses as often as it was told to, then takes what comes."""

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server = self.server
        assert isinstance(server, _Server)
        refuse = server.refusals > 0
        server.refusals -= refuse
        if not refuse:
            server.taken.append((dict(self.headers), body))
        self.send_response(503 if refuse else 204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's name
        pass


class _Server(HTTPServer):
    refusals = 0
    taken: list[tuple[dict[str, str], bytes]]


@contextmanager
def receiver(refusals: int) -> Iterator[_Server]:
    server = _Server(("127.0.0.1", 0), Receiver)
    server.refusals, server.taken = refusals, []
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def alert(key: str = "1", severity: Severity = Severity.HIGH) -> Alert:
    return Alert("large_transfer", key, severity, f"alert {key}", {"base_units": "5"})


def test_the_webhook_tries_again_until_it_is_taken_and_signs_what_it_sends(books: Fixture) -> None:
    ledger = books.ledger
    ledger.alerts.open([alert("1"), alert("2"), alert("1")], actor=WORKER)
    assert (len(ledger.alerts.find()), ledger.alerts.undelivered()) == (2, 2)
    with receiver(refusals=3) as server:
        hook = Webhook(f"http://127.0.0.1:{server.server_port}/alerts?desk=1", SECRET, timeout=60.0)
        report = hook.deliver(ledger)
        assert (report.delivered, len(report.failed)) == ((), 2)
        assert set(report.failed.values()) == {"the receiver answered 503"}
        assert hook.deliver(ledger).failed == {}  # not due yet
        books.clock.advance(timedelta(seconds=30))
        assert len(hook.deliver(ledger).delivered) == 1
        books.clock.advance(timedelta(seconds=60))
        assert len(hook.deliver(ledger).delivered) == 1
        assert ledger.alerts.undelivered() == 0
        assert hook.deliver(ledger).delivered == ()
    assert {headers["X-Issuance-Alert"] for headers, _ in server.taken} == {
        "alert/large_transfer/1",
        "alert/large_transfer/2",
    }
    for headers, body in server.taken:
        at = headers["X-Issuance-Timestamp"]
        wanted = hmac.new(SECRET, at.encode() + b"." + body, hashlib.sha256).hexdigest()
        assert headers["X-Issuance-Signature"] == f"sha256={wanted}" == signature(SECRET, at, body)
        assert json.loads(body)["severity"] == "high"


def test_a_receiver_that_is_not_there_loses_nothing(books: Fixture) -> None:
    with receiver(refusals=0) as server:
        gone = Webhook(f"http://127.0.0.1:{server.server_port}", SECRET, timeout=1.0)
    books.ledger.alerts.open([alert()], actor=WORKER)
    assert len(gone.deliver(books.ledger).failed) == 1
    assert books.ledger.alerts.undelivered() == 1
    assert books.ledger.alerts.find()[0].state is RecordState.OPEN


def test_a_webhook_has_an_address_and_a_secret_that_it_does_not_show() -> None:
    for url, secret in (("ftp://host", SECRET), ("http:///path", SECRET), ("http://host", b"short")):
        with pytest.raises(ConfigurationError):
            Webhook(url, secret)
    assert "ssss" not in repr(Webhook("http://host", SECRET))


def test_an_alert_is_acknowledged_once_by_compliance_in_its_time(books: Fixture) -> None:
    ledger = books.ledger
    (opened,) = ledger.alerts.open([alert()], actor=WORKER)
    assert ledger.alerts.late() == ()
    books.clock.advance(timedelta(hours=1))
    assert [item.id for item in ledger.alerts.late()] == [opened.id]
    with pytest.raises(NotAuthorised):
        ledger.alerts.acknowledge(opened.id, by=WORKER, note="fine")
    ledger.alerts.acknowledge(opened.id, by=OFFICER, note="the customer's own two wallets")
    assert ledger.alerts.late() == ()
    with pytest.raises(IllegalTransition):
        ledger.alerts.acknowledge(opened.id, by=OFFICER, note="again")
    # Found again, it stays acknowledged.
    assert ledger.alerts.open([alert()], actor=WORKER) == ()
    ledger.verify()


def test_an_alert_is_a_line_of_json_in_the_log(books: Fixture, caplog: pytest.LogCaptureFixture) -> None:
    (opened,) = books.ledger.alerts.open([alert(severity=Severity.CRITICAL)], actor=WORKER)
    with caplog.at_level(logging.INFO, logger=logger.name):
        log_alert(opened)
    line = json.loads(JsonFormatter().format(caplog.records[0]))
    assert (line["level"], line["rule"], line["alert"]) == ("critical", "large_transfer", opened.id)
    assert line["facts"] == {"base_units": "5"}
