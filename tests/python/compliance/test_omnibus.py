"""An omnibus account on a real chain: allocation, a client's freeze, the day's commitment, and its proofs."""

from __future__ import annotations

import json
import subprocess
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from support.checkout import REPOSITORY
from support.desks import CHECKER, COMPLIANCE, MAKER, OTHER_CHECKER, Bench, Customer
from support.suite import Suite

from toolkit.bindings.errors import (
    DayNotAfter,
    DayNotReached,
    ERC7943InsufficientUnfrozenBalance,
    NotOmnibus,
    TotalIsNotBalance,
)
from toolkit.bindings.omnibus import Committed, SumLeaf, SumNode
from toolkit.bindings.roles import Role
from toolkit.bindings.structs import WalletEntry, WalletKind
from toolkit.calendar import BusinessCalendar
from toolkit.chain.calls import Call, EventExpectation
from toolkit.chain.hexes import to_hex
from toolkit.chain.sender import Mined
from toolkit.chain.signers import dev_signer
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.omnibus import (
    AllocationUnbacked,
    ClientFlows,
    CommitmentDiffers,
    Commitments,
    FlowNotOnChain,
    OmnibusAccounts,
    OmnibusBreak,
    ProofNotFound,
    client_reference,
    day_number,
)
from toolkit.compliance.recovery import Recoveries
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger.errors import AllocationUneven, PositionTooSmall
from toolkit.ledger.omnibus_lines import split
from toolkit.ledger.record_words import RecordState

SECRET = bytes(range(32))
REGISTRAR = "registrar-1"
OFFICER = "compliance-2"
ANN, BEN, CAT = (client_reference(SECRET, uuid.UUID(int=number)) for number in (1, 2, 3))
VERIFIER = REPOSITORY / "toolkit" / "compliance" / "omnibus" / "verify_position.py"


