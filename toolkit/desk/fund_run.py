"""The worker's pass over a fund's orders: what the chain says, then what can be sent, then what is due."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.desk.context import WORKER
from toolkit.desk.fund_book import DEALING_MANAGER
from toolkit.desk.fund_orders import UNSENT
from toolkit.desk.purposes import FUND_REDEMPTION, SUBSCRIPTION
from toolkit.desk.report import RunLog
from toolkit.desk.sorting import acknowledged, screened
from toolkit.errors import ContractReverted, IllegalTransition, LaneBusy
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import FundOrder, MintOrder, SubscriptionOrder

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.desk.flights import Flights
    from toolkit.desk.fund_book import FundBook
    from toolkit.desk.fund_cases import FundCases
    from toolkit.desk.fund_watch import FundWatch, Reading
    from toolkit.ledger.records import Dealing

__all__ = ["PUSHED_AT_ONCE", "FundRun"]

PUSHED_AT_ONCE = 50
"""Controllers in one transaction of claims."""

_CANCELS = ("CancelDeposit", "CancelRedeem")
_ENDED = (State.REJECTED, State.CANCELLED, State.EXPIRED, State.FAILED)


@dataclass(frozen=True, slots=True)
class FundRun:
    """One pass."""

    book: FundBook
    flights: Flights
    watch: FundWatch
    cases: FundCases

    def run(self, log: RunLog, *, push: bool) -> None:
        """See `FundDesk.run`. Raises NodeError and LedgerError."""
        patience = self.book.context.patience.total_seconds()
        refused = self.book.lanes.tend()
        earlier = RunLog()
        self.flights.home.conclude_all(earlier, patience)
        log.changes, log.alarms = earlier.changes, [*earlier.alarms, *refused]
        self.flights.clear()
        reading = self.watch.read(log)
        self._expire(reading, log)
        self._fund(reading, log)
        self._send(reading, log)
        self.flights.home.conclude_all(log, patience)
        self.cases.go_on(log)
        if push:
            self.push(log)
        self.watch.read(log)

    def push(self, log: RunLog) -> None:
        """Hands out, in batches, what settled days brought and what was cancelled."""
        book = self.book
        book.finish_sent()
        for day, wallets in self._shares_due(log).items():
            self._hand_out(wallets, _shares_call(book, day), log)
        self._hand_out(self._assets_due(log), book.vault.push_assets, log)
        self._hand_out(self._cancelled(), book.vault.push_cancelled, log)

    # ------------------------------------------------------------------------------------------------ orders

    # What the vault said about a wallet and isn't on record may be the very order.

    def _expire(self, reading: Reading, log: RunLog) -> None:
        """Ends what is not on chain by its cut-off, once every block before that is final and was read."""
        ledger = self.book.context.ledger
        for kind in (OrderKind.SUBSCRIPTION, OrderKind.FUND_REDEMPTION):
            for order in ledger.orders.expired(kind, UNSENT):
                if not isinstance(order, FundOrder) or order.vault != self.book.vault.address:
                    continue
                over = order.expires_at is not None and reading.until >= order.expires_at.timestamp()
                if over and reading.covers(order.wallet):
                    reason = f"not on chain by the cut-off of {order.dealing_date}"
                    self._step(order, State.EXPIRED, reason, log)

    def _fund(self, reading: Reading, log: RunLog) -> None:
        """`valid` to `funded` where the mint order that pays for it is settled, or the end with it."""
        ledger = self.book.context.ledger
        for order in ledger.fund_orders.find(
            self.book.vault.address, OrderKind.SUBSCRIPTION, [State.REQUESTED, State.VALID]
        ):
            if not isinstance(order, SubscriptionOrder) or order.funded_by is None:
                continue
            if not reading.covers(order.wallet):
                continue
            mint = ledger.orders.get(order.funded_by)
            if mint.state in _ENDED:
                self._step(order, State.EXPIRED, f"the mint order {mint.id} is {mint.state}", log)
            elif mint.state is State.SETTLED and order.state is State.VALID and isinstance(mint, MintOrder):
                self._step(order, State.FUNDED, f"mint order {mint.id}, number {mint.number}", log)

    def _step(self, order: FundOrder, to: State, reason: str, log: RunLog) -> None:
        try:
            self.book.context.ledger.orders.step(
                order.id, to, actor=WORKER, role=Role.OPERATOR, reason=reason
            )
        except IllegalTransition as error:
            log.waits([order.id], error)  # another hand moved it, or its transaction may still land
            return
        log.changed([order.id], to, reason)

    def _send(self, reading: Reading, log: RunLog) -> None:
        """Requests for the wallets that made the desk their operator; the others make their own."""
        book, ledger = self.book, self.book.context.ledger
        now = book.vault.open_day()
        if now is None:
            return
        announced, (number, _) = book.announced(), now
        today = announced.day_of(number)
        operator = book.context.signer("operator").address
        ready = [
            order
            for order in ledger.fund_orders.find(book.vault.address, None, [State.VALID, State.FUNDED])
            if order.flight_id is None
            and reading.covers(order.wallet)
            and order.dealing_date in (None, today)
            and not (isinstance(order, SubscriptionOrder) and order.funded_by and order.state is State.VALID)
            and book.vault.is_operator(order.wallet, operator)
        ]
        for order in acknowledged(book.context, self._eligible(ready, log), log):
            try:
                self.flights.send(_purpose(order), [order.id], _request(book, order), log)
            except (ContractReverted, LaneBusy) as error:
                log.waits([order.id], error)

    def _eligible(self, orders: Sequence[FundOrder], log: RunLog) -> list[FundOrder]:
        """Those that pass every rule of the ledger still; the others are on hold now (trap T10)."""
        orders = screened(self.book.context, orders, log)
        refused = self.book.context.ledger.eligibility.refusals(orders)
        for order in orders:
            if order.id in refused:
                self._step(order, State.ON_HOLD, refused[order.id].message, log)
        return [order for order in orders if order.id not in refused]

    # ------------------------------------------------------------------------------------------------ claims

    def _shares_due(self, log: RunLog) -> dict[int, list[str]]:
        """By the last day that brought a wallet something, the wallets whose shares wait for them."""
        days: dict[str, int] = {}
        for order, items in self._acknowledged(OrderKind.SUBSCRIPTION, log):
            last = max(item.day for item in items)
            days[order.wallet] = max(last, days.get(order.wallet, 0))
        due: dict[int, list[str]] = defaultdict(list)
        for wallet, day in days.items():
            due[day].append(wallet)
        return due

    def _assets_due(self, log: RunLog) -> list[str]:
        found = self._acknowledged(OrderKind.FUND_REDEMPTION, log)
        return list(dict.fromkeys(order.wallet for order, _ in found))

    def _acknowledged(self, kind: OrderKind, log: RunLog) -> list[tuple[FundOrder, list[Dealing]]]:
        """What waits to be handed out, and nothing of another institution's wallet before it has acknowledged
        every order that something comes from (the travel rule): the vault hands a wallet all at once.
        """
        waiting = list(self._waiting(kind))
        orders = [order for order, _ in waiting]
        going = {order.id for order in acknowledged(self.book.context, orders, log)}
        held = {order.wallet for order in orders if order.id not in going}
        return [(order, items) for order, items in waiting if order.wallet not in held]

    def _waiting(self, kind: OrderKind) -> Iterator[tuple[FundOrder, list[Dealing]]]:
        """Orders with what was dealt of them and neither delivered nor put in quarantine."""
        ledger = self.book.context.ledger.fund_orders
        orders = ledger.find(self.book.vault.address, kind, [State.GATED, State.PRICED])
        dealings = ledger.dealings(order.id for order in orders)
        for order in orders:
            items = [item for item in dealings.get(order.id, ()) if item.open]
            if items:
                yield order, items

    def _cancelled(self) -> list[str]:
        """Wallets with a cancelled request that nobody has handed back."""
        left: dict[tuple[str, str, int], None] = {}
        for name in _CANCELS:
            for event in self._events(f"{name}Request"):
                left[name, event["controller"], event["day"]] = None
            for event in self._events(f"{name}Claim"):
                left.pop((name, event["controller"], event["day"]), None)
        return list(dict.fromkeys(wallet for name, wallet, day in left if self._is_left(name, wallet, day)))

    def _is_left(self, name: str, wallet: str, day: int) -> bool:
        """Whether the vault still has it to hand back: it may have gone to quarantine."""
        vault = self.book.vault
        ask = (
            vault.claimable_cancelled_deposit
            if name == "CancelDeposit"
            else vault.claimable_cancelled_redemption
        )
        return ask(day, wallet) > 0

    def _events(self, name: str) -> list[dict[str, Any]]:
        found = self.book.context.ledger.chain_events.find(name=name)
        return [event.arguments for event in found if event.address == self.book.vault.address]

    def _hand_out(self, wallets: Iterable[str], call: Callable[[Sequence[str]], Call], log: RunLog) -> None:
        for some in _portions(list(wallets)):
            try:
                self.book.execute(DEALING_MANAGER, self.book.vault, call(some))
            except (ContractReverted, LaneBusy) as error:
                # A pause passes; who can't be given theirs alone goes to quarantine and holds up nobody.
                log.waits((), error)


def _portions(wallets: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(wallets), PUSHED_AT_ONCE):
        yield wallets[start : start + PUSHED_AT_ONCE]


def _shares_call(book: FundBook, day: int) -> Callable[[Sequence[str]], Call]:
    def call(wallets: Sequence[str]) -> Call:
        return book.vault.push_shares(day, wallets)

    return call


def _purpose(order: FundOrder) -> str:
    return SUBSCRIPTION if order.kind is OrderKind.SUBSCRIPTION else FUND_REDEMPTION


def _request(book: FundBook, order: FundOrder) -> Call:
    request = (
        book.vault.request_deposit if order.kind is OrderKind.SUBSCRIPTION else book.vault.request_redemption
    )
    return request(order.base_units, order.wallet, order.wallet)
