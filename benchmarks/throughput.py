"""Orders a second from `approved` to `settled`, durable at each step, beside what the node itself can do.

    python benchmarks/throughput.py                          the table, in some minutes
    python benchmarks/throughput.py --sizes 1000 10000 100000
    python benchmarks/throughput.py --sizes 2000 --rounds 1 --no-postgresql

In every round, on fresh nodes with the same flags and the same number of holders:

- NAIVE: web3.py, `transact()` of one plain mint and wait for its receipt, one after the other (a sample).
- RAW: plain mints signed beforehand, 200 raw sends in a message, `evm_mine`, the block's receipts; as many as
  the worker has orders, up to `--raw`, before each size of it: the machine's speed changes within minutes.
- the worker: `Desk.run()` on approved orders, in batches of 200 signed by an approver, every rule of contract
  and ledger on, on SQLite (WAL, full synchronisation) and PostgreSQL.
- two workers on PostgreSQL, and one on the same ledger and node, with `CROWD` customers and as many holders
  for RAW. Of a customer who has an order under way on one lane nothing goes on another: of as many customers
  as a flight has orders, each ordering in turn, two workers would wait for each other.
- one order alone: `Desk.run()` with one approved order, beside `eth_sendRawTransactionSync` of a plain mint,
  on a fresh node and on the desk's own, whose state is larger.

Ratios are of the same round; the table has their medians. All figures are in the JSON file. The plain mint is
`benchmarks/raw/RoleToken.sol`: no order numbers, approvals, reserve, wallets or limits.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from math import nan
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from desks import ApprovedDesk, PostgresServer, Workers  # noqa: E402

from toolkit import Anvil, dev_signer  # noqa: E402
from toolkit.chain.addresses import checksum_address  # noqa: E402
from toolkit.chain.hexes import from_hex, keccak, to_hex  # noqa: E402
from toolkit.errors import ToolkitError  # noqa: E402

BATCH = 200
CROWD, CROWD_ORDERS = 2_000, 10_000
NAIVE_SAMPLE = 100
SINGLES = 20
MINTER = dev_signer(1)
GAS = 120_000
FEE, TIP = 10**10, 10**9


def new_node() -> Anvil:
    """Every side's node has these flags."""
    return Anvil(accounts=20, prune_history=True, extra_args=["--gas-limit", "60000000"])


# ------------------------------------------------------------------------------------------ the other sides


