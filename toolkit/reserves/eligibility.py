"""Counting a report's lines under a profile.

A line counts only if every condition is shown to be met: what the report leaves out is never taken in
its favour. A line that fails counts zero and keeps every reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from toolkit.amounts import Amount
from toolkit.reserves.errors import ReportDoesNotAddUp
from toolkit.reserves.positions import folded
from toolkit.reserves.profiles import AssetClass, ClassRule, Profile

if TYPE_CHECKING:
    from toolkit.reserves.report import Position, ReserveReport

__all__ = ["UNITEMISED", "Evaluation", "LineResult", "evaluate"]

UNITEMISED = "unitemised"
"""The line id under which a report's un-itemised amount is evaluated."""

# What somebody issues and fills: it may be the coin's own issuer, who may fill it with the coin.
_FILLED_BY_ITS_ISSUER = (AssetClass.DEDICATED_FUND, AssetClass.TOKENISED_ELIGIBLE)

# Overnight over the longest run of bank holidays (Golden Week, Lunar New Year) is about a week.
_LONGEST_NIGHT = timedelta(days=8)


@dataclass(frozen=True, slots=True)
class LineResult:
    """What one line counts and why, in the report's currency."""

    line_id: str
    counted: Amount
    eligible: bool
    reason: str


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A report counted under one profile.

    `counted_total` is what backs tokens. `ineligible_total` is the market value of everything that
    counts zero. `nominal_total` and `market_total` are the sums over all lines, eligible or not.
    """

    profile: str
    lines: tuple[LineResult, ...]
    counted_total: Amount
    ineligible_total: Amount
    nominal_total: Amount
    market_total: Amount


def evaluate(report: ReserveReport, profile: Profile) -> Evaluation:
    """Count `report` under `profile`.

    Raises `ReportDoesNotAddUp` if the report states a counted total under this very profile and the
    lines give another.
    """
    today = report.as_of.astimezone(profile.zone).date()
    zero = report.money(0)
    lines: list[LineResult] = []
    counted = ineligible = zero
    for position in report.positions:
        result = _line(report, position, profile, today)
        lines.append(result)
        counted += result.counted
        if not result.eligible:
            ineligible += report.money(position.market_value)
    if report.unitemised is not None:
        reason = "not itemised: a total without lines can't be checked, so it counts nothing"
        lines.append(LineResult(UNITEMISED, zero, False, reason))
        ineligible += report.money(report.unitemised.amount)
    stated = report.totals.counted if report.totals else None
    if stated is not None and report.profile == profile.identity:
        require_equal("counted", report.money(stated), counted)
    return Evaluation(
        profile=profile.identity,
        lines=tuple(lines),
        counted_total=counted,
        ineligible_total=ineligible,
        nominal_total=report.nominal_total,
        market_total=report.market_total,
    )


def require_equal(name: str, stated: Amount, computed: Amount) -> None:
    """Raise `ReportDoesNotAddUp` unless the stated total is the computed one."""
    if stated != computed:
        difference = stated - computed
        raise ReportDoesNotAddUp(
            f"the stated {name} total {stated.display()} is not the sum of the lines, {computed.display()}: "
            f"the difference is {difference.display()}; add the missing line or correct the total",
            total=name,
            stated=stated,
            computed=computed,
            difference=difference,
        )


def _line(report: ReserveReport, position: Position, profile: Profile, today: date) -> LineResult:
    rule = profile.classes.get(position.asset_class)
    if rule is None:
        reasons = [f"{position.asset_class} is not eligible under {profile.name}"]
    else:
        reasons = [
            *_custody_reasons(position),
            *_currency_reasons(report, position),
            *_maturity_reasons(position, rule, today),
            *_quality_reasons(position, rule),
            *_circular_reasons(report, position),
        ]
    if rule is None or reasons:
        return LineResult(position.line_id, report.money(0), False, "; ".join(reasons))
    nominal, market = report.money(position.nominal), report.money(position.market_value)
    if rule.counts == "market_value":
        return LineResult(position.line_id, market, True, "counted at market value")
    if nominal <= market:
        notional = "notional" if position.asset_class is AssetClass.REVERSE_REPO else "nominal"
        return LineResult(position.line_id, nominal, True, f"counted at {notional}")
    return LineResult(position.line_id, market, True, "counted at market value, which is below nominal")


def _custody_reasons(position: Position) -> list[str]:
    reasons = []
    if position.custodian is None:
        reasons.append("no custodian is named")
    if position.confirmation is None:
        reasons.append("the custodian has not confirmed it")
    if position.encumbered is None:
        reasons.append("not stated to be free of encumbrance")
    elif position.encumbered:
        reasons.append("encumbered")
    return reasons


def _currency_reasons(report: ReserveReport, position: Position) -> list[str]:
    if position.currency == report.currency or position.approval_reference is not None:
        return []
    return [f"held in {position.currency} for a {report.currency} coin without an approval reference"]


def _maturity_reasons(position: Position, rule: ClassRule, today: date) -> list[str]:
    tenor, maturity = position.tenor, position.maturity
    if maturity is not None and maturity < today:
        return [f"matured on {maturity}, before the report's date {today}"]
    reasons = []
    if position.start is not None and position.start > today:
        reasons.append(f"starts on {position.start}, after the report's date {today}")
    if tenor == "overnight" and maturity is not None and maturity > today + _LONGEST_NIGHT:
        reasons.append(f"stated overnight, but matures on {maturity}")
    if rule.overnight and tenor != "overnight":
        reasons.append("not stated to be overnight")
    if rule.on_demand and tenor is None:
        reasons.append("not stated to be repayable on demand")
    if rule.max_term is not None and tenor is None:
        if position.start is None or maturity is None:
            reasons.append(f"start or maturity not stated, so a term within {rule.max_term} isn't shown")
        elif maturity > rule.max_term.end(position.start):
            reasons.append(f"term from {position.start} to {maturity} exceeds {rule.max_term}")
    if rule.max_residual is not None:
        if maturity is None:
            reasons.append(
                f"maturity not stated, so a residual maturity within {rule.max_residual} isn't shown"
            )
        elif maturity > rule.max_residual.end(today):
            reasons.append(f"maturity {maturity} is more than {rule.max_residual} after {today}")
    return reasons


def _quality_reasons(position: Position, rule: ClassRule) -> list[str]:
    reasons = []
    limit, weight = rule.max_risk_weight_bps, position.risk_weight_bps
    if limit is not None and weight is None:
        reasons.append("risk weight not stated")
    elif limit is not None and weight is not None and weight > limit:
        reasons.append(f"risk weight {weight} bps exceeds {limit} bps")
    countries = rule.issuer_countries
    if countries is not None and position.issuer_country not in countries:
        reasons.append(
            f"issuer country {position.issuer_country or 'not stated'} is not {' or '.join(countries)}"
        )
    if rule.requires_approval and position.approval_reference is None:
        reasons.append("needs an approval reference")
    return reasons


def _circular_reasons(report: ReserveReport, position: Position) -> list[str]:
    """A coin doesn't back itself. Policy default: Guideline 2.2.1 asks for full backing and says no more."""
    if position.holds_coin:
        return [f"holds {report.token} itself, which can't back {report.token}"]
    if position.holds_coin is False:
        return []
    if position.issuer is None:
        if position.asset_class not in _FILLED_BY_ITS_ISSUER:
            return []
        return [f"issuer not stated, so that it holds no {report.token} of its own issuer isn't shown"]
    group = {folded(name) for name in (report.issuer, *(report.related_issuers or ()))}
    if folded(position.issuer) not in group:
        return []
    return [f"issued by {position.issuer}, of the coin's own group, and not stated to hold no {report.token}"]
