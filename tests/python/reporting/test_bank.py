"""Bank files: camt.053 in its versions and CSV, what is read of them, and everything that refuses them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from support.ledgers import Fixture

from toolkit.errors import InvalidInput
from toolkit.ledger import Role
from toolkit.reporting.bank import customer_credits, import_statements, read_statements
from toolkit.reporting.errors import BadStatement
from toolkit.reporting.statements import AccountTerms, account_reference

IBAN = "GB33BUKB20201555555555"
SECRET = b"k" * 32
TERMS = AccountTerms("reserve-usd", "RESERVE", IBAN, SECRET, lambda text: text == "account-1")
DAY = date(2026, 11, 20)


def camt(version: str = "08", entries: str | None = None, closing: str = "1130.00", **changes: str) -> bytes:
    status = "<Sts>BOOK</Sts>" if version < "04" else "<Sts><Cd>BOOK</Cd></Sts>"
    party = "<Dbtr><Nm>Ada Payer</Nm></Dbtr>"
    if version >= "08":
        party = "<Dbtr><Pty><Nm>Ada Payer</Nm></Pty></Dbtr>"
    body = entries
    if body is None:
        body = f"""
      <Ntry><NtryRef>1</NtryRef><Amt Ccy="USD">100.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>{status}
        <BookgDt><Dt>2026-11-20</Dt></BookgDt><ValDt><Dt>2026-11-19</Dt></ValDt>
        <AcctSvcrRef>BANK-1</AcctSvcrRef>
        <NtryDtls><TxDtls><Refs><EndToEndId>FPS-1</EndToEndId></Refs>
          <RltdPties>{party}<DbtrAcct><Id><IBAN>DE00 1234</IBAN></Id></DbtrAcct></RltdPties>
        </TxDtls></NtryDtls></Ntry>
      <Ntry><Amt Ccy="USD">50.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><RvslInd>true</RvslInd>{status}
        <BookgDt><DtTm>2026-11-20T10:00:00+08:00</DtTm></BookgDt>
        <AcctSvcrRef>BANK-2</AcctSvcrRef></Ntry>
      <Ntry><Amt Ccy="USD">20.00</Amt><CdtDbtInd>DBIT</CdtDbtInd>{status}
        <BookgDt><Dt>2026-11-20</Dt></BookgDt><NtryDtls><TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>
          <RltdPties><CdtrAcct><Id><Othr><Id>account-1</Id></Othr></Id></CdtrAcct></RltdPties>
        </TxDtls></NtryDtls></Ntry>"""
    parts = {"head": "", "iban": IBAN, "summary": "", "opening": "1000.00"} | changes
    return f"""<?xml version="1.0" encoding="UTF-8"?>
{parts["head"]}<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">
  <BkToCstmrStmt><GrpHdr><MsgId>M</MsgId><CreDtTm>2026-11-21T01:00:00</CreDtTm></GrpHdr>
    <Stmt><Id>S-1</Id><CreDtTm>2026-11-21T01:00:00</CreDtTm>
      <Acct><Id><IBAN>{parts["iban"]}</IBAN></Id><Ccy>USD</Ccy></Acct>
      <Bal><Tp><CdOrPrtry><Cd>OPBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{parts["opening"]}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>
      <Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="USD">{closing}</Amt>
        <CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-20</Dt></Dt></Bal>
      {parts["summary"]}{body}
    </Stmt></BkToCstmrStmt></Document>""".encode()


def simple(amount: str, extra: str = "", status: str = "<Sts><Cd>BOOK</Cd></Sts>") -> str:
    return (
        f'<Ntry><Amt Ccy="USD">{amount}</Amt><CdtDbtInd>CRDT</CdtDbtInd>{status}'
        f"<BookgDt><Dt>2026-11-20</Dt></BookgDt><AcctSvcrRef>BANK-1</AcctSvcrRef>{extra}</Ntry>"
    )


@pytest.mark.parametrize("version", ["02", "04", "08", "13"])
def test_a_statement_is_read_in_every_version(version: str) -> None:
    (found,) = read_statements(camt(version), TERMS, day=DAY)
    assert (found.statement, found.currency, found.opening, found.closing) == ("S-1", "USD", 100_000, 113_000)
    assert (found.opened_on, found.closed_on) == (DAY, DAY)
    first, second, third = found.entries
    assert (first.entry, first.reference, first.direction) == ("BANK-1", "FPS-1", "credit")
    assert (first.booked_on, first.value_on) == (DAY, date(2026, 11, 19))
    assert (second.reversal, second.signed) == (True, 5_000)
    assert (third.entry, third.reference, third.signed) == ("S-1#3", None, -2_000)


def test_no_name_and_no_account_number_is_kept() -> None:
    (found,) = read_statements(camt(), TERMS)
    assert found.entries[0].remitter == account_reference(SECRET, "de001234")
    assert found.entries[2].remitter == "account-1"
    kept = repr(found)
    assert "Ada" not in kept
    assert "1234" not in kept
    assert IBAN not in kept


def test_pending_entries_are_no_movements() -> None:
    pending = simple("10.00") + simple("99.00", status="<Sts><Cd>PDNG</Cd></Sts>")
    (found,) = read_statements(camt(entries=pending, closing="1010.00"), TERMS)
    assert [item.signed for item in found.entries] == [1_000]


def test_a_batch_becomes_a_line_for_each_transaction() -> None:
    details = "".join(
        f'<TxDtls><Refs><EndToEndId>FPS-{n}</EndToEndId></Refs><Amt Ccy="USD">{n}.00</Amt></TxDtls>'
        for n in (1, 2)
    )
    (found,) = read_statements(
        camt(entries=simple("3.00", f"<NtryDtls>{details}</NtryDtls>"), closing="1003.00"), TERMS
    )
    assert [(item.entry, item.reference, item.signed) for item in found.entries] == [
        ("BANK-1/1", "FPS-1", 100),
        ("BANK-1/2", "FPS-2", 200),
    ]
    (whole,) = read_statements(
        camt(entries=simple("4.00", f"<NtryDtls>{details}</NtryDtls>"), closing="1004.00"), TERMS
    )
    assert [(item.entry, item.reference) for item in whole.entries] == [("BANK-1", None)]


_DTD = '<!DOCTYPE Document [<!ENTITY x "y"><!ENTITY e SYSTEM "file:///etc/hostname">]>\n'


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (camt()[:-40], "isn't whole XML"),
        (camt(head=_DTD), "document type"),
        (camt().replace(b"camt.053.001.08", b"camt.052.001.08"), "camt.053.001.02 to .13"),
        (camt().replace(b"CLBD", b"ITBD"), "no balance CLBD"),
        (camt().replace(b">100.00<", b">100.005<"), "more decimals"),
        (camt().replace(b"<CdtDbtInd>DBIT", b"<CdtDbtInd>BOTH"), "neither CRDT nor DBIT"),
        (camt().replace(b"<Dt>2026-11-19</Dt>", b"<Dt>19 Nov</Dt>"), "no date"),
        (
            camt(summary="<TxsSummry><TtlNtries><NbOfNtries>4</NbOfNtries></TtlNtries></TxsSummry>"),
            "truncated",
        ),
        (camt(summary="<TxsSummry><TtlCdtNtries><Sum>1.00</Sum></TtlCdtNtries></TxsSummry>"), "sum to 15000"),
        (b"<a/>", "begins with 'a'"),
        (b"", "truncated|columns"),
    ],
    ids=["cut", "dtd", "camt052", "interim", "decimals", "indicator", "date", "count", "sum", "xml", "empty"],
)
def test_a_file_that_is_damaged_or_another_is_refused(data: bytes, match: str) -> None:
    with pytest.raises(BadStatement, match=match):
        read_statements(data, TERMS)


def test_another_account_s_statement_is_refused() -> None:
    with pytest.raises(InvalidInput, match="another account"):
        read_statements(camt(iban="GB00OTHER"), TERMS)


def test_a_statement_of_the_wrong_day_is_refused() -> None:
    with pytest.raises(BadStatement, match="the wrong day's"):
        read_statements(camt(), TERMS, day=date(2026, 11, 21))


CSV = (
    "record,entry,booked_on,value_on,direction,amount,currency,reference,account,reversal\n"
    f"OPENING,S-1,2026-11-20,,,-5.00,USD,,{IBAN},\n"
    "ENTRY,E-1,2026-11-20,2026-11-20,credit,10.00,USD,FPS-1,account-1,\n"
    "ENTRY,,2026-11-20,,debit,2.50,USD,,,yes\n"
    "CLOSING,2,2026-11-20,,,2.50,USD,,,\n"
)


def test_a_csv_statement_is_read() -> None:
    (found,) = read_statements(CSV.encode(), TERMS, day=DAY)
    assert (found.opening, found.closing) == (-500, 250)
    assert [(item.entry, item.signed, item.reversal) for item in found.entries] == [
        ("E-1", 1_000, False),
        ("S-1#2", -250, True),
    ]


@pytest.mark.parametrize(
    ("old", "new", "match"),
    [
        ("CLOSING,2,2026-11-20,,,2.50,USD,,,\n", "", "OPENING to CLOSING"),
        ("CLOSING,2", "CLOSING,3", "states '3' entries"),
        ("yes\n", "", "hasn't 10 fields"),
        ("record,", "kind,", "first line must name"),
        ("credit", "sideways", "neither credit nor debit"),
        ("10.00,USD", "10.00,HKD", "is in 'HKD'"),
        (",10.00", ",1e1", "plain decimal"),
        ("yes", "maybe", "neither yes nor no"),
    ],
    ids=["cut", "count", "fields", "header", "direction", "currency", "exponent", "reversal"],
)
def test_a_csv_that_is_damaged_is_refused(old: str, new: str, match: str) -> None:
    with pytest.raises(BadStatement, match=match):
        read_statements(CSV.replace(old, new).encode(), TERMS)


@pytest.fixture
def desk(sqlite_databases: Any) -> Any:
    fixture = Fixture(sqlite_databases.ledger())
    fixture.ledger.persons.add("finance-1", label="of finance", roles=[Role.FINANCE])
    yield fixture
    fixture.ledger.close()


def test_x9_the_same_file_twice_changes_nothing(desk: Fixture) -> None:
    terms = AccountTerms("reserve-usd", "RESERVE", IBAN, SECRET, desk.ledger.as_of.is_bank_account)
    (first,) = import_statements(desk.ledger, camt(), terms, by="finance-1")
    head = desk.ledger.head()
    (again,) = import_statements(desk.ledger, camt(), terms, by="finance-1", day=DAY)
    assert (first.is_new, again.is_new, again.record) == (True, False, first.record)
    assert desk.ledger.head() == head


def test_x8_and_x9_deposits_become_receipts_once_and_a_stranger_s_pays_for_nothing(desk: Fixture) -> None:
    entries = simple("10.00") + simple("10.00").replace("BANK-1", "BANK-2")
    found = read_statements(camt(entries=entries, closing="1020.00"), TERMS)

    def payer_matches(entry: Any) -> bool:
        return bool(entry.entry == "BANK-1")

    receipts = customer_credits(desk.ledger, found, payer_matches)
    assert [(item.reference, item.payer_matches) for item in receipts] == [
        ("BANK-1", True),
        ("BANK-2", False),
    ]
    assert customer_credits(desk.ledger, found, payer_matches) == ()
    assert len(desk.ledger.funds.unmatched()) == 2
