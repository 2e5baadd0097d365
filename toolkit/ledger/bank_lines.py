"""The bank's statements, line by line, as the bank stated them.

A statement comes in whole or not at all. The bank's own id names an entry on its account, so that the same
file twice changes nothing and two deposits alike in amount and day stay two (trap X9). The document of a
statement's record carries the digest of its lines, and so binds them to the chain of events.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from toolkit.amounts import Amount, is_whole, minor_units
from toolkit.calendar import Clock
from toolkit.errors import IdempotencyConflict, InvalidInput
from toolkit.ledger import audit, checks
from toolkit.ledger.bulk import Among, insert_rows
from toolkit.ledger.canonical import digester
from toolkit.ledger.errors import StatementGap
from toolkit.ledger.machines import Role
from toolkit.ledger.record_book import RecordBook
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.ledger.schema_reporting import bank_lines
from toolkit.ledger.store import Joined, Unit

__all__ = ["PURPOSES", "BankEntry", "BankLine", "BankLines", "BankStatement", "lines_digest"]

PURPOSES = ("RESERVE", "CLIENT_MONEY", "OPERATING")
"""What an account is for. Only what lies in a reserve account is inside the pool."""

_LINE_FIELDS = (
    "account",
    "entry",
    "position",
    "direction",
    "amount",
    "currency",
    "booked_on",
    "value_on",
    "reference",
    "remitter",
    "reversal",
)
_DIGEST_LINE = digester(_LINE_FIELDS)
_LINE = [
    bank_lines.c[name]
    for name in (
        "account",
        "statement",
        "entry",
        "direction",
        "amount",
        "currency",
        "booked_on",
        "value_on",
        "reference",
        "remitter",
        "reversal",
    )
]
_LINES_OF = (
    sa.select(*_LINE).where(bank_lines.c.statement == sa.bindparam("wanted")).order_by(bank_lines.c.position)
)
_ROWS_OF = (
    sa.select(bank_lines)
    .where(bank_lines.c.statement == sa.bindparam("wanted"))
    .order_by(bank_lines.c.position)
)
_BY_REFERENCE = sa.select(*_LINE).where(
    sa.or_(Among(bank_lines.c.entry, "names"), Among(bank_lines.c.reference, "names"))
)


class BankEntry(NamedTuple):
    """One line. `entry` is the bank's id of it; `minor` are the currency's smallest units, `direction` is
    `credit` or `debit` as it changed the balance, a `reversal` included. `reference` is the payer's or ours,
    end to end; `remitter` the keyed reference of the other party's account, never a name.
    """

    entry: str
    direction: str
    minor: int
    currency: str
    booked_on: date
    value_on: date
    reference: str | None = None
    remitter: str | None = None
    reversal: bool = False

    @property
    def amount(self) -> Amount:
        """Always positive."""
        return Amount.from_base_units(self.minor, unit=self.currency, decimals=minor_units(self.currency))

    @property
    def signed(self) -> int:
        """What it did to the balance, in the currency's smallest units."""
        return self.minor if self.direction == "credit" else -self.minor


@dataclass(frozen=True, slots=True)
class BankStatement:
    """A statement of `account` for the booking days `opened_on` to `closed_on`, both included.

    `account` is the desk's own name for it, `number` the keyed reference of the bank's. `opening` and
    `closing` are in the currency's smallest units and may be negative. `file_digest` is the sha256 of the
    file it came in.
    """

    account: str
    number: str
    statement: str
    purpose: str
    currency: str
    opened_on: date
    closed_on: date
    opening: int
    closing: int
    entries: tuple[BankEntry, ...]
    file_digest: str

    @property
    def record_id(self) -> str:
        return f"bank/{self.account}/{self.statement}"


@dataclass(frozen=True, slots=True)
class BankLine:
    """An entry with the account and the statement's record that it stands in."""

    account: str
    statement: str
    entry: BankEntry


