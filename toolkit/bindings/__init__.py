"""One small typed class per contract: reads at a block, writes as calls to be sent, events as dataclasses.

| module | holds |
| --- | --- |
| `token`, `market`, `feed`, `registry` | `Stablecoin`, `PrimaryMarket`, `AttestedFeed`, `InvestorRegistry` |
| `omnibus` | `OmnibusRegistry`, its event and structs |
| `share`, `vault`, `distribution` | `FundShare`, `FundVault`, `Distribution` |
| `regulated_token` | what the coin and the shares have in common |
| `minting` | what a worker has to know before it forms a mint, in one message |
| `access` | `AccessManager`, `GuardianGate` |
| `structs`, `fund_structs` | structs, enums and what views answer |
| `events`, `fund_events` | the events |
| `errors` | one exception class per Solidity error, and the `registry` that decodes reverts |
| `signable` | the EIP-712 data that holders and approvers sign |
| `roles` | `Role`: the numbers in the access manager |

Names are loaded on first use, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.bindings.access import AccessManager, GuardianGate
    from toolkit.bindings.distribution import Distribution
    from toolkit.bindings.feed import AttestedFeed
    from toolkit.bindings.market import PrimaryMarket
    from toolkit.bindings.omnibus import OmnibusRegistry
    from toolkit.bindings.registry import InvestorRegistry
    from toolkit.bindings.roles import Role
    from toolkit.bindings.share import FundShare
    from toolkit.bindings.token import Stablecoin
    from toolkit.bindings.vault import FundVault

_HOMES = {
    "AccessManager": "access",
    "AttestedFeed": "feed",
    "Distribution": "distribution",
    "FundShare": "share",
    "FundVault": "vault",
    "GuardianGate": "access",
    "InvestorRegistry": "registry",
    "OmnibusRegistry": "omnibus",
    "PrimaryMarket": "market",
    "Role": "roles",
    "Stablecoin": "token",
}

__all__ = [
    "AccessManager",
    "AttestedFeed",
    "Distribution",
    "FundShare",
    "FundVault",
    "GuardianGate",
    "InvestorRegistry",
    "OmnibusRegistry",
    "PrimaryMarket",
    "Role",
    "Stablecoin",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
