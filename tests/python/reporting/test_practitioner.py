"""The practitioner's report: on one signed version of the schedule, by somebody who has no other part."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from support.closed_books import MARKET, PRACTITIONER, PREPARER, REVIEWER, close, closed_week
from support.databases import SqliteDatabases
from support.figures import cut_off, week
from support.ledgers import StoppedClock
from support.report_samples import DAY, HONG_KONG, attested, engagement, filed, period
from support.shell import Shell

from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import Ledger, Role
from toolkit.reporting.attestations import Attestations, signed_schedule
from toolkit.reporting.breaks import Breaks
from toolkit.reporting.draw import draw_day
from toolkit.reporting.errors import NotIndependent, ScheduleNotAttestable
from toolkit.reporting.figures import DayFigures
from toolkit.reporting.filing import Filing
from toolkit.reporting.identities import Finding
from toolkit.reporting.rendering import to_html
from toolkit.reporting.report import FiguresDoNotAddUp, Report, read_report
from toolkit.reporting.reports.attestation import attestation_schedule
from toolkit.reporting.reports.practitioner import practitioner_report
from toolkit.reporting.signing import signable, verify_report

DAYS = week()
OF = period(date(2026, 11, 14), DAY)
SCHEDULE = f"attestation_schedule/{MARKET}/{OF}"
NAME = f"attestation_report/{MARKET}/{OF}"
SEED = "nobody could know this one"
SIGNED_AT = cut_off(DAY) + timedelta(hours=10)


def asserted(ledger: Ledger, days: list[DayFigures], **more: Any) -> Report[Any]:
    """The schedule of the days, not signed."""
    draw = draw_of(ledger)
    by_day = {day.cut_off.day: day for day in days}
    content = attestation_schedule(
        OF, by_day[DAY], by_day[draw.day], draw, HONG_KONG, previous=None, policies={"fees": "none"}
    )
    inputs = {
        "figures, period end": by_day[DAY].sha256,
        "figures, random day": by_day[draw.day].sha256,
    }
    return filed(content, OF, inputs=inputs, **more)


def draw_of(ledger: Ledger) -> Any:
    from toolkit.reporting.draw import drawn

    return drawn(ledger, MARKET, OF)


def sign(shelf: Any, report: Report[Any], part: str, person: str, signer: LocalSigner) -> Any:
    signature = signable(report.document, part=part, person=person).sign(signer).data
    return shelf.sign(report.document.report_id, signature)


def sign_schedule(ledger: Ledger, report: Report[Any]) -> None:
    filing = Filing(ledger)
    filing.generate(report, by="finance-1")
    filing.review(SCHEDULE, by="finance-2")
    sign(filing, report, "preparer", "finance-1", PREPARER)
    sign(filing, report, "reviewer", "finance-2", REVIEWER)


@pytest.fixture(scope="module")
def asserted_books(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger whose week is closed, its random day drawn, and its schedule signed by management."""
    folder = tmp_path_factory.mktemp("asserted")
    url = SqliteDatabases(folder).ledger()
    closed_week(url, DAYS)
    clock = StoppedClock(cut_off(DAY) + timedelta(hours=9))
    with Ledger.open(url, clock=clock) as ledger:
        ended = cut_off(DAY)
        draw_day(ledger, MARKET, OF, ended_at=ended, by="auditor-1", seed=SEED)
        clock.instant = SIGNED_AT
        sign_schedule(ledger, asserted(ledger, DAYS))
    return Path(url.removeprefix("sqlite:///"))


@pytest.fixture
def url(asserted_books: Path, tmp_path: Path) -> str:
    return f"sqlite:///{shutil.copy(asserted_books, tmp_path / 'desk.db')}"


@pytest.fixture
def ledger(url: str) -> Iterator[Ledger]:
    with Ledger.open(url, clock=StoppedClock(SIGNED_AT + timedelta(hours=2))) as ledger:
        yield ledger


def report_on(ledger: Ledger, by: str = "auditor-1", **changes: Any) -> Report[Any]:
    schedule = signed_schedule(ledger, MARKET, OF)
    content = practitioner_report(schedule, engagement(**changes), practitioner=by)
    return filed(content, OF, inputs={"schedule": schedule.document.sha256})


