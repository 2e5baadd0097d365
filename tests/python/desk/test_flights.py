"""Which approved orders go in which transaction, and what becomes of those that can't go."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from support.databases import Databases
from support.desks import COMPLIANCE, MAKER, Bench
from support.suite import Suite

from toolkit.bindings import errors as reverts
from toolkit.bindings.events import OrderExecuted
from toolkit.bindings.roles import Role
from toolkit.chain.broadcasting import Broadcaster
from toolkit.chain.journal import JournalEntry, Outcome
from toolkit.chain.reverts import PanicRevert
from toolkit.desk import Desk, FlightLimits
from toolkit.desk.errors import HeadroomTaken
from toolkit.desk.flights import Flights
from toolkit.desk.lanes import Lane, Lanes
from toolkit.errors import ConfigurationError, NodeUnreachable, NotSent, ReserveStale
from toolkit.ledger import MintOrder, State
from toolkit.ledger.errors import LedgerBusy
from toolkit.ledger.flights import Flights as LedgerFlights

MILLION = 1_000_000_000_000


@pytest.fixture
def bench(suite: Suite, databases: Databases) -> Iterator[Bench]:
    """On either database: beside a server, flights are sent and brought home in threads of their own."""
    suite.attest(MILLION)
    bench = Bench(suite, databases.ledger()).staff()
    yield bench
    bench.desk.close()


def executed(bench: Bench) -> list[list[int]]:
    """The order numbers of each transaction, in the chain's order."""
    found: dict[bytes, list[int]] = {}
    for event in bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest"):
        found.setdefault(event.log.tx_hash, []).append(event.number)
    return list(found.values())


def reopen(bench: Bench, limits: FlightLimits) -> Desk:
    bench.desk.close()
    bench.desk = Desk(bench.suite.issuance, bench.url, limits=limits)
    return bench.desk


def test_small_batches_share_a_transaction_and_a_large_one_takes_several(bench: Bench) -> None:
    customers = [bench.customer(number) for number in range(1, 8)]
    orders = [bench.funded(customer, "10.00") for customer in customers]
    bench.desk.approve(orders[:2], bench.approver())
    bench.desk.approve(orders[2], bench.approver())
    (large,) = bench.desk.approve(orders[3:], bench.approver())
    desk = reopen(bench, FlightLimits(orders=4))
    assert set(desk.run().reached(State.SETTLED)) == {order.id for order in orders}
    assert executed(bench) == [[1, 2, 3, 4], [5, 6, 7]]
    assert desk.ledger.batches.get(large.batch_id).state == "closed"
    flights = desk.ledger.flights.find(state="landed", purpose="mint")
    assert [len(flight.order_ids) for flight in flights] == [4, 3]
    assert desk.status().agrees
    desk.ledger.verify()


def test_a_flight_keeps_to_its_share_of_a_blocks_gas(bench: Bench) -> None:
    bench.suite.node.request("evm_setBlockGasLimit", hex(1_000_000))
    orders = [bench.funded(bench.customer(number), "10.00") for number in range(1, 8)]
    bench.desk.approve(orders, bench.approver())
    reopen(bench, FlightLimits(gas_percent=40))
    assert set(bench.desk.run().reached(State.SETTLED)) == {order.id for order in orders}
    assert executed(bench) == [[1, 2, 3], [4, 5, 6], [7]]


@pytest.mark.parametrize("wrong", [{"orders": 0}, {"gas_percent": 0}, {"gas_percent": 101}, {"abreast": 0}])
def test_limits_that_let_nothing_go_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ConfigurationError, match="at least one order"):
        FlightLimits(**wrong)


