"""Revert data to exceptions: a contract's custom error arrives as the exception of the same name.

All the project's ABIs go into one registry, because a library's errors are not in the ABI of the contract
that calls it. A written class is used where there is one, else a class is made from the ABI:

```python
class BackingExceeded(DecodedRevert, ReserveShortfall):
    signature = "BackingExceeded(uint256,uint256)"
    fields = ("minted", "ceiling")
    remedy = "mint less, or attest a larger reserve"
    minted: int
    ceiling: int

registry = RevertRegistry(classes=[BackingExceeded], abis=[artifact.abi for artifact in artifacts])
```
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from toolkit.chain.abi import Abi, AbiEntry, decode_arguments, selector, signature
from toolkit.chain.hexes import to_hex
from toolkit.errors import ConfigurationError, ContractReverted, InvalidInput

__all__ = ["DecodedRevert", "PanicRevert", "RequireFailed", "RevertRegistry"]

_RESERVED = frozenset(dir(ContractReverted)) | {"data", "message", "details", "signature", "fields", "remedy"}


class DecodedRevert(ContractReverted):
    """A custom error with its fields as attributes.

    A subclass states `signature` as in Solidity without names, `fields` in the order of the arguments
    (renamed where Python or this class already uses the name) and may state a `remedy`, in which
    `{field}` stands for the value. It may also inherit from a family of `Refused`.
    """

    signature: ClassVar[str] = ""
    fields: ClassVar[tuple[str, ...]] = ()
    remedy: ClassVar[str] = ""

    def __init__(self, *, data: bytes = b"", **values: Any) -> None:
        if set(values) != set(self.fields):
            raise ConfigurationError(
                f"{type(self).__name__} has the fields ({', '.join(self.fields)}), not ({', '.join(values)})"
            )
        for name, value in values.items():
            setattr(self, name, value)
        super().__init__(self.describe(values), data=data, **values)

    def describe(self, values: Mapping[str, Any]) -> str:
        """The message: the error with its values, and the remedy."""
        shown = ", ".join(f"{name}={_show(values[name])}" for name in self.fields)
        remedy = self.remedy.format(**values)
        return f"{self.signature.partition('(')[0]}({shown})" + (f": {remedy}" if remedy else "")


class RequireFailed(DecodedRevert):
    """`require(condition, "reason")` or `revert("reason")`: Solidity's Error(string)."""

    signature = "Error(string)"
    fields = ("reason",)
    reason: str

    def describe(self, values: Mapping[str, Any]) -> str:
        return f"the contract reverted: {values['reason']}"


class PanicRevert(DecodedRevert):
    """An assertion that the compiler wrote failed: Solidity's Panic(uint256)."""

    signature = "Panic(uint256)"
    fields = ("panic_code",)
    panic_code: int

    def describe(self, values: Mapping[str, Any]) -> str:
        number = values["panic_code"]
        meaning = _PANICS.get(number, "no meaning is documented for this code")
        return f"the contract panicked with code 0x{number:02x}: {meaning}"


# Solidity documentation, "Panic via assert and Error via require".
_PANICS = {
    0x00: "generic compiler-inserted panic",
    0x01: "assertion failed",
    0x11: "arithmetic overflow or underflow",
    0x12: "division or modulo by zero",
    0x21: "value outside the enumeration",
    0x22: "storage byte array wrongly encoded",
    0x31: "pop from an empty array",
    0x32: "array index out of bounds",
    0x41: "too much memory allocated, or array too large",
    0x51: "call to an uninitialised internal function",
}


