"""Trap X2: the market is upgraded while approvals are pending.

None of them counts for the new code, no order is lost, and each is minted or burned once, on what was signed
for the code that did it.
"""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.desks import CHECKER, COMPLIANCE, OTHER_CHECKER, Bench
from support.refusals.cases import create
from support.suite import Suite

from toolkit.bindings.errors import InvalidApproval
from toolkit.bindings.events import OrderExecuted
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import MintBatch, RedemptionStatus
from toolkit.desk import Desk
from toolkit.desk.errors import ApprovalsVoid
from toolkit.desk.mint import on_chain
from toolkit.errors import IllegalTransition
from toolkit.ledger import Order, State
from toolkit.reporting.evidence import Evidence, verify_pack

VOID = "approved under the implementation before the upgrade"
RESERVE = 1_000_000_000_000


class Upgrade:
    """The market's code once more at another address, its upgrade scheduled and its delay over."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        first = suite.issuance.record.contracts["PrimaryMarket"].implementation
        assert first is not None
        self.before = first.address
        made = suite.send(suite.stranger, create("PrimaryMarket", *first.arguments.values()))
        assert made.receipt.contract_address is not None
        self.implementation = made.receipt.contract_address
        self._call = suite.market.upgrade(self.implementation)
        suite.send(Role.UPGRADER, suite.access.schedule(self._call))
        delay = suite.access.has_role(Role.UPGRADER, suite.signer(Role.UPGRADER).address)[1]
        suite.node.advance_time(delay + 1)
        suite.attest(RESERVE)

    def happen(self) -> None:
        self.suite.send(Role.UPGRADER, self._call)
        assert self.suite.market.implementation() == self.implementation


@pytest.fixture
def upgrade(bench: Bench) -> Upgrade:
    return Upgrade(bench.suite)


def executed(bench: Bench) -> list[int]:
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    return [event.number for event in events]


def standing(bench: Bench) -> tuple[object, ...]:
    """What an upgrade leaves as it was."""
    suite, market = bench.suite, bench.suite.market
    roles = [
        suite.access.has_role(role, suite.signer(role).address) for role in Role if suite.terms.holders(role)
    ]
    figures = (suite.token.total_supply(), suite.token.minted(), market.escrowed(), market.redemption_count())
    return (*figures, market.order_cap(), market.approval_tiers(), suite.token.headroom(), *roles)


def require_true_pack(bench: Bench, order: Order) -> bytes:
    """The order's evidence verifies by itself, but for the reserve report that this desk wasn't given."""
    pack = Evidence(bench.desk.ledger, bench.suite.issuance).order(order.id)
    result = verify_pack.verify(pack)
    assert result.status in ("ok", "missing"), verify_pack.render(result)
    return pack


def signed_for(pack: bytes) -> set[str]:
    """The versions of the signing domain of the pack's batches."""
    files = verify_pack.read_archive(pack)
    batches = [verify_pack.parse(files[name]) for name in files if name.startswith("batches/")]
    return {batch["typed_data"]["domain"]["version"] for batch in batches}


def test_x2_a_mint_approved_before_an_upgrade_is_approved_again_and_minted_once(
    bench: Bench, upgrade: Upgrade
) -> None:
    desk, customer = bench.desk, bench.customer()
    orders = [bench.funded(customer, "100.00"), bench.funded(customer, "50.00")]
    desk.approve(orders, bench.approver())
    before = standing(bench)
    upgrade.happen()
    assert standing(bench) == before

    report = desk.run()
    assert executed(bench) == []
    assert set(report.reached(State.FUNDED)) == {order.id for order in orders}
    (alarm,) = report.alarms
    assert isinstance(alarm, ApprovalsVoid)
    assert VOID in alarm.message
    assert "have its orders approved again" in alarm.message
    last = desk.history(orders[0])[-1]
    assert (last.from_state, last.to_state, VOID in last.reason) == (State.APPROVED, State.FUNDED, True)
    assert desk.run().changes == ()
    assert desk.run().alarms == ()
    assert desk.ledger.transactions.find(lane=bench.suite.signer(Role.OPERATOR).address) == ()
    assert signed_for(require_true_pack(bench, orders[0])) == {verify_pack.signing_version(upgrade.before)}

    desk.approve(orders, bench.approver())
    assert set(desk.run().reached(State.SETTLED)) == {order.id for order in orders}
    desk.run()
    assert executed(bench) == [order.number for order in orders]
    assert bench.suite.token.balance_of(customer.wallet) == 150_000_000
    assert desk.status().agrees
    desk.ledger.verify()
    both = {verify_pack.signing_version(item) for item in (upgrade.before, upgrade.implementation)}
    assert signed_for(require_true_pack(bench, orders[0])) == both


def test_x2_a_mint_in_flight_during_an_upgrade_reverts_and_is_minted_once(
    bench: Bench, upgrade: Upgrade
) -> None:
    """It was sent, wasn't mined, and comes into a block after the upgrade: the same bytes, refused."""
    desk, node, customer = bench.desk, bench.suite.node, bench.customer()
    order = bench.approved(customer, "100.00")
    node.set_automine(False)
    with Desk(bench.suite.issuance, bench.url, patience=timedelta(0)) as hasty:
        hasty.run()
    assert desk.order(order).state is State.SUBMITTED
    (sent,) = desk.ledger.transactions.find(lane=bench.suite.signer(Role.OPERATOR).address)
    node.drop_transaction(sent.hash)
    node.set_automine(True)
    upgrade.happen()

    alarms = [*desk.run().alarms]  # sends it again
    node.mine()
    alarms += desk.run().alarms
    history = [(event.from_state, event.to_state) for event in desk.history(order)]
    assert history[-2:] == [(State.SUBMITTED, State.APPROVED), (State.APPROVED, State.FUNDED)]
    assert [type(alarm) for alarm in alarms] == [ApprovalsVoid]
    assert executed(bench) == []
    require_true_pack(bench, order)

    desk.approve(order, bench.approver())
    desk.run()
    desk.run()
    assert desk.order(order).state is State.SETTLED
    assert executed(bench) == [order.number]
    assert bench.suite.token.balance_of(customer.wallet) == 100_000_000
    require_true_pack(bench, order)


