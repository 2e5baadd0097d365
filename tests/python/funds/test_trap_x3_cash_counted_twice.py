"""X3, circular backing: a fund counts a coin, or the money behind it, once."""

from __future__ import annotations

import pytest
from support.funds import statement
from support.reserve_reports import line, report

from toolkit.errors import InvalidInput
from toolkit.funds.nav_cash import require_apart_from_orders, require_apart_from_reserves
from toolkit.reserves.errors import DuplicateReference

VAULT = "0xe7f1725E7734CE288F8367e1Bb143E90bb3F0512"
BANK = {"holder": "Bank A", "reference": "ACC-7"}
COINS = {"holder": "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC", "reference": "TUSD"}


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
