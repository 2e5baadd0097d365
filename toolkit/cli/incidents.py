"""`issuance incidents`: what stopped the worker's minting, and the person who answers for going on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from toolkit.ledger.records import Incident

__all__ = ["acknowledge", "app", "list_incidents"]

app = typer.Typer(help="What stopped minting until a person has looked.", no_args_is_help=True)


@app.command("list")
def list_incidents(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """List incidents, oldest first. Ends with 1 if one isn't acknowledged."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = desk.incidents()

    def show() -> None:
        for incident in found:
            done = f"acknowledged by {incident.acknowledged_by}" if incident.acknowledged_by else "open"
            output.line(f"{incident.id} {incident.opened_at.isoformat()} {done}: {incident.summary}")

    output.result([_data(incident) for incident in found], show)
    if any(incident.acknowledged_at is None for incident in found):
        raise typer.Exit(1)


@app.command()
def acknowledge(
    incident: Annotated[str, typer.Argument(help="The incident's id.")],
    by: Annotated[str, typer.Option(help="The person of compliance who has looked.")],
    note: Annotated[str, typer.Option(help="What they found, in a line.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Let minting go on. The next run sends again, byte for byte, what was gone from the chain."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = desk.acknowledge_incident(incident, by=by, note=note)
    output.result(_data(found), lambda: output.line(f"{found.id} is acknowledged by {by}"))


def _data(incident: Incident) -> dict[str, Any]:
    return {
        "id": incident.id,
        "kind": incident.kind,
        "opened_at": incident.opened_at.isoformat(),
        "summary": incident.summary,
        "details": incident.details,
        "acknowledged_at": incident.acknowledged_at and incident.acknowledged_at.isoformat(),
        "acknowledged_by": incident.acknowledged_by,
        "note": incident.note,
    }
