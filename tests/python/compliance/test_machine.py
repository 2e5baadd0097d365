"""Any course of onboarding, expiry, lists, freezes, orders and recoveries on a real chain: no token moves to
or from a party that was frozen, listed, lapsed where it matters, or unproved, at the instant of movement.

What may move is worked out from facts of its own (`support.holders`), and what did is read from the chain.
`HYPOTHESIS_PROFILE=deep` goes through many times as many courses, other ones each time.
"""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import invariant, rule
from support.case_desks import GUARDIAN, OTHER_COMPLIANCE, OTHER_GUARDIAN, REGISTRAR
from support.courses import PROFILE, Courses
from support.desks import Bench
from support.holder_judge import RESERVE, Tally
from support.holder_rules import Case, HolderRules, Recovery
from support.holders import Party, Wallet, World
from support.movements import Kind
from support.suite import TERMS, Suite
from support.verbs import verb, verbs_of

from toolkit.chain.anvil import Anvil
from toolkit.issuance import Issuance
from toolkit.ledger import State

COURSES = {"check": Courses(12, steps=60), "deep": Courses(400, steps=60, new=True)}[PROFILE]

PICK = st.integers(min_value=0, max_value=11)
HOURS = st.sampled_from([90, 18, 200, 42])
CENTS = st.integers(min_value=1, max_value=50_000)


CHANGES = ["list", "freeze", "freeze alone", "verification", "class", "age of the list"]


