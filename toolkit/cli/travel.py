"""`issuance compliance travel`: institutions, and the data that go with a transfer to or from one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from decimal import Decimal

    from toolkit.compliance.travel_rule import Beneficiary, FxRate, Originator, Transfer
    from toolkit.ledger.records import LedgerRecord, Order

__all__ = ["app"]

app = typer.Typer(help="Transfers to and from other institutions (the travel rule).", no_args_is_help=True)

TransferId = Annotated[str, typer.Argument(help="The transfer: its order's id.")]
Key = Annotated[str, typer.Argument(help="The institution's key, a lower-case word.")]
Rationale = Annotated[str, typer.Option(help="Why; kept on record.")]
Parties = Annotated[
    Path,
    typer.Option(
        help="JSON with `originator` (name, account, address, identification, birth_date, birth_place) and "
        "`recipient` (name, account). Personal data: the file is yours to delete."
    ),
]
FromFile = Annotated[str | None, typer.Option("--rate", help="HKD for one unit, e.g. 7.8012.")]
SharePrice = Annotated[
    str | None,
    typer.Option(
        "--price", help="What one share is worth in the order's currency; for an order over shares."
    ),
]
RateSource = Annotated[str, typer.Option(help="Who published the rate.")]
RateTime = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%dT%H:%M:%SZ"], help="The rate's instant, in UTC; now if not given."),
]


@app.command()
def propose(
    key: Key,
    by: By,
    name: Annotated[str, typer.Option(help="Its name.")],
    jurisdiction: Annotated[str, typer.Option(help="ISO 3166-1 alpha-2.")],
    licence: Annotated[str, typer.Option(help="Its licence.")],
    reviewed: Annotated[str, typer.Option(help="The due diligence file.")],
    expires: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="When that has to be made again.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    kind: Annotated[str, typer.Option(help="vasp, bank or custodian.")] = "vasp",
    shell: Annotated[
        bool, typer.Option("--shell", help="It has no place of business and no supervisor.")
    ] = False,
    json: Json = False,
) -> None:
    """Put an institution up for acceptance, or again with newer facts."""
    from datetime import UTC

    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import Counterparty, TravelRule

    item = Counterparty(
        key, name, jurisdiction, kind, licence, not shell, reviewed, expires.replace(tzinfo=UTC)
    )
    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).propose(item, by=by), json)


@app.command()
def accept(
    key: Key, by: By, rationale: Rationale, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Accept an institution. By compliance, another person than proposed it."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).accept(key, by=by, rationale=rationale), json)


@app.command()
def suspend(
    key: Key, by: By, rationale: Rationale, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Stop all transfers to and from an institution. By compliance."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).suspend(key, by=by, rationale=rationale), json)


@app.command()
def institutions(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """The register of institutions."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.travel.counterparties()
    rows = [[item.id, item.state, item.data["name"], item.data["expires_at"]] for item in found]
    output.result(
        [_data(item) for item in found],
        lambda: output.table(["institution", "state", "name", "due diligence until"], rows),
    )


@app.command()
def send(
    order: TransferId,
    institution: Annotated[str, typer.Option(help="The institution's key.")],
    parties: Parties,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    channel: Annotated[str, typer.Option(help="How the data went.")] = "secure mail",
    rate: FromFile = None,
    source: RateSource = "HKMA",
    as_of: RateTime = None,
    price: SharePrice = None,
    json: Json = False,
) -> None:
    """Put on record that the data of an order to an institution's wallet were sent to it."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    originator, recipient = _parties(parties)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.orders.get(order)
        transfer = _transfer(found, opened.deployment, institution, channel, price)
        fx = _rate(rate, found.currency, source, as_of or opened.clock.now())
        _show(TravelRule(opened).send(transfer, originator, recipient, rate=fx, by=by), json)


@app.command()
def receive(
    order: TransferId,
    institution: Annotated[str, typer.Option(help="The institution's key.")],
    parties: Parties,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    channel: Annotated[str, typer.Option(help="How the data came.")] = "secure mail",
    rate: FromFile = None,
    source: RateSource = "HKMA",
    as_of: RateTime = None,
    price: SharePrice = None,
    json: Json = False,
) -> None:
    """Put on record what came with an order from an institution's wallet."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    originator, recipient = _parties(parties)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.orders.get(order)
        transfer = _transfer(found, opened.deployment, institution, channel, price)
        fx = _rate(rate, found.currency, source, as_of or opened.clock.now())
        _show(TravelRule(opened).receive(transfer, originator, recipient, rate=fx, by=by), json)


