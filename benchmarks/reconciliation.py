"""How long closing a day takes: the replay, the ledger, the bank and every identity, by the day's orders.

    python benchmarks/reconciliation.py [--orders 10000 100000] [--rounds 1]

For each size a new node mints that many orders of one day, 200 a transaction, to 1,000 wallets, and a new
SQLite ledger holds the same orders with every step and the money of each; the bank's statement has a line for
each. Then the day is reconciled, from the coin's first block, and closed, and an empty day after it is
reconciled from the checkpoint. `replay` is reading the chain, `ledger` reading the orders, `bank` matching
the lines, `rest` the figures, identities, breaks and writing it all down; importing the file is before, by
itself.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import rebuild as chain

from toolkit import Anvil, Issuance
from toolkit.amounts import Amount
from toolkit.bindings import events
from toolkit.calendar import BusinessCalendar
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import keccak, to_hex
from toolkit.ledger import Ledger, Role, State
from toolkit.ledger.bank_lines import BankEntry, BankStatement
from toolkit.ledger.money import BankLine
from toolkit.ledger.orders import MintRequest
from toolkit.ledger.records import OwnershipProof
from toolkit.reporting import books as reading
from toolkit.reporting.bank import account_terms, import_statements
from toolkit.reporting.books import Books
from toolkit.reporting.csv_statement import write_csv_statement
from toolkit.reporting.cutoff import day_of
from toolkit.reporting.reconciliation import Reconciliation

PORTION = 2_000
NUMBER, SECRET = "HK00 BENCH", b"b" * 32


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--orders", type=int, nargs="+", default=[10_000, 100_000])
    parser.add_argument("--rounds", type=int, default=1)
    options = parser.parse_args()
    columns = ("import", "replay", "ledger", "bank", "rest", "whole day", "next day")
    chain.say(f"{'orders':>9}" + "".join(f"{name:>11}" for name in columns) + f"{'peak MB':>10}")
    for orders in options.orders:
        runs = [measured(orders) for _ in range(options.rounds)]
        figures = [statistics.median(run[name] for run in runs) for name in columns]
        chain.say(
            f"{orders:>9,}" + "".join(f"{value:>10.2f}s" for value in figures) + f"{chain.peak():>10.0f}"
        )


def measured(orders: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, Anvil(accounts=20) as node:
        record = Path(folder) / "record.json"
        chain.mint(node, record, orders)
        issuance = Issuance.load(record, node.rpc_url)
        clock = Clock(node)
        with Ledger.open(f"sqlite:///{Path(folder) / 'desk.db'}", clock=clock) as ledger:
            day = day_of(clock.now())
            fill(ledger, issuance, orders)
            return timed(node, issuance, ledger, day)


class Clock:
    """The node's time, read once and again when it was moved."""

    def __init__(self, node: Anvil) -> None:
        self._client = node.client()
        self._now = self._read()

    def now(self) -> datetime:
        return self._now

    def look(self) -> None:
        self._now = self._read()

    def _read(self) -> datetime:
        return datetime.fromtimestamp(self._client.block("pending").timestamp, UTC)


def fill(ledger: Ledger, issuance: Issuance, orders: int) -> None:
    """The orders that the chain executed, each with its steps and its money."""
    transactions = executed(issuance)
    wallets = parties(ledger, min(chain.HOLDERS, orders))
    amount = issuance.from_base_units(chain.AMOUNT)
    money = Amount.from_base_units(
        amount.to_minor_units(issuance.currency), unit=issuance.currency, decimals=2
    )
    today = ledger.clock.now().date()
    for start in range(0, orders, PORTION):
        numbers = range(start + 1, min(start + PORTION, orders) + 1)
        wanted = [
            MintRequest(
                reference((number - 1) % len(wallets)),
                wallets[(number - 1) % len(wallets)],
                amount,
                issuance.currency,
                f"key-{number}",
                timedelta(days=2),
            )
            for number in numbers
        ]
        taken = ledger.orders.request_mints(wanted, maker="maker")
        ledger.funds.receive_many([BankLine(f"line-{number}", money, True, today) for number in numbers])
        lines = {order.id: f"line-{order.number}" for order in taken}
        ledger.funds.match_many(lines, actor="treasurer")
        ids = [order.id for order in taken]
        with ledger.transaction() as tx:
            tx.orders.step_all(ids, State.APPROVED, actor="checker", role=Role.CHECKER)
            for state in (State.SUBMITTED, State.MINED):
                tx.orders.step_all(ids, state, actor="worker", role=Role.OPERATOR)
            by_transaction: dict[str, list[str]] = {}
            for order in taken:
                by_transaction.setdefault(transactions[order.number], []).append(order.id)
            for tx_hash, some in by_transaction.items():
                tx.orders.step_all(some, State.SETTLED, actor="worker", role=Role.OPERATOR, evidence=tx_hash)


