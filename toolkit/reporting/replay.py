"""A token's state at a block, added up from its events and from nothing else.

`TokenState` is what any regulated token has: totals, balances, frozen amounts. `CoinState` adds what the
market did: orders executed, redemptions from request to payout. A state can be written down as a checkpoint
and taken up again, so that the next day reads only its own blocks. What happened in the blocks read since the
last checkpoint stands in `CoinWindow`, movement by movement, for comparing with the ledger.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from toolkit.bindings import events
from toolkit.bindings.layouts import EventLayout
from toolkit.chain.abi import selector
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.portions import portions
from toolkit.errors import InconsistentNode
from toolkit.reporting.figures import Flow, SupplyFigures

if TYPE_CHECKING:
    from toolkit.chain.client import Block, Client

__all__ = ["CoinReplay", "CoinState", "CoinWindow", "Movement", "TokenReplay", "TokenState", "replay"]

_BURN_BY_ORDER = selector("burnByOrder(address,uint256,bytes32)")


@dataclass(slots=True)
class TokenState:
    """A token's totals and accounts, in base units. `frozen` is as the contract keeps it: it may exceed the
    balance, and an account frozen as such has the largest amount.
    """

    minted: int = 0
    burned: int = 0
    discharged: int = 0
    balances: dict[str, int] = field(default_factory=dict)
    frozen: dict[str, int] = field(default_factory=dict)

    @property
    def supply(self) -> SupplyFigures:
        return SupplyFigures(minted=self.minted, burned=self.burned, discharged=self.discharged)

    def frozen_of(self, account: str) -> int:
        """What of the account's balance can't move."""
        return min(self.frozen.get(account, 0), self.balances.get(account, 0))

    @property
    def frozen_total(self) -> int:
        return sum(map(self.frozen_of, self.frozen))

    @property
    def holders(self) -> int:
        return sum(1 for balance in self.balances.values() if balance)

    def to_data(self) -> dict[str, Any]:
        """JSON data, amounts as strings, accounts with neither balance nor freeze left out."""
        return {
            "minted": str(self.minted),
            "burned": str(self.burned),
            "discharged": str(self.discharged),
            "balances": {name: str(value) for name, value in sorted(self.balances.items()) if value},
            "frozen": {name: str(value) for name, value in sorted(self.frozen.items()) if value},
        }


@dataclass(slots=True)
class CoinState(TokenState):
    """A coin's state. `requests` are open redemption requests, holder and amount; `accepted` are burned and
    not paid out on chain, by amount; `burned_by_order` is what compliance burned under cases.
    """

    burned_by_order: int = 0
    requests: dict[int, tuple[str, int]] = field(default_factory=dict)
    accepted: dict[int, int] = field(default_factory=dict)

    @property
    def escrowed(self) -> int:
        return sum(amount for _, amount in self.requests.values())

    def to_data(self) -> dict[str, Any]:
        return {
            # Dataclasses with slots are made anew, and `super()` without arguments means the old one.
            **TokenState.to_data(self),
            "burned_by_order": str(self.burned_by_order),
            "requests": {
                str(key): [who, str(amount)] for key, (who, amount) in sorted(self.requests.items())
            },
            "accepted": {str(key): str(amount) for key, amount in sorted(self.accepted.items())},
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> CoinState:
        """The state that `to_data` wrote."""
        return cls(
            **_token_fields(data),
            burned_by_order=int(data["burned_by_order"]),
            requests={int(key): (who, int(amount)) for key, (who, amount) in data["requests"].items()},
            accepted={int(key): int(amount) for key, amount in data["accepted"].items()},
        )


def _token_fields(data: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **{name: int(data[name]) for name in ("minted", "burned", "discharged")},
        **{name: {k: int(v) for k, v in data[name].items()} for name in ("balances", "frozen")},
    }


@dataclass(frozen=True, slots=True)
class Movement:
    """One thing that the chain did in the window: `number` is the order's or the redemption's, `account`
    whose tokens they are, each None where the events don't say; `units` are base units.
    """

    number: int | None
    account: str | None
    units: int
    transaction: str
    block_number: int


@dataclass(slots=True)
class CoinWindow:
    """What the blocks of the window held. `strays` are mints and burns that belong to no order, acceptance or
    case: they should be impossible, and each is critical.
    """

    mints: list[Movement] = field(default_factory=list)
    burns: list[Movement] = field(default_factory=list)
    payouts: list[Movement] = field(default_factory=list)
    by_order: list[Movement] = field(default_factory=list)
    stray_mints: list[Movement] = field(default_factory=list)
    stray_burns: list[Movement] = field(default_factory=list)
    recovered: list[Movement] = field(default_factory=list)


def flow(movements: Sequence[Movement]) -> Flow:
    """The sum of movements and their number."""
    return Flow(units=sum(item.units for item in movements), count=len(movements))


Handler = Callable[..., None]


class TokenReplay:
    """Adds up the events of one token, on top of `state`."""

    def __init__(self, address: str, state: TokenState | None = None) -> None:
        self.state = TokenState() if state is None else state
        self._place = (-1, -1)
        self._handlers: dict[tuple[str, str], tuple[EventLayout, Handler]] = {}
        self._listen(address, events.Transfer, self._transfer)
        self._listen(address, events.Frozen, self._frozen)

    @property
    def topics(self) -> dict[str, list[str]]:
        """The first topics that are read, by contract."""
        found: dict[str, list[str]] = {}
        for address, topic in self._handlers:
            found.setdefault(address, []).append(topic)
        return found

    def read(self, logs: Sequence[Mapping[str, Any]]) -> None:
        """The logs of whole blocks, as the node's JSON has them. Raises InconsistentNode, InvalidInput."""
        for log in logs:
            place = (int(log["blockNumber"], 16), int(log["logIndex"], 16))
            topics = log["topics"]
            known = self._handlers.get((log["address"].lower(), topics[0] if topics else ""))
            if known is None or place <= self._place or log.get("removed"):
                raise InconsistentNode(
                    f"log {place[1]} of block {place[0]} wasn't asked for, is out of its sequence or was "
                    "removed: ask another node",
                    block_number=place[0],
                )
            self._place = place
            layout, handle = known
            handle(log, *layout.decode(log))
        self.finish()

    def finish(self) -> None:
        """The blocks read so far are whole."""

    def _listen(self, address: str, event: type[events.ContractEvent], handle: Handler) -> None:
        layout = EventLayout(event)
        self._handlers[address.lower(), layout.topic] = layout, handle

    def _transfer(self, log: Mapping[str, Any], sender: str, recipient: str, amount: int) -> None:
        state, balances = self.state, self.state.balances
        if sender == ZERO_ADDRESS:
            state.minted += amount
        else:
            left = balances.get(sender, 0) - amount
            if left < 0:
                raise InconsistentNode(
                    f"{sender} sent more than it held in transaction {log['transactionHash']}: transfers are "
                    "missing; read from the first block, or ask another node"
                )
            balances[sender] = left
        if recipient == ZERO_ADDRESS:
            state.burned += amount
        else:
            balances[recipient] = balances.get(recipient, 0) + amount

    def _frozen(self, _: Mapping[str, Any], account: str, amount: int) -> None:
        self.state.frozen[account] = amount


