"""The fund's orders and records in the ledger: who may, in what sequence, and that editing shows."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from support.databases import run_sql
from support.ledgers import (
    CHECKER,
    COMPLIANCE,
    MAKER,
    TREASURER,
    WORKER,
    Fixture,
    address,
    hash32,
    reference,
    tokens,
)

from toolkit.amounts import Amount
from toolkit.errors import (
    IdempotencyConflict,
    IllegalTransition,
    InvalidInput,
    LedgerTampered,
    NotAuthorised,
)
from toolkit.ledger import Ledger, OrderKind, Role, State
from toolkit.ledger.errors import OrderExpired
from toolkit.ledger.fund_orders import Delivery, FundRequest
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import Dealing, FundOrder

VAULT = address(500)
DAY = date(2026, 11, 23)


def _shares(text: str) -> Amount:
    return Amount.parse(text, unit="FUND-A", decimals=4)


def _request(
    desk: Fixture, key: str = "S-1", *, kind: OrderKind = OrderKind.SUBSCRIPTION, amount: str = "100.00"
) -> FundOrder:
    return desk.ledger.fund_orders.request(
        FundRequest(
            kind=kind,
            investor=reference(1),
            wallet=address(1),
            amount=tokens(amount) if kind is OrderKind.SUBSCRIPTION else _shares(amount),
            currency="USD",
            vault=VAULT,
            share_class="DMMF/A",
            dealing_date=DAY,
            cut_off=desk.clock.now() + timedelta(hours=3),
        ),
        maker=MAKER,
        idempotency_key=key,
    )


def _in_batch(desk: Fixture, key: str = "S-1", *, day: int = 1, **more: object) -> FundOrder:
    order = _request(desk, key, **more)  # type: ignore[arg-type]
    desk.ledger.orders.step(order.id, State.VALID, actor=CHECKER, role=Role.CHECKER)
    return desk.ledger.fund_orders.enter(order.id, day, actor=WORKER, evidence=hash32(1))


def _dealing(order: FundOrder, due: int, *, day: int = 1, carried: int = 0) -> Dealing:
    return Dealing(
        order_id=order.id,
        day=day,
        size=order.base_units - carried,
        due=due,
        carried=carried,
        nav=10**9,
        report=hash32(7),
        transaction_hash=hash32(8),
        dealt_at=order.created_at,
    )


def _state(desk: Fixture, order: FundOrder) -> State:
    return desk.ledger.orders.get(order.id).state


def test_a_key_makes_one_order_also_after_the_day_has_changed(desk: Fixture) -> None:
    order = _request(desk)
    desk.clock.advance(timedelta(days=2))
    assert _request(desk).id == order.id
    with pytest.raises(IdempotencyConflict):
        _request(desk, amount="100.01")
    with pytest.raises(IdempotencyConflict):
        desk.mint("S-1")
    assert (order.dealing_date, order.dealing_day, order.kind) == (DAY, None, OrderKind.SUBSCRIPTION)


def test_the_maker_does_not_check_and_nobody_checks_after_the_cut_off(desk: Fixture) -> None:
    desk.ledger.persons.set_roles(MAKER, [Role.MAKER, Role.CHECKER])
    order = _request(desk)
    with pytest.raises(NotAuthorised, match="another person"):
        desk.ledger.orders.step(order.id, State.VALID, actor=MAKER, role=Role.CHECKER)
    desk.clock.advance(timedelta(hours=3))
    with pytest.raises(OrderExpired):
        desk.ledger.orders.step(order.id, State.VALID, actor=CHECKER, role=Role.CHECKER)


def test_only_the_chain_brings_an_order_into_a_batch_or_prices_it(desk: Fixture) -> None:
    order = _request(desk)
    for state in (State.IN_BATCH, State.PRICED, State.SETTLED):
        with pytest.raises(IllegalTransition):
            desk.ledger.orders.step(order.id, state, actor=WORKER, role=Role.OPERATOR, reason="just so")


@pytest.mark.parametrize("kind", [OrderKind.SUBSCRIPTION, OrderKind.FUND_REDEMPTION])
def test_a_request_that_was_sent_is_in_the_batch_once_its_transaction_has_ended(
    desk: Fixture, kind: OrderKind
) -> None:
    """Another worker may find it on the chain first: it is for the flight's own end to say so."""
    order = _request(desk, kind=kind)
    desk.ledger.orders.step(order.id, State.VALID, actor=CHECKER, role=Role.CHECKER)
    flight = desk.ledger.flights.form(kind.value, address(900), [order.id])
    desk.ledger.flights.launch(flight.id, nonce=0, order_ids=[order.id])
    with pytest.raises(IllegalTransition, match="whose transaction may still land"):
        desk.ledger.fund_orders.enter(order.id, 1, actor=WORKER, evidence=hash32(1))
    with desk.ledger.transaction() as tx:
        tx.flights.land(flight.id)
        tx.fund_orders.enter(order.id, 1, actor=WORKER, evidence=hash32(1))
    assert desk.ledger.orders.get(order.id).state is State.IN_BATCH


