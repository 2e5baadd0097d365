"""What lies in a vault's quarantine, and how two people release it: compliance proposes, a treasurer
confirms.

Each hand is on record before its transaction leaves; a run goes on where one was cut short.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from toolkit.bindings.fund_events import Released, ReleaseProposed, ReleaseRetracted
from toolkit.bindings.fund_structs import Release
from toolkit.chain.addresses import ZERO_ADDRESS, checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.desk.context import bytes32_text
from toolkit.desk.report import RunLog
from toolkit.errors import ContractReverted, LaneBusy
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.bindings.fund_structs import Quarantine
    from toolkit.desk.fund_book import FundBook
    from toolkit.desk.fund_watch import FundWatch
    from toolkit.ledger.records import LedgerRecord

__all__ = ["FundCases"]


@dataclass(frozen=True, slots=True)
class FundCases:
    """The quarantine of one vault."""

    book: FundBook
    watch: FundWatch

    def quarantined(self, wallet: str) -> Quarantine:
        """What the vault keeps for a wallet."""
        return self.book.vault.quarantined(checksum_address(wallet, what="wallet"))

    def propose(self, wallet: str, *, case_id: str, by: str, to: str | None, redeem: bool) -> LedgerRecord:
        """First hand. See `FundDesk.propose_release`."""
        kept = self.quarantined(wallet)
        release = Release(
            controller=checksum_address(wallet, what="wallet"),
            to=checksum_address(to or wallet, what="receiver"),
            assets=kept.assets,
            shares=kept.shares,
            redeem=redeem,
            case_id=bytes32_text(case_id, what="case id"),
        )
        record = self.book.context.ledger.record_book.open(
            self._name(release.case_id),
            RecordKind.CASE,
            RecordState.PROPOSED,
            _data(release),
            actor=by,
            role=Role.COMPLIANCE,
            reason=case_id,
        )
        self._send_proposal(release, by)
        return record

    def confirm(self, case_id: str, *, by: str) -> LedgerRecord:
        """Second hand. See `FundDesk.confirm_release`."""
        records = self.book.context.ledger.record_book
        name = self._name(bytes32_text(case_id, what="case id"))
        record = records.step(name, RecordState.CONFIRMED, actor=by, role=Role.TREASURER, reason=case_id)
        self._send_confirmation(_release(record), by)
        self.watch.read_after(
            f"case {case_id} is released", lambda: records.get(name).state is RecordState.RELEASED
        )
        return records.get(name)

    def retract(self, case_id: str, *, by: str, reason: str) -> LedgerRecord:
        """Takes a proposal back, on chain too. See `FundDesk.retract_release`."""
        name = self._name(bytes32_text(case_id, what="case id"))
        record = self.book.context.ledger.record_book.step(
            name, RecordState.RETRACTED, actor=by, role=Role.COMPLIANCE, reason=reason
        )
        release = _release(record)
        if self.book.vault.proposer_of(release) != ZERO_ADDRESS:
            self.book.execute(
                "compliance",
                self.book.vault,
                self.book.vault.retract_release(release),
                self.book.vault.expectation(ReleaseRetracted, case_id=release.case_id),
                by=by,
            )
        return record

    def go_on(self, log: RunLog) -> None:
        """Sends what a hand has signed for and the chain doesn't have."""
        cases = self.book.context.ledger.record_book.find(
            RecordKind.CASE, prefix=f"case/{self.book.vault.address}/"
        )
        for record in cases:
            if record.state not in (RecordState.PROPOSED, RecordState.CONFIRMED):
                continue
            self.book.finish_sent()
            release = _release(record)
            try:
                if self.book.vault.proposer_of(release) == ZERO_ADDRESS:
                    if self._is_released(release):
                        continue  # the watch puts it on record once it is final
                    self._send_proposal(release, "")
                if record.state is RecordState.CONFIRMED:
                    self._send_confirmation(release, "")
            except (ContractReverted, LaneBusy) as error:
                log.waits((), error)

    # ------------------------------------------------------------------------------------------------ inside

    def _name(self, case_id: bytes) -> str:
        return f"case/{self.book.vault.address}/{to_hex(case_id)}"

    def _is_released(self, release: Release) -> bool:
        topics = [Released.topic0(), release.case_id]
        return bool(
            self.book.context.client.logs(self.book.vault.address, topics, self.book.first_block, "latest")
        )

    def _send_proposal(self, release: Release, by: str) -> None:
        vault = self.book.vault
        self.book.execute(
            "compliance",
            vault,
            vault.propose_release(release),
            vault.expectation(ReleaseProposed, case_id=release.case_id, controller=release.controller),
            by=by,
        )

    def _send_confirmation(self, release: Release, by: str) -> None:
        vault = self.book.vault
        self.book.execute(
            "treasurer",
            vault,
            vault.confirm_release(release),
            vault.expectation(Released, case_id=release.case_id, controller=release.controller),
            by=by,
        )


def _data(release: Release) -> dict[str, object]:
    return {
        "controller": release.controller,
        "to": release.to,
        "assets": str(release.assets),
        "shares": str(release.shares),
        "redeem": release.redeem,
        "case_id": to_hex(release.case_id),
    }


def _release(record: LedgerRecord) -> Release:
    data = record.data
    return Release(
        controller=data["controller"],
        to=data["to"],
        assets=int(data["assets"]),
        shares=int(data["shares"]),
        redeem=data["redeem"],
        case_id=from_hex(data["case_id"], what="case id", length=32),
    )
