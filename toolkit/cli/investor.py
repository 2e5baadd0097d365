"""`issuance investor`: people at the desk, investors, wallets and the proofs that they are theirs."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Annotated
from uuid import UUID

import typer

from toolkit.cli.options import Json, Keys, LedgerUrl, Record, Rpc, TermsFile

__all__ = ["app"]

app = typer.Typer(help="People at the desk, investors and their wallets.", no_args_is_help=True)

Reference = Annotated[str, typer.Argument(help="The investor's reference (0x and 32 hexadecimal digits).")]


@app.command()
def person(
    person_id: Annotated[str, typer.Argument(help="An id of the desk's own, e.g. checker-1.")],
    role: Annotated[
        list[str], typer.Option(help="maker, checker, approver, treasurer or compliance. Repeat it.")
    ],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    label: Annotated[str, typer.Option(help="What screens say.")] = "",
    address: Annotated[list[str] | None, typer.Option(help="A signing key's address. Repeat it.")] = None,
    json: Json = False,
) -> None:
    """Register somebody who acts at the desk, with their roles and keys."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
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
    verified_until: Annotated[datetime, typer.Option(help="UTC.")],
    bank_account: Annotated[str, typer.Option(help="Reference of an account in their own name.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Onboard an investor."""
    from datetime import UTC

    from toolkit.bindings.structs import InvestorClass
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.desk import Investor
    from toolkit.errors import InvalidInput

    output = Output(json=json)
    names = [item.name.lower() for item in InvestorClass if item]
    if investor_class not in names:
        raise InvalidInput(f"class {investor_class!r} is unknown: use one of {', '.join(names)}")
    with open_desk(record, rpc, ledger) as desk:
        added = desk.onboard(
            Investor(
                id=id_,
                label=label,
                investor_class=InvestorClass[investor_class.upper()],
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
    import json as jsonlib

    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        made = desk.challenge_wallet(investor, wallet)
    out.write_text(jsonlib.dumps(made.to_json(), indent=1) + "\n", encoding="utf-8")
    output.result({"file": str(out), "expiry": made.expiry}, lambda: output.line(f"wrote {out}"))


@app.command()
def prove(
    challenge_file: Annotated[Path, typer.Argument(help="The challenge as written by `challenge`.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    signature: Annotated[str | None, typer.Option(help="The owner's signature, hexadecimal.")] = None,
    signer: Annotated[str | None, typer.Option(help="Or sign here: anvil:INDEX or keystore:PATH.")] = None,
    terms: TermsFile = None,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Record the proof of a wallet and write the wallet to the registry on chain."""
    from toolkit.chain.hexes import from_hex
    from toolkit.cli.options import open_desk, signer_from
    from toolkit.cli.output import Output
    from toolkit.desk import WalletChallenge
    from toolkit.errors import InvalidInput

    output = Output(json=json)
    made = WalletChallenge.from_json(_read(challenge_file))
    if (signature is None) == (signer is None):
        raise InvalidInput("give either --signature or --signer")
    answer = (
        made.signable.sign(signer_from(signer)).data
        if signer
        else from_hex(signature or "", what="signature")
    )
    with open_desk(record, rpc, ledger, terms, key) as desk, output.progress("registering"):
        desk.prove_wallet(made, answer)
        desk.register_wallet(made.wallet)
    output.result({"wallet": made.wallet}, lambda: output.line(f"{made.wallet} is proven and registered"))


@app.command("list")
def list_(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """List investors and their wallets."""
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_desk(record, rpc, ledger) as desk:
        found = [
            {
                "reference": item.reference,
                "label": item.label,
                "class": item.investor_class,
                "country": item.jurisdiction,
                "verified_until": item.verified_until.isoformat() if item.verified_until else None,
                "wallets": [wallet.address for wallet in desk.ledger.investors.wallets(item.reference)],
            }
            for item in desk.ledger.investors.all()
        ]
    columns = ["reference", "label", "class", "country", "verified_until", "wallets"]
    output.result(
        found,
        lambda: output.table(
            columns,
            [[*(item[name] for name in columns[:-1]), ", ".join(item["wallets"])] for item in found],
        ),
    )


def _read(path: Path) -> dict[str, object]:
    import json as jsonlib

    from toolkit.errors import InvalidInput

    try:
        found = jsonlib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidInput(f"{path} can't be read as JSON: {error}") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} is not a JSON object")
    return found
