"""`issuance compliance cases`: freezes from the hit to the release, and their register."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.case_office import (
    AuthorityWord,
    CaseId,
    Document,
    Funds,
    Reference,
    Suites,
    authority_from,
    case_data,
    open_office,
    show_case,
    show_overdue,
)
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.ledger.records import LedgerRecord

__all__ = ["app"]

app = typer.Typer(
    help="Freezes as cases: a guardian freezes, another signs, compliance confirms, releases or disposes.",
    no_args_is_help=True,
)

Reason = Annotated[str, typer.Option(help="What it rests on, in a line; for compliance alone.")]
Review = Annotated[datetime, typer.Option("--review-on", formats=["%Y-%m-%d"], help="When to look again.")]


@app.command()
def freeze(
    case: CaseId,
    by: By,
    authority: AuthorityWord,
    reference: Reference,
    document: Document,
    review_on: Review,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    investor: Annotated[str | None, typer.Option(help="The party's reference: all their wallets.")] = None,
    wallet: Annotated[list[str] | None, typer.Option(help="Or wallets of nobody's. Repeat it.")] = None,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Freeze a party at once, in the coin and every share class on every chain. By a guardian."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    given = authority_from(authority, reference, document)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("freezing"):
        done = office.freezes.freeze(
            case, by=by, authority=given, review_on=review_on.date(), investor=investor, wallets=wallet or ()
        )
    show_case(output, done)


@app.command()
def hit(
    case: CaseId,
    by: By,
    authority: AuthorityWord,
    reference: Reference,
    document: Document,
    review_on: Review,
    investor: Annotated[str, typer.Option(help="The party's reference.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Put a hit on record: the party's orders are on hold until a guardian has imposed the freeze."""
    from toolkit.cli.output import Output

    given = authority_from(authority, reference, document)
    with open_office(record, rpc, ledger) as office:
        done = office.freezes.hit(case, by=by, authority=given, review_on=review_on.date(), investor=investor)
    show_case(Output(json=json), done)