def test_each_refused_order_goes_to_its_own_state_and_the_rest_go(bench: Bench, suite: Suite) -> None:
    desk, customers = bench.desk, [bench.customer(number) for number in range(1, 6)]
    short = bench.funded(customers[0], "10.00", expiry=timedelta(hours=1))
    frozen, capped, passed_by, good = (bench.funded(customer, "100.00") for customer in customers[1:])
    small = bench.funded(customers[4], "5.00")
    bench.desk.approve([short, frozen, capped, passed_by, good, small], bench.approver())
    row = bench.suite.order(passed_by.number, passed_by.base_units, passed_by.wallet)
    suite.send(Role.OPERATOR, suite.market.mint([suite.batch(row)]))  # by another tool
    desk.freeze(customers[1].wallet)
    desk.ledger.investors.set_verified_until(capped.investor, bench.now())
    suite.node.advance_time(2 * 3600)
    report = desk.run()
    assert report.reached(State.EXPIRED) == (short.id,)
    assert set(report.reached(State.ON_HOLD)) == {frozen.id, capped.id}
    assert set(report.reached(State.SETTLED)) == {passed_by.id, good.id, small.id}
    assert desk.run().changes == ()
    desk.ledger.verify()


def test_an_order_on_hold_goes_later_on_the_same_signatures(bench: Bench) -> None:
    desk, customers = bench.desk, [bench.customer(number) for number in (1, 2, 3)]
    orders = [bench.funded(customer, "10.00") for customer in customers]
    (proposal,) = desk.approve(orders, bench.approver())
    desk.hold(orders[1], by=COMPLIANCE, reason="list 7")
    assert set(desk.run().reached(State.SETTLED)) == {orders[0].id, orders[2].id}
    assert desk.ledger.batches.get(proposal.batch_id).state == "open"
    desk.release(orders[1], by=COMPLIANCE, reason="no match")
    assert desk.run().reached(State.SETTLED) == (orders[1].id,)
    assert executed(bench) == [[1, 3], [2]]
    assert len(desk.ledger.approvals.of(desk.ledger.batches.get(proposal.batch_id).digest)) == 1


def test_an_order_held_before_it_was_approved_needs_nobody_elses_signature(bench: Bench) -> None:
    desk, customers = bench.desk, [bench.customer(number) for number in (1, 2)]
    orders = [bench.funded(customer, "10.00") for customer in customers]
    desk.propose_batch(orders)
    desk.hold(orders[1], by=COMPLIANCE, reason="list 7")
    (batch,) = desk.ledger.batches.find(state="open")
    signature = desk.batch(batch).signable.sign(bench.approver())
    desk.sign_batch(batch.id, signer=signature.signer, signature=signature.data)
    assert desk.run().reached(State.SETTLED) == (orders[0].id,)
    desk.release(orders[1], by=COMPLIANCE, reason="no match")
    desk.approve(orders[1], bench.approver())
    assert desk.run().reached(State.SETTLED) == (orders[1].id,)


def test_while_the_reserve_is_stale_all_wait_and_nothing_is_signed_again(bench: Bench) -> None:
    orders = [bench.approved(bench.customer(number)) for number in (1, 2)]
    bench.suite.node.advance_time(27 * 3600)
    (waiting,) = bench.desk.run().waiting
    assert isinstance(waiting.error, ReserveStale)
    assert set(waiting.order_ids) == {order.id for order in orders}
    bench.attest(MILLION)
    assert set(bench.desk.run().reached(State.SETTLED)) == {order.id for order in orders}


def test_when_the_headroom_is_enough_for_a_part_the_first_come_go(bench: Bench) -> None:
    customers = [bench.customer(number) for number in range(1, 5)]
    orders = [bench.funded(customer, "300000.00") for customer in customers]
    small = bench.funded(customers[3], "1.00")
    other = bench.funded(bench.customer(5), "1.00")
    for order in (*orders, small, other):
        bench.desk.approve(order, bench.approver())
    report = bench.desk.run()
    assert set(report.reached(State.SETTLED)) == {*(order.id for order in orders[:3]), other.id}
    assert isinstance(report.waiting[0].error, reverts.BackingExceeded)
    assert [item.order_ids for item in report.waiting] == [(orders[3].id,), (small.id,)]
    bench.attest(2 * MILLION)
    assert set(bench.desk.run().reached(State.SETTLED)) == {orders[3].id, small.id}


