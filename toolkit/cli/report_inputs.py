"""From a command line to a report's content: where each kind has its inputs from."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from toolkit.cli import report_sources
from toolkit.cli.report_request import Request
from toolkit.errors import InvalidInput

if TYPE_CHECKING:
    from toolkit.ledger import Ledger
    from toolkit.reporting.profiles import RegulatorProfile
    from toolkit.reporting.reports.content import Content
    from toolkit.reporting.reports.redemptions import Liquidation, RedemptionStatistics

__all__ = ["Request", "content_of", "day_of", "instant_of", "open_ledger", "profile_of"]


@contextmanager
def open_ledger(url: str) -> Iterator[Ledger]:
    """The ledger at `url`."""
    from toolkit.ledger import Ledger

    with Ledger.open(url) as ledger:
        yield ledger


def profile_of(name: str) -> RegulatorProfile:
    """The packaged profile of that name, or the one in a file (a name that ends with .toml)."""
    from toolkit.reporting.profiles import RegulatorProfile

    return RegulatorProfile.load(Path(name) if name.endswith(".toml") else name)


def day_of(text: str, *, what: str) -> date:
    """A date. Raises InvalidInput."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidInput(f"{what} {text!r} is no date: write e.g. 2026-11-20") from None


def instant_of(text: str, *, what: str) -> datetime:
    """An aware instant. Raises InvalidInput."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = None
    if found is None or found.utcoffset() is None:
        raise InvalidInput(f'{what} {text!r} is no instant: write e.g. "2026-11-20T18:00:00+08:00"')
    return found


def content_of(request: Request) -> Content:
    """The content that is asked for.

    Raises InvalidInput for a kind that needs more than the ledger has, FiguresDoNotAddUp for figures that
    contradict each other.
    """
    from pydantic import ValidationError

    from toolkit.reporting.report import FiguresDoNotAddUp
    from toolkit.reporting.reports.values import problems

    maker = _MAKERS.get(request.kind)
    if maker is None:
        raise InvalidInput(
            f"no report is called {request.kind!r}: use one of {', '.join(_MAKERS)}", kind=request.kind
        )
    try:
        return maker(request)
    except ValidationError as error:
        raise FiguresDoNotAddUp(
            f"the figures of {request.kind} contradict each other: {'; '.join(problems(error))}"
        ) from error


def _daily(request: Request) -> Content:
    from toolkit.reporting.reports.daily import daily_statement

    return daily_statement(request.last_day(), request.profile)


def _circulation(request: Request) -> Content:
    from toolkit.reporting.reports.circulation import circulation

    return circulation(request.last_day())


def _statistics(request: Request) -> Content:
    """`given`, if there is one, is what of the reserve was sold to pay (`issuance report schema
    redemption_statistics`, under `Liquidation`).
    """
    from toolkit.reporting.reports.redemptions import Liquidation

    return _redemptions(request, None if request.given is None else request.read_facts(Liquidation))


def _redemptions(request: Request, liquidation: Liquidation | None = None) -> RedemptionStatistics:
    from toolkit.reporting.reports.redemptions import redemption_statistics

    days = _series(request)
    return redemption_statistics(
        request.ledger.passages.redemptions(until_seq=days[-1].ledger.head_seq),
        request.profile,
        request.profile.business_calendar(),
        after=request.opened,
        until=request.cut_off,
        zero=days[-1].coin.amount(0),
        currency=days[-1].coin.currency,
        days=days,
        liquidation=liquidation,
    )


def _disclosure(request: Request) -> Content:
    from toolkit.reporting.reports.weekly import disclosure

    return disclosure(_series(request), _redemptions(request), request.profile)


def _supervisory(request: Request) -> Content:
    """`given`, if there is one, is what a person states (`issuance report schema supervisory_report`, under
    `SupervisorFacts`); without it the report says that nobody has.
    """
    from toolkit.reporting.annex import incidents_of, notices_of
    from toolkit.reporting.reports.supervisory import (
        SupervisorFacts,
        SupervisorInputs,
        supervisory_report,
    )

    stated = None if request.given is None else request.read_facts(SupervisorFacts)
    if stated is not None:
        request.ledger.persons.get(stated.stated_by)
    window = {"after": request.opened, "until": request.cut_off}
    inputs = SupervisorInputs(
        incidents=incidents_of(request.ledger, **window),
        notices_on_record=notices_of(request.ledger, request.days.market, **window),
        stated=stated,
    )
    return supervisory_report(_series(request), _redemptions(request), request.profile, inputs)


def _breaks(request: Request) -> Content:
    from toolkit.amounts import Amount
    from toolkit.reporting.breaks import Breaks
    from toolkit.reporting.reports.registers import BreakRow, break_report
    from toolkit.reporting.reports.values import Moment, Tokens

    def row(item: Any) -> BreakRow:
        amount = Amount.from_base_units(item.amount, unit=item.unit, decimals=item.decimals, signed=True)
        told, closed = item.notified_to_regulator_at, item.closed_at
        return BreakRow(
            break_id=item.break_id,
            break_type=item.break_type,
            severity=item.severity,
            amount=Tokens.of(amount),
            first_seen=Moment.of(item.first_seen),
            owner=item.owner,
            explanation=item.explanation,
            evidence=item.evidence,
            notified_at=None if told is None else Moment.of(told),
            closed_at=None if closed is None else Moment.of(closed),
        )

    found = [row(item) for item in Breaks(request.ledger, request.days.market).all()]
    request.note("breaks", [item.model_dump(mode="json") for item in found])
    return break_report(found, until=request.cut_off)


def _schedule(request: Request) -> Content:
    """`given` is `{"policies": {…}, "net_other_assets": [cents, cents], "previous": "2026-10-31"}`."""
    from toolkit.reporting.draw import drawn
    from toolkit.reporting.reports.attestation import attestation_schedule

    data = request.read_given()
    draw = drawn(request.ledger, request.days.market, request.period)
    previous = data.get("previous")
    named = {
        "period end": request.days.figures(request.period.end),
        "random day": request.days.figures(draw.day),
    }
    before = None if previous is None else request.days.figures(day_of(previous, what="previous"))
    for name, day in named.items():
        request.inputs[f"figures, {name}"] = day.sha256
    if before is not None:
        request.inputs["figures, previous report"] = before.sha256
    return attestation_schedule(
        request.period,
        named["period end"],
        named["random day"],
        draw,
        request.profile,
        previous=before,
        policies=data.get("policies", {}),
        net_other_assets=data.get("net_other_assets", (0, 0)),
    )


def _attestation(request: Request) -> Content:
    """`given` is the practitioner's `Engagement` (`issuance report schema attestation_report`)."""
    from toolkit.reporting.attestations import require_independent, signed_schedule
    from toolkit.reporting.reports.practitioner import Engagement, practitioner_report

    engagement = request.read_facts(Engagement)
    require_independent(request.ledger, request.by)
    schedule = signed_schedule(request.ledger, request.days.market, request.period)
    request.inputs["schedule"] = schedule.document.sha256
    return practitioner_report(schedule, engagement, practitioner=request.by)


def _incident(request: Request) -> Content:
    """`given` are the incident's facts (`issuance report schema incident_notice`, under `IncidentFacts`)."""
    from toolkit.reporting.reports.incident import IncidentFacts, incident_notice

    return incident_notice(request.read_facts(IncidentFacts), request.last_day())


_MAKERS: dict[str, Callable[[Request], Content]] = {
    "attestation_report": _attestation,
    "attestation_schedule": _schedule,
    "breaks": _breaks,
    "circulation": _circulation,
    "daily_statement": _daily,
    "disclosure": _disclosure,
    "freeze_register": report_sources.freezes,
    "fund_dealing": report_sources.dealing_of_a_day,
    "holder_register": report_sources.register_of_a_class,
    "holder_snapshot": report_sources.holders_at_the_cut_off,
    "incident_notice": _incident,
    "lifecycle_log": report_sources.lifecycle_of_the_contracts,
    "redemption_statistics": _statistics,
    "supervisory_report": _supervisory,
    "travel_rule": report_sources.transfers_of_institutions,
}


def _series(request: Request) -> Any:
    days = request.days.series(request.period)
    for day in days:
        request.inputs[f"figures {day.cut_off.day}"] = day.sha256
    return days
