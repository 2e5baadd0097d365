"""Another part of the demo: an investor's wallet is lost, and recovered with all it held."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from toolkit.cli.demo.fund_cast import INVESTORS
from toolkit.cli.demo.stage import go_to, now

if TYPE_CHECKING:
    from toolkit.chain.anvil import Anvil
    from toolkit.chain.calls import Call
    from toolkit.chain.signers import LocalSigner
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.compliance.recovery import Recoveries
    from toolkit.desk import Desk

__all__ = ["RecoveryAct"]

_CASE = "CASE-2026-0051"
_LOST = INVESTORS[8]
_THIEF, _GAS = 19, 10**18
_APPROVALS = ("compliance-1", "registrar-1", "checker-1", "checker-2")


class RecoveryAct:
    """On the node and at the desk of the coin's, with the fund that was deployed before."""

    def __init__(self, tell: Narrator, folder: Path, node: Anvil, desk: Desk) -> None:
        self._tell = tell
        self._folder = folder
        self._node = node
        self._desk = desk

    def run(self) -> None:
        """Play it. Raises DemoFailed when something that has to be refused is not, or figures differ."""
        from toolkit.fund import Fund

        self._tell.act("A lost wallet: frozen at the report, recovered after two days, supply unchanged")
        self._fund = Fund.load(self._folder / "fund.json", self._desk.issuance)
        self._tokens = (self._desk.issuance.token, self._fund.classes["A"].share)
        recoveries = self._recoveries()
        supplies = [token.total_supply() for token in self._tokens]
        held = self._held(_LOST.wallet)
        self._report(recoveries)
        new = self._prove(recoveries)
        self._approve(recoveries)
        self._tell.require(self._held(new) == held, "the new wallet has something else than the old one had")
        self._tell.require(not any(self._held(_LOST.wallet)), "the old wallet still holds something")
        after = [token.total_supply() for token in self._tokens]
        self._tell.require(after == supplies, "a recovery changed a supply")
        self._dead()

    def _recoveries(self) -> Recoveries:
        from toolkit.calendar import BusinessCalendar
        from toolkit.compliance.context import ComplianceContext
        from toolkit.compliance.office import Compliance
        from toolkit.ledger.errors import NotFound

        desk = self._desk
        try:
            desk.ledger.persons.get("registrar-1")
        except NotFound:
            desk.add_person("registrar-1", label="keeps the registry", roles=["registrar"])
        context = ComplianceContext(
            ledger=desk.ledger,
            clock=desk.ledger.clock,
            calendar=BusinessCalendar.load("hong-kong"),
            suites=(desk.actions.with_funds(self._fund),),
            secret=hashlib.sha256(b"demo compliance").digest(),
        )
        return Compliance(context).recoveries

    def _report(self, recoveries: Recoveries) -> None:
        from toolkit.bindings.errors import ERC7943CannotSend
        from toolkit.chain.signers import dev_signer
        from toolkit.compliance.errors import CoolingOff

        thief = dev_signer(_THIEF)
        self._send(_LOST.signer, self._tokens[0].approve(thief.address, 2**256 - 1))
        report = recoveries.report(_CASE, wallet=_LOST.wallet, by="maker-1", evidence=_digest("report"))
        self._tell.require(report.state == "old_frozen", f"the wallet is not frozen: {report.data['alarms']}")
        self._tell.say(
            f"{_LOST.label} reports {_LOST.wallet} stolen; under {_CASE} it is frozen in "
            f"{len(report.data['acts'])} tokens at once"
        )
        with self._tell.refusal("the thief pulls on the allowance it has", ERC7943CannotSend):
            self._send(thief, self._tokens[0].transfer_from(_LOST.wallet, thief.address, 1))
        channels = {"call-back": _digest("call"), "meeting": _digest("meeting")}
        record = recoveries.reverify(_CASE, by="compliance-1", channels=channels)
        self._tell.say(f"identified again by two channels; cooling-off until {record.data['cooling_until']}")
        with self._tell.refusal("a new wallet before that", CoolingOff):
            recoveries.prove(_CASE, wallet=self._new().address, by="compliance-1")

    def _prove(self, recoveries: Recoveries) -> str:
        signer, desk = self._new(), self._desk
        go_to(self._node, now(self._node) + timedelta(hours=48, minutes=1))
        challenge = desk.challenge_wallet(_LOST.investor, signer.address)
        desk.prove_wallet(challenge, challenge.signable.sign(signer).data)
        recoveries.prove(_CASE, wallet=signer.address, by="compliance-1")
        self._tell.say(f"two days later the investor proves {signer.address}")
        return signer.address

    def _approve(self, recoveries: Recoveries) -> None:
        from toolkit.errors import NotAuthorised

        for person in _APPROVALS[:-1]:
            recoveries.approve(_CASE, by=person)
        with self._tell.refusal("the first approver approves again", NotAuthorised):
            recoveries.approve(_CASE, by=_APPROVALS[-2])
        record = recoveries.approve(_CASE, by=_APPROVALS[-1])
        self._tell.require(record.state == "register_posted", f"not recovered: {record.data['alarms']}")
        for row in record.data["after"]:
            self._tell.say(f"{row['token']:<8}old wallet {row['old']}, new wallet {row['new']} base units")
        recoveries.close(_CASE, by="compliance-1", reason="the investor has confirmed")

    def _dead(self) -> None:
        from toolkit.bindings.errors import ERC7943CannotReceive
        from toolkit.chain.signers import dev_signer
        from toolkit.errors import NotEligible

        with self._tell.refusal("a coin sent to the old wallet", ERC7943CannotReceive):
            self._send(dev_signer(_THIEF), self._tokens[0].transfer(_LOST.wallet, 0))
        with self._tell.refusal("the old wallet registered again", NotEligible):
            self._desk.register_wallet(_LOST.wallet)

    def _held(self, wallet: str) -> list[int]:
        return [token.balance_of(wallet) for token in self._tokens]

    def _send(self, signer: LocalSigner, call: Call) -> None:
        from toolkit.chain.journal import MemoryJournal

        self._node.set_balance(signer.address, _GAS)
        self._desk.issuance.sender(signer, journal=MemoryJournal()).execute(call)

    def _new(self) -> LocalSigner:
        from toolkit.chain.hexes import keccak
        from toolkit.chain.signers import LocalSigner

        return LocalSigner(keccak(b"demo fund, a new wallet of investor 9"))


def _digest(text: str) -> str:
    return "0x" + hashlib.sha256(text.encode()).hexdigest()
