"""`issuance fund distribution`: declared by one person, paid in by another, pushed to the holders, swept."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from toolkit.cli.fund import FundTermsFile, ShareClassCode, day_of, open_fund, record_data
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc

__all__ = ["app"]

app = typer.Typer(help="Distributions of a share class, in the coin.", no_args_is_help=True)

Report = Annotated[str, typer.Argument(help="The hash of its document, as `declare` shows it.")]


@app.command("list")
def list_(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """List the class's distributions, oldest first."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        found = funds.distributions()

    def show() -> None:
        rows = [
            [item.data["report"], item.data["record_date"], item.data["total"], item.state] for item in found
        ]
        output.table(["report", "record date", "total>", "state"], rows)

    output.result([record_data(item) for item in found], show)


@app.command()
def declare(
    per_share: Annotated[str, typer.Argument(help='Coins a whole share, e.g. "0.012500".')],
    record_date: Annotated[str, typer.Option(help="The record date, a dealing day, e.g. 2026-11-20.")],
    available: Annotated[str, typer.Option(help="Coins put aside for it; it may not take more.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    block: Annotated[
        int | None, typer.Option(help="The record date's last block. [default: the last final one]")
    ] = None,
    reinvest: Annotated[
        list[str] | None, typer.Option(help="An account that takes shares instead. Repeat it.")
    ] = None,
    json: Json = False,
) -> None:
    """Declare a distribution to the holders of a day. By a maker; a treasurer pays it in."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    recorded: date = day_of(record_date)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        planned = funds.plan_distribution(
            recorded, per_share, available=available, block=block, reinvest=reinvest or []
        )
        found = funds.declare_distribution(planned, by=by)

    def show() -> None:
        output.line(
            f"{planned.total.display()} to {len(planned.cash)} holders, paid {planned.dates.pay}; "
            f"withheld of it: {planned.withheld.display()}"
        )
        output.line(f"report {found.data['report']}")

    output.result(record_data(found), show)


@app.command("fund")
def fund_(
    report: Report,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Create it on chain and pay for it. By a treasurer; again, it goes on where it was cut short."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        found = funds.fund_distribution(report, by=by)
    output.result(record_data(found), lambda: output.line(f"distribution {found.data['number']} is paid in"))


@app.command()
def push(
    report: Report,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Pay every holder who hasn't claimed."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        left = funds.coins(funds.push_distribution(report).unclaimed)
    output.result(
        {"remaining": str(left.value)}, lambda: output.line(f"{left.display()} are still unclaimed")
    )


@app.command()
def sweep(
    report: Report,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Return to the treasury what nobody claimed by the last day. By a treasurer."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        found = funds.sweep_distribution(report, by=by)
    output.result(record_data(found), lambda: output.line(f"distribution {found.data['number']} is closed"))
