"""`issuance compliance monitor`: the rules over the chain, alerts, and where they go."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

__all__ = ["app"]

app = typer.Typer(help="Watch the chain, and the alerts that came of it.", no_args_is_help=True)

_SECRET_FILE = "ISSUANCE_WEBHOOK_SECRET_FILE"  # noqa: S105 - the name of the variable, not its value

AlertId = Annotated[str, typer.Argument(help="The alert's id.")]


@app.command("run")
def run_monitor(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    fund: Annotated[
        list[Path] | None, typer.Option(help="The deployment record of a fund to watch too. Repeat it.")
    ] = None,
    large: Annotated[
        list[str] | None,
        typer.Option(help="TOKEN=AMOUNT: from which amount on a transfer is large. Repeat it."),
    ] = None,
    operator: Annotated[
        list[str] | None, typer.Option(help="An operator whose limit is watched. Repeat it.")
    ] = None,
    json: Json = False,
) -> None:
    """Read the final blocks since the last run. Ends with 1 if there are new alerts.

    Each is a line of JSON on standard error as well. Run it as often as alerts may be late.
    """
    import logging

    from toolkit.cli.output import Output
    from toolkit.compliance.alert_log import JsonFormatter, log_alert, logger
    from toolkit.compliance.monitor import Monitor
    from toolkit.desk import Desk
    from toolkit.fund import Fund
    from toolkit.issuance import Issuance

    output = Output(json=json)
    handler = logging.StreamHandler()
    handler.setFormatter(JsonFormatter())
    logger.addHandler(handler)
    issuance = Issuance.load(record, rpc)
    funds = [Fund.load(path, issuance) for path in fund or []]
    # The desk's ledger has the deployment, the worker, and on a development chain the chain's clock.
    with Desk(issuance, ledger) as desk:
        settings = _settings(large or [], issuance, funds)
        report = Monitor(
            issuance, desk.ledger, funds=funds, settings=settings, operators=operator or []
        ).run()
    for alert in report.alerts:
        log_alert(alert)
    logger.removeHandler(handler)
    data = {"block": report.block, "events": report.events, "alerts": [item.id for item in report.alerts]}
    output.result(
        data,
        lambda: output.line(
            f"up to block {report.block}: {report.events} events, {len(report.alerts)} new alerts"
        ),
    )
    if report.alerts:
        raise typer.Exit(1)


@app.command()
def alerts(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    everything: Annotated[bool, typer.Option("--all", help="Those acknowledged too.")] = False,
    json: Json = False,
) -> None:
    """The alerts that nobody has acknowledged, with when somebody has to. Ends with 1 if there are any."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.ledger import RecordState

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.alerts.find(None if everything else RecordState.OPEN)
        late = {item.id for item in opened.alerts.late()}
        undelivered = opened.alerts.undelivered()

    def show() -> None:
        rows = [
            [item.id, item.data["severity"], item.data["due_at"], "LATE" if item.id in late else item.state]
            for item in found
        ]
        output.table(["alert", "severity", "due", "state"], rows)
        for item in found:
            output.line(f"{item.id}: {item.data['summary']}")
        output.line(f"{undelivered} not delivered")

    output.result(
        {
            "alerts": [{"id": item.id, "state": str(item.state), **item.data} for item in found],
            "late": sorted(late),
            "undelivered": undelivered,
        },
        show,
    )
    if any(item.state is RecordState.OPEN for item in found):
        raise typer.Exit(1)


@app.command()
def acknowledge(
    alert: AlertId,
    by: By,
    note: Annotated[str, typer.Option(help="What was found, in a line.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Say that somebody of compliance has looked. An incident is acknowledged by `issuance incidents`."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.alerts.acknowledge(alert, by=by, note=note)
    data = {"id": found.id, "state": str(found.state)}
    output.result(data, lambda: output.line(f"{found.id} is {found.state}"))


@app.command()
def deliver(
    url: Annotated[str, typer.Argument(help="Where to: http:// or https://.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Post the alerts that are due, signed with the secret in the file named by ISSUANCE_WEBHOOK_SECRET_FILE.

    What isn't taken is tried again later; ends with 1 if there is any.
    """
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.compliance.webhook import Webhook

    output = Output(json=json)
    hook = Webhook(url, _secret())
    with open_ledger(record, rpc, ledger) as opened:
        report = hook.deliver(opened)

    def show() -> None:
        for name in report.delivered:
            output.line(f"delivered: {name}")
        for name, error in report.failed.items():
            output.notice(f"not delivered: {name}: {error}")

    output.result({"delivered": list(report.delivered), "failed": report.failed}, show)
    if report.failed:
        raise typer.Exit(1)


def _secret() -> bytes:
    from toolkit.errors import ConfigurationError

    name = os.environ.get(_SECRET_FILE)
    if not name:
        raise ConfigurationError(f"name the file with the webhook's secret (32 bytes up) in {_SECRET_FILE}")
    try:
        return Path(name).read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(f"the secret in {name} can't be read: {error.strerror}") from None


def _settings(large: list[str], issuance: Any, funds: list[Any]) -> Any:
    """`TOKEN=AMOUNT` pairs, by the tokens' symbols."""
    from toolkit.compliance.rules import MonitorSettings
    from toolkit.errors import InvalidInput

    tokens = {issuance.token_symbol: (issuance.token.address, issuance.amount)}
    for fund in funds:
        for item in fund.classes.values():
            tokens[item.symbol] = (item.share.address, item.amount)
    found: dict[str, int] = {}
    for pair in large:
        symbol, _, amount = pair.partition("=")
        if symbol not in tokens:
            raise InvalidInput(f"--large {pair!r} names none of {', '.join(sorted(tokens))}")
        address, parse = tokens[symbol]
        found[address] = parse(amount).base_units
    return MonitorSettings(large=found)
