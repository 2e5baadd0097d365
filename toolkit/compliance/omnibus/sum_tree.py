"""The Merkle sum tree over clients' positions, as `contracts/compliance/SumTree.sol` verifies it.

    domain = keccak("issuance.omnibus.1" | chain id (32) | registry (20) | wallet (20) | token (20) | day (4))
    leaf   = keccak(0x00 | domain (32) | index (8) | client (16) | salt (32) | amount (16))
    node   = keccak(0x01 | left hash (32) | left sum (16) | right hash (32) | right sum (16))
    root   = keccak(0x02 | domain (32) | leaves (8) | top hash (32) | total (16))

Whole numbers are unsigned and big-endian. Leaves stand in the ascending order of the clients' references,
each once; where a level has an odd number of nodes the last goes up as it is. A node covers both its
children's hashes and sums: the first sum trees (Maxwell's) covered their total alone, so that a lesser one
could be shown to each side (Hu, Zhang and Guo, "Breaking the Binding", ePrint 2018/1139; the remedy is
their second). docs/omnibus.md has the argument that sums hide nothing.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, keccak
from toolkit.compliance.omnibus.errors import NothingToCommit, ProofNotFound, SumTooLarge
from toolkit.errors import InvalidInput

__all__ = ["Domain", "Leaf", "Node", "SumTree", "salts"]

_LIMIT = 2**128


@dataclass(frozen=True, slots=True)
class Domain:
    """What a tree is of: one token in one wallet on one day, under one registry on one chain.

    `day` counts from 1 January 1970, in Hong Kong.
    """

    chain_id: int
    registry: str
    wallet: str
    token: str
    day: int

    @property
    def hash(self) -> bytes:
        """The 32 bytes that leaves and root are bound to."""
        parts = [b"issuance.omnibus.1", self.chain_id.to_bytes(32, "big")]
        parts += [
            from_hex(checksum_address(item, what="address"), length=20)
            for item in (self.registry, self.wallet, self.token)
        ]
        return keccak(b"".join([*parts, self.day.to_bytes(4, "big")]))


@dataclass(frozen=True, slots=True)
class Leaf:
    """One client's position: `client` 16 bytes, `salt` 32, `amount` base units."""

    index: int
    client: bytes
    salt: bytes
    amount: int

    def hash(self, domain: bytes) -> bytes:
        """The leaf's hash under a domain's."""
        return keccak(
            b"\x00"
            + domain
            + self.index.to_bytes(8, "big")
            + self.client
            + self.salt
            + self.amount.to_bytes(16, "big")
        )


@dataclass(frozen=True, slots=True)
class Node:
    """A node as a proof shows it: nothing of who is below it, only how much there is together."""

    hash: bytes
    sum: int


def salts(secret: bytes, domain: bytes) -> Callable[[bytes], bytes]:
    """Client → salt for one tree: HMAC-SHA256 under a key of the distributor's secret.

    Another day's tree has other salts, so that equal positions don't show in two days' proofs.
    """
    key = hmac.digest(secret, b"omnibus salt", "sha256")
    return lambda client: hmac.digest(key, domain + client, hashlib.sha256)


@dataclass(frozen=True)
class SumTree:
    """A tree with all its levels, the leaves first."""

    domain: Domain
    leaves: tuple[Leaf, ...]
    levels: tuple[tuple[tuple[bytes, int], ...], ...]

    @classmethod
    def of(cls, domain: Domain, positions: Mapping[str, int], salt: Callable[[bytes], bytes]) -> SumTree:
        """The tree over client reference (0x and 32 hex digits) → base units; who has nothing is no leaf.

        Raises NothingToCommit for no position above zero, SumTooLarge for one that is negative, or for a
        sum that 128 bits don't hold, InvalidInput for a malformed reference.
        """
        for client, amount in positions.items():
            if type(amount) is not int or not 0 <= amount < _LIMIT:
                raise SumTooLarge(f"client {client} has {amount!r}: a position is from 0 to below 2^128")
        if sum(positions.values()) >= _LIMIT:
            raise SumTooLarge("the positions add up to more than 128 bits hold, which no token does")
        clients = sorted(
            (from_hex(client, what="client", length=16), amount)
            for client, amount in positions.items()
            if amount
        )
        if not clients:
            raise NothingToCommit("no client has a position above zero: there is nothing to commit")
        if any(one == other for (one, _), (other, _) in pairwise(clients)):
            raise InvalidInput("a client's reference is written in two ways: each has one position")
        bound = domain.hash
        leaves = tuple(
            Leaf(index, client, salt(client), amount) for index, (client, amount) in enumerate(clients)
        )
        level = tuple((leaf.hash(bound), leaf.amount) for leaf in leaves)
        levels = [level]
        while len(level) > 1:
            level = _above(level)
            levels.append(level)
        return cls(domain, leaves, tuple(levels))

    @property
    def total(self) -> int:
        """The sum of the positions."""
        return self.levels[-1][0][1]

    @cached_property
    def root(self) -> bytes:
        """What is committed: it covers the domain, the number of leaves and the total."""
        top, total = self.levels[-1][0]
        count = len(self.leaves).to_bytes(8, "big")
        return keccak(b"\x02" + self.domain.hash + count + top + total.to_bytes(16, "big"))

    def leaf(self, client: str) -> Leaf:
        """The client's leaf. Raises ProofNotFound."""
        wanted = from_hex(client, what="client", length=16)
        index = self._places.get(wanted)
        if index is None:
            raise ProofNotFound(f"client {client} has no position in this tree", client=client)
        return self.leaves[index]

    def path(self, index: int) -> tuple[Node, ...]:
        """The siblings from the leaf at `index` up."""
        nodes = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                nodes.append(Node(*level[sibling]))
            index >>= 1
        return tuple(nodes)

    @cached_property
    def _places(self) -> dict[bytes, int]:
        return {leaf.client: leaf.index for leaf in self.leaves}


def _above(level: Sequence[tuple[bytes, int]]) -> tuple[tuple[bytes, int], ...]:
    pairs = [
        (
            keccak(b"\x01" + left + left_sum.to_bytes(16, "big") + right + right_sum.to_bytes(16, "big")),
            left_sum + right_sum,
        )
        for (left, left_sum), (right, right_sum) in zip(level[::2], level[1::2], strict=False)
    ]
    return (*pairs, level[-1]) if len(level) % 2 else tuple(pairs)
