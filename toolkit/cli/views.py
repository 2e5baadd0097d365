"""How orders, batches, runs and books look, for people and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.cli.output import Output
    from toolkit.desk import BatchProposal, DeskStatus, RunReport
    from toolkit.ledger.records import Order, OrderEvent

__all__ = [
    "event_data",
    "order_data",
    "proposal_data",
    "show_books",
    "show_events",
    "show_orders",
    "show_proposals",
    "show_run",
]


def order_data(order: Order) -> dict[str, Any]:
    """An order as JSON values; `due_at` is a redemption's, the dealing day a fund order's."""
    due_at = getattr(order, "due_at", None)
    dealing_date = getattr(order, "dealing_date", None)
    expires_at = getattr(order, "expires_at", None)
    return {
        "id": order.id,
        "kind": str(order.kind),
        "number": getattr(order, "number", None),
        "state": str(order.state),
        "investor": order.investor,
        "wallet": order.wallet,
        "amount": str(order.amount),
        "unit": order.unit,
        "maker": order.maker,
        "batch": order.batch_id,
        "created_at": order.created_at.isoformat(),
        "due_at": None if due_at is None else due_at.isoformat(),
        "expires_at": None if expires_at is None else expires_at.isoformat(),
        "dealing_date": None if dealing_date is None else dealing_date.isoformat(),
        "dealing_day": getattr(order, "dealing_day", None),
    }


def show_orders(output: Output, orders: Sequence[Order]) -> None:
    """Orders, one a line."""
    if not orders:
        output.line("no orders")
        return
    rows = []
    for order in orders:
        number = getattr(order, "number", None)
        rows.append(
            [order.id, order.kind, "" if number is None else number, order.amount.display(), order.state]
        )
    output.table(["order", "kind", "number>", "amount>", "state"], rows)


def event_data(event: OrderEvent) -> dict[str, Any]:
    """A step of an order as JSON values."""
    return {
        "seq": event.seq,
        "from": None if event.from_state is None else str(event.from_state),
        "to": str(event.to_state),
        "actor": event.actor,
        "role": str(event.role),
        "at": event.at.isoformat(),
        "reason": event.reason,
        "evidence": event.evidence,
        "hash": event.hash,
    }


def show_events(output: Output, events: Sequence[OrderEvent]) -> None:
    """The steps of an order, oldest first."""
    columns = ["seq>", "from", "to", "actor", "role", "at", "reason"]
    rows = [[event_data(event)[name.rstrip(">")] or "" for name in columns] for event in events]
    output.table(columns, rows)


def proposal_data(proposal: BatchProposal) -> dict[str, Any]:
    """A batch proposal as JSON values."""
    return {
        "batch": proposal.batch_id,
        "purpose": proposal.purpose,
        "orders": list(proposal.order_ids),
        "total": str(proposal.total),
        "required": proposal.required,
        "signed_by": list(proposal.signed_by),
        "complete": proposal.is_complete,
        "typed_data": proposal.signable.to_json(),
    }


def show_proposals(output: Output, proposals: Sequence[BatchProposal]) -> None:
    """Batches and who signed them."""
    rows = [
        [
            item.batch_id,
            len(item.order_ids),
            item.total.display(),
            f"{len(item.signed_by)} of {item.required}",
            ", ".join(item.signed_by),
        ]
        for item in proposals
    ]
    output.table(["batch", "orders>", "total>", "signatures>", "signed by"], rows)


def show_run(output: Output, report: RunReport) -> None:
    """What a run of the worker did; alarms go to standard error."""
    for change in report.changes:
        output.line(f"{change.order_id} {change.state}{': ' + change.reason if change.reason else ''}")
    for waiting in report.waiting:
        output.line(f"waiting: {', '.join(waiting.order_ids)}: {waiting.error.message}")
    if report.unsigned:
        output.line(f"approved, and need signatures: {', '.join(report.unsigned)}")
    for transaction in report.pending:
        output.line(f"pending: transaction {transaction}; run again")
    for alarm in report.alarms:
        output.notice(f"ALARM: {alarm.message}")
    if not (report.changes or report.waiting or report.unsigned or report.pending or report.alarms):
        output.line("nothing to do")


def show_books(output: Output, books: DeskStatus) -> None:
    """Chain and ledger side by side."""
    rows = []
    for line in books.lines:
        figures = (line.chain, line.ledger, line.explained, line.difference)
        rows.append([line.name, *(figure.display() for figure in figures)])
    output.table(["figure", "chain>", "ledger>", "explained>", "difference>"], rows)
    output.line(f"headroom {books.headroom.display()}, as of block {books.block_number}")
    for kind, states in books.orders.items():
        counts = ", ".join(f"{count} {state}" for state, count in states.items()) or "none"
        output.line(f"{kind} orders: {counts}")
    for title, items in (
        ("OVERDUE redemptions", books.overdue),
        ("bank lines without an order", books.unmatched_funds),
        ("transactions without an outcome", books.in_flight),
    ):
        if items:
            output.line(f"{title}: {', '.join(items)}")
    for burn in books.burned_by_order:
        output.line(f"burned by order: {burn.amount.display()} of {burn.account}, case {burn.case_id}")
    for request in books.unknown_requests:
        output.line(
            f"request {request.id} on chain names no order: {request.amount.display()} of {request.holder}"
        )
    if not books.unsolicited.is_zero:
        output.line(f"in escrow without a request: {books.unsolicited.display()}")
    output.line("chain and ledger agree" if books.agrees else "CHAIN AND LEDGER DIFFER")
