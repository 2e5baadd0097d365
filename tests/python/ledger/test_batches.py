"""Batches and approvals: X1 of regulation.md, and what may happen while a batch is on its way."""

from __future__ import annotations

import pytest
from support.ledgers import ALICE, BOB, CHECKER, MAKER, WORKER, Fixture, address, hash32, reference

from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import OrderKind, Role, State
from toolkit.ledger.errors import NotFound

DIGEST = hash32(7)
SIGNATURE = b"\x01" * 65
LANE = address(400)


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
    desk.ledger.batches.dissolve(batch.id)
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
        desk.ledger.batches.dissolve("nothing")


def _flying(desk: Fixture, purpose: str, ids: list[str]) -> str:
    """A flight of these orders whose bytes are stored."""
    with desk.ledger.transaction() as tx:
        flight = tx.flights.form(purpose, LANE, ids)
        tx.flights.launch(flight.id, nonce=0, order_ids=ids)
        if purpose == "mint":
            tx.orders.step_all(ids, State.SUBMITTED, actor=WORKER, role=Role.OPERATOR)
    return flight.id


def test_a_batch_lives_until_all_its_orders_are_done(desk: Fixture) -> None:
    ids = _approved(desk, 3)
    batch = desk.ledger.batches.create("mint", ids, digest=DIGEST)
    flight = _flying(desk, "mint", ids[:2])
    with pytest.raises(IllegalTransition, match="may still land"):
        desk.ledger.batches.dissolve(batch.id)
    for order_id in ids[:2]:
        desk.drive(order_id, State.MINED, State.SETTLED)
    with desk.ledger.transaction() as tx:
        tx.flights.land(flight)
        tx.batches.leave(ids[:2])
    assert desk.ledger.batches.get(batch.id).state == "open"
    assert [desk.ledger.orders.get(order_id).batch_id for order_id in ids] == [None, None, batch.id]
    desk.take(ids[2], State.CANCELLED)
    desk.ledger.batches.leave(ids[2:])
    assert desk.ledger.batches.get(batch.id).state == "closed"
    with pytest.raises(IllegalTransition, match="is closed"):
        desk.ledger.batches.dissolve(batch.id)


BLOCK, TX = hash32(30), hash32(31)


def _told(desk: Fixture, ids: list[str]) -> list[object]:
    """What the ledger says of these orders, without their names and places."""
    events = [
        (event.from_state, event.to_state, event.actor, event.role, event.reason, event.evidence)
        for order_id in ids
        for event in desk.ledger.history(order_id)[3:]
    ]
    orders = [(order.state, order.batch_id, order.flight_id) for order in desk.ledger.orders.many(ids)]
    return [events, orders]


@pytest.mark.parametrize("mined", [[], [0, 1, 2], [1]], ids=["none", "all", "some"])
def test_a_mint_flight_lands_at_once_as_it_does_step_by_step(desk: Fixture, mined: list[int]) -> None:
    told = []
    for turn in range(2):
        ids = [desk.mint(f"{turn}-{i}").id for i in range(4)]
        for order_id in ids:
            desk.drive(order_id, State.FUNDED, State.APPROVED)
        batch = desk.ledger.batches.create("mint", ids, digest=hash32(40 + turn))
        flight = _flying(desk, "mint", ids[:3])
        step_all = desk.ledger.orders.step_all
        step_all([ids[i] for i in mined], State.MINED, actor=WORKER, role=Role.OPERATOR, evidence=BLOCK)
        if turn == 0:
            reached = desk.ledger.flights.land_mints(
                flight, ids[:3], mined_in=BLOCK, settled_by=TX, actor=WORKER
            )
            settled = [
                order_id for state, members in reached if state is State.SETTLED for order_id in members
            ]
            assert sorted(settled) == sorted(ids[:3])
        else:
            waiting = [order_id for i, order_id in enumerate(ids[:3]) if i not in mined]
            with desk.ledger.transaction() as tx:
                tx.flights.land(flight)
                for members, state, evidence in ((waiting, State.MINED, BLOCK), (ids[:3], State.SETTLED, TX)):
                    tx.orders.step_all(members, state, actor=WORKER, role=Role.OPERATOR, evidence=evidence)
                tx.batches.leave(ids[:3])
        assert desk.ledger.flights.get(flight).state == "landed"
        assert desk.ledger.batches.get(batch.id).state == "open"
        desk.take(ids[3], State.CANCELLED)
        told.append(_told(desk, ids[:3]))
    assert told[0] == told[1]
    desk.ledger.verify()


