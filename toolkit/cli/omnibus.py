"""`issuance compliance omnibus`: whose the tokens of an omnibus wallet are, and the proofs of it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.compliance.omnibus import Commitments, OmnibusAccounts, Statement
    from toolkit.desk import Desk
    from toolkit.ledger.records import LedgerRecord

__all__ = [
    "Amount",
    "Client",
    "Key",
    "Maker",
    "Token",
    "Wallet",
    "app",
    "commitments_of",
    "opened_accounts",
    "record_data",
]

app = typer.Typer(help="Omnibus wallets: clients' positions, commitments, proofs.", no_args_is_help=True)

Wallet = Annotated[str, typer.Argument(help="The omnibus wallet's address.")]
Client = Annotated[str, typer.Argument(help="The client's reference (0x and 32 hexadecimal digits).")]
Token = Annotated[
    str | None, typer.Option("--token", help="A share class's address; the coin, if not given.")
]
Key = Annotated[str, typer.Option("--key", help="A key of your own: the same key asks once.")]
Maker = Annotated[str, typer.Option("--maker", help="Who enters it: a person's id.")]
Amount = Annotated[str, typer.Option("--amount", help="Tokens, e.g. 12.50")]
Case = Annotated[str, typer.Option("--case", help="The case's id.")]
Day = Annotated[datetime | None, typer.Option("--day", formats=["%Y-%m-%d"], help="Today in Hong Kong.")]


@app.command()
def client(
    identifier: Annotated[UUID, typer.Argument(help="The distributor's own identifier, a UUID.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Show the keyed reference of a distributor's client, which goes on its contract notes."""
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import client_reference

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger) as (desk, _):
        found = client_reference(_secret(desk), identifier)
    output.result({"client": found}, lambda: output.line(found))


