"""`issuance compliance`: the officer's side of the desk. Each subject has commands of its own below it."""

from __future__ import annotations

import typer

from toolkit.cli import omnibus

__all__ = ["app"]

app = typer.Typer(
    help="Who may hold, who must wait, and whose it is: the compliance officer's commands.",
    no_args_is_help=True,
)

app.add_typer(omnibus.app, name="omnibus")
