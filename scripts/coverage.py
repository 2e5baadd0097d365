#!/usr/bin/env python3
"""What the tests execute of the contracts: forge's tests and the Python tests, merged into one figure per
file.

A line counts if either executes it. A branch is an arm of an `if`, the missing `else` included: forge
doesn't count that one, so it is concluded from the `if` (asked more often than the arm was entered), from
the statement behind (reached although the arm never goes on, or more often than the arm), or seen as a
jump. What the Python tests execute is traced on Anvil, instruction by instruction
(tests/python/support/contract_coverage.py), and mapped through the compiler's source maps: of optimised
code, so that a line merged with another counts only where the compiler says it is.

The Makefile has forge build before, so that what runs beside this finds the build done.

usage: coverage.py [--forge-only]
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from bisect import bisect_right
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "build/coverage"
LCOV = WORK / "forge.lcov"
TRACES = WORK / "python"
OUT = ROOT / "build/forge/out"

MIN_LINES, MIN_BRANCHES = 99.5, 95.0
PYTHON_TESTS = ["tests/python/reverts", "tests/python/bindings", "tests/python/test_issuance.py"]
# Coverage needs few runs, and unoptimised code is what forge can map.
FORGE = {
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_DENY": "never",
    "FOUNDRY_OUT": "build/coverage/out",
    "FOUNDRY_CACHE_PATH": "build/coverage/cache",
    "FOUNDRY_FUZZ_RUNS": "32",
}
# Thousands of runs of the same code: the campaigns, and arithmetic against a reference.
LONG = ("Arithmetic", "Invariants", "fund/ShareInvariants", "fund/VaultInvariants", "fund/FrozenEverywhere")
LONG_TESTS = f"tests/solidity/{{{','.join(LONG)}}}.t.sol"
CONTRACT = r"^(?:abstract )?(?:contract|interface|library) (\w+)"
EXITS = {"RevertStatement", "Return", "Continue", "Break"}


class If(NamedTuple):
    """An `if` with the bytes it takes in the source, its line, that of its arm, and that of the statement
    behind it."""

    start: int
    length: int
    line: int
    arm_line: int
    has_else: bool
    leaves: bool
    next_line: int | None


class Source:
    """One file: the lines that do something, its `if`s, and what was executed of them."""

    def __init__(self, name: str, tree: dict) -> None:
        self.name = name
        text = (ROOT / name).read_bytes()
        self._starts = [0, *(index + 1 for index, byte in enumerate(text) if byte == 0x0A)]
        self.ifs = list(self._ifs(tree, None))
        self.statements = {self.line(node) for node in _nodes(tree) if _is_statement(node)}
        self.hits: dict[int, int] = {}
        self.arms: dict[tuple[int, int], int] = {}
        self.traced: set[int] = set()
        self.jumps: dict[tuple[int, int], set[bool]] = {}

    def line(self, node: dict) -> int:
        return self.line_at(int(node["src"].split(":")[0]))

    def line_at(self, offset: int) -> int:
        return bisect_right(self._starts, offset)

    def _ifs(self, node: object, following: dict | None) -> Iterator[If]:
        if isinstance(node, list):
            for index, each in enumerate(node):
                yield from self._ifs(each, node[index + 1] if index + 1 < len(node) else None)
        elif isinstance(node, dict):
            if node.get("nodeType") == "IfStatement":
                start, length, _ = map(int, node["src"].split(":"))
                next_line = self.line(following) if following and "src" in following else None
                body = node["trueBody"]
                leaves = _last(body)["nodeType"] in EXITS
                has_else = bool(node.get("falseBody"))
                yield If(start, length, self.line(node), self.line(body), has_else, leaves, next_line)
            for value in node.values():
                yield from self._ifs(value, None)

    # -------------------------------------------------------------------------------------------- figures

    def lines(self) -> tuple[set[int], set[int]]:
        """The lines that were executed, and all."""
        every = set(self.hits) or self.statements
        return {line for line in every if self.hits.get(line) or line in self.traced}, every

    def branches(self) -> tuple[set[tuple[int, str]], set[tuple[int, str]]]:
        """The arms that were taken, and all: (line of the `if`, "then" or "else")."""
        every, taken = set(), set()
        for each in self.ifs:
            then, other = (each.line, "then"), (each.line, "else")
            every |= {then, other}
            jumped = self.jumps.get((each.start, each.length), set())
            # Where the condition takes several lines, forge puts the arm on the line of its brace.
            entered = self.arms.get((each.line, 0), self.arms.get((each.arm_line, 0), 0))
            if entered or False in jumped:
                taken.add(then)
            asked = max(self.hits.get(line, 0) for line in range(each.line, each.arm_line + 1))
            behind = self.hits.get(each.next_line or 0, 0)
            passed = (
                self.arms.get((each.line, 1), self.arms.get((each.arm_line, 1), 0))
                if each.has_else
                else asked > entered or behind > (0 if each.leaves else entered)
            )
            if passed or True in jumped:
                taken.add(other)
        return taken, every


def _is_statement(node: dict) -> bool:
    kind = node.get("nodeType", "")
    return kind.endswith("Statement") or kind in EXITS


def _nodes(node: object) -> Iterator[dict]:
    if isinstance(node, dict):
        yield node
        for value in node.values():
            yield from _nodes(value)
    elif isinstance(node, list):
        for value in node:
            yield from _nodes(value)


def _last(body: dict) -> dict:
    while body["nodeType"] in ("Block", "UncheckedBlock") and body["statements"]:
        body = body["statements"][-1]
    return body


def artifacts() -> Iterator[dict]:
    """forge's artifacts of the project's own files, with their syntax trees, without what it leaves behind of
    contracts that are gone."""
    for path in sorted(OUT.glob("*.sol/*.json")):
        artifact = json.loads(path.read_text())
        tree = artifact.get("ast", {})
        source = ROOT / tree.get("absolutePath", "")
        if ROOT / "contracts" not in source.parents or not source.exists():
            continue
        contracts = re.findall(CONTRACT, source.read_text(), re.MULTILINE)
        if not contracts or path.stem in contracts:
            yield {**artifact, "name": path.stem}


def read_forge(sources: dict[str, Source]) -> None:
    source: Source | None = None
    for line in LCOV.read_text().splitlines():
        kind, _, rest = line.partition(":")
        if kind == "SF":
            source = sources.get(rest)
        elif source and kind == "DA":
            number, hits = rest.split(",")[:2]
            source.hits[int(number)] = source.hits.get(int(number), 0) + int(hits)
        elif source and kind == "BRDA":
            number, _, arm, hits = rest.split(",")
            source.arms[int(number), int(arm)] = 0 if hits == "-" else int(hits)


def read_traces(sources: dict[str, Source], built: list[dict]) -> None:
    by_id = {int(artifact["ast"]["src"].split(":")[2]): artifact["ast"]["absolutePath"] for artifact in built}
    for artifact in built:
        executed, jumps = set(), set()
        for path in TRACES.glob("*.json"):
            trace = json.loads(path.read_text()).get(artifact["name"], {"executed": [], "jumps": []})
            executed |= set(trace["executed"])
            jumps |= {tuple(jump) for jump in trace["jumps"]}
        if not executed:
            continue
        places = _places(artifact["deployedBytecode"])
        for pc in executed:
            start, length, file = places.get(pc, (0, 0, -1))
            source = sources.get(by_id.get(file, ""))
            # A wide range is a function or contract as a whole: its prologue, not its lines.
            if source and source.line_at(start) == source.line_at(start + length):
                source.traced.add(source.line_at(start))
        for pc, following in jumps:
            start, length, file = places.get(pc, (0, 0, -1))
            if source := sources.get(by_id.get(file, "")):
                source.jumps.setdefault((start, length), set()).add(following != pc + 1)


def _places(code: dict) -> dict[int, tuple[int, int, int]]:
    """Where in the sources each instruction comes from: start, length, number of the file."""
    data = bytes.fromhex(code["object"][2:])
    places, field, pc = {}, ["0", "0", "-1"], 0
    for entry in code["sourceMap"].split(";"):
        for index, value in enumerate(entry.split(":")[:3]):
            field[index] = value or field[index]
        places[pc] = (int(field[0]), int(field[1]), int(field[2]))
        pc += 1 + (data[pc] - 0x5F if 0x60 <= data[pc] <= 0x7F else 0)
    return places


def report(sources: dict[str, Source]) -> int:
    """The table; 1 if a file is below a threshold."""
    poor = 0
    print(f"{'':44}{'lines':>16}{'branches':>18}")
    for name, source in sorted(sources.items()):
        (lines, all_lines), (arms, all_arms) = source.lines(), source.branches()
        if not all_lines:
            continue
        line_rate, arm_rate = _rate(lines, all_lines), _rate(arms, all_arms)
        print(
            f"{name:44}{len(lines):5}/{len(all_lines):<4}{line_rate:5.1f} %"
            f"{len(arms):7}/{len(all_arms):<4}{arm_rate:5.1f} %"
        )
        for line in sorted(all_lines - lines):
            print(f"    line {line} is never executed")
        for line, arm in sorted(all_arms - arms):
            print(f"    line {line}: {arm} is never taken")
        if line_rate < MIN_LINES or arm_rate < MIN_BRANCHES:
            poor += 1
    if poor:
        print(
            f"coverage: {poor} files are below {MIN_LINES} % of lines or {MIN_BRANCHES} % of branches",
            file=sys.stderr,
        )
    return 1 if poor else 0


def _rate(part: set, whole: set) -> float:
    return 100 * len(part) / len(whole) if whole else 100.0


def run_forge() -> None:
    command = [
        "forge",
        "coverage",
        "--no-match-path",
        LONG_TESTS,
        "--report",
        "lcov",
        "--report-file",
        str(LCOV),
    ]
    with (WORK / "forge.log").open("w") as log:
        done = subprocess.run(
            command, cwd=ROOT, env={**os.environ, **FORGE}, stdout=log, stderr=log, check=False
        )
    if done.returncode:
        sys.exit(f"forge coverage failed: see {WORK / 'forge.log'}")


def run_python() -> None:
    TRACES.mkdir(exist_ok=True)
    for old in TRACES.glob("*.json"):
        old.unlink()
    environment = {**os.environ, "CONTRACT_COVERAGE": str(TRACES), "PYTHONPATH": str(ROOT / "tests/python")}
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-n",
        "2",
        "-p",
        "support.contract_coverage",
        "--timeout=600",
    ]
    subprocess.run([*command, *PYTHON_TESTS], cwd=ROOT, env=environment, check=True)
    if not any(TRACES.glob("*.json")):
        sys.exit("the Python tests left no trace of the contracts")


def main(arguments: list[str]) -> int:
    WORK.mkdir(parents=True, exist_ok=True)
    run_forge()
    built = list(artifacts())
    sources = {
        tree["absolutePath"]: Source(tree["absolutePath"], tree) for tree in (each["ast"] for each in built)
    }
    read_forge(sources)
    if arguments == ["--forge-only"]:
        # forge lists every contract, run or not, and no free function.
        for name in sorted(name for name, source in sources.items() if source.statements and not source.hits):
            print(f"{name}: not measured without the traces, because it has free functions alone")
            del sources[name]
    else:
        run_python()
        read_traces(sources, built)
    return report({name: source for name, source in sources.items() if source.ifs or source.hits})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
