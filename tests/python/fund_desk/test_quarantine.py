"""What can't be given to its owner is kept apart, and two people release it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.desks import COMPLIANCE, TREASURER
from support.fund_desks import FundBench

from toolkit.errors import IllegalTransition, NotAuthorised
from toolkit.ledger import State
from toolkit.ledger.record_words import RecordState


def test_a_lapsed_investors_shares_are_kept_and_released_when_verified_again(bench: FundBench) -> None:
    lapsing, other = bench.investor(1, days=1), bench.investor(2)
    order, good = bench.sent(bench.subscribed(lapsing), bench.subscribed(other))
    bench.closed(1)
    bench.suite.node.advance_time(86_400)
    bench.funds.receive_nav(_late(bench))
    bench.funds.strike_nav(bench.date_of(1), by="checker-1")
    bench.funds.publish_nav(bench.date_of(1), bench.funds.nav_bundle(bench.date_of(1), bench.attestors()))
    bench.funds.settle_day(1, by="dealer-1")
    report = bench.funds.run()
    assert bench.order(good).state is State.SETTLED
    assert report.reached(State.QUARANTINED) == (order.id,)
    kept = bench.funds.quarantined(lapsing.wallet)
    assert (kept.assets, kept.shares) == (0, 199_800_000)
    reference = bench.desk.reference(lapsing.investor)
    assert bench.funds.register().row(reference).escrowed.base_units == kept.shares
    bench.desk.renew(lapsing.investor, bench.now() + timedelta(days=365))
    with pytest.raises(NotAuthorised):
        bench.funds.propose_release(lapsing.wallet, case_id="CASE-1", by=TREASURER)
    record = bench.funds.propose_release(lapsing.wallet, case_id="CASE-1", by=COMPLIANCE)
    assert record.state is RecordState.PROPOSED
    with pytest.raises(NotAuthorised):
        bench.funds.confirm_release("CASE-1", by=COMPLIANCE)
    assert bench.funds.confirm_release("CASE-1", by=TREASURER).state is RecordState.RELEASED
    with pytest.raises(IllegalTransition):
        bench.funds.confirm_release("CASE-1", by=TREASURER)
    assert bench.order(order).state is State.SETTLED
    assert bench.share.balance_of(lapsing.wallet) == 199_800_000
    assert bench.funds.register().row(reference).escrowed.is_zero
    bench.desk.ledger.verify()


def _late(bench: FundBench) -> object:
    point = (bench.now() - timedelta(hours=1)).isoformat()
    sources = [{"source": "custodian", "reference": "PX-1", "as_of": point}]
    return bench.statement(1, valuation_point=point, price_sources=sources)


def test_a_frozen_investors_proceeds_are_kept_and_released(bench: FundBench) -> None:
    investor = bench.investor()
    bench.sent(bench.subscribed(investor, "900000.00"))
    bench.settled(1)
    bench.funds.run()
    (order,) = bench.sent(bench.redeemed(investor, "1000.0000"))
    bench.settled(2)
    bench.desk.freeze(investor.wallet)
    bench.funds.run()
    assert bench.order(order).state is State.QUARANTINED
    kept = bench.funds.quarantined(investor.wallet).assets
    assert kept == 9_990_000_000
    bench.desk.unfreeze(investor.wallet, "CASE-2")
    before = bench.suite.token.balance_of(investor.wallet)
    bench.funds.propose_release(investor.wallet, case_id="CASE-3", by=COMPLIANCE)
    bench.funds.confirm_release("CASE-3", by=TREASURER)
    assert bench.order(order).state is State.SETTLED
    assert bench.suite.token.balance_of(investor.wallet) - before == kept


def test_a_proposal_can_be_taken_back_and_the_shares_redeemed_instead(bench: FundBench) -> None:
    lapsing = bench.investor(1, days=1)
    (order,) = bench.sent(bench.subscribed(lapsing))
    bench.closed(1)
    bench.suite.node.advance_time(86_400)
    bench.funds.receive_nav(_late(bench))
    bench.funds.strike_nav(bench.date_of(1), by="checker-1")
    bench.funds.publish_nav(bench.date_of(1), bench.funds.nav_bundle(bench.date_of(1), bench.attestors()))
    bench.funds.settle_day(1, by="dealer-1")
    bench.funds.run()
    bench.funds.propose_release(lapsing.wallet, case_id="CASE-1", by=COMPLIANCE)
    retracted = bench.funds.retract_release("CASE-1", by=COMPLIANCE, reason="redeem instead")
    assert retracted.state is RecordState.RETRACTED
    bench.funds.propose_release(lapsing.wallet, case_id="CASE-2", by=COMPLIANCE, redeem=True)
    bench.funds.confirm_release("CASE-2", by=TREASURER)
    assert bench.order(order).state is State.SETTLED
    (redemption,) = (item for item in bench.funds.orders() if item.id != order.id)
    assert (redemption.state, redemption.base_units) == (State.IN_BATCH, 199_800_000)
    row = bench.funds.register().row(bench.desk.reference(lapsing.investor))
    assert (row.units.base_units, row.escrowed.base_units) == (0, 199_800_000)
    # Cancelled, it goes back to where it came from, and not to who may not hold it.
    bench.act(lapsing.key, bench.vault.cancel_redemption(redemption.dealing_day or 0, lapsing.wallet))
    report = bench.funds.run()
    assert report.alarms == ()
    assert (bench.order(redemption.id).state, bench.order(order).state) == (State.CANCELLED, State.SETTLED)
    assert bench.funds.quarantined(lapsing.wallet).shares == 199_800_000
    assert bench.share.balance_of(lapsing.wallet) == 0
    assert bench.funds.register().row(bench.desk.reference(lapsing.investor)) == row
    bench.desk.ledger.verify()


def test_what_a_frozen_investor_asked_back_is_kept_and_no_order_is_due_it(bench: FundBench) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor))
    bench.act(investor.key, bench.vault.cancel_deposit(1, investor.wallet))
    bench.desk.freeze(investor.wallet)
    report = bench.funds.run()
    assert report.alarms == ()
    assert bench.order(order).state is State.CANCELLED
    assert bench.funds.quarantined(investor.wallet).assets == 200_000_000_000
    height = bench.suite.client.block("latest").number
    bench.funds.run()
    assert bench.suite.client.block("latest").number == height  # nothing is pushed again
    bench.desk.unfreeze(investor.wallet, "CASE-1")
    bench.funds.propose_release(investor.wallet, case_id="CASE-1", by=COMPLIANCE)
    assert bench.funds.confirm_release("CASE-1", by=TREASURER).state is RecordState.RELEASED
    assert bench.suite.token.balance_of(investor.wallet) == 1_000_000_000_000


def test_a_redemption_asked_back_comes_back(bench: FundBench) -> None:
    investor = bench.investor()
    bench.sent(bench.subscribed(investor))
    bench.settled(1)
    bench.funds.run()
    (order,) = bench.sent(bench.redeemed(investor, "5000.0000"))
    bench.act(investor.key, bench.vault.cancel_redemption(2, investor.wallet))
    bench.funds.run(push=False)
    assert bench.order(order).state is State.CANCELLED
    reference = bench.desk.reference(investor.investor)
    assert bench.funds.register().row(reference).escrowed.base_units == 50_000_000
    bench.funds.run()
    row = bench.funds.register().row(reference)
    assert (row.units.base_units, row.escrowed.base_units) == (199_800_000, 0)
