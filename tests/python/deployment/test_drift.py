from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from support.deployments import (
    ADMIN,
    GOVERNOR,
    GUARDIAN,
    STRANGER,
    Deployed,
    account,
    as_admin,
    as_governor,
    demo_terms,
    send,
)
from support.refusals.cases import create

from toolkit.chain.abi import selector
from toolkit.chain.journal import MemoryJournal
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_signer
from toolkit.deployment import Progress, Stage, apply, plan, verify
from toolkit.deployment.record import RecordedContract
from toolkit.deployment.roles import read_roles
from toolkit.errors import ConfigurationError, Drift, NotAuthorised

DAY = 86_400
PUBLIC = 2**64 - 1


def _give_to_everyone(deployed: Deployed) -> None:
    mint = [selector("setDocument(bytes32,string,bytes32)")]
    as_admin(
        deployed.node,
        deployed.record,
        "setTargetFunctionRole",
        deployed.record.address("Stablecoin"),
        mint,
        PUBLIC,
    )


def _unlisted_function(deployed: Deployed) -> None:
    codes = [selector("transfer(address,uint256)")]
    as_admin(
        deployed.node,
        deployed.record,
        "setTargetFunctionRole",
        deployed.record.address("Stablecoin"),
        codes,
        1,
    )


def _admin(*args: Any) -> Callable[[Deployed], None]:
    return lambda deployed: as_admin(deployed.node, deployed.record, *args)


def _governor(*args: Any) -> Callable[[Deployed], None]:
    return lambda deployed: as_governor(deployed.node, deployed.record, *args)


def _close(deployed: Deployed) -> None:
    as_admin(
        deployed.node, deployed.record, "setTargetClosed", deployed.record.address("PrimaryMarket"), True
    )


def _slow_target(deployed: Deployed) -> None:
    target = deployed.record.address("PrimaryMarket")
    as_admin(deployed.node, deployed.record, "setTargetAdminDelay", target, DAY)


def _suspended(deployed: Deployed) -> None:
    send(deployed.client, GUARDIAN, deployed.record, "ReserveFeed", "suspendAttestor", account(8))


DRIFT: dict[str, tuple[Callable[[Deployed], None], str]] = {
    "a foreign holder": (
        _admin("grantRole", 1, STRANGER, 0),
        f"revoke OPERATOR from {STRANGER}: held -> not held",
    ),
    "a role of its own": (
        _admin("grantRole", 42, STRANGER, 0),
        f"revoke role 42 from {STRANGER}: held -> not held",
    ),
    "a second administrator": (_admin("grantRole", 0, STRANGER, 5), f"revoke ADMIN from {STRANGER}"),
    "the deployer again": (
        _admin("grantRole", 0, account(0), 0),
        f"take ADMIN from the deployer {account(0)}",
    ),
    "a holder gone": (
        _admin("revokeRole", 2, account(2)),
        f"grant APPROVER to {account(2)}: not held -> delay 0 s",
    ),
    "a longer delay": (
        _admin("grantRole", 8, account(GOVERNOR), 2 * DAY),
        f"grant GOVERNOR to {account(GOVERNOR)}: delay 172800 s -> delay 86400 s",
    ),
    "a function for everyone": (_give_to_everyone, "give Stablecoin's setDocument to GOVERNOR"),
    "a function nobody listed": (
        _unlisted_function,
        "give Stablecoin's 0xa9059cbb to ADMIN: OPERATOR -> ADMIN",
    ),
    "a closed contract": (_close, "open PrimaryMarket: closed -> open"),
    "a slow contract": (_slow_target, "remove PrimaryMarket's administration delay: 86400 s -> 0 s"),
    "a label": (_admin("labelRole", 1, "MINTER"), "label role 1: MINTER -> OPERATOR"),
    "a guardian": (_admin("setRoleGuardian", 8, 1), "set the guardian of GOVERNOR: OPERATOR -> GUARDIAN"),
    "an administrator of a role": (
        _admin("setRoleAdmin", 1, 8),
        "set the administrator of OPERATOR: GOVERNOR -> ADMIN",
    ),
    "a grant delay": (_admin("setGrantDelay", 1, DAY), "remove the grant delay of OPERATOR: 86400 s -> 0 s"),
    "an order cap": (
        _governor("PrimaryMarket", "setOrderCap", 10**15),
        "set PrimaryMarket's order cap: 1,000,000,000.000000 tUSD -> 50,000,000.000000 tUSD",
    ),
    "tiers": (
        _governor("PrimaryMarket", "setApprovalTiers", [(10**15, 1)]),
        "set PrimaryMarket's approval tiers: up to 1,000,000,000.000000 tUSD: 1 -> ",
    ),
    "a stranger's limit": (
        _governor("PrimaryMarket", "setOperatorLimit", STRANGER, 10**6),
        f"set PrimaryMarket's limit of operator {STRANGER}: 1.000000 tUSD -> 0.000000 tUSD",
    ),
    "a redemption period": (
        _governor("PrimaryMarket", "setRedemptionPeriod", 1),
        "set PrimaryMarket's redemption period: 1 s -> 86400 s",
    ),
    "a buffer": (_governor("Stablecoin", "setBuffer", 0), "set Stablecoin's buffer: 0 bps -> 100 bps"),
    "a document": (
        _governor("Stablecoin", "setDocument", b"terms".ljust(32, b"\0"), "ipfs://x", bytes(32)),
        "set Stablecoin's document 'terms': ipfs://x (0x0000",
    ),
    "the feed's limits": (
        _governor("ReserveFeed", "setLimits", 10**6, 1, 2),
        "set ReserveFeed's limits: age 1000000 s, rise 1 bps, fall 2 bps -> age 93600 s",
    ),
    "a suspended attestor": (_suspended, f"set ReserveFeed's attestors: 2 of {account(7)} -> 2 of "),
}


