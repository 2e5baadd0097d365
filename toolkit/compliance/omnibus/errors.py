"""What an omnibus account refuses, each as a class of its own."""

from __future__ import annotations

from toolkit.errors import InvalidInput, Refused

__all__ = [
    "AllocationUnbacked",
    "CommitmentDiffers",
    "FlowNotOnChain",
    "NothingToCommit",
    "OmnibusBreak",
    "ProofNotFound",
    "SumTooLarge",
]


class AllocationUnbacked(Refused):
    """More is to be allocated than the wallet holds and no client has yet."""

    code = "allocation_unbacked"


class CommitmentDiffers(Refused):
    """The chain has another commitment for the day than the ledger: nothing replaces it; find out why."""

    code = "commitment_differs"


class FlowNotOnChain(Refused):
    """The transaction that is to settle a client's flow isn't final, or didn't move so much."""

    code = "flow_not_on_chain"


class NothingToCommit(Refused):
    """No client has anything in the wallet."""

    code = "nothing_to_commit"


class OmnibusBreak(Refused):
    """The clients' positions don't add up to what the wallet holds on chain."""

    code = "omnibus_break"


class ProofNotFound(InvalidInput):
    """There is no commitment for the day, or the client had no position in it."""

    code = "proof_not_found"


class SumTooLarge(InvalidInput):
    """Positions are from 0 to below 2^128 base units, and so is their sum."""

    code = "sum_too_large"
