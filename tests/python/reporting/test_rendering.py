"""Pages and tables show the document and nothing else, and are the same bytes wherever they are made."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from support.report_samples import SECRET, daily, every_kind, filed, statistics, weekly_content

from toolkit.reporting.rendering import to_csv, to_html
from toolkit.reporting.reports import KINDS

ROOT = Path(__file__).resolve().parents[3]
SAMPLES = every_kind()
_VOID = {"meta", "br", "line", "circle", "rect", "polyline"}


class Page(HTMLParser):
    """Counts that every tag is closed, and collects what the page would load or run."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.outside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _VOID:
            self.open.append(tag)
        if tag in ("script", "link", "img", "iframe", "object") or any(
            name in ("src", "href") or name.startswith("on") for name, _ in attrs
        ):
            self.outside.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_page_is_whole_and_loads_nothing(kind: str) -> None:
    text = to_html(SAMPLES[kind])
    page = Page()
    page.feed(text)
    assert page.open == []
    assert page.outside == []
    assert "@import" not in text
    assert "url(" not in text
    document = SAMPLES[kind].document
    for said in (document.sha256, document.report_id, document.input_hashes[0].sha256, "not signed"):
        assert said in text


def test_what_is_shown_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    changed = statistics().model_dump(mode="json")
    changed["rejected_by_reason"][0]["reason"] = evil
    content = type(statistics()).model_validate_json(json.dumps(changed))
    text = to_html(filed(content))
    assert evil not in text
    assert "&lt;script&gt;" in text


def test_a_superseded_version_and_a_restatement_are_marked() -> None:
    first = daily()
    old = first.signed_off(first.sign_off.model_copy(update={"superseded_by": 2}))
    assert "Superseded by version 2" in to_html(old)
    second = filed(
        daily(reserve_value="1499.00").document.content, previous=first.document, reason="a <wrong> line"
    )
    text = to_html(second)
    assert "Version 2 restates version 1. Reason: a &lt;wrong&gt; line" in text
    assert first.document.sha256 in text


def test_the_period_has_charts_of_coverage_and_composition() -> None:
    text = to_html(SAMPLES["supervisory_report"])
    assert text.count("<svg") == 2
    assert len(re.findall("<circle", text)) == 7
    assert "20 Nov" in text


def test_the_public_page_and_tables_hold_nothing_of_the_annex() -> None:
    public = filed(weekly_content().disclosed)
    for text in (to_html(public), json.dumps(public.to_data()), *to_csv(public).values()):
        assert SECRET not in text
        assert "annex" not in text.lower()
    assert SECRET in to_html(filed(weekly_content()))


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_csv_rows_have_as_many_cells_as_their_heads(kind: str) -> None:
    tables = to_csv(SAMPLES[kind])
    assert ["sha256", SAMPLES[kind].document.sha256] in list(csv.reader(io.StringIO(tables["report"])))
    for text in tables.values():
        rows = list(csv.reader(io.StringIO(text, newline="")))
        assert {len(row) for row in rows} == {len(rows[0])}
        assert len(set(rows[0])) == len(rows[0])


def test_csv_has_amounts_twice_and_instants_in_both_zones() -> None:
    rows = list(csv.DictReader(io.StringIO(to_csv(daily())["attestations"])))
    assert rows[0]["value_base_units"] == "1500000000"
    assert (rows[0]["value"], rows[0]["value_unit"]) == ("1500.000000", "HKDX")
    assert (rows[0]["as_of_utc"], rows[0]["as_of_hkt"]) == (
        "2026-11-20T10:59:59Z",
        "2026-11-20T18:59:59+08:00",
    )


def test_a_text_that_a_spreadsheet_would_calculate_is_made_harmless() -> None:
    changed = statistics().model_dump(mode="json")
    changed["rejected_by_reason"][0]["reason"] = '=HYPERLINK("http://x")'
    content = type(statistics()).model_validate_json(json.dumps(changed))
    rows = list(csv.reader(io.StringIO(to_csv(filed(content))["rejections"])))
    assert rows[1][0].startswith("'=")


_PROGRAM = """
import hashlib, sys
sys.path.insert(0, "tests/python")
from support.report_samples import every_kind
from toolkit.reporting.rendering import to_csv, to_html
for kind, report in sorted(every_kind().items()):
    texts = [report.to_json(), to_html(report), *to_csv(report).values()]
    print(kind, hashlib.sha256("".join(texts).encode()).hexdigest())
"""


@pytest.mark.parametrize(
    ("zone", "locale"), [("America/New_York", "C"), ("Europe/London", "C.UTF-8"), ("UTC", "tr_TR.UTF-8")]
)
def test_t9_every_report_is_the_same_bytes_in_every_time_zone_and_locale(zone: str, locale: str) -> None:
    expected: dict[str, Any] = {
        kind: hashlib.sha256(
            "".join([report.to_json(), to_html(report), *to_csv(report).values()]).encode()
        ).hexdigest()
        for kind, report in SAMPLES.items()
    }
    done = subprocess.run(
        [sys.executable, "-c", _PROGRAM],
        cwd=ROOT,
        env={**os.environ, "TZ": zone, "LC_ALL": locale, "PYTHONHASHSEED": "7"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert dict(line.split() for line in done.stdout.splitlines()) == expected
