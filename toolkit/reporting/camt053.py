"""Bank statements in ISO 20022's camt.053 (BankToCustomerStatement), versions 001.02 to 001.13.

What is read of a `Stmt`: its `Id`, the account's number and currency, the booked balances `OPBD` (or `PRCD`)
and `CLBD`, and each booked `Ntry`. `CdtDbtInd` says what an entry did to the balance, a reversal included.
An entry that the bank booked as a batch becomes one line for each of its transactions, where their amounts
say so.

The file is read as a stream by the standard library's Expat, entry by entry. A document type declaration is
refused, and with it every entity; nothing outside the file is ever looked up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element
from xml.parsers import expat

from toolkit.ledger.bank_lines import BankEntry, BankStatement
from toolkit.reporting.errors import BadStatement
from toolkit.reporting.statements import money, plain_date, signed_minor

if TYPE_CHECKING:
    from toolkit.amounts import Amount
    from toolkit.reporting.statements import AccountTerms

__all__ = ["read_camt053"]

_NAMESPACE = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(0[2-9]|1[0-3])", re.ASCII)
_DIRECTIONS = {"CRDT": "credit", "DBIT": "debit"}
_MAX_DEPTH = 40


def read_camt053(data: bytes, terms: AccountTerms) -> tuple[BankStatement, ...]:
    """The statements in a file, all of the account of `terms`.

    Raises BadStatement for what isn't camt.053, is truncated, holds a document type, or whose totals differ
    from its entries; InvalidInput for another account's.
    """
    digest = hashlib.sha256(data).hexdigest()
    statements = [_statement(item, entries, terms, digest) for item, entries in _Reader(terms).read(data)]
    if not statements:
        raise BadStatement("the file holds no statement (Stmt)")
    return tuple(statements)


class _Reader:
    """Builds the tree of each statement without its entries, which are turned into lines as they end."""

    def __init__(self, terms: AccountTerms) -> None:
        self._terms = terms
        self._stack: list[Element] = []
        self._text: list[str] = []
        self._entries: list[Element] = []
        self._found: list[tuple[Element, list[Element]]] = []
        self._ended = False

    def read(self, data: bytes) -> Iterator[tuple[Element, list[Element]]]:
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text.append
        try:
            parser.Parse(data, True)
        except expat.ExpatError as error:
            raise BadStatement(f"the file isn't whole XML: {error}; ask the bank for it again") from error
        if not self._ended:
            raise BadStatement("the file is no camt.053: it has no BkToCstmrStmt in ISO 20022's namespace")
        yield from self._found

    def _doctype(self, *_: object) -> None:
        raise BadStatement("the file declares a document type, which no bank statement needs: it is refused")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        namespace, _, local = name.rpartition(" ")
        if not self._stack and (local != "Document" or not _NAMESPACE.fullmatch(namespace)):
            raise BadStatement(
                f"the file begins with {local!r} of {namespace or 'no namespace'!r}: camt.053.001.02 to .13 "
                "is read"
            )
        if len(self._stack) >= _MAX_DEPTH:
            raise BadStatement(f"the file is nested deeper than {_MAX_DEPTH} elements")
        element = Element(local, attributes)
        self._text.clear()
        self._stack.append(element)

    def _end(self, _: str) -> None:
        element = self._stack.pop()
        if not len(element):
            element.text = "".join(self._text).strip()
        self._text.clear()
        if element.tag == "Ntry":
            self._entries.append(element)
        elif element.tag == "Stmt":
            self._found.append((element, self._entries))
            self._entries = []
        elif self._stack:
            self._stack[-1].append(element)
        self._ended = self._ended or element.tag == "BkToCstmrStmt"


def _statement(item: Element, entries: list[Element], terms: AccountTerms, digest: str) -> BankStatement:
    number = _text(item, "Acct/Id/IBAN") or _need(item, "Acct/Id/Othr/Id", "account number")
    terms.require(number)
    opening = _balance(item, ("OPBD", "PRCD"))
    closing = _balance(item, ("CLBD",))
    currency = _text(item, "Acct/Ccy") or closing[1]
    name = _need(item, "Id", "statement id")
    booked = [entry for entry in entries if _is_booked(entry)]
    lines: list[BankEntry] = []
    for position, entry in enumerate(booked, start=1):
        lines += _lines(entry, name, position, currency, terms)
    _check_summary(item, lines, len(entries), currency)
    closed_on = closing[2]
    begins = _text(item, "FrToDt/FrDtTm")
    earliest = min((line.booked_on for line in lines), default=closed_on)
    opened_on = plain_date(begins, what="FrDtTm") if begins else min(earliest, closed_on)
    return BankStatement(
        account=terms.account,
        number=terms.number_reference,
        statement=name,
        purpose=terms.purpose,
        currency=currency,
        opened_on=opened_on,
        closed_on=closed_on,
        opening=opening[0],
        closing=closing[0],
        entries=tuple(lines),
        file_digest=digest,
    )


def _is_booked(entry: Element) -> bool:
    status = _text(entry, "Sts/Cd") or _need(entry, "Sts", "status of an entry")
    return status == "BOOK"


def _lines(
    entry: Element, statement: str, position: int, currency: str, terms: AccountTerms
) -> Iterator[BankEntry]:
    """One line, or one for each transaction of a batch whose amounts add up to the entry's."""
    whole = _amount(entry, currency, "an entry")
    booked_on = _date(entry, "BookgDt", "booking date")
    value_on = _date(entry, "ValDt", "value date") if entry.find("ValDt") is not None else booked_on
    name = _text(entry, "AcctSvcrRef") or _text(entry, "NtryRef") or f"{statement}#{position}"
    details = entry.findall("NtryDtls/TxDtls")
    parts = [money(text, currency, what="a transaction") for text in map(_part, details) if text]
    split = len(details) > 1 and len(parts) == len(details)
    split = split and sum(part.base_units for part in parts) == whole.base_units
    for index, detail in enumerate(details if split else details[:1] or [None], start=1):
        own = None if detail is None else _text(detail, "Refs/EndToEndId")
        yield BankEntry(
            entry=f"{name}/{index}" if split else name,
            direction=_direction(entry),
            minor=(parts[index - 1] if split else whole).base_units,
            currency=currency,
            booked_on=booked_on,
            value_on=value_on,
            reference=None if own in (None, "", "NOTPROVIDED") or (len(details) > 1 and not split) else own,
            remitter=None if detail is None else terms.remitter(_other_side(detail, _direction(entry))),
            reversal=_text(entry, "RvslInd") in ("true", "1"),
        )


