"""Each report says what its figures say, and none that contradicts itself can be made or read."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.figures import a_break, cut_off, figures, line, week
from support.report_samples import (
    CALENDAR,
    DAY,
    HONG_KONG,
    MONDAY,
    SECRET,
    daily,
    every_kind,
    filed,
    freeze_row,
    lifecycle,
    passage,
    passages,
    period,
    schedule,
    snapshot,
    statistics,
    travel_data,
    weekly_content,
)

from toolkit.amounts import Amount
from toolkit.calendar import BusinessCalendar
from toolkit.errors import InvalidInput
from toolkit.funds.errors import BadProof
from toolkit.ledger.machines import State
from toolkit.reporting.report import FiguresDoNotAddUp, digest, read_report
from toolkit.reporting.reports import KINDS
from toolkit.reporting.reports.attestation import attestation_schedule
from toolkit.reporting.reports.circulation import circulation
from toolkit.reporting.reports.daily import DailyStatement, daily_statement
from toolkit.reporting.reports.redemptions import BusinessTime, redemption_statistics
from toolkit.reporting.reports.registers import freeze_register, travel_row
from toolkit.reporting.reports.snapshot import Holding, holder_snapshot, verify_claim, verify_rows
from toolkit.reporting.reports.supervisory import SupervisorInputs, supervisory_report
from toolkit.reporting.reports.values import Bps, Money, Tokens
from toolkit.reporting.reports.weekly import disclosure

SAMPLES = every_kind()


def statement(**changes: Any) -> DailyStatement:
    return daily_statement(figures(**changes), HONG_KONG)


# --------------------------------------------------------------------------------------- the daily statement


def test_t6_the_coverage_identity_in_the_daily_statement() -> None:
    found = statement()
    assert found.outstanding_total.display == "850.000000"
    assert found.liability_total.amount == "1350.00"
    assert found.coverage == Bps.of(11_111)
    assert found.surplus.amount == "150.00"
    # Cash outside of the reserve account is neither reserve nor liability.
    outside = statement(reserve_value="1200.00", received_in_reserve=0)
    assert (outside.liability_total.amount, outside.coverage) == ("1050.00", Bps.of(11_428))


def test_t6_freezing_changes_the_attestation_and_never_the_coverage() -> None:
    def frozen(units: int) -> Any:
        held = {"held_class": "TEMPORARILY_FROZEN", "authority": "court order"}
        return figures(
            frozen=units * 10**6,
            special=[
                {"account": f"0x{4:040x}", "units": str((units - 10) * 10**6), **held},
                {
                    "account": f"0x{5:040x}",
                    "units": str(10 * 10**6),
                    **held,
                    "held_class": "PERMANENTLY_FROZEN",
                },
                {"account": f"0x{6:040x}", "units": str(50 * 10**6), **held, "held_class": "TEST"},
            ],
        )

    before, after = frozen(100), frozen(200)
    assert before.redeemable == 700 * 10**6
    assert after.redeemable == 600 * 10**6
    statements = [daily_statement(day, HONG_KONG) for day in (before, after)]
    assert [item.coverage for item in statements] == [Bps.of(11_111)] * 2
    assert [item.of_which_frozen.display for item in statements] == ["100.000000", "200.000000"]


def test_t7_coverage_is_floored_and_the_liability_rounded_up() -> None:
    found = statement(opening=10_000_000_001, burned=0, burned_unpaid=0, received_in_reserve=0, frozen=0)
    assert found.liability_total.amount == "10000.01"
    exact = statement(
        reserve_value="9999.99", opening=10_000_000_000, burned=0, burned_unpaid=0, received_in_reserve=0
    )
    assert exact.coverage is not None
    assert (exact.coverage.bps, exact.coverage.display) == (9_999, "99.99 %")
    assert exact.surplus.amount == "-0.01"
    assert "Shortfall of 0.01 HKD." in exact.layout.warnings


def test_a_day_without_a_reserve_report_counts_nothing_and_says_so() -> None:
    found = statement(reserve=None)
    assert (found.reserve_counted.amount, found.coverage) == ("0.00", Bps.of(0))
    assert "no reserve report" in found.layout.warnings[0]


def test_no_liability_has_no_coverage() -> None:
    nothing = statement(opening=0, burned=0, burned_unpaid=0, received_in_reserve=0, frozen=0, special=[])
    assert nothing.coverage is None
    assert nothing.surplus.amount == "1500.00"


def test_stale_and_undated_prices_are_flagged_and_ineligible_lines_count_zero() -> None:
    def bill(name: str, hours: int | None) -> dict[str, Any]:
        at = None if hours is None else (cut_off(DAY) - timedelta(hours=hours)).isoformat()
        more = {} if at is None else {"price": "99.5", "price_source": "fixing", "price_time": at}
        dates = {"start": "2026-10-01", "maturity": "2027-01-20"}
        return line(name, "GOVT_SECURITY", "500.00", risk_weight_bps=0, **dates, **more)

    lines = [bill("fresh", 30), bill("stale", 31), bill("undated", None), line("cash", "CASH", "100.00")]
    lines += [line("pledged", "CASH", "70.00", encumbered=True)]
    found = statement(lines=lines)
    assert {item.line_id for item in found.reserve_lines if item.price_stale} == {"stale", "undated"}
    assert found.reserve_counted.amount == "1600.00"
    assert found.ineligible_value.amount == "70.00"
    assert any("stale, undated" in text for text in found.layout.warnings)


def test_a_carried_valuation_and_open_breaks_are_shown() -> None:
    found = statement(carried=date(2026, 11, 19), breaks=[a_break(DAY)])
    assert (found.valuation_is_carried, found.valuation_date) == (True, date(2026, 11, 19))
    assert found.breaks_open[0].age.seconds == 30 * 3600
    assert "The valuation is carried from 2026-11-19." in found.layout.warnings
    assert "1 break(s) are open." in found.layout.warnings


def test_limits_are_policy_defaults_and_kept_or_not_to_the_basis_point() -> None:
    lines = [
        line("a", "CASH", "600.00", custodian="A"),
        line("b", "CASH", "400.00", custodian="B"),
    ]
    kept = {item.name: item for item in statement(lines=lines).limits}
    assert kept["Largest custodian"].kept
    lines[0]["market_value"] = lines[0]["nominal"] = "600.01"
    broken = {item.name: item for item in statement(lines=lines).limits}
    assert (broken["Largest custodian"].actual.bps, broken["Largest custodian"].kept) == (6001, False)
    assert all(item.source.startswith("policy default") for item in broken.values())


# ------------------------------------------------------------------------------ the period, in two audiences


def test_the_disclosure_has_what_the_supervisor_gets_but_for_the_annex() -> None:
    weekly = weekly_content()
    assert weekly.annex.incidents[0].summary == SECRET
    assert SECRET in json.dumps(weekly.model_dump(mode="json"))
    assert SECRET not in json.dumps(weekly.disclosed.model_dump(mode="json"))
    assert "annex" not in type(weekly.disclosed).model_fields
    assert weekly.disclosed.issued.count == 5
    assert [row.asset_class for row in weekly.disclosed.composition] == ["CASH", "DEPOSIT", "GOVT_SECURITY"]
    bill = weekly.disclosed.composition[2]
    assert (bill.average_residual_days, bill.custody_countries) == (61, ("HK",))
    assert weekly.disclosed.lowest_coverage == min(
        (row.coverage for row in weekly.disclosed.days), key=lambda item: item.bps
    )


def test_a_disclosure_with_a_day_missing_is_refused() -> None:
    days = week()
    with pytest.raises(ValueError, match="no figures between 2026-11-16 and 2026-11-18"):
        disclosure([*days[:3], *days[4:]], statistics(), HONG_KONG)
    with pytest.raises(InvalidInput, match="every day of its period"):
        disclosure([], statistics(), HONG_KONG)


def test_a_limit_that_was_not_kept_says_when_it_was_kept_again() -> None:
    dates = {"start": "2026-10-01", "maturity": "2027-01-20"}
    bill = line("bill-1", "GOVT_SECURITY", "1500.00", risk_weight_bps=0, **dates)

    def found(index: int) -> dict[str, date | None]:
        days = week()
        days[index] = figures(days[index].cut_off.day, lines=[bill])
        report = supervisory_report(days, statistics(), HONG_KONG, SupervisorInputs())
        breaches = report.annex.limit_breaches
        return {item.limit.name: item.cured_on for item in breaches if item.day == days[index].cut_off.day}

    assert found(2)["Money at once (T+0)"] == date(2026, 11, 17)
    assert found(6)["Money at once (T+0)"] is None


# ------------------------------------------------------------------------------------------------ redemptions


def test_redemption_statistics_count_every_request_once() -> None:
    found = statistics(week())
    assert (found.requested.count, found.became_valid.count) == (24, 24)
    assert (found.paid.count, found.paid_on_time, found.paid_late) == (21, 20, 1)
    assert found.on_time == Bps.of(9_523)
    assert [(item.reason, item.count) for item in found.rejected_by_reason] == [
        ("the account is not in the customer's name", 1)
    ]
    assert (found.cancelled.count, found.open.count, found.overdue.count) == (1, 1, 1)
    assert (found.held[0].order_id, found.held[0].basis) == ("order-24", SECRET)
    assert (found.fees_charged.amount, found.par_failures) == ("0.00", 0)
    assert found.calendar_time.p50 is not None
    assert found.calendar_time.longest is not None
    assert found.calendar_time.p50.seconds == 11 * 3600
    assert found.calendar_time.longest.seconds == 40 * 3600
    assert found.peak is not None
    assert (found.peak.day, found.peak.share) == ("2026-11-16", Bps.of(47))


def test_statistics_of_a_past_instant_know_nothing_later() -> None:
    """As of Monday's cut-off, what was paid on Tuesday is still open."""
    found = statistics(until=cut_off(MONDAY.date()))
    assert found.paid.count + found.open.count == 22
    monday = cut_off(MONDAY.date())
    unpaid = [item for item in passages() if item.paid_at is None or item.paid_at > monday]
    assert found.open.count == len(unpaid) - 2


