"""Trap T2 of regulation.md: a mint that un-happens, and a burn that un-happens after the payout."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.desks import COMPLIANCE, MAKER, TREASURER, Bench, Customer

from toolkit.bindings.events import OrderExecuted, RedemptionAccepted
from toolkit.bindings.roles import Role
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import to_hex
from toolkit.desk import Desk
from toolkit.desk.errors import BurnNotFinal, FinalityViolated, NodeBehind
from toolkit.errors import IllegalTransition, NotAuthorised, Replaced
from toolkit.issuance import Issuance, connect
from toolkit.ledger import Order, State
from toolkit.ledger.records import TransactionRecord

DEPTH = 12


@pytest.fixture
def customer(bench: Bench) -> Customer:
    return bench.customer()


@pytest.fixture
def desk(bench: Bench, customer: Customer) -> Desk:
    """The bench's desk where a block is final only under twelve others; what made the customer is. It waits
    for nothing."""
    bench.suite.node.mine(DEPTH)
    bench.desk.close()
    suite = bench.suite
    patient = Issuance(
        connect(suite.node, finality=Finality(depth=DEPTH)), suite.issuance.record, terms=suite.terms
    )
    bench.desk = Desk(patient, bench.url, patience=timedelta(0))
    return bench.desk


def sent(bench: Bench) -> tuple[TransactionRecord, ...]:
    return bench.desk.ledger.transactions.find(lane=bench.suite.signer(Role.OPERATOR).address)


def executed(bench: Bench) -> list[int]:
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    return [event.number for event in events]


def recorded(bench: Bench) -> list[str]:
    """The names of the events on record, in the chain's order."""
    return [event.name for event in bench.desk.ledger.chain_events.find()]


def run(bench: Bench) -> None:
    """Sends what can go, lets it be mined, and sees that it was."""
    bench.desk.run()
    bench.suite.let_it_mine()
    bench.desk.run()


def mined(bench: Bench, customer: Customer, count: int = 1) -> list[Order]:
    """Orders in a block each, which isn't final."""
    orders = []
    for _ in range(count):
        orders.append(bench.approved(customer, "10.00"))
        run(bench)
    assert {bench.desk.order(order).state for order in orders} == {State.MINED}
    return orders


def settle(bench: Bench, *orders: Order) -> None:
    """Makes everything final: each order is settled, and was minted once."""
    bench.suite.let_it_mine()
    bench.suite.node.mine(DEPTH)
    bench.desk.run()
    assert {bench.desk.order(order).state for order in orders} == {State.SETTLED}
    assert sorted(executed(bench)) == sorted(order.number for order in orders)  # type: ignore[attr-defined]
    assert bench.desk.status().agrees
    bench.desk.ledger.verify()


def test_before_finality_nothing_counts(bench: Bench, desk: Desk, customer: Customer) -> None:
    (order,) = mined(bench, customer)
    bench.suite.node.mine(DEPTH - 1)
    assert desk.run().reached(State.SETTLED) == ()
    status = desk.status()
    block = bench.suite.client.block(status.block_number)
    assert (status.block_hash, str(status.line("minted").chain)) == (to_hex(block.hash), "0.000000")
    with pytest.raises(IllegalTransition, match="money can't go back"):
        desk.return_funds("FPS-1", payment_reference="RET-1")  # nor is the money free
    bench.suite.node.mine()
    assert desk.run().reached(State.SETTLED) == (order.id,)


def test_a_without_the_transaction_the_order_goes_back_and_the_same_bytes_are_sent(
    bench: Bench, desk: Desk, customer: Customer
) -> None:
    node, orders = bench.suite.node, mined(bench, customer, 3)
    before = sent(bench)
    node.set_automine(False)
    node.reorg(3)
    report = desk.run()
    assert set(report.reached(State.SUBMITTED)) == {order.id for order in orders}
    assert set(report.pending) == {record.hash for record in before}
    node.set_automine(True)
    node.mine()
    settle(bench, *orders)
    assert [(item.hash, item.raw) for item in sent(bench)] == [(item.hash, item.raw) for item in before]


