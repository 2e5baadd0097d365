"""Addresses with their EIP-55 checksum."""

from __future__ import annotations

import re
from functools import lru_cache

from toolkit.chain.hexes import is_text, keccak, to_hex
from toolkit.errors import InvalidInput

__all__ = ["ZERO_ADDRESS", "address_from_bytes", "checksum_address"]

ZERO_ADDRESS = "0x" + "00" * 20

_FORM = re.compile(r"0x[0-9a-fA-F]{40}")


def checksum_address(value: str, *, what: str = "address", lenient: bool = False) -> str:
    """`value` in its EIP-55 form, once it is proven to be in it already.

    An address without a checksum (all lower or all upper case) is refused unless `lenient`, because
    one mistyped character would go unnoticed; the zero address is always refused.

    Raises InvalidInput.
    """
    if not is_text(value) or not _FORM.fullmatch(value):
        raise InvalidInput(f"{what} {value!r} is not an address: 0x and 40 hexadecimal digits are needed")
    if int(value, 16) == 0:
        raise InvalidInput(f"{what} {value!r} is the zero address; name an account")
    expected = _with_checksum(value[2:].lower())
    digits = value[2:]
    uniform = digits in (digits.lower(), digits.upper())
    if value != expected and not (uniform and lenient):
        reason = "has no checksum" if uniform else "has a wrong checksum"
        raise InvalidInput(f"{what} {value!r} {reason}; if the digits are right it is written {expected}")
    return expected


def address_from_bytes(value: bytes) -> str:
    """The EIP-55 form of the last 20 bytes of `value` (20 bytes, or a 32-byte word), zero included."""
    if len(value) not in (20, 32) or any(value[:-20]):
        raise InvalidInput(f"{to_hex(value)} does not hold an address: 20 bytes, or 32 with 12 zeros first")
    return _with_checksum(bytes(value[-20:]).hex())


@lru_cache(maxsize=4096)
def _with_checksum(lower_digits: str) -> str:
    digest = keccak(lower_digits.encode("ascii")).hex()
    return "0x" + "".join(
        digit.upper() if int(nibble, 16) >= 8 else digit
        for digit, nibble in zip(lower_digits, digest, strict=False)
    )
