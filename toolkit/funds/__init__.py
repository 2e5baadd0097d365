"""The fund: NAV, the arithmetic of a dealing day, register and distributions.

| module | holds |
| --- | --- |
| `announced` | the vault's numbers of dealing days |
| `admission` | taking an order: cut-off and minimums |
| `dealing` | units, proceeds, fees, swing and gate, in integers as on chain |
| `nav`, `nav_book` | `NavStatement` and its way from expected to struck, by two people |
| `nav_cash` | that no cash is counted twice |
| `corrections` | what each order is owed after a NAV was corrected |
| `notes` | contract notes |
| `register` | the register of holders at a block |
| `report` | the daily dealing report |
| `distributions`, `merkle` | who is paid what, and the tree that proves it on chain |
| `basket`, `in_kind` | creation and redemption in kind |
| `errors` | what the fund refuses |

`toolkit.deployment.FundTerms` says what a fund is to be, `toolkit.dealing_days` on which day an order deals.
Names are loaded on first use, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.funds.admission import Admitted, admit_redemption, admit_subscription
    from toolkit.funds.announced import Announced, Announcement
    from toolkit.funds.basket import Basket, Confirmation, Direction
    from toolkit.funds.corrections import Compensation, DealtOrder, NavCorrection, OrderSide, correct_orders
    from toolkit.funds.dealing import DayResult, DayTotals, Prices, Scale, settle_day
    from toolkit.funds.distributions import Choice, Distribution, distribute, distribution_dates
    from toolkit.funds.in_kind import InKindOrder, InKindState
    from toolkit.funds.merkle import StandardMerkleTree
    from toolkit.funds.nav import NavStatement
    from toolkit.funds.nav_book import DayNav, NavState
    from toolkit.funds.notes import ContractNote, contract_note
    from toolkit.funds.register import (
        HolderType,
        Register,
        RegisterAccount,
        ShareTransfer,
        WalletLink,
        build_register,
    )
    from toolkit.funds.report import DealingReport, Liquidity, dealing_report

_HOMES = {
    "Admitted": "admission",
    "Announced": "announced",
    "Announcement": "announced",
    "Basket": "basket",
    "Choice": "distributions",
    "Compensation": "corrections",
    "Confirmation": "basket",
    "ContractNote": "notes",
    "DayNav": "nav_book",
    "DayResult": "dealing",
    "DayTotals": "dealing",
    "DealtOrder": "corrections",
    "DealingReport": "report",
    "Direction": "basket",
    "Distribution": "distributions",
    "HolderType": "register",
    "InKindOrder": "in_kind",
    "InKindState": "in_kind",
    "Liquidity": "report",
    "NavCorrection": "corrections",
    "NavState": "nav_book",
    "NavStatement": "nav",
    "OrderSide": "corrections",
    "Prices": "dealing",
    "Register": "register",
    "RegisterAccount": "register",
    "Scale": "dealing",
    "ShareTransfer": "register",
    "StandardMerkleTree": "merkle",
    "WalletLink": "register",
    "admit_redemption": "admission",
    "admit_subscription": "admission",
    "build_register": "register",
    "contract_note": "notes",
    "correct_orders": "corrections",
    "dealing_report": "report",
    "distribute": "distributions",
    "distribution_dates": "distributions",
    "settle_day": "dealing",
}

__all__ = [
    "Admitted",
    "Announced",
    "Announcement",
    "Basket",
    "Choice",
    "Compensation",
    "Confirmation",
    "ContractNote",
    "DayNav",
    "DayResult",
    "DayTotals",
    "DealingReport",
    "DealtOrder",
    "Direction",
    "Distribution",
    "HolderType",
    "InKindOrder",
    "InKindState",
    "Liquidity",
    "NavCorrection",
    "NavState",
    "NavStatement",
    "OrderSide",
    "Prices",
    "Register",
    "RegisterAccount",
    "Scale",
    "ShareTransfer",
    "StandardMerkleTree",
    "WalletLink",
    "admit_redemption",
    "admit_subscription",
    "build_register",
    "contract_note",
    "correct_orders",
    "dealing_report",
    "distribute",
    "distribution_dates",
    "settle_day",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
