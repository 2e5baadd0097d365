"""`issuance ledger`: verify it, bring it to this version's schema, rebuild it from the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.desk.rebuild import RebuildReport
    from toolkit.ledger.records import Head

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Verify, upgrade or rebuild the ledger.")


@app.command()
def verify(
    ledger: LedgerUrl,
    anchor: Annotated[
        str | None,
        typer.Option(help="SEQ:HASH as an earlier `ledger verify` printed it: the chain must contain it."),
    ] = None,
    json: Json = False,
) -> None:
    """Recompute the chain of events and all that it binds. Ends with 1 if a row was changed.

    Keep the printed end elsewhere: with it a ledger that was rewritten whole, or cut, is found too.
    """
    from toolkit.cli.output import Output
    from toolkit.ledger import Ledger

    output = Output(json=json)
    kept = _head(anchor)
    with Ledger.open(ledger) as opened, output.progress("verifying"):
        end = opened.verify(kept)
    output.result(
        {"events": end.seq, "end": f"{end.seq}:{end.hash}"},
        lambda: output.line(f"{end.seq} events, none edited, removed or moved; end {end.seq}:{end.hash}"),
    )


@app.command()
def migrate(ledger: LedgerUrl, json: Json = False) -> None:
    """Bring an older ledger to this version's schema. Back it up before."""
    from toolkit.cli.output import Output
    from toolkit.ledger import Ledger

    output = Output(json=json)
    Ledger.migrate(ledger)
    output.result({"ledger": "migrated"}, lambda: output.line("the ledger has this version's schema"))


@app.command()
def rebuild(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    gap: Annotated[
        int, typer.Option(help="Order numbers left free after the last one that was executed.")
    ] = 1_000,
    json: Json = False,
) -> None:
    """Fill an empty ledger from the chain's final events; says what only the old one knew.

    Ends with 1 if a total or a balance isn't the chain's.
    """
    from toolkit.calendar import BusinessCalendar
    from toolkit.cli.options import open_issuance
    from toolkit.cli.output import Output
    from toolkit.desk.rebuild import rebuild as rebuild_ledger
    from toolkit.ledger import Deployment, Ledger

    output = Output(json=json)
    issuance = open_issuance(record, rpc)
    deployment = Deployment(issuance.chain_id, issuance.market.address, issuance.record.instance_id)
    calendar = BusinessCalendar.load("hong-kong")
    with Ledger.open(ledger, deployment=deployment) as opened, output.progress("rebuilding"):
        report = rebuild_ledger(issuance, opened, calendar=calendar, gap=gap)
    output.result(report.to_json(), lambda: _show(output, report))
    if not report.agrees:
        raise typer.Exit(1)


def _head(text: str | None) -> Head | None:
    from toolkit.errors import InvalidInput
    from toolkit.ledger.records import Head

    if text is None:
        return None
    seq, _, found = text.partition(":")
    if not seq.isdigit() or len(found) != 64:
        raise InvalidInput(f"anchor {text!r} is not SEQ:HASH as `issuance ledger verify` prints it")
    return Head(int(seq), found)


def _show(output: Output, report: RebuildReport) -> None:
    output.line(f"{report.events} events up to block {report.block_number}, {report.block_hash}")
    rows = [(kind, state, count) for kind, counts in report.orders.items() for state, count in counts.items()]
    if rows:
        output.table(["kind", "state", "orders>"], rows)
    output.line(
        f"{report.investors} investors, {report.wallets} wallets, {report.holders} holders; "
        f"the next mint order is number {report.next_number}"
    )
    for figure in report.differences:
        output.line(f"DIFFERENT: {figure.name} is {figure.chain} on chain, {figure.rebuilt} by its events")
    if report.agrees:
        output.line("every total and every balance is the chain's")
    for warning in report.warnings:
        output.line(f"look at this: {warning}")
    output.line("only the old ledger knew:")
    for item in report.lost:
        output.line(f"- {item}")
