"""A block as evidence: its header, transactions and receipts in the bytes that its hashes are of.

A node answers in JSON; the proofs need the consensus encodings (Ethereum yellow paper, 4.4; EIP-2718 for
typed transactions and receipts). They are rebuilt here and believed only where they hash to what the header
says: a client whose header or roots can't be rebuilt is named, with what is missing, and never papered over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from toolkit.chain.hexes import from_hex, from_quantity, keccak, to_hex
from toolkit.errors import InconsistentNode
from toolkit.reporting.evidence.verify_pack import nibbles, number_bytes, rlp_encode

if TYPE_CHECKING:
    from toolkit.chain.client import Client

__all__ = ["BlockEvidence", "TransactionEvidence", "read_block", "trie"]

_QUANTITIES = frozenset(
    {"difficulty", "number", "gasLimit", "gasUsed", "timestamp", "baseFeePerGas", "blobGasUsed"}
    | {"excessBlobGas"}
)
_HEADER = (
    "parentHash",
    "sha3Uncles",
    "miner",
    "stateRoot",
    "transactionsRoot",
    "receiptsRoot",
    "logsBloom",
    "difficulty",
    "number",
    "gasLimit",
    "gasUsed",
    "timestamp",
    "extraData",
    "mixHash",
    "nonce",
    # London, Shanghai, Cancun (three), Prague: each fork appends to the one before.
    "baseFeePerGas",
    "withdrawalsRoot",
    "blobGasUsed",
    "excessBlobGas",
    "parentBeaconBlockRoot",
    "requestsHash",
)
_ALWAYS = _HEADER.index("baseFeePerGas")


@dataclass(frozen=True, slots=True)
class TransactionEvidence:
    """A mined transaction: `raw` is what was signed, `receipt` the consensus bytes, proofs are trie nodes.

    A proof is None where the block's root could not be rebuilt.
    """

    hash: bytes
    index: int
    raw: bytes
    receipt: bytes
    transaction_proof: tuple[bytes, ...] | None
    receipt_proof: tuple[bytes, ...] | None


class BlockEvidence:
    """One block. `found` is the node's block with its transactions, `receipts` its receipts, all as JSON."""

    def __init__(self, found: Mapping[str, Any], receipts: Sequence[Mapping[str, Any]]) -> None:
        self._found = found
        self._receipts = receipts
        self.hash = from_hex(found["hash"], length=32)
        self.number = from_quantity(found["number"])
        self.timestamp = from_quantity(found["timestamp"])

    @cached_property
    def header(self) -> bytes | None:
        """The header's RLP, or None if what the node tells doesn't hash to the block's hash."""
        names = [name for name in _HEADER if self._found.get(name) is not None]
        if names != list(_HEADER[: max(len(names), _ALWAYS)]):
            return None
        header = rlp_encode([_header_field(name, self._found[name]) for name in names])
        return header if keccak(header) == self.hash else None

    @cached_property
    def raw_transactions(self) -> tuple[bytes, ...]:
        """The signed bytes, in the block's order. Raises InconsistentNode for one that hashes to another."""
        raws = []
        for found in self._found["transactions"]:
            raw = _transaction(found)
            if to_hex(keccak(raw)) != found["hash"]:
                raise InconsistentNode(
                    f"transaction {found['hash']} of type {found.get('type')} can't be rebuilt from what the "
                    "node answers: ask another one",
                    transaction=found["hash"],
                )
            raws.append(raw)
        return tuple(raws)

    @cached_property
    def raw_receipts(self) -> tuple[bytes, ...]:
        """The receipts' consensus bytes, in the block's order."""
        return tuple(map(_receipt, self._receipts))

    @cached_property
    def _tries(self) -> tuple[_Trie | None, _Trie | None]:
        transactions, receipts = trie(self.raw_transactions), trie(self.raw_receipts)
        return (
            transactions if to_hex(transactions.root) == self._found["transactionsRoot"] else None,
            receipts if to_hex(receipts.root) == self._found["receiptsRoot"] else None,
        )

    @property
    def gaps(self) -> tuple[str, ...]:
        """What of the block could not be rebuilt, in words."""
        transactions, receipts = self._tries
        found = (
            (self.header, "its header"),
            (transactions, "its transactions' root"),
            (receipts, "its receipts' root"),
        )
        return tuple(name for what, name in found if what is None)

    @property
    def stated_roots(self) -> dict[str, str | int]:
        """What the node says of the block, for a header that can't be rebuilt."""
        return {
            "number": self.number,
            "timestamp": self.timestamp,
            "transactions_root": str(self._found["transactionsRoot"]),
            "receipts_root": str(self._found["receiptsRoot"]),
        }

    def transaction(self, tx_hash: bytes) -> TransactionEvidence:
        """One of its transactions. Raises InconsistentNode if it has none of this hash."""
        hashes = [keccak(raw) for raw in self.raw_transactions]
        if tx_hash not in hashes or len(self._receipts) != len(hashes):
            raise InconsistentNode(
                f"block {to_hex(self.hash)} has {len(hashes)} transactions, {len(self._receipts)} receipts, "
                f"and {to_hex(tx_hash)} is {'among' if tx_hash in hashes else 'not among'} them: ask again"
            )
        index = hashes.index(tx_hash)
        transactions, receipts = self._tries
        return TransactionEvidence(
            tx_hash,
            index,
            self.raw_transactions[index],
            self.raw_receipts[index],
            None if transactions is None else transactions.proof(index),
            None if receipts is None else receipts.proof(index),
        )


