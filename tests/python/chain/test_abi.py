from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from toolkit.chain.abi import (
    decode_call,
    decode_result,
    encode_call,
    encode_constructor,
    find_entry,
    selector,
    signature,
    topic0,
)
from toolkit.chain.addresses import ZERO_ADDRESS, address_from_bytes, checksum_address
from toolkit.chain.hexes import from_hex, from_quantity, keccak, to_hex, to_quantity
from toolkit.chain.logs import EventDecoder, Log
from toolkit.chain.reverts import DecodedRevert, PanicRevert, RequireFailed, RevertRegistry
from toolkit.errors import ConfigurationError, ContractReverted, InvalidInput, ReserveShortfall

ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
ORDER = {
    "name": "orders",
    "type": "tuple[]",
    "components": [
        {"name": "number", "type": "uint256"},
        {"name": "to", "type": "address"},
        {"name": "tags", "type": "bytes4[]"},
    ],
}
ABI: list[dict[str, Any]] = [
    {"type": "constructor", "inputs": [{"name": "owner", "type": "address"}]},
    {"type": "function", "name": "mint", "inputs": [ORDER], "outputs": [ORDER]},
    {
        "type": "function",
        "name": "pair",
        "inputs": [{"name": "a", "type": "uint8"}, {"name": "b", "type": "bytes32"}],
        "outputs": [{"name": "", "type": "uint256"}, {"name": "", "type": "address"}],
    },
    {"type": "function", "name": "nothing", "inputs": [], "outputs": []},
    {"type": "function", "name": "over", "inputs": [{"name": "a", "type": "uint256"}], "outputs": []},
    {"type": "function", "name": "over", "inputs": [{"name": "a", "type": "address"}], "outputs": []},
]


@dataclass(frozen=True)
class Order:
    number: int
    to: str
    tags: tuple[bytes, ...]


def test_structs_go_in_as_mapping_dataclass_or_tuple_and_come_out_as_dict() -> None:
    as_dict = {"number": 7, "to": ALICE, "tags": [b"abcd"]}
    forms = [as_dict, Order(7, ALICE, (b"abcd",)), (7, ALICE, [b"abcd"])]
    encoded = {encode_call(ABI, "mint", [[form]]) for form in forms}
    encoded.add(encode_call(ABI, "mint", {"orders": forms[:1]}))
    assert len(encoded) == 1
    [data] = encoded
    assert data[:4] == selector("mint((uint256,address,bytes4[])[])")
    assert signature(find_entry(ABI, "mint")) == "mint((uint256,address,bytes4[])[])"
    assert decode_call(ABI, data) == ("mint", {"orders": [as_dict]})
    assert decode_result(ABI, "mint", data[4:]) == [as_dict]


def test_results_by_number_of_outputs() -> None:
    words = (5).to_bytes(32, "big") + from_hex(ALICE).rjust(32, b"\0")
    assert decode_result(ABI, "pair", words) == (5, ALICE)
    assert decode_result(ABI, "nothing", b"") is None
    with pytest.raises(InvalidInput, match="no contract at the address"):
        decode_result(ABI, "pair", b"")
    with pytest.raises(InvalidInput, match="does not decode"):
        decode_result(ABI, "pair", b"\x01")


def test_constructor_and_overloads() -> None:
    assert encode_constructor(ABI, [ALICE]) == from_hex(ALICE).rjust(32, b"\0")
    assert encode_constructor([], ()) == b""
    assert encode_call(ABI, "over(address)", [ALICE])[:4] == selector("over(address)")
    with pytest.raises(InvalidInput, match=r"name one of over\(uint256\), over\(address\)"):
        encode_call(ABI, "over", [1])
    with pytest.raises(InvalidInput, match="no function 'burn'"):
        encode_call(ABI, "burn")
    with pytest.raises(InvalidInput, match="selector 0x01020304"):
        decode_call(ABI, bytes([1, 2, 3, 4]))


@pytest.mark.parametrize(
    "args",
    [
        [256, bytes(32)],
        [-1, bytes(32)],
        [1.0, bytes(32)],
        [True, bytes(32)],
        [1, bytes(31)],
        [1, "0x" + "00" * 32],
        [1],
        {"a": 1, "c": bytes(32)},
        "no",
    ],
)
def test_values_that_do_not_fit(args: Any) -> None:
    with pytest.raises(InvalidInput, match=r"pair\(uint8,bytes32\)"):
        encode_call(ABI, "pair", args)


def test_a_mistyped_address_is_refused_with_its_place() -> None:
    with pytest.raises(InvalidInput, match=r"orders\[0\], to .* wrong checksum"):
        encode_call(ABI, "mint", [[(1, ALICE.replace("C51", "c51"), [])]])
    assert encode_call(ABI, "over(address)", [ZERO_ADDRESS])[4:] == bytes(32)


