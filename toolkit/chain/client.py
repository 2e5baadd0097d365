"""Reading a chain: every read names its block, every answer is checked, every failure is typed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from toolkit.chain.addresses import checksum_address
from toolkit.chain.answers import (
    Block,
    FeeHistory,
    Receipt,
    Transaction,
    parse_block,
    parse_fees,
    parse_log,
    parse_receipt,
    parse_transaction,
)
from toolkit.chain.finality import Finality
from toolkit.chain.hexes import from_hex, from_quantity, is_text, to_hex, to_quantity
from toolkit.chain.logs import Log
from toolkit.chain.node_messages import NodeMessage, classify, is_range_too_large
from toolkit.chain.reverts import RevertRegistry
from toolkit.chain.transport import Transport
from toolkit.errors import (
    ContractReverted,
    InconsistentNode,
    InvalidInput,
    NodeRejected,
    ToolkitError,
    WrongChain,
)

__all__ = ["Block", "BlockRef", "Client", "FeeHistory", "Receipt", "Transaction"]

T = TypeVar("T")

_LOOKS = 3

_TAGS = frozenset({"latest", "pending", "safe", "finalized", "earliest"})


BlockRef = Block | bytes | int | str
"""A `Block` or a 32-byte hash (best: a reorganisation can't change what is meant), a number, or one of
the tags latest, pending, safe, finalized, earliest."""


class Client:
    """One node, read over HTTP(S) or its Unix socket. May be shared between threads.

    `chain_id` is the chain that is meant: the node is asked once, before the first request, and another
    one raises WrongChain. `finality` defaults to the chain's (`Finality.for_chain`). `timeout` is in
    seconds, for each request. `reverts` turns revert data into exceptions.

    Every method raises NodeUnreachable, NodeTimeout, NodeRejected, InconsistentNode or WrongChain, and
    the methods that execute code raise ContractReverted.
    """

    def __init__(
        self,
        endpoint: str,
        *,
        chain_id: int | None = None,
        finality: Finality | None = None,
        timeout: float = 20.0,
        reverts: RevertRegistry | None = None,
        log_step: int = 5_000,
    ) -> None:
        if isinstance(log_step, bool) or log_step < 1:
            raise InvalidInput(f"log_step {log_step!r} must be a number of blocks, 1 or more")
        self.reverts = reverts if reverts is not None else RevertRegistry()
        self._transport = Transport(endpoint, timeout=timeout)
        self._wanted_chain_id = chain_id
        self._chain_id: int | None = None
        self._finality = finality
        self._log_step = log_step
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"Client({self._transport.name})"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def endpoint(self) -> str:
        """The node's address without path, query or credentials."""
        return self._transport.name

    @property
    def chain_id(self) -> int:
        """The node's chain id, asked once."""
        with self._lock:
            if self._chain_id is None:
                self._chain_id = self._asked_chain_id(self._wanted_chain_id)
            return self._chain_id

    def check_chain(self) -> None:
        """Asks for the chain id again: behind an address another node may answer by now.

        Raises WrongChain.
        """
        self._asked_chain_id(self.chain_id)

    def _asked_chain_id(self, wanted: int | None) -> int:
        answer = self._result(self._transport.request("eth_chainId", []), "eth_chainId")
        found = self._parsed(from_quantity, answer, "a chain id")
        if wanted not in (None, found):
            raise WrongChain(
                f"the node at {self.endpoint} serves chain {found}, not {wanted}; "
                "correct the address or the chain id",
                found=found,
                wanted=wanted,
            )
        return found

    @property
    def finality(self) -> Finality:
        """The rule by which this client calls a block final."""
        return self._finality if self._finality is not None else Finality.for_chain(self.chain_id)

    def close(self) -> None:
        """Close idle connections. The client stays usable."""
        self._transport.close()

    # --- requests ------------------------------------------------------------------------------------

    def request(self, method: str, params: Sequence[Any] = (), *, timeout: float | None = None) -> Any:
        """One JSON-RPC request; its `result` as parsed from JSON."""
        _ = self.chain_id
        return self._result(self._transport.request(method, params, timeout=timeout), method)

    def batch(
        self, requests: Sequence[tuple[str, Sequence[Any]]], *, timeout: float | None = None
    ) -> list[Any | ToolkitError]:
        """Many requests in one message. Each result is in its request's place; where the node refused one,
        its exception stands there instead of being raised, so that the others are not lost.

        The node may execute them in any order.
        """
        _ = self.chain_id
        results: list[Any | ToolkitError] = []
        answers = self._transport.batch(requests, timeout=timeout)
        for (method, _params), answer in zip(requests, answers, strict=True):
            try:
                results.append(self._result(answer, method))
            except ToolkitError as error:
                results.append(error)
        return results

    # --- blocks --------------------------------------------------------------------------------------

    def block(self, block: BlockRef = "latest") -> Block:
        """A block's header. Raises NodeRejected if the node has no such block."""
        if isinstance(block, Block):
            block = block.hash
        if isinstance(block, bytes):
            found = self.request("eth_getBlockByHash", [_block_hash(block), False])
        else:
            found = self.request("eth_getBlockByNumber", [_block_parameter(block), False])
        if found is None:
            shown = to_hex(block) if isinstance(block, bytes) else block
            raise NodeRejected(f"the node at {self.endpoint} has no block {shown}", block=shown)
        parsed = self._parsed(parse_block, found, "a block")
        if (isinstance(block, bytes) and parsed.hash != block) or (
            isinstance(block, int) and parsed.number != block
        ):
            raise InconsistentNode(f"asked for block {block!r}, the node at {self.endpoint} gave {parsed}")
        return parsed

    def finalized_block(self) -> Block:
        """The newest block that is final."""
        finality = self.finality
        if finality.tag is not None:
            return self.block(finality.tag)
        head = self.block("latest")
        depth = finality.depth or 0
        return head if depth == 0 else self.block(max(0, head.number - depth))

    def is_final(self, block_number: int) -> bool:
        """Whether the block of this number is final now."""
        return block_number <= self.finalized_block().number

    # --- state at a block ----------------------------------------------------------------------------

    def call(
        self,
        to: str,
        data: bytes,
        *,
        block: BlockRef,
        sender: str | None = None,
        value: int = 0,
        gas: int | None = None,
    ) -> bytes:
        """Execute a call without sending it; what it returned. Raises ContractReverted."""
        call = _call_object(to, data, sender, value)
        if gas is not None:
            call["gas"] = to_quantity(gas)
        return self._bytes("eth_call", [call, _block_parameter(block)])

    def calls(self, calls: Sequence[tuple[str, bytes]], *, block: BlockRef) -> list[bytes]:
        """Many calls at one block, in one message. The first that reverts is raised."""
        where = _block_parameter(block)
        results = self._together([_call_request(to, data, where) for to, data in calls], where)
        return [self._parsed(from_hex, result, "bytes") for result in results]

    def head_and_calls(self, calls: Sequence[tuple[str, bytes]]) -> tuple[Block, list[bytes]]:
        """The newest block, and many calls as of now, in one message: a block may be mined between two of
        them. The first that reverts is raised.
        """
        requests = [_call_request(to, data, "latest") for to, data in calls]
        head, *results = self._together([("eth_getBlockByNumber", ["latest", False]), *requests], "latest")
        answers = [self._parsed(from_hex, result, "bytes") for result in results]
        return self._parsed(parse_block, head, "a block"), answers

    def estimate_gas(self, to: str | None, data: bytes, *, sender: str, value: int = 0) -> int:
        """The gas a transaction would need on top of those that wait. Raises ContractReverted."""
        return self._quantity("eth_estimateGas", [_call_object(to, data, sender, value), "pending"])

    def code(self, address: str, block: BlockRef) -> bytes:
        """The code at an address; empty where there is no contract."""
        return self._bytes("eth_getCode", [address, _block_parameter(block)])

    def storage(self, address: str, slot: int, block: BlockRef) -> bytes:
        """The 32 bytes of a storage slot."""
        word = self._bytes("eth_getStorageAt", [address, to_quantity(slot), _block_parameter(block)])
        return word.rjust(32, b"\0")

    def balance(self, address: str, block: BlockRef) -> int:
        """An account's wei."""
        return self._quantity("eth_getBalance", [address, _block_parameter(block)])

    def nonce(self, address: str, block: BlockRef) -> int:
        """How many transactions an account has sent, by that block; `"pending"` counts waiting ones."""
        return self._quantity("eth_getTransactionCount", [address, _block_parameter(block)])

    # --- transactions --------------------------------------------------------------------------------

    def send_raw(self, raw: bytes, *, timeout: float | None = None) -> bytes:
        """Broadcast signed bytes, once, and return the node's hash for them."""
        answer = self.request("eth_sendRawTransaction", [to_hex(raw)], timeout=timeout)
        return self._parsed(lambda found: from_hex(found, length=32), answer, "a transaction hash")

    def receipt(self, tx_hash: bytes) -> Receipt | None:
        """The receipt of a mined transaction; None while it isn't mined, or is unknown."""
        found = self.request("eth_getTransactionReceipt", [to_hex(tx_hash)])
        if found is None or (isinstance(found, dict) and found.get("blockHash", "") is None):
            return None
        receipt = self._parsed(parse_receipt, found, "a receipt")
        if receipt.tx_hash != tx_hash:
            raise InconsistentNode(
                f"asked for the receipt of {to_hex(tx_hash)}, got {to_hex(receipt.tx_hash)}"
            )
        if not self._parsed(lambda logs: logs.are_of(tx_hash, receipt.block_hash), receipt.logs, "a receipt"):
            raise InconsistentNode(
                f"the receipt of {to_hex(tx_hash)} from {self.endpoint} holds logs of another transaction"
            )
        return receipt

    def transaction(self, tx_hash: bytes) -> Transaction | None:
        """A transaction that is mined or waits; None if the node doesn't know it."""
        found = self.request("eth_getTransactionByHash", [to_hex(tx_hash)])
        if found is None:
            return None
        transaction = self._parsed(parse_transaction, found, "a transaction")
        if transaction.hash != tx_hash:
            raise InconsistentNode(f"asked for transaction {to_hex(tx_hash)}, got {to_hex(transaction.hash)}")
        return transaction

    def transactions_in(self, block: int) -> tuple[Transaction, ...]:
        """The transactions of the block of this number, in its order."""
        found = self.request("eth_getBlockByNumber", [to_quantity(block), True])
        if found is None:
            raise NodeRejected(f"the node at {self.endpoint} has no block {block}", block=block)
        return self._parsed(
            lambda header: tuple(parse_transaction(item) for item in header["transactions"]),
            found,
            "a block with its transactions",
        )

    def replay(self, transaction: Transaction, *, block: BlockRef) -> bytes:
        """Execute a transaction again on the state of `block`, with its own gas. Raises ContractReverted."""
        call = _call_object(transaction.to, transaction.data, transaction.sender, transaction.value)
        call["gas"] = to_quantity(transaction.gas)
        return self._bytes("eth_call", [call, _block_parameter(block)])

    def fees(self, *, percentile: int = 50, blocks: int = 10) -> FeeHistory:
        """Base fee of the next block, and the tips paid in the last `blocks` that weren't empty."""
        found = self.request("eth_feeHistory", [to_quantity(blocks), "latest", [percentile]])
        return self._parsed(parse_fees, found, "a fee history")

    # --- logs ----------------------------------------------------------------------------------------

    def logs(
        self,
        address: str | Sequence[str],
        topics: Sequence[bytes | Sequence[bytes] | None] = (),
        from_block: int = 0,
        to_block: BlockRef = "latest",
    ) -> list[Log]:
        """Every log of these addresses in `from_block`..`to_block`, both included, in the chain's order.

        A topic is a 32-byte value, a list of alternatives, or None for any. The range is asked in steps,
        halved where the node finds one too large. Raises InconsistentNode for a log that wasn't asked
        for, and when the chain was reorganised while it was read: ask again then.
        """
        addresses = [address] if isinstance(address, str) else list(address)
        if not addresses:
            raise InvalidInput("logs are asked for by address: give at least one")
        last = self.block(to_block)
        wanted = frozenset(checksum_address(item, what="log address") for item in addresses)
        shape = {"address": sorted(wanted), "topics": [_topic_parameter(topic) for topic in topics]}
        found: list[Log] = []
        start, step = from_block, self._log_step
        while start <= last.number:
            end = min(start + step - 1, last.number)
            try:
                chunk = self.request(
                    "eth_getLogs", [{**shape, "fromBlock": to_quantity(start), "toBlock": to_quantity(end)}]
                )
            except NodeRejected as error:
                if end == start or not is_range_too_large(error.message):
                    raise
                step = (end - start + 1) // 2
                continue
            found.extend(self._checked(chunk, wanted, topics, start, end))
            start = end + 1
        if self.block(last.number).hash != last.hash:
            raise InconsistentNode(f"block {last.number} was replaced while logs were read; ask again")
        return found

    def _checked(
        self,
        chunk: list[Any],
        wanted: frozenset[str],
        topics: Sequence[bytes | Sequence[bytes] | None],
        start: int,
        end: int,
    ) -> list[Log]:
        logs = self._parsed(lambda items: [parse_log(item) for item in items], chunk, "logs")
        for log in logs:
            asked = log.address in wanted and start <= log.block_number <= end and _fits(log, topics)
            if not asked:
                raise InconsistentNode(
                    f"asked for logs of {', '.join(sorted(wanted))} in blocks {start} to {end}, the node at "
                    f"{self.endpoint} gave one of {log.address} in block {log.block_number} with the topics "
                    f"{', '.join(map(to_hex, log.topics)) or '(none)'}; do not use it"
                )
        if [_position(log) for log in logs] != sorted({_position(log) for log in logs}):
            raise InconsistentNode(
                f"the node at {self.endpoint} gave the logs of blocks {start} to {end} twice or out of order"
            )
        return logs

    # --- identity ------------------------------------------------------------------------------------

    def instance_id(self) -> str | None:
        """Which Anvil process this is; None for a chain that isn't Anvil's, where the chain id suffices."""
        try:
            return str(self.request("anvil_metadata")["instanceId"])
        except NodeRejected as error:
            if error.details.get("rpc_code") is None:
                raise  # refused by HTTP: that says nothing about the method
            return None

    # --- inside --------------------------------------------------------------------------------------

    def _bytes(self, method: str, params: Sequence[Any]) -> bytes:
        return self._parsed(from_hex, self._at(params[-1], lambda: self.request(method, params)), "bytes")

    def _quantity(self, method: str, params: Sequence[Any]) -> int:
        return self._parsed(
            from_quantity, self._at(params[-1], lambda: self.request(method, params)), "a number"
        )

    def _together(self, requests: Sequence[tuple[str, Sequence[Any]]], where: Any) -> list[Any]:
        """The results of requests about the state at `where`; the first refusal is raised."""
        return self._at(where, lambda: [_raised(result) for result in self.batch(requests)])

    def _at(self, where: Any, ask: Callable[[], T]) -> T:
        """Asks about the state at `where`. A node that keeps no past (`anvil --prune-history`) looks up what
        a tag means, and a block that is mined just then takes that away: it is asked again.
        """
        for _ in range(_LOOKS):
            try:
                return ask()
            except NodeRejected as error:
                if (
                    not is_text(where)
                    or where not in _TAGS
                    or error.details.get("kind") is not NodeMessage.NO_HISTORY
                ):
                    raise
        return ask()

    def _parsed(self, parse: Callable[[Any], T], answer: Any, what: str) -> T:
        """What `answer` holds. A node that answers something else is at fault, never the caller."""
        try:
            return parse(answer)
        except (KeyError, IndexError, TypeError, AttributeError, InvalidInput) as error:
            raise InconsistentNode(
                f"the node at {self.endpoint} should have answered {what} and gave {answer!r:.120} "
                f"({type(error).__name__}: {error})"
            ) from error

    def _result(self, answer: Mapping[str, Any], method: str) -> Any:
        error = answer.get("error")
        if error is None:
            return answer["result"]
        message = str(error.get("message", "")) if isinstance(error, Mapping) else str(error)
        data = _revert_data(error)
        if data is not None:
            raise self.reverts.decode(data)
        rpc_code = error.get("code") if isinstance(error, Mapping) else None
        kind = classify(message)
        if kind is NodeMessage.EXECUTION_HALTED:
            raise ContractReverted(
                f"the execution was halted: {message}; give it more gas, or see whether it ever ends"
            )
        raise NodeRejected(
            f"the node at {self.endpoint} refused {method}: {message} (code {rpc_code})",
            method=method,
            rpc_code=rpc_code,
            rpc_message=message,
            kind=kind,
        )


def _revert_data(error: Any) -> bytes | None:
    """The revert data in an error object, empty for a revert without; None if it isn't a revert.

    geth and Anvil give code 3 and `data`; Nethermind and Besu give `data` as well, with other codes,
    some behind "Reverted "; OpenEthereum's descendants nest it.
    """
    if not isinstance(error, Mapping):
        return None
    data = error.get("data")
    if isinstance(data, Mapping):
        data = data.get("data")
    text = data.removeprefix("Reverted ") if isinstance(data, str) else ""
    message = str(error.get("message", "")).lower()
    if error.get("code") == 3 or "revert" in message:
        try:
            return bytes.fromhex(text[2:]) if text.startswith("0x") else b""
        except ValueError:
            return b""
    return None


def _call_request(to: str, data: bytes, where: Any) -> tuple[str, Sequence[Any]]:
    return "eth_call", [_call_object(to, data, None, 0), where]


def _raised(result: Any | ToolkitError) -> Any:
    if isinstance(result, ToolkitError):
        raise result
    return result


def _block_hash(block: bytes) -> str:
    if len(block) != 32:
        raise InvalidInput(f"block hash {to_hex(block)} has {len(block)} bytes; 32 are needed")
    return to_hex(block)


def _block_parameter(block: BlockRef) -> Any:
    """EIP-1898: a hash is asked for as one, and must still be canonical."""
    if isinstance(block, Block):
        block = block.hash
    if isinstance(block, bytes):
        return {"blockHash": _block_hash(block), "requireCanonical": True}
    if isinstance(block, str):
        if block not in _TAGS:
            raise InvalidInput(
                f"block {block!r} is not one of {', '.join(sorted(_TAGS))}; a hash is given as bytes"
            )
        return block
    return to_quantity(block)


def _call_object(to: str | None, data: bytes, sender: str | None, value: int) -> dict[str, str]:
    call = {"data": to_hex(data)}
    if to is not None:
        call["to"] = to
    if sender is not None:
        call["from"] = sender
    if value:
        call["value"] = to_quantity(value)
    return call


def _topic_parameter(topic: bytes | Sequence[bytes] | None) -> Any:
    if topic is None:
        return None
    if isinstance(topic, bytes):
        return _block_hash(topic)
    return [_block_hash(item) for item in topic]


def _fits(log: Log, topics: Sequence[bytes | Sequence[bytes] | None]) -> bool:
    """Whether the log answers the filter, position by position."""
    if len(log.topics) < len(topics):
        return False
    return all(
        wanted is None or (found == wanted if isinstance(wanted, bytes) else found in wanted)
        for found, wanted in zip(log.topics, topics, strict=False)
    )


def _position(log: Log) -> tuple[int, int]:
    return log.block_number, log.log_index
