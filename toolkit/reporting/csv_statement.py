"""Bank statements as CSV, for banks that have no camt.053: one account, one statement, whole or not at all.

The columns are `record, entry, booked_on, value_on, direction, amount, currency, reference, account,
reversal`. The first row's record is OPENING: `entry` is the statement's id, `booked_on` its first booking
day, `amount` the balance before it, `account` the bank's number of the account. Then a row ENTRY for each
line, `account` being the other party's. The last row is CLOSING: `entry` is how many entries there are,
`booked_on` the last booking day, `amount` the balance after it. A file that was cut short has no CLOSING.
"""

from __future__ import annotations

import csv
import hashlib
import io
from collections.abc import Mapping
from typing import TYPE_CHECKING

from toolkit.amounts import Amount, minor_units
from toolkit.ledger.bank_lines import BankEntry, BankStatement
from toolkit.reporting.errors import BadStatement
from toolkit.reporting.statements import money, plain_date, signed_minor

if TYPE_CHECKING:
    from toolkit.reporting.statements import AccountTerms

__all__ = ["COLUMNS", "read_csv_statement", "write_csv_statement"]

COLUMNS = (
    "record",
    "entry",
    "booked_on",
    "value_on",
    "direction",
    "amount",
    "currency",
    "reference",
    "account",
    "reversal",
)

Row = Mapping[str, str]


def read_csv_statement(data: bytes, terms: AccountTerms) -> BankStatement:
    """The statement in a file, of the account of `terms`.

    Raises BadStatement for a file that is truncated, isn't in the format or doesn't add up; InvalidInput for
    another account's.
    """
    rows = _rows(data)
    if len(rows) < 2 or rows[0]["record"] != "OPENING" or rows[-1]["record"] != "CLOSING":
        raise BadStatement("the file doesn't run from OPENING to CLOSING: it is truncated, ask for it again")
    first, *lines, last = rows
    terms.require(first["account"])
    currency = first["currency"]
    if last["entry"] != str(len(lines)):
        raise BadStatement(f"CLOSING states {last['entry']!r} entries and the file holds {len(lines)}")
    entries = tuple(
        _entry(row, position, first["entry"], currency, terms) for position, row in enumerate(lines, start=1)
    )
    return BankStatement(
        account=terms.account,
        number=terms.number_reference,
        statement=first["entry"],
        purpose=terms.purpose,
        currency=currency,
        opened_on=plain_date(first["booked_on"], what="OPENING's day"),
        closed_on=plain_date(last["booked_on"], what="CLOSING's day"),
        opening=signed_minor(first["amount"], currency, what="OPENING's balance"),
        closing=signed_minor(last["amount"], currency, what="CLOSING's balance"),
        entries=entries,
        file_digest=hashlib.sha256(data).hexdigest(),
    )


def write_csv_statement(statement: BankStatement, number: str) -> bytes:
    """The statement of the account `number` in the format above, e.g. to stand in for a bank's."""
    places = {"currency": statement.currency}
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow(
        {
            "record": "OPENING",
            "entry": statement.statement,
            "booked_on": statement.opened_on,
            "amount": _balance(statement, statement.opening),
            "account": number,
            **places,
        }
    )
    for item in statement.entries:
        writer.writerow(
            {
                "record": "ENTRY",
                "entry": item.entry,
                "booked_on": item.booked_on,
                "value_on": item.value_on,
                "direction": item.direction,
                "amount": str(item.amount),
                "reference": item.reference or "",
                "account": item.remitter or "",
                "reversal": "yes" if item.reversal else "",
                **places,
            }
        )
    writer.writerow(
        {
            "record": "CLOSING",
            "entry": len(statement.entries),
            "booked_on": statement.closed_on,
            "amount": _balance(statement, statement.closing),
            **places,
        }
    )
    return text.getvalue().encode()


def _balance(statement: BankStatement, minor: int) -> str:
    places = minor_units(statement.currency)
    return str(Amount.from_base_units(minor, unit=statement.currency, decimals=places, signed=True))


def _rows(data: bytes) -> list[dict[str, str]]:
    try:
        text = data.decode("utf-8-sig")
        reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadStatement(f"the first line must name the columns {', '.join(COLUMNS)}")
        rows = list(reader)
    except (UnicodeDecodeError, csv.Error) as error:
        raise BadStatement(f"the file is no CSV in UTF-8: {error}") from error
    for number, row in enumerate(rows, start=2):
        if None in row or None in row.values():
            raise BadStatement(
                f"line {number} hasn't {len(COLUMNS)} fields: the file is truncated or damaged"
            )
    return rows


def _entry(row: Row, position: int, statement: str, currency: str, terms: AccountTerms) -> BankEntry:
    where = f"entry {position}"
    if row["record"] != "ENTRY":
        raise BadStatement(f"{where}: the record is {row['record']!r}, not ENTRY")
    if row["currency"] != currency:
        raise BadStatement(f"{where} is in {row['currency']!r}, the account in {currency}")
    if row["direction"] not in ("credit", "debit"):
        raise BadStatement(f"{where}: the direction {row['direction']!r} is neither credit nor debit")
    if row["reversal"] not in ("", "no", "yes"):
        raise BadStatement(f"{where}: reversal {row['reversal']!r} is neither yes nor no")
    booked_on = plain_date(row["booked_on"], what=f"{where}: booked_on")
    return BankEntry(
        entry=row["entry"] or f"{statement}#{position}",
        direction=row["direction"],
        minor=money(row["amount"], currency, what=where).base_units,
        currency=currency,
        booked_on=booked_on,
        value_on=plain_date(row["value_on"], what=f"{where}: value_on") if row["value_on"] else booked_on,
        reference=row["reference"] or None,
        remitter=terms.remitter(row["account"] or None),
        reversal=row["reversal"] == "yes",
    )
