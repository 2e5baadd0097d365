"""What a fund's vault refuses its desk: calendar, settlement, hand-out, quarantine, settings."""

from __future__ import annotations

from dataclasses import replace

from support.fund_suite import COIN, HOUR, SHARE, FundSuite
from support.refusals.cases import Attempt, Table, attempt, created, governed
from support.suite import CASE

from toolkit.bindings import errors
from toolkit.bindings.fund_structs import Release
from toolkit.bindings.roles import Role
from toolkit.bindings.vault import FundVault
from toolkit.chain.addresses import ZERO_ADDRESS

table: Table[FundSuite] = Table()
case = table.case

SOME = 100_000 * COIN
REASON = b"\x07" * 32


def suspended(suite: FundSuite) -> None:
    suite.send(Role.GUARDIAN, suite.vault.suspend_dealing(REASON))


def closed(suite: FundSuite) -> int:
    """Day 1, closed; its cut-off."""
    (cut_off,) = suite.announce()
    suite.close()
    return cut_off


def release(suite: FundSuite, assets: int = 1, shares: int = 0, case_id: bytes = CASE) -> Release:
    holder = suite.holder.address
    return Release(holder, holder, assets, shares, False, case_id)


def quarantined(suite: FundSuite) -> int:
    """Shares of the holder's, whose verification lapsed before they were handed out."""
    suite.mint_coins(suite.holder, SOME)
    suite.announce()
    suite.subscribe(suite.holder, SOME)
    suite.settle()
    holder = suite.holder.address
    suite.investor(holder, verified_until=suite.now() - 1)
    suite.send(suite.dealer, suite.vault.push_shares(1, [holder]))
    return suite.vault.quarantined(holder).shares


# -------------------------------------------------------------------------------------------------- calendar


@case(errors.NotConfigured, at="Calendar.announceDays")
def days_are_announced_on_a_vault_without_terms(suite: FundSuite) -> Attempt:
    share, coin = suite.share.address, suite.token.address
    bare = FundVault(suite.client, created(suite, "FundVault", suite.access.address, share, coin, 8))
    call = bare.announce_days(1, [suite.now() + 10 * 86_400])
    suite.send(Role.ADMIN, suite.access.schedule(call))
    suite.node.advance_time(2 * 86_400 + 1)
    return attempt(suite, Role.ADMIN, call)


@case(errors.CallerIsNotVault, at="Calendar.announceDays")
def days_are_announced_on_a_vault_that_was_taken_away(suite: FundSuite) -> Attempt:
    suite.govern(suite.share.set_vault(suite.token.address, ZERO_ADDRESS))
    call = suite.vault.announce_days(1, [suite.now() + HOUR])
    return attempt(suite, suite.dealer, call, caller=suite.vault.address)


@case(errors.InvalidCalendar, at="Calendar.announceDays")
def days_are_announced_with_a_gap(suite: FundSuite) -> Attempt:
    call = suite.vault.announce_days(2, [suite.now() + HOUR])
    return attempt(suite, suite.dealer, call, first_day=2, expected=1)


@case(errors.InvalidCalendar)
def no_days_are_announced(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.dealer, suite.vault.announce_days(1, []), first_day=1, expected=1)


@case(errors.CutOffNotLater, at="Calendar.announceDays")
def cut_offs_do_not_ascend(suite: FundSuite) -> Attempt:
    later = suite.now() + 2 * HOUR
    call = suite.vault.announce_days(1, [later, later])
    return attempt(suite, suite.dealer, call, cut_off=later, previous=later)


@case(errors.DayOutOfOrder, at="Calendar.closeDay")
def a_day_is_closed_before_the_last(suite: FundSuite) -> Attempt:
    suite.announce(2)
    return attempt(suite, suite.dealer, suite.vault.close_day(2), day=2, expected=1)


@case(errors.NoDealingDay, at="Calendar.closeDay")
def a_day_is_closed_that_was_not_announced(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.dealer, suite.vault.close_day(1), last_day=0)


@case(errors.CutOffNotReached, at="Calendar.closeDay")
def a_day_is_closed_before_its_cut_off(suite: FundSuite) -> Attempt:
    (cut_off,) = suite.announce()
    return attempt(suite, suite.dealer, suite.vault.close_day(1), day=1, cut_off=cut_off)


