"""What each of the vault's final events changes in the ledger: days, requests, prices, claims, quarantine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from toolkit.bindings import fund_events as events
from toolkit.chain.hexes import to_hex
from toolkit.desk.context import WORKER
from toolkit.desk.errors import SettlementMismatch, UnknownRequest
from toolkit.desk.fund_orders import UNSENT
from toolkit.desk.proofs import requested
from toolkit.ledger.alerts import Alert, Severity
from toolkit.ledger.errors import NotFound
from toolkit.ledger.fund_orders import Delivery, FundRequest
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import Dealing, FundOrder, LedgerRecord

if TYPE_CHECKING:
    from toolkit.bindings.event import ContractEvent
    from toolkit.desk.fund_book import FundBook
    from toolkit.desk.fund_settling import SettledDay
    from toolkit.desk.report import RunLog
    from toolkit.ledger.ledger import Transaction

__all__ = ["FundEffects"]

Request = events.DepositRequest | events.RedeemRequest


class FundEffects:
    """Of one vault."""

    def __init__(self, book: FundBook) -> None:
        self._book = book
        self._context = book.context

    def apply(
        self,
        tx: Transaction,
        found: Sequence[ContractEvent],
        settled: Mapping[int, SettledDay],
        log: RunLog,
    ) -> None:
        """Puts on record what the events of one chain transaction bring; `settled` has the days it settled.

        Raises SettlementMismatch, UnknownRequest, IllegalTransition, InvalidInput.
        """
        for event in found:
            self._apply(tx, event, settled, log)
        if found:
            self._deliveries(tx, found, log)

    def _apply(
        self, tx: Transaction, event: ContractEvent, settled: Mapping[int, SettledDay], log: RunLog
    ) -> None:
        if isinstance(event, events.DaysAnnounced):
            self._announced(tx, event)
        elif isinstance(event, events.DayClosed):
            data = {"assets": str(event.assets), "shares": str(event.shares)}
            self._day(tx, event.day, RecordState.CLOSED, data, event)
        elif isinstance(event, events.DaySettled):
            self._settled(tx, event, settled[event.day], log)
        elif isinstance(event, Request):
            self._requested(tx, event, log)
        elif isinstance(event, events.CancelDepositRequest | events.CancelRedeemRequest):
            self._cancelled(tx, event, log)
        elif isinstance(event, events.Released):
            self._released(tx, event, log)

    # -------------------------------------------------------------------------------------------------- days

    def _announced(self, tx: Transaction, event: events.DaysAnnounced) -> None:
        zone = self._book.calendar.business
        last = event.first_day + len(event.cut_offs) - 1
        for number, cut_off in enumerate(event.cut_offs, start=event.first_day):
            day = zone.local_date(datetime.fromtimestamp(cut_off, UTC))
            self._day(tx, number, RecordState.ANNOUNCED, _announcement(cut_off, day.isoformat()), event)
        # A shorter calendar drops the days beyond it.
        for record in tx.record_book.find(RecordKind.DAY, prefix=f"day/{self._book.vault.address}/"):
            if int(record.id.rpartition("/")[2]) > last and record.data["cut_off"] is not None:
                self._step(tx, record, RecordState.ANNOUNCED, _announcement(None, None), event)

    def _day(
        self,
        tx: Transaction,
        number: int,
        state: RecordState,
        data: dict[str, Any],
        event: ContractEvent,
    ) -> None:
        name = self._book.day_id(number)
        try:
            record = tx.record_book.get(name)
        except NotFound:
            tx.record_book.open(
                name,
                RecordKind.DAY,
                state,
                {"vault": self._book.vault.address, "number": number, **data},
                actor=WORKER,
                role=Role.OPERATOR,
                reason=self._reason(tx, event),
            )
        else:
            self._step(tx, record, state, data, event)

    def _step(
        self,
        tx: Transaction,
        record: LedgerRecord,
        state: RecordState,
        data: dict[str, Any],
        event: ContractEvent,
    ) -> None:
        tx.record_book.step(
            record.id,
            state,
            actor=WORKER,
            role=Role.OPERATOR,
            reason=self._reason(tx, event),
            data={**record.data, **data},
        )

    def _reason(self, tx: Transaction, event: ContractEvent) -> str:
        """What was sent, where this desk sent it, and on whose word; and the transaction."""
        tx_hash = to_hex(event.log.tx_hash)
        try:
            said = tx.transactions.get(tx_hash).purpose
        except NotFound:
            said = "by another hand"
        return f"{said}, {tx_hash}"

    def _settled(self, tx: Transaction, event: events.DaySettled, day: SettledDay, log: RunLog) -> None:
        tx.fund_orders.deal(day.dealings, actor=WORKER)
        if day.statement is None:
            log.alarms.append(
                SettlementMismatch(
                    f"day {event.day} was settled at a value whose statement ({to_hex(day.report)}) this "
                    "ledger never received: no contract notes were issued; record the statement",
                    day=event.day,
                )
            )
            tx.alerts.open([_without_statement(event, day)], actor=WORKER)
        tx.record_book.open_many(
            [
                (f"note/{note.order.order}/{event.day}", note.to_data() | {"hash": to_hex(note.hash)})
                for note in day.notes
            ],
            RecordKind.NOTE,
            RecordState.ISSUED,
            actor=WORKER,
            role=Role.OPERATOR,
        )
        figures = {name: str(value) for name, value in asdict(event.settlement).items()}
        data = {
            "settlement": figures,
            "supply_before": str(day.result.totals.supply),
            "report": to_hex(day.report),
            "block": event.log.block_number,
        }
        self._day(tx, event.day, RecordState.SETTLED, data, event)
        for item in day.dealings:
            log.changed([item.order_id], State.GATED if item.carried else State.PRICED)

    # ---------------------------------------------------------------------------------------------- requests

    def _requested(self, tx: Transaction, event: Request, log: RunLog) -> None:
        """A request that the desk didn't send: of an order that it knows, or a new one."""
        kind = (
            OrderKind.SUBSCRIPTION if isinstance(event, events.DepositRequest) else OrderKind.FUND_REDEMPTION
        )
        order = self._ordered(tx, event, kind) or self._open(tx, event, kind)
        tx.fund_orders.enter(order.id, event.day, actor=WORKER, evidence=to_hex(event.log.tx_hash))
        log.changed([order.id], State.IN_BATCH)

    def _ordered(self, tx: Transaction, event: Request, kind: OrderKind) -> FundOrder | None:
        cut_off = self._book.vault.dealing_day(event.day).cut_off
        day = self._book.calendar.business.local_date(datetime.fromtimestamp(cut_off, UTC))
        waiting = tx.fund_orders.find(self._book.vault.address, kind, UNSENT, wallet=event.controller)
        return next(
            (
                order
                for order in waiting
                if order.base_units == requested(event)
                and order.flight_id is None
                and order.dealing_date in (None, day)
            ),
            None,
        )

    def _open(self, tx: Transaction, event: Request, kind: OrderKind) -> FundOrder:
        try:
            wallet = tx.investors.wallet(event.controller)
        except NotFound:
            raise UnknownRequest(
                f"{event.controller} asked vault {self._book.vault.address} for {requested(event)} base "
                f"units on day {event.day}, and the ledger knows no such wallet: onboard it, then run again",
                wallet=event.controller,
            ) from None
        subscribes = kind is OrderKind.SUBSCRIPTION
        amount = self._context.tokens(requested(event)) if subscribes else self._book.shares(requested(event))
        block = self._context.client.block(event.log.block_number)
        return tx.fund_orders.request(
            FundRequest(
                kind,
                wallet.investor,
                wallet.address,
                amount,
                self._book.terms.fund.currency,
                self._book.vault.address,
                self._book.name,
                None,
                None,
            ),
            maker=WORKER,
            role=Role.OPERATOR,
            idempotency_key=f"chain/{to_hex(event.log.tx_hash)}/{event.log.log_index}",
            received_at=datetime.fromtimestamp(block.timestamp, UTC),
        )

    def _cancelled(
        self, tx: Transaction, event: events.CancelDepositRequest | events.CancelRedeemRequest, log: RunLog
    ) -> None:
        """Asked back on chain: all that the wallet had on that day."""
        kind = (
            OrderKind.SUBSCRIPTION
            if isinstance(event, events.CancelDepositRequest)
            else OrderKind.FUND_REDEMPTION
        )
        states = (State.IN_BATCH, State.GATED)
        evidence = to_hex(event.log.tx_hash)
        for order in tx.fund_orders.find(
            self._book.vault.address, kind, states, day=event.day, wallet=event.controller
        ):
            if order.state is State.GATED:
                # A part was dealt before; only the rest is taken back.
                last = tx.fund_orders.dealings([order.id])[order.id][-1]
                rest = Dealing(
                    order.id, event.day, 0, 0, 0, last.nav, last.report, evidence, self._context.clock.now()
                )
                tx.fund_orders.deal([rest], actor=WORKER)
                log.changed([order.id], State.PRICED, "the rest was cancelled on chain")
            else:
                reason = f"cancelled on chain by {event.sender}"
                tx.orders.step(
                    order.id,
                    State.CANCELLED,
                    actor=WORKER,
                    role=Role.OPERATOR,
                    reason=reason,
                    evidence=evidence,
                )
                log.changed([order.id], State.CANCELLED, reason)

    # ------------------------------------------------------------------------------------ claims, quarantine

    def _deliveries(self, tx: Transaction, found: Sequence[ContractEvent], log: RunLog) -> None:
        """What the transaction gave out, and what of it went to quarantine instead."""
        for kind, given, held in (
            (OrderKind.SUBSCRIPTION, *_given(found, events.Deposit, "sender", "shares")),
            (OrderKind.FUND_REDEMPTION, *_given(found, events.Withdraw, "owner", "assets")),
        ):
            deliveries = [Delivery(wallet, amount) for wallet, amount in given.items()]
            due = tx.fund_orders.due(self._book.vault.address, kind, held)
            # A push takes all that is due to a wallet. What it had cancelled may lie in quarantine too, and
            # is due by no order any more.
            deliveries += [
                Delivery(wallet, amount, held=True)
                for wallet, amount in held.items()
                if amount and amount == due.get(wallet)
            ]
            if deliveries:
                moved = tx.fund_orders.delivered(
                    self._book.vault.address,
                    kind,
                    deliveries,
                    actor=WORKER,
                    evidence=to_hex(found[0].log.tx_hash),
                )
                _log(moved, log)

    def _released(self, tx: Transaction, event: events.Released, log: RunLog) -> None:
        evidence = to_hex(event.log.tx_hash)
        for kind, amount in (
            (OrderKind.SUBSCRIPTION, event.shares),
            (OrderKind.FUND_REDEMPTION, event.assets),
        ):
            if amount:
                delivery = Delivery(event.controller, amount)
                moved = tx.fund_orders.released(
                    self._book.vault.address, kind, delivery, actor=WORKER, evidence=evidence
                )
                _log(moved, log)
        name = f"case/{self._book.vault.address}/{to_hex(event.case_id)}"
        try:
            record = tx.record_book.get(name)
        except NotFound:
            record = None
        if record is None or record.state is not RecordState.CONFIRMED:
            log.alarms.append(
                SettlementMismatch(
                    f"{event.assets} assets and {event.shares} shares of {event.controller} left the "
                    f"quarantine under case {to_hex(event.case_id)}, which two people here didn't confirm",
                    wallet=event.controller,
                )
            )
            tx.alerts.open([_unconfirmed(event)], actor=WORKER)
        else:
            self._step(tx, record, RecordState.RELEASED, {"transaction": evidence}, event)