@dataclass(frozen=True, slots=True)
class BankLines:
    """Statements and their lines."""

    unit: Unit
    clock: Clock

    def record(self, statement: BankStatement, *, actor: str, role: Role) -> tuple[LedgerRecord, bool]:
        """Takes a statement in, and says whether it is new: the same again changes nothing.

        Raises `InvalidInput` for one that doesn't add up, `IdempotencyConflict` for other contents under an
        id that is known, `StatementGap` unless it begins where the account's last one ended, and what
        `record_book.open` raises.
        """
        _check(statement)
        rows = _rows(statement)
        document = _document(statement, rows)
        known = [item for item in self.statements(statement.account) if item.id == statement.record_id]
        if known:
            if known[0].data != document:
                raise IdempotencyConflict(
                    f"statement {statement.statement} of account {statement.account} is recorded with other "
                    "contents: a statement never changes; ask the bank for a correction under an id of its "
                    "own",
                    statement=statement.record_id,
                )
            return known[0], False
        with self.unit.writing() as connection:
            audit.lock(connection)  # one import after another: each has to follow the last
            book = RecordBook(Joined(connection), self.clock)
            _check_follows(
                statement, book.find(RecordKind.BANK_STATEMENT, prefix=f"bank/{statement.account}/")
            )
            _check_new(connection, statement, rows)
            record = book.open(
                statement.record_id,
                RecordKind.BANK_STATEMENT,
                RecordState.RECORDED,
                document,
                actor=actor,
                role=role,
            )
            names = [column.name for column in bank_lines.columns]
            insert_rows(connection, bank_lines, [tuple(row[name] for name in names) for row in rows])
        return record, True

    def statements(
        self, account: str | None = None, *, through: int | None = None
    ) -> tuple[LedgerRecord, ...]:
        """The statements of an account, or of all, oldest first; with `through` those recorded by that
        event.
        """
        prefix = "bank/" if account is None else f"bank/{account}/"
        book = RecordBook(self.unit, self.clock)
        return book.find(RecordKind.BANK_STATEMENT, prefix=prefix, through=through)

    def lines(self, record_id: str) -> tuple[BankLine, ...]:
        """The lines of a statement's record, in its sequence."""
        with self.unit.reading() as connection:
            rows = connection.execute(_LINES_OF, {"wanted": record_id})
            return tuple(map(_line, rows))

    def named(self, names: Iterable[str]) -> tuple[BankLine, ...]:
        """The lines whose entry or reference is one of `names`."""
        wanted = sorted(set(names))
        with self.unit.reading() as connection:
            rows = connection.execute(_BY_REFERENCE, {"names": wanted})
            return tuple(map(_line, rows))

    def booked(self, account: str, *, after: date | None, until: date) -> tuple[BankLine, ...]:
        """The lines of an account booked after the day `after` (None: ever) and by `until`, as they came."""
        column = bank_lines.c.booked_on
        query = (
            sa.select(*_LINE)
            .where(bank_lines.c.account == account, column <= until)
            .order_by(column, bank_lines.c.statement, bank_lines.c.position)
        )
        if after is not None:
            query = query.where(column > after)
        with self.unit.reading() as connection:
            return tuple(map(_line, connection.execute(query)))


def lines_digest(connection: Connection, record_id: str) -> str:
    """The digest over a statement's lines as they are stored now."""
    return _digest(connection.execute(_ROWS_OF, {"wanted": record_id}).mappings())


def _check(statement: BankStatement) -> None:
    checks.one_line(statement.account, what="account", longest=64)
    checks.one_line(statement.statement, what="statement", longest=64)
    if "/" in statement.account:
        raise InvalidInput(f"account {statement.account!r} must be the desk's reference, without a slash")
    if statement.purpose not in PURPOSES:
        raise InvalidInput(f"purpose {statement.purpose!r} must be one of {', '.join(PURPOSES)}")
    minor_units(statement.currency)
    if statement.opened_on > statement.closed_on:
        raise InvalidInput(
            f"the statement begins {statement.opened_on} and ends before, {statement.closed_on}"
        )
    for entry in statement.entries:
        _check_entry(statement, entry)
    moved = sum(entry.signed for entry in statement.entries)
    if statement.opening + moved != statement.closing:
        raise InvalidInput(
            f"statement {statement.statement} opens at {statement.opening} and closes at {statement.closing} "
            f"{statement.currency} minor units, and its {len(statement.entries)} entries sum to {moved}: it "
            "is truncated or wrong; ask the bank for the whole file",
            statement=statement.record_id,
        )


