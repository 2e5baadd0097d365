"""The feed read with web3, by the ABI that Chainlink's package ships.

What a contract compiled against Chainlink's interface sees is in tests/solidity/Conformance.t.sol.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.suite import Suite

from toolkit import artifacts
from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.chain.abi import selector, signature
from toolkit.chain.hexes import to_hex

ABI = REPOSITORY / "node_modules" / "@chainlink" / "contracts" / "abi" / "v0.8" / "AggregatorV3Interface.json"


@pytest.fixture
def aggregator(suite: Suite) -> Any:
    from web3 import HTTPProvider, Web3

    web3 = Web3(HTTPProvider(suite.node.rpc_url))
    return web3.eth.contract(address=suite.feed.address, abi=json.loads(ABI.read_bytes())).functions


def test_the_feed_has_chainlinks_functions_to_the_letter() -> None:
    """Names, arguments, results and that they only read; the names of arguments and results are free."""

    def shape(entry: dict[str, Any]) -> tuple[str, str, list[str]]:
        return signature(entry), entry["stateMutability"], [item["type"] for item in entry["outputs"]]

    ours = [shape(entry) for entry in artifacts.load("AttestedFeed").abi if entry["type"] == "function"]
    theirs = [shape(entry) for entry in json.loads(ABI.read_bytes())]
    assert len(theirs) == 5
    for name, mutability, outputs in theirs:
        # `version` is a constant here, so it may promise more.
        allowed = {mutability, "pure"} if name == "version()" else {mutability}
        assert any((name, kind, outputs) in ours for kind in allowed), name


def test_web3_reads_rounds_by_chainlinks_abi(suite: Suite, aggregator: Any) -> None:
    first = suite.now() - 1
    suite.attest(1_000_000, as_of=first)
    suite.node.advance_time(100)
    suite.node.mine()
    suite.attest(1_100_000, as_of=first + 50)
    assert aggregator.decimals().call() == 6
    assert aggregator.description().call() == suite.feed.description()
    assert aggregator.version().call() == 1
    assert aggregator.latestRoundData().call() == [2, 1_100_000, first + 50, first + 50, 2]
    assert aggregator.getRoundData(1).call() == [1, 1_000_000, first, first, 1]


def test_web3_hears_that_there_is_no_data(suite: Suite, aggregator: Any) -> None:
    """Chainlink's interface wants a revert where there is nothing to report, not zeros."""
    from web3.exceptions import ContractCustomError

    missing = to_hex(selector(errors.NoRound.signature))
    with pytest.raises(ContractCustomError, match=missing):
        aggregator.latestRoundData().call()
    suite.attest(1_000_000)
    with pytest.raises(ContractCustomError, match=missing):
        aggregator.getRoundData(2).call()
    suite.send(Role.GUARDIAN, suite.feed.suspend())
    with pytest.raises(ContractCustomError, match=to_hex(selector(errors.FeedSuspended.signature))):
        aggregator.latestRoundData().call()
