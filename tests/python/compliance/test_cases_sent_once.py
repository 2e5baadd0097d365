"""Of two workers that would take the same tokens under the same case, one sends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.databases import Databases
from support.ledgers import Fixture, address, hash32

from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.journal import JournalEntry, Outcome
from toolkit.errors import StillPending
from toolkit.ledger import Transaction
from toolkit.ledger.records import Deployment
from toolkit.ledger.transactions import LaneJournal

ONE, OTHER = address(2001), address(2002)
WORDS = "force a transfer at 0x01 under case FRZ-1"


@pytest.fixture
def desk(databases: Databases) -> Iterator[Fixture]:
    fixture = Fixture(databases.ledger())
    fixture.ledger.bind(Deployment(31337, address(77), "0xaa"))
    yield fixture
    fixture.ledger.close()


def journal(desk: Fixture, lane: str) -> LaneJournal:
    desk.ledger.lanes.add(lane, name=f"compliance {lane}", purpose="compliance")
    lease = desk.ledger.lanes.lease([lane], holder=f"worker of {lane}")
    return desk.ledger.journal(lane, lease)


def entry(lane: str, number: int, words: str = WORDS) -> JournalEntry:
    return JournalEntry(31337, lane, 0, from_hex(hash32(number)), b"\x02" + bytes([number]), words)


def sole(tx: Transaction, found: JournalEntry) -> None:
    tx.transactions.require_sole(to_hex(found.hash))


def test_the_second_of_two_workers_sends_nothing(desk: Fixture) -> None:
    one, other = journal(desk, ONE), journal(desk, OTHER)
    first = entry(ONE, 1)
    with one.alongside(sole):
        one.record(first)
    with pytest.raises(StillPending, match="nothing new was sent"), other.alongside(sole):
        other.record(entry(OTHER, 2))
    assert other.unfinished() == []
    with one.alongside(sole):  # a replacement under the same nonce is the same transaction
        one.record(replace(first, hash=from_hex(hash32(3)), raw=b"\x02\x03"))
    with other.alongside(sole):  # another case is another thing
        other.record(entry(OTHER, 4, "force a transfer at 0x01 under case FRZ-2"))


@pytest.mark.parametrize(("outcome", "again"), [(Outcome.REVERTED, True), (Outcome.MINED, False)])
def test_what_reverted_may_be_sent_again_and_what_was_mined_may_not(
    desk: Fixture, outcome: Outcome, again: bool
) -> None:
    one, other = journal(desk, ONE), journal(desk, OTHER)
    with one.alongside(sole):
        one.record(entry(ONE, 1))
    one.finish(entry(ONE, 1).hash, outcome)
    if again:
        with other.alongside(sole):
            other.record(entry(OTHER, 2))
        assert len(other.unfinished()) == 1
    else:
        with pytest.raises(StillPending), other.alongside(sole):
            other.record(entry(OTHER, 2))
