"""The monitor: reads final blocks from where it stopped, lets the rules look, and records what they find.

Alerts, incidents, the running totals and the cursor are written in one transaction a stretch: killed at any
point it begins again there, and finds nothing twice.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from toolkit.bindings.events import OrderExecuted, Transfer
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.compliance.overdue import overdue_cases
from toolkit.compliance.rules import (
    AT_AN_INSTANT,
    ON_EVENTS,
    Attestation,
    Executed,
    Limit,
    MonitorSettings,
    Moved,
    Now,
    Ordered,
    Redemption,
    Seen,
    Supply,
)
from toolkit.errors import NodeRejected
from toolkit.ledger.alerts import Alert, Severity
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.records import LedgerRecord, MintOrder, RedemptionOrder

if TYPE_CHECKING:
    from toolkit.bindings.regulated_token import RegulatedToken
    from toolkit.chain.client import Block
    from toolkit.chain.logs import Log
    from toolkit.fund import Fund
    from toolkit.issuance import Issuance
    from toolkit.ledger.ledger import Ledger, Transaction
    from toolkit.ledger.records import Cursor

__all__ = ["WORKER", "Monitor", "MonitorReport"]

WORKER = "desk-worker"
"""The person whom a desk's ledger knows its worker as."""

_STRETCH = 5_000  # blocks
_UNPAID = (State.VALID, State.ESCROWED, State.APPROVED, State.BURNED, State.ON_HOLD)


@dataclass(frozen=True, slots=True)
class MonitorReport:
    """What a run did: the last block it read, how many events, and the alerts that are new."""

    block: int
    events: int
    alerts: tuple[LedgerRecord, ...]


