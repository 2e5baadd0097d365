"""A day read once more beside what was recorded of it: what of figures and findings is not the same."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from toolkit.reporting.figures import DayFigures
    from toolkit.reporting.identities import Finding

__all__ = ["Recomputed", "figure_differences", "finding_differences", "findings_data"]


@dataclass(frozen=True, slots=True)
class Recomputed:
    """A closed day's figures and findings, which came out as they were recorded."""

    figures: DayFigures
    findings: tuple[Finding, ...]


def findings_data(findings: Iterable[Finding], ids: Iterable[str]) -> list[dict[str, Any]]:
    """JSON data: each finding of a day with the break that it is recorded as."""
    return [
        {**asdict(finding), "amount": str(finding.amount), "break_id": name}
        for finding, name in zip(findings, ids, strict=True)
    ]


def figure_differences(stored: DayFigures, again: DayFigures) -> list[str]:
    """Every field that isn't the same, with what it was and what it is."""
    return list(_differences("", stored.to_data(), again.to_data()))


def finding_differences(stored: Sequence[Mapping[str, Any]], again: Sequence[Finding]) -> list[str]:
    """What was found then and isn't now, what is found now and wasn't then, and what was found otherwise."""
    then = {(item["break_type"], item["subject"]): dict(item) for item in stored}
    now = {(item.break_type, item.subject): item for item in again}
    found = [] if len(stored) == len(again) else [f"{len(stored)} findings then, {len(again)} now"]
    found += [
        f"{'/'.join(key)} was found then ({then[key]['text']}) and isn't now"
        for key in then
        if key not in now
    ]
    for key, finding in now.items():
        if key not in then:
            found.append(f"{'/'.join(key)} is found now ({finding.text}) and wasn't then")
            continue
        data = findings_data([finding], [then[key]["break_id"]])[0]
        found += _differences("/".join(key), then[key], data)
    return sorted(found)


def _differences(name: str, then: Any, now: Any) -> Iterator[str]:
    if isinstance(then, Mapping) and isinstance(now, Mapping):
        for key in sorted({*then, *now}):
            yield from _differences(f"{name}.{key}".lstrip("."), then.get(key), now.get(key))
    elif isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        for index, pair in enumerate(zip(then, now, strict=True)):
            yield from _differences(f"{name}[{index}]", *pair)
    elif then != now:
        yield f"{name} was {_short(then)} and is {_short(now)}"


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 120 else f"{text[:117]}..."
