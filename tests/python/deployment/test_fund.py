"""A fund in its coin's suite: deployed from terms, drift found and closed, rights apart, opened again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.deployments import (
    ADMIN_DELAY,
    DEMO_FUND,
    DEMO_TERMS,
    GOVERNOR,
    GUARDIAN,
    DeployedFund,
    account,
    as_admin,
    as_governor,
    demo_terms,
    send,
)
from support.refusals.cases import create

from toolkit import Fund, Issuance
from toolkit.chain.abi import selector
from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_signer
from toolkit.deployment import (
    DeploymentRecord,
    FundTerms,
    Progress,
    Stage,
    Terms,
    apply,
    check_record,
    plan,
    read_roles,
    verify,
)
from toolkit.deployment.access import CONTRACTS, functions_of
from toolkit.deployment.suite import Suite
from toolkit.errors import CodeMismatch, ConfigurationError, DeploymentError, Drift, ForbiddenRoles

DAY = 86_400
DEALING_MANAGER, TREASURER, CUSTODY = 19, 4, 18
VAULT, SHARE, FEED = "FundVault A tUSD", "FundShare A", "NavFeed A"


def fund_at(folder: Path, *changes: tuple[str, str], coin: tuple[tuple[str, str], ...] = ()) -> FundTerms:
    """The demo fund and its coin, written to `folder` with pieces of their texts replaced."""
    for path, pieces in ((DEMO_TERMS, coin), (DEMO_FUND, changes)):
        text = path.read_text()
        for old, new in pieces:
            assert old in text, old
            text = text.replace(old, new)
        (folder / path.name).write_text(text)
    return FundTerms.load(folder / DEMO_FUND.name)


AT_ONCE = ((', delay = "1d"', ""), (', delay = "2d"', ""))


# --------------------------------------------------------------------------------------------- deploying


def test_a_fund_needs_its_coin_first(client: Client) -> None:
    terms = FundTerms.load(DEMO_FUND)
    with pytest.raises(DeploymentError, match=r"stands on AccessManager at 0x.*coins' terms first"):
        apply(terms, client)
    assert client.block("latest").number == 0


def test_settings_and_rights_wait_for_the_delay_of_those_who_govern(node: Anvil, client: Client) -> None:
    coin = demo_terms()
    before = apply(coin, client)
    happened: list[Progress] = []
    terms = FundTerms.load(DEMO_FUND)
    first = apply(terms, client, progress=happened.append)
    left = plan(terms, client)
    assert {step.kind for step in left} == {"set", "access"}
    assert all(step.scheduled is not None and not step.scheduled.ready for step in left)
    assert happened[-1].stage is Stage.WAITING
    assert first.complete

    assert apply(terms, client).contracts == first.contracts
    assert [str(step) for step in plan(terms, client)] == [str(step) for step in left], "nothing was repeated"

    node.advance_time(ADMIN_DELAY + 1)
    done = apply(terms, client)
    assert not plan(terms, client)
    verify(terms, client, done)
    assert not plan(coin, client)
    assert {name: done.contracts[name] for name in CONTRACTS} == before.contracts


def test_a_coin_without_delays_has_its_fund_at_once(client: Client, tmp_path: Path) -> None:
    terms = fund_at(tmp_path, coin=AT_ONCE)
    apply(terms.home, client)
    path = tmp_path / "fund.json"
    record = apply(terms, client, None, path)
    assert not plan(terms, client)
    assert DeploymentRecord.load(path) == record
    height = client.block("latest").number
    assert apply(terms, client, None, path) == record
    assert client.block("latest").number == height
    assert set(check_record(record)) >= {SHARE, VAULT, "Distribution tUSD", "Stablecoin"}


def test_addresses_follow_from_the_fund_and_not_from_what_can_be_set(
    fund: DeployedFund, tmp_path: Path
) -> None:
    assert Suite.of(fund.terms).book == fund.record.book
    set_otherwise = fund_at(
        tmp_path, ("exit_bps = 10", "exit_bps = 20"), ("max_holders = 50", "max_holders = 60")
    )
    assert Suite.of(set_otherwise).book == fund.record.book
    for change in (("demo-fund-1", "demo-fund-2"), ('"DMMF"', '"DMMG"')):
        other = Suite.of(fund_at(tmp_path, change))
        assert not {other.address(name) for name in other.own} & set(fund.record.book.addresses.values())
        assert all(other.address(name) == fund.record.address(name) for name in CONTRACTS)


def test_a_fund_settles_in_a_coin_of_another_suite_too(client: Client, tmp_path: Path) -> None:
    second = (("demo-coin-1", "demo-coin-2"), ('"tUSD"', '"uUSD"'))
    text = DEMO_TERMS.read_text()
    for old, new in (*second, *AT_ONCE):
        text = text.replace(old, new)
    (tmp_path / "second-coin.toml").write_text(text)
    terms = fund_at(
        tmp_path,
        ("[calendar]", '[[coins]]\nterms = "second-coin.toml"\ncustody = "anvil:17"\n\n[calendar]'),
        ('code = "A"', 'code = "A2"'),
        (
            'decimals = 4\ncoins = ["tUSD"]\ninitial_nav = "10.00"',
            'decimals = 4\ncoins = ["tUSD", "uUSD"]\ninitial_nav = "10.00"',
        ),
        coin=AT_ONCE,
    )
    apply(terms.home, client)
    with pytest.raises(DeploymentError, match="stands on Coin uUSD implementation"):
        plan(terms, client)
    other = apply(Terms.load(tmp_path / "second-coin.toml"), client)
    record = apply(terms, client)
    assert not plan(terms, client)
    assert record.address("Coin uUSD") == other.address("Stablecoin")
    table = read_roles(record, client)
    table.check()
    assert not any(row.contract.startswith("Coin") for row in table), "another manager governs it"
    fund = Fund.load(record, client)
    assert fund.coins["uUSD"].symbol() == "uUSD"
    assert fund.classes["A2"].vaults["uUSD"].custody() == account(17)
    assert set(fund.classes["I"].vaults) == {"tUSD"}


# --------------------------------------------------------------------------------------------------- drift


def _governor(contract: str, function: str, *args: Any) -> Callable[[DeployedFund], None]:
    return lambda fund: as_governor(fund.node, fund.record, contract, function, *args)


def _suspended_attestor(fund: DeployedFund) -> None:
    send(fund.client, GUARDIAN, fund.record, FEED, "suspendAttestor", account(8))


def _another_asset_has_a_vault(fund: DeployedFund) -> None:
    """A second vault of the same share, for a token that the terms don't know."""
    asset = fund.record.address("FundShare I")
    share, manager = fund.record.address(SHARE), fund.record.address("AccessManager")
    sender = Sender(fund.client, dev_signer(15), MemoryJournal())
    vault = sender.execute(create("FundVault", manager, share, asset, 8)).receipt.contract_address
    as_governor(fund.node, fund.record, SHARE, "setVault", asset, vault)


