"""`issuance compliance screening`: lists in force, runs over everybody, hits, and what compliance decides."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from toolkit.cli.options import By, Json, Keys, LedgerUrl, Record, Rpc, TermsFile

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.ledger.records import LedgerRecord
    from toolkit.ledger.screening import ScreeningRun

__all__ = ["app"]

app = typer.Typer(
    help="Lists, screening, and hits, which are for compliance alone to read.", no_args_is_help=True
)

HitId = Annotated[str, typer.Argument(help="The hit's id, as `hits` shows it.")]
Rationale = Annotated[str, typer.Option(help="Why; kept with the hit.")]


@app.command()
def adopt(
    file: Annotated[Path, typer.Argument(help="The list: an array of wallets, or the desk's own form.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    name: Annotated[str | None, typer.Option(help="Which list it is; wanted for an array.")] = None,
    version: Annotated[str | None, typer.Option(help="Its version; wanted for an array.")] = None,
    dated: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Its own date; wanted for an array.")
    ] = None,
    sha256: Annotated[str | None, typer.Option(help="The file's digest as the source publishes it.")] = None,
    freeze: Annotated[
        bool, typer.Option("--freeze", help="Freeze the coin in the wallets of whoever is listed newly.")
    ] = False,
    terms: TermsFile = None,
    keys: Keys = None,
    json: Json = False,
) -> None:
    """Put a list in force and screen everybody against it. Ends with 1 if there are hits.

    A file that isn't whole, older than the one in force or malformed is refused, and an alert is opened. The
    same file again says that the source has nothing newer.
    """
    from toolkit.cli.options import open_desk
    from toolkit.cli.output import Output
    from toolkit.compliance.screening import ListScreener

    output = Output(json=json)
    content = _bytes(file)
    with open_desk(record, rpc, ledger, terms, keys) as desk:
        screener = ListScreener(desk.ledger, freeze=desk.freeze if freeze else None)
        found = screener.adopt(
            content,
            by=by,
            name=name,
            version=version,
            dated=None if dated is None else dated.date(),
            sha256=sha256,
        )
    data = {
        **_record_data(found.record),
        "run": _run_data(found.run),
        "frozen": list(found.frozen),
        "not_frozen": {wallet: error.message for wallet, error in found.unfrozen.items()},
    }

    def show() -> None:
        output.line(f"{found.record.id} is in force with {found.record.data['count']} entries")
        _show_run(output, found.run)
        for wallet in found.frozen:
            output.line(f"frozen: {wallet}")
        for wallet, error in found.unfrozen.items():
            output.notice(f"ALARM: {wallet} is not frozen: {error.message}")

    output.result(data, show)
    _end(found.run)


@app.command()
def run(record: Record, rpc: Rpc, ledger: LedgerUrl, by: By, json: Json = False) -> None:
    """Screen every wallet, investor and open order now. Ends with 1 if there are hits."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.compliance.screening import ListScreener

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = ListScreener(opened).screen(by=by)
    output.result(_run_data(found), lambda: _show_run(output, found))
    _end(found)


