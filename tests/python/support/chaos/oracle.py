"""What has to be true at the end of every schedule, read from the chain and the ledger side by side.

The chain is read from the node itself, past the proxy, and the amounts from the token's own transfers.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass

from support.chaos.world import World

from toolkit.bindings.events import OrderExecuted, RedemptionPaid, Transfer
from toolkit.chain.client import Transaction
from toolkit.chain.hexes import to_hex
from toolkit.desk import Desk
from toolkit.errors import ContractReverted, LedgerTampered
from toolkit.issuance import Issuance
from toolkit.ledger import MintOrder, OrderKind, RedemptionOrder, State

NOBODY = "0x" + "0" * 40
_ENDED = {State.ON_HOLD, State.EXPIRED, State.CANCELLED, State.REJECTED, State.FAILED}
_UNLANDED = {"refused", "replaced", "reverted"}


@dataclass(frozen=True)
class Chain:
    """What the chain says has happened since the world was made."""

    minted: dict[int, list[tuple[str, int]]]
    paid: Counter[int]
    mined: dict[str, bool]
    reverted: dict[str, str]


def read_chain(coin: Issuance, first: int, senders: set[str]) -> Chain:
    """By events and receipts after block `first`. `mined` says whether each of the desk's succeeded."""
    minted: dict[int, list[tuple[str, int]]] = defaultdict(list)
    by_tx: dict[bytes, list[OrderExecuted]] = defaultdict(list)
    credited: dict[bytes, list[Transfer]] = defaultdict(list)
    for executed in coin.market.events(OrderExecuted, from_block=first, to_block="latest"):
        by_tx[executed.log.tx_hash].append(executed)
    for transfer in coin.token.events(Transfer, from_block=first, to_block="latest"):
        if transfer.sender == NOBODY:
            credited[transfer.log.tx_hash].append(transfer)
    for tx_hash in by_tx.keys() | credited.keys():
        pairs = zip(by_tx[tx_hash], credited[tx_hash], strict=True)
        for executed, transfer in pairs:
            minted[executed.number].append((transfer.recipient, transfer.amount))
    paid = Counter(
        event.id for event in coin.market.events(RedemptionPaid, from_block=first, to_block="latest")
    )
    mined, reverted = {}, {}
    for number in range(first, coin.client.block("latest").number + 1):
        for transaction in coin.client.transactions_in(number):
            if transaction.sender in senders:
                receipt = coin.client.receipt(transaction.hash)
                succeeded = receipt is not None and receipt.succeeded
                mined[to_hex(transaction.hash)] = succeeded
                if receipt is not None and not succeeded:
                    why = _why(coin, transaction, number)
                    reverted[to_hex(transaction.hash)] = f"gas {receipt.gas_used} of {transaction.gas}, {why}"
    return Chain(dict(minted), paid, mined, reverted)


def _why(coin: Issuance, transaction: Transaction, block: int) -> str:
    try:
        coin.client.replay(transaction, block=block - 1)
    except ContractReverted as error:
        return f"{type(error).__name__}: {error.message}"
    return "and not when executed again on the block before"


def anomalies(world: World, coin: Issuance, desk: Desk, sent: set[str], senders: set[str]) -> list[str]:
    """Everything that is wrong, in words; none is what the campaign is to show."""
    chain = read_chain(coin, world.first_block + 1, senders)
    orders = desk.orders()
    mints = [order for order in orders if isinstance(order, MintOrder)]
    redemptions = [order for order in orders if isinstance(order, RedemptionOrder)]
    found = [
        *_mints(world, mints, chain),
        *_redemptions(desk, redemptions, chain),
        *_transactions(desk, chain, sent, world.first_block),
        *_balances(world, coin, mints, redemptions),
    ]
    try:
        desk.ledger.verify()
    except LedgerTampered as error:
        found.append(f"the hash chain is broken: {error}")
    status = desk.status()
    found += [
        f"{line.name} differs: chain {line.chain}, ledger {line.ledger}, explained {line.explained}"
        for line in status.differences
    ]
    found += [f"transaction {tx_hash} has no outcome" for tx_hash in status.in_flight]
    found += [f"incident: {incident.summary}" for incident in desk.incidents()]
    return found


