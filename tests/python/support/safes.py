"""Accounts of Safe (`@safe-global/safe-smart-account`), from the compiled contracts in its package."""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from eth_account.messages import encode_typed_data
from support.checkout import REPOSITORY
from support.suite import Suite

from toolkit.bindings.signable import Signable
from toolkit.chain.abi import decode_result, encode_call
from toolkit.chain.calls import Call
from toolkit.chain.hexes import from_hex, keccak
from toolkit.chain.signers import dev_signer

SHIPPED = (
    REPOSITORY / "node_modules" / "@safe-global" / "safe-smart-account" / "build" / "artifacts" / "contracts"
)
ZERO = "0x" + "00" * 20

SAFE_TX = {
    "to": "address",
    "value": "uint256",
    "data": "bytes",
    "operation": "uint8",
    "safeTxGas": "uint256",
    "baseGas": "uint256",
    "gasPrice": "uint256",
    "gasToken": "address",
    "refundReceiver": "address",
    "nonce": "uint256",
}

OWNERS = (16, 17, 18)
OUTSIDER = 19
"""Development accounts that the demo terms do not name."""


@functools.cache
def shipped(path: str) -> dict[str, Any]:
    """The artifact of a contract, by its source's path without the ending."""
    name = path.rpartition("/")[2]
    document: dict[str, Any] = json.loads((SHIPPED / f"{path}.sol" / f"{name}.json").read_bytes())
    return document


def created(suite: Suite, path: str) -> str:
    """The address of a contract of the package, which takes no arguments, created by the stranger."""
    call = Call(None, from_hex(shipped(path)["bytecode"]))
    address = suite.send(suite.stranger, call).receipt.contract_address
    assert address is not None
    return address


@dataclass(frozen=True)
class Safe:
    """An account of `suite`'s chain that the development accounts `OWNERS` own."""

    suite: Suite
    address: str

    # --- asking -------------------------------------------------------------------------------------------

    def read(self, function: str, *args: Any) -> Any:
        """What the account, or for it its fallback handler, answers."""
        for path in ("Safe", "handler/CompatibilityFallbackHandler"):
            abi = shipped(path)["abi"]
            if any(entry.get("name") == function.partition("(")[0] for entry in abi):
                answer = self.suite.client.call(
                    self.address, encode_call(abi, function, args), block="latest"
                )
                return decode_result(abi, function, answer)
        raise AssertionError(f"a Safe has no {function}")

    # --- signing ------------------------------------------------------------------------------------------

    def message(self, digest: bytes) -> Signable:
        """What an owner signs for the account to have signed `digest`."""
        types = {"SafeMessage": [{"name": "message", "type": "bytes"}]}
        return Signable(self._domain, types, "SafeMessage", {"message": digest})

    def sign(self, digest: bytes, owners: Sequence[int] = OWNERS[:2]) -> bytes:
        """The account's signature of `digest`, by development accounts."""
        return self.joined({index: self.message(digest).sign(dev_signer(index)).data for index in owners})

    @staticmethod
    def joined(signatures: dict[int, bytes]) -> bytes:
        """Signatures by development account as the account wants them: by address, ascending."""
        return b"".join(
            signatures[index]
            for index in sorted(signatures, key=lambda item: int(dev_signer(item).address, 16))
        )

    # --- acting -------------------------------------------------------------------------------------------

    def execute(self, call: Call, owners: Sequence[int] = OWNERS[:2], *, delegate: bool = False) -> Call:
        """The transaction by which the account makes `call`, or runs it as its own code."""
        transaction = {
            "to": call.to,
            "value": call.value,
            "data": call.data,
            "operation": int(delegate),
            "safeTxGas": 0,
            "baseGas": 0,
            "gasPrice": 0,
            "gasToken": ZERO,
            "refundReceiver": ZERO,
        }
        types = {"SafeTx": [{"name": name, "type": kind} for name, kind in SAFE_TX.items()]}
        message = {**transaction, "nonce": self.read("nonce")}
        # eth-account's, since the SDK's own typed data never names the zero address.
        signable = encode_typed_data(self._domain, types, message)
        digest = keccak(b"\x19" + signable.version + signable.header + signable.body)
        signatures = self.joined({index: dev_signer(index).sign_digest(digest) for index in owners})
        return self.call("execTransaction", *transaction.values(), signatures)

    def call(self, function: str, *args: Any) -> Call:
        """A call of one of the account's own functions."""
        return Call(self.address, encode_call(shipped("Safe")["abi"], function, args))

    @property
    def _domain(self) -> dict[str, Any]:
        return {"chainId": self.suite.client.chain_id, "verifyingContract": self.address}


def new_safes(suite: Suite, count: int = 1) -> list[Safe]:
    """Accounts of the same owners, made as Safe's own interface makes them: through the factory, with the
    fallback handler that answers ERC-1271.
    """
    singleton, factory = created(suite, "Safe"), created(suite, "proxies/SafeProxyFactory")
    handler = created(suite, "handler/CompatibilityFallbackHandler")
    owners = [dev_signer(index).address for index in OWNERS]
    setup = encode_call(shipped("Safe")["abi"], "setup", (owners, 2, ZERO, b"", handler, ZERO, 0, ZERO))
    abi, made = shipped("proxies/SafeProxyFactory")["abi"], []
    for salt in range(count):
        data = encode_call(abi, "createProxyWithNonce", (singleton, setup, salt))
        address = decode_result(abi, "createProxyWithNonce", suite.client.call(factory, data, block="latest"))
        suite.send(suite.stranger, Call(factory, data))
        made.append(Safe(suite, address))
    return made
