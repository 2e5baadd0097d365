"""Restrictions: what keeps a party from ordering and being given anything while compliance looks at it.

Each is a record of its own in the chain of events, and names the record behind it (a case, a screening),
which holds the cause. The desk sees none of that: it is told `UnderReview`, the same words for every cause.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.errors import InvalidInput
from toolkit.ledger import schema_eligibility
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.errors import NotFound
from toolkit.ledger.investors import require_investor, require_owner
from toolkit.ledger.machines import Role
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.store import Joined, Unit

__all__ = ["Restriction", "Restrictions"]

_TABLE = schema_eligibility.restrictions
_BY_ID = sa.select(_TABLE).where(Among(_TABLE.c.id, "ids")).order_by(_TABLE.c.id)
_LIFT = (
    sa.update(_TABLE)
    .where(Among(_TABLE.c.id, "ids"), _TABLE.c.lifted_at.is_(None))
    .values(lifted_at=sa.bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class Restriction:
    """A restriction of an investor with all their wallets, or of one `wallet`. `case_id` is the record behind
    it; `lifted_at` is None while it is in force.
    """

    id: str
    investor: str
    wallet: str | None
    case_id: str
    imposed_at: datetime
    lifted_at: datetime | None


@dataclass(frozen=True, slots=True)
class Restrictions:
    """Who is restricted, and why (for compliance to read)."""

    unit: Unit
    clock: Clock

    def impose(
        self,
        parties: Sequence[tuple[str, str | None]],
        *,
        case_id: str,
        actor: str,
        role: Role,
        reason: str = "",
    ) -> tuple[Restriction, ...]:
        """Restricts each (investor, wallet, or None for all of theirs), all in one act or none.

        `case_id` is the record that it stands on, which must be there. Raises `NotFound`, `NotEligible` for
        a wallet of somebody else, `NotAuthorised` unless `role` is compliance, guardian or the worker's.
        """
        now = self.clock.now()
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            book.get(case_id)
            made = []
            for investor, wallet in parties:
                if wallet is None:
                    require_investor(connection, investor)
                else:
                    require_owner(connection, investor=investor, wallet=wallet)
                name = f"{RecordKind.RESTRICTION}/{uuid.uuid4()}"
                made.append(Restriction(name, investor, wallet, case_id, now, None))
            book.open_many(
                [(item.id, restriction_data(item)) for item in made],
                RecordKind.RESTRICTION,
                RecordState.IMPOSED,
                actor=actor,
                role=role,
                reason=reason,
            )
            insert_rows(
                connection,
                _TABLE,
                [(item.id, item.investor, item.wallet, case_id, now, None) for item in made],
            )
        return tuple(made)

    def lift(
        self, restriction_ids: Sequence[str], *, actor: str, role: Role = Role.COMPLIANCE, reason: str
    ) -> tuple[Restriction, ...]:
        """Ends restrictions, all or none. By compliance, and by another person than imposed them.

        Raises `NotFound`, `NotAuthorised`, `IllegalTransition` for one that was lifted, `InvalidInput`
        without a reason. What the restrictions held stays on hold until compliance releases it.
        """
        if not reason:
            raise InvalidInput("lifting a restriction needs a reason: say on what it rests")
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            for name in restriction_ids:
                book.step(name, RecordState.LIFTED, actor=actor, role=role, reason=reason)
            connection.execute(_LIFT, {"ids": list(restriction_ids), "now": self.clock.now()})
            return _some(connection, restriction_ids)

    def get(self, restriction_id: str) -> Restriction:
        """The restriction. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _some(connection, [restriction_id])[0]

    def find(
        self, *, investor: str | None = None, case_id: str | None = None, in_force: bool | None = True
    ) -> tuple[Restriction, ...]:
        """Of an investor or of a case, oldest first: those in force, the others, or (None) all."""
        query = sa.select(_TABLE).order_by(_TABLE.c.imposed_at, _TABLE.c.id)
        if investor is not None:
            query = query.where(_TABLE.c.investor == investor)
        if case_id is not None:
            query = query.where(_TABLE.c.case_id == case_id)
        if in_force is not None:
            query = query.where(_TABLE.c.lifted_at.is_(None) if in_force else _TABLE.c.lifted_at.is_not(None))
        with self.unit.reading() as connection:
            return tuple(Restriction(**row) for row in connection.execute(query).mappings())


def restriction_data(restriction: Restriction) -> dict[str, Any]:
    """What the record of a restriction states."""
    return {
        "investor": restriction.investor,
        "wallet": restriction.wallet,
        "case": restriction.case_id,
        "imposed_at": restriction.imposed_at.isoformat(),
    }


def _some(connection: Connection, ids: Sequence[str]) -> tuple[Restriction, ...]:
    found = {row["id"]: row for row in connection.execute(_BY_ID, {"ids": list(ids)}).mappings()}
    missing = [name for name in ids if name not in found]
    if missing:
        raise NotFound(f"no restriction {missing[0]!r}", restriction=missing[0])
    return tuple(Restriction(**found[name]) for name in ids)
