"""`issuance compile`: the contracts into the packaged artifacts, or the proof that they are the same."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Json

__all__ = ["compile_"]


def compile_(
    check: Annotated[
        bool,
        typer.Option("--check", help="Prove that the sources give the packaged bytecode; write nothing."),
    ] = False,
    json: Json = False,
) -> None:
    """Compile this checkout's contracts into the packaged artifacts."""
    from toolkit import artifacts
    from toolkit.cli.output import Output

    output = Output(json=json)
    with output.progress("compiling"):
        outcome = artifacts.compile_contracts(check=check)
    data = {
        "checked": check,
        "contracts": list(outcome.names),
        "compiler": outcome.compiler,
        "compiler_called": outcome.compiler_called,
        "written": [path.as_posix() for path in outcome.written],
    }

    def show() -> None:
        if check:
            output.line(f"the sources give the packaged bytecode of {len(outcome.names)} contracts")
        elif not outcome.written:
            output.line("nothing changed")
        for path in outcome.written:
            output.line(f"wrote {path.as_posix()}")
        for warning in outcome.warnings:
            output.line(f"warning: {warning}")

    output.result(data, show)
