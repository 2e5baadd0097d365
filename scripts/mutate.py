"""Breaks the contracts in small ways, one at a time, and says which breaks the Solidity tests don't notice.

    python scripts/mutate.py                      every guard and rounding; a sample of the rest
    python scripts/mutate.py --list               what would be tried, and what became of what was
    python scripts/mutate.py --only Approvals     mutants of the files whose path has this in it
    python scripts/mutate.py --planted            the bugs of scripts/planted_bugs.toml

A mutant is one edit of the compiler's syntax tree; one that doesn't compile is left out. Survivors that are
explained stand by name in scripts/mutants_explained.toml; any other makes this exit with 1.

The tests take the contracts' code from forge's artifacts (`vm.getCode`), so a mutant costs no build: it is
compiled by itself, without the optimiser, and its code put into the artifacts of copies of the project under
build/mutation/, one for each set of tests, where forge then finds nothing to compile. A set stops at its
first failure, and the next set is run only if the one before noticed nothing. What was tried stands in
build/mutation/results.json and isn't tried again unless the file changes or, for a survivor, the tests do.
"""

from __future__ import annotations

import argparse
import fnmatch
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import time
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
WORK = ROOT / "build" / "mutation"
RESULTS = WORK / "results.json"
EXPLAINED = ROOT / "scripts" / "mutants_explained.toml"
PLANTED = ROOT / "scripts" / "planted_bugs.toml"
ENVIRONMENT = {
    "FOUNDRY_OPTIMIZER": "false",
    "FOUNDRY_DENY": "never",
    "FOUNDRY_DYNAMIC_TEST_LINKING": "true",
    "FOUNDRY_AST": "false",
    "FOUNDRY_FUZZ_RUNS": "8",
    "FOUNDRY_DISABLE_NIGHTLY_WARNING": "true",
}
# What forge compiles with, by the profile and the environment above.
SETTINGS = {
    "evmVersion": "cancun",
    "optimizer": {"enabled": False, "runs": 200},
    "metadata": {"bytecodeHash": "none", "appendCBOR": False},
    "remappings": ["@chainlink/=node_modules/@chainlink/", "@openzeppelin/=node_modules/@openzeppelin/"],
}
FUZZ_RUNS_OF_A_TEST = re.compile(r"(forge-config: default\.fuzz\.runs = )\d+")
# Seconds. A mutant may loop for ever, which is noticing it. The first run compiles everything.
PATIENCE = 300
FIRST_PATIENCE = 1800

# The sets of tests in the order they are run. Campaigns and what takes as long as they are in none.
LEFT_OUT = (
    "Arithmetic.t.sol",
    "Invariants.t.sol",
    "invariants/*",
    "fund/*Invariants.t.sol",
    "fund/VaultProperties.t.sol",
    "fund/FrozenEverywhere*",
    "fund/*Campaign.sol",
    "fund/*Model.sol",
)
SHARED = ("support/*", "proofs/*", "fund/*Suite.sol")
FUND = ("fund/*", "audits/Fund*")
SETS = ("coin", "fund")
FUND_ONLY = frozenset({"FundShare", "FundVault", "FundDesk", "ShareRefusals", "Distribution"})

COMPARISONS = {"<": "<=", "<=": "<", ">": ">=", ">=": ">", "==": "!=", "!=": "=="}
ARITHMETIC = {"+": "-", "-": "+", "*": "/", "/": "*", "<<": ">>", ">>": "<<"}
LOGIC = {"&&": "||", "||": "&&"}
# All of these are tried, and one in so many of the others.
ALL_OF = frozenset({"guard", "rounding"})
ONE_IN = 6


@dataclass(frozen=True, slots=True)
class Mutant:
    """`file` with the bytes from `start` to `end` replaced by `edit`; `change` says so in short."""

    file: str
    kind: str
    start: int
    end: int
    edit: str
    change: str
    line: int
    text: str

    @property
    def name(self) -> str:
        """What it does to which code, not where, so that it outlives edits elsewhere in the file."""
        return f"{Path(self.file).stem}: {self.kind}: {self.text[:80]} [{self.change}]"


# ---------------------------------------------------------------------------------------------------- mutants


def mutants_of(file: str, tree: dict[str, Any]) -> Iterator[Mutant]:
    """Every mutant of one source file."""
    source = (ROOT / file).read_bytes()
    for node, parents in _walk(tree, ()):
        for kind, start, end, new in _edits(node, parents, source):
            old = source[start:end].decode()
            line = source[:start].count(b"\n") + 1
            text = source.decode().splitlines()[line - 1].strip()
            change = "left out" if new in ("", "{}") else f"{old} -> {new}" if old else new.strip()
            yield Mutant(file, kind, start, end, new, change, line, text)


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
    """The sample and its order go by each mutant's hash: the same every time, and mixed if cut off."""
    taken = [
        mutant
        for mutant in mutants
        if mutant.kind in ALL_OF or hashlib.sha256(mutant.name.encode()).digest()[0] % ONE_IN == 0
    ]
    return sorted(taken, key=lambda mutant: digest_of(mutant.name))


