"""A fund's terms: what they resolve to, and every refusal with its file, key, value and remedy."""

from __future__ import annotations

from datetime import date, time
from pathlib import Path

import pytest
from support.checkout import REPOSITORY
from support.funds import DEMO_FUND, fund_terms

from toolkit.deployment import FundTerms
from toolkit.errors import ConfigurationError, InvalidInput


def test_the_demo_terms_are_what_they_say() -> None:
    terms = FundTerms.load(DEMO_FUND)
    assert terms.fund.code == "DMMF"
    assert list(terms.coin_terms) == ["tUSD"]
    first, second = terms.classes
    assert (first.code, second.code) == ("A", "I")
    assert second.policy.countries_only == ("GB", "HK", "SG")
    assert second.policy.lock_up_days == 30
    assert terms.nav.max_age == 12 * 3600
    assert terms.nav_value(first.initial_nav).base_units == 10 * 10**8
    assert first.shares(first.minimums.redemption).display() == "1,000.0000 DMMF-A"
    assert terms.withholding.rate("US") == 3000
    assert terms.withholding.rate("HK") == 0
    calendar = terms.dealing_calendar()
    assert calendar.cut_off == time(15)
    assert calendar.half_days[date(2026, 12, 24)] == time(11)
    assert terms.file_name == "demo-fund.toml"
    assert len(terms.sha256) == 64
    with pytest.raises(InvalidInput, match="no class 'B': use one of A, I"):
        terms.share_class("B")


WRONG = {
    "unknown key": ("[nav]", "[nav]\nfees = 1", "nav.fees", "decimals, tolerance_bps"),
    "unknown table": ("[fund]", "[fees]\nmint = 1\n[fund]", "fees", "chain, fund, coins"),
    "unknown key of a class's table": ("entry_bps = 10", "entri_bps = 10", "classes.0.fees.entry_bps", "add"),
    "missing": ('underlying = "money-market"\n', "", "fund.underlying", "missing; add it"),
    "float": ("entry_bps = 10", "entry_bps = 1.5", "classes.0.fees.entry_bps", "floats are inexact"),
    "amount as int": ('initial = "100000.00"', "initial = 100000", "minimums.initial", "decimal string"),
    "fee above the cap": ("entry_bps = 10", "entry_bps = 501", "classes.0.fees.entry_bps", "500"),
    "swing above the cap": ("factor_bps = 15", "factor_bps = 301", "classes.0.swing.factor_bps", "300"),
    "gate that lets nothing out": ("bps = 1000 #", "bps = 99 #", "classes.0.gate.bps", "100"),
    "no threshold": ("threshold = 2", "threshold = 0", "nav.threshold", "greater than 0"),
    "threshold above attestors": ("threshold = 2", "threshold = 3", "nav", "number of attestors (2)"),
    "attestor twice": ('["anvil:7", "anvil:8"]', '["anvil:7", "anvil:7"]', "nav", "listed twice"),
    "age without unit": ('max_age = "12h"', 'max_age = "12"', "nav.max_age", '"26h"'),
    "cut-off without minutes": ('cut_off = "15:00"', 'cut_off = "15"', "calendar.cut_off", '"15:00"'),
    "overdue at once": ('overdue_after = "3d"', 'overdue_after = "1s"', "calendar.overdue_after", "86400"),
    "never overdue": ('overdue_after = "3d"', 'overdue_after = "91d"', "calendar.overdue_after", "7776000"),
    "whole shares": (
        'decimals = 4\ncoins = ["tUSD"]\ninitial_nav = "10.00"',
        'decimals = 3\ncoins = ["tUSD"]\ninitial_nav = "10.00"',
        "classes.0.decimals",
        "4",
    ),
    "no time of day": ('cut_off = "15:00"', 'cut_off = "25:00"', "calendar.cut_off", "23:59"),
    "unknown calendar": ('name = "hong-kong"', 'name = "macau"', "calendar", "unknown calendar 'macau'"),
    "half day on a holiday": ("2026-12-24,", "2026-12-25,", "calendar", "not a business day"),
    "half day in another year": ("2026-02-16,", "2025-12-24,", "calendar", "2025 is not one of"),
    "half day after the cut-off": ('"11:00"', '"15:30"', "calendar", "is after 15:00"),
    "paid too late": ("settlement_days = 1", "settlement_days = 30", "settlement_days", "20"),
    "retail in an unauthorised fund": (
        '"individual-professional", ',
        '"retail", ',
        "classes.0.policy.investors",
        "s. 104",
    ),
    "both country rules": (
        'countries_except = ["IR", "KP"]',
        'countries_except = ["IR"]\ncountries_only = ["HK"]',
        "classes.0.policy",
        "either",
    ),
    "a limit that isn't counted by investor": (
        'max_holding = "unlimited"',
        'max_holding = "10.0000"',
        "classes.0.policy",
        "by_investor = true",
    ),
    "zero isn't unlimited": ('max_holders = "unlimited"', "max_holders = 0", "max_holders", "greater than 0"),
    "unknown coin": ('coins = ["tUSD"]', 'coins = ["tHKD"]', "classes.0.coins.0", "use tUSD"),
    "coin twice": ('coins = ["tUSD"]', 'coins = ["tUSD", "tUSD"]', "classes.0.coins.1", "listed twice"),
    "class twice": ('code = "I"', 'code = "A"', "classes.1.code", "used twice"),
    "symbol twice": ('symbol = "DMMF-I"', 'symbol = "DMMF-A"', "classes.1.symbol", "used twice"),
    "another currency": ('currency = "USD"', 'currency = "HKD"', "coins.0.terms", "tUSD is in USD"),
    "unknown currency": ('currency = "USD"', 'currency = "XXX"', "fund", "unknown currency"),
    "another chain": ("id = 31337", "id = 1337", "coins.0.terms", "use one chain"),
    "zero NAV": ('initial_nav = "10.00"', 'initial_nav = "0"', "classes.0.initial_nav", "zero"),
    "NAV too exact": (
        'initial_nav = "10.00"',
        'initial_nav = "10.123456789"',
        "classes.0.initial_nav",
        "never rounded",
    ),
    "minimum of nothing": ('further = "10000.00"', 'further = "0"', "classes.0.minimums.further", "zero"),
    "block of nothing": ('block_units = "10000.0000"', 'block_units = "0"', "in_kind.block_units", "zero"),
    "minimum above the maximum": (
        'holding = "0.0001"',
        'holding = "5000000.0001"',
        "classes.1.minimums.holding",
        "max_holding",
    ),
}


@pytest.mark.parametrize(("old", "new", "key", "remedy"), WRONG.values(), ids=list(WRONG))
def test_wrong_terms_name_file_key_and_remedy(old: str, new: str, key: str, remedy: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fund_terms((old, new))
    message = caught.value.message
    assert str(DEMO_FUND) in message
    assert key in caught.value.details["key"] or key in message
    assert remedy in message


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be read"):
        FundTerms.load(tmp_path / "none.toml")
    with pytest.raises(ConfigurationError, match="not a TOML file"):
        FundTerms.parse(b"[fund", file=tmp_path / "fund.toml")
    with pytest.raises(ConfigurationError, match=r"demo-coin\.toml can't be read"):
        FundTerms.parse(DEMO_FUND.read_bytes(), file=tmp_path / "fund.toml")


def test_every_fund_in_the_repository_loads() -> None:
    folder = REPOSITORY / "deployments" / "terms"
    for path in folder.glob("*fund*.toml"):
        assert FundTerms.load(path).classes
