"""What no single value of a fund's terms shows: classes against the fund, the coins and each other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings.roles import Role
from toolkit.deployment.access import ATTESTOR, forbidden_pairs
from toolkit.errors import ConfigurationError, InvalidInput

if TYPE_CHECKING:
    from toolkit.deployment.fund_terms import ClassTerms, FundTerms

__all__ = ["check_consistency"]

_MAX_ON_CHAIN = 2**96 - 1  # which as a limit means that there is none


def check_consistency(terms: FundTerms, path: Path) -> None:
    """Raises ConfigurationError for the first contradiction."""
    _check_coins(terms, path)
    _check_roles(terms, path)
    for key in ("code", "symbol", "name"):
        values = [getattr(item, key) for item in terms.classes]
        for number, value in enumerate(values):
            if value in values[:number]:
                raise _wrong(path, f"classes.{number}.{key}", f"{value!r} is used twice; use each once")
    for number, item in enumerate(terms.classes):
        _check_class(terms, item, f"classes.{number}", path)
    if terms.in_kind is not None:
        for number, item in enumerate(terms.classes):
            if item.decimals != terms.classes[0].decimals:
                raise _wrong(
                    path,
                    f"classes.{number}.decimals",
                    "classes with in_kind blocks share their decimals; use those of the first class",
                )
        _positive(path, "in_kind.block_units", terms.in_kind.block_units, terms.classes[0].shares)


def _check_coins(terms: FundTerms, path: Path) -> None:
    if len(terms.coin_terms) != len(terms.coins):
        raise _wrong(path, "coins", "two coins have one symbol; list each coin once")
    for number, coin in enumerate(terms.coin_terms.values()):
        if coin.chain.id != terms.chain.id:
            raise _wrong(
                path,
                f"coins.{number}.terms",
                f"{coin.file_name} is on chain {coin.chain.id}, the fund on {terms.chain.id}; use one chain",
            )
        if coin.coin.currency != terms.fund.currency:
            raise _wrong(
                path,
                f"coins.{number}.terms",
                f"{coin.coin.symbol} is in {coin.coin.currency} and the fund in {terms.fund.currency}; "
                "a class deals in the currency of its NAV",
            )


def _check_roles(terms: FundTerms, path: Path) -> None:
    if not terms.holders(Role.DEALING_MANAGER):
        raise _wrong(
            path,
            "coins.0.terms",
            f"{terms.home.file_name} has no account in roles.DEALING_MANAGER, so that no day could ever be "
            "settled; name at least one there",
        )
    held = {role.name: [holder.account for holder in terms.holders(role)] for role in Role}
    for account, left, right in forbidden_pairs({**held, ATTESTOR: terms.nav.attestors}):
        raise _wrong(
            path,
            "nav.attestors",
            f"{account} is both {left} and {right}, which must be apart; name two accounts",
        )


def _check_class(terms: FundTerms, item: ClassTerms, key: str, path: Path) -> None:
    for number, symbol in enumerate(item.coins):
        if symbol not in terms.coin_terms:
            raise _wrong(
                path,
                f"{key}.coins.{number}",
                f"no coin {symbol!r} in [[coins]]; use {', '.join(terms.coin_terms)}",
            )
        if symbol in item.coins[:number]:
            raise _wrong(path, f"{key}.coins.{number}", f"{symbol!r} is listed twice; list each coin once")
    if "retail" in item.policy.investors and (not terms.fund.authorised or terms.fund.complex):
        raise _wrong(
            path,
            f"{key}.policy.investors",
            "'retail' needs a fund that is authorised (s. 104 SFO) and not complex; remove it",
        )
    _positive(path, f"{key}.initial_nav", item.initial_nav, terms.nav_value)
    for name in ("initial", "further"):
        _positive(path, f"{key}.minimums.{name}", getattr(item.minimums, name), terms.money)
    for name in ("redemption", "holding"):
        _positive(path, f"{key}.minimums.{name}", getattr(item.minimums, name), item.shares)
    if item.policy.max_holding != "unlimited":
        most = _positive(path, f"{key}.policy.max_holding", item.policy.max_holding, item.shares)
        if item.shares(item.minimums.holding) > most:
            raise _wrong(path, f"{key}.minimums.holding", "above policy.max_holding; lower it")


def _positive(path: Path, key: str, text: str, parse: Callable[[str], Amount]) -> Amount:
    try:
        amount = parse(text)
    except InvalidInput as error:
        raise _wrong(path, key, error.message) from None
    if amount.is_zero:
        raise _wrong(path, key, "zero; write an amount above zero (one base unit where there is no minimum)")
    if amount.base_units >= _MAX_ON_CHAIN:
        raise _wrong(path, key, "beyond what the contracts hold (fewer than 2^96 - 1 base units); write less")
    return amount


def _wrong(path: Path, key: str, remedy: str) -> ConfigurationError:
    return ConfigurationError(f"{path}: {key}: {remedy}", file=str(path), key=key, remedy=remedy)
