"""The fund's side of a day: a share class beside its register, and what its redeemers are owed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from toolkit.ledger.machines import OrderKind
from toolkit.reporting.chain_side import ShareReader

if TYPE_CHECKING:
    from toolkit.bindings.vault import FundVault
    from toolkit.chain.client import Block
    from toolkit.fund import ShareClass
    from toolkit.funds.register import Register
    from toolkit.ledger.ledger import Ledger

__all__ = ["payable", "share_reader"]

_PAID_OUT = ("Withdraw", "Released")
"""The vault's events with which settled proceeds leave it."""


def share_reader(
    ledger: Ledger,
    share_class: ShareClass,
    name: str,
    coin: str,
    *,
    first_block: int,
    register: Callable[[int], Register],
) -> ShareReader:
    """How a class, called `name` (`FUND/CLASS`) and dealt in `coin`, is read; `register` draws up its
    register at a block number.
    """
    vault = share_class.vaults[coin]
    return ShareReader(
        name, share_class.share, first_block, register, lambda block: payable(ledger, vault, block)
    )


def payable(ledger: Ledger, vault: FundVault, block: Block) -> tuple[int, int]:
    """What settled redemptions are still owed at `block`, in the coin's base units: by the ledger's dealings
    and the payments that it recorded, and by what the vault says it keeps for them, in quarantine or not.
    """
    orders = ledger.fund_orders.find(vault.address, OrderKind.FUND_REDEMPTION)
    dealings = ledger.fund_orders.dealings(order.id for order in orders)
    settled: dict[int, bool] = {}
    owed = 0
    for item in (item for items in dealings.values() for item in items):
        if item.day not in settled:
            day = ledger.record_book.get(f"day/{vault.address}/{item.day:06}")
            settled[item.day] = day.data["block"] <= block.number
        owed += item.due if settled[item.day] else 0
    for name in _PAID_OUT:
        for event in ledger.chain_events.find(name=name):
            if event.address == vault.address and event.block_number <= block.number:
                owed -= event.arguments["assets"]
    controllers = sorted({order.wallet for order in orders})
    kept = sum(vault.claimable_assets(wallet, block=block) for wallet in controllers)
    kept += sum(vault.quarantined(wallet, block=block).assets for wallet in controllers)
    return owed, kept