def test_b_in_another_block_it_is_the_same_order_credited_once(
    bench: Bench, desk: Desk, customer: Customer
) -> None:
    orders = mined(bench, customer, 2)
    before = sent(bench)
    # The other branch holds both, each a block earlier.
    again = [[to_hex(record.raw), place] for place, record in enumerate(before)]
    bench.suite.node.request("anvil_reorg", 3, again)
    desk.run()
    after = sent(bench)
    assert [item.hash for item in after] == [item.hash for item in before]
    assert not {item.block_hash for item in after} & {item.block_hash for item in before}
    settle(bench, *orders)


def test_both_in_one_block_of_the_other_branch(bench: Bench, desk: Desk, customer: Customer) -> None:
    orders = mined(bench, customer, 2)
    again = [[to_hex(record.raw), 0] for record in sent(bench)]
    bench.suite.node.request("anvil_reorg", 2, again)
    desk.run()
    settle(bench, *orders)


def test_c_with_another_transaction_of_the_same_nonce_it_is_dropped_with_an_alarm(
    bench: Bench, desk: Desk, customer: Customer
) -> None:
    suite, node = bench.suite, bench.suite.node
    (order,) = mined(bench, customer)
    (record,) = sent(bench)
    node.set_automine(False)
    node.reorg(1)
    node.drop_transaction(record.hash)
    suite.issuance.sender(suite.signer(Role.OPERATOR)).send(suite.token.approve(suite.market.address, 7))
    node.mine(DEPTH + 1)
    node.set_automine(True)
    report = desk.run()
    assert [type(alarm) for alarm in report.alarms] == [Replaced]
    assert report.reached(State.APPROVED) == (order.id,)
    desk.run()  # its signatures stand, and its number was never used
    settle(bench, order)
    assert len(sent(bench)) == 2


def test_no_payout_before_the_burn_is_final(bench: Bench, desk: Desk, customer: Customer) -> None:
    bench.approved(customer)
    run(bench)
    bench.suite.node.mine(DEPTH)
    desk.run()
    order = bench.valid(customer)
    authorization = desk.redemption_authorization(order)
    desk.escrow(authorization, authorization.signable.sign(customer.key).data)
    run(bench)
    assert desk.order(order).state is State.VALID  # in a block, which isn't final
    bench.suite.node.mine(DEPTH)
    assert desk.run().reached(State.ESCROWED) == (order.id,)
    desk.approve_redemption(order, bench.approver())
    run(bench)
    assert len(bench.suite.market.events(RedemptionAccepted, from_block=0, to_block="latest")) == 1
    assert desk.order(order).state is State.APPROVED
    with pytest.raises(IllegalTransition):
        desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    node = bench.suite.node
    node.set_automine(False)
    node.reorg(1)
    desk.run()
    assert desk.order(order).state is State.APPROVED  # the burn is gone, and nobody has paid
    node.set_automine(True)
    node.mine(DEPTH + 1)
    assert desk.run().reached(State.BURNED) == (order.id,)
    desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    assert desk.status().agrees


def test_what_was_burned_and_is_gone_again_is_not_paid(bench: Bench) -> None:
    """The ledger says `burned`; the chain is asked before money moves."""
    customer = bench.customer()
    bench.minted(customer)
    order = bench.escrowed(customer)
    bench.desk.approve_redemption(order, bench.approver())
    snapshot = bench.suite.node.request("evm_snapshot")
    bench.desk.run()
    bench.suite.node.request("evm_revert", snapshot)
    with pytest.raises(BurnNotFinal):
        bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)


