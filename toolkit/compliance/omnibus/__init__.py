"""Omnibus accounts: whose the tokens of a distributor's wallet are, and how a client checks it alone.

| module | holds |
| --- | --- |
| `accounts` | clients' positions beside the chain: allocations, locks, statements |
| `flows` | what is on its way into a wallet and out of it |
| `sum_tree` | the Merkle sum tree over the positions |
| `commitments` | the day's root on chain, and proofs of what was committed |
| `proofs` | a proof as a JSON document |
| `verify_position.py`, `verify_position.html` | what a client checks it with, and nothing else |
"""

from __future__ import annotations

from toolkit.compliance.omnibus.accounts import OmnibusAccounts, Statement, StatementRow, client_reference
from toolkit.compliance.omnibus.commitments import Commitments, day_number
from toolkit.compliance.omnibus.errors import (
    AllocationUnbacked,
    CommitmentDiffers,
    FlowNotOnChain,
    NothingToCommit,
    OmnibusBreak,
    ProofNotFound,
    SumTooLarge,
)
from toolkit.compliance.omnibus.flows import ClientFlows
from toolkit.compliance.omnibus.proofs import PositionProof
from toolkit.compliance.omnibus.sum_tree import Domain, SumTree

__all__ = [
    "AllocationUnbacked",
    "ClientFlows",
    "CommitmentDiffers",
    "Commitments",
    "Domain",
    "FlowNotOnChain",
    "NothingToCommit",
    "OmnibusAccounts",
    "OmnibusBreak",
    "PositionProof",
    "ProofNotFound",
    "Statement",
    "StatementRow",
    "SumTooLarge",
    "SumTree",
    "client_reference",
    "day_number",
]
