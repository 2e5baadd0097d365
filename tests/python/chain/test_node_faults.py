"""What a node does to a queue of transactions: it restarts, forgets, hangs, lags, and loses count."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from support.proxy import Fault, MisbehavingProxy, Schedule

from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.client import Client
from toolkit.chain.hexes import from_hex
from toolkit.chain.journal import JournalEntry, MemoryJournal
from toolkit.chain.sender import ResumeState, Sender
from toolkit.chain.signers import dev_signer
from toolkit.errors import (
    Dropped,
    NodeError,
    NodeTimeout,
    NotSent,
    StillPending,
    TransactionError,
)

PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PAY = Call(PAYEE, b"", value=1, description="pay one wei")
SIGNER = dev_signer(5)


def test_a_node_that_restarts_without_its_pool_is_sent_it_again(tmp_path: Path) -> None:
    journal, state = MemoryJournal(), tmp_path / "state.json"
    with Anvil(state=state, no_mining=True) as node, node.client() as client:
        sender = Sender(client, SIGNER, journal)
        mined = sender.send(PAY)
        node.mine()
        sender.wait(mined)
        waiting = [sender.send(PAY) for _ in range(3)]
    with Anvil(state=state, no_mining=True) as node, node.client() as client:
        sender = Sender(client, SIGNER, journal)
        with pytest.raises(Dropped):
            sender.wait(waiting[0])
        assert [(item.sent, item.state) for item in sender.resume()] == [
            (sent, ResumeState.SENT) for sent in waiting
        ]
        assert sender.send(PAY).nonce == 4
        node.mine()
        assert [sender.wait(sent).receipt.tx_hash for sent in waiting] == [sent.hash for sent in waiting]


def test_all_that_was_dropped_from_the_pool_comes_back_in_order(chain: Anvil, client: Client) -> None:
    chain.set_automine(False)
    sender = Sender(client, SIGNER, MemoryJournal())
    sent = [sender.send(PAY) for _ in range(5)]
    chain.request("anvil_dropAllTransactions")
    assert sender.send(PAY).nonce == 5, "sending on heals the pool first"
    chain.mine()
    assert all(sender.wait(item).receipt.tx_hash == item.hash for item in sent)


def test_a_node_that_never_answers_a_send_costs_its_deadline_and_no_more(
    chain: Anvil, client: Client
) -> None:
    """Anvil's hang in automine: sends are taken and never answered, while reads still are."""
    with MisbehavingProxy(chain.rpc_url) as proxy:
        proxy.hang("eth_sendRawTransaction")
        hung = Sender(Client(proxy.url), SIGNER, MemoryJournal(), send_timeout=0.3)
        before = time.monotonic()
        with pytest.raises(StillPending, match="did not answer") as caught:
            hung.send(PAY)
        assert time.monotonic() - before < 10
        assert hung.client.block("latest").number >= 0
        [resumed] = hung.resume()
        assert resumed.state is ResumeState.UNANSWERED
    restarted = Sender(client, SIGNER, hung.journal)
    assert [item.state for item in restarted.resume()] == [ResumeState.SENT]
    assert restarted.wait(from_hex(caught.value.details["tx_hash"])).final


def test_transactions_that_a_stalled_automine_leaves_are_mined_with_the_next(
    chain: Anvil, client: Client
) -> None:
    chain.set_automine(False)
    sender = Sender(client, SIGNER, MemoryJournal())
    sent = [sender.send(PAY) for _ in range(3)]
    with pytest.raises(StillPending):
        sender.wait(sent[0], timeout=0.1)
    chain.set_automine(True)
    sender.resume()
    sent.append(sender.send(PAY))
    assert [sender.wait(item).receipt.tx_hash for item in sent] == [item.hash for item in sent]


