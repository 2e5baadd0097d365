"""What people do at the desk and at compliance, beside the facts that make it right or wrong.

Each verb acts on a real desk, compliance and chain, and says before why it must be refused. Then every
movement of tokens since the last look is judged by the facts of that instant.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from support.case_desks import (
    APPROVER,
    GUARDIAN,
    LISTED,
    ORDER,
    OTHER_APPROVER,
    OTHER_GUARDIAN,
    REGISTRAR,
    REVIEW,
    RISK,
    digest,
)
from support.desks import COMPLIANCE, MAKER
from support.holder_judge import CUSTODY, HIT, Tally
from support.holder_orders import HolderOrders
from support.holders import LOST, Party, Taking, Wallet, World
from support.suite import Suite

from toolkit.compliance.authority import Taking as Means
from toolkit.ledger.record_words import RecordState


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


class HolderRules(HolderOrders):
    """What compliance does: freezes and recoveries."""

    def __init__(self, suite: Suite, path: Path, tally: Tally, world: World) -> None:
        super().__init__(suite, path, tally, world)
        self.cases: list[Case] = []
        self.recoveries: list[Recovery] = []

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
            self.release(case)

    def release(self, case: Case) -> None:
        """Nothing of a party that a list names is set free. What screening froze has no reason of its own any
        more once no hit stands, and goes with the case.
        """
        party, freezes = case.party, self.office.freezes
        named = self.world.hits(party) or any(cause.startswith(HIT) for cause in party.restricted_under)

        def release() -> object:
            freezes.propose_release(case.name, by=COMPLIANCE, authority=RISK)
            return freezes.approve(case.name, by=APPROVER)

        if self.attempt("unfreeze", {"listed"} if named else set(), release) is None:
            return
        self.cases.remove(case)
        party.restricted_under.discard(case.name)
        for wallet in case.wallets:
            wallet.frozen_under -= {case.name, HIT}
        self.cover(*(other for other in self.cases if other.party is party))

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
