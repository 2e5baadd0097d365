"""What is signed is checked before anybody signs it; a wallet's library would take nearly anything."""

from __future__ import annotations

import json
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from toolkit.bindings import signable
from toolkit.bindings.market import sorted_signatures
from toolkit.bindings.signable import Signable, domain
from toolkit.bindings.structs import MintOrder, Redemption, RedemptionStatus, Signature
from toolkit.chain.signers import dev_signer
from toolkit.chain.typed_data import typed_data_digest
from toolkit.errors import InvalidInput

ALICE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
BOB = "0x3C44CdDdB6a900fa2b585dd299e03d12FA4293BC"
CONTRACT = "0x90F79bf6EB2c4f870365E785982E1f101E93b906"
DOMAIN = domain("Test", 31337, CONTRACT)
NONCE = b"\x01" * 32

TYPES = {
    "Sheet": [
        {"name": "title", "type": "string"},
        {"name": "open", "type": "bool"},
        {"name": "change", "type": "int8"},
        {"name": "tag", "type": "bytes4"},
        {"name": "note", "type": "bytes"},
        {"name": "pair", "type": "uint16[2]"},
        {"name": "lines", "type": "Line[]"},
    ],
    "Line": [{"name": "to", "type": "address"}, {"name": "amount", "type": "uint128"}],
}
SHEET: dict[str, Any] = {
    "title": "one",
    "open": True,
    "change": -128,
    "tag": b"abcd",
    "note": b"",
    "pair": (0, 65_535),
    "lines": [{"to": ALICE, "amount": 2**128 - 1}],
}


def permit(**changes: Any) -> Signable:
    values = {"owner": ALICE, "spender": BOB, "amount": 5, "nonce": 0, "deadline": 9}
    return signable.permit(DOMAIN, **{**values, **changes})


def receipt(**changes: Any) -> Signable:
    values = {"holder": ALICE, "to": BOB, "amount": 5, "valid_after": 0, "valid_before": 9, "nonce": NONCE}
    return signable.authorization(DOMAIN, "ReceiveWithAuthorization", **{**values, **changes})


def sheet(**changes: Any) -> Signable:
    return Signable(DOMAIN, TYPES, "Sheet", {**SHEET, **changes})


ADDRESSES: dict[str, Callable[[Any], object]] = {
    "owner": lambda address: permit(owner=address),
    "spender": lambda address: permit(spender=address),
    "from": lambda address: receipt(holder=address),
    "to": lambda address: receipt(to=address),
    "authorizer": lambda address: signable.cancellation(DOMAIN, authorizer=address, nonce=NONCE),
    "orders[0], to": lambda address: signable.mint_batch(DOMAIN, [MintOrder(1, address, 5, 9)]),
    "redemptions[0], holder": lambda address: signable.acceptance(
        DOMAIN, [(1, Redemption(address, 0, RedemptionStatus.REQUESTED, 5))]
    ),
    "verifyingContract": lambda address: signable.cancellation(
        domain("Test", 1, address), authorizer=ALICE, nonce=NONCE
    ),
    "lines[0], to": lambda address: typed_data_digest(
        DOMAIN, TYPES, "Sheet", {**SHEET, "lines": [{"to": address, "amount": 1}]}
    ),
}


@pytest.mark.parametrize("field", ADDRESSES)
def test_nothing_is_signed_for_a_mistyped_address(field: str) -> None:
    for wrong, reason in (
        (BOB.lower(), f"has no checksum; if the digits are right it is written {BOB}"),
        (BOB[:2] + BOB[2:].swapcase(), f"has a wrong checksum; if the digits are right it is written {BOB}"),
        (BOB[2:].lower(), "40 hexadecimal digits"),
        (bytes.fromhex(BOB[2:]), "40 hexadecimal digits"),
        (0, "40 hexadecimal digits"),
        (None, "40 hexadecimal digits"),
        ("0x" + "00" * 20, "zero address"),
    ):
        with pytest.raises(InvalidInput) as caught:
            ADDRESSES[field](wrong)
        assert reason in str(caught.value)
        assert repr(wrong) in str(caught.value)
        assert f", {field} " in str(caught.value)


