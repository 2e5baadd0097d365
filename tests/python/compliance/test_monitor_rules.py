"""The monitor's rules, each by itself: what they see and what they say."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest
from support.ledgers import address, hash32

from toolkit.chain.addresses import ZERO_ADDRESS
from toolkit.compliance.overdue import Overdue
from toolkit.compliance.rules import (
    AT_AN_INSTANT,
    ON_EVENTS,
    Attestation,
    Executed,
    Limit,
    MonitorSettings,
    Moved,
    Now,
    Ordered,
    Redemption,
    Seen,
    Supply,
)
from toolkit.errors import InvalidInput
from toolkit.ledger.alerts import Severity

COIN, SHARE, VAULT = address(901), address(902), address(903)
ALICE, BOB = address(1), address(2)
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOTHING = Seen(COIN, (), (), {}, frozenset({ALICE, BOB}), frozenset({VAULT}), {}, ())


def moved(sender: str, recipient: str, amount: int = 5, *, token: str = COIN, place: int = 1) -> Moved:
    return Moved(token, sender, recipient, amount, hash32(7), place)


def found(seen: Seen, settings: MonitorSettings | None = None) -> list[str]:
    return [alert.rule for rule in ON_EVENTS for alert in rule(seen, settings or MonitorSettings())]


def test_a_mint_with_its_order_is_nothing() -> None:
    seen = replace(
        NOTHING,
        moved=(moved(ZERO_ADDRESS, ALICE, 5), moved(ZERO_ADDRESS, BOB, 6, place=3)),
        executed=(Executed(1, hash32(7), 0), Executed(2, hash32(7), 2)),
        orders={1: Ordered(ALICE, 5), 2: Ordered(BOB, 6)},
    )
    assert found(seen) == []


@pytest.mark.parametrize(
    ("executed", "orders"),
    [
        ((), {}),
        ((Executed(1, hash32(7), 0),), {}),
        ((Executed(1, hash32(7), 0),), {1: Ordered(ALICE, 6)}),
        ((Executed(1, hash32(7), 0),), {1: Ordered(BOB, 5)}),
        ((Executed(1, hash32(8), 0),), {1: Ordered(ALICE, 5)}),
    ],
)
def test_a_mint_without_its_order_stops_minting(
    executed: tuple[Executed, ...], orders: dict[int, Ordered]
) -> None:
    seen = replace(NOTHING, moved=(moved(ZERO_ADDRESS, ALICE),), executed=executed, orders=orders)
    (alert,) = [item for rule in ON_EVENTS for item in rule(seen, MonitorSettings())]
    assert (alert.rule, alert.severity, alert.stops_minting) == (
        "mint_without_order",
        Severity.CRITICAL,
        True,
    )


def test_two_mints_of_one_order_are_one_too_many() -> None:
    twice = (moved(ZERO_ADDRESS, ALICE), moved(ZERO_ADDRESS, ALICE, place=2))
    executed = (Executed(1, hash32(7), 0),)
    seen = replace(NOTHING, moved=twice, executed=executed, orders={1: Ordered(ALICE, 5)})
    assert found(seen) == ["mint_without_order"]


def test_shares_are_held_by_investors_and_by_the_suite() -> None:
    fine = (
        moved(ZERO_ADDRESS, VAULT, token=SHARE),
        moved(VAULT, ALICE, token=SHARE, place=2),
        moved(ALICE, ZERO_ADDRESS, token=SHARE, place=3),
    )
    assert found(replace(NOTHING, moved=fine)) == []
    stranger = moved(ALICE, address(66), token=SHARE)
    assert found(replace(NOTHING, moved=(stranger,))) == ["unknown_holder"]
    assert found(replace(NOTHING, moved=(replace(stranger, token=COIN),))) == []  # the coin is anybody's


def test_a_large_transfer_is_one_at_or_above_what_the_settings_say() -> None:
    settings = MonitorSettings(large={COIN: 100})
    assert found(replace(NOTHING, moved=(moved(ALICE, BOB, 99),)), settings) == []
    assert found(replace(NOTHING, moved=(moved(ALICE, BOB, 100),)), settings) == ["large_transfer"]
    assert found(replace(NOTHING, moved=(moved(ALICE, VAULT, 100),)), settings) == []
    assert found(replace(NOTHING, moved=(moved(ALICE, BOB, 10**9),))) == []
    with pytest.raises(InvalidInput):
        MonitorSettings(large={COIN: 0})
    with pytest.raises(InvalidInput):
        MonitorSettings(age=Fraction(0))


def test_a_listed_counterparty_is_named_with_its_lists() -> None:
    listed = {address(66): ("ofac-eth/2",), BOB: ("ofac-eth/2", "un/7")}
    seen = replace(NOTHING, moved=(moved(address(66), BOB),), listed=listed)
    alerts = [item for rule in ON_EVENTS for item in rule(seen, MonitorSettings())]
    assert [(item.rule, item.facts["lists"]) for item in alerts] == [
        ("listed_counterparty", ["ofac-eth/2"]),
        ("listed_counterparty", ["ofac-eth/2", "un/7"]),
    ]
    assert len({item.record for item in alerts}) == 2


def test_a_supply_that_the_transfers_do_not_explain() -> None:
    good, bad = Supply(COIN, 10, 10, 7), Supply(SHARE, 10, 11, 7)
    assert found(replace(NOTHING, supplies=(good,))) == []
    seen = replace(NOTHING, supplies=(good, bad))
    (alert,) = [item for rule in ON_EVENTS for item in rule(seen, MonitorSettings())]
    assert (alert.rule, alert.stops_minting) == ("supply_drift", False)


def at(**changed: object) -> list[tuple[str, Severity]]:
    now = replace(Now(NOW, (), (), (), ()), **changed)  # type: ignore[arg-type]
    return [(item.rule, item.severity) for rule in AT_AN_INSTANT for item in rule(now, MonitorSettings())]


@pytest.mark.parametrize(
    ("age", "suspended", "expected"),
    [
        (74, False, []),
        (75, False, [("attestation_age", Severity.WARNING)]),
        (100, False, [("attestation_age", Severity.WARNING)]),
        (101, False, [("attestation_stale", Severity.HIGH)]),
        (1, True, [("attestation_stale", Severity.HIGH)]),
    ],
)
def test_an_attestation_before_and_after_it_is_stale(
    age: int, suspended: bool, expected: list[object]
) -> None:
    item = Attestation(address(800), 3, NOW - timedelta(seconds=age), 100, suspended)
    assert at(attestations=(item,)) == expected


def test_no_attestation_yet_is_nothing_to_grow_old() -> None:
    assert at(attestations=(Attestation(address(800), 0, None, 100, False),)) == []


@pytest.mark.parametrize(
    ("left", "expected"),
    [
        (timedelta(hours=3), []),
        (timedelta(hours=2), [("redemption_due", Severity.WARNING)]),
        (timedelta(0), [("redemption_due", Severity.WARNING)]),
        (-timedelta(seconds=1), [("redemption_overdue", Severity.HIGH)]),
    ],
)
def test_a_redemption_that_is_due_and_one_that_is_late(left: timedelta, expected: list[object]) -> None:
    assert at(redemptions=(Redemption("order-1", NOW + left),)) == expected


def test_each_matter_of_a_case_is_told_once_and_without_the_case() -> None:
    signature = Overdue("freeze/FRZ-1", "second signature", NOW, "freeze/FRZ-1 has no second signature")
    first, second = (Overdue("freeze/FRZ-1", "review", NOW, "to be reviewed", day) for day in ("1", "2"))
    later = replace(signature, since=NOW + timedelta(hours=1), message="said otherwise")
    now = Now(NOW, (), (), (), (signature, first, second, later))
    alerts = [item for rule in AT_AN_INSTANT for item in rule(now, MonitorSettings())]
    assert {(item.rule, item.severity) for item in alerts} == {("case_overdue", Severity.HIGH)}
    assert len({item.record for item in alerts}) == 3
    assert "FRZ-1" not in repr(alerts)


def test_a_limit_near_its_end() -> None:
    assert at(limits=(Limit(ALICE, 100, 11),)) == []
    assert at(limits=(Limit(ALICE, 100, 10),)) == [("limit_near_its_end", Severity.WARNING)]
    assert at(limits=(Limit(ALICE, 0, 0),)) == []
