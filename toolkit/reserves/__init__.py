"""Reserve reports: what is held, what of it counts, and who signs for it.

| module | holds |
| --- | --- |
| `report` | `ReserveReport`: load, check, evaluate, confirm, allocate, hash, attest |
| `positions` | its lines, totals and allocations |
| `profiles` | `Profile`: eligibility rules as data, in `toolkit/data/profiles/` |
| `eligibility` | `Evaluation`: what each line counts and why |
| `attestation` | `Attestation`, `FeedDomain`: what attestors sign (EIP-712) |
| `bundle` | `AttestationBundle`: the signatures gathered |
| `errors` | what can be wrong with any of these |

Names are loaded on first use, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.reserves.attestation import Attestation, AttestationSubject, FeedDomain
    from toolkit.reserves.bundle import AttestationBundle
    from toolkit.reserves.eligibility import Evaluation, LineResult
    from toolkit.reserves.positions import Allocation, Position
    from toolkit.reserves.profiles import AssetClass, Profile, available_profiles
    from toolkit.reserves.report import ReserveReport

_HOMES = {
    "Allocation": "positions",
    "AssetClass": "profiles",
    "Attestation": "attestation",
    "AttestationBundle": "bundle",
    "AttestationSubject": "attestation",
    "Evaluation": "eligibility",
    "FeedDomain": "attestation",
    "LineResult": "eligibility",
    "Position": "positions",
    "Profile": "profiles",
    "ReserveReport": "report",
    "available_profiles": "profiles",
}

__all__ = [
    "Allocation",
    "AssetClass",
    "Attestation",
    "AttestationBundle",
    "AttestationSubject",
    "Evaluation",
    "FeedDomain",
    "LineResult",
    "Position",
    "Profile",
    "ReserveReport",
    "available_profiles",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
