"""`issuance orders`, and what may happen to an order of either kind: hold, release, cancel, reject."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from toolkit.cli.options import By, Json, LedgerUrl, Record, Rpc

if TYPE_CHECKING:
    from toolkit.ledger.records import Order

__all__ = [
    "OrderId",
    "OrderIds",
    "Reason",
    "cancel",
    "hold",
    "orders",
    "register_endings",
    "reject",
    "release",
]

OrderId = Annotated[str, typer.Argument(help="The order's id.")]
OrderIds = Annotated[list[str], typer.Argument(help="The orders' ids.")]
Reason = Annotated[str, typer.Option(help="Why; kept with the order.")]


def orders(
    record: Record,
    rpc: Rpc,
    ledger: LedgerUrl,
    order: Annotated[str | None, typer.Argument(help="An order's id, to show its history.")] = None,
    state: Annotated[list[str] | None, typer.Option(help="Only this state. Repeat it.")] = None,
    kind: Annotated[str | None, typer.Option(help="Only mint, or only redemption.")] = None,
    json: Json = False,
) -> None:
    """List orders, or show the history of one."""
    from toolkit.cli.options import chosen, open_desk
    from toolkit.cli.output import Output
    from toolkit.cli.views import event_data, order_data, show_events, show_orders
    from toolkit.ledger import OrderKind, State

    output = Output(json=json)
    states = [chosen(item, State, what="state") for item in state or []] or None
    wanted = None if kind is None else chosen(kind, OrderKind, what="kind")
    with open_desk(record, rpc, ledger) as desk:
        if order is None:
            found = desk.orders(states, kind=wanted)
            output.result([order_data(item) for item in found], lambda: show_orders(output, found))
            return
        one, events = desk.order(order), desk.history(order)

    def show() -> None:
        show_orders(output, [one])
        output.line()
        show_events(output, events)

    output.result({**order_data(one), "events": [event_data(event) for event in events]}, show)


def hold(
    order: OrderId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Put an order on hold. By compliance."""
    from toolkit.cli.options import open_desk

    with open_desk(record, rpc, ledger) as desk:
        _show(desk.hold(order, by=by, reason=reason), json)


def release(
    order: OrderId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """Take an order from hold back to where it was. By compliance."""
    from toolkit.cli.options import open_desk

    with open_desk(record, rpc, ledger) as desk:
        _show(desk.release(order, by=by, reason=reason), json)


def cancel(
    order: OrderId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """End an order on the customer's wish.

    Money that was received goes back with `issuance mint return-funds`, escrowed tokens at the next run.
    """
    from toolkit.cli.options import open_desk

    with open_desk(record, rpc, ledger) as desk:
        _show(desk.cancel(order, by=by, reason=reason), json)


def reject(
    order: OrderId, by: By, reason: Reason, record: Record, rpc: Rpc, ledger: LedgerUrl, json: Json = False
) -> None:
    """End an order that can't be carried out.

    Money that was received goes back with `issuance mint return-funds`, escrowed tokens at the next run.
    """
    from toolkit.cli.options import open_desk

    with open_desk(record, rpc, ledger) as desk:
        _show(desk.reject(order, by=by, reason=reason), json)


def register_endings(app: typer.Typer) -> None:
    """The four commands for the orders of `app`."""
    for command in (hold, release, cancel, reject):
        app.command()(command)


def _show(order: Order, json: bool) -> None:
    from toolkit.cli.output import Output
    from toolkit.cli.views import order_data, show_orders

    output = Output(json=json)
    output.result(order_data(order), lambda: show_orders(output, [order]))