def executed(issuance: Issuance) -> dict[int, str]:
    """Order number → transaction."""
    found = issuance.market.events(
        events.OrderExecuted, from_block=issuance.record.first_block, to_block="latest"
    )
    return {event.number: to_hex(event.log.tx_hash) for event in found}


def parties(ledger: Ledger, holders: int) -> list[str]:
    """The people at the desk, and the holders' wallets."""
    wallets = [address_from_bytes(keccak(b"holder %d" % index)[:20]) for index in range(holders)]
    now = ledger.clock.now()
    proof = OwnershipProof("eip191", "a benchmark's", b"\x01" * 65, now)
    people = {
        "maker": [Role.MAKER],
        "treasurer": [Role.TREASURER],
        "checker": [Role.CHECKER],
        "worker": [Role.OPERATOR],
        "finance-1": [Role.FINANCE],
        "finance-2": [Role.FINANCE],
    }
    with ledger.transaction() as tx:
        for person, roles in people.items():
            tx.persons.add(person, label=person, roles=roles)
        for index, wallet in enumerate(wallets):
            tx.investors.add(
                reference(index),
                label=f"holder {index}",
                investor_class="retail",
                jurisdiction="HK",
                regime="stablecoin",
                verified_until=now + timedelta(days=365),
            )
            tx.investors.add_wallet(wallet, investor=reference(index), kind="unhosted", proof=proof)
    return wallets


def reference(index: int) -> str:
    return to_hex(index.to_bytes(16, "big"))


def timed(node: Anvil, issuance: Issuance, ledger: Ledger, day: date) -> dict[str, float]:
    calendar = BusinessCalendar.load("hong-kong")
    books = Books(issuance, ledger, calendar, market="bench", pool="bench", chain_name="Anvil")
    reconciliation = Reconciliation(books)
    spent: dict[str, float] = {}
    with measuring(spent, "import"):
        bring_statement(ledger, day)
    to_end_of_day(node, ledger, books, day)
    with timers(spent), measuring(spent, "whole day"):
        found = reconciliation.run(day, by="finance-1", report=None)
    # Without a reserve report there are breaks of the reserve, and must be no others.
    others = [name for name in found.breaks if "LEDGER_VS_RESERVE" not in name]
    if others:
        raise SystemExit(f"the day doesn't reconcile: {others}")
    ledger.persons.add("officer", label="of compliance", roles=[Role.COMPLIANCE])
    for name in found.breaks:
        reconciliation.breaks.escalate(name, by="officer", reference="a benchmark's")
    reconciliation.close(day, by="finance-2")
    to_end_of_day(node, ledger, books, day + timedelta(days=1))
    with measuring(spent, "next day"):
        reconciliation.run(day + timedelta(days=1), by="finance-1", report=None)
    spent["rest"] = spent["whole day"] - spent["replay"] - spent["ledger"] - spent["bank"]
    return spent


def bring_statement(ledger: Ledger, day: date) -> None:
    entries = tuple(
        BankEntry(item.reference, "credit", item.minor, item.currency, day, day)
        for item in ledger.as_of.received(after=None, until=ledger.clock.now())
    )
    closing = sum(entry.signed for entry in entries)
    statement = BankStatement(
        "reserve-usd", NUMBER, "S-1", "RESERVE", "USD", day, day, 0, closing, entries, ""
    )
    terms = account_terms(ledger, "reserve-usd", purpose="RESERVE", number=NUMBER, secret=SECRET)
    import_statements(ledger, write_csv_statement(statement, NUMBER), terms, by="finance-1")


def to_end_of_day(node: Anvil, ledger: Ledger, books: Books, day: date) -> None:
    clock: Any = ledger.clock
    clock.look()
    node.advance_time(int((books.cut_off(day).instant - clock.now()).total_seconds()) + 60)
    clock.look()


@contextmanager
def measuring(spent: dict[str, float], name: str) -> Iterator[None]:
    started = time.monotonic()
    yield
    spent[name] = spent.get(name, 0.0) + time.monotonic() - started


@contextmanager
def timers(spent: dict[str, float]) -> Iterator[None]:
    """Measures the three readers inside a reconciliation."""
    places: list[tuple[Any, str, str]] = [
        (reading.ChainReader, "read", "replay"),
        (reading, "read_ledger", "ledger"),
        (reading.cash, "match_day", "bank"),
    ]
    kept = [(where, name, getattr(where, name)) for where, name, _ in places]
    for where, name, label in places:
        setattr(where, name, _measured(getattr(where, name), spent, label))
    try:
        yield
    finally:
        for where, name, original in kept:
            setattr(where, name, original)


def _measured(call: Callable[..., Any], spent: dict[str, float], label: str) -> Callable[..., Any]:
    def run(*arguments: Any, **named: Any) -> Any:
        with measuring(spent, label):
            return call(*arguments, **named)

    return run


if __name__ == "__main__":
    main()
