"""Orders a second from `approved` to `settled`, durable at each step, beside what the node itself can do.

    python benchmarks/throughput.py                          the table, in a few minutes
    python benchmarks/throughput.py --sizes 1000 10000 100000 --rounds 3
    python benchmarks/throughput.py --json out.json

In every round, on fresh nodes with the same flags and the same orders:

- NAIVE: web3.py, `transact()` of one plain mint and wait for its receipt, one after the other (a sample).
- RAW: plain mints signed beforehand, 200 raw sends in a message, `evm_mine`, the block's receipts.
- the worker: `Desk.run()` on approved orders, in batches of 200 signed by an approver, every rule of contract
  and ledger on, on SQLite (WAL, full synchronisation) and PostgreSQL.

Ratios are of the same round; the table has their medians. The plain mint is `benchmarks/raw/RoleToken.sol`:
no order numbers, approvals, reserve, wallets or limits.
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
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "benchmarks"))

from desks import PostgresServer, approved_desk, worker_in_a_process  # noqa: E402

from toolkit import Anvil, dev_signer  # noqa: E402
from toolkit.chain.addresses import checksum_address  # noqa: E402
from toolkit.chain.hexes import from_hex, keccak, to_hex  # noqa: E402

BATCH = 200
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
    """Median seconds of one signed mint by `eth_sendRawTransactionSync`."""
    with new_node() as node, node.client() as client:
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


def worker_figures(
    kind: str, server: PostgresServer | None, count: int, *, workers: int = 1
) -> dict[str, float]:
    """One size on one database: rate, CPU an order, memory, and the rate of the first 2,000."""
    with new_node() as node, ledger_url(kind, server) as url:
        approved_desk(node, url, count, batch=BATCH).close()
        return worker_in_a_process(node, url, count, workers=workers)


def single_latency(kind: str, server: PostgresServer | None, count: int) -> float:
    """Median seconds of `Desk.run()` with one approved order."""
    with new_node() as node, ledger_url(kind, server) as url:
        desk = approved_desk(node, url, 0, batch=1)
        took = []
        for _ in range(count + 3):
            desk.approve_one()
            began = time.perf_counter()
            desk.run()
            took.append(time.perf_counter() - began)
        assert desk.settled() == count + 3
        desk.close()
        return median(took[3:])  # the first ones warm up


# ----------------------------------------------------------------------------------------------- the report


def rounds(options: argparse.Namespace, server: PostgresServer | None) -> dict[str, Any]:
    holders = [checksum_address(to_hex(keccak(b"holder %d" % i)[12:]), lenient=True) for i in range(BATCH)]
    found: dict[str, Any] = {"rounds": []}
    databases = ["sqlite", *(["postgresql"] if server else [])]
    for number in range(options.rounds):
        this: dict[str, Any] = {
            "raw": raw_rate(holders, options.raw),
            "naive": naive_rate(holders, NAIVE_SAMPLE),
            "raw single": raw_single(holders, SINGLES),
        }
        for database in databases:
            for size in options.sizes:
                this[f"{database} {size}"] = worker_figures(database, server, size)
            this[f"{database} single"] = single_latency(database, server, SINGLES)
        if server:
            this["two workers"] = worker_figures("postgresql", server, options.sizes[0] * 2, workers=2)
            this["one worker"] = worker_figures("postgresql", server, options.sizes[0] * 2)
        found["rounds"].append(this)
        print(f"round {number + 1} of {options.rounds} is done", file=sys.stderr, flush=True)
    return found


def middle(found: dict[str, Any], value: Callable[[dict[str, Any]], float]) -> float:
    return median(value(item) for item in found["rounds"])


def table(found: dict[str, Any]) -> Iterator[str]:
    first = found["rounds"][0]
    yield f"medians of {len(found['rounds'])} rounds; ratios are of the same round"
    for name in ("raw", "naive"):
        yield f"{name.upper():22} {middle(found, lambda r, n=name: r[n]):9,.0f} orders/s"  # type: ignore[misc]
    yield ""
    heads = ("orders/s", "x RAW", "x NAIVE", "us CPU", "to first", "MB")
    yield f"{'ledger, orders':22} " + " ".join(f"{head:>9}" for head in heads)
    for name, value in first.items():
        if not isinstance(value, dict):
            continue
        figures: tuple[Callable[[dict[str, Any]], float], ...] = (
            lambda r, n=name: r[n]["rate"],  # type: ignore[misc]
            lambda r, n=name: r[n]["rate"] / r["raw"],  # type: ignore[misc]
            lambda r, n=name: r[n]["rate"] / r["naive"],  # type: ignore[misc]
            lambda r, n=name: r[n]["cpu"] * 1e6,  # type: ignore[misc]
            lambda r, n=name: r[n]["rate"] / r[n]["first"],  # type: ignore[misc]
            lambda r, n=name: r[n]["memory"],  # type: ignore[misc]
        )
        yield f"{name:22} " + " ".join(f"{middle(found, figure):9,.2f}" for figure in figures)
    yield ""
    for database in ("sqlite", "postgresql"):
        if f"{database} single" in first:
            ratio = middle(found, lambda r, d=database: r[f"{d} single"] / r["raw single"])  # type: ignore[misc]
            took = middle(found, lambda r, d=database: r[f"{d} single"] * 1e3)  # type: ignore[misc]
            yield f"one order alone, {database}: {took:.1f} ms, {ratio:.1f} x eth_sendRawTransactionSync"
    if "two workers" in first:
        ratio = middle(found, lambda r: r["two workers"]["rate"] / r["one worker"]["rate"])
        yield f"two workers on PostgreSQL: {ratio:.2f} x one"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[2_000, 10_000])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--raw", type=int, default=2_000, help="orders of RAW in a round")
    parser.add_argument("--no-postgresql", action="store_true")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    if options.no_postgresql:
        found = rounds(options, None)
    else:
        with PostgresServer() as server:
            found = rounds(options, server)
    print("\n".join(table(found)))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
