"""The sending keys, each leased to one worker at a time.

A lease says until when its lane is left to its holder, which is a matter of manners and of the clock. What
keeps two workers from sending with one key is the fence, a number that rises with every lease: signed
bytes are stored only while the fence is still the holder's, in the same transaction, and nothing is sent
that isn't stored. So a clock that jumps costs a worker its lease, and nothing else: forward, and another
takes the lane early; backward, and a lease seems to end far in the future, which is longer than any is
given for, and counts as ended.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.errors import LaneLost
from toolkit.ledger import checks, schema
from toolkit.ledger.bulk import Among
from toolkit.ledger.errors import WalletTaken
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.records import Lane, Lease
from toolkit.ledger.store import Unit

__all__ = ["LEASE_TIME", "Lanes"]

LEASE_TIME = timedelta(seconds=30)
"""How long a lane is left to a holder who records nothing."""

# Built once: building a statement costs as much as running it.
_TABLE = schema.lanes
_ALL = sa.select(_TABLE).order_by(_TABLE.c.name)
_LOCKED = (
    sa.select(_TABLE).where(Among(_TABLE.c.address, "addresses")).order_by(_TABLE.c.address).with_for_update()
)
_LEASE = (
    sa.update(_TABLE)
    .where(_TABLE.c.address == sa.bindparam("lane"))
    .values(holder=sa.bindparam("by"), fence=sa.bindparam("number"), leased_until=sa.bindparam("until"))
)
_HELD = sa.update(_TABLE).where(
    _TABLE.c.address == sa.bindparam("lane"), _TABLE.c.fence == sa.bindparam("number")
)
_RELEASE = Prepared(_HELD.values(holder=None, leased_until=None))
# The server's clock, which all its workers share; beside SQLite they share the machine's.
_UNTIL: sa.ColumnElement[datetime] = sa.literal_column(
    f"clock_timestamp() + interval '{LEASE_TIME.total_seconds():.0f} seconds'"
)
_PROLONG = {
    True: Prepared(_HELD.values(leased_until=sa.bindparam("until"))),
    False: Prepared(_HELD.values(leased_until=_UNTIL)),
}
_TAKE_FREE = (
    sa.update(_TABLE)
    .where(_TABLE.c.address == sa.bindparam("lane"), _TABLE.c.holder.is_(None))
    .values(holder=sa.bindparam("by"), fence=_TABLE.c.fence + 1)
    .returning(_TABLE.c.fence)
)
_LEASE_FREE = {
    True: Prepared(_TAKE_FREE.values(leased_until=sa.bindparam("until"))),
    False: Prepared(_TAKE_FREE.values(leased_until=_UNTIL)),
}


@dataclass(frozen=True, slots=True)
class Lanes:
    """The sending keys. One lane is one key and one nonce sequence."""

    unit: Unit
    clock: Clock

    def add(self, address: str, *, name: str, purpose: str) -> Lane:
        """Registers a lane; the same again returns it. Raises `WalletTaken` for another name or key."""
        row = {
            "address": checksum_address(address, what="lane"),
            "name": checks.one_line(name, what="lane", longest=64),
            "purpose": checks.word(purpose, what="purpose"),
        }
        table = schema.lanes
        with self.unit.writing() as connection:
            known = connection.execute(
                sa.select(table).where(sa.or_(table.c.address == address, table.c.name == name))
            ).mappings()
            for found in known:
                if any(found[column] != value for column, value in row.items()):
                    raise WalletTaken(
                        f"lane {found['name']} is {found['address']} for {found['purpose']} already",
                        lane=found["name"],
                    )
                return Lane(**found)
            added: dict[str, Any] = row | {"created_at": self.clock.now()}
            connection.execute(sa.insert(table), [added])
        return Lane(**added)

    def all(self) -> tuple[Lane, ...]:
        """Every lane, by name."""
        with self.unit.reading() as connection:
            rows = connection.execute(_ALL).mappings()
            return tuple(Lane(**row) for row in rows)

    def lease(
        self,
        addresses: Sequence[str],
        *,
        holder: str,
        is_gone: Callable[[str], bool] | None = None,
        take_over: bool = False,
    ) -> Lease | None:
        """Leases the first of these lanes that is free; None when all are leased to others.

        A holder's own lane is leased to it again, and one whose holder `is_gone` at once. With
        `take_over`, one that is another's is taken when none is free: that worker's next record raises
        `LaneLost`, and what it had recorded is sent by whoever has the lane.
        """

        given_back = self._lease_free(addresses[0], holder) if addresses else None
        if given_back is not None:
            return given_back

        def is_free(lane: Lane, now: datetime) -> bool:
            if lane.holder is None or lane.leased_until is None or lane.holder == holder:
                return True
            ended = not now < lane.leased_until <= now + LEASE_TIME
            return ended or (is_gone is not None and is_gone(lane.holder))

        with self.unit.writing(lasting=False) as connection:
            now = _now(connection)
            rows = connection.execute(_LOCKED, {"addresses": addresses}).mappings()
            lanes = {row["address"]: Lane(**row) for row in rows}
            known = [lanes[address] for address in addresses if address in lanes]
            free = [lane for lane in known if is_free(lane, now)] or (known if take_over else [])
            if not free:
                return None
            lease = Lease(free[0].address, holder, free[0].fence + 1)
            until = now + LEASE_TIME
            values = {"lane": lease.address, "by": holder, "number": lease.fence, "until": until}
            connection.execute(_LEASE, values)
        return lease

    def require(self, lease: Lease) -> None:
        """Sees, in the caller's transaction, that the lease stands, and prolongs it. Raises `LaneLost`."""
        with self.unit.writing() as connection:
            values = {"lane": lease.address, "number": lease.fence, **self._until()}
            if _PROLONG[self.unit.is_sqlite].change(connection, values) == 0:
                raise LaneLost(
                    f"the lease of lane {lease.address} was taken over by another worker while this one was "
                    "away; nothing was recorded, and nothing sent: lease a lane again",
                    lane=lease.address,
                    fence=lease.fence,
                )

    def release(self, lease: Lease) -> None:
        """Gives the lane back. A lease that was lost changes nothing."""
        self.unit.write(_RELEASE, {"lane": lease.address, "number": lease.fence}, lasting=False)

    def _lease_free(self, address: str, holder: str) -> Lease | None:
        """The lane if nobody has it, in one statement: mostly it was given back."""
        values = {"lane": address, "by": holder, **self._until()}
        found = self.unit.write(_LEASE_FREE[self.unit.is_sqlite], values, lasting=False)
        return Lease(address, holder, found[0][0]) if found else None

    def _until(self) -> dict[str, datetime]:
        return {"until": datetime.now(UTC) + LEASE_TIME} if self.unit.is_sqlite else {}


def _now(connection: Connection) -> datetime:
    """The database server's clock, which all its workers share; beside SQLite they share the machine's."""
    if connection.dialect.name == "sqlite":
        return datetime.now(UTC)
    now: datetime = connection.execute(sa.select(sa.func.clock_timestamp())).scalar_one()
    return now.astimezone(UTC)
