"""What the ledger gives as evidence: rows as they were hashed, and stretches of the chain of events.

Everything is plain JSON data in the very form whose digests the events carry (`canonical`, `audit`):
instants as `instant` writes them, amounts as text. Labels, ownership proofs and contact data of parties
stay here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.ledger import schema
from toolkit.ledger.canonical import instant
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import FUND_KINDS, OrderKind
from toolkit.ledger.store import Unit

__all__ = ["Extracts", "Moved"]

_ORDERS, _EVENTS, _RECORDS = schema.orders, schema.order_events, schema.record_events
_ORDER = (
    *("id", "kind", "investor", "wallet", "amount", "unit", "decimals", "currency", "maker", "bank_account"),
    *("created_at", "expires_at", "number", "due_at", "state", "held_from"),
)
_DEALT = ("vault", "share_class", "dealing_date", "dealing_day", "funded_by")
_BODY = ("kind", "investor", "wallet", "amount", "unit", "currency")
_RECEIPT = ("reference", "amount", "decimals", "currency", "payer_matches", "value_date", "received_at")
_PAYOUT = (
    *("reference", "order_id", "bank_account", "amount", "decimals", "currency", "paid_at", "recorded_at"),
)
_DEALING = ("order_id", "day", "size", "due", "carried", "nav", "report", "transaction_hash", "dealt_at")

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Moved:
    """What moved in a stretch of time: ids, and the sequence numbers of the first and the last event."""

    orders: tuple[str, ...]
    records: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True, slots=True)
class Extracts:
    """Reads only."""

    unit: Unit

    def order(self, order_id: str) -> Json:
        """An order with its request, the bank's line, the payout and its dealings. Raises `NotFound`."""
        with self.unit.reading() as connection:
            row = _one(connection, _ORDERS, _ORDERS.c.id == order_id)
            if row is None:
                raise NotFound(f"the ledger has no order {order_id!r}", order=order_id)
            order = _plain(row, (*_ORDER, *_DEALT) if row["kind"] in FUND_KINDS else _ORDER)
            if row["kind"] == OrderKind.MINT:
                order["number"] = str(order["number"])
            key = _one(connection, schema.idempotency_keys, schema.idempotency_keys.c.order_id == order_id)
            money, payouts, dealings = schema.funds_receipts, schema.payouts, schema.fund_dealings
            receipt = _one(connection, money, money.c.order_id == order_id)
            payout = _one(connection, payouts, payouts.c.order_id == order_id)
            query = sa.select(dealings).where(dealings.c.order_id == order_id).order_by(dealings.c.day)
            dealt = [_texts(_plain(item, _DEALING)) for item in connection.execute(query).mappings()]
        return {
            "order": order,
            "request": None if key is None else _request(row, order, key),
            "money": None if receipt is None else _plain(receipt, _RECEIPT),
            "payout": None if payout is None else _plain(payout, _PAYOUT),
            "dealings": dealt,
        }

    def events(self, first: int, last: int) -> list[Json]:
        """The links of the chain from `first` to `last`, of orders and records alike."""
        with self.unit.reading() as connection:
            found = [
                _link(row, subject)
                for table, subject in ((_EVENTS, "order_id"), (_RECORDS, "record_id"))
                for row in connection.execute(
                    sa.select(table).where(table.c.seq.between(first, last))
                ).mappings()
            ]
        return sorted(found, key=lambda link: int(link["seq"]))

    def history(self, subject: str) -> list[Json]:
        """The links of one order or record, oldest first."""
        with self.unit.reading() as connection:
            for table, name in ((_EVENTS, "order_id"), (_RECORDS, "record_id")):
                query = sa.select(table).where(table.c[name] == subject).order_by(table.c.seq)
                found = [_link(row, name) for row in connection.execute(query).mappings()]
                if found:
                    return found
        return []

    def moved(self, since: datetime, until: datetime) -> Moved | None:
        """What had an event from `since` until before `until`; None if nothing had."""
        seqs: list[int] = []
        subjects: list[tuple[str, ...]] = []
        with self.unit.reading() as connection:
            for table, name in ((_EVENTS, "order_id"), (_RECORDS, "record_id")):
                query = (
                    sa.select(table.c[name], table.c.seq)
                    .where(table.c.at >= since, table.c.at < until)
                    .order_by(table.c.seq)
                )
                rows = connection.execute(query).all()
                seqs += [row.seq for row in rows]
                subjects.append(tuple(dict.fromkeys(row[0] for row in rows)))
        return Moved(subjects[0], subjects[1], min(seqs), max(seqs)) if seqs else None

    def batch_orders(self, digest: str) -> tuple[str, ...]:
        """The orders, in the sequence signed, of the batch with this digest (0x and 64 digits)."""
        batches, members = schema.batches, schema.batch_orders
        query = (
            sa.select(members.c.order_id)
            .join(batches, batches.c.id == members.c.batch_id)
            .where(batches.c.digest == digest)
            .order_by(batches.c.created_at.desc(), members.c.position)
        )
        with self.unit.reading() as connection:
            return tuple(dict.fromkeys(connection.execute(query).scalars()))

    def approvals(self, digest: str) -> list[Json]:
        """Person, signer and signature of every approval given under a digest, also by keys since revoked."""
        table = schema.approvals
        with self.unit.reading() as connection:
            rows = connection.execute(sa.select(table).where(table.c.digest == digest)).mappings().all()
        found = [
            {
                "person_id": row["person_id"],
                "signer": row["signer"],
                "signature": "0x" + bytes(row["signature"]).hex(),
            }
            for row in rows
        ]
        return sorted(found, key=lambda item: int(item["signer"], 16))

    def record(self, record_id: str) -> Json:
        """A record as its last event's digest has it: kind, state and the stored text. Raises `NotFound`."""
        with self.unit.reading() as connection:
            row = _one(connection, schema.records, schema.records.c.id == record_id)
        if row is None:
            raise NotFound(f"the ledger has no {record_id!r}", record=record_id)
        return {name: row[name] for name in ("id", "kind", "state", "data")}


def _one(connection: Connection, table: sa.Table, where: sa.ColumnElement[bool]) -> Any:
    return connection.execute(sa.select(table).where(where)).mappings().one_or_none()


def _plain(row: Any, names: Sequence[str]) -> Json:
    return {name: _json(name, row[name]) for name in names}


def _json(name: str, value: Any) -> Any:
    if isinstance(value, datetime):
        return instant(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value) if name == "amount" else value


def _texts(fields: Json) -> Json:
    return {name: str(value) if isinstance(value, int) else value for name, value in fields.items()}


def _link(row: Any, subject: str) -> Json:
    """An event with the fields that its hash is over, and the hash."""
    names = ("seq", "from_state", "to_state", "actor", "role", "at", "reason", "evidence")
    return {**_plain(row, (*names, "previous_hash", "hash")), "order_id": row[subject]}


def _request(row: Any, order: Json, key: Any) -> Json:
    """The body that the key was first used with; only its hash is stored, and it is the order itself."""
    body = {name: order[name] for name in _BODY} | {"decimals": str(order["decimals"])}
    if row["kind"] == OrderKind.MINT:
        lifetime = row["expires_at"] - row["created_at"]
        micros = (lifetime.days * 86_400 + lifetime.seconds) * 1_000_000 + lifetime.microseconds
        body["lifetime"] = str(micros)
    elif row["kind"] == OrderKind.REDEMPTION:
        body["bank_account"] = order["bank_account"]
    else:
        body |= {"vault": order["vault"], "share_class": order["share_class"]}
    return {"idempotency_key": key["key"], "body": body, "body_hash": key["body_hash"]}
