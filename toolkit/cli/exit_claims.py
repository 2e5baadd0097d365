"""`issuance exit claim` and `issuance exit lost-chain`: what holders claim, and which chain counts."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.exit_office import (
    Allowed,
    Copies,
    Currency,
    Decimals,
    Document,
    Lost,
    Reference,
    Signature,
    Signer,
    SnapshotFile,
    open_claims_on,
    open_recorded,
    read_snapshot,
    sha256_of,
    show_record,
    signed_snapshot,
)
from toolkit.cli.options import By, Json, LedgerUrl, Record

__all__ = ["claims_app", "lost_app"]

claims_app = typer.Typer(no_args_is_help=True, help="Claims on the snapshot.")
lost_app = typer.Typer(no_args_is_help=True, help="A chain that was lost or has forked.")

Index = Annotated[int, typer.Argument(help="The row's number in the snapshot, from 0.")]
Why = Annotated[str, typer.Option(help="Why; kept with the claim.")]


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
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        found = claims.lodge(wallet, owner, units=units, bank_account=bank_account, by=by, signature=signed)
    show_record(found, json)


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
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        show_record(claims.admit(index, screening=sha256_of(document), by=by), json)


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
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        show_record(claims.hold(index, reason=reason, by=by), json)


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
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        show_record(claims.release(index, reason=reason, by=by), json)


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
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        show_record(claims.approve(index, by=by), json)


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
    with open_claims_on(record, ledger, snapshot, lost=lost_chain) as claims:
        show_record(claims.pay(index, payment_reference=reference, by=by), json)


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
    from toolkit.cli.report_inputs import instant_of
    from toolkit.errors import InvalidInput
    from toolkit.reporting.exit import Coin, Fork, LostChain

    number, _, block_hash = block.partition(":")
    if not number.isdigit():
        raise InvalidInput(f"block {block!r} is not NUMBER:HASH")
    kept = read_snapshot(snapshot)
    with open_recorded(record, ledger) as (opened, chain_id, token):
        found = LostChain(opened, Coin(chain_id, token, decimals, currency), kept).propose(
            Fork(chain_id, int(number), block_hash),
            signed_snapshot(kept, signature, signer, copy),
            signers=allowed,
            lost_at=instant_of(lost_at, what="--lost-at"),
            most=timedelta(seconds=rpo),
            assets=Amount.money(amount, currency),
            decision=sha256_of(document),
            by=by,
        )
    show_record(found, json)


@lost_app.command()
def confirm(snapshot: SnapshotFile, by: By, record: Record, ledger: LedgerUrl, json: Json = False) -> None:
    """Confirm the choice. By compliance."""
    from toolkit.reporting.exit import Coin, LostChain

    with open_recorded(record, ledger) as (opened, chain_id, token):
        coin = Coin.on_record(opened, chain_id, token)
        show_record(LostChain(opened, coin, read_snapshot(snapshot)).confirm(by=by), json)
