"""Breaks the contracts in small ways, one at a time, and says which breaks the Solidity tests don't notice.

    python scripts/mutate.py                      every guard and rounding; a sample of the rest
    python scripts/mutate.py --list               what would be tried
    python scripts/mutate.py --only Approvals     mutants of one file
    python scripts/mutate.py --part 1/2           every second of them, so that two may run at a time
    python scripts/mutate.py --planted            the bugs of scripts/planted_bugs.toml, campaigns included

A mutant is one edit of the compiler's syntax tree; one that doesn't compile is left out. The work is done on
a copy under build/, without the optimiser. Survivors that are explained stand by name in
scripts/mutants_explained.toml; any other makes this exit with 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / f"mutation-{os.getpid()}"
EXPLAINED = ROOT / "scripts" / "mutants_explained.toml"
PLANTED = ROOT / "scripts" / "planted_bugs.toml"
ENVIRONMENT = {
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_DENY": "never",
    "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
    "FOUNDRY_FUZZ_RUNS": "64",
    "FOUNDRY_INVARIANT_RUNS": "12",
    "FOUNDRY_DISABLE_NIGHTLY_WARNING": "true",
}
# Seconds. A mutant may loop for ever, which is noticing it. The first run compiles everything.
PATIENCE = 240
FIRST_PATIENCE = 1200

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "<<": ">>", ">>": "<<"}
LOGIC = {"&&": "||", "||": "&&"}
# All of these are tried, and one in so many of the others.
ALL_OF = frozenset({"guard", "rounding"})
ONE_IN = 6


@dataclass(frozen=True, slots=True)
class Mutant:
    """`file` with the bytes from `start` to `end` replaced."""

    file: str
    kind: str
    start: int
    end: int
    old: str
    new: str
    line: int
    text: str

    @property
    def name(self) -> str:
        """What it does to which code, not where, so that it outlives edits elsewhere in the file."""
        return f"{Path(self.file).stem}: {self.kind}: {self.text[:80]} [{self.old} -> {self.new}]"


# ---------------------------------------------------------------------------------------------------- mutants


def mutants_of(file: str, tree: dict[str, Any]) -> Iterator[Mutant]:
    """Every mutant of one source file."""
    source = (ROOT / file).read_bytes()
    for node, parents in _walk(tree, ()):
        for kind, start, end, new in _edits(node, parents, source):
            old = source[start:end].decode()
            line = source[:start].count(b"\n") + 1
            text = source.decode().splitlines()[line - 1].strip()
            shown = "" if kind in ("guard", "call", "statement", "event") else old
            yield Mutant(file, kind, start, end, shown, new if shown else "nothing", line, text)


def _walk(node: Any, parents: tuple[dict[str, Any], ...]) -> Iterator[tuple[dict[str, Any], tuple[Any, ...]]]:
    if isinstance(node, list):
        for item in node:
            yield from _walk(item, parents)
    elif isinstance(node, dict):
        inside = parents
        if "nodeType" in node:
            yield node, parents
            inside = (*parents, node)
        for key, value in node.items():
            # A loop's own head would only run for ever.
            if node.get("nodeType") == "ForStatement" and key != "body":
                continue
            yield from _walk(value, inside)


def _edits(
    node: dict[str, Any], parents: tuple[dict[str, Any], ...], source: bytes
) -> Iterator[tuple[str, int, int, str]]:
    start, end = _span(node)
    past = end + source[end : end + 1].count(b";")  # a statement's place ends before its semicolon
    match node["nodeType"]:
        case "IfStatement" if _only_reverts(node["trueBody"]) and not node.get("falseBody"):
            yield "guard", start, past, "{}"
        case "ModifierInvocation" if parents[-1].get("kind") == "function":
            if node["modifierName"]["name"] in ("restricted", "onlyMarket", "initializer"):
                yield "modifier", start, end, ""
        case "ExpressionStatement":
            inner = node["expression"]["nodeType"]
            kind = "call" if inner == "FunctionCall" else "statement"
            yield kind, start, past, "{}"
        case "EmitStatement":
            yield "event", start, past, "{}"
        case "UnaryOperation" if node["operator"] == "!":
            yield "negation", start, start + 1, ""
        case "Literal" if node["kind"] == "bool":
            yield "boolean", start, end, "false" if node["value"] == "true" else "true"
        case "BinaryOperation":
            yield from _operators(node, source)


def _operators(node: dict[str, Any], source: bytes) -> Iterator[tuple[str, int, int, str]]:
    operator = node["operator"]
    left, right = _span(node["leftExpression"]), _span(node["rightExpression"])
    at = source.find(operator.encode(), left[1], right[0])
    if at < 0:
        return
    for kind, table in (("comparison", COMPARISONS), ("arithmetic", ARITHMETIC), ("logic", LOGIC)):
        if operator in table:
            yield kind, at, at + len(operator), table[operator]
    if operator == "/":
        yield "rounding", right[1], right[1], " + 1"


def _span(node: dict[str, Any]) -> tuple[int, int]:
    start, length, _ = map(int, node["src"].split(":"))
    return start, start + length


def _only_reverts(body: dict[str, Any]) -> bool:
    statements = body["statements"] if body["nodeType"] == "Block" else [body]
    return bool(statements) and statements[-1]["nodeType"] == "RevertStatement"


def chosen(mutants: list[Mutant]) -> list[Mutant]:
    """The sample goes by each mutant's hash, so it is the same every time."""
    return [
        mutant
        for mutant in mutants
        if mutant.kind in ALL_OF or hashlib.sha256(mutant.name.encode()).digest()[0] % ONE_IN == 0
    ]


# ---------------------------------------------------------------------------------------------------- running


