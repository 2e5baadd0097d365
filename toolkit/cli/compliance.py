"""`issuance compliance`: the officer's side of the desk. Each subject has commands of its own below it."""

from __future__ import annotations

import typer

from toolkit.cli import (
    access,
    cases,
    classes,
    monitor,
    omnibus,
    omnibus_flows,
    recovery,
    rules,
    screening,
    travel,
)

__all__ = ["app"]

app = typer.Typer(
    help="Who may hold, who must wait, and whose it is: the compliance officer's commands.",
    no_args_is_help=True,
)

app.add_typer(rules.policies, name="policy")
app.add_typer(rules.limits, name="limit")
app.add_typer(classes.classify, name="classify")
app.add_typer(classes.regime, name="regime")
app.add_typer(classes.bank, name="bank")
app.add_typer(classes.distributor, name="distributor")
app.command()(classes.acknowledge)
app.command()(access.holds)
app.command()(access.readings)
app.add_typer(screening.app, name="screening")
app.add_typer(cases.app, name="cases")
app.add_typer(recovery.app, name="recovery")
for flow in (omnibus_flows.announce, omnibus_flows.reserve, omnibus_flows.settle, omnibus_flows.retract):
    omnibus.app.command()(flow)
app.add_typer(omnibus.app, name="omnibus")
app.add_typer(travel.app, name="travel")
app.add_typer(monitor.app, name="monitor")