def test_x2_an_acceptance_approved_before_an_upgrade_is_approved_again_and_burned_once(
    bench: Bench, upgrade: Upgrade
) -> None:
    desk, customer = bench.desk, bench.customer()
    bench.minted(customer, "500.00")
    order = bench.escrowed(customer, "100.00")
    desk.approve_redemption(order, bench.approver())
    upgrade.happen()

    report = desk.run()
    assert report.reached(State.ESCROWED) == (order.id,)
    assert [type(alarm) for alarm in report.alarms] == [ApprovalsVoid]
    assert bench.suite.market.redemption(1).status is RedemptionStatus.REQUESTED
    assert desk.run().changes == ()

    desk.approve_redemption(order, bench.approver())
    assert desk.run().reached(State.BURNED) == (order.id,)
    assert bench.suite.token.balance_of(customer.wallet) == 400_000_000
    assert desk.status().agrees
    desk.ledger.verify()
    require_true_pack(bench, order)


def test_x2_what_was_only_proposed_or_half_signed_is_made_anew(bench: Bench, upgrade: Upgrade) -> None:
    """The approvers come before the worker: the old batch takes no signature, the orders get another."""
    desk, customer = bench.desk, bench.customer()
    order = bench.funded(customer, "100.00")
    (proposal,) = desk.propose_batch(order)
    signed = proposal.signable.sign(bench.approver())
    upgrade.happen()
    with pytest.raises(ApprovalsVoid, match=VOID):
        desk.sign_batch(proposal, signer=signed.signer, signature=signed.data)
    with pytest.raises(ApprovalsVoid):
        desk.batch(proposal.batch_id)
    (again,) = desk.propose_batch(order)
    assert again.batch_id != proposal.batch_id
    assert again.signable.domain["version"] == upgrade.implementation[:30].lower()
    with pytest.raises(IllegalTransition, match="closed"):
        desk.sign_batch(proposal, signer=signed.signer, signature=signed.data)
    signed = again.signable.sign(bench.approver())
    assert desk.sign_batch(again, signer=signed.signer, signature=signed.data).is_complete
    assert desk.run().reached(State.SETTLED) == (order.id,)


@pytest.mark.parametrize("stage", ["mint", "acceptance"])
def test_x2_what_was_approved_is_approved_again_before_the_worker_has_looked(
    bench: Bench, upgrade: Upgrade, stage: str
) -> None:
    desk, customer = bench.desk, bench.customer()
    if stage == "mint":
        order = bench.approved(customer, "100.00")
        approve, last = desk.approve, State.SETTLED
    else:
        bench.minted(customer, "500.00")
        order = bench.escrowed(customer, "100.00")
        approve, last = desk.approve_redemption, State.BURNED
        approve(order, bench.approver())
    upgrade.happen()
    approve(order, bench.approver())
    report = desk.run()
    assert (report.reached(last), report.alarms) == ((order.id,), ())
    assert desk.status().agrees
    require_true_pack(bench, order)


def test_x2_who_approves_a_part_again_hears_of_the_others(bench: Bench, upgrade: Upgrade) -> None:
    desk, customer = bench.desk, bench.customer()
    orders = [bench.funded(customer, "100.00"), bench.funded(customer, "50.00")]
    desk.approve(orders, bench.approver())
    upgrade.happen()
    with pytest.raises(ApprovalsVoid, match=VOID) as caught:
        desk.approve(orders[0], bench.approver())
    assert caught.value.details["orders"] == [order.id for order in orders]
    assert {desk.order(order).state for order in orders} == {State.FUNDED}
    desk.approve(orders[0], bench.approver())
    assert desk.run().reached(State.SETTLED) == (orders[0].id,)


def test_x2_an_order_held_during_an_upgrade_comes_back_to_be_approved_again(
    bench: Bench, upgrade: Upgrade
) -> None:
    """Two orders of one batch, one on hold: released, it has approvals of a batch that is void."""
    desk, customer = bench.desk, bench.customer()
    orders = [bench.funded(customer, "100.00"), bench.funded(customer, "50.00")]
    desk.approve(orders, bench.approver())
    desk.hold(orders[0], by=COMPLIANCE, reason="list 7")
    upgrade.happen()
    desk.run()
    desk.release(orders[0], by=COMPLIANCE, reason="no match")
    report = desk.run()
    assert report.unsigned == (orders[0].id,)
    desk.approve(orders, bench.approver())
    assert {event.to_state for event in desk.history(orders[0])[-2:]} == {State.FUNDED, State.APPROVED}
    desk.run()
    assert sorted(executed(bench)) == [order.number for order in orders]
    for order in orders:
        require_true_pack(bench, order)


def test_x2_the_chain_itself_refuses_what_was_signed_before(bench: Bench, upgrade: Upgrade) -> None:
    """Whoever holds the old signatures and the operator's key mints nothing with them."""
    suite, order = bench.suite, bench.approved(bench.customer(), "100.00")
    row = on_chain(order)
    old = [suite.market.mint_data([row]).sign(bench.approver(person)) for person in (CHECKER, OTHER_CHECKER)]
    upgrade.happen()
    with pytest.raises(InvalidApproval):
        suite.send(Role.OPERATOR, suite.market.mint([MintBatch((row,), tuple(old))]))
    assert suite.token.total_supply() == 0
