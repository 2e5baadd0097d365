"""What the primary market refuses."""

from __future__ import annotations

from dataclasses import replace

from support.refusals.cases import Attempt, Table, attempt, create, governed, raw
from support.suite import CASE, Suite

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import ApprovalTier, MintBatch, MintOrder, RedemptionStatus, Signature
from toolkit.chain.calls import Call
from toolkit.chain.signers import LocalSigner

table: Table[Suite] = Table()
case = table.case

NO_CASE = bytes(32)
CAP = 50_000_000 * 10**6
LIMIT = 300_000_000 * 10**6


def approved_by(suite: Suite, *signers: LocalSigner) -> Call:
    """The mint of one order to a verified wallet with the approvals of `signers`."""
    suite.register(suite.holder.address)
    order = suite.order(1, 5)
    data = suite.market.mint_data([order])
    return suite.market.mint([MintBatch((order,), tuple(data.sign(signer) for signer in signers))])


def unapproved(suite: Suite, *orders: MintOrder) -> Call:
    """A mint without approvals."""
    return suite.market.mint([MintBatch(orders, ())])


def requested(suite: Suite, amount: int = 60) -> int:
    """A request of the holder's, open."""
    suite.ready()
    suite.mint(1, 100)
    return suite.redeem(amount)


# ---------------------------------------------------------------------------------------- orders and limits


@case(errors.SkipsUnknownOrder, at="PrimaryMarket._mintBatch")
def a_mask_skips_an_order_that_is_not_there(suite: Suite) -> Attempt:
    call = suite.market.mint([MintBatch((suite.order(1, 5),), (), 0b10)])
    return attempt(suite, Role.OPERATOR, call, skipped=2, orders=1)


@case(errors.BatchEmpty)
def a_mask_skips_every_order(suite: Suite) -> Attempt:
    call = suite.market.mint([MintBatch((suite.order(1, 5),), (), 0b1)])
    return attempt(suite, Role.OPERATOR, call)


@case(errors.OrderAlreadyExecuted, at="PrimaryMarket._orderRefusal")
def an_order_number_is_used_again(suite: Suite) -> Attempt:
    suite.ready()
    suite.mint(7, 5)
    call = suite.market.mint([suite.batch(suite.order(7, 6))])
    return attempt(suite, Role.OPERATOR, call, number=7)


@case(errors.OrderAlreadyExecuted)
def an_order_number_twice_in_a_batch(suite: Suite) -> Attempt:
    call = unapproved(suite, suite.order(7, 5), suite.order(7, 5))
    return attempt(suite, Role.OPERATOR, call, number=7)


@case(errors.OrderExpired, at="PrimaryMarket._orderRefusal")
def an_order_past_its_expiry(suite: Suite) -> Attempt:
    expiry = suite.now() - 1
    call = unapproved(suite, replace(suite.order(1, 5), expiry=expiry))
    return attempt(suite, Role.OPERATOR, call, number=1, expiry=expiry)


@case(errors.OrderEmpty, at="PrimaryMarket._orderRefusal")
def an_order_of_nothing(suite: Suite) -> Attempt:
    return attempt(suite, Role.OPERATOR, unapproved(suite, suite.order(1, 0)), number=1)


@case(errors.OrderAboveCap, at="PrimaryMarket._orderRefusal")
def an_order_of_one_unit_above_the_cap(suite: Suite) -> Attempt:
    call = unapproved(suite, suite.order(1, CAP + 1))
    return attempt(suite, Role.OPERATOR, call, number=1, amount=CAP + 1, cap=CAP)


@case(errors.OperatorLimitExceeded, at="PrimaryMarket._limitRefusal")
def a_batch_above_the_operators_limit(suite: Suite) -> Attempt:
    suite.register(suite.holder.address)
    call = unapproved(suite, *(suite.order(number, CAP) for number in range(7)))
    operator = suite.signer(Role.OPERATOR).address
    return attempt(suite, Role.OPERATOR, call, operator=operator, available=LIMIT, asked=7 * CAP)


@case(errors.BatchEmpty, at="PrimaryMarket.mint")
def a_mint_of_no_batch(suite: Suite) -> Attempt:
    return attempt(suite, Role.OPERATOR, suite.market.mint([]))


@case(errors.BatchEmpty, at="PrimaryMarket._mintBatch")
def a_batch_of_no_order(suite: Suite) -> Attempt:
    return attempt(suite, Role.OPERATOR, unapproved(suite))


