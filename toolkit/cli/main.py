"""Entry point of `issuance`.

Exit status: 0 done, 1 refused, 2 wrong usage or input, 3 node or store unreachable, 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from toolkit.errors import (
    ConfigurationError,
    InvalidInput,
    LedgerUnreachable,
    NodeError,
    ToolkitError,
    WrongChain,
)

__all__ = ["exit_status", "main"]

REFUSED, WRONG_INPUT, UNREACHABLE, INTERRUPTED = 1, 2, 3, 130

# What the command needs beyond the core, by the extra that brings it.
_EXTRAS = {"typer": "cli", "rich": "cli", "sqlalchemy": "cli", "alembic": "cli"}


def exit_status(error: ToolkitError) -> int:
    """The status that a command ends with for `error`."""
    if isinstance(error, (InvalidInput, ConfigurationError, WrongChain)):
        return WRONG_INPUT
    if isinstance(error, (NodeError, LedgerUnreachable)):
        return UNREACHABLE
    return REFUSED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status. What nobody expected is raised, not translated."""
    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        return _run(arguments)
    except ModuleNotFoundError as error:
        extra = _EXTRAS.get((error.name or "").partition(".")[0])
        if extra is None:
            raise
        sys.stderr.write(
            f"issuance: {error.name} is not installed; this command needs the extra `{extra}`: "
            f"pip install 'issuance-toolkit[{extra}]'\n"
        )
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; nothing is left to say, and Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED


def _run(arguments: list[str]) -> int:
    from toolkit.cli.app import command
    from toolkit.cli.output import Output, as_json

    json = "--json" in arguments
    try:
        # Not standalone: errors arrive here, and an exit asked for by a command is returned.
        code = command().main(args=arguments, prog_name="issuance", standalone_mode=False)
        sys.stdout.flush()
    except ToolkitError as error:
        Output(json=json).error(error)
        return exit_status(error)
    except Exception as error:
        # Typer's errors of usage, whose class moved from click into typer itself.
        if not hasattr(error, "show") or not hasattr(error, "format_message"):
            raise
        if json:
            sys.stderr.write(as_json({"error": {"code": "usage", "message": error.format_message()}}))
        else:
            error.show()
        return WRONG_INPUT
    return code if isinstance(code, int) else 0