def revert_what_was_final(bench: Bench, snapshot: Any, blocks: int = 20) -> None:
    """A branch without what was settled since, longer than the one that had it."""
    bench.suite.node.request("evm_revert", snapshot)
    bench.suite.node.mine(blocks)
    assert bench.desk.ledger.incidents.find() == ()


def test_a_final_block_that_is_gone_stops_minting_until_a_person_has_looked(bench: Bench) -> None:
    desk, customer = bench.desk, bench.customer()
    snapshot = bench.suite.node.request("evm_snapshot")
    gone = bench.approved(customer, "10.00")
    desk.run()
    revert_what_was_final(bench, snapshot)
    bench.attest(1_000_000_000_000)
    waiting = bench.approved(customer, "20.00")
    for _ in range(2):
        report = desk.run()
        (alarm,) = report.alarms
        assert isinstance(alarm, FinalityViolated)
        assert (alarm.details["orders"], alarm.details["amount_at_risk"]) == ([gone.id], "0.000000")
        assert desk.order(waiting).state is State.APPROVED
        assert executed(bench) == []  # nothing is minted again by itself
    assert desk.order(gone).state is State.SETTLED
    assert not desk.status().agrees
    (incident,) = desk.incidents()
    with pytest.raises(NotAuthorised):
        desk.acknowledge_incident(incident, by=MAKER, note="looked")
    desk.acknowledge_incident(incident, by=COMPLIANCE, note="the node was restored from a backup")
    assert desk.run().alarms == ()
    desk.run()
    assert executed(bench) == [gone.number, waiting.number]
    assert desk.order(waiting).state is State.SETTLED
    assert bench.suite.token.balance_of(customer.wallet) == 30_000_000
    assert desk.status().agrees
    desk.ledger.verify()


def test_a_burn_that_un_happens_after_the_payout_is_an_amount_at_risk(bench: Bench) -> None:
    desk, customer = bench.desk, bench.customer()
    bench.minted(customer)
    paid, unpaid = bench.escrowed(customer, "60.00"), bench.escrowed(customer, "40.00")
    desk.approve_redemption([paid, unpaid], bench.approver())
    snapshot, before = bench.suite.node.request("evm_snapshot"), recorded(bench)
    desk.run()
    desk.record_payout(paid, payment_reference="CHATS-1", by=TREASURER)
    desk.run()
    assert desk.order(paid).state is State.SETTLED
    after = recorded(bench)
    assert {"RedemptionAccepted", "RedemptionPaid"} <= set(after[len(before) :])
    revert_what_was_final(bench, snapshot)
    report = desk.run()
    (alarm,) = report.alarms
    assert isinstance(alarm, FinalityViolated)
    assert alarm.details["amount_at_risk"] == "60.000000"
    # Of all blocks that are gone, not only of the last: the burn's is another than the payment's.
    assert recorded(bench) == before
    assert desk.order(unpaid).state is State.APPROVED  # nobody pays it now
    with pytest.raises(IllegalTransition):
        desk.record_payout(unpaid, payment_reference="CHATS-2", by=TREASURER)
    (incident,) = desk.incidents()
    desk.acknowledge_incident(incident, by=COMPLIANCE, note="the burn is sent again")
    desk.run()
    assert desk.run().alarms == ()
    assert desk.order(unpaid).state is State.BURNED
    assert desk.status().agrees
    assert recorded(bench) == after


def test_a_node_that_has_not_got_there_yet_mints_nothing_and_opens_no_incident(bench: Bench) -> None:
    desk, customer = bench.desk, bench.customer()
    snapshot = bench.suite.node.request("evm_snapshot")
    bench.approved(customer, "10.00")
    desk.run()
    waiting = bench.approved(customer, "20.00")
    bench.suite.node.request("evm_revert", snapshot)
    report = desk.run()
    assert [type(alarm) for alarm in report.alarms] == [NodeBehind]
    assert (desk.incidents(), desk.order(waiting).state) == ((), State.APPROVED)
