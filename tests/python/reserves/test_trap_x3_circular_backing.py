"""X3, circular backing: a coin doesn't back itself by way of a fund that holds it."""

from __future__ import annotations

from typing import Any

import pytest
from support.reserve_reports import line, report

from toolkit.reserves import LineResult
from toolkit.reserves.errors import NothingCounts

TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
OWN_FUND = {"class": "TOKENISED_ELIGIBLE", "approval_reference": "HKMA-1", "issuer": "Test issuer"}
GROUP = {"related_issuers": ["Test Fund Company", "Test Nominees"]}


def counted(changes: dict[str, Any], **whole: Any) -> LineResult:
    return report(line(**changes), **whole).evaluate("hong-kong").lines[0]


@pytest.mark.parametrize("profile", ["hong-kong", "genius"])
@pytest.mark.parametrize("asset_class", ["DEDICATED_FUND", "TOKENISED_ELIGIBLE"])
def test_x3_the_issuers_own_fund_that_holds_the_coin_counts_nothing(asset_class: str, profile: str) -> None:
    own = line(**OWN_FUND | {"class": asset_class, "holds_coin": True})
    evaluation = report(line("bill-1"), own | {"line_id": "fund-1"} | references()).evaluate(profile)
    bill, fund = evaluation.lines
    assert (bill.eligible, fund.eligible) == (True, False)
    assert "TUSD itself" in fund.reason
    assert str(evaluation.counted_total) == "990.50"
    assert str(evaluation.ineligible_total) == "990.50"


def references() -> dict[str, str]:
    return {"custodian_reference": "ref-fund", "confirmation": "conf-fund"}


def test_x3_another_s_fund_that_holds_the_coin_counts_nothing_either() -> None:
    refused = counted(OWN_FUND | {"issuer": "Fund house", "holds_coin": True})
    assert (str(refused.counted), refused.eligible) == ("0.00", False)
    assert counted(OWN_FUND | {"issuer": "Fund house"}).eligible


@pytest.mark.parametrize("name", ["Test issuer", " TEST   Issuer ", "test fund company", "Test Nominees"])
def test_x3_what_the_group_issues_is_taken_to_hold_the_coin_until_stated(name: str) -> None:
    silent = counted(OWN_FUND | {"issuer": name}, **GROUP)
    assert not silent.eligible
    assert "of the coin's own group" in silent.reason
    assert counted(OWN_FUND | {"issuer": name, "holds_coin": False}, **GROUP).eligible
    assert not counted(OWN_FUND | {"issuer": name, "holds_coin": True}, **GROUP).eligible


def test_x3_a_fund_of_no_stated_issuer_counts_nothing() -> None:
    silent = counted(OWN_FUND | {"issuer": None})
    assert not silent.eligible
    assert "issuer not stated" in silent.reason
    assert counted({"issuer": None}).eligible, "a Treasury bill is nobody's to fill"


def test_x3_what_is_circular_is_neither_allocated_nor_left_out_of_the_hash() -> None:
    circular = report(line(**OWN_FUND | {"holds_coin": True}))
    with pytest.raises(NothingCounts, match="TUSD itself"):
        circular.allocate(31337, TOKEN)
    assert circular.hash != report(line(**OWN_FUND)).hash
    assert report(**GROUP).hash != report().hash
    assert not {"holds_coin", "related_issuers"} & {*report().to_data(), *report().to_data()["positions"][0]}
