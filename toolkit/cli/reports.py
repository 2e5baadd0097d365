"""`issuance report`: make, review, sign, publish, verify, and draw the auditor's day."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.case_office import Funds, Suites
from toolkit.cli.options import By, Json, LedgerUrl

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.reports.content import Period

__all__ = ["Market", "app"]

app = typer.Typer(
    no_args_is_help=True, help="Statements and reports: made, signed by two, published, checked."
)

Market = Annotated[
    str,
    typer.Option("--market", envvar="ISSUANCE_MARKET", help="The books, as `issuance reconcile` names them."),
]
ReportId = Annotated[str, typer.Argument(help="KIND/MARKET/PERIOD, as `make` prints it.")]
Part = Annotated[str, typer.Option(help="preparer, reviewer, or practitioner of an attestation report.")]
Version = Annotated[int | None, typer.Option(help="Which version. [default: the last]")]
Day = Annotated[str, typer.Option("--day", help="The period's last day, e.g. 2026-11-20.")]
First = Annotated[str | None, typer.Option("--from", help="The period's first day. [default: --day]")]
Outside = Annotated[
    Path | None, typer.Option("--file", help="The report's JSON file, if it is kept outside of the ledger.")
]


@app.command()
def kinds(json: Json = False) -> None:
    """List the kinds of report."""
    from toolkit.cli.output import Output
    from toolkit.reporting.reports import contents

    output = Output(json=json)
    found = [
        {"kind": item.kind, "title": item.title, "audience": item.audience, "in_ledger": item.in_ledger}
        for item in contents()
    ]

    def show() -> None:
        output.table(
            ["kind", "title", "for"], [[row["kind"], row["title"], row["audience"]] for row in found]
        )

    output.result(found, show)


@app.command()
def schema(kind: Annotated[str, typer.Argument(help="The kind of report.")], json: Json = False) -> None:
    """Print the JSON Schema of a kind; JSON with and without --json."""
    del json
    from toolkit.cli.output import Output
    from toolkit.reporting.report import schema_of
    from toolkit.reporting.reports import content_of

    Output(json=True).result(schema_of(content_of(kind)), lambda: None)


@app.command()
def make(
    kind: Annotated[str, typer.Argument(help="The kind of report: see `issuance report kinds`.")],
    by: By,
    day: Day,
    market: Market,
    ledger: LedgerUrl,
    first: First = None,
    profile: Annotated[str, typer.Option(help="A regulator profile: its name, or a file.")] = "hong-kong",
    given: Annotated[
        Path | None, typer.Option("--with", help="A JSON file with what the ledger doesn't have.")
    ] = None,
    reason: Annotated[
        str | None, typer.Option(help="Restate the signed version, and why: the next version.")
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="The signed version's file, if it is kept outside of the ledger.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Also write it to this folder, as `show` does, with what goes with it."),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(envvar="ISSUANCE_RECORD", help="The deployment record, if the chain is read."),
    ] = None,
    rpc: Annotated[
        str | None, typer.Option(envvar="ISSUANCE_RPC", help="The node: http(s) address or IPC path.")
    ] = None,
    fund_terms: Annotated[
        Path | None, typer.Option(envvar="ISSUANCE_FUND_TERMS", help="The fund's terms (TOML).")
    ] = None,
    share_class: Annotated[
        str | None, typer.Option("--class", envvar="ISSUANCE_FUND_CLASS", help="The share class's code.")
    ] = None,
    fund: Funds = None,
    suite: Suites = None,
    read_by: Annotated[
        str | None,
        typer.Option(
            help="Who of compliance, or which auditor, reads freezes and transfers. [default: --by]"
        ),
    ] = None,
    personal: Annotated[bool, typer.Option("--personal", help="A register with the holders' names.")] = False,
    json: Json = False,
) -> None:
    """Make a report and put it on file. Again with the same figures it changes nothing.

    A report about persons stays outside of the ledger, which keeps its hash: --out says where.
    """
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import Request, content_of, open_ledger, profile_of
    from toolkit.cli.report_papers import require_place, succeeding, write_report
    from toolkit.cli.report_request import Places
    from toolkit.reporting.attestations import shelf_of
    from toolkit.reporting.closed_days import ClosedDays
    from toolkit.reporting.report import compose

    output, chosen, period = Output(json=json), profile_of(profile), _period(first, day)
    places = Places(
        ledger,
        record,
        rpc,
        fund_terms,
        share_class,
        tuple(fund or ()),
        tuple(suite or ()),
        read_by or by,
        personal,
    )
    with open_ledger(ledger) as book:
        request = Request(kind, period, chosen, book, ClosedDays(book, market), given, {}, places, by)
        content, filing = content_of(request), shelf_of(book, kind)
        require_place(content, request.files, out)
        report = compose(
            content,
            subject=request.subject,
            period=period,
            as_of=request.cut_off,
            profile=chosen.identity,
            inputs=request.inputs,
            **succeeding(filing, f"{kind}/{request.subject}/{period}", reason, previous),
        )
        made = filing.generate(report, by=by)
        if out is not None:
            write_report(filing.signed_off(report), out, request.files)
    then = "reviewed by another person: issuance report review"
    if content.parts == ("practitioner",):
        then = "issued by the practitioner: issuance report sign --part practitioner"
    _show(output, made, f"on file, to be {then}")


@app.command("list")
def list_(
    ledger: LedgerUrl,
    kind: Annotated[str, typer.Argument(help="Only this kind.")] = "",
    json: Json = False,
) -> None:
    """List the reports on file, every version."""
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger
    from toolkit.reporting.attestations import Attestations
    from toolkit.reporting.filing import Filing

    output = Output(json=json)
    with open_ledger(ledger) as book:
        found = (*Filing(book).all(kind), *Attestations(book).all(kind))
    data = [_data(record) for record in found]

    def show() -> None:
        output.table(
            ["report", "version>", "state", "sha256"],
            [[row["report_id"], row["version"], row["state"], row["sha256"][:16]] for row in data],
        )

    output.result(data, show)


@app.command()
def show(
    report_id: ReportId,
    ledger: LedgerUrl,
    out: Annotated[Path, typer.Option(help="The folder to write to: JSON, HTML and CSV tables.")],
    version: Version = None,
    file: Outside = None,
    json: Json = False,
) -> None:
    """Write a report with its sign-off: JSON, one HTML page that prints as PDF, and CSV tables."""
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger
    from toolkit.cli.report_papers import outside, write_report
    from toolkit.reporting.attestations import shelf_of

    output = Output(json=json)
    with open_ledger(ledger) as book:
        filing, given = shelf_of(book, report_id), outside(file, report_id)
        report = filing.get(report_id, version) if given is None else filing.signed_off(given)
    written = write_report(report, out)
    paths = [str(path) for path in written]
    output.result(paths, lambda: output.line("\n".join(paths)))


@app.command()
def review(report_id: ReportId, by: By, ledger: LedgerUrl, json: Json = False) -> None:
    """Say that you have reviewed the latest version. By another person than its preparer."""
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger
    from toolkit.reporting.attestations import shelf_of

    with open_ledger(ledger) as book:
        record = shelf_of(book, report_id).review(report_id, by=by)
    _show(Output(json=json), record, "reviewed; preparer and reviewer sign it: issuance report sign")


@app.command("typed-data")
def typed_data(
    report_id: ReportId,
    part: Part,
    ledger: LedgerUrl,
    file: Outside = None,
    json: Json = False,
) -> None:
    """Print what the preparer, the reviewer or the practitioner signs in a wallet elsewhere
    (eth_signTypedData_v4).
    """
    del json
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger
    from toolkit.cli.report_papers import outside, signable_of

    with open_ledger(ledger) as book:
        given = outside(file, report_id)
        Output(json=True).result(signable_of(book, report_id, part, given).to_json(), lambda: None)


@app.command()
def sign(
    report_id: ReportId,
    ledger: LedgerUrl,
    part: Part,
    key: Annotated[str | None, typer.Option(help="The signer: keystore:PATH, or anvil:INDEX.")] = None,
    signature: Annotated[str | None, typer.Option(help="Or a signature made elsewhere, 0x.")] = None,
    file: Outside = None,
    json: Json = False,
) -> None:
    """Sign the latest version with a registered key, as its preparer, reviewer or practitioner."""
    from toolkit.cli.options import signer_from
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger
    from toolkit.cli.report_papers import outside, signable_of
    from toolkit.errors import InvalidInput
    from toolkit.reporting.attestations import shelf_of

    if (key is None) == (signature is None):
        raise InvalidInput("give either --key or --signature")
    with open_ledger(ledger) as book:
        given = outside(file, report_id)
        raw: bytes | str = signature or ""
        if key is not None:
            raw = signable_of(book, report_id, part, given).sign(signer_from(key)).data
        shelf = shelf_of(book, report_id)
        record = shelf.sign(report_id, raw, outside=given)
    count = len(record.data["signatures"])
    _show(Output(json=json), record, f"{count} of {len(shelf.fields)} signatures")


@app.command()
def publish(
    report_id: ReportId,
    by: By,
    url: Annotated[str, typer.Option(help="Where it is public.")],
    market: Market,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record that the signed version is public. Refused while a day of its period isn't closed."""
    _out("publish", report_id, by, market, ledger, json, url=url)


