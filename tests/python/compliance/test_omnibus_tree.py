"""The sum tree: three implementations that agree, and nothing that a tree-builder can hide."""

from __future__ import annotations

import ast
import copy
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.checkout import REPOSITORY

from toolkit.chain.hexes import keccak, to_hex
from toolkit.compliance.omnibus import (
    Domain,
    NothingToCommit,
    PositionProof,
    ProofNotFound,
    SumTooLarge,
    SumTree,
    day_number,
    verify_position,
)
from toolkit.compliance.omnibus.sum_tree import salts
from toolkit.errors import InvalidInput

FOLDER = REPOSITORY / "toolkit" / "compliance" / "omnibus"
DAY = date(2026, 11, 22)
DOMAIN = Domain(31337, "0x" + "11" * 20, "0x" + "22" * 20, "0x" + "33" * 20, day_number(DAY))
LIMIT = 2**128
SECRET = bytes(range(32))


OWN_KECCAK = verify_position.keccak


@pytest.fixture(scope="module", autouse=True)
def quick() -> Iterator[None]:
    """The file's own hash takes a millisecond: it is compared with the quick one, and runs as a command."""
    verify_position.keccak = keccak
    yield
    verify_position.keccak = OWN_KECCAK


def client(number: int) -> str:
    return to_hex(keccak(b"client %d" % number)[:16])


def tree_of(amounts: Sequence[int]) -> SumTree:
    positions = {client(number): amount for number, amount in enumerate(amounts)}
    return SumTree.of(DOMAIN, positions, salts(SECRET, DOMAIN.hash))


def document(tree: SumTree, index: int) -> dict[str, Any]:
    return PositionProof(
        tree=tree,
        day=DAY,
        client=to_hex(tree.leaves[index].client),
        symbol="tUSD",
        decimals=6,
        built_on=7,
        built_on_hash="0x" + "ab" * 32,
        transaction="0x" + "cd" * 32,
    ).to_json()


def verdict(proof: Any) -> str:
    """`amount`, or the name of what the stand-alone file says."""
    try:
        return str(verify_position.verify(proof))
    except (verify_position.Malformed, verify_position.Refuted) as error:
        return type(error).__name__


def browser(documents: Sequence[Any]) -> tuple[list[str], list[str]]:
    """What the page's script says of each, and its hashes of six lengths."""
    done = subprocess.run(
        ["node", str(REPOSITORY / "tests" / "js" / "position.mjs"), str(FOLDER / "verify_position.html")],
        input=json.dumps([json.dumps(item) for item in documents]),
        capture_output=True,
        text=True,
        timeout=240,
        check=True,
    )
    found = json.loads(done.stdout)
    return [item.get("amount") or item["error"] for item in found["answers"]], found["hashes"]


# ------------------------------------------------------------------------------------------ implementations


@pytest.mark.parametrize("length", [0, 1, 8, 135, 136, 137, 271, 272, 300])
def test_the_files_own_keccak_is_keccak(length: int) -> None:
    data = bytes(place % 251 for place in range(length))
    assert OWN_KECCAK(data) == keccak(data)


def test_the_file_needs_nothing_but_the_standard_library() -> None:
    imports = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name).partition(".")[0]
        for node in ast.walk(ast.parse((FOLDER / "verify_position.py").read_text()))
        if isinstance(node, (ast.Import, ast.ImportFrom))
    }
    assert imports <= set(sys.stdlib_module_names)


def test_the_page_asks_nobody_for_anything() -> None:
    page = (FOLDER / "verify_position.html").read_text()
    for word in ("src=", "href=", "import(", "import ", "@import", "url(", "XMLHttpRequest", "localStorage"):
        assert word not in page, word
    assert page.count("fetch(") == 1, "the node that the reader names"


