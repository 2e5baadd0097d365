"""The last act: the closed day's statement and the week's pack, signed by two people and checked."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.chain.signers import LocalSigner
    from toolkit.cli.demo.narrator import Narrator
    from toolkit.desk import Desk
    from toolkit.reporting.filing import Filing
    from toolkit.reporting.reconciliation import Reconciliation
    from toolkit.reserves.report import ReserveReport

__all__ = ["StatementAct"]

_DAY = date(2026, 2, 27)
_PREPARER, _REVIEWER = "finance-1", "finance-2"
_NOON = time(4, 0, tzinfo=UTC)
_EXPECTED = "LEDGER_VS_RESERVE"


class StatementAct:
    """Reports on what the closing act closed: its reconciliation, and the reserve report of that day."""

    def __init__(
        self, tell: Narrator, folder: Path, desk: Desk, reconciliation: Reconciliation, report: ReserveReport
    ) -> None:
        self._tell = tell
        self._folder = folder / "reports"
        self._desk = desk
        self._reconciliation = reconciliation
        self._report = report
        self._market = desk.issuance.symbol

    def run(self) -> None:
        """Play it. Raises DemoFailed when something that has to be refused is not."""
        from toolkit.errors import NotAuthorised
        from toolkit.reporting.filing import Filing
        from toolkit.reporting.report import FiguresDoNotAddUp, read_report
        from toolkit.reporting.reports.content import Period

        self._tell.act("The statement of the day and the pack of the week")
        filing, keys = Filing(self._desk.ledger), self._keys()
        self._close_week()
        day = Period(start=_DAY, end=_DAY)
        week = Period(start=_DAY - timedelta(days=6), end=_DAY)
        made = self._made(filing, "daily_statement", day)
        with self._tell.refusal("a review by whoever prepared it", NotAuthorised):
            filing.review(made, by=_PREPARER)
        names = [made, *(self._made(filing, kind, week) for kind in ("supervisory_report", "disclosure"))]
        for name in names:
            self._sign(filing, name, keys)
        self._publish(filing, names)
        path = self._folder / f"{made.replace('/', '_')}_v1.json"
        text = path.read_text(encoding="utf-8")
        surplus = filing.get(made).document.content.surplus.amount
        cent = f"{surplus[:-1]}{(int(surplus[-1]) + 1) % 10}"
        with self._tell.refusal("a statement whose surplus was changed by a cent", FiguresDoNotAddUp):
            read_report(text.replace(f'"{surplus}"', f'"{cent}"'))

    def _keys(self) -> dict[str, LocalSigner]:
        """The demo's signing keys, made from words that anybody can read."""
        from toolkit.chain.hexes import keccak
        from toolkit.chain.signers import LocalSigner

        keys = {person: LocalSigner(keccak(f"demo {person}".encode())) for person in (_PREPARER, _REVIEWER)}
        for person, key in keys.items():
            self._desk.ledger.persons.add_signer(person, key.address)
        return keys

    def _close_week(self) -> None:
        """The six days before, each on the reserve of its own business day; a weekend carries Friday's.

        Nobody attested the reserve on those days, which is found, explained and closed by two people.
        """
        explained: set[str] = set()
        for back in range(6, 0, -1):
            day = _DAY - timedelta(days=back)
            valued = day - timedelta(days=max(day.weekday() - 4, 0))
            report = self._report.revised(as_of=datetime.combine(valued, _NOON).isoformat())
            found = self._reconciliation.run(day, by=_PREPARER, report=report)
            explained.update(found.breaks)
            self._explain(found.breaks)
            self._reconciliation.close(day, by=_REVIEWER)
        for name in sorted(explained):
            self._reconciliation.breaks.close(name, by=_REVIEWER, reason="the next attestation was posted")
        self._tell.say(
            f"the six days before are closed over {len(explained)} explained break(s): no attestation was "
            "posted on them"
        )

    def _explain(self, names: tuple[str, ...]) -> None:
        breaks = self._reconciliation.breaks
        for name in names:
            self._tell.require(_EXPECTED in name, f"a day before isn't at zero: {name}")
            if not breaks.get(name).is_explained:
                breaks.assign(name, _PREPARER, by=_PREPARER)
                breaks.explain(name, "no attestation was posted, and nothing minted", by=_PREPARER)

    def _made(self, filing: Filing, kind: str, period: Any) -> str:
        from toolkit.cli.report_inputs import Request, content_of
        from toolkit.reporting.closed_days import ClosedDays
        from toolkit.reporting.profiles import RegulatorProfile
        from toolkit.reporting.report import compose

        profile, ledger = RegulatorProfile.load("hong-kong"), self._desk.ledger
        request = Request(kind, period, profile, ledger, ClosedDays(ledger, self._market), None, {})
        report = compose(
            content_of(request),
            subject=self._market,
            period=period,
            as_of=request.cut_off,
            profile=profile.identity,
            inputs=request.inputs,
        )
        filing.generate(report, by=_PREPARER)
        return report.document.report_id

    def _sign(self, filing: Filing, name: str, keys: dict[str, LocalSigner]) -> None:
        from toolkit.reporting.signing import signable

        filing.review(name, by=_REVIEWER)
        document = filing.get(name).document
        for part, person in (("preparer", _PREPARER), ("reviewer", _REVIEWER)):
            signed = signable(document, part=part, person=person).sign(keys[person])
            filing.sign(name, signed.data)

    def _publish(self, filing: Filing, names: list[str]) -> None:
        """Puts the pack into the folder, checks every file and records what is out."""
        from toolkit.cli.report_papers import write_report
        from toolkit.reporting.closed_days import ClosedDays
        from toolkit.reporting.report import read_report
        from toolkit.reporting.signing import verify_report

        closed = ClosedDays(self._desk.ledger, self._market).require_closed
        for name in names:
            if name.startswith("disclosure"):
                filing.publish(name, url="https://example.com/reserve", by=_PREPARER, require_closed=closed)
            else:
                filing.submit(name, receipt="DEMO-RECEIPT", by=_PREPARER, require_closed=closed)
            files = write_report(filing.get(name), self._folder)
            report = read_report(files[0].read_bytes())
            checked = verify_report(report)
            self._tell.say(
                f"{name}: {report.sign_off.state}, {len(report.sign_off.signatures)} signatures, "
                f"{len(checked.established)} checks; {files[1].name}",
                sha256=report.document.sha256,
            )
