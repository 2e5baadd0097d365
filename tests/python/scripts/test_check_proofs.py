"""scripts/check_proofs.py: which proofs it runs again, and what it notes. halmos itself is not run here."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

SCRIPT = Path(__file__).resolve().parents[3] / "scripts" / "check_proofs.py"

COUNT = """import {Harness} from "./Harness.sol";
contract CountProof is Harness {
    function check_Count() public {}
}
"""
LIMITS = """contract LimitsProof {
    function check_Limits() public {}
}
"""
HARNESS = 'contract Harness { bytes code = vm.getCode(string.concat(ARTIFACTS, "Coin.sol/Coin.json")); }'
DOCUMENT = "| `CountProof` | `check_Count` | counts |\n| `LimitsProof` | `check_Limits` | limits |\n"


class Project:
    """Two contracts of proofs, of which one deploys a coin; the other is always proved."""

    def __init__(self, script: ModuleType, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.script = script
        self.root = root
        self.ran: list[str] = []
        self.outcome = ""
        (root / "proofs").mkdir()
        (root / "proofs/Count.proof.sol").write_text(COUNT)
        (root / "proofs/Limits.proof.sol").write_text(LIMITS)
        (root / "proofs/Harness.sol").write_text(HARNESS)
        (root / "assurance.md").write_text(DOCUMENT)
        (root / "record.json").write_text("{}")
        self.compile("Count.proof.sol", "CountProof", "0x01")
        self.compile("Limits.proof.sol", "LimitsProof", "0x02")
        self.compile("Coin.sol", "Coin", "0x03")
        places = {
            "SOURCES": "proofs",
            "DOCUMENT": "assurance.md",
            "RESULTS": "results",
            "RECORD": "record.json",
            "ARTIFACTS": "out",
        }
        for name, place in places.items():
            monkeypatch.setattr(script, name, root / place)
        monkeypatch.setattr(script, "TOOLS", ())
        monkeypatch.setattr(script, "BUILD", ["true"])
        monkeypatch.setattr(script, "run", self._run)

    def compile(self, file: str, contract: str, code: str) -> None:
        artifact: dict[str, Any] = {"abi": [], "methodIdentifiers": {}}
        artifact |= {"bytecode": {"object": code}, "deployedBytecode": {"object": code}}
        (self.root / "out" / file).mkdir(parents=True, exist_ok=True)
        (self.root / "out" / file / f"{contract}.json").write_text(json.dumps(artifact))

    def check(self, *arguments: str) -> int:
        self.ran = []
        code: int = self.script.main(list(arguments))
        return code

    def record(self) -> dict[str, str]:
        noted: dict[str, str] = json.loads((self.root / "record.json").read_text())
        return noted

    def _run(self, contract: str) -> dict[Any, str]:
        self.ran.append(contract)
        return {proof: self.outcome for proof in self.script.written() if proof.contract == contract}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    spec = importlib.util.spec_from_file_location("check_proofs", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return Project(script, tmp_path, monkeypatch)


def test_what_held_and_did_not_change_is_not_proved_again_but_for_the_quickest(project: Project) -> None:
    assert project.check("--write") == 0
    assert project.check("--changed") == 0
    assert project.ran == ["LimitsProof"]


@pytest.mark.parametrize(
    ("file", "contract"), [("Coin.sol", "Coin"), ("Count.proof.sol", "CountProof")], ids=["deployed", "own"]
)
def test_other_code_is_proved_then_and_there(project: Project, file: str, contract: str) -> None:
    project.check("--write")
    project.compile(file, contract, "0xff")
    assert project.check("--changed") == 0
    assert project.ran == ["CountProof", "LimitsProof"]


def test_other_words_in_a_proof_are_proved_too(project: Project) -> None:
    project.check("--write")
    proof = project.root / "proofs/Count.proof.sol"
    proof.write_text(COUNT.replace("    function", "    /// @custom:halmos --loop 1\n    function"))
    project.check("--changed")
    assert project.ran == ["CountProof", "LimitsProof"]


def test_a_proof_that_fails_is_red_and_keeps_its_record(project: Project) -> None:
    project.check("--write")
    before = project.record()
    project.compile("Coin.sol", "Coin", "0xff")
    project.outcome = "timed out"
    assert project.check("--changed", "--write") == 1
    assert project.record() == before
    project.outcome = ""
    assert project.check("--changed", "--write") == 0
    assert project.record()["CountProof"] != before["CountProof"]


def test_without_write_nothing_is_noted(project: Project) -> None:
    assert project.check() == 0
    assert project.record() == {}


def test_a_record_of_a_contract_that_is_gone_is_red_until_it_is_written_anew(project: Project) -> None:
    project.check("--write")
    (project.root / "record.json").write_text(json.dumps(project.record() | {"OldProof": "00"}))
    assert project.check("--changed") == 1
    project.check("--changed", "--write")
    assert "OldProof" not in project.record()


def test_code_that_no_digest_would_show_is_refused(project: Project) -> None:
    (project.root / "proofs/Harness.sol").write_text("contract Harness { bytes code = vm.getCode(name); }")
    with pytest.raises(SystemExit, match="no digest would show"):
        project.check()


def test_a_proof_that_the_document_does_not_name_is_red(project: Project) -> None:
    (project.root / "assurance.md").write_text(DOCUMENT.splitlines()[0])
    assert project.check() == 1


def test_what_halmos_gives_no_result_for_is_red(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(project.script, "run", lambda contract: {})
    assert project.check("--write") == 1
    assert project.record() == {}


def test_halmos_without_a_counterexample_has_not_proved_what_it_cut_short(project: Project) -> None:
    entry = {"exitcode": 0, "num_models": 0, "num_paths": [4, 2, 0], "num_bounded_loops": 0}
    assert project.script.judge(entry) == ""
    assert project.script.judge(entry | {"num_bounded_loops": 1})
    assert project.script.judge(entry | {"num_paths": [4, 0, 0]})
    assert project.script.judge(entry | {"num_paths": [4, 2, 1]})
    assert project.script.judge(entry | {"exitcode": 2}) == "timed out"


def test_the_record_names_every_contract_of_proofs() -> None:
    """Or CI would prove it anew on every run."""
    record = json.loads((SCRIPT.parent / "proofs_held.json").read_text())
    sources = SCRIPT.parents[1] / "tests/solidity/proofs"
    assert set(record) == {f"{path.name.split('.')[0]}Proof" for path in sources.glob("*.proof.sol")}
