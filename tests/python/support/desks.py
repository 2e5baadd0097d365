"""A desk with its people and customers, on the deployed suite."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from support.databases import sqlite_ledger
from support.suite import Suite

from toolkit.bindings.structs import InvestorClass
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.desk import Desk, Investor
from toolkit.ledger import MintOrder, Order, RedemptionOrder

MAKER, TREASURER, COMPLIANCE = "maker-1", "treasurer-1", "compliance-1"
CHECKER, OTHER_CHECKER = "checker-1", "checker-2"
APPROVER_KEYS = {CHECKER: 2, OTHER_CHECKER: 3}  # the terms' APPROVERs, by development account


@dataclass(frozen=True)
class Customer:
    """An onboarded investor with the key of their wallet."""

    investor: Investor
    key: LocalSigner

    @property
    def wallet(self) -> str:
        return self.key.address


class Bench:
    """`desk` on `suite`, with a ledger at that path, or of that URL."""

    def __init__(self, suite: Suite, ledger: Path | str, **options: Any) -> None:
        self.suite = suite
        self.url = sqlite_ledger(ledger) if isinstance(ledger, Path) else ledger
        self.desk = Desk(suite.issuance, self.url, **options)
        self.lines = 0

    def staff(self) -> Bench:
        """Registers everybody who acts."""
        add = self.desk.add_person
        add(MAKER, label="a maker", roles=["maker"])
        add(TREASURER, label="a treasurer", roles=["treasurer"])
        add(COMPLIANCE, label="a compliance officer", roles=["compliance"])
        for person, index in APPROVER_KEYS.items():
            add(
                person,
                label="a checker",
                roles=["checker", "approver"],
                addresses=[dev_signer(index).address],
            )
        return self

    def reopen(self) -> Desk:
        """Another desk on the same ledger, as after a restart."""
        self.desk.close()
        self.desk = Desk(self.suite.issuance, self.url)
        return self.desk

    def approver(self, person: str = CHECKER) -> LocalSigner:
        return dev_signer(APPROVER_KEYS[person])

    def customer(self, number: int = 1, *, days: int = 365, registered: bool = True) -> Customer:
        """Customer `number`, onboarded, with a proven wallet."""
        investor = Investor(
            id=uuid.UUID(int=number),
            label=f"Customer {number:02}",
            investor_class=InvestorClass.CORPORATE_PROFESSIONAL,
            country="HK",
            verified_until=self.now() + timedelta(days=days),
            bank_account=f"BANK-{number:02}",
        )
        customer = Customer(investor, LocalSigner(bytes(31) + bytes([number])))
        self.desk.onboard(investor)
        challenge = self.desk.challenge_wallet(investor, customer.wallet)
        self.desk.prove_wallet(challenge, challenge.signable.sign(customer.key).data)
        if registered:
            self.desk.register_wallet(customer.wallet)
        return customer

    def now(self) -> datetime:
        """The chain's time."""
        return datetime.fromtimestamp(self.suite.client.block("pending").timestamp, UTC)

    def attest(self, value: int) -> None:
        """A later attestation of `value` base units."""
        self.suite.node.advance_time(60)
        self.suite.attest(value)

    def requested(
        self, customer: Customer, amount: str = "1000.00", key: str | None = None, **more: Any
    ) -> MintOrder:
        return self.desk.request_mint(
            customer.investor,
            amount,
            wallet=customer.wallet,
            idempotency_key=key or f"order-{uuid.uuid4()}",
            maker=MAKER,
            **more,
        )

    def fund(self, order: MintOrder) -> MintOrder:
        self.lines += 1
        owner = self.desk.ledger.investors.get(order.investor)
        return self.desk.confirm_funds(
            order,
            receipt=f"FPS-{self.lines}",
            amount=order.amount.at_par(unit="USD", decimals=2),
            payer=owner.label,
            by=TREASURER,
        )

    def funded(self, customer: Customer, amount: str = "1000.00", **more: Any) -> MintOrder:
        return self.fund(self.requested(customer, amount, **more))

    def approved(self, customer: Customer, amount: str = "1000.00", **more: Any) -> MintOrder:
        order = self.funded(customer, amount, **more)
        self.desk.approve(order, self.approver())
        return order

    def minted(self, customer: Customer, amount: str = "1000.00") -> Order:
        order = self.approved(customer, amount)
        self.desk.run()
        return self.desk.order(order)

    def valid(self, customer: Customer, amount: str = "100.00") -> RedemptionOrder:
        order = self.desk.request_redemption(
            customer.investor,
            amount,
            wallet=customer.wallet,
            bank_account=customer.investor.bank_account,
            idempotency_key=f"redemption-{uuid.uuid4()}",
            maker=MAKER,
        )
        return self.desk.validate_redemption(order, by=CHECKER)

    def escrowed(self, customer: Customer, amount: str = "100.00") -> RedemptionOrder:
        authorization = self.desk.redemption_authorization(self.valid(customer, amount))
        return self.desk.escrow(authorization, authorization.signable.sign(customer.key).data)

    def burned(self, customer: Customer, amount: str = "100.00") -> RedemptionOrder:
        order = self.escrowed(customer, amount)
        self.desk.approve_redemption(order, self.approver())
        self.desk.run()
        found = self.desk.order(order)
        assert isinstance(found, RedemptionOrder)
        return found
