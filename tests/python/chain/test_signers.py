from __future__ import annotations

import copy
import json
import pickle
import stat
from pathlib import Path
from typing import Any

import pytest

from toolkit.chain.anvil import Anvil
from toolkit.chain.hexes import keccak, to_hex
from toolkit.chain.signers import LocalSigner, Signer, assemble_signature, dev_signer, recover_address
from toolkit.chain.typed_data import typed_data_digest
from toolkit.errors import ConfigurationError, InvalidInput

KEY = keccak(b"a key for tests only")
ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141

# The example of EIP-712 itself.
DOMAIN = {
    "name": "Ether Mail",
    "version": "1",
    "chainId": 1,
    "verifyingContract": "0xCcCCccccCCCCcCCCCCCcCcCccCcCCCcCcccccccC",
}
TYPES = {
    "Person": [{"name": "name", "type": "string"}, {"name": "wallet", "type": "address"}],
    "Mail": [
        {"name": "from", "type": "Person"},
        {"name": "to", "type": "Person"},
        {"name": "contents", "type": "string"},
    ],
}
MESSAGE: dict[str, Any] = {
    "from": {"name": "Cow", "wallet": "0xCD2a3d9F938E13CD947Ec05AbC7FE734Df8DD826"},
    "to": {"name": "Bob", "wallet": "0xbBbBBBBbbBBBbbbBbbBbbbbBBbBbbbbBbBbbBBbB"},
    "contents": "Hello, Bob!",
}


def test_dev_signers_are_anvils_accounts(anvil: Anvil) -> None:
    assert tuple(dev_signer(index).address for index in range(10)) == anvil.accounts
    assert LocalSigner(anvil.private_key(3)).address == anvil.accounts[3]
    for index in (-1, 20, True, "0"):
        with pytest.raises(InvalidInput, match="choose 0 to 19"):
            dev_signer(index)  # type: ignore[arg-type]


def test_typed_data_as_in_the_standard() -> None:
    digest = typed_data_digest(DOMAIN, TYPES, "Mail", MESSAGE)
    assert to_hex(digest) == "0xbe609aee343fb3c4b28e1df9e632fca64fcfaede20f02e86244efddf30957bd2"
    cow = LocalSigner(keccak(b"cow"))
    signature = cow.sign_typed_data(DOMAIN, TYPES, "Mail", MESSAGE)
    assert (to_hex(signature[:32]), to_hex(signature[32:64]), signature[64]) == (
        "0x4355c47d63924e8a72e509b65029052eb6c299d53a04e167c5775fd466751c9d",
        "0x07299936d304c153f6443dfa05f40ff007d72911b6f72307f996231605b91562",
        28,
    )
    assert recover_address(digest, signature) == cow.address


def test_typed_data_that_does_not_fit() -> None:
    for arguments in (
        ({**DOMAIN, "nonsense": 1}, TYPES, "Mail", MESSAGE),
        (DOMAIN, TYPES, "Letter", MESSAGE),
        (DOMAIN, TYPES, "Mail", {**MESSAGE, "to": {"name": "Bob", "wallet": "nowhere"}}),
    ):
        with pytest.raises(InvalidInput, match="typed data"):
            typed_data_digest(*arguments)


def test_a_key_is_never_shown() -> None:
    signer = LocalSigner(KEY)
    assert isinstance(signer, Signer)
    digits = KEY.hex()
    assert digits not in f"{signer!r}{signer!s}{signer.__doc__}"
    for take in (pickle.dumps, copy.copy, copy.deepcopy):
        with pytest.raises(TypeError, match="not pickled"):
            take(signer)
    for wrong in (KEY[:-1], to_hex(KEY)[:-1], digits + "zz", bytes(32), b"\xff" * 32, 5):
        with pytest.raises(InvalidInput) as caught:
            LocalSigner(wrong)  # type: ignore[arg-type]
        assert digits[:16] not in str(caught.value)
        assert caught.value.__context__ is None
        assert caught.value.__cause__ is None


def test_keystore_round_trip(tmp_path: Path) -> None:
    path = tmp_path / "key.json"
    LocalSigner(KEY).write_keystore(path, "correct horse")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert KEY.hex() not in path.read_text()
    assert LocalSigner.from_keystore(path, "correct horse").address == LocalSigner(KEY).address
    with pytest.raises(ConfigurationError, match="exists"):
        LocalSigner(KEY).write_keystore(path, "again")


def test_keystores_that_do_not_open(tmp_path: Path) -> None:
    from eth_account import Account

    path = tmp_path / "key.json"
    path.write_text(json.dumps(Account.encrypt(KEY, "correct horse", kdf="pbkdf2", iterations=1)))
    assert LocalSigner.from_keystore(path, "correct horse").address == LocalSigner(KEY).address
    with pytest.raises(ConfigurationError, match="password is wrong") as caught:
        LocalSigner.from_keystore(path, "battery staple")
    assert "battery staple" not in str(caught.value)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        LocalSigner.from_keystore(tmp_path / "none", "x")
    for content in ("not JSON", json.dumps({"version": 9}), json.dumps([1])):
        (tmp_path / "bad.json").write_text(content)
        with pytest.raises(ConfigurationError, match="cannot be opened"):
            LocalSigner.from_keystore(tmp_path / "bad.json", "x")


def test_signatures_are_low_s_and_recover() -> None:
    signer = LocalSigner(KEY)
    for number in range(50):
        digest = keccak(bytes([number]))
        signature = signer.sign_digest(digest)
        assert len(signature) == 65
        assert int.from_bytes(signature[32:64], "big") <= ORDER // 2
        assert recover_address(digest, signature) == signer.address
    with pytest.raises(InvalidInput, match="32 bytes"):
        signer.sign_digest(b"short")


def test_signatures_that_the_contracts_would_refuse() -> None:
    signer, digest = LocalSigner(KEY), keccak(b"x")
    signature = signer.sign_digest(digest)
    s = int.from_bytes(signature[32:64], "big")
    high = signature[:32] + (ORDER - s).to_bytes(32, "big") + bytes([55 - signature[64]])
    for wrong, message in (
        (high, "malleable"),
        (signature[:64] + b"\x00", "v = 0"),
        (signature[:64], "65 bytes"),
        (bytes(64) + b"\x1b", "out of range"),
        (b"\xff" * 32 + signature[32:], "out of range"),
    ):
        with pytest.raises(InvalidInput, match=message):
            recover_address(digest, wrong)
    assert recover_address(keccak(b"y"), signature) != signer.address


def test_a_service_that_returns_r_and_s_alone() -> None:
    signer = LocalSigner(KEY)
    for number in range(20):
        digest = keccak(bytes([number]))
        signature = signer.sign_digest(digest)
        r, s = int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big")
        assert assemble_signature(digest, r, s, signer.address) == signature
        assert assemble_signature(digest, r, ORDER - s, signer.address) == signature
    with pytest.raises(InvalidInput, match="not a signature"):
        assemble_signature(keccak(b"other"), r, s, signer.address)


def test_transactions_need_a_chain_id() -> None:
    signer = LocalSigner(KEY)
    with pytest.raises(InvalidInput, match="chainId"):
        signer.sign_transaction({"nonce": 0})
    with pytest.raises(InvalidInput, match="cannot be signed"):
        signer.sign_transaction({"chainId": 1, "type": 2, "nonsense": 1})
