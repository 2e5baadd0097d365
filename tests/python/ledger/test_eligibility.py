"""What an order has to pass, at request and again at execution, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from support.databases import run_sql
from support.ledgers import (
    CHECKER,
    COMPLIANCE,
    MAKER,
    NOON,
    WORKER,
    Fixture,
    address,
    proof,
    reference,
    statements,
    tokens,
)
from support.parties import DIGEST, adopt, case, limit, office, policy, restrict

from toolkit.compliance.affiliations import Affiliations
from toolkit.compliance.errors import ChangeOvertaken
from toolkit.compliance.policies import PolicyBook
from toolkit.errors import IllegalTransition, InvalidInput, LedgerTampered, NotAuthorised, NotEligible
from toolkit.ledger import Role, State
from toolkit.ledger.eligibility import Asked, Stage, acknowledgement_id
from toolkit.ledger.errors import (
    ClassNotApproved,
    DocumentNotAcknowledged,
    JurisdictionRefused,
    LimitExceeded,
    LimitNotSet,
    NotFound,
    OutsidePerimeter,
    ProductNotAdmitted,
    UnderReview,
)
from toolkit.ledger.limits import Limit
from toolkit.ledger.machines import OrderKind
from toolkit.ledger.orders import MintRequest
from toolkit.ledger.policies import Policy
from toolkit.ledger.record_words import RecordKind, RecordState

HUNDRED = 100_000_000
"""Base units of 100.00."""


def asked(kind: OrderKind = OrderKind.SUBSCRIPTION, product: str = "DMMF/A") -> Asked:
    return Asked.amount_of(kind, reference(1), address(1), tokens("100"), product)


# ---------------------------------------------------------------------------------------------- restrictions


def test_who_is_under_review_orders_nothing_and_nothing_goes_on(desk: Fixture) -> None:
    order, valid = desk.mint(), desk.redemption()
    desk.drive(order.id, State.FUNDED, State.APPROVED)
    desk.drive(valid.id, State.VALID)
    made = restrict(desk.ledger, reference(1))
    refusals = desk.ledger.eligibility.refusals(
        [desk.ledger.orders.get(item) for item in (order.id, valid.id)]
    )
    assert {type(error) for error in refusals.values()} == {UnderReview}
    for ask in (lambda: desk.mint("other"), lambda: desk.redemption("other")):
        with pytest.raises(UnderReview, match="under review by compliance"):
            ask()
    assert desk.mint("elsewhere", customer=2).investor == reference(2)
    another = desk.ledger.persons.add("compliance-2", label="Another", roles=[Role.COMPLIANCE]).person_id
    desk.ledger.restrictions.lift([made.id], actor=another, reason="a namesake")
    assert not desk.ledger.eligibility.refusals([desk.ledger.orders.get(order.id)])
    assert desk.mint("again").investor == reference(1)
    desk.ledger.verify()


def test_every_cause_reads_the_same_to_the_desk(desk: Fixture) -> None:
    """R-AML-11: no tipping off."""
    said = []
    for number, name in ((1, "case/court-order"), (2, "case/sanctions-hit")):
        restrict(desk.ledger, reference(number), name=name)
        with pytest.raises(UnderReview) as caught:
            desk.mint(f"key-{number}", customer=number)
        said.append(caught.value.message.replace(reference(number), "them"))
        assert "case" not in str(caught.value.to_json())
    assert said[0] == said[1]


def test_a_restriction_of_one_wallet_leaves_the_others_free(desk: Fixture) -> None:
    desk.ledger.investors.add_wallet(address(51), investor=reference(1), kind="unhosted", proof=proof())
    restrict(desk.ledger, reference(1), address(51))
    assert desk.mint().wallet == address(1)
    with pytest.raises(UnderReview):
        desk.ledger.eligibility.require_registrable(address(51))
    desk.ledger.eligibility.require_registrable(address(1))


def test_a_wallet_added_later_is_under_review_too(desk: Fixture) -> None:
    restrict(desk.ledger, reference(1))
    desk.ledger.investors.add_wallet(address(51), investor=reference(1), kind="unhosted", proof=proof())
    with pytest.raises(UnderReview):
        desk.ledger.eligibility.require_registrable(address(51))


def test_a_release_by_the_person_who_froze(desk: Fixture) -> None:
    made = restrict(desk.ledger, reference(1))
    lift = desk.ledger.restrictions.lift
    with pytest.raises(NotAuthorised, match="another person must"):
        lift([made.id], actor=COMPLIANCE, reason="my mistake")
    with pytest.raises(NotAuthorised):
        lift([made.id], actor=MAKER, reason="please")
    with pytest.raises(NotAuthorised):
        lift([made.id], actor=WORKER, role=Role.OPERATOR, reason="by itself")
    another = desk.ledger.persons.add("compliance-2", label="Another", roles=[Role.COMPLIANCE]).person_id
    with pytest.raises(InvalidInput, match="needs a reason"):
        lift([made.id], actor=another, reason="")
    (lifted,) = lift([made.id], actor=another, reason="released by the court")
    assert lifted.lifted_at == NOON
    with pytest.raises(IllegalTransition):
        lift([made.id], actor=another, reason="again")
    assert desk.ledger.restrictions.find(investor=reference(1)) == ()
    assert desk.ledger.restrictions.find(case_id="case/1", in_force=None) == (lifted,)


def test_restrictions_come_all_or_none(desk: Fixture) -> None:
    name = case(desk.ledger)
    impose = desk.ledger.restrictions.impose
    for parties, error in (
        ([(reference(1), None), (reference(9), None)], NotFound),
        ([(reference(1), None), (reference(1), address(2))], NotEligible),
    ):
        with pytest.raises(error):
            impose(parties, case_id=name, actor=COMPLIANCE, role=Role.COMPLIANCE)
    with pytest.raises(NotFound):
        impose([(reference(1), None)], case_id="case/unknown", actor=COMPLIANCE, role=Role.COMPLIANCE)
    with pytest.raises(NotAuthorised):
        impose([(reference(1), None)], case_id=name, actor=MAKER, role=Role.MAKER)
    assert desk.ledger.restrictions.find(in_force=None) == ()
    made = impose(
        [(reference(1), None), (reference(2), address(2))], case_id=name, actor=WORKER, role=Role.OPERATOR
    )
    assert desk.ledger.restrictions.find() == tuple(sorted(made, key=lambda item: item.id))
    desk.ledger.verify()


# ------------------------------------------------------------------------------------------------ policies


def test_without_a_policy_what_every_order_needs_is_asked_and_no_more(desk: Fixture) -> None:
    desk.ledger.eligibility.require(asked())
    desk.ledger.eligibility.require_onboarding(jurisdiction="XX", investor_class="institutional")


def test_the_first_policy_closes_the_ledger(desk: Fixture) -> None:
    adopt(desk.ledger)
    assert desk.mint().state is State.REQUESTED
    with pytest.raises(ProductNotAdmitted, match="no policy is in force for DMMF/A"):
        desk.ledger.eligibility.require(asked())
    with pytest.raises(ProductNotAdmitted, match="onboarding"):
        desk.ledger.eligibility.require_onboarding(jurisdiction="HK", investor_class="retail")
    adopt(desk.ledger, "onboarding", classes=["retail"], denied=["KP"])
    desk.ledger.eligibility.require_onboarding(jurisdiction="HK", investor_class="retail")
    with pytest.raises(JurisdictionRefused):
        desk.ledger.eligibility.require_onboarding(jurisdiction="KP", investor_class="retail")
    with pytest.raises(ClassNotApproved, match="classified on evidence"):
        desk.ledger.eligibility.require_onboarding(jurisdiction="HK", investor_class="institutional")


def test_a_policy_is_proposed_by_one_and_put_in_force_by_another(desk: Fixture) -> None:
    book = PolicyBook(office(desk.ledger))
    first = book.propose(policy(denied=["KP"]), by=CHECKER)
    assert book.in_force() == ()
    assert desk.mint().state is State.REQUESTED
    with pytest.raises(NotAuthorised, match="another person must"):
        book.confirm(first.id, by=CHECKER)
    with pytest.raises(NotAuthorised):
        book.propose(policy(), by=MAKER)
    second = book.propose(policy(denied=["HK"]), by=CHECKER)
    book.confirm(second.id, by=COMPLIANCE)
    with pytest.raises(ChangeOvertaken):
        book.confirm(first.id, by=COMPLIANCE)
    third = book.propose(policy(), by=COMPLIANCE)
    book.confirm(third.id, by=CHECKER)
    assert desk.ledger.record_book.get(second.id).state is RecordState.SUPERSEDED
    (found,) = book.in_force()
    assert found.to_data() == policy()
    desk.ledger.verify()


@pytest.mark.parametrize(
    "changes",
    [
        {"allowed": None},
        {"allowed": "HK"},
        {"classes": ["professional"]},
        {"licensed_stablecoin": "yes"},
        {"limited": ["gift"]},
        {"documents": [{"name": "KFS"}]},
        {"documents": [{"name": "KFS", "version": "1", "digest": "12"}]},
        {"documents": [{"name": "K/FS", "version": "1", "digest": DIGEST}]},
        {"denied": ["North Korea"]},
        {"surprise": 1},
    ],
)
def test_a_policy_that_can_not_be_read(changes: dict[str, Any]) -> None:
    assert Policy.from_data(policy()).to_data() == policy()
    with pytest.raises(InvalidInput):
        Policy.from_data(policy(**changes))


def test_jurisdictions_that_a_product_is_for(desk: Fixture) -> None:
    order = desk.mint()
    adopt(desk.ledger, allowed=["HK", "SG"], denied=["HK"])
    with pytest.raises(JurisdictionRefused, match="isn't for investors of HK"):
        desk.mint("other")
    assert isinstance(desk.ledger.eligibility.refusals([order])[order.id], JurisdictionRefused)
    adopt(desk.ledger, allowed=["SG"])
    assert isinstance(desk.ledger.eligibility.refusals([order])[order.id], JurisdictionRefused)
    adopt(desk.ledger, allowed=["HK"])
    assert not desk.ledger.eligibility.refusals([order])


def test_redemption_stays_open_to_who_may_not_buy(desk: Fixture) -> None:
    order = desk.redemption()
    adopt(desk.ledger, classes=["institutional"], allowed=[])
    desk.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED)
    assert not desk.ledger.eligibility.refusals([desk.ledger.orders.get(order.id)])
    with pytest.raises(JurisdictionRefused):
        desk.mint()


# ------------------------------------------------------------------------------------------- class and regime


def approved(desk: Fixture, investor_class: str, until: timedelta) -> None:
    """An approved classification, as compliance writes it."""
    data = {
        "investor": reference(1),
        "investor_class": investor_class,
        "expires_at": (NOON + until).isoformat(),
    }
    name = f"classification/{reference(1)}/1"
    desk.ledger.persons.add("maker-2", label="Another maker", roles=[Role.MAKER])
    with desk.ledger.transaction() as tx:
        kind, book = RecordKind.CLASSIFICATION, tx.record_book
        book.open(name, kind, RecordState.EVIDENCE_RECEIVED, data, actor="maker-2", role=Role.MAKER)
        book.step(name, RecordState.ASSESSED, actor="maker-2", role=Role.MAKER)
        book.step(name, RecordState.APPROVED, actor=COMPLIANCE, role=Role.COMPLIANCE)
        tx.standings.classify(
            reference(1), investor_class=investor_class, until=NOON + until, classification=name
        )


def test_a_class_counts_as_long_as_its_approval(desk: Fixture) -> None:
    adopt(desk.ledger, classes=["corporate_professional"])
    with pytest.raises(ClassNotApproved, match="is retail"):
        desk.mint()
    approved(desk, "corporate_professional", timedelta(days=1))
    order = desk.mint()
    desk.clock.advance(timedelta(days=1) - timedelta(seconds=1))
    assert not desk.ledger.eligibility.refusals([order])
    desk.clock.advance(timedelta(seconds=1))
    refusal = desk.ledger.eligibility.refusals([order])[order.id]
    assert isinstance(refusal, ClassNotApproved)
    assert "lapsed at" in refusal.message
    desk.ledger.verify()


def test_an_account_for_stablecoins_only_buys_nothing_else(desk: Fixture) -> None:
    adopt(desk.ledger)
    adopt(desk.ledger, "DMMF/A", licensed_stablecoin=False)
    with pytest.raises(OutsidePerimeter, match="DMMF/A is no licensed stablecoin"):
        desk.ledger.eligibility.require(asked())
    order = desk.mint()
    noted(desk)
    refusal = desk.ledger.eligibility.refusals([order])[order.id]
    assert isinstance(refusal, OutsidePerimeter)
    assert "holds another asset" in refusal.message
    desk.ledger.verify()


def noted(desk: Fixture) -> None:
    with desk.ledger.transaction() as tx:
        tx.record_book.open(
            f"regime/{reference(1)}/1",
            RecordKind.REGIME,
            RecordState.NOTED,
            {"investor": reference(1), "to": "full_due"},
            actor=WORKER,
            role=Role.OPERATOR,
        )
        tx.standings.set_regime(reference(1), "full_due")


def test_nobody_begins_in_the_full_regime(desk: Fixture) -> None:
    with pytest.raises(InvalidInput, match="nobody begins"):
        desk.ledger.investors.add(
            reference(9), label="Nine", investor_class="retail", jurisdiction="HK", regime="full"
        )


def test_documents_are_acknowledged_in_the_version_in_force(desk: Fixture) -> None:
    def document(version: str) -> dict[str, str]:
        return {"name": "terms", "version": version, "digest": DIGEST}

    adopt(desk.ledger, documents=[document("1")])
    with pytest.raises(DocumentNotAcknowledged, match="version 1 of terms"):
        desk.mint()
    desk.ledger.record_book.open(
        acknowledgement_id(reference(1), "terms", "1"),
        RecordKind.ACKNOWLEDGEMENT,
        RecordState.ACKNOWLEDGED,
        {},
        actor=MAKER,
        role=Role.MAKER,
    )
    order, other = desk.mint(), address(1)
    assert other == order.wallet
    with pytest.raises(DocumentNotAcknowledged):
        desk.mint("two", customer=2)
    adopt(desk.ledger, documents=[document("2")])
    assert isinstance(desk.ledger.eligibility.refusals([order])[order.id], DocumentNotAcknowledged)


# ------------------------------------------------------------------------------------------------ limits


def test_x6_a_rolling_window_has_no_midnight(desk: Fixture) -> None:
    """10 at 23:59:59 and 10 at 00:00:01 don't pass a limit of 10 within 24 hours."""
    limit(desk.ledger, HUNDRED)
    desk.clock.instant = NOON.replace(hour=15, minute=59, second=59)  # a second before midnight in Hong Kong
    desk.mint("first")
    desk.clock.advance(timedelta(seconds=2))
    with pytest.raises(LimitExceeded, match=r"pass the limit on mint orders of the client .*within 1 day"):
        desk.mint("second", amount="0.01")
    desk.mint("of another", customer=2)
    desk.ledger.verify()


