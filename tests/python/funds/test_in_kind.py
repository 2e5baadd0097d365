"""Creation and redemption in kind (workflow W17): every line confirmed before a share exists."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.funds import LATER, RECEIVED, fund_terms

from toolkit.amounts import Amount
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised, NotEligible
from toolkit.funds import Basket, Confirmation, Direction, InKindOrder, InKindState
from toolkit.funds.errors import BasketChanged, DealerNotEligible, DeliveryShort, WrongCashComponent

TERMS = fund_terms()


def basket(**changes: Any) -> Basket:
    data = {
        "schema_version": 1,
        "fund": "DMMF",
        "share_class": "A",
        "day": "2026-11-20",
        "version": 1,
        "block_units": "10000",
        "currency": "USD",
        "cash": "-250.50",
        "lines": [
            {"line_id": "1", "asset": "US912797XX", "quantity": "99000", "custodian": "bank-1"},
            {
                "line_id": "2",
                "asset": "BTC",
                "quantity": "0.01500000",
                "custodian": "vatp-1",
                "virtual_asset": True,
                "custody_account": "VATP-ACC-1",
                "advance_notice": "25EC50/2026-1",
            },
        ],
    }
    return Basket.from_data({**data, **changes})


BASKET = basket()


def usd(text: str) -> Amount:
    return Amount.money(text, "USD", signed=True)


def received(direction: Direction = Direction.CREATION, **changes: Any) -> InKindOrder:
    cash = "-501.00" if direction is Direction.CREATION else "501.00"
    facts: dict[str, Any] = {
        "order": "PD-1-77",
        "dealer": "PD-1",
        "direction": direction,
        "blocks": 2,
        "basket_hash": BASKET.hash,
        "cash": usd(cash),
        "by": "pd-maker",
        "now": RECEIVED,
    }
    return InKindOrder.receive(TERMS, BASKET, **{**facts, **changes})


def pending() -> InKindOrder:
    return received().publish(BASKET, by="pd-checker", now=LATER).deliver(BASKET, by="desk-1", now=LATER)


BONDS = Confirmation("1", "198000", "bank-1", "SETT-1")
COINS = Confirmation("2", "0.03", "vatp-1", "TX-9", screening="SCR-4")


def test_a_creation_from_order_to_register() -> None:
    order = pending().confirm(BONDS, now=LATER)
    assert order.state is InKindState.ASSETS_PENDING
    assert list(order.short) == ["2"]
    order = order.confirm(COINS, now=LATER)
    assert order.state is InKindState.ASSETS_CONFIRMED
    order = order.minted(by="registrar-maker", reference="0xabc", now=LATER).final(
        by="registrar-maker", now=LATER
    )
    with pytest.raises(NotAuthorised, match="another person posts"):
        order.post(by="registrar-maker", register_version="A@7", now=LATER)
    order = order.post(by="registrar-checker", register_version="A@7", now=LATER).close(
        by="desk-1", now=LATER
    )
    assert [event.target.value for event in order.events] == [
        "received",
        "basket_published",
        "assets_pending",
        "assets_confirmed",
        "units_minted",
        "final",
        "register_posted",
        "closed",
    ]
    assert order.events[3].to_data()["actor"] == "vatp-1"
    assert order.next_state is None
    with pytest.raises(IllegalTransition):
        order.close(by="desk-1", now=LATER)


def test_a_redemption_delivers_only_what_was_burned_for() -> None:
    order = received(Direction.REDEMPTION).publish(BASKET, by="pd-checker", now=LATER)
    with pytest.raises(IllegalTransition, match="next is units_burned"):
        order.deliver(BASKET, by="desk-1", now=LATER)
    with pytest.raises(IllegalTransition):
        order.minted(by="registrar-maker", reference="0x", now=LATER)
    order = order.burned(by="registrar-maker", reference="0xdef", now=LATER)
    with pytest.raises(IllegalTransition):
        order.cancel(by="pd-maker", reason="changed its mind", now=LATER)
    order = order.deliver(BASKET, by="desk-1", now=LATER).confirm(BONDS, now=LATER).confirm(COINS, now=LATER)
    assert order.final(by="registrar-maker", now=LATER).next_state is InKindState.REGISTER_POSTED


def test_no_share_is_minted_while_a_line_is_short() -> None:
    order = pending().confirm(BONDS, now=LATER)
    with pytest.raises(DeliveryShort, match=r"short of 2 \(0\.03") as caught:
        order.minted(by="registrar-maker", reference="0x", now=LATER)
    assert caught.value.details["lines"] == ["2"]
    short = order.fell_short(by="desk-1", reason="no delivery by 18:00", now=LATER)
    with pytest.raises(DeliveryShort):
        short.minted(by="registrar-maker", reference="0x", now=LATER)
    cured = short.confirm(COINS, now=LATER + timedelta(days=1))
    assert cured.state is InKindState.ASSETS_CONFIRMED
    with pytest.raises(NotAuthorised):
        short.accept_cash(usd("1500.00"), by="pd-maker", evidence="QUOTE-3", now=LATER)
    for wrong in (usd("0"), usd("-1"), Amount.money("1500", "HKD")):
        with pytest.raises(InvalidInput, match="in USD"):
            short.accept_cash(wrong, by="provider-1", evidence="QUOTE-3", now=LATER)
    paid = short.accept_cash(usd("1500.00"), by="provider-1", evidence="QUOTE-3", now=LATER)
    assert (paid.state, paid.cash_in_lieu) == (InKindState.ASSETS_CONFIRMED, usd("1500.00"))
    assert "QUOTE-3" in paid.events[-1].reason
    gone = short.cancel(by="pd-maker", reason="line 2 not obtainable", now=LATER)
    assert gone.state is InKindState.CANCELLED
    with pytest.raises(IllegalTransition):
        gone.confirm(COINS, now=LATER)


def test_a_line_may_come_in_parts_and_never_in_excess() -> None:
    first = Confirmation("1", "100000", "bank-1", "SETT-1")
    order = pending().confirm(first, now=LATER)
    assert str(order.short["1"].value.normalize()) == "9.8E+4"
    with pytest.raises(InvalidInput, match="more than the 98000"):
        order.confirm(Confirmation("1", "98000.01", "bank-1", "SETT-2"), now=LATER)
    order = order.confirm(Confirmation("1", "98000", "bank-1", "SETT-2"), now=LATER)
    with pytest.raises(InvalidInput, match="nothing is left"):
        order.confirm(Confirmation("1", "1", "bank-1", "SETT-3"), now=LATER)


@pytest.mark.parametrize(
    ("confirmation", "message"),
    [
        (Confirmation("3", "1", "bank-1", "SETT-9"), "has no line '3'"),
        (Confirmation("1", "1", "vatp-1", "SETT-9"), "vatp-1 has no line '1'"),
        (Confirmation("2", "0.03", "vatp-1", "TX-9"), "screening"),
        (Confirmation("1", "0", "bank-1", "SETT-9"), "nothing is left"),
        (Confirmation("1", "-1", "bank-1", "SETT-9"), "negative"),
    ],
)
def test_a_confirmation_that_does_not_fit_is_refused(confirmation: Confirmation, message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        pending().confirm(confirmation, now=LATER)


def test_a_custodians_reference_counts_once() -> None:
    half = Confirmation("1", "99000", "bank-1", "SETT-1")
    with pytest.raises(InvalidInput, match="SETT-1 was given before"):
        pending().confirm(half, now=LATER).confirm(half, now=LATER)


def test_only_a_participating_dealer_deals_in_kind() -> None:
    with pytest.raises(DealerNotEligible, match="PD-2") as caught:
        received(dealer="PD-2")
    assert isinstance(caught.value, NotEligible)


@pytest.mark.parametrize("cash", ["501.00", "-250.50", "-501.01", "0"])
def test_the_cash_component_is_the_baskets_in_amount_and_sign(cash: str) -> None:
    with pytest.raises(WrongCashComponent, match=r"-501\.00 USD"):
        received(cash=usd(cash))
    assert BASKET.cash_of(2, Direction.REDEMPTION) == usd("501.00")


def test_another_version_of_the_basket_is_refused_until_delivery() -> None:
    other = basket(version=2)
    with pytest.raises(BasketChanged):
        received(basket_hash=other.hash)
    with pytest.raises(BasketChanged):
        received().publish(other, by="pd-checker", now=LATER)
    published = received().publish(BASKET, by="pd-checker", now=LATER)
    with pytest.raises(BasketChanged, match="version 2"):
        published.deliver(other, by="desk-1", now=LATER)


def test_the_maker_does_not_check() -> None:
    with pytest.raises(NotAuthorised, match="another person checks"):
        received().publish(BASKET, by="pd-maker", now=LATER)


def test_blocks_are_whole_and_of_the_terms_size() -> None:
    with pytest.raises(InvalidInput, match="whole blocks"):
        received(blocks=0)
    other = basket(block_units="5000")
    with pytest.raises(InvalidInput, match=r"a block is 10,000\.0000 DMMF-A"):
        InKindOrder.receive(
            TERMS,
            other,
            order="1",
            dealer="PD-1",
            direction=Direction.CREATION,
            blocks=1,
            basket_hash=other.hash,
            cash=usd("-250.50"),
            by="pd-maker",
            now=RECEIVED,
        )


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"lines": []}, "lines"),
        ({"lines": [BASKET.to_data()["lines"][0]] * 2}, "twice"),
        ({"lines": [{**BASKET.to_data()["lines"][0], "quantity": "0"}]}, "above zero"),
        ({"lines": [{**BASKET.to_data()["lines"][0], "virtual_asset": True}]}, "custody_account"),
        ({"block_units": "0"}, "block_units"),
        ({"cash": "0.005"}, "never rounded"),
        ({"cash": 5}, "string"),
    ],
)
def test_a_malformed_basket_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        basket(**changes)


def test_the_hash_depends_on_every_line() -> None:
    lines = BASKET.to_data()["lines"]
    changed = [{**lines[0], "quantity": "99000.01"}, lines[1]]
    assert len({BASKET.hash, basket(lines=changed).hash, basket(cash="250.50").hash}) == 3