# ------------------------------------------------------------------------------------------------ approvals


@case(errors.NotEnoughApprovals, at="Approvals._requireApprovals")
def a_mint_that_nobody_approved(suite: Suite) -> Attempt:
    return attempt(suite, Role.OPERATOR, approved_by(suite), given=0, required=1)


@case(errors.NotEnoughApprovals)
def a_large_mint_with_one_approval(suite: Suite) -> Attempt:
    suite.register(suite.holder.address)
    call = suite.market.mint([suite.batch(suite.order(1, 1_000_000 * 10**6 + 1))])
    return attempt(suite, Role.OPERATOR, call, given=1, required=2)


@case(errors.ApproversNotSorted, at="Approvals._requireApprovals")
def one_approver_signs_twice(suite: Suite) -> Attempt:
    approver = suite.signer(Role.APPROVER)
    call = approved_by(suite, approver, approver)
    return attempt(suite, Role.OPERATOR, call, previous=approver.address, current=approver.address)


@case(errors.ApproverIsSender, at="Approvals._requireApprovals")
def the_operator_approves_its_own_batch(suite: Suite) -> Attempt:
    operator = suite.signer(Role.OPERATOR)
    return attempt(suite, operator, approved_by(suite, operator), account=operator.address)


@case(errors.ApproverIsSender, at="Approvals._requireApprovals")
def an_acceptance_by_way_of_the_manager(suite: Suite) -> Attempt:
    number = requested(suite)
    call = suite.market.accept_redemptions([number], [suite.acceptance(number)])
    return attempt(suite, Role.OPERATOR, suite.access.execute(call), account=suite.access.address)


@case(errors.NotApprover, at="Approvals._requireApprovals")
def a_stranger_approves(suite: Suite) -> Attempt:
    call = approved_by(suite, suite.stranger)
    return attempt(suite, Role.OPERATOR, call, account=suite.stranger.address)


@case(errors.NotApprover)
def an_approver_with_a_delay(suite: Suite) -> Attempt:
    approver = suite.signer(Role.APPROVER)
    suite.govern(suite.access.grant_role(Role.APPROVER, approver.address, 60), Role.ADMIN)
    suite.node.advance_time(60)
    return attempt(suite, Role.OPERATOR, approved_by(suite, approver), account=approver.address)


@case(errors.InvalidApproval, at="Approvals._requireApprovals")
def an_approval_of_other_orders(suite: Suite) -> Attempt:
    suite.register(suite.holder.address)
    order, approver = suite.order(1, 5), suite.signer(Role.APPROVER)
    approval = suite.market.mint_data([replace(order, amount=6)]).sign(approver)
    call = suite.market.mint([MintBatch((order,), (approval,))])
    return attempt(suite, Role.OPERATOR, call, signer=approver.address)


@case(errors.InvalidApproval)
def an_approval_that_a_stranger_signed_in_an_approvers_name(suite: Suite) -> Attempt:
    suite.register(suite.holder.address)
    order, approver = suite.order(1, 5), suite.signer(Role.APPROVER)
    forged = suite.market.mint_data([order]).sign(suite.stranger).data
    call = suite.market.mint([MintBatch((order,), (Signature(approver.address, forged),))])
    return attempt(suite, Role.OPERATOR, call, signer=approver.address)


@case(errors.TotalAboveTiers, at="Approvals._tierOf")
def a_mint_above_every_tier(suite: Suite) -> Attempt:
    suite.govern(suite.market.set_approval_tiers([ApprovalTier(4, 1)]))
    approver = suite.signer(Role.APPROVER)
    return attempt(suite, Role.OPERATOR, approved_by(suite, approver), total=5, highest=4)


@case(errors.InvalidTiers, at="Approvals.setApprovalTiers")
def no_tier_at_all(suite: Suite) -> Attempt:
    return governed(suite, suite.market.set_approval_tiers([]))


@case(errors.InvalidTiers, at="Approvals.setApprovalTiers")
def a_tier_without_approvals(suite: Suite) -> Attempt:
    return governed(suite, suite.market.set_approval_tiers([ApprovalTier(5, 0)]))


@case(errors.InvalidTiers, at="Approvals.setApprovalTiers")
def tiers_that_do_not_ascend(suite: Suite) -> Attempt:
    tiers = [ApprovalTier(5, 1), ApprovalTier(5, 2)]
    return governed(suite, suite.market.set_approval_tiers(tiers))


