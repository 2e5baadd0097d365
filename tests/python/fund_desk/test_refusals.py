"""What the fund's desk refuses, each with its type, and that nothing is lost by it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from support.desks import CHECKER, MAKER
from support.fund_desks import AGENT, DEALER, FundBench
from support.reserve_reports import line, report

from toolkit.bindings.errors import ERC7943CannotSend, TokenPaused
from toolkit.bindings.roles import Role as ChainRole
from toolkit.desk import Desk, FundDesk
from toolkit.desk.errors import DayNotOver
from toolkit.errors import (
    CutOffPassed,
    IdempotencyConflict,
    InvalidInput,
    NavStale,
    NotADealingDay,
    NotAuthorised,
    NotEligible,
    ToolkitError,
)
from toolkit.funds.errors import (
    BelowMinimum,
    FutureNav,
    NavNotPositive,
    NavOutlier,
    NavVersionConflict,
    NotForwardPriced,
    WrongCurrency,
    WrongShareClass,
)
from toolkit.ledger import State
from toolkit.ledger.errors import NotFound, OrderExpired
from toolkit.reserves.errors import DuplicateReference


class Clock:
    """Shows what it is set to."""

    def __init__(self, instant: datetime) -> None:
        self.instant = instant

    def now(self) -> datetime:
        return self.instant


@pytest.fixture
def clock(bench: FundBench) -> Clock:
    """The desk's clock, stopped now, and apart from the chain's."""
    clock = Clock(bench.now())
    bench.desk.close()
    bench.desk = Desk(bench.suite.issuance, bench.url, clock=clock)
    bench.funds = FundDesk(bench.desk, bench.deployed, "A")
    return clock


@pytest.mark.parametrize(
    ("offset", "day"),
    [(timedelta(milliseconds=-1), 1), (timedelta(0), 2), (timedelta(milliseconds=1), 2)],
    ids=["before", "at", "after"],
)
def test_the_receipt_at_the_cut_offs_instant_is_the_next_days(
    bench: FundBench, clock: Clock, offset: timedelta, day: int
) -> None:
    """Trap T9: the server's receipt decides, and neither the chain's clock nor the customer's word."""
    investor = bench.investor()
    clock.instant = bench.cut_off(1) + offset
    order = bench.subscribed(investor)
    assert (order.dealing_date, order.created_at) == (bench.date_of(day), clock.instant)
    assert order.expires_at == bench.cut_off(day)
    if day == 2:
        with pytest.raises(CutOffPassed):
            bench.subscribed(investor, day=bench.date_of(1))


def test_an_order_is_not_put_on_a_day_that_is_over_or_none_or_unknown(bench: FundBench) -> None:
    investor = bench.investor()
    for day, refusal in (
        (date(2026, 11, 29), NotADealingDay),  # a Sunday
        (date(2028, 1, 4), InvalidInput),
        (bench.date_of(3) + timedelta(days=30), ToolkitError),
        (bench.date_of(1) - timedelta(days=3), ToolkitError),
    ):
        with pytest.raises(refusal):
            bench.subscribed(investor, day=day)
    assert bench.funds.orders() == ()
    assert bench.subscribed(investor, day=bench.date_of(2)).dealing_date == bench.date_of(2)


def test_a_late_order_is_dealt_the_next_day_and_one_that_was_never_sent_expires(bench: FundBench) -> None:
    one, two = bench.investor(1), bench.investor(2)
    slow = bench.subscribed(one)
    (early,) = bench.sent(bench.subscribed(one))
    bench.go_to(bench.cut_off(1) + timedelta(seconds=1))
    with pytest.raises(OrderExpired):
        bench.funds.validate(slow, by=CHECKER)
    (late,) = bench.sent(bench.subscribed(two))
    assert bench.order(slow).state is State.EXPIRED
    assert (bench.order(early).dealing_day, late.dealing_day) == (1, 2)
    bench.closed(1)
    bench.struck(1)
    bench.funds.settle_day(1, by=DEALER)
    assert (bench.order(early).state, bench.order(late).state) == (State.PRICED, State.IN_BATCH)


