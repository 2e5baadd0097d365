"""List files: read whole or refused whole, and what is adopted of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.databases import run_sql
from support.ledgers import COMPLIANCE, NOON, TREASURER, Fixture, address, reference

from toolkit.compliance.errors import ListMalformed, ListTruncated
from toolkit.compliance.lists import ListFile, list_data
from toolkit.compliance.screening import ListScreener
from toolkit.errors import InvalidInput, LedgerTampered, NotAuthorised
from toolkit.ledger import RecordState
from toolkit.ledger.errors import ListConflict, ListOutdated, ScreeningImpossible
from toolkit.ledger.lists import EntryKind, ScreeningPolicy

REAL = Path(__file__).parents[2] / "data" / "sanctions" / "ofac-sanctioned-eth-2024-09-27.json"
DAY = datetime(2026, 11, 20, tzinfo=UTC)


def content(*entries: dict[str, str], version: str = "1", dated: datetime = DAY, **changed: Any) -> bytes:
    data = list_data("ofac-eth", version, dated, list(entries)) | changed
    return json.dumps(data).encode()


def listed(number: int, note: str = "") -> dict[str, str]:
    return {"wallet": address(number), "note": note} if note else {"wallet": address(number)}


def test_the_real_list_is_read_whole() -> None:
    found = ListFile.load(REAL, name="ofac-eth", version="2024-09-27", dated=date(2024, 9, 27))
    assert len(found.entries) == 152
    assert found.dated == datetime(2024, 9, 27, tzinfo=UTC)
    assert {entry.kind for entry in found.entries} == {EntryKind.WALLET}
    # In lower case at the source, in its EIP-55 form here.
    assert "0x1967D8Af5Bd86A497fb3DD7899A020e47560dAAF" in {entry.value for entry in found.entries}


def test_the_desks_own_form_names_wallets_and_investors() -> None:
    found = ListFile.read(content(listed(1, "SDN 1"), {"investor": reference(2)}))
    assert [(entry.kind, entry.value, entry.note) for entry in found.entries] == [
        (EntryKind.WALLET, address(1), "SDN 1"),
        (EntryKind.INVESTOR, reference(2), ""),
    ]
    assert (found.name, found.version, found.dated) == ("ofac-eth", "1", DAY)


@pytest.mark.parametrize(
    ("file", "refusal"),
    [
        (content(listed(1), listed(2))[:-20], ListTruncated),
        (content(listed(1), listed(2), count=3), ListTruncated),
        (content(listed(1), listed(2), digest="0" * 64), ListTruncated),
        (content(listed(1), listed(2), entries=[listed(1)]), ListTruncated),
        (content({"wallet": address(1)[:-1]}), ListMalformed),
        (content({"wallet": address(0xABCDEF).swapcase()}), ListMalformed),
        (content({"investor": "Somebody"}), ListMalformed),
        (content({"wallet": address(1), "investor": reference(1)}), ListMalformed),
        (content({"name": "Somebody"}), ListMalformed),
        (content(listed(1), listed(1)), ListMalformed),
        (content(), ListMalformed),
        (content(listed(1), dated=DAY).replace(b"2026-11-20T00:00:00Z", b"yesterday"), ListMalformed),
        (b'["' + address(1).encode() + b'"]', ListMalformed),
        (b'"a text"', ListMalformed),
        (b"\xff\xfe", ListTruncated),
    ],
)
def test_a_file_with_anything_wrong_is_refused(file: bytes, refusal: type[Exception]) -> None:
    with pytest.raises(refusal):
        ListFile.read(file)


def test_a_file_is_held_against_what_its_source_says_of_it() -> None:
    whole = REAL.read_bytes()
    with pytest.raises(ListTruncated, match="its source says"):
        ListFile.read(whole, name="ofac-eth", version="1", dated=DAY, sha256="0" * 64)
    with pytest.raises(ListMalformed, match="version is 1, and 2"):
        ListFile.read(content(listed(1)), version="2")
    with pytest.raises(ListMalformed, match="wrong checksum"):
        ListFile.read(b'["0x01e2919679362dfBC9ee1644Ba9C6da6D6245BB1"]', name="a", version="1", dated=DAY)


def adopt(books: Fixture, file: bytes, by: str = COMPLIANCE) -> Any:
    return ListScreener(books.ledger, worker="worker").adopt(file, by=by)


def test_a_version_takes_the_place_of_the_one_before(either: Fixture) -> None:
    books = either
    adopt(books, content(listed(8)))
    adopt(books, content(listed(9), version="2", dated=DAY + timedelta(days=1)))
    (held,) = books.ledger.lists.in_force()
    assert (held.list, held.version) == ("ofac-eth", "2")
    assert books.ledger.lists.matching([address(8), address(9)]) == {address(9): ("ofac-eth/2",)}
    first, second = (books.ledger.record_book.get(f"list/ofac-eth/{version}") for version in "12")
    assert (first.state, second.state) == (RecordState.SUPERSEDED, RecordState.IN_FORCE)
    assert second.data["count"] == 1
    assert books.ledger.lists.entries("ofac-eth", "1")[0].value == address(8)
    books.ledger.verify()


@pytest.mark.parametrize(
    ("file", "refusal"),
    [
        (content(listed(9), version="3", dated=DAY - timedelta(days=1)), ListOutdated),
        (content(listed(9), version="2"), ListConflict),
        (content(listed(7), dated=DAY - timedelta(days=1)), ListOutdated),
        (content(listed(9), version="4", dated=NOON + timedelta(days=1)), InvalidInput),
        (content(listed(9), version="4")[:-3], ListTruncated),
    ],
)
def test_a_refused_file_leaves_the_list_in_force_and_an_alarm(
    books: Fixture, file: bytes, refusal: type[Exception]
) -> None:
    adopt(books, content(listed(7), dated=DAY - timedelta(days=1)))
    adopt(books, content(listed(8), version="2"))
    before = books.ledger.lists.in_force()
    with pytest.raises(refusal):
        adopt(books, file)
    assert books.ledger.lists.in_force() == before
    (alarm,) = books.ledger.alerts.find(RecordState.OPEN)
    assert (alarm.data["rule"], alarm.data["severity"]) == ("list_refused", "high")
    assert alarm.data["due_at"] > alarm.data["opened_at"]
    with pytest.raises(refusal):
        adopt(books, file)
    assert len(books.ledger.alerts.find()) == 1  # the same file again is the same alarm
    books.ledger.verify()


def test_the_same_again_confirms_that_it_is_current(books: Fixture) -> None:
    adopt(books, content(listed(8)))
    books.clock.advance(timedelta(hours=20))
    adopt(books, content(listed(8)))
    (held,) = books.ledger.lists.in_force()
    assert (held.adopted_at, held.confirmed_at) == (NOON, NOON + timedelta(hours=20))
    books.ledger.verify()


def test_record_and_table_agree_while_the_clock_goes_on(books: Fixture) -> None:
    standing = books.clock.now

    def ticking() -> datetime:
        books.clock.advance(timedelta(microseconds=1))
        return standing()

    books.clock.now = ticking  # type: ignore[method-assign]
    adopt(books, content(listed(8)))
    adopt(books, content(listed(8)))
    books.ledger.verify()


def test_only_compliance_adopts_and_retires(books: Fixture) -> None:
    with pytest.raises(NotAuthorised):
        adopt(books, content(listed(8)), by=TREASURER)
    assert books.ledger.lists.in_force() == ()
    adopt(books, content(listed(8)))
    with pytest.raises(NotAuthorised):
        books.ledger.lists.retire("ofac-eth", by=TREASURER, reason="no longer wanted")
    books.ledger.lists.retire("ofac-eth", by=COMPLIANCE, reason="the source ends; replaced by another")
    with pytest.raises(ScreeningImpossible):
        books.ledger.lists.require_current()
    with pytest.raises(ListOutdated):
        adopt(books, content(listed(8)))
    books.ledger.verify()


def test_a_list_that_nobody_confirmed_lets_nothing_pass(books: Fixture) -> None:
    assert books.ledger.lists.require_current() == ()  # none adopted, none required
    books.ledger.lists.set_policy(ScreeningPolicy(required=True), by=COMPLIANCE, reason="licence condition")
    with pytest.raises(ScreeningImpossible):
        books.mint()
    adopt(books, content(listed(8)))
    books.mint("key-1")
    books.clock.advance(timedelta(hours=24))
    books.mint("key-2")
    books.clock.advance(timedelta(seconds=1))
    with pytest.raises(ScreeningImpossible, match="last taken in"):
        books.mint("key-3")
    adopt(books, content(listed(8)))
    books.mint("key-3")
    oldest = ScreeningPolicy(max_list_age=timedelta(days=3))
    books.ledger.lists.set_policy(oldest, by=COMPLIANCE, reason="the source publishes daily")
    with pytest.raises(ScreeningImpossible):
        books.mint("key-4")
    with pytest.raises(InvalidInput):
        ScreeningPolicy(max_age=timedelta(0))


@pytest.mark.parametrize(
    "edit",
    [
        f"UPDATE list_entries SET value = '{address(77)}'",
        "DELETE FROM list_entries",
        "UPDATE list_entries SET note = 'no longer meant'",
        "UPDATE lists_in_force SET version = '0'",
        "DELETE FROM lists_in_force",
    ],
)
def test_an_edited_list_is_found(books: Fixture, edit: str) -> None:
    adopt(books, content(listed(8)))
    books.ledger.verify()
    run_sql(books.url, edit)
    with pytest.raises(LedgerTampered, match="list/ofac-eth"):
        books.ledger.verify()
