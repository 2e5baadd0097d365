"""Deployment as a reconciliation: terms -> plan -> apply -> record, and the table of roles.

`Terms.load(path)` reads what a coin is to be, `FundTerms.load(path)` a fund that stands in a coin's suite,
`load_terms(path)` either; `plan` compares that with the chain; `apply` closes the
difference and returns the `DeploymentRecord`; `verify` checks record, chain, artifacts and terms against
each other; `read_roles` is the table of who may call what after what delay. Drift is `plan` again.
`check_record` sees that the proxies keep their storage under the packaged implementations.

Names are loaded on first use, so importing this package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.deployment.applying import Progress, Stage, apply
    from toolkit.deployment.fund_terms import FundTerms, load_terms
    from toolkit.deployment.layouts import Incompatibility, check_record, check_upgrade, incompatibilities
    from toolkit.deployment.planning import Plan, Scheduled, Step, Way, plan
    from toolkit.deployment.record import DeploymentRecord, RecordedContract, default_record_path
    from toolkit.deployment.roles import RoleRow, RoleTable, read_roles
    from toolkit.deployment.terms import Terms
    from toolkit.deployment.verification import Difference, differences, verify

_HOMES = {
    "DeploymentRecord": "record",
    "Difference": "verification",
    "FundTerms": "fund_terms",
    "Incompatibility": "layouts",
    "Plan": "planning",
    "Progress": "applying",
    "RecordedContract": "record",
    "RoleRow": "roles",
    "RoleTable": "roles",
    "Scheduled": "planning",
    "Stage": "applying",
    "Step": "planning",
    "Terms": "terms",
    "Way": "planning",
    "apply": "applying",
    "check_record": "layouts",
    "check_upgrade": "layouts",
    "default_record_path": "record",
    "differences": "verification",
    "incompatibilities": "layouts",
    "load_terms": "fund_terms",
    "plan": "planning",
    "read_roles": "roles",
    "verify": "verification",
}

__all__ = [
    "DeploymentRecord",
    "Difference",
    "FundTerms",
    "Incompatibility",
    "Plan",
    "Progress",
    "RecordedContract",
    "RoleRow",
    "RoleTable",
    "Scheduled",
    "Stage",
    "Step",
    "Terms",
    "Way",
    "apply",
    "check_record",
    "check_upgrade",
    "default_record_path",
    "differences",
    "incompatibilities",
    "load_terms",
    "plan",
    "read_roles",
    "verify",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *_HOMES])
