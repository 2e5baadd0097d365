"""The second part of the demo: a fund in the coin, two dealing days, a distribution, and its books."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.demo import fund_cast as cast
from toolkit.cli.demo.fund_cast import AGENT, DEALER, INVESTORS, LAPSED, LATE, Subscriber
from toolkit.cli.demo.fund_office import FundOffice
from toolkit.cli.demo.stage import approve, confirm_money, go_to, publish_report

if TYPE_CHECKING:
    from toolkit.amounts import Amount
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.cli.output import Output
    from toolkit.desk import Desk
    from toolkit.fund import Fund
    from toolkit.ledger.records import FundOrder, MintOrder
    from toolkit.reserves.report import ReserveReport

__all__ = ["FundAct"]

# Hong Kong is eight hours ahead. The eve of Lunar New Year is a half day; the next dealing day is the 20th.
_SCHEDULED = datetime(2026, 2, 11, 2, 0, tzinfo=UTC)
_IN_FORCE = datetime(2026, 2, 13, 8, 0, tzinfo=UTC)
_REPORTED, _EVE = datetime(2026, 2, 16, 0, 0, tzinfo=UTC), datetime(2026, 2, 16, 1, 0, tzinfo=UTC)
_AFTER = datetime(2026, 2, 20, 2, 0, tzinfo=UTC)
_PAY = datetime(2026, 2, 25, 2, 0, tzinfo=UTC)

_SPARE = "100000.00"
_FURTHER = "50000.00"
_PER_SHARE = "0.05"


class FundAct:
    """The fund's acts, on the node and at the desk of the coin's."""

    def __init__(
        self, tell: Narrator, output: Output, inputs: Path, folder: Path, node: Anvil, desk: Desk
    ) -> None:
        self._tell = tell
        self._output = output
        self._inputs = inputs
        self._folder = folder
        self._node = node
        self._desk = desk

    def run(self, report: ReserveReport) -> ReserveReport:
        """Play it. `report` is the reserve's last; returns the one that was published after it. Raises
        DemoFailed when something that has to be refused is not, or figures differ.
        """
        fund = self._deploy()
        self._office = FundOffice(self._tell, self._output, self._node, self._desk, fund)
        report = self._bigger(report)
        self._invest(report)
        self._first_day()
        self._second_day()
        self._quarantine()
        self._distribute()
        self._office.close_books()
        return report

    # ----------------------------------------------------------------------------------------- before dealing

    def _deploy(self) -> Fund:
        from toolkit.deployment import plan, read_roles
        from toolkit.fund import Fund

        self._tell.act("A fund in the coin's suite, from deployments/terms/demo-fund.toml, two years later")
        go_to(self._node, _SCHEDULED)
        path, record = self._inputs / "terms" / "demo-fund.toml", self._folder / "fund.json"
        fund = Fund.deploy(path, self._desk.issuance, record_path=record)
        for name in ("FundShare A", "NavFeed A", "FundVault A tUSD", "Distribution tUSD"):
            self._tell.say(f"{name:<18}{fund.record.address(name)}", contract=name)
        self._tell.require(fund.terms is not None, "the fund has no terms")
        waiting = len(plan(fund.terms, fund.client)) if fund.terms is not None else 0
        self._tell.say(f"{waiting} settings and rights are scheduled and wait for the governor's two days")
        go_to(self._node, _IN_FORCE)
        fund = Fund.deploy(path, self._desk.issuance, record_path=record)
        read_roles(fund.record, fund.client).check()
        self._tell.say("two days later they are in force; no account holds two roles that have to be apart")
        return fund

    def _invest(self, report: ReserveReport) -> None:
        self._tell.act("Thirty-two investors, thirty with coins and two with money")
        office, desk = self._office, self._desk
        cast.hire(desk)
        days = office.fund_desk.announce_days(3, by=DEALER)
        self._tell.say(f"dealing days {', '.join(str(item.data['date']) for item in days)} are announced")
        go_to(self._node, _EVE)
        publish_report(self._tell, desk.issuance, report, self._folder)
        for item in INVESTORS:
            desk.onboard(item.investor)
            challenge = desk.challenge_wallet(item.investor, item.wallet)
            desk.prove_wallet(challenge, challenge.signable.sign(item.signer).data)
        desk.register_wallet(*(item.wallet for item in INVESTORS))
        self._mint()

    def _bigger(self, report: ReserveReport) -> ReserveReport:
        """The reserve on the eve of Lunar New Year, with the money of the fund's investors."""
        issuance = self._desk.issuance
        repo, cash = report.to_data()["positions"]
        repo |= {"nominal": "279971000.00", "market_value": "285570420.00", "confirmation": "DEMO-CONF-0005"}
        cash |= {"nominal": "561408.00", "market_value": "561408.00", "confirmation": "DEMO-CONF-0006"}
        return report.revised(
            as_of=_REPORTED.isoformat(),
            source="the demo's own figures for 16 February 2026; nobody published these",
            tokens_outstanding=str(issuance.reserve.status().outstanding),
            positions=[repo, cash],
            totals={"nominal": "280532408.00", "market_value": "286131828.00"},
        ).allocate(issuance.chain_id, issuance.stablecoin_address)

    def _mint(self) -> None:
        """Thirty buy coins first; two pay money for shares, and the coin is minted on the way."""
        desk, office = self._desk, self._office
        orders: list[MintOrder] = []
        for item in INVESTORS:
            if item in cast.BY_MONEY:
                order, mint = office.fund_desk.subscribe_with_money(
                    item.investor,
                    item.subscription,
                    wallet=item.wallet,
                    idempotency_key=f"{item.label}-money",
                    maker="maker-1",
                )
                office.fund_desk.validate(order, by="checker-1")
                office.minted(item, item.subscription)
            else:
                amount = desk.issuance.amount(_SPARE).value + item.subscription
                mint = desk.request_mint(
                    item.investor,
                    amount,
                    wallet=item.wallet,
                    idempotency_key=f"{item.label}-coins",
                    maker="maker-1",
                )
                office.minted(item, amount)
            confirm_money(desk, mint, item.bank_account)
            orders.append(mint)
        approve(desk, orders)
        settled = set(desk.run().reached("settled"))
        self._tell.require({order.id for order in orders} <= settled, "the investors' coins were not minted")
        office.allow()
        coins = desk.issuance.from_base_units(sum(office.books.coins.values()))
        self._tell.say(f"{coins.display()} are minted to {len(INVESTORS)} wallets in one batch")

    # ------------------------------------------------------------------------------------------ the first day

    def _first_day(self) -> None:
        from toolkit.errors import CutOffPassed
        from toolkit.funds.errors import NotForwardPriced

        self._tell.act("16 February 2026, a half day: subscriptions, and one that is late")
        office, on_time = self._office, [item for item in INVESTORS if item is not LATE]
        orders = [self._subscribed(item, item.subscription) for item in on_time if item not in cast.BY_MONEY]
        office.enter(orders)
        entered = len(office.entered(1))
        self._tell.require(entered == len(on_time), f"{entered} of {len(on_time)} orders are on chain")
        self._tell.say(
            f"{len(orders)} wallets ask the vault themselves; for the {len(cast.BY_MONEY)} who paid money "
            "the desk does"
        )

        go_to(self._node, office.cut_off(1) + timedelta(seconds=30))
        with self._tell.refusal("thirty seconds after the cut-off, an order for that day", CutOffPassed):
            self._subscribed(LATE, LATE.subscription, day=office.date(1))
        late = self._subscribed(LATE, LATE.subscription)
        office.enter([late])
        self._tell.require(office.order(late).dealing_day == 2, "the late order is on the wrong day")
        self._tell.say(f"{LATE.label}'s order is taken for {late.dealing_date}, the next dealing day")

        office.fund_desk.close_day(1, by=DEALER)
        point = office.cut_off(1) - timedelta(minutes=1)
        with self._tell.refusal("a value from before the cut-off", NotForwardPriced):
            office.fund_desk.receive_nav(office.statement(1, "10.0048", point))
        go_to(self._node, office.cut_off(1) + timedelta(minutes=40))
        office.fund_desk.receive_nav(office.statement(1, "10.0048"))
        office.strike(1)
        office.settle(1, {item.wallet: self._coins(item.subscription) for item in on_time}, {})
        office.fund_desk.run()
        office.sweep(1)
        self._show_note(orders[0])

    def _subscribed(self, item: Subscriber, amount: object, day: date | None = None) -> FundOrder:
        """Taken by the maker and checked; nothing is on chain yet."""
        day_key = "first" if amount == item.subscription else "further"
        order = self._office.fund_desk.subscribe(
            item.investor,
            str(amount),
            wallet=item.wallet,
            idempotency_key=f"{item.label}-{day_key}",
            maker="maker-1",
            day=day,
        )
        return self._office.fund_desk.validate(order, by="checker-1")

    def _show_note(self, order: FundOrder) -> None:
        (note,) = self._office.fund_desk.contract_notes(order=order)
        data = note.data
        self._tell.say(
            f"contract note of {INVESTORS[0].label}: {data['gross']} less {data['fee']} at {data['price']} "
            f"is {data['units']} {data['share']}, due by {data['note_due']}",
            note=data,
        )

    # ----------------------------------------------------------------------------------------- the second day

    def _second_day(self) -> None:
        from toolkit.errors import NotEligible
        from toolkit.funds.errors import NavOutlier

        self._tell.act("20 February 2026: a gate, a lapsed investor, and a NAV that is wrong")
        office = self._office
        go_to(self._node, _AFTER)
        with self._tell.refusal(f"{LAPSED.label}, whose classification has lapsed, subscribes", NotEligible):
            self._subscribed(LAPSED, _FURTHER)
        further = [self._subscribed(item, _FURTHER) for item in INVESTORS[:3]]
        redeemed = {item.wallet: office.books.shares[item.wallet] // 2 for item in cast.REDEEMING}
        redemptions = [self._redeemed(item, redeemed[item.wallet]) for item in cast.REDEEMING]
        office.enter([*further, *redemptions])
        self._tell.say(
            f"{len(redemptions)} investors redeem half of what they hold, {LAPSED.label} among them; "
            f"{len(further)} subscribe more"
        )
        go_to(self._node, office.cut_off(2) + timedelta(minutes=40))
        office.fund_desk.close_day(2, by=DEALER)

        wrong = office.statement(2, "10.1006")
        received = office.fund_desk.receive_nav(wrong)
        self._tell.say(f"NAV 10.1006 is received: {received.events[-1].reason}")
        with self._tell.refusal("to strike it", NavOutlier):
            office.fund_desk.strike_nav(office.date(2), by="checker-1")
        right = wrong.restated({"value": "10.0061"}, reason="two digits were transposed", prepared_by=AGENT)
        office.fund_desk.receive_nav(right)
        self._tell.say("version 2 says 10.0061, names the hash of version 1, and why")
        office.strike(2)

        subscribed = {LATE.wallet: LATE.subscription, **{item.wallet: _FURTHER for item in INVESTORS[:3]}}
        office.bring_cash(2)
        office.settle(2, {wallet: self._coins(text) for wallet, text in subscribed.items()}, redeemed)
        office.fund_desk.run()
        report = office.fund_desk.dealing_report(2, prepared_by=DEALER, reviewed_by="checker-1")
        self._tell.say(f"dealing report {report.to_data()['hash']}", report=report.to_data())

    def _redeemed(self, item: Subscriber, shares: int) -> FundOrder:
        amount: Amount = self._office.item.from_base_units(shares)
        order = self._office.fund_desk.redeem(
            item.investor,
            amount,
            wallet=item.wallet,
            idempotency_key=f"{item.label}-redeems",
            maker="maker-1",
        )
        return self._office.fund_desk.validate(order, by="checker-1")

    def _coins(self, text: object) -> int:
        return self._desk.issuance.amount(str(text)).base_units

    # -------------------------------------------------------------------------------------- after the dealing

    def _quarantine(self) -> None:
        self._tell.act("The lapsed investor's proceeds: quarantined, released by two persons")
        office = self._office
        kept = office.fund_desk.quarantined(LAPSED.wallet)
        self._tell.require(kept.assets > 0, "the lapsed investor's proceeds are not in quarantine")
        amount = self._desk.issuance.from_base_units(kept.assets)
        self._tell.say(f"{amount.display()} of {LAPSED.label} could not be paid and are kept apart")
        office.fund_desk.propose_release(LAPSED.wallet, case_id="CASE-2026-0042", by="compliance-1")
        self._tell.say("compliance proposes the release under CASE-2026-0042")
        # Coins go to verified wallets only, so the classification is renewed first.
        self._desk.renew(LAPSED.investor, INVESTORS[0].verified_until)
        office.fund_desk.confirm_release("CASE-2026-0042", by="treasurer-1")
        self._tell.require(
            office.fund_desk.quarantined(LAPSED.wallet).assets == 0, "the release left something behind"
        )
        self._tell.say("the treasury confirms it; the money is the investor's")

    def _distribute(self) -> None:
        self._tell.act(f"A distribution of {_PER_SHARE} tUSD a share")
        office = self._office
        distribution = office.distribution(2, _PER_SHARE)
        dates = distribution.dates
        self._tell.say(
            f"{len(distribution.cash)} holders of {dates.record}: {distribution.total.display()}, of which "
            f"{distribution.withheld.display()} are withheld; ex {dates.ex}, paid {dates.pay}",
            distribution=distribution.to_data(),
        )
        record = office.fund_desk.declare_distribution(distribution, by="maker-1")
        office.to_treasury(distribution.payable.base_units)
        report = record.data["report"]
        office.fund_desk.fund_distribution(report, by="treasurer-1")
        go_to(self._node, _PAY)
        left = office.fund_desk.push_distribution(report)
        self._tell.require((left.unclaimed, left.set_aside) == (0, 0), f"not everybody was paid: {left}")
        office.books.distribute(distribution)
        self._tell.say(f"{distribution.payable.display()} are paid out of the distribution's own money")
