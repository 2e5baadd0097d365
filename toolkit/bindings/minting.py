"""What a worker has to know before it forms a mint, read in one message."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.bindings.roles import Role
from toolkit.bindings.structs import ApprovalTier

if TYPE_CHECKING:
    from toolkit.bindings.access import AccessManager
    from toolkit.bindings.market import PrimaryMarket
    from toolkit.bindings.token import Stablecoin

__all__ = ["MintingTerms", "minting_terms"]


@dataclass(frozen=True, slots=True)
class MintingTerms:
    """What may be minted now, in base units, by whose signatures, and how much gas a block has.

    `headroom` is the token's, `available` the operator's; `approvers` says of each key that was asked about
    whether its signature counts. The figures are each of the newest block as the node came to it.
    """

    gas_limit: int
    headroom: int
    available: int
    tiers: tuple[ApprovalTier, ...]
    approvers: dict[str, bool]


def minting_terms(
    market: PrimaryMarket, token: Stablecoin, manager: AccessManager, operator: str, approvers: Sequence[str]
) -> MintingTerms:
    """Asks the chain. Raises NodeError, and the contracts' own errors."""
    reads = [
        token.prepared("headroom"),
        market.prepared("operatorLimit", operator),
        market.prepared("approvalTiers"),
        *(manager.prepared("hasRole", Role.APPROVER, address) for address in approvers),
    ]
    head, answers = market.client.head_and_calls([call for call, _ in reads])
    headroom, (_, available), tiers, *members = (
        read(answer) for (_, read), answer in zip(reads, answers, strict=True)
    )
    return MintingTerms(
        gas_limit=head.gas_limit,
        headroom=headroom,
        available=available,
        tiers=tuple(ApprovalTier(*row.values()) for row in tiers),
        # One whose acts are delayed can't approve.
        approvers={
            address: tuple(found) == (True, 0) for address, found in zip(approvers, members, strict=True)
        },
    )
