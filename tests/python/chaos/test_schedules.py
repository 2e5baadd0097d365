"""A few schedules of the campaign, run as `make chaos` runs its hundreds (docs/chaos.md)."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

CAMPAIGN = Path(__file__).with_name("campaign.py")


@pytest.mark.timeout(700)
def test_schedules_of_faults_leave_chain_and_ledger_equal() -> None:
    said = subprocess.run(
        [sys.executable, CAMPAIGN, "--seeds", "3,17,21,49", "--jobs", "1"],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert said.returncode == 0, said.stdout + said.stderr
    figures = dict(re.findall(r"^([a-z ]+): (\d+)", said.stdout, re.MULTILINE))
    assert figures["anomalies"] == "0"
    assert figures["schedules"] == "4"
    assert int(figures["orders"]) > 100
    assert int(figures["faults injected"]) > 10
