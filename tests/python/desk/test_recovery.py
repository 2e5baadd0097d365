"""A worker that dies at any step, by SIGKILL, and another that finishes what it began."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from support.desks import TREASURER, Bench

from toolkit.bindings.events import OrderExecuted, RedemptionAccepted, RedemptionPaid, RedemptionRequested
from toolkit.bindings.roles import Role
from toolkit.ledger import State
from toolkit.ledger.errors import PayoutAlreadyRecorded

# The worker dies before a step begins, or as soon as it is done; each is a method of the SDK.
_KILLED = """
import os, signal, sys
from datetime import timedelta
from toolkit.chain.client import Client
from toolkit.chain.finality import Finality
from toolkit.chain.sender import Sender
from toolkit.chain.signers import dev_signer
from toolkit.desk import Desk
from toolkit.desk import flights as desk_flights
from toolkit.desk import homecoming as desk_homecoming
from toolkit.desk.lanes import Lane
from toolkit.issuance import Issuance, connect
from toolkit.ledger import batches, flights
from toolkit.ledger.transactions import LaneJournal, Transactions

record, rpc, url, point, depth, act = sys.argv[1:]

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

def before(kind, name):
    setattr(kind, name, die)

def after(kind, name):
    original = getattr(kind, name)
    def wrapped(self, *args, **kwargs):
        original(self, *args, **kwargs)
        die()
    setattr(kind, name, wrapped)

def before_waiting_for_finality():
    original = Sender.wait
    def wait(self, sent, **options):
        if options.get("seen") is not None:
            die()
        return original(self, sent, **options)
    Sender.wait = wait

