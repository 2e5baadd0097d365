"""Hexadecimal and hashing, in one place: bytes always with their 0x, quantities without leading zeros."""

from __future__ import annotations

from typing import TypeGuard

from toolkit.amounts import is_whole
from toolkit.errors import InvalidInput

__all__ = ["from_hex", "from_quantity", "is_text", "keccak", "to_hex", "to_quantity"]


def is_text(value: object) -> TypeGuard[str]:
    """Whether `value` is a str, for checks at the door, where the annotation isn't to be believed."""
    return isinstance(value, str)


def to_hex(value: bytes) -> str:
    """`b"\\x01"` -> `"0x01"`. Takes HexBytes too, whose own `.hex()` drops the 0x."""
    return "0x" + bytes(value).hex()


def from_hex(value: str, *, what: str = "hexadecimal value", length: int | None = None) -> bytes:
    """`"0x01"` -> `b"\\x01"`. The 0x is required; `length` is in bytes.

    Raises InvalidInput for anything else.
    """
    if not is_text(value) or not value.startswith("0x"):
        raise InvalidInput(f"{what} {value!r} must be a string that starts with 0x")
    try:
        decoded = bytes.fromhex(value[2:])
    except ValueError as error:
        raise InvalidInput(f"{what} {value!r} is not hexadecimal: {error}") from None
    if len(value) != 2 + 2 * len(decoded):
        raise InvalidInput(f"{what} {value!r} contains white space; remove it")
    if length is not None and len(decoded) != length:
        raise InvalidInput(f"{what} {value!r} has {len(decoded)} bytes; {length} are needed")
    return decoded


def to_quantity(value: int) -> str:
    """A JSON-RPC quantity: `255` -> `"0xff"`, `0` -> `"0x0"`."""
    if not is_whole(value) or value < 0:
        raise InvalidInput(f"{value!r} is not a whole number of zero or more, as a quantity must be")
    return hex(value)


def from_quantity(value: str) -> int:
    """`"0xff"` -> `255`."""
    if not is_text(value) or not value.startswith("0x"):
        raise InvalidInput(f"{value!r} is not a JSON-RPC quantity (0x…)")
    try:
        return int(value, 16)
    except ValueError:
        raise InvalidInput(f"{value!r} is not a JSON-RPC quantity (0x…)") from None


def keccak(data: bytes) -> bytes:
    """Keccak-256, as Ethereum uses it (not SHA3-256): 32 bytes."""
    from eth_hash.auto import keccak as keccak_256

    return bytes(keccak_256(bytes(data)))
