"""Lists of wallets and investors that nothing may be done for: which version of each is in force."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.calendar import Clock
from toolkit.chain.addresses import checksum_address
from toolkit.errors import InvalidInput
from toolkit.ledger import checks, schema
from toolkit.ledger import schema_screening as tables
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.canonical import digest, instant
from toolkit.ledger.errors import ListConflict, ListOutdated, NotFound, ScreeningImpossible
from toolkit.ledger.machines import Role
from toolkit.ledger.prepared import Prepared
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.store import Joined, Unit

__all__ = [
    "IMPOSSIBLE",
    "EntryKind",
    "ListEntry",
    "ListInForce",
    "Lists",
    "ScreeningPolicy",
    "entries_digest",
    "in_force",
    "policy_of",
    "require_current",
]

_POLICY = "policy/screening"
_IN_FORCE, _ENTRIES = tables.lists_in_force, tables.list_entries

IMPOSSIBLE = "screening is impossible now: the lists in force are missing or too old"
"""Why an order waits that can't be screened (regulation.md R-AML-10). It names no party."""

_MATCHING = (
    sa.select(_ENTRIES.c.list, _ENTRIES.c.version, _ENTRIES.c.kind, _ENTRIES.c.value, _ENTRIES.c.note)
    .join(_IN_FORCE, sa.and_(_IN_FORCE.c.list == _ENTRIES.c.list, _IN_FORCE.c.version == _ENTRIES.c.version))
    .where(Among(_ENTRIES.c.value, "values"))
    .order_by(_ENTRIES.c.list, _ENTRIES.c.value)
)
_POLICY_TEXT = Prepared(sa.select(schema.records.c.data).where(schema.records.c.id == _POLICY))
_ALL_IN_FORCE = Prepared(sa.select(_IN_FORCE).order_by(_IN_FORCE.c.list))
_ANY_ENTRY = Prepared(sa.select(_ENTRIES.c.list).limit(1))


class EntryKind(StrEnum):
    """What an entry of a list names."""

    WALLET = "wallet"
    INVESTOR = "investor"


@dataclass(frozen=True)
class ListEntry:
    """One line of a list: a wallet in its EIP-55 form, or the keyed reference of an investor.

    `note` is the source's own words, for compliance. Raises InvalidInput.
    """

    kind: EntryKind
    value: str
    note: str = ""

    def __post_init__(self) -> None:
        if self.kind is EntryKind.WALLET:
            checksum_address(self.value, what="listed wallet")
        else:
            checks.investor_reference(self.value)

    @cached_property
    def digest(self) -> str:
        """What a released false positive stands on: another note is another entry."""
        return digest({"kind": self.kind.value, "value": self.value, "note": self.note})


@dataclass(frozen=True, slots=True)
class ListInForce:
    """The version of a list that holds now. `confirmed_at` is when the source last had nothing newer."""

    list: str
    version: str
    dated: datetime
    adopted_at: datetime
    confirmed_at: datetime