def test_a_node_that_is_behind_is_waited_for_and_then_not_believed(chain: Anvil, client: Client) -> None:
    journal = MemoryJournal()
    sender = Sender(client, SIGNER, journal)
    sender.wait(sender.send(PAY))
    with MisbehavingProxy(chain.rpc_url) as proxy:
        lagging = Sender(Client(proxy.url), SIGNER, journal)
        proxy.lie("eth_getTransactionCount", lambda result, params: "0x0", times=3)
        assert lagging.send(PAY).nonce == 1, "it caught up"
        chain.mine()  # what is sent again while its block is being made may be refused in several ways
        proxy.lie("eth_getTransactionCount", lambda result, params: "0x0")
        with pytest.raises(NotSent, match=r"counts 0 .* the journal 2: the node lags behind"):
            lagging.send(PAY)


def test_a_node_that_is_ahead_of_a_restored_journal_is_followed(chain: Anvil, client: Client) -> None:
    """The database is last night's: what it doesn't know was sent all the same."""
    lost = Sender(client, SIGNER, MemoryJournal())
    kept: list[JournalEntry] = []
    for _ in range(3):
        lost.wait(lost.send(PAY))
        kept = kept or lost.journal.attempts(0)
    restored = MemoryJournal()
    restored.record(kept[0])
    sender = Sender(client, SIGNER, restored)
    assert [item.state for item in sender.resume()] == [ResumeState.MINED]
    sent = sender.send(PAY)
    assert sent.nonce == 3
    assert sender.wait(sent).final


def test_the_nonce_is_not_asked_for_where_nothing_unexplained_happened(chain: Anvil, client: Client) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        sender = Sender(Client(proxy.url), SIGNER, MemoryJournal())
        sender.execute(PAY)
        proxy.seen.clear()
        sender.execute(PAY)
        assert "eth_getTransactionCount" not in proxy.seen
        assert proxy.seen.count("eth_sendRawTransaction") == 1
        Sender(client, SIGNER, MemoryJournal()).execute(Call(PAYEE, b"", value=2))
        with pytest.raises(NotSent, match="used its nonce"):
            sender.send(PAY)
        assert sender.execute(PAY).receipt.succeeded


def test_a_queue_never_holds_more_than_five_hundred(chain: Anvil, client: Client) -> None:
    journal = MemoryJournal()
    sender = Sender(client, SIGNER, journal)
    for nonce in range(500):
        journal.record(JournalEntry(31337, SIGNER.address, nonce, nonce.to_bytes(32, "big"), b""))
    with pytest.raises(NotSent, match="500 transactions"):
        sender.send(PAY)


@pytest.mark.parametrize("seed", range(2))
def test_under_random_faults_each_call_is_mined_once(chain: Anvil, client: Client, seed: int) -> None:
    """Each call pays another amount, so that the chain itself tells whether one was made twice."""
    journal, calls = MemoryJournal(), 8
    before = client.balance(PAYEE, "latest")
    with MisbehavingProxy(chain.rpc_url) as proxy:
        shaky = Client(proxy.url, timeout=0.4)
        while True:
            try:
                assert shaky.chain_id == 31337
                break
            except NodeTimeout:
                continue  # the machine is slow, and the proxy still behaves
        sender = Sender(shaky, SIGNER, journal, send_timeout=0.4)
        proxy.misbehave(Schedule(seed, rate=0.3, late=0.5, hidden=0.5))
        for number in range(calls):
            recorded = journal.next_nonce()
            while journal.next_nonce() == recorded:
                try:
                    sent = sender.send(Call(PAYEE, b"", value=1 << number), gas=21_000)
                    sender.wait(sent, timeout=0.1)
                except (NodeError, TransactionError):
                    continue
        assert len(proxy.injected) > 2
        assert Fault.WRONG_CHAIN not in proxy.injected, "asked once, before the faults"
    steady = Sender(client, SIGNER, journal)
    steady.resume()
    for entry in journal.unfinished():
        steady.wait(entry.hash)
    assert client.balance(PAYEE, "latest") == before + (1 << calls) - 1
    assert journal.unfinished() == []