def issued(ledger: Ledger, **changes: Any) -> Report[Any]:
    report, shelf = report_on(ledger, **changes), Attestations(ledger)
    shelf.generate(report, by="auditor-1")
    sign(shelf, report, "practitioner", "auditor-1", PRACTITIONER)
    return report


def open_break(ledger: Ledger, day: str) -> str:
    finding = Finding("CASH_VS_ORDER", "bank/reserve/entry/7", "high", 2500, "HKD", 2, "belongs to nothing")
    with ledger.transaction() as tx:
        (name,) = Breaks(ledger, MARKET).found(tx, [finding], day=day, by="finance-1")
    return name


def restate(ledger: Ledger) -> list[DayFigures]:
    """The last day closed again, as its second version."""
    data = DAYS[-1].to_data() | {"version": 2}
    data["ledger"]["received_in_reserve"] = "0"
    second = DayFigures.from_data(data)
    close(ledger, second, reason="a receipt was booked twice")
    return [*DAYS[:-1], second]


# --------------------------------------------------------------------------------------- what it goes through


def test_the_practitioner_issues_it_alone_and_the_issuer_sends_it_out(ledger: Ledger) -> None:
    report, shelf = issued(ledger), Attestations(ledger)
    record = shelf.record(NAME)
    assert (record.state, record.data["prepared_by"], record.data["reviewed_by"]) == (
        *("issued", "auditor-1", None),
    )
    shelf.publish(NAME, url="https://example.test/a", by="finance-1", require_closed=lambda day: None)
    shelf.submit(NAME, receipt="HKMA-7", by="compliance-1", require_closed=lambda day: None)
    found = shelf.get(NAME)
    assert found.document == report.document
    assert found.document.content.schedule.sha256 == Filing(ledger).record(SCHEDULE).data["sha256"]
    checked = verify_report(read_report(found.to_json()))
    assert f"{PRACTITIONER.address} signed as practitioner for auditor-1" in checked.established
    assert not any("no signature" in text for text in checked.not_checked)
    page = to_html(found)
    assert "Practitioner <b>auditor-1</b><br>signed" in page
    assert "Reviewed by <b>" not in page
    assert ledger.incidents.find() == ()
    ledger.verify()


def test_both_definitions_of_outstanding_stand_side_by_side_as_the_schedule_has_them(ledger: Ledger) -> None:
    content, schedule = report_on(ledger).document.content, Filing(ledger).get(SCHEDULE).document.content
    for mine, theirs in (
        (content.period_end, schedule.period_end),
        (content.random_day, schedule.random_day),
    ):
        assert (mine.outstanding, mine.redeemable) == (theirs.outstanding, theirs.redeemable)
        assert mine.not_redeemable.value == theirs.outstanding.value - theirs.redeemable.value > 0
        assert mine.surplus_to_outstanding == theirs.surplus_to_outstanding
    rows = next(block for block in content.layout.blocks if getattr(block, "name", "") == "asserted").rows
    assert [row[0] for row in rows][:3] == [
        "5a. Outstanding, every token in existence",
        "2-4. less what can't be redeemed",
        "5. Redeemable tokens outstanding",
    ]


@pytest.mark.parametrize("conclusion", ["qualified", "adverse", "disclaimer"])
def test_a_modified_conclusion_is_shown_and_stops_minting_until_compliance_has_looked(
    ledger: Ledger, conclusion: str
) -> None:
    report = issued(ledger, conclusion=conclusion, basis="one custodian did not answer")
    (incident,) = ledger.incidents.find(acknowledged=False)
    assert (incident.kind, incident.details["conclusion"]) == ("attestation_modified", conclusion)
    assert f"The conclusion is {conclusion}." in report.document.content.layout.warnings


def test_making_it_again_changes_nothing_and_another_draft_replaces_the_first(ledger: Ledger) -> None:
    shelf = Attestations(ledger)
    first = shelf.generate(report_on(ledger), by="auditor-1")
    assert shelf.generate(report_on(ledger), by="auditor-1") == first
    shelf.generate(report_on(ledger, city="Kowloon"), by="auditor-1")
    assert len(shelf.versions(NAME)) == 1


