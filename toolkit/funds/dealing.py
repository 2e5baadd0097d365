"""The arithmetic of a dealing day, in integers, as the vault does it on chain.

A net asset value is the value of one whole share in the coin's currency, an integer of `nav_decimals`
decimals. Every division rounds for the fund: units and proceeds down, fees up, the subscription price up
and the redemption price down (regulation.md W16). So an order's figures depend on the day's prices and on
nothing else but its own size, and the orders' sums never exceed what the day's totals give:

    subscription price = ceil(nav * (10000 + swing) / 10000)
    redemption price   = floor(nav * (10000 + swing) / 10000)
    entry fee          = ceil(assets * entry fee bps / 10000)
    units              = floor((assets - fee) * 10^(share + nav decimals) / (subscription price * 10^coin))
    proceeds           = floor(shares * redemption price * 10^coin / 10^(share + nav decimals))
    exit fee           = ceil(proceeds * exit fee bps / 10000)

The gate is a share of the class's value before the day's dealing; at one price that is the same share of
its supply. What is over the gate is cut pro rata, each order rounded down to whole base units, and carried.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from toolkit.amounts import MAX_BASE_UNITS, MAX_DECIMALS, is_whole, show_whole
from toolkit.errors import InvalidInput
from toolkit.funds.errors import NavNotPositive

__all__ = ["BPS", "DayResult", "DayTotals", "Prices", "Redeemed", "Scale", "Subscribed", "settle_day"]

BPS = 10_000


@dataclass(frozen=True, slots=True)
class Scale:
    """The decimals of the coin, of the share and of the net asset value, each 0 to 18."""

    coin: int
    share: int
    nav: int

    def __post_init__(self) -> None:
        for name, value in (("coin", self.coin), ("share", self.share), ("nav", self.nav)):
            if not is_whole(value) or not 0 <= value <= MAX_DECIMALS:
                raise InvalidInput(f"{name} decimals are {value!r}: use a whole number to {MAX_DECIMALS}")

    @property
    def units_per_value(self) -> int:
        """10^(share + nav decimals): what a number of coin base units is multiplied with to become units."""
        scale: int = 10 ** (self.share + self.nav)
        return scale

    @property
    def one_coin(self) -> int:
        scale: int = 10**self.coin
        return scale


@dataclass(frozen=True, slots=True)
class Subscribed:
    """A subscription at a price: `assets = fee + net` in coin base units, `units` in share base units.

    `residual` is the part of `net` that buys no whole unit, exact, in the coin's currency; the fund's.
    """

    assets: int
    fee: int
    net: int
    units: int
    residual: Decimal


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption at a price: `gross = fee + net` in coin base units for `shares` share base units.

    `residual` is what of the shares' value is no whole base unit of the coin, exact, in its currency; the
    fund's.
    """

    shares: int
    gross: int
    fee: int
    net: int
    residual: Decimal


@dataclass(frozen=True, slots=True)
class Prices:
    """A struck day's prices and fees. `swing_bps` is positive at a net inflow, negative at an outflow.

    `nav` is in `10**-scale.nav` of the currency. Raises `NavNotPositive` for a NAV of zero or less and
    `InvalidInput` for a swing or a fee that leaves nothing.
    """

    nav: int
    scale: Scale
    swing_bps: int = 0
    entry_fee_bps: int = 0
    exit_fee_bps: int = 0

    def __post_init__(self) -> None:
        if not is_whole(self.nav) or self.nav <= 0:
            raise NavNotPositive(f"the net asset value is {self.nav!r}: it must be above zero", nav=self.nav)
        if self.nav >= 2**128:
            raise InvalidInput(f"the net asset value {show_whole(self.nav)} exceeds 128 bits")
        if not is_whole(self.swing_bps) or not -BPS < self.swing_bps < BPS:
            raise InvalidInput(f"the swing is {self.swing_bps!r} bps: it must be within -9999 and 9999")
        for name, fee in (("entry", self.entry_fee_bps), ("exit", self.exit_fee_bps)):
            if not is_whole(fee) or not 0 <= fee < BPS:
                raise InvalidInput(f"the {name} fee is {fee!r} bps: use a whole number from 0 to 9999")
        if self.redemption == 0:
            raise NavNotPositive(
                f"the redemption price of a value of {self.nav} at a swing of {self.swing_bps} bps is zero",
                nav=self.nav,
            )

    @property
    def subscription(self) -> int:
        """What one share costs a subscriber, rounded up, with the NAV's decimals."""
        return _up(self.nav * (BPS + self.swing_bps), BPS)

    @property
    def redemption(self) -> int:
        """What one share brings a redeemer, rounded down, with the NAV's decimals."""
        return self.nav * (BPS + self.swing_bps) // BPS

    def subscribe(self, assets: int) -> Subscribed:
        """What `assets` coin base units buy."""
        _check(assets, "assets")
        fee = _up(assets * self.entry_fee_bps, BPS)
        net = assets - fee
        scaled = net * self.scale.units_per_value
        cost = self.subscription * self.scale.one_coin
        units, rest = divmod(scaled, cost)
        return Subscribed(assets, fee, net, units, self._exact(rest))

    def redeem(self, shares: int) -> Redeemed:
        """What `shares` share base units bring."""
        _check(shares, "shares")
        value = shares * self.redemption * self.scale.one_coin
        gross, rest = divmod(value, self.scale.units_per_value)
        fee = _up(gross * self.exit_fee_bps, BPS)
        return Redeemed(shares, gross, fee, gross - fee, self._exact(rest))

    def value_of(self, shares: int) -> int:
        """The value of `shares` at the unswung NAV in coin base units, rounded down."""
        return shares * self.nav * self.scale.one_coin // self.scale.units_per_value

    def _exact(self, rest: int) -> Decimal:
        # `rest` counts 10^-(share + nav) of a coin base unit.
        decimals = self.scale.share + self.scale.nav + self.scale.coin
        return Decimal((0, tuple(int(digit) for digit in str(rest)), -decimals))


