"""`issuance due`: what is due, late or blocked."""

from __future__ import annotations

from typing import Annotated

import typer

from toolkit.cli.options import Json, LedgerUrl
from toolkit.cli.reports import Market

__all__ = ["due"]


def due(
    ledger: LedgerUrl,
    market: Market,
    since: Annotated[str, typer.Option(help="The first day that is looked at, e.g. 2026-11-01.")],
    profile: Annotated[str, typer.Option(help="A regulator profile: its name, or a file.")] = "hong-kong",
    at: Annotated[
        str | None, typer.Option(help="As of this instant, with its offset. [default: now]")
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="Also what is done.")] = False,
    json: Json = False,
) -> None:
    """List the reports that are due, late or blocked, by the profile's calendar. Changes nothing.

    Exits with 0 whatever is late, so that a cron's mail comes from what is printed and not from a failure.
    """
    from toolkit.cli.output import Output
    from toolkit.cli.report_inputs import day_of, instant_of, open_ledger, profile_of
    from toolkit.reporting.closed_days import ClosedDays
    from toolkit.reporting.reports.values import Moment
    from toolkit.reporting.schedule import LedgerStanding, Status, problem_of
    from toolkit.reporting.schedule import due as due_items

    output, chosen = Output(json=json), profile_of(profile)
    with open_ledger(ledger) as book:
        now = book.clock.now() if at is None else instant_of(at, what="--at")
        closed = ClosedDays(book, market, at=now)
        standing = LedgerStanding(book, market, now, problem_of(closed.require_closed))
        found = due_items(
            chosen, chosen.business_calendar(), standing, since=day_of(since, what="--since"), now=now
        )
    wanted = [item for item in found if everything or item.status is not Status.DONE]
    data = {
        "profile": chosen.identity,
        "as_of": Moment.of(now).model_dump(mode="json"),
        "items": [item.to_data() for item in wanted],
    }

    def show() -> None:
        if not wanted:
            output.line("nothing is due")
            return
        output.table(
            ["report", "period", "due (Hong Kong)", "status", "blocked by"],
            [
                [
                    item.report,
                    str(item.period),
                    Moment.of(item.due_at).hkt[:16].replace("T", " "),
                    f"{item.status}, late" if item.late else item.status,
                    "; ".join(item.blocked_by[:1])
                    + (f" (and {len(item.blocked_by) - 1} more)" if len(item.blocked_by) > 1 else ""),
                ]
                for item in wanted
            ],
        )

    output.result(data, show)
