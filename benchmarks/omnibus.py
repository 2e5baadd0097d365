"""How long an omnibus wallet's day takes: the tree over its clients, one proof, its check, the ledger's part.

    python benchmarks/omnibus.py [--clients 100000]

Times are of the process's own CPU, so that other processes don't count. `allocate and approve` writes every
client's line and position to SQLite; `look through` recomputes all positions from the journal.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

from toolkit.chain.hexes import keccak, to_hex
from toolkit.compliance.omnibus import Domain, PositionProof, SumTree, day_number, verify_position
from toolkit.compliance.omnibus.sum_tree import salts
from toolkit.ledger import Ledger, Role

DAY = date(2026, 11, 22)
WALLET, TOKEN, REGISTRY = ("0x" + digit * 40 for digit in "123")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--clients", type=int, default=100_000)
    parts = {
        to_hex(keccak(b"client %d" % number)[:16]): 1_000_000 + number
        for number in range(parser.parse_args().clients)
    }
    some = next(iter(parts))
    with timed(f"tree of {len(parts):,} clients"):
        domain = Domain(31337, REGISTRY, WALLET, TOKEN, day_number(DAY))
        tree = SumTree.of(domain, parts, salts(bytes(32), domain.hash))
        assert len(tree.root) == 32
    tree.leaf(some)
    with timed("one proof, as JSON"):
        text = json.dumps(
            PositionProof(tree, DAY, some, "tUSD", 6, 1, to_hex(bytes(32)), to_hex(bytes(32))).to_json()
        )
    with timed("its check by the stand-alone file"):
        assert verify_position.verify(json.loads(text)) == parts[some]
    with (
        tempfile.TemporaryDirectory() as folder,
        Ledger.open(f"sqlite:///{Path(folder) / 'desk.db'}") as ledger,
    ):
        _ledger(ledger, parts)


def _ledger(ledger: Ledger, parts: dict[str, int]) -> None:
    for person, role in (("maker", Role.MAKER), ("checker", Role.CHECKER)):
        ledger.persons.add(person, label=person, roles=[role])
    ledger.investors.add(
        "0x" + "0" * 32,
        label="pool",
        investor_class="institutional",
        jurisdiction="HK",
        regime="hong-kong",
    )
    ledger.investors.add_wallet(WALLET, investor="0x" + "0" * 32, kind="omnibus")
    with timed("allocate and approve"):
        asked = ledger.omnibus.allocate(
            WALLET, TOKEN, parts, total=sum(parts.values()), key="all", maker="maker"
        )
        ledger.omnibus.approve(asked.id, checker="checker")
    with timed("look through"):
        found = ledger.omnibus.look_through(WALLET, TOKEN)
    assert sum(position.held for position in found) == sum(parts.values())
    with timed("ledger verify"):
        ledger.verify()


@contextmanager
def timed(what: str) -> Iterator[None]:
    """Prints what the block took."""
    start = time.process_time()
    yield
    sys.stdout.write(f"{what:<36}{time.process_time() - start:>10.4f} s\n")


if __name__ == "__main__":
    main()
