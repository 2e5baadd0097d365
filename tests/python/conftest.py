"""Fixtures for a real node and real databases.

`suite` is a deployed coin with a hand for each role, on a node of its own, undone after each test;
`fund_suite` the same with a fund in the coin's suite.
`anvil` is one process for the session (a worker of it), `chain` gives it back as it was at the test's
start, `client` reads it. Tests that need another configuration start an `Anvil` of their own.
`postgres` is one server for the session; `databases` makes new ledgers' URLs, and a test that asks for it
runs on SQLite and on PostgreSQL.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from support import postgres as postgres_server
from support.databases import Databases, PostgresDatabases, SqliteDatabases
from support.fund_suite import FundSuite, deploy_fund
from support.postgres import Postgres
from support.suite import TERMS, Suite

from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.fund import Fund
from toolkit.issuance import Issuance

# How long an example takes is the machine's affair, and what passed once passes again.
settings.register_profile(
    "tests", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("tests")


_LONGEST = (
    *("cli/test_command", "model/test_coin_model", "compliance/test_machine", "desk/test_recovery"),
    *("chaos/test_schedules", "fund_desk/test_recovery", "fund_desk/test_every_report"),
    *("conformance/test_upgrades", "reporting/test_evidence_page", "test_fund_page", "test_omnibus_page"),
    *("cli/test_flows", "desk/test_lanes", "reverts/test_every_revert", "deployment/test_killed"),
    *("desk/test_other_hands", "compliance/test_cases_on_chain", "fund_desk/test_commands", "test_readme"),
)
"""By their time on one processor. Begun last, one of them holds everything up while the rest is idle."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest files first, then those with the most tests, each in its own order."""
    folder = Path(__file__).parent
    names = {path: path.relative_to(folder).with_suffix("").as_posix() for path in {i.path for i in items}}
    ranks = {path: _LONGEST.index(name) for path, name in names.items() if name in _LONGEST}
    counts = Counter(item.path for item in items)
    items.sort(key=lambda item: (ranks.get(item.path, len(_LONGEST)), -counts[item.path], names[item.path]))


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


@pytest.fixture(scope="session")
def deployed_fund() -> Iterator[tuple[Anvil, Fund]]:
    """The demo fund in the demo coin's suite, deployed once on a node of its own."""
    with Anvil(accounts=20) as node:
        yield node, deploy_fund(Issuance.deploy(TERMS, node), node)


@pytest.fixture
def fund_suite(deployed_fund: tuple[Anvil, Fund]) -> Iterator[FundSuite]:
    """The demo fund as it was deployed; what the test does to it is undone afterwards."""
    node, fund = deployed_fund
    snapshot = node.snapshot()
    suite = FundSuite(node, fund)
    yield suite
    suite.client.close()
    node.revert(snapshot)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with postgres_server.running() as server:
        yield server


@pytest.fixture
def sqlite_databases(tmp_path: Path) -> Databases:
    return SqliteDatabases(tmp_path)


@pytest.fixture
def postgres_databases(postgres: Postgres) -> Iterator[Databases]:
    databases = PostgresDatabases(postgres)
    yield databases
    databases.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def databases(request: pytest.FixtureRequest) -> Databases:
    name = "sqlite_databases" if request.param == "sqlite" else "postgres_databases"
    found: Databases = request.getfixturevalue(name)
    return found
