"""Exactly once, whatever happens on the way: killed workers, lost answers, reorganisations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.desks import TREASURER, Bench
from support.suite import Suite

from toolkit.bindings.events import OrderExecuted
from toolkit.bindings.roles import Role
from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import from_hex
from toolkit.chain.journal import Outcome
from toolkit.chain.sender import Mined, Sender, Sent
from toolkit.desk import Desk
from toolkit.errors import (
    ConfigurationError,
    Dropped,
    NodeTimeout,
    NodeUnreachable,
    StaleDeployment,
    WrongChain,
)
from toolkit.issuance import Issuance, connect
from toolkit.ledger import State
from toolkit.ledger.errors import StaleLedger
from toolkit.ledger.transactions import RECORDED


def _executed(bench: Bench) -> list[int]:
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    return [event.number for event in events]


def _lose_answers(monkeypatch: pytest.MonkeyPatch, *, forward: bool) -> Callable[[], None]:
    """Every broadcast times out, having reached the node or not. Returns how to end it."""
    original = Client.send_raw

    def send_raw(self: Client, raw: bytes, **options: Any) -> bytes:
        if forward:
            original(self, raw, **options)
        raise NodeTimeout("no answer within 1 s")

    monkeypatch.setattr(Client, "send_raw", send_raw)
    return lambda: monkeypatch.setattr(Client, "send_raw", original)


def test_t1_a_lost_answer_never_makes_a_second_transaction(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.approved(bench.customer())
    restore = _lose_answers(monkeypatch, forward=True)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    restore()
    bench.desk.run()
    assert _executed(bench) == [order.number]


def test_t1_what_never_reached_the_node_is_sent_again_as_it_was(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order = bench.approved(bench.customer())
    restore = _lose_answers(monkeypatch, forward=False)
    report = bench.desk.run()
    (pending,) = report.pending
    assert bench.desk.order(order).state is State.SUBMITTED
    assert bench.desk.run().pending == (pending,)  # nor does another run sign anything new
    assert bench.desk.status().in_flight == (pending,)
    restore()
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    (event,) = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    assert "0x" + event.log.tx_hash.hex() == pending


def test_what_cannot_be_sent_at_all_goes_back_with_its_signatures(bench: Bench) -> None:
    suite, order = bench.suite, bench.approved(bench.customer())
    operator = suite.signer(Role.OPERATOR).address
    suite.node.set_balance(operator, 1)
    report = bench.desk.run()
    assert bench.desk.order(order).state is State.APPROVED
    assert report.waiting
    assert report.unsigned == ()
    suite.node.set_balance(operator, 10**19)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)


def test_what_another_worker_was_told_meanwhile_is_heard_by_one_that_waits(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    order, ledger = bench.approved(bench.customer()), bench.desk.ledger
    with monkeypatch.context() as lost:
        _lose_answers(lost, forward=False)
        bench.desk.run()
        (record,) = ledger.transactions.find(state=RECORDED)
        wait = Sender.wait

        def refused(self: Sender, sent: Sent | bytes, **options: Any) -> Mined:
            """The one whose bytes they were writes down, while this one waits, that the node refused them."""
            if sent != from_hex(record.hash):
                return wait(self, sent, **options)
            ledger.transactions.finish(record.hash, Outcome.REFUSED)
            raise Dropped("the node doesn't know it")

        lost.setattr(Sender, "wait", refused)
        report = bench.desk.run()
    assert State.APPROVED in {change.state for change in report.changes}
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    assert _executed(bench) == [order.number]


def test_a_reverted_transaction_sets_its_orders_free(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    suite, customer = bench.suite, bench.customer()
    order = bench.approved(customer)
    suite.node.set_automine(False)
    original = Client.send_raw

    def send_raw(self: Client, raw: bytes, **options: Any) -> bytes:
        # The guardian stops minting in the same block, before the mint.
        monkeypatch.setattr(Client, "send_raw", original)
        sender = suite.issuance.sender(suite.signer(Role.GUARDIAN))
        sender.send(suite.market.stop_minting())
        suite.node.mine()
        answer = original(self, raw, **options)
        suite.node.mine()
        return answer

    monkeypatch.setattr(Client, "send_raw", send_raw)
    report = bench.desk.run()
    suite.node.set_automine(True)
    assert bench.desk.order(order).state is State.APPROVED
    assert [type(item.error).__name__ for item in report.waiting] == ["MintingIsStopped"]
    suite.govern(suite.market.resume_minting())
    bench.attest(1_000_000_000_000)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    assert _executed(bench) == [order.number]


def test_t2_a_reorganised_mint_goes_back_and_comes_again_once(bench: Bench) -> None:
    suite, node, customer = bench.suite, bench.suite.node, bench.customer()
    order = bench.approved(customer)
    bench.desk.close()
    patient = Issuance(connect(node, finality=Finality(depth=3)), suite.issuance.record, terms=suite.terms)
    with Desk(patient, bench.url, patience=timedelta(0)) as desk:
        desk.run()
        suite.let_it_mine()
        desk.run()
        assert desk.order(order).state is State.MINED  # in a block, which isn't final
        (record,) = desk.ledger.transactions.find(lane=suite.signer(Role.OPERATOR).address)
        node.set_automine(False)
        node.reorg(1)
        report = desk.run()
        assert report.reached(State.SUBMITTED) == (order.id,)
        assert report.pending == (record.hash,)
        node.set_automine(True)
        node.mine()
        assert desk.run().reached(State.MINED) == (order.id,)
        node.mine(3)
        assert desk.run().reached(State.SETTLED) == (order.id,)
        (again,) = desk.ledger.transactions.find(lane=record.lane)
        assert (again.hash, again.block_hash != record.block_hash) == (record.hash, True)
        assert suite.token.balance_of(customer.wallet) == 10**9
        desk.ledger.verify()


def test_a_key_the_desk_lacks_leaves_orders_where_they_are(bench: Bench) -> None:
    customer = bench.customer()
    bench.minted(customer)
    order = bench.burned(customer)
    bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    bench.desk.close()
    with Desk(
        bench.suite.issuance, bench.url, signers={"operator": bench.suite.signer(Role.OPERATOR)}
    ) as desk:
        (waiting,) = desk.run().waiting
        assert isinstance(waiting.error, ConfigurationError)
        assert desk.order(order).state is State.PAID
    with pytest.raises(ConfigurationError, match="cashier"):
        Desk(bench.suite.issuance, bench.url, signers={"cashier": bench.suite.stranger})


# --- the wrong node, no node, another's ledger -------------------------------------------------------------


def test_no_node_is_said_at_once_and_nothing_is_lost(suite: Suite, tmp_path: Path) -> None:
    with Anvil(accounts=20) as node:
        own = Issuance.deploy(suite.terms, node)
        desk = Desk(own, f"sqlite:///{tmp_path}/desk.db")
    for act in (desk.run, desk.status):
        with pytest.raises(NodeUnreachable):
            act()
    with Anvil(accounts=20, chain_id=31338) as other, pytest.raises(WrongChain, match="31338"):
        connect(other.rpc_url, chain_id=31337).block()
    record = tmp_path / "record.json"
    own.record.save(record)
    with pytest.raises(StaleDeployment):
        Issuance.load(record, suite.node)
    desk.close()
    with pytest.raises(StaleLedger, match="instance_id"):
        Desk(suite.issuance, f"sqlite:///{tmp_path}/desk.db")
