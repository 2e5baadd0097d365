"""A screening run on record: what was found of each wallet and order, and against which versions."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.bulk import insert_rows
from toolkit.ledger.lists import ListInForce, in_force
from toolkit.ledger.machines import Role
from toolkit.ledger.matches import Hit, hits_of
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.store import Joined

__all__ = [
    "CLEAR",
    "HIT",
    "RELEASED",
    "Decision",
    "Occasion",
    "decisions_digest",
    "note_orders",
    "record_run",
    "standing_of",
    "versions_of",
]

CLEAR, HIT, RELEASED = "clear", "hit", "released"
"""The outcomes. An investor whose only hits compliance has released counts as released."""


class Occasion(StrEnum):
    """Why a run looked (regulation.md R-AML-10)."""

    ONBOARDING = "onboarding"
    ORDER = "order"
    EXECUTION = "execution"
    LISTS = "lists"


class Decision(NamedTuple):
    """What a run found of a wallet, or of an order."""

    investor: str
    wallet: str | None
    order_id: str | None
    outcome: str


def note_orders(connection: Connection, clock: Clock, rows: Sequence[Mapping[str, Any]], role: Role) -> None:
    """Puts on record how the parties of these new orders stand with the lists in force."""
    lists = tuple(in_force(connection).values())
    if not lists:
        return
    standing = standing_of(hits_of(connection, sorted({row["investor"] for row in rows})))
    decisions = [
        Decision(row["investor"], row["wallet"], row["id"], standing.get(row["investor"], CLEAR))
        for row in rows
    ]
    record_run(connection, clock, Occasion.ORDER, lists, decisions, rows[0]["maker"], role)


def record_run(
    connection: Connection,
    clock: Clock,
    occasion: Occasion,
    lists: Sequence[ListInForce],
    decisions: Sequence[Decision],
    actor: str,
    role: Role,
) -> str:
    """A run with its decisions; its id."""
    run = f"screening/{uuid.uuid4()}"
    data = {
        "occasion": occasion.value,
        "lists": versions_of(lists),
        "looked_at": len(decisions),
        "hits": len({item.investor for item in decisions if item.outcome == HIT}),
        "digest": decisions_digest(decisions),
    }
    book = RecordBook(Joined(connection), clock)
    book.open(run, RecordKind.SCREENING, RecordState.DONE, data, actor=actor, role=role)
    insert_rows(connection, tables.screenings, [(run, place, *item) for place, item in enumerate(decisions)])
    return run


def decisions_digest(decisions: Iterable[Decision]) -> str:
    """The digest of a run's decisions, in their sequence."""
    text = json.dumps([list(item) for item in decisions], separators=(",", ":"), ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def standing_of(hits: Iterable[Hit]) -> dict[str, str]:
    """By investor, what their hits come to."""
    found: dict[str, str] = {}
    for hit in hits:
        if not hit.released:
            found[hit.investor] = HIT
        else:
            found.setdefault(hit.investor, RELEASED)
    return found


def versions_of(lists: Iterable[ListInForce]) -> dict[str, str]:
    """By name, the versions of these lists."""
    return {item.list: item.version for item in lists}
