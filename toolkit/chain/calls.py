"""What is to be sent, and the proof that it had its effect."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import to_hex
from toolkit.errors import EventMissing, InvalidInput

if TYPE_CHECKING:
    from toolkit.chain.client import Receipt
    from toolkit.chain.logs import Log

__all__ = ["Call", "EventExpectation"]


@dataclass(frozen=True, slots=True)
class Call:
    """A call to `to` with `data` (selector and arguments) and `value` wei.

    `to=None` creates a contract from `data`. `description` says in words what it does, for the
    journal and for people; it is never sent.
    """

    to: str | None
    data: bytes = field(repr=False)
    value: int = 0
    description: str = ""

    def __post_init__(self) -> None:
        if self.to is not None:
            checksum_address(self.to, what="the call's target")
        elif not self.data:
            raise InvalidInput("a call that creates a contract needs its creation code as data")
        if isinstance(self.value, bool) or self.value < 0:
            raise InvalidInput(f"value {self.value!r} must be wei, 0 or more")


def _any_log(_: Log) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class EventExpectation:
    """An event that has to be in a receipt, or the transaction has not done what it was sent for.

    `matches` looks at one log that already has the address and the first topic.
    """

    address: str
    topic0: bytes
    matches: Callable[[Log], bool] = _any_log
    description: str = "event"

    def find(self, receipt: Receipt) -> Log:
        """The first log that fits. Raises EventMissing."""
        for log in receipt.logs:
            if log.address == self.address and log.topics[:1] == (self.topic0,) and self.matches(log):
                return log
        raise EventMissing(
            f"transaction {to_hex(receipt.tx_hash)} was mined in block {receipt.block_number} without the "
            f"{self.description} expected from {self.address} (topic {to_hex(self.topic0)}); "
            "do not count it as done: compare the chain with the ledger",
            tx_hash=to_hex(receipt.tx_hash),
            address=self.address,
            topic0=to_hex(self.topic0),
        )
