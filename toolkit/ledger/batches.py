"""Batches of orders, and the signatures that approve them."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import checks, schema
from toolkit.ledger.bulk import Among, insert_members
from toolkit.ledger.errors import NotFound
from toolkit.ledger.machines import Role, State
from toolkit.ledger.persons import person_by_signer
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Approval, Batch
from toolkit.ledger.steps import locked_orders
from toolkit.ledger.store import Unit

__all__ = ["Approvals", "Batches", "batches_of", "close_empty"]

# Built once: building a statement costs as much as running it.
_PUT_INTO = (
    sa.update(schema.orders).where(Among(schema.orders.c.id, "ids")).values(batch_id=sa.bindparam("batch"))
)
# Whoever was ever in a batch stays among its lines; its orders' own rows say who is in it.
_IS_MEMBER = sa.and_(
    schema.orders.c.id == schema.batch_orders.c.order_id,
    schema.orders.c.batch_id == schema.batch_orders.c.batch_id,
)
# One is enough: a look for each batch, from one line to the next, however many orders there are.
_A_MEMBER = (
    sa.select(schema.orders.c.id)
    .join(schema.batch_orders, _IS_MEMBER)
    .where(schema.batch_orders.c.batch_id == schema.batches.c.id)
    .correlate(schema.batches)
    .limit(1)
    .scalar_subquery()
)
_BATCHES_OF = Prepared(
    sa.select(schema.orders.c.batch_id)
    .where(Among(schema.orders.c.id, "ids"), schema.orders.c.batch_id.is_not(None))
    .distinct()
)
_CLOSE_EMPTY = Prepared(
    sa.update(schema.batches)
    .where(
        Among(schema.batches.c.id, "ids"),
        schema.batches.c.state == "open",
        _A_MEMBER.is_(None),
    )
    .values(state="closed")
)
_FLYING = (
    sa.select(schema.orders.c.id, schema.orders.c.flight_id)
    .join(schema.flights, schema.flights.c.id == schema.orders.c.flight_id)
    .join(schema.batch_orders, _IS_MEMBER)
    .where(schema.batch_orders.c.batch_id == sa.bindparam("batch"), schema.flights.c.state == "flying")
    .limit(1)
)
_ITS_ORDERS = sa.select(schema.batch_orders.c.order_id).where(
    schema.batch_orders.c.batch_id == sa.bindparam("batch")
)
# In everybody's sequence, as `steps` has it.
_LOCK_ITS_ORDERS = (
    sa.select(schema.orders.c.id)
    .where(schema.orders.c.id.in_(_ITS_ORDERS))
    .order_by(schema.orders.c.opened_seq)
    .with_for_update()
)
_SET_FREE = (
    sa.update(schema.orders)
    .where(schema.orders.c.id.in_(_ITS_ORDERS), schema.orders.c.batch_id == sa.bindparam("batch"))
    .values(batch_id=None)
)


_COLUMNS = schema.batches.columns.keys()
_BATCH = Prepared(sa.select(schema.batches).where(schema.batches.c.id == sa.bindparam("batch")))
_MEMBERS = Prepared(_ITS_ORDERS.order_by(schema.batch_orders.c.position))
_COUNTED = Prepared(
    sa.select(schema.approvals)
    .join(schema.signing_keys, schema.signing_keys.c.address == schema.approvals.c.signer)
    .join(schema.person_roles, schema.person_roles.c.person_id == schema.signing_keys.c.person_id)
    .where(
        schema.approvals.c.digest == sa.bindparam("digest"),
        schema.signing_keys.c.revoked_at.is_(None),
        schema.person_roles.c.role == Role.APPROVER,
    )
)


@cache
def _matching(names: tuple[str, ...]) -> sa.Select[Any]:
    table = schema.batches
    query = sa.select(table.c.id).order_by(table.c.created_at, table.c.id)
    return query.where(*(table.c[name] == sa.bindparam(name) for name in names))


@dataclass(frozen=True, slots=True)
class Batches:
    """Orders that are signed together. An order is in at most one batch at a time.

    A batch is open until each of its orders is done, ended or has left it; they may go to the chain in
    several flights.
    """

    unit: Unit
    clock: Clock

    def create(self, purpose: str, order_ids: Sequence[str], *, digest: str) -> Batch:
        """Puts the orders, in this sequence, into a new open batch under an EIP-712 `digest`.

        `purpose` is a word such as `mint` or `acceptance`. Raises `IllegalTransition` if
        one of the orders is in another batch.
        """
        if not order_ids:
            raise InvalidInput("a batch needs at least one order")
        batch = {
            "id": str(uuid.uuid4()),
            "purpose": checks.word(purpose, what="purpose"),
            "digest": checks.hash32(digest, what="digest"),
            "state": "open",
            "created_at": self.clock.now(),
        }
        with self.unit.writing() as connection:
            for row in locked_orders(connection, order_ids).values():
                if row["batch_id"] is not None:
                    raise IllegalTransition(
                        f"order {row['id']} is in batch {row['batch_id']}: close that one first",
                        order=row["id"],
                        batch=row["batch_id"],
                    )
            connection.execute(sa.insert(schema.batches), [batch])
            insert_members(connection, schema.batch_orders, str(batch["id"]), order_ids)
            connection.execute(_PUT_INTO, {"ids": list(order_ids), "batch": batch["id"]})
        return Batch(**batch, order_ids=tuple(order_ids))  # type: ignore[arg-type]

    def dissolve(self, batch_id: str) -> Batch:
        """Ends a batch and sets its orders free: they need other signatures.

        Raises `IllegalTransition` while one of them is flying, or if the batch has ended.
        """
        with self.unit.writing() as connection:
            connection.execute(_LOCK_ITS_ORDERS, {"batch": batch_id})
            flying = connection.execute(_FLYING, {"batch": batch_id}).first()
            if flying is not None:
                raise IllegalTransition(
                    f"batch {batch_id} can't be dissolved: order {flying.id} is in flight "
                    f"{flying.flight_id}, whose transaction may still land",
                    batch=batch_id,
                    order=flying.id,
                )
            closed = _moved(connection, batch_id, ("open",), "closed")
            connection.execute(_SET_FREE, {"batch": batch_id})
            return closed

    def leave(self, order_ids: Sequence[str]) -> None:
        """Takes orders that are done or ended out of their batches, and closes those left without any."""
        with self.unit.writing() as connection:
            left = batches_of(connection, order_ids)
            if left:
                connection.execute(_PUT_INTO, {"ids": order_ids, "batch": None})
                close_empty(connection, left)

    def get(self, batch_id: str) -> Batch:
        """The batch. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _batch(connection, batch_id)

    def find(self, *, state: str | None = None, purpose: str | None = None) -> tuple[Batch, ...]:
        """The batches that match, oldest first."""
        asked = {"state": state, "purpose": purpose}
        wanted = {name: value for name, value in asked.items() if value is not None}
        with self.unit.reading() as connection:
            found = connection.execute(_matching(tuple(wanted)), wanted).scalars().all()
            return tuple(_batch(connection, batch_id) for batch_id in found)


