"""A ledger with a desk's people, customers and money in it, for tests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from unittest.mock import patch

import sqlalchemy as sa

from toolkit.amounts import Amount
from toolkit.chain.addresses import address_from_bytes
from toolkit.chain.hexes import to_hex
from toolkit.ledger import MACHINES, Ledger, MintOrder, RedemptionOrder, Role, State, Transaction, prepared
from toolkit.ledger.records import OwnershipProof

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

MAKER, CHECKER, COMPLIANCE, TREASURER, WORKER = "maker", "checker", "compliance", "treasurer", "worker"
ALICE, BOB = "approver-alice", "approver-bob"

PEOPLE = {
    MAKER: {Role.MAKER},
    CHECKER: {Role.CHECKER},
    COMPLIANCE: {Role.COMPLIANCE},
    TREASURER: {Role.TREASURER},
    WORKER: {Role.OPERATOR},
    ALICE: {Role.APPROVER},
    BOB: {Role.APPROVER},
}


@contextmanager
def statements(ledger: Ledger) -> Iterator[list[str]]:
    """The texts of the statements that are run within the block, prepared ones and SQLAlchemy's."""
    found: list[str] = []
    run, engine = prepared._run, ledger._store.engine

    def note(_connection: Any, _cursor: Any, text: str, *_: Any) -> None:
        found.append(text)

    def noted(connection: Any, compiled: Any, *rest: Any) -> Any:
        found.append(compiled.text)
        return run(connection, compiled, *rest)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        with patch.object(prepared, "_run", noted):
            yield found
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


class StoppedClock:
    """Stands still until told otherwise."""

    def __init__(self, start: datetime = NOON) -> None:
        self.instant = start

    def now(self) -> datetime:
        return self.instant

    def advance(self, step: timedelta) -> None:
        self.instant += step


def address(number: int) -> str:
    return address_from_bytes(number.to_bytes(20, "big"))


def hash32(number: int) -> str:
    return to_hex(number.to_bytes(32, "big"))


def reference(number: int) -> str:
    return to_hex(number.to_bytes(16, "big"))


def proof() -> OwnershipProof:
    return OwnershipProof("eip191", "I hold this wallet, 2026-11-22", b"\x01" * 65, NOON)


def tokens(text: str) -> Amount:
    return Amount.parse(text, unit="DUSD", decimals=6)


def dollars(text: str) -> Amount:
    return Amount.money(text, "USD")


class Fixture:
    """A filled ledger. Customer n has the reference, wallet and bank account number n."""

    def __init__(self, url: str, *, customers: int = 1) -> None:
        self.url = url
        self.clock = StoppedClock()
        self.ledger = Ledger.open(self.url, clock=self.clock)
        self.lines = self.escrows = 0
        with self.ledger.transaction() as tx:
            for number, (person, roles) in enumerate(PEOPLE.items(), start=1):
                tx.persons.add(person, label=person.title(), roles=roles, signers=[address(1000 + number)])
            for number in range(1, customers + 1):
                self.customer(tx, number)

    def customer(self, tx: Transaction, number: int) -> None:
        tx.investors.add(
            reference(number),
            label=f"Customer {number}",
            investor_class="professional",
            jurisdiction="HK",
            regime="stablecoin",
            verified_until=NOON + timedelta(days=365),
        )
        tx.investors.add_wallet(
            address(number), investor=reference(number), kind="self_custody", proof=proof()
        )
        tx.investors.add_bank_account(
            f"account-{number}", investor=reference(number), currency="USD", verified_at=NOON
        )

    def signer(self, person: str) -> str:
        return self.ledger.persons.get(person).signing_keys[0].address

    def mint(self, key: str = "key-1", *, amount: str = "100.00", customer: int = 1) -> MintOrder:
        return self.ledger.orders.request_mint(
            investor=reference(customer),
            wallet=address(customer),
            amount=tokens(amount),
            currency="USD",
            maker=MAKER,
            idempotency_key=key,
            lifetime=timedelta(days=1),
        )

    def redemption(
        self, key: str = "redeem-1", *, amount: str = "100.00", customer: int = 1
    ) -> RedemptionOrder:
        return self.ledger.orders.request_redemption(
            investor=reference(customer),
            wallet=address(customer),
            amount=tokens(amount),
            currency="USD",
            bank_account=f"account-{customer}",
            maker=MAKER,
            idempotency_key=key,
        )

    def receive(self, amount: str, *, payer_matches: bool = True) -> str:
        self.lines += 1
        line = f"bank-line-{self.lines}"
        self.ledger.funds.receive(
            line, amount=dollars(amount), payer_matches=payer_matches, value_date=date(2026, 11, 23)
        )
        return line

    def fund(self, order: MintOrder) -> MintOrder:
        line = self.receive(str(order.amount.at_par(unit="USD", decimals=2)))
        return self.ledger.funds.match(order.id, line, actor=TREASURER)

    def take(self, order_id: str, to: State, *, reason: str = "as the test says") -> None:
        """One step by whoever may take it, with the facts it needs."""
        order = self.ledger.orders.get(order_id)
        step = MACHINES[order.kind].step(order.state, to, held_from=order.held_from, order=order_id)
        if step.recorded_by == "funds.match":
            assert isinstance(order, MintOrder)
            self.fund(order)
        elif step.recorded_by == "orders.validate":
            due = self.clock.now() + timedelta(days=1)
            self.ledger.orders.validate(order_id, due_at=due, actor=CHECKER, role=Role.CHECKER)
        elif step.recorded_by == "orders.escrow":
            assert isinstance(order, RedemptionOrder)
            self.escrows += 1
            number = order.number or self.escrows
            self.ledger.orders.escrow(order_id, number=number, actor=WORKER, evidence=hash32(number))
        elif step.recorded_by == "payouts.record":
            self.ledger.payouts.record(
                order_id,
                reference=f"payment-{order_id}",
                amount=order.amount.at_par(unit="USD", decimals=2),
                paid_at=self.clock.now(),
                actor=TREASURER,
            )
        else:
            role = min(step.roles)
            actor = next(person for person, roles in PEOPLE.items() if role in roles)
            self.ledger.orders.step(order_id, to, actor=actor, role=role, reason=reason)

    def drive(self, order_id: str, *path: State) -> None:
        for state in path:
            self.take(order_id, state)
