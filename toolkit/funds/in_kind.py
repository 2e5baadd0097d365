"""Creation and redemption in kind by participating dealers (regulation.md W17).

A basket file says what one block of shares is made of: lines of assets and a cash component, positive where a
creating dealer pays it in, negative where the fund pays it out; redemption is the mirror. Shares are minted
when every line is confirmed by its custodian, and assets leave only when the shares are burned.

    creation     RECEIVED -> BASKET_PUBLISHED -> ASSETS_PENDING -> ASSETS_CONFIRMED -> UNITS_MINTED -> FINAL
                 -> REGISTER_POSTED -> CLOSED
    redemption   RECEIVED -> BASKET_PUBLISHED -> UNITS_BURNED -> ASSETS_PENDING -> ASSETS_CONFIRMED -> FINAL
                 -> REGISTER_POSTED -> CLOSED

A short delivery makes it PARTIAL_DELIVERY, which a late delivery or cash in lieu turns into ASSETS_CONFIRMED,
or it ends as CANCELLED. Before delivery the basket is compared again, since a corporate action may change it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.chain.hexes import to_hex
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.funds.basket import Basket, Confirmation, Direction, quantity
from toolkit.funds.errors import BasketChanged, DealerNotEligible, DeliveryShort, WrongCashComponent

if TYPE_CHECKING:
    from toolkit.deployment.fund_terms import FundTerms

__all__ = ["InKindEvent", "InKindOrder", "InKindState"]


class InKindState(StrEnum):
    """Every state of an order in kind."""

    RECEIVED = "received"
    BASKET_PUBLISHED = "basket_published"
    ASSETS_PENDING = "assets_pending"
    PARTIAL_DELIVERY = "partial_delivery"
    ASSETS_CONFIRMED = "assets_confirmed"
    UNITS_MINTED = "units_minted"
    UNITS_BURNED = "units_burned"
    FINAL = "final"
    REGISTER_POSTED = "register_posted"
    CLOSED = "closed"
    CANCELLED = "cancelled"


_S = InKindState
_COMMON = (_S.FINAL, _S.REGISTER_POSTED, _S.CLOSED)
_PATHS = {
    Direction.CREATION: (
        _S.RECEIVED,
        _S.BASKET_PUBLISHED,
        _S.ASSETS_PENDING,
        _S.ASSETS_CONFIRMED,
        _S.UNITS_MINTED,
        *_COMMON,
    ),
    Direction.REDEMPTION: (
        _S.RECEIVED,
        _S.BASKET_PUBLISHED,
        _S.UNITS_BURNED,
        _S.ASSETS_PENDING,
        _S.ASSETS_CONFIRMED,
        *_COMMON,
    ),
}


@dataclass(frozen=True, slots=True)
class InKindEvent:
    """One step: from where to where, by whom, when and why, with its evidence."""

    source: InKindState | None
    target: InKindState
    actor: str
    at: datetime
    reason: str

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "from": None if self.source is None else self.source.value,
            "to": self.target.value,
            "actor": self.actor,
            "at": self.at.astimezone(UTC).isoformat(),
            "reason": self.reason,
        }


@dataclass(frozen=True, slots=True)
class InKindOrder:
    """A dealer's order for whole blocks. Every step gives a new record; nothing is ever removed."""

    order: str
    dealer: str
    direction: Direction
    blocks: int
    basket: Basket
    maker: str
    state: InKindState
    confirmations: tuple[Confirmation, ...] = ()
    cash_in_lieu: Amount | None = None
    events: tuple[InKindEvent, ...] = ()

    @classmethod
    def receive(
        cls,
        terms: FundTerms,
        basket: Basket,
        *,
        order: str,
        dealer: str,
        direction: Direction,
        blocks: int,
        basket_hash: bytes,
        cash: Amount,
        by: str,
        now: datetime,
    ) -> InKindOrder:
        """An order against the basket file with `basket_hash`, with the cash component the dealer expects.

        Raises `DealerNotEligible`, `BasketChanged`, `WrongCashComponent`, `InvalidInput`.
        """
        if terms.in_kind is None or dealer not in terms.in_kind.dealers:
            raise DealerNotEligible(
                f"{dealer} is no participating dealer of fund {terms.fund.code}: create and redeem in cash",
                dealer=dealer,
            )
        share = terms.share_class(basket.share_class)
        block = share.shares(terms.in_kind.block_units)
        if (basket.fund, basket.currency, share.shares(str(basket.block_units))) != (
            terms.fund.code,
            terms.fund.currency,
            block,
        ):
            raise InvalidInput(
                f"the basket is for {basket.block_units} shares of {basket.fund} in {basket.currency}; a "
                f"block is {block.display()} of {terms.fund.code} in {terms.fund.currency}"
            )
        if blocks < 1:
            raise InvalidInput(f"blocks are {blocks}: order one or more whole blocks", blocks=blocks)
        _require_same(basket_hash, basket)
        due = basket.cash_of(blocks, direction)
        if cash != due:
            raise WrongCashComponent(
                f"the order states a cash component of {cash.display()}, and the basket makes it "
                f"{due.display()} (positive: the dealer pays)",
                stated=cash,
                due=due,
            )
        received = cls(order, dealer, direction, blocks, basket, by, _S.RECEIVED)
        event = InKindEvent(None, _S.RECEIVED, by, now, f"{blocks} block(s) on basket {to_hex(basket.hash)}")
        return replace(received, events=(event,))

    @property
    def next_state(self) -> InKindState | None:
        """Where the order goes when all is well; None at its end."""
        path = _PATHS[self.direction]
        if self.state not in path[:-1]:
            return None
        return path[path.index(self.state) + 1]

    @property
    def short(self) -> dict[str, Amount]:
        """Line id → what is still to be delivered of it."""
        missing = {}
        for line in self.basket.lines:
            due = quantity(line.quantity).base_units * self.blocks
            got = sum(
                quantity(item.quantity).base_units
                for item in self.confirmations
                if item.line_id == line.line_id
            )
            if got < due:
                missing[line.line_id] = Amount.from_base_units(due - got, unit="units", decimals=18)
        return missing

    def publish(self, current: Basket, *, by: str, now: datetime) -> InKindOrder:
        """The desk's checker confirms the order against the published basket.

        Raises `NotAuthorised` for the maker, `BasketChanged` when another basket is current.
        """
        _require_same(self.basket.hash, current)
        if by == self.maker:
            raise NotAuthorised(f"{by} entered order {self.order}, so another person checks it", person=by)
        return self._advance(_S.BASKET_PUBLISHED, by, now, f"basket version {self.basket.version}")

    def burned(self, *, by: str, reference: str, now: datetime) -> InKindOrder:
        """A redemption's shares are finally burned; only now may assets leave."""
        return self._advance(_S.UNITS_BURNED, by, now, reference)

    def deliver(self, current: Basket, *, by: str, now: datetime) -> InKindOrder:
        """Delivery is instructed: into the fund's custody at a creation, out of it at a redemption.

        Raises `BasketChanged` when a corporate action has made another basket current.
        """
        _require_same(self.basket.hash, current)
        return self._advance(_S.ASSETS_PENDING, by, now, "delivery instructed")

    def confirm(self, confirmation: Confirmation, *, now: datetime) -> InKindOrder:
        """A custodian confirms a line, or part of it; when nothing is short the assets are confirmed.

        Raises `InvalidInput` for a line, a custodian, a reference or a quantity that doesn't fit, and for a
        virtual asset from an unscreened source.
        """
        self._from(_S.ASSETS_PENDING, _S.PARTIAL_DELIVERY)
        line = next((item for item in self.basket.lines if item.line_id == confirmation.line_id), None)
        if line is None or line.custodian != confirmation.custodian:
            raise InvalidInput(
                f"{confirmation.custodian} has no line {confirmation.line_id!r} in order {self.order}",
                line=confirmation.line_id,
            )
        if any(item.reference == confirmation.reference for item in self.confirmations):
            raise InvalidInput(f"the custodian's reference {confirmation.reference} was given before")
        if line.virtual_asset and not confirmation.screening:
            raise InvalidInput(f"line {line.line_id}: a virtual asset needs its source's screening reference")
        left = self.short.get(line.line_id)
        got = quantity(confirmation.quantity)
        if left is None or got.is_zero:
            raise InvalidInput(f"line {line.line_id}: nothing is left to confirm of it")
        if got > left:
            raise InvalidInput(f"line {line.line_id}: {confirmation.quantity} is more than the {left} left")
        after = replace(self, confirmations=(*self.confirmations, confirmation))
        if after.short:
            return after
        return _moved(after, _S.ASSETS_CONFIRMED, confirmation.custodian, now, confirmation.reference)

    def fell_short(self, *, by: str, reason: str, now: datetime) -> InKindOrder:
        """Delivery time is over and lines are short: cure, cash in lieu or cancellation."""
        self._from(_S.ASSETS_PENDING)
        return _moved(self, _S.PARTIAL_DELIVERY, by, now, reason)

    def accept_cash(self, cash: Amount, *, by: str, evidence: str, now: datetime) -> InKindOrder:
        """Another person than the maker accepts money for what is short; `evidence` says how it is valued."""
        self._from(_S.PARTIAL_DELIVERY)
        if by == self.maker:
            raise NotAuthorised(f"{by} entered order {self.order}, so another person accepts cash", person=by)
        if cash.unit != self.basket.currency or cash.is_zero or cash.is_negative:
            raise InvalidInput(
                f"cash in lieu is {cash.display()}: it is above zero, in {self.basket.currency}"
            )
        settled = replace(self, cash_in_lieu=cash)
        return _moved(settled, _S.ASSETS_CONFIRMED, by, now, f"{cash.display()} in lieu: {evidence}")

    def cancel(self, *, by: str, reason: str, now: datetime) -> InKindOrder:
        """Ends the order before shares are minted or burned; what was delivered goes back."""
        if self.direction is Direction.REDEMPTION:
            self._from(_S.RECEIVED, _S.BASKET_PUBLISHED)
        else:
            self._from(_S.RECEIVED, _S.BASKET_PUBLISHED, _S.ASSETS_PENDING, _S.PARTIAL_DELIVERY)
        return _moved(self, _S.CANCELLED, by, now, reason)

    def minted(self, *, by: str, reference: str, now: datetime) -> InKindOrder:
        """The registrar's maker had a creation's shares minted. Raises `DeliveryShort`."""
        if self.direction is Direction.CREATION and self.state in (_S.ASSETS_PENDING, _S.PARTIAL_DELIVERY):
            lines = ", ".join(f"{name} ({left})" for name, left in self.short.items())
            raise DeliveryShort(
                f"order {self.order} is short of {lines}: no share is minted before its custodian confirms "
                "every line",
                lines=list(self.short),
            )
        return self._advance(_S.UNITS_MINTED, by, now, reference)

    def final(self, *, by: str, now: datetime) -> InKindOrder:
        """The mint or burn, and the delivery, are final."""
        return self._advance(_S.FINAL, by, now, "final")

    def post(self, *, by: str, register_version: str, now: datetime) -> InKindOrder:
        """The registrar's checker posts the register. Raises `NotAuthorised` for who finalised the order."""
        if self.events[-1].actor == by:
            raise NotAuthorised(f"{by} made order {self.order} final, so another person posts it", person=by)
        return self._advance(_S.REGISTER_POSTED, by, now, register_version)

    def close(self, *, by: str, now: datetime) -> InKindOrder:
        """Everything is reconciled."""
        return self._advance(_S.CLOSED, by, now, "closed")

    def _advance(self, target: InKindState, by: str, now: datetime, reason: str) -> InKindOrder:
        if self.next_state is not target:
            raise self._illegal(target)
        return _moved(self, target, by, now, reason)

    def _from(self, *sources: InKindState) -> None:
        if self.state not in sources:
            raise self._illegal(self.state)

    def _illegal(self, target: InKindState) -> IllegalTransition:
        following = self.next_state or "nothing: it is at its end, or waits for a delivery"
        return IllegalTransition(
            f"{self.direction} order {self.order} is {self.state} and can't become {target}: next is "
            f"{following}",
            order=self.order,
            source=self.state,
            target=target,
        )


def _moved(order: InKindOrder, target: InKindState, by: str, now: datetime, reason: str) -> InKindOrder:
    event = InKindEvent(order.state, target, by, now, reason)
    return replace(order, state=target, events=(*order.events, event))


def _require_same(ordered: bytes, current: Basket) -> None:
    if ordered != current.hash:
        raise BasketChanged(
            f"the order is on basket {to_hex(ordered)}, and version {current.version} of {current.day} is "
            f"{to_hex(current.hash)}: cancel, and order again on the current basket",
            ordered=ordered,
            current=current.hash,
        )
