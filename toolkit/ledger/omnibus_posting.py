"""Posting a movement: its record's event, its lines and the positions it changes, in one transaction.

Also what every part of the sub-ledger asks of a wallet first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.errors import NotAnOmnibusWallet, NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.omnibus_lines import Bucket, Line, Position, apply_lines, lines_digest
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.schema_omnibus import omnibus_lines, omnibus_movements, omnibus_positions
from toolkit.ledger.store import Joined, Unit

__all__ = [
    "OF_ACCOUNT",
    "account_of",
    "address_of",
    "all_positions",
    "document",
    "known_record",
    "lines_of",
    "movement_lines",
    "open_record",
    "position_from",
    "positions_of",
    "post",
    "require_omnibus",
    "step_record",
    "writing",
]

_POSITIONS, _MOVEMENTS, _LINES = omnibus_positions, omnibus_movements, omnibus_lines
OF_ACCOUNT = sa.and_(
    _POSITIONS.c.wallet == sa.bindparam("wallet"), _POSITIONS.c.token == sa.bindparam("token")
)
"""Of one wallet and token, bound under these names."""

_ALL = sa.select(_POSITIONS).where(OF_ACCOUNT).order_by(_POSITIONS.c.client)
_SOME = sa.select(_POSITIONS).where(OF_ACCOUNT, Among(_POSITIONS.c.client, "clients"))


@dataclass(frozen=True, slots=True)
class _Stopped:
    """The one instant of an act."""

    instant: datetime

    def now(self) -> datetime:
        """It."""
        return self.instant


@contextmanager
def writing(unit: Unit, clock: Clock) -> Iterator[tuple[Connection, RecordBook]]:
    """A transaction that holds the end of the event chain, and a book of records inside it."""
    with unit.writing() as connection:
        audit.lock(connection)
        yield connection, RecordBook(Joined(connection), _Stopped(clock.now()))


def known_record(book: RecordBook, record_id: str) -> LedgerRecord | None:
    """The record, or None."""
    try:
        return book.get(record_id)
    except NotFound:
        return None


def account_of(wallet: str, token: str, client: str) -> tuple[str, str, str]:
    """Wallet, token and client as the ledger writes them. Raises `InvalidInput`."""
    return address_of(wallet, "wallet"), address_of(token, "token"), checks.investor_reference(client)


def address_of(value: str, what: str) -> str:
    """An address as the ledger writes it. Raises `InvalidInput`."""
    return checksum_address(value, what=what)


def document(what: str, wallet: str, token: str, **more: Any) -> dict[str, Any]:
    """What a record of the sub-ledger begins with."""
    return {"what": what, "wallet": wallet, "token": token, "lines": {}, **more}


def require_omnibus(connection: Connection, wallet: str) -> None:
    """Raises `NotAnOmnibusWallet` unless the ledger knows it as one."""
    query = sa.select(schema.wallets.c.kind).where(schema.wallets.c.address == wallet)
    kind = connection.execute(query).scalar_one_or_none()
    if kind != "omnibus":
        raise NotAnOmnibusWallet(
            f"wallet {wallet} is {'unknown' if kind is None else f'of the kind {kind}'} in the ledger: prove "
            "and register it as an omnibus wallet before it has clients",
            wallet=wallet,
            kind=kind,
        )


def movement_lines(rows: Sequence[Any]) -> tuple[Line, ...]:
    """The lines in rows of the table, in their sequence."""
    return tuple(Line(row.account, Bucket(row.bucket), row.sign * row.amount) for row in rows)


def open_record(
    connection: Connection,
    book: RecordBook,
    record_id: str,
    kind: RecordKind,
    state: RecordState,
    data: dict[str, Any],
    lines: Sequence[Line],
    actor: str,
    role: Role,
    reason: str,
    *,
    posted: bool = True,
) -> LedgerRecord:
    """A new record with its first lines, `posted` at once or later. Raises as `RecordBook.open`."""
    data["lines"] = {"1": lines_digest(lines)}
    record = book.open(record_id, kind, state, data, actor=actor, role=role, reason=reason)
    _write_lines(connection, record_id, 1, lines)
    if posted:
        post(connection, record, 1, lines, book.clock.now())
    return record


def step_record(
    connection: Connection,
    book: RecordBook,
    record: LedgerRecord,
    to: RecordState,
    lines: Sequence[Line],
    actor: str,
    role: Role,
    reason: str,
    more: Mapping[str, Any] | None = None,
) -> LedgerRecord:
    """A further step of a record, posted with lines of its own."""
    step = len(record.data["lines"]) + 1
    data = {**record.data, **(more or {}), "lines": {**record.data["lines"], str(step): lines_digest(lines)}}
    done = book.step(record.id, to, actor=actor, role=role, reason=reason, data=data)
    _write_lines(connection, record.id, step, lines)
    post(connection, record, step, lines, book.clock.now())
    return done


def _write_lines(connection: Connection, record_id: str, step: int, lines: Sequence[Line]) -> None:
    rows = [
        (
            record_id,
            step,
            position,
            line.account,
            line.bucket.value,
            1 if line.change > 0 else -1,
            abs(line.change),
        )
        for position, line in enumerate(lines, start=1)
    ]
    insert_rows(connection, _LINES, rows)


def post(
    connection: Connection, record: LedgerRecord, step: int, lines: Sequence[Line], at: datetime
) -> None:
    """Moves what the lines say, as the record's last event in the chain."""
    wallet, token = record.data["wallet"], record.data["token"]
    before = positions_of(connection, wallet, token, [line.account for line in lines])
    after = apply_lines(before, lines)
    seq = audit.head(connection).seq
    insert_rows(connection, _MOVEMENTS, [(seq, record.id, step, wallet, token, at)])
    fresh = [client for client in after if client not in before]
    insert_rows(connection, _POSITIONS, [(wallet, token, *_columns(after[client])) for client in fresh])
    changed = [
        {"b_client": client, **{bucket.value: getattr(after[client], bucket) for bucket in Bucket}}
        for client in after
        if client in before
    ]
    if changed:
        statement = sa.update(_POSITIONS).where(
            _POSITIONS.c.wallet == wallet,
            _POSITIONS.c.token == token,
            _POSITIONS.c.client == sa.bindparam("b_client"),
        )
        connection.execute(statement, changed)


def _columns(position: Position) -> tuple[Any, ...]:
    return (position.client, *(getattr(position, bucket) for bucket in Bucket))


def lines_of(connection: Connection, record_id: str, step: int) -> tuple[Line, ...]:
    """The lines of a record's step, in their sequence."""
    query = (
        sa.select(_LINES)
        .where(_LINES.c.record_id == record_id, _LINES.c.step == step)
        .order_by(_LINES.c.position)
    )
    return movement_lines(connection.execute(query).all())


def positions_of(
    connection: Connection, wallet: str, token: str, clients: Sequence[str]
) -> dict[str, Position]:
    """What the clients among `clients` have; who never had anything is left out."""
    values = {"wallet": wallet, "token": token, "clients": clients}
    return {row["client"]: position_from(row) for row in connection.execute(_SOME, values).mappings()}


def all_positions(connection: Connection, wallet: str, token: str) -> tuple[Position, ...]:
    """Who has something now, by reference."""
    rows = connection.execute(_ALL, {"wallet": wallet, "token": token}).mappings()
    return tuple(position for row in rows if not (position := position_from(row)).is_empty)


def position_from(row: Any) -> Position:
    """The position in a row of the table."""
    return Position(row["client"], **{bucket.value: row[bucket.value] for bucket in Bucket})
