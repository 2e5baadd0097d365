"""The desk of the demo fund's class A on a node, with its people and investors."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from support.desks import CHECKER, MAKER, TREASURER, Bench, Customer
from support.suite import Suite

from toolkit.amounts import Amount
from toolkit.bindings.structs import InvestorClass
from toolkit.chain.anvil import Anvil
from toolkit.chain.calls import Call
from toolkit.chain.hexes import to_quantity
from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.deployment import FundTerms
from toolkit.desk import Desk, FundDesk
from toolkit.fund import Fund
from toolkit.funds import NavStatement
from toolkit.issuance import Issuance
from toolkit.ledger.records import FundOrder

FUND_TERMS = Path(__file__).resolve().parents[3] / "deployments" / "terms" / "demo-fund.toml"
AGENT, OTHER_AGENT, DEALER = "nav-1", "nav-2", "dealer-1"
ATTESTORS = (7, 8)
ADMIN_DELAY = 2 * 86_400


def deploy_fund(node: Anvil, issuance: Issuance) -> Fund:
    """The demo fund in the demo coin's suite, its rights in force."""
    terms = FundTerms.load(FUND_TERMS)
    Fund.deploy(terms, issuance)
    node.advance_time(ADMIN_DELAY + 1)
    return Fund.deploy(terms, issuance)


class FundBench(Bench):
    """A bench with the fund's desk, whose clock is the chain's unless `options` give another."""

    def __init__(self, suite: Suite, fund: Fund, path: Path, **options: Any) -> None:
        super().__init__(suite, path, **options)
        self.deployed = Fund(suite.issuance, fund.record, terms=fund.terms)
        self.funds = FundDesk(self.desk, self.deployed, "A")
        self.vault = self.deployed.classes["A"].vaults["tUSD"]
        self.share = self.deployed.classes["A"].share
        self.keys = 0

    def staff(self) -> FundBench:
        super().staff()
        add = self.desk.add_person
        add(AGENT, label="a NAV agent", roles=["nav_agent"])
        add(OTHER_AGENT, label="a NAV agent who checks", roles=["nav_agent", "checker"])
        add(DEALER, label="a dealing manager", roles=["dealing_manager"])
        return self

    def reopen(self) -> Desk:
        desk = super().reopen()
        self.funds = FundDesk(desk, self.deployed, "A")
        return desk

    # --- time --------------------------------------------------------------------------------------------

    def go_to(self, instant: datetime) -> None:
        """The next block's time is `instant`."""
        self.suite.node.advance_time(int((instant - self.now()).total_seconds()))

    def cut_off(self, number: int) -> datetime:
        return datetime.fromtimestamp(self.vault.dealing_day(number).cut_off, UTC)

    def date_of(self, number: int) -> date:
        return date.fromisoformat(self.funds.day(number).data["date"])

    # --- investors ---------------------------------------------------------------------------------------

    def act(self, who: LocalSigner, call: Call) -> None:
        """What an investor's own wallet sends."""
        self.suite.node.request("anvil_setBalance", who.address, to_quantity(10**18))
        self.suite.issuance.sender(who).execute(call, timeout=120)

    def investor(
        self, number: int = 1, coins: str = "1000000.00", *, operated: bool = True, days: int = 365
    ) -> Customer:
        """An investor with coins, an allowance for the vault and, if `operated`, the desk as operator."""
        customer = self.customer(number, days=days)
        assert customer.investor.investor_class is InvestorClass.CORPORATE_PROFESSIONAL
        self.minted(customer, coins)
        self.act(customer.key, self.suite.token.approve(self.vault.address, 2**128 - 1))
        if operated:
            self.act(customer.key, self.vault.set_operator(self.funds.operator, True))
        return customer

    # --- orders ------------------------------------------------------------------------------------------

    def key(self) -> str:
        self.keys += 1
        return f"order-{self.keys}"

    def subscribed(self, customer: Customer, amount: str = "200000.00", **more: Any) -> FundOrder:
        """Taken, not checked."""
        return self.funds.subscribe(
            customer.investor,
            amount,
            wallet=customer.wallet,
            idempotency_key=self.key(),
            maker=MAKER,
            **more,
        )

    def redeemed(self, customer: Customer, shares: str, **more: Any) -> FundOrder:
        return self.funds.redeem(
            customer.investor,
            shares,
            wallet=customer.wallet,
            idempotency_key=self.key(),
            maker=MAKER,
            **more,
        )

    def sent(self, *orders: FundOrder) -> tuple[FundOrder, ...]:
        """Checked and on chain."""
        for order in orders:
            self.funds.validate(order, by=CHECKER)
        self.funds.run()
        return tuple(self.order(order) for order in orders)

    def order(self, order: FundOrder) -> FundOrder:
        found = self.desk.order(order)
        assert isinstance(found, FundOrder)
        return found

    # --- days --------------------------------------------------------------------------------------------

    def announced(self, count: int = 3) -> None:
        self.funds.announce_days(count, by=DEALER)

    def closed(self, number: int) -> None:
        self.go_to(self.cut_off(number) + timedelta(minutes=1))
        self.funds.close_day(number, by=DEALER)

    def statement(self, number: int, value: str = "10.00", **changes: Any) -> NavStatement:
        day = self.date_of(number)
        point = self.cut_off(number) + timedelta(seconds=30)
        return NavStatement.from_data(
            {
                "schema_version": 1,
                "fund": "DMMF",
                "share_class": "A",
                "currency": "USD",
                "decimals": 8,
                "value": value,
                "dealing_day": day.isoformat(),
                "valuation_point": point.isoformat(),
                "price_sources": [
                    {"source": "custodian", "reference": f"PX-{number}", "as_of": point.isoformat()}
                ],
                "version": 1,
                "prepared_by": AGENT,
                **changes,
            }
        )

    def struck(self, number: int, value: str = "10.00") -> None:
        """Received, struck and published."""
        self.funds.receive_nav(self.statement(number, value))
        day = self.date_of(number)
        self.funds.strike_nav(day, by=CHECKER)
        self.funds.publish_nav(day, self.funds.nav_bundle(day, self.attestors()))

    def attestors(self) -> list[LocalSigner]:
        return [dev_signer(index) for index in ATTESTORS]

    def settled(self, number: int, value: str = "10.00") -> None:
        """Closed, valued, funded by the treasurer and settled."""
        self.closed(number)
        self.struck(number, value)
        self.treasury(self.funds.fund_redemptions)
        self.funds.settle_day(number, by=DEALER)

    def treasury(self, bring: Any) -> Amount:
        """Gives the treasurer the coins it needs out of custody's, then lets it bring them."""
        treasurer = self.desk._context.signer("treasurer").address
        custody = self.vault.custody()
        held = self.suite.token.balance_of(custody)
        if held:
            key = next(dev_signer(index) for index in range(20) if dev_signer(index).address == custody)
            self.act(key, self.suite.token.transfer(treasurer, held))
        found = bring(by=TREASURER)
        assert isinstance(found, Amount)
        return found
