"""The reports that are made from more than closed days: people, holders, funds, and the chain's events.

Compliance, desk and reporting know nothing of each other; they meet here.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import TYPE_CHECKING, Any

from toolkit.errors import InconsistentNode, InvalidInput

if TYPE_CHECKING:
    from datetime import datetime

    from toolkit.chain.client import Block, Client
    from toolkit.cli.report_request import Request
    from toolkit.issuance import Issuance
    from toolkit.reporting.figures import ChainFigures
    from toolkit.reporting.reports.content import Content

__all__ = [
    "dealing_of_a_day",
    "freezes",
    "holders_at_the_cut_off",
    "lifecycle_of_the_contracts",
    "register_of_a_class",
    "transfers_of_institutions",
]


# --------------------------------------------------------------------------------------------------- people


def transfers_of_institutions(request: Request) -> Content:
    """The records of transfers with their parties; of parties that were erased only when."""
    from toolkit.compliance.access import note_reading
    from toolkit.reporting.reports.registers import travel_extract, travel_row

    ledger = request.ledger
    note_reading(ledger, "register of transfers", by=request.places.reader)
    institutions = {item.id: item.data for item in ledger.travel.counterparties()}
    rows = []
    for record in ledger.travel.find():
        name = record.id.removeprefix("travel/")
        parties = ledger.travel.parties(name)
        if parties is None:
            marked = {"erased_at": str(record.data["erased_at"])}
            parties = {"originator": marked, "recipient": marked}
        institution = institutions.get(f"counterparty/{record.data['counterparty']}", {})
        data = {**record.data, "due_diligence": institution.get("reviewed")}
        rows.append(
            travel_row(
                name,
                record.state.value,
                data,
                originator=parties["originator"],
                recipient=parties["recipient"],
            )
        )
    content = travel_extract(rows, after=request.opened, until=request.cut_off)
    # The input's hash is of what the ledger keeps: of the parties, a salted digest that says nothing.
    found = {row.transfer_id for row in content.rows}
    request.note(
        "travel",
        [
            {"id": record.id, "state": record.state.value, "data": record.data}
            for record in ledger.travel.find()
            if record.id.removeprefix("travel/") in found
        ],
    )
    return content


def freezes(request: Request) -> Content:
    """Compliance's register of freezes, of the cases opened by the cut-off; with --with the rows that it
    printed elsewhere, `{"rows": […]}`.
    """
    from toolkit.ledger.record_words import RecordKind
    from toolkit.reporting.reports.registers import freeze_register

    if request.given is not None:
        return freeze_register(request.read_given().get("rows", []), until=request.cut_off)
    from toolkit.cli.case_office import open_office

    places = request.places
    record, rpc = places.deployment(request.kind)
    with open_office(record, rpc, places.ledger, fund=places.funds, suite=places.suites) as office:
        rows = office.freeze_register(by=places.reader)
    book = request.ledger.record_book
    cases = (case.id for case in book.find(RecordKind.FREEZE))
    known = {case for case in cases if book.history(case)[0].at <= request.cut_off}
    rows = [row for row in rows if row["entry_id"].removesuffix(f"/{row['wallet']}") in known]
    request.note("freezes", rows)
    return freeze_register(rows, until=request.cut_off)


# -------------------------------------------------------------------------------------------------- holders


def holders_at_the_cut_off(request: Request) -> Content:
    """Every balance of the last closed day, by owner. `given` is `{"kept_at": ["…", "…"]}`.

    An omnibus wallet is looked through to its clients, the market's escrow to those who asked for
    redemption. The owner of a wallet that is no customer's is the wallet itself.
    """
    from toolkit.reporting.replay import CoinState
    from toolkit.reporting.reports.snapshot import Holding, holder_snapshot

    kept_at = request.read_given().get("kept_at", [])
    day = request.last_day()
    checkpoint = request.days.checkpoint(request.period.end, day.version)
    request.inputs["checkpoint"], _ = checkpoint.pack()
    (chain,) = day.chains
    state = CoinState.from_data(checkpoint.coin)
    owners = _owners(request, day.cut_off.instant)
    clients = _clients(request, chain, day.cut_off.instant, day.ledger.head_seq)
    escrow: Counter[str] = Counter()
    for holder, units in state.requests.values():
        escrow[owners.get(holder, holder)] += units
    if escrow:
        clients[chain.market] = dict(escrow)
    found = holder_snapshot(
        [
            Holding(wallet, units, state.frozen_of(wallet), owners.get(wallet, wallet), clients.get(wallet))
            for wallet, units in state.balances.items()
        ],
        chain,
        day.coin,
        kept_at=kept_at,
    )
    request.files["rows.jsonl"] = "".join(found.rows)
    return found.content


def _owners(request: Request, at: datetime) -> dict[str, str]:
    """Wallet to investor reference, of the wallets that were known then."""
    wallets = request.ledger.investors.wallets()
    return {wallet.address: wallet.investor for wallet in wallets if wallet.created_at <= at}


def _clients(request: Request, chain: ChainFigures, at: datetime, head: int) -> dict[str, dict[str, int]]:
    """The clients of each omnibus wallet of the coin, as the day was reconciled with them."""
    omnibus, found = request.ledger.omnibus, {}
    for wallet, token in omnibus.accounts():
        if token == chain.token:
            positions = omnibus.look_through(wallet, token, at, through=head)
            found[wallet] = {item.client: item.held for item in positions if item.held}
    return found


# ---------------------------------------------------------------------------------------------------- funds


def register_of_a_class(request: Request) -> Content:
    """The register of a share class at the closed day's block; names only with --personal."""
    from toolkit.cli.fund import open_fund
    from toolkit.reporting.reports.fund import holder_register

    places = request.places
    record, rpc = places.deployment(request.kind)
    day = request.last_day()
    with open_fund(record, rpc, places.ledger, *places.fund(request.kind)) as funds:
        register = funds.register(day.chains[0].cut.block_number)
    _require_block(register.block_hash, day.chains[0])
    request.note("register", register.to_data())
    return holder_register(register, personal=places.personal)


