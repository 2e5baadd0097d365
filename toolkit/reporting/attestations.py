"""The practitioner's reports on file: drafted and issued by an auditor, who has no other part in anything.

A report stands on one version of the schedule that management signed. It is checked each time that it is
drafted, issued or sent out: what was superseded meanwhile, or has a break open, carries no conclusion.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any, ClassVar

from toolkit.errors import InvalidInput
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.ledger.records import LedgerRecord
from toolkit.reporting.breaks import Breaks
from toolkit.reporting.closed_days import ClosedDays
from toolkit.reporting.draw import drawn
from toolkit.reporting.errors import NotIndependent, ScheduleNotAttestable
from toolkit.reporting.filing import Filing
from toolkit.reporting.report import Document, Report
from toolkit.reporting.reports.practitioner import PractitionerReport, practitioner_report
from toolkit.reporting.reports.values import Moment
from toolkit.reporting.shelf import OUT, RequireClosed, Shelf, record_kind_of
from toolkit.reporting.signing import verify_report

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.ledger.ledger import Transaction
    from toolkit.reporting.reports.content import Period

__all__ = ["Attestations", "require_independent", "shelf_of", "signed_schedule"]

_INCIDENT = "attestation_modified"


class Attestations(Shelf):
    """The practitioner's reports of one ledger."""

    kind: ClassVar = RecordKind.ATTESTATION
    maker: ClassVar = Role.AUDITOR
    signatories: ClassVar = (Role.AUDITOR,)
    signed: ClassVar = RecordState.ISSUED
    fields: ClassVar = {"practitioner": "prepared_by"}

    def generate(self, report: Report[Any], *, by: str) -> LedgerRecord:
        """Puts a draft on file, by the practitioner whose report it is.

        Raises `NotIndependent`, `ScheduleNotAttestable`, and what `Shelf.generate` raises.
        """
        content = _content(report.document)
        if content.practitioner != by:
            raise NotIndependent(
                f"the report is {content.practitioner}'s, and {by} can't put it on file: the practitioner "
                "drafts and issues it alone",
                person=by,
            )
        self._require_attestable(report.document)
        return super().generate(report, by=by)

    def review(self, report_id: str, *, by: str) -> LedgerRecord:
        """Raises `InvalidInput`: nobody reviews what the practitioner alone signs."""
        raise InvalidInput(
            f"{report_id} is the practitioner's, who issues it alone: {by} has nothing to review",
            report=report_id,
        )

    def sign(
        self, report_id: str, signature: bytes | str, *, outside: Report[Any] | None = None
    ) -> LedgerRecord:
        """Issues the latest version with the practitioner's signature.

        A conclusion other than unmodified opens an incident, which stops minting until compliance has looked
        (regulation.md W11, W13). Raises `NotIndependent`, `ScheduleNotAttestable`, `InvalidInput` for a
        report dated later than today, and what `Shelf.sign` raises.
        """
        document = self.latest(report_id, outside).document
        self._require_attestable(document)
        dated = _content(document).engagement.report_date
        today = date.fromisoformat(Moment.of(self.ledger.clock.now()).hkt[:10])
        if dated > today:
            raise InvalidInput(
                f"{report_id} is dated {dated} and today is {today}: issue it on its day, or date it today",
                report=report_id,
            )
        return super().sign(report_id, signature, outside=outside)

    def publish(self, report_id: str, *, url: str, by: str, require_closed: RequireClosed) -> LedgerRecord:
        """As `Shelf.publish`. Raises `ScheduleNotAttestable` for a report on what was superseded since."""
        self._require_attestable(self.latest(report_id).document)
        return super().publish(report_id, url=url, by=by, require_closed=require_closed)

    def submit(self, report_id: str, *, receipt: str, by: str, require_closed: RequireClosed) -> LedgerRecord:
        """As `Shelf.submit`. Raises `ScheduleNotAttestable` for a report on what was superseded since."""
        self._require_attestable(self.latest(report_id).document)
        return super().submit(report_id, receipt=receipt, by=by, require_closed=require_closed)

    def _signed(self, tx: Transaction, record: LedgerRecord, report: Report[Any]) -> None:
        stated = _content(report.document).engagement
        if stated.conclusion != "unmodified":
            name = report.document.report_id
            tx.incidents.open(
                _INCIDENT,
                f"the practitioner's conclusion on {name} is {stated.conclusion}: {stated.basis}"[:500],
                {"report": record.id, "sha256": report.document.sha256, "conclusion": stated.conclusion},
            )

    def _require_attestable(self, document: Document[Any]) -> None:
        content = _content(document)
        require_independent(self.ledger, content.practitioner)
        market = _market(document)
        schedule = signed_schedule(self.ledger, market, content.period)
        expected = practitioner_report(schedule, content.engagement, practitioner=content.practitioner)
        if content.schedule != expected.schedule:
            stands = expected.schedule
            raise ScheduleNotAttestable(
                f"{document.report_id} is on version {content.schedule.version} of the schedule, sha256 "
                f"{content.schedule.sha256}, and what management signed is version {stands.version}, sha256 "
                f"{stands.sha256}: report on that one",
                report=document.report_id,
            )
        if content != expected:
            raise ScheduleNotAttestable(
                f"{document.report_id} states other figures than the schedule that it names: make it anew "
                "from the schedule on file",
                report=document.report_id,
            )


