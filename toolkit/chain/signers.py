"""Who signs. Private keys never leave `LocalSigner`: not by repr, message, log or pickle."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, NoReturn, Protocol, runtime_checkable

from toolkit.amounts import is_whole
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import is_text, keccak, to_hex
from toolkit.chain.raw_transactions import encode_transaction
from toolkit.chain.typed_data import typed_data_digest
from toolkit.errors import ConfigurationError, InvalidInput

__all__ = [
    "DEV_ACCOUNTS",
    "LocalSigner",
    "SignedTransaction",
    "Signer",
    "assemble_signature",
    "dev_private_key",
    "dev_signer",
    "recover_address",
]

DEV_MNEMONIC = "test test test test test test test test test test test junk"
DEV_ACCOUNTS = 20

_KEY_FORM = re.compile(r"0x[0-9a-fA-F]{64}")
_ORDER = 0xFFFFFFFF_FFFFFFFF_FFFFFFFF_FFFFFFFE_BAAEDCE6_AF48A03B_BFD25E8C_D0364141


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """The bytes to broadcast and the hash that the chain will know them by."""

    raw: bytes = field(repr=False)
    hash: bytes


@runtime_checkable
class Signer(Protocol):
    """What a key management service implements, once for each key.

    Signatures are 65 bytes, r ‖ s ‖ v, with s in the lower half of the curve's order (EIP-2; the
    contracts refuse the other) and v 27 or 28. A service that returns only r and s, as most do, gets both
    from `assemble_signature`. Methods may block (a network call, a person who confirms) and may raise
    any ToolkitError; nothing has been sent then. They are called from several threads.
    """

    @property
    def address(self) -> str:
        """The account's checksummed address."""
        ...

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """Sign an EIP-1559 transaction: `{type: 2, chainId, nonce, to (absent to create), value, data,
        gas, maxFeePerGas, maxPriorityFeePerGas}`, integers as int, data as bytes.
        """
        ...

    def sign_digest(self, digest: bytes) -> bytes:
        """Sign 32 bytes as they are."""
        ...

    def sign_typed_data(
        self,
        domain: Mapping[str, Any],
        types: Mapping[str, Sequence[Mapping[str, str]]],
        primary_type: str,
        message: Mapping[str, Any],
    ) -> bytes:
        """Sign EIP-712 data, arguments as for `typed_data_digest`."""
        ...


class LocalSigner:
    """A private key in this process's memory: for development, tests and keystore files.

    Raises InvalidInput for a key that isn't 32 bytes (or 0x and 64 digits) in the curve's range, and
    ConfigurationError without coincurve, since pure Python takes 10 ms a signature.
    """

    __slots__ = ("_account", "_address", "_key")

    def __init__(self, private_key: bytes | str) -> None:
        _require_coincurve()
        from coincurve import PrivateKey
        from eth_account import Account

        # Checked here, and not left to the libraries: their messages may quote the key, and an odd number of
        # digits would quietly make another key.
        if is_text(private_key) and _KEY_FORM.fullmatch(private_key):
            private_key = bytes.fromhex(private_key[2:])
        if (
            not isinstance(private_key, bytes)
            or len(private_key) != 32
            or not 0 < int.from_bytes(private_key, "big") < _ORDER
        ):
            raise InvalidInput(
                "the private key cannot be used: 32 bytes are needed, or 0x and 64 hexadecimal digits, "
                "above zero and below the curve's order (its value is not shown)"
            )
        self._account = Account.from_key(private_key)
        self._key = PrivateKey(private_key)
        self._address = str(self._account.address)

    @classmethod
    def from_keystore(cls, path: str | Path, password: str) -> LocalSigner:
        """The key in an encrypted JSON file (Web3 Secret Storage, version 3), as geth and others write it.

        Raises ConfigurationError: no such file, not a keystore, wrong password.
        """
        from eth_account import Account

        try:
            keystore = json.loads(Path(path).read_text(encoding="utf-8"))
            key = bytes(Account.decrypt(keystore, password))
        except OSError as error:
            raise ConfigurationError(f"keystore {str(path)!r} cannot be read: {error.strerror}") from error
        except (ValueError, TypeError, KeyError, NotImplementedError):
            raise ConfigurationError(
                f"keystore {str(path)!r} cannot be opened: the password is wrong, or the file is not a "
                "version 3 keystore"
            ) from None
        return cls(key)

    def write_keystore(self, path: str | Path, password: str) -> None:
        """Write the key encrypted (scrypt), readable by its owner alone; never over an existing file."""
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except OSError as error:
            raise ConfigurationError(
                f"keystore {str(path)!r} cannot be made: {error.strerror}; choose another path"
            ) from error
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(self._account.encrypt(password), file)
            file.flush()
            os.fsync(file.fileno())

    @property
    def address(self) -> str:
        """The account's checksummed address."""
        return self._address

    def sign_transaction(self, transaction: Mapping[str, Any]) -> SignedTransaction:
        """See `Signer.sign_transaction`."""
        if not transaction.get("chainId"):
            raise InvalidInput("a transaction without a chain id could be replayed elsewhere: give chainId")
        signature = self.sign_digest(keccak(encode_transaction(transaction)))
        r, s, v = _split(signature)
        raw = encode_transaction(transaction, (v - 27, r, s))
        return SignedTransaction(raw, keccak(raw))

    def sign_digest(self, digest: bytes) -> bytes:
        """See `Signer.sign_digest`."""
        if len(digest) != 32:
            raise InvalidInput(f"a digest has 32 bytes, not {len(digest)}")
        # Deterministic (RFC 6979), with the low s; a seventh of the time that eth-account's way takes.
        signature = bytes(self._key.sign_recoverable(bytes(digest), hasher=None))
        return signature[:64] + bytes([signature[64] + 27])

    def sign_typed_data(
        self,
        domain: Mapping[str, Any],
        types: Mapping[str, Sequence[Mapping[str, str]]],
        primary_type: str,
        message: Mapping[str, Any],
    ) -> bytes:
        """See `Signer.sign_typed_data`."""
        return self.sign_digest(typed_data_digest(domain, types, primary_type, message))

    def __repr__(self) -> str:
        return f"LocalSigner({self._address})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a LocalSigner is not pickled: its key would leave this process")


