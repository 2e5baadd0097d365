"""The artifacts that are packaged: whole, loadable without a compiler, and made from the sources."""

from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from toolkit import artifacts
from toolkit.errors import InvalidInput

REPOSITORY = Path(__file__).resolve().parents[3]
DATA = REPOSITORY / "toolkit" / "artifacts" / "data"
CODE_LIMIT = 24_576  # EIP-170


def test_the_suite_is_packaged() -> None:
    assert {
        "AccessManager",
        "AttestedFeed",
        "ERC1967Proxy",
        "GuardianGate",
        "InvestorRegistry",
        "PrimaryMarket",
        "Stablecoin",
    } <= set(artifacts.names())


def test_every_artifact_can_be_deployed_and_is_within_the_code_limit() -> None:
    for artifact in artifacts.all_artifacts():
        assert artifact.bytecode, artifact.name
        assert 0 < len(artifact.deployed_bytecode) < CODE_LIMIT, artifact.name
        for range_ in artifact.immutable_references:
            hole = artifact.deployed_bytecode[range_.start : range_.start + range_.length]
            assert hole == bytes(range_.length)


def test_loading_gives_the_abi_and_the_selectors() -> None:
    proxy = artifacts.load("ERC1967Proxy")
    assert proxy.source_name == "@openzeppelin/contracts/proxy/ERC1967/ERC1967Proxy.sol"
    assert {entry["type"] for entry in proxy.abi} >= {"constructor", "error", "event"}
    coin = artifacts.load("Stablecoin")
    assert coin.method_identifiers["transfer(address,uint256)"] == "a9059cbb"
    assert artifacts.Artifact.from_json(coin.to_json()) == coin


def test_an_unknown_name_is_refused_with_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match=r"'Stablecoins'.*Stablecoin"):
        artifacts.load("Stablecoins")


def test_definitions_include_what_a_contracts_own_abi_leaves_out() -> None:
    names = {entry["name"] for entry in artifacts.all_errors()}
    assert {"AccessManagedUnauthorized", "SafeCastOverflowedUintDowncast"} <= names
    assert {"Transfer", "RoleGranted", "Upgraded"} <= {entry["name"] for entry in artifacts.all_events()}
    for artifact in artifacts.all_artifacts():
        assert {entry["name"] for entry in artifact.abi if entry["type"] == "error"} <= names


def test_the_manifest_gives_the_hash_of_every_file() -> None:
    files = artifacts.manifest()["files"]
    assert files.keys() == {path.name for path in DATA.glob("*.json")} - {"manifest.json"}
    for name, digest in files.items():
        assert hashlib.sha256((DATA / name).read_bytes()).hexdigest() == digest


def test_the_packaged_files_hold_no_path_of_a_machine() -> None:
    for path in DATA.glob("*.json"):
        assert str(REPOSITORY) not in path.read_text()
    assert all(name.startswith(("contracts/", "@openzeppelin/")) for name in artifacts.manifest()["sources"])


def test_the_sources_give_the_packaged_artifacts() -> None:
    assert artifacts.check().names == artifacts.names()


def test_the_wheel_carries_the_artifacts_and_needs_no_compiler(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(tmp_path)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(installed)
    assert (installed / "toolkit" / "py.typed").is_file()
    program = (
        "import json, sys, toolkit.artifacts as a\n"
        "sizes = {x.name: len(x.bytecode) for x in a.all_artifacts()}\n"
        "print(json.dumps([a.__file__, sizes, 'solcx' in sys.modules]))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(installed)},
        check=True,
        capture_output=True,
        text=True,
    )
    file, sizes, compiler_loaded = json.loads(result.stdout)
    assert Path(file).is_relative_to(installed)
    assert sizes == {artifact.name: len(artifact.bytecode) for artifact in artifacts.all_artifacts()}
    assert not compiler_loaded
