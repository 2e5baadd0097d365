from __future__ import annotations

from pathlib import Path

import pytest
from support.deployments import DEMO_TERMS, account, demo_terms

from toolkit.bindings.roles import Role
from toolkit.chain.hexes import keccak
from toolkit.deployment import Terms
from toolkit.errors import ConfigurationError

ONE = '[{ account = "anvil:1" }]'
REAL = "0x5AEDA56215b167893e80B4fE645BA6d5Bab767DE"


def test_the_demo_terms_are_what_they_say() -> None:
    terms = Terms.load(DEMO_TERMS)
    assert terms.coin.symbol == "tUSD"
    assert terms.reserve.max_age == 26 * 3600
    assert terms.order_cap.display() == "50,000,000.000000 tUSD"
    assert [(str(up_to), approvals) for up_to, approvals in terms.tiers] == [
        ("1000000.000000", 1),
        ("300000000.000000", 2),
    ]
    assert terms.operator_limits[account(1)].base_units == 300_000_000_000_000
    (governor,) = terms.holders(Role.GOVERNOR)
    assert (governor.account, governor.delay) == (account(10), 86_400)
    assert [holder.account for holder in terms.holders(Role.DEALING_MANAGER)] == [account(19)]
    assert terms.dev_accounts[account(12)] == 12
    assert terms.file_name == "demo-coin.toml"


def test_a_document_takes_its_hash_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "white-paper.txt").write_bytes(b"at par")
    text = DEMO_TERMS.read_text() + (
        '\n[[documents]]\nname = "white paper"\nuri = "https://example.org/wp"\npath = "white-paper.txt"\n'
    )
    terms = Terms.parse(text.encode(), file=tmp_path / "coin.toml")
    assert terms.documents[0].hash_word == keccak(b"at par")
    assert terms.documents[0].name_word == b"white paper".ljust(32, b"\0")


def test_delays_are_seconds_or_a_number_with_a_unit() -> None:
    terms = demo_terms(('delay = "1d"', "delay = 90"), ('max_age = "26h"', 'max_age = "30m"'))
    assert terms.holders(Role.GOVERNOR)[0].delay == 90
    assert terms.reserve.max_age == 1800