# ---------------------------------------------------------------------------------------------------- stops


@case(errors.MintingIsStopped, at="PrimaryMarket._openRefusal")
def a_mint_while_minting_is_stopped(suite: Suite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.market.stop_minting())
    return attempt(suite, Role.OPERATOR, unapproved(suite, suite.order(1, 5)))


@case(errors.MintingIsStopped, at="PrimaryMarket.stopMinting")
def minting_is_stopped_twice(suite: Suite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.market.stop_minting())
    return attempt(suite, Role.GUARDIAN, suite.market.stop_minting())


@case(errors.MintingIsNotStopped, at="PrimaryMarket.resumeMinting")
def minting_that_goes_on_is_resumed(suite: Suite) -> Attempt:
    return governed(suite, suite.market.resume_minting())


@case(errors.MarketWoundDown, at="PrimaryMarket._openRefusal")
def a_mint_after_the_winding_down(suite: Suite) -> Attempt:
    suite.govern(suite.market.wind_down())
    return attempt(suite, Role.OPERATOR, unapproved(suite, suite.order(1, 5)))


@case(errors.MarketWoundDown, at="PrimaryMarket.windDown")
def a_market_is_wound_down_twice(suite: Suite) -> Attempt:
    suite.govern(suite.market.wind_down())
    return governed(suite, suite.market.wind_down())


# ---------------------------------------------------------------------------------------------- redemptions


@case(errors.RedemptionEmpty, at="Redemptions._open")
def a_redemption_of_nothing(suite: Suite) -> Attempt:
    return attempt(suite, suite.holder, suite.market.request_redemption(0, CASE))


@case(errors.ERC20InsufficientBalance)
def a_redemption_of_the_largest_number(suite: Suite) -> Attempt:
    everything, holder = 2**256 - 1, suite.holder.address
    suite.send(suite.holder, suite.token.approve(suite.market.address, everything))
    call = suite.market.request_redemption(everything, CASE)
    return attempt(suite, suite.holder, call, sender=holder, balance=0, needed=everything)


@case(errors.NotRedemptionHolder, at="Redemptions.cancelRedemption")
def a_stranger_cancels_a_redemption(suite: Suite) -> Attempt:
    number, stranger = requested(suite), suite.stranger
    return attempt(
        suite,
        stranger,
        suite.market.cancel_redemption(number),
        id=number,
        caller=stranger.address,
        holder=suite.holder.address,
    )


@case(errors.RedemptionInStatus, at="Redemptions._close")
def a_payout_is_recorded_twice(suite: Suite) -> Attempt:
    number = requested(suite)
    suite.accept(number)
    suite.pay(number)
    call = suite.market.record_payouts([(number, CASE)])
    statuses = {"status": RedemptionStatus.PAID, "required": RedemptionStatus.ACCEPTED}
    return attempt(suite, Role.TREASURER, call, id=number, **statuses)


@case(errors.RedemptionInStatus)
def an_unknown_redemption_is_rejected(suite: Suite) -> Attempt:
    call = suite.market.reject_redemptions([9], CASE)
    statuses = {"status": RedemptionStatus.NONE, "required": RedemptionStatus.REQUESTED}
    return attempt(suite, Role.OPERATOR, call, id=9, **statuses)


@case(errors.BatchEmpty, at="Redemptions.acceptRedemptions")
def nothing_is_accepted(suite: Suite) -> Attempt:
    return attempt(suite, Role.OPERATOR, suite.market.accept_redemptions([], []))


@case(errors.RedemptionHolderFrozen, at="Redemptions.acceptRedemptions")
def a_frozen_holders_redemption_is_accepted(suite: Suite) -> Attempt:
    number, holder = requested(suite), suite.holder.address
    suite.send(Role.GUARDIAN, suite.token.freeze(holder))
    call = suite.market.accept_redemptions([number], [suite.acceptance(number)])
    return attempt(suite, Role.OPERATOR, call, id=number, holder=holder)


@case(errors.RedemptionHolderFrozen)
def a_redemption_is_accepted_of_which_one_unit_is_frozen(suite: Suite) -> Attempt:
    number, holder = requested(suite, 60), suite.holder.address
    suite.send(Role.GUARDIAN, suite.token.freeze(holder, 41))
    call = suite.market.accept_redemptions([number], [suite.acceptance(number)])
    return attempt(suite, Role.OPERATOR, call, id=number, holder=holder)


