"""Orders of a fund, as people do it: subscribe, redeem, check, withdraw (regulation.md W16).

The server's receipt decides the dealing day, by the one clock of the desk: nobody can give it another. What
the terms or the chain would refuse is refused before anything is written.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings.errors import DealingIsSuspended, NoDealingDay
from toolkit.errors import InvalidInput
from toolkit.funds.admission import Admitted, admit_redemption, admit_subscription
from toolkit.ledger.eligibility import Asked, Stage
from toolkit.ledger.errors import NotFound
from toolkit.ledger.fund_orders import FundRequest
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import FundOrder, FundRedemptionOrder, MintOrder, Order, SubscriptionOrder

if TYPE_CHECKING:
    from toolkit.desk.fund_book import FundBook
    from toolkit.desk.mint import Minting

__all__ = ["UNSENT", "FundOrdering"]

UNSENT = (State.REQUESTED, State.VALID, State.FUNDED, State.ON_HOLD)
"""The states in which nothing of an order is on chain."""

AnyAmount = str | Decimal | Amount


class FundOrdering:
    """Subscription and redemption orders, from the request to the check."""

    def __init__(self, book: FundBook, minting: Minting) -> None:
        self._book = book
        self._context = book.context
        self._minting = minting

    def subscribe(
        self,
        investor: str,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        day: date | None,
    ) -> SubscriptionOrder:
        """Takes a subscription paid in coins. See `FundDesk.subscribe`."""
        coins = self._context.amount(amount)
        admitted = None
        if not self._is_known(idempotency_key):
            admitted = self._admit_subscription(investor, wallet, coins, day)
        return self._subscription(investor, wallet, coins, maker, idempotency_key, admitted)

    def subscribe_with_money(
        self,
        investor: str,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        expiry: timedelta,
    ) -> tuple[SubscriptionOrder, MintOrder]:
        """Takes a subscription paid in money. See `FundDesk.subscribe_with_money`."""
        coins = self._context.amount(amount)
        if not self._is_known(idempotency_key):
            self._admit_subscription(investor, wallet, coins, None)
        mint = self._minting.request(
            investor,
            coins,
            wallet=wallet,
            idempotency_key=f"{idempotency_key}/mint",
            maker=maker,
            expiry=expiry,
        )
        order = self._subscription(investor, wallet, coins, maker, idempotency_key, None, mint.id)
        return order, mint

    def redeem(
        self,
        investor: str,
        amount: AnyAmount,
        *,
        wallet: str,
        idempotency_key: str,
        maker: str,
        day: date | None,
    ) -> FundRedemptionOrder:
        """Takes a redemption of shares. See `FundDesk.redeem`."""
        shares = amount if isinstance(amount, Amount) else self._book.share_class.shares(str(amount))
        received_at = self._context.clock.now()
        admitted = None
        if not self._is_known(idempotency_key):
            self._require_dealing()
            free = self._book.shares(self._free(wallet))
            admitted = admit_redemption(
                self._book.share_class,
                self._book.calendar,
                shares,
                free=free,
                received_at=received_at,
                day=day,
            )
            self._require_announced(admitted)
            refusal = self._book.share.explain_redemption(wallet, shares.base_units)
            if refusal is not None:
                raise refusal
        order = self._context.ledger.fund_orders.request(
            FundRequest(
                OrderKind.FUND_REDEMPTION,
                investor,
                wallet,
                shares,
                self._book.terms.fund.currency,
                self._book.vault.address,
                self._book.name,
                None if admitted is None else admitted.dealing_day,
                None if admitted is None else admitted.cut_off,
            ),
            maker=maker,
            idempotency_key=idempotency_key,
            received_at=received_at,
        )
        return _redemption(order)

    def validate(self, order: Order | str, *, by: str) -> FundOrder:
        """`requested` to `valid`, by another person than the maker. See `FundDesk.validate`."""
        (found,) = self._context.fund_orders(order)
        self._context.ledger.eligibility.require(Asked.of(found), stage=Stage.VALIDATION)
        if found.kind is OrderKind.SUBSCRIPTION:
            self._book.share.require_subscriber(found.wallet)
        role = self._context.role_of(by, Role.CHECKER, Role.COMPLIANCE)
        self._context.ledger.orders.step(found.id, State.VALID, actor=by, role=role)
        (found,) = self._context.fund_orders(found.id)
        return found

    def own_requests(self, order: FundOrder) -> tuple[str, int]:
        """What the investor's own wallet is to call, for an order that the desk may not send for it."""
        function = "requestDeposit" if order.kind is OrderKind.SUBSCRIPTION else "requestRedeem"
        return function, order.base_units

    # ------------------------------------------------------------------------------------------------ inside

    def _is_known(self, key: str) -> bool:
        """A repeated request gets its order back, whatever the rules say now."""
        try:
            self._context.ledger.orders.by_idempotency_key(key)
        except NotFound:
            return False
        return True

    def _admit_subscription(self, investor: str, wallet: str, coins: Amount, day: date | None) -> Admitted:
        context, book = self._context, self._book
        self._require_dealing()
        asked = Asked.amount_of(OrderKind.SUBSCRIPTION, investor, wallet, coins, book.name)
        context.ledger.eligibility.require(asked)
        wallets = context.ledger.investors.wallets(investor)
        first = all(book.share.balance_of(item.address) == 0 for item in wallets)
        admitted = admit_subscription(
            book.terms,
            book.share_class,
            book.calendar,
            coins,
            first=first,
            received_at=context.clock.now(),
            day=day,
        )
        self._require_announced(admitted)
        book.share.require_subscriber(wallet)
        return admitted

    def _subscription(
        self,
        investor: str,
        wallet: str,
        coins: Amount,
        maker: str,
        key: str,
        admitted: Admitted | None,
        funded_by: str | None = None,
    ) -> SubscriptionOrder:
        order = self._context.ledger.fund_orders.request(
            FundRequest(
                OrderKind.SUBSCRIPTION,
                investor,
                wallet,
                coins,
                self._book.terms.fund.currency,
                self._book.vault.address,
                self._book.name,
                None if admitted is None else admitted.dealing_day,
                None if admitted is None else admitted.cut_off,
                funded_by,
            ),
            maker=maker,
            idempotency_key=key,
            received_at=self._received(admitted),
        )
        return _subscription(order)

    def _received(self, admitted: Admitted | None) -> datetime | None:
        """The instant that decided the day, so that the record can't lie on its other side."""
        return None if admitted is None else admitted.received_at

    def _require_dealing(self) -> None:
        reason = self._book.vault.suspension_reason()
        if reason is not None:
            raise DealingIsSuspended(reason=reason)

    def _require_announced(self, admitted: Admitted) -> None:
        """The chain has to know the day, and under this very cut-off."""
        announced = self._book.announced()
        number = announced.number_of(admitted.dealing_day)
        if announced.cut_offs[number - 1] != int(admitted.cut_off.timestamp()):
            raise NoDealingDay(last_day=number)

    def _free(self, wallet: str) -> int:
        """Shares that are neither frozen nor promised to an order that isn't on chain yet."""
        share = self._book.share
        promised = self._context.ledger.fund_orders.find(
            self._book.vault.address, OrderKind.FUND_REDEMPTION, UNSENT, wallet=wallet
        )
        free = share.balance_of(wallet) - share.frozen_of(wallet) - sum(item.base_units for item in promised)
        return max(0, free)


def _subscription(order: FundOrder) -> SubscriptionOrder:
    if not isinstance(order, SubscriptionOrder):
        raise InvalidInput(f"order {order.id} is no subscription", order=order.id)
    return order


def _redemption(order: FundOrder) -> FundRedemptionOrder:
    if not isinstance(order, FundRedemptionOrder):
        raise InvalidInput(f"order {order.id} is no redemption of the fund", order=order.id)
    return order
