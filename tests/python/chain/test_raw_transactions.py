"""Our bytes are eth-account's bytes, and what was signed can be read again."""

from __future__ import annotations

import random
from typing import Any

import pytest
from eth_account import Account

from toolkit.chain.calls import Call
from toolkit.chain.fees import Fees
from toolkit.chain.hexes import keccak
from toolkit.chain.raw_transactions import decode_transaction
from toolkit.chain.signers import dev_private_key, dev_signer
from toolkit.errors import InvalidInput

PAYEE = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8"
SIGNER = dev_signer(2)


def some(seed: int) -> dict[str, Any]:
    """Fields about the lengths and values where the encoding changes."""
    pick = random.Random(seed)
    fields: dict[str, Any] = {
        "type": 2,
        "chainId": pick.choice([1, 127, 128, 31337, 2**40]),
        "nonce": pick.choice([0, 1, 127, 128, 255, 256, 2**33]),
        "value": pick.choice([0, 1, 127, 128, 10**18]),
        "data": pick.randbytes(pick.choice([0, 1, 4, 36, 54, 55, 56, 57, 255, 256, 70_000])),
        "gas": pick.choice([21_000, 30_000_000]),
        "maxFeePerGas": pick.randrange(10**12),
        "maxPriorityFeePerGas": pick.choice([0, 1, 10**9]),
    }
    if pick.random() < 0.8:
        fields["to"] = PAYEE
    return fields


@pytest.mark.parametrize("seed", range(40))
def test_signed_as_eth_account_signs_and_read_again(seed: int) -> None:
    fields = some(seed)
    theirs = Account.from_key(dev_private_key(2)).sign_transaction(fields)
    ours = SIGNER.sign_transaction(fields)
    assert (ours.raw, ours.hash) == (bytes(theirs.raw_transaction), bytes(theirs.hash))
    read = decode_transaction(ours.raw)
    assert (read.chain_id, read.nonce, read.gas) == (fields["chainId"], fields["nonce"], fields["gas"])
    assert read.fees == Fees(fields["maxFeePerGas"], fields["maxPriorityFeePerGas"])
    if "to" in fields or fields["data"]:
        assert read.call("x") == Call(fields.get("to"), fields["data"], fields["value"], "x")


def test_signing_a_digest_is_what_eth_account_does() -> None:
    digest = keccak(b"a digest")
    assert SIGNER.sign_digest(digest) == bytes(
        Account.from_key(dev_private_key(2)).unsafe_sign_hash(digest).signature
    )


def test_a_cancellation_is_told_from_a_call() -> None:
    fields = some(0) | {"to": SIGNER.address, "value": 0, "data": b""}
    assert decode_transaction(SIGNER.sign_transaction(fields).raw).is_cancellation_by(SIGNER.address)
    for change in ({"value": 1}, {"data": b"\x00"}, {"to": PAYEE}):
        raw = SIGNER.sign_transaction(fields | change).raw
        assert not decode_transaction(raw).is_cancellation_by(SIGNER.address)


@pytest.mark.parametrize(
    "change",
    [{"gas": -1}, {"gas": True}, {"data": "0x"}, {"to": "0x12"}, {"accessList": []}, {"type": 1}],
    ids=str,
)
def test_what_cannot_be_signed_is_said(change: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        SIGNER.sign_transaction(some(0) | change)


def test_other_bytes_are_no_transaction() -> None:
    raw = SIGNER.sign_transaction(some(1)).raw
    for wrong in (b"", b"\x02", b"\x01" + raw[1:], raw[:-1], raw + b"\x00", b"\x02\xc0"):
        with pytest.raises(InvalidInput, match="is no signed EIP-1559 transaction"):
            decode_transaction(wrong)
