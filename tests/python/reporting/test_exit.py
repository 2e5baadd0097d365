"""The end of a coin: claims from a snapshot, paid at par or in shares, once and by two persons."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.databases import Databases
from support.ledgers import NOON, Fixture, address, dollars, hash32, reference
from support.suite import Suite

from toolkit.bindings import errors as reverts
from toolkit.bindings.roles import Role as ChainRole
from toolkit.chain.signers import LocalSigner
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import Role, State
from toolkit.ledger.record_words import RecordState
from toolkit.reporting.exit import (
    Coin,
    Exit,
    Fork,
    Holding,
    LostChain,
    SignedSnapshot,
    Snapshot,
    claim_signable,
    share_out,
)
from toolkit.reporting.exit.errors import (
    ClaimRefused,
    DoesNotTie,
    MintingStillOn,
    RedemptionsOpen,
    SnapshotRefused,
)

DIGEST = "ab" * 32
TOKEN = address(77)
COIN = Coin(31337, TOKEN, 6, "USD")
REGISTRAR = LocalSigner(bytes(31) + b"\x09")
SIGNERS = {REGISTRAR.address}
STRANGER = LocalSigner(bytes(31) + b"\x08")

STAFF = {
    "finance-1": {Role.FINANCE, Role.TREASURER, Role.MAKER},
    "finance-2": {Role.FINANCE, Role.TREASURER},
    "compliance-1": {Role.COMPLIANCE},
    "compliance-2": {Role.COMPLIANCE},
    "checker-1": {Role.CHECKER, Role.MAKER},
    "registrar-1": {Role.REGISTRAR},
    "treasurer-2": {Role.TREASURER, Role.FINANCE},
    "maker-1": {Role.MAKER},
    "auditor-1": {Role.AUDITOR},
}


class Switch:
    """A market that winds down when told, or doesn't."""

    def __init__(self, *, works: bool = True) -> None:
        self.works = works
        self.calls = 0

    def wound_down(self) -> bool:
        return self.works and self.calls > 0

    def wind_down(self) -> None:
        self.calls += 1


@dataclass
class World:
    """A ledger with customers 1 to 3; customer 3's wallet is an omnibus one with two clients of its own."""

    fixture: Fixture
    snapshot: Snapshot

    @property
    def signed(self) -> SignedSnapshot:
        return signed(self.snapshot)

    def exit(self, **options: Any) -> Exit:
        return Exit(self.fixture.ledger, COIN, options.pop("market", Switch()), **options)

    def until_snapshot(self) -> Exit:
        found = self.exit(snapshot=self.snapshot)
        found.decide(decision=DIGEST, reference="board minute 12", by="finance-1")
        found.give_notice(reference="HKMA/2026/1", by="compliance-1")
        found.wind_down(by="checker-1")
        return found

    def until_claims(self) -> Exit:
        found = self.until_snapshot()
        found.record_snapshot(self.signed, signers=SIGNERS, by="registrar-1")
        found.open_claims(closes=NOON + timedelta(days=60), by="compliance-1")
        return found

    def until_paying(self, assets: str = "1000.00") -> Exit:
        found = self.until_claims()
        found.state_assets(dollars(assets), statement=DIGEST, by="finance-1")
        found.start_paying(by="treasurer-2")
        return found

    def lodge(self, found: Exit | LostChain, row: int, **changes: Any) -> None:
        held = self.snapshot.rows[row]
        account = f"account-{min(row + 1, 3)}"
        fields = {"units": held.units - held.frozen, "bank_account": account, "by": "maker-1"} | changes
        found.claims.lodge(held.wallet, held.owner, **fields)

    def paid(self, found: Exit | LostChain, row: int, payment: str) -> int:
        claims = found.claims
        claims.admit(row, screening=DIGEST, by="checker-1")
        claims.approve(row, by="finance-1")
        claim = claims.pay(row, payment_reference=payment, by="treasurer-2")
        assert claim.state is RecordState.CLAIM_PAID
        return int(claim.data["amount"])


def signed(snapshot: Snapshot, signer: LocalSigner = REGISTRAR) -> SignedSnapshot:
    signature = snapshot.signable.sign(signer).data
    copies = {"vault at bank A": snapshot.sha256, "archive at B": snapshot.sha256}
    return SignedSnapshot(snapshot, signer.address, signature, copies)


@pytest.fixture
def world(sqlite_databases: Databases) -> Iterator[World]:
    yield from made(sqlite_databases)


