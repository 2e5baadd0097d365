"""Reading the ledger as it stood: events up to a place in the chain of events, and the money beside them.

Nothing here depends on where orders stand now. Events are only ever added, a bank line or a payout never
changes, so that the same question gets the same answer for as long as the ledger exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, NamedTuple

import sqlalchemy as sa

from toolkit.amounts import Amount, minor_units
from toolkit.calendar import Clock
from toolkit.chain.journal import Outcome
from toolkit.ledger import audit, schema
from toolkit.ledger.bulk import Among
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import OrderKind, State
from toolkit.ledger.records import Head
from toolkit.ledger.schema_reporting import checkpoints
from toolkit.ledger.store import Unit

__all__ = ["AsOf", "Fact", "Paid", "Received"]

_PORTION = 10_000

_EVENTS, _ORDERS = schema.order_events.c, schema.orders.c
_FACTS = (
    sa.select(
        _EVENTS.seq,
        _EVENTS.order_id,
        _ORDERS.kind,
        _EVENTS.from_state,
        _EVENTS.to_state,
        _EVENTS.at,
        _EVENTS.reason,
        _EVENTS.evidence,
        _ORDERS.number,
        _ORDERS.wallet,
        _ORDERS.amount,
        _ORDERS.due_at,
    )
    .join_from(schema.order_events, schema.orders, _EVENTS.order_id == _ORDERS.id)
    .where(
        _EVENTS.seq > sa.bindparam("after"),
        _EVENTS.seq <= sa.bindparam("up_to"),
        sa.or_(
            sa.and_(_EVENTS.to_state == State.SETTLED, _ORDERS.kind == OrderKind.MINT),
            _ORDERS.kind == OrderKind.REDEMPTION,
        ),
    )
    .order_by(_EVENTS.seq)
    .limit(_PORTION)
)
_PLACES = sa.select(schema.transactions.c.hash, schema.transactions.c.block_number).where(
    Among(schema.transactions.c.hash, "hashes"), schema.transactions.c.state == Outcome.MINED
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A step of an order, with what the order is: a mint that settled, or any step of a redemption.

    `evidence` is the transaction, without 0x, of a step that the chain proves. `units` are base units.
    """

    seq: int
    order_id: str
    kind: str
    source: str | None
    target: str
    at: datetime
    reason: str
    evidence: str | None
    number: int | None
    wallet: str
    units: int
    due_at: datetime | None

    @property
    def transaction(self) -> str:
        return f"0x{self.evidence}"


class Received(NamedTuple):
    """A bank line that the ledger received; `minor` are the currency's smallest units. There are many: an
    `Amount` is made where it is asked for.
    """

    reference: str
    minor: int
    currency: str
    value_date: date
    received_at: datetime
    order_id: str | None
    returned_reference: str | None
    returned_at: datetime | None

    @property
    def amount(self) -> Amount:
        return Amount.from_base_units(self.minor, unit=self.currency, decimals=minor_units(self.currency))


class Paid(NamedTuple):
    """A payout; `minor` are the currency's smallest units."""

    reference: str
    order_id: str
    minor: int
    currency: str
    paid_at: datetime

    @property
    def amount(self) -> Amount:
        return Amount.from_base_units(self.minor, unit=self.currency, decimals=minor_units(self.currency))


_RECEIVED = [
    schema.funds_receipts.c[name]
    for name in (
        "reference",
        "amount",
        "currency",
        "value_date",
        "received_at",
        "order_id",
        "returned_reference",
        "returned_at",
    )
]
_PAID = [schema.payouts.c[name] for name in ("reference", "order_id", "amount", "currency", "paid_at")]