def test_a_subscription_is_priced_delivered_in_parts_and_settled(desk: Fixture) -> None:
    order = _in_batch(desk)
    desk.ledger.fund_orders.deal([_dealing(order, 90_000)], actor=WORKER)
    assert _state(desk, order) is State.PRICED
    for part, state in ((40_000, State.PRICED), (50_000, State.SETTLED)):
        desk.ledger.fund_orders.delivered(
            VAULT,
            OrderKind.SUBSCRIPTION,
            [Delivery(address(1), part)],
            actor=WORKER,
            evidence=hash32(part),
        )
        assert _state(desk, order) is state
    with pytest.raises(InvalidInput, match="due by no order"):
        desk.ledger.fund_orders.delivered(
            VAULT, OrderKind.SUBSCRIPTION, [Delivery(address(1), 1)], actor=WORKER, evidence=hash32(3)
        )
    assert desk.ledger.verify().seq == desk.ledger.head().seq


def test_a_gated_redemption_stays_with_its_rest_until_the_last_part_is_paid(desk: Fixture) -> None:
    order = _in_batch(desk, kind=OrderKind.FUND_REDEMPTION, amount="10.0000")
    orders = desk.ledger.fund_orders
    orders.deal([_dealing(order, 600, carried=40_000)], actor=WORKER)
    gated = orders.find(VAULT)[0]
    assert (gated.state, gated.dealing_day) == (State.GATED, 2)
    orders.delivered(
        VAULT, OrderKind.FUND_REDEMPTION, [Delivery(address(1), 600)], actor=WORKER, evidence=hash32(1)
    )
    assert _state(desk, order) is State.GATED
    orders.deal([_dealing(order, 400, day=2)], actor=WORKER)
    assert _state(desk, order) is State.PRICED
    orders.delivered(
        VAULT, OrderKind.FUND_REDEMPTION, [Delivery(address(1), 400)], actor=WORKER, evidence=hash32(2)
    )
    assert _state(desk, order) is State.SETTLED
    assert [item.due for item in orders.dealings([order.id])[order.id]] == [600, 400]
    desk.ledger.verify()


def test_what_cannot_be_given_is_in_quarantine_until_it_is_released(desk: Fixture) -> None:
    order, orders = _in_batch(desk), desk.ledger.fund_orders
    orders.deal([_dealing(order, 500)], actor=WORKER)
    orders.delivered(
        VAULT,
        OrderKind.SUBSCRIPTION,
        [Delivery(address(1), 500, held=True)],
        actor=WORKER,
        evidence=hash32(1),
    )
    assert _state(desk, order) is State.QUARANTINED
    orders.released(
        VAULT, OrderKind.SUBSCRIPTION, Delivery(address(1), 200), actor=WORKER, evidence=hash32(2)
    )
    assert _state(desk, order) is State.QUARANTINED
    orders.released(
        VAULT, OrderKind.SUBSCRIPTION, Delivery(address(1), 300), actor=WORKER, evidence=hash32(3)
    )
    assert _state(desk, order) is State.SETTLED
    desk.ledger.verify()


