"""Merkle trees, held against OpenZeppelin's own library: same nodes, same dumps, same proofs."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.checkout import REPOSITORY

from toolkit.chain.hexes import keccak, to_hex
from toolkit.errors import InvalidInput
from toolkit.funds.errors import BadProof
from toolkit.funds.merkle import MultiProof, StandardMerkleTree, leaf_hash, verify, verify_multi

TYPES = ["uint256", "address", "uint256"]
SEVERAL: list[list[int]] = [[], [0], [0, 1], [1, 0]]


def leaves(count: int) -> list[list[str]]:
    return [[str(n), to_hex(keccak(str(n).encode())[:20]), str(10**6 * (n + 1) + n)] for n in range(count)]


def javascript(values: list[list[str]], several: list[list[int]], dump: dict[str, Any]) -> dict[str, Any]:
    done = subprocess.run(
        ["node", str(REPOSITORY / "tests" / "js" / "merkle.mjs")],
        input=json.dumps({"types": TYPES, "values": values, "several": several, "dump": dump}),
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    if done.returncode != 0:
        raise AssertionError(f"node ended with {done.returncode}: {done.stderr}")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.parametrize("count", [1, 2, 3, 7, 33])
def test_the_javascript_library_builds_the_same_tree(count: int) -> None:
    values = leaves(count)
    several = [
        *(item for item in SEVERAL if len(item) <= count),
        list(range(count)),
        list(range(0, count, 3)),
    ]
    several = [item for item in several if all(index < count for index in item)]
    tree = StandardMerkleTree.of(values, TYPES)
    theirs = javascript(values, several, tree.dump())
    assert theirs["dump"] == tree.dump()
    assert theirs["loadedRoot"] == to_hex(tree.root)
    for index, proof in enumerate(theirs["proofs"]):
        assert [to_hex(node) for node in tree.proof(index)] == proof
        assert verify(tree.root, values[index], tree.proof(index), TYPES)
    for indices, multi in zip(several, theirs["several"], strict=True):
        ours = tree.multi_proof(indices)
        assert [list(value) for value in ours.values] == multi["leaves"]
        assert [to_hex(node) for node in ours.proof] == multi["proof"]
        assert list(ours.flags) == multi["proofFlags"]
        assert verify_multi(tree.root, ours, TYPES)
    assert StandardMerkleTree.load(theirs["dump"]) == tree


@given(st.integers(1, 20), st.data())
def test_every_value_is_proved_and_no_other(count: int, data: st.DataObject) -> None:
    values = leaves(count)
    tree = StandardMerkleTree.of(values, TYPES)
    index = data.draw(st.integers(0, count - 1))
    indices = data.draw(st.lists(st.integers(0, count - 1), unique=True))
    assert tree.index_of(values[index]) == index
    changed = [values[index][0], values[index][1], str(int(values[index][2]) + 1)]
    assert verify(tree.root, values[index], tree.proof(index), TYPES)
    assert not verify(tree.root, changed, tree.proof(index), TYPES)
    assert verify_multi(tree.root, tree.multi_proof(indices), TYPES)


def test_a_changed_dump_is_refused() -> None:
    tree = StandardMerkleTree.of(leaves(5), TYPES)
    good = json.dumps(tree.dump())
    assert StandardMerkleTree.load(json.loads(good)) == tree

    def refused(change: str, **patch: Any) -> None:
        with pytest.raises(BadProof, match=change):
            StandardMerkleTree.load({**json.loads(good), **patch})

    refused("unknown tree format", format="simple-v1")
    refused("incomplete", values=[{"value": ["1"]}])
    values = json.loads(good)["values"]
    values[2]["value"][2] = "1"
    refused("doesn't hash to its leaf", values=values)
    nodes = json.loads(good)["tree"]
    nodes[0] = "0x" + "11" * 32
    refused("hash of its children", tree=nodes)
    refused("has 8 nodes", tree=nodes[1:])


def test_what_is_no_leaf_is_refused() -> None:
    with pytest.raises(InvalidInput, match="at least one"):
        StandardMerkleTree.of([], TYPES)
    with pytest.raises(InvalidInput, match="has 2 parts"):
        StandardMerkleTree.of([["1", "0x" + "11" * 20]], TYPES)
    with pytest.raises(InvalidInput, match="is not uint256"):
        StandardMerkleTree.of([["1", "0x11", "5"]], TYPES)
    with pytest.raises(InvalidInput, match="is not uint256"):
        StandardMerkleTree.of([["1", "0x" + "11" * 20, "-5"]], TYPES)
    tree = StandardMerkleTree.of(leaves(3), TYPES)
    with pytest.raises(InvalidInput, match="no value 3"):
        tree.proof(3)
    with pytest.raises(InvalidInput, match="listed twice"):
        tree.multi_proof([1, 1])
    with pytest.raises(BadProof, match="not in the tree"):
        tree.index_of(leaves(4)[3])


def test_a_malformed_multi_proof_proves_nothing() -> None:
    tree = StandardMerkleTree.of(leaves(5), TYPES)
    good = tree.multi_proof([0, 3])
    assert not verify_multi(tree.root, MultiProof(good.values, good.proof, good.flags[:-1]), TYPES)
    flipped = tuple(not flag for flag in good.flags)
    assert not verify_multi(tree.root, MultiProof(good.values, good.proof, flipped), TYPES)


@given(
    address=st.binary(min_size=20, max_size=20),
    word=st.binary(min_size=32, max_size=32),
    number=st.integers(0, 2**256 - 1),
)
def test_leaves_of_words_are_what_the_general_encoder_gives(address: bytes, word: bytes, number: int) -> None:
    from eth_abi.abi import encode

    types = ("address", "bytes32", "uint256")
    expected = keccak(keccak(encode(types, (to_hex(address), word, number))))
    assert leaf_hash((to_hex(address), to_hex(word), str(number)), types) == expected


@pytest.mark.parametrize("value", ["-1", "1.0", str(2**256), "0x01", "", " 1", "\u0661"])
def test_a_leaf_takes_only_whole_numbers_of_256_bits(value: str) -> None:
    with pytest.raises(InvalidInput, match="is not uint256"):
        leaf_hash((value,), ("uint256",))
