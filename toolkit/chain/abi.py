"""Encoding and decoding by ABI entry, over eth_abi.

An `Abi` is the JSON list that the compiler writes. Values: integers as int, addresses as checksummed str,
bytes as bytes, arrays as list or tuple, structs as mapping, dataclass or tuple going in and as dict coming
out. Decoding a function gives None, the value, or a tuple of values, as it has none, one or more outputs.

Values that don't fit raise InvalidInput. The format: Contract ABI Specification, Solidity documentation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from functools import lru_cache
from typing import Any

from toolkit.amounts import is_whole, show_whole
from toolkit.chain.addresses import ZERO_ADDRESS, checksum_address
from toolkit.chain.hexes import is_text, keccak, to_hex
from toolkit.errors import InvalidInput

__all__ = [
    "Abi",
    "AbiEntry",
    "canonical_type",
    "decode_arguments",
    "decode_call",
    "decode_event",
    "decode_result",
    "encode_arguments",
    "encode_call",
    "encode_constructor",
    "find_entry",
    "fit_array",
    "fit_value",
    "selector",
    "signature",
    "topic0",
]


AbiEntry = Mapping[str, Any]
Abi = Sequence[AbiEntry]

_SIZED = re.compile(r"(uint|int|bytes)([1-9][0-9]*)")
_ARRAY = re.compile(r"(.+)\[([0-9]*)\]")


def canonical_type(component: AbiEntry) -> str:
    """A parameter's type as in signatures: structs become `(t1,t2)`, keeping array suffixes."""
    kind = str(component["type"])
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(canonical_type(item) for item in component["components"]) + ")" + kind[5:]


def signature(entry: AbiEntry) -> str:
    """`transfer(address,uint256)`."""
    return f"{entry['name']}({','.join(canonical_type(item) for item in entry.get('inputs', ()))})"


@lru_cache(maxsize=4096)
def _hashed(text: str) -> bytes:
    return keccak(text.encode())


def selector(entry: AbiEntry | str) -> bytes:
    """The first four bytes of the signature's hash, for a function or an error."""
    return _hashed(entry if isinstance(entry, str) else signature(entry))[:4]


def topic0(entry: AbiEntry | str) -> bytes:
    """The signature's hash: an event's first topic."""
    return _hashed(entry if isinstance(entry, str) else signature(entry))


def find_entry(abi: Abi, name: str, kind: str = "function") -> AbiEntry:
    """The entry called `name`; an overloaded one is named by its whole signature.

    Raises InvalidInput when there is none, or more than one.
    """
    found = [
        entry
        for entry in abi
        if entry.get("type") == kind
        and name in (entry.get("name"), signature(entry) if "name" in entry else None)
    ]
    if len(found) == 1:
        return found[0]
    if not found:
        raise InvalidInput(f"the ABI has no {kind} {name!r}; compile again, or check the name")
    overloads = ", ".join(signature(entry) for entry in found)
    raise InvalidInput(f"{kind} {name!r} is overloaded: name one of {overloads}")


def encode_call(abi: Abi, name: str, args: Sequence[Any] | Mapping[str, Any] = ()) -> bytes:
    """Selector and arguments of a function call."""
    entry = find_entry(abi, name)
    return selector(entry) + encode_arguments(entry.get("inputs", ()), args, what=signature(entry))


def encode_constructor(abi: Abi, args: Sequence[Any] | Mapping[str, Any] = ()) -> bytes:
    """A constructor's arguments, to follow the creation code."""
    inputs = next((entry.get("inputs", ()) for entry in abi if entry.get("type") == "constructor"), ())
    return encode_arguments(inputs, args, what="constructor")


def encode_arguments(
    components: Sequence[AbiEntry], args: Sequence[Any] | Mapping[str, Any], *, what: str = "arguments"
) -> bytes:
    """Arguments by position, or by name as a mapping."""
    from eth_abi.abi import encode
    from eth_abi.exceptions import EncodingError

    values = _as_tuple(components, args, what)
    try:
        return bytes(encode([canonical_type(item) for item in components], values))
    except (EncodingError, TypeError, OverflowError) as error:
        raise InvalidInput(f"{what}: {error}") from error


