"""EIP-712: the digest that a wallet shows in words and signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.chain.hexes import keccak
from toolkit.errors import InvalidInput

__all__ = ["typed_data_digest"]

_DOMAIN_TYPES = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}


def typed_data_digest(
    domain: Mapping[str, Any],
    types: Mapping[str, Sequence[Mapping[str, str]]],
    primary_type: str,
    message: Mapping[str, Any],
) -> bytes:
    """keccak(0x1901 ‖ domain separator ‖ struct hash): 32 bytes.

    `domain` holds any of name, version, chainId, verifyingContract, salt; `types` maps each struct to its
    members `{"name": …, "type": …}` and leaves out EIP712Domain; integers are int, bytes are bytes.

    Raises InvalidInput for a type that is missing or a value that doesn't fit.
    """
    from eth_abi.exceptions import EncodingError
    from eth_account.messages import encode_typed_data

    unknown = set(domain) - set(_DOMAIN_TYPES)
    if unknown or primary_type not in types:
        raise InvalidInput(
            f"typed data {primary_type!r}: "
            + (f"unknown domain fields {sorted(unknown)}" if unknown else "the type is not among those given")
        )
    full = {
        "types": {
            "EIP712Domain": [
                {"name": name, "type": kind} for name, kind in _DOMAIN_TYPES.items() if name in domain
            ],
            **{name: list(members) for name, members in types.items()},
        },
        "primaryType": primary_type,
        "domain": dict(domain),
        "message": dict(message),
    }
    try:
        signable = encode_typed_data(full_message=full)
    except (ValueError, TypeError, KeyError, OverflowError, EncodingError) as error:
        raise InvalidInput(f"typed data {primary_type!r} cannot be encoded: {error}") from error
    return keccak(b"\x19" + signable.version + signable.header + signable.body)
