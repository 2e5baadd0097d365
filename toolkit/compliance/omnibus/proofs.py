"""A client's proof as a JSON document, which `verify_position.py` and `verify_position.html` check alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from toolkit.chain.hexes import to_hex
from toolkit.compliance.omnibus.sum_tree import SumTree

__all__ = ["FORMAT", "PositionProof"]

FORMAT = "omnibus-position-1"


@dataclass(frozen=True, slots=True)
class PositionProof:
    """The way from one client's position to the day's root. `client` is the reference on its contract notes.

    Of the other clients it shows how many there are, what all have together, and the sums below the
    siblings; the lowest sibling is one other client's position, without whose it is.
    """

    tree: SumTree
    day: date
    client: str
    symbol: str
    decimals: int
    built_on: int
    built_on_hash: str
    transaction: str

    def to_json(self) -> dict[str, Any]:
        """The document: amounts are base units as decimal strings."""
        tree, leaf, domain = self.tree, self.tree.leaf(self.client), self.tree.domain
        return {
            "format": FORMAT,
            "chain_id": domain.chain_id,
            "registry": domain.registry,
            "wallet": domain.wallet,
            "token": domain.token,
            "symbol": self.symbol,
            "decimals": self.decimals,
            "day": self.day.isoformat(),
            "commitment": {
                "root": to_hex(tree.root),
                "total": str(tree.total),
                "clients": len(tree.leaves),
                "built_on": self.built_on,
                "built_on_hash": self.built_on_hash,
                "transaction": self.transaction,
            },
            "position": {
                "client": self.client,
                "index": leaf.index,
                "salt": to_hex(leaf.salt),
                "amount": str(leaf.amount),
            },
            "path": [{"hash": to_hex(node.hash), "sum": str(node.sum)} for node in tree.path(leaf.index)],
        }
