"""Redemption at par: escrow, burn, pay, release (regulation.md W07, W08)."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TypeVar

from toolkit.amounts import Amount
from toolkit.bindings.events import (
    ContractEvent,
    RedemptionAccepted,
    RedemptionPaid,
    RedemptionRequested,
)
from toolkit.bindings.signable import Signable, authorization
from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, keccak, to_hex
from toolkit.desk.context import WORKER, DeskContext, bytes32_text
from toolkit.desk.errors import BurnNotFinal, EscrowMismatch
from toolkit.desk.flights import ESCROW, PAYOUT, REJECTION, Flights
from toolkit.desk.proofs import payment_hash, recorded, redemption_reference
from toolkit.desk.report import RunLog
from toolkit.errors import (
    ConfigurationError,
    ContractReverted,
    IllegalTransition,
    InconsistentNode,
    InvalidInput,
)
from toolkit.ledger.errors import PayoutAlreadyRecorded
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import Batch, Order, Payout, RedemptionOrder

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import Block

__all__ = ["RedemptionAuthorization", "Redemptions"]

E = TypeVar("E", bound=ContractEvent)

_REFERENCES = 100
_PAYOUTS = 200
_OPEN = (State.ESCROWED, State.APPROVED, State.ON_HOLD)
_BURNED = (RedemptionStatus.ACCEPTED, RedemptionStatus.PAID)
_WITHOUT_PAYMENT = (RedemptionStatus.CANCELLED, RedemptionStatus.REJECTED, RedemptionStatus.SEIZED)


@dataclass(frozen=True, slots=True)
class RedemptionAuthorization:
    """What the holder signs, and costs them no gas: an ERC-3009 authorisation that fits this order alone.

    `salt` makes the nonce together with the order's reference; the times are Unix seconds. `to_json` is
    for a holder who signs elsewhere.
    """

    order_id: str
    salt: bytes
    valid_after: int
    valid_before: int
    signable: Signable

    def to_json(self) -> dict[str, Any]:
        """`typed_data` is the argument of `eth_signTypedData_v4`; `from_json` takes all of it."""
        return {"order": self.order_id, "salt": to_hex(self.salt), "typed_data": self.signable.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RedemptionAuthorization:
        """The authorisation that `to_json` wrote. Raises InvalidInput for anything else."""
        try:
            message, domain_ = data["typed_data"]["message"], data["typed_data"]["domain"]
            read = cls(
                order_id=str(data["order"]),
                salt=from_hex(data["salt"], what="salt", length=32),
                valid_after=int(message["validAfter"]),
                valid_before=int(message["validBefore"]),
                signable=authorization(
                    {**domain_, "chainId": int(domain_["chainId"])},
                    data["typed_data"]["primaryType"],
                    holder=checksum_address(message["from"], what="holder"),
                    to=checksum_address(message["to"], what="market"),
                    amount=int(message["value"]),
                    valid_after=int(message["validAfter"]),
                    valid_before=int(message["validBefore"]),
                    nonce=from_hex(message["nonce"], what="nonce", length=32),
                ),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(
                f"this is no authorisation of a redemption ({error!r}): pass what to_json() gave"
            ) from error
        if read.to_json() != dict(data):
            raise InvalidInput(
                "the authorisation has other words or types than to_json() gave: make it again"
            )
        return read


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
        context, ledger = self._context, self._context.ledger
        (order,) = context.redemption_orders(authorization.order_id)
        if order.state is not State.VALID or order.batch_id is not None:
            raise IllegalTransition(
                f"order {order.id} is {order.state}"
                + (" and its escrow is under way" if order.batch_id else "")
                + f": only a {State.VALID} order takes an authorisation",
                order=order.id,
            )
        call = context.market.request_redemption_with_authorization(
            holder=order.wallet,
            amount=order.base_units,
            reference=redemption_reference(order),
            valid_after=authorization.valid_after,
            valid_before=authorization.valid_before,
            salt=authorization.salt,
            signature=signature,
        )
        batch = ledger.batches.create(ESCROW, [order.id], digest=to_hex(authorization.signable.digest))
        log = RunLog()
        try:
            self._flights.rehearse(batch, call)
            self._flights.launch(batch, call, log)
        except ContractReverted:
            with suppress(IllegalTransition):  # the worker cleared it away
                ledger.batches.dissolve(batch.id)
            raise
        if ledger.batches.get(batch.id).state == "sent":
            self._flights.conclude(batch, log, context.patience.total_seconds())
        for waiting in log.waiting:
            raise waiting.error
        for alarm in log.alarms:
            raise alarm
        (order,) = context.redemption_orders(order.id)
        return order

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
        return context.ledger.payouts.record(
            found.id,
            reference=payment_reference,
            amount=par if amount is None else context.money(amount),
            paid_at=paid_at or context.clock.now(),
            actor=by,
        )

    def reject(self, order: RedemptionOrder, *, by: str, reason: str) -> Order:
        """Ends an order; escrowed tokens go back to their holder at the next run. See `Desk.reject`."""
        context = self._context
        self.refuse_under_way(order)
        bytes32_text(reason, what="reason")
        role = context.role_of(by, Role.CHECKER, Role.COMPLIANCE)
        with context.ledger.transaction() as tx:
            # The step first: it sees whether the batch was sent since.
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
        if self._is_sent(order):
            raise IllegalTransition(
                f"order {order.id} is in batch {order.batch_id}, whose transaction may still land: "
                "run the worker first",
                order=order.id,
                batch=order.batch_id,
            )

    # -------------------------------------------------------------------------------- what the worker does

    def watch(self, log: RunLog) -> None:
        """Finds what others did on the chain: requests that name an order, and whatever ended or accepted
        one past this desk.
        """
        self._match_requests(log)
        orders = self._context.ledger.orders.find(kind=OrderKind.REDEMPTION, state=_OPEN)
        block = self._context.client.finalized_block()
        for order in orders:
            if not isinstance(order, RedemptionOrder) or order.number is None:
                continue
            status = self._context.market.redemption(order.number, block=block).status
            try:
                if status in _WITHOUT_PAYMENT:
                    self._end(order, f"redemption {order.number} was {status.name.lower()} on chain", log)
                elif status in _BURNED and not self._is_sent(order):
                    self._adopt_burn(order, block, log)
            except IllegalTransition as error:
                log.waits([order.id], error)  # sent, or moved by somebody else, just now

    def rejections(self, log: RunLog) -> None:
        """Returns the escrow of rejected orders, unless it left the market otherwise."""
        final = self._context.client.finalized_block()
        for batch in self._context.ledger.batches.find(state="open", purpose=REJECTION):
            (order,) = self._context.redemption_orders(batch.order_ids)
            if self._context.market.redemption(order.number or 0, block=final).status in _WITHOUT_PAYMENT:
                with suppress(IllegalTransition):  # another worker saw it too
                    self._context.ledger.batches.dissolve(batch.id)
                continue
            last = self._context.ledger.orders.history(order.id)[-1]
            call = self._context.market.reject_redemptions(
                [order.number or 0], bytes32_text(last.reason, what="reason")
            )
            self._send(batch, call, log)

    def payouts(self, log: RunLog) -> None:
        """Puts paid orders on record on the chain, which discharges them."""
        context, ledger = self._context, self._context.ledger
        paid = ledger.orders.claim(OrderKind.REDEMPTION, State.PAID, _PAYOUTS, batched=False)
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
        batch = ledger.batches.create(
            PAYOUT, [order.id for order in orders], digest=to_hex(keccak(call.data))
        )
        if not self._send(batch, call, log):
            with suppress(IllegalTransition):  # another worker cleared it away
                ledger.batches.dissolve(batch.id)

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
            event = self._event(RedemptionPaid, order, final)
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
            self._adopt(order, State.SETTLED, event, log)
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

    def _is_sent(self, order: Order) -> bool:
        """Whether a transaction of this desk's carries the order: its own end says what it did."""
        return order.batch_id is not None and self._context.ledger.batches.get(order.batch_id).state == "sent"

    def _send(self, batch: Batch, call: Call, log: RunLog) -> bool:
        """Whether the batch left; a refusal of the chain's leaves its orders waiting."""
        try:
            self._flights.rehearse(batch, call)
            self._flights.launch(batch, call, log)
        except ContractReverted as error:
            log.waits(batch.order_ids, error)
            return False
        return True

    def _match_requests(self, log: RunLog) -> None:
        context = self._context
        waiting = context.ledger.orders.find(kind=OrderKind.REDEMPTION, state=State.VALID)
        free = {
            redemption_reference(order): order
            for order in waiting
            if isinstance(order, RedemptionOrder) and order.batch_id is None
        }
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
        if self._is_sent(order):
            return  # what was sent can no longer land; its own end sets the order free
        with self._context.ledger.transaction() as tx:
            ended = tx.orders.step(order.id, State.CANCELLED, actor=WORKER, role=Role.OPERATOR, reason=reason)
            if ended.batch_id is not None:
                tx.batches.dissolve(ended.batch_id)
        log.changed([order.id], State.CANCELLED, reason)

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
