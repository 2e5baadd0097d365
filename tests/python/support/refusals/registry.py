"""What the investor registry refuses."""

from __future__ import annotations

from dataclasses import replace

from support.refusals.cases import Attempt, Table, attempt, raw
from support.suite import Suite

from toolkit.bindings import errors
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import WalletEntry

table: Table[Suite] = Table()
case = table.case


@case(errors.IncompleteWallet, at="InvestorRegistry.setWallets")
def a_wallet_without_a_country(suite: Suite) -> Attempt:
    account = suite.holder.address
    entry = WalletEntry(account, replace(suite.wallet(account), country=0))
    return attempt(suite, Role.REGISTRAR, suite.registry.set_wallets([entry]), account=account)


@case(errors.WalletBelongsToAnother, at="InvestorRegistry.setWallets")
def a_wallet_is_registered_for_a_second_investor(suite: Suite) -> Attempt:
    account = suite.holder.address
    suite.register(account)
    entry = WalletEntry(account, replace(suite.wallet(account), investor=b"\x09" * 16))
    return attempt(
        suite,
        Role.REGISTRAR,
        suite.registry.set_wallets([entry]),
        account=account,
        investor=suite.wallet(account).investor,
        asked=b"\x09" * 16,
    )


@case(errors.WalletNotRegistered, at="InvestorRegistry.removeWallets")
def an_unknown_wallet_is_removed(suite: Suite) -> Attempt:
    account = suite.stranger.address
    return attempt(suite, Role.REGISTRAR, suite.registry.remove_wallets([account]), account=account)


@case(errors.WalletNotVerified, at="InvestorRegistry.requireVerified")
def a_mint_to_an_unknown_wallet(suite: Suite) -> Attempt:
    suite.attest(1_000_000)
    unknown = suite.stranger.address
    call = suite.market.mint([suite.batch(suite.order(1, 5, unknown))])
    return attempt(suite, Role.OPERATOR, call, account=unknown, verified_until=0)


@case(errors.WalletNotVerified)
def a_verification_has_lapsed(suite: Suite) -> Attempt:
    account, until = suite.holder.address, suite.now() - 1
    suite.register(account, verified_until=until)
    call = raw(suite.registry, "requireVerified", [account])
    return attempt(suite, suite.stranger, call, account=account, verified_until=until)
