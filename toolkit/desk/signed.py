"""Signed batches as the chain takes them: all that was signed, less what is left out this time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.bindings import structs
from toolkit.bindings.errors import TotalAboveTiers
from toolkit.desk.approvals import Approvals
from toolkit.desk.context import DeskContext
from toolkit.desk.mint import on_chain
from toolkit.errors import ToolkitError
from toolkit.ledger.records import Approval, Batch, MintOrder

if TYPE_CHECKING:
    from toolkit.bindings.minting import MintingTerms
    from toolkit.ledger.ledger import Ledger, Look

__all__ = ["SignedBatch", "SignedBatches"]


@dataclass(frozen=True, slots=True)
class SignedBatch:
    """A mint batch: every order as it was signed, by id, and the signatures that count now.

    `is_complete` says whether they are enough; `error` why no number of them would be.
    """

    id: str
    rows: dict[str, structs.MintOrder]
    signatures: tuple[structs.Signature, ...]
    is_complete: bool
    error: ToolkitError | None = None

    def only(self, going: Iterable[str]) -> structs.MintBatch:
        """The batch for the chain with all its orders skipped but those `going`."""
        wanted = set(going)
        skipped = sum(1 << place for place, order_id in enumerate(self.rows) if order_id not in wanted)
        return structs.MintBatch(tuple(self.rows.values()), self.signatures, skipped)


class SignedBatches:
    """The batches that one pass needs, each read once. Tiers and approvers are asked once a pass: they are
    in `terms`, but for approvers that weren't thought of.
    """

    def __init__(self, context: DeskContext, approvals: Approvals, terms: MintingTerms) -> None:
        self._context = context
        self._approvals = approvals
        self._batches: dict[str, SignedBatch] = {}
        self._read: dict[str, tuple[Batch, tuple[Approval, ...]]] = {}
        self._approvers = dict(terms.approvers)
        self._tiers = terms.tiers
        self.signers: set[str] = set()
        """Whose signatures there were."""

    def read(self, orders: Sequence[MintOrder], seen: Look) -> None:
        """Reads the batches of these orders that `of` will want, together with what else is looked at."""
        self._read = {
            batch_id: _read(batch_id, seen)
            for batch_id in dict.fromkeys(order.batch_id for order in orders)
            if batch_id is not None and batch_id not in self._batches
        }

    def of(self, orders: Sequence[MintOrder]) -> dict[str, SignedBatch]:
        """The batches of these orders by id, in the sequence of their first orders."""
        ids = list(dict.fromkeys(order.batch_id for order in orders if order.batch_id is not None))
        given = {order.id: order for order in orders}
        self._batches = {
            batch_id: self._batches.get(batch_id) or self._load(batch_id, given) for batch_id in ids
        }
        return dict(self._batches)

    def _load(self, batch_id: str, given: dict[str, MintOrder]) -> SignedBatch:
        batch, approvals = self._read.get(batch_id) or _read(batch_id, self._context.ledger)
        others = [order_id for order_id in batch.order_ids if order_id not in given]
        if others:
            given = given | {order.id: order for order in self._context.mint_orders(others)}
        members = [given[order_id] for order_id in batch.order_ids]
        signatures = tuple(
            structs.Signature(item.signer, item.signature)
            for item in approvals
            if self._is_approver(item.signer)
        )
        rows = {order.id: on_chain(order) for order in members}
        try:
            required = self._required(sum(order.base_units for order in members))
        except TotalAboveTiers as error:
            return SignedBatch(batch_id, rows, signatures, False, error)
        return SignedBatch(batch_id, rows, signatures, len(signatures) >= required)

    def _is_approver(self, address: str) -> bool:
        self.signers.add(address)
        if address not in self._approvers:
            self._approvers[address] = self._approvals.is_approver(address)
        return self._approvers[address]

    def _required(self, total: int) -> int:
        for tier in self._tiers:
            if total <= tier.up_to:
                return tier.approvals
        return self._context.market.required_approvals(total)


def _read(batch_id: str, ledger: Ledger | Look) -> tuple[Batch, tuple[Approval, ...]]:
    batch = ledger.batches.get(batch_id)
    return batch, ledger.approvals.of(batch.digest)
