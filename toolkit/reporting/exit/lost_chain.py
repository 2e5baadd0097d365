"""Redeeming from a snapshot after a chain was lost or has forked (regulation.md W20b; HKMA Guideline 6.8.7).

Two persons choose which chain counts, once; the choice names the one snapshot that is redeemed, so that the
other fork's balances, bridged copies and older snapshots are worth nothing here. Each row is paid once,
against the signature of its own wallet over root, row, amount and bank account.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.chain.hexes import from_hex
from toolkit.errors import InvalidInput
from toolkit.ledger.canonical import instant
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.exit.basis import SnapshotBasis
from toolkit.reporting.exit.claims import Claims
from toolkit.reporting.exit.errors import ClaimRefused, SnapshotRefused
from toolkit.reporting.exit.sharing import Shares
from toolkit.reporting.exit.wind_down import Coin, document_digest, require_same_root

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.exit.snapshot import SignedSnapshot, Snapshot

__all__ = ["Fork", "LostChain"]


@dataclass(frozen=True, slots=True)
class Fork:
    """The chain that counts: its id, and a block of its own after the split or the last before the loss."""

    chain_id: int
    block_number: int
    block_hash: str


class LostChain(SnapshotBasis):
    """What is redeemed of `coin` from `snapshot`, since its chain is lost."""

    def __init__(self, ledger: Ledger, coin: Coin, snapshot: Snapshot) -> None:
        super().__init__(ledger, coin, coin.choice_id, snapshot)
        self._rows = snapshot

    def propose(
        self,
        fork: Fork,
        signed: SignedSnapshot,
        *,
        signers: Collection[str],
        lost_at: datetime,
        most: timedelta,
        assets: Amount,
        decision: str,
        by: str,
    ) -> LedgerRecord:
        """Which chain counts, and the snapshot of it. `most` is the RPO: no older snapshot is redeemed.

        `assets` is what is there to pay from, `decision` the sha256 of the minute. Raises SnapshotRefused;
        InvalidInput for a second choice.
        """
        snapshot = signed.check(signers)
        signed.check_age(lost_at, most)
        from_hex(fork.block_hash, what="block hash", length=32)
        if (snapshot.root, snapshot.sha256) != (self._rows.root, self._rows.sha256):
            raise SnapshotRefused("the signed snapshot isn't the one whose rows are given")
        of_coin = (snapshot.chain_id, snapshot.contract) == (self.coin.chain_id, self.coin.contract)
        if not of_coin or snapshot.chain_id != fork.chain_id:
            raise SnapshotRefused(
                f"the snapshot is of {snapshot.contract} on chain {snapshot.chain_id}; redeemed is "
                f"{self.coin.contract} on chain {fork.chain_id}: a copy elsewhere counts nothing"
            )
        same_height = snapshot.block_number == fork.block_number
        if snapshot.block_number > fork.block_number or (
            same_height and snapshot.block_hash != fork.block_hash
        ):
            raise SnapshotRefused(
                f"the snapshot's block {snapshot.block_number} {snapshot.block_hash} isn't on the chain that "
                f"was chosen by its block {fork.block_number} {fork.block_hash}"
            )
        require_same_root(self._ledger, self.coin.exit_id, snapshot.root)
        if assets.unit != self.coin.currency:
            raise InvalidInput(f"the assets are {assets.display()}; holders are paid {self.coin.currency}")
        data = {
            "coin": self.coin.to_json(),
            "fork": {
                "chain_id": fork.chain_id,
                "block_number": fork.block_number,
                "block_hash": fork.block_hash,
            },
            "snapshot": {"root": snapshot.root, "sha256": snapshot.sha256, "signer": signed.signer},
            "lost_at": instant(lost_at),
            "rpo_seconds": int(most.total_seconds()),
            "assets": str(assets.to_minor_units(self.coin.currency)),
            "decision": document_digest(decision),
        }
        return self._ledger.record_book.open(
            self.coin.choice_id,
            RecordKind.CHAIN_CHOICE,
            RecordState.PROPOSED,
            data,
            actor=by,
            role=Role.FINANCE,
        )

    def confirm(self, *, by: str) -> LedgerRecord:
        """The second person chooses the same chain."""
        return self._ledger.record_book.step(
            self.coin.choice_id, RecordState.CONFIRMED, actor=by, role=Role.COMPLIANCE
        )

    @property
    def claims(self) -> Claims:
        """The claims on the snapshot."""
        return Claims(self._ledger, self)

    @property
    def needs_signature(self) -> bool:
        return True

    def require_open(self, now: datetime) -> None:
        """Raises ClaimRefused until two persons have chosen the chain."""
        del now  # holders of a lost chain may come at any time
        self._require_chosen()

    def shares(self) -> Shares:
        """What each row is due: par as far as the assets go."""
        return self._share_out(self._require_chosen())

    def _require_chosen(self) -> LedgerRecord:
        record = self.record
        if record.state is not RecordState.CONFIRMED:
            raise ClaimRefused("one person proposed which chain counts: a second one has to confirm it")
        return record