def _settling_is_the_treasurers(fund: DeployedFund) -> None:
    codes = [selector("settleDay(uint256)")]
    as_admin(fund.node, fund.record, "setTargetFunctionRole", fund.record.address(VAULT), codes, 3)


DRIFT = {
    "custody": (
        _governor(VAULT, "setCustody", account(15)),
        f"set {VAULT}'s custody account: {account(15)} -> ",
    ),
    "terms": (
        _governor(VAULT, "setTerms", (10, 10, 15, 500, 10_000, 259_200, 10_000 * 10**6, 1000 * 10**4)),
        "gate bps 10000, overdue after 259200, min subscription 10000000000, min redemption 10000000 -> ",
    ),
    "policy": (
        _governor(SHARE, "setPolicy", (2**96 - 1, 0, 2**24 - 1, 0, 30, False, False)),
        "policy: max holding unlimited, min holding 0, max holders unlimited, lock up days 0, classes 30,",
    ),
    "countries": (
        _governor(SHARE, "setCountries", 0, [344, 999]),
        f"set {SHARE}'s countries: only HK 999 -> all but IR KP",
    ),
    "all countries": (_governor(SHARE, "setCountries", 1, []), "countries: all -> all but IR KP"),
    "no vault": (
        lambda fund: as_governor(
            fund.node, fund.record, SHARE, "setVault", fund.record.address("Stablecoin"), "0x" + "00" * 20
        ),
        f"set {SHARE}'s vault for Stablecoin: none -> 0x",
    ),
    "a vault that the terms don't know": (
        _another_asset_has_a_vault,
        f"set {SHARE}'s vault for FundShare I: 0x",
    ),
    "a suspended attestor": (_suspended_attestor, f"set {FEED}'s attestors: 2 of {account(7)} -> 2 of "),
    "the NAV's bounds": (_governor(FEED, "setLimits", 3600, 1, 2), f"set {FEED}'s limits: age 3600 s"),
    "a function": (
        _settling_is_the_treasurers,
        f"give {VAULT}'s settleDay to DEALING_MANAGER: TREASURER -> ",
    ),
    "a closed vault": (
        lambda fund: as_admin(fund.node, fund.record, "setTargetClosed", fund.record.address(VAULT), True),
        f"open {VAULT}: closed -> open",
    ),
}


