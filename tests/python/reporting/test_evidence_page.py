"""What docs/evidence.md shows is what runs."""

from __future__ import annotations

import re
from pathlib import Path

from support.checkout import REPOSITORY
from support.pages import check_commands, run_page

from toolkit.cli.app import command
from toolkit.reporting.evidence.verify_pack import CONTENTS

PAGE = (REPOSITORY / "docs" / "evidence.md").read_text(encoding="utf-8")


def test_the_order_is_packed_as_printed(tmp_path: Path) -> None:
    said = run_page(PAGE, tmp_path)
    assert "result: ok" in said
    assert "FAILED order" in said
    assert "it isn't what was ordered" in said


def test_every_command_on_the_page_exists() -> None:
    check_commands(PAGE, least=4)
    steps = re.findall(r"^\| (`[a-z-`, ]+) \|", PAGE[PAGE.index("## Exit") :], re.MULTILINE)
    named = {name for cell in steps for name in re.findall(r"`([a-z-]+)`", cell)}
    assert "wind-down" in named
    assert named <= set(command().commands["exit"].commands)


def test_every_kind_of_file_is_on_the_page() -> None:
    for name in CONTENTS:
        assert name in PAGE or name == "incident.json", name
