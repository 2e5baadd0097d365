"""Reading omnibus accounts: what each client has now, or had at an instant or a place in the event chain."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa

from toolkit.calendar import Clock
from toolkit.ledger import checks
from toolkit.ledger.omnibus_lines import CHAIN, EXPECTED, Line, Position
from toolkit.ledger.omnibus_posting import (
    account_of,
    address_of,
    all_positions,
    lines_of,
    positions_of,
)
from toolkit.ledger.schema_omnibus import omnibus_lines, omnibus_movements
from toolkit.ledger.store import Unit

__all__ = ["Movement", "OmnibusReading"]

_MOVEMENTS, _LINES = omnibus_movements, omnibus_lines
_JOURNAL = (
    sa.select(_LINES.c.account, _LINES.c.bucket, _LINES.c.sign, _LINES.c.amount)
    .join(
        _MOVEMENTS,
        sa.and_(_MOVEMENTS.c.record_id == _LINES.c.record_id, _MOVEMENTS.c.step == _LINES.c.step),
    )
    .where(_MOVEMENTS.c.wallet == sa.bindparam("wallet"), _MOVEMENTS.c.token == sa.bindparam("token"))
)


@dataclass(frozen=True, slots=True)
class Movement:
    """A posted step: `seq` is its event's place in the hash chain."""

    seq: int
    record_id: str
    at: datetime
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class OmnibusReading:
    """The sub-ledgers, to be read. Wallets and tokens are addresses, clients keyed references."""

    unit: Unit
    clock: Clock

    def position(self, wallet: str, token: str, client: str) -> Position:
        """What the client has now; all zero for one that the wallet never had."""
        wallet, token, client = account_of(wallet, token, client)
        with self.unit.reading() as connection:
            return positions_of(connection, wallet, token, [client]).get(client, Position(client))

    def positions(self, wallet: str, token: str) -> tuple[Position, ...]:
        """Who has something now, by reference."""
        values = address_of(wallet, "wallet"), address_of(token, "token")
        with self.unit.reading() as connection:
            return all_positions(connection, *values)

    def look_through(
        self,
        wallet: str,
        token: str,
        at: datetime | None = None,
        *,
        through: int | None = None,
    ) -> tuple[Position, ...]:
        """Who had something at the end of the instant `at`, recomputed from the journal, by reference.

        `through` is a place in the hash chain instead of an instant; neither means now.
        """
        query = _JOURNAL
        if at is not None:
            query = query.where(_MOVEMENTS.c.at <= checks.aware(at, what="instant"))
        if through is not None:
            query = query.where(_MOVEMENTS.c.seq <= through)
        values = {"wallet": address_of(wallet, "wallet"), "token": address_of(token, "token")}
        sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
        with self.unit.reading() as connection:
            for account, bucket, sign, amount in connection.execute(query, values):
                if account not in (CHAIN, EXPECTED):
                    sums[account][bucket] += sign * amount
        found = (Position(client, **buckets) for client, buckets in sorted(sums.items()))
        return tuple(position for position in found if not position.is_empty)

    def movements(self, wallet: str, token: str, *, client: str | None = None) -> tuple[Movement, ...]:
        """The journal, oldest first; with `client`, what touched that client."""
        wallet, token = address_of(wallet, "wallet"), address_of(token, "token")
        query = sa.select(_MOVEMENTS).where(_MOVEMENTS.c.wallet == wallet, _MOVEMENTS.c.token == token)
        with self.unit.reading() as connection:
            found = [
                Movement(row.seq, row.record_id, row.at, lines_of(connection, row.record_id, row.step))
                for row in connection.execute(query.order_by(_MOVEMENTS.c.seq)).all()
            ]
        if client is None:
            return tuple(found)
        return tuple(one for one in found if any(line.account == client for line in one.lines))

    def accounts(self) -> tuple[tuple[str, str], ...]:
        """The wallets and tokens with a sub-ledger."""
        query = sa.select(_MOVEMENTS.c.wallet, _MOVEMENTS.c.token).distinct()
        with self.unit.reading() as connection:
            return tuple(sorted((row.wallet, row.token) for row in connection.execute(query)))

    def locked_total(self, wallet: str, token: str) -> int:
        """What is locked of all clients together."""
        return sum(position.locked for position in self.positions(wallet, token))
