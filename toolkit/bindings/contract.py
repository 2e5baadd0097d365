"""What the bindings share: reads at a block, calls to be sent, events."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import fields, is_dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from toolkit import artifacts
from toolkit.bindings.events import ContractEvent, decode_logs
from toolkit.chain.abi import (
    AbiEntry,
    decode_arguments,
    decode_result,
    encode_call,
    find_entry,
    selector,
    signature,
)
from toolkit.chain.addresses import address_from_bytes, checksum_address
from toolkit.chain.calls import Call, EventExpectation
from toolkit.chain.hexes import to_hex
from toolkit.chain.logs import Log
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.chain.client import BlockRef, Client, Receipt

__all__ = ["IMPLEMENTATION_SLOT", "Contract"]

E = TypeVar("E", bound=ContractEvent)

IMPLEMENTATION_SLOT = 0x360894A13BA1A3210667C828492DB98DCA3E2076CC3735A920A3CA505D382BBC
"""ERC-1967: where a proxy keeps its implementation's address."""


class Contract:
    """One contract at one address, read through `client`.

    Reads answer for the block they are given: a number, a hash, or `latest`. Figures that belong
    together need one block: pass the same number or hash to each. Writes return a `Call` for a
    `Sender`; nothing is sent here. Both raise InvalidInput for values that don't fit their type; reads
    raise NodeError, and the class of `toolkit.bindings.errors` where the contract refuses.
    """

    artifact: ClassVar[str]
    """The packaged artifact whose ABI the contract has."""

    def __init__(self, client: Client, address: str) -> None:
        self.client = client
        self.address = checksum_address(address, what=f"{self.artifact} address")

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.address}, chain {self.client.chain_id})"

    def authority(self, *, block: BlockRef = "latest") -> str:
        """The access manager that governs it."""
        return self._address("authority", block=block)

    def implementation(self, *, block: BlockRef = "latest") -> str:
        """The implementation that the proxy runs (ERC-1967); the zero address if it is no proxy."""
        return address_from_bytes(self.client.storage(self.address, IMPLEMENTATION_SLOT, block=block))

    def events(self, kind: type[E], *, from_block: int, to_block: BlockRef) -> list[E]:
        """The contract's events of one kind in the blocks `from_block` to `to_block`, both included."""
        logs = self.client.logs(self.address, [kind.topic0()], from_block, to_block)
        return decode_logs(logs, kind)

    def events_in(self, receipt: Receipt, kind: type[E]) -> list[E]:
        """The contract's events of one kind in a transaction's receipt."""
        return decode_logs([log for log in receipt.logs if log.address == self.address], kind)

    def expectation(self, kind: type[ContractEvent], **values: Any) -> EventExpectation:
        """An event of this contract with these values, as the proof that a transaction had its effect."""

        def matches(log: Log) -> bool:
            if len(log.topics) != kind.topic_count():
                return False
            event = kind.from_log(log)
            return all(getattr(event, name) == value for name, value in values.items())

        shown = ", ".join(f"{name}={value!r}" for name, value in values.items())
        return EventExpectation(self.address, kind.topic0(), matches, f"{kind.__name__}({shown})")

    def decode_input(self, function: str, data: bytes) -> list[Any]:
        """The arguments of a call to `function` in `data`, structs as dicts. Raises InvalidInput."""
        entry = _function(self.artifact, function)
        if data[:4] != selector(entry):
            raise InvalidInput(f"data that begins with {to_hex(data[:4])} is no call of {signature(entry)}")
        return decode_arguments(entry["inputs"], data[4:], what=signature(entry))

    def _read(self, function: str, *args: Any, block: BlockRef, sender: str | None = None) -> Any:
        call, read = self.prepared(function, *args)
        return read(self.client.call(*call, block=block, sender=sender))

    def _int(self, function: str, *args: Any, block: BlockRef) -> int:
        value: int = self._read(function, *args, block=block)
        return value

    def _bool(self, function: str, *args: Any, block: BlockRef) -> bool:
        value: bool = self._read(function, *args, block=block)
        return value

    def _text(self, function: str, *args: Any, block: BlockRef) -> str:
        value: str = self._read(function, *args, block=block)
        return value

    def _bytes(self, function: str, *args: Any, block: BlockRef) -> bytes:
        value: bytes = self._read(function, *args, block=block)
        return value

    def _address(self, function: str, *args: Any, block: BlockRef) -> str:
        return self._text(function, *args, block=block)

    def _write(self, function: str, *args: Any, description: str) -> Call:
        entry = _function(self.artifact, function)
        data = encode_call([entry], function, [_positional(value) for value in args])
        return Call(to=self.address, data=data, description=description)

    def _reads(self, *reads: tuple[Any, ...], block: BlockRef) -> list[Any]:
        """Several reads (function, arguments…) of one block, in one message."""
        prepared = [self.prepared(*read) for read in reads]
        answers = self.client.calls([call for call, _ in prepared], block=self._pinned(block))
        return [read(answer) for (_, read), answer in zip(prepared, answers, strict=True)]

    def prepared(self, function: str, *args: Any) -> tuple[tuple[str, bytes], Callable[[bytes], Any]]:
        """A read to be made together with those of other contracts: the call, and what its answer means."""
        entry = _function(self.artifact, function)
        data = encode_call([entry], function, [_positional(value) for value in args])
        return (self.address, data), lambda answer: decode_result([entry], function, answer)

    def _selector(self, function: str) -> bytes:
        return selector(_function(self.artifact, function))

    def _pinned(self, block: BlockRef) -> BlockRef:
        """What a tag means now, so that several reads are of one block."""
        return self.client.block(block) if isinstance(block, str) else block


@cache
def _function(artifact: str, name: str) -> AbiEntry:
    return find_entry(artifacts.load(artifact).abi, name)


def _positional(value: Any) -> Any:
    """Structs as tuples: the dataclasses' names are Python's, their order is Solidity's."""
    if is_dataclass(value) and not isinstance(value, type):
        return tuple(_positional(getattr(value, item.name)) for item in fields(value))
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray)):
        return [_positional(item) for item in value]
    return value