@app.command()
def submit(
    report_id: ReportId,
    by: By,
    receipt: Annotated[str, typer.Option(help="What the supervisor answered, e.g. a reference.")],
    market: Market,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record that the supervisor has the signed version. Refused while a day of its period isn't closed."""
    _out("submit", report_id, by, market, ledger, json, receipt=receipt)


@app.command()
def verify(
    file: Annotated[Path, typer.Argument(help="A report's JSON file.")],
    rows: Annotated[
        Path | None, typer.Option(help="The rows of a holder snapshot, to check every proof.")
    ] = None,
    json: Json = False,
) -> None:
    """Recompute every figure, the hash and the signatures of a report, with no ledger and no node."""
    from toolkit.cli.output import Output
    from toolkit.errors import InvalidInput
    from toolkit.reporting.report import read_report
    from toolkit.reporting.reports.snapshot import HolderSnapshot, verify_rows
    from toolkit.reporting.signing import verify_report

    try:
        raw = file.read_bytes()
    except OSError as error:
        raise InvalidInput(f"report {file} can't be read ({error.strerror}): correct the path") from None
    report = read_report(raw)
    checked = verify_report(report)
    established = list(checked.established)
    if rows is not None:
        content = report.document.content
        if not isinstance(content, HolderSnapshot):
            raise InvalidInput(f"a {report.document.kind} has no rows to check: leave --rows out")
        with rows.open(encoding="utf-8", newline="") as lines:
            verify_rows(content, lines)
        established.append(f"{content.claims} claims add up, and each proof leads to the root")
    output = Output(json=json)

    def show() -> None:
        output.line(f"{report.document.report_id}, version {report.document.version}")
        for text in established:
            output.line(f"  checked: {text}")
        for text in checked.not_checked:
            output.line(f"  not checked: {text}")

    output.result(
        {
            "report_id": report.document.report_id,
            "version": report.document.version,
            "sha256": report.document.sha256,
            "established": established,
            "not_checked": list(checked.not_checked),
        },
        show,
    )


@app.command()
def draw(
    by: By,
    day: Day,
    market: Market,
    ledger: LedgerUrl,
    first: Annotated[str, typer.Option("--from", help="The period's first day.")],
    seed: Annotated[
        str | None, typer.Option(help="16 characters or more that nobody could foresee. [default: random]")
    ] = None,
    profile: Annotated[str, typer.Option(help="A regulator profile: its name, or a file.")] = "hong-kong",
    json: Json = False,
) -> None:
    """Draw the random day of a period that is over, for its attestation. By an auditor, once."""
    import secrets

    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger, profile_of
    from toolkit.reporting.draw import draw_day
    from toolkit.reporting.schedule import cut_off_of

    period = _period(first, day)
    ended = cut_off_of(profile_of(profile), period.end)
    with open_ledger(ledger) as book:
        found = draw_day(book, market, period, ended_at=ended, by=by, seed=seed or secrets.token_hex(32))
    output = Output(json=json)
    output.result(
        found.model_dump(mode="json"), lambda: output.line(f"{found.day}, from the seed {found.seed}")
    )


def _period(first: str | None, day: str) -> Period:
    from toolkit.cli.report_inputs import day_of
    from toolkit.errors import InvalidInput
    from toolkit.reporting.reports.content import Period

    end = day_of(day, what="--day")
    start = end if first is None else day_of(first, what="--from")
    if start > end:
        raise InvalidInput(f"the period {start} to {end} ends before it starts")
    return Period(start=start, end=end)


def _out(step: str, report_id: str, by: str, market: str, ledger: str, json: bool, **reference: str) -> None:
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import open_ledger
    from toolkit.reporting.attestations import shelf_of
    from toolkit.reporting.closed_days import ClosedDays

    with open_ledger(ledger) as book:
        closed = ClosedDays(book, market)
        record = getattr(shelf_of(book, report_id), step)(
            report_id, by=by, require_closed=closed.require_closed, **reference
        )
    _show(Output(json=json), record, f"{record.state}: {next(iter(reference.values()))}")


def _data(record: LedgerRecord) -> dict[str, Any]:
    data = record.data
    return {
        "report_id": data["report_id"],
        "version": data["version"],
        "state": record.state.value,
        "sha256": data["sha256"],
        "prepared_by": data["prepared_by"],
        "reviewed_by": data["reviewed_by"],
        "signatures": len(data["signatures"]),
    }


def _show(output: Output, record: LedgerRecord, what: str) -> None:
    data = _data(record)
    output.result(
        data,
        lambda: output.line(f"{data['report_id']}, version {data['version']}, {data['state']}\n  {what}"),
    )
