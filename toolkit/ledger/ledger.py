"""The ledger: one durable, verifiable account of everything the desk was asked and did."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock, SystemClock
from toolkit.chain.addresses import checksum_address
from toolkit.errors import LedgerError
from toolkit.ledger import audit, migrate, schema, verification
from toolkit.ledger.agenda import Agenda
from toolkit.ledger.alerts import Alerts, MonitorTotals
from toolkit.ledger.as_of import AsOf
from toolkit.ledger.bank_lines import BankLines
from toolkit.ledger.batches import Approvals, Batches
from toolkit.ledger.chain import Attestations, ChainEvents, Cursors
from toolkit.ledger.eligibility import Eligibility
from toolkit.ledger.errors import StaleLedger
from toolkit.ledger.extracts import Extracts
from toolkit.ledger.flights import Flights
from toolkit.ledger.fund_orders import FundOrders
from toolkit.ledger.incidents import Incidents
from toolkit.ledger.investors import Investors
from toolkit.ledger.lanes import Lanes
from toolkit.ledger.limits import Limits
from toolkit.ledger.lists import Lists
from toolkit.ledger.money import Funds, Payouts
from toolkit.ledger.omnibus import Omnibus
from toolkit.ledger.omnibus_moves import OmnibusMoves
from toolkit.ledger.orders import Orders
from toolkit.ledger.passages import Passages
from toolkit.ledger.persons import Persons
from toolkit.ledger.prepared import NOTHING, Prepared, Query, rows_of
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.records import Deployment, Head, Lease, OrderEvent
from toolkit.ledger.recovery import Recovery
from toolkit.ledger.restrictions import Restrictions
from toolkit.ledger.screening import Screening
from toolkit.ledger.standings import Standings
from toolkit.ledger.store import Joined, Store, Unit
from toolkit.ledger.transactions import LaneJournal, Transactions
from toolkit.ledger.travel import Travel

__all__ = ["Ledger", "Transaction"]


class _Repositories:
    """The parts of the ledger, all on one unit of work."""

    def __init__(self, unit: Unit, clock: Clock) -> None:
        self._unit = unit
        self.clock = clock

    @cached_property
    def investors(self) -> Investors:
        return Investors(self._unit, self.clock)

    @cached_property
    def eligibility(self) -> Eligibility:
        return Eligibility(self._unit, self.clock)

    @cached_property
    def restrictions(self) -> Restrictions:
        return Restrictions(self._unit, self.clock)

    @cached_property
    def standings(self) -> Standings:
        return Standings(self._unit)

    @cached_property
    def limits(self) -> Limits:
        return Limits(self._unit)

    @cached_property
    def lists(self) -> Lists:
        return Lists(self._unit, self.clock)

    @cached_property
    def screening(self) -> Screening:
        return Screening(self._unit, self.clock)

    @cached_property
    def travel(self) -> Travel:
        return Travel(self._unit, self.clock)

    @cached_property
    def alerts(self) -> Alerts:
        return Alerts(self._unit, self.clock)

    @cached_property
    def monitor_totals(self) -> MonitorTotals:
        return MonitorTotals(self._unit)

    @cached_property
    def persons(self) -> Persons:
        return Persons(self._unit, self.clock)

    @cached_property
    def orders(self) -> Orders:
        return Orders(self._unit, self.clock)

    @cached_property
    def fund_orders(self) -> FundOrders:
        return FundOrders(self._unit, self.clock)

    @cached_property
    def passages(self) -> Passages:
        return Passages(self._unit)

    @cached_property
    def record_book(self) -> RecordBook:
        return RecordBook(self._unit, self.clock)

    @cached_property
    def omnibus(self) -> Omnibus:
        return Omnibus(self._unit, self.clock)

    @cached_property
    def omnibus_moves(self) -> OmnibusMoves:
        return OmnibusMoves(self._unit, self.clock)

    @cached_property
    def funds(self) -> Funds:
        return Funds(self._unit, self.clock)

    @cached_property
    def payouts(self) -> Payouts:
        return Payouts(self._unit, self.clock)

    @cached_property
    def batches(self) -> Batches:
        return Batches(self._unit, self.clock)

    @cached_property
    def flights(self) -> Flights:
        return Flights(self._unit, self.clock)

    @cached_property
    def incidents(self) -> Incidents:
        return Incidents(self._unit, self.clock)

    @cached_property
    def approvals(self) -> Approvals:
        return Approvals(self._unit, self.clock)

    @cached_property
    def agenda(self) -> Agenda:
        return Agenda(self._unit, self.clock)

    @cached_property
    def lanes(self) -> Lanes:
        return Lanes(self._unit, self.clock)

    @cached_property
    def transactions(self) -> Transactions:
        return Transactions(self._unit, self.clock)

    @cached_property
    def chain_events(self) -> ChainEvents:
        return ChainEvents(self._unit, self.clock)

    @cached_property
    def attestations(self) -> Attestations:
        return Attestations(self._unit, self.clock)

    @cached_property
    def cursors(self) -> Cursors:
        return Cursors(self._unit)

    @cached_property
    def bank_lines(self) -> BankLines:
        return BankLines(self._unit, self.clock)

    @cached_property
    def as_of(self) -> AsOf:
        return AsOf(self._unit, self.clock)

    @cached_property
    def extracts(self) -> Extracts:
        return Extracts(self._unit)

    def history(self, order_id: str) -> tuple[OrderEvent, ...]:
        """Every step an order took, oldest first. Raises `NotFound`."""
        return self.orders.history(order_id)


class _Shared:
    """A unit of work that several calls share. Whatever fails in it, all of it is undone."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection
        self._failure: BaseException | None = None

    @property
    def is_sqlite(self) -> bool:
        return self._open().dialect.name == "sqlite"

    @contextmanager
    def writing(self, *, lasting: bool = True) -> Iterator[Connection]:
        del lasting
        connection = self._open()
        try:
            yield connection
        except BaseException as error:
            self._failure = error
            raise

    def write(self, statement: Prepared, values: Mapping[str, Any], *, lasting: bool = True) -> Sequence[Any]:
        with self.writing(lasting=lasting) as connection:
            return Joined(connection).write(statement, values)

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        yield self._open()

    def rows(self, query: Query, values: Mapping[str, Any] = NOTHING) -> Sequence[Any]:
        return rows_of(self._open(), query, values)

    def finish(self) -> None:
        """Raises if a write failed and the caller went on: half a step must not be committed."""
        if self._failure is not None:
            raise LedgerError(
                f"a step of this transaction failed ({self._failure}) and nothing of it was kept: "
                "leave the transaction with the exception and begin another"
            ) from self._failure

    def end(self) -> None:
        self._connection = None

    def _open(self) -> Connection:
        if self._connection is None:
            raise LedgerError("this transaction has ended: begin another with ledger.transaction()")
        if self._failure is not None:
            self.finish()
        return self._connection


