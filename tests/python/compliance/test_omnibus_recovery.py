"""The recovery of an omnibus wallet: the tokens by the case, and their owners with them (W15, X10)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from support.databases import Databases
from support.ledgers import ALICE, BOB, CHECKER, COMPLIANCE, MAKER, WORKER, address, reference
from support.memory_suite import COIN, OTHER_COMPLIANCE, REGISTRAR, SHARE, CaseFixture, Killed, digest

from toolkit.compliance.errors import WalletNotReady
from toolkit.errors import InvalidInput, NotEligible
from toolkit.ledger import Role
from toolkit.ledger.errors import ClientsNotSettled, NotAnOmnibusWallet
from toolkit.ledger.record_words import RecordKind, RecordState

OLD, NEW = address(30), address(40)
ANN, BEN = reference(11), reference(12)
COINS, SHARES = {ANN: 600_000, BEN: 400_000}, {ANN: 1, BEN: 249_999}


class Pool(CaseFixture):
    """An omnibus wallet of customer 1 with two clients, in the coin and in a share class."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.book = self.ledger.omnibus
        self.new_wallet(30, kind="omnibus")
        for token, parts in ((COIN, COINS), (SHARE, SHARES)):
            self.home.balances[token, OLD] = sum(parts.values())
            self.home.registered.add(OLD)
            asked = self.book.allocate(
                OLD, token, parts, total=sum(parts.values()), key=f"first {token}", maker=MAKER
            )
            self.book.approve(asked.id, checker=CHECKER)

    def held(self, wallet: str, token: str = COIN) -> dict[str, int]:
        return {item.client: item.held for item in self.book.positions(wallet, token)}

    def proven(self) -> None:
        self.reported("REC-1", wallet=OLD)
        self.new_wallet(40, kind="omnibus")
        self.office.recoveries.prove("REC-1", wallet=NEW, by=CHECKER)


@pytest.fixture
def pool(sqlite_databases: Databases) -> Iterator[Pool]:
    fixture = Pool(sqlite_databases.ledger())
    yield fixture
    fixture.ledger.verify()
    fixture.ledger.close()


@pytest.fixture
def either_pool(databases: Databases) -> Iterator[Pool]:
    fixture = Pool(databases.ledger())
    yield fixture
    fixture.ledger.verify()
    fixture.ledger.close()


def test_x10_the_clients_follow_the_tokens_to_the_base_unit(either_pool: Pool) -> None:
    pool = either_pool
    supplies = [pool.home.supply(token) for token in (COIN, SHARE)]
    before = pool.ledger.head().seq
    pool.proven()
    record = pool.approved("REC-1")
    assert record.state is RecordState.REGISTER_POSTED
    assert (pool.held(NEW), pool.held(NEW, SHARE)) == (COINS, SHARES)
    assert (pool.held(OLD), pool.held(OLD, SHARE)) == ({}, {})
    for token, parts in ((COIN, COINS), (SHARE, SHARES)):
        assert pool.home.balances[token, NEW] == sum(parts.values())
        assert pool.home.balances[token, OLD] == 0
        then = pool.book.look_through(OLD, token, through=before)  # what an earlier day's proof is made from
        assert {item.client: item.held for item in then} == parts
        assert pool.book.look_through(NEW, token, through=before) == ()
    assert [pool.home.supply(token) for token in (COIN, SHARE)] == supplies
    moves = pool.ledger.record_book.find(RecordKind.CLIENT_MOVE)
    assert [(item.data["what"], item.data["wallet"], item.data["case"]) for item in moves] == [
        ("move_out", OLD, "REC-1"),
        ("move_in", NEW, "REC-1"),
    ] * 2
    again = pool.ledger.omnibus_moves.move(OLD, NEW, tokens=(COIN, SHARE), case="REC-1", actor=WORKER)
    assert {item.data["what"] for item in again} == {"move_out"}
    assert len(pool.ledger.record_book.find(RecordKind.CLIENT_MOVE)) == 4


def test_x10_tokens_on_their_way_to_their_clients_are_nobody_elses(pool: Pool) -> None:
    pool.proven()
    pool.approved("REC-1", people=(COMPLIANCE, REGISTRAR, ALICE))
    pool.home.kill = (2, True)
    with pytest.raises(Killed):
        pool.approved("REC-1", people=(BOB,))
    assert (pool.home.balances[COIN, NEW], pool.held(NEW)) == (1_000_000, {})
    with pytest.raises(NotEligible, match="takes a lost wallet's clients over"):
        pool.book.allocate(NEW, COIN, {ANN: 1}, total=1, key="x", maker=MAKER)
    pool.office.recoveries.resume()
    assert pool.held(NEW) == COINS
    pool.book.allocate(NEW, COIN, {ANN: 1}, total=1, key="x", maker=MAKER)


