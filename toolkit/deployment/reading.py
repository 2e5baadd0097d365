"""Reading terms: TOML without floats, and every refusal with the file, the key, the value and the remedy."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from toolkit.errors import ConfigurationError

__all__ = ["read_file", "read_toml", "refused_by"]


def read_file(path: Path) -> bytes:
    """The bytes of a terms file. Raises ConfigurationError."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"terms {path} can't be read: {error.strerror}; give the path of a terms file"
        ) from None


def read_toml(raw: bytes, path: Path) -> dict[str, Any]:
    """The tables in `raw`, TOML in UTF-8; `path` names them in messages. Raises ConfigurationError."""
    try:
        tree = tomllib.loads(raw.decode())
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{path}: not a TOML file: {error}", file=str(path)) from None
    for key, value in _leaves(tree):
        if isinstance(value, float):
            raise _wrong(path, key, value, "floats are inexact; write a whole number, or a string")
    return tree


def refused_by(model: type[BaseModel], path: Path, error: ValidationError) -> ConfigurationError:
    """The first problem that pydantic found with the tables of `model`, for the person who wrote the file."""
    first = error.errors(include_url=False)[0]
    key = ".".join(map(str, first["loc"]))
    problem = first["msg"].removeprefix("Value error, ")
    if not key:
        # A check over the whole file: its message begins with the key.
        key, _, problem = problem.partition(": ")
        return ConfigurationError(f"{path}: {key}: {problem}", file=str(path), key=key, remedy=problem)
    if first["type"] == "missing":
        return ConfigurationError(
            f"{path}: {key}: missing; add it", file=str(path), key=key, remedy="add the key"
        )
    if first["type"] == "extra_forbidden":
        problem = f"unknown key; remove it, or use one of {', '.join(_known_keys(model, first['loc']))}"
    return _wrong(path, key, first["input"], problem)


def _leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from _leaves(value, f"{path}.{key}" if path else key)
    elif isinstance(tree, list):
        for number, value in enumerate(tree):
            yield from _leaves(value, f"{path}.{number}")
    else:
        yield path, tree


def _wrong(path: Path, key: str, value: Any, remedy: str) -> ConfigurationError:
    shown = repr(value) if len(repr(value)) <= 80 else repr(value)[:77] + "..."
    return ConfigurationError(
        f"{path}: {key}: {shown}: {remedy}", file=str(path), key=key, value=value, remedy=remedy
    )


def _known_keys(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that the table at `location`'s parent takes."""
    for part in location[:-1]:
        if part in model.model_fields:
            model = _table(model.model_fields[str(part)].annotation) or model
    return list(model.model_fields)


def _table(annotation: Any) -> type[BaseModel] | None:
    """The table within an annotation such as `dict[str, tuple[RoleHolder, ...]]`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _table(part))), None)
