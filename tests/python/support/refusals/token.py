"""What the stablecoin refuses, signed transfers apart."""

from __future__ import annotations

from support.refusals.cases import (
    Attempt,
    Table,
    attempt,
    create,
    created,
    governed,
    raw,
    speaker,
    through,
)
from support.suite import CASE, Suite

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.bindings.token import ACCOUNT_FROZEN, Stablecoin
from toolkit.chain.addresses import ZERO_ADDRESS

table: Table[Suite] = Table()
case = table.case

NO_CASE = bytes(32)
NAME = b"\x07" * 32


def holding(suite: Suite, amount: int = 100) -> str:
    """The holder, with `amount` minted to it."""
    suite.ready()
    suite.mint(1, amount)
    return suite.holder.address


def other_coin(suite: Suite) -> Stablecoin:
    """Another coin under the same manager, its functions the admin's, which has yet to name its market."""
    behind = created(suite, "Stablecoin", suite.access.address, "Other", "oUSD", 6, "USD")
    initialising = raw(suite.token, "initialize").data
    return Stablecoin(suite.client, created(suite, "ERC1967Proxy", behind, initialising))


def lawless_market(suite: Suite) -> tuple[str, Stablecoin]:
    """A market that passes on to its coin whatever it is told, and the coin."""
    coin = other_coin(suite)
    market = speaker(suite.node, coin.address)
    suite.govern(coin.set_market(market), Role.ADMIN)
    return market, coin


# ------------------------------------------------------------------------------------------------ transfers


@case(errors.TokenPaused, at="RegulatedERC20._move")
def a_transfer_while_paused(suite: Suite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.token.pause())
    return attempt(suite, suite.holder, suite.token.transfer(suite.stranger.address, 0))


@case(errors.ERC20InvalidReceiver, at="RegulatedERC20._move")
def a_transfer_to_nobody(suite: Suite) -> Attempt:
    return attempt(suite, suite.holder, suite.token.transfer(ZERO_ADDRESS, 0), receiver=ZERO_ADDRESS)


@case(errors.ERC7943CannotSend, at="RegulatedERC20._move")
def a_transfer_from_a_frozen_account(suite: Suite) -> Attempt:
    holder = holding(suite)
    suite.send(Role.GUARDIAN, suite.token.freeze(holder))
    return attempt(suite, suite.holder, suite.token.transfer(suite.stranger.address, 1), account=holder)


@case(errors.ERC7943CannotReceive, at="RegulatedERC20._move")
def a_transfer_to_a_frozen_account(suite: Suite) -> Attempt:
    holding(suite)
    to = suite.other_holder.address
    suite.send(Role.GUARDIAN, suite.token.freeze(to))
    return attempt(suite, suite.holder, suite.token.transfer(to, 1), account=to)


@case(errors.ERC7943CannotReceive)
def a_transfer_to_the_token_itself(suite: Suite) -> Attempt:
    holding(suite)
    to = suite.token.address
    return attempt(suite, suite.holder, suite.token.transfer(to, 1), account=to)


@case(errors.ERC20InsufficientBalance, at="RegulatedERC20._move")
def a_transfer_of_more_than_held(suite: Suite) -> Attempt:
    holder = holding(suite)
    call = suite.token.transfer(suite.stranger.address, 101)
    return attempt(suite, suite.holder, call, sender=holder, balance=100, needed=101)


@case(errors.ERC7943InsufficientUnfrozenBalance, at="RegulatedERC20._move")
def a_transfer_of_frozen_tokens(suite: Suite) -> Attempt:
    holder = holding(suite)
    suite.send(Role.GUARDIAN, suite.token.freeze(holder, 70))
    call = suite.token.transfer(suite.stranger.address, 31)
    return attempt(suite, suite.holder, call, account=holder, amount=31, unfrozen=30)


@case(errors.ERC20InsufficientAllowance, at="RegulatedERC20.transferFrom")
def a_spender_takes_more_than_allowed(suite: Suite) -> Attempt:
    holder, spender = holding(suite), suite.stranger
    suite.send(suite.holder, suite.token.approve(spender.address, 10))
    call = suite.token.transfer_from(holder, spender.address, 11)
    return attempt(suite, spender, call, spender=spender.address, allowance=10, needed=11)


@case(errors.ERC20InvalidSender, at="RegulatedERC20.transferFrom")
def a_spender_takes_nothing_from_nobody(suite: Suite) -> Attempt:
    call = suite.token.transfer_from(ZERO_ADDRESS, suite.holder.address, 0)
    return attempt(suite, suite.stranger, call, sender=ZERO_ADDRESS)


