"""`issuance fund nav`: from a statement to a published net asset value, by two people and the attestors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.fund import FundTermsFile, ShareClassCode, day_of, open_fund
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.funds import DayNav

__all__ = ["app"]

app = typer.Typer(help="Net asset values.", no_args_is_help=True)

StatementPath = Annotated[Path, typer.Argument(help="A NAV statement (JSON).")]
PoolPaths = Annotated[
    list[Path] | None,
    typer.Option(
        "--pool", help="A coin's reserve report: none of its holdings is the fund's cash. Repeat it."
    ),
]
DealingDate = Annotated[str, typer.Argument(help="The dealing day, e.g. 2026-11-20.")]


@app.command()
def receive(
    statement: StatementPath,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    pool: PoolPaths = None,
    json: Json = False,
) -> None:
    """Put a statement on record and measure it against the last value."""
    from toolkit.cli.files import read_json
    from toolkit.cli.output import Output
    from toolkit.funds import NavStatement
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    loaded = NavStatement.from_data(read_json(statement, what="NAV statement"))
    pools = [ReserveReport.load(path) for path in pool or []]
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        nav = funds.receive_nav(loaded, pools=pools)
    output.result(_data(nav), lambda: _show(output, nav))


@app.command()
def confirm(
    day: DealingDate,
    by: By,
    evidence: Annotated[str, typer.Option(help="Where it is shown that the value is right.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """Confirm a value outside the tolerance, as a second person."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        nav = funds.confirm_nav(day_of(day), by=by, evidence=evidence)
    output.result(_data(nav), lambda: _show(output, nav))


@app.command()
def strike(
    day: DealingDate,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """Strike a value, as a second person."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        nav = funds.strike_nav(day_of(day), by=by)
    output.result(_data(nav), lambda: _show(output, nav))


@app.command()
def sign(
    day: DealingDate,
    signer: Annotated[str, typer.Option(help="The attestor's key: anvil:INDEX or keystore:PATH.")],
    out: Annotated[Path, typer.Option(help="Where to write the signature.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """Sign a struck value as one of the class's attestors."""
    from toolkit.cli.options import signer_from
    from toolkit.cli.output import Output

    output = Output(json=json)
    key = signer_from(signer)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        bundle = funds.nav_bundle(day_of(day), [key])
    bundle.save_signature(key.address, out)
    output.result({"file": str(out), "signer": key.address}, lambda: output.line(f"wrote {out}"))


@app.command()
def publish(
    day: DealingDate,
    signatures: Annotated[list[Path], typer.Option("--signatures", help="A file of signatures. Repeat it.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Publish a struck value with its attestors' signatures."""
    from toolkit.chain.hexes import to_hex
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds, output.progress("publishing"):
        bundle = funds.nav_bundle(day_of(day))
        for path in signatures:
            bundle.add_file(path)
        mined = funds.publish_nav(day_of(day), bundle)
    sent = None if mined is None else to_hex(mined.receipt.tx_hash)
    output.result(
        {"day": day, "transaction": sent},
        lambda: output.line("it was published before" if sent is None else f"published by {sent}"),
    )


@app.command()
def correct(
    statement: StatementPath,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    pool: PoolPaths = None,
    json: Json = False,
) -> None:
    """Restate a struck value and compute what each order of the day is owed; history stays as it is."""
    from toolkit.cli.files import read_json
    from toolkit.cli.output import Output
    from toolkit.funds import NavStatement
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    loaded = NavStatement.from_data(read_json(statement, what="NAV statement"))
    pools = [ReserveReport.load(path) for path in pool or []]
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        correction = funds.correct_nav(loaded, by=by, pools=pools)

    def show() -> None:
        rows = [[item.order.order, item.owes, item.amount.display()] for item in correction.compensations]
        output.table(["order", "owes", "amount>"], rows)
        output.line(
            f"an error of {correction.error_bps} bps" + (", to be reported" if correction.reportable else "")
        )

    output.result(correction.to_data(), show)


@app.command("show")
def show_(
    day: DealingDate,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """Show a day's value with every step."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        nav = funds.nav(day_of(day))
    output.result(_data(nav), lambda: _show(output, nav))


def _data(nav: DayNav) -> dict[str, Any]:
    return {
        "day": nav.day.isoformat(),
        "state": nav.state.value,
        "last": str(nav.last),
        "deviation_bps": nav.deviation_bps,
        "statement": nav.statement.to_data(),
        "hash": "0x" + nav.statement.hash.hex(),
        "events": [event.to_data() for event in nav.events],
    }


def _show(output: Output, nav: DayNav) -> None:
    rows = [[event.target, event.actor, event.at.isoformat(), event.reason] for event in nav.events]
    output.table(["state", "actor", "at", "reason"], rows)
    output.line(f"{nav.statement.amount.display()}, {nav.deviation_bps} bps from {nav.last.display()}")
