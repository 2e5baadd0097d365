"""The events that prove what a transaction did: an order moves on because of them and of nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, is_dataclass
from enum import Enum
from typing import Any

from toolkit.bindings.events import (
    ContractEvent,
    OrderExecuted,
    RedemptionAccepted,
    RedemptionPaid,
    RedemptionRejected,
    RedemptionRequested,
    Transfer,
)
from toolkit.bindings.fund_events import DepositRequest, RedeemRequest
from toolkit.bindings.vault import FundVault
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes
from toolkit.chain.client import Receipt
from toolkit.chain.hexes import keccak, to_hex
from toolkit.desk.context import DeskContext
from toolkit.errors import EventMissing
from toolkit.ledger.machines import OrderKind
from toolkit.ledger.records import ChainEvent, FundOrder, MintOrder, RedemptionOrder

__all__ = [
    "Minted",
    "minted_in",
    "payment_hash",
    "prove_acceptance",
    "prove_escrow",
    "prove_mint",
    "prove_payouts",
    "prove_rejection",
    "prove_requests",
    "recorded",
    "redemption_reference",
    "requested",
]


_NOBODY = "0x" + "0" * 64


@dataclass(frozen=True, slots=True)
class Minted:
    """What an order number brought: `amount` base units to `wallet`, in the transaction `tx_hash`."""

    number: int
    wallet: str
    amount: int
    tx_hash: bytes

    def is_of(self, order: MintOrder) -> bool:
        """Whether this is what the order asked for, to the last unit."""
        return (self.number, self.wallet, self.amount) == (order.number, order.wallet, order.base_units)


def redemption_reference(order: RedemptionOrder) -> bytes:
    """What ties a request on chain to the order: the Keccak-256 of the order's id."""
    return keccak(order.id.encode())


def payment_hash(reference: str) -> bytes:
    """What the chain keeps of the bank's payment reference: its Keccak-256."""
    return keccak(reference.encode())


def minted_in(context: DeskContext, receipt: Receipt) -> dict[int, Minted]:
    """Order numbers executed in a transaction: the n-th OrderExecuted belongs to the n-th mint.

    Raises EventMissing if they don't pair.
    """
    return {
        number: Minted(number, address_from_bytes(wallet), amount, receipt.tx_hash)
        for number, wallet, amount in _mints(context, receipt)
    }


def prove_mint(context: DeskContext, orders: Sequence[MintOrder], receipt: Receipt) -> None:
    """That exactly these orders were minted, each to its wallet, to the last unit. Raises EventMissing."""
    if _words_of_mints(context, receipt) == _words_of_orders(orders):
        return  # as it nearly always is, in a fraction of the time
    found = _mints(context, receipt)
    wanted = [(order.number, bytes.fromhex(order.wallet[2:]), order.base_units) for order in orders]
    if sorted(found) != sorted(wanted):
        raise _missing(receipt, f"the mints {wanted}, but with {found}")


_Words = tuple[list[str], list[tuple[str, str]]]
"""Order numbers, and recipients with their amounts, as a log has them: 0x and 64 hexadecimal digits."""


def _words_of_mints(context: DeskContext, receipt: Receipt) -> _Words:
    """What `_mints` reads, unread."""
    market, token = context.market.address.lower(), context.token.address.lower()
    executed, transfer = to_hex(OrderExecuted.topic0()), to_hex(Transfer.topic0())
    numbers: list[str] = []
    mints: list[tuple[str, str]] = []
    for address, topics, data in receipt.logs.words:
        if len(topics) != 3:
            continue
        if address == market and topics[0] == executed:
            numbers.append(topics[1])
        elif address == token and topics[0] == transfer and topics[1] == _NOBODY:
            mints.append((topics[2], data))
    return numbers, mints


def _words_of_orders(orders: Sequence[MintOrder]) -> _Words:
    return (
        [f"0x{order.number:064x}" for order in orders],
        [(f"0x{order.wallet[2:].lower():0>64}", f"0x{order.base_units:064x}") for order in orders],
    )


def _mints(context: DeskContext, receipt: Receipt) -> list[tuple[int, bytes, int]]:
    """Number, recipient (20 bytes) and amount of each mint, read by the two events' fixed layout: there are
    hundreds in a receipt. The tests hold it against the general decoder.
    """
    market, token = context.market.address, context.token.address
    executed_topic, transfer_topic = OrderExecuted.topic0(), Transfer.topic0()
    executed: list[int] = []
    mints: list[tuple[bytes, int]] = []
    for log in receipt.logs:
        topics = log.topics
        if len(topics) != 3:
            continue
        if log.address == market and topics[0] == executed_topic:
            executed.append(int.from_bytes(topics[1], "big"))
        elif log.address == token and topics[0] == transfer_topic and not any(topics[1]):
            mints.append((topics[2][12:], int.from_bytes(log.data, "big")))
    if len(executed) != len(mints):
        raise _missing(receipt, f"as many mints ({len(mints)}) as orders executed ({len(executed)})")
    return [(number, *mint) for number, mint in zip(executed, mints, strict=True)]


