"""`issuance mint`: orders for tokens against money."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.desk import BatchProposal

__all__ = ["app", "order_data", "proposal_data", "show_orders", "show_proposals"]

app = typer.Typer(help="Mint orders.", no_args_is_help=True)

OrderId = Annotated[str, typer.Argument(help="The order's id.")]
OrderIds = Annotated[list[str], typer.Argument(help="Orders to approve together.")]


@app.command()
def request(
    investor: Annotated[str, typer.Argument(help="The investor's reference.")],
    amount: Annotated[str, typer.Argument(help='Tokens, e.g. "250000.00".')],
    wallet: Annotated[str, typer.Option(help="A wallet proven to be the investor's.")],
    idempotency_key: Annotated[
        str, typer.Option(help="The client's own order id: the same key, the same order.")
    ],
    maker: Annotated[str, typer.Option(help="Who enters the order: a person's id.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Take an order."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        order = desk.request_mint(
            investor, amount, wallet=wallet, idempotency_key=idempotency_key, maker=maker
        )
    output.result(order_data(order), lambda: show_orders(output, [order]))


@app.command("import")
def import_(
    path: Annotated[Path, typer.Argument(help="CSV: client_order_id,investor,wallet,amount")],
    maker: Annotated[str, typer.Option(help="Who enters the orders: a person's id.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Take the orders of a CSV file; importing it again adds none. Ends with 1 if a line was refused."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("importing"):
        report = desk.import_orders(path, maker=maker)

    def show() -> None:
        show_orders(output, report.orders)
        for item in report.errors:
            output.line(f"line {item.line} ({item.client_order_id}): {item.error.message}")

    output.result(report.to_json(), show)
    if report.errors:
        raise typer.Exit(1)


@app.command()
def fund(
    order: OrderId,
    receipt: Annotated[str, typer.Option(help="The bank line's reference.")],
    amount: Annotated[str, typer.Option(help="What the bank line says, e.g. 250000.00")],
    payer: Annotated[str, typer.Option(help="The account that paid: its reference at the desk.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Match a bank line with an order."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        funded = desk.confirm_funds(order, receipt=receipt, amount=amount, payer=payer, by=by)
    output.result(order_data(funded), lambda: show_orders(output, [funded]))


@app.command()
def propose(
    orders: OrderIds,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    out: Annotated[Path, typer.Option(help="Folder for the typed data to sign elsewhere, a file per batch.")],
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Write what approvers sign, for keys that are not here."""
    import json as jsonlib

    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposals = desk.propose_batch(orders)
    out.mkdir(parents=True, exist_ok=True)
    for proposal in proposals:
        text = jsonlib.dumps(proposal.signable.to_json(), indent=1)
        (out / f"{proposal.batch_id}.json").write_text(text + "\n", encoding="utf-8")
    output.result([proposal_data(item) for item in proposals], lambda: show_proposals(output, proposals))


@app.command()
def sign(
    batch: Annotated[str, typer.Argument(help="The batch's id.")],
    signer: Annotated[str, typer.Option(help="The approver's address.")],
    signature: Annotated[str, typer.Option(help="The signature over the batch's typed data, hexadecimal.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Add a signature that was made elsewhere."""
    from toolkit.chain.hexes import from_hex
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        proposal = desk.sign_batch(batch, signer=signer, signature=from_hex(signature, what="signature"))
    output.result(proposal_data(proposal), lambda: show_proposals(output, [proposal]))


@app.command()
def approve(
    orders: OrderIds,
    signer: Annotated[str, typer.Option(help="The approver's key: anvil:INDEX or keystore:PATH.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Sign funded orders as one batch. `issuance run` sends it once enough people have signed."""
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposals = desk.approve(orders, signer_from(signer))
    output.result([proposal_data(item) for item in proposals], lambda: show_proposals(output, proposals))


def order_data(order: Any) -> dict[str, Any]:
    """An order as JSON values."""
    return {
        "id": order.id,
        "kind": str(order.kind),
        "number": order.number,
        "state": str(order.state),
        "investor": order.investor,
        "wallet": order.wallet,
        "amount": str(order.amount),
        "unit": order.unit,
        "maker": order.maker,
        "created_at": order.created_at.isoformat(),
        "due_at": order.due_at.isoformat() if getattr(order, "due_at", None) else None,
    }


def show_orders(output: Output, orders: Any) -> None:
    """Orders, one a line."""
    rows = [
        [
            order.id,
            order.kind,
            "" if order.number is None else order.number,
            order.amount.display(),
            order.state,
        ]
        for order in orders
    ]
    output.table(["order", "kind", "number>", "amount>", "state"], rows)


def proposal_data(proposal: BatchProposal) -> dict[str, Any]:
    """A batch proposal as JSON values."""
    return {
        "batch": proposal.batch_id,
        "purpose": proposal.purpose,
        "orders": list(proposal.order_ids),
        "total": str(proposal.total),
        "required": proposal.required,
        "signed_by": list(proposal.signed_by),
        "complete": proposal.is_complete,
        "typed_data": proposal.signable.to_json(),
    }


def show_proposals(output: Output, proposals: Any) -> None:
    """Batches and who signed them."""
    rows = [
        [
            item.batch_id,
            len(item.order_ids),
            item.total.display(),
            f"{len(item.signed_by)} of {item.required}",
            ", ".join(item.signed_by),
        ]
        for item in proposals
    ]
    output.table(["batch", "orders>", "total>", "signatures>", "signed by"], rows)
