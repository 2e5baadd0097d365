"""A Merkle tree as OpenZeppelin's `StandardMerkleTree` builds it, so that either library can check the other.

A leaf is `keccak(keccak(abi.encode(types, value)))`, a node the keccak of its two children in ascending
order. Leaves are sorted by hash and fill the array from its end, the root stands at 0, and node `i` has the
children `2i + 1` and `2i + 2`. Dumps and proofs have the form of `@openzeppelin/merkle-tree` 1.0
(`standard-v1`), which `MerkleProof` on chain verifies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.errors import InvalidInput
from toolkit.funds.errors import BadProof

__all__ = ["MultiProof", "StandardMerkleTree", "leaf_hash", "node_hash", "verify", "verify_multi"]

FORMAT = "standard-v1"

_WORDS = frozenset({"address", "bytes32", "uint256"})

Value = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MultiProof:
    """A proof of several values at once, as `MerkleProof.multiProofVerify` takes it."""

    values: tuple[Value, ...]
    proof: tuple[bytes, ...]
    flags: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class StandardMerkleTree:
    """A tree over `values`, each a tuple of texts (addresses and whole numbers) encoded as `types`.

    `tree` are the nodes from the root on; `positions[i]` is where value `i` stands in it. Make one with `of`
    or `load`.
    """

    types: tuple[str, ...]
    values: tuple[Value, ...]
    tree: tuple[bytes, ...]
    positions: tuple[int, ...]

    @classmethod
    def of(cls, values: Sequence[Sequence[str | int]], types: Sequence[str]) -> Self:
        """The tree over `values`. Raises `InvalidInput` for none, or for a value that isn't of `types`."""
        texts = tuple(tuple(str(item) for item in value) for value in values)
        if not texts:
            raise InvalidInput("a Merkle tree needs at least one value")
        hashes = [leaf_hash(value, types) for value in texts]
        order = sorted(range(len(texts)), key=lambda index: hashes[index])
        size = 2 * len(texts) - 1
        tree = [b""] * size
        positions = [0] * len(texts)
        for place, index in enumerate(order):
            tree[size - 1 - place] = hashes[index]
            positions[index] = size - 1 - place
        for node in range(size - 1 - len(texts), -1, -1):
            tree[node] = node_hash(tree[2 * node + 1], tree[2 * node + 2])
        return cls(tuple(types), texts, tuple(tree), tuple(positions))

    @classmethod
    def load(cls, data: Mapping[str, Any]) -> Self:
        """The tree that `dump` wrote, here or in JavaScript, checked node by node. Raises `BadProof`."""
        if data.get("format") != FORMAT:
            raise BadProof(f"unknown tree format {data.get('format')!r}: {FORMAT!r} is needed")
        try:
            types = [str(item) for item in data["leafEncoding"]]
            values = [[str(item) for item in entry["value"]] for entry in data["values"]]
            tree = tuple(from_hex(node, what="tree node", length=32) for node in data["tree"])
            positions = tuple(int(entry["treeIndex"]) for entry in data["values"])
        except (KeyError, TypeError) as error:
            raise BadProof(f"the tree's dump is incomplete: {error!r}") from error
        built = cls.of(values, types)
        # The leaves may stand in another order, which the JavaScript library allows on request.
        if len(tree) != len(built.tree) or sorted(positions) != sorted(built.positions):
            raise BadProof(f"the dump has {len(tree)} nodes for {len(values)} values")
        if any(
            tree[node] != node_hash(tree[2 * node + 1], tree[2 * node + 2]) for node in range(len(values) - 1)
        ):
            raise BadProof("a node of the dump isn't the hash of its children: it was changed")
        for value, position in zip(built.values, positions, strict=True):
            if tree[position] != leaf_hash(value, types):
                raise BadProof(f"the value {value} doesn't hash to its leaf: it was changed", value=value)
        return cls(built.types, built.values, tree, positions)

    def dump(self) -> dict[str, Any]:
        """JSON data in the JavaScript library's form, for its `StandardMerkleTree.load`."""
        return {
            "format": FORMAT,
            "leafEncoding": list(self.types),
            "tree": [to_hex(node) for node in self.tree],
            "values": [
                {"value": list(value), "treeIndex": position}
                for value, position in zip(self.values, self.positions, strict=True)
            ],
        }

    @property
    def root(self) -> bytes:
        return self.tree[0]

    def index_of(self, value: Sequence[str | int]) -> int:
        """Where `value` stands in `values`. Raises `BadProof` when it doesn't."""
        wanted = leaf_hash(tuple(str(item) for item in value), self.types)
        for index, position in enumerate(self.positions):
            if self.tree[position] == wanted:
                return index
        raise BadProof(f"the value {tuple(value)} is not in the tree", value=list(value))

    def proof(self, index: int) -> tuple[bytes, ...]:
        """The siblings on the way from value `index` to the root."""
        node = self._position(index)
        siblings = []
        while node > 0:
            siblings.append(self.tree[_sibling(node)])
            node = (node - 1) // 2
        return tuple(siblings)

    def multi_proof(self, indices: Sequence[int]) -> MultiProof:
        """One proof of all values `indices`, in the library's order: from the last leaf to the first."""
        nodes = sorted((self._position(index) for index in indices), reverse=True)
        if len(set(nodes)) != len(nodes):
            raise InvalidInput("a value is listed twice; prove each once")
        by_position = {position: index for index, position in enumerate(self.positions)}
        values = tuple(self.values[by_position[node]] for node in nodes)
        waiting, proof, flags = list(nodes), [], []
        while waiting and waiting[0] > 0:
            node = waiting.pop(0)
            if waiting and waiting[0] == _sibling(node):
                waiting.pop(0)
                flags.append(True)
            else:
                proof.append(self.tree[_sibling(node)])
                flags.append(False)
            waiting.append((node - 1) // 2)
        return MultiProof(values, tuple(proof if nodes else [self.root]), tuple(flags))

    def _position(self, index: int) -> int:
        if not 0 <= index < len(self.values):
            raise InvalidInput(f"the tree has no value {index}: it has {len(self.values)}")
        return self.positions[index]


def verify(root: bytes, value: Sequence[str | int], proof: Sequence[bytes], types: Sequence[str]) -> bool:
    """Whether `proof` leads from `value` to `root`, as `MerkleProof.verify` says on chain."""
    node = leaf_hash(tuple(str(item) for item in value), types)
    for sibling in proof:
        node = node_hash(node, sibling)
    return node == root


def verify_multi(root: bytes, multi: MultiProof, types: Sequence[str]) -> bool:
    """Whether `multi` leads to `root`, as `MerkleProof.multiProofVerify` says on chain."""
    leaves = [leaf_hash(value, types) for value in multi.values]
    if len(leaves) + len(multi.proof) != len(multi.flags) + 1:
        return False
    waiting, proof = leaves, list(multi.proof)
    for flag in multi.flags:
        if len(waiting) < 1 + flag or (not flag and not proof):
            return False
        first = waiting.pop(0)
        waiting.append(node_hash(first, waiting.pop(0) if flag else proof.pop(0)))
    return [*waiting, *proof] == [root]


def leaf_hash(value: Sequence[str], types: Sequence[str]) -> bytes:
    """`keccak(keccak(abi.encode(types, value)))`. Raises `InvalidInput` for what isn't of `types`."""
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError

    if len(value) != len(types):
        raise InvalidInput(f"the value {tuple(value)} has {len(value)} parts, and the leaf {len(types)}")
    if _WORDS.issuperset(types):
        try:
            return keccak(keccak(b"".join(map(_word, value, types))))
        except InvalidInput as error:
            raise InvalidInput(f"the value {tuple(value)} is not {', '.join(types)}: {error}") from error
    try:
        encoded = encode(list(types), [_part(text, kind) for text, kind in zip(value, types, strict=True)])
    except (EncodingError, TypeError, ValueError) as error:
        raise InvalidInput(f"the value {tuple(value)} is not {', '.join(types)}: {error}") from error
    return keccak(keccak(encoded))


def _word(text: str, kind: str) -> bytes:
    """One word of 32 bytes as the ABI has it: what the general encoder gives, in a hundredth of the time."""
    if kind == "uint256":
        if not (text.isascii() and text.isdecimal()) or int(text) >= 2**256:
            raise InvalidInput(f"the value {text!r} is not {kind}")
        return int(text).to_bytes(32, "big")
    length = 20 if kind == "address" else 32
    return from_hex(text, what=kind, length=length).rjust(32, b"\0")


def node_hash(one: bytes, other: bytes) -> bytes:
    """The keccak of two nodes in ascending order."""
    return keccak(one + other if one < other else other + one)


def _part(text: str, kind: str) -> str | int | bytes:
    if kind.startswith(("uint", "int")):
        return int(text)
    return bytes.fromhex(text.removeprefix("0x")) if kind.startswith("bytes") else text


def _sibling(node: int) -> int:
    return node + 1 if node % 2 else node - 1
