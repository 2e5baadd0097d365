"""Several transactions under one nonce: higher fees, cancellations, and other hands."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from support.proxy import MisbehavingProxy

from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.client import Client
from toolkit.chain.fees import FeePolicy, Fees
from toolkit.chain.hexes import from_hex, to_hex, to_quantity
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import Mined, ResumeState, Sender, Sent
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.errors import (
    Cancelled,
    ConfigurationError,
    NonceUnexplained,
    NotSent,
    Replaced,
    StillPending,
    Stuck,
    WrongChain,
)

PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PAY = Call(PAYEE, b"", value=1, description="pay one wei")
GWEI = 10**9


@pytest.fixture(scope="module")
def signer() -> LocalSigner:
    return dev_signer(3)


@pytest.fixture
def sender(chain: Anvil, client: Client, signer: LocalSigner) -> Sender:
    """On a node that mines when it is told to."""
    chain.set_automine(False)
    return Sender(client, signer, MemoryJournal())


def through(proxy: MisbehavingProxy, sender: Sender) -> Sender:
    """The same key and journal over a node that misbehaves."""
    client = Client(proxy.url)
    assert client.chain_id == 31337
    return Sender(client, sender.signer, sender.journal, sender.fees)


@pytest.fixture
def market() -> Iterator[tuple[Anvil, Client]]:
    """A node of its own, since no snapshot brings a base fee back."""
    with Anvil(no_mining=True) as node, node.client() as client:
        yield node, client


def other_hand(sender: Sender, **fees: int) -> Sender:
    return Sender(sender.client, sender.signer, MemoryJournal(), FeePolicy(**fees))


def paid(client: Client) -> int:
    return client.balance(PAYEE, "latest") % 1000


def mine_over_its_head(chain: Anvil, base_fee: int, blocks: int = 1) -> None:
    """Blocks whose base fee the waiting transactions don't offer."""
    for _ in range(blocks):
        chain.request("anvil_setNextBlockBaseFeePerGas", to_quantity(base_fee))
        chain.mine()


# --- replace ----------------------------------------------------------------------------------------------


