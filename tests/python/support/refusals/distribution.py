"""What distributions refuse."""

from __future__ import annotations

from dataclasses import replace

from support.fund_suite import ADMIN_DELAY, COIN, HOUR, FundSuite
from support.refusals.cases import Attempt, Table, attempt, create, created, governed
from support.tiny import place

from toolkit.bindings import errors
from toolkit.bindings.distribution import Distribution
from toolkit.bindings.fund_structs import DistributionClaim, DistributionTerms
from toolkit.bindings.roles import Role
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.chain.calls import Call
from toolkit.funds.distributions import LEAF_TYPES
from toolkit.funds.merkle import leaf_hash

table: Table[FundSuite] = Table()
case = table.case

TOTAL = 100 * COIN
REPORT = b"\x33" * 32
ALWAYS_ONE, ALWAYS_ZERO = bytes.fromhex("60015f5260205ff3"), bytes.fromhex("5f5f5260205ff3")


def leaf(suite: FundSuite, amount: int = TOTAL) -> DistributionClaim:
    """The only leaf of a tree: the holder's."""
    return DistributionClaim(0, suite.holder.address, amount, ())


def terms(suite: FundSuite, amount: int = TOTAL) -> DistributionTerms:
    """A tree of that leaf, funded with `TOTAL`, until an hour from now."""
    only = leaf(suite, amount)
    root = leaf_hash((str(only.index), only.account, str(only.amount)), LEAF_TYPES)
    return DistributionTerms(suite.share.address, suite.now(), suite.now() + HOUR, TOTAL, root, REPORT)


def running(suite: FundSuite, amount: int = TOTAL) -> DistributionTerms:
    """Distribution 1, created."""
    treasurer = suite.signer(Role.TREASURER)
    suite.mint_coins(treasurer, TOTAL)
    suite.investor(suite.holder.address)
    suite.send(treasurer, suite.token.approve(suite.distribution.address, TOTAL))
    made = terms(suite, amount)
    suite.send(treasurer, suite.distribution.create(made))
    return made


def with_coin(suite: FundSuite, code: bytes) -> tuple[str, Call]:
    """A distribution of a token with this code is about to be created: the token, and ADMIN's call."""
    token = place(suite.node, code)
    address = created(suite, "Distribution", suite.access.address, token, suite.registry.address)
    ahead = suite.now() + 10 * 86_400
    call = Distribution(suite.client, address).create(replace(terms(suite), deadline=ahead))
    suite.send(Role.ADMIN, suite.access.schedule(call))
    suite.node.advance_time(ADMIN_DELAY + 1)
    return token, call


