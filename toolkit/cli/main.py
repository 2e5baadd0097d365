"""Entry point of `issuance`: exit status 0 done, 1 refused, 2 wrong usage or input, 3 node or store unreachable."""

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


def exit_status(error: ToolkitError) -> int:
    """The status that a command ends with for `error`."""
    if isinstance(error, (InvalidInput, ConfigurationError, WrongChain)):
        return WRONG_INPUT
    if isinstance(error, (NodeError, LedgerUnreachable)):
        return UNREACHABLE
    return REFUSED


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    try:
        import typer
    except ModuleNotFoundError:
        sys.stderr.write(
            "issuance: the command line needs the extra `cli`: pip install 'issuance-toolkit[cli]'\n"
        )
        return WRONG_INPUT
    from toolkit.cli.app import app
    from toolkit.cli.output import Output

    arguments = list(sys.argv[1:] if arguments is None else arguments)
    try:
        # A ToolkitError passes through; click's own usage errors are shown and end with 2.
        command = typer.main.get_command(app)
        code = command.main(args=arguments, prog_name="issuance", standalone_mode=False)
        return code if isinstance(code, int) else 0
    except ToolkitError as error:
        Output(json="--json" in arguments).error(error)
        return exit_status(error)
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone; nothing is left to say, and Python must not complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return REFUSED
    except Exception as error:
        if _is_usage_error(error):
            return WRONG_INPUT
        raise


def _is_usage_error(error: Exception) -> bool:
    """Show click's message for a wrong command line and say that it was one."""
    show = getattr(error, "show", None)
    if show is None or not hasattr(error, "exit_code"):
        return False
    show()
    return True
