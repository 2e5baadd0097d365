"""Issue a reserve-backed stablecoin and keep it honest.

```python
from toolkit import Anvil, Desk, Issuance, ReserveReport

with Anvil() as node:
    issuance = Issuance.deploy("deployments/terms/demo-coin.toml", node)
    print(issuance.reserve.status())
```

Importing this package costs nothing: each name is loaded on its first use. Every exception is a
`toolkit.errors.ToolkitError`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit import errors
    from toolkit.amounts import Amount
    from toolkit.calendar import BusinessCalendar
    from toolkit.chain.anvil import Anvil
    from toolkit.chain.client import Client
    from toolkit.chain.finality import Finality
    from toolkit.chain.journal import FileJournal, MemoryJournal
    from toolkit.chain.sender import Sender
    from toolkit.chain.signers import LocalSigner, Signer, dev_signer
    from toolkit.deployment.fund_terms import FundTerms
    from toolkit.deployment.terms import Terms
    from toolkit.desk import Desk
    from toolkit.fund import Fund
    from toolkit.issuance import Issuance
    from toolkit.reserves.profiles import Profile
    from toolkit.reserves.report import ReserveReport

_HOMES = {
    "Amount": "toolkit.amounts",
    "Anvil": "toolkit.chain.anvil",
    "BusinessCalendar": "toolkit.calendar",
    "Client": "toolkit.chain.client",
    "Desk": "toolkit.desk",
    "FileJournal": "toolkit.chain.journal",
    "Finality": "toolkit.chain.finality",
    "Fund": "toolkit.fund",
    "FundTerms": "toolkit.deployment.fund_terms",
    "Issuance": "toolkit.issuance",
    "LocalSigner": "toolkit.chain.signers",
    "MemoryJournal": "toolkit.chain.journal",
    "Profile": "toolkit.reserves.profiles",
    "ReserveReport": "toolkit.reserves.report",
    "Sender": "toolkit.chain.sender",
    "Signer": "toolkit.chain.signers",
    "Terms": "toolkit.deployment.terms",
    "dev_signer": "toolkit.chain.signers",
}

__all__ = [
    "Amount",
    "Anvil",
    "BusinessCalendar",
    "Client",
    "Desk",
    "FileJournal",
    "Finality",
    "Fund",
    "FundTerms",
    "Issuance",
    "LocalSigner",
    "MemoryJournal",
    "Profile",
    "ReserveReport",
    "Sender",
    "Signer",
    "Terms",
    "__version__",
    "dev_signer",
    "errors",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name == "errors":
        return import_module("toolkit.errors")
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(home), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES, "errors"])