@app.command()
def lists(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
    """The lists in force and how current they are. Ends with 1 if screening is impossible."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.ledger.canonical import instant
    from toolkit.ledger.errors import ScreeningImpossible

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found, policy = opened.lists.in_force(), opened.lists.policy()
        try:
            opened.lists.require_current()
            refusal = None
        except ScreeningImpossible as error:
            refusal = error
    rows = [[item.list, item.version, instant(item.dated), instant(item.confirmed_at)] for item in found]
    data = {
        "lists": [dict(zip(("list", "version", "dated", "confirmed_at"), row, strict=True)) for row in rows],
        "policy": policy.to_data(),
        "current": refusal is None,
    }

    def show() -> None:
        output.table(["list", "version", "dated", "confirmed"], rows)
        output.line("no list is required" if not policy.required else "a list is required")
        if refusal is not None:
            output.notice(f"ALARM: {refusal.message}")

    output.result(data, show)
    if refusal is not None:
        raise typer.Exit(1)


@app.command()
def policy(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept with the policy.")],
    required: Annotated[bool, typer.Option(help="Whether nothing moves without a list.")] = True,
    max_age_hours: Annotated[
        int, typer.Option(min=1, help="How long a list may go without being taken in or confirmed.")
    ] = 24,
    max_list_days: Annotated[
        int | None, typer.Option(min=1, help="How old a list's own date may be; not asked if not given.")
    ] = None,
    json: Json = False,
) -> None:
    """Say what the desk asks of its lists. By compliance."""
    from datetime import timedelta

    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.ledger.lists import ScreeningPolicy

    output = Output(json=json)
    oldest = None if max_list_days is None else timedelta(days=max_list_days)
    wanted = ScreeningPolicy(required, timedelta(hours=max_age_hours), oldest)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.lists.set_policy(wanted, by=by, reason=reason)
    output.result(found.data, lambda: output.line(f"{found.id} is in force: {found.data}"))


@app.command()
def retire(
    name: Annotated[str, typer.Argument(help="The list's name.")],
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    by: By,
    reason: Annotated[str, typer.Option(help="Why; kept with the list.")],
    json: Json = False,
) -> None:
    """Take a list out of force for good. Without another one nothing moves then."""
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = opened.lists.retire(name, by=by, reason=reason)
    output.result(_record_data(found), lambda: output.line(f"{found.id} is {found.state}"))


@app.command()
def hits(
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    open_only: Annotated[bool, typer.Option("--open", help="Only those that nobody has decided.")] = False,
    json: Json = False,
) -> None:
    """The hits, with what they are about. Ends with 1 if one is undecided.

    For compliance and the auditor; the reader is recorded.
    """
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.compliance.access import Readings
    from toolkit.ledger import RecordState

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = Readings(opened).hits(RecordState.MATCHED if open_only else None, by=by)
    rows = [[item.id, item.state, item.data["value"], item.data["version"]] for item in found]
    output.result(
        [_record_data(item) for item in found],
        lambda: output.table(["hit", "state", "entry", "version"], rows),
    )
    if any(item.state is RecordState.MATCHED for item in found):
        raise typer.Exit(1)


@app.command()
def confirm(
    hit: HitId, by: By, rationale: Rationale, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """The entry means the investor. The restriction stays; go on with a freeze case."""
    from toolkit.cli.options import open_ledger

    with open_ledger(record, rpc, ledger) as opened:
        _show_record(opened.screening.confirm(hit, by=by, rationale=rationale), json)


@app.command()
def release(
    hit: HitId, by: By, rationale: Rationale, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """The entry doesn't mean the investor. It is passed over until its source changes it."""
    from toolkit.cli.options import open_ledger

    with open_ledger(record, rpc, ledger) as opened:
        _show_record(opened.screening.release(hit, by=by, rationale=rationale), json)


@app.command()
def order(
    order: Annotated[str, typer.Argument(help="The order's id.")],
    by: By,
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    json: Json = False,
) -> None:
    """The last run that looked at an order: when, against which versions, with what outcome.

    For compliance and the auditor; the reader is recorded.
    """
    from toolkit.cli.options import open_ledger
    from toolkit.cli.output import Output
    from toolkit.compliance.access import Readings

    output = Output(json=json)
    with open_ledger(record, rpc, ledger) as opened:
        found = Readings(opened).screening(order, by=by)
    if found is None:
        output.result(None, lambda: output.line("no run has looked at this order"))
        return
    last, decision = found
    versions = ", ".join(f"{name} {version}" for name, version in last.data["lists"].items())
    output.result(
        {**_record_data(last), "outcome": decision.outcome},
        lambda: output.line(f"{last.data['occasion']}, against {versions}: {decision.outcome}"),
    )


def _bytes(path: Path) -> bytes:
    from toolkit.errors import InvalidInput

    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"list {path} can't be read ({error.strerror}): correct the path") from None


def _record_data(record: LedgerRecord) -> dict[str, Any]:
    return {"id": record.id, "state": str(record.state), **record.data}


def _run_data(found: ScreeningRun) -> dict[str, Any]:
    return {
        "id": found.id,
        "lists": found.lists,
        "looked_at": found.looked_at,
        "hits": [hit.record for hit in found.hits if not hit.released],
        "held": list(found.held),
        "flying": list(found.flying),
        "resumed": list(found.resumed),
    }


def _show_run(output: Output, found: ScreeningRun) -> None:
    output.line(f"{found.looked_at} wallets and open orders were screened, {found.id}")
    for name, ids in (("held", found.held), ("goes on", found.resumed), ("may still land", found.flying)):
        for order_id in ids:
            output.line(f"{name}: {order_id}")
    for hit in found.hits:
        if not hit.released:
            output.notice(f"HIT: {hit.record}")


def _show_record(record: LedgerRecord, json: bool) -> None:
    from toolkit.cli.output import Output

    output = Output(json=json)
    output.result(_record_data(record), lambda: output.line(f"{record.id} is {record.state}"))


def _end(found: ScreeningRun) -> None:
    if any(not hit.released for hit in found.hits):
        raise typer.Exit(1)
