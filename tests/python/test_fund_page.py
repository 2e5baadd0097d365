"""What docs/fund.md shows is what runs, from top to bottom."""

from __future__ import annotations

import re
from pathlib import Path

from support.pages import check_commands, run_page

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "fund.md").read_text(encoding="utf-8")


def test_the_dealing_day_runs_as_printed(tmp_path: Path) -> None:
    printed = run_page(PAGE, tmp_path)
    for said in (
        "['2026-02-16', '2026-02-20', '2026-02-23']",
        "['in_batch', 'in_batch', 'in_batch'] day 1",
        "outlier\noutlier\n",
        "True ['gated', 'gated']",
        "of which set aside",
    ):
        assert said in printed


def test_every_command_on_the_page_exists() -> None:
    check_commands(PAGE, least=21)


def test_every_call_in_the_table_of_the_day_exists() -> None:
    from toolkit.desk import FundDesk

    table = PAGE[: PAGE.index("## The fund")]
    rows = [line.split("|")[4] for line in table.splitlines() if line.startswith("|")][2:]
    calls = {name for cell in rows for name in re.findall(r"`([a-z_]+)`", cell)}
    assert {"announce_days", "settle_day", "run"} <= calls
    assert {name for name in calls if not hasattr(FundDesk, name)} == set()
