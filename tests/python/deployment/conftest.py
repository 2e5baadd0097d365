"""One node and one deployment for the folder; each test gets them back as they were."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.deployments import Deployed, demo_terms, new_node

from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.deployment import apply


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
    snapshot, written = deployed_once.node.snapshot(), deployed_once.path.read_bytes()
    yield deployed_once
    deployed_once.node.revert(snapshot)
    deployed_once.path.write_bytes(written)
    for journal in (deployed_once.path.parent / "journal").glob("*"):
        journal.unlink()
