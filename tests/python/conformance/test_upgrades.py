"""The proxies' implementations before OpenZeppelin's upgrades-core, and our own upgrade check beside it."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.layout_pairs import PAIRS, SOUND, UNSOUND, Pair

from toolkit import artifacts
from toolkit.artifacts import Artifact, compile_contracts
from toolkit.artifacts.build import CACHE, DATA
from toolkit.artifacts.compiler import compile_sources, find_compiler
from toolkit.artifacts.sources import collect
from toolkit.deployment import incompatibilities

# Compiling what no cache holds yet takes half a minute, more on a busy machine.

PROXIED = (
    "Distribution",
    "FundShare",
    "FundVault",
    "InvestorRegistry",
    "OmnibusRegistry",
    "PrimaryMarket",
    "Stablecoin",
)

# What upgrades-core finds in our implementations, and why it is as it should be.
ACCEPTED = {
    # The authority is an immutable: there is nothing in storage that AccessManaged's initialiser would set.
    "Distribution": {("missing-initializer-call", "contracts/market/Distribution.sol")},
    "FundVault": {("missing-initializer-call", "contracts/market/FundVault.sol")},
    "InvestorRegistry": {("missing-initializer-call", "contracts/compliance/InvestorRegistry.sol")},
    "OmnibusRegistry": {("missing-initializer-call", "contracts/compliance/OmnibusRegistry.sol")},
    # EIP-712's constructor sets immutables, which OpenZeppelin's own source does not annotate. A name of 32
    # bytes or more would go into the implementation's storage, where the proxy can't read it: token
    # and share refuse such a name, the market's is fixed.
    "FundShare": {
        ("missing-initializer-call", "contracts/token/FundShare.sol"),
        ("constructor", "@openzeppelin/contracts/utils/cryptography/EIP712.sol"),
    },
    "PrimaryMarket": {
        ("missing-initializer-call", "contracts/market/PrimaryMarket.sol"),
        ("constructor", "@openzeppelin/contracts/utils/cryptography/EIP712.sol"),
    },
    "Stablecoin": {
        ("missing-initializer-call", "contracts/token/Stablecoin.sol"),
        ("constructor", "@openzeppelin/contracts/utils/cryptography/EIP712.sol"),
    },
}


@dataclass(frozen=True)
class Findings:
    """upgrades-core's: what is unsafe in a contract, as kind and file, and how a pair's layouts differ."""

    unsafe: dict[str, set[tuple[str, str]]]
    incompatible: dict[tuple[str, str], list[str]]


def ask_openzeppelin(root: Path, contracts: Iterable[str], pairs: Iterable[tuple[str, str]]) -> Findings:
    """Contracts and pairs by the name of their artifact, in the checkout at `root`."""
    sources = collect(root)
    output = compile_sources(sources, compiler=find_compiler(root), cache=root / CACHE)
    known = {
        name: f"{source}:{name}" for source, made in output.document["contracts"].items() for name in made
    }
    contracts, pairs = list(contracts), list(pairs)
    request = {
        "input": sources.standard_json(),
        "output": output.document,
        "contracts": [known[name] for name in contracts],
        "pairs": [[known[old], known[new]] for old, new in pairs],
    }
    done = subprocess.run(
        ["node", str(REPOSITORY / "tests" / "js" / "upgrades.mjs")],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=250,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    unsafe = [{(kind, file) for kind, file in items} for items in found["unsafe"]]
    return Findings(
        dict(zip(contracts, unsafe, strict=True)), dict(zip(pairs, found["incompatible"], strict=True))
    )


# ------------------------------------------------------------------------------------------- our contracts


def test_the_proxied_contracts_are_these() -> None:
    upgradeable = [
        item.name for item in artifacts.all_artifacts() if "proxiableUUID()" in item.method_identifiers
    ]
    assert tuple(upgradeable) == PROXIED


def test_openzeppelin_finds_the_implementations_safe() -> None:
    found = ask_openzeppelin(REPOSITORY, PROXIED, [(name, name) for name in PROXIED])
    assert found.unsafe == ACCEPTED
    assert not any(found.incompatible.values())


# ---------------------------------------------------------------------------------------------- the corpus


@dataclass(frozen=True)
class Corpus:
    """What was compiled of the pairs, and what upgrades-core says of each."""

    layouts: dict[str, dict[str, Any]]
    findings: Findings


def names(pair: Pair) -> tuple[str, str]:
    number = PAIRS.index(pair)
    return f"C{number}Old", f"C{number}New"


def marked(text: str, name: str) -> str:
    return re.sub(r"(?<=\b[ABC])@", name[1:], text)


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Corpus:
    root = tmp_path_factory.mktemp("corpus")
    for name in ("foundry.toml", "package.json"):
        shutil.copy(REPOSITORY / name, root / name)
    for name in ("node_modules", "scripts"):
        (root / name).symlink_to(REPOSITORY / name)
    (root / "contracts").mkdir()
    for pair in PAIRS:
        for name, text in zip(names(pair), (pair.old, pair.new), strict=True):
            head = "// SPDX-License-Identifier: Apache-2.0\npragma solidity ^0.8.30;\n"
            (root / "contracts" / f"{name}.sol").write_text(head + marked(text, name) + "\n")
    made = compile_contracts(root)
    layouts = {
        name: Artifact.from_json(json.loads((root / DATA / f"{name}.json").read_bytes())).storage_layout
        for name in made.names
    }
    return Corpus(layouts, ask_openzeppelin(root, [], map(names, PAIRS)))


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_our_check_agrees_with_openzeppelins(corpus: Corpus, pair: Pair) -> None:
    old, new = names(pair)
    found = incompatibilities(corpus.layouts[old], corpus.layouts[new])
    assert tuple(item.kind for item in found) == pair.kinds
    assert bool(found) == bool(corpus.findings.incompatible[old, new])


def test_the_corpus_is_large_enough() -> None:
    assert len(SOUND) >= 10
    assert len(UNSOUND) >= 10
    assert all(pair.kinds for pair in UNSOUND)