def shelf_of(ledger: Ledger, report_id: str) -> Filing | Attestations:
    """Where reports of the kind that the id begins with are on file. Raises `InvalidInput`."""
    kind = record_kind_of(report_id.partition("/")[0])
    return Attestations(ledger) if kind is RecordKind.ATTESTATION else Filing(ledger)


def signed_schedule(ledger: Ledger, market: str, period: Period) -> Report[Any]:
    """The schedule of a period as management signed it: the last version, and nothing against it.

    Raises `ScheduleNotAttestable` for one that isn't signed by two registered persons, was superseded or is
    about to be, rests on a day that was restated since, or has a break open; `NotFound` without any.
    """
    filing, name = Filing(ledger), f"attestation_schedule/{market}/{period}"
    record, report = filing.record(name), filing.get(name)
    _require_signed(ledger, record, report)
    _require_current(ledger, market, report)
    first, last = period.start.isoformat(), period.end.isoformat()
    against = [
        item.break_id
        for item in Breaks(ledger, market).all(open_only=True)
        if any(first <= day <= last for day in item.days)
    ]
    if against:
        raise ScheduleNotAttestable(
            f"{record.id} is over breaks that are open: {', '.join(against)}; have each settled first",
            report=name,
            breaks=against,
        )
    return report


def _require_signed(ledger: Ledger, record: LedgerRecord, report: Report[Any]) -> None:
    name = report.document.report_id
    if record.state not in OUT:
        raise ScheduleNotAttestable(
            f"{record.id} is {record.state}: management has to sign the last version of its schedule first",
            report=name,
        )
    verify_report(report)
    for item in report.sign_off.signatures:
        owner = ledger.persons.by_signer(item.signer)  # raises for a key that was revoked since
        if owner.person_id != item.person:
            raise ScheduleNotAttestable(
                f"{record.id} has a signature of {item.signer} for {item.person}, whose key that isn't",
                report=name,
            )


def _require_current(ledger: Ledger, market: str, report: Report[Any]) -> None:
    """The draw and the closed days are those that the schedule was made from."""
    document, content = report.document, report.document.content
    if drawn(ledger, market, content.period) != content.draw:
        raise ScheduleNotAttestable(
            f"{document.report_id} has another random day than was drawn", report=document.report_id
        )
    used = {item.name: item.sha256 for item in document.input_hashes}
    days = ClosedDays(ledger, market)
    for name, day in (("period end", content.period.end), ("random day", content.draw.day)):
        stands = days.figures(day).sha256
        if used.get(f"figures, {name}") != stands:
            raise ScheduleNotAttestable(
                f"{document.report_id}, version {document.version}, was made from other figures of {day} "
                f"than those that are closed now (sha256 {stands}): restate the schedule first",
                report=document.report_id,
            )


def require_independent(ledger: Ledger, person: str) -> None:
    """Raises `NotIndependent` for anybody who isn't an auditor alone, or ever did any of the desk's work."""
    held = set(ledger.persons.get(person).roles)
    if Role.AUDITOR not in held:
        raise NotIndependent(
            f"{person} is no auditor: nobody of the desk reports on its own assertion", person=person
        )
    others = sorted((held | ledger.persons.acted_as(person)) - {Role.AUDITOR})
    if others:
        raise NotIndependent(
            f"{person} is or has acted as {', '.join(others)} in this ledger and isn't independent of it: "
            "have another practitioner report",
            person=person,
        )


def _content(document: Document[Any]) -> PractitionerReport:
    content = document.content
    if not isinstance(content, PractitionerReport):
        raise InvalidInput(f"a {document.kind} is no practitioner's report: use `Filing`")
    return content


def _market(document: Document[Any]) -> str:
    period = f"/{document.content.period}"
    return document.report_id.removeprefix(f"{document.kind}/").removesuffix(period)
