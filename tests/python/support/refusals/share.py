"""What a fund's share refuses: by its class's terms, to and for its vaults."""

from __future__ import annotations

from dataclasses import replace

from support.fund_suite import COIN, SHARE, FundSuite
from support.refusals.cases import Attempt, Table, attempt, create, governed, raw

from toolkit.bindings import errors
from toolkit.bindings.fund_structs import CountryRule
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import InvestorClass
from toolkit.chain.addresses import ZERO_ADDRESS

table: Table[FundSuite] = Table()
case = table.case

DAY = 86_400


# ---------------------------------------------------------------------------------------------------- policy


@case(errors.ClassNotAdmitted)
def a_retail_investor_subscribes(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    suite.investor(account, investor_class=InvestorClass.RETAIL)
    suite.announce()
    call = suite.vault.request_deposit(10_000 * COIN, account, account)
    return attempt(suite, suite.holder, call, account=account, class_=1)


@case(errors.CountryNotAdmitted)
def an_investor_of_an_excluded_country_subscribes(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    suite.investor(account, country=364)
    suite.announce()
    call = suite.vault.request_deposit(10_000 * COIN, account, account)
    return attempt(suite, suite.holder, call, account=account, country=364)


@case(errors.TransfersClosed)
def shares_of_a_primary_class_pass_to_another_investor(suite: FundSuite) -> Attempt:
    share, to = suite.institutional.share, suite.other_holder.address
    suite.give_shares(suite.holder, 10, share=share)
    suite.investor(to)
    return attempt(suite, suite.holder, share.transfer(to, 1), from_=suite.holder.address, to=to)


@case(errors.LockedUp)
def locked_up_shares_are_redeemed(suite: FundSuite) -> Attempt:
    share, holder = suite.institutional.share, suite.holder.address
    puppet = suite.give_shares(suite.holder, 10, share=share)
    investor = share.investor_of(holder)
    call = suite.by(puppet, share, "collect", holder, holder, 1)
    return attempt(suite, suite.stranger, call, investor=investor, locked_until=share.locked_until(investor))


@case(errors.HoldingAboveMaximum)
def an_investor_gets_more_than_one_may_hold(suite: FundSuite) -> Attempt:
    share, holder = suite.institutional.share, suite.holder.address
    puppet, maximum = suite.give_shares(suite.holder, 10, share=share), 5_000_000 * SHARE
    call = suite.by(puppet, share, "deliver(address,uint256,uint40)", holder, maximum, suite.now())
    investor = share.investor_of(holder)
    return attempt(suite, suite.stranger, call, investor=investor, holding=maximum + 10, maximum=maximum)


@case(errors.HoldingBelowMinimum)
def a_transfer_makes_a_holding_below_the_minimum(suite: FundSuite) -> Attempt:
    share, to = suite.institutional.share, suite.other_holder.address
    policy = replace(share.policy(), primary_only=False, lock_up_days=0, min_holding=100)
    suite.govern(share.set_policy(policy))
    suite.give_shares(suite.holder, 500, share=share)
    investor = suite.investor(to)
    return attempt(suite, suite.holder, share.transfer(to, 99), investor=investor, holding=99, minimum=100)


@case(errors.HolderLimitReached)
def one_investor_more_than_there_may_be(suite: FundSuite) -> Attempt:
    share, to = suite.institutional.share, suite.other_holder.address
    suite.govern(share.set_policy(replace(share.policy(), max_holders=1)))
    puppet = suite.give_shares(suite.holder, 10, share=share)
    suite.investor(to)
    call = suite.by(puppet, share, "deliver(address,uint256,uint40)", to, 1, suite.now())
    return attempt(suite, suite.stranger, call, maximum=1)


@case(errors.InvalidPolicy, at="TransferPolicy.set")
def a_minimum_above_the_maximum(suite: FundSuite) -> Attempt:
    share = suite.institutional.share
    return governed(suite, share.set_policy(replace(share.policy(), max_holding=1, min_holding=2)))


@case(errors.InvalidPolicy)
def a_limit_of_zero(suite: FundSuite) -> Attempt:
    share = suite.institutional.share
    return governed(suite, share.set_policy(replace(share.policy(), max_holders=0)))


@case(errors.InvalidPolicy)
def a_class_of_investors_that_there_is_not(suite: FundSuite) -> Attempt:
    return governed(suite, suite.share.set_policy(replace(suite.share.policy(), classes=1)))


@case(errors.InvestorAccountsNeeded, at="TransferPolicy.set")
def a_limit_that_nobody_counts(suite: FundSuite) -> Attempt:
    return governed(suite, suite.share.set_policy(replace(suite.share.policy(), max_holders=5)))


@case(errors.InvestorAccountsAreFixed, at="TransferPolicy.set")
def counting_begins_in_the_middle(suite: FundSuite) -> Attempt:
    suite.give_shares(suite.holder, 10)
    call = suite.share.set_policy(replace(suite.share.policy(), investor_accounts=True))
    return governed(suite, call, total_supply=10)


@case(errors.InvalidCountry, at="TransferPolicy.setCountries")
def a_country_beyond_the_numbers(suite: FundSuite) -> Attempt:
    return governed(suite, suite.share.set_countries(CountryRule.ONLY_LISTED, [1000]), country=1000)


# ---------------------------------------------------------------------------------------------------- vaults


@case(errors.CallerIsNotVault, at="FundShare._requireMark")
def a_stranger_issues_shares(suite: FundSuite) -> Attempt:
    call = raw(suite.share, "issue", 1)
    return attempt(suite, suite.stranger, call, caller=suite.stranger.address)


@case(errors.TokenPaused, at="FundShare._requireNotPaused")
def shares_are_issued_while_paused(suite: FundSuite) -> Attempt:
    puppet = suite.puppet(suite.share)
    suite.send(Role.GUARDIAN, suite.share.pause())
    return attempt(suite, suite.stranger, suite.by(puppet, suite.share, "issue", 1))


@case(errors.DealtInFuture, at="FundShare._lockedUntil")
def shares_dealt_tomorrow_are_delivered(suite: FundSuite) -> Attempt:
    puppet, dealt_at = suite.puppet(suite.share), suite.now() + DAY
    call = suite.by(puppet, suite.share, "deliver(address,uint256,uint40)", suite.holder.address, 1, dealt_at)
    return attempt(suite, suite.stranger, call, dealt_at=dealt_at)


@case(errors.LengthMismatch, at="FundShare.deliver")
def a_batch_with_an_amount_too_many(suite: FundSuite) -> Attempt:
    puppet = suite.puppet(suite.share)
    call = suite.by(puppet, suite.share, "deliver(address[],uint256[],uint40)", [], [1], suite.now())
    return attempt(suite, suite.stranger, call, left=0, right=1)


@case(errors.EscrowIsProtected, at="FundShare._move")
def a_holder_sends_shares_to_a_vault(suite: FundSuite) -> Attempt:
    suite.give_shares(suite.holder, 10)
    vault = suite.vault.address
    # Whether the vault may hold comes first.
    suite.investor(vault)
    return attempt(suite, suite.holder, suite.share.transfer(vault, 1), market=vault)


@case(errors.EscrowIsProtected, at="FundShare.collect")
def a_vault_collects_from_another(suite: FundSuite) -> Attempt:
    puppet, vault = suite.puppet(suite.share), suite.vault.address
    call = suite.by(puppet, suite.share, "collect", vault, vault, 1)
    return attempt(suite, suite.stranger, call, market=vault)


@case(errors.EscrowIsProtected, at="FundShare.giveBack")
def a_vault_gives_back_to_another(suite: FundSuite) -> Attempt:
    puppet, vault = suite.puppet(suite.share), suite.vault.address
    return attempt(suite, suite.stranger, suite.by(puppet, suite.share, "giveBack", vault, 1), market=vault)


@case(errors.WalletNotVerified, at="FundShare.giveBack")
def shares_go_back_to_nobodys_wallet(suite: FundSuite) -> Attempt:
    puppet, unknown = suite.puppet(suite.share), suite.stranger.address
    call = suite.by(puppet, suite.share, "giveBack", unknown, 1)
    return attempt(suite, suite.stranger, call, account=unknown, verified_until=0)


@case(errors.ERC7943CannotSend, at="FundShare._spend")
def a_frozen_spender_redeems(suite: FundSuite) -> Attempt:
    puppet, spender = suite.give_shares(suite.holder, 10), suite.stranger.address
    suite.send(Role.GUARDIAN, suite.share.freeze(spender))
    call = suite.by(puppet, suite.share, "collect", suite.holder.address, spender, 1)
    return attempt(suite, suite.stranger, call, account=spender)


@case(errors.ERC20InsufficientAllowance, at="FundShare._spend")
def a_spender_redeems_more_than_allowed(suite: FundSuite) -> Attempt:
    puppet, spender = suite.give_shares(suite.holder, 10), suite.stranger.address
    suite.send(suite.holder, suite.share.approve(spender, 2))
    call = suite.by(puppet, suite.share, "collect", suite.holder.address, spender, 3)
    return attempt(suite, suite.stranger, call, spender=spender, allowance=2, needed=3)


@case(errors.VaultInUse, at="FundShare.setVault")
def a_vault_with_a_request_is_taken_away(suite: FundSuite) -> Attempt:
    suite.mint_coins(suite.holder, 100_000 * COIN)
    suite.announce()
    suite.subscribe(suite.holder, 100_000 * COIN)
    call = suite.share.set_vault(suite.token.address, ZERO_ADDRESS)
    return governed(suite, call, vault=suite.vault.address)


@case(errors.NotAContract, at="FundShare._requireVaultFor")
def an_account_is_named_as_vault(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    return governed(suite, suite.share.set_vault(suite.token.address, account), account=account)


@case(errors.VaultMismatch, at="FundShare._requireVaultFor")
def the_vault_of_another_class_is_named(suite: FundSuite) -> Attempt:
    vault, asset = suite.institutional.vaults["tUSD"].address, suite.token.address
    return governed(suite, suite.share.set_vault(asset, vault), vault=vault, asset=asset)


@case(errors.ERC7943CannotReceive, at="FundShare._requireVaultFor")
def a_holder_of_shares_is_named_as_vault(suite: FundSuite) -> Attempt:
    puppet = suite.give_shares(suite.holder, 10)
    asset = "0x" + "00" * 19 + "02"
    second = suite.unmarked_puppet(suite.share, 2)
    suite.investor(second, of=suite.holder.address)
    suite.deliver(puppet, suite.share, second, 1)
    return governed(suite, suite.share.set_vault(asset, second), account=second)


@case(errors.NotAContract, at="FundShare.constructor")
def a_share_without_a_registry(suite: FundSuite) -> Attempt:
    account = suite.holder.address
    call = create("FundShare", suite.access.address, "Share", "SHR", 4, account)
    return attempt(suite, suite.stranger, call, account=account)
