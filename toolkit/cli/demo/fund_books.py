"""The demo fund's second set of books: what everybody has to hold, worked out beside the chain.

Only orders, prices and terms go in, and the arithmetic is `toolkit.funds.dealing`'s; nothing is read from a
contract. In the end the chain is held against it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from toolkit.funds.dealing import DayTotals, settle_day

if TYPE_CHECKING:
    from toolkit.deployment.fund_terms import ClassTerms
    from toolkit.funds.dealing import DayResult, Scale
    from toolkit.funds.distributions import Distribution

__all__ = ["FundBooks"]


@dataclass(slots=True)
class FundBooks:
    """Coins and shares in base units, by wallet.

    `waiting` are shares under redemption that a gate stopped, `cash` the fund's coins wherever they lie,
    `dust_coins` and `dust_shares` what the roundings left in the vault.
    """

    terms: ClassTerms
    scale: Scale
    coins: Counter[str] = field(default_factory=Counter)
    shares: Counter[str] = field(default_factory=Counter)
    waiting: Counter[str] = field(default_factory=Counter)
    supply: int = 0
    cash: int = 0
    dust_coins: int = 0
    dust_shares: int = 0

    def deal(self, nav: int, subscriptions: Mapping[str, int], redemptions: Mapping[str, int]) -> DayResult:
        """A dealing day: assets subscribed and shares redeemed by wallet, at `nav`."""
        terms = self.terms
        day = settle_day(
            nav,
            self.scale,
            DayTotals(self.supply, sum(subscriptions.values()), sum(redemptions.values())),
            entry_fee_bps=terms.fees.entry_bps,
            exit_fee_bps=terms.fees.exit_bps,
            gate_bps=terms.gate.bps,
            swing_threshold_bps=terms.swing.threshold_bps,
            swing_bps=terms.swing.factor_bps,
        )
        units = {wallet: day.prices.subscribe(assets).units for wallet, assets in subscriptions.items()}
        paid = {
            wallet: day.prices.redeem(day.accepted_of(shares)).net for wallet, shares in redemptions.items()
        }
        self.coins.subtract(subscriptions)
        self.coins.update(paid)
        self.shares.update(units)
        self.shares.subtract(redemptions)
        self.waiting.update({wallet: day.carried_of(shares) for wallet, shares in redemptions.items()})
        self.supply += day.minted - day.accepted
        self.cash += day.to_fund
        self.dust_coins += day.payable - sum(paid.values())
        self.dust_shares += day.minted - sum(units.values())
        self.dust_shares += day.carried - sum(self.waiting.values())
        return day

    def sweep(self) -> int:
        """The shares that roundings left go back to the fund; returns how many."""
        swept, self.dust_shares = self.dust_shares, 0
        self.supply -= swept
        return swept

    def distribute(self, distribution: Distribution) -> None:
        """A distribution, paid in full."""
        for item in distribution.cash:
            self.coins[item.wallet or ""] += item.net.base_units
        self.cash -= distribution.payable.base_units

    def difference(self, coins: Mapping[str, int], shares: Mapping[str, int]) -> list[str]:
        """The wallets whose coins or shares on chain are others than here."""
        wallets = self.coins.keys() | self.shares.keys()
        return sorted(
            wallet
            for wallet in wallets
            if (coins[wallet], shares[wallet]) != (self.coins[wallet], self.shares[wallet])
        )