@pytest.mark.parametrize("case", DRIFT)
def test_what_someone_changed_is_in_the_plan_and_nothing_else_is(deployed: Deployed, case: str) -> None:
    change, expected = DRIFT[case]
    change(deployed)
    (step,) = plan(deployed.terms, deployed.client)
    assert str(step).startswith(expected)
    with pytest.raises(Drift) as caught:
        verify(deployed.terms, deployed.client, deployed.record)
    assert any(expected in difference for difference in caught.value.details["differences"])


def test_a_feed_swapped_on_the_token_is_drift(deployed: Deployed) -> None:
    manager = deployed.record.address("AccessManager")
    sender = Sender(deployed.client, dev_signer(15), MemoryJournal())
    elsewhere = sender.execute(create("AttestedFeed", manager, 6, "another")).receipt.contract_address
    as_governor(deployed.node, deployed.record, "Stablecoin", "setFeed", elsewhere)
    (step,) = plan(deployed.terms, deployed.client)
    feed = deployed.record.address("ReserveFeed")
    assert f"{step.title}: {step.detail}" == f"set Stablecoin's feed: {elsewhere} -> {feed}"


def test_a_change_of_the_terms_is_a_plan_too(deployed: Deployed) -> None:
    terms = demo_terms(("buffer_bps = 100", "buffer_bps = 250"))
    assert str(plan(terms, deployed.client)) == "set Stablecoin's buffer: 100 bps -> 250 bps [GOVERNOR]"
    with pytest.raises(Drift, match="was applied"):
        verify(terms, deployed.client, deployed.record)


def test_a_delayed_role_schedules_waits_and_then_acts(deployed: Deployed) -> None:
    terms = demo_terms(("buffer_bps = 100", "buffer_bps = 250"), ("50000000.00", "40000000.00"))
    seen: list[Progress] = []

    def run() -> list[Stage]:
        seen.clear()
        apply(terms, deployed.client, [dev_signer(GOVERNOR)], deployed.path, seen.append)
        return [progress.stage for progress in seen]

    assert run() == [Stage.SENT, Stage.SCHEDULED, Stage.WAITING]
    (first, second) = plan(terms, deployed.client)
    assert first.scheduled is not None
    assert second.scheduled is not None
    assert first.scheduled.caller == account(GOVERNOR)
    assert first.scheduled.ready_at == deployed.client.block().timestamp + DAY
    assert f"ready at {first.scheduled.ready_at}" in str(first)

    assert run() == [Stage.WAITING]
    deployed.node.advance_time(DAY)
    assert run() == [Stage.SENT, Stage.DONE, Stage.SENT, Stage.DONE]
    assert not plan(terms, deployed.client)