@dataclass(frozen=True, slots=True)
class AsOf:
    """The questions that reconciliation asks."""

    unit: Unit
    clock: Clock

    def head(self) -> Head:
        """The end of the chain of events now."""
        with self.unit.reading() as connection:
            return audit.head(connection)

    def facts(self, *, after: int, up_to: int) -> Iterator[Fact]:
        """The facts of events `after` (excluded) to `up_to` (included), in their sequence."""
        while True:
            with self.unit.reading() as connection:
                rows: Sequence[Any] = connection.execute(_FACTS, {"after": after, "up_to": up_to}).all()
            for row in rows:
                yield Fact(*row)
            if len(rows) < _PORTION:
                return
            after = rows[-1].seq

    def places(self, transactions: Iterable[str]) -> dict[str, int]:
        """The blocks of the desk's own transactions (0x and 64 digits) that are final."""
        wanted = sorted(set(transactions))
        with self.unit.reading() as connection:
            rows = connection.execute(_PLACES, {"hashes": wanted})
            return {row.hash: row.block_number for row in rows if row.block_number is not None}

    def received(self, *, after: datetime | None, until: datetime) -> tuple[Received, ...]:
        """Bank lines that the ledger received after `after` (None: ever) and by `until`."""
        column = schema.funds_receipts.c.received_at
        return self._receipts(_between(column, after, until))

    def returned(self, *, after: datetime | None, until: datetime) -> tuple[Received, ...]:
        """Bank lines that went back after `after` and by `until`."""
        column = schema.funds_receipts.c.returned_at
        return self._receipts([column.is_not(None), *_between(column, after, until)])

    def receipts(self, references: Sequence[str]) -> tuple[Received, ...]:
        """The bank lines of these references, or that went back under them."""
        table = schema.funds_receipts.c
        among = sa.or_(Among(table.reference, "names"), Among(table.returned_reference, "names"))
        return self._receipts([among], {"names": list(references)})

    def paid(self, *, after: datetime | None, until: datetime) -> tuple[Paid, ...]:
        """Payouts that the bank made after `after` and by `until`."""
        return self._payouts(_between(schema.payouts.c.paid_at, after, until))

    def payouts_of(self, order_ids: Sequence[str]) -> tuple[Paid, ...]:
        """The payouts of these redemptions."""
        return self._payouts([Among(schema.payouts.c.order_id, "ids")], {"ids": list(order_ids)})

    def payouts(self, references: Sequence[str]) -> tuple[Paid, ...]:
        """The payouts under these payment references."""
        return self._payouts([Among(schema.payouts.c.reference, "names")], {"names": list(references)})

    def is_bank_account(self, reference: str) -> bool:
        """Whether it is the desk's reference of a customer's account."""
        table = schema.bank_accounts
        with self.unit.reading() as connection:
            found = connection.execute(sa.select(table.c.investor).where(table.c.reference == reference))
            return found.first() is not None

    def wallets(self, kind: str, *, until: datetime) -> tuple[str, ...]:
        """The addresses of customers' wallets of a kind, registered by `until`."""
        table = schema.wallets.c
        query = sa.select(table.address).where(table.kind == kind, table.created_at <= until)
        with self.unit.reading() as connection:
            return tuple(connection.execute(query.order_by(table.address)).scalars())

    # ------------------------------------------------------------------------------------------- checkpoints

    def keep_checkpoint(self, record_id: str, digest: str, data: bytes) -> None:
        """Stores what a reconciled day leaves for the next; a day that is run again replaces its own."""
        with self.unit.writing() as connection:
            connection.execute(sa.delete(checkpoints).where(checkpoints.c.record_id == record_id))
            row = {"record_id": record_id, "digest": digest, "data": data, "created_at": self.clock.now()}
            connection.execute(sa.insert(checkpoints), [row])

    def checkpoint(self, record_id: str) -> tuple[str, bytes]:
        """Digest and data. Raises `NotFound`."""
        with self.unit.reading() as connection:
            row = connection.execute(
                sa.select(checkpoints.c.digest, checkpoints.c.data).where(
                    checkpoints.c.record_id == record_id
                )
            ).one_or_none()
        if row is None:
            raise NotFound(f"no checkpoint of {record_id!r}", record=record_id)
        return row.digest, row.data

    # ------------------------------------------------------------------------------------------------ inside

    def _receipts(
        self, conditions: Sequence[sa.ColumnElement[bool]], values: dict[str, Any] | None = None
    ) -> tuple[Received, ...]:
        table = schema.funds_receipts
        query = sa.select(*_RECEIVED).where(*conditions).order_by(table.c.received_at, table.c.reference)
        with self.unit.reading() as connection:
            return tuple(map(Received._make, connection.execute(query, values or {})))

    def _payouts(
        self, conditions: Sequence[sa.ColumnElement[bool]], values: dict[str, Any] | None = None
    ) -> tuple[Paid, ...]:
        table = schema.payouts
        query = sa.select(*_PAID).where(*conditions).order_by(table.c.paid_at, table.c.reference)
        with self.unit.reading() as connection:
            return tuple(map(Paid._make, connection.execute(query, values or {})))


def _between(column: sa.Column[Any], after: datetime | None, until: datetime) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = [column <= until]
    if after is not None:
        conditions.append(column > after)
    return conditions