class Office:
    """A desk with an omnibus wallet that holds 100.000001 tokens."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench
        self.desk = bench.desk
        self.suite = bench.suite
        self.desk.add_person(REGISTRAR, label="a registrar", roles=["registrar"])
        self.desk.add_person(OFFICER, label="another officer", roles=["compliance"])
        self.pool = self._pool()
        self.wallet = self.pool.wallet
        self.accounts = OmnibusAccounts(self.desk.ledger, self.desk.issuance.token)
        self.commitments = self.with_lane(self.desk.lanes)
        self.suite.mint(900_000_001, 100_000_001, self.wallet)

    def with_lane(self, lane: Any) -> Commitments:
        return Commitments(self.accounts, self.desk.issuance.omnibus, secret=SECRET, lane=lane)

    def _pool(self) -> Customer:
        known = self.bench.customer(9, registered=False).investor
        investor = replace(known, id=uuid.UUID(int=99), label="Pool", bank_account="BANK-POOL")
        pool = Customer(investor, dev_signer(16))
        self.desk.onboard(investor)
        challenge = self.desk.challenge_wallet(investor, pool.wallet)
        signature = challenge.signable.sign(pool.key).data
        self.desk.prove_wallet(challenge, signature, kind=WalletKind.OMNIBUS)
        self.desk.register_wallet(pool.wallet)
        return pool

    def allocate(self, parts: dict[str, str] | None = None, key: str = "first") -> None:
        parts = parts or {ANN: "33.333334", BEN: "33.333334", CAT: "33.333333"}
        total = self.accounts.from_base_units(
            sum(self.accounts.amount(part).base_units for part in parts.values())
        )
        record = self.accounts.allocate(self.wallet, parts, total=total, key=key, maker=MAKER)
        self.accounts.approve(record.id, checker=CHECKER)

    def send(self, amount: int) -> str:
        """The wallet's own transfer, as its transaction's hash."""
        call = self.suite.token.transfer(self.suite.holder.address, amount)
        return to_hex(self.suite.send(self.pool.key, call).receipt.tx_hash)


@pytest.fixture
def office(suite: Suite, tmp_path: Path) -> Iterator[Office]:
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    yield Office(bench)
    bench.desk.close()


class CutShort:
    """Sends, and is gone before it can say so."""

    def __init__(self, lanes: Any, *, sends: bool) -> None:
        self._lanes = lanes
        self._sends = sends

    def execute(self, role: str, call: Call, *expect: EventExpectation) -> Mined:
        if self._sends:
            self._lanes.execute(role, call, *expect)
        raise KeyboardInterrupt


def test_x10_what_arrived_is_allocated_to_the_last_unit_and_not_beyond(office: Office) -> None:
    assert office.accounts.unallocated(office.wallet) == 100_000_001
    third = "33.333333"
    with pytest.raises(AllocationUneven):
        office.accounts.allocate(
            office.wallet, dict.fromkeys((ANN, BEN, CAT), third), total="100.000001", key="u", maker=MAKER
        )
    with pytest.raises(AllocationUnbacked):
        office.accounts.allocate(
            office.wallet, {ANN: "100.000002"}, total="100.000002", key="over", maker=MAKER
        )
    parts = split(100_000_001, {ANN: 1, BEN: 1, CAT: 1})
    shown = {client: office.accounts.from_base_units(part) for client, part in parts.items()}
    record = office.accounts.allocate(office.wallet, shown, total="100.000001", key="k", maker=MAKER)
    twin = office.accounts.allocate(office.wallet, shown, total="100.000001", key="twin", maker=MAKER)
    office.accounts.approve(record.id, checker=CHECKER)
    with pytest.raises(AllocationUnbacked):
        office.accounts.approve(twin.id, checker=CHECKER)
    statement = office.accounts.statement(office.wallet)
    assert statement.agrees
    assert (str(statement.held), str(statement.difference)) == ("100.000001", "0.000000")
    assert len(statement.to_json()["rows"]) == 3


def test_x10_a_lost_wallets_clients_have_their_tokens_in_the_new_one_and_keep_their_proofs(
    office: Office, tmp_path: Path
) -> None:
    office.allocate()
    token, ledger = office.suite.token, office.desk.ledger
    day, supply = office.commitments.today(), token.total_supply()
    office.commitments.commit(office.wallet, by=REGISTRAR)
    earlier = office.commitments.prove(office.wallet, day, BEN).to_json()
    calendar = BusinessCalendar.load("hong-kong")
    context = ComplianceContext(ledger, ledger.clock, calendar, (office.desk.actions,), SECRET)
    recoveries = Recoveries(context)
    digest = "0x" + "ab" * 32
    recoveries.report("REC-1", wallet=office.wallet, by=MAKER, evidence=digest)
    channels = {"call-back": digest, "meeting": "0x" + "cd" * 32}
    recoveries.reverify("REC-1", by=COMPLIANCE, channels=channels)
    office.suite.node.advance_time(49 * 3600)
    new = dev_signer(17)
    challenge = office.desk.challenge_wallet(office.pool.investor, new.address)
    office.desk.prove_wallet(challenge, challenge.signable.sign(new).data, kind=WalletKind.OMNIBUS)
    recoveries.prove("REC-1", wallet=new.address, by=COMPLIANCE)
    for person in (COMPLIANCE, REGISTRAR, CHECKER, OTHER_CHECKER):
        done = recoveries.approve("REC-1", by=person)
    assert (done.state, done.data["alarms"]) == (RecordState.REGISTER_POSTED, {})
    assert (token.balance_of(new.address), token.balance_of(office.wallet)) == (100_000_001, 0)
    assert token.total_supply() == supply
    assert office.accounts.statement(new.address).agrees
    assert office.accounts.statement(office.wallet).rows == ()

    later = office.commitments.today()
    office.commitments.commit(new.address, by=REGISTRAR)
    proofs = (earlier, office.commitments.prove(new.address, later, BEN).to_json())
    # Of the old wallet a proof is still made, and is the one that was.
    assert office.commitments.prove(office.wallet, day, BEN).to_json() == earlier
    for proof in proofs:
        file = tmp_path / "proof.json"
        file.write_text(json.dumps(proof))
        command = [sys.executable, VERIFIER, file, "--rpc", office.suite.node.rpc_url, "--client", BEN]
        said = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
        assert "33.333334" in said
    ledger.verify()


def test_x10_what_is_on_its_way_is_settled_by_the_transaction_that_moved_it_and_once(office: Office) -> None:
    office.allocate()
    flows, wallet = ClientFlows(office.accounts), office.wallet
    first, second, third = (
        flows.announce(wallet, client, amount, key=amount, maker=MAKER).id
        for client, amount in ((ANN, "2.000000"), (BEN, "1.000001"), (CAT, "0.000001"))
    )
    assert office.accounts.statement(wallet).agrees  # what is announced isn't there yet
    arrived = to_hex(office.suite.mint(900_000_003, 3_000_001, wallet).receipt.tx_hash)
    with pytest.raises(FlowNotOnChain, match="is not final"):
        flows.settle(first, transaction="0x" + "00" * 32, by=CHECKER)
    with pytest.raises(NotAuthorised):
        flows.settle(first, transaction=arrived, by=MAKER)
    for flow in (first, second):
        assert flows.settle(flow, transaction=arrived, by=CHECKER).state is RecordState.SETTLED
    with pytest.raises(FlowNotOnChain, match="would be settled by it"):
        flows.settle(third, transaction=arrived, by=CHECKER)
    assert office.desk.ledger.record_book.get(third).state is RecordState.FLOW_PENDING
    flows.retract(third, by=MAKER, reason="it went elsewhere")
    assert office.accounts.statement(wallet).agrees

    out = flows.reserve(wallet, ANN, "35.333334", key="out", maker=MAKER).id
    with pytest.raises(PositionTooSmall):
        flows.reserve(wallet, ANN, "0.000001", key="more", maker=MAKER)
    with pytest.raises(FlowNotOnChain):
        flows.settle(out, transaction=arrived, by=CHECKER)  # that came in, and nothing left by it
    gone = office.send(35_333_334)
    assert flows.settle(out, transaction=gone, by=CHECKER).data["transaction"] == gone
    assert office.accounts.statement(wallet).agrees

    # Allocated as it arrived, and then settled as announced: the same tokens twice.
    again = flows.announce(wallet, CAT, "5.00", key="again", maker=MAKER).id
    tx_hash = to_hex(office.suite.mint(900_000_004, 5_000_000, wallet).receipt.tx_hash)
    office.allocate({BEN: "5.00"}, key="twice")
    with pytest.raises(AllocationUnbacked):
        flows.settle(again, transaction=tx_hash, by=CHECKER)
    office.desk.ledger.verify()


def test_a_break_is_shown_with_its_sign(office: Office) -> None:
    office.allocate()
    office.send(1)
    after = office.accounts.statement(office.wallet)
    assert (after.agrees, str(after.difference)) == (False, "-0.000001")
    office.suite.mint(900_000_002, 3, office.wallet)
    before = office.accounts.statement(office.wallet, block=after.block.number)
    assert str(before.difference) == "-0.000001"
    assert str(office.accounts.statement(office.wallet).difference) == "0.000002"


def test_a_client_frozen_in_the_pool_is_frozen_alone_to_the_last_unit(office: Office) -> None:
    office.allocate()
    office.accounts.lock(office.wallet, BEN, "33.333334", case="CASE-7", actor=COMPLIANCE)
    assert not office.accounts.statement(office.wallet).locks_are_frozen
    office.desk.freeze(office.wallet, "33.333334")
    assert office.accounts.statement(office.wallet).locks_are_frozen
    free = 100_000_001 - 33_333_334
    with pytest.raises(ERC7943InsufficientUnfrozenBalance):
        office.send(free + 1)
    office.send(free)
    with pytest.raises(ERC7943InsufficientUnfrozenBalance):
        office.send(1)
    assert office.suite.token.balance_of(office.wallet) == 33_333_334
    with pytest.raises(NotAuthorised):
        office.accounts.unlock(office.wallet, BEN, case="CASE-7", actor=COMPLIANCE)
    office.desk.unfreeze(office.wallet, "CASE-7")
    office.accounts.unlock(office.wallet, BEN, case="CASE-7", actor=OFFICER)
    office.send(1)


def test_a_day_is_committed_proved_and_verified_by_everybody(office: Office, tmp_path: Path) -> None:
    office.allocate()
    record = office.commitments.commit(office.wallet, by=REGISTRAR)
    day = office.commitments.today()
    assert (record.state, record.data["total"], record.data["clients"]) == ("confirmed", "100000001", 3)
    assert office.commitments.commit(office.wallet, by=REGISTRAR) == record, "again gives the same"
    registry = office.desk.issuance.omnibus
    (event,) = registry.events(Committed, from_block=record.data["built_on"], to_block="latest")
    assert (event.total, event.clients, event.actor) == (
        100_000_001,
        3,
        office.suite.signer(Role.REGISTRAR).address,
    )
    # The commitment stays provable whatever moves later.
    later = office.accounts.transfer(office.wallet, ANN, BEN, "0.000001", key="t", maker=MAKER)
    office.accounts.approve(later.id, checker=CHECKER)

    proof = office.commitments.prove(office.wallet, day, BEN)
    shown = proof.to_json()
    assert shown["position"]["amount"] == "33333334"
    leaf = proof.tree.leaf(BEN)
    path = [SumNode(node.hash, node.sum) for node in proof.tree.path(leaf.index)]
    on_chain = SumLeaf(leaf.index, leaf.client, leaf.salt, leaf.amount)
    number = day_number(day)
    token = office.suite.token.address
    assert registry.domain_of(office.wallet, token, number) == proof.tree.domain.hash
    assert registry.verify(office.wallet, token, number, on_chain, path)
    assert not registry.verify(office.wallet, token, number, replace(on_chain, amount=leaf.amount + 1), path)

    file = tmp_path / "proof.json"
    file.write_text(json.dumps(shown))
    command = [sys.executable, "-I", "-S", str(VERIFIER), str(file), "--rpc", office.suite.node.rpc_url]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stderr
    assert "has 33.333334 tUSD" in done.stdout
    assert "has this commitment" in done.stdout
    # A document that agrees with itself, about another day: the chain knows nothing of it.
    other = replace(proof.tree.domain, day=number - 1)
    forged = type(proof.tree).of(other, {BEN: 33_333_334}, lambda client: bytes(32))
    shown = replace(proof, tree=forged, day=day - timedelta(days=1)).to_json()
    file.write_text(json.dumps(shown))
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 1
    assert "nothing was committed" in done.stderr

    with pytest.raises(ProofNotFound):
        office.commitments.prove(office.wallet, day, client_reference(SECRET, uuid.UUID(int=4)))
    with pytest.raises(ProofNotFound):
        office.commitments.prove(office.wallet, day - timedelta(days=1), BEN)
    stranger = Commitments(office.accounts, registry, secret=SECRET[::-1])
    with pytest.raises(CommitmentDiffers, match="secret"):
        stranger.prove(office.wallet, day, BEN)
    office.desk.ledger.verify()


def test_a_total_that_is_off_by_one_is_refused_here_and_on_chain(office: Office) -> None:
    office.allocate({ANN: "50", BEN: "50"})
    before = office.suite.client.block("latest").number
    with pytest.raises(OmnibusBreak, match=r"100\.000000 tUSD together and it holds 100\.000001"):
        office.commitments.commit(office.wallet, by=REGISTRAR)
    assert office.suite.client.block("latest").number == before, "nothing was sent"
    with pytest.raises(ProofNotFound):
        office.commitments.get(office.wallet, office.commitments.today())
    office.allocate({CAT: "0.000001"}, "rest")
    # The wallet moves a unit between the comparison and the commitment: the chain compares again.
    with pytest.raises(TotalIsNotBalance):
        office.with_lane(Beforehand(office)).commit(office.wallet, by=REGISTRAR)
    with pytest.raises(OmnibusBreak):
        office.commitments.commit(office.wallet, by=REGISTRAR)
    office.suite.mint(900_000_003, 1, office.wallet)
    assert office.commitments.commit(office.wallet, by=REGISTRAR).state == "confirmed"


class Beforehand:
    """Lanes before whose turn the wallet has moved a unit."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def execute(self, role: str, call: Call, *expect: EventExpectation) -> Mined:
        self._office.send(1)
        return self._office.desk.lanes.execute(role, call, *expect)