def test_the_deployer_does_not_stay_while_others_wait(deployed: Deployed) -> None:
    deployer = deployed.terms.chain.deployer
    as_admin(deployed.node, deployed.record, "grantRole", 0, deployer, 0)
    terms = demo_terms(("buffer_bps = 100", "buffer_bps = 250"))
    apply(terms, deployed.client, [dev_signer(0), dev_signer(GOVERNOR)], deployed.path)
    assert [step.kind for step in plan(terms, deployed.client)] == ["set"]


def test_a_history_that_begins_too_late_is_not_believed(deployed: Deployed) -> None:
    """A foreign administrator granted before the first block looked at would be seen by nobody."""
    as_admin(deployed.node, deployed.record, "grantRole", 0, STRANGER, 0)
    deployed.node.mine(1)
    late = deployed.client.block().number
    terms = demo_terms(("id = 31337", f"id = 31337\nfirst_block = {late}"))
    with pytest.raises(ConfigurationError, match=f"block {late} is after the access manager's creation"):
        plan(terms, deployed.client)
    tampered = replace(
        deployed.record,
        contracts={name: _later(entry, late) for name, entry in deployed.record.contracts.items()},
    )
    with pytest.raises(ConfigurationError, match="roles granted before would be missed"):
        read_roles(tampered, deployed.client)
    assert read_roles(deployed.record, deployed.client).holders["ADMIN"][STRANGER] == 0


def _later(entry: RecordedContract, block: int) -> RecordedContract:
    behind = entry.implementation
    return replace(entry, block=block, implementation=behind and _later(behind, block))


def test_a_schedule_that_lapsed_is_made_again(deployed: Deployed) -> None:
    terms = demo_terms(("buffer_bps = 100", "buffer_bps = 250"))
    apply(terms, deployed.client, [dev_signer(GOVERNOR)])
    deployed.node.advance_time(9 * DAY)
    (step,) = plan(terms, deployed.client)
    assert step.scheduled is None
    apply(terms, deployed.client, [dev_signer(GOVERNOR)])
    (step,) = plan(terms, deployed.client)
    assert step.scheduled is not None


def test_the_access_table_is_mended_by_the_administrator_after_its_delay(deployed: Deployed) -> None:
    as_admin(deployed.node, deployed.record, "revokeRole", 2, account(2))
    as_admin(deployed.node, deployed.record, "labelRole", 1, "MINTER")
    apply(deployed.terms, deployed.client, [dev_signer(ADMIN)])
    assert len(plan(deployed.terms, deployed.client)) == 2
    deployed.node.advance_time(2 * DAY)
    seen: list[Progress] = []
    apply(deployed.terms, deployed.client, [dev_signer(ADMIN)], None, seen.append)
    assert [(item.stage, len(item.steps)) for item in seen] == [(Stage.SENT, 2), (Stage.DONE, 2)]
    assert not plan(deployed.terms, deployed.client)


def test_a_guardian_takes_a_foreign_role_away_at_once(deployed: Deployed) -> None:
    as_admin(deployed.node, deployed.record, "grantRole", 1, STRANGER, 0)
    (step,) = plan(deployed.terms, deployed.client)
    assert [str(way) for way in step.ways] == ["GUARDIAN", "ADMIN"]
    apply(deployed.terms, deployed.client, [dev_signer(ADMIN), dev_signer(GUARDIAN)])
    assert not plan(deployed.terms, deployed.client)


def test_without_the_roles_signer_nothing_is_sent(deployed: Deployed) -> None:
    terms = demo_terms(("buffer_bps = 100", "buffer_bps = 250"))
    before = deployed.client.block().number
    with pytest.raises(NotAuthorised, match=f"GOVERNOR \\({account(GOVERNOR)}\\)") as caught:
        apply(terms, deployed.client, [dev_signer(0), dev_signer(GUARDIAN), dev_signer(ADMIN)])
    assert caught.value.details["roles"] == ["GOVERNOR"]
    assert deployed.client.block().number == before


def test_an_operator_left_out_of_the_terms_loses_role_and_limit(deployed: Deployed) -> None:
    terms = demo_terms(
        ('{ account = "anvil:1" }', '{ account = "anvil:13" }'),
        ('account = "anvil:1"\nlimit', 'account = "anvil:13"\nlimit'),
    )
    lines = str(plan(terms, deployed.client))
    assert f"limit of operator {account(1)}: 300,000,000.000000 tUSD -> 0.000000 tUSD" in lines
    assert f"revoke OPERATOR from {account(1)}" in lines
    assert f"grant OPERATOR to {account(13)}" in lines
