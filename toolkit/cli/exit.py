"""`issuance exit`: a coin's end, from the board's decision to the final attestation, and a lost chain's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from datetime import datetime

    from toolkit.issuance import Issuance
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.exit import Claims, Coin, Exit, SignedSnapshot, Snapshot

__all__ = ["app"]

app = typer.Typer(no_args_is_help=True, help="Wind a coin down, and pay holders from a snapshot.")
claims_app = typer.Typer(no_args_is_help=True, help="Claims on the snapshot.")
lost_app = typer.Typer(no_args_is_help=True, help="A chain that was lost or has forked.")
app.add_typer(claims_app, name="claim")
app.add_typer(lost_app, name="lost-chain")

Reference = Annotated[str, typer.Option(help="Its reference, in a line.")]
SnapshotFile = Annotated[Path, typer.Option("--snapshot", help="The snapshot with its rows (JSON).")]
Document = Annotated[Path, typer.Option("--document", help="The document; its sha256 is recorded.")]
Index = Annotated[int, typer.Argument(help="The row's number in the snapshot, from 0.")]
Decimals = Annotated[int, typer.Option(help="The token's decimals.")]
Currency = Annotated[str, typer.Option(help="The money that holders are paid, e.g. USD.")]
Why = Annotated[str, typer.Option(help="Why; kept with the claim.")]
Lost = Annotated[bool, typer.Option("--lost-chain", help="The claim is on a lost chain's snapshot.")]
Signature = Annotated[str, typer.Option(help="The registrar's signature of the snapshot (0x…).")]
Signer = Annotated[str, typer.Option(help="Whose signature it is.")]
Copies = Annotated[
    list[str], typer.Option("--copy", help="PLACE=FILE, where the snapshot is kept. Give two or more.")
]
Allowed = Annotated[
    list[str], typer.Option("--allowed", help="An address that may sign snapshots. Repeat it.")
]


# ------------------------------------------------------------------------------------------------- the exit


@app.command()
def decide(
    document: Document,
    reference: Reference,
    decimals: Decimals,
    currency: Currency,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record the board's decision to wind the coin down. By finance."""
    from toolkit.reporting.exit import Coin, Exit

    with _ledger(record, ledger) as (opened, chain_id, token):
        coin = Coin(chain_id, token, decimals, currency)
        found = Exit(opened, coin, _NoNode()).decide(decision=_sha256(document), reference=reference, by=by)
    _show(found, json)


