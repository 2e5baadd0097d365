"""`issuance evidence`: packs that prove an order, a day or an incident, and their verification."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.reporting.evidence import Evidence

__all__ = ["app"]

app = typer.Typer(
    no_args_is_help=True, help="Pack what proves an order, a day or an incident, and verify packs."
)

Out = Annotated[Path, typer.Option("--out", help="The archive to write, e.g. order.zip")]
Reports = Annotated[
    list[Path] | None,
    typer.Option("--report", help="A reserve report (JSON) behind an attestation. Repeat it."),
]
Disclose = Annotated[
    list[str] | None,
    typer.Option(
        help="A kind of record whose documents are packed though they may hold personal data. Repeat it."
    ),
]
RecordIds = Annotated[
    list[str] | None, typer.Option("--with-record", help="A record to add, by its id. Repeat it.")
]


@app.command()
def order(
    order: Annotated[str, typer.Argument(help="The order's id.")],
    out: Out,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    report: Reports = None,
    with_record: RecordIds = None,
    disclose: Disclose = None,
    json: Json = False,
) -> None:
    """Pack an order: request, approvals, money, transactions, receipts, headers and its ledger events."""
    _pack(
        record,
        rpc,
        ledger,
        report,
        disclose,
        lambda evidence: evidence.order(order, records=with_record or ()),
        out,
        json,
    )


@app.command()
def day(
    day: Annotated[str, typer.Argument(help="The Hong Kong calendar day, e.g. 2026-11-20")],
    out: Out,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    report: Reports = None,
    disclose: Disclose = None,
    json: Json = False,
) -> None:
    """Pack a day: every order and record that moved on it."""
    from datetime import date

    from toolkit.errors import InvalidInput

    try:
        wanted = date.fromisoformat(day)
    except ValueError:
        raise InvalidInput(f"day {day!r} is not a date: write it like 2026-11-20") from None
    _pack(record, rpc, ledger, report, disclose, lambda evidence: evidence.day(wanted), out, json)


@app.command()
def incident(
    incident: Annotated[str, typer.Argument(help="The incident's id, or a record's, e.g. freeze/…")],
    out: Out,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    order: Annotated[list[str] | None, typer.Option(help="An order that it touches. Repeat it.")] = None,
    with_record: RecordIds = None,
    report: Reports = None,
    disclose: Disclose = None,
    json: Json = False,
) -> None:
    """Pack an incident with the orders and records that it touches."""
    _pack(
        record,
        rpc,
        ledger,
        report,
        disclose,
        lambda evidence: evidence.incident(incident, orders=order or (), records=with_record or ()),
        out,
        json,
    )


@app.command()
def verify(
    pack: Annotated[Path, typer.Argument(help="The archive.")],
    head: Annotated[str | None, typer.Option(help="A head of the ledger kept elsewhere, SEQ:HASH.")] = None,
    block: Annotated[
        list[str] | None, typer.Option(help="The hash of a block that a node confirmed. Repeat it.")
    ] = None,
    json: Json = False,
) -> None:
    """Recompute every hash, proof and signature of a pack, without a node or a ledger.

    The same program stands alone in each pack, as verify_pack.py. Ends with 1 if a check failed, 2 if the
    pack was refused unread, 3 if something is missing from it.
    """
    from toolkit.reporting.evidence import verify_pack

    arguments = [str(pack), *(["--head", head] if head else []), *(["--json"] if json else [])]
    for item in block or []:
        arguments += ["--block", item]
    raise typer.Exit(verify_pack.main(arguments))


def _pack(
    record: Path,
    rpc: str,
    ledger: str,
    reports: list[Path] | None,
    disclose: list[str] | None,
    collect: Callable[[Evidence], bytes],
    out: Path,
    json: bool,
) -> None:
    """Collects, writes and verifies what was written."""
    import hashlib

    from toolkit.cli.files import write_bytes
    from toolkit.cli.options import open_issuance
    from toolkit.cli.output import Output
    from toolkit.ledger import Deployment, Ledger
    from toolkit.reporting.evidence import DISCLOSED, Evidence
    from toolkit.reporting.evidence import verify as verify_data
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    issuance = open_issuance(record, rpc)
    deployment = Deployment(issuance.chain_id, issuance.market.address, issuance.record.instance_id)
    canonical = [ReserveReport.load(path).canonical for path in reports or []]
    with Ledger.open(ledger, deployment=deployment) as opened, output.progress("packing"):
        evidence = Evidence(opened, issuance, canonical, DISCLOSED | frozenset(disclose or []))
        packed = collect(evidence)
    write_bytes(out, packed)
    result = verify_data(packed)
    missing = [f"{item.check}: {item.detail}" for item in result.findings if item.status == "missing"]
    document = {
        "pack": str(out),
        "sha256": hashlib.sha256(packed).hexdigest(),
        "bytes": len(packed),
        "result": result.status,
        "missing": missing,
    }

    def show() -> None:
        output.line(f"{out}: {len(packed)} bytes, sha256 {document['sha256']}, verified: {result.status}")
        for item in missing:
            output.line(f"missing: {item}")

    output.result(document, show)
    if result.exit_code:
        raise typer.Exit(result.exit_code)
