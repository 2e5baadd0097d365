"""Trap T3: a mint is stuck, another waits behind it, one is cancelled, and the guardian must freeze now."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desks import Bench
from support.workers import lanes_of

from toolkit.bindings.events import OrderExecuted
from toolkit.bindings.roles import Role
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.hexes import from_hex, to_quantity
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_signer
from toolkit.desk.lanes import Lanes
from toolkit.errors import Cancelled, NotSent
from toolkit.ledger import Ledger, MintOrder, State
from toolkit.ledger.records import TransactionRecord

GWEI = 10**9
OPERATOR, GUARDIAN = dev_signer(1).address, dev_signer(9).address


def set_base_fee(node: Anvil, wei: int) -> None:
    node.request("anvil_setNextBlockBaseFeePerGas", to_quantity(wei))
    node.mine()


@pytest.fixture
def desk_at_night(bench: Bench) -> Iterator[Bench]:
    """On a node that mines when it is told to, and whose base fee somebody turns."""
    usual = bench.suite.client.fees().next_base_fee
    bench.suite.node.set_automine(False)
    yield bench
    set_base_fee(bench.suite.node, usual)
    bench.suite.node.set_automine(True)


@pytest.fixture
def queued(bench: Bench, desk_at_night: Bench) -> tuple[MintOrder, MintOrder]:
    """Mints A and B under consecutive nonces, both waiting; the customer's first one takes more gas."""
    node = bench.suite.node
    node.set_automine(True)
    customer = bench.customer()
    bench.minted(customer)
    node.set_automine(False)
    orders = []
    for amount in ("10.00", "20.00"):
        orders.append(bench.approved(customer, amount))
        run_once(bench)
    sent = [bench.desk.ledger.flights.get(record.flight_id or "").order_ids for record in transactions(bench)]
    first = next(order for order in orders if (order.id,) == sent[0])
    return first, next(order for order in orders if order is not first)


def run_once(bench: Bench) -> None:
    """A pass that waits for nothing."""
    bench.desk._worker.run(bench.desk._context.patience * 0)


def transactions(bench: Bench) -> list[TransactionRecord]:
    """After the customer's first mint."""
    return list(bench.desk.ledger.transactions.find(lane=OPERATOR))[1:]


def following(lanes: Lanes, address: str = OPERATOR) -> Sender:
    sender = lanes.of(address)
    assert sender is not None
    return sender


def executed(bench: Bench) -> list[int]:
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    return [event.number for event in events][1:]


def states(bench: Bench, *orders: MintOrder) -> list[State]:
    return [bench.desk.order(order).state for order in orders]


def test_the_freeze_lands_first_a_is_cancelled_at_its_nonce_and_b_is_not_lost(
    bench: Bench, queued: tuple[MintOrder, MintOrder]
) -> None:
    suite, (a, b) = bench.suite, queued
    usual = suite.client.fees().next_base_fee
    first, second = transactions(bench)
    assert second.nonce == first.nonce + 1
    set_base_fee(suite.node, 30 * GWEI)
    assert states(bench, a, b) == [State.SUBMITTED, State.SUBMITTED], "underpriced and stuck"

    suite.node.set_automine(True)
    assert bench.desk.freeze(a.wallet, "1.00").final
    suite.node.set_automine(False)
    [freeze] = bench.desk.ledger.transactions.find(lane=GUARDIAN)
    assert freeze.lane != first.lane
    assert executed(bench) == []

    lanes = lanes_of(bench)
    with lanes.lease("operator") as lane:
        cancellation = lane.sender.cancel(from_hex(first.hash))
    assert cancellation.nonce == first.nonce, "not by skipping it"
    suite.node.mine()
    with pytest.raises(Cancelled):
        following(lanes).wait(from_hex(first.hash))
    assert executed(bench) == []
    set_base_fee(suite.node, usual)
    assert lanes.tend() == []
    suite.node.mine()
    assert following(lanes).wait(from_hex(second.hash)).receipt.tx_hash == from_hex(second.hash)
    assert executed(bench) == [b.number]

    suite.node.set_automine(True)
    bench.desk.run()
    assert bench.desk.order(b).state is State.SETTLED
    assert bench.desk.order(a).state in (State.APPROVED, State.SETTLED), "its orders went back"
    bench.desk.run()
    assert sorted(executed(bench)) == sorted({*executed(bench)}), "and none went out twice"
    nonces = [record.nonce for record in transactions(bench)]
    assert sorted(set(nonces)) == list(range(first.nonce, max(nonces) + 1)), "no gap"


def test_a_that_is_mined_before_its_cancellation_is_reported_as_minted(
    bench: Bench, queued: tuple[MintOrder, MintOrder]
) -> None:
    suite, (a, b) = bench.suite, queued
    first = transactions(bench)[0]
    lanes = lanes_of(bench)
    with lanes.lease("operator") as lane:
        suite.node.mine()
        with pytest.raises(NotSent, match="is mined: there is nothing left to replace or to cancel"):
            lane.sender.cancel(from_hex(first.hash))
    suite.node.set_automine(True)
    bench.desk.run()
    assert states(bench, a, b) == [State.SETTLED, State.SETTLED]
    assert executed(bench) == [a.number, b.number]
    assert len(transactions(bench)) == 2


def test_an_empty_database_takes_the_next_nonce_from_what_is_pending(
    bench: Bench, queued: tuple[MintOrder, MintOrder], tmp_path: Path
) -> None:
    suite = bench.suite
    last = transactions(bench)[-1]
    with Ledger.open(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        lanes = lanes_of(bench, ledger=empty)
        with lanes.lease("operator") as lane:
            sent = [lane.send(Call(suite.stranger.address, b"", value=1), gas=21_000) for _ in range(2)]
        assert [item.nonce for item in sent] == [last.nonce + 1, last.nonce + 2]
        suite.node.mine()
        sender = following(lanes)
        assert [sender.wait(item).receipt.tx_hash for item in sent] == [item.hash for item in sent]
    suite.node.set_automine(True)
    bench.desk.run()
    assert executed(bench) == [order.number for order in queued]
    assert suite.client.nonce(suite.signer(Role.OPERATOR).address, "latest") == last.nonce + 3