@case(errors.ERC7943CannotSend, at="RegulatedERC20.transferFrom")
def a_frozen_spender(suite: Suite) -> Attempt:
    holder, spender = holding(suite), suite.stranger
    suite.send(suite.holder, suite.token.approve(spender.address, 10))
    suite.send(Role.GUARDIAN, suite.token.freeze(spender.address))
    call = suite.token.transfer_from(holder, suite.other_holder.address, 1)
    return attempt(suite, spender, call, account=spender.address)


@case(errors.ERC20InvalidSpender, at="RegulatedERC20._approve")
def an_allowance_for_nobody(suite: Suite) -> Attempt:
    return attempt(suite, suite.holder, suite.token.approve(ZERO_ADDRESS, 1), spender=ZERO_ADDRESS)


# ---------------------------------------------------------------------------------------- pause and freezes


@case(errors.TokenPaused, at="RegulatedERC20.pause")
def pausing_twice(suite: Suite) -> Attempt:
    suite.send(Role.GUARDIAN, suite.token.pause())
    return attempt(suite, Role.GUARDIAN, suite.token.pause())


@case(errors.TokenNotPaused, at="RegulatedERC20.resume")
def resuming_what_is_not_paused(suite: Suite) -> Attempt:
    return governed(suite, suite.token.resume())


@case(errors.FreezeMayOnlyRaise, at="RegulatedERC20.setFrozenTokens")
def the_guardian_lowers_a_freeze(suite: Suite) -> Attempt:
    account = suite.stranger.address
    suite.send(Role.GUARDIAN, suite.token.freeze(account, 20))
    call = suite.token.freeze(account, 19)
    return attempt(suite, Role.GUARDIAN, call, account=account, frozen=20, asked=19)


@case(errors.UnfreezeMayOnlyLower, at="RegulatedERC20.unfreeze")
def compliance_raises_a_freeze(suite: Suite) -> Attempt:
    account = suite.stranger.address
    suite.send(Role.GUARDIAN, suite.token.freeze(account, 20))
    call = suite.token.unfreeze(account, 20, CASE)
    return attempt(suite, Role.COMPLIANCE, call, account=account, frozen=20, asked=20)


@case(errors.SafeCastOverflowedUintDowncast)
def a_freeze_of_more_than_128_bits(suite: Suite) -> Attempt:
    call = suite.token.freeze(suite.stranger.address, ACCOUNT_FROZEN + 1)
    return attempt(suite, Role.GUARDIAN, call, bits=128, value=2**128)


@case(errors.ERC20InvalidSender, at="RegulatedERC20._setFrozen")
def the_zero_address_is_frozen(suite: Suite) -> Attempt:
    return attempt(suite, Role.GUARDIAN, suite.token.freeze(ZERO_ADDRESS, 1), sender=ZERO_ADDRESS)


@case(errors.EscrowIsProtected, at="RegulatedERC20._openToCompliance")
def the_guardian_freezes_the_escrow(suite: Suite) -> Attempt:
    market = suite.market.address
    return attempt(suite, Role.GUARDIAN, suite.token.freeze(market), market=market)


@case(errors.EscrowIsProtected)
def compliance_burns_the_escrow(suite: Suite) -> Attempt:
    market = suite.market.address
    return attempt(suite, Role.COMPLIANCE, suite.token.burn_by_order(market, 0, CASE), market=market)


# ----------------------------------------------------------------------------------------------- compliance


@case(errors.CaseIdRequired, at="RegulatedERC20._recordCase")
def an_unfreeze_without_a_case(suite: Suite) -> Attempt:
    account = suite.stranger.address
    suite.send(Role.GUARDIAN, suite.token.freeze(account, 20))
    return attempt(suite, Role.COMPLIANCE, suite.token.unfreeze(account, 0, NO_CASE))


@case(errors.CaseIdRequired, at="RegulatedERC20.forcedTransfer")
def the_forced_transfer_of_the_standard(suite: Suite) -> Attempt:
    accounts = suite.holder.address, suite.other_holder.address
    call = raw(suite.token, "forcedTransfer(address,address,uint256)", *accounts, 1)
    return attempt(suite, Role.COMPLIANCE, call)


@case(errors.ForcedTransferToSelf, at="RegulatedERC20.forcedTransfer")
def a_forced_transfer_to_the_same_account(suite: Suite) -> Attempt:
    account = suite.holder.address
    call = suite.token.forced_transfer(account, account, 1, CASE)
    return attempt(suite, Role.COMPLIANCE, call, account=account)