@pytest.fixture
def world_on_both(databases: Databases) -> Iterator[World]:
    yield from made(databases)


def made(databases: Databases) -> Iterator[World]:
    fixture = Fixture(databases.ledger(), customers=3)
    with fixture.ledger.transaction() as tx:
        for person, roles in STAFF.items():
            tx.persons.add(person, label=person, roles=roles)
    rows = (
        Holding(address(1), reference(1), 500_000_000),
        Holding(address(2), reference(2), 250_000_005, frozen=0),
        Holding(address(3), reference(3), 49_999_995),
        Holding(address(3), "client-a", 150_000_000),
        Holding(address(3), "client-b", 50_000_000, frozen=50_000_000),
    )
    taken = NOON - timedelta(minutes=5)
    yield World(fixture, Snapshot(31337, TOKEN, 120, hash32(120), taken, 1_000_000_000, rows))
    fixture.ledger.close()


# ------------------------------------------------------------------------------------------------ sharing out

units = st.lists(st.integers(1, 10**18), min_size=1, max_size=40)


@given(units, st.integers(0, 10**15), st.sampled_from([(6, 2), (18, 2), (2, 2), (0, 2), (6, 0)]))
@settings(deadline=None)
def test_no_share_is_above_par_and_their_sum_never_above_the_assets(
    held: list[int], assets: int, decimals: tuple[int, int]
) -> None:
    token, money = decimals
    shares = share_out(held, assets, token_decimals=token, money_decimals=money)
    assert sum(shares.amounts) + shares.residual == assets
    assert shares.residual >= 0
    for size, amount in zip(held, shares.amounts, strict=True):
        par = size * 10**money // 10**token
        assert 0 <= amount <= par
        if shares.at_par:
            assert amount == par
    ranked = [amount for _, amount in sorted(zip(held, shares.amounts, strict=True))]
    assert ranked == sorted(ranked)  # a bigger holding is never given less


def test_a_short_reserve_is_shared_in_proportion_and_the_residual_named() -> None:
    shares = share_out([500, 250, 250], 999, token_decimals=2, money_decimals=2)
    assert (shares.amounts, shares.residual, shares.at_par) == ((499, 249, 249), 2, False)
    whole = share_out([500, 250, 250], 1_007, token_decimals=2, money_decimals=2)
    assert (whole.amounts, whole.residual, whole.at_par) == ((500, 250, 250), 7, True)
    for bad in ([], [0], [-1], [True]):
        with pytest.raises(InvalidInput):
            share_out(bad, 1, token_decimals=2, money_decimals=2)


# ------------------------------------------------------------------------------------------------- snapshots


def test_a_snapshot_that_does_not_add_up_is_refused(world: World) -> None:
    snapshot = world.snapshot
    with pytest.raises(InvalidInput, match="look through every omnibus"):
        replace(snapshot, outstanding=snapshot.outstanding + 1)
    with pytest.raises(InvalidInput, match="twice"):
        replace(snapshot, rows=(*snapshot.rows, snapshot.rows[0]))
    with pytest.raises(InvalidInput, match="frozen"):
        replace(snapshot, rows=(replace(snapshot.rows[0], frozen=10**12), *snapshot.rows[1:]))


def test_a_kept_snapshot_comes_back_and_an_edited_one_does_not(world: World) -> None:
    kept = json.loads(json.dumps(world.snapshot.to_json()))
    assert Snapshot.from_json(kept) == world.snapshot
    kept["rows"][0]["units"], kept["rows"][1]["units"] = "500000001", "250000004"
    with pytest.raises(InvalidInput, match="they were changed"):
        Snapshot.from_json(kept)


def test_a_snapshot_kept_at_one_place_or_signed_by_a_stranger_is_refused(world: World) -> None:
    good = world.signed
    good.check(SIGNERS)
    with pytest.raises(SnapshotRefused, match="two places"):
        replace(good, copies={"a": world.snapshot.sha256}).check(SIGNERS)
    with pytest.raises(SnapshotRefused, match="archive"):
        replace(good, copies={"vault": world.snapshot.sha256, "archive": DIGEST}).check(SIGNERS)
    with pytest.raises(SnapshotRefused, match="may not sign"):
        signed(world.snapshot, STRANGER).check(SIGNERS)


# ------------------------------------------------------------------------------------------- the orderly exit


