"""Finding the transaction that created a contract, from the chain alone."""

from __future__ import annotations

from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex, to_quantity
from toolkit.deployment.factory import FACTORY
from toolkit.deployment.suite import Creation
from toolkit.errors import NodeRejected

__all__ = ["find_creation"]


def find_creation(client: Client, creation: Creation, first_block: int) -> tuple[str | None, int | None]:
    """The hash of the transaction and the number of the block that created `creation`.

    The block is found by halving; (None, None) when the node has pruned the states that this takes. The
    hash is None when the creation wasn't the block's direct call to the factory.
    """
    low, high = first_block, client.block("latest").number
    try:
        while low < high:
            middle = (low + high) // 2
            if client.code(creation.address, middle):
                high = middle
            else:
                low = middle + 1
    except NodeRejected:
        return None, None
    block = client.request("eth_getBlockByNumber", [to_quantity(low), True])
    data = to_hex(creation.call.data)
    for transaction in block["transactions"]:
        if (transaction.get("to") or "").lower() == FACTORY.lower() and transaction["input"] == data:
            return str(transaction["hash"]), low
    return None, low
