"""The call `mint(MintBatch[])` by its fixed layout, in a fraction of the general encoder's time.

Solidity ABI specification, "Formal Specification of the Encoding". The tests hold it against the general
encoder.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from toolkit.bindings.structs import MintBatch, MintOrder, Signature
from toolkit.chain.addresses import checksum_address
from toolkit.errors import InvalidInput

__all__ = ["encode_mint"]

_WORD = 32
_UINT256, _UINT64 = 1 << 256, 1 << 64


def encode_mint(selector: bytes, batches: Sequence[MintBatch]) -> bytes:
    """The call's data. Raises InvalidInput for a value that doesn't fit its type."""
    return selector + _word(_WORD) + _array([_batch(batch) for batch in batches])


def _batch(batch: MintBatch) -> bytes:
    orders = _word(len(batch.orders)) + b"".join(map(_order, batch.orders))
    approvals = _array([_signature(signature) for signature in batch.approvals])
    head = 3 * _WORD
    return _word(head) + _word(head + len(orders)) + _word(batch.skipped) + orders + approvals


def _order(order: MintOrder) -> bytes:
    expiry = _word(order.expiry)
    if order.expiry >= _UINT64:
        raise InvalidInput(f"expiry {order.expiry!r} of order {order.number} doesn't fit uint64")
    return _word(order.number) + _address(order.to) + _word(order.amount) + expiry


def _signature(signature: Signature) -> bytes:
    data = signature.data
    return (
        _address(signature.signer)
        + _word(2 * _WORD)
        + _word(len(data))
        + data.ljust(-(-len(data) // _WORD) * _WORD, b"\0")
    )


def _array(items: Sequence[bytes]) -> bytes:
    """An array of values of no fixed size: how many, where each begins, and they."""
    place, heads = len(items) * _WORD, []
    for item in items:
        heads.append(_word(place))
        place += len(item)
    return b"".join([_word(len(items)), *heads, *items])


@lru_cache(maxsize=4096)
def _address(address: str) -> bytes:
    return bytes.fromhex(checksum_address(address)[2:]).rjust(_WORD, b"\0")


def _word(value: int) -> bytes:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(f"{value!r} must be an int: amounts are whole numbers of base units", value=value)
    if not 0 <= value < _UINT256:
        raise InvalidInput(f"{value!r} doesn't fit uint256")
    return value.to_bytes(_WORD, "big")