def test_when_the_limit_is_enough_for_a_part_the_first_come_go(bench: Bench) -> None:
    suite = bench.suite
    orders = [bench.approved(bench.customer(number), "500.00") for number in (1, 2, 3)]
    suite.govern(suite.market.set_operator_limit(suite.signer(Role.OPERATOR).address, 10**9))
    bench.attest(MILLION)
    report = bench.desk.run()
    assert set(report.reached(State.SETTLED)) == {orders[0].id, orders[1].id}
    (waiting,) = report.waiting
    assert isinstance(waiting.error, reverts.OperatorLimitExceeded)
    suite.node.advance_time(86_400)
    bench.attest(MILLION)
    assert bench.desk.run().reached(State.SETTLED) == (orders[2].id,)


def test_what_is_under_way_takes_its_part_of_the_headroom(bench: Bench) -> None:
    first, second = (bench.approved(bench.customer(number), "600000.00") for number in (1, 2))
    bench.suite.node.set_automine(False)
    bench.desk.close()
    bench.desk = Desk(bench.suite.issuance, bench.url, patience=timedelta(0))
    bench.desk.run()
    assert bench.desk.order(first).state is State.SUBMITTED
    waiting = [item.error for item in bench.desk.run().waiting]
    assert [type(error) for error in waiting] == [HeadroomTaken]
    bench.suite.node.set_automine(True)
    bench.suite.node.mine()
    report = bench.desk.run()
    assert report.reached(State.SETTLED) == (first.id,)
    assert bench.desk.order(second).state is State.APPROVED


