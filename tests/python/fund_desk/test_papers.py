"""The register, the dealing report, corrections and distributions, from the ledger and the chain."""

from __future__ import annotations

import json

import pytest
from support.desks import CHECKER, MAKER, TREASURER, Customer
from support.fund_desks import AGENT, FundBench

from toolkit.errors import NotAuthorised
from toolkit.funds import Choice, distribute, distribution_dates
from toolkit.funds.errors import TooEarlyToSweep
from toolkit.ledger import State
from toolkit.ledger.record_words import RecordState


@pytest.fixture
def dealt(bench: FundBench) -> tuple[Customer, Customer]:
    """Two investors with shares, of whom the second has a gated redemption under way."""
    one, two = bench.investor(1), bench.investor(2)
    bench.sent(bench.subscribed(one), bench.subscribed(two, "800000.00"))
    bench.settled(1)
    bench.funds.run()
    bench.sent(bench.redeemed(two, "15000.0000"), bench.subscribed(one, "50000.00"))
    bench.settled(2)
    bench.funds.run(push=False)
    return one, two


def test_the_register_equals_the_chain_and_says_what_the_vault_keeps(
    bench: FundBench, dealt: tuple[Customer, Customer]
) -> None:
    one, two = (bench.desk.reference(item.investor) for item in dealt)
    register = bench.funds.register()
    assert register.supply.base_units == bench.share.total_supply()
    assert not register.unknown
    held = {row.account.account: (row.units.base_units, row.escrowed.base_units) for row in register.rows}
    due = bench.vault.claimable_shares(dealt[0].wallet)
    carried = bench.vault.pending_redemption(3, dealt[1].wallet)
    assert held[one] == (199_800_000, due)
    assert held[two] == (799_200_000 - 150_000_000, carried)
    assert held["vault tUSD"] == (due + carried, 0)
    assert sum(units for units, _ in held.values()) == register.supply.base_units
    bench.funds.run()
    again = bench.funds.register()
    assert again.row(one).escrowed.is_zero
    assert bench.funds.register(register.block_number).version_hash == register.version_hash


def test_the_dealing_report_is_made_of_the_days_own_figures(
    bench: FundBench, dealt: tuple[Customer, Customer]
) -> None:
    with pytest.raises(NotAuthorised):
        bench.funds.dealing_report(2, prepared_by=MAKER, reviewed_by=MAKER)
    report = bench.funds.dealing_report(2, prepared_by=MAKER, reviewed_by=CHECKER).to_data()
    assert json.loads(json.dumps(report)) == report
    assert report["gate"] == {"active": True, "carried_units": "5010.0000"}
    assert (report["subscriptions"]["count"], report["subscriptions"]["cash"]) == (1, "50000.000000")
    assert (report["redemptions"]["units"], report["redemptions"]["requested_units"]) == (
        "9990.0000",
        "15000.0000",
    )
    assert report["units"]["opening"] == "99900.0000"
    assert report["register"]["difference"] == "0.0000"
    assert sum(float(value) for value in report["pending_payments"].values()) > 0


def test_a_correction_adds_a_version_and_computes_what_each_order_is_owed(
    bench: FundBench, dealt: tuple[Customer, Customer]
) -> None:
    day = bench.date_of(1)
    struck = bench.funds.nav(day).statement
    right = struck.restated({"value": "10.10000000"}, reason="a bond was priced twice", prepared_by=AGENT)
    with pytest.raises(NotAuthorised):
        bench.funds.correct_nav(right, by=AGENT)
    correction = bench.funds.correct_nav(right, by=CHECKER)
    assert correction.reportable
    assert {item.owes for item in correction.compensations} == {"investor"}
    nav = bench.funds.nav(day)
    assert (nav.state, nav.struck, len(nav.statements)) == ("corrected", 1, 2)
    assert bench.funds.nav(bench.date_of(2)).last == struck.amount  # nothing of what happened is edited
    bench.desk.ledger.verify()


def test_a_distribution_is_declared_funded_pushed_and_swept(
    bench: FundBench, dealt: tuple[Customer, Customer]
) -> None:
    bench.settled(3)
    bench.funds.run()
    terms, calendar = bench.deployed.terms, bench.funds.calendar
    assert terms is not None
    register = bench.funds.register()
    plan = distribute(
        register,
        terms,
        distribution_dates(terms, calendar, bench.date_of(3)),
        per_share="0.05",
        coin=bench.suite.issuance.amount("100000.00"),
        choices={bench.desk.reference(dealt[1].investor): Choice.CASH},
    )
    record = bench.funds.declare_distribution(plan, by=MAKER)
    report = record.data["report"]
    with pytest.raises(NotAuthorised):
        bench.funds.fund_distribution(report, by=MAKER)
    bench.treasury(lambda by: bench.suite.issuance.amount("0.00"))
    assert bench.funds.fund_distribution(report, by=TREASURER).state is RecordState.FUNDED
    assert bench.funds.fund_distribution(report, by=TREASURER).state is RecordState.FUNDED
    before = [bench.suite.token.balance_of(item.wallet) for item in dealt]
    bench.desk.freeze(dealt[1].wallet)
    left = bench.funds.push_distribution(report)
    paid = [bench.suite.token.balance_of(item.wallet) for item in dealt]
    due = {item.account: item.net.base_units for item in plan.cash}
    references = [bench.desk.reference(item.investor) for item in dealt]
    assert [after - then for after, then in zip(paid, before, strict=True)] == [due[references[0]], 0]
    assert (left.unclaimed, left.set_aside) == (0, due[references[1]])
    assert bench.funds.push_distribution(report) == left
    with pytest.raises(TooEarlyToSweep):
        bench.funds.sweep_distribution(report, by=TREASURER)
    bench.suite.node.advance_time(400 * 86_400)
    assert bench.funds.sweep_distribution(report, by=TREASURER).state is RecordState.CLOSED
    assert {order.state for order in bench.funds.orders()} == {State.SETTLED}
