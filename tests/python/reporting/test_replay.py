"""A coin's state added up from logs: what each event does, and what can't be."""

from __future__ import annotations

import json
from typing import Any

import pytest

from toolkit.bindings import events
from toolkit.chain.abi import selector
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes
from toolkit.chain.hexes import to_hex
from toolkit.errors import InconsistentNode
from toolkit.reporting.replay import CoinReplay, CoinState

TOKEN, MARKET = address_from_bytes(b"\x01" * 20), address_from_bytes(b"\x02" * 20)
ALICE, BOB, OPERATOR = (address_from_bytes(bytes([n]) * 20) for n in (0xA1, 0xB0, 0x0F))
BURN_BY_ORDER = selector("burnByOrder(address,uint256,bytes32)")


class Chain:
    """Writes logs as a node's JSON has them."""

    def __init__(self) -> None:
        self.block, self.transaction, self.index = 1, 1, 0
        self.logs: list[dict[str, Any]] = []

    def emit(self, contract: str, event: type[events.ContractEvent], *values: Any) -> Chain:
        kinds = event.declaration[event.declaration.index("(") + 1 : -1].split(",")
        topics, data = [to_hex(event.topic0())], ""
        for kind, value in zip(kinds, values, strict=True):
            if kind.endswith(" indexed"):
                topics.append("0x" + _word(value))
            else:
                data += _word(value)
        self.logs.append(
            {
                "address": contract,
                "topics": topics,
                "data": "0x" + data,
                "blockNumber": hex(self.block),
                "logIndex": hex(self.index),
                "transactionHash": "0x" + f"{self.transaction:064x}",
            }
        )
        self.index += 1
        return self

    def then(self) -> Chain:
        """The next transaction, in the next block."""
        self.block, self.transaction, self.index = self.block + 1, self.transaction + 1, 0
        return self

    def minted(self, number: int, to: str, amount: int) -> Chain:
        self.emit(TOKEN, events.Transfer, ZERO_ADDRESS, to, amount)
        return self.emit(MARKET, events.OrderExecuted, number, OPERATOR).then()

    def requested(self, number: int, holder: str, amount: int) -> Chain:
        self.emit(TOKEN, events.Transfer, holder, MARKET, amount)
        return self.emit(
            MARKET, events.RedemptionRequested, number, holder, b"\x07" * 32, amount, holder
        ).then()

    def accepted(self, number: int, holder: str, amount: int) -> Chain:
        self.emit(TOKEN, events.Transfer, MARKET, ZERO_ADDRESS, amount)
        return self.emit(MARKET, events.RedemptionAccepted, number, OPERATOR, holder, amount).then()

    def paid(self, number: int, amount: int) -> Chain:
        self.emit(TOKEN, events.Discharged, amount, amount)
        return self.emit(MARKET, events.RedemptionPaid, number, OPERATOR, b"\x08" * 32, amount).then()

    def read(self, replay: CoinReplay | None = None) -> CoinReplay:
        found = CoinReplay(TOKEN, MARKET) if replay is None else replay
        found.read(self.logs)
        self.logs = []
        return found


def _word(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:064x}"
    if isinstance(value, bytes):
        return value.hex().ljust(64, "0")
    return value[2:].lower().rjust(64, "0")


@pytest.fixture
def chain() -> Chain:
    return Chain()


def test_a_life_of_orders_adds_up(chain: Chain) -> None:
    chain.minted(1, ALICE, 900).minted(2, BOB, 100)
    chain.requested(1, ALICE, 300).requested(2, ALICE, 50).requested(3, BOB, 10)
    chain.accepted(1, ALICE, 300).paid(1, 300).accepted(2, ALICE, 50)
    chain.emit(TOKEN, events.Frozen, BOB, 2**128 - 1)
    found = chain.read()
    state = found.coin
    assert (state.minted, state.burned, state.discharged) == (1000, 350, 300)
    assert state.supply.outstanding == 650
    assert state.supply.payable == 50
    assert state.balances == {ALICE: 550, BOB: 90, MARKET: 10}
    assert (state.frozen_total, state.escrowed, state.accepted) == (90, 10, {2: 50})
    assert [(item.number, item.account, item.units) for item in found.window.mints] == [
        (1, ALICE, 900),
        (2, BOB, 100),
    ]
    assert [item.number for item in found.window.burns] == [1, 2]
    assert [item.number for item in found.window.payouts] == [1]
    assert not found.window.stray_mints
    assert not found.window.stray_burns


