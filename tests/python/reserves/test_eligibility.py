"""What counts under which profile, and the reason kept for what doesn't."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.reserve_reports import ROOT, line, report

from toolkit.errors import ConfigurationError, InvalidInput
from toolkit.reserves import AssetClass, LineResult, Profile, available_profiles

NO_DATES = {"start": None, "maturity": None}


def result(profile: str = "hong-kong", **changes: Any) -> LineResult:
    return report(line(**changes)).evaluate(profile).lines[0]


@pytest.mark.parametrize("profile", ["hong-kong", "new-york", "genius"])
def test_a_short_treasury_bill_counts_at_market_value(profile: str) -> None:
    counted = result(profile)
    assert (str(counted.counted), counted.eligible) == ("990.50", True)


@pytest.mark.parametrize("profile", ["hong-kong", "new-york", "genius"])
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"confirmation": None}, "not confirmed"),
        ({"custodian": None}, "no custodian"),
        ({"encumbered": True}, "encumbered"),
        ({"encumbered": None}, "not stated to be free of encumbrance"),
        ({"currency": "EUR"}, "held in EUR"),
        ({"maturity": "2024-01-29"}, "matured on 2024-01-29"),
        ({"start": "2024-02-02"}, "starts on 2024-02-02"),
        ({"class": "OTHER_APPROVED", "approval_reference": None}, ""),
    ],
)
def test_what_counts_zero_everywhere(profile: str, changes: dict[str, Any], reason: str) -> None:
    refused = result(profile, **changes)
    assert refused.counted.is_zero
    assert not refused.eligible
    assert reason in refused.reason
    assert refused.reason


def test_every_reason_is_kept() -> None:
    reason = result(confirmation=None, encumbered=True, currency="EUR", risk_weight_bps=2000).reason
    for part in ("not confirmed", "encumbered", "held in EUR", "risk weight 2000 bps"):
        assert part in reason


def test_another_currency_counts_with_an_approval() -> None:
    assert str(result(currency="HKD", approval_reference="HKMA-7").counted) == "990.50"


@pytest.mark.parametrize(
    ("profile", "start", "maturity", "eligible"),
    [
        ("hong-kong", "2023-02-01", "2025-01-31", True),
        ("hong-kong", "2023-02-01", "2025-02-01", False),
        ("new-york", "2024-01-02", "2024-04-02", True),
        ("new-york", "2024-01-02", "2024-04-03", False),
        ("new-york", None, "2024-02-15", False),
        # As of noon on 31 January in Hong Kong it is still 30 January in New York.
        ("genius", "2023-02-01", "2024-05-02", True),
        ("genius", "2023-02-01", "2024-05-03", False),
        ("hong-kong", "2023-02-01", None, False),
        ("genius", "2023-02-01", None, False),
    ],
)
def test_securities_by_maturity(
    profile: str, start: str | None, maturity: str | None, eligible: bool
) -> None:
    assert result(profile, start=start, maturity=maturity).eligible is eligible


def test_a_date_is_taken_in_the_profiles_time_zone() -> None:
    late = {"as_of": "2024-01-31T20:00:00Z"}  # 1 February in Hong Kong
    bond = line(start=None, maturity="2025-02-01")
    assert report(bond, **late).evaluate("hong-kong").lines[0].eligible
    assert not report(bond).evaluate("hong-kong").lines[0].eligible


@pytest.mark.parametrize(
    ("changes", "eligible"),
    [
        ({"start": "2023-11-30", "maturity": "2024-02-29"}, True),
        ({"start": "2023-11-30", "maturity": "2024-03-01"}, False),
        ({"start": None, "maturity": "2024-02-29"}, False),
        ({**NO_DATES, "tenor": "on-demand"}, True),
        ({**NO_DATES, "tenor": "overnight"}, True),
        ({**NO_DATES}, False),
        ({"start": None, "maturity": "2024-02-29", "tenor": "overnight"}, False),
    ],
)
def test_deposits_of_three_months_in_hong_kong(changes: dict[str, Any], eligible: bool) -> None:
    assert result(**{"class": "DEPOSIT"}, **changes).eligible is eligible


@pytest.mark.parametrize(
    ("changes", "counted"),
    [
        ({"nominal": "264971000", "market_value": "270270484"}, "264971000.00"),
        ({"nominal": "1000", "market_value": "990"}, "990.00"),
        ({"tenor": None}, "0.00"),
        ({"risk_weight_bps": 2000}, "0.00"),
        ({"risk_weight_bps": None}, "0.00"),
        ({"maturity": "2024-02-01"}, "990.50"),
        ({"maturity": "2024-03-01"}, "0.00"),
    ],
)
def test_reverse_repo_counts_its_notional_or_less_and_only_overnight(
    changes: dict[str, Any], counted: str
) -> None:
    repo = {"class": "REVERSE_REPO", "tenor": "overnight", **NO_DATES} | changes
    assert str(result(**repo).counted) == counted


def test_cash_never_counts_above_its_nominal() -> None:
    cash = {"class": "CASH", **NO_DATES, "nominal": "100", "market_value": "101"}
    assert str(result(**cash).counted) == "100.00"


@pytest.mark.parametrize("asset_class", ["DEDICATED_FUND", "TOKENISED_ELIGIBLE", "OTHER_APPROVED"])
def test_what_nobody_can_look_through_needs_an_approval(asset_class: str) -> None:
    assert "needs an approval reference" in result(**{"class": asset_class}).reason
    assert result(**{"class": asset_class}, issuer="Fund house", approval_reference="HKMA-1").eligible


@pytest.mark.parametrize("profile", ["new-york", "genius"])
def test_american_profiles_take_american_paper(profile: str) -> None:
    assert "issuer country DE" in result(profile, issuer_country="DE").reason
    assert "not stated" in result(profile, issuer_country=None).reason
    assert "CB_SECURITY is not eligible" in result(profile, **{"class": "CB_SECURITY"}).reason


def test_genius_takes_demand_deposits_only() -> None:
    assert not result("genius", **{"class": "DEPOSIT"}).eligible
    assert result("genius", **{"class": "DEPOSIT"}, **NO_DATES, tenor="on-demand").eligible


@given(
    st.lists(st.tuples(st.integers(0, 10**12), st.integers(0, 10**12), st.booleans()), min_size=1, max_size=6)
)
def test_totals_are_the_sums_of_the_lines(rows: list[tuple[int, int, bool]]) -> None:
    lines = [
        line(f"l{i}", nominal=f"{nominal}.00", market_value=f"{market}.00", encumbered=not free)
        for i, (nominal, market, free) in enumerate(rows)
    ]
    evaluation = report(*lines).evaluate("hong-kong")
    assert evaluation.counted_total.base_units == 100 * sum(market for _, market, free in rows if free)
    assert evaluation.ineligible_total.base_units == 100 * sum(market for _, market, free in rows if not free)
    assert evaluation.nominal_total.base_units == 100 * sum(nominal for nominal, _, _ in rows)
    assert evaluation.market_total.base_units == 100 * sum(market for _, market, _ in rows)
    assert sum(item.counted.base_units for item in evaluation.lines) == evaluation.counted_total.base_units


# -- profiles ----------------------------------------------------------------------------------------


def test_an_unknown_profile_lists_the_known_ones() -> None:
    with pytest.raises(InvalidInput, match="genius, hong-kong, new-york"):
        report().evaluate("atlantis")


@pytest.mark.parametrize("name", available_profiles())
def test_every_rule_of_every_profile_cites_its_source(name: str) -> None:
    profile = Profile.load(name)
    assert profile.name == name
    rules = [
        profile.buffer,
        profile.confirmation,
        profile.encumbrance,
        profile.currency,
        *profile.classes.values(),
    ]
    assert all(rule.source for rule in rules)
    assert all(rule.grade.startswith(("V1", "V2")) for rule in rules if rule.kind == "rule")


def test_hong_kong_has_a_rule_for_every_class_and_a_buffer_by_policy() -> None:
    profile = Profile.load("hong-kong")
    assert set(profile.classes) == set(AssetClass)
    assert (profile.buffer.bps, profile.buffer.kind) == (100, "policy")


def test_a_profile_is_a_file(tmp_path: Path) -> None:
    source = (ROOT / "toolkit" / "data" / "profiles" / "hong-kong.toml").read_text(encoding="utf-8")
    path = tmp_path / "strict.toml"
    path.write_text(
        source.replace('"hong-kong"', '"strict"').replace("months = 12", "days = 30"), encoding="utf-8"
    )
    assert report().evaluate("hong-kong").lines[0].eligible
    evaluation = report().evaluate(path)
    assert evaluation.profile == "strict 2026.1"
    assert "more than 30 days" in evaluation.lines[0].reason


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('grade = "V2"', 'grade = "V3"'),
        ("months = 3", "months = 3, days = 1"),
        ("months = 3", "months = 0"),
        ("[classes.CASH]", "[classes.SHARES]"),
        ("Asia/Hong_Kong", "Asia/Atlantis"),
        ("overnight = true", "overnigth = true"),
        ("bps = 100", "bps = -1"),
        ("[buffer]", "[buffer"),
    ],
)
def test_a_broken_profile_file_is_a_configuration_error(tmp_path: Path, old: str, new: str) -> None:
    source = (ROOT / "toolkit" / "data" / "profiles" / "hong-kong.toml").read_text(encoding="utf-8")
    path = tmp_path / "broken.toml"
    path.write_text(source.replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"broken\.toml"):
        Profile.load(path)
