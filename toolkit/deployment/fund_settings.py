"""What can be set on a fund's contracts, and what the terms say it should be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import astuple, fields
from typing import Any

from toolkit.bindings.fund_structs import CountryRule, DealingTerms, SharePolicy
from toolkit.bindings.structs import InvestorClass
from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.countries import country_code, country_number
from toolkit.deployment.fund_terms import ClassTerms, FundTerms
from toolkit.deployment.setting import Setting, feed_settings, show_address, single
from toolkit.deployment.state import ChainState, Read
from toolkit.errors import InvalidInput

__all__ = ["dealing_terms", "fund_settings", "share_policy"]

NO_MAX_HOLDING, NO_MAX_HOLDERS = 2**96 - 1, 2**24 - 1
"""What the contract keeps where the terms say `unlimited`."""

_UNLIMITED = {"max holding": NO_MAX_HOLDING, "max holders": NO_MAX_HOLDERS}
_NO_TERMS = (0, 0, 0, 0, 0, 0, 0, 0)
_NO_POLICY = (0, 0, 0, 0, 0, False, False)


def fund_settings(terms: FundTerms, state: ChainState) -> list[Setting]:
    """Every setting of the fund in the order in which they are made."""
    settings: list[Setting] = []
    for item in terms.classes:
        settings += feed_settings(f"NavFeed {item.code}", terms.nav)
        settings += _share(item, terms, state)
        for symbol in item.coins:
            settings += _vault(f"FundVault {item.code} {symbol}", item, symbol, terms, state)
    return settings


def share_policy(item: ClassTerms) -> SharePolicy:
    """The class's policy as its share keeps it. The least holding is the desk's to watch where holdings are
    not counted by investor.
    """
    policy = item.policy
    admitted = (InvestorClass[kind.upper().replace("-", "_")] for kind in policy.investors)
    return SharePolicy(
        max_holding=NO_MAX_HOLDING
        if policy.max_holding == "unlimited"
        else item.shares(policy.max_holding).base_units,
        min_holding=item.shares(item.minimums.holding).base_units if policy.by_investor else 0,
        max_holders=NO_MAX_HOLDERS if policy.max_holders == "unlimited" else policy.max_holders,
        lock_up_days=policy.lock_up_days,
        classes=sum(1 << kind for kind in set(admitted)),
        primary_only=policy.primary_only,
        investor_accounts=policy.by_investor,
    )


def dealing_terms(item: ClassTerms, symbol: str, terms: FundTerms) -> DealingTerms:
    """What the class's vault for the coin `symbol` deals on. The least first subscription is the desk's to
    watch: the vault knows one minimum, the further.
    """
    return DealingTerms(
        entry_fee_bps=item.fees.entry_bps,
        exit_fee_bps=item.fees.exit_bps,
        swing_bps=item.swing.factor_bps,
        swing_threshold_bps=item.swing.threshold_bps,
        gate_bps=item.gate.bps,
        overdue_after=terms.calendar.overdue_after,
        min_subscription=terms.coin_terms[symbol].amount(item.minimums.further).base_units,
        min_redemption=item.shares(item.minimums.redemption).base_units,
    )


def _share(item: ClassTerms, terms: FundTerms, state: ChainState) -> Iterator[Setting]:
    share = f"FundShare {item.code}"
    policy = astuple(share_policy(item))
    yield single(share, "policy", "policy", "setPolicy", _NO_POLICY, policy, _shown(SharePolicy))
    yield _countries(share, item, state)
    wanted = {
        _asset(state, symbol, terms): state.suite.address(f"FundVault {item.code} {symbol}")
        for symbol in item.coins
    }
    address = state.suite.address(share)
    named = [
        event.args["asset"]
        for event in state.events
        if event.name == "VaultUpdate" and event.log.address == address
    ]
    for asset in dict.fromkeys((*wanted, *named)):
        vault = wanted.get(asset, ZERO_ADDRESS)
        yield Setting(
            share,
            f"vault for {state.suite.book.name_of(asset)}",
            (Read(share, "vault", (asset,)),),
            unset=[ZERO_ADDRESS],
            wanted=[vault],
            write=("setVault", (asset, vault)),
            show=show_address,
        )


def _countries(share: str, item: ClassTerms, state: ChainState) -> Setting:
    only, excluded = item.policy.countries_only, item.policy.countries_except or ()
    rule = CountryRule.ALL_BUT_LISTED if only is None else CountryRule.ONLY_LISTED
    numbers = sorted({country_number(code) for code in (excluded if only is None else only)})
    unset = [int(CountryRule.ONLY_LISTED), []]
    known, address = unset, state.suite.address(share)
    for event in state.events:
        if event.name == "CountriesChanged" and event.log.address == address:
            known = [event.args["rule"], sorted(set(event.args["countries"]))]
    wanted = [int(rule), numbers]
    return Setting(
        share, "countries", (), unset, wanted, ("setCountries", (int(rule), numbers)), _show_countries, known
    )


def _vault(
    vault: str, item: ClassTerms, symbol: str, terms: FundTerms, state: ChainState
) -> Iterator[Setting]:
    dealing, custody = astuple(dealing_terms(item, symbol, terms)), terms.custody[symbol]
    feed = state.suite.address(f"NavFeed {item.code}")
    yield single(vault, "dealing terms", "dealingTerms", "setTerms", _NO_TERMS, dealing, _shown(DealingTerms))
    yield single(vault, "NAV feed", "navFeed", "setNavFeed", ZERO_ADDRESS, feed, show_address)
    yield single(vault, "custody account", "custody", "setCustody", ZERO_ADDRESS, custody, show_address)


def _asset(state: ChainState, symbol: str, terms: FundTerms) -> str:
    home = symbol == terms.home.coin.symbol
    return state.suite.address("Stablecoin" if home else f"Coin {symbol}")


def _shown(kind: type) -> Callable[[list[Any]], str]:
    """Shows a struct by its fields' names."""
    names = [field.name.replace("_", " ") for field in fields(kind)]

    def show(value: list[Any]) -> str:
        return ", ".join(
            f"{name} {'unlimited' if item == _UNLIMITED.get(name) else item}"
            for name, item in zip(names, value[0], strict=True)
        )

    return show


def _show_countries(value: list[Any]) -> str:
    rule, numbers = value
    listed = " ".join(_country(number) for number in numbers)
    if rule == CountryRule.ONLY_LISTED:
        return f"only {listed}" if listed else "none"
    return f"all but {listed}" if listed else "all"


def _country(number: int) -> str:
    """The country's code; the number itself where ISO 3166-1 assigns it to nobody."""
    try:
        return country_code(number)
    except InvalidInput:
        return str(number)
