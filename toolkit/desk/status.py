"""Chain and ledger side by side, to the last unit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.bindings.events import CaseActed, RedemptionRequested
from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.abi import selector
from toolkit.chain.hexes import to_hex
from toolkit.desk.context import DeskContext
from toolkit.desk.proofs import redemption_reference
from toolkit.ledger.machines import FUND_KINDS, OrderKind, State
from toolkit.ledger.records import Order, RedemptionOrder
from toolkit.ledger.recovery import REBUILD

if TYPE_CHECKING:
    from toolkit.chain.client import Block

__all__ = ["BurnByOrder", "DeskStatus", "Line", "UnknownRequest", "status_of"]

_BURNED = (State.BURNED, State.PAID, State.SETTLED)
_BURN_BY_ORDER = selector("burnByOrder(address,uint256,bytes32)")


@dataclass(frozen=True, slots=True)
class BurnByOrder:
    """Tokens of `account` that compliance burned under a case, and so discharged: no order's doing."""

    case_id: str
    account: str
    amount: Amount
    transaction: str


@dataclass(frozen=True, slots=True)
class UnknownRequest:
    """An open request on chain that names no order of the ledger: a holder's own, past the desk."""

    id: int
    holder: str
    amount: Amount


@dataclass(frozen=True, slots=True)
class Line:
    """One figure as the chain has it and as the orders of the ledger add up to it.

    `explained` is what the chain's own events account for and no order does: burns by order, and requests
    that name no order.
    """

    name: str
    chain: Amount
    ledger: Amount
    explained: Amount

    @property
    def difference(self) -> Amount:
        """Chain less ledger less what is explained; may be negative."""
        return self.chain - self.ledger - self.explained


@dataclass(frozen=True, slots=True)
class DeskStatus:
    """The books at one final block.

    `lines`: minted, burned, outstanding, payable, discharged, escrowed. `orders` counts by kind and
    state, a fund's where there are any. `overdue` are redemptions whose money is late. `in_flight` are
    transactions (0x and 64 digits) without an outcome: while there are any, chain and ledger may differ by
    what they carry.
    `burned_by_order` and `unknown_requests` are on the chain alone, and each is for a person to know of.
    `unmatched_funds` are bank lines that pay for no order, or for one that ended, and didn't go back.
    """

    block_number: int
    block_hash: str
    at: datetime
    lines: tuple[Line, ...]
    headroom: Amount
    unsolicited: Amount
    orders: dict[str, dict[str, int]]
    overdue: tuple[str, ...]
    unmatched_funds: tuple[str, ...]
    in_flight: tuple[str, ...]
    burned_by_order: tuple[BurnByOrder, ...]
    unknown_requests: tuple[UnknownRequest, ...]

    @property
    def differences(self) -> tuple[Line, ...]:
        """The lines in which chain and ledger don't agree."""
        return tuple(line for line in self.lines if not line.difference.is_zero)

    @property
    def agrees(self) -> bool:
        """Whether chain and ledger agree in every line."""
        return not self.differences

    def line(self, name: str) -> Line:
        """The line called `name`."""
        return next(line for line in self.lines if line.name == name)

    def to_json(self) -> dict[str, Any]:
        """The status as JSON values, amounts as strings."""
        return {
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "at": self.at.isoformat(),
            "agrees": self.agrees,
            "lines": [
                {
                    "name": line.name,
                    "chain": str(line.chain),
                    "ledger": str(line.ledger),
                    "explained": str(line.explained),
                    "difference": str(line.difference),
                }
                for line in self.lines
            ],
            "headroom": str(self.headroom),
            "unsolicited": str(self.unsolicited),
            "orders": self.orders,
            "overdue": list(self.overdue),
            "unmatched_funds": list(self.unmatched_funds),
            "in_flight": list(self.in_flight),
            "burned_by_order": [
                {
                    "case_id": item.case_id,
                    "account": item.account,
                    "amount": str(item.amount),
                    "transaction": item.transaction,
                }
                for item in self.burned_by_order
            ],
            "unknown_requests": [
                {"id": item.id, "holder": item.holder, "amount": str(item.amount)}
                for item in self.unknown_requests
            ],
        }


