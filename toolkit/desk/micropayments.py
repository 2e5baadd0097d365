"""The other proof of a wallet: an odd amount, paid from it to a stated address before a stated instant.

For wallets that can't sign a challenge (regulation.md W01, R-AML-03). The wallet itself has to send the
transaction: whoever has an allowance could move its tokens too. One that is final proves; it proves once.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from toolkit.amounts import Amount
from toolkit.bindings.events import Transfer
from toolkit.bindings.structs import WalletKind
from toolkit.chain.addresses import checksum_address
from toolkit.chain.hexes import from_hex, to_hex
from toolkit.desk.context import WORKER, DeskContext
from toolkit.desk.errors import ChallengeExpired, ChallengeMismatch, ChallengeReplayed, NotWalletOwner
from toolkit.desk.onboarding import known_wallet
from toolkit.errors import StillPending
from toolkit.ledger import records
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState

if TYPE_CHECKING:
    from toolkit.chain.answers import Receipt, Transaction
    from toolkit.ledger.records import LedgerRecord

__all__ = ["MICROPAYMENT", "Micropayment", "Micropayments"]

MICROPAYMENT = "micropayment"
"""The method of the proof."""

_LIFETIME = timedelta(hours=24)
_NATIVE = "native"
# Less than a token of 6 decimals, and nothing that somebody pays by chance.
_LEAST, _SPREAD = 100_000, 800_000


@dataclass(frozen=True, slots=True)
class Micropayment:
    """What is asked: `amount` of `asset` (the token's address, or `native`) from `wallet` to `to`, in a
    block after `after_block` and before `expires_at`.
    """

    id: str
    investor: str
    wallet: str
    to: str
    asset: str
    amount: Amount
    after_block: int
    expires_at: datetime

    def to_json(self) -> dict[str, Any]:
        """JSON data, for the customer."""
        return {
            "id": self.id,
            "investor": self.investor,
            "wallet": self.wallet,
            "to": self.to,
            "asset": self.asset,
            "amount": self.amount.display(),
            "base_units": str(self.amount.base_units),
            "after_block": self.after_block,
            "expires_at": self.expires_at.isoformat(),
        }


class Micropayments:
    """Asks for payments, and believes final ones."""

    def __init__(self, context: DeskContext) -> None:
        self._context = context

    def request(self, investor: str, address: str, *, by: str, native: bool) -> Micropayment:
        """Asks for a payment. See `Desk.request_micropayment`."""
        context = self._context
        wallet = checksum_address(address, what="wallet")
        after = context.client.finalized_block().number
        with context.ledger.transaction() as tx:
            tx.investors.get(investor)
            known_wallet(tx.investors, investor, wallet)
            earlier = tx.record_book.find(RecordKind.MICROPAYMENT, prefix=f"{MICROPAYMENT}/{wallet}/")
            asked = Micropayment(
                id=f"{MICROPAYMENT}/{wallet}/{len(earlier) + 1}",
                investor=investor,
                wallet=wallet,
                to=context.signer("treasurer").address,
                asset=_NATIVE if native else context.token.address,
                amount=self._amount(_LEAST + secrets.randbelow(_SPREAD), native),
                after_block=after,
                expires_at=context.clock.now() + _LIFETIME,
            )
            tx.record_book.open(
                asked.id,
                RecordKind.MICROPAYMENT,
                RecordState.ASKED,
                asked.to_json(),
                actor=by,
                role=Role.MAKER,
            )
        return asked

    def prove(
        self, micropayment: Micropayment | str, transaction: str, *, kind: WalletKind
    ) -> records.Wallet:
        """Records the proof. See `Desk.prove_by_micropayment`."""
        name = micropayment if isinstance(micropayment, str) else micropayment.id
        record = self._context.ledger.record_book.get(name)
        asked = _micropayment(record, self._amount)
        tx_hash = to_hex(from_hex(transaction, length=32, what="transaction"))
        if record.state is not RecordState.ASKED:
            raise ChallengeReplayed(
                f"{name} is {record.state} already: ask for another payment", wallet=asked.wallet
            )
        self._check_payment(asked, from_hex(tx_hash, length=32))
        return self._record(record, asked, tx_hash, kind)

    # ------------------------------------------------------------------------------------------------ inside

    def _amount(self, base_units: int, native: bool) -> Amount:
        if native:
            return Amount.from_base_units(base_units, unit="wei", decimals=0)
        return self._context.tokens(base_units)

    def _check_payment(self, asked: Micropayment, tx_hash: bytes) -> None:
        client = self._context.client
        receipt, sent = client.receipt(tx_hash), client.transaction(tx_hash)
        if receipt is None or sent is None or not client.is_final(receipt.block_number):
            raise StillPending(
                f"transaction {to_hex(tx_hash)} isn't final: ask again when it is", wallet=asked.wallet
            )
        if sent.sender != asked.wallet:
            raise NotWalletOwner(
                f"the payment was sent by {sent.sender}, not by {asked.wallet}: send it from the wallet",
                wallet=asked.wallet,
                signer=sent.sender,
            )
        if not receipt.succeeded or not self._pays(asked, receipt, sent):
            raise ChallengeMismatch(
                f"transaction {to_hex(tx_hash)} doesn't pay {asked.amount.display()} of {asked.asset} "
                f"from {asked.wallet} to {asked.to}: pay exactly that",
                wallet=asked.wallet,
            )
        if receipt.block_number <= asked.after_block:
            raise ChallengeReplayed(
                f"transaction {to_hex(tx_hash)} is from before the payment was asked for", wallet=asked.wallet
            )
        paid_at = datetime.fromtimestamp(client.block(receipt.block_number).timestamp, UTC)
        if paid_at >= asked.expires_at:
            self._lapse(asked, paid_at)

    def _pays(self, asked: Micropayment, receipt: Receipt, sent: Transaction) -> bool:
        if asked.asset == _NATIVE:
            return (sent.to, sent.value) == (asked.to, asked.amount.base_units)
        wanted = (asked.wallet, asked.to, asked.amount.base_units)
        return any(
            (event.sender, event.recipient, event.amount) == wanted
            for event in self._context.token.events_in(receipt, Transfer)
        )

    def _lapse(self, asked: Micropayment, paid_at: datetime) -> None:
        reason = f"paid at {paid_at.isoformat()}, after {asked.expires_at.isoformat()}"
        self._context.ledger.record_book.step(
            asked.id, RecordState.LAPSED, actor=WORKER, role=Role.OPERATOR, reason=reason
        )
        raise ChallengeExpired(f"{asked.id} was {reason}: ask for another payment", wallet=asked.wallet)

    def _record(
        self, record: LedgerRecord, asked: Micropayment, tx_hash: str, kind: WalletKind
    ) -> records.Wallet:
        proof = records.OwnershipProof(
            method=MICROPAYMENT,
            challenge=json.dumps(asked.to_json(), sort_keys=True),
            signature=from_hex(tx_hash, length=32),
            verified_at=self._context.clock.now(),
        )
        with self._context.ledger.transaction() as tx:
            answered = tx.record_book.find(
                RecordKind.MICROPAYMENT, prefix=f"{MICROPAYMENT}/{asked.wallet}/", state=RecordState.ANSWERED
            )
            if any(other.data["transaction"] == tx_hash for other in answered):
                raise ChallengeReplayed(
                    f"transaction {tx_hash} has proved wallet {asked.wallet} before: pay again",
                    wallet=asked.wallet,
                )
            tx.record_book.step(
                record.id,
                RecordState.ANSWERED,
                actor=WORKER,
                role=Role.OPERATOR,
                data={**record.data, "transaction": tx_hash},
                expected=record,
            )
            if known_wallet(tx.investors, asked.investor, asked.wallet) is not None:
                return tx.investors.prove_wallet(asked.wallet, proof)
            return tx.investors.add_wallet(
                asked.wallet, investor=asked.investor, kind=kind.name.lower(), proof=proof
            )


def _micropayment(record: LedgerRecord, amount: Callable[[int, bool], Amount]) -> Micropayment:
    data = record.data
    return Micropayment(
        id=record.id,
        investor=data["investor"],
        wallet=data["wallet"],
        to=data["to"],
        asset=data["asset"],
        amount=amount(int(data["base_units"]), data["asset"] == _NATIVE),
        after_block=data["after_block"],
        expires_at=datetime.fromisoformat(data["expires_at"]),
    )
