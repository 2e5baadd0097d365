"""`issuance compliance omnibus`: what is on its way into a wallet and out of it for a client."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.omnibus import (
    Amount,
    Client,
    Key,
    Maker,
    Token,
    Wallet,
    opened_accounts,
    record_data,
)
from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

__all__ = ["announce", "reserve", "retract", "settle"]

Flow = Annotated[str, typer.Argument(help="What `announce` or `reserve` printed.")]


def announce(
    wallet: Wallet,
    client: Client,
    amount: Amount,
    key: Key,
    maker: Maker,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Enter tokens that are on their way to the wallet for a client: pending in until `settle`."""
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import ClientFlows

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        asked = ClientFlows(accounts).announce(wallet, client, amount, key=key, maker=maker)
    output.result(record_data(asked), lambda: output.line(asked.id))


def reserve(
    wallet: Wallet,
    client: Client,
    amount: Amount,
    key: Key,
    maker: Maker,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Set aside what is to leave the wallet for a client: pending out until `settle`."""
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import ClientFlows

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        asked = ClientFlows(accounts).reserve(wallet, client, amount, key=key, maker=maker)
    output.result(record_data(asked), lambda: output.line(asked.id))


def settle(
    flow: Flow,
    transaction: Annotated[str, typer.Option(help="The final transaction that moved the tokens.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Post what has arrived or left on chain. By another person than who entered it."""
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import ClientFlows

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        done = ClientFlows(accounts).settle(flow, transaction=transaction, by=by)
    output.result(record_data(done), lambda: output.line(f"{done.id} is {done.state}"))


def retract(
    request: Annotated[str, typer.Argument(help="What was entered and isn't approved or settled.")],
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept on record.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Give up a flow, an allocation or a transfer that waits. What a flow set aside goes back."""
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import ClientFlows

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        done = ClientFlows(accounts).retract(request, by=by, reason=reason)
    output.result(record_data(done), lambda: output.line(f"{done.id} is {done.state}"))
