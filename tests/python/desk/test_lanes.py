"""Keys, leased: several workers, paused ones, a pool, and the guardian who waits for nobody."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.desks import Bench
from support.workers import PAYEE, end_leases, ended, heard, killed, lanes_of, start, until_stopped

from toolkit.chain.calls import Call
from toolkit.chain.hexes import from_hex
from toolkit.chain.signers import dev_signer
from toolkit.desk import Desk
from toolkit.errors import ConfigurationError, LaneBusy, LaneLost, NodeStalled

OPERATOR = dev_signer(1).address


def pay(amount: int) -> Call:
    return Call(PAYEE, b"", value=amount, description=f"pay {amount}")


def paid(bench: Bench) -> int:
    return bench.suite.client.balance(PAYEE, "latest")


@pytest.fixture
def by_hand(bench: Bench) -> Iterator[Bench]:
    """On a node that mines when it is told to."""
    bench.suite.node.set_automine(False)
    yield bench
    bench.suite.node.set_automine(True)


_SENDS = """
mine = lanes({keys})
sent = 0
while sent < 10:
    try:
        mine.send("operator", pay({amount}), gas=21_000)
    except (LaneBusy, LaneLost):
        continue
    sent += 1
"""


@pytest.mark.parametrize("keys", ["1", "1, 16"], ids=["one key", "a pool of two"])
def test_workers_share_keys_and_never_a_nonce(bench: Bench, tmp_path: Path, keys: str) -> None:
    before = paid(bench)
    bench.suite.node.set_balance(dev_signer(16).address, 10**19)
    workers = [start(bench, tmp_path, _SENDS.format(keys=keys, amount=amount)) for amount in (1, 1_000)]
    for worker in workers:
        ended(worker)
    lanes = lanes_of(bench, 1, 16)
    records = bench.desk.ledger.transactions.find()
    for record in records:
        sender = lanes.of(record.lane)
        assert sender is not None
        assert sender.wait(from_hex(record.hash)).receipt.succeeded
    assert paid(bench) == before + 10_010
    assert len({(record.lane, record.nonce) for record in records}) == len(records) == 20


_PAUSES_BEFORE_BROADCAST = """
original = Client.send_raw
def send_raw(self, raw, **options):
    os.kill(os.getpid(), signal.SIGSTOP)
    Client.send_raw = original
    return original(self, raw, **options)
Client.send_raw = send_raw

with lanes(1).lease("operator") as lane:
    say("0x" + lane.send(pay(7)).hash.hex())
    try:
        lane.send(pay(7_000))
    except LaneLost as error:
        say(error.code)
"""


def test_a_paused_worker_that_wakes_cannot_send(bench: Bench, tmp_path: Path) -> None:
    """What it had recorded is sent by whoever has its lane now, as the same bytes, and once."""
    before = paid(bench)
    worker = start(bench, tmp_path, _PAUSES_BEFORE_BROADCAST)
    until_stopped(worker)
    [record] = bench.desk.ledger.transactions.find(lane=OPERATOR)
    lanes = lanes_of(bench)
    with pytest.raises(LaneBusy, match="leased to other workers"):
        lanes.send("operator", pay(1))
    assert lanes.tend() == [], "what another worker is about to send is left to it"
    assert bench.suite.client.transaction(from_hex(record.hash)) is None
    end_leases(bench.desk.ledger)
    assert lanes.tend() == []
    with lanes.lease("operator") as lane:
        assert lane.sender.wait(from_hex(record.hash)).receipt.succeeded
        mine = lane.send(pay(1))
        worker.send_signal(signal.SIGCONT)
        assert heard(worker) == record.hash
        assert heard(worker) == LaneLost.code
        ended(worker)
        assert lane.sender.wait(mine).receipt.succeeded
    assert mine.nonce == record.nonce + 1
    assert paid(bench) == before + 8
    assert len(bench.desk.ledger.transactions.find(lane=OPERATOR)) == 2


def test_a_lane_is_the_same_within_its_block_and_free_after_it(bench: Bench) -> None:
    first, second = lanes_of(bench), lanes_of(bench)
    with first.lease("operator") as lane, first.lease("operator") as again:
        assert again is lane
        with pytest.raises(LaneBusy):
            second.send("operator", pay(1))
    with second.lease("operator"), pytest.raises(LaneLost, match="not leased by this worker"):
        lane.send(pay(1))
    with first.lease("operator") as lane:
        first.release()
        with second.lease("operator"):
            pass


def test_a_freeze_does_not_wait_for_mints(bench: Bench, tmp_path: Path) -> None:
    """Another worker holds the operator's lane and hangs in the middle of a send."""
    wallet = bench.customer().wallet
    worker = start(bench, tmp_path, _PAUSES_BEFORE_BROADCAST)
    until_stopped(worker)
    assert bench.desk.freeze(wallet).final
    assert not bench.suite.token.can_send(wallet)
    [mint] = bench.desk.ledger.transactions.find(lane=OPERATOR)
    assert bench.suite.client.transaction(from_hex(mint.hash)) is None, "it still hangs"
    killed(worker)


def test_the_guardian_takes_its_lane_over(bench: Bench) -> None:
    """A dead desk on another machine has the lease, for half a minute yet."""
    wallet = bench.customer().wallet
    bench.desk.freeze(wallet, "1.00")
    guardian = dev_signer(9).address
    held = bench.desk.ledger.lanes.lease([guardian], holder="elsewhere:1:abc")
    assert held is not None
    assert bench.desk.freeze(wallet).final
    assert bench.desk.ledger.lanes.lease([guardian], holder="elsewhere:1:abc") is not None


def test_the_guardians_key_is_nobody_elses(bench: Bench) -> None:
    with pytest.raises(ConfigurationError, match="shares the key"):
        Desk(bench.suite.issuance, bench.url, signers={"guardian": dev_signer(9), "operator": dev_signer(9)})


def test_a_node_that_answers_and_mines_nothing_is_an_alarm(by_hand: Bench) -> None:
    lanes = lanes_of(by_hand, stall_after=0.2)
    sent = lanes.send("operator", pay(1))
    assert lanes.tend() == []
    time.sleep(0.3)
    [alarm] = lanes.tend()
    assert isinstance(alarm, NodeStalled)
    assert alarm.details["waiting"] == 1
    by_hand.suite.node.mine()
    assert lanes.tend() == []
    sender = lanes.of(OPERATOR)
    assert sender is not None
    assert sender.wait(sent).final
    time.sleep(0.3)
    assert lanes.tend() == [], "nothing waits"


def test_what_a_crashed_worker_recorded_is_sent_though_nobody_sends_anything_new(
    bench: Bench, tmp_path: Path
) -> None:
    before = paid(bench)
    worker = start(bench, tmp_path, _PAUSES_BEFORE_BROADCAST)
    until_stopped(worker)
    killed(worker)
    lanes = lanes_of(bench)
    assert lanes.tend() == []
    [record] = bench.desk.ledger.transactions.find(lane=OPERATOR)
    sender = lanes.of(OPERATOR)
    assert sender is not None
    assert sender.wait(from_hex(record.hash)).receipt.succeeded
    assert paid(bench) == before + 7
