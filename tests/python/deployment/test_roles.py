from __future__ import annotations

import re

import pytest
from support.deployments import GOVERNOR, GUARDIAN, REPOSITORY, Deployed, account, as_admin

from toolkit.artifacts import load
from toolkit.chain.abi import selector, signature
from toolkit.deployment import read_roles
from toolkit.deployment.access import FUNCTION_ROLES, all_functions
from toolkit.deployment.suite import ARTIFACTS
from toolkit.errors import ForbiddenRoles


def test_the_table_says_who_may_call_what_after_what_delay(deployed: Deployed) -> None:
    table = read_roles(deployed.record, deployed.client)
    assert table.row("Stablecoin", "pause").holders == ((account(GUARDIAN), 0),)
    assert table.row("PrimaryMarket", "setOrderCap").holders == ((account(GOVERNOR), 86_400),)
    market = table.row("Stablecoin", "burnEscrow")
    assert (market.role, market.holders) == ("the market", ((deployed.record.address("PrimaryMarket"), 0),))
    administrators = dict(table.row("AccessManager", "grantRole").holders)
    assert administrators == {account(11): 172_800, deployed.record.address("GuardianGate"): 0}
    assert set(table.holders["ATTESTOR"]) == {account(7), account(8)}
    assert table.forbidden() == []
    table.check()
    assert [dict(row) for row in deployed.record.roles] == table.to_json()


def test_every_restricted_function_is_in_the_table() -> None:
    """The sources are searched, so that a function added without a role is noticed."""
    listed = {text.partition("(")[0] for _, text in all_functions()}
    restricted: set[str] = set()
    for path in (REPOSITORY / "contracts").rglob("*.sol"):
        source = re.sub(r"//[^\n]*|/\*.*?\*/", "", path.read_text(), flags=re.DOTALL)
        for name, modifiers in re.findall(r"function (\w+)\([^)]*\)([^{;]*)[{]", source):
            if re.search(r"\brestricted\b", modifiers):
                restricted.add(name)
    # `_authorizeUpgrade` stands behind `upgradeToAndCall`.
    restricted = {"upgradeToAndCall" if name == "_authorizeUpgrade" else name for name in restricted}
    assert restricted == listed


@pytest.mark.parametrize("contract", FUNCTION_ROLES)
def test_every_listed_function_exists(contract: str) -> None:
    known = {
        signature(entry)
        for entry in load(ARTIFACTS.get(contract, contract)).abi
        if entry["type"] == "function"
    }
    assert {text for item, text in all_functions() if item == contract} <= known


@pytest.mark.parametrize(
    ("role", "index", "said"),
    [
        (2, 1, "APPROVER and OPERATOR"),
        (3, 1, "OPERATOR and TREASURER"),
        (4, 1, "OPERATOR and REGISTRAR"),
        (3, 2, "APPROVER and TREASURER"),
        (8, 9, "GOVERNOR and GUARDIAN"),
        (5, 9, "COMPLIANCE and GUARDIAN"),
        (0, 9, "ADMIN and GUARDIAN"),
        (0, 4, "ADMIN and TREASURER"),
        (9, 2, "APPROVER and UPGRADER"),
        (1, 7, "ATTESTOR and OPERATOR"),
    ],
)
def test_an_account_with_two_roles_that_must_be_apart_is_found(
    deployed: Deployed, role: int, index: int, said: str
) -> None:
    as_admin(deployed.node, deployed.record, "grantRole", role, account(index), 0)
    with pytest.raises(ForbiddenRoles, match=f"{account(index)} is both {said}"):
        read_roles(deployed.record, deployed.client).check()


@pytest.mark.parametrize(
    ("contract", "function", "role", "said"),
    [
        ("Stablecoin", "unfreeze(address,uint256,bytes32)", 6, "GUARDIAN can freeze and unfreeze"),
        ("Stablecoin", "resume()", 6, "GUARDIAN can pause and resume"),
        ("PrimaryMarket", "recordPayouts(uint256[],bytes32[])", 1, "OPERATOR can accept and pay out"),
        ("PrimaryMarket", "rejectRedemptions(uint256[],bytes32)", 2, "APPROVER, who sign, can call"),
        ("PrimaryMarket", "stopMinting()", 0, "ADMIN, who grant, can call"),
        ("PrimaryMarket", "stopMinting()", 2**64 - 1, "anyone can call PrimaryMarket.stopMinting"),
        ("Stablecoin", "setFeed(address)", 1, "OPERATOR can mint and change the feed"),
    ],
)
def test_a_role_with_both_ends_is_found(
    deployed: Deployed, contract: str, function: str, role: int, said: str
) -> None:
    target = deployed.record.address(contract)
    as_admin(deployed.node, deployed.record, "setTargetFunctionRole", target, [selector(function)], role)
    with pytest.raises(ForbiddenRoles, match=said):
        read_roles(deployed.record, deployed.client).check()