@dataclass(frozen=True, slots=True)
class DayTotals:
    """What stands before a strike: the supply before dealing, and the day's requests.

    `supply` and `redemptions` (those carried over included) in share base units, `subscriptions` in coin
    base units.
    """

    supply: int
    subscriptions: int
    redemptions: int

    def __post_init__(self) -> None:
        for name in ("supply", "subscriptions", "redemptions"):
            _check(getattr(self, name), name)
        if self.redemptions > self.supply:
            raise InvalidInput(
                f"redemptions of {self.redemptions} exceed the supply of {self.supply}: no more shares exist"
            )


@dataclass(frozen=True, slots=True)
class DayResult:
    """A settled day. `minted` shares cover all subscriptions, `payable` coins all accepted redemptions.

    Coins in base units: `entry_fees`, `exit_fees`, `invested` (subscriptions less entry fees), `payable`
    (what redeemers may claim). Shares in base units: `minted`, `accepted`, `carried`.
    """

    totals: DayTotals
    prices: Prices
    minted: int
    accepted: int
    carried: int
    entry_fees: int
    exit_fees: int
    payable: int

    @property
    def invested(self) -> int:
        return self.totals.subscriptions - self.entry_fees

    @property
    def gated(self) -> bool:
        """Whether part of the redemptions was cut by the gate."""
        return self.carried > 0

    @property
    def to_fund(self) -> int:
        """The coins that move to the fund (negative: that the fund has to bring), fees apart."""
        return self.totals.subscriptions - self.entry_fees - self.exit_fees - self.payable

    def accepted_of(self, shares: int) -> int:
        """How much of an order's `shares` is dealt on this day, rounded down."""
        _check(shares, "shares")
        return shares if not self.gated else shares * self.accepted // self.totals.redemptions

    def carried_of(self, shares: int) -> int:
        """How much of an order's `shares` is carried to the next dealing day, rounded down.

        An order may lose one base unit of a share to the two roundings; the fund keeps it.
        """
        _check(shares, "shares")
        return shares * self.carried // self.totals.redemptions if self.gated else 0


def settle_day(
    nav: int,
    scale: Scale,
    totals: DayTotals,
    *,
    entry_fee_bps: int = 0,
    exit_fee_bps: int = 0,
    gate_bps: int = BPS,
    swing_threshold_bps: int = BPS,
    swing_factor_bps: int = 0,
) -> DayResult:
    """The day's result at `nav`. Raises `NavNotPositive`, or `InvalidInput` for a figure out of range.

    The gate cuts redemptions above `gate_bps` of the value before dealing. The price swings by
    `swing_factor_bps` in the direction of the net flow (accepted redemptions against subscriptions, both
    at the unswung NAV, before fees) where that exceeds `swing_threshold_bps` of the value before dealing.
    """
    for name, value in (
        ("gate", gate_bps),
        ("swing threshold", swing_threshold_bps),
        ("swing factor", swing_factor_bps),
    ):
        if not is_whole(value) or not 0 <= value <= BPS:
            raise InvalidInput(f"the {name} is {value!r} bps: use a whole number from 0 to {BPS}")
    level = Prices(nav, scale)
    accepted = min(totals.redemptions, totals.supply * gate_bps // BPS)
    flow = totals.subscriptions - level.value_of(accepted)
    swung = abs(flow) * BPS > swing_threshold_bps * level.value_of(totals.supply)
    # Into an empty class there is nobody to protect from dilution.
    swing = (swing_factor_bps if flow > 0 else -swing_factor_bps) if swung and totals.supply else 0
    prices = Prices(nav, scale, swing, entry_fee_bps, exit_fee_bps)
    subscribed, redeemed = prices.subscribe(totals.subscriptions), prices.redeem(accepted)
    return DayResult(
        totals=totals,
        prices=prices,
        minted=subscribed.units,
        accepted=accepted,
        carried=totals.redemptions - accepted,
        entry_fees=subscribed.fee,
        exit_fees=redeemed.fee,
        payable=redeemed.net,
    )


def _up(value: int, divisor: int) -> int:
    return -(-value // divisor)


def _check(value: object, what: str) -> None:
    if not is_whole(value) or not 0 <= value <= MAX_BASE_UNITS:
        raise InvalidInput(f"{what} are {value!r}: use a whole number of base units up to 2^112 - 1")