class HolderMachine(HolderRules):
    """One example is one course, from two holders on."""

    def party(self, pick: int) -> Party:
        return self.world.parties[pick % len(self.world.parties)]

    def wallet(self, pick: int) -> Wallet:
        return self.world.wallets[pick % len(self.world.wallets)]

    def able(self) -> list[Wallet]:
        """Who may be given tokens now; a course in which nobody may is soon over."""
        return [item for item in self.world.wallets if not self.world.against_minting(item, self.now)]

    def cases_open(self) -> list[Case]:
        return [case for case in self.cases if case.stage != "seized"]

    def recoveries_open(self) -> list[Recovery]:
        return [item for item in self.recoveries if item.stage not in ("approved", "closed")]

    # --- who they are

    @verb(2, applies=lambda self: len(self.world.parties) < 5, hours=HOURS, proof=st.booleans())
    def comes_in(self, hours: int, proof: bool) -> None:
        party = self.onboard(hours)
        self.has_another(len(self.world.parties) - 1, proof, True)
        assert self.world.parties[-1] is party

    @verb(2, pick=PICK, proof=st.booleans(), registered=st.booleans())
    def has_another(self, pick: int, proof: bool, registered: bool) -> None:
        party = self.party(pick)
        wallet = self.prove_new(party) if proof else self.know_without_proof(party)
        if wallet is not None and registered:
            self.register(wallet)

    @verb(3, pick=PICK, hours=HOURS)
    def verified_again(self, pick: int, hours: int) -> None:
        self.renew(self.party(pick), hours)

    @verb(1, applies=lambda self: not self.world.professionals_only)
    def for_professionals_only(self) -> None:
        self.close_to_professionals()

    @verb(2, pick=PICK, days=st.integers(min_value=1, max_value=5))
    def found_professional(self, pick: int, days: int) -> None:
        self.classify(self.party(pick), days)

    @verb(4, hours=st.sampled_from([48, 12, 6]))
    def time_goes_by(self, hours: int) -> None:
        self.time_passes(hours)

    @verb(4)
    def all_is_put_in_order(self) -> None:
        """Else a course soon comes to where nothing may move any more."""
        self.adopt(set())
        for hit in self.hits_on_record():
            self.release_hit(*hit)
        for case in self.cases_open():
            while case in self.cases:
                self.go_on(case)
        for party in self.world.parties:
            self.renew(party, 90)
            if self.world.professionals_only:
                self.classify(party, 3)
        for order in self.open_mints(State.ON_HOLD) + self.open_redemptions(State.ON_HOLD):
            self.let_go(order)

    # --- lists

    @verb(4, freezing=st.booleans(), looking=st.booleans())
    def the_same_list(self, freezing: bool, looking: bool) -> None:
        self.adopt(self.world.listed, freezing=freezing, looking=looking)

    @verb(3, pick=PICK, freezing=st.booleans(), looking=st.booleans())
    def somebody_is_listed(self, pick: int, freezing: bool, looking: bool) -> None:
        names = [
            *sorted(set().union(*(party.names for party in self.world.parties))),
            self.next_key().address,
        ]
        self.adopt(self.world.listed | {names[pick % len(names)]}, freezing=freezing, looking=looking)

    @verb(2, freezing=st.booleans(), looking=st.booleans())
    def nobody_is_listed(self, freezing: bool, looking: bool) -> None:
        self.adopt(set(), freezing=freezing, looking=looking)

    @verb(3, applies=lambda self: self.hits_on_record(), pick=PICK)
    def somebody_else_was_meant(self, pick: int) -> None:
        hits = self.hits_on_record()
        self.release_hit(*hits[pick % len(hits)])

    # --- orders

    @verb(6, pick=PICK, cents=CENTS, good=st.booleans())
    def orders(self, pick: int, cents: int, good: bool) -> None:
        able = self.able() if good else []
        order = self.request(able[pick % len(able)] if able else self.wallet(pick), cents)
        if order is not None and good:
            self.fund_and_approve(order)

    @verb(6, applies=lambda self: self.able(), pick=PICK, cents=CENTS, change=st.sampled_from(CHANGES))
    def something_changes_before_the_worker_runs(self, pick: int, cents: int, change: str) -> None:
        able = self.able()
        wallet = able[pick % len(able)]
        order = self.request(wallet, cents)
        if order is None:
            return
        self.fund_and_approve(order)
        if change == "list":
            self.adopt(self.world.listed | {wallet.address}, looking=False)
        elif change == "verification":
            self.renew(wallet.party, 6)
            self.time_passes(12)
            self.adopt(self.world.listed)
        elif change == "class" and not self.world.professionals_only:
            self.close_to_professionals()
        elif change == "age of the list":
            self.time_passes(48)
        elif change.startswith("freeze") and len(self.cases_open()) < 3:
            self.freeze(wallet, alone=change == "freeze alone")
            for held in self.open_mints(State.ON_HOLD):
                self.let_go(held)
        self.run()

    @verb(8, applies=lambda self: self.open_mints(State.REQUESTED, State.FUNDED), pick=PICK)
    def money_comes_and_it_is_approved(self, pick: int) -> None:
        found = self.open_mints(State.REQUESTED, State.FUNDED)
        self.fund_and_approve(found[pick % len(found)])

    @verb(6)
    def the_worker_runs(self) -> None:
        self.run()

    @verb(3, applies=lambda self: self.desk.orders(State.ON_HOLD), pick=PICK)
    def is_let_go(self, pick: int) -> None:
        found = self.open_mints(State.ON_HOLD) + self.open_redemptions(State.ON_HOLD)
        self.let_go(found[pick % len(found)])

    @verb(5, pick=PICK, cents=st.integers(min_value=1, max_value=10_000))
    def redeems(self, pick: int, cents: int) -> None:
        held = [wallet for wallet in self.world.wallets if self.balance(wallet) >= cents * 10_000]
        if held:
            order = self.redeem(held[pick % len(held)], cents)
            if order is not None and pick % 2:
                self.accept(order)

    @verb(4, applies=lambda self: self.open_redemptions(State.ESCROWED, State.APPROVED), pick=PICK)
    def redemption_is_approved(self, pick: int) -> None:
        found = self.open_redemptions(State.ESCROWED, State.APPROVED)
        self.accept(found[pick % len(found)])

    @verb(4, applies=lambda self: self.open_redemptions(State.ESCROWED), pick=PICK)
    def redemption_is_rejected(self, pick: int) -> None:
        found = self.open_redemptions(State.ESCROWED)
        self.reject(found[pick % len(found)])
        self.run()

    @verb(3, applies=lambda self: self.open_redemptions(State.BURNED))
    def money_is_paid(self) -> None:
        self.pay()

    @verb(5, pick=PICK, other=PICK, amount=st.integers(min_value=1, max_value=10**8))
    def sends(self, pick: int, other: int, amount: int) -> None:
        held = [wallet for wallet in self.world.wallets if self.balance(wallet)]
        if held:
            sender = held[pick % len(held)]
            self.transfer(sender, self.wallet(other), min(amount, self.balance(sender)))

    def balance(self, wallet: Wallet) -> int:
        return self.suite.token.balance_of(wallet.address)

    # --- cases

    @verb(2, applies=lambda self: len(self.cases_open()) < 2, pick=PICK, alone=st.booleans())
    def is_frozen(self, pick: int, alone: bool) -> None:
        self.freeze(self.wallet(pick), alone=alone)

    @verb(5, applies=lambda self: self.cases_open(), pick=PICK)
    def the_case_goes_on(self, pick: int) -> None:
        found = self.cases_open()
        self.go_on(found[pick % len(found)])

    @verb(2, applies=lambda self: self.cases_open(), pick=PICK, looking=st.booleans())
    def is_listed_while_frozen(self, pick: int, looking: bool) -> None:
        found = self.cases_open()
        case = found[pick % len(found)]
        names = sorted(case.party.names)
        self.adopt(self.world.listed | {names[pick % len(names)]}, looking=looking)
        for _ in ("seconded", "confirmed", "released"):
            if case in self.cases:
                self.go_on(case)

    @verb(3, applies=lambda self: self.cases_open(), pick=PICK)
    def is_seized(self, pick: int) -> None:
        standing = self.cases_open()
        escrowed = [case for case in standing if any(map(self.world.escrowed, case.wallets))]
        found = escrowed or standing
        case = found[pick % len(found)]
        while case.stage != "confirmed":
            self.go_on(case)
        self.seize(case)

    @verb(2, applies=lambda self: not self.recoveries_open(), pick=PICK)
    def is_lost(self, pick: int) -> None:
        standing = [wallet for wallet in self.world.wallets if not wallet.is_lost]
        escrowed = [wallet for wallet in standing if self.world.escrowed(wallet)]
        found = escrowed or standing
        if found:
            self.report(found[pick % len(found)])

    @verb(10, applies=lambda self: self.recoveries_open(), patient=st.booleans())
    def the_recovery_goes_on(self, patient: bool) -> None:
        recovery = self.recoveries_open()[0]
        if patient and recovery.stage == "reverified":
            if self.now < recovery.cooled_at:
                self.time_passes(48)
            self.all_is_put_in_order()
        self.carry_on(recovery)

    @verb(2)
    def compliances_worker_runs(self) -> None:
        self.resume()

    # --- what holds

    @rule(data=st.data())
    def step(self, data: st.DataObject) -> None:
        self.take_one(VERBS, data)

    @invariant()
    def nothing_moved_that_may_not(self) -> None:
        self.judge()
        assert self.suite.token.total_supply() == self.world.supply

    @invariant()
    def whoever_is_frozen_is_frozen_on_chain(self) -> None:
        for wallet in self.world.wallets:
            frozen = self.suite.token.frozen_of(wallet.address)
            assert bool(frozen) is bool(wallet.frozen_under), f"{frozen}, under {wallet.frozen_under}"

    def teardown(self) -> None:
        self.ledger.verify()
        self.desk.close()
        self.suite.client.close()