def test_a_kill_between_the_tokens_and_their_owners_is_gone_on_with(pool: Pool) -> None:
    pool.proven()
    pool.approved("REC-1", people=(COMPLIANCE, REGISTRAR, ALICE))
    pool.home.kill = (2, True)  # registered, the coin moved, the shares moved
    with pytest.raises(Killed):
        pool.approved("REC-1", people=(BOB,))
    assert (pool.held(OLD), pool.held(NEW)) == (COINS, {})
    pool.office.recoveries.resume()
    assert pool.office.recoveries.get("REC-1").state is RecordState.REGISTER_POSTED
    assert (pool.held(OLD), pool.held(NEW)) == ({}, COINS)
    assert pool.office.recoveries.resume() == ()


@pytest.mark.parametrize("what", ["pending in", "pending out", "locked", "asked"])
def test_nothing_moves_while_something_of_a_clients_is_under_way(pool: Pool, what: str) -> None:
    if what == "pending in":
        waiting = pool.book.announce(OLD, COIN, ANN, 5, key="in", maker=MAKER).id
    elif what == "pending out":
        waiting = pool.book.reserve(OLD, COIN, ANN, 5, key="out", maker=MAKER).id
    elif what == "locked":
        pool.book.lock(OLD, COIN, ANN, 5, case="CASE-9", actor=COMPLIANCE)
    else:
        waiting = pool.book.transfer(OLD, COIN, ANN, BEN, 5, key="t", maker=MAKER).id
    pool.proven()
    assert pool.approved("REC-1").state is RecordState.APPROVED
    (alarm,) = pool.office.recoveries.overdue()
    assert "clients_not_settled" in alarm.message
    assert pool.home.balances[COIN, OLD] == 1_000_000
    if what == "locked":
        pool.book.unlock(OLD, COIN, ANN, case="CASE-9", actor=OTHER_COMPLIANCE)
    else:
        pool.book.retract(waiting, by=MAKER, role=Role.MAKER, reason="the wallet is lost")
    (record,) = pool.office.recoveries.resume()
    assert record.state is RecordState.REGISTER_POSTED
    assert pool.held(NEW) == COINS


def test_nothing_is_asked_of_a_lost_wallets_clients(pool: Pool) -> None:
    asked = pool.book.transfer(OLD, COIN, ANN, BEN, 5, key="before", maker=MAKER)
    pool.office.recoveries.report("REC-1", wallet=OLD, by=MAKER, evidence=digest("report"))
    with pytest.raises(NotEligible, match="reported lost"):
        pool.book.approve(asked.id, checker=CHECKER)
    with pytest.raises(NotEligible, match="reported lost"):
        pool.book.transfer(OLD, COIN, ANN, BEN, 5, key="after", maker=MAKER)
    assert pool.book.transfer(OLD, COIN, ANN, BEN, 5, key="before", maker=MAKER) == asked
    pool.office.recoveries.reject("REC-1", by=COMPLIANCE, reason="the report was false")
    pool.office.recoveries.restore("REC-1", by=CHECKER)
    pool.book.approve(asked.id, checker=CHECKER)
    assert pool.held(OLD) == {ANN: 599_995, BEN: 400_005}


def test_only_an_omnibus_wallet_replaces_one_and_no_other_wallet(pool: Pool) -> None:
    pool.reported("REC-1", wallet=OLD)
    pool.new_wallet(41)
    with pytest.raises(WalletNotReady, match="the other way round"):
        pool.office.recoveries.prove("REC-1", wallet=address(41), by=CHECKER)
    pool.reported("REC-2", customer=2)
    pool.new_wallet(42, customer=2, kind="omnibus")
    with pytest.raises(WalletNotReady, match="the other way round"):
        pool.office.recoveries.prove("REC-2", wallet=address(42), by=CHECKER)


def test_a_move_that_cannot_be_whole_is_none(pool: Pool) -> None:
    moves = pool.ledger.omnibus_moves
    pool.new_wallet(41)
    pool.new_wallet(40, kind="omnibus")
    before = pool.ledger.head()
    with pytest.raises(InvalidInput, match="its own clients"):
        moves.move(OLD, OLD, tokens=(COIN, SHARE), case="C", actor=WORKER)
    with pytest.raises(NotAnOmnibusWallet):
        moves.move(OLD, address(41), tokens=(COIN, SHARE), case="C", actor=WORKER)
    for tokens in ((COIN,), (SHARE,)):  # a suite was opened without the fund, or the fund's alone
        with pytest.raises(ClientsNotSettled, match="no token of the suites"):
            moves.move(OLD, NEW, tokens=tokens, case="C", actor=WORKER)
    assert pool.ledger.head() == before
    assert replace(pool.book.position(OLD, COIN, ANN), available=0).is_empty
