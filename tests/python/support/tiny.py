"""Contracts of a few bytes, for tests that need a particular behaviour and no compiler."""

from __future__ import annotations

import time

from toolkit.chain.addresses import checksum_address
from toolkit.chain.anvil import Anvil
from toolkit.chain.hexes import to_hex

REVERTS_WITH_ITS_INPUT = bytes.fromhex("365f5f37365ffd")
LOGS_ITS_INPUT = bytes.fromhex("5f3560203603806020" + "5f375fa100")
"""The first word is the topic, the rest the data."""
RETURNS_ITS_INPUT = bytes.fromhex("365f5f37365ff3")
LOOPS_FOR_EVER = bytes.fromhex("5b5f56")


def transact(node: Anvil, **fields: str) -> str:
    """Send from a development account and wait until it is mined; the hash. Automine answers before that."""
    tx_hash = str(node.request("eth_sendTransaction", {"from": node.accounts[0], **fields}))
    deadline = time.monotonic() + 60
    while node.request("eth_getTransactionReceipt", tx_hash) is None:
        assert time.monotonic() < deadline, f"{tx_hash} was not mined"
    return tx_hash


def place(node: Anvil, code: bytes, number: int = 1) -> str:
    """Put code at an address; `number` tells several contracts of one test apart."""
    address = "0x" + f"{0xC0DE0000 + number:040x}"
    node.request("anvil_setCode", address, to_hex(code))
    return checksum_address(address, lenient=True)
