"""What the machine chooses from: amounts, places, signatures, and the ways in which each can be wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

T = TypeVar("T")


def usually(normal: T, *others: T, weight: int = 5) -> SearchStrategy[T]:
    """`normal` unless something goes wrong, in one of the ways given."""
    return st.sampled_from([normal] * weight * len(others) + list(others))


@dataclass(frozen=True)
class Size:
    """An amount yet to be had: a number of the example's units, or one of the limits that matter and the
    units just beside it.
    """

    number: int = 0
    edge: int | None = None
    offset: int = 0

    def of(self, scale: int, edges: Sequence[int]) -> int:
        if self.edge is None:
            return self.number * scale
        return max(0, edges[self.edge % len(edges)] + self.offset)


_PLAIN = st.builds(Size, number=st.integers(1, 1500))
_EDGES = st.builds(Size, edge=st.integers(0, 11), offset=st.sampled_from([0, 0, -1, 1]))
plain_sizes = _PLAIN
sizes = st.one_of(_PLAIN, _PLAIN, _EDGES)
_SMALL = st.builds(Size, number=st.integers(1, 200))
small_sizes = st.one_of(*[_SMALL] * 11, _EDGES)
edges = st.one_of(_PLAIN, _EDGES, _EDGES)

holders = st.integers(0, 2)
"""One of those who are verified at first."""

accounts = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 2, 3])
"""One who may hold tokens: the holders, and one who isn't known to anybody."""

places = st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 4, 5])
"""Where tokens may be sent: the accounts, the market, the token itself. The SDK refuses the zero address."""

picks = st.integers(0, 23)
"""One of those there are at that moment."""

cases = usually(b"\xca" * 32, bytes(32), weight=4)


class Slip(StrEnum):
    """What may be wrong with the approvals of a batch."""

    NONE = "none"
    TOO_FEW = "one too few"
    TWICE = "one of them twice"
    SENDER = "the sender's own"
    STRANGER = "a stranger's"
    FORGED = "one signed by somebody else"
    OTHER = "of something else"
    SURPLUS = "more than needed"


slips = usually(*Slip, weight=2)


class Voices(StrEnum):
    """Which attestors sign."""

    ENOUGH = "as many as needed"
    ALL = "all"
    TOO_FEW = "one too few"
    TWICE = "one of them twice"
    STRANGER = "a stranger's instead of one"
    FORGED = "one signed by somebody else"


voices = st.sampled_from([*[Voices.ENOUGH] * 4, *[Voices.ALL] * 5, *Voices])


class Flaw(StrEnum):
    """What may be wrong with a holder's signature."""

    NONE = "none"
    FORGED = "signed by somebody else"
    ALTERED = "over another amount"
    KIND = "for another function"


flaws = usually(*Flaw, weight=2)

windows = usually((-1, 1), (0, 1), (-1, 0), (-600, 600), weight=2)
"""When an authorisation is valid after and before, counted from the block in which it is used."""
