"""`issuance investor`: people at the desk, investors, wallets and the proofs that they are theirs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.bindings.structs import WalletKind

__all__ = ["app"]

app = typer.Typer(help="People at the desk, investors and their wallets.", no_args_is_help=True)

# The ledger's roles without the worker's.
_PEOPLES_ROLES = ("maker", "checker", "treasurer", "approver", "compliance", "guardian", "registrar")

Reference = Annotated[str, typer.Argument(help="The investor's reference (0x and 32 hexadecimal digits).")]

Kind = Annotated[str, typer.Option(help="unhosted, custodial, contract, omnibus or platform.")]

VerifiedUntil = Annotated[datetime, typer.Option(help="When the verification lapses (UTC).")]


@app.command()
def person(
    person_id: Annotated[str, typer.Argument(help="An id of the desk's own, e.g. checker-1.")],
    role: Annotated[
        list[str],
        typer.Option(
            help="maker, checker, treasurer, approver, compliance, guardian or registrar. Repeat it."
        ),
    ],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    label: Annotated[str, typer.Option(help="What screens say.")] = "",
    address: Annotated[list[str] | None, typer.Option(help="A signing key's address. Repeat it.")] = None,
    json: Json = False,
) -> None:
    """Register somebody who acts at the desk."""
    from toolkit.cli.options import chosen, open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    for item in role:
        chosen(item, _PEOPLES_ROLES, what="role")
    with open_desk(record, rpc, ledger) as desk:
        added = desk.add_person(person_id, label=label or person_id, roles=role, addresses=address or [])
    roles = sorted(str(item) for item in added.roles)
    data = {"person": person_id, "roles": roles, "addresses": [key.address for key in added.signing_keys]}
    output.result(data, lambda: output.line(f"{person_id}: {', '.join(roles)}"))


@app.command()
def add(
    label: Annotated[str, typer.Argument(help="What screens say; no personal data.")],
    id_: Annotated[UUID, typer.Option("--id", help="The broker's own identifier, a UUID.")],
    country: Annotated[str, typer.Option(help="ISO 3166-1, two letters.")],
    investor_class: Annotated[
        str,
        typer.Option(
            "--class", help="retail, individual_professional, corporate_professional or institutional."
        ),
    ],
    verified_until: VerifiedUntil,
    bank_account: Annotated[str, typer.Option(help="Reference of an account in their own name.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Onboard an investor."""
    from datetime import UTC

    from toolkit.bindings.structs import InvestorClass
    from toolkit.cli.options import chosen, open_desk
    from toolkit.cli.output import Output
    from toolkit.desk import Investor

    output = Output(json=json)
    classes = {item.name.lower(): item for item in InvestorClass if item}
    chosen(investor_class, classes, what="class")
    with open_desk(record, rpc, ledger) as desk:
        added = desk.onboard(
            Investor(
                id=id_,
                label=label,
                investor_class=classes[investor_class],
                country=country,
                verified_until=verified_until.replace(tzinfo=UTC),
                bank_account=bank_account,
            )
        )
    output.result({"reference": added.reference, "label": label}, lambda: output.line(added.reference))


