"""Reading our own events straight out of a node's JSON, where thousands have to be read.

All arguments of these events are one word long, so each stands at a place that its declaration fixes. The
same values as `toolkit.bindings.events` gives, ten times as fast; the tests hold the two, and web3, against
each other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields
from functools import lru_cache
from typing import Any

from toolkit.bindings.events import ContractEvent
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import to_hex
from toolkit.errors import InvalidInput

__all__ = ["EventLayout"]

_WORD = 64
_ZEROS = "0" * _WORD


class EventLayout:
    """Where an event's arguments stand in its logs.

    `decode(log)` gives them as a tuple, in the declaration's sequence: whole numbers, addresses in EIP-55
    form, `bytesN` as bytes; an enum as its number. Raises InvalidInput, on construction for an event with an
    argument that isn't one word long, on decoding for a log that isn't this event's.
    """

    def __init__(self, event: type[ContractEvent]) -> None:
        name, _, arguments = event.declaration.removesuffix(")").partition("(")
        self.event = event
        self.name = name
        self.topic = to_hex(event.topic0())
        self.names = tuple(item.name for item in fields(event) if item.name != "log")
        self._topics = event.topic_count()
        self._readers: list[tuple[int, int, int, Callable[[str], Any]]] = []
        topic, slot = 1, 0
        for argument in arguments.split(","):
            kind = argument.removesuffix(" indexed")
            if kind != argument:
                self._readers.append((topic, 2, 2 + _WORD, _reader(kind)))
                topic += 1
            else:
                start = 2 + slot * _WORD
                self._readers.append((0, start, start + _WORD, _reader(kind)))
                slot += 1
        self._data = 2 + slot * _WORD

    def decode(self, log: Mapping[str, Any]) -> tuple[Any, ...]:
        """The arguments of a log as the node's JSON has it."""
        topics: Sequence[str] = log["topics"]
        data: str = log["data"]
        if len(topics) != self._topics or topics[0] != self.topic or len(data) != self._data:
            raise InvalidInput(
                f"the log is no {self.name}: it has {len(topics)} topics from {topics[:1]} and "
                f"{len(data)} digits of data"
            )
        try:
            # A list first: a generator takes half as long again.
            return tuple(
                [
                    read((topics[topic] if topic else data)[start:end])
                    for topic, start, end, read in self._readers
                ]
            )
        except ValueError as error:
            raise InvalidInput(f"the log is no {self.name}: {error}") from None


def _reader(kind: str) -> Callable[[str], Any]:
    """What turns a word, 64 digits, into a value of the type. Raises ValueError for what doesn't fit it."""
    if kind == "address":
        return _address
    if kind.startswith("uint"):
        size = int(kind.removeprefix("uint"))
        return lambda word: _uint(word, size)
    if kind.startswith("bytes") and kind != "bytes":
        digits = 2 * int(kind.removeprefix("bytes"))
        return lambda word: _bytes(word, digits)
    raise InvalidInput(f"a {kind} has no fixed place in a log: decode it with toolkit.bindings.events")


@lru_cache(maxsize=1 << 16)
def _address(word: str) -> str:
    if len(word) != _WORD or word[:24] != _ZEROS[:24]:
        raise ValueError(f"{word!r} is no address")
    return address_from_bytes(bytes.fromhex(word[24:]))


def _uint(word: str, size: int) -> int:
    value = int(word, 16)
    if len(word) != _WORD or value >> size:
        raise ValueError(f"{word!r} is no uint{size}")
    return value


def _bytes(word: str, digits: int) -> bytes:
    if len(word) != _WORD or word[digits:] != _ZEROS[digits:]:
        raise ValueError(f"{word!r} is no bytes{digits // 2}")
    return bytes.fromhex(word[:digits])
