"""What became of flights, believed only by their events in a final block.

A flight is one transaction, followed by lane and nonce. What became of it decides: mined and final, its
orders move on; provably never to be mined, or reverted, its orders go back, with the signatures that they
had; anything else, it is asked for again at the next run.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import JournalEntry, Outcome
from toolkit.desk import proofs
from toolkit.desk.approvals import ACCEPTANCE, MINT
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.purposes import ESCROW, FUND_PURPOSES, PAYOUT, REJECTION
from toolkit.desk.report import RunLog
from toolkit.errors import (
    Cancelled,
    ConfigurationError,
    ContractReverted,
    Dropped,
    EventMissing,
    IllegalTransition,
    NonceUnexplained,
    ReorgedOut,
    Replaced,
    StillPending,
)
from toolkit.ledger.agenda import SETTLED_UP_TO
from toolkit.ledger.machines import Role, State
from toolkit.ledger.records import Flight, MintOrder, TransactionRecord
from toolkit.ledger.transactions import RECORDED

if TYPE_CHECKING:
    from toolkit.bindings.events import ContractEvent
    from toolkit.chain.answers import Receipt
    from toolkit.chain.sender import Mined, Sender
    from toolkit.desk.lanes import Lanes
    from toolkit.ledger.ledger import Transaction

__all__ = ["Homecoming", "News", "first_seen"]

_AFTER = {ACCEPTANCE: State.BURNED, PAYOUT: State.SETTLED}


class News(NamedTuple):
    """What is asked meanwhile, in another thread, of a flight that was launched: its transaction's hash, and
    that transaction in a block, which raises as `Sender.wait`.
    """

    tx_hash: str
    mined: Callable[[], Mined]


class Homecoming:
    """Brings flights home, or their orders back."""

    def __init__(self, context: DeskContext, lanes: Lanes) -> None:
        self._context = context
        self._lanes = lanes

    def conclude_all(self, log: RunLog, patience: float) -> None:
        """Asks what became of every flight under way, waiting `patience` seconds for all of them together."""
        deadline = time.monotonic() + patience
        flying = self._context.ledger.flights.find(state="flying")
        self._conclude_loose(flying, log)
        for flight in flying:
            self.conclude(flight, log, max(0.0, deadline - time.monotonic()))

    def conclude(
        self,
        flight: Flight,
        log: RunLog,
        patience: float,
        orders: Sequence[MintOrder] | None = None,
        *,
        news: News | None = None,
    ) -> None:
        """Asks what became of one flight, waiting up to `patience` seconds.

        `orders` are those of a mint flight, read at any time: what was ordered never changes. `news` is what
        somebody else asks meanwhile of a flight that was just launched.
        """
        try:
            self._conclude(flight, log, patience, orders, news)
        except IllegalTransition:
            if self._context.ledger.flights.get(flight.id).state == "flying":
                raise
            # Another worker concluded it meanwhile, and what was about to be written here was undone.

    def carried(self, flight: Flight) -> list[TransactionRecord]:
        """The flight's transactions that the node hasn't refused."""
        found = self._context.ledger.transactions.find(flight_id=flight.id)
        return [record for record in found if record.state != Outcome.REFUSED]

    def take_back(self, flight: Flight, reason: str, log: RunLog) -> None:
        """The transaction can never land: the orders go back to where they were, signatures included."""
        with self._context.ledger.transaction() as tx:
            tx.flights.give_back(flight.id)
            mined = _in_state(tx, flight, State.MINED)
            submitted = [*mined, *_in_state(tx, flight, State.SUBMITTED)]
            tx.orders.step_all(mined, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, reason=reason)
            tx.orders.step_all(submitted, State.APPROVED, actor=WORKER, role=Role.OPERATOR, reason=reason)
        log.changed(submitted, State.APPROVED, reason)

    # ------------------------------------------------------------------------------------------- the way home

    def _conclude(
        self,
        flight: Flight,
        log: RunLog,
        patience: float,
        orders: Sequence[MintOrder] | None,
        news: News | None,
    ) -> None:
        if news is None:
            carried = self.carried(flight)
            if not carried:
                self.take_back(flight, "the node refused its transaction", log)
                return
            tx_hash = carried[-1].hash
        else:
            tx_hash = news.tx_hash
        sender = self._lanes.of(flight.lane)
        if sender is None:
            log.pending.append(tx_hash)
            log.alarms.append(
                ConfigurationError(
                    f"transaction {tx_hash} was sent by {flight.lane}, whose key this desk doesn't have: "
                    "give it among the signers",
                    lane=flight.lane,
                )
            )
            return
        try:
            self._follow(flight, tx_hash, sender, log, patience, orders, news)
        except ContractReverted as error:
            self._reverted(flight, tx_hash, error, log)
        except (Cancelled, Replaced) as error:
            self._replaced(flight, tx_hash, sender, error, log)
        except (StillPending, Dropped, ReorgedOut) as error:
            self._not_yet(flight, error, log)
        except EventMissing as error:
            log.pending.append(tx_hash)
            log.alarms.append(error)

    def _follow(
        self,
        flight: Flight,
        tx_hash: str,
        sender: Sender,
        log: RunLog,
        patience: float,
        orders: Sequence[MintOrder] | None,
        news: News | None,
    ) -> None:
        deadline = time.monotonic() + patience
        sent = from_hex(tx_hash, length=32)
        mined = first_seen(sender, sent, patience) if news is None else news.mined()
        events = self._prove(flight, mined, sender, orders)
        if not mined.final:
            with self._context.ledger.transaction() as tx:
                waiting = self._mined(tx, flight, mined)
            log.changed(waiting, State.MINED)
            left = max(0.0, deadline - time.monotonic())
            mined = sender.wait(sent, timeout=left, seen=mined, record=False)
            events = self._prove(flight, mined, sender, orders)
        with self._context.ledger.transaction() as tx:
            _landed(tx, mined)
            if flight.purpose == MINT:
                reached = tx.flights.land_mints(
                    flight.id,
                    flight.order_ids,
                    mined_in=to_hex(mined.block.hash),
                    settled_by=to_hex(mined.receipt.tx_hash),
                    actor=WORKER,
                )
            else:
                reached = self._settle(tx, flight, mined, events)
            tx.cursors.advance(
                SETTLED_UP_TO, block_number=mined.block.number, block_hash=to_hex(mined.block.hash)
            )
        for state, order_ids in reached:
            log.changed(order_ids, state)

    def _mined(self, tx: Transaction, flight: Flight, mined: Mined) -> list[str]:
        """In a block, which may still go since it isn't final: `submitted` to `mined`."""
        tx.transactions.place(
            to_hex(mined.receipt.tx_hash),
            block_number=mined.block.number,
            block_hash=to_hex(mined.block.hash),
        )
        if flight.purpose != MINT:
            return []
        waiting = _in_state(tx, flight, State.SUBMITTED)
        evidence = to_hex(mined.block.hash)
        tx.orders.step_all(waiting, State.MINED, actor=WORKER, role=Role.OPERATOR, evidence=evidence)
        return waiting

    def _settle(
        self, tx: Transaction, flight: Flight, mined: Mined, events: Sequence[ContractEvent]
    ) -> list[tuple[State, Sequence[str]]]:
        """Final: what the events say has happened to redemptions for good. Which orders reached what."""
        ids, evidence = flight.order_ids, to_hex(mined.receipt.tx_hash)
        tx.flights.land(flight.id)
        target = _AFTER.get(flight.purpose)
        if flight.purpose == ESCROW:
            target = State.ESCROWED
            for order_id, event in zip(ids, events, strict=True):
                number: int = getattr(event, "id")  # noqa: B009 - only RedemptionRequested comes here
                tx.orders.escrow(order_id, number=number, actor=WORKER, evidence=evidence)
        elif flight.purpose in FUND_PURPOSES:
            target = State.IN_BATCH
            for order_id, event in zip(ids, events, strict=True):
                day: int = getattr(event, "day")  # noqa: B009 - only the vault's two requests come here
                tx.fund_orders.enter(order_id, day, actor=WORKER, evidence=evidence)
        elif target is not None:
            tx.orders.step_all(ids, target, actor=WORKER, role=Role.OPERATOR, evidence=evidence)
        tx.batches.leave(ids)
        tx.chain_events.record([proofs.recorded(event) for event in events])
        return [] if target is None else [(target, ids)]

    def _prove(
        self, flight: Flight, mined: Mined, sender: Sender, mints: Sequence[MintOrder] | None
    ) -> Sequence[ContractEvent]:
        try:
            return self._events(flight, mined.receipt, mints)
        except EventMissing:
            sender.record(mined)  # its orders stay where they are, and its nonce is used
            raise

    def _events(
        self, flight: Flight, receipt: Receipt, mints: Sequence[MintOrder] | None
    ) -> Sequence[ContractEvent]:
        context = self._context
        if flight.purpose == MINT:
            proofs.prove_mint(context, mints or context.mint_orders(flight.order_ids), receipt)
            return ()  # an order says all that its two events would
        if flight.purpose in FUND_PURPOSES:
            return proofs.prove_requests(context, context.fund_orders(flight.order_ids), receipt)
        orders = context.redemption_orders(flight.order_ids)
        if flight.purpose == ACCEPTANCE:
            return proofs.prove_acceptance(context, orders, receipt)
        if flight.purpose == PAYOUT:
            paid = [(order, context.ledger.payouts.get(order.id).reference) for order in orders]
            return proofs.prove_payouts(context, paid, receipt)
        if flight.purpose == REJECTION:
            return proofs.prove_rejection(context, orders, receipt)
        return proofs.prove_escrow(context, orders[0], receipt)

    # ---------------------------------------------------------------------------------------------- setbacks

    def _not_yet(
        self,
        flight: Flight,
        error: StillPending | Dropped | ReorgedOut,
        log: RunLog,
    ) -> None:
        """Not mined, or not any more: then `mined` goes back to `submitted`, and the bytes are sent again."""
        carried = self.carried(flight)
        if not carried:  # another worker, whose bytes they were, was told so meanwhile
            self.take_back(flight, "the node refused its transaction", log)
            return
        if all(self._context.client.receipt(from_hex(record.hash)) is None for record in carried):
            self._unmine(flight, carried, error.message, log)
            if not isinstance(error, StillPending):
                log.alarms.extend(self._lanes.tend())
        log.pending.append(carried[-1].hash)
        if isinstance(error, NonceUnexplained):
            log.alarms.append(error)

    def _reverted(self, flight: Flight, tx_hash: str, error: ContractReverted, log: RunLog) -> None:
        if all(item.state != Outcome.REVERTED for item in self.carried(flight)):
            log.pending.append(tx_hash)  # in a block that may still go, and succeed in another
            return
        self.take_back(flight, error.message, log)
        log.waits(flight.order_ids, error)

    def _replaced(
        self,
        flight: Flight,
        tx_hash: str,
        sender: Sender,
        error: Cancelled | Replaced,
        log: RunLog,
    ) -> None:
        """Something else used the nonce. Only once that is final can the flight never land."""
        try:
            sender.wait(from_hex(tx_hash, length=32), timeout=0)
        except (Cancelled, Replaced):
            self.take_back(flight, error.message, log)
        except StillPending:
            log.pending.append(tx_hash)
        log.alarms.append(error)

    def _unmine(self, flight: Flight, carried: Sequence[TransactionRecord], reason: str, log: RunLog) -> None:
        """The block it was in is gone: `mined` goes back to `submitted`."""
        with self._context.ledger.transaction() as tx:
            gone = _in_state(tx, flight, State.MINED)
            for record in carried:
                if record.block_hash is not None:
                    tx.transactions.place(record.hash, block_number=None, block_hash=None)
            tx.orders.step_all(gone, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, reason=reason)
        log.changed(gone, State.SUBMITTED, reason)

    def _conclude_loose(self, flying: Sequence[Flight], log: RunLog) -> None:
        """What was sent for no order, a freeze or a registration, and not waited for to its end; and what is
        sent again after an incident, whose orders are settled.
        """
        followed = {flight.id for flight in flying}
        for record in self._context.ledger.transactions.find(state=RECORDED):
            sender = self._lanes.of(record.lane)
            if record.flight_id in followed or sender is None:
                continue
            try:
                mined = sender.wait(from_hex(record.hash, length=32), timeout=0, record=False)
                self._landed_again(record, mined, sender)
            except (StillPending, Dropped, ReorgedOut):
                log.pending.append(record.hash)
            except (Cancelled, ContractReverted, Replaced, EventMissing) as error:
                log.alarms.append(error)

    def _landed_again(self, record: TransactionRecord, mined: Mined, sender: Sender) -> None:
        """Puts on record how such a transaction ended, of a flight's by its events. Raises EventMissing."""
        ledger = self._context.ledger
        flight = None if record.flight_id is None else ledger.flights.get(record.flight_id)
        if flight is None or flight.state != "landed":
            sender.record(mined)
            return
        events = self._prove(flight, mined, sender, None)
        with ledger.transaction() as tx:
            _landed(tx, mined)
            tx.chain_events.record([proofs.recorded(event) for event in events])


def first_seen(sender: Sender, sent: JournalEntry | bytes, patience: float) -> Mined:
    """The transaction in a block, final or not. Raises as `Sender.wait`."""
    attempts = [sent] if isinstance(sent, JournalEntry) else []
    tx_hash = sent.hash if isinstance(sent, JournalEntry) else sent
    return sender.wait(tx_hash, final=False, timeout=patience, record=False, attempts=attempts)


def _landed(tx: Transaction, mined: Mined) -> None:
    """How the transaction, and those it superseded, ended."""
    for other in mined.superseded:
        tx.transactions.finish(to_hex(other), Outcome.REPLACED)
    tx.transactions.land(
        to_hex(mined.receipt.tx_hash),
        block_number=mined.block.number,
        block_hash=to_hex(mined.block.hash),
    )


def _in_state(tx: Transaction, flight: Flight, state: State) -> list[str]:
    """Those of the flight's orders that are in `state`. Nobody but its end takes them out of it."""
    if flight.purpose != MINT:
        return []
    states = tx.orders.states(flight.order_ids)
    return [order_id for order_id in flight.order_ids if states[order_id] is state]
