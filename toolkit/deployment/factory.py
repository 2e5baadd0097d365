"""The canonical CREATE2 deployer, which makes a contract's address follow from its code and a salt alone.

Its own address is the same on every chain because its creation was signed once, by nobody's key (the
signature is a number picked by hand), without a chain id: github.com/Arachnid/deterministic-deployment-proxy.
Anvil has it from genesis; elsewhere its one-time sender is given the fixed cost and the transaction sent.
"""

from __future__ import annotations

from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.calls import Call
from toolkit.chain.hexes import from_hex, keccak

__all__ = [
    "FACTORY",
    "FACTORY_CODE",
    "FACTORY_COST",
    "FACTORY_SENDER",
    "FACTORY_TRANSACTION",
    "create2_address",
    "create2_call",
]

FACTORY = "0x4e59b44847b379578588920cA78FbF26c0B4956C"

FACTORY_SENDER = "0x3fAB184622Dc19b6109349B94811493BF2a45362"
"""The account that the signature recovers to. It can send this one transaction and no other."""

FACTORY_COST = 10**16
"""What the transaction costs, in wei: 100,000 gas at 100 gwei. Rest goes to nobody."""

FACTORY_TRANSACTION = from_hex(
    "0xf8a58085174876e800830186a08080b853604580600e600039806000f350fe7fffffffffffffffffffffffffffffffffffffff"
    "ffffffffffffffffffffffffe03601600081602082378035828234f58015156039578182fd5b8082525050506014600cf31ba022"
    "22222222222222222222222222222222222222222222222222222222222222a02222222222222222222222222222222222222222"
    "222222222222222222222222"
)

FACTORY_CODE = from_hex(
    "0x7fffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffe03601600081602082378035828234f5801515"
    "6039578182fd5b8082525050506014600cf3"
)


def create2_address(salt: bytes, init_code: bytes) -> str:
    """Where the factory puts `init_code` under `salt` (32 bytes): EIP-1014."""
    digest = keccak(b"\xff" + from_hex(FACTORY) + salt + keccak(init_code))
    return address_from_bytes(digest[-20:])


def create2_call(salt: bytes, init_code: bytes, description: str) -> Call:
    """The call to the factory that creates the contract."""
    return Call(FACTORY, salt + init_code, description=description)