# -------------------------------------------------------------------------------------------------- compiling


class Compiler:
    """npm's solc, loaded once."""

    def __init__(self) -> None:
        node = shutil.which("node")
        if node is None:
            sys.exit("node is not installed")
        self._process = subprocess.Popen(
            [node, str(ROOT / "scripts" / "solc_loop.js")],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            sys.exit("the compiler has no pipes")
        self._to, self._from = self._process.stdin, self._process.stdout

    def __enter__(self) -> Compiler:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    def ask(self, sources: dict[str, str], wanted: dict[str, dict[str, list[str]]]) -> None:
        """Have it begin. One answer has to be taken before the next is asked for."""
        settings = {**SETTINGS, "outputSelection": wanted}
        request = {
            "language": "Solidity",
            "sources": {file: {"content": content} for file, content in sources.items()},
            "settings": settings,
        }
        self._to.write(json.dumps(request) + "\n")
        self._to.flush()

    def answer(self) -> dict[str, Any]:
        """What it said to the last question."""
        line = self._from.readline()
        if not line:
            sys.exit("the compiler has gone: run `make setup`")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def ask_code(self, targets: Iterable[Target], file: str | None = None, broken: str = "") -> None:
        """The code of `targets`, with `broken` in the place of `file`."""
        files = {target.file: [] for target in targets}
        for target in targets:
            files[target.file].append(target.name)
        sources = {path: (ROOT / path).read_text(encoding="utf-8") for path in files}
        if file is not None:
            sources[file] = broken
        parts = ["evm.bytecode.object", "evm.deployedBytecode.object"]
        self.ask(sources, {path: dict.fromkeys(names, parts) for path, names in files.items()})

    def code(self) -> dict[str, tuple[str, str]] | None:
        """Creation and runtime code by contract; None if it doesn't compile."""
        answer = self.answer()
        if any(error["severity"] == "error" for error in answer.get("errors", [])):
            return None
        return {
            name: (contract["evm"]["bytecode"]["object"], contract["evm"]["deployedBytecode"]["object"])
            for contracts in answer["contracts"].values()
            for name, contract in contracts.items()
            if contract.get("evm")
        }


@dataclass(frozen=True, slots=True)
class Target:
    """A contract that the tests deploy, and the files its code comes from."""

    file: str
    name: str
    sources: frozenset[str]


def trees(compiler: Compiler) -> dict[str, dict[str, Any]]:
    """The syntax tree of every file of contracts/ that has code, by path."""
    files = sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "contracts").rglob("*.sol"))
    compiler.ask({file: (ROOT / file).read_text(encoding="utf-8") for file in files}, {"*": {"": ["ast"]}})
    found = compiler.answer()["sources"]
    return {file: found[file]["ast"] for file in files}


def targets() -> list[Target]:
    """Every contract of contracts/ that can be deployed, by forge's own cache."""
    home = WORK / SETS[0]
    cache = json.loads((home / "build/forge/cache/solidity-files-cache.json").read_text(encoding="utf-8"))
    found = []
    for file, entry in cache["files"].items():
        for name in entry["artifacts"] if file.startswith("contracts/") else ():
            artifact = home / "build/forge/out" / Path(file).name / f"{name}.json"
            if artifact.exists() and len(json.loads(artifact.read_text())["bytecode"]["object"]) > 2:
                found.append(Target(file, name, frozenset([file, *entry["imports"]])))
    return found


# ---------------------------------------------------------------------------------------------------- running


def forge() -> str:
    found = sorted((ROOT / "node_modules" / "@foundry-rs").glob("forge-*/bin/forge"))
    if not found:
        sys.exit("forge is not installed: run `make setup`")
    return str(found[0])


def set_of(test: str) -> str | None:
    """The set a file of tests/solidity is in, or "none"; None if every set needs it."""
    if any(fnmatch.fnmatch(test, pattern) for pattern in SHARED):
        return None
    if any(fnmatch.fnmatch(test, pattern) for pattern in LEFT_OUT):
        return "none"
    return "fund" if any(fnmatch.fnmatch(test, pattern) for pattern in FUND) else "coin"