def read_block(client: Client, block_hash: bytes) -> BlockEvidence:
    """The block from the node. Raises NodeRejected, InconsistentNode."""
    wanted = to_hex(block_hash)
    found = client.request("eth_getBlockByHash", [wanted, True])
    if not isinstance(found, dict) or found.get("hash") != wanted:
        raise InconsistentNode(f"the node at {client.endpoint} has no block {wanted}", block=wanted)
    receipts = client.request("eth_getBlockReceipts", [wanted])
    if not isinstance(receipts, list) or any(item.get("blockHash") != wanted for item in receipts):
        raise InconsistentNode(
            f"the node at {client.endpoint} has no receipts of block {wanted}", block=wanted
        )
    return BlockEvidence(found, receipts)


# ------------------------------------------------------------------------------------------------------ tries


@dataclass(frozen=True, slots=True)
class _Trie:
    """A Merkle-Patricia trie over a block's items, keyed by their RLP-encoded places."""

    items: tuple[tuple[tuple[int, ...], bytes], ...]
    nodes: Mapping[bytes, bytes]
    root: bytes

    def proof(self, index: int) -> tuple[bytes, ...]:
        """The nodes from the root to item `index`."""
        from toolkit.reporting.evidence.verify_pack import rlp_decode

        path, reference = nibbles(rlp_encode(number_bytes(index))), self.root
        proof: list[bytes] = []
        node: Any = reference
        while True:
            if isinstance(node, bytes):
                proof.append(self.nodes[node])
                node = rlp_decode(proof[-1])
            if len(node) == 17:
                if not path:
                    return tuple(proof)
                node, path = node[path[0]], path[1:]
                continue
            shared = nibbles(node[0])
            if shared[0] >= 2:
                return tuple(proof)
            path = path[len(shared) - (1 if shared[0] % 2 else 2) :]
            node = node[1]


def trie(items: Sequence[bytes]) -> _Trie:
    """The trie over `items` (yellow paper, appendix D)."""
    keyed = sorted(
        (tuple(nibbles(rlp_encode(number_bytes(place)))), item) for place, item in enumerate(items)
    )
    nodes: dict[bytes, bytes] = {}
    top = rlp_encode(_node(keyed, 0, nodes))
    root = keccak(top)
    nodes[root] = top
    return _Trie(tuple(keyed), nodes, root)


