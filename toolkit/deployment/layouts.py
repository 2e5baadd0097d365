"""Whether a proxy may run another implementation: what was stored has to be read as what it was.

Compares two storage layouts as `Artifact.storage_layout` and the deployment record have them, plain storage
and ERC-7201 namespaces alike, by the rules of OpenZeppelin's Upgrades: every field stays where it was, under
its name and with its type; new ones come where nothing was. Only storage is compared: what the new code does
with it is for a reviewer.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from toolkit.deployment.record import DeploymentRecord
from toolkit.errors import ConfigurationError, UnsafeUpgrade

__all__ = ["Incompatibility", "check_record", "check_upgrade", "incompatibilities"]

Layout = Mapping[str, Any]
Field = Mapping[str, Any]

_LENGTH = re.compile(r"\[(\d*)\]$")


@dataclass(frozen=True, slots=True)
class Incompatibility:
    """`kind` is deleted, renamed, moved, retyped, inserted, gap or namespace; `where` the field's path."""

    kind: str
    where: str
    detail: str

    def __str__(self) -> str:
        return f"{self.where}: {self.detail}"


def check_record(record: DeploymentRecord) -> tuple[str, ...]:
    """See that every proxy of `record` could run the packaged implementation; the proxies' names.

    Raises as `check_upgrade`, for all proxies at once.
    """
    from toolkit.artifacts import load

    behind = {name: entry.implementation for name, entry in record.contracts.items()}
    found = {
        name: incompatibilities(entry.storage_layout, load(entry.artifact).storage_layout)
        for name, entry in behind.items()
        if entry is not None
    }
    _refuse(found)
    return tuple(found)


def check_upgrade(old: Layout, new: Layout, *, contract: str) -> None:
    """See that `contract`'s proxy, with storage as in `old`, may run an implementation laid out as `new`.

    Raises `UnsafeUpgrade` with every incompatibility in `details["incompatibilities"]`, and
    `ConfigurationError` for a layout without namespaces.
    """
    _refuse({contract: incompatibilities(old, new)})


def _refuse(found: Mapping[str, Sequence[Incompatibility]]) -> None:
    listed = [f"{contract} at {item}" for contract, items in found.items() for item in items]
    if listed:
        raise UnsafeUpgrade(
            f"the new code would misread what is stored, in {len(listed)} place(s): {'; '.join(listed)}. "
            "Keep every field where it is, and add new ones at the end of their namespace",
            incompatibilities=listed,
        )


def incompatibilities(old: Layout, new: Layout) -> list[Incompatibility]:
    """Everything in `new` that does not fit what is stored by `old`; nothing when the upgrade keeps storage.

    Raises `ConfigurationError` for a layout without namespaces, which can't be compared.
    """
    for layout in (old, new):
        if not {"storage", "namespaces", "types"} <= layout.keys():
            raise ConfigurationError(
                "a storage layout has to have storage, namespaces and types, this one has "
                f"{', '.join(layout) or 'nothing'}: make the record or the artifact again"
            )
    comparison = _Comparison(old["types"], new["types"])
    found = list(comparison.fields("storage", old["storage"], new["storage"], may_grow=True))
    for name, fields in old["namespaces"].items():
        if name in new["namespaces"]:
            found += comparison.fields(name, fields, new["namespaces"][name], may_grow=True)
        elif fields:
            found.append(Incompatibility("namespace", name, "the namespace is gone"))
    return found


