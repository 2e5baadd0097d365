"""`issuance redeem`: orders for money against tokens."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.batches import register_batches
from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile
from toolkit.cli.orders import OrderId, OrderIds, register_endings

if TYPE_CHECKING:
    from toolkit.desk import Desk, RedemptionAuthorization

__all__ = ["app"]

app = typer.Typer(help="Redemption orders.", no_args_is_help=True)


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
    """Take an order for money against tokens."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

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
    """Declare a request valid: the clock starts.

    The money is due by the end of the next business day (Hong Kong).
    """
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        valid = desk.validate_redemption(order, by=by)

    def show() -> None:
        show_orders(output, [valid])
        output.line(f"due {valid.due_at.isoformat() if valid.due_at else ''}")

    output.result(order_data(valid), show)


@app.command()
def authorise(
    order: OrderId,
    out: Annotated[Path, typer.Option(help="Where to write what the holder signs.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Write what the holder signs, for a key that is not here.

    The file's `typed_data` is the argument of eth_signTypedData_v4; `issuance redeem escrow` takes the file
    and the signature. It is good for 24 hours, for this order alone.
    """
    from toolkit.cli.files import write_json
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        authorization = desk.redemption_authorization(order)
    data = authorization.to_json()
    write_json(out, data)
    output.result({**data, "file": str(out)}, lambda: output.line(f"wrote {out}"))


@app.command()
def escrow(
    order: OrderId,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    signer: Annotated[
        str | None, typer.Option(help="The holder's key, if it is here: anvil:INDEX or keystore:PATH.")
    ] = None,
    authorization: Annotated[
        Path | None, typer.Option(help="Else the file from `redeem authorise`, together with --signature.")
    ] = None,
    signature: Annotated[str | None, typer.Option(help="The holder's signature, hexadecimal.")] = None,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Move the tokens into escrow on the holder's signature.

    The operator pays the gas. A holder who sends the request itself needs `issuance redeem reference`.
    """
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("escrow"):
        escrowed = desk.escrow(*_signed(desk, order, signer, authorization, signature))
    output.result(order_data(escrowed), lambda: show_orders(output, [escrowed]))


def _signed(
    desk: Desk, order: str, signer: str | None, file: Path | None, signature: str | None
) -> tuple[RedemptionAuthorization, bytes]:
    """The authorisation and the holder's signature: made here with `signer`, or elsewhere."""
    from toolkit.chain.hexes import from_hex
    from toolkit.cli.files import read_json
    from toolkit.cli.options import signer_from
    from toolkit.desk import RedemptionAuthorization
    from toolkit.errors import InvalidInput

    if signer is not None and file is None and signature is None:
        made = desk.redemption_authorization(order)
        return made, made.signable.sign(signer_from(signer)).data
    if signer is not None or file is None or signature is None:
        raise InvalidInput("give either --signer, or both --authorization and --signature")
    read = RedemptionAuthorization.from_json(read_json(file, what="authorisation"))
    if read.order_id != order:
        raise InvalidInput(f"{file} authorises order {read.order_id}, not {order}: name its own file")
    return read, from_hex(signature, what="signature")


@app.command()
def reference(order: OrderId, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Show what a holder passes to the market itself.

    The holder first approves the market to spend the amount, then calls its `requestRedemption` with
    the base units and the reference; `issuance run` finds the request.
    """
    from toolkit.chain.hexes import to_hex
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.desk import redemption_reference
    from toolkit.errors import InvalidInput
    from toolkit.ledger import RedemptionOrder

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = desk.order(order)
        if not isinstance(found, RedemptionOrder):
            raise InvalidInput(f"order {order} is a {found.kind} order: name a redemption")
        data = {
            "token": desk.issuance.stablecoin_address,
            "market": desk.issuance.market.address,
            "amount": str(found.amount),
            "base_units": str(found.base_units),
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
    """Sign the acceptance of escrowed redemptions.

    `issuance run` burns the tokens once enough people have signed.
    """
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output
    from toolkit.cli.views import proposal_data, show_proposals

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposals = desk.approve_redemption(orders, signer_from(signer))
    output.result([proposal_data(item) for item in proposals], lambda: show_proposals(output, proposals))


@app.command("payments-due")
def payments_due(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """List the redemptions to pay now, and those on hold: not to be paid until compliance lets them go."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = desk.payments_due()
    columns = ["order", "amount>", "account", "due"]
    rows = [
        [order.id, order.amount.display(), order.bank_account or "", order.due_at or ""]
        for order in found.payable
    ]

    def show() -> None:
        output.table(columns, rows)
        for order_id, reason in found.held.items():
            output.line(f"on hold: {order_id}: {reason}")

    paying = [{**order_data(order), "bank_account": order.bank_account} for order in found.payable]
    output.result({"payable": paying, "held": dict(found.held)}, show)


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
    """Record that the bank confirmed the payment.

    `issuance run` then records it on chain, which discharges the liability.
    """
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        desk.record_payout(order, payment_reference=payment_reference, by=by)
        paid = desk.order(order)
    output.result(order_data(paid), lambda: show_orders(output, [paid]))


register_batches(app)
register_endings(app)
