"""How the desk reads the vault: each event once, and nothing is concluded from what wasn't read."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.desks import CHECKER
from support.fund_desks import FundBench

from toolkit.desk import Desk, FundDesk, RunReport
from toolkit.desk.errors import UnknownRequest
from toolkit.errors import IllegalTransition
from toolkit.ledger import State
from toolkit.ledger.fund_orders import FundOrders


@pytest.fixture
def other_book(bench: FundBench, tmp_path: Path) -> FundBench:
    """Another desk of the same fund, whose ledger has none of the first one's investors."""
    return FundBench(bench.suite, bench.deployed, tmp_path / "other.db").staff()


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
    bench.act(investor.key, bench.vault.request_deposit(200_000_000_000, investor.wallet, investor.wallet))
    beside = Beside(bench, monkeypatch)
    report = bench.funds.run()
    [order] = bench.desk.ledger.fund_orders.find(bench.vault.address)
    assert (order.state, order.base_units) == (State.IN_BATCH, 200_000_000_000)
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
        bench.act(who.key, bench.vault.request_deposit(200_000_000_000, who.wallet, who.wallet))
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
    bench: FundBench, other_book: FundBench
) -> None:
    stranger, investor = (bench.investor(number) for number in (1, 2))
    other_book.customer(2)
    order = other_book.subscribed(investor)
    other_book.funds.validate(order, by=CHECKER)
    for who in (stranger, investor):
        bench.act(who.key, bench.vault.request_deposit(200_000_000_000, who.wallet, who.wallet))
    assert other_book.funds.run().changes == ()
    assert other_book.order(order).state is State.VALID
    other_book.customer(1)
    assert order.id in other_book.funds.run().reached(State.IN_BATCH)
    assert bench.vault.pending_deposit(1, investor.wallet) == 200_000_000_000


def test_an_order_that_moved_since_it_was_found_stops_the_reading_and_not_the_pass(
    bench: FundBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As when another worker sends it between the two."""
    investor, other = bench.investor(1, operated=False), bench.investor(2)
    bench.act(investor.key, bench.vault.request_deposit(200_000_000_000, investor.wallet, investor.wallet))
    ready = bench.subscribed(other)
    bench.funds.validate(ready, by=CHECKER)

    def moved(*_arguments: Any, **_options: Any) -> None:
        raise IllegalTransition("the order has gone")

    with monkeypatch.context() as patch:
        patch.setattr(FundOrders, "enter", moved)
        report = bench.funds.run()
    assert {str(alarm) for alarm in report.alarms} == {"the order has gone"}
    assert report.changes == ()
    assert bench.desk.ledger.fund_orders.find(bench.vault.address, wallet=investor.wallet) == ()
    report = bench.funds.run()
    assert report.alarms == ()
    assert len(report.reached(State.IN_BATCH)) == 2
