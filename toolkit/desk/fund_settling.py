"""What a settled dealing day brought each order: the chain's figures, computed again beside it.

The chain keeps one position for each wallet and side of a day. What it rounds down once for the wallet is
divided among the wallet's orders so that nothing is lost between them.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from toolkit.bindings.events import Transfer
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.hexes import to_hex
from toolkit.desk.errors import DayNotOver, SettlementMismatch
from toolkit.funds.corrections import DealtOrder, OrderSide
from toolkit.funds.dealing import DayResult, DayTotals, settle_day
from toolkit.funds.nav import NavStatement
from toolkit.funds.notes import ContractNote, contract_note
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import Dealing, FundOrder, LedgerRecord

if TYPE_CHECKING:
    from toolkit.bindings.fund_events import DaySettled
    from toolkit.bindings.fund_structs import Settlement
    from toolkit.desk.fund_book import FundBook

__all__ = ["SettledDay", "divided", "recorded_result", "settled_day", "statement_of"]


@dataclass(frozen=True, slots=True)
class SettledDay:
    """A day's result, what each order was dealt, and the notes; `statement` is None if another desk's."""

    number: int
    result: DayResult
    report: bytes
    statement: NavStatement | None
    dealings: tuple[Dealing, ...]
    notes: tuple[ContractNote, ...]


def settled_day(book: FundBook, event: DaySettled) -> SettledDay:
    """What the settlement in `event` brought the ledger's orders of that day.

    Raises SettlementMismatch if the chain's figures aren't those of `toolkit.funds.dealing`, or the
    requests that the ledger knows aren't what was dealt.
    """
    result = _result(book, event)
    report = _report(book, event)
    statement = statement_of(book, report)
    ledger, vault = book.context.ledger.fund_orders, book.vault.address
    subscriptions = ledger.find(vault, OrderKind.SUBSCRIPTION, [State.IN_BATCH], day=event.day)
    redemptions = ledger.find(vault, OrderKind.FUND_REDEMPTION, [State.IN_BATCH, State.GATED], day=event.day)
    carried = {
        order_id: items[-1].carried for order_id, items in ledger.dealings(o.id for o in redemptions).items()
    }
    sizes = {order.id: order.base_units for order in subscriptions}
    sizes |= {order.id: carried.get(order.id, order.base_units) for order in redemptions}
    _require_complete(event, result, subscriptions, redemptions, sizes)
    common = {
        "day": event.day,
        "nav": result.prices.nav,
        "report": to_hex(report),
        "transaction_hash": to_hex(event.log.tx_hash),
        "dealt_at": datetime.fromtimestamp(book.context.client.block(event.log.block_number).timestamp, UTC),
    }
    dealings = [*_bought(result, subscriptions, sizes, common), *_sold(result, redemptions, sizes, common)]
    orders = {order.id: order for order in (*subscriptions, *redemptions)}
    notes = [] if statement is None else [_note(book, result, statement, orders, item) for item in dealings]
    return SettledDay(event.day, result, report, statement, tuple(dealings), tuple(notes))


def recorded_result(book: FundBook, record: LedgerRecord) -> DayResult:
    """A settled day's result again, from its record. Raises DayNotOver for one that isn't settled."""
    if record.state is not RecordState.SETTLED:
        raise DayNotOver(f"{record.id} is {record.state}: it has no result yet", day=record.data["number"])
    said = {name: int(value) for name, value in record.data["settlement"].items()}
    totals = DayTotals(
        int(record.data["supply_before"]), said["assets_in"], said["shares_in"] + said["shares_carried"]
    )
    return _dealt(book, record.data["number"], said["nav"], totals)


def divided(total: int, weights: Sequence[int]) -> list[int]:
    """`total` in parts as `weights` are to each other, each within one unit, and together exactly `total`."""
    whole, reached, before, parts = sum(weights), 0, 0, []
    for weight in weights:
        reached += weight
        upto = total * reached // whole if whole else 0
        parts.append(upto - before)
        before = upto
    return parts


def statement_of(book: FundBook, report: bytes) -> NavStatement | None:
    """The statement with this hash among the class's NAV records."""
    for record in book.context.ledger.record_book.find(RecordKind.NAV, prefix=f"nav/{book.name}/"):
        for data in record.data["statements"]:
            statement = NavStatement.from_data(data)
            if statement.hash == report:
                return statement
    return None


def _result(book: FundBook, event: DaySettled) -> DayResult:
    said = event.settlement
    totals = DayTotals(_supply_before(book, event), said.assets_in, said.shares_in + said.shares_carried)
    result = _dealt(book, event.day, said.nav, totals)
    here = (
        result.prices.subscription,
        result.prices.redemption,
        result.minted,
        result.accepted,
        result.payable,
    )
    there = (
        said.subscription_price,
        said.redemption_price,
        said.shares_out,
        said.shares_in,
        said.assets_out,
    )
    if here != there:
        raise SettlementMismatch(
            f"day {event.day} of vault {book.vault.address} was settled at {there} (prices, shares out and "
            f"in, assets out), and its figures come to {here}: price nothing on it until that is explained",
            day=event.day,
        )
    return result