class Monitor:
    """The rules over one coin's suite and its funds.

    `operators` are the accounts whose limits are watched; `calendar` says which day it is for a case's review
    (Hong Kong's, if not given). `worker` is the person that alerts are opened by,
    an `OPERATOR` of the ledger.
    """

    def __init__(
        self,
        issuance: Issuance,
        ledger: Ledger,
        *,
        funds: Sequence[Fund] = (),
        settings: MonitorSettings | None = None,
        operators: Sequence[str] = (),
        calendar: BusinessCalendar | None = None,
        worker: str = WORKER,
    ) -> None:
        self._issuance = issuance
        self._ledger = ledger
        self._settings = settings or MonitorSettings()
        self._operators = tuple(operators)
        self._calendar = calendar or BusinessCalendar.load("hong-kong")
        self._worker = worker
        classes = [item for fund in funds for item in fund.classes.values()]
        self._tokens: dict[str, RegulatedToken] = {
            issuance.token.address: issuance.token,
            **{item.share.address: item.share for item in classes},
        }
        self._feeds = [issuance.feed, *(item.feed for item in classes)]
        self._exempt = frozenset(
            {
                issuance.market.address,
                *(vault.address for item in classes for vault in item.vaults.values()),
                *(item.address for fund in funds for item in fund.distributions.values()),
            }
        )
        self._first = min(issuance.record.first_block, *(fund.record.first_block for fund in funds), 2**62)
        self._cursor = f"monitor {issuance.market.address}"

    def run(self) -> MonitorReport:
        """Reads up to the last final block and looks at how things stand there.

        Raises NodeError and LedgerError; what was read before stays read.
        """
        final = self._issuance.client.finalized_block()
        reached = self._ledger.cursors.get(self._cursor)
        fresh: list[LedgerRecord] = []
        if reached is not None and self._is_gone(reached, final):
            fresh += self._begin_again(reached)
            reached = None
        start, events = self._first if reached is None else reached.block_number + 1, 0
        while start <= final.number:
            end = min(start + _STRETCH - 1, final.number)
            block = final if end == final.number else self._issuance.client.block(end)
            count, opened = self._read(start, block, is_last=end == final.number)
            events += count
            fresh += opened
            start = end + 1
        now = self._now(final)
        found = [alert for rule in AT_AN_INSTANT for alert in rule(now, self._settings)]
        fresh += self._ledger.alerts.open(found, actor=self._worker)
        return MonitorReport(final.number, events, tuple(fresh))

    # ------------------------------------------------------------------------------------------------ events

    def _read(self, start: int, last: Block, *, is_last: bool) -> tuple[int, tuple[LedgerRecord, ...]]:
        """One stretch of blocks."""
        issuance = self._issuance
        addresses = [issuance.market.address, *self._tokens]
        logs = issuance.client.logs(
            addresses, [[Transfer.topic0(), OrderExecuted.topic0()]], start, last.number
        )
        moved, executed = tuple(_moves(logs, self._tokens)), tuple(_executions(logs, issuance.market.address))
        totals = self._ledger.monitor_totals.all() if start > self._first else {}
        running = _added(totals, moved)
        supplies = tuple(self._supplies(running, last)) if is_last else ()
        seen = self._seen(moved, executed, supplies)
        found = [alert for rule in ON_EVENTS for alert in rule(seen, self._settings)]
        for supply in supplies:
            # A drift is told once; from here on only a new one is.
            running[supply.token] = supply.reported
        with self._ledger.transaction() as tx:
            opened = self._open(tx, found)
            tx.monitor_totals.set(running)
            tx.cursors.set(self._cursor, block_number=last.number, block_hash=to_hex(last.hash))
        return len(moved) + len(executed), opened

    def _open(self, tx: Transaction, found: Sequence[Alert]) -> tuple[LedgerRecord, ...]:
        opened = tx.alerts.open(found, actor=self._worker)
        new = {item.id for item in opened}
        for alert in found:
            if alert.stops_minting and alert.record in new:
                details = {**alert.facts, "alert": alert.record, "transactions": []}
                tx.incidents.open(alert.rule, alert.summary, details)
        return opened

    def _seen(
        self, moved: tuple[Moved, ...], executed: tuple[Executed, ...], supplies: tuple[Supply, ...]
    ) -> Seen:
        ledger = self._ledger
        accounts = {account for item in moved for account in (item.sender, item.recipient)}
        accounts -= self._exempt | {ZERO_ADDRESS}
        numbers = sorted({item.number for item in executed})
        orders = ledger.orders.by_numbers(OrderKind.MINT, numbers)
        return Seen(
            coin=self._issuance.token.address,
            moved=moved,
            executed=executed,
            orders={
                order.number: Ordered(order.wallet, order.base_units)
                for order in orders
                if isinstance(order, MintOrder)
            },
            known=frozenset(ledger.investors.known_wallets(sorted(accounts))),
            exempt=self._exempt,
            listed=ledger.lists.matching(sorted(accounts)),
            supplies=supplies,
        )

    def _supplies(self, running: Counter[str], block: Block) -> Iterator[Supply]:
        for address, token in self._tokens.items():
            yield Supply(address, running[address], token.total_supply(block=block), block.number)

    # ----------------------------------------------------------------------------------------- reorganisation

    def _is_gone(self, cursor: Cursor, final: Block) -> bool:
        """Whether the block read last, which was final, is no longer part of the chain."""
        if cursor.block_number > final.number:
            return False  # the node is behind: there is nothing to read yet
        try:
            block = self._issuance.client.block(cursor.block_number)
        except NodeRejected:
            return False
        return block.hash != from_hex(cursor.block_hash)

    def _begin_again(self, cursor: Cursor) -> tuple[LedgerRecord, ...]:
        """Everything is read once more: what was found before is on record, and isn't found twice."""
        alert = Alert(
            "chain_rewritten",
            cursor.block_hash,
            Severity.CRITICAL,
            f"block {cursor.block_number} was final and is gone: the monitor reads everything again",
            {"block": cursor.block_number, "hash": cursor.block_hash},
            stops_minting=True,
        )
        with self._ledger.transaction() as tx:
            opened = self._open(tx, [alert])
            tx.monitor_totals.set({})
        return opened

    # --------------------------------------------------------------------------------------------- an instant

    def _now(self, block: Block) -> Now:
        unpaid = self._ledger.orders.find(kind=OrderKind.REDEMPTION, state=_UNPAID)
        market, at = self._issuance.market, self._ledger.clock.now()
        return Now(
            at=at,
            attestations=tuple(self._attestations(block)),
            redemptions=tuple(
                Redemption(order.id, order.due_at)
                for order in unpaid
                if isinstance(order, RedemptionOrder) and order.due_at is not None
            ),
            limits=tuple(
                Limit(operator, found.limit, found.available)
                for operator in self._operators
                for found in [market.operator_limit(operator, block=block)]
            ),
            cases=overdue_cases(self._ledger, self._settings.freezes, at, self._calendar.local_date(at)),
        )

    def _attestations(self, block: Block) -> Iterator[Attestation]:
        for feed in self._feeds:
            number = feed.latest_round(block=block)
            as_of = None
            if number:
                as_of = datetime.fromtimestamp(feed.round(number, block=block).as_of, UTC)
            yield Attestation(
                feed.address, number, as_of, feed.max_age(block=block), feed.suspended(block=block)
            )


def _moves(logs: Sequence[Log], tokens: dict[str, RegulatedToken]) -> Iterator[Moved]:
    for log in logs:
        if log.address in tokens and log.topics[0] == Transfer.topic0():
            event = Transfer.from_log(log)
            yield Moved(
                log.address, event.sender, event.recipient, event.amount, to_hex(log.tx_hash), log.log_index
            )


def _executions(logs: Sequence[Log], market: str) -> Iterator[Executed]:
    for log in logs:
        if log.address == market and log.topics[0] == OrderExecuted.topic0():
            yield Executed(OrderExecuted.from_log(log).number, to_hex(log.tx_hash), log.log_index)


def _added(totals: dict[str, int], moved: Sequence[Moved]) -> Counter[str]:
    """The supplies after these transfers. They may only be wrong, never negative by themselves."""
    running = Counter(totals)
    for item in moved:
        if item.sender == ZERO_ADDRESS:
            running[item.token] += item.amount
        if item.recipient == ZERO_ADDRESS:
            running[item.token] -= item.amount
    return running
