from __future__ import annotations

import json
from pathlib import Path

import pytest
from support.deployments import Deployed, account, demo_terms, new_node

from toolkit.bindings.roles import Role
from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex
from toolkit.chain.signers import dev_signer
from toolkit.deployment import (
    DeploymentRecord,
    Progress,
    Stage,
    apply,
    default_record_path,
    plan,
    verify,
)
from toolkit.deployment.access import CONTRACTS
from toolkit.deployment.factory import FACTORY, FACTORY_CODE
from toolkit.errors import ConfigurationError, DeploymentError, NotAuthorised, WrongChain


def test_the_plan_of_an_empty_chain_names_everything_to_be_done(client: Client) -> None:
    steps = plan(demo_terms(), client)
    kinds = [step.kind for step in steps]
    assert kinds.count("create") == 11
    assert kinds[-1] == "handover"
    assert "set Stablecoin's buffer: 0 bps -> 100 bps [ADMIN]" in str(steps).splitlines()
    assert f"grant GOVERNOR to {account(10)}: not held -> delay 86400 s [ADMIN]" in str(steps).splitlines()
    assert json.loads(json.dumps([step.to_json() for step in steps]))[0]["by"] == [account(0)]


def test_planning_changes_nothing(client: Client) -> None:
    before = client.block().number
    assert str(plan(demo_terms(), client)) == str(plan(demo_terms(), client))
    assert client.block().number == before


def test_a_deployment_ends_in_an_empty_plan_and_a_record_that_holds(client: Client, tmp_path: Path) -> None:
    terms, path, seen = demo_terms(), tmp_path / "record.json", list[Progress]()
    record = apply(terms, client, None, path, seen.append)
    assert seen[-1].remaining == 0
    assert not plan(terms, client)
    assert str(plan(terms, client)) == ""
    assert DeploymentRecord.load(path) == record
    verify(terms, client, record)

    blocks = client.block().number
    again = apply(terms, client, None, path)
    assert again == record
    assert client.block().number == blocks


def test_the_record_has_the_fixed_names(deployed: Deployed) -> None:
    document = json.loads(deployed.path.read_text())
    assert tuple(document["contracts"]) == CONTRACTS
    for name in CONTRACTS:
        entry = document["contracts"][name]
        receipt = deployed.client.receipt(bytes.fromhex(entry["transaction"][2:]))
        assert receipt is not None
        assert receipt.block_number == entry["block"]
        assert len(entry["creation_code_hash"]) == len(entry["runtime_code_hash"]) == 66
    coin = document["contracts"]["Stablecoin"]
    assert coin["implementation"]["arguments"]["symbol"] == "tUSD"
    assert coin["implementation"]["storage_layout"] is not None
    assert coin["init_data"] == "0x8129fc1c"
    assert document["instance_id"] == deployed.node.instance_id
    assert document["terms"] == {"name": "demo-coin.toml", "sha256": deployed.terms.sha256}


def test_the_chain_is_what_the_terms_say(deployed: Deployed) -> None:
    from toolkit.bindings.feed import AttestedFeed

    feed = AttestedFeed(deployed.client, deployed.record.address("ReserveFeed"))
    assert set(feed.attestors()) == {account(7), account(8)}
    assert feed.threshold() == 2
    assert feed.max_age() == 93_600
    assert feed.description() == "Demo USD (test) reserve"


def test_addresses_follow_from_identity_and_never_from_settings(client: Client) -> None:
    here = plan(demo_terms(), client).suite.book.addresses
    adjusted = demo_terms(
        ("buffer_bps = 100", "buffer_bps = 200"),
        ("threshold = 2", "threshold = 1"),
        ('delay = "1d"', 'delay = "3d"'),
        ('order_cap = "50000000.00"', 'order_cap = "1.00"'),
    )
    assert plan(adjusted, client).suite.book.addresses == here
    for change in (("demo-coin-1", "demo-coin-2"), ('"tUSD"', '"uUSD"'), ("decimals = 6", "decimals = 8")):
        assert not set(plan(demo_terms(change), client).suite.book.addresses.values()) & set(here.values())


