"""T10: between approval and execution something changes about who may hold. The order waits on hold, its
money stays matched, nothing is minted; only compliance lets it go on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from support.desks import CHECKER, COMPLIANCE, MAKER, TREASURER, Bench, Customer
from support.parties import DIGEST, case, office, policy

from toolkit.bindings.roles import Role as ChainRole
from toolkit.bindings.structs import InvestorClass, RedemptionStatus
from toolkit.compliance.office import Compliance
from toolkit.compliance.portfolio import Application, Evidence
from toolkit.ledger import MintOrder, RedemptionOrder, Role, State
from toolkit.ledger.errors import LimitExceeded, UnderReview

OTHER_COMPLIANCE = "compliance-2"


class Room:
    """Compliance beside the desk, on the desk's own suite."""

    def __init__(self, bench: Bench) -> None:
        self.bench, self.ledger = bench, bench.desk.ledger
        bench.desk.add_person(OTHER_COMPLIANCE, label="another officer", roles=["compliance"])
        self.compliance = Compliance(office(self.ledger, bench.desk.actions))

    def adopt(self, **changes: object) -> None:
        proposed = self.compliance.policies.propose(policy("tUSD", **changes), by=CHECKER)
        self.compliance.policies.confirm(proposed.id, by=COMPLIANCE)

    def limit(self, most: int) -> None:
        proposed = self.compliance.limits.propose(
            {
                "scope": "client",
                "subject": "*",
                "order_kind": "mint",
                "unit": "tUSD",
                "windows": [{"seconds": 86_400, "most": str(most)}],
            },
            by=CHECKER,
        )
        self.compliance.limits.confirm(proposed.id, by=COMPLIANCE)

    def classify(self, customer: Customer, *, expires: datetime) -> None:
        relevant = (expires - timedelta(days=365)).date()
        classes = self.compliance.classifications
        reference = self.bench.desk.reference(customer.investor)
        evidence = [Evidence("audited_accounts", relevant, DIGEST)]
        record = classes.receive(reference, evidence, by=MAKER)
        application = {
            "category": "corporate",
            "relevant_date": relevant.isoformat(),
            "consent": DIGEST,
            "total_assets": {"value": "40000000.00", "currency": "HKD"},
        }
        classes.assess(record.id, Application.from_data(application), by=MAKER)
        classes.approve(record.id, by=COMPLIANCE)

    def stopped(self, order: MintOrder, *, why: str) -> None:
        """The run sends nothing of it: on hold, money matched, nothing minted."""
        self.bench.desk.run()
        found = self.bench.desk.order(order)
        assert (found.state, found.held_from) == (State.ON_HOLD, State.APPROVED)
        assert why in self.bench.desk.history(order)[-1].reason
        lines = [self.ledger.funds.get(f"FPS-{number + 1}") for number in range(self.bench.lines)]
        assert order.id in {line.order_id for line in lines}
        assert not self.bench.suite.market.is_executed(order.number)
        assert self.bench.suite.token.balance_of(order.wallet) == 0
        self.ledger.verify()

    def goes_on(self, order: MintOrder) -> None:
        self.bench.desk.release(order, by=COMPLIANCE, reason="looked at, and in order")
        self.bench.desk.run()
        assert self.bench.desk.order(order).state is State.SETTLED


@pytest.fixture
def room(bench: Bench) -> Room:
    return Room(bench)


def test_t10_the_professional_status_expires(room: Room) -> None:
    bench, customer = room.bench, room.bench.customer(days=800)
    room.adopt(classes=["corporate_professional"])
    midnight = datetime.combine(bench.now().date() + timedelta(days=1), datetime.min.time(), UTC)
    room.classify(customer, expires=midnight)
    order = bench.approved(customer)
    bench.suite.node.advance_time(int((midnight - bench.now()).total_seconds()) + 1)
    bench.attest(1_000_000_000_000)
    room.stopped(order, why="lapsed at")
    room.compliance.classifications.sweep(by=COMPLIANCE)
    found = bench.suite.registry.wallet_of(customer.wallet)
    assert found.investor_class is InvestorClass.RETAIL
    room.classify(customer, expires=midnight + timedelta(days=300))
    found = bench.suite.registry.wallet_of(customer.wallet)
    assert found.investor_class is InvestorClass.CORPORATE_PROFESSIONAL
    room.goes_on(order)


