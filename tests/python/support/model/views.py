"""Everything observable, as the model has it: what each view of the contracts has to answer."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Any

from support.model.coin import Coin
from support.model.token import UNLIMITED

from toolkit.bindings.structs import RedemptionStatus
from toolkit.chain.addresses import ZERO_ADDRESS

View = tuple[Any, ...]
"""A contract (as the issuance calls it), a function, and its arguments."""


def expected_views(
    coin: Coin, accounts: Collection[str], numbers: Collection[int], values: Collection[int]
) -> dict[View, Any]:
    """View → answer at the model's clock. `accounts` are holders, `numbers` orders' numbers and `values`
    reserves to be attested, of which there are too many to ask about all.
    """
    return {
        **dict(_totals(coin)),
        **dict(_of_accounts(coin, accounts)),
        **dict(_of_the_feed(coin, values)),
        **dict(_of_the_market(coin, numbers)),
        **dict(_of_redemptions(coin)),
    }


def _totals(coin: Coin) -> Iterator[tuple[View, Any]]:
    token = coin.token
    discharged, coverage = token.discharged(), coin.coverage_bps
    yield ("token", "totalSupply"), token.outstanding
    yield ("token", "minted"), token.minted
    yield ("token", "burned"), token.burned
    yield ("token", "discharged"), discharged
    yield ("token", "dischargedAt", coin.feed.last.as_of), token.discharged(coin.feed.last.as_of)
    yield ("token", "payableTotal"), token.burned - discharged
    yield ("token", "ceiling"), coin.ceiling
    yield ("token", "headroom"), coin.headroom
    yield ("token", "coverageBps"), UNLIMITED if coverage is None else coverage
    yield ("token", "bufferBps"), coin.buffer_bps
    yield ("token", "paused"), token.paused


def _of_accounts(coin: Coin, accounts: Collection[str]) -> Iterator[tuple[View, Any]]:
    token = coin.token
    for account in (*accounts, token.market, token.address):
        yield ("token", "balanceOf", account), token.balances[account]
        yield ("token", "getFrozenTokens", account), token.frozen[account]
    for account in accounts:
        yield ("token", "nonces", account), token.nonces[account]
        yield ("registry", "isVerified", account), coin.is_verified(account)
        for spender in (*accounts, token.market):
            if (account, spender) in token.allowances:
                yield ("token", "allowance", account, spender), token.allowances[account, spender]
    for authorizer, nonce in token.used:
        yield ("token", "authorizationState", authorizer, nonce), True


def _of_the_feed(coin: Coin, values: Collection[int]) -> Iterator[tuple[View, Any]]:
    feed = coin.feed
    yield ("feed", "reading"), (feed.last.value, feed.last.as_of, feed.fresh_until)
    yield ("feed", "latestRound"), len(feed.rounds)
    yield ("feed", "suspended"), feed.suspended
    yield ("feed", "threshold"), feed.threshold
    yield ("feed", "maxAge"), feed.max_age
    yield ("feed", "bounds"), (feed.max_rise_bps, feed.max_fall_bps)
    for value in values:
        yield ("feed", "requiredSignatures", value), feed.required(value)


def _of_the_market(coin: Coin, numbers: Collection[int]) -> Iterator[tuple[View, Any]]:
    market = coin.market
    yield ("market", "orderCap"), market.order_cap
    yield ("market", "approvalTiers"), [{"upTo": total, "approvals": count} for total, count in market.tiers]
    yield ("market", "redemptionPeriod"), market.period
    yield ("market", "mintingStopped"), market.stopped
    yield ("market", "woundDown"), market.wound_down
    for operator in coin.operators:
        bucket = market.bucket(operator)
        yield ("market", "operatorLimit", operator), (bucket.limit, bucket.available(coin.clock))
    for number in numbers:
        yield ("market", "isExecuted", number), number in market.executed


def _of_redemptions(coin: Coin) -> Iterator[tuple[View, Any]]:
    redemptions = coin.market.redemptions
    count = len(redemptions)
    yield ("market", "redemptionCount"), count
    yield ("market", "escrowed"), coin.market.escrowed
    yield ("market", "unsolicited"), coin.unsolicited
    yield ("market", "countOverdue", 1, count), coin.market.overdue(coin.clock)
    for number, item in redemptions.items():
        yield (
            ("market", "redemption", number),
            _record(item.holder, item.requested_at, item.status, item.amount),
        )
    yield ("market", "redemption", count + 1), _record(ZERO_ADDRESS, 0, RedemptionStatus.NONE, 0)


def _record(holder: str, requested_at: int, status: RedemptionStatus, amount: int) -> dict[str, Any]:
    return {"holder": holder, "requestedAt": requested_at, "status": int(status), "amount": amount}