@app.command()
def impose(
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
    """Freeze what was put on record as a hit. By a guardian."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("freezing"):
        done = office.freezes.impose(case, by=by)
    show_case(output, done)


@app.command("freeze-part")
def freeze_part(
    case: CaseId,
    amount: Annotated[str, typer.Argument(help='The client\'s part, e.g. "250000.00".')],
    by: By,
    authority: AuthorityWord,
    reference: Reference,
    document: Document,
    review_on: Review,
    wallet: Annotated[str, typer.Option(help="The omnibus wallet.")],
    client: Annotated[str, typer.Option(help="The client's keyed reference in the sub-ledger.")],
    token: Annotated[str, typer.Option(help="The token's symbol or address.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    chain: Annotated[int | None, typer.Option(help="The chain's id, where there are several.")] = None,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Freeze one client's part of an omnibus wallet; the others' tokens move to the last unit."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    given = authority_from(authority, reference, document)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("freezing"):
        done = office.freezes.freeze_part(
            case,
            by=by,
            authority=given,
            review_on=review_on.date(),
            wallet=wallet,
            client=client,
            token=token,
            amount=amount,
            chain_id=chain,
        )
    show_case(output, done)


@app.command()
def second(case: CaseId, by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Sign a freeze as the second person, within the hour."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.freezes.second(case, by=by)
    show_case(Output(json=json), done)


@app.command()
def confirm(
    case: CaseId,
    by: By,
    reason: Reason,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Find the hit true. By compliance, not by who froze."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger, terms, key, fund, suite) as office:
        done = office.freezes.confirm(case, by=by, reason=reason)
    show_case(Output(json=json), done)


@app.command("false-positive")
def false_positive(
    case: CaseId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Find the hit mistaken; `approve` by a second person releases it."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.freezes.false_positive(case, by=by, reason=reason)
    show_case(Output(json=json), done)


@app.command()
def review(
    case: CaseId,
    by: By,
    reason: Reason,
    review_on: Review,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Look at a frozen case again and set the next review date."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.freezes.review(case, by=by, next_on=review_on.date(), reason=reason)
    show_case(Output(json=json), done)


@app.command("propose-release")
def propose_release(
    case: CaseId,
    by: By,
    authority: AuthorityWord,
    reference: Reference,
    document: Document,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Propose to release what is frozen. By compliance, not by who froze."""
    from toolkit.cli.output import Output

    given = authority_from(authority, reference, document)
    with open_office(record, rpc, ledger) as office:
        done = office.freezes.propose_release(case, by=by, authority=given)
    show_case(Output(json=json), done)


@app.command("propose-disposal")
def propose_disposal(
    case: CaseId,
    what: Annotated[str, typer.Argument(help="seize or burn.")],
    by: By,
    authority: AuthorityWord,
    reference: Reference,
    document: Document,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    to: Annotated[str | None, typer.Option(help="Who receives what is seized.")] = None,
    json: Json = False,
) -> None:
    """Propose to seize what is frozen, or burn its coins, on an order. Two approvers follow."""
    from toolkit.cli.options import chosen
    from toolkit.cli.output import Output
    from toolkit.compliance.authority import Taking

    chosen(what, (Taking.SEIZE.value, Taking.BURN.value), what="disposal")
    order = authority_from(authority, reference, document)
    with open_office(record, rpc, ledger) as office:
        done = office.freezes.propose_disposal(case, Taking(what), by=by, order=order, to=to)
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
    """Give the next approval that a release or a disposal waits for; the last one does it on every chain."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("approving"):
        done = office.freezes.approve(case, by=by)
    show_case(output, done)


@app.command()
def withdraw(
    case: CaseId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Take a proposal back; what is frozen stays frozen."""
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        done = office.freezes.withdraw(case, by=by, reason=reason)
    show_case(Output(json=json), done)


@app.command()
def resume(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Funds = None,
    suite: Suites = None,
    json: Json = False,
) -> None:
    """Go on with every freeze and recovery that was cut short or couldn't be reached. Run it regularly.

    Ends with 1 while something needs a person.
    """
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger, terms, key, fund, suite) as office, output.progress("resuming"):
        changed = (*office.freezes.resume(), *office.recoveries.resume())
        overdue = (*office.freezes.overdue(), *office.recoveries.overdue())

    def show() -> None:
        for item in changed:
            output.line(f"{item.id} is {item.state}")
        for alarm in overdue:
            output.line(f"{alarm.what} since {alarm.since.isoformat()}: {alarm.message}")

    alarms = [{"record": item.record, "what": item.what, "message": item.message} for item in overdue]
    output.result({"changed": [case_data(item) for item in changed], "overdue": alarms}, show)
    if overdue:
        raise typer.Exit(1)


@app.command()
def overdue(by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """List what a person has to look after: signatures, chains, reviews. Ends with 1 if there is anything.

    For compliance and the auditor; the reader is recorded.
    """
    from toolkit.cli.output import Output

    with open_office(record, rpc, ledger) as office:
        found = office.overdue(by=by)
    show_overdue(Output(json=json), found)


@app.command("list")
def list_cases(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """List freezes and recoveries with where they stand, oldest first."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger) as office:
        found: list[LedgerRecord] = [*office.freezes.all(), *office.recoveries.all()]
    output.result(
        [case_data(item) for item in found],
        lambda: output.table(["case", "state"], [[item.id, item.state] for item in found]),
    )


@app.command()
def show(case: CaseId, by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Show all that is on file about a case. For compliance and the auditor; the reader is recorded."""
    from toolkit.cli.output import Output, as_json

    output = Output(json=json)
    with open_office(record, rpc, ledger) as office:
        found = office.case(case, by=by)
    data = {"id": found.id, "state": found.state.value, **found.data}
    output.result(data, lambda: output.line(as_json(data)))


@app.command()
def register(by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Print the register of freezes. For compliance and the auditor; the reader is recorded."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_office(record, rpc, ledger) as office:
        rows = office.freeze_register(by=by)
    columns = ["entry_id", "amount_frozen", "status", "imposed_at", "latency_seconds", "review_date"]
    output.result(rows, lambda: output.table(columns, [[row[name] for name in columns] for row in rows]))
