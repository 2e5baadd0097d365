"""The quick reading of our events gives what the general one gives, and what web3 gives."""

from __future__ import annotations

from dataclasses import fields
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.suite import CASE, Suite
from web3 import Web3

from toolkit.artifacts import load
from toolkit.bindings import events
from toolkit.bindings.events import ContractEvent
from toolkit.bindings.layouts import EventLayout
from toolkit.bindings.roles import Role
from toolkit.chain.answers import parse_log
from toolkit.chain.hexes import to_hex
from toolkit.errors import InvalidInput

READ = (
    events.Transfer,
    events.Discharged,
    events.OrderExecuted,
    events.RedemptionRequested,
    events.RedemptionAccepted,
    events.RedemptionPaid,
    events.RedemptionCancelled,
    events.RedemptionRejected,
    events.RedemptionSeized,
    events.WalletRegistered,
    events.WalletRemoved,
)

_PLACE = {
    "address": "0x" + "11" * 20,
    "blockNumber": "0x1",
    "blockHash": "0x" + "22" * 32,
    "transactionHash": "0x" + "33" * 32,
    "logIndex": "0x0",
}


def _generic(event: type[ContractEvent], log: dict[str, Any]) -> tuple[Any, ...]:
    found = event.from_log(parse_log(log))
    values = (getattr(found, item.name) for item in fields(found) if item.name != "log")
    return tuple(value.value if isinstance(value, Enum) else value for value in values)


def _word(kind: str, digits: str) -> str:
    """64 digits as a value of the type has them on the chain."""
    if kind == "address":
        return digits[:40].rjust(64, "0")
    if kind.startswith("uint"):
        return digits[: int(kind.removeprefix("uint")) // 4].rjust(64, "0")
    return digits[: 2 * int(kind.removeprefix("bytes"))].ljust(64, "0")


@st.composite
def _logs(draw: st.DrawFn, event: type[ContractEvent]) -> dict[str, Any]:
    topics, data = [to_hex(event.topic0())], "0x"
    arguments = event.declaration.removesuffix(")").partition("(")[2].split(",")
    enums = set(event.convert)
    names = [item.name for item in fields(event) if item.name != "log"]
    for name, argument in zip(names, arguments, strict=True):
        kind = argument.removesuffix(" indexed")
        if name in enums:
            word = draw(st.integers(0, 4)).to_bytes(32, "big").hex()
        else:
            word = _word(kind, draw(st.binary(min_size=32, max_size=32)).hex())
        if kind == argument:
            data += word
        else:
            topics.append("0x" + word)
    return {**_PLACE, "topics": topics, "data": data}


@pytest.mark.parametrize("event", READ)
@given(data=st.data())
def test_any_log_is_read_as_the_general_decoder_reads_it(
    event: type[ContractEvent], data: st.DataObject
) -> None:
    log = data.draw(_logs(event))
    layout = EventLayout(event)
    assert layout.decode(log) == _generic(event, log)
    assert layout.names == tuple(item.name for item in fields(event) if item.name != "log")


@pytest.mark.parametrize("event", READ)
@given(data=st.data())
def test_a_log_of_another_shape_is_refused(event: type[ContractEvent], data: st.DataObject) -> None:
    log = data.draw(_logs(event))
    broken = data.draw(
        st.sampled_from(
            [
                {"topics": log["topics"][:-1]},
                {"topics": [*log["topics"], log["topics"][-1]]},
                {"topics": ["0x" + "00" * 32, *log["topics"][1:]]},
                {"data": log["data"] + "00" * 32},
                {"data": log["data"][:-2] + ("" if len(log["data"]) > 2 else "0x00")},
            ]
        )
    )
    with pytest.raises(InvalidInput):
        EventLayout(event).decode({**log, **broken})


@pytest.mark.parametrize(
    ("event", "place", "word"),
    [
        (events.Transfer, 1, "0x" + "01" + "00" * 31),
        (events.WalletRegistered, 2, "0x" + "00" * 31 + "01"),
    ],
)
def test_a_word_that_is_no_value_of_its_type(event: type[ContractEvent], place: int, word: str) -> None:
    log: dict[str, Any] = {**_PLACE, "topics": [to_hex(event.topic0())] + ["0x" + "00" * 32] * 3}
    log["topics"] = log["topics"][: event.topic_count()]
    log["data"] = "0x" + "00" * 32 * (event.declaration.count(",") + 2 - event.topic_count())
    EventLayout(event).decode(log)
    log["topics"][place] = word
    with pytest.raises(InvalidInput, match="the log is no"):
        EventLayout(event).decode(log)


def test_an_event_without_a_fixed_place_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no fixed place"):
        EventLayout(events.DocumentUpdated)


def test_the_chains_own_logs_as_web3_reads_them(suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 5_000_000)
    first, second, third = suite.redeem(1_000_000), suite.redeem(2_000_000), suite.redeem(500_000)
    suite.accept(first)
    suite.pay(first)
    suite.send(Role.OPERATOR, suite.market.reject_redemptions([second], b"\x07" * 32))
    suite.send(suite.holder, suite.market.cancel_redemption(third))
    fourth = suite.redeem(700_000)
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address))
    suite.send(Role.COMPLIANCE, suite.market.seize_escrow(fourth, suite.other_holder.address, CASE))
    suite.send(Role.REGISTRAR, suite.registry.remove_wallets([suite.other_holder.address]))
    seen = set()
    for contract in (suite.token, suite.market, suite.registry):
        logs = suite.client.request("eth_getLogs", [{"address": contract.address, "fromBlock": "0x0"}])
        decoder = Web3().eth.contract(abi=load(contract.artifact).abi)
        for log in logs:
            event = next((item for item in READ if to_hex(item.topic0()) == log["topics"][0]), None)
            if event is None:
                continue
            ours = EventLayout(event).decode(log)
            found = decoder.events[event.__name__]().process_log(_as_web3(log))
            assert ours == tuple(found["args"].values()) == _generic(event, log)
            seen.add(event)
    assert seen == set(READ)


def _as_web3(log: dict[str, Any]) -> Any:
    from web3._utils.method_formatters import log_entry_formatter

    return log_entry_formatter(log)