def test_an_order_counts_while_it_is_open_and_for_a_window_afterwards(desk: Fixture) -> None:
    limit(desk.ledger, HUNDRED)
    first = desk.mint("first")
    desk.clock.advance(timedelta(hours=20))
    desk.drive(first.id, State.FUNDED, State.APPROVED)
    sent = desk.clock.now()
    flight = desk.ledger.flights.form("mint", address(70), [first.id])
    desk.ledger.flights.launch(flight.id, nonce=0, order_ids=[first.id])
    desk.drive(first.id, State.SUBMITTED)
    desk.clock.advance(timedelta(hours=8))
    with pytest.raises(LimitExceeded):  # in flight, although it was asked for 28 hours ago
        desk.mint("second")
    desk.drive(first.id, State.MINED, State.SETTLED)
    desk.ledger.flights.land(flight.id)
    desk.clock.instant = sent + timedelta(hours=24) - timedelta(seconds=1)
    with pytest.raises(LimitExceeded):  # sent less than a window ago
        desk.mint("second")
    desk.clock.advance(timedelta(seconds=1))
    assert desk.mint("second").state is State.REQUESTED


def test_what_is_on_hold_counts_once_and_what_ended_not_at_all(desk: Fixture) -> None:
    limit(desk.ledger, HUNDRED)
    first = desk.mint("first", amount="60.00")
    desk.drive(first.id, State.ON_HOLD)
    with pytest.raises(LimitExceeded, match=r"40\.01 .*and the 60\.00|40\.010000"):
        desk.mint("second", amount="40.01")
    second = desk.mint("second", amount="40.00")
    found = [desk.ledger.orders.get(item.id) for item in (first, second)]
    assert not desk.ledger.eligibility.refusals(found)  # each with those before it, itself once
    desk.drive(first.id, State.REJECTED)
    desk.mint("third", amount="60.00")
    with pytest.raises(LimitExceeded):
        desk.mint("fourth", amount="0.01")