def prove_escrow(context: DeskContext, order: RedemptionOrder, receipt: Receipt) -> list[RedemptionRequested]:
    """The request of this order. Raises EventMissing."""
    wanted = (redemption_reference(order), order.wallet, order.base_units)
    for event in context.market.events_in(receipt, RedemptionRequested):
        if (event.reference, event.holder, event.amount) == wanted:
            return [event]
    raise _missing(receipt, f"the redemption request of order {order.id}")


def prove_acceptance(
    context: DeskContext, orders: Sequence[RedemptionOrder], receipt: Receipt
) -> list[ContractEvent]:
    """That these redemptions were accepted and as much was burned. Raises EventMissing."""
    accepted = context.market.events_in(receipt, RedemptionAccepted)
    _same(
        receipt,
        {(event.id, event.holder, event.amount) for event in accepted},
        {(order.number, order.wallet, order.base_units) for order in orders},
    )
    burns = [event for event in context.token.events_in(receipt, Transfer) if event.recipient == ZERO_ADDRESS]
    total = sum(order.base_units for order in orders)
    if sum(event.amount for event in burns) != total:
        raise _missing(receipt, f"a burn of {total}")
    return [*accepted, *burns]


def prove_payouts(
    context: DeskContext, paid: Sequence[tuple[RedemptionOrder, str]], receipt: Receipt
) -> list[ContractEvent]:
    """That these payouts, order and payment reference, are on record. Raises EventMissing."""
    events = context.market.events_in(receipt, RedemptionPaid)
    _same(
        receipt,
        {(event.id, event.payment_reference, event.amount) for event in events},
        {(order.number, payment_hash(reference), order.base_units) for order, reference in paid},
    )
    return list(events)


def prove_rejection(
    context: DeskContext, orders: Sequence[RedemptionOrder], receipt: Receipt
) -> list[ContractEvent]:
    """That the escrow of these orders went back. Raises EventMissing."""
    events = context.market.events_in(receipt, RedemptionRejected)
    _same(
        receipt,
        {(event.id, event.holder, event.amount) for event in events},
        {(order.number, order.wallet, order.base_units) for order in orders},
    )
    return list(events)


def prove_requests(
    context: DeskContext, orders: Sequence[FundOrder], receipt: Receipt
) -> list[DepositRequest | RedeemRequest]:
    """The vault's request of each of these orders, in their sequence. Raises EventMissing."""
    events: list[DepositRequest | RedeemRequest] = []
    for order in orders:
        vault = FundVault(context.client, order.vault)
        requests: list[DepositRequest | RedeemRequest] = (
            [*vault.events_in(receipt, DepositRequest)]
            if order.kind is OrderKind.SUBSCRIPTION
            else [*vault.events_in(receipt, RedeemRequest)]
        )
        found = [
            event
            for event in requests
            if (event.controller, event.owner, requested(event))
            == (order.wallet, order.wallet, order.base_units)
        ]
        if not found:
            raise _missing(receipt, f"the request of order {order.id} at vault {order.vault}")
        events.append(found[0])
    return events


def requested(event: DepositRequest | RedeemRequest) -> int:
    """How much a request asks for: coins to subscribe, or shares to redeem, in base units."""
    return event.assets if isinstance(event, DepositRequest) else event.shares


def recorded(event: ContractEvent) -> ChainEvent:
    """The event as the ledger keeps it."""
    log = event.log
    arguments = {item.name: getattr(event, item.name) for item in fields(event) if item.name != "log"}
    return ChainEvent(
        block_hash=to_hex(log.block_hash),
        log_index=log.log_index,
        block_number=log.block_number,
        transaction_hash=to_hex(log.tx_hash),
        address=log.address,
        name=type(event).__name__,
        arguments={
            name: value.value if isinstance(value, Enum) else _flat(value)
            for name, value in arguments.items()
        },
    )


def _flat(value: Any) -> Any:
    """A struct as a mapping."""
    return asdict(value) if is_dataclass(value) and not isinstance(value, type) else value


def _same(receipt: Receipt, found: set[tuple[Any, ...]], wanted: set[tuple[Any, ...]]) -> None:
    if found != wanted:
        raise _missing(receipt, f"the events {sorted(wanted)}, but with {sorted(found)}")


def _missing(receipt: Receipt, what: str) -> EventMissing:
    return EventMissing(
        f"transaction {to_hex(receipt.tx_hash)} was mined in block {receipt.block_number} without {what}: "
        "the orders stay where they are; compare the chain with the ledger",
        tx_hash=to_hex(receipt.tx_hash),
    )
