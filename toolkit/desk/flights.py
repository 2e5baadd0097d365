"""Batches under way: recorded, then sent, then believed only by their events in a final block.

A batch has one transaction. What became of it decides: mined and final, its orders move on; provably
never to be mined, or reverted, its orders go back; anything else, it is asked for again at the next run.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from toolkit.bindings.events import ContractEvent
from toolkit.chain.calls import Call
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import JournalEntry, Outcome
from toolkit.desk import proofs
from toolkit.desk.approvals import ACCEPTANCE, MINT
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.report import RunLog
from toolkit.errors import (
    Cancelled,
    ConfigurationError,
    ContractReverted,
    Dropped,
    EventMissing,
    IllegalTransition,
    NonceUnexplained,
    NotSent,
    ReorgedOut,
    Replaced,
    StillPending,
)
from toolkit.ledger.errors import OrderExpired
from toolkit.ledger.machines import Role, State
from toolkit.ledger.records import Batch, TransactionRecord

if TYPE_CHECKING:
    from toolkit.chain.sender import Mined, Sender
    from toolkit.desk.lanes import Lanes
    from toolkit.ledger.ledger import Transaction

__all__ = ["ESCROW", "PAYOUT", "REJECTION", "Flights"]

ESCROW = "escrow"
PAYOUT = "payout"
REJECTION = "rejection"

_LANES = {
    MINT: "operator",
    ACCEPTANCE: "operator",
    ESCROW: "operator",
    REJECTION: "operator",
    PAYOUT: "treasurer",
}

# These are tried again as they are; signatures stand under the digest, which stays the same.
_RETRIED = frozenset({MINT, ACCEPTANCE, REJECTION})

# Where every order of a batch has to be when its bytes are stored.
_BEFORE = {
    MINT: State.APPROVED,
    ACCEPTANCE: State.APPROVED,
    ESCROW: State.VALID,
    PAYOUT: State.PAID,
    REJECTION: State.REJECTED,
}


class Flights:
    """Sends batches and brings them home."""

    def __init__(self, context: DeskContext, lanes: Lanes) -> None:
        self._context = context
        self._lanes = lanes

    def rehearse(self, batch: Batch, call: Call) -> None:
        """Executes the call without sending it. Raises what the contract would refuse it for."""
        sender = self._context.signer(_LANES[batch.purpose]).address
        self._context.client.call(call.to or "", call.data, block="latest", sender=sender)

    def launch(self, batch: Batch, call: Call, log: RunLog) -> None:
        """Sends the batch; mint orders are `submitted` in the ledger transaction that stores the bytes.

        Raises ContractReverted, with nothing recorded, if the estimate's rehearsal reverts.
        """

        def write(tx: Transaction, entry: JournalEntry) -> None:
            tx_hash = to_hex(entry.hash)
            _require_state(tx, batch)
            tx.transactions.assign(tx_hash, batch.id)
            tx.batches.mark_sent(batch.id)
            if batch.purpose == MINT:
                tx.orders.step_many(
                    batch.order_ids, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, evidence=tx_hash
                )

        try:
            self._lanes.send(_LANES[batch.purpose], call, write)
        except StillPending:
            return  # recorded: `conclude` asks what became of it
        except Replaced as error:
            log.alarms.append(error)  # of an earlier transaction; nothing of this one was recorded
            return
        except (IllegalTransition, OrderExpired) as error:
            log.waits(batch.order_ids, error)  # an order moved meanwhile: the record was undone with its step
            return
        except NotSent as error:
            # Another worker may have sent the same batch: that one isn't taken back.
            if self._context.ledger.batches.get(batch.id).state == "sent" and not self._carried(batch):
                self._take_back(batch, error.message, log)
            log.waits(batch.order_ids, error)
            return
        if batch.purpose == MINT:
            log.changed(batch.order_ids, State.SUBMITTED)

    def clear(self) -> None:
        """Closes what a crash left between forming a batch and recording its transaction."""
        batches = self._context.ledger.batches
        for purpose in (ESCROW, PAYOUT):
            for batch in batches.find(state="open", purpose=purpose):
                with suppress(IllegalTransition):  # sent meanwhile: it wasn't left behind
                    batches.dissolve(batch.id)

    def conclude_all(self, log: RunLog, patience: float) -> None:
        """Asks what became of every batch under way, waiting `patience` seconds for all of them together."""
        deadline = time.monotonic() + patience
        self._conclude_loose(log)
        for batch in self._context.ledger.batches.find(state="sent"):
            self.conclude(batch, log, max(0.0, deadline - time.monotonic()))

    def conclude(self, batch: Batch, log: RunLog, patience: float) -> None:
        """Asks what became of one batch, waiting up to `patience` seconds."""
        try:
            self._conclude(batch, log, patience)
        except IllegalTransition:
            if self._context.ledger.batches.get(batch.id).state != "closed":
                raise
            # Another worker concluded it meanwhile, and what was about to be written here was undone.

    def _carried(self, batch: Batch) -> list[TransactionRecord]:
        """The batch's transactions that the node hasn't refused."""
        found = self._context.ledger.transactions.find(batch_id=batch.id)
        return [record for record in found if record.state != Outcome.REFUSED]

    def _conclude(self, batch: Batch, log: RunLog, patience: float) -> None:
        carried = self._carried(batch)
        if not carried:
            self._take_back(batch, "the node refused its transaction", log)
            return
        record = carried[-1]
        sender = self._lanes.of(record.lane)
        if sender is None:
            log.pending.append(record.hash)
            log.alarms.append(
                ConfigurationError(
                    f"transaction {record.hash} was sent by {record.lane}, whose key this desk doesn't have: "
                    "give it among the signers",
                    lane=record.lane,
                )
            )
            return
        try:
            self._follow(batch, record, sender, log, patience)
        except ContractReverted as error:
            self._reverted(batch, record, error, log)
        except (Cancelled, Replaced) as error:
            self._replaced(batch, record, sender, error, log)
        except (StillPending, Dropped, ReorgedOut) as error:
            if self._context.client.receipt(from_hex(record.hash)) is None:
                self._unmine(batch, record, error.message, log)
                if not isinstance(error, StillPending):
                    self._lanes.tend()  # the next run begins with it too, and reports what the node refuses
            log.pending.append(record.hash)
            if isinstance(error, NonceUnexplained):
                log.alarms.append(error)
        except EventMissing as error:
            log.pending.append(record.hash)
            log.alarms.append(error)

    def _conclude_loose(self, log: RunLog) -> None:
        """What was sent without a batch, a freeze or a registration, and not waited for to its end."""
        for record in self._context.ledger.transactions.find(state="recorded"):
            sender = self._lanes.of(record.lane)
            if record.batch_id is not None or sender is None:
                continue
            try:
                sender.wait(from_hex(record.hash, length=32), timeout=0)
            except (StillPending, Dropped, ReorgedOut):
                log.pending.append(record.hash)
            except (Cancelled, ContractReverted, Replaced) as error:
                log.alarms.append(error)

    # ------------------------------------------------------------------------------------------ the way home

    def _follow(
        self, batch: Batch, record: TransactionRecord, sender: Sender, log: RunLog, patience: float
    ) -> None:
        deadline = time.monotonic() + patience
        tx_hash = from_hex(record.hash, length=32)
        mined = sender.wait(tx_hash, final=False, timeout=patience)
        self._mined(batch, record, mined, log)
        if not mined.final:
            mined = sender.wait(tx_hash, timeout=max(0.0, deadline - time.monotonic()), seen=mined)
        self._settle(batch, mined, log)

    def _mined(self, batch: Batch, record: TransactionRecord, mined: Mined, log: RunLog) -> None:
        """Provisional: the orders are in a block that may still go."""
        self._prove(batch, mined)
        with self._context.ledger.transaction() as tx:
            waiting = _in_state(tx, batch, State.SUBMITTED)
            tx.transactions.place(
                record.hash, block_number=mined.block.number, block_hash=to_hex(mined.block.hash)
            )
            tx.orders.step_many(
                waiting, State.MINED, actor=WORKER, role=Role.OPERATOR, evidence=to_hex(mined.block.hash)
            )
        log.changed(waiting, State.MINED)

    def _settle(self, batch: Batch, mined: Mined, log: RunLog) -> None:
        """Final: what the events say has happened for good."""
        events = self._prove(batch, mined)
        evidence = to_hex(mined.receipt.tx_hash)
        target = {
            MINT: State.SETTLED,
            ACCEPTANCE: State.BURNED,
            PAYOUT: State.SETTLED,
            ESCROW: State.ESCROWED,
        }.get(batch.purpose)
        with self._context.ledger.transaction() as tx:
            if batch.purpose == ESCROW:
                for order_id, event in zip(batch.order_ids, events, strict=True):
                    number: int = getattr(event, "id")  # noqa: B009 - only RedemptionRequested comes here
                    tx.orders.escrow(order_id, number=number, actor=WORKER, evidence=evidence)
            elif target is not None:
                tx.orders.step_many(
                    batch.order_ids, target, actor=WORKER, role=Role.OPERATOR, evidence=evidence
                )
            tx.chain_events.record([proofs.recorded(event) for event in events])
            tx.batches.close(batch.id)
        if target is not None:
            log.changed(batch.order_ids, target)

    def _prove(self, batch: Batch, mined: Mined) -> Sequence[ContractEvent]:
        context, receipt = self._context, mined.receipt
        if batch.purpose == MINT:
            return proofs.prove_mint(context, context.mint_orders(batch.order_ids), receipt)
        orders = context.redemption_orders(batch.order_ids)
        if batch.purpose == ACCEPTANCE:
            return proofs.prove_acceptance(context, orders, receipt)
        if batch.purpose == PAYOUT:
            paid = [(order, context.ledger.payouts.get(order.id).reference) for order in orders]
            return proofs.prove_payouts(context, paid, receipt)
        if batch.purpose == REJECTION:
            return proofs.prove_rejection(context, orders, receipt)
        return proofs.prove_escrow(context, orders[0], receipt)

    # ---------------------------------------------------------------------------------------------- setbacks

    def _reverted(
        self, batch: Batch, record: TransactionRecord, error: ContractReverted, log: RunLog
    ) -> None:
        if self._context.ledger.transactions.get(record.hash).state != Outcome.REVERTED:
            log.pending.append(record.hash)  # in a block that may still go, and succeed in another
            return
        self._take_back(batch, error.message, log)
        log.waits(batch.order_ids, error)

    def _replaced(
        self,
        batch: Batch,
        record: TransactionRecord,
        sender: Sender,
        error: Cancelled | Replaced,
        log: RunLog,
    ) -> None:
        """Something else used the nonce. Only once that is final can the batch never land."""
        try:
            sender.wait(from_hex(record.hash, length=32), timeout=0)
        except (Cancelled, Replaced):
            self._take_back(batch, error.message, log)
        except StillPending:
            log.pending.append(record.hash)
        log.alarms.append(error)

    def _unmine(self, batch: Batch, record: TransactionRecord, reason: str, log: RunLog) -> None:
        """The block it was in is gone: `mined` goes back to `submitted`."""
        with self._context.ledger.transaction() as tx:
            gone = _in_state(tx, batch, State.MINED)
            tx.transactions.place(record.hash, block_number=None, block_hash=None)
            tx.orders.step_many(gone, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, reason=reason)
        log.changed(gone, State.SUBMITTED, reason)

    def _take_back(self, batch: Batch, reason: str, log: RunLog) -> None:
        """The transaction can never land: the orders go back to where they were, signatures included."""
        with self._context.ledger.transaction() as tx:
            mined = _in_state(tx, batch, State.MINED)
            submitted = [*mined, *_in_state(tx, batch, State.SUBMITTED)]
            tx.orders.step_many(mined, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, reason=reason)
            tx.orders.step_many(submitted, State.APPROVED, actor=WORKER, role=Role.OPERATOR, reason=reason)
            tx.batches.close(batch.id)
            if batch.purpose in _RETRIED:
                tx.batches.create(batch.purpose, batch.order_ids, digest=batch.digest)
        log.changed(submitted, State.APPROVED, reason)


def _in_state(tx: Transaction, batch: Batch, state: State) -> list[str]:
    """Those of the batch's orders that are in `state`, as nobody else can change it before `tx` ends."""
    orders = [tx.orders.get(order_id) for order_id in batch.order_ids]
    return [order.id for order in orders if order.state is state and order.batch_id == batch.id]


def _require_state(tx: Transaction, batch: Batch) -> None:
    """Raises IllegalTransition for an order that was held, ended or moved since the batch was looked at."""
    wanted = _BEFORE[batch.purpose]
    for order_id in batch.order_ids:
        order = tx.orders.get(order_id)
        if order.state is not wanted:
            raise IllegalTransition(
                f"order {order_id} of {batch.purpose} batch {batch.id} is {order.state}, not {wanted}: "
                "nothing was sent",
                order=order_id,
                batch=batch.id,
            )
