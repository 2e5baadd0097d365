"""One node and one deployment for the folder; each test gets them back as they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeVar

import pytest
from support.deployments import DEMO_FUND, Deployed, DeployedFund, demo_terms, deploy_fund, new_node

from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.deployment import FundTerms, apply


@pytest.fixture(scope="session")
def shared_node() -> Iterator[Anvil]:
    with new_node() as node:
        yield node


@pytest.fixture
def node(shared_node: Anvil) -> Iterator[Anvil]:
    """A node with nothing on it but twenty accounts."""
    snapshot = shared_node.snapshot()
    yield shared_node
    shared_node.revert(snapshot)


@pytest.fixture
def client(node: Anvil) -> Iterator[Client]:
    client = node.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def deployed_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployed]:
    path = tmp_path_factory.mktemp("deployments") / "record.json"
    with new_node() as node:
        client = node.client()
        terms = demo_terms()
        yield Deployed(node, client, terms, apply(terms, client, None, path), path)
        client.close()


@pytest.fixture
def deployed(deployed_once: Deployed) -> Iterator[Deployed]:
    """The deployed demo coin; what the test does to it is undone afterwards."""
    yield from _put_back(deployed_once, deployed_once)


@pytest.fixture(scope="session")
def fund_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedFund]:
    folder = tmp_path_factory.mktemp("funds")
    with new_node() as node:
        client = node.client()
        terms = demo_terms()
        path = folder / "coin.json"
        coin = Deployed(node, client, terms, apply(terms, client, None, path), path)
        fund, path = FundTerms.load(DEMO_FUND), folder / "fund.json"
        yield DeployedFund(coin, fund, deploy_fund(coin, fund, path), path)
        client.close()


@pytest.fixture
def fund(fund_once: DeployedFund) -> Iterator[DeployedFund]:
    """The demo coin and the demo fund in its suite; what the test does to them is undone afterwards."""
    yield from _put_back(fund_once, fund_once.coin)


T = TypeVar("T", Deployed, DeployedFund)


def _put_back(given: T, coin: Deployed) -> Iterator[T]:
    snapshot, written = coin.node.snapshot(), given.path.read_bytes()
    yield given
    coin.node.revert(snapshot)
    given.path.write_bytes(written)
    for journal in (given.path.parent / "journal").glob("*"):
        journal.unlink()
