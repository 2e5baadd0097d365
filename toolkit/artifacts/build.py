"""From sources to the packaged artifacts, and the proof that the two belong together."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolkit.artifacts.compiler import (
    Diagnostic,
    Output,
    compile_sources,
    find_compiler,
    write_atomically,
)
from toolkit.artifacts.layout import layout_of
from toolkit.artifacts.model import Artifact, ByteRange
from toolkit.artifacts.sources import CONTRACTS, IMPORTS, Sources, checkout_root, collect
from toolkit.errors import CodeMismatch, CompilationError

__all__ = ["Compilation", "check", "compile_contracts"]

DATA = Path("toolkit") / "artifacts" / "data"
MANIFEST = "manifest.json"
DEFINITIONS = "definitions.json"
CACHE = Path("build") / "solc-cache"
#: To be raised with every change to what this module makes of the compiler's output.
FORMAT = 2


@dataclass(frozen=True, slots=True)
class Compilation:
    """What a run did: `names` packaged, by which `compiler`, and whether it had to be called.

    `written` are the files that changed, relative to the checkout; `warnings` the compiler's about the
    project's own sources, of this run only.
    """

    names: tuple[str, ...]
    compiler: str
    input_hash: str
    compiler_called: bool
    written: tuple[Path, ...]
    warnings: tuple[Diagnostic, ...]


def compile_contracts(root: Path | None = None, *, check: bool = False) -> Compilation:
    """Compile the checkout at `root` (by default the one this runs from) into its packaged artifacts.

    Where the sources are those of the packaged artifacts, and the artifacts are whole, no compiler is
    called. With `check`, nothing is written: see `check`.

    Raises `CompilationError` where the compiler refuses the sources, `ConfigurationError` where the checkout
    is not complete, and with `check` `CodeMismatch`.
    """
    root = root or checkout_root()
    sources = collect(root)
    packaged = _read_packaged(root / DATA)
    manifest = None if check else _manifest_in_force(packaged, sources)
    if manifest is not None:
        return Compilation(
            names=tuple(sorted(manifest["contracts"])),
            compiler=manifest["compiler"],
            input_hash=manifest["input_hash"],
            compiler_called=False,
            written=(),
            warnings=(),
        )

    output = compile_sources(sources, compiler=find_compiler(root), cache=root / CACHE)
    made = _package(sources, output)
    differing = sorted(name for name in made.keys() | packaged.keys() if made.get(name) != packaged.get(name))
    if check and differing:
        raise CodeMismatch(
            f"the sources do not give the packaged artifacts; these differ: {', '.join(differing)}. "
            "Run `issuance compile` and commit the result",
            files=differing,
        )
    for name in differing:
        if name in made:
            write_atomically(root / DATA / name, made[name])
        else:
            (root / DATA / name).unlink()
    manifest = json.loads(made[MANIFEST])
    return Compilation(
        names=tuple(sorted(manifest["contracts"])),
        compiler=output.compiler,
        input_hash=manifest["input_hash"],
        compiler_called=not output.from_cache,
        written=tuple(DATA / name for name in differing),
        warnings=tuple(item for item in output.warnings if item.file.startswith(f"{CONTRACTS}/")),
    )


def check(root: Path | None = None) -> Compilation:
    """Prove that the sources at `root` give the packaged artifacts, byte for byte; write nothing.

    Always compiles, or takes from the content-addressed cache what this compiler said to this input.
    Raises `CodeMismatch` (`details["files"]`: the artifacts that differ) and as `compile_contracts`.
    """
    return compile_contracts(root, check=True)


def _read_packaged(data: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in data.glob("*.json")}


def _manifest_in_force(packaged: dict[str, bytes], sources: Sources) -> dict[str, Any] | None:
    """The packaged manifest, if it is the one of these sources and the files beside it; otherwise None."""
    files = {name: content for name, content in packaged.items() if name != MANIFEST}
    try:
        manifest = _manifest(sources, files)
    except (KeyError, ValueError):
        return None
    return manifest if packaged.get(MANIFEST) == _render(manifest) else None


def _manifest(sources: Sources, files: dict[str, bytes]) -> dict[str, Any]:
    artifacts = [json.loads(content) for name, content in files.items() if name != DEFINITIONS]
    (compiler,) = {artifact["compiler"] for artifact in artifacts}
    return {
        "format": FORMAT,
        "compiler": compiler,
        "settings": sources.shaping_settings(),
        "settings_hash": sources.settings_hash(),
        "input_hash": sources.input_hash(),
        "sources": sources.digests(),
        "contracts": {artifact["name"]: artifact["source_name"] for artifact in artifacts},
        "files": {name: hashlib.sha256(content).hexdigest() for name, content in files.items()},
    }


def _package(sources: Sources, output: Output) -> dict[str, bytes]:
    """File name to content of everything that is packaged."""
    files: dict[str, bytes] = {}
    contracts: dict[str, str] = {}
    for source_name, name in _deployable(output.document):
        if name in contracts:
            raise CompilationError(
                f"{source_name} and {contracts[name]} both define {name}: artifacts go by name, rename one",
                diagnostics=[],
            )
        contracts[name] = source_name
        files[f"{name}.json"] = _render(_artifact(sources, output, source_name, name).to_json())
    files[DEFINITIONS] = _render(_definitions(output.document))
    return files | {MANIFEST: _render(_manifest(sources, files))}


def _deployable(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Source and name of each contract to package: the project's own, and those that Imports.sol imports."""
    for source_name, source in sorted(document["sources"].items()):
        if not source_name.startswith(f"{CONTRACTS}/"):
            continue
        for node in source["ast"]["nodes"]:
            if node["nodeType"] == "ContractDefinition":
                if node["contractKind"] == "contract" and not node["abstract"]:
                    yield source_name, node["name"]
            elif node["nodeType"] == "ImportDirective" and source_name == IMPORTS:
                for alias in node["symbolAliases"]:
                    yield node["absolutePath"], alias["foreign"]["name"]