def test_addresses() -> None:
    # The examples of EIP-55.
    for example in (
        "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
        "0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
        "0x52908400098527886E0F7030069857D2E4169EE7",
        "0xde709f2102306220921060314715629080e2fb77",
    ):
        assert checksum_address(example, lenient=True) == example
        assert checksum_address(example.lower(), lenient=True) == example
        assert address_from_bytes(from_hex(example)) == example
    with pytest.raises(InvalidInput, match=f"wallet '{ALICE.lower()}' has no checksum.*written {ALICE}"):
        checksum_address(ALICE.lower(), what="wallet")
    with pytest.raises(InvalidInput, match="wrong checksum"):
        checksum_address(ALICE[:-1] + "c", lenient=True)
    for wrong in (ALICE[:-1], ALICE[2:], " " + ALICE, ALICE + "\n", None, 5, "0x" + "g" * 40):
        with pytest.raises(InvalidInput, match="not an address"):
            checksum_address(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="zero address"):
        checksum_address(ZERO_ADDRESS, lenient=True)
    with pytest.raises(InvalidInput, match="does not hold an address"):
        address_from_bytes(b"\x01" * 32)


def test_hexadecimal_keeps_its_prefix() -> None:
    from hexbytes import HexBytes

    assert to_hex(HexBytes("0xab")) == "0xab"
    assert from_hex("0xab", length=1) == b"\xab"
    for wrong in ("ab", "0xa", "0xzz", "0xab cd", None):
        with pytest.raises(InvalidInput):
            from_hex(wrong)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="1 bytes; 32 are needed"):
        from_hex("0xab", length=32)
    assert (to_quantity(0), to_quantity(255), from_quantity("0xff")) == ("0x0", "0xff", 255)
    for value in (-1, True, "1"):
        with pytest.raises(InvalidInput):
            to_quantity(value)  # type: ignore[arg-type]
    for text in ("ff", "0x", None):
        with pytest.raises(InvalidInput):
            from_quantity(text)  # type: ignore[arg-type]


# --- reverts -----------------------------------------------------------------------------------------


class BackingExceeded(DecodedRevert, ReserveShortfall):
    """As `toolkit.bindings.errors` writes them."""

    signature = "BackingExceeded(uint256,uint256)"
    fields = ("minted", "ceiling")
    remedy = "mint at most up to {ceiling}"
    minted: int
    ceiling: int


def error_entry(name: str, *inputs: tuple[str, str]) -> dict[str, Any]:
    return {"type": "error", "name": name, "inputs": [{"name": n, "type": t} for n, t in inputs]}


BACKING = error_entry("BackingExceeded", ("minted_", "uint256"), ("ceiling_", "uint256"))


def test_a_written_class_belongs_to_its_family() -> None:
    registry = RevertRegistry([BackingExceeded], [[BACKING], [BACKING]])
    data = selector("BackingExceeded(uint256,uint256)") + (9).to_bytes(32, "big") + (8).to_bytes(32, "big")
    error = registry.decode(data)
    assert isinstance(error, BackingExceeded)
    assert isinstance(error, ReserveShortfall)
    assert isinstance(error, ContractReverted)
    assert (error.minted, error.ceiling, error.data) == (9, 8, data)
    assert str(error) == "BackingExceeded(minted=9, ceiling=8): mint at most up to 8"
    assert error.to_json()["details"] == {"minted": "9", "ceiling": "8"}
    assert str(BackingExceeded(minted=1, ceiling=2)).startswith("BackingExceeded(minted=1")
    with pytest.raises(ConfigurationError, match="has the fields"):
        BackingExceeded(minted=1)


def test_every_error_of_every_abi_has_a_class() -> None:
    abi = [
        error_entry("Stale", ("asOf", "uint64"), ("data", "bytes")),
        error_entry("Empty"),
        {"type": "error", "name": "Bad", "inputs": [{**ORDER, "type": "tuple", "name": "order"}]},
        error_entry("Nameless", ("", "address")),
    ]
    registry = RevertRegistry.from_abis([abi, [BACKING]])
    from eth_abi import encode

    stale = registry.decode(selector("Stale(uint64,bytes)") + encode(["uint64", "bytes"], [7, b"\x01"]))
    assert (type(stale).__name__, stale.asOf, stale.data_) == ("Stale", 7, b"\x01")  # type: ignore[attr-defined]
    assert str(stale) == "Stale(asOf=7, data_=0x01)"
    assert str(registry.decode(selector("Empty()"))) == "Empty()"
    bad = registry.decode(
        selector("Bad((uint256,address,bytes4[]))") + encode(["(uint256,address,bytes4[])"], [(1, ALICE, [])])
    )
    assert bad.order == {"number": 1, "to": ALICE, "tags": []}  # type: ignore[attr-defined]
    assert "Nameless(address)" in registry.classes