def mutations() -> list[dict[str, Any]]:
    """An honest proof with every field changed, taken away or made something else, one at a time."""
    honest = document(tree_of([5, 0, 7, 11, 13, 2**100]), 2)
    places: list[tuple[Any, ...]] = []

    def collect(value: Any, place: tuple[Any, ...]) -> None:
        items = (
            value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        )
        for name, inner in items:
            places.append((*place, name))
            collect(inner, (*place, name))

    collect(honest, ())
    found = [honest]
    changes: list[Callable[[Any], Any]] = [
        lambda value: (
            value + 1 if isinstance(value, int) else str(int(value) + 1) if str(value).isdigit() else None
        ),
        lambda value: value[:-1] + ("0" if value[-1] != "0" else "1") if isinstance(value, str) else -1,
        lambda value: f"0{value}",
        lambda value: f"-{value}",
        lambda value: [],
        lambda value: {},
        lambda value: True,
        lambda value: 1.5,
        lambda value: str(LIMIT),
        lambda value: value.upper() if isinstance(value, str) else str(value),
    ]
    for place in places:
        for change in changes:
            changed = copy.deepcopy(honest)
            holder = changed
            for name in place[:-1]:
                holder = holder[name]
            holder[place[-1]] = change(holder[place[-1]])
            found.append(changed)
        without = copy.deepcopy(honest)
        holder = without
        for name in place[:-1]:
            holder = holder[name]
        del holder[place[-1]]
        found.append(without)
    return found


def test_file_and_page_say_the_same_of_every_document() -> None:
    documents = [
        *mutations(),
        *(
            document(tree, index)
            for n in (1, 2, 3, 5, 8, 13)
            for tree in [tree_of(range(1, n + 1))]
            for index in range(n)
        ),
        [],
        None,
        "text",
    ]
    answers, hashes = browser(documents)
    assert hashes == [keccak(b"\x07" * length).hex() for length in (0, 1, 135, 136, 137, 272)]
    mine = [verdict(item) for item in documents]
    assert [(a, b) for a, b in zip(answers, mine, strict=True) if a != b] == []
    assert {"Malformed", "Refuted", "7"} <= set(mine)


def test_every_field_that_matters_is_bound() -> None:
    honest = document(tree_of([5, 7, 11, 13, 17]), 3)
    for place, value in {
        ("chain_id",): 1,
        ("registry",): "0x" + "99" * 20,
        ("wallet",): "0x" + "99" * 20,
        ("token",): "0x" + "99" * 20,
        ("day",): "2026-11-23",
        ("commitment", "clients"): 6,
        ("commitment", "total"): "54",
        ("position", "client"): client(99),
        ("position", "salt"): "0x" + "00" * 32,
        ("position", "amount"): "14",
        ("position", "index"): 2,
    }.items():
        changed = copy.deepcopy(honest)
        holder = changed
        for name in place[:-1]:
            holder = holder[name]
        assert holder[place[-1]] != value
        holder[place[-1]] = value
        assert verdict(changed) == "Refuted", place


# -------------------------------------------------------------------------------------------- what it holds


@given(amounts=st.lists(st.integers(0, 2**112), min_size=1, max_size=40).filter(any))
@settings(max_examples=40, deadline=None)
def test_every_client_with_something_verifies_and_nobody_is_twice_in_it(amounts: list[int]) -> None:
    tree = tree_of(amounts)
    assert tree.total == sum(amounts)
    assert len(tree.leaves) == len([amount for amount in amounts if amount])
    assert [leaf.client for leaf in tree.leaves] == sorted({leaf.client for leaf in tree.leaves})
    for index, leaf in enumerate(tree.leaves):
        assert verdict(document(tree, index)) == str(leaf.amount)


def test_salts_differ_by_client_and_by_day_and_need_the_secret() -> None:
    one = tree_of([5, 5])
    other = SumTree.of(
        Domain(31337, DOMAIN.registry, DOMAIN.wallet, DOMAIN.token, DOMAIN.day + 1),
        {client(0): 5, client(1): 5},
        salts(SECRET, b"\x01" * 32),
    )
    known = {leaf.salt for leaf in (*one.leaves, *other.leaves)}
    assert len(known) == 4
    assert salts(SECRET, DOMAIN.hash)(b"x" * 16) != salts(SECRET[::-1], DOMAIN.hash)(b"x" * 16)


