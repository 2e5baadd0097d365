"""One hash chain over every step of every order.

Each event's hash covers its own fields and the hash before it, so that editing, removing or moving
a row breaks every hash after it; the head row, written in the same transaction, shows a cut at the
end. The first event of an order carries the digest of what was ordered, and the events that record
money carry the digest of the receipt or the payout: the rows beside the chain are bound by it too.
Somebody who can rewrite the whole database can rewrite the whole chain: keep `Head`s elsewhere (the
daily statement, a log, a block) and give one to `verify`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.errors import LedgerTampered
from toolkit.ledger import schema
from toolkit.ledger.canonical import GENESIS, digest
from toolkit.ledger.machines import MACHINES, OrderKind, Role, State
from toolkit.ledger.records import Head, OrderEvent

__all__ = [
    "Draft",
    "append",
    "event_from",
    "head",
    "lock",
    "order_digest",
    "payout_digest",
    "receipt_digest",
    "verify",
]

# Built once: building a statement costs as much as running it.
_HEAD = sa.select(schema.event_head.c.seq, schema.event_head.c.hash).where(schema.event_head.c.id == 1)
_LOCKED_HEAD = _HEAD.with_for_update()
_INSERT = sa.insert(schema.order_events)
_MOVE_HEAD = (
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


@dataclass(frozen=True, slots=True)
class Draft:
    """An event that has no place in the chain yet."""

    order_id: str
    from_state: State | None
    to_state: State
    actor: str
    role: Role
    at: datetime
    reason: str
    evidence: str | None


def order_digest(row: Any) -> str:
    """The digest of what was ordered: everything of an order that never changes.

    A mint order's number is part of it; a redemption's isn't, since the chain gives it later.
    """
    fields = _fields(row, _ORDER_FIELDS)
    fields["number"] = str(row["number"]) if row["kind"] == OrderKind.MINT else None
    return digest(fields)


def receipt_digest(row: Any) -> str:
    """The digest of a line of the bank's statement."""
    return digest(_fields(row, _RECEIPT_FIELDS))


def payout_digest(row: Any) -> str:
    """The digest of a payout."""
    return digest(_fields(row, _PAYOUT_FIELDS))


def _fields(row: Any, names: Sequence[str]) -> dict[str, Any]:
    return {name: str(row[name]) if name == "amount" else row[name] for name in names}


def lock(connection: Connection) -> Head:
    """The end of the chain, which no other writer can move until the transaction ends."""
    return _head(connection, _LOCKED_HEAD)


def head(connection: Connection) -> Head:
    """The end of the chain as it stands."""
    return _head(connection, _HEAD)


def _head(connection: Connection, query: sa.Select[Any]) -> Head:
    row = connection.execute(query).one_or_none()
    if row is None:
        raise LedgerTampered("the head of the chain of events is missing: restore the ledger from a backup")
    return Head(row.seq, row.hash)


def append(connection: Connection, drafts: Sequence[Draft], end: Head | None = None) -> None:
    """Puts `drafts` at the end of the chain, in their order; `end` is what `lock` gave, if it was asked."""
    end = end or lock(connection)
    rows: list[dict[str, Any]] = []
    previous = end.hash
    for seq, draft in enumerate(drafts, start=end.seq + 1):
        row: dict[str, Any] = {
            "seq": seq,
            "order_id": draft.order_id,
            "from_state": draft.from_state,
            "to_state": draft.to_state,
            "actor": draft.actor,
            "role": draft.role,
            "at": draft.at,
            "reason": draft.reason,
            "evidence": draft.evidence,
            "previous_hash": previous,
        }
        previous = row["hash"] = digest(row)
        rows.append(row)
    connection.execute(_INSERT, rows)
    connection.execute(_MOVE_HEAD, {"end": rows[-1]["seq"], "end_hash": previous})


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


def verify(connection: Connection, anchor: Head | None = None) -> Head:
    """Recomputes the chain and everything bound by it; returns its end.

    `anchor` is an earlier end that was kept elsewhere: the chain must still contain it. Raises
    `LedgerTampered` naming the first row that was edited, removed or moved.
    """
    states: dict[str, tuple[str, int]] = {}
    opened: dict[str, tuple[int, str | None]] = {}
    evidence: dict[tuple[str, str], str | None] = {}
    end = Head(0, GENESIS)
    kinds = {
        row.id: row.kind for row in connection.execute(sa.select(schema.orders.c.id, schema.orders.c.kind))
    }
    rows = connection.execution_options(yield_per=1000).execute(
        sa.select(schema.order_events).order_by(schema.order_events.c.seq)
    )
    for row in rows.mappings():
        end = _check_link(row, end)
        _check_step(row, states.get(row["order_id"]), kinds)
        if anchor is not None and end.seq == anchor.seq and end.hash != anchor.hash:
            raise _tampered(f"event {end.seq} is not the one that was anchored", event=end.seq)
        states[row["order_id"]] = (row["to_state"], row["seq"])
        if row["from_state"] is None:
            opened[row["order_id"]] = (row["seq"], row["evidence"])
        elif row["from_state"] != State.ON_HOLD:
            evidence[row["order_id"], row["to_state"]] = row["evidence"]
    _check_head(connection, end, anchor)
    _check_orders(connection, states, opened)
    _check_money(connection, evidence)
    return end


