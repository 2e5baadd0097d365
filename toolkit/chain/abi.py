"""Encoding and decoding by ABI entry, over eth_abi.

An `Abi` is the JSON list that the compiler writes. Values: integers as int, addresses as checksummed str,
bytes as bytes, arrays as list or tuple, structs as mapping, dataclass or tuple going in and as dict coming
out. Decoding a function gives None, the value, or a tuple of values, as it has none, one or more outputs.

Values that don't fit raise InvalidInput. The format: Contract ABI Specification, Solidity documentation.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from toolkit.chain.addresses import ZERO_ADDRESS, checksum_address
from toolkit.chain.hexes import keccak, to_hex
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
    "selector",
    "signature",
    "topic0",
]


AbiEntry = Mapping[str, Any]
Abi = Sequence[AbiEntry]


def canonical_type(component: AbiEntry) -> str:
    """A parameter's type as in signatures: structs become `(t1,t2)`, keeping array suffixes."""
    kind = str(component["type"])
    if not kind.startswith("tuple"):
        return kind
    return "(" + ",".join(canonical_type(item) for item in component["components"]) + ")" + kind[5:]


def signature(entry: AbiEntry) -> str:
    """`transfer(address,uint256)`."""
    return f"{entry['name']}({','.join(canonical_type(item) for item in entry.get('inputs', ()))})"


def selector(entry: AbiEntry | str) -> bytes:
    """The first four bytes of the signature's hash, for a function or an error."""
    return keccak((entry if isinstance(entry, str) else signature(entry)).encode())[:4]


def topic0(entry: AbiEntry | str) -> bytes:
    """The signature's hash: an event's first topic."""
    return keccak((entry if isinstance(entry, str) else signature(entry)).encode())


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
        if isinstance(value, (str, bytes)) or not isinstance(value, Sequence):
            raise InvalidInput(f"{what} must be a list for {kind}, not {value!r}")
        inner = {**component, "type": kind[: kind.rindex("[")]}
        return [_inward(inner, item, f"{what}[{position}]") for position, item in enumerate(value)]
    if kind == "tuple":
        return tuple(_as_tuple(component["components"], value, what))
    if kind == "address" and value != ZERO_ADDRESS:
        return checksum_address(value, what=what)
    if kind.startswith("bytes") and not isinstance(value, (bytes, bytearray)):
        raise InvalidInput(f"{what} must be bytes for {kind}, not {value!r}")
    if kind.startswith("bytes") and kind != "bytes" and len(value) != int(kind[5:]):
        raise InvalidInput(f"{what} must have exactly {kind[5:]} bytes, not {len(value)}")
    return value


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
