"""Mint flights: which approved orders go now, in one transaction, and which wait.

First come, first served. For one customer strictly: an order never overtakes an earlier approved one of the
same customer, so that where the earlier waits for something that passes, the later waits behind it; where
it is on hold, ended or short of signatures, which takes a person, the later goes. Of two that are on their
way in the sequence of their nonces, the later is minted all the same if the earlier reverts. Of different
customers, an order that fits into the headroom goes although a larger one before it doesn't.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
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
from toolkit.desk.homecoming import News
from toolkit.desk.mint_pass import FlightLimits, Flown, Leaving, Pass, Planned, Room, gas_of
from toolkit.desk.report import RunLog
from toolkit.desk.signed import SignedBatches
from toolkit.desk.sorting import Standing
from toolkit.errors import (
    ContractReverted,
    IllegalTransition,
    ReserveStale,
    ToolkitError,
)
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.records import MintOrder

if TYPE_CHECKING:
    from toolkit.bindings.minting import MintingTerms
    from toolkit.chain.calls import Call
    from toolkit.desk.approvals import Approvals
    from toolkit.desk.flights import Flights
    from toolkit.desk.lanes import Lane, Lanes
    from toolkit.desk.mint import Minting
    from toolkit.desk.sorting import Sorting
    from toolkit.ledger.records import Flight

__all__ = ["Forming"]

_FOR_ALL = (ReserveStale, TokenPaused, MintingIsStopped)
"""Refusals that hold for every order there is."""

_TOGETHER = (BackingExceeded, OperatorLimitExceeded)
"""Refusals that depend on what goes before."""


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
        else is done in one thread, since two would hand the interpreter to each other at every row of
        SQLite's. A database server works by itself: there this thread forms the next flight while another
        records and sends the one before, and a third brings flights home. `submitted` says whether orders
        are under way as it begins.

        Raises LaneBusy, NodeError, LedgerError.
        """
        with (
            self._lanes.lease("operator") as lane,
            ThreadPoolExecutor(1 + self._limits.abreast) as aside,
            self._thread() as home,
            self._thread() as away,
        ):
            room, terms = self._look(lane, self._signers, submitted=submitted)
            now = Pass(
                lane=lane,
                aside=aside,
                home=home,
                away=away,
                log=log,
                most=self._limits.carried(terms.gas_limit),
                room=room,
                batches=SignedBatches(self._context, self._approvals, terms),
                deadline=time.monotonic() + patience,
            )
            try:
                self._fly(now)
            finally:
                now.call_off()  # after an error: the next pass brings them home
            self._signers = now.batches.signers or self._signers
        if now.stopped is not None:
            left = self._context.ledger.orders.find(kind=OrderKind.MINT, state=State.APPROVED)
            log.waits([order.id for order in left], now.stopped)

    def _thread(self) -> AbstractContextManager[Executor | None]:
        """A thread for one kind of work, beside a database that has its own."""
        return ThreadPoolExecutor(1) if self._context.ledger.is_served else nullcontext()

    def _fly(self, now: Pass) -> None:
        while now.stopped is None and (planned := self._plan(now)) is not None:
            rehearsal = now.aside.submit(self._rehearse, planned, now) if now.is_under_way else None
            now.see_off()
            for flown in now.flown:
                _ask(flown, now)
            self._wait_for(now, leaving=self._limits.abreast - 1)
            if not now.left.isdisjoint(order.investor for order in planned.orders):
                self._give_up(planned, now)  # an order that comes before one of these didn't go, or is back
                continue
            refusal = self._rehearse(planned, now) if rehearsal is None else rehearsal.result()
            if self._send(planned, refusal, now) and planned.is_last:
                break
        now.see_off()
        self._wait_for(now)

    def _give_up(self, planned: Planned, now: Pass) -> None:
        """Gives back what a flight has taken that isn't sent."""
        now.room.give_back(sum(order.base_units for order in planned.orders))
        self._flights.abandon(planned.flight)

    def _wait_for(self, now: Pass, leaving: int = 0) -> None:
        """Brings flights home until no more than so many are under way. After an error the next pass does."""
        while len(now.flown) > leaving:
            flown = now.flown.pop(0)
            now.back(
                flown,
                self._bring_home(flown, now.patience()) if flown.home is None else flown.home.result(),
            )

    def _bring_home(self, flown: Flown, patience: float) -> RunLog:
        """What became of a flight."""
        log, (flight, tx_hash, ask), asked = RunLog(), flown.flying, flown.mined
        news = News(tx_hash, asked.result if asked is not None else partial(ask, patience))
        self._flights.home.conclude(flight, log, patience, flown.orders, news=news)
        return log

    def _look(
        self, lane: Lane, signers: Collection[str] = (), *, submitted: bool = True
    ) -> tuple[Room, MintingTerms]:
        """What the chain leaves, less the orders that are under way and not mined; and what else it says."""
        context, taken = self._context, 0
        if submitted:
            flying = context.ledger.orders.find(kind=OrderKind.MINT, state=State.SUBMITTED)
            taken = sum(order.base_units for order in flying)
        terms = minting_terms(context.market, context.token, context.manager, lane.address, sorted(signers))
        return Room(terms.headroom - taken, terms.available - taken), terms

    def _plan(self, now: Pass) -> Planned | None:
        """The next flight, formed of what may go as far as the ledger knows; None if nothing is left."""
        claimed = self._context.ledger.flights.claim_mints(
            now.lane.address,
            now.most,
            without_batches=now.unsigned,
            without_investors=now.waiting.keys() | now.left,
            own=now.formed,
        )
        if claimed is None:
            return None
        flight, found = claimed
        now.formed.add(flight.id)
        with self._context.ledger.look() as seen:
            now.batches.read(found, seen)
            standing = Standing.of(found, seen)
            is_alone = now.away is not None and seen.flights.is_alone(now.lane.address)
        orders = self._signed(found, now)
        orders = self._announced(self._sorting.eligible(orders, now.log, standing), standing, now)
        orders = self._with_room(orders, now)
        is_last = len(orders) == len(found) < now.most
        return Planned(flight, orders, self._call(orders, now) if orders else None, is_last, is_alone)

    def _send(self, planned: Planned, refusal: ContractReverted | None, now: Pass) -> bool:
        """Sends what the chain takes of a flight, whose rehearsal has ended so. Whether all of it goes, as
        far as is known before `Pass.see_off`.
        """
        flight, orders = planned.flight, planned.orders
        call, gas = planned.call or (None, 0)
        if refusal is not None:
            # Beside a block that is being mined: asked once more, before an order is left behind for it.
            refusal = self._rehearse(planned, now)
        if refusal is not None:
            orders, call, gas = self._rehearsed(self._fewer(orders, refusal, now), now)
        if call is None:
            self._flights.abandon(flight)
            return False
        if now.away is not None and planned.is_alone:
            now.leaving = now.away.submit(self._launch, flight, orders, call, gas, now)
        else:  # another worker forms meanwhile: what this one has claimed, and doesn't send, is in its way
            now.gone(self._launch(flight, orders, call, gas, now))
        return not now.left and len(orders) == len(planned.orders)

    def _launch(self, flight: Flight, orders: list[MintOrder], call: Call, gas: int, now: Pass) -> Leaving:
        """Records a flight and sends it, beside whatever is done in the pass. It comes home by itself."""
        log = RunLog()
        launched = self._flights.launch(now.lane, flight, orders, call, gas, log)
        if launched is None:
            return Leaving(orders, log, None)
        flown = Flown(launched, orders)
        if now.home is not None:
            _ask(flown, now)
            flown.home = now.home.submit(self._bring_home, flown, now.patience())
        return Leaving(orders, log, flown)

    # ---------------------------------------------------------------------------------------- what may go

    def _signed(self, orders: Sequence[MintOrder], now: Pass) -> list[MintOrder]:
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

    def _announced(self, orders: list[MintOrder], standing: Standing, now: Pass) -> list[MintOrder]:
        """Those that no other institution has to have acknowledged (the travel rule), or that it has."""
        waiting = standing.unacknowledged
        for order in orders:
            if order.id in waiting:
                now.waits(order, waiting[order.id])
        return [order for order in orders if order.id not in waiting]

    def _with_room(self, orders: Sequence[MintOrder], now: Pass) -> list[MintOrder]:
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

    def _fits(self, order: MintOrder, going: Sequence[MintOrder], now: Pass) -> bool:
        if now.room.take(order.base_units):
            return True
        if not now.is_under_way:
            return False
        now.see_off()
        self._wait_for(now)
        now.room, _ = self._look(now.lane)
        now.room.give_back(-sum(item.base_units for item in going))
        return now.room.take(order.base_units)

    def _why_not(self, order: MintOrder, going: Sequence[MintOrder], now: Pass) -> ToolkitError:
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

    def _rehearse(self, planned: Planned, now: Pass) -> ContractReverted | None:
        """What the chain refuses the planned call for. Runs aside: it touches nothing but the node."""
        if planned.call is None:
            return None
        call, gas = planned.call
        try:
            self._flights.rehearse(now.lane, call, gas=gas)
        except ContractReverted as error:
            return error
        return None

    def _rehearsed(self, orders: list[MintOrder], now: Pass) -> tuple[list[MintOrder], Call | None, int]:
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

    def _fewer(self, orders: list[MintOrder], error: ContractReverted, now: Pass) -> list[MintOrder]:
        """The orders without those that the chain refuses, which give their room back."""
        before = sum(order.base_units for order in orders)
        going = self._without_refused(orders, error, now)
        now.room.give_back(before - sum(order.base_units for order in going))
        return going

    def _call(self, orders: Sequence[MintOrder], now: Pass) -> tuple[Call, int]:
        batches = now.batches.of(orders)
        parts = [batch.only(order.id for order in orders) for batch in batches.values()]
        skipped = sum(len(batch.rows) for batch in batches.values()) - len(orders)
        return self._context.market.mint(parts), gas_of(len(parts), len(orders), skipped)

    def _without_refused(
        self, orders: list[MintOrder], error: ContractReverted, now: Pass
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

    def _not_void(self, orders: list[MintOrder], now: Pass) -> list[MintOrder]:
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
        self, orders: list[MintOrder], error: ContractReverted, now: Pass
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


def _ask(flown: Flown, now: Pass) -> None:
    """Asks for a flight's transaction aside, unless somebody does already."""
    if flown.mined is None:
        flown.mined = now.aside.submit(flown.flying.ask, now.patience())


def _parts(orders: Sequence[MintOrder]) -> Iterator[list[MintOrder]]:
    """The orders by batch; of a single batch, one by one."""
    batches = dict.fromkeys(order.batch_id for order in orders)
    if len(batches) == 1:
        yield from ([order] for order in orders)
        return
    for batch_id in batches:
        yield [order for order in orders if order.batch_id == batch_id]
