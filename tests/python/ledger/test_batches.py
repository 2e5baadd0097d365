"""Batches and approvals: X1 of regulation.md, and what may happen while a batch is on its way."""

from __future__ import annotations

import pytest
from support.ledgers import ALICE, BOB, CHECKER, MAKER, WORKER, Fixture, address, hash32

from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import OrderKind, Role, State
from toolkit.ledger.errors import NotFound

DIGEST = hash32(7)
SIGNATURE = b"\x01" * 65


def _approved(desk: Fixture, count: int = 2) -> list[str]:
    ids = [desk.mint(f"key-{i}").id for i in range(count)]
    for order_id in ids:
        desk.drive(order_id, State.FUNDED, State.APPROVED)
    return ids


def test_an_order_is_in_one_batch_at_a_time(desk: Fixture) -> None:
    ids = _approved(desk)
    batch = desk.ledger.batches.create("mint", ids, digest=DIGEST)
    assert (batch.state, batch.order_ids) == ("open", tuple(ids))
    assert desk.ledger.orders.get(ids[0]).batch_id == batch.id
    with pytest.raises(IllegalTransition, match=f"is in batch {batch.id}"):
        desk.ledger.batches.create("mint", ids[:1], digest=hash32(8))
    assert desk.ledger.orders.claim(OrderKind.MINT, State.APPROVED, 10, batched=False) == ()
    assert len(desk.ledger.orders.claim(OrderKind.MINT, State.APPROVED, 10, batched=True)) == 2
    desk.ledger.batches.close(batch.id)
    again = desk.ledger.batches.create("mint", ids, digest=DIGEST)
    assert desk.ledger.batches.find(state="open", purpose="mint") == (again,)
    assert desk.ledger.batches.get(batch.id).state == "closed"


def test_a_batch_needs_orders_and_a_digest(desk: Fixture) -> None:
    ids = _approved(desk, 1)
    with pytest.raises(InvalidInput, match="at least one order"):
        desk.ledger.batches.create("mint", [], digest=DIGEST)
    with pytest.raises(InvalidInput, match="64 lower-case hex"):
        desk.ledger.batches.create("mint", ids, digest="0xAB")
    with pytest.raises(NotFound):
        desk.ledger.batches.create("mint", ["nothing"], digest=DIGEST)
    with pytest.raises(NotFound):
        desk.ledger.batches.mark_sent("nothing")


def test_a_batch_in_flight_is_not_closed(desk: Fixture) -> None:
    ids = _approved(desk)
    batch = desk.ledger.batches.create("mint", ids, digest=DIGEST)
    with desk.ledger.transaction() as tx:
        tx.batches.mark_sent(batch.id)
        tx.orders.step_many(ids, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR)
    with pytest.raises(IllegalTransition, match="is submitted"):
        desk.ledger.batches.close(batch.id)
    with pytest.raises(IllegalTransition, match="is sent: it can't become sent"):
        desk.ledger.batches.mark_sent(batch.id)
    for order_id in ids:
        desk.drive(order_id, State.MINED, State.SETTLED)
    assert desk.ledger.batches.close(batch.id).state == "closed"
    assert desk.ledger.orders.get(ids[0]).batch_id is None


def test_an_order_held_before_sending_keeps_its_batch_from_leaving(desk: Fixture) -> None:
    ids = _approved(desk)
    batch = desk.ledger.batches.create("mint", ids, digest=DIGEST)
    desk.take(ids[1], State.ON_HOLD)

    def send() -> None:
        with desk.ledger.transaction() as tx:
            tx.batches.mark_sent(batch.id)
            tx.orders.step_many(ids, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR)

    with pytest.raises(IllegalTransition, match=ids[1]):
        send()
    assert desk.ledger.batches.get(batch.id).state == "open"
    assert desk.ledger.orders.get(ids[0]).state is State.APPROVED


@pytest.mark.parametrize("to", [State.ON_HOLD, State.REJECTED, State.CANCELLED])
def test_a_burn_that_was_sent_may_land_so_its_order_does_not_end(desk: Fixture, to: State) -> None:
    order = desk.redemption()
    desk.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED)
    batch = desk.ledger.batches.create("acceptance", [order.id], digest=DIGEST)
    desk.ledger.batches.mark_sent(batch.id)
    with pytest.raises(IllegalTransition, match="whose transaction may still land"):
        desk.take(order.id, to)
    desk.ledger.batches.close(batch.id)
    desk.take(order.id, to)