@pytest.mark.parametrize("cause", ["headroom", "hold", "cancelled"])
def test_a_customers_order_never_overtakes_an_earlier_one_that_only_waits(bench: Bench, cause: str) -> None:
    """Waiting for what passes, the earlier keeps the later behind it; on hold or ended, it doesn't."""
    desk, customer, other = bench.desk, bench.customer(1), bench.customer(2)
    earlier = bench.approved(customer, "900000.00")
    later, others = bench.approved(customer, "10.00"), bench.approved(other, "10.00")
    if cause == "headroom":
        bench.attest(MILLION // 2)
    elif cause == "hold":
        desk.hold(earlier, by=COMPLIANCE, reason="list 7")
    else:
        desk.cancel(earlier, by=MAKER, reason="customer's wish")
    settled = set(desk.run().reached(State.SETTLED))
    assert settled == ({others.id} if cause == "headroom" else {others.id, later.id})
    bench.attest(MILLION)
    desk.run()
    assert desk.order(later).state is State.SETTLED
    assert desk.order(earlier).state is (State.SETTLED if cause == "headroom" else desk.order(earlier).state)
    numbers = [number for flight in executed(bench) for number in flight]
    if cause == "headroom":
        assert numbers == [others.number, earlier.number, later.number]


def test_a_rehearsal_that_is_refused_once_leaves_nobody_behind(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it mines a block Anvil may execute a call on that block's state and at the time before it."""
    orders = [bench.approved(bench.customer(number), "10.00") for number in range(1, 5)]
    rehearse, answers = Flights.rehearse, [PanicRevert(panic_code=0x11)]

    def refused_once(self: Flights, *args: Any, **more: Any) -> None:
        if answers:
            raise answers.pop()
        rehearse(self, *args, **more)

    monkeypatch.setattr(Flights, "rehearse", refused_once)
    report = bench.desk.run()
    assert (report.waiting, report.alarms) == ((), ())
    assert executed(bench) == [[order.number for order in orders]]


def test_what_was_formed_behind_a_flight_that_the_node_refuses_waits_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beside a server the next flight is formed while one is sent: that of its customers' next orders is
    given up, others' goes.
    """
    customer, other = bench.customer(1), bench.customer(2)
    earlier, later = bench.approved(customer, "10.00"), bench.approved(customer, "10.00")
    others = bench.approved(other, "10.00")
    desk = reopen(bench, FlightLimits(orders=1))
    formed, claim, first = threading.Event(), LedgerFlights.claim_mints, Broadcaster.first
    claims: list[object] = []

    def claimed(self: LedgerFlights, *args: Any, **more: Any) -> Any:
        claims.append(found := claim(self, *args, **more))
        if len(claims) > 1:
            formed.set()
        return found

    def refused(self: Broadcaster, entry: JournalEntry) -> None:
        monkeypatch.setattr(Broadcaster, "first", first)
        if desk.ledger.is_served:
            assert formed.wait(30)
        self.journal.finish(entry.hash, Outcome.REFUSED)
        raise NotSent("the node refused it")

    monkeypatch.setattr(LedgerFlights, "claim_mints", claimed)
    monkeypatch.setattr(Broadcaster, "first", refused)
    report = desk.run()
    assert report.reached(State.SETTLED) == (others.id,)
    assert [(item.order_ids, type(item.error)) for item in report.waiting] == [((earlier.id,), NotSent)]
    assert desk.ledger.flights.find(state="formed") == ()
    assert set(desk.run().reached(State.SETTLED)) == {earlier.id, later.id}
    assert executed(bench) == [[others.number], [earlier.number], [later.number]]
    desk.ledger.verify()


def test_what_was_formed_behind_a_flight_that_reverts_waits_with_it(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer = bench.customer(1)
    earlier, later = bench.approved(customer, "1000.00"), bench.approved(customer, "10.00")
    desk = reopen(bench, FlightLimits(orders=1, abreast=1))
    first = Broadcaster.first

    def with_less_in_reserve(self: Broadcaster, entry: JournalEntry) -> None:
        monkeypatch.setattr(Broadcaster, "first", first)
        bench.attest(500_000_000)
        first(self, entry)

    monkeypatch.setattr(Broadcaster, "first", with_less_in_reserve)
    assert desk.run().reached(State.SETTLED) == ()
    assert desk.order(earlier).state is desk.order(later).state is State.APPROVED
    bench.attest(MILLION)
    desk.run()
    assert executed(bench) == [[earlier.number], [later.number]]


def test_what_another_worker_left_formed_holds_back_its_customers_also_on_its_lane(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One's pass ends with an error, and the other has waited for that very lane."""
    customer = bench.customer(1)
    earlier, later = bench.approved(customer, "10.00"), bench.approved(customer, "10.00")
    desk = reopen(bench, FlightLimits(orders=1))
    other = Desk(bench.suite.issuance, bench.url, limits=FlightLimits(orders=1))
    waits, acquire = threading.Event(), Lanes._acquire
    thread = threading.Thread(target=other.run)

    def acquired(self: Lanes, role: str) -> Lane:
        if threading.current_thread() is thread:
            waits.set()
        return acquire(self, role)

    def fails(*_: object, **__: object) -> None:
        monkeypatch.undo()
        monkeypatch.setattr(Lanes, "_acquire", acquired)
        thread.start()
        assert waits.wait(30)
        raise NodeUnreachable("for a moment")

    monkeypatch.setattr(Flights, "rehearse", fails)
    with pytest.raises(NodeUnreachable):
        desk.run()
    thread.join(60)
    other.close()
    desk.run()
    assert executed(bench) == [[earlier.number], [later.number]]


def test_an_alarm_of_a_pass_that_fails_later_is_in_the_next_report(
    bench: Bench, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is met once: another hand has executed the order, which is settled by that."""
    one = bench.approved(bench.customer(1), "10.00")
    bench.approved(bench.customer(2), "10.00")
    row = suite.order(one.number, one.base_units, one.wallet)
    suite.send(Role.OPERATOR, suite.market.mint([suite.batch(row)]))
    claim, claims = LedgerFlights.claim_mints, []

    def busy_at_the_second(self: LedgerFlights, *args: Any, **more: Any) -> Any:
        claims.append(1)
        if len(claims) == 2:
            raise LedgerBusy("once")
        return claim(self, *args, **more)

    monkeypatch.setattr(LedgerFlights, "claim_mints", busy_at_the_second)
    with pytest.raises(LedgerBusy):
        reopen(bench, FlightLimits(orders=1)).run()
    assert bench.desk.order(one).state is State.SETTLED
    assert [type(alarm) for alarm in bench.desk.run().alarms] == [reverts.OrderAlreadyExecuted]
    assert bench.desk.run().alarms == ()


def test_a_batch_that_was_dissolved_since_its_order_was_claimed_is_not_minted(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, order = bench.desk, bench.approved(bench.customer(1), "10.00")
    (batch,) = desk.ledger.batches.find(state="open")
    rehearse = Flights.rehearse

    def dissolved(self: Flights, *args: Any, **more: Any) -> None:
        monkeypatch.undo()
        rehearse(self, *args, **more)
        desk.dissolve_batch(batch.id)

    monkeypatch.setattr(Flights, "rehearse", dissolved)
    (waiting,) = desk.run().waiting
    assert waiting.order_ids == (order.id,)
    assert "was dissolved" in str(waiting.error)
    assert executed(bench) == []
    assert desk.ledger.flights.find(state="formed") == ()


def test_an_order_is_not_sent_while_an_earlier_one_of_its_customer_is_on_another_lane(bench: Bench) -> None:
    customer = bench.customer(1)
    earlier, later = bench.approved(customer, "10.00"), bench.approved(customer, "10.00")
    ledger, operator = bench.desk.ledger, bench.suite.signer(Role.OPERATOR).address
    elsewhere = bench.suite.stranger.address
    ledger.lanes.add(elsewhere, name="another lane", purpose="operator")
    ledger.lanes.lease([elsewhere], holder="another machine:1:0")
    claimed = ledger.flights.claim_mints(elsewhere, 1)
    assert claimed is not None
    assert [order.id for order in claimed[1]] == [earlier.id]
    assert ledger.flights.claim_mints(operator, 200) is None
    ledger.flights.dissolve(claimed[0].id)
    assert set(bench.desk.run().reached(State.SETTLED)) == {earlier.id, later.id}


def test_a_batch_whose_signatures_the_chain_refuses_holds_up_no_other(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An approver is revoked between the look at the signatures and the rehearsal."""
    desk, suite = bench.desk, bench.suite
    one, other = bench.funded(bench.customer(1)), bench.funded(bench.customer(2))
    desk.approve(one, bench.approver())
    desk.approve(other, bench.approver("checker-2"))
    revoke = suite.issuance.guardian_gate.revoke_role(Role.APPROVER, bench.approver().address)
    suite.send(Role.GUARDIAN, revoke)
    monkeypatch.setattr(type(desk._approvals), "is_approver", lambda self, address: True)
    report = desk.run()
    assert report.reached(State.SETTLED) == (other.id,)
    assert [(item.order_ids, type(item.error)) for item in report.waiting] == [
        ((one.id,), reverts.NotApprover)
    ]


def test_an_order_that_needs_more_signatures_lets_the_customers_next_one_go(bench: Bench) -> None:
    customer = bench.customer()
    unsigned, signed = bench.funded(customer, "10.00"), bench.approved(customer, "10.00")
    bench.desk.check(unsigned, by="checker-1")
    report = bench.desk.run()
    assert report.reached(State.SETTLED) == (signed.id,)
    assert report.unsigned == (unsigned.id,)
    assert isinstance(bench.desk.order(unsigned), MintOrder)