def test_w20c_a_coin_is_wound_down_to_a_final_attestation_that_ties_to_zero(world_on_both: World) -> None:
    world = world_on_both
    found = world.until_paying("1000.00")
    for row in (0, 1, 3):
        world.lodge(found, row)
    assert [world.paid(found, row, f"CHATS-{row}") for row in (0, 1, 3)] == [50_000, 25_000, 15_000]
    totals = found.claims.totals()
    assert (totals.unclaimed, totals.money_paid) == (99_999_995, 90_000)
    # Row 2 is due 49.99 of its 49.999995, row 4 is frozen: 99.99 held over; a cent stays with the reserve.
    assert (totals.held_over, totals.residual) == (9_999, 1)
    assert [index for index, _ in found.claims.unclaimed()] == [2, 4]
    with pytest.raises(ClaimRefused, match="claims may be made until"):
        found.hold_unclaimed(held_at="trustee", by="finance-1")
    world.fixture.clock.advance(timedelta(days=60))
    found.hold_unclaimed(held_at="trust account at bank A", by="finance-1")
    with pytest.raises(DoesNotTie, match="'left': -1"):
        found.attest(paid=dollars("900.00"), left=dollars("99.99"), report=DIGEST, by="auditor-1")
    with pytest.raises(DoesNotTie, match="'paid': 1"):
        found.attest(paid=dollars("900.01"), left=dollars("100.00"), report=DIGEST, by="auditor-1")
    found.attest(paid=dollars("900.00"), left=dollars("100.00"), report=DIGEST, by="auditor-1")
    record = found.close(by="compliance-1")
    assert (record.state, record.data["final"]["totals"]["held_over"]) == (RecordState.CLOSED, "9999")
    states = [step.to_state for step in world.fixture.ledger.record_book.history(record.id)]
    assert list(dict.fromkeys(states)) == [
        RecordState.ACTIVE,
        RecordState.NOTICE,
        RecordState.WIND_DOWN,
        RecordState.CLAIMS_OPEN,
        RecordState.PAYING,
        RecordState.UNCLAIMED_HELD,
        RecordState.FINAL_ATTESTED,
        RecordState.CLOSED,
    ]
    world.fixture.ledger.verify()


def test_w20c_a_short_reserve_pays_every_holder_the_same_share(world: World) -> None:
    found = world.until_paying("800.00")
    world.lodge(found, 0)
    world.lodge(found, 3, units=75_000_000)
    assert world.paid(found, 0, "P-1") == 40_000
    assert world.paid(found, 3, "P-2") == 6_000  # half of client-a's 120.00
    totals = found.claims.totals()
    assert totals.money_paid + totals.held_over + totals.residual == 80_000


def test_steps_out_of_order_or_by_the_same_person_are_refused(world: World) -> None:
    found = world.exit(snapshot=world.snapshot)
    found.decide(decision=DIGEST, reference="minute", by="finance-1")
    with pytest.raises(InvalidInput, match="recorded already"):
        found.decide(decision=DIGEST, reference="minute", by="finance-2")
    with pytest.raises(ClaimRefused, match="the exit is active, not notice"):
        found.wind_down(by="checker-1")
    with pytest.raises(NotAuthorised):
        found.give_notice(reference="HKMA", by="finance-1")
    found.give_notice(reference="HKMA", by="compliance-1")
    stuck = world.exit(snapshot=world.snapshot, market=Switch(works=False))
    with pytest.raises(MintingStillOn):
        stuck.wind_down(by="checker-1")
    found.wind_down(by="checker-1")
    with pytest.raises(ClaimRefused, match="the exit is wind_down"):
        found.state_assets(dollars("1.00"), statement=DIGEST, by="finance-1")
    found.record_snapshot(world.signed, signers=SIGNERS, by="registrar-1")
    with pytest.raises(SnapshotRefused, match="already"):
        found.record_snapshot(world.signed, signers=SIGNERS, by="registrar-1")
    with pytest.raises(ClaimRefused, match="no claims are taken"):
        world.lodge(found, 0)
    found.open_claims(closes=NOON + timedelta(days=1), by="compliance-1")
    with pytest.raises(ClaimRefused, match="state the assets first"):
        found.start_paying(by="treasurer-2")
    found.state_assets(dollars("10.00"), statement=DIGEST, by="finance-2")
    with pytest.raises(NotAuthorised, match="another person must"):
        found.start_paying(by="finance-2")


def test_the_rows_given_must_be_those_on_record(world: World) -> None:
    world.until_claims()
    first, second, *others = world.snapshot.rows
    shifted = (replace(first, units=first.units + 1), replace(second, units=second.units - 1), *others)
    with pytest.raises(SnapshotRefused, match="isn't the snapshot on record"):
        world.lodge(world.exit(snapshot=replace(world.snapshot, rows=shifted)), 0)
    with pytest.raises(SnapshotRefused, match="give the file"):
        world.lodge(world.exit(), 0)


