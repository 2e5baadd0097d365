"""Classes of investors: evidence, figures, a second person, an end (W02)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from support.databases import SqliteDatabases
from support.ledgers import COMPLIANCE, MAKER, NOON, WORKER, Fixture, address, reference
from support.parties import DIGEST, adopt, office

from toolkit.amounts import Amount
from toolkit.compliance.classification import Classifications
from toolkit.compliance.errors import BelowThreshold, EvidenceMissing, EvidenceTooOld, RateMissing
from toolkit.compliance.portfolio import HONG_KONG, Application, Evidence, Holding, assess
from toolkit.errors import IllegalTransition, InvalidInput, NotAuthorised
from toolkit.ledger import Role
from toolkit.ledger.errors import NotFound
from toolkit.ledger.record_words import RecordState

TODAY = date(2026, 11, 23)
STATEMENT = Evidence("custodian_statement", date(2026, 10, 31), DIGEST)
CONSENT = DIGEST


def application(**changes: Any) -> Application:
    data: dict[str, Any] = {
        "category": "individual",
        "relevant_date": "2026-10-31",
        "consent": CONSENT,
        "holdings": [{"kind": "securities", "value": "8000000.00", "currency": "HKD"}],
    }
    return Application.from_data(data | changes)


def line(kind: str, value: str, currency: str = "HKD", **more: Any) -> dict[str, Any]:
    return {"kind": kind, "value": value, "currency": currency, **more}


# ------------------------------------------------------------------------------------------------ the figures


def test_the_threshold_is_reached_and_not_one_cent_below() -> None:
    found = assess(application(), [STATEMENT], today=TODAY)
    assert (found.investor_class, found.expires_on) == ("individual_professional", date(2027, 10, 31))
    assert found.portfolio == Amount.money("8000000.00", "HKD")
    with pytest.raises(BelowThreshold, match=r"7,999,999\.99 HKD"):
        assess(application(holdings=[line("securities", "7999999.99")]), [STATEMENT], today=TODAY)


@pytest.mark.parametrize("kind", ["property", "mpf"])
def test_property_and_provident_fund_do_not_count(kind: str) -> None:
    holdings = [line("securities", "7999999.99"), line(kind, "50000000.00")]
    with pytest.raises(BelowThreshold, match=r"7,999,999\.99"):
        assess(application(holdings=holdings), [STATEMENT], today=TODAY)
    enough = [line("custodian_cash", "8000000.00"), line(kind, "50000000.00")]
    sheet = assess(application(holdings=enough), [STATEMENT], today=TODAY).sheet
    assert sheet["lines"][1]["hundredths"] == "0"
    assert sheet["lines"][1]["excluded"]
    with pytest.raises(InvalidInput, match="'yacht' is unknown"):
        assess(application(holdings=[line("yacht", "9000000")]), [STATEMENT], today=TODAY)


def test_of_a_joint_account_ones_own_share_counts() -> None:
    def joint(value: str, **more: Any) -> Application:
        return application(holdings=[line("securities", value, holders=2, **more)])

    assert assess(joint("16000000.00"), [STATEMENT], today=TODAY).portfolio.display() == "8,000,000.00 HKD"
    for refused in (joint("15999999.99"), joint("16000000.00", share="1/3")):
        with pytest.raises(BelowThreshold):
            assess(refused, [STATEMENT], today=TODAY)
    for share in ("1", "0", "4/3", "-1/2"):
        with pytest.raises(InvalidInput, match="share of"):
            assess(joint("16000000.00", share=share), [STATEMENT], today=TODAY)
    for bad in ({"share": 0.5}, {"share": "half"}, {"share": "1/0"}, {"holders": "two"}):
        with pytest.raises(InvalidInput):
            application(holdings=[line("securities", "16000000.00", **bad)])


def test_assets_in_other_currencies_at_a_dated_rate() -> None:
    holdings = [line("securities", "1000000.00", "USD"), line("custodian_cash", "23000000", "JPY")]
    rates = [
        {"currency": "USD", "value": "7.78345678", "as_of": "2026-10-30", "source": "fixing"},
        {"currency": "JPY", "value": "0.0510001", "as_of": "2026-10-31", "source": "fixing"},
    ]
    found = assess(application(holdings=holdings, rates=rates), [STATEMENT], today=TODAY)
    # 7,783,456.78 and 1,173,002.30, each rounded down
    assert found.portfolio.display() == "8,956,459.08 HKD"
    for wrong in (rates[:1], [*rates[:1], rates[1] | {"as_of": "2026-11-01"}]):
        with pytest.raises(RateMissing, match="JPY"):
            assess(application(holdings=holdings, rates=wrong), [STATEMENT], today=TODAY)
    old = [rates[0] | {"as_of": "2026-10-23"}, rates[1]]
    with pytest.raises(RateMissing, match="USD"):
        assess(application(holdings=holdings, rates=old), [STATEMENT], today=TODAY)
    with pytest.raises(InvalidInput, match="float"):
        application(rates=[rates[0] | {"value": 7.78}])


@pytest.mark.parametrize(
    ("category", "portfolio", "total", "expected"),
    [
        ("corporate", "8000000", None, "corporate_professional"),
        ("corporate", "0", "40000000", "corporate_professional"),
        ("corporate", "7999999.99", "39999999.99", None),
        ("trust_corporation", "8000000", "39999999.99", None),
        ("trust_corporation", "0", "40000000", "corporate_professional"),
        ("individual", "0", "40000000", None),
    ],
)
def test_each_category_has_its_own_figures(
    category: str, portfolio: str, total: str | None, expected: str | None
) -> None:
    changes: dict[str, Any] = {"category": category, "holdings": [line("securities", portfolio)]}
    if total:
        changes["total_assets"] = {"value": total, "currency": "HKD"}
    asked = application(**changes)
    if expected is None:
        with pytest.raises(BelowThreshold):
            assess(asked, [STATEMENT], today=TODAY)
    else:
        assert assess(asked, [STATEMENT], today=TODAY).investor_class == expected


def test_an_institution_and_a_retail_customer_stand_on_their_own_documents() -> None:
    licence = Evidence("licence", date(2026, 1, 31), DIGEST)
    asked = application(category="institutional", holdings=[], consent=None)
    assert assess(asked, [licence], today=TODAY).investor_class == "institutional"
    with pytest.raises(EvidenceMissing, match="one of licence"):
        assess(asked, [STATEMENT], today=TODAY)
    identity = Evidence("identity", date(2026, 6, 1), DIGEST)
    retail = application(category="retail", holdings=[], consent=None)
    assert assess(retail, [identity], today=TODAY).investor_class == "retail"


def test_nobody_is_classified_without_evidence() -> None:
    for evidence in ([], [Evidence("rumour", TODAY, DIGEST)]):
        with pytest.raises(EvidenceMissing):
            assess(application(), evidence, today=TODAY)
    with pytest.raises(EvidenceMissing, match="consent"):
        assess(application(consent=None), [STATEMENT], today=TODAY)
    for data in ({"kind": "licence"}, {"kind": "licence", "issued_on": "2026-01-01", "digest": None}):
        with pytest.raises(EvidenceMissing):
            Evidence.from_data(data)


def test_a_document_that_is_too_old_or_from_after_the_relevant_date() -> None:
    relevant = application().relevant_date
    for issued in (relevant - timedelta(days=366), relevant + timedelta(days=1)):
        with pytest.raises(EvidenceTooOld):
            assess(application(), [STATEMENT, replace(STATEMENT, issued_on=issued)], today=TODAY)
    assess(application(), [replace(STATEMENT, issued_on=relevant - timedelta(days=365))], today=TODAY)
    with pytest.raises(InvalidInput, match="yet to come"):
        assess(application(relevant_date="2026-11-24"), [STATEMENT], today=TODAY)


def test_a_share_is_exact_however_odd() -> None:
    third = Holding("securities", Amount.money("24000000.00", "HKD"), holders=3)
    found = assess(replace(application(), holdings=(third,)), [STATEMENT], today=TODAY)
    assert found.portfolio.display() == "8,000,000.00 HKD"
    assert HONG_KONG.categories["individual"].portfolio == Amount.money("8000000", "HKD")


# ------------------------------------------------------------------------------------------------ the record


class Registry:
    """A suite that notes what it was to write."""

    chain_id = 31337

    def __init__(self) -> None:
        self.written: list[list[str]] = []

    def write_wallets(self, wallets: Any) -> None:
        self.written.append(list(wallets))


class Office:
    def __init__(self, desk: Fixture) -> None:
        self.desk, self.registry = desk, Registry()
        desk.ledger.persons.add("compliance-2", label="Another", roles=[Role.COMPLIANCE, Role.MAKER])
        self.classes = Classifications(office(desk.ledger, self.registry))

    def assessed(self, **changes: Any) -> str:
        record = self.classes.receive(reference(1), [STATEMENT], by=MAKER)
        return self.classes.assess(record.id, application(**changes), by=MAKER).id

    def approved(self, **changes: Any) -> str:
        return self.classes.approve(self.assessed(**changes), by=COMPLIANCE).id

    def standing(self) -> tuple[str, str | None]:
        ledger = self.desk.ledger
        found = ledger.standings.get(reference(1)).investor_class
        return ledger.investors.get(reference(1)).investor_class, found


@pytest.fixture
def bureau(sqlite_databases: SqliteDatabases) -> Iterator[Office]:
    fixture = Fixture(sqlite_databases.ledger())
    yield Office(fixture)
    fixture.ledger.close()


def test_a_classification_from_evidence_to_its_end(bureau: Office) -> None:
    ledger, classes = bureau.desk.ledger, bureau.classes
    assert classes.of(reference(1)) == ()
    name = bureau.approved()
    assert bureau.standing() == ("individual_professional", "individual_professional")
    assert bureau.registry.written == [[address(1)]]
    adopt(ledger, classes=["individual_professional"])
    assert bureau.desk.mint().wallet == address(1)
    assert classes.sweep(by=WORKER) == ()
    bureau.desk.clock.instant = NOON.replace(year=2027, month=10, day=2)
    ledger.investors.set_verified_until(reference(1), NOON + timedelta(days=1000))
    (warned,) = classes.sweep(by=WORKER)
    assert (warned.id, warned.state) == (name, RecordState.EXPIRING)
    assert classes.sweep(by=WORKER) == ()
    assert bureau.desk.mint("expiring").wallet == address(1)
    bureau.desk.clock.instant = NOON.replace(year=2027, month=10, day=31)
    (ended,) = classes.sweep(by=WORKER)
    assert ended.state is RecordState.EXPIRED
    assert bureau.standing() == ("retail", None)
    assert len(bureau.registry.written) == 2
    assert [event.to_state for event in ledger.record_book.history(name)] == [
        RecordState.EVIDENCE_RECEIVED,
        RecordState.ASSESSED,
        RecordState.APPROVED,
        RecordState.EXPIRING,
        RecordState.EXPIRED,
    ]
    ledger.verify()


def test_another_person_approves(bureau: Office) -> None:
    both = "compliance-2"
    record = bureau.classes.receive(reference(1), [STATEMENT], by=both)
    bureau.classes.assess(record.id, application(), by=MAKER)
    with pytest.raises(NotAuthorised, match="another person must"):
        bureau.classes.approve(record.id, by=both)
    with pytest.raises(NotAuthorised):
        bureau.classes.approve(record.id, by=MAKER)
    assert bureau.standing() == ("professional", None)
    assert bureau.classes.approve(record.id, by=COMPLIANCE).state is RecordState.APPROVED
    with pytest.raises(IllegalTransition):
        bureau.classes.approve(record.id, by=COMPLIANCE)


def test_what_does_not_reach_a_class_stays_where_it_is(bureau: Office) -> None:
    with pytest.raises(EvidenceMissing):
        bureau.classes.receive(reference(1), [], by=MAKER)
    with pytest.raises(NotFound):
        bureau.classes.receive(reference(9), [STATEMENT], by=MAKER)
    record = bureau.classes.receive(reference(1), [STATEMENT], by=MAKER)
    with pytest.raises(BelowThreshold):
        bureau.classes.assess(record.id, application(holdings=[]), by=MAKER)
    with pytest.raises(IllegalTransition):
        bureau.classes.approve(record.id, by=COMPLIANCE)
    assert bureau.desk.ledger.record_book.get(record.id) == record
    ended = bureau.classes.turn_down(record.id, by=COMPLIANCE, reason="not enough")
    assert ended.state is RecordState.TURNED_DOWN
    with pytest.raises(IllegalTransition):
        bureau.classes.assess(record.id, application(), by=MAKER)


def test_a_renewal_takes_the_place_of_what_was(bureau: Office) -> None:
    first = bureau.approved()
    second = bureau.approved(relevant_date="2026-11-20")
    ledger = bureau.desk.ledger
    assert ledger.record_book.get(first).state is RecordState.SUPERSEDED
    assert ledger.standings.get(reference(1)).classification == second
    ledger.verify()


def test_a_class_that_has_lapsed_before_it_was_approved(bureau: Office) -> None:
    name = bureau.assessed()
    bureau.desk.clock.instant = NOON.replace(year=2027, month=11, day=1)
    with pytest.raises(EvidenceTooOld, match="lapsed at"):
        bureau.classes.approve(name, by=COMPLIANCE)
    assert bureau.desk.ledger.record_book.get(name).state is RecordState.ASSESSED
    assert bureau.standing() == ("professional", None)
