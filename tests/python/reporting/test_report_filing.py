"""Reports on file: two persons, one version after another, nothing published of a day that isn't closed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from support.databases import Databases
from support.figures import cut_off, figures
from support.ledgers import StoppedClock
from support.report_samples import HONG_KONG, daily, every_kind, filed, period

from toolkit.chain.signers import LocalSigner, dev_signer
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import Ledger, Role
from toolkit.reporting.draw import DrawnTooEarly, draw_day, drawn, random_day
from toolkit.reporting.errors import BooksNotClosed
from toolkit.reporting.filing import Filing
from toolkit.reporting.rendering import to_html
from toolkit.reporting.report import FiguresDoNotAddUp, Report, read_report
from toolkit.reporting.reports.daily import daily_statement
from toolkit.reporting.signing import signable, verify_report

NAME = "daily_statement/HKDX/2026-11-20"
PREPARER, REVIEWER, OTHER = dev_signer(1), dev_signer(2), dev_signer(3)


@pytest.fixture
def filing(databases: Databases) -> Iterator[Filing]:
    """The reports of a ledger with two people of finance, on SQLite and on PostgreSQL."""
    clock = StoppedClock(cut_off(date(2026, 11, 20)) + timedelta(hours=2))
    with Ledger.open(databases.ledger(), clock=clock) as ledger:
        people = (
            ("finance-1", {Role.FINANCE}, [PREPARER.address, dev_signer(5).address]),
            ("finance-2", {Role.FINANCE}, [REVIEWER.address]),
            ("compliance-1", {Role.COMPLIANCE}, [OTHER.address]),
            ("auditor-1", {Role.AUDITOR}, []),
            ("maker-1", {Role.MAKER}, []),
        )
        for person, roles, signers in people:
            ledger.persons.add(person, label=person, roles=roles, signers=signers)
        yield Filing(ledger)


def closed(day: date) -> None:
    """Every day is closed."""


def signature(report: Report, part: str, person: str, signer: LocalSigner) -> bytes:
    return signable(report.document, part=part, person=person).sign(signer).data


def signed(filing: Filing, report: Report) -> None:
    """Through all the steps up to the second signature."""
    name = report.document.report_id
    filing.generate(report, by="finance-1")
    filing.review(name, by="finance-2")
    filing.sign(name, signature(report, "preparer", "finance-1", PREPARER))
    filing.sign(name, signature(report, "reviewer", "finance-2", REVIEWER))


def test_from_draft_to_published_with_two_signatures(filing: Filing) -> None:
    report = daily()
    signed(filing, report)
    filing.publish(NAME, url="https://example.test/2026-11-20", by="finance-1", require_closed=closed)
    filing.submit(NAME, receipt="HKMA-REC-17", by="finance-2", require_closed=closed)
    found = filing.get(NAME)
    assert found.document == report.document
    assert [item.part for item in found.sign_off.signatures] == ["preparer", "reviewer"]
    assert [item.kind for item in found.sign_off.receipts] == ["published", "submitted"]
    assert found.sign_off.generated_at is not None
    assert found.sign_off.generated_at.utc == "2026-11-20T17:59:59Z"
    checked = verify_report(read_report(found.to_json()))
    assert f"{PREPARER.address} signed as preparer for finance-1" in checked.established
    assert any("not revoked" in text for text in checked.not_checked)
    filing.ledger.verify()


def test_making_the_same_report_again_changes_nothing(filing: Filing) -> None:
    first = filing.generate(daily(), by="finance-1")
    assert filing.generate(daily(), by="finance-2") == first
    signed_off = filing.generate(daily(reserve_value="1499.00"), by="finance-1")
    assert (signed_off.data["version"], len(filing.versions(NAME))) == (1, 1)


def test_one_person_can_neither_review_nor_sign_for_both(filing: Filing) -> None:
    report = daily()
    filing.generate(report, by="finance-1")
    with pytest.raises(NotAuthorised, match="another person must"):
        filing.review(NAME, by="finance-1")
    filing.review(NAME, by="finance-2")
    filing.sign(NAME, signature(report, "preparer", "finance-1", PREPARER))
    with pytest.raises(NotAuthorised, match="has signed"):
        filing.sign(NAME, signature(report, "preparer", "finance-1", dev_signer(5)))
    # The preparer's key under the reviewer's part, and somebody's who has no part.
    for person, signer in (("finance-2", PREPARER), ("finance-1", OTHER), ("compliance-1", OTHER)):
        with pytest.raises(NotAuthorised, match="neither its preparer nor its reviewer"):
            filing.sign(NAME, signature(report, "reviewer", person, signer))
    assert filing.record(NAME).state == "reviewed"


def test_a_revoked_key_and_a_signature_of_another_version_count_for_nothing(filing: Filing) -> None:
    report = daily()
    filing.generate(report, by="finance-1")
    filing.review(NAME, by="finance-2")
    other = signature(daily(reserve_value="1499.00"), "preparer", "finance-1", PREPARER)
    with pytest.raises(NotAuthorised):
        filing.sign(NAME, other)
    filing.ledger.persons.revoke_signer(PREPARER.address)
    with pytest.raises(NotAuthorised, match="revoked"):
        filing.sign(NAME, signature(report, "preparer", "finance-1", PREPARER))


def test_only_finance_prepares(filing: Filing) -> None:
    with pytest.raises(NotAuthorised):
        filing.generate(daily(), by="maker-1")
    assert filing.versions(NAME) == ()


def test_nothing_is_published_before_it_is_signed(filing: Filing) -> None:
    filing.generate(daily(), by="finance-1")
    with pytest.raises(IllegalTransition):
        filing.publish(NAME, url="https://example.test", by="finance-1", require_closed=closed)


def test_nothing_is_published_over_a_day_that_is_not_closed(filing: Filing) -> None:
    signed(filing, daily())

    def not_closed(day: date) -> None:
        raise BooksNotClosed(f"{day} isn't closed, over break/7")

    for act in (
        lambda: filing.publish(NAME, url="https://example.test", by="finance-1", require_closed=not_closed),
        lambda: filing.submit(NAME, receipt="r", by="finance-1", require_closed=not_closed),
    ):
        with pytest.raises(BooksNotClosed, match="break/7"):
            act()
    assert filing.record(NAME).state == "signed"
    notice = every_kind()["incident_notice"]
    signed(filing, notice)
    # What has to be told at once doesn't wait for a close.
    filing.submit(
        notice.document.report_id, receipt="told by phone", by="finance-1", require_closed=not_closed
    )


def test_x11_restatement_makes_version_two_and_keeps_version_one_as_published(filing: Filing) -> None:
    first = daily()
    signed(filing, first)
    filing.publish(NAME, url="https://example.test/v1", by="finance-1", require_closed=closed)
    as_published = to_html(filing.get(NAME))
    with pytest.raises(InvalidInput, match="restate it"):
        filing.generate(daily(reserve_value="1499.00"), by="finance-1")
    day = figures(reserve_value="1499.00", version=2)
    second = filed(
        daily_statement(day, HONG_KONG),
        previous=filing.get(NAME).document,
        reason="the custodian corrected cash-1",
        inputs={"figures": day.sha256},
    )
    signed(filing, second)
    filing.publish(NAME, url="https://example.test/v2", by="finance-1", require_closed=closed)

    old, new = filing.get(NAME, 1), filing.get(NAME)
    assert (old.document, old.sign_off.state, old.sign_off.superseded_by) == (first.document, "restated", 2)
    assert "Superseded by version 2" in to_html(old)
    assert "Superseded" not in as_published
    assert (new.document.version, new.document.reason) == (2, "the custodian corrected cash-1")
    assert new.document.supersedes is not None
    assert new.document.supersedes.sha256 == first.document.sha256
    # The auditor makes version 1 again from the figures that it was made from.
    assert daily().document == old.document
    filing.ledger.verify()


def test_a_correction_of_a_draft_needs_no_restatement_and_of_an_unknown_version_is_refused(
    filing: Filing,
) -> None:
    filing.generate(daily(), by="finance-1")
    second = filed(daily(reserve_value="1.00").document.content, previous=daily().document, reason="why")
    with pytest.raises(InvalidInput, match="needs no restatement"):
        filing.generate(second, by="finance-1")
    signed(filing, daily())
    other = filed(daily().document.content, previous=daily(reserve_value="9.00").document, reason="why")
    with pytest.raises(InvalidInput, match="doesn't name the version on file"):
        filing.generate(other, by="finance-1")
    third = filed(daily().document.content, previous=second.document, reason="why")
    with pytest.raises(InvalidInput, match="the next is 2, not 3"):
        filing.generate(third, by="finance-1")


def test_personal_data_stay_out_of_the_ledger(filing: Filing) -> None:
    report = every_kind()["travel_rule"]
    name = report.document.report_id
    record = filing.generate(report, by="finance-1")
    assert record.data["document"] is None
    assert record.data["sha256"] == report.document.sha256
    with pytest.raises(InvalidInput, match="give its file"):
        filing.get(name)
    assert filing.signed_off(report).sign_off.prepared_by == "finance-1"
    with pytest.raises(InvalidInput, match="another sha256"):
        filing.signed_off(
            every_kind()["travel_rule"]
            .signed_off(report.sign_off)
            .__class__(
                filed(
                    type(report.document.content)(rows=(), unacknowledged=0), report.document.period
                ).document,
                report.sign_off,
            )
        )


def test_a_forged_signature_in_a_file_is_found(filing: Filing) -> None:
    signed(filing, daily())
    report = filing.get(NAME)
    one, two = report.sign_off.signatures
    for changed in (
        (one.model_copy(update={"signer": two.signer}), two),
        (one, two.model_copy(update={"person": "finance-9"})),
        (one, one.model_copy(update={"part": "reviewer"})),
        (one, one),
    ):
        forged = report.signed_off(report.sign_off.model_copy(update={"signatures": changed}))
        with pytest.raises(FiguresDoNotAddUp):
            verify_report(forged)


def test_the_random_day_is_drawn_by_the_auditor_after_the_period_once(filing: Filing) -> None:
    ledger, of = filing.ledger, period(date(2026, 10, 1), date(2026, 10, 31))
    ended, seed = cut_off(date(2026, 10, 31)), "a seed that nobody could foresee"
    with pytest.raises(NotAuthorised, match="nobody at the issuer"):
        draw_day(ledger, "HKDX", of, ended_at=ended, by="finance-1", seed=seed)
    with pytest.raises(InvalidInput, match="too short"):
        draw_day(ledger, "HKDX", of, ended_at=ended, by="auditor-1", seed="7")
    open_period = period(date(2026, 11, 1), date(2026, 11, 30))
    with pytest.raises(DrawnTooEarly):
        draw_day(ledger, "HKDX", open_period, ended_at=cut_off(date(2026, 11, 30)), by="auditor-1", seed=seed)
    found = draw_day(ledger, "HKDX", of, ended_at=ended, by="auditor-1", seed=seed)
    assert found.day == random_day(of, seed)
    assert of.start <= found.day < of.end
    assert drawn(ledger, "HKDX", of) == found
    with pytest.raises(InvalidInput, match="recorded already"):
        draw_day(ledger, "HKDX", of, ended_at=ended, by="auditor-1", seed=seed + " and another")


def test_draws_spread_over_the_whole_period() -> None:
    of = period(date(2026, 10, 1), date(2026, 10, 31))
    days = {random_day(of, f"seed {number}") for number in range(400)}
    assert len(days) == 30
    assert of.end not in days


def test_redemption_statistics_come_out_of_either_database_alike(databases: Databases) -> None:
    from support.ledgers import NOON, Fixture, tokens

    from toolkit.ledger.machines import State
    from toolkit.reporting.reports.redemptions import redemption_statistics

    desk = Fixture(databases.ledger())
    hour = timedelta(hours=1)
    with desk.ledger as ledger:
        for key, amount in (("a", "100.00"), ("b", "250.00"), ("c", "50.00")):
            order = desk.redemption(key, amount=amount)
            desk.drive(order.id, State.VALID)
            if key == "c":
                desk.take(order.id, State.REJECTED, reason="not the holder's account")
                continue
            desk.clock.advance(hour)
            desk.drive(order.id, State.ESCROWED, State.APPROVED, State.BURNED, State.PAID)
        seq = ledger.head().seq
        late = desk.redemption("late")
        found = redemption_statistics(
            ledger.passages.redemptions(until_seq=seq),
            HONG_KONG,
            HONG_KONG.business_calendar(),
            after=NOON - hour,
            until=NOON + 9 * hour,
            zero=tokens("0"),
            currency="USD",
        )
        assert late.id not in [item.order_id for item in ledger.passages.redemptions(until_seq=seq)]
    assert (found.requested.count, found.paid.count, found.rejected.count) == (3, 2, 1)
    assert found.paid.tokens.display == "350.000000"
    assert (found.net_paid.amount, found.par_failures) == ("350.00", 0)
    assert found.rejected_by_reason[0].reason == "not the holder's account"
    assert found.business_time.longest is not None
    assert found.business_time.longest.seconds == 3600
    report = filed(found, period(NOON.date()), as_of=NOON + 9 * hour)
    assert read_report(report.to_json()) == report
    # Pinned, so that it is the same from either database and on every machine.
    assert report.document.sha256.startswith("cf317994c348")
