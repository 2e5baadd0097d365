"""Blocks that go again: mined is provisional, the same bytes come back, and final follows the policy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.client import Client
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import ResumeState, Sender
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.errors import Cancelled, Dropped, ReorgedOut, Replaced, StillPending

PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
PAY = Call(PAYEE, b"", value=1, description="pay one wei")
SIGNER = dev_signer(4)
DEPTH = 12


@pytest.fixture
def node() -> Iterator[Anvil]:
    """Of its own: a reorganisation reaches behind any snapshot."""
    with Anvil(no_mining=True) as node:
        node.mine()
        yield node


@pytest.fixture
def client(node: Anvil) -> Iterator[Client]:
    with node.client(finality=Finality(depth=DEPTH)) as client:
        yield client


@pytest.fixture
def sender(client: Client) -> Sender:
    return Sender(client, SIGNER, MemoryJournal())


def other_hand(client: Client, signer: LocalSigner = SIGNER) -> Sender:
    return Sender(client, signer, MemoryJournal())


def test_gone_and_back_in_another_block_with_the_same_bytes(node: Anvil, sender: Sender) -> None:
    sent = sender.send(PAY)
    node.mine()
    first = sender.wait(sent, final=False)
    node.reorg(1)
    with pytest.raises(ReorgedOut, match="resume"):
        sender.wait(sent, final=False, seen=first)
    with pytest.raises(Dropped):
        sender.wait(sent, final=False)
    assert [(item.sent, item.state) for item in sender.resume()] == [(sent, ResumeState.SENT)]
    node.mine()
    again = sender.wait(sent, final=False)
    assert again.receipt.tx_hash == sent.hash
    assert (again.block.hash != first.block.hash, again.final) == (True, False)
    node.mine(DEPTH)
    assert sender.wait(sent, seen=again).final
    assert sender.client.nonce(SIGNER.address, "latest") == 1


def test_moved_to_another_block_by_the_reorganisation_itself(node: Anvil, sender: Sender) -> None:
    sent = sender.send(PAY)
    node.mine()
    first = sender.wait(sent, final=False)
    [entry] = sender.journal.unfinished()
    node.mine()
    node.request("anvil_reorg", 2, [[to_hex(entry.raw), 1]])
    with pytest.raises(ReorgedOut):
        sender.wait(sent, final=False, seen=first)
    assert [item.state for item in sender.resume()] == [ResumeState.MINED]
    again = sender.wait(sent, final=False)
    assert (again.block.number, again.receipt.tx_hash) == (first.block.number + 1, sent.hash)


def test_another_hand_has_the_nonce_on_the_new_branch(node: Anvil, sender: Sender, client: Client) -> None:
    """Provisionally so, until that block is final: only then is the transaction given up."""
    sent = sender.send(PAY)
    node.mine()
    first = sender.wait(sent, final=False)
    node.reorg(1)
    other = other_hand(client).send(Call(PAYEE, b"", value=2))
    node.mine()
    with pytest.raises(ReorgedOut):
        sender.wait(sent, seen=first)
    with pytest.raises(Replaced) as caught:
        sender.wait(sent, final=False, timeout=0)
    assert caught.value.details["by"] == to_hex(other.hash)
    with pytest.raises(StillPending):
        sender.wait(sent, timeout=0)
    assert [entry.hash for entry in sender.journal.unfinished()] == [sent.hash]
    node.mine(DEPTH)
    with pytest.raises(Replaced):
        sender.wait(sent, timeout=0)
    assert sender.journal.unfinished() == []


def test_another_hands_block_goes_and_the_transaction_comes_back(
    node: Anvil, sender: Sender, client: Client
) -> None:
    sent = sender.send(PAY)
    node.drop_transaction(to_hex(sent.hash))
    other_hand(client).send(Call(PAYEE, b"", value=2))
    node.mine()
    with pytest.raises(Replaced):
        sender.wait(sent, final=False, timeout=0)
    node.reorg(1)
    assert [item.state for item in sender.resume()] == [ResumeState.SENT]
    node.mine()
    assert sender.wait(sent, final=False).receipt.tx_hash == sent.hash


def test_of_several_under_one_nonce_the_newest_comes_back(node: Anvil, sender: Sender) -> None:
    sent = sender.send(PAY)
    dearer = sender.replace(sent)
    node.mine()
    first = sender.wait(sent, final=False)
    assert first.receipt.tx_hash == dearer.hash
    node.reorg(1)
    with pytest.raises(ReorgedOut):
        sender.wait(sent, seen=first)
    assert [item.sent for item in sender.resume()] == [dearer]
    node.mine(DEPTH + 1)
    assert sender.wait(sent).receipt.tx_hash == dearer.hash


def test_a_cancellation_that_goes_again_leaves_the_call_to_be_mined(node: Anvil, sender: Sender) -> None:
    sent = sender.send(PAY)
    [entry] = sender.journal.unfinished()
    sender.cancel(sent)
    node.mine()
    with pytest.raises(Cancelled):
        sender.wait(sent, final=False)
    assert len(sender.journal.unfinished()) == 2, "not for good yet"
    node.request("anvil_reorg", 1, [[to_hex(entry.raw), 0]])
    assert sender.wait(sent, final=False).receipt.tx_hash == sent.hash
    node.mine(DEPTH)
    assert sender.wait(sent).final
    assert sender.journal.unfinished() == []


@pytest.mark.parametrize("tag", ["safe", "finalized"])
def test_final_by_the_tag_that_the_chain_gives(node: Anvil, tag: str) -> None:
    with node.client(finality=Finality(tag=tag)) as client:
        sender = Sender(client, SIGNER, MemoryJournal())
        sent = sender.send(PAY)
        node.mine()
        mined = sender.wait(sent, final=False)
        assert (mined.final, client.finalized_block().number < mined.block.number) == (False, True)
        with pytest.raises(StillPending, match="mined, not final"):
            sender.wait(sent, timeout=0)
        node.mine(100)
        assert client.finalized_block().number >= mined.block.number
        assert sender.wait(sent, timeout=0, seen=mined).final
