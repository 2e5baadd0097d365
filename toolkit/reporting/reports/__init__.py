"""The kinds of report (regulation.md 4): content, how it follows from the figures, and its layout."""

from __future__ import annotations

from importlib import import_module

from toolkit.errors import InvalidInput
from toolkit.reporting.reports.content import Content

__all__ = ["KINDS", "content_of", "contents"]

KINDS: dict[str, tuple[str, str]] = {
    "attestation_report": ("practitioner", "PractitionerReport"),
    "attestation_schedule": ("attestation", "AttestationSchedule"),
    "breaks": ("registers", "BreakReport"),
    "circulation": ("circulation", "Circulation"),
    "daily_statement": ("daily", "DailyStatement"),
    "disclosure": ("weekly", "Disclosure"),
    "freeze_register": ("registers", "FreezeRegister"),
    "fund_dealing": ("fund", "FundDealing"),
    "holder_register": ("fund", "HolderRegister"),
    "holder_snapshot": ("snapshot", "HolderSnapshot"),
    "incident_notice": ("incident", "IncidentNotice"),
    "lifecycle_log": ("lifecycle", "LifecycleLog"),
    "redemption_statistics": ("redemptions", "RedemptionStatistics"),
    "supervisory_report": ("supervisory", "SupervisoryReport"),
    "travel_rule": ("registers", "TravelExtract"),
}
"""By kind, the module here and the name of the content's class."""


def content_of(kind: str) -> type[Content]:
    """The content's class. Raises `InvalidInput` for a kind that doesn't exist."""
    if kind not in KINDS:
        raise InvalidInput(f"there is no report {kind!r}: use one of {', '.join(sorted(KINDS))}", kind=kind)
    module, name = KINDS[kind]
    found = getattr(import_module(f"toolkit.reporting.reports.{module}"), name)
    if not (isinstance(found, type) and issubclass(found, Content)):
        raise TypeError(f"{module}.{name} is not a report's content")
    return found


def contents() -> list[type[Content]]:
    """Every kind's class, by name."""
    return [content_of(kind) for kind in sorted(KINDS)]
