"""Money in and money out: the bank's lines that pay for mints, and the payouts of redemptions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

import sqlalchemy as sa
from sqlalchemy.engine import Connection, RowMapping

from toolkit.amounts import Amount, minor_units
from toolkit.calendar import Clock
from toolkit.errors import IdempotencyConflict, IllegalTransition, InvalidInput
from toolkit.ledger import audit, checks, schema
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.errors import (
    FundsAlreadyMatched,
    FundsMismatch,
    NotFound,
    PayoutAlreadyRecorded,
    ThirdPartyPayment,
)
from toolkit.ledger.machines import OrderKind, Role, State
from toolkit.ledger.records import FundsReceipt, MintOrder, Payout
from toolkit.ledger.steps import advance, locked_orders, read_orders
from toolkit.ledger.store import Unit

__all__ = ["BankLine", "Funds", "Payouts"]

_MONEY_GOES_BACK = frozenset({State.REJECTED, State.CANCELLED, State.EXPIRED, State.FAILED})


_RECEIPTS = (
    sa.select(schema.funds_receipts)
    .where(Among(schema.funds_receipts.c.reference, "references"))
    .order_by(schema.funds_receipts.c.reference)
)
_LOCKED_RECEIPTS = _RECEIPTS.with_for_update()
_RETURNED_BY = sa.select(schema.funds_receipts.c.reference).where(
    schema.funds_receipts.c.returned_reference == sa.bindparam("payment")
)
_PAYS_FOR = (
    sa.update(schema.funds_receipts)
    .where(schema.funds_receipts.c.reference == sa.bindparam("line"))
    .values(order_id=sa.bindparam("order"))
)


@dataclass(frozen=True, slots=True)
class BankLine:
    """A line of the bank's statement. `payer_matches`: whether the payer's name is the customer's."""

    reference: str
    amount: Amount
    payer_matches: bool
    value_date: date