# ------------------------------------------------------------------------------------------------ who may not


def test_nobody_of_the_desk_reports_on_its_own_assertion(ledger: Ledger) -> None:
    with pytest.raises(NotIndependent, match="no auditor"):
        Attestations(ledger).generate(report_on(ledger, by="compliance-1"), by="compliance-1")
    with pytest.raises(ValidationError, match="finance-1 signed the schedule"):
        report_on(ledger, by="finance-1")
    assert Attestations(ledger).versions(NAME) == ()


def test_x1_one_who_worked_at_the_desk_is_not_independent_under_another_role(ledger: Ledger) -> None:
    # finance-3 opened a break; now an auditor, with a key, they are still the same person.
    ledger.persons.add("finance-3", label="f", roles={Role.FINANCE}, signers=[dev_signer(7).address])
    finding = Finding("CASH_VS_ORDER", "bank/x", "low", 1, "HKD", 2, "a cent")
    with ledger.transaction() as tx:
        (name,) = Breaks(ledger, MARKET).found(tx, [finding], day="2026-11-01", by="finance-3")
    assert name.endswith("bank/x")
    ledger.persons.set_roles("finance-3", {Role.AUDITOR})
    with pytest.raises(NotIndependent, match="has acted as finance"):
        Attestations(ledger).generate(report_on(ledger, by="finance-3"), by="finance-3")


def test_another_auditor_neither_drafts_nor_signs_in_the_practitioners_name(ledger: Ledger) -> None:
    ledger.persons.add("auditor-2", label="b", roles={Role.AUDITOR}, signers=[dev_signer(8).address])
    report, shelf = report_on(ledger), Attestations(ledger)
    with pytest.raises(NotIndependent, match="the practitioner drafts"):
        shelf.generate(report, by="auditor-2")
    shelf.generate(report, by="auditor-1")
    for person, signer in (
        ("auditor-2", dev_signer(8)),
        ("auditor-1", dev_signer(8)),
        ("finance-1", PREPARER),
    ):
        with pytest.raises(NotAuthorised, match="neither its practitioner"):
            sign(shelf, report, "practitioner", person, signer)
    with pytest.raises(InvalidInput, match="use practitioner"):
        signable(report.document, part="preparer", person="auditor-1")
    with pytest.raises(InvalidInput, match="nothing to review"):
        shelf.review(NAME, by="finance-2")
    ledger.persons.revoke_signer(PRACTITIONER.address)
    with pytest.raises(NotAuthorised, match="revoked"):
        sign(shelf, report, "practitioner", "auditor-1", PRACTITIONER)
    assert shelf.record(NAME).state == "generated"


def test_the_auditor_may_not_send_it_out_and_nothing_goes_out_that_is_not_issued(ledger: Ledger) -> None:
    shelf = Attestations(ledger)
    shelf.generate(report_on(ledger), by="auditor-1")
    with pytest.raises(IllegalTransition):
        shelf.publish(NAME, url="https://example.test", by="finance-1", require_closed=lambda day: None)
    sign(shelf, report_on(ledger), "practitioner", "auditor-1", PRACTITIONER)
    with pytest.raises(NotAuthorised, match="not of finance or compliance"):
        shelf.publish(NAME, url="https://example.test", by="auditor-1", require_closed=lambda day: None)


# -------------------------------------------------------------------------------------- the schedule it is on


