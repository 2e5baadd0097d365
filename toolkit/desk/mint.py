"""Mint orders from the request to the money: what is refused before anything is written."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings import structs
from toolkit.bindings.errors import (
    BackingExceeded,
    MarketWoundDown,
    OperatorLimitExceeded,
    OrderAboveCap,
    OrderEmpty,
)
from toolkit.bindings.events import OrderExecuted
from toolkit.desk.context import DeskContext, order_id
from toolkit.desk.proofs import Minted, minted_in
from toolkit.errors import ContractReverted, IllegalTransition, NotEligible
from toolkit.ledger.eligibility import Asked
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind
from toolkit.ledger.records import FundsReceipt, MintOrder, Order

if TYPE_CHECKING:
    from toolkit.chain.client import BlockRef

__all__ = ["DEFAULT_EXPIRY", "Minting", "on_chain"]

DEFAULT_EXPIRY = timedelta(days=3)

# What no waiting cures. Staleness, headroom and rolling limits pass: such an order may be taken and waits.
_REFUSED_AT_REQUEST = (NotEligible, OrderAboveCap, OrderEmpty, MarketWoundDown)

# Never the number of an order: the ledger counts from 1.
_NO_NUMBER = 2**256 - 1


def on_chain(order: MintOrder) -> structs.MintOrder:
    """The order as the market executes it and approvers sign it."""
    return structs.MintOrder(
        number=order.number,
        to=order.wallet,
        amount=order.base_units,
        expiry=int(order.expires_at.timestamp()),
    )


class Minting:
    """Requests and money."""

    def __init__(self, context: DeskContext) -> None:
        self._context = context

    def request(
        self,
        investor: str,
        amount: str | Decimal | Amount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        expiry: timedelta,
    ) -> MintOrder:
        """Takes an order. See `Desk.request_mint`."""
        context = self._context
        tokens = context.amount(amount)
        tokens.to_minor_units(context.currency)  # refuses what can't be paid for at par
        try:
            known = context.ledger.orders.by_idempotency_key(idempotency_key)
        except NotFound:
            known = None
        if known is None:
            # A repeated request gets its order back, whatever the rules say now.
            context.ledger.eligibility.require(Asked.amount_of(OrderKind.MINT, investor, wallet, tokens))
            self._check_chain(wallet, tokens.base_units, expiry)
        return context.ledger.orders.request_mint(
            investor=investor,
            wallet=wallet,
            amount=tokens,
            currency=context.currency,
            maker=maker,
            idempotency_key=idempotency_key,
            lifetime=expiry,
        )

    def confirm_funds(
        self,
        order: Order | str,
        *,
        receipt: str,
        amount: str | Decimal | Amount,
        payer: str,
        by: str,
        value_date: date | None,
    ) -> MintOrder:
        """Matches a bank line. See `Desk.confirm_funds`."""
        context = self._context
        (mint,) = context.mint_orders(order)
        owner = context.ledger.investors.get(mint.investor)
        accounts = context.ledger.investors.bank_accounts(owner.reference)
        own = {account.reference for account in accounts}
        if payer == owner.label and self._is_unique(owner.label):
            own.add(owner.label)
        context.ledger.funds.receive(
            receipt,
            amount=context.money(amount),
            payer_matches=payer in own,
            value_date=value_date or context.calendar.local_date(context.clock.now()),
        )
        return context.ledger.funds.match(mint.id, receipt, actor=by)

    def return_funds(self, receipt: str, *, payment_reference: str) -> FundsReceipt:
        """Records that a bank line went back to its payer. See `Desk.return_funds`."""
        paid_for = self._context.ledger.funds.get(receipt).order_id
        if paid_for is not None:
            self.refuse_minted(*self._context.mint_orders(paid_for))
        return self._context.ledger.funds.mark_returned(receipt, payment_reference=payment_reference)

    def minted(self, number: int, *, block: BlockRef) -> Minted | None:
        """What the order number brought up to `block`; None if no event there says that it was executed.

        Raises EventMissing if its transaction's events don't pair, NodeError.
        """
        context = self._context
        topics = [OrderExecuted.topic0(), number.to_bytes(32, "big")]
        found = context.client.logs(context.market.address, topics, context.first_block, block)
        receipt = context.client.receipt(found[0].tx_hash) if found else None
        return None if receipt is None else minted_in(context, receipt).get(number)

    def refuse_minted(self, order: MintOrder) -> None:
        """Raises IllegalTransition if the customer has the tokens, or nobody can say that they don't."""
        if not self._context.market.is_executed(order.number):
            return
        minted = self.minted(order.number, block="latest")
        if minted is None or minted.is_of(order):
            raise IllegalTransition(
                f"order {order.id} can't end and its money can't go back: its number {order.number} was "
                "executed on chain; run the worker, and compare the chain with the ledger",
                order=order.id,
            )

    def _is_unique(self, label: str) -> bool:
        """Whether a label names one investor: two customers of one name are third parties to each other."""
        return sum(investor.label == label for investor in self._context.ledger.investors.all()) == 1

    def refusals(self, orders: Sequence[MintOrder], operator: str) -> list[tuple[ContractReverted, ...]]:
        """Of each order every rule of the chain that would refuse it now by itself, approvals aside."""
        return self._context.market.explain_all([on_chain(order) for order in orders], operator)

    def refusals_after(self, order: MintOrder, ahead: int, operator: str) -> tuple[ContractReverted, ...]:
        """What would refuse the order's amount after `ahead` base units of others."""
        total = ahead + order.base_units
        probe = structs.MintOrder(_NO_NUMBER, order.wallet, total, int(order.expires_at.timestamp()))
        return self._context.market.explain(probe, operator)

    def check(self, orders: Sequence[MintOrder]) -> None:
        """Raises what the chain would refuse one of the orders for now, or all of them together."""
        operator = self._context.signer("operator").address
        for order, refusals in zip(orders, self.refusals(orders, operator), strict=True):
            for refusal in refusals:
                refusal.details["order"] = order_id(order)
                raise refusal
        ahead = sum(order.base_units for order in orders[1:])
        for refusal in self.refusals_after(orders[0], ahead, operator):
            if isinstance(refusal, (BackingExceeded, OperatorLimitExceeded)):
                raise refusal

    def _check_chain(self, wallet: str, base_units: int, expiry: timedelta) -> None:
        """Raises what would refuse such an order for good."""
        expires = int((self._context.clock.now() + expiry).timestamp())
        probe = structs.MintOrder(_NO_NUMBER, wallet, base_units, expires)
        operator = self._context.signer("operator").address
        for refusal in self._context.market.explain(probe, operator):
            if isinstance(refusal, _REFUSED_AT_REQUEST):
                raise refusal
