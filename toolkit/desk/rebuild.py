"""The ledger again, from the chain's final events alone, when the database is lost.

Orders, their numbers, redemptions and balances come back with the transactions that prove them. What only the
old database knew is said, and not guessed: see `LOST`.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.abi import encode_arguments, selector
from toolkit.chain.hexes import to_hex
from toolkit.chain.portions import portions
from toolkit.desk.history import History
from toolkit.errors import InconsistentNode, InvalidInput
from toolkit.ledger.machines import OrderKind

if TYPE_CHECKING:
    from toolkit.calendar import BusinessCalendar
    from toolkit.chain.client import Block
    from toolkit.issuance import Issuance
    from toolkit.ledger.ledger import Ledger

__all__ = ["DEFAULT_GAP", "LOST", "Figure", "RebuildReport", "compare", "fill", "rebuild"]

DEFAULT_GAP = 1_000
"""Numbers left free after the last one executed: the old ledger may have given them to orders that wait."""

LOST = (
    "orders that were never executed (requested, funded, approved) or ended (rejected, cancelled, expired)",
    "the money that came for those orders, bank lines and what they paid for, and what went back",
    "idempotency keys: a request that is sent again makes a second order, so compare before entering it",
    "the bank's references of payouts, of which the chain keeps the hashes",
    "investors' names, regimes and bank accounts: onboard them again",
    "the proofs of wallets: prove them again",
    "persons, their roles and keys: add them again",
    "who made and checked each order, when it was asked for, and until when a mint order was good",
    "transactions that were signed and not mined: they may still be mined",
    "funds: their orders, dealing days, values, cases and notes, of which the coin's events say nothing",
)
"""What a rebuilt ledger doesn't have: nearly all of it is nowhere on the chain."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One total, or one account's balance, in base units: as the chain says it and as its events add up."""

    name: str
    chain: int
    rebuilt: int


@dataclass(frozen=True, slots=True)
class RebuildReport:
    """What was rebuilt up to a final block, and what to do about the rest.

    `orders` counts by kind and state, `next_number` is the next mint order's. `figures` are the totals,
    `differences` those that disagree, balances included. `warnings` name what a person has to look at.
    """

    block_number: int
    block_hash: str
    events: int
    orders: Mapping[str, Mapping[str, int]]
    investors: int
    wallets: int
    holders: int
    next_number: int
    figures: tuple[Figure, ...]
    differences: tuple[Figure, ...]
    warnings: tuple[str, ...]
    lost: tuple[str, ...] = LOST

    @property
    def agrees(self) -> bool:
        """Whether every total and every balance is the chain's."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values, base units as strings."""
        return {
            "block_number": self.block_number,
            "block_hash": self.block_hash,
            "events": self.events,
            "orders": {kind: dict(counts) for kind, counts in self.orders.items()},
            "investors": self.investors,
            "wallets": self.wallets,
            "holders": self.holders,
            "next_number": str(self.next_number),
            "agrees": self.agrees,
            "figures": [_json(figure) for figure in self.figures],
            "differences": [_json(figure) for figure in self.differences],
            "warnings": list(self.warnings),
            "lost": list(self.lost),
        }


def rebuild(
    issuance: Issuance, ledger: Ledger, *, calendar: BusinessCalendar, gap: int = DEFAULT_GAP
) -> RebuildReport:
    """Fills the empty `ledger` from the chain's final events; all of it, or nothing. Meanwhile this process
    doesn't look for cycles among its objects.

    `gap` numbers are left free after the last one executed. Raises LedgerError for a ledger that isn't
    empty, InconsistentNode if the events don't fit together, InvalidInput for a negative gap, NodeError.
    """
    last, history = fill(issuance, ledger, calendar, gap)
    return compare(issuance, history, last, gap)


def fill(issuance: Issuance, ledger: Ledger, calendar: BusinessCalendar, gap: int) -> tuple[Block, History]:
    """Reads the chain into the ledger, up to the final block that it returns. Raises as `rebuild`."""
    if gap < 0:
        raise InvalidInput(f"gap {gap} must not be negative")
    client = issuance.client
    last = client.finalized_block()
    with ledger.transaction() as tx:
        recovery = tx.recovery(
            unit=issuance.symbol, decimals=issuance.token_decimals, currency=issuance.currency
        )
        recovery.begin()
        history = History(issuance, calendar)
        asked = portions(client, history.topics, issuance.record.first_block, last)
        with _uncollected(), closing(asked) as answers:
            for wallets, orders in history.portions(answers):
                recovery.add(wallets, orders)
        recovery.set_verified(history.verified())
        recovery.finish(history.last_number + gap)
        if client.block(last.number).hash != last.hash:
            raise InconsistentNode(
                f"block {last.number} was final and was replaced while it was read: ask another node"
            )
    return last, history


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the search for cycles: among hundreds of thousands of new objects that form none, it would take
    a sixth of the time.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


