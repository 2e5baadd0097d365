"""How the desk reads the vault: each event once, and nothing is concluded from what wasn't read."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.desks import CHECKER, Customer
from support.fund_desks import DEALER, FundBench
from support.postgres import Postgres

from toolkit.chain.client import Client
from toolkit.desk import Desk, FundDesk, RunReport
from toolkit.desk.errors import NotOnRecord, UnknownRequest
from toolkit.desk.fund_run import FundRun
from toolkit.errors import IllegalTransition
from toolkit.ledger import Ledger, State, chain
from toolkit.ledger.fund_orders import FundOrders
from toolkit.ledger.records import FundOrder

ASKED = 200_000_000_000


@pytest.fixture
def other_book(bench: FundBench, tmp_path: Path) -> FundBench:
    """Another desk of the same fund, whose ledger has none of the first one's investors."""
    return FundBench(bench.suite, bench.deployed, tmp_path / "other.db").staff()


def ask(bench: FundBench, customer: Customer) -> None:
    """The customer's own request at the vault."""
    bench.act(customer.key, bench.vault.request_deposit(ASKED, customer.wallet, customer.wallet))


class Beside:
    """A second worker on the bench's ledger, which passes whenever the first is about to write."""

    def __init__(self, bench: FundBench, monkeypatch: pytest.MonkeyPatch) -> None:
        self._desk = Desk(bench.suite.issuance, bench.url)
        self._funds = FundDesk(self._desk, bench.deployed, "A")
        self.reports: list[RunReport] = []
        begin = bench.desk.ledger.transaction

        def after_the_other(*arguments: Any, **options: Any) -> Any:
            if not self.reports:
                self.reports.append(self._funds.run())
                self._desk.close()
            return begin(*arguments, **options)

        monkeypatch.setattr(bench.desk.ledger, "transaction", after_the_other)


