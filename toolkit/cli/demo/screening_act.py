"""A part of the demo about screening: a list names a customer between approval and execution."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.demo.fund_cast import INVESTORS
from toolkit.cli.demo.stage import approve, confirm_money, now, publish_report

if TYPE_CHECKING:
    from toolkit.chain.anvil import Anvil
    from toolkit.cli.demo.fund_cast import Subscriber
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.compliance.screening import Adoption, ListScreener
    from toolkit.desk import Desk
    from toolkit.ledger.records import MintOrder
    from toolkit.reserves.report import ReserveReport

__all__ = ["ScreeningAct"]

# On the United States' list since 14 April 2022 (Office of Foreign Assets Control).
_LISTED = "0x098B716B8Aaf21512996dC57EB0615e2383E2f96"
_HIT, _CLEAR = INVESTORS[4], INVESTORS[5]
_AMOUNT = "75000.00"
_WORDS = ("list", "sanction", "screen", "hit")


class ScreeningAct:
    """Played on the coin's node and at its desk, after the fund's acts."""

    def __init__(self, tell: Narrator, folder: Path, node: Anvil, desk: Desk) -> None:
        self._tell = tell
        self._folder = folder
        self._node = node
        self._desk = desk

    def run(self, report: ReserveReport) -> None:
        """Play it. `report` is the reserve's last. Raises DemoFailed when something that has to be refused or
        stopped is not.
        """
        from toolkit.compliance.screening import ListScreener

        self._tell.act("A list names a customer between approval and execution")
        screener = ListScreener(self._desk.ledger, freeze=self._desk.freeze)
        at = now(self._node)
        publish_report(self._tell, self._desk.issuance, self._revised(report, at), self._folder)
        adopted = self._adopt(screener, "1", at, _LISTED)
        self._tell.say(
            f"list demo-list version 1 is in force; {adopted.run.looked_at} wallets and orders, no hit"
        )
        with_hit, clear = (self._approved(item) for item in (_HIT, _CLEAR))
        self._tell.say(f"{_HIT.label} and {_CLEAR.label} paid, and two approvers signed both orders")
        supply = self._desk.issuance.token.total_supply()
        self._stop(screener, at, with_hit)
        self._desk.run()
        minted = self._desk.issuance.token.total_supply() - supply
        self._tell.require(minted == clear.base_units, "other than the clear order was minted")
        self._tell.require(self._desk.order(with_hit).state == "on_hold", "the listed order is not on hold")
        self._tell.say(f"the worker runs: {clear.amount.display()} for {_CLEAR.label}, nothing for the other")
        self._close(with_hit)

    def _revised(self, report: ReserveReport, at: datetime) -> ReserveReport:
        issuance = self._desk.issuance
        return report.revised(
            as_of=(at - timedelta(minutes=10)).isoformat(),
            source="the demo's own figures; nobody published these",
            tokens_outstanding=str(issuance.reserve.status().outstanding),
        ).allocate(issuance.chain_id, issuance.stablecoin_address)

    def _adopt(self, screener: ListScreener, version: str, at: datetime, *wallets: str) -> Adoption:
        return screener.adopt(self._file(version, at, *wallets), by="compliance-1")

    def _file(self, version: str, at: datetime, *wallets: str) -> bytes:
        from toolkit.compliance.lists import list_data

        entries = [{"wallet": wallet} for wallet in wallets]
        return json.dumps(list_data("demo-list", version, at, entries)).encode()

    def _requested(self, key: str, item: Subscriber) -> MintOrder:
        return self._desk.request_mint(
            item.investor,
            _AMOUNT,
            wallet=item.wallet,
            idempotency_key=f"{item.label}-{key}",
            maker="maker-1",
        )

    def _approved(self, item: Subscriber) -> MintOrder:
        order = self._requested("again", item)
        confirm_money(self._desk, order, item.bank_account)
        approve(self._desk, [order])
        return order

    def _stop(self, screener: ListScreener, at: datetime, order: MintOrder) -> None:
        """Version 2 comes in, after a file that was cut."""
        from toolkit.compliance.errors import ListTruncated
        from toolkit.ledger.errors import UnderReview

        desk = self._desk
        file = self._file("2", at, _LISTED, _HIT.wallet)
        with self._tell.refusal("a file of version 2 that was cut", ListTruncated):
            screener.adopt(file[:-40], by="compliance-1")
        adopted = screener.adopt(file, by="compliance-1")
        self._tell.require(order.id in adopted.run.held, "the list's order was not held")
        self._tell.require(adopted.frozen == (_HIT.wallet,), "the wallet was not frozen")
        reason = desk.history(order)[-1].reason
        self._tell.require(not any(word in reason for word in _WORDS), "the desk is told the reason")
        self._tell.say(f"version 2 is in force: {order.id} is on hold, the wallet is frozen on chain")
        self._tell.say(f"the desk reads: {reason}")
        with self._tell.refusal("another order of the same customer", UnderReview):
            self._requested("more", _HIT)
        with self._tell.refusal("a listed wallet is to be onboarded", UnderReview):
            desk.challenge_wallet(INVESTORS[6].investor, _LISTED)

    def _close(self, order: MintOrder) -> None:
        """What is on record, and for whom."""
        desk = self._desk
        matched = desk.ledger.funds.get(f"FPS-{order.number:08}")
        self._tell.require(matched.order_id == order.id, "the money came away from its order")
        found = desk.ledger.screening.last_of(order_id=order.id)
        self._tell.require(found is not None and found[1].outcome == "hit", "the decision is not on record")
        hits = desk.ledger.screening.hits()
        for hit in hits:
            self._tell.say(
                f"for compliance alone: {hit.data['value']} on {hit.data['list']} {hit.data['version']}",
                hit=hit.data,
            )
        self._tell.require(desk.status().agrees, "chain and ledger differ")
        head = desk.ledger.verify()
        self._tell.say(f"the money stays matched; the ledger's {head.seq} events recompute")