WRONG: list[tuple[str, Callable[[], object], str]] = [
    *(
        (f"amount {value!r}", lambda value=value: permit(amount=value), "value .*whole number")
        for value in ("5", "0x5", 5.0, Decimal(5), True, None, b"\x05")
    ),
    ("negative", lambda: permit(amount=-1), r"value -1 does not fit uint256: give 0 to 2\^256 - 1"),
    ("large", lambda: permit(amount=2**256), f"value {2**256} does not fit"),
    ("very large", lambda: permit(amount=10**5000), r"value .*16610 bits.* does not fit"),
    (
        "expiry of 65 bits",
        lambda: signable.mint_batch(DOMAIN, [MintOrder(1, ALICE, 5, 2**64)]),
        r"orders\[0\], expiry 18446744073709551616 does not fit uint64",
    ),
    ("int8", lambda: sheet(change=128), r"change 128 does not fit int8: give -2\^7 to 2\^7 - 1"),
    ("long nonce", lambda: receipt(nonce=NONCE + b"\0"), "nonce .*exactly 32 bytes, not 33"),
    ("short nonce", lambda: receipt(nonce=NONCE[:-1]), "nonce .*exactly 32 bytes, not 31"),
    ("text as nonce", lambda: receipt(nonce="0x" + NONCE.hex()), "nonce .*must be bytes"),
    ("text as bytes", lambda: sheet(note="0x"), "note .*must be bytes"),
    ("text as bool", lambda: sheet(open="false"), "open 'false' must be True or False"),
    ("int as bool", lambda: sheet(open=0), "open 0 must be True or False"),
    ("bytes as text", lambda: sheet(title=b"one"), "title .*must be a str"),
    ("text without UTF-8", lambda: sheet(title="\ud800"), "title .*UTF-8"),
    ("three of two", lambda: sheet(pair=[1, 2, 3]), r"pair .*exactly 2 .*, not 3"),
    ("mapping as list", lambda: sheet(lines={}), r"lines .*must be a list"),
    ("number as struct", lambda: sheet(lines=[5]), r"lines\[0\] .*\(to, amount\)"),
    ("missing field", lambda: sheet(lines=[{"to": ALICE}]), r"lines\[0\] .*\(to, amount\), not \(to\)"),
    ("further field", lambda: sheet(memo="x"), r"Sheet.* takes .*memo"),
    ("chain id", lambda: Signable({**DOMAIN, "chainId": "1"}, TYPES, "Sheet", SHEET), "chainId '1'"),
    ("domain name", lambda: Signable({**DOMAIN, "name": None}, TYPES, "Sheet", SHEET), "name None"),
    ("unknown type", lambda: Signable(DOMAIN, {"A": [{"name": "b", "type": "uint"}]}, "A", {"b": 1}), "uint"),
    ("unknown primary type", lambda: Signable(DOMAIN, TYPES, "Other", SHEET), "Other"),
]


@pytest.mark.parametrize(("make", "message"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_nothing_is_signed_that_does_not_fit_its_type(make: Callable[[], object], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        make()


def test_what_was_checked_is_what_is_signed() -> None:
    lines = [{"to": ALICE, "amount": 1}]
    data = sheet(lines=lines)
    digest = data.digest
    lines[0]["to"] = "nobody"
    assert data.digest == digest == typed_data_digest(DOMAIN, TYPES, "Sheet", data.message)
    assert data.sign(dev_signer(1)).data == dev_signer(1).sign_digest(digest)


def test_json_for_a_wallet_gives_the_same_digest() -> None:
    from eth_account.messages import encode_typed_data

    from toolkit.chain.hexes import keccak

    data = Signable({**DOMAIN, "salt": NONCE}, TYPES, "Sheet", {**SHEET, "note": bytearray(b"\x01")})
    written = json.loads(json.dumps(data.to_json()))
    assert written["message"]["open"] is True
    assert written["message"]["note"] == "0x01"
    assert written["message"]["change"] == "-128"
    signable_ = encode_typed_data(full_message=written)
    assert keccak(b"\x19" + signable_.version + signable_.header + signable_.body) == data.digest


def test_signatures_ascend_by_signer() -> None:
    first, second = Signature(BOB, b""), Signature(ALICE, b"")
    assert sorted_signatures([second, first]) == sorted_signatures((first, second)) == (first, second)
