"""Four eyes: what approvers sign, who of them counts, and when it is enough.

Approvers sign a batch: the EIP-712 data of its orders, in their order, which the chain checks again. How
many have to sign depends on the batch's total and is read from the chain. An order is `approved` once its
batch has enough signatures, with a checker among the signers; a person counts once, whichever of their
keys they use, and never for an order that they made or funded.

The signatures are for the implementation that the market runs: once it is upgraded they are void, and the
orders go back to be approved again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.bindings import structs
from toolkit.bindings.roles import Role as ChainRole
from toolkit.bindings.signable import Signable
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.chain.signers import recover_address
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.errors import ApprovalsVoid, BatchConflict
from toolkit.desk.mint import Minting, on_chain
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger.machines import Role, State
from toolkit.ledger.records import Approval, Batch, MintOrder, Order, Person, RedemptionOrder

if TYPE_CHECKING:
    from toolkit.chain.signers import Signer
    from toolkit.ledger.ledger import Transaction

__all__ = ["ACCEPTANCE", "MAX_BATCH", "MINT", "Approvals", "BatchProposal"]

MINT = "mint"
ACCEPTANCE = "acceptance"

MAX_BATCH = 200
"""Orders in one batch: about 12 million gas."""

# What each kind of batch is made from. An order already approved may be in a batch again: its last one was
# dissolved, and the signatures are to be given anew. If they are under another digest, so is the approval.
_UNAPPROVED = {MINT: State.FUNDED, ACCEPTANCE: State.ESCROWED}
_APPROVALS = {(source, State.APPROVED) for source in _UNAPPROVED.values()}


@dataclass(frozen=True, slots=True)
class BatchProposal:
    """A batch for approvers to sign, and how far it is.

    `signed_by` are the persons whose signatures count now. `signable.to_json()` is the argument of
    `eth_signTypedData_v4`, for a key that signs elsewhere.
    """

    batch_id: str
    purpose: str
    order_ids: tuple[str, ...]
    total: Amount
    signable: Signable
    required: int
    signed_by: tuple[str, ...]

    @property
    def is_complete(self) -> bool:
        """Whether enough people signed."""
        return len(self.signed_by) >= self.required


class Approvals:
    """Batches of orders and the signatures under them."""

    def __init__(self, context: DeskContext, minting: Minting) -> None:
        self._context = context
        self._minting = minting

    # -------------------------------------------------------------------------------- what is signed

    def propose(self, purpose: str, orders: Iterable[Order | str]) -> tuple[BatchProposal, ...]:
        """Puts the orders into batches, or finds those they are in, without signing.

        Raises what the chain would refuse them for now, IllegalTransition for orders that aren't ready,
        BatchConflict.
        """
        return self._propose(purpose, [_id(order) for order in orders])

    def proposal(self, batch: Batch | str) -> BatchProposal:
        """A batch as it stands. Raises NotFound, ApprovalsVoid."""
        found = self._context.ledger.batches.get(batch) if isinstance(batch, str) else batch
        orders = self._load(found.purpose, found.order_ids)
        return self._proposal(found, orders, self._current(found, orders))

    def signatures(self, batch: Batch) -> list[structs.Signature]:
        """The signatures that count now."""
        return [structs.Signature(item.signer, item.signature) for item in self._counted(batch)]

    # ----------------------------------------------------------------------------------------------- signing

    def approve(
        self, purpose: str, orders: Iterable[Order | str], signer: Signer, by: str | None
    ) -> tuple[BatchProposal, ...]:
        """Proposes the orders and signs the batches with `signer`."""
        ids = [_id(order) for order in orders]
        self._check_person(signer.address, by, ids)
        signed = []
        for proposal in self._propose(purpose, ids):
            signature = proposal.signable.sign(signer)
            signed.append(self.add_signature(proposal.batch_id, signature.signer, signature.data, by=by))
        return tuple(signed)

    def add_signature(
        self, batch_id: str, signer: str, signature: bytes, *, by: str | None = None
    ) -> BatchProposal:
        """Records a signature made here or elsewhere; with the last one needed the orders are approved.

        Raises NotAuthorised for a stranger's or a revoked key, a person who is no approver, who signed
        with another key, or who made or funded one of the orders; InvalidInput for a signature that isn't
        `signer`'s over this batch; ApprovalsVoid; NotFound.
        """
        batch = self._context.ledger.batches.get(batch_id)
        signer = checksum_address(signer, what="signer")
        if batch.state != "open":
            raise IllegalTransition(
                f"batch {batch_id} is {batch.state}: only an open one is signed", batch=batch_id
            )
        orders = self._load(batch.purpose, batch.order_ids)
        signable = self._current(batch, orders)
        found = recover_address(from_hex(batch.digest, length=32), signature)
        if found != signer:
            raise InvalidInput(
                f"the signature under batch {batch_id} recovers to {found}, not to {signer}: "
                "sign exactly the proposal's data, on this chain",
                signer=signer,
                recovered=found,
            )
        person = self._check_person(signer, by, batch.order_ids)
        with self._context.ledger.transaction() as tx:
            tx.approvals.add(batch.digest, signer=signer, signature=signature)
        return self._complete(batch, orders, signable, person)

    def dissolve(self, batch: Batch | str) -> Batch:
        """Ends an open batch; its orders need a new one, with new signatures unless it is the same again.

        Raises IllegalTransition while one of them is under way, NotFound.
        """
        return self._context.ledger.batches.dissolve(batch if isinstance(batch, str) else batch.id)

    def withdraw_void(self, batch: Batch | str) -> ApprovalsVoid | None:
        """Takes back what was approved under an implementation that the market no longer runs.

        The batch is dissolved, and those of its orders that were approved (`details["orders"]` of what is
        returned) are `funded` or `escrowed` again. None, and nothing done, if the batch is signed for the
        code that runs. Raises IllegalTransition while one of its orders is under way, or if it has ended.
        """
        found = self._context.ledger.batches.get(batch) if isinstance(batch, str) else batch
        orders = self._load(found.purpose, found.order_ids)
        try:
            self._current(found, orders)
        except ApprovalsVoid as void:
            approved = [
                order.id for order in orders if order.batch_id == found.id and order.state is State.APPROVED
            ]
            with self._context.ledger.transaction() as tx:
                tx.batches.dissolve(found.id)
                self._unapprove(tx, found.purpose, approved, void.message)
            void.details["orders"] = approved
            return void
        return None

    def check_orders(self, orders: Iterable[Order | str], by: str) -> tuple[Order, ...]:
        """`funded` or `escrowed` to `approved` by a checker who holds no key: the signatures come apart."""
        return self._context.ledger.orders.step_many(
            [_id(order) for order in orders], State.APPROVED, actor=by, role=Role.CHECKER
        )

    # ------------------------------------------------------------------------------------------------ inside

    def _load(self, purpose: str, ids: Iterable[str]) -> list[MintOrder] | list[RedemptionOrder]:
        if purpose == MINT:
            return self._context.mint_orders(ids)
        if purpose == ACCEPTANCE:
            return self._context.redemption_orders(ids)
        raise InvalidInput(f"a {purpose} batch isn't signed by approvers", purpose=purpose)

    def _check(self, orders: Sequence[Order]) -> None:
        """Raises what the chain would refuse the orders for now."""
        mints = [order for order in orders if isinstance(order, MintOrder)]
        if mints:
            self._minting.check(mints)
        for order in orders:
            if isinstance(order, RedemptionOrder):
                self._check_escrow(order)

    def _signable(self, orders: Sequence[Order]) -> Signable:
        market = self._context.market
        mints = [on_chain(order) for order in orders if isinstance(order, MintOrder)]
        if mints:
            return market.mint_data(mints)
        requested = structs.RedemptionStatus.REQUESTED
        return market.acceptance_data(
            {
                _number(order): structs.Redemption(order.wallet, 0, requested, order.base_units)
                for order in orders
                if isinstance(order, RedemptionOrder)
            }
        )

    def _propose(self, purpose: str, ids: Sequence[str]) -> tuple[BatchProposal, ...]:
        orders = self._load(purpose, ids)
        unapproved = _UNAPPROVED[purpose]
        wrong = [
            f"{order.id} ({order.state})"
            for order in orders
            if order.state not in (unapproved, State.APPROVED)
        ]
        if wrong:
            raise IllegalTransition(
                f"orders {', '.join(wrong)} can't be approved: they must be {unapproved} or {State.APPROVED}"
            )
        self._check(orders)
        batches = self._context.ledger.batches
        proposals, withdrawn = [], False
        for batch_id in dict.fromkeys(order.batch_id for order in orders if order.batch_id is not None):
            batch = batches.get(batch_id)
            members = self._load(purpose, batch.order_ids)
            try:
                signable = self._current(batch, members)
            except ApprovalsVoid as error:
                void = self.withdraw_void(batch)
                if void is None or not set(void.details["orders"]) <= set(ids):
                    raise void or error from None  # others lost their approval too: who asks has to know
                withdrawn = True
                continue
            absent = self._unapproved(batch) - set(ids)
            if absent:
                raise BatchConflict(
                    f"batch {batch_id} also holds {', '.join(sorted(absent))}: approve them together, or "
                    "dissolve the batch first",
                    batch=batch_id,
                )
            proposals.append(self._proposal(batch, members, signable))
        if withdrawn:
            orders = self._load(purpose, ids)
        free = [order for order in orders if order.batch_id is None]
        for start in range(0, len(free), MAX_BATCH):
            wanted = free[start : start + MAX_BATCH]
            self._required(purpose, sum(order.base_units for order in wanted))
            signable = self._signable(wanted)
            digest = to_hex(signable.digest)
            otherwise = self._approved_otherwise(wanted, digest)
            with self._context.ledger.transaction() as tx:
                self._unapprove(tx, purpose, otherwise, f"approved otherwise than as {digest}")
                batch = tx.batches.create(purpose, [order.id for order in wanted], digest=digest)
            proposals.append(self._proposal(batch, wanted, signable))
        return tuple(proposals)

    def _approved_otherwise(self, orders: Sequence[Order], digest: str) -> list[str]:
        """Those whose approval on record is of another digest: what is sent has to be what was approved."""
        ids = [order.id for order in orders if order.state is State.APPROVED]
        signed = {order_id: self._signed_digest(order_id) for order_id in ids}
        return [order_id for order_id, known in signed.items() if known not in (None, digest)]

    def _signed_digest(self, order_id: str) -> str | None:
        """The digest under which the order was approved last; None if a checker approved it without one."""
        history = self._context.ledger.orders.history(order_id)
        given = [event for event in history if (event.from_state, event.to_state) in _APPROVALS]
        evidence = given[-1].evidence if given else None
        return None if evidence is None else f"0x{evidence}"

    def _unapprove(self, tx: Transaction, purpose: str, order_ids: Sequence[str], reason: str) -> None:
        tx.orders.step_all(order_ids, _UNAPPROVED[purpose], actor=WORKER, role=Role.OPERATOR, reason=reason)

    def _current(self, batch: Batch, orders: Sequence[Order]) -> Signable:
        """What is signed under the batch's digest. Raises ApprovalsVoid if the market was upgraded since."""
        signable = self._signable(orders)
        if to_hex(signable.digest) != batch.digest:
            raise ApprovalsVoid(
                f"batch {batch.id} is approved under the implementation before the upgrade, and the market "
                "takes no signature for code that it no longer runs: have its orders approved again",
                batch=batch.id,
                runs=signable.domain["version"],
            )
        return signable

    def _unapproved(self, batch: Batch) -> set[str]:
        """The batch's orders that its signatures are still wanted for."""
        members = self._load(batch.purpose, batch.order_ids)
        wanted = _UNAPPROVED[batch.purpose]
        return {order.id for order in members if order.batch_id == batch.id and order.state is wanted}

    def _proposal(self, batch: Batch, orders: Sequence[Order], signable: Signable) -> BatchProposal:
        total = self._context.tokens(sum(order.base_units for order in orders))
        return BatchProposal(
            batch_id=batch.id,
            purpose=batch.purpose,
            order_ids=batch.order_ids,
            total=total,
            signable=signable,
            required=self._required(batch.purpose, total.base_units),
            signed_by=tuple(item.person_id for item in self._counted(batch)),
        )

    def _required(self, purpose: str, total: int) -> int:
        """Raises TotalAboveTiers for mint orders; an acceptance has no highest total."""
        market = self._context.market
        return (
            market.required_approvals(total)
            if purpose == MINT
            else market.required_acceptance_approvals(total)
        )

    def _counted(self, batch: Batch) -> list[Approval]:
        """Signatures by keys that ledger and chain accept now: the chain refuses a batch for any other."""
        given = self._context.ledger.approvals.of(batch.digest)
        return [item for item in given if self.is_approver(item.signer)]

    def is_approver(self, address: str) -> bool:
        """Whether the chain takes the key's signature; one whose acts are delayed can't approve."""
        return self._context.manager.has_role(ChainRole.APPROVER, address) == (True, 0)

    def _complete(
        self, batch: Batch, orders: Sequence[Order], signable: Signable, person: Person
    ) -> BatchProposal:
        """Takes the orders to `approved` if enough people signed and one of them is a checker."""
        proposal = self._proposal(batch, orders, signable)
        unapproved = _UNAPPROVED[batch.purpose]
        waiting = [order.id for order in orders if order.state is unapproved]
        if not proposal.is_complete or not waiting:
            return proposal
        persons = self._context.ledger.persons
        signers = [person, *(persons.get(name) for name in proposal.signed_by)]
        checker = next((item for item in signers if Role.CHECKER in item.roles), None)
        if checker is not None:
            self._context.ledger.orders.step_many(
                waiting,
                State.APPROVED,
                actor=checker.person_id,
                role=Role.CHECKER,
                reason=f"signed by {', '.join(proposal.signed_by)}",
                evidence=batch.digest,
            )
        return proposal

    def _check_person(self, address: str, by: str | None, order_ids: Iterable[str]) -> Person:
        """Whose key it is, if they may sign for these orders: here, before anything is written or signed."""
        context = self._context
        person = context.ledger.persons.by_signer(address)
        if by is not None and by != person.person_id:
            raise NotAuthorised(
                f"the key {address} is {person.person_id}'s, not {by}'s", person=by, signer=address
            )
        if Role.APPROVER not in person.roles:
            raise NotAuthorised(
                f"{person.person_id} is no approver: register them as one", person=person.person_id
            )
        for order_id in order_ids:
            for event in context.ledger.orders.history(order_id):
                if event.actor == person.person_id and event.to_state in (State.REQUESTED, State.FUNDED):
                    raise NotAuthorised(
                        f"{person.person_id} took order {order_id} to {event.to_state} and so can't "
                        "approve it: another person must",
                        person=person.person_id,
                        order=order_id,
                    )
        if address == context.signer("operator").address:
            raise NotAuthorised(
                f"the key {address} sends the batches: whoever sends can't approve", signer=address
            )
        if not self.is_approver(address):
            raise NotAuthorised(
                f"the key {address} is no APPROVER on chain, or one with a delay: grant it the role in "
                "the terms",
                signer=address,
            )
        return person

    def _check_escrow(self, order: RedemptionOrder) -> None:
        """Raises unless the chain holds the order's tokens as the order says."""
        found = self._context.market.redemption(_number(order))
        as_ordered = (found.holder, found.amount) == (order.wallet, order.base_units)
        if found.status is not structs.RedemptionStatus.REQUESTED or not as_ordered:
            raise IllegalTransition(
                f"redemption {order.number} is {found.status.name.lower()} on chain with {found.amount} of "
                f"{found.holder}: order {order.id} can't be approved",
                order=order.id,
            )


def _number(order: RedemptionOrder) -> int:
    if order.number is None:
        raise IllegalTransition(
            f"order {order.id} is {order.state}: its tokens aren't in escrow", order=order.id
        )
    return order.number


def _id(order: Order | str) -> str:
    return order if isinstance(order, str) else order.id