def test_a_claim_is_a_holders_and_never_above_the_snapshot(world: World) -> None:
    found = world.until_paying()
    with pytest.raises(ClaimRefused, match="had nothing at"):
        found.claims.lodge(address(9), reference(1), units=1, bank_account="account-1", by="maker-1")
    with pytest.raises(ClaimRefused, match="1 to 500000000"):
        world.lodge(found, 0, units=500_000_001)
    with pytest.raises(ClaimRefused, match="50000000 of them frozen"):
        world.lodge(found, 4, units=1)
    with pytest.raises(ClaimRefused, match="onboard the holder"):
        world.lodge(found, 0, bank_account="account-2")
    with pytest.raises(ClaimRefused, match="onboard the holder"):
        world.lodge(found, 0, bank_account="nobody's")
    world.lodge(found, 0)
    with pytest.raises(InvalidInput, match="recorded already"):
        world.lodge(found, 0)
    world.fixture.clock.advance(timedelta(days=61))
    with pytest.raises(ClaimRefused, match="claims closed at"):
        world.lodge(found, 1)


def test_payments_take_two_persons_and_each_reference_pays_once(world: World) -> None:
    found = world.until_paying()
    claims = found.claims
    for row in (0, 1):
        world.lodge(found, row, by="finance-1")
    with pytest.raises(IllegalTransition):
        claims.pay(0, payment_reference="P-1", by="treasurer-2")
    for row in (0, 1):
        claims.admit(row, screening=DIGEST, by="checker-1")
    with pytest.raises(NotAuthorised, match="another person must"):
        claims.approve(0, by="finance-1")
    for row in (0, 1):
        claims.approve(row, by="treasurer-2")
    with pytest.raises(NotAuthorised, match="another person must"):
        claims.pay(0, payment_reference="P-1", by="treasurer-2")
    claims.pay(0, payment_reference="P-1", by="finance-2")
    with pytest.raises(IllegalTransition):
        claims.pay(0, payment_reference="P-2", by="finance-2")
    with pytest.raises(InvalidInput, match="recorded already"):
        claims.pay(1, payment_reference="P-1", by="finance-2")
    assert claims.claim(1).state is RecordState.CLAIM_APPROVED
    assert claims.totals().money_paid == 50_000


def test_a_late_hit_holds_a_claim_and_its_money_is_held_over(world: World) -> None:
    found = world.until_paying()
    claims = found.claims
    world.lodge(found, 0)
    claims.admit(0, screening=DIGEST, by="checker-1")
    claims.approve(0, by="finance-1")
    claims.hold(0, reason="hit on list 2026-12-01", by="compliance-1")
    with pytest.raises(IllegalTransition):
        claims.pay(0, payment_reference="P-1", by="treasurer-2")
    world.fixture.clock.advance(timedelta(days=61))
    found.hold_unclaimed(held_at="trust account", by="finance-1")
    totals = claims.totals()
    assert (totals.held, totals.held_over) == (500_000_000, 99_999)
    claims.release(0, reason="another person of that name", by="compliance-2")
    with pytest.raises(IllegalTransition):  # screened and approved anew
        claims.approve(0, by="finance-1")
    assert world.paid(found, 0, "P-1") == 50_000
    assert claims.totals().held_over == 49_999


def test_nobody_is_paid_by_a_redemption_and_by_a_claim(world: World) -> None:
    found = world.until_paying()
    world.lodge(found, 0)
    found.claims.admit(0, screening=DIGEST, by="checker-1")
    redemption = world.fixture.redemption()
    with pytest.raises(RedemptionsOpen, match=redemption.id):
        found.claims.approve(0, by="finance-1")
    world.fixture.ledger.orders.step(
        redemption.id, State.CANCELLED, actor="maker", role=Role.MAKER, reason="claims instead"
    )
    found.claims.approve(0, by="finance-1")


# ------------------------------------------------------------------------------------------- a chain was lost


@pytest.fixture
def holder_key() -> LocalSigner:
    return LocalSigner(bytes(31) + b"\x21")


def lost(world: World, key: LocalSigner) -> LostChain:
    """The chain is gone, and row 0 is the wallet of `key`."""
    rows = (replace(world.snapshot.rows[0], wallet=key.address), *world.snapshot.rows[1:])
    world.snapshot = replace(world.snapshot, rows=rows)
    return LostChain(world.fixture.ledger, COIN, world.snapshot)


