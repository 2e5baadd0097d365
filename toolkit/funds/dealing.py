"""The arithmetic of a dealing day, in integers, as the vault does it on chain.

A net asset value is the value of one whole share in the coin's currency, an integer of `nav` decimals. Every
division rounds for the fund (regulation.md W16), so that no order brings its owner more than its exact due,
and the orders' figures never add up to more than the day's:

    units    = floor(assets * (10000 - entry fee) * 10^(share + nav) / (10000 * 10^coin * subscription price))
    proceeds = floor(shares * redemption price * (10000 - exit fee) * 10^coin / (10000 * 10^(share + nav)))

Fees stay in the fund. Where the net flow exceeds the swing's threshold, the side that moves the fund deals at
the swung price (subscriptions rounded up, redemptions down) and the other at the NAV. The gate is a share of
the class's value before the day's dealing, which at one price is the same share of its supply, rounded up, so
that the last unit gets out. Of a gated day every order is dealt the same part, in 10^12ths rounded up, and
the rest is carried; an order may lose one base unit to these two roundings, which the fund keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from toolkit.amounts import MAX_BASE_UNITS, MAX_DECIMALS, is_whole, show_whole
from toolkit.errors import GateActive, InvalidInput
from toolkit.funds.errors import NavNotPositive

__all__ = [
    "BPS",
    "PARTS",
    "DayResult",
    "DayTotals",
    "Prices",
    "Redeemed",
    "Scale",
    "Subscribed",
    "settle_day",
]

BPS = 10_000
PARTS = 10**12
"""Into which a redemption is divided where the gate cuts it."""


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

    `fee` is rounded up to whole base units for show. `residual` is what is left of the assets after the exact
    fee and the units' price, exact, in the coin's currency; it stays in the fund.
    """

    assets: int
    fee: int
    units: int
    residual: Decimal

    @property
    def net(self) -> int:
        return self.assets - self.fee


@dataclass(frozen=True, slots=True)
class Redeemed:
    """A redemption at a price: `gross = fee + net` in coin base units for `shares` share base units.

    `gross` is rounded down for show. `residual` is what is left of the shares' value after the exact fee and
    the proceeds `net`, exact, in the coin's currency; it stays in the fund.
    """

    shares: int
    gross: int
    net: int
    residual: Decimal

    @property
    def fee(self) -> int:
        return self.gross - self.net


