"""The auditor's random day (Guideline 2.7.3; regulation.md W11): drawn by the auditor, after the period.

The day follows from a seed that the auditor chooses after the end of the period, so that nobody could know it
before and everybody can recompute it after.
"""

from __future__ import annotations

import hashlib
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING

from toolkit.errors import InvalidInput, NotAuthorised, Refused
from toolkit.ledger.machines import Role
from toolkit.ledger.record_words import RecordKind, RecordState
from toolkit.reporting.reports.content import Period
from toolkit.reporting.reports.values import Model, Moment, Text, require

if TYPE_CHECKING:
    from toolkit.ledger import Ledger

__all__ = ["Draw", "DrawnTooEarly", "draw_day", "drawn", "random_day"]


class DrawnTooEarly(Refused):
    """The period isn't over: a day that is known in advance is no random day."""

    code = "drawn_too_early"


class Draw(Model):
    """The day, who drew it and when, and the seed it follows from."""

    day: date
    seed: Text
    drawn_by: Text
    drawn_at: Moment

    def require_of(self, period: Period) -> None:
        """Raises `ValueError` unless the day follows from the seed."""
        expected = random_day(period, self.seed)
        require(self.day == expected, f"the seed draws {expected}, not {self.day}")


def random_day(period: Period, seed: str) -> date:
    """The day of the period, its last apart, that follows from `seed`.

    sha256 over `START/END/SEED`, modulo the number of days. Raises `InvalidInput` for a period of one day.
    """
    count = (period.end - period.start).days
    if count < 1:
        raise InvalidInput(f"the period {period} has no day besides its last to draw")
    number = int.from_bytes(hashlib.sha256(f"{period.start}/{period.end}/{seed}".encode()).digest(), "big")
    return period.start + timedelta(days=number % count)


def draw_day(ledger: Ledger, subject: str, period: Period, *, ended_at: datetime, by: str, seed: str) -> Draw:
    """Draws the period's random day and records it, once. `ended_at` is the period's last cut-off.

    Raises `DrawnTooEarly` before that, `NotAuthorised` for anyone but an auditor, `InvalidInput` for a
    second draw or a seed of fewer than 16 characters.
    """
    now = ledger.clock.now()
    if Role.AUDITOR not in ledger.persons.get(by).roles:
        raise NotAuthorised(f"{by} is no auditor: nobody at the issuer chooses the random day", person=by)
    if now <= ended_at:
        raise DrawnTooEarly(
            f"the period {period} ends at {ended_at.isoformat()}: a day can be drawn after that, not before"
        )
    if len(seed.strip()) < 16:
        raise InvalidInput("the seed is too short to be unpredictable: give at least 16 characters")
    draw = Draw(day=random_day(period, seed), seed=seed, drawn_by=by, drawn_at=Moment.of(now))
    ledger.record_book.open(
        _name(subject, period),
        RecordKind.DRAW,
        RecordState.DRAWN,
        draw.model_dump(mode="json"),
        actor=by,
        role=Role.AUDITOR,
        reason="drawn after the period's end",
    )
    return draw


def drawn(ledger: Ledger, subject: str, period: Period) -> Draw:
    """The period's draw. Raises `NotFound`."""
    import json

    return Draw.model_validate_json(json.dumps(ledger.record_book.get(_name(subject, period)).data))


def _name(subject: str, period: Period) -> str:
    return f"draw/{subject}/{period}"
