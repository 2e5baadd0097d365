"""`issuance reserve`: from a reserve report to an attestation on the chain, and what the chain then says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Json, Record, Rpc

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.reserves.eligibility import Evaluation
    from toolkit.reserves.report import ReserveReport
    from toolkit.reserves.tracker import ReserveStatus

__all__ = ["app", "show_evaluation", "show_status"]

app = typer.Typer(help="Reserve reports, attestations and the state of the backing.", no_args_is_help=True)

ReportPath = Annotated[Path, typer.Argument(help="A reserve report (JSON).")]
NewReport = Annotated[Path, typer.Option(help="Where to write the new report.")]
ProfileName = Annotated[str, typer.Option(help="Eligibility profile: a name, or the path of a file.")]


@app.command()
def report(path: ReportPath, profile: ProfileName = "hong-kong", json: Json = False) -> None:
    """Check that a reserve report adds up, and count it under a profile."""
    from toolkit.chain.hexes import to_hex
    from toolkit.cli.output import Output
    from toolkit.reserves.profiles import Profile
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    loaded = ReserveReport.load(path)
    evaluation = loaded.evaluate(Profile.load(profile))
    data = {
        "hash": to_hex(loaded.hash),
        "as_of": loaded.as_of.isoformat(),
        "profile": evaluation.profile,
        "counted_total": str(evaluation.counted_total),
        "ineligible_total": str(evaluation.ineligible_total),
        "market_total": str(evaluation.market_total),
        "lines": [
            {
                "line_id": line.line_id,
                "counted": str(line.counted),
                "eligible": line.eligible,
                "reason": line.reason,
            }
            for line in evaluation.lines
        ],
        "allocations": [
            {"chain_id": item.chain_id, "contract": item.contract, "amount": str(loaded.money(item.amount))}
            for item in loaded.allocations
        ],
    }

    def show() -> None:
        show_evaluation(output, evaluation, to_hex(loaded.hash))
        for item in loaded.allocations:
            amount = loaded.money(item.amount).display()
            output.line(f"allocates  {amount} to {item.contract} on chain {item.chain_id}")

    output.result(data, show)


@app.command()
def confirm(
    path: ReportPath,
    line: Annotated[list[str], typer.Option(help="LINE=REFERENCE, the custodian's own. Repeat it.")],
    out: NewReport,
    custodian: Annotated[
        str | None, typer.Option(help="Who confirms; a line that names no custodian takes this one.")
    ] = None,
    json: Json = False,
) -> None:
    """Enter the custodian's confirmation of lines into a new report."""
    from toolkit.cli.output import Output
    from toolkit.errors import InvalidInput
    from toolkit.reserves.report import ReserveReport

    references: dict[str, str] = {}
    for pair in line:
        line_id, equals, reference = pair.partition("=")
        if not (line_id and equals and reference):
            raise InvalidInput(f"--line {pair!r} is not LINE=REFERENCE, e.g. cash-1=CONF-0001")
        if line_id in references:
            raise InvalidInput(f"--line names {line_id} twice: a line has one confirmation")
        references[line_id] = reference
    confirmed = ReserveReport.load(path).with_confirmations(references, custodian=custodian)
    _write(Output(json=json), confirmed, out, {"confirmations": references})


@app.command()
def allocate(
    path: ReportPath,
    record: Record,
    rpc: Rpc,
    out: NewReport,
    amount: Annotated[
        str | None, typer.Option(help="In the report's currency. [default: all that is left of what counts]")
    ] = None,
    profile: Annotated[
        str | None, typer.Option(help="Eligibility profile: a name, or a file. [default: hong-kong]")
    ] = None,
    json: Json = False,
) -> None:
    """Allocate what a report counts to the coin, in a new report."""
    from toolkit.cli.options import open_issuance
    from toolkit.cli.output import Output
    from toolkit.reserves.report import ReserveReport

    issuance = open_issuance(record, rpc)
    loaded = ReserveReport.load(path)
    chain_id, coin = issuance.chain_id, issuance.stablecoin_address
    allocated = loaded.allocate(chain_id, coin, amount, profile=profile)
    granted = allocated.allocation_for(chain_id, coin)
    facts = {
        "profile": allocated.profile,
        "contract": coin,
        "amount": None if granted is None else str(granted),
    }
    _write(Output(json=json), allocated, out, facts)