@case(errors.NotAContract, at="Distribution.constructor")
def a_distribution_without_a_coin(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    call = create("Distribution", suite.access.address, account, suite.registry.address)
    return attempt(suite, suite.stranger, call, account=account)


@case(errors.NotAContract, at="Distribution.constructor")
def a_distribution_without_a_registry(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    call = create("Distribution", suite.access.address, suite.token.address, account)
    return attempt(suite, suite.stranger, call, account=account)


@case(errors.InvalidDistribution, at="Distribution.create")
def a_distribution_without_a_root(suite: FundSuite) -> Attempt:
    call = suite.distribution.create(replace(terms(suite), root=bytes(32)))
    return attempt(suite, Role.TREASURER, call)


@case(errors.InvalidDistribution)
def a_distribution_on_no_share(suite: FundSuite) -> Attempt:
    call = suite.distribution.create(replace(terms(suite), share=ZERO_ADDRESS))
    return attempt(suite, Role.TREASURER, call)


@case(errors.ReportAlreadyDistributed, at="Distribution.create")
def a_report_is_distributed_twice(suite: FundSuite) -> Attempt:
    made = running(suite)
    return attempt(suite, Role.TREASURER, suite.distribution.create(made), report=REPORT, id=1)


@case(errors.FundingIncomplete, at="Distribution.create")
def a_coin_that_does_not_arrive(suite: FundSuite) -> Attempt:
    _, call = with_coin(suite, ALWAYS_ONE)
    return attempt(suite, Role.ADMIN, call, received=0, total=TOTAL)


@case(errors.SafeERC20FailedOperation)
def a_coin_that_says_no(suite: FundSuite) -> Attempt:
    token, call = with_coin(suite, ALWAYS_ZERO)
    return attempt(suite, Role.ADMIN, call, token=token)


@case(errors.DistributionInStatus, at="Distribution._running")
def a_claim_on_no_distribution(suite: FundSuite) -> Attempt:
    call = suite.distribution.claim(9, leaf(suite))
    return attempt(suite, suite.holder, call, id=9, status=0)


@case(errors.DistributionInStatus, at="Distribution._requireOpen")
def a_claim_after_the_sweep(suite: FundSuite) -> Attempt:
    suite.pass_time(running(suite).deadline)
    suite.send(Role.TREASURER, suite.distribution.sweep(1))
    return attempt(suite, suite.holder, suite.distribution.claim(1, leaf(suite)), id=1, status=2)


@case(errors.DistributionIsStopped, at="Distribution._running")
def a_claim_while_stopped(suite: FundSuite) -> Attempt:
    running(suite)
    suite.send(Role.GUARDIAN, suite.distribution.stop(1))
    return attempt(suite, suite.holder, suite.distribution.claim(1, leaf(suite)), id=1)


@case(errors.DistributionIsNotStopped, at="Distribution._stopped")
def a_running_distribution_is_cancelled(suite: FundSuite) -> Attempt:
    running(suite)
    return governed(suite, suite.distribution.cancel(1), id=1)


@case(errors.AlreadyClaimed, at="Distribution.claim")
def a_leaf_is_claimed_twice(suite: FundSuite) -> Attempt:
    running(suite)
    call = suite.distribution.claim(1, leaf(suite))
    suite.send(suite.holder, call)
    return attempt(suite, suite.holder, call, id=1, index=0)


@case(errors.InvalidProof, at="Distribution._claim")
def a_leaf_of_another_amount(suite: FundSuite) -> Attempt:
    running(suite)
    call = suite.distribution.claim(1, leaf(suite, TOTAL - 1))
    return attempt(suite, suite.holder, call, id=1, index=0)


@case(errors.TreeExceedsFunding, at="Distribution._claim")
def a_tree_of_more_than_was_paid_in(suite: FundSuite) -> Attempt:
    running(suite, TOTAL + 1)
    call = suite.distribution.claim(1, leaf(suite, TOTAL + 1))
    return attempt(suite, suite.holder, call, id=1, amount=TOTAL + 1, unclaimed=TOTAL)


@case(errors.NothingSetAside, at="Distribution._release")
def a_release_of_nothing(suite: FundSuite) -> Attempt:
    running(suite)
    account = suite.holder.address
    return attempt(suite, suite.holder, suite.distribution.release(1, account), id=1, account=account)


@case(errors.WalletNotVerified, at="Distribution._release")
def a_release_to_a_lapsed_investor(suite: FundSuite) -> Attempt:
    running(suite)
    account, until = suite.holder.address, suite.now() - 1
    suite.investor(account, verified_until=until)
    suite.send(suite.holder, suite.distribution.claim(1, leaf(suite)))
    call = suite.distribution.release(1, account)
    return attempt(suite, suite.holder, call, account=account, verified_until=until)


@case(errors.CaseIdMissing, at="Distribution.releaseTo")
def a_redirected_release_without_a_case(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    call = suite.distribution.release_to(1, account, suite.other_holder.address, bytes(32))
    return attempt(suite, Role.COMPLIANCE, call)


@case(errors.DeadlineNotReached, at="Distribution.sweep")
def a_sweep_before_the_deadline(suite: FundSuite) -> Attempt:
    deadline = running(suite).deadline
    return attempt(suite, Role.TREASURER, suite.distribution.sweep(1), id=1, deadline=deadline)
