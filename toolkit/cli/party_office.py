"""What the commands about parties share: the office over the deployment, and how a record is shown."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.case_office import open_office

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.compliance.office import Compliance
    from toolkit.ledger.records import LedgerRecord

__all__ = [
    "Digest",
    "InvestorReference",
    "Reason",
    "RecordId",
    "open_parties",
    "show_record",
    "show_records",
]

InvestorReference = Annotated[
    str, typer.Argument(help="The investor's reference (0x and 32 hexadecimal digits).")
]
RecordId = Annotated[str, typer.Argument(help="The record's id, as the command that made it said.")]
Reason = Annotated[str, typer.Option(help="Why, in a line.")]
Digest = Annotated[str, typer.Option("--evidence", help="SHA-256 of the document behind it, hexadecimal.")]


@contextmanager
def open_parties(
    record: Path, rpc: str, ledger: str, terms: Path | None = None, keys: list[str] | None = None
) -> Iterator[Compliance]:
    """Compliance over the recorded deployment alone: what concerns parties is in no fund's contracts."""
    with open_office(record, rpc, ledger, terms, keys) as office:
        yield office


def show_record(output: Output, record: LedgerRecord, said: str = "") -> None:
    """One record: its id and where it stands, or all of it as JSON."""
    output.result(_data(record), lambda: output.line(said or f"{record.id} is {record.state}"))


def show_records(output: Output, records: tuple[LedgerRecord, ...]) -> None:
    """Several."""

    def show() -> None:
        output.table(["record", "state"], [[record.id, record.state] for record in records])

    output.result([_data(record) for record in records], show)


def _data(record: LedgerRecord) -> dict[str, Any]:
    return {"id": record.id, "kind": str(record.kind), "state": str(record.state), **record.data}