def _check_entry(statement: BankStatement, entry: BankEntry) -> None:
    checks.one_line(entry.entry, what="bank entry")
    for text, what in ((entry.reference, "reference"), (entry.remitter, "remitter")):
        if text is not None:
            checks.one_line(text, what=what)
    if not is_whole(entry.minor) or entry.minor <= 0:
        raise InvalidInput(
            f"entry {entry.entry} moves {entry.minor!r}: a line's amount is above zero, its direction says "
            "which way",
            entry=entry.entry,
        )
    if entry.currency != statement.currency:
        raise InvalidInput(
            f"entry {entry.entry} is in {entry.currency}, the account in {statement.currency}: an "
            "account has one currency",
            entry=entry.entry,
        )
    if entry.direction not in ("credit", "debit"):
        raise InvalidInput(f"entry {entry.entry} is {entry.direction!r}, neither credit nor debit")
    if not statement.opened_on <= entry.booked_on <= statement.closed_on:
        raise InvalidInput(
            f"entry {entry.entry} was booked on {entry.booked_on}, outside the statement's "
            f"{statement.opened_on} to {statement.closed_on}",
            entry=entry.entry,
        )


def _rows(statement: BankStatement) -> list[dict[str, Any]]:
    rows: dict[str, dict[str, Any]] = {}
    for position, entry in enumerate(statement.entries, start=1):
        if entry.entry in rows:
            raise InvalidInput(
                f"entry {entry.entry} stands twice in statement {statement.statement}: the bank's id has to "
                "be an entry's own",
                entry=entry.entry,
            )
        rows[entry.entry] = {
            "account": statement.account,
            "entry": entry.entry,
            "statement": statement.record_id,
            "position": position,
            "direction": entry.direction,
            "amount": entry.minor,
            "currency": statement.currency,
            "booked_on": entry.booked_on,
            "value_on": entry.value_on,
            "reference": entry.reference,
            "remitter": entry.remitter,
            "reversal": entry.reversal,
        }
    return list(rows.values())


def _digest(rows: Iterable[Any]) -> str:
    """One digest over the lines' digests, in sequence."""
    lines = hashlib.sha256()
    for row in rows:
        lines.update(bytes.fromhex(_DIGEST_LINE({**row, "amount": str(row["amount"])})))
    return lines.hexdigest()


def _document(statement: BankStatement, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    return {
        "account": statement.account,
        "number": statement.number,
        "statement": statement.statement,
        "purpose": statement.purpose,
        "currency": statement.currency,
        "opened_on": statement.opened_on.isoformat(),
        "closed_on": statement.closed_on.isoformat(),
        "opening": str(statement.opening),
        "closing": str(statement.closing),
        "entries": len(rows),
        "lines": _digest(rows),
        "file": statement.file_digest,
    }


def _check_follows(statement: BankStatement, earlier: Sequence[LedgerRecord]) -> None:
    if not earlier:
        return
    last = earlier[-1].data
    for name in ("number", "purpose", "currency"):
        if last[name] != getattr(statement, name):
            raise InvalidInput(
                f"account {statement.account} has the {name} {last[name]}, the statement's is "
                f"{getattr(statement, name)}: it belongs to another account, import it under that one's name",
                account=statement.account,
            )
    begins = date.fromisoformat(last["closed_on"]) < statement.opened_on
    if not begins or int(last["closing"]) != statement.opening:
        raise StatementGap(
            f"statement {statement.statement} of account {statement.account} opens on {statement.opened_on} "
            f"at {statement.opening}; the last one recorded, {last['statement']}, closed on "
            f"{last['closed_on']} at {last['closing']}: import the statement between them first",
            statement=statement.record_id,
        )


def _check_new(connection: Connection, statement: BankStatement, rows: Sequence[Mapping[str, Any]]) -> None:
    query = sa.select(bank_lines.c.entry, bank_lines.c.statement).where(
        bank_lines.c.account == statement.account, Among(bank_lines.c.entry, "names")
    )
    known = connection.execute(query, {"names": [row["entry"] for row in rows]}).first()
    if known is not None:
        raise IdempotencyConflict(
            f"entry {known.entry} of account {statement.account} stands in {known.statement} already: the "
            "bank's id names one entry, ask the bank which statement is right",
            entry=known.entry,
        )


def _line(row: Any) -> BankLine:
    return BankLine(row.account, row.statement, BankEntry._make(row[2:]))