def test_a_schedule_that_management_has_not_signed_carries_no_report(tmp_path: Path) -> None:
    url = SqliteDatabases(tmp_path).ledger()
    closed_week(url, DAYS)
    clock = StoppedClock(SIGNED_AT)
    with Ledger.open(url, clock=clock) as ledger:
        draw_day(ledger, MARKET, OF, ended_at=cut_off(DAY), by="auditor-1", seed=SEED)
        report = asserted(ledger, DAYS)
        filing = Filing(ledger)
        filing.generate(report, by="finance-1")
        with pytest.raises(ScheduleNotAttestable, match="is generated: management has to sign"):
            signed_schedule(ledger, MARKET, OF)
        filing.review(SCHEDULE, by="finance-2")
        sign(filing, report, "preparer", "finance-1", PREPARER)
        with pytest.raises(ScheduleNotAttestable, match="is reviewed"):
            signed_schedule(ledger, MARKET, OF)
        sign(filing, report, "reviewer", "finance-2", REVIEWER)
        assert signed_schedule(ledger, MARKET, OF).document == report.document
        ledger.persons.revoke_signer(REVIEWER.address)
        with pytest.raises(NotAuthorised, match="revoked"):
            signed_schedule(ledger, MARKET, OF)


def test_x11_a_superseded_schedule_takes_the_report_with_it(ledger: Ledger) -> None:
    draft, shelf = report_on(ledger), Attestations(ledger)
    shelf.generate(draft, by="auditor-1")
    days = restate(ledger)
    with pytest.raises(ScheduleNotAttestable, match="other figures of 2026-11-20"):
        sign(shelf, draft, "practitioner", "auditor-1", PRACTITIONER)
    first = Filing(ledger).get(SCHEDULE)
    second = asserted(ledger, days, previous=first.document, reason="a receipt was booked twice")
    Filing(ledger).generate(second, by="finance-1")
    with pytest.raises(ScheduleNotAttestable, match="v2 is generated"):
        sign(shelf, draft, "practitioner", "auditor-1", PRACTITIONER)
    Filing(ledger).review(SCHEDULE, by="finance-2")
    sign(Filing(ledger), second, "preparer", "finance-1", PREPARER)
    sign(Filing(ledger), second, "reviewer", "finance-2", REVIEWER)
    with pytest.raises(ScheduleNotAttestable, match=r"is on version 1 .* is version 2"):
        sign(shelf, draft, "practitioner", "auditor-1", PRACTITIONER)
    again = issued(ledger)
    assert (again.document.content.schedule.version, shelf.record(NAME).data["version"]) == (2, 1)


def test_x11_a_report_that_is_out_is_restated_on_the_new_schedule_and_kept(ledger: Ledger) -> None:
    first, shelf = issued(ledger), Attestations(ledger)
    days = restate(ledger)
    sign_schedule(
        ledger,
        asserted(
            ledger, days, previous=Filing(ledger).get(SCHEDULE).document, reason="a receipt was booked twice"
        ),
    )
    with pytest.raises(ScheduleNotAttestable, match="is on version 1"):
        shelf.publish(NAME, url="https://example.test", by="finance-1", require_closed=lambda day: None)
    with pytest.raises(ScheduleNotAttestable, match="is on version 1"):
        shelf.submit(NAME, receipt="r", by="finance-1", require_closed=lambda day: None)
    content = report_on(ledger).document.content
    second = filed(
        content,
        OF,
        previous=first.document,
        reason="management restated its schedule",
        inputs={"schedule": content.schedule.sha256},
    )
    shelf.generate(second, by="auditor-1")
    sign(shelf, second, "practitioner", "auditor-1", PRACTITIONER)
    old, new = shelf.get(NAME, 1), shelf.get(NAME)
    assert (old.document, old.sign_off.state, old.sign_off.superseded_by) == (first.document, "restated", 2)
    assert (new.document.content.schedule.version, new.sign_off.state) == (2, "issued")


def test_an_open_break_of_the_period_stands_against_drafting_issuing_and_publishing(ledger: Ledger) -> None:
    report, shelf = report_on(ledger), Attestations(ledger)
    shelf.generate(report, by="auditor-1")
    name = open_break(ledger, "2026-11-17")
    for act in (
        lambda: report_on(ledger),
        lambda: sign(shelf, report, "practitioner", "auditor-1", PRACTITIONER),
    ):
        with pytest.raises(ScheduleNotAttestable, match="breaks that are open: break/HKDX/CASH"):
            act()
    breaks = Breaks(ledger, MARKET)
    breaks.assign(name, "finance-1", by="finance-2")
    breaks.explain(name, "a returned payment", by="finance-1")
    with pytest.raises(ScheduleNotAttestable, match="open"):
        report_on(ledger)  # explained is not settled
    breaks.close(name, by="finance-2", reason="returned on the 18th")
    sign(shelf, report, "practitioner", "auditor-1", PRACTITIONER)
    open_break(ledger, "2026-11-20")
    with pytest.raises(ScheduleNotAttestable, match="open"):
        shelf.publish(NAME, url="https://example.test", by="finance-1", require_closed=lambda day: None)


