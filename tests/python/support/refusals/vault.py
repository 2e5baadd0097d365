"""What a fund's vault refuses investors: requests, claims, cancellations."""

from __future__ import annotations

from support.fund_suite import COIN, SHARE, FundSuite
from support.refusals.cases import Attempt, Table, attempt, create, created, raw

from toolkit.bindings import errors
from toolkit.bindings.roles import Role

table: Table[FundSuite] = Table()
case = table.case

MINIMUM = 10_000 * COIN
SOME = 100_000 * COIN


def funded(suite: FundSuite, days: int = 1) -> list[int]:
    """The holder has coins and `days` are announced; their cut-offs."""
    suite.mint_coins(suite.holder, 10 * SOME)
    return suite.announce(days)


def requested(suite: FundSuite) -> int:
    """The holder's subscription for day 1; its cut-off."""
    (cut_off,) = funded(suite)
    suite.subscribe(suite.holder, SOME)
    return cut_off


def cancelled(suite: FundSuite) -> str:
    """The holder, who has cancelled a subscription and not claimed it back."""
    requested(suite)
    holder = suite.holder.address
    suite.send(suite.holder, suite.vault.cancel_deposit(1, holder))
    return holder


# -------------------------------------------------------------------------------------------------- requests


@case(errors.DealingIsSuspended, at="Positions._dealingDay")
def a_request_while_dealing_is_suspended(suite: FundSuite) -> Attempt:
    reason, holder = b"\x07" * 32, suite.holder.address
    suite.send(Role.GUARDIAN, suite.vault.suspend_dealing(reason))
    call = suite.vault.request_deposit(SOME, holder, holder)
    return attempt(suite, suite.holder, call, reason=reason)


@case(errors.NoDealingDay, at="Positions._dealingDay")
def a_request_without_a_dealing_day(suite: FundSuite) -> Attempt:
    holder = suite.holder.address
    return attempt(suite, suite.holder, suite.vault.request_deposit(SOME, holder, holder), last_day=0)


@case(errors.NoDealingDay)
def a_request_at_the_last_cut_offs_very_instant(suite: FundSuite) -> Attempt:
    (cut_off,) = funded(suite)
    suite.node.set_next_block_timestamp(cut_off)
    suite.node.mine()
    holder = suite.holder.address
    return attempt(suite, suite.holder, suite.vault.request_deposit(SOME, holder, holder), last_day=1)


@case(errors.RequestEmpty, at="Requests.requestDeposit")
def a_subscription_of_nothing(suite: FundSuite) -> Attempt:
    suite.announce()
    holder = suite.holder.address
    return attempt(suite, suite.holder, suite.vault.request_deposit(0, holder, holder))


@case(errors.RequestEmpty, at="Requests.requestRedeem")
def a_redemption_of_nothing(suite: FundSuite) -> Attempt:
    suite.announce()
    holder = suite.holder.address
    return attempt(suite, suite.holder, suite.vault.request_redemption(0, holder, holder))


@case(errors.SubscriptionBelowMinimum, at="Requests.requestDeposit")
def a_subscription_of_one_unit_too_little(suite: FundSuite) -> Attempt:
    funded(suite)
    holder = suite.holder.address
    call = suite.vault.request_deposit(MINIMUM - 1, holder, holder)
    return attempt(suite, suite.holder, call, assets=MINIMUM - 1, minimum=MINIMUM)


@case(errors.RedemptionBelowMinimum, at="Requests.requestRedeem")
def a_redemption_that_is_little_and_not_all(suite: FundSuite) -> Attempt:
    suite.give_shares(suite.holder, 10)
    suite.announce()
    holder = suite.holder.address
    call = suite.vault.request_redemption(9, holder, holder)
    return attempt(suite, suite.holder, call, shares=9, minimum=1000 * SHARE)


@case(errors.NotOperator, at="Positions._requireOperator")
def a_stranger_subscribes_for_a_holder(suite: FundSuite) -> Attempt:
    funded(suite)
    holder, stranger = suite.holder.address, suite.stranger.address
    call = suite.vault.request_deposit(SOME, holder, holder)
    return attempt(suite, suite.stranger, call, account=holder, caller=stranger)


