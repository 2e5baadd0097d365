"""`kill -9` at ten random points, and a node that dies half-way."""

from __future__ import annotations

import multiprocessing
import random
import time
from multiprocessing.context import ForkServerContext
from pathlib import Path

import pytest
from support.deployments import (
    ADMIN_DELAY,
    DEMO_FUND,
    DEMO_TERMS,
    Deployed,
    DeployedFund,
    apply_in_a_process,
    demo_terms,
    new_node,
)

from toolkit.chain.anvil import Anvil
from toolkit.deployment import DeploymentRecord, FundTerms, Progress, apply, plan, verify
from toolkit.errors import NodeError

TRANSACTIONS = 20
FUND_TRANSACTIONS = 14  # up to where the rest waits


@pytest.fixture(scope="session")
def processes() -> ForkServerContext:
    """Processes forked from one that has imported everything, so that each starts at once."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["toolkit.deployment.applying", "eth_account", "support.deployments"])
    return context


@pytest.mark.parametrize("run", range(10))
def test_killed_and_run_again_ends_in_the_same_addresses(
    deployed_once: Deployed, processes: ForkServerContext, tmp_path: Path, run: int
) -> None:
    chance = random.Random(f"kill {run}")
    record, notes, terms = tmp_path / "record.json", tmp_path / "notes", demo_terms()
    stop_after = chance.randrange(2 * TRANSACTIONS)
    with new_node() as node:
        _kill(processes, DEMO_TERMS, node, record, notes, stop_after, chance.uniform(0, 0.05))
        client = node.client()
        apply(terms, client, None, record)
        assert not plan(terms, client)
        finished = DeploymentRecord.load(record)
        assert finished.book == deployed_once.record.book
        assert all(entry.transaction and entry.block for entry in finished.entries())
        verify(terms, client, finished)
        client.close()


@pytest.mark.parametrize("run", range(3))
def test_a_fund_killed_and_run_again_ends_in_the_same_addresses(
    fund_once: DeployedFund, processes: ForkServerContext, tmp_path: Path, run: int
) -> None:
    chance = random.Random(f"kill a fund {run}")
    record, notes, terms = tmp_path / "record.json", tmp_path / "notes", FundTerms.load(DEMO_FUND)
    stop_after = chance.randrange(2 * FUND_TRANSACTIONS)
    with new_node() as node:
        client = node.client()
        coin = apply(demo_terms(), client)
        _kill(processes, DEMO_FUND, node, record, notes, stop_after, chance.uniform(0, 0.05))
        apply(terms, client, None, record)
        node.advance_time(ADMIN_DELAY + 1)
        apply(terms, client, None, record)
        assert not plan(terms, client)
        finished = DeploymentRecord.load(record)
        assert finished.book == fund_once.record.book
        assert finished.book.addresses.items() > coin.book.addresses.items()
        assert all(entry.transaction and entry.block for entry in finished.entries())
        verify(terms, client, finished)
        client.close()


def _kill(
    processes: ForkServerContext,
    terms: Path,
    node: Anvil,
    record: Path,
    notes: Path,
    stop_after: int,
    pause: float,
) -> None:
    """Apply in a process and kill it after so many notes and a pause in seconds."""
    process = processes.Process(
        target=apply_in_a_process, args=(str(terms), node.rpc_url, str(record), str(notes))
    )
    process.start()
    while process.is_alive() and _lines(notes) < stop_after:
        time.sleep(0.001)
    time.sleep(pause)
    process.kill()
    process.join()


def _lines(path: Path) -> int:
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_node_that_dies_half_way_is_a_node_error(tmp_path: Path) -> None:
    record = tmp_path / "record.json"
    node = new_node()
    node.start()
    client = node.client()

    def kill_the_node(progress: Progress) -> None:
        if progress.remaining == 54:
            node.stop()

    try:
        with pytest.raises(NodeError):
            apply(demo_terms(), client, None, record, kill_the_node)
    finally:
        client.close()
        node.stop()
    unfinished = DeploymentRecord.load(record)
    assert not unfinished.complete
    assert "PrimaryMarket" not in unfinished.contracts

    # Its state is gone with it; a new node takes the whole deployment again.
    with new_node() as other:
        client = other.client()
        assert apply(demo_terms(), client, None, record).complete
        assert not plan(demo_terms(), client)
        client.close()
