"""What people do at the desk and at compliance, beside the facts that make it right or wrong.

Each verb acts on a real desk, compliance and chain, and says before why it must be refused. Then every
movement of tokens since the last look is judged by the facts of that instant.
"""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from hypothesis.stateful import RuleBasedStateMachine
from support.case_desks import (
    APPROVER,
    GUARDIAN,
    LISTED,
    ORDER,
    OTHER_APPROVER,
    OTHER_COMPLIANCE,
    OTHER_GUARDIAN,
    REGISTRAR,
    REVIEW,
    RISK,
    digest,
)
from support.desks import COMPLIANCE, MAKER, TREASURER, Bench, Customer
from support.holders import LOST, Mint, Party, Redemption, Taking, Wallet, World
from support.movements import Kind, Movement, movements
from support.parties import DIGEST, office, policy
from support.suite import FOR_EVER, Suite

from toolkit.bindings.structs import InvestorClass, WalletEntry
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.compliance.authority import Taking as Means
from toolkit.compliance.lists import ListFile, list_data
from toolkit.compliance.office import Compliance
from toolkit.compliance.portfolio import Application, Evidence
from toolkit.compliance.screening import ListScreener
from toolkit.desk import Investor
from toolkit.errors import ContractReverted, IllegalTransition, InvalidInput, Refused
from toolkit.ledger import MintOrder, RedemptionOrder, State
from toolkit.ledger.policies import ONBOARDING
from toolkit.ledger.record_words import RecordState

T = TypeVar("T")

RESERVE = 1_000_000_000_000
CUSTODY = dev_signer(12).address
NOBODY = "0x00000000000000000000000000000000000000FE"
HIT = "hit"
MARGIN = timedelta(minutes=30)
"""Nothing ends near a whole hour: a course takes real minutes, and no end may come between look and act."""

REFUSALS = (Refused, ContractReverted, InvalidInput, IllegalTransition)


@dataclass(eq=False)
class Case:
    """A freeze; of the wallet alone, if there is one, else of the party."""

    name: str
    party: Party
    wallet: Wallet | None
    stage: str = "frozen"

    @property
    def wallets(self) -> list[Wallet]:
        return self.party.wallets if self.wallet is None else [self.wallet]


@dataclass(eq=False)
class Recovery:
    name: str
    old: Wallet
    stage: str = "reported"
    cooled_at: int = 0
    new: Wallet | None = None


class Tally:
    """How often each verb went through, each reason stood in its way, and each kind of movement was seen."""

    def __init__(self) -> None:
        self.courses = 0
        self.successes: Counter[str] = Counter()
        self.refusals: Counter[tuple[str, str]] = Counter()
        self.moved: Counter[Kind] = Counter()

    def __str__(self) -> str:
        rows = [f"{self.courses} courses, {sum(self.moved.values())} movements"]
        rows += [f"{count:>6} {kind.value}" for kind, count in sorted(self.moved.items(), key=str)]
        rows += [f"{count:>6} {verb}" for verb, count in sorted(self.successes.items())]
        rows += [f"{count:>6} {verb}: {why}" for (verb, why), count in sorted(self.refusals.items())]
        return "\n".join(rows)