@pytest.mark.parametrize(("change", "line"), DRIFT.values(), ids=list(DRIFT))
def test_drift_of_the_fund_is_found_and_is_not_the_coins(
    fund: DeployedFund, change: Callable[[DeployedFund], None], line: str
) -> None:
    change(fund)
    (step,) = plan(fund.terms, fund.client)
    assert line in str(step)
    with pytest.raises(Drift):
        verify(fund.terms, fund.client, fund.record)
    assert not plan(fund.coin.terms, fund.client)


def test_drift_of_the_coin_is_not_the_funds(fund: DeployedFund) -> None:
    as_governor(fund.node, fund.record, "Stablecoin", "setBuffer", 7)
    assert not plan(fund.terms, fund.client)
    assert len(plan(fund.coin.terms, fund.client)) == 1


def test_drift_is_closed_by_those_who_govern(fund: DeployedFund) -> None:
    as_governor(fund.node, fund.record, VAULT, "setCustody", account(15))
    apply(fund.terms, fund.client, [dev_signer(GOVERNOR)], fund.path)
    (step,) = plan(fund.terms, fund.client)
    assert step.scheduled is not None
    assert not step.scheduled.ready
    fund.node.advance_time(DAY + 1)
    record = apply(fund.terms, fund.client, [dev_signer(GOVERNOR)], fund.path)
    assert not plan(fund.terms, fund.client)
    assert Fund.load(record, fund.client).classes["A"].vaults["tUSD"].custody() == account(CUSTODY)


def test_countries_in_another_order_are_the_same(fund: DeployedFund) -> None:
    as_governor(fund.node, fund.record, SHARE, "setCountries", 1, [408, 364, 408])
    assert not plan(fund.terms, fund.client)


# --------------------------------------------------------------------------------------------------- rights


def test_the_table_shows_every_function_of_coin_and_fund(fund: DeployedFund) -> None:
    table = read_roles(fund.record, fund.client)
    table.check()
    rows = {(row.contract, row.function): row for row in table}
    for contract, role, text in functions_of(fund.record.book.addresses):
        assert rows[contract, text].role == role.name
    settle = table.row(VAULT, "settleDay")
    assert settle.holders == ((account(DEALING_MANAGER), 0),)
    issue = table.row(SHARE, "issue")
    assert (issue.role, issue.holders) == ("the vaults", ((fund.record.address(VAULT), 0),))
    assert table.row("Stablecoin", "burnEscrow").role == "the market"
    assert fund.record.roles == tuple(table.to_json())


def test_a_vault_that_was_taken_away_is_no_holder(fund: DeployedFund) -> None:
    asset = fund.record.address("Stablecoin")
    as_governor(fund.node, fund.record, SHARE, "setVault", asset, "0x" + "00" * 20)
    assert read_roles(fund.record, fund.client).row(SHARE, "issue").holders == ()


def test_an_account_on_both_ends_of_a_dealing_day_is_forbidden(fund: DeployedFund) -> None:
    as_admin(fund.node, fund.record, "grantRole", 7, account(TREASURER), 0)
    as_admin(fund.node, fund.record, "grantRole", 7, account(7), 0)
    with pytest.raises(ForbiddenRoles) as caught:
        read_roles(fund.record, fund.client).check()
    assert caught.value.details["problems"] == [
        f"{account(7)} is both ATTESTOR and DEALING_MANAGER",
        f"{account(TREASURER)} is both DEALING_MANAGER and TREASURER",
    ]


@pytest.mark.parametrize(
    ("contract", "function", "role", "problem"),
    [
        (VAULT, "settleDay(uint256)", 8, "GOVERNOR can settle a day and change its terms"),
        (VAULT, "suspendDealing(bytes32)", 8, "GOVERNOR can suspend dealing and resume it"),
        (SHARE, "setVault(address,address)", 7, "DEALING_MANAGER can settle a day and name vaults"),
        (FEED, "resume()", 6, "GUARDIAN can suspend the feed and resume it (NavFeed A.suspend"),
        ("Distribution tUSD", "cancel(uint256)", 3, "TREASURER can create a distribution and cancel it"),
    ],
)
def test_a_role_with_both_ends_is_forbidden(
    fund: DeployedFund, contract: str, function: str, role: int, problem: str
) -> None:
    target = fund.record.address(contract)
    as_admin(fund.node, fund.record, "setTargetFunctionRole", target, [selector(function)], role)
    assert any(problem in found for found in read_roles(fund.record, fund.client).forbidden())


