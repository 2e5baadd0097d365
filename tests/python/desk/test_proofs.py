"""What a mint's receipt says, read by fixed layout, is what the general decoder reads."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from support.suite import Suite

from toolkit.bindings.events import OrderExecuted, Transfer
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch
from toolkit.desk.proofs import minted_in


def test_the_quick_reading_of_a_mint_is_the_general_one(suite: Suite) -> None:
    suite.ready()
    recipients = (suite.holder.address, suite.stranger.address, suite.holder.address)
    suite.register(*set(recipients))
    orders = [suite.order(number, 5 * number, to) for number, to in enumerate(recipients, start=300)]
    signed = suite.batch(*orders)
    batches = [MintBatch(signed.orders, signed.approvals, 0b010), suite.batch(suite.order(2**255, 1))]
    receipt = suite.send(Role.OPERATOR, suite.market.mint(batches)).receipt

    executed = suite.market.events_in(receipt, OrderExecuted)
    transfers = suite.token.events_in(receipt, Transfer)
    expected = {
        order.number: (transfer.recipient, transfer.amount)
        for order, transfer in zip(executed, transfers, strict=True)
    }
    context: Any = SimpleNamespace(market=suite.market, token=suite.token)
    found = minted_in(context, receipt)
    assert {number: (item.wallet, item.amount) for number, item in found.items()} == expected
    assert list(found) == [300, 302, 2**255]