@case(errors.ERC20InvalidReceiver, at="RegulatedERC20.forcedTransfer")
def a_forced_transfer_to_nobody(suite: Suite) -> Attempt:
    call = suite.token.forced_transfer(suite.holder.address, ZERO_ADDRESS, 1, CASE)
    return attempt(suite, Role.COMPLIANCE, call, receiver=ZERO_ADDRESS)


@case(errors.ERC7943CannotReceive, at="RegulatedERC20.forcedTransfer")
def a_forced_transfer_to_a_frozen_account(suite: Suite) -> Attempt:
    to = suite.other_holder.address
    suite.send(Role.GUARDIAN, suite.token.freeze(to))
    call = suite.token.forced_transfer(suite.holder.address, to, 1, CASE)
    return attempt(suite, Role.COMPLIANCE, call, account=to)


@case(errors.ERC20InvalidSender, at="RegulatedERC20._take")
def a_forced_transfer_from_nobody(suite: Suite) -> Attempt:
    call = suite.token.forced_transfer(ZERO_ADDRESS, suite.holder.address, 0, CASE)
    return attempt(suite, Role.COMPLIANCE, call, sender=ZERO_ADDRESS)


@case(errors.ERC20InvalidSender)
def a_burn_by_order_of_nobodys(suite: Suite) -> Attempt:
    call = suite.token.burn_by_order(ZERO_ADDRESS, 0, CASE)
    return attempt(suite, Role.COMPLIANCE, call, sender=ZERO_ADDRESS)


@case(errors.ERC20InsufficientBalance, at="RegulatedERC20._take")
def a_forced_transfer_of_more_than_held(suite: Suite) -> Attempt:
    holder = holding(suite)
    call = suite.token.forced_transfer(holder, suite.other_holder.address, 101, CASE)
    return attempt(suite, Role.COMPLIANCE, call, sender=holder, balance=100, needed=101)


# ------------------------------------------------------------------------------------------------ documents


@case(errors.ERC1643InvalidName, at="Documents.setDocument")
def a_document_without_a_name(suite: Suite) -> Attempt:
    return governed(suite, suite.token.set_document(bytes(32), "https://example.org", NAME))


@case(errors.ERC1643MissingDocument, at="Documents.removeDocument")
def a_document_that_is_not_there(suite: Suite) -> Attempt:
    return governed(suite, suite.token.remove_document(NAME), name=NAME)


# ----------------------------------------------------------------------------------- backing and the market


@case(errors.ReserveStale, at="Stablecoin._backingRefusal")
def a_mint_before_any_attestation(suite: Suite) -> Attempt:
    suite.register(suite.holder.address)
    call = suite.market.mint([suite.batch(suite.order(1, 5))])
    return attempt(suite, Role.OPERATOR, call, as_of=0, fresh_until=0)


@case(errors.ReserveStale)
def a_mint_on_a_stale_attestation(suite: Suite) -> Attempt:
    suite.ready()
    reading = suite.feed.reading()
    suite.node.advance_time(suite.feed.max_age() + 1)
    call = suite.market.mint([suite.batch(suite.order(1, 5))])
    fresh_until = reading.as_of + suite.feed.max_age()
    return attempt(suite, Role.OPERATOR, call, as_of=reading.as_of, fresh_until=fresh_until)


@case(errors.ReserveStale)
def a_mint_on_a_suspended_feed(suite: Suite) -> Attempt:
    suite.ready()
    suite.send(Role.GUARDIAN, suite.feed.suspend())
    call = suite.market.mint([suite.batch(suite.order(1, 5))])
    return attempt(suite, Role.OPERATOR, call, as_of=suite.feed.reading().as_of, fresh_until=0)


@case(errors.BackingExceeded, at="Stablecoin._backingRefusal")
def a_mint_of_one_unit_beyond_the_reserve(suite: Suite) -> Attempt:
    suite.ready(1_010_000)
    suite.mint(1, 400_000)
    call = suite.market.mint([suite.batch(suite.order(2, 600_001))])
    return attempt(suite, Role.OPERATOR, call, minted=1_000_001, ceiling=1_000_000)


@case(errors.TokenPaused, at="Stablecoin.mint")
def a_mint_while_paused(suite: Suite) -> Attempt:
    suite.ready()
    suite.send(Role.GUARDIAN, suite.token.pause())
    return attempt(suite, Role.OPERATOR, suite.market.mint([suite.batch(suite.order(1, 5))]))


@case(errors.ERC7943CannotReceive, at="RegulatedERC20._credit")
def a_mint_to_a_frozen_account(suite: Suite) -> Attempt:
    suite.ready()
    suite.send(Role.GUARDIAN, suite.token.freeze(suite.holder.address))
    call = suite.market.mint([suite.batch(suite.order(1, 5))])
    return attempt(suite, Role.OPERATOR, call, account=suite.holder.address)


