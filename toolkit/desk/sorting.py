"""Where a mint order goes that can't go to the chain: each to its own state, the others on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from toolkit.bindings.errors import (
    BackingExceeded,
    MarketWoundDown,
    MintingIsStopped,
    OperatorLimitExceeded,
    OrderAlreadyExecuted,
    OrderExpired,
    TokenPaused,
)
from toolkit.chain.hexes import to_hex
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.mint import Minting
from toolkit.desk.report import RunLog
from toolkit.errors import ContractReverted, IllegalTransition, ReserveStale, ToolkitError
from toolkit.ledger.agenda import EXPIRING
from toolkit.ledger.eligibility import under_review
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import MintOrder, Order

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Look

__all__ = ["Sorting", "Standing", "screened"]

# These pass by themselves or by somebody else's act: the order waits, its signatures stand.
_PASSING = (ReserveStale, BackingExceeded, OperatorLimitExceeded, TokenPaused, MintingIsStopped)

T = TypeVar("T", bound=Order)


@dataclass(frozen=True, slots=True)
class Standing:
    """Orders as of one look at the ledger: by id, what refuses them, and which no other institution has
    acknowledged that has to (the travel rule). Where orders are screened, `refused` is still to be asked.
    """

    is_screened: bool
    refused: Mapping[str, ToolkitError]
    unacknowledged: Mapping[str, ToolkitError]

    @classmethod
    def of(cls, orders: Sequence[Order], seen: Look) -> Standing:
        """How these orders stand."""
        is_screened = bool(seen.lists.in_force())
        refused = {} if is_screened else seen.eligibility.refusals(orders)
        return cls(is_screened, refused, seen.travel.unacknowledged(orders))


class Sorting:
    """Decides nothing: it takes orders to where chain and ledger have put them."""

    def __init__(self, context: DeskContext, minting: Minting) -> None:
        self._context = context
        self._minting = minting

    def eligible(self, orders: Sequence[T], log: RunLog, standing: Standing | None = None) -> list[T]:
        """Those that pass every rule of the ledger still; the others are on hold now (trap T10). `standing`
        is how they stood just now, if somebody has looked.
        """
        if standing is None or standing.is_screened:
            orders = screened(self._context, orders, log)
            refused: Mapping[str, ToolkitError] = self._context.ledger.eligibility.refusals(orders)
        else:
            refused = standing.refused
        for order in orders:
            error = refused.get(order.id)
            if error is not None:
                self.hold(order, error, log)
        return [order for order in orders if order.id not in refused]

    def refused(
        self, orders: Sequence[MintOrder], operator: str, log: RunLog
    ) -> tuple[list[MintOrder], dict[str, ContractReverted]]:
        """Asks the chain about each order by itself. Those that it would take; and by id, what refuses those
        that wait until it has passed. What doesn't pass, the order goes where it belongs.
        """
        going: list[MintOrder] = []
        passing: dict[str, ContractReverted] = {}
        for order, refusals in zip(orders, self._minting.refusals(orders, operator), strict=True):
            lasting = [refusal for refusal in refusals if not isinstance(refusal, _PASSING)]
            if lasting:
                self._move(order, lasting[0], log)
            elif refusals:
                passing[order.id] = refusals[0]
            else:
                going.append(order)
        return going, passing

    def expire(self, log: RunLog) -> None:
        """Ends what is past its time, and settles what lies in no batch because another hand executed it.

        An order that was executed is never ended as expired.
        """
        ledger = self._context.ledger
        for order in ledger.orders.expired(OrderKind.MINT, EXPIRING):
            self._look_at(order, True, log)
        for order in ledger.orders.find(kind=OrderKind.MINT, state=State.APPROVED, batched=False):
            self._look_at(order, False, log)

    def hold(self, order: Order, refusal: ToolkitError, log: RunLog) -> bool:
        """Whether the order is on hold now; another worker may have moved it since it was read."""
        return self._step(order, State.ON_HOLD, refusal.message, log)

    # ------------------------------------------------------------------------------------------------ inside

    def _look_at(self, order: Order, expired: bool, log: RunLog) -> None:
        if not isinstance(order, MintOrder):
            return
        executed = self._context.market.is_executed(order.number)
        if executed and order.state is State.APPROVED:
            self._adopt(order, OrderAlreadyExecuted(number=order.number), log)
        elif executed:
            self._step(order, State.ON_HOLD, f"expired, but number {order.number} was executed on chain", log)
        elif expired and self._step(order, State.EXPIRED, f"expired at {order.expires_at.isoformat()}", log):
            self._context.ledger.batches.leave([order.id])

    def _move(self, order: MintOrder, refusal: ContractReverted, log: RunLog) -> None:
        """Takes a refused order to where it belongs."""
        if isinstance(refusal, OrderAlreadyExecuted):
            self._adopt(order, refusal, log)
        elif isinstance(refusal, MarketWoundDown):
            self._end(order, State.FAILED, refusal, log)
        elif isinstance(refusal, OrderExpired):
            self._end(order, State.EXPIRED, refusal, log)
        else:
            self.hold(order, refusal, log)

    def _end(self, order: MintOrder, target: State, refusal: ContractReverted, log: RunLog) -> None:
        if self._step(order, target, refusal.message, log):
            self._context.ledger.batches.leave([order.id])

    def _adopt(self, order: MintOrder, refusal: ContractReverted, log: RunLog) -> None:
        """Its number was executed by another hand. The customer has the tokens: exactly so, it is settled."""
        minted = self._minting.minted(order.number, block=self._context.client.finalized_block())
        if minted is None:
            log.waits([order.id], refusal)
            return
        evidence = to_hex(minted.tx_hash)
        if minted.is_of(order):
            reason = "executed by another hand, exactly as ordered"
            if self._step(order, State.SETTLED, reason, log, evidence=evidence):
                self._context.ledger.batches.leave([order.id])
        else:
            reason = f"number {order.number} brought {minted.amount} to {minted.wallet}: {refusal.message}"
            self._step(order, State.ON_HOLD, reason, log, evidence=evidence)
        log.alarms.append(refusal)

    def _step(
        self, order: Order, to: State, reason: str, log: RunLog, *, evidence: str | None = None
    ) -> bool:
        """Whether the order went there; somebody else may have moved it since it was read."""
        try:
            self._context.ledger.orders.step(
                order.id, to, actor=WORKER, role=Role.OPERATOR, reason=reason, evidence=evidence
            )
        except IllegalTransition as error:
            # Also where the chain's clock is past the expiry and the ledger's is not.
            log.waits([order.id], error)
            return False
        log.changed([order.id], to, reason)
        return True


def acknowledged(context: DeskContext, orders: Sequence[T], log: RunLog) -> list[T]:
    """Those that no other institution has to have acknowledged (the travel rule), or that it has; the others
    wait.
    """
    wanting = context.ledger.travel.unacknowledged(orders)
    for order_id, refusal in wanting.items():
        log.waits([order_id], refusal)
    return [order for order in orders if order.id not in wanting]


def screened(context: DeskContext, orders: Sequence[T], log: RunLog) -> list[T]:
    """Those that no list in force names, with the decision on each on record; the others are on hold now."""
    run = context.ledger.screening.screen_orders([order.id for order in orders], actor=WORKER)
    held = {} if run is None else run.held
    for order_id, investor in held.items():
        log.changed([order_id], State.ON_HOLD, under_review(investor).message)
    return [order for order in orders if order.id not in held]
