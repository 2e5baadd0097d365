"""A redemption order: escrow, burn, pay, release."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.desks import CHECKER, MAKER, OTHER_CHECKER, TREASURER, Bench, Customer

from toolkit.amounts import NotCentAligned
from toolkit.bindings import errors as reverts
from toolkit.bindings.structs import RedemptionStatus
from toolkit.desk import redemption_reference
from toolkit.desk.errors import EscrowMismatch
from toolkit.desk.proofs import payment_hash
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised, NotEligible
from toolkit.ledger import RedemptionOrder, State
from toolkit.ledger.errors import FundsMismatch, PayoutAlreadyRecorded


@pytest.fixture
def holder(bench: Bench) -> Customer:
    """A customer with a thousand tokens."""
    customer = bench.customer()
    assert bench.minted(customer, "1000.00").state is State.SETTLED
    return customer


def test_a_redemption_is_escrowed_burned_paid_and_released(bench: Bench, holder: Customer) -> None:
    desk, token = bench.desk, bench.suite.token
    order = bench.escrowed(holder, "100.05")
    assert (order.state, order.number) == (State.ESCROWED, 1)
    assert desk.status().line("escrowed").chain == bench.suite.issuance.amount("100.05")
    desk.approve_redemption(order, bench.approver())
    assert desk.run().reached(State.BURNED) == (order.id,)
    assert (token.total_supply(), token.payable()) == (899_950_000, 100_050_000)
    payout = desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    assert payout.amount.display() == "100.05 USD"
    assert desk.run().reached(State.SETTLED) == (order.id,)
    assert (token.payable(), token.discharged()) == (0, 100_050_000)
    status = desk.status()
    assert status.agrees, status.differences
    desk.ledger.verify()


def test_t7_an_amount_with_fractions_of_a_cent_is_refused(bench: Bench, holder: Customer) -> None:
    with pytest.raises(NotCentAligned) as caught:
        bench.valid(holder, "100.005000")
    assert caught.value.code == "not_cent_aligned"
    with pytest.raises(InvalidInput, match="float"):
        bench.valid(holder, 100.05)  # type: ignore[arg-type]


def test_the_money_is_due_by_the_end_of_the_next_business_day(bench: Bench, holder: Customer) -> None:
    order = bench.valid(holder)
    expected = bench.desk._context.calendar.due_after(bench.now())
    assert order.due_at == expected
    assert order.due_at > datetime.now(UTC)
    bench.suite.node.advance_time(8 * 86_400)
    assert bench.desk.status().overdue == (order.id,)


def test_money_goes_only_to_the_holders_own_account(bench: Bench, holder: Customer) -> None:
    bench.customer(2)
    with pytest.raises(NotEligible, match="BANK-02"):
        bench.desk.request_redemption(
            holder.investor,
            "5.00",
            wallet=holder.wallet,
            bank_account="BANK-02",
            idempotency_key="r",
            maker=MAKER,
        )


def test_the_holders_own_transaction_is_found_by_its_reference(bench: Bench, holder: Customer) -> None:
    suite, order = bench.suite, bench.valid(holder)
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.token.approve(suite.market.address, 10**9))
    suite.send(holder.key, suite.market.request_redemption(order.base_units, redemption_reference(order)))
    assert bench.desk.run().reached(State.ESCROWED) == (order.id,)
    assert bench.desk.order(order).number == 1  # type: ignore[attr-defined]
    assert bench.desk.status().agrees


def test_a_request_that_is_not_as_ordered_raises_an_alarm(bench: Bench, holder: Customer) -> None:
    suite, order = bench.suite, bench.valid(holder)
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.token.approve(suite.market.address, 10**9))
    suite.send(holder.key, suite.market.request_redemption(order.base_units - 1, redemption_reference(order)))
    report = bench.desk.run()
    assert isinstance(report.alarms[0], EscrowMismatch)
    assert bench.desk.order(order).state is State.VALID
    assert not bench.desk.status().agrees


def test_an_authorisation_fits_its_order_alone(bench: Bench, holder: Customer) -> None:
    desk, order = bench.desk, bench.valid(holder)
    authorization = desk.redemption_authorization(order)
    with pytest.raises(reverts.ERC3009InvalidSignature):
        desk.escrow(authorization, authorization.signable.sign(bench.suite.stranger).data)
    assert desk.order(order).batch_id is None
    signature = authorization.signable.sign(holder.key).data
    assert desk.escrow(authorization, signature).state is State.ESCROWED
    with pytest.raises(IllegalTransition):
        desk.escrow(authorization, signature)


def test_an_authorisation_past_its_time_is_refused(bench: Bench, holder: Customer) -> None:
    order = bench.valid(holder)
    authorization = bench.desk.redemption_authorization(order, lifetime=timedelta(hours=1))
    bench.suite.node.advance_time(7200)
    with pytest.raises(reverts.ERC3009Expired):
        bench.desk.escrow(authorization, authorization.signable.sign(holder.key).data)
    assert bench.desk.order(order).state is State.VALID


def test_more_than_the_balance_is_refused(bench: Bench, holder: Customer) -> None:
    authorization = bench.desk.redemption_authorization(bench.valid(holder, "1000.01"))
    with pytest.raises(reverts.ERC20InsufficientBalance):
        bench.desk.escrow(authorization, authorization.signable.sign(holder.key).data)


def test_a_holder_may_cancel_until_acceptance(bench: Bench, holder: Customer) -> None:
    suite, order = bench.suite, bench.escrowed(holder)
    bench.desk.approve_redemption(order, bench.approver())
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.market.cancel_redemption(order.number or 0))
    assert bench.desk.run().reached(State.CANCELLED) == (order.id,)
    assert suite.token.balance_of(holder.wallet) == 10**9
    assert bench.desk.status().agrees


def test_a_rejected_redemption_gets_its_tokens_back(bench: Bench, holder: Customer) -> None:
    order = bench.escrowed(holder)
    bench.desk.reject(order, by=CHECKER, reason="ACCOUNT-CLOSED")
    bench.desk.run()
    assert bench.desk.order(order).state is State.REJECTED
    assert bench.suite.token.balance_of(holder.wallet) == 10**9
    assert bench.suite.market.redemption(1).status is RedemptionStatus.REJECTED
    assert bench.desk.status().agrees


def test_the_escrow_of_a_frozen_holder_stays(bench: Bench, holder: Customer) -> None:
    order = bench.escrowed(holder)
    bench.desk.approve_redemption(order, bench.approver())
    bench.desk.freeze(holder.wallet)
    assert bench.desk.run().reached(State.ON_HOLD) == (order.id,)
    assert bench.suite.market.escrowed() == 100_000_000
    assert bench.desk.status().agrees


def test_redemption_goes_on_while_the_reserve_is_stale(bench: Bench, holder: Customer) -> None:
    bench.suite.node.advance_time(27 * 3600)
    order = bench.burned(holder)
    bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)


def test_redemptions_approved_together_burn_in_one_transaction(bench: Bench, holder: Customer) -> None:
    orders = [bench.escrowed(holder, amount) for amount in ("1.00", "2.00", "3.00")]
    (proposal,) = bench.desk.approve_redemption(orders, bench.approver())
    assert proposal.signable.digest == bench.suite.market.acceptance_digest([1, 2, 3])
    assert set(bench.desk.run().reached(State.BURNED)) == {order.id for order in orders}
    for position, order in enumerate(orders):
        bench.desk.record_payout(order, payment_reference=f"CHATS-{position}", by=TREASURER)
    assert set(bench.desk.run().reached(State.SETTLED)) == {order.id for order in orders}
    assert bench.desk.status().agrees


# --- payouts ----------------------------------------------------------------------------------------------


def test_a_payout_is_recorded_once(bench: Bench, holder: Customer) -> None:
    desk = bench.desk
    first, second = bench.burned(holder, "10.00"), bench.burned(holder, "10.00")
    desk.record_payout(first, payment_reference="CHATS-1", by=TREASURER)
    with pytest.raises(PayoutAlreadyRecorded, match=first.id):
        desk.record_payout(first, payment_reference="CHATS-2", by=TREASURER)
    with pytest.raises(PayoutAlreadyRecorded, match="CHATS-1"):
        desk.record_payout(second, payment_reference="CHATS-1", by=TREASURER)
    desk.run()
    with pytest.raises(PayoutAlreadyRecorded):
        desk.record_payout(first, payment_reference="CHATS-3", by=TREASURER)
    desk.record_payout(second, payment_reference="CHATS-2", by=TREASURER)
    desk.run()
    assert bench.suite.token.discharged() == 20_000_000


def test_the_chain_refuses_a_second_payout(bench: Bench, holder: Customer) -> None:
    order = bench.burned(holder)
    suite = bench.suite
    suite.pay(1)
    with pytest.raises(PayoutAlreadyRecorded, match="on chain already"):
        bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    with pytest.raises(reverts.RedemptionInStatus):
        suite.pay(1)


def test_nothing_is_paid_before_the_burn(bench: Bench, holder: Customer) -> None:
    order = bench.escrowed(holder)
    with pytest.raises(IllegalTransition):
        bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    bench.desk.approve_redemption(order, bench.approver())
    with pytest.raises(IllegalTransition):
        bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)


def test_a_payout_is_exact_and_by_a_treasurer(bench: Bench, holder: Customer) -> None:
    order = bench.burned(holder)
    with pytest.raises(FundsMismatch):
        bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER, amount="99.99")
    for person in (MAKER, CHECKER, OTHER_CHECKER):
        with pytest.raises(NotAuthorised):
            bench.desk.record_payout(order, payment_reference="CHATS-1", by=person)
    bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER, amount="100.00")
    bench.desk.run()
    events = bench.desk.ledger.chain_events.find(name="RedemptionPaid")
    assert [event.arguments["payment_reference"] for event in events] == [
        "0x" + payment_hash("CHATS-1").hex()
    ]


def test_a_redemption_is_not_approved_by_its_maker(bench: Bench, holder: Customer) -> None:
    desk = bench.desk
    desk.ledger.persons.set_roles(CHECKER, ["maker", "checker", "approver"])  # type: ignore[list-item]
    order = desk.request_redemption(
        holder.investor,
        "5.00",
        wallet=holder.wallet,
        bank_account="BANK-01",
        idempotency_key="own",
        maker=CHECKER,
    )
    order = desk.validate_redemption(order, by=OTHER_CHECKER)
    authorization = desk.redemption_authorization(order)
    desk.escrow(authorization, authorization.signable.sign(holder.key).data)
    with pytest.raises(NotAuthorised, match="another person"):
        desk.approve_redemption(order, bench.approver())
    found = desk.order(order)
    assert isinstance(found, RedemptionOrder)
    assert found.state is State.ESCROWED