@case(errors.NotEnoughApprovals)
def an_acceptance_that_nobody_approved(suite: Suite) -> Attempt:
    call = suite.market.accept_redemptions([requested(suite)], [])
    return attempt(suite, Role.OPERATOR, call, given=0, required=1)


@case(errors.LengthMismatch, at="Redemptions.recordPayouts")
def a_payout_without_a_reference_for_each(suite: Suite) -> Attempt:
    return attempt(suite, Role.TREASURER, raw(suite.market, "recordPayouts", [1, 2], [CASE]), left=2, right=1)


@case(errors.BatchEmpty, at="Redemptions.recordPayouts")
def no_payout_is_recorded(suite: Suite) -> Attempt:
    return attempt(suite, Role.TREASURER, suite.market.record_payouts([]))


@case(errors.PaymentReferenceMissing, at="Redemptions.recordPayouts")
def a_payout_with_an_empty_reference(suite: Suite) -> Attempt:
    return attempt(suite, Role.TREASURER, suite.market.record_payouts([(4, bytes(32))]), id=4)


@case(errors.BatchEmpty, at="Redemptions.rejectRedemptions")
def nothing_is_rejected(suite: Suite) -> Attempt:
    return attempt(suite, Role.OPERATOR, suite.market.reject_redemptions([], CASE))


@case(errors.InvalidPeriod, at="Redemptions.setRedemptionPeriod")
def a_redemption_period_of_zero(suite: Suite) -> Attempt:
    return governed(suite, suite.market.set_redemption_period(0))


# ----------------------------------------------------------------------------------------------- compliance


@case(errors.CaseIdMissing, at="Redemptions.seizeEscrow")
def escrow_is_seized_without_a_case(suite: Suite) -> Attempt:
    call = suite.market.seize_escrow(1, suite.stranger.address, NO_CASE)
    return attempt(suite, Role.COMPLIANCE, call)


@case(errors.RedemptionHolderNotFrozen, at="Redemptions.seizeEscrow")
def escrow_of_a_free_holder_is_seized(suite: Suite) -> Attempt:
    number = requested(suite)
    call = suite.market.seize_escrow(number, suite.stranger.address, CASE)
    return attempt(suite, Role.COMPLIANCE, call, id=number, holder=suite.holder.address)


@case(errors.RedemptionHolderNotFrozen)
def escrow_is_seized_of_which_one_unit_is_free(suite: Suite) -> Attempt:
    number, holder = requested(suite, 60), suite.holder.address
    suite.send(Role.GUARDIAN, suite.token.freeze(holder, 99))
    call = suite.market.seize_escrow(number, suite.stranger.address, CASE)
    return attempt(suite, Role.COMPLIANCE, call, id=number, holder=holder)


@case(errors.EscrowStaysEscrow, at="Redemptions.seizeEscrow")
def seized_escrow_stays_in_the_market(suite: Suite) -> Attempt:
    number = requested(suite)
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address))
    call = suite.market.seize_escrow(number, suite.market.address, CASE)
    return attempt(suite, Role.COMPLIANCE, call)


@case(errors.CaseIdMissing, at="Redemptions.returnUnsolicited")
def unsolicited_tokens_are_returned_without_a_case(suite: Suite) -> Attempt:
    call = suite.market.return_unsolicited(suite.holder.address, 0, NO_CASE)
    return attempt(suite, Role.COMPLIANCE, call)


@case(errors.UnsolicitedExceeded, at="Redemptions.returnUnsolicited")
def more_is_returned_than_came_unasked(suite: Suite) -> Attempt:
    requested(suite, 60)
    suite.send(suite.holder, suite.token.transfer(suite.market.address, 3))
    call = suite.market.return_unsolicited(suite.holder.address, 4, CASE)
    return attempt(suite, Role.COMPLIANCE, call, asked=4, available=3)


# ------------------------------------------------------------------------------------------------- creation


@case(errors.NotAContract, at="Redemptions.constructor")
def a_market_for_no_token(suite: Suite) -> Attempt:
    nobody = suite.stranger.address
    call = create("PrimaryMarket", suite.access.address, nobody, suite.registry.address)
    return attempt(suite, suite.stranger, call, account=nobody)


@case(errors.NotAContract, at="PrimaryMarket.constructor")
def a_market_without_a_registry(suite: Suite) -> Attempt:
    nobody = suite.stranger.address
    call = create("PrimaryMarket", suite.access.address, suite.token.address, nobody)
    return attempt(suite, suite.stranger, call, account=nobody)
