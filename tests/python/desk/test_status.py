"""Chain and ledger side by side."""

from __future__ import annotations

import json

import pytest
from support.desks import CHECKER, COMPLIANCE, MAKER, Bench

from toolkit.errors import IllegalTransition, NotAuthorised
from toolkit.ledger import State


def test_a_difference_is_shown_to_the_last_unit(bench: Bench) -> None:
    customer = bench.customer()
    bench.minted(customer, "100.00")
    assert bench.desk.status().agrees
    bench.suite.mint(2**64, 1, customer.wallet)  # past the desk, by the same keys
    status = bench.desk.status()
    assert [(line.name, str(line.difference)) for line in status.differences] == [
        ("minted", "0.000001"),
        ("outstanding", "0.000001"),
    ]
    assert not status.agrees
    shown = json.loads(json.dumps(status.to_json()))
    assert shown["lines"][0] == {
        "name": "minted",
        "chain": "100.000001",
        "ledger": "100.000000",
        "explained": "0.000000",
        "difference": "0.000001",
    }
    assert shown["orders"] == {"mint": {"settled": 1}, "redemption": {}}


def test_a_run_reports_what_it_did_as_json(bench: Bench) -> None:
    order = bench.approved(bench.customer())
    bench.suite.node.advance_time(27 * 3600)
    shown = json.loads(json.dumps(bench.desk.run().to_json()))
    assert shown["waiting"][0]["orders"] == [order.id]
    assert shown["waiting"][0]["error"]["code"] == "reserve_stale"


def test_a_hold_is_compliances_and_comes_back_to_where_it_was(bench: Bench) -> None:
    desk, order = bench.desk, bench.funded(bench.customer())
    with pytest.raises(NotAuthorised):
        desk.hold(order, by=MAKER, reason="looks odd")
    held = desk.hold(order, by=COMPLIANCE, reason="list 7 of today")
    assert held.state is State.ON_HOLD
    assert [item.id for item in desk.orders("on_hold")] == [order.id]
    assert desk.release(order, by=COMPLIANCE, reason="no match").state is State.FUNDED


def test_an_ended_order_stays_ended(bench: Bench) -> None:
    desk, order = bench.desk, bench.funded(bench.customer())
    desk.reject(order, by=CHECKER, reason="customer withdrew")
    for act in (desk.cancel, desk.reject):
        with pytest.raises(IllegalTransition, match="rejected"):
            act(order, by=CHECKER, reason="again")
    assert desk.run().changes == ()
    assert desk.orders(kind="mint", state=["rejected"]) != ()
