"""Screening against a live chain: what changes between approval and execution (trap T10)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from support.desks import COMPLIANCE, MAKER, TREASURER, Bench
from support.fund_suite import FundSuite
from support.ledgers import WORKER, Fixture, address, proof, reference
from support.suite import Suite

from toolkit.bindings.roles import Role
from toolkit.bindings.token import ACCOUNT_FROZEN
from toolkit.chain.addresses import checksum_address
from toolkit.compliance.lists import ListFile, list_data
from toolkit.compliance.screening import Adoption, ListScreener
from toolkit.errors import ContractReverted, InvalidInput
from toolkit.ledger import State
from toolkit.ledger.errors import ScreeningImpossible, UnderReview

REAL = Path(__file__).parents[2] / "data" / "sanctions" / "ofac-sanctioned-eth-2024-09-27.json"


@pytest.fixture
def bench(suite: Suite, tmp_path: Path) -> Iterator[Bench]:
    suite.attest(1_000_000_000_000)
    bench = Bench(suite, tmp_path / "desk.db").staff()
    yield bench
    bench.desk.close()


def adopt(bench: Bench, *wallets: str, version: str = "1", freeze: bool = False, days: int = 1) -> Adoption:
    dated = bench.now() - timedelta(days=30 - days)
    entries = [{"wallet": wallet} for wallet in wallets]
    file = json.dumps(list_data("ofac-eth", version, dated, entries)).encode()
    screener = ListScreener(bench.desk.ledger, freeze=bench.desk.freeze if freeze else None)
    return screener.adopt(file, by=COMPLIANCE)


NOBODY = "0x00000000000000000000000000000000000000fe"


def test_t10_a_redemption_burned_before_its_holder_was_listed_is_not_paid_by_the_treasurys_list(
    bench: Bench,
) -> None:
    customer, other = bench.customer(1), bench.customer(2)
    adopt(bench, NOBODY)
    bench.minted(customer)
    bench.minted(other)
    listed, clear = bench.burned(customer), bench.burned(other)
    assert [order.id for order in bench.desk.payments_due().payable] == [listed.id, clear.id]
    adopt(bench, NOBODY, customer.wallet, version="2", days=2)
    due = bench.desk.payments_due()
    assert [order.id for order in due.payable] == [clear.id]
    assert list(due.held) == [listed.id]
    assert "under review" in due.held[listed.id]
    assert "ofac" not in due.held[listed.id]
    assert bench.desk.order(listed).state is State.BURNED

    bench.desk.record_payout(clear, payment_reference="CHATS-1", by=TREASURER)
    assert bench.desk.ledger.alerts.find() == ()
    (hit,) = bench.desk.ledger.screening.hits()
    bench.desk.ledger.screening.release(hit.id, by=COMPLIANCE, rationale="a reused address")
    assert [order.id for order in bench.desk.payments_due().payable] == [listed.id]
    bench.desk.ledger.verify()


def test_t10_a_payment_that_was_made_while_it_was_held_back_is_on_record_with_an_alert(bench: Bench) -> None:
    customer = bench.customer(1)
    adopt(bench, NOBODY)
    bench.minted(customer)
    order = bench.burned(customer)
    adopt(bench, NOBODY, customer.wallet, version="2", days=2)
    bench.desk.record_payout(order, payment_reference="CHATS-1", by=TREASURER)
    assert bench.desk.order(order).state is State.PAID
    (alert,) = bench.desk.ledger.alerts.find()
    assert (alert.data["rule"], alert.data["facts"]) == ("paid_while_held", {"order": order.id})
    bench.desk.ledger.verify()


def test_t10_sanctions_list_v_plus_1_adds_the_client_between_approval_and_execution(bench: Bench) -> None:
    customer, other = bench.customer(1), bench.customer(2)
    adopt(bench, NOBODY)
    order, clear = bench.approved(customer, key="t10"), bench.approved(other)
    supply = bench.suite.token.total_supply()

    # v+1 is adopted; the run over everybody hasn't come to the order when the worker executes.
    dated = bench.now() - timedelta(days=1)
    content = json.dumps(
        list_data("ofac-eth", "2", dated, [{"wallet": NOBODY}, {"wallet": customer.wallet}])
    ).encode()
    file = ListFile.read(content)
    bench.desk.ledger.lists.adopt(
        "ofac-eth", "2", dated=dated, entries=file.entries, source=file.source, by=COMPLIANCE
    )
    report = bench.desk.run()

    assert bench.desk.order(order).state is State.ON_HOLD
    assert bench.desk.order(clear).state is State.SETTLED
    assert bench.suite.token.balance_of(customer.wallet) == 0
    assert bench.suite.token.total_supply() == supply + clear.base_units
    assert not bench.suite.market.is_executed(order.number)
    # The money stays matched.
    assert bench.desk.ledger.funds.unmatched() == ()
    assert bench.desk.ledger.funds.get("FPS-1").order_id == order.id
    # The version is on the record; the desk reads neither it nor why.
    found = bench.desk.ledger.screening.last_of(order_id=order.id)
    assert found is not None
    assert (found[0].data["occasion"], found[0].data["lists"]) == ("execution", {"ofac-eth": "2"})
    assert found[1].outcome == "hit"
    reasons = [change.reason for change in report.changes if change.order_id == order.id]
    assert reasons == [bench.desk.history(order)[-1].reason]
    assert not any(word in reasons[0].lower() for word in ("list", "sanction", "ofac", "hit", "screen"))
    (hit,) = bench.desk.ledger.screening.hits()
    assert (hit.data["value"], hit.data["version"]) == (customer.wallet, "2")
    bench.desk.run()
    assert bench.suite.token.balance_of(customer.wallet) == 0
    bench.desk.ledger.verify()


def test_t10_the_escrow_of_a_listed_holder_stays_put_and_the_wallet_is_frozen(bench: Bench) -> None:
    customer = bench.customer(1)
    bench.minted(customer)
    redemption = bench.escrowed(customer, "400.00")
    bench.desk.approve_redemption(redemption, bench.approver())
    found = adopt(bench, customer.wallet, freeze=True)
    assert found.frozen == (customer.wallet,)
    assert not bench.suite.token.can_send(customer.wallet)
    assert not bench.suite.token.can_receive(customer.wallet)
    bench.desk.run()
    assert bench.desk.order(redemption).state is State.ON_HOLD
    assert bench.suite.market.escrowed() == 400_000_000
    with pytest.raises(UnderReview):
        bench.desk.reject(redemption, by=COMPLIANCE, reason="on a list")
    bench.desk.run()
    assert bench.suite.market.escrowed() == 400_000_000
    assert bench.suite.token.balance_of(customer.wallet) == 600_000_000
    assert bench.desk.status().agrees
    # Adopted again, nobody is frozen twice.
    again = adopt(bench, customer.wallet, NOBODY, version="2", freeze=True, days=2)
    assert again.frozen == ()


def test_t10_no_list_that_is_current_means_that_nothing_is_executed(bench: Bench) -> None:
    customer = bench.customer(1)
    adopt(bench, NOBODY)
    order = bench.approved(customer)
    bench.suite.node.advance_time(25 * 3600)
    bench.suite.attest(1_000_000_000_000)
    bench.desk.run()
    assert bench.desk.order(order).state is State.ON_HOLD
    assert bench.suite.token.balance_of(customer.wallet) == 0
    with pytest.raises(ScreeningImpossible):
        bench.requested(customer)
    assert adopt(bench, NOBODY, version="2", days=2).run.resumed == (order.id,)
    bench.desk.run()
    assert bench.desk.order(order).state is State.SETTLED


def test_the_152_real_addresses_never_come_into_the_registry(bench: Bench) -> None:
    addresses = [checksum_address(text, lenient=True) for text in json.loads(REAL.read_text())]
    screener = ListScreener(bench.desk.ledger)
    screener.adopt(
        REAL.read_bytes(), by=COMPLIANCE, name="ofac-eth", version="2024-09-27", dated=date(2024, 9, 27)
    )
    customer = bench.customer(1)
    for wallet in addresses[:3]:
        with pytest.raises(UnderReview):
            bench.desk.challenge_wallet(customer.investor, wallet)
    with pytest.raises(UnderReview):
        bench.requested(customer)  # who comes with a listed wallet is looked at
    clear = bench.customer(2)
    for wallet in addresses:
        with pytest.raises(InvalidInput):  # nobody's wallet
            bench.desk.request_mint(
                clear.investor, "1.00", wallet=wallet, idempotency_key=f"to-{wallet}", maker=MAKER
            )
        assert not bench.suite.registry.is_verified(wallet)


def test_the_152_real_addresses_are_given_no_fund_shares(fund_suite: FundSuite, filled: Path) -> None:
    """Nobody unregistered receives a share; a listed wallet that is registered already is frozen."""
    share, holder = fund_suite.share, fund_suite.holder
    fund_suite.give_shares(holder, 152)
    addresses = [checksum_address(text, lenient=True) for text in json.loads(REAL.read_text())]
    for wallet in addresses:
        assert not share.can_receive(wallet)
        assert not share.can_transfer(holder.address, wallet, 1)
    for wallet in addresses[:2]:
        with pytest.raises(ContractReverted):
            fund_suite.send(holder, share.transfer(wallet, 1))

    registered = addresses[7]
    fund_suite.investor(registered)
    assert share.can_transfer(holder.address, registered, 1)
    books = Fixture(f"sqlite:///{filled.parent / 'shares.db'}")
    books.ledger.investors.add_wallet(registered, investor=reference(1), kind="unhosted", proof=proof())
    screener = ListScreener(
        books.ledger,
        freeze=lambda wallet: fund_suite.send(Role.GUARDIAN, share.freeze(wallet, ACCOUNT_FROZEN)),
        worker=WORKER,
    )
    found = screener.adopt(
        REAL.read_bytes(), by="compliance", name="ofac-eth", version="1", dated=date(2024, 9, 27)
    )
    # Every wallet of the party, not only the one that is listed.
    assert set(found.frozen) == {registered, address(1)}
    books.ledger.close()
    assert not share.can_transfer(holder.address, registered, 1)
    with pytest.raises(ContractReverted):
        fund_suite.send(holder, share.transfer(registered, 1))
    assert sum(share.balance_of(wallet) for wallet in addresses) == 0
