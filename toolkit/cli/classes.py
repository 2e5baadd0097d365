"""`issuance compliance classify`, `regime`, `acknowledge` and `bank`: how investors stand."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile
from toolkit.cli.party_office import (
    Digest,
    InvestorReference,
    Reason,
    RecordId,
    open_parties,
    show_record,
    show_records,
)

if TYPE_CHECKING:
    from toolkit.compliance.perimeter import Exposure, Knowledge
    from toolkit.compliance.portfolio import Evidence

__all__ = ["acknowledge", "bank", "classify", "distributor", "regime"]

classify = typer.Typer(help="Classify investors on evidence.", no_args_is_help=True)
regime = typer.Typer(help="Accounts with licensed stablecoins only, and all others.", no_args_is_help=True)
distributor = typer.Typer(help="Which distributor an investor came by.", no_args_is_help=True)
bank = typer.Typer(help="Bank accounts in the customer's own name.", no_args_is_help=True)


@classify.command()
def receive(
    investor: InvestorReference,
    evidence: Annotated[list[str], typer.Option(help="KIND:ISSUED-ON:SHA256 of a document. Repeat it.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Open a classification on evidence. By a maker."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.classifications.receive(investor, [_evidence(item) for item in evidence], by=by)
    show_record(output, made)


@classify.command()
def assess(
    record_id: RecordId,
    file: Annotated[
        Path, typer.Argument(help="Category, relevant date, holdings, rates and consent (JSON).")
    ],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Put the calculation on record, if the figures reach the class. By a maker."""
    from toolkit.cli.files import read_json
    from toolkit.cli.output import Output
    from toolkit.compliance.portfolio import Application

    output = Output(json=json)
    application = Application.from_data(read_json(file, what="application"))
    with open_parties(record, rpc, ledger) as office:
        made = office.classifications.assess(record_id, application, by=by)
    show_record(output, made, f"{made.id} is {made.state}: {made.data['investor_class']}")


