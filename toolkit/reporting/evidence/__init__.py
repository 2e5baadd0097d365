"""Evidence packs, and their verification with nothing but Python's standard library."""

from toolkit.reporting.evidence.collecting import DISCLOSED, Evidence
from toolkit.reporting.evidence.verify_pack import Finding, Result, verify

__all__ = ["DISCLOSED", "Evidence", "Finding", "Result", "verify"]