@dataclass(frozen=True, slots=True)
class Approvals:
    """Signatures under digests. A person counts once, whichever of their keys they use."""

    unit: Unit
    clock: Clock

    def add(self, digest: str, *, signer: str, signature: bytes) -> Approval:
        """Records that the owner of `signer` signed `digest`; the caller has recovered the signer.

        Raises `NotAuthorised` for an unknown or revoked key, a person who isn't an `APPROVER`, who
        signed already with another key, or who made or funded one of the orders under the digest;
        `NotFound` if no batch has the digest. The same key again returns the first record.
        """
        checks.hash32(digest, what="digest")
        with self.unit.writing() as connection:
            person = person_by_signer(connection, signer)
            if Role.APPROVER not in person.roles:
                raise NotAuthorised(f"{person.person_id} is no approver", person=person.person_id)
            known = _approvals(connection, digest, person.person_id)
            if known:
                return _same_key(known[0], signer)
            _check_uninvolved(connection, digest, person.person_id)
            row = {
                "digest": digest,
                "person_id": person.person_id,
                "signer": signer,
                "signature": bytes(signature),
                "created_at": self.clock.now(),
            }
            connection.execute(sa.insert(schema.approvals), [row])
        return Approval(**row)  # type: ignore[arg-type]

    def of(self, digest: str) -> tuple[Approval, ...]:
        """The signatures that count now, one a person, ascending by signer as the chain wants them.

        Those by keys since revoked, or by persons no longer approvers, are left out.
        """
        with self.unit.reading() as connection:
            counted = [Approval(*row) for row in _COUNTED.all(connection, {"digest": digest})]
        return tuple(sorted(counted, key=lambda approval: int(approval.signer, 16)))


