"""A dealing day through the desk, from the announcement to the last share and the last coin."""

from __future__ import annotations

from support.fund_desks import FundBench

from toolkit.ledger import State


def test_a_subscription_day(bench: FundBench) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor))
    assert (order.state, order.dealing_day) == (State.IN_BATCH, 1)
    bench.settled(1)
    assert bench.order(order).state is State.PRICED
    report = bench.funds.run()
    assert report.alarms == ()
    assert bench.order(order).state is State.SETTLED
    assert bench.share.balance_of(investor.wallet) == 199_800_000
    bench.desk.ledger.verify()