def _artifact(sources: Sources, output: Output, source_name: str, name: str) -> Artifact:
    made = output.document["contracts"][source_name][name]
    creation, runtime = made["evm"]["bytecode"], made["evm"]["deployedBytecode"]
    if creation["linkReferences"]:
        raise CompilationError(
            f"{source_name}: {name} calls a library that has to be deployed and linked: "
            "make the library's functions internal",
            diagnostics=[],
        )
    references = (item for items in runtime["immutableReferences"].values() for item in items)
    return Artifact(
        name=name,
        source_name=source_name,
        abi=tuple(made["abi"]),
        bytecode=bytes.fromhex(creation["object"]),
        deployed_bytecode=bytes.fromhex(runtime["object"]),
        immutable_references=tuple(
            ByteRange(start, length)
            for start, length in sorted((item["start"], item["length"]) for item in references)
        ),
        method_identifiers=made["evm"]["methodIdentifiers"],
        storage_layout=layout_of(output.document, source_name, name),
        compiler=output.compiler,
        settings_hash=sources.settings_hash(),
        source_hash=sources.source_hash(source_name),
    )


def _definitions(document: dict[str, Any]) -> dict[str, list[dict[str, Any]]]:
    """Every error and event of every ABI in the compilation, libraries' and interfaces' too, each once."""
    found: dict[str, dict[str, dict[str, Any]]] = {"error": {}, "event": {}}
    for contracts in document["contracts"].values():
        for made in contracts.values():
            for entry in made["abi"]:
                if entry["type"] in found:
                    found[entry["type"]][json.dumps(entry, sort_keys=True)] = entry

    def ordered(kind: str) -> list[dict[str, Any]]:
        return [
            entry for _, entry in sorted(found[kind].items(), key=lambda item: (item[1]["name"], item[0]))
        ]

    return {"errors": ordered("error"), "events": ordered("event")}


def _render(document: dict[str, Any]) -> bytes:
    return (json.dumps(document, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()
