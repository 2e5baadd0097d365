"""From an expected NAV to a struck one, and to a corrected one, by two people.

    EXPECTED -> RECEIVED -> TOLERANCE_OK | OUTLIER -> STRUCK -> CORRECTED

The maker's statement is RECEIVED and measured against the last strike: TOLERANCE_OK, or an OUTLIER, which
nobody can strike until a second person confirms it with evidence or the maker replaces it. A person other
than the maker strikes. After the strike nothing is edited: a correction adds version n+1, and what each order
is owed is computed beside it (`toolkit.funds.corrections`). Regulation.md W16; two people, not two keys.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from toolkit.errors import IllegalTransition, InvalidInput, NavStale, NotAuthorised
from toolkit.funds.errors import NavOutlier, NavVersionConflict

if TYPE_CHECKING:
    from toolkit.amounts import Amount
    from toolkit.dealing_days import DealingCalendar
    from toolkit.deployment.fund_terms import ClassTerms, FundTerms
    from toolkit.funds.nav import NavStatement

__all__ = ["DayNav", "NavEvent", "NavState"]


class NavState(StrEnum):
    """Every state of a day's NAV."""

    EXPECTED = "expected"
    RECEIVED = "received"
    TOLERANCE_OK = "tolerance_ok"
    OUTLIER = "outlier"
    STRUCK = "struck"
    CORRECTED = "corrected"


_UNSTRUCK = (NavState.EXPECTED, NavState.TOLERANCE_OK, NavState.OUTLIER)


@dataclass(frozen=True, slots=True)
class NavEvent:
    """One step: who took it, when, why, and the hash of the statement it was about (0x, or None)."""

    source: NavState | None
    target: NavState
    actor: str
    at: datetime
    reason: str
    statement: str | None

    def to_data(self) -> dict[str, Any]:
        """JSON data."""
        return {
            "from": None if self.source is None else self.source.value,
            "to": self.target.value,
            "actor": self.actor,
            "at": self.at.astimezone(UTC).isoformat(),
            "reason": self.reason,
            "statement": self.statement,
        }


