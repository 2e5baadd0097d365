"""A report for people: one self-contained HTML page, which a browser prints as a clean PDF, and CSV tables.

Both show the values of the document and nothing else. The page has no script, loads nothing and escapes all
that it shows; a text in a CSV that a spreadsheet would take for a formula is preceded by an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape
from itertools import groupby
from typing import Any

from toolkit.reporting import charts
from toolkit.reporting.report import Report, SignOff
from toolkit.reporting.reports.content import Bars, Block, Cell, Curve, Listing, Prose, Table
from toolkit.reporting.reports.values import Bps, Duration, Moment, Money, Tokens

__all__ = ["to_csv", "to_html"]

_NUMBERS = (Tokens, Money, Bps, Duration, int)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_STYLE = """
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 36px 44px 48px; max-width: 1080px; color: #22221f; background: #fff;
  font: 13px/1.45 "Source Sans 3", "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
header { border-bottom: 2px solid #1f3a5f; padding-bottom: 14px; }
h1 { margin: 0; font: 600 25px/1.2 Georgia, "Times New Roman", serif; color: #1f3a5f; }
h2 { margin: 30px 0 7px; font: 600 15px/1.3 Georgia, "Times New Roman", serif; color: #1f3a5f; }
header p { margin: 5px 0 0; color: #55554f; }
h3 { margin: 15px 0 2px; font: 600 13px/1.3 Georgia, "Times New Roman", serif; color: #1f3a5f; }
.prose { max-width: 780px; margin-top: 18px; }
.prose p { margin: 3px 0 0; }
.figures { display: grid; grid-auto-flow: column; margin: 18px 0 4px; border: 1px solid #dadad4; }
.figures div { padding: 10px 14px; border-right: 1px solid #dadad4; }
.figures div:last-child { border-right: 0; }
.figures span { display: block; color: #55554f; font-size: 11.5px; }
.figures b { font-size: 15px; font-weight: 600; font-variant-numeric: tabular-nums; white-space: nowrap; }
.figures b small { font-size: 11.5px; font-weight: 400; color: #55554f; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: left; font-weight: 600; color: #55554f; font-size: 11.5px; vertical-align: bottom;
  border-bottom: 1px solid #9a9a92; padding: 4px 13px 4px 0; }
td { border-bottom: 1px solid #ebebe6; padding: 4px 13px 4px 0; vertical-align: top; }
.n { text-align: right; white-space: nowrap; }
td.n:last-child, th.n:last-child { padding-right: 0; }
tr.sum td { border-top: 1px solid #9a9a92; font-weight: 600; }
.pair { display: grid; grid-template-columns: repeat(auto-fill, minmax(430px, 1fr)); gap: 0 44px; }
table.narrow { width: auto; min-width: 62%; }
table.list td.t { text-align: right; }
table.list td:last-child { padding-right: 0; }
td.of { padding-left: 16px; }
small.u { color: #77776f; font-size: 11px; }
.h { font-family: "DejaVu Sans Mono", Consolas, monospace; font-size: 10.5px; overflow-wrap: anywhere; }
td.h { min-width: 150px; }
table.list td:first-child { white-space: nowrap; }
.t { white-space: nowrap; }
.t small { display: block; color: #77776f; }
.note, .none { color: #55554f; margin: 5px 0 0; }
.warn { border-left: 4px solid #a33a2a; background: #fbf1ef; padding: 8px 14px; margin: 14px 0 0; }
.warn p { margin: 2px 0; }
.superseded { border: 2px solid #a33a2a; color: #a33a2a; padding: 8px 14px; margin: 14px 0 0;
  font-weight: 600; }
svg { width: 100%; height: auto; max-width: 800px; display: block; }
svg text { font: 11px "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
.signatures { display: grid; grid-template-columns: 1fr 1fr; gap: 0 40px; }
.signatures div { border-top: 1px solid #22221f; margin-top: 30px; padding-top: 5px; }
footer { margin-top: 34px; border-top: 2px solid #1f3a5f; padding-top: 8px; color: #55554f; font-size: 11px; }
footer table td { border: 0; padding: 1px 14px 1px 0; }
footer table { width: auto; }
@page { size: A4 landscape; margin: 14mm 13mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 9.5pt; }
  .scroll { overflow: visible; }
  h2 { break-after: avoid; } tr, svg, .figures, .signatures, .warn { break-inside: avoid; }
  thead { display: table-header-group; }
}
"""


def to_html(report: Report[Any]) -> str:
    """The report as one HTML page."""
    document, sign_off = report.document, report.sign_off
    layout = document.content.layout
    state = "draft" if not sign_off.signatures else sign_off.state
    period = _period(document.period.start, document.period.end)
    header = (
        f"<header><h1>{escape(document.content.title)}</h1>"
        f"<p>{escape(layout.subject)} &middot; {period} &middot; "
        f"as of {_local(document.as_of)} Hong Kong "
        f"({document.as_of.utc.replace('T', ' ')[:19]} UTC)</p>"
        f"<p>Version {document.version} &middot; {escape(state)} &middot; profile {escape(document.profile)} "
        f"&middot; for the {escape(document.content.audience)}</p></header>"
    )
    parts = [
        header,
        _standing(document.version, document.supersedes is not None, document.reason, sign_off),
    ]
    if layout.figures:
        cards = "".join(
            f"<div><span>{escape(name)}</span><b>{_show(value)}</b></div>" for name, value in layout.figures
        )
        parts.append(f'<section class="figures">{cards}</section>')
    if layout.warnings:
        parts.append(
            f'<section class="warn">{"".join(f"<p>{escape(text)}</p>" for text in layout.warnings)}</section>'
        )
    for listings, group in groupby(layout.blocks, key=lambda block: isinstance(block, Listing)):
        shown = [_block(block) for block in group]
        parts.append(
            f'<div class="pair">{"".join(f"<section>{text}</section>" for text in shown)}</div>'
            if listings
            else "".join(shown)
        )
    if layout.notes:
        parts.append(
            "<h2>Notes</h2>" + "".join(f'<p class="note">{escape(text)}</p>' for text in layout.notes)
        )
    parts.append(_signatures(document.content.parts, sign_off))
    parts.append(_footer(report))
    title = escape(f"{document.content.title}: {document.report_id}, version {document.version}")
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{title}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n" + "\n".join(filter(None, parts)) + "\n</body></html>\n"
    )


def to_csv(report: Report[Any]) -> dict[str, str]:
    """The report's tables as CSV texts by name, and `report`, which says what they belong to.

    An amount of tokens has columns for base units and display, money one for its currency, an instant one
    in UTC and one in Hong Kong time. Line ends are CR LF (RFC 4180).
    """
    document = report.document
    found = {
        "report": _csv(
            ("item", "value"),
            [
                ("report_id", document.report_id),
                ("version", str(document.version)),
                ("as_of_utc", document.as_of.utc),
                ("as_of_hkt", document.as_of.hkt),
                ("profile", document.profile),
                ("sha256", document.sha256),
                *((f"input: {item.name}", item.sha256) for item in document.input_hashes),
            ],
        )
    }
    for block in document.content.layout.blocks:
        if isinstance(block, Listing):
            rows = [(_text(label), *_flat_value(value)) for label, value in block.items]
            found[block.name] = _csv(("item", "value", "unit", "base_units"), rows)
        elif isinstance(block, Prose):
            sections = [(_text(title), _text(body)) for title, body in block.sections]
            found[block.name] = _csv(("section", "text"), sections)
        elif isinstance(block, Table):
            names = [name for label, kind in block.columns for name in _flat_names(label, kind)]
            kinds = [kind for _, kind in block.columns]
            found[block.name] = _csv(
                names,
                [
                    [part for cell, kind in zip(row, kinds, strict=True) for part in _flat(cell, kind)]
                    for row in block.rows
                ],
            )
    return found


# ------------------------------------------------------------------------------------------------------ page


def _standing(version: int, supersedes: bool, reason: str | None, sign_off: SignOff) -> str:
    parts = []
    if sign_off.superseded_by is not None:
        parts.append(
            f'<p class="superseded">Superseded by version {sign_off.superseded_by}. '
            "Kept as it was published.</p>"
        )
    if supersedes:
        parts.append(
            f'<section class="warn"><p>Version {version} restates version {version - 1}. '
            f"Reason: {escape(reason or '')}</p></section>"
        )
    return "".join(parts)


def _block(block: Block) -> str:
    if isinstance(block, Curve | Bars):
        drawn = charts.curve(block) if isinstance(block, Curve) else charts.bars(block)
        return f"<h2>{escape(block.title)}</h2>{drawn or '<p class=none>No figures to draw.</p>'}"
    if isinstance(block, Prose):
        said = "".join(
            f"<h3>{escape(title)}</h3>"
            + "".join(f"<p>{escape(text)}</p>" for text in body.split("\n") if text.strip())
            for title, body in block.sections
        )
        return f'<section class="prose">{said}</section>'
    note = f'<p class="note">{escape(block.note)}</p>' if block.note else ""
    if isinstance(block, Listing):
        rows = "".join(
            f"<tr{' class=sum' if label in block.sums else ''}>"
            f"<td{' class=of' if label.startswith('of which') else ''}>{escape(label)}</td>"
            f"{_cell(value, number=not isinstance(value, str) or len(value) < 40)}</tr>"
            for label, value in block.items
        )
        return f'<h2>{escape(block.title)}</h2><table class="list"><tbody>{rows}</tbody></table>{note}'
    if not block.rows:
        return f'<h2>{escape(block.title)}</h2><p class="none">{escape(block.empty)}</p>{note}'
    units = [_common_unit([row[index] for row in block.rows]) for index in range(len(block.columns))]
    head = "".join(
        f"<th{' class=n' if kind in _NUMBERS else ''}>{escape(label)}"
        f"{f' <small class=u>{escape(unit)}</small>' if unit else ''}</th>"
        for (label, kind), unit in zip(block.columns, units, strict=True)
    )
    narrow = " class=narrow" if len(block.columns) <= 4 else ""
    body = "".join(
        f"<tr{' class=sum' if row[0] in block.sums else ''}>"
        + "".join(
            _cell(value, number=kind in _NUMBERS, with_unit=not unit)
            for value, (_, kind), unit in zip(row, block.columns, units, strict=True)
        )
        + "</tr>"
        for row in block.rows
    )
    return (
        f'<h2>{escape(block.title)}</h2><div class="scroll"><table{narrow}><thead><tr>{head}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>{note}"
    )


def _common_unit(values: Sequence[Cell]) -> str:
    """The unit that all amounts of a column are in, to be said once; empty where they differ."""
    units = {
        value.unit if isinstance(value, Tokens) else value.currency
        for value in values
        if isinstance(value, Tokens | Money)
    }
    return units.pop() if len(units) == 1 else ""


def _cell(value: Cell, *, number: bool, with_unit: bool = True) -> str:
    style = "n" if number else ""
    if isinstance(value, Moment | date):
        style = "t"
    elif isinstance(value, str) and len(value) > 32 and " " not in value:
        style = "h"  # a hash, an address or an id
    return f"<td{f' class={style}' if style else ''}>{_show(value, with_unit=with_unit)}</td>"


def _show(value: Cell, *, with_unit: bool = True) -> str:
    """A value for people, escaped."""
    if value is None:
        return "&ndash;"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Tokens | Money):
        text, unit = (
            (value.display, value.unit) if isinstance(value, Tokens) else (value.amount, value.currency)
        )
        return _grouped(text) + (f"&nbsp;<small class=u>{escape(unit)}</small>" if with_unit else "")
    if isinstance(value, Bps | Duration):
        return escape(value.display).replace(" ", "&nbsp;") + (" h" if isinstance(value, Duration) else "")
    if isinstance(value, Moment):
        return f"{_local(value)}<small>{value.utc[:19].replace('T', ' ')} UTC</small>"
    if isinstance(value, date):
        return value.isoformat()
    return f"{value:,}" if isinstance(value, int) else escape(value)


def _local(moment: Moment) -> str:
    return moment.hkt[:19].replace("T", " ")


def _signatures(signed_as: Sequence[str], sign_off: SignOff) -> str:
    signed = {str(item.part): item for item in sign_off.signatures}
    people = {
        "preparer": ("Prepared by", sign_off.prepared_by),
        "reviewer": ("Reviewed by", sign_off.reviewed_by),
        "practitioner": ("Practitioner", sign_off.prepared_by),
    }
    blocks = []
    for part in signed_as:
        title, person = people[part]
        item = signed.get(part)
        under = (
            "not signed"
            if item is None
            else f"signed {_local(item.at)} Hong Kong "
            f'with <span class="h">{escape(item.signer)}</span><br><span class="h">{item.signature}</span>'
        )
        blocks.append(f"<div>{title} <b>{escape(person or 'nobody yet')}</b><br>{under}</div>")
    receipts = "".join(
        f'<p class="note">{escape(item.kind.capitalize())} {_local(item.at)} Hong Kong: '
        f"{escape(item.reference)}</p>"
        for item in sign_off.receipts
    )
    return f'<h2>Sign-off</h2><section class="signatures">{"".join(blocks)}</section>{receipts}'


def _footer(report: Report[Any]) -> str:
    document, sign_off = report.document, report.sign_off
    rows = [("Report", document.report_id), ("sha256", document.sha256)]
    if document.supersedes is not None:
        rows.append((f"Version {document.supersedes.version}", document.supersedes.sha256))
    rows += [(item.name, item.sha256) for item in document.input_hashes]
    made = sign_off.generator
    if sign_off.generated_at is not None:
        made += f", {_local(sign_off.generated_at)} Hong Kong"
    rows.append(("Made by", made))
    body = "".join(
        f'<tr><td>{escape(name)}</td><td class="h">{escape(value)}</td></tr>' for name, value in rows
    )
    return (
        "<footer><p>Every figure above can be recomputed from the JSON document with "
        f"<code>issuance report verify</code>.</p><table>{body}</table></footer>"
    )


def _period(start: date, end: date) -> str:
    return f"{start}" if start == end else f"{start} to {end}"


def _grouped(text: str) -> str:
    whole, point, fraction = text.lstrip("-").partition(".")
    return f"{'&minus;' if text.startswith('-') else ''}{int(whole):,}{point}{fraction}"


# ------------------------------------------------------------------------------------------------------- CSV


def _csv(names: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(names)
    writer.writerows(rows)
    return file.getvalue()


def _flat_names(label: str, kind: type) -> list[str]:
    name = "".join(letter if letter.isalnum() else "_" for letter in label.lower()).strip("_")
    if kind is Tokens:
        return [f"{name}_base_units", name, f"{name}_unit"]
    if kind is Money:
        return [name, f"{name}_currency"]
    if kind is Moment:
        return [f"{name}_utc", f"{name}_hkt"]
    if kind is Bps:
        return [f"{name}_bps"]
    return [f"{name}_seconds"] if kind is Duration else [name]


def _flat(value: Cell, kind: type) -> list[str]:
    if value is None:
        return [""] * len(_flat_names("x", kind))
    if isinstance(value, Tokens):
        return [value.base_units, value.display, value.unit]
    if isinstance(value, Money):
        # In a column of tokens that also has money, which has no base units.
        return [*([""] if kind is Tokens else []), value.amount, value.currency]
    if isinstance(value, Moment):
        return [value.utc, value.hkt]
    return [_plain(value)]


def _flat_value(value: Cell) -> tuple[str, str, str]:
    if isinstance(value, Tokens):
        return value.display, value.unit, value.base_units
    if isinstance(value, Money):
        return value.amount, value.currency, ""
    if isinstance(value, Moment):
        return value.utc, "", ""
    if isinstance(value, Bps):
        return str(value.bps), "bps", ""
    if isinstance(value, Duration):
        return str(value.seconds), "seconds", ""
    return _plain(value), "", ""


def _plain(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, Bps):
        return str(value.bps)
    if isinstance(value, Duration):
        return str(value.seconds)
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else _text(str(value))


def _text(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA) else text
