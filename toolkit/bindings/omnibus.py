"""The omnibus registry: whose the tokens of omnibus wallets are, one commitment a day.

Days are whole days since 1 January 1970 in Hong Kong, amounts base units of the token.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.bindings.contract import Contract
from toolkit.bindings.event import ContractEvent

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = [
    "Committed",
    "OmnibusCommitment",
    "OmnibusRegistry",
    "OmnibusStatement",
    "SumLeaf",
    "SumNode",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Committed(ContractEvent):
    """The positions of a wallet's clients were committed for a day; `actor` is the registrar who sent it."""

    declaration = (
        "Committed(address indexed,address indexed,address indexed,"
        "uint32,bytes32,uint128,uint64,uint64,bytes32)"
    )
    wallet: str
    token: str
    actor: str
    day: int
    root: bytes
    total: int
    clients: int
    built_on: int
    built_on_hash: bytes


@dataclass(frozen=True, slots=True)
class OmnibusStatement:
    """What is committed: `root` of the sum tree over `clients` positions that add up to `total`. The block
    `built_on` binds it to the branch of the chain that it was made on.
    """

    wallet: str
    token: str
    day: int
    root: bytes
    total: int
    clients: int
    built_on: int
    built_on_hash: bytes


@dataclass(frozen=True, slots=True)
class OmnibusCommitment:
    """What the chain keeps of a statement. `committed_at` is Unix time, 0 where there is none."""

    root: bytes
    total: int
    clients: int
    built_on: int
    built_on_hash: bytes
    actor: str
    committed_at: int


@dataclass(frozen=True, slots=True)
class SumLeaf:
    """One client's position in the tree."""

    index: int
    client: bytes
    salt: bytes
    amount: int


@dataclass(frozen=True, slots=True)
class SumNode:
    """A sibling on the way up: its hash and the sum of the positions below it."""

    hash: bytes
    sum: int


class OmnibusRegistry(Contract):
    """`contracts/compliance/OmnibusRegistry.sol`."""

    artifact = "OmnibusRegistry"

    def registry(self, *, block: BlockRef = "latest") -> str:
        """The investor registry that says which wallets are omnibus wallets."""
        return self._address("registry", block=block)

    def commitment_of(
        self, wallet: str, token: str, day: int, *, block: BlockRef = "latest"
    ) -> OmnibusCommitment:
        """The commitment of a day; all zero without one."""
        return OmnibusCommitment(*self._read("commitmentOf", wallet, token, day, block=block).values())

    def last_day_of(self, wallet: str, token: str, *, block: BlockRef = "latest") -> int:
        """The last day with a commitment; 0 before the first."""
        return self._int("lastDayOf", wallet, token, block=block)

    def domain_of(self, wallet: str, token: str, day: int, *, block: BlockRef = "latest") -> bytes:
        """What the leaves and the root of a day's tree are bound to."""
        return self._bytes("domainOf", wallet, token, day, block=block)

    def verify(
        self,
        wallet: str,
        token: str,
        day: int,
        leaf: SumLeaf,
        path: Sequence[SumNode],
        *,
        block: BlockRef = "latest",
    ) -> bool:
        """Whether `leaf` is in the tree committed for the day."""
        return self._bool("verify", wallet, token, day, leaf, list(path), block=block)

    # ----------------------------------------------------------------------------------------------- writes

    def commit(self, statement: OmnibusStatement) -> Call:
        """Commits a day's positions, if they add up to the wallet's balance. For the registrar."""
        return self._write(
            "commit", statement, description=f"commit omnibus day {statement.day} of {statement.wallet}"
        )

    def upgrade(self, implementation: str, data: bytes = b"") -> Call:
        """Points the proxy at another implementation. For the upgrader."""
        return self._write(
            "upgradeToAndCall",
            implementation,
            data,
            description=f"upgrade the omnibus registry to {implementation}",
        )