def prepare(name: str) -> None:
    """What forge needs for one set, compiled."""
    home = WORK / name
    wanted = {Path("foundry.toml"), Path("scripts/solc")}
    for path in [*(ROOT / "contracts").rglob("*.sol"), *(ROOT / "tests" / "solidity").rglob("*.sol")]:
        wanted.add(path.relative_to(ROOT))
    for file in sorted(wanted):
        if file.parts[0] == "tests":
            test = file.relative_to("tests/solidity").as_posix()
            if test.endswith(".proof.sol") or set_of(test) not in (None, name):
                wanted.discard(file)
                continue
        content = (ROOT / file).read_bytes()
        if file.parts[0] == "tests":
            content = FUZZ_RUNS_OF_A_TEST.sub(r"\g<1>8", content.decode()).encode()
        place = home / file
        if not place.exists() or place.read_bytes() != content:
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(content)
            place.chmod((ROOT / file).stat().st_mode)
    for folder in ("contracts", "tests"):
        for path in (home / folder).rglob("*.sol"):
            if path.relative_to(home) not in wanted:
                path.unlink()
    if not (home / "node_modules").exists():
        (home / "node_modules").symlink_to(ROOT / "node_modules")
    done = subprocess.run(
        [forge(), "build"],
        cwd=home,
        env={**os.environ, **ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=FIRST_PATIENCE,
        check=False,
    )
    if done.returncode != 0:
        sys.exit(f"{name}: forge can't compile:\n{(done.stdout + done.stderr)[-2000:]}")


def run_tests(name: str) -> str | None:
    """Which test of a set fails first, if any."""
    try:
        done = subprocess.run(
            [forge(), "test", "--fail-fast"],
            cwd=WORK / name,
            env={**os.environ, **ENVIRONMENT},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return f"no end within {PATIENCE} s"
    if done.returncode == 0:
        return None
    failed = re.search(r"^\[FAIL.*\] (\w+)\(", done.stdout, re.MULTILINE)
    before = done.stdout[: failed.start()] if failed else ""
    suites = re.findall(r"^Ran .* for tests/solidity/(\S+):", before, re.MULTILINE)
    if not failed or not suites:
        sys.exit(f"{name}: forge failed, and no test:\n{(done.stdout + done.stderr)[-2000:]}")
    return f"{suites[-1]} {failed[1]}"


def put(name: str, code: dict[str, tuple[str, str]], places: dict[str, Target]) -> None:
    """Code into the artifacts of a set."""
    for contract, (creation, runtime) in code.items():
        path = WORK / name / "build/forge/out" / Path(places[contract].file).name / f"{contract}.json"
        artifact = json.loads(path.read_text(encoding="utf-8"))
        artifact["bytecode"]["object"] = "0x" + creation
        artifact["deployedBytecode"]["object"] = "0x" + runtime
        path.write_text(json.dumps(artifact), encoding="utf-8")


class Trial:
    """Runs the tests against broken code."""

    def __init__(self, compiler: Compiler, sets: Iterable[str]) -> None:
        self._compiler, self._sets = compiler, tuple(sets)
        # Forge's artifacts are those of the code as it is, unless an earlier run was cut off.
        self._places = {target.name: target for target in targets()}
        compiler.ask_code(self._places.values())
        whole = compiler.code()
        if whole is None:
            sys.exit("the contracts don't compile")
        self._whole = whole
        for name in self._sets:
            put(name, whole, self._places)
            said = run_tests(name)
            if said is not None:
                sys.exit(f"{name}: the tests have to pass before anything is broken: {said}")

    def ask(self, file: str, broken: str) -> None:
        """Have a mutant compiled."""
        concerned = [target for target in self._places.values() if file in target.sources]
        self._compiler.ask_code(concerned, file, broken)

    def code(self) -> dict[str, tuple[str, str]] | None:
        """What it changes of the contracts' code; None if it doesn't compile."""
        code = self._compiler.code()
        if code is None:
            return None
        return {name: parts for name, parts in code.items() if parts != self._whole[name]}

    def run(self, code: dict[str, tuple[str, str]]) -> str | None:
        """The first test that fails, if any does."""
        sets = [name for name in self._sets if name != "coin" or not FUND_ONLY.issuperset(code)]
        for name in sets:
            try:
                put(name, code, self._places)
                said = run_tests(name)
            finally:
                put(name, {contract: self._whole[contract] for contract in code}, self._places)
            if said is not None:
                return said
        return None


# ----------------------------------------------------------------------------------------------- the two runs


def broken_by(mutant: Mutant) -> str:
    source = (ROOT / mutant.file).read_bytes()
    return (source[: mutant.start] + mutant.edit.encode() + source[mutant.end :]).decode()


def digest_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:24]


def digest_of_tests() -> str:
    return digest_of("".join(path.read_text() for path in sorted((ROOT / "tests/solidity").rglob("*.sol"))))


def run_mutants(only: str | None, sets: tuple[str, ...], *, listing: bool) -> int:
    results: dict[str, dict[str, str]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    with Compiler() as compiler:
        every = [mutant for file, tree in trees(compiler).items() for mutant in mutants_of(file, tree)]
        mutants = [mutant for mutant in chosen(every) if only is None or only in mutant.file]
        if listing:
            for mutant in mutants:
                print(f"{mutant.file}:{mutant.line}: {mutant.name}")
            print(f"{len(mutants)} of {len(every)} mutants")
        else:
            try_out(compiler, mutants, sets, results)
    return report(mutants, results)


def try_out(
    compiler: Compiler, mutants: list[Mutant], sets: tuple[str, ...], results: dict[str, dict[str, str]]
) -> None:
    """Adds to `results` what becomes of each mutant that they don't have yet."""
    for name in sets:
        prepare(name)
    tests = digest_of_tests() + "+".join(sets)
    fresh = [mutant for mutant in mutants if _is_new(results.get(digest_of(broken_by(mutant))), tests)]
    print(f"{len(mutants)} mutants, {len(fresh)} to try", flush=True)
    trial = Trial(compiler, sets)
    begun = time.monotonic()
    for number, mutant in enumerate(fresh):
        if number == 0:
            trial.ask(mutant.file, broken_by(mutant))
        code = trial.code()
        if number + 1 < len(fresh):  # compiled while the tests run
            trial.ask(fresh[number + 1].file, broken_by(fresh[number + 1]))
        noticed = trial.run(code) if code else None
        fate = "void" if not code else "killed" if noticed else "survived"
        results[digest_of(broken_by(mutant))] = {"fate": fate, "by": noticed or "", "tests": tests}
        RESULTS.write_text(json.dumps(results, indent=1), encoding="utf-8")
        said = f"{number + 1}/{len(fresh)} {mutant.file}:{mutant.line}: {mutant.name}: {fate} {noticed or ''}"
        print(f"{time.monotonic() - begun:.0f} s {said}", flush=True)


def _is_new(result: dict[str, str] | None, tests: str) -> bool:
    return result is None or (result["fate"] == "survived" and result["tests"] != tests)


def report(mutants: list[Mutant], results: dict[str, dict[str, str]]) -> int:
    """A row for each file, and the survivors that nobody has explained."""
    explained: dict[str, str] = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))
    counts: Counter[tuple[str, str]] = Counter()
    left = []
    for mutant in mutants:
        fate = results.get(digest_of(broken_by(mutant)), {"fate": "untried"})["fate"]
        if fate == "survived" and mutant.name in explained:
            fate = "explained"
        elif fate == "survived":
            left.append(mutant)
        counts[mutant.file, fate] += 1
        counts["all", fate] += 1
    fates = ("killed", "explained", "survived", "void", "untried")
    print(f"{'':45}" + "".join(f"{fate:>10}" for fate in fates))
    for file in sorted({file for file, _ in counts}):
        print(f"{file:45}" + "".join(f"{counts[file, fate]:>10}" for fate in fates))
    for name in explained.keys() - {mutant.name for mutant in mutants}:
        print(f"explained, and no mutant of this run: {name}")
    for mutant in left:
        print(f"not explained: {mutant.file}:{mutant.line}: {mutant.name}")
    return 1 if left else 0