@dataclass(frozen=True, slots=True)
class Funds:
    """Lines of the bank's statement. The bank's own reference names a line, not its amount and day."""

    unit: Unit
    clock: Clock

    def receive(
        self, reference: str, *, amount: Amount, payer_matches: bool, value_date: date
    ) -> FundsReceipt:
        """Records a line of the bank's statement, matched to no order yet.

        `payer_matches` says whether the payer's name is the customer's. The same line again (a
        statement imported twice) returns the first record; the same reference with other contents
        raises `IdempotencyConflict`.
        """
        return self.receive_many([BankLine(reference, amount, payer_matches, value_date)])[0]

    def receive_many(self, lines: Sequence[BankLine]) -> tuple[FundsReceipt, ...]:
        """Records the lines of a statement in one transaction, or none. As `receive`."""
        now = self.clock.now()
        wanted: dict[str, dict[str, Any]] = {}
        for line in lines:
            row = _line_row(line)
            if wanted.setdefault(line.reference, row) != row:
                raise _other_contents(line.reference)
        with self.unit.writing() as connection:
            known = _receipt_rows(connection, list(wanted))
            for reference, found in known.items():
                if any(found[name] != value for name, value in wanted[reference].items()):
                    raise _other_contents(reference)
            fresh = [
                {**row, "received_at": now, "order_id": None, "returned_reference": None, "returned_at": None}
                for reference, row in wanted.items()
                if reference not in known
            ]
            names = [column.name for column in schema.funds_receipts.columns]
            insert_rows(
                connection, schema.funds_receipts, [tuple(row[name] for name in names) for row in fresh]
            )
        rows = {**known, **{row["reference"]: row for row in fresh}}
        return tuple(_receipt_from(rows[line.reference]) for line in lines)

    def match(self, order_id: str, reference: str, *, actor: str) -> MintOrder:
        """`requested` to `funded`: this line of the bank's statement pays for that order.

        Raises `FundsAlreadyMatched` if the line paid for another order or went back,
        `ThirdPartyPayment` if the payer isn't the customer, `FundsMismatch` unless amount and
        currency are exactly the order's, and what `orders.step_many` raises; `actor` is a `TREASURER`.
        """
        with self.unit.writing() as connection:
            self._match(connection, {order_id: reference}, actor)
            (funded,) = read_orders(connection, [order_id])
        return cast("MintOrder", funded)  # only their machine knows FUNDED

    def match_many(self, lines: Mapping[str, str], *, actor: str) -> None:
        """Orders and the references of the lines that pay for them, all or none. As `match`."""
        with self.unit.writing() as connection:
            self._match(connection, lines, actor)

    def _match(self, connection: Connection, lines: Mapping[str, str], actor: str) -> None:
        orders = locked_orders(connection, list(lines))
        receipts = _receipt_rows(connection, list(lines.values()), lock=True)
        paid: dict[str, str] = {}
        for order_id, reference in lines.items():
            receipt = receipts.get(reference)
            if receipt is None:
                raise NotFound(
                    f"no bank line {reference!r}: record it with funds.receive", reference=reference
                )
            if paid.setdefault(reference, order_id) != order_id:
                raise FundsAlreadyMatched(
                    f"bank line {reference} can't pay for {paid[reference]} and {order_id}",
                    reference=reference,
                )
            _check_match(orders[order_id], receipt)
        advance(
            connection,
            list(lines),
            State.FUNDED,
            actor=actor,
            role=Role.TREASURER,
            at=self.clock.now(),
            evidence={
                order_id: audit.receipt_digest(receipts[reference]) for order_id, reference in lines.items()
            },
            recorded_by="funds.match",
        )
        if lines:
            rows = [{"line": reference, "order": order_id} for reference, order_id in paid.items()]
            connection.execute(_PAYS_FOR, rows)

    def mark_returned(self, reference: str, *, payment_reference: str) -> FundsReceipt:
        """Records that the money went back to its payer under `payment_reference`.

        Raises `IllegalTransition` while an order that may still be minted stands on it, and
        `FundsAlreadyMatched` if it went back before, or another line did by that payment.
        """
        checks.one_line(payment_reference, what="payment reference")
        with self.unit.writing() as connection:
            # The order before its money, as in `match`: opposite sequences would block each other.
            order_id = _receipt(connection, reference).order_id
            orders = locked_orders(connection, [order_id] if order_id is not None else [])
            receipt = _receipt_row(connection, reference, lock=True)
            if receipt is None or receipt["order_id"] != order_id:
                raise FundsAlreadyMatched(
                    f"bank line {reference} was matched to an order just now: look at it again",
                    reference=reference,
                )
            if receipt["returned_reference"] is not None:
                raise FundsAlreadyMatched(
                    f"bank line {reference} went back before, by {receipt['returned_reference']}",
                    reference=reference,
                )
            for order in orders.values():
                if order["state"] not in _MONEY_GOES_BACK:
                    raise IllegalTransition(
                        f"bank line {reference} pays for order {order['id']}, which is {order['state']}: "
                        "end the order before the money goes back",
                        order=order["id"],
                        source=order["state"],
                    )
            other = connection.scalar(_RETURNED_BY, {"payment": payment_reference})
            if other is not None:
                raise FundsAlreadyMatched(
                    f"payment {payment_reference} brought back bank line {other}: each line goes back by a "
                    "payment of its own",
                    reference=other,
                )
            connection.execute(
                sa.update(schema.funds_receipts)
                .where(schema.funds_receipts.c.reference == reference)
                .values(returned_reference=payment_reference, returned_at=self.clock.now())
            )
            return _receipt(connection, reference)

    def get(self, reference: str) -> FundsReceipt:
        """The line. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _receipt(connection, reference)

    def unmatched(self) -> tuple[FundsReceipt, ...]:
        """Money that hasn't gone back and belongs to no order, or to one that ended, oldest first."""
        table, orders = schema.funds_receipts, schema.orders
        ended = sa.select(orders.c.id).where(orders.c.state.in_(_MONEY_GOES_BACK))
        query = (
            sa.select(table)
            .where(
                sa.or_(table.c.order_id.is_(None), table.c.order_id.in_(ended)),
                table.c.returned_reference.is_(None),
            )
            .order_by(table.c.received_at, table.c.reference)
        )
        with self.unit.reading() as connection:
            return tuple(_receipt_from(row) for row in connection.execute(query).mappings())


