"""X3: a coin doesn't back itself, and a fund counts it, or the money behind it, once."""

from __future__ import annotations

from typing import Any

import pytest
from support.funds import statement
from support.reserve_reports import line, report

from toolkit.errors import InvalidInput
from toolkit.funds.nav_cash import require_apart_from_orders, require_apart_from_reserves
from toolkit.reserves import LineResult
from toolkit.reserves.errors import DuplicateReference, NothingCounts

TOKEN = "0x5FbDB2315678afecb367f032d93F642f64180aa3"
VAULT = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
OWN_FUND = {"class": "TOKENISED_ELIGIBLE", "approval_reference": "HKMA-1", "issuer": "Test issuer"}
GROUP = {"related_issuers": ["Test Fund Company", "Test Nominees"]}
BANK = {"holder": "Bank A", "reference": "ACC-7"}
COINS = {"holder": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", "reference": "TUSD"}


def counted(changes: dict[str, Any], **whole: Any) -> LineResult:
    return report(line(**changes), **whole).evaluate("hong-kong").lines[0]


# -- the reserve -------------------------------------------------------------------------------------


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


# -- the fund ----------------------------------------------------------------------------------------


def test_x3_a_fund_names_its_cash_once() -> None:
    assert statement("10.01", cash=[BANK, COINS]).hash == statement("10.01", cash=[COINS, BANK]).hash
    assert statement("10.01", cash=[BANK]).hash != statement("10.01").hash
    assert "cash" not in statement("10.01").to_data()
    for twice in ([BANK, BANK], [BANK, {"holder": " bank  a", "reference": "acc-7"}], [COINS, BANK, COINS]):
        with pytest.raises(DuplicateReference, match="twice"):
            statement("10.01", cash=twice)
    with pytest.raises(InvalidInput):
        statement("10.01", cash=[])


def test_x3_the_money_behind_the_coin_is_not_the_funds_cash_too() -> None:
    pool = report(line(custodian="BANK A", custodian_reference="acc-7"))
    own = statement("10.01", cash=[COINS, {"holder": "Bank A", "reference": "ACC-8"}]).cash or ()
    require_apart_from_reserves(own, [pool])
    both = statement("10.01", cash=[COINS, BANK]).cash or ()
    require_apart_from_reserves(both, [])
    with pytest.raises(DuplicateReference, match="backs the coin"):
        require_apart_from_reserves(both, [report(), pool])


def test_x3_coins_that_wait_in_the_vault_are_not_the_funds() -> None:
    waiting = statement("10.01", cash=[COINS, {"holder": VAULT.lower(), "reference": "TUSD"}]).cash or ()
    with pytest.raises(DuplicateReference, match="belongs to orders"):
        require_apart_from_orders(waiting, VAULT)
    require_apart_from_orders(waiting[:1], VAULT)