@app.command()
def allocate(
    wallet: Wallet,
    part: Annotated[list[str], typer.Option(help="CLIENT=AMOUNT. Repeat it.")],
    total: Annotated[str, typer.Option(help="What is allocated; the parts have to be all of it.")],
    key: Key,
    maker: Maker,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Ask to allocate what the wallet received among clients. Another person approves it."""
    from toolkit.cli.output import Output
    from toolkit.errors import InvalidInput

    output = Output(json=json)
    parts: dict[str, str] = {}
    for item in part:
        name, equals, amount = item.partition("=")
        if not equals or name in parts:
            raise InvalidInput(f"--part {item!r}: write CLIENT=AMOUNT, and each client once")
        parts[name] = amount
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        asked = accounts.allocate(wallet, parts, total=total, key=key, maker=maker)
    output.result(record_data(asked), lambda: output.line(asked.id))


@app.command()
def transfer(
    wallet: Wallet,
    giver: Annotated[str, typer.Option("--from", help="The client who gives.")],
    taker: Annotated[str, typer.Option("--to", help="The client who gets.")],
    amount: Amount,
    key: Key,
    maker: Maker,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Ask to move tokens between two clients. Another person approves it; nothing happens on chain."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        asked = accounts.transfer(wallet, giver, taker, amount, key=key, maker=maker)
    output.result(record_data(asked), lambda: output.line(asked.id))


@app.command()
def approve(
    request: Annotated[str, typer.Argument(help="What `allocate` or `transfer` printed.")],
    checker: Annotated[str, typer.Option(help="Who approves it: a person's id.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Post an allocation or a transfer."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        done = accounts.approve(request, checker=checker)
    output.result(record_data(done), lambda: output.line(f"{done.id} is {done.state}"))


@app.command()
def lock(
    wallet: Wallet,
    client: Client,
    amount: Amount,
    case: Case,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Lock a part of a client's position under a case. `issuance freeze --amount` holds it on chain."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        done = accounts.lock(wallet, client, amount, case=case, actor=by)
    output.result(record_data(done), lambda: output.line(f"{client} has {amount} locked under {case}"))


@app.command()
def unlock(
    wallet: Wallet,
    client: Client,
    case: Case,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    json: Json = False,
) -> None:
    """Release what a case locked for a client: not by the person who locked it."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        done = accounts.unlock(wallet, client, case=case, actor=by)
    output.result(
        record_data(done), lambda: output.line(f"{client} has nothing locked under {case} any more")
    )


@app.command()
def positions(
    wallet: Wallet,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    token: Token = None,
    block: Annotated[int | None, typer.Option(help="As of an earlier block.")] = None,
    json: Json = False,
) -> None:
    """Show the clients' positions beside what the wallet holds. Ends with 1 on a difference."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (_, accounts):
        found = accounts.statement(wallet, block=block)
    output.result(found.to_json(), lambda: _show(output, found))
    if not found.agrees:
        raise typer.Exit(1)


@app.command()
def commit(
    wallet: Wallet,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    day: Day = None,
    token: Token = None,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Commit the day's positions on chain, if they add up to what the wallet holds."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with (
        opened_accounts(record, rpc, ledger, token, terms, key) as (desk, accounts),
        output.progress("committing"),
    ):
        done = commitments_of(desk, accounts).commit(wallet, by=by, day=_date(day))
    root, clients = done.data["root"], done.data["clients"]
    output.result(
        record_data(done),
        lambda: output.line(f"{done.data['day']}: root {root} over {clients} clients is committed"),
    )


@app.command()
def prove(
    wallet: Wallet,
    client: Client,
    out: Annotated[Path, typer.Option(help="Where to write the proof (JSON).")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    day: Day = None,
    token: Token = None,
    json: Json = False,
) -> None:
    """Write a client's proof of its position in a day's commitment."""
    from toolkit.cli.files import write_json
    from toolkit.cli.output import Output

    output = Output(json=json)
    with opened_accounts(record, rpc, ledger, token) as (desk, accounts):
        commitments = commitments_of(desk, accounts)
        proof = commitments.prove(wallet, _date(day) or commitments.today(), client).to_json()
    write_json(out, proof)
    output.result(
        {"file": str(out), "root": proof["commitment"]["root"]}, lambda: output.line(f"wrote {out}")
    )


@app.command()
def verify(
    proof: Annotated[Path, typer.Argument(help="The proof's file (JSON).")],
    rpc: Annotated[
        str | None, typer.Option("--rpc", help="A node's http(s) address, to compare with the chain.")
    ] = None,
    json: Json = False,
) -> None:
    """Check a proof as its client does, with the same file. Ends with 1 if it doesn't hold."""
    from toolkit.cli.files import read_json
    from toolkit.cli.output import Output
    from toolkit.compliance.omnibus import verify_position
    from toolkit.errors import InvalidInput, NodeUnreachable

    output = Output(json=json)
    document = read_json(proof, what="proof")
    problem = None
    try:
        amount = verify_position.verify(document)
        if rpc is not None:
            verify_position.compare_with_chain(document, rpc)
    except verify_position.Malformed as error:
        raise InvalidInput(f"{proof} is no proof: {error}") from None
    except verify_position.NodeSilent as error:
        raise NodeUnreachable(str(error)) from None
    except verify_position.Refuted as error:
        problem = str(error)
    data = {"holds": problem is None, "compared_with_chain": rpc is not None, "problem": problem}
    if problem is None:
        shown = verify_position.shown(document, amount)
        compared = "the chain has its root" if rpc else "compare its root with the chain (--rpc)"
        output.result(data | {"amount": shown}, lambda: output.line(f"it holds: {shown}; {compared}"))
        return
    output.result(data, lambda: output.line(f"it does not hold: {problem}"))
    raise typer.Exit(1)


@app.command()
def verifier(
    out: Annotated[Path, typer.Argument(help="A folder for the two files.")],
    json: Json = False,
) -> None:
    """Write the file and the page with which a client checks a proof, for handing out."""
    from importlib import resources

    from toolkit.cli.files import make_folder, write_text
    from toolkit.cli.output import Output

    output = Output(json=json)
    make_folder(out)
    names = ["verify_position.py", "verify_position.html"]
    for name in names:
        source = resources.files("toolkit.compliance.omnibus") / name
        write_text(out / name, source.read_text(encoding="utf-8"))
    output.result({"files": [str(out / name) for name in names]}, lambda: output.line(f"wrote {out}"))


def commitments_of(desk: Desk, accounts: OmnibusAccounts) -> Commitments:
    """The commitments of a token, sent with the desk's registrar key, salted under its secret."""
    from toolkit.compliance.omnibus import Commitments

    return Commitments(accounts, desk.issuance.omnibus, secret=_secret(desk), lane=desk.lanes)


def _secret(desk: Desk) -> bytes:
    return desk.derived_secret("omnibus")


@contextmanager
def opened_accounts(
    record: Path,
    rpc: str,
    ledger: str,
    token: str | None = None,
    terms: Path | None = None,
    keys: list[str] | None = None,
) -> Iterator[tuple[Desk, OmnibusAccounts]]:
    """The desk and the omnibus accounts of the coin, or of the share class at `token`."""
    from toolkit.bindings.share import FundShare
    from toolkit.cli.options import open_desk
    from toolkit.compliance.omnibus import OmnibusAccounts

    with open_desk(record, rpc, ledger, terms, keys) as desk:
        coin = desk.issuance.token
        yield desk, OmnibusAccounts(desk.ledger, coin if token is None else FundShare(coin.client, token))


def _date(day: datetime | None) -> date | None:
    return None if day is None else day.date()


def record_data(record: LedgerRecord) -> dict[str, Any]:
    """A record of the sub-ledger as JSON values."""
    return {"id": record.id, "state": record.state.value, **record.data}


def _show(output: Any, found: Statement) -> None:
    rows = [[row.client, row.available, row.locked, row.pending_in, row.pending_out] for row in found.rows]
    output.table(["client", "available>", "locked>", "pending in>", "pending out>"], rows)
    frozen = "all" if found.frozen_whole else str(found.frozen)
    output.line()
    for name, value in (
        ("clients hold", found.held),
        ("on chain", found.balance),
        ("difference", found.difference),
        ("frozen", frozen),
    ):
        output.line(f"{name:<14}{value!s:>24}")
    output.line(f"as of block {found.block.number}")