def dealing_of_a_day(request: Request) -> Content:
    """The dealing report of the dealing day that is the period's last."""
    from toolkit.cli.fund import open_fund
    from toolkit.reporting.reports.fund import fund_dealing

    places, wanted = request.places, request.period.end.isoformat()
    record, rpc = places.deployment(request.kind)
    with open_fund(record, rpc, places.ledger, *places.fund(request.kind)) as funds:
        number = next((item.data["number"] for item in funds.days() if item.data["date"] == wanted), None)
        if number is None:
            raise InvalidInput(f"class {places.share_class} has no dealing day {wanted}", day=wanted)
        # Who prepares and who reviews the filed document stands in its sign-off, and nowhere in its content.
        report = funds.dealing_report(number, prepared_by="preparer", reviewed_by="reviewer")
    content = fund_dealing(report)
    request.note("dealing report", content.detail)
    return content


# ---------------------------------------------------------------------------------------------------- chain


def lifecycle_of_the_contracts(request: Request) -> Content:
    """What was done to the contracts of the record, and of each --fund, up to the closed day's block."""
    from datetime import UTC, datetime

    from toolkit.cli.options import open_desk
    from toolkit.reporting.reports.lifecycle import lifecycle_log

    places = request.places
    record, rpc = places.deployment(request.kind)
    day = request.last_day()
    with open_desk(record, rpc, places.ledger) as desk:
        issuance = desk.issuance
        client = issuance.client
        (chain,) = day.chains
        if (chain.cut.chain_id, chain.token) != (issuance.chain_id, issuance.token.address):
            raise InvalidInput(f"{record} isn't the deployment of {request.days.market}: give that record")
        block = client.block(chain.cut.block_number)
        _require_block(f"0x{block.hash.hex()}", chain)
        names = _names(request, issuance)
        opening = _opening(request, issuance, desk.ledger.clock.now())

        @cache
        def time_of(number: int) -> datetime:
            return datetime.fromtimestamp(client.block(number).timestamp, UTC)

        content = lifecycle_log(
            _events(client, issuance, names, opening, block),
            chain_id=issuance.chain_id,
            names=names,
            time_of=time_of,
            after=request.opened,
            until=request.cut_off,
        )
    request.note("contracts", names)
    return content


def _names(request: Request, issuance: Issuance) -> dict[str, str]:
    from toolkit.deployment.record import DeploymentRecord

    records = [issuance.record, *(DeploymentRecord.load(path) for path in request.places.funds)]
    for record in records:
        if record.chain_id != issuance.chain_id:
            raise InvalidInput(f"a fund's record is of chain {record.chain_id}, not {issuance.chain_id}")
    return {item.address: name for record in records for name, item in record.contracts.items()}


def _opening(request: Request, issuance: Issuance, now: datetime) -> int:
    """The last block before the period; the one before the first of all if the coin is younger."""
    from toolkit.reporting.cutoff import last_block

    client, first = issuance.client, issuance.record.first_block
    if client.block(first).timestamp > int(request.opened.timestamp()):
        return first - 1
    return last_block(client, request.opened, first_block=first, now=now).number


def _events(
    client: Client, issuance: Issuance, names: dict[str, str], opening: int, block: Block
) -> list[Any]:
    """What the log is made from: the access manager's whole history, where an operation's schedule may be
    older than the period, and the others' events since its opening.
    """
    from toolkit.bindings.events import decode_log
    from toolkit.reporting.reports.lifecycle import LOGGED

    topics, manager = [[kind.topic0() for kind in LOGGED]], issuance.access_manager.address
    logs = client.logs(manager, topics, issuance.record.first_block, block)
    logs += client.logs([item for item in names if item != manager], topics, opening + 1, block)
    return [event for event in map(decode_log, logs) if event is not None]


def _require_block(found: str, chain: ChainFigures) -> None:
    """Raises InconsistentNode unless it is the block of the closed day."""
    if found != chain.cut.block_hash:
        raise InconsistentNode(
            f"block {chain.cut.block_number} is {found} on this node and was {chain.cut.block_hash} when the "
            "day was closed: ask another node, or restate the day",
            block_number=chain.cut.block_number,
        )
