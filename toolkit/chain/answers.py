"""What a node's answers hold, parsed and checked for shape."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, overload

from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import from_hex, from_quantity
from toolkit.chain.logs import Log
from toolkit.errors import InconsistentNode, InvalidInput

__all__ = [
    "Block",
    "FeeHistory",
    "Receipt",
    "ReceiptLogs",
    "Transaction",
    "parse_block",
    "parse_fees",
    "parse_log",
    "parse_receipt",
    "parse_transaction",
]


@dataclass(frozen=True, slots=True)
class Block:
    """A block's header. Times are seconds since 1970, the base fee is wei per gas."""

    number: int
    hash: bytes
    parent_hash: bytes = field(repr=False)
    timestamp: int
    base_fee: int
    gas_limit: int = field(repr=False)


class ReceiptLogs(Sequence[Log]):
    """The logs of a receipt, parsed when one is asked for. What proves hundreds of mints compares `words`.

    Raises InconsistentNode for a log that can't be read.
    """

    __slots__ = ("_found", "_parsed", "words")

    words: tuple[tuple[str, tuple[str, ...], str], ...]
    """Of each log address, topics and data as the node wrote them, in small letters."""

    def __init__(self, found: Sequence[Mapping[str, Any]]) -> None:
        self._found = found
        self._parsed: tuple[Log, ...] | None = None
        self.words = tuple(
            (log["address"].lower(), tuple([topic.lower() for topic in log["topics"]]), log["data"].lower())
            for log in found
        )

    def are_of(self, tx_hash: bytes, block_hash: bytes) -> bool:
        """Whether all of them are of that transaction, in that block."""
        places = {(log["transactionHash"], log["blockHash"]) for log in self._found}
        return all((_hash(tx), _hash(block)) == (tx_hash, block_hash) for tx, block in places)

    @overload
    def __getitem__(self, index: int) -> Log: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Log]: ...
    def __getitem__(self, index: int | slice) -> Log | Sequence[Log]:
        return self._logs()[index]

    def __len__(self) -> int:
        return len(self._found)

    def __iter__(self) -> Iterator[Log]:
        return iter(self._logs())

    def __eq__(self, other: object) -> bool:
        return self._logs() == other._logs() if isinstance(other, ReceiptLogs) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._logs())

    def __repr__(self) -> str:
        return f"ReceiptLogs{self._logs()}"

    def _logs(self) -> tuple[Log, ...]:
        if self._parsed is None:
            try:
                self._parsed = tuple(map(parse_log, self._found))
            except (KeyError, IndexError, TypeError, AttributeError, InvalidInput) as error:
                raise InconsistentNode(
                    f"the node gave a receipt with a log that can't be read ({type(error).__name__}: {error})"
                ) from error
        return self._parsed


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a transaction. `succeeded` is False for one that reverted."""

    tx_hash: bytes
    block_number: int
    block_hash: bytes = field(repr=False)
    succeeded: bool
    gas_used: int
    effective_gas_price: int
    sender: str
    to: str | None
    contract_address: str | None
    logs: ReceiptLogs = field(repr=False)


@dataclass(frozen=True, slots=True)
class Transaction:
    """A transaction that the node knows; without a block while it waits."""

    hash: bytes
    sender: str
    nonce: int
    to: str | None
    data: bytes = field(repr=False)
    value: int
    gas: int
    block_number: int | None
    block_hash: bytes | None = field(repr=False)
    chain_id: int | None = None
    """None for one from before EIP-155, which any chain takes."""


@dataclass(frozen=True, slots=True)
class FeeHistory:
    """`next_base_fee` in wei per gas, and the tips of recent blocks at the percentile asked for."""

    next_base_fee: int
    tips: tuple[int, ...]


def _address(value: str | None) -> str | None:
    return None if value is None else _some_address(value)


# The logs of a block repeat the same few: their contracts, its number and hash, their transactions', what
# event each is. What differs from log to log isn't kept.
@lru_cache(maxsize=256)
def _some_address(value: str) -> str:
    return address_from_bytes(from_hex(value, length=20))


@lru_cache(maxsize=256)
def _hash(value: str) -> bytes:
    return from_hex(value, length=32)


@lru_cache(maxsize=64)
def _number(value: str) -> int:
    return from_quantity(value)


def _word(value: str) -> bytes:
    """32 bytes, in a fraction of `from_hex`'s time for what is well formed."""
    try:
        decoded = bytes.fromhex(value[2:])
    except (TypeError, ValueError):
        return from_hex(value, length=32)
    if len(decoded) == 32 and len(value) == 66 and value.startswith("0x"):
        return decoded
    return from_hex(value, length=32)


def parse_block(found: Mapping[str, Any]) -> Block:
    """A header from `eth_getBlockBy…`."""
    return Block(
        number=from_quantity(found["number"]),
        hash=from_hex(found["hash"], length=32),
        parent_hash=from_hex(found["parentHash"], length=32),
        timestamp=from_quantity(found["timestamp"]),
        base_fee=from_quantity(found.get("baseFeePerGas") or "0x0"),
        gas_limit=from_quantity(found["gasLimit"]),
    )


def parse_fees(found: Mapping[str, Any]) -> FeeHistory:
    """An answer of `eth_feeHistory` for one percentile; blocks without gas used tell no tip."""
    ratios, rewards = found.get("gasUsedRatio", []), found.get("reward") or []
    tips = [from_quantity(row[0]) for row, ratio in zip(rewards, ratios, strict=False) if ratio]
    return FeeHistory(from_quantity(found["baseFeePerGas"][-1]), tuple(tips))


def parse_log(found: Mapping[str, Any]) -> Log:
    """A log from `eth_getLogs` or a receipt."""
    topics, data = found["topics"], found["data"]
    return Log(
        _some_address(found["address"]),
        (_hash(topics[0]), *map(_word, topics[1:])) if topics else (),
        _word(data) if len(data) == 66 else from_hex(data),
        _number(found["blockNumber"]),
        _hash(found["blockHash"]),
        _hash(found["transactionHash"]),
        from_quantity(found["logIndex"]),
    )


def parse_receipt(found: Mapping[str, Any]) -> Receipt:
    """An answer of `eth_getTransactionReceipt`."""
    return Receipt(
        tx_hash=from_hex(found["transactionHash"], length=32),
        block_number=from_quantity(found["blockNumber"]),
        block_hash=from_hex(found["blockHash"], length=32),
        succeeded=from_quantity(found["status"]) == 1,
        gas_used=from_quantity(found["gasUsed"]),
        effective_gas_price=from_quantity(found["effectiveGasPrice"]),
        sender=_some_address(found["from"]),
        to=_address(found.get("to")),
        contract_address=_address(found.get("contractAddress")),
        logs=ReceiptLogs(found["logs"]),
    )


def parse_transaction(found: Mapping[str, Any]) -> Transaction:
    """An answer of `eth_getTransactionByHash`."""
    number, block_hash, chain_id = found.get("blockNumber"), found.get("blockHash"), found.get("chainId")
    return Transaction(
        hash=from_hex(found["hash"], length=32),
        sender=_some_address(found["from"]),
        nonce=from_quantity(found["nonce"]),
        to=_address(found.get("to")),
        data=from_hex(found["input"]),
        value=from_quantity(found["value"]),
        gas=from_quantity(found["gas"]),
        block_number=None if number is None else from_quantity(number),
        block_hash=None if block_hash is None else from_hex(block_hash, length=32),
        chain_id=None if chain_id is None else from_quantity(chain_id),
    )