def _write(output: Output, report: ReserveReport, out: Path, facts: dict[str, Any]) -> None:
    """Write a new report and say what is new in it."""
    from toolkit.chain.hexes import to_hex
    from toolkit.cli.files import write_text

    write_text(out, report.to_json())
    data = {**facts, "hash": to_hex(report.hash), "file": str(out)}

    def show() -> None:
        for name, value in facts.items():
            for item in value.items() if isinstance(value, dict) else [(name, value)]:
                output.line(f"{item[0]:10} {item[1]}")
        output.line(f"{'report':10} {data['hash']}")
        output.line(f"wrote {out}")

    output.result(data, show)


@app.command()
def attest(
    path: ReportPath,
    record: Record,
    rpc: Rpc,
    out: Annotated[Path, typer.Option(help="Where to write the signature.")],
    signer: Annotated[str, typer.Option(help="The attestor: anvil:INDEX or keystore:PATH.")],
    json: Json = False,
) -> None:
    """Sign a report's attestation to a file, for `publish` to gather."""
    from toolkit.chain.hexes import to_hex
    from toolkit.cli.files import write_json
    from toolkit.cli.options import open_issuance, signer_from
    from toolkit.cli.output import Output
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    issuance = open_issuance(record, rpc)
    attestor = signer_from(signer)
    bundle = ReserveReport.load(path).attest(issuance, signers=[attestor])
    write_json(out, bundle.signature_data(attestor.address))
    value = issuance.from_base_units(bundle.attestation.value).at_par(
        unit=issuance.currency, decimals=issuance.token_decimals
    )
    data = {
        "signer": attestor.address,
        "value": str(value),
        "as_of": bundle.attestation.instant.isoformat(),
        "report": to_hex(bundle.attestation.report),
        "file": str(out),
    }
    said = f"{attestor.address} attests {value.display()} as of {data['as_of']}; wrote {out}"
    output.result(data, lambda: output.line(said))


@app.command()
def publish(
    path: ReportPath,
    record: Record,
    rpc: Rpc,
    signature: Annotated[list[Path], typer.Option(help="A signature file. Repeat it.")],
    sender: Annotated[str, typer.Option(help="Who sends it; anyone may: anvil:INDEX or keystore:PATH.")],
    json: Json = False,
) -> None:
    """Gather signatures, in any order, and publish the attestation."""
    from toolkit.cli.options import open_issuance, signer_from
    from toolkit.cli.output import Output
    from toolkit.reserves.report import ReserveReport

    output = Output(json=json)
    issuance = open_issuance(record, rpc)
    bundle = ReserveReport.load(path).attest(issuance, signers=[])
    for file in signature:
        bundle.add_file(file)
    with output.progress("publishing"):
        published = issuance.reserve.publish(bundle, signer=signer_from(sender))
    status_now = issuance.reserve.status()

    def show() -> None:
        output.line(f"round {published.round} published in block {published.block_number}")
        show_status(output, status_now)

    output.result({"publication": published.to_json(), "status": status_now.to_json()}, show)


@app.command()
def status(record: Record, rpc: Rpc, json: Json = False) -> None:
    """Show the state of the backing, recomputed from the chain."""
    from toolkit.cli.options import open_issuance
    from toolkit.cli.output import Output

    output = Output(json=json)
    found = open_issuance(record, rpc).reserve.status()
    output.result(found.to_json(), lambda: show_status(output, found))


def show_evaluation(output: Output, evaluation: Evaluation, digest: str) -> None:
    """A report's lines with what each counts."""
    rows: list[list[Any]] = [
        [line.line_id, line.counted.display(), "yes" if line.eligible else "no", line.reason]
        for line in evaluation.lines
    ]
    output.table(["line", "counted>", "eligible", "reason"], rows)
    output.line(f"counted    {evaluation.counted_total.display()}")
    output.line(f"ineligible {evaluation.ineligible_total.display()}")
    output.line(f"report     {digest}")


def show_status(output: Output, status: ReserveStatus) -> None:
    """The state of the backing in a few lines."""
    coverage = "no liabilities" if status.coverage_bps is None else f"{status.coverage_bps} bps"
    fresh = f"until {status.fresh_until.isoformat()}" if status.fresh and status.fresh_until else "no"
    output.table(
        ["figure", "value>"],
        [
            ["outstanding", status.outstanding.display()],
            ["payable", status.payable.display()],
            ["reserve", status.reserve.display()],
            ["ceiling", status.ceiling.display()],
            ["headroom", status.headroom.display()],
            ["coverage", coverage],
            ["as of", status.as_of.isoformat() if status.as_of else "never attested"],
            ["fresh", fresh],
            ["block", status.block.number],
        ],
    )
    for notice in status.warnings:
        output.line(f"{'ALARM' if notice.alarm else 'warning'}: {notice.message}")