class HolderRules(RuleBasedStateMachine):
    """One course on `suite`, with the ledger at `path` and the facts of `world` as they are there."""

    def __init__(self, suite: Suite, path: Path, tally: Tally, world: World) -> None:
        super().__init__()
        self.suite, self.tally, self.world = suite, tally, world.copied()
        self.bench = Bench(suite, path)
        beginning = 1 + 100 * len(self.world.parties)  # nothing has a name of the common beginning again
        self.bench.lines = beginning
        self.desk, self.ledger = self.bench.desk, self.bench.desk.ledger
        self.office = Compliance(office(self.ledger, self.desk.actions))
        self.cases: list[Case] = []
        self.recoveries: list[Recovery] = []
        self.numbers = itertools.count(beginning)
        self.seen = suite.client.block("latest").number
        self.own: tuple[str, str, int] | None = None
        tally.courses += 1

    @property
    def now(self) -> int:
        return int(self.bench.now().timestamp())

    def in_hours(self, hours: int) -> datetime:
        return self.bench.now().replace(minute=0, second=0) + timedelta(hours=hours) + MARGIN

    def attempt(
        self, what: str, reasons: set[str], act: Callable[[], T], *, perhaps: bool = False
    ) -> T | None:
        """It goes through if and only if there is no reason why not; where `perhaps`, either may happen."""
        done = refusal = None
        try:
            done = act()
        except REFUSALS as error:
            refusal = error
        if refusal is not None:
            assert reasons or perhaps, f"{what} was refused for no reason: {refusal!r}"
            self.tally.refusals.update((what, reason) for reason in reasons)
            return None
        assert not reasons, f"{what} went through in spite of: {', '.join(sorted(reasons))}"
        self.tally.successes[what] += 1
        return done

    def name(self, kind: str) -> str:
        return f"{kind}-{next(self.numbers)}"

    def open_mints(self, *states: State) -> list[MintOrder]:
        return [order for order in self.desk.orders(states) if isinstance(order, MintOrder)]

    def open_redemptions(self, *states: State) -> list[RedemptionOrder]:
        return [order for order in self.desk.orders(states) if isinstance(order, RedemptionOrder)]

    def of(self, order: MintOrder | RedemptionOrder) -> Wallet:
        found = self.world.wallet(order.wallet)
        assert found is not None
        return found

    # ------------------------------------------------------------------------------------------- onboarding

    def onboard(self, hours: int) -> Party:
        number = len(self.world.parties) + 1
        investor = Investor(
            id=UUID(int=number),
            label=f"Customer {number:02}",
            investor_class=InvestorClass.CORPORATE_PROFESSIONAL,
            country="HK",
            verified_until=self.in_hours(hours),
            bank_account=f"BANK-{number:02}",
        )
        self.desk.onboard(investor)
        until = int(investor.verified_until.timestamp())
        party = Party(investor, self.desk.reference(investor), until)
        self.world.parties.append(party)
        return party

    def next_key(self) -> LocalSigner:
        """The key of the next wallet that comes up; a list may name it before."""
        return LocalSigner((1_000 + len(self.world.wallets)).to_bytes(32, "big"))

    def against_wallet(self, party: Party, address: str) -> set[str]:
        """Why a new wallet isn't taken on. A restriction alone doesn't keep anybody from proving one."""
        found = self.world.against(party, self.now) - {"restricted"}
        return found | ({"listed"} if self.names_new(party, address) else set())

    def names_new(self, party: Party, address: str) -> set[str]:
        """The list's entry of a wallet that is to be the party's, unless compliance has let it pass."""
        listed = address in self.world.listed and (party.reference, address) not in self.world.cleared
        return {address} if listed else set()

    def prove_new(self, party: Party) -> Wallet | None:
        """The owner answers the desk's challenge."""
        wallet = Wallet(self.next_key(), party)
        reasons = self.against_wallet(party, wallet.address)

        def prove() -> object:
            challenge = self.desk.challenge_wallet(party.investor, wallet.address)
            return self.desk.prove_wallet(challenge, challenge.signable.sign(wallet.key).data)

        if self.attempt("prove a wallet", reasons, prove) is None:
            if "no current list" not in reasons:
                self.on_record(party, self.world.hits(party) | self.names_new(party, wallet.address))
            return None
        wallet.proven = True
        return self.added(wallet)

    def know_without_proof(self, party: Party) -> Wallet | None:
        """On record from elsewhere, and in the registry by another hand than the desk's."""
        wallet = Wallet(self.next_key(), party)

        def add() -> object:
            return self.ledger.investors.add_wallet(wallet.address, investor=party.reference, kind="unhosted")

        if self.attempt("know a wallet", self.against_wallet(party, wallet.address), add) is None:
            return None
        entry = WalletEntry(wallet.address, self.suite.wallet(wallet.address, verified_until=FOR_EVER))
        self.desk.lanes.execute("registrar", self.suite.registry.set_wallets([entry]))
        wallet.admitted_until = FOR_EVER
        return self.added(wallet)

    def added(self, wallet: Wallet) -> Wallet:
        wallet.party.wallets.append(wallet)
        self.suite.node.set_balance(wallet.address, 10**18)
        return wallet

    def register(self, wallet: Wallet) -> None:
        reasons = self.world.against_registering(wallet, self.now)
        unsure = bool(wallet.party.perhaps_under)
        done = self.attempt(
            "register", reasons, lambda: self.desk.register_wallet(wallet.address), perhaps=unsure
        )
        if done is not None:
            wallet.admitted_until = wallet.party.verified_until

    def renew(self, party: Party, hours: int) -> None:
        until = self.in_hours(hours)
        self.desk.renew(party.investor, until)
        party.verified_until = int(until.timestamp())
        for wallet in party.wallets:
            if wallet.proven and not wallet.is_lost:
                wallet.admitted_until = party.verified_until
        self.tally.successes["renew"] += 1

    def close_to_professionals(self) -> None:
        for changes in ({"product": "tUSD", "classes": ["corporate_professional"]}, {"product": ONBOARDING}):
            proposed = self.office.policies.propose(policy(**changes), by=APPROVER)
            self.office.policies.confirm(proposed.id, by=COMPLIANCE)
        self.world.professionals_only = True

    def classify(self, party: Party, days: int) -> None:
        """Professional until a midnight (UTC), on accounts that are as old as that makes them."""
        until = datetime.combine(self.bench.now().date() + timedelta(days=days), datetime.min.time(), UTC)
        relevant = (until - timedelta(days=365)).date()
        book = self.office.classifications
        record = book.receive(party.reference, [Evidence("audited_accounts", relevant, DIGEST)], by=MAKER)
        application = {
            "category": "corporate",
            "relevant_date": relevant.isoformat(),
            "consent": DIGEST,
            "total_assets": {"value": "40000000.00", "currency": "HKD"},
        }
        book.assess(record.id, Application.from_data(application), by=MAKER)
        book.approve(record.id, by=COMPLIANCE)
        party.class_until = int(until.timestamp())
        for wallet in party.wallets:
            if wallet.admitted_until and not wallet.is_lost:
                wallet.admitted_until = party.verified_until
        self.tally.successes["classify"] += 1

    def time_passes(self, hours: int) -> None:
        self.suite.node.advance_time(hours * 3600)
        self.bench.attest(RESERVE)

    # ------------------------------------------------------------------------------------------------ lists

    def adopt(self, names: set[str], *, freezing: bool = False, looking: bool = True) -> None:
        """The next version. Not `looking`, it is in force and nobody was screened against it yet."""
        world, before = self.world, {party.reference: party.names for party in self.world.parties}
        entries = [{"wallet": NOBODY}]
        entries += [{"wallet" if len(item) == 42 else "investor": item} for item in sorted(names)]
        version, dated = self.name("v"), self.bench.now()
        content = json.dumps(list_data("list", version, dated, entries)).encode()
        taken_at = self.now
        frozen: set[str] = set()
        if looking:
            screener = ListScreener(self.ledger, freeze=self.desk.freeze if freezing else None)
            frozen = set(screener.adopt(content, by=COMPLIANCE).frozen)
        else:
            file = ListFile.read(content)
            self.ledger.lists.adopt(
                "list", version, dated=dated, entries=file.entries, source=file.source, by=COMPLIANCE
            )
        world.listed, world.list_taken_at = set(names), taken_at
        assert before == {party.reference: party.names for party in world.parties}
        on_record = {(party.reference, name) for _, party, name in self.hits_on_record()}
        for party in world.parties:
            hits = world.hits(party)
            perhaps = {item.removeprefix(f"{HIT} ") for item in party.perhaps_under}
            self.freeze_hit(party, hits, frozen, freezing=freezing and looking)
            # What a version before may have brought onto the record, and nothing brings there any more.
            self.on_record(party, {name for name in perhaps if (party.reference, name) in on_record})
            party.perhaps_under.clear()
            if not looking:
                party.perhaps_under |= {f"{HIT} {name}" for name in hits} - party.restricted_under
            else:
                self.on_record(party, hits)
        self.tally.successes["adopt a list"] += 1

    def freeze_hit(self, party: Party, hits: set[str], frozen: set[str], *, freezing: bool) -> None:
        """Whoever is on a list newly is frozen with every wallet."""
        known = {f"{HIT} {name}" for name in hits} - party.restricted_under
        mine = {wallet.address for wallet in party.wallets} & frozen
        if freezing and known - party.perhaps_under:
            assert mine == {wallet.address for wallet in party.wallets}
        elif not (freezing and known):
            assert not mine
        for wallet in party.wallets:
            if wallet.address in mine:
                wallet.frozen_under.add(HIT)

    def on_record(self, party: Party, names: set[str]) -> None:
        hits = {f"{HIT} {name}" for name in names}
        party.restricted_under |= hits
        party.perhaps_under -= hits

    def hits_on_record(self) -> list[tuple[str, Party, str]]:
        by_reference = {party.reference: party for party in self.world.parties}
        return [
            (record.id, by_reference[record.data["investor"]], record.data["value"])
            for record in self.ledger.screening.hits(RecordState.MATCHED)
        ]

    def release_hit(self, hit: str, party: Party, name: str) -> None:
        """Compliance finds that somebody else is meant, and lets go what was frozen for it."""
        cause = f"{HIT} {name}"
        assert cause in party.restricted_under | party.perhaps_under
        self.ledger.screening.release(hit, by=OTHER_COMPLIANCE, rationale="a namesake")
        self.world.cleared.add((party.reference, name))
        party.restricted_under.discard(cause)
        party.perhaps_under.discard(cause)
        if not any(item.startswith(HIT) for item in party.restricted_under | party.perhaps_under):
            for wallet in party.wallets:
                if HIT in wallet.frozen_under:
                    wallet.frozen_under.discard(HIT)
                    if not wallet.frozen_under:
                        self.desk.unfreeze(wallet.address, self.name("HIT"))
        self.tally.successes["release a hit"] += 1

    # ----------------------------------------------------------------------------------------------- orders

    def request(self, wallet: Wallet, cents: int) -> MintOrder | None:
        reasons = self.world.against_minting(wallet, self.now)
        customer = Customer(wallet.party.investor, wallet.key)
        amount = f"{cents // 100}.{cents % 100:02}"
        order = self.attempt(
            "request",
            reasons,
            lambda: self.bench.requested(customer, amount),
            perhaps=bool(wallet.party.perhaps_under),
        )
        if order is not None:
            expiry = int(order.expires_at.timestamp())
            self.world.mints[order.number] = Mint(wallet, cents * 10_000, expiry)
        return order

    def fund_and_approve(self, order: MintOrder) -> None:
        reasons = self.world.against_minting(self.of(order), self.now)
        late = self.now >= self.world.mints[order.number].expires_at

        def approve() -> object:
            found = self.bench.fund(order) if order.state is State.REQUESTED else order
            return self.desk.approve(found, self.bench.approver())

        # The desk may leave it to the worker to see who isn't eligible any more.
        self.attempt("approve", set(), approve, perhaps=bool(reasons) or late)

    def run(self) -> None:
        waiting = self.open_mints(State.APPROVED)
        self.desk.run()
        self.judge()
        for order in waiting:
            wallet, found = self.of(order), self.desk.order(order)
            reasons = self.world.against_minting(wallet, self.now)
            if self.now >= self.world.mints[order.number].expires_at:
                reasons.add("expired")
            if found.state is State.SETTLED:
                continue
            assert not self.world.mints[order.number].executed
            assert reasons or wallet.party.perhaps_under, f"{order.id} is {found.state} for no reason"
            self.tally.refusals.update(("run", reason) for reason in reasons)

    def let_go(self, order: MintOrder | RedemptionOrder) -> None:
        """Compliance lets an order go on that was on hold; the worker asks every rule again."""

        def release() -> object:
            return self.desk.release(order, by=COMPLIANCE, reason="looked at")

        self.attempt("let go", set(), release, perhaps=True)

    def redeem(self, wallet: Wallet, cents: int) -> RedemptionOrder | None:
        """Asked for, found valid, and into escrow on the holder's signature."""
        world, party = self.world, wallet.party
        customer = Customer(party.investor, wallet.key)
        unsure = bool(party.perhaps_under)
        reasons = world.against(party, self.now) | ({LOST} if wallet.is_lost else set())
        key, amount = self.name("R"), f"{cents // 100}.{cents % 100:02}"

        def ask() -> RedemptionOrder:
            return self.desk.request_redemption(
                customer.investor,
                amount,
                wallet=wallet.address,
                bank_account=party.investor.bank_account,
                idempotency_key=key,
                maker=MAKER,
            )

        order = self.attempt("ask to redeem", reasons, ask, perhaps=unsure)
        if order is None:
            return None
        reasons = world.against_registering(wallet, self.now)
        order = self.attempt(
            "validate", reasons, lambda: self.desk.validate_redemption(order, by=APPROVER), perhaps=unsure
        )
        if order is None:
            return None
        authorization = self.desk.redemption_authorization(order)
        signature = authorization.signable.sign(wallet.key).data
        return self.attempt(
            "escrow",
            world.against_redeeming(wallet, self.now),
            lambda: self.desk.escrow(authorization, signature),
            perhaps=unsure,
        )

    def accept(self, order: RedemptionOrder) -> None:
        reasons = self.world.against_redeeming(self.of(order), self.now)
        self.attempt(
            "accept",
            set(),
            lambda: self.desk.approve_redemption(order, self.bench.approver()),
            perhaps=bool(reasons) or order.state is State.APPROVED,
        )

    def reject(self, order: RedemptionOrder) -> None:
        """What is in escrow goes back with the next run."""
        wallet = self.of(order)
        reasons = self.world.against(wallet.party, self.now) | ({LOST} if wallet.is_lost else set())
        self.attempt(
            "reject",
            reasons,
            lambda: self.desk.reject(order, by=APPROVER, reason="NO"),
            perhaps=bool(wallet.party.perhaps_under),
        )

    def pay(self) -> None:
        for order in self.open_redemptions(State.BURNED):
            self.desk.record_payout(order, payment_reference=self.name("CHATS"), by=TREASURER)
            self.tally.successes["pay"] += 1

    def transfer(self, sender: Wallet, recipient: Wallet, amount: int) -> None:
        """By the holder's own key, past the desk."""
        reasons = {"frozen"} if sender.frozen_under or recipient.frozen_under else set()
        self.own = (sender.address, recipient.address, amount)
        call = self.suite.token.transfer(recipient.address, amount)
        self.attempt("transfer", reasons, lambda: self.suite.send(sender.key, call))

    # ------------------------------------------------------------------------------------- freezes, recovery

    def freeze(self, wallet: Wallet, *, alone: bool) -> None:
        """The guardian freezes the party, or a wallet alone, of which the ledger then takes no notice."""
        case = Case(self.name("FRZ"), wallet.party, wallet if alone else None)
        whom = {"wallets": [wallet.address]} if alone else {"investor": wallet.party.reference}
        self.office.freezes.freeze(case.name, by=GUARDIAN, authority=LISTED, review_on=REVIEW, **whom)
        self.cases.append(case)
        if not alone:
            case.party.restricted_under.add(case.name)
        self.cover(case)
        self.tally.successes["freeze"] += 1

    def cover(self, *cases: Case) -> None:
        """Compliance has been over these cases' wallets, those that came up since included."""
        for case in cases:
            for wallet in case.wallets:
                wallet.frozen_under.add(case.name)

    def go_on(self, case: Case) -> None:
        freezes = self.office.freezes
        if case.stage == "frozen":
            freezes.second(case.name, by=OTHER_GUARDIAN)
            case.stage = "seconded"
        elif case.stage == "seconded":
            freezes.confirm(case.name, by=COMPLIANCE, reason="a match")
            case.stage = "confirmed"
            self.cover(case)
        else:
            # What screening froze is no case's, and goes with the release of any: the hits come first.
            for hit, party, name in self.hits_on_record():
                if party is case.party:
                    self.release_hit(hit, party, name)
            freezes.propose_release(case.name, by=COMPLIANCE, authority=RISK)
            freezes.approve(case.name, by=APPROVER)
            self.cases.remove(case)
            case.party.restricted_under.discard(case.name)
            for wallet in case.wallets:
                wallet.frozen_under.discard(case.name)
            self.cover(*(other for other in self.cases if other.party is case.party))
            self.tally.successes["unfreeze"] += 1

    def seize(self, case: Case) -> None:
        """On an order; the party stays frozen."""
        self.world.takings[case.name] = Taking(case.party, case.wallets, CUSTODY, decided=True)
        freezes = self.office.freezes
        freezes.propose_disposal(case.name, Means.SEIZE, by=COMPLIANCE, order=ORDER, to=CUSTODY)
        freezes.approve(case.name, by=APPROVER)
        freezes.approve(case.name, by=OTHER_APPROVER)
        case.stage = "seized"
        self.tally.successes["seize"] += 1

    def resume(self) -> None:
        """Compliance's worker looks at every case."""
        self.office.freezes.resume()
        self.cover(*self.cases)
        self.office.recoveries.resume()
        for recovery in self.recoveries:
            self.after_approval(recovery)

    def report(self, wallet: Wallet) -> None:
        name = self.name("REC")
        self.office.recoveries.report(name, wallet=wallet.address, by=MAKER, evidence=digest("report"))
        wallet.frozen_under.add(LOST)
        self.recoveries.append(Recovery(name, wallet))
        self.tally.successes["report"] += 1

    def carry_on(self, recovery: Recovery) -> None:
        """The next thing that a recovery waits for."""
        book = self.office.recoveries
        if recovery.stage == "reported":
            channels = {"call-back": digest("call"), "meeting": digest("meeting")}
            book.reverify(recovery.name, by=COMPLIANCE, channels=channels)
            recovery.stage, recovery.cooled_at = "reverified", self.now + 48 * 3600
        elif recovery.stage == "reverified":
            self.prove_recovery(recovery)
        elif recovery.stage == "proven":
            for person in (COMPLIANCE, REGISTRAR, APPROVER):
                book.approve(recovery.name, by=person)
            recovery.stage = "endorsed"
        elif recovery.stage == "endorsed":
            recovery.stage = "approved"
            self.world.takings[recovery.name].decided = True
            book.approve(recovery.name, by=OTHER_APPROVER)
            self.after_approval(recovery)
        elif recovery.stage == "posted":
            book.close(recovery.name, by=COMPLIANCE, reason="done")
            recovery.stage = "closed"
            self.tally.successes["recover"] += 1

    def prove_recovery(self, recovery: Recovery) -> None:
        party = recovery.old.party
        new = recovery.new or self.prove_new(party)
        recovery.new = new
        if new is None:
            return
        reasons = self.world.against_registering(new, self.now)
        if self.now < recovery.cooled_at:
            reasons.add("cooling off")
        if any(wallet in case.wallets for case in self.cases for wallet in (recovery.old, new)):
            reasons.add("another case")
        book = self.office.recoveries
        done = self.attempt(
            "prove the new wallet",
            reasons,
            lambda: book.prove(recovery.name, wallet=new.address, by=COMPLIANCE),
            perhaps=bool(party.perhaps_under),
        )
        if done is not None:
            recovery.stage = "proven"
            self.world.takings[recovery.name] = Taking(party, [recovery.old], new.address)

    def after_approval(self, recovery: Recovery) -> None:
        """What an approved recovery has done to the registry, and that it had a right to."""
        if recovery.stage != "approved" or recovery.new is None:
            return
        new, old = recovery.new, recovery.old
        if not new.admitted_until and self.suite.registry.is_verified(new.address):
            assert not self.world.against_registering(new, self.now)
            new.admitted_until = new.party.verified_until
        if self.office.recoveries.get(recovery.name).state is RecordState.REGISTER_POSTED:
            old.admitted_until = 0
            recovery.stage = "posted"

    # ---------------------------------------------------------------------------------------------- judging

    def judge(self) -> None:
        """Every movement since the last look, by the facts as they are."""
        last = self.suite.client.block("latest").number
        for movement in movements(self.suite, self.seen + 1, last) if last > self.seen else ():
            self.judge_one(movement)
            self.tally.moved[movement.kind] += 1
        self.seen = last
        self.own = None

    def judge_one(self, found: Movement) -> None:
        world = self.world
        reasons: set[str] = set()
        match found.kind:
            case Kind.MINT:
                order = world.mints[found.number]
                assert (order.wallet.address, order.amount) == (found.recipient, found.amount)
                assert not order.executed
                reasons = world.against_minting(order.wallet, found.at)
                order.executed = True
                world.supply += found.amount
            case Kind.ESCROW:
                wallet = self.held_by(found.sender)
                reasons = world.against_redeeming(wallet, found.at)
                world.redemptions[found.number] = Redemption(wallet, found.amount)
            case Kind.BURN | Kind.RETURN:
                request = self.ended(found)
                reasons = world.against_redeeming(request.wallet, found.at)
                world.supply -= found.amount if found.kind is Kind.BURN else 0
            case Kind.SEIZURE:
                self.judge_taking(found, self.ended(found).wallet)
            case Kind.FORCED:
                self.judge_taking(found, self.held_by(found.sender))
            case Kind.PLAIN:
                assert self.own == (found.sender, found.recipient, found.amount)
                frozen = self.held_by(found.sender).frozen_under | self.held_by(found.recipient).frozen_under
                reasons = {"frozen"} if frozen else set()
        assert not reasons, f"{found} happened in spite of: {', '.join(sorted(reasons))}"

    def held_by(self, address: str) -> Wallet:
        found = self.world.wallet(address)
        assert found is not None, f"{address} is nobody's"
        return found

    def ended(self, found: Movement) -> Redemption:
        request = self.world.redemptions[found.number]
        assert request.open
        assert request.amount == found.amount
        request.open = False
        return request

    def judge_taking(self, found: Movement, holder: Wallet) -> None:
        """By force only what is decided, only of whom it was decided, and a recovery only to whom may have
        the tokens.
        """
        taking = self.world.takings[found.case]
        assert taking.decided
        assert holder in taking.wallets
        assert found.recipient == taking.to
        assert holder.frozen_under
        receiver = self.world.wallet(taking.to)
        if receiver is not None:
            assert receiver.party is holder.party
            assert not self.world.against_registering(receiver, found.at)
            assert not receiver.frozen_under