def test_a_commitment_that_was_cut_short_is_taken_up(office: Office) -> None:
    office.allocate()
    with pytest.raises(KeyboardInterrupt):
        office.with_lane(CutShort(office.desk.lanes, sends=False)).commit(office.wallet, by=REGISTRAR)
    with pytest.raises(KeyboardInterrupt):
        office.with_lane(CutShort(office.desk.lanes, sends=True)).commit(office.wallet, by=REGISTRAR)
    # What moved since changes nothing: the day's commitment is on chain.
    later = office.accounts.transfer(office.wallet, ANN, BEN, "1", key="t", maker=MAKER)
    office.accounts.approve(later.id, checker=CHECKER)
    record = office.commitments.commit(office.wallet, by=REGISTRAR)
    assert record.state == "confirmed"
    assert office.suite.client.receipt(bytes.fromhex(record.data["transaction"][2:])) is not None
    assert office.commitments.prove(office.wallet, office.commitments.today(), ANN).to_json()["path"]


def test_somebody_elses_commitment_is_not_taken_for_ours(office: Office) -> None:
    office.allocate()
    other = Commitments(
        office.accounts, office.desk.issuance.omnibus, secret=SECRET[::-1], lane=office.desk.lanes
    )
    with pytest.raises(KeyboardInterrupt):
        office.with_lane(CutShort(office.desk.lanes, sends=False)).commit(office.wallet, by=REGISTRAR)
    statement, _ = other._build(office.wallet, office.commitments.today())
    office.desk.lanes.execute("registrar", office.desk.issuance.omnibus.commit(statement))
    with pytest.raises(CommitmentDiffers):
        office.commitments.commit(office.wallet, by=REGISTRAR)


def test_days_and_people(office: Office) -> None:
    office.allocate()
    today = office.commitments.today()
    with pytest.raises(NotAuthorised):
        office.commitments.commit(office.wallet, by=CHECKER)
    with pytest.raises(DayNotReached):
        office.commitments.commit(office.wallet, by=REGISTRAR, day=today + timedelta(days=2))
    office.commitments.commit(office.wallet, by=REGISTRAR)
    with pytest.raises(DayNotAfter):
        office.commitments.commit(office.wallet, by=REGISTRAR, day=today - timedelta(days=1))
    with pytest.raises(InvalidInput):
        day_number(office.desk.ledger.clock.now())


def test_only_what_the_registry_calls_omnibus_is_committed(office: Office) -> None:
    office.allocate()
    entry = office.suite.wallet(office.wallet)
    investor = office.suite.registry.wallet_of(office.wallet).investor
    changed = WalletEntry(office.wallet, replace(entry, investor=investor, kind=WalletKind.CUSTODIAL))
    office.desk.lanes.execute("registrar", office.suite.registry.set_wallets([changed]))
    with pytest.raises(NotOmnibus):
        office.commitments.commit(office.wallet, by=REGISTRAR)
