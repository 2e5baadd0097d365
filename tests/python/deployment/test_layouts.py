"""The upgrade check: what it says of a record, and where it refuses to compare."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any

import pytest
from support.deployments import Deployed

from toolkit import artifacts
from toolkit.deployment import DeploymentRecord, check_record, check_upgrade, incompatibilities
from toolkit.errors import ConfigurationError, DeploymentError, UnsafeUpgrade

COIN = "erc7201:issuance.storage.Stablecoin"


def layout_of(contract: str) -> dict[str, Any]:
    """A copy of the packaged layout, to be changed."""
    return copy.deepcopy(artifacts.load(contract).storage_layout)


def with_layout(record: DeploymentRecord, contract: str, layout: dict[str, Any]) -> DeploymentRecord:
    """The record of a deployment whose `contract` lays out its storage like this."""
    entry = record.contracts[contract]
    assert entry.implementation is not None
    changed = replace(entry, implementation=replace(entry.implementation, storage_layout=layout))
    return replace(record, contracts={**record.contracts, contract: changed})


def test_a_deployment_of_this_version_keeps_its_storage(deployed: Deployed) -> None:
    assert set(check_record(deployed.record)) == {
        "InvestorRegistry",
        "OmnibusRegistry",
        "PrimaryMarket",
        "Stablecoin",
    }
    again = DeploymentRecord.load(deployed.path)
    assert check_record(again) == check_record(deployed.record)


def test_x2_a_deployment_with_other_storage_is_refused_with_every_field(deployed: Deployed) -> None:
    coin, market = layout_of("Stablecoin"), layout_of("PrimaryMarket")
    fields = coin["namespaces"][COIN]
    fields[0]["label"], fields[2]["slot"] = "source", "7"
    market["namespaces"]["erc7201:issuance.storage.Forgotten"] = fields
    market["types"] |= coin["types"]
    record = with_layout(with_layout(deployed.record, "Stablecoin", coin), "PrimaryMarket", market)
    with pytest.raises(UnsafeUpgrade) as caught:
        check_record(record)
    assert caught.value.details["incompatibilities"] == [
        f"Stablecoin at {COIN}.source: renamed to feed",
        f"Stablecoin at {COIN}.market: moved from slot 7, byte 0 to slot 1, byte 0",
        "PrimaryMarket at erc7201:issuance.storage.Forgotten: the namespace is gone",
    ]
    assert f"{COIN}.source: renamed to feed" in str(caught.value)
    assert isinstance(caught.value, DeploymentError)


def test_every_struct_behind_a_slot_is_in_the_layout() -> None:
    namespaces = artifacts.load("PrimaryMarket").storage_layout["namespaces"]
    assert {name.removeprefix("erc7201:") for name in namespaces} == {
        "issuance.storage.Approvals",
        "issuance.storage.PrimaryMarket",
        "issuance.storage.Redemptions",
        "openzeppelin.storage.AccessManaged",
        "openzeppelin.storage.Initializable",
    }
    types = artifacts.load("PrimaryMarket").storage_layout["types"]
    (status,) = (item for item in types.values() if item["label"] == "enum RedemptionStatus")
    assert status["members"][:3] == ["None", "Requested", "Accepted"]


@pytest.mark.parametrize("kept", [("storage", "types"), ()])
def test_a_layout_without_namespaces_cannot_be_compared(kept: tuple[str, ...]) -> None:
    whole = layout_of("Stablecoin")
    part = {name: whole[name] for name in kept}
    for old, new in ((part, whole), (whole, part)):
        with pytest.raises(ConfigurationError, match="namespaces"):
            check_upgrade(old, new, contract="Stablecoin")


def test_types_that_contain_themselves_are_compared_to_their_end() -> None:
    def layout(payload: str) -> dict[str, Any]:
        def member(label: str, slot: str, type_: str) -> dict[str, Any]:
            return {"label": label, "slot": slot, "offset": 0, "type": type_}

        node, children = "t_struct(Node)1_storage", "t_array(t_struct(Node)1_storage)dyn_storage"
        return {
            "storage": [member("root", "0", node)],
            "namespaces": {},
            "types": {
                node: {
                    "label": "struct Node",
                    "numberOfBytes": "64",
                    "members": [member("children", "0", children), member("payload", "1", payload)],
                },
                children: {"label": "struct Node[]", "numberOfBytes": "32", "base": node},
                "t_uint256": {"label": "uint256", "numberOfBytes": "32"},
                "t_int256": {"label": "int256", "numberOfBytes": "32"},
            },
        }

    assert incompatibilities(layout("t_uint256"), layout("t_uint256")) == []
    (found,) = incompatibilities(layout("t_uint256"), layout("t_int256"))
    assert (found.kind, found.where) == ("retyped", "storage.root.payload")