@dataclass(frozen=True, slots=True)
class DayNav:
    """The NAV of one class for one dealing day. Every step gives a new record; nothing is ever removed.

    `last` is the value of the last strike before this day (the class's initial NAV for the first).
    `statements` are all versions received, `struck` is the version that priced the day's orders first.
    """

    terms: FundTerms
    share_class: ClassTerms
    calendar: DealingCalendar
    day: date
    last: Amount
    state: NavState
    statements: tuple[NavStatement, ...] = ()
    struck: int | None = None
    events: tuple[NavEvent, ...] = ()

    @classmethod
    def expected(
        cls,
        terms: FundTerms,
        share_class: str,
        calendar: DealingCalendar,
        day: date,
        *,
        last: Amount | None = None,
    ) -> DayNav:
        """The NAV that is awaited for `day`. `last` is the last struck value, None before the first strike.

        Raises `NotADealingDay`, or `InvalidInput` for a class that the fund hasn't got.
        """
        calendar.require_dealing_day(day)
        chosen = terms.share_class(share_class)
        initial = terms.nav_value(chosen.initial_nav)
        before = initial if last is None else last
        if (before.unit, before.decimals) != (initial.unit, initial.decimals) or before.is_zero:
            raise InvalidInput(
                f"the last NAV {before.display()} is no NAV of class {chosen.code}: give it in "
                f"{initial.unit} with {initial.decimals} decimals"
            )
        return cls(terms, chosen, calendar, day, before, NavState.EXPECTED)

    @property
    def statement(self) -> NavStatement:
        """The latest version. Raises `NavStale` while none was received."""
        if not self.statements:
            raise NavStale(
                f"no NAV of class {self.share_class.code} was received for {self.day}: wait for it",
                day=self.day,
                share_class=self.share_class.code,
            )
        return self.statements[-1]

    @property
    def deviation_bps(self) -> int:
        """How far the latest version lies from the last strike, in basis points, rounded up."""
        from toolkit.funds.nav import deviation_bps

        return deviation_bps(self.statement.base_units, self.last.base_units)

    def receive(self, statement: NavStatement, *, now: datetime) -> DayNav:
        """The maker's statement, measured against the tolerance; until the strike a next version replaces it.

        Raises what `NavStatement.check` raises, `NavStale` for a statement older than the terms allow,
        `NavVersionConflict`, `IllegalTransition` after the strike (a correction is another step).
        """
        self._require(_UNSTRUCK, NavState.RECEIVED, "correct() restates a struck NAV")
        statement.check(self.terms, self.share_class, self.calendar, day=self.day, now=now)
        self._fresh(statement, now)
        self._follows(statement)
        received = _moved(
            self,
            NavState.RECEIVED,
            statement.prepared_by,
            now,
            statement.reason or "statement received",
            statement,
        )
        received = replace(received, statements=(*self.statements, statement))
        deviation, tolerance = received.deviation_bps, self.terms.nav.tolerance_bps
        outcome = NavState.TOLERANCE_OK if deviation <= tolerance else NavState.OUTLIER
        reason = f"{deviation} bps from the last NAV {self.last}, tolerance {tolerance} bps"
        return _moved(received, outcome, statement.prepared_by, now, reason, statement)

    def confirm(self, *, by: str, evidence: str, now: datetime) -> DayNav:
        """A second person found the outlier right; `evidence` says where that is shown.

        Raises `NotAuthorised` for the maker, `IllegalTransition` when there is no outlier.
        """
        self._require((NavState.OUTLIER,), NavState.TOLERANCE_OK, "only an outlier is confirmed")
        self._another_than_maker(by, "confirm")
        if not evidence.strip():
            raise InvalidInput(f"the outlier of {self.day} is confirmed with evidence: say where it is")
        return _moved(self, NavState.TOLERANCE_OK, by, now, evidence, self.statement)

    def strike(self, *, by: str, now: datetime) -> DayNav:
        """A second person strikes: the day's orders are priced at the latest version.

        Raises `NavOutlier` while the value is outside the tolerance, `NavStale` when nothing was received or
        it has grown too old, `NotAuthorised` for the maker, `IllegalTransition` when it was struck already.
        """
        statement = self.statement
        if self.state is NavState.OUTLIER:
            raise NavOutlier(
                f"the NAV of class {self.share_class.code} for {self.day}, {statement.amount}, is "
                f"{self.deviation_bps} bps from the last, {self.last}, and the tolerance is "
                f"{self.terms.nav.tolerance_bps}: confirm it with evidence or obtain a corrected statement",
                value=statement.amount,
                last=self.last,
                deviation_bps=self.deviation_bps,
            )
        self._require((NavState.TOLERANCE_OK,), NavState.STRUCK, "a day is struck once")
        self._another_than_maker(by, "strike")
        self._fresh(statement, now)
        struck = _moved(self, NavState.STRUCK, by, now, "struck", statement)
        return replace(struck, struck=statement.version)

    def correct(self, statement: NavStatement, *, by: str, now: datetime) -> DayNav:
        """Restates a struck NAV as the next version, approved by a person of the product provider.

        The day's history stays as it is. Raises what `NavStatement.check` raises, `NavVersionConflict`,
        `NotAuthorised` when `by` made the statement, `IllegalTransition` before the strike.
        """
        self._require((NavState.STRUCK, NavState.CORRECTED), NavState.CORRECTED, "strike the NAV first")
        statement.check(self.terms, self.share_class, self.calendar, day=self.day, now=now)
        self._follows(statement)
        if statement.amount == self.statement.amount:
            raise NavVersionConflict(
                f"version {statement.version} states the same value {statement.amount} as the one before: "
                "there is nothing to correct"
            )
        if by == statement.prepared_by:
            raise NotAuthorised(
                f"{by} prepared the correction, so another person approves it", person=by, day=self.day
            )
        corrected = _moved(self, NavState.CORRECTED, by, now, statement.reason or "", statement)
        return replace(corrected, statements=(*self.statements, statement))

    def version(self, number: int) -> NavStatement:
        """The statement of version `number`. Raises `InvalidInput`."""
        if not 1 <= number <= len(self.statements):
            raise InvalidInput(
                f"the NAV of {self.day} has versions 1 to {len(self.statements)}, not {number}"
            )
        return self.statements[number - 1]

    # -- what every step has in common -------------------------------------------------------------------

    def _require(self, sources: tuple[NavState, ...], target: NavState, remedy: str) -> None:
        if self.state not in sources:
            raise IllegalTransition(
                f"the NAV of class {self.share_class.code} for {self.day} is {self.state}, so it can't "
                f"become {target}: {remedy}",
                day=self.day,
                source=self.state,
                target=target,
            )

    def _follows(self, statement: NavStatement) -> None:
        last = self.statements[-1] if self.statements else None
        version = 1 if last is None else last.version + 1
        supersedes = None if last is None else "0x" + last.hash.hex()
        if (statement.version, statement.supersedes) != (version, supersedes):
            raise NavVersionConflict(
                f"the statement is version {statement.version} after {statement.supersedes}; what follows "
                f"here is version {version} after {supersedes}",
                version=statement.version,
                expected=version,
            )

    def _fresh(self, statement: NavStatement, now: datetime) -> None:
        age, most = now - statement.valuation_point, timedelta(seconds=self.terms.nav.max_age)
        if age > most:
            raise NavStale(
                f"the NAV of {self.day} is as of {statement.valuation_point.isoformat()}, {age} ago, and the "
                f"terms allow {most}: obtain a newer one",
                valuation_point=statement.valuation_point,
                now=now,
            )

    def _another_than_maker(self, by: str, verb: str) -> None:
        if by == self.statement.prepared_by:
            raise NotAuthorised(
                f"{by} prepared the NAV of {self.day}, so another person must {verb} it", person=by
            )


def _moved(
    nav: DayNav, target: NavState, actor: str, at: datetime, reason: str, statement: NavStatement
) -> DayNav:
    event = NavEvent(nav.state, target, actor, at, reason, "0x" + statement.hash.hex())
    return replace(nav, state=target, events=(*nav.events, event))