@case(errors.DealingIsSuspended, at="Calendar.suspendDealing")
def dealing_is_suspended_twice(suite: FundSuite) -> Attempt:
    suspended(suite)
    call = suite.vault.suspend_dealing(b"\x08" * 32)
    return attempt(suite, Role.GUARDIAN, call, reason=REASON)


@case(errors.ReasonMissing, at="Calendar.suspendDealing")
def dealing_is_suspended_without_a_reason(suite: FundSuite) -> Attempt:
    return attempt(suite, Role.GUARDIAN, suite.vault.suspend_dealing(bytes(32)))


@case(errors.DealingNotSuspended, at="Calendar.resumeDealing")
def dealing_is_resumed_without_a_suspension(suite: FundSuite) -> Attempt:
    return governed(suite, suite.vault.resume_dealing())


@case(errors.TermOutOfBounds, at="Calendar._within")
def a_gate_that_lets_nothing_through(suite: FundSuite) -> Attempt:
    call = suite.vault.set_terms(replace(suite.vault.dealing_terms(), gate_bps=99))
    return governed(suite, call, value=99, least=100, most=10_000)


# ------------------------------------------------------------------------------------------------ settlement


@case(errors.DealingIsSuspended, at="Settlements.settleDay")
def a_day_is_settled_while_dealing_is_suspended(suite: FundSuite) -> Attempt:
    suspended(suite)
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), reason=REASON)


@case(errors.DayOutOfOrder, at="Settlements.settleDay")
def a_day_is_settled_before_the_last(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.dealer, suite.vault.settle_day(2), day=2, expected=1)


@case(errors.DayOutOfOrder)
def a_day_is_settled_twice(suite: FundSuite) -> Attempt:
    suite.announce()
    suite.settle()
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), day=1, expected=2)


@case(errors.DayNotClosed, at="Settlements.settleDay")
def an_open_day_is_settled(suite: FundSuite) -> Attempt:
    suite.announce()
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), day=1)


@case(errors.NavStale, at="Settlements._value")
def a_day_is_settled_without_a_price(suite: FundSuite) -> Attempt:
    closed(suite)
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), as_of=0, fresh_until=0)


@case(errors.NavBeforeCutOff, at="Settlements._value")
def a_price_from_before_the_cut_off(suite: FundSuite) -> Attempt:
    as_of = suite.now() - 1
    suite.publish_nav(as_of=as_of)
    cut_off = closed(suite)
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), as_of=as_of, cut_off=cut_off)


@case(errors.NavUnusable, at="Settlements._value")
def a_price_beyond_80_bits(suite: FundSuite) -> Attempt:
    closed(suite)
    suite.publish_nav(2**80)
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), nav=2**80)


@case(errors.NavUnusable, at="Settlements._price")
def a_price_that_swings_to_nothing(suite: FundSuite) -> Attempt:
    suite.give_shares(suite.holder, 10_000 * SHARE)
    suite.announce()
    suite.redeem_shares(suite.holder, 10_000 * SHARE)
    suite.close()
    suite.publish_nav(1)
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), nav=1)


