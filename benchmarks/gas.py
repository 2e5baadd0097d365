"""Gas of every user-facing operation: whole-transaction `gasUsed` on Anvil, through the proxies.

    python benchmarks/gas.py            print the tables beside the peers' figures
    python benchmarks/gas.py --check    fail on a rise above benchmarks/gas-snapshot.json
    python benchmarks/gas.py --write    accept today's figures

Every instant, key and amount is fixed, so the figures are the same on each machine. `gas_coin` and `gas_fund`
say what each row is.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence

import gas_coin
import gas_fund
from gas_coin import GENESIS, ROOT

from toolkit import Anvil

SNAPSHOT = ROOT / "benchmarks" / "gas-snapshot.json"


def measure() -> dict[str, int]:
    """Every figure, coin and fund on a fresh node each."""
    with Anvil(accounts=20, timestamp=GENESIS) as node:
        found = gas_coin.CoinBench(node).run()
    with Anvil(accounts=20, timestamp=GENESIS) as node:
        return found | gas_fund.FundBench(node).run()


def compare(found: Mapping[str, int]) -> list[str]:
    """What rose, or is missing, against the snapshot."""
    recorded: dict[str, int] = json.loads(SNAPSHOT.read_text(encoding="utf-8"))
    if recorded.keys() != found.keys():
        return [f"the snapshot has other rows: {sorted(recorded.keys() ^ found.keys())}"]
    return [
        f"{name}: {recorded[name]:,} -> {found[name]:,}" for name in found if found[name] > recorded[name]
    ]


def show(found: Mapping[str, int]) -> None:
    """The coin's table, then the fund's."""
    width = max(map(len, found))
    for title, rows in (("the coin: gas of a whole transaction", gas_coin.ROWS), ("the fund", gas_fund.ROWS)):
        heading = f"{title:<{width}}  {'here':>9}  {'target':>9}  {'above':>7}  today's best comparable"
        sys.stdout.write(f"{heading}\n")
        for name, row in rows.items():
            target = "-" if row.target is None else f"{row.target:,}"
            above = "" if row.target is None or found[name] <= row.target else f"{found[name] - row.target:,}"
            sys.stdout.write(f"{name:<{width}}  {found[name]:>9,}  {target:>9}  {above:>7}  {row.peer}\n")
        sys.stdout.write("\n")


def main(arguments: Sequence[str]) -> int:
    found = measure()
    if "--write" in arguments:
        SNAPSHOT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    show(found)
    if "--check" in arguments:
        risen = compare(found)
        if risen:
            sys.stdout.write(
                "gas rose; explain it in the commit and run with --write:\n" + "\n".join(risen) + "\n"
            )
            return 1
        sys.stdout.write("no rise against benchmarks/gas-snapshot.json\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