def test_a_mint_flight_lands_once_and_with_nothing_else(desk: Fixture) -> None:
    ids = _approved(desk, 3)
    desk.ledger.batches.create("mint", ids, digest=DIGEST)
    flight = _flying(desk, "mint", ids[:2])
    land = desk.ledger.flights.land_mints
    before = desk.ledger.head()
    with pytest.raises(IllegalTransition, match="legal from approved"):
        land(flight, ids, mined_in=BLOCK, settled_by=TX, actor=WORKER)
    with pytest.raises(NotFound):
        land(flight, [*ids[:2], "nothing"], mined_in=BLOCK, settled_by=TX, actor=WORKER)
    with pytest.raises(NotAuthorised):
        land(flight, ids[:2], mined_in=BLOCK, settled_by=TX, actor=MAKER)
    assert (desk.ledger.head(), desk.ledger.flights.get(flight).state) == (before, "flying")
    land(flight, ids[:2], mined_in=BLOCK, settled_by=TX, actor=WORKER)
    with pytest.raises(IllegalTransition, match="is landed"):
        land(flight, ids[:2], mined_in=BLOCK, settled_by=TX, actor=WORKER)
    desk.ledger.verify()


def test_an_order_is_in_one_flight_at_a_time(desk: Fixture) -> None:
    ids = _approved(desk)
    flight = desk.ledger.flights.form("mint", LANE, ids)
    assert desk.ledger.flights.get(flight.id) == flight
    with pytest.raises(IllegalTransition, match=f"is in flight {flight.id}"):
        desk.ledger.flights.form("mint", LANE, ids[:1])
    desk.ledger.flights.launch(flight.id, nonce=7, order_ids=ids[1:])
    assert desk.ledger.orders.get(ids[0]).flight_id is None
    found = desk.ledger.flights.get(flight.id)
    assert (found.state, found.nonce, found.order_ids) == ("flying", 7, (ids[1],))
    for act in (desk.ledger.flights.land, desk.ledger.flights.give_back):
        with pytest.raises(NotFound):
            act("nothing")
    desk.ledger.flights.land(flight.id)
    for act in (desk.ledger.flights.land, desk.ledger.flights.give_back):
        with pytest.raises(IllegalTransition, match="is landed"):
            act(flight.id)
    assert desk.ledger.flights.get(flight.id).order_ids == (ids[1],)
    assert desk.ledger.orders.get(ids[1]).flight_id is None


def test_a_flight_that_another_worker_ended_is_not_launched(desk: Fixture) -> None:
    ids = _approved(desk)
    flight = desk.ledger.flights.form("mint", LANE, ids)
    desk.ledger.flights.dissolve(flight.id)
    with pytest.raises(IllegalTransition, match="is returned"):
        desk.ledger.flights.launch(flight.id, nonce=0, order_ids=ids)
    again = desk.ledger.flights.form("mint", LANE, ids[:1])
    with pytest.raises(IllegalTransition, match="form it again"):
        desk.ledger.flights.launch(again.id, nonce=0, order_ids=ids)
    assert desk.ledger.flights.get(again.id).state == "formed"


def test_a_flight_that_was_launched_since_it_was_seen_formed_is_not_dissolved(desk: Fixture) -> None:
    """Its orders are `submitted`: free and still so, nobody would ever settle them. Found by `make chaos`."""
    (order_id,) = _approved(desk, 1)
    seen = desk.ledger.flights.form("mint", LANE, [order_id])
    with pytest.raises(IllegalTransition, match="is formed"):
        desk.ledger.flights.give_back(seen.id)
    desk.ledger.flights.launch(seen.id, nonce=7, order_ids=[order_id])
    with pytest.raises(IllegalTransition, match="is flying"):
        desk.ledger.flights.dissolve(seen.id)
    assert desk.ledger.orders.get(order_id).flight_id == seen.id


def test_a_worker_is_alone_until_a_mint_flight_of_another_lane_is_formed(desk: Fixture) -> None:
    ids = _approved(desk, 1)
    desk.ledger.batches.create("mint", ids, digest=DIGEST)
    flights, claimed = desk.ledger.flights, desk.ledger.flights.claim_mints(LANE, 1)
    assert claimed is not None
    told = [flights.is_alone(lane) for lane in (LANE, address(401))]
    flights.launch(claimed[0].id, nonce=0, order_ids=ids)
    told += [flights.is_alone(lane) for lane in (LANE, address(401))]
    flights.land(claimed[0].id)
    told += [flights.is_alone(lane) for lane in (LANE, address(401))]
    assert told == [True, False] * 2 + [True, True]


