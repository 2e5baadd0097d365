"""The chain's own time, for local nodes whose clock is moved."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from toolkit.chain.client import Client

__all__ = ["ChainClock"]


class ChainClock:
    """The time that the next block of a development node would have, in whole seconds.

    On a local node the operator moves the clock; an expiry has to mean the same to ledger and chain.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def now(self) -> datetime:
        """The present instant, aware, in UTC. Raises NodeError."""
        return datetime.fromtimestamp(self._client.block("pending").timestamp, UTC)
