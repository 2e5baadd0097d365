"""What an exit refuses."""

from __future__ import annotations

from typing import ClassVar

from toolkit.errors import Refused

__all__ = ["ClaimRefused", "DoesNotTie", "MintingStillOn", "RedemptionsOpen", "SnapshotRefused"]


class ClaimRefused(Refused):
    """The claim isn't the snapshot's, is above it, comes late, or its payee isn't the holder."""

    code: ClassVar[str] = "claim_refused"


class SnapshotRefused(Refused):
    """The snapshot is too old, kept at one place only, signed by nobody known, or of another fork."""

    code: ClassVar[str] = "snapshot_refused"


class RedemptionsOpen(Refused):
    """Redemptions run beside the snapshot: somebody would be paid twice. `details`: the orders."""

    code: ClassVar[str] = "redemptions_open"


class MintingStillOn(Refused):
    """The market on chain isn't wound down."""

    code: ClassVar[str] = "minting_still_on"


class DoesNotTie(Refused):
    """Final figures leave something over; `details`: stated and computed."""

    code: ClassVar[str] = "does_not_tie"
