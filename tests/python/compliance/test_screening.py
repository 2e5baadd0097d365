"""Screening in the ledger: who is looked at, what a hit does, and who may undo it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from support.databases import run_sql
from support.ledgers import COMPLIANCE, NOON, TREASURER, WORKER, Fixture, address, proof, reference

from toolkit.compliance.lists import list_data
from toolkit.compliance.screening import Adoption, ListScreener
from toolkit.errors import InvalidInput, LedgerTampered, NotAuthorised, ToolkitError
from toolkit.ledger import OrderKind, RecordState, Role, State
from toolkit.ledger.eligibility import Asked, Stage
from toolkit.ledger.errors import ScreeningImpossible, UnderReview

REAL = Path(__file__).parents[2] / "data" / "sanctions" / "ofac-sanctioned-eth-2024-09-27.json"
DAY = datetime(2026, 11, 20, tzinfo=UTC)
DAYS = timedelta(days=1)


def adopt(books: Fixture, *entries: dict[str, str], version: str = "1", dated: datetime = DAY) -> Adoption:
    file = json.dumps(list_data("test", version, dated, list(entries))).encode()
    return ListScreener(books.ledger, worker=WORKER).adopt(file, by=COMPLIANCE)


def listed(number: int, note: str = "") -> dict[str, str]:
    return {"wallet": address(number), "note": note}


def execution(books: Fixture, order: Any) -> ToolkitError | None:
    return books.ledger.eligibility.refusals([order], stage=Stage.EXECUTION).get(order.id)


def test_a_hit_restricts_the_investor_and_holds_every_open_order(either: Fixture) -> None:
    books = either
    books.ledger.investors.add_wallet(address(40), investor=reference(1), kind="unhosted", proof=proof())
    requested, funded = books.mint("one"), books.mint("two")
    books.fund(funded)
    redemption, other = books.redemption(), books.mint("three", customer=2)
    found = adopt(books, listed(40), listed(99)).run
    assert {hit.investor for hit in found.hits} == {reference(1)}
    assert set(found.held) == {requested.id, funded.id, redemption.id}
    reasons = set()
    for order in (requested, funded, redemption):
        assert books.ledger.orders.get(order.id).state is State.ON_HOLD
        reasons.add(books.ledger.history(order.id)[-1].reason)
    # The desk is told nothing of a list (no tipping off).
    (reason,) = reasons
    assert not any(word in reason.lower() for word in ("list", "sanction", "screen", "hit", "test"))
    assert books.ledger.orders.get(other.id).state is State.REQUESTED
    with pytest.raises(UnderReview):
        books.mint("four")
    books.mint("five", customer=2)
    (hit,) = books.ledger.screening.hits()
    assert hit.state is RecordState.MATCHED
    assert (hit.data["list"], hit.data["version"], hit.data["value"]) == ("test", "1", address(40))
    (restriction,) = books.ledger.restrictions.find(investor=reference(1))
    assert (restriction.wallet, restriction.case_id) == (None, hit.id)
    books.ledger.verify()


def test_an_investor_is_listed_by_their_reference_too(books: Fixture) -> None:
    order = books.mint()
    run = adopt(books, {"investor": reference(1)}).run
    assert run.held == {order.id: reference(1)}
    assert execution(books, books.mint("two", customer=2)) is None


def test_execution_looks_at_the_lists_itself(books: Fixture) -> None:
    """Adopted a second ago, and no run has come to the order yet."""
    order = books.mint()
    books.fund(order)
    from toolkit.compliance.lists import ListFile

    file = ListFile.read(json.dumps(list_data("test", "1", DAY, [listed(1)])).encode())
    books.ledger.lists.adopt("test", "1", dated=DAY, entries=file.entries, source=file.source, by=COMPLIANCE)
    assert books.ledger.restrictions.find() == ()
    assert isinstance(execution(books, books.ledger.orders.get(order.id)), UnderReview)
    run = books.ledger.screening.screen_orders([order.id], actor=WORKER)
    assert run is not None
    assert (run.held, run.lists) == ({order.id: reference(1)}, {"test": "1"})
    record, decision = books.ledger.screening.last_of(order_id=order.id) or (None, None)
    assert record is not None
    assert decision is not None
    assert (record.data["occasion"], record.data["lists"], decision.outcome) == (
        "execution", {"test": "1"}, "hit",
    )  # fmt: skip


def test_every_decision_is_on_record_with_the_versions(books: Fixture) -> None:
    order = books.mint()
    assert books.ledger.screening.runs() == ()  # no list, nobody screened
    adopt(books, listed(99))
    second = books.mint("two")
    (everybody, request) = books.ledger.screening.runs()
    assert everybody.data["occasion"] == "lists"
    assert [(item.wallet, item.order_id, item.outcome) for item in decisions(books, everybody.id)] == [
        *((address(number), None, "clear") for number in (1, 2, 3)),
        (address(1), order.id, "clear"),
    ]
    assert (request.data["occasion"], request.data["lists"]) == ("order", {"test": "1"})
    assert [item.order_id for item in decisions(books, request.id)] == [second.id]
    books.ledger.verify()
    run_sql(books.url, "UPDATE screenings SET outcome = 'released'")
    with pytest.raises(LedgerTampered, match="its decisions"):
        books.ledger.verify()


def decisions(books: Fixture, run: str) -> Any:
    return books.ledger.screening.decisions(run)


def test_a_false_positive_is_released_by_compliance_with_a_rationale_for_that_entry(books: Fixture) -> None:
    order = books.mint()
    adopt(books, listed(1, "SDN 1"))
    (hit,) = books.ledger.screening.hits()
    with pytest.raises(NotAuthorised):
        books.ledger.screening.release(hit.id, by=TREASURER, rationale="another person of that name")
    with pytest.raises(InvalidInput):
        books.ledger.screening.release(hit.id, by=COMPLIANCE, rationale="")
    books.ledger.screening.release(hit.id, by=COMPLIANCE, rationale="the source named a reused address")
    assert books.ledger.record_book.history(hit.id)[-1].reason == "the source named a reused address"
    assert books.ledger.restrictions.find(investor=reference(1)) == ()
    # The order stays on hold until compliance lets it go.
    assert books.ledger.orders.get(order.id).state is State.ON_HOLD
    books.take(order.id, State.REQUESTED)
    assert execution(books, books.ledger.orders.get(order.id)) is None
    again = adopt(books, listed(1, "SDN 1"), listed(98), version="2", dated=DAY + DAYS)
    assert (again.run.held, [item.released for item in again.run.hits]) == ({}, [True])
    books.ledger.verify()
    changed = adopt(books, listed(1, "SDN 1, also known as"), version="3", dated=DAY + 2 * DAYS)
    assert changed.run.held == {order.id: reference(1)}
    assert len(books.ledger.screening.hits(RecordState.MATCHED)) == 1
    books.ledger.verify()
    run_sql(books.url, "DELETE FROM cleared_hits")
    with pytest.raises(LedgerTampered, match="released"):
        books.ledger.verify()


def test_a_confirmed_hit_is_undone_by_another_officer_only(books: Fixture) -> None:
    books.ledger.persons.add("compliance-2", label="a second officer", roles=["compliance"])  # type: ignore[list-item]
    adopt(books, listed(1))
    (hit,) = books.ledger.screening.hits()
    books.ledger.screening.confirm(hit.id, by=COMPLIANCE, rationale="the wallet is theirs")
    with pytest.raises(NotAuthorised):
        books.ledger.screening.release(hit.id, by=COMPLIANCE, rationale="on second thoughts")
    books.ledger.screening.release(hit.id, by="compliance-2", rationale="the source withdrew it")
    with pytest.raises(ToolkitError):
        books.ledger.screening.confirm(hit.id, by=COMPLIANCE, rationale="after all")


def test_who_leaves_a_list_stays_restricted_until_compliance_says_so(books: Fixture) -> None:
    adopt(books, listed(1))
    run = adopt(books, listed(98), version="2", dated=DAY + DAYS).run
    assert run.hits == ()
    with pytest.raises(UnderReview):
        books.mint()


def test_orders_that_waited_for_a_list_go_on_with_it(books: Fixture) -> None:
    order, other = books.mint(), books.mint("two", customer=2)
    adopt(books, listed(98))
    books.clock.advance(timedelta(hours=25))
    for item in (order, other):
        refusal = execution(books, item)
        assert isinstance(refusal, ScreeningImpossible)
        books.ledger.orders.step(
            item.id,
            State.ON_HOLD,
            actor=WORKER,
            role="operator",
            reason=refusal.message,  # type: ignore[arg-type]
        )
    assert books.ledger.screening.screen_orders([order.id], actor=WORKER) is None
    # Everybody is looked at all the same, and nothing is let go on an old list.
    assert ListScreener(books.ledger, worker=WORKER).screen(by=COMPLIANCE).resumed == ()
    run = adopt(books, listed(98), listed(2), version="2", dated=NOON).run
    assert run.resumed == (order.id,)
    assert books.ledger.orders.get(order.id).state is State.REQUESTED
    assert books.ledger.orders.get(other.id).state is State.ON_HOLD
    books.ledger.verify()


def test_one_list_that_is_too_old_does_not_keep_another_from_coming_in(books: Fixture) -> None:
    """Both are taken in, one after the other; what waited goes on with the last."""
    order = books.mint()
    screener = ListScreener(books.ledger, worker=WORKER)

    def take_in(name: str, version: str, dated: datetime) -> Adoption:
        file = json.dumps(list_data(name, version, dated, [listed(98)])).encode()
        return screener.adopt(file, by=COMPLIANCE)

    take_in("one", "1", DAY)
    take_in("two", "1", DAY)
    books.clock.advance(timedelta(hours=25))
    refusal = execution(books, order)
    assert isinstance(refusal, ScreeningImpossible)
    books.ledger.orders.step(
        order.id, State.ON_HOLD, actor=WORKER, role=Role.OPERATOR, reason=refusal.message
    )
    assert take_in("one", "2", NOON).run.resumed == ()
    assert take_in("two", "2", NOON).run.resumed == (order.id,)
    books.ledger.verify()


def test_a_listed_wallet_is_not_taken_on(books: Fixture) -> None:
    adopt(books, listed(40))
    with pytest.raises(UnderReview):
        books.ledger.investors.add_wallet(address(40), investor=reference(1), kind="unhosted", proof=proof())
    assert address(40) not in {wallet.address for wallet in books.ledger.investors.wallets()}
    with pytest.raises(UnderReview):
        books.ledger.screening.admit(investor=reference(1), wallet=address(40), actor=WORKER)
    # Whoever comes with a listed wallet is looked at with all they have.
    (hit,) = books.ledger.screening.hits()
    assert (hit.data["investor"], hit.data["value"]) == (reference(1), address(40))
    with pytest.raises(UnderReview):
        books.mint()
    books.ledger.verify()


def test_the_152_real_addresses_are_neither_onboarded_nor_minted_to(books: Fixture) -> None:
    addresses = json.loads(REAL.read_text())
    screener = ListScreener(books.ledger, worker=WORKER)
    wallets = []
    with books.ledger.transaction() as tx:
        # Half of them came before the list, each of an investor of their own.
        for number, text in enumerate(addresses[:76], start=1000):
            books.customer(tx, number)
            wallets.append(text if text != text.lower() else checksummed(text))
            tx.investors.add_wallet(wallets[-1], investor=reference(number), kind="unhosted", proof=proof())
    orders = [
        books.ledger.orders.request_mint(
            investor=reference(number),
            wallet=wallet,
            amount=books.mint(f"size-{number}").amount,
            currency="USD",
            maker="maker",
            idempotency_key=f"before-{number}",
            lifetime=DAYS,
        )
        for number, wallet in enumerate(wallets, start=1000)
    ]
    found = screener.adopt(
        REAL.read_bytes(), by=COMPLIANCE, name="ofac", version="1", dated=date(2024, 9, 27)
    )
    assert set(found.run.held) == {order.id for order in orders}
    for number, wallet in enumerate(wallets, start=1000):
        with pytest.raises(UnderReview):
            books.ledger.eligibility.require(
                Asked.amount_of(OrderKind.MINT, reference(number), wallet, orders[0].amount)
            )
    for text in addresses:
        with pytest.raises((UnderReview, ToolkitError)):
            books.ledger.investors.add_wallet(
                checksummed(text), investor=reference(2), kind="unhosted", proof=proof()
            )
    assert len(books.ledger.investors.wallets(reference(2))) == 1
    assert screener.matching([checksummed(addresses[0]), address(1)]).keys() == {checksummed(addresses[0])}
    assert screener.versions() == {"ofac": "1"}


def checksummed(text: str) -> str:
    from toolkit.chain.addresses import checksum_address

    return checksum_address(text, lenient=True)