def _tampered(what: str, **details: Any) -> LedgerTampered:
    return LedgerTampered(
        f"{what}: the ledger was changed outside the toolkit; stop the worker, keep this copy as "
        "evidence and restore from a backup",
        **details,
    )


def _check_link(row: RowMapping, end: Head) -> Head:
    seq = row["seq"]
    if seq != end.seq + 1:
        raise _tampered(f"event {end.seq + 1} is missing (next is {seq})", event=end.seq + 1)
    if row["previous_hash"] != end.hash:
        raise _tampered(f"event {seq} of order {row['order_id']} doesn't follow event {end.seq}", event=seq)
    content = {key: value for key, value in row.items() if key != "hash"}
    if digest(content) != row["hash"]:
        raise _tampered(
            f"event {seq} of order {row['order_id']} was edited", event=seq, order=row["order_id"]
        )
    return Head(seq, row["hash"])


def _check_step(row: RowMapping, last: tuple[str, int] | None, kinds: dict[str, str]) -> None:
    order_id, seq = row["order_id"], row["seq"]
    if order_id not in kinds:
        raise _tampered(f"order {order_id} of event {seq} is missing", event=seq, order=order_id)
    if row["from_state"] != (last[0] if last else None):
        raise _tampered(
            f"event {seq} takes order {order_id} from {row['from_state']}, but it was {last and last[0]}",
            event=seq,
            order=order_id,
        )
    steps = MACHINES[OrderKind(kinds[order_id])].steps
    if last is not None and (row["from_state"], row["to_state"]) not in steps:
        raise _tampered(
            f"event {seq} takes order {order_id} from {row['from_state']} to {row['to_state']}, "
            "which its machine doesn't know",
            event=seq,
            order=order_id,
        )


def _check_head(connection: Connection, end: Head, anchor: Head | None) -> None:
    recorded = head(connection)
    if recorded != end:
        raise _tampered(
            f"the chain ends at event {end.seq} but event {recorded.seq} was written", event=recorded.seq
        )
    if anchor is not None and anchor.seq > end.seq:
        raise _tampered(
            f"the chain ends at event {end.seq} but event {anchor.seq} was anchored", event=anchor.seq
        )


def _check_orders(
    connection: Connection,
    states: dict[str, tuple[str, int]],
    opened: dict[str, tuple[int, str | None]],
) -> None:
    for row in connection.execution_options(yield_per=1000).execute(sa.select(schema.orders)).mappings():
        order_id = row["id"]
        if order_id not in states:
            raise _tampered(f"order {order_id} has no event", order=order_id)
        last, seq = states[order_id]
        if row["state"] != last:
            raise _tampered(
                f"order {order_id} is {row['state']}, but its last event ({seq}) says {last}",
                order=order_id,
                event=seq,
            )
        if (row["opened_seq"], order_digest(row)) != opened[order_id]:
            raise _tampered(f"order {order_id} is not what was ordered", order=order_id)


def _check_money(connection: Connection, evidence: dict[tuple[str, str], str | None]) -> None:
    for table, state, compute in (
        (schema.funds_receipts, State.FUNDED, receipt_digest),
        (schema.payouts, State.PAID, payout_digest),
    ):
        found = set()
        rows = connection.execute(sa.select(table).where(table.c.order_id.is_not(None))).mappings()
        for row in rows:
            found.add(row["order_id"])
            if evidence.get((row["order_id"], state)) != compute(row):
                raise _tampered(
                    f"{table.name} row {row['reference']} is not the one that order {row['order_id']} "
                    f"was {state} with",
                    order=row["order_id"],
                    reference=row["reference"],
                )
        missing = {order_id for order_id, reached in evidence if reached == state} - found
        if missing:
            raise _tampered(
                f"{table.name} has no row for order {min(missing)}, which was {state}", order=min(missing)
            )
