"""Whom the lists in force name: the join of the parties with the entries, whole or for some of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.ledger import schema
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.bulk import Among
from toolkit.ledger.lists import EntryKind

__all__ = ["Hit", "all_hits", "hits_of", "hits_of_new"]

_WALLETS, _INVESTORS = schema.wallets, schema.investors
_ENTRIES, _IN_FORCE, _CLEARED = tables.list_entries, tables.lists_in_force, tables.cleared_hits


@dataclass(frozen=True, slots=True)
class Hit:
    """An entry in force that names an investor, by a wallet or by reference.

    `released`: compliance found that it doesn't mean them.
    """

    investor: str
    list: str
    version: str
    kind: str
    value: str
    entry: str
    released: bool

    @property
    def record(self) -> str:
        """The id of its record. A changed entry is another one."""
        return f"hit/{self.investor}/{self.list}/{self.entry[:16]}"


def _named(kind: EntryKind, investor: Any, parties: sa.Table | None, value: Any) -> sa.Select[Any]:
    """The entries in force that name `value`, for `investor`, with the hit that was released of them."""
    source: Any = _IN_FORCE.join(
        _ENTRIES,
        sa.and_(
            _IN_FORCE.c.list == _ENTRIES.c.list,
            _IN_FORCE.c.version == _ENTRIES.c.version,
            _ENTRIES.c.kind == kind.value,
        ),
    )
    if parties is not None:
        source = source.join(parties, value == _ENTRIES.c.value)
    released = sa.and_(
        _CLEARED.c.investor == investor,
        _CLEARED.c.list == _ENTRIES.c.list,
        _CLEARED.c.entry == _ENTRIES.c.digest,
    )
    found = sa.select(
        investor.label("investor"),
        _ENTRIES.c.list,
        _ENTRIES.c.version,
        _ENTRIES.c.kind,
        _ENTRIES.c.value,
        _ENTRIES.c.digest,
        _CLEARED.c.hit,
    ).select_from(source.outerjoin(_CLEARED, released))
    return found if parties is not None else found.where(_ENTRIES.c.value == value)


# Built once: building a statement costs as much as running it.
_BY_WALLET = _named(EntryKind.WALLET, _WALLETS.c.investor, _WALLETS, _WALLETS.c.address)
_BY_REFERENCE = _named(EntryKind.INVESTOR, _INVESTORS.c.reference, _INVESTORS, _INVESTORS.c.reference)
_ALL = sa.union_all(_BY_WALLET, _BY_REFERENCE)
_OF = sa.union_all(
    _BY_WALLET.where(Among(_WALLETS.c.investor, "investors")),
    _BY_REFERENCE.where(Among(_INVESTORS.c.reference, "investors")),
)
_NEW_WALLET = _named(
    EntryKind.WALLET, sa.bindparam("investor", type_=sa.String), None, sa.bindparam("wallet", type_=sa.String)
)


def all_hits(connection: Connection) -> list[Hit]:
    """Every hit there is now, released ones too."""
    return _hits(connection.execute(_ALL))


def hits_of(connection: Connection, investors: Collection[str]) -> list[Hit]:
    """The same for some investors."""
    return _hits(connection.execute(_OF, {"investors": list(investors)}))


def hits_of_new(connection: Connection, investor: str, wallet: str) -> list[Hit]:
    """The hits of a wallet that isn't on record yet and is to be the investor's."""
    return _hits(connection.execute(_NEW_WALLET, {"investor": investor, "wallet": wallet}))


def _hits(rows: Iterable[Any]) -> list[Hit]:
    return [
        Hit(row.investor, row.list, row.version, row.kind, row.value, row.digest, row.hit is not None)
        for row in rows
    ]
