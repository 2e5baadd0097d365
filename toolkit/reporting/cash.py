"""The bank's lines of a day beside the ledger's receipts, payouts and returns, one by one.

A line and a receipt are the same thing when the bank's id of the line, or its end-to-end reference, is the
receipt's reference; amount and day alone never match anything (trap X9). A transfer between two of the desk's
own accounts matches itself: the same reference, the other direction.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

from toolkit.amounts import minor_units
from toolkit.reporting.figures import AccountFigures, Flow
from toolkit.reporting.identities import CASH, DUPLICATE, Finding

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from toolkit.ledger.as_of import Received
    from toolkit.ledger.bank_lines import BankLine
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.figures import CutOffFigures

__all__ = ["CashDay", "is_in_reserve", "match_day"]


@dataclass(slots=True)
class CashDay:
    """The accounts over the day, what was found, and the digests of the statements used."""

    accounts: list[AccountFigures] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    statements: list[LedgerRecord] = field(default_factory=list)


def match_day(
    ledger: Ledger,
    cut_off: CutOffFigures,
    *,
    matched_to: CutOffFigures | None,
    is_business_day: bool,
    currency: str,
    through: int,
) -> CashDay:
    """Matches the lines and the ledger's money since `matched_to` (None: ever), each against the other.

    What was imported after the event `through` isn't looked at, so that the day recomputes when it came late.
    """
    return _Matching(ledger, cut_off, matched_to, is_business_day, currency, through).run()


def is_in_reserve(
    ledger: Ledger, receipts: Sequence[Received], day: date, *, through: int
) -> dict[str, bool]:
    """Whether each receipt's money lies in a reserve account at the end of `day`, by the statements recorded
    by the event `through`. Where no line says, it does: then it counts as a liability.
    """
    statements = ledger.bank_lines.statements(through=through)
    purposes, ids = _purposes(statements), {record.id for record in statements}
    named = ledger.bank_lines.named(item.reference for item in receipts)
    lines = _by_name(line for line in named if line.statement in ids)
    found: dict[str, bool] = {}
    for item in receipts:
        known = [line for line in lines[item.reference] if line.entry.booked_on <= day]
        inside = [purposes[line.account] == "RESERVE" and line.entry.direction == "credit" for line in known]
        found[item.reference] = any(inside) or not known
    return found


class _Matching:
    def __init__(
        self,
        ledger: Ledger,
        cut_off: CutOffFigures,
        matched_to: CutOffFigures | None,
        is_business_day: bool,
        currency: str,
        through: int,
    ) -> None:
        self._ledger = ledger
        self._day = cut_off.day
        self._until = cut_off.instant
        self._after = matched_to
        self._is_business_day = is_business_day
        self._currency = currency
        self._statements = ledger.bank_lines.statements(through=through)
        self._known = {record.id for record in self._statements}
        self._result = CashDay()

    def run(self) -> CashDay:
        bank, as_of, until = self._ledger.bank_lines, self._ledger.as_of, self._until
        after = None if self._after is None else self._after.instant
        received = [item for item in as_of.received(after=after, until=until) if item.value_date <= self._day]
        wanted = {item.reference for item in received}
        wanted |= {item.returned_reference or "" for item in as_of.returned(after=after, until=until)}
        wanted |= {item.reference for item in as_of.paid(after=after, until=until)}
        by_account: dict[str, list[LedgerRecord]] = defaultdict(list)
        for record in self._statements:
            by_account[record.data["account"]].append(record)
        if not by_account and wanted:
            self._find(
                f"bank/none/{self._day}",
                f"the ledger has {len(wanted)} movements of money and no bank statement",
            )
        since = None if self._after is None else self._after.day
        lines = {
            account: self._of_then(bank.booked(account, after=since, until=self._day))
            for account in sorted(by_account)
        }
        every = [line for found in lines.values() for line in found]
        unmatched = self._lines(every)
        missing = self._missing(wanted - {name for line in every for name in _names(line)})
        for account, found in lines.items():
            self._account(account, by_account[account], found, unmatched, missing)
            missing = ()  # said once, of the first account
        return self._result

    def _of_then(self, lines: Iterable[BankLine]) -> list[BankLine]:
        """Those of the statements that were recorded then."""
        return [line for line in lines if line.statement in self._known]

    def _account(
        self,
        account: str,
        records: Sequence[LedgerRecord],
        lines: Sequence[BankLine],
        unmatched: set[tuple[str, str]],
        missing: Sequence[str],
    ) -> None:
        covering = [
            record
            for record in records
            if date.fromisoformat(record.data["opened_on"])
            <= self._day
            <= date.fromisoformat(record.data["closed_on"])
        ]
        opening = self._balance(records, covering)
        today = [line.entry for line in lines if line.entry.booked_on == self._day]
        credit = [entry.minor for entry in today if entry.direction == "credit"]
        debit = [entry.minor for entry in today if entry.direction == "debit"]
        data = records[0].data
        ends = covering[-1].data if covering else None
        closing = opening + sum(credit) - sum(debit)
        if ends is not None and ends["closed_on"] == self._day.isoformat():
            closing = int(ends["closing"])
        self._result.statements += covering
        self._result.accounts.append(
            AccountFigures(
                account=account,
                purpose=data["purpose"],
                currency=data["currency"],
                statements=tuple(record.id for record in covering),
                opening=opening,
                credits=Flow(units=sum(credit), count=len(credit)),
                debits=Flow(units=sum(debit), count=len(debit)),
                closing=closing,
                unmatched=tuple(
                    line.entry.entry for line in lines if (line.account, line.entry.entry) in unmatched
                ),
                missing=tuple(missing),
            )
        )
        if not covering and self._is_business_day:
            self._find(f"bank/{account}/{self._day}", f"no statement of account {account} covers {self._day}")

    def _balance(self, records: Sequence[LedgerRecord], covering: Sequence[LedgerRecord]) -> int:
        """The balance as the day began."""
        if not covering:
            before = [item for item in records if date.fromisoformat(item.data["closed_on"]) < self._day]
            return int(before[-1].data["closing"]) if before else int(records[0].data["opening"])
        if covering[0].data["opened_on"] == self._day.isoformat():
            return int(covering[0].data["opening"])
        lines = self._ledger.bank_lines.lines(covering[0].id)
        earlier = sum(line.entry.signed for line in lines if line.entry.booked_on < self._day)
        return int(covering[0].data["opening"]) + earlier

    def _lines(self, lines: Sequence[BankLine]) -> set[tuple[str, str]]:
        """The lines that belong to nothing; the others are held against what they belong to."""
        names = {name for line in lines for name in _names(line)}
        as_of, until = self._ledger.as_of, self._until
        incoming: dict[str, tuple[int, str]] = {}
        outgoing: dict[str, tuple[int, str]] = {}
        for item in as_of.receipts(sorted(names)):
            if item.received_at <= until:
                incoming[item.reference] = (item.minor, item.currency)
            if item.returned_reference and item.returned_at is not None and item.returned_at <= until:
                outgoing[item.returned_reference] = (item.minor, item.currency)
        for paid in as_of.payouts(sorted(names)):
            if paid.paid_at <= until:
                outgoing[paid.reference] = (paid.minor, paid.currency)
        references = {line.entry.reference for line in lines if line.entry.reference}
        twins = _by_name(self._of_then(self._ledger.bank_lines.named(references)) if references else ())
        unmatched: set[tuple[str, str]] = set()
        used: dict[tuple[str, str], str] = {}
        for line in lines:
            if line.entry.reference and any(_is_twin(line, other) for other in twins[line.entry.reference]):
                continue
            known = incoming if line.entry.direction == "credit" else outgoing
            name = next((name for name in _names(line) if name in known), None)
            if name is None or line.entry.reversal:
                unmatched.add((line.account, line.entry.entry))
                continue
            other = used.setdefault((line.entry.direction, name), line.entry.entry)
            if other != line.entry.entry:
                self._find(
                    f"bank/{line.account}/twice/{name}",
                    f"entries {other} and {line.entry.entry} both name {name}: it was paid twice",
                    line.entry.minor,
                    DUPLICATE,
                )
            self._compare(name, line, *known[name])
        return unmatched

    def _compare(self, name: str, line: BankLine, minor: int, currency: str) -> None:
        entry = line.entry
        if entry.currency != currency:
            text = f"{name} is in {entry.currency} at the bank, in {currency} in the ledger"
            self._find(f"bank/{line.account}/{name}", text)
        elif entry.minor != minor:
            text = f"what the bank has of {name} less what the ledger has"
            self._find(f"bank/{line.account}/{name}", text, entry.minor - minor)

    def _missing(self, wanted: set[str]) -> Sequence[str]:
        """Those of the names that no line booked by the end of the day has."""
        lines = _by_name(self._of_then(self._ledger.bank_lines.named(wanted)) if wanted else ())
        return sorted(
            name for name in wanted if not any(line.entry.booked_on <= self._day for line in lines[name])
        )

    def _find(self, subject: str, text: str, minor: int = 0, kind: str = CASH) -> None:
        finding = Finding(kind, subject, "high", minor, self._currency, minor_units(self._currency), text)
        self._result.findings.append(finding)


def _names(line: BankLine) -> tuple[str, ...]:
    entry = line.entry
    return (entry.entry,) if entry.reference is None else (entry.entry, entry.reference)


def _by_name(lines: Iterable[BankLine]) -> dict[str, list[BankLine]]:
    found: dict[str, list[BankLine]] = defaultdict(list)
    for line in lines:
        for name in dict.fromkeys(_names(line)):
            found[name].append(line)
    return found


def _is_twin(line: BankLine, other: BankLine) -> bool:
    """Whether `other` is the other side of a transfer between own accounts."""
    return (
        other.account != line.account
        and other.entry.direction != line.entry.direction
        and (other.entry.minor, other.entry.currency) == (line.entry.minor, line.entry.currency)
        and other.entry.reference == line.entry.reference
    )


def _purposes(records: Iterable[LedgerRecord]) -> dict[str, Any]:
    return {record.data["account"]: record.data["purpose"] for record in records}