def test_claims_are_first_come_and_leave_out_who_is_elsewhere(desk: Fixture) -> None:
    ids = _approved(desk, 3)
    desk.ledger.batches.create("mint", ids[:2], digest=DIGEST)
    other = desk.ledger.batches.create("mint", ids[2:], digest=hash32(8))
    claim = desk.ledger.flights.claim_mints
    assert claim(LANE, 5, without_batches=[other.id], without_investors=[reference(1)]) is None
    claimed = claim(LANE, 1)
    assert claimed is not None
    assert [order.id for order in claimed[1]] == ids[:1]
    assert claim(address(401), 5) is None  # the same customer's
    assert claim(LANE, 5) is None  # and nobody knows who has formed that on this lane
    claimed = claim(LANE, 5, without_batches=[other.id], own=[claimed[0].id])
    assert claimed is not None
    assert [order.id for order in claimed[1]] == ids[1:2]


def test_a_mint_flight_leaves_at_once_as_it_does_step_by_step(desk: Fixture) -> None:
    told = []
    for turn in range(2):
        ids = [desk.mint(f"{turn}-{i}").id for i in range(3)]
        for order_id in ids:
            desk.drive(order_id, State.FUNDED, State.APPROVED)
        desk.ledger.batches.create("mint", ids, digest=hash32(40 + turn))
        claimed = desk.ledger.flights.claim_mints(LANE, 3)
        assert claimed is not None
        flight = claimed[0].id
        assert [order.flight_id for order in desk.ledger.orders.many(ids)] == [None] * 3
        if turn == 0:
            desk.ledger.flights.launch_mints(
                flight, ids[:2], batches=(), nonce=turn, sent_as=TX, actor=WORKER
            )
        else:
            with desk.ledger.transaction() as tx:
                tx.flights.launch(flight, nonce=turn, order_ids=ids[:2])
                tx.orders.step_all(ids[:2], State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, evidence=TX)
        found = desk.ledger.flights.get(flight)
        assert (found.state, found.nonce, found.order_ids) == ("flying", turn, tuple(ids[:2]))
        orders = desk.ledger.orders.many(ids)
        assert [(order.state, order.flight_id) for order in orders] == [
            *([(State.SUBMITTED, flight)] * 2),
            (State.APPROVED, None),
        ]
        with pytest.raises(IllegalTransition, match="is flying"):
            desk.ledger.flights.launch_mints(
                flight, ids[:2], batches=(), nonce=turn, sent_as=TX, actor=WORKER
            )
        assert desk.ledger.flights.claim_mints(address(401), 5) is None  # the same customer's, not mined
        again = desk.ledger.flights.claim_mints(LANE, 5)
        assert again is not None
        assert [order.id for order in again[1]] == ids[2:]
        desk.ledger.flights.dissolve(again[0].id)
        desk.take(ids[2], State.CANCELLED)
        told.append(_told(desk, ids[:2])[0])
    assert told[0] == told[1]
    desk.ledger.verify()


def test_an_order_that_was_held_since_it_was_claimed_does_not_leave(desk: Fixture) -> None:
    ids = _approved(desk, 2)
    desk.ledger.batches.create("mint", ids, digest=DIGEST)
    claimed = desk.ledger.flights.claim_mints(LANE, 2)
    assert claimed is not None
    desk.take(ids[0], State.ON_HOLD)
    with pytest.raises(IllegalTransition):
        desk.ledger.flights.launch_mints(claimed[0].id, ids, batches=(), nonce=0, sent_as=TX, actor=WORKER)
    assert desk.ledger.flights.get(claimed[0].id) == claimed[0]
    assert desk.ledger.orders.get(ids[1]).state is State.APPROVED


@pytest.mark.parametrize("to", [State.ON_HOLD, State.REJECTED, State.CANCELLED])
def test_a_burn_that_was_sent_may_land_so_its_order_does_not_end(desk: Fixture, to: State) -> None:
    order = desk.redemption()
    desk.drive(order.id, State.VALID, State.ESCROWED, State.APPROVED)
    flight = _flying(desk, "acceptance", [order.id])
    with pytest.raises(IllegalTransition, match="whose transaction may still land"):
        desk.take(order.id, to)
    desk.ledger.flights.give_back(flight)
    desk.take(order.id, to)


@pytest.mark.parametrize("to", [State.ON_HOLD, State.REJECTED, State.CANCELLED])
def test_an_escrow_that_was_sent_may_land_so_its_order_does_not_end(desk: Fixture, to: State) -> None:
    order = desk.redemption()
    desk.drive(order.id, State.VALID)
    _flying(desk, "escrow", [order.id])
    with pytest.raises(IllegalTransition, match="whose transaction may still land"):
        desk.take(order.id, to)


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
