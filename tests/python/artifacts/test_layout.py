"""Namespaces that can't be told from the sources are refused, not passed over."""

from __future__ import annotations

from typing import Any

import pytest

from toolkit.artifacts.layout import NAMESPACES, layout_of, namespaces_source
from toolkit.errors import CompilationError

SOURCE = "contracts/Vault.sol"


def struct(name: str, number: int) -> dict[str, Any]:
    return {
        "nodeType": "StructDefinition",
        "id": number,
        "name": name,
        "canonicalName": f"Vault.{name}",
        "documentation": {"text": "@custom:storage-location erc7201:example.vault"},
    }


def compiled(structs: list[dict[str, Any]], declared: list[str]) -> dict[str, Any]:
    """The compiler's output for a contract with `structs`, of which the added source declared some."""
    none: dict[str, Any] = {"storage": [], "types": None}
    added = {"storage": [], "types": {type_: {"label": "", "members": []} for type_ in declared}}
    contract = {
        "nodeType": "ContractDefinition",
        "id": 1,
        "name": "Vault",
        "linearizedBaseContracts": [1],
        "nodes": structs,
    }
    return {
        "contracts": {
            SOURCE: {"Vault": {"storageLayout": none}},
            NAMESPACES: {"Namespaces": {"storageLayout": added}},
        },
        "sources": {SOURCE: {"ast": {"nodes": [contract]}}},
    }


def test_two_structs_in_one_namespace_are_refused() -> None:
    output = compiled([struct("A", 2), struct("B", 3)], ["t_struct(A)2_storage", "t_struct(B)3_storage"])
    with pytest.raises(CompilationError, match=r"Vault has two structs at erc7201:example\.vault"):
        layout_of(output, SOURCE, "Vault")


def test_a_struct_that_the_added_source_lacks_is_refused() -> None:
    text = (
        "contract Vault {\n/// @custom:storage-location erc7201:example.vault\n/* { */ struct A { bool a; } }"
    )
    assert "Vault.A" not in namespaces_source({SOURCE: text})
    output = compiled([struct("A", 2)], [])
    with pytest.raises(CompilationError, match=r"Vault\.A at erc7201:example\.vault was not found"):
        layout_of(output, SOURCE, "Vault")


@pytest.mark.parametrize(
    "text",
    [
        "contract Vault {\n    /// @custom:storage-location x:v\n    struct A {\n        bool a;\n    }\n}",
        "abstract contract Vault is X {\n/**\n * @custom:storage-location x:v\n */\nstruct A { bool a; }}",
        "interface I {}\nlibrary Vault {\n/// @custom:storage-location x:v\n/// More.\nstruct A {bool a;}}",
    ],
)
def test_structs_are_found_however_they_are_written(text: str) -> None:
    source = namespaces_source(
        {SOURCE: text, "contracts/Other.sol": "contract Other { struct B { bool b; } }"}
    )
    assert f'import "{SOURCE}" as M0;' in source
    assert "    M0.Vault.A private v0;" in source
    assert "Other" not in source