@app.command()
def notice(reference: Reference, by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Record that the HKMA was told. By compliance."""
    with _exit(record, ledger) as found:
        _show(found.give_notice(reference=reference, by=by), json)


@app.command("wind-down")
def wind_down(by: By, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """Record that minting has ended for good, once the chain says so.

    The governor ends it: what is to be executed is printed while it hasn't. By a checker.
    """
    from toolkit.cli.options import open_issuance
    from toolkit.reporting.exit import Coin, Exit

    issuance = open_issuance(record, rpc)
    with _ledger(record, ledger) as (opened, chain_id, token):
        coin = Coin.on_record(opened, chain_id, token)
        _show(Exit(opened, coin, _Market(issuance)).wind_down(by=by), json)


@app.command("record-snapshot")
def record_snapshot(
    snapshot: SnapshotFile,
    signature: Signature,
    signer: Signer,
    copy: Copies,
    allowed: Allowed,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record the final snapshot, signed and kept at two places. By the registrar."""
    with _exit(record, ledger, snapshot) as found:
        signed = _signed(_snapshot(snapshot), signature, signer, copy)
        _show(found.record_snapshot(signed, signers=allowed, by=by), json)


@app.command("open-claims")
def open_claims(
    snapshot: SnapshotFile,
    closes: Annotated[str, typer.Option(help="When claims close: 2027-03-31T18:00:00+08:00")],
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Let holders claim. By compliance, who recorded none of it before."""
    with _exit(record, ledger, snapshot) as found:
        _show(found.open_claims(closes=_instant(closes), by=by), json)


@app.command()
def assets(
    amount: Annotated[str, typer.Option(help="What selling the reserve brought, e.g. 1000000.00")],
    document: Document,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record what there is to pay from, by the custodian's statement. By finance."""
    from toolkit.amounts import Amount

    with _exit(record, ledger) as found:
        money = Amount.money(amount, found.coin.currency)
        _show(found.state_assets(money, statement=_sha256(document), by=by), json)


@app.command("start-paying")
def start_paying(by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Let payments go. By a treasurer who stated no assets."""
    with _exit(record, ledger) as found:
        _show(found.start_paying(by=by), json)


@app.command("hold-unclaimed")
def hold_unclaimed(
    snapshot: SnapshotFile,
    held_at: Annotated[str, typer.Option(help="Where the money that nobody claimed lies.")],
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record where unclaimed balances are held, once the window has closed. By finance."""
    with _exit(record, ledger, snapshot) as found:
        _show(found.hold_unclaimed(held_at=held_at, by=by), json)


@app.command()
def attest(
    snapshot: SnapshotFile,
    paid: Annotated[str, typer.Option(help="What the bank has paid out, by the auditor's own count.")],
    left: Annotated[str, typer.Option(help="What is left in the bank.")],
    document: Document,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Record the final attestation, if every figure ties to zero. By the auditor."""
    from toolkit.amounts import Amount

    with _exit(record, ledger, snapshot) as found:
        money = found.coin.currency
        attested = found.attest(
            paid=Amount.money(paid, money), left=Amount.money(left, money), report=_sha256(document), by=by
        )
        _show(attested, json)


@app.command()
def close(by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Close the exit. By compliance."""
    with _exit(record, ledger) as found:
        _show(found.close(by=by), json)


@app.command()
def status(
    snapshot: SnapshotFile, record: Record, ledger: LedgerUrl, lost_chain: Lost = False, json: Json = False
) -> None:
    """Show every claim, and what is paid, held and unclaimed."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        found, unclaimed, totals = claims.all(), claims.unclaimed(), claims.totals()
        left = {name: claims.money(getattr(totals, name)).display() for name in ("money_paid", "held_over")}
    rows: list[tuple[int, str, str, str]] = [
        (item.data["index"], item.state.value, item.data["units"], item.data["amount"] or "")
        for item in found
    ]
    rows += [(index, "unclaimed", str(row.units), "") for index, row in unclaimed]

    def show() -> None:
        output.table(["row>", "state", "base units>", "minor units>"], sorted(rows))
        output.line(f"paid {left['money_paid']}, held over {left['held_over']}")

    document = {
        "totals": totals.to_json(),
        "claims": [{"id": item.id, "state": item.state.value, **item.data} for item in found],
        "unclaimed": [
            {"index": index, "wallet": row.wallet, "owner": row.owner, "units": str(row.units)}
            for index, row in unclaimed
        ],
    }
    output.result(document, show)


# --------------------------------------------------------------------------------------------------- claims


@claims_app.command()
def lodge(
    snapshot: SnapshotFile,
    wallet: Annotated[str, typer.Option(help="The wallet as the snapshot has it.")],
    owner: Annotated[str, typer.Option(help="The owner's reference as the snapshot has it.")],
    units: Annotated[int, typer.Option(help="How much is claimed, in base units.")],
    bank_account: Annotated[str, typer.Option(help="The reference of the account to be paid.")],
    by: By,
    record: Record,
    ledger: LedgerUrl,
    signature: Annotated[str | None, typer.Option(help="The wallet's signature (lost chain).")] = None,
    lost_chain: Lost = False,
    json: Json = False,
) -> None:
    """Enter a holder's claim. By a maker."""
    from toolkit.chain.hexes import from_hex

    signed = None if signature is None else from_hex(signature, what="signature")
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        found = claims.lodge(wallet, owner, units=units, bank_account=bank_account, by=by, signature=signed)
    _show(found, json)


@claims_app.command()
def admit(
    index: Index,
    snapshot: SnapshotFile,
    document: Document,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    lost_chain: Lost = False,
    json: Json = False,
) -> None:
    """Admit a claim on a screening made now. By a checker, not its maker."""
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        _show(claims.admit(index, screening=_sha256(document), by=by), json)


@claims_app.command()
def hold(
    index: Index,
    snapshot: SnapshotFile,
    reason: Why,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    lost_chain: Lost = False,
    json: Json = False,
) -> None:
    """Hold a claim. By compliance."""
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        _show(claims.hold(index, reason=reason, by=by), json)


@claims_app.command()
def release(
    index: Index,
    snapshot: SnapshotFile,
    reason: Why,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    lost_chain: Lost = False,
    json: Json = False,
) -> None:
    """Set a held claim free; it is screened and approved anew. By compliance."""
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        _show(claims.release(index, reason=reason, by=by), json)


@claims_app.command()
def approve(
    index: Index,
    snapshot: SnapshotFile,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    lost_chain: Lost = False,
    json: Json = False,
) -> None:
    """Fix the amount of a claim and approve its payment. By finance."""
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        _show(claims.approve(index, by=by), json)


@claims_app.command()
def pay(
    index: Index,
    snapshot: SnapshotFile,
    reference: Reference,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    lost_chain: Lost = False,
    json: Json = False,
) -> None:
    """Record the bank's payment of a claim. By a treasurer who didn't approve it."""
    with _claims(record, ledger, snapshot, lost=lost_chain) as claims:
        _show(claims.pay(index, payment_reference=reference, by=by), json)


# --------------------------------------------------------------------------------------------- a lost chain


@lost_app.command()
def propose(
    snapshot: SnapshotFile,
    signature: Signature,
    signer: Signer,
    copy: Copies,
    allowed: Allowed,
    block: Annotated[str, typer.Option(help="NUMBER:HASH of a block of the chain that counts.")],
    lost_at: Annotated[str, typer.Option(help="When the chain was lost: 2026-11-20T09:00:00+08:00")],
    rpo: Annotated[int, typer.Option(help="The oldest that a snapshot may be at the loss, in seconds.")],
    amount: Annotated[str, typer.Option(help="What there is to pay from, e.g. 1000000.00")],
    decimals: Decimals,
    currency: Currency,
    document: Document,
    by: By,
    record: Record,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Propose which chain counts and the snapshot that is redeemed. By finance."""
    from datetime import timedelta

    from toolkit.amounts import Amount
    from toolkit.errors import InvalidInput
    from toolkit.reporting.exit import Coin, Fork, LostChain

    number, _, block_hash = block.partition(":")
    if not number.isdigit():
        raise InvalidInput(f"block {block!r} is not NUMBER:HASH")
    kept = _snapshot(snapshot)
    with _ledger(record, ledger) as (opened, chain_id, token):
        found = LostChain(opened, Coin(chain_id, token, decimals, currency), kept).propose(
            Fork(chain_id, int(number), block_hash),
            _signed(kept, signature, signer, copy),
            signers=allowed,
            lost_at=_instant(lost_at),
            most=timedelta(seconds=rpo),
            assets=Amount.money(amount, currency),
            decision=_sha256(document),
            by=by,
        )
    _show(found, json)


@lost_app.command()
def confirm(snapshot: SnapshotFile, by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Confirm the choice. By compliance."""
    from toolkit.reporting.exit import Coin, LostChain

    with _ledger(record, ledger) as (opened, chain_id, token):
        coin = Coin.on_record(opened, chain_id, token)
        _show(LostChain(opened, coin, _snapshot(snapshot)).confirm(by=by), json)


# --------------------------------------------------------------------------------------------------- inside


class _NoNode:
    """Every step but one asks nothing of the chain, which may be gone."""

    def wound_down(self) -> bool:
        return False

    def wind_down(self) -> None:
        from toolkit.reporting.exit.errors import MintingStillOn

        raise MintingStillOn("this command has no node: use `issuance exit wind-down`")


class _Market:
    """Reads the market; ending minting is the governor's, with its delay."""

    def __init__(self, issuance: Issuance) -> None:
        self._market = issuance.market

    def wound_down(self) -> bool:
        return self._market.wound_down()

    def wind_down(self) -> None:
        from toolkit.chain.hexes import to_hex
        from toolkit.reporting.exit.errors import MintingStillOn

        call = self._market.wind_down()
        raise MintingStillOn(
            f"minting is still on: have the governor schedule and execute {to_hex(call.data)} on {call.to} "
            "(windDown), then call this again"
        )


@contextmanager
def _ledger(record: Path, url: str) -> Iterator[tuple[Ledger, int, str]]:
    """The ledger of the recorded deployment, its chain id and token; no node is asked."""
    from toolkit.deployment import DeploymentRecord
    from toolkit.ledger import Deployment, Ledger

    found = DeploymentRecord.load(record)
    deployment = Deployment(found.chain_id, found.address("PrimaryMarket"), found.instance_id)
    with Ledger.open(url, deployment=deployment) as opened:
        yield opened, found.chain_id, found.address("Stablecoin")


@contextmanager
def _exit(record: Path, url: str, snapshot: Path | None = None) -> Iterator[Exit]:
    from toolkit.reporting.exit import Coin, Exit

    rows = None if snapshot is None else _snapshot(snapshot)
    with _ledger(record, url) as (opened, chain_id, token):
        yield Exit(opened, Coin.on_record(opened, chain_id, token), _NoNode(), snapshot=rows)


@contextmanager
def _claims(record: Path, url: str, snapshot: Path, *, lost: bool) -> Iterator[Claims]:
    from toolkit.reporting.exit import Coin, Exit, LostChain

    rows = _snapshot(snapshot)
    with _ledger(record, url) as (opened, chain_id, token):
        coin: Coin = Coin.on_record(opened, chain_id, token)
        yield (
            LostChain(opened, coin, rows).claims
            if lost
            else Exit(opened, coin, _NoNode(), snapshot=rows).claims
        )


def _snapshot(path: Path) -> Snapshot:
    from toolkit.cli.files import read_json
    from toolkit.reporting.exit import Snapshot

    return Snapshot.from_json(read_json(path, what="snapshot"))


def _signed(snapshot: Snapshot, signature: str, signer: str, copies: list[str]) -> SignedSnapshot:
    """With the digest of each copy as it lies there now."""
    from toolkit.chain.hexes import from_hex
    from toolkit.errors import InvalidInput
    from toolkit.reporting.exit import SignedSnapshot

    kept: dict[str, str] = {}
    for text in copies:
        place, equals, path = text.partition("=")
        if not equals or not place or place in kept:
            raise InvalidInput(f"--copy {text!r} is not PLACE=FILE, each place once")
        kept[place] = _snapshot(Path(path)).sha256
    return SignedSnapshot(snapshot, signer, from_hex(signature, what="signature"), kept)


def _sha256(path: Path) -> str:
    import hashlib

    from toolkit.cli.files import read_bytes

    return hashlib.sha256(read_bytes(path)).hexdigest()


def _instant(text: str) -> datetime:
    from datetime import datetime

    from toolkit.errors import InvalidInput

    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        raise InvalidInput(f"{text!r} is no instant with its zone: write it like 2027-03-31T18:00:00+08:00")
    return found


def _show(record: LedgerRecord, json: bool) -> None:
    from toolkit.cli.output import Output

    output = Output(json=json)
    document = {"id": record.id, "state": record.state.value, **record.data}
    output.result(document, lambda: output.line(f"{record.id} is {record.state}"))