def forge() -> str:
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge"))
    if not found:
        sys.exit("forge is not installed: run `make setup`")
    return str(found[0])


def prepare(*, campaigns: bool) -> None:
    """A copy of what forge needs, compiled, with every test passing."""
    shutil.rmtree(WORK, ignore_errors=True)
    for folder in ("contracts", "tests/solidity", "scripts"):
        shutil.copytree(ROOT / folder, WORK / folder)
    for proof in (WORK / "tests" / "solidity" / "proofs").glob("*.proof.sol"):
        proof.unlink()
    if not campaigns:
        shutil.rmtree(WORK / "tests" / "solidity" / "invariants")
        (WORK / "tests" / "solidity" / "Invariants.t.sol").unlink()
    shutil.copy(ROOT / "foundry.toml", WORK)
    (WORK / "node_modules").symlink_to(ROOT / "node_modules")
    build = [forge(), "build", "--ast", "--skip", "tests/**"]
    subprocess.run(build, cwd=WORK, env=_environment(), capture_output=True, check=True)
    ok, said = run_tests(fail_fast=False, patience=FIRST_PATIENCE)
    if not ok:
        sys.exit(f"the tests have to pass before anything is broken:\n{said[-4000:]}")


def run_tests(*, fail_fast: bool, patience: int = PATIENCE) -> tuple[bool, str]:
    """Whether the tests pass, and what forge said."""
    command = [forge(), "test"]
    if fail_fast:
        command.append("--fail-fast")
    try:
        done = subprocess.run(
            command,
            cwd=WORK,
            env=_environment(),
            capture_output=True,
            text=True,
            timeout=patience,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return False, f"[FAIL] no end within {patience} s"
    return done.returncode == 0, done.stdout + done.stderr


def _environment() -> dict[str, str]:
    return {**os.environ, **ENVIRONMENT}


def trees() -> dict[str, dict[str, Any]]:
    """The syntax tree of every file of contracts/ that has code, by path."""
    found: dict[str, dict[str, Any]] = {}
    for file in (WORK / "build" / "forge" / "out").rglob("*.json"):
        tree = json.loads(file.read_text(encoding="utf-8")).get("ast")
        if tree and tree["absolutePath"].startswith("contracts/"):
            found[tree["absolutePath"]] = tree
    return dict(sorted(found.items()))


def survives(file: str, broken: bytes) -> tuple[bool, str]:
    """Whether all tests still pass with `file` broken; else which test noticed."""
    target = WORK / file
    whole = target.read_bytes()
    target.write_bytes(broken)
    try:
        ok, said = run_tests(fail_fast=True)
    finally:
        target.write_bytes(whole)
    if ok:
        return True, ""
    noticed = [line for line in said.splitlines() if line.startswith("[FAIL")]
    if not noticed:
        return False, "doesn't compile" if "Compiler run failed" in said else said[-300:].strip()
    return False, noticed[0].split("] ")[-1].split(" (")[0][:100]


# ----------------------------------------------------------------------------------------------- the two runs


def run_mutants(only: str | None, part: tuple[int, int], *, listing: bool) -> int:
    prepare(campaigns=False)
    every = [mutant for file, tree in trees().items() for mutant in mutants_of(file, tree)]
    wanted = [mutant for mutant in chosen(every) if only is None or only in mutant.file]
    mutants = wanted[part[0] - 1 :: part[1]]
    if listing:
        for mutant in mutants:
            print(f"{mutant.file}:{mutant.line}: {mutant.name}")
        print(f"{len(mutants)} of {len(every)} mutants")
        return 0
    explained: dict[str, str] = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    survivors, killed, void = [], 0, 0
    begun = time.monotonic()
    for number, mutant in enumerate(mutants, start=1):
        source = (ROOT / mutant.file).read_bytes()
        edit = (mutant.new if mutant.old else "{}").encode()
        alive, noticed = survives(mutant.file, source[: mutant.start] + edit + source[mutant.end :])
        if alive:
            survivors.append(mutant)
        void += noticed == "doesn't compile"
        killed += not alive and noticed != "doesn't compile"
        said = ("survives, explained" if mutant.name in explained else "SURVIVES") if alive else noticed
        print(f"{number}/{len(mutants)} {mutant.file}:{mutant.line}: {mutant.name}: {said}", flush=True)
    left = [mutant for mutant in survivors if mutant.name not in explained]
    print(
        f"{killed} killed, {len(survivors)} survived ({len(survivors) - len(left)} explained), {void} don't "
        f"compile, in {time.monotonic() - begun:.0f} s"
    )
    for mutant in left:
        print(f"not explained: {mutant.file}:{mutant.line}: {mutant.name}")
    return 1 if left else 0


def run_planted() -> int:
    prepare(campaigns=True)
    missed = 0
    for name, bug in tomllib.loads(PLANTED.read_text(encoding="utf-8")).items():
        source = (ROOT / bug["file"]).read_text(encoding="utf-8")
        if source.count(bug["code"]) != 1:
            sys.exit(f"{name}: {bug['file']} has its code {source.count(bug['code'])} times: write it anew")
        alive, noticed = survives(bug["file"], source.replace(bug["code"], bug["instead"]).encode())
        missed += alive
        print(f"{name}: {'NOT NOTICED' if alive else 'noticed by ' + noticed}", flush=True)
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="print the mutants and try none")
    parser.add_argument("--only", help="a part of the file's path")
    parser.add_argument("--part", default="1/1", help="which part of how many, as 1/2")
    parser.add_argument("--planted", action="store_true", help="the planted bugs instead")
    options = parser.parse_args()
    number, count = map(int, options.part.split("/"))
    try:
        if options.planted:
            return run_planted()
        return run_mutants(options.only, (number, count), listing=options.list)
    finally:
        shutil.rmtree(WORK, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
