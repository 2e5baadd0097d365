"""The cash that a reserve report states, beside what the bank's statements say of the same account and day.

A line belongs to an account by the custodian's reference, which the policy ties to the desk's name of the
account; a reference that is that name needs no policy. The nominal is what is stated to lie there, and no
more than that can count.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from toolkit.reporting.figures import CashFigures
from toolkit.reserves.positions import folded

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reserves.report import Position, ReserveReport

__all__ = ["ReserveAccount", "reserve_cash"]

_AT_A_BANK = frozenset({"CASH", "DEPOSIT"})


@dataclass(frozen=True, slots=True)
class ReserveAccount:
    """An account whose statements the policy says must be imported.

    `account` is the desk's name of it, `reference` the custodian's, as the reserve report's lines have it;
    `custodian` says whose reference that is (None: whoever's).
    """

    account: str
    reference: str
    custodian: str | None = None

    def has(self, line: Position) -> bool:
        """Whether the line lies on this account."""
        same = folded(line.custodian_reference) == folded(self.reference)
        return same and (self.custodian is None or folded(line.custodian) == folded(self.custodian))


def reserve_cash(
    ledger: Ledger,
    report: ReserveReport | None,
    accounts: Sequence[ReserveAccount],
    day: date,
    *,
    is_business_day: Callable[[date], bool],
    through: int,
) -> tuple[CashFigures, ...]:
    """Each account with what the report states of it, and the bank's balance at the end of `day`, the
    report's.

    Compared are the policy's accounts, and every reserve account imported by the event `through` whose name a
    line has as its reference. Without a report there is nothing to compare.
    """
    if report is None:
        return ()
    by_account: dict[str, list[LedgerRecord]] = defaultdict(list)
    for record in ledger.bank_lines.statements(through=through):
        by_account[record.data["account"]].append(record)
    policy = {item.account: item for item in accounts}
    named = [
        ReserveAccount(name, name)
        for name, records in by_account.items()
        if name not in policy and records[0].data["purpose"] == "RESERVE"
    ]
    found = []
    for item in sorted([*accounts, *named], key=lambda item: item.account):
        lines = [line for line in report.positions if line.asset_class in _AT_A_BANK and item.has(line)]
        if not lines and item.account not in policy:
            continue
        records = by_account.get(item.account, [])
        balance, statement = _balance(ledger, records, day, is_business_day)
        found.append(
            CashFigures(
                account=item.account,
                reference=item.reference,
                day=day,
                lines=tuple(line.line_id for line in lines),
                currency=report.currency,
                line_currencies=tuple(sorted({line.currency for line in lines})),
                stated=sum(report.money(line.nominal).base_units for line in lines),
                bank_currency=records[0].data["currency"] if records else None,
                statement=statement,
                balance=balance,
            )
        )
    return tuple(found)


def _balance(
    ledger: Ledger, records: Sequence[LedgerRecord], day: date, is_business_day: Callable[[date], bool]
) -> tuple[int | None, str | None]:
    """The balance at the end of the day and the statement that has it. A day that is no business day has the
    one before's; of a business day that no statement covers none is known.
    """
    at = day
    while True:
        for record in records:
            opened, closed = (date.fromisoformat(record.data[name]) for name in ("opened_on", "closed_on"))
            if opened <= at <= closed:
                lines = ledger.bank_lines.lines(record.id)
                moved = sum(line.entry.signed for line in lines if line.entry.booked_on <= at)
                return int(record.data["opening"]) + moved, record.id
        if not records or is_business_day(at):
            return None, None
        at -= timedelta(days=1)