def batches_of(connection: Connection, order_ids: Sequence[str]) -> list[str]:
    """The batches that these orders are in."""
    return sorted(_BATCHES_OF.scalars(connection, {"ids": order_ids}))


def close_empty(connection: Connection, batch_ids: Sequence[str]) -> None:
    """Closes those of these batches that no order is in any more."""
    _CLOSE_EMPTY.change(connection, {"ids": batch_ids})


def _moved(connection: Connection, batch_id: str, sources: tuple[str, ...], target: str) -> Batch:
    table = schema.batches
    moved = connection.execute(
        sa.update(table).where(table.c.id == batch_id, table.c.state.in_(sources)).values(state=target)
    )
    batch = _batch(connection, batch_id)
    if moved.rowcount != 1:
        raise IllegalTransition(
            f"batch {batch_id} is {batch.state}: it can't become {target}",
            batch=batch_id,
            source=batch.state,
            target=target,
        )
    return batch


def _batch(connection: Connection, batch_id: str) -> Batch:
    row = _BATCH.first(connection, {"batch": batch_id})
    if row is None:
        raise NotFound(f"no batch {batch_id!r}", batch=batch_id)
    members = _MEMBERS.scalars(connection, {"batch": batch_id})
    return Batch(**dict(zip(_COLUMNS, row, strict=True)), order_ids=tuple(members))


def _approvals(connection: Connection, digest: str, person_id: str | None = None) -> list[Approval]:
    query = sa.select(schema.approvals).where(schema.approvals.c.digest == digest)
    if person_id is not None:
        query = query.where(schema.approvals.c.person_id == person_id)
    return [Approval(**row) for row in connection.execute(query).mappings()]


def _same_key(known: Approval, signer: str) -> Approval:
    if known.signer != signer:
        raise NotAuthorised(
            f"{known.person_id} signed already with {known.signer}: two keys of one person are one "
            "approval, another person must sign",
            person=known.person_id,
        )
    return known


def _check_uninvolved(connection: Connection, digest: str, person_id: str) -> None:
    members = (
        sa.select(schema.batch_orders.c.order_id)
        .join(schema.batches, schema.batches.c.id == schema.batch_orders.c.batch_id)
        .where(schema.batches.c.digest == digest)
    )
    if connection.execute(members.limit(1)).first() is None:
        raise NotFound(f"no batch has the digest {digest}: sign what the ledger proposes", digest=digest)
    events = schema.order_events
    hand_in = connection.execute(
        sa.select(events.c.order_id, events.c.to_state)
        .where(
            events.c.order_id.in_(members),
            events.c.actor == person_id,
            events.c.to_state.in_([State.REQUESTED, State.FUNDED]),
        )
        .limit(1)
    ).one_or_none()
    if hand_in is not None:
        raise NotAuthorised(
            f"{person_id} took order {hand_in.order_id} to {hand_in.to_state} and so can't sign for it: "
            "another person must",
            person=person_id,
            order=hand_in.order_id,
        )
