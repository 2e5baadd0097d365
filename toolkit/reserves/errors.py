"""What can be wrong with a reserve report, its allocation, or a signature under its attestation."""

from __future__ import annotations

from typing import ClassVar

from toolkit.errors import InvalidInput

__all__ = [
    "AllocationExceedsReserve",
    "BadSignature",
    "ConflictingSignature",
    "DuplicateReference",
    "FutureAttestation",
    "NotAllocated",
    "NothingCounts",
    "ReportDoesNotAddUp",
    "UnknownAttestor",
    "WrongFeed",
    "WrongToken",
]


class ReportDoesNotAddUp(InvalidInput):
    """A stated total differs from the sum of its lines; `details`: stated, computed, difference."""

    code: ClassVar[str] = "report_does_not_add_up"


class DuplicateReference(InvalidInput):
    """The same custodian's reference or line id stands in two lines: one holding would count twice."""

    code: ClassVar[str] = "duplicate_reference"


class NothingCounts(InvalidInput):
    """No line of the report counts under the profile, so there is nothing to allocate."""

    code: ClassVar[str] = "nothing_counts"


class AllocationExceedsReserve(InvalidInput):
    """The allocations to all chains together exceed what the report counts."""

    code: ClassVar[str] = "allocation_exceeds_reserve"


class NotAllocated(InvalidInput):
    """The report allocates nothing to this contract on this chain: it is a report for another one."""

    code: ClassVar[str] = "not_allocated"


class WrongToken(InvalidInput):
    """The report is about another token."""

    code: ClassVar[str] = "wrong_token"


class FutureAttestation(InvalidInput):
    """The report's instant lies in the future."""

    code: ClassVar[str] = "future_attestation"


class WrongFeed(InvalidInput):
    """The signature is for another chain, another feed contract or another attestation."""

    code: ClassVar[str] = "wrong_feed"


class UnknownAttestor(InvalidInput):
    """The signer is not one of the feed's attestors."""

    code: ClassVar[str] = "unknown_attestor"


class ConflictingSignature(InvalidInput):
    """One attestor gave two different signatures of the same attestation."""

    code: ClassVar[str] = "conflicting_signature"


class BadSignature(InvalidInput):
    """The signature is malformed or isn't the claimed signer's."""

    code: ClassVar[str] = "bad_signature"