def test_a_break_of_another_period_does_not(ledger: Ledger) -> None:
    open_break(ledger, "2026-11-13")
    assert report_on(ledger).document.content.schedule.version == 1


def test_t4_a_report_names_one_schedule_and_its_own_figures_only(ledger: Ledger) -> None:
    report, shelf = report_on(ledger), Attestations(ledger)
    content = report.document.content
    for changed, said in (
        (content.schedule.model_copy(update={"sha256": "0" * 64}), "what management signed is version 1"),
        (content.schedule.model_copy(update={"version": 3}), "is on version 3"),
        (content.schedule.model_copy(update={"prepared_by": "finance-9"}), "what management signed"),
    ):
        other = filed(content.model_copy(update={"schedule": changed}), OF)
        with pytest.raises(ScheduleNotAttestable, match=said):
            shelf.generate(other, by="auditor-1")
    data = content.period_end.model_dump(mode="json")
    data["available"]["amount"] = "600000000.00"
    for name, column in (("surplus_to_outstanding", "outstanding"), ("surplus_to_redeemable", "redeemable")):
        owed = (
            content.period_end.timing_differences.value
            + getattr(content.period_end, f"{column}_at_par").value
        )
        cents = 600_000_000_00 - owed
        data[name]["amount"] = f"{cents // 100}.{cents % 100:02}"
    column = type(content.period_end).model_validate_json(json.dumps(data))
    with pytest.raises(ScheduleNotAttestable, match="other figures than the schedule"):
        shelf.generate(filed(content.model_copy(update={"period_end": column}), OF), by="auditor-1")


def test_a_report_dated_tomorrow_is_not_issued_today(ledger: Ledger) -> None:
    report, shelf = report_on(ledger, report_date="2026-11-22"), Attestations(ledger)
    shelf.generate(report, by="auditor-1")
    with pytest.raises(InvalidInput, match="dated 2026-11-22 and today is 2026-11-21"):
        sign(shelf, report, "practitioner", "auditor-1", PRACTITIONER)


