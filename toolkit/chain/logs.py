"""Logs, and the events in them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, NamedTuple

from toolkit.chain.abi import Abi, AbiEntry, decode_event, signature, topic0
from toolkit.chain.hexes import to_hex
from toolkit.errors import ConfigurationError, InvalidInput

__all__ = ["Event", "EventDecoder", "Log"]


class Log(NamedTuple):
    """One log as the node reported it. Hashes and topics are 32 bytes, the address is checksummed.

    A receipt holds hundreds, and a named tuple is made in a fraction of the time of a frozen data class.
    """

    address: str
    topics: tuple[bytes, ...]
    data: bytes
    block_number: int
    block_hash: bytes
    tx_hash: bytes
    log_index: int


@dataclass(frozen=True, slots=True)
class Event:
    """A decoded log: `event.name`, `event.args["amount"]`, and the log itself."""

    name: str
    args: Mapping[str, Any]
    log: Log = field(repr=False)


class EventDecoder:
    """Decodes logs through all the ABIs given, by first topic and number of topics.

    The number of topics tells apart events that share a signature but index other arguments
    (ERC-20's and ERC-721's `Transfer`).

    Raises ConfigurationError when two ABIs declare an event so that their logs look alike but mean
    different things.
    """

    def __init__(self, abis: Iterable[Abi]) -> None:
        self._events: dict[tuple[bytes, int], AbiEntry] = {}
        for abi in abis:
            for entry in abi:
                if entry.get("type") == "event" and not entry.get("anonymous"):
                    self._add(entry)

    @classmethod
    def from_abis(cls, abis: Iterable[Abi]) -> EventDecoder:
        """The same as the constructor."""
        return cls(abis)

    def knows(self, log: Log) -> bool:
        """Whether one of the ABIs declares this log."""
        return bool(log.topics) and (log.topics[0], len(log.topics)) in self._events

    def decode(self, log: Log) -> Event:
        """Raises InvalidInput for a log that no ABI declares, or that doesn't fit its declaration."""
        if not self.knows(log):
            raise InvalidInput(
                f"no known event has the topic {to_hex(log.topics[0]) if log.topics else '(none)'} "
                f"and {len(log.topics)} topics in all (log {log.log_index} of {to_hex(log.tx_hash)}, from "
                f"{log.address}); add its ABI to the decoder"
            )
        entry = self._events[log.topics[0], len(log.topics)]
        return Event(entry["name"], MappingProxyType(decode_event(entry, log.topics, log.data)), log)

    def decode_all(self, logs: Iterable[Log]) -> list[Event]:
        """The known events among `logs`, in their order. Logs that no ABI declares are left out."""
        return [self.decode(log) for log in logs if self.knows(log)]

    def _add(self, entry: AbiEntry) -> None:
        indexed = [bool(argument.get("indexed")) for argument in entry["inputs"]]
        key = (topic0(entry), 1 + sum(indexed))
        known = self._events.setdefault(key, entry)
        if [bool(argument.get("indexed")) for argument in known["inputs"]] != indexed:
            raise ConfigurationError(
                f"event {signature(entry)} is declared twice with other indexed arguments; "
                "decode the two contracts with separate decoders"
            )
