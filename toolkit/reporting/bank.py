"""Taking the bank's statements into the ledger, and telling the desk of the money in them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from toolkit.ledger.machines import Role
from toolkit.ledger.money import BankLine as ReceiptLine
from toolkit.reporting.camt053 import read_camt053
from toolkit.reporting.csv_statement import read_csv_statement
from toolkit.reporting.errors import BadStatement
from toolkit.reporting.statements import AccountTerms

if TYPE_CHECKING:
    from toolkit.ledger.bank_lines import BankEntry, BankStatement
    from toolkit.ledger.ledger import Ledger
    from toolkit.ledger.records import FundsReceipt, LedgerRecord

__all__ = ["Imported", "account_terms", "customer_credits", "import_statements", "read_statements"]

_MAX_FILE_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Imported:
    """One statement of a file: its record, and whether it is new or was there before."""

    record: LedgerRecord
    is_new: bool


def account_terms(ledger: Ledger, account: str, *, purpose: str, number: str, secret: bytes) -> AccountTerms:
    """The terms under which statements of `account` are read: customers' accounts are those of the ledger."""
    return AccountTerms(account, purpose, number, secret, ledger.as_of.is_bank_account)


def read_statements(
    data: bytes, terms: AccountTerms, *, day: date | None = None
) -> tuple[BankStatement, ...]:
    """The statements of a camt.053 or CSV file. With `day`, exactly one that covers that day and no other.

    Raises BadStatement, InvalidInput.
    """
    if len(data) > _MAX_FILE_BYTES:
        raise BadStatement(f"the file is larger than {_MAX_FILE_BYTES} bytes")
    is_xml = data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")
    found = read_camt053(data, terms) if is_xml else (read_csv_statement(data, terms),)
    for item in found:
        if day is not None and (item.opened_on, item.closed_on) != (day, day):
            raise BadStatement(
                f"statement {item.statement} is of {item.opened_on} to {item.closed_on}, not of {day}: it "
                "is the wrong day's; nothing was taken in",
                statement=item.statement,
            )
    return found


def import_statements(
    ledger: Ledger,
    data: bytes,
    terms: AccountTerms,
    *,
    by: str,
    role: Role = Role.FINANCE,
    day: date | None = None,
) -> tuple[Imported, ...]:
    """Takes a file's statements into the ledger, all of them or none; the same file again changes nothing.

    Raises BadStatement for a file that is damaged or of another day, and what `bank_lines.record` raises.
    """
    statements = sorted(read_statements(data, terms, day=day), key=lambda item: item.opened_on)
    with ledger.transaction() as tx:
        taken = [tx.bank_lines.record(item, actor=by, role=role) for item in statements]
    return tuple(Imported(record, is_new) for record, is_new in taken)


def customer_credits(
    ledger: Ledger,
    statements: Sequence[BankStatement],
    payer_matches: Callable[[BankEntry], bool],
) -> tuple[FundsReceipt, ...]:
    """Records customers' deposits among the statements' credits as money received, under the bank's own ids.

    The desk matches them to orders afterwards. `payer_matches` says whether the payer is the customer whose
    order the entry names: False where that isn't known, so that the money goes back and mints nothing (trap
    X8). What was received before is left as it is; reversals are no deposits. Raises what
    `funds.receive_many` raises.
    """
    lines = [
        ReceiptLine(item.entry, item.amount, payer_matches(item), item.value_on)
        for statement in statements
        for item in statement.entries
        if item.direction == "credit" and not item.reversal
    ]
    known = {item.reference for item in ledger.as_of.receipts([line.reference for line in lines])}
    return ledger.funds.receive_many([line for line in lines if line.reference not in known])
