"""Reading and writing the files that a command line names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from toolkit.cli.output import as_json
from toolkit.errors import InvalidInput

__all__ = ["make_folder", "read_bytes", "read_json", "write_bytes", "write_json", "write_text"]


def read_json(path: Path, *, what: str) -> dict[str, Any]:
    """The JSON object in the file `path`, called `what` in messages. Raises InvalidInput."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInput(f"{what} {path} can't be read ({error.strerror}): correct the path") from None
    except ValueError as error:
        raise InvalidInput(f"{what} {path} is not JSON ({error}): make it again") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{what} {path} is not a JSON object: make it again")
    return found


def read_bytes(path: Path) -> bytes:
    """The contents of the file `path`. Raises InvalidInput."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} can't be read ({error.strerror}): correct the path") from None


def write_json(path: Path, data: Any) -> None:
    """Write `data` to `path`. Raises InvalidInput."""
    write_text(path, as_json(data))


def write_text(path: Path, text: str) -> None:
    """Write `text` to `path`, replacing what was there. Raises InvalidInput."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} can't be written ({error.strerror}): name another file") from None


def write_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`, replacing what was there. Raises InvalidInput."""
    try:
        path.write_bytes(data)
    except OSError as error:
        raise InvalidInput(f"{path} can't be written ({error.strerror}): name another file") from None


def make_folder(path: Path) -> None:
    """Make the folder `path`, unless it is there. Raises InvalidInput."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInput(f"the folder {path} can't be made ({error.strerror}): name another one") from None
