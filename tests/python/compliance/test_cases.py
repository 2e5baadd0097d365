"""Freezes as cases, on two chains in memory: who may, what adds up, and what a crash leaves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest
from support.databases import Databases
from support.ledgers import ALICE, BOB, CHECKER, COMPLIANCE, MAKER, TREASURER, address, reference
from support.memory_suite import (
    COIN,
    CUSTODY,
    GUARDIAN,
    LISTED,
    ORDER,
    OTHER_COMPLIANCE,
    OTHER_GUARDIAN,
    REVIEW,
    RISK,
    SHARE,
    CaseFixture,
    Escrow,
    Killed,
    Position,
    digest,
)

from toolkit.compliance.authority import Authority, AuthorityKind, Taking
from toolkit.compliance.cases import FreezeCases
from toolkit.compliance.errors import AuthorityMissing
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised, NotEligible
from toolkit.ledger import State
from toolkit.ledger.case_acts import WHOLE_ACCOUNT, ActKind
from toolkit.ledger.record_words import RecordState


@pytest.fixture
def desk(sqlite_databases: Databases) -> Iterator[CaseFixture]:
    fixture = CaseFixture(sqlite_databases.ledger())
    yield fixture
    fixture.ledger.verify()
    fixture.ledger.close()


def everything_frozen(desk: CaseFixture, wallet: str) -> bool:
    return all(
        suite.frozen.get((token, wallet)) == WHOLE_ACCOUNT for suite in desk.suites for token in (COIN, SHARE)
    )


def test_a_guardian_freezes_every_token_on_every_chain_at_once(desk: CaseFixture) -> None:
    record = desk.freeze("FRZ-1")
    assert record.state is RecordState.PRELIM_FREEZE
    assert everything_frozen(desk, address(1))
    assert not desk.home.frozen.get((COIN, address(2)))
    assert len(record.data["acts"]) == 4
    assert all(row["transaction"] for row in record.data["acts"])
    assert desk.confirmed("FRZ-1").state is RecordState.FROZEN
    assert desk.office.freezes.overdue() == ()


def test_the_case_is_on_record_before_anything_is_sent(desk: CaseFixture) -> None:
    desk.home.kill = (0, False)
    with pytest.raises(Killed):
        desk.freeze("FRZ-1")
    assert desk.office.freezes.get("FRZ-1").state is RecordState.PRELIM_FREEZE
    assert not everything_frozen(desk, address(1))
    desk.office.freezes.resume()
    assert everything_frozen(desk, address(1))


@pytest.mark.parametrize("act", range(4))
@pytest.mark.parametrize("done", [False, True])
def test_a_kill_at_any_act_is_gone_on_with_once(desk: CaseFixture, act: int, done: bool) -> None:
    suite = desk.suites[act // 2]
    suite.kill = (act % 2, done)
    with pytest.raises(Killed):
        desk.freeze("FRZ-1")
    desk.office.freezes.resume()
    record = desk.office.freezes.get("FRZ-1")
    assert everything_frozen(desk, address(1))
    assert len({(row["chain"], row["contract"]) for row in record.data["acts"]}) == 4
    assert desk.office.freezes.resume() == ()


def test_a_chain_that_cannot_be_reached_is_an_alarm_and_tried_again(desk: CaseFixture) -> None:
    desk.away.reachable = False
    desk.freeze("FRZ-1")
    assert desk.home.frozen[COIN, address(1)] == WHOLE_ACCOUNT
    (alarm,) = desk.office.freezes.overdue()
    assert (alarm.record, alarm.what) == ("freeze/FRZ-1", "chain")
    assert "chain 5" in alarm.message
    assert "no connection" in alarm.message
    since = alarm.since
    desk.clock.advance(timedelta(minutes=10))
    desk.office.freezes.resume()
    (alarm,) = desk.office.freezes.overdue()
    assert alarm.since == since
    assert desk.confirmed("FRZ-1").state is RecordState.CONFIRMED  # not frozen everywhere yet
    desk.away.reachable = True
    (record,) = desk.office.freezes.resume()
    assert record.state is RecordState.FROZEN
    assert everything_frozen(desk, address(1))
    assert desk.office.freezes.overdue() == ()


def test_a_wallet_added_later_is_frozen_too(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.away.more_wallets[reference(1)] = [address(31)]  # known to the other chain's desk alone
    desk.new_wallet(30)
    desk.office.freezes.resume()
    assert everything_frozen(desk, address(30))
    assert everything_frozen(desk, address(31))


def test_what_another_hand_unfroze_is_frozen_again(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.home.frozen[COIN, address(1)] = 0
    desk.office.freezes.resume()
    assert everything_frozen(desk, address(1))


def test_open_orders_are_on_hold_and_new_ones_refused_in_neutral_words(desk: CaseFixture) -> None:
    mint, other = desk.mint(), desk.mint("key-2", customer=2)
    redemption = desk.redemption()
    desk.freeze("FRZ-1")
    for order in (mint, redemption):
        assert desk.ledger.orders.get(order.id).state is State.ON_HOLD
        said = desk.ledger.orders.history(order.id)[-1].reason
        assert "sanction" not in said.lower()
        assert "OFAC" not in said
        assert "freeze" not in said.lower()
    assert desk.ledger.orders.get(other.id).state is State.REQUESTED
    with pytest.raises(NotEligible, match="under review"):
        desk.mint("key-3")


def test_the_second_signature_is_another_persons_within_the_hour(desk: CaseFixture) -> None:
    desk.freeze("FRZ-1")
    with pytest.raises(NotAuthorised):
        desk.office.freezes.second("FRZ-1", by=GUARDIAN)
    with pytest.raises(NotAuthorised):
        desk.office.freezes.second("FRZ-1", by=MAKER)
    desk.clock.advance(timedelta(minutes=59, seconds=59))
    assert desk.office.freezes.overdue() == ()
    desk.clock.advance(timedelta(seconds=1))
    (alarm,) = desk.office.freezes.overdue()
    assert alarm.what == "second signature"
    desk.office.freezes.second("FRZ-1", by=OTHER_GUARDIAN)  # late, and still needed
    assert desk.office.freezes.overdue() == ()


def test_a_freeze_that_reached_no_chain_in_time_is_an_alarm_of_its_own(desk: CaseFixture) -> None:
    desk.home.reachable = desk.away.reachable = False
    desk.freeze("FRZ-1", received_at=desk.clock.now() - timedelta(minutes=15))
    assert "first freeze" in {alarm.what for alarm in desk.office.freezes.overdue()}


def test_a_review_date_that_has_passed_is_an_alarm(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1", review_on=date(2026, 11, 24))
    desk.clock.advance(timedelta(days=1))
    assert [alarm.what for alarm in desk.office.freezes.overdue()] == ["review"]
    desk.office.freezes.review("FRZ-1", by=COMPLIANCE, next_on=REVIEW, reason="still listed")
    assert desk.office.freezes.overdue() == ()


@pytest.mark.parametrize(
    "authority",
    [
        None,
        Authority(AuthorityKind.COURT_ORDER, "  ", digest("order")),
        Authority(AuthorityKind.COURT_ORDER, "HCMP 1", "the order"),
    ],
)
def test_a_case_without_authority_is_refused_and_nothing_done(
    desk: CaseFixture, authority: Authority | None
) -> None:
    with pytest.raises(AuthorityMissing):
        desk.freeze("FRZ-1", authority=authority)
    assert desk.office.freezes.all() == ()
    assert desk.home.done == []


def test_nobody_else_freezes_and_a_case_id_is_used_once(desk: CaseFixture) -> None:
    with pytest.raises(NotAuthorised):
        desk.freeze("FRZ-1", by=COMPLIANCE)
    desk.freeze("FRZ-1")
    with pytest.raises(InvalidInput, match="on record"):
        desk.freeze("FRZ-1", customer=2)
    for bad in ("", " x", "x" * 33, "a\nb"):
        with pytest.raises(InvalidInput):
            desk.freeze(bad, customer=2)
    with pytest.raises(InvalidInput, match="lie ahead"):
        desk.freeze("FRZ-2", review_on=date(2026, 11, 23))


def test_a_release_takes_compliance_and_another_and_never_who_froze(desk: CaseFixture) -> None:
    desk.ledger.persons.set_roles(GUARDIAN, ["guardian", "compliance"])  # type: ignore[list-item]
    desk.frozen("FRZ-1")
    with pytest.raises(NotAuthorised):
        desk.office.freezes.propose_release("FRZ-1", by=GUARDIAN, authority=RISK)
    with pytest.raises(AuthorityMissing):
        desk.office.freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=None)
    with pytest.raises(NotAuthorised):
        desk.office.freezes.propose_release("FRZ-1", by=CHECKER, authority=RISK)
    with pytest.raises(IllegalTransition):
        desk.office.freezes.approve("FRZ-1", by=CHECKER)
    desk.office.freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=RISK)
    assert everything_frozen(desk, address(1))
    with pytest.raises(NotAuthorised):
        desk.office.freezes.approve("FRZ-1", by=COMPLIANCE)
    order = desk.ledger.orders.find(state=State.ON_HOLD)
    assert order == ()
    assert desk.office.freezes.approve("FRZ-1", by=CHECKER).state is RecordState.RELEASED
    assert not any(desk.home.frozen.values())
    assert not any(desk.away.frozen.values())
    assert desk.mint().state is State.REQUESTED


def test_whoever_froze_does_not_approve_the_release_either(desk: CaseFixture) -> None:
    desk.ledger.persons.set_roles(GUARDIAN, ["guardian", "approver"])  # type: ignore[list-item]
    desk.frozen("FRZ-1")
    desk.office.freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=RISK)
    with pytest.raises(NotAuthorised):
        desk.office.freezes.approve("FRZ-1", by=GUARDIAN)


def test_a_false_positive_is_released_by_a_second_person(desk: CaseFixture) -> None:
    desk.freeze("FRZ-1")
    desk.office.freezes.second("FRZ-1", by=COMPLIANCE)
    desk.office.freezes.false_positive("FRZ-1", by=COMPLIANCE, reason="another date of birth")
    assert everything_frozen(desk, address(1))
    with pytest.raises(NotAuthorised):
        desk.office.freezes.approve("FRZ-1", by=COMPLIANCE)
    assert desk.office.freezes.approve("FRZ-1", by=ALICE).state is RecordState.RELEASED
    assert not any(desk.home.frozen.values())


def test_a_release_that_one_chain_missed_is_not_released_until_it_is(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.away.reachable = False
    assert desk.released("FRZ-1").state is RecordState.RELEASE_APPROVED
    with pytest.raises(NotEligible):
        desk.mint()
    desk.away.reachable = True
    (record,) = desk.office.freezes.resume()
    assert record.state is RecordState.RELEASED
    assert not any(desk.away.frozen.values())


def test_an_office_without_one_of_the_chains_releases_nothing_there_by_forgetting_it(
    desk: CaseFixture,
) -> None:
    desk.frozen("FRZ-1")
    desk.office.freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=RISK)
    context = replace(desk.office._context, suites=(desk.home,))
    freezes = FreezeCases(context)
    assert freezes.approve("FRZ-1", by=CHECKER).state is RecordState.RELEASE_APPROVED
    assert "open it with them" in freezes.overdue()[0].message
    (record,) = desk.office.freezes.resume()
    assert record.state is RecordState.RELEASED
    assert not any(desk.away.frozen.values())


def test_a_proposal_can_be_withdrawn_and_what_is_frozen_stays(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.office.freezes.propose_release("FRZ-1", by=COMPLIANCE, authority=RISK)
    desk.office.freezes.withdraw("FRZ-1", by=OTHER_COMPLIANCE, reason="the list names them again")
    assert desk.office.freezes.get("FRZ-1").state is RecordState.FROZEN
    assert everything_frozen(desk, address(1))


def test_two_cases_on_a_party_and_releasing_one_leaves_the_others(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    desk.frozen("FRZ-2", authority=ORDER)
    assert desk.released("FRZ-1").state is RecordState.RELEASED
    assert everything_frozen(desk, address(1))
    with pytest.raises(NotEligible):
        desk.mint()
    desk.released("FRZ-2")
    assert not any(desk.home.frozen.values())


def test_parts_of_an_omnibus_wallet_add_up_to_the_unit(desk: CaseFixture) -> None:
    desk.part("PART-1", "0.30")
    desk.part("PART-2", "0.000001")
    assert desk.home.frozen[COIN, address(1)] == 300_001
    assert desk.home.free(COIN, address(1)) == 699_999
    assert not desk.home.frozen.get((SHARE, address(1)))
    assert not desk.away.frozen.get((COIN, address(1)))
    assert desk.mint().state is State.REQUESTED  # the other clients' orders go on
    desk.released("PART-1")
    assert desk.home.frozen[COIN, address(1)] == 1
    desk.released("PART-2")
    assert desk.home.free(COIN, address(1)) == 1_000_000


def test_a_party_freeze_over_a_part_comes_back_to_the_part(desk: CaseFixture) -> None:
    desk.part("PART-1", "0.25")
    desk.frozen("FRZ-1")
    assert desk.home.frozen[COIN, address(1)] == WHOLE_ACCOUNT
    desk.released("FRZ-1")
    assert desk.home.frozen[COIN, address(1)] == 250_000
    assert desk.home.frozen[SHARE, address(1)] == 0


def test_a_part_that_is_seized_leaves_the_other_clients_exactly_theirs(desk: CaseFixture) -> None:
    desk.part("PART-1", "0.30")
    desk.part("PART-2", "0.20")
    assert desk.disposed("PART-1", Taking.SEIZE).state is RecordState.SEIZED
    assert desk.home.balances[COIN, CUSTODY] == 300_000
    assert desk.home.frozen[COIN, address(1)] == 200_000
    assert desk.home.free(COIN, address(1)) == 500_000


def test_a_part_of_a_wallet_that_is_nearly_all_frozen_is_seized(desk: CaseFixture) -> None:
    desk.part("PART-1", "0.60")
    desk.part("PART-2", "0.40")  # nothing is free: the transfer lowers the chain's figure itself
    desk.disposed("PART-1", Taking.SEIZE)
    assert desk.home.balances[COIN, address(1)] == 400_000
    assert desk.home.frozen[COIN, address(1)] == 400_000


def test_what_is_frozen_without_a_case_is_not_lowered(desk: CaseFixture) -> None:
    desk.part("PART-1", "0.30")
    desk.home.frozen[COIN, address(1)] = 500_000  # by hand
    assert desk.released("PART-1").state is RecordState.RELEASE_APPROVED
    (alarm,) = desk.office.freezes.overdue()
    assert "freeze_mismatch" in alarm.message
    assert desk.home.frozen[COIN, address(1)] == 500_000


def test_a_part_that_is_no_amount_or_of_no_token_is_refused(desk: CaseFixture) -> None:
    for amount in ("0", "-1", "0.0000001", "x"):
        with pytest.raises(InvalidInput):
            desk.part("PART-1", amount)
    freezes = desk.office.freezes
    with pytest.raises(InvalidInput, match="no token"):
        freezes.freeze_part(
            "PART-1",
            by=GUARDIAN,
            authority=ORDER,
            review_on=REVIEW,
            wallet=address(1),
            client=reference(77),
            token="WRONG",
            amount="1",
            chain_id=5,
        )
    assert desk.office.freezes.all() == ()


def test_a_seizure_needs_an_order_and_two_approvers_who_are_others(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    freezes = desk.office.freezes
    with pytest.raises(AuthorityMissing):
        freezes.propose_disposal("FRZ-1", Taking.SEIZE, by=COMPLIANCE, order=None, to=CUSTODY)
    with pytest.raises(AuthorityMissing, match="no authority to take"):
        freezes.propose_disposal("FRZ-1", Taking.SEIZE, by=COMPLIANCE, order=LISTED, to=CUSTODY)
    with pytest.raises(InvalidInput):
        freezes.propose_disposal("FRZ-1", Taking.SEIZE, by=COMPLIANCE, order=ORDER)
    freezes.propose_disposal("FRZ-1", Taking.SEIZE, by=COMPLIANCE, order=ORDER, to=CUSTODY)
    with pytest.raises(NotAuthorised):
        freezes.approve("FRZ-1", by=CHECKER)
    assert freezes.approve("FRZ-1", by=ALICE).state is RecordState.DISPOSAL_ENDORSED
    with pytest.raises(NotAuthorised):
        freezes.approve("FRZ-1", by=ALICE)
    assert desk.home.balances[COIN, address(1)] == 1_000_000
    assert freezes.approve("FRZ-1", by=BOB).state is RecordState.SEIZED
    for suite in desk.suites:
        assert (suite.balances[COIN, CUSTODY], suite.balances[SHARE, CUSTODY]) == (1_000_000, 500_000)
    assert everything_frozen(desk, address(1))  # the party is still listed


def test_a_seizure_takes_what_is_in_escrow(desk: CaseFixture) -> None:
    desk.home.open_escrows = {
        7: Escrow(7, address(1), 40_000),
        8: Escrow(8, address(1), 5_000, accepted=True),
    }
    before = desk.home.supply(COIN)
    desk.frozen("FRZ-1")
    desk.disposed("FRZ-1", Taking.SEIZE)
    assert desk.home.balances[COIN, CUSTODY] == 1_040_000
    assert desk.home.supply(COIN) == before
    assert [item.number for item in desk.home.open_escrows.values()] == [8]


def test_a_burn_by_order_burns_the_coin_and_leaves_the_shares_frozen(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    assert desk.disposed("FRZ-1", Taking.BURN, to=None).state is RecordState.BURNED_BY_ORDER
    assert desk.home.balances[COIN, address(1)] == 0
    assert desk.home.balances[SHARE, address(1)] == 500_000
    assert everything_frozen(desk, address(1))


def test_escrow_is_burned_through_the_account_that_the_order_names(desk: CaseFixture) -> None:
    desk.home.open_escrows = {7: Escrow(7, address(1), 40_000)}
    desk.frozen("FRZ-1")
    assert desk.disposed("FRZ-1", Taking.BURN, to=None).state is RecordState.DISPOSAL_APPROVED
    (alarm,) = desk.office.freezes.overdue()
    assert "in escrow" in alarm.message
    desk.office.freezes.withdraw("FRZ-1", by=COMPLIANCE, reason="name the account")
    assert desk.disposed("FRZ-1", Taking.BURN, to=CUSTODY).state is RecordState.BURNED_BY_ORDER
    assert desk.home.balances[COIN, CUSTODY] == 0
    assert desk.home.open_escrows == {}


def test_a_seizure_waits_for_what_lies_in_a_vault(desk: CaseFixture) -> None:
    desk.home.open_positions[address(1)] = [Position(address(600), "subscription to claim, in coins", 5)]
    desk.frozen("FRZ-1")
    assert desk.disposed("FRZ-1", Taking.SEIZE).state is RecordState.DISPOSAL_APPROVED
    assert desk.home.balances[COIN, address(1)] == 1_000_000
    desk.home.open_positions.clear()
    desk.office.freezes.resume()
    assert desk.office.freezes.get("FRZ-1").state is RecordState.SEIZED


@pytest.mark.parametrize("act", range(3))
@pytest.mark.parametrize("done", [False, True])
def test_a_seizure_killed_at_any_act_takes_everything_once(desk: CaseFixture, act: int, done: bool) -> None:
    desk.home.open_escrows = {7: Escrow(7, address(1), 40_000)}
    desk.frozen("FRZ-1")
    desk.home.kill = (act, done)
    with pytest.raises(Killed):
        desk.disposed("FRZ-1", Taking.SEIZE)
    desk.office.freezes.resume()
    assert desk.office.freezes.get("FRZ-1").state is RecordState.SEIZED
    assert desk.home.balances[COIN, CUSTODY] == 1_040_000
    assert desk.away.balances[COIN, CUSTODY] == 1_000_000
    moved = [item for item in desk.home.done if item.kind is ActKind.FORCED_TRANSFER]
    assert len(moved) == 2


def test_a_treasurer_or_stranger_decides_nothing(desk: CaseFixture) -> None:
    desk.frozen("FRZ-1")
    for step in (
        lambda: desk.office.freezes.propose_release("FRZ-1", by=TREASURER, authority=RISK),
        lambda: desk.office.freezes.withdraw("FRZ-1", by=TREASURER, reason="x"),
        lambda: desk.office.freezes.review("FRZ-1", by=TREASURER, next_on=REVIEW, reason="x"),
    ):
        with pytest.raises((NotAuthorised, IllegalTransition)):
            step()
    assert everything_frozen(desk, address(1))


def test_a_freeze_of_a_wallet_that_is_nobodys_on_record(desk: CaseFixture) -> None:
    desk.office.freezes.freeze(
        "FRZ-9", by=GUARDIAN, authority=LISTED, review_on=REVIEW, wallets=[address(900)]
    )
    assert everything_frozen(desk, address(900))
    with pytest.raises(InvalidInput, match="whom it concerns"):
        desk.office.freezes.freeze("FRZ-10", by=GUARDIAN, authority=LISTED, review_on=REVIEW)


def test_a_hit_restricts_the_party_until_a_guardian_imposes_the_freeze(desk: CaseFixture) -> None:
    order = desk.mint()
    freezes = desk.office.freezes
    hit = freezes.hit("FRZ-1", by=COMPLIANCE, authority=LISTED, review_on=REVIEW, investor=reference(1))
    assert hit.state is RecordState.HIT
    assert desk.ledger.orders.get(order.id).state is State.ON_HOLD
    assert desk.home.done == []
    desk.clock.advance(timedelta(minutes=15))
    assert [alarm.what for alarm in freezes.overdue()] == ["first freeze"]
    with pytest.raises(NotAuthorised):
        freezes.impose("FRZ-1", by=COMPLIANCE)
    freezes.impose("FRZ-1", by=GUARDIAN)
    assert everything_frozen(desk, address(1))
    assert desk.confirmed("FRZ-1").state is RecordState.FROZEN
    assert desk.released("FRZ-1").state is RecordState.RELEASED
    assert desk.office.freezes.get("FRZ-1").data["latency_seconds"] == 900


def test_an_omnibus_wallet_is_frozen_whole_only_if_it_is_named(desk: CaseFixture) -> None:
    desk.ledger.investors.add_wallet(address(50), investor=reference(1), kind="omnibus")
    with pytest.raises(InvalidInput, match="omnibus wallet"):
        desk.freeze("FRZ-1")
    assert desk.home.done == []
    desk.freeze("FRZ-1", wallets=[address(50)])
    assert everything_frozen(desk, address(50))


def test_editing_a_case_in_the_database_is_found(desk: CaseFixture) -> None:
    import sqlalchemy as sa

    from toolkit.errors import LedgerTampered
    from toolkit.ledger import schema

    desk.frozen("FRZ-1")
    table = schema.records
    with desk.ledger.transaction() as tx, tx._unit.writing() as connection:
        held = connection.execute(sa.select(table.c.data).where(table.c.id == "freeze/FRZ-1")).scalar_one()
        connection.execute(
            sa.update(table)
            .where(table.c.id == "freeze/FRZ-1")
            .values(data=held.replace("HCMP", "HCMX").replace("OFAC", "OFAK"))
        )
    with pytest.raises(LedgerTampered):
        desk.ledger.verify()
    with desk.ledger.transaction() as tx, tx._unit.writing() as connection:
        connection.execute(sa.update(table).where(table.c.id == "freeze/FRZ-1").values(data=held))
