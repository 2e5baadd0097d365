"""The attested feed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.bindings.contract import Contract
from toolkit.bindings.signable import sorted_signatures
from toolkit.bindings.structs import Attestation, Bounds, Reading, Round, Signature

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["AttestedFeed"]


class AttestedFeed(Contract):
    """`contracts/oracle/AttestedFeed.sol`: values in the feed's base units, instants in Unix seconds."""

    artifact = "AttestedFeed"

    # ------------------------------------------------------------------------------------------------ reads

    def reading(self, *, block: BlockRef = "latest") -> Reading:
        """The last value and until when it is fresh."""
        return Reading(*self._read("reading", block=block))

    def round(self, number: int, *, block: BlockRef = "latest") -> Round:
        """One round of the history. Raises NoRound."""
        data, posted_at, report = self._reads(
            ("getRoundData", number), ("roundPostedAt", number), ("roundReport", number), block=block
        )
        return Round(number=number, value=data[1], as_of=data[2], posted_at=posted_at, report=report)

    def latest_round(self, *, block: BlockRef = "latest") -> int:
        """The last round's number, 0 before the first."""
        return self._int("latestRound", block=block)

    def attestors(self, *, block: BlockRef = "latest") -> tuple[str, ...]:
        """The accounts whose signatures count."""
        return tuple(self._read("attestors", block=block))

    def is_attestor(self, account: str, *, block: BlockRef = "latest") -> bool:
        return self._bool("isAttestor", account, block=block)

    def threshold(self, *, block: BlockRef = "latest") -> int:
        """How many attestors have to sign a value within the bounds; 0 while not configured."""
        return self._int("threshold", block=block)

    def required_signatures(self, value: int, *, block: BlockRef = "latest") -> int:
        """How many attestors have to sign `value` now."""
        return self._int("requiredSignatures", value, block=block)

    def max_age(self, *, block: BlockRef = "latest") -> int:
        """Seconds from its instant during which a value is fresh."""
        return self._int("maxAge", block=block)

    def bounds(self, *, block: BlockRef = "latest") -> Bounds:
        return Bounds(*self._read("bounds", block=block))

    def suspended(self, *, block: BlockRef = "latest") -> bool:
        return self._bool("suspended", block=block)

    def decimals(self, *, block: BlockRef = "latest") -> int:
        return self._int("decimals", block=block)

    def description(self, *, block: BlockRef = "latest") -> str:
        return self._text("description", block=block)

    def attestation_digest(self, attestation: Attestation, *, block: BlockRef = "latest") -> bytes:
        """The EIP-712 digest that attestors sign, 32 bytes, as the contract computes it."""
        return self._bytes("attestationDigest", attestation, block=block)

    # ----------------------------------------------------------------------------------------------- writes

    def publish(self, attestation: Attestation, signatures: Sequence[Signature]) -> Call:
        """Publishes an attestation; the signatures are sorted by signer here, as the feed wants them."""
        return self._write(
            "publish",
            *(attestation, sorted_signatures(signatures)),
            description="publish a reserve attestation",
        )

    def set_attestors(self, attestors: Sequence[str], threshold: int) -> Call:
        return self._write(
            "setAttestors", list(attestors), threshold, description=f"set {len(attestors)} attestors"
        )

    def set_limits(self, max_age: int, max_rise_bps: int, max_fall_bps: int) -> Call:
        return self._write(
            "setLimits", max_age, max_rise_bps, max_fall_bps, description="set the feed's age and bounds"
        )

    def suspend(self) -> Call:
        return self._write("suspend", description="suspend the feed")

    def suspend_attestor(self, attestor: str) -> Call:
        return self._write("suspendAttestor", attestor, description=f"suspend attestor {attestor}")

    def resume(self) -> Call:
        return self._write("resume", description="resume the feed")
