from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from support.deployments import Deployed, demo_terms, new_node

from toolkit.bindings.contract import IMPLEMENTATION_SLOT
from toolkit.chain.anvil import Anvil
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex, to_quantity
from toolkit.deployment import DeploymentRecord, apply, differences, plan, verify
from toolkit.errors import (
    CodeMismatch,
    ConfigurationError,
    DeploymentError,
    Drift,
    NodeUnreachable,
    StaleDeployment,
    WrongChain,
)


def test_a_record_of_another_anvil_instance_is_stale(deployed: Deployed) -> None:
    with new_node() as other:
        client = other.client()
        with pytest.raises(StaleDeployment, match="deployed there is gone"):
            deployed.record.check(client)
        with pytest.raises(StaleDeployment):
            verify(deployed.terms, client, deployed.record)
        # Applying there writes the record anew: same addresses, another instance.
        again = apply(deployed.terms, client, None, deployed.path)
        assert again.book == deployed.record.book
        assert again.instance_id == other.instance_id
        DeploymentRecord.load(deployed.path).check(client)
        client.close()


def test_a_record_of_another_chain_is_stale(deployed: Deployed) -> None:
    record = replace(deployed.record, chain_id=1337)
    with pytest.raises(StaleDeployment, match="chain 1337"):
        record.check(deployed.client)


@pytest.mark.parametrize("code", ["0x", "0x6001600255"])
@pytest.mark.parametrize("contract", ["AccessManager", "ReserveFeed", "Stablecoin"])
def test_other_code_at_an_address_is_a_mismatch(deployed: Deployed, contract: str, code: str) -> None:
    deployed.node.request("anvil_setCode", deployed.record.address(contract), code)
    with pytest.raises(CodeMismatch, match=deployed.record.address(contract)):
        deployed.record.check(deployed.client)


def test_foreign_code_stops_the_plan(deployed: Deployed) -> None:
    deployed.node.request("anvil_setCode", deployed.record.address("ReserveFeed"), "0x6001600255")
    with pytest.raises(CodeMismatch, match="is not ReserveFeed's"):
        plan(deployed.terms, deployed.client)


def test_a_factory_that_is_another_contract_stops_the_plan(client: Client, node: Anvil) -> None:
    from toolkit.deployment.factory import FACTORY

    node.request("anvil_setCode", FACTORY, "0x6001600255")
    with pytest.raises(CodeMismatch, match="CREATE2"):
        plan(demo_terms(), client)


def test_another_implementation_behind_a_proxy_is_a_mismatch(deployed: Deployed) -> None:
    feed = deployed.record.address("ReserveFeed")
    word = to_hex(bytes.fromhex(feed[2:]).rjust(32, b"\0"))
    token = deployed.record.address("Stablecoin")
    deployed.node.request("anvil_setStorageAt", token, to_quantity(IMPLEMENTATION_SLOT), word)
    with pytest.raises(CodeMismatch, match=feed):
        deployed.record.check(deployed.client)
    with pytest.raises(CodeMismatch, match="it was upgraded"):
        plan(deployed.terms, deployed.client)


def test_an_unfinished_record_is_not_used(deployed: Deployed) -> None:
    with pytest.raises(DeploymentError, match="run `issuance deploy apply` again"):
        replace(deployed.record, complete=False).check(deployed.client)


def test_an_edited_record_is_found_out(deployed: Deployed) -> None:
    document = json.loads(deployed.path.read_text())
    document["contracts"]["ReserveFeed"]["creation_code_hash"] = "0x" + "00" * 32
    document["roles"].pop()
    deployed.path.write_text(json.dumps(document))
    record = DeploymentRecord.load(deployed.path)
    found = [str(item) for item in differences(deployed.terms, deployed.client, record)]
    assert len(found) == 2
    assert "ReserveFeed's creation code has the hash 0x0000" in found[0]
    assert "the table of roles has changed" in found[1]
    with pytest.raises(Drift, match="2 difference"):
        verify(deployed.terms, deployed.client, record)


def test_the_record_of_another_coin_is_found_out(deployed: Deployed) -> None:
    terms = demo_terms(("demo-coin-1", "demo-coin-2"))
    with pytest.raises(Drift, match="Stablecoin implementation is recorded at"):
        verify(terms, deployed.client, deployed.record)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is not JSON"),
        ("[]", "is not a deployment record"),
        ('{"schema": 7}', "is not a deployment record"),
        ('{"schema": 1, "contracts": {}}', "is not a deployment record"),
    ],
)
def test_a_file_that_is_no_record_is_refused(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "record.json").write_text(content)
    with pytest.raises(ConfigurationError, match=said):
        DeploymentRecord.load(tmp_path / "record.json")


def test_a_missing_record_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="issuance deploy apply"):
        DeploymentRecord.load(tmp_path / "record.json")


def test_a_contract_that_is_not_recorded_is_named(deployed: Deployed) -> None:
    with pytest.raises(DeploymentError, match="no FundVault"):
        deployed.record.address("FundVault")


def test_without_a_node_it_says_so() -> None:
    with pytest.raises(NodeUnreachable):
        plan(demo_terms(), Client("http://127.0.0.1:9"))


def test_a_client_of_another_chain_is_refused(node: Anvil) -> None:
    with pytest.raises(WrongChain):
        apply(demo_terms(), Client(node.rpc_url, chain_id=1))
