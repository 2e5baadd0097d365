"""The artifacts inside the installed package. Reading them needs neither a compiler nor a checkout."""

from __future__ import annotations

import functools
import importlib.resources
import json
from typing import Any

from toolkit.artifacts.model import Artifact
from toolkit.errors import ConfigurationError, InvalidInput

__all__ = ["all_artifacts", "all_errors", "all_events", "load", "manifest", "names"]


@functools.cache
def _read(file_name: str) -> dict[str, Any]:
    path = importlib.resources.files("toolkit.artifacts") / "data" / file_name
    try:
        document: dict[str, Any] = json.loads(path.read_bytes())
    except FileNotFoundError as error:
        raise ConfigurationError(
            f"the packaged artifacts lack {file_name}: run `issuance compile` in a checkout, "
            "or install issuance-toolkit again"
        ) from error
    except ValueError as error:
        raise ConfigurationError(
            f"the packaged {file_name} is not JSON ({error}): run `issuance compile` in a checkout, "
            "or install issuance-toolkit again"
        ) from error
    return document


def manifest() -> dict[str, Any]:
    """What the artifacts were compiled from: compiler, settings, a hash of each source and artifact.

    Raises `ConfigurationError` where the package has none.
    """
    return _read("manifest.json")


def names() -> tuple[str, ...]:
    """The packaged contracts, in alphabetical order. Raises `ConfigurationError` as `manifest`."""
    return tuple(sorted(manifest()["contracts"]))


@functools.cache
def load(name: str) -> Artifact:
    """The artifact of contract `name`.

    Raises `InvalidInput` for a contract that is not packaged, `ConfigurationError` for a damaged package.
    """
    if name not in manifest()["contracts"]:
        raise InvalidInput(
            f"no packaged contract is called {name!r}: use one of {', '.join(names())}", name=name
        )
    return Artifact.from_json(_read(f"{name}.json"))


def all_artifacts() -> tuple[Artifact, ...]:
    """Every packaged artifact, in alphabetical order. Raises `ConfigurationError` as `load`."""
    return tuple(load(name) for name in names())


def all_errors() -> tuple[dict[str, Any], ...]:
    """The ABI entry of every custom error in the sources, OpenZeppelin's and libraries' included, each once.

    A contract's own ABI leaves out the errors that reach it from an external call.
    """
    return tuple(_read("definitions.json")["errors"])


def all_events() -> tuple[dict[str, Any], ...]:
    """The ABI entry of every event in the sources, OpenZeppelin's and libraries' included, each once."""
    return tuple(_read("definitions.json")["events"])
