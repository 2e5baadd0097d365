"""What the README shows is what runs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_mint_from_python_runs_as_printed(tmp_path: Path) -> None:
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    assert len([line for line in code.splitlines() if line.strip()]) < 40
    (tmp_path / "deployments").symlink_to(ROOT / "deployments")
    (tmp_path / "node_modules").symlink_to(ROOT / "node_modules")
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("settled ")
    assert "250,000.000000 tUSD" in done.stdout


def test_every_command_in_the_readme_exists() -> None:
    from toolkit.cli.app import command

    root = command()
    for line in re.findall(r"^\| `issuance ([^`]+)`", README, re.MULTILINE):
        words = [word for word in line.split() if re.fullmatch(r"[a-z]+", word)]
        found = root
        for word in words:
            found = getattr(found, "commands", {}).get(word)
            assert found is not None, f"issuance {line}: no command {word}"