{
    "nothing": lambda: None,
    "formed": lambda: after(flights.Flights, "claim_mints"),
    "rehearsed": lambda: after(desk_flights.Flights, "rehearse"),
    "signed, not recorded": lambda: before(LaneJournal, "record"),
    "while recording": lambda: (after(flights.Flights, "launch"), after(flights.Flights, "launch_mints")),
    "recorded, not broadcast": lambda: before(Client, "send_raw"),
    "broadcast, not answered": lambda: after(Client, "send_raw"),
    "answered": lambda: after(Lane, "send"),
    "mined, not noted": lambda: before(Transactions, "land"),
    "mined, noted": lambda: before_waiting_for_finality(),
    "final, not settled": lambda: after(Transactions, "land"),
    "while settling": lambda: (after(flights.Flights, "land_mints"), after(batches.Batches, "leave")),
    "settled": lambda: after(desk_homecoming.Homecoming, "conclude"),
    "payout recorded": lambda: after(Desk, "record_payout"),
}[point]()
issuance = Issuance.load(record, rpc, terms=None)
patient = Issuance(connect(rpc, finality=Finality(depth=int(depth))), issuance.record, terms=None)
desk = Desk(
    patient,
    url,
    signers={"operator": dev_signer(1), "treasurer": dev_signer(4)},
    patience=timedelta(seconds=60),
)
eval(act, {"desk": desk})
"""

POINTS = [
    "formed",
    "rehearsed",
    "signed, not recorded",
    "while recording",
    "recorded, not broadcast",
    "broadcast, not answered",
    "answered",
    "mined, not noted",
    "mined, noted",
    "final, not settled",
    "while settling",
    "settled",
]


def kill_at(point: str, bench: Bench, tmp_path: Path, *, depth: int = 0, act: str = "desk.run()") -> None:
    """Runs `act` in another process, which is killed at that point."""
    record = tmp_path / "record.json"
    bench.suite.issuance.record.save(record)
    arguments = [str(record), bench.suite.node.rpc_url, bench.url, point, str(depth), act]
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, *arguments], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == -9, done.stderr


def executed(bench: Bench) -> list[int]:
    events = bench.suite.market.events(OrderExecuted, from_block=0, to_block="latest")
    return [event.number for event in events]


@pytest.mark.parametrize("point", POINTS)
def test_t1_a_worker_killed_while_minting_mints_once(bench: Bench, tmp_path: Path, point: str) -> None:
    customer = bench.customer()
    orders = [bench.funded(customer, "10.00") for _ in range(2)]
    bench.desk.approve(orders, bench.approver())
    kill_at(point, bench, tmp_path, depth=1 if point == "mined, noted" else 0)
    desk = bench.reopen()
    desk.run()
    assert {desk.order(order).state for order in orders} == {State.SETTLED}
    assert executed(bench) == [order.number for order in orders]
    assert bench.suite.token.balance_of(customer.wallet) == 20_000_000
    assert len(desk.ledger.transactions.find(lane=bench.suite.signer(Role.OPERATOR).address)) == 1
    assert desk.ledger.flights.find(state="formed") == desk.ledger.flights.find(state="flying") == ()
    assert desk.status().agrees
    desk.ledger.verify()


@pytest.mark.parametrize(
    "point",
    ["rehearsed", "while recording", "recorded, not broadcast", "broadcast, not answered", "while settling"],
)
@pytest.mark.parametrize("stage", ["acceptance", "payout"])
def test_a_worker_killed_while_redeeming_burns_and_pays_once(
    bench: Bench, tmp_path: Path, point: str, stage: str
) -> None:
    customer = bench.customer()
    bench.minted(customer)
    if stage == "acceptance":
        order = bench.escrowed(customer)
        bench.desk.approve_redemption(order, bench.approver())
        kind, last = RedemptionAccepted, State.BURNED
    else:
        order = bench.burned(customer)
        bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
        kind, last = RedemptionPaid, State.SETTLED
    kill_at(point, bench, tmp_path)
    desk = bench.reopen()
    desk.run()
    assert desk.order(order).state is last
    assert len(bench.suite.market.events(kind, from_block=0, to_block="latest")) == 1
    assert desk.status().agrees


def test_a_payout_recorded_by_a_desk_that_died_is_recorded_once(bench: Bench, tmp_path: Path) -> None:
    customer = bench.customer()
    bench.minted(customer)
    order = bench.burned(customer)
    act = f"desk.record_payout({order.id!r}, payment_reference='CHATS-1', by={TREASURER!r})"
    kill_at("payout recorded", bench, tmp_path, act=act)
    desk = bench.reopen()
    with pytest.raises(PayoutAlreadyRecorded, match="CHATS-1"):
        desk.record_payout(order, payment_reference="CHATS-2", by=TREASURER)
    assert desk.run().reached(State.SETTLED) == (order.id,)
    assert len(bench.suite.market.events(RedemptionPaid, from_block=0, to_block="latest")) == 1


def test_a_desk_killed_while_it_takes_tokens_into_escrow_takes_them_once(
    bench: Bench, tmp_path: Path
) -> None:
    customer = bench.customer()
    bench.minted(customer)
    order = bench.valid(customer)
    authorization = bench.desk.redemption_authorization(order)
    signature = authorization.signable.sign(customer.key).data
    act = (
        f"desk.escrow(__import__('toolkit.desk').desk.RedemptionAuthorization.from_json("
        f"{authorization.to_json()!r}), {signature!r})"
    )
    kill_at("broadcast, not answered", bench, tmp_path, act=act)
    desk = bench.reopen()
    desk.run()
    assert desk.order(order).state is State.ESCROWED
    assert len(bench.suite.market.events(RedemptionRequested, from_block=0, to_block="latest")) == 1
    assert desk.status().agrees


def test_what_another_worker_has_formed_is_left_to_it(bench: Bench) -> None:
    """Two workers: one is at it; only once its lease is over are its orders free."""
    order = bench.approved(bench.customer())
    ledger, operator = bench.desk.ledger, bench.suite.signer(Role.OPERATOR).address
    ledger.lanes.add(operator, name=f"operator {operator}", purpose="operator")
    lease = ledger.lanes.lease([operator], holder="another machine:1:0")
    assert lease is not None
    formed = ledger.flights.claim_mints(operator, 200)
    assert formed is not None
    bench.desk.run()
    assert ledger.flights.get(formed[0].id).state == "formed"
    assert bench.desk.order(order).state is State.APPROVED
    ledger.lanes.release(lease)
    assert bench.desk.run().reached(State.SETTLED) == (order.id,)
    assert ledger.flights.get(formed[0].id).state == "returned"
