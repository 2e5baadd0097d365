"""Mint flights: which approved orders go now, in one transaction, and which wait.

First come, first served. For one customer strictly: an order never overtakes an earlier approved one of the
same customer, so that where the earlier waits for something that passes, the later waits behind it; where
it is on hold, ended or short of signatures, which takes a person, the later goes. Of different customers, an
order that fits into the headroom goes although a larger one before it doesn't.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Iterator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from toolkit.bindings.errors import (
    BackingExceeded,
    InvalidApproval,
    MintingIsStopped,
    OperatorLimitExceeded,
    TokenPaused,
)
from toolkit.bindings.minting import minting_terms
from toolkit.desk.context import DeskContext
from toolkit.desk.errors import HeadroomTaken
from toolkit.desk.flights import News
from toolkit.desk.report import RunLog
from toolkit.desk.signed import SignedBatches
from toolkit.desk.sorting import Standing
from toolkit.errors import (
    ConfigurationError,
    ContractReverted,
    IllegalTransition,
    ReserveStale,
    ToolkitError,
)
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.records import Flight, MintOrder

if TYPE_CHECKING:
    from toolkit.bindings.minting import MintingTerms
    from toolkit.chain.calls import Call
    from toolkit.chain.sent import Mined
    from toolkit.desk.approvals import Approvals
    from toolkit.desk.flights import Flights, Flying
    from toolkit.desk.lanes import Lane, Lanes
    from toolkit.desk.mint import Minting
    from toolkit.desk.sorting import Sorting

__all__ = ["FlightLimits", "Forming"]

_GAS_CAP = 16_777_216
"""The most gas of one transaction (EIP-7825)."""

# Bounds, above what the contracts need; the rehearsal is made with just this gas.
_GAS_BASE, _GAS_BATCH, _GAS_ORDER, _GAS_SKIPPED = 150_000, 60_000, 48_000, 3_000

_FOR_ALL = (ReserveStale, TokenPaused, MintingIsStopped)
"""Refusals that hold for every order there is."""

_TOGETHER = (BackingExceeded, OperatorLimitExceeded)
"""Refusals that depend on what goes before."""


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
class _Room:
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
class _Planned:
    """A formed flight, the orders that may go with it, and their call with its gas if there are any.

    `is_last` if nothing but these orders was to be had.
    """

    flight: Flight
    orders: list[MintOrder]
    call: tuple[Call, int] | None
    is_last: bool


@dataclass(slots=True)
class _Flown:
    """A flight under way, the orders that it carries, and what is heard of it once somebody asks."""

    flying: Flying
    orders: list[MintOrder]
    mined: Future[Mined] | None = None


@dataclass(slots=True)
class _Pass:
    """One pass: its lane, what it has learnt not to take again, and the flights that it hasn't heard of, in
    the sequence in which they left.
    """

    lane: Lane
    log: RunLog
    most: int
    room: _Room
    batches: SignedBatches
    deadline: float
    unsigned: set[str] = field(default_factory=set)
    waiting: dict[str, tuple[int, ToolkitError]] = field(default_factory=dict)
    left: set[str] = field(default_factory=set)
    flown: list[_Flown] = field(default_factory=list)
    stopped: ToolkitError | None = None

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


class Forming:
    """Forms mint flights, rehearses them, and sends what the chain takes."""

    def __init__(
        self,
        context: DeskContext,
        lanes: Lanes,
        flights: Flights,
        approvals: Approvals,
        minting: Minting,
        sorting: Sorting,
        limits: FlightLimits,
    ) -> None:
        self._context = context
        self._lanes = lanes
        self._flights = flights
        self._approvals = approvals
        self._minting = minting
        self._sorting = sorting
        self._limits = limits
        self._signers: Collection[str] = ()
        """Who had signed what the last pass sent: whether they still may is asked with the rest."""

    def run(self, log: RunLog, patience: float, *, submitted: bool = True) -> None:
        """Sends every approved order that can go. A flight is settled in the ledger while the node rehearses
        the next but one and is asked for the one between: what waits for the node waits aside, and all
        else is done in one thread, since two would hand the interpreter to each other at every row.
        `submitted` says whether orders are under way as it begins.

        Raises LaneBusy, NodeError, LedgerError.
        """
        with self._lanes.lease("operator") as lane, ThreadPoolExecutor(1 + self._limits.abreast) as aside:
            room, terms = self._look(lane, self._signers, submitted=submitted)
            now = _Pass(
                lane=lane,
                log=log,
                most=self._limits.carried(terms.gas_limit),
                room=room,
                batches=SignedBatches(self._context, self._approvals, terms),
                deadline=time.monotonic() + patience,
            )
            self._fly(now, aside)
            self._signers = now.batches.signers or self._signers
        if now.stopped is not None:
            left = self._context.ledger.orders.find(kind=OrderKind.MINT, state=State.APPROVED)
            log.waits([order.id for order in left], now.stopped)

    def _fly(self, now: _Pass, aside: Executor) -> None:
        while now.stopped is None and (planned := self._plan(now)) is not None:
            if not now.flown:  # nothing to do meanwhile
                refusal = self._rehearse(planned, now)
            else:
                rehearsal = aside.submit(self._rehearse, planned, now)
                for flown in now.flown:
                    _ask(flown, now, aside)
                self._wait_for(now, leaving=self._limits.abreast - 1)
                refusal = rehearsal.result()
            if self._send(planned, refusal, now) and planned.is_last:
                break
        self._wait_for(now)

    def _wait_for(self, now: _Pass, leaving: int = 0) -> None:
        """Brings flights home until no more than so many are under way. After an error the next pass does."""
        while len(now.flown) > leaving:
            flown = now.flown.pop(0)
            flight, tx_hash, ask = flown.flying
            patience, asked = now.patience(), flown.mined
            news = News(tx_hash, asked.result if asked is not None else partial(ask, patience))
            self._flights.conclude(flight, now.log, patience, flown.orders, news=news)

    def _look(
        self, lane: Lane, signers: Collection[str] = (), *, submitted: bool = True
    ) -> tuple[_Room, MintingTerms]:
        """What the chain leaves, less the orders that are under way and not mined; and what else it says."""
        context, taken = self._context, 0
        if submitted:
            flying = context.ledger.orders.find(kind=OrderKind.MINT, state=State.SUBMITTED)
            taken = sum(order.base_units for order in flying)
        terms = minting_terms(context.market, context.token, context.manager, lane.address, sorted(signers))
        return _Room(terms.headroom - taken, terms.available - taken), terms

    def _plan(self, now: _Pass) -> _Planned | None:
        """The next flight, formed of what may go as far as the ledger knows; None if nothing is left."""
        claimed = self._context.ledger.flights.claim_mints(
            now.lane.address,
            now.most,
            without_batches=now.unsigned,
            without_investors=now.waiting.keys() | now.left,
        )
        if claimed is None:
            return None
        flight, found = claimed
        with self._context.ledger.look() as seen:
            now.batches.read(found, seen)
            standing = Standing.of(found, seen)
        orders = self._signed(found, now)
        orders = self._announced(self._sorting.eligible(orders, now.log, standing), standing, now)
        orders = self._with_room(orders, now)
        is_last = len(orders) == len(found) < now.most
        return _Planned(flight, orders, self._call(orders, now) if orders else None, is_last)

    def _send(self, planned: _Planned, refusal: ContractReverted | None, now: _Pass) -> bool:
        """Sends what the chain takes of a flight, whose rehearsal has ended so. Whether all of it went."""
        flight, orders = planned.flight, planned.orders
        call, gas = planned.call or (None, 0)
        if refusal is not None:
            orders, call, gas = self._rehearsed(self._fewer(orders, refusal, now), now)
        if call is None:
            self._flights.abandon(flight)
            return False
        launched = self._flights.launch(now.lane, flight, [order.id for order in orders], call, gas, now.log)
        if launched is not None:
            now.flown.append(_Flown(launched, orders))
        else:
            now.room.give_back(sum(order.base_units for order in orders))
            now.left.update(order.investor for order in orders)  # the log says why
        return launched is not None and len(orders) == len(planned.orders)

    # ---------------------------------------------------------------------------------------- what may go

    def _signed(self, orders: Sequence[MintOrder], now: _Pass) -> list[MintOrder]:
        """Those whose batch has the signatures that it needs; for others it takes a person."""
        for batch in now.batches.of(orders).values():
            if batch.is_complete:
                continue
            now.unsigned.add(batch.id)
            members = [order.id for order in orders if order.batch_id == batch.id]
            if batch.error is None:
                now.log.unsigned.extend(members)
            else:
                now.log.waits(members, batch.error)
        return [order for order in orders if order.batch_id not in now.unsigned]

    def _announced(self, orders: list[MintOrder], standing: Standing, now: _Pass) -> list[MintOrder]:
        """Those that no other institution has to have acknowledged (the travel rule), or that it has."""
        waiting = standing.unacknowledged
        for order in orders:
            if order.id in waiting:
                now.waits(order, waiting[order.id])
        return [order for order in orders if order.id not in waiting]

    def _with_room(self, orders: Sequence[MintOrder], now: _Pass) -> list[MintOrder]:
        """Those that fit into what may be minted now, first come, as many as fit."""
        going: list[MintOrder] = []
        for order in orders:
            if now.waiting and not now.in_turn([order]):
                continue
            if self._fits(order, going, now):
                going.append(order)
            else:
                reason = self._why_not(order, going, now)
                if isinstance(reason, _FOR_ALL):
                    now.stopped = reason
                    return []
                now.waits(order, reason)
        return going

    def _fits(self, order: MintOrder, going: Sequence[MintOrder], now: _Pass) -> bool:
        if now.room.take(order.base_units):
            return True
        if not now.flown:
            return False
        self._wait_for(now)
        now.room, _ = self._look(now.lane)
        now.room.give_back(-sum(item.base_units for item in going))
        return now.room.take(order.base_units)

    def _why_not(self, order: MintOrder, going: Sequence[MintOrder], now: _Pass) -> ToolkitError:
        """What the chain refuses the order for, after those that go before it."""
        ahead = sum(item.base_units for item in going)
        for refusal in self._minting.refusals_after(order, ahead, now.lane.address):
            if isinstance(refusal, (*_TOGETHER, *_FOR_ALL)):
                return refusal
        return HeadroomTaken(
            f"order {order.id} over {order.amount.display()} doesn't fit into what may still be minted once "
            "the orders under way are: it waits for them",
            order=order.id,
        )

    # ------------------------------------------------------------------------------------------- rehearsal

    def _rehearse(self, planned: _Planned, now: _Pass) -> ContractReverted | None:
        """What the chain refuses the planned call for. Runs aside: it touches nothing but the node."""
        if planned.call is None:
            return None
        call, gas = planned.call
        try:
            self._flights.rehearse(now.lane, call, gas=gas)
        except ContractReverted as error:
            return error
        return None

    def _rehearsed(self, orders: list[MintOrder], now: _Pass) -> tuple[list[MintOrder], Call | None, int]:
        """Those that the chain takes together, with their call and its gas.

        The very call is executed without being sent. What refuses is left out, and the rest rehearsed again.
        """
        while orders:
            call, gas = self._call(orders, now)
            try:
                self._flights.rehearse(now.lane, call, gas=gas)
            except ContractReverted as error:
                orders = self._fewer(orders, error, now)
            else:
                return orders, call, gas
        return [], None, 0

    def _fewer(self, orders: list[MintOrder], error: ContractReverted, now: _Pass) -> list[MintOrder]:
        """The orders without those that the chain refuses, which give their room back."""
        before = sum(order.base_units for order in orders)
        going = self._without_refused(orders, error, now)
        now.room.give_back(before - sum(order.base_units for order in going))
        return going

    def _call(self, orders: Sequence[MintOrder], now: _Pass) -> tuple[Call, int]:
        batches = now.batches.of(orders)
        parts = [batch.only(order.id for order in orders) for batch in batches.values()]
        skipped = sum(len(batch.rows) for batch in batches.values()) - len(orders)
        gas = _GAS_BASE + _GAS_BATCH * len(parts) + _GAS_ORDER * len(orders) + _GAS_SKIPPED * skipped
        return self._context.market.mint(parts), gas

    def _without_refused(
        self, orders: list[MintOrder], error: ContractReverted, now: _Pass
    ) -> list[MintOrder]:
        """Fewer orders than before: each that was refused is where it belongs, or waits."""
        if isinstance(error, InvalidApproval) and len(left := self._not_void(orders, now)) < len(orders):
            return left
        going, passing = self._sorting.refused(orders, now.lane.address, now.log)
        if len(passing) == len(orders) and isinstance(next(iter(passing.values())), _FOR_ALL):
            now.stopped = next(iter(passing.values()))
            return []
        for order in orders:
            if order.id in passing:
                now.waits(order, passing[order.id])
        going = now.in_turn(going)
        if len(going) < len(orders):
            return going
        return self._without_culprits(orders, error, now)

    def _not_void(self, orders: list[MintOrder], now: _Pass) -> list[MintOrder]:
        """Those that were approved for the code that the market runs; the others are to be approved again."""
        for batch_id in dict.fromkeys(order.batch_id for order in orders if order.batch_id is not None):
            try:
                void = self._approvals.withdraw_void(batch_id)
            except IllegalTransition as error:  # an order of it is under way
                now.log.waits([order.id for order in orders if order.batch_id == batch_id], error)
            else:
                if void is None:
                    continue
                now.log.void(void, State.FUNDED)
            now.unsigned.add(batch_id)
        return [order for order in orders if order.batch_id not in now.unsigned]

    def _without_culprits(
        self, orders: list[MintOrder], error: ContractReverted, now: _Pass
    ) -> list[MintOrder]:
        """The chain takes each order by itself and not all of them: leaves out what is refused in parts,
        batch by batch, then order by order, and if nothing is, the last half.
        """
        refused: dict[str, ContractReverted] = {}
        for part in _parts(orders):
            call, gas = self._call(part, now)
            try:
                self._flights.rehearse(now.lane, call, gas=gas)
            except ContractReverted as reason:
                refused.update((order.id, reason) for order in part)
        if not refused:
            refused = dict.fromkeys((order.id for order in orders[len(orders) // 2 :]), error)
        for order in orders:
            if order.id in refused:
                now.waits(order, refused[order.id])
        return now.in_turn(order for order in orders if order.id not in refused)


def _ask(flown: _Flown, now: _Pass, aside: Executor) -> None:
    """Asks for a flight's transaction aside, unless that is done already."""
    if flown.mined is None:
        flown.mined = aside.submit(flown.flying.ask, now.patience())


def _parts(orders: Sequence[MintOrder]) -> Iterator[list[MintOrder]]:
    """The orders by batch; of a single batch, one by one."""
    batches = dict.fromkeys(order.batch_id for order in orders)
    if len(batches) == 1:
        yield from ([order] for order in orders)
        return
    for batch_id in batches:
        yield [order for order in orders if order.batch_id == batch_id]
