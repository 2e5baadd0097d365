"""`issuance fund register`, `notes`, `report`, what lies in quarantine, and suspension."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.fund import DayNumber, FundTermsFile, ShareClassCode, open_fund, record_data
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc

__all__ = ["confirm_release", "notes", "propose_release", "register", "report", "retract_release", "suspend"]

CaseId = Annotated[str, typer.Option("--case", help="The case, 1 to 32 bytes; kept on chain.")]


def register(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    block: Annotated[int | None, typer.Option(help="After this block. [default: the last final one]")] = None,
    personal: Annotated[bool, typer.Option("--personal", help="With the holders' labels.")] = False,
    json: Json = False,
) -> None:
    """Draw up the register of holders from every transfer of the share."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        found = funds.register(block)

    def show() -> None:
        rows = [[row.account.account, row.units.display(), row.escrowed.display()] for row in found.rows]
        output.table(["account", "units>", "kept by the vault>"], rows)
        output.line(f"{found.version_id}: supply {found.supply.display()}, difference 0")

    output.result(found.to_data(personal=personal), show)


def notes(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    order: Annotated[str | None, typer.Option(help="Only of this order.")] = None,
    day: Annotated[int | None, typer.Option(help="Only of this dealing day.")] = None,
    json: Json = False,
) -> None:
    """Show the contract notes that were issued."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        found = funds.contract_notes(order=order, day=day)

    def show() -> None:
        columns = ["order", "side", "dealing_day", "price", "net", "units", "note_due"]
        output.table(columns, [[item.data[name] for name in columns] for item in found])

    output.result([record_data(item) for item in found], show)


def report(
    day: DayNumber,
    prepared_by: Annotated[str, typer.Option(help="Who prepares it: a person's id.")],
    reviewed_by: Annotated[str, typer.Option(help="Who reviews it: another person's id.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    out: Annotated[Path | None, typer.Option(help="Also write it to this file.")] = None,
    json: Json = False,
) -> None:
    """Write the daily dealing report of a settled day."""
    from toolkit.cli.files import write_json
    from toolkit.cli.output import Output, as_json

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        data = funds.dealing_report(day, prepared_by=prepared_by, reviewed_by=reviewed_by).to_data()
    if out is not None:
        write_json(out, data)
    output.result(data, lambda: output.line(as_json(data).rstrip()))


def propose_release(
    wallet: Annotated[str, typer.Argument(help="Whose it is.")],
    case: CaseId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    to: Annotated[
        str | None, typer.Option(help="Another wallet of the investor. [default: the same]")
    ] = None,
    redeem: Annotated[bool, typer.Option("--redeem", help="Redeem the shares instead.")] = False,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Propose to release what is kept for a wallet. By compliance; a treasurer confirms."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        found = funds.propose_release(wallet, case_id=case, by=by, to=to, redeem=redeem)
    output.result(record_data(found), lambda: output.line(f"{case} is proposed"))


def confirm_release(
    case: CaseId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Confirm a proposed release. By a treasurer."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        found = funds.confirm_release(case, by=by)
    output.result(record_data(found), lambda: output.line(f"{case} is {found.state}"))


def retract_release(
    case: CaseId,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept with the case.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Take a proposal back. By compliance."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        found = funds.retract_release(case, by=by, reason=reason)
    output.result(record_data(found), lambda: output.line(f"{case} is retracted"))


def suspend(
    document: Annotated[Path, typer.Argument(help="The document that says why; its hash goes on chain.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Suspend dealing at once. By a guardian; to resume is the governor's."""
    from toolkit.chain.hexes import keccak, to_hex
    from toolkit.cli.files import read_bytes
    from toolkit.cli.output import Output

    output = Output(json=json)
    reason = keccak(read_bytes(document))
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds:
        mined = funds.suspend(reason, by=by)
    data = {"reason": to_hex(reason), "transaction": to_hex(mined.receipt.tx_hash)}
    output.result(data, lambda: output.line(f"dealing is suspended for {data['reason']}"))
