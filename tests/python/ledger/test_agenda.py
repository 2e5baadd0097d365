"""What there is for the worker to do: each kind is due as long as there is any of it, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from support.ledgers import WORKER, Fixture, address, hash32

from toolkit.desk.approvals import ACCEPTANCE
from toolkit.desk.purposes import REJECTION
from toolkit.errors import LedgerError
from toolkit.ledger import Role, State
from toolkit.ledger.agenda import SETTLED_UP_TO
from toolkit.ledger.records import Cursor

LANE = address(400)


def due(desk: Fixture) -> set[str]:
    found = desk.ledger.agenda.due()
    names = {name for name in found.__dataclass_fields__ if getattr(found, name) is True}
    assert found.is_nothing == (not names)
    assert found.is_under_way == bool(names & {"recorded", "flying"})
    return names


def test_a_mint_from_its_request_to_the_money(desk: Fixture) -> None:
    ledger = desk.ledger
    assert due(desk) == set()
    order = desk.mint()
    desk.drive(order.id, State.FUNDED)
    assert due(desk) == set(), "a person has to act"
    desk.drive(order.id, State.APPROVED)
    assert due(desk) == {"unbatched", "unsigned"}
    ledger.batches.create("mint", [order.id], digest=hash32(1))
    assert due(desk) == {"approved"}

    ledger.lanes.add(LANE, name="mint-1", purpose="mint")
    claimed = ledger.flights.claim_mints(LANE, 10)
    assert claimed is not None
    flight, _ = claimed
    assert due(desk) == {"approved", "formed"}, "it is claimed, and says so itself once it has left"
    with ledger.transaction() as tx:
        tx.transactions.record(lane=LANE, nonce=0, tx_hash=hash32(2), raw=b"\x02", purpose="mint")
        tx.flights.launch(flight.id, nonce=0, order_ids=[order.id])
        tx.orders.step_all([order.id], State.SUBMITTED, actor=WORKER, role=Role.OPERATOR, evidence=hash32(2))
    assert due(desk) == {"recorded", "flying", "submitted"}
    with ledger.transaction() as tx:
        tx.transactions.land(hash32(2), block_number=5, block_hash=hash32(5))
        tx.flights.land_mints(flight.id, [order.id], mined_in=hash32(5), settled_by=hash32(2), actor=WORKER)
        tx.cursors.advance(SETTLED_UP_TO, block_number=5, block_hash=hash32(5))
    assert due(desk) == set()
    assert ledger.agenda.due().settled == Cursor(SETTLED_UP_TO, 5, hash32(5))


def test_an_order_past_its_time_is_due_until_it_has_ended(desk: Fixture) -> None:
    order = desk.mint()
    desk.clock.advance(timedelta(days=1) - timedelta(microseconds=1))
    assert due(desk) == set()
    desk.clock.advance(timedelta(microseconds=1))
    assert due(desk) == {"expired"}
    desk.take(order.id, State.EXPIRED)
    assert due(desk) == set()


def test_a_redemption_from_its_validation_to_the_money(desk: Fixture) -> None:
    ledger = desk.ledger
    order = desk.redemption()
    assert due(desk) == set()
    desk.drive(order.id, State.VALID)
    assert due(desk) == {"valid"}
    desk.drive(order.id, State.ESCROWED)
    assert due(desk) == {"open"}
    batch = ledger.batches.create(ACCEPTANCE, [order.id], digest=hash32(1))
    assert due(desk) == {"open", "acceptances"}
    ledger.batches.dissolve(batch.id)
    batch = ledger.batches.create(REJECTION, [order.id], digest=hash32(2))
    assert due(desk) == {"open", "rejections"}
    ledger.batches.dissolve(batch.id)
    desk.drive(order.id, State.ON_HOLD)
    assert due(desk) == {"open"}
    desk.drive(order.id, State.ESCROWED, State.APPROVED)
    assert due(desk) == {"open", "unsigned"}
    batch = ledger.batches.create(ACCEPTANCE, [order.id], digest=hash32(3))
    assert due(desk) == {"open", "acceptances"}
    ledger.batches.dissolve(batch.id)
    assert due(desk) == {"open", "unsigned"}, "people have to sign again"
    desk.drive(order.id, State.BURNED)
    assert due(desk) == set(), "the treasurer has to pay"
    desk.drive(order.id, State.PAID)
    assert due(desk) == {"paid"}


def test_an_incident_is_due_until_somebody_has_looked(desk: Fixture) -> None:
    incident = desk.ledger.incidents.open("finality_violated", "a block is gone", {})
    assert due(desk) == {"incidents"}
    desk.ledger.incidents.acknowledge(incident.id, by="compliance", note="looked at")
    assert due(desk) == set()


def test_the_cursor_advances_and_never_goes_back(desk: Fixture) -> None:
    cursors = desk.ledger.cursors
    assert desk.ledger.agenda.due().settled is None
    for number in (5, 4, 5, 7):
        cursors.advance(SETTLED_UP_TO, block_number=number, block_hash=hash32(number))
    assert cursors.get(SETTLED_UP_TO) == Cursor(SETTLED_UP_TO, 7, hash32(7))
    cursors.advance("another", block_number=1, block_hash=hash32(1))
    assert cursors.get(SETTLED_UP_TO) == desk.ledger.agenda.due().settled


def test_a_look_is_of_one_moment_and_writes_nothing(desk: Fixture) -> None:
    ledger = desk.ledger
    with ledger.look() as seen:
        assert seen.orders.find() == ()
        order = desk.mint()
        assert seen.orders.find() == (), "it came after the look began"
        assert not seen.agenda.due().formed
        with pytest.raises(LedgerError, match="a look at the ledger"):
            seen.orders.step(order.id, State.CANCELLED, actor=WORKER, role=Role.OPERATOR, reason="no")
        with pytest.raises(LedgerError, match="a look at the ledger"):
            seen.lanes.lease([LANE], holder="one")
    assert ledger.orders.find() == (order,)
    with pytest.raises(LedgerError, match="this look has ended"):
        seen.orders.find()


def test_a_lanes_position_is_what_it_has_open_and_the_nonce_after_the_last(desk: Fixture) -> None:
    transactions = desk.ledger.transactions
    desk.ledger.lanes.add(LANE, name="mint-1", purpose="mint")
    assert transactions.position(LANE) == (set(), None)
    for n in range(4):
        transactions.record(lane=LANE, nonce=n, tx_hash=hash32(n), raw=bytes([n]), purpose="mint")
    transactions.record(lane=LANE, nonce=2, tx_hash=hash32(9), raw=b"9", purpose="mint")  # replaces one
    assert transactions.position(LANE) == ({0, 1, 2, 3}, 4)
    transactions.land(hash32(1), block_number=5, block_hash=hash32(5))
    transactions.finish(hash32(3), "refused")
    assert transactions.position(LANE) == ({0, 2}, 3)
    transactions.land(hash32(9), block_number=5, block_hash=hash32(5))
    transactions.finish(hash32(2), "replaced")
    assert transactions.position(LANE) == ({0}, transactions.next_nonce(LANE))
