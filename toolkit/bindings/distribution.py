"""Distributions: Merkle trees of amounts, each paid out of its own money."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from toolkit.bindings.contract import Contract
from toolkit.bindings.fund_structs import (
    DistributionClaim,
    DistributionRecord,
    DistributionStatus,
    DistributionTerms,
)

if TYPE_CHECKING:
    from toolkit.chain.calls import Call
    from toolkit.chain.client import BlockRef

__all__ = ["Distribution"]


class Distribution(Contract):
    """`contracts/market/Distribution.sol`, amounts in base units of its coin. Numbers run from 1."""

    artifact = "Distribution"

    def coin(self, *, block: BlockRef = "latest") -> str:
        return self._address("coin", block=block)

    def registry(self, *, block: BlockRef = "latest") -> str:
        return self._address("registry", block=block)

    def distribution(self, number: int, *, block: BlockRef = "latest") -> DistributionRecord:
        """A distribution; status NONE if there is no such."""
        terms, funder, status, stopped, unclaimed, set_aside = self._read(
            "distribution", number, block=block
        ).values()
        return DistributionRecord(
            DistributionTerms(*terms.values()),
            funder,
            DistributionStatus(status),
            stopped,
            unclaimed,
            set_aside,
        )

    def number_of(self, report: bytes, *, block: BlockRef = "latest") -> int:
        """The distribution of that report (32 bytes); 0 without one."""
        return self._int("idOf", report, block=block)

    def count(self, *, block: BlockRef = "latest") -> int:
        """The last distribution's number."""
        return self._int("distributionCount", block=block)

    def is_claimed(self, number: int, index: int, *, block: BlockRef = "latest") -> bool:
        return self._bool("isClaimed", number, index, block=block)

    def set_aside_for(self, number: int, account: str, *, block: BlockRef = "latest") -> int:
        """What is kept for an account that could not be paid."""
        return self._int("setAsideFor", number, account, block=block)

    def owed(self, number: int, *, block: BlockRef = "latest") -> int:
        """What the distribution still owes: unclaimed and set aside."""
        return self._int("owed", number, block=block)

    def can_be_paid(self, account: str, *, block: BlockRef = "latest") -> bool:
        """Whether the account is verified and not frozen in the coin."""
        return self._bool("canBePaid", account, block=block)

    # ----------------------------------------------------------------------------------------------- writes

    def create(self, terms: DistributionTerms) -> Call:
        """Creates a distribution and takes its total from the sender's allowance. For the treasurer."""
        return self._write("create", terms, description=f"distribute {terms.total} on {terms.share}")

    def claim(self, number: int, claim: DistributionClaim) -> Call:
        """Pays a leaf's amount to its account. Anyone may send it."""
        return self._write("claim", number, claim, description=f"claim leaf {claim.index} of {number}")

    def claim_many(self, number: int, claims: Sequence[DistributionClaim]) -> Call:
        """The same for many; leaves that were claimed before are passed over."""
        return self._write(
            "claimMany", number, list(claims), description=f"claim {len(claims)} leaves of {number}"
        )

    def release(self, number: int, account: str) -> Call:
        """Pays what was set aside for an account that can be paid now. Anyone may send it."""
        return self._write("release", number, account, description=f"release {account}'s part of {number}")

    def release_to(self, number: int, account: str, to: str, case_id: bytes) -> Call:
        """Pays what was set aside to another verified wallet, under a case. For compliance."""
        return self._write(
            "releaseTo", number, account, to, case_id, description=f"release {account}'s part to {to}"
        )

    def sweep(self, number: int) -> Call:
        """Returns what nobody claimed, after the deadline. For the treasurer."""
        return self._write("sweep", number, description=f"sweep distribution {number}")

    def stop(self, number: int) -> Call:
        """Stops claims and releases. For the guardian."""
        return self._write("stop", number, description=f"stop distribution {number}")

    def resume(self, number: int) -> Call:
        return self._write("resume", number, description=f"resume distribution {number}")

    def cancel(self, number: int) -> Call:
        """Ends a stopped distribution for good and returns what was not paid. For the governor."""
        return self._write("cancel", number, description=f"cancel distribution {number}")

    def upgrade(self, implementation: str, data: bytes = b"") -> Call:
        """Points the proxy at another implementation. For the upgrader."""
        return self._write(
            "upgradeToAndCall",
            *(implementation, data),
            description=f"upgrade the distribution to {implementation}",
        )
