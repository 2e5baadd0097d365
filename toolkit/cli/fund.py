"""`issuance fund`: a fund's orders and dealing days, by the record and the terms of the fund."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc
from toolkit.cli.orders import OrderId

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.desk import FundDesk
    from toolkit.ledger.records import LedgerRecord, Order

__all__ = ["DayNumber", "FundTermsFile", "ShareClassCode", "app", "day_of", "open_fund", "record_data"]

app = typer.Typer(
    help="A fund's orders, dealing days, net asset values, register and notes. "
    "--record is the fund's deployment record.",
    no_args_is_help=True,
)

FundTermsFile = Annotated[
    Path, typer.Option("--terms", envvar="ISSUANCE_FUND_TERMS", help="The fund's terms (TOML).")
]
ShareClassCode = Annotated[
    str, typer.Option("--class", envvar="ISSUANCE_FUND_CLASS", help="The share class's code.")
]
DayNumber = Annotated[int, typer.Argument(help="The dealing day's number on chain.")]
InvestorId = Annotated[str, typer.Argument(help="The investor's reference.")]
WalletAddress = Annotated[str, typer.Option(help="A wallet of the investor.")]
Key = Annotated[str, typer.Option(help="The client's own order id: the same key, the same order.")]
Maker = Annotated[str, typer.Option(help="Who enters the order: a person's id.")]
Day = Annotated[str | None, typer.Option(help="Insist on this dealing day, e.g. 2026-11-20.")]


@contextmanager
def open_fund(
    record: Path, rpc: str, ledger: str, terms: Path, share_class: str, keys: list[str] | None = None
) -> Iterator[FundDesk]:
    """The fund's desk of one class, in the first of the fund's coins that the class is dealt in."""
    from toolkit.cli.options import keys_from
    from toolkit.deployment import FundTerms
    from toolkit.desk import Desk, FundDesk
    from toolkit.fund import Fund
    from toolkit.issuance import Issuance

    loaded = FundTerms.load(terms)
    issuance = Issuance.load(record, rpc, terms=loaded.home)
    fund = Fund.load(record, issuance, terms=loaded)
    with Desk(issuance, ledger, signers=keys_from(keys) or None) as desk:
        yield FundDesk(desk, fund, share_class)


def record_data(record: LedgerRecord) -> dict[str, Any]:
    """A record of the fund's as JSON values."""
    return {"id": record.id, "kind": str(record.kind), "state": str(record.state), **record.data}


# --------------------------------------------------------------------------------------------------- orders


@app.command()
def subscribe(
    investor: InvestorId,
    amount: Annotated[str, typer.Argument(help='Coins, e.g. "250000.00".')],
    wallet: WalletAddress,
    idempotency_key: Key,
    maker: Maker,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    money: Annotated[
        bool, typer.Option("--money", help="Paid in money: mint the coins first, as one order.")
    ] = False,
    day: Day = None,
    json: Json = False,
) -> None:
    """Take a subscription. The moment of receipt decides its dealing day."""
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders
    from toolkit.errors import InvalidInput

    if money and day is not None:
        raise InvalidInput("a subscription paid in money deals when the coins are there: leave out --day")
    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        taken: list[Order] = []
        if money:
            taken += funds.subscribe_with_money(
                investor, amount, wallet=wallet, idempotency_key=idempotency_key, maker=maker
            )
        else:
            taken.append(
                funds.subscribe(
                    investor,
                    amount,
                    wallet=wallet,
                    idempotency_key=idempotency_key,
                    maker=maker,
                    day=None if day is None else day_of(day),
                )
            )
    output.result([order_data(item) for item in taken], lambda: show_orders(output, taken))


@app.command()
def redeem(
    investor: InvestorId,
    shares: Annotated[str, typer.Argument(help='Shares, e.g. "1000.0000".')],
    wallet: WalletAddress,
    idempotency_key: Key,
    maker: Maker,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    day: Day = None,
    json: Json = False,
) -> None:
    """Take a redemption of shares."""
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        order = funds.redeem(
            investor,
            shares,
            wallet=wallet,
            idempotency_key=idempotency_key,
            maker=maker,
            day=None if day is None else day_of(day),
        )
    output.result(order_data(order), lambda: show_orders(output, [order]))


@app.command()
def validate(
    order: OrderId,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """Check an order, as another person than its maker, before the cut-off."""
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        valid = funds.validate(order, by=by)
    output.result(order_data(valid), lambda: show_orders(output, [valid]))


@app.command()
def orders(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    state: Annotated[list[str] | None, typer.Option(help="Only this state. Repeat it.")] = None,
    json: Json = False,
) -> None:
    """List the class's orders; `issuance orders ID` shows the history of one."""
    from toolkit.cli.options import chosen
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders
    from toolkit.ledger import State

    output = Output(json=json)
    states = [State(chosen(item, State, what="state")) for item in state or []] or None
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        found = funds.orders(state=states)
    output.result([order_data(item) for item in found], lambda: show_orders(output, found))


@app.command()
def run(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    push: Annotated[bool, typer.Option(help="Hand out what settled days brought.")] = True,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Believe what is final, send what is valid, hand out what is due.

    May be killed and run again at any moment. Ends with 1 if something needs a person.
    """
    from toolkit.cli.output import Output
    from toolkit.cli.views import show_run

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds, output.progress("running"):
        report = funds.run(push=push)
    output.result(report.to_json(), lambda: show_run(output, report))
    if report.alarms:
        raise typer.Exit(1)


# ----------------------------------------------------------------------------------------------------- days


@app.command()
def days(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    json: Json = False,
) -> None:
    """List the dealing days on record."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class) as funds:
        found = funds.days()
    output.result([record_data(item) for item in found], lambda: show_days(output, found))


@app.command()
def announce(
    count: Annotated[int, typer.Argument(help="How many days of the calendar, after those announced.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Announce the next dealing days on chain."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds, output.progress("announcing"):
        found = funds.announce_days(count, by=by)
    output.result([record_data(item) for item in found], lambda: show_days(output, found))


@app.command()
def close(
    day: DayNumber,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Close a dealing day, once its cut-off has passed."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds, output.progress("closing"):
        found = funds.close_day(day, by=by)
    output.result(record_data(found), lambda: show_days(output, [found]))


@app.command()
def fund(
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Bring what the next day to settle needs for its redemptions. Sent by the treasurer, once."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds, output.progress("funding"):
        brought = funds.fund_redemptions(by=by)
    output.result(
        {"brought": str(brought), "unit": brought.unit}, lambda: output.line(f"brought {brought.display()}")
    )


@app.command()
def settle(
    day: DayNumber,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    terms: FundTermsFile,
    share_class: ShareClassCode,
    key: Keys = None,
    json: Json = False,
) -> None:
    """Deal a closed day at the net asset value that was struck and published for it."""
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_fund(record, rpc, ledger, terms, share_class, key) as funds, output.progress("settling"):
        found = funds.settle_day(day, by=by)
    output.result(record_data(found), lambda: show_days(output, [found]))


def show_days(output: Output, found: Any) -> None:
    """Dealing days, one a line."""
    rows = [
        [item.data["number"], item.data["date"] or "", item.state, item.data.get("report", "")]
        for item in found
    ]
    output.table(["day>", "date", "state", "NAV statement"], rows)


def day_of(text: str) -> date:
    """A dealing day of the command line. Raises InvalidInput."""
    from toolkit.errors import InvalidInput

    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{text!r} is no date: write it as 2026-11-20") from None