def run_planted(sets: tuple[str, ...]) -> int:
    for name in sets:
        prepare(name)
    missed = 0
    with Compiler() as compiler:
        trial = Trial(compiler, sets)
        for bug_name, bug in tomllib.loads(PLANTED.read_text(encoding="utf-8")).items():
            source = (ROOT / bug["file"]).read_text(encoding="utf-8")
            if source.count(bug["code"]) != 1:
                times = source.count(bug["code"])
                sys.exit(f"{bug_name}: {bug['file']} has its code {times} times: write it anew")
            trial.ask(bug["file"], source.replace(bug["code"], bug["instead"]))
            code = trial.code()
            if not code:
                sys.exit(f"{bug_name}: doesn't compile, or changes nothing")
            noticed = trial.run(code)
            missed += noticed is None
            print(f"{bug_name}: {'NOT NOTICED' if noticed is None else 'noticed by ' + noticed}", flush=True)
    return 1 if missed else 0


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--list", action="store_true", help="print the mutants and what is known; try none")
    parser.add_argument("--only", help="a part of the file's path")
    parser.add_argument("--sets", default=",".join(SETS), help="which sets of tests: coin,fund")
    parser.add_argument("--planted", action="store_true", help="the planted bugs instead")
    options = parser.parse_args()
    sets = tuple(options.sets.split(","))
    if options.planted:
        return run_planted(sets)
    return run_mutants(options.only, sets, listing=options.list)


if __name__ == "__main__":
    sys.exit(main())
