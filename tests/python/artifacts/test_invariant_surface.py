"""The invariant campaign knows every function of the suite that changes state."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from toolkit import artifacts

SURFACE = Path(__file__).resolve().parents[2] / "solidity" / "invariants" / "Surface.sol"
# In the order of the library's lists.
CONTRACTS = [
    "Stablecoin",
    "PrimaryMarket",
    "InvestorRegistry",
    "AttestedFeed",
    "GuardianGate",
    "AccessManager",
]
# Only a contract that consumes a schedule of its own may call it: `restricted` does, in every delayed call.
BETWEEN_CONTRACTS = {"consumeScheduledOp(address,bytes)"}


def _type(parameter: dict[str, Any]) -> str:
    kind: str = parameter["type"]
    if not kind.startswith("tuple"):
        return kind
    return (
        "(" + ",".join(_type(inner) for inner in parameter["components"]) + ")" + kind.removeprefix("tuple")
    )


def _signatures(name: str, *, changing: bool) -> set[str]:
    return {
        f"{entry['name']}({','.join(_type(parameter) for parameter in entry['inputs'])})"
        for entry in artifacts.load(name).abi
        if entry["type"] == "function"
        and (not changing or entry["stateMutability"] in ("nonpayable", "payable"))
    }


def _driven() -> set[str]:
    return set(re.findall(r'"(\w+\(.*\))"', SURFACE.read_text()))


@pytest.mark.parametrize("name", CONTRACTS)
def test_every_changing_function_is_driven(name: str) -> None:
    missing = _signatures(name, changing=True) - _driven() - BETWEEN_CONTRACTS
    assert not missing, f"add to {SURFACE.name}, and drive in a campaign action: {sorted(missing)}"


def test_nothing_is_driven_that_is_no_function() -> None:
    known = set().union(*(_signatures(name, changing=False) for name in CONTRACTS))
    assert _driven() <= known