def test_a_proof_names_nobody_else() -> None:
    tree = tree_of([5, 7, 11])
    text = json.dumps(document(tree, 1))
    others = [leaf for leaf in tree.leaves if leaf.index != 1]
    assert not any(leaf.client.hex() in text or leaf.salt.hex() in text for leaf in others)


@pytest.mark.parametrize("amounts", [[LIMIT], [-1, 5], [LIMIT - 1, 1], [1.0], [True]])
def test_what_no_sum_can_be_is_refused(amounts: list[int]) -> None:
    with pytest.raises(SumTooLarge):
        tree_of(amounts)


def test_an_empty_wallet_has_nothing_to_commit() -> None:
    with pytest.raises(NothingToCommit):
        tree_of([0, 0])


def test_a_client_is_in_it_once_and_strangers_are_not() -> None:
    with pytest.raises(InvalidInput, match="two ways"):
        SumTree.of(DOMAIN, {"0x" + "ab" * 16: 1, "0x" + "AB" * 16: 1}, salts(SECRET, DOMAIN.hash))
    with pytest.raises(ProofNotFound):
        tree_of([1, 2]).leaf(client(99))


# -------------------------------------------------------------------------- what a dishonest builder can do


class Liar:
    """Commits to any sums it likes and shows each client whatever makes that client's proof add up.

    `lies[level][place]` changes a node's sum: `max` counts only the larger child (Maxwell's tree allowed
    that), `wrap` lets the sum overflow, a number is added.
    """

    def __init__(self, amounts: Sequence[int], lies: dict[tuple[int, int], str | int]) -> None:
        self.amounts = amounts
        bound = DOMAIN.hash
        self.honest = tree_of([1 for _ in amounts])
        self.leaves = [
            type(leaf)(leaf.index, leaf.client, leaf.salt, amounts[place] % LIMIT)
            for place, leaf in enumerate(self.honest.leaves)
        ]
        level = [(leaf.hash(bound), leaf.amount) for leaf in self.leaves]
        self.levels = [level]
        while len(level) > 1:
            above = []
            for place in range(0, len(level) - 1, 2):
                (left, left_sum), (right, right_sum) = level[place : place + 2]
                lie = lies.get((len(self.levels), place // 2))
                total = max(left_sum, right_sum) if lie == "max" else left_sum + right_sum
                total += lie if isinstance(lie, int) else 0
                node = keccak(
                    b"\x01" + left + left_sum.to_bytes(16, "big") + right + right_sum.to_bytes(16, "big")
                )
                above.append((node, total % LIMIT))
            level = above + (level[-1:] if len(level) % 2 else [])
            self.levels.append(level)
        top, self.total = level[0]
        self.root = keccak(
            b"\x02" + bound + len(amounts).to_bytes(8, "big") + top + self.total.to_bytes(16, "big")
        )

    def proofs(self, index: int) -> list[dict[str, Any]]:
        """The siblings as committed; with one of them taking up what is missing to the total; and with each
        making up for its node's sum, which is how Maxwell's tree was broken.
        """
        leaf, place, path, fitted = self.leaves[index], index, [], []
        reached = leaf.amount
        for level, above in pairwise(self.levels):
            if place ^ 1 < len(level):
                node, amount = level[place ^ 1]
                path.append((node, amount))
                fitted.append((node, (above[place >> 1][1] - reached) % LIMIT))
                reached = above[place >> 1][1]
            place >>= 1
        missing = self.total - leaf.amount - sum(amount for _, amount in path)
        paths = [path, fitted]
        for at, (node, amount) in enumerate(path):
            paths.append([*path[:at], (node, (amount + missing) % LIMIT), *path[at + 1 :]])
        return [self._document(leaf, one) for one in paths]

    def _document(self, leaf: Any, path: list[tuple[bytes, int]]) -> dict[str, Any]:
        shown = document(self.honest, leaf.index)
        shown["commitment"] |= {"root": to_hex(self.root), "total": str(self.total)}
        shown["position"] |= {"amount": str(leaf.amount)}
        shown["path"] = [{"hash": to_hex(node), "sum": str(amount)} for node, amount in path]
        return shown

    def convinced(self) -> list[int]:
        """What the clients have who accept one of their proofs."""
        return [
            leaf.amount
            for leaf in self.leaves
            if any(verdict(proof) == str(leaf.amount) for proof in self.proofs(leaf.index))
        ]


LIES = st.dictionaries(
    st.tuples(st.integers(1, 4), st.integers(0, 5)),
    st.one_of(st.just("max"), st.integers(-1000, -1), st.integers(1, 1000), st.just(-(2**127))),
    max_size=4,
)


@given(amounts=st.lists(st.integers(1, 1000), min_size=2, max_size=9), lies=LIES)
@settings(max_examples=60, deadline=None)
def test_who_is_convinced_never_has_more_together_than_the_total(
    amounts: list[int], lies: dict[tuple[int, int], str | int]
) -> None:
    liar = Liar(amounts, lies)
    convinced = liar.convinced()
    assert sum(convinced) <= liar.total
    if liar.total < sum(amounts):
        assert len(convinced) < len(amounts), "a total below what is owed convinced everybody"


def test_the_lesser_total_of_maxwells_tree_convinces_nobody_of_the_lesser_child() -> None:
    liar = Liar([10, 7, 5, 3], {(1, 0): "max", (1, 1): "max", (2, 0): "max"})
    assert liar.total == 10, "25 are owed"
    assert sum(liar.convinced()) <= 10


@given(debts=st.lists(st.integers(1, 900), min_size=1, max_size=4))
@settings(max_examples=20, deadline=None)
def test_a_negative_entry_is_seen_by_whoever_it_takes_from(debts: list[int]) -> None:
    amounts = [1000, 1000, *(-debt for debt in debts)]
    liar = Liar(amounts, {})
    assert liar.total == 2000 - sum(debts) if sum(debts) <= 2000 else LIMIT
    real = [amount for amount in liar.convinced() if amount == 1000]
    assert sum(real) <= liar.total
    assert len(real) < 2


def test_one_leaf_convinces_one_client() -> None:
    tree = tree_of([5, 5, 5])
    shown = document(tree, 0)
    for other in tree.leaves[1:]:
        for fields in ({"client": to_hex(other.client)}, {"index": other.index}):
            forged = copy.deepcopy(shown)
            forged["position"] |= fields
            assert verdict(forged) == "Refuted"


# ---------------------------------------------------------------------------------------------- the command


def run_file(path: Path, *options: str) -> tuple[int, str, str]:
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(FOLDER / "verify_position.py"), str(path), *options],
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    return done.returncode, done.stdout, done.stderr


def test_the_file_runs_alone(tmp_path: Path) -> None:
    shown = document(tree_of([5_000_000, 7_500_000]), 1)
    mine = shown["position"]["client"]
    path = tmp_path / "proof.json"
    path.write_text(json.dumps(shown))
    held = str(int(shown["position"]["amount"]) // 10**6) + (
        "" if shown["position"]["amount"] == "5000000" else ".5"
    )
    status, out, err = run_file(path, "--client", mine, "--amount", held)
    assert (status, err) == (0, "")
    assert "12.500000 tUSD together" in out
    assert "proves nothing" in out
    assert run_file(path, "--client", client(99))[0] == 1
    assert run_file(path, "--registry", shown["registry"])[0] == 0
    assert run_file(path, "--registry", shown["token"])[0] == 1
    assert run_file(path, "--amount", "1")[0] == 1
    assert run_file(path, "--amount", "one")[0] == 2
    assert run_file(path, "--rpc", "http://127.0.0.1:1")[0] == 3
    shown["position"]["amount"] = "7500001"
    path.write_text(json.dumps(shown))
    status, out, err = run_file(path)
    assert (status, out) == (1, "")
    assert "DOES NOT HOLD" in err
    path.write_text("{}")
    assert run_file(path)[0] == 2
    path.write_text("{")
    assert run_file(path)[0] == 2
    assert run_file(tmp_path / "none.json")[0] == 2