def _part(detail: Element) -> str | None:
    return _text(detail, "Amt") or _text(detail, "AmtDtls/TxAmt/Amt")


def _other_side(detail: Element, direction: str) -> str | None:
    party = "DbtrAcct" if direction == "credit" else "CdtrAcct"
    return _text(detail, f"RltdPties/{party}/Id/IBAN") or _text(detail, f"RltdPties/{party}/Id/Othr/Id")


def _balance(item: Element, codes: tuple[str, ...]) -> tuple[int, str, date]:
    """A booked balance in smallest units, its currency and its date."""
    for code in codes:
        for balance in item.findall("Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") == code:
                amount = balance.find("Amt")
                currency = "" if amount is None else amount.get("Ccy", "")
                value = signed_minor(_need(balance, "Amt", code), currency, what=f"balance {code}")
                sign = 1 if _direction(balance) == "credit" else -1
                return sign * value, currency, _date(balance, "Dt", f"date of {code}")
    raise BadStatement(
        f"statement {_text(item, 'Id')!r} has no balance {' or '.join(codes)}: it is truncated, or an "
        "interim report"
    )


def _check_summary(item: Element, lines: list[BankEntry], entries: int, currency: str) -> None:
    """The bank's own counts and sums, where it gives them."""
    count = _text(item, "TxsSummry/TtlNtries/NbOfNtries")
    if count and count != str(entries):
        raise BadStatement(
            f"statement {_text(item, 'Id')!r} states {count} entries and holds {entries}: it is truncated"
        )
    for tag, direction in (("TtlCdtNtries", "credit"), ("TtlDbtNtries", "debit")):
        stated = _text(item, f"TxsSummry/{tag}/Sum")
        found = sum(line.minor for line in lines if line.direction == direction)
        if stated and signed_minor(stated, currency, what=f"sum of {direction}s") != found:
            raise BadStatement(
                f"statement {_text(item, 'Id')!r} states {direction}s of {stated} {currency} and its entries "
                f"sum to {found} in smallest units: it is truncated or wrong"
            )


def _amount(item: Element, currency: str, what: str) -> Amount:
    return money(_need(item, "Amt", what), currency, what=what)


def _direction(item: Element) -> str:
    indicator = _need(item, "CdtDbtInd", "credit or debit")
    if indicator not in _DIRECTIONS:
        raise BadStatement(f"CdtDbtInd {indicator!r} is neither CRDT nor DBIT")
    return _DIRECTIONS[indicator]


def _date(item: Element, path: str, what: str) -> date:
    return plain_date(_text(item, f"{path}/Dt") or _text(item, f"{path}/DtTm"), what=what)


def _text(item: Element, path: str) -> str | None:
    return item.findtext(path) or None


def _need(item: Element, path: str, what: str) -> str:
    text = _text(item, path)
    if text is None:
        raise BadStatement(f"{what}: the file has no {path} in {item.tag}")
    return text
