"""Suites in memory, which obey the contracts' rules about freezes and forget nothing, and people to act."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from support.ledgers import (
    ALICE,
    BOB,
    CHECKER,
    COMPLIANCE,
    MAKER,
    NOON,
    WORKER,
    Fixture,
    address,
    reference,
)

from toolkit.calendar import BusinessCalendar
from toolkit.compliance.authority import Authority, AuthorityKind
from toolkit.compliance.context import ComplianceContext
from toolkit.compliance.office import Compliance
from toolkit.errors import NodeUnreachable
from toolkit.ledger import Ledger, Role
from toolkit.ledger.case_acts import WHOLE_ACCOUNT, Act, ActKind
from toolkit.ledger.records import LedgerRecord, OwnershipProof

GUARDIAN, OTHER_GUARDIAN, OTHER_COMPLIANCE, REGISTRAR = "guardian", "guardian-2", "compliance-2", "registrar"
COIN, SHARE, MARKET, REGISTRY = address(501), address(502), address(503), address(504)
CUSTODY = address(505)
REVIEW = date(2027, 2, 1)


def digest(text: str) -> str:
    """The digest of a document on file."""
    return "0x" + hashlib.sha256(text.encode()).hexdigest()


LISTED = Authority(AuthorityKind.SANCTIONS, "OFAC SDN, version of 2026-11-20", digest("list"))
ORDER = Authority(AuthorityKind.COURT_ORDER, "HCMP 1234/2026", digest("order"))
RISK = Authority(AuthorityKind.RISK, "risk file 7", digest("risk"))


class Killed(BaseException):
    """The process ends here."""


@dataclass(frozen=True)
class Token:
    symbol: str
    address: str
    decimals: int
    is_coin: bool


@dataclass(frozen=True)
class Holding:
    balance: int
    frozen: int


@dataclass(frozen=True)
class Escrow:
    number: int
    holder: str
    amount: int
    accepted: bool = False


@dataclass(frozen=True)
class Position:
    vault: str
    what: str
    amount: int


@dataclass
class MemorySuite:
    """One chain with a coin and a share class. `kill` ends the process around the acts counted from now:
    (number of the act from 0, whether it is done by then).
    """

    chain_id: int
    balances: dict[tuple[str, str], int] = field(default_factory=dict)
    frozen: dict[tuple[str, str], int] = field(default_factory=dict)
    open_escrows: dict[int, Escrow] = field(default_factory=dict)
    open_positions: dict[str, list[Position]] = field(default_factory=dict)
    registered: set[str] = field(default_factory=set)
    more_wallets: dict[str, list[str]] = field(default_factory=dict)
    done: list[Act] = field(default_factory=list)
    reachable: bool = True
    kill: tuple[int, bool] | None = None
    market: str = MARKET
    registry: str = REGISTRY
    ledger: Ledger | None = None

    @property
    def addresses(self) -> Sequence[str]:
        return (COIN, SHARE)

    def tokens(self) -> Sequence[Token]:
        return (Token("tUSD", COIN, 6, True), Token("DMMF-A", SHARE, 4, False))

    def wallets_of(self, investor: str) -> Sequence[str]:
        return self.more_wallets.get(investor, [])

    def holding(self, token: str, account: str) -> Holding:
        self._reach()
        return Holding(self.balances.get((token, account), 0), self.frozen.get((token, account), 0))

    def escrows(self, account: str) -> Sequence[Escrow]:
        self._reach()
        return [item for item in self.open_escrows.values() if item.holder == account]

    def positions(self, account: str) -> Sequence[Position]:
        self._reach()
        return self.open_positions.get(account, [])

    def finish(self, case_id: str) -> None:
        self._reach()

    def require_clients_settled(self, old: str, new: str) -> None:
        if self.ledger is not None:
            self.ledger.omnibus_moves.require_settled(old, new, tokens=self.addresses)

    def move_clients(self, case_id: str, old: str, new: str) -> None:
        self._reach()
        if self.ledger is not None:
            self.ledger.omnibus_moves.move(old, new, tokens=self.addresses, case=case_id, actor=WORKER)

    def perform(self, acts: Sequence[Act]) -> Sequence[Act]:
        self._reach()
        return [self._perform(act) for act in acts]

    def free(self, token: str, account: str) -> int:
        """What the holder could move."""
        held = self.holding(token, account)
        return 0 if held.frozen == WHOLE_ACCOUNT else max(0, held.balance - held.frozen)

    def supply(self, token: str) -> int:
        """Of all accounts, the market's included."""
        escrowed = sum(item.amount for item in self.open_escrows.values()) if token == COIN else 0
        return escrowed + sum(amount for (of, _), amount in self.balances.items() if of == token)

    def _perform(self, act: Act) -> Act:
        before = next((item for item in self.done if _same(item, act)), None)
        if before is not None:
            return before
        self._die(done=False)
        try:
            self._act(act)
        except AssertionError as error:
            return replace(act, error=f"reverted: {error}")
        finished = replace(act, done=True, transaction=digest(f"{self.chain_id} {len(self.done)}"))
        self.done.append(finished)
        self._die(done=True)
        if self.kill is not None:
            self.kill = (self.kill[0] - 1, self.kill[1])
        return finished

    def _act(self, act: Act) -> None:
        key = (act.contract, act.account)
        match act.kind:
            case ActKind.FREEZE:
                assert act.amount >= self.frozen.get(key, 0), "FreezeMayOnlyRaise"
                self.frozen[key] = act.amount
            case ActKind.UNFREEZE:
                assert act.amount <= self.frozen.get(key, 0), "UnfreezeMayOnlyLower"
                self.frozen[key] = act.amount
            case ActKind.FORCED_TRANSFER | ActKind.BURN:
                self._take(key, act.amount)
                if act.kind is ActKind.FORCED_TRANSFER:
                    self._give(act.contract, act.to, act.amount)
            case ActKind.SEIZE_ESCROW:
                escrow = self.open_escrows.pop(act.number)
                assert self.frozen.get((COIN, escrow.holder)) == WHOLE_ACCOUNT, "RedemptionHolderNotFrozen"
                self._give(COIN, act.to, escrow.amount)
            case ActKind.REGISTER_WALLET:
                self.registered.add(act.account)
            case ActKind.REMOVE_WALLET:
                self.registered.discard(act.account)

    def _take(self, key: tuple[str, str], amount: int) -> None:
        held, frozen = self.balances.get(key, 0), self.frozen.get(key, 0)
        assert amount <= held, "ERC20InsufficientBalance"
        self.balances[key] = held - amount
        free = max(0, held - frozen)
        if frozen != WHOLE_ACCOUNT and amount > free:
            self.frozen[key] = frozen - (amount - free)

    def _give(self, token: str, to: str, amount: int) -> None:
        assert self.frozen.get((token, to)) != WHOLE_ACCOUNT, "ERC7943CannotReceive"
        self.balances[token, to] = self.balances.get((token, to), 0) + amount

    def _reach(self) -> None:
        if not self.reachable:
            raise NodeUnreachable(f"no connection to chain {self.chain_id}")

    def _die(self, *, done: bool) -> None:
        if self.kill == (0, done):
            self.kill = None
            raise Killed