def _dealt(book: FundBook, number: int, nav: int, totals: DayTotals) -> DayResult:
    """The day's arithmetic on the terms that the chain fixed when it closed."""
    terms = book.vault.dealing_day(number)
    return settle_day(
        nav,
        book.scale,
        totals,
        entry_fee_bps=terms.entry_fee_bps,
        exit_fee_bps=terms.exit_fee_bps,
        gate_bps=terms.gate_bps,
        swing_threshold_bps=terms.swing_threshold_bps,
        swing_bps=terms.swing_bps,
    )


def _supply_before(book: FundBook, event: DaySettled) -> int:
    """The share's supply before the day: after its block, less what was issued and redeemed from there on."""
    block = event.log.block_number
    supply = book.share.total_supply(block=block)
    for transfer in book.share.events(Transfer, from_block=block, to_block=block):
        if transfer.log.log_index > event.log.log_index:
            supply -= transfer.amount if transfer.sender == ZERO_ADDRESS else 0
            supply += transfer.amount if transfer.recipient == ZERO_ADDRESS else 0
    return supply


def _report(book: FundBook, event: DaySettled) -> bytes:
    """The hash of the statement behind the value: of the feed's round as of the settlement."""
    said: Settlement = event.settlement
    for number in range(book.feed.latest_round(), 0, -1):
        found = book.feed.round(number)
        if (found.value, found.as_of) == (said.nav, said.nav_as_of):
            return found.report
    raise SettlementMismatch(
        f"day {event.day} was settled at {said.nav}, which feed {book.feed.address} never said: the vault "
        "reads another feed than this fund's",
        day=event.day,
    )


def _require_complete(
    event: DaySettled,
    result: DayResult,
    subscriptions: Sequence[FundOrder],
    redemptions: Sequence[FundOrder],
    sizes: Mapping[str, int],
) -> None:
    bought = sum(sizes[order.id] for order in subscriptions)
    sold = sum(sizes[order.id] for order in redemptions)
    # A gate's roundings leave the orders together a few base units less than the vault carries.
    if bought != result.totals.subscriptions or not 0 <= result.totals.redemptions - sold <= _ROUNDINGS:
        raise SettlementMismatch(
            f"day {event.day} dealt {result.totals.subscriptions} and {result.totals.redemptions} base "
            f"units, and the ledger knows orders of {bought} and {sold}: find the requests that it lacks",
            day=event.day,
        )


_ROUNDINGS = 100_000  # base units: two for each position that a gate divided


def _bought(
    result: DayResult, orders: Sequence[FundOrder], sizes: Mapping[str, int], common: Mapping[str, Any]
) -> list[Dealing]:
    dealings = []
    for items in _by_wallet(orders):
        parts = [sizes[order.id] for order in items]
        due = divided(result.prices.subscribe(sum(parts)).units, parts)
        dealings += [
            Dealing(order.id, size=size, due=part, carried=0, **common)
            for order, size, part in zip(items, parts, due, strict=True)
        ]
    return dealings


def _sold(
    result: DayResult, orders: Sequence[FundOrder], sizes: Mapping[str, int], common: Mapping[str, Any]
) -> list[Dealing]:
    dealings = []
    for items in _by_wallet(orders):
        parts = [sizes[order.id] for order in items]
        whole = sum(parts)
        accepted = result.accepted_of(whole)
        dealt = divided(accepted, parts)
        carried = divided(result.carried_of(whole), parts)
        due = divided(result.prices.redeem(accepted).net, dealt)
        dealings += [
            Dealing(order.id, size=size, due=part, carried=rest, **common)
            for order, size, part, rest in zip(items, dealt, due, carried, strict=True)
        ]
    return dealings


def _by_wallet(orders: Sequence[FundOrder]) -> list[list[FundOrder]]:
    found: dict[str, list[FundOrder]] = defaultdict(list)
    for order in orders:
        found[order.wallet].append(order)
    return list(found.values())


def _note(
    book: FundBook,
    result: DayResult,
    statement: NavStatement,
    orders: Mapping[str, FundOrder],
    item: Dealing,
) -> ContractNote:
    order = orders[item.order_id]
    bought = order.kind is OrderKind.SUBSCRIPTION
    side = OrderSide.SUBSCRIPTION if bought else OrderSide.REDEMPTION
    note = contract_note(
        DealtOrder(order.id, order.investor, side, item.size),
        result,
        statement,
        book.calendar,
        coin=book.context.unit,
        share=book.share_class.symbol,
    )
    note = replace(note, carried=book.shares(item.carried))
    # Several orders of one wallet: the one base unit that their common rounding gave this one.
    if bought and note.units.base_units != item.due:
        extra = book.shares(item.due).value - note.units.value
        residual = note.residual - extra * note.price.value
        return replace(note, units=book.shares(item.due), residual=residual)
    if not bought and note.net.base_units != item.due:
        due = book.context.tokens(item.due)
        residual = note.residual - Decimal(due.value - note.net.value)
        return replace(note, net=due, fee=note.gross - due, residual=residual)
    return note