def test_a_request_that_two_workers_read_at_once_is_one_order(
    bench: FundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    investor = bench.investor(operated=False)
    bench.funds.run()
    ask(bench, investor)
    beside = Beside(bench, monkeypatch)
    report = bench.funds.run()
    [order] = bench.desk.ledger.fund_orders.find(bench.vault.address)
    assert (order.state, order.base_units) == (State.IN_BATCH, ASKED)
    assert beside.reports[0].reached(State.IN_BATCH) == (order.id,)
    assert (report.changes, report.alarms) == ((), ())
    bench.settled(1)
    assert bench.order(order).state is State.PRICED


def test_a_day_that_two_workers_read_at_once_is_dealt_once(
    bench: FundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    investor = bench.investor()
    [order] = bench.sent(bench.subscribed(investor))
    bench.closed(1)
    bench.struck(1)
    dealer = bench.desk._context.signer("dealing_manager")
    bench.act(dealer, bench.vault.settle_day(1))
    beside = Beside(bench, monkeypatch)
    report = bench.funds.run(push=False)
    assert beside.reports[0].reached(State.PRICED) == (order.id,)
    assert (report.reached(State.PRICED), report.alarms) == ((), ())
    assert len(bench.desk.ledger.fund_orders.dealings([order.id])[order.id]) == 1


def test_nothing_expires_that_may_be_on_chain_behind_what_could_not_be_read(
    bench: FundBench, other_book: FundBench
) -> None:
    stranger, investor = (bench.investor(number, operated=False) for number in (1, 2))
    other_book.customer(2)
    order = other_book.subscribed(investor)
    other_book.funds.validate(order, by=CHECKER)
    unsent = other_book.subscribed(investor, "300000.00")
    for who in (stranger, investor):
        ask(bench, who)
    bench.go_to(bench.cut_off(1) + timedelta(minutes=1))
    bench.suite.node.mine()

    report = other_book.funds.run()
    [alarm] = report.alarms
    assert isinstance(alarm, UnknownRequest)
    assert alarm.details["wallet"] == stranger.wallet
    assert report.changes == ()
    assert [other_book.order(item).state for item in (order, unsent)] == [State.VALID, State.REQUESTED]

    other_book.customer(1)
    report = other_book.funds.run()
    assert report.alarms == ()
    assert [other_book.order(item).state for item in (order, unsent)] == [State.IN_BATCH, State.EXPIRED]


def test_nothing_is_sent_that_may_be_on_chain_behind_what_could_not_be_read(
    bench: FundBench, other_book: FundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of that wallet; the others' orders go, whoever the stranger is."""
    stranger, investor, other = (bench.investor(number) for number in (1, 2, 3))
    orders = []
    for customer in (investor, other):
        other_book.customer(int(customer.investor.id))
        orders.append(other_book.subscribed(customer))
        other_book.funds.validate(orders[-1], by=CHECKER)
    order, others = orders
    for who in (stranger, investor):
        ask(bench, who)
    with monkeypatch.context() as patch:
        patch.setattr(FundRun, "_send", lambda *_: None)
        assert other_book.funds.run().changes == ()  # and has read as far as it can
    with monkeypatch.context() as patch:
        cursor = other_book.desk.ledger.cursors.get(f"fund {bench.vault.address}")
        assert cursor is not None
        behind = cursor.block_number - 1
        patch.setattr(Client, "finalized_block", lambda client: client.block(behind))
        assert other_book.funds.run().changes == ()  # asked of a node that has less
    report = other_book.funds.run()
    assert report.reached(State.IN_BATCH) == (others.id,)
    assert other_book.order(order).state is State.VALID
    other_book.customer(1)
    assert order.id in other_book.funds.run().reached(State.IN_BATCH)
    assert bench.vault.pending_deposit(1, investor.wallet) == ASKED


def test_what_was_done_and_is_not_on_record_is_said_and_not_done_again(
    bench: FundBench, other_book: FundBench
) -> None:
    stranger = bench.investor(1, operated=False)
    other_book.funds.run()
    ask(bench, stranger)
    for _ in range(2):
        with pytest.raises(NotOnRecord, match="onboard it") as failure:
            other_book.funds.announce_days(2, by=DEALER)
        assert len(failure.value.details["alarms"]) == 1
    assert bench.vault.progress().announced == 5
    bench.go_to(bench.cut_off(1) + timedelta(minutes=1))
    with pytest.raises(NotOnRecord, match="dealing day 1 is closed, and that is not on record yet"):
        other_book.funds.close_day(1, by=DEALER)
    assert bench.vault.progress().closed == 1
    other_book.customer(1)
    other_book.funds.run()
    assert [str(day.state) for day in other_book.funds.days()] == ["closed", *["announced"] * 4]
    assert len(other_book.funds.announce_days(1, by=DEALER)) == 1


class AtOnce:
    """A second worker, which takes the same in after the first has looked for it and before it writes."""

    def __init__(self, bench: FundBench, monkeypatch: pytest.MonkeyPatch) -> None:
        self.reports: list[RunReport] = []
        look = chain._known_events
        opened = Ledger.transaction

        def looked(connection: Any, hashes: Any) -> Any:
            found = look(connection, hashes)
            if self._is_writing and not found and not self.reports:
                self._is_writing = False
                thread = threading.Thread(target=self._pass, args=(bench,))
                thread.start()
                thread.join()
            return found

        def begun(ledger: Ledger) -> Any:
            self._is_writing = ledger is bench.desk.ledger
            return opened(ledger)

        self._is_writing = False
        monkeypatch.setattr(chain, "_known_events", looked)
        monkeypatch.setattr(Ledger, "transaction", begun)

    def _pass(self, bench: FundBench) -> None:
        with Desk(bench.suite.issuance, bench.url) as desk:
            self.reports.append(FundDesk(desk, bench.deployed, "A").run(push=False))


def test_two_workers_of_a_server_take_in_an_event_once_and_both_go_on(
    bench: FundBench, postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both have looked, and found nothing."""
    bench.desk.close()
    bench = FundBench(bench.suite, bench.deployed, postgres.ledger()).staff()
    investor = bench.investor(operated=False)
    bench.funds.run()
    ask(bench, investor)
    beside = AtOnce(bench, monkeypatch)
    report = bench.funds.run()
    [order] = bench.desk.ledger.fund_orders.find(bench.vault.address)
    assert beside.reports[0].reached(State.IN_BATCH) == (order.id,)
    assert (report.changes, report.alarms) == ((), ())
    bench.go_to(bench.cut_off(1) + timedelta(minutes=1))
    beside.reports.clear()
    assert str(bench.funds.close_day(1, by=DEALER).state) == "closed"
    assert len(beside.reports) == 1
    bench.desk.close()


def test_an_order_that_moved_since_it_was_found_stops_the_reading_and_not_the_pass(
    bench: FundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another worker sends it between the two."""
    investor, other = bench.investor(1, operated=False), bench.investor(2)
    ask(bench, investor)
    ready = bench.subscribed(other)
    bench.funds.validate(ready, by=CHECKER)

    enter = FundOrders.enter

    def moved(orders: FundOrders, order_id: str, *arguments: Any, **options: Any) -> FundOrder:
        if order_id != ready.id:
            raise IllegalTransition("the order has gone")
        return enter(orders, order_id, *arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(FundOrders, "enter", moved)
        report = bench.funds.run()
    assert {str(alarm) for alarm in report.alarms} == {"the order has gone"}
    assert report.reached(State.IN_BATCH) == (ready.id,)
    assert bench.desk.ledger.fund_orders.find(bench.vault.address, wallet=investor.wallet) == ()
    report = bench.funds.run()
    assert report.alarms == ()
    assert len(report.reached(State.IN_BATCH)) == 1


def test_days_that_were_announced_and_not_on_record_are_not_announced_again_once_they_can_be(
    bench: FundBench, other_book: FundBench
) -> None:
    stranger = bench.investor(1, operated=False)
    other_book.funds.run()
    ask(bench, stranger)
    with pytest.raises(NotOnRecord, match="onboard it"):
        other_book.funds.announce_days(2, by=DEALER)
    announced = bench.vault.progress().announced
    other_book.customer(1)
    days = other_book.funds.announce_days(2, by=DEALER)
    assert [day.data["number"] for day in days] == [announced - 1, announced]
    assert bench.vault.progress().announced == announced
    other_book.funds.announce_days(2, by=DEALER)
    assert bench.vault.progress().announced == announced + 2


def test_what_is_wrong_with_an_event_is_on_record_whoever_reads_it(
    bench: FundBench, other_book: FundBench
) -> None:
    """Day 1 is settled by another desk at a value that this ledger never received."""
    other_book.funds.run()
    bench.settled(1)
    other_book.funds.announce_days(1, by=DEALER)
    (alert,) = other_book.desk.ledger.alerts.find()
    assert (alert.data["rule"], alert.data["facts"]["day"]) == ("settled_without_statement", 1)
    other_book.funds.run()
    assert len(other_book.desk.ledger.alerts.find()) == 1
