"""What a fund's desk shows for its books: the register at a block, contract notes, the dealing report."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.bindings.events import Transfer
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.desk.fund_settling import recorded_result, statement_of
from toolkit.errors import NavStale
from toolkit.funds.corrections import DealtOrder, OrderSide
from toolkit.funds.register import (
    HolderType,
    Register,
    RegisterAccount,
    ShareTransfer,
    WalletLink,
    build_register,
)
from toolkit.funds.report import DealingReport, Liquidity, dealing_report
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.record_words import RecordKind

if TYPE_CHECKING:
    from toolkit.chain.client import Block
    from toolkit.desk.fund_book import FundBook
    from toolkit.funds.in_kind import InKindOrder
    from toolkit.ledger.records import Dealing, FundOrder, Investor, LedgerRecord

__all__ = ["FundPapers"]

_OUT = {"Deposit": "sender", "CancelRedeemClaim": "controller", "Released": "controller"}
"""The events with which shares that a vault kept for somebody leave it, and whose they were."""

_HOLDERS = {
    "individual_professional": HolderType.INDIVIDUAL,
    "retail": HolderType.INDIVIDUAL,
    "corporate_professional": HolderType.CORPORATE,
    "institutional": HolderType.CORPORATE,
}


class FundPapers:
    """Registers, notes and reports of one share class."""

    def __init__(self, book: FundBook) -> None:
        self._book = book
        self._context = book.context

    def register(self, block: int | None = None) -> Register:
        """The register after a block, by default the last final one. See `FundDesk.register`."""
        book, client = self._book, self._context.client
        at = client.finalized_block() if block is None else client.block(block)
        transfers = book.share.events(Transfer, from_block=book.first_block, to_block=at)
        times = {number: self._time(number) for number in {item.log.block_number for item in transfers}}
        return build_register(
            [
                ShareTransfer(
                    item.sender,
                    item.recipient,
                    item.amount,
                    item.log.block_number,
                    item.log.log_index,
                    times[item.log.block_number],
                )
                for item in transfers
            ],
            self._accounts(),
            share_class=book.name,
            supply=book.shares(book.share.total_supply(block=at)),
            block_number=at.number,
            block_hash=to_hex(at.hash),
            calendar=book.calendar.business,
            paid=self._paid(),
            escrowed=self._escrowed(at),
        )

    def notes(self, *, order: str | None = None, day: int | None = None) -> tuple[LedgerRecord, ...]:
        """The contract notes issued, oldest first, of an order or of a day. See `FundDesk.contract_notes`."""
        ledger = self._context.ledger
        prefix = "note/" if order is None else f"note/{order}/"
        found = ledger.record_book.find(RecordKind.NOTE, prefix=prefix)
        ours = {item.id for item in ledger.fund_orders.find(self._book.vault.address)}
        wanted = []
        for record in found:
            _, order_id, number = record.id.split("/")
            if order_id in ours and day in (None, int(number)):
                wanted.append(record)
        return tuple(wanted)

    def report(
        self,
        number: int,
        *,
        prepared_by: str,
        reviewed_by: str,
        liquidity: Liquidity | None,
        in_kind: Sequence[InKindOrder],
    ) -> DealingReport:
        """The daily dealing report. See `FundDesk.dealing_report`."""
        book, ledger = self._book, self._context.ledger
        record = ledger.record_book.get(book.day_id(number))
        result = recorded_result(book, record)
        statement = statement_of(book, from_hex(record.data["report"], length=32))
        if statement is None:
            raise NavStale(
                f"the statement behind day {number} isn't in this ledger: there is no report", day=number
            )
        dealt = [
            DealtOrder(
                order.id,
                order.investor,
                OrderSide.SUBSCRIPTION if order.kind is OrderKind.SUBSCRIPTION else OrderSide.REDEMPTION,
                item.size,
            )
            for order, item in ledger.fund_orders.on_day(book.vault.address, number)
            if item.size
        ]
        reason = book.vault.suspension_reason()
        return dealing_report(
            result,
            dealt,
            statement,
            book.calendar,
            self.register(record.data["block"]),
            coin=self._context.unit,
            prepared_by=prepared_by,
            reviewed_by=reviewed_by,
            generated_at=self._context.clock.now(),
            suspended=None if reason is None else to_hex(reason),
            pending_payments=self._pending(),
            liquidity=liquidity,
            in_kind=in_kind,
        )

    # ------------------------------------------------------------------------------------------------ inside

    def _time(self, number: int) -> datetime:
        return datetime.fromtimestamp(self._context.client.block(number).timestamp, UTC)

    def _accounts(self) -> list[RegisterAccount]:
        """Every investor with their wallets, and the vaults. Names and addresses are kept elsewhere: the
        desk's label stands for the name.
        """
        ledger, book = self._context.ledger, self._book
        accounts = [self._account(investor) for investor in ledger.investors.all()]
        vault = WalletLink(book.vault.address, self._context.client.chain_id, "deployment")
        return [
            *accounts,
            RegisterAccount(
                f"vault {self._context.unit}",
                "the class's vault",
                "on chain",
                HolderType.ESCROW,
                "ZZ",
                (vault,),
            ),
        ]

    def _account(self, investor: Investor) -> RegisterAccount:
        links = tuple(
            WalletLink(
                wallet.address,
                self._context.client.chain_id,
                "none" if wallet.proof is None else wallet.proof.method,
            )
            for wallet in self._context.ledger.investors.wallets(investor.reference)
        )
        kind = _HOLDERS.get(investor.investor_class, HolderType.CORPORATE)
        lapsed = not investor.is_verified(self._context.clock.now())
        return RegisterAccount(
            investor.reference,
            investor.label,
            "with the administrator",
            kind,
            investor.jurisdiction,
            links,
            ("verification lapsed",) if lapsed else (),
        )

    def _paid(self) -> dict[str, Amount]:
        """What each investor subscribed in all and was dealt."""
        ledger, total = self._context.ledger.fund_orders, Counter[str]()
        orders = ledger.find(self._book.vault.address, OrderKind.SUBSCRIPTION)
        dealings = ledger.dealings(order.id for order in orders)
        for order in orders:
            total[order.investor] += sum(item.size for item in dealings.get(order.id, ()))
        return {investor: self._context.tokens(value) for investor, value in total.items() if value}

    def _escrowed(self, at: Block) -> dict[str, Amount]:
        """What the vault keeps for each investor at a block: redemptions that wait for their price, shares
        dealt or cancelled and not handed out, in quarantine or not. The vault's own `maxMint` says nothing
        for who may not receive just now.
        """
        book, ledger, kept = self._book, self._context.ledger.fund_orders, Counter[str]()
        orders = ledger.find(book.vault.address)
        dealings = ledger.dealings(order.id for order in orders)
        cancels = {(item["controller"], item["day"]) for item in self._events("CancelRedeemRequest", at)}
        waiting: dict[str, set[int]] = defaultdict(set)
        for order in orders:
            items = dealings.get(order.id, ())
            if order.kind is OrderKind.SUBSCRIPTION:
                kept[order.wallet] += sum(item.due for item in items if self._is_before(item, at))
            elif (order.wallet, order.dealing_day) in cancels:
                kept[order.wallet] += _taken_back(order, items)
            if order.kind is OrderKind.FUND_REDEMPTION:
                waiting[order.wallet] |= {item.day for item in items} | {order.dealing_day or 0}
        for name, owner in _OUT.items():
            for event in self._events(name, at):
                kept[event[owner]] -= event["shares"]
        for wallet, days in waiting.items():
            kept[wallet] += sum(book.vault.pending_redemption(day, wallet, block=at) for day in days - {0})
        owners = {order.wallet: order.investor for order in orders}
        total: Counter[str] = Counter()
        for wallet, value in kept.items():
            total[owners[wallet]] += value
        return {investor: book.shares(value) for investor, value in total.items() if value}

    def _events(self, name: str, at: Block) -> list[dict[str, Any]]:
        return [
            event.arguments
            for event in self._context.ledger.chain_events.find(name=name)
            if event.address == self._book.vault.address and event.block_number <= at.number
        ]

    def _is_before(self, item: Dealing, at: Block) -> bool:
        """Whether the day was settled by the block."""
        record = self._context.ledger.record_book.get(self._book.day_id(item.day))
        block: int = record.data["block"]
        return block <= at.number

    def _pending(self) -> dict[Any, Amount]:
        """What is owed to redeemers and was not paid, by the day it is due."""
        book, ledger = self._book, self._context.ledger
        due: Counter[Any] = Counter()
        states = (State.GATED, State.PRICED, State.QUARANTINED)
        orders = ledger.fund_orders.find(book.vault.address, OrderKind.FUND_REDEMPTION, states)
        for items in ledger.fund_orders.dealings(order.id for order in orders).values():
            for item in items:
                record = ledger.record_book.get(book.day_id(item.day))
                day = datetime.fromisoformat(record.data["date"]).date()
                due[book.calendar.settlement_due(day)] += item.due - item.claimed
        return {day: self._context.tokens(value) for day, value in due.items() if value}


def _taken_back(order: FundOrder, items: Sequence[Dealing]) -> int:
    """The shares of a redemption that was cancelled on chain: all, or what a gate had left of it."""
    if order.state is State.CANCELLED:
        return order.base_units
    if len(items) > 1 and items[-1].size == 0:
        return items[-2].carried
    return 0