def compare(issuance: Issuance, reader: History, last: Block, gap: int) -> RebuildReport:
    """What was read, beside what the chain says of itself at that block."""
    supply = issuance.token.supply(block=last)
    totals = reader.totals
    escrowed = sum(
        item.amount for item in reader.requests.values() if item.status is RedemptionStatus.REQUESTED
    )
    figures = (
        Figure("minted", supply.minted, totals["minted"]),
        Figure("burned", supply.burned, totals["burned"]),
        Figure("outstanding", supply.outstanding, totals["minted"] - totals["burned"]),
        Figure("discharged", supply.discharged, totals["discharged"]),
        Figure("payable", supply.payable, totals["burned"] - totals["discharged"]),
        Figure("escrowed", issuance.market.escrowed(block=last), escrowed),
    )
    balances = _balances(issuance, reader.balances, last)
    counts: dict[str, dict[str, int]] = {str(kind): {} for kind in (OrderKind.MINT, OrderKind.REDEMPTION)}
    for (kind, state), count in sorted(reader.orders.items()):
        counts[kind][state] = count
    return RebuildReport(
        block_number=last.number,
        block_hash=to_hex(last.hash),
        events=reader.events,
        orders=counts,
        investors=len({item.investor for item in reader.wallets.values()}),
        wallets=len(reader.wallets),
        holders=sum(balance > 0 for balance in reader.balances.values()),
        next_number=reader.last_number + gap + 1,
        figures=figures,
        differences=tuple(item for item in (*figures, *balances) if item.chain != item.rebuilt),
        warnings=tuple(_warnings(issuance, reader, last, gap)),
    )


def _balances(issuance: Issuance, rebuilt: Mapping[str, int], block: Block) -> Iterator[Figure]:
    """Every account that ever held a token, beside what the chain says it holds."""
    accounts = list(rebuilt)
    function = selector("balanceOf(address)")
    for start in range(0, len(accounts), 200):
        portion = accounts[start : start + 200]
        calls = [
            (issuance.token.address, function + encode_arguments([{"type": "address"}], [account]))
            for account in portion
        ]
        for account, answer in zip(portion, issuance.client.calls(calls, block=block), strict=True):
            yield Figure(f"balance of {account}", int.from_bytes(answer, "big"), rebuilt[account])


def _warnings(issuance: Issuance, reader: History, last: Block, gap: int) -> Iterator[str]:
    client = issuance.client
    yield (
        f"mint numbers {reader.last_number + 1} to {reader.last_number + gap} stay unused: the old ledger "
        "may have given them to orders that wait; if it may have given more, rebuild with a larger gap"
    )
    newest = client.block("latest")
    later = (
        client.logs(issuance.market.address, [], last.number + 1, newest)
        if newest.number > last.number
        else []
    )
    if later:
        yield (
            f"{len(later)} events of the market after block {last.number} aren't final and not in the "
            "ledger: send nothing, and rebuild once they are"
        )
    for operator in sorted(reader.operators):
        waiting = client.nonce(operator, "pending") - client.nonce(operator, "latest")
        if waiting:
            yield f"{waiting} transactions of operator {operator} wait to be mined: they are the old ledger's"
    burned = [str(key) for key, item in reader.requests.items() if item.status is RedemptionStatus.ACCEPTED]
    if burned:
        yield (
            f"redemptions {_listed(burned)} are burned and not on record as paid: ask the bank whether they "
            "were paid before anybody pays them"
        )
    if reader.strangers:
        yield (
            f"redemptions {_listed(map(str, reader.strangers))} are of wallets that the registry never "
            "named: they are not in the ledger"
        )
    if reader.foreign:
        yield (
            f"orders {_listed(map(str, reader.foreign))} have a number that no ledger gives, or a wallet "
            "that the registry never named: they are not in the ledger"
        )


def _listed(items: Iterable[str]) -> str:
    names = list(items)
    return ", ".join(names[:20]) + (f" and {len(names) - 20} more" if len(names) > 20 else "")


def _json(figure: Figure) -> dict[str, str]:
    return {"name": figure.name, "chain": str(figure.chain), "rebuilt": str(figure.rebuilt)}
