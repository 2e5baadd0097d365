from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from support.proxy import MisbehavingProxy
from support.tiny import LOGS_ITS_INPUT, LOOPS_FOR_EVER, REVERTS_WITH_ITS_INPUT, place, transact

from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call, EventExpectation
from toolkit.chain.client import Client, Receipt
from toolkit.chain.fees import FeePolicy
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.chain.journal import FileJournal, JournalEntry, MemoryJournal, Outcome
from toolkit.chain.reverts import RequireFailed
from toolkit.chain.sender import ResumeState, Sender, Sent
from toolkit.chain.signers import LocalSigner, SignedTransaction, dev_signer
from toolkit.errors import (
    ConfigurationError,
    ContractReverted,
    Dropped,
    EventMissing,
    InvalidInput,
    NodeUnreachable,
    NotSent,
    ReorgedOut,
    Replaced,
    StillPending,
)

REPOSITORY = Path(__file__).resolve().parents[3]
PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PAY = Call(PAYEE, b"", value=1, description="pay one wei")
GAS = 100_000

GWEI = 10**9
ERROR_STRING = keccak(b"Error(string)")[:4]


def error_string(text: str) -> bytes:
    words = [(32).to_bytes(32, "big"), len(text).to_bytes(32, "big"), text.encode().ljust(32, b"\0")]
    return ERROR_STRING + b"".join(words)


@pytest.fixture(scope="module")
def signer() -> LocalSigner:
    return dev_signer(2)


@pytest.fixture
def sender(client: Client, signer: LocalSigner) -> Sender:
    return Sender(client, signer, MemoryJournal())


def through(proxy: MisbehavingProxy, sender: Sender, **options: float) -> Sender:
    """The same key and journal over a node that misbehaves."""
    client = Client(proxy.url)
    assert client.chain_id == 31337
    return Sender(client, sender.signer, sender.journal, sender.fees, **options)  # type: ignore[arg-type]


def test_send_and_wait(sender: Sender, client: Client) -> None:
    before = client.balance(PAYEE, "latest")
    sent = sender.send(PAY)
    mined = sender.wait(sent)
    assert mined.final
    assert mined.receipt.succeeded
    assert mined.receipt.tx_hash == sent.hash
    assert mined.block.hash == mined.receipt.block_hash
    assert client.balance(PAYEE, "latest") == before + 1
    assert sender.journal.unfinished() == []
    assert sender.wait(sent.hash).receipt == mined.receipt


def test_creates_contracts(sender: Sender, client: Client) -> None:
    code = LOGS_ITS_INPUT
    creation = bytes([0x60, len(code), 0x80, 0x60, 0x09, 0x5F, 0x39, 0x5F, 0xF3]) + code
    mined = sender.execute(Call(None, creation))
    address = mined.receipt.contract_address
    assert address is not None
    assert client.code(address, mined.block) == code


