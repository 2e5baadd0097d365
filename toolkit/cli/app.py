"""The tree of commands. Each module imports what it needs inside its commands, so that `--help` is quick."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Any

import typer

from toolkit.cli import (
    bank,
    compiling,
    compliance,
    deploy,
    desk_commands,
    due,
    evidence,
    fund,
    fund_distributions,
    fund_navs,
    fund_papers,
    incidents,
    investor,
    ledger,
    mint,
    node,
    orders,
    reconcile,
    redeem,
    reports,
    reserve,
)
from toolkit.cli import (
    exit as exit_,
)

__all__ = ["command"]

_app = typer.Typer(
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


@_app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    del version


_app.command("node")(node.node)
_app.command("compile")(compiling.compile_)
_app.add_typer(deploy.app, name="deploy")
_app.add_typer(reserve.app, name="reserve")
_app.add_typer(investor.app, name="investor")
_app.add_typer(mint.app, name="mint")
_app.add_typer(redeem.app, name="redeem")
_app.add_typer(fund.app, name="fund")
_app.add_typer(compliance.app, name="compliance")
fund.app.add_typer(fund_navs.app, name="nav")
fund.app.add_typer(fund_distributions.app, name="distribution")
for _command in (
    fund_papers.register,
    fund_papers.notes,
    fund_papers.report,
    fund_papers.propose_release,
    fund_papers.confirm_release,
    fund_papers.retract_release,
    fund_papers.suspend,
):
    fund.app.command()(_command)
_app.command("orders")(orders.orders)
_app.command("run")(desk_commands.run)
_app.command("status")(desk_commands.status)
_app.add_typer(incidents.app, name="incidents")
_app.add_typer(ledger.app, name="ledger")
_app.add_typer(bank.app, name="bank")
_app.add_typer(reconcile.app, name="reconcile")
_app.add_typer(evidence.app, name="evidence")
_app.add_typer(exit_.app, name="exit")
_app.add_typer(reports.app, name="report")
_app.command("due")(due.due)
_app.command("freeze")(desk_commands.freeze)
_app.command("unfreeze")(desk_commands.unfreeze)
_app.command("demo")(desk_commands.demo)


@cache
def command() -> Any:
    """The whole of it, ready to run: a service that calls `main` again and again builds it once."""
    return typer.main.get_command(_app)
