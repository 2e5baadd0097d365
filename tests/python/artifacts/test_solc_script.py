"""scripts/solc: npm's compiler behind the native compiler's command line."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
PINNED = json.loads((REPOSITORY / "package.json").read_text())["dependencies"]["solc"]


def solc(*arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(REPOSITORY / "scripts" / "solc"), *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        check=False,
    )


def standard_json(source: str) -> str:
    document: dict[str, Any] = {
        "language": "Solidity",
        "sources": {"Main.sol": {"content": source}},
        "settings": {"outputSelection": {"*": {"*": ["abi"]}}},
    }
    return json.dumps(document)


def test_the_version_is_the_pinned_one_with_its_commit() -> None:
    result = solc("--version")
    assert result.returncode == 0
    assert re.search(rf"^Version: {re.escape(PINNED)}\+commit\.[0-9a-f]{{8}}\.", result.stdout, re.MULTILINE)


def test_standard_json_prints_json_and_nothing_else(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "Base.sol").write_text("pragma solidity ^0.8.0; contract Base {}")
    result = solc(
        "--standard-json",
        "--base-path",
        str(tmp_path),
        "--allow-paths",
        str(tmp_path),
        stdin=standard_json('pragma solidity ^0.8.0; import "lib/Base.sol"; contract Main is Base {}'),
    )
    assert result.returncode == 0
    output = json.loads(result.stdout)
    assert not [error for error in output.get("errors", []) if error["severity"] == "error"]
    assert output["contracts"].keys() == {"Main.sol", "lib/Base.sol"}


@pytest.mark.parametrize("arguments", [["--standard-json"], ["--standard-json", "--base-path"]])
def test_imports_are_read_from_the_base_path_and_nowhere_else(tmp_path: Path, arguments: list[str]) -> None:
    base = tmp_path / "base"
    base.mkdir()
    (tmp_path / "Secret.sol").write_text("pragma solidity ^0.8.0; contract Secret {}")
    if arguments[-1] == "--base-path":
        arguments = [*arguments, str(base)]
    source = f'pragma solidity ^0.8.0; import "{tmp_path}/Secret.sol"; contract Main {{}}'
    output = json.loads(solc(*arguments, stdin=standard_json(source)).stdout)
    assert any("neither in the input nor under" in error["message"] for error in output["errors"])


def test_an_unknown_option_is_refused_on_standard_error() -> None:
    result = solc("--bin", "Main.sol")
    assert (result.returncode, result.stdout) == (1, "")
    assert "unknown option --bin" in result.stderr
