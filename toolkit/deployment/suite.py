"""What the terms and the bytecode make: every contract of a coin with its creation code and its address.

Addresses depend on the deployer (the access manager's first administrator), the salt, the coin's symbol,
name, decimals and currency, and the bytecode. They never depend on what can be set later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from toolkit.artifacts import load
from toolkit.artifacts.model import Artifact, ByteRange
from toolkit.chain.abi import Abi, AbiEntry, encode_call, encode_constructor, find_entry
from toolkit.chain.calls import Call
from toolkit.chain.hexes import keccak
from toolkit.deployment.factory import create2_address, create2_call
from toolkit.deployment.terms import Terms

__all__ = ["ARTIFACTS", "AddressBook", "Creation", "Suite", "mask"]

ARTIFACTS: Mapping[str, str] = {"ReserveFeed": "AttestedFeed"}
"""Contract → artifact, where the two are called differently."""


def mask(code: bytes, immutables: Iterable[ByteRange]) -> bytes:
    """Runtime code with zeros where the constructor wrote immutables."""
    masked = bytearray(code)
    for span in immutables:
        end = span.start + span.length
        if end <= len(masked):
            masked[span.start : end] = bytes(span.length)
    return bytes(masked)


@dataclass(frozen=True, slots=True)
class Creation:
    """One contract to be created: `contract` is its name in the record, `part` says which half of a proxy."""

    contract: str
    part: str
    artifact: Artifact
    arguments: Mapping[str, Any]
    salt: bytes
    init_code: bytes = field(repr=False)
    address: str

    @property
    def title(self) -> str:
        """`Stablecoin`, `Stablecoin implementation`, `Stablecoin proxy`."""
        return f"{self.contract} {self.part}".rstrip()

    @property
    def call(self) -> Call:
        return create2_call(self.salt, self.init_code, f"create {self.title}")

    @property
    def runtime_code_hash(self) -> bytes:
        """Keccak-256 of the runtime code with its immutables masked."""
        return keccak(mask(self.artifact.deployed_bytecode, self.artifact.immutable_references))

    def is_code(self, code: bytes) -> bool:
        """Whether `code` is this contract's, whatever its immutables."""
        return keccak(mask(code, self.artifact.immutable_references)) == self.runtime_code_hash


@cache
def _function(artifact: str, name: str) -> AbiEntry:
    return find_entry(load(artifact).abi, name)


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Where each contract of a suite is called."""

    addresses: Mapping[str, str]

    def address(self, contract: str) -> str:
        return self.addresses[contract]

    def abi(self, contract: str) -> Abi:
        """What `contract` answers to."""
        return load(ARTIFACTS.get(contract, contract)).abi

    def function(self, contract: str, name: str) -> Abi:
        """The ABI of one function of `contract`."""
        return [_function(ARTIFACTS.get(contract, contract), name)]

    def name_of(self, address: str) -> str:
        """The contract at `address`; the address itself where it is none of the suite's."""
        return next((name for name, known in self.addresses.items() if known == address), address)


@dataclass(frozen=True, slots=True)
class Suite:
    """All creations of a coin in the order in which they have to happen."""

    creations: tuple[Creation, ...]

    @classmethod
    def of(cls, terms: Terms) -> Suite:
        """The suite that `terms` describe, with the packaged artifacts."""
        coin = terms.coin
        # All of the identity, so that no two coins of a deployer share an access manager.
        identity = ["issuance-toolkit", coin.salt, coin.symbol, coin.name, coin.decimals, coin.currency]
        salt = keccak(json.dumps(identity, separators=(",", ":")).encode())
        made: list[Creation] = []

        def create(contract: str, artifact: str, part: str = "", **arguments: Any) -> str:
            compiled = load(artifact)
            init_code = compiled.bytecode + encode_constructor(compiled.abi, list(arguments.values()))
            address = create2_address(salt, init_code)
            made.append(Creation(contract, part, compiled, arguments, salt, init_code, address))
            return address

        def create_proxied(contract: str, **arguments: Any) -> str:
            implementation = create(contract, contract, "implementation", **arguments)
            initialize = encode_call(load(contract).abi, "initialize")
            return create(contract, "ERC1967Proxy", "proxy", implementation=implementation, data=initialize)

        manager = create("AccessManager", "AccessManager", initial_admin=terms.chain.deployer)
        create("GuardianGate", "GuardianGate", authority=manager)
        registry = create_proxied("InvestorRegistry", authority=manager)
        create(
            "ReserveFeed",
            ARTIFACTS["ReserveFeed"],
            authority=manager,
            decimals=coin.decimals,
            description=f"{coin.name} reserve",
        )
        token = create_proxied(
            "Stablecoin",
            authority=manager,
            name=coin.name,
            symbol=coin.symbol,
            decimals=coin.decimals,
            currency=coin.currency,
        )
        create_proxied("PrimaryMarket", authority=manager, token=token, registry=registry)
        return cls(tuple(made))

    def address(self, contract: str) -> str:
        """Where `contract` is called: its proxy where it has one."""
        return self._last(contract).address

    def implementation(self, contract: str) -> Creation | None:
        """What stands behind `contract`'s proxy, None where it has none."""
        return next((item for item in self.creations if item.title == f"{contract} implementation"), None)

    def creation(self, contract: str) -> Creation:
        """The creation at `contract`'s address."""
        return self._last(contract)

    @property
    def book(self) -> AddressBook:
        return AddressBook({item.contract: item.address for item in self.creations})

    def _last(self, contract: str) -> Creation:
        return [item for item in self.creations if item.contract == contract][-1]
