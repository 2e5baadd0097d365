"""What is due, late or blocked, by profile and calendar, at any instant."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

import pytest
from support.databases import Databases
from support.figures import cut_off
from support.ledgers import StoppedClock
from support.report_samples import CALENDAR, HONG_KONG, daily, period

from toolkit.errors import InvalidInput
from toolkit.ledger import Ledger, Role
from toolkit.ledger.record_words import RecordState
from toolkit.reporting.errors import BooksNotClosed
from toolkit.reporting.filing import Filing
from toolkit.reporting.profiles import RegulatorProfile
from toolkit.reporting.reports.content import Period
from toolkit.reporting.schedule import DueItem, LedgerStanding, Status, due, problem_of

FRIDAY = date(2026, 11, 20)


@dataclass
class Standing:
    """What the tests say it is."""

    done: dict[tuple[str, str], RecordState] = field(default_factory=dict)
    open_days: frozenset[date] = frozenset()
    draws: frozenset[str] = frozenset()

    def reached(self, report: str, of: Period) -> frozenset[RecordState]:
        found = self.done.get((report, str(of)))
        return frozenset() if found is None else frozenset({found})

    def problem(self, day: date) -> str | None:
        return f"{day} isn't closed, over break/1" if day in self.open_days else None

    def has_draw(self, of: Period) -> bool:
        return str(of) in self.draws


def items(standing: Standing, now: datetime, since: date = FRIDAY, name: str = "hong-kong") -> list[DueItem]:
    profile = RegulatorProfile.load(name)
    return list(due(profile, profile.business_calendar(), standing, since=since, now=now))


def of(found: Iterable[DueItem], report: str) -> DueItem:
    return next(item for item in found if item.report == report)


def statements(days: int = 7) -> dict[tuple[str, str], RecordState]:
    return {
        ("daily_statement", str(FRIDAY - timedelta(days=index))): RecordState.SIGNED for index in range(days)
    }


def test_nothing_is_due_before_the_cut_off() -> None:
    assert items(Standing(), cut_off(FRIDAY)) == []
    assert [item.report for item in items(Standing(), cut_off(FRIDAY) + timedelta(seconds=1))] == [
        "daily_statement",
        "disclosure",
        "supervisory_report",
    ]


def test_a_statement_is_due_on_the_next_business_day_and_late_after_it() -> None:
    monday = cut_off(date(2026, 11, 23))
    item = of(items(Standing(), monday), "daily_statement")
    assert (item.status, item.late, item.due_at) == (Status.DUE, False, monday)
    assert (
        item.source
        == "Guideline 2.7.2: a daily statement; that it is signed on the next business day is ours"
    )
    late = of(items(Standing(), monday + timedelta(seconds=1)), "daily_statement")
    assert (late.status, late.late) == (Status.DUE, True)
    signed = Standing(done=statements())
    done = of(items(signed, monday + timedelta(days=9), since=FRIDAY), "daily_statement")
    assert (done.status, done.late) == (Status.DONE, False)


def test_t8_a_statement_before_easter_is_due_after_it() -> None:
    found = items(Standing(), cut_off(date(2026, 4, 3)), since=date(2026, 4, 2))
    assert of(found, "daily_statement").due_at == cut_off(date(2026, 4, 8))


def test_a_statement_is_due_for_a_holiday_too() -> None:
    found = items(Standing(), cut_off(date(2026, 4, 8)), since=date(2026, 4, 3))
    assert [str(item.period) for item in found if item.report == "daily_statement"] == [
        f"2026-04-0{day}" for day in range(3, 8)
    ]
    new_york = items(Standing(), cut_off(date(2026, 11, 30)), since=date(2026, 11, 26), name="new-york")
    assert [str(item.period) for item in new_york if item.report == "daily_statement"] == ["2026-11-27"]


def test_blocked_says_by_what_and_may_be_late_as_well() -> None:
    now = cut_off(date(2026, 11, 25))
    open_day = date(2026, 11, 18)
    blocked = items(Standing(done=statements(), open_days=frozenset({open_day})), now)
    weekly = of(blocked, "supervisory_report")
    assert (weekly.status, weekly.late) == (Status.BLOCKED, True)
    assert weekly.blocked_by == ("2026-11-18 isn't closed, over break/1",)
    missing = of(items(Standing(done=statements(3)), now), "disclosure")
    assert missing.blocked_by == tuple(
        f"the daily statement of 2026-11-{day} isn't signed" for day in (14, 15, 16, 17)
    )
    assert of(items(Standing(done=statements()), now), "disclosure").status is Status.DUE


def test_signed_is_not_enough_for_what_has_to_be_published() -> None:
    week = str(period(date(2026, 11, 14), FRIDAY))
    now = cut_off(date(2026, 11, 25))
    for state, expected in ((RecordState.SIGNED, Status.DUE), (RecordState.PUBLISHED, Status.DONE)):
        found = items(Standing(done=statements() | {("disclosure", week): state}), now)
        assert of(found, "disclosure").status is expected


def test_an_attestation_waits_for_the_auditors_draw() -> None:
    october = "2026-10-01..2026-10-31"
    done = {
        ("daily_statement", str(date(2026, 10, 1) + timedelta(days=index))): RecordState.SIGNED
        for index in range(31)
    }
    now = cut_off(date(2026, 11, 5))
    waits = of(items(Standing(done=done), now, since=date(2026, 10, 31)), "attestation_schedule")
    assert waits.blocked_by == (f"the auditor hasn't drawn the random day of {october}",)
    ready = Standing(done=done, draws=frozenset({october}))
    assert of(items(ready, now, since=date(2026, 10, 31)), "attestation_schedule").status is Status.DUE


def test_the_auditors_report_waits_for_the_schedule() -> None:
    october = "2026-10-01..2026-10-31"
    now = cut_off(date(2026, 11, 5))
    waits = of(items(Standing(), now, since=date(2026, 10, 31)), "attestation_report")
    assert waits.blocked_by == (f"the attestation schedule of {october} isn't signed",)
    done = {("attestation_schedule", october): RecordState.SUBMITTED}
    ready = items(Standing(done=done), now, since=date(2026, 10, 31))
    assert of(ready, "attestation_report").status is Status.DUE
    done["attestation_report", october] = RecordState.SUBMITTED
    assert of(items(Standing(done=done), now, since=date(2026, 10, 31)), "attestation_report").status is (
        Status.DONE
    )


def test_asking_twice_is_answered_the_same_and_changes_nothing() -> None:
    standing, now = Standing(done=statements()), cut_off(date(2026, 11, 25))
    assert items(standing, now) == items(standing, now)


def test_an_unknown_holiday_year_and_a_naive_instant_are_refused() -> None:
    late = datetime(2028, 1, 5, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="knows 2023 to 2027"):
        items(Standing(), late, since=date(2027, 12, 31))
    with pytest.raises(InvalidInput, match="no time zone"):
        items(Standing(), datetime(2026, 11, 20))  # noqa: DTZ001  what is refused


def test_the_ledgers_standing_at_a_past_instant_knows_nothing_later(databases: Databases) -> None:
    from support.report_samples import filed

    from toolkit.chain.signers import dev_signer
    from toolkit.reporting.signing import signable

    clock = StoppedClock(cut_off(FRIDAY) + timedelta(hours=1))
    report = daily()
    with Ledger.open(databases.ledger(), clock=clock) as ledger:
        for number in (1, 2):
            ledger.persons.add(
                f"finance-{number}", label="f", roles={Role.FINANCE}, signers=[dev_signer(number).address]
            )
        filing = Filing(ledger)
        filing.generate(report, by="finance-1")
        filing.review(report.document.report_id, by="finance-2")
        clock.advance(timedelta(hours=1))
        for part, number in (("preparer", 1), ("reviewer", 2)):
            typed = signable(report.document, part=part, person=f"finance-{number}")
            filing.sign(report.document.report_id, typed.sign(dev_signer(number)).data)

        def status(hours: int, closed: bool = True) -> DueItem:
            now = cut_off(FRIDAY) + timedelta(hours=hours)

            def require(day: date) -> None:
                if not closed:
                    raise BooksNotClosed(f"{day} isn't closed")

            standing = LedgerStanding(ledger, "HKDX", now, problem_of(require))
            return of(due(HONG_KONG, CALENDAR, standing, since=FRIDAY, now=now), "daily_statement")

        assert status(1).status is Status.DUE
        assert status(2).status is Status.DONE
        assert status(1, closed=False).blocked_by == ("2026-11-20 isn't closed",)
        # A draft of a correction takes nothing from what is signed.
        second = filed(
            daily(reserve_value="1499.00").document.content, previous=report.document, reason="corrected"
        )
        filing.generate(second, by="finance-1")
        assert status(3).status is Status.DONE