VERBS = verbs_of(HolderMachine, first="compliances_worker_runs")

WENT_THROUGH = {
    *("accept", "adopt a list", "approve", "ask to redeem", "classify", "escrow", "freeze", "know a wallet"),
    *("let go", "pay", "prove a wallet", "prove the new wallet", "recover", "register", "reject"),
    *("release a hit", "renew", "report", "request", "seize", "transfer", "unfreeze", "validate"),
}
STOOD_IN_THE_WAY = {
    *(("request", why) for why in ("class", "frozen", "listed", "lost", "no current list")),
    *(("request", why) for why in ("not in the registry", "restricted", "unproved")),
    *(("run", why) for why in ("class", "frozen", "lapsed", "listed", "no current list", "restricted")),
    *(("prove a wallet", why) for why in ("listed", "no current list")),
    ("register", "unproved"),
    ("prove the new wallet", "cooling off"),
    *(("ask to redeem", why) for why in ("listed", "restricted")),
    ("transfer", "frozen"),
    ("unfreeze", "listed"),
}


class Course:
    """The courses' common beginning, on one node: a staffed desk, a list in force, and two holders."""

    def __init__(self, node: Anvil, deployed: Issuance, folder: Path) -> None:
        self.node, self.deployed, self.folder = node, deployed, folder
        self.count = 0
        self.tally = Tally()
        suite = Suite(node, deployed)
        suite.attest(RESERVE)
        bench = Bench(suite, folder / "first.db").staff()
        for person, role in (
            (GUARDIAN, "guardian"),
            (OTHER_GUARDIAN, "guardian"),
            (OTHER_COMPLIANCE, "compliance"),
            (REGISTRAR, "registrar"),
        ):
            bench.desk.add_person(person, label=f"a {role}", roles=[role])
        bench.desk.close()
        first = HolderMachine(suite, folder / "first.db", Tally(), World())
        first.adopt(set())
        for hours in (200, 90):
            wallet = first.prove_new(first.onboard(hours))
            assert wallet is not None
            first.register(wallet)
            first.request(wallet, 100_000)
        for order in first.open_mints(State.REQUESTED):
            first.fund_and_approve(order)
        first.run()
        first.nothing_moved_that_may_not()
        first.teardown()
        self.world = first.world
        self.snapshot = node.snapshot()

    def begin(self) -> HolderMachine:
        self.node.revert(self.snapshot)
        self.snapshot = self.node.snapshot()
        self.count += 1
        path = Path(shutil.copy(self.folder / "first.db", self.folder / f"{self.count}.db"))
        return HolderMachine(Suite(self.node, self.deployed), path, self.tally, self.world)


@pytest.mark.timeout(0)
def test_no_token_moves_to_or_from_whom_it_may_not(tmp_path: Path) -> None:
    # A Monday morning in Hong Kong, hours from any midnight.
    start = int(datetime(2026, 11, 23, 1, tzinfo=UTC).timestamp())
    with Anvil(accounts=20, timestamp=start) as node:
        course = Course(node, Issuance.deploy(TERMS, node), tmp_path)
        COURSES.run(course.begin)
    tally = course.tally
    print(tally)
    assert set(tally.moved) == set(Kind), f"{tally}"
    never = WENT_THROUGH - set(tally.successes)
    assert not never, f"never went through: {sorted(never)}\n{tally}"
    unseen = STOOD_IN_THE_WAY - set(tally.refusals)
    assert not unseen, f"never stood in the way: {sorted(unseen)}\n{tally}"