@dataclass(frozen=True, slots=True)
class ScreeningPolicy:
    """What the desk asks of its lists.

    `required`: without any list nothing moves; otherwise a ledger on which no list was ever adopted screens
    nobody. `max_age` is how long a list may go without being taken in or confirmed, `max_list_age` how old
    its own date may be; None asks nothing, since a source with nothing new publishes nothing. Raises
    InvalidInput for an age that isn't above zero.
    """

    required: bool = False
    max_age: timedelta = timedelta(hours=24)
    max_list_age: timedelta | None = None

    def __post_init__(self) -> None:
        for age in (self.max_age, self.max_list_age):
            if age is not None and age <= timedelta(0):
                raise InvalidInput(f"an age of {age} lets no list pass: give one above zero")

    def to_data(self) -> dict[str, Any]:
        """As it is on record, in seconds."""
        oldest = self.max_list_age
        return {
            "required": self.required,
            "max_age": int(self.max_age.total_seconds()),
            "max_list_age": None if oldest is None else int(oldest.total_seconds()),
        }

    @classmethod
    def from_data(cls, data: dict[str, Any]) -> ScreeningPolicy:
        """What `to_data` gave."""
        oldest = data["max_list_age"]
        return cls(
            data["required"],
            timedelta(seconds=data["max_age"]),
            None if oldest is None else timedelta(seconds=oldest),
        )


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists, by name. A version is adopted whole or not at all."""

    unit: Unit
    clock: Clock

    def adopt(
        self,
        name: str,
        version: str,
        *,
        dated: datetime,
        entries: Sequence[ListEntry],
        source: str,
        by: str,
    ) -> LedgerRecord:
        """Puts a version in force, in the place of the one before; the same again confirms it.

        `dated` is the version's own date, `source` the sha256 of the file that it came in. Raises
        `ListOutdated` for a version that is older than the one in force or was superseded, `ListConflict`
        for one on record with other contents, `InvalidInput` for none or doubled entries or a date to come,
        `NotAuthorised` unless `by` is of compliance.
        """
        name, version = checks.word(name, what="list"), checks.one_line(version, what="version")
        now, whole = self.clock.now(), entries_digest(entries)
        _check(name, entries, checks.aware(dated, what="dated"), now)
        record_id = f"list/{name}/{version}"
        with self.unit.writing() as connection:
            book = RecordBook(Joined(connection), self.clock)
            held = in_force(connection).get(name)
            known = _known(book, record_id)
            if known is not None:
                _check_same(known, whole, dated)
            if held is not None and (dated < held.dated or (known is not None and held.version != version)):
                raise ListOutdated(
                    f"version {version} of list {name}, of {instant(dated)}, is older than {held.version} of "
                    f"{instant(held.dated)}, which stays in force: get the source's latest",
                    list=name,
                    version=version,
                    in_force=held.version,
                )
            data = {
                "list": name,
                "version": version,
                "dated": instant(dated),
                "source": checks.sha256_hex(source),
                "count": len(entries),
                "entries_digest": whole,
                "adopted_at": instant(now) if known is None else known.data["adopted_at"],
                "confirmed_at": instant(now),
            }
            if known is not None:
                return self._confirm(connection, book, known, data, by)
            self._replace(connection, book, held, data, entries, by)
            return book.get(record_id)

    def _confirm(
        self, connection: Connection, book: RecordBook, known: LedgerRecord, data: dict[str, Any], by: str
    ) -> LedgerRecord:
        if known.state is not RecordState.IN_FORCE:
            raise ListOutdated(
                f"{known.id} is {known.state} and isn't put in force again: get the source's latest",
                version=data["version"],
            )
        connection.execute(
            sa.update(_IN_FORCE)
            .where(_IN_FORCE.c.list == data["list"])
            .values(confirmed_at=_moment(data["confirmed_at"]))
        )
        return book.step(
            known.id,
            RecordState.IN_FORCE,
            actor=by,
            role=Role.COMPLIANCE,
            reason="the source has nothing newer",
            data=data,
        )

    def _replace(
        self,
        connection: Connection,
        book: RecordBook,
        held: ListInForce | None,
        data: dict[str, Any],
        entries: Sequence[ListEntry],
        by: str,
    ) -> None:
        name, version = data["list"], data["version"]
        record_id = f"list/{name}/{version}"
        book.open(record_id, RecordKind.LIST, RecordState.IN_FORCE, data, actor=by, role=Role.COMPLIANCE)
        if held is not None:
            book.step(
                f"list/{name}/{held.version}",
                RecordState.SUPERSEDED,
                actor=by,
                role=Role.COMPLIANCE,
                reason=f"version {version} is in force",
            )
            connection.execute(sa.delete(_IN_FORCE).where(_IN_FORCE.c.list == name))
        insert_rows(
            connection,
            _ENTRIES,
            [(name, version, item.kind.value, item.value, item.note, item.digest) for item in entries],
        )
        moments = [_moment(data[what]) for what in ("dated", "adopted_at", "confirmed_at")]
        insert_rows(connection, _IN_FORCE, [(name, version, *moments)])

    def retire(self, name: str, *, by: str, reason: str) -> LedgerRecord:
        """Takes a list out of force for good, with what compliance says to it. Raises `NotFound`."""
        reason = checks.one_line(reason, what="reason", longest=500)
        with self.unit.writing() as connection:
            held = in_force(connection).get(name)
            if held is None:
                raise NotFound(f"no list {name!r} is in force", list=name)
            connection.execute(sa.delete(_IN_FORCE).where(_IN_FORCE.c.list == name))
            return RecordBook(Joined(connection), self.clock).step(
                f"list/{name}/{held.version}",
                RecordState.RETIRED,
                actor=by,
                role=Role.COMPLIANCE,
                reason=reason,
            )

    def in_force(self) -> tuple[ListInForce, ...]:
        """The lists in force, by name."""
        with self.unit.reading() as connection:
            return tuple(in_force(connection).values())

    def entries(self, name: str, version: str) -> tuple[ListEntry, ...]:
        """The entries of a version that was ever adopted. Raises `NotFound`."""
        query = (
            sa.select(_ENTRIES)
            .where(_ENTRIES.c.list == name, _ENTRIES.c.version == version)
            .order_by(_ENTRIES.c.kind, _ENTRIES.c.value)
        )
        with self.unit.reading() as connection:
            rows = connection.execute(query).mappings().all()
        if not rows:
            raise NotFound(f"version {version!r} of list {name!r} was never adopted", list=name)
        return tuple(ListEntry(EntryKind(row["kind"]), row["value"], row["note"]) for row in rows)

    def matching(self, values: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Those of `values` (wallets, references) that lists in force name, with the lists and versions."""
        found: dict[str, tuple[str, ...]] = {}
        with self.unit.reading() as connection:
            for row in connection.execute(_MATCHING, {"values": list(values)}):
                found[row.value] = (*found.get(row.value, ()), f"{row.list}/{row.version}")
        return found

    def policy(self) -> ScreeningPolicy:
        """What the desk asks of its lists; the defaults until compliance says otherwise."""
        with self.unit.reading() as connection:
            return policy_of(connection)

    def set_policy(self, policy: ScreeningPolicy, *, by: str, reason: str) -> LedgerRecord:
        """Puts a policy in force. By compliance."""
        reason = checks.one_line(reason, what="reason", longest=500)
        with self.unit.writing() as connection:
            book, data = RecordBook(Joined(connection), self.clock), policy.to_data()
            act: dict[str, Any] = {"actor": by, "role": Role.COMPLIANCE, "reason": reason}
            if _known(book, _POLICY) is None:
                return book.open(_POLICY, RecordKind.SCREENING_POLICY, RecordState.IN_FORCE, data, **act)
            return book.step(_POLICY, RecordState.IN_FORCE, data=data, **act)

    def require_current(self) -> tuple[ListInForce, ...]:
        """The lists that there are to screen against. Raises `ScreeningImpossible`."""
        with self.unit.reading() as connection:
            return require_current(connection, self.clock.now())


