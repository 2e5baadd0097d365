"""`issuance run`, `status`, `freeze`, `unfreeze` and `demo`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.chain.sender import Mined

__all__ = ["demo", "freeze", "run", "status", "unfreeze"]

Account = Annotated[str, typer.Argument(help="The account's address.")]


def run(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Send what is approved, wait for finality, settle.

    May be killed and run again at any moment. Ends with 1 if something needs a person.
    """
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import show_run

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("running"):
        report = desk.run()
    output.result(report.to_json(), lambda: show_run(output, report))
    if report.alarms:
        raise typer.Exit(1)


def status(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Compare chain and ledger to the last unit. Ends with 1 if they differ."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import show_books

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        books = desk.status()
    output.result(books.to_json(), lambda: show_books(output, books))
    if not books.agrees:
        raise typer.Exit(1)


def freeze(
    account: Account,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    amount: Annotated[
        str | None,
        typer.Option(help="Tokens that are frozen afterwards; only rises. [default: the account itself]"),
    ] = None,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Freeze an account at once. Sent by the guardian."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("freezing"):
        mined = desk.freeze(account, amount)
    what = account if amount is None else f"{amount} of {account}"
    output.result(_sent(mined, account), lambda: output.line(f"{what} is frozen"))


def unfreeze(
    account: Account,
    case: Annotated[str, typer.Option(help="The case that allows it, 1 to 32 bytes; kept on chain.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    amount: Annotated[
        str | None, typer.Option(help="Tokens that stay frozen; only falls. [default: none]")
    ] = None,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Unfreeze an account under a case. Sent by compliance."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("unfreezing"):
        mined = desk.unfreeze(account, case, amount)
    left = "nothing" if amount is None else amount
    output.result(
        {**_sent(mined, account), "case": case},
        lambda: output.line(f"{left} of {account} is frozen, by case {case}"),
    )


def _sent(mined: Mined, account: str) -> dict[str, object]:
    from toolkit.chain.hexes import to_hex

    return {
        "account": account,
        "transaction": to_hex(mined.receipt.tx_hash),
        "block_number": mined.block.number,
        "final": mined.final,
    }


def demo(
    keep: Annotated[
        Path | None, typer.Option(help="Keep record and ledger in this folder; the node ends all the same.")
    ] = None,
    json: Json = False,
) -> None:
    """Run all of it on a local chain, from deployment to redemption."""
    from toolkit.cli.demo import run_demo
    from toolkit.cli.output import Output
    from toolkit.cli.signals import ending_on_sigterm

    with ending_on_sigterm():
        run_demo(Output(json=json), keep)
