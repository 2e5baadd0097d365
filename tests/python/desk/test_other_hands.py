"""Another worker, another tool with the same keys, a stranger: what the desk meets and didn't do itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from support.desks import CHECKER, COMPLIANCE, MAKER, TREASURER, Bench, Customer
from support.suite import CASE

from toolkit.bindings import errors as reverts
from toolkit.bindings.events import ContractEvent, OrderExecuted, RedemptionAccepted, RedemptionPaid
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch, MintOrder, RedemptionStatus
from toolkit.chain.client import Client
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import to_hex
from toolkit.chain.sender import Sender
from toolkit.chain.signers import LocalSigner
from toolkit.desk import Desk, FlightLimits
from toolkit.desk.errors import EscrowMismatch
from toolkit.desk.flights import Flights
from toolkit.desk.homecoming import Homecoming
from toolkit.desk.mint import on_chain
from toolkit.desk.proofs import payment_hash, redemption_reference
from toolkit.desk.redemption import Redemptions
from toolkit.errors import IllegalTransition, InconsistentNode, NodeTimeout, NotSent
from toolkit.issuance import Issuance, connect
from toolkit.ledger import State
from toolkit.ledger.agenda import UNDER_WATCH
from toolkit.ledger.errors import PayoutAlreadyRecorded, ThirdPartyPayment
from toolkit.ledger.orders import Orders

REASON = b"CLOSED".ljust(32, b"\0")


@pytest.fixture
def other(bench: Bench) -> Iterator[Desk]:
    """A second worker on the same ledger."""
    with Desk(bench.suite.issuance, bench.url, patience=timedelta(seconds=1)) as desk:
        yield desk


@pytest.fixture
def holder(bench: Bench) -> Customer:
    """A customer with a thousand tokens."""
    customer = bench.customer()
    assert bench.minted(customer, "1000.00").state is State.SETTLED
    return customer


def once_before(
    monkeypatch: pytest.MonkeyPatch, kind: type, name: str, act: Callable[[], object], *, after: bool = False
) -> None:
    """The next call of a method comes after `act` (or, with `after`, is followed by it)."""
    original = getattr(kind, name)

    def method(self: Any, *args: Any, **options: Any) -> Any:
        monkeypatch.setattr(kind, name, original)
        if not after:
            act()
        result = original(self, *args, **options)
        if after:
            act()
        return result

    monkeypatch.setattr(kind, name, method)


def executed(bench: Bench) -> list[int]:
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    return [event.number for event in events]


def execute_past_the_desk(bench: Bench, order: Any, **changed: Any) -> None:
    """The order's number, by the same keys with another tool."""
    row = on_chain(order)
    row = MintOrder(**{name: changed.get(name, getattr(row, name)) for name in row.__dataclass_fields__})
    signature = bench.suite.market.mint_data([row]).sign(bench.approver())
    bench.suite.send(Role.OPERATOR, bench.suite.market.mint([MintBatch((row,), (signature,))]))


# --- two workers ------------------------------------------------------------------------------------------


