"""What docs/fund.md shows is what runs, from top to bottom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fund.md").read_text(encoding="utf-8")


@pytest.mark.timeout(240)
def test_the_dealing_day_runs_as_printed(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    (tmp_path / "deployments").symlink_to(ROOT / "deployments")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for said in (
        "['2026-02-16', '2026-02-20', '2026-02-23']",
        "['in_batch', 'in_batch', 'in_batch'] day 1",
        "outlier\noutlier\n",
        "True ['gated', 'gated']",
        "of which set aside",
    ):
        assert said in done.stdout


def test_every_command_on_the_page_exists() -> None:
    from toolkit.cli.app import command

    shell = "\n".join(re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL))
    lines = re.findall(r"^issuance (.+)$", shell, re.MULTILINE)
    assert len(lines) > 20
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


def test_every_call_in_the_table_of_the_day_exists() -> None:
    from toolkit.desk import FundDesk

    table = PAGE[: PAGE.index("## The fund")]
    rows = [line.split("|")[4] for line in table.splitlines() if line.startswith("|")][2:]
    calls = {name for cell in rows for name in re.findall(r"`([a-z_]+)`", cell)}
    assert {"announce_days", "settle_day", "run"} <= calls
    assert {name for name in calls if not hasattr(FundDesk, name)} == set()
