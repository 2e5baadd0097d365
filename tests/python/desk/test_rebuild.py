"""The database is lost: the ledger comes back from the chain's events alone, and the desk goes on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.databases import Databases, run_sql
from support.desks import CHECKER, TREASURER, Bench, Customer
from support.suite import Suite

from toolkit.bindings.roles import Role as ChainRole
from toolkit.calendar import BusinessCalendar
from toolkit.chain.client import Client
from toolkit.chain.hexes import to_hex
from toolkit.desk import Desk
from toolkit.desk.rebuild import LOST, RebuildReport, rebuild
from toolkit.errors import InconsistentNode, InvalidInput, LedgerError, LedgerTampered
from toolkit.ledger import Deployment, Ledger, MintOrder, OrderKind, RedemptionOrder, State
from toolkit.ledger.errors import NotFound

CALENDAR = BusinessCalendar.load("hong-kong")


def _deployment(suite: Suite) -> Deployment:
    issuance = suite.issuance
    return Deployment(issuance.chain_id, issuance.market.address, issuance.record.instance_id)


def _rebuild(suite: Suite, url: str, **options: Any) -> RebuildReport:
    with Ledger.open(url, deployment=_deployment(suite)) as ledger:
        report = rebuild(suite.issuance, ledger, calendar=CALENDAR, **options)
        assert ledger.verify() == ledger.head()
    return report


def _busy(bench: Bench) -> tuple[list[Customer], dict[str, MintOrder | RedemptionOrder]]:
    """A desk in the middle of its work: an order or redemption in every state that the chain knows."""
    first, second = bench.customer(1), bench.customer(2)
    done: dict[str, Any] = {
        "minted": bench.minted(first, "1000.00"),
        "second": bench.minted(second, "500.25"),
    }
    done["escrowed"] = bench.escrowed(first, "10.00")
    done["burned"] = bench.burned(first, "20.00")
    done["paid"] = bench.burned(second, "30.00")
    bench.desk.record_payout(done["paid"], payment_reference="PAY-1", by=TREASURER)
    bench.desk.run()
    done["rejected"] = bench.escrowed(second, "40.00")
    bench.desk.reject(done["rejected"], by=CHECKER, reason="not now")
    bench.desk.run()
    done["approved"] = bench.approved(first, "77.00")
    done["funded"] = bench.funded(first, "88.00")
    assert bench.desk.status().agrees
    return [first, second], done


def test_a_lost_ledger_comes_back_and_the_desk_goes_on(bench: Bench, databases: Databases) -> None:
    suite, old = bench.suite, bench.desk
    (first, second), done = _busy(bench)
    highest = max(order.number for order in old.ledger.orders.find(kind=OrderKind.MINT))
    before = {name: old.ledger.orders.get(order.id) for name, order in done.items()}
    url = databases.empty()
    report = _rebuild(suite, url)
    assert report.agrees
    assert report.lost == LOST
    assert report.orders == {
        "mint": {"settled": 2},
        "redemption": {"burned": 1, "escrowed": 1, "rejected": 1, "settled": 1},
    }
    assert report.next_number > highest
    assert any("burned and not on record as paid" in warning for warning in report.warnings)

    bench.desk = new = Desk(suite.issuance, url)
    for name in ("minted", "second", "escrowed", "burned", "paid", "rejected"):
        was = before[name]
        is_now = new.ledger.orders.by_number(was.kind, was.number or 0)
        assert (is_now.state, is_now.wallet, is_now.base_units, is_now.investor, is_now.currency) == (
            was.state,
            was.wallet,
            was.base_units,
            was.investor,
            was.currency,
        )
        steps = new.history(is_now)
        assert [step.to_state for step in steps] == [State.RECOVERED, was.state]
        assert {step.actor for step in steps} == {"rebuild"}
        assert to_hex(bytes.fromhex(steps[-1].evidence or "")) in _transactions(suite, was.kind)
    books = new.status()
    assert books.agrees, books.differences
    new.run()  # on what was rebuilt alone, there is nothing to send
    assert new.status().agrees

    # Everybody comes back, and the old keys are unknown: the same request is another order.
    bench.staff()
    for customer in (first, second):
        new.onboard(customer.investor)
        challenge = new.challenge_wallet(customer.investor, customer.wallet)
        new.prove_wallet(challenge, challenge.signable.sign(customer.key).data)
    again = bench.requested(first, "77.00", key="the-old-key")
    assert again.number == report.next_number
    numbers = {order.number for order in old.ledger.orders.find(kind=OrderKind.MINT)}
    assert again.number not in numbers
    minted = bench.minted(first, "5.00")
    assert minted.state is State.SETTLED

    # What was under way goes on to its end.
    pending = new.ledger.orders.by_number(OrderKind.REDEMPTION, before["escrowed"].number or 0)
    assert isinstance(pending, RedemptionOrder)
    assert pending.due_at is not None
    new.approve_redemption(pending, bench.approver())
    new.run()
    for name, payment in (("escrowed", "PAY-2"), ("burned", "PAY-3")):
        order = new.ledger.orders.by_number(OrderKind.REDEMPTION, before[name].number or 0)
        assert order.state is State.BURNED
        payout = new.record_payout(order, payment_reference=payment, by=TREASURER)
        assert payout.bank_account == first.investor.bank_account
    new.run()
    assert {order.state for order in new.orders(kind="redemption")} == {State.SETTLED, State.REJECTED}
    assert new.status().agrees
    new.ledger.verify()
    old.close()


def _transactions(suite: Suite, kind: OrderKind) -> set[str]:
    logs = suite.client.logs(suite.market.address, [], suite.issuance.record.first_block)
    return {to_hex(log.tx_hash) for log in logs}


def test_the_same_chain_gives_the_same_ledger(bench: Bench, databases: Databases) -> None:
    _busy(bench)
    first, second = databases.empty(), databases.empty()
    assert _rebuild(bench.suite, first) == _rebuild(bench.suite, second)
    with Ledger.open(first) as one, Ledger.open(second) as other:
        assert [(order.id, order.state) for order in one.orders.find()] == [
            (order.id, order.state) for order in other.orders.find()
        ]


def test_a_redemption_without_a_known_account_waits(bench: Bench, databases: Databases) -> None:
    customer = bench.customer()
    bench.minted(customer)
    burned = bench.burned(customer)
    url = databases.empty()
    _rebuild(bench.suite, url)
    bench.desk.close()
    bench.desk = desk = Desk(bench.suite.issuance, url)
    bench.staff()
    order = desk.ledger.orders.by_number(OrderKind.REDEMPTION, burned.number or 0)
    with pytest.raises(NotFound, match="rebuilt from the chain, which knows no bank account"):
        desk.record_payout(order, payment_reference="PAY-1", by=TREASURER)
    assert desk.order(order).state is State.BURNED


def test_only_an_empty_ledger_is_filled(bench: Bench, tmp_path: Path) -> None:
    customer = bench.customer()
    bench.minted(customer)
    with pytest.raises(LedgerError, match=r"isn't empty \(its orders are not\)"):
        rebuild(bench.suite.issuance, bench.desk.ledger, calendar=CALENDAR)
    with pytest.raises(InvalidInput, match="gap -1"):
        _rebuild(bench.suite, f"sqlite:///{tmp_path}/new.db", gap=-1)


def test_a_recovered_redemption_is_bound_by_its_events(bench: Bench, databases: Databases) -> None:
    customer = bench.customer()
    bench.minted(customer)
    bench.escrowed(customer)
    url = databases.empty()
    _rebuild(bench.suite, url)
    run_sql(url, "UPDATE orders SET number = 9 WHERE kind = 'redemption'")
    with Ledger.open(url) as ledger, pytest.raises(LedgerTampered, match="is redemption 9"):
        ledger.verify()


def test_what_isnt_the_desks_is_named_and_left_out(suite: Suite, databases: Databases) -> None:
    """An order number that no ledger gives, and a redemption of a wallet that isn't registered."""
    suite.ready()
    suite.mint(2**200, 5_000_000)
    suite.mint(7, 5_000_000)
    suite.send(suite.holder, suite.token.transfer(suite.stranger.address, 3_000_000))
    suite.send(suite.stranger, suite.token.approve(suite.market.address, 1_000_000))
    suite.send(suite.stranger, suite.market.request_redemption(1_000_000, b"\x05" * 32))
    report = _rebuild(suite, databases.empty(), gap=10)
    assert report.agrees
    assert (report.orders["mint"], report.next_number) == ({"settled": 1}, 18)
    text = " ".join(report.warnings)
    assert str(2**200) in text
    assert "redemptions 1 are of wallets that the registry never named" in text


