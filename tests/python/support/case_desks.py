"""The fund's bench with compliance over it, and suites that fail as nodes do."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from support.desks import COMPLIANCE, Customer
from support.fund_desks import FundBench

from toolkit.calendar import BusinessCalendar
from toolkit.chain.signers import LocalSigner
from toolkit.compliance.authority import Authority, AuthorityKind
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.office import Compliance
from toolkit.compliance.ports import Suite
from toolkit.errors import NodeUnreachable
from toolkit.ledger.case_acts import Act
from toolkit.ledger.records import LedgerRecord

GUARDIAN, OTHER_GUARDIAN = "guardian-1", "guardian-2"
OTHER_COMPLIANCE, REGISTRAR = "compliance-2", "registrar-1"
APPROVER, OTHER_APPROVER = "checker-1", "checker-2"
SECRET = b"c" * 32


def digest(text: str) -> str:
    """The digest of a document on file."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


LISTED = Authority(AuthorityKind.SANCTIONS, "OFAC SDN, version of 2026-11-20", digest("list"))
ORDER = Authority(AuthorityKind.COURT_ORDER, "HCMP 1234/2026", digest("order"))
RISK = Authority(AuthorityKind.RISK, "risk file 7", digest("risk"))
REVIEW = date(2027, 2, 1)


class Killed(BaseException):
    """The process ends here."""


@dataclass
class Fallible:
    """A suite that can be made unreachable, or to kill the process before or after its next acts."""

    suite: Any
    reachable: bool = True
    kill_before: int = -1
    kill_after: int = -1
    performed: list[Act] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.suite, name)

    def finish(self, case_id: str) -> None:
        self._reach()
        self.suite.finish(case_id)

    def holding(self, token: str, account: str) -> Any:
        self._reach()
        return self.suite.holding(token, account)

    def perform(self, acts: Sequence[Act]) -> Sequence[Act]:
        self._reach()
        if acts:
            self.kill_before -= 1
            if self.kill_before == -1:
                raise Killed
        done = self.suite.perform(acts)
        self.performed += [act for act in done if act.done]
        if acts:
            self.kill_after -= 1
            if self.kill_after == -1:
                raise Killed
        return done

    def _reach(self) -> None:
        if not self.reachable:
            raise NodeUnreachable("no connection to the node")


@dataclass
class CaseBench:
    """`bench` with compliance's people and parts; `suites` in the order in which cases go through them."""

    bench: FundBench
    suites: tuple[Suite, ...] = ()

    def __post_init__(self) -> None:
        self.suites = self.suites or (self.bench.desk.actions.with_funds(self.bench.deployed),)
        self.numbers = itertools.count(1)

    def staff(self) -> CaseBench:
        add = self.bench.desk.add_person
        add(GUARDIAN, label="a guardian", roles=["guardian"])
        add(OTHER_GUARDIAN, label="another guardian", roles=["guardian"])
        add(OTHER_COMPLIANCE, label="another compliance officer", roles=["compliance"])
        add(REGISTRAR, label="a registrar", roles=["registrar"])
        return self

    @property
    def office(self) -> Compliance:
        """Compliance as a process that starts now would have it."""
        desk = self.bench.desk
        context = ComplianceContext(
            desk.ledger, desk.ledger.clock, BusinessCalendar.load("hong-kong"), self.suites, SECRET
        )
        return Compliance(context)

    def frozen(self, case_id: str, customer: Customer, **more: Any) -> LedgerRecord:
        """Frozen by the guardian, seconded and confirmed."""
        reference = self.bench.desk.reference(customer.investor)
        options = {"authority": LISTED, "review_on": REVIEW, **more}
        self.office.freezes.freeze(case_id, by=GUARDIAN, investor=reference, **options)
        return self.confirmed(case_id)

    def part(self, case_id: str, wallet: str, amount: str, token: str = "tUSD") -> LedgerRecord:
        """One client's part, frozen, seconded and confirmed."""
        self.office.freezes.freeze_part(
            case_id,
            by=GUARDIAN,
            authority=ORDER,
            review_on=REVIEW,
            wallet=wallet,
            client="0x" + "ab" * 16,
            token=token,
            amount=amount,
        )
        return self.confirmed(case_id)

    def confirmed(self, case_id: str) -> LedgerRecord:
        self.office.freezes.second(case_id, by=OTHER_GUARDIAN)
        return self.office.freezes.confirm(case_id, by=COMPLIANCE, reason="a match")

    def released(self, case_id: str) -> LedgerRecord:
        self.office.freezes.propose_release(case_id, by=COMPLIANCE, authority=RISK)
        return self.office.freezes.approve(case_id, by=APPROVER)

    def another_wallet(self, customer: Customer, number: int) -> Customer:
        """Another wallet of the same investor, proven and not registered."""
        other = Customer(customer.investor, LocalSigner(bytes(30) + bytes([7, number])))
        desk = self.bench.desk
        challenge = desk.challenge_wallet(customer.investor, other.wallet)
        desk.prove_wallet(challenge, challenge.signable.sign(other.key).data)
        return other

    def reported(self, case_id: str, customer: Customer) -> LedgerRecord:
        """Reported lost, identified again, and cooled off."""
        recoveries = self.office.recoveries
        recoveries.report(case_id, wallet=customer.wallet, by="maker-1", evidence=digest("report"))
        channels = {"call-back": digest("call"), "meeting": digest("meeting")}
        record = recoveries.reverify(case_id, by=COMPLIANCE, channels=channels)
        self.bench.go_to(self.bench.now() + timedelta(hours=49))
        return record

    def approved(self, case_id: str, *, last: bool = True) -> LedgerRecord:
        """All four approvals; without the `last` one, three."""
        people = [COMPLIANCE, REGISTRAR, APPROVER, OTHER_APPROVER]
        for person in people if last else people[:-1]:
            record = self.office.recoveries.approve(case_id, by=person)
        return record

    def go_to_next_fund_day(self) -> None:
        self.bench.go_to(self.bench.now() + timedelta(days=1))