@cache
def dev_private_key(index: int) -> bytes:
    """The key of Anvil's development account `index`, derived from the public test mnemonic.

    0 to 19; a node has the first ten unless it was started with `accounts=20`.
    """
    if not is_whole(index) or not 0 <= index < DEV_ACCOUNTS:
        raise InvalidInput(f"development account {index!r} does not exist: choose 0 to {DEV_ACCOUNTS - 1}")
    from eth_account.hdaccount import key_from_seed, seed_from_mnemonic

    return bytes(key_from_seed(seed_from_mnemonic(DEV_MNEMONIC, ""), f"m/44'/60'/0'/0/{index}"))


def dev_signer(index: int) -> LocalSigner:
    """Anvil's development account `index`, 0 to 19. Its key is public: for local chains only."""
    return LocalSigner(dev_private_key(index))


def recover_address(digest: bytes, signature: bytes) -> str:
    """Who signed `digest`. Raises InvalidInput for a signature of another length, with v other than 27 or
    28, or with the high s that the contracts refuse (EIP-2), and for one that recovers to nobody.
    """
    r, s, v = _split(signature)
    if v not in (27, 28):
        raise InvalidInput(f"signature {to_hex(signature)} has v = {v}; 27 or 28 is needed")
    if not 0 < r < _ORDER or not 0 < s <= _ORDER // 2:
        raise InvalidInput(
            f"signature {to_hex(signature)} is malleable or out of range (its s must be the low one)"
        )
    address = _recover(digest, r, s, v)
    if address is None:
        raise InvalidInput(f"signature {to_hex(signature)} recovers to no account")
    return address


def assemble_signature(digest: bytes, r: int, s: int, address: str) -> bytes:
    """The 65 bytes from r and s alone, for a service that signs without a recovery id: s brought into the
    lower half, v found by trying both. Raises InvalidInput if neither recovers to `address`.
    """
    low = min(s, _ORDER - s)
    for v in (27, 28):
        if _recover(digest, r, low, v) == address:
            return r.to_bytes(32, "big") + low.to_bytes(32, "big") + bytes([v])
    raise InvalidInput(f"r and s are not a signature of {to_hex(digest)} by {address}")


def _split(signature: bytes) -> tuple[int, int, int]:
    if len(signature) != 65:
        raise InvalidInput(f"a signature has 65 bytes (r, s, v), not {len(signature)}")
    return int.from_bytes(signature[:32], "big"), int.from_bytes(signature[32:64], "big"), signature[64]


def _recover(digest: bytes, r: int, s: int, v: int) -> str | None:
    _require_coincurve()
    from coincurve import PublicKey

    if len(digest) != 32:
        raise InvalidInput(f"a digest has 32 bytes, not {len(digest)}")
    packed = r.to_bytes(32, "big") + s.to_bytes(32, "big") + bytes([v - 27])
    try:
        key = PublicKey.from_signature_and_message(packed, digest, hasher=None)
    except ValueError:
        return None
    except Exception as error:
        # libsecp256k1's failure comes as a bare Exception.
        if type(error) is Exception:
            return None
        raise
    return address_from_bytes(keccak(key.format(compressed=False)[1:])[-20:])


def _require_coincurve() -> None:
    try:
        import coincurve  # noqa: F401
    except ImportError as error:
        raise ConfigurationError(
            "coincurve is missing, without which each signature takes 10 ms: `pip install coincurve`"
        ) from error
