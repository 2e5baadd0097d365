"""Opening a coin's books from the command line: what reconciliation and the reports read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.desk import Desk
    from toolkit.reporting.books import Books
    from toolkit.reporting.chain_side import SpecialAccount
    from toolkit.reporting.reserve_cash import ReserveAccount

__all__ = [
    "Accounts",
    "BooksOptions",
    "BufferBps",
    "DayArgument",
    "Market",
    "Pool",
    "Special",
    "open_books",
    "plain_day",
    "reserve_accounts",
]

Market = Annotated[
    str | None,
    typer.Option("--market", envvar="ISSUANCE_MARKET", help="What the books are called. [default: the coin]"),
]
Pool = Annotated[
    str | None,
    typer.Option("--pool", envvar="ISSUANCE_POOL", help="The reserve pool's id. [default: the coin]"),
]
Special = Annotated[
    Path | None,
    typer.Option(
        "--special",
        envvar="ISSUANCE_SPECIAL_ACCOUNTS",
        help="JSON: a list of {account, held_class, authority, units?} of accounts that a definition of "
        "outstanding sets apart.",
    ),
]
BufferBps = Annotated[
    int | None,
    typer.Option("--buffer", help="Over-collateralisation asked for, in bps. [default: the profile's]"),
]
Accounts = Annotated[
    Path | None,
    typer.Option(
        "--accounts",
        envvar="ISSUANCE_RESERVE_ACCOUNTS",
        help="JSON: a list of {account, reference, custodian?} of the reserve's bank accounts whose "
        "statements must be imported; reference is the custodian's, as the reserve report has it.",
    ),
]
DayArgument = Annotated[str, typer.Argument(help="The day in Hong Kong, e.g. 2026-11-20.")]


@dataclass(frozen=True)
class BooksOptions:
    """What of the books the command line decides."""

    market: str | None = None
    pool: str | None = None
    special: Path | None = None
    buffer_bps: int | None = None
    accounts: Path | None = None


@contextmanager
def open_books(record: Path, rpc: str, ledger: str, options: BooksOptions) -> Iterator[tuple[Desk, Books]]:
    """The desk of the recorded deployment and its books."""
    from toolkit.calendar import BusinessCalendar
    from toolkit.cli.options import open_desk
    from toolkit.reporting.books import Books

    with open_desk(record, rpc, ledger) as desk:
        issuance = desk.issuance
        yield (
            desk,
            Books(
                issuance,
                desk.ledger,
                BusinessCalendar.load("hong-kong"),
                market=options.market or issuance.symbol,
                pool=options.pool or issuance.symbol,
                chain_name=f"chain {issuance.chain_id}",
                special=() if options.special is None else _special(options.special),
                sub_ledger=desk.ledger.omnibus,
                accounts=() if options.accounts is None else reserve_accounts(options.accounts),
                buffer_bps=options.buffer_bps,
            ),
        )


def plain_day(text: str) -> date:
    """The day `text`. Raises InvalidInput."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no day: write it as 2026-11-20") from None


def reserve_accounts(path: Path) -> tuple[ReserveAccount, ...]:
    """The reserve's bank accounts in a JSON file. Raises InvalidInput."""
    from toolkit.cli.files import read_bytes
    from toolkit.reporting.reserve_cash import ReserveAccount

    try:
        entries: Any = json.loads(read_bytes(path))
        found = [ReserveAccount(**entry) for entry in entries]
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{path} is no list of reserve accounts ({error}): see --help") from error
    for item in found:
        texts: list[Any] = [item.account, item.reference, "-" if item.custodian is None else item.custodian]
        if not all(isinstance(text, str) and text.strip() for text in texts):
            raise InvalidInput(f"{path}: account, reference and custodian must be texts that say something")
    for what in ("account", "reference"):
        names = [(getattr(item, what), item.custodian if what == "reference" else None) for item in found]
        if len(set(names)) != len(names):
            raise InvalidInput(f"{path} names one {what} twice: each account has a reference of its own")
    return tuple(found)


def _special(path: Path) -> tuple[SpecialAccount, ...]:
    from typing import get_args

    from toolkit.chain.addresses import checksum_address
    from toolkit.cli.files import read_bytes
    from toolkit.reporting.chain_side import SpecialAccount
    from toolkit.reporting.figures import HeldClass

    try:
        entries: Any = json.loads(read_bytes(path))
        found = [SpecialAccount(**entry) for entry in entries]
    except (ValueError, TypeError) as error:
        raise InvalidInput(f"{path} is no list of special accounts ({error}): see --help") from error
    for item in found:
        checksum_address(item.account, what="special account")
        if item.held_class not in get_args(HeldClass):
            raise InvalidInput(
                f"held_class {item.held_class!r} must be one of {', '.join(get_args(HeldClass))}"
            )
        if item.units is not None and (isinstance(item.units, bool) or not isinstance(item.units, int)):
            raise InvalidInput(f"units {item.units!r} of {item.account} must be whole base units")
    return tuple(found)
