"""`issuance bank`: the bank's statements, as the bank stated them."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

__all__ = ["app", "import_", "list_statements"]

app = typer.Typer(help="The bank's statements (camt.053 or CSV).", no_args_is_help=True)


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="The bank's file: ISO 20022 camt.053, or CSV.")],
    account: Annotated[str, typer.Option(help="The desk's name of the account, e.g. reserve-usd.")],
    number: Annotated[str, typer.Option(help="The bank's number of it; only a keyed reference is kept.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    purpose: Annotated[str, typer.Option(help="RESERVE, CLIENT_MONEY or OPERATING.")] = "RESERVE",
    day: Annotated[str | None, typer.Option(help="Refuse a statement of any other day.")] = None,
    json: Json = False,
) -> None:
    """Take a file's statements in, whole or not at all. The same file again changes nothing."""
    from toolkit.cli.books import plain_day
    from toolkit.cli.files import read_bytes
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.desk.setup import desk_secret
    from toolkit.reporting.bank import account_terms, import_statements

    output = Output(json=json)
    wanted = None if day is None else plain_day(day)
    with open_desk(record, rpc, ledger) as desk:
        terms = account_terms(
            desk.ledger,
            account,
            purpose=purpose,
            number=number,
            secret=desk_secret(None, desk.issuance.chain_id),
        )
        found = import_statements(desk.ledger, read_bytes(file), terms, by=by, day=wanted)

    def show() -> None:
        for item in found:
            data = item.record.data
            said = f"{data['entries']} entries, {data['opened_on']} to {data['closed_on']}"
            output.line(f"{item.record.id}: {said}" if item.is_new else f"{item.record.id} was here already")

    output.result([{"id": item.record.id, "new": item.is_new, **item.record.data} for item in found], show)


@app.command("list")
def list_statements(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    account: Annotated[str | None, typer.Option(help="Only of this account.")] = None,
    json: Json = False,
) -> None:
    """List the statements recorded, oldest first, with their balances in smallest units."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = desk.ledger.bank_lines.statements(account)

    def show() -> None:
        columns = ["account", "statement", "opened_on", "closed_on", "opening>", "closing>", "entries>"]
        names = [column.rstrip(">") for column in columns]
        output.table(columns, [[item.data[name] for name in names] for item in found])

    output.result([{"id": item.id, **item.data} for item in found], show)
