"""Recomputing omnibus accounts from their journal: what `ledger verify` asks of them.

The records that moved something are bound by the event chain. Here: every record's lines are those whose
digest it carries, every posted event has its movement and no other movement stands, each movement balances
and takes nothing below zero, and the positions are what all of them add up to. Memory grows with the number
of positions, not with the journal.
"""

from __future__ import annotations

import json
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.errors import ToolkitError
from toolkit.ledger import schema
from toolkit.ledger.omnibus_lines import Line, Position, apply_lines, lines_digest
from toolkit.ledger.omnibus_machines import OMNIBUS_KINDS, POSTED
from toolkit.ledger.omnibus_posting import movement_lines
from toolkit.ledger.schema_omnibus import omnibus_lines, omnibus_movements, omnibus_positions
from toolkit.ledger.tampering import tampered

__all__ = ["check"]

_RECORDS, _EVENTS = schema.records, schema.record_events
_LINES_OF = (
    sa.select(omnibus_lines)
    .where(omnibus_lines.c.record_id == sa.bindparam("record"))
    .order_by(omnibus_lines.c.step, omnibus_lines.c.position)
)
_POSTINGS = (
    sa.select(
        _EVENTS.c.seq,
        _EVENTS.c.record_id,
        _EVENTS.c.at,
        omnibus_movements.c.record_id.label("moved"),
        omnibus_movements.c.step,
        omnibus_movements.c.wallet,
        omnibus_movements.c.token,
        omnibus_movements.c.at.label("moved_at"),
        _RECORDS.c.data,
    )
    .select_from(
        _EVENTS.join(_RECORDS, _RECORDS.c.id == _EVENTS.c.record_id).outerjoin(
            omnibus_movements, omnibus_movements.c.seq == _EVENTS.c.seq
        )
    )
    .where(sa.or_(*(sa.and_(_RECORDS.c.kind == kind, _EVENTS.c.to_state == state) for kind, state in POSTED)))
    .order_by(_EVENTS.c.seq)
)


def check(connection: Connection) -> None:
    """Raises `LedgerTampered` naming the first record, movement or position that isn't what it has to be."""
    _check_lines(connection)
    found: dict[tuple[str, str], dict[str, Position]] = {}
    postings = connection.execute(_POSTINGS).all()
    steps: dict[str, int] = {}
    for row in postings:
        steps[row.record_id] = step = steps.get(row.record_id, 0) + 1
        data = json.loads(row.data)
        if (row.moved, row.step, row.wallet, row.token, row.moved_at) != (
            row.record_id,
            step,
            data["wallet"],
            data["token"],
            row.at,
        ):
            raise tampered(f"the movement of event {row.seq} is not {row.record_id}'s", event=row.seq)
        account = found.setdefault((row.wallet, row.token), {})
        lines = _lines_of(connection, row.record_id).get(step, ())
        try:
            account.update(apply_lines(account, lines))
        except ToolkitError as error:
            raise tampered(f"movement {row.seq} can't have been posted ({error.message})") from error
    counted = connection.execute(sa.select(sa.func.count()).select_from(omnibus_movements)).scalar_one()
    if counted != len(postings):
        raise tampered(f"{counted} movements stand in the journal, and {len(postings)} were posted")
    _check_positions(connection, found)


def _check_lines(connection: Connection) -> None:
    query = sa.select(_RECORDS.c.id, _RECORDS.c.data).where(_RECORDS.c.kind.in_(OMNIBUS_KINDS))
    for record_id, text in connection.execute(query.order_by(_RECORDS.c.id)).all():
        written = {step: lines_digest(lines) for step, lines in _lines_of(connection, record_id).items()}
        bound = {int(step): digest for step, digest in json.loads(text)["lines"].items()}
        if written != bound:
            raise tampered(f"the lines of {record_id} are not those that it was recorded with")


def _lines_of(connection: Connection, record_id: str) -> dict[int, tuple[Line, ...]]:
    steps: dict[int, list[Any]] = {}
    for row in connection.execute(_LINES_OF, {"record": record_id}).all():
        steps.setdefault(row.step, []).append(row)
    return {step: movement_lines(rows) for step, rows in steps.items()}


def _check_positions(connection: Connection, found: dict[tuple[str, str], dict[str, Position]]) -> None:
    for row in connection.execute(sa.select(omnibus_positions)).mappings():
        stored = Position(
            row["client"], row["available"], row["locked"], row["pending_in"], row["pending_out"]
        )
        if found.get((row["wallet"], row["token"]), {}).pop(row["client"], None) != stored:
            raise tampered(
                f"client {row['client']}'s position in {row['wallet']} is not what its movements add up to",
                client=row["client"],
                wallet=row["wallet"],
            )
    for (wallet, _), left in found.items():
        if left:
            raise tampered(f"client {min(left)}'s position in {wallet} is missing", wallet=wallet)
