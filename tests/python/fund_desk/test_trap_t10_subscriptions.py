"""T10 for a fund's orders: what changes between the check and the sending keeps them off the chain."""

from __future__ import annotations

from datetime import date

import pytest
from support.desks import CHECKER, COMPLIANCE, MAKER, Customer
from support.fund_desks import FundBench
from support.parties import DIGEST, case, office, policy

from toolkit.compliance.office import Compliance
from toolkit.compliance.portfolio import Application, Evidence
from toolkit.ledger import Role, State
from toolkit.ledger.errors import ClassNotApproved, OutsidePerimeter, UnderReview


def adopt(bench: FundBench, product: str, **changes: object) -> None:
    book = Compliance(office(bench.desk.ledger, bench.desk.actions)).policies
    proposed = book.propose(policy(product, **changes), by=CHECKER)
    book.confirm(proposed.id, by=COMPLIANCE)


def moved_to_full(bench: FundBench, customer: Customer) -> None:
    """Classified, and under the full regime."""
    compliance = Compliance(office(bench.desk.ledger, bench.desk.actions))
    reference, day = bench.desk.reference(customer.investor), date(2026, 11, 1)
    record = compliance.classifications.receive(
        reference, [Evidence("audited_accounts", day, DIGEST)], by=MAKER
    )
    application = {
        "category": "corporate",
        "relevant_date": day.isoformat(),
        "consent": DIGEST,
        "total_assets": {"value": "40000000.00", "currency": "HKD"},
    }
    compliance.classifications.assess(record.id, Application.from_data(application), by=MAKER)
    compliance.classifications.approve(record.id, by=COMPLIANCE)
    move = compliance.perimeter.propose(reference, knowledge=None, exposure=None, by=MAKER)
    compliance.perimeter.confirm(move.id, by=COMPLIANCE)


def test_t10_a_stablecoin_only_account_moves_before_it_subscribes(bench: FundBench) -> None:
    customer = bench.investor()
    adopt(bench, "tUSD")
    adopt(bench, "DMMF/A", licensed_stablecoin=False)
    with pytest.raises(OutsidePerimeter, match="is no licensed stablecoin"):
        bench.subscribed(customer)
    assert bench.desk.orders(kind="subscription") == ()
    moved_to_full(bench, customer)
    order = bench.subscribed(customer)
    adopt(bench, "DMMF/A", licensed_stablecoin=False, classes=["institutional"])
    with pytest.raises(ClassNotApproved, match="is for institutional"):
        bench.funds.validate(order, by=CHECKER)
    adopt(bench, "DMMF/A", licensed_stablecoin=False, classes=["corporate_professional"])
    bench.funds.validate(order, by=CHECKER)
    adopt(bench, "DMMF/A", licensed_stablecoin=False, denied=["HK"])
    bench.funds.run()
    held = bench.order(order)
    assert (held.state, held.held_from, held.dealing_day) == (State.ON_HOLD, State.VALID, None)
    adopt(bench, "DMMF/A", licensed_stablecoin=False)
    bench.desk.release(order, by=COMPLIANCE, reason="allowed again")
    bench.funds.run()
    assert bench.order(order).state is State.IN_BATCH


def test_t10_who_came_under_review_neither_subscribes_nor_redeems(bench: FundBench) -> None:
    customer, other = bench.investor(), bench.investor(2)
    bench.sent(bench.subscribed(customer))
    bench.settled(1)
    bench.funds.run()
    redemption, subscription = bench.redeemed(customer, "1000"), bench.subscribed(other)
    for order in (redemption, subscription):
        bench.funds.validate(order, by=CHECKER)
    bench.desk.ledger.restrictions.impose(
        [(bench.desk.reference(item.investor), None) for item in (customer, other)],
        case_id=case(bench.desk.ledger, by=COMPLIANCE),
        actor=COMPLIANCE,
        role=Role.COMPLIANCE,
    )
    bench.funds.run()
    for order in (redemption, subscription):
        assert bench.order(order).state is State.ON_HOLD
        assert "under review" in bench.desk.history(order)[-1].reason
    with pytest.raises(UnderReview):
        bench.redeemed(customer, "1000")
    with pytest.raises(UnderReview):
        bench.subscribed(other)
    bench.desk.ledger.verify()
