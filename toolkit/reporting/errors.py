"""What the reporting room refuses by itself, each as a class of its own. The families: `toolkit.errors`."""

from __future__ import annotations

from typing import ClassVar

from toolkit.errors import InvalidInput, NotAuthorised, Refused

__all__ = [
    "BadStatement",
    "BooksNotClosed",
    "DayNotEnded",
    "NotIndependent",
    "OpenBreaks",
    "ScheduleNotAttestable",
    "WrongReserveReport",
]


class DayNotEnded(Refused):
    """The cut-off lies in the future, or the chain's final blocks haven't passed it: come back later."""

    code = "day_not_ended"
    retryable = True


class BooksNotClosed(Refused):
    """The day isn't closed, so nothing of it may be published: reconcile and close it first."""

    code = "books_not_closed"


class OpenBreaks(Refused):
    """The day can't be closed over a break that nobody has explained."""

    code = "open_breaks"


class NotIndependent(NotAuthorised):
    """Whoever would attest has had a hand in what is attested, or in the desk's work at all."""

    code = "not_independent"


class ScheduleNotAttestable(Refused):
    """The schedule isn't one that a practitioner can report on: not signed, superseded, or over a break."""

    code = "schedule_not_attestable"


class WrongReserveReport(InvalidInput):
    """The reserve report isn't the one in force at the cut-off, or is of another day."""

    code: ClassVar[str] = "wrong_reserve_report"


class BadStatement(InvalidInput):
    """A bank statement is truncated, doesn't add up or isn't in its format: none of it was taken in."""

    code: ClassVar[str] = "bad_statement"
