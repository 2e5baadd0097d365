"""When a block counts as settled."""

from __future__ import annotations

from dataclasses import dataclass

from toolkit.errors import ConfigurationError

__all__ = ["DEV_CHAINS", "Finality"]

DEV_CHAINS = frozenset({1337, 31337})
"""Chain ids of local development nodes (Hardhat and Anvil; geth --dev)."""

_WITH_FINALIZED_TAG = frozenset({1, 11155111, 560048})
_DEFAULT_DEPTH = 64


@dataclass(frozen=True, slots=True)
class Finality:
    """Either `depth` blocks on top of a block, or the block tag that the consensus itself finalises.

    `depth=0` makes a block final when it is mined: right for a local chain only.
    """

    depth: int | None = None
    tag: str | None = None

    def __post_init__(self) -> None:
        if (self.depth is None) == (self.tag is None):
            raise ConfigurationError("finality is either a depth or a tag: give exactly one of them")
        if self.depth is not None and (isinstance(self.depth, bool) or self.depth < 0):
            raise ConfigurationError(f"finality depth {self.depth!r} must be a number of blocks, 0 or more")
        if self.tag is not None and self.tag not in ("finalized", "safe"):
            raise ConfigurationError(f"finality tag {self.tag!r} must be 'finalized' or 'safe'")

    @classmethod
    def for_chain(cls, chain_id: int) -> Finality:
        """The default: development chains at once, Ethereum by its `finalized` tag, others 64 blocks."""
        if chain_id in DEV_CHAINS:
            return cls(depth=0)
        if chain_id in _WITH_FINALIZED_TAG:
            return cls(tag="finalized")
        return cls(depth=_DEFAULT_DEPTH)

    def __str__(self) -> str:
        return f"the {self.tag!r} tag" if self.tag is not None else f"{self.depth} blocks"
