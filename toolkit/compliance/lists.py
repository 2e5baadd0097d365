"""List files: who may be named on one, in which form, and what is refused whole.

Two forms are read. The plain one is a JSON array of wallets, as extracts of the United States' SDN list are
published (`tests/data/sanctions`): its name, version and date come from whoever takes it in. The desk's own
carries them, and can't be cut short unnoticed:

    {"list": "ofac-eth", "version": "2024-09-27", "dated": "2024-09-27T00:00:00Z", "count": 2,
     "digest": "<64 hex digits>",
     "entries": [{"wallet": "0x...", "note": "SDN 12345"}, {"investor": "0x<32 hex digits>"}]}

`digest` is the sha256 of the canonical JSON (RFC 8785) of `entries`. `investor` is the keyed reference under
which ledger and registry know a party, never a name. A file with one bad line is refused, since nobody knows
what else is wrong with it; the version in force stays (regulation.md R-AML-10).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import rfc8785

from toolkit.chain.addresses import checksum_address
from toolkit.compliance.errors import ListMalformed, ListTruncated
from toolkit.errors import InvalidInput
from toolkit.ledger.lists import EntryKind, ListEntry

__all__ = ["ListFile", "list_data"]

_FIELDS = {"list", "version", "dated", "count", "digest", "entries"}


@dataclass(frozen=True, slots=True)
class ListFile:
    """A list as it came: `dated` is its own date, `source` the sha256 of the file's bytes."""

    name: str
    version: str
    dated: datetime
    entries: tuple[ListEntry, ...]
    source: str

    @classmethod
    def load(
        cls,
        path: str | Path,
        *,
        name: str | None = None,
        version: str | None = None,
        dated: date | datetime | None = None,
        sha256: str | None = None,
    ) -> ListFile:
        """Reads the file at `path`; see `read`. Raises InvalidInput if it can't be read."""
        try:
            content = Path(path).read_bytes()
        except OSError as error:
            raise InvalidInput(f"list {path} can't be read ({error.strerror}): correct the path") from None
        return cls.read(content, name=name, version=version, dated=dated, sha256=sha256)

    @classmethod
    def read(
        cls,
        content: bytes,
        *,
        name: str | None = None,
        version: str | None = None,
        dated: date | datetime | None = None,
        sha256: str | None = None,
    ) -> ListFile:
        """The list in `content`. `name`, `version` and `dated` are wanted for the plain form and have to
        agree with the desk's own; `sha256` is the source's, where it publishes one.

        Raises ListTruncated if the file isn't whole, ListMalformed for anything else that is wrong with it.
        """
        source = hashlib.sha256(content).hexdigest()
        if sha256 is not None and sha256.lower().removeprefix("0x") != source:
            raise ListTruncated(f"the file's sha256 is {source}, its source says {sha256}: get it again")
        try:
            data = json.loads(content.decode("utf-8"))
        except ValueError as error:
            raise ListTruncated(f"the file is no JSON ({error}): it was cut, or isn't a list") from None
        if isinstance(data, dict):
            return _own(data, source, name, version, dated)
        if not isinstance(data, list):
            raise ListMalformed("the file is neither an array of wallets nor a list of the desk's form")
        if name is None or version is None or dated is None:
            raise ListMalformed(
                "an array of wallets says neither which list it is nor of when: give name, version and date"
            )
        entries = tuple(_wallet(value, "", place) for place, value in enumerate(data, start=1))
        return cls(name, version, _instant(dated), _distinct(entries), source)


def list_data(name: str, version: str, dated: datetime, entries: list[dict[str, str]]) -> dict[str, Any]:
    """A list in the desk's own form, with count and digest, ready to be written as JSON."""
    return {
        "list": name,
        "version": version,
        "dated": dated.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "count": len(entries),
        "digest": _digest(entries),
        "entries": entries,
    }


