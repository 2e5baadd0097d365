"""Dealing days through the desk, from the announcement to the last share and the last coin."""

from __future__ import annotations

import pytest
from support.desks import CHECKER, MAKER
from support.fund_desks import AGENT, DEALER, FundBench

from toolkit.bindings.errors import FundingShortfall
from toolkit.desk.errors import DayNotOver
from toolkit.errors import IllegalTransition, NavStale, NotAuthorised
from toolkit.ledger import OrderKind, State
from toolkit.ledger.record_words import RecordState


def test_a_subscription_is_dealt_at_the_struck_value_and_delivered(bench: FundBench) -> None:
    investor = bench.investor()
    order = bench.subscribed(investor)
    assert (order.state, order.dealing_date, order.dealing_day) == (State.REQUESTED, bench.date_of(1), None)
    (order,) = bench.sent(order)
    assert (order.state, order.dealing_day) == (State.IN_BATCH, 1)
    bench.settled(1)
    assert bench.order(order).state is State.PRICED
    report = bench.funds.run()
    assert report.alarms == ()
    assert report.reached(State.SETTLED) == (order.id,)
    assert bench.share.balance_of(investor.wallet) == 199_800_000  # 200,000 less 0.1 % at 10
    assert bench.funds.run().changes == ()
    (note,) = bench.funds.contract_notes(order=order)
    assert (note.data["units"], note.data["net"], note.data["fee"]) == (
        "19980.0000",
        "199800.000000",
        "200.000000",
    )
    assert [event.to_state for event in bench.desk.history(order)] == [
        State.REQUESTED,
        State.VALID,
        State.IN_BATCH,
        State.PRICED,
        State.SETTLED,
    ]
    assert bench.funds.day(1).state is RecordState.SETTLED
    bench.desk.ledger.verify()


def test_a_redemption_is_funded_cut_by_the_gate_and_carried_until_it_is_paid(bench: FundBench) -> None:
    one, two = bench.investor(1), bench.investor(2)
    bench.sent(bench.subscribed(one), bench.subscribed(two, "800000.00"))
    bench.settled(1)
    bench.funds.run()
    before = bench.suite.token.balance_of(two.wallet)
    # The gate lets 10 % of 99,900 shares through, of the 15,000 asked for; the price swings by 15 bps.
    (order,) = bench.sent(bench.redeemed(two, "15000.0000"))
    bench.closed(2)
    bench.struck(2)
    with pytest.raises(FundingShortfall):
        bench.funds.settle_day(2, by=DEALER)
    assert bench.treasury(bench.funds.fund_redemptions) == bench.suite.issuance.amount("99650.399850")
    assert bench.funds.fund_redemptions(by="treasurer-1").is_zero
    bench.funds.settle_day(2, by=DEALER)
    gated = bench.order(order)
    assert (gated.state, gated.dealing_day) == (State.GATED, 3)
    bench.funds.run()
    assert bench.order(order).state is State.GATED
    assert bench.suite.token.balance_of(two.wallet) - before == 99_650_399_850
    bench.settled(3)
    bench.funds.run()
    assert bench.order(order).state is State.SETTLED
    assert bench.suite.token.balance_of(two.wallet) - before == 149_625_225_000  # 15,000 at 9.985, less 0.1 %
    dealings = bench.desk.ledger.fund_orders.dealings([order.id])[order.id]
    assert [(item.day, item.size, item.carried) for item in dealings] == [
        (2, 99_900_000, 50_100_000),
        (3, 50_100_000, 0),
    ]
    assert len(bench.funds.contract_notes(order=order)) == 2
    bench.desk.ledger.verify()


def test_days_close_and_settle_in_their_order_each_once_and_not_before_their_time(bench: FundBench) -> None:
    with pytest.raises(DayNotOver, match="takes orders until"):
        bench.funds.close_day(1, by=DEALER)
    with pytest.raises(IllegalTransition, match="the next is 1"):
        bench.funds.close_day(2, by=DEALER)
    with pytest.raises(NotAuthorised):
        bench.funds.close_day(1, by=CHECKER)
    with pytest.raises(DayNotOver, match="isn't closed"):
        bench.funds.settle_day(1, by=DEALER)
    bench.closed(1)
    with pytest.raises(NavStale, match="no NAV"):
        bench.funds.settle_day(1, by=DEALER)
    bench.funds.receive_nav(bench.statement(1))
    bench.funds.strike_nav(bench.date_of(1), by=CHECKER)
    with pytest.raises(NavStale, match="publish it first"):
        bench.funds.settle_day(1, by=DEALER)
    signers = bench.attestors()
    bench.funds.publish_nav(bench.date_of(1), bench.funds.nav_bundle(bench.date_of(1), signers))
    assert (
        bench.funds.publish_nav(bench.date_of(1), bench.funds.nav_bundle(bench.date_of(1), signers)) is None
    )
    bench.funds.settle_day(by=DEALER)
    for again in (bench.funds.settle_day, bench.funds.close_day):
        with pytest.raises(IllegalTransition, match="the next is 2"):
            again(1, by=DEALER)


