"""What the reporting room refuses by itself, each as a class of its own. The families: `toolkit.errors`."""

from __future__ import annotations

from typing import ClassVar

from toolkit.errors import InvalidInput, Refused

__all__ = [
    "BadStatement",
    "BooksNotClosed",
    "DayNotEnded",
    "OpenBreaks",
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


class WrongReserveReport(InvalidInput):
    """The reserve report isn't the one in force at the cut-off, or is of another day."""

    code: ClassVar[str] = "wrong_reserve_report"


class BadStatement(InvalidInput):
    """A bank statement is truncated, doesn't add up or isn't in its format: none of it was taken in."""

    code: ClassVar[str] = "bad_statement"
