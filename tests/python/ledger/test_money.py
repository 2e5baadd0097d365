"""Money in and out: W04, W08, X8 and X9 of regulation.md."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from support.ledgers import CHECKER, MAKER, NOON, TREASURER, Fixture, dollars, statements, tokens

from toolkit.amounts import Amount
from toolkit.errors import IdempotencyConflict, IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import RedemptionOrder, Role, State
from toolkit.ledger.errors import (
    FundsAlreadyMatched,
    FundsMismatch,
    NotFound,
    PayoutAlreadyRecorded,
    ThirdPartyPayment,
)

DAY = date(2026, 11, 23)


def test_x9_a_statement_imported_twice_and_two_identical_deposits(desk: Fixture) -> None:
    receive = desk.ledger.funds.receive
    first = receive("line-1", amount=dollars("100.00"), payer_matches=True, value_date=DAY)
    again = receive("line-1", amount=dollars("100.00"), payer_matches=True, value_date=DAY)
    twin = receive("line-2", amount=dollars("100.00"), payer_matches=True, value_date=DAY)
    assert first == again
    assert desk.ledger.funds.unmatched() == (first, twin)
    with pytest.raises(IdempotencyConflict, match="with other contents"):
        receive("line-1", amount=dollars("100.01"), payer_matches=True, value_date=DAY)


def test_a_replayed_line_is_the_same_line_after_it_was_matched(desk: Fixture) -> None:
    order = desk.mint()
    line = desk.receive("100.00")
    desk.ledger.funds.match(order.id, line, actor=TREASURER)
    desk.lines -= 1
    assert desk.receive("100.00") == line
    assert desk.ledger.funds.get(line).order_id == order.id
    assert desk.ledger.funds.unmatched() == ()


def test_one_line_pays_for_one_order(desk: Fixture) -> None:
    first, second = desk.mint("a"), desk.mint("b")
    line = desk.receive("100.00")
    desk.ledger.funds.match(first.id, line, actor=TREASURER)
    with pytest.raises(FundsAlreadyMatched, match=f"already went to {first.id}"):
        desk.ledger.funds.match(second.id, line, actor=TREASURER)
    assert desk.ledger.orders.get(second.id).state is State.REQUESTED


def test_a_second_line_for_a_funded_order_pays_for_nothing(desk: Fixture) -> None:
    order = desk.mint()
    first, second = desk.receive("100.00"), desk.receive("100.00")
    desk.ledger.funds.match(order.id, first, actor=TREASURER)
    with pytest.raises(IllegalTransition, match="from funded to funded"):
        desk.ledger.funds.match(order.id, second, actor=TREASURER)
    assert [receipt.reference for receipt in desk.ledger.funds.unmatched()] == [second]


def test_two_lines_do_not_go_back_by_one_payment(desk: Fixture) -> None:
    first, second = desk.receive("100.00"), desk.receive("100.00")
    desk.ledger.funds.mark_returned(first, payment_reference="return-1")
    with pytest.raises(FundsAlreadyMatched, match=f"return-1 brought back bank line {first}"):
        desk.ledger.funds.mark_returned(second, payment_reference="return-1")
    assert [receipt.reference for receipt in desk.ledger.funds.unmatched()] == [second]


def test_x8_money_of_a_third_party_is_returned_and_mints_nothing(desk: Fixture) -> None:
    order = desk.mint()
    line = desk.receive("100.00", payer_matches=False)
    with pytest.raises(ThirdPartyPayment, match="return it"):
        desk.ledger.funds.match(order.id, line, actor=TREASURER)
    returned = desk.ledger.funds.mark_returned(line, payment_reference="return-1")
    assert (returned.returned_reference, returned.returned_at) == ("return-1", NOON)
    with pytest.raises(FundsAlreadyMatched, match="went back before"):
        desk.ledger.funds.mark_returned(line, payment_reference="return-2")
    assert desk.ledger.orders.get(order.id) == order


@pytest.mark.parametrize("amount", [dollars("99.99"), dollars("100.01"), Amount.money("100.00", "HKD")])
def test_short_over_and_foreign_money_is_not_matched(desk: Fixture, amount: Amount) -> None:
    order = desk.mint()
    desk.ledger.funds.receive("line", amount=amount, payer_matches=True, value_date=DAY)
    with pytest.raises(FundsMismatch, match="agree to the last unit"):
        desk.ledger.funds.match(order.id, "line", actor=TREASURER)
    assert [receipt.reference for receipt in desk.ledger.funds.unmatched()] == ["line"]


def test_returned_money_pays_for_nothing(desk: Fixture) -> None:
    order, line = desk.mint(), desk.receive("100.00")
    desk.ledger.funds.mark_returned(line, payment_reference="return-1")
    with pytest.raises(FundsAlreadyMatched, match="its payer, by return-1"):
        desk.ledger.funds.match(order.id, line, actor=TREASURER)


def test_money_goes_back_only_once_its_order_has_ended(desk: Fixture) -> None:
    order = desk.mint()
    line = desk.receive("100.00")
    desk.ledger.funds.match(order.id, line, actor=TREASURER)
    with pytest.raises(IllegalTransition, match="which is funded: end the order"):
        desk.ledger.funds.mark_returned(line, payment_reference="return-1")
    desk.take(order.id, State.CANCELLED)
    assert desk.ledger.funds.mark_returned(line, payment_reference="return-1").order_id == order.id
    desk.ledger.verify()


def test_the_money_of_an_order_that_ended_is_listed_until_it_goes_back(desk: Fixture) -> None:
    order, line = desk.mint(), desk.receive("100.00")
    desk.ledger.funds.match(order.id, line, actor=TREASURER)
    assert desk.ledger.funds.unmatched() == ()
    desk.take(order.id, State.CANCELLED)
    assert [item.reference for item in desk.ledger.funds.unmatched()] == [line]
    desk.ledger.funds.mark_returned(line, payment_reference="return-1")
    assert desk.ledger.funds.unmatched() == ()


def test_money_is_locked_after_its_order_by_matching_and_returning_alike(desk: Fixture) -> None:
    """On PostgreSQL two opposite sequences of row locks would block each other."""
    order, line = desk.mint(), desk.receive("100.00")
    with statements(desk.ledger) as asked:
        desk.ledger.funds.match(order.id, line, actor=TREASURER)
    deciding = read_from(asked)
    assert deciding.index("orders") < deciding.index("funds_receipts")
    desk.take(order.id, State.CANCELLED)
    with statements(desk.ledger) as asked:
        desk.ledger.funds.mark_returned(line, payment_reference="return-1")
    assert read_from(asked)[1:3] == ["orders", "funds_receipts"]


def read_from(asked: list[str]) -> list[str]:
    tables = ("orders", "funds_receipts")
    reads = [text.replace("\n", "") for text in asked if text.startswith("SELECT")]
    return [name for text in reads for name in tables if f"FROM {name}" in text]


def test_only_a_treasurer_says_that_money_came(desk: Fixture) -> None:
    order, line = desk.mint(), desk.receive("100.00")
    with pytest.raises(NotAuthorised):
        desk.ledger.funds.match(order.id, line, actor=CHECKER)
    assert desk.ledger.funds.get(line).order_id is None


@pytest.mark.parametrize(
    "changed",
    [
        {"amount": 100.0},
        {"amount": dollars("0")},
        {"amount": tokens("100.00")},
        {"payer_matches": None},
        {"payer_matches": "yes"},
        {"value_date": NOON},
        {"value_date": "2026-11-23"},
    ],
)
def test_a_bank_line_that_can_not_be_read(desk: Fixture, changed: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"amount": dollars("1.00"), "payer_matches": True, "value_date": DAY}
    with pytest.raises(InvalidInput):
        desk.ledger.funds.receive("line", **(fields | changed))


def test_an_unknown_line(desk: Fixture) -> None:
    order = desk.mint()
    with pytest.raises(NotFound):
        desk.ledger.funds.match(order.id, "nothing", actor=TREASURER)
    with pytest.raises(NotFound):
        desk.ledger.funds.mark_returned("nothing", payment_reference="return-1")


# Payouts


def _burned(desk: Fixture, key: str = "redeem-1") -> RedemptionOrder:
    order = desk.redemption(key)
    desk.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED, State.BURNED)
    return order


def _pay(desk: Fixture, order: RedemptionOrder, reference: str, **changed: Any) -> Any:
    fields: dict[str, Any] = {"amount": dollars("100.00"), "paid_at": NOON, "actor": TREASURER}
    return desk.ledger.payouts.record(order.id, reference=reference, **(fields | changed))


def test_a_redemption_is_paid_once(desk: Fixture) -> None:
    order = _burned(desk)
    payout = _pay(desk, order, "payment-1")
    assert desk.ledger.payouts.get(order.id) == payout
    for reference in ("payment-1", "payment-2"):
        with pytest.raises(PayoutAlreadyRecorded, match=f"payment-1 already paid redemption {order.id}"):
            _pay(desk, order, reference)
    assert desk.ledger.payouts.all() == (payout,)
    desk.take(order.id, State.SETTLED)
    with pytest.raises(PayoutAlreadyRecorded):
        _pay(desk, order, "payment-3")
    desk.ledger.verify()


def test_a_payment_reference_pays_one_redemption(desk: Fixture) -> None:
    first, second = _burned(desk, "a"), _burned(desk, "b")
    _pay(desk, first, "payment-1")
    with pytest.raises(PayoutAlreadyRecorded, match=f"already paid redemption {first.id}"):
        _pay(desk, second, "payment-1")
    assert desk.ledger.orders.get(second.id).state is State.BURNED


def test_nothing_is_paid_before_the_burn(desk: Fixture) -> None:
    order = desk.redemption()
    for state in (State.VALID, State.ESCROWED, State.APPROVED):
        desk.take(order.id, state)
        with pytest.raises(IllegalTransition):
            _pay(desk, order, "payment-1")
    assert desk.ledger.payouts.all() == ()


def test_a_payout_is_the_amount_of_the_order(desk: Fixture) -> None:
    order = _burned(desk)
    for amount in (dollars("99.99"), Amount.money("100.00", "HKD")):
        with pytest.raises(FundsMismatch):
            _pay(desk, order, "payment-1", amount=amount)
    with pytest.raises(InvalidInput, match="no time zone"):
        _pay(desk, order, "payment-1", paid_at=datetime(2026, 11, 23))  # noqa: DTZ001
    with pytest.raises(InvalidInput, match="after now"):
        _pay(desk, order, "payment-1", paid_at=NOON + timedelta(seconds=1))
    with pytest.raises(NotFound):
        desk.ledger.payouts.get(order.id)


def test_who_asked_or_approved_does_not_pay(desk: Fixture) -> None:
    order = _burned(desk)
    for person, role in ((MAKER, Role.MAKER), (CHECKER, Role.CHECKER)):
        desk.ledger.persons.set_roles(person, [role, Role.TREASURER])
        with pytest.raises(NotAuthorised, match="another person must"):
            _pay(desk, order, "payment-1", actor=person)
    assert _pay(desk, order, "payment-1").recorded_at - NOON == timedelta(0)
