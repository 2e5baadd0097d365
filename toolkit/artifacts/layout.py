"""Where a contract keeps its state: the compiler's storage layout, with the ERC-7201 namespaces added.

The compiler's own layout lists state variables and passes over structs that are only reached by a slot in
assembly, which is where namespaced contracts keep everything. So one more source goes into the compilation: a
contract that declares a variable of each annotated struct, and from whose layout the namespaces are taken.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from toolkit.errors import CompilationError

__all__ = ["NAMESPACES", "layout_of", "namespaces_source"]

#: The name of the source that is added, and of its only contract.
NAMESPACES = "namespaces.sol"
_CONTRACT = "Namespaces"

_LOCATION = re.compile(r"@custom:storage-location\s+(\S+)")
_DECLARATION = re.compile(
    r"^\s*(?:abstract\s+)?(?:contract|library|interface)\s+(\w+)"
    r"|@custom:storage-location[^{}]*?^\s*struct\s+(\w+)",
    re.MULTILINE,
)
#: Where the compiler found a field: its number in the syntax tree, and the contract that was compiled.
_NOISE = ("astId", "contract")
#: A type's number in the syntax tree, as in `t_struct(Order)1234_storage`; not an array's length.
_NUMBERED = re.compile(r"(t_(?:struct|enum|contract|userDefinedValueType)\([^()]*\))(\d+)")


def namespaces_source(files: Mapping[str, str]) -> str:
    """The source to add to a compilation of `files` (source name to text)."""
    imports: list[str] = []
    variables: list[str] = []
    for name, text in sorted(files.items()):
        if "@custom:storage-location" not in text:
            continue
        module = f"M{len(imports)}"
        imports.append(f'import "{name}" as {module};')
        contract = ""
        for match in _DECLARATION.finditer(text):
            contract = match.group(1) or contract
            if match.group(2):
                variables.append(f"    {module}.{contract}.{match.group(2)} private v{len(variables)};")
    lines = ["// SPDX-License-Identifier: Apache-2.0", "pragma solidity >=0.8.20;", *imports]
    return "\n".join([*lines, f"contract {_CONTRACT} {{", *variables, "}", ""])


def layout_of(document: dict[str, Any], source_name: str, name: str) -> dict[str, Any]:
    """The layout of a contract in the compiler's output `document`, which has every source's syntax tree.

    `storage` and `types` are the compiler's, `namespaces` gives for each storage location, such as
    `erc7201:example.main`, the members of its struct with slot and offset counted from there. Enums have
    their members' names. What the compiler numbers by its syntax tree is numbered in order of appearance, so
    that a layout changes only with what it says.

    Raises `CompilationError` for a namespace that two structs of the contract claim.
    """
    compiled = document["contracts"]
    own = compiled[source_name][name]["storageLayout"]
    added = compiled[NAMESPACES][_CONTRACT]["storageLayout"]["types"] or {}
    types = {**added, **(own["types"] or {})}
    nodes = {node["id"]: node for node in _definitions(document)}
    namespaces: dict[str, Any] = {}
    for struct in _namespaced_structs(document, nodes, source_name, name):
        location = _location(struct)
        if location in namespaces:
            raise CompilationError(
                f"{source_name}: {name} has two structs at {location}: give each a namespace of its own",
                diagnostics=[],
            )
        type_ = f"t_struct({struct['name']}){struct['id']}_storage"
        if type_ not in added:
            raise CompilationError(
                f"the storage of {struct['canonicalName']} at {location} was not found in its source: write "
                "the annotation directly above the struct, in a contract",
                diagnostics=[],
            )
        namespaces[location] = added[type_]["members"]
    storage = own["storage"]
    fields = itertools.chain(storage, *namespaces.values())
    reached = _reached(types, [field["type"] for field in fields])
    described = {type_: _with_members(type_, types[type_], nodes) for type_ in reached}
    return _stable({"storage": storage, "namespaces": dict(sorted(namespaces.items())), "types": described})


def _definitions(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Contracts, structs and enums, wherever they are defined."""
    for source in document["sources"].values():
        for node in source["ast"]["nodes"]:
            yield node
            if node["nodeType"] == "ContractDefinition":
                yield from node["nodes"]


def _namespaced_structs(
    document: dict[str, Any], nodes: dict[int, dict[str, Any]], source_name: str, name: str
) -> Iterator[dict[str, Any]]:
    (contract,) = (
        node
        for node in document["sources"][source_name]["ast"]["nodes"]
        if node["nodeType"] == "ContractDefinition" and node["name"] == name
    )
    for base in contract["linearizedBaseContracts"]:
        for node in nodes[base]["nodes"]:
            if node["nodeType"] == "StructDefinition" and _location(node):
                yield node


def _location(struct: dict[str, Any]) -> str:
    """The storage location that a struct is annotated with, empty if none."""
    documentation = struct.get("documentation")
    match = _LOCATION.search(documentation["text"]) if documentation else None
    return match.group(1) if match else ""


def _reached(types: dict[str, Any], waiting: list[str]) -> list[str]:
    """The types that `waiting` are made of, in order of appearance."""
    reached: dict[str, None] = {}
    while waiting:
        type_ = waiting.pop(0)
        if type_ not in reached:
            reached[type_] = None
            described = types[type_]
            waiting += [described[key] for key in ("key", "value", "base") if key in described]
            waiting += [member["type"] for member in described.get("members", ())]
    return list(reached)


def _with_members(type_: str, described: dict[str, Any], nodes: dict[int, dict[str, Any]]) -> dict[str, Any]:
    match = _NUMBERED.fullmatch(type_)
    if match and type_.startswith("t_enum("):
        return {**described, "members": [member["name"] for member in nodes[int(match.group(2))]["members"]]}
    return described


def _stable(layout: dict[str, Any]) -> dict[str, Any]:
    """Without the numbers of the syntax tree, which change with sources that have no part in the layout.

    `t_struct(Order)1234_storage` becomes `t_struct(Order)1_storage`.
    """
    numbers: dict[str, str] = {}

    def renumber(match: re.Match[str]) -> str:
        return match.group(1) + numbers.setdefault(match.group(2), str(len(numbers) + 1))

    def walk(node: Any) -> Any:
        if isinstance(node, dict):
            return {walk(key): walk(value) for key, value in node.items() if key not in _NOISE}
        if isinstance(node, list):
            return [walk(item) for item in node]
        return _NUMBERED.sub(renumber, node) if isinstance(node, str) else node

    stable: dict[str, Any] = walk(layout)
    return stable