def test_reverts_of_the_language_itself() -> None:
    registry = RevertRegistry()
    from eth_abi import encode

    failed = registry.decode(selector("Error(string)") + encode(["string"], ["no"]))
    assert isinstance(failed, RequireFailed)
    assert failed.reason == "no"
    for code, meaning in ((0x11, "overflow"), (0x32, "out of bounds"), (0x99, "no meaning is documented")):
        panic = registry.decode(selector("Panic(uint256)") + code.to_bytes(32, "big"))
        assert isinstance(panic, PanicRevert)
        assert panic.panic_code == code
        assert meaning in str(panic)


def test_decoding_never_fails_itself() -> None:
    registry = RevertRegistry([BackingExceeded])
    assert "without data" in str(registry.decode(b""))
    unknown = registry.decode(b"\xde\xad\xbe\xef\x01")
    assert type(unknown) is ContractReverted
    assert "selector 0xdeadbeef, data 0xdeadbeef01" in str(unknown)
    assert unknown.data == b"\xde\xad\xbe\xef\x01"
    torn = registry.decode(selector("BackingExceeded(uint256,uint256)") + b"\x01")
    assert type(torn) is ContractReverted
    assert "does not decode" in str(torn)
    assert "selector 0x01" in str(registry.decode(b"\x01"))


def test_registries_that_contradict_themselves() -> None:
    class Twice(DecodedRevert):
        signature = "BackingExceeded(uint256,uint256)"
        fields = ("a", "b")

    class Short(DecodedRevert):
        signature = "Short(uint256)"

    class Struct(DecodedRevert):
        signature = "Struct((uint256))"
        fields = ("a",)

    with pytest.raises(ConfigurationError, match="share the selector"):
        RevertRegistry([BackingExceeded, Twice])
    with pytest.raises(ConfigurationError, match=r"names 0 fields, but Short\(uint256\) has 1"):
        RevertRegistry([Short])
    with pytest.raises(ConfigurationError, match="give the ABI"):
        RevertRegistry([Struct])
    # Two signatures with the same selector, found by search.
    clash = [error_entry("collide_uint", ("a", "uint256")), error_entry("burn", ("a", "uint256"))]
    collided = error_entry("collate_propagate_storage", ("a", "bytes16"))
    assert selector(collided) == selector(clash[1])
    with pytest.raises(ConfigurationError, match="rename one"):
        RevertRegistry(abis=[[clash[1], collided]])


# --- events ------------------------------------------------------------------------------------------


def transfer(*indexed: bool) -> dict[str, Any]:
    names = (("from", "address"), ("to", "address"), ("value", "uint256"))
    return {
        "type": "event",
        "name": "Transfer",
        "inputs": [
            {"name": name, "type": kind, "indexed": flag}
            for (name, kind), flag in zip(names, indexed, strict=True)
        ],
    }


def log_of(topics: list[bytes], data: bytes) -> Log:
    return Log(ALICE, tuple(topics), data, 1, bytes(32), bytes(32), 0)


def word(value: int | str) -> bytes:
    return value.to_bytes(32, "big") if isinstance(value, int) else from_hex(value).rjust(32, b"\0")


def test_events_are_told_apart_by_their_number_of_topics() -> None:
    decoder = EventDecoder.from_abis([[transfer(True, True, False)], [transfer(True, True, True)]] * 2)
    name = topic0("Transfer(address,address,uint256)")
    coin = log_of([name, word(ALICE), word(ALICE)], word(5))
    token = log_of([name, word(ALICE), word(ALICE), word(5)], b"")
    for log in (coin, token):
        event = decoder.decode(log)
        assert event.name == "Transfer"
        assert event.args == {"from": ALICE, "to": ALICE, "value": 5}
        assert event.log is log
    with pytest.raises(TypeError):
        event.args["value"] = 6  # type: ignore[index]
    foreign = [log_of([name], b""), log_of([], b""), log_of([keccak(b"x")], b"")]
    assert [event.log for event in decoder.decode_all([foreign[0], coin, *foreign, token])] == [coin, token]
    for log in foreign:
        assert not decoder.knows(log)
        with pytest.raises(InvalidInput, match="no known event"):
            decoder.decode(log)
    with pytest.raises(InvalidInput, match="does not decode"):
        decoder.decode(log_of([name, word(ALICE), word(ALICE)], b"\x01"))
    with pytest.raises(ConfigurationError, match="other indexed arguments"):
        EventDecoder([[transfer(True, True, False)], [transfer(True, False, True)]])


def test_indexed_dynamic_values_are_their_hash() -> None:
    entry = {
        "type": "event",
        "name": "Noted",
        "inputs": [
            {"name": "text", "type": "string", "indexed": True},
            {"name": "list", "type": "uint256[]", "indexed": True},
            {"name": "", "type": "bytes", "indexed": False},
        ],
    }
    from eth_abi import encode

    log = log_of([topic0(entry), keccak(b"text"), keccak(word(1))], encode(["bytes"], [b"raw"]))
    assert EventDecoder([[entry]]).decode(log).args == {
        "text": keccak(b"text"),
        "list": keccak(word(1)),
        "argument2": b"raw",
    }
