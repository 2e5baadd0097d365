"""What compliance alone may read, and who read it: `issuance compliance holds` and `readings`."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc
from toolkit.cli.orders import OrderId

__all__ = ["holds", "readings"]


def holds(order: OrderId, by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Show why an order was put on hold and let go.

    For compliance and the auditor; the reader is recorded.
    """
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.cli.views import event_data, show_events
    from toolkit.compliance.access import Readings

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = Readings(opened).holds(order, by=by)
    output.result([event_data(step) for step in found], lambda: show_events(output, found))


def readings(
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    of: Annotated[
        str,
        typer.Option(help="Only what begins with it, e.g. freeze/CASE-7 or hits; everything, if not given."),
    ] = "",
    json: Json = False,
) -> None:
    """List who read cases, hits, holds and screenings, and when. For compliance and the auditor."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.compliance.access import Readings
    from toolkit.ledger.canonical import instant

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = Readings(opened).log(by=by, subject=of)
    columns = ["seq", "at", "reader", "role", "subject"]
    rows = [[item.seq, instant(item.at), item.reader, item.role.value, item.subject] for item in found]
    output.result(
        [dict(zip(columns, row, strict=True)) for row in rows],
        lambda: output.table(["seq>", *columns[1:]], rows),
    )
