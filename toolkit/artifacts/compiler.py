"""Calling the compiler, through py-solc-x with an explicit binary, and keeping what it said.

The cache is content-addressed: the name of an entry is the SHA-256 of the compiler's full version and
its standard JSON input, so an entry can be missing but never out of date.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from toolkit.artifacts.sources import Sources, canonical_hash
from toolkit.errors import CompilationError, ConfigurationError

__all__ = ["Diagnostic", "Output", "compile_sources", "find_compiler", "write_atomically"]

#: Environment variable with the path of a compiler of the pinned version, such as a native one.
COMPILER_VARIABLE = "ISSUANCE_SOLC"


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One message of the compiler. `line` and `column` count from 1, and are 0 where it names no place."""

    severity: str
    code: str
    message: str
    file: str
    line: int
    column: int

    def __str__(self) -> str:
        place = f"{self.file}:{self.line}:{self.column}: " if self.file else ""
        return f"{place}{self.severity}{f' {self.code}' if self.code else ''}: {self.message}"


@dataclass(frozen=True, slots=True)
class Output:
    """The compiler's standard JSON output, its full version, what it warned of, and whether it ran."""

    document: dict[str, Any]
    compiler: str
    warnings: tuple[Diagnostic, ...]
    from_cache: bool


def find_compiler(root: Path) -> Path:
    """The compiler to call: ISSUANCE_SOLC where it is set, otherwise the checkout's scripts/solc.

    Raises `ConfigurationError` where the file does not exist.
    """
    named = os.environ.get(COMPILER_VARIABLE)
    path = Path(named) if named else root / "scripts" / "solc"
    if not path.is_file():
        remedy = f"correct {COMPILER_VARIABLE}" if named else "restore it, or set ISSUANCE_SOLC to a compiler"
        raise ConfigurationError(f"no compiler at {path}: {remedy}")
    return path


def compile_sources(sources: Sources, *, compiler: Path, cache: Path) -> Output:
    """Compile, or take the result from `cache`.

    Raises `CompilationError` (`details["diagnostics"]`: a list of dicts as `Diagnostic`) where the compiler
    refuses the sources or cannot run, `ConfigurationError` where it is not of the pinned version.
    """
    version = _version(compiler)
    if version.split("+")[0] != sources.compiler_version:
        raise ConfigurationError(
            f"{compiler} is {version}, and package.json pins {sources.compiler_version}: "
            f"run `make setup`, or set {COMPILER_VARIABLE} to a compiler of that version"
        )
    key = canonical_hash({"compiler": version, "input": sources.standard_json()})
    entry = cache / f"{key}.json"
    output = _cached(entry)
    if output is not None:
        return Output(output, version, _diagnostics(output, sources), from_cache=True)
    output = _call(compiler, sources)
    write_atomically(entry, json.dumps(output).encode())
    return Output(output, version, _diagnostics(output, sources), from_cache=False)


def _cached(entry: Path) -> dict[str, Any] | None:
    """The entry's content; None where there is none, or a damaged one, which will be written anew."""
    try:
        output: dict[str, Any] = json.loads(entry.read_bytes())
    except (FileNotFoundError, ValueError):
        return None
    return output


def write_atomically(path: Path, content: bytes) -> None:
    """Write `content` so that a reader, or a crash, finds the old file or the new one and nothing between."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    finally:
        Path(name).unlink(missing_ok=True)


def _version(compiler: Path) -> str:
    """The compiler's full version without its platform: npm's and a native compiler give the same code."""
    solcx = _py_solc_x()
    try:
        version: str = solcx.wrapper.get_version_str_from_solc_binary(compiler)
    except (OSError, subprocess.CalledProcessError, solcx.exceptions.SolcError) as error:
        raise CompilationError(
            f"{compiler} --version failed ({error}): run `make setup`", diagnostics=[]
        ) from error
    return version


def _call(compiler: Path, sources: Sources) -> dict[str, Any]:
    solcx = _py_solc_x()
    try:
        output: dict[str, Any] = solcx.compile_standard(sources.standard_json(), solc_binary=compiler)
    except solcx.exceptions.SolcError as error:
        # The exception's own text repeats the whole input and output: only what it means is passed on.
        found = _diagnostics({"errors": error.error_dict or []}, sources)
        errors = [item for item in found if item.severity == "error"]
        message = "\n".join(str(item) for item in errors) or (
            f"{compiler} ended with status {error.return_code}: {(error.stderr_data or '').strip()[-2000:]}"
        )
        raise CompilationError(message, diagnostics=[asdict(item) for item in errors]) from None
    except ValueError as error:
        raise CompilationError(f"{compiler} did not answer with JSON ({error})", diagnostics=[]) from error
    return output


def _py_solc_x() -> ModuleType:
    try:
        import solcx.exceptions
    except ImportError as error:
        raise ConfigurationError(
            "compiling needs py-solc-x: install issuance-toolkit[compile], or run `make setup` in a checkout"
        ) from error
    return solcx


def _diagnostics(output: dict[str, Any], sources: Sources) -> tuple[Diagnostic, ...]:
    return tuple(_diagnostic(item, sources) for item in output.get("errors", []))


def _diagnostic(item: dict[str, Any], sources: Sources) -> Diagnostic:
    place = item.get("sourceLocation", {})
    file, start = place.get("file", ""), place.get("start", -1)
    line = column = 0
    if file in sources.files and start >= 0:
        # The compiler counts bytes of UTF-8, not characters.
        before = sources.files[file].encode()[:start].decode(errors="ignore")
        line, column = before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1
    return Diagnostic(
        severity=item["severity"],
        code=str(item.get("errorCode", "")),
        message=item["message"],
        file=file,
        line=line,
        column=column,
    )