# An event takes effect once, whoever reads it: what is wrong with it is on record, and not only in a report.


def _without_statement(event: events.DaySettled, day: SettledDay) -> Alert:
    return Alert(
        "settled_without_statement",
        f"{event.log.address}/{event.day}",
        Severity.HIGH,
        f"dealing day {event.day} was settled at a value whose statement the ledger never received",
        {"vault": event.log.address, "day": event.day, "statement": to_hex(day.report)},
    )


def _unconfirmed(event: events.Released) -> Alert:
    transaction = to_hex(event.log.tx_hash)
    return Alert(
        "released_unconfirmed",
        f"{transaction}/{event.log.log_index}",
        Severity.CRITICAL,
        "a quarantine was released under a case that two people here didn't confirm",
        {"vault": event.log.address, "case": to_hex(event.case_id), "transaction": transaction},
    )


def _given(
    found: Sequence[ContractEvent], kind: type[ContractEvent], owner: str, unit: str
) -> tuple[Counter[str], Counter[str]]:
    """By wallet, how much of `unit` (shares or assets) was delivered, and how much put in quarantine.

    What was released to be redeemed and cancelled goes back to quarantine: no order was due that.
    """
    cancelled = {event.controller for event in found if isinstance(event, events.CancelRedeemRequest)}
    given: Counter[str] = Counter()
    held: Counter[str] = Counter()
    for event in found:
        if isinstance(event, kind):
            given[getattr(event, owner)] += getattr(event, unit)
        elif isinstance(event, events.Quarantined) and event.controller not in cancelled:
            held[event.controller] += getattr(event, unit)
    return given, held


def _announcement(cut_off: int | None, day: str | None) -> dict[str, Any]:
    return {"cut_off": cut_off, "date": day}


def _log(orders: Iterable[FundOrder], log: RunLog) -> None:
    for order in orders:
        if order.state in (State.SETTLED, State.QUARANTINED):
            log.changed([order.id], order.state)