def test_200_concurrent_sends_from_8_threads_with_one_key(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    chain.set_automine(False)
    first = client.nonce(sender.address, "pending")
    with ThreadPoolExecutor(8) as pool:
        sent = list(pool.map(lambda _: sender.send(PAY, gas=21_000), range(200)))
    assert sorted(item.nonce for item in sent) == list(range(first, first + 200))
    chain.mine()
    with ThreadPoolExecutor(8) as pool:
        mined = list(pool.map(sender.wait, sent))
    assert all(item.receipt.succeeded for item in mined)
    assert client.nonce(sender.address, "latest") == first + 200


def test_the_journal_is_written_before_the_broadcast(sender: Sender, chain: Anvil) -> None:
    order: list[str] = []

    class Watched(MemoryJournal):
        def record(self, entry: JournalEntry) -> None:
            order.append(f"record {to_hex(entry.hash)}")
            super().record(entry)

    class WatchedClient(Client):
        def send_raw(self, raw: bytes, *, timeout: float | None = None) -> bytes:
            order.append(f"broadcast {to_hex(keccak(raw))}")
            return super().send_raw(raw, timeout=timeout)

    with WatchedClient(chain.ipc_path) as client:
        sent = Sender(client, sender.signer, Watched()).send(PAY)
    assert order == [f"record {to_hex(sent.hash)}", f"broadcast {to_hex(sent.hash)}"]


def test_a_broadcast_that_never_arrives_is_resumed_with_the_same_hash(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.drop_request("eth_sendRawTransaction")
        with pytest.raises(StillPending, match=r"pay one wei\), nonce 0, was recorded") as caught:
            unlucky.send(PAY)
        tx_hash = from_hex(caught.value.details["tx_hash"])
        assert client.transaction(tx_hash) is None
        assert proxy.seen.count("eth_sendRawTransaction") == 1
        [resumed] = unlucky.resume()
        assert resumed.state is ResumeState.UNANSWERED
        assert isinstance(resumed.error, StillPending)
        proxy.behave()
        [resumed] = unlucky.resume()
        assert (resumed.state, resumed.sent.hash) == (ResumeState.SENT, tx_hash)
    assert sender.wait(tx_hash).receipt.tx_hash == tx_hash
    assert client.nonce(sender.address, "latest") == 1
    assert sender.resume() == []


def test_a_time_out_is_still_pending_and_never_a_second_transaction(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender, send_timeout=0.5)
        proxy.hang("eth_sendRawTransaction", pass_on=True)
        with pytest.raises(StillPending, match="whether it acted is unknown") as caught:
            unlucky.send(PAY)
    tx_hash = from_hex(caught.value.details["tx_hash"])
    chain.mine()  # what the node has taken, it may not have mined yet
    [resumed] = sender.resume()
    assert resumed.state is ResumeState.MINED
    assert sender.wait(tx_hash).final
    assert client.nonce(sender.address, "latest") == 1


def test_an_answer_that_got_lost_ends_in_already_known(chain: Anvil, sender: Sender, client: Client) -> None:
    chain.set_automine(False)
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.drop_answer("eth_sendRawTransaction")
        with pytest.raises(StillPending) as caught:
            unlucky.send(PAY)
        proxy.behave()
        assert [item.state for item in unlucky.resume()] == [ResumeState.SENT]
    chain.mine()
    assert sender.wait(from_hex(caught.value.details["tx_hash"])).final
    assert client.nonce(sender.address, "latest") == 1


def test_sending_on_heals_the_gap_that_a_lost_broadcast_left(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.drop_request("eth_sendRawTransaction", times=1)
        with pytest.raises(StillPending) as caught:
            unlucky.send(PAY)
        second = unlucky.send(PAY)
    assert second.nonce == 1
    assert sender.wait(from_hex(caught.value.details["tx_hash"])).receipt.succeeded
    assert sender.wait(second).receipt.succeeded


def test_nothing_overtakes_a_transaction_that_does_not_arrive(chain: Anvil, sender: Sender) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.drop_request("eth_sendRawTransaction")
        with pytest.raises(StillPending) as caught:
            unlucky.send(PAY)
        with pytest.raises(NotSent, match="an earlier transaction has to go first") as blocked:
            unlucky.send(PAY)
    assert blocked.value.details["blocked_by"] == caught.value.details["tx_hash"]
    assert len(sender.journal.unfinished()) == 1


def test_a_queue_has_an_end(chain: Anvil, client: Client, signer: LocalSigner) -> None:
    chain.set_automine(False)
    sender = Sender(client, signer, MemoryJournal(), max_in_flight=3)
    sent = [sender.send(PAY) for _ in range(3)]
    with pytest.raises(NotSent, match=r"3 transactions of .* have no outcome yet"):
        sender.send(PAY)
    chain.mine()
    sender.wait(sent[0])
    assert sender.send(PAY).nonce == 3


@pytest.mark.parametrize("message", ["internal error", "upstream request timed out", "execution reverted"])
def test_an_error_that_nobody_knows_is_no_refusal(chain: Anvil, sender: Sender, message: str) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.refuse("eth_sendRawTransaction", message)
        with pytest.raises(StillPending):
            unlucky.send(PAY)
    assert len(sender.journal.unfinished()) == 1


@pytest.mark.parametrize(
    "message",
    [
        "insufficient funds for gas * price + value",
        "NonceGap",
        "Upfront cost exceeds account balance",
        "txpool is full",
    ],
)
def test_a_refusal_frees_the_nonce(chain: Anvil, sender: Sender, message: str) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.refuse("eth_sendRawTransaction", message)
        with pytest.raises(NotSent, match="was refused"):
            unlucky.send(PAY)
    assert sender.journal.unfinished() == []
    assert sender.wait(sender.send(PAY)).receipt.succeeded


def test_the_same_bytes_sent_again_after_a_refusal_hold_their_nonce(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    chain.set_automine(False)
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.refuse("eth_sendRawTransaction", "txpool is full")
        with pytest.raises(NotSent) as refused:
            unlucky.send(PAY)
    sent = sender.send(PAY)
    assert to_hex(sent.hash) == refused.value.details["tx_hash"], "the test is about identical bytes"
    assert [entry.hash for entry in sender.journal.unfinished()] == [sent.hash]
    assert sender.send(PAY).nonce == sent.nonce + 1


def test_nonce_too_low_for_what_has_just_been_mined_is_no_refusal(chain: Anvil, sender: Sender) -> None:
    """A proxy passes the request on twice and gives the second answer."""
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.pass_on_and_refuse("eth_sendRawTransaction", "nonce too low", first=chain.mine)
        sent = unlucky.send(PAY)
        assert unlucky.wait(sent).receipt.tx_hash == sent.hash
    assert sender.send(PAY).nonce == sent.nonce + 1


@pytest.mark.parametrize("answer", [None, "0x", 7, {"hash": "0x"}])
def test_a_broadcast_answered_with_nonsense_may_have_arrived(
    chain: Anvil, sender: Sender, answer: object
) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.lie("eth_sendRawTransaction", lambda result, params: answer)
        with pytest.raises(StillPending) as caught:
            unlucky.send(PAY)
    chain.mine()  # what the node has taken, it may not have mined yet
    [resumed] = sender.resume()
    assert (to_hex(resumed.sent.hash), resumed.state) == (caught.value.details["tx_hash"], ResumeState.MINED)


def test_a_receipt_that_is_withheld_is_no_replacement(chain: Anvil, sender: Sender) -> None:
    """Trap T1: the node counts the transaction and knows it, and gives no receipt for a minute."""
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.lie("eth_getTransactionReceipt", lambda result, params: None)
        sent = unlucky.send(PAY)
        for final in (False, True):
            with pytest.raises(StillPending):
                unlucky.wait(sent, final=final, timeout=0.1)
        [resumed] = unlucky.resume()
        assert resumed.state is ResumeState.SENT
        assert len(sender.journal.unfinished()) == 1
    assert sender.wait(sent).final


def test_what_anvil_itself_refuses(chain: Anvil, sender: Sender, client: Client) -> None:
    pauper = Sender(client, LocalSigner(b"\x07" * 32), MemoryJournal())
    with pytest.raises(NotSent, match="Insufficient funds"):
        pauper.send(PAY, gas=21_000)
    with pytest.raises(NotSent, match="intrinsic gas too low"):
        sender.send(PAY, gas=20_000)
    with pytest.raises(NotSent, match="intrinsic gas too high"):
        sender.send(PAY, gas=10**9)
    assert sender.wait(sender.send(PAY)).receipt.succeeded


def test_a_nonce_that_another_hand_took_in_between_is_not_sent(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    other = Sender(client, sender.signer, MemoryJournal())

    class Overtaken(LocalSigner):
        def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
            other.wait(other.send(Call(PAYEE, b"", value=2)))
            return super().sign_transaction(transaction)

    overtaken = Sender(client, Overtaken(chain.private_key(2)), sender.journal)
    with pytest.raises(NotSent, match=r"another transaction of .* used its nonce"):
        overtaken.send(PAY)
    sent = sender.send(PAY)
    assert sent.nonce == 1
    assert sender.wait(sent).final


def test_replaced(chain: Anvil, sender: Sender, client: Client) -> None:
    chain.set_automine(False)
    sent = sender.send(PAY)
    chain.drop_transaction(to_hex(sent.hash))
    other = Sender(client, sender.signer, MemoryJournal())
    taken = other.send(Call(PAYEE, b"", value=2))
    assert taken.nonce == sent.nonce
    chain.mine()
    with pytest.raises(Replaced, match=r"pay one wei\), nonce 0, will not be mined"):
        sender.wait(sent)
    assert sender.journal.unfinished() == []
    assert sender.send(PAY).nonce == 1


def test_send_reports_a_journalled_transaction_that_was_replaced(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    chain.set_automine(False)
    sent = sender.send(PAY)
    chain.drop_transaction(to_hex(sent.hash))
    other = Sender(client, sender.signer, MemoryJournal())
    other.send(Call(PAYEE, b"", value=2))
    other.send(Call(PAYEE, b"", value=2))
    chain.mine()
    with pytest.raises(Replaced) as caught:
        sender.send(PAY)
    assert caught.value.details["tx_hash"] == to_hex(sent.hash)
    assert sender.send(PAY).nonce == 2


def test_resume_tells_a_replaced_transaction(chain: Anvil, sender: Sender, client: Client) -> None:
    chain.set_automine(False)
    sent = sender.send(PAY)
    chain.drop_transaction(to_hex(sent.hash))
    Sender(client, sender.signer, MemoryJournal()).send(Call(PAYEE, b"", value=2))
    chain.mine()
    assert [(item.sent, item.state) for item in sender.resume()] == [(sent, ResumeState.REPLACED)]


def test_dropped_and_sent_again(chain: Anvil, sender: Sender) -> None:
    chain.set_automine(False)
    sent = sender.send(PAY)
    chain.drop_transaction(to_hex(sent.hash))
    with pytest.raises(Dropped, match=r"resume\(\)"):
        sender.wait(sent)
    assert [item.state for item in sender.resume()] == [ResumeState.SENT]
    chain.mine()
    assert sender.wait(sent).receipt.tx_hash == sent.hash


def test_still_pending_at_the_deadline(chain: Anvil, sender: Sender) -> None:
    chain.set_automine(False)
    sent = sender.send(PAY)
    for timeout in (0, 0.05):
        with pytest.raises(StillPending, match="is not mined after") as caught:
            sender.wait(sent, timeout=timeout)
        assert caught.value.details == {"tx_hash": to_hex(sent.hash), "nonce": sent.nonce}
    chain.mine()
    assert sender.wait(sent, timeout=0).final


def test_mined_is_not_final_until_it_lies_deep_enough(chain: Anvil, signer: LocalSigner) -> None:
    with chain.client(finality=Finality(depth=2)) as client:
        sender = Sender(client, signer, MemoryJournal())
        sent = sender.send(PAY)
        mined = sender.wait(sent, final=False)
        assert not mined.final
        assert [entry.hash for entry in sender.journal.unfinished()] == [sent.hash]
        with pytest.raises(StillPending, match="mined, not final"):
            sender.wait(sent, timeout=0.05)
        chain.mine(2)
        assert sender.wait(sent, seen=mined).final
        assert sender.journal.unfinished() == []


def test_reorged_out_between_two_waits(chain: Anvil, signer: LocalSigner) -> None:
    with chain.client(finality=Finality(depth=3)) as client:
        sender = Sender(client, signer, MemoryJournal())
        sent = sender.send(PAY)
        mined = sender.wait(sent, final=False)
        chain.reorg(1)
        with pytest.raises(ReorgedOut, match="not part of the chain any more"):
            sender.wait(sent, seen=mined)
        assert [item.state for item in sender.resume()] == [ResumeState.SENT]
        again = sender.wait(sent, final=False)
        assert again.receipt.tx_hash == sent.hash
        assert again.block.hash != mined.block.hash


def test_reorged_out_within_one_wait(chain: Anvil, signer: LocalSigner) -> None:
    """Between its second look at the receipt and its third."""
    chain.set_automine(False)
    looks: list[bool] = []

    class Watched(Client):
        def receipt(self, tx_hash: bytes) -> Receipt | None:
            looks.append(True)
            if len(looks) == 3:
                chain.reorg(1)
            return super().receipt(tx_hash)

    with Watched(chain.ipc_path, chain_id=31337, finality=Finality(depth=3)) as client:
        sender = Sender(client, signer, MemoryJournal())
        sent = sender.send(PAY)
        chain.mine()
        with pytest.raises(ReorgedOut):
            sender.wait(sent, timeout=120)


def test_a_refusal_by_the_contract_costs_no_nonce(chain: Anvil, sender: Sender, client: Client) -> None:
    contract = place(chain, REVERTS_WITH_ITS_INPUT)
    with pytest.raises(RequireFailed, match="the contract reverted: not today"):
        sender.send(Call(contract, error_string("not today")))
    assert client.nonce(sender.address, "pending") == 0
    assert sender.journal.next_nonce() is None


def test_a_mined_revert_is_typed(chain: Anvil, sender: Sender) -> None:
    contract = place(chain, REVERTS_WITH_ITS_INPUT)
    chain.mine()  # so that the state before the transaction's block holds the contract
    sent = sender.send(Call(contract, error_string("not today")), gas=GAS)
    with pytest.raises(RequireFailed, match="not today") as caught:
        sender.wait(sent)
    assert caught.value.details["tx_hash"] == to_hex(sent.hash)
    assert caught.value.details["block_number"] > 0
    assert sender.journal.unfinished() == []


def test_a_mined_revert_is_typed_though_history_is_pruned(signer: LocalSigner) -> None:
    with Anvil(prune_history=True) as node, node.client() as client:
        contract = place(node, REVERTS_WITH_ITS_INPUT)
        sender = Sender(client, signer, MemoryJournal())
        with pytest.raises(RequireFailed, match="not today"):
            sender.wait(sender.send(Call(contract, error_string("not today")), gas=GAS))


def test_out_of_gas_says_so(chain: Anvil, sender: Sender) -> None:
    contract = place(chain, LOOPS_FOR_EVER)
    chain.mine()
    with pytest.raises(ContractReverted, match="execution was halted: EVM error OutOfGas"):
        sender.wait(sender.send(Call(contract, b""), gas=50_000))


def test_execute_wants_its_events(chain: Anvil, sender: Sender) -> None:
    contract, topic = place(chain, LOGS_ITS_INPUT), keccak(b"Done()")
    done = EventExpectation(contract, topic, lambda log: log.data == b"\x01", "Done")
    assert sender.execute(Call(contract, topic + b"\x01"), expect=[done]).final
    with pytest.raises(EventMissing, match="without the Done expected"):
        sender.execute(Call(contract, topic + b"\x02"), expect=[done])


def test_a_transaction_of_another_journal_is_not_waited_for(sender: Sender) -> None:
    with pytest.raises(InvalidInput, match="not in this journal"):
        sender.wait(Sent(b"\x01" * 32, 0))


def test_fees_are_clamped() -> None:
    with Anvil() as node, node.client() as client:
        check_fees(node, client)


def check_fees(chain: Anvil, client: Client) -> None:
    base = client.fees().next_base_fee
    assert client.fees().tips == ()
    quote = FeePolicy().quote(client)
    assert (quote.tip, quote.max_fee) == (GWEI // 20, 2 * base + GWEI // 20)
    assert FeePolicy(min_tip=0, max_tip=0, max_fee=base + 5).quote(client).max_fee == base + 5
    with pytest.raises(NotSent, match=rf"the base fee is {base} wei per gas, over the ceiling of {base - 1}"):
        FeePolicy(min_tip=0, max_tip=0, max_fee=base - 1).quote(client)
    for _ in range(5):
        transact(chain, to=PAYEE, maxPriorityFeePerGas=hex(3 * GWEI), maxFeePerGas=hex(9 * GWEI))
    assert set(client.fees().tips) == {3 * GWEI}
    assert FeePolicy().quote(client).tip == 3 * GWEI
    assert FeePolicy(max_tip=2 * GWEI).quote(client).tip == 2 * GWEI
    assert FeePolicy(min_tip=4 * GWEI).quote(client).tip == 4 * GWEI
    for wrong in ({"min_tip": 2, "max_tip": 1}, {"max_fee": 0, "min_tip": 0, "max_tip": 0}, {"max_gas": 1}):
        with pytest.raises(ConfigurationError):
            FeePolicy(**wrong)


def test_gas_has_head_room_and_a_ceiling(sender: Sender, client: Client) -> None:
    sent = sender.send(PAY)
    transaction = client.transaction(sent.hash)
    assert transaction is not None
    assert transaction.gas == 21_000 * 120 // 100 + 60_000
    assert FeePolicy(max_gas=22_000).gas_limit(21_000) == 22_000
    with pytest.raises(NotSent, match="needs 30000000 gas, over the ceiling of 21000"):
        FeePolicy(max_gas=21_000).gas_limit(30_000_000)


def test_a_journal_of_another_chain_is_noticed(sender: Sender) -> None:
    sender.journal.record(JournalEntry(31337, sender.address, 41, b"\x01" * 32, b""))
    sender.journal.finish(b"\x01" * 32, Outcome.MINED)
    with pytest.raises(NotSent, match=r"the node counts 0 .* the journal 42"):
        sender.send(PAY)


def test_a_dead_node_is_unreachable_and_nothing_is_recorded(signer: LocalSigner) -> None:
    with Anvil() as node:
        client = node.client()
        sender = Sender(client, signer, MemoryJournal())
        assert client.chain_id
    with pytest.raises(NodeUnreachable):
        sender.send(PAY)
    assert sender.journal.unfinished() == []


def test_killed_between_record_and_broadcast(
    chain: Anvil, client: Client, signer: LocalSigner, tmp_path: Path
) -> None:
    path = tmp_path / "journal.jsonl"
    script = (
        "import os, signal, sys\n"
        "from toolkit.chain import Call, Client, FileJournal, Sender, dev_signer\n"
        "class Dying(Client):\n"
        "    def send_raw(self, raw, *, timeout=None):\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "signer = dev_signer(2)\n"
        "journal = FileJournal(sys.argv[2], chain_id=31337, address=signer.address)\n"
        f"Sender(Dying(sys.argv[1]), signer, journal).send(Call({PAYEE!r}, b'', value=1))\n"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    died = subprocess.run(
        [sys.executable, "-c", script, chain.ipc_path, str(path)],
        env=environment,
        cwd=REPOSITORY,
        check=False,
    )
    assert died.returncode == -9
    sender = Sender(client, signer, FileJournal(path, chain_id=31337, address=signer.address))
    [entry] = sender.journal.unfinished()
    assert client.transaction(entry.hash) is None
    [resumed] = sender.resume()
    assert (resumed.state, resumed.sent) == (ResumeState.SENT, Sent(entry.hash, 0))
    assert sender.wait(entry.hash).final
    assert client.nonce(signer.address, "latest") == 1


def test_processes_share_a_key_through_the_file(
    chain: Anvil, client: Client, signer: LocalSigner, tmp_path: Path
) -> None:
    script = (
        "import sys\n"
        "from toolkit.chain import Call, Client, FileJournal, Sender, dev_signer\n"
        "signer = dev_signer(2)\n"
        "journal = FileJournal(sys.argv[2], chain_id=31337, address=signer.address)\n"
        "sender = Sender(Client(sys.argv[1]), signer, journal)\n"
        f"for _ in range(15): sender.send(Call({PAYEE!r}, b'', value=1), gas=21000)\n"
    )
    chain.set_automine(False)
    path = tmp_path / "journal.jsonl"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    command = [sys.executable, "-c", script, chain.ipc_path, str(path)]
    processes = [subprocess.Popen(command, env=environment, cwd=REPOSITORY) for _ in range(2)]
    assert [process.wait(240) for process in processes] == [0, 0]
    chain.mine()
    journal = FileJournal(path, chain_id=31337, address=signer.address)
    assert [entry.nonce for entry in journal.unfinished()] == list(range(30))
    assert client.nonce(signer.address, "latest") == 30


def test_gas_suffices_when_what_the_estimate_stood_on_is_cancelled(chain: Anvil, sender: Sender) -> None:
    """The first would have paid for the new storage slot; so does a checkpoint of the second before."""
    stores_one = place(chain, bytes.fromhex("60015f5500"))
    chain.set_automine(False)
    first, second = sender.send(Call(stores_one, b"")), sender.send(Call(stores_one, b""))
    sender.cancel(first)
    chain.mine()
    assert sender.wait(second).receipt.gas_used > 43_000
