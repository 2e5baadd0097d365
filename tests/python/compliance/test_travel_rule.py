"""The travel rule: the set of data, the institutions, and transfers that wait for an acknowledgement."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from support.databases import run_sql
from support.desks import COMPLIANCE as OFFICER
from support.desks import MAKER as DESK_MAKER
from support.desks import Bench
from support.ledgers import COMPLIANCE, MAKER, NOON, TREASURER, Fixture, address, proof, reference, tokens
from support.suite import Suite

from toolkit.bindings.structs import WalletKind
from toolkit.compliance.errors import CounterpartyUnfit, TravelDataMissing
from toolkit.compliance.travel_rule import (
    Beneficiary,
    Counterparty,
    FxRate,
    Originator,
    Transfer,
    TravelRule,
    hkd_equivalent,
    missing,
)
from toolkit.errors import IllegalTransition, InvalidInput, LedgerTampered, NotAuthorised
from toolkit.ledger import RecordState, State
from toolkit.ledger.errors import NotFound, TransferNotAcknowledged

YEAR = timedelta(days=365)
SHORT = Originator("Chan Tai Man", "A-1")
FULL = replace(SHORT, address="1 Queen's Road, Hong Kong", identification="A123456(7)")
RECIPIENT = Beneficiary("Harbour Ltd", "B-1")
RATE = FxRate("USD", Decimal("7.8012"), "HKMA", NOON)
PLATFORM = Counterparty(
    "gate", "Gate Platform Ltd", "HK", "vasp", "VATP 0001", True, "DD-2026-7", NOON + YEAR
)


@pytest.fixture
def rule(books: Fixture) -> TravelRule:
    """With `gate` accepted, and `address(50)` one of its wallets, held for customer 1."""
    books.ledger.persons.add("compliance-2", label="a second officer", roles=["compliance"])  # type: ignore[list-item]
    books.ledger.investors.add_wallet(address(50), investor=reference(1), kind="platform", proof=proof())
    rule = TravelRule(books.ledger)
    rule.propose(PLATFORM, by=MAKER)
    rule.accept("gate", by=COMPLIANCE, rationale="licensed; file DD-2026-7")
    return rule


def transfer(name: str, amount: str = "5000.00", wallet: int = 50) -> Transfer:
    return Transfer(name, 31337, address(wallet), tokens(amount), "USD", "gate", "TRISA")


def order_to(books: Fixture, wallet: int, key: str = "out") -> Any:
    return books.ledger.orders.request_mint(
        investor=reference(1),
        wallet=address(wallet),
        amount=tokens("5000.00"),
        currency="USD",
        maker=MAKER,
        idempotency_key=key,
        lifetime=timedelta(days=1),
    )


@pytest.mark.parametrize(
    ("amount", "rate", "hkd"),
    [
        ("1025.482", "7.8012", "8000.00"),  # 7,999.9905 counts as 8,000
        ("1000.00", "8", "8000.00"),
        ("999.99", "8", "7999.92"),
        ("0.000001", "7.8012", "0.01"),
    ],
)
def test_the_equivalent_in_hong_kong_dollars_is_rounded_up(amount: str, rate: str, hkd: str) -> None:
    found = hkd_equivalent(tokens(amount), "USD", replace(RATE, hkd=Decimal(rate)))
    assert found == Decimal(hkd)
    assert found >= tokens(amount).value * Decimal(rate)


def test_hong_kong_dollars_need_no_rate_and_others_do() -> None:
    assert hkd_equivalent(tokens("8000.00"), "HKD", None) == 8000
    for rate in (None, replace(RATE, currency="EUR")):
        with pytest.raises(InvalidInput):
            hkd_equivalent(tokens("1.00"), "USD", rate)
    with pytest.raises(InvalidInput):
        replace(RATE, hkd=Decimal(0))


def test_the_full_set_is_wanted_from_8000_on() -> None:
    assert missing("short", SHORT, RECIPIENT) == ()
    assert missing("full", FULL, RECIPIENT) == ()
    assert missing("full", SHORT, RECIPIENT) == (
        "originator address",
        "originator identification, or date and place of birth",
    )
    born = replace(FULL, identification="", birth_date="1980-01-01")
    assert missing("full", born, RECIPIENT) == ("originator identification, or date and place of birth",)
    assert missing("full", replace(born, birth_place="Hong Kong"), RECIPIENT) == ()
    assert missing("short", Originator(" ", ""), Beneficiary("", "")) == (
        "originator name",
        "originator account",
        "recipient name",
        "recipient account",
    )


def test_what_is_sent_is_on_record_as_the_format_has_it(books: Fixture, rule: TravelRule) -> None:
    with pytest.raises(TravelDataMissing, match="the full set lacks originator address"):
        rule.send(transfer("t-1"), SHORT, RECIPIENT, rate=RATE, by=MAKER)
    assert books.ledger.travel.find() == ()
    record = rule.send(transfer("t-1"), FULL, RECIPIENT, rate=RATE, by=MAKER)
    assert record.state is RecordState.SENT
    assert (record.data["hkd"], record.data["tier"], record.data["base_units"]) == (
        "39006.00", "full", "5000000000",
    )  # fmt: skip
    assert record.data["fx"] == "7.8012 HKMA 2026-11-23T04:00:00.000000Z"
    small = rule.send(transfer("t-2", "0.01"), SHORT, RECIPIENT, rate=RATE, by=MAKER)
    assert small.data["tier"] == "short"  # and yet it is sent: there is no amount below which it isn't
    books.ledger.verify()


def test_no_personal_data_in_the_chain_of_events_and_none_after_erasure(
    books: Fixture, rule: TravelRule
) -> None:
    rule.send(transfer("t-1"), FULL, RECIPIENT, rate=RATE, by=MAKER)
    assert books.ledger.travel.parties("t-1")["originator"]["name"] == "Chan Tai Man"  # type: ignore[index]
    for table in ("records", "record_events", "order_events"):
        assert "Chan" not in str(run_sql(books.url, f"SELECT * FROM {table}"))
    with pytest.raises(IllegalTransition):
        books.ledger.travel.erase("t-1", by=COMPLIANCE, reason="asked for")
    rule.acknowledge("t-1", by=MAKER, reference="GATE-1")
    rule.executed("t-1", transaction="0x" + "ab" * 32, by=MAKER)
    with pytest.raises(NotAuthorised):
        books.ledger.travel.erase("t-1", by=MAKER, reason="asked for")
    books.ledger.travel.erase("t-1", by=COMPLIANCE, reason="kept for as long as the law says")
    assert books.ledger.travel.parties("t-1") is None
    assert "Chan" not in str(run_sql(books.url, "SELECT * FROM travel_parties"))
    books.ledger.verify()
    with pytest.raises(NotFound):
        books.ledger.travel.parties("t-9")


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE travel_parties SET data = replace(data, 'Chan', 'Chen')",
        "UPDATE travel_parties SET data = NULL, salt = NULL, erased_at = '2026-11-23 04:00:00'",
        "DELETE FROM travel_parties",
    ],
)
def test_edited_parties_are_found(books: Fixture, rule: TravelRule, edit: str) -> None:
    rule.send(transfer("t-1"), FULL, RECIPIENT, rate=RATE, by=MAKER)
    run_sql(books.url, edit)
    with pytest.raises(LedgerTampered, match="travel/t-1"):
        books.ledger.verify()


def test_a_rate_has_to_be_current(rule: TravelRule, books: Fixture) -> None:
    for days in (-2, 1):
        off = replace(RATE, as_of=NOON + timedelta(days=days))
        with pytest.raises(InvalidInput, match="the rate of"):
            rule.send(transfer("t-1"), FULL, RECIPIENT, rate=off, by=MAKER)


def test_an_institution_is_accepted_by_another_person_and_shells_by_nobody(
    books: Fixture, rule: TravelRule
) -> None:
    shell = replace(PLATFORM, key="shell", has_presence=False)
    rule.propose(shell, by=MAKER)
    with pytest.raises(CounterpartyUnfit, match="shell"):
        rule.accept("shell", by=COMPLIANCE, rationale="cheap")
    rule.propose(replace(PLATFORM, key="own"), by=COMPLIANCE)
    with pytest.raises(NotAuthorised):
        rule.accept("own", by=COMPLIANCE, rationale="mine")
    with pytest.raises(NotAuthorised):
        rule.accept("own", by=TREASURER, rationale="theirs")
    rule.accept("own", by="compliance-2", rationale="seen")
    for name in ("shell", "nobody"):
        with pytest.raises((CounterpartyUnfit, NotFound)):
            rule.send(replace(transfer("t-1"), counterparty=name), FULL, RECIPIENT, rate=RATE, by=MAKER)
    with pytest.raises(InvalidInput):
        rule.propose(replace(PLATFORM, kind="friend"), by=MAKER)
    lapsed = replace(PLATFORM, key="lapsed", expires_at=NOON)
    rule.propose(lapsed, by=MAKER)
    with pytest.raises(CounterpartyUnfit, match="lapsed"):
        rule.accept("lapsed", by=COMPLIANCE, rationale="once")


def test_an_order_to_an_institutions_wallet_waits_for_its_acknowledgement(
    books: Fixture, rule: TravelRule
) -> None:
    order, own = order_to(books, 50), order_to(books, 1, "own")
    books.ledger.travel.require_acknowledged(own)
    with pytest.raises(TransferNotAcknowledged, match="no travel rule record"):
        books.ledger.travel.require_acknowledged(order)
    rule.send(transfer(order.id), FULL, RECIPIENT, rate=RATE, by=MAKER)
    with pytest.raises(TransferNotAcknowledged, match="is sent"):
        books.ledger.travel.require_acknowledged(order)
    rule.ask(order.id, by=MAKER, wanting="the recipient's full name")
    rule.supply(order.id, FULL, replace(RECIPIENT, name="Harbour Trading Ltd"), by=MAKER)
    rule.acknowledge(order.id, by=MAKER, reference="GATE-7")
    books.ledger.travel.require_acknowledged(order)
    rule.suspend("gate", by=COMPLIANCE, rationale="licence withdrawn")
    with pytest.raises(TransferNotAcknowledged, match="suspended"):
        books.ledger.travel.require_acknowledged(order)
    rule.propose(PLATFORM, by=MAKER)
    rule.accept("gate", by=COMPLIANCE, rationale="licence restored")
    books.ledger.travel.require_acknowledged(order)
    books.clock.advance(YEAR)
    with pytest.raises(TransferNotAcknowledged, match="lapsed"):
        books.ledger.travel.require_acknowledged(order)
    books.ledger.verify()


def test_a_record_of_another_wallet_or_amount_is_not_the_orders(books: Fixture, rule: TravelRule) -> None:
    order = order_to(books, 50)
    rule.send(transfer(order.id, "4999.99"), FULL, RECIPIENT, rate=RATE, by=MAKER)
    rule.acknowledge(order.id, by=MAKER, reference="GATE-7")
    with pytest.raises(TransferNotAcknowledged, match="another wallet or amount"):
        books.ledger.travel.require_acknowledged(order)


def test_what_comes_in_incomplete_is_held_or_returned(books: Fixture, rule: TravelRule) -> None:
    assert rule.receive(transfer("in-1"), FULL, RECIPIENT, rate=RATE, by=MAKER).state is RecordState.ACKED
    wanting = rule.receive(transfer("in-2"), SHORT, RECIPIENT, rate=RATE, by=MAKER)
    assert (wanting.state, len(wanting.data["missing"])) == (RecordState.MISSING_INFO, 2)
    with pytest.raises(TravelDataMissing):
        rule.supply("in-2", SHORT, RECIPIENT, by=MAKER)
    assert rule.supply("in-2", FULL, RECIPIENT, by=MAKER).state is RecordState.ACKED
    rule.receive(transfer("in-3"), SHORT, RECIPIENT, rate=RATE, by=MAKER)
    rule.hold("in-3", by=MAKER, rationale="nothing after two days")
    with pytest.raises(NotAuthorised):
        rule.give_back("in-3", by=MAKER, rationale="still nothing")
    assert rule.give_back("in-3", by=COMPLIANCE, rationale="still nothing").state is RecordState.RETURNED
    with pytest.raises(IllegalTransition):
        rule.acknowledge("in-3", by=MAKER, reference="late")
    rule.suspend("gate", by=COMPLIANCE, rationale="under review")
    stranger = rule.receive(transfer("in-4"), FULL, RECIPIENT, rate=RATE, by=MAKER)
    assert stranger.state is RecordState.HELD
    assert rule.resume("in-4", by=COMPLIANCE, rationale="known again").state is RecordState.ACKED


@pytest.fixture
def bench(suite: Suite, tmp_path: Path) -> Iterator[Bench]:
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    yield bench
    bench.desk.close()


def test_a_mint_to_a_platforms_wallet_waits_and_then_goes(bench: Bench) -> None:
    other = bench.customer(2)
    customer = bench.customer(1, registered=False)
    run_sql(bench.url, f"UPDATE wallets SET kind = '{WalletKind.PLATFORM.name.lower()}' WHERE address = "
            f"'{customer.wallet}'")  # fmt: skip
    bench.desk.register_wallet(customer.wallet)
    order, clear = bench.approved(customer, "5000.00"), bench.approved(other)
    report = bench.desk.run()
    assert [type(item.error) for item in report.waiting] == [TransferNotAcknowledged]
    assert (bench.desk.order(order).state, bench.desk.order(clear).state) == (State.APPROVED, State.SETTLED)
    rule = TravelRule(bench.desk.ledger)
    now = bench.desk.ledger.clock.now()
    rule.propose(replace(PLATFORM, expires_at=now + YEAR), by=DESK_MAKER)
    rule.accept("gate", by=OFFICER, rationale="file DD-2026-7")
    sent = Transfer(order.id, 31337, customer.wallet, order.amount, "USD", "gate", "TRISA")
    rule.send(sent, FULL, RECIPIENT, rate=replace(RATE, as_of=now), by=DESK_MAKER)
    bench.desk.run()
    assert bench.desk.order(order).state is State.APPROVED
    rule.acknowledge(order.id, by=DESK_MAKER, reference="GATE-7")
    bench.desk.run()
    assert bench.desk.order(order).state is State.SETTLED
    assert bench.suite.token.balance_of(customer.wallet) == order.base_units
    bench.desk.ledger.verify()
