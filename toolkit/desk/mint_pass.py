"""One pass of forming mint flights: its bounds, what it knows, and what it has under way."""

from __future__ import annotations

import time
from collections.abc import Iterable
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.errors import ConfigurationError
from toolkit.ledger.machines import State

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.sent import Mined
    from toolkit.desk.flights import Flying
    from toolkit.desk.lanes import Lane
    from toolkit.desk.report import RunLog
    from toolkit.desk.signed import SignedBatches
    from toolkit.errors import ToolkitError
    from toolkit.ledger.records import Flight, MintOrder

__all__ = ["FlightLimits", "Flown", "Pass", "Planned", "Room", "gas_of"]

_GAS_CAP = 16_777_216
"""The most gas of one transaction (EIP-7825)."""

# Bounds, above what the contracts need; the rehearsal is made with just this gas.
_GAS_BASE, _GAS_BATCH, _GAS_ORDER, _GAS_SKIPPED = 150_000, 60_000, 48_000, 3_000


def gas_of(batches: int, orders: int, skipped: int) -> int:
    """The gas that a mint of so many batches and orders is rehearsed and sent with."""
    return _GAS_BASE + _GAS_BATCH * batches + _GAS_ORDER * orders + _GAS_SKIPPED * skipped


@dataclass(frozen=True, slots=True)
class FlightLimits:
    """The most of one mint transaction: orders, and gas as per cent of the block's limit.

    Gas never passes EIP-7825's 16,777,216. `abreast` is how many flights may be under way before the
    worker waits for the oldest. Raises ConfigurationError.
    """

    orders: int = 200
    gas_percent: int = 50
    abreast: int = 2

    def __post_init__(self) -> None:
        if self.orders < 1 or self.abreast < 1 or not 1 <= self.gas_percent <= 100:
            raise ConfigurationError(
                f"flights need at least one order ({self.orders}), one abreast ({self.abreast}) and 1 to 100 "
                f"per cent of a block's gas ({self.gas_percent})"
            )

    def carried(self, block_gas_limit: int) -> int:
        """How many orders one transaction may carry where a block has so much gas."""
        gas = min(block_gas_limit * self.gas_percent // 100, _GAS_CAP)
        return max(1, min(self.orders, (gas - _GAS_BASE - _GAS_BATCH) // _GAS_ORDER))


@dataclass(slots=True)
class Room:
    """What may still be minted, as of a look at the chain less what was sent since."""

    headroom: int
    limit: int

    def take(self, amount: int) -> bool:
        """Whether `amount` fits; it is taken then."""
        if amount > min(self.headroom, self.limit):
            return False
        self.give_back(-amount)
        return True

    def give_back(self, amount: int) -> None:
        self.headroom += amount
        self.limit += amount


@dataclass(frozen=True, slots=True)
class Planned:
    """A formed flight, the orders that may go with it, and their call with its gas if there are any.

    `is_last` if nothing but these orders was to be had; `is_alone` if no other worker has any under way.
    """

    flight: Flight
    orders: list[MintOrder]
    call: tuple[Call, int] | None
    is_last: bool
    is_alone: bool


@dataclass(slots=True)
class Flown:
    """A flight under way, the orders that it carries, and what is heard of it once somebody asks: that it is
    in a block, or what became of it in the end.
    """

    flying: Flying
    orders: list[MintOrder]
    mined: Future[Mined] | None = None
    home: Future[RunLog] | None = None


@dataclass(frozen=True, slots=True)
class Leaving:
    """What became of sending orders: what there is to say of it, and their flight unless it didn't leave."""

    orders: list[MintOrder]
    log: RunLog
    flown: Flown | None


@dataclass(slots=True)
class Pass:
    """One pass: its lane, what it has learnt not to take again, and the flights that it hasn't heard of, in
    the sequence in which they left. What waits for the node waits `aside`; `away` sends flights and `home`
    brings them home, if there are threads for it. `leaving` is the flight that is being sent.
    """

    lane: Lane
    aside: Executor
    home: Executor | None
    away: Executor | None
    log: RunLog
    most: int
    room: Room
    batches: SignedBatches
    deadline: float
    unsigned: set[str] = field(default_factory=set)
    waiting: dict[str, tuple[int, ToolkitError]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    formed: set[str] = field(default_factory=set)
    flown: list[Flown] = field(default_factory=list)
    leaving: Future[Leaving] | None = None
    stopped: ToolkitError | None = None

    @property
    def is_under_way(self) -> bool:
        """Whether anything was sent, or is just being, that wasn't heard of."""
        return bool(self.flown or self.leaving)

    def see_off(self) -> None:
        """Waits until the flight that is being sent, if one is, has left, or it is known why it didn't."""
        if self.leaving is not None:
            leaving = self.leaving.result()
            self.leaving = None
            self.gone(leaving)

    def gone(self, leaving: Leaving) -> None:
        """Notes a flight that has left; of one that didn't, the customers are passed over from now on."""
        self.log.add(leaving.log)
        if leaving.flown is not None:
            self.flown.append(leaving.flown)
        else:
            self.room.give_back(sum(order.base_units for order in leaving.orders))
            self.left.update(order.investor for order in leaving.orders)

    def back(self, flown: Flown, log: RunLog) -> None:
        """Notes what became of a flight: where orders of it are to be sent again, their customers wait."""
        self.log.add(log)
        again = {change.order_id for change in log.changes if change.state is State.APPROVED}
        self.left.update(order.investor for order in flown.orders if order.id in again)

    def call_off(self) -> None:
        """Leaves to the next pass what was sent and isn't home. What is just being sent still is. Of what is
        done, the log is kept; its own errors are those of the ledger and the node, which the pass has met.
        """
        with suppress(Exception):
            self.see_off()
        for flown in self.flown:
            if flown.home is not None and not flown.home.cancel():
                with suppress(Exception):
                    self.log.add(flown.home.result())

    def patience(self) -> float:
        """Seconds left to wait for what was sent."""
        return max(0.0, self.deadline - time.monotonic())

    def waits(self, order: MintOrder, error: ToolkitError) -> None:
        """The order stays until `error` has passed, and those of its customer behind it."""
        first, reason = self.waiting.get(order.investor, (order.number, error))
        self.waiting[order.investor] = min(first, order.number), reason
        self.log.waits([order.id], error)

    def in_turn(self, orders: Iterable[MintOrder]) -> list[MintOrder]:
        """Those whose customer has no earlier order waiting."""
        going = []
        for order in orders:
            number, error = self.waiting.get(order.investor, (order.number, None))
            if error is not None and order.number > number:
                self.log.waits([order.id], error)
            else:
                going.append(order)
        return going
