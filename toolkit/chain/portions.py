"""Reading a long history of logs in answers of a size that nodes give and memory holds."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from toolkit.chain.hexes import from_quantity, to_quantity
from toolkit.chain.node_messages import is_range_too_large
from toolkit.errors import InconsistentNode, NodeRejected

if TYPE_CHECKING:
    from toolkit.chain.client import Block, Client

__all__ = ["portions"]

_WANTED = 2_000  # logs an answer: from a few hundred on the rate is flat, and memory small


def portions(
    client: Client, topics: Mapping[str, Sequence[str]], first: int, last: Block
) -> Generator[list[dict[str, Any]], None, None]:
    """The contracts' logs up to `last`, whole blocks at a time, as the node's JSON has them.

    The node is asked for the next portion while the caller is at work on the one before. Close the iterator
    (`contextlib.closing`) if it may be left before its end: it waits for the answer that is under way.
    """
    answers = _answers(client, topics, first, last)
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="logs") as ahead:
        coming = ahead.submit(next, answers, None)
        while (logs := coming.result()) is not None:
            coming = ahead.submit(next, answers, None)
            yield logs


def _answers(
    client: Client, topics: Mapping[str, Sequence[str]], first: int, last: Block
) -> Iterator[list[dict[str, Any]]]:
    wanted = {
        "address": list(topics),
        "topics": [sorted({topic for some in topics.values() for topic in some})],
    }
    start, step = first, 16
    while start <= last.number:
        end = min(start + step - 1, last.number)
        asked = {**wanted, "fromBlock": to_quantity(start), "toBlock": to_quantity(end)}
        try:
            logs = client.request("eth_getLogs", [asked])
        except NodeRejected as error:
            if end == start or not is_range_too_large(error.message):
                raise
            step = (end - start + 1) // 2
            continue
        blocks = [from_quantity(log["blockNumber"]) for log in (*logs[:1], *logs[-1:])]
        if not all(start <= block <= end for block in blocks):
            raise InconsistentNode(f"the node gave logs outside blocks {start} to {end}: ask another one")
        yield logs
        start = end + 1
        step = max(1, min(2 * step, 4_096, step * _WANTED // max(1, len(logs))))
