"""What the commands about cases share: the office over all suites, and how a case is shown."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import Keys, LedgerUrl, Record, Rpc, TermsFile, open_desk
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.compliance.authority import Authority
    from toolkit.compliance.office import Compliance
    from toolkit.compliance.overdue import Overdue
    from toolkit.ledger.records import LedgerRecord

__all__ = [
    "AuthorityWord",
    "CaseId",
    "Document",
    "Funds",
    "Reference",
    "Suites",
    "authority_from",
    "case_data",
    "open_office",
    "show_case",
    "show_overdue",
]

CaseId = Annotated[str, typer.Argument(help="The case's id, 1 to 32 bytes; it goes onto the chain.")]
Funds = Annotated[
    list[Path] | None,
    typer.Option(
        "--fund", envvar="ISSUANCE_FUND_RECORDS", help="A fund's deployment record. Repeat it for each fund."
    ),
]
Suites = Annotated[
    list[str] | None,
    typer.Option(
        "--suite",
        help="RECORD,RPC,LEDGER of the same issuer's desk on another chain. Repeat it for each chain.",
    ),
]
AuthorityWord = Annotated[
    str, typer.Option("--authority", help="sanctions, court_order, lea_request or risk.")
]
Reference = Annotated[str, typer.Option(help="The list and its version, the order, the request or the file.")]
Document = Annotated[str, typer.Option(help="The document's hash: 0x and 64 hexadecimal digits.")]


@contextmanager
def open_office(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: TermsFile = None,
    key: Keys = None,
    fund: Sequence[Path] | None = None,
    suite: Sequence[str] | None = None,
) -> Iterator[Compliance]:
    """Compliance over the recorded deployment, its funds and its sisters on other chains, which are opened
    with the same keys.
    """
    from toolkit.compliance.context import ComplianceContext
    from toolkit.compliance.office import Compliance
    from toolkit.fund import Fund

    with ExitStack() as stack:
        desk = stack.enter_context(open_desk(record, rpc, ledger, terms, key))
        suites = [desk.actions.with_funds(*(Fund.load(path, desk.issuance) for path in fund or ()))]
        for text in suite or ():
            parts = text.split(",")
            if len(parts) != 3:
                raise InvalidInput(f"--suite {text!r} is not RECORD,RPC,LEDGER: give all three")
            other = stack.enter_context(open_desk(Path(parts[0]), parts[1], parts[2], terms, key))
            suites.append(other.actions)
        context = desk._context  # noqa: SLF001 - the two meet here
        yield Compliance(
            ComplianceContext(desk.ledger, context.clock, context.calendar, tuple(suites), context.secret)
        )


def authority_from(kind: str, reference: str, document: str) -> Authority:
    """What a case stands on. Raises InvalidInput."""
    from toolkit.cli.options import chosen
    from toolkit.compliance.authority import Authority, AuthorityKind

    chosen(kind, [item.value for item in AuthorityKind], what="authority")
    return Authority(AuthorityKind(kind), reference, document)


def case_data(record: LedgerRecord) -> dict[str, Any]:
    """What everybody who takes a step may see of a case: where it stands, nothing of why."""
    return {
        "case": record.data["case_id"],
        "id": record.id,
        "state": record.state.value,
        "acts": len(record.data["acts"]),
        "alarms": record.data["alarms"],
    }


def show_case(output: Output, record: LedgerRecord) -> None:
    """One line, and one for each chain that was not reached."""

    def show() -> None:
        output.line(f"{record.id} is {record.state}; {len(record.data['acts'])} acts are final")
        for chain, alarm in record.data["alarms"].items():
            output.line(f"  ALARM chain {chain} since {alarm['since']}: {alarm['error']}")

    output.result(case_data(record), show)


def show_overdue(output: Output, found: Sequence[Overdue]) -> None:
    """What a person has to look after. Ends with 1 if there is anything."""

    def show() -> None:
        for item in found:
            output.line(f"{item.what} since {item.since.isoformat()}: {item.message} ({item.reference})")

    data = [
        {
            "record": item.record,
            "what": item.what,
            "since": item.since.isoformat(),
            "message": item.message,
            "reference": item.reference,
        }
        for item in found
    ]
    output.result(data, show)
    if found:
        raise typer.Exit(1)
