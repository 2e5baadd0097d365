"""The closed days as the ledger keeps them: what reports are drawn from, with no chain and no node."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from toolkit.errors import LedgerTampered
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.books import Checkpoint
from toolkit.reporting.errors import BooksNotClosed
from toolkit.reporting.figures import DayFigures

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.reports.content import Period

__all__ = ["ClosedDays"]


@dataclass(frozen=True, slots=True)
class ClosedDays:
    """The closed days of a market's books, as they stood at `at` (None: as they stand now)."""

    ledger: Ledger
    market: str
    at: datetime | None = None

    def figures(self, day: date, version: int | None = None) -> DayFigures:
        """A closed day's figures: those of a version, or of the last one closed.

        Raises `BooksNotClosed`, and `LedgerTampered` for figures that aren't those that were closed.
        """
        return _figures(self._closed(day, version))

    def require_closed(self, day: date) -> None:
        """Raises `BooksNotClosed`, in words that say what is missing."""
        self._closed(day, None)

    def series(self, period: Period) -> list[DayFigures]:
        """The figures of every day of a period. Raises as `figures`."""
        days = (period.end - period.start).days + 1
        return [self.figures(period.start + timedelta(days=index)) for index in range(days)]

    def checkpoint(self, day: date, version: int | None = None) -> Checkpoint:
        """Every balance at the day's cut-off block, as it was added up when the day was reconciled.

        Raises as `figures`.
        """
        record = self._closed(day, version)
        stated, packed = self.ledger.as_of.checkpoint(record.id)
        digest, found = Checkpoint.unpack(packed)
        if not record.data["checkpoint"] == stated == digest:
            raise LedgerTampered(f"the checkpoint of {record.id} is not the one that was closed")
        return found

    def _closed(self, day: date, version: int | None) -> LedgerRecord:
        found = self.ledger.record_book.find(
            RecordKind.RECONCILIATION, prefix=f"reconciliation/{self.market}/{day.isoformat()}/"
        )
        for record in reversed(found):
            wanted = version in (None, record.data["figures"]["version"])
            if wanted and record.state is RecordState.CLOSED and self._by_then(record):
                return record
        raise BooksNotClosed(_missing(self.market, day, found), day=day.isoformat())

    def _by_then(self, record: LedgerRecord) -> bool:
        if self.at is None:
            return True
        events = self.ledger.record_book.history(record.id)
        return any(event.to_state is RecordState.CLOSED and event.at <= self.at for event in events)


def _figures(record: LedgerRecord) -> DayFigures:
    figures = DayFigures.from_data(record.data["figures"])
    if figures.sha256 != record.data["sha256"]:
        raise LedgerTampered(
            f"{record.id} has figures with the sha256 {figures.sha256} and says {record.data['sha256']}: "
            "restore the ledger from a backup",
            record=record.id,
        )
    return figures


def _missing(market: str, day: date, found: tuple[LedgerRecord, ...]) -> str:
    if not found:
        return f"{market}: {day} was never reconciled"
    last = found[-1]
    if last.state is RecordState.BREAK:
        return f"{market}: {day} isn't closed, over {', '.join(last.data['breaks'])}"
    return f"{market}: {day} isn't closed: it is {last.state}"