class _Seen:
    """A unit of work that only reads."""

    def __init__(self, connection: Connection) -> None:
        self._connection: Connection | None = connection

    @property
    def is_sqlite(self) -> bool:
        return self._open().dialect.name == "sqlite"

    def writing(self, *, lasting: bool = True) -> AbstractContextManager[Connection]:
        del lasting
        raise LedgerError("this is a look at the ledger: write by ledger.transaction(), outside of it")

    def write(self, statement: Prepared, values: Mapping[str, Any], *, lasting: bool = True) -> Sequence[Any]:
        del statement, values
        with self.writing(lasting=lasting):
            return ()

    def reading(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._open())

    def rows(self, query: Query, values: Mapping[str, Any] = NOTHING) -> Sequence[Any]:
        return rows_of(self._open(), query, values)

    def end(self) -> None:
        self._connection = None

    def _open(self) -> Connection:
        if self._connection is None:
            raise LedgerError("this look has ended: take another with ledger.look()")
        return self._connection


class Look(_Repositories):
    """The ledger's parts as of one moment: what is written meanwhile isn't seen. Nothing is written by it."""


class Transaction(_Repositories):
    """The ledger's parts inside one transaction: all of it is committed at the end, or nothing."""

    def recovery(self, *, unit: str, decimals: int, currency: str) -> Recovery:
        """Writes what the chain proves into this ledger, which must be empty."""
        return Recovery(self._unit, self.clock, unit_name=unit, decimals=decimals, currency=currency)


