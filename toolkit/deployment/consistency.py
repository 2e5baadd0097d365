"""What no single value of the terms shows: roles that must be apart, tiers that no one could approve.

Each refusal is a ValueError that begins with its key: `market.order_cap: ...`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings.roles import Role
from toolkit.chain.finality import DEV_CHAINS
from toolkit.deployment.access import ATTESTOR, IMMEDIATE_ROLES, REQUIRED_ROLES, forbidden_pairs
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.deployment.terms import Terms

__all__ = ["check_consistency"]

_MARKER = re.compile(r"\b(test|demo)\b", re.IGNORECASE)


def check_consistency(terms: Terms) -> None:
    """Raises ValueError for the first contradiction."""
    _check_status(terms)
    _check_roles(terms)
    _check_market(terms)
    names = [document.name for document in terms.documents]
    if len(set(names)) != len(names):
        raise ValueError("documents: a name is used twice; name each document once")


def _check_status(terms: Terms) -> None:
    if terms.issuer.status == "licensed":
        return
    if terms.chain.id not in DEV_CHAINS:
        raise ValueError(
            f"issuer.status: 'test' on chain {terms.chain.id}: issuing there takes a licensed issuer "
            "(Cap. 656 s. 8); use a development chain"
        )
    if not _MARKER.search(terms.coin.name):
        raise ValueError(
            f"coin.name: {terms.coin.name!r} has no test marker; put the word 'test' or 'demo' into it"
        )


def _check_roles(terms: Terms) -> None:
    known = [role.name for role in Role]
    for name, holders in terms.roles.items():
        if name not in known:
            raise ValueError(f"roles.{name}: unknown role; the roles are {', '.join(known)}")
        accounts = [holder.account for holder in holders]
        if len(set(accounts)) != len(accounts):
            raise ValueError(f"roles.{name}: an account is listed twice; list each once")
        if terms.chain.deployer in accounts:
            raise ValueError(
                f"roles.{name}: {terms.chain.deployer} is the deployer, which gives up every right at the "
                "end; name another account"
            )
    for role in REQUIRED_ROLES:
        if not terms.holders(role):
            raise ValueError(f"roles.{role.name}: no account; name at least one")
    for role in IMMEDIATE_ROLES:
        for holder in terms.holders(role):
            if holder.delay:
                raise ValueError(
                    f"roles.{role.name}: {holder.account} has a delay of {holder.delay} seconds; "
                    f"{role.name} acts at once or not at all, remove the delay"
                )
    held = {name: [holder.account for holder in holders] for name, holders in terms.roles.items()}
    for account, left, right in forbidden_pairs({**held, ATTESTOR: terms.reserve.attestors}):
        raise ValueError(
            f"roles: {account} is both {left} and {right}, which must be apart; name two accounts"
        )


def _check_market(terms: Terms) -> None:
    approvers = len(terms.holders(Role.APPROVER))
    previous, fewest = Amount.zero(terms.coin.symbol, terms.coin.decimals), 0
    for number, (up_to, approvals) in enumerate(_tier_amounts(terms)):
        if up_to <= previous:
            raise ValueError(
                f"market.tiers.{number}.up_to: {up_to} is not above {previous}; write the tiers ascending"
            )
        if approvals < fewest:
            raise ValueError(
                f"market.tiers.{number}.approvals: {approvals} approvals are fewer than the {fewest} of "
                "a lower tier; a larger total never needs fewer"
            )
        if approvals > approvers:
            raise ValueError(
                f"market.tiers.{number}.approvals: {approvals} approvals, but only {approvers} "
                "account(s) hold APPROVER; add approvers or ask for fewer"
            )
        previous, fewest = up_to, approvals
    cap = _amount_at(terms, "market.order_cap", terms.market.order_cap)
    if cap.is_zero or cap > previous:
        raise ValueError(
            f"market.order_cap: {cap} must be above zero and at most the highest tier ({previous}); "
            "an order above every tier could never be approved"
        )
    _check_limits(terms)


def _check_limits(terms: Terms) -> None:
    operators = {holder.account for holder in terms.holders(Role.OPERATOR)}
    limited: set[str] = set()
    for number, item in enumerate(terms.market.operator_limits):
        key = f"market.operator_limits.{number}"
        if item.account not in operators:
            raise ValueError(
                f"{key}.account: {item.account} doesn't hold OPERATOR; grant it or remove the limit"
            )
        if item.account in limited:
            raise ValueError(f"{key}.account: {item.account} has two limits; give it one")
        if _amount_at(terms, f"{key}.limit", item.limit).is_zero:
            raise ValueError(
                f"{key}.limit: zero never means unlimited; give the limit, or take OPERATOR from "
                f"{item.account}"
            )
        limited.add(item.account)
    for account in sorted(operators - limited):
        raise ValueError(
            f"market.operator_limits: OPERATOR {account} has no limit and so could mint nothing; add one"
        )


def _tier_amounts(terms: Terms) -> Iterator[tuple[Amount, int]]:
    for number, tier in enumerate(terms.market.tiers):
        yield _amount_at(terms, f"market.tiers.{number}.up_to", tier.up_to), tier.approvals


def _amount_at(terms: Terms, key: str, text: str) -> Amount:
    try:
        return terms.amount(text)
    except InvalidInput as error:
        raise ValueError(f"{key}: {error.message}") from None
