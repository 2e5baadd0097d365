"""Who is named by a list is not set free by the release of a case."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
from support.case_desks import APPROVER, GUARDIAN, LISTED, OTHER_GUARDIAN, REVIEW, RISK
from support.desks import COMPLIANCE, Bench
from support.parties import office
from support.suite import Suite

from toolkit.bindings.errors import ERC7943CannotSend
from toolkit.compliance.errors import HitNotReleased
from toolkit.compliance.lists import list_data
from toolkit.compliance.office import Compliance
from toolkit.compliance.screening import ListScreener
from toolkit.ledger import RecordState


def test_the_release_of_a_case_leaves_frozen_whom_a_list_names(suite: Suite, tmp_path: Path) -> None:
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    for person in (GUARDIAN, OTHER_GUARDIAN):
        bench.desk.add_person(person, label="a guardian", roles=["guardian"])
    customer, other = bench.customer(1), bench.customer(2)
    bench.minted(customer)
    suite.node.set_balance(customer.wallet, 10**18)
    freezes = Compliance(office(bench.desk.ledger, bench.desk.actions)).freezes
    reference = bench.desk.reference(customer.investor)
    freezes.freeze("FRZ-1", by=GUARDIAN, authority=LISTED, review_on=REVIEW, investor=reference)
    freezes.second("FRZ-1", by=OTHER_GUARDIAN)
    freezes.confirm("FRZ-1", by=COMPLIANCE, reason="a match")
    freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=RISK)
    content = json.dumps(
        list_data("ofac", "1", bench.now() - timedelta(days=1), [{"wallet": customer.wallet}])
    )
    screener = ListScreener(bench.desk.ledger, freeze=bench.desk.freeze)
    screener.adopt(content.encode(), by=COMPLIANCE)
    for act in (
        lambda: freezes.approve("FRZ-1", by=APPROVER),
        lambda: freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=RISK),
    ):
        with pytest.raises(HitNotReleased, match=customer.wallet):
            act()
    with pytest.raises(ERC7943CannotSend):
        suite.send(customer.key, suite.token.transfer(other.wallet, 1))
    (hit,) = bench.desk.ledger.screening.hits()
    bench.desk.ledger.screening.release(hit.id, by=COMPLIANCE, rationale="the source named a reused address")
    assert freezes.approve("FRZ-1", by=APPROVER).state is RecordState.RELEASED
    suite.send(customer.key, suite.token.transfer(other.wallet, 1))
    bench.desk.ledger.verify()
    bench.desk.close()