def test_several_orders_of_a_wallet_share_its_position_to_the_last_unit(bench: FundBench) -> None:
    investor = bench.investor()
    orders = bench.sent(
        bench.subscribed(investor, "100000.01"),
        bench.subscribed(investor, "100000.03"),
        bench.subscribed(investor, "100000.07"),
    )
    bench.settled(1, "10.03000001")
    bench.funds.run()
    assert {bench.order(order).state for order in orders} == {State.SETTLED}
    found = bench.desk.ledger.fund_orders.dealings(order.id for order in orders)
    assert sum(items[0].due for items in found.values()) == bench.share.balance_of(investor.wallet)
    notes = bench.funds.contract_notes(day=1)
    assert sum(float(note.data["units"]) for note in notes) == pytest.approx(
        bench.share.balance_of(investor.wallet) / 10**4
    )


def test_a_request_of_the_investors_own_wallet_becomes_an_order(bench: FundBench) -> None:
    investor = bench.investor(operated=False)
    asked = bench.subscribed(investor)
    bench.funds.validate(asked, by=CHECKER)
    bench.funds.run()
    assert bench.order(asked).state is State.VALID  # the desk may not send for this wallet
    for amount in (200_000_000_000, 50_000_000_000):
        bench.act(investor.key, bench.vault.request_deposit(amount, investor.wallet, investor.wallet))
    bench.funds.run()
    assert bench.order(asked).state is State.IN_BATCH  # the first is what was asked for
    (own,) = (order for order in bench.funds.orders(OrderKind.SUBSCRIPTION) if order.id != asked.id)
    assert (own.state, own.base_units, own.maker) == (State.IN_BATCH, 50_000_000_000, "desk-worker")
    bench.settled(1)
    bench.funds.run()
    assert {order.state for order in bench.funds.orders()} == {State.SETTLED}


def test_a_subscription_paid_in_money_is_minted_first_and_deals_when_the_coins_are_there(
    bench: FundBench,
) -> None:
    investor = bench.investor(1, "1.00")
    order, mint = bench.funds.subscribe_with_money(
        investor.investor, "200000.00", wallet=investor.wallet, idempotency_key="S-1", maker=MAKER
    )
    again = bench.funds.subscribe_with_money(
        investor.investor, "200000.00", wallet=investor.wallet, idempotency_key="S-1", maker=MAKER
    )
    assert [item.id for item in again] == [order.id, mint.id]
    assert order.funded_by == mint.id
    bench.funds.validate(order, by=CHECKER)
    bench.funds.run()
    assert bench.order(order).state is State.VALID
    bench.fund(mint)
    bench.desk.approve(mint, bench.approver())
    bench.desk.run()
    bench.funds.run()
    found = bench.order(order)
    assert (found.state, found.dealing_day) == (State.IN_BATCH, 1)
    bench.settled(1)
    bench.funds.run()
    assert bench.order(order).state is State.SETTLED
    bench.desk.ledger.verify()  # its money is the mint order's, so it has no receipt of its own


def test_a_request_asked_back_before_the_cut_off_is_cancelled_and_handed_back(bench: FundBench) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor))
    bench.act(investor.key, bench.vault.cancel_deposit(1, investor.wallet))
    report = bench.funds.run()
    assert report.reached(State.CANCELLED) == (order.id,)
    assert bench.suite.token.balance_of(investor.wallet) == 1_000_000_000_000
    bench.settled(1)
    assert bench.funds.run().alarms == ()


def test_the_nav_agent_and_the_one_who_strikes_are_two_people(bench: FundBench) -> None:
    bench.closed(1)
    with pytest.raises(NotAuthorised):
        bench.funds.receive_nav(bench.statement(1, prepared_by=MAKER))
    bench.funds.receive_nav(bench.statement(1, prepared_by="nav-2"))
    with pytest.raises(NotAuthorised, match="nav-2"):
        bench.funds.strike_nav(bench.date_of(1), by="nav-2")
    with pytest.raises(NotAuthorised):
        bench.funds.strike_nav(bench.date_of(1), by=AGENT)
    bench.funds.strike_nav(bench.date_of(1), by=CHECKER)