def test_an_order_that_comes_to_nothing_is_settled_with_its_day(desk: Fixture) -> None:
    order = _in_batch(desk)
    desk.ledger.fund_orders.deal([_dealing(order, 0)], actor=WORKER)
    assert _state(desk, order) is State.SETTLED


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE orders SET dealing_day = 2",
        "UPDATE orders SET dealing_date = '2026-11-24'",
        "UPDATE orders SET vault = '0x0000000000000000000000000000000000000001'",
        "UPDATE fund_dealings SET due = '90001'",
        "UPDATE fund_dealings SET claimed = '90001'",
        "DELETE FROM fund_dealings",
        'UPDATE records SET data = \'{"value":"11"}\'',
        "UPDATE records SET state = 'struck'",
        "UPDATE record_events SET actor = 'maker' WHERE to_state = 'received'",
        "DELETE FROM record_events WHERE to_state = 'tolerance_ok'",
    ],
)
def test_what_is_edited_shows(desk: Fixture, edit: str) -> None:
    order = _in_batch(desk)
    desk.ledger.fund_orders.deal([_dealing(order, 90_000)], actor=WORKER)
    _received(desk)
    desk.ledger.verify()
    desk.ledger.close()
    run_sql(desk.url, edit)
    with Ledger.open(desk.url, clock=desk.clock) as ledger, pytest.raises(LedgerTampered):
        ledger.verify()


NAV = "nav/DMMF/A/2026-11-23"


def _received(desk: Fixture) -> None:
    desk.ledger.persons.add("agent", label="Agent", roles=[Role.NAV_AGENT, Role.CHECKER])
    records = desk.ledger.record_book
    data = {"value": "10"}
    records.open(NAV, RecordKind.NAV, RecordState.RECEIVED, data, actor="agent", role=Role.NAV_AGENT)
    records.step(NAV, RecordState.TOLERANCE_OK, actor="agent", role=Role.NAV_AGENT)


def test_a_net_asset_value_takes_two_people(desk: Fixture) -> None:
    records = desk.ledger.record_book
    with pytest.raises(NotAuthorised, match="nav_agent"):
        records.open(NAV, RecordKind.NAV, RecordState.RECEIVED, {}, actor=MAKER, role=Role.MAKER)
    _received(desk)
    with pytest.raises(NotAuthorised, match="another person"):
        records.step(NAV, RecordState.STRUCK, actor="agent", role=Role.CHECKER)
    assert records.step(NAV, RecordState.STRUCK, actor=CHECKER, role=Role.CHECKER).data == {"value": "10"}
    with pytest.raises(IllegalTransition, match="legal from there: corrected"):
        records.step(NAV, RecordState.STRUCK, actor=CHECKER, role=Role.CHECKER)
    assert [event.to_state for event in records.history(NAV)] == ["received", "tolerance_ok", "struck"]
    with pytest.raises(NotAuthorised, match="can't be both"):
        desk.ledger.persons.set_roles("agent", [Role.NAV_AGENT, Role.MAKER])


def test_a_case_takes_two_people_and_a_record_is_opened_once(desk: Fixture) -> None:
    records = desk.ledger.record_book
    records.open("case/1", RecordKind.CASE, RecordState.PROPOSED, {}, actor=COMPLIANCE, role=Role.COMPLIANCE)
    with pytest.raises(InvalidInput, match="already"):
        records.open(
            "case/1", RecordKind.CASE, RecordState.PROPOSED, {}, actor=COMPLIANCE, role=Role.COMPLIANCE
        )
    with pytest.raises(NotAuthorised):
        records.step("case/1", RecordState.CONFIRMED, actor=COMPLIANCE, role=Role.COMPLIANCE)
    seen = records.get("case/1")
    records.step("case/1", RecordState.CONFIRMED, actor=TREASURER, role=Role.TREASURER, expected=seen)
    with pytest.raises(InvalidInput, match="changed meanwhile"):
        records.step("case/1", RecordState.RELEASED, actor=WORKER, role=Role.OPERATOR, expected=seen)
    desk.ledger.verify()
