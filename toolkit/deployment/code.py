"""The code at addresses and what proxies run, at one block and in one message."""

from __future__ import annotations

from collections.abc import Sequence

from toolkit.bindings.contract import IMPLEMENTATION_SLOT
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.client import Block, Client
from toolkit.chain.hexes import from_hex, to_hex, to_quantity
from toolkit.errors import ToolkitError

__all__ = ["read_code"]


def read_code(
    client: Client, addresses: Sequence[str], proxies: Sequence[str], block: Block
) -> tuple[list[bytes], list[str]]:
    """The code at each of `addresses`, empty where there is none, and the implementation (ERC-1967) of each
    of `proxies`, the zero address where it has none.
    """
    where = {"blockHash": to_hex(block.hash), "requireCanonical": True}
    words = []
    for answer in client.batch(
        [("eth_getCode", [address, where]) for address in addresses]
        + [("eth_getStorageAt", [address, to_quantity(IMPLEMENTATION_SLOT), where]) for address in proxies]
    ):
        if isinstance(answer, ToolkitError):
            raise answer
        words.append(from_hex(answer))
    codes, slots = words[: len(addresses)], words[len(addresses) :]
    return codes, [address_from_bytes(slot.rjust(32, b"\0")) for slot in slots]
