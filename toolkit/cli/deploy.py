"""`issuance deploy`: terms to plan, plan to chain, chain to record, and who may do what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import Json, Record, Rpc

if TYPE_CHECKING:
    from toolkit.chain.client import Client
    from toolkit.deployment import FundTerms, Plan, Progress, Terms

__all__ = ["app"]

app = typer.Typer(help="Plan, make and check a deployment.", no_args_is_help=True)

TermsPath = Annotated[Path, typer.Argument(help="The coin's or the fund's terms (TOML).")]
Signers = Annotated[
    list[str] | None,
    typer.Option(
        "--signer",
        help="Who signs: anvil:INDEX or keystore:PATH. Repeat it. "
        "[default: the development accounts that the terms name]",
    ),
]
NewRecord = Annotated[
    Path | None,
    typer.Option(
        "--record",
        envvar="ISSUANCE_RECORD",
        help="Where the record is kept. [default: deployments/CHAIN ID/SYMBOL OR FUND CODE.json]",
    ),
]


@app.command()
def plan(terms: TermsPath, rpc: Rpc, json: Json = False) -> None:
    """Show the difference between terms and chain; send nothing."""
    from toolkit.cli.output import Output
    from toolkit.deployment import plan as make_plan

    output = Output(json=json)
    loaded, client = _open(terms, rpc)
    made = make_plan(loaded, client)
    output.result([step.to_json() for step in made], lambda: _show_plan(output.line, made))


@app.command()
def apply(
    terms: TermsPath, rpc: Rpc, record: NewRecord = None, signer: Signers = None, json: Json = False
) -> None:
    """Close the difference and write the record.

    Waits for finality at each step. Run again it does nothing; killed and run again it goes on.
    """
    from toolkit.cli.files import make_folder
    from toolkit.cli.options import signer_from
    from toolkit.cli.output import Output
    from toolkit.deployment import apply as apply_terms
    from toolkit.deployment import default_record_path
    from toolkit.deployment import plan as make_plan

    output = Output(json=json)
    loaded, client = _open(terms, rpc)
    path = record or default_record_path(loaded)
    make_folder(path.parent)
    signers = [signer_from(text) for text in signer] if signer else None
    with output.progress("deploying") as step:
        done = apply_terms(loaded, client, signers, path, progress=lambda event: step(_tell(event)))
    left = make_plan(loaded, client)
    data = {**done.to_json(), "record": str(path), "remaining": [item.to_json() for item in left]}

    def show() -> None:
        width = max(map(len, done.contracts))
        for name, contract in done.contracts.items():
            output.line(f"{name:{width}} {contract.address}")
        output.line(f"wrote {path}")
        _show_plan(output.line, left)

    output.result(data, show)


@app.command()
def verify(terms: TermsPath, rpc: Rpc, record: Record, json: Json = False) -> None:
    """Compare record, chain, artifacts and terms. Ends with 1 if they differ."""
    from toolkit.cli.output import Output
    from toolkit.deployment import DeploymentRecord
    from toolkit.deployment import verify as verify_all

    output = Output(json=json)
    loaded, client = _open(terms, rpc)
    verify_all(loaded, client, DeploymentRecord.load(record))
    output.result({"differences": []}, lambda: output.line("record, chain, artifacts and terms agree"))


@app.command("check-upgrade")
def check_upgrade(
    record: Record,
    ledger: Annotated[
        str | None,
        typer.Option(help="The desk's ledger, to count the orders whose approvals an upgrade would end."),
    ] = None,
    json: Json = False,
) -> None:
    """See that the proxies keep their storage under this version's implementations.

    Ends with 1 if a field was deleted, moved, renamed or retyped. Asks no node.
    """
    from toolkit.cli.output import Output
    from toolkit.deployment import DeploymentRecord, check_record

    output = Output(json=json)
    kept = check_record(DeploymentRecord.load(record))
    pending = None if ledger is None else _approved_in(ledger)
    counted = (
        "every approval not executed by then" if pending is None else f"the approvals of {pending} order(s)"
    )

    def show() -> None:
        output.line(f"storage is kept by {', '.join(kept)}")
        if "PrimaryMarket" in kept:
            output.line(f"upgrading PrimaryMarket ends {counted}: those orders have to be approved again")

    output.result({"contracts": list(kept), "approvals_ended": pending}, show)


@app.command()
def roles(rpc: Rpc, record: Record, json: Json = False) -> None:
    """Show who may call what after what delay, from the chain.

    Ends with 1 if an account holds two roles that must be apart.
    """
    from toolkit.cli.output import Output
    from toolkit.deployment import DeploymentRecord, read_roles

    output = Output(json=json)
    loaded = DeploymentRecord.load(record)
    client = _client(rpc, loaded.chain_id)
    loaded.check(client)
    table = read_roles(loaded, client)

    def who(account: str, delay: int) -> str:
        name = f"{account} (GuardianGate)" if account == table.gate else account
        return f"{name} after {delay} s" if delay else name

    def show() -> None:
        rows = [
            [
                row.contract,
                row.function.partition("(")[0],
                row.role,
                ", ".join(who(account, delay) for account, delay in row.holders),
            ]
            for row in table
        ]
        output.table(["contract", "function", "role", "who"], rows)

    output.result(table.to_json(), show)
    table.check()


def _approved_in(url: str) -> int:
    """The orders that are approved, or sent and not mined."""
    from toolkit.ledger import Ledger, State

    with Ledger.open(url) as ledger:
        return sum(len(ledger.orders.find(state=state)) for state in (State.APPROVED, State.SUBMITTED))


def _open(terms: Path, rpc: str) -> tuple[Terms | FundTerms, Client]:
    from toolkit.deployment import load_terms

    loaded = load_terms(terms)
    return loaded, _client(rpc, loaded.chain.id)


def _client(rpc: str, chain_id: int) -> Client:
    from toolkit.issuance import connect

    return connect(rpc, chain_id=chain_id)


def _show_plan(line: Callable[[str], None], plan: Plan) -> None:
    if not plan:
        line("nothing to do: the chain is what the terms say")
    for step in plan:
        line(str(step))


def _tell(event: Progress) -> str:
    title = event.steps[0] if len(event.steps) == 1 else f"{len(event.steps)} steps"
    return f"{title} {event.stage}, {event.remaining} to go"
