"""Recovery of lost wallets, on two chains in memory: who may, how long it takes, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from support.databases import Databases
from support.ledgers import ALICE, BOB, CHECKER, COMPLIANCE, MAKER, TREASURER, address, reference
from support.memory_suite import (
    COIN,
    OTHER_COMPLIANCE,
    REGISTRAR,
    SHARE,
    CaseFixture,
    Escrow,
    Killed,
    Position,
    digest,
)

from toolkit.compliance.errors import (
    AuthorityMissing,
    CoolingOff,
    InvestorsDiffer,
    SelfRecovery,
    WalletNotReady,
)
from toolkit.compliance.recovery import Recoveries, RecoveryPolicy
from toolkit.errors import ConfigurationError, IllegalTransition, InvalidInput, NotAuthorised, NotEligible
from toolkit.ledger import State
from toolkit.ledger.case_acts import WHOLE_ACCOUNT, ActKind
from toolkit.ledger.errors import NotFound
from toolkit.ledger.record_words import RecordState

OLD, NEW = address(1), address(40)
CHANNELS = {"call-back": digest("call"), "meeting": digest("meeting")}


@pytest.fixture
def desk(sqlite_databases: Databases) -> Iterator[CaseFixture]:
    fixture = CaseFixture(sqlite_databases.ledger())
    yield fixture
    fixture.ledger.verify()
    fixture.ledger.close()


def proven(desk: CaseFixture) -> None:
    desk.reported("REC-1")
    desk.new_wallet(40)
    desk.office.recoveries.prove("REC-1", wallet=NEW, by=CHECKER)


def test_x7_everything_moves_on_every_chain_and_supply_stays(desk: CaseFixture) -> None:
    desk.home.open_escrows = {7: Escrow(7, OLD, 40_000)}
    supplies = [suite.supply(token) for suite in desk.suites for token in (COIN, SHARE)]
    proven(desk)
    record = desk.approved("REC-1")
    assert record.state is RecordState.REGISTER_POSTED
    assert (desk.home.balances[COIN, NEW], desk.home.balances[SHARE, NEW]) == (1_040_000, 500_000)
    assert (desk.away.balances[COIN, NEW], desk.away.balances[SHARE, NEW]) == (1_000_000, 500_000)
    assert [suite.supply(token) for suite in desk.suites for token in (COIN, SHARE)] == supplies
    for suite in desk.suites:
        assert OLD not in suite.registered
        assert NEW in suite.registered
        assert suite.frozen[COIN, OLD] == suite.frozen[SHARE, OLD] == WHOLE_ACCOUNT
    before = {(row["chain"], row["token"]): (row["old"], row["new"]) for row in record.data["before"]}
    after = {(row["chain"], row["token"]): (row["old"], row["new"]) for row in record.data["after"]}
    assert before[31337, "tUSD"] == ("1000000", "0")
    assert after[31337, "tUSD"] == ("0", "1040000")
    closed = desk.office.recoveries.close("REC-1", by=COMPLIANCE, reason="the investor has confirmed")
    assert closed.state is RecordState.CLOSED


def test_the_old_wallet_is_frozen_and_its_orders_held_at_the_report(desk: CaseFixture) -> None:
    order = desk.mint()
    record = desk.office.recoveries.report("REC-1", wallet=OLD, by=MAKER, evidence=digest("report"))
    assert record.state is RecordState.OLD_FROZEN
    for suite in desk.suites:
        assert suite.frozen[COIN, OLD] == suite.frozen[SHARE, OLD] == WHOLE_ACCOUNT
    assert desk.ledger.orders.get(order.id).state is State.ON_HOLD
    with pytest.raises(NotEligible):
        desk.mint("key-2")
    with pytest.raises(InvalidInput, match="reported lost before"):
        desk.office.recoveries.report("REC-2", wallet=OLD, by=MAKER, evidence=digest("report"))


def test_orders_of_the_old_wallet_end_with_the_case(desk: CaseFixture) -> None:
    order = desk.mint()
    proven(desk)
    desk.approved("REC-1")
    assert desk.ledger.orders.get(order.id).state is State.ON_HOLD
    desk.office.recoveries.close("REC-1", by=COMPLIANCE, reason="done")
    assert desk.ledger.orders.get(order.id).state is State.REJECTED


def test_a_chain_that_is_not_reached_keeps_the_case_where_it_is(desk: CaseFixture) -> None:
    desk.away.reachable = False
    record = desk.office.recoveries.report("REC-1", wallet=OLD, by=MAKER, evidence=digest("report"))
    assert record.state is RecordState.REPORTED
    assert desk.home.frozen[COIN, OLD] == WHOLE_ACCOUNT
    with pytest.raises(IllegalTransition):
        desk.office.recoveries.reverify("REC-1", by=CHECKER, channels=CHANNELS)
    assert len(desk.office.recoveries.overdue()) == 1
    desk.away.reachable = True
    (record,) = desk.office.recoveries.resume()
    assert record.state is RecordState.OLD_FROZEN
    assert desk.office.recoveries.overdue() == ()


def test_identity_takes_two_channels_and_another_person(desk: CaseFixture) -> None:
    recoveries = desk.office.recoveries
    recoveries.report("REC-1", wallet=OLD, by=CHECKER, evidence=digest("report"))
    for channels in (
        {"call-back": digest("call")},
        {"call-back": digest("call"), "meeting": digest("call")},
        {"call-back": digest("call"), " ": digest("meeting")},
    ):
        with pytest.raises(InvalidInput):
            recoveries.reverify("REC-1", by=COMPLIANCE, channels=channels)
    with pytest.raises(AuthorityMissing):
        recoveries.reverify("REC-1", by=COMPLIANCE, channels={"call-back": "seen", "meeting": digest("m")})
    with pytest.raises(NotAuthorised):
        recoveries.reverify("REC-1", by=CHECKER, channels=CHANNELS)
    assert recoveries.reverify("REC-1", by=COMPLIANCE, channels=CHANNELS).state is RecordState.COOLING_OFF


def test_nobody_shortens_the_cooling_off(desk: CaseFixture) -> None:
    recoveries = desk.office.recoveries
    recoveries.report("REC-1", wallet=OLD, by=MAKER, evidence=digest("report"))
    recoveries.reverify("REC-1", by=CHECKER, channels=CHANNELS)
    desk.new_wallet(40)
    desk.clock.advance(timedelta(hours=47, minutes=58))
    with pytest.raises(CoolingOff):
        recoveries.prove("REC-1", wallet=NEW, by=MAKER)
    # A process with another policy changes nothing about a case that runs.
    hasty = Recoveries(recoveries._context, RecoveryPolicy(cooling_off=timedelta(hours=24)))
    with pytest.raises(CoolingOff):
        hasty.prove("REC-1", wallet=NEW, by=MAKER)
    desk.clock.advance(timedelta(minutes=1))
    assert recoveries.prove("REC-1", wallet=NEW, by=MAKER).state is RecordState.NEW_WALLET_PROVEN
    with pytest.raises(ConfigurationError):
        RecoveryPolicy(cooling_off=timedelta(hours=23))


def test_a_clock_that_goes_back_stops_the_execution(desk: CaseFixture) -> None:
    proven(desk)
    desk.approved("REC-1", (COMPLIANCE, REGISTRAR, ALICE))
    desk.clock.advance(-timedelta(hours=40))
    assert desk.office.recoveries.approve("REC-1", by=BOB).state is RecordState.APPROVED
    assert "cooling" in desk.office.recoveries.overdue()[0].message
    assert desk.home.balances[COIN, OLD] == 1_000_000


def test_the_new_wallet_is_the_same_investors_and_proven_since_the_report(desk: CaseFixture) -> None:
    earlier = desk.new_wallet(41)
    desk.clock.advance(timedelta(seconds=1))
    desk.reported("REC-1")
    recoveries = desk.office.recoveries
    with pytest.raises(WalletNotReady, match="proven since"):
        recoveries.prove("REC-1", wallet=earlier, by=CHECKER)
    with pytest.raises(WalletNotReady):
        recoveries.prove("REC-1", wallet=OLD, by=CHECKER)
    with pytest.raises(NotFound):
        recoveries.prove("REC-1", wallet=address(999), by=CHECKER)
    desk.ledger.investors.add_wallet(address(42), investor=reference(1), kind="self_custody")
    with pytest.raises(WalletNotReady):
        recoveries.prove("REC-1", wallet=address(42), by=CHECKER)


def test_two_investors_are_never_merged_nor_one_twice(desk: CaseFixture) -> None:
    desk.reported("REC-1")
    theirs = desk.new_wallet(43, customer=2)
    for _ in range(2):
        with pytest.raises(InvestorsDiffer, match="never merged"):
            desk.office.recoveries.prove("REC-1", wallet=theirs, by=CHECKER)
    proven_again = desk.new_wallet(40)
    desk.office.recoveries.prove("REC-1", wallet=proven_again, by=CHECKER)
    desk.approved("REC-1")
    with pytest.raises(InvalidInput, match="reported lost before"):
        desk.office.recoveries.report("REC-2", wallet=OLD, by=MAKER, evidence=digest("again"))
    with pytest.raises(IllegalTransition):
        desk.office.recoveries.prove("REC-1", wallet=NEW, by=CHECKER)
    with pytest.raises(IllegalTransition):
        desk.office.recoveries.approve("REC-1", by=BOB)
    assert desk.home.balances[COIN, address(2)] == 1_000_000


def test_four_persons_approve_and_none_of_them_took_the_report(desk: CaseFixture) -> None:
    desk.ledger.persons.set_roles(MAKER, ["maker", "approver"])  # type: ignore[list-item]
    desk.ledger.persons.set_roles(REGISTRAR, ["registrar", "approver"])  # type: ignore[list-item]
    proven(desk)
    recoveries = desk.office.recoveries
    for person in (REGISTRAR, ALICE, TREASURER):
        with pytest.raises(NotAuthorised):
            recoveries.approve("REC-1", by=person)
    recoveries.approve("REC-1", by=COMPLIANCE)
    with pytest.raises(NotAuthorised):
        recoveries.approve("REC-1", by=OTHER_COMPLIANCE)
    recoveries.approve("REC-1", by=REGISTRAR)
    for person in (REGISTRAR, MAKER):
        with pytest.raises(NotAuthorised):
            recoveries.approve("REC-1", by=person)
    recoveries.approve("REC-1", by=ALICE)
    with pytest.raises(NotAuthorised):
        recoveries.approve("REC-1", by=ALICE)
    assert desk.home.balances[COIN, OLD] == 1_000_000
    assert recoveries.approve("REC-1", by=BOB).state is RecordState.REGISTER_POSTED


def test_nobody_recovers_a_wallet_of_their_own(desk: CaseFixture) -> None:
    own = desk.signer(MAKER)
    desk.ledger.investors.add_wallet(own, investor=reference(1), kind="self_custody")
    with pytest.raises(SelfRecovery):
        desk.office.recoveries.report("REC-1", wallet=own, by=MAKER, evidence=digest("report"))
    desk.reported("REC-2")
    desk.ledger.persons.add_signer(ALICE, NEW)
    desk.new_wallet(40)
    desk.office.recoveries.prove("REC-2", wallet=NEW, by=CHECKER)
    desk.approved("REC-2", (COMPLIANCE, REGISTRAR))
    with pytest.raises(SelfRecovery):
        desk.office.recoveries.approve("REC-2", by=ALICE)


def test_a_false_report_is_rejected_and_restored_by_another(desk: CaseFixture) -> None:
    desk.reported("REC-1")
    rejected = desk.office.recoveries.reject(
        "REC-1", by=COMPLIANCE, reason="the investor knows nothing of it"
    )
    assert rejected.state is RecordState.REJECTED
    assert desk.home.frozen[COIN, OLD] == WHOLE_ACCOUNT
    with pytest.raises(NotAuthorised):
        desk.office.recoveries.restore("REC-1", by=COMPLIANCE)
    desk.away.reachable = False
    assert "restored_at" not in desk.office.recoveries.restore("REC-1", by=CHECKER).data
    desk.away.reachable = True
    (record,) = desk.office.recoveries.resume()
    assert "restored_at" in record.data
    assert not any(desk.home.frozen.values())
    assert not any(desk.away.frozen.values())
    assert desk.mint().state is State.REQUESTED
    assert desk.office.recoveries.resume() == ()
    # It can be lost in truth later.
    again = desk.office.recoveries.report("REC-2", wallet=OLD, by=MAKER, evidence=digest("lost"))
    assert again.state is RecordState.OLD_FROZEN
    assert desk.home.frozen[COIN, OLD] == WHOLE_ACCOUNT


def test_a_restored_wallet_stays_frozen_where_a_case_holds_it(desk: CaseFixture) -> None:
    desk.reported("REC-1")
    desk.frozen("FRZ-1")
    desk.office.recoveries.reject("REC-1", by=COMPLIANCE, reason="false")
    desk.office.recoveries.restore("REC-1", by=CHECKER)
    assert desk.home.frozen[COIN, OLD] == WHOLE_ACCOUNT
    desk.released("FRZ-1")
    assert not any(desk.home.frozen.values())


@pytest.mark.parametrize("whole", [True, False])
def test_nothing_moves_to_a_new_wallet_while_a_case_freezes_it(desk: CaseFixture, whole: bool) -> None:
    proven(desk)
    desk.approved("REC-1", (COMPLIANCE, REGISTRAR, ALICE))
    if whole:
        desk.frozen("FRZ-1")
    else:
        desk.part("PART-1", "0.10")
    assert desk.office.recoveries.approve("REC-1", by=BOB).state is RecordState.APPROVED
    assert desk.home.balances[COIN, OLD] == 1_000_000
    desk.released("FRZ-1" if whole else "PART-1")
    desk.office.recoveries.resume()
    assert desk.office.recoveries.get("REC-1").state is RecordState.REGISTER_POSTED


def test_a_burned_redemption_is_paid_first(desk: CaseFixture) -> None:
    desk.home.open_escrows = {7: Escrow(7, OLD, 40_000, accepted=True)}
    proven(desk)
    assert desk.approved("REC-1").state is RecordState.APPROVED
    assert "burned and not paid" in desk.office.recoveries.overdue()[0].message
    desk.home.open_escrows.clear()
    desk.office.recoveries.resume()
    assert desk.office.recoveries.get("REC-1").state is RecordState.REGISTER_POSTED


def test_what_a_vault_holds_comes_to_its_end_first(desk: CaseFixture) -> None:
    desk.away.open_positions[OLD] = [Position(address(600), "redemption without a price, in shares", 5)]
    proven(desk)
    assert desk.approved("REC-1").state is RecordState.APPROVED
    assert "redemption without a price" in desk.office.recoveries.overdue()[0].message
    desk.away.open_positions.clear()
    desk.office.recoveries.resume()
    assert desk.away.balances[COIN, NEW] == 1_000_000


@pytest.mark.parametrize("act", range(5))
@pytest.mark.parametrize("done", [False, True])
def test_x7_a_recovery_killed_at_any_act_happens_once(desk: CaseFixture, act: int, done: bool) -> None:
    desk.home.open_escrows = {7: Escrow(7, OLD, 40_000)}
    proven(desk)
    desk.approved("REC-1", (COMPLIANCE, REGISTRAR, ALICE))
    desk.home.kill = (act, done)  # the registering, the escrow, two transfers, the removal
    with pytest.raises(Killed):
        desk.office.recoveries.approve("REC-1", by=BOB)
    desk.office.recoveries.resume()
    record = desk.office.recoveries.get("REC-1")
    assert record.state is RecordState.REGISTER_POSTED
    assert (desk.home.balances[COIN, NEW], desk.home.balances[SHARE, NEW]) == (1_040_000, 500_000)
    moved = [item for item in desk.home.done if item.kind is ActKind.FORCED_TRANSFER]
    assert len(moved) == 2
    assert desk.office.recoveries.resume() == ()


def test_editions_of_the_same_case_id_are_refused_across_kinds(desk: CaseFixture) -> None:
    desk.frozen("X-1", customer=2)
    with pytest.raises(InvalidInput, match="on record"):
        desk.office.recoveries.report("X-1", wallet=OLD, by=MAKER, evidence=digest("report"))
    with pytest.raises(NotFound):
        desk.office.recoveries.get("X-1")
    with pytest.raises(NotFound):
        desk.office.recoveries.report("REC-1", wallet=address(999), by=MAKER, evidence=digest("report"))