def test_t10_the_jurisdiction_rule_changes(room: Room) -> None:
    order = room.bench.approved(room.bench.customer())
    room.adopt(denied=["HK"])
    room.stopped(order, why="isn't for investors of HK")
    room.bench.desk.run()
    room.adopt(allowed=["HK"])
    room.goes_on(order)


def test_t10_the_wallet_leaves_the_registry_and_the_product_is_stopped(room: Room) -> None:
    """What the chain itself refuses: the one waits for a person, the other for the product."""
    bench, customer = room.bench, room.bench.customer()
    order, other = bench.approved(customer), bench.approved(bench.customer(2))
    suite = bench.suite
    bench.desk._lanes.execute("registrar", suite.registry.remove_wallets([customer.wallet]))
    suite.send(ChainRole.GUARDIAN, suite.market.stop_minting())
    bench.desk.run()
    assert bench.desk.order(other).state is State.APPROVED
    assert suite.token.balance_of(other.wallet) == 0
    suite.govern(suite.market.resume_minting())
    bench.attest(1_000_000_000_000)
    room.stopped(order, why="")
    assert bench.desk.order(other).state is State.SETTLED
    bench.desk.register_wallet(customer.wallet)
    room.goes_on(order)


def test_t10_the_stablecoin_only_account_buys_another_asset(room: Room) -> None:
    bench, customer = room.bench, room.bench.customer()
    order = bench.approved(customer)
    room.compliance.perimeter.note_other_asset(
        bench.desk.reference(customer.investor), "XYZ", evidence=DIGEST, by="desk-worker"
    )
    room.stopped(order, why="holds another asset already")


def test_t10_a_restriction_is_shown_to_the_desk_without_its_cause(room: Room) -> None:
    bench, customer = room.bench, room.bench.customer()
    other = bench.approved(bench.customer(2))
    order = bench.approved(customer)
    name = case(room.ledger, "case/sanctions-hit-17", by=COMPLIANCE)
    (made,) = room.ledger.restrictions.impose(
        [(bench.desk.reference(customer.investor), None)],
        case_id=name,
        actor=COMPLIANCE,
        role=Role.COMPLIANCE,
    )
    room.stopped(order, why="under review by compliance")
    assert bench.desk.order(other).state is State.SETTLED
    said = bench.desk.history(order)[-1].reason
    assert "sanction" not in said
    assert name not in said
    with pytest.raises(UnderReview):
        bench.requested(customer)
    room.ledger.restrictions.lift([made.id], actor=OTHER_COMPLIANCE, reason="a namesake")
    bench.desk.run()
    assert bench.desk.order(order).state is State.ON_HOLD  # only a person lets it go on
    room.goes_on(order)


def test_t10_a_limit_is_lowered(room: Room) -> None:
    bench, customer = room.bench, room.bench.customer()
    order = bench.approved(customer, "1000.00")
    room.limit(999_999_999)
    room.stopped(order, why="pass the limit")
    with pytest.raises(LimitExceeded):
        bench.requested(customer, "1000.00")


def test_t10_a_redemption_under_review_stays_put(room: Room) -> None:
    bench, customer = room.bench, room.bench.customer()
    bench.minted(customer)
    order = bench.escrowed(customer)
    bench.desk.approve_redemption(order, bench.approver())
    waiting = bench.valid(customer)
    authorization = bench.desk.redemption_authorization(waiting)
    (made,) = room.ledger.restrictions.impose(
        [(bench.desk.reference(customer.investor), customer.wallet)],
        case_id=case(room.ledger, by=COMPLIANCE),
        actor=COMPLIANCE,
        role=Role.COMPLIANCE,
    )
    bench.desk.run()
    found = bench.desk.order(order)
    assert isinstance(found, RedemptionOrder)
    assert (found.state, found.due_at) == (State.ON_HOLD, order.due_at)  # the clock goes on
    status = bench.suite.market.redemption(found.number or 0).status
    assert status is RedemptionStatus.REQUESTED
    with pytest.raises(UnderReview):
        bench.desk.escrow(authorization, authorization.signable.sign(customer.key).data)
    room.ledger.restrictions.lift([made.id], actor=OTHER_COMPLIANCE, reason="a namesake")
    bench.desk.release(order, by=COMPLIANCE, reason="looked at, and in order")
    bench.desk.approve_redemption(order, bench.approver())
    bench.desk.run()
    assert bench.desk.order(order).state is State.BURNED
    assert TREASURER not in {event.actor for event in bench.desk.history(order)}