def in_force(connection: Connection) -> dict[str, ListInForce]:
    """The lists in force, by name, in their sequence."""
    return {row[0]: ListInForce(*row) for row in _ALL_IN_FORCE.all(connection)}


def policy_of(connection: Connection) -> ScreeningPolicy:
    """The policy on record, or the defaults."""
    found = _POLICY_TEXT.first(connection)
    return ScreeningPolicy() if found is None else ScreeningPolicy.from_data(json.loads(found[0]))


def require_current(connection: Connection, at: datetime) -> tuple[ListInForce, ...]:
    """The lists that there are to screen against: none, where none was adopted and none is required.

    Raises `ScreeningImpossible` if there has to be one, or if one is older than the policy lets it be.
    """
    lists, policy = tuple(in_force(connection).values()), policy_of(connection)
    if not lists:
        if policy.required or _was_ever_adopted(connection):
            raise ScreeningImpossible(f"{IMPOSSIBLE}; adopt a list")
        return ()
    for item in lists:
        too_old = policy.max_list_age is not None and at - item.dated > policy.max_list_age
        if at - item.confirmed_at > policy.max_age or too_old:
            raise ScreeningImpossible(
                f"{IMPOSSIBLE}; list {item.list} {item.version} was last taken in at "
                f"{instant(item.confirmed_at)}: adopt the source's latest, or the same again if that is it",
                list=item.list,
                version=item.version,
            )
    return lists


def entries_digest(entries: Sequence[ListEntry]) -> str:
    """The digest of a version's entries, whatever their sequence in the file."""
    ordered = sorted((item.kind.value, item.value, item.digest) for item in entries)
    return hashlib.sha256("".join(part for _, _, part in ordered).encode()).hexdigest()


def _was_ever_adopted(connection: Connection) -> bool:
    """Whether there was a list: one that was retired isn't the same as none."""
    return _ANY_ENTRY.first(connection) is not None


def _moment(text: str) -> datetime:
    """What `instant` gave: the table says to the microsecond what the record says."""
    return datetime.fromisoformat(text)


def _known(book: RecordBook, record_id: str) -> LedgerRecord | None:
    try:
        return book.get(record_id)
    except NotFound:
        return None


def _check(name: str, entries: Sequence[ListEntry], dated: datetime, now: datetime) -> None:
    if not entries:
        raise InvalidInput(
            f"list {name} has no entries: that is a broken file, not an empty world", list=name
        )
    if dated > now:
        raise InvalidInput(f"list {name} is dated {dated.astimezone(UTC)}, which is to come", list=name)
    places = {(item.kind, item.value) for item in entries}
    if len(places) != len(entries):
        raise InvalidInput(
            f"list {name} names {len(entries) - len(places)} of its entries twice: get it again", list=name
        )


def _check_same(known: LedgerRecord, whole: str, dated: datetime) -> None:
    if (known.data["entries_digest"], known.data["dated"]) != (whole, instant(dated)):
        raise ListConflict(
            f"{known.id} is on record with {known.data['count']} other entries or another date: a version "
            "doesn't change; ask the source for the next one",
            record=known.id,
        )
