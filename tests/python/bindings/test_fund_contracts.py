"""The fund's bindings against a real deployment: two dealing days and a distribution, read and sent."""

from __future__ import annotations

import pytest
from support.fund_suite import COIN, NAV, SHARE, FundSuite
from support.suite import CASE

from toolkit.bindings import errors, events, fund_events
from toolkit.bindings.event import ContractEvent
from toolkit.bindings.fund_structs import (
    CountryRule,
    DistributionClaim,
    DistributionStatus,
    DistributionTerms,
    Progress,
    Quarantine,
    Release,
    Restriction,
)
from toolkit.bindings.roles import Role
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.sender import Mined
from toolkit.funds.distributions import LEAF_TYPES
from toolkit.funds.merkle import StandardMerkleTree

SOME = 100_000 * COIN


def kinds(mined: Mined) -> list[type[ContractEvent] | None]:
    """Every event of the transaction, decoded; None for one that no binding knows."""
    found = [events.decode_log(log) for log in mined.receipt.logs]
    return [None if event is None else type(event) for event in found]


def held(suite: FundSuite) -> int:
    """Day 1: the holder subscribes and claims its shares; how many."""
    suite.mint_coins(suite.holder, 10 * SOME)
    suite.announce(3)
    suite.subscribe(suite.holder, SOME)
    suite.settle()
    holder = suite.holder.address
    shares = suite.vault.claimable_shares(holder)
    suite.send(suite.holder, suite.vault.claim_shares(shares, holder, holder))
    return shares