@app.command()
def acknowledge(
    order: TransferId,
    reference: Annotated[str, typer.Option(help="The institution's own answer.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """The institution has the data: the order may move."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).acknowledge(order, by=by, reference=reference), json)


@app.command()
def ask(
    order: TransferId,
    wanting: Annotated[str, typer.Option(help="What the institution asks for.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """The institution asks for more."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).ask(order, by=by, wanting=wanting), json)


@app.command()
def supply(
    order: TransferId,
    parties: Parties,
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Complete the data of a transfer that lacked some."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    originator, recipient = _parties(parties)
    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).supply(order, originator, recipient, by=by), json)


@app.command("hold")
def hold_transfer(
    order: TransferId,
    by: By,
    rationale: Rationale,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Hold a transfer until compliance has decided."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).hold(order, by=by, rationale=rationale), json)


@app.command("resume")
def resume_transfer(
    order: TransferId,
    by: By,
    rationale: Rationale,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Let a held transfer go on. By compliance."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).resume(order, by=by, rationale=rationale), json)


@app.command("return")
def give_back(
    order: TransferId,
    by: By,
    rationale: Rationale,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """End a transfer that isn't made, or goes back."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).give_back(order, by=by, rationale=rationale), json)


@app.command()
def executed(
    order: TransferId,
    transaction: Annotated[str, typer.Option(help="The transaction's hash.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Note the transaction of a transfer."""
    from toolkit.cli.options import open_ledger
    from toolkit.compliance.travel_rule import TravelRule

    with open_ledger(record, rpc, ledger) as opened:
        _show(TravelRule(opened).executed(order, transaction=transaction, by=by), json)


@app.command("list")
def list_transfers(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    state: Annotated[str | None, typer.Option(help="Only this state.")] = None,
    json: Json = False,
) -> None:
    """The transfers on record, without who sends and receives."""
    from toolkit.cli.options import chosen, open_ledger
    from toolkit.cli.output import Output
    from toolkit.ledger import RecordState

    output = Output(json=json)
    wanted = None if state is None else RecordState(chosen(state, RecordState, what="state"))
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.travel.find(wanted)
    rows = [
        [item.id, item.state, item.data["direction"], item.data["tier"], item.data["hkd"]] for item in found
    ]
    output.result(
        [_data(item) for item in found],
        lambda: output.table(["transfer", "state", "way", "set", "HKD>"], rows),
    )


@app.command()
def erase(
    order: TransferId,
    by: By,
    rationale: Rationale,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """Remove who sent and who received from a transfer that is at its end. By compliance."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        at = opened.travel.erase(order, by=by, reason=rationale)
    output.result({"transfer": order, "erased_at": at.isoformat()}, lambda: output.line(f"{order}: erased"))


def _transfer(order: Order, deployment: Any, institution: str, channel: str, price: str | None) -> Transfer:
    from toolkit.compliance.travel_rule import Transfer

    return Transfer(
        id=order.id,
        chain_id=deployment.chain_id,
        wallet=order.wallet,
        amount=order.amount,
        currency=order.currency,
        counterparty=institution,
        channel=channel,
        price=None if price is None else _decimal(price, "--price"),
    )


def _rate(text: str | None, currency: str, source: str, as_of: datetime) -> FxRate | None:
    from datetime import UTC

    from toolkit.compliance.travel_rule import FxRate

    if text is None:
        return None
    value = _decimal(text, "--rate")
    return FxRate(currency, value, source, as_of if as_of.tzinfo else as_of.replace(tzinfo=UTC))


def _decimal(text: str, option: str) -> Decimal:
    from decimal import Decimal, InvalidOperation

    from toolkit.errors import InvalidInput

    try:
        return Decimal(text)
    except InvalidOperation:
        raise InvalidInput(f"{option} {text!r} is no decimal number, e.g. 7.8012") from None


def _parties(path: Path) -> tuple[Originator, Beneficiary]:
    from toolkit.cli.files import read_json
    from toolkit.compliance.travel_rule import Beneficiary, Originator
    from toolkit.errors import InvalidInput

    data = read_json(path, what="parties")
    try:
        return Originator(**data["originator"]), Beneficiary(**data["recipient"])
    except (KeyError, TypeError):
        # Not with what stands there: it is personal data.
        raise InvalidInput(f"{path} lacks a field, or has one too many: see --help of this command") from None


def _data(record: LedgerRecord) -> dict[str, Any]:
    return {"id": record.id, "state": str(record.state), **record.data}


def _show(record: LedgerRecord, json: bool) -> None:
    from toolkit.cli.output import Output

    output = Output(json=json)
    output.result(_data(record), lambda: output.line(f"{record.id} is {record.state}"))