def test_what_the_terms_or_the_chain_would_refuse_is_not_taken(bench: FundBench) -> None:
    investor, lapsing = bench.investor(1), bench.customer(2, days=1)
    with pytest.raises(BelowMinimum):
        bench.subscribed(investor, "99999.99")
    with pytest.raises(InvalidInput, match="float"):
        bench.subscribed(investor, 100000.0)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="free"):
        bench.redeemed(investor, "1.0000")
    bench.suite.node.advance_time(2 * 86_400)
    with pytest.raises(NotEligible):
        bench.subscribed(lapsing)
    bench.desk.freeze(investor.wallet)
    with pytest.raises(NotAuthorised):
        bench.funds.subscribe(
            investor.investor, "100000.00", wallet=investor.wallet, idempotency_key="x", maker=CHECKER
        )
    assert bench.funds.orders() == ()


def test_the_same_key_gives_the_same_order_and_another_body_is_refused(bench: FundBench) -> None:
    investor = bench.investor()

    def ask(amount: str) -> Any:
        return bench.funds.subscribe(
            investor.investor, amount, wallet=investor.wallet, idempotency_key="S-1", maker=MAKER
        )

    order = ask("100000.00")
    bench.go_to(bench.cut_off(1) + timedelta(hours=1))
    assert ask("100000.00") == order
    with pytest.raises(IdempotencyConflict):
        ask("100001.00")


def test_a_value_comes_only_after_its_day_is_closed(bench: FundBench) -> None:
    with pytest.raises(ToolkitError):
        bench.funds.receive_nav(bench.statement(1))
    bench.go_to(bench.cut_off(1) + timedelta(minutes=5))
    with pytest.raises(DayNotOver):
        bench.funds.receive_nav(bench.statement(1))
    bench.funds.close_day(1, by=DEALER)
    bench.funds.receive_nav(bench.statement(1))


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"value": "0"}, NavNotPositive),
        ({"value": "-10.00"}, NavNotPositive),
        ({"share_class": "I"}, WrongShareClass),
        ({"fund": "OTHER"}, WrongShareClass),
        ({"currency": "EUR"}, WrongCurrency),
        ({"decimals": 6}, WrongCurrency),
        ({"version": 2, "supersedes": "0x" + "11" * 32, "reason": "again"}, NavVersionConflict),
        ({"dealing_day": "2026-11-29"}, InvalidInput),
    ],
)
def test_a_statement_that_cannot_price_the_day_is_refused(
    bench: FundBench, changes: dict[str, Any], refusal: type[ToolkitError]
) -> None:
    bench.closed(1)
    with pytest.raises(refusal):
        bench.funds.receive_nav(bench.statement(1, **changes))
    with pytest.raises(NavStale):
        bench.funds.settle_day(1, by=DEALER)


def test_x3_a_value_that_counts_the_coin_as_cash_twice_is_refused(bench: FundBench) -> None:
    bench.closed(1)
    bank = {"holder": "Bank A", "reference": "ACC-7"}
    pool = report(line(custodian="Bank A", custodian_reference="ACC-7"))
    waiting = {"holder": bench.vault.address, "reference": "DEMO"}
    for cash in ([bank], [waiting]):
        with pytest.raises(DuplicateReference):
            bench.funds.receive_nav(bench.statement(1, cash=cash), pools=[pool])
    with pytest.raises(NotFound):
        bench.funds.nav(bench.date_of(1))
    received = bench.funds.receive_nav(bench.statement(1, cash=[bank | {"reference": "ACC-8"}]), pools=[pool])
    bench.funds.strike_nav(bench.date_of(1), by=CHECKER)
    right = received.statement.restated(
        {"value": "10.01", "cash": [bank]}, reason="a deposit was missing", prepared_by=AGENT
    )
    with pytest.raises(DuplicateReference):
        bench.funds.correct_nav(right, by=CHECKER, pools=[pool])


def test_a_value_of_another_time_is_refused(bench: FundBench) -> None:
    bench.closed(1)

    def at(offset: timedelta) -> Any:
        point = (bench.cut_off(1) + offset).isoformat()
        sources = [{"source": "custodian", "reference": "PX", "as_of": point}]
        return bench.statement(1, valuation_point=point, price_sources=sources)

    with pytest.raises(FutureNav):
        bench.funds.receive_nav(at(timedelta(hours=2)))
    with pytest.raises(NotForwardPriced):
        bench.funds.receive_nav(at(timedelta(seconds=-1)))
    bench.funds.receive_nav(at(timedelta(0)))
    bench.go_to(bench.cut_off(1) + timedelta(hours=12, minutes=1))
    with pytest.raises(NavStale, match="obtain a newer"):
        bench.funds.strike_nav(bench.date_of(1), by=CHECKER)