class CoinReplay(TokenReplay):
    """Adds up the coin's events and the market's, and keeps the window's movements."""

    def __init__(self, token: str, market: str, state: CoinState | None = None) -> None:
        coin = CoinState() if state is None else state
        super().__init__(token, coin)
        self.coin = coin
        self.window = CoinWindow()
        self._transaction = ""
        self._executed: list[int] = []
        self._minted: list[Movement] = []
        self._burned: list[Movement] = []
        self._explained = 0
        self._listen(token, events.Discharged, self._discharged)
        self._listen(token, events.ForcedTransfer, self._forced)
        self._listen(token, events.CaseActed, self._case)
        self._listen(market, events.OrderExecuted, self._order)
        self._listen(market, events.RedemptionRequested, self._requested)
        self._listen(market, events.RedemptionAccepted, self._accepted)
        self._listen(market, events.RedemptionPaid, self._paid)
        for ended in (events.RedemptionCancelled, events.RedemptionRejected, events.RedemptionSeized):
            self._listen(market, ended, self._ended)

    def finish(self) -> None:
        """Within a transaction the n-th order executed is the n-th mint; burns equal what explains them."""
        executed, minted, window = self._executed, self._minted, self.window
        if len(executed) == len(minted):
            window.mints += [
                Movement(number, item.account, item.units, item.transaction, item.block_number)
                for number, item in zip(executed, minted, strict=True)
            ]
        else:
            window.stray_mints += minted
        if sum(item.units for item in self._burned) != self._explained:
            window.stray_burns += self._burned
        self._executed, self._minted, self._burned, self._explained = [], [], [], 0

    def _begin(self, log: Mapping[str, Any]) -> None:
        if log["transactionHash"] != self._transaction:
            self.finish()
            self._transaction = log["transactionHash"]

    def _movement(
        self, log: Mapping[str, Any], number: int | None, account: str | None, units: int
    ) -> Movement:
        return Movement(number, account, units, log["transactionHash"], int(log["blockNumber"], 16))

    def _transfer(self, log: Mapping[str, Any], sender: str, recipient: str, amount: int) -> None:
        self._begin(log)
        super()._transfer(log, sender, recipient, amount)
        if sender == ZERO_ADDRESS:
            self._minted.append(self._movement(log, None, recipient, amount))
        if recipient == ZERO_ADDRESS:
            self._burned.append(self._movement(log, None, sender, amount))

    def _discharged(self, log: Mapping[str, Any], amount: int, _: int) -> None:
        self._begin(log)
        self.state.discharged += amount

    def _forced(self, log: Mapping[str, Any], sender: str, _: str, amount: int) -> None:
        self._begin(log)
        self.window.recovered.append(self._movement(log, None, sender, amount))

    def _case(
        self, log: Mapping[str, Any], _: bytes, account: str, __: str, action: bytes, amount: int
    ) -> None:
        self._begin(log)
        if action == _BURN_BY_ORDER:
            self._explained += amount
            self.coin.burned_by_order += amount
            self.window.by_order.append(self._movement(log, None, account, amount))

    def _order(self, log: Mapping[str, Any], number: int, _: str) -> None:
        self._begin(log)
        self._executed.append(number)

    def _requested(
        self, log: Mapping[str, Any], number: int, holder: str, _: bytes, amount: int, __: str
    ) -> None:
        self._begin(log)
        self.coin.requests[number] = (holder, amount)

    def _accepted(self, log: Mapping[str, Any], number: int, _: str, holder: str, amount: int) -> None:
        self._begin(log)
        self._explained += amount
        self._take(self.coin.requests, number)
        self.coin.accepted[number] = amount
        self.window.burns.append(self._movement(log, number, holder, amount))

    def _paid(self, log: Mapping[str, Any], number: int, _: str, __: bytes, amount: int) -> None:
        self._begin(log)
        self._take(self.coin.accepted, number)
        self.window.payouts.append(self._movement(log, number, None, amount))

    def _ended(self, log: Mapping[str, Any], number: int, *_: Any) -> None:
        self._begin(log)
        self._take(self.coin.requests, number)

    def _take(self, known: dict[int, Any], number: int) -> None:
        if known.pop(number, None) is None:
            raise InconsistentNode(
                f"redemption {number} moved on without having been there: events are missing; read from the "
                "first block, or ask another node",
                redemption=number,
            )


def replay(reader: TokenReplay, client: Client, *, after: int, block: Block) -> None:
    """Reads the logs of the blocks after number `after`, up to and including `block`.

    Raises NodeError; InconsistentNode when `block` is no longer what it was once everything was read.
    """
    with closing(portions(client, reader.topics, after + 1, block)) as answers:
        for logs in answers:
            reader.read(logs)
    if client.block(block.number).hash != block.hash:
        raise InconsistentNode(
            f"block {block.number} was replaced while its chain was read: ask again",
            block_number=block.number,
        )