# --------------------------------------------------------------------------------------- what it has to state


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"conclusion": "qualified"}, "the conclusion is qualified: state its basis"),
        ({"conclusion": "clean"}, "conclusion"),
        ({"criteria": []}, "criteria"),
        ({"procedures": []}, "procedures"),
        ({"independence": ""}, "independence"),
        ({"level": "some"}, "level"),
        (
            {"criteria": [{"criteria_id": "hkma_agreed", "title": "t", "agreed_reference": None}]},
            "under which they were accepted",
        ),
        (
            {"criteria": [{"criteria_id": "aicpa_2025_part_i", "title": "t", "agreed_reference": None}] * 2},
            "named twice",
        ),
        (
            {
                "procedures": [
                    {"procedure": "p", "tied_to": "row 6", "result": "one missing", "exception": True}
                ]
            },
            "found an exception: state as basis",
        ),
    ],
)
def test_what_a_practitioner_has_to_state_is_refused_without_it(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        engagement(**changes)


def test_t6_the_two_definitions_of_a_report_are_recomputed_when_it_is_read() -> None:
    data = filed(attested(), OF).document.to_data()
    for path, value, said in (
        (("period_end", "not_redeemable", "base_units"), "150000001", "base units"),
        (("period_end", "surplus_to_redeemable", "amount"), "8512696.05", "row 11"),
        (("random_day", "outstanding_at_par", "amount"), "483450000.01", "at par"),
        (("practitioner",), "finance-1", "signed the schedule"),
        (("schedule", "report_id"), "attestation_schedule/HKDX/2026-11-20", "no attestation schedule of"),
        (("schedule", "reviewed_by"), "finance-1", "by two persons"),
        (("draw", "day"), "2026-11-15", "the seed draws"),
        (("engagement", "report_date"), "2026-11-20", "before management signed"),
        (("engagement", "conclusion_text"), "All is well.", "sha256"),
    ):
        changed = json.loads(json.dumps(data))
        at = changed["content"]
        for key in path[:-1]:
            at = at[key]
        at[path[-1]] = value
        with pytest.raises(FiguresDoNotAddUp, match=said):
            read_report(json.dumps(changed))


def test_a_deficit_is_a_warning_on_the_page(ledger: Ledger) -> None:
    content = report_on(ledger).document.content
    short = content.period_end.model_dump(mode="json")
    owed = content.period_end.timing_differences.value
    short["available"]["amount"] = "1.00"
    for name, column in (("surplus_to_outstanding", "outstanding"), ("surplus_to_redeemable", "redeemable")):
        cents = owed + getattr(content.period_end, f"{column}_at_par").value - 100
        short[name]["amount"] = f"-{cents // 100}.{cents % 100:02}"
    column = type(content.period_end).model_validate_json(json.dumps(short))
    changed = type(content).model_validate(content.model_copy(update={"period_end": column}))
    assert any("Deficit of" in text and "period end" in text for text in changed.layout.warnings)


# ------------------------------------------------------------------------------------------------ by commands


def test_the_practitioners_report_by_commands_alone(url: str, tmp_path: Path) -> None:
    shell = Shell({"ISSUANCE_LEDGER": url, "ISSUANCE_MARKET": MARKET})
    stated = tmp_path / "engagement.json"
    stated.write_text(engagement().model_dump_json(), encoding="utf-8")
    make = ("report", "make", "attestation_report", "--from", OF.start, "--day", OF.end, "--with", stated)
    assert "no auditor" in shell.refusal(1, *make, "--by", "finance-1")
    wrong = tmp_path / "wrong.json"
    wrong.write_text(json.dumps({"firm": "F", "conclusion": "clean"}), encoding="utf-8")
    refused = shell.refusal(2, *make[:-1], wrong, "--by", "auditor-1")
    assert "independence: Field required" in refused
    assert "conclusion: Input should be" in refused
    assert "give --with FILE" in shell.refusal(2, *make[:-2], "--by", "auditor-1")
    made = shell.json(*make, "--by", "auditor-1")
    assert (made["report_id"], made["state"]) == (NAME, "generated")
    assert shell.json(*make, "--by", "auditor-1") == made
    assert "nothing to review" in shell.refusal(2, "report", "review", NAME, "--by", "finance-2")
    typed = shell.json("report", "typed-data", NAME, "--part", "practitioner")
    assert (typed["message"]["part"], typed["message"]["person"]) == ("practitioner", "auditor-1")
    assert "has no preparer" in shell.refusal(2, "report", "typed-data", NAME, "--part", "preparer")
    signing = ("report", "sign", NAME, "--part", "practitioner", "--key")
    assert "neither its practitioner" in shell.refusal(1, *signing, "anvil:1")
    assert shell.json(*signing, "anvil:6")["state"] == "issued"
    publish = ("report", "publish", NAME, "--url", "https://example.test/a", "--by", "finance-1")
    assert shell.json(*publish)["state"] == "published"
    listed = {row["report_id"]: row["state"] for row in shell.json("report", "list")}
    assert listed == {SCHEDULE: "signed", NAME: "published"}
    files = [Path(item) for item in shell.json("report", "show", NAME, "--out", tmp_path / "pack")]
    assert {path.suffix for path in files} == {".json", ".html", ".csv"}
    checked = shell.json("report", "verify", files[0])
    assert any("signed as practitioner for auditor-1" in text for text in checked["established"])
    with Ledger.open(url) as ledger:
        open_break(ledger, "2026-11-18")
    submit = ("report", "submit", NAME, "--receipt", "HKMA-9", "--by", "compliance-1")
    assert "breaks that are open" in shell.refusal(1, *submit)
