"""`issuance compliance policy` and `limit`: who may order, and how much. One proposes, another confirms."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc
from toolkit.cli.party_office import Reason, RecordId, open_parties, show_record

if TYPE_CHECKING:
    from toolkit.compliance.office import Compliance
    from toolkit.compliance.policies import LimitBook, PolicyBook

__all__ = ["limits", "policies"]

Proposal = Annotated[Path, typer.Argument(help="What is proposed (JSON).")]

_POLICY = """What a product asks of whoever orders it.

The file states: product (a coin's symbol, FUND/CLASS, or onboarding), licensed_stablecoin, classes, allowed
(countries, or "any"), denied, documents (name, version, digest), limited (kinds of order that need limits).
"""
_LIMIT = """How much may be ordered within any window of time.

The file states: scope (client, wallet_kind or distributor), subject (or * for each), order_kind, unit, and
windows: seconds and most, in base units; or "none", which says that there is no limit.
"""


def _app(what: str, about: str, book_of: Callable[[Compliance], PolicyBook | LimitBook]) -> typer.Typer:
    app = typer.Typer(help=about, no_args_is_help=True)

    @app.command(help=f"Propose a {what}; another person puts it in force.")
    def propose(
        file: Proposal,
        by: By,
        record: Record,
        rpc: Rpc,
        ledger: LedgerUrl,
        reason: Reason = "",
        json: Json = False,
    ) -> None:
        from toolkit.cli.files import read_json
        from toolkit.cli.output import Output

        output = Output(json=json)
        with open_parties(record, rpc, ledger) as office:
            made = book_of(office).propose(read_json(file, what=what), by=by, reason=reason)
        show_record(output, made)

    @app.command(help=f"Put a proposed {what} in force, for orders under way too.")
    def confirm(
        record_id: RecordId,
        by: By,
        record: Record,
        rpc: Rpc,
        ledger: LedgerUrl,
        reason: Reason = "",
        json: Json = False,
    ) -> None:
        from toolkit.cli.output import Output

        output = Output(json=json)
        with open_parties(record, rpc, ledger) as office:
            made = book_of(office).confirm(record_id, by=by, reason=reason)
        show_record(output, made)

    @app.command(help=f"Take a proposed {what} back.")
    def retract(
        record_id: RecordId,
        by: By,
        reason: Reason,
        record: Record,
        rpc: Rpc,
        ledger: LedgerUrl,
        json: Json = False,
    ) -> None:
        from toolkit.cli.output import Output

        output = Output(json=json)
        with open_parties(record, rpc, ledger) as office:
            made = book_of(office).retract(record_id, by=by, reason=reason)
        show_record(output, made)

    @app.command("list", help=f"Show every {what} in force.")
    def list_(record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False) -> None:
        from toolkit.cli.output import Output, as_json

        output = Output(json=json)
        with open_parties(record, rpc, ledger) as office:
            found = [item.to_data() for item in book_of(office).in_force()]
        output.result(found, lambda: output.line(as_json(found).rstrip()))

    return app


policies = _app("policy", _POLICY, lambda office: office.policies)
limits = _app("limit", _LIMIT, lambda office: office.limits)