@app.command()
def challenge(
    investor: Reference,
    wallet: Annotated[str, typer.Argument(help="The wallet's address.")],
    out: Annotated[Path, typer.Option(help="Where to write what the owner has to sign (EIP-712 JSON).")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Make the challenge that the owner of a wallet signs."""
    from datetime import UTC

    from toolkit.cli.files import write_json
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        made = desk.challenge_wallet(investor, wallet)
    write_json(out, made.to_json())
    expires_at = datetime.fromtimestamp(made.expiry, UTC).isoformat()
    output.result(
        {"wallet": made.wallet, "expires_at": expires_at, "file": str(out)},
        lambda: output.line(f"wrote {out}, to be signed by {made.wallet} before {expires_at}"),
    )


@app.command()
def prove(
    challenge_file: Annotated[Path, typer.Argument(help="The challenge as written by `challenge`.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    signature: Annotated[str | None, typer.Option(help="The owner's signature, hexadecimal.")] = None,
    signer: Annotated[str | None, typer.Option(help="Or sign here: anvil:INDEX or keystore:PATH.")] = None,
    kind: Kind = "unhosted",
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Record the proof of a wallet and register it on chain."""
    from toolkit.chain.hexes import from_hex
    from toolkit.cli.files import read_json
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output
    from toolkit.desk import WalletChallenge
    from toolkit.errors import InvalidInput

    output = Output(json=json)
    if (signature is None) == (signer is None):
        raise InvalidInput("give either --signature or --signer")
    wallet_kind = _kind(kind)
    made = WalletChallenge.from_json(read_json(challenge_file, what="challenge"))
    answer = (
        made.signable.sign(signer_from(signer)).data
        if signer
        else from_hex(signature or "", what="signature")
    )
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("registering"):
        desk.prove_wallet(made, answer, kind=wallet_kind)
        desk.register_wallet(made.wallet)
    output.result({"wallet": made.wallet}, lambda: output.line(f"{made.wallet} is proven and registered"))


@app.command("ask-payment")
def ask_payment(
    investor: Reference,
    wallet: Annotated[str, typer.Argument(help="The wallet's address.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    native: Annotated[bool, typer.Option("--native", help="In the chain's own coin, not the token.")] = False,
    json: Json = False,
) -> None:
    """Ask for a small payment from a wallet that can't sign a challenge. By a maker."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk:
        asked = desk.request_micropayment(investor, wallet, by=by, native=native)
    output.result(
        asked.to_json(),
        lambda: output.line(
            f"{asked.id}: pay {asked.amount.display()} from {asked.wallet} to {asked.to} before "
            f"{asked.expires_at.isoformat()}"
        ),
    )


@app.command("prove-payment")
def prove_payment(
    payment: Annotated[str, typer.Argument(help="The id that `ask-payment` gave.")],
    transaction: Annotated[str, typer.Argument(help="The hash of the transaction that paid it.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    kind: Kind = "unhosted",
    json: Json = False,
) -> None:
    """Record a wallet on the payment that was asked for, and register it on chain."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("registering"):
        wallet = desk.prove_by_micropayment(payment, transaction, kind=_kind(kind)).address
        desk.register_wallet(wallet)
    output.result({"wallet": wallet}, lambda: output.line(f"{wallet} is proven and registered"))


@app.command()
def register(
    wallets: Annotated[list[str], typer.Argument(help="Wallets with a proof.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Register proven wallets on chain, where `prove` could not."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("registering"):
        desk.register_wallet(*wallets)
    output.result({"wallets": wallets}, lambda: output.line(f"registered {', '.join(wallets)}"))


@app.command()
def renew(
    investor: Reference,
    verified_until: VerifiedUntil,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Extend or shorten a verification, here and on chain."""
    from datetime import UTC

    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    until = verified_until.replace(tzinfo=UTC)
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("renewing"):
        desk.renew(investor, until)
    output.result(
        {"reference": investor, "verified_until": until.isoformat()},
        lambda: output.line(f"{investor} is verified until {until.isoformat()}"),
    )


@app.command("list")
def list_(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """List investors and their wallets."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found: list[dict[str, Any]] = [
            {
                "reference": item.reference,
                "label": item.label,
                "class": item.investor_class,
                "country": item.jurisdiction,
                "regime": item.regime,
                "verified_until": item.verified_until.isoformat() if item.verified_until else None,
                "wallets": [wallet.address for wallet in desk.ledger.investors.wallets(item.reference)],
            }
            for item in desk.ledger.investors.all()
        ]

    def show() -> None:
        columns = ["reference", "label", "class", "country", "regime", "verified_until"]
        rows = [[*(item[name] for name in columns), ", ".join(item["wallets"])] for item in found]
        output.table([*columns[:-1], "verified until", "wallets"], rows)

    output.result(found, show)


def _kind(text: str) -> WalletKind:
    from toolkit.bindings.structs import WalletKind
    from toolkit.cli.options import chosen

    kinds = {item.name.lower(): item for item in WalletKind if item}
    return kinds[chosen(text, kinds, what="kind of wallet")]
