"""Contract notes: what a customer is told about an order that was dealt, and by when.

A note shows its arithmetic to the last unit, so that the customer can compute it again: the NAV and its
version, the price after swing, gross, fee, net, units and the rounding residual that stays with the fund. It
is due by the end of the second business day after the dealing (Cap. 571Q, `contract_note.deadline`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.chain.hexes import keccak
from toolkit.funds.corrections import DealtOrder, OrderSide
from toolkit.funds.dealing import DayResult
from toolkit.funds.fields import canonical_json

if TYPE_CHECKING:
    from toolkit.dealing_days import DealingCalendar
    from toolkit.funds.nav import NavStatement

__all__ = ["ContractNote", "contract_note"]

_NOTE_DAYS = 2


@dataclass(frozen=True, slots=True)
class ContractNote:
    """One order's note. Money is in the coin; `price` and `nav` in the fund's currency per share.

    Subscription: `gross = fee + net`, `net` bought `units`. Redemption: `units` brought `gross = fee + net`;
    `carried` units were over the gate and go to the next dealing day. `residual` is exact.
    """

    order: DealtOrder
    fund: str
    share_class: str
    dealing_day: date
    settlement_due: date
    note_due: date
    nav: Amount
    nav_version: int
    nav_hash: bytes
    swing_bps: int
    price: Amount
    gross: Amount
    fee: Amount
    net: Amount
    units: Amount
    carried: Amount
    residual: Decimal

    def to_data(self) -> dict[str, Any]:
        """JSON data: amounts as decimal strings, days as ISO dates."""
        return {
            "order": self.order.order,
            "investor": self.order.investor,
            "side": self.order.side.value,
            "fund": self.fund,
            "share_class": self.share_class,
            "dealing_day": self.dealing_day.isoformat(),
            "settlement_due": self.settlement_due.isoformat(),
            "note_due": self.note_due.isoformat(),
            "nav": str(self.nav),
            "nav_version": self.nav_version,
            "nav_hash": "0x" + self.nav_hash.hex(),
            "swing_bps": self.swing_bps,
            "price": str(self.price),
            "currency": self.price.unit,
            "gross": str(self.gross),
            "fee": str(self.fee),
            "net": str(self.net),
            "coin": self.net.unit,
            "units": str(self.units),
            "carried_units": str(self.carried),
            "share": self.units.unit,
            "rounding_residual_to_fund": f"{self.residual:f}",
        }

    @property
    def hash(self) -> bytes:
        """keccak-256 of the canonical JSON, 32 bytes."""
        return keccak(canonical_json(self.to_data()))

    def to_text(self) -> str:
        """The note as lines of plain text with a final newline."""
        lines = [
            f"Contract note for {self.order.side} {self.order.order} of investor {self.order.investor}",
            f"{self.fund}, class {self.share_class}, dealing day {self.dealing_day}",
            "",
            f"NAV per share    {self.nav.display()} (version {self.nav_version})",
            f"Price            {self.price.display()} (swing {self.swing_bps} bps)",
        ]
        money = [
            f"Gross            {self.gross.display()}",
            f"Fee              {self.fee.display()}",
            f"Net              {self.net.display()}",
        ]
        shares = [f"Shares           {self.units.display()}"]
        if self.order.side is OrderSide.SUBSCRIPTION:
            lines += [*money, *shares]
        else:
            lines += [*shares, *money]
        if not self.carried.is_zero:
            lines.append(f"Carried over     {self.carried.display()} to the next dealing day (gate)")
        lines += [
            f"Rounding         {_short(self.residual)} {self.price.unit}, kept by the fund",
            f"Settlement       by {self.settlement_due}",
            f"NAV statement    0x{self.nav_hash.hex()}",
        ]
        return "\n".join(lines) + "\n"


def contract_note(
    order: DealtOrder,
    day: DayResult,
    statement: NavStatement,
    calendar: DealingCalendar,
    *,
    coin: str,
    share: str,
    requested: int | None = None,
) -> ContractNote:
    """The note of `order`, dealt on `day` at `statement`. `coin` and `share` are the units' symbols.

    For a redemption `requested` is what was asked for, in share base units, where the gate let less through.
    """
    prices, number = day.prices, statement.dealing_day
    units: int
    if order.side is OrderSide.SUBSCRIPTION:
        bought = prices.subscribe(order.size)
        gross, fee, net, units, residual = (
            bought.assets,
            bought.fee,
            bought.net,
            bought.units,
            bought.residual,
        )
        price, carried = prices.subscription, 0
    else:
        sold = prices.redeem(order.size)
        gross, fee, net, units, residual = sold.gross, sold.fee, sold.net, sold.shares, sold.residual
        price = prices.redemption
        carried = 0 if requested is None else day.carried_of(requested)

    def coins(value: int) -> Amount:
        return Amount.from_base_units(value, unit=coin, decimals=prices.scale.coin)

    def shares(value: int) -> Amount:
        return Amount.from_base_units(value, unit=share, decimals=prices.scale.share)

    return ContractNote(
        order=order,
        fund=statement.fund,
        share_class=statement.share_class,
        dealing_day=number,
        settlement_due=calendar.settlement_due(number),
        note_due=calendar.business.add_business_days(number, _NOTE_DAYS),
        nav=statement.amount,
        nav_version=statement.version,
        nav_hash=statement.hash,
        swing_bps=prices.swing_bps,
        price=_price(statement, price),
        gross=coins(gross),
        fee=coins(fee),
        net=coins(net),
        units=shares(units),
        carried=shares(carried),
        residual=residual,
    )


def _price(statement: NavStatement, value: int) -> Amount:
    return Amount.from_base_units(value, unit=statement.currency, decimals=statement.decimals)


def _short(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
