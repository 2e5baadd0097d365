"""The people, and the worker, who act on orders."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger import checks, schema
from toolkit.ledger.errors import NotFound, WalletTaken
from toolkit.ledger.machines import Role
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Person, SigningKey
from toolkit.ledger.store import Unit

__all__ = ["Persons", "person_by_signer", "require_role"]

# Regulation.md 3.0, "may never". The worker holds nothing beside its own role, compliance moves no
# money, whoever says that money came in signs no mint, and who values a fund doesn't trade in it.
# The auditor writes nothing else.
_APART = (
    *((Role.OPERATOR, other) for other in Role if other is not Role.OPERATOR),
    *((Role.AUDITOR, other) for other in Role if other is not Role.AUDITOR),
    (Role.COMPLIANCE, Role.CHECKER),
    (Role.COMPLIANCE, Role.APPROVER),
    (Role.COMPLIANCE, Role.TREASURER),
    (Role.TREASURER, Role.APPROVER),
    (Role.NAV_AGENT, Role.MAKER),
)

_HOLDS = Prepared(
    sa.select(schema.person_roles.c.role).where(
        schema.person_roles.c.person_id == sa.bindparam("person"),
        schema.person_roles.c.role == sa.bindparam("held"),
    )
)
_LOCKED = (
    sa.select(schema.persons.c.person_id)
    .where(schema.persons.c.person_id == sa.bindparam("person"))
    .with_for_update(key_share=True)
)


@dataclass(frozen=True, slots=True)
class Persons:
    """The people, and the worker, who take steps. Two keys of one person are one person."""

    unit: Unit
    clock: Clock

    def add(
        self, person_id: str, *, label: str, roles: Iterable[Role], signers: Iterable[str] = ()
    ) -> Person:
        """Records a person, the roles they hold and the addresses they sign with.

        Raises `InvalidInput` for a person already known, `NotAuthorised` for roles that must be
        apart, `WalletTaken` for an address of somebody else.
        """
        checks.one_line(person_id, what="person", longest=64)
        held = frozenset(Role(role) for role in roles)
        _check_apart(person_id, held)
        row = {
            "person_id": person_id,
            "label": checks.one_line(label, what="label"),
            "created_at": self.clock.now(),
        }
        with self.unit.writing() as connection:
            if _person_row(connection, person_id) is not None:
                raise InvalidInput(f"person {person_id} is already in the ledger", person=person_id)
            connection.execute(sa.insert(schema.persons), [row])
            _write_roles(connection, person_id, held)
            for address in signers:
                _add_key(connection, person_id, address, self.clock.now())
            return _person(connection, person_id)

    def set_roles(self, person_id: str, roles: Iterable[Role]) -> Person:
        """Replaces the person's roles; none at all ends their part. Raises as `add` does."""
        held = frozenset(Role(role) for role in roles)
        _check_apart(person_id, held)
        with self.unit.writing() as connection:
            # Two at once would each remove what it sees, and add to what the other leaves.
            connection.execute(_LOCKED, {"person": person_id})
            _person(connection, person_id)
            connection.execute(
                sa.delete(schema.person_roles).where(schema.person_roles.c.person_id == person_id)
            )
            _write_roles(connection, person_id, held)
            return _person(connection, person_id)

    def add_signer(self, person_id: str, address: str) -> Person:
        """Records one more address that the person signs with."""
        with self.unit.writing() as connection:
            _person(connection, person_id)
            _add_key(connection, person_id, address, self.clock.now())
            return _person(connection, person_id)

    def revoke_signer(self, address: str) -> Person:
        """From now on the address's signatures count for nothing, those given before included."""
        table = schema.signing_keys
        with self.unit.writing() as connection:
            row = _key_row(connection, address)
            if row is None:
                raise NotFound(f"no person signs with {address}", signer=address)
            connection.execute(
                sa.update(table)
                .where(table.c.address == address, table.c.revoked_at.is_(None))
                .values(revoked_at=self.clock.now())
            )
            return _person(connection, row["person_id"])

    def get(self, person_id: str) -> Person:
        """The person. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _person(connection, person_id)

    def acted_as(self, person_id: str) -> frozenset[Role]:
        """The roles in which the person has taken a step of any order or record, whatever they hold now."""
        found: set[Role] = set()
        with self.unit.reading() as connection:
            for table in (schema.order_events, schema.record_events):
                query = sa.select(table.c.role).where(table.c.actor == person_id).distinct()
                found |= {Role(role) for role in connection.execute(query).scalars()}
        return frozenset(found)

    def role_of(self, person_id: str, *wanted: Role) -> Role:
        """The first of `wanted` that the person holds; the first one if none, for the ledger to refuse."""
        held = self.get(person_id).roles
        return next((role for role in wanted if role in held), wanted[0])

    def by_signer(self, address: str) -> Person:
        """Whose key this is. Raises `NotAuthorised` for an unknown or revoked key."""
        with self.unit.reading() as connection:
            return person_by_signer(connection, address)

    def all(self) -> tuple[Person, ...]:
        """Everyone, oldest first."""
        table = schema.persons
        with self.unit.reading() as connection:
            rows = connection.execute(
                sa.select(table.c.person_id).order_by(table.c.created_at, table.c.person_id)
            )
            return tuple(_person(connection, person_id) for person_id in rows.scalars().all())


def require_role(connection: Connection, person_id: str, role: Role) -> None:
    """Raises `NotAuthorised` unless the person is known and holds `role`."""
    if _HOLDS.first(connection, {"person": person_id, "held": role}) is None:
        raise NotAuthorised(
            f"{person_id!r} does not hold the role {role}: register the person with it, or let somebody "
            "who holds it act",
            person=person_id,
            role=role,
        )


def person_by_signer(connection: Connection, address: str) -> Person:
    """Whose key this is. Raises `NotAuthorised` for an unknown or revoked key."""
    row = _key_row(connection, address)
    if row is None or row["revoked_at"] is not None:
        state = "unknown" if row is None else "revoked"
        raise NotAuthorised(
            f"the signing key {address} is {state}: its signature counts for nothing", signer=address
        )
    return _person(connection, row["person_id"])


def _check_apart(person_id: str, roles: frozenset[Role]) -> None:
    for one, other in _APART:
        if one in roles and other in roles:
            raise NotAuthorised(
                f"{person_id} can't be both {one} and {other}: give one of the roles to somebody else",
                person=person_id,
            )


def _write_roles(connection: Connection, person_id: str, roles: frozenset[Role]) -> None:
    if roles:
        connection.execute(
            sa.insert(schema.person_roles),
            [{"person_id": person_id, "role": role} for role in sorted(roles)],
        )


def _add_key(connection: Connection, person_id: str, address: str, at: datetime) -> None:
    address = checksum_address(address, what="signer")
    taken = _key_row(connection, address)
    if taken is not None:
        raise WalletTaken(
            f"signing key {address} is {taken['person_id']}'s: a key has one owner, for good",
            signer=address,
            person=taken["person_id"],
        )
    connection.execute(
        sa.insert(schema.signing_keys), [{"address": address, "person_id": person_id, "created_at": at}]
    )


def _person_row(connection: Connection, person_id: str) -> RowMapping | None:
    return (
        connection.execute(sa.select(schema.persons).where(schema.persons.c.person_id == person_id))
        .mappings()
        .one_or_none()
    )


def _key_row(connection: Connection, address: str) -> RowMapping | None:
    return (
        connection.execute(sa.select(schema.signing_keys).where(schema.signing_keys.c.address == address))
        .mappings()
        .one_or_none()
    )


def _person(connection: Connection, person_id: str) -> Person:
    row = _person_row(connection, person_id)
    if row is None:
        raise NotFound(f"no person {person_id!r}: register them first", person=person_id)
    roles = connection.execute(
        sa.select(schema.person_roles.c.role).where(schema.person_roles.c.person_id == person_id)
    ).scalars()
    table = schema.signing_keys
    keys = connection.execute(
        sa.select(table).where(table.c.person_id == person_id).order_by(table.c.created_at, table.c.address)
    ).mappings()
    return Person(
        person_id=person_id,
        label=row["label"],
        roles=frozenset(Role(role) for role in roles),
        signing_keys=tuple(SigningKey(**key) for key in keys),
        created_at=row["created_at"],
    )
