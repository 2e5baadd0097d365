"""The desk: orders from request to settlement.

| module | holds |
| --- | --- |
| `desk` | `Desk`: the facade |
| `onboarding` | `Investor`, `WalletChallenge`: investors, proofs of wallets, the registry |
| `micropayments` | `Micropayment`: the other proof of a wallet |
| `mint`, `redemption` | the orders' requests, money and rules |
| `authorizations` | what a holder signs for the escrow |
| `approvals` | `BatchProposal`: what approvers sign, and who counts |
| `worker`, `redemption_run` | one pass over everything that can move |
| `forming`, `signed`, `sorting` | which mint orders go now, and where the others go |
| `flights`, `lanes`, `proofs` | sending, waiting, believing events |
| `incidents` | what stops minting until a person has looked |
| `report`, `status`, `imports` | `RunReport`, `DeskStatus`, `ImportReport` |
| `fund_desk` | `FundDesk`: the facade of a fund's share class, with the parts below |
| `fund_orders`, `fund_run`, `fund_watch` | its orders: taken, sent and handed out, believed |
| `fund_days`, `fund_navs`, `fund_settling` | dealing days, net asset values, what a day brought |
| `fund_cases`, `fund_distributions`, `fund_papers` | quarantine, distributions, register, notes and reports |

Names are loaded on first use, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.desk.approvals import BatchProposal
    from toolkit.desk.authorizations import RedemptionAuthorization
    from toolkit.desk.clock import ChainClock
    from toolkit.desk.desk import Desk
    from toolkit.desk.fund_desk import FundDesk
    from toolkit.desk.imports import ImportReport
    from toolkit.desk.mint_pass import FlightLimits
    from toolkit.desk.onboarding import Investor, WalletChallenge
    from toolkit.desk.proofs import redemption_reference
    from toolkit.desk.report import RunReport
    from toolkit.desk.status import DeskStatus

_HOMES = {
    "BatchProposal": "approvals",
    "ChainClock": "clock",
    "Desk": "desk",
    "DeskStatus": "status",
    "FlightLimits": "mint_pass",
    "FundDesk": "fund_desk",
    "ImportReport": "imports",
    "Investor": "onboarding",
    "RedemptionAuthorization": "authorizations",
    "RunReport": "report",
    "WalletChallenge": "onboarding",
    "redemption_reference": "proofs",
}

__all__ = [
    "BatchProposal",
    "ChainClock",
    "Desk",
    "DeskStatus",
    "FlightLimits",
    "FundDesk",
    "ImportReport",
    "Investor",
    "RedemptionAuthorization",
    "RunReport",
    "WalletChallenge",
    "redemption_reference",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
