"""`issuance compliance recovery`: from a lost wallet to a new one of the same investor."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.case_office import CaseId, Funds, Suites, open_office, show_case
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

__all__ = ["app"]

app = typer.Typer(
    help="Recovery of lost wallets: report, identify again, cool off, prove, four approvals.",
    no_args_is_help=True,
)

Reason = Annotated[str, typer.Option(help="What it rests on, in a line.")]


@app.command()
def report(
    case: CaseId,
    wallet: Annotated[str, typer.Option(help="The wallet that is lost.")],
    evidence: Annotated[str, typer.Option(help="Digest of the report on file: 0x and 64 digits.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Take the report of a lost wallet: it is frozen at once, everywhere, and its orders are on hold."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("freezing"):
        done = office.recoveries.report(case, wallet=wallet, by=by, evidence=evidence)
    show_case(output, done)


@app.command()
def reverify(
    case: CaseId,
    by: By,
    channel: Annotated[
        list[str], typer.Option(help="NAME=DIGEST, e.g. call-back=0x…: two at least. Repeat it.")
    ],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record that the investor was identified again by two channels; the cooling-off begins."""
    from toolkit.cli.output import Output
    from toolkit.errors import InvalidInput

    channels = {}
    for text in channel:
        name, equals, digest = text.partition("=")
        if not equals or name in channels:
            raise InvalidInput(f"--channel {text!r} is not NAME=DIGEST, each name once")
        channels[name] = digest
    output = Output(json=json)
    with open_office(record, rpc, ledger) as office:
        done = office.recoveries.reverify(case, by=by, channels=channels)
    show_case(output, done)
    output.line(f"the cooling-off ends at {done.data['cooling_until']}")


@app.command()
def prove(
    case: CaseId,
    wallet: Annotated[str, typer.Option(help="The new wallet, proven since the report.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Name the new wallet, once the cooling-off is over."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.recoveries.prove(case, wallet=wallet, by=by)
    show_case(Output(json=json), done)


@app.command()
def approve(
    case: CaseId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Approve: compliance, the registrar, then two approvers. With the last one everything moves."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("approving"):
        done = office.recoveries.approve(case, by=by)
    show_case(output, done)


@app.command()
def reject(
    case: CaseId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Find the report false; the wallet stays frozen until `restore`."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.recoveries.reject(case, by=by, reason=reason)
    show_case(Output(json=json), done)


@app.command()
def restore(
    case: CaseId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Set free, as the second person, the wallet of a report that was rejected."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("restoring"):
        done = office.recoveries.restore(case, by=by)
    show_case(output, done)


@app.command()
def close(
    case: CaseId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Close what is posted to the register; the old wallet's orders are rejected."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.recoveries.close(case, by=by, reason=reason)
    show_case(Output(json=json), done)
