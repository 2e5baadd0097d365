"""The arithmetic of an omnibus account: positions, the lines that change them, and how a sum is split.

Every movement is a set of lines that add up to zero: what a client gets, another account gives. Against all
clients stand two accounts: `chain`, whose debt is what the wallet has to hold, and `expected`, whose debt is
what is on its way to it. Amounts are base units of the token.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from toolkit.errors import InvalidInput
from toolkit.ledger.errors import AllocationUneven, PositionTooSmall

__all__ = ["CHAIN", "EXPECTED", "Bucket", "Line", "Position", "apply_lines", "lines_digest", "moved", "split"]

CHAIN = "chain"
EXPECTED = "expected"
_CONTRA = (CHAIN, EXPECTED)

LARGEST = 2**128 - 1
"""What a position, and their sum, may be: the token's own balances have no more bits."""


class Bucket(StrEnum):
    """Where a client's tokens are."""

    AVAILABLE = "available"
    LOCKED = "locked"
    PENDING_IN = "pending_in"
    PENDING_OUT = "pending_out"


@dataclass(frozen=True, slots=True)
class Position:
    """What one client has in the wallet (regulation.md 4.13).

    `locked` may not leave or change hands; `pending_out` is to leave and is still there; `pending_in` is on
    its way and not there yet.
    """

    client: str
    available: int = 0
    locked: int = 0
    pending_in: int = 0
    pending_out: int = 0

    @property
    def held(self) -> int:
        """The client's part of what the wallet holds on chain."""
        return self.available + self.locked + self.pending_out

    @property
    def is_empty(self) -> bool:
        return not (self.held or self.pending_in)


@dataclass(frozen=True, slots=True)
class Line:
    """One account's side of a movement: `change` is what its bucket gains, negative for what it gives."""

    account: str
    bucket: Bucket
    change: int


def moved(amount: int, giver: tuple[str, Bucket], taker: tuple[str, Bucket]) -> tuple[Line, Line]:
    """The two lines of `amount` going from one place to another. Raises `InvalidInput` unless above zero."""
    if type(amount) is not int or not 0 < amount <= LARGEST:
        raise InvalidInput(f"{amount!r} can't be moved: give whole base units above zero")
    return Line(*giver, -amount), Line(*taker, amount)


def apply_lines(positions: Mapping[str, Position], lines: Sequence[Line]) -> dict[str, Position]:
    """The positions of the lines' clients afterwards; who isn't in `positions` has nothing.

    Raises `AllocationUneven` for lines that don't add up to zero, `PositionTooSmall` for more than is there.
    """
    over = sum(line.change for line in lines)
    if over:
        raise AllocationUneven(f"the lines of this movement leave {over} base units over: they must balance")
    changed: dict[str, Position] = {}
    for line in lines:
        if line.account in _CONTRA:
            continue
        before = changed.get(line.account) or positions.get(line.account) or Position(line.account)
        value = getattr(before, line.bucket) + line.change
        changed[line.account] = replace(before, **{line.bucket.value: value})
    for client, position in changed.items():
        for bucket in Bucket:
            value = getattr(position, bucket)
            if value < 0:
                has = getattr(positions.get(client) or Position(client), bucket)
                raise PositionTooSmall(
                    f"client {client} has {has} base units {bucket.replace('_', ' ')} and {has - value} are "
                    "to be taken from there: nothing was moved; take at most what is there",
                    client=client,
                    bucket=bucket.value,
                    has=has,
                    asked=has - value,
                )
            if value > LARGEST:
                raise InvalidInput(f"client {client} would have {value} base units, more than any token has")
    return changed


def lines_digest(lines: Iterable[Line]) -> str:
    """sha256 over the lines in their sequence, a text line each: `account bucket change`."""
    text = "".join(f"{line.account} {line.bucket} {line.change}\n" for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def split(total: int, weights: Mapping[str, int]) -> dict[str, int]:
    """`total` base units among clients in proportion to whole `weights`, exactly: largest remainder.

    Each gets the whole part of their share; the units left over go one each to the largest remainders, and
    among equal ones to the lower reference, so that whoever computes it again gets the same. Raises
    `InvalidInput` for a total or a weight that isn't above zero.
    """
    if total <= 0 or not weights or any(weight <= 0 for weight in weights.values()):
        raise InvalidInput(f"{total} can't be split by {dict(weights)!r}: give whole numbers above zero")
    base = sum(weights.values())
    parts = {client: total * weight // base for client, weight in weights.items()}
    left = total - sum(parts.values())
    first = sorted(weights, key=lambda client: (-(total * weights[client] % base), client))
    for client in first[:left]:
        parts[client] += 1
    return parts
