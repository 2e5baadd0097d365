"""Opening an exit, a lost chain and their claims from the command line, and what several commands ask for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from toolkit.issuance import Issuance
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.exit import Claims, Coin, Exit, SignedSnapshot, Snapshot

__all__ = [
    "Allowed",
    "Copies",
    "Currency",
    "Decimals",
    "Document",
    "Lost",
    "NoNode",
    "Reference",
    "Signature",
    "Signer",
    "SnapshotFile",
    "WindingDown",
    "open_claims_on",
    "open_exit",
    "open_recorded",
    "read_snapshot",
    "sha256_of",
    "show_record",
    "signed_snapshot",
]

Reference = Annotated[str, typer.Option(help="Its reference, in a line.")]
SnapshotFile = Annotated[Path, typer.Option("--snapshot", help="The snapshot with its rows (JSON).")]
Document = Annotated[Path, typer.Option("--document", help="The document; its sha256 is recorded.")]
Decimals = Annotated[int, typer.Option(help="The token's decimals.")]
Currency = Annotated[str, typer.Option(help="The money that holders are paid, e.g. USD.")]
Lost = Annotated[bool, typer.Option("--lost-chain", help="The claim is on a lost chain's snapshot.")]
Signature = Annotated[str, typer.Option(help="The registrar's signature of the snapshot (0x…).")]
Signer = Annotated[str, typer.Option(help="Whose signature it is.")]
Copies = Annotated[
    list[str], typer.Option("--copy", help="PLACE=FILE, where the snapshot is kept. Give two or more.")
]
Allowed = Annotated[
    list[str], typer.Option("--allowed", help="An address that may sign snapshots. Repeat it.")
]


class NoNode:
    """Every step but one asks nothing of the chain, which may be gone."""

    def wound_down(self) -> bool:
        return False

    def wind_down(self) -> None:
        from toolkit.reporting.exit.errors import MintingStillOn

        raise MintingStillOn("this command has no node: use `issuance exit wind-down`")


class WindingDown:
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
def open_recorded(record: Path, url: str) -> Iterator[tuple[Ledger, int, str]]:
    """The ledger of the recorded deployment, its chain id and token; no node is asked."""
    from toolkit.deployment import DeploymentRecord
    from toolkit.ledger import Deployment, Ledger

    found = DeploymentRecord.load(record)
    deployment = Deployment(found.chain_id, found.address("PrimaryMarket"), found.instance_id)
    with Ledger.open(url, deployment=deployment) as opened:
        yield opened, found.chain_id, found.address("Stablecoin")


@contextmanager
def open_exit(record: Path, url: str, snapshot: Path | None = None) -> Iterator[Exit]:
    from toolkit.reporting.exit import Coin, Exit

    rows = None if snapshot is None else read_snapshot(snapshot)
    with open_recorded(record, url) as (opened, chain_id, token):
        yield Exit(opened, Coin.on_record(opened, chain_id, token), NoNode(), snapshot=rows)


@contextmanager
def open_claims_on(record: Path, url: str, snapshot: Path, *, lost: bool) -> Iterator[Claims]:
    from toolkit.reporting.exit import Coin, Exit, LostChain

    rows = read_snapshot(snapshot)
    with open_recorded(record, url) as (opened, chain_id, token):
        coin: Coin = Coin.on_record(opened, chain_id, token)
        yield (
            LostChain(opened, coin, rows).claims
            if lost
            else Exit(opened, coin, NoNode(), snapshot=rows).claims
        )


def read_snapshot(path: Path) -> Snapshot:
    from toolkit.cli.files import read_json
    from toolkit.reporting.exit import Snapshot

    return Snapshot.from_json(read_json(path, what="snapshot"))


def signed_snapshot(snapshot: Snapshot, signature: str, signer: str, copies: list[str]) -> SignedSnapshot:
    """With the digest of each copy as it lies there now."""
    from toolkit.chain.hexes import from_hex
    from toolkit.errors import InvalidInput
    from toolkit.reporting.exit import SignedSnapshot

    kept: dict[str, str] = {}
    for text in copies:
        place, equals, path = text.partition("=")
        if not equals or not place or place in kept:
            raise InvalidInput(f"--copy {text!r} is not PLACE=FILE, each place once")
        kept[place] = read_snapshot(Path(path)).sha256
    return SignedSnapshot(snapshot, signer, from_hex(signature, what="signature"), kept)


def sha256_of(path: Path) -> str:
    import hashlib

    from toolkit.cli.files import read_bytes

    return hashlib.sha256(read_bytes(path)).hexdigest()


def show_record(record: LedgerRecord, json: bool) -> None:
    from toolkit.cli.output import Output

    output = Output(json=json)
    document = {"id": record.id, "state": record.state.value, **record.data}
    output.result(document, lambda: output.line(f"{record.id} is {record.state}"))
