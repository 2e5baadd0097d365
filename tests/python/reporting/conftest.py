from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from support.books import Office
from support.desks import TREASURER, Bench
from support.reserve_reports import data, line
from support.suite import Suite

from toolkit.chain.anvil import Anvil
from toolkit.issuance import Issuance
from toolkit.ledger import Order
from toolkit.reporting.evidence import Evidence
from toolkit.reserves.report import ReserveReport


@dataclass(frozen=True)
class Settled:
    """A desk's day: a mint and a redemption settled, another mint only requested."""

    bench: Bench
    mint: Order
    redemption: Order
    requested: Order
    report: bytes

    @property
    def evidence(self) -> Evidence:
        return Evidence(self.bench.desk.ledger, self.bench.suite.issuance, reports=[self.report])


@pytest.fixture(scope="module")
def settled(deployed: tuple[Anvil, Issuance], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settled]:
    """One desk for a module's tests, which only read it."""
    node, issuance = deployed
    snapshot = node.snapshot()
    suite = Suite(node, issuance)
    report = reserve_report(suite)
    suite.issuance.reserve.publish(report.attest(suite.issuance, signers=suite.attestors))
    bench = Bench(suite, tmp_path_factory.mktemp("desk") / "desk.db").staff()
    first, second = bench.customer(1), bench.customer(2)
    orders = [bench.funded(customer, amount) for customer, amount in ((first, "250.00"), (second, "40.00"))]
    bench.desk.approve(orders, bench.approver())
    bench.desk.run()
    burned = bench.burned(first, "100.05")
    bench.desk.record_payout(burned, payment_reference="CHATS-1", by=TREASURER)
    bench.desk.run()
    requested = bench.requested(second, "7.00")
    mint, redemption = bench.desk.order(orders[0]), bench.desk.order(burned)
    yield Settled(bench, mint, redemption, requested, report.canonical)
    bench.desk.close()
    suite.client.close()
    node.revert(snapshot)


def reserve_report(suite: Suite) -> ReserveReport:
    """A confirmed Treasury bill of a million, allocated to the suite's token, as of a minute ago."""
    as_of = datetime.fromtimestamp(suite.now() - 60, UTC)
    bill = line(
        nominal="1000000.00",
        market_value="1000000.00",
        start=str((as_of - timedelta(days=30)).date()),
        maturity=str((as_of + timedelta(days=30)).date()),
    )
    report = ReserveReport.from_data(
        data(bill, token=suite.issuance.symbol, as_of=as_of.isoformat(), tokens_outstanding="0")
    )
    return report.allocate(suite.issuance.chain_id, suite.token.address)


@pytest.fixture
def office(suite: Suite, tmp_path: Path) -> Iterator[Office]:
    """A desk on a million of reserve, on the morning of a business day."""
    office = Office(suite, tmp_path / "desk.db")
    yield office
    office.desk.close()