@pytest.mark.parametrize("count", [1, 2, 19, 20, 21, 100])
def test_percentiles_are_of_the_nearest_rank(count: int) -> None:
    hours = timedelta(hours=1)
    items = [passage(n, MONDAY, paid_after=hours + timedelta(seconds=n)) for n in range(1, count + 1)]
    found = redemption_statistics(
        items,
        HONG_KONG,
        CALENDAR,
        after=MONDAY - hours,
        until=MONDAY + 9 * hours,
        zero=Amount.zero("HKDX", 6),
        currency="HKD",
    ).calendar_time
    assert found.p95 is not None
    assert found.p95.seconds == 3600 + -(-95 * count // 100)


def test_t8_business_time_knows_the_holidays() -> None:
    """Valid Thursday 2 April 2026, 17:00; paid Wednesday 8 April, 10:00: five days of holidays between."""
    start = datetime(2026, 4, 2, 9, 0, tzinfo=UTC)
    end = datetime(2026, 4, 8, 2, 0, tzinfo=UTC)
    banking = BusinessTime(CALENDAR, time(9), time(18))
    amlo = BusinessTime(
        BusinessCalendar.load("hong-kong", definition="amlo"), time(9), time(18)
    )  # Saturday counts
    assert [clock.seconds(start, end) for clock in (banking, amlo)] == [2 * 3600, 2 * 3600]
    friday = datetime(2026, 5, 22, 9, 0, tzinfo=UTC)
    saturday = friday + timedelta(days=1)
    assert [clock.seconds(friday, saturday) for clock in (banking, amlo)] == [3600, 9 * 3600]


def test_an_unknown_holiday_year_is_refused() -> None:
    late = datetime(2028, 1, 3, 2, 0, tzinfo=UTC)
    with pytest.raises(InvalidInput, match="knows 2023 to 2027"):
        BusinessTime(CALENDAR, time(9), time(18)).seconds(late, late + timedelta(hours=1))


def test_a_payout_that_is_not_at_par_is_counted() -> None:
    from dataclasses import replace

    short = replace(passages()[0], paid=Amount.money("999.99", "HKD"))
    found = redemption_statistics(
        [short],
        HONG_KONG,
        CALENDAR,
        after=MONDAY,
        until=cut_off(DAY),
        zero=Amount.zero("HKDX", 6),
        currency="HKD",
    )
    assert (found.par_failures, found.fees_charged.amount) == (1, "0.01")


# ------------------------------------------------------------------------------------------------ attestation


def test_the_schedule_states_both_definitions_and_leads_from_one_to_the_other() -> None:
    found = schedule()
    column = found.period_end
    row = column.chains[0]
    less = sum(
        getattr(row, name).value
        for name in ("time_locked", "temporarily_frozen", "test_tokens", "permanently_frozen", "burn_address")
    )
    assert column.outstanding.value - column.redeemable.value == less == 150 * 10**6
    assert column.surplus_to_redeemable.value - column.surplus_to_outstanding.value == 150_00
    assert column.net_other_assets.amount == "12345.67"
    assert found.random_day.as_of.hkt[:10] == found.draw.day.isoformat()
    assert found.roll_forward.closing == column.outstanding


def test_a_schedule_of_another_day_than_was_drawn_is_refused() -> None:
    found = schedule()
    days = {item.cut_off.day: item for item in week()}
    other = next(day for day in days if day not in (found.draw.day, DAY))
    with pytest.raises(ValueError, match="not of the day that was drawn"):
        attestation_schedule(
            found.period, days[DAY], days[other], found.draw, HONG_KONG, previous=None, policies={}
        )
    data = found.model_dump(mode="json")
    data["draw"]["day"] = other.isoformat()
    with pytest.raises(ValueError, match="the seed draws"):
        type(found).model_validate_json(json.dumps(data))


def test_a_random_day_known_before_the_end_of_the_period_is_refused() -> None:
    data = schedule().model_dump(mode="json")
    data["draw"]["drawn_at"] = {"utc": "2026-11-20T15:59:59Z", "hkt": "2026-11-20T23:59:59+08:00"}
    with pytest.raises(ValueError, match="before the period's end"):
        type(schedule()).model_validate_json(json.dumps(data))


# ---------------------------------------------------------------------------------------------------- others


def test_circulation_shows_a_difference_between_chain_and_orders() -> None:
    assert circulation(figures()).difference_from_orders.value == 0
    data = figures().to_data()
    data["ledger"]["minted"]["units"] = str(int(data["ledger"]["minted"]["units"]) - 1)
    found = circulation(type(figures()).from_data(data))
    assert found.difference_from_orders.display == "0.000001"
    assert "differ by 0.000001" in found.layout.warnings[0]


def test_the_log_of_operations_has_what_was_done_and_when_it_was_scheduled() -> None:
    found = lifecycle()
    names = [item.operation for item in found.operations]
    assert names == ["DEPLOY", "ROLE_GRANT", "MINT", "FREEZE", "UNFREEZE", "UPGRADE", "BURN", "PAUSE"]
    upgrade = found.operations[5]
    assert upgrade.scheduled_at is not None
    assert upgrade.scheduled_at.utc < upgrade.executed_at.utc
    assert upgrade.requested_by is not None
    earlier = lifecycle(until=cut_off(DAY) - timedelta(seconds=12 * 975))
    assert [item.operation for item in earlier.operations] == names[:5]


def test_the_register_of_freezes_at_a_past_instant_knows_no_later_signature() -> None:
    rows = [freeze_row(1), freeze_row(2, imposed_at="2026-11-19T03:00:00+00:00", second_sign_at=None)]
    found = freeze_register(rows, until=cut_off(DAY))
    assert (found.in_force, found.unsigned) == (2, 1)
    before = freeze_register(rows, until=datetime(2026, 11, 18, 3, 30, tzinfo=UTC))
    assert (before.in_force, before.unsigned) == (1, 1)


def test_the_travel_rule_tier_follows_from_the_amount() -> None:
    parties: dict[str, Any] = {"originator": {"name": "A"}, "recipient": {"name": "B"}}
    travel_row("t", "sent", travel_data(hkd="7999.99", tier="short"), **parties)
    with pytest.raises(ValueError, match=r"8000\.00 HKD is of the full set"):
        travel_row("t", "sent", travel_data(tier="short"), **parties)


def test_names_stand_in_the_personal_register_alone() -> None:
    found = SAMPLES["holder_register"].document.content
    data = found.model_dump(mode="json")
    data["rows"][0]["legal_name"] = "Anna Limited"
    with pytest.raises(ValueError, match="personal extract alone"):
        type(found).model_validate_json(json.dumps(data))


# --------------------------------------------------------------------------------------------------- snapshot


def test_a_snapshot_proves_every_claim_and_looks_through_omnibus_wallets() -> None:
    made = snapshot(9)
    rows = list(made.rows)
    verify_rows(made.content, rows)
    claims = [json.loads(row) for row in rows]
    assert all(verify_claim(made.content.merkle_root, item) for item in claims)
    assert {item["owner"] for item in claims} >= {"client-a", "client-b", "distributor"}
    assert sum(int(item["units"]) for item in claims) == made.content.outstanding.value
    assert sum(int(item["frozen"]) for item in claims) == 10
    changed = {**claims[3], "units": str(int(claims[3]["units"]) + 1)}
    assert not verify_claim(made.content.merkle_root, changed)


@pytest.mark.parametrize("field", ["units", "frozen", "owner", "wallet", "proof"])
def test_a_changed_row_of_a_snapshot_is_found(field: str) -> None:
    made = snapshot(6)
    rows = list(made.rows)
    data = json.loads(rows[2])
    if field == "proof":
        data["proof"][0] = "0x" + "00" * 32
    elif field == "wallet":
        data["wallet"] = "0x" + "99" * 20
    else:
        data[field] = "someone" if field == "owner" else str(int(data[field]) + 1)
    rows[2] = json.dumps(data, separators=(",", ":")) + "\n"
    with pytest.raises(BadProof):
        verify_rows(made.content, rows)


def test_x10_holdings_and_clients_have_to_add_up_to_the_last_unit() -> None:
    day = figures(opening=100, burned=0, burned_unpaid=0, frozen=0, special=[])
    chain, coin, kept = day.chains[0], day.coin, ("a", "b")
    wallets = [f"0x{number:040x}" for number in (1, 2)]
    with pytest.raises(InvalidInput, match="add up to 99"):
        holder_snapshot([Holding(wallets[0], 99, 0, "r")], chain, coin, kept_at=kept)
    with pytest.raises(InvalidInput, match="reconcile it first"):
        holder_snapshot([Holding(wallets[0], 100, 0, "r", {"c": 101})], chain, coin, kept_at=kept)
    with pytest.raises(InvalidInput, match="given twice"):
        holder_snapshot(
            [Holding(wallets[0], 50, 0, "r"), Holding(wallets[0], 50, 0, "q")], chain, coin, kept_at=kept
        )
    with pytest.raises(ValueError, match="kept_at"):
        holder_snapshot([Holding(wallets[0], 100, 0, "r")], chain, coin, kept_at=("a",))


# ----------------------------------------------------------------------- documents, and what is done to them


def test_every_kind_of_report_is_made_and_reads_back() -> None:
    assert set(SAMPLES) == set(KINDS)
    for report in SAMPLES.values():
        assert read_report(report.to_json()) == report


def test_the_same_figures_give_the_same_document_and_one_unit_another_hash() -> None:
    assert daily().document == daily().document
    assert daily().document.sha256 != daily(opening=1_050_000_001).document.sha256
    assert daily().document.sha256 != daily(reserve_value="1500.01").document.sha256


def _numbers(data: Any, at: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in a document whole numbers and amounts stand."""
    if isinstance(data, dict):
        return [place for key, value in data.items() for place in _numbers(value, (*at, key))]
    if isinstance(data, list):
        return [place for index, value in enumerate(data) for place in _numbers(value, (*at, index))]
    number = isinstance(data, int) and not isinstance(data, bool)
    text = isinstance(data, str) and data.replace(".", "", 1).removeprefix("-").isdecimal()
    return [at] if number or text else []


def _raised(data: Any, at: tuple[Any, ...]) -> None:
    """Changes the number at a place by one in its last digit."""
    for key in at[:-1]:
        data = data[key]
    value = data[at[-1]]
    if isinstance(value, int):
        data[at[-1]] = value + 1
        return
    places = len(value.partition(".")[2])
    number = int(value.replace(".", "")) + 1
    digits = str(abs(number)).rjust(places + 1, "0")
    shown = digits if not places else f"{digits[:-places]}.{digits[-places:]}"
    data[at[-1]] = f"-{shown}" if number < 0 else shown


@pytest.mark.parametrize("kind", sorted(KINDS))
@settings(max_examples=12)
@given(choice=st.randoms(use_true_random=False))
def test_one_unit_changed_anywhere_is_found(kind: str, choice: Any) -> None:
    data = SAMPLES[kind].document.to_data()
    _raised(data, choice.choice(_numbers(data)))
    with pytest.raises(FiguresDoNotAddUp):
        read_report(json.dumps(data))


@pytest.mark.parametrize(
    "place",
    [
        ("outstanding_total",),
        ("minted_today", "tokens"),
        ("opening",),
        ("outstanding_par",),
        ("redemptions_burned_unpaid",),
        ("subscriptions_received_unminted",),
        ("liability_total",),
        ("reserve_counted",),
        ("reserve_lines", 0, "counted"),
        ("reserve_market_value",),
        ("surplus",),
        ("coverage",),
        ("coverage_excl_buffer",),
        ("limits", 0, "actual"),
    ],
)
def test_a_figure_changed_with_its_hash_contradicts_the_others(place: tuple[Any, ...]) -> None:
    """Who changes a figure in both of its forms and hashes the document anew is found by the sums."""
    document = daily(reserve_value="1500.37").document.to_data()
    found: Any = document["content"]
    for key in place:
        found = found[key]
    changed = _one_more(found)
    found.clear()
    found.update(changed)
    document["sha256"] = digest({key: value for key, value in document.items() if key != "sha256"})
    with pytest.raises(FiguresDoNotAddUp, match="doesn't add up"):
        read_report(json.dumps(document))


def _one_more(value: dict[str, Any]) -> dict[str, Any]:
    makers: dict[str, Callable[[], Any]] = {
        "base_units": lambda: Tokens.of(
            Amount.from_base_units(int(value["base_units"]) + 1, unit=value["unit"], decimals=6)
        ),
        "amount": lambda: Money.cents(int(value["amount"].replace(".", "")) + 1, value["currency"]),
        "bps": lambda: Bps.of(value["bps"] + 1),
    }
    maker = next(make for name, make in makers.items() if name in value)
    data: dict[str, Any] = maker().model_dump(mode="json")
    return data


def test_a_document_of_another_kind_of_content_or_with_unknown_fields_is_refused() -> None:
    data = daily().document.to_data()
    with pytest.raises(FiguresDoNotAddUp):
        read_report(json.dumps({**data, "kind": "circulation"}))
    with pytest.raises(InvalidInput, match="no report 'balance'"):
        read_report(json.dumps({**data, "kind": "balance"}))
    with pytest.raises(FiguresDoNotAddUp, match="extra"):
        read_report(json.dumps({**data, "extra": 1}))
    text = json.dumps(data)
    with pytest.raises(InvalidInput, match="given twice"):
        read_report('{"kind": "circulation", ' + text[1:])
    with pytest.raises(InvalidInput, match="not JSON"):
        read_report(text[:-9])


def test_a_restatement_needs_a_reason_and_names_what_it_supersedes() -> None:
    first = daily()
    content = statement(reserve_value="1499.00")
    with pytest.raises(InvalidInput, match="say why it is restated"):
        filed(content, previous=first.document)
    with pytest.raises(InvalidInput, match="can't supersede"):
        filed(content, period(date(2026, 11, 19)), previous=first.document, reason="typo")
    second = filed(content, previous=first.document, reason="the custodian corrected a line").document
    assert (second.version, second.reason) == (2, "the custodian corrected a line")
    assert second.supersedes is not None
    assert second.supersedes.sha256 == first.document.sha256
    data = second.to_data() | {"reason": None}
    data["sha256"] = digest({key: value for key, value in data.items() if key != "sha256"})
    with pytest.raises(FiguresDoNotAddUp, match="gives no reason"):
        read_report(json.dumps(data))


def test_a_held_redemption_is_open_and_says_on_what_basis() -> None:
    held = passage(1, MONDAY, (State.ON_HOLD, timedelta(hours=1), "consent 7 of the HKMA"))
    found = redemption_statistics(
        [held],
        HONG_KONG,
        CALENDAR,
        after=MONDAY - timedelta(hours=1),
        until=cut_off(DAY),
        zero=Amount.zero("HKDX", 6),
        currency="HKD",
    )
    assert (found.open.count, found.held[0].basis) == (1, "consent 7 of the HKMA")