@dataclass(frozen=True, slots=True)
class Payouts:
    """Redemptions paid out, as the bank confirmed them: one payment for each, ever."""

    unit: Unit
    clock: Clock

    def record(
        self, order_id: str, *, reference: str, amount: Amount, paid_at: datetime | None, actor: str
    ) -> Payout:
        """`burned` to `paid`: the bank confirms the payment `reference` to the order's bank account. Without
        `paid_at` it was paid now.

        Raises `PayoutAlreadyRecorded` if the redemption was paid or the reference used,
        `FundsMismatch` unless amount and currency are exactly the order's, `InvalidInput` for a payment
        in the future, and what `orders.step_many` raises; `actor` is a `TREASURER`, another person than
        maker and checker.
        """
        now = self.clock.now()
        paid_at = now if paid_at is None else checks.aware(paid_at, what="paid_at")
        if paid_at > now:
            raise InvalidInput(
                f"paid_at {paid_at.isoformat()} is after now ({now.isoformat()}): a payout is recorded once "
                "the bank has confirmed it"
            )
        row: dict[str, Any] = {
            "reference": checks.one_line(reference, what="payment reference"),
            "order_id": order_id,
            **_money_columns(amount),
            "paid_at": paid_at,
            "recorded_at": now,
        }
        with self.unit.writing() as connection:
            order = locked_orders(connection, [order_id])[order_id]
            _check_unpaid(connection, order_id, reference)
            _check_amount(order, amount, what=f"payment {reference}")
            row["bank_account"] = order["bank_account"] or _only_account(connection, order)
            advance(
                connection,
                [order_id],
                State.PAID,
                actor=actor,
                role=Role.TREASURER,
                at=row["recorded_at"],
                evidence=audit.payout_digest(row),
                recorded_by="payouts.record",
            )
            connection.execute(sa.insert(schema.payouts), [row])
            return _payout(connection, order_id)

    def get(self, order_id: str) -> Payout:
        """The payout of a redemption. Raises `NotFound`."""
        with self.unit.reading() as connection:
            return _payout(connection, order_id)

    def all(self) -> tuple[Payout, ...]:
        """Every payout, oldest first."""
        table = schema.payouts
        with self.unit.reading() as connection:
            rows = connection.execute(sa.select(table).order_by(table.c.recorded_at, table.c.reference))
            return tuple(_payout_from(row) for row in rows.mappings())


def _money_columns(amount: Amount) -> dict[str, Any]:
    checks.positive(amount, what="amount")
    if amount.decimals != minor_units(amount.unit):
        raise InvalidInput(
            f"amount {amount.display()} must be in {amount.unit}'s own decimals: use Amount.money"
        )
    return {"amount": amount.base_units, "decimals": amount.decimals, "currency": amount.unit}


def _check_match(order: RowMapping, receipt: RowMapping) -> None:
    reference = receipt["reference"]
    if receipt["order_id"] is not None or receipt["returned_reference"] is not None:
        used = receipt["order_id"] or f"its payer, by {receipt['returned_reference']}"
        raise FundsAlreadyMatched(
            f"bank line {reference} already went to {used}: the same money can't pay twice",
            reference=reference,
        )
    if not receipt["payer_matches"]:
        raise ThirdPartyPayment(
            f"bank line {reference} was paid by somebody else than the customer: return it",
            reference=reference,
        )
    if order["kind"] == OrderKind.MINT:
        _check_amount(order, _receipt_from(receipt).amount, what=f"bank line {reference}")


def _check_amount(order: RowMapping, paid: Amount, *, what: str) -> None:
    ordered = Amount.from_base_units(order["amount"], unit=order["unit"], decimals=order["decimals"])
    if paid.unit != order["currency"] or paid.value != ordered.value:
        raise FundsMismatch(
            f"{what} is {paid.display()}, order {order['id']} is {ordered.display()} in "
            f"{order['currency']}: the two must agree to the last unit",
            order=order["id"],
            paid=paid,
            ordered=ordered,
        )


