"""What the governor does, each change scheduled and executed after its delay."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import strategies as st
from support.model.choices import Size, picks, plain_sizes, usually
from support.model.coin import Coin
from support.model.rules import pick_of
from support.model.rules_holders import HolderRules
from support.model.rules_redemption import RedemptionRules
from support.verbs import verb

from toolkit.bindings.structs import ApprovalTier
from toolkit.chain.calls import Call

LATE = 45
Change = Callable[[Coin], None]


class GovernorRules(HolderRules, RedemptionRules):
    """Settings, and the end of what a guardian stopped."""

    @verb(6, applies=lambda self: self.is_stopped, pick=picks, early=usually(False, True, weight=9))
    def lift(self, pick: int, early: bool) -> None:
        """Ends one of the stops, or tries to end one that isn't."""
        lifts = self._lifts()
        active = [row for row in lifts if row[0]]
        _, verb, call, change = (active if pick % 5 else lifts)[pick % len(active if pick % 5 else lifts)]
        self.bench.govern(verb, call, change, early=early)

    @property
    def is_stopped(self) -> bool:
        return any(row[0] for row in self._lifts())

    def _lifts(self) -> list[tuple[bool, str, Call, Change]]:
        sdk, model = self.sdk, self.model
        first = self.bench.terms.reserve.attestors
        short = len(model.feed.attestors) < len(first)
        return [
            (model.token.paused, "resume", sdk.token.resume(), lambda coin: coin.token.resume()),
            (model.feed.suspended, "resume feed", sdk.feed.resume(), lambda coin: coin.feed.resume()),
            (
                model.market.stopped,
                "resume minting",
                sdk.market.resume_minting(),
                lambda coin: coin.market.resume(),
            ),
            (
                short,
                "set attestors",
                sdk.feed.set_attestors(first, 2),
                lambda coin: coin.feed.set_attestors(first, 2),
            ),
        ]

    @verb(7, setting=st.integers(0, 8), pick=picks, size=plain_sizes, early=usually(False, True, weight=9))
    def govern(self, setting: int, pick: int, size: Size, early: bool) -> None:
        verb, call, change = [
            self._buffer,
            self._cap,
            self._tiers,
            self._limit,
            self._limit,
            self._period,
            self._attestors,
            self._age_and_bounds,
            self._feed,
        ][setting](pick, size)
        self.bench.govern(verb, call, change, early=early)

    def set_market(self) -> None:
        """Cap, tiers and limits of the terms in the example's units."""
        market = self.model.market
        for name, call, change in (
            self._order_cap(market.order_cap * self.scale),
            self._approval_tiers([(total * self.scale, count) for total, count in market.tiers]),
            *(
                self._operator_limit(account, bucket.limit * self.scale)
                for account, bucket in market.buckets.items()
            ),
        ):
            self.bench.govern(name, call, change)

    @verb(6, applies=lambda self: self.steps > LATE)
    def wind_down(self) -> None:
        """Ends minting for good."""
        self.bench.govern("wind down", self.sdk.market.wind_down(), lambda coin: coin.market.wind_down())

    def _buffer(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        bps = (0, 1, 100, 999, 3333, 10_000, 10_001)[pick % 7]
        return "set buffer", self.sdk.token.set_buffer(bps), lambda coin: coin.set_buffer(bps)

    def _cap(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        return self._order_cap(min(2**112 - 1, self.amount(Size(size.number * 12), 0)))

    def _order_cap(self, cap: int) -> tuple[str, Call, Change]:
        def change(coin: Coin) -> None:
            coin.market.order_cap = cap

        return "set order cap", self.sdk.market.set_order_cap(cap), change

    def _tiers(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        first = min(2**109, self.amount(Size(size.number * 4), 0))
        return self._approval_tiers(
            [
                [(first, 1), (2 * first, 1), (3 * first, 2)],
                [(first, 1), (2 * first, 2), (3 * first, 3)],
                [(first, 2)],
                [(first, 1), (first, 2)],
                [(first, 2), (2 * first, 1)],
                [],
                [(first, 0)],
                [(first + more, 1) for more in range(5)],
            ][pick % 8]
        )

    def _approval_tiers(self, tiers: list[tuple[int, int]]) -> tuple[str, Call, Change]:
        structs = [ApprovalTier(total, count) for total, count in tiers]
        return (
            "set tiers",
            self.sdk.market.set_approval_tiers(structs),
            lambda coin: coin.market.set_tiers(tiers),
        )

    def _limit(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        operator = pick_of(sorted(self.model.operators), pick)
        return self._operator_limit(operator, min(2**112 - 1, self.amount(Size(size.number * 20), 0)))

    def _operator_limit(self, operator: str, limit: int) -> tuple[str, Call, Change]:
        return (
            "set limit",
            self.sdk.market.set_operator_limit(operator, limit),
            lambda coin: coin.market.bucket(operator).set_limit(coin.clock, limit),
        )

    def _period(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        seconds = (0, 1, 3600, 86_400)[pick % 4]
        return (
            "set period",
            self.sdk.market.set_redemption_period(seconds),
            lambda coin: coin.market.set_period(seconds),
        )

    def _attestors(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        first, second, third = self.bench.terms.reserve.attestors
        chosen, threshold = [
            ([third, first], 1),
            ([first, second, third], 3),
            ([second], 1),
            ([first, second, third], 2),
            ([first, second], 3),
            ([first, second], 0),
            ([first, first], 1),
        ][pick % 7]
        return (
            "set attestors",
            self.sdk.feed.set_attestors(chosen, threshold),
            lambda coin: coin.feed.set_attestors(chosen, threshold),
        )

    def _age_and_bounds(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        limits = [(26 * 3600, 2000, 1000), (3600, 0, 0), (86_400, 10_000, 10_000), (0, 1, 1)][pick % 4]
        return "set limits", self.sdk.feed.set_limits(*limits), lambda coin: coin.feed.set_limits(*limits)

    def _feed(self, pick: int, size: Size) -> tuple[str, Call, Change]:
        """The same again: nothing changes."""
        return "set feed", self.sdk.token.set_feed(self.sdk.feed.address), lambda coin: None
