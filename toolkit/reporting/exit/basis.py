"""What an exit and a lost chain have in common: a record that names one snapshot, whose rows are redeemed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from toolkit.amounts import minor_units
from toolkit.reporting.exit.errors import SnapshotRefused
from toolkit.reporting.exit.sharing import Shares, share_out

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.exit.snapshot import Snapshot
    from toolkit.reporting.exit.wind_down import Coin

__all__ = ["SnapshotBasis"]


class SnapshotBasis:
    """What is redeemed of `coin` from the snapshot that the record `record_id` names, once it names one."""

    def __init__(self, ledger: Ledger, coin: Coin, record_id: str, snapshot: Snapshot | None) -> None:
        self._ledger = ledger
        self.coin = coin
        self._record_id = record_id
        self._snapshot = snapshot

    @property
    def record(self) -> LedgerRecord:
        """The exit, or the choice of a chain, on record. Raises NotFound."""
        return self._ledger.record_book.get(self._record_id)

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot, checked against the one on record. Raises SnapshotRefused."""
        told = self.record.data.get("snapshot")
        if self._snapshot is None:
            raise SnapshotRefused("claims need the snapshot's rows: give the file kept at either place")
        given = (self._snapshot.root, self._snapshot.sha256)
        if told is not None and (told["root"], told["sha256"]) != given:
            raise SnapshotRefused(
                f"this isn't the snapshot on record, whose root is {told['root']}: this one's is {given[0]}"
            )
        return self._snapshot

    @property
    def currency(self) -> str:
        """The money that is paid."""
        return self.coin.currency

    def _share_out(self, record: LedgerRecord) -> Shares:
        """What each row is due of the record's assets: par as far as they go."""
        return share_out(
            [row.units for row in self.snapshot.rows],
            int(record.data["assets"]),
            token_decimals=self.coin.token_decimals,
            money_decimals=minor_units(self.coin.currency),
        )
