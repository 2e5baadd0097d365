"""The verification of a wallet that was reported lost can end, and can't be extended."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from support.case_desks import APPROVER, digest
from support.desks import COMPLIANCE, MAKER, Bench
from support.parties import office
from support.suite import Suite

from toolkit.compliance.office import Compliance


def test_a_verification_that_ended_while_a_wallet_was_lost_has_ended(suite: Suite, tmp_path: Path) -> None:
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    customer, registry = bench.customer(1), suite.registry
    wallet, registered = customer.wallet, registry.wallet_of(customer.wallet)
    recoveries = Compliance(office(bench.desk.ledger, bench.desk.actions)).recoveries
    recoveries.report("REC-1", wallet=wallet, by=MAKER, evidence=digest("report"))
    bench.desk.renew(customer.investor, bench.now() + timedelta(days=800))
    assert registry.wallet_of(wallet) == registered
    bench.desk.renew(customer.investor, bench.now() - timedelta(hours=1))
    recoveries.reject("REC-1", by=COMPLIANCE, reason="the investor knows nothing of it")
    recoveries.restore("REC-1", by=APPROVER)
    assert not suite.token.frozen_of(wallet)
    assert not registry.is_verified(wallet)
    bench.desk.ledger.verify()
    bench.desk.close()
