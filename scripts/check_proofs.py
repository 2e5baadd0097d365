#!/usr/bin/env python3
"""Run every symbolic proof, and fail unless each of them is proved.

halmos alone can end with 0 where nothing was proved: when no test matched, and when a loop was cut at its
bound. So this reads its JSON. What has to run is what docs/assurance.md lists, which has to be what the
sources have. A proof counts only if no counterexample was found, no query timed out, no loop was cut, and
at least one path got to its end.

usage: check_proofs.py [CONTRACT ...]      (names such as BackingProof; none means all)
"""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ROOT / "tests/solidity/proofs"
DOCUMENT = ROOT / "docs/assurance.md"
RESULTS = ROOT / "build/proofs"
HALMOS = Path(sysconfig.get_path("scripts")) / "halmos"
# What halmos itself runs: built once here, so that several of them find nothing to do.
BUILD = ["forge", "build", "--ast", "--root", str(ROOT), "--extra-output", "storageLayout", "metadata"]
OPTIONS = [
    "--forge-build-out=build/forge/out",
    "--loop=16",
    "--default-array-lengths=1",
    "--default-bytes-lengths=65",
    "--solver-timeout-assertion=300s",
    f"--solver-command={shlex.join([sys.executable, str(ROOT / 'scripts/smt_portfolio.py')])}",
    "--no-status",
]
# A warning about a test's size is `forge build`'s business, not a reason to prove nothing. The other tests,
# which take longer to compile than many a proof, are left out.
ENVIRONMENT = {**os.environ, "FOUNDRY_DENY": "never", "FOUNDRY_TEST": "tests/solidity/proofs"}
TIME_LIMIT = 1500
OUTCOMES = {1: "counterexample", 2: "timed out", 3: "stuck", 4: "every path reverts", 5: "broke off"}


class Proof(NamedTuple):
    contract: str
    name: str

    def __str__(self) -> str:
        return f"{self.contract}.{self.name}"


def written() -> set[Proof]:
    """The proofs in the sources: `check_` functions of a contract `...Proof`."""
    found = set()
    for path in sorted(SOURCES.glob("*.proof.sol")):
        source = path.read_text()
        (contract,) = re.findall(r"^contract (\w+Proof) ", source, re.MULTILINE)
        found |= {
            Proof(contract, name) for name in re.findall(r"^    function (check_\w+)\(", source, re.MULTILINE)
        }
    return found


def documented() -> set[Proof]:
    """The proofs in the document's tables, one a row: | `Contract` | `check_...` | what it says |"""
    rows = re.findall(r"^\| `(\w+Proof)` \| `(check_\w+)` \|", DOCUMENT.read_text(), re.MULTILINE)
    return {Proof(*row) for row in rows}


def run(contract: str) -> dict[Proof, str]:
    """What halmos says of one contract's proofs: empty for proved, else the reason."""
    result = RESULTS / f"{contract}.json"
    result.unlink(missing_ok=True)
    command = [str(HALMOS), *OPTIONS, f"--contract={contract}", f"--json-output={result}"]
    began = time.monotonic()
    with (RESULTS / f"{contract}.log").open("w") as log:
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
        sys.exit(f"halmos gave no result for {contract}: see {RESULTS}/{contract}.log")
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


def main(contracts: list[str]) -> int:
    sources, document = written(), documented()
    problems = [f"{each}: in the sources, not in {DOCUMENT.name}" for each in sorted(sources - document)]
    problems += [f"{each}: in {DOCUMENT.name}, not in the sources" for each in sorted(document - sources)]
    expected = {each for each in sources if not contracts or each.contract in contracts}
    if not expected:
        problems.append(f"no proof in {', '.join(contracts) or SOURCES}")

    RESULTS.mkdir(parents=True, exist_ok=True)
    subprocess.run(BUILD, cwd=ROOT, env=ENVIRONMENT, check=True)
    outcomes: dict[Proof, str] = {}
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for each in pool.map(run, sorted({each.contract for each in expected})):
            outcomes |= each

    problems += [f"{each}: did not run" for each in sorted(expected - outcomes.keys())]
    problems += [f"{each}: {outcome}" for each, outcome in sorted(outcomes.items()) if outcome]
    for problem in problems:
        print(f"check_proofs: {problem}", file=sys.stderr)
    proved = sum(not outcome for outcome in outcomes.values())
    print(f"{proved} of {len(expected)} proofs hold")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