def _node(items: Sequence[tuple[tuple[int, ...], bytes]], depth: int, nodes: dict[bytes, bytes]) -> Any:
    if not items:
        return b""
    first, last = items[0][0], items[-1][0]
    if len(items) == 1:
        return [_path(first[depth:], leaf=True), items[0][1]]
    shared = depth
    while shared < min(len(first), len(last)) and first[shared] == last[shared]:
        shared += 1
    if shared > depth:
        return [_path(first[depth:shared], leaf=False), _reference(_node(items, shared, nodes), nodes)]
    children: list[Any] = []
    for half in range(16):
        below = [item for item in items if len(item[0]) > depth and item[0][depth] == half]
        children.append(_reference(_node(below, depth + 1, nodes), nodes) if below else b"")
    own = [value for path, value in items if len(path) == depth]
    return [*children, own[0] if own else b""]


def _reference(node: Any, nodes: dict[bytes, bytes]) -> Any:
    encoded = rlp_encode(node)
    if len(encoded) < 32:
        return node
    nodes[keccak(encoded)] = encoded
    return keccak(encoded)


def _path(halves: Sequence[int], *, leaf: bool) -> bytes:
    flag = 2 * leaf + len(halves) % 2
    padded = [flag, *halves] if len(halves) % 2 else [flag, 0, *halves]
    return bytes(high << 4 | low for high, low in zip(padded[::2], padded[1::2], strict=True))


# -------------------------------------------------------------------------------------------------- encodings


def _quantity(value: str) -> bytes:
    return number_bytes(from_quantity(value))


def _header_field(name: str, value: str) -> bytes:
    return _quantity(value) if name in _QUANTITIES else from_hex(value, what=name)


def _access_list(found: Mapping[str, Any]) -> list[Any]:
    return [
        [from_hex(entry["address"]), [from_hex(key) for key in entry["storageKeys"]]]
        for entry in found.get("accessList") or []
    ]


def _authorisations(found: Mapping[str, Any]) -> list[Any]:
    return [
        [
            _quantity(entry["chainId"]),
            from_hex(entry["address"]),
            *(_quantity(entry[name]) for name in ("nonce", "yParity", "r", "s")),
        ]
        for entry in found["authorizationList"]
    ]


def _transaction(found: Mapping[str, Any]) -> bytes:
    """The signed bytes of a transaction of type 0 to 4, from the node's JSON."""
    kind = from_quantity(found.get("type") or "0x0")
    to = b"" if found.get("to") is None else from_hex(found["to"])
    target = [_quantity(found["gas"]), to, _quantity(found["value"]), from_hex(found["input"])]
    signature = [_quantity(found["r"]), _quantity(found["s"])]
    if kind == 0:
        priced = [_quantity(found["nonce"]), _quantity(found["gasPrice"])]
        return rlp_encode([*priced, *target, _quantity(found["v"]), *signature])
    fees = ["gasPrice"] if kind == 1 else ["maxPriorityFeePerGas", "maxFeePerGas"]
    fields: list[Any] = [_quantity(found[name]) for name in ("chainId", "nonce", *fees)]
    fields += [*target, _access_list(found)]
    if kind == 3:
        blobs = [from_hex(item) for item in found["blobVersionedHashes"]]
        fields += [_quantity(found["maxFeePerBlobGas"]), blobs]
    if kind == 4:
        fields.append(_authorisations(found))
    parity = _quantity(found.get("yParity") or found["v"])
    return bytes([kind]) + rlp_encode([*fields, parity, *signature])


def _receipt(found: Mapping[str, Any]) -> bytes:
    """A receipt's consensus bytes, from the node's JSON."""
    logs = [
        [from_hex(log["address"]), [from_hex(topic) for topic in log["topics"]], from_hex(log["data"])]
        for log in found["logs"]
    ]
    outcome = from_hex(found["root"]) if found.get("root") else _quantity(found["status"])
    body = rlp_encode([outcome, _quantity(found["cumulativeGasUsed"]), from_hex(found["logsBloom"]), logs])
    kind = from_quantity(found.get("type") or "0x0")
    return bytes([kind]) + body if kind else body