def test_a_chain_without_the_create2_deployer_gets_it_first(
    client: Client, node: Anvil, tmp_path: Path
) -> None:
    node.request("anvil_setCode", FACTORY, "0x")
    terms = demo_terms()
    assert next(iter(plan(terms, client))).kind == "factory"
    apply(terms, client, None, tmp_path / "record.json")
    assert client.code(FACTORY, "latest") == FACTORY_CODE
    assert not plan(terms, client)


def test_transactions_of_a_run_that_was_cut_off_are_seen_to_their_end(tmp_path: Path) -> None:
    """Signed, journalled and broadcast, but not mined when the first run gives up."""
    terms, path = demo_terms(), tmp_path / "record.json"
    with new_node() as node:
        client = node.client()
        node.set_automine(False)
        with pytest.raises(Exception, match="not mined after"):
            apply(terms, client, None, path, timeout=0.2)
        node.set_automine(True)
        stages = []
        apply(terms, client, None, path, lambda progress: stages.append(progress.stage))
        assert stages[0] is Stage.RESUMED
        assert not plan(terms, client)
        assert client.nonce(account(0), "latest") == stages.count(Stage.SENT) + 1
        client.close()


def test_a_journal_line_torn_by_a_crash_is_tolerated(client: Client, tmp_path: Path) -> None:
    terms, path = demo_terms(), tmp_path / "record.json"
    record = apply(terms, client, None, path)
    (journal,) = (tmp_path / "journal").glob(f"*{account(0)}*")
    with journal.open("a") as file:
        file.write('{"recorded":"0x12')
    other = demo_terms(("demo-coin-1", "demo-coin-2"))
    assert apply(other, client, None, tmp_path / "other.json").contracts.keys() == record.contracts.keys()


def test_a_lost_record_is_written_again_from_the_chain(deployed: Deployed, tmp_path: Path) -> None:
    assert apply(deployed.terms, deployed.client, None, tmp_path / "found.json") == deployed.record


def test_without_a_path_nothing_is_written(
    client: Client, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    apply(demo_terms(), client)
    assert list(tmp_path.iterdir()) == []


def test_the_default_place_of_a_record() -> None:
    assert default_record_path(demo_terms()) == Path("deployments/31337/tUSD.json")


def test_another_deployments_record_is_not_overwritten(deployed: Deployed) -> None:
    before = deployed.path.read_bytes()
    other = demo_terms(("demo-coin-1", "demo-coin-2"))
    with pytest.raises(DeploymentError, match="the record of another deployment"):
        apply(other, deployed.client, None, deployed.path)
    assert deployed.path.read_bytes() == before


def test_a_record_that_cannot_be_written_is_named(client: Client, tmp_path: Path) -> None:
    (tmp_path / "record.json").mkdir()
    with pytest.raises(ConfigurationError, match=r"record\.json can't be"):
        apply(demo_terms(), client, None, tmp_path / "record.json")


def test_only_the_deployer_can_deploy(client: Client) -> None:
    before = client.block().number
    with pytest.raises(NotAuthorised, match=account(0)):
        apply(demo_terms(), client, [dev_signer(5)])
    assert client.block().number == before


def test_another_deployer_than_the_terms_is_refused(client: Client) -> None:
    with pytest.raises(ConfigurationError, match=r"chain\.deployer"):
        plan(demo_terms(), client, account(1))
    assert plan(demo_terms(), client, account(0))


def test_the_wrong_chain_is_refused(client: Client) -> None:
    with pytest.raises(WrongChain, match=r"serves chain 31337, the terms demo-coin\.toml are for chain 1337"):
        plan(demo_terms(("id = 31337", "id = 1337")), client)


def test_documents_are_kept_on_the_token(client: Client, tmp_path: Path) -> None:
    document = (
        '[[documents]]\nname = "white paper"\nuri = "https://example.org/wp"\nhash = "0x' + "11" * 32 + '"\n'
    )
    terms = demo_terms(("[roles]", document + "[roles]"))
    record = apply(terms, client, None, tmp_path / "record.json")
    verify(terms, client, record)
    # Taken out of the terms, it is drift.
    (step,) = plan(demo_terms(), client)
    assert step.title == "set Stablecoin's document 'white paper'"
    assert step.detail == f"https://example.org/wp ({to_hex(bytes([0x11] * 32))}) -> none"
    assert [way.role for way in step.ways] == [Role.GOVERNOR]
