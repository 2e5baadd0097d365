"""An event of a contract as a frozen dataclass with the log that it was decoded from."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, ClassVar, Self, TypeVar

from toolkit.chain.abi import decode_event, topic0
from toolkit.chain.logs import Log

__all__ = ["ContractEvent", "Converters", "decode_logs"]

Converters = dict[str, Callable[[Any], Any]]
"""Field → what makes its value of what the ABI decodes to."""

E = TypeVar("E", bound="ContractEvent")


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractEvent:
    """Base of all events: where it stands, and how it is found."""

    declaration: ClassVar[str]
    """As in Solidity, without names: `Transfer(address indexed,address indexed,uint256)`."""

    convert: ClassVar[Converters] = {}

    log: Log = field(repr=False)

    @classmethod
    def topic0(cls) -> bytes:
        """The first topic: the hash of the event's signature."""
        return _topic0(cls.declaration)

    @classmethod
    def topic_count(cls) -> int:
        """How many topics its logs have, the first one included."""
        return 1 + cls.declaration.count(" indexed")

    @classmethod
    def from_log(cls, log: Log) -> Self:
        """The event in `log`. Raises InvalidInput if the log is another event's."""
        names = tuple(item.name for item in fields(cls) if item.name != "log")
        values = decode_event(_entry(cls.declaration, names), log.topics, log.data)
        return cls(log=log, **{name: _converted(cls, name, value) for name, value in values.items()})


def _converted(cls: type[ContractEvent], name: str, value: Any) -> Any:
    if name in cls.convert:
        return cls.convert[name](value)
    return tuple(value) if isinstance(value, list) else value


@cache
def _topic0(declaration: str) -> bytes:
    return topic0(declaration.replace(" indexed", ""))


@cache
def _entry(declaration: str, names: tuple[str, ...]) -> dict[str, Any]:
    name, _, rest = declaration.removesuffix(")").partition("(")
    inputs = [_component(text, name) for text, name in zip(_split(rest), names, strict=True)]
    return {"type": "event", "name": name, "inputs": inputs, "anonymous": False}


def _component(text: str, name: str) -> dict[str, Any]:
    kind = text.removesuffix(" indexed")
    component: dict[str, Any] = {"name": name, "type": kind, "indexed": kind != text}
    if kind.startswith("("):
        inner, _, suffix = kind[1:].rpartition(")")
        parts = [{"name": str(position), "type": part} for position, part in enumerate(_split(inner))]
        component.update(type="tuple" + suffix, components=parts)
    return component


def _split(text: str) -> list[str]:
    """At the commas that are outside parentheses."""
    parts: list[str] = []
    depth = 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            parts.append("")
        elif parts:
            parts[-1] += character
        else:
            parts = [character]
    return parts


def decode_logs(logs: Iterable[Log], kind: type[E]) -> list[E]:
    """The events of one kind among `logs`, in their order."""
    return [
        kind.from_log(log)
        for log in logs
        if log.topics and log.topics[0] == kind.topic0() and len(log.topics) == kind.topic_count()
    ]
