from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from support.fund_desks import FundBench, deploy_fund
from support.suite import TERMS, Suite

from toolkit.chain.anvil import Anvil
from toolkit.fund import Fund
from toolkit.issuance import Issuance


@pytest.fixture(scope="session")
def deployed_fund() -> Iterator[tuple[Anvil, Issuance, Fund]]:
    """The demo coin and the demo fund, deployed once."""
    # A Monday morning in Hong Kong: the fund's calendar knows the days around it.
    start = int(datetime(2026, 11, 23, 1, tzinfo=UTC).timestamp())
    with Anvil(accounts=20, timestamp=start) as node:
        issuance = Issuance.deploy(TERMS, node)
        yield node, issuance, deploy_fund(node, issuance)


@pytest.fixture
def bench(deployed_fund: tuple[Anvil, Issuance, Fund], tmp_path: Path) -> Iterator[FundBench]:
    """A staffed desk with three days announced; what the test does is undone afterwards."""
    node, issuance, fund = deployed_fund
    snapshot = node.snapshot()
    suite = Suite(node, issuance)
    suite.attest(100_000_000_000_000)
    bench = FundBench(suite, fund, tmp_path / "desk.db").staff()
    bench.announced()
    yield bench
    bench.desk.close()
    suite.client.close()
    node.revert(snapshot)
