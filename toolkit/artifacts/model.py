"""One compiled contract, as it is packaged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from toolkit.errors import ConfigurationError

__all__ = ["Artifact", "ByteRange"]


@dataclass(frozen=True, slots=True)
class ByteRange:
    """`length` bytes from offset `start` of the runtime code, which the constructor fills in."""

    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Artifact:
    """What the compiler made of one contract.

    `bytecode` is the creation code without constructor arguments, `deployed_bytecode` the runtime
    code with zeroes at `immutable_references`. `method_identifiers` maps `transfer(address,uint256)` to
    `a9059cbb`. `storage_layout` is `{storage, namespaces, types}`: the compiler's layout with the ERC-7201
    namespaces, see `toolkit.artifacts.layout`. `compiler` is the full version (`0.8.37+commit.f401782d`).
    `settings_hash` and `source_hash` are the SHA-256, as 64 hex digits, of the compiler's settings and of
    the source file with all that it imports, each as canonical JSON (RFC 8785).
    """

    name: str
    source_name: str
    abi: tuple[dict[str, Any], ...]
    bytecode: bytes
    deployed_bytecode: bytes
    immutable_references: tuple[ByteRange, ...]
    method_identifiers: dict[str, str]
    storage_layout: dict[str, Any]
    compiler: str
    settings_hash: str
    source_hash: str

    def to_json(self) -> dict[str, Any]:
        """The packaged form: code as `0x` and hex, everything else as JSON has it."""
        return {
            "name": self.name,
            "source_name": self.source_name,
            "compiler": self.compiler,
            "settings_hash": self.settings_hash,
            "source_hash": self.source_hash,
            "abi": list(self.abi),
            "method_identifiers": self.method_identifiers,
            "storage_layout": self.storage_layout,
            "immutable_references": [
                {"start": range_.start, "length": range_.length} for range_ in self.immutable_references
            ],
            "bytecode": "0x" + self.bytecode.hex(),
            "deployed_bytecode": "0x" + self.deployed_bytecode.hex(),
        }

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Artifact:
        """The inverse of `to_json`. Raises `ConfigurationError` where a field is missing or malformed."""
        try:
            return cls(
                name=document["name"],
                source_name=document["source_name"],
                abi=tuple(document["abi"]),
                bytecode=_code(document["bytecode"]),
                deployed_bytecode=_code(document["deployed_bytecode"]),
                immutable_references=tuple(
                    ByteRange(item["start"], item["length"]) for item in document["immutable_references"]
                ),
                method_identifiers=document["method_identifiers"],
                storage_layout=document["storage_layout"],
                compiler=document["compiler"],
                settings_hash=document["settings_hash"],
                source_hash=document["source_hash"],
            )
        except (KeyError, TypeError, ValueError) as error:
            raise ConfigurationError(
                f"not a packaged artifact ({type(error).__name__}: {error}): run `issuance compile`, "
                "or install issuance-toolkit again"
            ) from error


def _code(text: str) -> bytes:
    if not text.startswith("0x"):
        raise ValueError(f"code must begin with 0x, not {text[:8]!r}")
    return bytes.fromhex(text[2:])