def test_two_workers_send_a_batch_once(bench: Bench, other: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    order = bench.approved(bench.customer())
    once_before(monkeypatch, Flights, "launch", other.run)
    bench.desk.run()
    assert bench.desk.order(order).state is State.SETTLED
    assert executed(bench) == [order.number]
    assert bench.desk.status().agrees


def test_two_workers_conclude_a_batch_once(
    bench: Bench, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.approved(bench.customer())
    once_before(monkeypatch, Sender, "wait", other.run, after=True)
    bench.desk.run()
    assert bench.desk.order(order).state is State.SETTLED
    bench.desk.ledger.verify()
    assert bench.desk.status().agrees


def test_a_worker_that_was_taken_for_dead_sends_nothing(
    bench: Bench, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.approved(bench.customer())

    def clear_away() -> None:
        (formed,) = other.ledger.flights.find(state="formed")
        other.ledger.flights.dissolve(formed.id)

    once_before(monkeypatch, Flights, "launch", clear_away)
    (waiting,) = bench.desk.run().waiting
    assert isinstance(waiting.error, IllegalTransition)
    assert bench.desk.order(order).state is State.APPROVED
    assert bench.desk.ledger.transactions.find(lane=bench.suite.signer(Role.OPERATOR).address) == ()
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    assert executed(bench) == [order.number]


def test_two_workers_at_once_share_the_work_and_send_each_order_once(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a key of its own; the second begins when the first has formed its flight."""
    suite, second = bench.suite, LocalSigner(b"\x22" * 32)
    suite.node.set_balance(second.address, 10**18)
    suite.govern(suite.access.grant_role(Role.OPERATOR, second.address), Role.ADMIN)
    suite.govern(suite.market.set_operator_limit(second.address, 10**12))
    bench.attest(1_000_000_000_000)
    orders = [bench.approved(bench.customer(number), "10.00") for number in range(1, 7)]
    bench.desk.close()
    bench.desk = Desk(suite.issuance, bench.url, limits=FlightLimits(orders=2))
    with Desk(
        suite.issuance, bench.url, signers={"operator": second}, limits=FlightLimits(orders=2)
    ) as other:
        once_before(monkeypatch, Flights, "rehearse", other.run)
        bench.desk.run()
        other.run()
    assert {bench.desk.order(order).state for order in orders} == {State.SETTLED}
    assert sorted(executed(bench)) == [order.number for order in orders]
    lanes = {flight.lane for flight in bench.desk.ledger.flights.find(state="landed", purpose="mint")}
    assert len(lanes) == 2
    assert bench.desk.status().agrees
    bench.desk.ledger.verify()


def test_a_batch_that_another_worker_sent_is_not_dissolved(
    bench: Bench, other: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.approved(bench.customer())
    once_before(monkeypatch, Flights, "rehearse", other.run)
    bench.desk.run()
    assert bench.desk.order(order).state is State.SETTLED
    assert executed(bench) == [order.number]


def test_an_order_held_while_its_acceptance_is_prepared_is_not_burned(
    bench: Bench, other: Desk, holder: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.escrowed(holder)
    bench.desk.approve_redemption(order, bench.approver())

    def hold() -> None:
        other.ledger.orders.step(
            order.id,
            State.ON_HOLD,
            actor=COMPLIANCE,
            role="compliance",
            reason="list 7",  # type: ignore[arg-type]
        )

    once_before(monkeypatch, Flights, "rehearse", hold, after=True)
    bench.desk.run()
    assert bench.desk.order(order).state is State.ON_HOLD
    assert bench.suite.market.redemption(1).status is RedemptionStatus.REQUESTED


@pytest.mark.parametrize("act", ["reject", "cancel", "hold"])
def test_an_acceptance_sent_at_the_same_moment_is_not_ended(
    bench: Bench, other: Desk, holder: Customer, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    suite, order = bench.suite, bench.escrowed(holder)
    bench.desk.approve_redemption(order, bench.approver())
    suite.node.set_automine(False)
    person = COMPLIANCE if act == "hold" else CHECKER
    once_before(monkeypatch, Redemptions, "refuse_under_way", other.run, after=True)
    with pytest.raises(IllegalTransition, match="may still land"):
        getattr(bench.desk, act)(order, by=person, reason="ACCOUNT-CLOSED")
    suite.node.set_automine(True)
    suite.node.mine()
    bench.desk.run()
    assert bench.desk.order(order).state is State.BURNED
    assert bench.desk.status().agrees


@pytest.mark.parametrize("act", ["reject", "cancel"])
def test_an_order_escrowed_at_the_same_moment_gets_its_tokens_back(
    bench: Bench, other: Desk, holder: Customer, monkeypatch: pytest.MonkeyPatch, act: str
) -> None:
    suite, order = bench.suite, bench.valid(holder)
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.token.approve(suite.market.address, 10**9))
    suite.send(holder.key, suite.market.request_redemption(order.base_units, redemption_reference(order)))
    once_before(monkeypatch, Redemptions, "refuse_under_way", other.run)
    if act == "cancel":
        with pytest.raises(IllegalTransition, match="cancel it again"):
            bench.desk.cancel(order, by=CHECKER, reason="customer's wish")
    getattr(bench.desk, act)(order, by=CHECKER, reason="ACCOUNT-CLOSED")
    bench.desk.run()
    assert bench.desk.order(order).state is State.REJECTED
    assert suite.token.balance_of(holder.wallet) == 10**9
    assert bench.desk.status().agrees


def test_a_revert_counts_only_where_it_is_final(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    suite, node = bench.suite, bench.suite.node
    order = bench.approved(bench.customer())
    bench.desk.close()
    patient = Issuance(connect(node, finality=Finality(depth=3)), suite.issuance.record, terms=suite.terms)
    with Desk(patient, bench.url, patience=timedelta(seconds=1)) as desk:
        node.set_automine(False)
        guardian = suite.issuance.sender(suite.signer(Role.GUARDIAN))

        def stop() -> None:
            guardian.send(suite.market.stop_minting())
            node.mine()

        once_before(monkeypatch, Client, "send_raw", stop)
        desk.run()
        node.mine()
        # The revert is in a block that isn't final; it becomes so between two questions.
        once_before(monkeypatch, Homecoming, "_reverted", lambda: node.mine(3))
        desk.run()
        node.set_automine(True)
        assert desk.order(order).state is State.APPROVED
        assert desk.status().in_flight == ()


# --- orders that another hand executed ---------------------------------------------------------------------


def test_an_executed_order_is_settled_though_its_time_is_over(bench: Bench) -> None:
    order = bench.approved(bench.customer(), expiry=timedelta(hours=2))
    execute_past_the_desk(bench, order)
    bench.suite.node.advance_time(3 * 3600)
    report = bench.desk.run()
    assert report.reached(State.SETTLED) == (order.id,)
    assert isinstance(report.alarms[0], reverts.OrderAlreadyExecuted)
    assert bench.desk.status().agrees
    bench.desk.ledger.verify()


def test_an_executed_order_is_settled_though_its_batch_is_gone(bench: Bench) -> None:
    order = bench.approved(bench.customer())
    bench.desk.hold(order, by=COMPLIANCE, reason="list 7")
    execute_past_the_desk(bench, order)
    bench.desk.release(order, by=COMPLIANCE, reason="no match")
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    assert bench.desk.status().agrees


@pytest.mark.parametrize(
    "changed", [{"amount": 999_000_000}, {"to": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"}]
)
def test_a_number_that_brought_something_else_is_held(bench: Bench, changed: dict[str, Any]) -> None:
    order = bench.approved(bench.customer())
    bench.suite.register("0x70997970C51812dc3A010C7d01b50e0d17dc79C8")
    execute_past_the_desk(bench, order, **changed)
    assert bench.desk.run().reached(State.ON_HOLD) == (order.id,)
    assert not bench.desk.status().agrees
    bench.desk.reject(order, by=CHECKER, reason="its number was used for something else")
    bench.desk.return_funds("FPS-1", payment_reference="RET-1")


def test_an_order_whose_tokens_are_out_is_not_cancelled(bench: Bench) -> None:
    order = bench.approved(bench.customer())
    execute_past_the_desk(bench, order)
    for act, person in ((bench.desk.cancel, MAKER), (bench.desk.reject, CHECKER)):
        with pytest.raises(IllegalTransition, match="was executed on chain"):
            act(order, by=person, reason="customer's wish")
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)


def test_the_money_of_an_order_whose_tokens_are_out_does_not_go_back(bench: Bench) -> None:
    order = bench.approved(bench.customer())
    bench.desk.cancel(order, by=MAKER, reason="customer's wish")
    assert bench.desk.status().unmatched_funds == ("FPS-1",)
    execute_past_the_desk(bench, order)  # the signatures are good until the order's expiry
    with pytest.raises(IllegalTransition, match="money can't go back"):
        bench.desk.return_funds("FPS-1", payment_reference="RET-1")


# --- redemptions that another hand moved --------------------------------------------------------------------


def test_an_approved_redemption_that_another_hand_accepted_is_burned(bench: Bench, holder: Customer) -> None:
    order = bench.escrowed(holder)
    bench.desk.approve_redemption(order, bench.approver())
    bench.suite.accept(1)
    assert bench.desk.run().reached(State.BURNED) == (order.id,)
    bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    assert bench.desk.status().agrees
    bench.desk.ledger.verify()


def test_an_acceptance_that_nobody_here_approved_is_an_alarm(bench: Bench, holder: Customer) -> None:
    order = bench.escrowed(holder)
    bench.suite.accept(1)
    assert isinstance(bench.desk.run().alarms[0], EscrowMismatch)
    assert bench.desk.order(order).state is State.ESCROWED
    bench.desk.check(order, by=CHECKER)
    assert bench.desk.run().reached(State.BURNED) == (order.id,)


@pytest.mark.parametrize("kind", [RedemptionAccepted, RedemptionPaid])
def test_a_redemption_whose_event_the_node_has_not_yet_waits_and_holds_up_no_other(
    bench: Bench, holder: Customer, monkeypatch: pytest.MonkeyPatch, kind: type[ContractEvent]
) -> None:
    """Seen of Anvil: asked for the state of its last block, it may answer with the next one's."""
    paid = kind is RedemptionPaid
    first, second = (
        (bench.burned if paid else bench.escrowed)(holder, "10.00"),
        bench.escrowed(holder, "20.00"),
    )
    if paid:
        bench.desk.record_payout(first, payment_reference="CHATS-1", by=TREASURER)
        bench.suite.send(Role.TREASURER, bench.suite.market.record_payouts([(1, payment_hash("CHATS-1"))]))
    else:
        bench.desk.approve_redemption(first, bench.approver())
        bench.suite.accept(1)
    bench.suite.send(Role.OPERATOR, bench.suite.market.reject_redemptions([2], REASON))
    logs = Client.logs

    def without_it(self: Client, address: Any, topics: Any = (), *rest: Any, **more: Any) -> Any:
        found = logs(self, address, topics, *rest, **more)
        return [item for item in found if item.topics[0] != kind.topic0()]

    with monkeypatch.context() as patch:
        patch.setattr(Client, "logs", without_it)
        report = bench.desk.run()
    assert report.reached(State.CANCELLED) == (second.id,)
    assert {type(item.error) for item in report.waiting if first.id in item.order_ids} >= {InconsistentNode}
    assert bench.desk.run().reached(State.SETTLED if paid else State.BURNED) == (first.id,)
    assert bench.desk.status().agrees


def test_a_redemption_that_another_hand_rejected_ends(bench: Bench, holder: Customer) -> None:
    order = bench.escrowed(holder)
    bench.suite.send(Role.OPERATOR, bench.suite.market.reject_redemptions([1], REASON))
    assert bench.desk.run().reached(State.CANCELLED) == (order.id,)
    assert bench.desk.status().agrees


def test_a_rejected_order_whose_holder_took_the_tokens_back_first_is_done(
    bench: Bench, holder: Customer
) -> None:
    suite, order = bench.suite, bench.escrowed(holder)
    bench.desk.reject(order, by=CHECKER, reason="ACCOUNT-CLOSED")
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.market.cancel_redemption(1))
    report = bench.desk.run()
    assert report.waiting == ()
    assert bench.desk.order(order).batch_id is None
    assert bench.desk.status().agrees


def test_a_request_taken_back_before_it_was_seen_is_not_the_orders(bench: Bench, holder: Customer) -> None:
    suite, order = bench.suite, bench.valid(holder)
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.token.approve(suite.market.address, 10**9))
    request = suite.market.request_redemption(order.base_units, redemption_reference(order))
    suite.send(holder.key, request)
    suite.send(holder.key, suite.market.cancel_redemption(1))
    suite.send(holder.key, request)
    assert bench.desk.run().reached(State.ESCROWED) == (order.id,)
    assert bench.desk.order(order).number == 2  # type: ignore[attr-defined]
    assert bench.desk.status().agrees


def sent_meanwhile(
    monkeypatch: pytest.MonkeyPatch, name: str, asked: Callable[..., bool], send: Callable[[], object]
) -> None:
    """As soon as the orders that `asked` means were read by that method, another worker sends what there is
    to send; it is mined, and nobody has concluded it yet.
    """
    original = getattr(Orders, name)

    def read(self: Orders, *args: Any, **options: Any) -> Any:
        found = original(self, *args, **options)
        if asked(*args, **options):
            monkeypatch.setattr(Orders, name, original)
            with monkeypatch.context() as patch:
                patch.setattr(Homecoming, "conclude_all", lambda *_: None)
                patch.setattr(Homecoming, "conclude", lambda *_: None)
                send()
        return found

    monkeypatch.setattr(Orders, name, read)


def test_an_acceptance_that_another_worker_sent_just_now_is_that_flights(
    bench: Bench, other: Desk, holder: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.escrowed(holder)
    bench.desk.approve_redemption(order, bench.approver())
    sent_meanwhile(monkeypatch, "find", lambda **asked: asked.get("state") == UNDER_WATCH, other.run)
    assert_ends_by_its_flight(bench, order.id, "acceptance", State.BURNED)


def test_an_escrow_that_another_desk_sent_just_now_is_that_flights(
    bench: Bench, other: Desk, holder: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.valid(holder)
    authorization = other.redemption_authorization(order)
    signature = authorization.signable.sign(holder.key).data
    sent_meanwhile(
        monkeypatch,
        "find",
        lambda **asked: asked.get("state") is State.VALID,
        lambda: other.escrow(authorization, signature),
    )
    assert_ends_by_its_flight(bench, order.id, "escrow", State.ESCROWED)


def test_a_payout_that_another_worker_put_on_record_just_now_is_that_flights(
    bench: Bench, other: Desk, holder: Customer, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.burned(holder, "10.00")
    bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    sent_meanwhile(monkeypatch, "claim", lambda *_, **__: True, other.run)
    assert_ends_by_its_flight(bench, order.id, "payout", State.SETTLED)


def assert_ends_by_its_flight(bench: Bench, order_id: str, purpose: str, state: State) -> None:
    bench.desk.run()
    [flight] = bench.desk.ledger.flights.find(purpose=purpose)
    if flight.state == "flying":  # what was under way had been asked for before it was sent
        bench.desk.run()
    [flight] = bench.desk.ledger.flights.find(purpose=purpose)
    assert flight.state == "landed"
    assert bench.desk.ledger.orders.get(order_id).state is state
    assert bench.desk.status().agrees
    bench.desk.ledger.verify()


@pytest.mark.parametrize("same", [True, False])
def test_a_payout_that_another_hand_recorded_holds_up_no_other(
    bench: Bench, holder: Customer, same: bool
) -> None:
    suite = bench.suite
    first, second = bench.burned(holder, "10.00"), bench.burned(holder, "20.00")
    for number, order in enumerate((first, second), start=1):
        bench.desk.record_payout(order, payment_reference=f"CHATS-{number}", by=TREASURER)
    reference = payment_hash("CHATS-1" if same else "CHATS-9")
    suite.send(Role.TREASURER, suite.market.record_payouts([(1, reference)]))
    report = bench.desk.run()
    assert set(report.reached(State.SETTLED)) == ({first.id, second.id} if same else {second.id})
    assert [type(alarm) for alarm in report.alarms] == ([] if same else [PayoutAlreadyRecorded])
    assert len(suite.market.events(RedemptionPaid, from_block=0, to_block="latest")) == 2
    assert bench.desk.status().agrees is same


# --- keys and customers -------------------------------------------------------------------------------------


def test_a_role_gets_another_key_and_a_key_another_role(bench: Bench) -> None:
    suite, key = bench.suite, LocalSigner(b"\x21" * 32)
    customer = bench.customer()  # registered with the first registrar's key
    suite.node.set_balance(key.address, 10**18)
    for role in (Role.REGISTRAR, Role.COMPLIANCE):
        suite.govern(suite.access.grant_role(role, key.address), Role.ADMIN)
    bench.desk.freeze(customer.wallet)
    bench.desk.close()
    with Desk(suite.issuance, bench.url, signers={"compliance": key}) as desk:
        desk.unfreeze(customer.wallet, "CASE-1")
    with Desk(suite.issuance, bench.url, signers={"registrar": key}) as desk:
        desk.renew(customer.investor, bench.now() + timedelta(days=30))
        assert [lane.address for lane in desk.ledger.lanes.all()].count(key.address) == 1


def test_why_a_transaction_does_not_leave_is_said(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    order = bench.approved(bench.customer())

    def lost(self: Client, raw: bytes, **_: Any) -> bytes:
        raise NodeTimeout("no answer within 1 s")

    with monkeypatch.context() as broken:
        broken.setattr(Client, "send_raw", lost)
        bench.desk.run()
    bench.suite.node.set_balance(bench.suite.signer(Role.OPERATOR).address, 1)
    report = bench.desk.run()
    assert [type(alarm) for alarm in report.alarms] == [NotSent]
    assert bench.desk.order(order).state is State.SUBMITTED
    bench.suite.node.set_balance(bench.suite.signer(Role.OPERATOR).address, 10**19)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)


def test_x8_a_customer_of_the_same_name_is_a_third_party(bench: Bench) -> None:
    order = bench.requested(bench.customer(1), "500.00")
    twin = bench.customer(2)
    with bench.desk.ledger._store.writing() as connection:
        connection.exec_driver_sql("UPDATE investors SET label = 'Same Name'")
    with pytest.raises(ThirdPartyPayment):
        bench.desk.confirm_funds(order, receipt="FPS-1", amount="500.00", payer="Same Name", by=TREASURER)
    bench.desk.confirm_funds(order, receipt="FPS-2", amount="500.00", payer="BANK-01", by=TREASURER)
    assert twin.investor.bank_account == "BANK-02"


def test_a_verification_is_ended_on_chain_too(bench: Bench) -> None:
    customer = bench.customer()
    assert bench.suite.registry.is_verified(customer.wallet)
    bench.desk.renew(customer.investor, bench.now() - timedelta(seconds=1))
    assert not bench.suite.registry.is_verified(customer.wallet)


# --- what is on the chain alone ----------------------------------------------------------------------------


def test_tokens_burned_by_a_courts_order_are_listed_and_the_books_agree(
    bench: Bench, holder: Customer
) -> None:
    suite = bench.suite
    suite.send(Role.COMPLIANCE, suite.token.burn_by_order(holder.wallet, 30_000_000, CASE))
    suite.send(
        Role.COMPLIANCE, suite.token.forced_transfer(holder.wallet, suite.stranger.address, 5_000_000, CASE)
    )
    status = bench.desk.status()
    assert status.agrees, status.differences
    (burn,) = status.burned_by_order
    assert (burn.account, str(burn.amount), burn.case_id) == (holder.wallet, "30.000000", to_hex(CASE))
    for name, explained in (("burned", "30.000000"), ("outstanding", "-30.000000"), ("payable", "0.000000")):
        assert str(status.line(name).explained) == explained
    assert status.to_json()["burned_by_order"][0]["amount"] == "30.000000"
    suite.mint(2**64, 1, holder.wallet)
    assert not bench.desk.status().agrees


def test_a_strangers_own_request_is_listed_and_the_books_agree(bench: Bench, holder: Customer) -> None:
    suite = bench.suite
    own = bench.escrowed(holder, "10.00")
    suite.node.set_balance(holder.wallet, 10**18)
    suite.send(holder.key, suite.token.approve(suite.market.address, 10**9))
    suite.send(holder.key, suite.market.request_redemption(7, b"\x77" * 32))
    status = bench.desk.status()
    assert status.agrees, status.differences
    (request,) = status.unknown_requests
    assert (request.id, request.holder, str(request.amount)) == (2, holder.wallet, "0.000007")
    assert status.to_json()["unknown_requests"] == [{"id": 2, "holder": holder.wallet, "amount": "0.000007"}]
    # One that names an order and isn't its own stays a difference.
    suite.send(holder.key, suite.market.request_redemption(5, redemption_reference(own)))
    assert [str(line.difference) for line in bench.desk.status().differences] == ["0.000005"]
    suite.send(holder.key, suite.market.cancel_redemption(2))
    assert bench.desk.status().unknown_requests == ()
