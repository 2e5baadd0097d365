"""A long history is read in whole blocks, none twice and none left out, whatever the node takes at once."""

from __future__ import annotations

from contextlib import closing
from typing import Any, cast

import pytest

from toolkit.chain.answers import Block
from toolkit.chain.client import Client
from toolkit.chain.portions import portions
from toolkit.errors import InconsistentNode, NodeRejected, NodeTimeout

ADDRESS, TOPIC = "0x" + "11" * 20, "0x" + "22" * 32


class Node:
    """Blocks with so many logs each; `most` in an answer. Asked for block `silent`, it doesn't answer."""

    def __init__(self, logs: list[int], *, most: int = 10**6, silent: int = -1, astray: bool = False) -> None:
        self.logs, self.most, self.silent, self.astray = logs, most, silent, astray
        self.asked: list[tuple[int, int]] = []

    def request(self, method: str, params: list[Any]) -> list[dict[str, Any]]:
        assert method == "eth_getLogs"
        (wanted,) = params
        assert (wanted["address"], wanted["topics"]) == ([ADDRESS], [[TOPIC]])
        first, last = int(wanted["fromBlock"], 16), int(wanted["toBlock"], 16)
        self.asked.append((first, last))
        if first <= self.silent <= last:
            raise NodeTimeout("no answer")
        found = [
            {"blockNumber": hex(block + self.astray * len(self.logs)), "logIndex": hex(index)}
            for block in range(first, last + 1)
            for index in range(self.logs[block])
        ]
        if len(found) > self.most:
            raise NodeRejected("query returned more than 10000 results")
        return found

    def read(self, first: int = 0) -> Any:
        last = Block(len(self.logs) - 1, b"", b"", 0, 0, 0)
        return portions(cast("Client", self), {ADDRESS: [TOPIC]}, first, last)


@pytest.mark.parametrize(
    "node",
    [
        Node([0] * 1_000),
        Node([3] * 200),
        Node([0] * 500 + [700] * 12 + [0, 1]),
        Node([900] * 8 + [0] * 90, most=1_000),
        Node([5]),
    ],
)
def test_every_log_comes_once_in_the_chains_order(node: Node) -> None:
    found = [log for logs in node.read() for log in logs]
    assert found == [
        {"blockNumber": hex(block), "logIndex": hex(index)}
        for block, count in enumerate(node.logs)
        for index in range(count)
    ]


def test_where_much_happened_fewer_blocks_are_asked_for() -> None:
    node = Node([0] * 100 + [500] * 100)
    sizes = [len(logs) for logs in node.read()]
    assert max(sizes[-5:]) <= 2_000
    assert max(sizes) <= 500 * 64


def test_a_single_block_that_the_node_refuses_ends_it() -> None:
    node = Node([0, 900, 0], most=500)
    with pytest.raises(NodeRejected):
        list(node.read())


@pytest.mark.parametrize(
    ("node", "error"),
    [(Node([1] * 50, silent=30), NodeTimeout), (Node([1] * 50, astray=True), InconsistentNode)],
)
def test_what_goes_wrong_at_the_node_is_the_readers(node: Node, error: type[Exception]) -> None:
    with pytest.raises(error):
        list(node.read())


def test_leaving_early_asks_for_no_more_than_the_next_portion() -> None:
    node = Node([1] * 10_000)
    with closing(node.read(100)) as answers:
        first = next(answers)
    assert first[0]["blockNumber"] == hex(100)
    assert len(node.asked) <= 2
