"""The hand-written dataclasses and methods agree with the packaged ABIs."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import pytest

from toolkit import artifacts
from toolkit.bindings import events, fund_events, fund_structs, omnibus, structs
from toolkit.bindings.access import AccessManager, GuardianGate
from toolkit.bindings.contract import Contract
from toolkit.bindings.distribution import Distribution
from toolkit.bindings.event import ContractEvent
from toolkit.bindings.feed import AttestedFeed
from toolkit.bindings.market import PrimaryMarket
from toolkit.bindings.omnibus import OmnibusRegistry
from toolkit.bindings.registry import InvestorRegistry
from toolkit.bindings.roles import Role
from toolkit.bindings.share import FundShare
from toolkit.bindings.token import Stablecoin
from toolkit.bindings.vault import FundVault
from toolkit.chain.abi import canonical_type, signature, topic0

CONTRACTS: tuple[type[Contract], ...] = (
    AccessManager,
    AttestedFeed,
    Distribution,
    FundShare,
    FundVault,
    GuardianGate,
    InvestorRegistry,
    OmnibusRegistry,
    PrimaryMarket,
    Stablecoin,
)
EVENTS = [
    kind
    for module in (events, fund_events, omnibus)
    for name in module.__all__
    if isinstance(kind := getattr(module, name), type)
    and issubclass(kind, ContractEvent)
    and kind is not ContractEvent
]
# Of OpenZeppelin's bases and never emitted: the authority is fixed, and domains don't change.
NEVER_EMITTED = {"AuthorityUpdated", "EIP712DomainChanged"}


def _declared(kind: str) -> dict[str, dict[str, Any]]:
    return {
        signature(entry): entry
        for contract in CONTRACTS
        for entry in artifacts.load(contract.artifact).abi
        if entry["type"] == kind
    }


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()


def test_every_event_of_every_contract_has_a_class() -> None:
    declared = {topic0(entry): entry["name"] for entry in _declared("event").values()}
    written = {kind.topic0() for kind in EVENTS}
    assert {name for topic, name in declared.items() if topic not in written} <= NEVER_EMITTED
    assert written <= set(declared)


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.__name__)
def test_events_have_their_indexed_arguments(kind: type[ContractEvent]) -> None:
    entry = next(item for item in _declared("event").values() if topic0(item) == kind.topic0())
    inputs = [canonical_type(item) + (" indexed" if item["indexed"] else "") for item in entry["inputs"]]
    assert kind.declaration == f"{entry['name']}({','.join(inputs)})"
    assert len(dataclasses.fields(kind)) == len(inputs) + 1


@pytest.mark.parametrize(
    ("kind", "solidity"),
    [
        (structs.MintOrder, "MintOrder"),
        (structs.MintBatch, "MintBatch"),
        (structs.Signature, "Signature"),
        (structs.Attestation, "Attestation"),
        (structs.Redemption, "Redemption"),
        (structs.ApprovalTier, "ApprovalTier"),
        (structs.Wallet, "Wallet"),
        (structs.WalletEntry, "WalletEntry"),
        (omnibus.OmnibusCommitment, "OmnibusCommitment"),
        (omnibus.OmnibusStatement, "OmnibusStatement"),
        (omnibus.SumLeaf, "SumLeaf"),
        (omnibus.SumNode, "SumNode"),
        (fund_structs.Book, "Book"),
        (fund_structs.Day, "Day"),
        (fund_structs.DealingTerms, "DealingTerms"),
        (fund_structs.DistributionClaim, "DistributionClaim"),
        (fund_structs.DistributionRecord, "DistributionRecord"),
        (fund_structs.DistributionTerms, "DistributionTerms"),
        (fund_structs.Release, "Release"),
        (fund_structs.SharePolicy, "SharePolicy"),
    ],
)
def test_structs_have_solidity_fields_in_order(kind: type, solidity: str) -> None:
    components = _struct(solidity)
    written = [field.name for field in dataclasses.fields(kind)]
    assert ["investor_class" if name == "class" else _snake(name) for name in components] == written


def _struct(name: str) -> list[str]:
    def search(components: list[dict[str, Any]]) -> list[str] | None:
        for item in components:
            if re.fullmatch(rf"struct {name}(\[\])*", item.get("internalType", "")):
                return [part["name"] for part in item["components"]]
            found = search(item.get("components", []))
            if found is not None:
                return found
        return None

    for entry in _declared("function").values():
        found = search(entry["inputs"]) or search(entry["outputs"])
        if found is not None:
            return found
    raise AssertionError(f"no function takes or gives a {name}")


def test_role_numbers_are_those_of_the_contracts() -> None:
    from support.checkout import REPOSITORY

    text = (REPOSITORY / "contracts" / "access" / "Roles.sol").read_text()
    numbers = {name: int(value) for name, value in re.findall(r"constant (\w+) = (\d+);", text)}
    assert {role.name: int(role) for role in Role} == {"ADMIN": 0, **numbers}
