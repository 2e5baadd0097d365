"""A mint order from the request to settlement."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from support.desks import CHECKER, COMPLIANCE, MAKER, OTHER_CHECKER, TREASURER, Bench
from support.suite import Suite

from toolkit.amounts import Amount
from toolkit.bindings import errors as reverts
from toolkit.bindings.events import OrderExecuted
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch, Signature
from toolkit.desk.errors import BatchConflict
from toolkit.desk.mint import on_chain
from toolkit.errors import (
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    NotAuthorised,
    NotEligible,
    ReserveShortfall,
    ReserveStale,
)
from toolkit.ledger import State
from toolkit.ledger.errors import FundsAlreadyMatched, FundsMismatch, NotFound, ThirdPartyPayment


def test_an_order_is_minted_once_and_settled(bench: Bench) -> None:
    customer = bench.customer()
    order = bench.minted(customer, "250000.00")
    assert order.state is State.SETTLED
    assert bench.suite.token.balance_of(customer.wallet) == 250_000_000_000
    steps = [(event.to_state, event.actor) for event in bench.desk.history(order)]
    assert steps == [
        (State.REQUESTED, MAKER),
        (State.FUNDED, TREASURER),
        (State.APPROVED, CHECKER),
        (State.SUBMITTED, "desk-worker"),
        (State.MINED, "desk-worker"),
        (State.SETTLED, "desk-worker"),
    ]
    assert bench.desk.run().changes == ()
    assert bench.desk.status().agrees
    bench.desk.ledger.verify()


def test_orders_approved_together_go_in_one_transaction(bench: Bench) -> None:
    customers = [bench.customer(number) for number in (1, 2, 3)]
    orders = [bench.funded(customer, f"{number}00.00") for number, customer in enumerate(customers, 1)]
    (proposal,) = bench.desk.approve(orders, bench.approver())
    assert (proposal.total, proposal.is_complete) == (bench.suite.issuance.amount("600"), True)
    report = bench.desk.run()
    assert set(report.reached(State.SETTLED)) == {order.id for order in orders}
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    assert [event.number for event in events] == [order.number for order in orders]
    assert len({event.log.tx_hash for event in events}) == 1
    assert [bench.suite.token.balance_of(item.wallet) for item in customers] == [10**8, 2 * 10**8, 3 * 10**8]


def test_a_line_of_orders_approved_apart_goes_in_one_run(bench: Bench) -> None:
    customer = bench.customer()
    orders = [bench.approved(customer, "10.00") for _ in range(3)]
    assert set(bench.desk.run().reached(State.SETTLED)) == {order.id for order in orders}
    assert bench.desk.status().agrees


# --- what a request is refused for -----------------------------------------------------------------------


@pytest.mark.parametrize("amount", [1000.5, 19.99, "1000.0000001", "100.005", "1e3", "0", "-5.00", " 5"])
def test_amounts_that_are_not_exact_are_refused(bench: Bench, amount: str) -> None:
    customer = bench.customer(registered=False)
    with pytest.raises(InvalidInput):
        bench.requested(customer, amount)
    assert bench.desk.orders() == ()


def test_an_amount_of_another_unit_is_refused(bench: Bench) -> None:
    customer = bench.customer()
    with pytest.raises(InvalidInput, match=r"1,000\.00 HKD"):
        bench.requested(customer, Amount.money("1000.00", "HKD"))  # type: ignore[arg-type]
    assert bench.requested(customer, Amount.money("1000.00", "USD")).base_units == 10**9  # type: ignore[arg-type]


def test_a_wallet_that_is_not_registered_is_refused(bench: Bench) -> None:
    customer = bench.customer(registered=False)
    with pytest.raises(reverts.WalletNotVerified, match=customer.wallet):
        bench.requested(customer)
    with pytest.raises(InvalidInput, match="checksum"):
        bench.desk.challenge_wallet(customer.investor, customer.wallet.swapcase().replace("0X", "0x"))
    assert bench.desk.orders() == ()


def test_a_wallet_nobody_proved_or_of_somebody_else_is_refused(bench: Bench) -> None:
    customer, other = bench.customer(1), bench.customer(2)
    stranger = bench.suite.stranger.address
    with pytest.raises(NotFound, match=stranger):
        bench.desk.request_mint(customer.investor, "5.00", wallet=stranger, idempotency_key="k", maker=MAKER)
    with pytest.raises(NotEligible, match="belongs to investor"):
        bench.desk.request_mint(
            customer.investor, "5.00", wallet=other.wallet, idempotency_key="k", maker=MAKER
        )


def test_an_investor_whose_verification_lapsed_is_refused(bench: Bench) -> None:
    customer = bench.customer(days=1)
    bench.suite.node.advance_time(90_000)
    with pytest.raises(NotEligible, match="renew the verification"):
        bench.requested(customer)
    bench.desk.renew(customer.investor, bench.now() + timedelta(days=30))
    assert bench.requested(customer).state is State.REQUESTED


def test_a_frozen_recipient_is_refused(bench: Bench) -> None:
    customer = bench.customer()
    bench.desk.freeze(customer.wallet)
    with pytest.raises(reverts.ERC7943CannotReceive) as caught:
        bench.requested(customer)
    assert isinstance(caught.value, NotEligible)
    bench.desk.unfreeze(customer.wallet, "CASE-7")
    assert bench.requested(customer).state is State.REQUESTED


def test_an_order_over_the_cap_is_refused(bench: Bench) -> None:
    with pytest.raises(reverts.OrderAboveCap) as caught:
        bench.requested(bench.customer(), "50000000.01")
    assert caught.value.cap == 50_000_000_000_000
    assert bench.desk.orders() == ()


def test_only_a_maker_makes(bench: Bench) -> None:
    customer = bench.customer()
    for person in (CHECKER, "nobody"):
        with pytest.raises(NotAuthorised, match=person):
            bench.desk.request_mint(
                customer.investor, "5.00", wallet=customer.wallet, idempotency_key="k", maker=person
            )


def test_one_key_is_one_order(bench: Bench) -> None:
    customer = bench.customer()
    order = bench.requested(customer, "5.00", key="INV-1")
    assert bench.requested(customer, "5.00", key="INV-1").id == order.id
    with pytest.raises(IdempotencyConflict, match="INV-1"):
        bench.requested(customer, "6.00", key="INV-1")
    bench.desk.freeze(customer.wallet)
    assert bench.requested(customer, "5.00", key="INV-1").id == order.id  # whatever the rules say now
    assert len(bench.desk.orders()) == 1


# --- money -----------------------------------------------------------------------------------------------


def test_x8_money_of_a_third_party_is_refused_and_kept_for_return(bench: Bench) -> None:
    order = bench.requested(bench.customer(), "500.00")
    with pytest.raises(ThirdPartyPayment, match="FPS-9"):
        bench.desk.confirm_funds(order, receipt="FPS-9", amount="500.00", payer="BANK-77", by=TREASURER)
    assert bench.desk.order(order).state is State.REQUESTED
    assert bench.desk.status().unmatched_funds == ("FPS-9",)
    bench.desk.return_funds("FPS-9", payment_reference="RET-1")
    assert bench.desk.status().unmatched_funds == ()


def test_money_must_agree_to_the_cent(bench: Bench) -> None:
    order = bench.requested(bench.customer(), "500.00")
    for line, amount in (("FPS-1", "499.99"), ("FPS-2", "500.01")):
        with pytest.raises(FundsMismatch, match=amount):
            bench.desk.confirm_funds(order, receipt=line, amount=amount, payer="BANK-01", by=TREASURER)
    with pytest.raises(NotAuthorised):
        bench.desk.confirm_funds(order, receipt="FPS-3", amount="500.00", payer="BANK-01", by=MAKER)
    assert bench.desk.order(order).state is State.REQUESTED


def test_a_bank_line_pays_for_one_order(bench: Bench) -> None:
    customer = bench.customer()
    first, second = bench.requested(customer, "500.00"), bench.requested(customer, "500.00")
    bench.desk.confirm_funds(first, receipt="FPS-1", amount="500.00", payer="BANK-01", by=TREASURER)
    with pytest.raises(FundsAlreadyMatched, match="FPS-1"):
        bench.desk.confirm_funds(second, receipt="FPS-1", amount="500.00", payer="BANK-01", by=TREASURER)
    with pytest.raises(IllegalTransition, match="end the order"):
        bench.desk.return_funds("FPS-1", payment_reference="RET-1")


# --- four eyes -------------------------------------------------------------------------------------------


def test_the_checker_is_not_the_maker(bench: Bench) -> None:
    desk, customer = bench.desk, bench.customer()
    desk.ledger.persons.set_roles(CHECKER, ["maker", "checker", "approver"])  # type: ignore[list-item]
    order = desk.request_mint(
        customer.investor, "5.00", wallet=customer.wallet, idempotency_key="own", maker=CHECKER
    )
    bench.fund(order)
    with pytest.raises(NotAuthorised, match="another person"):
        desk.approve(order, bench.approver())
    with pytest.raises(NotAuthorised, match="another person"):
        desk.check(order, by=CHECKER)
    assert desk.order(order).batch_id is None
    desk.approve(order, bench.approver(OTHER_CHECKER))
    assert desk.order(order).state is State.APPROVED


def test_x1_two_keys_of_one_person_are_one_approval(bench: Bench) -> None:
    suite, desk = bench.suite, bench.desk
    bench.attest(3_000_000_000_000)
    order = bench.funded(bench.customer(), "2000000.00")
    (proposal,) = desk.approve(order, bench.approver())
    assert (proposal.required, proposal.signed_by, proposal.is_complete) == (2, (CHECKER,), False)
    assert desk.run().changes == ()
    (again,) = desk.approve(order, bench.approver())
    assert again.signed_by == (CHECKER,)
    # The second approver's key turns out to be the first one's other key.
    desk.ledger.persons.set_roles(OTHER_CHECKER, [])
    second = suite.stranger
    suite.send(Role.ADMIN, suite.access.schedule(suite.access.grant_role(Role.APPROVER, second.address)))
    suite.node.advance_time(2 * 86_400 + 1)
    suite.send(Role.ADMIN, suite.access.execute(suite.access.grant_role(Role.APPROVER, second.address)))
    bench.attest(3_000_000_000_000)
    desk.ledger.persons.add_signer(CHECKER, second.address)
    with pytest.raises(NotAuthorised, match="two keys of one person"):
        desk.approve(order, second)
    assert desk.order(order).state is State.FUNDED


def test_a_large_total_needs_two_people(bench: Bench) -> None:
    bench.attest(3_000_000_000_000)
    order = bench.funded(bench.customer(), "2000000.00")
    bench.desk.approve(order, bench.approver(CHECKER))
    assert bench.desk.order(order).state is State.FUNDED
    (proposal,) = bench.desk.approve(order, bench.approver(OTHER_CHECKER), by=OTHER_CHECKER)
    assert set(proposal.signed_by) == {CHECKER, OTHER_CHECKER}
    bench.desk.run()
    assert bench.desk.order(order).state is State.SETTLED


def test_strangers_and_other_peoples_keys_are_refused(bench: Bench) -> None:
    order = bench.funded(bench.customer())
    with pytest.raises(NotAuthorised, match="unknown"):
        bench.desk.approve(order, bench.suite.stranger)
    with pytest.raises(NotAuthorised, match=f"{CHECKER}'s, not {OTHER_CHECKER}'s"):
        bench.desk.approve(order, bench.approver(), by=OTHER_CHECKER)
    bench.desk.ledger.persons.add_signer(CHECKER, bench.suite.stranger.address)
    with pytest.raises(NotAuthorised, match="no APPROVER on chain"):
        bench.desk.approve(order, bench.suite.stranger)
    bench.desk.ledger.persons.revoke_signer(bench.approver().address)
    with pytest.raises(NotAuthorised, match="revoked"):
        bench.desk.approve(order, bench.approver())
    assert bench.desk.order(order).batch_id is None


def test_a_signature_made_elsewhere_counts_if_it_is_the_approvers(bench: Bench) -> None:
    from eth_account import Account
    from eth_account.messages import encode_typed_data

    from toolkit.chain.signers import dev_private_key

    desk, order = bench.desk, bench.funded(bench.customer())
    (proposal,) = desk.propose_batch(order)
    assert proposal.signable.digest == bench.suite.market.mint_digest([on_chain(order)])
    signable = encode_typed_data(full_message=proposal.signable.to_json())
    signed = Account.sign_message(signable, dev_private_key(2)).signature
    with pytest.raises(InvalidInput, match="recovers to"):
        desk.sign_batch(proposal, signer=bench.approver(OTHER_CHECKER).address, signature=bytes(signed))
    assert desk.sign_batch(proposal, signer=bench.approver().address, signature=bytes(signed)).is_complete
    desk.run()
    assert desk.order(order).state is State.SETTLED


def test_an_approver_who_is_no_checker_needs_one(bench: Bench) -> None:
    desk, order = bench.desk, bench.funded(bench.customer())
    desk.ledger.persons.set_roles(OTHER_CHECKER, ["approver"])  # type: ignore[list-item]
    desk.approve(order, bench.approver(OTHER_CHECKER))
    assert desk.order(order).state is State.FUNDED
    desk.check(order, by=CHECKER)
    desk.run()
    assert desk.order(order).state is State.SETTLED


def test_a_batch_is_signed_whole(bench: Bench) -> None:
    desk, customer = bench.desk, bench.customer()
    first, second, third = (bench.funded(customer) for _ in range(3))
    (proposal,) = desk.propose_batch([first, second])
    with pytest.raises(BatchConflict, match=second.id):
        desk.approve([first, third], bench.approver())
    desk.dissolve_batch(proposal)
    desk.approve([first, third], bench.approver())
    with pytest.raises(IllegalTransition, match="requested"):
        desk.approve([bench.requested(customer)], bench.approver())
    assert set(desk.run().reached(State.SETTLED)) == {first.id, third.id}


# --- what the chain says at approval and at execution ------------------------------------------------------


def test_an_order_over_the_headroom_is_refused_at_approval(bench: Bench) -> None:
    order = bench.funded(bench.customer(), "990099.01")  # a million less the buffer of 1 % is 990,099.0099
    with pytest.raises(reverts.BackingExceeded) as caught:
        bench.desk.approve(order, bench.approver())
    assert isinstance(caught.value, ReserveShortfall)
    assert caught.value.details["order"] == order.id


def test_orders_that_pass_the_headroom_together_are_refused(bench: Bench) -> None:
    customer = bench.customer()
    orders = [bench.funded(customer, "500000.00") for _ in range(2)]
    with pytest.raises(reverts.BackingExceeded):
        bench.desk.approve(orders, bench.approver())
    bench.desk.approve(orders[0], bench.approver())
    assert bench.desk.run().reached(State.SETTLED) == (orders[0].id,)


def test_the_rolling_limit_is_refused_at_approval_and_leaves_the_order_funded(bench: Bench) -> None:
    suite = bench.suite
    suite.govern(suite.market.set_operator_limit(suite.signer(Role.OPERATOR).address, 10**9))
    bench.attest(1_000_000_000_000)
    order = bench.funded(bench.customer(), "1000.01")
    with pytest.raises(reverts.OperatorLimitExceeded) as caught:
        bench.desk.approve(order, bench.approver())
    assert (caught.value.available, caught.value.asked) == (10**9, 1_000_010_000)
    assert bench.desk.order(order).state is State.FUNDED


def test_an_order_waits_for_a_fresh_attestation_with_its_signatures(bench: Bench) -> None:
    order = bench.approved(bench.customer())
    bench.suite.node.advance_time(27 * 3600)
    report = bench.desk.run()
    (waiting,) = report.waiting
    assert waiting.order_ids == (order.id,)
    assert isinstance(waiting.error, ReserveStale)
    assert bench.desk.order(order).state is State.APPROVED
    with pytest.raises(ReserveStale):
        bench.desk.approve(bench.funded(bench.customer(2)), bench.approver())
    bench.attest(1_000_000_000_000)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)


def test_t10_a_recipient_frozen_after_approval_holds_only_its_own_order(bench: Bench) -> None:
    good, bad = bench.customer(1), bench.customer(2)
    kept, held = bench.funded(good), bench.funded(bad)
    bench.desk.approve([kept, held], bench.approver())
    bench.desk.freeze(bad.wallet)
    report = bench.desk.run()
    assert report.reached(State.ON_HOLD) == (held.id,)
    assert report.reached(State.SETTLED) == (kept.id,)
    assert report.unsigned == ()
    bench.desk.unfreeze(bad.wallet, "CASE-8")
    bench.desk.release(held, by=COMPLIANCE, reason="cleared")
    assert bench.desk.run().reached(State.SETTLED) == (held.id,)  # on the signatures given before
    assert bench.desk.status().agrees


def test_t10_a_verification_that_lapses_after_approval_holds_the_order(bench: Bench) -> None:
    order = bench.approved(bench.customer(days=1))
    bench.suite.node.advance_time(90_000)
    assert bench.desk.run().reached(State.ON_HOLD) == (order.id,)
    assert "not verified" in bench.desk.history(order)[-1].reason


def test_one_refused_batch_does_not_hold_the_others(bench: Bench) -> None:
    frozen, good = bench.approved(bench.customer(1)), bench.approved(bench.customer(2))
    bench.desk.freeze(bench.desk.order(frozen).wallet)
    report = bench.desk.run()
    assert report.reached(State.ON_HOLD) == (frozen.id,)
    assert report.reached(State.SETTLED) == (good.id,)


def test_the_signature_of_an_approver_revoked_on_chain_no_longer_counts(bench: Bench) -> None:
    suite, order = bench.suite, bench.approved(bench.customer())
    revoke = suite.issuance.guardian_gate.revoke_role(Role.APPROVER, bench.approver().address)
    suite.send(Role.GUARDIAN, revoke)
    assert bench.desk.run().unsigned == (order.id,)
    bench.desk.approve(order, bench.approver(OTHER_CHECKER))
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)


def test_an_order_past_its_time_expires_and_its_money_can_go_back(bench: Bench) -> None:
    order = bench.approved(bench.customer(), expiry=timedelta(hours=2))
    bench.suite.node.advance_time(3 * 3600)
    assert bench.desk.run().reached(State.EXPIRED) == (order.id,)
    assert bench.desk.return_funds("FPS-1", payment_reference="RET-1").returned_reference == "RET-1"
    assert bench.desk.run().changes == ()
    assert bench.suite.token.total_supply() == 0


def test_a_cancelled_order_leaves_its_batch_and_the_others_go(bench: Bench) -> None:
    customer = bench.customer()
    first, second = bench.funded(customer), bench.funded(customer)
    (proposal,) = bench.desk.approve([first, second], bench.approver())
    bench.desk.cancel(first, by=MAKER, reason="customer's wish")
    assert bench.desk.run().reached(State.SETTLED) == (second.id,)
    assert bench.suite.token.total_supply() == second.base_units
    assert bench.desk.ledger.batches.get(proposal.batch_id).state == "closed"


# --- an order number is used once --------------------------------------------------------------------------


def _batch_of(bench: Bench, order_id: str, proposal_signer: int = 2) -> MintBatch:
    (order,) = (item for item in bench.desk.orders(kind="mint") if item.id == order_id)
    row = on_chain(order)  # type: ignore[arg-type]
    data = bench.suite.market.mint_data([row])
    signature: Signature = data.sign(bench.approver())
    return MintBatch((row,), (signature,))


def test_the_chain_refuses_a_second_use_of_an_order_number(bench: Bench) -> None:
    order = bench.minted(bench.customer())
    supply = bench.suite.token.total_supply()
    with pytest.raises(reverts.OrderAlreadyExecuted, match="1"):
        bench.suite.send(Role.OPERATOR, bench.suite.market.mint([_batch_of(bench, order.id)]))
    assert bench.suite.token.total_supply() == supply


def test_an_order_that_another_hand_executed_is_settled_not_minted_again(bench: Bench) -> None:
    customer = bench.customer()
    order = bench.approved(customer)
    bench.suite.send(Role.OPERATOR, bench.suite.market.mint([_batch_of(bench, order.id)]))
    assert not bench.desk.status().agrees
    report = bench.desk.run()
    assert report.reached(State.SETTLED) == (order.id,)
    assert isinstance(report.alarms[0], reverts.OrderAlreadyExecuted)
    assert bench.suite.token.balance_of(customer.wallet) == 10**9
    assert bench.desk.status().agrees


# --- a file of orders -------------------------------------------------------------------------------------


def test_a_file_of_orders_loses_nothing(bench: Bench, suite: Suite, tmp_path: Path) -> None:
    customer = bench.customer()
    file = tmp_path / "orders.csv"
    file.write_text(
        "client_order_id,investor,wallet,amount\n"
        f"A-1,Customer 01,{customer.wallet},100.00\n"
        f"A-2,Customer 99,{customer.wallet},100.00\n"
        f"A-3,{bench.desk.reference(customer.investor)},{customer.wallet},100.0000001\n"
        f"A-4,Customer 01,{suite.stranger.address},100.00\n"
        f"A-1,Customer 01,{customer.wallet},100.00\n"
        f"A-5,Customer 01,{customer.wallet},\n"
        f"A-6,{bench.desk.reference(customer.investor)},{customer.wallet},7.50\n"
    )
    report = bench.desk.import_orders(file, maker=MAKER)
    assert [order.amount.display() for order in report.orders] == ["100.000000 tUSD", "7.500000 tUSD"]
    assert [(item.line, item.client_order_id, item.error.code) for item in report.errors] == [
        (3, "A-2", "not_found"),
        (4, "A-3", "invalid_input"),
        (5, "A-4", "not_found"),
        (6, "A-1", "invalid_input"),
        (7, "A-5", "invalid_input"),
    ]
    again = bench.desk.import_orders(file, maker=MAKER)
    assert [order.id for order in again.orders] == [order.id for order in report.orders]
    assert len(bench.desk.orders()) == 2


@pytest.mark.parametrize("content", [b"a,b\n1,2\n", b"\xff\xfe\x00", b""])
def test_a_file_that_is_no_list_of_orders_is_refused(bench: Bench, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "orders.csv"
    file.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"orders\.csv"):
        bench.desk.import_orders(file, maker=MAKER)
    with pytest.raises(InvalidInput, match=r"absent\.csv"):
        bench.desk.import_orders(tmp_path / "absent.csv", maker=MAKER)
