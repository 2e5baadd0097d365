"""The tree of commands. Each module imports what it needs inside its commands, so that `--help` is quick."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli import compiling, deploy, desk_commands, investor, mint, node, redeem, reserve

__all__ = ["app"]

app = typer.Typer(
    name="issuance",
    help="Issue a reserve-backed stablecoin and keep it honest.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(asked: bool) -> None:
    if asked:
        from toolkit import __version__

        typer.echo(f"issuance {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


app.command("node")(node.node)
app.command("compile")(compiling.compile_)
app.add_typer(deploy.app, name="deploy")
app.add_typer(reserve.app, name="reserve")
app.add_typer(investor.app, name="investor")
app.add_typer(mint.app, name="mint")
app.add_typer(redeem.app, name="redeem")
app.command("orders")(desk_commands.orders)
app.command("status")(desk_commands.status)
app.command("run")(desk_commands.run)
app.command("demo")(desk_commands.demo)