class RevertRegistry:
    """Selectors to exception classes. Immutable once made.

    `classes` are written ones; every error of `abis` that none of them covers gets a class of its name.
    The same error in several ABIs counts once. Raises ConfigurationError for two errors with the same
    selector and for a class whose fields don't match its signature.
    """

    def __init__(self, classes: Iterable[type[DecodedRevert]] = (), abis: Iterable[Abi] = ()) -> None:
        self._classes: dict[bytes, type[DecodedRevert]] = {}
        self._inputs: dict[bytes, list[AbiEntry]] = {}
        self._add_class(RequireFailed, [{"type": "string"}])
        self._add_class(PanicRevert, [{"type": "uint256"}])
        errors = [entry for abi in abis for entry in abi if entry.get("type") == "error"]
        inputs_of = {signature(entry): list(entry["inputs"]) for entry in errors}
        for written in classes:
            self._add_class(written, inputs_of.get(written.signature) or _parse_inputs(written.signature))
        for entry in errors:
            if self._unknown(entry):
                self._add_class(_make_class(entry), list(entry["inputs"]))

    @classmethod
    def from_abis(cls, abis: Iterable[Abi], classes: Iterable[type[DecodedRevert]] = ()) -> RevertRegistry:
        """The same as the constructor, ABIs first."""
        return cls(classes, abis)

    @property
    def classes(self) -> Mapping[str, type[DecodedRevert]]:
        """Every known error: signature to class."""
        return {found.signature: found for found in self._classes.values()}

    def decode(self, data: bytes) -> ContractReverted:
        """The exception for revert data, never failing itself: what isn't known comes as ContractReverted
        with the data in hexadecimal.
        """
        if not data:
            return ContractReverted(
                "the call reverted without data: there may be no such function at this address, the call ran "
                "out of gas, or a require had no reason"
            )
        found = self._classes.get(bytes(data[:4]))
        if found is None:
            return ContractReverted(
                f"the call reverted with an unknown error, selector {to_hex(data[:4])}, data {to_hex(data)}; "
                "add the ABI that declares it to the registry",
                data=bytes(data),
            )
        try:
            values = decode_arguments(
                self._inputs[bytes(data[:4])], data[4:], what=f"revert {found.signature}"
            )
        except InvalidInput as error:
            return ContractReverted(
                f"the call reverted with {found.signature}, but its data does not decode: {error.message}",
                data=bytes(data),
            )
        return found(data=bytes(data), **dict(zip(found.fields, values, strict=True)))

    def _unknown(self, entry: AbiEntry) -> bool:
        known = self._classes.get(selector(entry))
        if known is not None and known.signature != signature(entry):
            raise ConfigurationError(
                f"errors {known.signature} and {signature(entry)} share the selector "
                f"{to_hex(selector(entry))}; rename one of them"
            )
        return known is None

    def _add_class(self, added: type[DecodedRevert], inputs: list[AbiEntry]) -> None:
        if len(inputs) != len(added.fields):
            raise ConfigurationError(
                f"{added.__name__} names {len(added.fields)} fields, but {added.signature} has {len(inputs)}"
            )
        key = selector(added.signature)
        known = self._classes.get(key)
        if known is not None and known is not added:
            raise ConfigurationError(
                f"classes {known.__name__} ({known.signature}) and {added.__name__} ({added.signature}) "
                f"share the selector {to_hex(key)}; keep one"
            )
        self._classes[key] = added
        self._inputs[key] = inputs


def _make_class(entry: AbiEntry) -> type[DecodedRevert]:
    names = [str(item.get("name") or f"argument{position}") for position, item in enumerate(entry["inputs"])]
    fields = tuple(f"{name}_" if name in _RESERVED else name for name in names)
    namespace = {
        "signature": signature(entry),
        "fields": fields,
        "__doc__": f"Solidity error {signature(entry)}.",
    }
    return type(str(entry["name"]), (DecodedRevert,), namespace)


def _parse_inputs(text: str) -> list[AbiEntry]:
    """The arguments of a signature without structs; one with structs has to come with its ABI."""
    name, bracket, rest = text.partition("(")
    if not name or not bracket or not rest.endswith(")") or "(" in rest:
        raise ConfigurationError(
            f"error signature {text!r} cannot be read by itself: give the ABI that declares it"
        )
    return [{"type": kind} for kind in rest[:-1].split(",") if kind]


def _show(value: Any) -> str:
    return to_hex(value) if isinstance(value, bytes) else str(value)
