"""`issuance redeem`: orders for money against tokens."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.mint import OrderId, OrderIds, order_data, proposal_data, show_orders, show_proposals
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

__all__ = ["app"]

app = typer.Typer(help="Redemption orders.", no_args_is_help=True)

Reason = Annotated[str, typer.Option(help="Why; kept with the order.")]


@app.command()
def request(
    investor: Annotated[str, typer.Argument(help="The investor's reference.")],
    amount: Annotated[str, typer.Argument(help='Tokens, whole cents, e.g. "250000.00".')],
    wallet: Annotated[str, typer.Option(help="A wallet of the investor that holds the tokens.")],
    bank_account: Annotated[str, typer.Option(help="Reference of the investor's own account to be paid.")],
    idempotency_key: Annotated[
        str, typer.Option(help="The client's own order id: the same key, the same order.")
    ],
    maker: Annotated[str, typer.Option(help="Who enters the order: a person's id.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Take a redemption order."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        order = desk.request_redemption(
            investor,
            amount,
            wallet=wallet,
            bank_account=bank_account,
            idempotency_key=idempotency_key,
            maker=maker,
        )
    output.result(order_data(order), lambda: show_orders(output, [order]))


@app.command()
def validate(order: OrderId, by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Declare a request valid: the clock starts, the money is due by the end of the next business day."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        valid = desk.validate_redemption(order, by=by)

    def show() -> None:
        show_orders(output, [valid])
        output.line(f"due {valid.due_at.isoformat() if valid.due_at else ''}")

    output.result(order_data(valid), show)


@app.command()
def escrow(
    order: OrderId,
    signer: Annotated[str, typer.Option(help="The holder's key: anvil:INDEX or keystore:PATH.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Move the tokens into escrow on the holder's signature; the operator pays the gas.

    A holder who sends the request itself needs `issuance redeem reference` instead.
    """
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("escrow"):
        authorization = desk.redemption_authorization(order)
        escrowed = desk.escrow(authorization, authorization.signable.sign(signer_from(signer)).data)
    output.result(order_data(escrowed), lambda: show_orders(output, [escrowed]))


@app.command()
def reference(order: OrderId, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Show what a holder passes to the market's `requestRedemption`, after approving the market to spend."""
    from toolkit.chain.hexes import to_hex
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.desk import redemption_reference

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = desk.order(order)
        data = {
            "market": desk.issuance.market.address,
            "amount": str(found.base_units),
            "reference": to_hex(redemption_reference(found)),
        }
    output.result(data, lambda: output.line("\n".join(f"{name:10} {value}" for name, value in data.items())))


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
    """Sign the acceptance of escrowed redemptions. `issuance run` burns once enough people have signed."""
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposals = desk.approve_redemption(orders, signer_from(signer))
    output.result([proposal_data(item) for item in proposals], lambda: show_proposals(output, proposals))


@app.command()
def payout(
    order: OrderId,
    payment_reference: Annotated[str, typer.Option(help="The bank's reference of the confirmed payment.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record that the bank confirmed the payment. `issuance run` then records it on chain."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        desk.record_payout(order, payment_reference=payment_reference, by=by)
        paid = desk.order(order)
    output.result(order_data(paid), lambda: show_orders(output, [paid]))


@app.command()
def cancel(
    order: OrderId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """End an order on the customer's wish."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        ended = desk.cancel(order, by=by, reason=reason)
    output.result(order_data(ended), lambda: show_orders(output, [ended]))


@app.command()
def reject(
    order: OrderId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """End an order; escrowed tokens go back at the next run."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        ended = desk.reject(order, by=by, reason=reason)
    output.result(order_data(ended), lambda: show_orders(output, [ended]))