def test_the_same_call_for_a_higher_fee_is_followed_by_its_nonce(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    before = paid(client)
    first = sender.send(PAY)
    second = sender.replace(first)
    third = sender.replace(first, Fees(max_fee=9 * GWEI, tip=GWEI))
    assert {first.nonce, second.nonce, third.nonce} == {0}
    assert len({first.hash, second.hash, third.hash}) == 3
    assert client.transaction(first.hash) is None
    chain.mine()
    for sent in (first, second, third):
        assert sender.wait(sent).receipt.tx_hash == third.hash
    assert (paid(client), sender.journal.unfinished()) == (before + 1, [])
    assert sender.send(PAY).nonce == 1


def test_what_was_to_be_replaced_may_be_mined_first(chain: Anvil, sender: Sender, client: Client) -> None:
    first = sender.send(PAY)
    with MisbehavingProxy(chain.rpc_url) as proxy:
        proxy.on("eth_sendRawTransaction", chain.mine)
        second = through(proxy, sender).replace(first)
    assert second.hash != first.hash
    assert sender.wait(second).receipt.tx_hash == first.hash
    assert sender.journal.unfinished() == []


def test_a_replacement_that_got_lost_is_resumed_and_its_bytes_are_the_same(
    chain: Anvil, sender: Sender, client: Client
) -> None:
    first = sender.send(PAY)
    with MisbehavingProxy(chain.rpc_url) as proxy:
        proxy.drop_request("eth_sendRawTransaction")
        with pytest.raises(StillPending) as caught:
            through(proxy, sender).replace(first)
    second = from_hex(caught.value.details["tx_hash"])
    assert client.transaction(second) is None
    [resumed] = sender.resume()
    assert (resumed.state, resumed.sent) == (ResumeState.SENT, Sent(second, first.nonce))
    chain.mine()
    assert sender.wait(first).receipt.tx_hash == second


def test_a_mined_transaction_is_neither_replaced_nor_cancelled(chain: Anvil, sender: Sender) -> None:
    sent = sender.send(PAY)
    chain.mine()
    for attempt in (sender.replace, sender.cancel):
        with pytest.raises(NotSent, match="is mined: there is nothing left to replace"):
            attempt(sent)
    assert sender.wait(sent).final


def test_a_refused_replacement_leaves_what_was_sent(chain: Anvil, sender: Sender, client: Client) -> None:
    sent = sender.send(PAY)
    with MisbehavingProxy(chain.rpc_url) as proxy:
        proxy.refuse("eth_sendRawTransaction", "replacement transaction underpriced")
        with pytest.raises(NotSent, match="replacement transaction underpriced"):
            through(proxy, sender).replace(sent)
    chain.set_balance(sender.address, 21_000 * GWEI)
    with pytest.raises(NotSent, match="Insufficient funds"):
        sender.replace(sent, Fees(max_fee=400 * GWEI, tip=GWEI))
    assert [entry.hash for entry in sender.journal.unfinished()] == [sent.hash]
    assert sender.journal.next_nonce() == 1
    chain.set_balance(sender.address, 10**22)
    chain.mine()
    assert sender.wait(sent).receipt.tx_hash == sent.hash


def test_fees_of_a_replacement_stay_within_what_somebody_chose(sender: Sender) -> None:
    policy = FeePolicy(min_tip=0, max_tip=GWEI, max_fee=10 * GWEI)
    usual, before = Fees(3 * GWEI, 0), Fees(8 * GWEI, GWEI // 2)
    assert policy.raised(before, usual) == Fees(10 * GWEI, GWEI * 5 // 8)
    assert policy.raised(Fees(GWEI, 0), usual) == Fees(3 * GWEI, 1)
    for over in (Fees(10 * GWEI, 0), Fees(GWEI, GWEI)):
        with pytest.raises(NotSent, match="the ceilings are 10000000000 and 1000000000"):
            policy.raised(over, usual)
    sent = sender.send(PAY)
    with pytest.raises(NotSent, match="takes at least"):
        sender.replace(sent, Fees(1, 1))
    assert len(sender.journal.unfinished()) == 1
    for wrong in ({"bump_percent": 9}, {"stuck_blocks": 0}):
        with pytest.raises(ConfigurationError, match="bump_percent"):
            FeePolicy(**wrong)


# --- cancel -----------------------------------------------------------------------------------------------


def test_a_cancellation_that_lands(chain: Anvil, sender: Sender, client: Client) -> None:
    before = paid(client)
    sent, behind = sender.send(PAY), sender.send(PAY)
    cancellation = sender.cancel(sent)
    assert cancellation.nonce == sent.nonce
    chain.mine()
    for item in (sent, cancellation):
        with pytest.raises(Cancelled, match=r"pay one wei.* was cancelled") as caught:
            sender.wait(item)
        assert caught.value.details["by"] == to_hex(cancellation.hash)
    assert sender.wait(behind).receipt.succeeded, "what waited behind it is not lost"
    assert (paid(client), sender.journal.unfinished()) == (before + 1, [])


def test_a_cancellation_that_comes_too_late(chain: Anvil, sender: Sender, client: Client) -> None:
    before = paid(client)
    sent = sender.send(PAY)
    with MisbehavingProxy(chain.rpc_url) as proxy:
        proxy.on("eth_sendRawTransaction", chain.mine)
        cancellation = through(proxy, sender).cancel(sent)
    for item in (sent, cancellation):
        assert sender.wait(item).receipt.tx_hash == sent.hash
    assert (paid(client), sender.journal.unfinished()) == (before + 1, [])


def test_after_a_restart_the_cancellation_goes_out_and_not_what_it_cancels(
    chain: Anvil, sender: Sender
) -> None:
    sent = sender.send(PAY)
    cancellation = sender.cancel(sent)
    chain.drop_transaction(to_hex(cancellation.hash))
    assert [item.sent for item in sender.resume()] == [cancellation]
    chain.mine()
    with pytest.raises(Cancelled):
        sender.wait(sent)


# --- stuck ------------------------------------------------------------------------------------------------


def test_a_stuck_transaction_is_replaced_and_those_behind_it_follow(
    market: tuple[Anvil, Client], signer: LocalSigner
) -> None:
    chain, client = market
    sender = Sender(client, signer, MemoryJournal(), FeePolicy(stuck_blocks=3))
    first, second = sender.send(PAY), sender.send(PAY)
    assert sender.tend() == []
    mine_over_its_head(chain, 50 * GWEI, blocks=2)
    assert sender.tend() == []
    assert len(sender.journal.unfinished()) == 2, "not stuck yet"
    mine_over_its_head(chain, 50 * GWEI)
    sender = Sender(client, signer, sender.journal, FeePolicy(stuck_blocks=3))
    sender.tend()  # a new process counts anew
    mine_over_its_head(chain, 50 * GWEI, blocks=3)
    assert sender.tend() == []
    assert len(sender.journal.attempts(first.nonce)) == 2
    assert len(sender.journal.attempts(second.nonce)) == 1
    chain.mine()
    assert sender.wait(first).receipt.tx_hash != first.hash
    mine_over_its_head(chain, GWEI)
    assert sender.tend() == []
    chain.mine()
    assert sender.wait(second).receipt.tx_hash == second.hash


def test_a_stuck_cancellation_stays_one(market: tuple[Anvil, Client], signer: LocalSigner) -> None:
    chain, client = market
    sender = Sender(client, signer, MemoryJournal(), FeePolicy(stuck_blocks=1))
    sent = sender.send(PAY)
    sender.cancel(sent)
    sender.tend()
    mine_over_its_head(chain, 50 * GWEI)
    assert sender.tend() == []
    assert len(sender.journal.attempts(sent.nonce)) == 3
    chain.mine()
    with pytest.raises(Cancelled):
        sender.wait(sent)


def test_at_the_ceiling_a_person_is_called(market: tuple[Anvil, Client], signer: LocalSigner) -> None:
    chain, client = market
    sender = Sender(client, signer, MemoryJournal(), FeePolicy(max_fee=6 * GWEI, stuck_blocks=1))
    sent = sender.send(PAY)
    sender.tend()
    mine_over_its_head(chain, 50 * GWEI)
    [alarm] = sender.tend()
    assert isinstance(alarm, Stuck)
    assert alarm.details["tx_hash"] == to_hex(sent.hash)
    assert "over the ceiling" in alarm.message
    assert len(sender.journal.attempts(sent.nonce)) == 1


# --- what a node refuses ----------------------------------------------------------------------------------


def test_underpriced_frees_the_nonce_and_the_next_one_offers_what_is_asked(
    market: tuple[Anvil, Client], signer: LocalSigner
) -> None:
    chain, client = market
    sender = Sender(client, signer, MemoryJournal())
    first = sender.send(PAY)  # and the fees of this moment are remembered
    chain.mine()
    assert sender.wait(first).final
    mine_over_its_head(chain, 30 * GWEI)
    with pytest.raises(NotSent, match="max fee per gas less than block base fee"):
        sender.send(PAY)
    assert sender.journal.unfinished() == []
    assert sender.send(PAY).nonce == first.nonce + 1


def test_bytes_that_another_hands_hold_up_are_an_alarm(chain: Anvil, sender: Sender) -> None:
    sent = sender.send(PAY)
    chain.drop_transaction(to_hex(sent.hash))
    other_hand(sender, min_tip=2 * GWEI).send(Call(PAYEE, b"", value=2))
    [alarm] = sender.tend()
    assert isinstance(alarm, NotSent)
    assert "replacement transaction underpriced" in alarm.message
    assert len(sender.journal.unfinished()) == 1


# --- replaced by another hand: found, or nothing is concluded ----------------------------------------------


def taken_by_another(chain: Anvil, sender: Sender) -> tuple[Sent, Sent]:
    """What was sent, and what another hand got into a block in its place."""
    sent = sender.send(PAY)
    chain.drop_transaction(to_hex(sent.hash))
    other = other_hand(sender).send(Call(PAYEE, b"", value=2))
    assert other.nonce == sent.nonce
    chain.mine()
    return sent, other


@pytest.mark.parametrize("blocks_ago", [0, 1, 300])
def test_replaced_names_the_transaction_that_was_mined(chain: Anvil, sender: Sender, blocks_ago: int) -> None:
    sent, other = taken_by_another(chain, sender)
    later = other_hand(sender).send(PAY)
    if blocks_ago:
        chain.mine(blocks_ago)
    assert later.nonce == sent.nonce + 1
    with pytest.raises(Replaced) as caught:
        sender.wait(sent, timeout=0)
    assert caught.value.details["by"] == to_hex(other.hash)


def test_replaced_is_found_though_history_is_pruned(signer: LocalSigner) -> None:
    with Anvil(prune_history=True, no_mining=True) as node, node.client() as client:
        sender = Sender(client, signer, MemoryJournal())
        sent, other = taken_by_another(node, sender)
        node.mine(20)
        with pytest.raises(Replaced) as caught:
            sender.wait(sent, timeout=0)
        assert caught.value.details["by"] == to_hex(other.hash)


def without_transactions(block: Any, params: Any) -> Any:
    return {**block, "transactions": []} if params[1] else block


def test_a_node_that_hides_what_used_the_nonce_convinces_nobody(chain: Anvil, sender: Sender) -> None:
    """It counts the nonce, and denies receipt and transaction: for long, that was believed to be Replaced."""
    sent = sender.send(PAY)
    chain.mine()
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.hide_receipts()
        proxy.lie("eth_getTransactionByHash", lambda result, params: None)
        with pytest.raises(StillPending) as pending:
            unlucky.wait(sent, timeout=0.3)
        assert type(pending.value) is StillPending, "its block holds the transaction itself"
        proxy.lie("eth_getBlockByNumber", without_transactions)
        for final in (False, True):
            with pytest.raises(NonceUnexplained, match="send nothing in its place"):
                unlucky.wait(sent, final=final, timeout=0.3)
    assert len(sender.journal.unfinished()) == 1
    assert sender.wait(sent).receipt.tx_hash == sent.hash


def test_a_nonce_too_low_that_nothing_explains_keeps_its_place(chain: Anvil, sender: Sender) -> None:
    with MisbehavingProxy(chain.rpc_url) as proxy:
        unlucky = through(proxy, sender)
        proxy.refuse("eth_sendRawTransaction", "nonce too low")
        with pytest.raises(StillPending, match="can't be found"):
            unlucky.send(PAY)
        assert [item.state for item in unlucky.resume()] == [ResumeState.UNANSWERED]
    assert [item.state for item in sender.resume()] == [ResumeState.SENT]


def test_another_chains_account_is_no_evidence(chain: Anvil, sender: Sender, signer: LocalSigner) -> None:
    """The same key has used the nonce on the chain that answers all of a sudden."""
    sent = sender.send(PAY)
    with Anvil(chain_id=4711) as elsewhere, elsewhere.client() as client:
        Sender(client, signer, MemoryJournal()).execute(PAY, final=False)
        with MisbehavingProxy(chain.rpc_url) as proxy:
            moved = through(proxy, sender)
            proxy.target = elsewhere.rpc_url
            with pytest.raises(NonceUnexplained):
                moved.wait(sent, timeout=0.2)
            with pytest.raises(WrongChain, match="serves chain 4711, not 31337"):
                moved.tend()
            with pytest.raises(NotSent):
                moved.send(PAY, gas=21_000)
    chain.mine()
    assert isinstance(sender.wait(sent), Mined)
