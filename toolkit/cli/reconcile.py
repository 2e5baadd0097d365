"""`issuance reconcile`: days reconciled, closed and restated, and the breaks that were found."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.books import Accounts, BooksOptions, BufferBps, DayArgument, Market, Pool, Special
from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.reporting.breaks import Break
    from toolkit.reporting.reconciliation import DayRecord

__all__ = ["app", "assign", "breaks", "close", "day", "escalate", "explain", "recompute", "settle", "show"]

app = typer.Typer(help="Reconcile a day, close it, and follow its breaks.", no_args_is_help=True)

Version = Annotated[int | None, typer.Option(help="This version. [default: the last]")]
BreakId = Annotated[str, typer.Argument(help="The break's id.")]


@app.command()
def day(
    day: DayArgument,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    report: Annotated[
        Path | None, typer.Option(help="The reserve report in force. Without one the reserve counts zero.")
    ] = None,
    other_pool: Annotated[
        list[Path] | None, typer.Option(help="Another pool's report, to share no holding with. Repeat it.")
    ] = None,
    restate: Annotated[
        str | None, typer.Option(help="Why a closed day is reconciled again, as another version.")
    ] = None,
    market: Market = None,
    pool: Pool = None,
    special: Special = None,
    buffer_bps: BufferBps = None,
    accounts: Accounts = None,
    json: Json = False,
) -> None:
    """Reconcile a day. Ends with 1 if there are breaks."""
    from toolkit.cli.books import open_books, plain_day
    from toolkit.cli.output import Output
    from toolkit.reporting.reconciliation import Reconciliation
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    wanted = plain_day(day)
    loaded = None if report is None else ReserveReport.load(report)
    others = [ReserveReport.load(path) for path in other_pool or []]
    with open_books(record, rpc, ledger, BooksOptions(market, pool, special, buffer_bps, accounts)) as (
        _,
        books,
    ):
        reconciliation = Reconciliation(books)
        if restate is None:
            found = reconciliation.run(wanted, by=by, report=loaded, others=others)
        else:
            found = reconciliation.restate(wanted, by=by, reason=restate, report=loaded, others=others)
        items = [reconciliation.breaks.get(name) for name in found.breaks]
    output.result(_day_data(found, items), lambda: _show_day(output, found, items))
    if found.breaks:
        raise typer.Exit(1)


@app.command()
def close(
    day: DayArgument,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    market: Market = None,
    json: Json = False,
) -> None:
    """Close a day; another person of finance than whoever reconciled it."""
    from toolkit.cli.books import open_books, plain_day
    from toolkit.cli.output import Output
    from toolkit.reporting.reconciliation import Reconciliation

    output = Output(json=json)
    with open_books(record, rpc, ledger, BooksOptions(market)) as (_, books):
        found = Reconciliation(books).close(plain_day(day), by=by)
    said = f"{found.record_id} is closed, sha256 {found.figures.sha256}"
    output.result(_day_data(found, []), lambda: output.line(said))


@app.command()
def show(
    day: DayArgument,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    version: Version = None,
    market: Market = None,
    json: Json = False,
) -> None:
    """Show a day as it was reconciled."""
    from toolkit.cli.books import open_books, plain_day
    from toolkit.cli.output import Output
    from toolkit.reporting.reconciliation import Reconciliation

    output = Output(json=json)
    with open_books(record, rpc, ledger, BooksOptions(market)) as (_, books):
        reconciliation = Reconciliation(books)
        found = reconciliation.record(plain_day(day), version)
        items = [reconciliation.breaks.get(name) for name in found.breaks]
    output.result(_day_data(found, items), lambda: _show_day(output, found, items))


@app.command()
def recompute(
    day: DayArgument,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    version: Version = None,
    market: Market = None,
    pool: Pool = None,
    special: Special = None,
    buffer_bps: BufferBps = None,
    accounts: Accounts = None,
    json: Json = False,
) -> None:
    """Read a closed day again from chain and ledger; refused, with all that differs, when a figure isn't the
    same or something else is found.
    """
    from toolkit.cli.books import open_books, plain_day
    from toolkit.cli.output import Output
    from toolkit.reporting.reconciliation import Reconciliation

    output = Output(json=json)
    with open_books(record, rpc, ledger, BooksOptions(market, pool, special, buffer_bps, accounts)) as (
        _,
        books,
    ):
        found = Reconciliation(books).recompute(plain_day(day), version)
    figures, count = found.figures, len(found.findings)
    data = {
        "day": day,
        "version": figures.version,
        "sha256": figures.sha256,
        "findings": count,
        "agrees": True,
    }
    said = f"{day} recomputes to the same figures, sha256 {figures.sha256}, and to the same findings: {count}"
    output.result(data, lambda: output.line(said))


# --------------------------------------------------------------------------------------------------- breaks


@app.command()
def breaks(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    everything: Annotated[bool, typer.Option("--all", help="Closed ones too.")] = False,
    market: Market = None,
    json: Json = False,
) -> None:
    """List the breaks, oldest first. Ends with 1 if one is open."""
    from toolkit.cli.books import open_books
    from toolkit.cli.output import Output
    from toolkit.reporting.breaks import Breaks

    output = Output(json=json)
    with open_books(record, rpc, ledger, BooksOptions(market)) as (_, books):
        found = Breaks(books.ledger, books.market).all(open_only=not everything)
        ages = [item.age_hours(books.ledger.clock.now()) for item in found]
    data = [{**_break_data(item), "age_hours": age} for item, age in zip(found, ages, strict=True)]
    output.result(data, lambda: _show_breaks(output, found))
    if any(item.is_open for item in found):
        raise typer.Exit(1)


@app.command()
def assign(
    break_id: BreakId,
    owner: Annotated[str, typer.Option(help="Who is to explain it: a person's id.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    market: Market = None,
    json: Json = False,
) -> None:
    """Give a break to a person."""
    _act(record, rpc, ledger, market, json, lambda register: register.assign(break_id, owner, by=by))


@app.command()
def explain(
    break_id: BreakId,
    explanation: Annotated[str, typer.Argument(help="What the difference is.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    evidence: Annotated[str | None, typer.Option(help="The name or hash of what shows it.")] = None,
    market: Market = None,
    json: Json = False,
) -> None:
    """Say what a break is."""
    _act(
        record,
        rpc,
        ledger,
        market,
        json,
        lambda register: register.explain(break_id, explanation, by=by, evidence=evidence),
    )


@app.command()
def settle(
    break_id: BreakId,
    reason: Annotated[str, typer.Option(help="Why it is settled.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    market: Market = None,
    json: Json = False,
) -> None:
    """Close a break; another person than whoever explained it."""
    _act(record, rpc, ledger, market, json, lambda register: register.close(break_id, by=by, reason=reason))


@app.command()
def escalate(
    break_id: BreakId,
    reference: Annotated[str, typer.Option(help="The notice to the supervisor.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    market: Market = None,
    json: Json = False,
) -> None:
    """Record that compliance has told the supervisor of a break."""
    _act(
        record,
        rpc,
        ledger,
        market,
        json,
        lambda register: register.escalate(break_id, by=by, reference=reference),
    )


def _act(record: Path, rpc: str, ledger: str, market: str | None, json: bool, do: Any) -> None:
    from toolkit.cli.books import open_books
    from toolkit.cli.output import Output
    from toolkit.reporting.breaks import Breaks

    output = Output(json=json)
    with open_books(record, rpc, ledger, BooksOptions(market)) as (_, books):
        found: Break = do(Breaks(books.ledger, books.market))
    output.result(_break_data(found), lambda: output.line(f"{found.break_id} is {found.state}"))


# -------------------------------------------------------------------------------------------------- showing


def _day_data(found: DayRecord, items: list[Break]) -> dict[str, Any]:
    return {
        "id": found.record_id,
        "state": found.state,
        "sha256": found.figures.sha256,
        "supersedes": found.supersedes,
        "reason": found.reason,
        "coverage_bps": found.figures.coverage_bps,
        "breaks": [_break_data(item) for item in items],
        "figures": found.figures.to_data(),
    }


def _break_data(item: Break) -> dict[str, Any]:
    def instant(value: Any) -> str | None:
        return None if value is None else value.isoformat()

    return {
        "break_id": item.break_id,
        "type": item.break_type,
        "severity": item.severity,
        "state": item.state,
        "amount": str(item.amount),
        "unit": item.unit,
        "decimals": item.decimals,
        "text": item.text,
        "first_seen": instant(item.first_seen),
        "days": list(item.days),
        "owner": item.owner,
        "explanation": item.explanation,
        "evidence": item.evidence,
        "notified_to_regulator_at": instant(item.notified_to_regulator_at),
        "closed_at": instant(item.closed_at),
    }


def _show_day(output: Output, found: DayRecord, items: list[Break]) -> None:
    figures = found.figures
    coin, chain, ledger = figures.coin, figures.chains[0], figures.ledger
    output.line(f"{found.record_id}: {found.state}, block {chain.cut.block_number}, {chain.cut.block_hash}")
    called = (
        "not kept by the node" if chain.called is None else coin.amount(chain.called.outstanding).display()
    )
    rows = [
        ["outstanding, replayed", coin.amount(figures.outstanding).display()],
        ["outstanding, called", called],
        ["outstanding, by orders", coin.amount(ledger.minted.units - ledger.burned.units).display()],
        ["burned and unpaid", coin.amount(ledger.burned_unpaid).display()],
        ["received and unminted", coin.money(ledger.received_in_reserve).display()],
        ["liability", coin.at_par(figures.liability).display()],
        ["reserve that counts", coin.at_par(figures.reserve_counted).display()],
        ["coverage", "-" if figures.coverage_bps is None else f"{figures.coverage_bps} bps"],
        ["redeemable (AICPA)", coin.amount(figures.redeemable).display()],
    ]
    output.table(["figure", "amount>"], rows, indent="   ")
    _show_breaks(output, items)


def _show_breaks(output: Output, items: Any) -> None:
    for item in items:
        output.line(f"{item.severity:<9}{item.state:<10}{item.break_id}: {item.text}")
    if not items:
        output.line("no breaks")
