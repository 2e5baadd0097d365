"""Redemption at par, as people do it: request, escrow, payout, rejection (regulation.md W07, W08)."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from toolkit.amounts import Amount
from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.hexes import keccak, to_hex
from toolkit.desk.authorizations import RedemptionAuthorization
from toolkit.desk.context import WORKER, DeskContext, bytes32_text
from toolkit.desk.errors import BurnNotFinal
from toolkit.desk.flights import Flights
from toolkit.desk.proofs import redemption_reference
from toolkit.desk.purposes import ESCROW, REJECTION
from toolkit.desk.report import RunLog
from toolkit.errors import IllegalTransition
from toolkit.ledger.alerts import Alert, Severity
from toolkit.ledger.eligibility import Asked, Stage
from toolkit.ledger.errors import PayoutAlreadyRecorded
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import Order, Payout, RedemptionOrder

__all__ = ["PaymentsDue", "Redemptions"]


@dataclass(frozen=True, slots=True)
class PaymentsDue:
    """Redemptions that are burned and not paid: those to pay, oldest first, and by id why the others are held
    back, in the words that every restriction has.
    """

    payable: tuple[RedemptionOrder, ...]
    held: Mapping[str, str]


class Redemptions:
    """Redemption orders, from the request to the recorded payout."""

    def __init__(self, context: DeskContext, flights: Flights) -> None:
        self._context = context
        self._flights = flights

    # ---------------------------------------------------------------------------------------- what people do

    def request(
        self,
        investor: str,
        amount: str | Decimal | Amount,
        *,
        wallet: str,
        bank_account: str,
        idempotency_key: str,
        maker: str,
    ) -> RedemptionOrder:
        """Takes an order. See `Desk.request_redemption`."""
        context = self._context
        return context.ledger.orders.request_redemption(
            investor=investor,
            wallet=wallet,
            amount=context.amount(amount),
            currency=context.currency,
            bank_account=bank_account,
            maker=maker,
            idempotency_key=idempotency_key,
        )

    def validate(self, order: Order | str, *, by: str) -> RedemptionOrder:
        """Starts the clock. See `Desk.validate_redemption`."""
        context = self._context
        (found,) = context.redemption_orders(order)
        due_at = context.calendar.due_after(context.clock.now(), 1)
        role = context.role_of(by, Role.CHECKER, Role.COMPLIANCE)
        return context.ledger.orders.validate(found.id, due_at=due_at, actor=by, role=role)

    def authorization(self, order: Order | str, *, lifetime: timedelta) -> RedemptionAuthorization:
        """What the holder signs. See `Desk.redemption_authorization`."""
        context = self._context
        (found,) = context.redemption_orders(order)
        salt = secrets.token_bytes(32)
        valid_before = int((context.clock.now() + lifetime).timestamp())
        nonce = context.market.redemption_nonce(redemption_reference(found), salt)
        signable = context.token.receive_data(
            holder=found.wallet,
            to=context.market.address,
            amount=found.base_units,
            valid_after=0,
            valid_before=valid_before,
            nonce=nonce,
        )
        return RedemptionAuthorization(found.id, salt, 0, valid_before, signable)

    def escrow(self, authorization: RedemptionAuthorization, signature: bytes) -> RedemptionOrder:
        """Sends the holder's authorisation and waits for it. See `Desk.escrow`."""
        context = self._context
        (order,) = context.redemption_orders(authorization.order_id)
        if order.state is not State.VALID or order.flight_id is not None:
            raise IllegalTransition(
                f"order {order.id} is {order.state}"
                + (" and its escrow is under way" if order.flight_id else "")
                + f": only a {State.VALID} order takes an authorisation",
                order=order.id,
            )
        context.ledger.eligibility.require(Asked.of(order), stage=Stage.EXECUTION)
        call = context.market.request_redemption_with_authorization(
            holder=order.wallet,
            amount=order.base_units,
            reference=redemption_reference(order),
            valid_after=authorization.valid_after,
            valid_before=authorization.valid_before,
            salt=authorization.salt,
            signature=signature,
        )
        log = RunLog()
        flight = self._flights.send(ESCROW, [order.id], call, log)
        if flight is not None:
            self._flights.home.conclude(flight, log, context.patience.total_seconds())
        for waiting in log.waiting:
            raise waiting.error
        for alarm in log.alarms:
            raise alarm
        (order,) = context.redemption_orders(order.id)
        return order

    def payments_due(self) -> PaymentsDue:
        """What is to be paid now, and what is held back. See `Desk.payments_due`."""
        ledger = self._context.ledger
        found = ledger.orders.find(kind=OrderKind.REDEMPTION, state=State.BURNED)
        orders = [order for order in found if isinstance(order, RedemptionOrder)]
        refused = ledger.eligibility.refusals(orders)
        return PaymentsDue(
            tuple(order for order in orders if order.id not in refused),
            {order.id: refused[order.id].message for order in orders if order.id in refused},
        )

    def record_payout(
        self,
        order: Order | str,
        *,
        payment_reference: str,
        by: str,
        amount: str | Decimal | Amount | None,
        paid_at: datetime | None,
    ) -> Payout:
        """Records what the bank confirmed. See `Desk.record_payout`."""
        context = self._context
        (found,) = context.redemption_orders(order)
        if found.state in (State.PAID, State.SETTLED):
            paid = context.ledger.payouts.get(found.id)
            raise PayoutAlreadyRecorded(
                f"redemption {found.id} was paid by {paid.reference} at {paid.paid_at.isoformat()}: "
                "it is never paid twice; look for the redemption that this payment is for",
                order=found.id,
                reference=paid.reference,
            )
        if found.state is State.BURNED:
            self._check_burn(found)
        par = found.amount.at_par(unit=context.currency, decimals=Amount.money(0, context.currency).decimals)
        held = found.state is State.BURNED and context.ledger.eligibility.refusals([found])
        with context.ledger.transaction() as tx:
            paid = tx.payouts.record(
                found.id,
                reference=payment_reference,
                amount=par if amount is None else context.money(amount),
                paid_at=paid_at,
                actor=by,
            )
            if held:
                tx.alerts.open([_paid_while_held(found)], actor=WORKER)
        return paid

    def reject(self, order: RedemptionOrder, *, by: str, reason: str) -> Order:
        """Ends an order; escrowed tokens go back to their holder at the next run. See `Desk.reject`."""
        context = self._context
        self.refuse_under_way(order)
        if order.number is not None:
            # Rejecting gives the escrow back: not to somebody whom compliance looks at.
            context.ledger.eligibility.require(Asked.of(order), stage=Stage.EXECUTION)
        bytes32_text(reason, what="reason")
        role = context.role_of(by, Role.CHECKER, Role.COMPLIANCE)
        with context.ledger.transaction() as tx:
            # The step first: it sees whether the order was sent since.
            rejected = tx.orders.step(order.id, State.REJECTED, actor=by, role=role, reason=reason)
            if rejected.batch_id is not None:
                tx.batches.dissolve(rejected.batch_id)
            if isinstance(rejected, RedemptionOrder) and rejected.number is not None:
                tx.batches.create(
                    REJECTION, [order.id], digest=to_hex(keccak(f"{order.id}/{reason}".encode()))
                )
        return rejected

    def refuse_under_way(self, order: Order) -> None:
        """Raises IllegalTransition while a transaction that may land carries the order."""
        if (
            order.flight_id is not None
            and self._context.ledger.flights.get(order.flight_id).state == "flying"
        ):
            raise IllegalTransition(
                f"order {order.id} is in flight {order.flight_id}, whose transaction may still land: "
                "run the worker first",
                order=order.id,
                flight=order.flight_id,
            )

    def _check_burn(self, order: RedemptionOrder) -> None:
        """Money moves only on a burn that the chain finally holds (trap T2)."""
        found = self._context.market.redemption(
            order.number or 0, block=self._context.client.finalized_block()
        )
        if found.status is RedemptionStatus.PAID:
            raise PayoutAlreadyRecorded(
                f"redemption {order.number} of order {order.id} is paid on chain already: it is "
                "never paid twice; compare the ledger with the chain",
                order=order.id,
            )
        if found.status is not RedemptionStatus.ACCEPTED or found.amount != order.base_units:
            raise BurnNotFinal(
                f"redemption {order.number} of order {order.id} is finally {found.status.name.lower()} on "
                "chain, not burned: pay nothing until it is",
                order=order.id,
            )


def _paid_while_held(order: RedemptionOrder) -> Alert:
    return Alert(
        "paid_while_held",
        order.id,
        Severity.HIGH,
        f"redemption {order.id} was paid while it was held back",
        {"order": order.id},
    )