WRONG = {
    "unknown role": ("[roles]", f"[roles]\nMINTER = {ONE}", "roles.MINTER", "APPROVER, TREASURER"),
    "zero threshold": ("threshold = 2", "threshold = 0", "reserve.threshold", "greater than 0"),
    "threshold above attestors": ("threshold = 2", "threshold = 3", "reserve", "number of attestors (2)"),
    "attestor twice": ('["anvil:7", "anvil:8"]', '["anvil:7", "anvil:7"]', "reserve", "listed twice"),
    "no attestor": ('["anvil:7", "anvil:8"]', "[]", "reserve.attestors", "at least 1"),
    "unknown key": ("[reserve]", "[reserve]\ntreshold = 1", "reserve.treshold", "threshold, max_age"),
    "unknown table": ("[reserve]", "[fees]\nmint = 1\n[reserve]", "fees", "chain, issuer, coin"),
    "unknown key of a role": ('account = "anvil:1" }', 'acount = "anvil:1" }', "roles.OPERATOR.0", "missing"),
    "zero age": ('max_age = "26h"', "max_age = 0", "reserve.max_age", "greater than 0"),
    "age without unit": ('max_age = "26h"', 'max_age = "26"', "reserve.max_age", '"26h"'),
    "zero period": ('redemption_period = "1d"', "redemption_period = 0", "market.redemption_period", "0"),
    "float": ("max_rise_bps = 2000", "max_rise_bps = 20.5", "reserve.max_rise_bps", "floats are inexact"),
    "amount as float": ('"50000000.00"', "50000000.00", "market.order_cap", "floats are inexact"),
    "amount as int": ('"50000000.00"', "50000000", "market.order_cap", "decimal string"),
    "too many decimals": ('"50000000.00"', '"1.0000001"', "market.order_cap", "never rounded"),
    "negative amount": ('"50000000.00"', '"-1"', "market.order_cap", "-1"),
    "zero cap": ('order_cap = "50000000.00"', 'order_cap = "0"', "market.order_cap", "above zero"),
    "cap above tiers": ('"50000000.00"', '"400000000"', "market.order_cap", "highest tier"),
    "tiers not ascending": (
        'up_to = "1000000.00"',
        'up_to = "300000000"',
        "market.tiers.1.up_to",
        "ascending",
    ),
    "too few approvers": ("approvals = 2", "approvals = 3", "market.tiers.1.approvals", "2 account(s) hold"),
    "zero approvals": ("approvals = 1", "approvals = 0", "market.tiers.0.approvals", "greater than 0"),
    "zero limit": ('limit = "300000000.00"', 'limit = "0"', "market.operator_limits.0.limit", "unlimited"),
    "limit of a stranger": (
        'account = "anvil:1"\nlimit',
        'account = "anvil:13"\nlimit',
        "market.operator_limits.0.account",
        "doesn't hold OPERATOR",
    ),
    "operator without limit": (
        f"OPERATOR = {ONE}",
        'OPERATOR = [{ account = "anvil:1" }, { account = "anvil:13" }]',
        "market.operator_limits",
        "has no limit",
    ),
    "approver with a delay": (
        '{ account = "anvil:2" }',
        '{ account = "anvil:2", delay = "1h" }',
        "roles.APPROVER",
        "remove the delay",
    ),
    "guardian with a delay": (
        '{ account = "anvil:9" }',
        '{ account = "anvil:9", delay = 1 }',
        "roles.GUARDIAN",
        "remove the delay",
    ),
    "no guardian": ('GUARDIAN = [{ account = "anvil:9" }]', "", "roles.GUARDIAN", "name at least one"),
    "no governor": (
        'GOVERNOR = [{ account = "anvil:10", delay = "1d" }]',
        "",
        "roles.GOVERNOR",
        "at least one",
    ),
    "no admin": (
        'ADMIN = [{ account = "anvil:11", delay = "2d" }]',
        "ADMIN = []",
        "roles.ADMIN",
        "at least one",
    ),
    "operator approves": ('{ account = "anvil:2" }', '{ account = "anvil:1" }', "roles", "must be apart"),
    "attestor mints": ('["anvil:7", "anvil:8"]', '["anvil:1", "anvil:8"]', "roles", "ATTESTOR"),
    "guardian governs": ('account = "anvil:10"', 'account = "anvil:9"', "roles", "GOVERNOR and GUARDIAN"),
    "deployer keeps a role": (
        'account = "anvil:10"',
        'account = "anvil:0"',
        "roles.GOVERNOR",
        "the deployer",
    ),
    "holder twice": ('"anvil:3" }', '"anvil:2" }', "roles.APPROVER", "listed twice"),
    "long name": ('"Demo USD (test)"', '"Demo USD (test) of the far east!"', "coin.name", "use 1 to 31"),
    "long symbol": ('"tUSD"', f'"{"t" * 32}"', "coin.symbol", "use 1 to 31"),
    "symbol with a space": ('"tUSD"', '"t USD"', "coin", "letters, digits"),
    "unmarked name": ('"Demo USD (test)"', '"Reserve USD"', "coin.name", "test marker"),
    "unknown currency": ('currency = "USD"', 'currency = "XXX"', "coin", "unknown currency 'XXX'"),
    "decimals below cents": ("decimals = 6", "decimals = 1", "coin", "2 decimals"),
    "too many coin decimals": ("decimals = 6", "decimals = 19", "coin.decimals", "18"),
    "fall beyond all": ("max_fall_bps = 1000", "max_fall_bps = 10001", "reserve.max_fall_bps", "10000"),
    "unlicensed elsewhere": ("id = 31337", "id = 1", "chain.deployer", "published keys"),
    "no such account": ('deployer = "anvil:0"', 'deployer = "anvil:20"', "chain.deployer", "0 to 19"),
    "not an account": ('deployer = "anvil:0"', 'deployer = "anvil:x"', "chain.deployer", "anvil:<index>"),
    "wrong checksum": (
        'deployer = "anvil:0"',
        f'deployer = "0x{REAL[2:].swapcase()}"',
        "chain.deployer",
        "checksum",
    ),
    "no checksum": ('deployer = "anvil:0"', f'deployer = "{REAL.lower()}"', "chain.deployer", "no checksum"),
    "a licence without number": ('status = "test"', 'status = "licensed"', "issuer", "licence"),
    "another status": ('status = "test"', 'status = "pending"', "issuer.status", "licensed"),
    "missing table": ('salt = "demo-coin-1"', "", "coin.salt", "missing"),
    "not TOML": ("[chain]", "[chain", "not a TOML file", ""),
    "a document without hash": (
        "[roles]",
        '[[documents]]\nname = "a"\nuri = "b"\n[roles]',
        "documents.0",
        "hash",
    ),
    "a short hash": (
        "[roles]",
        '[[documents]]\nname = "a"\nuri = "b"\nhash = "0x01"\n[roles]',
        "documents.0",
        "32 are needed",
    ),
    "a missing file": (
        "[roles]",
        '[[documents]]\nname = "a"\nuri = "b"\npath = "no-such-file"\n[roles]',
        "documents.0",
        "can't be read",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_terms_are_refused_with_key_value_and_remedy(case: str) -> None:
    old, new, key, remedy = WRONG[case]
    with pytest.raises(ConfigurationError) as caught:
        demo_terms((old, new))
    message = caught.value.message
    assert "demo-coin.toml" in message
    assert key in message
    assert remedy in message


def test_a_higher_tier_with_fewer_approvals_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="fewer than the 2 of a lower tier"):
        demo_terms(
            ("approvals = 2", "approvals = 9"),
            ("approvals = 1", "approvals = 2"),
            ("approvals = 9", "approvals = 1"),
        )


def test_a_test_coin_stays_on_development_chains() -> None:
    text = DEMO_TERMS.read_text().replace("id = 31337", "id = 1")
    for index in range(20):
        text = text.replace(f'"anvil:{index}"', f'"{account(index)}"')
    with pytest.raises(ConfigurationError, match=r"issuer.status: 'test' on chain 1"):
        Terms.parse(text.encode(), file="coin.toml")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(ConfigurationError, match=r"nowhere\.toml can't be read"):
        Terms.load("nowhere.toml")
