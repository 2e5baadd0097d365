"""`issuance orders`, `run`, `status` and `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.mint import order_data, show_orders
from toolkit.cli.options import Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.desk import DeskStatus, RunReport

__all__ = ["demo", "orders", "run", "show_books", "show_run", "status"]


def orders(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    order: Annotated[str | None, typer.Argument(help="An order's id, to show its history.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only these states. Repeat it.")] = None,
    kind: Annotated[str | None, typer.Option(help="mint or redemption")] = None,
    json: Json = False,
) -> None:
    """List orders, or the history of one."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        if order is None:
            found = desk.orders(state, kind=kind)
            output.result([order_data(item) for item in found], lambda: show_orders(output, found))
            return
        one, history = desk.order(order), desk.history(order)
    events = [
        {
            "seq": event.seq,
            "from": None if event.from_state is None else str(event.from_state),
            "to": str(event.to_state),
            "actor": event.actor,
            "role": str(event.role),
            "at": event.at.isoformat(),
            "reason": event.reason,
            "evidence": event.evidence,
            "hash": event.hash,
        }
        for event in history
    ]

    def show() -> None:
        show_orders(output, [one])
        columns = ["seq", "from", "to", "actor", "role", "at", "reason"]
        output.table(columns, [[event[name] or "" for name in columns] for event in events])

    output.result({**order_data(one), "events": events}, show)


def run(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Send what is approved, wait for finality, settle. May be killed and run again at any moment."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("running"):
        report = desk.run()
    output.result(report.to_json(), lambda: show_run(output, report))
    if report.alarms:
        raise typer.Exit(1)


def status(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Compare chain and ledger to the last unit. Ends with 1 if they differ."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        books = desk.status()
    output.result(books.to_json(), lambda: show_books(output, books))
    if not books.agrees:
        raise typer.Exit(1)


def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep record and ledger in this folder; the node ends all the same.")
    ] = None,
    json: Json = False,
) -> None:
    """Run the whole of it on a local chain: deploy, attest, mint, be refused, redeem, reconcile."""
    from toolkit.cli.demo import run_demo
    from toolkit.cli.output import Output

    run_demo(Output(json=json), keep)


def show_run(output: Output, report: RunReport) -> None:
    """What a run of the worker did."""
    for change in report.changes:
        output.line(f"{change.order_id} {change.state}{': ' + change.reason if change.reason else ''}")
    for waiting in report.waiting:
        output.line(f"{len(waiting.order_ids)} waiting: {waiting.error.message}")
    if report.unsigned:
        output.line(f"{len(report.unsigned)} need signatures: {', '.join(report.unsigned)}")
    for transaction in report.pending:
        output.line(f"pending: {transaction}")
    for alarm in report.alarms:
        output.line(f"ALARM: {alarm.message}")
    if not (report.changes or report.waiting or report.unsigned or report.pending or report.alarms):
        output.line("nothing to do")


def show_books(output: Output, books: DeskStatus) -> None:
    """Chain and ledger side by side."""
    rows = [
        [line.name, line.chain.display(), line.ledger.display(), line.difference.display()]
        for line in books.lines
    ]
    output.table(["figure", "chain>", "ledger>", "difference>"], rows)
    output.line(f"headroom {books.headroom.display()}, block {books.block_number}")
    if books.overdue:
        output.line(f"OVERDUE redemptions: {', '.join(books.overdue)}")
    output.line("chain and ledger agree" if books.agrees else "CHAIN AND LEDGER DIFFER")
