"""Redemptions as the worker moves them: what it finds on chain, returns, burns and puts on record."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from toolkit.bindings.errors import (
    ApproverIsSender,
    ApproversNotSorted,
    InvalidApproval,
    NotApprover,
    RedemptionHolderFrozen,
)
from toolkit.bindings.events import (
    ContractEvent,
    RedemptionAccepted,
    RedemptionPaid,
    RedemptionRequested,
)
from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.hexes import to_hex
from toolkit.desk.approvals import ACCEPTANCE, Approvals
from toolkit.desk.context import WORKER, DeskContext, bytes32_text
from toolkit.desk.errors import ApprovalsVoid, EscrowMismatch
from toolkit.desk.flights import Flights
from toolkit.desk.proofs import payment_hash, recorded, redemption_reference
from toolkit.desk.purposes import PAYOUT, REJECTION
from toolkit.desk.report import RunLog
from toolkit.desk.sorting import Sorting, acknowledged
from toolkit.errors import (
    ConfigurationError,
    ContractReverted,
    IllegalTransition,
    InconsistentNode,
    LaneBusy,
    ToolkitError,
)
from toolkit.ledger.agenda import UNDER_WATCH
from toolkit.ledger.errors import PayoutAlreadyRecorded
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import Batch, Order, RedemptionOrder

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import Block
    from toolkit.ledger.agenda import Due

__all__ = ["RedemptionRun"]

E = TypeVar("E", bound=ContractEvent)

_REFERENCES = 100
_PAYOUTS = 200

# These make a batch's signatures worthless: it is dissolved and has to be signed anew.
_SIGNATURES = (NotApprover, InvalidApproval, ApproverIsSender, ApproversNotSorted)

_BURNED = (RedemptionStatus.ACCEPTED, RedemptionStatus.PAID)
_WITHOUT_PAYMENT = (RedemptionStatus.CANCELLED, RedemptionStatus.REJECTED, RedemptionStatus.SEIZED)


class RedemptionRun:
    """One pass over the redemptions."""

    def __init__(
        self, context: DeskContext, flights: Flights, approvals: Approvals, sorting: Sorting
    ) -> None:
        self._context = context
        self._flights = flights
        self._approvals = approvals
        self._sorting = sorting

    def watch(self, due: Due, log: RunLog) -> None:
        """Finds what others did on the chain: requests that name an order, and whatever ended or accepted
        one past this desk.
        """
        if due.valid:
            self._match_requests(log)
        if due.open or due.valid:
            self._watch_open(log)

    def send(self, due: Due, log: RunLog) -> None:
        """Returns the escrow of rejected orders, burns what is approved, puts payouts on record."""
        if due.acceptances:
            self.acceptances(log)
        if due.rejections:
            self.rejections(log)
        if due.paid:
            self.payouts(log)

    def _watch_open(self, log: RunLog) -> None:
        orders = self._context.ledger.orders.find(kind=OrderKind.REDEMPTION, state=UNDER_WATCH)
        if not orders:
            return
        block = self._context.client.finalized_block()
        for order in orders:
            if not isinstance(order, RedemptionOrder) or order.number is None:
                continue
            status = self._context.market.redemption(order.number, block=block).status
            try:
                if status in _WITHOUT_PAYMENT:
                    self._end(order, f"redemption {order.number} was {status.name.lower()} on chain", log)
                elif status in _BURNED and order.flight_id is None:
                    self._adopt_burn(order, block, log)
            except IllegalTransition as error:
                log.waits([order.id], error)  # sent, or moved by somebody else, just now
            except InconsistentNode as error:
                log.waits([order.id], error)  # Anvil's state of its last block may be the next one's

    def rejections(self, log: RunLog) -> None:
        """Returns the escrow of rejected orders, unless it left the market otherwise."""
        batches = self._context.ledger.batches.find(state="open", purpose=REJECTION)
        if not batches:
            return
        final = self._context.client.finalized_block()
        for batch in batches:
            (order,) = self._context.redemption_orders(batch.order_ids)
            if order.flight_id is not None:
                continue
            if self._context.market.redemption(order.number or 0, block=final).status in _WITHOUT_PAYMENT:
                with suppress(IllegalTransition):  # another worker saw it too
                    self._context.ledger.batches.dissolve(batch.id)
                continue
            refusal = self._context.ledger.eligibility.refusals([order]).get(order.id)
            if refusal is not None:
                log.waits([order.id], refusal)  # the escrow stays put while compliance looks at its holder
                continue
            last = self._context.ledger.orders.history(order.id)[-1]
            call = self._context.market.reject_redemptions(
                [order.number or 0], bytes32_text(last.reason, what="reason")
            )
            self._send(REJECTION, batch.order_ids, call, log, [batch.id])

    def acceptances(self, log: RunLog) -> None:
        """Burns what enough people have approved: a batch goes whole, or waits."""
        for batch in self._context.ledger.batches.find(state="open", purpose=ACCEPTANCE):
            orders = self._context.redemption_orders(batch.order_ids)
            states = {order.state for order in orders}
            if any(order.flight_id is not None for order in orders):
                continue
            if not states <= {State.ESCROWED, State.APPROVED}:
                self._dissolve(batch)  # it lost an order, and the chain takes all that was signed or nothing
            elif states == {State.APPROVED}:
                self._accept(batch, orders, log)

    def payouts(self, log: RunLog) -> None:
        """Puts paid orders on record on the chain, which discharges them."""
        context, ledger = self._context, self._context.ledger
        paid = ledger.orders.claim(OrderKind.REDEMPTION, State.PAID, _PAYOUTS, flying=False)
        orders = self._unpaid(context.redemption_orders(paid), log) if paid else []
        if not orders:
            return
        rows = [(order.number or 0, payment_hash(ledger.payouts.get(order.id).reference)) for order in orders]
        call = context.market.record_payouts(rows)
        try:
            context.signer("treasurer")
        except ConfigurationError as error:
            log.waits([order.id for order in orders], error)
            return
        self._send(PAYOUT, [order.id for order in orders], call, log)

    def _accept(self, batch: Batch, orders: Sequence[RedemptionOrder], log: RunLog) -> None:
        if len(self._sorting.eligible(orders, log)) < len(orders):
            self._dissolve(batch)  # nothing of it is burned while compliance looks at one of them
            return
        if len(acknowledged(self._context, orders, log)) < len(orders):
            return
        try:
            complete = self._approvals.proposal(batch).is_complete
        except ApprovalsVoid:
            self._withdraw(batch, log)
            return
        if not complete:
            log.unsigned.extend(batch.order_ids)
            return
        ids = [order.number or 0 for order in orders]
        call = self._context.market.accept_redemptions(ids, self._approvals.signatures(batch))
        error = self._send(ACCEPTANCE, batch.order_ids, call, log, [batch.id])
        if isinstance(error, ContractReverted) and (
            self._hold_frozen(orders, log) or isinstance(error, _SIGNATURES)
        ):
            self._dissolve(batch)

    def _withdraw(self, batch: Batch, log: RunLog) -> None:
        """Approved for code that the market no longer runs: to be approved again."""
        with suppress(IllegalTransition):  # sent or ended by another worker since it was read
            void = self._approvals.withdraw_void(batch)
            if void is not None:
                log.void(void, State.ESCROWED)

    def _hold_frozen(self, orders: Sequence[RedemptionOrder], log: RunLog) -> bool:
        """The escrow of a holder who was frozen meanwhile stays put until compliance decides."""
        held = False
        for order in orders:
            if not self._context.token.can_send(order.wallet):
                refusal = RedemptionHolderFrozen(id=order.number or 0, holder=order.wallet)
                held = self._sorting.hold(order, refusal, log) or held
        return held

    def _dissolve(self, batch: Batch) -> None:
        with suppress(IllegalTransition):  # sent or ended by another worker since it was read
            self._context.ledger.batches.dissolve(batch.id)

    def _unpaid(self, orders: Sequence[RedemptionOrder], log: RunLog) -> list[RedemptionOrder]:
        """Those that the chain still owes. One that another hand put on record is settled if that was with
        the bank's own reference; else a person has to look, and the others go on.
        """
        context, waiting = self._context, []
        final = context.client.finalized_block()
        for order in orders:
            found = context.market.redemption(order.number or 0, block=final)
            if found.status is not RedemptionStatus.PAID:
                waiting.append(order)
                continue
            try:
                event = self._event(RedemptionPaid, order, final)
            except InconsistentNode as error:
                log.waits([order.id], error)
                continue
            paid = context.ledger.payouts.get(order.id)
            if (event.payment_reference, event.amount) != (payment_hash(paid.reference), order.base_units):
                log.alarms.append(
                    PayoutAlreadyRecorded(
                        f"redemption {order.number} of order {order.id} is paid on chain under another "
                        f"payment reference than {paid.reference}: find out whether it was paid twice",
                        order=order.id,
                        reference=paid.reference,
                    )
                )
                continue
            try:
                self._adopt(order, State.SETTLED, event, log)
            except IllegalTransition as error:
                log.waits([order.id], error)  # sent, or settled, by another worker just now
        return waiting

    def _adopt_burn(self, order: RedemptionOrder, block: Block, log: RunLog) -> None:
        """Another hand accepted it, with the approvers' signatures: approved here too, it is burned."""
        event = self._event(RedemptionAccepted, order, block)
        as_ordered = (event.holder, event.amount) == (order.wallet, order.base_units)
        if as_ordered and order.state is State.APPROVED:
            self._adopt(order, State.BURNED, event, log)
            return
        log.alarms.append(
            EscrowMismatch(
                f"redemption {order.number} of order {order.id} was accepted on chain, {event.amount} of "
                f"{event.holder}, and the order is {order.state}: if all is well, let a checker approve it "
                "with check(), and it goes on",
                order=order.id,
            )
        )

    def _adopt(self, order: RedemptionOrder, to: State, event: ContractEvent, log: RunLog) -> None:
        reason = "by another hand, exactly as ordered"
        with self._context.ledger.transaction() as tx:
            tx.orders.step(
                order.id,
                to,
                actor=WORKER,
                role=Role.OPERATOR,
                reason=reason,
                evidence=to_hex(event.log.tx_hash),
            )
            tx.batches.leave([order.id])
            tx.chain_events.record([recorded(event)])
        log.changed([order.id], to, reason)

    def _event(self, kind: type[E], order: RedemptionOrder, last: Block) -> E:
        """The one event of this kind under the redemption's id. Raises InconsistentNode without it."""
        context = self._context
        topics = [kind.topic0(), (order.number or 0).to_bytes(32, "big")]
        logs = context.client.logs(context.market.address, topics, context.first_block, last)
        if len(logs) != 1:
            raise InconsistentNode(
                f"redemption {order.number} has {len(logs)} {kind.__name__} events up to block "
                f"{last.number}, and its status takes exactly one: ask another node"
            )
        return kind.from_log(logs[0])

    def _send(
        self, purpose: str, order_ids: Sequence[str], call: Call, log: RunLog, batches: Collection[str] = ()
    ) -> ToolkitError | None:
        """What refused it; its orders wait then."""
        try:
            self._flights.send(purpose, order_ids, call, log, batches=batches)
        except (ContractReverted, LaneBusy) as error:
            log.waits(order_ids, error)
            return error
        return None

    def _match_requests(self, log: RunLog) -> None:
        context = self._context
        waiting = context.ledger.orders.find(kind=OrderKind.REDEMPTION, state=State.VALID)
        free = {
            redemption_reference(order): order
            for order in waiting
            if isinstance(order, RedemptionOrder) and order.flight_id is None
        }
        if not free:
            return
        final = context.client.finalized_block()
        for event in self._requests(list(free), final):
            order = free.get(event.reference)
            if order is None:
                continue  # its second request; the first one counts
            if context.market.redemption(event.id, block=final).status in _WITHOUT_PAYMENT:
                continue  # taken back before it was seen
            if (event.holder, event.amount) != (order.wallet, order.base_units):
                mismatch = EscrowMismatch(
                    f"redemption {event.id} names order {order.id} but is {event.amount} of {event.holder}, "
                    f"not {order.base_units} of {order.wallet}: reject it, the order goes on waiting",
                    order=order.id,
                )
                log.alarms.append(mismatch)
                continue
            del free[event.reference]
            try:
                with context.ledger.transaction() as tx:
                    tx.orders.escrow(
                        order.id, number=event.id, actor=WORKER, evidence=to_hex(event.log.tx_hash)
                    )
                    tx.chain_events.record([recorded(event)])
            except IllegalTransition as error:
                log.waits([order.id], error)  # it was held or ended since it was read
                continue
            log.changed([order.id], State.ESCROWED)

    def _requests(self, references: Sequence[bytes], last: Block) -> Iterator[RedemptionRequested]:
        """Requests with these references up to the block `last`, in the chain's order."""
        context = self._context
        for start in range(0, len(references), _REFERENCES):
            topics = [RedemptionRequested.topic0(), None, None, list(references[start : start + _REFERENCES])]
            logs = context.client.logs(context.market.address, topics, context.first_block, last)
            yield from (RedemptionRequested.from_log(log) for log in logs)

    def _end(self, order: Order, reason: str, log: RunLog) -> None:
        if order.flight_id is not None:
            return  # what was sent can no longer land; its own end sets the order free
        with self._context.ledger.transaction() as tx:
            ended = tx.orders.step(order.id, State.CANCELLED, actor=WORKER, role=Role.OPERATOR, reason=reason)
            if ended.batch_id is not None:
                tx.batches.dissolve(ended.batch_id)
        log.changed([order.id], State.CANCELLED, reason)