def propose(world: World, found: LostChain, **changes: Any) -> None:
    fields: dict[str, Any] = {
        "fork": Fork(31337, 200, hash32(200)),
        "signed": world.signed,
        "signers": SIGNERS,
        "lost_at": NOON,
        "most": timedelta(hours=1),
        "assets": dollars("1000.00"),
        "decision": DIGEST,
        "by": "finance-1",
    } | changes
    found.propose(fields.pop("fork"), fields.pop("signed"), **fields)


def test_w20b_holders_of_a_lost_chain_are_paid_once_against_their_wallets_signature(
    world: World, holder_key: LocalSigner
) -> None:
    found = lost(world, holder_key)
    propose(world, found)
    with pytest.raises(ClaimRefused, match="a second one has to confirm"):
        world.lodge(found, 0)
    found.confirm(by="compliance-1")
    with pytest.raises(ClaimRefused, match="given is that of nobody"):
        world.lodge(found, 0)
    good = claim_signable(world.snapshot, 0, 500_000_000, "account-1").sign(holder_key).data
    for changes in ({"units": 499_999_999}, {"bank_account": "account-2"}):
        with pytest.raises(ClaimRefused):
            world.lodge(found, 0, signature=good, **changes)
    forged = claim_signable(world.snapshot, 0, 500_000_000, "account-1").sign(STRANGER).data
    with pytest.raises(ClaimRefused, match=STRANGER.address):
        world.lodge(found, 0, signature=forged)
    world.lodge(found, 0, signature=good)
    assert world.paid(found, 0, "P-1") == 50_000
    with pytest.raises(InvalidInput, match="recorded already"):
        world.lodge(found, 0, signature=good)


def test_w20b_a_snapshot_older_than_the_policy_is_refused(world: World, holder_key: LocalSigner) -> None:
    found = lost(world, holder_key)
    with pytest.raises(SnapshotRefused, match="the policy allows"):
        propose(world, found, lost_at=NOON + timedelta(hours=1))
    with pytest.raises(SnapshotRefused, match="the policy allows"):
        propose(world, found, lost_at=NOON - timedelta(hours=1))  # taken after the loss


def test_w20b_only_one_fork_is_redeemed(world: World, holder_key: LocalSigner) -> None:
    found = lost(world, holder_key)
    with pytest.raises(SnapshotRefused, match="isn't on the chain"):
        propose(world, found, fork=Fork(31337, 120, hash32(121)))
    with pytest.raises(SnapshotRefused, match="a copy elsewhere counts nothing"):
        propose(world, found, fork=Fork(10001, 200, hash32(200)))
    propose(world, found)
    with pytest.raises(NotAuthorised):
        found.confirm(by="finance-1")
    found.confirm(by="compliance-1")
    with pytest.raises(InvalidInput, match="recorded already"):
        propose(world, found, fork=Fork(31337, 200, hash32(201)), by="finance-2")
    other = LostChain(world.fixture.ledger, COIN, replace(world.snapshot, block_number=119))
    with pytest.raises(SnapshotRefused, match="isn't the snapshot on record"):
        world.lodge(other, 0)


def test_an_exit_and_a_lost_chain_share_one_snapshot(world: World, holder_key: LocalSigner) -> None:
    world.until_claims()
    found = lost(world, holder_key)
    with pytest.raises(SnapshotRefused, match="two snapshots would pay twice"):
        propose(world, found)


# -------------------------------------------------------------------------------------------------- the chain


class Governed:
    """The suite's market with its governor."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite

    def wound_down(self) -> bool:
        return self.suite.market.wound_down()

    def wind_down(self) -> None:
        self.suite.govern(self.suite.market.wind_down(), ChainRole.GOVERNOR)


def test_winding_down_ends_minting_on_chain_and_redemption_goes_on(world: World, suite: Suite) -> None:
    suite.ready()
    suite.mint(1, 5_000_000)
    found = world.exit(market=Governed(suite))
    found.decide(decision=DIGEST, reference="minute", by="finance-1")
    found.give_notice(reference="HKMA", by="compliance-1")
    assert found.wind_down(by="checker-1").state is RecordState.WIND_DOWN
    with pytest.raises(reverts.MarketWoundDown):
        suite.mint(2, 5_000_000)
    number = suite.redeem(1_000_000)
    suite.accept(number)
    suite.pay(number)
    assert suite.token.total_supply() == 4_000_000
