"""Charts as inline SVG: whole numbers only, so that the same figures give the same bytes everywhere."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from html import escape

from toolkit.reporting.reports.content import Bars, Curve

__all__ = ["bars", "curve"]

_WIDTH, _HEIGHT = 760, 236
_LEFT, _RIGHT, _TOP, _BOTTOM = 78, 122, 14, 30
_INNER_W, _INNER_H = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
_SHADES = ("#1f3a5f", "#4a6f95", "#7d9cb8", "#b3c5d6", "#8a7f6a", "#b8ae9b", "#5e6b5a", "#98a38f")
_LINE, _LEVEL, _GRID, _TEXT = "#1f3a5f", "#a33a2a", "#e3e3de", "#55554f"
_STEPS = (1, 2, 5)
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def curve(chart: Curve) -> str:
    """A line over days, with the levels it is measured against."""
    known = [value for _, value in chart.points if value is not None]
    marks = [*known, *(level for _, level in chart.levels)]
    if not known:
        return ""
    low, high = _range(marks)
    step = _step(high - low)
    low, high = low // step * step, -(-high // step) * step
    parts = _axis(low, high, step, lambda value: f"{value // 100}.{value % 100:02} %")
    taken: list[int] = []
    for name, level in chart.levels:
        y = _y(level, low, high)
        parts.append(
            f'<line x1="{_LEFT}" y1="{y}" x2="{_LEFT + _INNER_W}" y2="{y}" stroke="{_LEVEL}" '
            'stroke-dasharray="4 3"/>'
        )
        label_y = _free(y + 4, taken)
        parts.append(_text(_LEFT + _INNER_W + 6, label_y, name, fill=_LEVEL))
    count = len(chart.points)
    places = [(_x(index, count), value) for index, (_, value) in enumerate(chart.points)]
    for path in _runs(places, low, high):
        parts.append(f'<polyline points="{path}" fill="none" stroke="{_LINE}" stroke-width="2"/>')
    parts.extend(
        f'<circle cx="{x}" cy="{_y(value, low, high)}" r="3" fill="{_LINE}"/>'
        for x, value in places
        if value is not None
    )
    last = places[-1]
    if last[1] is not None:
        y = _free(_y(last[1], low, high) + 4, taken)
        parts.append(_text(_LEFT + _INNER_W + 6, y, f"{last[1] // 100}.{last[1] % 100:02} %", fill=_LINE))
    parts.extend(_days([_day(day) for day, _ in chart.points], [x for x, _ in places]))
    return _svg(chart.title, parts)


def bars(chart: Bars) -> str:
    """Stacked bars, a bar a day, with the names beside them in the order of the stack."""
    totals = [sum(values[index] for _, values in chart.parts) for index in range(len(chart.days))]
    high = max(totals, default=0)
    if high <= 0:
        return ""
    step = _step(high)
    high = -(-high // step) * step
    unit, name = _scale(high)
    parts = _axis(0, high, step, lambda value: f"{_decimal(value, unit)}{name}")
    count = len(chart.days)
    slot = _INNER_W // count
    wide = min(slot * 2 // 3, 64)
    places = [_LEFT + slot * index + slot // 2 for index in range(count)]
    for index, x in enumerate(places):
        below = 0
        for number, (_, values) in enumerate(chart.parts):
            top, bottom = _y(below + values[index], 0, high), _y(below, 0, high)
            below += values[index]
            if bottom > top:
                parts.append(
                    f'<rect x="{x - wide // 2}" y="{top}" width="{wide}" height="{bottom - top}" '
                    f'fill="{_SHADES[number % len(_SHADES)]}"/>'
                )
    for number, (label, _) in enumerate(chart.parts):
        y = _TOP + 4 + number * 17
        shade = _SHADES[number % len(_SHADES)]
        parts.append(
            f'<rect x="{_LEFT + _INNER_W + 8}" y="{y}" width="10" height="10" fill="{shade}"/>'
            + _text(_LEFT + _INNER_W + 23, y + 9, label)
        )
    parts.extend(_days([_day(day) for day in chart.days], places))
    return _svg(f"{chart.title} ({chart.currency})", parts)


def _svg(title: str, parts: Sequence[str]) -> str:
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg">{"".join(parts)}</svg>'
    )


def _axis(low: int, high: int, step: int, show: Callable[[int], str]) -> list[str]:
    parts = []
    for value in range(low, high + 1, step):
        y = _y(value, low, high)
        parts.append(
            f'<line x1="{_LEFT}" y1="{y}" x2="{_LEFT + _INNER_W}" y2="{y}" stroke="{_GRID}"/>'
            + _text(_LEFT - 8, y + 4, show(value), anchor="end")
        )
    return parts


def _days(labels: Sequence[str], places: Sequence[int]) -> list[str]:
    every = -(-len(labels) // 10)
    return [
        _text(x, _HEIGHT - 8, label, anchor="middle")
        for index, (label, x) in enumerate(zip(labels, places, strict=True))
        if index % every == 0
    ]


def _day(day: date) -> str:
    # Not strftime, whose months are the locale's.
    return f"{day.day} {_MONTHS[day.month - 1]}"


def _runs(places: Sequence[tuple[int, int | None]], low: int, high: int) -> list[str]:
    runs: list[list[str]] = [[]]
    for x, value in places:
        if value is None:
            runs.append([])
        else:
            runs[-1].append(f"{x},{_y(value, low, high)}")
    return [" ".join(run) for run in runs if len(run) > 1]


def _text(x: int, y: int, text: str, *, anchor: str = "start", fill: str = _TEXT) -> str:
    return f'<text x="{x}" y="{y}" text-anchor="{anchor}" fill="{fill}">{escape(text)}</text>'


def _x(index: int, count: int) -> int:
    return _LEFT + _INNER_W // 2 if count == 1 else _LEFT + 12 + (_INNER_W - 24) * index // (count - 1)


def _y(value: int, low: int, high: int) -> int:
    return _TOP + _INNER_H - _INNER_H * (value - low) // (high - low)


def _free(y: int, taken: list[int]) -> int:
    """A height for a label at which it doesn't cover another."""
    while any(abs(y - other) < 13 for other in taken):
        y += 1
    taken.append(y)
    return y


def _range(values: Sequence[int]) -> tuple[int, int]:
    low, high = min(values), max(values)
    margin = max((high - low) // 8, 20)
    return max(low - margin, 0), high + margin


def _step(span: int) -> int:
    """The roundest step that divides a span into at most five."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * 5 >= span:
                return step * power
        power *= 10


def _scale(cents: int) -> tuple[int, str]:
    """How many cents a unit of the axis has, and its name."""
    for unit, name in ((10**11, " bn"), (10**8, " m"), (10**5, " k")):
        if cents >= 2 * unit:
            return unit, name
    return 100, ""


def _decimal(value: int, unit: int) -> str:
    tenths = value * 10 // unit
    return f"{tenths // 10}" if tenths % 10 == 0 else f"{tenths // 10}.{tenths % 10}"
