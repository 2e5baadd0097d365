"""The acts."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.demo.cast import APPROVERS, CUSTOMERS, OPERATOR, Customer, hire
from toolkit.cli.demo.closing_act import ClosingAct
from toolkit.cli.demo.fund_act import FundAct
from toolkit.cli.demo.narrator import Narrator
from toolkit.cli.demo.omnibus_act import OmnibusAct
from toolkit.cli.demo.recovery_act import RecoveryAct
from toolkit.cli.demo.screening_act import ScreeningAct
from toolkit.cli.demo.stage import approve, confirm_money, go_to, publish_report
from toolkit.cli.demo.statement_act import StatementAct

if TYPE_CHECKING:
    from toolkit.bindings import structs
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.output import Output
    from toolkit.desk import Desk
    from toolkit.issuance import Issuance
    from toolkit.ledger.records import MintOrder, Order
    from toolkit.reserves.report import ReserveReport

__all__ = ["Play"]

# An hour after the real report's instant, so that its attestation is fresh.
_CURTAIN = datetime(2023, 12, 29, 23, 0, tzinfo=UTC)
_LATER = datetime(2024, 1, 2, 22, 0, tzinfo=UTC)
_WEEK = timedelta(days=7)


class Play:
    """One performance: a node, a deployment and a desk of its own, in `folder`."""

    def __init__(self, output: Output, inputs: Path, folder: Path) -> None:
        self._tell = Narrator(output)
        self._output = output
        self._inputs = inputs
        self._folder = folder

    def run(self) -> None:
        """Play it. Raises DemoFailed when something that has to be refused is not, or figures differ."""
        from toolkit.chain.anvil import Anvil
        from toolkit.desk import Desk

        started = time.monotonic()
        with Anvil(accounts=20, timestamp=int(_CURTAIN.timestamp())) as node:
            issuance = self._deploy(node)
            with Desk(issuance, f"sqlite:///{self._folder / 'desk.db'}") as desk:
                self._onboard(desk)
                waiting = self._before_any_attestation(desk)
                report = self._attest(issuance)
                self._mint(desk)
                self._beyond_the_reserve(desk, waiting)
                self._freeze(desk)
                self._redeem(desk)
                report = self._later_report(node, desk, report, waiting)
                self._stale(node, desk)
                self._close(desk, report)
                fund = FundAct(self._tell, self._output, self._inputs, self._folder, node, desk)
                report = fund.run(report)
                OmnibusAct(self._tell, self._output, self._folder, node, desk).run()
                RecoveryAct(self._tell, self._folder, node, desk).run()
                ScreeningAct(self._tell, self._folder, node, desk).run(report)
                closing = ClosingAct(self._tell, self._output, self._inputs, self._folder, node, desk)
                reconciliation, report = closing.run(report)
                StatementAct(self._tell, self._folder, desk, reconciliation, report).run()
        seconds = time.monotonic() - started
        self._output.result(
            {"acts": self._tell.facts, "agree": True},
            lambda: self._output.line(f"\n   done in {seconds:.1f} s"),
        )

    # ------------------------------------------------------------------------------------------- the stage

    def _deploy(self, node: Anvil) -> Issuance:
        from toolkit.deployment import plan, read_roles
        from toolkit.issuance import Issuance

        self._tell.act("Deployment to a local chain, from deployments/terms/demo-coin.toml")
        issuance = Issuance.deploy(
            self._inputs / "terms" / "demo-coin.toml", node, record_path=self._folder / "record.json"
        )
        for name, contract in issuance.record.contracts.items():
            self._tell.say(f"{name:<17}{contract.address}", contract=name, address=contract.address)
        read_roles(issuance.record, issuance.client).check()
        self._tell.say("no account holds two roles that have to be apart")
        self._tell.require(issuance.terms is not None, "the deployment has no terms")
        if issuance.terms is not None:
            left = plan(issuance.terms, issuance.client)
            self._tell.require(not left, f"the plan is not empty after the deployment: {left}")
        self._tell.say("planned again: nothing to do")
        return issuance

    def _onboard(self, desk: Desk) -> None:
        self._tell.act("People at the desk, customers and their wallets")
        hire(desk)
        for customer in CUSTOMERS.values():
            desk.onboard(customer.investor)
            challenge = desk.challenge_wallet(customer.investor, customer.signer.address)
            desk.prove_wallet(challenge, challenge.signable.sign(customer.signer).data)
        desk.register_wallet(*(customer.signer.address for customer in CUSTOMERS.values()))
        for customer in CUSTOMERS.values():
            reference = desk.reference(customer.investor)
            self._tell.say(f"{customer.label:<9}{customer.signer.address}  verified, reference {reference}")

    def _before_any_attestation(self, desk: Desk) -> MintOrder:
        from toolkit.errors import ReserveStale

        self._tell.act("An order before any attestation")
        customer = CUSTOMERS["peak"]
        order = desk.request_mint(
            customer.investor,
            "50000.00",
            wallet=customer.signer.address,
            idempotency_key="SUB-2023-365",
            maker="maker-1",
            expiry=_WEEK,
        )
        confirm_money(desk, order, customer.bank_account)
        with self._tell.refusal("a mint without an attested reserve", ReserveStale):
            approve(desk, [order])
        return order

    # ----------------------------------------------------------------------------------------- the reserve

    def _attest(self, issuance: Issuance) -> ReserveReport:
        from toolkit.errors import InvalidInput
        from toolkit.reserves.report import ReserveReport

        self._tell.act("A real reserve report, attested by two parties")
        unitemised = ReserveReport.load(self._inputs / "reports" / "fdusd-2024-01-31.json")
        counted = unitemised.evaluate("hong-kong").counted_total
        self._tell.say(f"{unitemised.source}:")
        self._tell.say(f"   names no positions, so under the Hong Kong profile it counts {counted.display()}")

        published = ReserveReport.load(self._inputs / "reports" / "pyusd-2023-12-29.json")
        self._tell.say(f"{published.source}:")
        before = published.evaluate("hong-kong").counted_total
        self._tell.say(f"   no custodian has confirmed its lines yet: it counts {before.display()}")
        report = published.with_confirmations(
            {"repo-1": "DEMO-CONF-0001", "cash-1": "DEMO-CONF-0002"}, custodian="Demo Custodian"
        ).revised(
            token=issuance.symbol,
            notes="PYUSD's figures, confirmed by the demo's custodian, for the demo's coin",
        )
        self._tell.say("   the demo's custodian confirms both lines, for the demo's coin:")
        for line in report.evaluate("hong-kong").lines:
            self._tell.say(f"   {line.line_id:<8}{line.counted.display():>22}  {line.reason}")
        with self._tell.refusal("more than the report counts", InvalidInput):
            report.allocate(issuance.chain_id, issuance.stablecoin_address, "270731892.00")
        report = report.allocate(issuance.chain_id, issuance.stablecoin_address)
        publish_report(self._tell, issuance, report, self._folder)
        return report

    # ------------------------------------------------------------------------------------------- minting

    def _mint(self, desk: Desk) -> None:
        self._tell.act("Twenty-two mint orders: maker, money, two checkers, one batch, settlement")
        path = self._inputs / "demo" / "mint-orders.csv"
        taken = desk.import_orders(path, maker="maker-1")
        again = desk.import_orders(path, maker="maker-1")
        same = [order.id for order in taken.orders] == [order.id for order in again.orders]
        self._tell.require(same and not taken.errors, "importing the file twice gave other orders")
        self._tell.say(f"{len(taken.orders)} orders from {path.name}; importing it again added none")
        labels = {desk.reference(item.investor): item for item in CUSTOMERS.values()}
        for order in taken.orders:
            confirm_money(desk, order, labels[order.investor].bank_account)
        approve(desk, taken.orders)
        report = desk.run()
        settled = set(report.reached("settled"))
        self._tell.require(
            settled == {order.id for order in taken.orders}, f"not every order settled: {report.to_json()}"
        )
        rows = [
            [order.number, labels[order.investor].label, order.amount.display(), desk.order(order).state]
            for order in taken.orders
        ]
        self._output.table(["number>", "customer", "amount>", "state"], rows, indent="   ")
        self._tell.backing(desk.issuance.reserve.status(), "the mints")

    def _beyond_the_reserve(self, desk: Desk, waiting: MintOrder) -> None:
        from toolkit.bindings.errors import BackingExceeded, OrderAlreadyExecuted
        from toolkit.bindings.structs import MintOrder as OnChain

        self._tell.act("Beyond the reserve, and the same number twice")
        with self._tell.refusal("the desk asks the chain first, which says no", BackingExceeded):
            approve(desk, [waiting])
        customer = CUSTOMERS["peak"]
        expiry = int(waiting.expires_at.timestamp())
        with self._tell.refusal(
            "sent past the desk, with both approvals, by the chain itself", BackingExceeded
        ):
            self._send_directly(
                desk, OnChain(waiting.number, customer.signer.address, waiting.base_units, expiry)
            )
        with self._tell.refusal("order number 2 once more", OrderAlreadyExecuted):
            self._send_directly(desk, OnChain(2, customer.signer.address, 1, expiry))

    def _send_directly(self, desk: Desk, order: structs.MintOrder) -> None:
        """What a desk that ignored its own rules would do."""
        from toolkit.bindings.structs import MintBatch
        from toolkit.chain.signers import dev_signer

        market = desk.issuance.market
        data = market.mint_data([order])
        approvals = tuple(data.sign(signer) for signer in map(dev_signer, APPROVERS))
        call = market.mint([MintBatch((order,), approvals)])
        desk.issuance.sender(dev_signer(OPERATOR)).execute(call)

    # --------------------------------------------------------------------------------------------- freeze

    def _freeze(self, desk: Desk) -> None:
        from toolkit.bindings.errors import ERC7943CannotSend

        self._tell.act("A frozen account")
        issuance, customer = desk.issuance, CUSTOMERS["kowloon"]
        holder, other = customer.signer, CUSTOMERS["central"].signer.address
        desk.freeze(holder.address)
        self._tell.say(f"the guardian freezes {customer.label}, {holder.address}, at once")
        before = issuance.token.total_supply()
        with self._tell.refusal("a transfer of one cent by the frozen holder", ERC7943CannotSend):
            issuance.sender(holder).execute(issuance.token.transfer(other, 10_000))
        self._tell.require(before == issuance.token.total_supply(), "freezing changed the total supply")
        desk.unfreeze(holder.address, "CASE-2023-0017")
        issuance.sender(holder).execute(issuance.token.transfer(other, 10_000))
        issuance.sender(CUSTOMERS["central"].signer).execute(issuance.token.transfer(holder.address, 10_000))
        self._tell.say("compliance unfreezes it under CASE-2023-0017; the cent moves, and back again")

    # ------------------------------------------------------------------------------------------ redemption

    def _redeem(self, desk: Desk) -> None:
        from toolkit.ledger.errors import PayoutAlreadyRecorded

        self._tell.act("Redemption at par: escrow, burn, payout, discharge")
        order = self._escrow(desk, CUSTOMERS["harbour"], "5000000.00", "RED-2023-001")
        self._tell.backing(desk.issuance.reserve.status(), "escrow")
        self._accept(desk, order)
        self._tell.backing(desk.issuance.reserve.status(), "burn")
        desk.record_payout(order, payment_reference="CHATS-7700001", by="treasurer-1")
        self._tell.say("the bank confirms payment CHATS-7700001")
        with self._tell.refusal("the same payout once more", PayoutAlreadyRecorded):
            desk.record_payout(order, payment_reference="CHATS-7700002", by="treasurer-1")
        desk.run()
        self._tell.require(desk.order(order).state == "settled", "the redemption did not settle")
        self._tell.backing(desk.issuance.reserve.status(), "payout and discharge")

    def _escrow(self, desk: Desk, customer: Customer, amount: str, key: str) -> Order:
        order = desk.request_redemption(
            customer.investor,
            amount,
            wallet=customer.signer.address,
            bank_account=customer.bank_account,
            idempotency_key=key,
            maker="maker-1",
        )
        valid = desk.validate_redemption(order, by="checker-1")
        due = valid.due_at.isoformat() if valid.due_at else "never"
        self._tell.say(f"{customer.label} redeems {order.amount.display()}; valid, the money is due by {due}")
        authorization = desk.redemption_authorization(order)
        desk.escrow(authorization, authorization.signable.sign(customer.signer).data)
        self._tell.say("tokens in escrow on the holder's signature, at no gas of theirs")
        return order

    def _accept(self, desk: Desk, order: Order) -> None:
        from toolkit.chain.signers import dev_signer

        for index in APPROVERS:
            desk.approve_redemption(order.id, dev_signer(index))
        desk.run()
        self._tell.require(desk.order(order).state == "burned", "the accepted redemption was not burned")
        self._tell.say("two approvers sign the acceptance; the escrow is burned and payable")

    # ------------------------------------------------------------------------------------------- later

    def _later_report(self, node: Anvil, desk: Desk, report: ReserveReport, waiting: Order) -> ReserveReport:
        self._tell.act("A later report: the payout has left, interest and fresh money have come")
        issuance = desk.issuance
        go_to(node, _LATER + timedelta(hours=1))
        data = report.to_data()
        repo, cash = data["positions"]
        repo |= {"nominal": "259971000.00", "market_value": "265170420.00", "confirmation": "DEMO-CONF-0003"}
        cash |= {"nominal": "561408.00", "market_value": "561408.00", "confirmation": "DEMO-CONF-0004"}
        later = report.revised(
            as_of=_LATER.isoformat(),
            source="the demo's own figures for 2 January 2024; nobody published these",
            tokens_outstanding=str(issuance.reserve.status().outstanding),
            positions=[repo, cash],
            totals={"nominal": "260532408.00", "market_value": "265731828.00"},
        ).allocate(issuance.chain_id, issuance.stablecoin_address)
        publish_report(self._tell, issuance, later, self._folder)
        approve(desk, [waiting])
        desk.run()
        self._tell.require(desk.order(waiting).state == "settled", "the waiting order did not settle")
        self._tell.say(f"the order that had to wait is minted: {waiting.amount.display()}")
        return later

    def _stale(self, node: Anvil, desk: Desk) -> None:
        from toolkit.errors import ReserveStale

        self._tell.act("The attestation goes stale: minting stops, redemption goes on")
        node.advance_time(27 * 3600)
        status = desk.issuance.reserve.status()
        for notice in status.warnings:
            self._tell.say(f"{'ALARM' if notice.alarm else 'warning'}: {notice.message}")
        customer = CUSTOMERS["lantau"]
        order = desk.request_mint(
            customer.investor,
            "1000.00",
            wallet=customer.signer.address,
            idempotency_key="SUB-2024-101",
            maker="maker-1",
        )
        confirm_money(desk, order, customer.bank_account)
        with self._tell.refusal("a mint on a stale attestation", ReserveStale):
            approve(desk, [order])
        redemption = self._escrow(desk, CUSTOMERS["lantau"], "250000.00", "RED-2024-001")
        self._accept(desk, redemption)
        desk.record_payout(redemption, payment_reference="CHATS-7700003", by="treasurer-1")
        desk.run()
        self._tell.require(desk.order(redemption).state == "settled", "redemption stopped with minting")
        self._tell.say("paid and settled all the same")
        desk.reject(order, by="checker-1", reason="the customer would not wait")
        desk.return_funds(f"FPS-{order.number:08}", payment_reference="CHATS-7700004")
        self._tell.say("the waiting order is rejected and its money goes back")

    def _close(self, desk: Desk, report: ReserveReport) -> None:
        self._tell.act("The books")
        issuance = desk.issuance
        head = desk.ledger.verify()
        books, status = desk.status(), issuance.reserve.status()
        replayed = issuance.reserve.tracker().supply_from_events()
        rows = [[line.name, line.chain.display(), line.ledger.display(), ""] for line in books.lines]
        allocated = report.allocation_for(issuance.chain_id, issuance.stablecoin_address)
        reported = "" if allocated is None else allocated.display()
        rows.append(["reserve", status.reserve.display(), "", reported])
        self._output.table(["figure", "chain>", "ledger>", "report>"], rows, indent="   ")
        self._tell.require(books.agrees, f"chain and ledger differ: {books.to_json()}")
        self._tell.require(
            allocated is not None and allocated.value == status.reserve.value,
            "the attested reserve is not the report's",
        )
        outstanding = issuance.from_base_units(replayed.outstanding)
        self._tell.require(outstanding == status.outstanding, "the replayed supply is not the token's")
        rounds = issuance.reserve.history()
        self._tell.say(f"outstanding replayed from every Transfer: {outstanding.display()}")
        self._tell.say(f"{len(rounds)} attestations verified again from the signatures in their transactions")
        self._tell.say(f"the ledger's {head.seq} events recompute to {head.hash}")
        self._tell.say("chain, ledger and report agree to the last unit", books=books.to_json())