class _Comparison:
    """`old` and `new` are the types of the two layouts, by the names that fields refer to them with."""

    def __init__(self, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        self.old, self.new = old, new
        self._under_way: set[tuple[str, str, bool]] = set()

    def fields(
        self, where: str, old: Sequence[Field], new: Sequence[Field], *, may_grow: bool
    ) -> Iterator[Incompatibility]:
        """What differs between two lists of fields. Unless it `may_grow`, nothing may follow the last."""
        placed = {_begin(field): field for field in new if not _is_gap(field)}
        named = {field["label"]: field for field in placed.values()}
        kept = [field for field in old if not _is_gap(field)]
        labels = {field["label"] for field in kept}
        taken = set()
        for field in kept:
            path = f"{where}.{field['label']}"
            there = placed.get(_begin(field))
            # Two base contracts may each have a private field of one name: the place decides.
            if there is None or there["label"] != field["label"]:
                replacement = there if there and there["label"] not in labels else None
                successor = named.get(field["label"], replacement)
            else:
                successor = there
            if successor is None:
                yield Incompatibility("deleted", path, "deleted")
                continue
            taken.add(_begin(successor))
            if successor["label"] != field["label"]:
                yield self._replaced(path, field, successor)
            elif _begin(successor) != _begin(field):
                yield Incompatibility("moved", path, f"moved from {_place(field)} to {_place(successor)}")
            else:
                yield from self.type_(path, field["type"], successor["type"], may_grow=False)
        limit = None if may_grow else max((self._end(self.old, field) for field in old), default=0)
        for begin, field in placed.items():
            if begin not in taken and self._in_the_way(field, kept, limit):
                detail = f"inserted at {_place(field)}, where it may not"
                yield Incompatibility("inserted", f"{where}.{field['label']}", detail)
        yield from self._gaps(where, old, new)

    def type_(self, where: str, old: str, new: str, *, may_grow: bool) -> Iterator[Incompatibility]:
        """What differs between two types, down to the members of their structs.

        `may_grow` where nothing lies behind the value: it is a mapping's.
        """
        if (old, new, may_grow) in self._under_way:
            return
        before, after = self.old[old], self.new[new]
        kind = _kind(old, before)
        retyped = Incompatibility("retyped", where, f"{before['label']} became {after['label']}")
        if kind != _kind(new, after):
            yield retyped
        elif kind == "mapping":
            yield from self.type_(f"{where}[key]", before["key"], after["key"], may_grow=False)
            yield from self.type_(f"{where}[]", before["value"], after["value"], may_grow=True)
        elif kind == "array":
            length, then = _length(before), _length(after)
            if then != length and not (may_grow and length and then > length):
                yield retyped
            yield from self.type_(f"{where}[]", before["base"], after["base"], may_grow=False)
        elif kind == "struct":
            self._under_way.add((old, new, may_grow))
            yield from self.fields(where, before["members"], after["members"], may_grow=may_grow)
            self._under_way.remove((old, new, may_grow))
        elif kind == "enum":
            members, then = before["members"], after["members"]
            if then[: len(members)] != members:
                detail = f"{', '.join(members)} became {', '.join(then)}"
                yield Incompatibility("retyped", where, f"{before['label']}: {detail}")
        elif before["numberOfBytes"] != after["numberOfBytes"]:
            yield retyped

    def _replaced(self, path: str, field: Field, successor: Field) -> Incompatibility:
        # The whole list, not `any`: a generator left half-way would leave its types under way.
        if list(self.type_(path, field["type"], successor["type"], may_grow=False)):
            return Incompatibility("deleted", path, f"replaced by {successor['label']} of another type")
        return Incompatibility("renamed", path, f"renamed to {successor['label']}")

    def _in_the_way(self, field: Field, kept: Sequence[Field], limit: int | None) -> bool:
        """Whether a new field lies where one of the `kept` does, or not before byte `limit`."""
        begin, end = _begin(field), self._end(self.new, field)
        overlaps = any(begin < self._end(self.old, other) and _begin(other) < end for other in kept)
        return overlaps or (limit is not None and begin >= limit)

    def _gaps(self, where: str, old: Sequence[Field], new: Sequence[Field]) -> Iterator[Incompatibility]:
        """A gap may be used up from its beginning; something has to end where it ended."""
        ends = {self._end(self.new, field) for field in new}
        for field in old:
            if _is_gap(field) and self._end(self.old, field) not in ends:
                path = f"{where}.{field['label']}"
                yield Incompatibility("gap", path, "the gap does not end where it did: change its length")

    @staticmethod
    def _end(types: Mapping[str, Any], field: Field) -> int:
        return _begin(field) + int(types[field["type"]]["numberOfBytes"])


def _begin(field: Field) -> int:
    """The field's first byte, counted from the layout's beginning."""
    return int(field["slot"]) * 32 + int(field["offset"])


def _place(field: Field) -> str:
    return f"slot {field['slot']}, byte {field['offset']}"


def _is_gap(field: Field) -> bool:
    """The old way to leave room in a base contract, by the names that OpenZeppelin's tool knows."""
    label: str = field["label"]
    return (label == "__gap" or label.startswith("__gap_")) and field["type"].startswith("t_array(")


def _kind(name: str, described: Mapping[str, Any]) -> str:
    """What has to stay the same of a type besides what it is made of. A contract is an address."""
    head = name.partition("(")[0]
    if head in ("t_mapping", "t_array", "t_struct", "t_enum", "t_userDefinedValueType"):
        return head[2:]
    return "address" if head == "t_contract" else str(described["label"])


def _length(described: Mapping[str, Any]) -> int:
    """An array's length, 0 for a dynamic one."""
    match = _LENGTH.search(described["label"])
    return int(match.group(1) or 0) if match else 0
