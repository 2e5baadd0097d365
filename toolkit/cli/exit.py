"""`issuance exit`: a coin's end, from the board's decision to the final attestation."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.exit_claims import claims_app, lost_app
from toolkit.cli.exit_office import (
    Allowed,
    Copies,
    Currency,
    Decimals,
    Document,
    Lost,
    NoNode,
    Reference,
    Signature,
    Signer,
    SnapshotFile,
    WindingDown,
    open_claims_on,
    open_exit,
    open_recorded,
    read_snapshot,
    sha256_of,
    show_record,
    signed_snapshot,
)
from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Wind a coin down, and pay holders from a snapshot.")
app.add_typer(claims_app, name="claim")
app.add_typer(lost_app, name="lost-chain")


@app.command()
def decide(
    document: Document,
    reference: Reference,
    decimals: Decimals,
    currency: Currency,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record the board's decision to wind the coin down. By finance."""
    from toolkit.reporting.exit import Coin, Exit

    with open_recorded(record, ledger) as (opened, chain_id, token):
        coin = Coin(chain_id, token, decimals, currency)
        found = Exit(opened, coin, NoNode()).decide(decision=sha256_of(document), reference=reference, by=by)
    show_record(found, json)


@app.command()
def notice(reference: Reference, by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Record that the HKMA was told. By compliance."""
    with open_exit(record, ledger) as found:
        show_record(found.give_notice(reference=reference, by=by), json)


@app.command("wind-down")
def wind_down(by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Record that minting has ended for good, once the chain says so.

    The governor ends it: what is to be executed is printed while it hasn't. By a checker.
    """
    from toolkit.cli.options import open_issuance
    from toolkit.reporting.exit import Coin, Exit

    issuance = open_issuance(record, rpc)
    with open_recorded(record, ledger) as (opened, chain_id, token):
        coin = Coin.on_record(opened, chain_id, token)
        show_record(Exit(opened, coin, WindingDown(issuance)).wind_down(by=by), json)


@app.command("record-snapshot")
def record_snapshot(
    snapshot: SnapshotFile,
    signature: Signature,
    signer: Signer,
    copy: Copies,
    allowed: Allowed,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record the final snapshot, signed and kept at two places. By the registrar."""
    with open_exit(record, ledger, snapshot) as found:
        signed = signed_snapshot(read_snapshot(snapshot), signature, signer, copy)
        show_record(found.record_snapshot(signed, signers=allowed, by=by), json)


@app.command("open-claims")
def open_claims(
    snapshot: SnapshotFile,
    closes: Annotated[str, typer.Option(help="When claims close: 2027-03-31T18:00:00+08:00")],
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Let holders claim. By compliance, who recorded none of it before."""
    from toolkit.cli.report_inputs import instant_of

    with open_exit(record, ledger, snapshot) as found:
        show_record(found.open_claims(closes=instant_of(closes, what="--closes"), by=by), json)


@app.command()
def assets(
    amount: Annotated[str, typer.Option(help="What selling the reserve brought, e.g. 1000000.00")],
    document: Document,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record what there is to pay from, by the custodian's statement. By finance."""
    from toolkit.amounts import Amount

    with open_exit(record, ledger) as found:
        money = Amount.money(amount, found.coin.currency)
        show_record(found.state_assets(money, statement=sha256_of(document), by=by), json)


@app.command("start-paying")
def start_paying(by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Let payments go. By a treasurer who stated no assets."""
    with open_exit(record, ledger) as found:
        show_record(found.start_paying(by=by), json)


@app.command("hold-unclaimed")
def hold_unclaimed(
    snapshot: SnapshotFile,
    held_at: Annotated[str, typer.Option(help="Where the money that nobody claimed lies.")],
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record where unclaimed balances are held, once the window has closed. By finance."""
    with open_exit(record, ledger, snapshot) as found:
        show_record(found.hold_unclaimed(held_at=held_at, by=by), json)


@app.command()
def attest(
    snapshot: SnapshotFile,
    paid: Annotated[str, typer.Option(help="What the bank has paid out, by the auditor's own count.")],
    left: Annotated[str, typer.Option(help="What is left in the bank.")],
    document: Document,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record the final attestation, if every figure ties to zero. By the auditor."""
    from toolkit.amounts import Amount

    with open_exit(record, ledger, snapshot) as found:
        money = found.coin.currency
        attested = found.attest(
            paid=Amount.money(paid, money), left=Amount.money(left, money), report=sha256_of(document), by=by
        )
        show_record(attested, json)


@app.command()
def close(by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Close the exit. By compliance."""
    with open_exit(record, ledger) as found:
        show_record(found.close(by=by), json)


@app.command()
def status(
    snapshot: SnapshotFile, record: Record, ledger: LedgerUrl, lost_chain: Lost = False, json: Json = False
) -> None:
    """Show every claim, and what is paid, held and unclaimed."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        found, unclaimed, totals = claims.all(), claims.unclaimed(), claims.totals()
        left = {name: claims.money(getattr(totals, name)).display() for name in ("money_paid", "held_over")}
    rows: list[tuple[int, str, str, str]] = [
        (item.data["index"], item.state.value, item.data["units"], item.data["amount"] or "")
        for item in found
    ]
    rows += [(index, "unclaimed", str(row.units), "") for index, row in unclaimed]

    def show() -> None:
        output.table(["row>", "state", "base units>", "minor units>"], sorted(rows))
        output.line(f"paid {left['money_paid']}, held over {left['held_over']}")

    document = {
        "totals": totals.to_json(),
        "claims": [{"id": item.id, "state": item.state.value, **item.data} for item in found],
        "unclaimed": [
            {"index": index, "wallet": row.wallet, "owner": row.owner, "units": str(row.units)}
            for index, row in unclaimed
        ],
    }
    output.result(document, show)