def test_only_final_blocks_count(suite: Suite, databases: Databases, monkeypatch: pytest.MonkeyPatch) -> None:
    suite.ready()
    suite.mint(1, 5_000_000)
    final = suite.client.block("latest")
    suite.mint(2, 5_000_000)
    monkeypatch.setattr(Client, "finalized_block", lambda _: final)
    report = _rebuild(suite, databases.empty())
    assert (report.block_number, report.orders["mint"]) == (final.number, {"settled": 1})
    assert any("aren't final and not in the ledger" in warning for warning in report.warnings)


def test_a_rebuild_that_fails_leaves_an_empty_ledger(
    suite: Suite, databases: Databases, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite.ready()
    for number in range(1, 4):
        suite.mint(number, 5_000_000)
    url = databases.empty()
    ask = Client.request

    def lying(client: Client, method: str, params: Any = (), **more: Any) -> Any:
        answer = ask(client, method, params, **more)
        return answer[:-1] + answer[:1] if method == "eth_getLogs" and answer else answer

    monkeypatch.setattr(Client, "request", lying)
    with pytest.raises(InconsistentNode, match="ask another"):
        _rebuild(suite, url)
    monkeypatch.undo()
    assert _rebuild(suite, url).orders["mint"] == {"settled": 3}


def test_a_wallet_that_was_removed_is_no_longer_verified(suite: Suite, databases: Databases) -> None:
    suite.ready()
    suite.mint(1, 5_000_000)
    suite.send(ChainRole.REGISTRAR, suite.registry.remove_wallets([suite.holder.address]))
    url = databases.empty()
    _rebuild(suite, url)
    with Ledger.open(url) as ledger:
        verified = {
            wallet.address: ledger.investors.get(wallet.investor).verified_until
            for wallet in ledger.investors.wallets()
        }
    assert verified[suite.holder.address] is None
    assert verified[suite.other_holder.address] is not None