def _mints(world: World, orders: list[MintOrder], chain: Chain) -> list[str]:
    found = []
    for order in orders:
        times = chain.minted.get(order.number, [])
        if order.number <= len(world.customers):
            continue  # settled before the schedule began
        if len(times) > 1:
            found.append(f"order {order.number} was minted {len(times)} times")
        if times and times[0] != (order.wallet, order.base_units):
            found.append(f"order {order.number} over {order.base_units} was minted as {times[0]}")
        if bool(times) != (order.state is State.SETTLED):
            found.append(f"order {order.number} is {order.state}, minted {len(times)} times")
        elif not times and order.state not in _ENDED:
            found.append(f"order {order.number} is stuck: {order.state}")
    strange = chain.minted.keys() - {order.number for order in orders}
    found += [f"number {number} was minted and is no order's" for number in sorted(strange)]
    if len({order.number for order in orders}) != len(orders):
        found.append("a number was given to two orders")
    return found


def _redemptions(desk: Desk, orders: list[RedemptionOrder], chain: Chain) -> list[str]:
    found = []
    for order in orders:
        times = chain.paid[order.number or 0]
        if times > 1:
            found.append(f"redemption {order.number} was recorded as paid {times} times")
        if (times == 1) != (order.state is State.SETTLED):
            found.append(f"redemption {order.number} is {order.state}, recorded as paid {times} times")
        elif order.state is not State.SETTLED and order.state not in _ENDED:
            found.append(f"redemption {order.number} is stuck: {order.state}")
        path = [step.to_state for step in desk.history(order)]
        if path.count(State.PAID) > 1:
            found.append(f"redemption {order.number} was paid {path.count(State.PAID)} times")
    return found


def _transactions(desk: Desk, chain: Chain, sent: set[str], first: int) -> list[str]:
    """Nothing reached the node that wasn't in the ledger, and no order was on its way twice."""
    records = {record.hash: record for record in desk.ledger.transactions.find()}
    found = [f"{tx_hash} was sent and isn't in the ledger" for tx_hash in sent - records.keys()]
    found += [
        f"{tx_hash} was mined and isn't in the ledger" for tx_hash in chain.mined.keys() - records.keys()
    ]
    for tx_hash, succeeded in chain.mined.items():
        record = records.get(tx_hash)
        if record is not None and record.state != ("mined" if succeeded else "reverted"):
            found.append(
                f"{tx_hash} {'succeeded' if succeeded else 'reverted'}, the ledger has {record.state}"
            )
        if not succeeded:
            found.append(
                f"{tx_hash} ({'' if record is None else record.purpose}) reverted, "
                f"so it was sent in vain or twice: {chain.reverted[tx_hash]}"
            )
    lost = [
        record.hash
        for record in records.values()
        if record.state == "mined" and record.hash not in chain.mined and (record.block_number or 0) > first
    ]
    return found + [f"{tx_hash} is mined for the ledger and isn't in the chain" for tx_hash in lost]


def _balances(
    world: World, coin: Issuance, mints: list[MintOrder], redemptions: list[RedemptionOrder]
) -> list[str]:
    """Each customer has what the ledger's orders brought them, less what left their wallet."""
    found = []
    for customer in world.customers:
        brought = sum(
            order.base_units
            for order in mints
            if order.wallet == customer.wallet and order.state is State.SETTLED
        )
        left = sum(order.base_units for order in redemptions if order.wallet == customer.wallet)
        has = coin.token.balance_of(customer.wallet)
        if has != brought - left:
            found.append(f"{customer.wallet} has {has}, the ledger's orders say {brought - left}")
    settled = sum(order.base_units for order in mints if order.state is State.SETTLED)
    supply = coin.token.supply()
    if supply.minted != settled:
        found.append(f"{supply.minted} were minted, the ledger settled {settled}")
    return found


def counted(desk: Desk) -> Counter[str]:
    """How many orders ended in each state."""
    kinds = {OrderKind.MINT: "mint", OrderKind.REDEMPTION: "redemption"}
    return Counter(f"{kinds[order.kind]} {order.state}" for order in desk.orders())


def trail(desk: Desk) -> list[str]:
    """What was sent, for whoever looks into an anomaly."""
    ledger = desk.ledger
    flights = {flight.id: flight for flight in ledger.flights.find()}
    lines = []
    for record in sorted(ledger.transactions.find(), key=lambda item: item.created_at):
        flight = flights.get(record.flight_id or "")
        carried = (
            [] if flight is None else [ledger.orders.get(order_id).number for order_id in flight.order_ids]
        )
        lines.append(
            f"{record.created_at:%H:%M:%S} {record.lane[:8]} nonce {record.nonce} {record.hash[:12]} "
            f"{record.purpose}: {record.state} in {record.block_number}, "
            f"flight {'' if flight is None else flight.state} {carried}"
        )
    return lines