def test_a_value_outside_the_tolerance_waits_for_a_second_person_or_a_correction(bench: FundBench) -> None:
    bench.closed(1)
    first = bench.statement(1, "10.06")
    assert bench.funds.receive_nav(first).deviation_bps == 60
    day = bench.date_of(1)
    with pytest.raises(NavOutlier):
        bench.funds.strike_nav(day, by=CHECKER)
    with pytest.raises(NotAuthorised):
        bench.funds.confirm_nav(day, by=AGENT, evidence="DOC-1")
    bench.funds.receive_nav(
        first.restated({"value": "10.02000000"}, reason="a price was stale", prepared_by=AGENT)
    )
    nav = bench.funds.strike_nav(day, by=CHECKER)
    assert (nav.struck, nav.statement.version) == (2, 2)
    assert [step.target for step in bench.funds.nav(day).events] == [
        "received",
        "outlier",
        "received",
        "tolerance_ok",
        "struck",
    ]
    bench.desk.ledger.verify()


def test_signatures_of_another_value_are_not_published(bench: FundBench) -> None:
    bench.closed(1)
    bench.funds.receive_nav(bench.statement(1))
    day = bench.date_of(1)
    with pytest.raises(NavStale):
        bench.funds.nav_bundle(day, bench.attestors())
    bench.funds.strike_nav(day, by=CHECKER)
    with pytest.raises(InvalidInput, match="have that one signed"):
        bench.funds.publish_nav(day, bench.suite.bundle(1_000))


def _pause(bench: FundBench) -> None:
    bench.suite.send(ChainRole.GUARDIAN, bench.suite.token.pause())


def test_while_the_coin_is_paused_nothing_is_handed_out_and_nothing_is_lost(bench: FundBench) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor, "900000.00"))
    bench.settled(1)
    bench.funds.run()
    (redemption,) = bench.sent(bench.redeemed(investor, "1000.0000"))
    bench.settled(2)
    _pause(bench)
    report = bench.funds.run()
    assert any(isinstance(item.error, TokenPaused) for item in report.waiting)
    assert bench.order(redemption).state is State.PRICED
    bench.suite.govern(bench.suite.token.resume())
    bench.funds.run()
    assert (bench.order(order).state, bench.order(redemption).state) == (State.SETTLED, State.SETTLED)


def test_a_frozen_wallet_cannot_ask(bench: FundBench) -> None:
    investor = bench.investor()
    order = bench.subscribed(investor)
    bench.funds.validate(order, by=CHECKER)
    bench.desk.freeze(investor.wallet)
    report = bench.funds.run()
    assert [type(item.error) for item in report.waiting] == [ERC7943CannotSend]
    assert bench.order(order).state is State.VALID
    bench.go_to(bench.cut_off(1) + timedelta(seconds=1))
    assert bench.funds.run().reached(State.EXPIRED) == (order.id,)


def test_a_claim_is_paid_once_whoever_takes_it(bench: FundBench) -> None:
    investor = bench.investor()
    (order,) = bench.sent(bench.subscribed(investor))
    bench.settled(1)
    shares = bench.vault.claimable_shares(investor.wallet)
    bench.act(investor.key, bench.vault.claim_shares(shares, investor.wallet, investor.wallet))
    report = bench.funds.run()
    assert report.alarms == ()
    assert bench.order(order).state is State.SETTLED
    bench.suite.send(ChainRole.DEALING_MANAGER, bench.vault.push_shares(1, [investor.wallet]))
    bench.funds.run()
    assert bench.share.balance_of(investor.wallet) == shares
    with pytest.raises(ToolkitError):
        bench.act(investor.key, bench.vault.claim_shares(1, investor.wallet, investor.wallet))


def test_dealing_that_is_suspended_takes_nothing_and_settles_nothing(bench: FundBench) -> None:
    investor = bench.investor()
    bench.sent(bench.subscribed(investor))
    bench.closed(1)
    bench.struck(1)
    bench.suite.send(ChainRole.GUARDIAN, bench.vault.suspend_dealing(b"\x01" * 32))
    for act in _acts(bench, investor):
        with pytest.raises(ToolkitError, match="suspended"):
            act()


def _acts(bench: FundBench, investor: Any) -> list[Callable[[], object]]:
    return [lambda: bench.subscribed(investor), lambda: bench.funds.settle_day(1, by=DEALER)]