def role_token(node: Anvil) -> str:
    """Deploys the plain token; its address."""
    out = ROOT / "build" / "bench"
    artifact = out / "RoleToken.sol" / "RoleToken.json"
    if not artifact.exists():
        forge = next((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge"))
        paths = {"OUT": out, "CACHE_PATH": out / "cache", "BUILD_INFO_PATH": out / "info"}
        subprocess.run(
            [str(forge), "build", "benchmarks/raw/RoleToken.sol"],
            env=os.environ | {f"FOUNDRY_{name}": str(path) for name, path in paths.items()},
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
    code = json.loads(artifact.read_text())["bytecode"]["object"]
    tx_hash = node.request("eth_sendTransaction", {"from": MINTER.address, "data": code})
    while (receipt := node.request("eth_getTransactionReceipt", tx_hash)) is None:
        time.sleep(0.01)
    return checksum_address(receipt["contractAddress"], lenient=True)


def mint_data(holder: str, amount: int) -> bytes:
    return keccak(b"mint(address,uint256)")[:4] + bytes(12) + from_hex(holder) + amount.to_bytes(32, "big")


def signed_mints(token: str, holders: list[str], count: int, first: int) -> list[str]:
    transaction: dict[str, Any] = {
        "type": 2, "chainId": 31337, "value": 0, "gas": GAS, "maxFeePerGas": FEE, "maxPriorityFeePerGas": TIP,
        "to": token,
    }  # fmt: skip
    return [
        to_hex(
            MINTER.sign_transaction(
                transaction | {"nonce": first + i, "data": mint_data(holders[i % len(holders)], 10**6)}
            ).raw
        )
        for i in range(count)
    ]


def raw_rate(holders: list[str], count: int) -> float:
    """Orders a second of the node itself: one plain mint a transaction, signed before the clock starts."""
    with new_node() as node, node.client() as client:
        token = role_token(node)
        first = client.nonce(MINTER.address, "latest")
        raws = signed_mints(token, holders, count, first)
        node.set_automine(False)
        began = time.perf_counter()
        for start in range(0, count, BATCH):
            portion = raws[start : start + BATCH]
            answers = client.batch([("eth_sendRawTransaction", [raw]) for raw in portion])
            assert all(isinstance(answer, str) for answer in answers), answers[:1]
            node.request("evm_mine")
            receipts = node.request("eth_getBlockReceipts", "latest")
            assert len(receipts) == len(portion)
            assert all(item["status"] == "0x1" for item in receipts)
        return count / (time.perf_counter() - began)


def naive_rate(holders: list[str], count: int) -> float:
    """Orders a second of `transact()` and wait."""
    from web3 import Web3

    abi = [
        {
            "type": "function",
            "name": "mint",
            "stateMutability": "nonpayable",
            "inputs": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint256"}],
            "outputs": [],
        }
    ]
    with new_node() as node:
        token = role_token(node)
        w3 = Web3(Web3.HTTPProvider(node.rpc_url))
        contract = w3.eth.contract(address=Web3.to_checksum_address(token), abi=abi)
        began = time.perf_counter()
        for i in range(count):
            tx_hash = contract.functions.mint(holders[i % len(holders)], 10**6).transact(
                {"from": MINTER.address}
            )
            assert w3.eth.wait_for_transaction_receipt(tx_hash, poll_latency=0.001)["status"] == 1
        return count / (time.perf_counter() - began)


def raw_single(holders: list[str], count: int) -> float:
    """Median seconds of one signed mint by `eth_sendRawTransactionSync`, on a fresh node."""
    with new_node() as node:
        return raw_single_on(node, holders, count)


def raw_single_on(node: Anvil, holders: list[str], count: int) -> float:
    with node.client() as client:
        token = role_token(node)
        took = []
        for raw in signed_mints(token, holders, count, client.nonce(MINTER.address, "latest")):
            began = time.perf_counter()
            assert client.request("eth_sendRawTransactionSync", [raw])["status"] == "0x1"
            took.append(time.perf_counter() - began)
        return median(took)


# ---------------------------------------------------------------------------------------------- the worker


@contextmanager
def ledger_url(kind: str, server: PostgresServer | None) -> Iterator[str]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield f"sqlite:///{folder}/desk.db"
        return
    assert server is not None
    with server.database() as url:
        yield url


def settled(kind: str, server: PostgresServer | None, count: int) -> dict[str, float]:
    """One size on one database; with the seconds that `verify` takes afterwards."""
    with new_node() as node, ledger_url(kind, server) as url:
        desk = ApprovedDesk(node, url)
        found = by_workers(1, desk, node, url, count)
        began = time.perf_counter()
        desk.desk.ledger.verify()
        found["verify"] = time.perf_counter() - began
        desk.close()
        return found


def by_workers(number: int, desk: ApprovedDesk, node: Anvil, url: str, count: int) -> dict[str, float]:
    running = Workers(desk, node, url, number)
    try:
        desk.approve(count, BATCH)
        return running.settle(count)
    finally:
        running.close()


def crowd(server: PostgresServer, count: int, first: int) -> tuple[dict[str, float], dict[str, float]]:
    """One worker and two, `first` of them first, each on `count` orders of `CROWD` customers."""
    with new_node() as node, ledger_url("postgresql", server) as url:
        desk = ApprovedDesk(node, url, CROWD)
        found = {number: by_workers(number, desk, node, url, count) for number in (first, 3 - first)}
        desk.close()
        return found[1], found[2]


def single(kind: str, server: PostgresServer | None, holders: list[str], count: int) -> dict[str, float]:
    """Median seconds of `Desk.run()` with one approved order, and of a raw mint on the same node."""
    with new_node() as node, ledger_url(kind, server) as url:
        desk = ApprovedDesk(node, url)
        took = [desk.settle_one() for _ in range(count + 3)]
        assert desk.settled() == count + 3
        desk.close()
        return {"desk": median(took[3:]), "same node": raw_single_on(node, holders, count)}


# ----------------------------------------------------------------------------------------------- the report


def one_round(options: argparse.Namespace, server: PostgresServer | None, number: int) -> dict[str, Any]:
    many = [checksum_address(to_hex(keccak(b"holder %d" % i)[12:]), lenient=True) for i in range(CROWD)]
    holders = many[:BATCH]
    cases: dict[str, Callable[[], Any]] = {
        "naive": lambda: naive_rate(holders, NAIVE_SAMPLE),
        "raw single": lambda: raw_single(holders, SINGLES),
    }
    for database in ["sqlite", *(["postgresql"] if server else [])]:
        for size in options.sizes:
            case, plain = f"{database} {size}", min(size, options.raw)
            cases[_raw_of(case)] = lambda n=plain: raw_rate(holders, n)  # type: ignore[misc]
            cases[case] = lambda d=database, n=size: settled(d, server, n)  # type: ignore[misc]
        cases[f"{database} single"] = lambda d=database: single(d, server, holders, SINGLES)  # type: ignore[misc]
    if server:
        count = min(options.sizes[-1], CROWD_ORDERS)
        cases[_raw_of("crowd")] = lambda: raw_rate(many, min(count, options.raw))
        cases["crowd"] = lambda: crowd(server, count, 1 + number % 2)
    this: dict[str, Any] = {}
    for name, measure in cases.items():
        began = time.perf_counter()
        try:
            this[name] = measure()
        except (ToolkitError, RuntimeError, AssertionError, subprocess.SubprocessError) as error:
            this[name] = None  # the others are measured all the same, and the table says so
            print(f"  {name} failed: {error!r}", file=sys.stderr, flush=True)
        print(f"  {name}: {time.perf_counter() - began:.0f} s", file=sys.stderr, flush=True)
    if "crowd" in this:
        found = this.pop("crowd") or (None, None)
        this["crowd, one worker"], this["crowd, two workers"] = found
    return this


def middle(rounds: list[dict[str, Any]], value: Callable[[dict[str, Any]], float]) -> float:
    found = []
    for item in rounds:
        with suppress(TypeError):  # a case of that round failed
            found.append(value(item))
    return median(found) if found else nan


def ratios(rounds: list[dict[str, Any]]) -> dict[str, dict[str, float]]:
    """What the table says, by case: medians of the rounds' figures and of same-round ratios."""
    found: dict[str, dict[str, float]] = {}
    for case in rounds[0]:
        value = next((item[case] for item in rounds if item[case] is not None), None)
        if value is None:
            continue
        if not isinstance(value, dict):
            found[case] = {"median": middle(rounds, lambda r, c=case: r[c])}  # type: ignore[misc]
        elif "rate" in value:
            figures: dict[str, Callable[[dict[str, Any]], float]] = {
                "orders/s": lambda r, c=case: r[c]["rate"],  # type: ignore[misc]
                "x RAW": lambda r, c=case: r[c]["rate"] / r[_raw_of(c)],  # type: ignore[misc]
                "x NAIVE": lambda r, c=case: r[c]["rate"] / r["naive"],  # type: ignore[misc]
                "us CPU": lambda r, c=case: r[c]["cpu"] * 1e6,  # type: ignore[misc]
                "all/first": lambda r, c=case: r[c]["rate"] / r[c]["first"],  # type: ignore[misc]
                "last/first": lambda r, c=case: r[c]["last"] / r[c]["first"],  # type: ignore[misc]
                "MB": lambda r, c=case: r[c]["memory"],  # type: ignore[misc]
                "verify s": lambda r, c=case: r[c].get("verify", nan),  # type: ignore[misc]
            }
            found[case] = {name: middle(rounds, figure) for name, figure in figures.items()}
        else:
            found[case] = {
                "ms": middle(rounds, lambda r, c=case: r[c]["desk"] * 1e3),  # type: ignore[misc]
                "x Sync": middle(rounds, lambda r, c=case: r[c]["desk"] / r["raw single"]),  # type: ignore[misc]
                "x Sync there": middle(rounds, lambda r, c=case: r[c]["desk"] / r[c]["same node"]),  # type: ignore[misc]
            }
    if all(f"crowd, {number}" in found for number in ("one worker", "two workers")):
        found["crowd, two workers"]["x one"] = middle(
            rounds, lambda r: r["crowd, two workers"]["rate"] / r["crowd, one worker"]["rate"]
        )
    return found


def _raw_of(case: str) -> str:
    return "raw, crowd" if case.startswith("crowd") else f"raw, {case}"


def table(found: dict[str, dict[str, float]], rounds: int) -> Iterator[str]:
    yield f"medians of {rounds} rounds; ratios are of the same round"
    for name in found:
        if name.startswith(("raw, ", "naive")):
            head, _, case = name.partition(" ")
            yield f"{head.upper()} {case}".ljust(22) + f"{found[name]['median']:10,.0f} orders/s"
    heads: tuple[str, ...] = ()
    for case, figures in found.items():
        if len(figures) == 1:
            continue
        these = tuple(name for name in figures if name != "x one")
        if these != heads:
            heads = these
            yield ""
            yield " " * 20 + "".join(f"{head:>13}" for head in heads)
        yield f"{case:20}" + "".join(f"{figures[head]:13,.2f}" for head in heads)
    if "x one" in found.get("crowd, two workers", {}):
        yield ""
        yield f"two workers on PostgreSQL: {found['crowd, two workers']['x one']:.2f} x one"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[1_000, 10_000], help="orders of a run")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--raw", type=int, default=10_000, help="most orders of RAW beside one size")
    parser.add_argument("--no-postgresql", action="store_true")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench" / "throughput.json")
    options = parser.parse_args()
    options.sizes.sort()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    rounds: list[dict[str, Any]] = []
    with ExitStack() as stack:
        server = None if options.no_postgresql else stack.enter_context(PostgresServer())
        for number in range(1, options.rounds + 1):
            print(f"round {number} of {options.rounds}", file=sys.stderr, flush=True)
            rounds.append(one_round(options, server, number))
            found = ratios(rounds)
            # After each round, so that one that was broken off has left what it found.
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps({"medians": found, "rounds": rounds}, indent=1) + "\n")
    print("\n".join(table(found, len(rounds))))
    failed = sorted({case for item in rounds for case, value in item.items() if value is None})
    if failed:
        raise SystemExit(f"failed in a round or more: {', '.join(failed)}")


if __name__ == "__main__":
    main()
