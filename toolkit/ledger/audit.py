"""One hash chain over every step of every order.

Each event's hash covers its own fields and the hash before it, so that editing, removing or moving
a row breaks every hash after it; the head row, written in the same transaction, shows a cut at the
end. The rows beside the chain that decide about money are bound by it. The first event of an order
carries the digest of what was ordered (a mint's number included); the events that record money carry
the digest of the bank's line or of the payout; the number and the due time that a redemption is given
later stand in the reasons of their events; an order's state is its last event's. Of a fund's order the
dealing day stands in the reason, and what a day brought in the evidence, as its digest. Records
are documents whose digest every step carries; their events are links of the same chain.

Not bound: a bank line as long as no order stands on it and the note that it went back, who is in which
batch, idempotency keys, parties and their proofs. Signatures and signed transactions prove themselves.
Somebody who can rewrite the whole database can rewrite the whole chain: keep `Head`s elsewhere (the
daily statement, a log, a block) and give one to `verify`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, groupby
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.errors import InvalidInput, LedgerTampered
from toolkit.ledger import schema
from toolkit.ledger.bulk import HEX, insert_links, insert_rows
from toolkit.ledger.canonical import digest, digester, event_hasher, instant
from toolkit.ledger.machines import FUND_KINDS, OrderKind, Role, State
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.record_words import RecordState
from toolkit.ledger.records import Head, OrderEvent

__all__ = [
    "Draft",
    "append",
    "append_acts",
    "append_records",
    "dealing_day",
    "dealing_digest",
    "event_from",
    "fact",
    "head",
    "lock",
    "order_digest",
    "payout_digest",
    "receipt_digest",
    "recovered_facts",
]

_DIGEST = re.compile(f"[0-9a-f]{{{HEX}}}")

# Built once: building a statement costs as much as running it.
_THE_HEAD = sa.select(schema.event_head.c.seq, schema.event_head.c.hash).where(schema.event_head.c.id == 1)
_HEAD = Prepared(_THE_HEAD)
_LOCKED_HEAD = Prepared(_THE_HEAD.with_for_update())
_MOVE_HEAD = Prepared(
    sa.update(schema.event_head)
    .where(schema.event_head.c.id == 1)
    .values(seq=sa.bindparam("end"), hash=sa.bindparam("end_hash"))
)

_ORDER_FIELDS = (
    "id",
    "kind",
    "investor",
    "wallet",
    "amount",
    "unit",
    "decimals",
    "currency",
    "maker",
    "bank_account",
    "created_at",
    "expires_at",
)
_RECEIPT_FIELDS = (
    "reference",
    "amount",
    "decimals",
    "currency",
    "payer_matches",
    "value_date",
    "received_at",
)
_PAYOUT_FIELDS = (
    "reference",
    "order_id",
    "bank_account",
    "amount",
    "decimals",
    "currency",
    "paid_at",
    "recorded_at",
)

_FEW = 8
"""Fewer events that follow each other are written as rows, with those of other acts."""

_DEALT_KINDS = frozenset(kind.value for kind in FUND_KINDS)
_DEAL_FIELDS = ("vault", "share_class", "dealing_date", "funded_by")
_DEALING_FIELDS = (
    "order_id",
    "day",
    "size",
    "due",
    "carried",
    "nav",
    "report",
    "transaction_hash",
    "dealt_at",
)

_DIGEST_ORDER = digester((*_ORDER_FIELDS, "number"))
_DIGEST_DEALT = digester((*_ORDER_FIELDS, "number", *_DEAL_FIELDS))
_DIGEST_RECEIPT = digester(_RECEIPT_FIELDS)
_DIGEST_PAYOUT = digester(_PAYOUT_FIELDS)


@dataclass(frozen=True, slots=True)
class Draft:
    """What the events of one act have in common; they have no place in the chain yet."""

    to_state: State | RecordState
    actor: str
    role: Role
    at: datetime
    reason: str = ""


def order_digest(row: Any) -> str:
    """The digest of what was ordered: everything of an order that never changes.

    A mint order's number is part of it; a redemption's isn't, since the chain gives it later.
    """
    fields = _fields(row, _ORDER_FIELDS)
    fields["number"] = str(row["number"]) if row["kind"] == OrderKind.MINT else None
    if row["kind"] in _DEALT_KINDS:
        return _DIGEST_DEALT(fields | {name: row[name] for name in _DEAL_FIELDS})
    return _DIGEST_ORDER(fields)


def dealing_digest(row: Any) -> str:
    """The digest of what a dealing day brought of an order."""
    return digest({name: _text(row[name]) for name in _DEALING_FIELDS})


def dealing_day(day: int) -> str:
    """How an event says on which day an order deals: in its reason, which is hashed."""
    return f"dealing day {day}"


def receipt_digest(row: Any) -> str:
    """The digest of a line of the bank's statement."""
    return _DIGEST_RECEIPT(_fields(row, _RECEIPT_FIELDS))


def payout_digest(row: Any) -> str:
    """The digest of a payout."""
    return _DIGEST_PAYOUT(_fields(row, _PAYOUT_FIELDS))


def fact(value: int | datetime) -> str:
    """How an event says what it gave a redemption, a number or a due time: in its reason, which is hashed."""
    if isinstance(value, datetime):
        return f"due at {instant(value)}"
    return f"redemption {value}"