def decode_arguments(components: Sequence[AbiEntry], data: bytes, *, what: str = "data") -> list[Any]:
    """Values in the order of `components`."""
    from eth_abi.abi import decode
    from eth_abi.exceptions import DecodingError

    try:
        values = decode([canonical_type(item) for item in components], bytes(data))
    except (DecodingError, OverflowError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"{what}: {to_hex(data[:64])}{'…' if len(data) > 64 else ''} ({len(data)} bytes) does not decode "
            f"as ({', '.join(canonical_type(item) for item in components)}): {error}"
        ) from error
    return [_outward(component, value) for component, value in zip(components, values, strict=True)]


def decode_result(abi: Abi, name: str, data: bytes) -> Any:
    """What a function returned."""
    entry = find_entry(abi, name)
    outputs = entry.get("outputs", ())
    if outputs and not data:
        raise InvalidInput(f"{signature(entry)} returned nothing: there is no contract at the address called")
    values = decode_arguments(outputs, data, what=f"result of {signature(entry)}")
    if len(values) == 1:
        return values[0]
    return tuple(values) if values else None


def decode_call(abi: Abi, data: bytes) -> tuple[str, dict[str, Any]]:
    """The function's name and its arguments by name: what a call in a plan or a schedule would do."""
    for entry in abi:
        if entry.get("type") == "function" and selector(entry) == data[:4]:
            return str(entry["name"]), _named(entry["inputs"], data[4:], signature(entry))
    raise InvalidInput(f"the ABI has no function with the selector {to_hex(data[:4])}")


def decode_event(entry: AbiEntry, topics: Sequence[bytes], data: bytes) -> dict[str, Any]:
    """An event's arguments by name. Indexed strings, bytes, arrays and structs are their hash."""
    inputs = entry["inputs"]
    indexed = [item for item in inputs if item.get("indexed")]
    if len(topics) != len(indexed) + 1 or topics[0] != topic0(entry):
        raise InvalidInput(f"a log with {len(topics)} topics is not {signature(entry)}")
    what = f"log of {signature(entry)}"
    plain = iter(decode_arguments([item for item in inputs if not item.get("indexed")], data, what=what))
    hashed = iter(topics[1:])
    values = {}
    for position, item in enumerate(inputs):
        name = item.get("name") or f"argument{position}"
        if not item.get("indexed"):
            values[name] = next(plain)
        elif _is_hashed(canonical_type(item)):
            values[name] = next(hashed)
        else:
            values[name] = decode_arguments([item], next(hashed), what=what)[0]
    return values


def _is_hashed(kind: str) -> bool:
    return kind in ("string", "bytes") or kind.endswith("]") or kind.startswith("(")


def _named(components: Sequence[AbiEntry], data: bytes, what: str) -> dict[str, Any]:
    values = decode_arguments(components, data, what=what)
    names = [item.get("name") or f"argument{position}" for position, item in enumerate(components)]
    return dict(zip(names, values, strict=True))


def _as_tuple(components: Sequence[AbiEntry], args: Any, what: str) -> list[Any]:
    if is_dataclass(args) and not isinstance(args, type):
        args = {item.name: getattr(args, item.name) for item in fields(args)}
    if isinstance(args, Mapping):
        names = [str(item["name"]) for item in components]
        if set(args) != set(names):
            raise InvalidInput(f"{what} takes ({', '.join(names)}), not ({', '.join(map(str, args))})")
        args = [args[name] for name in names]
    if isinstance(args, (str, bytes)) or not isinstance(args, Sequence):
        raise InvalidInput(f"{what} takes a sequence or a mapping of {len(components)} values, not {args!r}")
    if len(args) != len(components):
        raise InvalidInput(f"{what} takes {len(components)} values, not {len(args)}")
    return [
        _inward(item, value, f"{what}, {item.get('name') or position}")
        for position, (item, value) in enumerate(zip(components, args, strict=True))
    ]


def _inward(component: AbiEntry, value: Any, what: str) -> Any:
    kind = str(component["type"])
    if kind.endswith("]"):
        item_kind, items = fit_array(kind, value, what=what)
        inner = {**component, "type": item_kind}
        return [_inward(inner, item, f"{what}[{position}]") for position, item in enumerate(items)]
    if kind == "tuple":
        return tuple(_as_tuple(component["components"], value, what))
    # The zero address is left for the contract to judge: in some arguments it means "none".
    return value if kind == "address" and value == ZERO_ADDRESS else fit_value(kind, value, what=what)