@case(errors.CallerIsNotMarket, at="Stablecoin.onlyMarket")
def the_operator_mints_past_the_market(suite: Suite) -> Attempt:
    operator = suite.signer(Role.OPERATOR).address
    call = raw(suite.token, "mint", [suite.holder.address], [5])
    return attempt(suite, Role.OPERATOR, call, caller=operator)


@case(errors.ERC20InsufficientBalance, at="RegulatedERC20._debit")
def a_market_burns_escrow_that_it_does_not_hold(suite: Suite) -> Attempt:
    market, coin = lawless_market(suite)
    call = through(market, raw(coin, "burnEscrow", 1))
    return attempt(suite, suite.stranger, call, sender=market, balance=0, needed=1)


@case(errors.DischargeExceedsBurned, at="Stablecoin._discharge")
def a_market_discharges_what_was_not_burned(suite: Suite) -> Attempt:
    market, coin = lawless_market(suite)
    call = through(market, raw(coin, "discharge", 1))
    return attempt(suite, suite.stranger, call, discharged=1, burned=0)


# ------------------------------------------------------------------------------------------------- settings


@case(errors.NotAContract, at="Stablecoin.setFeed")
def an_account_as_feed(suite: Suite) -> Attempt:
    account = suite.stranger.address
    return governed(suite, suite.token.set_feed(account), account=account)


@case(errors.FeedDecimalsMismatch, at="Stablecoin.setFeed")
def a_feed_that_counts_finer(suite: Suite) -> Attempt:
    feed = created(suite, "AttestedFeed", suite.access.address, 18, "another coin's reserve")
    return governed(suite, suite.token.set_feed(feed), feed_decimals=18, token_decimals=6)


@case(errors.BufferTooLarge, at="Stablecoin.setBuffer")
def a_buffer_above_the_whole(suite: Suite) -> Attempt:
    return governed(suite, suite.token.set_buffer(10_001), buffer_bps=10_001)


@case(errors.NotAContract, at="Stablecoin.setMarket")
def an_account_as_market(suite: Suite) -> Attempt:
    account = suite.stranger.address
    return governed(suite, other_coin(suite).set_market(account), Role.ADMIN, account=account)


@case(errors.ERC7943CannotReceive, at="Stablecoin.setMarket")
def a_frozen_contract_as_market(suite: Suite) -> Attempt:
    coin = other_coin(suite)
    market = speaker(suite.node, coin.address)
    suite.govern(coin.freeze(market), Role.ADMIN, direct=True)
    return governed(suite, coin.set_market(market), Role.ADMIN, account=market)


@case(errors.MarketIsFixed, at="Stablecoin.setMarket")
def a_second_market(suite: Suite) -> Attempt:
    another = speaker(suite.node, suite.token.address)
    return governed(suite, suite.token.set_market(another), market=suite.market.address)


@case(errors.UnusableMetadata, at="RegulatedERC20.constructor")
def a_token_without_a_name(suite: Suite) -> Attempt:
    call = create("Stablecoin", suite.access.address, "", "tUSD", 6, "USD")
    return attempt(suite, suite.stranger, call)


@case(errors.UnusableMetadata)
def a_token_without_a_symbol(suite: Suite) -> Attempt:
    call = create("Stablecoin", suite.access.address, "Test", "", 6, "USD")
    return attempt(suite, suite.stranger, call)


@case(errors.UnusableMetadata)
def a_token_of_nineteen_decimals(suite: Suite) -> Attempt:
    call = create("Stablecoin", suite.access.address, "Test", "tUSD", 19, "USD")
    return attempt(suite, suite.stranger, call)


@case(errors.StringTooLong)
def a_name_too_long(suite: Suite) -> Attempt:
    call = create("Stablecoin", suite.access.address, "n" * 32, "tUSD", 6, "USD")
    return attempt(suite, suite.stranger, call, str_="n" * 32)


@case(errors.StringTooLong)
def a_symbol_too_long(suite: Suite) -> Attempt:
    call = create("Stablecoin", suite.access.address, "Test", "s" * 32, 6, "USD")
    return attempt(suite, suite.stranger, call, str_="s" * 32)


@case(errors.UnusableMetadata, at="Stablecoin.constructor")
def a_currency_of_four_letters(suite: Suite) -> Attempt:
    call = create("Stablecoin", suite.access.address, "Test", "tUSD", 6, "USDT")
    return attempt(suite, suite.stranger, call)
