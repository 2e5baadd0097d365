"""The suite's final events, read in the chain's order and handed to the ledger as orders.

Only the events count: an order's number and its mint, a redemption and what became of it, the wallets that
the registry names. Nothing is kept of an order that was handed on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any

from toolkit.bindings import events
from toolkit.bindings.layouts import EventLayout
from toolkit.bindings.structs import InvestorClass, RedemptionStatus, WalletKind
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.hexes import to_hex
from toolkit.countries import country_code
from toolkit.errors import InconsistentNode, InvalidInput
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.recovery import Recovered, RecoveredWallet

if TYPE_CHECKING:
    from toolkit.calendar import BusinessCalendar
    from toolkit.issuance import Issuance

__all__ = ["History"]

_LARGEST = 2**62  # the ledger's numbers; the market takes any
_PORTION = 2_000

_STATES = {
    RedemptionStatus.REQUESTED: State.ESCROWED,
    RedemptionStatus.ACCEPTED: State.BURNED,
    RedemptionStatus.PAID: State.SETTLED,
    RedemptionStatus.CANCELLED: State.CANCELLED,
    RedemptionStatus.REJECTED: State.REJECTED,
    RedemptionStatus.SEIZED: State.CANCELLED,
}


Found = tuple[Sequence[RecoveredWallet], Sequence[Recovered]]
"""Wallets that weren't named before, and orders: the next to be written."""


@dataclass(slots=True)
class _Request:
    """A redemption as far as it was read."""

    holder: str
    amount: int
    at: int
    status: RedemptionStatus
    log: Mapping[str, Any]