def test_a_limit_lowered_meanwhile_stops_the_later_orders(desk: Fixture) -> None:
    limit(desk.ledger, 3 * HUNDRED)
    orders = [desk.mint(f"order-{number}") for number in range(3)]
    limit(desk.ledger, 2 * HUNDRED)
    assert list(desk.ledger.eligibility.refusals(orders)) == [orders[2].id]
    limit(desk.ledger, 0)
    assert len(desk.ledger.eligibility.refusals(orders)) == 3


def test_orders_taken_together_are_measured_together(desk: Fixture) -> None:
    limit(desk.ledger, 2 * HUNDRED)
    requests = [
        MintRequest(reference(1), address(1), tokens("100"), "USD", f"key-{number}", timedelta(days=1))
        for number in range(3)
    ]
    with pytest.raises(LimitExceeded):
        desk.ledger.orders.request_mints(requests, maker=MAKER)
    assert desk.ledger.orders.find() == ()
    assert len(desk.ledger.orders.request_mints(requests[:2], maker=MAKER)) == 2


@pytest.mark.parametrize("scope", ["wallet_kind", "distributor"])
def test_limits_over_many_clients(desk: Fixture, scope: str) -> None:
    limit(desk.ledger, 150_000_000, scope=scope)
    desk.mint("first")
    with pytest.raises(LimitExceeded, match=scope):
        desk.mint("second", customer=2)
    desk.mint("third", customer=2, amount="50.00")
    if scope == "distributor":
        book = Affiliations(office(desk.ledger))
        moved = book.propose(reference(2), "partner", by=MAKER)
        with pytest.raises(NotAuthorised):
            book.confirm(moved.id, by=MAKER)
        book.confirm(moved.id, by=COMPLIANCE)
        desk.mint("fourth", customer=2)
        desk.ledger.verify()
        run_sql(desk.url, "UPDATE standings SET distributor = 'another'")
        with pytest.raises(LedgerTampered):
            desk.ledger.verify()


