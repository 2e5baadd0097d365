"""The worker: sends what is approved, believes what is final, and never decides.

Every run begins with what earlier runs left: the same bytes are sent again and their outcome asked for
before anything new is signed. So it may be killed at any moment and run again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from datetime import timedelta

from toolkit.bindings import structs
from toolkit.bindings.errors import (
    ApproverIsSender,
    ApproversNotSorted,
    BackingExceeded,
    InvalidApproval,
    MarketWoundDown,
    MintingIsStopped,
    NotApprover,
    OperatorLimitExceeded,
    OrderAlreadyExecuted,
    OrderExpired,
    RedemptionHolderFrozen,
    TokenPaused,
    TotalAboveTiers,
)
from toolkit.chain.hexes import to_hex
from toolkit.desk.approvals import ACCEPTANCE, MINT, Approvals, BatchProposal
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.flights import Flights
from toolkit.desk.lanes import Lanes
from toolkit.desk.mint import Minting, on_chain
from toolkit.desk.redemption import Redemptions
from toolkit.desk.report import RunLog
from toolkit.errors import ContractReverted, IllegalTransition, NotEligible, ReserveStale, ToolkitError
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import Batch, MintOrder, Order, RedemptionOrder

__all__ = ["Worker"]

# These pass by themselves or by somebody else's act: the order waits, its signatures stand.
_PASSING = (ReserveStale, BackingExceeded, OperatorLimitExceeded, TokenPaused, MintingIsStopped)

# These make a batch's signatures worthless: it is dissolved and has to be signed anew.
_SIGNATURES = (NotApprover, InvalidApproval, ApproverIsSender, ApproversNotSorted, TotalAboveTiers)

_EXPIRING = (State.REQUESTED, State.FUNDED, State.APPROVED)


class Worker:
    """One pass over everything that can move."""

    def __init__(
        self,
        context: DeskContext,
        lanes: Lanes,
        flights: Flights,
        approvals: Approvals,
        minting: Minting,
        redemptions: Redemptions,
    ) -> None:
        self._context = context
        self._lanes = lanes
        self._flights = flights
        self._approvals = approvals
        self._minting = minting
        self._redemptions = redemptions

    def run(self, patience: timedelta) -> RunLog:
        """One pass, waiting up to `patience` for what it sent. Raises NodeError and LedgerError."""
        earlier, log = RunLog(), RunLog()
        refused = self._lanes.tend()
        self._flights.conclude_all(earlier, 0)
        earlier.alarms.extend(refused)
        log.changes, log.waiting, log.alarms = earlier.changes, earlier.waiting, earlier.alarms
        self._flights.clear()
        self._expire(log)
        self._redemptions.watch(log)
        for batch, proposal in self._proposals(MINT, log):
            self._mint(batch, proposal, log)
        for batch, proposal in self._proposals(ACCEPTANCE, log):
            self._accept(batch, proposal, log)
        self._redemptions.rejections(log)
        self._redemptions.payouts(log)
        self._flights.conclude_all(log, patience.total_seconds())
        self._list_unsigned(log)
        return log

    # ------------------------------------------------------------------------------------------------ minting

    def _mint(self, batch: Batch, proposal: BatchProposal, log: RunLog) -> None:
        orders = self._context.mint_orders(batch.order_ids)
        if not self._may_go(batch, proposal, orders, State.FUNDED):
            return
        if self._hold_ineligible(orders, log):
            self._dissolve(batch)
            return
        rows = tuple(on_chain(order) for order in orders)
        call = self._context.market.mint([structs.MintBatch(rows, tuple(self._approvals.signatures(batch)))])
        try:
            self._flights.rehearse(batch, call)
            self._flights.launch(batch, call, log)
        except ContractReverted as error:
            self._sort_out(batch, orders, error, log)

    def _hold_ineligible(self, orders: Sequence[MintOrder], log: RunLog) -> bool:
        """Puts orders on hold whose investor or wallet no longer qualifies (trap T10)."""
        held = False
        for order in orders:
            try:
                self._context.ledger.investors.require_eligible(investor=order.investor, wallet=order.wallet)
            except NotEligible as error:
                held = self._hold(order, error, log) or held
        return held

    def _sort_out(
        self, batch: Batch, orders: Sequence[MintOrder], error: ContractReverted, log: RunLog
    ) -> None:
        """The chain refuses the batch: each order that it refuses goes to its own state."""
        passing: list[MintOrder] = []
        moved = False
        reason: ToolkitError = error
        for order in orders:
            refusals = self._minting.refusals(order)
            lasting = [refusal for refusal in refusals if not isinstance(refusal, _PASSING)]
            if lasting:
                moved = self._move(order, lasting[0], log) or moved
            elif refusals:
                passing.append(order)
                reason = refusals[0]
        mixed = bool(passing) and len(passing) < len(orders)
        if moved or mixed or (not passing and isinstance(error, _SIGNATURES)):
            self._dissolve(batch)
        if passing or not moved:
            log.waits([order.id for order in passing] or batch.order_ids, reason)

    def _move(self, order: MintOrder, refusal: ContractReverted, log: RunLog) -> bool:
        """Takes a refused order to where it belongs; whether it left its state."""
        target = State.ON_HOLD
        if isinstance(refusal, MarketWoundDown):
            target = State.FAILED
        elif isinstance(refusal, OrderExpired):
            target = State.EXPIRED
        try:
            if isinstance(refusal, OrderAlreadyExecuted):
                return self._adopt(order, refusal, log)
            self._step(order, target, refusal.message, log)
        except IllegalTransition:
            # The chain's clock is past the expiry and the ledger's is not; or another worker was quicker.
            log.waits([order.id], refusal)
            return False
        return True

    def _adopt(self, order: MintOrder, refusal: ContractReverted, log: RunLog) -> bool:
        """Its number was executed by another hand. The customer has the tokens: exactly so, it is settled."""
        minted = self._minting.minted(order.number, block=self._context.client.finalized_block())
        if minted is None:
            log.waits([order.id], refusal)
            return False
        if minted.is_of(order):
            reason, target = "executed by another hand, exactly as ordered", State.SETTLED
        else:
            reason = f"number {order.number} brought {minted.amount} to {minted.wallet}: {refusal.message}"
            target = State.ON_HOLD
        self._step(order, target, reason, log, evidence=to_hex(minted.events[0].log.tx_hash))
        log.alarms.append(refusal)
        return True

    def _expire(self, log: RunLog) -> None:
        """Ends what is past its time, and settles what lies in no batch because another hand executed it.

        An order that was executed is never ended as expired.
        """
        now = self._context.clock.now()
        for order in self._context.ledger.orders.find(kind=OrderKind.MINT, state=_EXPIRING):
            expired = isinstance(order, MintOrder) and now >= order.expires_at
            idle = order.state is State.APPROVED and order.batch_id is None
            if not isinstance(order, MintOrder) or not (expired or idle):
                continue
            try:
                self._look_at(order, expired, log)
            except IllegalTransition as error:
                log.waits([order.id], error)  # somebody else moved it just now

    def _look_at(self, order: MintOrder, expired: bool, log: RunLog) -> None:
        executed = self._context.market.is_executed(order.number)
        if executed and order.state is State.APPROVED:
            self._adopt(order, OrderAlreadyExecuted(number=order.number), log)
        elif executed:
            self._step(order, State.ON_HOLD, f"expired, but number {order.number} was executed on chain", log)
        elif expired:
            self._step(order, State.EXPIRED, f"expired at {order.expires_at.isoformat()}", log)

    # --------------------------------------------------------------------------------------------- redemption

    def _accept(self, batch: Batch, proposal: BatchProposal, log: RunLog) -> None:
        orders = self._context.redemption_orders(batch.order_ids)
        if not self._may_go(batch, proposal, orders, State.ESCROWED):
            return
        ids = [order.number or 0 for order in orders]
        call = self._context.market.accept_redemptions(ids, self._approvals.signatures(batch))
        try:
            self._flights.rehearse(batch, call)
            self._flights.launch(batch, call, log)
        except ContractReverted as error:
            if self._hold_frozen(orders, log) or isinstance(error, _SIGNATURES):
                self._dissolve(batch)
            else:
                log.waits(batch.order_ids, error)

    def _hold_frozen(self, orders: Sequence[RedemptionOrder], log: RunLog) -> bool:
        """The escrow of a holder who was frozen meanwhile stays put until compliance decides."""
        held = False
        for order in orders:
            if not self._context.token.can_send(order.wallet):
                refusal = RedemptionHolderFrozen(id=order.number or 0, holder=order.wallet)
                held = self._hold(order, refusal, log) or held
        return held

    # ------------------------------------------------------------------------------------------------ batches

    def _proposals(self, purpose: str, log: RunLog) -> Iterator[tuple[Batch, BatchProposal]]:
        """The open batches; one whose total no longer fits the chain's tiers is dissolved."""
        for batch in self._context.ledger.batches.find(state="open", purpose=purpose):
            try:
                proposal = self._approvals.proposal(batch)
            except TotalAboveTiers as error:
                self._dissolve(batch)
                log.waits(batch.order_ids, error)
            else:
                yield batch, proposal

    def _may_go(self, batch: Batch, proposal: BatchProposal, orders: Sequence[Order], before: State) -> bool:
        """Whether all are approved and enough people signed; a batch that lost an order is dissolved."""
        states = {order.state for order in orders}
        if not states <= {before, State.APPROVED}:
            self._dissolve(batch)
            return False
        return states == {State.APPROVED} and proposal.is_complete

    def _dissolve(self, batch: Batch) -> None:
        with suppress(IllegalTransition):  # sent or ended by another worker since it was read
            self._approvals.dissolve(batch)

    def _hold(self, order: Order, refusal: ToolkitError, log: RunLog) -> bool:
        """Whether the order is on hold now; another worker may have moved it since it was read."""
        try:
            self._step(order, State.ON_HOLD, refusal.message, log)
        except IllegalTransition as error:
            log.waits([order.id], error)
            return False
        return True

    def _step(
        self, order: Order, to: State, reason: str, log: RunLog, *, evidence: str | None = None
    ) -> None:
        self._context.ledger.orders.step(
            order.id, to, actor=WORKER, role=Role.OPERATOR, reason=reason, evidence=evidence
        )
        log.changed([order.id], to, reason)

    def _list_unsigned(self, log: RunLog) -> None:
        """Approved orders whose batch is gone or lacks signatures: nobody but a person moves them."""
        incomplete = {
            order_id
            for purpose in (MINT, ACCEPTANCE)
            for _, proposal in self._proposals(purpose, log)
            if not proposal.is_complete
            for order_id in proposal.order_ids
        }
        for order in self._context.ledger.orders.find(state=State.APPROVED):
            if order.batch_id is None or order.id in incomplete:
                log.unsigned.append(order.id)