@dataclass
class History:
    """Takes the logs in, in the chain's order, and gives orders as soon as their blocks are whole."""

    issuance: Issuance
    calendar: BusinessCalendar
    events: int = 0
    last_number: int = 0
    foreign: list[int] = field(default_factory=list)
    operators: set[str] = field(default_factory=set)
    wallets: dict[str, RecoveredWallet] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    totals: Counter[str] = field(default_factory=Counter)
    requests: dict[int, _Request] = field(default_factory=dict)
    orders: Counter[tuple[str, str]] = field(default_factory=Counter)
    strangers: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        issuance = self.issuance
        known: tuple[tuple[str, type[events.ContractEvent], Callable[..., None]], ...] = (
            (issuance.token.address, events.Transfer, self._transfer),
            (issuance.token.address, events.Discharged, self._discharged),
            (issuance.market.address, events.OrderExecuted, self._executed),
            (issuance.market.address, events.RedemptionRequested, self._requested),
            (issuance.market.address, events.RedemptionAccepted, self._moved(RedemptionStatus.ACCEPTED)),
            (issuance.market.address, events.RedemptionPaid, self._moved(RedemptionStatus.PAID)),
            (issuance.market.address, events.RedemptionCancelled, self._moved(RedemptionStatus.CANCELLED)),
            (issuance.market.address, events.RedemptionRejected, self._moved(RedemptionStatus.REJECTED)),
            (issuance.market.address, events.RedemptionSeized, self._moved(RedemptionStatus.SEIZED)),
            (issuance.registry.address, events.WalletRegistered, self._registered),
            (issuance.registry.address, events.WalletRemoved, self._removed),
        )
        self._handlers: dict[tuple[str, str], tuple[EventLayout, Callable[..., None]]] = {}
        for address, event, handle in known:
            layout = EventLayout(event)
            self._handlers[address.lower(), layout.topic] = layout, handle
        self.topics = {
            address: [topic for known_address, topic in self._handlers if known_address == address]
            for address in dict.fromkeys(address for address, _ in self._handlers)
        }
        self._place = (-1, -1)
        self._time = (-1, 0)
        self._transaction = ""
        self._executed_here: list[tuple[int, Mapping[str, Any]]] = []
        self._minted_here: list[tuple[str, int]] = []
        self._found: list[Recovered] = []
        self._new_wallets: dict[str, RecoveredWallet] = {}
        self._verified: dict[str, datetime | None] = {}

    # ---------------------------------------------------------------------------------------------- the chain

    def portions(self, answers: Iterable[Sequence[Mapping[str, Any]]]) -> Iterator[Found]:
        """What there is to write of all the logs, each answer those of whole blocks.

        Raises InconsistentNode if they don't fit together, InvalidInput for a log that isn't its event's.
        """
        for logs in answers:
            self._read(logs)
            yield self._taken()
        for start in range(0, len(self.requests), _PORTION):
            self._redeemed(islice(self.requests.items(), start, start + _PORTION))
            yield self._taken()

    def _read(self, logs: Sequence[Mapping[str, Any]]) -> None:
        handlers, before = self._handlers, self._place
        written, block = "", -1  # the logs of a block lie together
        for log in logs:
            if log["blockNumber"] != written:
                written = log["blockNumber"]
                block = int(written, 16)
            place = (block, int(log["logIndex"], 16))
            topics = log["topics"]
            known = handlers.get((log["address"].lower(), topics[0] if topics else ""))
            if known is None or place <= before or log.get("removed"):
                raise InconsistentNode(
                    f"log {place[1]} of block {place[0]} wasn't asked for, is out of its sequence or was "
                    "removed: ask another node"
                )
            if log["transactionHash"] != self._transaction:
                self._pair()
                self._transaction = log["transactionHash"]
            before = place
            layout, handle = known
            handle(log, *layout.decode(log))
        self._place = before
        self._pair()
        self.events += len(logs)

    def _redeemed(self, requests: Iterable[tuple[int, _Request]]) -> None:
        """Redemptions, each where it stands."""
        for number, request in requests:
            if request.holder not in self.wallets:
                self.strangers.append(number)
                continue
            due_at = None
            if request.status is RedemptionStatus.REQUESTED:
                due_at = self.calendar.due_after(_instant(request.at), 1)
            self._found.append(
                Recovered(
                    OrderKind.REDEMPTION,
                    number,
                    _STATES[request.status],
                    request.holder,
                    request.amount,
                    _instant(request.at),
                    request.log["transactionHash"],
                    int(request.log["blockNumber"], 16),
                    request.log["blockHash"],
                    due_at,
                )
            )

    def verified(self) -> list[tuple[str, datetime | None]]:
        """Until when investors are verified, as the registry said last: those of whom it changed its mind."""
        until: dict[str, datetime | None] = dict.fromkeys(
            (item.investor for item in self.wallets.values()), None
        )
        for wallet in self.wallets.values():
            known = until[wallet.investor]
            if wallet.verified_until is not None and (known is None or wallet.verified_until > known):
                until[wallet.investor] = wallet.verified_until
        return [(name, at) for name, at in until.items() if self._verified.get(name) != at]

    def _taken(self) -> Found:
        """What was found since the last time."""
        wallets, orders = list(self._new_wallets.values()), self._found
        self._new_wallets, self._found = {}, []
        for (kind, state), count in Counter((order.kind, order.state) for order in orders).items():
            self.orders[kind.value, state.value] += count
        return wallets, orders

    def _pair(self) -> None:
        """The n-th order that a transaction executed is the n-th mint in it."""
        executed, minted = self._executed_here, self._minted_here
        if not executed and not minted:
            return
        if len(executed) != len(minted):
            raise InconsistentNode(
                f"transaction {self._transaction} executed {len(executed)} orders and minted {len(minted)} "
                "times: ask another node"
            )
        log = executed[0][1]
        at, number_of_block, block = (
            _instant(self._seconds(log)),
            int(log["blockNumber"], 16),
            log["blockHash"],
        )
        for (number, _), (wallet, amount) in zip(executed, minted, strict=True):
            if number >= _LARGEST or wallet not in self.wallets:
                self.foreign.append(number)
                continue
            self.last_number = max(self.last_number, number)
            self._found.append(
                Recovered(
                    OrderKind.MINT,
                    number,
                    State.SETTLED,
                    wallet,
                    amount,
                    at,
                    self._transaction,
                    number_of_block,
                    block,
                )
            )
        self._executed_here, self._minted_here = [], []

    def _seconds(self, log: Mapping[str, Any]) -> int:
        """The block's time: most nodes say it with the log."""
        said = log.get("blockTimestamp")
        if said is not None:
            return int(said, 16)
        number = int(log["blockNumber"], 16)
        if self._time[0] != number:
            self._time = number, self.issuance.client.block(number).timestamp
        return self._time[1]

    # ------------------------------------------------------------------------------------------------- events

    def _transfer(self, _: Mapping[str, Any], sender: str, recipient: str, amount: int) -> None:
        balances = self.balances
        if sender == ZERO_ADDRESS:
            self.totals["minted"] += amount
            self._minted_here.append((recipient, amount))
        else:
            balances[sender] = balances.get(sender, 0) - amount
        if recipient == ZERO_ADDRESS:
            self.totals["burned"] += amount
        else:
            balances[recipient] = balances.get(recipient, 0) + amount

    def _discharged(self, _: Mapping[str, Any], amount: int, __: int) -> None:
        self.totals["discharged"] += amount

    def _executed(self, log: Mapping[str, Any], number: int, operator: str) -> None:
        self.operators.add(operator)
        self._executed_here.append((number, log))

    def _requested(
        self, log: Mapping[str, Any], number: int, holder: str, _: bytes, amount: int, __: str
    ) -> None:
        if number in self.requests:
            raise InconsistentNode(f"redemption {number} was requested twice: ask another node")
        self.requests[number] = _Request(
            holder, amount, self._seconds(log), RedemptionStatus.REQUESTED, _proof(log)
        )

    def _moved(self, status: RedemptionStatus) -> Callable[..., None]:
        before = RedemptionStatus.ACCEPTED if status is RedemptionStatus.PAID else RedemptionStatus.REQUESTED

        def move(log: Mapping[str, Any], number: int, *_: Any) -> None:
            request = self.requests.get(number)
            if request is None or request.status is not before:
                raise InconsistentNode(
                    f"redemption {number} became {status.name.lower()} without having been "
                    f"{before.name.lower()}: ask another node"
                )
            request.status, request.log = status, _proof(log)

        return move

    def _registered(
        self,
        _: Mapping[str, Any],
        account: str,
        investor: bytes,
        __: str,
        verified_until: int,
        country: int,
        investor_class: int,
        kind: int,
    ) -> None:
        try:
            jurisdiction = country_code(country)
        except InvalidInput:
            jurisdiction = "ZZ"  # ISO 3166-1 leaves it to users: unknown
        wallet = RecoveredWallet(
            account,
            to_hex(investor),
            InvestorClass(investor_class).name.lower(),
            jurisdiction,
            WalletKind(kind).name.lower(),
            _instant(min(verified_until, _LAST_SECOND)),
        )
        if account not in self.wallets:
            self._new_wallets[account] = wallet
            self._verified.setdefault(wallet.investor, wallet.verified_until)
        self.wallets[account] = wallet

    def _removed(self, _: Mapping[str, Any], account: str, *__: Any) -> None:
        known = self.wallets[account]
        self.wallets[account] = RecoveredWallet(
            known.address, known.investor, known.investor_class, known.jurisdiction, known.kind, None
        )


_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


@lru_cache(maxsize=1024)  # the events of a block share theirs
def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _proof(log: Mapping[str, Any]) -> dict[str, Any]:
    return {name: log[name] for name in ("transactionHash", "blockNumber", "blockHash")}
