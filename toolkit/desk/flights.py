"""Flights: each one transaction, recorded, then sent; what becomes of it is `homecoming`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from toolkit.chain.calls import Call
from toolkit.chain.hexes import to_hex
from toolkit.chain.journal import JournalEntry
from toolkit.desk.approvals import ACCEPTANCE, MINT
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.homecoming import Homecoming, first_seen
from toolkit.desk.purposes import ESCROW, FUND_REDEMPTION, PAYOUT, REJECTION, SUBSCRIPTION
from toolkit.desk.report import RunLog
from toolkit.errors import IllegalTransition, LaneLost, NotSent, Replaced, StillPending
from toolkit.ledger.errors import NotFound, OrderExpired
from toolkit.ledger.machines import State
from toolkit.ledger.records import Flight, MintOrder

if TYPE_CHECKING:
    from toolkit.chain.sender import Mined
    from toolkit.desk.lanes import Lane, Lanes, Write
    from toolkit.ledger.ledger import Transaction

__all__ = ["Flights", "Flying"]

_ROLES = {
    MINT: "operator",
    ACCEPTANCE: "operator",
    ESCROW: "operator",
    REJECTION: "operator",
    PAYOUT: "treasurer",
    SUBSCRIPTION: "operator",
    FUND_REDEMPTION: "operator",
}

# Where every order of a flight has to be when its bytes are stored.
_BEFORE = {
    MINT: {State.APPROVED},
    ACCEPTANCE: {State.APPROVED},
    ESCROW: {State.VALID},
    PAYOUT: {State.PAID},
    REJECTION: {State.REJECTED},
    SUBSCRIPTION: {State.VALID, State.FUNDED},
    FUND_REDEMPTION: {State.VALID},
}


class Flying(NamedTuple):
    """A flight that was launched, its transaction's hash, and how to ask for it: by seconds of patience."""

    flight: Flight
    tx_hash: str
    ask: Callable[[float], Mined]


class Flights:
    """Sends orders; what became of them, `home` asks."""

    def __init__(self, context: DeskContext, lanes: Lanes) -> None:
        self._context = context
        self._lanes = lanes
        self.home = Homecoming(context, lanes)

    def rehearse(self, lane: Lane, call: Call, *, gas: int | None = None) -> None:
        """Executes the call without sending it. Raises what the contract would refuse it for."""
        self._context.client.call(call.to or "", call.data, block="latest", sender=lane.address, gas=gas)

    def send(
        self,
        purpose: str,
        order_ids: Sequence[str],
        call: Call,
        log: RunLog,
        *,
        batches: Collection[str] = (),
    ) -> Flight | None:
        """Rehearses the call and sends it as a flight of these orders, formed as its bytes are stored; with
        the signatures of `batches`, if they are open still.

        None if nothing is on its way, which the log explains. Raises ContractReverted, LaneBusy.
        """
        formed: list[Flight] = []

        def write(tx: Transaction, entry: JournalEntry) -> None:
            formed[:] = [tx.flights.form(purpose, entry.sender, order_ids)]
            tx.transactions.assign(to_hex(entry.hash), formed[0].id)
            tx.flights.launch(formed[0].id, nonce=entry.nonce, order_ids=order_ids, batches=batches)
            _require_state(tx, purpose, order_ids)

        with self._lanes.lease(_ROLES[purpose]) as lane:
            self.rehearse(lane, call)
            sent = self._broadcast(lane, order_ids, call, write, log)
        if formed and not sent:
            self._not_sent(formed[0], log)
        return self._context.ledger.flights.get(formed[0].id) if formed and sent else None

    def launch(
        self, lane: Lane, flight: Flight, orders: Sequence[MintOrder], call: Call, gas: int, log: RunLog
    ) -> Flying | None:
        """Sends these orders of a formed mint flight, whose call was rehearsed. They are `submitted` in the
        ledger transaction that stores the bytes. None if nothing is on its way, which the log explains.
        """
        order_ids = [order.id for order in orders]
        batches = {order.batch_id for order in orders if order.batch_id is not None}
        recorded: list[JournalEntry] = []

        def write(tx: Transaction, entry: JournalEntry) -> None:
            tx.flights.launch_mints(
                flight.id,
                order_ids,
                batches=batches,
                nonce=entry.nonce,
                sent_as=to_hex(entry.hash),
                actor=WORKER,
            )
            recorded[:] = [entry]

        if not self._broadcast(lane, order_ids, call, write, log, gas=gas, flight_id=flight.id):
            self._not_sent(flight, log)
            return None
        log.changed(order_ids, State.SUBMITTED)
        [entry] = recorded
        flying = replace(flight, state="flying", nonce=entry.nonce, order_ids=tuple(order_ids))
        sender = lane.sender
        return Flying(flying, to_hex(entry.hash), lambda patience: first_seen(sender, entry, patience))

    def abandon(self, flight: Flight) -> None:
        """Sets the orders of a formed flight free."""
        with suppress(IllegalTransition):  # another worker took this one for dead
            self._context.ledger.flights.dissolve(flight.id)

    def clear(self) -> None:
        """Sets free what a worker had formed and not recorded when it died, unless it may be at it still."""
        for flight in self._context.ledger.flights.find(state="formed"):
            # The worker may have recorded it, and lost its lease, since it was found.
            with self._lanes.vacant(flight.lane) as ours, suppress(IllegalTransition):
                if ours:
                    self._context.ledger.flights.dissolve(flight.id)

    # ------------------------------------------------------------------------------------------- the way out

    def _broadcast(
        self,
        lane: Lane,
        order_ids: Sequence[str],
        call: Call,
        write: Write,
        log: RunLog,
        *,
        gas: int | None = None,
        flight_id: str | None = None,
    ) -> bool:
        """Whether the transaction is on its way, as far as anybody knows."""
        try:
            lane.send(call, write, gas=gas, flight_id=flight_id)
        except StillPending:
            return True  # recorded: `home` asks what became of it
        except Replaced as error:
            log.alarms.append(error)  # of an earlier transaction; nothing of this one was recorded
            return False
        except (IllegalTransition, OrderExpired, NotSent, LaneLost) as error:
            # An order moved meanwhile, or the lane did, and the record was undone; or the node refused it.
            log.waits(order_ids, error)
            return False
        return True

    def _not_sent(self, flight: Flight, log: RunLog) -> None:
        """Of what wasn't sent nothing may stay behind; another worker may have ended it already."""
        ledger = self._context.ledger
        with suppress(IllegalTransition, NotFound):
            found = ledger.flights.get(flight.id)
            if found.state == "flying" and not self.home.carried(found):
                self.home.take_back(found, "the node refused its transaction", log)
            elif found.state == "formed":
                self.abandon(found)


def _require_state(tx: Transaction, purpose: str, order_ids: Sequence[str]) -> None:
    """Raises IllegalTransition for an order that was held, ended or moved since it was looked at."""
    wanted = _BEFORE[purpose]
    for order_id, state in tx.orders.states(order_ids).items():
        if state not in wanted:
            raise IllegalTransition(
                f"order {order_id} of a {purpose} is {state}, not {' or '.join(sorted(wanted))}: nothing was "
                "sent",
                order=order_id,
            )
