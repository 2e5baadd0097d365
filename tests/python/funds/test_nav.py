"""A NAV from statement to strike and correction: two people, a tolerance, and no edited history."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from support.funds import DAY, LATER, RECEIVED, at, fund_terms, statement, statement_data

from toolkit.amounts import Amount
from toolkit.chain.hexes import keccak, to_hex
from toolkit.errors import IllegalTransition, InvalidInput, NavStale, NotADealingDay, NotAuthorised
from toolkit.funds import DayNav, NavState, NavStatement
from toolkit.funds.errors import (
    FutureNav,
    NavNotPositive,
    NavOutlier,
    NavVersionConflict,
    WrongCurrency,
    WrongShareClass,
)

TERMS = fund_terms()
CALENDAR = TERMS.dealing_calendar()


def expected(last: str | None = None) -> DayNav:
    value = None if last is None else TERMS.nav_value(last)
    return DayNav.expected(TERMS, "A", CALENDAR, DAY, last=value)


def struck(value: str = "10.01") -> DayNav:
    return expected().receive(statement(value), now=RECEIVED).strike(by="nav-checker", now=LATER)


def test_the_hash_is_the_attestations_report() -> None:
    given = statement("10.01")
    data = given.to_data()
    assert data["value"] == "10.01000000"
    assert data["valuation_point"] == "2026-11-20T08:30:00Z"
    data["price_sources"].sort(key=lambda item: item["source"])
    assert given.hash == keccak(rfc8785.dumps(data))
    attestation = given.attestation()
    assert (attestation.value, attestation.report) == (1_001_000_000, given.hash)
    assert attestation.as_of == int(at("2026-11-20 16:30:00").timestamp())


def test_the_hash_depends_on_what_is_said_and_not_on_how_it_is_written() -> None:
    given = statement("10.01")
    sources = list(reversed(statement_data("10.01")["price_sources"]))
    same = statement("10.0100", price_sources=sources, valuation_point="2026-11-20T08:30:00+00:00")
    assert same.hash == given.hash
    assert NavStatement.from_json(json.dumps(given.to_data())).hash == given.hash
    for change in ({"value": "10.02"}, {"share_class": "I"}, {"prepared_by": "somebody"}):
        assert NavStatement.from_data({**given.to_data(), **change}).hash != given.hash


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"price_sources": []}, "price_sources"),
        ({"valuation_point": "2026-11-20"}, "offset"),
        ({"valuation_point": "2026-11-20T16:30:00"}, "offset"),
        ({"valuation_point": "2026-11-20T16:00:00+08:00"}, "valuation point"),
        ({"currency": "XXX"}, "unknown currency"),
        ({"version": 2}, "supersedes"),
        ({"supersedes": "0x" + "11" * 32}, "version 1 neither"),
        ({"version": 2, "supersedes": "0x11", "reason": "typo"}, "32 are needed"),
        ({"remark": "x"}, "remark"),
        ({"schema_version": 2}, "schema_version"),
    ],
)
def test_a_malformed_statement_is_refused(change: dict[str, Any], message: str) -> None:
    with pytest.raises(InvalidInput, match=message):
        statement("10.01", **change)


def test_a_key_given_twice_is_refused() -> None:
    text = json.dumps(statement_data("10.01"))
    with pytest.raises(InvalidInput, match="'value' stands there twice"):
        NavStatement.from_json(text[:-1] + ', "value": "11"}')
    with pytest.raises(InvalidInput, match="not JSON"):
        NavStatement.from_json("{")


@pytest.mark.parametrize("value", ["0", "0.00000000", "-10.01"])
def test_zero_and_less_price_nothing(value: str) -> None:
    with pytest.raises(NavNotPositive):
        statement(value)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"share_class": "I"}, WrongShareClass),
        ({"fund": "OTHER"}, WrongShareClass),
        ({"currency": "HKD"}, WrongCurrency),
        ({"decimals": 6}, WrongCurrency),
        ({"dealing_day": "2026-11-19"}, InvalidInput),
        ({"valuation_point": "2026-11-20T17:00:01+08:00"}, FutureNav),
        ({"version": 2, "supersedes": "0x" + "11" * 32, "reason": "typo"}, NavVersionConflict),
    ],
)
def test_a_statement_about_something_else_is_refused(
    change: dict[str, Any], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        expected().receive(statement("10.01", **change), now=RECEIVED)


def test_a_stale_statement_neither_arrives_nor_strikes() -> None:
    with pytest.raises(NavStale, match="ago, and the"):
        expected().receive(statement("10.01"), now=at("2026-11-21 04:30:01"))
    received = expected().receive(statement("10.01"), now=RECEIVED)
    edge = at("2026-11-21 04:30:00")
    assert received.strike(by="nav-checker", now=edge).state is NavState.STRUCK
    with pytest.raises(NavStale):
        received.strike(by="nav-checker", now=edge + timedelta(seconds=1))
    with pytest.raises(NavStale, match="no NAV of class A was received"):
        expected().strike(by="nav-checker", now=LATER)


def test_a_value_within_the_tolerance_is_struck_by_another_person() -> None:
    received = expected("10.00").receive(statement("10.05"), now=RECEIVED)
    assert (received.state, received.deviation_bps) == (NavState.TOLERANCE_OK, 50)
    with pytest.raises(NotAuthorised, match="another person must strike"):
        received.strike(by="nav-maker", now=LATER)
    done = received.strike(by="nav-checker", now=LATER)
    assert (done.state, done.struck) == (NavState.STRUCK, 1)
    assert [(event.source, event.target, event.actor) for event in done.events] == [
        (NavState.EXPECTED, NavState.RECEIVED, "nav-maker"),
        (NavState.RECEIVED, NavState.TOLERANCE_OK, "nav-maker"),
        (NavState.TOLERANCE_OK, NavState.STRUCK, "nav-checker"),
    ]
    assert done.events[-1].to_data()["statement"] == to_hex(done.statement.hash)
    with pytest.raises(IllegalTransition, match="struck once"):
        done.strike(by="nav-checker", now=LATER)
    with pytest.raises(IllegalTransition, match="correct"):
        done.receive(statement("10.05"), now=LATER)


@pytest.mark.parametrize("value", ["10.05000001", "9.94999999", "100.5", "0.1"])
def test_an_outlier_waits_for_a_confirmation_with_evidence(value: str) -> None:
    outlier = expected("10.00").receive(statement(value), now=RECEIVED)
    assert outlier.state is NavState.OUTLIER
    with pytest.raises(NavOutlier, match="tolerance is 50") as caught:
        outlier.strike(by="nav-checker", now=LATER)
    assert caught.value.details["deviation_bps"] == outlier.deviation_bps
    with pytest.raises(NotAuthorised, match="another person must confirm"):
        outlier.confirm(by="nav-maker", evidence="DOC-1", now=LATER)
    with pytest.raises(InvalidInput, match="with evidence"):
        outlier.confirm(by="nav-checker", evidence=" ", now=LATER)
    confirmed = outlier.confirm(by="nav-checker", evidence="DOC-1: coupon paid", now=LATER)
    assert confirmed.strike(by="nav-checker", now=LATER).state is NavState.STRUCK
    with pytest.raises(IllegalTransition, match="only an outlier"):
        confirmed.confirm(by="nav-checker", evidence="DOC-1", now=LATER)


def test_an_outlier_is_corrected_by_the_next_version() -> None:
    outlier = expected("10.00").receive(statement("100.1"), now=RECEIVED)
    better = outlier.statement.restated({"value": "10.01"}, reason="misplaced point", prepared_by="nav-maker")
    done = outlier.receive(better, now=LATER).strike(by="nav-checker", now=LATER)
    assert (done.struck, done.state) == (2, NavState.STRUCK)
    assert [str(item.value) for item in done.statements] == ["100.1", "10.01"]
    assert better.supersedes == to_hex(outlier.statement.hash)
    with pytest.raises(NavVersionConflict, match="version 2 after 0x"):
        outlier.receive(statement("10.01"), now=LATER)


def test_a_correction_adds_a_version_and_edits_nothing() -> None:
    done = struck()
    right = done.statement.restated({"value": "10.08"}, reason="stale bond price", prepared_by="nav-maker")
    with pytest.raises(NotAuthorised, match="another person approves"):
        done.correct(right, by="nav-maker", now=LATER)
    corrected = done.correct(right, by="provider-1", now=LATER + timedelta(days=3))
    assert (corrected.state, corrected.struck) == (NavState.CORRECTED, 1)
    assert corrected.events[: len(done.events)] == done.events
    assert corrected.statements[0] == done.statement
    assert (corrected.version(1), corrected.version(2)) == (done.statement, right)
    again = right.restated({"value": "10.09"}, reason="second source", prepared_by="nav-maker")
    assert corrected.correct(again, by="provider-1", now=LATER).version(3) == again
    with pytest.raises(NavVersionConflict, match="version 3"):
        corrected.correct(right, by="provider-1", now=LATER)
    with pytest.raises(InvalidInput, match="versions 1 to 2, not 3"):
        corrected.version(3)


def test_what_isnt_struck_or_isnt_wrong_is_not_corrected() -> None:
    received = expected().receive(statement("10.01"), now=RECEIVED)
    right = received.statement.restated({"value": "10.02"}, reason="typo", prepared_by="nav-maker")
    with pytest.raises(IllegalTransition, match="strike the NAV first"):
        received.correct(right, by="provider-1", now=LATER)
    same = struck().statement.restated({}, reason="no reason", prepared_by="nav-maker")
    with pytest.raises(NavVersionConflict, match="nothing to correct"):
        struck().correct(same, by="provider-1", now=LATER)


def test_a_nav_is_expected_for_a_dealing_day_of_a_class() -> None:
    with pytest.raises(NotADealingDay):
        DayNav.expected(TERMS, "A", CALENDAR, DAY + timedelta(days=1))
    with pytest.raises(InvalidInput, match="no class"):
        DayNav.expected(TERMS, "Z", CALENDAR, DAY)
    with pytest.raises(InvalidInput, match="is no NAV of class A"):
        DayNav.expected(TERMS, "A", CALENDAR, DAY, last=Amount.parse("10", unit="HKD", decimals=8))
