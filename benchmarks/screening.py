"""How long it takes to screen everybody when a list comes in, and how that grows.

    python benchmarks/screening.py [--sizes 1000 10000 40000] [--postgres]

A ledger is filled with investors, each with a wallet and an open order; a list of 10,000 entries names one in
a thousand of them. Timed: the list's adoption, the run over all wallets and orders with its hits put on hold,
the same run again with nothing new, the look at 200 orders at execution, and `ledger verify`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from toolkit.amounts import Amount
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import keccak, to_hex
from toolkit.compliance.lists import ListFile, list_data
from toolkit.ledger import Ledger, OrderKind, Role, State
from toolkit.ledger.orders import MintRequest
from toolkit.ledger.records import OwnershipProof

ROOT = Path(__file__).resolve().parents[1]
PORTION, BATCH, ENTRIES, ONE_IN = 1_000, 200, 10_000, 1_000
NOW = datetime.now(UTC)
AMOUNT = Amount.parse("100.00", unit="tUSD", decimals=6)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000, 40_000])
    parser.add_argument("--postgres", action="store_true")
    options = parser.parse_args()
    columns = ("adopt", "screen", "again", "200 orders", "verify")
    say(f"{'':28}" + "".join(f"{name:>13}" for name in columns) + f"{'per wallet':>13}")
    with tempfile.TemporaryDirectory() as folder, databases(Path(folder), options.postgres) as kinds:
        for kind, url in kinds.items():
            for size in options.sizes:
                measure(kind, url(), size)


def measure(kind: str, url: str, size: int) -> None:
    with Ledger.open(url) as ledger:
        fill(ledger, size)
        file = ListFile.read(content(size))
        adopt = timed(
            lambda: ledger.lists.adopt(
                file.name,
                file.version,
                dated=file.dated,
                entries=file.entries,
                source=file.source,
                by="compliance",
            )
        )
        screen = timed(lambda: ledger.screening.screen_all(actor="worker"))
        held = len(ledger.orders.find(kind=OrderKind.MINT, state=State.ON_HOLD))
        assert held == len(ledger.screening.hits()) == size // ONE_IN, held
        again = timed(lambda: ledger.screening.screen_all(actor="worker"))
        ids = [order.id for order in ledger.orders.claim(OrderKind.MINT, State.REQUESTED, BATCH)]
        batch = timed(lambda: ledger.screening.screen_orders(ids, actor="worker"))
        verify = timed(ledger.verify)
    figures = "".join(f"{seconds:>11.2f} s" for seconds in (adopt, screen, again, batch, verify))
    say(f"{f'{size:,} wallets, {kind}':28}{figures}{screen / size * 1e6:>10.0f} us")


def fill(ledger: Ledger, size: int) -> None:
    """`size` investors, each with a wallet and an open order."""
    proof = OwnershipProof("eip712-challenge", "{}", b"\x01" * 65, NOW)
    with ledger.transaction() as tx:
        for person in (Role.MAKER, Role.COMPLIANCE, Role.OPERATOR):
            name = "worker" if person is Role.OPERATOR else person.value
            tx.persons.add(name, label=name, roles=[person])
    for start in range(0, size, PORTION):
        numbers = range(start, min(start + PORTION, size))
        with ledger.transaction() as tx:
            for number in numbers:
                tx.investors.add(
                    reference(number),
                    label=f"Customer {number}",
                    investor_class="retail",
                    jurisdiction="HK",
                    regime="hong-kong",
                    verified_until=NOW + timedelta(days=365),
                )
                tx.investors.add_wallet(
                    wallet(number), investor=reference(number), kind="unhosted", proof=proof
                )
            tx.orders.request_mints(
                [
                    MintRequest(
                        reference(number),
                        wallet(number),
                        AMOUNT,
                        "USD",
                        f"order-{number}",
                        timedelta(days=1),
                    )
                    for number in numbers
                ],
                maker="maker",
            )


def content(size: int) -> bytes:
    """A list that names one in a thousand of the wallets, and others up to 10,000."""
    listed = [wallet(number) for number in range(0, size, ONE_IN)][: size // ONE_IN]
    others = [wallet(10**9 + number) for number in range(ENTRIES - len(listed))]
    entries = [{"wallet": item} for item in (*listed, *others)]
    return json.dumps(list_data("bench", "1", NOW - timedelta(hours=1), entries)).encode()


def reference(number: int) -> str:
    return to_hex(number.to_bytes(16, "big"))


def wallet(number: int) -> str:
    return address_from_bytes(keccak(b"wallet %d" % number)[:20])


def timed(work: Callable[[], Any]) -> float:
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


@contextlib.contextmanager
def databases(folder: Path, postgres: bool) -> Iterator[dict[str, Callable[[], str]]]:
    """For each kind of database, what gives the URL of a new one."""
    made = iter(range(1_000))
    kinds: dict[str, Callable[[], str]] = {"SQLite": lambda: f"sqlite:///{folder / f'{next(made)}.db'}"}
    if not postgres:
        yield kinds
        return
    sys.path.insert(0, str(ROOT / "tests" / "python"))
    from support.postgres import running

    with running() as server:
        yield kinds | {"PostgreSQL": server.empty}


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