def _only_account(connection: Connection, order: RowMapping) -> str:
    """Where a recovered redemption is paid to: the chain doesn't know, so it must be the only account."""
    table = schema.bank_accounts
    query = sa.select(table.c.reference).where(
        table.c.investor == order["investor"], table.c.currency == order["currency"]
    )
    found = connection.execute(query).scalars().all()
    if len(found) != 1:
        raise NotFound(
            f"redemption {order['id']} was rebuilt from the chain, which knows no bank account, and "
            f"investor {order['investor']} has {len(found)} in {order['currency']}: onboard them again with "
            "the one that the money goes to",
            order=order["id"],
            investor=order["investor"],
        )
    return str(found[0])


def _check_unpaid(connection: Connection, order_id: str, reference: str) -> None:
    audit.lock(connection)  # two payments under one reference must not pass each other
    table = schema.payouts
    found = connection.execute(
        sa.select(table).where(sa.or_(table.c.order_id == order_id, table.c.reference == reference))
    ).mappings()
    for row in found:
        raise PayoutAlreadyRecorded(
            f"payment {row['reference']} already paid redemption {row['order_id']}: "
            f"redemption {order_id} and payment {reference} can't be used again",
            order=row["order_id"],
            reference=row["reference"],
        )


def _line_row(line: BankLine) -> dict[str, Any]:
    if isinstance(line.value_date, datetime) or not isinstance(line.value_date, date):
        raise InvalidInput(f"value date {line.value_date!r} must be a date")
    if line.payer_matches is not True and line.payer_matches is not False:
        raise InvalidInput(
            f"payer_matches {line.payer_matches!r} must be True or False: no answer is no match"
        )
    return {
        "reference": checks.one_line(line.reference, what="bank line"),
        **_money_columns(line.amount),
        "payer_matches": line.payer_matches,
        "value_date": line.value_date,
    }


def _other_contents(reference: str) -> IdempotencyConflict:
    return IdempotencyConflict(
        f"bank line {reference} is in the ledger with other contents: correct the import, a line never "
        "changes",
        reference=reference,
    )


def _receipt_rows(
    connection: Connection, references: Sequence[str], *, lock: bool = False
) -> dict[str, RowMapping]:
    query = _LOCKED_RECEIPTS if lock else _RECEIPTS
    found = connection.execute(query, {"references": references}).mappings()
    return {row["reference"]: row for row in found}


def _receipt_row(connection: Connection, reference: str, *, lock: bool = False) -> RowMapping | None:
    return _receipt_rows(connection, [reference], lock=lock).get(reference)


def _receipt(connection: Connection, reference: str) -> FundsReceipt:
    row = _receipt_row(connection, reference)
    if row is None:
        raise NotFound(f"no bank line {reference!r}", reference=reference)
    return _receipt_from(row)


def _receipt_from(row: Any) -> FundsReceipt:
    return FundsReceipt(
        reference=row["reference"],
        amount=Amount.from_base_units(row["amount"], unit=row["currency"], decimals=row["decimals"]),
        payer_matches=row["payer_matches"],
        value_date=row["value_date"],
        received_at=row["received_at"],
        order_id=row["order_id"],
        returned_reference=row["returned_reference"],
        returned_at=row["returned_at"],
    )


def _payout(connection: Connection, order_id: str) -> Payout:
    table = schema.payouts
    row = connection.execute(sa.select(table).where(table.c.order_id == order_id)).mappings().one_or_none()
    if row is None:
        raise NotFound(f"no payout of order {order_id!r} is recorded", order=order_id)
    return _payout_from(row)


def _payout_from(row: RowMapping) -> Payout:
    return Payout(
        reference=row["reference"],
        order_id=row["order_id"],
        bank_account=row["bank_account"],
        amount=Amount.from_base_units(row["amount"], unit=row["currency"], decimals=row["decimals"]),
        paid_at=row["paid_at"],
        recorded_at=row["recorded_at"],
    )