@case(errors.NotOperator)
def a_stranger_claims(suite: FundSuite) -> Attempt:
    holder, stranger = suite.holder.address, suite.stranger.address
    call = suite.vault.claim_shares(1, stranger, holder)
    return attempt(suite, suite.stranger, call, account=holder, caller=stranger)


@case(errors.ERC7943CannotSend, at="Positions._requireOperator")
def a_frozen_operator_subscribes(suite: FundSuite) -> Attempt:
    funded(suite)
    holder, operator = suite.holder.address, suite.stranger.address
    suite.send(suite.holder, suite.vault.set_operator(operator, True))
    suite.send(Role.GUARDIAN, suite.token.freeze(operator))
    call = suite.vault.request_deposit(SOME, holder, holder)
    return attempt(suite, suite.stranger, call, account=operator)


@case(errors.NotSameInvestor, at="Positions._requireSameInvestor")
def a_subscription_for_another_investor(suite: FundSuite) -> Attempt:
    funded(suite)
    owner, other = suite.holder.address, suite.other_holder.address
    suite.investor(other)
    call = suite.vault.request_deposit(SOME, other, owner)
    return attempt(suite, suite.holder, call, account=other, other=owner)


@case(errors.TooManyUnsettledDays, at="Positions._place")
def a_request_for_a_third_day_without_a_price(suite: FundSuite) -> Attempt:
    first, second, _ = funded(suite, 3)
    holder = suite.holder.address
    for cut_off in (first, second):
        suite.subscribe(suite.holder, SOME)
        suite.pass_time(cut_off)
    suite.node.mine()
    call = suite.vault.request_deposit(SOME, holder, holder)
    return attempt(suite, suite.holder, call, controller=holder, first=1, second=2)


# --------------------------------------------------------------------------------------------- cancellations


@case(errors.NothingPending, at="Positions._cancel")
def a_cancellation_of_nothing(suite: FundSuite) -> Attempt:
    suite.announce()
    holder = suite.holder.address
    return attempt(suite, suite.holder, suite.vault.cancel_deposit(1, holder), controller=holder, day=1)


@case(errors.NothingPending, at="Positions._takeCancelled")
def a_claim_of_what_was_not_cancelled(suite: FundSuite) -> Attempt:
    requested(suite)
    holder = suite.holder.address
    call = suite.vault.claim_cancelled_deposit(1, holder, holder)
    return attempt(suite, suite.holder, call, controller=holder, day=1)


@case(errors.CutOffPassed, at="Positions._requireCancellable")
def a_cancellation_after_the_cut_off(suite: FundSuite) -> Attempt:
    cut_off = requested(suite)
    suite.pass_time(cut_off)
    suite.node.mine()
    call = suite.vault.cancel_deposit(1, suite.holder.address)
    return attempt(suite, suite.holder, call, day=1, cut_off=cut_off)


@case(errors.CancellationUnclaimed, at="Positions._current")
def a_request_before_the_cancelled_one_is_claimed(suite: FundSuite) -> Attempt:
    holder = cancelled(suite)
    call = suite.vault.request_deposit(SOME, holder, holder)
    return attempt(suite, suite.holder, call, controller=holder, day=1)


@case(errors.WalletNotVerified, at="Positions._requireVerified")
def a_lapsed_investor_claims_back_coins(suite: FundSuite) -> Attempt:
    holder, until = cancelled(suite), suite.now() - 1
    suite.investor(holder, verified_until=until)
    call = suite.vault.claim_cancelled_deposit(1, holder, holder)
    return attempt(suite, suite.holder, call, account=holder, verified_until=until)


@case(errors.ERC7943CannotReceive, at="Positions._requirePayable")
def a_frozen_controller_claims_to_another_wallet(suite: FundSuite) -> Attempt:
    holder, other = cancelled(suite), suite.other_holder.address
    suite.investor(other, of=holder)
    suite.send(Role.GUARDIAN, suite.token.freeze(holder))
    call = suite.vault.claim_cancelled_deposit(1, other, holder)
    return attempt(suite, suite.holder, call, account=holder)


