"""What the readers of bank statements have in common: whose account it is, and who is on the other side.

No name and no account number of a customer is kept: the other party's account becomes a keyed reference,
unless it is the desk's own reference of a registered account already.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from toolkit.amounts import Amount, minor_units, parse_decimal
from toolkit.errors import InvalidInput
from toolkit.reporting.errors import BadStatement

__all__ = ["AccountTerms", "account_reference", "money", "plain_date", "signed_minor"]


@dataclass(frozen=True, slots=True)
class AccountTerms:
    """One of the desk's accounts: its name in the ledger, what it is for, and the bank's number of it.

    `purpose` is one of `toolkit.ledger.bank_lines.PURPOSES`. `secret` keys the references of accounts;
    `is_known` says whether a text is the reference of a registered customer's account.
    """

    account: str
    purpose: str
    number: str
    secret: bytes
    is_known: Callable[[str], bool]

    def remitter(self, number: str | None) -> str | None:
        """How the other party's account is referred to; None where the bank doesn't say."""
        if number is None or self.is_known(number):
            return number
        return account_reference(self.secret, number)

    @property
    def number_reference(self) -> str:
        return account_reference(self.secret, self.number)

    def require(self, number: str) -> None:
        """Raises InvalidInput unless the statement is of this account."""
        if _folded(number) != _folded(self.number):
            raise InvalidInput(
                f"the statement is of another account than {self.account}: its number ends in "
                f"{number[-4:]!r}, {self.account}'s in {self.number[-4:]!r}",
                account=self.account,
            )


def account_reference(secret: bytes, number: str) -> str:
    """The keyed reference of an account: HMAC-SHA-256, so that it can't be found by trying numbers."""
    digest = hmac.new(secret, b"bank account " + _folded(number).encode(), hashlib.sha256)
    return "acct-" + digest.hexdigest()[:32]


def money(text: str, currency: str, *, what: str) -> Amount:
    """A positive amount of money as text. Raises BadStatement."""
    try:
        return Amount.money(text, currency)
    except InvalidInput as error:
        raise BadStatement(f"{what}: {error.message}") from error


def signed_minor(text: str | Decimal, currency: str, *, what: str) -> int:
    """A balance in smallest units, which may be negative. Raises BadStatement."""
    try:
        value = parse_decimal(text, what=what)
        return Amount.parse(value, unit=currency, decimals=minor_units(currency), signed=True).base_units
    except InvalidInput as error:
        raise BadStatement(f"{what}: {error.message}") from error


def plain_date(text: str | None, *, what: str) -> date:
    """A date, of which a time of day is left out. Raises BadStatement."""
    try:
        return date.fromisoformat((text or "")[:10])
    except ValueError as error:
        raise BadStatement(f"{what} {text!r} is no date") from error


def _folded(number: str) -> str:
    return "".join(number.split()).upper()
