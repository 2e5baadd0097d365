"""Fixtures for a real node.

`suite` is a deployed coin with a hand for each role, on a node of its own, undone after each test.
`anvil` is one process for the session (a worker of it), `chain` gives it back as it was at the test's
start, `client` reads it. Tests that need another configuration start an `Anvil` of their own.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.suite import TERMS, Suite

from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.issuance import Issuance


@pytest.fixture(scope="session")
def anvil() -> Iterator[Anvil]:
    with Anvil() as node:
        yield node


@pytest.fixture
def chain(anvil: Anvil) -> Iterator[Anvil]:
    """The session's node; what the test does to it is undone afterwards."""
    snapshot = anvil.snapshot()
    yield anvil
    anvil.set_automine(True)
    anvil.revert(snapshot)


@pytest.fixture
def client(chain: Anvil) -> Iterator[Client]:
    client = chain.client()
    yield client
    client.close()


@pytest.fixture(scope="session")
def deployed() -> Iterator[tuple[Anvil, Issuance]]:
    """The demo coin, deployed once on a node with the accounts that its terms name."""
    with Anvil(accounts=20) as node:
        yield node, Issuance.deploy(TERMS, node)


@pytest.fixture
def suite(deployed: tuple[Anvil, Issuance]) -> Iterator[Suite]:
    """The demo coin as it was deployed; what the test does to it is undone afterwards."""
    node, issuance = deployed
    snapshot = node.snapshot()
    suite = Suite(node, issuance)
    yield suite
    suite.client.close()
    node.revert(snapshot)
