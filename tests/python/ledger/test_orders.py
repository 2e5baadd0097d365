"""Orders: asked for once, numbered once, moved only by whom and where the machine says."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from support.ledgers import (
    CHECKER,
    COMPLIANCE,
    MAKER,
    NOON,
    TREASURER,
    WORKER,
    Fixture,
    address,
    hash32,
    proof,
    reference,
    tokens,
)

from toolkit.amounts import MAX_BASE_UNITS, Amount, NotCentAligned
from toolkit.errors import IdempotencyConflict, IllegalTransition, InvalidInput, NotAuthorised, NotEligible
from toolkit.ledger import MintOrder, OrderKind, RedemptionOrder, Role, State
from toolkit.ledger.errors import NotFound, OrderExpired


def test_a_mint_from_request_to_settlement(desk: Fixture) -> None:
    order = desk.mint(amount="250000.00")
    assert isinstance(order, MintOrder)
    assert (order.state, order.number, order.amount) == (State.REQUESTED, 1, tokens("250000.00"))
    assert (order.created_at, order.expires_at) == (NOON, NOON + timedelta(days=1))
    path = [State.FUNDED, State.APPROVED, State.SUBMITTED, State.MINED, State.SETTLED]
    desk.drive(order.id, *path)
    history = desk.ledger.history(order.id)
    assert [event.to_state for event in history] == [State.REQUESTED, *path]
    assert [event.actor for event in history] == [MAKER, TREASURER, CHECKER, WORKER, WORKER, WORKER]
    assert [event.seq for event in history] == [1, 2, 3, 4, 5, 6]
    assert desk.ledger.verify() == desk.ledger.head()


def test_a_redemption_from_request_to_settlement(desk: Fixture) -> None:
    order = desk.redemption()
    assert (order.state, order.number, order.due_at) == (State.REQUESTED, None, None)
    desk.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED, State.BURNED, State.PAID, State.SETTLED)
    settled = desk.ledger.orders.get(order.id)
    assert isinstance(settled, RedemptionOrder)
    assert (settled.state, settled.number) == (State.SETTLED, 1)
    assert settled.due_at == NOON + timedelta(days=1)
    assert desk.ledger.payouts.get(order.id).bank_account == "account-1"
    desk.ledger.verify()


def test_mint_numbers_are_given_once_and_in_order(desk: Fixture) -> None:
    assert [desk.mint(f"key-{i}").number for i in range(1, 6)] == [1, 2, 3, 4, 5]
    assert desk.ledger.orders.by_number(OrderKind.MINT, 3) == desk.mint("key-3")
    with pytest.raises(NotFound):
        desk.ledger.orders.by_number(OrderKind.MINT, 6)


def test_a_refused_request_uses_no_number(desk: Fixture) -> None:
    with pytest.raises(NotAuthorised):
        _request(desk, maker=CHECKER)
    assert desk.mint().number == 1


# Idempotency


def test_the_same_key_and_body_is_the_same_order_whatever_became_of_it(desk: Fixture) -> None:
    first = desk.mint()
    desk.clock.advance(timedelta(hours=3))
    assert desk.mint() == first
    desk.take(first.id, State.CANCELLED)
    assert desk.mint().state is State.CANCELLED
    assert desk.ledger.orders.by_idempotency_key("key-1").id == first.id
    assert len(desk.ledger.orders.find()) == 1


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": tokens("100.01")},
        {"amount": Amount.parse("100.00", unit="DHKD", decimals=6)},
        {"currency": "HKD"},
        {"investor": reference(2), "wallet": address(2)},
        {"lifetime": timedelta(days=2)},
    ],
)
def test_the_same_key_with_another_body_is_a_conflict(desk: Fixture, changed: dict[str, Any]) -> None:
    order = desk.mint()
    with pytest.raises(IdempotencyConflict, match=f"already asked for order {order.id}") as refused:
        _request(desk, **changed)
    assert refused.value.details["order"] == order.id


def test_one_key_can_not_ask_for_a_mint_and_a_redemption(desk: Fixture) -> None:
    desk.mint("same")
    with pytest.raises(IdempotencyConflict):
        desk.redemption("same")


def test_fifty_threads_with_one_key_make_one_order(desk: Fixture) -> None:
    barrier = threading.Barrier(50)

    def ask(_: int) -> MintOrder:
        barrier.wait()
        return desk.mint()

    with ThreadPoolExecutor(50) as pool:
        orders = set(pool.map(ask, range(50)))
    assert len(orders) == 1
    assert desk.ledger.head().seq == 1
    desk.ledger.verify()


def test_fifty_threads_with_their_own_keys_make_fifty_orders(desk: Fixture) -> None:
    with ThreadPoolExecutor(50) as pool:
        orders = list(pool.map(lambda i: desk.mint(f"key-{i}"), range(50)))
    assert sorted(order.number for order in orders) == list(range(1, 51))
    desk.ledger.verify()


# What is refused at the door


def _request(desk: Fixture, **changed: Any) -> MintOrder:
    fields: dict[str, Any] = {
        "investor": reference(1),
        "wallet": address(1),
        "amount": tokens("100.00"),
        "currency": "USD",
        "maker": MAKER,
        "idempotency_key": "key-1",
        "lifetime": timedelta(days=1),
    }
    return desk.ledger.orders.request_mint(**(fields | changed))


@pytest.mark.parametrize(
    ("changed", "error", "message"),
    [
        ({"amount": 100.0}, InvalidInput, "must be an Amount above zero"),
        ({"amount": tokens("0")}, InvalidInput, "must be an Amount above zero"),
        ({"amount": tokens("1") - tokens("2")}, InvalidInput, "must be an Amount above zero"),
        ({"amount": tokens("0.000001")}, NotCentAligned, "not a whole number of USD's smallest unit"),
        (
            {"amount": Amount.from_base_units(MAX_BASE_UNITS + 1, unit="DUSD", decimals=2)},
            InvalidInput,
            "split the order",
        ),
        ({"currency": "XXX"}, InvalidInput, "unknown currency 'XXX'"),
        ({"lifetime": timedelta(0)}, InvalidInput, "must be a positive timedelta"),
        ({"idempotency_key": ""}, InvalidInput, "1 to 128 characters"),
        ({"idempotency_key": "a\nb"}, InvalidInput, "one printable line"),
        ({"investor": reference(9)}, NotEligible, "belongs to investor"),
        ({"wallet": address(9)}, NotFound, "no wallet"),
        ({"wallet": address(2)}, NotEligible, "belongs to investor"),
        ({"maker": CHECKER}, NotAuthorised, "does not hold the role maker"),
        ({"maker": "nobody"}, NotAuthorised, "does not hold the role maker"),
    ],
)
def test_a_request_that_can_not_become_an_order(
    desk: Fixture, changed: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        _request(desk, **changed)
    assert desk.ledger.orders.find() == ()
    assert desk.ledger.head().seq == 0


def test_a_wallet_without_proof_and_a_lapsed_verification(desk: Fixture) -> None:
    desk.ledger.investors.add_wallet(address(50), investor=reference(1), kind="self_custody")
    with pytest.raises(NotEligible, match="no proof of ownership"):
        _request(desk, wallet=address(50))
    desk.ledger.investors.prove_wallet(address(50), proof())
    assert _request(desk, wallet=address(50)).wallet == address(50)
    desk.ledger.investors.set_verified_until(reference(1), NOON)
    with pytest.raises(NotEligible, match="is not verified at"):
        _request(desk, idempotency_key="key-2")
    desk.ledger.investors.set_verified_until(reference(1), None)
    with pytest.raises(NotEligible, match="never verified"):
        desk.ledger.eligibility.require_registrable(address(50))


def test_a_redemption_is_paid_only_to_the_customers_own_account(desk: Fixture) -> None:
    fields: dict[str, Any] = {
        "investor": reference(1),
        "wallet": address(1),
        "amount": tokens("5"),
        "currency": "USD",
        "maker": MAKER,
        "idempotency_key": "r",
    }
    with pytest.raises(NotEligible, match="own name"):
        desk.ledger.orders.request_redemption(**fields, bank_account="account-2")
    with pytest.raises(NotEligible, match="own name"):
        desk.ledger.orders.request_redemption(**(fields | {"currency": "HKD"}), bank_account="account-1")
    with pytest.raises(NotFound):
        desk.ledger.orders.request_redemption(**fields, bank_account="account-9")
    with pytest.raises(NotAuthorised, match="checker opens no redemption"):
        desk.ledger.orders.request_redemption(**fields, bank_account="account-1", role=Role.CHECKER)


def test_the_worker_enters_what_a_holder_asked_the_contract_for(desk: Fixture) -> None:
    order = desk.ledger.orders.request_redemption(
        investor=reference(1),
        wallet=address(1),
        amount=tokens("5"),
        currency="USD",
        bank_account="account-1",
        maker=WORKER,
        idempotency_key="chain-redemption-7",
        role=Role.OPERATOR,
    )
    assert desk.ledger.history(order.id)[0].role is Role.OPERATOR


def test_a_lapsed_customer_may_ask_for_redemption_but_the_clock_does_not_start(desk: Fixture) -> None:
    desk.ledger.investors.set_verified_until(reference(1), None)
    order = desk.redemption()
    with pytest.raises(NotEligible):
        desk.take(order.id, State.VALID)
    assert desk.ledger.orders.get(order.id) == order


# Steps


def test_an_illegal_step_changes_nothing(desk: Fixture) -> None:
    order = desk.mint()
    head = desk.ledger.head()
    with pytest.raises(
        IllegalTransition, match="legal from requested: cancelled, expired, funded, on_hold, rej"
    ):
        desk.ledger.orders.step(order.id, State.MINED, actor=WORKER, role=Role.OPERATOR)
    assert desk.ledger.orders.get(order.id) == order
    assert desk.ledger.head() == head


@pytest.mark.parametrize(
    ("actor", "role", "message"),
    [
        (CHECKER, Role.TREASURER, "'checker' does not hold the role treasurer"),
        ("nobody", Role.CHECKER, "'nobody' does not hold the role checker"),
        (TREASURER, Role.TREASURER, "the role treasurer may not take"),
    ],
)
def test_a_step_needs_the_role_and_somebody_who_holds_it(
    desk: Fixture, actor: str, role: Role, message: str
) -> None:
    order = desk.fund(desk.mint())
    with pytest.raises(NotAuthorised, match=message):
        desk.ledger.orders.step(order.id, State.APPROVED, actor=actor, role=role)
    assert desk.ledger.orders.get(order.id) == order


def test_x1_the_checker_is_not_the_maker(desk: Fixture) -> None:
    desk.ledger.persons.set_roles(MAKER, [Role.MAKER, Role.CHECKER])
    order = desk.fund(desk.mint())
    with pytest.raises(NotAuthorised, match=r"maker took order .* to requested .* another person must"):
        desk.ledger.orders.step(order.id, State.APPROVED, actor=MAKER, role=Role.CHECKER)
    desk.ledger.orders.step(order.id, State.APPROVED, actor=CHECKER, role=Role.CHECKER)


def test_who_confirmed_the_money_does_not_approve(desk: Fixture) -> None:
    desk.ledger.persons.set_roles(TREASURER, [Role.TREASURER, Role.CHECKER])
    order = desk.fund(desk.mint())
    with pytest.raises(NotAuthorised, match=r"treasurer took order .* to funded"):
        desk.ledger.orders.step(order.id, State.APPROVED, actor=TREASURER, role=Role.CHECKER)


def test_four_eyes_survive_a_hold(desk: Fixture) -> None:
    desk.ledger.persons.set_roles(TREASURER, [Role.TREASURER, Role.CHECKER])
    order = desk.fund(desk.mint())
    desk.drive(order.id, State.ON_HOLD, State.FUNDED)
    with pytest.raises(NotAuthorised, match="treasurer took order"):
        desk.ledger.orders.step(order.id, State.APPROVED, actor=TREASURER, role=Role.CHECKER)


def test_a_hold_needs_a_reason_and_returns_to_where_it_came_from(desk: Fixture) -> None:
    order = desk.fund(desk.mint())
    with pytest.raises(InvalidInput, match="needs a reason"):
        desk.ledger.orders.step(order.id, State.ON_HOLD, actor=COMPLIANCE, role=Role.COMPLIANCE)
    desk.take(order.id, State.ON_HOLD, reason="sanctions list 2026-11-22 names the investor")
    held = desk.ledger.orders.get(order.id)
    assert (held.state, held.held_from) == (State.ON_HOLD, State.FUNDED)
    with pytest.raises(IllegalTransition, match="legal from on_hold: cancelled, expired, funded, rejected"):
        desk.ledger.orders.step(order.id, State.APPROVED, actor=COMPLIANCE, role=Role.COMPLIANCE, reason="x")
    with pytest.raises(NotAuthorised):
        desk.ledger.orders.step(order.id, State.FUNDED, actor=WORKER, role=Role.OPERATOR, reason="x")
    desk.take(order.id, State.FUNDED)
    assert desk.ledger.orders.get(order.id) == order
    assert desk.ledger.history(order.id)[2].reason == "sanctions list 2026-11-22 names the investor"


def test_t2_a_reorganisation_takes_the_order_back_and_forward(desk: Fixture) -> None:
    order = desk.mint()
    desk.drive(order.id, State.FUNDED, State.APPROVED, State.SUBMITTED, State.MINED)
    desk.drive(order.id, State.SUBMITTED, State.MINED, State.SETTLED)
    with pytest.raises(IllegalTransition):
        desk.ledger.orders.step(
            order.id, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, reason="reorganised"
        )
    desk.ledger.verify()


@pytest.mark.parametrize("state", [State.SUBMITTED, State.MINED])
def test_a_submitted_order_can_not_be_cancelled(desk: Fixture, state: State) -> None:
    order = desk.mint()
    desk.drive(order.id, State.FUNDED, State.APPROVED, State.SUBMITTED)
    if state is State.MINED:
        desk.take(order.id, State.MINED)
    with pytest.raises(IllegalTransition, match="can't go from"):
        desk.ledger.orders.step(
            order.id, State.CANCELLED, actor=MAKER, role=Role.MAKER, reason="changed mind"
        )


def test_an_expired_order_goes_no_further_and_only_then_expires(desk: Fixture) -> None:
    order = desk.fund(desk.mint())
    with pytest.raises(IllegalTransition, match="not before: cancel it instead"):
        desk.take(order.id, State.EXPIRED)
    desk.take(order.id, State.APPROVED)
    unfunded = desk.mint("key-2")
    desk.clock.advance(timedelta(days=1))
    with pytest.raises(OrderExpired, match="expired at 2026-11-24T04:00:00"):
        desk.take(order.id, State.SUBMITTED)
    with pytest.raises(OrderExpired):
        desk.fund(unfunded)
    desk.take(order.id, State.EXPIRED)
    assert desk.ledger.orders.get(order.id).state is State.EXPIRED


def test_steps_that_carry_facts_have_their_own_methods(desk: Fixture) -> None:
    mint, redemption = desk.mint(), desk.redemption()
    with pytest.raises(IllegalTransition, match=r"by ledger.funds.match"):
        desk.ledger.orders.step(mint.id, State.FUNDED, actor=TREASURER, role=Role.TREASURER)
    with pytest.raises(IllegalTransition, match=r"by ledger.orders.validate"):
        desk.ledger.orders.step(redemption.id, State.VALID, actor=CHECKER, role=Role.CHECKER)
    desk.take(redemption.id, State.VALID)
    with pytest.raises(IllegalTransition, match=r"by ledger.orders.escrow"):
        desk.ledger.orders.step(redemption.id, State.ESCROWED, actor=WORKER, role=Role.OPERATOR)
    desk.drive(redemption.id, State.ESCROWED, State.APPROVED, State.BURNED)
    with pytest.raises(IllegalTransition, match=r"by ledger.payouts.record"):
        desk.ledger.orders.step(redemption.id, State.PAID, actor=TREASURER, role=Role.TREASURER)


def test_one_escrow_of_the_chain_is_one_order(desk: Fixture) -> None:
    first, second = desk.redemption("a"), desk.redemption("b")
    desk.drive(first.id, State.VALID, State.ESCROWED)
    desk.take(second.id, State.VALID)
    with pytest.raises(InvalidInput, match=f"redemption 1 is order {first.id}"):
        desk.ledger.orders.escrow(second.id, number=1, actor=WORKER, evidence=hash32(1))


def test_many_orders_step_together_or_not_at_all(desk: Fixture) -> None:
    orders = [desk.fund(desk.mint(f"key-{i}")) for i in range(5)]
    ids = [order.id for order in orders]
    late = desk.mint("late")
    head = desk.ledger.head()
    with pytest.raises(IllegalTransition, match=late.id):
        desk.ledger.orders.step_many([*ids, late.id], State.APPROVED, actor=CHECKER, role=Role.CHECKER)
    with pytest.raises(NotFound):
        desk.ledger.orders.step_many([*ids, "nothing"], State.APPROVED, actor=CHECKER, role=Role.CHECKER)
    with pytest.raises(InvalidInput, match="named twice"):
        desk.ledger.orders.step_many([*ids, ids[0]], State.APPROVED, actor=CHECKER, role=Role.CHECKER)
    assert desk.ledger.head() == head
    approved = desk.ledger.orders.step_many(ids, State.APPROVED, actor=CHECKER, role=Role.CHECKER)
    assert [order.id for order in approved] == ids
    assert list(approved) == [desk.ledger.orders.get(order_id) for order_id in ids]
    assert desk.ledger.orders.step_many([], State.APPROVED, actor=CHECKER, role=Role.CHECKER) == ()


def test_more_orders_than_one_statement_holds_step_together(desk: Fixture) -> None:
    with desk.ledger.transaction() as tx:
        ids = [
            tx.orders.request_mint(
                investor=reference(1),
                wallet=address(1),
                amount=tokens("1"),
                currency="USD",
                maker=MAKER,
                idempotency_key=f"bulk-{i}",
                lifetime=timedelta(days=1),
            ).id
            for i in range(510)
        ]
    held = desk.ledger.orders.step_many(
        ids, State.ON_HOLD, actor=COMPLIANCE, role=Role.COMPLIANCE, reason="list update"
    )
    assert len(held) == 510
    assert desk.ledger.verify().seq == 1020


@pytest.mark.parametrize("evidence", ["abc", "0x" + "G" * 64, b"\x00" * 32])
def test_evidence_is_a_hash(desk: Fixture, evidence: Any) -> None:
    order = desk.fund(desk.mint())
    with pytest.raises(InvalidInput, match="32-byte hash"):
        desk.ledger.orders.step(order.id, State.APPROVED, actor=CHECKER, role=Role.CHECKER, evidence=evidence)
    desk.ledger.orders.step(order.id, State.APPROVED, actor=CHECKER, role=Role.CHECKER, evidence=hash32(5))
    assert desk.ledger.history(order.id)[-1].evidence == hash32(5)[2:]


def test_claims_are_first_come_first_served(desk: Fixture) -> None:
    orders = [desk.mint(f"key-{i}") for i in range(5)]
    desk.take(orders[0].id, State.CANCELLED)
    claimed = desk.ledger.orders.claim(OrderKind.MINT, State.REQUESTED, 3)
    assert [order.id for order in claimed] == [order.id for order in orders[1:4]]
    assert desk.ledger.orders.claim(OrderKind.REDEMPTION, State.REQUESTED, 3) == ()


def test_find_filters_by_kind_state_and_investor(desk: Fixture) -> None:
    first, second = desk.mint("a"), desk.mint("b", customer=2)
    third = desk.redemption("c", customer=2)
    find = desk.ledger.orders.find
    assert find() == (first, second, third)
    assert find(investor=reference(2)) == (second, third)
    assert find(kind=OrderKind.MINT, limit=1) == (first,)
    assert find(state=[State.FUNDED, State.SETTLED]) == ()
    assert find(state=State.REQUESTED, kind=OrderKind.REDEMPTION) == (third,)


def test_an_unknown_order(desk: Fixture) -> None:
    for ask in (desk.ledger.orders.get, desk.ledger.history, desk.ledger.orders.by_idempotency_key):
        with pytest.raises(NotFound):
            ask("nothing")
