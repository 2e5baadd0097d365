"""What the desk saw of the chain: decoded events, attestations, how far it has read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection, RowMapping

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import to_hex
from toolkit.errors import InconsistentNode, InvalidInput, LedgerError
from toolkit.ledger import checks, schema
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Attestation, ChainEvent, Cursor
from toolkit.ledger.steps import chunks
from toolkit.ledger.store import Unit

__all__ = ["Attestations", "ChainEvents", "Cursors"]


# Built once: building a statement costs as much as running it.
_CURSOR = Prepared(sa.select(schema.cursors).where(schema.cursors.c.name == sa.bindparam("wanted")))
_SET_CURSOR = (
    sa.update(schema.cursors)
    .where(schema.cursors.c.name == sa.bindparam("wanted"))
    .values(block_number=sa.bindparam("number"), block_hash=sa.bindparam("block"))
)
_ADVANCE_CURSOR = Prepared(_SET_CURSOR.where(schema.cursors.c.block_number < sa.bindparam("number")))


@dataclass(frozen=True, slots=True)
class ChainEvents:
    """Decoded logs, each once, whatever the node repeats."""

    unit: Unit
    clock: Clock

    def record(self, events: Iterable[ChainEvent]) -> tuple[ChainEvent, ...]:
        """Stores the events and returns those that weren't there, in order: of writers who store the same at
        once, to one of them.

        An event that had been orphaned and is back counts as new. Raises `InconsistentNode` if the
        node now says something else about a log it reported before.
        """
        fresh: list[ChainEvent] = []
        rows: list[dict[str, Any]] = []
        wanted = [(event, _event_row(event)) for event in events]
        with self.unit.writing() as connection:
            known = _known_events(connection, {event.block_hash for event, _ in wanted})
            for event, row in wanted:
                key = (event.block_hash, event.log_index)
                before = known.get(key)
                if before is None:
                    rows.append(row)
                elif any(before[name] != value for name, value in row.items() if name != "orphaned_at"):
                    raise InconsistentNode(
                        f"log {event.log_index} of block {event.block_hash} was {before['name']} and is now "
                        f"{event.name}: the node contradicts itself, ask another one",
                        block=event.block_hash,
                        log_index=event.log_index,
                    )
                elif before["orphaned_at"] is None or not _is_back(connection, event):
                    continue
                known[key] = row
                fresh.append(event)
            taken = _new_places(connection, rows) if rows else set()
        others = {(row["block_hash"], row["log_index"]) for row in rows} - taken
        return tuple(event for event in fresh if (event.block_hash, event.log_index) not in others)

    def known(self, places: Sequence[tuple[str, int]]) -> set[tuple[str, int]]:
        """Those of `places` (block hash and log index) whose event is stored, and not orphaned."""
        with self.unit.reading() as connection:
            found = _known_events(connection, {block_hash for block_hash, _ in places})
        return {place for place in places if place in found and found[place]["orphaned_at"] is None}

    def orphan(self, block_hashes: Sequence[str]) -> None:
        """Marks the events of blocks that are no longer part of the chain."""
        table = schema.chain_events
        with self.unit.writing() as connection:
            for chunk in chunks(block_hashes):
                gone = sa.update(table).where(table.c.block_hash.in_(chunk))
                connection.execute(gone.values(orphaned_at=self.clock.now()))

    def blocks(self) -> list[tuple[int, str]]:
        """The blocks of the events on the chain as known, by number and hash, newest first."""
        columns = (schema.chain_events.c.block_number, schema.chain_events.c.block_hash)
        query = sa.select(*columns).where(schema.chain_events.c.orphaned_at.is_(None)).distinct()
        with self.unit.reading() as connection:
            found = connection.execute(query.order_by(columns[0].desc())).all()
        return [(number, block_hash) for number, block_hash in found]

    def find(self, *, name: str | None = None, from_block: int = 0) -> tuple[ChainEvent, ...]:
        """The events on the chain as known, in its order; orphaned ones left out."""
        table = schema.chain_events
        query = (
            sa.select(table)
            .where(table.c.block_number >= from_block, table.c.orphaned_at.is_(None))
            .order_by(table.c.block_number, table.c.log_index)
        )
        if name is not None:
            query = query.where(table.c.name == name)
        with self.unit.reading() as connection:
            return tuple(_event_from(row) for row in connection.execute(query).mappings())


@dataclass(frozen=True, slots=True)
class Attestations:
    """The attestations this desk published or saw."""

    unit: Unit
    clock: Clock

    def record(
        self, feed: str, *, as_of: datetime, value: int, report: str, transaction_hash: str
    ) -> Attestation:
        """Stores one; the same again returns it. Raises `LedgerError` for another under that instant."""
        row = {
            "feed": checksum_address(feed, what="feed"),
            "as_of": checks.aware(as_of, what="as_of"),
            "value": value,
            "report": checks.hash32(report, what="report"),
            "transaction_hash": checks.hash32(transaction_hash, what="transaction hash"),
        }
        table = schema.attestations
        with self.unit.writing() as connection:
            known = (
                connection.execute(sa.select(table).where(table.c.feed == feed, table.c.as_of == as_of))
                .mappings()
                .one_or_none()
            )
            if known is not None:
                if (known["value"], known["report"]) != (value, report):
                    raise LedgerError(
                        f"feed {feed} has an attestation as of {as_of.isoformat()} with value "
                        f"{known['value']}: an attestation is never changed, publish a later one"
                    )
                return Attestation(**known)
            recorded = row | {"recorded_at": self.clock.now()}
            connection.execute(sa.insert(table), [recorded])
        return Attestation(**recorded)  # type: ignore[arg-type]

    def find(self, feed: str) -> tuple[Attestation, ...]:
        """All of a feed, oldest first."""
        table = schema.attestations
        query = sa.select(table).where(table.c.feed == feed).order_by(table.c.as_of)
        with self.unit.reading() as connection:
            return tuple(Attestation(**row) for row in connection.execute(query).mappings())


@dataclass(frozen=True, slots=True)
class Cursors:
    """How far each reader of the chain has come, by block number and hash."""

    unit: Unit

    def get(self, name: str) -> Cursor | None:
        """The cursor, or None if the reader never started."""
        with self.unit.reading() as connection:
            row = _CURSOR.first(connection, {"wanted": name})
        return None if row is None else Cursor(*row)

    def advance(self, name: str, *, block_number: int, block_hash: str) -> None:
        """`set`, unless the cursor has come as far already."""
        block_hash = checks.hash32(block_hash, what="block hash")
        with self.unit.writing() as connection:
            values = {"wanted": name, "number": block_number, "block": block_hash}
            moved = _ADVANCE_CURSOR.change(connection, values)
            if not moved and _CURSOR.first(connection, {"wanted": name}) is None:
                row = {"name": name, "block_number": block_number, "block_hash": block_hash}
                connection.execute(sa.insert(schema.cursors), [row])

    def set(self, name: str, *, block_number: int, block_hash: str) -> Cursor:
        """Moves the cursor, in the transaction that stores what was read; back too, after a
        reorganisation."""
        values = {"block_number": block_number, "block_hash": checks.hash32(block_hash, what="block hash")}
        with self.unit.writing() as connection:
            moved = connection.execute(
                _SET_CURSOR, {"wanted": name, "number": block_number, "block": values["block_hash"]}
            )
            if moved.rowcount == 0:
                connection.execute(sa.insert(schema.cursors), [{"name": name, **values}])
        return Cursor(name, block_number, block_hash)


def _event_row(event: ChainEvent) -> dict[str, Any]:
    return {
        "block_hash": checks.hash32(event.block_hash, what="block hash"),
        "log_index": event.log_index,
        "block_number": event.block_number,
        "transaction_hash": checks.hash32(event.transaction_hash, what="transaction hash"),
        "address": event.address,
        "name": event.name,
        "arguments": json.dumps(_plain(event.arguments), sort_keys=True, separators=(",", ":")),
        "orphaned_at": None,
    }


def _event_from(row: RowMapping) -> ChainEvent:
    return ChainEvent(**{**row, "arguments": json.loads(row["arguments"])})


def _plain(value: Any) -> Any:
    """Arguments as JSON: bytes as 0x, whole numbers as they are (Python reads them back exactly)."""
    if isinstance(value, (bytes, bytearray)):
        return to_hex(bytes(value))
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, str)):
        return value
    raise InvalidInput(f"event argument {value!r} ({type(value).__name__}) is no value of the chain")


def _known_events(connection: Connection, block_hashes: set[str]) -> dict[tuple[str, int], Any]:
    table = schema.chain_events
    known: dict[tuple[str, int], Any] = {}
    for chunk in chunks(sorted(block_hashes)):
        rows: Sequence[RowMapping] = (
            connection.execute(sa.select(table).where(table.c.block_hash.in_(chunk))).mappings().all()
        )
        known.update(((row["block_hash"], row["log_index"]), row) for row in rows)
    return known


def _new_places(connection: Connection, rows: Sequence[dict[str, Any]]) -> set[tuple[str, int]]:
    """Stores the rows but those that another writer has stored since they were looked for."""
    table = schema.chain_events
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    stored = insert(table).on_conflict_do_nothing().returning(table.c.block_hash, table.c.log_index)
    return {(block_hash, log_index) for block_hash, log_index in connection.execute(stored, rows)}


def _is_back(connection: Connection, event: ChainEvent) -> bool:
    """Whether nobody else said so of an orphaned event."""
    table = schema.chain_events
    found = connection.execute(
        sa.update(table)
        .where(
            table.c.block_hash == event.block_hash,
            table.c.log_index == event.log_index,
            table.c.orphaned_at.is_not(None),
        )
        .values(orphaned_at=None)
    )
    return found.rowcount == 1