@classify.command()
def approve(
    record_id: RecordId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Give the class, here and on chain. By compliance, another person than received and assessed it."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger, terms, key) as office, output.progress("writing the registry"):
        made = office.classifications.approve(record_id, by=by, reason=reason)
    found = made.data
    show_record(output, made, f"{found['investor']} is {found['investor_class']} until {found['expires_at']}")


@classify.command("turn-down")
def turn_down(
    record_id: RecordId,
    by: By,
    reason: Reason,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """End a classification that wasn't approved. By compliance."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.classifications.turn_down(record_id, by=by, reason=reason)
    show_record(output, made)


@classify.command()
def sweep(
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Warn of what lapses within 30 days, end what has lapsed, here and on chain. For every day."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger, terms, key) as office, output.progress("sweeping"):
        moved = office.classifications.sweep(by=by)
    show_records(output, moved)


@classify.command()
def show(
    investor: InvestorReference, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Show an investor's classifications, oldest first."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        found = office.classifications.of(investor)
    show_records(output, found)


@regime.command("propose")
def propose_move(
    investor: InvestorReference,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    knowledge: Annotated[
        str, typer.Option(help="BASIS:SHA256, the basis being training, work or trades.")
    ] = "",
    trade: Annotated[list[str] | None, typer.Option(help="A day on which they traded. Repeat it.")] = None,
    exposure: Annotated[str, typer.Option(help="LIMIT:NET-WORTH:CURRENCY, e.g. 100000:9000000:HKD.")] = "",
    json: Json = False,
) -> None:
    """Propose the move to the full regime. By a maker."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.perimeter.propose(
            investor, knowledge=_knowledge(knowledge, trade or []), exposure=_exposure(exposure), by=by
        )
    show_record(output, made)


@regime.command("confirm")
def confirm_move(
    record_id: RecordId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    reason: Reason = "",
    json: Json = False,
) -> None:
    """Move the account. By compliance, another person than proposed it."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.perimeter.confirm(record_id, by=by, reason=reason)
    show_record(output, made, f"{made.data['investor']} is under the regime {made.data['to']}")


@regime.command()
def note(
    investor: InvestorReference,
    asset: Annotated[str, typer.Option(help="What it holds that is no licensed stablecoin.")],
    evidence: Digest,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Say that an account holds another asset: it acquires nothing more until it has moved."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.perimeter.note_other_asset(investor, asset, evidence=evidence, by=by)
    if made is None:
        output.result(
            {"investor": investor, "regime": "full"}, lambda: output.line("it is under full already")
        )
    else:
        show_record(output, made, f"{investor} acquires nothing until it has moved to the full regime")


@distributor.command("propose")
def propose_distributor(
    investor: InvestorReference,
    name: Annotated[str, typer.Argument(help="The distributor, a lower-case word; house is the broker.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Say whose limits an investor's orders count towards. By a maker."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.affiliations.propose(investor, name, by=by)
    show_record(output, made)


@distributor.command("confirm")
def confirm_distributor(
    record_id: RecordId, by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Let it count. By compliance, another person than proposed it."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.affiliations.confirm(record_id, by=by)
    show_record(output, made)


def acknowledge(
    investor: InvestorReference,
    document: Annotated[str, typer.Argument(help="The document's name, as the policy has it.")],
    version: Annotated[str, typer.Argument(help="Its version.")],
    digest: Annotated[str, typer.Option(help="SHA-256 of what they were shown, hexadecimal.")],
    evidence: Digest,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record that an investor has acknowledged the current version of a document."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.acknowledgements.acknowledge(
            investor, document, version, digest=digest, evidence=evidence, by=by
        )
    show_record(output, made)


@bank.command("propose")
def propose_account(
    investor: InvestorReference,
    account: Annotated[str, typer.Argument(help="The desk's reference to it, never its number.")],
    currency: Annotated[str, typer.Option(help="ISO 4217.")],
    method: Annotated[str, typer.Option(help="penny_test, name_match or bank_confirmation.")],
    evidence: Digest,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    own_name: Annotated[
        bool, typer.Option("--own-name", help="The name that was found is the customer's.")
    ] = False,
    json: Json = False,
) -> None:
    """Put a bank account on record as verified to be the customer's own. By a maker."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.bank_accounts.propose(
            investor,
            account,
            currency=currency,
            method=method,
            is_own_name=own_name,
            evidence=evidence,
            by=by,
        )
    show_record(output, made)


@bank.command("confirm")
def confirm_account(
    account: Annotated[str, typer.Argument(help="The desk's reference to it.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Let money move to and from it. By compliance, another person than verified it."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_parties(record, rpc, ledger) as office:
        made = office.bank_accounts.confirm(account, by=by)
    data = {"reference": made.reference, "investor": made.investor, "currency": made.currency}
    output.result(data, lambda: output.line(f"{made.reference} is {made.investor}'s own"))


def _evidence(text: str) -> Evidence:
    from toolkit.compliance.portfolio import Evidence

    kind, _, rest = text.partition(":")
    issued_on, _, digest = rest.partition(":")
    return Evidence.from_data({"kind": kind, "issued_on": issued_on, "digest": digest or None})


def _knowledge(text: str, trades: list[str]) -> Knowledge | None:
    from toolkit.compliance.perimeter import Knowledge

    if not text:
        return None
    basis, _, digest = text.partition(":")
    return Knowledge(basis, digest, tuple(_day(day) for day in trades))


def _day(text: str) -> date:
    from toolkit.errors import InvalidInput

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"the day {text!r} can't be read: write YYYY-MM-DD") from None


def _exposure(text: str) -> Exposure | None:
    from toolkit.amounts import Amount
    from toolkit.compliance.perimeter import Exposure
    from toolkit.errors import InvalidInput

    if not text:
        return None
    parts = text.split(":")
    if len(parts) != 3:
        raise InvalidInput(f"the exposure {text!r} isn't LIMIT:NET-WORTH:CURRENCY, e.g. 100000:9000000:HKD")
    limit, net_worth, currency = parts
    return Exposure(Amount.money(limit, currency), Amount.money(net_worth, currency))