def test_an_own_limit_goes_before_everyones(desk: Fixture) -> None:
    limit(desk.ledger, HUNDRED)
    limit(desk.ledger, 2 * HUNDRED, subject=reference(1))
    desk.mint("first", amount="200.00")
    with pytest.raises(LimitExceeded):
        desk.mint("second", amount="200.00", customer=2)
    limit(desk.ledger, None, subject=reference(2))
    desk.mint("second", amount="200.00", customer=2)
    desk.ledger.verify()


def test_no_limit_has_to_be_said(desk: Fixture) -> None:
    adopt(desk.ledger, limited=["mint"])
    with pytest.raises(LimitNotSet, match="for the client"):
        desk.mint()
    limit(desk.ledger, HUNDRED)
    limit(desk.ledger, None, scope="wallet_kind")
    with pytest.raises(LimitNotSet, match="for the distributor house"):
        desk.mint()
    limit(desk.ledger, None, scope="distributor")
    desk.mint()
    assert desk.redemption().state is State.REQUESTED  # its kind is not limited


def test_zero_is_nothing_and_not_everything(desk: Fixture) -> None:
    limit(desk.ledger, 0, order_kind="redemption")
    with pytest.raises(LimitExceeded):
        desk.redemption()
    desk.mint()


@pytest.mark.parametrize(
    "windows",
    [
        [],
        None,
        "unlimited",
        [{"seconds": 0, "most": "1"}],
        [{"seconds": 86_400}],
        [{"seconds": 86_400, "most": "-1"}],
        [{"seconds": 86_400, "most": "0.5"}],
        [{"seconds": 86_400, "most": 1.0}],
        [{"seconds": 10**9, "most": "1"}],
        [{"seconds": 60, "most": "1"}, {"seconds": 60, "most": "2"}],
    ],
)
def test_a_limit_that_can_not_be_read(windows: Any) -> None:
    data = {
        "scope": "client",
        "subject": "*",
        "order_kind": "mint",
        "unit": "DUSD",
        "windows": windows,
    }
    none = data | {"windows": "none"}
    assert Limit.from_data(none).to_data() == none
    with pytest.raises(InvalidInput):
        Limit.from_data(data)