@dataclass(frozen=True, slots=True)
class Prices:
    """A struck day's prices and fees.

    `nav` is an integer of `scale.nav` decimals. A positive `swing_bps` makes subscriptions dearer, a negative
    one redemptions cheaper. Raises `NavNotPositive` for a value or a price of zero or less and `InvalidInput`
    for a swing or a fee out of range.
    """

    nav: int
    scale: Scale
    swing_bps: int = 0
    entry_fee_bps: int = 0
    exit_fee_bps: int = 0

    def __post_init__(self) -> None:
        if not is_whole(self.swing_bps) or not -BPS < self.swing_bps < BPS:
            raise InvalidInput(f"the swing is {self.swing_bps!r} bps: it must be within -9999 and 9999")
        for name, fee in (("entry", self.entry_fee_bps), ("exit", self.exit_fee_bps)):
            if not is_whole(fee) or not 0 <= fee < BPS:
                raise InvalidInput(f"the {name} fee is {fee!r} bps: use a whole number from 0 to 9999")
        if not is_whole(self.nav) or self.nav <= 0 or self.redemption == 0:
            raise NavNotPositive(f"the net asset value is {self.nav!r}: it must be above zero", nav=self.nav)
        if self.subscription >= 2**80:
            raise InvalidInput(
                f"the net asset value {show_whole(self.nav)} exceeds 80 bits, the chain's most"
            )

    @property
    def subscription(self) -> int:
        """What one share costs, with the NAV's decimals, rounded up."""
        return _up(self.nav * (BPS + max(self.swing_bps, 0)), BPS)

    @property
    def redemption(self) -> int:
        """What one share brings before the fee, with the NAV's decimals, rounded down."""
        return self.nav * (BPS + min(self.swing_bps, 0)) // BPS

    def subscribe(self, assets: int) -> Subscribed:
        """What `assets` coin base units buy."""
        _check(assets, "assets")
        worth = assets * (BPS - self.entry_fee_bps) * self.scale.units_per_value
        units, rest = divmod(worth, BPS * self.scale.one_coin * self.subscription)
        return Subscribed(assets, _up(assets * self.entry_fee_bps, BPS), units, self._exact(rest))

    def redeem(self, shares: int) -> Redeemed:
        """What `shares` share base units bring."""
        _check(shares, "shares")
        value = shares * self.redemption * self.scale.one_coin
        gross = value // self.scale.units_per_value
        net, rest = divmod(value * (BPS - self.exit_fee_bps), BPS * self.scale.units_per_value)
        return Redeemed(shares, gross, net, self._exact(rest))

    def value_of(self, shares: int) -> int:
        """The value of `shares` at the NAV in coin base units, rounded down."""
        return shares * self.nav * self.scale.one_coin // self.scale.units_per_value

    def _exact(self, rest: int) -> Decimal:
        # `rest` counts 10^-(share + nav) of 1/10000 of a coin base unit.
        decimals = self.scale.share + self.scale.nav + self.scale.coin + 4
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

    `part` of every redemption was let through, in `PARTS`; `accepted` share base units in all.
    """

    totals: DayTotals
    prices: Prices
    part: int
    minted: int
    accepted: int
    payable: int

    @property
    def gated(self) -> bool:
        """Whether part of the redemptions was cut by the gate."""
        return self.part < PARTS

    @property
    def carried(self) -> int:
        """The share base units that wait for the next dealing day."""
        return self.totals.redemptions - self.accepted

    @property
    def to_fund(self) -> int:
        """The coins that move to the fund; negative: that the fund has to bring."""
        return self.totals.subscriptions - self.payable

    def accepted_of(self, shares: int) -> int:
        """How much of an order's `shares` is dealt on this day, rounded down."""
        _check(shares, "shares")
        return shares * self.part // PARTS

    def carried_of(self, shares: int) -> int:
        """How much of an order's `shares` is carried to the next dealing day, rounded down."""
        _check(shares, "shares")
        return shares * (PARTS - self.part) // PARTS

    def require_ungated(self) -> None:
        """Raises `GateActive` if the gate cut the day's redemptions."""
        if self.gated:
            raise GateActive(
                f"the gate let {self.accepted} of {self.totals.redemptions} share base units through: the "
                f"other {self.carried} are carried to the next dealing day",
                accepted=self.accepted,
                carried=self.carried,
            )


def settle_day(
    nav: int,
    scale: Scale,
    totals: DayTotals,
    *,
    entry_fee_bps: int = 0,
    exit_fee_bps: int = 0,
    gate_bps: int = BPS,
    swing_threshold_bps: int = BPS,
    swing_bps: int = 0,
) -> DayResult:
    """The day's result at `nav`. Raises `NavNotPositive`, or `InvalidInput` for a figure out of range.

    The gate lets `gate_bps` of the supply through. Net flow is subscriptions against accepted redemptions, at
    the NAV before fees; into an empty class nothing swings, since there is nobody to dilute.
    """
    for name, value in (("gate", gate_bps), ("swing threshold", swing_threshold_bps), ("swing", swing_bps)):
        if not is_whole(value) or not 0 <= value <= BPS:
            raise InvalidInput(f"the {name} is {value!r} bps: use a whole number from 0 to {BPS}")
    level = Prices(nav, scale)
    most = _up(totals.supply * gate_bps, BPS)
    part = PARTS if totals.redemptions <= most else -(-most * PARTS // totals.redemptions)
    accepted = totals.redemptions * part // PARTS
    flow = totals.subscriptions - level.value_of(accepted)
    total = level.value_of(totals.supply)
    swung = total > 0 and abs(flow) * BPS > total * swing_threshold_bps
    swing = 0 if not swung else swing_bps if flow > 0 else -swing_bps
    prices = Prices(nav, scale, swing, entry_fee_bps, exit_fee_bps)
    return DayResult(
        totals=totals,
        prices=prices,
        part=part,
        minted=prices.subscribe(totals.subscriptions).units,
        accepted=accepted,
        payable=prices.redeem(accepted).net,
    )


def _up(value: int, divisor: int) -> int:
    return -(-value // divisor)


def _check(value: object, what: str) -> None:
    if not is_whole(value) or not 0 <= value <= MAX_BASE_UNITS:
        raise InvalidInput(f"{what} are {value!r}: use a whole number of base units up to 2^112 - 1")
