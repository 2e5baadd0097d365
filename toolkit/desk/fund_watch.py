"""Reads the vault's final events, and puts them and their effects on record.

Events are read in the chain's order up to the last final block, and each takes effect once, in the ledger
transaction that stores it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from toolkit.bindings import fund_events as events
from toolkit.chain.hexes import to_hex
from toolkit.desk.errors import NotOnRecord, SettlementMismatch, UnknownRequest
from toolkit.desk.fund_effects import FundEffects
from toolkit.desk.fund_settling import settled_day
from toolkit.desk.proofs import recorded
from toolkit.desk.report import RunLog
from toolkit.errors import IllegalTransition, InvalidInput
from toolkit.ledger.errors import NotFound

if TYPE_CHECKING:
    from toolkit.bindings.event import ContractEvent
    from toolkit.chain.client import Block
    from toolkit.chain.logs import Log
    from toolkit.desk.fund_book import FundBook

__all__ = ["FundWatch", "Reading"]

_KINDS: tuple[type[ContractEvent], ...] = (
    events.DaysAnnounced,
    events.DayClosed,
    events.DaySettled,
    events.DepositRequest,
    events.RedeemRequest,
    events.CancelDepositRequest,
    events.CancelRedeemRequest,
    events.CancelDepositClaim,
    events.CancelRedeemClaim,
    events.Deposit,
    events.Withdraw,
    events.Quarantined,
    events.Released,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is on record of the vault: all that its events up to the time `until` (Unix seconds) say, but of
    the wallets in `unread`, about which it said something behind the place where the reading stopped; or of
    no wallet, where the node is `behind` what was read before.
    """

    until: int
    unread: frozenset[str] = frozenset()
    behind: bool = False

    def covers(self, wallet: str) -> bool:
        """Whether what the vault said about the wallet is on record."""
        return not self.behind and wallet not in self.unread


class FundWatch:
    """Reads one vault."""

    def __init__(self, book: FundBook) -> None:
        self._book = book
        self._context = book.context
        self._cursor = f"fund {book.vault.address}"
        self._effects = FundEffects(book)
        self._by_topic = {kind.topic0(): kind for kind in _KINDS}

    def read(self, log: RunLog) -> Reading:
        """Takes in whatever has become final. What doesn't fit stops the reading there, with an alarm.

        Raises NodeError, LedgerError.
        """
        client, ledger = self._context.client, self._context.ledger
        reached = ledger.cursors.get(self._cursor)
        first = self._book.first_block if reached is None else reached.block_number + 1
        final = client.finalized_block()
        if final.number < first:
            return Reading(final.timestamp, behind=final.number < first - 1)
        found = client.logs(self._book.vault.address, [list(self._by_topic)], first, final)
        for _, group in groupby(found, key=lambda item: item.tx_hash):
            items = list(group)
            if self._is_flying(items[0]) or not self._taken_in(items, log):
                self._reached(client.block(items[0].block_number - 1))
                left = (self._decoded(item) for item in found[found.index(items[0]) :])
                return Reading(final.timestamp, frozenset(item for event in left for item in _wallets(event)))
        self._reached(final)
        return Reading(final.timestamp)

    def read_after(self, done: str, on_record: Callable[[], bool]) -> None:
        """Takes in what was just done on chain. Raises NotOnRecord if it can't be yet."""
        log = RunLog()
        self.read(log)
        try:
            found = on_record()
        except NotFound:
            found = False
        if not found:
            reasons = [str(item) for item in [*log.alarms, *(waiting.error for waiting in log.waiting)]]
            raise NotOnRecord(
                f"{done}, and that is not on record yet: don't do it again; "
                + ("; ".join(reasons) or "run the fund's worker"),
                alarms=reasons,
            )

    # ----------------------------------------------------------------------------------------------- reading

    def _decoded(self, log: Log) -> ContractEvent:
        return self._by_topic[log.topics[0]].from_log(log)

    def _is_flying(self, log: Log) -> bool:
        """Whether a flight of this desk's brought the log and is still to be concluded: its end says it."""
        try:
            record = self._context.ledger.transactions.get(to_hex(log.tx_hash))
        except NotFound:
            return False
        if record.flight_id is None:
            return False
        return self._context.ledger.flights.get(record.flight_id).state == "flying"

    def _reached(self, block: Block) -> None:
        if block.number >= self._book.first_block:
            self._context.ledger.cursors.set(
                self._cursor, block_number=block.number, block_hash=to_hex(block.hash)
            )

    def _taken_in(self, logs: Sequence[Log], log: RunLog) -> bool:
        """Whether the logs of one transaction are on record now."""
        fresh = self._unrecorded(logs)
        told = RunLog()
        try:
            self._take_in([self._decoded(item) for item in fresh], told)
        except (SettlementMismatch, UnknownRequest, InvalidInput, IllegalTransition) as error:
            if self._unrecorded(fresh):
                log.alarms.append(error)
                return False
            return True  # another worker took them in meanwhile, which is why they fit no more
        log.add(told)
        return True

    def _unrecorded(self, logs: Sequence[Log]) -> list[Log]:
        known = self._context.ledger.chain_events.known([_place(item) for item in logs])
        return [item for item in logs if _place(item) not in known]

    def _take_in(self, found: Sequence[ContractEvent], log: RunLog) -> None:
        """Those of a transaction's events that weren't on record when they were looked up."""
        settled = {
            item.day: settled_day(self._book, item) for item in found if isinstance(item, events.DaySettled)
        }
        with self._context.ledger.transaction() as tx:
            recorded_now = tx.chain_events.record([recorded(item) for item in found])
            taken = {(item.block_hash, item.log_index) for item in recorded_now}
            fresh = [item for item in found if _place(item.log) in taken]
            self._effects.apply(tx, fresh, settled, log)


def _wallets(event: ContractEvent) -> list[str]:
    """Whom an event is about."""
    named = (getattr(event, name, None) for name in ("controller", "owner", "sender"))
    return [wallet for wallet in named if wallet is not None]


def _place(log: Log) -> tuple[str, int]:
    return to_hex(log.block_hash), log.log_index
