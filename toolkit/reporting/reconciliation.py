"""Reconciling a day, closing it, restating it: who did it, what was found, and what may be published.

A day is reconciled by one person of finance and closed by another. A closed day never changes: correcting it
makes another version, with a reason, and the one before stays as it was (trap X11). Nothing of a day may be
published before it is closed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

from toolkit.errors import IllegalTransition, InvalidInput, LedgerTampered
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import Head
from toolkit.reporting.books import Checkpoint, read_day
from toolkit.reporting.breaks import Break, Breaks
from toolkit.reporting.errors import BooksNotClosed, OpenBreaks
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.matching import MINT_WITHOUT_ORDER
from toolkit.reporting.recomputing import (
    Recomputed,
    figure_differences,
    finding_differences,
    findings_data,
)
from toolkit.reporting.reserve_side import require_own_references
from toolkit.reserves.report import ReserveReport

if TYPE_CHECKING:
    from toolkit.ledger.ledger import Ledger, Transaction
    from toolkit.ledger.records import LedgerRecord
    from toolkit.reporting.books import Books, Reading
    from toolkit.reporting.figures import CutOffFigures
    from toolkit.reporting.identities import Finding

__all__ = ["DayRecord", "Reconciliation"]

_INCIDENT = "mint_without_order"
_LOOK_BACK = 40
"""Days that a checkpoint is looked for; beyond, the chain is replayed from its first block."""


@dataclass(frozen=True, slots=True)
class DayRecord:
    """One version of a reconciled day. `state` is `matched`, `break` or `closed`; `breaks` are the ids of
    what was found; `supersedes` is the version before, and `reason` why there is another.
    """

    record_id: str
    state: str
    figures: DayFigures
    breaks: tuple[str, ...]
    follows: str | None
    supersedes: str | None
    reason: str | None

    @property
    def is_closed(self) -> bool:
        return self.state == RecordState.CLOSED

    @property
    def is_matched(self) -> bool:
        """Whether nothing was found."""
        return not self.breaks


class Reconciliation:
    """The reconciled days of one market's books.

    `stop_minting`: whether a mint that no order asked for opens an incident, which stops the desk's minting
    until compliance has looked at it (the default; R-RES-12).
    """

    def __init__(self, books: Books, *, stop_minting: bool = True) -> None:
        self._books = books
        self._ledger: Ledger = books.ledger
        self._stop_minting = stop_minting
        self.breaks = Breaks(books.ledger, books.market)

    # ---------------------------------------------------------------------------------------------- one day

    def run(
        self, day: date, *, by: str, report: ReserveReport | None, others: Iterable[ReserveReport] = ()
    ) -> DayRecord:
        """Reconciles a day, again as often as needed until it is closed. `report` is the reserve's; `others`
        are those of the issuer's other pools, which may share no holding with it.

        Raises IllegalTransition for a closed day, DayNotEnded, WrongReserveReport, DuplicateReference,
        NotAuthorised, NodeError, LedgerError.
        """
        last = self._last(day)
        if last is not None and last.state is RecordState.CLOSED:
            raise IllegalTransition(
                f"{last.id} is closed: what was published stands; restate the day with a reason if it was "
                "wrong",
                record=last.id,
            )
        version = 1 if last is None else last.data["figures"]["version"]
        supersedes = None if last is None else last.data["supersedes"]
        reason = None if last is None else last.data["reason"]
        return self._run(day, by, report, others, version, last, supersedes, reason)

    def restate(
        self,
        day: date,
        *,
        by: str,
        reason: str,
        report: ReserveReport | None,
        others: Iterable[ReserveReport] = (),
    ) -> DayRecord:
        """Reconciles a closed day anew, as another version; the closed one stays as it is.

        Raises InvalidInput without a reason, BooksNotClosed for a day that can simply be run again, and what
        `run` raises.
        """
        if not reason.strip():
            raise InvalidInput("a restatement needs a reason: say what was wrong", day=day)
        last = self._last(day)
        if last is None or last.state is not RecordState.CLOSED:
            raise BooksNotClosed(f"{day} isn't closed: run its reconciliation again instead", day=day)
        version = last.data["figures"]["version"] + 1
        return self._run(day, by, report, others, version, None, last.id, reason)

    def close(self, day: date, *, by: str) -> DayRecord:
        """Closes a day, by another person of finance than whoever reconciled it.

        Every break found must be explained, a critical one closed or escalated. Raises OpenBreaks,
        NotAuthorised, IllegalTransition, BooksNotClosed for a day that was never reconciled.
        """
        record = self._last(day)
        if record is None:
            raise BooksNotClosed(f"{day} was never reconciled: run its reconciliation first", day=day)
        found = [self.breaks.get(name) for name in record.data["breaks"]]
        waiting = [item.break_id for item in found if not _may_stand(item)]
        if waiting:
            raise OpenBreaks(
                f"{record.id} can't be closed over {', '.join(waiting)}: explain each, and have a critical "
                "one closed or escalated",
                breaks=waiting,
            )
        summaries = tuple(item.summary() for item in self.breaks.all(open_only=True))
        figures = DayFigures.from_data(record.data["figures"]).model_copy(update={"breaks": summaries})
        closed = self._ledger.record_book.step(
            record.id,
            RecordState.CLOSED,
            actor=by,
            role=Role.FINANCE,
            reason=f"{len(found)} breaks found" if found else "nothing found",
            data=_with_figures(record.data, figures),
            expected=record,
        )
        return _day_record(closed)

    # ------------------------------------------------------------------------------------------------ reading

    def record(self, day: date, version: int | None = None) -> DayRecord:
        """A version of a day, by default the last. Raises BooksNotClosed for a day never reconciled."""
        found = self._versions(day)
        for record in found if version is not None else found[-1:]:
            if version in (None, record.data["figures"]["version"]):
                return _day_record(record)
        raise BooksNotClosed(f"{day} has no reconciliation" + (f" {version}" if version else ""), day=day)

    def require_closed(self, day: date, version: int | None = None) -> DayFigures:
        """The figures of a closed day, for publishing: the last closed version's, or a version's.

        Raises BooksNotClosed.
        """
        closed = [record for record in self._versions(day) if record.state is RecordState.CLOSED]
        for record in reversed(closed):
            if version in (None, record.data["figures"]["version"]):
                return DayFigures.from_data(record.data["figures"])
        raise BooksNotClosed(
            f"{day} isn't closed: have its reconciliation run and closed by two people of finance first",
            day=day,
        )

    def recompute(self, day: date, version: int | None = None) -> Recomputed:
        """A closed day once more, from the chain and the ledger as they were read then: its figures from the
        coin's first block on, and what was found with them.

        Raises LedgerTampered, whose `differences` say what isn't as it was closed, and what `run` raises.
        """
        stored = self.require_closed(day, version)
        record = self._ledger.record_book.get(self.record(day, stored.version).record_id)
        again, findings = self._again(day, stored, record.data["follows"])
        different = figure_differences(stored, again)
        recorded = record.data.get("findings")
        if recorded is None:  # closed before findings were kept: the breaks' names are all that is known
            stems = {name.partition("#")[0] for name in record.data["breaks"]}
            different += [f"{name} isn't the same" for name in stems ^ set(map(self.breaks.stem, findings))]
        else:
            different += finding_differences(recorded, findings)
        if different:
            raise LedgerTampered(
                f"{day} doesn't recompute to what was closed (sha256 {stored.sha256}): "
                f"{'; '.join(different)}: the chain, the ledger or the record was changed since",
                day=day.isoformat(),
                differences=different,
            )
        return Recomputed(again, findings)

    # ------------------------------------------------------------------------------------------------ inside

    def _again(
        self, day: date, stored: DayFigures, follows: str | None
    ) -> tuple[DayFigures, tuple[Finding, ...]]:
        """The figures by replaying everything; the findings by going on from where the day was read from, as
        what came before it was found on its own day.
        """
        report = None if stored.reserve is None else ReserveReport.from_data(stored.reserve.report)

        def read(previous: Checkpoint | None) -> Reading:
            return read_day(
                self._books,
                day,
                report=report,
                head=Head(stored.ledger.head_seq, stored.ledger.head_hash),
                version=stored.version,
                previous=previous,
                matched_to=self._matched_to(follows),
            )

        whole = read(None)
        part = whole if follows is None else read(self._kept(follows))
        return whole.figures.model_copy(update={"breaks": stored.breaks}), part.findings

    def _run(
        self,
        day: date,
        by: str,
        report: ReserveReport | None,
        others: Iterable[ReserveReport],
        version: int,
        last: LedgerRecord | None,
        supersedes: str | None,
        reason: str | None,
    ) -> DayRecord:
        if report is not None:
            require_own_references(report, others)
        name = f"{self._prefix(day)}v{version}"
        follows, previous = self._checkpoint(day)
        head = self._ledger.as_of.head()
        reading = read_day(
            self._books,
            day,
            report=report,
            head=head,
            version=version,
            previous=previous,
            matched_to=self._matched_to(follows),
        )
        digest, packed = reading.checkpoint.pack()
        with self._ledger.transaction() as tx:
            ids = self.breaks.found(tx, reading.findings, day=day.isoformat(), by=by)
            data = {
                "figures": reading.figures.to_data(),
                "sha256": reading.figures.sha256,
                "breaks": sorted(set(ids)),
                "findings": findings_data(reading.findings, ids),
                "checkpoint": digest,
                "follows": follows,
                "supersedes": supersedes,
                "reason": reason,
            }
            if last is None:
                why = reason or "reconciled"
                tx.record_book.open(
                    name,
                    RecordKind.RECONCILIATION,
                    RecordState.OPEN,
                    data,
                    actor=by,
                    role=Role.FINANCE,
                    reason=why,
                )
            target = RecordState.BREAK if ids else RecordState.MATCHED
            record = tx.record_book.step(name, target, actor=by, role=Role.FINANCE, data=data)
            tx.as_of.keep_checkpoint(name, digest, packed)
            self._stop(tx, reading, ids)
        return _day_record(record)

    def _stop(self, tx: Transaction, reading: Reading, ids: Iterable[str]) -> None:
        """A mint that no order asked for stops minting, once for each."""
        if not self._stop_minting:
            return
        known = {item.details.get("break") for item in tx.incidents.find() if item.kind == _INCIDENT}
        for finding, name in zip(reading.findings, ids, strict=True):
            if finding.subject.startswith(MINT_WITHOUT_ORDER) and name not in known:
                tx.incidents.open(_INCIDENT, finding.text, {"break": name, "amount": finding.display})

    def _matched_to(self, follows: str | None) -> CutOffFigures | None:
        """The cut-off of the closed day that another follows."""
        if follows is None:
            return None
        return DayFigures.from_data(self._ledger.record_book.get(follows).data["figures"]).cut_off

    def _checkpoint(self, day: date) -> tuple[str | None, Checkpoint | None]:
        """The last closed day's, within reach. Raises LedgerTampered for one that was changed."""
        for back in range(1, _LOOK_BACK + 1):
            closed = [
                record
                for record in self._versions(day - timedelta(days=back))
                if record.state is RecordState.CLOSED
            ]
            if closed:
                return closed[-1].id, self._kept(closed[-1].id)
        return None, None

    def _kept(self, name: str) -> Checkpoint:
        """A closed day's checkpoint. Raises LedgerTampered for one that was changed."""
        wanted = self._ledger.record_book.get(name).data["checkpoint"]
        stated, packed = self._ledger.as_of.checkpoint(name)
        digest, checkpoint = Checkpoint.unpack(packed)
        if not wanted == stated == digest:
            raise LedgerTampered(
                f"the checkpoint of {name} is not the one that was closed: restore the ledger from a backup"
            )
        return checkpoint

    def _prefix(self, day: date) -> str:
        return f"reconciliation/{self._books.market}/{day.isoformat()}/"

    def _versions(self, day: date) -> tuple[LedgerRecord, ...]:
        return self._ledger.record_book.find(RecordKind.RECONCILIATION, prefix=self._prefix(day))

    def _last(self, day: date) -> LedgerRecord | None:
        found = self._versions(day)
        return found[-1] if found else None


def _may_stand(item: Break) -> bool:
    if item.severity == "critical":
        return item.state in (RecordState.CLOSED, RecordState.ESCALATED)
    return item.is_explained


def _with_figures(data: dict[str, Any], figures: DayFigures) -> dict[str, Any]:
    return {**data, "figures": figures.to_data(), "sha256": figures.sha256}


def _day_record(record: LedgerRecord) -> DayRecord:
    data = record.data
    return DayRecord(
        record_id=record.id,
        state=record.state.value,
        figures=DayFigures.from_data(data["figures"]),
        breaks=tuple(data["breaks"]),
        follows=data["follows"],
        supersedes=data["supersedes"],
        reason=data["reason"],
    )
