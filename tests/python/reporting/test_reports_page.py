"""What docs/reporting.md shows is what runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from support.figures import figures

from toolkit.reporting.profiles import available_regulators
from toolkit.reporting.reports import KINDS, content_of
from toolkit.reporting.reports.supervisory import Annex
from toolkit.reporting.reports.weekly import Disclosure

ROOT = Path(__file__).resolve().parents[3]
PAGE = (ROOT / "docs" / "reporting.md").read_text(encoding="utf-8")


def test_the_page_runs_as_printed(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    (tmp_path / "docs").symlink_to(ROOT / "docs")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "TZ": "America/New_York"},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "1350.00 111.11 % 2026-11-20T23:59:59+08:00"
    assert "'reserve_lines'" in lines[1]
    assert lines[2].startswith("refused: daily_statement/HKDX/2026-11-20 doesn't add up")


def test_the_example_is_the_day_of_trap_t6() -> None:
    import json

    text = (ROOT / "docs" / "examples" / "day-figures.json").read_text(encoding="utf-8")
    assert json.loads(text) == figures().to_data()


def test_every_command_on_the_page_exists() -> None:
    from toolkit.cli.app import command

    shell = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    lines = re.findall(r"^issuance (.+)$", shell, re.MULTILINE)
    assert len(lines) > 12
    for line in lines:
        found = command()
        for word in line.split():
            commands = getattr(found, "commands", None)
            if commands is None:
                break
            assert word in commands, f"issuance {line}: no command {word}"
            found = commands[word]
        options = {option for item in found.params for option in item.opts}
        assert set(re.findall(r"--[a-z-]+", line)) <= options, f"issuance {line}"


def test_every_profile_stands_on_the_page() -> None:
    for name in available_regulators():
        assert f"| `{name}` |" in PAGE


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_figure_of_every_kind_is_explained_in_its_section(kind: str) -> None:
    sections = re.findall(r"^### (.+?)$(.+?)(?=^##|\Z)", PAGE, re.DOTALL | re.MULTILINE)
    (text,) = [body for title, body in sections if f"`{kind}`" in title]
    common = {"coin", "period", "time_zone"}
    wanted = set(content_of(kind).model_fields) - common
    if kind == "supervisory_report":
        wanted = set(Annex.model_fields) | set(Disclosure.model_fields) - common
    missing = sorted(name for name in wanted if f"`{name}`" not in text)
    assert missing == [], f"docs/reporting.md, {kind}: explain {', '.join(missing)}"