@case(errors.ERC7943CannotSend, at="Requests.claimCancelRedeemRequest")
def frozen_shares_are_claimed_back_to_another_wallet(suite: FundSuite) -> Attempt:
    suite.give_shares(suite.holder, 1000 * SHARE)
    suite.announce()
    holder, other = suite.holder.address, suite.other_holder.address
    suite.redeem_shares(suite.holder, 1000 * SHARE)
    suite.send(suite.holder, suite.vault.cancel_redemption(1, holder))
    suite.investor(other, of=holder)
    suite.send(Role.GUARDIAN, suite.share.freeze(holder))
    call = suite.vault.claim_cancelled_redemption(1, other, holder)
    return attempt(suite, suite.holder, call, account=holder)


# ---------------------------------------------------------------------------------------------------- claims


@case(errors.ClaimExceeded, at="Positions._takeDue")
def a_claim_of_shares_that_are_not_there(suite: FundSuite) -> Attempt:
    holder = suite.holder.address
    call = suite.vault.claim_shares(1, holder, holder)
    return attempt(suite, suite.holder, call, controller=holder, asked=1, claimable=0)


@case(errors.ClaimExceeded)
def a_claim_twice(suite: FundSuite) -> Attempt:
    requested(suite)
    suite.settle()
    holder = suite.holder.address
    shares = suite.vault.claimable_shares(holder)
    call = suite.vault.claim_shares(shares, holder, holder)
    suite.send(suite.holder, call)
    return attempt(suite, suite.holder, call, controller=holder, asked=shares, claimable=0)


@case(errors.ClaimExceeded, at="Positions._takeRequested")
def a_claim_for_more_than_was_subscribed(suite: FundSuite) -> Attempt:
    requested(suite)
    suite.settle()
    holder = suite.holder.address
    call = raw(suite.vault, "deposit(uint256,address,address)", SOME + 1, holder, holder)
    return attempt(suite, suite.holder, call, controller=holder, asked=SOME + 1, claimable=SOME)


@case(errors.PreviewUnavailable, at="FundVault.previewDeposit")
def a_subscription_is_previewed(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.holder, raw(suite.vault, "previewDeposit", 1))


@case(errors.PreviewUnavailable, at="FundVault.previewMint")
def shares_are_previewed(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.holder, raw(suite.vault, "previewMint", 1))


@case(errors.PreviewUnavailable, at="FundVault.previewRedeem")
def a_redemption_is_previewed(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.holder, raw(suite.vault, "previewRedeem", 1))


@case(errors.PreviewUnavailable, at="FundVault.previewWithdraw")
def proceeds_are_previewed(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.holder, raw(suite.vault, "previewWithdraw", 1))


# -------------------------------------------------------------------------------------------------- creation


@case(errors.NotAContract, at="VaultStorage.constructor")
def a_vault_without_a_share(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    call = create("FundVault", suite.access.address, account, suite.token.address, 8)
    return attempt(suite, suite.stranger, call, account=account)


@case(errors.NotAContract, at="VaultStorage.constructor")
def a_vault_without_a_coin(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    call = create("FundVault", suite.access.address, suite.share.address, account, 8)
    return attempt(suite, suite.stranger, call, account=account)


@case(errors.TermOutOfBounds, at="VaultStorage.constructor")
def a_vault_with_a_decimal_too_many(suite: FundSuite) -> Attempt:
    call = create("FundVault", suite.access.address, suite.share.address, suite.token.address, 19)
    return attempt(suite, suite.stranger, call, value=19, least=0, most=18)


@case(errors.TermOutOfBounds, at="VaultStorage.constructor")
def a_vault_of_shares_with_too_few_decimals(suite: FundSuite) -> Attempt:
    authority, coin = suite.access.address, suite.token.address
    share = created(suite, "FundShare", authority, "Coarse", "CRS", 3, suite.registry.address)
    call = create("FundVault", authority, share, coin, 8)
    return attempt(suite, suite.stranger, call, value=3, least=4, most=18)
