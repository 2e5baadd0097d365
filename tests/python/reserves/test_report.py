"""Reading, checking, hashing, confirming and allocating reserve reports."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import rfc8785
from eth_utils.crypto import keccak
from hypothesis import given
from hypothesis import strategies as st
from support.reserve_reports import (
    DEMO_REPORTS,
    OTHER_TOKEN,
    TEST_REPORTS,
    TOKEN,
    data,
    line,
    published,
    pyusd_confirmed,
    report,
)

from toolkit.amounts import Amount
from toolkit.errors import InvalidInput
from toolkit.reserves import Profile, ReserveReport
from toolkit.reserves.errors import (
    AllocationExceedsReserve,
    DuplicateReference,
    NothingCounts,
    ReportDoesNotAddUp,
)

# -- the published reports ---------------------------------------------------------------------------


def test_the_demo_report_of_pyusd_is_what_was_published() -> None:
    ours, source = ReserveReport.load(DEMO_REPORTS / "pyusd-2023-12-29.json"), published("pyusd-2023-12-29")
    assert [(p.nominal, p.market_value) for p in ours.positions] == [
        (ours.money(p["notional"]).value, ours.money(p["market_value"]).value) for p in source["positions"]
    ]
    assert ours.nominal_total == ours.money(source["total"]["notional"])
    assert ours.market_total == ours.money(source["total"]["market_value"])
    assert ours.tokens_outstanding == int(source["tokens_outstanding"])
    assert ours.as_of.isoformat() == "2023-12-29T22:00:00+00:00"
    assert (ours.issuer, ours.source) == (source["issuer"], source["source"])
    assert all(p.custodian is None and p.confirmation is None for p in ours.positions), "the source has none"


def test_pyusd_counts_nothing_until_its_custodian_confirms() -> None:
    evaluation = ReserveReport.load(DEMO_REPORTS / "pyusd-2023-12-29.json").evaluate("hong-kong")
    assert evaluation.counted_total.is_zero
    assert all("the custodian has not confirmed it" in item.reason for item in evaluation.lines)


@pytest.mark.parametrize("profile", ["hong-kong", "new-york", "genius"])
def test_pyusd_counts_the_repos_notional_and_not_its_collateral(profile: str) -> None:
    evaluation = pyusd_confirmed().evaluate(profile)
    counted = {item.line_id: str(item.counted) for item in evaluation.lines}
    assert counted == {"repo-1": "264971000.00", "cash-1": "461408.00"}
    assert str(evaluation.counted_total) == "265432408.00"
    assert str(evaluation.market_total) == "270731892.00"
    assert evaluation.ineligible_total.is_zero
    assert evaluation.counted_total.value > pyusd_confirmed().tokens_outstanding


def test_fdusd_has_no_lines_so_it_counts_nothing_and_cannot_be_allocated() -> None:
    ours, source = ReserveReport.load(DEMO_REPORTS / "fdusd-2024-01-31.json"), published("fdusd-2024-01-31")
    assert ours.unitemised is not None
    assert ours.unitemised.statement == source["reserve_statement"]
    assert ours.tokens_outstanding_amount.display() == "2,578,169,834.310000000000000000 FDUSD"
    evaluation = ours.evaluate("hong-kong")
    assert [(item.line_id, item.eligible) for item in evaluation.lines] == [("unitemised", False)]
    assert evaluation.counted_total.is_zero
    assert evaluation.ineligible_total.display() == "2,578,169,834.31 USD"
    with pytest.raises(NothingCounts, match="not itemised"):
        ours.allocate(31337, TOKEN)


def test_pyusd_of_march_2024_as_the_press_printed_it_does_not_add_up() -> None:
    with pytest.raises(ReportDoesNotAddUp) as caught:
        ReserveReport.load(TEST_REPORTS / "pyusd-2024-03-31.json")
    details = caught.value.details
    assert [str(details[key]) for key in ("stated", "computed", "difference")] == [
        "189303301.00",
        "189301748.00",
        "1553.00",
    ]
    assert all(number in str(caught.value) for number in ("189,303,301.00", "189,301,748.00", "1,553.00"))
    source = published("pyusd-2024-03")
    assert str(details["stated"].value.to_integral_value()) == source["total"]["notional"]


# -- what is refused ---------------------------------------------------------------------------------


def test_each_stated_total_is_checked() -> None:
    assert report(totals={"nominal": "1000", "market_value": "990.5"})
    with pytest.raises(ReportDoesNotAddUp, match="nominal"):
        report(totals={"nominal": "1000.01"})
    with pytest.raises(ReportDoesNotAddUp, match="market value"):
        report(totals={"market_value": "990.49"})


def test_a_counted_total_is_checked_under_the_profile_it_was_made_with() -> None:
    stated = report(profile=Profile.load("hong-kong").identity, totals={"counted": "990.51"})
    with pytest.raises(ReportDoesNotAddUp, match="counted"):
        stated.evaluate("hong-kong")
    assert str(stated.evaluate("new-york").counted_total) == "990.50"


@pytest.mark.parametrize(
    ("as_of", "fix"),
    [
        ("2024-01-31", "not an instant"),
        ("20240131", "not an instant"),
        ("2024-01-31T12:00:00", "no time zone"),
        ("2024-01-31T12:00:00.5+08:00", "whole second"),
        ("yesterday", "not an instant"),
        (1706673600, "not an instant"),
    ],
)
def test_as_of_is_an_instant_in_whole_seconds(as_of: object, fix: str) -> None:
    with pytest.raises(InvalidInput, match=fix) as caught:
        report(as_of=as_of)
    assert repr(as_of) in str(caught.value)


@pytest.mark.parametrize("amount", [1000, 1000.0, 19.99, True, None, "1e3", "1,000", "-1", "1000.001", ""])
def test_amounts_are_plain_decimal_strings_in_the_currencys_decimals(amount: object) -> None:
    bent = line()
    bent["nominal"] = amount
    with pytest.raises(InvalidInput):
        report(bent)


def test_json_numbers_are_refused_in_the_file_too() -> None:
    text = json.dumps(data()).replace('"1000.00"', "1000.00")
    with pytest.raises(InvalidInput, match="not a string"):
        ReserveReport.from_json(text)


@pytest.mark.parametrize(
    "changes",
    [
        {"currency": "XYZ"},
        {"unitemised": {"amount": "1.001", "statement": "cash"}},
        {"unitemised": {"amount": "-1", "statement": "cash"}},
        {"totals": {"counted": "1.001"}},
        {"profile": "hong-kong 2026.1", "allocations": [{"chain_id": 1, "contract": TOKEN, "amount": "-1"}]},
        {"schema_version": 2},
        {"schema_version": None},
        {"token_decimals": 19},
        {"token_decimals": "6"},
        {"tokens_outstanding": "1.0000001"},
        {"token": ""},
        {"positions": []},
        {"positions": None},
        {"positions": "none"},
        {"surprise": 1},
        {"source": "\ud800"},
        {"allocations": [{"chain_id": 1, "contract": TOKEN, "amount": "1"}]},
        {"profile": "hong-kong 2026.1", "allocations": [{"chain_id": 0, "contract": TOKEN, "amount": "1"}]},
        {
            "profile": "hong-kong 2026.1",
            "allocations": [{"chain_id": 1, "contract": TOKEN.lower(), "amount": "1"}],
        },
    ],
)
def test_malformed_reports_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        report(**changes)


@pytest.mark.parametrize(
    "changes",
    [
        {"class": "SHARES"},
        {"currency": "XYZ"},
        {"country": "USA"},
        {"maturity": "soon"},
        {"tenor": "weekly"},
        {"start": "2024-04-01"},
        {"tenor": "on-demand"},
        {"risk_weight_bps": -1},
        {"risk_weight_bps": "0"},
        {"encumbered": "no"},
        {"line_id": None},
        {"surprise": 1},
    ],
)
def test_malformed_lines_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        report(line(**changes))


def test_every_problem_is_named_at_once() -> None:
    with pytest.raises(InvalidInput) as caught:
        report(line(encumbered="no", **{"class": "SHARES"}), token="")
    assert {"positions.0.class", "positions.0.encumbered", "token"} <= {
        problem.split(":")[0] for problem in caught.value.details["problems"]
    }


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '"x"', '{"token": "A", "token": "B"}', "[" * 100_000, "\ufeff{}", "NaN"]
)
def test_what_is_not_a_json_object_is_refused(text: str) -> None:
    with pytest.raises(InvalidInput):
        ReserveReport.from_json(text)


def test_unreadable_files_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="can't be read"):
        ReserveReport.load(tmp_path / "missing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InvalidInput, match="not JSON"):
        ReserveReport.load(tmp_path / "binary.json")


@pytest.mark.parametrize("field", ["custodian_reference", "confirmation"])
def test_one_custodians_reference_stands_in_one_line_only(field: str) -> None:
    first, second = line("a", **{field: "ACC-1"}), line("b", **{field: " acc-1 ", "custodian": "BANK  A"})
    with pytest.raises(DuplicateReference, match="acc-1"):
        report(first, second)
    assert report(first, line("b", **{field: "ACC-1", "custodian": "Bank B"}))


def test_line_ids_are_unique() -> None:
    with pytest.raises(DuplicateReference, match="line id"):
        report(line("a"), line("a", custodian_reference="x", confirmation="y"))


# -- the canonical form ------------------------------------------------------------------------------


def test_the_hash_is_the_keccak_of_rfc_8785() -> None:
    one = report(line("a"), line("b"))
    assert one.hash == keccak(one.canonical)
    assert len(one.hash) == 32
    assert rfc8785.dumps(json.loads(one.canonical)) == one.canonical


def test_the_same_report_written_differently_has_the_same_hash() -> None:
    one = report(line("a"), line("b"))
    reordered = dict(reversed(data(line("b", nominal="1000"), line("a", market_value="990.5")).items()))
    reordered["as_of"] = "2024-01-31T04:00:00Z"
    reordered["allocations"] = []
    assert ReserveReport.from_data(reordered).hash == one.hash


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "other"},
        {"token": "OTHER"},
        {"as_of": "2024-01-31T12:00:01+08:00"},
        {"tokens_outstanding": "900.000001"},
        {"notes": "a note"},
    ],
)
def test_any_change_changes_the_hash(changes: dict[str, Any]) -> None:
    assert report(**changes).hash != report().hash


@given(st.lists(st.integers(0, 10**15), min_size=1, max_size=8))
def test_saving_and_loading_changes_nothing(cents: list[int]) -> None:
    lines = []
    for index, value in enumerate(cents):
        amount = str(Amount.from_base_units(value, unit="USD", decimals=2))
        lines.append(line(f"l{index}", nominal=amount, market_value=amount))
    one = report(*lines)
    assert ReserveReport.from_json(one.to_json()) == one
    assert ReserveReport.from_json(one.to_json()).hash == one.hash
    assert one.nominal_total.base_units == sum(cents)


def test_save_and_load(tmp_path: Path) -> None:
    one = pyusd_confirmed().allocate(31337, TOKEN)
    one.save(tmp_path / "report.json")
    assert ReserveReport.load(tmp_path / "report.json") == one


def test_the_pyusd_reports_hash_is_stable() -> None:
    """A change of this hash orphans every attestation made of reports so far."""
    expected = "0x226ddbdc6a379d0100b667e132620963ca78e915db033e42fff1416d746fd185"
    assert "0x" + ReserveReport.load(DEMO_REPORTS / "pyusd-2023-12-29.json").hash.hex() == expected


# -- confirming --------------------------------------------------------------------------------------


def test_confirming_is_a_new_report_that_says_who() -> None:
    before = ReserveReport.load(DEMO_REPORTS / "pyusd-2023-12-29.json")
    after = before.with_confirmations({"cash-1": "C-1"}, custodian="Demo custodian")
    cash = after.positions[1]
    assert (cash.custodian, cash.confirmation, cash.encumbered) == ("Demo custodian", "C-1", False)
    assert before.positions[1].confirmation is None
    assert after.hash != before.hash
    assert str(after.evaluate().counted_total) == "461408.00"


def test_confirmations_that_contradict_the_report_are_refused() -> None:
    with pytest.raises(InvalidInput, match="no line 'x'"):
        report().with_confirmations({"x": "C-1"})
    with pytest.raises(InvalidInput, match="already confirmed"):
        report().with_confirmations({"bill-1": "C-2"})
    with pytest.raises(InvalidInput, match="held by 'Bank A'"):
        report(line(confirmation=None)).with_confirmations({"bill-1": "C-1"}, custodian="Bank B")
    with pytest.raises(InvalidInput, match="encumbered"):
        report(line(confirmation=None, encumbered=True)).with_confirmations({"bill-1": "C-1"})
    with pytest.raises(DuplicateReference):
        report(line("a", confirmation=None), line("b", confirmation=None)).with_confirmations(
            {"a": "C-1", "b": "C-1"}
        )
    assert report().with_confirmations({"bill-1": "conf-bill-1"}) == report()


# -- allocating --------------------------------------------------------------------------------------


def test_the_whole_counted_total_is_allocated_by_default() -> None:
    allocated = pyusd_confirmed().allocate(31337, TOKEN)
    assert str(allocated.allocation_for(31337, TOKEN)) == "265432408.00"
    assert allocated.allocation_for(31338, TOKEN) is None
    assert allocated.allocation_for(31337, OTHER_TOKEN) is None
    assert allocated.profile == Profile.load("hong-kong").identity
    assert allocated.totals is not None
    assert str(allocated.totals.counted) == "265432408.00"


def test_two_chains_share_one_reserve_and_never_have_it_twice() -> None:
    hundred = report(line(market_value="100", nominal="100"))
    split = hundred.allocate(31337, TOKEN, "60").allocate(31338, TOKEN)
    assert [str(split.allocation_for(chain, TOKEN)) for chain in (31337, 31338)] == ["60.00", "40.00"]
    with pytest.raises(NothingCounts):
        hundred.allocate(31337, TOKEN).allocate(31338, TOKEN)
    with pytest.raises(AllocationExceedsReserve) as caught:
        hundred.allocate(31337, TOKEN, "60").allocate(31338, TOKEN, "40.01")
    assert str(caught.value.details["excess"]) == "0.01"
    moved = split.allocate(31337, TOKEN, "10").allocate(31338, TOKEN)
    assert str(moved.allocation_for(31338, TOKEN)) == "90.00"


def test_an_allocation_is_an_amount_of_the_reports_currency() -> None:
    with pytest.raises(InvalidInput, match="HKD"):
        report().allocate(31337, TOKEN, Amount.money("1", "HKD"))
    with pytest.raises(InvalidInput):
        report().allocate(31337, TOKEN, "0.001")
    with pytest.raises(InvalidInput):
        report().allocate(31337, TOKEN, 1.0)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="checksum"):
        report().allocate(31337, TOKEN.lower())
    assert str(report().allocate(31337, TOKEN, Amount.money("1", "USD")).allocations[0].amount) == "1.00"


def test_an_explicit_zero_can_be_allocated_when_the_reserve_is_lost() -> None:
    lost = report(line(encumbered=True)).allocate(31337, TOKEN, "0")
    assert str(lost.allocation_for(31337, TOKEN)) == "0.00"


def test_allocations_keep_to_one_profile() -> None:
    one = report().allocate(31337, TOKEN, "1", profile="new-york")
    assert one.allocate(31338, TOKEN, "1").profile == Profile.load("new-york").identity
    with pytest.raises(InvalidInput, match="was counted under"):
        one.allocate(31338, TOKEN, "1", profile="hong-kong")


def test_revising_a_report_drops_what_was_counted_and_allocated() -> None:
    allocated = report().allocate(31337, TOKEN)
    later = allocated.revised(as_of="2024-02-01T12:00:00+08:00")
    assert (later.profile, later.allocations) == (None, ())
    assert later.hash != allocated.hash
    with pytest.raises(InvalidInput):
        allocated.revised(as_of="2024-02-01")