def test_a_subscription_day(fund_suite: FundSuite) -> None:
    suite, holder = fund_suite, fund_suite.holder.address
    suite.mint_coins(suite.holder, SOME)
    (cut_off,) = suite.announce()
    assert suite.vault.open_day() == (1, cut_off)
    assert suite.vault.progress() == Progress(1, 0, 0)

    call = suite.vault.request_deposit(SOME, holder, holder)
    mined = suite.send(suite.holder, call)
    assert kinds(mined) == [fund_events.DepositRequest, events.Transfer]
    (request,) = suite.vault.events_in(mined.receipt, fund_events.DepositRequest)
    assert (request.controller, request.owner, request.day, request.assets) == (holder, holder, 1, SOME)
    assert suite.vault.pending_deposit(1, holder) == SOME
    book = suite.vault.subscription_book(1)
    assert (book.amount, book.positions, book.price) == (SOME, 1, 0)

    suite.close()
    suite.publish_nav()
    mined = suite.send(suite.dealer, suite.vault.settle_day(1))
    (settled,) = suite.vault.events_in(mined.receipt, fund_events.DaySettled)
    assert (settled.day, settled.actor) == (1, suite.dealer.address)
    # Ten dollars a share, of which nobody held any that could swing; 10 basis points stay in the fund.
    shares = (SOME - SOME // 1000) // COIN * SHARE // 10
    assert settled.settlement.subscription_price == NAV
    assert settled.settlement.shares_out == shares
    assert settled.settlement.assets_in == SOME
    day = suite.vault.dealing_day(1)
    assert (day.cut_off, day.nav, day.entry_fee_bps) == (cut_off, NAV, 10)
    assert day.nav_as_of == settled.settlement.nav_as_of >= cut_off
    assert suite.token.balance_of(suite.vault.custody()) == SOME

    assert suite.vault.claimable_deposit(1, holder) == SOME
    assert suite.vault.claimable_shares(holder) == shares
    mined = suite.send(suite.holder, suite.vault.claim_shares(shares, holder, holder))
    assert set(kinds(mined)) == {fund_events.Deposit, events.Transfer}
    assert suite.share.balance_of(holder) == suite.share.total_supply() == shares


def test_a_redemption_day_behind_a_gate(fund_suite: FundSuite) -> None:
    suite, holder = fund_suite, fund_suite.holder.address
    shares = held(suite)
    suite.redeem_shares(suite.holder, shares)
    assert suite.vault.pending_redemption(2, holder) == shares
    treasurer = suite.signer(Role.TREASURER)
    suite.investor(treasurer.address)
    suite.mint(2, SOME, treasurer.address)
    suite.send(treasurer, suite.token.approve(suite.vault.address, SOME))
    mined = suite.send(treasurer, suite.vault.fund_redemptions(SOME))
    assert kinds(mined) == [fund_events.RedemptionsFunded, events.Transfer]
    assert suite.vault.funding() == SOME

    before = suite.client.block("latest").number
    suite.settle(2)
    (settled,) = suite.vault.events(fund_events.DaySettled, from_block=before + 1, to_block="latest")
    redeemed = settled.settlement.shares_in
    assert redeemed <= shares // 10, "the gate is a tenth of the class"
    assert settled.settlement.shares_carried == shares - redeemed
    assert suite.vault.pending_redemption(3, holder) == shares - redeemed
    assert suite.vault.claimable_redemption(2, holder) == redeemed
    proceeds = suite.vault.claimable_assets(holder)
    mined = suite.send(suite.dealer, suite.vault.push_assets([holder]))
    (paid,) = suite.vault.events_in(mined.receipt, fund_events.Withdraw)
    assert (paid.owner, paid.assets, paid.shares) == (holder, proceeds, redeemed)

    left = suite.vault.funding()
    suite.send(treasurer, suite.vault.return_funding(left))
    assert suite.vault.funding() == 0
    assert suite.vault.redemption_book(2).price == settled.settlement.redemption_price


def test_what_is_cancelled_is_claimed_back(fund_suite: FundSuite) -> None:
    suite, holder = fund_suite, fund_suite.holder.address
    shares = held(suite)
    suite.subscribe(suite.holder, SOME)
    suite.redeem_shares(suite.holder, shares)
    mined = suite.send(suite.holder, suite.vault.cancel_deposit(2, holder))
    assert kinds(mined) == [fund_events.CancelDepositRequest]
    suite.send(suite.holder, suite.vault.cancel_redemption(2, holder))
    assert suite.vault.claimable_cancelled_deposit(2, holder) == SOME
    assert suite.vault.claimable_cancelled_redemption(2, holder) == shares
    mined = suite.send(suite.holder, suite.vault.claim_cancelled_deposit(2, holder, holder))
    assert kinds(mined) == [fund_events.CancelDepositClaim, events.Transfer]
    suite.send(suite.holder, suite.vault.claim_cancelled_redemption(2, holder, holder))
    assert suite.share.balance_of(holder) == shares


def test_an_operator_deals_for_its_controller(fund_suite: FundSuite) -> None:
    suite, holder, operator = fund_suite, fund_suite.holder.address, fund_suite.stranger
    suite.mint_coins(suite.holder, SOME)
    suite.announce()
    assert not suite.vault.is_operator(holder, operator.address)
    mined = suite.send(suite.holder, suite.vault.set_operator(operator.address, True))
    assert kinds(mined) == [fund_events.OperatorSet]
    assert suite.vault.is_operator(holder, operator.address)
    suite.send(operator, suite.vault.request_deposit(SOME, holder, holder))
    suite.settle()
    suite.send(operator, suite.vault.roll(holder))
    assert suite.vault.claimable_shares(holder)


def test_shares_of_a_lapsed_investor_are_released_by_two_hands(fund_suite: FundSuite) -> None:
    suite, holder = fund_suite, fund_suite.holder.address
    suite.mint_coins(suite.holder, SOME)
    suite.announce()
    suite.subscribe(suite.holder, SOME)
    suite.settle()
    shares = suite.vault.claimable_shares(holder)
    suite.investor(holder, verified_until=suite.now() - 1)
    mined = suite.send(suite.dealer, suite.vault.push_shares(1, [holder]))
    assert fund_events.Quarantined in kinds(mined)
    assert suite.vault.quarantined(holder) == Quarantine(0, shares)

    suite.investor(holder)
    release = Release(holder, holder, 0, shares, False, CASE)
    assert suite.vault.proposer_of(release) == ZERO_ADDRESS
    suite.send(Role.COMPLIANCE, suite.vault.propose_release(release))
    assert suite.vault.proposer_of(release) == suite.signer(Role.COMPLIANCE).address
    mined = suite.send(Role.COMPLIANCE, suite.vault.retract_release(release))
    assert kinds(mined) == [fund_events.ReleaseRetracted]
    suite.send(Role.COMPLIANCE, suite.vault.propose_release(release))
    mined = suite.send(Role.TREASURER, suite.vault.confirm_release(release))
    assert kinds(mined) == [fund_events.Released, events.Transfer]
    assert suite.share.balance_of(holder) == shares


def test_dealing_stops_for_a_reason_and_goes_on(fund_suite: FundSuite) -> None:
    suite, reason = fund_suite, b"\x07" * 32
    mined = suite.send(Role.GUARDIAN, suite.vault.suspend_dealing(reason))
    assert kinds(mined) == [fund_events.DealingSuspended]
    assert suite.vault.suspension_reason() == reason
    mined = suite.govern(suite.vault.resume_dealing())
    assert fund_events.DealingResumed in kinds(mined)
    assert suite.vault.suspension_reason() is None


def test_a_share_says_what_would_refuse_a_movement(fund_suite: FundSuite) -> None:
    suite, share = fund_suite, fund_suite.share
    holder, other = suite.holder.address, suite.other_holder.address
    suite.give_shares(suite.holder, 10)
    assert share.transfer_restriction(holder, other, 1) is Restriction.RECEIVER_NOT_VERIFIED
    assert share.restriction_text(Restriction.RECEIVER_NOT_VERIFIED) == "The receiver is not verified"
    assert type(share.explain_subscription(other, 1)) is errors.WalletNotVerified
    with pytest.raises(errors.WalletNotVerified):
        share.require_subscriber(other)
    investor = suite.investor(other)
    assert share.require_subscriber(other) == share.investor_of(other) == investor
    assert share.explain_subscription(other, 1) is None
    assert share.transfer_restriction(holder, other, 1) is Restriction.NONE
    suite.send(Role.GUARDIAN, share.freeze(holder))
    assert type(share.explain_redemption(holder, 1)) is errors.ERC7943CannotSend
    assert share.is_vault(suite.vault.address)
    assert share.vault(suite.token.address) == suite.vault.address


def test_holdings_are_counted_by_investor_where_the_class_says_so(fund_suite: FundSuite) -> None:
    suite, share = fund_suite, fund_suite.institutional.share
    suite.give_shares(suite.holder, 10, share=share)
    investor = share.investor_of(suite.holder.address)
    assert (share.holding_of(investor), share.holders()) == (10, 1)
    assert share.locked_until(investor) > suite.now()


def test_the_governor_changes_a_class(fund_suite: FundSuite) -> None:
    suite, share = fund_suite, fund_suite.share
    mined = suite.govern(share.set_countries(CountryRule.ONLY_LISTED, [344, 702]))
    (changed,) = share.events_in(mined.receipt, fund_events.CountriesChanged)
    assert (changed.rule, changed.countries) == (CountryRule.ONLY_LISTED, (344, 702))
    assert share.admits_country(702)
    assert not share.admits_country(826)
    mined = suite.govern(share.set_policy(share.policy()))
    (policy,) = share.events_in(mined.receipt, fund_events.PolicyChanged)
    assert policy.policy == share.policy()
    mined = suite.govern(suite.vault.set_terms(suite.vault.dealing_terms()))
    (terms,) = suite.vault.events_in(mined.receipt, fund_events.TermsChanged)
    assert terms.terms == suite.vault.dealing_terms()
    mined = suite.govern(share.set_vault(suite.token.address, ZERO_ADDRESS))
    assert {fund_events.VaultUpdate, fund_events.VaultChanged} <= set(kinds(mined))
    assert share.vault(suite.token.address) == ZERO_ADDRESS


def test_a_distribution_is_paid_set_aside_and_swept(fund_suite: FundSuite) -> None:
    suite, distribution = fund_suite, fund_suite.distribution
    treasurer = suite.signer(Role.TREASURER)
    suite.mint_coins(treasurer, SOME)
    paid, lapsed, silent = (wallet.address for wallet in (suite.holder, suite.other_holder, suite.stranger))
    suite.investor(paid)
    leaves = [(0, paid, 40), (1, lapsed, 30), (2, silent, 20)]
    tree = StandardMerkleTree.of(leaves, LEAF_TYPES)
    terms = DistributionTerms(
        suite.share.address, suite.now(), suite.now() + 3600, 90, tree.root, b"\x44" * 32
    )
    suite.send(treasurer, suite.token.approve(distribution.address, 90))
    mined = suite.send(treasurer, distribution.create(terms))
    (created,) = distribution.events_in(mined.receipt, fund_events.DistributionCreated)
    assert (created.number, created.terms) == (1, terms)
    assert (distribution.count(), distribution.number_of(terms.report)) == (1, 1)

    claims = [
        DistributionClaim(index, account, amount, tree.proof(index)) for index, account, amount in leaves[:2]
    ]
    mined = suite.send(suite.stranger, distribution.claim_many(1, claims))
    assert kinds(mined) == [
        fund_events.DistributionPaid,
        events.Transfer,
        fund_events.DistributionSetAside,
    ]
    assert suite.token.balance_of(paid) == 40
    assert distribution.is_claimed(1, 1)
    assert not distribution.is_claimed(1, 2)
    assert not distribution.can_be_paid(lapsed)
    assert distribution.set_aside_for(1, lapsed) == 30
    suite.investor(lapsed)
    suite.send(suite.stranger, distribution.release(1, lapsed))
    assert suite.token.balance_of(lapsed) == 30
    record = distribution.distribution(1)
    assert (record.terms, record.funder, record.status) == (
        terms,
        treasurer.address,
        DistributionStatus.OPEN,
    )
    assert distribution.owed(1) == record.unclaimed == 20

    suite.send(Role.GUARDIAN, distribution.stop(1))
    assert distribution.distribution(1).stopped
    suite.govern(distribution.resume(1))
    mined = suite.send(treasurer, distribution.sweep(1))
    (swept,) = distribution.events_in(mined.receipt, fund_events.DistributionSwept)
    assert (swept.to, swept.amount) == (treasurer.address, 20)
    assert distribution.distribution(9).status is DistributionStatus.NONE


def test_implementations_stand_behind_the_proxies(fund_suite: FundSuite) -> None:
    suite = fund_suite
    for contract in (suite.share, suite.vault, suite.distribution):
        assert contract.authority() == suite.access.address
        assert suite.client.code(contract.implementation(), "latest")
    assert suite.share.registry() == suite.distribution.registry() == suite.registry.address
    assert suite.distribution.coin() == suite.vault.asset() == suite.token.address
    assert suite.vault.share() == suite.share.address