@case(errors.FundingShortfall, at="Settlements._move")
def redemptions_that_nobody_funded(suite: FundSuite) -> Attempt:
    puppet = suite.give_shares(suite.holder, 10_000 * SHARE)
    # So many that neither the gate nor the swing comes into play.
    suite.send(suite.stranger, suite.by(puppet, suite.share, "issue", 10**6 * SHARE))
    suite.announce()
    suite.redeem_shares(suite.holder, 10_000 * SHARE)
    suite.close()
    suite.publish_nav()
    # Ten dollars a share, less the exit fee of 10 basis points.
    return attempt(suite, suite.dealer, suite.vault.settle_day(1), needed=SOME - SOME // 1000, available=0)


@case(errors.FundingShortfall, at="Settlements.returnFunding")
def more_funding_is_returned_than_there_is(suite: FundSuite) -> Attempt:
    return attempt(suite, Role.TREASURER, suite.vault.return_funding(5), needed=5, available=0)


@case(errors.NoDust, at="Settlements.sweepDust")
def the_dust_of_an_unsettled_day(suite: FundSuite) -> Attempt:
    return attempt(suite, suite.stranger, suite.vault.sweep_dust(1), day=1)


@case(errors.NotAContract, at="Settlements.setNavFeed")
def an_account_is_named_as_feed(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    return governed(suite, suite.vault.set_nav_feed(account), account=account)


@case(errors.NavDecimalsMismatch, at="Settlements.setNavFeed")
def the_reserve_is_named_as_feed(suite: FundSuite) -> Attempt:
    return governed(suite, suite.vault.set_nav_feed(suite.feed.address), feed_decimals=6, expected=8)


@case(errors.InvalidCustody, at="Settlements.setCustody")
def the_vault_is_named_as_custody(suite: FundSuite) -> Attempt:
    vault = suite.vault.address
    return governed(suite, suite.vault.set_custody(vault), custody=vault)


# ------------------------------------------------------------------------------------- hand-out, quarantine


@case(errors.TokenPaused, at="Pushes._requireCoinMoves")
def proceeds_are_paid_while_the_coin_is_paused(suite: FundSuite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.token.pause())
    return attempt(suite, suite.dealer, suite.vault.push_assets([]))


@case(errors.TokenPaused, at="Pushes.pushCancelled")
def cancelled_requests_go_back_while_the_share_is_paused(suite: FundSuite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.share.pause())
    return attempt(suite, suite.dealer, suite.vault.push_cancelled([]))


@case(errors.CaseIdMissing, at="Quarantine.proposeRelease")
def a_release_without_a_case(suite: FundSuite) -> Attempt:
    call = suite.vault.propose_release(release(suite, case_id=bytes(32)))
    return attempt(suite, Role.COMPLIANCE, call)


@case(errors.NotInQuarantine, at="Quarantine._requireHeld")
def a_release_of_what_is_not_there(suite: FundSuite) -> Attempt:
    call = suite.vault.propose_release(release(suite))
    return attempt(suite, Role.COMPLIANCE, call, controller=suite.holder.address, assets=1, shares=0)


@case(errors.ReleaseNotProposed, at="Quarantine._takeProposal")
def a_release_that_nobody_proposed_is_confirmed(suite: FundSuite) -> Attempt:
    call = suite.vault.confirm_release(release(suite))
    return attempt(suite, Role.TREASURER, call, controller=suite.holder.address, case_id=CASE)


@case(errors.SameHand, at="Quarantine.confirmRelease")
def one_account_releases_by_itself(suite: FundSuite) -> Attempt:
    hand = suite.signer(Role.COMPLIANCE)
    suite.govern(suite.access.grant_role(Role.TREASURER, hand.address), Role.ADMIN, direct=True)
    wanted = release(suite, assets=0, shares=quarantined(suite))
    suite.send(hand, suite.vault.propose_release(wanted))
    return attempt(suite, hand, suite.vault.confirm_release(wanted), account=hand.address)


@case(errors.ReleaseNotProposed, at="Quarantine._requireProposer")
def a_release_whose_proposer_has_lost_its_role(suite: FundSuite) -> Attempt:
    wanted = release(suite, assets=0, shares=quarantined(suite))
    suite.send(Role.COMPLIANCE, suite.vault.propose_release(wanted))
    proposer = suite.signer(Role.COMPLIANCE).address
    suite.send(Role.GUARDIAN, suite.issuance.guardian_gate.revoke_role(Role.COMPLIANCE, proposer))
    call = suite.vault.confirm_release(wanted)
    return attempt(suite, Role.TREASURER, call, controller=suite.holder.address, case_id=CASE)


@case(errors.ERC7943CannotReceive, at="Quarantine.confirmRelease")
def coins_are_released_to_the_vault(suite: FundSuite) -> Attempt:
    holder, vault = suite.holder.address, suite.vault.address
    suite.mint_coins(suite.holder, SOME)
    suite.announce()
    suite.subscribe(suite.holder, SOME)
    suite.send(suite.holder, suite.vault.cancel_deposit(1, holder))
    suite.investor(holder, verified_until=suite.now() - 1)
    suite.send(suite.dealer, suite.vault.push_cancelled([holder]))
    suite.investor(vault)
    wanted = replace(release(suite, assets=SOME), to=vault)
    suite.send(Role.COMPLIANCE, suite.vault.propose_release(wanted))
    return attempt(suite, Role.TREASURER, suite.vault.confirm_release(wanted), account=vault)
