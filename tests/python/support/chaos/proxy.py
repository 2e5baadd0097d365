"""The campaign's proxy: it counts requests, and at certain ones something happens before they pass."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable

from support.proxy import Exchange, MisbehavingProxy

from toolkit.chain.hexes import from_hex, keccak, to_hex


class CampaignProxy(MisbehavingProxy):
    """`due` lists (request, action), the earliest first; `pace` runs `mine` at every so many requests.

    `sent` are the hashes of all transactions that passed here: nothing else may ever be on the chain.
    """

    def __init__(
        self, target: str, due: Iterable[tuple[int, Callable[[], None]]], pace: int, mine: Callable[[], None]
    ) -> None:
        super().__init__(target)
        self.requests = 0
        self.sent: set[str] = set()
        self.mining_from = 0
        self._due = list(due)
        self._pace, self._mine = pace, mine
        self._one = threading.Lock()

    def calm(self) -> None:
        """No more faults, and a chain that goes on quickly."""
        with self._one:
            self._due, self._pace, self.mining_from = [], 2, 0
        self.behave()

    def _handle(self, exchange: Exchange) -> None:
        with self._one:
            self.requests += 1
            if exchange.method == "eth_sendRawTransaction":
                self.sent.add(to_hex(keccak(from_hex(exchange.message["params"][0]))))
            while self._due and self._due[0][0] <= self.requests:
                self._due.pop(0)[1]()
            if self._pace and self.requests >= self.mining_from and self.requests % self._pace == 0:
                self._mine()
        super()._handle(exchange)
