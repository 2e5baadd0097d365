"""EIP-712: the digest that a wallet shows in words and signs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from toolkit.chain.abi import fit_array, fit_value
from toolkit.chain.hexes import keccak
from toolkit.errors import InvalidInput

__all__ = ["Types", "domain_members", "fit_typed_data", "typed_data_digest"]

Types = Mapping[str, Sequence[Mapping[str, str]]]
"""Each struct's members, `{"name": …, "type": …}`, in order; EIP712Domain is left out."""

_DOMAIN_TYPES = {
    "name": "string",
    "version": "string",
    "chainId": "uint256",
    "verifyingContract": "address",
    "salt": "bytes32",
}


def typed_data_digest(
    domain: Mapping[str, Any], types: Types, primary_type: str, message: Mapping[str, Any]
) -> bytes:
    """keccak(0x1901 ‖ domain separator ‖ struct hash): 32 bytes.

    `domain` holds any of name, version, chainId, verifyingContract, salt; integers are int, bytes are bytes,
    addresses have their checksum, structs are mappings with exactly their members.

    Raises InvalidInput for a type that is missing or a value that doesn't fit.
    """
    from eth_abi.exceptions import EncodingError
    from eth_account.messages import encode_typed_data

    domain, message = fit_typed_data(domain, types, primary_type, message)
    full = {
        "types": {
            "EIP712Domain": domain_members(domain),
            **{name: list(members) for name, members in types.items()},
        },
        "primaryType": primary_type,
        "domain": domain,
        "message": message,
    }
    try:
        signable = encode_typed_data(full_message=full)
    except (ValueError, TypeError, KeyError, OverflowError, EncodingError) as error:
        raise InvalidInput(f"typed data {primary_type!r} cannot be encoded: {error}") from error
    return keccak(b"\x19" + signable.version + signable.header + signable.body)


def fit_typed_data(
    domain: Mapping[str, Any], types: Types, primary_type: str, message: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Copies of domain and message, once every value fits its type.

    Checked here because eth_account converts what it is given: text to numbers, a missing struct to zeros, an
    address whatever its checksum. Raises InvalidInput as `typed_data_digest` does.
    """
    what = f"typed data {primary_type!r}"
    unknown = set(domain) - set(_DOMAIN_TYPES)
    if unknown:
        raise InvalidInput(
            f"{what}: unknown domain fields {sorted(unknown)}; known are {list(_DOMAIN_TYPES)}"
        )
    if primary_type not in types:
        raise InvalidInput(f"{what}: the type is not among those given ({', '.join(types)})")
    fitted = {
        name: fit_value(_DOMAIN_TYPES[name], value, what=f"{what}, domain, {name}")
        for name, value in domain.items()
    }
    return fitted, _fit_struct(types, primary_type, message, what)


def domain_members(domain: Mapping[str, Any]) -> list[dict[str, str]]:
    """The members of EIP712Domain for the fields that `domain` has, in the standard's order."""
    return [{"name": name, "type": kind} for name, kind in _DOMAIN_TYPES.items() if name in domain]


def _fit_struct(types: Types, kind: str, value: Any, what: str) -> dict[str, Any]:
    names = [member["name"] for member in types[kind]]
    if not isinstance(value, Mapping):
        raise InvalidInput(f"{what} must be a mapping for {kind} ({', '.join(names)}), not {value!r}")
    if set(value) != set(names):
        raise InvalidInput(f"{what} takes ({', '.join(names)}), not ({', '.join(map(str, value))})")
    return {
        member["name"]: _fit(types, member["type"], value[member["name"]], f"{what}, {member['name']}")
        for member in types[kind]
    }


def _fit(types: Types, kind: str, value: Any, what: str) -> Any:
    if kind in types:
        return _fit_struct(types, kind, value, what)
    if kind.endswith("]"):
        inner, items = fit_array(kind, value, what=what)
        return [_fit(types, inner, item, f"{what}[{position}]") for position, item in enumerate(items)]
    return fit_value(kind, value, what=what)