def fit_array(kind: str, value: Any, *, what: str) -> tuple[str, Sequence[Any]]:
    """The type of an array's items, and `value` once it is a sequence of as many as `kind` holds.

    Raises InvalidInput.
    """
    found = _ARRAY.fullmatch(kind)
    if found is None:
        raise InvalidInput(f"{what} has the unknown type {kind!r}: write type[] or type[length]")
    inner, length = found.groups()
    if isinstance(value, (str, bytes, bytearray)) or not isinstance(value, Sequence):
        raise InvalidInput(f"{what} must be a list for {kind}, not {value!r}")
    if length and len(value) != int(length):
        raise InvalidInput(f"{what} must have exactly {length} items for {kind}, not {len(value)}")
    return inner, value


def fit_value(kind: str, value: Any, *, what: str) -> Any:
    """`value`, once it is of the elementary type `kind`: address, bool, string, bytes, bytesN, intN or uintN.

    Nothing is converted: an amount is an int, not its text; an address has its checksum and isn't zero.
    Raises InvalidInput with `what`, the value and the remedy.
    """
    if kind == "address":
        return checksum_address(value, what=what)
    if kind == "bool":
        if not isinstance(value, bool):
            raise InvalidInput(f"{what} {_shown(value)} must be True or False")
        return value
    if kind == "string":
        return _fit_text(value, what)
    if kind == "bytes":
        return _fit_bytes(kind, None, value, what)
    family, size = found.groups() if (found := _SIZED.fullmatch(kind)) else ("", "0")
    if family == "bytes" and int(size) <= 32:
        return _fit_bytes(kind, int(size), value, what)
    if family in ("int", "uint") and int(size) <= 256 and int(size) % 8 == 0:
        return _fit_integer(kind, int(size), value, what)
    raise InvalidInput(f"{what} has the unknown type {kind!r}: correct the ABI or the types of the data")


def _fit_text(value: Any, what: str) -> str:
    if not is_text(value):
        raise InvalidInput(f"{what} {_shown(value)} must be a str")
    try:
        value.encode()
    except UnicodeEncodeError as error:
        raise InvalidInput(f"{what} {value!r} cannot be written in UTF-8: {error.reason}") from error
    return value


def _fit_bytes(kind: str, length: int | None, value: Any, what: str) -> bytes:
    if not isinstance(value, (bytes, bytearray)):
        raise InvalidInput(f"{what} must be bytes for {kind}, not {_shown(value)}")
    if length is not None and len(value) != length:
        raise InvalidInput(
            f"{what} {to_hex(bytes(value))} must have exactly {length} bytes, not {len(value)}"
        )
    return bytes(value)


def _fit_integer(kind: str, bits: int, value: Any, what: str) -> int:
    if not is_whole(value):
        raise InvalidInput(
            f"{what} {value!r} must be an int: amounts are whole numbers of base units", value=value
        )
    signed = kind.startswith("int")
    exponent = bits - 1 if signed else bits
    lowest: int = -(2**exponent) if signed else 0
    if not lowest <= value < 2**exponent:
        bounds = f"{f'-2^{exponent}' if signed else '0'} to 2^{exponent} - 1"
        raise InvalidInput(f"{what} {show_whole(value)} does not fit {kind}: give {bounds}")
    return value


def _shown(value: object) -> str:
    return show_whole(value) if is_whole(value) else repr(value)


def _outward(component: AbiEntry, value: Any) -> Any:
    kind = str(component["type"])
    if kind.endswith("]"):
        inner = {**component, "type": kind[: kind.rindex("[")]}
        return [_outward(inner, item) for item in value]
    if kind == "tuple":
        components = component["components"]
        return {
            str(item.get("name") or position): _outward(item, part)
            for position, (item, part) in enumerate(zip(components, value, strict=True))
        }
    if kind == "address":
        return ZERO_ADDRESS if value == ZERO_ADDRESS else checksum_address(value, lenient=True)
    return value