@pytest.mark.parametrize("to", [State.ON_HOLD, State.REJECTED, State.CANCELLED])
def test_an_escrow_that_was_sent_may_land_so_its_order_does_not_end(desk: Fixture, to: State) -> None:
    order = desk.redemption()
    desk.drive(order.id, State.VALID)
    batch = desk.ledger.batches.create("escrow", [order.id], digest=DIGEST)
    desk.ledger.batches.mark_sent(batch.id)
    with pytest.raises(IllegalTransition, match="whose transaction may still land"):
        desk.take(order.id, to)


def test_a_batch_that_was_sent_is_not_dissolved(desk: Fixture) -> None:
    """Its orders may all be `approved`, as those of an acceptance are: `close` would let them go."""
    order = desk.redemption()
    desk.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED)
    batch = desk.ledger.batches.create("acceptance", [order.id], digest=DIGEST)
    desk.ledger.batches.mark_sent(batch.id)
    with pytest.raises(IllegalTransition, match="is sent"):
        desk.ledger.batches.dissolve(batch.id)
    assert desk.ledger.orders.get(order.id).batch_id == batch.id
    desk.ledger.batches.close(batch.id)
    again = desk.ledger.batches.create("acceptance", [order.id], digest=DIGEST)
    assert desk.ledger.batches.dissolve(again.id).state == "closed"
    assert desk.ledger.orders.get(order.id).batch_id is None


# Approvals


def test_two_people_approve_and_come_back_in_the_chains_order(desk: Fixture) -> None:
    desk.ledger.batches.create("mint", _approved(desk), digest=DIGEST)
    for person in (BOB, ALICE):
        desk.ledger.approvals.add(DIGEST, signer=desk.signer(person), signature=SIGNATURE)
    counted = desk.ledger.approvals.of(DIGEST)
    assert [approval.person_id for approval in counted] == sorted(
        [ALICE, BOB], key=lambda person: int(desk.signer(person), 16)
    )
    assert desk.ledger.approvals.of(hash32(8)) == ()


def test_x1_two_keys_of_one_person_are_one_approval(desk: Fixture) -> None:
    desk.ledger.batches.create("mint", _approved(desk), digest=DIGEST)
    desk.ledger.persons.add_signer(ALICE, address(2000))
    first = desk.ledger.approvals.add(DIGEST, signer=desk.signer(ALICE), signature=SIGNATURE)
    assert desk.ledger.approvals.add(DIGEST, signer=desk.signer(ALICE), signature=SIGNATURE) == first
    with pytest.raises(NotAuthorised, match="two keys of one person are one approval"):
        desk.ledger.approvals.add(DIGEST, signer=address(2000), signature=SIGNATURE)
    assert len(desk.ledger.approvals.of(DIGEST)) == 1


def test_x1_a_revoked_signers_signature_is_void(desk: Fixture) -> None:
    desk.ledger.batches.create("mint", _approved(desk), digest=DIGEST)
    for person in (ALICE, BOB):
        desk.ledger.approvals.add(DIGEST, signer=desk.signer(person), signature=SIGNATURE)
    desk.ledger.persons.revoke_signer(desk.signer(ALICE))
    assert [approval.person_id for approval in desk.ledger.approvals.of(DIGEST)] == [BOB]
    desk.ledger.persons.set_roles(BOB, [])
    assert desk.ledger.approvals.of(DIGEST) == ()


def test_who_made_an_order_does_not_approve_its_batch(desk: Fixture) -> None:
    desk.ledger.persons.set_roles(MAKER, [Role.MAKER, Role.APPROVER])
    desk.ledger.batches.create("mint", _approved(desk), digest=DIGEST)
    with pytest.raises(NotAuthorised, match=r"maker took order .* to requested and so can't sign"):
        desk.ledger.approvals.add(DIGEST, signer=desk.signer(MAKER), signature=SIGNATURE)


def test_strangers_and_unknown_digests(desk: Fixture) -> None:
    desk.ledger.batches.create("mint", _approved(desk), digest=DIGEST)
    with pytest.raises(NotAuthorised, match="is unknown"):
        desk.ledger.approvals.add(DIGEST, signer=address(3000), signature=SIGNATURE)
    with pytest.raises(NotAuthorised, match="is no approver"):
        desk.ledger.approvals.add(DIGEST, signer=desk.signer(CHECKER), signature=SIGNATURE)
    with pytest.raises(NotFound, match="no batch has the digest"):
        desk.ledger.approvals.add(hash32(8), signer=desk.signer(ALICE), signature=SIGNATURE)
