"""What the terms and the bytecode make: every contract with its creation code and its address.

A coin's addresses depend on the deployer (the access manager's first administrator), the salt, the coin's
symbol, name, decimals and currency, and the bytecode; a fund's on those of its coins, on its own identity and
on its classes'. They never depend on what can be set later.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache
from typing import Any

from toolkit.artifacts import load
from toolkit.artifacts.model import Artifact, ByteRange
from toolkit.chain.abi import Abi, AbiEntry, encode_call, encode_constructor, find_entry
from toolkit.chain.calls import Call
from toolkit.chain.hexes import keccak
from toolkit.deployment.access import FEEDS, kind_of
from toolkit.deployment.factory import create2_address, create2_call
from toolkit.deployment.fund_terms import FundTerms
from toolkit.deployment.terms import Terms

__all__ = ["ARTIFACTS", "AddressBook", "Creation", "Suite", "artifact_of", "mask"]

ARTIFACTS: Mapping[str, str] = {**dict.fromkeys(FEEDS, "AttestedFeed"), "Coin": "Stablecoin"}
"""Kind of contract → artifact, where the two are called differently."""


def artifact_of(contract: str) -> str:
    """The artifact of a contract by its name in the record."""
    kind = kind_of(contract)
    return ARTIFACTS.get(kind, kind)


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


@lru_cache(maxsize=4096)
def _call_data(artifact: str, name: str, args: tuple[Any, ...]) -> bytes:
    """What a view is asked with: a deployment asks the same hundreds of them after each transaction."""
    return encode_call([_function(artifact, name)], name, args)


@dataclass(frozen=True, slots=True)
class AddressBook:
    """Where each contract of a suite is called."""

    addresses: Mapping[str, str]

    def address(self, contract: str) -> str:
        return self.addresses[contract]

    def abi(self, contract: str) -> Abi:
        """What `contract` answers to."""
        return load(artifact_of(contract)).abi

    def function(self, contract: str, name: str) -> Abi:
        """The ABI of one function of `contract`."""
        return [_function(artifact_of(contract), name)]

    def call_data(self, contract: str, name: str, args: tuple[Any, ...]) -> bytes:
        """A call of one function of `contract`; the arguments are hashable."""
        return _call_data(artifact_of(contract), name, args)

    def name_of(self, address: str) -> str:
        """The contract at `address`; the address itself where it is none of the suite's."""
        return next((name for name, known in self.addresses.items() if known == address), address)


@dataclass(frozen=True, slots=True)
class Suite:
    """All creations of a coin, or of a fund and the coins it stands on, in the order in which they have to
    happen. `standing` names the contracts that other terms deploy: these find them there.
    """

    creations: tuple[Creation, ...]
    standing: frozenset[str] = frozenset()

    @classmethod
    def of(cls, terms: Terms | FundTerms) -> Suite:
        """The suite that `terms` describe, with the packaged artifacts."""
        return _fund(terms) if isinstance(terms, FundTerms) else _coin(terms)

    @property
    def own(self) -> tuple[str, ...]:
        """The contracts that the terms deploy and set."""
        return tuple(name for name in self.book.addresses if name not in self.standing)

    @property
    def founder(self) -> str:
        """The access manager's first administrator."""
        return str(self._last("AccessManager").arguments["initial_admin"])

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


class _Builder:
    """Collects creations under one salt, which holds all of an identity."""

    def __init__(self, identity: list[Any]) -> None:
        self.salt = keccak(json.dumps(identity, separators=(",", ":")).encode())
        self.made: list[Creation] = []

    def create(self, contract: str, part: str = "", artifact: str = "", **arguments: Any) -> str:
        compiled = load(artifact or artifact_of(contract))
        init_code = compiled.bytecode + encode_constructor(compiled.abi, list(arguments.values()))
        address = create2_address(self.salt, init_code)
        self.made.append(Creation(contract, part, compiled, arguments, self.salt, init_code, address))
        return address

    def create_proxied(self, contract: str, **arguments: Any) -> str:
        implementation = self.create(contract, "implementation", **arguments)
        initialize = encode_call(load(artifact_of(contract)).abi, "initialize")
        return self.create(contract, "proxy", "ERC1967Proxy", implementation=implementation, data=initialize)


def _coin(terms: Terms) -> Suite:
    coin = terms.coin
    # All of the identity, so that no two coins of a deployer share an access manager.
    builder = _Builder(["issuance-toolkit", coin.salt, coin.symbol, coin.name, coin.decimals, coin.currency])
    manager = builder.create("AccessManager", initial_admin=terms.chain.deployer)
    builder.create("GuardianGate", authority=manager)
    registry = builder.create_proxied("InvestorRegistry", authority=manager)
    builder.create(
        "ReserveFeed", authority=manager, decimals=coin.decimals, description=f"{coin.name} reserve"
    )
    token = builder.create_proxied(
        "Stablecoin",
        authority=manager,
        name=coin.name,
        symbol=coin.symbol,
        decimals=coin.decimals,
        currency=coin.currency,
    )
    builder.create_proxied("PrimaryMarket", authority=manager, token=token, registry=registry)
    builder.create_proxied("OmnibusRegistry", authority=manager, registry=registry)
    return Suite(tuple(builder.made))


def _fund(terms: FundTerms) -> Suite:
    fund, home = terms.fund, _coin(terms.home)
    manager, registry = home.address("AccessManager"), home.address("InvestorRegistry")
    standing = list(home.creations)
    coins = {terms.home.coin.symbol: home.address("Stablecoin")}
    for symbol, coin in terms.coin_terms.items():
        if symbol not in coins:
            suite = _coin(coin)
            coins[symbol] = suite.address("Stablecoin")
            standing += [
                replace(item, contract=f"Coin {symbol}")
                for item in suite.creations
                if item.contract == "Stablecoin"
            ]
    builder = _Builder(["issuance-toolkit fund", fund.salt, fund.code, fund.name, fund.currency])
    for item in terms.classes:
        share = builder.create_proxied(
            f"FundShare {item.code}",
            authority=manager,
            name=item.name,
            symbol=item.symbol,
            decimals=item.decimals,
            registry=registry,
        )
        builder.create(
            f"NavFeed {item.code}",
            authority=manager,
            decimals=terms.nav.decimals,
            description=f"{item.name} NAV per share in {fund.currency}",
        )
        for symbol in item.coins:
            builder.create_proxied(
                f"FundVault {item.code} {symbol}",
                authority=manager,
                share=share,
                asset=coins[symbol],
                nav_decimals=terms.nav.decimals,
            )
    for symbol, address in coins.items():
        builder.create_proxied(f"Distribution {symbol}", authority=manager, coin=address, registry=registry)
    return Suite((*standing, *builder.made), frozenset(item.contract for item in standing))
