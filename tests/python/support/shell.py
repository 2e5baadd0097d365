"""The command `issuance`, run in this process with its output caught."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from typing import Any
from unittest import mock

from toolkit.cli.main import main

ESCAPE = "\N{ESCAPE}"


@dataclass(frozen=True)
class Result:
    """What a command left."""

    status: int
    out: str
    err: str


class Shell:
    """Runs commands with `environment` as the only ISSUANCE_ variables."""

    def __init__(self, environment: Mapping[str, object] | None = None) -> None:
        self.environment = {name: str(value) for name, value in (environment or {}).items()}

    def __call__(self, *arguments: object) -> Result:
        out, err = io.StringIO(), io.StringIO()
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ISSUANCE_")}
        with (
            mock.patch.dict(os.environ, {**kept, **self.environment}, clear=True),
            redirect_stdout(out),
            redirect_stderr(err),
        ):
            status = main([str(item) for item in arguments])
        result = Result(status, out.getvalue(), err.getvalue())
        assert ESCAPE not in result.out + result.err, "a pipe gets no control sequences"
        return result

    def text(self, *arguments: object) -> str:
        """What a command that ends well says to people."""
        result = self(*arguments)
        assert (result.status, result.err) == (0, "")
        assert result.out.strip()
        assert all(line == line.rstrip() for line in result.out.splitlines()), (
            "no padding at the end of lines"
        )
        return result.out

    def json(self, *arguments: object) -> Any:
        """Its one JSON document."""
        result = self(*arguments, "--json")
        assert (result.status, result.err) == (0, ""), result
        return parsed(result.out)

    def refusal(self, status: int, *arguments: object) -> str:
        """The message of a command that ends with `status` and prints nothing but errors, in both forms."""
        said, document = self(*arguments), self(*arguments, "--json")
        assert (said.status, said.out) == (document.status, document.out) == (status, ""), (said, document)
        error = parsed(document.err)["error"]
        assert error["code"]
        assert said.err == f"issuance: {error['message']}\n"
        return str(error["message"])

    def usage(self, *arguments: object) -> str:
        """The complaint about a wrong command line, which ends with 2."""
        said, document = self(*arguments), self(*arguments, "--json")
        assert (said.status, said.out) == (document.status, document.out) == (2, "")
        assert parsed(document.err)["error"]["code"] == "usage"
        assert said.err.startswith("Usage: issuance")
        return said.err


def parsed(text: str) -> Any:
    """One JSON document without floats."""
    return json.loads(text, parse_float=_refuse)


def _refuse(text: str) -> None:
    raise AssertionError(f"{text} is a float: amounts are strings")