def recovered_facts(number: int, due_at: datetime | None) -> str:
    """The same for an order that the rebuild recovered: all that the chain gave it."""
    return fact(number) if due_at is None else f"{fact(number)}, {fact(due_at)}"


def _text(value: Any) -> Any:
    return str(value) if isinstance(value, int) else value


def _fields(row: Any, names: Sequence[str]) -> dict[str, Any]:
    fields = {name: row[name] for name in names}
    fields["amount"] = str(fields["amount"])
    return fields


def lock(connection: Connection) -> Head:
    """The end of the chain, which no other writer can move until the transaction ends."""
    return _head(connection, _LOCKED_HEAD)


def head(connection: Connection) -> Head:
    """The end of the chain as it stands."""
    return _head(connection, _HEAD)


def _head(connection: Connection, query: Prepared) -> Head:
    row = query.first(connection)
    if row is None:
        raise LedgerTampered("the head of the chain of events is missing: restore the ledger from a backup")
    end = Head(*row)
    if not _is_digest(end.hash):
        raise LedgerTampered(
            f"the head of the chain of events has {end.hash!r} for a hash: restore the ledger from a backup"
        )
    return end


Ordered = tuple[str, State | None, str | None]
"""One event of an act: the order's id, the state it comes from, and the evidence."""

Recorded = tuple[str, RecordState | None, str | None]
"""The same of a record."""


def append(connection: Connection, draft: Draft, orders: Iterable[Ordered], end: Head | None = None) -> Head:
    """Puts an event for each of `orders` at the end of the chain, in their sequence.

    `end` is what `lock` gave, if it was asked. Returns the new end.
    """
    return append_acts(connection, [(draft, orders)], end)


def append_acts(
    connection: Connection, acts: Iterable[tuple[Draft, Iterable[Ordered]]], end: Head | None = None
) -> Head:
    """The same for several acts, written together."""
    return _append(connection, schema.order_events, acts, end)


def append_records(
    connection: Connection, acts: Iterable[tuple[Draft, Iterable[Recorded]]], end: Head | None = None
) -> Head:
    """The same for records: links of the same chain."""
    return _append(connection, schema.record_events, acts, end)


def _append(
    connection: Connection,
    table: sa.Table,
    acts: Iterable[tuple[Draft, Iterable[Ordered | Recorded]]],
    end: Head | None,
) -> Head:
    end = end or lock(connection)
    rows: list[tuple[Any, ...]] = []
    for draft, events in acts:
        for run in _runs(draft, events, end):
            end = run.end
            if len(run.members) < _FEW:
                rows += run.rows()
            else:
                insert_links(connection, table, *run)
    insert_rows(connection, table, rows)
    _MOVE_HEAD.change(connection, {"end": end.seq, "end_hash": end.hash})
    return end


class _Run(NamedTuple):
    """Events of one act that follow each other and come from one state, as `insert_links` has them."""

    first: int
    members: Sequence[str]
    shared: tuple[str | None, str, str, str, datetime, str]
    evidences: Sequence[str | None]
    hashes: Sequence[str]

    @property
    def end(self) -> Head:
        return Head(self.first + len(self.members) - 1, self.hashes[-1])

    def rows(self) -> Iterator[tuple[Any, ...]]:
        """The same, a row each."""
        evidences = cycle(self.evidences)
        for place, (member, evidence) in enumerate(zip(self.members, evidences, strict=False)):
            yield (
                self.first + place,
                member,
                *self.shared,
                evidence,
                self.hashes[place],
                self.hashes[place + 1],
            )


def _runs(draft: Draft, events: Iterable[Ordered | Recorded], end: Head) -> Iterator[_Run]:
    """An act's events, each with its hash; `end` is that of the chain before them."""
    at = instant(draft.at)
    for (source, _), some in groupby(events, key=lambda event: (event[1], event[2] is None)):
        members, _, evidences = zip(*some, strict=True)
        _check_digests(set(evidences))
        shared = (
            None if source is None else source.value,
            draft.to_state.value,
            draft.actor,
            draft.role.value,
        )
        hash_of = event_hasher(*shared, at, draft.reason)
        hashes = [end.hash]
        for seq, (member, evidence) in enumerate(zip(members, evidences, strict=True), start=end.seq + 1):
            hashes.append(hash_of(seq, member, evidence, hashes[-1]))
        if len(set(evidences)) == 1:
            evidences = evidences[:1]
        run = _Run(end.seq + 1, members, (*shared, draft.at, draft.reason), evidences, hashes)
        end = run.end
        yield run


def _is_digest(text: str) -> bool:
    return _DIGEST.fullmatch(text) is not None


def _check_digests(found: Iterable[str | None]) -> None:
    for text in found:
        if text is not None and not _is_digest(text):
            raise InvalidInput(f"{text!r} is no digest of the chain of events: {HEX} hex digits")


def event_from(row: RowMapping) -> OrderEvent:
    """The record of a row of `order_events`."""
    return OrderEvent(
        seq=row["seq"],
        order_id=row["order_id"],
        from_state=None if row["from_state"] is None else State(row["from_state"]),
        to_state=State(row["to_state"]),
        actor=row["actor"],
        role=Role(row["role"]),
        at=row["at"],
        reason=row["reason"],
        evidence=row["evidence"],
        previous_hash=row["previous_hash"],
        hash=row["hash"],
    )
