"""State machines whose steps are verbs, some likelier than others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine
from hypothesis.strategies import SearchStrategy


@dataclass(frozen=True)
class Verb:
    """A step that may be taken: how likely beside the others, when there is something for it to do, and
    what its arguments are drawn from.
    """

    name: str
    weight: int
    applies: Callable[[Any], bool]
    strategies: Mapping[str, SearchStrategy[Any]]


def verb(
    weight: int, *, applies: Callable[[Any], bool] = lambda self: True, **strategies: SearchStrategy[Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Makes a method a verb. Hypothesis's own rules have no weights, and it leaves out some of them for a
    whole example, in which case a long course of business is hardly ever run to its end.
    """

    def mark(method: Callable[..., None]) -> Callable[..., None]:
        method.verb = Verb(method.__name__, weight, applies, strategies)  # type: ignore[attr-defined]
        return method

    return mark


class Steps(RuleBasedStateMachine):
    """A machine whose steps are verbs; `taken` are those so far, in words."""

    def __init__(self) -> None:
        super().__init__()
        self.taken: list[str] = []

    def take_one(self, verbs: Sequence[Verb], data: st.DataObject) -> None:
        """One of the verbs for which there is something to do, by their weights."""
        able = [verb for verb in verbs if verb.applies(self)]
        chosen = data.draw(
            st.sampled_from([verb.name for verb in able for _ in range(verb.weight)]), label="verb"
        )
        strategies = next(verb.strategies for verb in able if verb.name == chosen)
        drawn = {name: data.draw(kind, label=name) for name, kind in strategies.items()}
        self.taken.append(f"{chosen}({', '.join(f'{name}={value!r}' for name, value in drawn.items())})")
        getattr(self, chosen)(**drawn)


def verbs_of(machine: type[Steps], *, first: str) -> tuple[Verb, ...]:
    """Hypothesis begins with the `first` one over and over: let that be one that costs little."""
    marked = (getattr(machine, name) for name in dir(machine))
    found = [method.verb for method in marked if hasattr(method, "verb")]
    return tuple(sorted(found, key=lambda verb: (verb.name != first, -verb.weight)))
