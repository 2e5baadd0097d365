"""What goes into the compiler: the checkout's sources and settings as one standard JSON input.

Source names are `contracts/...` and `@openzeppelin/...`, never a path of this machine, so that the same
sources give the same input, and the same hash, everywhere. Settings are foundry.toml's: forge and this
room compile alike.
"""

from __future__ import annotations

import functools
import hashlib
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.artifacts.layout import NAMESPACES, namespaces_source
from toolkit.errors import CompilationError, ConfigurationError

__all__ = ["Sources", "canonical_hash", "checkout_root", "collect"]

CONTRACTS = "contracts"
#: OpenZeppelin's contracts that are deployed unchanged are the ones that this file imports.
IMPORTS = "contracts/deployment/Imports.sol"

_COMMENT_OR_STRING = re.compile(
    r"""//[^\n]*|/\*.*?\*/|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')""", re.DOTALL
)
_IMPORT = re.compile(r"""\bimport\b[^;"']*["']([^"']+)["'][^;"']*;""")


def canonical_hash(document: Any) -> str:
    """SHA-256 of `document` as canonical JSON (RFC 8785), as 64 hex digits."""
    import rfc8785

    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def checkout_root() -> Path:
    """The checkout that this package runs from. Raises `ConfigurationError` for an installed wheel."""
    root = Path(__file__).resolve().parents[2]
    if not (root / "foundry.toml").is_file():
        raise ConfigurationError(
            f"{root} holds no foundry.toml: compiling needs a checkout, prepared by `make setup`"
        )
    return root


@dataclass(frozen=True, slots=True)
class Sources:
    """The sources that a compilation sees (`files`: source name to text) and the compiler's `settings`.

    `compiler_version` is the release that the checkout pins, such as `0.8.37`.
    """

    files: dict[str, str]
    settings: dict[str, Any]
    compiler_version: str

    def standard_json(self) -> dict[str, Any]:
        """The compiler's input (Solidity documentation, "Compiler Input and Output JSON Description")."""
        return {
            "language": "Solidity",
            "settings": self.settings,
            "sources": {
                name: {"content": text}
                for name, text in [*sorted(self.files.items()), (NAMESPACES, namespaces_source(self.files))]
            },
        }

    def input_hash(self) -> str:
        """The hash of everything that decides the result: sources, settings, the compiler's release."""
        return canonical_hash({"input": self.standard_json(), "compiler": self.compiler_version})

    def shaping_settings(self) -> dict[str, Any]:
        """The settings that shape the code: all but which outputs are asked for."""
        return {key: value for key, value in self.settings.items() if key != "outputSelection"}

    def settings_hash(self) -> str:
        """The hash of `shaping_settings`, as in `Artifact.settings_hash`."""
        return canonical_hash(self.shaping_settings())

    def source_hash(self, name: str) -> str:
        """The hash of source `name` with all that it imports, as in `Artifact.source_hash`."""
        reached: set[str] = set()
        waiting = [name]
        while waiting:
            current = waiting.pop()
            if current not in reached:
                reached.add(current)
                waiting.extend(_imports(current, self.files[current]))
        return canonical_hash({item: _digest(self.files[item]) for item in reached})

    def digests(self) -> dict[str, str]:
        """Source name to the SHA-256 of its text, as 64 hex digits."""
        return {name: _digest(text) for name, text in sorted(self.files.items())}


def collect(root: Path) -> Sources:
    """Read the checkout at `root`: every file under contracts/, and all that they import.

    Raises `ConfigurationError` for a missing or malformed foundry.toml or package.json, and
    `CompilationError` for an import that leads nowhere.
    """
    names = [path.relative_to(root).as_posix() for path in (root / CONTRACTS).rglob("*.sol")]
    if not names:
        raise ConfigurationError(f"no Solidity source under {root / CONTRACTS}: nothing to compile")
    files: dict[str, str] = {}
    waiting = [(name, "") for name in sorted(names)]
    while waiting:
        name, importer = waiting.pop()
        if name not in files:
            files[name] = _read_source(root, name, importer)
            waiting.extend((imported, name) for imported in _imports(name, files[name]))
    return Sources(files, _settings(root), _pinned_compiler(root))


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _read_source(root: Path, name: str, importer: str) -> str:
    path = root / name if name.startswith(f"{CONTRACTS}/") else root / "node_modules" / name
    try:
        # Line ends are made uniform, so that a checkout with CRLF gives the same input.
        return path.read_bytes().decode().replace("\r\n", "\n")
    except FileNotFoundError as error:
        raise CompilationError(
            f"{importer} imports {name}, which does not exist: correct the import, "
            "or run `make setup` where a package is missing",
            diagnostics=[],
        ) from error


@functools.cache
def _imports(name: str, text: str) -> tuple[str, ...]:
    """The source names that `text`, the source called `name`, imports."""
    code = _COMMENT_OR_STRING.sub(lambda match: match.group(1) or " ", text)
    return tuple(_resolve(name, target) for target in _IMPORT.findall(code))


def _resolve(importer: str, target: str) -> str:
    if not target.startswith("."):
        return target
    parts = importer.split("/")[:-1]
    for part in target.split("/"):
        if part == ".." and parts:
            parts.pop()
        elif part != ".":
            parts.append(part)
    return "/".join(parts)


def _settings(root: Path) -> dict[str, Any]:
    try:
        profile = tomllib.loads((root / "foundry.toml").read_text())["profile"]["default"]
        settings = {
            "optimizer": {"enabled": profile["optimizer"], "runs": profile["optimizer_runs"]},
            "evmVersion": profile["evm_version"],
            "viaIR": profile["via_ir"],
            "metadata": {"bytecodeHash": profile["bytecode_hash"], "appendCBOR": profile["cbor_metadata"]},
        }
    except (FileNotFoundError, KeyError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(
            f"{root / 'foundry.toml'} must give optimizer, optimizer_runs, evm_version, via_ir, "
            f"bytecode_hash and cbor_metadata under [profile.default] ({type(error).__name__}: {error})"
        ) from error
    wanted = ["abi", "storageLayout", "evm.methodIdentifiers"]
    wanted += [
        f"evm.{code}.{part}"
        for code in ("bytecode", "deployedBytecode")
        for part in ("object", "linkReferences")
    ]
    selection = {"*": {"": ["ast"], "*": [*wanted, "evm.deployedBytecode.immutableReferences"]}}
    return settings | {"outputSelection": selection}


def _pinned_compiler(root: Path) -> str:
    try:
        version = json.loads((root / "package.json").read_text())["dependencies"]["solc"]
    except (FileNotFoundError, KeyError, ValueError) as error:
        raise ConfigurationError(
            f"{root / 'package.json'} must pin the compiler as dependencies.solc "
            f"({type(error).__name__}: {error})"
        ) from error
    return str(version)
