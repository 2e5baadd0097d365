"""One thing that can be set on a suite: how it is read, what it should be, and the call that sets it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.client import Client
from toolkit.deployment.state import ChainState, Read, read_many
from toolkit.deployment.terms import FeedTerms

__all__ = ["Setting", "current_values", "feed_settings", "show_address", "single"]


@dataclass(frozen=True, slots=True)
class Setting:
    """One thing that a call sets: how it is read, what it is before it is set, what the terms want.

    `wanted` and what `reads` answer are compared as lists, with structs as tuples; `show` writes such a
    list for people. `write` is the function to call and its arguments. `known` is what it is where no view
    tells and the events do.
    """

    contract: str
    title: str
    reads: tuple[Read, ...]
    unset: list[Any]
    wanted: list[Any]
    write: tuple[str, tuple[Any, ...]]
    show: Callable[[list[Any]], str]
    known: list[Any] | None = None


def current_values(client: Client, state: ChainState, settings: Sequence[Setting]) -> list[list[Any]]:
    """What each setting is at the state's block."""
    reads = [read for setting in settings if state.has(setting.contract) for read in setting.reads]
    answers = iter(read_many(client, state.suite.book, reads, state.block))

    def current(setting: Setting) -> list[Any]:
        if setting.known is not None:
            return setting.known
        if not state.has(setting.contract):
            return setting.unset
        return [_comparable(read, next(answers)) for read in setting.reads]

    return [current(setting) for setting in settings]


def single(
    contract: str,
    title: str,
    view: str,
    setter: str,
    unset: Any,
    wanted: Any,
    show: Callable[[list[Any]], str],
) -> Setting:
    """What one view answers and one setter with one argument sets."""
    return Setting(contract, title, (Read(contract, view),), [unset], [wanted], (setter, (wanted,)), show)


def feed_settings(contract: str, terms: FeedTerms) -> list[Setting]:
    """Who attests on the feed, how old a value may be and how far it may move."""
    attestors = sorted(terms.attestors, key=str.lower)
    bounds = (terms.max_rise_bps, terms.max_fall_bps)
    return [
        Setting(
            contract,
            "attestors",
            (Read(contract, "attestors"), Read(contract, "threshold")),
            unset=[[], 0],
            wanted=[attestors, terms.threshold],
            write=("setAttestors", (attestors, terms.threshold)),
            show=lambda value: f"{value[1]} of {', '.join(value[0])}" if value[0] else "none",
        ),
        Setting(
            contract,
            "limits",
            (Read(contract, "maxAge"), Read(contract, "bounds")),
            unset=[0, (0, 0)],
            wanted=[terms.max_age, bounds],
            write=("setLimits", (terms.max_age, *bounds)),
            show=lambda value: f"age {value[0]} s, rise {value[1][0]} bps, fall {value[1][1]} bps",
        ),
    ]


def show_address(value: list[Any]) -> str:
    """`none` for the zero address."""
    return "none" if value[0] == ZERO_ADDRESS else str(value[0])


def _comparable(read: Read, answer: Any) -> Any:
    match read.function:
        case "attestors":
            return sorted(answer, key=str.lower)
        case "getDocument":
            uri, document_hash, _at = answer
            return (uri, document_hash)
        case "operatorLimit":
            return answer[0]  # the other is how much of it is free just now
        case _:
            return _plain(answer)


def _plain(answer: Any) -> Any:
    """Structs as tuples."""
    if isinstance(answer, Mapping):
        return tuple(map(_plain, answer.values()))
    return [_plain(item) for item in answer] if isinstance(answer, list) else answer
