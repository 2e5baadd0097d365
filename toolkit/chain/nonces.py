"""Which transaction used a nonce: looked up in the blocks, never inferred from a count."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.chain.answers import Block, Transaction
from toolkit.chain.client import Client
from toolkit.chain.node_messages import NodeMessage
from toolkit.errors import NodeRejected

__all__ = ["NonceUse", "nonce_use"]

_SCANNED = 256


@dataclass(frozen=True, slots=True)
class NonceUse:
    """`by` is the mined transaction. Used by none that could be found: nothing may be concluded.

    That is so while a node publishes a block piece by piece, when it lies, when it has pruned its blocks,
    and when a nonce was used without a transaction (the authority of an EIP-7702 delegation).
    """

    used: bool
    by: Transaction | None = None


def nonce_use(client: Client, address: str, nonce: int, *, block: Block) -> NonceUse:
    """Whether the account's `nonce` is used as of `block`, and by which transaction of `client`'s chain.

    The block is found by halving, on the account's count of transactions: some twenty requests for a
    million blocks. Where the node no longer has the state of old blocks, the last 256 are read instead.
    Raises NodeError.
    """
    if not _counts(client, address, nonce, block):
        return NonceUse(used=False)
    try:
        found = _block_of(client, address, nonce, block.number)
        candidates = range(found, found + 1)
    except NodeRejected as error:
        if error.details.get("kind") is not NodeMessage.NO_HISTORY:
            raise
        candidates = range(block.number, max(-1, block.number - _SCANNED), -1)
    for number in candidates:
        for transaction in client.transactions_in(number):
            ours = transaction.chain_id in (None, client.chain_id)
            if (transaction.sender, transaction.nonce) == (address, nonce) and ours:
                return NonceUse(used=True, by=transaction)
    return NonceUse(used=True)


def _counts(client: Client, address: str, nonce: int, block: Block) -> bool:
    """Read at a block's hash, since a node can count a transaction before it has its block."""
    try:
        return client.nonce(address, block) > nonce
    except NodeRejected as error:
        if error.details.get("kind") is not NodeMessage.NO_HISTORY:
            raise
        return False  # the chain went on and the block's state is pruned: no telling now


def _block_of(client: Client, address: str, nonce: int, high: int) -> int:
    """The first block with a count over `nonce`, which that of block `high` is."""
    low, step = high, 1
    while low >= 0:
        low = high - step
        if low < 0 or client.nonce(address, low) <= nonce:
            break
        high, step = low, step * 2
    low = max(low, -1)
    while high - low > 1:
        middle = (low + high) // 2
        if client.nonce(address, middle) > nonce:
            high = middle
        else:
            low = middle
    return high
