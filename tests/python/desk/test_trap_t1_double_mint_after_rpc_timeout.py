"""Trap T1: the node takes a mint and never says so. However often it is tried again, it is minted once."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from support.desks import Bench, Customer
from support.proxy import MisbehavingProxy
from support.workers import ended, killed, start

from toolkit.bindings.errors import OrderAlreadyExecuted, registry
from toolkit.bindings.events import OrderExecuted
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch
from toolkit.chain.client import Client
from toolkit.chain.hexes import keccak, to_hex
from toolkit.desk import Desk
from toolkit.desk.mint import on_chain
from toolkit.issuance import Issuance
from toolkit.ledger import MintOrder, State

AMOUNT, BASE_UNITS = "1000000.00", 1_000_000_000_000
KEY = "subscription-1"

_ONE_RUN = """
with Desk(issuance, url, signers=signers(1)) as desk:
    desk.run()
"""

_PRESSES_RETRY = """
with Desk(issuance, url, signers=signers(1)) as desk:
    for _ in range(3):
        desk.run()
"""


@pytest.fixture
def customer(bench: Bench) -> Customer:
    bench.attest(1_100_000_000_000)
    return bench.customer()


@pytest.fixture
def order(bench: Bench, customer: Customer) -> MintOrder:
    return bench.approved(customer, AMOUNT, key=KEY)


@pytest.fixture
def proxy(bench: Bench) -> Iterator[MisbehavingProxy]:
    with MisbehavingProxy(bench.suite.node.rpc_url) as proxy:
        yield proxy


class Hasty(Client):
    """Waits half a second for the answer to a broadcast."""

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> bytes:
        return super().send_raw(raw, timeout=0.5)


def behind(
    proxy: MisbehavingProxy, bench: Bench, *, kind: type[Client] = Client, patience: float = 1.0
) -> Desk:
    """Another desk on the same ledger, to which the node answers through the proxy."""
    suite = bench.suite
    client = kind(proxy.url, reverts=registry())
    issuance = Issuance(client, suite.issuance.record, terms=suite.terms)
    return Desk(issuance, bench.url, patience=timedelta(seconds=patience))


def stored(bench: Bench) -> list[tuple[str, bytes]]:
    """The mints in the database, read past every layer of the product, with the bytes of their hash."""
    engine = sa.create_engine(bench.url)
    with engine.connect() as connection:
        rows = connection.execute(
            sa.text("SELECT hash, raw FROM transactions WHERE lane = :lane"),
            {"lane": bench.suite.signer(Role.OPERATOR).address},
        )
        found = [(row.hash, row.raw) for row in rows if row.hash == to_hex(keccak(row.raw))]
    engine.dispose()
    return found


def require_minted_once(bench: Bench, order: MintOrder, before: int) -> None:
    suite = bench.suite
    desk = bench.reopen()
    [executed] = suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    assert executed.number == order.number
    assert suite.token.total_supply() == before + BASE_UNITS
    [record] = desk.ledger.transactions.find(lane=suite.signer(Role.OPERATOR).address)
    assert record.hash == to_hex(executed.log.tx_hash)
    assert desk.order(order).state is State.SETTLED
    assert desk.history(order)[-1].evidence == record.hash[2:]
    assert desk.status().agrees


def test_killed_in_the_time_out_and_tried_again_three_times_by_two_workers_at_once(
    bench: Bench, order: MintOrder, proxy: MisbehavingProxy, tmp_path: Path
) -> None:
    suite, before = bench.suite, bench.suite.token.total_supply()
    at_the_first_send: list[tuple[str, bytes]] = []
    sent = threading.Event()

    def note() -> None:
        at_the_first_send.extend(stored(bench))
        sent.set()

    proxy.hang("eth_sendRawTransaction", pass_on=True, first=note)
    worker = start(bench, tmp_path, _ONE_RUN, rpc=proxy.url)
    assert sent.wait(240)
    killed(worker)
    proxy.behave()
    [(tx_hash, _)] = at_the_first_send
    for again in [start(bench, tmp_path, _PRESSES_RETRY) for _ in range(2)]:
        ended(again)
    require_minted_once(bench, order, before)
    [record] = bench.desk.ledger.transactions.find(lane=suite.signer(Role.OPERATOR).address)
    assert record.hash == tx_hash, "the original one"


def test_the_answer_comes_after_the_time_out(bench: Bench, order: MintOrder, proxy: MisbehavingProxy) -> None:
    before = bench.suite.token.total_supply()
    with behind(proxy, bench, kind=Hasty, patience=0) as desk:
        proxy.answer_late("eth_sendRawTransaction", 1.0)
        for _ in range(3):
            desk.run()
        bench.suite.let_it_mine()
        desk.run()
    require_minted_once(bench, order, before)


def test_the_receipt_is_lost_for_a_minute(bench: Bench, order: MintOrder, proxy: MisbehavingProxy) -> None:
    """As many runs as fit into the minute; the proxy's minute ends when it behaves again."""
    before = bench.suite.token.total_supply()
    with behind(proxy, bench, patience=0.2) as desk:
        proxy.hide_receipts(60)
        for _ in range(3):
            report = desk.run()
            assert desk.order(order).state is State.SUBMITTED
            assert len(report.pending) == 1
        proxy.behave()
        bench.suite.let_it_mine()
        desk.run()
    require_minted_once(bench, order, before)


@pytest.mark.parametrize("answer", ["already known", "nonce too low"])
def test_the_node_has_it_already(
    bench: Bench, order: MintOrder, proxy: MisbehavingProxy, answer: str
) -> None:
    before = bench.suite.token.total_supply()
    with behind(proxy, bench) as desk:
        proxy.pass_on_and_refuse("eth_sendRawTransaction", answer, first=bench.suite.let_it_mine)
        for _ in range(3):
            desk.run()
    require_minted_once(bench, order, before)


def test_the_chain_itself_refuses_the_number_a_second_time(bench: Bench, order: MintOrder) -> None:
    """And a retry can't take another number: the idempotency key is the order."""
    suite = bench.suite
    bench.desk.run()
    row = on_chain(order)
    data = suite.market.mint_data((row,))
    again = MintBatch((row,), (data.sign(bench.approver()),))
    with pytest.raises(OrderAlreadyExecuted):
        suite.send(Role.OPERATOR, suite.market.mint([again]))
    found = bench.desk.request_mint(
        order.investor,
        AMOUNT,
        wallet=order.wallet,
        idempotency_key=KEY,
        maker="maker-1",
    )
    assert (found.id, found.number) == (order.id, order.number)
