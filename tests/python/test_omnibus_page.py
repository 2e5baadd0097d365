"""What docs/omnibus.md shows is what runs, from top to bottom."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "omnibus.md").read_text(encoding="utf-8")


def test_the_day_runs_as_printed(tmp_path: Path) -> None:
    code = "\n".join(re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL))
    for name in ("deployments", "node_modules"):
        (tmp_path / name).symlink_to(ROOT / name)
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for said in (
        "difference 0.000000",
        "frozen as locked: True",
        "one of 3 clients with 100.000000 tUSD together",
        "it holds, and registry",
        "events True",
    ):
        assert said in done.stdout, done.stdout


def test_every_command_on_the_page_exists() -> None:
    from toolkit.cli.app import command

    omnibus = command().commands["compliance"].commands["omnibus"].commands
    lines = re.findall(r"^issuance compliance omnibus ([a-z]+)(.*)$", PAGE, re.MULTILINE)
    assert {name for name, _ in lines} == set(omnibus), "each is shown, and each that is shown exists"
    for name, rest in lines:
        options = {option for item in omnibus[name].params for option in item.opts}
        assert set(re.findall(r"--[a-z-]+", rest)) <= options, name
