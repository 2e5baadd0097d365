"""The two regimes, what an investor acknowledged, and bank accounts in their own name."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from support.databases import SqliteDatabases
from support.ledgers import COMPLIANCE, MAKER, WORKER, Fixture, address, reference, tokens
from support.parties import DIGEST, adopt, office

from toolkit.amounts import Amount
from toolkit.compliance.errors import DocumentUnknown, EvidenceMissing, NameMismatch, RegimeNotComplete
from toolkit.compliance.office import Compliance
from toolkit.compliance.perimeter import Exposure, Knowledge
from toolkit.compliance.portfolio import Application, Evidence
from toolkit.errors import InvalidInput, NotAuthorised
from toolkit.ledger import OrderKind, Role
from toolkit.ledger.eligibility import Asked
from toolkit.ledger.errors import DocumentNotAcknowledged, NotFound, OutsidePerimeter, WalletTaken
from toolkit.ledger.record_words import RecordState

TRAINED = Knowledge("training", DIGEST)
EXPOSURE = Exposure(Amount.money("100000", "HKD"), Amount.money("9000000", "HKD"))
SHARES = Asked.amount_of(OrderKind.SUBSCRIPTION, reference(1), address(1), tokens("10"), "DMMF/A")


@pytest.fixture
def desk(sqlite_databases: SqliteDatabases) -> Iterator[Fixture]:
    fixture = Fixture(sqlite_databases.ledger(), customers=2)
    fixture.ledger.persons.add("both", label="Both", roles=[Role.COMPLIANCE, Role.MAKER])
    yield fixture
    fixture.ledger.close()


def classified(desk: Fixture, category: str = "individual") -> None:
    classes = Compliance(office(desk.ledger)).classifications
    kind = "licence" if category == "institutional" else "custodian_statement"
    record = classes.receive(reference(1), [Evidence(kind, date(2026, 10, 31), DIGEST)], by=MAKER)
    data = {
        "category": category,
        "relevant_date": "2026-10-31",
        "consent": DIGEST,
        "holdings": [{"kind": "securities", "value": "9000000", "currency": "HKD"}],
    }
    classes.assess(record.id, Application.from_data(data), by=MAKER)
    classes.approve(record.id, by=COMPLIANCE)


def test_an_account_moves_to_the_full_regime_once_all_is_on_record(desk: Fixture) -> None:
    perimeter = Compliance(office(desk.ledger)).perimeter
    adopt(desk.ledger)
    adopt(desk.ledger, "DMMF/A", licensed_stablecoin=False)

    def propose(knowledge: Knowledge | None = TRAINED, exposure: Exposure | None = EXPOSURE) -> str:
        return perimeter.propose(reference(1), knowledge=knowledge, exposure=exposure, by=MAKER).id

    with pytest.raises(RegimeNotComplete, match="isn't classified"):
        propose()
    classified(desk)
    with pytest.raises(OutsidePerimeter):
        desk.ledger.eligibility.require(SHARES)
    for knowledge, exposure in ((None, EXPOSURE), (TRAINED, None)):
        with pytest.raises(RegimeNotComplete, match="knowledge and exposure"):
            propose(knowledge, exposure)
    name = propose()
    assert desk.ledger.investors.get(reference(1)).regime == "stablecoin"
    with pytest.raises(NotAuthorised):
        perimeter.confirm(name, by=MAKER)
    assert perimeter.confirm(name, by=COMPLIANCE).state is RecordState.CONFIRMED
    desk.ledger.eligibility.require(SHARES)
    assert perimeter.note_other_asset(reference(1), "XYZ", evidence=DIGEST, by=MAKER) is None
    desk.ledger.verify()


def test_the_move_stands_on_a_class_that_is_in_force(desk: Fixture) -> None:
    perimeter = Compliance(office(desk.ledger)).perimeter
    classified(desk)
    record = perimeter.propose(reference(1), knowledge=TRAINED, exposure=EXPOSURE, by="both")
    with pytest.raises(NotAuthorised, match="another person must"):
        perimeter.confirm(record.id, by="both")
    classified(desk)
    with pytest.raises(RegimeNotComplete, match="propose it anew"):
        perimeter.confirm(record.id, by=COMPLIANCE)
    assert desk.ledger.record_book.get(record.id).state is RecordState.PROPOSED
    assert perimeter.retract(record.id, by=MAKER, reason="anew").state is RecordState.RETRACTED
    desk.clock.advance(timedelta(days=400))
    with pytest.raises(RegimeNotComplete, match="not any more"):
        perimeter.propose(reference(1), knowledge=TRAINED, exposure=EXPOSURE, by=MAKER)


def test_institutions_need_no_knowledge_test(desk: Fixture) -> None:
    perimeter = Compliance(office(desk.ledger)).perimeter
    classified(desk, "institutional")
    record = perimeter.propose(reference(1), knowledge=None, exposure=None, by=MAKER)
    perimeter.confirm(record.id, by=COMPLIANCE)
    assert desk.ledger.investors.get(reference(1)).regime == "full"


def test_what_is_knowledge_and_what_is_exposure() -> None:
    today = date(2026, 11, 23)
    days = tuple(today - timedelta(days=200 * number) for number in range(5))
    Knowledge("trades", DIGEST, days).check(today)
    for short in (
        days[:4],
        (*days[:4], today - timedelta(days=1100)),
        (*days[:4], today + timedelta(days=1)),
    ):
        with pytest.raises(RegimeNotComplete, match="4 trades"):
            Knowledge("trades", DIGEST, short).check(today)
    with pytest.raises(InvalidInput, match="unknown"):
        Knowledge("intuition", DIGEST).check(today)
    with pytest.raises(InvalidInput):
        Knowledge("work", "").check(today)
    for limit, worth in (("0", "1"), ("2", "1")):
        with pytest.raises(RegimeNotComplete):
            Exposure(Amount.money(limit, "HKD"), Amount.money(worth, "HKD")).check()


def test_another_asset_found_closes_the_account_until_it_has_moved(desk: Fixture) -> None:
    perimeter = Compliance(office(desk.ledger)).perimeter
    classified(desk)
    record = perimeter.propose(reference(1), knowledge=TRAINED, exposure=EXPOSURE, by=MAKER)
    noted = perimeter.note_other_asset(reference(1), "XYZ", evidence=DIGEST, by=WORKER)
    assert noted is not None
    desk.ledger.verify()
    assert noted.data["to"] == "full_due"
    with pytest.raises(OutsidePerimeter, match="holds another asset"):
        desk.mint()
    assert desk.redemption().investor == reference(1)
    perimeter.confirm(record.id, by=COMPLIANCE)
    assert desk.mint().investor == reference(1)
    desk.ledger.verify()


def test_an_acknowledgement_is_of_the_version_that_was_shown(desk: Fixture) -> None:
    adopt(desk.ledger, documents=[{"name": "terms", "version": "2", "digest": DIGEST}])
    book = Compliance(office(desk.ledger)).acknowledgements

    def acknowledge(version: str = "2", digest: str = DIGEST, evidence: str = DIGEST) -> str:
        made = book.acknowledge(reference(1), "terms", version, digest=digest, evidence=evidence, by=MAKER)
        return made.id

    for version, digest in (("1", DIGEST), ("2", "cd" * 32)):
        with pytest.raises(DocumentUnknown, match="no policy in force names"):
            acknowledge(version, digest)
    with pytest.raises(DocumentNotAcknowledged):
        desk.mint()
    name = acknowledge()
    assert acknowledge() == name
    with pytest.raises(InvalidInput, match="other evidence"):
        acknowledge(evidence="cd" * 32)
    order = desk.mint()
    assert [record.id for record in book.of(reference(1))] == [name]
    book.withdraw(reference(1), "terms", "2", by=COMPLIANCE, reason="taken back in writing")
    assert isinstance(desk.ledger.eligibility.refusals([order])[order.id], DocumentNotAcknowledged)
    with pytest.raises(InvalidInput):
        acknowledge()


def test_a_bank_account_is_the_customers_own_and_confirmed_by_another(desk: Fixture) -> None:
    accounts = Compliance(office(desk.ledger)).bank_accounts
    facts = {"currency": "USD", "method": "penny_test", "evidence": DIGEST}
    with pytest.raises(NameMismatch, match="customer's own name"):
        accounts.propose(reference(1), "BANK-9", is_own_name=False, by=MAKER, **facts)
    with pytest.raises(InvalidInput, match="method"):
        accounts.propose(
            reference(1), "BANK-9", is_own_name=True, by=MAKER, **(facts | {"method": "a hunch"})
        )
    with pytest.raises(EvidenceMissing):
        accounts.propose(
            reference(1),
            "BANK-9",
            is_own_name=True,
            by=MAKER,
            currency="USD",
            method="penny_test",
            evidence=None,  # type: ignore[arg-type]
        )
    with pytest.raises(NotFound):
        accounts.propose(reference(9), "BANK-9", is_own_name=True, by=MAKER, **facts)
    accounts.propose(reference(1), "BANK-9", is_own_name=True, by="both", **facts)
    with pytest.raises(NotAuthorised):
        accounts.confirm("BANK-9", by="both")
    confirmed = accounts.confirm("BANK-9", by=COMPLIANCE)
    assert confirmed in desk.ledger.investors.bank_accounts(reference(1))
    accounts.propose(reference(2), "account-1", is_own_name=True, by=MAKER, **facts)
    with pytest.raises(WalletTaken):
        accounts.confirm("account-1", by=COMPLIANCE)
    desk.ledger.verify()
