"""Compiling a checkout: what is packaged, when the compiler is called, what its refusals say."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from support.checkout import Checkout

from toolkit.artifacts import Artifact, check, compile_contracts
from toolkit.errors import CodeMismatch, CompilationError, ConfigurationError


def packaged(checkout: Checkout) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in checkout.data.iterdir()}


def artifact(checkout: Checkout, name: str) -> Artifact:
    return Artifact.from_json(json.loads((checkout.data / f"{name}.json").read_bytes()))


def test_contracts_and_named_imports_are_packaged(checkout: Checkout) -> None:
    result = compile_contracts(checkout.root)

    assert result.names == ("ERC1967Proxy", "Vault")
    assert result.compiler_called
    assert packaged(checkout).keys() == {
        "ERC1967Proxy.json",
        "Vault.json",
        "definitions.json",
        "manifest.json",
    }
    vault = artifact(checkout, "Vault")
    assert vault.source_name == "contracts/Vault.sol"
    assert vault.compiler == result.compiler
    assert vault.method_identifiers.keys() == {"fill(uint256)", "limit()"}
    assert [item.length for item in vault.immutable_references] == [32, 32]
    assert vault.storage_layout["storage"][0]["type"] == "t_mapping(t_address,t_struct(Box)1_storage)"
    definitions = json.loads((checkout.data / "definitions.json").read_bytes())
    assert {"TooMuch", "OnlyInInterface"} <= {entry["name"] for entry in definitions["errors"]}


def test_namespaces_are_in_the_layout_with_their_slots(checkout: Checkout) -> None:
    checkout.edit(
        "contracts/Vault.sol",
        "    error TooMuch",
        """    enum Kind {
        Small,
        Large
    }

    /**
     * @dev In braces {like these}, or; not.
     * @custom:storage-location erc7201:example.vault
     */
    struct Namespaced {
        uint64 first;
        Kind kind;
        Box[3] boxes;
    }

    error TooMuch""",
    )
    compile_contracts(checkout.root)

    layout = artifact(checkout, "Vault").storage_layout
    assert [field["label"] for field in layout["storage"]] == ["boxes"]
    assert layout["namespaces"] == {
        "erc7201:example.vault": [
            {"label": "first", "slot": "0", "offset": 0, "type": "t_uint64"},
            {"label": "kind", "slot": "0", "offset": 8, "type": "t_enum(Kind)2"},
            {"label": "boxes", "slot": "1", "offset": 0, "type": "t_array(t_struct(Box)1_storage)3_storage"},
        ]
    }
    assert layout["types"]["t_enum(Kind)2"]["members"] == ["Small", "Large"]


def test_nothing_changed_means_no_compiler_call(compiled: Checkout) -> None:
    before = packaged(compiled)
    shutil.rmtree(compiled.cache)

    result = compile_contracts(compiled.root)

    assert compiled.take_calls() == []
    assert (result.names, result.compiler_called, result.written) == (("ERC1967Proxy", "Vault"), False, ())
    assert packaged(compiled) == before


def test_a_changed_source_is_compiled_and_only_its_artifacts_change(compiled: Checkout) -> None:
    before = packaged(compiled)
    compiled.edit("contracts/Limits.sol", "1000", "2000")

    result = compile_contracts(compiled.root)

    assert result.compiler_called
    assert {path.name for path in result.written} == {"Vault.json", "manifest.json"}
    after = packaged(compiled)
    assert after["Vault.json"] != before["Vault.json"]
    assert after["ERC1967Proxy.json"] == before["ERC1967Proxy.json"]


def test_going_back_to_sources_once_compiled_comes_from_the_cache(compiled: Checkout) -> None:
    before = packaged(compiled)
    compiled.edit("contracts/Limits.sol", "1000", "2000")
    compile_contracts(compiled.root)
    compiled.edit("contracts/Limits.sol", "2000", "1000")
    compiled.take_calls()

    result = compile_contracts(compiled.root)

    assert not result.compiler_called
    assert "--standard-json" not in " ".join(compiled.take_calls())
    assert packaged(compiled) == before


def test_a_damaged_cache_entry_is_made_again(compiled: Checkout) -> None:
    (entry,) = compiled.cache.iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(whole[: len(whole) // 2])

    assert check(compiled.root).compiler_called
    assert entry.read_bytes() == whole


def test_the_same_sources_elsewhere_give_the_same_bytes(checkout: Checkout, compiled_once: Path) -> None:
    compile_contracts(checkout.root)

    assert packaged(checkout) == packaged(Checkout(compiled_once))


def test_check_passes_on_what_was_compiled_and_writes_nothing(compiled: Checkout) -> None:
    before = packaged(compiled)

    assert check(compiled.root).written == ()
    assert packaged(compiled) == before


def test_check_refuses_a_changed_source(compiled: Checkout) -> None:
    before = packaged(compiled)
    compiled.edit("contracts/Limits.sol", "1000", "2000")

    with pytest.raises(CodeMismatch, match=r"Vault\.json.*issuance compile") as raised:
        check(compiled.root)

    assert raised.value.details["files"] == ["Vault.json", "manifest.json"]
    assert packaged(compiled) == before


@pytest.mark.parametrize("name", ["Vault.json", "definitions.json", "manifest.json"])
def test_an_edited_artifact_is_found_and_made_again(compiled: Checkout, name: str) -> None:
    before = packaged(compiled)
    (compiled.data / name).write_bytes(before[name].replace(b"6", b"7", 1))

    with pytest.raises(CodeMismatch, match=name):
        check(compiled.root)
    compile_contracts(compiled.root)

    assert packaged(compiled) == before


def test_an_artifact_without_a_source_is_removed(compiled: Checkout) -> None:
    (compiled.data / "Old.json").write_text("{}")

    with pytest.raises(CodeMismatch, match=r"Old\.json"):
        check(compiled.root)
    compile_contracts(compiled.root)

    assert not (compiled.data / "Old.json").exists()


def test_line_ends_of_the_checkout_do_not_matter(compiled: Checkout) -> None:
    path = compiled.root / "contracts" / "Vault.sol"
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))

    assert not compile_contracts(compiled.root).compiler_called


def test_a_compiler_error_gives_file_and_line(checkout: Checkout) -> None:
    checkout.edit("contracts/Vault.sol", "require(amount <= limit", "/* é */ require(amount <= limits")

    with pytest.raises(CompilationError, match=r"contracts/Vault\.sol:25:35: error 7576") as raised:
        compile_contracts(checkout.root)

    (diagnostic,) = raised.value.details["diagnostics"]
    assert (diagnostic["file"], diagnostic["line"], diagnostic["column"]) == ("contracts/Vault.sol", 25, 35)
    assert "pragma" not in str(raised.value)
    assert not checkout.data.exists()


def test_warnings_of_the_projects_own_sources_are_reported(checkout: Checkout) -> None:
    checkout.edit(
        "contracts/Limits.sol", "returns (uint256) {", "returns (uint256) {\n        uint256 unused;"
    )

    (warning,) = compile_contracts(checkout.root).warnings

    assert (warning.severity, warning.file, warning.line) == ("warning", "contracts/Limits.sol", 6)


def test_an_import_that_leads_nowhere_names_both_files(checkout: Checkout) -> None:
    checkout.edit("contracts/Vault.sol", "./Limits.sol", "./Limit.sol")

    with pytest.raises(CompilationError, match=r"contracts/Vault\.sol imports contracts/Limit\.sol"):
        compile_contracts(checkout.root)
    assert checkout.take_calls() == []


def test_two_contracts_of_one_name_are_refused(checkout: Checkout) -> None:
    checkout.write("contracts/other/Vault.sol", "pragma solidity ^0.8.30;\ncontract Vault {}\n")

    with pytest.raises(CompilationError, match=r"both define Vault"):
        compile_contracts(checkout.root)


def test_a_library_that_needs_linking_is_refused(checkout: Checkout) -> None:
    checkout.edit("contracts/Limits.sol", "internal pure", "external pure")

    with pytest.raises(CompilationError, match="make the library's functions internal"):
        compile_contracts(checkout.root)


def test_a_compiler_of_another_version_is_refused(checkout: Checkout) -> None:
    checkout.edit("package.json", '"solc": "0.8.37"', '"solc": "0.8.36"')

    with pytest.raises(ConfigurationError, match=r"0\.8\.37.*pins 0\.8\.36"):
        compile_contracts(checkout.root)


def test_a_named_compiler_is_used(
    checkout: Checkout, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    native = tmp_path_factory.mktemp("native") / "solc"
    shutil.copy(checkout.root / "scripts" / "solc", native)
    (checkout.root / "scripts" / "solc").unlink()
    with pytest.raises(ConfigurationError, match="no compiler at"):
        compile_contracts(checkout.root)

    monkeypatch.setenv("ISSUANCE_SOLC", str(native))
    assert compile_contracts(checkout.root).compiler_called


def test_a_compiler_that_cannot_run_is_reported(checkout: Checkout) -> None:
    checkout.write("scripts/solc", "#!/bin/sh\nexit 3\n")

    with pytest.raises(CompilationError, match=r"scripts/solc --version failed.*make setup"):
        compile_contracts(checkout.root)


@pytest.mark.parametrize(
    ("name", "text", "message"),
    [
        ("foundry.toml", "[profile.default]\noptimizer = true\n", "optimizer_runs"),
        ("foundry.toml", "not toml", "foundry.toml"),
        ("package.json", "{}", "dependencies.solc"),
    ],
)
def test_a_checkout_without_its_settings_is_refused(
    checkout: Checkout, name: str, text: str, message: str
) -> None:
    checkout.write(name, text)

    with pytest.raises(ConfigurationError, match=message):
        compile_contracts(checkout.root)


def test_a_folder_without_contracts_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="nothing to compile"):
        compile_contracts(tmp_path)