def test_a_mint_that_no_order_executed_is_a_stray(chain: Chain) -> None:
    chain.emit(TOKEN, events.Transfer, ZERO_ADDRESS, BOB, 7).then().minted(1, ALICE, 5)
    window = chain.read().window
    assert [(item.account, item.units) for item in window.stray_mints] == [(BOB, 7)]
    assert [item.number for item in window.mints] == [1]


def test_a_burn_under_a_case_is_explained_and_another_is_a_stray(chain: Chain) -> None:
    chain.minted(1, ALICE, 100)
    chain.emit(TOKEN, events.Transfer, ALICE, ZERO_ADDRESS, 30)
    chain.emit(TOKEN, events.Discharged, 30, 30)
    chain.emit(TOKEN, events.CaseActed, b"\xca" * 32, ALICE, OPERATOR, BURN_BY_ORDER, 30).then()
    chain.emit(TOKEN, events.Transfer, ALICE, ZERO_ADDRESS, 1)
    found = chain.read()
    assert found.coin.burned_by_order == 30
    assert [item.units for item in found.window.by_order] == [30]
    assert [item.units for item in found.window.stray_burns] == [1]


def test_a_forced_transfer_is_supply_neutral(chain: Chain) -> None:
    chain.minted(1, ALICE, 100)
    chain.emit(TOKEN, events.ForcedTransfer, ALICE, BOB, 40)
    chain.emit(TOKEN, events.Transfer, ALICE, BOB, 40)
    found = chain.read()
    assert found.coin.balances == {ALICE: 60, BOB: 40}
    assert [item.units for item in found.window.recovered] == [40]


@pytest.mark.parametrize("ended", [events.RedemptionCancelled, events.RedemptionRejected])
def test_a_request_that_ends_leaves_the_escrow(chain: Chain, ended: type[events.ContractEvent]) -> None:
    chain.minted(1, ALICE, 100).requested(1, ALICE, 60)
    chain.emit(TOKEN, events.Transfer, MARKET, ALICE, 60)
    more = (ALICE, 60) if ended is events.RedemptionCancelled else (ALICE, OPERATOR, 60, b"\x01" * 32)
    chain.emit(MARKET, ended, 1, *more)
    assert chain.read().coin.escrowed == 0


def test_a_checkpoint_goes_on_where_it_was_left(chain: Chain) -> None:
    chain.minted(1, ALICE, 900).requested(1, ALICE, 300).requested(2, ALICE, 1).accepted(1, ALICE, 300)
    first = chain.read()
    kept = CoinState.from_data(json.loads(json.dumps(first.coin.to_data())))
    chain.paid(1, 300).accepted(2, ALICE, 1)
    logs = list(chain.logs)
    chain.read(first)
    chain.logs = logs
    second = chain.read(CoinReplay(TOKEN, MARKET, kept))
    assert second.coin.to_data() == first.coin.to_data()
    assert [item.number for item in second.window.burns] == [2]


@pytest.mark.parametrize(
    ("what", "match"),
    [
        ("transfer", "sent more than it held"),
        ("accepted", "without having been there"),
        ("place", "sequence"),
    ],
)
def test_a_history_with_a_hole_is_refused(chain: Chain, what: str, match: str) -> None:
    if what == "transfer":
        chain.emit(TOKEN, events.Transfer, ALICE, BOB, 1)
    elif what == "accepted":
        chain.minted(1, MARKET, 5).accepted(9, ALICE, 5)
    else:
        chain.minted(2, ALICE, 5)
        chain.logs.reverse()
    with pytest.raises(InconsistentNode, match=match):
        chain.read()