def _own(
    data: Mapping[str, Any],
    source: str,
    name: str | None,
    version: str | None,
    dated: date | datetime | None,
) -> ListFile:
    if set(data) != _FIELDS:
        raise ListMalformed(
            f"the list has the fields {', '.join(sorted(data))} and should have {', '.join(sorted(_FIELDS))}"
        )
    rows = data["entries"]
    if not isinstance(rows, list) or data["count"] != len(rows):
        found = len(rows) if isinstance(rows, list) else "no"
        raise ListTruncated(f"the list has {found} entries and says {data['count']}: get it again")
    found_digest = _digest(rows)
    if data["digest"] != found_digest:
        raise ListTruncated(
            f"the entries' digest is {found_digest}, the list says {data['digest']}: get it again"
        )
    try:
        own_date = datetime.fromisoformat(data["dated"])
    except (TypeError, ValueError):
        raise ListMalformed(f"the list's date {data['dated']!r} is no ISO 8601 instant") from None
    if own_date.tzinfo is None:
        raise ListMalformed(f"the list's date {data['dated']!r} has no time zone: write it with Z")
    for what, said, own in (
        ("name", name, data["list"]),
        ("version", version, data["version"]),
        ("date", None if dated is None else _instant(dated), own_date),
    ):
        if said is not None and said != own:
            raise ListMalformed(
                f"the list's {what} is {own}, and {said} was asked for: check which file it is"
            )
    if not isinstance(data["list"], str) or not isinstance(data["version"], str):
        raise ListMalformed("the list's name and version have to be texts")
    entries = tuple(_entry(row, place) for place, row in enumerate(rows, start=1))
    return ListFile(data["list"], data["version"], own_date, _distinct(entries), source)


def _entry(row: object, place: int) -> ListEntry:
    if not isinstance(row, dict) or not set(row) <= {"wallet", "investor", "note"}:
        raise ListMalformed(
            f"entry {place} is {row!r}: it names a wallet or an investor, and may have a note"
        )
    note = row.get("note", "")
    if not isinstance(note, str):
        raise ListMalformed(f"entry {place}'s note is {note!r}: it has to be a text")
    if ("wallet" in row) == ("investor" in row):
        raise ListMalformed(f"entry {place} names {'both a' if 'wallet' in row else 'no'} wallet or investor")
    if "wallet" in row:
        return _wallet(row["wallet"], note, place)
    try:
        return ListEntry(EntryKind.INVESTOR, row["investor"], note)
    except InvalidInput as error:
        raise ListMalformed(f"entry {place}: {error.message}") from None


def _wallet(value: object, note: str, place: int) -> ListEntry:
    """Sources write wallets in lower case too; one with a wrong checksum was mistyped."""
    try:
        address = checksum_address(value, what="wallet", lenient=True)  # type: ignore[arg-type]
    except InvalidInput as error:
        raise ListMalformed(f"entry {place}: {error.message}") from None
    return ListEntry(EntryKind.WALLET, address, note)


def _distinct(entries: tuple[ListEntry, ...]) -> tuple[ListEntry, ...]:
    if not entries:
        raise ListMalformed("the list has no entries: that is a broken file, not an empty world")
    places: dict[tuple[str, str], int] = {}
    for place, entry in enumerate(entries, start=1):
        first = places.setdefault((entry.kind.value, entry.value), place)
        if first != place:
            raise ListMalformed(f"entries {first} and {place} both name {entry.value}: get the list again")
    return entries


def _digest(rows: list[Any]) -> str:
    try:
        return hashlib.sha256(rfc8785.dumps(rows)).hexdigest()
    except rfc8785.CanonicalizationError as error:
        raise ListMalformed(f"the entries have no canonical form ({error})") from None


def _instant(value: date | datetime) -> datetime:
    """A date is that day's beginning in UTC."""
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ListMalformed(f"the list's date {value.isoformat()} has no time zone: give one")
        return value
    return datetime(value.year, value.month, value.day, tzinfo=UTC)
