"""Onboarding, lists and orders at a real desk, each with why it must be refused said before."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

from support.case_desks import (
    APPROVER,
    OTHER_COMPLIANCE,
)
from support.desks import COMPLIANCE, MAKER, TREASURER, Customer
from support.holder_judge import HIT, NOBODY, RESERVE, HolderJudge
from support.holders import LOST, Mint, Party, Wallet
from support.parties import DIGEST, policy
from support.suite import FOR_EVER

from toolkit.bindings.structs import InvestorClass, WalletEntry
from toolkit.chain.signers import LocalSigner
from toolkit.compliance.lists import ListFile, list_data
from toolkit.compliance.portfolio import Application, Evidence
from toolkit.compliance.screening import ListScreener
from toolkit.desk import Investor
from toolkit.ledger import MintOrder, RedemptionOrder, State
from toolkit.ledger.policies import ONBOARDING
from toolkit.ledger.record_words import RecordState


class HolderOrders(HolderJudge):
    """What the desk does."""

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
        self.written(party, party.wallets)
        for wallet in party.wallets:
            row = self.suite.registry.wallet_of(wallet.address)
            assert row.verified_until == wallet.admitted_until, f"{row} of {wallet}"
        self.tally.successes["renew"] += 1

    def written(self, party: Party, wallets: list[Wallet]) -> None:
        """The registry is brought to what the ledger says: nothing is registered, and nothing extended that
        is unproved or lost.
        """
        for wallet in wallets:
            if wallet.proven and wallet.admitted_until and not wallet.is_lost:
                wallet.admitted_until = party.verified_until
            wallet.admitted_until = min(wallet.admitted_until, party.verified_until)

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
        self.written(party, [wallet for wallet in party.wallets if wallet.proven])
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