def status_of(context: DeskContext) -> DeskStatus:
    """Reads the chain at the last final block and adds up the ledger's orders."""
    block = context.client.finalized_block()
    supply = context.token.supply(block=block)
    now = context.clock.now()
    ledger = context.ledger
    mints = ledger.orders.find(kind=OrderKind.MINT)
    redemptions = ledger.orders.find(kind=OrderKind.REDEMPTION)
    minted = _total(order for order in mints if order.state is State.SETTLED)
    burned = _total(order for order in redemptions if order.state in _BURNED)
    discharged = _total(order for order in redemptions if order.state is State.SETTLED)
    by_order = _burned_by_order(context, block)
    unknown = _unknown_requests(context, redemptions, block)
    taken = sum(item.amount.base_units for item in by_order)
    strange = sum(item.amount.base_units for item in unknown)
    figures = {
        "minted": (supply.minted, minted, 0),
        "burned": (supply.burned, burned, taken),
        "outstanding": (supply.outstanding, minted - burned, -taken),
        "payable": (supply.payable, burned - discharged, 0),
        "discharged": (supply.discharged, discharged, taken),
        "escrowed": (context.market.escrowed(block=block), _escrowed(redemptions), strange),
    }
    in_flight = ledger.transactions.find(state="recorded")
    return DeskStatus(
        block_number=block.number,
        block_hash=to_hex(block.hash),
        at=now,
        lines=tuple(
            Line(name, context.tokens(chain), _signed(context, ledger), _signed(context, explained))
            for name, (chain, ledger, explained) in figures.items()
        ),
        headroom=context.tokens(context.token.headroom(block=block)),
        unsolicited=context.tokens(context.market.unsolicited(block=block)),
        orders={
            str(OrderKind.MINT): _count(mints),
            str(OrderKind.REDEMPTION): _count(redemptions),
            **{
                str(kind): _count(found)
                for kind in sorted(FUND_KINDS)
                if (found := ledger.orders.find(kind=kind))
            },
        },
        overdue=tuple(order.id for order in redemptions if _is_overdue(order, now)),
        unmatched_funds=tuple(item.reference for item in ledger.funds.unmatched()),
        in_flight=tuple(record.hash for record in in_flight),
        burned_by_order=by_order,
        unknown_requests=unknown,
    )


def _burned_by_order(context: DeskContext, block: Block) -> tuple[BurnByOrder, ...]:
    """Every burn by order up to `block`. A forced transfer leaves all totals as they are."""
    events = context.token.events(CaseActed, from_block=context.first_block, to_block=block)
    return tuple(
        BurnByOrder(
            to_hex(event.case_id), event.account, context.tokens(event.amount), to_hex(event.log.tx_hash)
        )
        for event in events
        if event.action == _BURN_BY_ORDER
    )


def _unknown_requests(
    context: DeskContext, redemptions: Iterable[Order], block: Block
) -> tuple[UnknownRequest, ...]:
    """Open requests that name no order. One that names an order and isn't its own stays a difference."""
    known = [order for order in redemptions if isinstance(order, RedemptionOrder)]
    named = {redemption_reference(order) for order in known}
    # What was rebuilt from the chain has another id than the one that the request named.
    numbers = {order.number for order in known if order.maker == REBUILD}
    events = context.market.events(RedemptionRequested, from_block=context.first_block, to_block=block)
    return tuple(
        UnknownRequest(event.id, event.holder, context.tokens(event.amount))
        for event in events
        if event.reference not in named
        and event.id not in numbers
        and context.market.redemption(event.id, block=block).status is RedemptionStatus.REQUESTED
    )


def _escrowed(redemptions: Iterable[Order]) -> int:
    """What the ledger takes to be in escrow. A rejected order's tokens are until its batch is closed."""
    total = 0
    for order in redemptions:
        if not isinstance(order, RedemptionOrder) or order.number is None:
            continue
        waits_for_return = order.state is State.REJECTED and order.batch_id is not None
        if order.state in (State.ESCROWED, State.APPROVED, State.ON_HOLD) or waits_for_return:
            total += order.base_units
    return total


def _is_overdue(order: Order, now: datetime) -> bool:
    if not isinstance(order, RedemptionOrder) or order.due_at is None:
        return False
    ended = (State.PAID, State.SETTLED, State.REJECTED, State.CANCELLED)
    return order.state not in ended and now > order.due_at


def _count(orders: Iterable[Order]) -> dict[str, int]:
    return dict(sorted(Counter(str(order.state) for order in orders).items()))


def _total(orders: Iterable[Order]) -> int:
    return sum(order.base_units for order in orders)


def _signed(context: DeskContext, base_units: int) -> Amount:
    return Amount.from_base_units(base_units, unit=context.unit, decimals=context.decimals, signed=True)