# ------------------------------------------------------------------------------------------------ evidence


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE restrictions SET lifted_at = imposed_at",
        "DELETE FROM restrictions",
        "UPDATE limits SET most = '999999999999'",
        "UPDATE limits SET most = NULL",
        "DELETE FROM limits",
        "UPDATE standings SET investor_class = 'institutional'",
        "UPDATE investors SET regime = 'full'",
    ],
)
def test_an_edit_behind_the_ledgers_back_is_found(desk: Fixture, edit: str) -> None:
    restrict(desk.ledger, reference(2))
    limit(desk.ledger, HUNDRED)
    approved(desk, "corporate_professional", timedelta(days=365))
    noted(desk)
    desk.ledger.verify()
    run_sql(desk.url, edit)
    with pytest.raises(LedgerTampered):
        desk.ledger.verify()


def test_a_thousand_orders_are_asked_about_in_few_statements(desk: Fixture) -> None:
    adopt(desk.ledger, limited=["mint"], documents=[])
    for scope in ("client", "wallet_kind", "distributor"):
        limit(desk.ledger, 10**15, scope=scope)
    orders = [desk.mint(f"order-{number}") for number in range(3)]
    with statements(desk.ledger) as found:
        desk.ledger.eligibility.refusals(orders[:1])
        one = len(found)
        desk.ledger.eligibility.refusals(orders, stage=Stage.EXECUTION)
    assert 10 <= len(found) == 2 * one <= 20
