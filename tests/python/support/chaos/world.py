"""What every schedule of the campaign begins with: the coin on a node, and ledgers full of approved orders.

All of it is made once. A schedule gets the chain as it was by `evm_revert` (or, where it stops its node, a
node of its own from the saved state), and a copy of one of the ledgers: so a schedule costs what its
faults cost, and not its forty orders.
"""

from __future__ import annotations

import random
import shutil
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from support import postgres
from support.deployments import demo_terms
from support.desks import Bench, Customer
from support.suite import Suite

from toolkit.chain.anvil import Anvil
from toolkit.deployment import DeploymentRecord
from toolkit.issuance import Issuance
from toolkit.ledger import MintOrder
from toolkit.ledger.schema import metadata

OPERATORS = (1, 16)
"""Development accounts of the two operator keys: so many workers may send at once."""

TREASURER_KEY, GUARDIAN_KEY = 4, 9

CUSTOMERS = 4
HELD = "50000.00"
"""What each customer holds at the start, in tokens."""

# How the orders of a ledger are signed: sizes of its batches.
PARTITIONS: tuple[tuple[int, ...], ...] = (
    (42,),
    (14, 14, 14),
    (1, 20, 1, 20),
    (6, 6, 6, 6, 6, 6, 6),
    (30, 1, 1, 10),
)

_TERMS = (
    (
        'limit = "300000000.00" # in any 24 hours',
        'limit = "300000000.00"\n\n[[market.operator_limits]]\naccount = "anvil:16"\nlimit = "300000000.00"',
    ),
    (
        'OPERATOR = [{ account = "anvil:1" }]',
        'OPERATOR = [{ account = "anvil:1" }, { account = "anvil:16" }]',
    ),
)


@dataclass(frozen=True)
class Prepared:
    """A ledger to copy: its mint orders, and redemptions whose acceptance is signed."""

    sqlite: Path
    postgresql: str | None
    orders: int
    redemptions: int


class World:
    """Use it as a context. `postgresql=False` does without that server; `ledgers` says how many of the
    partitions are prepared.
    """

    def __init__(self, *, postgresql: bool = True, ledgers: int | None = None) -> None:
        self._stack = ExitStack()
        self._wants_postgresql = postgresql
        self._partitions = PARTITIONS[:ledgers]
        self.prepared: list[Prepared] = []
        self.customers: list[Customer] = []

    def __enter__(self) -> World:
        with ExitStack() as stack:
            shared = Path("/dev/shm")  # memory: what is measured here isn't the disk
            parent = shared if shared.is_dir() else None
            self.folder = Path(tempfile.mkdtemp(prefix="chaos-", dir=parent))
            stack.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.postgres = stack.enter_context(postgres.running()) if self._wants_postgresql else None
            self._state = self.folder / "state.json"
            self._deploy()
            # A node writes its state back every minute.
            self.node = stack.enter_context(self._started(self._copied_state()))
            self._base = self.node.snapshot()
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @contextmanager
    def chain(self, *, own: bool) -> Iterator[Anvil]:
        """The chain as every schedule begins; with `own`, on a node that may be stopped."""
        if own:
            state = self._copied_state()
            with self._started(state) as node:
                yield node
            state.unlink(missing_ok=True)
            return
        yield self.node
        self.node.set_automine(True)
        self.node.revert(self._base)
        self._base = self.node.snapshot()

    @contextmanager
    def ledger(self, kind: str, which: int) -> Iterator[str]:
        """The URL of a copy of ledger `which`."""
        prepared = self.prepared[which]
        if kind == "postgresql":
            if self.postgres is None or prepared.postgresql is None:
                raise AssertionError("this world has no PostgreSQL")
            url = self.postgres.copy(prepared.postgresql)
            yield url
            self.postgres.drop(url)
            return
        folder = self.folder / uuid.uuid4().hex
        folder.mkdir()
        shutil.copy(prepared.sqlite, folder / "desk.db")
        yield f"sqlite:///{folder}/desk.db"
        shutil.rmtree(folder)

    # ------------------------------------------------------------------------------------------- preparing

    def _copied_state(self) -> Path:
        state = self.folder / f"state-{uuid.uuid4().hex}.json"
        shutil.copy(self._state, state)
        return state

    def _started(self, state: Path) -> Anvil:
        return Anvil(accounts=20, state=state)

    def _deploy(self) -> None:
        with self._started(self._state) as node:
            terms = demo_terms(*_TERMS)
            issuance = Issuance.deploy(terms, node)
            self.record: DeploymentRecord = issuance.record
            suite = Suite(node, issuance)
            suite.attest(10_000_000_000_000)
            first = self.folder / "first.db"
            bench = Bench(suite, first).staff()
            self._settle_customers(bench)
            bench.desk.close()
            for place, sizes in enumerate(self._partitions):
                self.prepared.append(self._prepare(suite, first, place, sizes))
            self.first_block = node.client().block("latest").number

    def _settle_customers(self, bench: Bench) -> None:
        self.customers = [bench.customer(number + 1) for number in range(CUSTOMERS)]
        held = [bench.funded(customer, HELD) for customer in self.customers]
        bench.desk.approve(held, bench.approver())
        bench.desk.run()
        for customer in self.customers:
            bench.escrowed(customer, "100.00")
            bench.escrowed(customer, "250.50")

    def _prepare(self, suite: Suite, first: Path, place: int, sizes: tuple[int, ...]) -> Prepared:
        """No transaction is sent from here on: the chain is every ledger's."""
        path = self.folder / f"prepared-{place}.db"
        shutil.copy(first, path)
        bench = Bench(suite, path)
        bench.lines = CUSTOMERS
        draw = random.Random(place)
        for size in sizes:
            orders: list[MintOrder] = []
            for _ in range(size):
                amount = f"{draw.randint(1, 20_000)}.{draw.randint(0, 99):02}"
                orders.append(bench.funded(draw.choice(self.customers), amount))
            bench.desk.approve(orders, bench.approver())
        redemptions = bench.desk.orders("escrowed")
        bench.desk.approve_redemption(redemptions[: len(redemptions) // 2], bench.approver())
        for order in redemptions[len(redemptions) // 2 :]:
            bench.desk.approve_redemption(order, bench.approver())
        bench.desk.close()
        copy = None
        if self.postgres is not None:
            copy = self.postgres.ledger()
            copy_rows(f"sqlite:///{path}", copy)
        return Prepared(path, copy, sum(sizes), len(redemptions))


def copy_rows(source: str, target: str) -> None:
    """Every row of one ledger into another, empty one."""
    read, written = sa.create_engine(source), sa.create_engine(target)
    with read.connect() as old, written.begin() as new:
        if new.dialect.name == "postgresql":
            new.exec_driver_sql("SET session_replication_role = replica")
        for table in metadata.sorted_tables:
            new.execute(sa.delete(table))
            rows = [dict(row) for row in old.execute(sa.select(table)).mappings()]
            if rows:
                new.execute(sa.insert(table), rows)
    read.dispose()
    written.dispose()
