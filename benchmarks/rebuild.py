"""How fast a lost ledger comes back from the chain's events, beside web3's own reading of them.

    python benchmarks/rebuild.py [--orders 20000] [--rounds 3] [--postgres]

A node mints the orders, 200 a transaction, to registered wallets. Then, in turns and each in a process of its
own: the rebuild into a new ledger on SQLite (on PostgreSQL too, if asked for), and web3's `get_logs` for the
token's transfers, its plain one and the one that decodes. Rates are of events read; a ratio is the median of
those within one round. `comparing` is the time for the totals and every balance, which follows the rebuild.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from toolkit import Anvil, Issuance, dev_signer
from toolkit.bindings.structs import InvestorClass, MintBatch, MintOrder, Wallet, WalletEntry, WalletKind
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import keccak
from toolkit.reserves.attestation import Attestation
from toolkit.reserves.bundle import AttestationBundle

ROOT = Path(__file__).resolve().parents[1]
TERMS = ROOT / "deployments" / "terms" / "demo-coin.toml"
OPERATOR, APPROVER, REGISTRAR = (dev_signer(index) for index in (1, 2, 5))
ATTESTORS = [dev_signer(index) for index in (7, 8)]

BATCH, HOLDERS, AMOUNT, FAR = 200, 1_000, 10_000, 2**40 - 1
BLOCKS = 50  # blocks in one question of web3's: more make it no faster


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--orders", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", action="store_true")
    parser.add_argument("--child", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        what, rpc, record, ledger = options.child
        found = {"rebuild": rebuilt, "web3": read_by_web3, "web3-decoded": decoded_by_web3}[what](
            rpc, record, ledger
        )
        sys.stdout.write(json.dumps(found))
        return
    with tempfile.TemporaryDirectory() as folder, Anvil(accounts=20, prune_history=True) as node:
        record = Path(folder) / "record.json"
        minted = time.monotonic()
        mint(node, record, options.orders)
        say(f"{options.orders:,} orders minted in {time.monotonic() - minted:.0f} s")
        with databases(Path(folder), options.postgres) as urls:
            compare(node.rpc_url, record, urls, options.rounds)


def mint(node: Anvil, record: Path, orders: int) -> None:
    """A coin with `orders` orders executed, each to one of the wallets in turn."""
    issuance = Issuance.deploy(TERMS, node, record_path=record)
    wallets = [address_from_bytes(keccak(b"holder %d" % index)[:20]) for index in range(min(HOLDERS, orders))]
    sender = issuance.sender(REGISTRAR)
    for start in range(0, len(wallets), 50):
        entries = [
            WalletEntry(
                wallet,
                Wallet(keccak(wallet.encode())[:16], FAR, 344, InvestorClass.RETAIL, WalletKind.UNHOSTED),
            )
            for wallet in wallets[start : start + 50]
        ]
        sender.execute(issuance.registry.set_wallets(entries), timeout=60)
    now = issuance.client.block("latest").timestamp
    bundle = AttestationBundle(
        Attestation(orders * AMOUNT * 2, now - 1, keccak(b"report")),
        issuance.feed_domain(),
        issuance.attestors,
    )
    for signer in ATTESTORS:
        bundle.sign(signer)
    issuance.reserve.publish(bundle)
    operator = issuance.sender(OPERATOR)
    for start in range(0, orders, BATCH):
        batch = tuple(
            MintOrder(number + 1, wallets[number % len(wallets)], AMOUNT, FAR)
            for number in range(start, min(start + BATCH, orders))
        )
        approval = issuance.market.mint_data(batch).sign(APPROVER)
        operator.execute(issuance.market.mint([MintBatch(orders=batch, approvals=(approval,))]), timeout=60)


@contextlib.contextmanager
def databases(folder: Path, postgres: bool) -> Iterator[dict[str, Any]]:
    """For each kind of database, what gives the URL of a new one."""
    made = iter(range(1_000))
    kinds: dict[str, Any] = {"SQLite": lambda: f"sqlite:///{folder / f'{next(made)}.db'}"}
    if not postgres:
        yield kinds
        return
    sys.path.insert(0, str(ROOT / "tests" / "python"))
    from support.postgres import running

    with running() as server:
        yield kinds | {"PostgreSQL": server.empty}


def compare(rpc: str, record: Path, urls: dict[str, Any], rounds: int) -> None:
    cases = [*urls, "web3", "web3-decoded"]
    results: dict[str, list[dict[str, float]]] = {case: [] for case in cases}
    for _ in range(rounds):
        for case in cases:
            what, ledger = ("rebuild", urls[case]()) if case in urls else (case, "-")
            results[case].append(child(what, rpc, record, ledger))
    say(
        f"{'':24}{'events/s':>12}{'seconds':>10}{'comparing':>11}{'peak MB':>9}{'x web3':>9}{'x decoded':>11}"
    )
    for case in cases:
        runs = results[case]
        rate = statistics.median(run["events"] / run["seconds"] for run in runs)
        ratios = [
            statistics.median(
                (run["events"] / run["seconds"]) / (other["events"] / other["seconds"])
                for run, other in zip(runs, results[peer], strict=True)
            )
            for peer in ("web3", "web3-decoded")
        ]
        names = {"web3": "web3 get_logs", "web3-decoded": "web3, decoded"}
        seconds = statistics.median(run["seconds"] for run in runs)
        comparing = statistics.median(run.get("comparing", 0.0) for run in runs)
        say(
            f"{names.get(case, f'rebuild, {case}'):24}{rate:>11,.0f}{seconds:>11.2f}{comparing:>11.2f}"
            f"{max(run['peak'] for run in runs):>11.0f}{ratios[0]:>11.1f}{ratios[1]:>11.1f}"
        )


def child(what: str, rpc: str, record: Path, ledger: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--child", what, rpc, str(record), ledger]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True, text=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def rebuilt(rpc: str, record: str, url: str) -> dict[str, float]:
    from toolkit.calendar import BusinessCalendar
    from toolkit.desk import rebuild
    from toolkit.ledger import Deployment, Ledger

    issuance = Issuance.load(record, rpc)
    deployment = Deployment(issuance.chain_id, issuance.market.address, issuance.record.instance_id)
    with Ledger.open(url, deployment=deployment) as ledger:
        started = time.monotonic()
        last, history = rebuild.fill(issuance, ledger, BusinessCalendar.load("hong-kong"), 1_000)
        seconds = time.monotonic() - started
        report = rebuild.compare(issuance, history, last, 1_000)
        comparing = time.monotonic() - started - seconds
    if not report.agrees:
        raise SystemExit(f"the rebuilt ledger differs: {report.differences[:3]}")
    return {"events": report.events, "seconds": seconds, "comparing": comparing, "peak": peak()}


def read_by_web3(rpc: str, record: str, _: str) -> dict[str, float]:
    return _web3(rpc, record, decoded=False)


def decoded_by_web3(rpc: str, record: str, _: str) -> dict[str, float]:
    return _web3(rpc, record, decoded=True)


def _web3(rpc: str, record: str, *, decoded: bool) -> dict[str, float]:
    from web3 import HTTPProvider, Web3

    from toolkit.artifacts import load

    issuance = Issuance.load(record, rpc)
    token = issuance.token.address
    w3 = Web3(HTTPProvider(rpc))
    contract = w3.eth.contract(address=token, abi=load("Stablecoin").abi)
    topic = "0x" + keccak(b"Transfer(address,address,uint256)").hex()
    last, found, started = w3.eth.block_number, 0, time.monotonic()
    for start in range(issuance.record.first_block, last + 1, BLOCKS):
        end = min(start + BLOCKS - 1, last)
        if decoded:
            found += len(contract.events.Transfer().get_logs(from_block=start, to_block=end))
        else:
            asked = {"address": token, "topics": [topic], "fromBlock": start, "toBlock": end}
            found += len(w3.eth.get_logs(asked))
    return {"events": found, "seconds": time.monotonic() - started, "peak": peak()}


def peak() -> float:
    """The process's largest resident memory, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (1024 if sys.platform == "linux" else 1024**2)


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