@pytest.mark.parametrize(
    ("coin", "fund", "problem"),
    [
        (
            (('DEALING_MANAGER = [{ account = "anvil:19" }]', ""),),
            (),
            "has no account in roles.DEALING_MANAGER",
        ),
        (
            (("anvil:19", "anvil:7"), ('attestors = ["anvil:7"', 'attestors = ["anvil:17"')),
            (),
            "is both ATTESTOR and DEALING_MANAGER",
        ),
        ((), (('max_holding = "5000000.0000"', 'max_holding = "8000000000000000000000000.0000"'),), "2^96"),
        ((), (('countries_only = ["GB"', 'countries_only = ["UK"'),), "no ISO 3166-1"),
        ((), (("max_holders = 50", "max_holders = 16777216"),), "less than 16777215"),
    ],
)
def test_terms_that_could_not_be_deployed_are_refused(
    tmp_path: Path, coin: tuple[tuple[str, str], ...], fund: tuple[tuple[str, str], ...], problem: str
) -> None:
    with pytest.raises(ConfigurationError) as caught:
        fund_at(tmp_path, *fund, coin=coin)
    assert problem in caught.value.message


# --------------------------------------------------------------------------------------------------- opening


def test_a_fund_is_opened_from_its_record(fund: DeployedFund) -> None:
    opened = Fund.load(fund.path, fund.node, terms=DEMO_FUND)
    first = opened.classes["A"]
    assert (first.symbol, first.decimals) == ("DMMF-A", 4)
    assert first.amount("1.5").base_units == 15_000
    assert first.from_base_units(15_000) == first.amount("1.5")
    assert first.feed.decimals() == 8
    assert first.feed.description() == "Demo Fund A (test) NAV per share in USD"
    vault = first.vaults["tUSD"]
    assert vault.custody() == account(CUSTODY)
    assert vault.open_day() is None
    assert (vault.progress().announced, vault.suspension_reason()) == (0, None)
    assert opened.classes["I"].share.policy().max_holders == 50
    assert opened.classes["I"].share.policy().classes == 0b10000
    assert opened.classes["I"].share.admits_country(344)
    assert not opened.classes["I"].share.admits_country(840)
    assert opened.distributions["tUSD"].count() == 0
    assert opened.coins["tUSD"].address == opened.issuance.token.address
    assert opened.terms is not None
    assert "A, I" in repr(opened)
    assert "A, 0x" in repr(first)

    issuance = Issuance.load(fund.coin.path, fund.node)
    assert Fund.load(fund.record, issuance).issuance is issuance


def test_a_fund_is_deployed_through_its_issuance(fund: DeployedFund) -> None:
    issuance = Issuance.load(fund.coin.path, fund.node)
    assert Fund.deploy(DEMO_FUND, issuance).record.book == fund.record.book


def test_a_fund_of_another_coin_is_refused(fund: DeployedFund, tmp_path: Path) -> None:
    other = fund_at(tmp_path, coin=(("demo-coin-1", "demo-coin-2"),))
    issuance = Issuance.load(fund.coin.path, fund.node)
    with pytest.raises(ConfigurationError, match="give the issuance of its first coin"):
        Fund.deploy(other, issuance)


def test_a_record_of_mixed_contracts_is_refused(fund: DeployedFund) -> None:
    contracts = {**fund.record.contracts, VAULT: fund.record.contracts["FundVault I tUSD"]}
    mixed = DeploymentRecord(**{**_fields(fund.record), "contracts": contracts})
    with pytest.raises(CodeMismatch, match="belongs to another deployment"):
        Fund.load(mixed, fund.client)


def test_a_fund_whose_feed_was_replaced_is_drift(fund: DeployedFund) -> None:
    as_governor(fund.node, fund.record, VAULT, "setNavFeed", fund.record.address("NavFeed I"))
    with pytest.raises(Drift, match="the feed of class A's vault for tUSD is"):
        Fund.load(fund.record, fund.client)


def _fields(record: DeploymentRecord) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