class Ledger(_Repositories):
    """The desk's ledger. Open it with `Ledger.open`; safe to use from several threads.

    Every call is one short transaction of its own; `with ledger.transaction() as tx` puts several
    into one (`tx.orders`, `tx.transactions`, ...), to hold together what belongs together and to pay
    for one commit instead of many.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        super().__init__(store, clock)
        self._store = store

    @classmethod
    def open(
        cls,
        url: str = "sqlite:///desk.db",
        *,
        clock: Clock | None = None,
        deployment: Deployment | None = None,
    ) -> Ledger:
        """Opens the ledger at `url`; an empty database gets its tables.

        With `deployment`, an unbound ledger is bound to it for good, and a bound one is checked.
        Raises `LedgerUnreachable`; `LedgerTooNew` or `LedgerTooOld` for another schema; `StaleLedger`
        for another deployment; `ConfigurationError` for a URL that isn't SQLite's or PostgreSQL's.
        """
        store = Store(url)
        try:
            with store.writing() as connection:
                migrate.prepare(connection)
            ledger = cls(store, clock or SystemClock())
            if deployment is not None:
                ledger.bind(deployment)
        except BaseException:
            store.close()
            raise
        return ledger

    @staticmethod
    def migrate(url: str) -> None:
        """Brings an older ledger to this version's schema, in one transaction. Back it up before."""
        store = Store(url)
        try:
            with store.writing() as connection:
                migrate.upgrade(connection)
        finally:
            store.close()

    def close(self) -> None:
        """Gives the connections back. The ledger can't be used afterwards."""
        self._store.close()

    def __enter__(self) -> Ledger:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def is_served(self) -> bool:
        """Whether a server carries out what is asked of the ledger, while this process gets on."""
        return not self._store.is_sqlite

    @contextmanager
    def look(self) -> Iterator[Look]:
        """Several reads of one moment, for the price of one connection. Raises `LedgerError` for a write."""
        with self._store.reading() as connection:
            seen = _Seen(connection)
            try:
                yield Look(seen, self.clock)
            finally:
                seen.end()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """Several calls in one transaction, committed together.

        An exception that leaves the block undoes all of it. One that was caught inside undoes it
        too: the block then ends with `LedgerError`, because a step may have been half-written.
        """
        with self._store.writing() as connection:
            shared = _Shared(connection)
            try:
                yield Transaction(shared, self.clock)
                shared.finish()
            finally:
                shared.end()

    def bind(self, deployment: Deployment) -> None:
        """Ties the ledger to its deployment, once. Raises `StaleLedger` if it belongs to another.

        A ledger that knows its node's instance can't be used without one.
        """
        wanted = {
            "chain_id": str(deployment.chain_id),
            "market": deployment.market,
            "instance_id": deployment.instance_id or "",
        }
        with self._store.writing() as connection:
            bound = _meta(connection)
            if not bound:
                rows = [{"key": key, "value": value} for key, value in wanted.items()]
                connection.execute(sa.insert(schema.meta), rows)
            elif bound != wanted:
                differences = ", ".join(
                    f"{key} {bound.get(key) or 'none'} (asked for {value or 'none'})"
                    for key, value in wanted.items()
                    if bound.get(key) != value
                )
                raise StaleLedger(
                    f"this ledger belongs to another deployment: {differences}; "
                    "use that deployment's record, or give this deployment a ledger of its own",
                    bound=bound,
                    wanted=wanted,
                )

    def journal(self, address: str, lease: Lease | None = None) -> LaneJournal:
        """The `TransactionJournal` of the lane with that key, for `toolkit.chain.sender.Sender`.

        Nothing is recorded without a lease, given here or to the journal's `lease` later on.
        Raises `LedgerError` for a ledger that isn't bound to a deployment.
        """
        deployment = self.deployment
        if deployment is None:
            raise LedgerError("the ledger belongs to no deployment yet: open it with one, or bind it")
        address = checksum_address(address, what="lane")
        return LaneJournal(self, address, deployment.chain_id, lease)

    @property
    def deployment(self) -> Deployment | None:
        """The deployment this ledger belongs to, or None if it isn't bound yet."""
        with self._store.reading() as connection:
            bound = _meta(connection)
        if not bound:
            return None
        return Deployment(int(bound["chain_id"]), bound["market"], bound["instance_id"] or None)

    def head(self) -> Head:
        """The end of the chain of events: keep it elsewhere, and `verify` against it later."""
        with self._store.reading() as connection:
            return audit.head(connection)

    def verify(self, anchor: Head | None = None) -> Head:
        """Recomputes the hash chain and all that hangs on it; returns its end.

        Raises `LedgerTampered` naming the first row that was edited, removed or moved, or an
        `anchor` (an earlier `head()`) that the chain no longer contains.
        """
        with self._store.reading() as connection:
            return verification.verify(connection, anchor)


def _meta(connection: Connection) -> dict[str, str]:
    rows = connection.execute(sa.select(schema.meta.c.key, schema.meta.c.value))
    return {row.key: row.value for row in rows}
