"""Trap T10 for a fund's order: a list names the investor between validation and the request on chain."""

from __future__ import annotations

from datetime import timedelta

from support.desks import CHECKER, COMPLIANCE
from support.fund_desks import FundBench

from toolkit.ledger import State
from toolkit.ledger.lists import EntryKind, ListEntry


def adopt(bench: FundBench, version: str, *wallets: str) -> None:
    """No run over everybody follows."""
    now = bench.desk.ledger.clock.now()
    bench.desk.ledger.lists.adopt(
        "ofac-eth",
        version,
        dated=now - timedelta(days=1),
        entries=[ListEntry(EntryKind.WALLET, wallet) for wallet in wallets],
        source="0" * 64,
        by=COMPLIANCE,
    )


def test_t10_a_subscription_of_an_investor_listed_meanwhile_is_not_sent(bench: FundBench) -> None:
    one, two = bench.investor(1), bench.investor(2)
    adopt(bench, "1", "0x00000000000000000000000000000000000000fe")
    listed, clear = bench.subscribed(one), bench.subscribed(two)
    for order in (listed, clear):
        bench.funds.validate(order, by=CHECKER)
    adopt(bench, "2", one.wallet)
    bench.funds.run()
    assert (bench.order(listed).state, bench.order(clear).state) == (State.ON_HOLD, State.IN_BATCH)
    assert bench.order(listed).dealing_day is None
    found = bench.desk.ledger.screening.last_of(order_id=listed.id)
    assert found is not None
    assert (found[0].data["occasion"], found[0].data["lists"], found[1].outcome) == (
        "execution",
        {"ofac-eth": "2"},
        "hit",
    )
    bench.desk.ledger.verify()
