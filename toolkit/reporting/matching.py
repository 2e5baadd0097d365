"""What the chain did, order by order, beside what the ledger says: each mint has its order, each burn its
own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

from toolkit.reporting.identities import CHAIN, Finding

if TYPE_CHECKING:
    from toolkit.reporting.figures import Coin
    from toolkit.reporting.ledger_state import LedgerDay
    from toolkit.reporting.replay import CoinWindow, Movement

__all__ = ["MINT_WITHOUT_ORDER", "match_orders"]

MINT_WITHOUT_ORDER = "mint-without-order"
"""How the subject of a mint begins that no order asked for: critical, and it may stop minting."""


def match_orders(window: CoinWindow, day: LedgerDay, coin: Coin) -> Iterator[Finding]:
    """Every movement on one side that isn't on the other, or is another amount or another wallet."""

    def finding(subject: str, units: int, text: str) -> Finding:
        return Finding(CHAIN, subject, "critical", units, coin.symbol, coin.decimals, text)

    for item in window.stray_mints:
        place = f"{item.units} base units minted to {item.account} in {item.transaction}"
        yield finding(
            f"{MINT_WITHOUT_ORDER}/{item.transaction}", item.units, f"{place}, by no order of the market"
        )
    for item in window.stray_burns:
        place = f"{item.units} base units burned of {item.account} in {item.transaction}"
        yield finding(
            f"burn-without-order/{item.transaction}", -item.units, f"{place}, by no redemption and no case"
        )
    late = {id(item) for item in day.late}
    for what, on_chain, ordered in (
        ("mint", window.mints, day.minted),
        ("burn", window.burns, day.burned),
        ("payout", window.payouts, day.discharged),
    ):
        known = {item.number: item for item in ordered if id(item) not in late}
        yield from _pair(what, on_chain, known, finding)
    for fact in day.unplaced:
        yield finding(
            f"unplaced/{fact.order_id}",
            fact.units,
            f"order {fact.order_id} is {fact.target} by transaction {fact.transaction}, which is in no "
            "block known up to the cut-off",
        )


def _pair(
    what: str,
    on_chain: Sequence[Movement],
    known: dict[int | None, Movement],
    finding: Callable[[str, int, str], Finding],
) -> Iterator[Finding]:
    for item in on_chain:
        order = known.pop(item.number, None)
        if order is None:
            name = MINT_WITHOUT_ORDER if what == "mint" else f"{what}-without-order"
            text = (
                f"number {item.number}: {item.units} base units in {item.transaction}, and the ledger has no "
                f"such {what}"
            )
            yield finding(f"{name}/{item.number}", item.units, text)
        elif order.units != item.units or (item.account is not None and order.account != item.account):
            text = (
                f"number {item.number} is {item.units} base units of {item.account or 'its holder'} on "
                f"chain, and {order.units} of {order.account} in the ledger"
            )
            yield finding(f"{what}/{item.number}", item.units - order.units, text)
    for order in known.values():
        text = (
            f"number {order.number} is final in the ledger by {order.transaction}, and the chain has no "
            f"such {what}"
        )
        yield finding(f"{what}-not-on-chain/{order.number}", -order.units, text)