def _same(one: Act, other: Act) -> bool:
    """Whether the chain would know the one as the other: what moves tokens, by its case."""
    absolute = (ActKind.FREEZE, ActKind.UNFREEZE)
    if one.kind in absolute or other.kind in absolute:
        return False
    names = ("kind", "chain_id", "contract", "account", "case_id", "number")
    return all(getattr(one, name) == getattr(other, name) for name in names)


class CaseFixture(Fixture):
    """A filled ledger with two chains, and compliance over both."""

    def __init__(self, url: str, *, customers: int = 2) -> None:
        super().__init__(url, customers=customers)
        self.home, self.away = MemorySuite(31337, ledger=self.ledger), MemorySuite(5)
        with self.ledger.transaction() as tx:
            for person, role in (
                (GUARDIAN, Role.GUARDIAN),
                (OTHER_GUARDIAN, Role.GUARDIAN),
                (OTHER_COMPLIANCE, Role.COMPLIANCE),
                (REGISTRAR, Role.REGISTRAR),
            ):
                tx.persons.add(person, label=person, roles={role})
        for number in range(1, customers + 1):
            for suite in (self.home, self.away):
                suite.balances[COIN, address(number)] = 1_000_000
                suite.balances[SHARE, address(number)] = 500_000
                suite.registered.add(address(number))

    @property
    def suites(self) -> tuple[MemorySuite, MemorySuite]:
        return self.home, self.away

    @property
    def office(self) -> Compliance:
        """Compliance as a process that starts now would have it."""
        calendar = BusinessCalendar.load("hong-kong")
        return Compliance(ComplianceContext(self.ledger, self.clock, calendar, self.suites, b"c" * 32))

    def freeze(self, case_id: str, *, customer: int = 1, **more: Any) -> LedgerRecord:
        options = {"by": GUARDIAN, "authority": LISTED, "review_on": REVIEW, **more}
        return self.office.freezes.freeze(case_id, investor=reference(customer), **options)

    def confirmed(self, case_id: str) -> LedgerRecord:
        self.office.freezes.second(case_id, by=OTHER_GUARDIAN)
        return self.office.freezes.confirm(case_id, by=COMPLIANCE, reason="a match")

    def frozen(self, case_id: str, **more: Any) -> LedgerRecord:
        self.freeze(case_id, **more)
        return self.confirmed(case_id)

    def part(
        self, case_id: str, amount: str, *, wallet: str = address(1), chain: int = 31337
    ) -> LedgerRecord:
        self.office.freezes.freeze_part(
            case_id,
            by=GUARDIAN,
            authority=ORDER,
            review_on=REVIEW,
            wallet=wallet,
            client=reference(77),
            token="tUSD",
            amount=amount,
            chain_id=chain,
        )
        return self.confirmed(case_id)

    def released(self, case_id: str) -> LedgerRecord:
        self.office.freezes.propose_release(case_id, by=COMPLIANCE, authority=RISK)
        return self.office.freezes.approve(case_id, by=CHECKER)

    def disposed(self, case_id: str, kind: Any, to: str | None = CUSTODY) -> LedgerRecord:
        self.office.freezes.propose_disposal(case_id, kind, by=COMPLIANCE, order=ORDER, to=to)
        self.office.freezes.approve(case_id, by=ALICE)
        return self.office.freezes.approve(case_id, by=BOB)

    def new_wallet(self, number: int, *, customer: int = 1, kind: str = "self_custody") -> str:
        """Another wallet of the customer, proven now."""
        self.clock.advance(timedelta(minutes=1))
        proof = OwnershipProof("eip712", "challenge", b"\x01" * 65, self.clock.now())
        self.ledger.investors.add_wallet(
            address(number), investor=reference(customer), kind=kind, proof=proof
        )
        return address(number)

    def reported(self, case_id: str, *, customer: int = 1, wallet: str | None = None) -> LedgerRecord:
        """Reported lost, identified again, and cooled off."""
        recoveries = self.office.recoveries
        lost = wallet or address(customer)
        recoveries.report(case_id, wallet=lost, by=MAKER, evidence=digest("report"))
        channels = {"call-back": digest("call"), "meeting": digest("meeting")}
        record = recoveries.reverify(case_id, by=CHECKER, channels=channels)
        self.clock.advance(timedelta(hours=48))
        return record

    def approved(
        self, case_id: str, people: Sequence[str] = (COMPLIANCE, REGISTRAR, ALICE, BOB)
    ) -> LedgerRecord:
        for person in people:
            record = self.office.recoveries.approve(case_id, by=person)
        return record


START = NOON
