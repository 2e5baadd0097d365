"""Records: each a document, its state, and the steps that took it there."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.bulk import insert_rows
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role
from toolkit.ledger.persons import require_role
from toolkit.ledger.record_machines import record_step
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord, RecordEvent
from toolkit.ledger.store import Unit

__all__ = ["RecordBook", "data_digest"]

_RECORDS, _EVENTS = schema.records, schema.record_events
_RECORD = sa.select(_RECORDS).where(_RECORDS.c.id == sa.bindparam("wanted"))


@dataclass(frozen=True, slots=True)
class RecordBook:
    """What is on record beside orders: of each kind the machine is in `record_machines`."""

    unit: Unit
    clock: Clock

    def open(
        self,
        record_id: str,
        kind: RecordKind,
        state: RecordState,
        data: Mapping[str, Any],
        *,
        actor: str,
        role: Role,
        reason: str = "",
    ) -> LedgerRecord:
        """A new record. Raises `InvalidInput` for one that is there already, else as `step`."""
        return self.open_many([(record_id, data)], kind, state, actor=actor, role=role, reason=reason)[0]

    def open_many(
        self,
        documents: Sequence[tuple[str, Mapping[str, Any]]],
        kind: RecordKind,
        state: RecordState,
        *,
        actor: str,
        role: Role,
        reason: str = "",
    ) -> tuple[LedgerRecord, ...]:
        """New records (ids and data) in one act, or none."""
        if not documents:
            return ()
        texts = [(checks.one_line(name, what="record", longest=200), _text(data)) for name, data in documents]
        with self.unit.writing() as connection:
            end = audit.lock(connection)
            for name, _ in texts:
                record_step(kind, None, state, role, record=name)
                if connection.execute(_RECORD, {"wanted": name}).first() is not None:
                    raise InvalidInput(f"{name} is recorded already", record=name)
            require_role(connection, actor, role)
            rows = [
                (name, kind.value, state.value, text, seq)
                for seq, (name, text) in enumerate(texts, start=end.seq + 1)
            ]
            insert_rows(connection, _RECORDS, rows)
            draft = audit.Draft(state, actor, role, self.clock.now(), reason)
            events: list[audit.Recorded] = [(name, None, data_digest(text)) for name, text in texts]
            audit.append_records(connection, [(draft, events)], end)
        return tuple(LedgerRecord(name, kind, state, json.loads(text)) for name, text in texts)

    def step(
        self,
        record_id: str,
        to: RecordState,
        *,
        actor: str,
        role: Role,
        reason: str = "",
        data: Mapping[str, Any] | None = None,
        expected: LedgerRecord | None = None,
    ) -> LedgerRecord:
        """Takes the record to `to`, with `data` as its document from then on (None: as it was).

        Raises `IllegalTransition`, `NotAuthorised` (role, or the same person twice), `NotFound`, and
        `InvalidInput` if the record isn't `expected` any more.
        """
        with self.unit.writing() as connection:
            end = audit.lock(connection)  # one after another
            found = _get(connection, record_id)
            if expected is not None and found != expected:
                raise InvalidInput(f"{record_id} was changed meanwhile: read it again", record=record_id)
            step = record_step(found.kind, found.state, to, role, record=record_id)
            require_role(connection, actor, role)
            if step.apart_from:
                _require_apart(connection, record_id, step.apart_from, to, actor)
            text = _text(found.data if data is None else data)
            connection.execute(
                sa.update(_RECORDS).where(_RECORDS.c.id == record_id).values(state=to.value, data=text)
            )
            draft = audit.Draft(to, actor, role, self.clock.now(), reason)
            audit.append_records(connection, [(draft, [(record_id, found.state, data_digest(text))])], end)
        return LedgerRecord(record_id, found.kind, to, json.loads(text))

    def get(self, record_id: str) -> LedgerRecord:
        """The record. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _get(connection, record_id)

    def find(
        self,
        kind: RecordKind,
        *,
        prefix: str = "",
        state: RecordState | None = None,
        through: int | None = None,
    ) -> tuple[LedgerRecord, ...]:
        """The records of a kind whose ids begin with `prefix`, oldest first; with `through` only those opened
        by that event.
        """
        query = sa.select(_RECORDS).where(_RECORDS.c.kind == kind).order_by(_RECORDS.c.opened_seq)
        if prefix:
            query = query.where(_RECORDS.c.id.startswith(prefix, autoescape=True))
        if state is not None:
            query = query.where(_RECORDS.c.state == state)
        if through is not None:
            query = query.where(_RECORDS.c.opened_seq <= through)
        with self.unit.reading() as connection:
            return tuple(_record(row) for row in connection.execute(query).mappings())

    def history(self, record_id: str) -> tuple[RecordEvent, ...]:
        """Every step the record took, oldest first. Raises `NotFound`."""
        query = sa.select(_EVENTS).where(_EVENTS.c.record_id == record_id).order_by(_EVENTS.c.seq)
        with self.unit.reading() as connection:
            _get(connection, record_id)
            return tuple(_event(row) for row in connection.execute(query).mappings())


def data_digest(text: str) -> str:
    """The digest of a document as it is stored."""
    return hashlib.sha256(text.encode()).hexdigest()


def _text(data: Mapping[str, Any]) -> str:
    return json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _get(connection: Connection, record_id: str) -> LedgerRecord:
    row = connection.execute(_RECORD, {"wanted": record_id}).mappings().one_or_none()
    if row is None:
        raise NotFound(f"the ledger has no {record_id!r}", record=record_id)
    return _record(row)


def _record(row: Any) -> LedgerRecord:
    return LedgerRecord(
        row["id"], RecordKind(row["kind"]), RecordState(row["state"]), json.loads(row["data"])
    )


def _event(row: Any) -> RecordEvent:
    source: str | None = row["from_state"]
    at: datetime = row["at"]
    return RecordEvent(
        row["seq"],
        row["record_id"],
        None if source is None else RecordState(source),
        RecordState(row["to_state"]),
        row["actor"],
        Role(row["role"]),
        at,
        row["reason"],
        row["evidence"],
    )


def _require_apart(
    connection: Connection, record_id: str, states: frozenset[RecordState], to: RecordState, actor: str
) -> None:
    query = sa.select(_EVENTS.c.to_state).where(
        _EVENTS.c.record_id == record_id,
        _EVENTS.c.actor == actor,
        _EVENTS.c.to_state.in_(sorted(states)),
    )
    reached = connection.execute(query).scalars().first()
    if reached is not None:
        raise NotAuthorised(
            f"{actor} took {record_id} to {reached} and so can't take it to {to}: another person must",
            record=record_id,
            person=actor,
        )
