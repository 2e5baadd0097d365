"""What approvers do with batches of orders of either kind: see them, sign them here or elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from toolkit.cli.options import Json, Keys, LedgerUrl, Record, Rpc, TermsFile
from toolkit.cli.orders import OrderIds

__all__ = ["dissolve", "propose", "register_batches", "sign"]

BatchId = Annotated[str, typer.Argument(help="The batch's id.")]


def propose(
    orders: OrderIds,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    out: Annotated[Path, typer.Option(help="Folder for what approvers sign: a file per batch.")],
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Write what approvers sign, for keys that are not here.

    Each file is the argument of eth_signTypedData_v4; `sign` takes the signature back.
    """
    from toolkit.cli.files import make_folder, write_json
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import proposal_data, show_proposals

    output = Output(json=json)
    make_folder(out)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposals = desk.propose_batch(orders)
    files = {proposal.batch_id: out / f"{proposal.batch_id}.json" for proposal in proposals}
    for proposal in proposals:
        write_json(files[proposal.batch_id], proposal.signable.to_json())

    def show() -> None:
        show_proposals(output, proposals)
        for file in files.values():
            output.line(f"wrote {file}")

    data = [{**proposal_data(item), "file": str(files[item.batch_id])} for item in proposals]
    output.result(data, show)


def sign(
    batch: BatchId,
    signer: Annotated[str, typer.Option(help="The approver's address.")],
    signature: Annotated[str, typer.Option(help="Over the batch's typed data, hexadecimal.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Add a signature that was made elsewhere."""
    from toolkit.chain.hexes import from_hex
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import proposal_data, show_proposals

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        proposal = desk.sign_batch(batch, signer=signer, signature=from_hex(signature, what="signature"))
    output.result(proposal_data(proposal), lambda: show_proposals(output, [proposal]))


def dissolve(batch: BatchId, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """End a batch that was not sent; its orders are signed anew."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        ended = desk.dissolve_batch(batch)
    output.result(
        {"batch": ended.id, "state": ended.state, "orders": list(ended.order_ids)},
        lambda: output.line(f"{ended.id} {ended.state}"),
    )


def register_batches(app: typer.Typer) -> None:
    """The three commands for the orders of `app`."""
    for command in (propose, sign, dissolve):
        app.command()(command)
