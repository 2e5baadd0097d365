"""`issuance mint`: orders for tokens against money."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.batches import register_batches
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile
from toolkit.cli.orders import OrderId, OrderIds, register_endings

__all__ = ["app"]

app = typer.Typer(help="Mint orders.", no_args_is_help=True)


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
    """Take an order for tokens."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

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
    """Take the orders of a CSV file; importing it again adds none.

    A bad line doesn't hold up the others. Ends with 2 if a line is malformed, with 1 if one was refused.
    """
    from toolkit.cli.main import exit_status
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import show_orders

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("importing"):
        report = desk.import_orders(path, maker=maker)

    def show() -> None:
        show_orders(output, report.orders)
        for item in report.errors:
            output.notice(f"{path.name}, line {item.line}: {item.error.message}")

    output.result(report.to_json(), show)
    if report.errors:
        raise typer.Exit(max(exit_status(item.error) for item in report.errors))


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
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        funded = desk.confirm_funds(order, receipt=receipt, amount=amount, payer=payer, by=by)
    output.result(order_data(funded), lambda: show_orders(output, [funded]))


@app.command("return-funds")
def return_funds(
    receipt: Annotated[str, typer.Argument(help="The bank line's reference.")],
    payment_reference: Annotated[str, typer.Option(help="The bank's reference of the return.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record that a bank line went back to its payer.

    Refused while an order stands on it: reject or cancel that first.
    """
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        returned = desk.return_funds(receipt, payment_reference=payment_reference)
    data = {
        "receipt": returned.reference,
        "amount": str(returned.amount),
        "unit": returned.amount.unit,
        "payment_reference": payment_reference,
    }
    output.result(
        data, lambda: output.line(f"{receipt}: {returned.amount.display()} returned by {payment_reference}")
    )


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
    """Sign funded orders as one batch.

    `issuance run` sends it once enough people have signed.
    """
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output
    from toolkit.cli.views import proposal_data, show_proposals

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposals = desk.approve(orders, signer_from(signer))
    output.result([proposal_data(item) for item in proposals], lambda: show_proposals(output, proposals))


register_batches(app)
register_endings(app)
