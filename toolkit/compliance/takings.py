"""Taking what a case has frozen: escrow first, then balances, on every chain.

A case in which something is taken says so in its document under `taking`: `kind` (seize, burn, or recover),
`to`, and the escrow it found, written down before any of it is taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from toolkit.compliance.authority import Taking
from toolkit.compliance.errors import PositionsOpen
from toolkit.compliance.freezes import CaseChains, Outcome, is_on_record
from toolkit.ledger.case_acts import Act, ActKind

if TYPE_CHECKING:
    from toolkit.compliance.ports import Suite
    from toolkit.ledger.records import LedgerRecord

__all__ = ["Takings"]


@dataclass(frozen=True, slots=True)
class Takings:
    """What is done once everybody has approved it."""

    chains: CaseChains

    def take(self, record: LedgerRecord) -> Outcome:
        """Escrow first, so that what a holder has asked for is taken with the rest; then the balances.

        All of them as they stand now: a frozen account neither pays nor is paid, so they don't change
        meanwhile. Each stage waits for the one before on every chain.
        """
        outcome = self._with_escrows(record)
        if outcome.complete:
            planned = outcome.record
            outcome = self.chains.perform(planned, lambda suite: self._escrow_acts(suite, planned))
        if outcome.complete:
            emptied = outcome.record
            outcome = self.chains.perform(emptied, lambda suite: self._balance_acts(suite, emptied))
        return outcome

    def _with_escrows(self, record: LedgerRecord) -> Outcome:
        """The case with the escrow that it takes written down, and nothing else of the party's under way."""
        if record.data["part"] is not None:
            return Outcome(record, complete=True)
        taking = record.data["taking"]
        escrows = {(row["chain"], row["number"]): row for row in taking["escrows"]}

        def find(suite: Suite) -> Sequence[Act]:
            for wallet in self.chains.wallets(record):
                _require_no_positions(suite, wallet)
                for row in _escrows(suite, wallet, taking):
                    escrows[row["chain"], row["number"]] = row
            return ()

        outcome = self.chains.perform(record, find)
        data = {**outcome.record.data, "taking": {**taking, "escrows": list(escrows.values())}}
        return Outcome(self.chains.note(outcome.record, data), outcome.complete)

    def _escrow_acts(self, suite: Suite, record: LedgerRecord) -> list[Act]:
        if record.data["part"] is not None:
            return []
        taking, case_id = record.data["taking"], record.data["case_id"]
        mine = [row for row in taking["escrows"] if row["chain"] == suite.chain_id]
        acts = [
            Act(
                ActKind.SEIZE_ESCROW,
                suite.chain_id,
                suite.market,
                row["wallet"],
                case_id,
                amount=int(row["amount"]),
                to=taking["to"],
                number=row["number"],
            )
            for row in mine
        ]
        total = sum(int(row["amount"]) for row in mine)
        if total and taking["kind"] == Taking.BURN:
            coin = next(token.address for token in suite.tokens() if token.is_coin)
            acts.append(Act(ActKind.BURN, suite.chain_id, coin, taking["to"], case_id, amount=total))
        return [act for act in acts if not is_on_record(record, act)]

    def _balance_acts(self, suite: Suite, record: LedgerRecord) -> list[Act]:
        taking, part = record.data["taking"], record.data["part"]
        burning = taking["kind"] == Taking.BURN
        kind = ActKind.BURN if burning else ActKind.FORCED_TRANSFER
        coins = {token.address for token in suite.tokens() if token.is_coin}
        acts = []
        for token, wallet in self.chains.targets(suite, record):
            if burning and token not in coins:
                continue
            amount = suite.holding(token, wallet).balance if part is None else int(part["amount"])
            act = Act(
                kind, suite.chain_id, token, wallet, record.data["case_id"], amount, to=taking["to"] or ""
            )
            if not is_on_record(record, act):
                acts.append(act)
        return acts


def _escrows(suite: Suite, wallet: str, taking: dict[str, Any]) -> list[dict[str, Any]]:
    rows = []
    for found in suite.escrows(wallet):
        if found.accepted and taking["kind"] == Taking.RECOVER:
            raise PositionsOpen(
                f"redemption {found.number} of {wallet} is burned and not paid: pay it to the investor's own "
                "account and record that, then resume the case",
                redemption=found.number,
            )
        if found.accepted:
            continue  # no token is left of it; what is payable is the issuer's books'
        if taking["to"] is None:
            raise PositionsOpen(
                f"redemption {found.number} of {wallet} is in escrow and can't be burned there: withdraw, "
                "and propose it again with the account that it passes through (`to`)",
                redemption=found.number,
            )
        rows.append(
            {"chain": suite.chain_id, "number": found.number, "amount": str(found.amount), "wallet": wallet}
        )
    return rows


def _require_no_positions(suite: Suite, wallet: str) -> None:
    found = suite.positions(wallet)
    if found:
        shown = "; ".join(f"{item.amount} base units {item.what}, at vault {item.vault}" for item in found)
        raise PositionsOpen(
            f"{wallet} has {shown}: settle the day and hand it out, release it from quarantine under the "
            "case (issuance fund propose-release, confirm-release), then resume the case",
            wallet=wallet,
        )
