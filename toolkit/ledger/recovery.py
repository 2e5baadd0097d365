"""Writing what the chain proves into an empty ledger: parties, orders, and where each order stands.

What is written here stands on final events and on nobody's word. Every order begins with the event
`recovered`, by the person `rebuild`, whose evidence is the digest of what the chain says was ordered; its
second event takes it to where the chain has it and names the transaction and the block.
`toolkit.desk.history` reads the chain.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import LedgerError
from toolkit.ledger import audit, schema
from toolkit.ledger.bulk import insert_rows
from toolkit.ledger.investors import RECOVERED
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.orders import NOT_DEALT
from toolkit.ledger.records import Head
from toolkit.ledger.store import Unit

__all__ = ["REBUILD", "Recovered", "RecoveredWallet", "Recovery", "recovered_id"]

REBUILD = "rebuild"
"""The person under whom recovered orders are written."""

_IN_COLUMNS = itemgetter(*(column.name for column in schema.orders.columns))
_UNKNOWN = uuid.UUID("6f3a6c9e-1c64-5b0e-9d0a-5d1f2b6c7e80").bytes  # the name space of recovered orders' ids


@dataclass(frozen=True, slots=True)
class RecoveredWallet:
    """What the registry says of a wallet. `verified_until` is None for one that it has removed."""

    address: str
    investor: str
    investor_class: str
    jurisdiction: str
    kind: str
    verified_until: datetime | None


class Recovered(NamedTuple):
    """An order as the chain has it. `transaction` and `block` (its hash) are of its last event."""

    kind: OrderKind
    number: int
    state: State
    wallet: str
    base_units: int
    created_at: datetime
    transaction: str
    block_number: int
    block: str
    due_at: datetime | None = None


class Recovery:
    """Fills one empty ledger, inside one transaction: a rebuild that ends half-way leaves it empty."""

    def __init__(self, unit: Unit, clock: Clock, *, unit_name: str, decimals: int, currency: str) -> None:
        self._unit = unit
        self._now = clock.now()
        self._common: dict[str, Any] = {
            "held_from": None,
            "unit": unit_name,
            "decimals": decimals,
            "currency": currency,
            "maker": REBUILD,
            "bank_account": None,
            "batch_id": None,
            "flight_id": None,
            **NOT_DEALT,
        }
        self._owners: dict[str, str] = {}
        self._investors: set[str] = set()
        self._end: Head | None = None

    def begin(self) -> None:
        """Raises `LedgerError` unless nothing was ever written."""
        with self._unit.writing() as connection:
            for table in (schema.orders, schema.persons, schema.investors, schema.transactions):
                if connection.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
                    raise LedgerError(
                        f"the ledger isn't empty (its {table.name} are not): rebuild into a new database, "
                        "and keep the old one as evidence"
                    )
            self._end = audit.lock(connection)
            insert_rows(connection, schema.persons, [(REBUILD, "rebuilt from the chain", self._now)])
            insert_rows(connection, schema.person_roles, [(REBUILD, Role.OPERATOR.value)])

    def add(self, wallets: Sequence[RecoveredWallet], orders: Sequence[Recovered]) -> None:
        """Wallets that weren't recovered yet, with their investors; then orders of known wallets, in the
        chain's sequence.
        """
        if wallets:
            self._add_wallets(wallets)
        if orders:
            self._add_orders(orders)

    def _add_wallets(self, wallets: Sequence[RecoveredWallet]) -> None:
        fresh = {item.investor: item for item in wallets if item.investor not in self._investors}
        with self._unit.writing() as connection:
            insert_rows(
                connection,
                schema.investors,
                [
                    (
                        item.investor,
                        RECOVERED,
                        item.investor_class,
                        item.jurisdiction,
                        RECOVERED,
                        item.verified_until,
                        self._now,
                    )
                    for item in fresh.values()
                ],
            )
            insert_rows(
                connection,
                schema.wallets,
                [
                    (item.address, item.investor, item.kind, None, None, None, None, self._now)
                    for item in wallets
                ],
            )
        self._investors.update(fresh)
        self._owners.update((item.address, item.investor) for item in wallets)

    def set_verified(self, until: Sequence[tuple[str, datetime | None]]) -> None:
        """Until when each investor is verified, as the registry said last."""
        table = schema.investors
        statement = (
            sa.update(table)
            .where(table.c.reference == sa.bindparam("investor"))
            .values(verified_until=sa.bindparam("until"))
        )
        if until:
            rows = [{"investor": reference, "until": instant} for reference, instant in until]
            with self._unit.writing() as connection:
                connection.execute(statement, rows)

    def _add_orders(self, orders: Sequence[Recovered]) -> None:
        if self._end is None:
            raise LedgerError("a recovery adds orders to a ledger that it has begun")
        rows = [self._row(order, seq) for seq, order in enumerate(orders, start=self._end.seq + 1)]
        with self._unit.writing() as connection:
            insert_rows(connection, schema.orders, list(map(_IN_COLUMNS, rows)))
            self._append(connection, orders, rows)

    def finish(self, last_number: int) -> None:
        """The numbers of new orders run from the one after `last_number`."""
        table = schema.counters
        with self._unit.writing() as connection:
            connection.execute(
                sa.update(table).where(table.c.name == "mint_number").values(value=last_number)
            )

    def _row(self, order: Recovered, seq: int) -> dict[str, Any]:
        return {
            **self._common,
            "id": recovered_id(order.kind, order.number),
            "kind": order.kind.value,
            "number": order.number,
            "state": order.state.value,
            "investor": self._owners[order.wallet],
            "wallet": order.wallet,
            "amount": order.base_units,
            "created_at": order.created_at,
            # A mint's own expiry is in no event; it was executed, so it lies at or after that.
            "expires_at": order.created_at if order.kind is OrderKind.MINT else None,
            "due_at": order.due_at,
            "opened_seq": seq,
        }

    def _append(
        self, connection: Connection, orders: Sequence[Recovered], rows: Sequence[dict[str, Any]]
    ) -> None:
        """`recovered` for each, then the step to where it stands."""
        ids = [row["id"] for row in rows]
        opened = (
            (audit.recovered_facts(order.number, order.due_at) if order.kind is OrderKind.REDEMPTION else "")
            for order in orders
        )
        begun = [
            (State.RECOVERED, reason, (order_id, None, audit.order_digest(row)))
            for reason, order_id, row in zip(opened, ids, rows, strict=True)
        ]
        moved = [
            (
                order.state,
                f"final in block {order.block_number}, {order.block}",
                (order_id, State.RECOVERED, order.transaction.removeprefix("0x")),
            )
            for order, order_id in zip(orders, ids, strict=True)
        ]
        self._end = audit.append_acts(connection, self._acts([*begun, *moved]), self._end)

    def _acts(
        self, events: Sequence[tuple[State, str, audit.Ordered]]
    ) -> Iterator[tuple[audit.Draft, list[audit.Ordered]]]:
        """Events that lie together and say the same are one act."""
        for (state, reason), some in groupby(events, key=itemgetter(0, 1)):
            yield (
                audit.Draft(state, REBUILD, Role.OPERATOR, self._now, reason),
                [event for _, _, event in some],
            )


def recovered_id(kind: OrderKind, number: int) -> str:
    """The id of an order that the chain alone tells of: a UUID of version 5 (RFC 9562), of kind and number.

    What `uuid.uuid5` gives, in a third of its time.
    """
    digest = hashlib.sha1(_UNKNOWN + f"{kind}/{number}".encode(), usedforsecurity=False).digest()
    value = int.from_bytes(digest[:16], "big") & ~(0xF << 76 | 0x3 << 62) | 5 << 76 | 2 << 62
    text = f"{value:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"
