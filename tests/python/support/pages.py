"""Pages of the documentation as programs: their code runs as printed, and their commands exist."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from support.checkout import REPOSITORY


def run_page(page: str, folder: Path) -> str:
    """Runs all of a page's Python from top to bottom in `folder`; what it printed."""
    code = "\n".join(re.findall(r"```python\n(.*?)```", page, re.DOTALL))
    (folder / "deployments").symlink_to(REPOSITORY / "deployments")
    (folder / "node_modules").symlink_to(REPOSITORY / "node_modules")
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def check_commands(page: str, *, least: int) -> None:
    """Every `issuance` line of a page's shell blocks, `least` or more, is a command with these options."""
    from toolkit.cli.app import command

    shell = "\n".join(re.findall(r"```sh\n(.*?)```", page, re.DOTALL))
    lines = re.findall(r"^issuance (.+)$", shell, re.MULTILINE)
    assert len(lines) >= least
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
