"""Importing the room is cheap; its heavy parts come with the names that need them."""

from __future__ import annotations

import os
import subprocess
import sys

from support.reserve_reports import ROOT


def test_importing_reserves_loads_nothing_heavy() -> None:
    code = (
        "import sys, toolkit.reserves, toolkit.amounts, toolkit.calendar; "
        "print([m for m in ('pydantic', 'eth_account', 'web3', 'rfc8785', 'holidays') if m in sys.modules])"
    )
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment
    )
    assert run.stdout.strip() == "[]"
