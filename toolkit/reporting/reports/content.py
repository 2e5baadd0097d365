"""What a report says, and how that is laid out for people: figures on top, then lists, tables and charts.

A layout holds the report's own values, so that the page and the CSV show what the JSON says and nothing
else.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import ClassVar

from toolkit.reporting.reports.values import Bps, Duration, Model, Moment, Money, Tokens

__all__ = ["Bars", "Block", "Cell", "Content", "Curve", "Layout", "Listing", "Period", "Prose", "Table"]

Cell = str | int | bool | date | Tokens | Money | Bps | Moment | Duration | None


class Period(Model):
    """From the first to the last day, both in Hong Kong and both included."""

    start: date
    end: date

    def __str__(self) -> str:
        return f"{self.start}" if self.start == self.end else f"{self.start}..{self.end}"


@dataclass(frozen=True, slots=True)
class Listing:
    """Label and value, one under the other. `name` is the CSV's; `sums` are the labels of sums."""

    name: str
    title: str
    items: Sequence[tuple[str, Cell]]
    note: str = ""
    sums: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Table:
    """Columns with the type of their values, and rows; `sums` are the first cells of those that are sums."""

    name: str
    title: str
    columns: Sequence[tuple[str, type]]
    rows: Sequence[Sequence[Cell]]
    note: str = ""
    sums: Sequence[str] = ()
    empty: str = "None."


@dataclass(frozen=True, slots=True)
class Prose:
    """Headings, each with what is said under it."""

    name: str
    sections: Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Curve:
    """Basis points over time, with lines at named levels; a day without a figure is a gap."""

    title: str
    points: Sequence[tuple[date, int | None]]
    levels: Sequence[tuple[str, int]] = ()


@dataclass(frozen=True, slots=True)
class Bars:
    """What something was made of on each day: by name, cents, in one currency."""

    title: str
    currency: str
    days: Sequence[date]
    parts: Sequence[tuple[str, Sequence[int]]]


Block = Listing | Table | Prose | Curve | Bars


@dataclass(frozen=True, slots=True)
class Layout:
    """`figures` are the three to five that matter most; `warnings` is what nobody may overlook."""

    subject: str
    figures: Sequence[tuple[str, Cell]] = ()
    blocks: Sequence[Block] = ()
    warnings: Sequence[str] = ()
    notes: Sequence[str] = ()


class Content(Model):
    """The content of one kind of report. Reading one recomputes every figure that follows from others.

    `in_ledger` says whether the ledger keeps the document itself, or only its hash, since it is about
    people or has a row for every holder; `closed_days`, whether it may be published only once every day of
    its period is closed; `parts`, as what it is signed, each by a person of its own.
    """

    kind: ClassVar[str]
    title: ClassVar[str]
    in_ledger: ClassVar[bool] = True
    closed_days: ClassVar[bool] = False
    audience: ClassVar[str] = "supervisor"
    parts: ClassVar[tuple[str, ...]] = ("preparer", "reviewer")

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """The content for people."""
